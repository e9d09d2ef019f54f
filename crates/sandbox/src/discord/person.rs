//! What people do: commands, presses, choices, forms, messages. Only what the client would offer them is possible.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use tokio::sync::Notify;

use super::DiscordSim;
use super::asked::Asked;
use super::id::Id;
use super::model::{Attachment, Channel, Interaction, Message, Pings, State};
use super::offer::{NotOffered, given_options, not_offered};
use super::rights::Rights;
use super::view::{Seen, parts};
use super::wire::Named;

/// A person, who acts.
#[derive(Debug, Clone)]
pub struct Person {
    pub(super) sim: DiscordSim,
    /// Their id.
    pub id: Id,
}

/// What begins an interaction.
struct Beginning<'a> {
    kind: u8,
    channel: Id,
    data: Value,
    source: Option<Id>,
    command: Option<&'a str>,
}

impl Person {
    /// A slash command. Subcommands are further words; options are an object such as `{"client": "140105686"}`.
    pub fn slash(&self, channel: Id, command: &str, options: &Value) -> Result<Asked, NotOffered> {
        self.chat_command(channel, command, options, None)
    }

    /// The completions while the person types into one option.
    pub fn autocomplete(
        &self,
        channel: Id,
        command: &str,
        options: &Value,
        focused: &str,
    ) -> Result<Asked, NotOffered> {
        self.chat_command(channel, command, options, Some(focused))
    }

    fn chat_command(
        &self,
        channel: Id,
        words: &str,
        options: &Value,
        focused: Option<&str>,
    ) -> Result<Asked, NotOffered> {
        let mut state = self.sim.core.state();
        let place = state.usable_channel(channel, self.id)?;
        let mut path = words.trim_start_matches('/').split_whitespace();
        let name = path.next().unwrap_or_default();
        let Some(command) = state.command(place.guild, 1, name).cloned() else {
            return not_offered(format!("There is no command /{name} here."));
        };
        state.check_offered(&command.body, &place, self.id)?;
        let empty = Vec::new();
        let mut offered = command.body["options"].as_array().unwrap_or(&empty);
        let mut nested: Vec<(u64, String)> = Vec::new();
        for word in path {
            let found = offered
                .iter()
                .find(|option| option["name"] == word && matches!(option["type"].as_u64(), Some(1 | 2)));
            let Some(found) = found else {
                return not_offered(format!("/{name} has no subcommand {word}."));
            };
            nested.push((found["type"].as_u64().unwrap_or(1), word.to_owned()));
            offered = found["options"].as_array().unwrap_or(&empty);
        }
        if offered
            .iter()
            .any(|option| matches!(option["type"].as_u64(), Some(1 | 2)))
        {
            return not_offered(format!("/{words} wants a subcommand."));
        }
        let mut resolved = Vec::new();
        let given = given_options(&state, offered, options, focused, &mut resolved)?;
        let mut wire = Value::Array(given);
        for (kind, word) in nested.into_iter().rev() {
            wire = json!([{"name": word, "type": kind, "options": wire}]);
        }
        let mut data = json!({"id": command.id, "name": command.name, "type": 1, "options": wire});
        if !resolved.is_empty() {
            data["resolved"] = state.wire_resolved(&resolved, &place, self.id);
        }
        if let Some(guild) = command.guild {
            data["guild_id"] = json!(guild);
        }
        let full_name = words.trim_start_matches('/').to_owned();
        let beginning = Beginning {
            kind: if focused.is_some() { 4 } else { 2 },
            channel,
            data,
            source: None,
            command: Some(&full_name),
        };
        Ok(self.begin(&mut state, &place, &beginning))
    }

    /// A command out of a message's menu.
    pub fn context_menu(&self, message: Id, name: &str) -> Result<Asked, NotOffered> {
        let mut state = self.sim.core.state();
        let channel = match state.messages.get(&message) {
            Some(found) if state.shows(found, self.id) => found.channel,
            _ => return not_offered("The person does not see that message."),
        };
        self.menu_command(&mut state, channel, (3, Named::Message), message, name)
    }

    /// A command out of a person's menu.
    pub fn user_menu(&self, channel: Id, person: Id, name: &str) -> Result<Asked, NotOffered> {
        let mut state = self.sim.core.state();
        self.menu_command(&mut state, channel, (2, Named::User), person, name)
    }

    fn menu_command(
        &self,
        state: &mut State,
        channel: Id,
        (kind, named): (i64, Named),
        target: Id,
        name: &str,
    ) -> Result<Asked, NotOffered> {
        let place = state.usable_channel(channel, self.id)?;
        let Some(command) = state.command(place.guild, kind, name).cloned() else {
            return not_offered(format!("The menu has no {name:?}."));
        };
        state.check_offered(&command.body, &place, self.id)?;
        let mut data = json!({
            "id": command.id, "name": command.name, "type": kind, "target_id": target,
            "resolved": state.wire_resolved(&[(named, target)], &place, self.id),
        });
        if let Some(guild) = command.guild {
            data["guild_id"] = json!(guild);
        }
        let beginning = Beginning {
            kind: 2,
            channel,
            data,
            source: None,
            command: Some(name),
        };
        Ok(self.begin(state, &place, &beginning))
    }

    /// Presses a button.
    pub fn press(&self, message: Id, custom_id: &str) -> Result<Asked, NotOffered> {
        let mut state = self.sim.core.state();
        let (channel, part) = state.offered_part(message, custom_id, self.id)?;
        if part["type"] != 2 {
            return not_offered(format!("{custom_id} is no button."));
        }
        let data = json!({"custom_id": custom_id, "component_type": 2, "id": 1});
        self.use_part(&mut state, channel, message, data)
    }

    /// Presses a button whether it is on the message or not, as a forged client would.
    pub fn press_forged(&self, message: Id, custom_id: &str) -> Result<Asked, NotOffered> {
        let mut state = self.sim.core.state();
        let Some(channel) = state.messages.get(&message).map(|found| found.channel) else {
            return not_offered("There is no such message.");
        };
        let data = json!({"custom_id": custom_id, "component_type": 2, "id": 1});
        self.use_part(&mut state, channel, message, data)
    }

    /// Chooses in a menu: values of a list, or ids of people, roles or channels.
    pub fn select(&self, message: Id, custom_id: &str, values: &[&str]) -> Result<Asked, NotOffered> {
        let mut state = self.sim.core.state();
        let (channel, part) = state.offered_part(message, custom_id, self.id)?;
        let kind = part["type"].as_u64().unwrap_or(0);
        let bound = |key: &str| part[key].as_u64().unwrap_or(1);
        let count = u64::try_from(values.len()).unwrap_or(0);
        if !(bound("min_values")..=bound("max_values")).contains(&count) {
            return not_offered(format!("{count} values cannot be chosen there."));
        }
        let mut resolved = Vec::new();
        for value in values {
            let named = match kind {
                3 => {
                    let is_offered = part["options"]
                        .as_array()
                        .is_some_and(|options| options.iter().any(|option| option["value"] == *value));
                    if !is_offered {
                        return not_offered(format!("The menu does not offer {value:?}."));
                    }
                    continue;
                }
                5 => Named::User,
                6 => Named::Role,
                8 => Named::Channel,
                7 => match Id::parse(value) {
                    Some(id) if state.users.contains_key(&id) => Named::User,
                    _ => Named::Role,
                },
                _ => return not_offered(format!("{custom_id} is no menu.")),
            };
            match Id::parse(value) {
                Some(id) => resolved.push((named, id)),
                None => return not_offered(format!("{value:?} is no id.")),
            }
        }
        let mut data = json!({"custom_id": custom_id, "component_type": kind, "values": values, "id": 1});
        if !resolved.is_empty() {
            let place = state.usable_channel(channel, self.id)?;
            data["resolved"] = state.wire_resolved(&resolved, &place, self.id);
        }
        self.use_part(&mut state, channel, message, data)
    }

    fn use_part(
        &self,
        state: &mut State,
        channel: Id,
        message: Id,
        data: Value,
    ) -> Result<Asked, NotOffered> {
        let Some(place) = state.channels.get(&channel).cloned() else {
            return not_offered("There is no such channel.");
        };
        let beginning = Beginning {
            kind: 3,
            channel,
            data,
            source: Some(message),
            command: None,
        };
        Ok(self.begin(state, &place, &beginning))
    }

    /// Fills in the modal that an interaction showed, and sends it.
    pub fn submit_modal(&self, shown: &Asked, fields: &[(&str, &str)]) -> Result<Asked, NotOffered> {
        let mut state = self.sim.core.state();
        let Some(found) = state.interactions.get(&shown.id) else {
            return not_offered("There is no such interaction.");
        };
        let Some(modal) = found.modal.clone().filter(|_| found.person == self.id) else {
            return not_offered("No modal was shown to this person.");
        };
        let (channel, source) = (found.channel, found.source);
        let mut rows = Vec::new();
        for part in parts(modal["components"].as_array().map_or(&[][..], Vec::as_slice)) {
            let id = part["custom_id"].as_str().unwrap_or_default();
            let given = fields
                .iter()
                .find(|(name, _)| *name == id)
                .map(|(_, value)| *value);
            let value = given.or(part["value"].as_str()).unwrap_or_default();
            let length = u64::try_from(value.chars().count()).unwrap_or(u64::MAX);
            let is_required = part["required"].as_bool().unwrap_or(true);
            let least = part["min_length"].as_u64().unwrap_or(0);
            if (is_required && length == 0) || (length > 0 && length < least) {
                return not_offered(format!("The field {id} is too short."));
            }
            if length > part["max_length"].as_u64().unwrap_or(4000) {
                return not_offered(format!("The field {id} is too long."));
            }
            rows.push(json!({"type": 1, "id": 1, "components": [
                {"type": 4, "id": 2, "custom_id": id, "value": value},
            ]}));
        }
        for (name, _) in fields {
            if !rows.iter().any(|row| row["components"][0]["custom_id"] == *name) {
                return not_offered(format!("The modal has no field {name}."));
            }
        }
        let Some(place) = state.channels.get(&channel).cloned() else {
            return not_offered("There is no such channel.");
        };
        let data = json!({"custom_id": modal["custom_id"], "components": rows});
        let beginning = Beginning {
            kind: 5,
            channel,
            data,
            source,
            command: None,
        };
        Ok(self.begin(&mut state, &place, &beginning))
    }

    /// Writes a message; files by name and content.
    pub fn says(&self, channel: Id, text: &str, files: &[(&str, &[u8])]) -> Result<Id, NotOffered> {
        self.write(channel, text, files, None)
    }

    /// Writes a reply to a message.
    pub fn replies(&self, message: Id, text: &str) -> Result<Id, NotOffered> {
        let channel = self
            .sim
            .core
            .state()
            .messages
            .get(&message)
            .map(|found| found.channel);
        match channel {
            Some(channel) => self.write(channel, text, &[], Some(message)),
            None => not_offered("There is no such message."),
        }
    }

    fn write(
        &self,
        channel: Id,
        text: &str,
        files: &[(&str, &[u8])],
        reference: Option<Id>,
    ) -> Result<Id, NotOffered> {
        let now = self.sim.core.now();
        let mut state = self.sim.core.state();
        let Some(place) = state.channels.get(&channel).cloned() else {
            return not_offered("There is no such channel.");
        };
        let rights = state.rights(&place, self.id);
        let needed = if place.thread.is_some() {
            Rights::SEND_MESSAGES_IN_THREADS
        } else {
            Rights::SEND_MESSAGES
        };
        if !rights.include(needed) {
            return not_offered("The person may not write there.");
        }
        if place.thread.as_ref().is_some_and(|thread| thread.is_locked)
            && !rights.include(Rights::MANAGE_THREADS)
        {
            return not_offered("The thread is locked.");
        }
        let attachments: Vec<Attachment> = files
            .iter()
            .map(|(name, bytes)| state.upload(now, name, bytes))
            .collect();
        state.unarchive(channel, now);
        let id = state.new_id(now);
        let pings = Pings {
            everyone: false,
            ..state.pings(channel, text, None, reference)
        };
        let message = Message {
            id,
            channel,
            author: self.id,
            kind: if reference.is_some() { 19 } else { 0 },
            content: text.to_owned(),
            embeds: Vec::new(),
            components: Vec::new(),
            attachments,
            flags: 0,
            sent_at: now,
            edited_at: None,
            edits: 0,
            nonce: None,
            reference,
            thread: None,
            origin: None,
            only_for: None,
            pings,
            is_pinned: false,
        };
        Ok(state.send(message))
    }

    /// Changes an own message.
    pub fn edits(&self, message: Id, text: &str) -> Result<(), NotOffered> {
        let now = self.sim.core.now();
        let mut state = self.sim.core.state();
        match state.messages.get_mut(&message) {
            Some(found) if found.author == self.id => {
                text.clone_into(&mut found.content);
                found.edited_at = Some(now);
                found.edits += 1;
            }
            _ => return not_offered("That is no message of this person."),
        }
        state.tell_message("MESSAGE_UPDATE", message);
        Ok(())
    }

    /// Deletes a message: an own one, or any with the right to.
    pub fn deletes(&self, message: Id) -> Result<(), NotOffered> {
        let mut state = self.sim.core.state();
        let may = state.messages.get(&message).is_some_and(|found| {
            let manages = state
                .channels
                .get(&found.channel)
                .is_some_and(|channel| state.rights(channel, self.id).include(Rights::MANAGE_MESSAGES));
            found.author == self.id || found.only_for == Some(self.id) || manages
        });
        if !may {
            return not_offered("The person may not delete that.");
        }
        state.remove_message(message);
        Ok(())
    }

    /// What this person sees in a channel.
    pub fn sees(&self, channel: Id) -> Vec<Seen> {
        self.sim.core.state().view(channel, self.id)
    }

    /// The direct channel with the bot.
    pub fn direct_channel(&self) -> Id {
        let now = self.sim.core.now();
        self.sim.core.state().dm_with(now, self.id)
    }

    fn begin(&self, state: &mut State, place: &Channel, beginning: &Beginning<'_>) -> Asked {
        let now = self.sim.core.now();
        let id = state.new_id(now);
        let token = format!(
            "aW50ZXJhY3Rpb246{id}:{:016x}",
            id.0.wrapping_mul(0x9E37_79B9_7F4A_7C15)
        );
        let user = state.user(self.id);
        let mut wire = json!({
            "id": id, "application_id": state.bot, "type": beginning.kind, "data": beginning.data,
            "channel_id": beginning.channel, "channel": state.wire_partial_channel(place, self.id),
            "token": token, "version": 1, "app_permissions": state.rights(place, state.bot).0.to_string(),
            "locale": user.locale, "entitlements": [], "entitlement_sku_ids": [],
            "attachment_size_limit": super::rest::LARGEST_FILE,
            "context": if place.guild.is_some() { 0 } else { 1 },
            "authorizing_integration_owners": {"0": place.guild.map_or_else(|| "0".to_owned(), |id| id.to_string())},
        });
        match place.guild.and_then(|guild| state.guilds.get(&guild)) {
            Some(guild) => {
                wire["guild_id"] = json!(guild.id);
                wire["guild_locale"] = guild.locale.as_str().into();
                wire["guild"] = json!({"id": guild.id, "locale": guild.locale, "features": []});
                if let Some(member) = guild.members.get(&self.id) {
                    wire["member"] = state.wire_member_in(member, place);
                }
            }
            None => wire["user"] = super::wire::user(&user),
        }
        if let Some(source) = beginning.source.and_then(|source| state.messages.get(&source)) {
            wire["message"] = state.wire_message_in_interaction(source);
        }
        let changed = Arc::new(Notify::new());
        state.by_token.insert(token.clone(), id);
        state.interactions.insert(
            id,
            Interaction {
                token,
                kind: beginning.kind,
                person: self.id,
                channel: beginning.channel,
                command: beginning.command.map(str::to_owned),
                source: beginning.source,
                sent: Instant::now(),
                sent_at: now,
                acknowledged: None,
                original: None,
                is_thinking: false,
                finished_after: None,
                follow_ups: Vec::new(),
                modal: None,
                choices: None,
                changed: changed.clone(),
            },
        );
        state.tell("INTERACTION_CREATE", place.guild, 0, &wire);
        Asked {
            sim: self.sim.clone(),
            id,
            changed,
        }
    }
}
