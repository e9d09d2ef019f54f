//! How long a promise is, and when before its end somebody is told: `4h`, `2 business days`, `50%`.

use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// The longest promise that is believed to be meant.
const LONGEST: i64 = 400 * 86_400;

/// What somebody wrote that is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a target.
    #[error(
        "{0:?} is not a length of time; write it like \"4h\", \"1h 30m\", \"2 business days\" or \"24h elapsed\""
    )]
    Target(String),
    /// Not a warning.
    #[error("{0:?} is not a moment to warn at; write it like \"50%\" or \"30m before\"")]
    Warning(String),
}

/// How long a promise is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    /// So many seconds of open time.
    Open(i64),
    /// So many business days.
    Days(u32),
    /// So many seconds, day and night.
    Elapsed(i64),
}

/// When somebody is told before it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Warning {
    /// When so many thousandths of the promise are used up.
    At(u16),
    /// So many seconds before it is due, counted as the promise is.
    Before(i64),
}

impl Target {
    /// Is it counted on a calendar?
    pub const fn is_business(self) -> bool {
        !matches!(self, Self::Elapsed(_))
    }
}

/// Seconds of `1h 30m`, `45 minutes`; `None` for anything else. `days` counts the words that are days.
fn lengths(text: &str) -> Option<(i64, i64)> {
    let mut rest = text.trim();
    let (mut seconds, mut days) = (0_i64, 0_i64);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?.trim_start();
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = rest.get(..letters)?;
        rest = rest.get(letters..)?.trim_start();
        match unit {
            "s" | "second" | "seconds" => seconds = seconds.checked_add(number)?,
            "m" | "min" | "minute" | "minutes" => seconds = seconds.checked_add(number.checked_mul(60)?)?,
            "h" | "hour" | "hours" => seconds = seconds.checked_add(number.checked_mul(3600)?)?,
            "d" | "day" | "days" => days = days.checked_add(number)?,
            _ => return None,
        }
    }
    (seconds <= LONGEST && days <= LONGEST / 86_400).then_some((seconds, days))
}

fn written(seconds: i64) -> String {
    let parts: Vec<String> = [
        (seconds / 3600, 'h'),
        (seconds / 60 % 60, 'm'),
        (seconds % 60, 's'),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, unit)| format!("{count}{unit}"))
    .collect();
    if parts.is_empty() {
        "0m".to_owned()
    } else {
        parts.join(" ")
    }
}

/// A length of time for people: `1h 30m`, `2d 4h`.
pub fn spoken(time: TimeDelta) -> String {
    let seconds = time.num_seconds().abs();
    match seconds / 86_400 {
        0 if seconds >= 60 => written(seconds - seconds % 60),
        0 => written(seconds),
        days if seconds % 86_400 < 3600 => format!("{days}d"),
        days => format!("{days}d {}h", seconds % 86_400 / 3600),
    }
}

impl FromStr for Target {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let wrong = || AmountError::Target(text.chars().take(60).collect());
        let lower = text.trim().to_ascii_lowercase();
        if let Some(rest) = lower.strip_suffix("elapsed") {
            let (seconds, days) = lengths(rest).ok_or_else(wrong)?;
            return Ok(Self::Elapsed(seconds + days * 86_400));
        }
        let plain = lower.replace("business", "").replace("working", "");
        match lengths(&plain).ok_or_else(wrong)? {
            (0, days) if days > 0 => u32::try_from(days).map(Self::Days).map_err(|_| wrong()),
            (seconds, 0) => Ok(Self::Open(seconds)),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(seconds) => f.write_str(&written(*seconds)),
            Self::Days(1) => f.write_str("1 business day"),
            Self::Days(days) => write!(f, "{days} business days"),
            Self::Elapsed(seconds) => write!(f, "{} elapsed", written(*seconds)),
        }
    }
}

impl FromStr for Warning {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let wrong = || AmountError::Warning(text.chars().take(60).collect());
        let lower = text.trim().to_ascii_lowercase();
        if let Some(percent) = lower.strip_suffix('%') {
            let (whole, tenths) = percent.trim().split_once('.').unwrap_or((percent.trim(), "0"));
            let whole: u16 = whole.parse().map_err(|_| wrong())?;
            let tenth: u16 = Some(tenths)
                .filter(|tenths| tenths.len() == 1)
                .and_then(|tenths| tenths.parse().ok())
                .ok_or_else(wrong)?;
            return Some(whole)
                .filter(|whole| *whole < 100 && whole * 10 + tenth > 0)
                .map(|whole| Self::At(whole * 10 + tenth))
                .ok_or_else(wrong);
        }
        let rest = lower.strip_suffix("before").ok_or_else(wrong)?;
        match lengths(rest) {
            Some((seconds, 0)) if seconds > 0 => Ok(Self::Before(seconds)),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(mille) if mille % 10 == 0 => write!(f, "{}%", mille / 10),
            Self::At(mille) => write!(f, "{}.{}%", mille / 10, mille % 10),
            Self::Before(seconds) => write!(f, "{} before", written(*seconds)),
        }
    }
}

macro_rules! as_text {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = AmountError;

            fn try_from(text: String) -> Result<Self, AmountError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    )*};
}
as_text!(Target, Warning);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_as_people_write_them_and_come_back() {
        let read = |text: &str| text.parse::<Target>().unwrap();
        assert_eq!(read("4h"), Target::Open(14_400));
        assert_eq!(read("1 hour 30 minutes"), Target::Open(5_400));
        assert_eq!(read("2 Business Days"), Target::Days(2));
        assert_eq!(read("1d"), Target::Days(1));
        assert_eq!(read("2d elapsed"), Target::Elapsed(172_800));
        assert_eq!(read("0m"), Target::Open(0));
        for text in [
            "4h",
            "1h 30m",
            "45s",
            "2 business days",
            "1 business day",
            "24h elapsed",
            "0m",
        ] {
            assert_eq!(read(text).to_string(), text);
        }
        for text in [
            "",
            "4",
            "h",
            "-4h",
            "1d 4h",
            "4h soon",
            "99999999999999999999h",
            "9999999h",
            "elapsed",
        ] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }

    #[test]
    fn warnings_are_shares_or_times_before() {
        let read = |text: &str| text.parse::<Warning>().unwrap();
        assert_eq!((read("50%"), read("12.5%")), (Warning::At(500), Warning::At(125)));
        assert_eq!(read("30m before"), Warning::Before(1_800));
        for text in ["0%", "100%", "12.55%", "30m", "0m before", "1d before", "%"] {
            assert!(text.parse::<Warning>().is_err(), "{text}");
        }
        assert_eq!(
            [read("12.5%"), read("1h before")].map(|warning| warning.to_string()),
            ["12.5%", "1h before"]
        );
    }

    #[test]
    fn spoken_times_have_two_parts_at_most() {
        let spoken = |seconds| spoken(TimeDelta::seconds(seconds));
        assert_eq!(
            [spoken(42), spoken(3_661), spoken(90_000), spoken(172_900)],
            ["42s", "1h 1m", "1d 1h", "2d"]
        );
    }
}
