//! `/escalate` and `/escalation ..`: what may be typed to hand something over, and about what was.

use clap::{Args, Subcommand};
use hammerdesk_domain::access::Permission;

/// The kinds of escalations, as they are typed.
const KINDS: [&str; 9] = [
    "balance_query",
    "release",
    "deposit_refund",
    "payment_problem",
    "no_bid_review",
    "terms",
    "chargeback",
    "complaint",
    "other",
];
/// How bad one may be.
const SEVERITIES: [&str; 4] = ["low", "normal", "high", "critical"];

/// `/escalate`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct EscalateArgs {
    /// A client, a lot as sale/lot, or a ticket as #4711
    #[arg(num_args = 0.., value_name = "WHAT")]
    pub what: Vec<String>,
    /// What is wrong, in the caller's words or in yours
    #[arg(long, required = true, value_name = "WORDS")]
    pub reason: String,
    /// What it is about
    #[arg(long, value_name = "KIND", value_parser = KINDS)]
    pub kind: Option<String>,
    /// How bad it is
    #[arg(long, value_name = "HOW", value_parser = SEVERITIES)]
    pub severity: Option<String>,
    /// The client whom it is about
    #[arg(long, value_name = "CLIENT")]
    pub client: Option<String>,
    /// The invoice that it is about
    #[arg(long, value_name = "NUMBER")]
    pub invoice: Option<String>,
    /// The ticket that it came in with
    #[arg(long, value_name = "TICKET")]
    pub ticket: Option<String>,
    /// When it is worth nothing any more: 2026-11-24T14:30, in the saleroom's time
    #[arg(long, value_name = "WHEN")]
    pub deadline: Option<String>,
    /// The saleroom whose people are to look after it
    #[arg(long, value_name = "PLACE")]
    pub location: Option<String>,
}

/// `/escalation ..`.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum EscalationAsk {
    /// Why this person has it: which rule, who was passed over and why, and the ladder so far
    Explain {
        /// Its id, or how it begins
        #[arg(required = true, value_name = "ESCALATION")]
        escalation: String,
    },
    /// Its card: who has it, whose turn is next, and what the caller said
    Show {
        /// Its name, such as E-1a2b3c4d
        #[arg(required = true, value_name = "ESCALATION")]
        escalation: String,
    },
    /// Take it: nobody else is asked while you work on it
    Take {
        /// Its name, such as E-1a2b3c4d
        #[arg(required = true, value_name = "ESCALATION")]
        escalation: String,
    },
    /// Say that you are at work, or on whom it waits
    Work {
        /// Its name, such as E-1a2b3c4d
        #[arg(required = true, value_name = "ESCALATION")]
        escalation: String,
        /// On whom it waits
        #[arg(long, value_name = "WHOM", value_parser = ["me", "client", "colleague"])]
        on: Option<String>,
    },
    /// Give it to somebody else, who is asked
    Give {
        /// Its name, such as E-1a2b3c4d
        #[arg(required = true, value_name = "ESCALATION")]
        escalation: String,
        /// To whom: me, or a colleague's name
        #[arg(long, required = true, value_name = "WHO")]
        to: String,
    },
    /// Ask those on the next rung at once, or jump to another one
    Up {
        /// Its name, such as E-1a2b3c4d
        #[arg(required = true, value_name = "ESCALATION")]
        escalation: String,
        /// The rung to jump to
        #[arg(long, value_name = "RUNG")]
        to: Option<String>,
    },
    /// It is dealt with
    Resolve {
        /// Its name, such as E-1a2b3c4d
        #[arg(required = true, value_name = "ESCALATION")]
        escalation: String,
        /// How
        #[arg(long, required = true, value_name = "WORDS")]
        reason: String,
    },
    /// It is not dealt with after all
    Reopen {
        /// Its name, such as E-1a2b3c4d
        #[arg(required = true, value_name = "ESCALATION")]
        escalation: String,
        /// Why
        #[arg(long, required = true, value_name = "WORDS")]
        reason: String,
    },
    /// Make it part of another one
    Merge {
        /// Its name, such as E-1a2b3c4d
        #[arg(required = true, value_name = "ESCALATION")]
        escalation: String,
        /// The one that goes on
        #[arg(long, required = true, value_name = "ESCALATION")]
        into: String,
    },
    /// Make it more or less severe
    Severity {
        /// Its name, such as E-1a2b3c4d
        #[arg(required = true, value_name = "ESCALATION")]
        escalation: String,
        /// How bad it is
        #[arg(long, required = true, value_name = "HOW", value_parser = SEVERITIES)]
        to: String,
    },
    /// Say which client it is about
    Client {
        /// Its name, such as E-1a2b3c4d
        #[arg(required = true, value_name = "ESCALATION")]
        escalation: String,
        /// The client's number
        #[arg(long, required = true, value_name = "CLIENT")]
        client: String,
    },
}

impl EscalationAsk {
    /// `escalation explain`.
    pub const fn path(&self) -> &'static str {
        match self {
            Self::Explain { .. } => "escalation explain",
            Self::Show { .. } => "escalation show",
            Self::Take { .. } => "escalation take",
            Self::Work { .. } => "escalation work",
            Self::Give { .. } => "escalation give",
            Self::Up { .. } => "escalation up",
            Self::Resolve { .. } => "escalation resolve",
            Self::Reopen { .. } => "escalation reopen",
            Self::Merge { .. } => "escalation merge",
            Self::Severity { .. } => "escalation severity",
            Self::Client { .. } => "escalation client",
        }
    }

    /// Does it change something?
    pub const fn is_a_change(&self) -> bool {
        !matches!(self, Self::Explain { .. } | Self::Show { .. })
    }

    /// Which one it names.
    pub(crate) fn named(&self) -> &str {
        match self {
            Self::Explain { escalation }
            | Self::Show { escalation }
            | Self::Take { escalation }
            | Self::Work { escalation, .. }
            | Self::Give { escalation, .. }
            | Self::Up { escalation, .. }
            | Self::Resolve { escalation, .. }
            | Self::Reopen { escalation, .. }
            | Self::Merge { escalation, .. }
            | Self::Severity { escalation, .. }
            | Self::Client { escalation, .. } => escalation,
        }
    }

    pub(super) const fn needs(&self) -> Permission {
        Permission::Escalations
    }
}

/// The permission behind a path that begins with `escalation`.
pub(super) const fn permission_of(_sub: Option<&str>) -> Permission {
    Permission::Escalations
}

#[cfg(test)]
mod tests {
    use hammerdesk_domain::escalation::{Kind, Severity};

    use super::*;

    #[test]
    fn every_kind_and_severity_can_be_typed() {
        assert_eq!(KINDS.to_vec(), Kind::WORDS.to_vec());
        assert_eq!(SEVERITIES.to_vec(), Severity::WORDS.to_vec());
    }
}
