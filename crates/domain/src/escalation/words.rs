//! The words of escalations: kinds, severities, ways in, and durations as the config writes them.

use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::words;

words! {
    /// What an escalation is about.
    Kind {
        /// What is owed, and why.
        BalanceQuery = "balance_query",
        /// Property that should go, or should not have gone.
        Release = "release",
        /// A bidding deposit that should come back.
        DepositRefund = "deposit_refund",
        /// Money that did not arrive, arrived twice, or came from somebody else.
        PaymentProblem = "payment_problem",
        /// A client who may not bid and wants to; its deadline is the lot's time.
        NoBidReview = "no_bid_review",
        /// Time to pay.
        Terms = "terms",
        /// A card payment that the bank takes back.
        Chargeback = "chargeback",
        /// Somebody is not content.
        Complaint = "complaint",
        /// Anything else.
        Other = "other",
    }
    /// How bad it is; later is worse.
    Severity {
        /// Can wait.
        Low = "low",
        /// As most.
        Normal = "normal",
        /// Soon.
        High = "high",
        /// Now.
        Critical = "critical",
    }
    /// How an escalation came in.
    Way {
        /// A helpdesk ticket that a rule selected.
        Ticket = "ticket",
        /// A partner's signed request.
        Intake = "intake",
        /// Somebody in chat.
        Chat = "chat",
        /// A decision of ours that asks for one.
        Decision = "decision",
    }
}

impl Kind {
    /// As people read it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::BalanceQuery => "balance query",
            Self::Release => "release",
            Self::DepositRefund => "deposit refund",
            Self::PaymentProblem => "payment problem",
            Self::NoBidReview => "no-bid review",
            Self::Terms => "extended terms",
            Self::Chargeback => "chargeback",
            Self::Complaint => "complaint",
            Self::Other => "other",
        }
    }
}

impl Severity {
    /// A number that orders them in a database; greater is worse.
    pub const fn rank(self) -> i64 {
        match self {
            Self::Low => 0,
            Self::Normal => 1,
            Self::High => 2,
            Self::Critical => 3,
        }
    }
}

/// A duration as the config writes it: `30s`, `90m`, `26h`, `3d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(TimeDelta);

/// Longer than this nobody means.
const LONGEST_DAYS: i64 = 366;

impl Span {
    /// So many minutes.
    pub const fn minutes(minutes: u32) -> Self {
        Self(TimeDelta::seconds(minutes as i64 * 60))
    }

    /// The duration.
    pub const fn delta(self) -> TimeDelta {
        self.0
    }
}

/// A duration that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a duration; write it like \"15m\", \"4h\" or \"2d\", at most a year")]
pub struct NotASpan(String);

impl FromStr for Span {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || NotASpan(text.chars().take(40).collect());
        let trimmed = text.trim();
        let unit_at = trimmed.find(|c: char| !c.is_ascii_digit()).ok_or_else(refuse)?;
        let (number, unit) = trimmed.split_at(unit_at);
        let number: i64 = number.parse().map_err(|_| refuse())?;
        let seconds = match unit.trim() {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(refuse()),
        };
        number
            .checked_mul(seconds)
            .filter(|seconds| (1..=LONGEST_DAYS * 86_400).contains(seconds))
            .map(|seconds| Self(TimeDelta::seconds(seconds)))
            .ok_or_else(refuse)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.num_seconds();
        match seconds {
            _ if seconds % 86_400 == 0 => write!(f, "{}d", seconds / 86_400),
            _ if seconds % 3_600 == 0 => write!(f, "{}h", seconds / 3_600),
            _ if seconds % 60 == 0 => write!(f, "{}m", seconds / 60),
            _ => write!(f, "{seconds}s"),
        }
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_a_number_and_a_unit_and_is_never_nothing() {
        let said = |text: &str| text.parse::<Span>().map(|span| span.to_string());
        assert_eq!(said("90m"), Ok("90m".to_owned()));
        assert_eq!(said("120 m"), Ok("2h".to_owned()));
        for wrong in ["", "15", "m", "0m", "1w", "400d", "99999999999999999999h"] {
            assert!(said(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_order_of_severities_is_that_of_their_ranks() {
        for pair in Severity::ALL.windows(2) {
            assert!(pair[0] < pair[1] && pair[0].rank() < pair[1].rank());
        }
    }
}
