//! Whom we told of what, and whether somebody took notice.

use chrono::{DateTime, Utc};
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_domain::ids::{ChannelId, LocationId};
use hammerdesk_domain::sla::judge::Occasion;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{json, parsed};
use crate::engine::{Unit, View, run, statements};
use crate::error::Result;

statements! {
    OF_TICKET = "SELECT body, revision FROM sla_alert WHERE ticket = $1 ORDER BY raised_at, clock, audience";
    OF_POST = "SELECT body, revision FROM sla_alert WHERE post = $1 ORDER BY raised_at, ticket, clock LIMIT $2";
    DUE = "SELECT DISTINCT ticket FROM sla_alert WHERE next_at IS NOT NULL AND next_at <= $1 ORDER BY ticket LIMIT $2";
    RAISED = "SELECT post, CAST(count(*) AS BIGINT) AS alerts, min(raised_at) AS first FROM sla_alert \
        WHERE channel = $1 AND raised_at > $2 AND state <> 'closed' GROUP BY post ORDER BY min(raised_at)";
    UNACKNOWLEDGED = "SELECT body, revision FROM sla_alert WHERE state = 'open' ORDER BY raised_at, ticket, clock LIMIT $1";
    ADD = "INSERT INTO sla_alert (ticket, clock, audience, state, channel, location, post, raised_at, next_at, body, revision) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1) ON CONFLICT (ticket, clock, audience) DO NOTHING";
    CHANGE = "UPDATE sla_alert SET state = $4, channel = $5, location = $6, post = $7, raised_at = $8, next_at = $9, \
        body = $10, revision = revision + 1 WHERE ticket = $1 AND clock = $2 AND audience = $3 AND revision = $11";
    WITHDRAW = "DELETE FROM post WHERE key = $1 AND shown = 0 AND message IS NULL";
}

/// To whom an alert goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Whoever has the ticket.
    Owner,
    /// The managers of the location.
    Managers,
}

impl Audience {
    /// `owner`, `managers`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Managers => "managers",
        }
    }
}

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// Nobody took notice yet.
    Open,
    /// Somebody did.
    Acknowledged,
    /// Somebody asked not to be told for a while.
    Snoozed,
    /// There is nothing to be told any more.
    Closed,
}

impl AlertState {
    const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Snoozed => "snoozed",
            Self::Closed => "closed",
        }
    }
}

/// What somebody did with an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acted {
    /// As others read it.
    pub name: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why, where they had to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// On which ticket.
    pub ticket: TicketId,
    /// The clock.
    pub clock: String,
    /// Whom it is for.
    pub audience: Audience,
    /// Where it stands.
    pub state: AlertState,
    /// What fell due last.
    pub occasion: Occasion,
    /// When that was.
    pub fell_at: DateTime<Utc>,
    /// Was it seen later than it should?
    pub is_late: bool,
    /// When somebody was told of it.
    pub raised_at: DateTime<Utc>,
    /// Where the card stands.
    pub channel: ChannelId,
    /// Whose.
    pub location: Option<LocationId>,
    /// The card.
    pub post: String,
    /// Cards it stood on before, which say so.
    #[serde(default)]
    pub before: Option<String>,
    /// How often it was told again.
    pub repeated: u32,
    /// When it is told again, or its snooze ends.
    pub next_at: Option<DateTime<Utc>>,
    /// Who took notice, or asked for a pause.
    pub acted: Option<Acted>,
    /// How often it was written: what was read as another is not written over.
    #[serde(skip)]
    pub revision: i64,
}

/// How many alerts stand on a card.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct CountedAlerts {
    /// The card.
    pub post: String,
    /// So many.
    pub alerts: i64,
    /// Since.
    pub first: DateTime<Utc>,
}

fn read(rows: Vec<(String, i64)>) -> Result<Vec<Alert>> {
    rows.into_iter()
        .map(|(body, revision)| {
            let alert: Alert = parsed("sla_alert", "body", &body)?;
            Ok(Alert { revision, ..alert })
        })
        .collect()
}

impl View {
    /// The alerts of a ticket.
    pub async fn alerts_of_ticket(&mut self, ticket: TicketId) -> Result<Vec<Alert>> {
        read(run!(self, |c| sqlx::query_as(OF_TICKET)
            .bind(ticket.0)
            .fetch_all(c)
            .await)?)
    }

    /// The alerts that stand on a card.
    pub async fn alerts_of_post(&mut self, post: &str, limit: i64) -> Result<Vec<Alert>> {
        read(run!(self, |c| sqlx::query_as(OF_POST)
            .bind(post)
            .bind(limit)
            .fetch_all(c)
            .await)?)
    }

    /// Tickets with an alert that is to be told again, or whose snooze ended.
    pub async fn due_alerts(&mut self, now: DateTime<Utc>, limit: i64) -> Result<Vec<TicketId>> {
        let rows: Vec<i64> = run!(self, |c| sqlx::query_scalar(DUE)
            .bind(now)
            .bind(limit)
            .fetch_all(c)
            .await)?;
        Ok(rows.into_iter().map(TicketId).collect())
    }

    /// The cards of a channel with alerts raised after an instant, and how many each.
    pub async fn alerts_raised(
        &mut self,
        channel: &ChannelId,
        after: DateTime<Utc>,
    ) -> Result<Vec<CountedAlerts>> {
        Ok(run!(self, |c| sqlx::query_as(RAISED)
            .bind(channel.as_str())
            .bind(after)
            .fetch_all(c)
            .await)?)
    }

    /// Alerts of which nobody took notice, the oldest first.
    pub async fn unacknowledged(&mut self, limit: i64) -> Result<Vec<Alert>> {
        read(run!(self, |c| sqlx::query_as(UNACKNOWLEDGED)
            .bind(limit)
            .fetch_all(c)
            .await)?)
    }
}

impl Unit {
    /// Keeps a new alert, or one that was read from here. `false`: somebody else wrote it meanwhile.
    pub async fn keep_alert(&mut self, alert: &Alert) -> Result<bool> {
        let body = json("sla_alert", alert)?;
        let sql = if alert.revision == 0 { ADD } else { CHANGE };
        Ok(run!(self, |c| {
            let query = sqlx::query(sql)
                .bind(alert.ticket.0)
                .bind(&alert.clock)
                .bind(alert.audience.word())
                .bind(alert.state.word())
                .bind(alert.channel.as_str())
                .bind(alert.location.as_ref().map(LocationId::as_str))
                .bind(&alert.post)
                .bind(alert.raised_at)
                .bind(alert.next_at)
                .bind(&body);
            let query = if alert.revision == 0 {
                query
            } else {
                query.bind(alert.revision)
            };
            query.execute(c).await.map(|done| done.rows_affected() > 0)
        })?)
    }

    /// Takes back a card that nobody has seen yet; one that was shown stays. What waits to show it finds nothing.
    pub async fn withdraw_post(&mut self, key: &str) -> Result<bool> {
        Ok(run!(self, |c| sqlx::query(WITHDRAW)
            .bind(key)
            .execute(c)
            .await
            .map(|done| done.rows_affected() > 0))?)
    }
}
