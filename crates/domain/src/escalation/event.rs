//! What happens to an escalation; its events are all that is kept of its course.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::opening::EscalationId;
use super::words::{Severity, Way};
use crate::ids::{ClientNo, PersonId};
use crate::model::words;

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// We did, by the rules.
    Desk,
    /// A person.
    Person(PersonId),
    /// A partner.
    Partner(String),
}

words! {
    /// On whom a held escalation waits.
    Work {
        /// Taken, nothing done.
        Acknowledged = "acknowledged",
        /// Being worked on.
        InProgress = "in_progress",
        /// The client must answer.
        WaitingClient = "waiting_client",
        /// Somebody of ours must answer.
        WaitingInternal = "waiting_internal",
    }
    /// A sign that whoever took it is at work.
    Sign {
        /// A reply to the client.
        Reply = "reply",
        /// A private note.
        Note = "note",
        /// A change of status.
        Status = "status",
    }
    /// The word of a state, as stored and reported.
    State {
        /// Came in, nobody has it yet.
        New = "new",
        /// Given to somebody who has not taken it.
        Routed = "routed",
        /// Taken.
        Acknowledged = "acknowledged",
        /// Being worked on.
        InProgress = "in_progress",
        /// The client must answer.
        WaitingClient = "waiting_client",
        /// Somebody of ours must answer.
        WaitingInternal = "waiting_internal",
        /// Done.
        Resolved = "resolved",
        /// Done for good.
        Closed = "closed",
        /// Was done, is not.
        Reopened = "reopened",
        /// Part of another one.
        Merged = "merged",
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum What {
    /// It came in.
    Created,
    /// Somebody said which client it is.
    ClientNamed {
        /// Which.
        client: ClientNo,
    },
    /// The same matter came in again.
    Joined {
        /// How.
        way: Way,
        /// What was said this time, untouched.
        said: String,
        /// The sender's own name for it.
        reference: Option<String>,
        /// The helpdesk ticket.
        ticket: Option<i64>,
        /// How bad it is now said to be; a worse one counts from here on.
        severity: Severity,
    },
    /// The rules gave it to somebody.
    Routed {
        /// To whom.
        to: PersonId,
        /// Which rule or fallback.
        by: String,
        /// Why, in a sentence.
        why: String,
        /// The ladder it climbs.
        ladder: String,
        /// As severe as a rule made it.
        severity: Severity,
    },
    /// Those on a rung were told.
    Notified {
        /// The rung, from 0; one past the last is the end of the ladder.
        rung: u32,
        /// Its name.
        name: String,
        /// The time round the ladder, from 0.
        round: u32,
        /// Who.
        people: BTreeSet<PersonId>,
        /// When the next rung's turn is.
        until: DateTime<Utc>,
    },
    /// A rung had nobody to tell.
    Skipped {
        /// The rung.
        rung: u32,
        /// Its name.
        name: String,
        /// The time round the ladder.
        round: u32,
        /// Why.
        why: String,
    },
    /// Somebody on the rung could not be told.
    Unreachable {
        /// Who.
        person: PersonId,
        /// Why.
        why: String,
    },
    /// It goes on to another rung.
    Climbed {
        /// The rung it goes to.
        rung: u32,
        /// The time round the ladder.
        round: u32,
        /// Why.
        why: String,
    },
    /// Somebody has it.
    Acknowledged {
        /// Who.
        by: PersonId,
    },
    /// Whoever has it was at work.
    Progressed {
        /// What was seen.
        sign: Sign,
    },
    /// Whoever has it said on whom it waits.
    Working {
        /// On whom.
        work: Work,
    },
    /// Whoever took it went silent.
    Silent {
        /// Who.
        holder: PersonId,
        /// Since when.
        since: DateTime<Utc>,
    },
    /// It was given to somebody else.
    Reassigned {
        /// To whom.
        to: PersonId,
        /// Why.
        why: String,
    },
    /// It is as bad as that now.
    SeverityChanged {
        /// How bad.
        severity: Severity,
    },
    /// It is part of another one.
    Merged {
        /// Which.
        into: EscalationId,
    },
    /// Another one is part of it.
    Absorbed {
        /// Which.
        from: EscalationId,
    },
    /// It is done.
    Resolved {
        /// How.
        how: String,
    },
    /// It is not done after all.
    Reopened {
        /// Why.
        why: String,
    },
    /// It is done for good.
    Closed,
}

impl What {
    /// The word for it, as stored and counted.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::ClientNamed { .. } => "client_named",
            Self::Joined { .. } => "joined",
            Self::Routed { .. } => "routed",
            Self::Notified { .. } => "notified",
            Self::Skipped { .. } => "skipped",
            Self::Unreachable { .. } => "unreachable",
            Self::Climbed { .. } => "climbed",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Progressed { .. } => "progressed",
            Self::Working { .. } => "working",
            Self::Silent { .. } => "silent",
            Self::Reassigned { .. } => "reassigned",
            Self::SeverityChanged { .. } => "severity_changed",
            Self::Merged { .. } => "merged",
            Self::Absorbed { .. } => "absorbed",
            Self::Resolved { .. } => "resolved",
            Self::Reopened { .. } => "reopened",
            Self::Closed => "closed",
        }
    }
}

impl What {
    /// Who was given it by this.
    pub const fn given_to(&self) -> Option<&PersonId> {
        match self {
            Self::Routed { to, .. } | Self::Reassigned { to, .. } => Some(to),
            _ => None,
        }
    }
}

/// Something that happened, when and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Actor,
    /// What.
    pub what: What,
}
