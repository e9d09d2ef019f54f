//! `[sla]` and the hours of `[[locations]]`: what is promised to whom, and on whose clock it is counted.

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::{NaiveDate, TimeDelta};
use hammerdesk_commands::settings::{Alerts, Sla};
use hammerdesk_domain::chat::Channel;
use hammerdesk_domain::ids::{ChannelId, LocationId};
use hammerdesk_domain::location::Location;
use hammerdesk_domain::sla::calendar::{CalendarRules, DateHours, Piece, Week};
use hammerdesk_domain::sla::clocks::HouseRules;
use hammerdesk_domain::sla::policy::{Policy, Rules, Target};
use serde::{Deserialize, Serialize};

use super::{Config, ConfigError};

/// What is promised.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SlaSection {
    /// Whose hours count where a ticket's location is not known; the first location's where it is left out.
    pub default_calendar: Option<String>,
    /// Who counts as the house, and what as an answer.
    pub house: HouseRules,
    /// Who is told when a promise is at risk.
    pub alerts: AlertsSection,
    /// What tickets are about, for conditions on `topic`: the words by which each topic is known.
    pub topics: BTreeMap<String, Vec<String>>,
    /// The ticket field that holds the instant of a promised call, such as `cf_call_back_at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_field: Option<String>,
    /// In order: the first that matches counts.
    pub policies: Vec<Policy>,
}

/// `[sla.alerts]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertsSection {
    /// Told again after so long, until somebody takes notice; open time of the location.
    pub repeat: Target,
    /// The longest that an alert may be put off.
    pub snooze_most: Target,
    /// So many alerts in one channel become one card that counts ..
    pub storm_from: usize,
    /// .. where they come within so long.
    pub storm_within: Target,
    /// Seen later than this, it is marked as late.
    pub late_after: Target,
    /// Note it on the ticket too, for agents to read?
    pub note: bool,
    /// Post a digest at each location's opening?
    pub digest: bool,
    /// Where the managers of a location read: location and channel.
    pub managers: BTreeMap<String, String>,
}

impl Default for AlertsSection {
    fn default() -> Self {
        let usual = Alerts::default();
        Self {
            repeat: usual.repeat,
            snooze_most: usual.snooze_most,
            storm_from: usual.storm_from,
            storm_within: Target::Elapsed(usual.storm_within.num_seconds()),
            late_after: Target::Elapsed(usual.late_after.num_seconds()),
            note: usual.note,
            digest: usual.digest,
            managers: BTreeMap::new(),
        }
    }
}

impl AlertsSection {
    fn read(&self, locations: &[&str], channels: &[Channel]) -> Result<Alerts, ConfigError> {
        let fault = |what: String| Err(ConfigError(format!("sla.alerts.{what}")));
        let wall = |target: Target| match target {
            Target::Open(seconds) | Target::Elapsed(seconds) => TimeDelta::seconds(seconds),
            Target::Days(days) => TimeDelta::days(i64::from(days)),
        };
        if wall(self.repeat) < TimeDelta::minutes(1) {
            return fault(format!(
                "repeat = \"{}\" is too often; give it a minute or more",
                self.repeat
            ));
        }
        if self.storm_from < 2 {
            return fault(format!(
                "storm_from = {} would make a storm of one alert; give it 2 or more",
                self.storm_from
            ));
        }
        for (location, channel) in &self.managers {
            if !locations.contains(&location.as_str()) {
                return fault(format!(
                    "managers: {}",
                    super::no_such("location", location, locations.iter().copied())
                ));
            }
            if channels.iter().all(|known| known.id.as_str() != channel) {
                let known = channels.iter().map(|channel| channel.id.as_str());
                return fault(format!("managers: {}", super::no_such("channel", channel, known)));
            }
        }
        Ok(Alerts {
            repeat: self.repeat,
            snooze_most: self.snooze_most,
            storm_from: self.storm_from,
            storm_within: wall(self.storm_within),
            late_after: wall(self.late_after),
            note: self.note,
            digest: self.digest,
            managers: self
                .managers
                .iter()
                .map(|(location, channel)| {
                    (
                        LocationId::new(location.as_str()),
                        ChannelId::new(channel.as_str()),
                    )
                })
                .collect(),
        })
    }
}

/// Open hours where a location gives none: 09:00 to 17:30 on every day that is worked.
fn office() -> Result<Piece, ConfigError> {
    let wrong = |error| ConfigError(format!("{error}"));
    let (from, to) = ("09:00".parse().map_err(wrong)?, "17:30".parse().map_err(wrong)?);
    Piece::new(from, to).map_err(wrong)
}

/// The hours of a location: its own, else office hours on the days it works, with its holidays and its dates.
fn calendar(
    location: &Location,
    hours: Option<&Week>,
    dates: &BTreeMap<String, DateHours>,
) -> Result<CalendarRules, ConfigError> {
    let mut rules = CalendarRules::of_working_days(location.zone, &location.days, &[office()?]);
    if let Some(hours) = hours {
        rules.hours = hours.clone();
    }
    for (date, own) in dates {
        let day = NaiveDate::from_str(date).map_err(|_| {
            ConfigError(format!(
                "[[locations]] {:?}: {date:?} is not a date; write it like 2026-12-25",
                location.id.as_str()
            ))
        })?;
        rules.dates.insert(day, own.clone());
    }
    if rules.never_opens() {
        return Err(ConfigError(format!(
            "[[locations]] {:?}: hours has no open time on any day, so nothing would ever be due; give it some",
            location.id.as_str()
        )));
    }
    Ok(rules)
}

impl Config {
    /// All of `[sla]`, with the channels that there are.
    pub(super) fn sla(&self, channels: &[Channel]) -> Result<Sla, ConfigError> {
        let locations: Vec<&str> = self.locations.iter().map(|section| section.id.as_str()).collect();
        Ok(Sla {
            rules: self.sla_rules()?,
            alerts: self.sla.alerts.read(&locations, channels)?,
            topics: self.sla.topics.clone(),
            managers: self.escalation.managers.clone(),
            callback_field: self.sla.callback_field.clone(),
        })
    }

    /// What decides over clocks: policies, hours of each location, who counts as the house.
    pub fn sla_rules(&self) -> Result<Rules, ConfigError> {
        let mut calendars = BTreeMap::new();
        for section in &self.locations {
            let location = section.read()?;
            let rules = calendar(&location, section.hours.as_ref(), &section.dates)?;
            calendars.insert(location.id, rules);
        }
        let first = self.locations.first().map(|section| &section.id);
        let default_calendar = self.sla.default_calendar.as_ref().or(first);
        let default_calendar = default_calendar.map(|id| LocationId::new(id.as_str()));
        if let Some(unknown) = default_calendar
            .as_ref()
            .filter(|id| !calendars.contains_key(*id))
        {
            let known = self.locations.iter().map(|section| section.id.as_str());
            return Err(ConfigError(format!(
                "sla.default_calendar: {}",
                super::no_such("location", unknown.as_str(), known)
            )));
        }
        Ok(Rules {
            policies: self.sla.policies.clone(),
            calendars,
            default_calendar,
            house: self.sla.house.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = r#"
        [[locations]]
        id = "london"
        entity = "1000"
        time_zone = "Europe/London"
        holidays = { "2026-12-25" = "Christmas Day" }
        [locations.hours]
        mon = [["09:00", "12:30"], ["13:30", "18:00"]]
        [locations.dates."2026-11-28"]
        name = "Evening sale"
        hours = [["10:00", "22:00"]]
        works_anyway = true

        [[locations]]
        id = "dubai"
        entity = "2000"
        time_zone = "Asia/Dubai"
        weekend = ["fri", "sat"]
    "#;

    #[test]
    fn hours_come_from_the_location_or_are_office_hours_on_its_working_days() {
        let rules = Config::from_toml(TWO).unwrap().sla_rules().unwrap();
        assert_eq!(rules.default_calendar, Some("london".into()));
        let london = &rules.calendars[&LocationId::new("london")];
        assert_eq!((london.hours.mon.len(), london.hours.tue.len()), (2, 0));
        assert!(london.dates.values().all(|date| date.works_anyway));
        assert_eq!(london.holidays.len(), 1);
        let dubai = &rules.calendars[&LocationId::new("dubai")].hours;
        assert_eq!(dubai.sun, [office().unwrap()]);
        assert!(dubai.fri.is_empty() && dubai.sat.is_empty());
    }

    #[test]
    fn policies_are_read_with_their_words_and_mistakes_are_sentences() {
        let policy = |text: &str| {
            let config = Config::from_toml(&format!("{TWO}\n[[sla.policies]]\nid = \"p\"\n{text}"));
            config.and_then(|config| config.sla_rules())
        };
        let rules =
            policy("first_response = \"4h\"\npauses = [\"pending\", 9]\nwarnings = [\"50%\"]").unwrap();
        assert_eq!(rules.policies[0].pauses.len(), 2);
        let errors = [
            "first_response = \"soon\"",
            "frist_response = \"4h\"",
            "when = { at_stake = [\"lots\"] }",
            "when = { channel = [\"fax\"] }",
        ]
        .map(|text| policy(text).unwrap_err().to_string());
        for (error, says) in errors.iter().zip([
            "is not a length of time",
            "did you mean \"first_response\"",
            "is not an amount",
            "fax",
        ]) {
            assert!(error.contains(says), "{error}");
        }
        let error = Config::from_toml("[sla]\ndefault_calendar = \"atlantis\"")
            .unwrap()
            .sla_rules()
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "sla.default_calendar: there is no location \"atlantis\"; add it under [[locations]]"
        );
    }
}
