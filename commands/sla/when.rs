//! Instants as people say them: `15:00`, `tomorrow 10:30`, `2026-11-23 15:00`, `in 2h`.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use hammerdesk_domain::clock::local_date;
use hammerdesk_domain::sla::policy::Target;
use hammerdesk_domain::text::clean;

use crate::errors::UserError;

/// The instant that somebody means, on the clock of a place. A bare time is the next one.
pub(super) fn instant(typed: &str, now: DateTime<Utc>, zone: Tz) -> Result<DateTime<Utc>, UserError> {
    let lower = typed.trim().to_lowercase();
    let today = local_date(now, zone);
    let at = |date: NaiveDate, time: NaiveTime| {
        let local: NaiveDateTime = date.and_time(time);
        local.and_local_timezone(zone).earliest().map(|at| at.to_utc())
    };
    let time = |text: &str| {
        let text = text.trim().trim_start_matches("at ").trim();
        NaiveTime::parse_from_str(text, "%H:%M").ok()
    };
    let found = if let Ok(exact) = DateTime::parse_from_rfc3339(typed.trim()) {
        Some(exact.to_utc())
    } else if let Some(rest) = lower.strip_prefix("in ") {
        length(rest).map(|time| now + time)
    } else if let Some(rest) = lower.strip_prefix("tomorrow") {
        let tomorrow = today.checked_add_days(Days::new(1));
        tomorrow.and_then(|day| at(day, time(rest)?))
    } else if let Some(rest) = lower.strip_prefix("today") {
        time(rest).and_then(|time| at(today, time))
    } else if let Some((day, rest)) = lower.split_once([' ', 't'])
        && let Ok(day) = day.parse::<NaiveDate>()
    {
        time(rest).and_then(|time| at(day, time))
    } else if let Some(time) = time(&lower) {
        let next = today.checked_add_days(Days::new(1));
        at(today, time)
            .filter(|at| *at > now)
            .or_else(|| next.and_then(|day| at(day, time)))
    } else {
        length(&lower).map(|time| now + time)
    };
    found.ok_or_else(|| {
        UserError::malformed(format!(
            "“{}” is no time that I can read. Write it like 15:00, tomorrow 10:30, 2026-11-23 15:00 or in 2h.",
            clean(typed, 40)
        ))
    })
}

/// `30m`, `2h`.
pub(super) fn length(typed: &str) -> Option<TimeDelta> {
    match typed.trim().parse::<Target>().ok()? {
        Target::Open(seconds) | Target::Elapsed(seconds) => Some(TimeDelta::seconds(seconds)),
        Target::Days(days) => Some(TimeDelta::days(i64::from(days))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_on_the_clock_of_the_place_and_a_bare_one_is_the_next() {
        // A Friday evening in London, the last of the summer: the clocks go back on Sunday.
        let now: DateTime<Utc> = "2026-10-23T17:00:00Z".parse().unwrap();
        let read = |typed: &str| {
            instant(typed, now, Tz::Europe__London)
                .map(|at| at.format("%d %H:%M").to_string())
                .unwrap_or_else(|error| error.sentence)
        };
        assert_eq!(read("19:00"), "23 18:00");
        assert_eq!(read("17:30"), "24 16:30", "that time is past today");
        assert_eq!(read("tomorrow 10:30"), "24 09:30");
        assert_eq!(read("2026-10-26 10:30"), "26 10:30", "winter time by then");
        assert_eq!(read("2026-10-26T10:30:00+02:00"), "26 08:30");
        assert_eq!(read("in 2h"), "23 19:00");
        assert_eq!(read("45m"), "23 17:45");
        assert!(read("soonish").starts_with("“soonish” is no time that I can read."));
    }
}
