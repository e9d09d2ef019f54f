//! Changes that people and the API make in the same way: replies, notes, deletions, mergers.

use chrono::{DateTime, Utc};
use serde_json::{Map, json};

use super::automation::Event;
use super::model::{File, MailKind, Performer};
use super::state::{Saying, State};

/// Which tickets become one, and the notes that say so.
#[derive(Debug, Clone, Default)]
pub(super) struct Merging {
    pub(super) primary: u64,
    pub(super) others: Vec<u64>,
    pub(super) in_primary: Option<Saying>,
    pub(super) in_secondary: Option<Saying>,
}

impl State {
    /// A public reply of an agent to the requester; none if there is no address.
    pub(super) fn reply(&self, ticket: u64, agent: u64, body: String, files: Vec<File>) -> Option<Saying> {
        let found = self.tickets.get(&ticket)?;
        let name = self.agents.get(&agent).map_or("Support", |agent| &agent.name);
        Some(Saying {
            body,
            user_id: Some(agent),
            category: 3,
            to: vec![self.email_of(found.requester_id)?],
            from: Some(format!("{name} <{}>", self.options.support_email)),
            files,
            mail: Some(MailKind::Reply),
            ..Saying::default()
        })
    }

    /// A note of an agent; a public one is mailed to the requester.
    pub(super) fn note(&self, ticket: u64, agent: u64, body: String, private: bool) -> Saying {
        let requester = self
            .tickets
            .get(&ticket)
            .and_then(|ticket| self.email_of(ticket.requester_id));
        Saying {
            body,
            private,
            user_id: Some(agent),
            source: 2,
            category: 2,
            to: if private {
                Vec::new()
            } else {
                requester.iter().cloned().collect()
            },
            mail: (!private && requester.is_some()).then_some(MailKind::PublicNote),
            ..Saying::default()
        }
    }

    /// Changes a note's body; none if it is no note.
    pub(super) fn edit(
        &mut self,
        id: u64,
        body: String,
        files: Vec<File>,
        agent: u64,
        now: DateTime<Utc>,
    ) -> Option<()> {
        let ticket = *self.conversation_ticket.get(&id)?;
        let found = self.tickets.get(&ticket)?;
        found
            .conversations
            .iter()
            .find(|said| said.id == id && said.source == 2)?;
        let mut files = self.attach(files, now);
        self.revise(ticket, now, |ticket| {
            if let Some(said) = ticket.conversations.iter_mut().find(|said| said.id == id) {
                said.body = body;
                said.attachments.append(&mut files);
                said.last_edited = Some((now, agent));
                said.updated_at = now;
            }
        });
        self.happened(
            ticket,
            &Event::Other("note_updated"),
            Performer::Agent(agent),
            now,
        );
        Some(())
    }

    /// Deletes something that was said; none if there is no such thing.
    pub(super) fn remove(&mut self, id: u64, agent: u64, now: DateTime<Utc>) -> Option<()> {
        let ticket = self.conversation_ticket.remove(&id)?;
        self.revise(ticket, now, |ticket| {
            ticket.conversations.retain(|said| said.id != id);
        });
        self.happened(
            ticket,
            &Event::Other("note_deleted"),
            Performer::Agent(agent),
            now,
        );
        Some(())
    }

    pub(super) fn delete(&mut self, id: u64, who: Performer, now: DateTime<Utc>) {
        let bumps = self.options.unknowns.delete_bumps;
        self.amend(id, now, |ticket| {
            ticket.deleted = true;
            if bumps {
                ticket.updated_at = now;
            }
        });
        self.happened(id, &Event::Other("deleted"), who, now);
    }

    pub(super) fn restore(&mut self, id: u64, who: Performer, now: DateTime<Utc>) {
        let bumps = self.options.unknowns.restore_bumps;
        self.amend(id, now, |ticket| {
            ticket.deleted = false;
            if bumps {
                ticket.updated_at = now;
            }
        });
        self.happened(id, &Event::Other("restored"), who, now);
    }

    /// Closes tickets into another one; notes in both say so.
    pub(super) fn merge(&mut self, merging: Merging, agent: u64, now: DateTime<Utc>) {
        let Merging {
            primary,
            others,
            in_primary,
            in_secondary,
        } = merging;
        let who = Performer::Agent(agent);
        let before = self.ticket(primary).map(|ticket| ticket.updated_at);
        let said = |body: String| Saying {
            body,
            private: true,
            user_id: Some(agent),
            source: 2,
            category: 2,
            ..Saying::default()
        };
        for other in &others {
            let standard = said(format!(
                "<div>This ticket is closed and merged into ticket {primary}.</div>"
            ));
            self.say(*other, in_secondary.clone().unwrap_or(standard), who, now);
            let closed = Map::from_iter([("status".to_owned(), json!(super::model::status::CLOSED))]);
            self.update(*other, &closed, Vec::new(), who, now);
            self.amend(*other, now, |ticket| ticket.merged_into = Some(primary));
        }
        let numbers = others
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ");
        let standard = said(format!("<div>Merged from tickets {numbers}.</div>"));
        self.say(primary, in_primary.unwrap_or(standard), who, now);
        if let (Some(before), false) = (before, self.options.unknowns.merge_bumps) {
            self.amend(primary, now, |ticket| ticket.updated_at = before);
        }
    }
}
