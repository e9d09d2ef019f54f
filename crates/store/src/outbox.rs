//! What must go out: written in the unit that decides it, delivered from here until it is settled.
//!
//! A lane is one destination whose order matters: a chat channel, a ticket. Lanes are leased as a whole, so
//! that several instances share the work and none overtakes another; a lane that is slow or refused holds
//! up itself alone. Within a lane the more urgent goes first, then the older. The token is the sender's
//! name for the thing, unique for ever: enqueueing it again does nothing, and on the other side it tells
//! whether a send whose answer was lost has landed.

use chrono::{DateTime, Utc};
use hammerdesk_domain::ids::new_id;
use sqlx::FromRow;
use uuid::Uuid;

use crate::engine::{Unit, View, run, statements};
use crate::error::{Result, StoreError};

statements! {
    ENQUEUE = "INSERT INTO outbox (id, lane, urgency, kind, subject, token, body, state, attempts, made_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', 0, $8) ON CONFLICT (token) DO NOTHING";
    /// A lane that backs off is not woken by what comes behind.
    WAKE = "INSERT INTO outbox_lane (lane, due_at, way, revision) VALUES ($1, $2, $3, 1) ON CONFLICT (lane) DO UPDATE \
            SET due_at = coalesce(outbox_lane.due_at, excluded.due_at), revision = outbox_lane.revision + 1";
    HURRY = "UPDATE outbox_lane SET due_at = $2, revision = revision + 1 WHERE lane = $1 AND due_at > $2";
    CLAIM = "UPDATE outbox_lane SET lease_until = $2 \
             WHERE due_at <= $1 AND (lease_until IS NULL OR lease_until <= $1) AND lane IN \
             (SELECT l.lane FROM outbox_lane l WHERE l.due_at <= $1 AND (l.lease_until IS NULL OR l.lease_until <= $1) \
             AND l.way = $3 ORDER BY l.due_at LIMIT $4) RETURNING lane, revision";
    DUE = "SELECT CAST(count(*) AS BIGINT) FROM (SELECT 1 FROM outbox_lane WHERE due_at <= $1 \
           AND (lease_until IS NULL OR lease_until <= $1) AND way = $2 LIMIT 1) AS due";
    EXTEND = "UPDATE outbox_lane SET lease_until = $3 WHERE lane = $1 AND lease_until = $2";
    HEAD = "SELECT id, lane, urgency, kind, subject, token, body, attempts, made_at, tried_at FROM outbox \
            WHERE state = 'waiting' AND lane = $1 ORDER BY urgency, id LIMIT $2";
    TRIED = "UPDATE outbox SET attempts = attempts + 1, tried_at = $2 WHERE id = $1 AND state = 'waiting'";
    END = "UPDATE outbox SET state = $2, outcome = $3, ended_at = $4 WHERE id = $1 AND state = 'waiting'";
    /// What came in since the claim keeps the lane due.
    REST = "UPDATE outbox_lane SET due_at = NULL, lease_until = NULL WHERE lane = $1 AND revision = $2";
    RELEASE = "UPDATE outbox_lane SET due_at = $2, lease_until = NULL WHERE lane = $1";
    NEXT = "SELECT min(due_at) FROM outbox_lane WHERE due_at IS NOT NULL";
    BY_TOKEN = "SELECT state, outcome FROM outbox WHERE token = $1";
    BY_OUTCOME = "SELECT token FROM outbox WHERE outcome = $1 LIMIT 1";
    WAITING_ON = "SELECT CAST(count(*) AS BIGINT) FROM outbox WHERE subject = $1 AND state = 'waiting'";
    COUNTS = "SELECT state, CAST(count(*) AS BIGINT) AS count FROM outbox WHERE state IN ('waiting', 'refused') GROUP BY state";
    WITHDRAW = "UPDATE outbox SET state = 'unwanted', outcome = $2, ended_at = $3 WHERE subject = $1 AND state = 'waiting' AND attempts = 0";
    FORGET = "DELETE FROM outbox WHERE state <> 'waiting' AND ended_at < $1";
}

/// Something that must go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The destination whose order is kept: `discord:accounts-london`, `freshdesk:4711`. Its part before
    /// the first colon is the way, which names the deliverer.
    pub lane: String,
    /// What the deliverer does with it.
    pub kind: String,
    /// What it speaks of, for finding it again and for asking whether it is still wanted.
    pub subject: String,
    /// Its name for ever.
    pub token: String,
    /// What the deliverer needs.
    pub body: serde_json::Value,
    /// Higher goes first within its lane; 0 is ordinary.
    pub urgency: u8,
}

impl Outgoing {
    /// The part of the lane that names the deliverer.
    pub fn way(&self) -> &str {
        self.lane.split(':').next().unwrap_or_default()
    }
}

/// Something that waits for delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its id.
    pub id: Uuid,
    /// What and where.
    pub what: Outgoing,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was decided.
    pub made_at: DateTime<Utc>,
    /// When it was last tried.
    pub tried_at: Option<DateTime<Utc>>,
}

/// A lane that this instance may deliver for, until the lease ends.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct LaneLease {
    /// The lane.
    pub lane: String,
    /// How much had come in when it was claimed.
    revision: i64,
}

/// How something that was to go out ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It is on the other side.
    Delivered,
    /// The other side will never take it.
    Refused,
    /// It was overtaken by events.
    Unwanted,
}

impl Ended {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Unwanted => "unwanted",
        }
    }
}

/// What became of a token.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Fate {
    /// `waiting`, `delivered`, `refused`, `unwanted`.
    pub state: String,
    /// Its id on the other side, or why not.
    pub outcome: Option<String>,
}

/// How much waits and how much was refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutboxCounts {
    /// Waiting.
    pub waiting: i64,
    /// Refused for good and not forgotten yet.
    pub refused: i64,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    lane: String,
    urgency: i64,
    kind: String,
    subject: String,
    token: String,
    body: String,
    attempts: i64,
    made_at: DateTime<Utc>,
    tried_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Waiting {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let body = serde_json::from_str(&row.body).map_err(|error| StoreError::Corrupt {
            table: "outbox",
            column: "body".to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Self {
            id: row.id,
            what: Outgoing {
                lane: row.lane,
                kind: row.kind,
                subject: row.subject,
                token: row.token,
                body,
                urgency: u8::try_from(URGENCY_MOST - row.urgency).unwrap_or(0),
            },
            attempts: row.attempts,
            made_at: row.made_at,
            tried_at: row.tried_at,
        })
    }
}

/// Stored upside down, so that one ascending order is urgency, then age.
const URGENCY_MOST: i64 = 255;

impl Unit {
    /// Sees to it that something goes out once this unit is committed. `false` says that its token is known
    /// already, and nothing was added.
    pub async fn enqueue(&mut self, what: &Outgoing, now: DateTime<Utc>) -> Result<bool> {
        let (id, body) = (new_id(now), what.body.to_string());
        let urgency = URGENCY_MOST - i64::from(what.urgency);
        let added = run!(self, |c| {
            sqlx::query(ENQUEUE)
                .bind(id)
                .bind(&what.lane)
                .bind(urgency)
                .bind(&what.kind)
                .bind(&what.subject)
                .bind(&what.token)
                .bind(&body)
                .bind(now)
                .execute(c)
                .await
                .map(|done| done.rows_affected() > 0)
        })?;
        if added {
            run!(self, |c| sqlx::query(WAKE)
                .bind(&what.lane)
                .bind(now)
                .bind(what.way())
                .execute(c)
                .await
                .map(|_| ()))?;
        }
        Ok(added)
    }

    /// Leases lanes of one way (`discord`, `freshdesk`) in which something is due.
    pub async fn claim_lanes(
        &mut self,
        way: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<LaneLease>> {
        Ok(run!(self, |c| sqlx::query_as(CLAIM)
            .bind(now)
            .bind(until)
            .bind(way)
            .bind(limit)
            .fetch_all(c)
            .await)?)
    }

    /// Holds a lane longer; `false` says that another instance has it by now.
    pub async fn extend_lease(
        &mut self,
        lane: &str,
        until: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<bool> {
        Ok(run!(self, |c| sqlx::query(EXTEND)
            .bind(lane)
            .bind(until)
            .bind(to)
            .execute(c)
            .await
            .map(|done| done.rows_affected() > 0))?)
    }

    /// Notes that something is about to be tried: what is tried a second time may have landed.
    pub async fn note_attempt(&mut self, id: Uuid, now: DateTime<Utc>) -> Result<()> {
        run!(self, |c| sqlx::query(TRIED)
            .bind(id)
            .bind(now)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Ends something: its id on the other side, or why not. `false` says that it had ended already.
    pub async fn end_outgoing(
        &mut self,
        id: Uuid,
        how: Ended,
        outcome: &str,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        Ok(run!(self, |c| sqlx::query(END)
            .bind(id)
            .bind(how.as_str())
            .bind(outcome)
            .bind(now)
            .execute(c)
            .await
            .map(|done| done.rows_affected() > 0))?)
    }

    /// Nothing of a subject that was never tried goes out any more.
    pub async fn withdraw(&mut self, subject: &str, why: &str, now: DateTime<Utc>) -> Result<u64> {
        Ok(run!(self, |c| sqlx::query(WITHDRAW)
            .bind(subject)
            .bind(why)
            .bind(now)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?)
    }

    /// Gives a lane back: it is done with what it had when it was claimed. What came since keeps it due.
    pub async fn rest_lane(&mut self, lease: &LaneLease, now: DateTime<Utc>) -> Result<()> {
        let rested = run!(self, |c| sqlx::query(REST)
            .bind(&lease.lane)
            .bind(lease.revision)
            .execute(c)
            .await
            .map(|done| done.rows_affected() > 0))?;
        if !rested {
            self.release_lane(&lease.lane, now).await?;
        }
        Ok(())
    }

    /// Gives a lane back, to be looked at again at an instant.
    pub async fn release_lane(&mut self, lane: &str, due_at: DateTime<Utc>) -> Result<()> {
        run!(self, |c| sqlx::query(RELEASE)
            .bind(lane)
            .bind(due_at)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// What a lane waited for is there: it backs off no longer.
    pub async fn hurry_lane(&mut self, lane: &str, now: DateTime<Utc>) -> Result<()> {
        run!(self, |c| sqlx::query(HURRY)
            .bind(lane)
            .bind(now)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Forgets what ended before an instant; gives how much.
    pub async fn forget_outgoing(&mut self, before: DateTime<Utc>) -> Result<u64> {
        Ok(run!(self, |c| sqlx::query(FORGET)
            .bind(before)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?)
    }
}

impl View {
    /// The first that wait in a lane, in the order in which they go out.
    pub async fn head_of_lane(&mut self, lane: &str, limit: i64) -> Result<Vec<Waiting>> {
        let rows: Vec<Row> = run!(self, |c| sqlx::query_as(HEAD)
            .bind(lane)
            .bind(limit)
            .fetch_all(c)
            .await)?;
        rows.into_iter().map(Waiting::try_from).collect()
    }

    /// Is there a lane of that way to be claimed?
    pub async fn has_due_lanes(&mut self, way: &str, now: DateTime<Utc>) -> Result<bool> {
        let due: i64 = run!(self, |c| sqlx::query_scalar(DUE)
            .bind(now)
            .bind(way)
            .fetch_one(c)
            .await)?;
        Ok(due > 0)
    }

    /// When the next lane is due.
    pub async fn next_delivery_at(&mut self) -> Result<Option<DateTime<Utc>>> {
        Ok(run!(self, |c| sqlx::query_scalar(NEXT).fetch_one(c).await)?)
    }

    /// What became of a token.
    pub async fn fate(&mut self, token: &str) -> Result<Option<Fate>> {
        Ok(run!(self, |c| sqlx::query_as(BY_TOKEN)
            .bind(token)
            .fetch_optional(c)
            .await)?)
    }

    /// Is a thing on the other side one that we made? Gives the token under which we did.
    pub async fn made_by_us(&mut self, outcome: &str) -> Result<Option<String>> {
        Ok(run!(self, |c| sqlx::query_scalar(BY_OUTCOME)
            .bind(outcome)
            .fetch_optional(c)
            .await)?)
    }

    /// How much waits that speaks of a subject.
    pub async fn waiting_on(&mut self, subject: &str) -> Result<i64> {
        Ok(run!(self, |c| sqlx::query_scalar(WAITING_ON)
            .bind(subject)
            .fetch_one(c)
            .await)?)
    }

    /// How much waits and how much was refused.
    pub async fn outbox_counts(&mut self) -> Result<OutboxCounts> {
        let rows: Vec<(String, i64)> = run!(self, |c| sqlx::query_as(COUNTS).fetch_all(c).await)?;
        let mut counts = OutboxCounts::default();
        for (state, count) in rows {
            match state.as_str() {
                "waiting" => counts.waiting = count,
                _ => counts.refused = count,
            }
        }
        Ok(counts)
    }
}
