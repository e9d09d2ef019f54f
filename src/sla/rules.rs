//! The versions of the rules: the one of the config comes into force when the service first runs with it, and
//! takes the open clocks over; what that moves is kept and told.

use std::sync::{Arc, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_commands::sla::rulebook;
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_domain::message::{Card, Cell, Reply, Section, Tone, Visibility};
use hammerdesk_domain::sla::event::Event;
use hammerdesk_domain::sla::judge::{Judged, judge_events};
use hammerdesk_domain::sla::policy::{Rulebook, Version};
use hammerdesk_domain::sla::rehearse::{Moved, moved_by};
use hammerdesk_store::sla::StoredClock;
use serde_json::json;

use super::{Known, Sla};

/// Tickets that are moved to a new version in one unit.
const MOVED_AT_ONCE: i64 = 2_000;
/// Moved deadlines that a card names.
const NAMED: i64 = 10;
impl Sla {
    /// The rules that hold, with the config's among them.
    pub(super) async fn rules(&self, now: DateTime<Utc>) -> anyhow::Result<Known> {
        let mut view = self.0.store.read().await?;
        let versions = view.count_sla_versions().await?;
        if let Some(known) = self.known().filter(|known| known.versions == versions) {
            return Ok(known);
        }
        let mut stored = view.sla_versions().await?;
        drop(view);
        let wanted = &self.0.settings.sla.rules;
        let last = stored.last().map(|stored| &stored.version);
        // Another instance may have brought newer rules meanwhile; only a start takes its config into force.
        if self.known().is_none() && last.is_none_or(|last| last.rules != *wanted) {
            let version = Version {
                name: format!("v{}", stored.len() + 1),
                from: last.map_or(now, |last| now.max(last.from + TimeDelta::microseconds(1))),
                moves_open: last.is_some(),
                rules: wanted.clone(),
            };
            let mut unit = self.0.store.write().await?;
            unit.add_sla_version(&version).await?;
            unit.commit().await?;
            stored = self.0.store.read().await?.sla_versions().await?;
        }
        let known = Known {
            book: Arc::new(rulebook(&mut self.0.store.read().await?, now).await?),
            versions: i64::try_from(stored.len()).unwrap_or(i64::MAX),
            moving: stored
                .iter()
                .find_map(|stored| Some((stored.version.name.clone(), stored.moved_to?))),
            since: stored.first().map_or(now, |first| first.version.from),
        };
        self.remember(Some(known.clone()));
        Ok(known)
    }

    fn remember(&self, known: Option<Known>) {
        *self.0.book.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }

    /// Moves the next open clocks to a version, and tells what that moved once all are.
    pub(super) async fn move_open(
        &self,
        known: &Known,
        version: &str,
        after: TicketId,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let mut view = self.0.store.read().await?;
        let tickets = view.sla_events_of_open(after, MOVED_AT_ONCE).await?;
        drop(view);
        let last = tickets.last().map(|(ticket, _)| *ticket);
        let from = known
            .book
            .versions()
            .find(|known| known.name == version)
            .map_or(now, |known| known.from);
        let before = Arc::new(known.book.before(version));
        // Judging is arithmetic alone: both halves of a page at once, off the threads that answer people.
        let mut tickets = tickets;
        let second = tickets.split_off(tickets.len() / 2);
        let halves = [tickets, second].map(|half| {
            let (book, before) = (Arc::clone(&known.book), Arc::clone(&before));
            tokio::task::spawn_blocking(move || moved(&half, &book, &before, from, now))
        });
        let mut rows = Vec::new();
        let mut differences = Vec::new();
        for half in halves {
            let (judged, differs) = half.await??;
            rows.extend(judged);
            differences.extend(differs);
        }
        let mut unit = self.0.store.write().await?;
        unit.write_clocks(&rows).await?;
        unit.write_sla_differences(version, &differences).await?;
        unit.moved_to_version(version, last).await?;
        if last.is_none() {
            self.tell_moved(&mut unit, version, now).await?;
        }
        unit.commit().await?;
        let moving = last.map(|last| (version.to_owned(), last));
        if moving.is_none() {
            // There may be another version to move to.
            self.remember(None);
            let known = Known {
                moving: None,
                ..known.clone()
            };
            self.remember(Some(known));
        } else {
            self.remember(Some(Known {
                moving,
                ..known.clone()
            }));
        }
        Ok(())
    }

    async fn tell_moved(
        &self,
        unit: &mut hammerdesk_store::Unit,
        version: &str,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let count = unit.count_sla_differences(version).await?;
        let named: Vec<(TicketId, String, Moved)> = unit.sla_differences(version, NAMED).await?;
        let Some(channel) = self.managers(None) else {
            return Ok(());
        };
        let reply = moved_card(version, count, &named);
        let post =
            hammerdesk_domain::chat::Post::new(format!("sla-rules:{version}"), channel.id.clone(), reply);
        super::keep::post(unit, post, &channel, now).await
    }
}

type MovedRows = (Vec<StoredClock>, Vec<(TicketId, String, String)>);

/// Tickets as the new rules judge them, and what that makes other than before.
fn moved(
    tickets: &[(TicketId, Vec<Event>)],
    book: &Rulebook,
    before: &Rulebook,
    from: DateTime<Utc>,
    now: DateTime<Utc>,
) -> anyhow::Result<MovedRows> {
    let mut rows = Vec::with_capacity(tickets.len() * 3);
    let mut differences = Vec::new();
    for (ticket, events) in tickets {
        let then = judge_events(events, book, now);
        for moved in moved_by(*ticket, &judge_events(events, before, from), &then) {
            differences.push((*ticket, moved.clock.clone(), serde_json::to_string(&moved)?));
        }
        rows.extend(then.into_iter().map(|judged| StoredClock {
            ticket: *ticket,
            next_at: next_look(&judged, now),
            judged,
        }));
    }
    Ok((rows, differences))
}

/// Whatever fell due by the new rules is found by the next look.
fn next_look(judged: &Judged, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if judged.run.ended.is_some() {
        return judged.next_at;
    }
    let fallen = judged.happenings(now, TimeDelta::zero());
    let first = fallen.first().map(|happening| happening.at);
    first.into_iter().chain(judged.next_at).min()
}

fn moved_card(version: &str, count: i64, named: &[(TicketId, String, Moved)]) -> Reply {
    let time = |at: Option<DateTime<Utc>>| {
        Cell::Text(at.map_or_else(
            || "stands".to_owned(),
            |at| at.format("%a %-d %b %H:%M UTC").to_string(),
        ))
    };
    let rows: Vec<Vec<Cell>> = named
        .iter()
        .map(|(ticket, clock, moved)| {
            let kind = clock.split(':').next().unwrap_or_default().replace('_', " ");
            vec![
                Cell::Text(format!("#{ticket}")),
                Cell::Text(kind),
                time(moved.was),
                time(moved.now),
            ]
        })
        .collect();
    let more = usize::try_from(count)
        .unwrap_or_default()
        .saturating_sub(rows.len());
    let card = Card {
        title: format!("The rules of promises changed: {version} holds now"),
        subtitle: Some(match count {
            0 => "No open deadline moves".to_owned(),
            1 => "1 open deadline moves".to_owned(),
            count => format!("{count} open deadlines move"),
        }),
        tone: Tone::Plain,
        sections: if rows.is_empty() {
            Vec::new()
        } else {
            vec![Section::Table {
                heading: None,
                columns: ["Ticket", "Promise", "Was due", "Due"]
                    .map(ToOwned::to_owned)
                    .to_vec(),
                rows,
                more,
            }]
        },
        ..Card::default()
    };
    Reply {
        visibility: Visibility::Shared,
        ..Reply::card(card, json!({ "version": version, "moved": count }))
    }
}
