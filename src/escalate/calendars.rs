//! The rotas' calendars are read anew every day: what a calendar program changed stands from then on.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use hammerdesk_domain::escalation::Desk;

use super::Escalations;
use crate::engine::{Module, Progress};

/// How often.
const EVERY: TimeDelta = TimeDelta::hours(24);
/// A calendar that could not be read is tried again sooner.
const AGAIN: TimeDelta = TimeDelta::hours(1);

type Read = dyn Fn(&mut Desk, DateTime<Utc>) -> Vec<String> + Send + Sync;

/// Reads the calendars into a desk, and gives what could not be read, in sentences.
#[derive(Clone)]
pub struct Reread(Arc<Read>);

impl fmt::Debug for Reread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reread").finish_non_exhaustive()
    }
}

impl Reread {
    /// Reads by that function.
    pub fn new(read: impl Fn(&mut Desk, DateTime<Utc>) -> Vec<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }
}

/// Reads the calendars when it is time.
#[derive(Debug)]
pub struct Calendars {
    escalations: Escalations,
    next_at: Mutex<DateTime<Utc>>,
}

impl Calendars {
    /// The first time a day from now: whoever starts the service has read them.
    pub fn new(escalations: Escalations) -> Self {
        let next_at = Mutex::new(escalations.0.clock.now() + EVERY);
        Self { escalations, next_at }
    }

    async fn look(&self) -> anyhow::Result<Progress> {
        let inner = &self.escalations.0;
        let now = inner.clock.now();
        let Some(Reread(read)) = inner.reread.clone() else {
            return Ok(Progress::Idle);
        };
        if now < *self.next_at.lock().unwrap_or_else(PoisonError::into_inner) {
            return Ok(Progress::Idle);
        }
        let mut desk = Desk::clone(&self.escalations.configured());
        let (desk, problems) = tokio::task::spawn_blocking(move || {
            let problems = read(&mut desk, now);
            (desk, problems)
        })
        .await?;
        for problem in &problems {
            tracing::warn!("{problem}");
        }
        *inner.desk.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(desk);
        let pause = if problems.is_empty() { EVERY } else { AGAIN };
        *self.next_at.lock().unwrap_or_else(PoisonError::into_inner) = now + pause;
        Ok(Progress::Worked)
    }
}

impl Module for Calendars {
    fn name(&self) -> &str {
        "escalate:calendars"
    }

    fn step(&self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(self.look())
    }

    fn every(&self) -> Duration {
        Duration::from_secs(60)
    }
}
