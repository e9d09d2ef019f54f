//! What is read next from the helpdesk, and what happens when it cannot be.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::helpdesk::{TicketId, WriteToken};
use hammerdesk_freshdesk::{self as fd, Client};
use hammerdesk_store::helpdesk::{Hint, Origin, TicketKept};
use hammerdesk_store::{Store, StoreError};
use serde::Serialize;

use super::listing::List;
use super::reading::{self, Place};
use super::reconcile::Reconciled;
use crate::engine::{Module, Progress};

/// Webhooks taken from the inbox at a time.
const INBOX: i64 = 200;
/// How long the bytes of a webhook are kept after it was dealt with.
const INBOX_KEPT: TimeDelta = TimeDelta::days(14);
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(5);

/// How often the helpdesk is asked.
#[derive(Debug, Clone)]
pub struct SyncSettings {
    /// For changes.
    pub poll: TimeDelta,
    /// For spam and deleted tickets; each sixth time all of them.
    pub vanished: TimeDelta,
    /// For agents, groups, fields, contacts and companies.
    pub records: TimeDelta,
    /// For everything.
    pub reconcile: TimeDelta,
}

impl Default for SyncSettings {
    fn default() -> Self {
        Self {
            poll: TimeDelta::seconds(30),
            vanished: TimeDelta::minutes(2),
            records: TimeDelta::minutes(15),
            reconcile: TimeDelta::hours(24),
        }
    }
}

/// The account. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Helpdesk {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) store: Store,
    pub(super) client: Client,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: SyncSettings,
    trouble: Mutex<Trouble>,
}

/// How the helpdesk has failed lately.
#[derive(Debug, Default)]
struct Trouble {
    in_a_row: u32,
    until: Option<DateTime<Utc>>,
}

/// Why a step did not end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stopped {
    /// The helpdesk.
    #[error(transparent)]
    Helpdesk(#[from] fd::Error),
    /// Its answer had another shape than it should; asked again it may have the right one.
    #[error("{0} was not in the shape it should be")]
    Odd(&'static str),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How far a backfill is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncProgress {
    /// What it is doing.
    pub phase: Phase,
    /// Tickets that are stored.
    pub tickets: i64,
    /// About how many there are.
    pub of_about: i64,
    /// Tickets of which what was said is still to be read.
    pub to_read: i64,
    /// Calls that were made.
    pub calls: u64,
    /// Answers that said we ask too much.
    pub throttled: u64,
    /// About how many seconds are left; nothing before there is something to go by.
    pub seconds_left: Option<u64>,
}

/// What a backfill is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Reading tickets.
    Tickets,
    /// Reading what was said on them.
    Conversations,
    /// Walking over everything once more.
    Verifying,
    /// Done.
    Done,
}

/// What a backfill came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Backfilled {
    /// The last progress.
    #[serde(flatten)]
    pub progress: SyncProgress,
    /// Is everything read that could be?
    pub is_complete: bool,
    /// What the last walk over everything found, where there was one.
    pub reconciled: Option<Reconciled>,
}

impl Helpdesk {
    /// An account.
    pub fn new(store: Store, client: Client, clock: Arc<dyn Clock>, settings: SyncSettings) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                client,
                clock,
                settings,
                trouble: Mutex::default(),
            }),
        }
    }

    /// The client, for calls nobody waits for.
    pub fn client(&self) -> &Client {
        &self.inner.client
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.inner.clock.now()
    }

    /// Asks that a ticket be read at once, as a webhook would.
    pub async fn hint(&self, ticket: TicketId) -> Result<(), StoreError> {
        let now = self.now();
        let mut unit = self.inner.store.write().await?;
        let hint = Hint {
            whole: true,
            urgency: Hint::LIVE,
            why: "asked",
            due_at: now,
        };
        unit.hint_ticket(ticket, hint, now).await?;
        unit.commit().await
    }

    /// Keeps the helpdesk's answer to our own write of a ticket: what it changed carries the token.
    pub async fn keep_written(
        &self,
        answer: &fd::Ticket,
        token: WriteToken,
    ) -> Result<TicketKept, StoreError> {
        let now = self.now();
        let Some(read) = reading::ticket(answer, Place::Single) else {
            return Ok(TicketKept::Stale);
        };
        let mut unit = self.inner.store.write().await?;
        let kept = self.keep(&mut unit, &read, Origin::written(token), now).await?;
        unit.commit().await?;
        Ok(kept)
    }

    /// Keeps the helpdesk's answer to our own note or reply.
    pub async fn keep_said(
        &self,
        answer: &fd::Conversation,
        ticket: TicketId,
        token: WriteToken,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let Some((conversation, files, _)) = reading::conversation(answer, ticket) else {
            return Ok(());
        };
        let mut unit = self.inner.store.write().await?;
        unit.keep_conversation(&conversation, &files, Some(token), now)
            .await?;
        unit.commit().await
    }

    /// One look at what webhooks said.
    pub(super) async fn live_step(&self) -> anyhow::Result<Progress> {
        if self.take_inbox().await? == Progress::Worked {
            return Ok(Progress::Worked);
        }
        let done = self.follow_next(Hint::LIVE..=Hint::LIVE).await;
        self.settle(done)
    }

    /// One look at everything else; at what webhooks said too, where nobody else does.
    pub(super) async fn step(&self, is_alone: bool) -> anyhow::Result<Progress> {
        let now = self.now();
        if self.is_paused(now) {
            return Ok(Progress::Idle);
        }
        if is_alone && self.take_inbox().await? == Progress::Worked {
            return Ok(Progress::Worked);
        }
        let done = self.next(is_alone).await;
        self.settle(done)
    }

    async fn next(&self, is_alone: bool) -> Result<Progress, Stopped> {
        let most = if is_alone { Hint::LIVE } else { Hint::ORDINARY };
        // Before everything was read once, what is new would wait for it.
        let is_first = !self.is_filled().await?;
        if is_first && self.follow_next(Hint::ORDINARY..=most).await? == Progress::Worked {
            return Ok(Progress::Worked);
        }
        if self.list_step(List::Ordinary).await? == Progress::Worked
            || self.follow_next(Hint::ORDINARY..=most).await? == Progress::Worked
            || self.list_step(List::Spam).await? == Progress::Worked
            || self.list_step(List::Deleted).await? == Progress::Worked
            || self.records_step().await? == Progress::Worked
            || self.rematch_step().await? == Progress::Worked
            || self.follow_next(Hint::BACKGROUND..=most).await? == Progress::Worked
        {
            return Ok(Progress::Worked);
        }
        self.reconcile_step().await
    }

    fn settle(&self, done: Result<Progress, Stopped>) -> anyhow::Result<Progress> {
        match done {
            Ok(progress) => {
                if progress == Progress::Worked {
                    *self.trouble() = Trouble::default();
                }
                Ok(progress)
            }
            Err(Stopped::Store(error)) => Err(error.into()),
            Err(stopped) => {
                self.note_trouble(&stopped);
                Ok(Progress::Idle)
            }
        }
    }

    fn trouble(&self) -> std::sync::MutexGuard<'_, Trouble> {
        self.inner.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_paused(&self, now: DateTime<Utc>) -> bool {
        self.trouble().until.is_some_and(|until| until > now)
    }

    fn note_trouble(&self, stopped: &Stopped) {
        let now = self.now();
        let mut trouble = self.trouble();
        let pause = match stopped {
            Stopped::Helpdesk(error)
                if error.is_unauthorised() || error.is_forbidden() || error.is_rejected() =>
            {
                LONGEST_PAUSE
            }
            Stopped::Helpdesk(error) => error
                .retry_after()
                .and_then(|wait| TimeDelta::from_std(wait).ok())
                .unwrap_or_else(|| backoff(trouble.in_a_row, TimeDelta::seconds(2))),
            _ => backoff(trouble.in_a_row, TimeDelta::seconds(2)),
        };
        trouble.in_a_row += 1;
        trouble.until = Some(now + pause);
        tracing::warn!(error = %stopped, pause_seconds = pause.num_seconds(), "the helpdesk could not be read");
    }

    /// Takes what webhooks said from the inbox to the hints.
    async fn take_inbox(&self) -> anyhow::Result<Progress> {
        let now = self.now();
        let mut view = self.inner.store.read().await?;
        let waiting = view.webhooks_waiting("freshdesk", INBOX).await?;
        drop(view);
        if waiting.is_empty() {
            return Ok(Progress::Idle);
        }
        let mut unit = self.inner.store.write().await?;
        for webhook in &waiting {
            match webhook.ticket() {
                Some(ticket) => {
                    let hint = Hint {
                        whole: true,
                        urgency: Hint::LIVE,
                        why: "webhook",
                        due_at: now,
                    };
                    unit.hint_ticket(ticket, hint, now).await?;
                }
                None => self.poll_soon(&mut unit, now).await?,
            }
            unit.webhook_handled(webhook.id, now).await?;
        }
        unit.forget_webhooks(now - INBOX_KEPT).await?;
        unit.commit().await?;
        Ok(Progress::Worked)
    }

    /// Reads everything that is not read yet, saying how far it is; what was read before is not read again.
    /// `verify` walks over everything once more at the end. Ends early, without harm, when `stop` says so.
    pub async fn backfill(
        &self,
        verify: bool,
        stop: &tokio::sync::watch::Receiver<bool>,
        mut said: impl FnMut(&SyncProgress),
    ) -> anyhow::Result<Backfilled> {
        let started = std::time::Instant::now();
        let about = self.about_how_many().await;
        let asked_at = self.now();
        if verify {
            self.reconcile_soon().await?;
        }
        loop {
            let is_done = !*stop.borrow() && self.is_backfilled(verify.then_some(asked_at)).await?;
            let progress = self.progress(about, started.elapsed(), is_done).await?;
            said(&progress);
            if is_done || *stop.borrow() {
                let reconciled = self.reconciled().await?;
                return Ok(Backfilled {
                    progress,
                    is_complete: is_done,
                    reconciled,
                });
            }
            if self.step(true).await? == Progress::Idle {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }

    async fn is_backfilled(&self, verified_after: Option<DateTime<Utc>>) -> Result<bool, StoreError> {
        for list in List::ALL {
            let state = self.list_state(list).await?;
            if !state.is_filled || state.is_running {
                return Ok(false);
            }
        }
        let mut view = self.inner.store.read().await?;
        let is_read = view
            .hints_due(self.now(), Hint::BACKGROUND..=Hint::LIVE, 1)
            .await?
            .is_empty();
        drop(view);
        if !is_read || !self.has_records().await? {
            return Ok(false);
        }
        let Some(after) = verified_after else {
            return Ok(true);
        };
        Ok(self
            .reconciled()
            .await?
            .is_some_and(|last| last.began_at >= after))
    }

    async fn progress(
        &self,
        about: i64,
        elapsed: Duration,
        is_done: bool,
    ) -> Result<SyncProgress, StoreError> {
        let mut view = self.inner.store.read().await?;
        let counts = view.helpdesk_counts().await?;
        let hints = view.hint_counts().await?;
        drop(view);
        let list = self.list_state(List::Ordinary).await?;
        let rate = self.inner.client.rate();
        let of_about = about.max(counts.tickets);
        let pages = if list.is_filled {
            0
        } else {
            (of_about - counts.tickets) / 100 + 1
        };
        let calls_left = u64::try_from(pages + hints.waiting).unwrap_or(0);
        let seconds = elapsed.as_secs();
        let seconds_left = (rate.calls >= 5 && seconds > 0).then(|| calls_left * seconds / rate.calls.max(1));
        let phase = if is_done {
            Phase::Done
        } else if !list.is_filled {
            Phase::Tickets
        } else if hints.waiting > 0 {
            Phase::Conversations
        } else {
            Phase::Verifying
        };
        Ok(SyncProgress {
            phase,
            tickets: counts.tickets,
            of_about,
            to_read: hints.waiting,
            calls: rate.calls,
            throttled: rate.throttled,
            seconds_left,
        })
    }

    /// The number of the newest ticket is about how many there are.
    async fn about_how_many(&self) -> i64 {
        let query = fd::TicketQuery {
            order: fd::TicketOrder::NewestFirst,
            per_page: 1,
            ..fd::TicketQuery::default()
        };
        match self.inner.client.tickets(&query).await {
            Ok(page) => page
                .items
                .first()
                .and_then(|ticket| i64::try_from(ticket.id).ok())
                .unwrap_or(0),
            Err(error) => {
                tracing::warn!(%error, "how many tickets there are is not known");
                0
            }
        }
    }
}

/// A pause that doubles with each failure in a row.
pub(super) fn backoff(failures: u32, first: TimeDelta) -> TimeDelta {
    (first * 2_i32.pow(failures.min(10))).min(LONGEST_PAUSE)
}

/// Reads the helpdesk in the background.
#[derive(Debug, Clone)]
pub struct Sync(pub Helpdesk);

impl Module for Sync {
    fn name(&self) -> &str {
        "sync"
    }

    fn step(&self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(self.0.step(false))
    }

    /// Background calls may wait two minutes for room.
    fn limit(&self) -> Duration {
        Duration::from_secs(600)
    }
}

/// Follows what webhooks say at once.
#[derive(Debug, Clone)]
pub struct LiveSync(pub Helpdesk);

impl Module for LiveSync {
    fn name(&self) -> &str {
        "sync:live"
    }

    fn step(&self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(self.0.live_step())
    }

    fn limit(&self) -> Duration {
        Duration::from_secs(300)
    }
}
