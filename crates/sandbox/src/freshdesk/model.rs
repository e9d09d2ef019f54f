//! The things of an account as its people know them, before they are turned into answers.
//!
//! Promises: plain values that can be cloned and compared; a ticket holds its conversation, so that one
//! snapshot shows all of it.

use std::sync::Arc;

use chrono::{DateTime, NaiveTime, Utc};
use serde_json::{Map, Value};

/// Codes of a ticket's status that every account has.
pub mod status {
    /// Open.
    pub const OPEN: i64 = 2;
    /// Pending.
    pub const PENDING: i64 = 3;
    /// Resolved.
    pub const RESOLVED: i64 = 4;
    /// Closed.
    pub const CLOSED: i64 = 5;
    /// Waiting on Customer.
    pub const WAITING_ON_CUSTOMER: i64 = 6;
    /// Waiting on Third Party.
    pub const WAITING_ON_THIRD_PARTY: i64 = 7;
}

/// Codes of where a ticket came from.
pub mod source {
    /// A mail.
    pub const EMAIL: i64 = 1;
    /// The portal; also what the API says of itself.
    pub const PORTAL: i64 = 2;
    /// A call.
    pub const PHONE: i64 = 3;
    /// A mail that the house began.
    pub const OUTBOUND_EMAIL: i64 = 10;
}

/// A ticket with everything said in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    /// Its number, small and counted over the account.
    pub id: u64,
    /// Subject.
    pub subject: Option<String>,
    /// What it began with, HTML.
    pub description: String,
    /// Status code.
    pub status: i64,
    /// 1 low to 4 urgent.
    pub priority: i64,
    /// Source code.
    pub source: i64,
    /// Type, a label.
    pub kind: Option<String>,
    /// The contact who asked.
    pub requester_id: u64,
    /// The agent it is assigned to.
    pub responder_id: Option<u64>,
    /// The group it is assigned to.
    pub group_id: Option<u64>,
    /// The requester's company.
    pub company_id: Option<u64>,
    /// Product.
    pub product_id: Option<u64>,
    /// Mailbox.
    pub email_config_id: Option<u64>,
    /// Second agent, where ownership is shared.
    pub internal_agent_id: Option<u64>,
    /// Second group, where ownership is shared.
    pub internal_group_id: Option<u64>,
    /// Copied in.
    pub cc_emails: Vec<String>,
    /// Forwarded to.
    pub fwd_emails: Vec<String>,
    /// To whom it was addressed, if it came by mail.
    pub to_emails: Option<Vec<String>>,
    /// The mailbox at which it came in, if it came by mail.
    pub support_email: Option<String>,
    /// Marked as spam.
    pub spam: bool,
    /// Deleted (it can be restored).
    pub deleted: bool,
    /// Moved to the archive.
    pub archived: bool,
    /// First response overdue, as flagged.
    pub fr_escalated: bool,
    /// Resolution overdue, as flagged.
    pub is_escalated: bool,
    /// Next response overdue, as flagged.
    pub nr_escalated: bool,
    /// Resolution due.
    pub due_by: Option<DateTime<Utc>>,
    /// First response due.
    pub fr_due_by: Option<DateTime<Utc>>,
    /// Next response due.
    pub nr_due_by: Option<DateTime<Utc>>,
    /// Due instants were set by hand and stay.
    pub due_by_hand: bool,
    /// Custom fields that have a value.
    pub custom_fields: Map<String, Value>,
    /// Tags.
    pub tags: Vec<String>,
    /// Files of the first message.
    pub attachments: Vec<Attachment>,
    /// Everything said after it began, oldest first.
    pub conversations: Vec<Conversation>,
    /// 1 parent, 2 child, 3 tracker, 4 related.
    pub association_type: Option<i64>,
    /// Tickets it is associated with.
    pub associated: Vec<u64>,
    /// The ticket it was merged into.
    pub merged_into: Option<u64>,
    /// Agents who watch it.
    pub watchers: Vec<u64>,
    /// What the customer thought.
    pub ratings: Vec<Rating>,
    /// Instants of what happened.
    pub stats: Stats,
    /// Created.
    pub created_at: DateTime<Utc>,
    /// Last updated.
    pub updated_at: DateTime<Utc>,
}

/// Instants of what happened to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
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

/// What was said in a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Id.
    pub id: u64,
    /// Ticket.
    pub ticket_id: u64,
    /// HTML.
    pub body: String,
    /// Did it come from outside?
    pub incoming: bool,
    /// Is it for agents only?
    pub private: bool,
    /// Who said it: contact or agent; none for the system.
    pub user_id: Option<u64>,
    /// 0 reply, 2 note, 6 survey, 8 forwarded mail, 9 phone.
    pub source: i64,
    /// 1 the customer's mail, 2 note, 3 an agent's reply, 7 survey.
    pub category: i64,
    /// Mailed to.
    pub to_emails: Vec<String>,
    /// Mailed from: `Name <a@b>`.
    pub from_email: Option<String>,
    /// The mailbox concerned.
    pub support_email: Option<String>,
    /// Copied in.
    pub cc_emails: Vec<String>,
    /// Copied in, blind.
    pub bcc_emails: Vec<String>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// The rule that wrote it.
    pub automation_id: Option<u64>,
    /// When the body was last changed, and by whom.
    pub last_edited: Option<(DateTime<Utc>, u64)>,
    /// Created.
    pub created_at: DateTime<Utc>,
    /// Last updated.
    pub updated_at: DateTime<Utc>,
}

/// A file that was attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Id.
    pub id: u64,
    /// File name.
    pub name: String,
    /// Type as uploaded, or `application/octet-stream`.
    pub content_type: String,
    /// The bytes.
    pub content: Arc<[u8]>,
    /// When it was attached.
    pub created_at: DateTime<Utc>,
}

/// A file that somebody attaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// File name.
    pub name: String,
    /// Type.
    pub content_type: String,
    /// The bytes.
    pub content: Arc<[u8]>,
}

/// What a customer thought of the handling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// Id.
    pub id: u64,
    /// 103 extremely happy, 100 neutral, -103 extremely unhappy.
    pub score: i64,
    /// In words.
    pub feedback: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// A person outside.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Contact {
    /// Id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// Main address.
    pub email: Option<String>,
    /// Further addresses.
    pub other_emails: Vec<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// Mobile telephone.
    pub mobile: Option<String>,
    /// Company.
    pub company_id: Option<u64>,
    /// Another system's id of this person.
    pub unique_external_id: Option<String>,
    /// Postal address.
    pub address: Option<String>,
    /// Job title.
    pub job_title: Option<String>,
    /// What is noted about the person.
    pub description: Option<String>,
    /// Language.
    pub language: Option<String>,
    /// Zone, a Rails name.
    pub time_zone: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Custom fields.
    pub custom_fields: Map<String, Value>,
    /// Sees the company's tickets.
    pub view_all_tickets: bool,
    /// Has confirmed the address.
    pub active: bool,
    /// Deleted.
    pub deleted: bool,
    /// Blocked.
    pub blocked: bool,
    /// Created.
    pub created_at: DateTime<Utc>,
    /// Last updated.
    pub updated_at: DateTime<Utc>,
}

/// A company.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Company {
    /// Id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// Note.
    pub note: Option<String>,
    /// Mail domains.
    pub domains: Vec<String>,
    /// Custom fields.
    pub custom_fields: Map<String, Value>,
    /// Created.
    pub created_at: DateTime<Utc>,
    /// Last updated.
    pub updated_at: DateTime<Utc>,
}

/// A person who works in the helpdesk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// 1 everything, 2 the groups' tickets, 3 the own tickets.
    pub ticket_scope: i64,
    /// `support_agent`, `field_agent` or `collaborator`.
    pub kind: String,
    /// Occasional agents pay by the day.
    pub occasional: bool,
    /// Takes tickets now.
    pub available: bool,
    /// Deactivated.
    pub deactivated: bool,
    /// Created.
    pub created_at: DateTime<Utc>,
    /// Last updated.
    pub updated_at: DateTime<Utc>,
}

/// A group of agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// Members.
    pub agent_ids: Vec<u64>,
    /// The hours it keeps.
    pub business_hour_id: Option<u64>,
    /// Created.
    pub created_at: DateTime<Utc>,
    /// Last updated.
    pub updated_at: DateTime<Utc>,
}

/// The hours that a group keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusinessHours {
    /// Id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// The account's default.
    pub is_default: bool,
    /// A Rails zone name.
    pub time_zone: String,
    /// Monday to Sunday; none is closed.
    pub days: [Option<(NaiveTime, NaiveTime)>; 7],
    /// Created.
    pub created_at: DateTime<Utc>,
}

/// Due instants by priority, for some of the tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlaPolicy {
    /// Id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// For tickets that no other policy takes.
    pub is_default: bool,
    /// In use.
    pub active: bool,
    /// Groups; none given is all.
    pub group_ids: Vec<u64>,
    /// Companies; none given is all.
    pub company_ids: Vec<u64>,
    /// Types; none given is all.
    pub ticket_types: Vec<String>,
    /// Low to urgent.
    pub targets: [SlaTarget; 4],
    /// Created.
    pub created_at: DateTime<Utc>,
}

/// How long an answer may take, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlaTarget {
    /// First response.
    pub respond_within: i64,
    /// Resolution.
    pub resolve_within: i64,
    /// Next response, on plans that have it.
    pub next_respond_within: Option<i64>,
    /// Only business hours count.
    pub business_hours: bool,
}

/// A custom field of tickets.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomField {
    /// `cf_…`.
    pub name: String,
    /// Label.
    pub label: String,
    /// `custom_text`, `custom_number`, …
    pub kind: String,
    /// Choices: null, a list, or objects in each other.
    pub choices: Value,
}

/// A mail that somebody outside received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// When.
    pub at: DateTime<Utc>,
    /// Why it was sent.
    pub why: MailKind,
    /// About which ticket.
    pub ticket_id: u64,
    /// The message it carried, if it stands in the ticket.
    pub conversation_id: Option<u64>,
    /// Addresses.
    pub to: Vec<String>,
    /// Copies.
    pub cc: Vec<String>,
    /// Blind copies.
    pub bcc: Vec<String>,
    /// Subject.
    pub subject: String,
    /// HTML.
    pub body: String,
    /// Names of the files.
    pub attachments: Vec<String>,
}

/// Why a mail was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailKind {
    /// A public reply.
    Reply,
    /// A public note, mailed to the requester.
    PublicNote,
    /// A note's `notify_emails`.
    NoteNotification,
    /// A forwarded ticket.
    Forward,
    /// A ticket that the house began by mail.
    Outbound,
    /// Freshdesk's own acknowledgement.
    Acknowledgement,
    /// A rule of the account.
    Automation,
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Performer {
    /// An agent, in person or through the key.
    Agent(u64),
    /// A customer.
    Requester(u64),
    /// The account itself: rules, SLA.
    System,
}
