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
}

impl EscalationAsk {
    /// `escalation explain`.
    pub const fn path(&self) -> &'static str {
        match self {
            Self::Explain { .. } => "escalation explain",
        }
    }

    /// Does it change something?
    pub const fn is_a_change(&self) -> bool {
        match self {
            Self::Explain { .. } => false,
        }
    }

    pub(super) const fn needs(&self) -> Permission {
        match self {
            Self::Explain { .. } => Permission::Escalations,
        }
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
