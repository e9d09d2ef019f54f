//! What people send: words, questions, presses, and what they are typing.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use hammerdesk_commands::request::{Completing, Place, Request, Suggestion, What};
use hammerdesk_domain::access::{Asker, Permission};
use hammerdesk_domain::chat::{self, Platform, SaidHow};
use hammerdesk_domain::ids::{ActionId, PersonId, new_id};
use hammerdesk_domain::message::{Action, Reply, Visibility};
use hammerdesk_store::chat::{ChatFile, ChatMessage};
use hammerdesk_store::{Heard, Unit};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::page::{self, Body, LONGEST_MESSAGE};
use super::places::Channel;
use super::{ConsoleState, Refusal, Seated};

/// Something to say in a channel or thread.
#[derive(Debug, Deserialize)]
pub(super) struct Said {
    channel: String,
    thread: Option<Uuid>,
    text: String,
    token: Uuid,
}

/// A button, or a form with its fields.
#[derive(Debug, Deserialize)]
pub(super) struct Pressed {
    channel: String,
    thread: Option<Uuid>,
    message: Uuid,
    action: String,
    #[serde(default)]
    fields: Vec<(String, String)>,
    token: Uuid,
}

/// A line that is being typed.
#[derive(Debug, Deserialize)]
pub(super) struct Typing {
    line: String,
}

/// How far somebody has read.
#[derive(Debug, Deserialize)]
pub(super) struct ReadTo {
    channel: String,
    thread: Option<Uuid>,
    up_to: Uuid,
}

/// A message as the browser takes it in.
#[derive(Debug, Serialize)]
pub(super) struct Arrived {
    id: Uuid,
    channel: String,
    thread: Option<Uuid>,
    html: String,
    /// It stood there already and says something else now.
    revised: bool,
}

impl Arrived {
    pub(super) fn new(state: &ConsoleState, me: &Asker, message: &ChatMessage) -> Self {
        Self {
            id: message.id,
            channel: message.channel.clone(),
            thread: message.thread,
            html: page::one(&state.desk(me), message, 0).into_string(),
            revised: false,
        }
    }

    pub(super) fn revised(state: &ConsoleState, me: &Asker, message: &ChatMessage) -> Self {
        Self {
            revised: true,
            ..Self::new(state, me, message)
        }
    }
}

/// Why an answer to that person is not for others to read there.
pub(super) fn kept_back(me: &Asker, channel: &Channel) -> Option<&'static str> {
    if me.may(Permission::RestrictedHolds) {
        return Some("Not shared: your answers may hold what others must not read. Only you see this one.");
    }
    (me.may(Permission::Internal) && !channel.is_internal())
        .then_some("Not shared: people here read client-safe sentences only. Only you see this one.")
}

type Sent<T> = Result<Json<T>, JsonRejection>;

fn taken<T>(sent: Sent<T>) -> Result<T, Refusal> {
    sent.map(|Json(inner)| inner)
        .map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Refusal::Sentence(StatusCode::PAYLOAD_TOO_LARGE, TOO_LONG),
            status => Refusal::Sentence(
                status,
                "The page sent something that cannot be read. Reload it and try again.",
            ),
        })
}

const TOO_LONG: &str = "That message is longer than 4,000 characters. Shorten it, or send it in parts.";

/// Words or a command.
pub(super) async fn say(
    State(state): State<ConsoleState>,
    Seated(me): Seated,
    said: Sent<Said>,
) -> Result<Json<Arrived>, Refusal> {
    let said = taken(said)?;
    let text = super::card::plain(said.text.trim());
    if text.is_empty() {
        return Err(Refusal::Sentence(
            StatusCode::UNPROCESSABLE_ENTITY,
            "There is nothing to send yet.",
        ));
    }
    if text.chars().count() > LONGEST_MESSAGE {
        return Err(Refusal::Sentence(StatusCode::PAYLOAD_TOO_LARGE, TOO_LONG));
    }
    let spot = Spot::of(&state, &me, &said.channel, said.thread).await?;
    if let Some(there) = state.0.store.read().await?.chat_sent(&me.id, said.token).await? {
        return Ok(Json(Arrived::new(&state, &me, &there)));
    }
    if text.starts_with('/') {
        let what = What::Typed(text.clone());
        return answer(
            &state,
            &me,
            &spot,
            Question {
                asked: text,
                what,
                token: said.token,
            },
        )
        .await;
    }
    let body = Body::Talk { text };
    keep(
        &state,
        &me,
        &spot,
        New {
            only_for: None,
            body,
            files: Vec::new(),
            token: said.token,
        },
    )
    .await
}

/// A button, a choice of a menu, or a form that was sent.
pub(super) async fn press(
    State(state): State<ConsoleState>,
    Seated(me): Seated,
    pressed: Sent<Pressed>,
) -> Result<Json<Arrived>, Refusal> {
    let pressed = taken(pressed)?;
    let spot = Spot::of(&state, &me, &pressed.channel, pressed.thread).await?;
    let mut view = state.0.store.read().await?;
    if let Some(there) = view.chat_sent(&me.id, pressed.token).await? {
        return Ok(Json(Arrived::new(&state, &me, &there)));
    }
    let gone = || Refusal::missing("That button is not here any more. Ask the question again.");
    let message = view
        .chat_message(&me.id, pressed.message)
        .await?
        .ok_or_else(gone)?;
    drop(view);
    state.channel(&me, &message.channel).map_err(|_| gone())?;
    let label = label_of(&message, &pressed.action).ok_or_else(gone)?;
    let filled: Vec<String> = pressed
        .fields
        .iter()
        .map(|(name, value)| format!("{name}:{value}"))
        .collect();
    let asked = std::iter::once(label).chain(filled).collect::<Vec<_>>().join(" ");
    if asked.chars().count() > LONGEST_MESSAGE {
        return Err(Refusal::Sentence(StatusCode::PAYLOAD_TOO_LARGE, TOO_LONG));
    }
    let action = ActionId::new(pressed.action);
    let what = if pressed.fields.is_empty() {
        What::Press(action)
    } else {
        What::Submit {
            action,
            fields: pressed.fields,
        }
    };
    answer(
        &state,
        &me,
        &spot,
        Question {
            asked: super::card::plain(&asked),
            what,
            token: pressed.token,
        },
    )
    .await
}

/// What may come next on a line.
pub(super) async fn complete(
    State(state): State<ConsoleState>,
    Seated(me): Seated,
    typing: Sent<Typing>,
) -> Result<Json<Vec<Suggestion>>, Refusal> {
    let Typing { line } = taken(typing)?;
    if line.chars().count() > LONGEST_MESSAGE {
        return Ok(Json(Vec::new()));
    }
    Ok(Json(
        state.0.commands.complete(Completing { who: me.id, line }).await,
    ))
}

/// How far somebody has read.
pub(super) async fn mark_read(
    State(state): State<ConsoleState>,
    Seated(me): Seated,
    read: Sent<ReadTo>,
) -> Result<StatusCode, Refusal> {
    let read = taken(read)?;
    let spot = Spot::of(&state, &me, &read.channel, read.thread).await?;
    let mut unit = state.0.store.write().await?;
    unit.chat_read(&me.id, spot.channel.id.as_str(), spot.thread, read.up_to)
        .await?;
    unit.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A place that somebody may write in.
struct Spot<'a> {
    channel: &'a Channel,
    thread: Option<Uuid>,
    /// The thread hangs on a message that only this person sees; so does everything in it.
    only_for: Option<PersonId>,
}

impl<'a> Spot<'a> {
    async fn of(
        state: &'a ConsoleState,
        me: &Asker,
        channel: &str,
        thread: Option<Uuid>,
    ) -> Result<Self, Refusal> {
        let channel = state.channel(me, channel)?;
        let Some(root) = thread else {
            return Ok(Self {
                channel,
                thread: None,
                only_for: None,
            });
        };
        let message = state.0.store.read().await?.chat_message(&me.id, root).await?;
        match message {
            Some(message) if message.channel == channel.id.as_str() && message.thread.is_none() => Ok(Self {
                channel,
                thread,
                only_for: message.only_for,
            }),
            _ => Err(Refusal::missing(
                "There is no such thread for you. Close it and choose another.",
            )),
        }
    }
}

struct Question {
    asked: String,
    what: What,
    token: Uuid,
}

struct New {
    only_for: Option<PersonId>,
    body: Body,
    files: Vec<ChatFile>,
    token: Uuid,
}

async fn answer(
    state: &ConsoleState,
    me: &Asker,
    spot: &Spot<'_>,
    question: Question,
) -> Result<Json<Arrived>, Refusal> {
    let place = Place {
        platform: "console",
        channel: spot.channel.id.to_string(),
        open: spot.channel.open && spot.only_for.is_none() && kept_back(me, spot.channel).is_none(),
    };
    let request = Request {
        who: me.id.clone(),
        place,
        what: question.what,
        at: state.0.clock.now(),
    };
    let mut reply = state.0.commands.answer(request).await;
    let files = std::mem::take(&mut reply.files);
    let (names, files): (Vec<_>, Vec<_>) = files
        .into_iter()
        .map(|mut file| {
            let content = std::mem::take(&mut file.content);
            let kept = ChatFile {
                name: file.name.clone(),
                media_type: file.media_type.clone(),
                content,
            };
            (file, kept)
        })
        .unzip();
    reply.files = names;
    if let (Visibility::Shared, Some(sentence)) = (reply.visibility, kept_back(me, spot.channel)) {
        reply.visibility = Visibility::Private;
        reply.text = sentence.to_owned();
    }
    let only_for = page::only_for(&reply, me);
    let body = Body::Answer {
        asked: question.asked,
        reply: Box::new(reply),
    };
    keep(
        state,
        me,
        spot,
        New {
            only_for,
            body,
            files,
            token: question.token,
        },
    )
    .await
}

async fn keep(state: &ConsoleState, me: &Asker, spot: &Spot<'_>, new: New) -> Result<Json<Arrived>, Refusal> {
    let body = serde_json::to_value(&new.body)?;
    let one_by_one = state.0.posting.lock().await;
    let mut unit = state.0.store.write().await?;
    let now = state.0.clock.now();
    let message = ChatMessage {
        id: new_id(now),
        channel: spot.channel.id.to_string(),
        thread: spot.thread,
        author: me.id.clone(),
        only_for: new.only_for.or_else(|| spot.only_for.clone()),
        at: now,
        body,
    };
    let message = if unit.chat_post(&message, &new.files, new.token).await? {
        message
    } else {
        unit.chat_sent(&me.id, new.token)
            .await?
            .ok_or_else(|| Refusal::missing("That was sent already."))?
    };
    unit.chat_read(&me.id, spot.channel.id.as_str(), spot.thread, message.id)
        .await?;
    let is_heard = message.only_for.is_none() && hear(&mut unit, me, &message).await?;
    unit.commit().await?;
    drop(one_by_one);
    if is_heard {
        state.0.nudge.nudge();
    }
    state.0.pulse.send_modify(|pulse| pulse.messages += 1);
    Ok(Json(Arrived::new(state, me, &message)))
}

/// Keeps what was said in the thread of a post for whoever acts on it.
async fn hear(unit: &mut Unit, me: &Asker, message: &ChatMessage) -> Result<bool, Refusal> {
    let (Some(root), Some(Body::Talk { text })) = (message.thread, page::body(message)) else {
        return Ok(false);
    };
    let root = root.to_string();
    let Some(key) = unit.post_of_message(Platform::Console, &root).await? else {
        return Ok(false);
    };
    let heard = Heard {
        id: message.id,
        platform: Platform::Console,
        place: root,
        message: message.id.to_string(),
        how: SaidHow::Said,
        key,
        said: chat::Said {
            who: me.id.to_string(),
            name: me.name.clone(),
            text,
            files: Vec::new(),
        },
        at: message.at,
    };
    Ok(unit.hear(&heard).await?)
}

/// What stands on that button of a message, if it has it.
fn label_of(message: &ChatMessage, action: &str) -> Option<String> {
    let (Body::Answer { reply, .. } | Body::Post { reply, .. }) = page::body(message)? else {
        return None;
    };
    buttons(&reply)
        .find(|button| button.id.as_str() == action)
        .map(|button| button.label.clone())
}

fn buttons(reply: &Reply) -> impl Iterator<Item = &Action> {
    reply
        .actions
        .iter()
        .chain(reply.menu.iter().flat_map(|menu| &menu.options))
}
