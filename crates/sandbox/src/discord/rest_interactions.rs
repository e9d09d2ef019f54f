//! Answers to interactions: the first one, its edits, and those that follow.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::check_command;
use super::check_components;
use super::check_message::{self, Door, Draft};
use super::form::Form;
use super::id::Id;
use super::model::{Acknowledged, EPHEMERAL, Interaction, LOADING, Message, Origin, Rules, State, older};
use super::refusal::Refusal;
use super::rest::{Answer, Call};

/// How long the first answer may take.
const FIRST: Duration = Duration::from_secs(3);
/// How long further answers may follow.
const TOKEN_MINUTES: i64 = 15;

impl State {
    /// `POST /interactions/{}/{}/callback`.
    pub(super) fn callback(&mut self, call: &Call, id: Id, token: &str) -> Result<Answer, Refusal> {
        let by_clock = self.rules.patience_by_clock;
        let interaction = self
            .interactions
            .get(&id)
            .filter(|interaction| interaction.token == token)
            .ok_or_else(Refusal::unknown_interaction)?;
        if interaction.acknowledged.is_some() {
            return Err(Refusal::acknowledged_already());
        }
        if is_late(interaction, call, by_clock) {
            return Err(Refusal::unknown_interaction());
        }
        let of = interaction.kind;
        let has_source = interaction.source.is_some();
        let Some(form) = read_callback(call, of, has_source, &self.rules)? else {
            return Ok(Answer::Nothing);
        };
        let Callback {
            kind,
            draft,
            is_ephemeral,
        } = form;
        let data = call.body.get("data").unwrap_or(&Value::Null);
        let made = match kind {
            4 => Some(self.answer_with(call, id, &draft, is_ephemeral)?),
            5 => Some(self.answer_later(call, id, is_ephemeral)),
            7 => self.update_source(call, id, &draft)?,
            _ => None,
        };
        self.acknowledge(id, kind, is_ephemeral, made, data);
        if call.parameter("with_response") != Some("true") {
            return Ok(Answer::Nothing);
        }
        let mut wire = json!({"interaction": {"id": id, "type": of, "response_message_loading": kind == 5}});
        if let Some(message) = made.and_then(|made| self.messages.get(&made)) {
            wire["interaction"]["response_message_id"] = json!(message.id);
            wire["interaction"]["response_message_ephemeral"] = message.only_for.is_some().into();
            wire["resource"] = json!({"type": kind, "message": self.wire_message(message)});
        }
        Ok(Answer::Json(wire))
    }

    fn acknowledge(&mut self, id: Id, kind: i64, is_ephemeral: bool, made: Option<Id>, data: &Value) {
        let Some(interaction) = self.interactions.get_mut(&id) else {
            return;
        };
        let after = interaction.sent.elapsed();
        interaction.acknowledged = Some(Acknowledged {
            kind,
            after,
            is_ephemeral,
        });
        interaction.original = match kind {
            6 | 7 => interaction.source,
            _ => made,
        };
        interaction.is_thinking = kind == 5;
        if kind != 5 {
            interaction.finished_after = Some(after);
        }
        match kind {
            8 => interaction.choices = data["choices"].as_array().cloned(),
            9 => interaction.modal = Some(data.clone()),
            _ => {}
        }
        interaction.changed.notify_waiters();
    }

    fn origin(&self, id: Id) -> Option<(Origin, Id)> {
        let interaction = self.interactions.get(&id)?;
        let origin = Origin {
            interaction: id,
            kind: interaction.kind,
            person: interaction.person,
            command: interaction.command.clone(),
            source: interaction.source,
        };
        Some((origin, interaction.channel))
    }

    /// A message that belongs to an interaction, seen by all or by its person alone.
    fn dress(&self, mut message: Message, origin: Origin, is_ephemeral: bool) -> Message {
        message.kind = match (origin.kind, origin.command.is_some()) {
            (2, true) => 20,
            (3, _) => 19,
            _ => 0,
        };
        if origin.kind == 3 {
            message.reference = self
                .interactions
                .get(&origin.interaction)
                .and_then(|interaction| interaction.source);
        }
        if is_ephemeral {
            message.only_for = Some(origin.person);
            message.flags |= EPHEMERAL;
            for attachment in &mut message.attachments {
                attachment.is_ephemeral = true;
            }
        }
        message.origin = Some(origin);
        message
    }

    fn answer_with(&mut self, call: &Call, id: Id, draft: &Draft, is_ephemeral: bool) -> Result<Id, Refusal> {
        let (origin, channel) = self.origin(id).ok_or_else(Refusal::unknown_interaction)?;
        let message = self.new_message(call, channel, draft)?;
        let message = self.dress(message, origin, is_ephemeral);
        Ok(self.send(message))
    }

    fn answer_later(&mut self, call: &Call, id: Id, is_ephemeral: bool) -> Id {
        let message_id = self.new_id(call.now);
        let Some((origin, channel)) = self.origin(id) else {
            return message_id;
        };
        let message = Message {
            id: message_id,
            channel,
            author: self.bot,
            kind: 20,
            content: String::new(),
            embeds: Vec::new(),
            components: Vec::new(),
            attachments: Vec::new(),
            flags: LOADING,
            sent_at: call.now,
            edited_at: None,
            edits: 0,
            nonce: None,
            reference: None,
            thread: None,
            origin: None,
            only_for: None,
            pings: super::model::Pings::default(),
            is_pinned: false,
        };
        let message = self.dress(message, origin, is_ephemeral);
        self.send(message)
    }

    fn update_source(&mut self, call: &Call, id: Id, draft: &Draft) -> Result<Option<Id>, Refusal> {
        let source = self
            .interactions
            .get(&id)
            .and_then(|interaction| interaction.source)
            .ok_or_else(Refusal::unknown_message)?;
        self.apply_edit(call, source, draft)?;
        self.tell_edited(source);
        Ok(Some(source))
    }

    fn tell_edited(&mut self, id: Id) {
        if self
            .messages
            .get(&id)
            .is_some_and(|message| message.only_for.is_none())
        {
            self.tell_message("MESSAGE_UPDATE", id);
        }
    }

    /// The interaction of a webhook's token, if the token still lives.
    fn by_token(&self, call: &Call, application: Id, token: &str) -> Result<Id, Refusal> {
        if application != self.bot {
            return Err(Refusal::unknown_webhook());
        }
        let id = *self.by_token.get(token).ok_or_else(Refusal::token_expired)?;
        let interaction = self.interactions.get(&id).ok_or_else(Refusal::unknown_webhook)?;
        if older(interaction.sent_at, call.now, TimeDelta::minutes(TOKEN_MINUTES)) {
            return Err(Refusal::token_expired());
        }
        if interaction.acknowledged.is_none() {
            return Err(Refusal::unknown_webhook());
        }
        Ok(id)
    }

    /// `POST /webhooks/{}/{}`: a further answer, or the one that was put off.
    pub(super) fn follow_up(&mut self, call: &Call, application: Id, token: &str) -> Result<Answer, Refusal> {
        let id = self.by_token(call, application, token)?;
        let draft = check_message::read(&call.body, &call.file_numbers(), Door::Interaction, &self.rules)?;
        let thinking = self
            .interactions
            .get(&id)
            .filter(|interaction| interaction.is_thinking)
            .and_then(|interaction| interaction.original);
        let message = if let Some(original) = thinking.filter(|original| self.messages.contains_key(original))
        {
            self.apply_edit(call, original, &draft)?;
            self.finish_thinking(id, original);
            original
        } else {
            let is_ephemeral = draft.flags.unwrap_or(0) & EPHEMERAL != 0;
            let made = self.answer_with(call, id, &draft, is_ephemeral)?;
            if let Some(interaction) = self.interactions.get_mut(&id) {
                interaction.follow_ups.push(made);
                interaction.changed.notify_waiters();
            }
            made
        };
        self.messages
            .get(&message)
            .map(|found| Answer::Json(self.wire_message(found)))
            .ok_or_else(Refusal::unknown_message)
    }

    fn finish_thinking(&mut self, id: Id, original: Id) {
        if let Some(message) = self.messages.get_mut(&original) {
            message.flags &= !LOADING;
        }
        self.tell_edited(original);
        if let Some(interaction) = self.interactions.get_mut(&id) {
            interaction.is_thinking = false;
            interaction
                .finished_after
                .get_or_insert(interaction.sent.elapsed());
            interaction.changed.notify_waiters();
        }
    }

    /// `/webhooks/{}/{}/messages/{}`.
    pub(super) fn webhook_message(
        &mut self,
        call: &Call,
        application: Id,
        token: &str,
        name: &str,
    ) -> Result<Answer, Refusal> {
        let id = self.by_token(call, application, token)?;
        let interaction = self.interactions.get(&id).ok_or_else(Refusal::unknown_webhook)?;
        let message = if name == "@original" {
            interaction.original
        } else {
            Id::parse(name).filter(|named| {
                interaction.original == Some(*named) || interaction.follow_ups.contains(named)
            })
        };
        let message = message
            .filter(|message| self.messages.contains_key(message))
            .ok_or_else(Refusal::unknown_message)?;
        match call.method.as_str() {
            "GET" => {}
            "PATCH" => {
                let draft = check_message::read(&call.body, &call.file_numbers(), Door::Edit, &self.rules)?;
                self.apply_edit(call, message, &draft)?;
                let was_thinking = self.interactions.get(&id).is_some_and(|interaction| {
                    interaction.is_thinking && interaction.original == Some(message)
                });
                if was_thinking {
                    self.finish_thinking(id, message);
                } else {
                    self.tell_edited(message);
                    if let Some(interaction) = self.interactions.get(&id) {
                        interaction.changed.notify_waiters();
                    }
                }
            }
            "DELETE" => {
                self.remove_message(message);
                if let Some(interaction) = self.interactions.get_mut(&id) {
                    interaction.is_thinking = false;
                    interaction
                        .finished_after
                        .get_or_insert(interaction.sent.elapsed());
                    interaction.changed.notify_waiters();
                }
                return Ok(Answer::Nothing);
            }
            _ => return Err(Refusal::no_such_route()),
        }
        self.messages
            .get(&message)
            .map(|found| Answer::Json(self.wire_message(found)))
            .ok_or_else(Refusal::unknown_message)
    }
}

/// What the first answer to an interaction asks for.
struct Callback {
    kind: i64,
    draft: Draft,
    is_ephemeral: bool,
}

/// Reads it; `None` where there is no body.
fn read_callback(call: &Call, of: u8, has_source: bool, rules: &Rules) -> Result<Option<Callback>, Refusal> {
    let mut form = Form::default();
    let Some(body) = form.object(&call.body) else {
        return form.finish().map(|()| None);
    };
    form.keys(body, &["type", "data"]);
    let kind = form.integer(body, "type", (1, 12)).unwrap_or(0);
    let fits = match kind {
        4 | 5 => of != 4,
        6 | 7 => of == 3 || (of == 5 && has_source),
        8 => of == 4,
        9 => matches!(of, 2 | 3),
        _ => false,
    };
    if !fits {
        form.flaw_at(
            "type",
            "INTERACTION_CALLBACK_TYPE_INVALID",
            "This type of answer does not fit.",
        );
    }
    let data = body.get("data").unwrap_or(&Value::Null);
    let (mut draft, mut is_ephemeral) = (Draft::default(), false);
    form.at("data", |form| match kind {
        4 | 7 => {
            let door = if kind == 4 { Door::Interaction } else { Door::Edit };
            draft = check_message::within(form, data, &call.file_numbers(), door, rules);
            is_ephemeral = draft.flags.unwrap_or(0) & EPHEMERAL != 0;
        }
        5 => is_ephemeral = check_defer(form, data),
        8 => check_completion(form, data),
        9 => check_components::modal(form, data),
        _ => {}
    });
    form.finish()?;
    if !call.files.is_empty() && !matches!(kind, 4 | 7) {
        return Err(Refusal::new(
            400,
            50035,
            "Invalid Form Body: files go with a message",
        ));
    }
    Ok(Some(Callback {
        kind,
        draft,
        is_ephemeral,
    }))
}

impl State {
    /// What is wrong with the form of a first answer, whether the interaction still waits for it or not.
    pub(super) fn flaw_of_callback(&self, call: &Call, id: Id) -> Result<(), Refusal> {
        match self.interactions.get(&id) {
            Some(of) => read_callback(call, of.kind, of.source.is_some(), &self.rules).map(drop),
            None => Ok(()),
        }
    }
}

fn is_late(interaction: &Interaction, call: &Call, by_clock: bool) -> bool {
    if by_clock {
        older(interaction.sent_at, call.now, TimeDelta::seconds(3))
    } else {
        interaction.sent.elapsed() > FIRST
    }
}

/// A deferral carries nothing but whether it is for one person alone.
fn check_defer(form: &mut Form, data: &Value) -> bool {
    if data.is_null() {
        return false;
    }
    let Some(object) = form.object(data) else {
        return false;
    };
    form.keys(object, &["flags", "attachments", "allowed_mentions"]);
    form.list(object, "attachments", (0, 0));
    let flags = form
        .integer(object, "flags", (0, i64::from(i32::MAX)))
        .unwrap_or(0);
    let flags = u64::try_from(flags).unwrap_or(0);
    if flags & !EPHEMERAL != 0 {
        form.flaw_at(
            "flags",
            "SIM_FLAG_NOT_SETTABLE",
            "A deferral takes EPHEMERAL only.",
        );
    }
    flags & EPHEMERAL != 0
}

fn check_completion(form: &mut Form, data: &Value) {
    let Some(object) = form.object(data) else {
        return;
    };
    form.keys(object, &["choices"]);
    let Some(list) = form.list(object, "choices", (0, 25)) else {
        form.flaw_at("choices", "BASE_TYPE_REQUIRED", "This field is required");
        return;
    };
    let kind = match list.first().map(|choice| &choice["value"]) {
        Some(Value::Number(number)) if number.is_i64() => 4,
        Some(Value::Number(_)) => 10,
        _ => 3,
    };
    form.at("choices", |form| check_command::choices(form, list, kind));
}
