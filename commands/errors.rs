//! Two kinds of failure: a person's, answered by a sentence that says what to do, and everything else,
//! answered by a short reference while the log gets the whole.

use hammerdesk_domain::message::Outcome;
use hammerdesk_store::StoreError;

/// A person's mistake, or a thing they may not do. The text is shown as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct UserError {
    /// `Error`, `Refused`, `Unknown` or `Stale`.
    pub outcome: Outcome,
    /// What happened and what to do.
    pub sentence: String,
}

impl UserError {
    /// The question cannot be read.
    pub fn malformed(sentence: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Error,
            sentence: sentence.into(),
        }
    }

    /// The asker may not.
    pub fn refused(sentence: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Refused,
            sentence: sentence.into(),
        }
    }

    /// There is no such thing.
    pub fn unknown(sentence: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Unknown,
            sentence: sentence.into(),
        }
    }
}

/// Why there is no proper answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The person can do something about it.
    #[error(transparent)]
    User(#[from] UserError),
    /// Only we can.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A fact in the store contradicts what the code holds true.
    #[error("{0}")]
    Broken(String),
}
