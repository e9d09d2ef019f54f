//! Somebody who was asked could not be reached: it is said, and where nobody on the rung was reached the
//! rung is passed at once.

use futures_util::future::BoxFuture;
use hammerdesk_domain::escalation::model::{Actor, Event, What};

use super::{Escalations, escalation_of};
use crate::engine::{Module, Progress};

/// How many are taken at once.
const AT_ONCE: i64 = 50;

/// Takes what a platform could not bring to somebody to the ladder.
#[derive(Debug)]
pub struct Reach(pub Escalations);

impl Reach {
    async fn all(&self) -> anyhow::Result<Progress> {
        let inner = &self.0.0;
        let waiting = inner.store.read().await?.unreached(AT_ONCE).await?;
        if waiting.is_empty() {
            return Ok(Progress::Idle);
        }
        let now = inner.clock.now();
        for unreached in waiting {
            let mut unit = inner.store.write().await?;
            if unit.unreached_handled(&unreached, now).await?
                && let Some(id) = escalation_of(&unreached.key)
            {
                let what = What::Unreachable {
                    person: unreached.person(),
                    why: unreached.why.clone(),
                };
                let event = Event {
                    at: now,
                    by: Actor::Desk,
                    what,
                };
                // Where somebody has it by now, nobody has to be reached any more.
                unit.escalation_happens(id, event).await?;
            }
            unit.commit().await?;
        }
        Ok(Progress::Worked)
    }
}

impl Module for Reach {
    fn name(&self) -> &str {
        "escalate:reach"
    }

    fn step(&self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(self.all())
    }
}
