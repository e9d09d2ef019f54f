//! The digest at each location's opening: what is open, due today, broken and unnoticed, by person. A day on
//! which there is nothing to say is a day without a digest.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::PoisonError;

use chrono::{DateTime, Days, TimeDelta, Utc};
use hammerdesk_domain::chat::Post;
use hammerdesk_domain::clock::local_date;
use hammerdesk_domain::ids::LocationId;
use hammerdesk_domain::location::Location;
use hammerdesk_domain::message::{Action, Card, Cell, Reply, Section, Tone, Visibility};
use hammerdesk_domain::sla::calendar::{Calendar, Pauses};
use hammerdesk_domain::sla::judge::{Occasion, State};
use hammerdesk_store::sla::OpenClock;
use serde_json::json;

use super::card::named;
use super::look::Look;
use super::{Known, Sla};
use crate::engine::Progress;

/// An opening that was missed by more is not made up for: the day is well under way.
const MISSED: TimeDelta = TimeDelta::hours(4);
/// Clocks that are counted at all.
const MOST: i64 = 20_000;
/// Promises that the digest names.
const NAMED: usize = 15;
/// How long it is remembered that something was said.
const REMEMBERED: TimeDelta = TimeDelta::days(60);

/// What one person has.
#[derive(Default)]
struct Mine {
    open: usize,
    today: usize,
    broken: usize,
    unnoticed: usize,
}

/// The first opening of the local day at or before an instant; nothing before it, or on a closed day.
fn opening(calendar: &Calendar, zone: chrono_tz::Tz, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let midnight = local_date(now, zone)
        .and_hms_opt(0, 0, 0)?
        .and_local_timezone(zone)
        .earliest()?
        .to_utc();
    let opening = calendar.next_open(midnight, Pauses::NONE).ok()?;
    (opening <= now && local_date(opening, zone) == local_date(now, zone)).then_some(opening)
}

impl Sla {
    /// Posts the digests that are due.
    pub(super) async fn digests(&self, known: &Known, now: DateTime<Utc>) -> anyhow::Result<Progress> {
        let settings = &self.0.settings;
        if !settings.sla.alerts.digest {
            return Ok(Progress::Idle);
        }
        {
            let mut at = self.0.digest_at.lock().unwrap_or_else(PoisonError::into_inner);
            if at.is_some_and(|at| now < at) {
                return Ok(Progress::Idle);
            }
            // Until the next opening of anybody there is nothing to look for.
            *at = settings
                .house
                .locations
                .iter()
                .filter_map(|location| {
                    let calendar = known.book.calendar(Some(&location.id), now);
                    let close = now + TimeDelta::microseconds(1);
                    let open = calendar.next_open(close, Pauses::NONE).ok()?;
                    let next = if open > close {
                        open
                    } else {
                        let (_, end) = calendar.shift(now).ok()?;
                        calendar.next_open(end, Pauses::NONE).ok()?
                    };
                    Some(next)
                })
                .min();
        }
        let mut progress = Progress::Idle;
        for location in &settings.house.locations {
            let calendar = known.book.calendar(Some(&location.id), now);
            let Some(opened) = opening(calendar, location.zone, now) else {
                continue;
            };
            let name = format!("digest:{}:{}", location.id, local_date(now, location.zone));
            if now - opened > MISSED || self.0.store.read().await?.said_once(&name).await?.is_some() {
                continue;
            }
            self.digest(location, &name, now).await?;
            progress = Progress::Worked;
        }
        Ok(progress)
    }

    async fn digest(&self, location: &Location, name: &str, now: DateTime<Utc>) -> anyhow::Result<()> {
        let midnight = local_date(now, location.zone)
            .checked_add_days(Days::new(1))
            .and_then(|day| day.and_hms_opt(0, 0, 0))
            .and_then(|midnight| midnight.and_local_timezone(location.zone).earliest())
            .map_or(now + TimeDelta::days(1), |midnight| midnight.to_utc());
        let mut unit = self.0.store.write().await?;
        let is_mine = |of: Option<&LocationId>| {
            of.or(self.0.settings.sla.rules.default_calendar.as_ref()) == Some(&location.id)
        };
        let far = now + TimeDelta::days(400);
        let open: Vec<OpenClock> = unit
            .open_clocks(far, MOST)
            .await?
            .into_iter()
            .filter(|open| is_mine(open.judged.location.as_ref()))
            .collect();
        let unnoticed: Vec<_> = unit
            .unacknowledged(MOST)
            .await?
            .into_iter()
            .filter(|alert| is_mine(alert.location.as_ref()))
            .collect();
        let mut looks: BTreeMap<_, Look> = BTreeMap::new();
        let mut people: BTreeMap<String, Mine> = BTreeMap::new();
        for one in &open {
            if let Entry::Vacant(unknown) = looks.entry(one.ticket) {
                unknown.insert(Look::at(&mut unit, one.ticket, &self.0.bridge).await?);
            }
            let whose = looks[&one.ticket]
                .responder
                .clone()
                .unwrap_or_else(|| "nobody".to_owned());
            let mine = people.entry(whose).or_default();
            mine.open += 1;
            mine.broken += usize::from(one.judged.state == State::Overdue);
            mine.today += usize::from(
                one.judged.state != State::Overdue && one.judged.due_at.is_some_and(|due| due < midnight),
            );
            mine.unnoticed += unnoticed
                .iter()
                .filter(|alert| alert.ticket == one.ticket && alert.clock == one.clock)
                .count();
        }
        let since = now - TimeDelta::days(1);
        let late: usize = unit
            .fallen_since(since, now, MOST)
            .await?
            .iter()
            .filter(|fell| {
                fell.happening.is_late
                    && fell.happening.occasion == Occasion::Breach
                    && fell.taken_back_at.is_none()
            })
            .count();
        let is_quiet = people
            .values()
            .all(|mine| mine.today + mine.broken + mine.unnoticed == 0);
        let whom = self.managers(Some(&location.id));
        if unit.say_once(name, now).await?
            && !is_quiet
            && let Some(channel) = whom
        {
            let reader = self.reader(Some(&location.id), &[]);
            let soon: Vec<&OpenClock> = open
                .iter()
                .filter(|one| one.judged.due_at.is_some_and(|due| due < midnight))
                .collect();
            let reply = card(location, &people, &soon, &looks, late, &reader);
            let post = Post::new(format!("sla-{name}"), channel.id.clone(), reply);
            super::keep::post(&mut unit, post, &channel, now).await?;
        }
        unit.forget_said_once(now - REMEMBERED).await?;
        unit.commit().await?;
        Ok(())
    }
}

fn card(
    location: &Location,
    people: &BTreeMap<String, Mine>,
    soon: &[&OpenClock],
    looks: &BTreeMap<hammerdesk_domain::helpdesk::TicketId, Look>,
    late: usize,
    reader: &super::card::Reader<'_>,
) -> Reply {
    let number = |n: usize| Cell::Number(i64::try_from(n).unwrap_or(i64::MAX));
    let sum = |of: fn(&Mine) -> usize| people.values().map(of).sum::<usize>();
    let (open, today, broken, unnoticed) = (
        sum(|mine| mine.open),
        sum(|mine| mine.today),
        sum(|mine| mine.broken),
        sum(|mine| mine.unnoticed),
    );
    let rows = people
        .iter()
        .map(|(name, mine)| {
            vec![
                Cell::Text(name.clone()),
                number(mine.open),
                number(mine.today),
                number(mine.broken),
                number(mine.unnoticed),
            ]
        })
        .collect();
    let due = soon
        .iter()
        .take(NAMED)
        .map(|one| {
            vec![
                Cell::Text(
                    looks
                        .get(&one.ticket)
                        .map_or_else(String::new, super::card::title),
                ),
                Cell::Text(named(&one.judged)),
                Cell::Text(one.judged.due_at.map_or_else(String::new, |due| reader.time(due))),
            ]
        })
        .collect();
    let mut sections = vec![
        Section::Table {
            heading: Some("By person".to_owned()),
            columns: ["Who", "Open", "Due today", "Broken", "Unnoticed"]
                .map(ToOwned::to_owned)
                .to_vec(),
            rows,
            more: 0,
        },
        Section::Table {
            heading: Some("Broken or due today".to_owned()),
            columns: ["Ticket", "Promise", "Due"].map(ToOwned::to_owned).to_vec(),
            rows: due,
            more: soon.len().saturating_sub(NAMED),
        },
    ];
    if late > 0 {
        sections.push(Section::Lines {
            heading: None,
            lines: vec![hammerdesk_domain::message::Line {
                code: None,
                text: format!("{late} broke since yesterday while nobody watched, and were told late"),
                tone: Tone::Warn,
            }],
        });
    }
    let card = Card {
        title: format!("Promises this morning, {}", location.name),
        subtitle: Some(format!(
            "{open} open · {today} due today · {broken} broken · {unnoticed} unnoticed"
        )),
        tone: if broken > 0 { Tone::Warn } else { Tone::Plain },
        sections,
        ..Card::default()
    };
    Reply {
        actions: vec![Action::ask("Report", "/sla report")],
        visibility: Visibility::Shared,
        ..Reply::card(
            card,
            json!({
                "location": location.id, "open": open, "due_today": today, "broken": broken,
                "unnoticed": unnoticed, "late": late,
            }),
        )
    }
}
