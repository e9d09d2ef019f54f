//! Decisions that ask for somebody, looked for when the data changed or an hour has passed.
//!
//! A sweep goes through what waits in pages and opens no more than a few at a time, so that a first start over
//! years of data floods nobody.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use hammerdesk_commands::escalate::opening::{Arrival, Whose};
use hammerdesk_domain::escalation::Way;
use hammerdesk_domain::escalation::asks::{self, Ask, Decisions};
use hammerdesk_domain::escalation::model::{Caller, Matched};
use hammerdesk_store::escalations::Waiting;
use uuid::Uuid;

use super::Arrivals;
use crate::engine::{Module, Progress};

/// Whose keys these are: no partner can be called that.
const FROM: &str = "#decisions";
/// Rows looked at in one step.
const PAGE: i64 = 200;
/// More than this are not opened in one sweep; the next one goes on.
const MOST: usize = 20;
const HOUR: i64 = 3_600;

/// Looks for decisions that ask for somebody.
#[derive(Debug)]
pub struct AskedFor {
    arrivals: Arrivals,
    sweep: Mutex<Sweep>,
}

/// Where the sweep is.
#[derive(Debug, Default, Clone)]
struct Sweep {
    /// The newest data and the hour that the last whole sweep saw.
    seen: Option<(Option<Uuid>, i64)>,
    /// Where the running one is; `None` while none runs.
    at: Option<Waiting>,
    opened: usize,
}

impl AskedFor {
    /// Nothing seen yet.
    pub fn new(arrivals: Arrivals) -> Self {
        Self {
            arrivals,
            sweep: Mutex::new(Sweep::default()),
        }
    }

    fn decisions(&self) -> Option<&Decisions> {
        let desk = self.arrivals.0.settings.desk.as_ref()?;
        Some(&desk.rulebook().escalation.decisions).filter(|decisions| !decisions.is_off())
    }

    async fn look(&self) -> anyhow::Result<Progress> {
        let inner = &self.arrivals.0;
        let Some(decisions) = self.decisions() else {
            return Ok(Progress::Idle);
        };
        let now = inner.clock.now();
        let mut sweep = self.sweep.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut view = inner.store.read().await?;
        let newest = view.batches(None, 1).await?.first().map(|batch| batch.id);
        let seen = Some((newest, now.timestamp().div_euclid(HOUR)));
        let Some(at) = sweep
            .at
            .take()
            .or_else(|| (sweep.seen != seen).then(Waiting::default))
        else {
            return Ok(Progress::Idle);
        };
        let (found, next) = view.waiting(at, PAGE).await?;
        drop(view);
        let asked = found.iter().filter_map(|one| ask_of(one, inner, decisions, now));
        for ask in asked {
            if sweep.opened < MOST && self.open(ask, now).await? {
                sweep.opened += 1;
            }
        }
        sweep.at = next;
        if sweep.at.is_none() {
            sweep.seen = seen;
            sweep.opened = 0;
        }
        let is_over = sweep.at.is_none();
        *self.sweep.lock().unwrap_or_else(PoisonError::into_inner) = sweep;
        Ok(if is_over { Progress::Idle } else { Progress::Worked })
    }

    /// `false` where it was asked for before.
    async fn open(&self, ask: Ask, now: DateTime<Utc>) -> anyhow::Result<bool> {
        if self.arrivals.is_taken(FROM, &ask.key).await? {
            return Ok(false);
        }
        let whose = ask.client.map_or(Matched::Nobody, Matched::Found);
        let arrival = Arrival {
            way: Way::Decision,
            partner: None,
            reference: Some(ask.key.clone()),
            ticket: None,
            kind: ask.kind,
            severity: ask.severity,
            location: Some(ask.location),
            language: None,
            whose: Whose::Known(whose),
            about: ask.about,
            said: ask.said,
            caller: Caller::default(),
            deadline: ask.deadline,
        };
        self.arrivals.take(FROM, &ask.key, arrival, now).await
    }
}

fn ask_of(
    one: &hammerdesk_store::escalations::Waits,
    inner: &super::Inner,
    decisions: &Decisions,
    now: DateTime<Utc>,
) -> Option<Ask> {
    use hammerdesk_store::escalations::Waits;
    let house = &inner.settings.house;
    match one {
        Waits::Payment(payment) => {
            asks::of_payment(payment, &house.of_entity(&payment.entity), decisions, now)
        }
        Waits::Dispute(dispute) => {
            asks::of_dispute(dispute, &house.of_entity(&dispute.entity), decisions, now)
        }
        Waits::Terms(terms) => asks::of_terms(terms, &house.of_entity(&terms.entity), decisions, now),
    }
}

impl Module for AskedFor {
    fn name(&self) -> &str {
        "arrivals:decisions"
    }

    fn step(&self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(self.look())
    }

    fn every(&self) -> Duration {
        Duration::from_secs(30)
    }
}
