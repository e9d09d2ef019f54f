//! Promises of so many business days, which are not so many hours: "by this time on the third working day".
//!
//! The same time of day on the N-th working day after the one on which counting starts. Where that time is
//! closed, the close before it; for a promise that starts at an opening that is the close of the day before,
//! so that one business day from the opening is that day's close.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::compiled::{instant, local_instant};
use super::{Calendar, CalendarError, LAST_YEAR, Pauses, at};
use crate::clock::local_date;
use chrono::Datelike;

impl Calendar {
    /// The instant so many business days after `from`.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_days(&self, from: DateTime<Utc>, days: u32) -> Result<DateTime<Utc>, CalendarError> {
        let start = self.next_open(from, Pauses::NONE)?;
        if days == 0 {
            return Ok(start);
        }
        let zone = self.rules.zone;
        let first_day = local_date(start, zone);
        let last_day = self.working_day_after(first_day, days)?;
        let time = start.with_timezone(&zone).time();
        let wanted = local_instant(zone, last_day.and_time(time));
        let due = self.ask(&[wanted], |open| open.first_with(open.open_before(wanted)))?;
        let opening = self.first_opening(last_day);
        let began_at_opening = self.first_opening(first_day) >= start.timestamp_micros();
        at(if due < opening && !began_at_opening {
            opening
        } else {
            due
        })
    }

    /// The open time that so many business days are, counted from `from`.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn time_of_days(&self, from: DateTime<Utc>, days: u32) -> Result<TimeDelta, CalendarError> {
        self.within(from, self.add_days(from, days)?, Pauses::NONE)
    }

    fn working_day_after(&self, day: NaiveDate, count: u32) -> Result<NaiveDate, CalendarError> {
        day.iter_days()
            .skip(1)
            .take_while(|date| date.year() <= LAST_YEAR)
            .filter(|date| !self.rules.day(*date).1.is_empty())
            .nth(usize::try_from(count.saturating_sub(1)).unwrap_or(usize::MAX))
            .ok_or(CalendarError::OutOfRange)
    }

    fn first_opening(&self, date: NaiveDate) -> i64 {
        self.rules
            .day(date)
            .1
            .iter()
            .map(|piece| instant(self.rules.zone, date, piece.from()))
            .min()
            .unwrap_or(i64::MIN)
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::super::{CalendarRules, Piece, Week, Years};
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn new_york() -> Calendar {
        let piece = Piece::new("08:00".parse().unwrap(), "17:00".parse().unwrap()).unwrap();
        let mut rules = CalendarRules::new(Tz::America__New_York, Week::monday_to_friday(&[piece]));
        rules
            .holidays
            .insert("2022-11-24".parse().unwrap(), "Thanksgiving Day".to_owned());
        Calendar::new(
            rules,
            Years {
                first: 2022,
                last: 2023,
            },
        )
    }

    #[test]
    fn three_business_days_are_the_same_time_on_the_third_working_day() {
        let due = new_york().add_days(utc("2022-11-22T15:31:47Z"), 3).unwrap();
        assert_eq!(
            due,
            utc("2022-11-28T15:31:47Z"),
            "over Thanksgiving and a weekend"
        );
        assert_eq!(
            new_york().time_of_days(utc("2022-11-22T15:31:47Z"), 3).unwrap(),
            TimeDelta::hours(27)
        );
    }

    #[test]
    fn one_business_day_from_the_opening_is_that_days_close() {
        for from in [
            "2022-10-11T10:11:29Z",
            "2022-10-11T12:00:00Z",
            "2022-10-10T21:00:00Z",
        ] {
            assert_eq!(
                new_york().add_days(utc(from), 1).unwrap(),
                utc("2022-10-11T21:00:00Z"),
                "{from}"
            );
        }
        assert_eq!(
            new_york().add_days(utc("2022-10-11T10:11:29Z"), 0).unwrap(),
            utc("2022-10-11T12:00:00Z")
        );
    }

    #[test]
    fn a_day_that_opens_later_is_waited_for_and_one_that_closes_earlier_is_not() {
        let piece = |from: &str, to: &str| Piece::new(from.parse().unwrap(), to.parse().unwrap()).unwrap();
        let mut week = Week::monday_to_friday(&[piece("09:00", "17:00")]);
        week.wed = vec![piece("12:00", "17:00")];
        week.thu = vec![piece("09:00", "13:00")];
        let calendar = Calendar::new(
            CalendarRules::new(Tz::UTC, week),
            Years {
                first: 2026,
                last: 2026,
            },
        );
        let tuesday = utc("2026-11-24T10:00:00Z");
        assert_eq!(
            calendar.add_days(tuesday, 1).unwrap(),
            utc("2026-11-25T12:00:00Z")
        );
        let wednesday = utc("2026-11-25T16:00:00Z");
        assert_eq!(
            calendar.add_days(wednesday, 1).unwrap(),
            utc("2026-11-26T13:00:00Z")
        );
    }
}
