//! What is said in a ticket: incoming mail, replies, and notes. Whether words are for the customer or for colleagues
//! is always said explicitly when writing, and when reading is taken for private where it is not said.

use std::fmt;

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::call::{Call, Payload};
use crate::client::Client;
use crate::codes::{ConversationCategory, ConversationSource};
use crate::error::Error;
use crate::lenient::{Text, record};
use crate::page::{Listing, Page};
use crate::tickets::path;
use crate::uploads::{Attachment, Upload, payload};

record! {
    /// One entry of a ticket's conversation. The ticket's own description is none of them.
    pub struct Conversation {
        @needs {
            /// `id`
            id: u64
        }
        /// `ticket_id`
        ticket_id: Option<u64>,
        /// `body`, HTML
        body: Option<Text>,
        /// `body_text`, the same without markup
        body_text: Option<Text>,
        /// `incoming`: from outside
        incoming: Option<bool>,
        /// `private`; see [`Conversation::is_private`]
        private: Option<bool>,
        /// `user_id`, of the contact or agent who wrote it
        user_id: Option<u64>,
        /// `source`
        source: Option<ConversationSource>,
        /// `category`
        category: Option<ConversationCategory>,
        /// `support_email`
        support_email: Option<Text>,
        /// `from_email`, such as `Name <a@b>`
        from_email: Option<Text>,
        /// `to_emails`
        to_emails: Vec<Text>,
        /// `cc_emails`
        cc_emails: Vec<Text>,
        /// `bcc_emails`
        bcc_emails: Vec<Text>,
        /// `email_failure_count`
        email_failure_count: Option<u64>,
        /// `thread_id`
        thread_id: Option<u64>,
        /// `automation_id` of the rule that wrote it
        automation_id: Option<u64>,
        /// `auto_response`
        auto_response: Option<bool>,
        /// `last_edited_at`
        last_edited_at: Option<DateTime<Utc>>,
        /// `last_edited_user_id`
        last_edited_user_id: Option<u64>,
        /// `attachments`
        attachments: Vec<Attachment>,
        /// `created_at`, whole seconds
        created_at: Option<DateTime<Utc>>,
        /// `updated_at`, whole seconds
        updated_at: Option<DateTime<Utc>>,
    }
}

impl Conversation {
    /// Whether the customer must not see it. Where Freshdesk does not say, it is private.
    pub fn is_private(&self) -> bool {
        self.private.unwrap_or(true)
    }

    /// Whether it came from outside.
    pub fn is_incoming(&self) -> bool {
        self.incoming.unwrap_or(false)
    }
}

/// A note to be written in a ticket.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewNote {
    /// `body`, HTML
    pub body: String,
    /// `private`; always sent. A public note is seen by the customer in the portal.
    pub private: bool,
    /// `user_id` of the agent to write it as, where it is not the key's
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<u64>,
    /// `notify_emails`: agents who get a mail about it
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notify_emails: Vec<String>,
}

impl NewNote {
    /// For colleagues only.
    pub fn private(body: impl Into<String>) -> Self {
        Self {
            body: body.into(),
            private: true,
            user_id: None,
            notify_emails: Vec::new(),
        }
    }
}

impl fmt::Debug for NewNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewNote")
            .field("private", &self.private)
            .finish_non_exhaustive()
    }
}

/// A reply to the customer. Sending it mails them at once.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NewReply {
    /// `body`, HTML
    pub body: String,
    /// `from_email`, one of the account's mailboxes
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_email: Option<String>,
    /// `user_id` of the agent to write it as, where it is not the key's
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<u64>,
    /// `cc_emails`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc_emails: Vec<String>,
    /// `bcc_emails`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bcc_emails: Vec<String>,
}

impl fmt::Debug for NewReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewReply").finish_non_exhaustive()
    }
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

impl Client {
    /// One page of what was said, oldest first: `GET /tickets/{id}/conversations`.
    pub async fn conversations(&self, ticket: u64, page: u32) -> Result<Page<Conversation>, Error> {
        self.one_page("list conversations", path(ticket, "conversations"), page)
            .await
    }

    /// All that was said, oldest first, one call per hundred.
    pub async fn all_conversations(&self, ticket: u64) -> Result<Listing<Conversation>, Error> {
        self.all("list conversations", &path(ticket, "conversations"))
            .await
    }

    /// Writes a note: `POST /tickets/{id}/notes`. If it is ambiguous, look for it in the conversations.
    pub async fn note(
        &self,
        ticket: u64,
        note: &NewNote,
        uploads: Vec<Upload>,
    ) -> Result<Conversation, Error> {
        self.say("write a note", path(ticket, "notes"), json!(note), uploads)
            .await
    }

    /// Replies to the customer, by mail, at once: `POST /tickets/{id}/reply`. If it is ambiguous, look for it in the
    /// conversations; never send it again without.
    pub async fn reply(
        &self,
        ticket: u64,
        reply: &NewReply,
        uploads: Vec<Upload>,
    ) -> Result<Conversation, Error> {
        self.say(
            "reply to a customer",
            path(ticket, "reply"),
            json!(reply),
            uploads,
        )
        .await
    }

    async fn say(
        &self,
        name: &'static str,
        path: String,
        words: Value,
        uploads: Vec<Upload>,
    ) -> Result<Conversation, Error> {
        let payload = payload(&fields(words), uploads).map_err(|kind| Error::new(name, true, kind))?;
        self.send(Call::write(name, Method::POST, path, payload))
            .await?
            .record()
    }

    /// Puts another text in the place of a note's: `PUT /conversations/{id}`. Freshdesk takes this for notes only.
    pub async fn edit_note(&self, conversation: u64, body: &str) -> Result<Conversation, Error> {
        const NAME: &str = "edit a note";
        let payload = payload(&fields(json!({ "body": body })), Vec::new())
            .map_err(|kind| Error::new(NAME, true, kind))?;
        let call = Call::write(
            NAME,
            Method::PUT,
            format!("conversations/{conversation}"),
            payload,
        );
        self.send(call).await?.record()
    }

    /// Deletes an entry: `DELETE /conversations/{id}`. Freshdesk refuses this for what customers wrote.
    pub async fn delete_conversation(&self, conversation: u64) -> Result<(), Error> {
        let path = format!("conversations/{conversation}");
        let call = Call::write("delete a conversation", Method::DELETE, path, Payload::Nothing);
        self.send(call).await.map(drop)
    }
}
