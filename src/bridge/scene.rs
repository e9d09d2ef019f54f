//! A ticket with the names around it, as one look at the store finds it.

use hammerdesk_domain::chat::Platform;
use hammerdesk_domain::helpdesk::{Actor, ActorKind, Candidate, Conversation, TicketId, Verdict};
use hammerdesk_domain::ids::ChannelId;
use hammerdesk_domain::model::Client;
use hammerdesk_domain::sla::judge::Judged;
use hammerdesk_store::helpdesk::{RecordKind, StoredTicket};
use hammerdesk_store::{StoreError, View};

use super::rules::{priority_word, status_word};
use super::{BridgeRule, head_key};

/// The ticket and who is who.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub(super) stored: StoredTicket,
    pub(super) requester: Option<String>,
    pub(super) requester_email: Option<String>,
    pub(super) responder: Option<String>,
    pub(super) group: Option<String>,
    pub(super) verdict: Option<(Verdict, Vec<Candidate>)>,
    /// What was promised on it.
    pub(super) clocks: Vec<Judged>,
    /// The account's own words for its statuses: code and label.
    statuses: Vec<(i64, String)>,
    /// The client whose it is, where that is one.
    pub(super) client: Option<Client>,
    /// The channel in which its card stands, or waits to.
    pub(super) stands_in: Option<ChannelId>,
}

impl Scene {
    pub(super) async fn look(view: &mut View, id: TicketId) -> Result<Option<Self>, StoreError> {
        let Some(stored) = view.ticket(id).await? else {
            return Ok(None);
        };
        let requester = match stored.ticket.requester {
            Some(id) => view.helpdesk_record(RecordKind::Contact, id).await?,
            None => None,
        };
        let verdict = view.ticket_match(id).await?;
        let client = match verdict.as_ref().and_then(|(verdict, _)| verdict.client()) {
            Some(no) => view.survivor(no).await?,
            None => None,
        };
        Ok(Some(Self {
            requester: requester.as_ref().map(|contact| contact.name.clone()),
            requester_email: requester.and_then(|contact| contact.email),
            responder: name_of(view, RecordKind::Agent, stored.ticket.responder).await?,
            group: name_of(view, RecordKind::Group, stored.ticket.group).await?,
            verdict,
            client,
            clocks: view.clocks_of_ticket(id).await?,
            statuses: statuses(view).await?,
            stands_in: stands_in(view, id).await?,
            stored,
        }))
    }

    /// Does its card stand in chat, or wait to?
    pub(super) const fn has_head(&self) -> bool {
        self.stands_in.is_some()
    }

    /// The rule that it goes by: the first that fits, of those of the channel in which its card stands, if it
    /// stands already. It stays there, so what it says is for that channel's readers, whatever fits by now.
    pub(super) fn rule<'a>(&self, rules: &'a [BridgeRule]) -> Option<&'a BridgeRule> {
        let fits =
            |rule: &&BridgeRule| rule.fits(&self.stored.ticket, self.group.as_deref(), self.client.as_ref());
        match &self.stands_in {
            None => rules.iter().find(fits),
            Some(channel) => {
                let mut there = rules.iter().filter(|rule| rule.channel.id == *channel);
                there.clone().find(fits).or_else(|| there.next())
            }
        }
    }

    pub(super) fn status(&self, code: i64) -> String {
        self.statuses
            .iter()
            .find(|(known, _)| *known == code)
            .map_or_else(|| status_word(code), |(_, label)| label.clone())
    }

    pub(super) fn priority(&self) -> String {
        priority_word(self.stored.ticket.priority)
    }

    /// Who asks, in one line.
    pub(super) fn asker(&self) -> String {
        match (&self.requester, &self.requester_email) {
            (Some(name), Some(email)) if name != email => format!("{name} <{email}>"),
            (Some(name), _) => name.clone(),
            (None, Some(email)) => email.clone(),
            (None, None) => "unknown sender".to_owned(),
        }
    }
}

/// The name of somebody who did something.
pub(super) async fn actor_name(view: &mut View, by: Actor) -> Result<Option<String>, StoreError> {
    match by.kind {
        ActorKind::Agent => name_of(view, RecordKind::Agent, by.id).await,
        ActorKind::Customer => name_of(view, RecordKind::Contact, by.id).await,
        ActorKind::System => Ok(Some("a rule of the helpdesk".to_owned())),
        ActorKind::Unknown => Ok(None),
    }
}

/// The name of whoever said something: the record's, or what the message says of itself.
pub(super) async fn speaker(view: &mut View, said: &Conversation) -> Result<String, StoreError> {
    let known = actor_name(view, said.actor()).await?;
    Ok(known
        .or_else(|| said.from.clone())
        .unwrap_or_else(|| "somebody".to_owned()))
}

async fn stands_in(view: &mut View, id: TicketId) -> Result<Option<ChannelId>, StoreError> {
    for platform in [Platform::Console, Platform::Discord] {
        if let Some(head) = view.stored_post(&head_key(id), platform).await? {
            return Ok(Some(head.post.channel));
        }
    }
    Ok(None)
}

async fn name_of(view: &mut View, kind: RecordKind, id: Option<i64>) -> Result<Option<String>, StoreError> {
    let Some(id) = id else {
        return Ok(None);
    };
    let record = view.helpdesk_record(kind, id).await?;
    Ok(Some(
        record.map_or_else(|| format!("no. {id}"), |record| record.name),
    ))
}

/// Freshdesk gives `{"2": ["Open", "Being processed"]}`, the agent's label first.
async fn statuses(view: &mut View) -> Result<Vec<(i64, String)>, StoreError> {
    let fields = view.helpdesk_records(RecordKind::Field, 0, 500).await?;
    let Some(field) = fields
        .iter()
        .find(|field| field.gone_at.is_none() && field.name == "status")
    else {
        return Ok(Vec::new());
    };
    let choices = field.raw.get("choices").and_then(serde_json::Value::as_object);
    Ok(choices
        .into_iter()
        .flatten()
        .filter_map(|(code, labels)| {
            let label = labels
                .get(0)
                .or(Some(labels))
                .and_then(serde_json::Value::as_str)?;
            Some((code.parse().ok()?, label.to_owned()))
        })
        .collect())
}
