//! `[[routing]]`, `[[ladders]]`, `[[rotas]]`, `[[teams]]`, `[[absences]]`, `[escalation]` and `[[partners]]`:
//! who gets escalations, and who may send them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_domain::access::Asker;
use hammerdesk_domain::escalation::cases::Cases;
use hammerdesk_domain::escalation::{Desk, Rulebook, ical, incoming};
use hammerdesk_domain::ids::{LocationId, PersonId};
use hammerdesk_domain::location::House;
use serde::{Deserialize, Serialize};

use super::{Config, ConfigError};

/// How far a calendar is read ahead; `serve` reads it anew every day.
const AHEAD: TimeDelta = TimeDelta::days(120);
/// A secret shorter than this can be guessed.
const SHORTEST_SECRET: usize = 16;

/// A third party that may send escalations.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerSection {
    /// Its id, as rules name it.
    pub id: String,
    /// The secret that it signs with.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub secret: String,
    /// A file that holds the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// Further secrets that are taken too, while one replaces another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// The saleroom whose calls it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// How many escalations it may send a minute.
    #[serde(default = "sixty")]
    pub per_minute: u32,
}

const fn sixty() -> u32 {
    60
}

impl fmt::Debug for PartnerSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartnerSection")
            .field("id", &self.id)
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}

/// A partner with its secrets read. Its `Debug` shows none of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Partner {
    /// Its id.
    pub id: String,
    /// What it may sign with; never empty.
    pub secrets: Vec<String>,
    /// The saleroom whose calls it takes.
    pub location: Option<LocationId>,
    /// How many escalations it may send a minute.
    pub per_minute: u32,
}

impl fmt::Debug for Partner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Partner")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl PartnerSection {
    fn read(&self, house: &House) -> Result<Partner, ConfigError> {
        let fault = |what: String| ConfigError(format!("[[partners]] {:?}: {what}", self.id));
        let mut secrets = self.secrets.clone();
        if let Some(file) = &self.secret_file {
            let secret = std::fs::read_to_string(file)
                .map_err(|error| fault(format!("secret_file {} cannot be read: {error}", file.display())))?;
            secrets.insert(0, secret.trim_end().to_owned());
        }
        if !self.secret.is_empty() {
            secrets.insert(0, self.secret.clone());
        }
        if secrets.is_empty() {
            return Err(fault("it needs a secret; add secret or secret_file".to_owned()));
        }
        if secrets.iter().any(|secret| secret.len() < SHORTEST_SECRET) {
            return Err(fault(format!(
                "a secret has fewer than {SHORTEST_SECRET} characters, which can be guessed; make a longer one"
            )));
        }
        if self.per_minute == 0 {
            return Err(fault("per_minute must be 1 or more".to_owned()));
        }
        let location = self.location.as_deref().map(LocationId::new);
        if let Some(id) = &location
            && house.location(id).is_none()
        {
            let known = house.locations.iter().map(|known| known.id.as_str());
            return Err(fault(super::no_such("location", id.as_str(), known)));
        }
        Ok(Partner {
            id: self.id.clone(),
            secrets,
            location,
            per_minute: self.per_minute,
        })
    }
}

impl Config {
    /// The routing part of the config in one piece.
    pub fn rulebook(&self) -> Rulebook {
        Rulebook {
            routing: self.routing.clone(),
            ladders: self.ladders.clone(),
            rotas: self.rotas.clone(),
            teams: self.teams.clone(),
            absences: self.absences.clone(),
            escalation: self.escalation.clone(),
        }
    }

    /// Who gets escalations. Without any rules, and with nobody who could get everything, there is no desk;
    /// with rules or partners that is a mistake.
    pub(super) fn desk(
        &self,
        people: &BTreeMap<PersonId, Asker>,
        house: &House,
    ) -> Result<Option<Desk>, ConfigError> {
        super::no_twins(
            "partners",
            self.partners.iter().map(|partner| partner.id.as_str()),
        )?;
        let rules = self.rulebook();
        let known: Vec<&str> = house.locations.iter().map(|known| known.id.as_str()).collect();
        if let Some((place, says)) = incoming::faults(&rules.escalation.tickets, &known).first() {
            return Err(ConfigError(format!("{place}: {says}")));
        }
        let is_wanted = rules != Rulebook::default() || !self.partners.is_empty();
        match Desk::new(rules, people.clone(), house) {
            Ok(desk) => Ok(Some(desk)),
            Err(why) if is_wanted => Err(ConfigError(why)),
            Err(_) => Ok(None),
        }
    }

    /// The partners, with their secrets read.
    pub fn partners(&self, house: &House) -> Result<Vec<Partner>, ConfigError> {
        self.partners.iter().map(|partner| partner.read(house)).collect()
    }

    /// Reads the rotas' calendars into the desk; gives what could not be read, in sentences. A calendar
    /// that is away leaves the configured shifts as they are.
    pub fn read_calendars(&self, desk: &mut Desk, now: DateTime<Utc>) -> Vec<String> {
        let mut problems = Vec::new();
        for section in &self.rotas {
            let Some(file) = &section.calendar else { continue };
            let place = format!("[[rotas]] {:?} calendar {file}", section.id);
            let Some(zone) = desk
                .rota(&section.id)
                .map(hammerdesk_domain::escalation::rota::Rota::zone)
            else {
                continue;
            };
            match read_text(Path::new(file), ical::LONGEST) {
                Ok(text) => {
                    let window = (now - TimeDelta::days(2), now + AHEAD);
                    let imported = ical::import(&text, zone, desk.people(), window);
                    problems.extend(
                        imported
                            .problems
                            .iter()
                            .map(|problem| format!("{place}: {problem}")),
                    );
                    desk.bring(&section.id, imported.duties);
                }
                Err(why) => problems.push(format!("{place}: {why}")),
            }
        }
        problems
    }

    /// The saved cases that a config must pass: every `.toml` in `[escalation] cases`.
    pub fn cases(&self) -> Result<Vec<(PathBuf, Cases)>, ConfigError> {
        let Some(folder) = &self.escalation.cases else {
            return Ok(Vec::new());
        };
        let folder = Path::new(folder);
        let listing = std::fs::read_dir(folder).map_err(|error| {
            ConfigError(format!(
                "[escalation] cases = {:?} cannot be read: {error}",
                folder.display()
            ))
        })?;
        let mut files: Vec<PathBuf> = listing
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
            .collect();
        files.sort();
        files
            .into_iter()
            .map(|path| read_cases(&path).map(|cases| (path, cases)))
            .collect()
    }

    /// Replays the saved cases; gives what is not as expected, in sentences.
    pub fn replay_cases(&self, desk: &Desk) -> Result<Vec<String>, ConfigError> {
        let mut faults = Vec::new();
        for (path, cases) in self.cases()? {
            for case in &cases.cases {
                let replayed = case.replay(desk);
                faults.extend(
                    replayed
                        .faults
                        .iter()
                        .map(|fault| format!("{}: {:?}: {fault}", path.display(), case.name)),
                );
            }
        }
        Ok(faults)
    }
}

/// Reads a file of cases.
pub fn read_cases(path: &Path) -> Result<Cases, ConfigError> {
    let text =
        read_text(path, 4 * 1024 * 1024).map_err(|why| ConfigError(format!("{}: {why}", path.display())))?;
    let cases: Cases = toml::from_str(&text).map_err(|error| {
        ConfigError(format!(
            "{}: {}",
            path.display(),
            error.to_string().trim_end().replace('\n', "\n  ")
        ))
    })?;
    if cases.cases.is_empty() {
        return Err(ConfigError(format!(
            "{} has no cases; write them as [[cases]] with a name and an at",
            path.display()
        )));
    }
    Ok(cases)
}

fn read_text(path: &Path, longest: usize) -> Result<String, String> {
    let length = std::fs::metadata(path)
        .map_err(|error| format!("it cannot be read: {error}"))?
        .len();
    if usize::try_from(length).unwrap_or(usize::MAX) > longest {
        return Err(format!("it is longer than {longest} bytes"));
    }
    let bytes = std::fs::read(path).map_err(|error| format!("it cannot be read: {error}"))?;
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
}
