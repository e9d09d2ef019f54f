//! Making and changing the world: guilds, roles, channels, people. All of it is told over the gateway.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::DiscordSim;
use super::gateway::{GUILD_MEMBERS, GUILDS};
use super::id::Id;
use super::model::{Channel, Guild, Member, Role, State, User};
use super::person::Person;
use super::rights::{Overwrite, Rights};
use super::wire;

impl DiscordSim {
    /// A guild with the bot in it, whose @everyone has the everyday rights. The bot has a role of its own with the
    /// right to manage threads and messages besides.
    pub fn guild(&self, name: &str) -> Id {
        let now = self.core.now();
        let mut state = self.core.state();
        let owner = state.new_user(now, "owner", "en-GB");
        let id = state.new_id(now);
        let managed = state.new_id(now);
        let bot = state.bot;
        let role = |id, name: &str, rights, position, is_managed| Role {
            id,
            name: name.to_owned(),
            rights,
            position,
            is_managed,
        };
        let more = Rights::MANAGE_THREADS | Rights::MANAGE_MESSAGES | Rights::PIN_MESSAGES;
        let bot_name = state.user(bot).name;
        let mut guild = Guild {
            id,
            name: name.to_owned(),
            owner,
            locale: "en-GB".into(),
            roles: vec![
                role(id, "@everyone", Rights::EVERYDAY, 0, false),
                role(managed, &bot_name, Rights::EVERYDAY | more, 1, true),
            ],
            members: std::collections::BTreeMap::new(),
        };
        for (user, roles) in [(owner, vec![]), (bot, vec![managed])] {
            guild.members.insert(user, member(user, roles, now));
        }
        state.guilds.insert(id, guild);
        state.tell_guild(id);
        id
    }

    /// Sets a guild's language.
    pub fn set_guild_locale(&self, guild: Id, locale: &str) {
        if let Some(guild) = self.core.state().guilds.get_mut(&guild) {
            locale.clone_into(&mut guild.locale);
        }
    }

    /// The role that the bot has of its own in a guild.
    pub fn bot_role(&self, guild: Id) -> Option<Id> {
        let state = self.core.state();
        let found = state
            .guilds
            .get(&guild)?
            .roles
            .iter()
            .find(|role| role.is_managed)?;
        Some(found.id)
    }

    /// A role with these rights.
    pub fn role(&self, guild: Id, name: &str, rights: Rights) -> Id {
        let now = self.core.now();
        let mut state = self.core.state();
        let id = state.new_id(now);
        let Some(found) = state.guilds.get_mut(&guild) else {
            return id;
        };
        let position = u64::try_from(found.roles.len()).unwrap_or(0);
        let role = Role {
            id,
            name: name.to_owned(),
            rights,
            position,
            is_managed: false,
        };
        let data = json!({"guild_id": guild, "role": wire::role(&role)});
        found.roles.push(role);
        state.tell("GUILD_ROLE_CREATE", Some(guild), GUILDS, &data);
        id
    }

    /// Changes what a role may do; @everyone has the guild's own id.
    pub fn set_role_rights(&self, guild: Id, role: Id, rights: Rights) {
        let mut state = self.core.state();
        let found = state
            .guilds
            .get_mut(&guild)
            .and_then(|guild| guild.roles.iter_mut().find(|found| found.id == role));
        let Some(found) = found else {
            return;
        };
        found.rights = rights;
        let data = json!({"guild_id": guild, "role": wire::role(found)});
        state.tell("GUILD_ROLE_UPDATE", Some(guild), GUILDS, &data);
    }

    /// Deletes a role; whoever had it loses it.
    pub fn delete_role(&self, guild: Id, role: Id) {
        let mut state = self.core.state();
        let Some(found) = state.guilds.get_mut(&guild) else {
            return;
        };
        found.roles.retain(|other| other.id != role);
        let had: Vec<Id> = found
            .members
            .values_mut()
            .filter(|member| member.roles.contains(&role))
            .map(|member| {
                member.roles.retain(|other| *other != role);
                member.user
            })
            .collect();
        let data = json!({"guild_id": guild, "role_id": role});
        state.tell("GUILD_ROLE_DELETE", Some(guild), GUILDS, &data);
        for person in had {
            state.tell_member(guild, person, "GUILD_MEMBER_UPDATE");
        }
    }

    /// A text channel.
    pub fn channel(&self, guild: Id, name: &str) -> Id {
        self.channel_of_kind(guild, name, 0)
    }

    /// A channel of a kind: 0 text, 2 voice, 4 category, 5 announcements, 15 forum.
    pub fn channel_of_kind(&self, guild: Id, name: &str, kind: u8) -> Id {
        let now = self.core.now();
        let mut state = self.core.state();
        let id = state.new_id(now);
        state
            .channels
            .insert(id, Channel::new(id, kind, Some(guild), name));
        state.tell_channel("CHANNEL_CREATE", id);
        id
    }

    /// What a channel allows and denies to a role (or @everyone, by the guild's id) or to a person.
    pub fn overwrite(&self, channel: Id, whom: Id, allow: Rights, deny: Rights) {
        let mut state = self.core.state();
        let of_member = state.users.contains_key(&whom);
        let Some(found) = state.channels.get_mut(&channel) else {
            return;
        };
        found.overwrites.retain(|overwrite| overwrite.id != whom);
        found.overwrites.push(Overwrite {
            id: whom,
            of_member,
            allow,
            deny,
        });
        state.tell_channel("CHANNEL_UPDATE", channel);
    }

    /// Deletes a channel or thread, as an administrator would.
    pub fn delete_channel(&self, channel: Id) {
        self.core.state().remove_channel(channel);
    }

    /// Archives, and locks, a thread, as a moderator would.
    pub fn set_thread(&self, thread: Id, is_archived: bool, is_locked: bool) {
        let now = self.core.now();
        let mut state = self.core.state();
        let found = state
            .channels
            .get_mut(&thread)
            .and_then(|found| found.thread.as_mut());
        if let Some(found) = found {
            found.is_archived = is_archived;
            found.is_locked = is_locked;
            found.changed_at = now;
        }
        state.tell_channel("THREAD_UPDATE", thread);
    }

    /// Archives the threads in which nothing was said for their time, as Discord does by itself.
    pub fn archive_idle_threads(&self) {
        let now = self.core.now();
        let mut state = self.core.state();
        let idle: Vec<Id> = state
            .channels
            .values()
            .filter(|channel| {
                channel.thread.as_ref().is_some_and(|thread| {
                    let last = channel.messages.last().map_or(channel.id, |id| *id).made_at();
                    !thread.is_archived
                        && now - last.max(thread.changed_at)
                            > chrono::TimeDelta::minutes(thread.archive_minutes)
                })
            })
            .map(|channel| channel.id)
            .collect();
        for id in idle {
            if let Some(thread) = state
                .channels
                .get_mut(&id)
                .and_then(|found| found.thread.as_mut())
            {
                thread.is_archived = true;
                thread.changed_at = now;
            }
            state.tell_channel("THREAD_UPDATE", id);
        }
    }

    /// A person in a guild, with roles.
    pub fn person(&self, guild: Id, name: &str, roles: &[Id]) -> Person {
        let now = self.core.now();
        let mut state = self.core.state();
        let id = state.new_user(now, name, "en-GB");
        drop(state);
        self.join(guild, id, roles);
        Person {
            sim: self.clone(),
            id,
        }
    }

    /// Somebody joins a guild.
    pub fn join(&self, guild: Id, person: Id, roles: &[Id]) {
        let now = self.core.now();
        let mut state = self.core.state();
        if let Some(guild) = state.guilds.get_mut(&guild) {
            guild.members.insert(person, member(person, roles.to_vec(), now));
        }
        if person == state.bot {
            state.tell_guild(guild);
        } else {
            state.tell_member(guild, person, "GUILD_MEMBER_ADD");
        }
    }

    /// Somebody leaves a guild; the bot too can be made to.
    pub fn leave(&self, guild: Id, person: Id) {
        let mut state = self.core.state();
        if let Some(guild) = state.guilds.get_mut(&guild) {
            guild.members.remove(&person);
        }
        if person == state.bot {
            let data = json!({"id": guild});
            state.tell("GUILD_DELETE", Some(guild), GUILDS, &data);
        } else {
            let data = json!({"guild_id": guild, "user": state.wire_user(person)});
            state.tell("GUILD_MEMBER_REMOVE", Some(guild), GUILD_MEMBERS, &data);
        }
    }

    /// The person of that id.
    pub fn as_person(&self, id: Id) -> Person {
        Person {
            sim: self.clone(),
            id,
        }
    }

    /// The guild's owner, who may do everything.
    pub fn owner(&self, guild: Id) -> Option<Person> {
        let owner = self.core.state().guilds.get(&guild)?.owner;
        Some(self.as_person(owner))
    }

    /// Puts a person's roles in place of what they had.
    pub fn set_roles(&self, guild: Id, person: Id, roles: &[Id]) {
        let mut state = self.core.state();
        let found = state
            .guilds
            .get_mut(&guild)
            .and_then(|guild| guild.members.get_mut(&person));
        if let Some(found) = found {
            found.roles = roles.to_vec();
        }
        state.tell_member(guild, person, "GUILD_MEMBER_UPDATE");
    }

    /// Sets a person's nickname in a guild.
    pub fn set_nick(&self, guild: Id, person: Id, nick: Option<&str>) {
        let mut state = self.core.state();
        let found = state
            .guilds
            .get_mut(&guild)
            .and_then(|guild| guild.members.get_mut(&person));
        if let Some(found) = found {
            found.nick = nick.map(str::to_owned);
        }
        state.tell_member(guild, person, "GUILD_MEMBER_UPDATE");
    }

    /// Sets the language of a person's client.
    pub fn set_locale(&self, person: Id, locale: &str) {
        if let Some(user) = self.core.state().users.get_mut(&person) {
            locale.clone_into(&mut user.locale);
        }
    }

    /// Whether a person takes direct messages.
    pub fn set_takes_messages(&self, person: Id, takes: bool) {
        if let Some(user) = self.core.state().users.get_mut(&person) {
            user.takes_messages = takes;
        }
    }

    /// Keeps a file for an option that takes one; its id is the option's value.
    pub fn upload(&self, name: &str, bytes: &[u8]) -> Id {
        let now = self.core.now();
        self.core.state().upload(now, name, bytes).id
    }
}

fn member(user: Id, roles: Vec<Id>, now: DateTime<Utc>) -> Member {
    Member {
        user,
        nick: None,
        roles,
        joined_at: now,
    }
}

impl State {
    fn new_user(&mut self, now: DateTime<Utc>, name: &str, locale: &str) -> Id {
        let id = self.new_id(now);
        let user = User {
            id,
            name: name.to_lowercase().replace(' ', "."),
            global_name: Some(name.to_owned()),
            is_bot: false,
            locale: locale.to_owned(),
            takes_messages: true,
        };
        self.users.insert(id, user);
        id
    }

    fn tell_guild(&mut self, id: Id) {
        if let Some(guild) = self.guilds.get(&id) {
            let data = self.wire_guild_created(guild, true);
            self.tell("GUILD_CREATE", Some(id), GUILDS, &data);
        }
    }

    fn tell_member(&mut self, guild: Id, person: Id, event: &str) {
        if let Some(member) = self.member(guild, person) {
            let mut data = self.wire_member(member);
            data["guild_id"] = json!(guild);
            // Changes of its own member reach a bot without the intent for members.
            let intents = if person == self.bot { GUILDS } else { GUILD_MEMBERS };
            self.tell(event, Some(guild), intents, &data);
        }
    }
}
