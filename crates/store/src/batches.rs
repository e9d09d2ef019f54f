//! What came in: batches, what was left out of them, and how old each source's data is.

use chrono::{DateTime, Utc};
use hammerdesk_domain::ids::SourceId;
use serde::Serialize;
use sqlx::types::Json;
use uuid::Uuid;

use crate::engine::{View, run, statements};
use crate::error::Result;
use crate::load::Quarantined;

macro_rules! batch_columns {
    () => {
        "SELECT id, source, entity, file_name, sha256, mapping, extracted_at, started_at, finished_at, complete, \
         status, row_count, accepted, duplicates, inserted, updated, unchanged, gone, control_totals, reason FROM batch "
    };
}

statements! {
    BATCH = concat!(batch_columns!(), "WHERE id = $1");
    BATCHES = concat!(batch_columns!(), "ORDER BY started_at DESC, id DESC LIMIT $1");
    BATCHES_OF_SOURCE = concat!(batch_columns!(), "WHERE source = $1 ORDER BY started_at DESC, id DESC LIMIT $2");
    HEADS = "SELECT b.source, b.entity, b.extracted_at, b.finished_at, b.file_name, b.accepted, b.row_count FROM batch b \
        JOIN (SELECT source, entity, max(extracted_at) AS newest FROM batch WHERE status = 'imported' \
        GROUP BY source, entity) h ON h.source = b.source AND h.entity = b.entity AND h.newest = b.extracted_at \
        WHERE b.status = 'imported' ORDER BY b.source, b.entity, b.finished_at";
    QUARANTINE = "SELECT line, column_name, reason FROM quarantine WHERE batch = $1 ORDER BY n";
}

/// One file that came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Batch {
    /// Its id.
    pub id: Uuid,
    /// The feed.
    pub source: String,
    /// What its rows are.
    pub entity: String,
    /// The file's name.
    pub file_name: String,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// The mapping that read it; blank where there was none.
    pub mapping: String,
    /// When its data was extracted.
    pub extracted_at: DateTime<Utc>,
    /// When we began to read it.
    pub started_at: DateTime<Utc>,
    /// When it became visible or was rejected.
    pub finished_at: DateTime<Utc>,
    /// Did it say that it holds everything?
    pub complete: bool,
    /// `imported` or `rejected`.
    pub status: String,
    /// Data lines of the file.
    pub rows: i64,
    /// Rows taken.
    pub accepted: i64,
    /// Rows that repeated another.
    pub duplicates: i64,
    /// Rows of new keys.
    pub inserted: i64,
    /// Rows that replaced an older content.
    pub updated: i64,
    /// Rows that changed nothing.
    pub unchanged: i64,
    /// Items that left a complete snapshot.
    pub gone: i64,
    /// As the reader found them.
    pub control_totals: serde_json::Value,
    /// Why it was rejected.
    pub reason: Option<String>,
}

#[derive(sqlx::FromRow)]
pub(crate) struct BatchRow {
    id: Uuid,
    source: String,
    entity: String,
    file_name: String,
    sha256: String,
    mapping: String,
    extracted_at: DateTime<Utc>,
    started_at: DateTime<Utc>,
    finished_at: DateTime<Utc>,
    complete: bool,
    status: String,
    row_count: i64,
    accepted: i64,
    duplicates: i64,
    inserted: i64,
    updated: i64,
    unchanged: i64,
    gone: i64,
    control_totals: Json<serde_json::Value>,
    reason: Option<String>,
}

impl From<BatchRow> for Batch {
    fn from(row: BatchRow) -> Self {
        Self {
            id: row.id,
            source: row.source,
            entity: row.entity,
            file_name: row.file_name,
            sha256: row.sha256,
            mapping: row.mapping,
            extracted_at: row.extracted_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            complete: row.complete,
            status: row.status,
            rows: row.row_count,
            accepted: row.accepted,
            duplicates: row.duplicates,
            inserted: row.inserted,
            updated: row.updated,
            unchanged: row.unchanged,
            gone: row.gone,
            control_totals: row.control_totals.0,
            reason: row.reason,
        }
    }
}

/// The newest data that a source delivered of one entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedHead {
    /// The feed.
    pub source: SourceId,
    /// Of what.
    pub entity: String,
    /// When it was extracted.
    pub extracted_at: DateTime<Utc>,
    /// When it became visible.
    pub finished_at: DateTime<Utc>,
    /// From which file.
    pub file_name: String,
    /// Rows taken of it.
    pub accepted: i64,
    /// Data lines it had.
    pub rows: i64,
}

/// What [`View::feed_heads`] runs, for the floor of a measurement.
#[cfg(feature = "testing")]
pub(crate) const HEADS_SQL: &str = HEADS;

impl View {
    /// For each source and entity, the newest data that was imported.
    pub async fn feed_heads(&mut self) -> Result<Vec<FeedHead>> {
        type Row = (String, String, DateTime<Utc>, DateTime<Utc>, String, i64, i64);
        let rows: Vec<Row> = run!(self, |c| sqlx::query_as(HEADS).fetch_all(c).await)?;
        let mut heads: Vec<FeedHead> = Vec::with_capacity(rows.len());
        for (source, entity, extracted_at, finished_at, file_name, accepted, rows) in rows {
            let source = SourceId::new(source);
            if heads
                .last()
                .is_some_and(|head| head.source == source && head.entity == entity)
            {
                heads.pop();
            }
            heads.push(FeedHead {
                source,
                entity,
                extracted_at,
                finished_at,
                file_name,
                accepted,
                rows,
            });
        }
        Ok(heads)
    }

    /// One batch.
    pub async fn batch(&mut self, id: Uuid) -> Result<Option<Batch>> {
        let row: Option<BatchRow> = run!(self, |c| sqlx::query_as(BATCH).bind(id).fetch_optional(c).await)?;
        Ok(row.map(Batch::from))
    }

    /// The newest batches, of one source or of all.
    pub async fn batches(&mut self, source: Option<&SourceId>, limit: u32) -> Result<Vec<Batch>> {
        let limit = i64::from(limit);
        let rows: Vec<BatchRow> = match source {
            Some(source) => run!(self, |c| sqlx::query_as(BATCHES_OF_SOURCE)
                .bind(source.as_str())
                .bind(limit)
                .fetch_all(c)
                .await)?,
            None => run!(self, |c| sqlx::query_as(BATCHES).bind(limit).fetch_all(c).await)?,
        };
        Ok(rows.into_iter().map(Batch::from).collect())
    }

    /// The lines that a batch left out.
    pub async fn quarantine_of(&mut self, batch: Uuid) -> Result<Vec<Quarantined>> {
        let rows: Vec<(i64, String, String)> = run!(self, |c| sqlx::query_as(QUARANTINE)
            .bind(batch)
            .fetch_all(c)
            .await)?;
        Ok(rows
            .into_iter()
            .map(|(line, column, reason)| Quarantined {
                line: u64::try_from(line).unwrap_or(0),
                column,
                reason,
            })
            .collect())
    }
}
