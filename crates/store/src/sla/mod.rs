//! Promises to clients: the clocks of each ticket, what fell due, and whom we told.
//!
//! Clocks are what the events of a ticket make of it, so their rows may be written again at any time; what
//! fell due is noted once, whoever looks how often. The rules are kept version by version, so that what was
//! judged by one of them stays judged by it.

mod alerts;
mod clocks;
mod trail;

use chrono::{DateTime, Utc};
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_domain::sla::policy::Version;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::FromRow;

pub use alerts::{Acted, Alert, AlertState, Audience, CountedAlerts};
pub use clocks::{ClockStanding, Fell, KeptClocks, OpenClock, StoredClock};
pub use trail::SlaCounts;

use crate::engine::{Unit, View, run, statements};
use crate::error::{Result, StoreError};

statements! {
    VERSIONS = "SELECT name, in_force_at, moves_open, rules, moved_to FROM sla_version ORDER BY in_force_at, name";
    COUNT_VERSIONS = "SELECT CAST(count(*) AS BIGINT) FROM sla_version";
    ADD_VERSION = "INSERT INTO sla_version (name, in_force_at, moves_open, rules, moved_to) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (name) DO NOTHING";
    MOVED_TO = "UPDATE sla_version SET moved_to = $2 WHERE name = $1";
    SAY_ONCE = "INSERT INTO sla_said (name, at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    SAID_ONCE = "SELECT at FROM sla_said WHERE name = $1";
    FORGET_SAID = "DELETE FROM sla_said WHERE at < $1";
    DIFFER = "INSERT INTO sla_difference (version, ticket, clock, body) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (version, ticket, clock) DO UPDATE SET body = excluded.body";
    DIFFERENCES = "SELECT ticket, clock, body FROM sla_difference WHERE version = $1 ORDER BY ticket, clock LIMIT $2";
    COUNT_DIFFERENCES = "SELECT CAST(count(*) AS BIGINT) FROM sla_difference WHERE version = $1";
}

/// Every statement about promises.
#[cfg(test)]
pub(crate) const LISTS: &[&[(&str, &str)]] = &[
    STATEMENTS,
    alerts::STATEMENTS,
    clocks::STATEMENTS,
    trail::STATEMENTS,
];

#[cfg(test)]
pub(crate) use clocks::{differ_sql, keep_sql};

fn json<T: Serialize>(table: &'static str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| corrupt(table, "body", &error))
}

fn parsed<T: DeserializeOwned>(table: &'static str, column: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| corrupt(table, column, &error))
}

fn corrupt(table: &'static str, column: &str, reason: &dyn ToString) -> StoreError {
    StoreError::Corrupt {
        table,
        column: column.to_owned(),
        reason: reason.to_string(),
    }
}

/// A version of the rules, and how far the open clocks were moved to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredVersion {
    /// The version.
    pub version: Version,
    /// The last ticket that was moved; nothing once all were.
    pub moved_to: Option<TicketId>,
}

#[derive(FromRow)]
struct VersionRow {
    name: String,
    in_force_at: DateTime<Utc>,
    moves_open: bool,
    rules: String,
    moved_to: Option<i64>,
}

impl View {
    /// Every version of the rules, in the order in which they came into force.
    pub async fn sla_versions(&mut self) -> Result<Vec<StoredVersion>> {
        let rows: Vec<VersionRow> = run!(self, |c| sqlx::query_as(VERSIONS).fetch_all(c).await)?;
        rows.into_iter()
            .map(|row| {
                Ok(StoredVersion {
                    version: Version {
                        rules: parsed("sla_version", "rules", &row.rules)?,
                        name: row.name,
                        from: row.in_force_at,
                        moves_open: row.moves_open,
                    },
                    moved_to: row.moved_to.map(TicketId),
                })
            })
            .collect()
    }

    /// How many there are.
    pub async fn count_sla_versions(&mut self) -> Result<i64> {
        Ok(run!(self, |c| sqlx::query_scalar(COUNT_VERSIONS)
            .fetch_one(c)
            .await)?)
    }

    /// When something was said that is said once.
    pub async fn said_once(&mut self, name: &str) -> Result<Option<DateTime<Utc>>> {
        Ok(run!(self, |c| sqlx::query_scalar(SAID_ONCE)
            .bind(name)
            .fetch_optional(c)
            .await)?)
    }

    /// What a version moved and would have made other, by ticket.
    pub async fn sla_differences<T: DeserializeOwned>(
        &mut self,
        version: &str,
        limit: i64,
    ) -> Result<Vec<(TicketId, String, T)>> {
        let rows: Vec<(i64, String, String)> = run!(self, |c| sqlx::query_as(DIFFERENCES)
            .bind(version)
            .bind(limit)
            .fetch_all(c)
            .await)?;
        rows.into_iter()
            .map(|(ticket, clock, body)| {
                Ok((TicketId(ticket), clock, parsed("sla_difference", "body", &body)?))
            })
            .collect()
    }

    /// How many clocks a version moved.
    pub async fn count_sla_differences(&mut self, version: &str) -> Result<i64> {
        Ok(run!(self, |c| sqlx::query_scalar(COUNT_DIFFERENCES)
            .bind(version)
            .fetch_one(c)
            .await)?)
    }
}

impl Unit {
    /// Keeps a version; `false` where there is one of that name. One that moves open clocks has moved none yet.
    pub async fn add_sla_version(&mut self, version: &Version) -> Result<bool> {
        let rules = json("sla_version", &version.rules)?;
        Ok(run!(self, |c| sqlx::query(ADD_VERSION)
            .bind(&version.name)
            .bind(version.from)
            .bind(version.moves_open)
            .bind(&rules)
            .bind(version.moves_open.then_some(0_i64))
            .execute(c)
            .await
            .map(|done| done.rows_affected() > 0))?)
    }

    /// The open clocks up to that ticket were moved to a version; `None`: all of them.
    pub async fn moved_to_version(&mut self, name: &str, up_to: Option<TicketId>) -> Result<()> {
        run!(self, |c| sqlx::query(MOVED_TO)
            .bind(name)
            .bind(up_to.map(|ticket| ticket.0))
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// `true` where nobody said that before.
    pub async fn say_once(&mut self, name: &str, at: DateTime<Utc>) -> Result<bool> {
        Ok(run!(self, |c| sqlx::query(SAY_ONCE)
            .bind(name)
            .bind(at)
            .execute(c)
            .await
            .map(|done| done.rows_affected() > 0))?)
    }

    /// Forgets what was said once before an instant.
    pub async fn forget_said_once(&mut self, before: DateTime<Utc>) -> Result<()> {
        run!(self, |c| sqlx::query(FORGET_SAID)
            .bind(before)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Keeps what a version made of one clock.
    pub async fn keep_sla_difference<T: Serialize>(
        &mut self,
        version: &str,
        ticket: TicketId,
        clock: &str,
        what: &T,
    ) -> Result<()> {
        let body = json("sla_difference", what)?;
        run!(self, |c| sqlx::query(DIFFER)
            .bind(version)
            .bind(ticket.0)
            .bind(clock)
            .bind(&body)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }
}
