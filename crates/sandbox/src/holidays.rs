//! Bank and general holidays of the three salerooms, 2025 to 2027, as their governments publish them.
//!
//! Promises: days off that fall on a weekend are given as the day on which they are observed, except in
//! Hong Kong, where Saturdays stay Saturdays.

use std::collections::BTreeMap;

use chrono::NaiveDate;

type Day = (i32, u32, u32, &'static str);

/// England and Wales (gov.uk/bank-holidays).
const LONDON: &[Day] = &[
    (2025, 1, 1, "New Year's Day"),
    (2025, 4, 18, "Good Friday"),
    (2025, 4, 21, "Easter Monday"),
    (2025, 5, 5, "Early May bank holiday"),
    (2025, 5, 26, "Spring bank holiday"),
    (2025, 8, 25, "Summer bank holiday"),
    (2025, 12, 25, "Christmas Day"),
    (2025, 12, 26, "Boxing Day"),
    (2026, 1, 1, "New Year's Day"),
    (2026, 4, 3, "Good Friday"),
    (2026, 4, 6, "Easter Monday"),
    (2026, 5, 4, "Early May bank holiday"),
    (2026, 5, 25, "Spring bank holiday"),
    (2026, 8, 31, "Summer bank holiday"),
    (2026, 12, 25, "Christmas Day"),
    (2026, 12, 28, "Boxing Day (substitute day)"),
    (2027, 1, 1, "New Year's Day"),
    (2027, 3, 26, "Good Friday"),
    (2027, 3, 29, "Easter Monday"),
    (2027, 5, 3, "Early May bank holiday"),
    (2027, 5, 31, "Spring bank holiday"),
    (2027, 8, 30, "Summer bank holiday"),
    (2027, 12, 27, "Christmas Day (substitute day)"),
    (2027, 12, 28, "Boxing Day (substitute day)"),
];

/// US federal holidays as observed (opm.gov).
const NEW_YORK: &[Day] = &[
    (2025, 1, 1, "New Year's Day"),
    (2025, 1, 20, "Birthday of Martin Luther King, Jr."),
    (2025, 2, 17, "Washington's Birthday"),
    (2025, 5, 26, "Memorial Day"),
    (2025, 6, 19, "Juneteenth"),
    (2025, 7, 4, "Independence Day"),
    (2025, 9, 1, "Labor Day"),
    (2025, 10, 13, "Columbus Day"),
    (2025, 11, 11, "Veterans Day"),
    (2025, 11, 27, "Thanksgiving Day"),
    (2025, 12, 25, "Christmas Day"),
    (2026, 1, 1, "New Year's Day"),
    (2026, 1, 19, "Birthday of Martin Luther King, Jr."),
    (2026, 2, 16, "Washington's Birthday"),
    (2026, 5, 25, "Memorial Day"),
    (2026, 6, 19, "Juneteenth"),
    (2026, 7, 3, "Independence Day (observed)"),
    (2026, 9, 7, "Labor Day"),
    (2026, 10, 12, "Columbus Day"),
    (2026, 11, 11, "Veterans Day"),
    (2026, 11, 26, "Thanksgiving Day"),
    (2026, 12, 25, "Christmas Day"),
    (2027, 1, 1, "New Year's Day"),
    (2027, 1, 18, "Birthday of Martin Luther King, Jr."),
    (2027, 2, 15, "Washington's Birthday"),
    (2027, 5, 31, "Memorial Day"),
    (2027, 6, 18, "Juneteenth (observed)"),
    (2027, 7, 5, "Independence Day (observed)"),
    (2027, 9, 6, "Labor Day"),
    (2027, 10, 11, "Columbus Day"),
    (2027, 11, 11, "Veterans Day"),
    (2027, 11, 25, "Thanksgiving Day"),
    (2027, 12, 24, "Christmas Day (observed)"),
    (2027, 12, 31, "New Year's Day (observed)"),
];

/// Hong Kong general holidays (gov.hk), Sundays left out.
const HONG_KONG: &[Day] = &[
    (2025, 1, 1, "The first day of January"),
    (2025, 1, 29, "Lunar New Year's Day"),
    (2025, 1, 30, "The second day of Lunar New Year"),
    (2025, 1, 31, "The third day of Lunar New Year"),
    (2025, 4, 4, "Ching Ming Festival"),
    (2025, 4, 18, "Good Friday"),
    (2025, 4, 19, "The day following Good Friday"),
    (2025, 4, 21, "Easter Monday"),
    (2025, 5, 1, "Labour Day"),
    (2025, 5, 5, "The Birthday of the Buddha"),
    (2025, 5, 31, "Tuen Ng Festival"),
    (
        2025,
        7,
        1,
        "Hong Kong Special Administrative Region Establishment Day",
    ),
    (2025, 10, 1, "National Day"),
    (2025, 10, 7, "The day following the Chinese Mid-Autumn Festival"),
    (2025, 10, 29, "Chung Yeung Festival"),
    (2025, 12, 25, "Christmas Day"),
    (2025, 12, 26, "The first weekday after Christmas Day"),
    (2026, 1, 1, "The first day of January"),
    (2026, 2, 17, "Lunar New Year's Day"),
    (2026, 2, 18, "The second day of Lunar New Year"),
    (2026, 2, 19, "The third day of Lunar New Year"),
    (2026, 4, 3, "Good Friday"),
    (2026, 4, 4, "The day following Good Friday"),
    (2026, 4, 6, "The day following Ching Ming Festival"),
    (2026, 4, 7, "The day following Easter Monday"),
    (2026, 5, 1, "Labour Day"),
    (2026, 5, 25, "The day following the Birthday of the Buddha"),
    (2026, 6, 19, "Tuen Ng Festival"),
    (
        2026,
        7,
        1,
        "Hong Kong Special Administrative Region Establishment Day",
    ),
    (2026, 9, 26, "The day following the Chinese Mid-Autumn Festival"),
    (2026, 10, 1, "National Day"),
    (2026, 10, 19, "The day following Chung Yeung Festival"),
    (2026, 12, 25, "Christmas Day"),
    (2026, 12, 26, "The first weekday after Christmas Day"),
    (2027, 1, 1, "The first day of January"),
    (2027, 2, 6, "Lunar New Year's Day"),
    (2027, 2, 8, "The third day of Lunar New Year"),
    (2027, 2, 9, "The fourth day of Lunar New Year"),
    (2027, 3, 26, "Good Friday"),
    (2027, 3, 27, "The day following Good Friday"),
    (2027, 3, 29, "Easter Monday"),
    (2027, 4, 5, "Ching Ming Festival"),
    (2027, 5, 1, "Labour Day"),
    (2027, 5, 13, "The Birthday of the Buddha"),
    (2027, 6, 9, "Tuen Ng Festival"),
    (
        2027,
        7,
        1,
        "Hong Kong Special Administrative Region Establishment Day",
    ),
    (2027, 9, 16, "The day following the Chinese Mid-Autumn Festival"),
    (2027, 10, 1, "National Day"),
    (2027, 10, 8, "Chung Yeung Festival"),
    (2027, 12, 25, "Christmas Day"),
    (2027, 12, 27, "The first weekday after Christmas Day"),
];

/// Holidays in London.
pub(crate) fn london() -> BTreeMap<NaiveDate, String> {
    named(LONDON)
}

/// Holidays in New York.
pub(crate) fn new_york() -> BTreeMap<NaiveDate, String> {
    named(NEW_YORK)
}

/// Holidays in Hong Kong.
pub(crate) fn hong_kong() -> BTreeMap<NaiveDate, String> {
    named(HONG_KONG)
}

fn named(days: &[Day]) -> BTreeMap<NaiveDate, String> {
    days.iter()
        .filter_map(|(year, month, day, name)| {
            NaiveDate::from_ymd_opt(*year, *month, *day).map(|day| (day, (*name).to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, Weekday};

    use super::*;

    #[test]
    fn every_holiday_is_a_real_day_on_which_work_would_have_been_done() {
        for (table, holidays) in [
            (LONDON, london()),
            (NEW_YORK, new_york()),
            (HONG_KONG, hong_kong()),
        ] {
            assert_eq!(
                table.len(),
                holidays.len(),
                "a day is written twice or does not exist"
            );
            for day in holidays.keys() {
                assert_ne!(day.weekday(), Weekday::Sun, "{day}");
            }
        }
        for day in london().keys().chain(new_york().keys()) {
            assert_ne!(day.weekday(), Weekday::Sat, "{day}");
        }
    }

    #[test]
    fn easter_falls_where_the_church_puts_it() {
        for (year, month, day) in [(2025, 4, 18), (2026, 4, 3), (2027, 3, 26)] {
            let friday = NaiveDate::from_ymd_opt(year, month, day).unwrap();
            assert_eq!(friday.weekday(), Weekday::Fri);
            assert_eq!(london()[&friday], "Good Friday");
            assert_eq!(hong_kong()[&friday], "Good Friday");
        }
    }
}
