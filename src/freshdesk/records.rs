//! Agents, groups, fields, contacts and companies, kept fresh.
//!
//! The small ones are read whole. Contacts are read whole once and then by what changed; a contact of whom
//! only a ticket tells is filled in by the next run, and until then what the ticket says of its requester
//! stands in for it.

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_freshdesk::{self as fd, ContactQuery, More};
use hammerdesk_store::StoreError;
use hammerdesk_store::helpdesk::RecordKind;
use serde::{Deserialize, Serialize};

use super::reading::Keep;
use super::sync::{Helpdesk, Stopped};
use crate::engine::Progress;

/// What is late over there, or changed twice in a second, is met by an overlap.
const OVERLAP: TimeDelta = TimeDelta::seconds(10);
/// Of the runs over contacts, each so manieth is over all of them, for what was deleted.
const FULL_EVERY: u32 = 96;

/// Where the reading of one kind stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    /// When the next run is due.
    next_at: Option<DateTime<Utc>>,
    /// The page of a run that is under way.
    page: Option<u32>,
    /// Since when that run is under way.
    begun_at: Option<DateTime<Utc>>,
    /// What changed since then is asked for; everything where there is none.
    since: Option<DateTime<Utc>>,
    /// The newest change that was seen.
    newest: Option<DateTime<Utc>>,
    runs: u32,
}

fn name(kind: RecordKind) -> String {
    format!("records:{}", kind.word())
}

impl Helpdesk {
    /// Was every kind read once?
    pub(super) async fn has_records(&self) -> Result<bool, StoreError> {
        let mut view = self.inner.store.read().await?;
        for kind in RecordKind::ALL {
            let state: Option<State> = view.helpdesk_cursor(&name(kind)).await?;
            if state.is_none_or(|state| state.runs == 0) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The next answer about records, if one is due.
    pub(super) async fn records_step(&self) -> Result<Progress, Stopped> {
        let now = self.now();
        for kind in RecordKind::ALL {
            let mut view = self.inner.store.read().await?;
            let state: State = view.helpdesk_cursor(&name(kind)).await?.unwrap_or_default();
            drop(view);
            if state.page.is_some() || state.next_at.is_none_or(|next| next <= now) {
                self.read_records(kind, state, now).await?;
                return Ok(Progress::Worked);
            }
        }
        Ok(Progress::Idle)
    }

    async fn read_records(
        &self,
        kind: RecordKind,
        mut state: State,
        now: DateTime<Utc>,
    ) -> Result<(), Stopped> {
        if state.page.is_none() {
            state.begun_at = Some(now);
            state.page = Some(1);
            let is_full = kind != RecordKind::Contact || state.runs.is_multiple_of(FULL_EVERY);
            state.since = state.newest.filter(|_| !is_full).map(|newest| newest - OVERLAP);
        }
        let page = state.page.unwrap_or(1);
        let client = &self.inner.client;
        match kind {
            RecordKind::Agent => {
                let listing = client.agents().await?;
                self.keep_records(kind, state, &listing.items, &listing.unreadable, More::Nothing)
                    .await?;
            }
            RecordKind::Group => {
                let listing = client.groups().await?;
                self.keep_records(kind, state, &listing.items, &listing.unreadable, More::Nothing)
                    .await?;
            }
            RecordKind::Field => {
                let listing = client.ticket_fields().await?;
                self.keep_records(kind, state, &listing.items, &listing.unreadable, More::Nothing)
                    .await?;
            }
            RecordKind::Company => {
                let read = client.companies(page).await?;
                self.keep_records(kind, state, &read.items, &read.unreadable, read.more)
                    .await?;
            }
            RecordKind::Contact => {
                let mut query = ContactQuery::default().page(page);
                query.updated_since = state.since;
                let read = client.contacts(&query).await?;
                self.keep_records(kind, state, &read.items, &read.unreadable, read.more)
                    .await?;
            }
        }
        Ok(())
    }

    async fn keep_records<T: Keep>(
        &self,
        kind: RecordKind,
        mut state: State,
        items: &[T],
        unreadable: &[fd::Unreadable],
        more: More,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let mut unit = self.inner.store.write().await?;
        for record in items.iter().filter_map(Keep::keep) {
            state.newest = state.newest.max(record.updated_at);
            unit.keep_helpdesk_record(&record, now).await?;
        }
        if !unreadable.is_empty() {
            tracing::warn!(
                kind = kind.word(),
                entries = unreadable.len(),
                "records cannot be read and are left out"
            );
        }
        match more {
            More::Page(page) => state.page = Some(page),
            // What a list does not show to its end is not known to be complete.
            More::Nothing | More::Capped => {
                let is_whole = state.since.is_none() && more == More::Nothing && unreadable.is_empty();
                if let Some(begun_at) = state.begun_at.filter(|_| is_whole) {
                    unit.helpdesk_records_complete(kind, begun_at, now).await?;
                }
                state.page = None;
                state.runs = state.runs.wrapping_add(1).max(1);
                state.next_at = Some(now + self.inner.settings.records);
            }
        }
        unit.save_helpdesk_cursor(&name(kind), &state, now).await?;
        unit.commit().await
    }
}
