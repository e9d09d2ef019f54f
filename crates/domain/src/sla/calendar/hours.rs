//! What somebody wrote down about open hours: pieces per weekday, named holidays, dates of their own.
//!
//! This is the form that config and the store keep; [`Calendar`](super::Calendar) is made from it. A date
//! is always a local one of the calendar's zone, and an overnight shift is two pieces, each owned by its
//! own date, so that a holiday takes away only the piece on that date.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::CalendarError;
use crate::location::WorkingDays;

/// Seconds of a day as hours are written, which `24:00` ends.
const DAY: u32 = 86_400;

/// A time on a wall clock, up to and including `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u32);

impl TimeOfDay {
    /// `00:00`.
    pub const MIDNIGHT: Self = Self(0);
    /// `24:00`.
    pub const END: Self = Self(DAY);

    /// Hours and minutes; `None` for what no clock shows.
    pub const fn at(hour: u32, minute: u32) -> Option<Self> {
        let seconds = hour * 3600 + minute * 60;
        if minute < 60 && seconds <= DAY {
            Some(Self(seconds))
        } else {
            None
        }
    }

    /// Seconds after the day's midnight as the wall clock counts them.
    pub const fn seconds(self) -> u32 {
        self.0
    }
}

impl FromStr for TimeOfDay {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, CalendarError> {
        let wrong = || CalendarError::NoTime {
            text: text.chars().take(20).collect(),
        };
        let mut parts = text.split(':').map(|part| {
            let digits = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u32>().ok()).flatten()
        });
        let (Some(Some(hour)), Some(Some(minute))) = (parts.next(), parts.next()) else {
            return Err(wrong());
        };
        let second = parts.next().map_or(Some(0), |second| second).ok_or_else(wrong)?;
        let time = Self::at(hour, minute).ok_or_else(wrong)?;
        let seconds = time.0 + second;
        if second >= 60 || seconds > DAY || parts.next().is_some() {
            return Err(wrong());
        }
        Ok(Self(seconds))
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = CalendarError;

    fn try_from(text: String) -> Result<Self, CalendarError> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 3600, self.0 / 60 % 60)?;
        if self.0.is_multiple_of(60) {
            return Ok(());
        }
        write!(f, ":{:02}", self.0 % 60)
    }
}

/// One stretch of open time on a day, `["09:00", "17:30"]`; closed at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "(TimeOfDay, TimeOfDay)", into = "(TimeOfDay, TimeOfDay)")]
pub struct Piece {
    from: TimeOfDay,
    to: TimeOfDay,
}

impl Piece {
    /// The whole day.
    pub const WHOLE_DAY: Self = Self {
        from: TimeOfDay::MIDNIGHT,
        to: TimeOfDay::END,
    };

    /// Open from one time to a later one.
    ///
    /// # Errors
    /// [`CalendarError::PieceEndsFirst`] where it ends before it begins.
    pub fn new(from: TimeOfDay, to: TimeOfDay) -> Result<Self, CalendarError> {
        if from < to {
            Ok(Self { from, to })
        } else {
            Err(CalendarError::PieceEndsFirst { from, to })
        }
    }

    /// When it opens.
    pub const fn from(self) -> TimeOfDay {
        self.from
    }

    /// When it closes.
    pub const fn to(self) -> TimeOfDay {
        self.to
    }
}

impl TryFrom<(TimeOfDay, TimeOfDay)> for Piece {
    type Error = CalendarError;

    fn try_from((from, to): (TimeOfDay, TimeOfDay)) -> Result<Self, CalendarError> {
        Self::new(from, to)
    }
}

impl From<Piece> for (TimeOfDay, TimeOfDay) {
    fn from(piece: Piece) -> Self {
        (piece.from, piece.to)
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

/// Open pieces of each weekday; a day that is not named is closed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Week {
    /// Monday.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mon: Vec<Piece>,
    /// Tuesday.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tue: Vec<Piece>,
    /// Wednesday.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wed: Vec<Piece>,
    /// Thursday.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thu: Vec<Piece>,
    /// Friday.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fri: Vec<Piece>,
    /// Saturday.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sat: Vec<Piece>,
    /// Sunday.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sun: Vec<Piece>,
}

impl Week {
    /// The same pieces on these days.
    pub fn on(days: impl IntoIterator<Item = Weekday>, pieces: &[Piece]) -> Self {
        let mut week = Self::default();
        for day in days {
            *week.day_mut(day) = pieces.to_vec();
        }
        week
    }

    /// The same pieces from Monday to Friday.
    pub fn monday_to_friday(pieces: &[Piece]) -> Self {
        use Weekday::{Fri, Mon, Thu, Tue, Wed};
        Self::on([Mon, Tue, Wed, Thu, Fri], pieces)
    }

    /// Always open.
    pub fn always() -> Self {
        use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
        Self::on([Mon, Tue, Wed, Thu, Fri, Sat, Sun], &[Piece::WHOLE_DAY])
    }

    /// The pieces of a weekday.
    pub fn day(&self, day: Weekday) -> &[Piece] {
        match day {
            Weekday::Mon => &self.mon,
            Weekday::Tue => &self.tue,
            Weekday::Wed => &self.wed,
            Weekday::Thu => &self.thu,
            Weekday::Fri => &self.fri,
            Weekday::Sat => &self.sat,
            Weekday::Sun => &self.sun,
        }
    }

    fn day_mut(&mut self, day: Weekday) -> &mut Vec<Piece> {
        match day {
            Weekday::Mon => &mut self.mon,
            Weekday::Tue => &mut self.tue,
            Weekday::Wed => &mut self.wed,
            Weekday::Thu => &mut self.thu,
            Weekday::Fri => &mut self.fri,
            Weekday::Sat => &mut self.sat,
            Weekday::Sun => &mut self.sun,
        }
    }

    /// Is there no open piece at all?
    pub fn is_empty(&self) -> bool {
        [
            &self.mon, &self.tue, &self.wed, &self.thu, &self.fri, &self.sat, &self.sun,
        ]
        .iter()
        .all(|day| day.is_empty())
    }
}

/// A date with hours of its own, such as a sale day.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateHours {
    /// What people call it: `Evening sale`.
    #[serde(default)]
    pub name: String,
    /// Instead of the weekday's pieces; none is a closed day.
    pub hours: Vec<Piece>,
    /// Does it beat a holiday on the same date?
    #[serde(default)]
    pub works_anyway: bool,
}

/// Everything that was written down about one office's open time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarRules {
    /// IANA zone.
    pub zone: Tz,
    /// Open pieces per weekday.
    pub hours: Week,
    /// Holidays with their names.
    #[serde(default)]
    pub holidays: BTreeMap<NaiveDate, String>,
    /// Dates with hours of their own.
    #[serde(default)]
    pub dates: BTreeMap<NaiveDate, DateHours>,
}

/// Why a date has the pieces that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayKind<'a> {
    /// Its weekday's hours.
    Weekday,
    /// Closed for a holiday of that name.
    Holiday(&'a str),
    /// Hours of its own, under that name.
    Own(&'a str),
}

impl CalendarRules {
    /// Hours per weekday, no holidays yet.
    pub fn new(zone: Tz, hours: Week) -> Self {
        Self {
            zone,
            hours,
            holidays: BTreeMap::new(),
            dates: BTreeMap::new(),
        }
    }

    /// Always open, in UTC: what elapsed time is counted on.
    pub fn always() -> Self {
        Self::new(Tz::UTC, Week::always())
    }

    /// The same pieces on every day that a location works, and its holidays.
    pub fn of_working_days(zone: Tz, days: &WorkingDays, pieces: &[Piece]) -> Self {
        use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
        let worked = [Mon, Tue, Wed, Thu, Fri, Sat, Sun]
            .into_iter()
            .filter(|day| !days.weekend.contains(&WorkingDays::weekday(*day)));
        Self {
            holidays: days.holidays.clone(),
            ..Self::new(zone, Week::on(worked, pieces))
        }
    }

    /// The pieces of a date, and why: a holiday beats the weekday and an override, unless the override is
    /// marked as working anyway.
    pub fn day(&self, date: NaiveDate) -> (DayKind<'_>, &[Piece]) {
        let own = self.dates.get(&date);
        if let Some(own) = own.filter(|own| own.works_anyway) {
            return (DayKind::Own(&own.name), &own.hours);
        }
        if let Some(name) = self.holidays.get(&date) {
            return (DayKind::Holiday(name), &[]);
        }
        match own {
            Some(own) => (DayKind::Own(&own.name), &own.hours),
            None => (DayKind::Weekday, self.hours.day(date.weekday())),
        }
    }

    /// Is there no open time on any day, ever?
    pub fn never_opens(&self) -> bool {
        self.hours.is_empty() && self.dates.values().all(|date| date.hours.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_what_a_clock_shows_up_to_midnight_at_the_end() {
        for (text, seconds) in [
            ("00:00", 0),
            ("9:05", 32_700),
            ("23:59:59", 86_399),
            ("24:00", 86_400),
        ] {
            assert_eq!(text.parse::<TimeOfDay>().unwrap().seconds(), seconds, "{text}");
        }
        for text in [
            "25:00",
            "18:60",
            "24:01",
            "24:00:01",
            "",
            "9",
            "+9:00",
            "09:00:",
            "009:00",
            "9:00:00:00",
        ] {
            let error = text.parse::<TimeOfDay>().unwrap_err().to_string();
            assert!(error.contains("is not a time"), "{text}: {error}");
        }
        assert_eq!("09:00".parse::<TimeOfDay>().unwrap().to_string(), "09:00");
        assert_eq!("09:00:07".parse::<TimeOfDay>().unwrap().to_string(), "09:00:07");
    }

    #[test]
    fn an_overnight_piece_is_refused_with_what_to_write_instead() {
        let error = serde_json::from_str::<Piece>(r#"["22:00","06:00"]"#).unwrap_err();
        insta::assert_snapshot!(error, @r#"the hours 22:00-06:00 end before they begin; write an overnight shift as two pieces, ["22:00", "24:00"] and ["00:00", "06:00"] on the next day"#);
    }

    #[test]
    fn a_holiday_beats_a_sale_day_unless_it_is_worked_anyway() {
        let mut rules = CalendarRules::new(Tz::Europe__London, Week::monday_to_friday(&[Piece::WHOLE_DAY]));
        let day: NaiveDate = "2026-12-25".parse().unwrap();
        rules.dates.insert(
            day,
            DateHours {
                name: "Evening sale".to_owned(),
                hours: vec![Piece::WHOLE_DAY],
                works_anyway: false,
            },
        );
        assert_eq!(rules.day(day).0, DayKind::Own("Evening sale"));
        rules.holidays.insert(day, "Christmas Day".to_owned());
        assert_eq!(
            rules.day(day),
            (DayKind::Holiday("Christmas Day"), &[] as &[Piece])
        );
        rules.dates.get_mut(&day).unwrap().works_anyway = true;
        assert_eq!(rules.day(day).0, DayKind::Own("Evening sale"));
    }

    #[test]
    fn rules_come_back_from_json_as_they_went() {
        let text = r#"{"zone":"Asia/Hong_Kong","hours":{"mon":[["09:00","13:00"],["14:00","24:00"]]},"holidays":{"2026-02-17":"Lunar New Year's Day"},"dates":{"2026-03-28":{"name":"Sale","hours":[["10:00","22:00"]],"works_anyway":true}}}"#;
        let rules: CalendarRules = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&rules).unwrap(), text);
        assert!(serde_json::from_str::<CalendarRules>(r#"{"zone":"Mars/Base","hours":{}}"#).is_err());
        assert!(serde_json::from_str::<Week>(r#"{"monday":[]}"#).is_err());
    }
}
