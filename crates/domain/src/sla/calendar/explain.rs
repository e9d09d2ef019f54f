//! Why a deadline lies where it lies: every stretch between two instants, with what it was.

use std::iter;

use chrono::{DateTime, Offset, TimeDelta, TimeZone, Utc};
use serde::{Deserialize, Serialize};

use super::compiled::instant;
use super::hours::{DayKind, TimeOfDay};
use super::{Calendar, CalendarError, Pauses, at};
use crate::clock::local_date;

/// What a stretch was.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Reason {
    /// Open, so it counted.
    Open,
    /// Open by hours of the date's own, so it counted: a sale day.
    OwnHours {
        /// What people call the date.
        name: String,
    },
    /// Outside hours.
    Closed,
    /// A holiday.
    Holiday {
        /// Its name.
        name: String,
    },
    /// Open, but the clock stood.
    Paused,
    /// Not a stretch: the wall clock was put forward (or back, below zero) by so many seconds here.
    ClockChange {
        /// By how much.
        seconds: i32,
    },
}

impl Reason {
    /// Did time count?
    pub const fn counts(&self) -> bool {
        matches!(self, Self::Open | Self::OwnHours { .. })
    }
}

/// One stretch of an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stretch {
    /// From.
    pub from: DateTime<Utc>,
    /// To.
    pub to: DateTime<Utc>,
    /// What it was.
    #[serde(flatten)]
    pub reason: Reason,
}

impl Calendar {
    /// Every stretch between two instants in order, without gaps; the counted ones add up to
    /// [`within`](Self::within).
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`].
    pub fn explain(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        pauses: &Pauses,
    ) -> Result<Vec<Stretch>, CalendarError> {
        self.within(from, to, Pauses::NONE)?;
        let mut story = Story::default();
        let zone = self.rules.zone;
        let last_day = local_date(to, zone);
        let mut cursor = from;
        for date in local_date(from, zone)
            .iter_days()
            .take_while(|date| *date <= last_day)
        {
            let next = date.succ_opt().ok_or(CalendarError::OutOfRange)?;
            let midnight = at(instant(zone, next, TimeOfDay::MIDNIGHT))?;
            let (kind, pieces) = self.rules.day(date);
            let shut = match kind {
                DayKind::Holiday(name) => Reason::Holiday {
                    name: name.to_owned(),
                },
                DayKind::Weekday | DayKind::Own(_) => Reason::Closed,
            };
            let open = match kind {
                DayKind::Own(name) if !name.is_empty() => Reason::OwnHours {
                    name: name.to_owned(),
                },
                DayKind::Own(_) | DayKind::Weekday | DayKind::Holiday(_) => Reason::Open,
            };
            let mut edges = pieces
                .iter()
                .map(|piece| {
                    Ok((
                        at(instant(zone, date, piece.from()))?,
                        at(instant(zone, date, piece.to()))?,
                    ))
                })
                .collect::<Result<Vec<_>, CalendarError>>()?;
            edges.sort_unstable();
            for (opens, closes) in edges {
                let closes = closes.min(to);
                story.until(&mut cursor, opens.min(to), &shut, Pauses::NONE);
                story.until(&mut cursor, closes, &open, pauses);
            }
            story.until(&mut cursor, midnight.min(to), &shut, Pauses::NONE);
        }
        story.mark_clock_changes(zone, from, to);
        Ok(story.stretches)
    }
}

#[derive(Default)]
struct Story {
    stretches: Vec<Stretch>,
}

impl Story {
    /// Goes on to an instant, cut at pauses.
    fn until(&mut self, cursor: &mut DateTime<Utc>, to: DateTime<Utc>, reason: &Reason, pauses: &Pauses) {
        while *cursor < to {
            let (end, what) = match pauses.holding(*cursor) {
                Some(pause) => (pause.to.map_or(to, |end| end.min(to)), Reason::Paused),
                None => {
                    let next = pauses.iter().map(|pause| pause.from).find(|from| from > cursor);
                    (next.map_or(to, |next| next.min(to)), reason.clone())
                }
            };
            match self.stretches.last_mut() {
                Some(last) if last.reason == what => last.to = end,
                _ => self.stretches.push(Stretch {
                    from: *cursor,
                    to: end,
                    reason: what,
                }),
            }
            *cursor = end;
        }
    }

    /// Puts a mark where the zone's offset changes.
    fn mark_clock_changes(&mut self, zone: chrono_tz::Tz, from: DateTime<Utc>, to: DateTime<Utc>) {
        let offset = |when: DateTime<Utc>| {
            zone.offset_from_utc_datetime(&when.naive_utc())
                .fix()
                .local_minus_utc()
        };
        let days = iter::successors(Some(from), |when| {
            when.checked_add_signed(TimeDelta::days(1))
                .filter(|next| *next < to)
        });
        for day in days.collect::<Vec<_>>() {
            let next = day
                .checked_add_signed(TimeDelta::days(1))
                .map_or(to, |next| next.min(to));
            let (before, after) = (offset(day), offset(next));
            if before == after {
                continue;
            }
            let (mut low, mut high) = (day.timestamp(), next.timestamp());
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                match DateTime::from_timestamp(middle, 0) {
                    Some(when) if offset(when) == before => low = middle,
                    _ => high = middle,
                }
            }
            if let Some(when) = DateTime::from_timestamp(high, 0) {
                self.mark(
                    when,
                    Reason::ClockChange {
                        seconds: after - before,
                    },
                );
            }
        }
    }

    fn mark(&mut self, when: DateTime<Utc>, reason: Reason) {
        let n = self.stretches.partition_point(|stretch| stretch.from < when);
        let mark = Stretch {
            from: when,
            to: when,
            reason,
        };
        let Some(split) = n.checked_sub(1).filter(|n| self.stretches[*n].to > when) else {
            self.stretches.insert(n, mark);
            return;
        };
        let rest = Stretch {
            from: when,
            ..self.stretches[split].clone()
        };
        self.stretches[split].to = when;
        self.stretches.splice(n..n, [mark, rest]);
    }
}
