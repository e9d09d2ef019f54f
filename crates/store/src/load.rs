//! The load path: a file's rows become visible together or not at all.
//!
//! Rows are first staged in a temporary table of the import's own connection, where nobody sees them and
//! nobody waits for them; [`Loader::finish`] merges them in one transaction.
//!
//! **The order of files does not matter.** Every stored row knows `seen_at`, the extraction instant of the
//! newest file that held it, and the hash of its content. A row of a file wins over the stored one if and
//! only if its `(seen_at, row_hash)` is greater. A row of equal content changes nothing but `seen_at`,
//! because otherwise a file that comes late, older than the newest one but newer than the last change,
//! would win. The one column in no index is written in place, which is as cheap as it gets.
//!
//! **A complete snapshot closes by absence.** For each source and company code the instants of all complete
//! ledger files that hold it are kept; an open item of that source and code whose `seen_at` is older than
//! one of them is `gone_from_snapshot`, since the first of those, however the files came in: on the days
//! before it the item was open. It is never `cleared`, and a newer file that holds it again opens it again.
//! A company code that does not occur in a snapshot is not touched by it.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, Utc};
use hammerdesk_domain::ids::{SourceId, new_id};
use hammerdesk_domain::record::{Entity, Record, Value};
use hammerdesk_domain::text;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, Connection};
use uuid::Uuid;

use crate::batches::{Batch, BatchRow};
use crate::bulk::Sink;
use crate::engine::{Lone, Pools, Store, run, statements};
use crate::error::{Result, StoreError};
use crate::merging;
use crate::rows::{key_hash, row_hash, settle};

statements! {
    PREVIOUS = "SELECT id, source, entity, file_name, sha256, mapping, extracted_at, started_at, finished_at, complete, \
        status, row_count, accepted, duplicates, inserted, updated, unchanged, gone, control_totals, reason \
        FROM batch WHERE sha256 = $1 AND source = $2 AND entity = $3 AND mapping = $4 AND status = 'imported' LIMIT 1";
    ADD_BATCH = "INSERT INTO batch (id, source, entity, file_name, sha256, mapping, extracted_at, started_at, finished_at, \
        complete, status, row_count, accepted, duplicates, inserted, updated, unchanged, gone, control_totals, reason) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";
    ADD_QUARANTINE = "INSERT INTO quarantine (batch, n, line, column_name, reason) VALUES ($1, $2, $3, $4, $5)";
    CLOSE_BY_ABSENCE = "UPDATE ledger SET gone_from_snapshot = TRUE WHERE fed_by = $1 AND cleared_on IS NULL \
        AND NOT gone_from_snapshot AND EXISTS (SELECT 1 FROM snapshot s WHERE s.source = ledger.fed_by \
        AND s.company = ledger.entity AND s.extracted_at > ledger.seen_at)";
    OPEN_AGAIN = "UPDATE ledger SET gone_from_snapshot = FALSE WHERE fed_by = $1 AND gone_from_snapshot \
        AND (cleared_on IS NOT NULL OR NOT EXISTS (SELECT 1 FROM snapshot s WHERE s.source = ledger.fed_by \
        AND s.company = ledger.entity AND s.extracted_at > ledger.seen_at))";
    HAS_SNAPSHOT = "SELECT count(*) FROM snapshot WHERE source = $1";
}

/// After so many written rows PostgreSQL's statistics are made anew.
const MANY: u64 = 10_000;

/// A file about to be loaded.
#[derive(Debug, Clone)]
pub struct NewBatch {
    /// The feed.
    pub source: SourceId,
    /// What its rows are.
    pub entity: Entity,
    /// The file's name, for people.
    pub file_name: String,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// Which mapping read it, in the version that read it; the same file under another mapping is new.
    pub mapping: Option<String>,
    /// When its data was extracted.
    pub extracted_at: DateTime<Utc>,
    /// Does it hold everything that its source has of the entity?
    pub complete: bool,
    /// Now.
    pub at: DateTime<Utc>,
}

/// One row and where it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Line of the file, from 1.
    pub line: u64,
    /// What it says.
    pub record: Record,
}

/// A line that was not taken, and why. Never the content of the cell.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Quarantined {
    /// Line of the file, from 1; 0 is the file as a whole.
    pub line: u64,
    /// The column; blank is the line as a whole.
    pub column: String,
    /// A sentence.
    pub reason: String,
}

/// What a load begins with.
#[derive(Debug)]
pub enum Load {
    /// The same bytes were imported before; there is nothing to do.
    Unchanged(Box<Batch>),
    /// Ready for rows.
    Open(Box<Loader>),
}

/// What the rows of one file say of one another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Rows that will be merged.
    pub rows: u64,
    /// Rows that repeat an earlier one word for word.
    pub duplicates: u64,
    /// Rows that say something else of the same key; each is left out and named with a reason.
    pub contradictions: Vec<Quarantined>,
}

/// How the file was read, noted with the batch.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Data lines of the file.
    pub rows: u64,
    /// Lines that the reader left out; contradictions are added by the loader.
    pub quarantined: Vec<Quarantined>,
    /// Control totals as the reader found them.
    pub control_totals: serde_json::Value,
    /// Now.
    pub at: DateTime<Utc>,
}

/// What a load changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The batch.
    pub batch: Uuid,
    /// Rows of new keys.
    pub inserted: u64,
    /// Rows that replaced an older content.
    pub updated: u64,
    /// Rows that changed nothing: equal, or older than what is stored.
    pub unchanged: u64,
    /// Rows that repeated another of the same file.
    pub duplicates: u64,
    /// Items that left a complete snapshot.
    pub gone: u64,
    /// Clients whose rows changed.
    pub clients: u64,
    /// Lines that contradicted another of the same file.
    pub contradictions: Vec<Quarantined>,
}

/// A load under way. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub struct Loader {
    store: Store,
    conn: Lone,
    id: Uuid,
    batch: NewBatch,
    sink: Sink,
    keys: Vec<u64>,
    name_sink: Sink,
    names: HashSet<u64>,
    checked: Option<Checked>,
}

impl Store {
    /// Begins to load a file.
    pub async fn begin_load(&self, batch: NewBatch) -> Result<Load> {
        let mapping = batch.mapping.clone().unwrap_or_default();
        let mut view = self.read().await?;
        let previous: Option<BatchRow> = run!(view, |c| sqlx::query_as(PREVIOUS)
            .bind(batch.sha256.as_str())
            .bind(batch.source.as_str())
            .bind(batch.entity.name())
            .bind(mapping.as_str())
            .fetch_optional(c)
            .await)?;
        drop(view);
        if let Some(previous) = previous {
            return Ok(Load::Unchanged(Box::new(previous.into())));
        }
        let mut conn = self.lone().await?;
        run!(conn, |c| sqlx::raw_sql(AssertSqlSafe(merging::stage_tables(
            batch.entity
        )))
        .execute(c)
        .await
        .map(|_| ()))?;
        let sink = Sink::into(&conn, "stage_row", merging::stage_columns(batch.entity));
        let name_sink = Sink::into(&conn, "stage_name", vec!["client", "value", "folded", "row_hash"]);
        let id = new_id(batch.at);
        let store = self.clone();
        Ok(Load::Open(Box::new(Loader {
            store,
            conn,
            id,
            batch,
            sink,
            keys: Vec::new(),
            name_sink,
            names: HashSet::new(),
            checked: None,
        })))
    }

    /// Notes a file of which nothing was taken.
    pub async fn record_rejected(&self, batch: NewBatch, reason: &str, summary: &Summary) -> Result<Uuid> {
        let id = new_id(batch.at);
        let mut conn = self.lone().await?;
        let turn = self.turn().await?;
        begin(&mut conn).await?;
        let counts = Loaded::nothing(id);
        add_batch(&mut conn, &batch, &counts, summary, Some(reason)).await?;
        add_quarantine(&mut conn, id, &summary.quarantined).await?;
        commit(&mut conn).await?;
        drop(turn);
        Ok(id)
    }

    /// Waits until no other writer of this process is at work; other processes are waited for by the
    /// engine.
    async fn turn(&self) -> Result<Option<sqlx::pool::PoolConnection<sqlx::Sqlite>>> {
        Ok(match &self.pools {
            Pools::Sqlite { writer, .. } => Some(writer.acquire().await?),
            Pools::Postgres { .. } => None,
        })
    }
}

impl Loaded {
    const fn nothing(batch: Uuid) -> Self {
        Self {
            batch,
            inserted: 0,
            updated: 0,
            unchanged: 0,
            duplicates: 0,
            gone: 0,
            clients: 0,
            contradictions: Vec::new(),
        }
    }
}

impl Loader {
    /// The id that the batch will have.
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// Stages rows. Nobody sees them yet.
    pub async fn rows(&mut self, lines: Vec<Line>) -> Result<()> {
        self.checked = None;
        for Line { line, record } in lines {
            if record.entity != self.batch.entity {
                let reason = format!("the load is of {}", self.batch.entity.name());
                return Err(StoreError::Record {
                    table: record.entity.name(),
                    reason,
                });
            }
            let record = settle(record)?;
            self.keys.push(key_hash(&record));
            if self.batch.entity == Entity::Ledger {
                self.note_name(&record).await?;
            }
            let hash = row_hash(&record);
            let folded = (record.entity == Entity::Alias).then(|| Value::Text(folded_alias(&record)));
            let number = |n: u64| Value::Int(i64::try_from(n).unwrap_or(i64::MAX));
            let tail = [Value::Int(hash), number(line), number(self.keys.len() as u64)];
            self.sink
                .put(
                    &mut self.conn,
                    record.values.into_iter().chain(folded).chain(tail),
                )
                .await?;
        }
        Ok(())
    }

    /// Stages each spelling of each client's name once.
    async fn note_name(&mut self, record: &Record) -> Result<()> {
        let (client, name) = (record.get("client"), record.get("client_name"));
        let mut hasher = DefaultHasher::new();
        (client, name).hash(&mut hasher);
        if !self.names.insert(hasher.finish()) {
            return Ok(());
        }
        let name = if *name == Value::Null {
            Value::Text(String::new())
        } else {
            name.clone()
        };
        let values = vec![
            client.clone(),
            Value::Text("name".to_owned()),
            name,
            Value::Text(String::new()),
        ];
        let alias = Record {
            entity: Entity::Alias,
            values,
        };
        let (folded, hash) = (folded_alias(&alias), row_hash(&alias));
        let mut values = alias.values.into_iter();
        let (client, name) = (
            values.next().unwrap_or(Value::Null),
            values.nth(1).unwrap_or(Value::Null),
        );
        self.name_sink
            .put(
                &mut self.conn,
                [client, name, Value::Text(folded), Value::Int(hash)],
            )
            .await
    }

    /// Looks for keys that occur twice in the file. Of rows that contradict each other the one with the
    /// greater hash stays, whatever order they stand in; the others are named.
    pub async fn check(&mut self) -> Result<&Checked> {
        if self.checked.is_none() {
            self.sink.flush(&mut self.conn).await?;
            self.name_sink.flush(&mut self.conn).await?;
            let staged = self.keys.len() as u64;
            self.keys.sort_unstable();
            let mut checked = Checked {
                rows: staged,
                ..Checked::default()
            };
            if self.keys.windows(2).any(|pair| pair[0] == pair[1]) {
                self.settle_repeats(&mut checked).await?;
                checked.rows -= checked.duplicates + checked.contradictions.len() as u64;
            }
            self.checked = Some(checked);
        }
        self.checked.as_ref().ok_or_else(|| StoreError::Record {
            table: self.batch.entity.name(),
            reason: "the check left no result".to_owned(),
        })
    }

    async fn settle_repeats(&mut self, checked: &mut Checked) -> Result<()> {
        let (contradicting, drop) = merging::repeats(self.batch.entity);
        let lines: Vec<(i64, i64)> = run!(self.conn, |c| sqlx::query_as(AssertSqlSafe(contradicting))
            .fetch_all(c)
            .await)?;
        checked.contradictions = lines
            .into_iter()
            .map(|(line, first)| Quarantined {
                line: u64::try_from(line).unwrap_or(0),
                column: String::new(),
                reason: format!("line {line} contradicts line {first}: the same key with other content"),
            })
            .collect();
        let dropped = run!(self.conn, |c| sqlx::query(AssertSqlSafe(drop))
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        checked.duplicates = dropped.saturating_sub(checked.contradictions.len() as u64);
        Ok(())
    }

    /// Makes everything visible as a whole.
    pub async fn finish(mut self, mut summary: Summary) -> Result<Loaded> {
        let checked = self.check().await?.clone();
        (self.keys, self.names) = (Vec::new(), HashSet::new());
        let turn = self.store.turn().await?;
        begin(&mut self.conn).await?;
        let mut loaded = Loaded::nothing(self.id);
        loaded.duplicates = checked.duplicates;
        loaded.contradictions = checked.contradictions;
        self.merge(checked.rows, &mut loaded).await?;
        if self.batch.entity == Entity::Ledger {
            self.after_ledger(&mut loaded).await?;
        }
        let many_renamed = self.rename().await?;
        summary.quarantined.extend(loaded.contradictions.iter().cloned());
        add_batch(&mut self.conn, &self.batch, &loaded, &summary, None).await?;
        add_quarantine(&mut self.conn, self.id, &summary.quarantined).await?;
        commit(&mut self.conn).await?;
        drop(turn);
        if many_renamed {
            self.vacuum_words().await;
        }
        close(self.conn).await;
        Ok(loaded)
    }

    /// PostgreSQL answers a search from the index alone only after a vacuum; the load is done, so that
    /// one which fails is no failure of the load.
    async fn vacuum_words(&mut self) {
        if let Lone::Postgres(c) = &mut self.conn
            && let Err(error) = sqlx::raw_sql("VACUUM (ANALYZE) name_token")
                .execute(&mut **c)
                .await
        {
            tracing::warn!(%error, "store.load.vacuum");
        }
    }

    /// Forgets everything that was staged.
    pub async fn abandon(self) {
        close(self.conn).await;
    }

    async fn merge(&mut self, staged: u64, loaded: &mut Loaded) -> Result<()> {
        let entity = self.batch.entity;
        let before = self.count(merging::count(entity)).await?;
        let written = if before == 0 {
            self.write(merging::fill(entity)).await?
        } else {
            if let Lone::Postgres(c) = &mut self.conn {
                sqlx::raw_sql("ANALYZE stage_row").execute(&mut **c).await?;
            }
            let (raise, at) = (merging::raise(entity), self.batch.extracted_at);
            run!(self.conn, |c| sqlx::query(AssertSqlSafe(raise))
                .bind(at)
                .execute(c)
                .await
                .map(|_| ()))?;
            match self.conn {
                Lone::Sqlite(_) => self.write(merging::merge(entity)).await?,
                Lone::Postgres(_) => {
                    self.write(merging::replace(entity)).await? + self.write(merging::add(entity)).await?
                }
            }
        };
        let after = self.count(merging::count(entity)).await?;
        loaded.inserted = after - before;
        loaded.updated = written.saturating_sub(loaded.inserted);
        loaded.unchanged = staged.saturating_sub(written);
        let clients_of = merging::clients_of(entity);
        if written > 0 && !clients_of.is_empty() {
            let (sql, id) = (clients_of, self.id);
            let clients: i64 = run!(self.conn, |c| sqlx::query_scalar(AssertSqlSafe(sql))
                .bind(id)
                .fetch_one(c)
                .await)?;
            loaded.clients = u64::try_from(clients).unwrap_or(0);
        }
        if written > MANY {
            self.analyze(entity.name()).await?;
        }
        Ok(())
    }

    /// Runs a statement that writes staged rows as this batch's.
    async fn write(&mut self, sql: String) -> Result<u64> {
        let (at, id, source) = (self.batch.extracted_at, self.id, self.batch.source.as_str());
        Ok(run!(self.conn, |c| sqlx::query(AssertSqlSafe(sql))
            .bind(at)
            .bind(id)
            .bind(source)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?)
    }

    /// PostgreSQL plans by statistics, which would come too late for the first questions.
    async fn analyze(&mut self, table: &str) -> Result<()> {
        if let Lone::Postgres(c) = &mut self.conn {
            sqlx::raw_sql(AssertSqlSafe(format!("ANALYZE {table}")))
                .execute(&mut **c)
                .await?;
        }
        Ok(())
    }

    async fn count(&mut self, sql: String) -> Result<u64> {
        let n: i64 = run!(self.conn, |c| sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(c)
            .await)?;
        Ok(u64::try_from(n).unwrap_or(0))
    }

    async fn after_ledger(&mut self, loaded: &mut Loaded) -> Result<()> {
        let (at, id) = (self.batch.extracted_at, self.id);
        let source = self.batch.source.as_str().to_owned();
        let source = source.as_str();
        if self.batch.complete {
            run!(self.conn, |c| sqlx::query(merging::NOTE_SNAPSHOT)
                .bind(source)
                .bind(at)
                .execute(c)
                .await
                .map(|_| ()))?;
        }
        let snapshots: i64 = run!(self.conn, |c| sqlx::query_scalar(HAS_SNAPSHOT)
            .bind(source)
            .fetch_one(c)
            .await)?;
        if snapshots > 0 {
            run!(self.conn, |c| sqlx::query(OPEN_AGAIN)
                .bind(source)
                .execute(c)
                .await
                .map(|_| ()))?;
            loaded.gone = run!(self.conn, |c| sqlx::query(CLOSE_BY_ABSENCE)
                .bind(source)
                .execute(c)
                .await
                .map(|done| done.rows_affected()))?;
        }
        // A number without a name is older than any name; every spelling finds the client.
        let nameless = DateTime::<Utc>::UNIX_EPOCH;
        for (sql, at) in [
            (merging::ADD_STUBS, at),
            (merging::ADD_NAMELESS, nameless),
            (merging::ADD_SPELLINGS, at),
        ] {
            run!(self.conn, |c| sqlx::query(sql)
                .bind(at)
                .bind(id)
                .bind(source)
                .execute(c)
                .await
                .map(|_| ()))?;
        }
        Ok(())
    }

    /// Rewrites the searchable words of every client whose names changed.
    /// Gives whether they were many.
    async fn rename(&mut self) -> Result<bool> {
        let renamed = match self.batch.entity {
            Entity::Client => merging::RENAMED_CLIENTS,
            Entity::Ledger => merging::RENAMED_BY_LEDGER,
            Entity::Alias => merging::RENAMED_BY_ALIAS,
            _ => return Ok(false),
        };
        let renamed = run!(self.conn, |c| sqlx::query(renamed)
            .bind(self.id)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?;
        run!(self.conn, |c| sqlx::query(merging::FORGET_TOKENS)
            .execute(c)
            .await
            .map(|_| ()))?;
        let mut sink = Sink::into(&self.conn, "name_token", vec!["token", "client", "place"]);
        let mut last = String::new();
        loop {
            let end: Option<String> = run!(self.conn, |c| sqlx::query_scalar(merging::NAMES_END)
                .bind(last.as_str())
                .fetch_one(c)
                .await)?;
            let Some(end) = end else { break };
            let names: Vec<(String, i32, String)> = run!(self.conn, |c| sqlx::query_as(merging::NAMES)
                .bind(last.as_str())
                .bind(end.as_str())
                .fetch_all(c)
                .await)?;
            let mut written = std::collections::BTreeSet::new();
            for (client, rank, name) in names {
                for (token, place) in crate::search::placed_tokens(&name) {
                    if written.insert((client.clone(), token.clone())) {
                        let place = if rank == 0 {
                            place
                        } else {
                            crate::search::OTHER_NAME
                        };
                        let row = [Value::Text(token), Value::Text(client.clone()), Value::Int(place)];
                        sink.put(&mut self.conn, row).await?;
                    }
                }
            }
            last = end;
        }
        sink.flush(&mut self.conn).await?;
        if renamed > MANY {
            for table in ["client", "alias"] {
                self.analyze(table).await?;
            }
        }
        Ok(renamed > MANY)
    }
}

fn folded_alias(record: &Record) -> String {
    let value = match record.get("value") {
        Value::Text(value) => value.as_str(),
        _ => "",
    };
    if matches!(record.get("kind"), Value::Text(kind) if kind == "phone") {
        crate::search::digits(value)
    } else {
        text::fold(value)
    }
}

async fn begin(conn: &mut Lone) -> Result<()> {
    match conn {
        Lone::Sqlite(c) => sqlx::raw_sql("BEGIN IMMEDIATE")
            .execute(&mut **c)
            .await
            .map(|_| ())?,
        // One merge at a time: two that touch the same clients would otherwise wait for each other.
        Lone::Postgres(c) => {
            sqlx::raw_sql("BEGIN; SELECT pg_advisory_xact_lock(7233451)")
                .execute(&mut **c)
                .await
                .map(|_| ())?;
        }
    }
    Ok(())
}

async fn commit(conn: &mut Lone) -> Result<()> {
    run!(conn, |c| sqlx::raw_sql("COMMIT").execute(c).await.map(|_| ()))?;
    Ok(())
}

async fn close(conn: Lone) {
    let closed = match conn {
        Lone::Sqlite(c) => c.close().await,
        Lone::Postgres(c) => c.close().await,
    };
    if let Err(error) = closed {
        tracing::debug!(%error, "store.load.close");
    }
}

async fn add_batch(
    conn: &mut Lone,
    batch: &NewBatch,
    counts: &Loaded,
    summary: &Summary,
    rejected: Option<&str>,
) -> Result<()> {
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let accepted = counts.inserted + counts.updated + counts.unchanged;
    run!(conn, |c| sqlx::query(ADD_BATCH)
        .bind(counts.batch)
        .bind(batch.source.as_str())
        .bind(batch.entity.name())
        .bind(batch.file_name.as_str())
        .bind(batch.sha256.as_str())
        .bind(batch.mapping.clone().unwrap_or_default())
        .bind(batch.extracted_at)
        .bind(batch.at)
        .bind(summary.at)
        .bind(batch.complete)
        .bind(if rejected.is_some() {
            "rejected"
        } else {
            "imported"
        })
        .bind(number(summary.rows))
        .bind(number(accepted))
        .bind(number(counts.duplicates))
        .bind(number(counts.inserted))
        .bind(number(counts.updated))
        .bind(number(counts.unchanged))
        .bind(number(counts.gone))
        .bind(Json(&summary.control_totals))
        .bind(rejected)
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

async fn add_quarantine(conn: &mut Lone, batch: Uuid, lines: &[Quarantined]) -> Result<()> {
    for (n, line) in lines.iter().enumerate() {
        run!(conn, |c| sqlx::query(ADD_QUARANTINE)
            .bind(batch)
            .bind(i64::try_from(n).unwrap_or(i64::MAX))
            .bind(i64::try_from(line.line).unwrap_or(i64::MAX))
            .bind(line.column.as_str())
            .bind(line.reason.as_str())
            .execute(c)
            .await
            .map(|_| ()))?;
    }
    Ok(())
}
