//! `[[roles]]` and `[[people]]`: who may see and do what, as data.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use hammerdesk_domain::access::{Asker, Permission, Role, Scope};
use hammerdesk_domain::ids::{LocationId, PersonId};
use hammerdesk_domain::location::House;
use serde::{Deserialize, Serialize};

use super::{ConfigError, DiscordId};

/// One role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleSection {
    /// Its id.
    pub id: String,
    /// As people read it; the id where it is left out.
    #[serde(default)]
    pub name: Option<String>,
    /// What it may: words of `domain::access::Permission`.
    pub permissions: Vec<String>,
}

/// One person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonSection {
    /// Their id.
    pub id: String,
    /// As others read it.
    pub name: String,
    /// Their role.
    pub role: String,
    /// Their address in the helpdesk, by which their notes there are known to be theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helpdesk: Option<String>,
    /// The locations whose clients they may ask about; `["*"]` is all.
    pub locations: Vec<String>,
    /// Their Discord account, where they are to be this person there whatever their server's roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discord: Option<DiscordId>,
}

pub(super) fn roles(sections: &[RoleSection]) -> Result<BTreeMap<String, Arc<Role>>, ConfigError> {
    sections
        .iter()
        .map(|section| {
            let permissions = section
                .permissions
                .iter()
                .map(|word| {
                    Permission::from_str(word).map_err(|_| {
                        let near = Permission::WORDS
                            .iter()
                            .min_by_key(|known| strsim::osa_distance(word, known));
                        ConfigError(format!(
                            "[[roles]] {:?}: there is no permission {word:?}; did you mean {:?}?",
                            section.id,
                            near.unwrap_or(&"balance")
                        ))
                    })
                })
                .collect::<Result<Vec<_>, _>>()?;
            let name = section.name.as_deref().unwrap_or(&section.id);
            Ok((
                section.id.clone(),
                Arc::new(Role::new(&section.id, name, &permissions)),
            ))
        })
        .collect()
}

pub(super) fn people(
    sections: &[PersonSection],
    roles: &BTreeMap<String, Arc<Role>>,
    house: &House,
) -> Result<BTreeMap<PersonId, Asker>, ConfigError> {
    sections
        .iter()
        .map(|section| {
            let fault = |what: String| ConfigError(format!("[[people]] {:?}: {what}", section.id));
            let role = roles.get(&section.role).ok_or_else(|| {
                let known = roles.keys().map(String::as_str);
                fault(super::no_such("role", &section.role, known))
            })?;
            let scope = if section.locations.iter().any(|word| word == "*") {
                Scope::All
            } else {
                for location in &section.locations {
                    if house.location(&LocationId::new(location.as_str())).is_none() {
                        let known = house.locations.iter().map(|known| known.id.as_str());
                        return Err(fault(super::no_such("location", location, known)));
                    }
                }
                Scope::Only(
                    section
                        .locations
                        .iter()
                        .map(|word| LocationId::new(word.as_str()))
                        .collect(),
                )
            };
            let id = PersonId::new(section.id.as_str());
            Ok((
                id.clone(),
                Asker {
                    id,
                    name: section.name.clone(),
                    role: Arc::clone(role),
                    scope,
                },
            ))
        })
        .collect()
}

/// Who is which agent in the helpdesk.
pub(super) fn agents(sections: &[PersonSection]) -> BTreeMap<String, PersonId> {
    sections
        .iter()
        .filter_map(|section| {
            let address = section.helpdesk.as_ref()?.trim().to_lowercase();
            Some((address, PersonId::new(section.id.as_str())))
        })
        .collect()
}
