//! Which tickets open a thread, and where: ordered rules, the first that fits.

use hammerdesk_domain::chat::Channel;
use hammerdesk_domain::helpdesk::{Ticket, status};
use hammerdesk_domain::ids::LocationId;
use hammerdesk_domain::model::Client;

use super::readers_of;

/// What happens to plain talk in a ticket's thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Talk {
    /// It stays in chat.
    #[default]
    Internal,
    /// It becomes a private note on the ticket.
    Note,
}

/// One rule; what it does not name fits everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BridgeRule {
    /// Where the thread is opened.
    pub channel: Channel,
    /// Names of groups, any case.
    pub groups: Vec<String>,
    /// Types, any case.
    pub types: Vec<String>,
    /// Tags, any case: one of them.
    pub tags: Vec<String>,
    /// Source codes.
    pub sources: Vec<i64>,
    /// 1 low to 4 urgent.
    pub priority_at_least: i64,
    /// The salerooms that look after the client whose the ticket is, where everybody in the channel may know
    /// of that client.
    pub locations: Vec<LocationId>,
    /// What happens to talk.
    pub talk: Talk,
}

impl BridgeRule {
    /// Every ticket goes to that channel.
    pub fn everything(channel: Channel) -> Self {
        Self {
            channel,
            groups: Vec::new(),
            types: Vec::new(),
            tags: Vec::new(),
            sources: Vec::new(),
            priority_at_least: 1,
            locations: Vec::new(),
            talk: Talk::Internal,
        }
    }

    /// Does it fit? `group` is the name of the ticket's group, `client` whose it is, where that is one.
    pub fn fits(&self, ticket: &Ticket, group: Option<&str>, client: Option<&Client>) -> bool {
        let names = |wanted: &[String], has: &[&str]| {
            wanted.is_empty()
                || has
                    .iter()
                    .any(|has| wanted.iter().any(|wanted| same(wanted, has)))
        };
        let tags: Vec<&str> = ticket.tags.iter().map(String::as_str).collect();
        names(&self.groups, group.as_slice())
            && names(&self.types, ticket.kind.as_deref().as_slice())
            && names(&self.tags, &tags)
            && (self.sources.is_empty() || self.sources.contains(&ticket.source))
            && ticket.priority >= self.priority_at_least
            && self.is_of_its_salerooms(client)
    }
}

impl BridgeRule {
    /// Where a channel may not know of a client, no rule of its may tell by a thread that there is one.
    fn is_of_its_salerooms(&self, client: Option<&Client>) -> bool {
        self.locations.is_empty()
            || client.is_some_and(|client| {
                let is_there = |location: &LocationId| self.locations.contains(location);
                client.location.as_ref().is_some_and(is_there) && readers_of(&self.channel).may_see(client)
            })
    }
}

/// The first rule that no ticket ever gets to, in a sentence.
pub fn never_reached(rules: &[BridgeRule]) -> Option<String> {
    let takes_all = |rule: &BridgeRule| {
        *rule
            == BridgeRule {
                talk: rule.talk,
                ..BridgeRule::everything(rule.channel.clone())
            }
    };
    let last = rules.iter().position(takes_all)?;
    let behind = rules.get(last + 1)?;
    Some(format!(
        "[[bridge]] to {:?} comes behind the one to {:?}, which fits every ticket; put it before that",
        behind.channel.id.as_str(),
        rules[last].channel.id.as_str()
    ))
}

fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// The words for a status; an account's own are looked up in its fields by whoever knows them.
pub(super) fn status_word(code: i64) -> String {
    match code {
        status::OPEN => "Open".to_owned(),
        status::PENDING => "Pending".to_owned(),
        status::RESOLVED => "Resolved".to_owned(),
        status::CLOSED => "Closed".to_owned(),
        6 => "Waiting on customer".to_owned(),
        7 => "Waiting on third party".to_owned(),
        other => format!("Status {other}"),
    }
}

/// The words for a priority.
pub(super) fn priority_word(code: i64) -> String {
    match code {
        1 => "Low".to_owned(),
        2 => "Medium".to_owned(),
        3 => "High".to_owned(),
        4 => "Urgent".to_owned(),
        other => format!("Priority {other}"),
    }
}
