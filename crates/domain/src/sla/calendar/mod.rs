//! Business calendars: how much open time lies between two instants, and when a promise of so much is due.
//!
//! Settled choices, where libraries differ: a deadline that falls on a close stays at the close; no time at
//! all, asked outside hours, is the next opening; time is elapsed time, so a clock change lengthens or
//! shortens a night; an edge that a clock change skips moves forward by what was skipped, and of one that
//! comes twice the first counts; seconds are kept; a reversed range is no time; a holiday beats the weekday,
//! and an override marked as working anyway beats the holiday.

mod compiled;
mod days;
mod explain;
mod hours;
mod pauses;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use chrono::{DateTime, Datelike, TimeDelta, Utc};

use compiled::Compiled;
pub use explain::{Reason, Stretch};
pub use hours::{CalendarRules, DateHours, DayKind, Piece, TimeOfDay, Week};
pub use pauses::{Pause, Pauses};

/// The first year that is reckoned.
pub const FIRST_YEAR: i32 = 1970;
/// The last year that is reckoned.
pub const LAST_YEAR: i32 = 2149;

/// Why a calendar has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// A time that no clock shows.
    #[error("{text:?} is not a time; write it like \"09:00\", up to \"24:00\"")]
    NoTime {
        /// What stood there.
        text: String,
    },
    /// A piece that ends before it begins.
    #[error(
        "the hours {from}-{to} end before they begin; write an overnight shift as two pieces, [\"{from}\", \"24:00\"] and [\"00:00\", \"{to}\"] on the next day"
    )]
    PieceEndsFirst {
        /// Its beginning.
        from: TimeOfDay,
        /// Its end.
        to: TimeOfDay,
    },
    /// There is no open time to count on.
    #[error("this calendar is never open, so nothing is ever due by it; give it hours on at least one day")]
    NeverOpen,
    /// Less than no time.
    #[error("a time of less than zero was asked for; give zero or more seconds")]
    Negative,
    /// Further than anybody plans.
    #[error("calendars are reckoned from {FIRST_YEAR} to {LAST_YEAR} only, and this lies or leads outside")]
    OutOfRange,
    /// A pause without an end stands in the way.
    #[error("the clock stands until its pause ends, so there is no due instant yet")]
    Standing,
}

/// From an instant to another.
pub type Span = (DateTime<Utc>, DateTime<Utc>);

/// The years that are laid out at once, before anybody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Years {
    /// The first.
    pub first: i32,
    /// The last.
    pub last: i32,
}

impl Years {
    /// From two years before an instant to so many after.
    pub fn around(now: DateTime<Utc>, ahead: i32) -> Self {
        Self {
            first: now.year().saturating_sub(2),
            last: now.year().saturating_add(ahead),
        }
    }
}

/// Open time, laid out; see the module for what is settled.
#[derive(Debug)]
pub struct Calendar {
    rules: CalendarRules,
    near: Compiled,
    /// Every year that is reckoned, laid out at the first question that leaves the near ones.
    far: OnceLock<Compiled>,
}

impl Calendar {
    /// Lays out the given years; others follow by themselves when they are asked for.
    pub fn new(rules: CalendarRules, years: Years) -> Self {
        let first = years.first.clamp(FIRST_YEAR, LAST_YEAR);
        let near = Compiled::years(&rules, first, years.last.clamp(first, LAST_YEAR));
        Self {
            rules,
            near,
            far: OnceLock::new(),
        }
    }

    /// What it was made from.
    pub fn rules(&self) -> &CalendarRules {
        &self.rules
    }

    /// Asks the near years, and all of them where these have no answer.
    fn ask<T>(&self, at: &[i64], question: impl Fn(&Compiled) -> Option<T>) -> Result<T, CalendarError> {
        let know = |compiled: &Compiled| at.iter().all(|at| compiled.knows(*at));
        if let Some(answer) = know(&self.near).then(|| question(&self.near)).flatten() {
            return Ok(answer);
        }
        if self.rules.never_opens() {
            return Err(CalendarError::NeverOpen);
        }
        let far = self
            .far
            .get_or_init(|| Compiled::years(&self.rules, FIRST_YEAR, LAST_YEAR));
        if !know(far) {
            return Err(CalendarError::OutOfRange);
        }
        question(far).ok_or(CalendarError::OutOfRange)
    }

    fn open_between(&self, from: i64, to: i64) -> Result<i64, CalendarError> {
        if from >= to || self.rules.never_opens() {
            return Ok(0);
        }
        self.ask(&[from, to], |open| {
            Some(open.open_before(to) - open.open_before(from))
        })
    }

    /// Open time between two instants in which no pause stands; none in a reversed range.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`] for an instant that is not reckoned.
    pub fn within(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        pauses: &Pauses,
    ) -> Result<TimeDelta, CalendarError> {
        let (from, to) = (from.timestamp_micros(), to.timestamp_micros());
        let mut open = self.open_between(from, to)?;
        for pause in pauses.iter() {
            let paused_from = pause.from.timestamp_micros().max(from);
            let paused_to = pause.to.map_or(to, |end| end.timestamp_micros().min(to));
            open -= self.open_between(paused_from, paused_to)?;
        }
        Ok(TimeDelta::microseconds(open))
    }

    /// The instant at which so much open time has passed since `from`.
    ///
    /// # Errors
    /// [`CalendarError`]: a calendar that is never open, less than no time, an instant that is not reckoned,
    /// or a pause without an end.
    pub fn add(
        &self,
        from: DateTime<Utc>,
        time: TimeDelta,
        pauses: &Pauses,
    ) -> Result<DateTime<Utc>, CalendarError> {
        let mut left = micros(time)?;
        if left == 0 {
            return self.next_open(from, pauses);
        }
        let mut cursor = from.timestamp_micros();
        for pause in pauses.iter() {
            let paused_from = pause.from.timestamp_micros();
            if paused_from > cursor {
                // The pause may begin beyond every year that is reckoned, and the due instant well before.
                let open = match self.open_between(cursor, paused_from) {
                    Err(CalendarError::OutOfRange) => break,
                    open => open?,
                };
                if left <= open {
                    break;
                }
                left -= open;
            }
            match pause.to.map(|to| to.timestamp_micros()) {
                Some(to) => cursor = cursor.max(to),
                None => return Err(CalendarError::Standing),
            }
        }
        let due = self.ask(&[cursor], |open| open.after(cursor, left))?;
        at(due)
    }

    /// The instant from which so much open time leads up to `to`.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn sub(
        &self,
        to: DateTime<Utc>,
        time: TimeDelta,
        pauses: &Pauses,
    ) -> Result<DateTime<Utc>, CalendarError> {
        let mut left = micros(time)?;
        if left == 0 {
            return self.prev_open(to, pauses);
        }
        let mut cursor = to.timestamp_micros();
        for pause in pauses.iter().rev() {
            let paused_from = pause.from.timestamp_micros();
            if paused_from >= cursor {
                continue;
            }
            let paused_to = pause.to.map_or(cursor, |end| end.timestamp_micros());
            if paused_to < cursor {
                let open = match self.open_between(paused_to, cursor) {
                    Err(CalendarError::OutOfRange) => break,
                    open => open?,
                };
                if left <= open {
                    break;
                }
                left -= open;
            }
            cursor = paused_from;
        }
        let since = self.ask(&[cursor], |open| {
            open.open_before(cursor)
                .checked_sub(left)
                .and_then(|total| open.last_with(total))
        })?;
        at(since)
    }

    /// Is it open, and no pause standing? Open at an opening, closed at a close.
    ///
    /// # Errors
    /// [`CalendarError::OutOfRange`].
    pub fn is_open(&self, when: DateTime<Utc>, pauses: &Pauses) -> Result<bool, CalendarError> {
        let when_micros = when.timestamp_micros();
        if pauses.holding(when).is_some() || self.rules.never_opens() {
            return Ok(false);
        }
        self.ask(&[when_micros], |open| Some(open.holding(when_micros).is_some()))
    }

    /// The instant itself where it is open, else the next opening.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn next_open(&self, from: DateTime<Utc>, pauses: &Pauses) -> Result<DateTime<Utc>, CalendarError> {
        let mut cursor = from;
        loop {
            let when = cursor.timestamp_micros();
            let open = self.ask(&[when], |open| match open.holding(when) {
                Some(_) => Some(when),
                None => open.starting_from(when).map(|(start, _)| start),
            })?;
            let open = at(open)?;
            match pauses.holding(open) {
                None => return Ok(open),
                Some(pause) => cursor = pause.to.ok_or(CalendarError::Standing)?,
            }
        }
    }

    /// The end of the open stretch that holds the instant, else of the next one; a pause ends a stretch too.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn next_close(&self, from: DateTime<Utc>, pauses: &Pauses) -> Result<DateTime<Utc>, CalendarError> {
        let open = self.next_open(from, pauses)?.timestamp_micros();
        let close = self.ask(&[open], |compiled| compiled.holding(open).map(|(_, end)| end))?;
        let paused = pauses
            .iter()
            .map(|pause| pause.from.timestamp_micros())
            .find(|paused| *paused > open);
        at(paused.map_or(close, |paused| close.min(paused)))
    }

    /// The instant itself where it is open, else the last close before it.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn prev_open(&self, from: DateTime<Utc>, pauses: &Pauses) -> Result<DateTime<Utc>, CalendarError> {
        if self.is_open(from, pauses)? {
            Ok(from)
        } else {
            self.last_open_end(from, pauses)
        }
    }

    /// The last instant, not after the given one, up to which it was open.
    fn last_open_end(&self, to: DateTime<Utc>, pauses: &Pauses) -> Result<DateTime<Utc>, CalendarError> {
        let mut cursor = to;
        loop {
            let when = cursor.timestamp_micros();
            let end = at(self.ask(&[when], |open| match open.holding(when - 1) {
                Some(_) => Some(when),
                None => open.ended_by(when).map(|(_, end)| end),
            })?)?;
            match pauses.holding(end - TimeDelta::microseconds(1)) {
                None => return Ok(end),
                Some(pause) => cursor = pause.from,
            }
        }
    }

    /// The open block that holds the instant, else the next one, as hours alone say: both edges.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn shift(&self, when: DateTime<Utc>) -> Result<Span, CalendarError> {
        let when = when.timestamp_micros();
        let (start, end) = self.ask(&[when], |open| {
            open.holding(when).or_else(|| open.starting_from(when))
        })?;
        Ok((at(start)?, at(end)?))
    }

    /// Open stretches in order from an instant on, cut at it and at pauses, as many as asked for.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn stretches_after(
        &self,
        from: DateTime<Utc>,
        pauses: &Pauses,
        count: usize,
    ) -> Result<Vec<Span>, CalendarError> {
        let mut stretches = Vec::with_capacity(count.min(1_000));
        let mut cursor = from;
        while stretches.len() < count {
            let start = self.next_open(cursor, pauses)?;
            cursor = self.next_close(start, pauses)?;
            stretches.push((start, cursor));
        }
        Ok(stretches)
    }

    /// Open stretches backwards from an instant, cut at it and at pauses, as many as asked for.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn stretches_before(
        &self,
        to: DateTime<Utc>,
        pauses: &Pauses,
        count: usize,
    ) -> Result<Vec<Span>, CalendarError> {
        let mut stretches = Vec::with_capacity(count.min(1_000));
        let mut cursor = to;
        while stretches.len() < count {
            let end = self.last_open_end(cursor, pauses)?;
            let inside = end.timestamp_micros() - 1;
            let opened = at(self.ask(&[inside], |open| open.holding(inside).map(|(start, _)| start))?)?;
            let resumed = pauses
                .iter()
                .rev()
                .filter_map(|pause| pause.to)
                .find(|to| *to < end);
            cursor = resumed.map_or(opened, |resumed| resumed.max(opened));
            stretches.push((cursor, end));
        }
        Ok(stretches)
    }
}

fn micros(time: TimeDelta) -> Result<i64, CalendarError> {
    match time.num_microseconds() {
        Some(micros) if micros < 0 => Err(CalendarError::Negative),
        Some(micros) => Ok(micros),
        None => Err(CalendarError::OutOfRange),
    }
}

fn at(micros: i64) -> Result<DateTime<Utc>, CalendarError> {
    DateTime::from_timestamp_micros(micros).ok_or(CalendarError::OutOfRange)
}
