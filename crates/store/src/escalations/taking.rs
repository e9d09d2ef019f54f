//! What changes an escalation from outside of the rules: something comes in, somebody presses a button.
//!
//! Whatever is kept here is due at once, so that the engine tells chat and helpdesk of it; how far it has
//! told is kept beside the events. Two who bring the same matter at once are taken one after the other.

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_domain::escalation::matter::matter;
use hammerdesk_domain::escalation::model::{Actor, Escalation, EscalationId, Event, Opening, Refused, What};
use uuid::Uuid;

use super::{Entry, corrupt};
use crate::engine::{Unit, View, run, statements};
use crate::error::Result;

statements! {
    HOLD = "INSERT INTO matter_held (matter, held_at) VALUES ($1, $2) ON CONFLICT (matter) \
            DO UPDATE SET held_at = excluded.held_at";
    LET_GO = "DELETE FROM matter_held WHERE held_at < $1";
    CALLED = "SELECT id FROM escalation WHERE handle = $1 ORDER BY id DESC LIMIT 9";
    TOLD = "UPDATE escalation SET told = $2 WHERE id = $1";
    HOW_MUCH_TOLD = "SELECT told FROM escalation WHERE id = $1";
    POSTPONE = "UPDATE escalation SET next_at = $2 WHERE id = $1 AND next_at < $2";
    WAKE = "UPDATE escalation SET next_at = $2 WHERE id = $1 AND (next_at IS NULL OR next_at > $2)";
}

/// How often a change is tried again where another was quicker; under PostgreSQL only.
const TRIES: usize = 8;

/// What became of something that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakenIn {
    /// It is an escalation of its own.
    Opened(Box<Escalation>),
    /// It is the same matter as that one, which counts it.
    Joined(Box<Escalation>),
}

impl TakenIn {
    /// The escalation that it is, or is part of.
    pub fn escalation(&self) -> &Escalation {
        match self {
            Self::Opened(escalation) | Self::Joined(escalation) => escalation,
        }
    }
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// It is kept; before and after.
    Kept(Box<(Escalation, Escalation)>),
    /// It cannot be as the escalation stands.
    Refused(Refused),
    /// There is no such escalation.
    Unknown,
}

impl Unit {
    /// Takes in what came in: as an escalation of its own, or joined to the open one of the same matter
    /// that last came in within that time. Due at once.
    pub async fn take_in_escalation(
        &mut self,
        opening: &Opening,
        by: Actor,
        join_within: TimeDelta,
    ) -> Result<TakenIn> {
        let now = opening.at;
        let matter = matter(opening);
        if let Some(matter) = &matter {
            // Whoever brings the same matter waits here until this unit ends, and then sees what it kept.
            run!(self, |c| sqlx::query(HOLD)
                .bind(matter)
                .bind(now)
                .execute(c)
                .await
                .map(|_| ()))?;
            let joined = What::Joined {
                way: opening.way,
                said: opening.said.clone(),
                reference: opening.reference.clone(),
                ticket: opening.ticket,
                severity: opening.severity,
            };
            let event = Event {
                at: now,
                by: by.clone(),
                what: joined,
            };
            if let Some(earlier) = self.same_matter(matter, now - join_within).await?
                && let Happened::Kept(kept) = self.escalation_happens(earlier, event).await?
            {
                return Ok(TakenIn::Joined(Box::new(kept.1)));
            }
        }
        let event = Event {
            at: now,
            by,
            what: What::Created,
        };
        let after = Escalation::open(opening.clone())
            .apply(&event)
            .map_err(|error| corrupt("events", error))?;
        self.open_escalation(matter.as_deref(), &[event.into()], &after, Some(now))
            .await?;
        Ok(TakenIn::Opened(Box::new(after)))
    }

    /// Keeps that something happened to an escalation, which is then due at once.
    pub async fn escalation_happens(&mut self, id: EscalationId, event: Event) -> Result<Happened> {
        for _ in 0..TRIES {
            let Some(before) = self.escalation(id).await? else {
                return Ok(Happened::Unknown);
            };
            let after = match before.apply(&event) {
                Ok(after) => after,
                Err(refused) => return Ok(Happened::Refused(refused)),
            };
            let entry = Entry::from(event.clone());
            if self
                .record_escalation(&before, &[entry], &after, Some(event.at))
                .await?
            {
                return Ok(Happened::Kept(Box::new((before, after))));
            }
        }
        Err(corrupt("events", "others were always quicker"))
    }

    /// The first so many events of an escalation are told to chat and helpdesk, in this unit.
    pub async fn escalation_told(&mut self, id: EscalationId, events: u32) -> Result<()> {
        run!(self, |c| sqlx::query(TOLD)
            .bind(id.0)
            .bind(i64::from(events))
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Has the engine look at an escalation no later than that instant.
    pub async fn wake_escalation(&mut self, id: EscalationId, at: DateTime<Utc>) -> Result<()> {
        run!(self, |c| sqlx::query(WAKE)
            .bind(id.0)
            .bind(at)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Leaves an escalation alone until that instant, where it is due before.
    pub async fn postpone_escalation(&mut self, id: EscalationId, until: DateTime<Utc>) -> Result<()> {
        run!(self, |c| sqlx::query(POSTPONE)
            .bind(id.0)
            .bind(until)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Forgets which matters came in before an instant; gives how many.
    pub async fn forget_matters(&mut self, before: DateTime<Utc>) -> Result<u64> {
        Ok(run!(self, |c| sqlx::query(LET_GO)
            .bind(before)
            .execute(c)
            .await
            .map(|done| done.rows_affected()))?)
    }
}

impl View {
    /// The escalations that people may mean by a short name or a whole id, the latest first.
    pub async fn escalations_called(&mut self, name: &str) -> Result<Vec<EscalationId>> {
        let name = name.trim();
        let name = name
            .strip_prefix("E-")
            .or_else(|| name.strip_prefix("e-"))
            .unwrap_or(name);
        if let Ok(id) = Uuid::parse_str(name) {
            let id = EscalationId(id);
            return Ok(self.escalation(id).await?.map(|_| id).into_iter().collect());
        }
        let ids: Vec<Uuid> = run!(self, |c| sqlx::query_scalar(CALLED)
            .bind(name.to_ascii_lowercase())
            .fetch_all(c)
            .await)?;
        Ok(ids.into_iter().map(EscalationId).collect())
    }

    /// How many of an escalation's events chat and helpdesk were told of.
    pub async fn escalation_told_up_to(&mut self, id: EscalationId) -> Result<u32> {
        let told: Option<i64> = run!(self, |c| sqlx::query_scalar(HOW_MUCH_TOLD)
            .bind(id.0)
            .fetch_optional(c)
            .await)?;
        Ok(u32::try_from(told.unwrap_or(0)).unwrap_or(0))
    }
}
