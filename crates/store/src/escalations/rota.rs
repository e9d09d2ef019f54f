//! What people changed in chat about who is on: absences with who stands in, swaps and extra shifts, and
//! hand-overs that they asked for. It stands beside the config and outlives a restart.

use chrono::{DateTime, Utc};
use hammerdesk_domain::escalation::desk::{Absence, Changes};
use hammerdesk_domain::escalation::rota::Override;
use hammerdesk_domain::ids::PersonId;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use uuid::Uuid;

use super::json;
use crate::engine::{Unit, View, run, statements};
use crate::error::{Result, StoreError};

statements! {
    CHANGE = "INSERT INTO rota_change (id, body, made_by, made_at, until_at) VALUES ($1, $2, $3, $4, $5) \
              ON CONFLICT (id) DO NOTHING";
    WITHDRAW = "UPDATE rota_change SET withdrawn_by = $2, withdrawn_at = $3 WHERE id = $1 AND withdrawn_at IS NULL";
    STANDING = "SELECT id, body, made_by, made_at, until_at FROM rota_change \
                WHERE withdrawn_at IS NULL AND until_at > $1 ORDER BY id";
    ASK = "INSERT INTO handover_asked (id, from_rota, to_rota, asked_by, asked_at) VALUES ($1, $2, $3, $4, $5) \
           ON CONFLICT (id) DO NOTHING";
    ASKED = "SELECT id, from_rota, to_rota, asked_by, asked_at FROM handover_asked WHERE done_at IS NULL \
             ORDER BY asked_at, id LIMIT 20";
    DONE = "UPDATE handover_asked SET done_at = $2, carried = $3 WHERE id = $1 AND done_at IS NULL";
    MARK = "SELECT at FROM escalation_mark WHERE name = $1";
    MOVE_MARK = "INSERT INTO escalation_mark (name, at) VALUES ($1, $2) ON CONFLICT (name) \
                 DO UPDATE SET at = excluded.at WHERE excluded.at > escalation_mark.at";
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum RotaChange {
    /// Somebody is away.
    Absence {
        /// Who, from when to when, and who stands in.
        absence: Absence,
    },
    /// Somebody is on, or not on, or on instead of another.
    Override {
        /// In which rota.
        rota: String,
        /// What.
        #[serde(rename = "shift")]
        change: Override,
    },
}

/// A change as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRotaChange {
    /// Id.
    pub id: Uuid,
    /// What.
    pub change: RotaChange,
    /// Who made it.
    pub made_by: PersonId,
    /// When.
    pub made_at: DateTime<Utc>,
    /// When it is over: the end of the absence or of the shift, in the zone of its place.
    pub until_at: DateTime<Utc>,
}

/// A hand-over that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedHandover {
    /// Id.
    pub id: Uuid,
    /// The rota that gives.
    pub from: String,
    /// The rota that takes.
    pub to: String,
    /// Who asked.
    pub by: PersonId,
    /// When.
    pub at: DateTime<Utc>,
}

#[derive(FromRow)]
struct ChangeRow {
    id: Uuid,
    body: String,
    made_by: String,
    made_at: DateTime<Utc>,
    until_at: DateTime<Utc>,
}

impl TryFrom<ChangeRow> for StoredRotaChange {
    type Error = StoreError;

    fn try_from(row: ChangeRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            change: serde_json::from_str(&row.body).map_err(|error| StoreError::Corrupt {
                table: "rota_change",
                column: "body".to_owned(),
                reason: error.to_string(),
            })?,
            made_by: PersonId::new(row.made_by),
            made_at: row.made_at,
            until_at: row.until_at,
        })
    }
}

impl Unit {
    /// Keeps a change; the same id again does nothing.
    pub async fn change_rota(&mut self, change: &StoredRotaChange) -> Result<()> {
        let body = json(&change.change)?;
        run!(self, |c| sqlx::query(CHANGE)
            .bind(change.id)
            .bind(&body)
            .bind(change.made_by.as_str())
            .bind(change.made_at)
            .bind(change.until_at)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Takes a change back; `false` where there is none that stands.
    pub async fn withdraw_rota_change(&mut self, id: Uuid, by: &PersonId, at: DateTime<Utc>) -> Result<bool> {
        Ok(run!(self, |c| sqlx::query(WITHDRAW)
            .bind(id)
            .bind(by.as_str())
            .bind(at)
            .execute(c)
            .await
            .map(|done| done.rows_affected() > 0))?)
    }

    /// Asks for a hand-over now; the engine carries the queue and says so.
    pub async fn ask_for_handover(&mut self, asked: &AskedHandover) -> Result<()> {
        run!(self, |c| sqlx::query(ASK)
            .bind(asked.id)
            .bind(asked.from.as_str())
            .bind(asked.to.as_str())
            .bind(asked.by.as_str())
            .bind(asked.at)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// A hand-over that was asked for is done; `false` where it was before.
    pub async fn handover_done(&mut self, id: Uuid, carried: usize, at: DateTime<Utc>) -> Result<bool> {
        Ok(run!(self, |c| sqlx::query(DONE)
            .bind(id)
            .bind(at)
            .bind(i64::try_from(carried).unwrap_or(i64::MAX))
            .execute(c)
            .await
            .map(|done| done.rows_affected() > 0))?)
    }

    /// Something that follows the clock is dealt with up to that instant. It never goes back.
    pub async fn move_escalation_mark(&mut self, name: &str, at: DateTime<Utc>) -> Result<()> {
        run!(self, |c| sqlx::query(MOVE_MARK)
            .bind(name)
            .bind(at)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }
}

impl View {
    /// The changes that stand and are not over, the oldest first.
    pub async fn rota_changes(&mut self, now: DateTime<Utc>) -> Result<Vec<StoredRotaChange>> {
        let rows: Vec<ChangeRow> = run!(self, |c| sqlx::query_as(STANDING).bind(now).fetch_all(c).await)?;
        rows.into_iter().map(StoredRotaChange::try_from).collect()
    }

    /// The same as [`Desk::amended`](hammerdesk_domain::escalation::Desk::amended) takes them.
    pub async fn desk_changes(&mut self, now: DateTime<Utc>) -> Result<Changes> {
        let mut changes = Changes::default();
        for stored in self.rota_changes(now).await? {
            match stored.change {
                RotaChange::Absence { absence } => changes.absences.push(absence),
                RotaChange::Override { rota, change } => changes.overrides.push((rota, change)),
            }
        }
        Ok(changes)
    }

    /// The hand-overs that wait to be done.
    pub async fn handovers_asked(&mut self) -> Result<Vec<AskedHandover>> {
        let rows: Vec<(Uuid, String, String, String, DateTime<Utc>)> =
            run!(self, |c| sqlx::query_as(ASKED).fetch_all(c).await)?;
        Ok(rows
            .into_iter()
            .map(|(id, from, to, by, at)| AskedHandover {
                id,
                from,
                to,
                by: PersonId::new(by),
                at,
            })
            .collect())
    }

    /// Up to when something that follows the clock was dealt with.
    pub async fn escalation_mark(&mut self, name: &str) -> Result<Option<DateTime<Utc>>> {
        Ok(run!(self, |c| sqlx::query_scalar(MARK)
            .bind(name)
            .fetch_optional(c)
            .await)?)
    }
}
