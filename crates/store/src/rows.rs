//! Between a [`Record`] and a row: one codec for every entity, driven by the schemas.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;

use chrono::{DateTime, NaiveDate, Utc};
use hammerdesk_domain::record::{Entity, Kind, Record, Value};
use sha2::{Digest, Sha256};
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlSafeStr};

use crate::error::{Result, StoreError};
use crate::model::{Fields, FromStored};

/// A query for whole rows of one entity: its columns are written by the schema.
#[derive(Debug)]
pub(crate) struct Select {
    pub(crate) entity: Entity,
    /// What follows the list of columns; the table's alias is `t`.
    tail: &'static str,
    text: OnceLock<&'static str>,
}

impl Select {
    pub(crate) const fn of(entity: Entity, tail: &'static str) -> Self {
        Self {
            entity,
            tail,
            text: OnceLock::new(),
        }
    }

    /// The statement; made once, so that it is prepared once.
    pub(crate) fn text(&self) -> &'static str {
        self.text.get_or_init(|| {
            let mut columns: Vec<String> = self
                .entity
                .columns()
                .iter()
                .map(|column| format!("t.{}", column.name))
                .collect();
            columns.extend((self.entity == Entity::Ledger).then(|| GONE_AT.to_owned()));
            let name = self.entity.name();
            String::leak(format!(
                "SELECT {} FROM {name} t {}",
                columns.join(", "),
                self.tail
            ))
        })
    }

    /// The statement, for sqlx.
    pub(crate) fn sql(&self) -> sqlx::SqlStr {
        self.text().into_sql_str()
    }
}

/// Names queries for whole rows, and lists them for the test that prepares every one.
macro_rules! selects {
    ($($(#[$doc:meta])* $name:ident = $entity:ident $tail:expr;)+) => {
        $($(#[$doc])* static $name: $crate::rows::Select =
            $crate::rows::Select::of(hammerdesk_domain::record::Entity::$entity, $tail);)+
        /// Every query for whole rows of this module.
        #[cfg(test)]
        pub(crate) const SELECTS: &[&$crate::rows::Select] = &[$(&$name),+];
    };
}
pub(crate) use selects;

/// Every row that a [`Select`] gives, as entities of the domain.
macro_rules! rows {
    ($on:expr, $select:expr $(, $bind:expr)*) => {
        $crate::engine::run!($on, |c| sqlx::query($select.sql())$(.bind($bind))*.fetch_all(c).await.and_then(|rows| {
            rows.iter().map(|row| $crate::rows::stored($select.entity, row)).collect::<Result<Vec<_>, sqlx::Error>>()
        }))
        .map_err($crate::error::StoreError::from)
        .and_then(|rows| $crate::rows::entities(&rows))
    };
}
pub(crate) use rows;

/// The entities that stored rows are.
pub(crate) fn entities<T: FromStored>(rows: &[Stored]) -> Result<Vec<T>> {
    rows.iter().map(|row| T::from_stored(&Fields(row))).collect()
}

/// When a complete snapshot first no longer held the item: the first one newer than the newest file that did.
const GONE_AT: &str = "CASE WHEN t.gone_from_snapshot THEN coalesce((SELECT min(s.extracted_at) FROM snapshot s \
    WHERE s.source = t.fed_by AND s.company = t.entity AND s.extracted_at > t.seen_at), t.seen_at) END";

/// A stored row: the record, and since when it is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) record: Record,
    pub(crate) gone_at: Option<DateTime<Utc>>,
}

/// A row of either engine, read by the schema's kinds.
pub(crate) trait Cells {
    fn value(&self, at: usize, kind: Kind) -> Result<Value, sqlx::Error>;
}

macro_rules! cells {
    ($($row:ty),+) => {$(
        impl Cells for $row {
            fn value(&self, at: usize, kind: Kind) -> Result<Value, sqlx::Error> {
                Ok(match kind {
                    Kind::Int | Kind::Money(_) => self.try_get::<Option<i64>, _>(at)?.map(Value::Int),
                    Kind::Date => self.try_get::<Option<NaiveDate>, _>(at)?.map(Value::Date),
                    Kind::Instant => self.try_get::<Option<DateTime<Utc>>, _>(at)?.map(Value::Instant),
                    Kind::Bool => self.try_get::<Option<bool>, _>(at)?.map(Value::Bool),
                    Kind::Text | Kind::Id | Kind::Client | Kind::Currency | Kind::Choice(_) => {
                        self.try_get::<Option<String>, _>(at)?.map(Value::Text)
                    }
                }
                .unwrap_or(Value::Null))
            }
        }
    )+};
}
cells!(SqliteRow, PgRow);

/// Reads a row whose columns are those of the entity's schema.
pub(crate) fn record(entity: Entity, row: &impl Cells) -> Result<Record, sqlx::Error> {
    let columns = entity.columns();
    let mut values = Vec::with_capacity(columns.len());
    for (at, column) in columns.iter().enumerate() {
        let value = row.value(at, column.kind)?;
        let blank_key = !column.required && matches!(&value, Value::Text(text) if text.is_empty());
        values.push(if blank_key { Value::Null } else { value });
    }
    Ok(Record { entity, values })
}

/// Reads a row that a [`Select`] of that entity gave.
pub(crate) fn stored(entity: Entity, row: &impl Cells) -> Result<Stored, sqlx::Error> {
    let record = record(entity, row)?;
    let gone_at = match entity {
        Entity::Ledger => row.value(entity.columns().len(), Kind::Instant)?,
        _ => Value::Null,
    };
    Ok(Stored {
        record,
        gone_at: match gone_at {
            Value::Instant(at) => Some(at),
            _ => None,
        },
    })
}

/// Brings a record into the form that is stored: defaults filled, absent parts of a key blank.
pub(crate) fn settle(mut record: Record) -> Result<Record> {
    let entity = record.entity;
    let refuse = |reason: String| StoreError::Record {
        table: entity.name(),
        reason,
    };
    let columns = entity.columns();
    if record.values.len() != columns.len() {
        return Err(refuse(format!(
            "{} values for {} columns",
            record.values.len(),
            columns.len()
        )));
    }
    for (column, value) in columns.iter().zip(&mut record.values) {
        if *value == Value::Null {
            *value = match column.kind {
                _ if column.required => return Err(refuse(format!("{} is missing", column.name))),
                Kind::Int | Kind::Money(_) if !column.default.is_empty() => Value::Int(
                    column
                        .default
                        .parse()
                        .map_err(|_| refuse(format!("default of {}", column.name)))?,
                ),
                Kind::Bool if !column.default.is_empty() => Value::Bool(column.default == "yes"),
                _ if !column.default.is_empty() => Value::Text(column.default.to_owned()),
                _ if entity.key().contains(&column.name) => Value::Text(String::new()),
                _ => Value::Null,
            };
        }
        let fits = match (column.kind, &*value) {
            (_, Value::Null)
            | (Kind::Int | Kind::Money(_), Value::Int(_))
            | (Kind::Date, Value::Date(_))
            | (Kind::Instant, Value::Instant(_))
            | (Kind::Bool, Value::Bool(_)) => true,
            (Kind::Choice(words), Value::Text(text)) => words.contains(&text.as_str()),
            (Kind::Text | Kind::Id | Kind::Client | Kind::Currency, Value::Text(text)) => {
                !text.contains('\0')
            }
            _ => false,
        };
        if !fits {
            return Err(refuse(format!("{} cannot hold what it was given", column.name)));
        }
    }
    Ok(record)
}

/// What two rows of one key are compared by: equal content has an equal hash on every machine and in
/// every version. It is stored, so its form never changes.
pub(crate) fn row_hash(record: &Record) -> i64 {
    let mut bytes = Vec::with_capacity(256);
    for value in &record.values {
        match value {
            Value::Null => bytes.push(0),
            Value::Text(text) => {
                bytes.push(1);
                bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
                bytes.extend_from_slice(text.as_bytes());
            }
            Value::Int(number) => {
                bytes.push(2);
                bytes.extend_from_slice(&number.to_le_bytes());
            }
            Value::Date(date) => {
                bytes.push(3);
                bytes.extend_from_slice(&chrono::Datelike::num_days_from_ce(date).to_le_bytes());
            }
            Value::Instant(instant) => {
                bytes.push(4);
                bytes.extend_from_slice(&instant.timestamp_micros().to_le_bytes());
            }
            Value::Bool(yes) => bytes.extend_from_slice(&[5, u8::from(*yes)]),
        }
    }
    let digest = Sha256::digest(&bytes);
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_le_bytes(first)
}

/// A number by which equal keys of one file are found; lives no longer than the import.
pub(crate) fn key_hash(record: &Record) -> u64 {
    let mut hasher = DefaultHasher::new();
    for key in record.entity.key() {
        record.get(key).hash(&mut hasher);
    }
    hasher.finish()
}
