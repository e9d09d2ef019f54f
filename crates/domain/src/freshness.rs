//! How old may an answer's data be? Rule 2 of `product.md`, rows B3/B4 and R23 of `domain.md`.
//!
//! Each source has a soft and a hard limit. Past the soft one an answer says what it may miss; past the
//! hard one, or where a needed source never delivered, there is no figure (fail closed). Days on which the
//! source's location does not work do not count: no bank statement on a Sunday is fine.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::ids::SourceId;
use crate::location::WorkingDays;

/// A source as configured, and what it last delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceState {
    /// Id in the config: `sap`.
    pub source: SourceId,
    /// As people call it: `ledger`.
    pub name: String,
    /// Which decisions need it.
    pub needed_for: Needed,
    /// When the data of its last complete batch was extracted.
    pub extracted_at: Option<DateTime<Utc>>,
    /// Past this age an answer says what it may miss.
    pub soft: TimeDelta,
    /// Past this age there is no figure.
    pub hard: TimeDelta,
    /// The zone whose days count.
    pub zone: Tz,
    /// The days that count.
    pub days: WorkingDays,
    /// What is missed when it is late: `later payments`.
    pub may_miss: String,
}

/// Which decisions cannot be made without a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needed {
    /// Balance.
    pub balance: bool,
    /// Release.
    pub release: bool,
    /// Deposit.
    pub deposit: bool,
}

/// How a source stands at the moment of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// Within its soft limit.
    Fresh,
    /// Past the soft limit.
    Soft,
    /// Past the hard limit, or never delivered.
    Hard,
}

impl SourceState {
    /// The age that counts at `now`: elapsed time less the local days that are not worked.
    pub fn age(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let from = self.extracted_at?;
        if from >= now {
            return Some(TimeDelta::zero());
        }
        let mut age = now - from;
        let mut day = from.with_timezone(&self.zone).date_naive();
        let last = now.with_timezone(&self.zone).date_naive();
        while day <= last {
            let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
            if !self.days.is_working(day) {
                let starts = local_midnight(day, self.zone).max(from);
                let ends = local_midnight(next, self.zone).min(now);
                age -= (ends - starts).max(TimeDelta::zero());
            }
            if next == day || age > TimeDelta::days(3660) {
                break;
            }
            day = next;
        }
        Some(age.max(TimeDelta::zero()))
    }

    /// How it stands for a question about the day `as_of`, asked at `now`. Data extracted after the end
    /// of that local day cannot be too old for it.
    pub fn freshness_for(&self, now: DateTime<Utc>, as_of: Option<NaiveDate>) -> Freshness {
        let day_ends = as_of
            .and_then(|day| day.checked_add_days(Days::new(1)))
            .map(|next| local_midnight(next, self.zone));
        match (self.extracted_at, day_ends) {
            (Some(extracted), Some(ends)) if extracted >= ends && ends <= now => Freshness::Fresh,
            _ => self.freshness(now),
        }
    }

    /// How it stands for a question about today, asked at `now`.
    pub fn freshness(&self, now: DateTime<Utc>) -> Freshness {
        match self.age(now) {
            None => Freshness::Hard,
            Some(age) if age > self.hard => Freshness::Hard,
            Some(age) if age > self.soft => Freshness::Soft,
            Some(_) => Freshness::Fresh,
        }
    }
}

/// The first instant of a local day; where midnight is skipped by a clock change, the gap's end.
fn local_midnight(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let mut wall = day.and_time(NaiveTime::MIN);
    for _ in 0..8 {
        if let Some(instant) = wall.and_local_timezone(zone).earliest() {
            return instant.with_timezone(&Utc);
        }
        wall += TimeDelta::minutes(30);
    }
    day.and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(extracted: &str) -> SourceState {
        SourceState {
            source: SourceId::new("bank"),
            name: "bank".to_owned(),
            needed_for: Needed::default(),
            extracted_at: extracted.parse().ok(),
            soft: TimeDelta::hours(26),
            hard: TimeDelta::hours(72),
            zone: Tz::Europe__London,
            days: WorkingDays::monday_to_friday(),
            may_miss: "later payments".to_owned(),
        }
    }

    #[test]
    fn a_weekend_does_not_make_the_bank_stale() {
        let friday_evening = source("2026-11-20T18:00:00Z");
        let monday = "2026-11-23T09:00:00Z".parse().unwrap();
        assert_eq!(friday_evening.age(monday), Some(TimeDelta::hours(15)));
        assert_eq!(friday_evening.freshness(monday), Freshness::Fresh);
        let wednesday = "2026-11-25T09:00:00Z".parse().unwrap();
        assert_eq!(friday_evening.freshness(wednesday), Freshness::Soft);
    }

    #[test]
    fn a_source_that_never_delivered_is_past_its_hard_limit() {
        assert_eq!(
            source("never").freshness("2026-11-23T09:00:00Z".parse().unwrap()),
            Freshness::Hard
        );
    }

    #[test]
    fn the_night_the_clocks_change_counts_the_hours_that_passed() {
        let saturday_before = source("2026-10-23T22:00:00Z");
        let monday = "2026-10-26T01:00:00Z".parse().unwrap();
        assert_eq!(saturday_before.age(monday), Some(TimeDelta::hours(2)));
    }

    #[test]
    fn data_extracted_after_a_past_day_is_never_too_old_for_that_day() {
        let old = source("2026-04-01T00:30:00Z");
        let now = "2026-11-23T09:00:00Z".parse().unwrap();
        let on = |day: &str| old.freshness_for(now, Some(day.parse().unwrap()));
        assert_eq!(on("2026-03-31"), Freshness::Fresh);
        assert_eq!(on("2026-04-01"), Freshness::Hard);
        assert_eq!(old.freshness_for(now, None), Freshness::Hard);
    }
}
