//! Channels and threads: read, changed, opened, archived.

use std::collections::{BTreeSet, VecDeque};

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::form::Form;
use super::id::Id;
use super::model::{Channel, HAS_THREAD, State, Thread, older};
use super::refusal::Refusal;
use super::rest::{Answer, Call};
use super::rights::{PRIVATE_THREAD, Rights};

impl Channel {
    pub(super) fn new(id: Id, kind: u8, guild: Option<Id>, name: &str) -> Self {
        Self {
            id,
            kind,
            guild,
            parent: None,
            name: name.to_owned(),
            topic: None,
            position: 0,
            overwrites: Vec::new(),
            recipient: None,
            thread: None,
            messages: Vec::new(),
            renamed_at: VecDeque::new(),
        }
    }
}

impl State {
    /// Everything below `/channels/{}`.
    pub(super) fn channel_route(
        &mut self,
        call: &Call,
        id: Id,
        segments: &[&str],
    ) -> Result<Answer, Refusal> {
        let rest = segments.get(2..).unwrap_or_default();
        match (call.method.as_str(), rest) {
            ("GET", []) => {
                let channel = self.seen_channel(id)?;
                Ok(Answer::Json(self.wire_channel(channel)))
            }
            ("PATCH", []) => self.change_channel(call, id),
            ("DELETE", []) => self.delete_channel(id),
            (_, ["messages"]) => self.message_route(call, id, None),
            ("POST", ["messages", message, "threads"]) => {
                let message = Id::parse(message).ok_or_else(Refusal::unknown_message)?;
                self.open_thread(call, id, Some(message))
            }
            (_, ["messages", message]) => self.message_route(call, id, Some(message)),
            ("POST", ["threads"]) => self.open_thread(call, id, None),
            ("GET", ["threads", "archived", kind @ ("public" | "private")]) => {
                self.archived_threads(id, kind)
            }
            ("POST", ["typing"]) => {
                self.allowed_channel(id, Rights::SEND_MESSAGES)?;
                Ok(Answer::Nothing)
            }
            ("GET", ["thread-members"]) => {
                let channel = self.seen_channel(id)?;
                let list: Vec<Value> = channel
                    .thread
                    .iter()
                    .flat_map(|thread| &thread.members)
                    .map(|person| thread_member(id, *person))
                    .collect();
                Ok(Answer::Json(list.into()))
            }
            (method @ ("PUT" | "DELETE"), ["thread-members", person]) => {
                self.thread_member_route(method == "PUT", id, person)
            }
            (method @ ("PUT" | "DELETE"), ["pins", message] | ["messages", "pins", message]) => {
                let message = Id::parse(message).ok_or_else(Refusal::unknown_message)?;
                self.pin(method == "PUT", id, message)
            }
            _ => Err(Refusal::no_such_route()),
        }
    }

    fn pin(&mut self, is_pinned: bool, channel: Id, message: Id) -> Result<Answer, Refusal> {
        self.allowed_channel(channel, Rights::PIN_MESSAGES)?;
        self.public_message(channel, message)
            .ok_or_else(Refusal::unknown_message)?;
        if let Some(found) = self.messages.get_mut(&message) {
            found.is_pinned = is_pinned;
        }
        self.tell_message("MESSAGE_UPDATE", message);
        Ok(Answer::Nothing)
    }

    fn thread_member_route(&mut self, joins: bool, id: Id, person: &str) -> Result<Answer, Refusal> {
        let channel = self.seen_channel(id)?;
        if channel.thread.is_none() {
            return Err(Refusal::wrong_kind_of_channel());
        }
        self.refuse_archived(id)?;
        let rights = self.rights(channel, self.bot);
        let person = if person == "@me" {
            self.bot
        } else {
            Id::parse(person).ok_or_else(Refusal::unknown_user)?
        };
        if !joins && person != self.bot && !rights.include(Rights::MANAGE_THREADS) {
            return Err(Refusal::missing_permissions());
        }
        let guild = channel.guild;
        if guild.is_none_or(|guild| self.member(guild, person).is_none()) {
            return Err(Refusal::unknown_member());
        }
        self.set_thread_member(id, person, joins);
        Ok(Answer::Nothing)
    }

    pub(super) fn set_thread_member(&mut self, id: Id, person: Id, joins: bool) {
        let Some(channel) = self.channels.get_mut(&id) else {
            return;
        };
        let guild = channel.guild;
        let Some(thread) = &mut channel.thread else {
            return;
        };
        let changed = if joins {
            thread.members.insert(person)
        } else {
            thread.members.remove(&person)
        };
        if !changed {
            return;
        }
        let count = thread.members.len();
        let mut data = json!({"id": id, "guild_id": guild, "member_count": count.min(50)});
        if joins {
            data["added_members"] = json!([thread_member(id, person)]);
        } else {
            data["removed_member_ids"] = json!([person]);
        }
        self.tell("THREAD_MEMBERS_UPDATE", guild, super::gateway::GUILDS, &data);
    }

    fn archived_threads(&self, id: Id, kind: &str) -> Result<Answer, Refusal> {
        self.allowed_channel(id, Rights::READ_MESSAGE_HISTORY)?;
        let is_private = kind == "private";
        let threads: Vec<Value> = self
            .channels
            .values()
            .rev()
            .filter(|channel| channel.parent == Some(id) && (channel.kind == PRIVATE_THREAD) == is_private)
            .filter(|channel| channel.thread.as_ref().is_some_and(|thread| thread.is_archived))
            .map(|channel| self.wire_channel(channel))
            .collect();
        Ok(Answer::Json(
            json!({"threads": threads, "members": [], "has_more": false}),
        ))
    }

    fn open_thread(&mut self, call: &Call, parent: Id, message: Option<Id>) -> Result<Answer, Refusal> {
        let channel = self.seen_channel(parent)?;
        if !matches!(channel.kind, 0 | 5) {
            return Err(Refusal::wrong_kind_of_channel());
        }
        let guild = channel.guild.ok_or_else(Refusal::wrong_kind_of_channel)?;
        let mut form = Form::default();
        let Some(body) = form.object(&call.body) else {
            return form.finish().map(|()| Answer::Nothing);
        };
        form.keys(
            body,
            &[
                "name",
                "auto_archive_duration",
                "type",
                "invitable",
                "rate_limit_per_user",
            ],
        );
        let name = form
            .required_text(body, "name", (1, 100))
            .unwrap_or_default()
            .trim()
            .to_owned();
        let minutes = form
            .integer(body, "auto_archive_duration", (60, 10_080))
            .unwrap_or(4320);
        if !matches!(minutes, 60 | 1440 | 4320 | 10_080) {
            form.flaw_at(
                "auto_archive_duration",
                "BASE_TYPE_CHOICES",
                "Value must be one of (60, 1440, 4320, 10080).",
            );
        }
        form.integer(body, "rate_limit_per_user", (0, 21_600));
        let is_invitable = form.truth(body, "invitable").unwrap_or(true);
        let said = form.integer(body, "type", (10, 12));
        let kind = match (message, said) {
            (Some(_), None | Some(11)) | (None, Some(11)) => 11,
            // What Discord makes where nothing is said.
            (None, None | Some(12)) => PRIVATE_THREAD,
            _ => {
                form.flaw_at("type", "BASE_TYPE_CHOICES", "No such thread here.");
                11
            }
        };
        form.finish()?;
        let needed = if kind == PRIVATE_THREAD {
            Rights::CREATE_PRIVATE_THREADS
        } else {
            Rights::CREATE_PUBLIC_THREADS
        };
        self.allowed_channel(parent, needed)?;
        if let Some(message) = message {
            let found = self
                .public_message(parent, message)
                .ok_or_else(Refusal::unknown_message)?;
            if found.thread.is_some() {
                return Err(Refusal::has_a_thread());
            }
        }
        if self.active_threads(guild).count() >= self.rules.active_threads {
            return Err(Refusal::too_many_threads());
        }
        // A thread that hangs from a message has that message's id.
        let id = match message {
            Some(message) => message,
            None => self.new_id(call.now),
        };
        let thread = Channel {
            parent: Some(parent),
            thread: Some(Thread {
                is_archived: false,
                is_locked: false,
                is_invitable,
                archive_minutes: minutes,
                changed_at: call.now,
                owner: self.bot,
                members: BTreeSet::from([self.bot]),
            }),
            ..Channel::new(id, kind, Some(guild), &name)
        };
        self.channels.insert(id, thread);
        if let Some(message) = message {
            if let Some(found) = self.messages.get_mut(&message) {
                found.thread = Some(id);
                found.flags |= HAS_THREAD;
            }
            self.tell_message("MESSAGE_UPDATE", message);
        }
        self.tell_channel("THREAD_CREATE", id);
        self.channels
            .get(&id)
            .map(|thread| Answer::Created(self.wire_channel(thread)))
            .ok_or_else(Refusal::unknown_channel)
    }

    fn change_channel(&mut self, call: &Call, id: Id) -> Result<Answer, Refusal> {
        let channel = self.seen_channel(id)?;
        let rights = self.rights(channel, self.bot);
        let is_thread = channel.thread.is_some();
        let is_owner = channel
            .thread
            .as_ref()
            .is_some_and(|thread| thread.owner == self.bot);
        let was_archived = channel.thread.as_ref().is_some_and(|thread| thread.is_archived);
        let was_locked = channel.thread.as_ref().is_some_and(|thread| thread.is_locked);
        let mut form = Form::default();
        let Some(body) = form.object(&call.body) else {
            return form.finish().map(|()| Answer::Nothing);
        };
        form.keys(
            body,
            if is_thread {
                &[
                    "name",
                    "archived",
                    "auto_archive_duration",
                    "locked",
                    "invitable",
                    "rate_limit_per_user",
                    "flags",
                    "applied_tags",
                ]
            } else {
                &[
                    "name",
                    "topic",
                    "position",
                    "nsfw",
                    "rate_limit_per_user",
                    "parent_id",
                    "permission_overwrites",
                ]
            },
        );
        let name = form
            .text(body, "name", (1, 100))
            .map(|name| name.trim().to_owned());
        let topic = form.text(body, "topic", (0, 1024)).map(str::to_owned);
        let archived = form.truth(body, "archived");
        let locked = form.truth(body, "locked");
        let minutes = form.integer(body, "auto_archive_duration", (60, 10_080));
        if minutes.is_some_and(|minutes| !matches!(minutes, 60 | 1440 | 4320 | 10_080)) {
            form.flaw_at(
                "auto_archive_duration",
                "BASE_TYPE_CHOICES",
                "Value must be one of (60, 1440, 4320, 10080).",
            );
        }
        form.finish()?;
        if is_thread {
            let manages = rights.include(Rights::MANAGE_THREADS);
            let only_opens =
                archived == Some(false) && locked.is_none() && name.is_none() && minutes.is_none();
            let may = manages
                || (is_owner && locked.is_none() && !was_locked)
                || (only_opens && !was_locked && rights.include(Rights::SEND_MESSAGES_IN_THREADS));
            if !may {
                return Err(Refusal::missing_permissions());
            }
            if was_archived && archived != Some(false) {
                return Err(Refusal::archived());
            }
        } else if !rights.include(Rights::MANAGE_CHANNELS) {
            return Err(Refusal::missing_permissions());
        }
        let now = call.now;
        let Some(channel) = self.channels.get_mut(&id) else {
            return Err(Refusal::unknown_channel());
        };
        if !is_thread && (name.is_some() || topic.is_some()) {
            let ten = TimeDelta::minutes(10);
            while channel.renamed_at.front().is_some_and(|at| older(*at, now, ten)) {
                channel.renamed_at.pop_front();
            }
            if channel.renamed_at.len() >= 2 {
                return Err(Refusal::new(429, 0, "You are being rate limited."));
            }
            channel.renamed_at.push_back(now);
        }
        if let Some(name) = name {
            channel.name = name;
        }
        if let Some(topic) = topic {
            channel.topic = Some(topic);
        }
        if let Some(thread) = &mut channel.thread {
            if let Some(archived) = archived {
                thread.is_archived = archived;
                thread.changed_at = now;
            }
            thread.is_locked = locked.unwrap_or(thread.is_locked);
            thread.archive_minutes = minutes.unwrap_or(thread.archive_minutes);
        }
        self.tell_channel(
            if is_thread {
                "THREAD_UPDATE"
            } else {
                "CHANNEL_UPDATE"
            },
            id,
        );
        self.channels
            .get(&id)
            .map(|channel| Answer::Json(self.wire_channel(channel)))
            .ok_or_else(Refusal::unknown_channel)
    }

    fn delete_channel(&mut self, id: Id) -> Result<Answer, Refusal> {
        let channel = self.seen_channel(id)?;
        let needed = if channel.thread.is_some() {
            Rights::MANAGE_THREADS
        } else {
            Rights::MANAGE_CHANNELS
        };
        self.allowed_channel(id, needed)?;
        let wire = self.channels.get(&id).map(|channel| self.wire_channel(channel));
        self.remove_channel(id);
        Ok(Answer::Json(wire.unwrap_or(Value::Null)))
    }

    /// Removes a channel, its threads and what is in them, and tells of it.
    pub(super) fn remove_channel(&mut self, id: Id) {
        let Some(channel) = self.channels.get(&id) else {
            return;
        };
        let guild = channel.guild;
        if channel.thread.is_some() {
            let data = json!({
                "id": id, "guild_id": guild, "parent_id": channel.parent, "type": channel.kind,
            });
            self.tell("THREAD_DELETE", guild, super::gateway::GUILDS, &data);
        } else {
            self.tell_channel("CHANNEL_DELETE", id);
        }
        let within: Vec<Id> = self
            .channels
            .values()
            .filter(|channel| channel.id == id || (channel.parent == Some(id) && channel.thread.is_some()))
            .map(|channel| channel.id)
            .collect();
        for id in within {
            if let Some(channel) = self.channels.remove(&id) {
                for message in channel.messages {
                    self.messages.remove(&message);
                }
            }
        }
    }
}

fn thread_member(thread: Id, person: Id) -> Value {
    json!({"id": thread, "user_id": person, "join_timestamp": super::id::stamp(thread.made_at()), "flags": 0})
}
