//! A ticket as an alert tells of it: whose, from whom, where, about which account.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_domain::chat::Channel;
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_domain::ids::{ClientNo, LocationId};
use hammerdesk_domain::model::Client;
use hammerdesk_domain::sla::event::Matter;
use hammerdesk_domain::text::fold;
use hammerdesk_store::helpdesk::{RecordKind, StoredTicket};
use hammerdesk_store::{StoreError, View};

use crate::bridge::BridgeRule;

/// Words that were not read within so long are not waited for.
const READING: TimeDelta = TimeDelta::seconds(45);

/// The ticket and who is who.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) id: TicketId,
    pub(super) stored: Option<StoredTicket>,
    pub(super) requester: Option<String>,
    pub(super) responder: Option<String>,
    pub(super) group: Option<String>,
    /// Was the sender looked for?
    pub(super) is_matched: bool,
    pub(super) client: Option<Client>,
    /// Where its thread is opened.
    pub(super) channel: Option<Channel>,
}

impl Look {
    pub(super) async fn at(view: &mut View, id: TicketId, rules: &[BridgeRule]) -> Result<Self, StoreError> {
        let Some(stored) = view.ticket(id).await? else {
            return Ok(Self {
                id,
                stored: None,
                requester: None,
                responder: None,
                group: None,
                is_matched: false,
                client: None,
                channel: None,
            });
        };
        let ticket = &stored.ticket;
        let mut record = async |kind, of: Option<i64>| match of {
            Some(of) => view.helpdesk_record(kind, of).await,
            None => Ok(None),
        };
        let requester = record(RecordKind::Contact, ticket.requester).await?;
        let responder = record(RecordKind::Agent, ticket.responder).await?;
        let group = record(RecordKind::Group, ticket.group)
            .await?
            .map(|group| group.name);
        let matched = view.ticket_match(id).await?;
        let no = matched
            .as_ref()
            .and_then(|(verdict, _)| verdict.client())
            .cloned();
        let client = match &no {
            Some(no) => view.client(no).await?,
            None => None,
        };
        let channel = rules
            .iter()
            .find(|rule| rule.fits(ticket, group.as_deref(), client.as_ref()))
            .map(|rule| rule.channel.clone());
        Ok(Self {
            id,
            requester: requester.map(|contact| contact.name),
            responder: responder
                .map(|agent| agent.name)
                .or_else(|| ticket.responder.map(|agent| format!("agent {agent}"))),
            group,
            is_matched: matched.is_some(),
            client,
            channel,
            stored: Some(stored),
        })
    }

    pub(super) fn client_no(&self) -> Option<&ClientNo> {
        self.client.as_ref().map(|client| &client.no)
    }

    /// Is what was said on it still to be read? A ticket is read first, its words a moment later.
    pub(super) fn is_being_read(&self, now: DateTime<Utc>) -> bool {
        self.stored.as_ref().is_some_and(|stored| {
            let is_unread = stored
                .said_as_of
                .is_none_or(|as_of| as_of < stored.ticket.updated_at);
            is_unread && now - stored.read_at < READING
        })
    }

    /// The location that looks after it: its team's, else the client's.
    pub(super) fn location(&self) -> Option<&LocationId> {
        self.channel
            .as_ref()
            .and_then(|channel| channel.location.as_ref())
            .or_else(|| self.client.as_ref().and_then(|client| client.location.as_ref()))
    }

    /// What policies look at besides the ticket's own fields.
    pub(super) fn matter(&self, topics: &BTreeMap<String, Vec<String>>) -> Matter {
        Matter {
            location: self.location().cloned(),
            language: self.client.as_ref().and_then(|client| client.language.clone()),
            tier: self.client.as_ref().and_then(|client| client.tier.clone()),
            at_stake: Vec::new(),
            topics: self.topics(topics),
        }
    }

    fn topics(&self, topics: &BTreeMap<String, Vec<String>>) -> BTreeSet<String> {
        let Some(stored) = self.stored.as_ref().filter(|_| !topics.is_empty()) else {
            return BTreeSet::new();
        };
        let text = fold(&format!(
            "{} {}",
            stored.ticket.subject,
            stored.description_text.as_deref().unwrap_or_default()
        ));
        let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
        let spaced = format!(" {} ", words.join(" "));
        topics
            .iter()
            .filter(|(_, known)| {
                known
                    .iter()
                    .any(|word| spaced.contains(&format!(" {} ", fold(word.trim()))))
            })
            .map(|(topic, _)| topic.clone())
            .collect()
    }
}
