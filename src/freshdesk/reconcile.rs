//! The slow walk over everything, which proves that nothing was missed, or finds what was.
//!
//! It asks for every ticket there is, as cheaply as a list can be had, and compares number and last change.
//! What differs is read again; what is here and not there is looked for; of the tickets still being worked
//! on, what was said is read again too, since not every change of words moves the ticket's own last change.

use chrono::{DateTime, Utc};
use hammerdesk_domain::helpdesk::{Gone, TicketId};
use hammerdesk_freshdesk::TicketQuery;
use hammerdesk_store::StoreError;
use hammerdesk_store::helpdesk::Hint;
use serde::{Deserialize, Serialize};

use super::listing::BEGINNING;
use super::sync::{Helpdesk, Stopped};
use super::walk::{Next, Walk};
use crate::engine::Progress;

const CURSOR: &str = "reconcile";
/// Tickets looked at in one unit.
const AT_ONCE: i64 = 500;

/// What a walk over everything found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    /// When it began.
    pub began_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// Tickets it met, those twice that changed meanwhile.
    pub met: u64,
    /// Tickets nobody knew.
    pub unknown: u64,
    /// Tickets that had changed without anybody noticing.
    pub differing: u64,
    /// Tickets that were no longer there.
    pub vanished: u64,
}

impl Reconciled {
    /// Had nothing been missed?
    pub const fn is_clean(&self) -> bool {
        self.unknown + self.differing + self.vanished == 0
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    walk: Walk,
    number: i64,
    found: Reconciled,
    stage: Stage,
    next_at: DateTime<Utc>,
    last: Option<Reconciled>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    /// Waiting for its time.
    Resting,
    /// Walking over the list.
    Listing,
    /// Looking for what the list did not have, from that ticket on.
    Missing(i64),
    /// Asking for the words on open tickets, from that ticket on.
    Words(i64),
}

impl State {
    fn new(now: DateTime<Utc>) -> Self {
        Self {
            walk: Walk::from(BEGINNING),
            number: now.timestamp_micros(),
            found: Reconciled {
                began_at: now,
                ended_at: now,
                met: 0,
                unknown: 0,
                differing: 0,
                vanished: 0,
            },
            stage: Stage::Resting,
            next_at: now,
            last: None,
        }
    }
}

impl Helpdesk {
    /// What the last walk over everything found.
    pub async fn reconciled(&self) -> Result<Option<Reconciled>, StoreError> {
        let mut view = self.inner.store.read().await?;
        let state: Option<State> = view.helpdesk_cursor(CURSOR).await?;
        Ok(state.and_then(|state| state.last))
    }

    /// The next walk over everything begins as soon as there is time for it.
    pub async fn reconcile_soon(&self) -> Result<(), StoreError> {
        let now = self.now();
        let mut unit = self.inner.store.write().await?;
        let last = unit
            .helpdesk_cursor::<State>(CURSOR)
            .await?
            .and_then(|state| state.last);
        let state = State {
            last,
            ..State::new(now)
        };
        unit.save_helpdesk_cursor(CURSOR, &state, now).await?;
        unit.commit().await
    }

    pub(super) async fn reconcile_step(&self) -> Result<Progress, Stopped> {
        let now = self.now();
        if !self.is_filled().await? {
            return Ok(Progress::Idle);
        }
        let mut view = self.inner.store.read().await?;
        let stored: Option<State> = view.helpdesk_cursor(CURSOR).await?;
        drop(view);
        let Some(mut state) = stored else {
            // Everything was read just now; there is nothing to prove yet.
            let state = State {
                next_at: now + self.inner.settings.reconcile,
                ..State::new(now)
            };
            self.save_reconcile(&state, now).await?;
            return Ok(Progress::Worked);
        };
        match state.stage {
            Stage::Resting if state.next_at > now => return Ok(Progress::Idle),
            Stage::Resting => {
                let last = state.last.take();
                state = State {
                    stage: Stage::Listing,
                    last,
                    ..State::new(now)
                };
                self.list_all(state).await?;
            }
            Stage::Listing => self.list_all(state).await?,
            Stage::Missing(after) => self.look_for_missing(state, TicketId(after)).await?,
            Stage::Words(after) => self.ask_for_words(state, TicketId(after)).await?,
        }
        Ok(Progress::Worked)
    }

    async fn save_reconcile(&self, state: &State, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut unit = self.inner.store.write().await?;
        unit.save_helpdesk_cursor(CURSOR, state, now).await?;
        unit.commit().await
    }

    async fn list_all(&self, mut state: State) -> Result<(), Stopped> {
        let query = TicketQuery::since(state.walk.from).page(state.walk.page);
        let page = self.inner.client.tickets(&query).await?;
        if !page.unreadable.is_empty() {
            return Err(Stopped::Odd("a ticket in a list"));
        }
        let now = self.now();
        let mut seen = Vec::with_capacity(page.items.len());
        let mut unit = self.inner.store.write().await?;
        for ticket in &page.items {
            let (Ok(number), Some(updated_at)) = (i64::try_from(ticket.id), ticket.updated_at) else {
                continue;
            };
            seen.push((number, updated_at));
            let id = TicketId(number);
            state.found.met += 1;
            let known = unit.ticket_known(id).await?;
            let is_missed = match &known {
                None => {
                    state.found.unknown += 1;
                    true
                }
                Some((stored_at, gone)) => {
                    let differs = *stored_at < updated_at || !gone.is_empty();
                    // What changed since this walk began is for the next poll, not missed.
                    state.found.differing += u64::from(differs && updated_at < state.found.began_at);
                    differs
                }
            };
            if is_missed {
                unit.hint_ticket(id, hint(true, "missed", now), now).await?;
            }
            unit.ticket_walked(id, state.number).await?;
        }
        match state.walk.take(&seen, page.more) {
            Next::Ask | Next::Overflow(_) => {}
            Next::End => state.stage = Stage::Missing(0),
        }
        unit.save_helpdesk_cursor(CURSOR, &state, now).await?;
        Ok(unit.commit().await?)
    }

    async fn look_for_missing(&self, mut state: State, after: TicketId) -> Result<(), StoreError> {
        let now = self.now();
        let mut unit = self.inner.store.write().await?;
        let missing = unit
            .tickets_not_walked(Gone::Here, state.number, state.found.began_at, after, AT_ONCE)
            .await?;
        for id in &missing {
            unit.hint_ticket(*id, hint(true, "missing", now), now).await?;
        }
        state.found.vanished += u64::try_from(missing.len()).unwrap_or(0);
        state.stage = match missing.last() {
            Some(last) => Stage::Missing(last.0),
            None => Stage::Words(0),
        };
        unit.save_helpdesk_cursor(CURSOR, &state, now).await?;
        unit.commit().await
    }

    async fn ask_for_words(&self, mut state: State, after: TicketId) -> Result<(), StoreError> {
        let now = self.now();
        let mut unit = self.inner.store.write().await?;
        let open = unit.tickets_open(after, AT_ONCE).await?;
        for id in &open {
            unit.hint_ticket(*id, hint(false, "audit", now), now).await?;
        }
        match open.last() {
            Some(last) => state.stage = Stage::Words(last.0),
            None => {
                state.found.ended_at = now;
                if !state.found.is_clean() {
                    let Reconciled {
                        unknown,
                        differing,
                        vanished,
                        ..
                    } = state.found;
                    tracing::warn!(
                        unknown,
                        differing,
                        vanished,
                        "a walk over all tickets found what was missed"
                    );
                }
                state.last = Some(state.found.clone());
                state.stage = Stage::Resting;
                state.next_at = now + self.inner.settings.reconcile;
            }
        }
        unit.save_helpdesk_cursor(CURSOR, &state, now).await?;
        unit.commit().await
    }
}

const fn hint(whole: bool, why: &'static str, due_at: DateTime<Utc>) -> Hint {
    Hint {
        whole,
        urgency: Hint::BACKGROUND,
        why,
        due_at,
    }
}
