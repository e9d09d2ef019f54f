//! The states of things (`domain.md` 3.2) as types that cannot hold an illegal one.
//!
//! A feed hands us flat rows: a state word here, dates and amounts there. Each type in here is made from
//! such a row by its `of`, which says [`Contradiction`] where the word and the facts beside it cannot both
//! be true, and then changes only through functions that consume the old state and answer
//! [`IllegalTransition`] for a step the house does not know. Decisions classify through these types, so
//! that a row that contradicts itself never gets a good answer.
//!
//! The read model stores what a feed last said; the transitions are what approvals, watches and checks of
//! a feed's history ask.

mod deposit;

pub use deposit::{DepositStage, DepositStanding, Position};

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
