//! Who and what else the helpdesk knows: agents, groups, fields, contacts, companies.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::{corrupt, parsed, storable};
use crate::engine::{Unit, View, run, statements};
use crate::error::{Result, StoreError};

statements! {
    PUT = "INSERT INTO helpdesk_record (kind, id, name, email, raw, is_partial, updated_at, read_at, gone_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL) ON CONFLICT (kind, id) DO UPDATE SET name = excluded.name, \
        email = excluded.email, raw = excluded.raw, is_partial = excluded.is_partial, \
        updated_at = excluded.updated_at, read_at = excluded.read_at, gone_at = NULL \
        WHERE NOT excluded.is_partial OR helpdesk_record.is_partial";
    ONE = "SELECT kind, id, name, email, raw, is_partial, updated_at, read_at, gone_at FROM helpdesk_record \
        WHERE kind = $1 AND id = $2";
    ALL = "SELECT kind, id, name, email, raw, is_partial, updated_at, read_at, gone_at FROM helpdesk_record \
        WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3";
    BY_EMAIL = "SELECT kind, id, name, email, raw, is_partial, updated_at, read_at, gone_at FROM helpdesk_record \
        WHERE kind = $1 AND email = $2 AND gone_at IS NULL ORDER BY id LIMIT 20";
    COUNT = "SELECT CAST(count(*) AS BIGINT) FROM helpdesk_record WHERE kind = $1 AND gone_at IS NULL";
    REST_GONE = "UPDATE helpdesk_record SET gone_at = $3 WHERE kind = $1 AND read_at < $2 AND gone_at IS NULL \
        AND NOT is_partial";
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordKind {
    /// Somebody who works in the helpdesk.
    Agent,
    /// A group of agents.
    Group,
    /// A field of tickets, with its choices.
    Field,
    /// Somebody outside.
    Contact,
    /// A contact's company.
    Company,
}

impl RecordKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Agent,
        Self::Group,
        Self::Field,
        Self::Contact,
        Self::Company,
    ];

    /// `agent`, `group`, `field`, `contact`, `company`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Group => "group",
            Self::Field => "field",
            Self::Contact => "contact",
            Self::Company => "company",
        }
    }
}

/// A record to keep.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRecord {
    /// What it is.
    pub kind: RecordKind,
    /// Its id.
    pub id: i64,
    /// Its name; for a field, its name in the API.
    pub name: String,
    /// An address, any case.
    pub email: Option<String>,
    /// The helpdesk's answer.
    pub raw: Value,
    /// Is it only what a ticket says of its requester? That never replaces the record itself.
    pub is_partial: bool,
    /// Last changed.
    pub updated_at: Option<DateTime<Utc>>,
}

/// A stored record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HelpdeskRecord {
    /// What it is.
    pub kind: RecordKind,
    /// Its id.
    pub id: i64,
    /// Its name, from outside.
    pub name: String,
    /// Its address in lower case.
    pub email: Option<String>,
    /// Last changed.
    pub updated_at: Option<DateTime<Utc>>,
    /// When we last read it.
    pub read_at: DateTime<Utc>,
    /// When we found that it is no longer there.
    pub gone_at: Option<DateTime<Utc>>,
    /// Is it only what a ticket says of its requester?
    pub is_partial: bool,
    /// The helpdesk's answer.
    pub raw: Value,
}

#[derive(sqlx::FromRow)]
struct Row {
    kind: String,
    id: i64,
    name: String,
    email: Option<String>,
    raw: String,
    is_partial: bool,
    updated_at: Option<DateTime<Utc>>,
    read_at: DateTime<Utc>,
    gone_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for HelpdeskRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let kind = RecordKind::ALL
            .into_iter()
            .find(|kind| kind.word() == row.kind)
            .ok_or_else(|| corrupt("helpdesk_record", "kind", &row.kind))?;
        Ok(Self {
            kind,
            id: row.id,
            name: row.name,
            email: row.email,
            updated_at: row.updated_at,
            read_at: row.read_at,
            gone_at: row.gone_at,
            is_partial: row.is_partial,
            raw: parsed("helpdesk_record", "raw", &row.raw)?,
        })
    }
}

impl View {
    /// A record, also one that is no longer there.
    pub async fn helpdesk_record(&mut self, kind: RecordKind, id: i64) -> Result<Option<HelpdeskRecord>> {
        let row: Option<Row> = run!(self, |c| sqlx::query_as(ONE)
            .bind(kind.word())
            .bind(id)
            .fetch_optional(c)
            .await)?;
        row.map(HelpdeskRecord::try_from).transpose()
    }

    /// Records of a kind by id, gone ones too, from the one after `after`.
    pub async fn helpdesk_records(
        &mut self,
        kind: RecordKind,
        after: i64,
        limit: i64,
    ) -> Result<Vec<HelpdeskRecord>> {
        let rows: Vec<Row> = run!(self, |c| sqlx::query_as(ALL)
            .bind(kind.word())
            .bind(after)
            .bind(limit)
            .fetch_all(c)
            .await)?;
        rows.into_iter().map(HelpdeskRecord::try_from).collect()
    }

    /// The records with that address, whatever its case.
    pub async fn helpdesk_records_by_email(
        &mut self,
        kind: RecordKind,
        email: &str,
    ) -> Result<Vec<HelpdeskRecord>> {
        let email = email.trim().to_lowercase();
        let rows: Vec<Row> = run!(self, |c| sqlx::query_as(BY_EMAIL)
            .bind(kind.word())
            .bind(&email)
            .fetch_all(c)
            .await)?;
        rows.into_iter().map(HelpdeskRecord::try_from).collect()
    }

    /// How many of a kind there are.
    pub async fn helpdesk_record_count(&mut self, kind: RecordKind) -> Result<i64> {
        Ok(run!(self, |c| sqlx::query_scalar(COUNT)
            .bind(kind.word())
            .fetch_one(c)
            .await)?)
    }
}

impl Unit {
    /// Keeps a record.
    pub async fn keep_helpdesk_record(&mut self, record: &NewRecord, at: DateTime<Utc>) -> Result<()> {
        let email = record
            .email
            .as_deref()
            .map(|email| storable(&email.trim().to_lowercase()));
        let raw = record.raw.to_string();
        run!(self, |c| sqlx::query(PUT)
            .bind(record.kind.word())
            .bind(record.id)
            .bind(storable(&record.name))
            .bind(email.as_deref())
            .bind(raw.as_str())
            .bind(record.is_partial)
            .bind(record.updated_at)
            .bind(at)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Every record of a kind was read since `since`: those that were not are no longer there.
    pub async fn helpdesk_records_complete(
        &mut self,
        kind: RecordKind,
        since: DateTime<Utc>,
        at: DateTime<Utc>,
    ) -> Result<u64> {
        Ok(run!(self, |c| sqlx::query(REST_GONE)
            .bind(kind.word())
            .bind(since)
            .bind(at)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?)
    }
}
