//! Tickets of the helpdesk as the house knows them, and what happened to them.
//!
//! A helpdesk tells states, not happenings: `changes` turns two successive states of a ticket into
//! [`TicketEvent`]s with the helpdesk's own times. Clocks, cards and reports are made from those events
//! alone, so replaying them always yields the state that the helpdesk shows.

mod changes;
mod matching;
mod token;
mod write;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use changes::{conversation_changes, merged_into, removed, ticket_changes};
pub use matching::{
    By, Candidate, PaddleSaid, Requester, SeveralOrNone, Traits, Verdict, numbers_said, paddles_said,
};
pub use token::{WriteToken, find_mark, find_tag, mark, tag, without_mark};
pub use write::{AskedBy, HelpdeskWrite, NewTicket, TicketChange, html_of, token_of};

use crate::model::words;

/// A ticket's number in the helpdesk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TicketId(pub i64);

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Freshdesk's status codes that every account has; others are an account's own.
pub mod status {
    /// Open.
    pub const OPEN: i64 = 2;
    /// Pending.
    pub const PENDING: i64 = 3;
    /// Resolved.
    pub const RESOLVED: i64 = 4;
    /// Closed.
    pub const CLOSED: i64 = 5;

    /// Is nothing more to be done, as the helpdesk sees it?
    pub const fn is_over(code: i64) -> bool {
        matches!(code, RESOLVED | CLOSED)
    }
}

words! {
    /// Where a ticket is that no longer stands in the ordinary lists.
    Gone {
        /// It is there.
        Here = "",
        /// Marked as spam.
        Spam = "spam",
        /// Deleted; it may be restored.
        Deleted = "deleted",
        /// Moved to the archive.
        Archived = "archived",
    }

    /// What happened to a ticket.
    EventKind {
        /// It came to be; `now` is its source code.
        Created = "created",
        /// The customer wrote, for all to see.
        CustomerMessage = "customer_message",
        /// The house wrote to the customer.
        AgentMessage = "agent_message",
        /// A note that only agents see.
        Note = "note",
        /// A message to or from a third party: a forwarded mail, or an answer to one.
        ThirdParty = "third_party",
        /// The customer rated the handling.
        Survey = "survey",
        /// A message was changed; `now` is nothing, the conversation says the rest.
        Edited = "edited",
        /// A message was taken away.
        Removed = "removed",
        /// The status code changed.
        Status = "status",
        /// The priority changed.
        Priority = "priority",
        /// It belongs to another group.
        Group = "group",
        /// It belongs to another agent.
        Responder = "responder",
        /// Its type changed.
        Type = "type",
        /// Its subject changed.
        Subject = "subject",
        /// Another person asks.
        Asker = "requester",
        /// Its tags changed; both sides are JSON lists.
        Tags = "tags",
        /// It was merged into the ticket of `now`.
        Merged = "merged",
        /// It was marked as spam.
        Spam = "spam",
        /// It was deleted.
        Deleted = "deleted",
        /// It was archived.
        Archived = "archived",
        /// It is back from where `was` says.
        Restored = "restored",
    }

    /// Who did something, as far as the helpdesk says.
    ActorKind {
        /// An agent.
        Agent = "agent",
        /// A contact.
        Customer = "customer",
        /// A rule of the account, or the helpdesk itself.
        System = "system",
        /// It does not say.
        Unknown = "unknown",
    }
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Actor {
    /// What kind of somebody.
    pub kind: ActorKind,
    /// The agent's or contact's id.
    pub id: Option<i64>,
}

impl Actor {
    /// The helpdesk does not say who.
    pub const UNKNOWN: Self = Self {
        kind: ActorKind::Unknown,
        id: None,
    };
}

/// When what happened last, as the helpdesk keeps it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketTimes {
    /// An agent's last public reply.
    pub agent_responded_at: Option<DateTime<Utc>>,
    /// The customer's last word.
    pub requester_responded_at: Option<DateTime<Utc>>,
    /// The first public reply.
    pub first_responded_at: Option<DateTime<Utc>>,
    /// The last change of status.
    pub status_updated_at: Option<DateTime<Utc>>,
    /// Opened again.
    pub reopened_at: Option<DateTime<Utc>>,
    /// Resolved.
    pub resolved_at: Option<DateTime<Utc>>,
    /// Closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// Pending since.
    pub pending_since: Option<DateTime<Utc>>,
}

/// A ticket as the helpdesk shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its number.
    pub id: TicketId,
    /// What it says it is about; empty where there is none. From outside: show it plain.
    pub subject: String,
    /// Status code.
    pub status: i64,
    /// 1 low to 4 urgent.
    pub priority: i64,
    /// Source code.
    pub source: i64,
    /// Its type, a label.
    pub kind: Option<String>,
    /// The contact who asks.
    pub requester: Option<i64>,
    /// The agent it belongs to.
    pub responder: Option<i64>,
    /// The group it belongs to.
    pub group: Option<i64>,
    /// The contact's company.
    pub company: Option<i64>,
    /// The product.
    pub product: Option<i64>,
    /// The house's mailbox that it came to.
    pub support_email: Option<String>,
    /// Tags in the helpdesk's order.
    pub tags: Vec<String>,
    /// The account's own fields.
    pub custom: Map<String, Value>,
    /// When it is due to be resolved, by the helpdesk's own policy.
    pub due_at: Option<DateTime<Utc>>,
    /// When its first answer is due, by the helpdesk's own policy.
    pub first_response_due_at: Option<DateTime<Utc>>,
    /// Does the helpdesk call its resolution overdue?
    pub is_escalated: bool,
    /// When what happened.
    pub times: TicketTimes,
    /// Made.
    pub created_at: DateTime<Utc>,
    /// Last changed.
    pub updated_at: DateTime<Utc>,
    /// Where it is.
    pub gone: Gone,
    /// The ticket it was merged into.
    pub merged_into: Option<TicketId>,
}

/// Something said on a ticket, after its description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id.
    pub id: i64,
    /// On which ticket.
    pub ticket: TicketId,
    /// 0 reply, 2 note, 6 survey, 8 forwarded mail, 9 phone; an account may have others.
    pub source: i64,
    /// Did it come from outside?
    pub incoming: bool,
    /// Is it for agents only?
    pub private: bool,
    /// The agent or contact who wrote it; nobody for a rule of the account.
    pub author: Option<i64>,
    /// Did a rule of the account write it?
    pub automatic: bool,
    /// `Name <a@b>` as the helpdesk has it.
    pub from: Option<String>,
    /// To whom it was mailed.
    pub to: Vec<String>,
    /// Copied to.
    pub cc: Vec<String>,
    /// HTML from outside.
    pub html: String,
    /// The same as text, as the helpdesk made it. From outside too.
    pub text: String,
    /// Said.
    pub created_at: DateTime<Utc>,
    /// Last changed.
    pub updated_at: DateTime<Utc>,
}

impl Conversation {
    /// What it is, for clocks and cards.
    pub const fn kind(&self) -> EventKind {
        match (self.source, self.incoming, self.private) {
            (6, ..) => EventKind::Survey,
            (8, ..) | (_, true, true) => EventKind::ThirdParty,
            (_, _, true) => EventKind::Note,
            (_, true, false) => EventKind::CustomerMessage,
            (_, false, false) => EventKind::AgentMessage,
        }
    }

    /// Who wrote it.
    pub const fn actor(&self) -> Actor {
        let kind = match (self.automatic, self.incoming, self.author) {
            (true, ..) | (_, false, None) => ActorKind::System,
            (_, true, _) => ActorKind::Customer,
            (_, false, Some(_)) => ActorKind::Agent,
        };
        Actor {
            kind,
            id: self.author,
        }
    }
}

/// A file that hangs on a ticket's description or on something said. Its address in the helpdesk lives for
/// minutes, so it is asked for again when somebody wants the bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id.
    pub id: i64,
    /// On which ticket.
    pub ticket: TicketId,
    /// On which conversation; on the description where there is none.
    pub conversation: Option<i64>,
    /// File name, from outside.
    pub name: String,
    /// MIME type as the helpdesk has it.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
}

/// Something that happened to a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketEvent {
    /// To which ticket.
    pub ticket: TicketId,
    /// When, by the helpdesk's clock.
    pub at: DateTime<Utc>,
    /// Is that the very second, or only the latest at which it can have been?
    pub is_exact: bool,
    /// What.
    pub kind: EventKind,
    /// By whom.
    pub by: Actor,
    /// The value before; `None` where there was none or it is not known.
    pub was: Option<String>,
    /// The value since.
    pub now: Option<String>,
    /// The message it is about.
    pub conversation: Option<i64>,
    /// Its name: an event of the same name is the same event.
    pub key: String,
}
