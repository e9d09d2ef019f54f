//! Why a file, or a mapping, is not taken. Each message is a sentence that says what to do.

/// A file or mapping that is refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The content cannot be trusted; the text is a sentence for the person who brought it.
    #[error("{0}")]
    Refused(String),
    /// The file could not be read.
    #[error("the file cannot be read: {0}")]
    Io(std::io::Error),
}

impl FeedError {
    /// Refused, with that sentence.
    pub(crate) fn refused(sentence: impl Into<String>) -> Self {
        Self::Refused(sentence.into())
    }
}

/// A refusal on its way through [`std::io::Error`], from below a parser that only knows those.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Carried(pub(crate) String);

impl From<std::io::Error> for FeedError {
    fn from(error: std::io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Carried>()) {
            Some(carried) => Self::Refused(carried.0.clone()),
            None => Self::Io(error),
        }
    }
}
