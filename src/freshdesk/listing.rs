//! The helpdesk's lists: of changes, of spam, of what was deleted.

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_domain::helpdesk::{Gone, TicketId};
use hammerdesk_freshdesk::{self as fd, Include, TicketFilter, TicketQuery};
use hammerdesk_store::helpdesk::{Hint, Origin, TicketKept};
use hammerdesk_store::{StoreError, Unit, View};
use serde::{Deserialize, Serialize};

use super::reading::{self, Place, Read};
use super::sync::{Helpdesk, Stopped};
use super::walk::{Next, Walk};
use crate::engine::Progress;

/// Before any helpdesk.
pub(super) const BEGINNING: DateTime<Utc> =
    DateTime::<Utc>::from_timestamp(946_684_800, 0).expect("a date of 2000");
/// How often a page is asked for again before what is odd about it is believed.
const PATIENCE: u32 = 2;
/// Of the runs over spam and deleted tickets, each so manieth is over all of them.
const FULL_EVERY: u32 = 6;

/// One of the lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Ordinary,
    Spam,
    Deleted,
}

impl List {
    pub(super) const ALL: [Self; 3] = [Self::Ordinary, Self::Spam, Self::Deleted];

    const fn name(self) -> &'static str {
        match self {
            Self::Ordinary => "list:tickets",
            Self::Spam => "list:spam",
            Self::Deleted => "list:deleted",
        }
    }

    const fn place(self) -> Place {
        match self {
            Self::Ordinary => Place::Ordinary,
            Self::Spam => Place::Spam,
            Self::Deleted => Place::Deleted,
        }
    }

    const fn gone(self) -> Gone {
        match self {
            Self::Ordinary => Gone::Here,
            Self::Spam => Gone::Spam,
            Self::Deleted => Gone::Deleted,
        }
    }

    fn query(self, walk: &Walk) -> TicketQuery {
        let query = TicketQuery::since(walk.from).page(walk.page);
        match self {
            Self::Ordinary => query.including(&[Include::Stats, Include::Requester, Include::Description]),
            Self::Spam => query.only(TicketFilter::Spam),
            Self::Deleted => query.only(TicketFilter::Deleted),
        }
    }
}

/// Was everything that changed in the helpdesk read since an instant, with what was said on it?
pub async fn read_since(view: &mut View, instant: DateTime<Utc>) -> Result<bool, StoreError> {
    let name = List::Ordinary.name();
    let state: Option<ListState> = view.helpdesk_cursor(name).await?;
    let is_listed =
        state.is_some_and(|state| state.is_filled && !state.is_running && state.begun_at >= instant);
    // What was said in the very second of a reading is read again a little later: that is waited for too.
    let soon = instant + TimeDelta::minutes(1);
    let waiting = view.hints_due(soon, Hint::ORDINARY..=i64::MAX, 1).await?;
    Ok(is_listed && waiting.is_empty())
}

/// Where the walk over a list stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ListState {
    pub(super) walk: Walk,
    /// In the middle of a run?
    pub(super) is_running: bool,
    /// Was it read to its end once?
    pub(super) is_filled: bool,
    /// When the next run begins.
    next_at: DateTime<Utc>,
    /// Since when this run is under way.
    begun_at: DateTime<Utc>,
    /// The number of this run, where it is over the whole list.
    full: Option<i64>,
    runs: u32,
    retries: u32,
}

impl ListState {
    const fn new() -> Self {
        Self {
            walk: Walk::from(BEGINNING),
            is_running: false,
            is_filled: false,
            next_at: BEGINNING,
            begun_at: BEGINNING,
            full: None,
            runs: 0,
            retries: 0,
        }
    }

    fn begin(&mut self, list: List, now: DateTime<Utc>) {
        self.is_running = true;
        self.begun_at = now;
        let is_full = list != List::Ordinary && self.runs.is_multiple_of(FULL_EVERY);
        self.full = is_full.then(|| now.timestamp_micros());
        if is_full {
            self.walk = Walk::from(BEGINNING);
        } else {
            self.walk.rewind();
        }
    }
}

impl Helpdesk {
    pub(super) async fn list_state(&self, list: List) -> Result<ListState, StoreError> {
        let mut view = self.inner.store.read().await?;
        Ok(view
            .helpdesk_cursor(list.name())
            .await?
            .unwrap_or_else(ListState::new))
    }

    /// Was every ticket read once?
    pub(super) async fn is_filled(&self) -> Result<bool, StoreError> {
        Ok(self.list_state(List::Ordinary).await?.is_filled)
    }

    /// The next look at the changes is due.
    pub(super) async fn poll_soon(&self, unit: &mut Unit, now: DateTime<Utc>) -> Result<(), StoreError> {
        let name = List::Ordinary.name();
        if let Some(mut state) = unit.helpdesk_cursor::<ListState>(name).await? {
            state.next_at = now;
            unit.save_helpdesk_cursor(name, &state, now).await?;
        }
        Ok(())
    }

    /// The next page of a list, if one is due.
    pub(super) async fn list_step(&self, list: List) -> Result<Progress, Stopped> {
        let now = self.now();
        let mut view = self.inner.store.read().await?;
        let state: Option<ListState> = view.helpdesk_cursor(list.name()).await?;
        let began = view.newest_change().await?;
        drop(view);
        let mut state = state.unwrap_or_else(ListState::new);
        if !state.is_running {
            if now < state.next_at {
                return Ok(Progress::Idle);
            }
            state.begin(list, now);
        }
        let page = self.inner.client.tickets(&list.query(&state.walk)).await?;
        if !page.unreadable.is_empty() {
            if state.retries < PATIENCE {
                state.retries += 1;
                self.save(list, &state, now).await?;
                return Err(Stopped::Odd("a ticket in a list"));
            }
            let entries = page.unreadable.len();
            tracing::warn!(
                list = list.name(),
                entries,
                "entries of a list cannot be read and are left out"
            );
        }
        self.keep_page(list, state, &page, began).await?;
        Ok(Progress::Worked)
    }

    async fn save(&self, list: List, state: &ListState, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut unit = self.inner.store.write().await?;
        unit.save_helpdesk_cursor(list.name(), state, now).await?;
        unit.commit().await
    }

    async fn keep_page(
        &self,
        list: List,
        mut state: ListState,
        page: &fd::Page<fd::Ticket>,
        began: i64,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let urgency = if state.is_filled {
            Hint::ORDINARY
        } else {
            Hint::BACKGROUND
        };
        let seen: Vec<(i64, DateTime<Utc>)> = page
            .items
            .iter()
            .filter_map(|ticket| Some((i64::try_from(ticket.id).ok()?, ticket.updated_at?)))
            .collect();
        let next = state.walk.take(&seen, page.more);
        let highest = if matches!(next, Next::Overflow(_)) {
            self.highest().await
        } else {
            None
        };
        let mut unit = self.inner.store.write().await?;
        for ticket in &page.items {
            let Some(read) = reading::ticket(ticket, list.place()) else {
                continue;
            };
            self.keep_listed(&mut unit, &read, urgency, began, now).await?;
            if let Some(number) = state.full {
                unit.ticket_walked(read.reading.ticket.id, number).await?;
            }
        }
        state.retries = 0;
        match next {
            Next::Ask => {}
            Next::End => self.end_run(&mut unit, list, &mut state, now).await?,
            Next::Overflow(second) => {
                let highest = highest.unwrap_or(unit.highest_ticket().await?);
                read_one_by_one(&mut unit, second, highest, now).await?;
            }
        }
        unit.save_helpdesk_cursor(list.name(), &state, now).await?;
        unit.commit().await
    }

    async fn end_run(
        &self,
        unit: &mut Unit,
        list: List,
        state: &mut ListState,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if let Some(number) = state.full {
            // Not among those that are gone any more: back, or gone for good.
            let missing = unit
                .tickets_not_walked(list.gone(), number, state.begun_at, TicketId(0), i64::MAX)
                .await?;
            for ticket in missing {
                let hint = Hint {
                    whole: true,
                    urgency: Hint::ORDINARY,
                    why: "left a list",
                    due_at: now,
                };
                unit.hint_ticket(ticket, hint, now).await?;
            }
        }
        state.is_running = false;
        state.is_filled = true;
        state.full = None;
        state.runs = state.runs.wrapping_add(1);
        let every = match list {
            List::Ordinary => self.inner.settings.poll,
            List::Spam | List::Deleted => self.inner.settings.vanished,
        };
        state.next_at = now + every;
        Ok(())
    }

    /// Keeps a ticket from a list; what is odd about it is read again on its own.
    async fn keep_listed(
        &self,
        unit: &mut Unit,
        read: &Read,
        urgency: i64,
        began: i64,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let ticket = &read.reading.ticket;
        let hint = |whole, why| Hint {
            whole,
            urgency,
            why,
            due_at: now,
        };
        if read.is_odd {
            return unit.hint_ticket(ticket.id, hint(true, "odd"), now).await;
        }
        let kept = self.keep(unit, read, Origin::read(began), now).await?;
        if kept == TicketKept::Stale {
            return Ok(());
        }
        let is_read = unit
            .ticket(ticket.id)
            .await?
            .is_some_and(|stored| stored.said_as_of.is_some_and(|at| at >= ticket.updated_at));
        // Nobody has said anything on a ticket that was never touched, a rule's words in its very first
        // second left aside: those are looked for while the ticket is young.
        let is_untouched = ticket.updated_at == ticket.created_at
            && ticket.times.agent_responded_at.is_none()
            && ticket.times.requester_responded_at.is_none()
            && now - ticket.created_at > TimeDelta::hours(1);
        if !is_read && !is_untouched {
            unit.hint_ticket(ticket.id, hint(false, "changed"), now).await?;
        }
        Ok(())
    }

    /// Keeps a ticket, the person it is from and whose it is.
    pub(super) async fn keep(
        &self,
        unit: &mut Unit,
        read: &Read,
        origin: Origin,
        now: DateTime<Utc>,
    ) -> Result<TicketKept, StoreError> {
        let kept = unit.keep_ticket(&read.reading, origin, now).await?;
        if kept.is_news() {
            if let Some(requester) = &read.requester {
                unit.keep_helpdesk_record(requester, now).await?;
            }
            self.rematch(unit, read.reading.ticket.id, now).await?;
        }
        Ok(kept)
    }

    async fn highest(&self) -> Option<i64> {
        let query = TicketQuery {
            order: fd::TicketOrder::NewestFirst,
            per_page: 1,
            ..TicketQuery::default()
        };
        let page = self.inner.client.tickets(&query).await.ok()?;
        page.items
            .first()
            .and_then(|ticket| i64::try_from(ticket.id).ok())
    }
}

/// More tickets changed in that second than the list shows: each that may be among them is read on its own.
async fn read_one_by_one(
    unit: &mut Unit,
    second: DateTime<Utc>,
    highest: i64,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    tracing::warn!(%second, highest, "more tickets changed in one second than the helpdesk lists; reading one by one");
    for number in 1..=highest {
        let ticket = TicketId(number);
        let is_newer = unit
            .ticket_known(ticket)
            .await?
            .is_some_and(|(updated_at, _)| updated_at >= second);
        if !is_newer {
            let hint = Hint {
                whole: true,
                urgency: Hint::BACKGROUND,
                why: "one by one",
                due_at: now,
            };
            unit.hint_ticket(ticket, hint, now).await?;
        }
    }
    Ok(())
}
