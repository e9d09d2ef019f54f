//! The configuration: one TOML file, every key overridable from the environment, every mistake a sentence.
//!
//! Order, the later wins: built-in defaults, `hammerdesk.toml` (`--config`, `HAMMERDESK_CONFIG`),
//! `HAMMERDESK__SECTION__KEY`, and for secrets a file named by `<key>_file`. An unknown key is an error
//! with a did-you-mean: a rule that is silently ignored is worse than one that is missing.

mod bridge;
mod channels;
mod discord;
mod escalation;
mod feeds;
mod freshdesk;
mod locations;
mod people;
mod sections;
mod sla;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use hammerdesk_commands::settings::{Pace, Settings};
use hammerdesk_domain::ageing::Bands;
use hammerdesk_domain::escalation::desk::{Absence, General, Team};
use hammerdesk_domain::escalation::ladder::Ladder;
use hammerdesk_domain::escalation::rota::Rota;
use hammerdesk_domain::escalation::routing::Rule;
use hammerdesk_domain::location::House;
use serde::{Deserialize, Serialize};

use crate::bridge::BridgeRule;

pub use bridge::BridgeSection;
pub use channels::ChannelSection;
pub use discord::{DiscordId, DiscordSection, GuildRole, RoleAndPlace, Secret};
pub use escalation::{Partner, PartnerSection, read_cases};
pub use feeds::FeedSection;
pub use freshdesk::FreshdeskSection;
pub use locations::LocationSection;
pub use people::{PersonSection, RoleSection};
pub use sections::{AgeingSection, ConsoleSection, HttpSection, PaceSection, StoreSection};
pub use sla::{AlertsSection, SlaSection};

/// The file that is read where nobody names another.
pub const DEFAULT_FILE: &str = "hammerdesk.toml";

/// All of it, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the data is.
    pub store: StoreSection,
    /// Where the service listens.
    pub http: HttpSection,
    /// The web console.
    pub console: ConsoleSection,
    /// Discord.
    pub discord: DiscordSection,
    /// Ageing bands.
    pub ageing: AgeingSection,
    /// How much one person may ask.
    pub pace: PaceSection,
    /// The helpdesk.
    pub freshdesk: FreshdeskSection,
    /// The salerooms.
    pub locations: Vec<LocationSection>,
    /// What is promised to clients, and when.
    pub sla: SlaSection,
    /// The feeds.
    pub feeds: Vec<FeedSection>,
    /// The roles.
    pub roles: Vec<RoleSection>,
    /// The people.
    pub people: Vec<PersonSection>,
    /// The channels of the team chat.
    pub channels: Vec<ChannelSection>,
    /// Which tickets open a thread, and where.
    pub bridge: Vec<BridgeSection>,
    /// Who gets escalations: the rules, in order.
    pub routing: Vec<Rule>,
    /// How escalations climb.
    pub ladders: Vec<Ladder>,
    /// Who is on shift.
    pub rotas: Vec<Rota>,
    /// Who works together.
    pub teams: Vec<Team>,
    /// Who is away.
    pub absences: Vec<Absence>,
    /// The rest about escalations.
    pub escalation: General,
    /// Who may send escalations.
    pub partners: Vec<PartnerSection>,
}

/// What is wrong with the configuration, in a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

/// The secrets that may come from a file: section and key.
const SECRETS: &[(&str, &str)] = &[
    ("store", "url"),
    ("discord", "token"),
    ("freshdesk", "api_key"),
    ("freshdesk", "webhook_secret"),
];

impl Config {
    /// Reads the file that was named, or the default one if it is there, then the environment.
    pub fn load(named: Option<&Path>) -> Result<Self, ConfigError> {
        let path = named.map_or_else(|| PathBuf::from(DEFAULT_FILE), Path::to_path_buf);
        if named.is_some() && !path.is_file() {
            return Err(ConfigError(format!(
                "there is no config file {}; name another with --config, or leave it out to use the defaults",
                path.display()
            )));
        }
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if path.is_file() {
            figment = figment.merge(Toml::file_exact(&path));
        }
        Self::from_figment(figment.merge(Env::prefixed("HAMMERDESK__").split("__")))
    }

    /// Reads a text; for tests and the example.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Self::from_figment(Figment::from(Serialized::defaults(Self::default())).merge(Toml::string(text)))
    }

    fn from_figment(mut figment: Figment) -> Result<Self, ConfigError> {
        for (section, key) in SECRETS {
            let name = format!("{section}.{key}_file");
            if let Ok(file) = figment.extract_inner::<PathBuf>(&name) {
                let secret = std::fs::read_to_string(&file).map_err(|error| {
                    ConfigError(format!(
                        "{name} names {}, which cannot be read: {error}",
                        file.display()
                    ))
                })?;
                figment = figment.merge((format!("{section}.{key}"), secret.trim_end().to_owned()));
            }
        }
        figment
            .extract::<Self>()
            .map_err(|error| ConfigError(sentence(&error)))
    }

    /// What the commands need of it; checks everything that one key alone cannot show.
    pub fn settings(&self) -> Result<Settings, ConfigError> {
        let locations = self
            .locations
            .iter()
            .map(LocationSection::read)
            .collect::<Result<Vec<_>, _>>()?;
        let house = House { locations };
        no_twins("locations", self.locations.iter().map(|l| l.id.as_str()))?;
        for (at, one) in self.locations.iter().enumerate() {
            if let Some(other) = self.locations[..at]
                .iter()
                .find(|other| other.entity == one.entity)
            {
                return Err(ConfigError(format!(
                    "[[locations]] {:?} and {:?} both bill through entity {:?}; its rules would be those of the first",
                    other.id, one.id, one.entity
                )));
            }
        }
        no_twins("feeds", self.feeds.iter().map(|f| f.id.as_str()))?;
        no_twins("roles", self.roles.iter().map(|r| r.id.as_str()))?;
        no_twins("channels", self.channels.iter().map(|c| c.id.as_str()))?;
        no_twins(
            "channels: discord",
            self.channels.iter().filter_map(|c| c.discord.as_deref()),
        )?;
        no_twins("people", self.people.iter().map(|p| p.id.as_str()))?;
        let folders: Vec<_> = self
            .feeds
            .iter()
            .filter_map(|feed| feed.folder.as_ref())
            .collect();
        if let Some(folder) = folders
            .iter()
            .enumerate()
            .find_map(|(n, folder)| folders[..n].contains(folder).then_some(folder))
        {
            return Err(ConfigError(format!(
                "[[feeds]]: two feeds watch the folder {}; give each its own",
                folder.display()
            )));
        }
        Bands::new(&self.ageing.bands).map_err(|error| ConfigError(format!("ageing.bands: {error}")))?;
        self.freshdesk.check()?;
        if self.pace.per_minute == 0 || self.pace.burst == 0 {
            return Err(ConfigError(
                "pace: per_minute and burst must be 1 or more, or nobody could ask anything".to_owned(),
            ));
        }
        let roles = people::roles(&self.roles)?;
        let people = people::people(&self.people, &roles, &house)?;
        let feeds = self
            .feeds
            .iter()
            .map(|feed| feed.read(&house))
            .collect::<Result<Vec<_>, _>>()?;
        let channels = channels::channels(&self.channels, &house)?;
        let known = if channels.is_empty() {
            hammerdesk_commands::channels::of_house(&house)
        } else {
            channels.clone()
        };
        let sla = self.sla(&known)?;
        let desk = self.desk(&people, &house)?.map(Arc::new);
        self.partners(&house)?;
        Ok(Settings {
            agents: people::agents(&self.people),
            helpdesk_site: self.freshdesk.url.clone(),
            desk,
            sla,
            channels,
            house,
            people,
            feeds,
            bands: self.ageing.bands.clone(),
            pace: Pace {
                per_minute: self.pace.per_minute,
                burst: self.pace.burst,
            },
        })
    }

    /// The rules of the bridge, with the channels that the settings know.
    pub fn bridge_rules(&self, settings: &Settings) -> Result<Vec<BridgeRule>, ConfigError> {
        bridge::rules(&self.bridge, &settings.channels(), &settings.house.locations)
    }
}

fn no_twins<'a>(section: &str, ids: impl Iterator<Item = &'a str>) -> Result<(), ConfigError> {
    let mut seen = std::collections::BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(ConfigError(format!(
                "[[{section}]] has two entries with id = {id:?}; ids must differ"
            )));
        }
    }
    Ok(())
}

/// `there is no role "x"; did you mean "y"?`, or where to add it.
fn no_such<'a>(kind: &str, word: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = known
        .map(|known| (strsim::osa_distance(word, known), known))
        .filter(|(distance, _)| *distance <= 3 && *distance < word.chars().count())
        .min();
    match near {
        Some((_, near)) => format!("there is no {kind} {word:?}; did you mean {near:?}?"),
        None => format!("there is no {kind} {word:?}; add it under [[{kind}s]]"),
    }
}

/// Figment's error as a sentence with a did-you-mean.
fn sentence(error: &figment::Error) -> String {
    use figment::error::Kind;
    let place = if error.path.is_empty() {
        String::new()
    } else {
        format!("{}: ", error.path.join("."))
    };
    let from = error
        .metadata
        .as_ref()
        .and_then(|meta| meta.source.as_ref())
        .map_or(String::new(), |source| format!(" (in {source})"));
    match &error.kind {
        Kind::UnknownField(name, known) => {
            let near = known
                .iter()
                .map(|key| (strsim::osa_distance(name, key), *key))
                .filter(|(distance, _)| *distance <= 3)
                .min();
            match near {
                Some((_, key)) => format!("{place}there is no key {name:?}; did you mean {key:?}?{from}"),
                None => format!(
                    "{place}there is no key {name:?}; the keys here are {}{from}",
                    known.join(", ")
                ),
            }
        }
        Kind::MissingField(name) => format!("{place}the key {name:?} is missing{from}"),
        kind => format!("{place}{kind}{from}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_an_error_that_names_the_near_one() {
        let error = Config::from_toml("[store]\nulr = \"sqlite:x.db\"")
            .expect_err("should not load")
            .to_string();
        assert!(
            error.contains("there is no key \"ulr\"; did you mean \"url\"?"),
            "{error}"
        );
        let error = Config::from_toml("[sotre]\nurl = \"x\"")
            .expect_err("should not load")
            .to_string();
        assert!(error.contains("did you mean \"store\"?"), "{error}");
    }

    #[test]
    fn a_secret_may_stand_in_a_file_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("url");
        std::fs::write(&file, "postgres://somebody:secret@localhost/x\n").unwrap();
        let config =
            Config::from_toml(&format!("[store]\nurl_file = {:?}", file.display().to_string())).unwrap();
        assert_eq!(config.store.url, "postgres://somebody:secret@localhost/x");
        let error = Config::from_toml("[store]\nurl_file = \"/nowhere/at/all\"")
            .expect_err("no such file")
            .to_string();
        assert!(
            error.starts_with("store.url_file names /nowhere/at/all, which cannot be read"),
            "{error}"
        );
    }

    #[test]
    fn two_locations_with_one_entity_are_refused() {
        let text = "[[locations]]\nid = \"a\"\nentity = \"1\"\ntime_zone = \"UTC\"\n[[locations]]\nid = \"b\"\nentity = \"1\"\ntime_zone = \"UTC\"";
        let error = Config::from_toml(text)
            .unwrap()
            .settings()
            .expect_err("twins")
            .to_string();
        assert!(
            error.starts_with("[[locations]] \"a\" and \"b\" both bill through entity \"1\""),
            "{error}"
        );
    }

    #[test]
    fn two_entries_with_one_id_are_refused() {
        let text = "[[roles]]\nid = \"a\"\npermissions = []\n[[roles]]\nid = \"a\"\npermissions = []";
        let error = Config::from_toml(text)
            .unwrap()
            .settings()
            .expect_err("twins")
            .to_string();
        assert_eq!(
            error,
            "[[roles]] has two entries with id = \"a\"; ids must differ"
        );
    }

    #[test]
    fn the_example_loads_and_means_something() {
        let text = include_str!("../../config/hammerdesk.example.toml");
        let config = Config::from_toml(text).unwrap_or_else(|error| panic!("{error}"));
        let settings = config.settings().unwrap_or_else(|error| panic!("{error}"));
        assert!(
            !settings.house.locations.is_empty() && !settings.people.is_empty() && !settings.feeds.is_empty()
        );
    }
}
