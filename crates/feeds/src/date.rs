//! Dates as files write them, read strictly by declared formats.
//!
//! A format is `YYYY-MM-DD`, `M/D/YYYY`, `DD.MM.YYYY`, `YYYYMMDD` and the like, or the same in strptime's
//! letters (`%d.%m.%Y`). Two formats of one list may not read the same text as different days.

use chrono::NaiveDate;

/// One format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateFormat {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Year,
    Month {
        least: u8,
    },
    MonthName,
    Day {
        least: u8,
    },
    /// Part of a time of day; read and left out.
    TwoDigits,
    Literal(u8),
}

/// The formats of a column, and what it writes for "no date".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateStyle {
    /// Tried in order.
    pub formats: Vec<DateFormat>,
    /// Texts that mean no date, beside a blank cell.
    pub none: Vec<String>,
}

impl Default for DateStyle {
    /// The canonical feed's: `YYYY-MM-DD`, and only a blank cell is no date.
    fn default() -> Self {
        let parts = vec![
            Part::Year,
            Part::Literal(b'-'),
            Part::Month { least: 2 },
            Part::Literal(b'-'),
            Part::Day { least: 2 },
        ];
        Self {
            formats: vec![DateFormat {
                text: "YYYY-MM-DD".to_owned(),
                parts,
            }],
            none: Vec::new(),
        }
    }
}

/// What a cell is, read as a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    Date(NaiveDate),
    /// One of the texts for "no date".
    NoDate,
    /// It would be a date if day and month changed places.
    Swapped,
    /// A day that the calendar does not have, or a year that no business has.
    Impossible,
    /// Not of these formats.
    Unreadable,
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Years that a date in a ledger can have.
pub(crate) const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

impl DateFormat {
    /// Reads a format; the error is a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = if text.contains('%') {
            strptime(text)?
        } else {
            pictured(text)?
        };
        let count = |wanted: fn(&Part) -> bool| parts.iter().filter(|part| wanted(part)).count();
        let complete = count(|p| matches!(p, Part::Year)) == 1
            && count(|p| matches!(p, Part::Month { .. } | Part::MonthName)) == 1
            && count(|p| matches!(p, Part::Day { .. })) == 1;
        if !complete {
            return Err(format!(
                "the date format {text:?} needs one year of four digits, one month and one day, as in \"DD.MM.YYYY\""
            ));
        }
        let is_literal: Vec<bool> = parts
            .iter()
            .map(|part| matches!(part, Part::Literal(_)))
            .collect();
        for (at, part) in parts.iter_mut().enumerate() {
            let touches = (at > 0 && !is_literal[at - 1]) || is_literal.get(at + 1) == Some(&false);
            if let (Part::Month { least } | Part::Day { least }, true) = (part, touches) {
                *least = 2;
            }
        }
        Ok(Self {
            text: text.to_owned(),
            parts,
        })
    }

    /// The format as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Does the other read the same texts with day and month swapped?
    pub(crate) fn is_ambiguous_with(&self, other: &Self) -> bool {
        let shape = |format: &Self, swap: bool| -> Vec<Part> {
            let plain = |part: &Part| match (part, swap) {
                (Part::Month { .. }, false) | (Part::Day { .. }, true) => Part::Month { least: 1 },
                (Part::Day { .. }, false) | (Part::Month { .. }, true) => Part::Day { least: 1 },
                (other, _) => *other,
            };
            format.parts.iter().map(plain).collect()
        };
        shape(self, false) == shape(other, true)
    }

    /// Year, month and day as the digits say, unchecked.
    fn fields(&self, text: &[u8]) -> Option<(i32, u32, u32)> {
        let (mut year, mut month, mut day) = (0, 0, 0);
        let mut rest = text;
        for part in &self.parts {
            match *part {
                Part::Literal(wanted) => rest = rest.strip_prefix(&[wanted])?,
                Part::Year => year = i32::try_from(digits(&mut rest, 4, 4)?).ok()?,
                Part::Month { least } => month = digits(&mut rest, least, 2)?,
                Part::Day { least } => day = digits(&mut rest, least, 2)?,
                Part::TwoDigits => {
                    digits(&mut rest, 2, 2)?;
                }
                Part::MonthName => {
                    let name = rest.get(..3)?.to_ascii_lowercase();
                    let at = MONTHS.iter().position(|month| month.as_bytes() == name)?;
                    month = u32::try_from(at).ok()? + 1;
                    rest = &rest[3..];
                }
            }
        }
        rest.is_empty().then_some((year, month, day))
    }
}

fn digits(rest: &mut &[u8], least: u8, most: u8) -> Option<u32> {
    let mut value = 0;
    let mut taken = 0;
    while let Some((&b, tail)) = rest.split_first() {
        if taken == most || !b.is_ascii_digit() {
            break;
        }
        value = value * 10 + u32::from(b - b'0');
        taken += 1;
        *rest = tail;
    }
    (taken >= least).then_some(value)
}

fn pictured(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut hours_seen = false;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let letter = bytes[at];
        let run = bytes[at..].iter().take_while(|b| **b == letter).count();
        let part = match (letter, run) {
            (b'Y' | b'y', 4) => Part::Year,
            (b'M', 3) => Part::MonthName,
            (b'm' | b's' | b'S', 2) if hours_seen => Part::TwoDigits,
            (b'M' | b'm', 1 | 2) => Part::Month {
                least: u8::try_from(run).unwrap_or(2),
            },
            (b'D' | b'd', 1 | 2) => Part::Day {
                least: u8::try_from(run).unwrap_or(2),
            },
            (b'H' | b'h', 2) => {
                hours_seen = true;
                Part::TwoDigits
            }
            (b'T', 1) => Part::Literal(b'T'),
            (other, _) if other.is_ascii_alphabetic() => {
                return Err(format!(
                    "the date format {text:?} has the unknown part {:?}; use YYYY, MM or M, DD or D, MMM for a month's name",
                    &text[at..at + run]
                ));
            }
            (other, _) if other.is_ascii() => {
                parts.extend(std::iter::repeat_n(Part::Literal(other), run));
                at += run;
                continue;
            }
            _ => return Err(format!("the date format {text:?} has a character beyond ASCII")),
        };
        parts.push(part);
        at += run;
    }
    Ok(parts)
}

fn strptime(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut letters = text.chars();
    while let Some(c) = letters.next() {
        if c != '%' {
            let literal = u8::try_from(c).ok().filter(u8::is_ascii);
            parts.push(Part::Literal(literal.ok_or_else(|| {
                format!("the date format {text:?} has a character beyond ASCII")
            })?));
            continue;
        }
        match letters.next() {
            Some('Y') => parts.push(Part::Year),
            Some('m') => parts.push(Part::Month { least: 1 }),
            Some('d' | 'e') => parts.push(Part::Day { least: 1 }),
            Some('b') => parts.push(Part::MonthName),
            Some('H' | 'M' | 'S') => parts.push(Part::TwoDigits),
            Some('F') => parts.extend(DateStyle::default().formats.remove(0).parts),
            other => {
                let letter = other.map_or_else(String::new, |c| c.to_string());
                return Err(format!(
                    "the date format {text:?} has %{letter}; known are %Y, %m, %d, %b, %F, %H, %M and %S"
                ));
            }
        }
    }
    Ok(parts)
}

impl DateStyle {
    /// Reads a cell.
    pub(crate) fn read(&self, text: &str) -> Reading {
        let mut verdict = Reading::Unreadable;
        for format in &self.formats {
            let Some((year, month, day)) = format.fields(text.as_bytes()) else {
                continue;
            };
            if let Some(date) = NaiveDate::from_ymd_opt(year, month, day) {
                if YEARS.contains(&year) {
                    return Reading::Date(date);
                }
                verdict = Reading::Impossible;
            } else if NaiveDate::from_ymd_opt(year, day, month).is_some() && verdict == Reading::Unreadable {
                verdict = Reading::Swapped;
            } else if verdict == Reading::Unreadable {
                verdict = Reading::Impossible;
            }
        }
        if self.none.iter().any(|none| none == text) {
            Reading::NoDate
        } else {
            verdict
        }
    }

    /// The formats, for a sentence.
    pub(crate) fn described(&self) -> String {
        let texts: Vec<&str> = self.formats.iter().map(DateFormat::text).collect();
        texts.join(" or ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn style(formats: &[&str]) -> DateStyle {
        let formats = formats
            .iter()
            .map(|format| DateFormat::parse(format).unwrap())
            .collect();
        DateStyle {
            formats,
            none: vec!["00.00.0000".to_owned(), "00000000".to_owned()],
        }
    }

    fn day(year: i32, month: u32, day: u32) -> Reading {
        Reading::Date(NaiveDate::from_ymd_opt(year, month, day).unwrap())
    }

    #[test]
    fn each_format_reads_its_own_dates() {
        assert_eq!(style(&["M/D/YYYY"]).read("1/2/2013"), day(2013, 1, 2));
        assert_eq!(style(&["DD.MM.YYYY"]).read("02.01.2013"), day(2013, 1, 2));
        assert_eq!(style(&["dd.mm.yyyy"]).read("02.01.2013"), day(2013, 1, 2));
        assert_eq!(style(&["YYYYMMDD"]).read("20130102"), day(2013, 1, 2));
        assert_eq!(style(&["%Y%m%d"]).read("20130102"), day(2013, 1, 2));
        assert_eq!(style(&["D-MMM-YYYY"]).read("2-Jan-2013"), day(2013, 1, 2));
        assert_eq!(
            style(&["YYYY-MM-DD hh:mm:ss"]).read("2020-02-11 00:00:00"),
            day(2020, 2, 11)
        );
        assert_eq!(
            style(&["YYYY-MM-DD", "M/D/YYYY"]).read("1/2/2013"),
            day(2013, 1, 2)
        );
    }

    #[test]
    fn a_date_that_does_not_fit_is_told_apart_by_what_is_wrong_with_it() {
        assert_eq!(style(&["M/D/YYYY"]).read("31/1/2013"), Reading::Swapped);
        assert_eq!(style(&["M/D/YYYY"]).read("2/30/2013"), Reading::Impossible);
        assert_eq!(style(&["YYYY-MM-DD"]).read("9999-12-31"), Reading::Impossible);
        assert_eq!(style(&["YYYY-MM-DD"]).read("0213-01-01"), Reading::Impossible);
        assert_eq!(style(&["YYYY-MM-DD"]).read("05:23.4"), Reading::Unreadable);
        assert_eq!(style(&["DD.MM.YYYY"]).read("2.1.2013"), Reading::Unreadable);
        assert_eq!(style(&["DD.MM.YYYY"]).read("00.00.0000"), Reading::NoDate);
        assert_eq!(DateStyle::default().read("00.00.0000"), Reading::Unreadable);
    }

    #[test]
    fn a_format_that_cannot_name_a_day_is_refused_with_a_sentence() {
        for format in [
            "MM/YYYY",
            "YY-MM-DD",
            "YYYY-MM-DD XX",
            "%y%m%d",
            "DD.MM.YYYY YYYY",
            "",
        ] {
            assert!(DateFormat::parse(format).is_err(), "{format}");
        }
    }

    #[test]
    fn two_formats_that_swap_day_and_month_are_known_to_be_ambiguous() {
        let (us, uk, iso) = ("M/D/YYYY", "DD/MM/YYYY", "YYYY-MM-DD");
        let format = |text| DateFormat::parse(text).unwrap();
        assert!(format(us).is_ambiguous_with(&format(uk)));
        assert!(!format(us).is_ambiguous_with(&format(iso)));
        assert!(!format(us).is_ambiguous_with(&format(us)));
    }

    proptest! {
        #[test]
        fn every_day_comes_back_from_every_format(days in 0_i64..100_000) {
            let date = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + chrono::TimeDelta::days(days);
            for (format, text) in [
                ("YYYY-MM-DD", date.format("%Y-%m-%d")),
                ("M/D/YYYY", date.format("%-m/%-d/%Y")),
                ("DD.MM.YYYY", date.format("%d.%m.%Y")),
                ("%Y%m%d", date.format("%Y%m%d")),
                ("D MMM YYYY", date.format("%-d %b %Y")),
            ] {
                prop_assert_eq!(style(&[format]).read(&text.to_string()), Reading::Date(date));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,30}") {
            let _ = style(&["D-MMM-YYYY", "YYYYMMDD"]).read(&text);
            let _ = DateFormat::parse(&text);
        }
    }
}
