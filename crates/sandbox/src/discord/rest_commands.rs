//! Commands as they are registered, read, changed and put in place of each other.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::check_command;
use super::form::Form;
use super::id::Id;
use super::model::{Command, State, older};
use super::refusal::Refusal;
use super::rest::{Answer, Call};
use super::wire;

/// How many commands may be created in a day.
const CREATED_A_DAY: usize = 200;

impl State {
    /// Every route below `/commands`, for all guilds or one.
    pub(super) fn commands(
        &mut self,
        call: &Call,
        application: Id,
        guild: Option<Id>,
        command: Option<Id>,
        names_one: bool,
    ) -> Result<Answer, Refusal> {
        if application != self.bot {
            return Err(Refusal::new(
                403,
                20012,
                "You are not authorized to perform this action on this application",
            ));
        }
        if let Some(guild) = guild
            && self.member(guild, self.bot).is_none()
        {
            return Err(Refusal::missing_access());
        }
        match (call.method.as_str(), names_one, command) {
            ("GET", false, _) => {
                let list: Vec<Value> = self
                    .commands
                    .iter()
                    .filter(|found| found.guild == guild)
                    .map(|found| {
                        let mut wire = wire::command(found);
                        if call.parameter("with_localizations") != Some("true") {
                            strip_localizations(&mut wire);
                        }
                        wire
                    })
                    .collect();
                Ok(Answer::Json(list.into()))
            }
            ("PUT", false, _) => self.replace_commands(call, guild),
            ("POST", false, _) => {
                let mut form = Form::default();
                check_command::one(&mut form, &call.body);
                form.finish()?;
                let is_new = self.existing(guild, &call.body).is_none();
                if is_new {
                    self.count_created(call, guild, 1)?;
                    self.check_room(guild, &call.body)?;
                }
                let command = self.registered(call, guild, &call.body);
                let wire = wire::command(&command);
                self.commands
                    .retain(|other| other.guild != guild || other.id != command.id);
                self.commands.push(command);
                Ok(if is_new {
                    Answer::Created(wire)
                } else {
                    Answer::Json(wire)
                })
            }
            (method, true, Some(id)) => {
                let at = self
                    .commands
                    .iter()
                    .position(|found| found.guild == guild && found.id == id)
                    .ok_or_else(Refusal::unknown_command)?;
                match method {
                    "GET" => Ok(Answer::Json(
                        self.commands.get(at).map_or(Value::Null, wire::command),
                    )),
                    "DELETE" => {
                        self.commands.remove(at);
                        Ok(Answer::Nothing)
                    }
                    "PATCH" => self.change_command(call, guild, at),
                    _ => Err(Refusal::no_such_route()),
                }
            }
            _ => Err(Refusal::no_such_route()),
        }
    }

    fn change_command(&mut self, call: &Call, guild: Option<Id>, at: usize) -> Result<Answer, Refusal> {
        let Some(old) = self.commands.get(at).cloned() else {
            return Err(Refusal::unknown_command());
        };
        let mut body = old.body.clone();
        for key in ["id", "application_id", "version", "guild_id"] {
            if let Some(body) = body.as_object_mut() {
                body.remove(key);
            }
        }
        for (key, value) in call.body.as_object().into_iter().flatten() {
            body[key] = value.clone();
        }
        let mut form = Form::default();
        check_command::one(&mut form, &body);
        form.finish()?;
        let mut command = self.registered(call, guild, &body);
        command.id = old.id;
        command.body["id"] = json!(old.id);
        let wire = wire::command(&command);
        if let Some(place) = self.commands.get_mut(at) {
            *place = command;
        }
        Ok(Answer::Json(wire))
    }

    fn replace_commands(&mut self, call: &Call, guild: Option<Id>) -> Result<Answer, Refusal> {
        let Some(list) = call.body.as_array() else {
            return Err(Refusal::new(
                400,
                50035,
                "Invalid Form Body: a list of commands is expected",
            ));
        };
        let mut form = Form::default();
        check_command::all(&mut form, list);
        form.finish()?;
        let created = list
            .iter()
            .filter(|body| self.existing(guild, body).is_none())
            .count();
        self.count_created(call, guild, created)?;
        let commands: Vec<Command> = list
            .iter()
            .map(|body| self.registered(call, guild, body))
            .collect();
        let wire: Vec<Value> = commands.iter().map(wire::command).collect();
        self.commands.retain(|other| other.guild != guild);
        self.commands.extend(commands);
        Ok(Answer::Json(wire.into()))
    }

    fn existing(&self, guild: Option<Id>, body: &Value) -> Option<&Command> {
        let kind = body["type"].as_i64().unwrap_or(1);
        self.commands
            .iter()
            .find(|other| other.guild == guild && other.kind == kind && other.name == body["name"])
    }

    fn check_room(&self, guild: Option<Id>, body: &Value) -> Result<(), Refusal> {
        let kind = body["type"].as_i64().unwrap_or(1);
        let most = if kind == 1 { 100 } else { 15 };
        let count = self
            .commands
            .iter()
            .filter(|other| other.guild == guild && other.kind == kind)
            .count();
        if count >= most {
            return Err(Refusal::new(
                400,
                30032,
                format!("Maximum number of application commands reached ({most})"),
            ));
        }
        Ok(())
    }

    fn count_created(&mut self, call: &Call, guild: Option<Id>, count: usize) -> Result<(), Refusal> {
        let created = self.commands_created_at.entry(guild).or_default();
        created.retain(|at| !older(*at, call.now, TimeDelta::days(1)));
        if created.len() + count > CREATED_A_DAY {
            return Err(Refusal::new(
                400,
                30034,
                "Max number of daily application command creates has been reached (200)",
            ));
        }
        created.extend(std::iter::repeat_n(call.now, count));
        Ok(())
    }

    /// As Discord keeps it: the same name keeps its id, and what was not said gets its default.
    fn registered(&mut self, call: &Call, guild: Option<Id>, body: &Value) -> Command {
        let kept = self.existing(guild, body).map(|found| found.id);
        let version = self.new_id(call.now);
        let id = kept.unwrap_or(version);
        let kind = body["type"].as_i64().unwrap_or(1);
        let name = body["name"].as_str().unwrap_or_default().to_owned();
        let rights = match &body["default_member_permissions"] {
            Value::Number(number) => Value::String(number.to_string()),
            other => other.clone(),
        };
        let mut wire = json!({
            "id": id, "application_id": self.bot, "version": version, "default_member_permissions": rights,
            "type": kind, "name": name, "name_localizations": body["name_localizations"],
            "description": body["description"].as_str().unwrap_or_default(),
            "description_localizations": body["description_localizations"],
            "dm_permission": body["dm_permission"].as_bool().unwrap_or(true),
            "contexts": body["contexts"], "integration_types": [0], "nsfw": body["nsfw"].as_bool().unwrap_or(false),
        });
        if let Some(types) = body["integration_types"].as_array() {
            wire["integration_types"] = types.clone().into();
        }
        if let Some(guild) = guild {
            wire["guild_id"] = json!(guild);
        }
        if let Some(options) = body["options"].as_array().filter(|options| !options.is_empty()) {
            wire["options"] = options.iter().map(kept_option).collect();
        }
        Command {
            id,
            guild,
            kind,
            name,
            body: wire,
        }
    }
}

/// An option as Discord gives it back: without nulls, without what is not so.
fn kept_option(option: &Value) -> Value {
    let mut kept = serde_json::Map::new();
    for (key, value) in option.as_object().into_iter().flatten() {
        let is_empty = match value {
            Value::Null | Value::Bool(false) => true,
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        };
        if is_empty {
            continue;
        }
        let value = match (key.as_str(), value) {
            ("options", Value::Array(list)) => list.iter().map(kept_option).collect(),
            _ => value.clone(),
        };
        kept.insert(key.clone(), value);
    }
    kept.into()
}

fn strip_localizations(wire: &mut Value) {
    match wire {
        Value::Object(object) => {
            object.remove("name_localizations");
            object.remove("description_localizations");
            object.values_mut().for_each(strip_localizations);
        }
        Value::Array(list) => list.iter_mut().for_each(strip_localizations),
        _ => {}
    }
}
