//! Stories of tickets, told as events and read as verdicts; and the laws that hold for all of them.

mod answers;
mod laws;
mod stories;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::calendar::{CalendarRules, DateHours, Piece, Week, Years};
use super::event::{By, Channel, Event, Matter, Party, Priority, Status, What};
use super::judge::Judged;
use super::policy::{Policy, Rulebook, Rules, Version};

pub(super) fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// `2026-11-27 17:40` in UTC.
pub(super) fn at(text: &str) -> DateTime<Utc> {
    let (day, time) = text.split_once(' ').unwrap();
    match time.len() {
        5 => utc(&format!("{day}T{time}:00Z")),
        _ => utc(&format!("{day}T{time}Z")),
    }
}

pub(super) fn piece(from: &str, to: &str) -> Piece {
    Piece::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
}

fn office(zone: Tz, holidays: &[(&str, &str)]) -> CalendarRules {
    let mut rules = CalendarRules::new(zone, Week::monday_to_friday(&[piece("09:00", "17:30")]));
    let named = |(day, name): &(&str, &str)| (day.parse().unwrap(), (*name).to_owned());
    rules.holidays = holidays.iter().map(named).collect();
    rules
}

/// London and New York, and one policy after another as the config writes them.
pub(super) fn rules(policies: &str) -> Rules {
    #[derive(serde::Deserialize)]
    struct Written {
        policies: Vec<Policy>,
    }
    let mut london = office(
        Tz::Europe__London,
        &[
            ("2026-12-25", "Christmas Day"),
            ("2026-12-28", "Boxing Day (substitute)"),
        ],
    );
    let sale = DateHours {
        name: "Evening sale".to_owned(),
        hours: vec![piece("10:00", "22:00")],
        works_anyway: false,
    };
    london.dates.insert("2026-11-28".parse().unwrap(), sale);
    let new_york = office(Tz::America__New_York, &[("2026-11-26", "Thanksgiving Day")]);
    Rules {
        policies: toml::from_str::<Written>(policies).unwrap().policies,
        calendars: BTreeMap::from([("london".into(), london), ("new-york".into(), new_york)]),
        default_calendar: Some("london".into()),
        house: super::clocks::HouseRules::default(),
    }
}

pub(super) const YEARS: Years = Years {
    first: 2026,
    last: 2027,
};

pub(super) fn book(policies: &str) -> Rulebook {
    Rulebook::of_rules("v1", rules(policies), YEARS)
}

pub(super) fn version(name: &str, from: &str, moves_open: bool, policies: &str) -> Version {
    Version {
        name: name.to_owned(),
        from: at(from),
        moves_open,
        rules: rules(policies),
    }
}

pub(super) const STANDARD: &str = r#"
    [[policies]]
    id = "standard"
    first_response = "4h"
    next_response = "4h"
    resolution = "2 business days"
    callback = "0m"
    acknowledgement = "15m elapsed"
    warnings = ["50%", "30m before"]
    pauses = ["pending"]
"#;

/// What happens to a ticket, in sentences.
#[derive(Default, Clone)]
pub(super) struct Story {
    pub(super) events: Vec<Event>,
}

impl Story {
    fn and(mut self, when: &str, by: By, what: What) -> Self {
        let id = format!("e{}", self.events.len() + 1);
        self.events.push(Event::new(at(when), id, by, what));
        self
    }

    pub(super) fn client_opens(self, when: &str, channel: Channel) -> Self {
        self.and(when, By::some(Party::Client), What::Created { channel })
    }

    pub(super) fn client_writes(self, when: &str) -> Self {
        let what = What::Said {
            incoming: true,
            channel: Channel::Email,
        };
        self.and(when, By::some(Party::Client), what)
    }

    pub(super) fn says(self, when: &str, by: By) -> Self {
        let what = What::Said {
            incoming: false,
            channel: Channel::Email,
        };
        self.and(when, by, what)
    }

    pub(super) fn agent_answers(self, when: &str) -> Self {
        self.says(when, By::agent("ada"))
    }

    pub(super) fn agent_calls(self, when: &str, answered: bool) -> Self {
        let what = What::Called {
            incoming: false,
            answered,
        };
        self.and(when, By::agent("ada"), what)
    }

    pub(super) fn client_calls(self, when: &str, answered: bool) -> Self {
        let what = What::Called {
            incoming: true,
            answered,
        };
        self.and(when, By::some(Party::Client), what)
    }

    pub(super) fn status(self, when: &str, to: Status) -> Self {
        self.and(when, By::agent("ada"), What::Status { to })
    }

    pub(super) fn does(self, when: &str, what: What) -> Self {
        self.and(when, By::agent("ada"), what)
    }

    pub(super) fn matter(self, when: &str, to: Matter) -> Self {
        self.and(when, By::some(Party::Bot), What::Matter { to })
    }

    pub(super) fn priority(self, when: &str, to: Priority) -> Self {
        self.and(when, By::agent("ada"), What::Priority { to })
    }

    /// One line a clock, as of an instant.
    pub(super) fn told(&self, book: &Rulebook, now: &str) -> String {
        told(&super::judge::judge_events(&self.events, book, at(now)))
    }
}

pub(super) fn told(clocks: &[Judged]) -> String {
    let time = |at: Option<DateTime<Utc>>| at.map_or("-".to_owned(), |at| at.format("%d %H:%M").to_string());
    let line = |clock: &Judged| {
        let ended = clock
            .run
            .ended
            .as_ref()
            .map(|(mark, how)| format!(" by {how} of {}", mark.event));
        let breached = clock.breached_at.map(|at| format!(", broken {}", time(Some(at))));
        format!(
            "{} {}{}: {} -> due {}{}, next {}",
            clock.run.key,
            clock.state,
            ended.unwrap_or_default(),
            time(Some(clock.run.started.at)),
            time(clock.due_at),
            breached.unwrap_or_default(),
            time(clock.next_at),
        )
    };
    clocks.iter().map(line).collect::<Vec<_>>().join("\n")
}
