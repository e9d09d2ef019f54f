//! Guilds, their roles and members; direct channels.

use serde_json::{Value, json};

use super::id::Id;
use super::model::{Channel, State};
use super::refusal::Refusal;
use super::rest::{Answer, Call};
use super::rights::Rights;
use super::wire;

impl State {
    pub(super) fn own_guilds(&self) -> Answer {
        let list: Vec<Value> = self
            .guilds
            .values()
            .filter_map(|guild| {
                let rights = self.guild_rights(guild.id, self.bot)?;
                Some(json!({
                    "id": guild.id, "name": guild.name, "icon": null, "banner": null, "owner": guild.owner == self.bot,
                    "permissions": rights.0.to_string(), "features": [],
                }))
            })
            .collect();
        Answer::Json(list.into())
    }

    /// `POST /users/@me/channels`.
    pub(super) fn open_dm(&mut self, call: &Call) -> Result<Answer, Refusal> {
        let person = Id::read(&call.body["recipient_id"]).ok_or_else(Refusal::unknown_user)?;
        if !self.users.contains_key(&person) {
            return Err(Refusal::unknown_user());
        }
        if person == self.bot {
            return Err(Refusal::closed_to_messages());
        }
        let id = self.dm_with(call.now, person);
        self.channels
            .get(&id)
            .map(|channel| Answer::Json(self.wire_channel(channel)))
            .ok_or_else(Refusal::unknown_channel)
    }

    /// The direct channel with somebody.
    pub(super) fn dm_with(&mut self, now: chrono::DateTime<chrono::Utc>, person: Id) -> Id {
        let existing = self
            .channels
            .values()
            .find(|channel| channel.recipient == Some(person));
        if let Some(existing) = existing {
            return existing.id;
        }
        let id = self.new_id(now);
        let channel = Channel {
            recipient: Some(person),
            ..Channel::new(id, 1, None, "")
        };
        self.channels.insert(id, channel);
        id
    }

    /// Everything below `/guilds/{}`.
    pub(super) fn guild_route(&mut self, call: &Call, id: Id, segments: &[&str]) -> Result<Answer, Refusal> {
        let guild = self.guilds.get(&id).ok_or_else(Refusal::unknown_guild)?;
        let Some(me) = guild.members.get(&self.bot) else {
            return Err(Refusal::missing_access());
        };
        let rest = segments.get(2..).unwrap_or_default();
        match (call.method.as_str(), rest) {
            ("GET", []) => {
                let mut wire = self.wire_guild(guild);
                if call.parameter("with_counts") == Some("true") {
                    wire["approximate_member_count"] = guild.members.len().into();
                    wire["approximate_presence_count"] = guild.members.len().into();
                }
                Ok(Answer::Json(wire))
            }
            ("GET", ["channels"]) => {
                let list: Vec<Value> = self
                    .channels
                    .values()
                    .filter(|channel| channel.guild == Some(id) && channel.thread.is_none())
                    .map(|channel| self.wire_channel(channel))
                    .collect();
                Ok(Answer::Json(list.into()))
            }
            ("GET", ["roles"]) => Ok(Answer::Json(guild.roles.iter().map(wire::role).collect())),
            ("GET", ["roles", role]) => guild
                .roles
                .iter()
                .find(|found| Id::parse(role) == Some(found.id))
                .map(|found| Answer::Json(wire::role(found)))
                .ok_or_else(Refusal::unknown_role),
            ("GET", ["threads", "active"]) => {
                let threads: Vec<Value> = self
                    .active_threads(id)
                    .filter(|thread| self.rights(thread, self.bot).include(Rights::VIEW_CHANNEL))
                    .map(|thread| self.wire_channel(thread))
                    .collect();
                let members: Vec<Value> = threads
                    .iter()
                    .map(|thread| thread["member"].clone())
                    .filter(|member| !member.is_null())
                    .collect();
                Ok(Answer::Json(json!({"threads": threads, "members": members})))
            }
            ("GET", ["members", "@me"]) => Ok(Answer::Json(self.wire_member(me))),
            ("GET", ["members"]) => {
                let limit = call
                    .parameter("limit")
                    .and_then(|text| text.parse().ok())
                    .unwrap_or(1_usize);
                let after = call.parameter("after").and_then(Id::parse).unwrap_or(Id(0));
                let list: Vec<Value> = guild
                    .members
                    .range((std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded))
                    .take(limit.min(1000))
                    .map(|(_, member)| self.wire_member(member))
                    .collect();
                Ok(Answer::Json(list.into()))
            }
            ("GET", ["members", person]) => {
                let person = Id::parse(person).ok_or_else(Refusal::unknown_user)?;
                if !self.users.contains_key(&person) {
                    return Err(Refusal::unknown_user());
                }
                guild
                    .members
                    .get(&person)
                    .map(|member| Answer::Json(self.wire_member(member)))
                    .ok_or_else(Refusal::unknown_member)
            }
            _ => Err(Refusal::no_such_route()),
        }
    }
}
