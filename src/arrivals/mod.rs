//! What hands itself over: tickets of the helpdesk that a rule of `[[escalation.tickets]]` takes, and decisions
//! of ours that ask for somebody.
//!
//! Promises: each opens its escalation once, whatever is read again and whenever the process died; it comes in
//! by the same way as a partner's request, so that the same matter is joined.

mod decisions;
mod tickets;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use hammerdesk_commands::escalate::opening::{self, Arrival};
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::escalation::model::Actor;
use hammerdesk_domain::ids::new_id;
use hammerdesk_store::Store;
use hammerdesk_store::escalations::NewKey;

pub use decisions::AskedFor;
pub use tickets::FromTickets;

use crate::engine::Nudge;

/// Where arrivals are kept. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Arrivals(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    settings: Arc<Settings>,
    clock: Arc<dyn Clock>,
    nudge: Nudge,
}

impl Arrivals {
    /// Into that store.
    pub fn new(store: Store, settings: Arc<Settings>, clock: Arc<dyn Clock>, nudge: Nudge) -> Self {
        Self(Arc::new(Inner {
            store,
            settings,
            clock,
            nudge,
        }))
    }

    /// Was that one taken before?
    async fn is_taken(&self, from: &str, key: &str) -> anyhow::Result<bool> {
        let mut view = self.0.store.read().await?;
        Ok(view.intake_key(from, key).await?.is_some())
    }

    /// Opens or joins the escalation of that arrival, once for its key. `false`: it was taken before.
    async fn take(
        &self,
        from: &str,
        key: &str,
        arrival: Arrival,
        now: DateTime<Utc>,
    ) -> anyhow::Result<bool> {
        let Inner {
            store,
            settings,
            nudge,
            ..
        } = self.0.as_ref();
        let opening = opening::opening(store, settings, arrival, now).await?;
        let mut unit = store.write().await?;
        let kept = opening::keep(&mut unit, settings, &opening, &Actor::Desk).await?;
        let new_key = NewKey {
            partner: from,
            key,
            body_sha256: "",
            receipt: new_id(now),
            escalation: kept.id,
            at: now,
        };
        // The key decides: where it is there already, nothing of this unit becomes visible.
        if !unit.keep_intake_key(&new_key).await? {
            return Ok(false);
        }
        unit.commit().await?;
        nudge.nudge();
        Ok(true)
    }
}
