//! Changing tickets. Each call is sent once; see [`crate::Error::is_ambiguous`] for what that leaves open.

use std::fmt;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::call::{Call, Payload};
use crate::client::Client;
use crate::codes::{Priority, Source, Status};
use crate::error::Error;
use crate::limiter::Endpoint;
use crate::tickets::{Ticket, path};
use crate::uploads::{Upload, payload};

/// The fields of a ticket to be created or changed, as Freshdesk takes them. Serialises as those, so that it can be
/// kept until it is sent. A field that is not named is not touched; `None` empties one.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TicketFields(Map<String, Value>);

impl fmt::Debug for TicketFields {
    /// Names only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl TicketFields {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Any field under Freshdesk's own name.
    #[must_use]
    pub fn set(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.0.insert(field.to_owned(), value.into());
        self
    }

    /// `subject`
    #[must_use]
    pub fn subject(self, subject: &str) -> Self {
        self.set("subject", subject)
    }

    /// `description`, HTML
    #[must_use]
    pub fn description(self, html: &str) -> Self {
        self.set("description", html)
    }

    /// `status`
    #[must_use]
    pub fn status(self, status: Status) -> Self {
        self.set("status", status)
    }

    /// `priority`
    #[must_use]
    pub fn priority(self, priority: Priority) -> Self {
        self.set("priority", priority)
    }

    /// `source`
    #[must_use]
    pub fn source(self, source: Source) -> Self {
        self.set("source", source)
    }

    /// `type`, a label
    #[must_use]
    pub fn kind(self, kind: Option<&str>) -> Self {
        self.set("type", kind)
    }

    /// `responder_id`, an agent's
    #[must_use]
    pub fn responder(self, agent: Option<u64>) -> Self {
        self.set("responder_id", agent)
    }

    /// `group_id`
    #[must_use]
    pub fn group(self, group: Option<u64>) -> Self {
        self.set("group_id", group)
    }

    /// `requester_id`, a contact's
    #[must_use]
    pub fn requester(self, contact: u64) -> Self {
        self.set("requester_id", contact)
    }

    /// `email` of the requester; an unknown one creates a contact
    #[must_use]
    pub fn email(self, email: &str) -> Self {
        self.set("email", email)
    }

    /// `phone` of the requester; an unknown one creates a contact and needs [`Self::name`]
    #[must_use]
    pub fn phone(self, phone: &str) -> Self {
        self.set("phone", phone)
    }

    /// `name` of a requester who is to be created
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        self.set("name", name)
    }

    /// `tags`, all of them: those left out are taken off
    #[must_use]
    pub fn tags<I: IntoIterator<Item = S>, S: Into<String>>(self, tags: I) -> Self {
        self.set("tags", tags.into_iter().map(Into::into).collect::<Vec<String>>())
    }

    /// `cc_emails`
    #[must_use]
    pub fn cc<I: IntoIterator<Item = S>, S: Into<String>>(self, emails: I) -> Self {
        self.set(
            "cc_emails",
            emails.into_iter().map(Into::into).collect::<Vec<String>>(),
        )
    }

    /// One of `custom_fields`, by its name with `cf_`
    #[must_use]
    pub fn custom(mut self, field: &str, value: impl Into<Value>) -> Self {
        let fields = self
            .0
            .entry("custom_fields")
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(fields) = fields {
            fields.insert(field.to_owned(), value.into());
        }
        self
    }

    pub(crate) fn map(&self) -> &Map<String, Value> {
        &self.0
    }
}

/// Which tickets become part of which, and what is noted in each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// `primary_id`, the one that stays
    pub primary: u64,
    /// `ticket_ids`, those that are closed into it
    pub secondary: Vec<u64>,
    /// The note in the primary ticket
    pub note_in_primary: MergeNote,
    /// The note in each secondary ticket
    pub note_in_secondary: MergeNote,
    /// `convert_recepients_to_cc` (Freshdesk's spelling)
    pub keeps_recipients_as_cc: bool,
}

/// A note that a merge leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeNote {
    /// `body`, HTML
    pub body: String,
    /// `private`; always sent
    pub is_private: bool,
}

impl Merge {
    /// Into that ticket, with private notes that say so.
    pub fn into(primary: u64, secondary: Vec<u64>) -> Self {
        let list: Vec<_> = secondary.iter().map(ToString::to_string).collect();
        Self {
            primary,
            note_in_primary: MergeNote {
                body: format!("Merged from {}", list.join(", ")),
                is_private: true,
            },
            note_in_secondary: MergeNote {
                body: format!("Merged into {primary}"),
                is_private: true,
            },
            secondary,
            keeps_recipients_as_cc: false,
        }
    }
}

fn object(entries: impl IntoIterator<Item = (&'static str, Value)>) -> Map<String, Value> {
    entries
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

impl Client {
    /// Creates a ticket: `POST /tickets`. If it is ambiguous, look for it by a tag or custom field set here.
    pub async fn create_ticket(&self, fields: &TicketFields, uploads: Vec<Upload>) -> Result<Ticket, Error> {
        const NAME: &str = "create a ticket";
        let payload = payload(fields.map(), uploads).map_err(|kind| Error::new(NAME, true, kind))?;
        let call = Call::write(NAME, Method::POST, "tickets", payload).on(Endpoint::TicketCreate);
        self.send(call).await?.record()
    }

    /// Changes a ticket: `PUT /tickets/{id}`. Freshdesk has no versions: the last write wins.
    pub async fn update_ticket(
        &self,
        id: u64,
        fields: &TicketFields,
        uploads: Vec<Upload>,
    ) -> Result<Ticket, Error> {
        const NAME: &str = "update a ticket";
        let payload = payload(fields.map(), uploads).map_err(|kind| Error::new(NAME, true, kind))?;
        let call = Call::write(NAME, Method::PUT, path(id, ""), payload).on(Endpoint::TicketUpdate);
        self.send(call).await?.record()
    }

    /// Moves a ticket to the trash: `DELETE /tickets/{id}`.
    pub async fn delete_ticket(&self, id: u64) -> Result<(), Error> {
        let call = Call::write("delete a ticket", Method::DELETE, path(id, ""), Payload::Nothing);
        self.send(call).await.map(drop)
    }

    /// Takes a ticket out of the trash: `PUT /tickets/{id}/restore`.
    pub async fn restore_ticket(&self, id: u64) -> Result<(), Error> {
        let call = Call::write(
            "restore a ticket",
            Method::PUT,
            path(id, "restore"),
            Payload::Nothing,
        );
        self.send(call).await.map(drop)
    }

    /// Merges tickets into one: `PUT /tickets/merge`.
    pub async fn merge_tickets(&self, merge: &Merge) -> Result<(), Error> {
        const NAME: &str = "merge tickets";
        let note = |note: &MergeNote| {
            Value::Object(object([
                ("body", note.body.clone().into()),
                ("private", note.is_private.into()),
            ]))
        };
        let fields = object([
            ("primary_id", merge.primary.into()),
            ("ticket_ids", merge.secondary.clone().into()),
            ("note_in_primary", note(&merge.note_in_primary)),
            ("note_in_secondary", note(&merge.note_in_secondary)),
            ("convert_recepients_to_cc", merge.keeps_recipients_as_cc.into()),
        ]);
        let payload = payload(&fields, Vec::new()).map_err(|kind| Error::new(NAME, true, kind))?;
        self.send(Call::write(NAME, Method::PUT, "tickets/merge", payload))
            .await
            .map(drop)
    }
}
