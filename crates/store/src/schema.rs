//! The schema and its history: embedded migrations, the same file names for both engines.

use std::borrow::Cow;

use std::io::ErrorKind;
use std::path::Path;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{Acquire, SqlSafeStr};

use crate::engine::{Pools, Store, run, statements};
use crate::error::{Result, StoreError};

macro_rules! migrations {
    ($($version:literal $name:literal;)+) => {
        const SQLITE: &[Step] = &[$(Step {
            version: $version, name: $name,
            sql: include_str!(concat!("../../../migrations/sqlite/", $name, ".sql")),
        }),+];
        const POSTGRES: &[Step] = &[$(Step {
            version: $version, name: $name,
            sql: include_str!(concat!("../../../migrations/postgres/", $name, ".sql")),
        }),+];
    };
}

/// The header of a SQLite file is this long; a shorter file is none.
const SMALLEST: u64 = 100;

struct Step {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

migrations! {
    1 "0001_house";
    2 "0002_chat";
    3 "0003_outbox";
    4 "0004_helpdesk";
    6 "0006_escalation";
    7 "0007_snapshots";
    8 "0008_sla";
    9 "0009_escalation_engine";
}

statements! {
    APPLIED = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success";
}

/// How a database's schema stands to this binary's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// The last migration that ran there; 0 is none.
    pub found: i64,
    /// The last one this binary knows.
    pub needed: i64,
}

impl Schema {
    /// The same?
    pub const fn is_current(self) -> bool {
        self.found == self.needed
    }
}

fn migrator(steps: &'static [Step]) -> Migrator {
    Migrator::with_migrations(
        steps
            .iter()
            .map(|step| {
                let description = Cow::Borrowed(step.name);
                Migration::new(
                    step.version,
                    description,
                    MigrationType::Simple,
                    step.sql.into_sql_str(),
                    false,
                )
            })
            .collect(),
    )
}

/// The names of the migrations, in order.
pub fn migration_names() -> impl Iterator<Item = &'static str> {
    SQLITE.iter().map(|step| step.name)
}

impl Store {
    /// Which schema the database has.
    pub async fn schema(&self) -> Result<Schema> {
        let needed = SQLITE.last().map_or(0, |step| step.version);
        if let Pools::Sqlite { options, .. } = &self.pools {
            self.look_at(options.get_filename())?;
        }
        let mut view = self.read().await?;
        let found: Result<i64, sqlx::Error> =
            run!(view, |c| sqlx::query_scalar::<_, i64>(APPLIED).fetch_one(c).await);
        match found {
            Ok(found) => Ok(Schema { found, needed }),
            Err(sqlx::Error::Database(refusal)) if refusal.message().contains("_sqlx_migrations") => {
                Ok(Schema { found: 0, needed })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Open connections go on reading what is no longer there, so the file itself is asked for. It is never
    /// opened for that: on POSIX, closing any handle of a file drops every lock that this process holds on
    /// it, SQLite's too, and another program could then take the log of changes away from under us.
    fn look_at(&self, file: &Path) -> Result<()> {
        match std::fs::metadata(file) {
            Ok(there) if there.is_file() && there.len() >= SMALLEST => Ok(()),
            Ok(_) => Err(StoreError::NotADatabase(self.place.clone())),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(StoreError::Missing(self.place.clone())),
            Err(error) => Err(StoreError::Unreachable {
                place: self.place.clone(),
                reason: error.to_string(),
            }),
        }
    }

    /// Fails with a sentence unless the schema is the one this binary knows.
    pub(crate) async fn demand_current_schema(&self) -> Result<()> {
        let Schema { found, needed } = self.schema().await?;
        let place = self.place.clone();
        match found {
            0 => Err(StoreError::Missing(place)),
            _ if found < needed => Err(StoreError::Behind { place, found, needed }),
            _ if found > needed => Err(StoreError::Newer { place, found, needed }),
            _ => Ok(()),
        }
    }

    /// Runs the migrations that are missing, each as a whole.
    pub async fn migrate(&self) -> Result<Schema> {
        self.migrate_to(i64::MAX).await?;
        self.schema().await
    }

    /// Runs the missing migrations up to a version.
    pub(crate) async fn migrate_to(&self, version: i64) -> Result<()> {
        let Schema { found, needed } = self.schema().await?;
        if found > needed {
            return Err(StoreError::Newer {
                place: self.place.clone(),
                found,
                needed,
            });
        }
        let version = version.min(needed);
        let done = match &self.pools {
            Pools::Sqlite { writer, .. } => {
                migrator(SQLITE)
                    .run_to(version, writer.acquire().await?.acquire().await?)
                    .await
            }
            Pools::Postgres { pool, .. } => {
                migrator(POSTGRES)
                    .run_to(version, pool.acquire().await?.acquire().await?)
                    .await
            }
        };
        done.map_err(|error: MigrateError| StoreError::Migration {
            place: self.place.clone(),
            reason: error.to_string(),
        })
    }
}
