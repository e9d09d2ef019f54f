//! What we ask the helpdesk to do, as it waits in the outbox.
//!
//! Every write carries a token made from what caused it, so that the same cause never writes twice: a button
//! pressed again, a message told again after a reconnect, a process that came back.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{TicketId, WriteToken};
use crate::chat::SaidFile;
use crate::ids::PersonId;

/// One write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "write", rename_all = "snake_case")]
pub enum HelpdeskWrite {
    /// A new ticket. It never mails anybody by itself.
    Create(NewTicket),
    /// Other values of a ticket.
    Update {
        /// Which.
        ticket: TicketId,
        /// What becomes what.
        change: TicketChange,
    },
    /// A private note. There is no public one: what a customer may read is a reply.
    Note {
        /// On which ticket.
        ticket: TicketId,
        /// HTML, escaped by whoever made it.
        html: String,
        /// Files that come along.
        #[serde(default)]
        files: Vec<SaidFile>,
    },
    /// A mail to the customer.
    Reply {
        /// On which ticket.
        ticket: TicketId,
        /// HTML, escaped by whoever made it.
        html: String,
        /// Addresses that get a copy, as whoever confirmed it saw them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        cc: Vec<String>,
        /// Files that come along.
        #[serde(default)]
        files: Vec<SaidFile>,
    },
    /// Other words in a note of ours.
    EditNote {
        /// On which ticket.
        ticket: TicketId,
        /// The token of the note.
        note: WriteToken,
        /// HTML, escaped by whoever made it.
        html: String,
    },
    /// A note of ours is taken back.
    DeleteNote {
        /// On which ticket.
        ticket: TicketId,
        /// The token of the note.
        note: WriteToken,
    },
}

impl HelpdeskWrite {
    /// `create`, `update`, `note`, `reply`, `edit_note`, `delete_note`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Create(_) => "create",
            Self::Update { .. } => "update",
            Self::Note { .. } => "note",
            Self::Reply { .. } => "reply",
            Self::EditNote { .. } => "edit_note",
            Self::DeleteNote { .. } => "delete_note",
        }
    }

    /// The ticket, where there is one already.
    pub const fn ticket(&self) -> Option<TicketId> {
        match self {
            Self::Create(_) => None,
            Self::Update { ticket, .. }
            | Self::Note { ticket, .. }
            | Self::Reply { ticket, .. }
            | Self::EditNote { ticket, .. }
            | Self::DeleteNote { ticket, .. } => Some(*ticket),
        }
    }
}

/// Who asked for a write in a chat, and where they are told what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedBy {
    /// Who.
    pub who: PersonId,
    /// As the platform is named: `console`, `discord`.
    pub platform: String,
    /// The channel or thread, as the platform names it.
    pub place: String,
}

/// A ticket that is to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTicket {
    /// What it is about.
    pub subject: String,
    /// HTML, escaped by whoever made it.
    pub html: String,
    /// Whose it is: the contact of that address, made where there is none.
    pub email: Option<String>,
    /// Their name.
    pub name: Option<String>,
    /// Their telephone, where there is no address.
    pub phone: Option<String>,
    /// 1 low to 4 urgent.
    pub priority: Option<i64>,
    /// Group.
    pub group: Option<i64>,
    /// Agent.
    pub responder: Option<i64>,
    /// Type.
    pub kind: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
}

/// Other values of a ticket; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketChange {
    /// Status code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    /// 1 low to 4 urgent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i64>,
    /// Group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<i64>,
    /// Agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responder: Option<i64>,
    /// Type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Tags to add; the others stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add_tags: Vec<String>,
}

/// The token of the write that a cause leads to: the same cause, the same token.
pub fn token_of(cause: &str) -> WriteToken {
    let digest = Sha256::digest(cause.as_bytes());
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    // A custom UUID (version 8): nobody takes it for one whose order means something.
    bytes[6] = (bytes[6] & 0x0F) | 0x80;
    bytes[8] = (bytes[8] & 0x3F) | 0x80;
    Uuid::from_bytes(bytes)
}

/// Plain words as the HTML of a note or a reply: escaped, one line per line.
pub fn html_of(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for (n, line) in text.lines().enumerate() {
        if n > 0 {
            out.push_str("<br>");
        }
        for c in line.chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                '\u{2060}' | '\u{FE00}'..='\u{FE0F}' => {}
                c if c.is_control() && c != '\t' => {}
                c => out.push(c),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::{find_mark, mark};
    use super::*;

    #[test]
    fn one_cause_is_one_token_and_another_is_another() {
        assert_eq!(token_of("heard:1"), token_of("heard:1"));
        assert_ne!(token_of("heard:1"), token_of("heard:2"));
        assert_eq!(token_of("x").get_version_num(), 8);
    }

    #[test]
    fn words_become_html_that_shows_them_and_carries_nobodys_mark() {
        assert_eq!(
            html_of("a <b>&\"'\nsecond\u{0}"),
            "a &lt;b&gt;&amp;&quot;&#39;<br>second"
        );
        let copied = format!("paid{}", mark(token_of("somebody's")));
        assert_eq!(find_mark(&html_of(&copied)), None);
    }

    #[test]
    fn a_write_comes_back_from_the_outbox_as_it_went_in() {
        let write = HelpdeskWrite::Update {
            ticket: TicketId(7),
            change: TicketChange {
                status: Some(4),
                ..TicketChange::default()
            },
        };
        let text = serde_json::to_string(&write).unwrap();
        assert_eq!(text, r#"{"write":"update","ticket":7,"change":{"status":4}}"#);
        assert_eq!(serde_json::from_str::<HelpdeskWrite>(&text).unwrap(), write);
    }
}
