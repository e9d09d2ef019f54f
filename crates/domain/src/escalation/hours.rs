//! Days, pieces of days and ends of things as rotas and absences write them, all wall-clock times of a
//! location.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::words;

words! {
    /// On which days a shift runs.
    DayWord {
        /// Mondays.
        Mon = "mon",
        /// Tuesdays.
        Tue = "tue",
        /// Wednesdays.
        Wed = "wed",
        /// Thursdays.
        Thu = "thu",
        /// Fridays.
        Fri = "fri",
        /// Saturdays.
        Sat = "sat",
        /// Sundays.
        Sun = "sun",
        /// The days of the week that the location works.
        Weekdays = "weekdays",
        /// The days of the week that it does not.
        Weekend = "weekend",
        /// Its holidays; no other word makes a shift run on one.
        Holidays = "holidays",
        /// The days of its sales, holiday or not.
        SaleDays = "sale_days",
    }
}

/// A piece of a day, `09:00-12:30`; one that ends no later than it begins ends on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    from: u16,
    to: u16,
}

const DAY: u16 = 24 * 60;

impl FromStr for Piece {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || {
            let said: String = text.chars().take(40).collect();
            format!(
                "{said:?} is no piece of a day; write 09:00-17:30, 22:00-06:00 over midnight, or 00:00-24:00"
            )
        };
        let minutes = |text: &str| -> Option<u16> {
            let (hours, minutes) = text.trim().split_once(':')?;
            let is_clock = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            let (hours, minutes) = (
                hours.parse::<u16>().ok().filter(|_| is_clock(hours))?,
                minutes.parse::<u16>().ok().filter(|_| is_clock(minutes))?,
            );
            (minutes < 60 && hours * 60 + minutes <= DAY).then_some(hours * 60 + minutes)
        };
        let (from, to) = text.split_once('-').ok_or_else(refuse)?;
        match (minutes(from), minutes(to)) {
            (Some(from), Some(to)) if from < DAY && from != to => Ok(Self { from, to }),
            _ => Err(refuse()),
        }
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:02}:{:02}-{:02}:{:02}",
            self.from / 60,
            self.from % 60,
            self.to / 60,
            self.to % 60
        )
    }
}

impl Serialize for Piece {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Piece {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl Piece {
    pub(crate) fn on(self, zone: Tz, day: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
        let clock = |minutes: u16| {
            let over = u64::from(minutes / DAY);
            let minutes = u32::from(minutes % DAY);
            let day = day.checked_add_days(Days::new(over)).unwrap_or(day);
            let time = NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).unwrap_or_default();
            at_local(zone, day, time)
        };
        let to = if self.to <= self.from {
            self.to + DAY
        } else {
            self.to
        };
        (clock(self.from), clock(to))
    }
}

/// An end of something: a whole day, a wall-clock time, or an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// A whole day, local.
    Day(NaiveDate),
    /// A local time.
    Local(NaiveDateTime),
    /// An instant.
    At(DateTime<Utc>),
}

impl Edge {
    /// As where something begins.
    pub fn begins(self, zone: Tz) -> DateTime<Utc> {
        match self {
            Self::Day(day) => at_local(zone, day, NaiveTime::MIN),
            Self::Local(local) => at_local(zone, local.date(), local.time()),
            Self::At(at) => at,
        }
    }

    /// As where something ends: a day ends when the next begins.
    pub fn ends(self, zone: Tz) -> DateTime<Utc> {
        match self {
            Self::Day(day) => at_local(
                zone,
                day.checked_add_days(Days::new(1)).unwrap_or(day),
                NaiveTime::MIN,
            ),
            other => other.begins(zone),
        }
    }
}

impl FromStr for Edge {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        NaiveDate::from_str(text)
            .map(Self::Day)
            .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").map(Self::Local))
            .or_else(|_| DateTime::parse_from_rfc3339(text).map(|at| Self::At(at.to_utc())))
            .map_err(|_| {
                let said: String = text.chars().take(40).collect();
                format!(
                    "{said:?} is neither a day nor a time; write 2026-11-20, 2026-11-20T18:00 (local) or \
                     2026-11-20T18:00:00+00:00"
                )
            })
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Local(local) => local.format("%Y-%m-%dT%H:%M").fmt(f),
            Self::At(at) => f.write_str(&at.to_rfc3339()),
        }
    }
}

impl Serialize for Edge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Edge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// The instant at which the wall clock there shows that time.
pub(crate) fn at_local(zone: Tz, day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    let mut local = day.and_time(time);
    // No zone ever skipped more than a day; what skips a quarter of an hour is found within it.
    for _ in 0..=96 {
        if let Some(at) = zone.from_local_datetime(&local).earliest() {
            return at.to_utc();
        }
        local += TimeDelta::minutes(15);
    }
    day.and_time(time).and_utc()
}
