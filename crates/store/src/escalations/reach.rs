//! Who was named in a post and could not be reached by it: what a platform learns when it shows the post,
//! and what the ladder then passes at once.

use chrono::{DateTime, Utc};
use hammerdesk_domain::chat::Platform;
use hammerdesk_domain::ids::PersonId;
use sqlx::FromRow;

use crate::engine::{Unit, View, run, statements};
use crate::error::Result;

statements! {
    UNREACHED = "INSERT INTO post_unreached (key, platform, person, why, at) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (key, platform, person) DO NOTHING";
    WAITING = "SELECT key, platform, person, why, at FROM post_unreached WHERE handled_at IS NULL \
               ORDER BY at, key, platform, person LIMIT $1";
    HANDLED = "UPDATE post_unreached SET handled_at = $4 WHERE key = $1 AND platform = $2 AND person = $3 \
               AND handled_at IS NULL";
    FORGET = "DELETE FROM post_unreached WHERE handled_at < $1";
}

/// Somebody who was not reached.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Unreached {
    /// The post that named them.
    pub key: String,
    platform: String,
    person: String,
    /// Why, in words.
    pub why: String,
    /// When it was found.
    pub at: DateTime<Utc>,
}

impl Unreached {
    /// Whom a post of that key did not reach on that platform.
    pub fn new(key: &str, platform: Platform, person: &PersonId, why: &str, at: DateTime<Utc>) -> Self {
        Self {
            key: key.to_owned(),
            platform: platform.as_str().to_owned(),
            person: person.as_str().to_owned(),
            why: why.to_owned(),
            at,
        }
    }

    /// Who.
    pub fn person(&self) -> PersonId {
        PersonId::new(self.person.as_str())
    }

    /// The word of the platform.
    pub fn platform(&self) -> &str {
        &self.platform
    }
}

impl Unit {
    /// Notes who was not reached, once, in the unit that ends the showing.
    pub async fn note_unreached(&mut self, unreached: &Unreached) -> Result<()> {
        run!(self, |c| sqlx::query(UNREACHED)
            .bind(&unreached.key)
            .bind(&unreached.platform)
            .bind(&unreached.person)
            .bind(&unreached.why)
            .bind(unreached.at)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// That somebody was not reached was dealt with; `false` where it was before.
    pub async fn unreached_handled(&mut self, unreached: &Unreached, now: DateTime<Utc>) -> Result<bool> {
        Ok(run!(self, |c| sqlx::query(HANDLED)
            .bind(&unreached.key)
            .bind(&unreached.platform)
            .bind(&unreached.person)
            .bind(now)
            .execute(c)
            .await
            .map(|done| done.rows_affected() > 0))?)
    }

    /// Forgets what was dealt with before an instant; gives how much.
    pub async fn forget_unreached(&mut self, before: DateTime<Utc>) -> Result<u64> {
        Ok(run!(self, |c| sqlx::query(FORGET)
            .bind(before)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?)
    }
}

impl View {
    /// Who was not reached and waits to be dealt with.
    pub async fn unreached(&mut self, limit: i64) -> Result<Vec<Unreached>> {
        Ok(run!(self, |c| sqlx::query_as(WAITING)
            .bind(limit)
            .fetch_all(c)
            .await)?)
    }
}
