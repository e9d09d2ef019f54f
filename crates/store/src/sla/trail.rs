//! What happened on a ticket, as its clocks see it: what the helpdesk tells, and what it does not.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use hammerdesk_domain::helpdesk::{Conversation, TicketId};
use hammerdesk_domain::sla::event::{By, Channel, Event, What};

use super::{json, parsed};
use crate::engine::{Unit, View, run, statements};
use crate::error::Result;

statements! {
    NOTE = "INSERT INTO sla_event (name, ticket, at, body, noted_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO NOTHING";
    OWN = "SELECT body FROM sla_event WHERE ticket = $1 ORDER BY at, name";
    WAKE = "INSERT INTO sla_wake (ticket, asked) VALUES ($1, 1) ON CONFLICT (ticket) DO UPDATE SET asked = sla_wake.asked + 1";
    WOKEN = "SELECT ticket, asked FROM sla_wake ORDER BY ticket LIMIT $1";
    SLEEP = "DELETE FROM sla_wake WHERE ticket = $1 AND asked = $2";
    KEEP = "INSERT INTO sla_ticket (ticket, events, is_open) VALUES ($1, $2, $3) ON CONFLICT (ticket) DO UPDATE \
        SET events = excluded.events, is_open = excluded.is_open \
        WHERE sla_ticket.events <> excluded.events OR sla_ticket.is_open <> excluded.is_open";
    ONE = "SELECT events FROM sla_ticket WHERE ticket = $1";
    OPEN = "SELECT ticket, events FROM sla_ticket WHERE is_open AND ticket > $1 ORDER BY ticket LIMIT $2";
    ALL = "SELECT ticket, events FROM sla_ticket WHERE ticket > $1 ORDER BY ticket LIMIT $2";
    COUNTS = "SELECT (SELECT CAST(count(*) AS BIGINT) FROM sla_ticket) AS tickets, \
        (SELECT CAST(count(*) AS BIGINT) FROM sla_ticket WHERE is_open) AS open";
}

/// How many tickets there are with clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct SlaCounts {
    /// All.
    pub tickets: i64,
    /// With a promise that is still owed.
    pub open: i64,
}

fn read(rows: Vec<(i64, String)>) -> Result<Vec<(TicketId, Vec<Event>)>> {
    rows.into_iter()
        .map(|(ticket, events)| Ok((TicketId(ticket), parsed("sla_ticket", "events", &events)?)))
        .collect()
}

impl View {
    /// Everything that happened to a ticket, put together anew from what the helpdesk told and our own.
    pub async fn gather_sla_events(&mut self, ticket: TicketId) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        if let Some(stored) = self.ticket(ticket).await? {
            let channel = Channel::of_source(stored.ticket.source);
            let said: HashMap<i64, Conversation> = self
                .conversations(ticket)
                .await?
                .into_iter()
                .map(|said| (said.conversation.id, said.conversation))
                .collect();
            for happened in self.ticket_trail(ticket).await? {
                let about = happened.event.conversation.and_then(|id| said.get(&id));
                // What carries our token was written for a person who asked for it: that is an agent's word.
                events.extend(Event::of_ticket(&happened.event, channel, about, None));
            }
        }
        let own: Vec<String> = run!(self, |c| sqlx::query_scalar(OWN)
            .bind(ticket.0)
            .fetch_all(c)
            .await)?;
        for body in own {
            events.push(parsed("sla_event", "body", &body)?);
        }
        Ok(events)
    }

    /// The same as it was put together last; nothing where nobody did.
    pub async fn sla_events(&mut self, ticket: TicketId) -> Result<Vec<Event>> {
        let events: Option<String> = run!(self, |c| sqlx::query_scalar(ONE)
            .bind(ticket.0)
            .fetch_optional(c)
            .await)?;
        events.map_or(Ok(Vec::new()), |events| parsed("sla_ticket", "events", &events))
    }

    /// Tickets with a promise that is still owed, by number.
    pub async fn sla_events_of_open(
        &mut self,
        after: TicketId,
        limit: i64,
    ) -> Result<Vec<(TicketId, Vec<Event>)>> {
        read(run!(self, |c| sqlx::query_as(OPEN)
            .bind(after.0)
            .bind(limit)
            .fetch_all(c)
            .await)?)
    }

    /// All tickets with clocks, by number.
    pub async fn sla_events_of_all(
        &mut self,
        after: TicketId,
        limit: i64,
    ) -> Result<Vec<(TicketId, Vec<Event>)>> {
        read(run!(self, |c| sqlx::query_as(ALL)
            .bind(after.0)
            .bind(limit)
            .fetch_all(c)
            .await)?)
    }

    /// Tickets that are to be judged again, with how often that was asked.
    pub async fn woken_tickets(&mut self, limit: i64) -> Result<Vec<(TicketId, i64)>> {
        let rows: Vec<(i64, i64)> = run!(self, |c| sqlx::query_as(WOKEN).bind(limit).fetch_all(c).await)?;
        Ok(rows
            .into_iter()
            .map(|(ticket, asked)| (TicketId(ticket), asked))
            .collect())
    }

    /// How many tickets there are with clocks.
    pub async fn sla_counts(&mut self) -> Result<SlaCounts> {
        Ok(run!(self, |c| sqlx::query_as(COUNTS).fetch_one(c).await)?)
    }
}

impl Unit {
    /// Notes something that happened on a ticket and that the helpdesk does not tell, once for its name; the
    /// ticket is judged again. `false`: it was noted before.
    pub async fn note_sla_event(
        &mut self,
        ticket: TicketId,
        event: &Event,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let is_new = self.put_sla_event(ticket, event, now).await?;
        if is_new {
            self.wake_ticket(ticket).await?;
        }
        Ok(is_new)
    }

    /// The same, for whoever judges the ticket in this very unit.
    pub async fn put_sla_event(
        &mut self,
        ticket: TicketId,
        event: &Event,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let body = json("sla_event", event)?;
        Ok(run!(self, |c| sqlx::query(NOTE)
            .bind(&event.id)
            .bind(ticket.0)
            .bind(event.at)
            .bind(&body)
            .bind(now)
            .execute(c)
            .await
            .map(|done| done.rows_affected() > 0))?)
    }

    /// An escalation of a ticket waits for somebody to take notice of it, since `at`: a promise like any
    /// other. `due_at` is when its ladder says; else the policy does. Say it as often as you like.
    pub async fn sla_escalated(
        &mut self,
        ticket: TicketId,
        escalation: &str,
        due_at: Option<DateTime<Utc>>,
        by: By,
        at: DateTime<Utc>,
    ) -> Result<bool> {
        let escalation = escalation.to_owned();
        let name = format!("escalated:{escalation}");
        let event = Event::new(at, name, by, What::Escalated { escalation, due_at });
        self.note_sla_event(ticket, &event, at).await
    }

    /// Somebody took notice of it.
    pub async fn sla_acknowledged(
        &mut self,
        ticket: TicketId,
        escalation: &str,
        by: By,
        at: DateTime<Utc>,
    ) -> Result<bool> {
        let escalation = escalation.to_owned();
        let name = format!("acknowledged:{escalation}");
        let event = Event::new(at, name, by, What::Acknowledged { escalation });
        self.note_sla_event(ticket, &event, at).await
    }

    /// It ended without that, because nobody needs it any more.
    pub async fn sla_escalation_dropped(
        &mut self,
        ticket: TicketId,
        escalation: &str,
        by: By,
        at: DateTime<Utc>,
    ) -> Result<bool> {
        let escalation = escalation.to_owned();
        let name = format!("escalation-dropped:{escalation}");
        let event = Event::new(at, name, by, What::EscalationDropped { escalation });
        self.note_sla_event(ticket, &event, at).await
    }

    /// The ticket is to be judged again, and its cards written.
    pub async fn wake_ticket(&mut self, ticket: TicketId) -> Result<()> {
        run!(self, |c| sqlx::query(WAKE)
            .bind(ticket.0)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// It was, as often as it was asked by then.
    pub async fn ticket_judged(&mut self, ticket: TicketId, asked: i64) -> Result<()> {
        run!(self, |c| sqlx::query(SLEEP)
            .bind(ticket.0)
            .bind(asked)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Keeps what happened to a ticket, put together; `is_open`: is a promise still owed?
    pub async fn keep_sla_events(&mut self, ticket: TicketId, events: &[Event], is_open: bool) -> Result<()> {
        let events = json("sla_ticket", &events)?;
        run!(self, |c| sqlx::query(KEEP)
            .bind(ticket.0)
            .bind(&events)
            .bind(is_open)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }
}
