//! The moving half of escalations: whatever is due is decided by the pure half, kept, and told to chat and
//! helpdesk in the same transaction.
//!
//! Whoever else changes an escalation (the intake, a button, a person who could not be reached) only keeps
//! what happened and makes it due. [`Climb`] then decides what follows and tells of every event that was
//! not told yet; how far it has told is kept beside the events. So a process that dies between any two
//! steps has either done a step whole or not at all.

mod calendars;
mod climb;
mod handover;
mod place;
mod reach;
mod signs;
mod tell;
mod ticket;
mod world;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::escalation::desk::Changes;
use hammerdesk_domain::escalation::ladder::Hours;
use hammerdesk_domain::escalation::{Desk, EscalationId};
use hammerdesk_domain::ids::LocationId;
use hammerdesk_domain::sla::calendar::{Calendar, CalendarRules, Piece, Years};
use hammerdesk_store::{Store, StoreError, View};
use uuid::Uuid;

pub use calendars::{Calendars, Reread};
pub use climb::Climb;
pub use handover::Handovers;
pub use reach::Reach;
pub use signs::Signs;

/// What moves escalations. Cheap to clone.
#[derive(Clone)]
pub struct Escalations(Arc<Inner>);

struct Inner {
    store: Store,
    settings: Arc<Settings>,
    clock: Arc<dyn Clock>,
    /// As the config and the calendars say.
    desk: RwLock<Arc<Desk>>,
    /// The same with what people changed in chat, as it was last read.
    amended: Mutex<Option<Amended>>,
    hours: Hours,
    reread: Option<Reread>,
}

struct Amended {
    of: Arc<Desk>,
    changes: Changes,
    desk: Arc<Desk>,
}

impl std::fmt::Debug for Escalations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Escalations").finish_non_exhaustive()
    }
}

impl Escalations {
    /// For that desk. Locations work office hours until [`Self::with_hours`] says more.
    pub fn new(store: Store, settings: Arc<Settings>, clock: Arc<dyn Clock>, desk: Arc<Desk>) -> Self {
        let hours = office_hours(&settings, clock.now());
        Self(Arc::new(Inner {
            store,
            settings,
            clock,
            desk: RwLock::new(desk),
            amended: Mutex::new(None),
            hours,
            reread: None,
        }))
    }

    /// The same, counting rungs in the hours of these calendars, and reading the rotas' calendars anew.
    #[must_use]
    pub fn with_hours(
        &self,
        calendars: &BTreeMap<LocationId, CalendarRules>,
        reread: Option<Reread>,
    ) -> Self {
        let inner = &self.0;
        let years = Years::around(inner.clock.now(), 2);
        let hours = calendars
            .iter()
            .map(|(id, rules)| (id.clone(), Arc::new(Calendar::new(rules.clone(), years))));
        Self(Arc::new(Inner {
            store: inner.store.clone(),
            settings: Arc::clone(&inner.settings),
            clock: Arc::clone(&inner.clock),
            desk: RwLock::new(self.configured()),
            amended: Mutex::new(None),
            hours: Hours(hours.collect()),
            reread,
        }))
    }

    fn configured(&self) -> Arc<Desk> {
        Arc::clone(&self.0.desk.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The desk with what people changed since.
    async fn desk(&self, view: &mut View, now: DateTime<Utc>) -> Result<Arc<Desk>, StoreError> {
        let changes = view.desk_changes(now).await?;
        let of = self.configured();
        if changes == Changes::default() {
            return Ok(of);
        }
        let mut amended = self.0.amended.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = amended
            .as_ref()
            .filter(|known| known.changes == changes && Arc::ptr_eq(&known.of, &of))
        {
            return Ok(Arc::clone(&known.desk));
        }
        let desk = Arc::new(of.amended(&changes));
        *amended = Some(Amended {
            of,
            changes,
            desk: Arc::clone(&desk),
        });
        Ok(desk)
    }
}

/// Nine to half past five on every day that a location works.
fn office_hours(settings: &Settings, now: DateTime<Utc>) -> Hours {
    let piece = "09:00"
        .parse()
        .and_then(|from| Piece::new(from, "17:30".parse()?))
        .ok();
    let years = Years::around(now, 2);
    let hours = settings.house.locations.iter().map(|location| {
        let rules = CalendarRules::of_working_days(location.zone, &location.days, piece.as_slice());
        (location.id.clone(), Arc::new(Calendar::new(rules, years)))
    });
    Hours(hours.collect())
}

/// The key of an escalation's card in chat.
pub fn head_key(id: EscalationId) -> String {
    format!("escalation:{id}")
}

/// The escalation of a post's key: of its card, or of anything within its thread.
pub fn escalation_of(key: &str) -> Option<EscalationId> {
    let id = key.strip_prefix("escalation:")?.split(':').next()?;
    Uuid::parse_str(id).ok().map(EscalationId)
}
