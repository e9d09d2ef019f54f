//! The only place that knows there are two engines.
//!
//! One SQL text serves both. A [`View`] reads one consistent state and has no way to change it; a
//! [`Unit`] changes and commits as a whole, and what is not committed never happened. SQLite has one
//! writer (`BEGIN IMMEDIATE`) and a few readers in WAL mode; PostgreSQL has a pool.

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Pool, Postgres, Sqlite, Transaction};

use crate::error::{Result, StoreError, is_busy};

/// How many may read at once; each connection is opened when it is first needed.
const READERS: u32 = 4;
/// Connections to a PostgreSQL server.
const CONNECTIONS: u32 = 10;
/// How long a writer waits for its turn: longer than the largest import takes to merge.
const TURN: Duration = Duration::from_secs(300);

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pools: Pools,
    /// Where it is, for sentences; never with a password.
    pub(crate) place: String,
    watch: Option<Watch>,
}

/// On which side of a commit somebody is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Around {
    /// Nothing of it has happened yet.
    Before,
    /// All of it has happened.
    After,
}

/// Asked around every commit whether life goes on: a test ends a process at any durable step with it. Where it
/// does not, the caller hears nothing any more, as from a process that was killed.
#[derive(Clone)]
pub struct Watch(Arc<dyn Fn(Around) -> bool + Send + Sync>);

impl Watch {
    /// Asks that.
    pub fn new(ask: impl Fn(Around) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watch")
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Pools {
    Sqlite {
        writer: Pool<Sqlite>,
        readers: Pool<Sqlite>,
        options: Box<SqliteConnectOptions>,
    },
    Postgres {
        pool: Pool<Postgres>,
        options: Box<PgConnectOptions>,
    },
}

/// A consistent state to read from.
#[derive(Debug)]
pub struct View(Inner);

/// Changes that become visible together, at [`Unit::commit`].
#[derive(Debug)]
pub struct Unit(View, Option<Watch>);

#[derive(Debug)]
enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// A connection of either engine, for [`run!`].
pub(crate) enum Parts<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

/// A connection of its own that is in no pool: an import's, with its temporary tables.
#[derive(Debug)]
pub(crate) enum Lone {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

/// Runs one expression on whichever engine it is.
macro_rules! run {
    ($on:expr, |$c:ident| $body:expr) => {
        match $on.parts() {
            $crate::engine::Parts::Sqlite($c) => $body,
            $crate::engine::Parts::Postgres($c) => $body,
        }
    };
}
pub(crate) use run;

/// Names statements, and lists them for the test that prepares every one on both engines.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$doc])* pub(crate) const $name: &str = $sql;)+
        /// Every statement of this module.
        #[cfg(test)]
        pub(crate) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}
pub(crate) use statements;

impl View {
    pub(crate) fn parts(&mut self) -> Parts<'_> {
        match &mut self.0 {
            Inner::Sqlite(tx) => Parts::Sqlite(tx),
            Inner::Postgres(tx) => Parts::Postgres(tx),
        }
    }
}

impl Lone {
    pub(crate) fn parts(&mut self) -> Parts<'_> {
        match self {
            Self::Sqlite(c) => Parts::Sqlite(c),
            Self::Postgres(c) => Parts::Postgres(c),
        }
    }
}

impl Unit {
    /// Makes all of it visible.
    pub async fn commit(self) -> Result<()> {
        let Self(view, watch) = self;
        let goes_on = |around| watch.as_ref().is_none_or(|Watch(ask)| ask(around));
        if !goes_on(Around::Before) {
            drop(view);
            return std::future::pending().await;
        }
        match view.0 {
            Inner::Sqlite(tx) => tx.commit().await?,
            Inner::Postgres(tx) => tx.commit().await?,
        }
        if goes_on(Around::After) {
            Ok(())
        } else {
            std::future::pending().await
        }
    }
}

impl Deref for Unit {
    type Target = View;

    fn deref(&self) -> &View {
        &self.0
    }
}

impl DerefMut for Unit {
    fn deref_mut(&mut self) -> &mut View {
        &mut self.0
    }
}

impl Store {
    /// The database at `sqlite:FILE` or `postgres://..`, which must have the schema of this binary.
    pub async fn open(url: &str) -> Result<Self> {
        let store = Self::connect(url, false).await?;
        store.demand_current_schema().await?;
        Ok(store)
    }

    /// The same, but makes a missing SQLite file, and brings the schema up to date.
    pub async fn create(url: &str) -> Result<Self> {
        let store = Self::connect(url, true).await?;
        store.migrate().await?;
        Ok(store)
    }

    /// Connects and asks for one answer, without looking at the schema.
    pub async fn connect(url: &str, create: bool) -> Result<Self> {
        if url.starts_with("sqlite:") {
            Self::connect_sqlite(url, create, Duration::from_secs(5)).await
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            Self::connect_postgres(url).await
        } else {
            Err(StoreError::Address(
                url.split('@')
                    .next_back()
                    .unwrap_or_default()
                    .chars()
                    .take(80)
                    .collect(),
            ))
        }
    }

    pub(crate) async fn connect_sqlite(url: &str, create: bool, patience: Duration) -> Result<Self> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|_| StoreError::Address(url.chars().take(80).collect()))?
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(false)
            .busy_timeout(patience)
            .statement_cache_capacity(256)
            .disable_statement_logging();
        let place = options.get_filename().display().to_string();
        let first = options
            .connect()
            .await
            .map_err(|error| sqlite_reason(&place, &error))?;
        first
            .close()
            .await
            .map_err(|error| sqlite_reason(&place, &error))?;
        let options = options.create_if_missing(false);
        let pool = || {
            PoolOptions::<Sqlite>::new()
                .min_connections(0)
                .test_before_acquire(false)
        };
        let writing = options.clone().busy_timeout(TURN).pragma("cache_size", "-8000");
        let reading = options
            .clone()
            .pragma("query_only", "1")
            .pragma("cache_size", "-16000");
        Ok(Self {
            pools: Pools::Sqlite {
                writer: pool()
                    .max_connections(1)
                    .acquire_timeout(TURN)
                    .connect_lazy_with(writing),
                readers: pool()
                    .max_connections(READERS)
                    .idle_timeout(Duration::from_secs(120))
                    .connect_lazy_with(reading),
                options: Box::new(options.busy_timeout(TURN)),
            },
            place,
            watch: None,
        })
    }

    async fn connect_postgres(url: &str) -> Result<Self> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|_| StoreError::Address(url.split('@').next_back().unwrap_or_default().to_owned()))?
            .application_name("hammerdesk")
            .options([("timezone", "UTC")])
            .statement_cache_capacity(256)
            .disable_statement_logging();
        let place = format!(
            "{}:{}/{}",
            options.get_host(),
            options.get_port(),
            options.get_database().unwrap_or(options.get_username())
        );
        let pool = PoolOptions::<Postgres>::new()
            .min_connections(0)
            .max_connections(CONNECTIONS)
            .acquire_timeout(Duration::from_secs(10))
            .idle_timeout(Duration::from_secs(120))
            .test_before_acquire(false)
            .connect_lazy_with(options.clone());
        let first = tokio::time::timeout(Duration::from_secs(10), pool.acquire()).await;
        match first {
            Ok(Ok(_)) => Ok(Self {
                pools: Pools::Postgres {
                    pool,
                    options: Box::new(options),
                },
                place,
                watch: None,
            }),
            Ok(Err(error)) => Err(StoreError::Unreachable {
                place,
                reason: error.to_string(),
            }),
            Err(_) => Err(StoreError::Unreachable {
                place,
                reason: "no answer within 10 seconds".to_owned(),
            }),
        }
    }

    /// A state to read from; it stays the same for as long as the view is held. Never hold it across a
    /// call to the outside.
    pub async fn read(&self) -> Result<View> {
        Ok(View(match &self.pools {
            Pools::Sqlite { readers, .. } => Inner::Sqlite(readers.begin().await?),
            Pools::Postgres { pool, .. } => Inner::Postgres(
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .await?,
            ),
        }))
    }

    /// A unit of changes. Never hold it across a call to the outside.
    pub async fn write(&self) -> Result<Unit> {
        let view = View(match &self.pools {
            Pools::Sqlite { writer, .. } => Inner::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres { pool, .. } => Inner::Postgres(pool.begin().await?),
        });
        Ok(Unit(view, self.watch.clone()))
    }

    /// The same database, watched at every commit.
    #[must_use]
    pub fn watched(mut self, watch: Watch) -> Self {
        self.watch = Some(watch);
        self
    }

    /// Where the database is, without credentials.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Is it a server that several instances may share?
    pub fn is_shared(&self) -> bool {
        matches!(self.pools, Pools::Postgres { .. })
    }

    /// Closes every connection once it is idle.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers, .. } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres { pool, .. } => pool.close().await,
        }
    }

    pub(crate) async fn lone(&self) -> Result<Lone> {
        Ok(match &self.pools {
            Pools::Sqlite { options, .. } => {
                let options = options
                    .as_ref()
                    .clone()
                    .pragma("cache_size", "-32000")
                    .pragma("temp_store", "FILE");
                Lone::Sqlite(Box::new(options.connect().await?))
            }
            Pools::Postgres { options, .. } => Lone::Postgres(Box::new(options.connect().await?)),
        })
    }
}

/// The folder of that file, where there is none.
fn no_folder(file: &str) -> Option<String> {
    let folder = Path::new(file).parent()?;
    let is_missing = !folder.as_os_str().is_empty() && !folder.is_dir();
    is_missing.then(|| folder.display().to_string())
}

fn sqlite_reason(place: &str, error: &sqlx::Error) -> StoreError {
    let place = place.to_owned();
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .and_then(|code| code.parse::<i64>().ok());
    match (error, code.map(|code| code & 0xFF)) {
        (sqlx::Error::Database(refusal), _) if is_busy(refusal.as_ref()) => StoreError::Locked(place),
        (_, Some(26 | 11)) => StoreError::NotADatabase(place),
        (_, Some(14)) if no_folder(&place).is_some() => StoreError::Unreachable {
            reason: format!("there is no folder {}", no_folder(&place).unwrap_or_default()),
            place,
        },
        (_, Some(14)) if !Path::new(&place).exists() => StoreError::Missing(place),
        _ => StoreError::Unreachable {
            place,
            reason: error.to_string(),
        },
    }
}
