//! What happened to a ticket, as clocks see it: who spoke to whom and how, which state it was in, what was
//! promised.
//!
//! An event's instant is when it happened, never when we heard of it, and its id names it: the same event
//! told twice, or told late, changes nothing.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::helpdesk::{ActorKind, Conversation, EventKind, TicketEvent, status};
use crate::ids::LocationId;
use crate::model::words;
use crate::money::Money;

words! {
    /// How somebody spoke.
    Channel {
        /// E-mail.
        Email = "email",
        /// A call, or a message left.
        Phone = "phone",
        /// The helpdesk's own pages and forms.
        Portal = "portal",
        /// A chat with the client.
        Chat = "chat",
        /// A mail that the house began by itself.
        Outbound = "outbound",
        /// Anything else.
        Other = "other",
    }

    /// Who acted, for the question whether the house has answered.
    Party {
        /// The client.
        Client = "client",
        /// One of us.
        Agent = "agent",
        /// This bot by itself.
        Bot = "bot",
        /// A rule of the helpdesk.
        Automation = "automation",
        /// Somebody outside who is not the client: a carrier, a bank.
        ThirdParty = "third_party",
        /// It is not known.
        Unknown = "unknown",
    }

    /// How pressing a ticket is.
    Priority {
        /// Low.
        Low = "low",
        /// Medium.
        Medium = "medium",
        /// High.
        High = "high",
        /// Urgent.
        Urgent = "urgent",
    }
}

impl Channel {
    /// The channel of a ticket by the helpdesk's source code.
    pub const fn of_source(code: i64) -> Self {
        match code {
            1 => Self::Email,
            2 | 9 => Self::Portal,
            3 => Self::Phone,
            7 => Self::Chat,
            10 => Self::Outbound,
            _ => Self::Other,
        }
    }

    /// The channel of something said, on a ticket of that channel.
    pub const fn of_conversation(code: i64, ticket: Self) -> Self {
        match (code, ticket) {
            (9, _) => Self::Phone,
            (0, Self::Portal | Self::Chat | Self::Other) => ticket,
            _ => Self::Email,
        }
    }
}

impl Priority {
    /// By the helpdesk's code; what it does not know is low.
    pub const fn of_code(code: i64) -> Self {
        match code {
            2 => Self::Medium,
            3 => Self::High,
            4 => Self::Urgent,
            _ => Self::Low,
        }
    }
}

/// A status code; the four that every account has may be written as words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "StatusText", into = "i64")]
pub struct Status(pub i64);

#[derive(Deserialize)]
#[serde(untagged)]
enum StatusText {
    Code(i64),
    Word(StatusWord),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum StatusWord {
    Open,
    Pending,
    Resolved,
    Closed,
}

impl Status {
    /// Open.
    pub const OPEN: Self = Self(status::OPEN);
    /// Pending.
    pub const PENDING: Self = Self(status::PENDING);
    /// Resolved.
    pub const RESOLVED: Self = Self(status::RESOLVED);
    /// Closed.
    pub const CLOSED: Self = Self(status::CLOSED);
}

impl From<StatusText> for Status {
    fn from(text: StatusText) -> Self {
        match text {
            StatusText::Code(code) => Self(code),
            StatusText::Word(StatusWord::Open) => Self::OPEN,
            StatusText::Word(StatusWord::Pending) => Self::PENDING,
            StatusText::Word(StatusWord::Resolved) => Self::RESOLVED,
            StatusText::Word(StatusWord::Closed) => Self::CLOSED,
        }
    }
}

impl From<Status> for i64 {
    fn from(status: Status) -> Self {
        status.0
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::OPEN => f.write_str("open"),
            Self::PENDING => f.write_str("pending"),
            Self::RESOLVED => f.write_str("resolved"),
            Self::CLOSED => f.write_str("closed"),
            Self(code) => write!(f, "status {code}"),
        }
    }
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct By {
    /// What kind of somebody.
    pub party: Party,
    /// Their id, where it is known: an agent's number, a person of the config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl By {
    /// Somebody of that kind.
    pub const fn some(party: Party) -> Self {
        Self { party, id: None }
    }

    /// That agent.
    pub fn agent(id: impl Into<String>) -> Self {
        Self {
            party: Party::Agent,
            id: Some(id.into()),
        }
    }
}

/// What is known of a ticket besides its helpdesk fields: by whom, from where, about how much.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Matter {
    /// The location that looks after it.
    pub location: Option<LocationId>,
    /// BCP 47.
    pub language: Option<String>,
    /// The client's tier.
    pub tier: Option<String>,
    /// What is at stake, one amount a currency.
    pub at_stake: Vec<Money>,
    /// What it is about: the names of topics that its words were found to belong to.
    pub topics: BTreeSet<String>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// The ticket came to be, with what its maker had to say.
    Created {
        /// How it came.
        channel: Channel,
    },
    /// Somebody wrote where the client can read it.
    Said {
        /// Did it come from outside?
        incoming: bool,
        /// How.
        channel: Channel,
    },
    /// A note that only agents see: it never counts.
    Noted,
    /// A mail to a third party, or its answer.
    Forwarded,
    /// A call.
    Called {
        /// Did it come from outside?
        incoming: bool,
        /// Did the two speak? A voicemail is not speaking.
        answered: bool,
    },
    /// It has this status since.
    Status {
        /// Which.
        to: Status,
    },
    /// It is this pressing since.
    Priority {
        /// How.
        to: Priority,
    },
    /// It belongs to this group since.
    Group {
        /// Which; `None` is nobody's.
        to: Option<String>,
    },
    /// It belongs to this person since.
    Assignee {
        /// Who; `None` is nobody.
        to: Option<String>,
    },
    /// It has this type since.
    Type {
        /// Which.
        to: Option<String>,
    },
    /// It has these tags since.
    Tags {
        /// All of them.
        to: BTreeSet<String>,
    },
    /// This is known of it since.
    Matter {
        /// All of it.
        to: Matter,
    },
    /// It was merged into another ticket, which carries its promises from here.
    Merged,
    /// It was deleted, archived or marked as spam.
    Gone,
    /// It is back.
    Restored,
    /// A call was promised for an instant.
    CallbackPromised {
        /// The promise's name.
        promise: String,
        /// For when.
        due_at: DateTime<Utc>,
    },
    /// The promised call took place.
    CallbackKept {
        /// The promise's name.
        promise: String,
    },
    /// The promise was taken back with the client's consent.
    CallbackDropped {
        /// The promise's name.
        promise: String,
    },
    /// It was escalated to somebody.
    Escalated {
        /// The escalation's name.
        escalation: String,
        /// When it must be acknowledged, where the ladder says it; else the policy does.
        #[serde(default)]
        due_at: Option<DateTime<Utc>>,
    },
    /// Somebody took notice of the escalation.
    Acknowledged {
        /// The escalation's name.
        escalation: String,
    },
    /// The escalation ended without being acknowledged, because it was no longer needed.
    EscalationDropped {
        /// The escalation's name.
        escalation: String,
    },
}

impl What {
    /// The order of what happened within one instant: a ticket is made, then described, then spoken on.
    pub(super) const fn rank(&self) -> u8 {
        match self {
            Self::Created { .. } => 0,
            Self::Priority { .. }
            | Self::Group { .. }
            | Self::Assignee { .. }
            | Self::Type { .. }
            | Self::Tags { .. }
            | Self::Matter { .. } => 1,
            Self::Restored => 2,
            Self::Said { incoming: true, .. } | Self::Called { incoming: true, .. } => 3,
            Self::CallbackPromised { .. } | Self::Escalated { .. } => 4,
            Self::Said { .. } | Self::Called { .. } | Self::Noted | Self::Forwarded => 5,
            Self::CallbackKept { .. }
            | Self::CallbackDropped { .. }
            | Self::Acknowledged { .. }
            | Self::EscalationDropped { .. } => 6,
            Self::Status { .. } => 7,
            Self::Merged | Self::Gone => 8,
        }
    }
}

/// Something that happened, when, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Its name: an event of the same name is the same event.
    pub id: String,
    /// By whom.
    pub by: By,
    /// Is that the very instant, or only the latest at which it can have been?
    #[serde(default = "yes")]
    pub is_exact: bool,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

const fn yes() -> bool {
    true
}

impl Event {
    /// Something that happened at exactly that instant.
    pub fn new(at: DateTime<Utc>, id: impl Into<String>, by: By, what: What) -> Self {
        Self {
            at,
            id: id.into(),
            by,
            is_exact: true,
            what,
        }
    }

    /// What the helpdesk tells, as clocks see it; `None` for what they do not care about.
    ///
    /// `channel` is the ticket's own, `said` the message that the event is about, and `bot` the agent
    /// under whose name this bot writes by itself.
    pub fn of_ticket(
        event: &TicketEvent,
        channel: Channel,
        said: Option<&Conversation>,
        bot: Option<i64>,
    ) -> Option<Self> {
        let now = || event.now.clone();
        let number = || event.now.as_deref().and_then(|text| text.parse::<i64>().ok());
        let source = said.map_or(0, |said| said.source);
        let spoken = |incoming| match Channel::of_conversation(source, channel) {
            Channel::Phone => What::Called {
                incoming,
                answered: true,
            },
            channel => What::Said { incoming, channel },
        };
        let what = match event.kind {
            EventKind::Created => What::Created {
                channel: number().map_or(channel, Channel::of_source),
            },
            EventKind::CustomerMessage => spoken(true),
            EventKind::AgentMessage => spoken(false),
            EventKind::Note => What::Noted,
            EventKind::ThirdParty => What::Forwarded,
            EventKind::Status => What::Status {
                to: Status(number()?),
            },
            EventKind::Priority => What::Priority {
                to: Priority::of_code(number()?),
            },
            EventKind::Group => What::Group { to: now() },
            EventKind::Responder => What::Assignee { to: now() },
            EventKind::Type => What::Type { to: now() },
            EventKind::Tags => What::Tags {
                to: event
                    .now
                    .as_deref()
                    .map(serde_json::from_str)
                    .transpose()
                    .ok()?
                    .unwrap_or_default(),
            },
            EventKind::Merged => What::Merged,
            EventKind::Spam | EventKind::Deleted => What::Gone,
            EventKind::Restored => What::Restored,
            // A rating asks for no answer; what was mailed stays said when its record is edited or removed;
            // a ticket is archived long after everything on it ended.
            EventKind::Survey
            | EventKind::Edited
            | EventKind::Removed
            | EventKind::Subject
            | EventKind::Asker
            | EventKind::Archived => return None,
        };
        let party = match (event.kind, event.by.kind) {
            (EventKind::CustomerMessage, _) | (_, ActorKind::Customer) => Party::Client,
            (_, ActorKind::Agent) if bot.is_some() && event.by.id == bot => Party::Bot,
            (_, ActorKind::Agent) => Party::Agent,
            (_, ActorKind::System) => Party::Automation,
            (_, ActorKind::Unknown) => Party::Unknown,
        };
        Some(Self {
            at: event.at,
            id: event.key.clone(),
            by: By {
                party,
                id: event.by.id.map(|id| id.to_string()),
            },
            is_exact: event.is_exact,
            what,
        })
    }
}
