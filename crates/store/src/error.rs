//! What can go wrong with the database. Each message is a sentence that says what to do.

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL names no engine we know.
    #[error("{0:?} is not a database address; write sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE")]
    Address(String),
    /// Nothing answers there, or it does not let us in.
    #[error("the database at {place} cannot be reached: {reason}")]
    Unreachable {
        /// Where, without credentials.
        place: String,
        /// What the system said.
        reason: String,
    },
    /// The file is there but is something else.
    #[error("{0} is not a SQLite database; check [store] url, or move the file away")]
    NotADatabase(String),
    /// Another program holds it.
    #[error("the database {0} is locked by another program; close that program and try again")]
    Locked(String),
    /// There is a database without our tables.
    #[error("the database {0} has no hammerdesk tables yet; run hammerdesk migrate")]
    Missing(String),
    /// Our tables are older than this binary.
    #[error(
        "the database {place} has schema {found} and this hammerdesk needs {needed}; run hammerdesk migrate"
    )]
    Behind {
        /// Which database.
        place: String,
        /// Its schema.
        found: i64,
        /// Ours.
        needed: i64,
    },
    /// Our tables are newer than this binary.
    #[error(
        "the database {place} has schema {found}, made by a newer hammerdesk than this one (schema {needed}); \
         install that version"
    )]
    Newer {
        /// Which database.
        place: String,
        /// Its schema.
        found: i64,
        /// Ours.
        needed: i64,
    },
    /// A migration did not run.
    #[error("the database {place} could not be migrated: {reason}")]
    Migration {
        /// Which database.
        place: String,
        /// What the engine said.
        reason: String,
    },
    /// A stored value is not what its column promises.
    #[error("the stored {table} has a {column} that cannot be read: {reason}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: String,
        /// Why.
        reason: String,
    },
    /// A record does not fit its schema; the readers never make one.
    #[error("a record of {table} does not fit its schema: {reason}")]
    Record {
        /// The table.
        table: &'static str,
        /// Why.
        reason: String,
    },
    /// The engine refused a statement.
    #[error("the database refused: {0}")]
    Engine(sqlx::Error),
}

impl StoreError {
    /// May the same succeed later, with nothing changed but time: locked, away, starting, out of room?
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Locked(_)
            | Self::Unreachable { .. }
            | Self::Engine(sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_)) => true,
            Self::Engine(sqlx::Error::Database(refusal)) => refusal.code().is_some_and(|code| {
                // Connection exceptions, insufficient resources, operator intervention.
                code.len() == 5 && ["08", "53", "57"].iter().any(|class| code.starts_with(class))
            }),
            _ => false,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refusal) if is_busy(refusal.as_ref()) => Self::Locked("file".to_owned()),
            sqlx::Error::PoolTimedOut => Self::Unreachable {
                place: "its address".to_owned(),
                reason: "no connection became free in time".to_owned(),
            },
            _ => Self::Engine(error),
        }
    }
}

/// SQLite's `BUSY` and `LOCKED` with all their extended codes.
pub(crate) fn is_busy(refusal: &dyn sqlx::error::DatabaseError) -> bool {
    refusal.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some()
        && refusal
            .code()
            .and_then(|code| code.parse::<i64>().ok())
            .is_some_and(|code| matches!(code & 0xFF, 5 | 6))
}

/// What the store's functions return.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
