//! Whom a rule or a rung names, as the config writes it: `owner`, `person:ada`, `on_shift:london/senior`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::PersonId;

/// Whom a rule or a rung names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// The client's portfolio owner.
    Owner,
    /// Whoever last had an escalation of the same client.
    LastHandler,
    /// Whoever has it: in a ladder only.
    Assigned,
    /// The managers of the escalation's location.
    Manager,
    /// One person.
    Person(PersonId),
    /// Everybody who is on shift there, in one role or in any; the least loaded first.
    OnShift {
        /// The rota.
        rota: String,
        /// The role within it.
        role: Option<String>,
    },
    /// The members of a team, the least loaded first.
    Team(String),
    /// The members of a team, whoever was given one longest ago first.
    RoundRobin(String),
}

/// A target that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a target; write owner, last_handler, manager, assigned, person:ID, on_shift:ROTA, \
     on_shift:ROTA/ROLE, team:ID or round_robin:ID"
)]
pub struct NotATarget(String);

impl FromStr for Target {
    type Err = NotATarget;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || NotATarget(text.chars().take(60).collect());
        let (word, rest) = match text.trim().split_once(':') {
            Some((word, rest)) => (word.trim(), Some(rest.trim())),
            None => (text.trim(), None),
        };
        let named = |rest: Option<&str>| rest.filter(|name| !name.is_empty()).map(str::to_owned);
        let target = match word {
            "owner" if rest.is_none() => Some(Self::Owner),
            "last_handler" if rest.is_none() => Some(Self::LastHandler),
            "assigned" if rest.is_none() => Some(Self::Assigned),
            "manager" if rest.is_none() => Some(Self::Manager),
            "person" => named(rest).map(|id| Self::Person(PersonId::new(id))),
            "team" => named(rest).map(Self::Team),
            "round_robin" => named(rest).map(Self::RoundRobin),
            "on_shift" => match rest.map(|rest| rest.split_once('/').unwrap_or((rest, ""))) {
                Some((rota, role)) if !rota.trim().is_empty() => Some(Self::OnShift {
                    rota: rota.trim().to_owned(),
                    role: named(Some(role.trim())),
                }),
                _ => None,
            },
            _ => None,
        };
        target.ok_or_else(refuse)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner => f.write_str("owner"),
            Self::LastHandler => f.write_str("last_handler"),
            Self::Assigned => f.write_str("assigned"),
            Self::Manager => f.write_str("manager"),
            Self::Person(id) => write!(f, "person:{id}"),
            Self::OnShift { rota, role: None } => write!(f, "on_shift:{rota}"),
            Self::OnShift {
                rota,
                role: Some(role),
            } => write!(f, "on_shift:{rota}/{role}"),
            Self::Team(id) => write!(f, "team:{id}"),
            Self::RoundRobin(id) => write!(f, "round_robin:{id}"),
        }
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_written_as_it_is_read() {
        for text in [
            "owner",
            "last_handler",
            "assigned",
            "manager",
            "person:ada",
            "on_shift:london",
            "on_shift:london/senior",
            "team:deposits",
            "round_robin:deposits",
        ] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_target_that_names_nothing_is_refused_with_the_words_there_are() {
        for text in [
            "",
            "boss",
            "person:",
            "on_shift:",
            "on_shift:/senior",
            "owner:ada",
        ] {
            let error = text.parse::<Target>().unwrap_err().to_string();
            assert!(error.contains("on_shift:ROTA/ROLE"), "{text:?}: {error}");
        }
    }
}
