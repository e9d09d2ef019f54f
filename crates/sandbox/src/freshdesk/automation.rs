//! The account's own rules: what happens in it, which rule takes it, what the rule does.
//!
//! Promises, as Freshdesk: a rule looks at who acted (the API's agent is an agent like any other, so a rule
//! without an exclusion takes the integration's own writes too), and what a rule does sets off no rule.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::html;
use super::model::{Conversation, MailKind, Performer, Ticket};
use super::state::{Saying, State};

/// What happened in a ticket.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Event {
    /// It was opened.
    Created,
    /// Fields changed: name, before, after.
    Updated(Vec<(&'static str, Value, Value)>),
    /// Somebody said something.
    Said {
        conversation_id: u64,
        private: bool,
        incoming: bool,
        note: bool,
    },
    /// A breach was flagged.
    Escalated,
    /// Deleted, restored, spam, merged, rated.
    Other(&'static str),
}

impl Event {
    pub(super) fn between(before: &Ticket, after: &Ticket) -> Self {
        let mut changes = Vec::new();
        let mut compare = |name: &'static str, before: Value, after: Value| {
            if before != after {
                changes.push((name, before, after));
            }
        };
        compare("status", json!(before.status), json!(after.status));
        compare("priority", json!(before.priority), json!(after.priority));
        compare(
            "responder_id",
            json!(before.responder_id),
            json!(after.responder_id),
        );
        compare("group_id", json!(before.group_id), json!(after.group_id));
        compare("ticket_type", json!(before.kind), json!(after.kind));
        compare("tags", json!(before.tags), json!(after.tags));
        compare("subject", json!(before.subject), json!(after.subject));
        Self::Updated(changes)
    }

    pub(super) const fn said(conversation: &Conversation) -> Self {
        Self::Said {
            conversation_id: conversation.id,
            private: conversation.private,
            incoming: conversation.incoming,
            note: conversation.source == 2,
        }
    }

    /// As `{{triggered_event}}` says it.
    pub(super) fn placeholder(&self) -> String {
        match self {
            Self::Created => "{ticket_action:created}".to_owned(),
            Self::Updated(changes) => match changes.first() {
                Some((name, before, after)) => format!("{{{name}:{{from:{before},to:{after}}}}}"),
                None => "{ticket_action:updated}".to_owned(),
            },
            Self::Said {
                note: true, private, ..
            } => {
                format!("{{note_type:{}}}", if *private { "private" } else { "public" })
            }
            Self::Said { incoming: true, .. } => "{reply_sent:received}".to_owned(),
            Self::Said { .. } => "{reply_sent:sent}".to_owned(),
            Self::Escalated => "{ticket_action:escalated}".to_owned(),
            Self::Other(what) => format!("{{ticket_action:{what}}}"),
        }
    }
}

/// What a rule waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A new ticket.
    Created,
    /// A change of status.
    StatusChanged,
    /// Any change of a field.
    Updated,
    /// A note by an agent.
    NoteAdded,
    /// A public reply by an agent.
    ReplySent,
    /// A customer's word.
    CustomerSaid,
}

/// Whose acts a rule looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acting {
    /// Everybody but the account itself.
    Anybody,
    /// Customers.
    Requester,
    /// Agents, but for those named.
    AgentExcept(Vec<u64>),
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Writes the same words again as a private note: an echo.
    EchoAsNote,
    /// Writes a private note.
    Note(String),
    /// Adds a tag.
    Tag(String),
    /// Sets fields by their names in the API.
    Set(Map<String, Value>),
    /// Mails the requester.
    MailRequester(String),
}

/// A rule of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its id, as conversations name it.
    pub id: u64,
    /// What it waits for.
    pub on: Trigger,
    /// Whose acts it looks at.
    pub by: Acting,
    /// What it does, in order.
    pub then: Vec<Deed>,
}

impl Rule {
    fn takes(&self, event: &Event, who: Performer) -> bool {
        let performer = match (&self.by, who) {
            (_, Performer::System) => false,
            (Acting::Anybody, _) | (Acting::Requester, Performer::Requester(_)) => true,
            (Acting::AgentExcept(excluded), Performer::Agent(id)) => !excluded.contains(&id),
            _ => false,
        };
        performer
            && match (self.on, event) {
                (Trigger::Created, Event::Created) | (Trigger::Updated, Event::Updated(_)) => true,
                (Trigger::StatusChanged, Event::Updated(changes)) => {
                    changes.iter().any(|(name, ..)| *name == "status")
                }
                (Trigger::NoteAdded, Event::Said { note, incoming, .. }) => *note && !incoming,
                (Trigger::ReplySent, Event::Said { note, incoming, .. }) => !note && !incoming,
                (Trigger::CustomerSaid, Event::Said { incoming, .. }) => *incoming,
                _ => false,
            }
    }
}

impl State {
    /// Lets rules and the webhook see what happened.
    pub(super) fn happened(&mut self, id: u64, event: &Event, who: Performer, now: DateTime<Utc>) {
        let rules: Vec<Rule> = self
            .rules
            .iter()
            .filter(|rule| rule.takes(event, who))
            .cloned()
            .collect();
        for rule in rules {
            for deed in &rule.then {
                self.perform(id, rule.id, deed, event, now);
            }
        }
        self.queue_webhook(id, event, who, now);
    }

    fn perform(&mut self, id: u64, rule: u64, deed: &Deed, event: &Event, now: DateTime<Utc>) {
        let Some(ticket) = self.tickets.get(&id).cloned() else {
            return;
        };
        let note = |body: String| Saying {
            body,
            private: true,
            source: 2,
            category: 2,
            automation_id: Some(rule),
            ..Saying::default()
        };
        match deed {
            Deed::EchoAsNote => {
                let said = match event {
                    Event::Said { conversation_id, .. } => ticket
                        .conversations
                        .iter()
                        .find(|said| said.id == *conversation_id),
                    _ => None,
                };
                let body = said.map_or_else(|| ticket.description.clone(), |said| said.body.clone());
                self.say(id, note(body), Performer::System, now);
            }
            Deed::Note(text) => {
                self.say(id, note(text.clone()), Performer::System, now);
            }
            Deed::Tag(tag) => {
                let mut tags = ticket.tags.clone();
                if !tags.contains(tag) {
                    tags.push(tag.clone());
                }
                let fields = Map::from_iter([("tags".to_owned(), json!(tags))]);
                self.update(id, &fields, Vec::new(), Performer::System, now);
            }
            Deed::Set(fields) => self.update(id, fields, Vec::new(), Performer::System, now),
            Deed::MailRequester(text) => {
                self.mails.push(super::model::Mail {
                    at: now,
                    why: MailKind::Automation,
                    ticket_id: id,
                    conversation_id: None,
                    to: self.email_of(ticket.requester_id).into_iter().collect(),
                    cc: Vec::new(),
                    bcc: Vec::new(),
                    subject: ticket.subject.clone().unwrap_or_default(),
                    body: html::of_text(text),
                    attachments: Vec::new(),
                });
                self.changed();
            }
        }
    }
}
