//! Ladders: who is told in which order, and how long each rung waits.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::model::Sign;
use super::target::Target;
use super::words::{Severity, Span};
use crate::ids::LocationId;
use crate::sla::calendar::{Calendar, Pauses};

/// Adds working time, as a location counts it.
pub trait WorkingTime {
    /// The instant by which so much of that location's working time has passed. `None` where the location
    /// is not known or never works: the wait is then counted in plain time.
    fn add_working(
        &self,
        location: &LocationId,
        from: DateTime<Utc>,
        time: TimeDelta,
    ) -> Option<DateTime<Utc>>;
}

/// Knows no location's hours: every wait is plain time.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainTime;

impl WorkingTime for PlainTime {
    fn add_working(&self, _: &LocationId, _: DateTime<Utc>, _: TimeDelta) -> Option<DateTime<Utc>> {
        None
    }
}

/// The hours of the locations, as their calendars count them.
#[derive(Debug, Clone, Default)]
pub struct Hours(pub BTreeMap<LocationId, Arc<Calendar>>);

impl WorkingTime for Hours {
    fn add_working(
        &self,
        location: &LocationId,
        from: DateTime<Utc>,
        time: TimeDelta,
    ) -> Option<DateTime<Utc>> {
        self.0.get(location)?.add(from, time, &Pauses::default()).ok()
    }
}

/// A ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    /// Id.
    pub id: String,
    /// The rungs, from the bottom.
    pub rungs: Vec<Rung>,
    /// How often it is climbed before it ends.
    #[serde(default = "once")]
    pub times: u32,
    /// Who is told at its end, again and again until somebody takes it.
    #[serde(default = "manager")]
    pub ends_with: Vec<Target>,
    /// How long those at the end are left alone.
    #[serde(default = "an_hour")]
    pub remind_every: Span,
    /// How long whoever took it may be silent before the ladder starts again.
    #[serde(default = "silence")]
    pub silence: Wait,
    /// What shows that they are not.
    #[serde(default = "any_sign")]
    pub signs: Vec<Sign>,
}

/// A rung.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// As people call it.
    pub name: String,
    /// Who is told.
    pub to: Vec<Target>,
    /// How long it waits.
    pub wait: Wait,
}

/// How long, by severity, and in whose time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// Where nothing else is said.
    pub after: Span,
    /// By severity.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_severity: BTreeMap<Severity, Span>,
    /// From this severity on it is plain time; working time below. Left out: always working time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain_from: Option<Severity>,
    /// Whose working time; that of the escalation's location where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<LocationId>,
}

const fn once() -> u32 {
    1
}

fn manager() -> Vec<Target> {
    vec![Target::Manager]
}

const fn an_hour() -> Span {
    Span::minutes(60)
}

fn silence() -> Wait {
    Wait::of(Span::minutes(4 * 60))
}

fn any_sign() -> Vec<Sign> {
    Sign::ALL.to_vec()
}

impl Wait {
    /// The same for every severity, plain time for what is critical.
    pub const fn of(after: Span) -> Self {
        Self {
            after,
            by_severity: BTreeMap::new(),
            plain_from: Some(Severity::Critical),
            hours: None,
        }
    }

    /// When it is over.
    pub fn ends(
        &self,
        from: DateTime<Utc>,
        severity: Severity,
        location: Option<&LocationId>,
        working: &dyn WorkingTime,
    ) -> DateTime<Utc> {
        let time = self
            .by_severity
            .get(&severity)
            .copied()
            .unwrap_or(self.after)
            .delta();
        let is_plain = self.plain_from.is_some_and(|plain| severity >= plain);
        let worked = self
            .hours
            .as_ref()
            .or(location)
            .filter(|_| !is_plain)
            .and_then(|location| working.add_working(location, from, time));
        // Working time can only be longer than plain time; a calendar that says otherwise is not believed.
        let plain = from.checked_add_signed(time).unwrap_or(DateTime::<Utc>::MAX_UTC);
        worked.map_or(plain, |worked| worked.max(plain))
    }
}

impl Ladder {
    /// What holds where the config has no ladder: whoever was given it, then the managers.
    pub fn built_in() -> &'static Self {
        static BUILT_IN: LazyLock<Ladder> = LazyLock::new(|| {
            let rung = |name: &str, to: Target, minutes: u32| Rung {
                name: name.to_owned(),
                to: vec![to],
                wait: Wait::of(Span::minutes(minutes)),
            };
            Ladder {
                id: "standard".to_owned(),
                rungs: vec![
                    rung("assigned", Target::Assigned, 30),
                    rung("manager", Target::Manager, 60),
                ],
                times: once(),
                ends_with: manager(),
                remind_every: an_hour(),
                silence: silence(),
                signs: any_sign(),
            }
        });
        &BUILT_IN
    }

    /// How many rungs it has; the end comes after the last.
    pub fn height(&self) -> u32 {
        u32::try_from(self.rungs.len()).unwrap_or(u32::MAX)
    }

    /// The rung of that number, from 0; `None` is the end.
    pub fn rung(&self, number: u32) -> Option<&Rung> {
        self.rungs.get(usize::try_from(number).ok()?)
    }

    /// The number of the rung of that name.
    pub fn number_of(&self, name: &str) -> Option<u32> {
        let at = self
            .rungs
            .iter()
            .position(|rung| rung.name.eq_ignore_ascii_case(name))?;
        u32::try_from(at).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct NineToFive;

    impl WorkingTime for NineToFive {
        fn add_working(
            &self,
            location: &LocationId,
            from: DateTime<Utc>,
            time: TimeDelta,
        ) -> Option<DateTime<Utc>> {
            (location.as_str() == "london").then(|| from + TimeDelta::hours(16) + time)
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_critical_one_waits_in_plain_time_and_the_rest_in_the_locations_hours() {
        let wait = Wait::of("30m".parse().unwrap());
        let london = LocationId::from("london");
        let from = at("2026-11-20T16:50:00Z");
        let ends = |severity, location| wait.ends(from, severity, location, &NineToFive);
        assert_eq!(
            ends(Severity::Critical, Some(&london)),
            at("2026-11-20T17:20:00Z")
        );
        assert_eq!(ends(Severity::Normal, Some(&london)), at("2026-11-21T09:20:00Z"));
        assert_eq!(ends(Severity::Normal, None), at("2026-11-20T17:20:00Z"));
        let unknown = LocationId::from("atlantis");
        assert_eq!(ends(Severity::Normal, Some(&unknown)), at("2026-11-20T17:20:00Z"));
    }

    #[test]
    fn a_locations_calendar_counts_a_rung_over_its_weekend() {
        use crate::location::WorkingDays;
        use crate::sla::calendar::{CalendarRules, Piece, Years};

        let rules = CalendarRules::of_working_days(
            chrono_tz::Tz::Asia__Hong_Kong,
            &WorkingDays::monday_to_friday(),
            &[Piece::new("09:00".parse().unwrap(), "18:00".parse().unwrap()).unwrap()],
        );
        let from = at("2026-11-20T09:50:00Z");
        let calendar = Arc::new(Calendar::new(rules, Years::around(from, 2)));
        let hong_kong = LocationId::from("hong-kong");
        let hours = Hours(BTreeMap::from([(hong_kong.clone(), calendar)]));
        let wait = Wait::of("30m".parse().unwrap());
        assert_eq!(
            wait.ends(from, Severity::Normal, Some(&hong_kong), &hours),
            at("2026-11-23T01:20:00Z"),
            "ten minutes on Friday evening, twenty on Monday morning"
        );
    }

    #[test]
    fn a_rung_may_count_in_another_locations_hours() {
        let wait = Wait {
            hours: Some(LocationId::from("london")),
            ..Wait::of("30m".parse().unwrap())
        };
        let hong_kong = LocationId::from("hong-kong");
        assert_eq!(
            wait.ends(
                at("2026-11-20T16:50:00Z"),
                Severity::High,
                Some(&hong_kong),
                &NineToFive
            ),
            at("2026-11-21T09:20:00Z")
        );
    }
}
