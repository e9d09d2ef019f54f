//! What is promised to whom: ordered policies, of which the first that matches counts, in dated versions.
//!
//! The version that was in force when a clock started decides over it, so that yesterday's result stays
//! what yesterday's policy said. Only a version that was applied to open clocks ([`Version::moves_open`])
//! takes over the clocks that ran when it came into force. Within a version the policy follows the ticket:
//! when its priority, group or another trait changes while a clock runs, the first policy that matches then
//! counts, still from the clock's start.

mod amount;
mod conditions;
mod lint;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use amount::{AmountError, Target, Warning, spoken};
pub use conditions::Conditions;
pub use lint::{Finding, FindingKind};

use super::calendar::{Calendar, CalendarRules, Years};
use super::clocks::{ClockKind, HouseRules, Traits};
use super::event::Status;
use crate::ids::LocationId;

/// One policy: for which tickets, and what is promised on each clock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// As reports and explanations call it.
    pub id: String,
    /// For which tickets; for every one where nothing is said.
    #[serde(default)]
    pub when: Conditions,
    /// Whose hours count; those of the ticket's location where nothing is said.
    #[serde(default)]
    pub calendar: Option<LocationId>,
    /// A first answer.
    #[serde(default)]
    pub first_response: Option<Target>,
    /// An answer to the first message not yet answered.
    #[serde(default)]
    pub next_response: Option<Target>,
    /// That the matter is settled.
    #[serde(default)]
    pub resolution: Option<Target>,
    /// How much later than promised a call may be; at the promised instant where nothing is said.
    #[serde(default)]
    pub callback: Option<Target>,
    /// That somebody takes notice of an escalation.
    #[serde(default)]
    pub acknowledgement: Option<Target>,
    /// When somebody is told before it breaks.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// The statuses in which the clocks of answers and of the resolution stand.
    #[serde(default)]
    pub pauses: BTreeSet<Status>,
    /// Does the resolution's clock stand while the house has answered and the client has not?
    #[serde(default)]
    pub pause_while_client_owes: bool,
}

impl Policy {
    /// What it promises on that clock.
    pub const fn target(&self, kind: ClockKind) -> Option<Target> {
        match kind {
            ClockKind::FirstResponse => self.first_response,
            ClockKind::NextResponse => self.next_response,
            ClockKind::Resolution => self.resolution,
            ClockKind::Callback => self.callback,
            ClockKind::Acknowledgement => self.acknowledgement,
        }
    }
}

/// Everything that decides over a clock, as one version keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// In order: the first that matches counts.
    #[serde(default)]
    pub policies: Vec<Policy>,
    /// Hours of each location.
    #[serde(default)]
    pub calendars: BTreeMap<LocationId, CalendarRules>,
    /// Whose hours count where a ticket's location is not known; day and night where nothing is said.
    #[serde(default)]
    pub default_calendar: Option<LocationId>,
    /// Who counts as the house.
    #[serde(default)]
    pub house: HouseRules,
}

/// Rules and the instant from which they hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// As explanations call it.
    pub name: String,
    /// In force from.
    pub from: DateTime<Utc>,
    /// Does it take over the clocks that run at that instant?
    pub moves_open: bool,
    /// What it says.
    pub rules: Rules,
}

#[derive(Debug)]
struct Ready {
    version: Arc<Version>,
    calendars: BTreeMap<LocationId, Arc<Calendar>>,
}

/// All versions in order, with their calendars laid out.
#[derive(Debug)]
pub struct Rulebook {
    ready: Vec<Ready>,
    always: Arc<Calendar>,
    years: Years,
}

/// Which policy counts, of which version, on whose hours.
#[derive(Debug, Clone, Copy)]
pub struct Assigned<'a> {
    /// The version.
    pub version: &'a Version,
    /// The policy.
    pub policy: &'a Policy,
    /// Whose hours; day and night where nobody's.
    pub location: Option<&'a LocationId>,
    /// Those hours.
    pub calendar: &'a Calendar,
}

impl Assigned<'_> {
    /// Is it the same promise?
    pub(super) fn is_same(&self, other: &Self) -> bool {
        std::ptr::eq(self.version, other.version)
            && std::ptr::eq(self.policy, other.policy)
            && std::ptr::eq(self.calendar, other.calendar)
    }
}

impl Rulebook {
    /// Lays out the versions; the first one holds for everything before it too.
    pub fn new(versions: impl IntoIterator<Item = Version>, years: Years) -> Self {
        let mut book = Self {
            ready: Vec::new(),
            always: Arc::new(Calendar::new(CalendarRules::always(), years)),
            years,
        };
        let mut versions: Vec<Arc<Version>> = versions.into_iter().map(Arc::new).collect();
        versions.sort_by(|a, b| (a.from, &a.name).cmp(&(b.from, &b.name)));
        for version in versions {
            book.push(version);
        }
        book
    }

    /// One set of rules, in force ever since.
    pub fn of_rules(name: &str, rules: Rules, years: Years) -> Self {
        let version = Version {
            name: name.to_owned(),
            from: DateTime::<Utc>::MIN_UTC,
            moves_open: false,
            rules,
        };
        Self::new([version], years)
    }

    /// The same book with one more version at its end.
    pub fn with(&self, version: Version) -> Self {
        let versions = self.ready.iter().map(|ready| Version::clone(&ready.version));
        Self::new(versions.chain([version]), self.years)
    }

    /// The book as it was before a version came into force.
    pub fn before(&self, version: &str) -> Self {
        let versions = self.ready.iter().map(|ready| Version::clone(&ready.version));
        Self::new(versions.take_while(|known| known.name != version), self.years)
    }

    /// A book of that version only, in force ever since; the hours that both know are not laid out again.
    pub fn alone(&self, version: &Version) -> Self {
        let mut book = self.with(version.clone());
        book.ready
            .retain(|ready| ready.version.name == version.name && ready.version.rules == version.rules);
        book.ready.truncate(1);
        book
    }

    fn push(&mut self, version: Arc<Version>) {
        let calendars = version.rules.calendars.iter().map(|(location, rules)| {
            // Versions mostly differ in their policies: the hours that stay are laid out once.
            let known = self
                .ready
                .iter()
                .rev()
                .filter_map(|ready| ready.calendars.get(location))
                .find(|calendar| calendar.rules() == rules);
            let calendar =
                known.map_or_else(|| Arc::new(Calendar::new(rules.clone(), self.years)), Arc::clone);
            (location.clone(), calendar)
        });
        let calendars = calendars.collect();
        self.ready.push(Ready { version, calendars });
    }

    /// Its versions in order.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = &Version> {
        self.ready.iter().map(|ready| &*ready.version)
    }

    /// Hours of day and night.
    pub fn always(&self) -> &Calendar {
        &self.always
    }

    /// The hours of a location by the version in force at an instant: the usual ones where it is not known, day
    /// and night where there are none.
    pub fn calendar(&self, location: Option<&LocationId>, at: DateTime<Utc>) -> &Calendar {
        let found = self.in_force(at).and_then(|ready| {
            let usual = ready.version.rules.default_calendar.as_ref();
            [location, usual]
                .into_iter()
                .flatten()
                .find_map(|location| ready.calendars.get(location))
        });
        found.map_or(&*self.always, |calendar| calendar)
    }

    fn in_force(&self, at: DateTime<Utc>) -> Option<&Ready> {
        let n = self.ready.partition_point(|ready| ready.version.from <= at);
        self.ready.get(n.saturating_sub(1))
    }

    /// The version in force at an instant.
    pub fn version_at(&self, at: DateTime<Utc>) -> Option<&Version> {
        self.in_force(at).map(|ready| &*ready.version)
    }

    /// Who counted as the house at an instant.
    pub fn house_at(&self, at: DateTime<Utc>) -> &HouseRules {
        static STRICT: std::sync::LazyLock<HouseRules> = std::sync::LazyLock::new(HouseRules::default);
        self.version_at(at)
            .map_or(&STRICT, |version| &version.rules.house)
    }

    /// The instants after `from`, up to `to`, at which a version took over the clocks that ran.
    pub(super) fn takeovers(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> impl Iterator<Item = DateTime<Utc>> {
        self.versions()
            .filter(|version| version.moves_open)
            .map(|version| version.from)
            .filter(move |at| from < *at && *at <= to)
    }

    /// The next such instant after `now`.
    pub(super) fn next_takeover(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.takeovers(now, DateTime::<Utc>::MAX_UTC).next()
    }

    /// The policy for a ticket like that, on a clock that started then and is looked at now.
    pub fn assign(
        &self,
        traits: &Traits,
        started_at: DateTime<Utc>,
        at: DateTime<Utc>,
    ) -> Option<Assigned<'_>> {
        let taken_over = self.ready.iter().rev().find(|ready| {
            ready.version.moves_open && started_at < ready.version.from && ready.version.from <= at
        });
        let ready = taken_over.or_else(|| self.in_force(started_at))?;
        let rules = &ready.version.rules;
        let policy = rules.policies.iter().find(|policy| policy.when.hold(traits))?;
        let wanted = [
            policy.calendar.as_ref(),
            traits.matter.location.as_ref(),
            rules.default_calendar.as_ref(),
        ];
        let hours = wanted
            .into_iter()
            .flatten()
            .find_map(|location| ready.calendars.get_key_value(location));
        Some(Assigned {
            version: &ready.version,
            policy,
            location: hours.map(|(location, _)| location),
            calendar: hours.map_or(&*self.always, |(_, calendar)| calendar),
        })
    }
}
