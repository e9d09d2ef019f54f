//! Takes what waits in the outbox to where it belongs: one lane after the other is leased, each in its own
//! order, several at a time.
//!
//! An attempt is noted before it is made: whoever delivers knows from it that an earlier try may have
//! landed and looks first. What a deliverer learns is persisted in the unit that ends the entry. A lane
//! that fails backs off alone.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream;
use hammerdesk_domain::clock::Clock;
use hammerdesk_store::outbox::LaneLease;
use hammerdesk_store::{Ended, Store, Unit, Waiting};

use super::cycle::{Module, Progress};

/// How long a lane stays ours while we work on it.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// Lanes claimed at once.
const LANES: i64 = 32;
/// Lanes worked on at the same time.
const AT_ONCE: usize = 8;
/// Entries taken from a lane under one lease.
const RUN: i64 = 20;
/// The first pause after a failure; it doubles.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(2);
/// The longest.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(5);

/// How one try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is on the other side, under this id.
    Delivered(String),
    /// Not now; the lane waits until then, or by the usual pauses.
    Later {
        /// Why, for the log.
        why: String,
        /// Until when, where the other side said so.
        until: Option<DateTime<Utc>>,
    },
    /// The other side will never take it.
    Refused(String),
    /// It was overtaken by events.
    Unwanted(String),
}

impl Verdict {
    /// Not now.
    pub fn later(why: impl Into<String>) -> Self {
        Self::Later {
            why: why.into(),
            until: None,
        }
    }
}

/// Knows one other side: the chat platform or the helpdesk.
pub trait Deliverer: Send + Sync {
    /// The way it serves: the part of a lane before the first colon.
    fn way(&self) -> &str;

    /// Tries once. `what.attempts` counts the tries before this one: above 0 it may be there already.
    fn deliver<'a>(&'a self, what: &'a Waiting) -> BoxFuture<'a, anyhow::Result<Verdict>>;

    /// Persists what was learnt, in the unit that ends the entry. Called for every verdict but
    /// [`Verdict::Later`].
    fn settle<'a>(
        &'a self,
        unit: &'a mut Unit,
        what: &'a Waiting,
        verdict: &'a Verdict,
    ) -> BoxFuture<'a, anyhow::Result<()>>;

    /// What was settled is visible to others from here on.
    fn settled(&self) {}
}

/// The module that serves one way.
pub struct Deliver {
    name: String,
    store: Store,
    clock: Arc<dyn Clock>,
    to: Arc<dyn Deliverer>,
}

impl Deliver {
    /// Delivers through that deliverer.
    pub fn new(store: Store, clock: Arc<dyn Clock>, to: Arc<dyn Deliverer>) -> Self {
        Self {
            name: format!("deliver:{}", to.way()),
            store,
            clock,
            to,
        }
    }

    async fn claimed(&self) -> anyhow::Result<Vec<LaneLease>> {
        let now = self.clock.now();
        // Most looks find nothing, and those change nothing either.
        let mut view = self.store.read().await?;
        if !view.has_due_lanes(self.to.way(), now).await? {
            return Ok(Vec::new());
        }
        drop(view);
        let mut unit = self.store.write().await?;
        let lanes = unit.claim_lanes(self.to.way(), now, now + LEASE, LANES).await?;
        unit.commit().await?;
        Ok(lanes)
    }

    /// Works a lane off as far as one lease goes.
    async fn work(&self, lane: LaneLease) -> anyhow::Result<()> {
        let run = self.store.read().await?.head_of_lane(&lane.lane, RUN).await?;
        let is_all = i64::try_from(run.len()).is_ok_and(|length| length < RUN);
        for what in run {
            if let Some(retry_at) = self.one(&what).await? {
                let mut unit = self.store.write().await?;
                unit.release_lane(&lane.lane, retry_at).await?;
                return Ok(unit.commit().await?);
            }
        }
        let now = self.clock.now();
        let mut unit = self.store.write().await?;
        if is_all {
            unit.rest_lane(&lane, now).await?;
        } else {
            unit.release_lane(&lane.lane, now).await?;
        }
        Ok(unit.commit().await?)
    }

    /// Tries one entry; gives when to try again where it has not ended.
    async fn one(&self, what: &Waiting) -> anyhow::Result<Option<DateTime<Utc>>> {
        let mut unit = self.store.write().await?;
        unit.note_attempt(what.id, self.clock.now()).await?;
        unit.commit().await?;
        let verdict = match self.to.deliver(what).await {
            Ok(verdict) => verdict,
            Err(error) => {
                tracing::warn!(
                    way = self.to.way(),
                    token = what.what.token,
                    error = format!("{error:#}"),
                    "a delivery failed and is tried again"
                );
                Verdict::later("it failed")
            }
        };
        let now = self.clock.now();
        let (how, outcome) = match &verdict {
            Verdict::Delivered(id) => (Ended::Delivered, id),
            Verdict::Refused(why) => {
                tracing::error!(
                    way = self.to.way(),
                    token = what.what.token,
                    why,
                    "the other side will not take this"
                );
                (Ended::Refused, why)
            }
            Verdict::Unwanted(why) => (Ended::Unwanted, why),
            Verdict::Later { why, until } => {
                metrics::counter!("hammerdesk_delivery_retries_total", "way" => self.to.way().to_owned())
                    .increment(1);
                tracing::debug!(way = self.to.way(), token = what.what.token, why, "not now");
                return Ok(Some(until.unwrap_or_else(|| now + pause(what.attempts))));
            }
        };
        let mut unit = self.store.write().await?;
        if unit.end_outgoing(what.id, how, outcome, now).await? {
            self.to.settle(&mut unit, what, &verdict).await?;
        }
        unit.commit().await?;
        self.to.settled();
        metrics::counter!("hammerdesk_deliveries_total", "way" => self.to.way().to_owned(), "how" => match how {
            Ended::Delivered => "delivered",
            Ended::Refused => "refused",
            Ended::Unwanted => "unwanted",
        })
        .increment(1);
        Ok(None)
    }
}

/// Doubles with each try.
fn pause(attempts: i64) -> TimeDelta {
    let doublings = i32::try_from(attempts.clamp(0, 12)).unwrap_or(12);
    (FIRST_PAUSE * (1 << doublings)).min(LONGEST_PAUSE)
}

impl Module for Deliver {
    fn name(&self) -> &str {
        &self.name
    }

    fn limit(&self) -> Duration {
        Duration::from_secs(110)
    }

    fn step(&self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(async {
            let lanes = self.claimed().await?;
            if lanes.is_empty() {
                return Ok(Progress::Idle);
            }
            let mut works = stream::iter(lanes)
                .map(|lane| self.work(lane))
                .buffer_unordered(AT_ONCE);
            while let Some(worked) = works.next().await {
                worked?;
            }
            Ok(Progress::Worked)
        })
    }
}
