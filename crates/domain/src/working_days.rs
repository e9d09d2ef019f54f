//! Arithmetic on a location's working days: when is a promise of so many working days due?
//!
//! Counting starts on the day after the given one, as the terms do ("within 14 working days of the
//! sale"). A calendar that never works gives `None` instead of a date that nobody can keep.

use chrono::{Days, NaiveDate};

use crate::location::WorkingDays;

/// After so many days in a row without a working one, the calendar is taken to have none.
const LONGEST_CLOSURE: u32 = 400;

impl WorkingDays {
    /// The first working day after that day.
    pub fn next_working_day(&self, day: NaiveDate) -> Option<NaiveDate> {
        let mut next = day;
        for _ in 0..LONGEST_CLOSURE {
            next = next.checked_add_days(Days::new(1))?;
            if self.is_working(next) {
                return Some(next);
            }
        }
        None
    }

    /// The `count`-th working day after that day; zero is the day itself.
    pub fn add_working_days(&self, day: NaiveDate, count: u32) -> Option<NaiveDate> {
        (0..count).try_fold(day, |day, _| self.next_working_day(day))
    }

    /// How many working days lie after `from` up to and including `to`; zero where `to` is not later.
    pub fn working_days_between(&self, from: NaiveDate, to: NaiveDate) -> u32 {
        let mut count = 0;
        let mut day = from;
        while let Some(next) = self.next_working_day(day).filter(|next| *next <= to) {
            count += 1;
            day = next;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn with_holidays(days: &[&str]) -> WorkingDays {
        let mut calendar = WorkingDays::monday_to_friday();
        calendar
            .holidays
            .extend(days.iter().map(|day| (on(day), "holiday".to_owned())));
        calendar
    }

    #[test]
    fn fourteen_working_days_over_christmas_end_in_the_second_week_of_january() {
        let london = with_holidays(&["2026-12-25", "2026-12-28", "2027-01-01"]);
        assert_eq!(
            london.add_working_days(on("2026-12-17"), 14),
            Some(on("2027-01-11"))
        );
        assert_eq!(
            london.working_days_between(on("2026-12-17"), on("2027-01-11")),
            14
        );
    }

    #[test]
    fn lunar_new_year_moves_a_hong_kong_promise() {
        let hong_kong = with_holidays(&["2026-02-17", "2026-02-18", "2026-02-19"]);
        assert_eq!(
            hong_kong.next_working_day(on("2026-02-16")),
            Some(on("2026-02-20"))
        );
        assert_eq!(
            hong_kong.add_working_days(on("2026-02-13"), 3),
            Some(on("2026-02-23"))
        );
    }

    #[test]
    fn a_sale_that_ends_on_a_saturday_counts_from_monday() {
        let calendar = WorkingDays::monday_to_friday();
        assert_eq!(
            calendar.add_working_days(on("2026-11-21"), 1),
            Some(on("2026-11-23"))
        );
        assert_eq!(
            calendar.add_working_days(on("2026-11-21"), 0),
            Some(on("2026-11-21"))
        );
        assert_eq!(
            calendar.working_days_between(on("2026-11-21"), on("2026-11-20")),
            0
        );
    }

    #[test]
    fn a_calendar_that_never_works_promises_nothing() {
        let never = WorkingDays {
            weekend: BTreeSet::from([0, 1, 2, 3, 4, 5, 6]),
            ..WorkingDays::monday_to_friday()
        };
        assert_eq!(never.next_working_day(on("2026-11-21")), None);
        assert_eq!(never.add_working_days(on("2026-11-21"), 2), None);
        assert_eq!(never.working_days_between(on("2026-11-21"), on("2027-11-21")), 0);
        assert_eq!(
            WorkingDays::monday_to_friday().add_working_days(NaiveDate::MAX, 1),
            None
        );
    }

    proptest! {
        #[test]
        fn adding_and_counting_agree(start in 0_i32..3650, count in 0_u32..60, closed in prop::collection::btree_set(0_u64..120, 0..12)) {
            let start = NaiveDate::from_num_days_from_ce_opt(739_000 + start).unwrap();
            let mut calendar = WorkingDays::monday_to_friday();
            calendar.holidays.extend(closed.iter().map(|n| (start + Days::new(*n), String::new())));
            let end = calendar.add_working_days(start, count).unwrap();
            prop_assert_eq!(calendar.working_days_between(start, end), count);
            prop_assert!(count == 0 || calendar.is_working(end));
        }
    }
}
