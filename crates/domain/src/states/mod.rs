//! The states of things (`domain.md` 3.2) as types that cannot hold an illegal one.
//!
//! A feed hands us flat rows: a state word here, dates and amounts there. Each type in here is made from
//! such a row by its `of`, which says [`Contradiction`] where the word and the facts beside it cannot both
//! be true, and then changes only through functions that consume the old state and answer
//! [`IllegalTransition`] for a step the house does not know. Decisions classify through these types, so
//! that a row that contradicts itself never gets a good answer.
//!
//! The steps are the table's. Where a row of the decision tables needs one more, the file says so.

mod deposit;
mod dispute;
mod hold;
mod invoice;
mod payment;
mod release;
mod terms;

pub use deposit::{DepositStage, DepositStanding, Position};
pub use dispute::DisputeStanding;
pub use hold::HoldStanding;
pub use invoice::InvoiceStanding;
pub use payment::PaymentStanding;
pub use release::ReleaseStanding;
pub use terms::TermsStanding;

/// A step that the house does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a {object} cannot go from {from} to {to}")]
pub struct IllegalTransition {
    /// What kind of thing.
    pub object: &'static str,
    /// The state it is in.
    pub from: &'static str,
    /// The state it was to take.
    pub to: &'static str,
}

/// Facts that cannot all be true; the message says which, for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Contradiction(pub String);

impl Contradiction {
    pub(crate) fn because(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// Why a step did not happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepRefused {
    /// The house does not know it.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// The amounts do not allow it.
    #[error(transparent)]
    Contradicts(#[from] Contradiction),
}

/// The next state, if the table of steps has it.
fn step<T, S: PartialEq + Copy>(
    object: &'static str,
    legal: &[(S, S)],
    (from, next): (&T, T),
    state: impl Fn(&T) -> S,
    word: impl Fn(S) -> &'static str,
) -> Result<T, IllegalTransition> {
    let (from, to) = (state(from), state(&next));
    if legal.contains(&(from, to)) {
        Ok(next)
    } else {
        Err(IllegalTransition {
            object,
            from: word(from),
            to: word(to),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::str::FromStr;

    use super::*;
    use crate::model::{
        DepositState, DisputeStage, HoldState, InvoiceState, PaymentState, ReleaseState, TermsState,
        UnknownWord,
    };

    /// The pairs of lines such as `held -> applied part_applied`.
    fn written<S: FromStr<Err = UnknownWord> + Ord>(text: &str) -> BTreeSet<(S, S)> {
        let state = |word: &str| word.parse::<S>().unwrap();
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let pairs = lines.flat_map(|line| {
            let (from, to) = line.split_once(" -> ").unwrap();
            to.split_whitespace().map(move |to| (state(from), state(to)))
        });
        pairs.collect()
    }

    fn known<S: Ord + Copy>(legal: &[(S, S)]) -> BTreeSet<(S, S)> {
        assert_eq!(
            legal.iter().collect::<BTreeSet<_>>().len(),
            legal.len(),
            "a step stands twice"
        );
        legal.iter().copied().collect()
    }

    #[test]
    fn the_steps_are_the_ones_that_the_table_of_states_writes() {
        assert_eq!(
            known(InvoiceStanding::LEGAL),
            written::<InvoiceState>(
                "draft -> issued cancelled
                 issued -> part_paid paid superseded cancelled
                 part_paid -> paid cancelled
                 paid -> reopened cancelled
                 superseded -> cancelled
                 reopened -> part_paid paid cancelled"
            )
        );
        assert_eq!(
            known(PaymentStanding::LEGAL),
            written::<PaymentState>(
                "initiated -> authorised failed
                 authorised -> captured expired voided failed
                 captured -> settled failed
                 settled -> posted disputed held_third_party failed
                 posted -> applied disputed bounced failed
                 applied -> disputed failed
                 disputed -> reinstated lost failed
                 held_third_party -> accepted returned failed
                 accepted -> posted failed"
            )
        );
        assert_eq!(
            known(DisputeStanding::LEGAL),
            written::<DisputeStage>(
                "inquiry -> inquiry_closed
                 opened -> evidence_due lost
                 evidence_due -> submitted lost
                 submitted -> won_provisional lost
                 won_provisional -> won_final reopened
                 reopened -> evidence_due lost"
            )
        );
        assert_eq!(
            known(ReleaseStanding::LEGAL),
            written::<ReleaseState>(
                "not_invoiced -> blocked
                 blocked -> releasable exception_released
                 releasable -> blocked authorised
                 authorised -> scheduled revoked exception_released
                 scheduled -> released exception_released
                 revoked -> blocked"
            )
        );
        assert_eq!(
            known(TermsStanding::LEGAL),
            written::<TermsState>(
                "requested -> docs_missing
                 docs_missing -> under_review
                 under_review -> approved
                 approved -> effective
                 effective -> completed breached cancelled expired"
            )
        );
        assert_eq!(
            known(HoldStanding::LEGAL),
            written::<HoldState>("active -> cleared expired")
        );
        assert_eq!(
            known(DepositStanding::LEGAL),
            written::<DepositState>(
                "requested -> pending
                 pending -> held authorised
                 authorised -> held
                 held -> applied part_applied refund_due forfeited transferred
                 part_applied -> part_applied applied refund_due forfeited transferred
                 refund_due -> refund_blocked refund_requested
                 refund_blocked -> refund_due
                 refund_requested -> approved
                 approved -> submitted
                 submitted -> refunded refund_failed
                 refund_failed -> alt_route_review
                 alt_route_review -> submitted
                 refunded -> refund_reversed
                 refund_reversed -> refund_due"
            )
        );
    }

    #[test]
    fn what_is_released_refunded_for_good_or_cleared_goes_nowhere() {
        let ends = |word: &str, from: BTreeSet<&str>| assert!(!from.contains(word), "{word} goes on");
        ends(
            "released",
            ReleaseStanding::LEGAL
                .iter()
                .map(|(from, _)| from.word())
                .collect(),
        );
        ends(
            "exception_released",
            ReleaseStanding::LEGAL
                .iter()
                .map(|(from, _)| from.word())
                .collect(),
        );
        ends(
            "cleared",
            HoldStanding::LEGAL.iter().map(|(from, _)| from.word()).collect(),
        );
        ends(
            "won_final",
            DisputeStanding::LEGAL
                .iter()
                .map(|(from, _)| from.word())
                .collect(),
        );
        ends(
            "forfeited",
            DepositStanding::LEGAL
                .iter()
                .map(|(from, _)| from.word())
                .collect(),
        );
    }
}
