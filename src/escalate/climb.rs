//! The step that everything hangs on: what is due is decided, kept, and told, one escalation at a time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use hammerdesk_domain::escalation::choose::Loads;
use hammerdesk_domain::escalation::model::{Actor, Event, Standing, What};
use hammerdesk_domain::escalation::plan::{Plan, World, plan};
use hammerdesk_domain::escalation::{Desk, Escalation, EscalationId};
use hammerdesk_store::escalations::Entry;

use super::Escalations;
use super::world::{Known, sales_at};
use crate::engine::{Module, Progress};

/// How many are taken at once.
const AT_ONCE: i64 = 200;
/// How long one that cannot be dealt with is left alone, so that it holds up no other.
const LEFT_ALONE: TimeDelta = TimeDelta::minutes(1);
/// What was resolved so long ago is closed for good.
const CLOSED_AFTER: TimeDelta = TimeDelta::days(7);

/// Routes, climbs, notices silence, and tells.
#[derive(Debug)]
pub struct Climb(pub Escalations);

impl Climb {
    async fn all(&self) -> anyhow::Result<Progress> {
        let inner = &self.0.0;
        let now = inner.clock.now();
        let mut view = inner.store.read().await?;
        let due = view.due_escalations(now, AT_ONCE).await?;
        if due.is_empty() {
            return Ok(Progress::Idle);
        }
        let desk = self.0.desk(&mut view, now).await?;
        let mut loads = view.escalation_loads().await?;
        drop(view);
        for id in due {
            if let Err(error) = self.one(id, &desk, &mut loads, now).await {
                metrics::counter!("hammerdesk_escalation_failures_total").increment(1);
                tracing::error!(
                    escalation = %id,
                    error = format!("{error:#}"),
                    "an escalation could not be dealt with and is tried again"
                );
                let mut unit = inner.store.write().await?;
                unit.postpone_escalation(id, now + LEFT_ALONE).await?;
                unit.commit().await?;
            }
        }
        Ok(Progress::Worked)
    }

    fn decide(
        &self,
        before: &Escalation,
        desk: &Desk,
        known: &Known,
        loads: &Loads,
        now: DateTime<Utc>,
    ) -> Plan {
        let world = World {
            desk,
            clients: &known.facts,
            sales_at: &sales_at(desk, now),
            last_handler: known.last_handler.as_ref(),
            loads,
            working: &self.0.0.hours,
        };
        closing(plan(before, &world, now), now)
    }

    async fn one(
        &self,
        id: EscalationId,
        desk: &Desk,
        loads: &mut Loads,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let inner = &self.0.0;
        let mut unit = inner.store.write().await?;
        let Some(before) = unit.escalation(id).await? else {
            return Ok(());
        };
        let known = Known::look(&mut unit, &before).await?;
        let planned = self.decide(&before, desk, &known, loads, now);
        let entries: Vec<Entry> = planned
            .steps
            .iter()
            .map(|step| Entry {
                event: step.event.clone(),
                detail: step
                    .decision
                    .as_ref()
                    .and_then(|decision| serde_json::to_value(decision).ok()),
            })
            .collect();
        // Always kept, also where nothing happened: it must not be due again at once.
        if !unit
            .record_escalation(&before, &entries, &planned.after, planned.next_at)
            .await?
        {
            // Somebody else was quicker; it is still due.
            return Ok(());
        }
        self.tell(&mut unit, &planned.after, desk, &known, now).await?;
        unit.commit().await?;
        for entry in &entries {
            if let Some(person) = entry.event.what.given_to() {
                loads.give(person, now);
            }
            metrics::counter!("hammerdesk_escalation_steps_total", "what" => entry.event.what.word())
                .increment(1);
        }
        Ok(())
    }
}

/// What is resolved is closed for good in the end.
fn closing(mut planned: Plan, now: DateTime<Utc>) -> Plan {
    let Standing::Resolved { at, .. } = &planned.after.standing else {
        return planned;
    };
    let closes_at = *at + CLOSED_AFTER;
    planned.next_at = Some(closes_at);
    if closes_at > now {
        return planned;
    }
    let event = Event {
        at: now,
        by: Actor::Desk,
        what: What::Closed,
    };
    if let Ok(after) = planned.after.apply(&event) {
        planned.steps.push(hammerdesk_domain::escalation::plan::Step {
            event,
            tell: std::collections::BTreeSet::new(),
            note: String::new(),
            decision: None,
        });
        planned = Plan {
            after,
            next_at: None,
            ..planned
        };
    }
    planned
}

impl Module for Climb {
    fn name(&self) -> &str {
        "escalate"
    }

    fn step(&self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(self.all())
    }

    fn every(&self) -> Duration {
        Duration::from_millis(250)
    }
}
