//! What the client offers a person: channels, commands, components, values. Nothing else can be done.

use std::fmt;

use serde_json::{Value, json};

use super::id::Id;
use super::model::{Attachment, Channel, State};
use super::rights::Rights;
use super::view::parts;
use super::wire::Named;

/// Something that the client would not let the person do; says why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotOffered(pub String);

impl fmt::Display for NotOffered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotOffered {}

pub(super) fn not_offered<T>(why: impl Into<String>) -> Result<T, NotOffered> {
    Err(NotOffered(why.into()))
}

impl State {
    /// A channel in which a person can use commands.
    pub(super) fn usable_channel(&self, channel: Id, person: Id) -> Result<Channel, NotOffered> {
        let Some(found) = self.channels.get(&channel) else {
            return not_offered("There is no such channel.");
        };
        let rights = self.rights(found, person);
        if !rights.include(Rights::VIEW_CHANNEL | Rights::USE_APPLICATION_COMMANDS) {
            return not_offered("The person may not use commands there.");
        }
        Ok(found.clone())
    }

    /// Whether the client offers a command to a person there.
    pub(super) fn check_offered(&self, body: &Value, place: &Channel, person: Id) -> Result<(), NotOffered> {
        let context = u64::from(place.guild.is_none());
        if let Some(contexts) = body["contexts"].as_array()
            && !contexts.iter().any(|found| found.as_u64() == Some(context))
        {
            return not_offered("The command is not offered in such a channel.");
        }
        let needed = body["default_member_permissions"]
            .as_str()
            .and_then(|text| text.parse().ok())
            .map(Rights);
        let rights = self.rights(place, person);
        match needed {
            Some(Rights::NONE) if !rights.include(Rights::ADMINISTRATOR) => {
                not_offered("The command is for administrators.")
            }
            Some(needed) if !rights.include(needed) => {
                not_offered("The person lacks a permission for the command.")
            }
            _ => Ok(()),
        }
    }

    /// A component that a person sees and can use.
    pub(super) fn offered_part(
        &self,
        message: Id,
        custom_id: &str,
        person: Id,
    ) -> Result<(Id, Value), NotOffered> {
        let Some(found) = self
            .messages
            .get(&message)
            .filter(|found| self.shows(found, person))
        else {
            return not_offered("The person does not see that message.");
        };
        let part = parts(&found.components)
            .into_iter()
            .find(|part| part["custom_id"] == custom_id);
        match part {
            None => not_offered(format!("The message has no {custom_id:?}.")),
            Some(part) if part["disabled"] == true => not_offered("It is disabled."),
            Some(part) => Ok((found.channel, part.clone())),
        }
    }

    /// Keeps a file that somebody sends.
    pub(super) fn upload(
        &mut self,
        now: chrono::DateTime<chrono::Utc>,
        name: &str,
        bytes: &[u8],
    ) -> Attachment {
        let attachment = Attachment {
            id: self.new_id(now),
            name: name.to_owned(),
            description: None,
            kind: super::rest::guess(name).to_owned(),
            bytes: bytes.to_vec().into(),
            is_ephemeral: false,
        };
        self.uploads.insert(attachment.id, attachment.clone());
        attachment
    }
}

/// The options that the person filled in, as the client sends them.
pub(super) fn given_options(
    state: &State,
    offered: &[Value],
    given: &Value,
    focused: Option<&str>,
    resolved: &mut Vec<(Named, Id)>,
) -> Result<Vec<Value>, NotOffered> {
    let empty = serde_json::Map::new();
    let given = given.as_object().unwrap_or(&empty);
    for name in given.keys() {
        if !offered.iter().any(|option| option["name"] == *name) {
            return not_offered(format!("There is no option {name}."));
        }
    }
    let mut wire = Vec::new();
    for option in offered {
        let name = option["name"].as_str().unwrap_or_default();
        let Some(value) = given.get(name) else {
            if option["required"] == true && focused.is_none() {
                return not_offered(format!("The option {name} is required."));
            }
            continue;
        };
        let kind = option["type"].as_u64().unwrap_or(3);
        let mut entry = json!({"name": name, "type": kind, "value": value});
        if focused == Some(name) {
            if option["autocomplete"] != true {
                return not_offered(format!("The option {name} completes nothing."));
            }
            // While it is typed it is text, whatever it will be.
            entry["value"] = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
                .into();
            entry["focused"] = true.into();
        } else {
            check_value(state, option, value, resolved)?;
            if matches!(kind, 6..=9 | 11) {
                entry["value"] = Id::read(value).map_or(Value::Null, |id| json!(id));
            }
        }
        wire.push(entry);
    }
    if let Some(focused) = focused
        && !given.contains_key(focused)
    {
        return not_offered(format!("Give the option {focused} what is typed so far."));
    }
    Ok(wire)
}

fn check_value(
    state: &State,
    option: &Value,
    value: &Value,
    resolved: &mut Vec<(Named, Id)>,
) -> Result<(), NotOffered> {
    let name = &option["name"];
    let fits = match option["type"].as_u64() {
        Some(3) => value.as_str().is_some_and(|text| {
            let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
            (option["min_length"].as_u64().unwrap_or(0)..=option["max_length"].as_u64().unwrap_or(6000))
                .contains(&length)
        }),
        Some(4) => value.as_i64().is_some_and(|number| {
            option["min_value"].as_i64().is_none_or(|least| number >= least)
                && option["max_value"].as_i64().is_none_or(|most| number <= most)
        }),
        Some(5) => value.is_boolean(),
        Some(10) => value.is_number(),
        Some(kind @ (6..=9 | 11)) => {
            let Some(id) = Id::read(value) else {
                return not_offered(format!("{name} wants an id."));
            };
            let named = match kind {
                6 => Named::User,
                7 => Named::Channel,
                8 => Named::Role,
                11 => Named::Attachment,
                _ if state.users.contains_key(&id) => Named::User,
                _ => Named::Role,
            };
            resolved.push((named, id));
            true
        }
        _ => false,
    };
    if !fits {
        return not_offered(format!("{name} does not take {value}."));
    }
    let choices = option["choices"].as_array().filter(|choices| !choices.is_empty());
    match choices {
        Some(choices) if !choices.iter().any(|choice| choice["value"] == *value) => {
            not_offered(format!("{name} does not offer {value}."))
        }
        _ => Ok(()),
    }
}
