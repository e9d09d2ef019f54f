//! `[discord]`: the bot's token, its servers, and which of their roles is which of ours.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::str::FromStr;

use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::access::Scope;
use hammerdesk_domain::ids::LocationId;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Config, ConfigError, no_such, people};
use crate::discord::{Grant, People, Setup};

/// A secret that no log shows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// An id of Discord's: a number, which may be written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct DiscordId(pub u64);

impl FromStr for DiscordId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().parse() {
            Ok(id) if id > 0 => Ok(Self(id)),
            _ => Err(format!(
                "{text:?} is not an id of Discord's; switch on its developer mode and copy the id"
            )),
        }
    }
}

impl<'de> Deserialize<'de> for DiscordId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u64),
            Text(String),
        }
        match Written::deserialize(from)? {
            Written::Number(id) => Ok(Self(id)),
            Written::Text(text) => text.parse().map_err(serde::de::Error::custom),
        }
    }
}

/// `[discord]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DiscordSection {
    /// The bot's token; without it there is no Discord.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// A file that holds the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<String>,
    /// Another base than Discord's, for a proxy or a test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_url: Option<String>,
    /// Another gateway than the one that the base names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_url: Option<String>,
    /// A file with a certificate authority (PEM or DER) that is trusted beside the web's: a proxy's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// Calls a second over all routes. Left out: a little under the 50 that Discord allows; several instances
    /// share them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls_per_second: Option<NonZeroU32>,
    /// Refused calls in ten minutes after which none is sent for a while: Discord bans an address at 10,000.
    /// Left out: 5,000; fewer where other bots share the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_at_most: Option<NonZeroUsize>,
    /// The servers in which the bot works; their commands are registered at once. Where none is named it
    /// works in all that it is in, and its commands are registered globally.
    pub guilds: Vec<DiscordId>,
    /// Pass on what people say in the threads of tickets; for that the bot must have "Message Content Intent"
    /// in the developer portal. Left out: where there is a helpdesk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listens: Option<bool>,
    /// What a server's role means here, by its id.
    pub roles: BTreeMap<String, GuildRole>,
}

/// What a role of a server means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum GuildRole {
    /// That role of `[[roles]]`.
    Role(String),
    /// A role, locations, or both.
    Both(RoleAndPlace),
}

/// A role and the locations that it is held for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RoleAndPlace {
    /// That role of `[[roles]]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The locations whose clients its holder may ask about; `["*"]` is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locations: Option<Vec<String>>,
}

impl Config {
    /// What the bot needs of the config; `None` where there is no token.
    pub fn discord(&self, settings: &Settings) -> Result<Option<Setup>, ConfigError> {
        let section = &self.discord;
        let Some(token) = section
            .token
            .clone()
            .filter(|token| !token.reveal().trim().is_empty())
        else {
            return Ok(None);
        };
        let url = |key: &str, url: &Option<String>, schemes: [&str; 2]| match url.as_deref().map(str::trim) {
            None | Some("") => Ok(None),
            Some(url) if schemes.iter().any(|scheme| url.starts_with(scheme)) => Ok(Some(url.to_owned())),
            Some(url) => Err(ConfigError(format!(
                "discord.{key} = {url:?} must begin with {}",
                schemes.join(" or ")
            ))),
        };
        let authority = match section.ca_file.as_deref().map(str::trim) {
            None | Some("") => None,
            Some(path) => Some(std::fs::read(path).map_err(|error| {
                ConfigError(format!("discord.ca_file = {path:?} cannot be read: {error}"))
            })?),
        };
        Ok(Some(Setup {
            token,
            api_url: url("api_url", &section.api_url, ["https://", "http://"])?,
            gateway_url: url("gateway_url", &section.gateway_url, ["wss://", "ws://"])?,
            guilds: section.guilds.iter().map(|id| id.0).collect(),
            people: self.discord_people(settings)?,
            listens: section.listens.unwrap_or(self.freshdesk.url.is_some()),
            channels: settings.channels(),
            calls_per_second: section.calls_per_second,
            refused_at_most: section.refused_at_most,
            authority,
        }))
    }

    fn discord_people(&self, settings: &Settings) -> Result<People, ConfigError> {
        let roles = people::roles(&self.roles)?;
        let ranks: HashMap<&str, usize> = self
            .roles
            .iter()
            .zip(0..)
            .map(|(role, rank)| (role.id.as_str(), rank))
            .collect();
        let mut grants = HashMap::new();
        for (id, means) in &self.discord.roles {
            let fault = |what: String| ConfigError(format!("[discord.roles] {id}: {what}"));
            let guild_role: DiscordId = id.parse().map_err(fault)?;
            let means = match means {
                GuildRole::Role(role) => RoleAndPlace {
                    role: Some(role.clone()),
                    locations: None,
                },
                GuildRole::Both(both) => both.clone(),
            };
            let role = match &means.role {
                None => None,
                Some(word) => {
                    let role = roles
                        .get(word)
                        .ok_or_else(|| fault(no_such("role", word, roles.keys().map(String::as_str))))?;
                    Some((
                        ranks.get(word.as_str()).copied().unwrap_or(usize::MAX),
                        role.clone(),
                    ))
                }
            };
            let scope = match &means.locations {
                None => None,
                Some(words) if words.iter().any(|word| word == "*") => Some(Scope::All),
                Some(words) => {
                    let known = || {
                        settings
                            .house
                            .locations
                            .iter()
                            .map(|location| location.id.as_str())
                    };
                    if let Some(word) = words.iter().find(|word| !known().any(|id| id == word.as_str())) {
                        return Err(fault(no_such("location", word, known())));
                    }
                    Some(Scope::Only(
                        words.iter().map(|word| LocationId::new(word.as_str())).collect(),
                    ))
                }
            };
            if role.is_none() && scope.is_none() {
                return Err(fault(
                    "say which role it is, for which locations, or both".to_owned(),
                ));
            }
            grants.insert(guild_role.0, Grant { role, scope });
        }
        let mut named = HashMap::new();
        for person in &self.people {
            let Some(id) = &person.discord else {
                continue;
            };
            let asker = settings
                .people
                .iter()
                .find(|(known, _)| known.as_str() == person.id);
            if let Some((_, asker)) = asker
                && named.insert(id.0, asker.clone()).is_some()
            {
                return Err(ConfigError(format!(
                    "[[people]]: two people have discord = {}",
                    id.0
                )));
            }
        }
        Ok(People::new(named, grants))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUSE: &str = "[[locations]]\nid = \"london\"\nentity = \"1\"\ntime_zone = \"Europe/London\"\n\
                         [[roles]]\nid = \"manager\"\npermissions = [\"balance\", \"debtors\"]\n\
                         [[roles]]\nid = \"coordinator\"\npermissions = [\"balance\"]\n";

    fn read(text: &str) -> Result<Option<Setup>, ConfigError> {
        let config = Config::from_toml(&format!("{HOUSE}{text}"))?;
        config.discord(&config.settings()?)
    }

    #[test]
    fn without_a_token_there_is_no_discord() {
        assert!(read("[discord]\nguilds = [1]").unwrap().is_none());
    }

    #[test]
    fn ids_may_be_numbers_or_texts_and_a_token_is_shown_nowhere() {
        let setup = read(
            "[discord]\ntoken = \"tok.en\"\nguilds = [81384788765712384, \"81384788765712385\"]\napi_url = \"http://127.0.0.1:9\"\n\
             [discord.roles]\n5 = \"manager\"\n\"6\" = { role = \"coordinator\", locations = [\"london\"] }",
        )
        .unwrap()
        .unwrap();
        assert_eq!(setup.guilds, [81_384_788_765_712_384, 81_384_788_765_712_385]);
        let shown = format!("{setup:?}");
        assert!(!shown.contains("tok.en") && shown.contains("(secret)"), "{shown}");
    }

    #[test]
    fn mistakes_are_sentences() {
        let error = |text: &str| read(text).expect_err("should not load").to_string();
        let token = "[discord]\ntoken = \"t\"\n";
        assert_eq!(
            error(&format!("{token}[discord.roles]\n5 = \"manger\"")),
            "[discord.roles] 5: there is no role \"manger\"; did you mean \"manager\"?"
        );
        assert_eq!(
            error(&format!(
                "{token}[discord.roles]\n5 = {{ role = \"manager\", locations = [\"londn\"] }}"
            )),
            "[discord.roles] 5: there is no location \"londn\"; did you mean \"london\"?"
        );
        assert!(
            error(&format!("{token}[discord.roles]\nManagers = \"manager\""))
                .contains("is not an id of Discord's")
        );
        assert_eq!(
            error(&format!("{token}gateway_url = \"https://x\"")),
            "discord.gateway_url = \"https://x\" must begin with wss:// or ws://"
        );
        assert_eq!(
            error(&format!("{token}[discord.roles]\n5 = {{}}")),
            "[discord.roles] 5: say which role it is, for which locations, or both"
        );
        assert!(
            error(&format!("{token}ca_file = \"/nowhere/ca.pem\""))
                .starts_with("discord.ca_file = \"/nowhere/ca.pem\" cannot be read")
        );
    }
}
