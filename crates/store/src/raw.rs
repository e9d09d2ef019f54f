//! The bytes of every file as they came, kept before anything is read out of them, so that they can be
//! read again. Stored once for each content, compressed, in pieces of a megabyte.

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_domain::ids::new_id;
use uuid::Uuid;

use crate::engine::{Store, View, run, statements};
use crate::error::{Result, StoreError};

/// Bytes of one piece before compression.
const PIECE: usize = 1 << 20;
/// What was begun this long ago and never finished is swept away.
const ABANDONED: TimeDelta = TimeDelta::days(2);

statements! {
    BEGIN_FILE = "INSERT INTO raw_file (id, sha256, bytes, name, stored_at) VALUES ($1, NULL, 0, $2, $3)";
    ADD_CHUNK = "INSERT INTO raw_chunk (file, n, data) VALUES ($1, $2, $3)";
    FINISH_FILE = "UPDATE raw_file SET sha256 = $2, bytes = $3 WHERE id = $1 \
        AND NOT EXISTS (SELECT 1 FROM raw_file o WHERE o.sha256 = $2)";
    SWEEP_CHUNKS = "DELETE FROM raw_chunk WHERE file IN (SELECT id FROM raw_file WHERE sha256 IS NULL AND stored_at < $1)";
    SWEEP_FILES = "DELETE FROM raw_file WHERE sha256 IS NULL AND stored_at < $1";
    DROP_CHUNKS = "DELETE FROM raw_chunk WHERE file = $1";
    DROP_FILE = "DELETE FROM raw_file WHERE id = $1";
    FILE = "SELECT id, bytes, name, stored_at FROM raw_file WHERE sha256 = $1";
    CHUNK = "SELECT data FROM raw_chunk WHERE file = $1 AND n = $2";
}

/// A file that is being stored.
#[derive(Debug)]
pub struct RawWriter {
    store: Store,
    id: Uuid,
    waiting: Vec<u8>,
    pieces: i64,
    bytes: u64,
}

/// A stored file.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct RawFile {
    /// Its id.
    pub id: Uuid,
    /// How long it is.
    pub bytes: i64,
    /// The name under which it first came.
    pub name: String,
    /// When it first came.
    pub stored_at: DateTime<Utc>,
}

impl Store {
    /// Begins to store a file's bytes.
    pub async fn begin_raw(&self, name: &str, at: DateTime<Utc>) -> Result<RawWriter> {
        let id = new_id(at);
        let mut unit = self.write().await?;
        for sweep in [SWEEP_CHUNKS, SWEEP_FILES] {
            run!(unit, |c| sqlx::query(sweep)
                .bind(at - ABANDONED)
                .execute(c)
                .await
                .map(|_| ()))?;
        }
        run!(unit, |c| sqlx::query(BEGIN_FILE)
            .bind(id)
            .bind(name)
            .bind(at)
            .execute(c)
            .await
            .map(|_| ()))?;
        unit.commit().await?;
        Ok(RawWriter {
            store: self.clone(),
            id,
            waiting: Vec::with_capacity(PIECE),
            pieces: 0,
            bytes: 0,
        })
    }
}

impl RawWriter {
    /// Takes the next bytes.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        self.bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PIECE - self.waiting.len()));
            self.waiting.extend_from_slice(now);
            bytes = later;
            if self.waiting.len() == PIECE {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<()> {
        let data = lz4_flex::compress_prepend_size(&self.waiting);
        self.waiting.clear();
        let mut unit = self.store.write().await?;
        run!(unit, |c| sqlx::query(ADD_CHUNK)
            .bind(self.id)
            .bind(self.pieces)
            .bind(data.as_slice())
            .execute(c)
            .await
            .map(|_| ()))?;
        self.pieces += 1;
        unit.commit().await
    }

    /// Names the content; where the same content is there already, this copy is dropped.
    pub async fn finish(mut self, sha256: &str) -> Result<()> {
        if !self.waiting.is_empty() {
            self.flush().await?;
        }
        let bytes = i64::try_from(self.bytes).unwrap_or(i64::MAX);
        let mut unit = self.store.write().await?;
        let named = run!(unit, |c| sqlx::query(FINISH_FILE)
            .bind(self.id)
            .bind(sha256)
            .bind(bytes)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        if named == 0 {
            for drop in [DROP_CHUNKS, DROP_FILE] {
                run!(unit, |c| sqlx::query(drop)
                    .bind(self.id)
                    .execute(c)
                    .await
                    .map(|_| ()))?;
            }
        }
        unit.commit().await
    }
}

impl View {
    /// The stored file of that content.
    pub async fn raw_file(&mut self, sha256: &str) -> Result<Option<RawFile>> {
        Ok(run!(self, |c| sqlx::query_as(FILE)
            .bind(sha256)
            .fetch_optional(c)
            .await)?)
    }

    /// One piece of a stored file, from 0; `None` is the end.
    pub async fn raw_piece(&mut self, file: Uuid, n: i64) -> Result<Option<Vec<u8>>> {
        let data: Option<Vec<u8>> = run!(self, |c| sqlx::query_scalar(CHUNK)
            .bind(file)
            .bind(n)
            .fetch_optional(c)
            .await)?;
        data.map(|data| {
            lz4_flex::decompress_size_prepended(&data).map_err(|error| StoreError::Corrupt {
                table: "raw_chunk",
                column: "data".to_owned(),
                reason: error.to_string(),
            })
        })
        .transpose()
    }
}
