//! Open time as sorted pieces with running totals and an index of days, so that a question is two look-ups
//! however long the span is.
//!
//! A piece's edges are local times put on the time line once, here: an edge that a clock change skips
//! moves forward by what was skipped (it is read with the offset from before the change), and one that
//! comes twice is the first. Pieces that then meet or overlap are one block.

use chrono::{Datelike, MappedLocalTime, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

use super::hours::{CalendarRules, TimeOfDay};

/// Microseconds of a second.
pub(super) const SECOND: i64 = 1_000_000;

/// Microseconds of a day of UTC.
const DAY: i64 = 86_400 * SECOND;

/// The hours that the longest known clock change skipped, and some.
const LONGEST_GAP_HOURS: i64 = 30;

/// Open blocks of a run of years, in microseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Compiled {
    /// The first instant that is known.
    pub(super) from: i64,
    /// The first that is no longer known.
    pub(super) to: i64,
    blocks: Vec<Block>,
    /// For each day of UTC since `from`: how many blocks start before it. A day has a few blocks, so that
    /// finding one is a look here and a step or two, however many years are laid out.
    by_day: Vec<u32>,
    total: i64,
}

/// A stretch of open time and how much there was before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Block {
    start: i64,
    end: i64,
    before: i64,
}

/// The instant of a time on a date, in microseconds.
pub(super) fn instant(zone: Tz, date: NaiveDate, time: TimeOfDay) -> i64 {
    let midnight = date.and_time(chrono::NaiveTime::MIN);
    local_instant(zone, midnight + TimeDelta::seconds(i64::from(time.seconds())))
}

/// The instant of a local time, in microseconds.
pub(super) fn local_instant(zone: Tz, local: NaiveDateTime) -> i64 {
    let offset = match zone.offset_from_local_datetime(&local) {
        MappedLocalTime::Single(offset) | MappedLocalTime::Ambiguous(offset, _) => {
            offset.fix().local_minus_utc()
        }
        MappedLocalTime::None => before_gap(zone, local),
    };
    local.and_utc().timestamp_micros() - i64::from(offset) * SECOND
}

fn before_gap(zone: Tz, local: NaiveDateTime) -> i32 {
    (1..=LONGEST_GAP_HOURS)
        .find_map(|hours| {
            zone.offset_from_local_datetime(&(local - TimeDelta::hours(hours)))
                .latest()
        })
        .map_or(0, |offset| offset.fix().local_minus_utc())
}

impl Compiled {
    /// The blocks of these years, both included, as local dates.
    pub(super) fn years(rules: &CalendarRules, first: i32, last: i32) -> Self {
        let first_day = NaiveDate::from_ymd_opt(first, 1, 1).unwrap_or(NaiveDate::MIN);
        let mut blocks: Vec<(i64, i64)> = first_day
            .iter_days()
            .take_while(|date| date.year() <= last)
            .flat_map(|date| {
                rules.day(date).1.iter().map(move |piece| {
                    (
                        instant(rules.zone, date, piece.from()),
                        instant(rules.zone, date, piece.to()),
                    )
                })
            })
            .filter(|(from, to)| from < to)
            .collect();
        blocks.sort_unstable();
        let end = NaiveDate::from_ymd_opt(last.saturating_add(1), 1, 1).unwrap_or(NaiveDate::MAX);
        let mut compiled = Self {
            from: instant(rules.zone, first_day, TimeOfDay::MIDNIGHT),
            to: instant(rules.zone, end, TimeOfDay::MIDNIGHT),
            blocks: Vec::with_capacity(blocks.len()),
            by_day: Vec::new(),
            total: 0,
        };
        for (from, to) in blocks {
            match compiled.blocks.last_mut() {
                Some(last) if from <= last.end => {
                    let grown = to.max(last.end);
                    compiled.total += grown - last.end;
                    last.end = grown;
                }
                _ => {
                    compiled.blocks.push(Block {
                        start: from,
                        end: to,
                        before: compiled.total,
                    });
                    compiled.total += to - from;
                }
            }
        }
        compiled.index_days();
        compiled
    }

    fn index_days(&mut self) {
        let mut day = self.from;
        let mut started = 0;
        while day < self.to {
            while self.blocks.get(started).is_some_and(|block| block.start < day) {
                started += 1;
            }
            self.by_day.push(u32::try_from(started).unwrap_or(u32::MAX));
            day += DAY;
        }
    }

    /// Is that instant inside what is known?
    pub(super) const fn knows(&self, at: i64) -> bool {
        self.from <= at && at < self.to
    }

    /// The last block that starts at that instant or before.
    fn last_started(&self, at: i64) -> Option<usize> {
        let day = usize::try_from((at - self.from).checked_div(DAY)?).ok()?;
        let mut started = usize::try_from(*self.by_day.get(day)?).ok()?;
        while self.blocks.get(started).is_some_and(|block| block.start <= at) {
            started += 1;
        }
        started.checked_sub(1)
    }

    /// The block that holds an instant.
    pub(super) fn holding(&self, at: i64) -> Option<(i64, i64)> {
        self.last_started(at)
            .map(|n| self.edges(n))
            .filter(|(_, end)| at < *end)
    }

    /// The first block that starts at that instant or later.
    pub(super) fn starting_from(&self, at: i64) -> Option<(i64, i64)> {
        let n = self.blocks.partition_point(|block| block.start < at);
        (n < self.blocks.len()).then(|| self.edges(n))
    }

    /// The last block that ends at that instant or before.
    pub(super) fn ended_by(&self, at: i64) -> Option<(i64, i64)> {
        self.blocks
            .partition_point(|block| block.end <= at)
            .checked_sub(1)
            .map(|n| self.edges(n))
    }

    fn edges(&self, n: usize) -> (i64, i64) {
        (self.blocks[n].start, self.blocks[n].end)
    }

    /// Open time from the beginning of what is known to that instant.
    pub(super) fn open_before(&self, at: i64) -> i64 {
        self.last_started(at).map_or(0, |n| {
            let block = self.blocks[n];
            block.before + at.min(block.end) - block.start
        })
    }

    /// The first instant at which so much open time (more than none) has passed since `at`: a close stays a
    /// close. Looks in growing steps from `at` on, as most promises are short.
    pub(super) fn after(&self, at: i64, time: i64) -> Option<i64> {
        let first = self.last_started(at);
        let open = first.map_or(0, |n| {
            let block = self.blocks[n];
            block.before + at.min(block.end) - block.start
        });
        let total = open.checked_add(time)?;
        if total > self.total {
            return None;
        }
        let (mut low, mut step) = (first.unwrap_or(0), 1);
        while self
            .blocks
            .get(low + step)
            .is_some_and(|block| block.before < total)
        {
            low += step;
            step *= 2;
        }
        let high = self.blocks.len().min(low + step);
        let found = self.blocks[low..high].partition_point(|block| block.before < total);
        let block = self.blocks[(low + found).checked_sub(1)?];
        Some(block.start + total - block.before)
    }

    /// The first instant at which so much open time (more than none) has passed: a close stays a close.
    pub(super) fn first_with(&self, total: i64) -> Option<i64> {
        if total > self.total {
            return None;
        }
        let n = self
            .blocks
            .partition_point(|block| block.before < total)
            .checked_sub(1)?;
        Some(self.blocks[n].start + total - self.blocks[n].before)
    }

    /// The last instant at which only so much open time has passed: an opening stays an opening.
    pub(super) fn last_with(&self, total: i64) -> Option<i64> {
        if total < 0 || total >= self.total {
            return None;
        }
        let n = self
            .blocks
            .partition_point(|block| block.before <= total)
            .checked_sub(1)?;
        Some(self.blocks[n].start + total - self.blocks[n].before)
    }
}
