//! Tickets that are to be read again, and how soon.
//!
//! One row a ticket: hints about one ticket fold together. A hint that is asked again while it is being
//! followed stays, because its count has moved.

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use hammerdesk_domain::helpdesk::TicketId;

use crate::engine::{Unit, View, run, statements};
use crate::error::Result;

statements! {
    /// What is odd again is no news: how often it was read in vain goes on being counted.
    ASK = "INSERT INTO ticket_hint (ticket, whole, urgency, why, asked_at, due_at, asked, tries) \
        VALUES ($1, $2, $3, $4, $5, $6, 1, 0) ON CONFLICT (ticket) DO UPDATE SET \
        whole = (ticket_hint.whole OR excluded.whole), \
        urgency = CASE WHEN excluded.urgency > ticket_hint.urgency THEN excluded.urgency ELSE ticket_hint.urgency END, \
        due_at = CASE WHEN excluded.due_at < ticket_hint.due_at THEN excluded.due_at ELSE ticket_hint.due_at END, \
        asked = ticket_hint.asked + 1, tries = CASE WHEN excluded.why = 'odd' THEN ticket_hint.tries ELSE 0 END, \
        why = excluded.why";
    DUE = "SELECT ticket, whole, urgency, why, due_at, asked, tries FROM ticket_hint WHERE due_at <= $1 \
        AND urgency >= $2 AND urgency <= $3 ORDER BY urgency DESC, due_at, ticket LIMIT $4";
    DONE = "DELETE FROM ticket_hint WHERE ticket = $1 AND asked = $2";
    LATER = "UPDATE ticket_hint SET due_at = $2, tries = tries + 1 WHERE ticket = $1";
    NEXT = "SELECT min(due_at) FROM ticket_hint";
    COUNT = "SELECT CAST(count(*) AS BIGINT) AS waiting, \
        CAST(count(*) FILTER (WHERE urgency = 0) AS BIGINT) AS background FROM ticket_hint";
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint {
    /// The ticket itself, or only what was said on it?
    pub whole: bool,
    /// Higher first: [`Hint::BACKGROUND`], [`Hint::ORDINARY`], [`Hint::LIVE`].
    pub urgency: i64,
    /// In a word, for the log.
    pub why: &'static str,
    /// Not before.
    pub due_at: DateTime<Utc>,
}

impl Hint {
    /// Nobody waits for it: a backfill, an audit.
    pub const BACKGROUND: i64 = 0;
    /// A poll found it.
    pub const ORDINARY: i64 = 1;
    /// A webhook said so, or a person waits.
    pub const LIVE: i64 = 2;
}

/// A ticket to be read now.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct HintDue {
    ticket: i64,
    /// The ticket itself, or only what was said on it?
    pub whole: bool,
    /// How urgent.
    pub urgency: i64,
    /// Why, in a word.
    pub why: String,
    /// Since when it is due.
    pub due_at: DateTime<Utc>,
    /// How often it was asked for.
    pub asked: i64,
    /// How often it failed since.
    pub tries: i64,
}

impl HintDue {
    /// Which ticket.
    pub const fn ticket(&self) -> TicketId {
        TicketId(self.ticket)
    }
}

/// How many wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow, serde::Serialize)]
pub struct HintCounts {
    /// All of them.
    pub waiting: i64,
    /// Those for which nobody waits.
    pub background: i64,
}

impl View {
    /// Tickets of those urgencies to be read now, the most urgent first.
    pub async fn hints_due(
        &mut self,
        now: DateTime<Utc>,
        urgencies: RangeInclusive<i64>,
        limit: i64,
    ) -> Result<Vec<HintDue>> {
        Ok(run!(self, |c| sqlx::query_as(DUE)
            .bind(now)
            .bind(urgencies.start())
            .bind(urgencies.end())
            .bind(limit)
            .fetch_all(c)
            .await)?)
    }

    /// When the next one is due.
    pub async fn next_hint_at(&mut self) -> Result<Option<DateTime<Utc>>> {
        Ok(run!(self, |c| sqlx::query_scalar(NEXT).fetch_one(c).await)?)
    }

    /// How many wait.
    pub async fn hint_counts(&mut self) -> Result<HintCounts> {
        Ok(run!(self, |c| sqlx::query_as(COUNT).fetch_one(c).await)?)
    }
}

impl Unit {
    /// A ticket is to be read again.
    pub async fn hint_ticket(&mut self, ticket: TicketId, hint: Hint, at: DateTime<Utc>) -> Result<()> {
        run!(self, |c| sqlx::query(ASK)
            .bind(ticket.0)
            .bind(hint.whole)
            .bind(hint.urgency)
            .bind(hint.why)
            .bind(at)
            .bind(hint.due_at)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// It was read, unless it was asked for again meanwhile.
    pub async fn hint_followed(&mut self, hint: &HintDue) -> Result<()> {
        run!(self, |c| sqlx::query(DONE)
            .bind(hint.ticket)
            .bind(hint.asked)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// It could not be read; again at that instant.
    pub async fn hint_later(&mut self, hint: &HintDue, due_at: DateTime<Utc>) -> Result<()> {
        run!(self, |c| sqlx::query(LATER)
            .bind(hint.ticket)
            .bind(due_at)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }
}
