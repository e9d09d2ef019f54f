//! What happened to tickets, and how far each module has read it.

use chrono::{DateTime, Utc};
use hammerdesk_domain::helpdesk::{Actor, TicketEvent, TicketId, WriteToken};
use serde::Serialize;
use uuid::Uuid;

use super::corrupt;
use crate::engine::{Unit, View, run, statements};
use crate::error::{Result, StoreError};

macro_rules! happened {
    ($tail:literal) => {
        concat!(
            "SELECT e.seq, e.ticket, e.name, e.at, e.is_exact, e.kind, e.by_kind, e.by_id, e.was, e.became, \
             e.conversation, coalesce(e.token, w.token) AS token, e.seen_at FROM ticket_event e \
             LEFT JOIN ticket_write w ON w.conversation = e.conversation ",
            $tail
        )
    };
}

statements! {
    TAKE_NUMBERS = "UPDATE helpdesk_sequence SET value = value + $1 WHERE id = 1 RETURNING value";
    APPEND = "INSERT INTO ticket_event (seq, ticket, name, at, is_exact, kind, by_kind, by_id, was, became, conversation, \
        token, seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (name) DO NOTHING";
    OF_TICKET = happened!("WHERE e.ticket = $1 ORDER BY e.seq");
    AFTER = happened!("WHERE e.seq > $1 ORDER BY e.seq LIMIT $2");
    CHANGED = "SELECT ticket, changed_seq AS seq FROM ticket WHERE changed_seq > $1 ORDER BY changed_seq LIMIT $2";
    TOUCH = "UPDATE ticket SET changed_seq = $2 WHERE ticket = $1";
    NEWEST = "SELECT value FROM helpdesk_sequence WHERE id = 1";
    POSITION = "SELECT seq FROM helpdesk_position WHERE reader = $1";
    MOVE = "INSERT INTO helpdesk_position (reader, seq, moved_at) VALUES ($1, $2, $3) ON CONFLICT (reader) \
        DO UPDATE SET seq = excluded.seq, moved_at = excluded.moved_at WHERE excluded.seq > helpdesk_position.seq";
}

/// Something that happened to a ticket, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Happened {
    /// Its number: later ones are greater.
    pub seq: i64,
    /// What.
    pub event: TicketEvent,
    /// The token of our own write that did it.
    pub token: Option<WriteToken>,
    /// When we learned of it.
    pub seen_at: DateTime<Utc>,
}

impl Happened {
    /// Did we do it?
    pub const fn is_ours(&self) -> bool {
        self.token.is_some()
    }
}

/// A ticket that changed in some way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct TicketChanged {
    ticket: i64,
    /// The number of its last change.
    pub seq: i64,
}

impl TicketChanged {
    /// Which ticket.
    pub const fn ticket(self) -> TicketId {
        TicketId(self.ticket)
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    seq: i64,
    ticket: i64,
    name: String,
    at: DateTime<Utc>,
    is_exact: bool,
    kind: String,
    by_kind: String,
    by_id: Option<i64>,
    was: Option<String>,
    became: Option<String>,
    conversation: Option<i64>,
    token: Option<Uuid>,
    seen_at: DateTime<Utc>,
}

impl TryFrom<Row> for Happened {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let event = TicketEvent {
            ticket: TicketId(row.ticket),
            at: row.at,
            is_exact: row.is_exact,
            kind: row
                .kind
                .parse()
                .map_err(|e| corrupt("ticket_event", "kind", &e))?,
            by: Actor {
                kind: row
                    .by_kind
                    .parse()
                    .map_err(|e| corrupt("ticket_event", "by_kind", &e))?,
                id: row.by_id,
            },
            was: row.was,
            now: row.became,
            conversation: row.conversation,
            key: row.name,
        };
        Ok(Self {
            seq: row.seq,
            event,
            token: row.token,
            seen_at: row.seen_at,
        })
    }
}

impl View {
    /// Everything that happened to a ticket, in the order in which we learned of it. Sort by `event.at` for
    /// the order in which it happened: what was said is read after the ticket it was said on.
    pub async fn ticket_trail(&mut self, ticket: TicketId) -> Result<Vec<Happened>> {
        let rows: Vec<Row> = run!(self, |c| sqlx::query_as(OF_TICKET)
            .bind(ticket.0)
            .fetch_all(c)
            .await)?;
        rows.into_iter().map(Happened::try_from).collect()
    }

    /// What happened to any ticket after that number.
    pub async fn happened_after(&mut self, seq: i64, limit: i64) -> Result<Vec<Happened>> {
        let rows: Vec<Row> = run!(self, |c| sqlx::query_as(AFTER)
            .bind(seq)
            .bind(limit)
            .fetch_all(c)
            .await)?;
        rows.into_iter().map(Happened::try_from).collect()
    }

    /// The tickets that changed in any way after that number, each once, at its last change.
    pub async fn tickets_changed_after(&mut self, seq: i64, limit: i64) -> Result<Vec<TicketChanged>> {
        Ok(run!(self, |c| sqlx::query_as(CHANGED)
            .bind(seq)
            .bind(limit)
            .fetch_all(c)
            .await)?)
    }

    /// The number of the newest change.
    pub async fn newest_change(&mut self) -> Result<i64> {
        Ok(run!(self, |c| sqlx::query_scalar(NEWEST).fetch_one(c).await)?)
    }

    /// How far a module has read the changes; `None` before it ever did.
    pub async fn helpdesk_position(&mut self, reader: &str) -> Result<Option<i64>> {
        Ok(run!(self, |c| sqlx::query_scalar(POSITION)
            .bind(reader)
            .fetch_optional(c)
            .await)?)
    }
}

impl Unit {
    /// A module has dealt with every change up to that number. It never goes back.
    pub async fn move_helpdesk_position(&mut self, reader: &str, seq: i64, at: DateTime<Utc>) -> Result<()> {
        run!(self, |c| sqlx::query(MOVE)
            .bind(reader)
            .bind(seq)
            .bind(at)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// So many new numbers, the last of them given back. Whoever asks for 0 holds the line: nobody else
    /// changes a ticket until this unit ends.
    pub(super) async fn take_numbers(&mut self, how_many: usize) -> Result<i64> {
        let how_many = i64::try_from(how_many).unwrap_or(i64::MAX);
        Ok(run!(self, |c| sqlx::query_scalar(TAKE_NUMBERS)
            .bind(how_many)
            .fetch_one(c)
            .await)?)
    }

    /// Notes what happened to one ticket and marks it as changed, also where there is no event for it.
    pub(super) async fn append(
        &mut self,
        ticket: TicketId,
        events: &[TicketEvent],
        token: Option<WriteToken>,
        seen_at: DateTime<Utc>,
    ) -> Result<i64> {
        let last = self.take_numbers(events.len().max(1)).await?;
        let first = last - i64::try_from(events.len().max(1)).unwrap_or(1) + 1;
        for (seq, event) in (first..).zip(events) {
            run!(self, |c| sqlx::query(APPEND)
                .bind(seq)
                .bind(event.ticket.0)
                .bind(event.key.as_str())
                .bind(event.at)
                .bind(event.is_exact)
                .bind(event.kind.word())
                .bind(event.by.kind.word())
                .bind(event.by.id)
                .bind(event.was.as_deref().map(super::storable))
                .bind(event.now.as_deref().map(super::storable))
                .bind(event.conversation)
                .bind(token)
                .bind(seen_at)
                .execute(c)
                .await
                .map(|_| ()))?;
        }
        run!(self, |c| sqlx::query(TOUCH)
            .bind(ticket.0)
            .bind(last)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(last)
    }
}
