//! Messages in channels: sent, read, edited, deleted.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::check_message::{self, Door, Draft, Kept};
use super::id::Id;
use super::model::{Attachment, COMPONENTS_V2, Channel, Message, Pings, State, older};
use super::refusal::Refusal;
use super::rest::{Answer, Call, Upload};
use super::rights::Rights;

/// How long a nonce is remembered.
const NONCE_MINUTES: i64 = 5;

impl State {
    /// The channel, if the bot sees it.
    pub(super) fn seen_channel(&self, id: Id) -> Result<&Channel, Refusal> {
        let channel = self.channels.get(&id).ok_or_else(Refusal::unknown_channel)?;
        if self.rights(channel, self.bot).include(Rights::VIEW_CHANNEL) {
            Ok(channel)
        } else {
            Err(Refusal::missing_access())
        }
    }

    /// The channel, if the bot has all of these rights in it.
    pub(super) fn allowed_channel(&self, id: Id, needed: Rights) -> Result<&Channel, Refusal> {
        let channel = self.seen_channel(id)?;
        if self.rights(channel, self.bot).include(needed) {
            Ok(channel)
        } else {
            Err(Refusal::missing_permissions())
        }
    }

    pub(super) fn message_route(
        &mut self,
        call: &Call,
        channel: Id,
        message: Option<&str>,
    ) -> Result<Answer, Refusal> {
        let id = match message {
            None => None,
            Some(text) => Some(Id::parse(text).ok_or_else(Refusal::unknown_message)?),
        };
        match (call.method.as_str(), id) {
            ("GET", None) => self.list_messages(call, channel),
            ("POST", None) => self.post_message(call, channel),
            ("GET", Some(id)) => {
                self.allowed_channel(channel, Rights::READ_MESSAGE_HISTORY)?;
                let found = self
                    .public_message(channel, id)
                    .ok_or_else(Refusal::unknown_message)?;
                Ok(Answer::Json(self.wire_message(found)))
            }
            ("PATCH", Some(id)) => self.edit_message(call, channel, id),
            ("DELETE", Some(id)) => {
                let seen = self.seen_channel(channel)?;
                let rights = self.rights(seen, self.bot);
                let found = self
                    .public_message(channel, id)
                    .ok_or_else(Refusal::unknown_message)?;
                if found.author != self.bot && !rights.include(Rights::MANAGE_MESSAGES) {
                    return Err(Refusal::missing_permissions());
                }
                self.refuse_archived(channel)?;
                self.remove_message(id);
                Ok(Answer::Nothing)
            }
            _ => Err(Refusal::new(405, 0, "405: Method Not Allowed")),
        }
    }

    fn list_messages(&self, call: &Call, channel: Id) -> Result<Answer, Refusal> {
        let seen = self.seen_channel(channel)?;
        if !self.rights(seen, self.bot).include(Rights::READ_MESSAGE_HISTORY) {
            return Ok(Answer::Json(json!([])));
        }
        let limit = call
            .parameter("limit")
            .map_or(Ok(50), str::parse::<usize>)
            .unwrap_or(0);
        if !(1..=100).contains(&limit) {
            return Err(Refusal::form(
                json!({"limit": {"_errors": [{
                    "code": "NUMBER_TYPE_RANGE", "message": "int value should be between 1 and 100.",
                }]}}),
                vec!["limit: between 1 and 100".into()],
            ));
        }
        let bound = |name: &str| call.parameter(name).and_then(Id::parse);
        let public = seen
            .messages
            .iter()
            .filter_map(|id| self.public_message(channel, *id));
        let list: Vec<Value> = match (bound("after"), bound("before"), bound("around")) {
            (Some(after), ..) => {
                let mut found: Vec<&Message> = public.filter(|found| found.id > after).take(limit).collect();
                found.reverse();
                found.into_iter().map(|found| self.wire_message(found)).collect()
            }
            (_, Some(before), _) => public
                .rev()
                .filter(|found| found.id < before)
                .take(limit)
                .map(|found| self.wire_message(found))
                .collect(),
            (.., Some(around)) => {
                let all: Vec<&Message> = public.collect();
                let at = all.partition_point(|found| found.id < around);
                let start = at.saturating_sub(limit / 2);
                all.iter()
                    .skip(start)
                    .take(limit)
                    .rev()
                    .map(|found| self.wire_message(found))
                    .collect()
            }
            _ => public
                .rev()
                .take(limit)
                .map(|found| self.wire_message(found))
                .collect(),
        };
        Ok(Answer::Json(list.into()))
    }

    fn post_message(&mut self, call: &Call, channel: Id) -> Result<Answer, Refusal> {
        let seen = self.seen_channel(channel)?;
        if !matches!(seen.kind, 0 | 1 | 5 | 10..=12) {
            return Err(Refusal::new(
                400,
                50008,
                "Cannot send messages in a non-text channel",
            ));
        }
        let rights = self.rights(seen, self.bot);
        let needed = if seen.thread.is_some() {
            Rights::SEND_MESSAGES_IN_THREADS
        } else {
            Rights::SEND_MESSAGES
        };
        if !rights.include(needed) {
            return Err(Refusal::missing_permissions());
        }
        let recipient = seen.recipient;
        let is_locked = seen.thread.as_ref().is_some_and(|thread| thread.is_locked)
            && !rights.include(Rights::MANAGE_THREADS);
        let draft = check_message::read(&call.body, &call.file_numbers(), Door::Channel, &self.rules)?;
        if recipient.is_some_and(|person| !self.user(person).takes_messages) {
            return Err(Refusal::closed_to_messages());
        }
        if is_locked {
            return Err(Refusal::locked());
        }
        self.check_rights_of(&draft, &call.files, rights)?;
        let nonce = draft.nonce.as_ref().map(|nonce| match nonce {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        if let Some(nonce) = nonce.as_ref().filter(|_| draft.enforces_nonce)
            && let Some((earlier, at)) = self.nonces.get(&(channel, nonce.clone()))
            && !older(*at, call.now, TimeDelta::minutes(NONCE_MINUTES))
            && let Some(found) = self.messages.get(earlier)
        {
            return Ok(Answer::Json(self.wire_message(found)));
        }
        if let Some(reference) = draft.reference
            && self.public_message(channel, reference).is_none()
        {
            if draft.reference_must_exist {
                return Err(Refusal::form(
                    json!({"message_reference": {"_errors": [{
                        "code": "REPLIES_UNKNOWN_MESSAGE", "message": "Unknown message",
                    }]}}),
                    vec!["message_reference: REPLIES_UNKNOWN_MESSAGE: Unknown message".into()],
                ));
            }
        } else if draft.reference.is_some() && !rights.include(Rights::READ_MESSAGE_HISTORY) {
            return Err(Refusal::form(
                json!({"message_reference": {"_errors": [{
                    "code": "REPLIES_CANNOT_REPLY_WITHOUT_READ_MESSAGE_HISTORY",
                    "message": "Cannot reply without permission to read message history",
                }]}}),
                vec!["message_reference: no permission to read message history".into()],
            ));
        }
        let message = self.new_message(call, channel, &draft)?;
        let id = message.id;
        self.unarchive(channel, call.now);
        if let Some(nonce) = nonce {
            self.nonces.insert((channel, nonce), (id, call.now));
        }
        self.send(message);
        self.messages
            .get(&id)
            .map(|found| Answer::Json(self.wire_message(found)))
            .ok_or_else(Refusal::unknown_message)
    }

    /// A message of the bot out of a draft; it is not sent yet.
    pub(super) fn new_message(
        &mut self,
        call: &Call,
        channel: Id,
        draft: &Draft,
    ) -> Result<Message, Refusal> {
        let id = self.new_id(call.now);
        let attachments = self.store_files(call, draft.attachments.as_deref());
        let content = draft.content.clone().unwrap_or_default();
        let message = Message {
            id,
            channel,
            author: self.bot,
            kind: if draft.reference.is_some() { 19 } else { 0 },
            pings: self.pings(channel, &content, draft.allowed.as_ref(), draft.reference),
            content,
            embeds: draft.embeds.clone().unwrap_or_default(),
            components: draft.components.clone().unwrap_or_default(),
            attachments,
            flags: draft.flags.unwrap_or(0),
            sent_at: call.now,
            edited_at: None,
            edits: 0,
            nonce: draft.nonce.clone(),
            reference: draft.reference,
            thread: None,
            origin: None,
            only_for: None,
            is_pinned: false,
        };
        if says_nothing(&message) {
            return Err(Refusal::empty_message());
        }
        Ok(message)
    }

    fn edit_message(&mut self, call: &Call, channel: Id, id: Id) -> Result<Answer, Refusal> {
        let seen = self.seen_channel(channel)?;
        let rights = self.rights(seen, self.bot);
        let found = self
            .public_message(channel, id)
            .ok_or_else(Refusal::unknown_message)?;
        if found.author != self.bot {
            return Err(Refusal::anothers_message());
        }
        let sent_at = found.sent_at;
        self.refuse_archived(channel)?;
        let draft = check_message::read(&call.body, &call.file_numbers(), Door::Edit, &self.rules)?;
        self.check_rights_of(&draft, &call.files, rights)?;
        let hour = TimeDelta::hours(1);
        if let Some(most) = self.rules.old_edits_per_hour
            && older(sent_at, call.now, hour)
        {
            let edits = self.old_edits.entry(channel).or_default();
            edits.retain(|at| !older(*at, call.now, hour));
            if edits.len() >= most {
                return Err(Refusal::too_many_old_edits());
            }
            edits.push(call.now);
        }
        self.apply_edit(call, id, &draft)?;
        self.tell_message("MESSAGE_UPDATE", id);
        self.messages
            .get(&id)
            .map(|found| Answer::Json(self.wire_message(found)))
            .ok_or_else(Refusal::unknown_message)
    }

    /// Puts a draft over a message; nothing changes where the result would be empty.
    pub(super) fn apply_edit(&mut self, call: &Call, id: Id, draft: &Draft) -> Result<(), Refusal> {
        let Some(mut message) = self.messages.get(&id).cloned() else {
            return Err(Refusal::unknown_message());
        };
        if let Some(kept) = &draft.attachments {
            for entry in kept {
                let is_there = message.attachments.iter().any(|old| old.id == entry.id);
                let is_new = call.files.iter().any(|file| file.number == entry.id.0);
                if !is_there && !is_new {
                    return Err(Refusal::form(
                        json!({"attachments": {"_errors": [{
                            "code": "ATTACHMENT_NOT_FOUND", "message": "Attachment data not found",
                        }]}}),
                        vec![format!("attachments: {} is neither there nor sent", entry.id)],
                    ));
                }
            }
            message
                .attachments
                .retain(|old| kept.iter().any(|entry| entry.id == old.id));
        }
        message
            .attachments
            .extend(self.store_files(call, draft.attachments.as_deref()));
        if let Some(content) = &draft.content {
            message.pings = self.pings(message.channel, content, draft.allowed.as_ref(), None);
            content.clone_into(&mut message.content);
        }
        if let Some(embeds) = &draft.embeds {
            message.embeds.clone_from(embeds);
        }
        if let Some(components) = &draft.components {
            message.components.clone_from(components);
        }
        if let Some(flags) = draft.flags {
            if message.flags & COMPONENTS_V2 != 0 && flags & COMPONENTS_V2 == 0 {
                return Err(Refusal::form(
                    json!({"flags": {"_errors": [{
                        "code": "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG",
                        "message": "The message was sent with components v2, it cannot be edited to remove the flag",
                    }]}}),
                    vec!["flags: components v2 cannot be taken back".into()],
                ));
            }
            let settable = (1 << 2) | COMPONENTS_V2;
            message.flags = (message.flags & !settable) | (flags & settable);
        }
        if message.attachments.len() > 10 {
            return Err(Refusal::form(
                json!({"attachments": {"_errors": [{
                    "code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 10 or fewer in length.",
                }]}}),
                vec!["attachments: more than ten".into()],
            ));
        }
        if says_nothing(&message) {
            return Err(Refusal::empty_message());
        }
        message.edited_at = Some(call.now);
        message.edits += 1;
        self.messages.insert(id, message);
        Ok(())
    }

    /// What a message needs beyond being allowed to write.
    fn check_rights_of(&self, draft: &Draft, files: &[Upload], rights: Rights) -> Result<(), Refusal> {
        let has_embeds = draft.embeds.as_ref().is_some_and(|embeds| !embeds.is_empty());
        let lacks = (has_embeds && !rights.include(Rights::EMBED_LINKS))
            || (!files.is_empty() && !rights.include(Rights::ATTACH_FILES));
        if lacks {
            Err(Refusal::missing_permissions())
        } else {
            Ok(())
        }
    }

    fn store_files(&mut self, call: &Call, described: Option<&[Kept]>) -> Vec<Attachment> {
        call.files
            .iter()
            .map(|file| {
                let said = described.and_then(|list| list.iter().find(|entry| entry.id.0 == file.number));
                let name = said
                    .and_then(|entry| entry.name.clone())
                    .unwrap_or_else(|| file.name.clone());
                let attachment = Attachment {
                    id: self.new_id(call.now),
                    name: name
                        .chars()
                        .map(|letter| {
                            if letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_') {
                                letter
                            } else {
                                '_'
                            }
                        })
                        .collect(),
                    description: said.and_then(|entry| entry.description.clone()),
                    kind: if file.kind == "application/octet-stream" {
                        super::rest::guess(&name).to_owned()
                    } else {
                        file.kind.clone()
                    },
                    bytes: file.bytes.clone(),
                    is_ephemeral: false,
                };
                self.uploads.insert(attachment.id, attachment.clone());
                attachment
            })
            .collect()
    }

    /// Whom a text pings, after what it says it may.
    pub(super) fn pings(
        &self,
        channel: Id,
        content: &str,
        allowed: Option<&Value>,
        reference: Option<Id>,
    ) -> Pings {
        let parses = |kind: &str| {
            allowed.is_none_or(|allowed| {
                allowed["parse"]
                    .as_array()
                    .is_some_and(|list| list.iter().any(|entry| entry == kind))
            })
        };
        let listed = |key: &str, id: Id| {
            allowed
                .and_then(|allowed| allowed[key].as_array())
                .is_some_and(|list| list.iter().any(|entry| Id::read(entry) == Some(id)))
        };
        let mut people: Vec<Id> = named(content, &["<@!", "<@"])
            .into_iter()
            .filter(|id| self.users.contains_key(id))
            .filter(|id| parses("users") || listed("users", *id))
            .collect();
        if let Some(found) = reference.and_then(|id| self.messages.get(&id))
            && allowed.is_none_or(|allowed| allowed["replied_user"].as_bool() == Some(true))
            && !people.contains(&found.author)
        {
            people.push(found.author);
        }
        let guild = self.channels.get(&channel).and_then(|channel| channel.guild);
        let can_all = self
            .channels
            .get(&channel)
            .is_some_and(|channel| self.rights(channel, self.bot).include(Rights::MENTION_EVERYONE));
        let roles = named(content, &["<@&"])
            .into_iter()
            .filter(|id| {
                guild
                    .and_then(|guild| self.guilds.get(&guild))
                    .is_some_and(|guild| guild.roles.iter().any(|role| role.id == *id))
            })
            .filter(|id| parses("roles") || listed("roles", *id))
            .collect();
        Pings {
            everyone: (content.contains("@everyone") || content.contains("@here"))
                && parses("everyone")
                && can_all,
            people,
            roles,
        }
    }

    /// Writing into an archived thread opens it again.
    pub(super) fn unarchive(&mut self, channel: Id, now: DateTime<Utc>) {
        let was_archived = self
            .channels
            .get_mut(&channel)
            .and_then(|channel| channel.thread.as_mut())
            .is_some_and(|thread| {
                let was = thread.is_archived;
                if was {
                    thread.is_archived = false;
                    thread.changed_at = now;
                }
                was
            });
        if was_archived {
            self.tell_channel("THREAD_UPDATE", channel);
        }
    }

    /// What is in an archived thread stays as it is.
    pub(super) fn refuse_archived(&self, channel: Id) -> Result<(), Refusal> {
        let is_archived = self
            .channels
            .get(&channel)
            .and_then(|channel| channel.thread.as_ref())
            .is_some_and(|thread| thread.is_archived);
        if is_archived {
            Err(Refusal::archived())
        } else {
            Ok(())
        }
    }
}

fn says_nothing(message: &Message) -> bool {
    message.content.is_empty()
        && message.embeds.is_empty()
        && message.components.is_empty()
        && message.attachments.is_empty()
}

/// Ids in `<@..>` with one of these beginnings.
fn named(content: &str, beginnings: &[&str]) -> Vec<Id> {
    let mut found = Vec::new();
    for piece in content.split('<').skip(1) {
        let Some((inside, _)) = piece.split_once('>') else {
            continue;
        };
        for beginning in beginnings {
            let id = beginning
                .strip_prefix('<')
                .and_then(|beginning| inside.strip_prefix(beginning))
                .and_then(Id::parse);
            if let Some(id) = id
                && !found.contains(&id)
            {
                found.push(id);
            }
        }
    }
    found
}
