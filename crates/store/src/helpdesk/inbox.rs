//! Webhooks, stored before they are answered.
//!
//! A webhook is only a hint to read a ticket again, so one that waits already says nothing new: the same
//! bytes are stored once until they are dealt with, and counted.

use chrono::{DateTime, Utc};
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_domain::ids::new_id;
use uuid::Uuid;

use crate::engine::{Unit, View, run, statements};
use crate::error::Result;

statements! {
    TAKE = "INSERT INTO webhook_inbox (id, source, digest, content_type, body, ticket, copies, received_at) \
        VALUES ($1, $2, $3, $4, $5, $6, 1, $7) ON CONFLICT (source, digest) WHERE handled_at IS NULL \
        DO UPDATE SET copies = webhook_inbox.copies + 1 RETURNING copies";
    WAITING = "SELECT id, ticket, received_at FROM webhook_inbox WHERE handled_at IS NULL AND source = $1 \
        ORDER BY received_at, id LIMIT $2";
    HANDLED = "UPDATE webhook_inbox SET handled_at = $2 WHERE id = $1";
    FORGET = "DELETE FROM webhook_inbox WHERE handled_at < $1";
    COUNTS = "SELECT CAST(count(*) AS BIGINT) AS stored, CAST(coalesce(sum(copies), 0) AS BIGINT) AS came, \
        CAST(count(*) FILTER (WHERE handled_at IS NULL) AS BIGINT) AS waiting FROM webhook_inbox WHERE source = $1";
}

/// A webhook that came.
#[derive(Debug, Clone)]
pub struct NewWebhook<'a> {
    /// From where: `freshdesk`.
    pub source: &'static str,
    /// The hash of the body, in hex.
    pub digest: &'a str,
    /// As the sender named it.
    pub content_type: &'a str,
    /// As it came.
    pub body: &'a [u8],
    /// The ticket it speaks of, if that could be read.
    pub ticket: Option<TicketId>,
    /// When.
    pub received_at: DateTime<Utc>,
}

/// Whether a webhook said something new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is stored.
    New,
    /// The same waits already.
    Waiting,
}

/// A webhook that waits.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct WebhookWaiting {
    /// Its id.
    pub id: Uuid,
    ticket: Option<i64>,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

impl WebhookWaiting {
    /// The ticket it speaks of.
    pub fn ticket(&self) -> Option<TicketId> {
        self.ticket.map(TicketId)
    }
}

/// How many came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow, serde::Serialize)]
pub struct WebhookCounts {
    /// Rows.
    pub stored: i64,
    /// With those that said nothing new.
    pub came: i64,
    /// Not dealt with yet.
    pub waiting: i64,
}

impl View {
    /// Webhooks that were not dealt with yet, oldest first.
    pub async fn webhooks_waiting(&mut self, source: &str, limit: i64) -> Result<Vec<WebhookWaiting>> {
        Ok(run!(self, |c| sqlx::query_as(WAITING)
            .bind(source)
            .bind(limit)
            .fetch_all(c)
            .await)?)
    }

    /// How many came.
    pub async fn webhook_counts(&mut self, source: &str) -> Result<WebhookCounts> {
        Ok(run!(self, |c| sqlx::query_as(COUNTS)
            .bind(source)
            .fetch_one(c)
            .await)?)
    }
}

impl Unit {
    /// Stores a webhook.
    pub async fn take_webhook(&mut self, webhook: &NewWebhook<'_>) -> Result<Taken> {
        let id = new_id(webhook.received_at);
        let copies: i64 = run!(self, |c| sqlx::query_scalar(TAKE)
            .bind(id)
            .bind(webhook.source)
            .bind(webhook.digest)
            .bind(webhook.content_type)
            .bind(webhook.body)
            .bind(webhook.ticket.map(|ticket| ticket.0))
            .bind(webhook.received_at)
            .fetch_one(c)
            .await)?;
        Ok(if copies == 1 { Taken::New } else { Taken::Waiting })
    }

    /// A webhook was dealt with: what it asks for stands in the hints.
    pub async fn webhook_handled(&mut self, id: Uuid, at: DateTime<Utc>) -> Result<()> {
        run!(self, |c| sqlx::query(HANDLED)
            .bind(id)
            .bind(at)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Forgets the webhooks that were dealt with before then; says how many.
    pub async fn forget_webhooks(&mut self, before: DateTime<Utc>) -> Result<u64> {
        Ok(run!(self, |c| sqlx::query(FORGET)
            .bind(before)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?)
    }
}
