//! What people said in the thread of a post, kept before anything is done about it.
//!
//! A gateway tells things twice, late, or after a reconnect again: the platform's message id, what happened
//! to it and a digest of the words make one row of them.

use chrono::{DateTime, Utc};
use hammerdesk_domain::chat::{Platform, Said, SaidHow};
use hammerdesk_domain::ids::new_id;
use sha2::{Digest, Sha256};
use sqlx::FromRow;
use uuid::Uuid;

use crate::engine::{Unit, View, run, statements};
use crate::error::{Result, StoreError};

statements! {
    HEAR = "INSERT INTO heard (id, platform, place, message, what, digest, key, body, at) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (platform, message, what, digest) DO NOTHING";
    OPEN = "SELECT id, platform, place, message, what, key, body, at FROM heard WHERE handled_at IS NULL ORDER BY id LIMIT $1";
    HANDLED = "UPDATE heard SET handled_at = $2 WHERE id = $1 AND handled_at IS NULL";
    LAST = "SELECT message FROM heard WHERE platform = $1 AND place = $2 AND what = 'said' ORDER BY id DESC LIMIT 1";
    LATELY = "SELECT id, platform, place, message, what, key, body, at FROM heard h \
                  WHERE platform = $1 AND place = $2 AND what = 'said' AND at >= $3 AND NOT EXISTS \
                  (SELECT 1 FROM heard d WHERE d.platform = h.platform AND d.message = h.message AND d.what = 'deleted') \
                  ORDER BY id DESC LIMIT 50";
    FORGET = "DELETE FROM heard WHERE handled_at < $1";
}

/// Something said in the thread of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Its id; later ones have greater ones.
    pub id: Uuid,
    /// The platform.
    pub platform: Platform,
    /// The thread, as the platform names it.
    pub place: String,
    /// The message, as the platform names it.
    pub message: String,
    /// Said, edited or deleted.
    pub how: SaidHow,
    /// The key of the post in whose thread it was said.
    pub key: String,
    /// Who and what.
    pub said: Said,
    /// When.
    pub at: DateTime<Utc>,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    platform: String,
    place: String,
    message: String,
    what: String,
    key: String,
    body: String,
    at: DateTime<Utc>,
}

impl TryFrom<Row> for Heard {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let corrupt = |column: &str, reason: String| StoreError::Corrupt {
            table: "heard",
            column: column.to_owned(),
            reason,
        };
        Ok(Self {
            id: row.id,
            platform: Platform::named(&row.platform)
                .ok_or_else(|| corrupt("platform", format!("there is no platform {:?}", row.platform)))?,
            place: row.place,
            message: row.message,
            how: SaidHow::named(&row.what)
                .ok_or_else(|| corrupt("what", format!("there is no {:?}", row.what)))?,
            key: row.key,
            said: serde_json::from_str(&row.body).map_err(|error| corrupt("body", error.to_string()))?,
            at: row.at,
        })
    }
}

impl Unit {
    /// Keeps what was said; its `id` is made here. `false` says that it was kept already.
    pub async fn hear(&mut self, heard: &Heard) -> Result<bool> {
        let body = serde_json::to_string(&heard.said).map_err(|error| StoreError::Corrupt {
            table: "heard",
            column: "body".to_owned(),
            reason: error.to_string(),
        })?;
        // Words may be changed back to what they were: the instant of an edit tells it from the earlier one.
        let edited = match heard.how {
            SaidHow::Edited => heard.at.timestamp_micros(),
            SaidHow::Said | SaidHow::Deleted => 0,
        };
        let digest: String = Sha256::digest(format!("{edited}\n{body}").as_bytes())
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(run!(self, |c| {
            sqlx::query(HEAR)
                .bind(new_id(heard.at))
                .bind(heard.platform.as_str())
                .bind(&heard.place)
                .bind(&heard.message)
                .bind(heard.how.as_str())
                .bind(&digest)
                .bind(&heard.key)
                .bind(&body)
                .bind(heard.at)
                .execute(c)
                .await
                .map(|done| done.rows_affected() > 0)
        })?)
    }

    /// Something heard has been dealt with, in the unit that deals with it. `false`: somebody else did.
    pub async fn heard_handled(&mut self, id: Uuid, now: DateTime<Utc>) -> Result<bool> {
        Ok(run!(self, |c| sqlx::query(HANDLED)
            .bind(id)
            .bind(now)
            .execute(c)
            .await
            .map(|done| done.rows_affected() > 0))?)
    }

    /// Forgets what was dealt with before an instant; gives how much.
    pub async fn forget_heard(&mut self, before: DateTime<Utc>) -> Result<u64> {
        Ok(run!(self, |c| sqlx::query(FORGET)
            .bind(before)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?)
    }
}

impl View {
    /// What nobody has dealt with yet, oldest first.
    pub async fn heard(&mut self, limit: i64) -> Result<Vec<Heard>> {
        let rows: Vec<Row> = run!(self, |c| sqlx::query_as(OPEN).bind(limit).fetch_all(c).await)?;
        rows.into_iter().map(Heard::try_from).collect()
    }

    /// What was said in a thread of a platform since then and not taken back, the last first.
    pub async fn said_lately(
        &mut self,
        platform: Platform,
        place: &str,
        since: DateTime<Utc>,
    ) -> Result<Vec<Heard>> {
        let rows: Vec<Row> = run!(self, |c| sqlx::query_as(LATELY)
            .bind(platform.as_str())
            .bind(place)
            .bind(since)
            .fetch_all(c)
            .await)?;
        rows.into_iter().map(Heard::try_from).collect()
    }

    /// The last message that was heard in a thread of a platform: whoever reconnects asks for what came after.
    pub async fn last_heard(&mut self, platform: Platform, place: &str) -> Result<Option<String>> {
        Ok(run!(self, |c| sqlx::query_scalar(LAST)
            .bind(platform.as_str())
            .bind(place)
            .fetch_optional(c)
            .await)?)
    }
}
