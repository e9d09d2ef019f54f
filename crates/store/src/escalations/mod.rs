//! Escalations: what came in, what happened since, who is due, and what partners were given a receipt for.
//!
//! An escalation is read from its events, and its row is written from what they make of it, in the same
//! unit: the row only serves to find it. Who writes names how many events they had read; where another was
//! quicker, nothing is written and the decision is made again.

mod asking;
mod finding;
mod reach;
mod rota;
mod taking;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use hammerdesk_domain::escalation::choose::Loads;
use hammerdesk_domain::escalation::model::{Escalation, EscalationId, Event, Opening, State};
use hammerdesk_domain::escalation::{Kind, Severity};
use hammerdesk_domain::ids::{ClientNo, LocationId, PersonId};
use sqlx::FromRow;
use uuid::Uuid;

use crate::engine::{Unit, View, run, statements};
use crate::error::{Result, StoreError};

pub use asking::{Waiting, Waits};
pub use reach::Unreached;
pub use rota::{AskedHandover, RotaChange, StoredRotaChange};
pub use taking::{Happened, TakenIn};

/// Every query for whole rows that may ask for one.
#[cfg(test)]
pub(crate) use asking::SELECTS;

/// Every statement about escalations, file by file.
#[cfg(test)]
pub(crate) const LISTS: &[&[(&str, &str)]] = &[
    STATEMENTS,
    finding::STATEMENTS,
    reach::STATEMENTS,
    rota::STATEMENTS,
    taking::STATEMENTS,
];

statements! {
    OPEN = "INSERT INTO escalation (id, opening, state, is_open, kind, severity, location, client, handler, ticket, \
            matter, times, opened_at, came_at, next_at, events, handle) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    MOVE = "UPDATE escalation SET state = $3, is_open = $4, severity = $5, client = $6, handler = $7, times = $8, \
            came_at = CASE WHEN times < $8 THEN $9 ELSE came_at END, next_at = $10, events = $11 \
            WHERE id = $1 AND events = $2";
    EVENT = "INSERT INTO escalation_event (escalation, seq, at, word, body, detail) VALUES ($1, $2, $3, $4, $5, $6)";
    TURN = "INSERT INTO escalation_turn (person, given_at) VALUES ($1, $2) \
            ON CONFLICT (person) DO UPDATE SET given_at = excluded.given_at WHERE excluded.given_at > escalation_turn.given_at";
    OPENING = "SELECT opening FROM escalation WHERE id = $1";
    EVENTS = "SELECT body, detail FROM escalation_event WHERE escalation = $1 ORDER BY seq";
    DUE = "SELECT id FROM escalation WHERE next_at IS NOT NULL AND next_at <= $1 ORDER BY severity DESC, next_at, id LIMIT $2";
    NEXT = "SELECT min(next_at) FROM escalation WHERE next_at IS NOT NULL";
    SAME_MATTER = "SELECT id FROM escalation WHERE matter = $1 AND came_at >= $2 AND is_open AND matter IS NOT NULL \
                   ORDER BY came_at DESC, id LIMIT 1";
    OF_TICKET = "SELECT id FROM escalation WHERE ticket = $1 AND ticket IS NOT NULL ORDER BY id DESC LIMIT 1";
    LAST_HANDLER = "SELECT handler FROM escalation WHERE client = $1 AND id <> $2 AND handler IS NOT NULL \
                    ORDER BY id DESC LIMIT 1";
    OPEN_LOADS = "SELECT handler, CAST(count(*) AS BIGINT) AS open FROM escalation \
                  WHERE is_open AND handler IS NOT NULL GROUP BY handler";
    TURNS = "SELECT person, given_at FROM escalation_turn";
    QUEUE = "SELECT id, state, kind, severity, location, client, handler, ticket, times, opened_at, next_at \
             FROM escalation WHERE is_open ORDER BY severity DESC, opened_at, id LIMIT $1";
    QUEUE_OF = "SELECT id, state, kind, severity, location, client, handler, ticket, times, opened_at, next_at \
                FROM escalation WHERE is_open AND handler = $2 ORDER BY severity DESC, opened_at, id LIMIT $1";
    OPEN_COUNT = "SELECT CAST(count(*) AS BIGINT) FROM escalation WHERE is_open";
    KEEP_KEY = "INSERT INTO intake_key (partner, idempotency_key, body_sha256, receipt, escalation, at) \
                VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (partner, idempotency_key) DO NOTHING";
    KEY = "SELECT body_sha256, receipt, escalation FROM intake_key WHERE partner = $1 AND idempotency_key = $2";
    RECEIPT = "SELECT escalation FROM intake_key WHERE partner = $1 AND receipt = $2";
    FORGET_KEYS = "DELETE FROM intake_key WHERE at < $1 AND escalation NOT IN (SELECT id FROM escalation WHERE is_open)";
}

/// An event with what is kept beside it for explanations: how a routing came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What happened.
    pub event: Event,
    /// How it came about.
    pub detail: Option<serde_json::Value>,
}

impl From<Event> for Entry {
    fn from(event: Event) -> Self {
        Self { event, detail: None }
    }
}

/// A line of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// Which.
    pub id: EscalationId,
    /// Where it stands.
    pub state: State,
    /// What about.
    pub kind: Kind,
    /// How bad.
    pub severity: Severity,
    /// Where it came in.
    pub location: Option<LocationId>,
    /// The client, where one was found; whether the reader may know is for the caller to check.
    pub client: Option<ClientNo>,
    /// Who has it.
    pub handler: Option<PersonId>,
    /// The helpdesk ticket.
    pub ticket: Option<i64>,
    /// How often the same matter came in.
    pub times: i64,
    /// Since when.
    pub opened_at: DateTime<Utc>,
    /// When something happens next by itself.
    pub next_at: Option<DateTime<Utc>>,
}

/// What a partner sent before under a key.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct IntakeKey {
    /// The digest of what was sent.
    pub body_sha256: String,
    /// What the partner was given.
    pub receipt: Uuid,
    /// The escalation.
    escalation: Uuid,
}

impl IntakeKey {
    /// The escalation.
    pub const fn escalation(&self) -> EscalationId {
        EscalationId(self.escalation)
    }
}

/// What a partner sends now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey<'a> {
    /// Who.
    pub partner: &'a str,
    /// Under which key.
    pub key: &'a str,
    /// The digest of what was sent.
    pub body_sha256: &'a str,
    /// What the partner is given.
    pub receipt: Uuid,
    /// The escalation.
    pub escalation: EscalationId,
    /// When.
    pub at: DateTime<Utc>,
}

#[derive(FromRow)]
struct QueueRow {
    id: Uuid,
    state: String,
    kind: String,
    severity: i64,
    location: Option<String>,
    client: Option<String>,
    handler: Option<String>,
    ticket: Option<i64>,
    times: i64,
    opened_at: DateTime<Utc>,
    next_at: Option<DateTime<Utc>>,
}

fn corrupt(column: &str, reason: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt {
        table: "escalation",
        column: column.to_owned(),
        reason: reason.to_string(),
    }
}

impl TryFrom<QueueRow> for Queued {
    type Error = StoreError;

    fn try_from(row: QueueRow) -> Result<Self> {
        let severity = Severity::ALL
            .iter()
            .find(|severity| severity.rank() == row.severity)
            .ok_or_else(|| corrupt("severity", row.severity))?;
        let client = row
            .client
            .map(|no| ClientNo::parse(&no).ok_or_else(|| corrupt("client", no)))
            .transpose()?;
        Ok(Self {
            id: EscalationId(row.id),
            state: row.state.parse().map_err(|error| corrupt("state", error))?,
            kind: row.kind.parse().map_err(|error| corrupt("kind", error))?,
            severity: *severity,
            location: row.location.map(LocationId::new),
            client,
            handler: row.handler.map(PersonId::new),
            ticket: row.ticket,
            times: row.times,
            opened_at: row.opened_at,
            next_at: row.next_at,
        })
    }
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| corrupt("json", error))
}

/// The one client that it is about.
fn client(escalation: &Escalation) -> Option<&str> {
    match escalation.matched.clients() {
        [one] => Some(one.as_str()),
        _ => None,
    }
}

impl View {
    /// An escalation as its events make it.
    pub async fn escalation(&mut self, id: EscalationId) -> Result<Option<Escalation>> {
        let opening: Option<String> = run!(self, |c| sqlx::query_scalar(OPENING)
            .bind(id.0)
            .fetch_optional(c)
            .await)?;
        let Some(opening) = opening else { return Ok(None) };
        let opening: Opening = serde_json::from_str(&opening).map_err(|error| corrupt("opening", error))?;
        let events = self
            .escalation_entries(id)
            .await?
            .into_iter()
            .map(|entry| entry.event);
        Escalation::replay(opening, events)
            .map(Some)
            .map_err(|error| corrupt("events", error))
    }

    /// What happened to an escalation, in order.
    pub async fn escalation_entries(&mut self, id: EscalationId) -> Result<Vec<Entry>> {
        let rows: Vec<(String, Option<String>)> =
            run!(self, |c| sqlx::query_as(EVENTS).bind(id.0).fetch_all(c).await)?;
        rows.into_iter()
            .map(|(body, detail)| {
                Ok(Entry {
                    event: serde_json::from_str(&body).map_err(|error| corrupt("body", error))?,
                    detail: detail
                        .map(|detail| serde_json::from_str(&detail).map_err(|error| corrupt("detail", error)))
                        .transpose()?,
                })
            })
            .collect()
    }

    /// Those to which something must happen by now, the most severe first; an index answers, however many
    /// are open.
    pub async fn due_escalations(&mut self, now: DateTime<Utc>, limit: i64) -> Result<Vec<EscalationId>> {
        let ids: Vec<Uuid> = run!(self, |c| sqlx::query_scalar(DUE)
            .bind(now)
            .bind(limit)
            .fetch_all(c)
            .await)?;
        Ok(ids.into_iter().map(EscalationId).collect())
    }

    /// When the next one is due.
    pub async fn next_escalation_at(&mut self) -> Result<Option<DateTime<Utc>>> {
        Ok(run!(self, |c| sqlx::query_scalar(NEXT).fetch_one(c).await)?)
    }

    /// The open escalation of the same matter that last came in since then.
    pub async fn same_matter(&mut self, matter: &str, since: DateTime<Utc>) -> Result<Option<EscalationId>> {
        let id: Option<Uuid> = run!(self, |c| sqlx::query_scalar(SAME_MATTER)
            .bind(matter)
            .bind(since)
            .fetch_optional(c)
            .await)?;
        Ok(id.map(EscalationId))
    }

    /// The latest escalation of a helpdesk ticket.
    pub async fn escalation_of_ticket(&mut self, ticket: i64) -> Result<Option<EscalationId>> {
        let id: Option<Uuid> = run!(self, |c| sqlx::query_scalar(OF_TICKET)
            .bind(ticket)
            .fetch_optional(c)
            .await)?;
        Ok(id.map(EscalationId))
    }

    /// Whoever last had an escalation of that client, this one not looked at.
    pub async fn last_handler(&mut self, client: &ClientNo, but: EscalationId) -> Result<Option<PersonId>> {
        let person: Option<String> = run!(self, |c| sqlx::query_scalar(LAST_HANDLER)
            .bind(client.as_str())
            .bind(but.0)
            .fetch_optional(c)
            .await)?;
        Ok(person.map(PersonId::new))
    }

    /// How much everybody has on their hands.
    pub async fn escalation_loads(&mut self) -> Result<Loads> {
        let open: Vec<(String, i64)> = run!(self, |c| sqlx::query_as(OPEN_LOADS).fetch_all(c).await)?;
        let turns: Vec<(String, DateTime<Utc>)> = run!(self, |c| sqlx::query_as(TURNS).fetch_all(c).await)?;
        let open: BTreeMap<PersonId, u32> = open
            .into_iter()
            .map(|(person, count)| (PersonId::new(person), u32::try_from(count).unwrap_or(u32::MAX)))
            .collect();
        let given_at = turns
            .into_iter()
            .map(|(person, at)| (PersonId::new(person), at))
            .collect();
        Ok(Loads { open, given_at })
    }

    /// What is open, of one person or of all, the most severe first, then the oldest.
    pub async fn escalation_queue(&mut self, of: Option<&PersonId>, limit: i64) -> Result<Vec<Queued>> {
        let rows: Vec<QueueRow> = match of {
            None => run!(self, |c| sqlx::query_as(QUEUE).bind(limit).fetch_all(c).await)?,
            Some(person) => run!(self, |c| sqlx::query_as(QUEUE_OF)
                .bind(limit)
                .bind(person.as_str())
                .fetch_all(c)
                .await)?,
        };
        rows.into_iter().map(Queued::try_from).collect()
    }

    /// How many are open.
    pub async fn open_escalations(&mut self) -> Result<i64> {
        Ok(run!(self, |c| sqlx::query_scalar(OPEN_COUNT).fetch_one(c).await)?)
    }

    /// What a partner sent before under that key.
    pub async fn intake_key(&mut self, partner: &str, key: &str) -> Result<Option<IntakeKey>> {
        Ok(run!(self, |c| sqlx::query_as(KEY)
            .bind(partner)
            .bind(key)
            .fetch_optional(c)
            .await)?)
    }

    /// The escalation of a receipt, if that partner was given it.
    pub async fn receipt(&mut self, partner: &str, receipt: Uuid) -> Result<Option<EscalationId>> {
        let id: Option<Uuid> = run!(self, |c| sqlx::query_scalar(RECEIPT)
            .bind(partner)
            .bind(receipt)
            .fetch_optional(c)
            .await)?;
        Ok(id.map(EscalationId))
    }
}

impl Unit {
    /// Keeps a new escalation with its first events; `after` is what they make of it.
    pub async fn open_escalation(
        &mut self,
        matter: Option<&str>,
        entries: &[Entry],
        after: &Escalation,
        next_at: Option<DateTime<Utc>>,
    ) -> Result<()> {
        let opening = &after.opening;
        let text = json(opening)?;
        let location = opening.location.as_ref().map(LocationId::as_str);
        let handler = after.handler().map(PersonId::as_str);
        run!(self, |c| {
            sqlx::query(OPEN)
                .bind(after.id().0)
                .bind(&text)
                .bind(after.state().word())
                .bind(after.is_open())
                .bind(opening.kind.word())
                .bind(after.severity.rank())
                .bind(location)
                .bind(client(after))
                .bind(handler)
                .bind(opening.ticket)
                .bind(matter)
                .bind(i64::from(after.times))
                .bind(opening.at)
                .bind(opening.at)
                .bind(next_at)
                .bind(i64::from(after.events))
                .bind(after.id().handle())
                .execute(c)
                .await
                .map(|_| ())
        })?;
        self.keep_entries(after, entries).await
    }

    /// Keeps what happened since `before` was read; `false` where another was quicker, and then nothing is
    /// kept.
    pub async fn record_escalation(
        &mut self,
        before: &Escalation,
        entries: &[Entry],
        after: &Escalation,
        next_at: Option<DateTime<Utc>>,
    ) -> Result<bool> {
        let handler = after.handler().map(PersonId::as_str);
        let at = entries.last().map_or(after.opening.at, |entry| entry.event.at);
        let moved = run!(self, |c| {
            sqlx::query(MOVE)
                .bind(after.id().0)
                .bind(i64::from(before.events))
                .bind(after.state().word())
                .bind(after.is_open())
                .bind(after.severity.rank())
                .bind(client(after))
                .bind(handler)
                .bind(i64::from(after.times))
                .bind(at)
                .bind(next_at)
                .bind(i64::from(after.events))
                .execute(c)
                .await
                .map(|done| done.rows_affected() > 0)
        })?;
        if moved {
            self.keep_entries(after, entries).await?;
        }
        Ok(moved)
    }

    async fn keep_entries(&mut self, after: &Escalation, entries: &[Entry]) -> Result<()> {
        let first = i64::from(after.events) - i64::try_from(entries.len()).unwrap_or(0);
        for (seq, entry) in (first..).zip(entries) {
            let body = json(&entry.event)?;
            let detail = entry.detail.as_ref().map(ToString::to_string);
            run!(self, |c| {
                sqlx::query(EVENT)
                    .bind(after.id().0)
                    .bind(seq)
                    .bind(entry.event.at)
                    .bind(entry.event.what.word())
                    .bind(&body)
                    .bind(detail)
                    .execute(c)
                    .await
                    .map(|_| ())
            })?;
            if let Some(person) = entry.event.what.given_to() {
                run!(self, |c| {
                    sqlx::query(TURN)
                        .bind(person.as_str())
                        .bind(entry.event.at)
                        .execute(c)
                        .await
                        .map(|_| ())
                })?;
            }
        }
        Ok(())
    }

    /// Keeps a partner's key; `false` where it was kept before.
    pub async fn keep_intake_key(&mut self, key: &NewKey<'_>) -> Result<bool> {
        Ok(run!(self, |c| {
            sqlx::query(KEEP_KEY)
                .bind(key.partner)
                .bind(key.key)
                .bind(key.body_sha256)
                .bind(key.receipt)
                .bind(key.escalation.0)
                .bind(key.at)
                .execute(c)
                .await
                .map(|done| done.rows_affected() > 0)
        })?)
    }

    /// Forgets keys and receipts from before an instant whose escalations are done; gives how many.
    pub async fn forget_intake_keys(&mut self, before: DateTime<Utc>) -> Result<u64> {
        Ok(run!(self, |c| sqlx::query(FORGET_KEYS)
            .bind(before)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?)
    }
}
