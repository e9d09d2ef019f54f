//! What makes promises move: it reads what happened, judges the clocks of the tickets, and tells people in
//! time.
//!
//! Nothing is decided by a timer. A step reads what changed and which instants have come, judges those tickets
//! from all that happened on them, and writes rows, what fell due and what is to be seen in chat in one unit.
//! So a step that comes late, or after a day, makes the same record as one that came in time.

mod card;
mod carry_over;
mod decide;
mod digest;
mod keep;
mod look;
mod rules;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use hammerdesk_commands::Commands;
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::chat::Channel;
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_domain::ids::{ChannelId, LocationId};
use hammerdesk_domain::sla::policy::Rulebook;
use hammerdesk_store::Store;
use hammerdesk_store::sla::Audience;

use crate::App;
use crate::bridge::BridgeRule;
use crate::engine::{Module, Progress};

pub use carry_over::{CarriedOver, carry_over};

/// How far it has read what changed in the helpdesk.
const READER: &str = "sla";
/// Tickets that are judged in one unit.
const AT_ONCE: i64 = 50;

/// How long a start waits for the helpdesk to be read.
const PATIENCE: TimeDelta = TimeDelta::minutes(2);

/// Everything it works with. Cheap to clone.
#[derive(Clone)]
pub struct Sla(Arc<Inner>);

struct Inner {
    store: Store,
    commands: Commands,
    settings: Arc<Settings>,
    clock: Arc<dyn Clock>,
    bridge: Vec<BridgeRule>,
    /// Where people read the tickets.
    site: String,
    /// The rules as they were last read.
    book: Mutex<Option<Known>>,
    /// Is there a helpdesk that is to be read up to now before anybody is told anything?
    follows: bool,
    /// Since when it runs, until it has heard what happened while it did not.
    catching_up: Mutex<Catching>,
    /// When a digest may be due next.
    digest_at: Mutex<Option<DateTime<Utc>>>,
}

/// Where a start stands.
#[derive(Debug, Clone, Copy)]
enum Catching {
    /// Nothing was looked at yet.
    Begins,
    /// Since that instant it waits for the helpdesk to be read.
    Waits(DateTime<Utc>),
    /// It was, or it took too long.
    Done,
}

#[derive(Debug, Clone)]
struct Known {
    book: Arc<Rulebook>,
    versions: i64,
    /// The version to which open clocks are still to be moved.
    moving: Option<(String, TicketId)>,
    /// Nobody is told of what fell due before.
    since: DateTime<Utc>,
}

impl std::fmt::Debug for Sla {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sla").finish_non_exhaustive()
    }
}

impl Sla {
    /// Over the store of an app, with the rules that say which team a ticket is for.
    pub fn new(app: &App, bridge: Vec<BridgeRule>, site: &str) -> Self {
        Self(Arc::new(Inner {
            store: app.store.clone(),
            commands: app.commands.clone(),
            settings: Arc::clone(&app.settings),
            clock: Arc::clone(&app.clock),
            bridge,
            site: site.trim_end_matches('/').to_owned(),
            book: Mutex::new(None),
            follows: app.desk.is_some(),
            catching_up: Mutex::new(Catching::Begins),
            digest_at: Mutex::new(None),
        }))
    }

    /// The channel in which an audience reads.
    fn channel(&self, look: &look::Look, location: Option<&LocationId>, whom: Audience) -> Option<Channel> {
        let settings = &self.0.settings;
        let team = || {
            look.channel.clone().or_else(|| {
                let location = location?;
                settings
                    .channel(&hammerdesk_commands::channels::accounts(location))
                    .or_else(|| {
                        settings
                            .channels()
                            .into_iter()
                            .find(|channel| channel.location.as_ref() == Some(location))
                    })
            })
        };
        match whom {
            Audience::Owner => team().or_else(|| self.managers(location)),
            Audience::Managers => self.managers(location).or_else(team),
        }
    }

    fn managers(&self, location: Option<&LocationId>) -> Option<Channel> {
        let settings = &self.0.settings;
        let own = location.and_then(|location| settings.sla.alerts.managers.get(location));
        own.and_then(|channel| settings.channel(channel))
            .or_else(|| settings.channel(&ChannelId::new("managers")))
            .or_else(|| settings.channels().into_iter().next())
    }

    fn known(&self) -> Option<Known> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has the helpdesk been read since the start? What was answered while nobody looked must be known before
    /// anybody is told that it was not.
    async fn has_caught_up(&self, now: DateTime<Utc>) -> anyhow::Result<bool> {
        let since = {
            let mut state = self.0.catching_up.lock().unwrap_or_else(PoisonError::into_inner);
            match *state {
                Catching::Done => return Ok(true),
                Catching::Waits(since) => since,
                Catching::Begins => {
                    *state = Catching::Waits(now);
                    now
                }
            }
        };
        let is_read =
            !self.0.follows || crate::freshdesk::read_since(&mut self.0.store.read().await?, since).await?;
        if is_read || now - since > PATIENCE {
            if !is_read {
                tracing::warn!("the helpdesk was not read since the start; promises are judged without it");
            }
            *self.0.catching_up.lock().unwrap_or_else(PoisonError::into_inner) = Catching::Done;
            return Ok(true);
        }
        Ok(false)
    }

    async fn step(&self) -> anyhow::Result<Progress> {
        let now = self.0.clock.now();
        let known = self.rules(now).await?;
        if let Some((version, after)) = &known.moving {
            self.move_open(&known, version, *after, now).await?;
            return Ok(Progress::Worked);
        }
        let has_caught_up = self.has_caught_up(now).await?;
        let mut view = self.0.store.read().await?;
        let from = view.helpdesk_position(READER).await?.unwrap_or_default();
        let changed = view.tickets_changed_after(from, AT_ONCE).await?;
        let woken = view.woken_tickets(AT_ONCE).await?;
        let due = view.due_clocks(now, AT_ONCE * 2).await?;
        let told = view.due_alerts(now, AT_ONCE).await?;
        drop(view);
        if let Some(last) = changed.last() {
            let tickets = changed.iter().map(|changed| changed.ticket()).collect();
            let batch = keep::Batch {
                tickets,
                position: Some(last.seq),
                ..keep::Batch::at(now, has_caught_up)
            };
            self.judge(&known, batch).await?;
            return Ok(Progress::Worked);
        }
        if !woken.is_empty() {
            let batch = keep::Batch {
                tickets: woken.iter().map(|(ticket, _)| *ticket).collect(),
                woken,
                ..keep::Batch::at(now, has_caught_up)
            };
            self.judge(&known, batch).await?;
            return Ok(Progress::Worked);
        }
        if !has_caught_up {
            return Ok(Progress::Idle);
        }
        if !due.is_empty() {
            // Instants go in order: what falls due after the last of these waits for its turn.
            let is_all = due.len() < usize::try_from(AT_ONCE * 2).unwrap_or(usize::MAX);
            let horizon = if is_all {
                now
            } else {
                due.last().map_or(now, |(_, at)| *at)
            };
            let mut tickets: Vec<TicketId> = due.iter().map(|(ticket, _)| *ticket).collect();
            tickets.sort_unstable();
            tickets.dedup();
            let batch = keep::Batch {
                tickets,
                horizon,
                ..keep::Batch::at(now, has_caught_up)
            };
            self.judge(&known, batch).await?;
            return Ok(Progress::Worked);
        }
        if !told.is_empty() {
            let batch = keep::Batch {
                tickets: told,
                ..keep::Batch::at(now, has_caught_up)
            };
            self.judge(&known, batch).await?;
            return Ok(Progress::Worked);
        }
        self.digests(&known, now).await
    }
}

impl Module for Sla {
    fn name(&self) -> &str {
        "sla"
    }

    fn step(&self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(self.step())
    }

    fn every(&self) -> Duration {
        Duration::from_millis(500)
    }
}
