//! What people read: pages, fragments and files. Every one asks the store as the person who sits there.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use chrono::TimeDelta;
use hammerdesk_domain::access::Asker;
use hammerdesk_domain::ids::PersonId;
use hammerdesk_store::View;
use hammerdesk_store::chat::ChatMessage;
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;

use super::page::{self, Body, Shown};
use super::places::Channel;
use super::{ConsoleState, Refusal, Seated, card, drawn, people};

/// How many messages a page shows at first, and how many more at a time.
const PAGE: i64 = 50;
/// The longest thread that is shown.
const LONGEST_THREAD: i64 = 500;
/// How many threads the list of places holds.
const THREADS: i64 = 12;
/// What was said longer ago is neither unread nor a lively thread.
const RECENT: TimeDelta = TimeDelta::days(30);

#[derive(Debug, Deserialize)]
pub(super) struct Opened {
    thread: Option<Uuid>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Seat {
    person: String,
}

/// The first page: one's first channel, or the choice of a seat.
pub(super) async fn front(State(state): State<ConsoleState>, headers: HeaderMap) -> Response {
    let Some(me) = people::seated(&headers, &state.0.settings) else {
        return choose(&state);
    };
    let first = state.desk(me).places().next().map(|channel| channel.id.clone());
    match first {
        Some(channel) => Redirect::to(&format!("/console/c/{channel}")).into_response(),
        None => {
            Refusal::missing("No channel is open to you. Ask your administrator for a role.").into_response()
        }
    }
}

fn choose(state: &ConsoleState) -> Response {
    drawn(page::chooser(&state.0.settings, &state.0.version)).into_response()
}

/// Takes a seat.
pub(super) async fn take_seat(
    State(state): State<ConsoleState>,
    seat: Result<Json<Seat>, JsonRejection>,
) -> Result<Response, Refusal> {
    let unknown = || Refusal::missing("That person is not in the config any more. Reload the page.");
    let Json(Seat { person }) = seat.map_err(|_| unknown())?;
    let person = state
        .0
        .settings
        .people
        .get(&PersonId::new(person))
        .ok_or_else(unknown)?;
    Ok((
        StatusCode::NO_CONTENT,
        [(header::SET_COOKIE, people::seat(&person.id))],
    )
        .into_response())
}

/// A channel's page.
pub(super) async fn channel(
    State(state): State<ConsoleState>,
    Path(id): Path<String>,
    Query(opened): Query<Opened>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let Some(me) = people::seated(&headers, &state.0.settings) else {
        return Ok(choose(&state));
    };
    // Another seat may not be in this channel: that is no mistake of theirs.
    let Ok(channel) = state.channel(me, &id) else {
        return Ok(Redirect::to("/console").into_response());
    };
    let markup = whole_page(&state, me, channel, opened.thread).await?;
    Ok(drawn(markup).into_response())
}

async fn whole_page(
    state: &ConsoleState,
    me: &Asker,
    channel: &Channel,
    thread: Option<Uuid>,
) -> Result<Markup, Refusal> {
    let recent = recent(state);
    let mut view = state.0.store.read().await?;
    let up_to = view.chat_newest().await?;
    let messages = view.chat_page(&me.id, channel.id.as_str(), None, PAGE).await?;
    let from = messages.first().map(|message| message.id).unwrap_or_default();
    let answers = view.chat_answers(&me.id, channel.id.as_str(), from).await?;
    let threads = lively(state, me, &mut view, recent).await?;
    let unread = view.chat_unread(&me.id, recent).await?;
    let drawer = match thread {
        Some(root) => drawn_thread(state, me, &mut view, root)
            .await
            .ok()
            .map(|drawer| (root, drawer)),
        None => None,
    };
    let earlier = i64::try_from(messages.len()).is_ok_and(|shown| shown == PAGE);
    let menu = if messages.is_empty() {
        state.0.commands.menu(&me.id)
    } else {
        Vec::new()
    };
    let shown = Shown {
        channel,
        messages: &messages,
        menu: &menu,
        earlier,
        answers: &answers,
        threads: &threads,
        unread: &unread,
        drawer,
        up_to,
    };
    Ok(page::channel(&state.desk(me), &shown))
}

/// The least id that a recent message can have.
fn recent(state: &ConsoleState) -> Uuid {
    let since = (state.0.clock.now() - RECENT).timestamp_millis();
    Uuid::from_u128(u128::try_from(since).unwrap_or(0) << 80)
}

async fn lively(
    state: &ConsoleState,
    me: &Asker,
    view: &mut View,
    recent: Uuid,
) -> Result<Vec<ChatMessage>, Refusal> {
    let mut threads = view.chat_threads(&me.id, recent, THREADS).await?;
    threads.retain(|thread| state.channel(me, &thread.channel).is_ok());
    Ok(threads)
}

/// The list of places, anew.
pub(super) async fn places(
    State(state): State<ConsoleState>,
    Seated(me): Seated,
    Path(id): Path<String>,
    Query(opened): Query<Opened>,
) -> Result<Html<String>, Refusal> {
    let channel = state.channel(&me, &id)?;
    let recent = recent(&state);
    let mut view = state.0.store.read().await?;
    let threads = lively(&state, &me, &mut view, recent).await?;
    let unread = view.chat_unread(&me.id, recent).await?;
    let shown = Shown {
        channel,
        messages: &[],
        menu: &[],
        earlier: false,
        answers: &[],
        threads: &threads,
        unread: &unread,
        drawer: opened.thread.map(|root| (root, html! {})),
        up_to: None,
    };
    Ok(drawn(page::places(&state.desk(&me), &shown)))
}

/// Messages before one.
pub(super) async fn before(
    State(state): State<ConsoleState>,
    Seated(me): Seated,
    Path((id, message)): Path<(String, Uuid)>,
) -> Result<Html<String>, Refusal> {
    let channel = state.channel(&me, &id)?;
    let mut view = state.0.store.read().await?;
    let messages = view
        .chat_page(&me.id, channel.id.as_str(), Some(message), PAGE)
        .await?;
    let from = messages.first().map(|first| first.id).unwrap_or_default();
    let answers = view.chat_answers(&me.id, channel.id.as_str(), from).await?;
    let more = i64::try_from(messages.len()).is_ok_and(|shown| shown == PAGE);
    Ok(drawn(html! {
        @if more { button id="earlier" {} }
        (page::messages(&state.desk(&me), &messages, &answers, None))
    }))
}

/// A message as a thread.
pub(super) async fn thread(
    State(state): State<ConsoleState>,
    Seated(me): Seated,
    Path(root): Path<Uuid>,
) -> Result<Html<String>, Refusal> {
    let mut view = state.0.store.read().await?;
    drawn_thread(&state, &me, &mut view, root).await.map(drawn)
}

async fn drawn_thread(
    state: &ConsoleState,
    me: &Asker,
    view: &mut View,
    root: Uuid,
) -> Result<Markup, Refusal> {
    let message = readable(state, me, view, root).await?;
    let answers = view.chat_thread(&me.id, root, LONGEST_THREAD).await?;
    Ok(page::thread(&state.desk(me), &message, &answers))
}

/// How a card of an answer was computed.
pub(super) async fn explain(
    State(state): State<ConsoleState>,
    Seated(me): Seated,
    Path((message, n)): Path<(Uuid, usize)>,
) -> Result<Html<String>, Refusal> {
    let mut view = state.0.store.read().await?;
    let message = readable(&state, &me, &mut view, message).await?;
    let Some(Body::Answer { reply, .. }) = page::body(&message) else {
        return Err(gone());
    };
    let card = reply.cards.get(n).ok_or_else(gone)?;
    Ok(drawn(html! {
        (page::drawer_bar("How was this computed"))
        div class="log" tabindex="0" { (card::explanation(card, people::zone(&me, &state.0.settings))) }
    }))
}

/// A file of an answer.
pub(super) async fn file(
    State(state): State<ConsoleState>,
    Seated(me): Seated,
    Path((message, n)): Path<(Uuid, i64)>,
) -> Result<Response, Refusal> {
    let mut view = state.0.store.read().await?;
    readable(&state, &me, &mut view, message).await?;
    let file = view.chat_file(&me.id, message, n).await?.ok_or_else(gone)?;
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') {
            c
        } else {
            '_'
        }
    };
    let name: String = file.name.chars().map(safe).collect();
    let kept = |kind: &str| kind.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    let kind = if kept(&file.media_type) {
        file.media_type
    } else {
        "application/octet-stream".to_owned()
    };
    let shown_as = format!("attachment; filename=\"{name}\"");
    Ok((
        [
            (header::CONTENT_TYPE, kind),
            (header::CONTENT_DISPOSITION, shown_as),
        ],
        file.content,
    )
        .into_response())
}

/// A message, if that person may read it and is in its channel.
async fn readable(
    state: &ConsoleState,
    me: &Asker,
    view: &mut View,
    id: Uuid,
) -> Result<ChatMessage, Refusal> {
    let message = view.chat_message(&me.id, id).await?.ok_or_else(gone)?;
    state.channel(me, &message.channel).map_err(|_| gone())?;
    Ok(message)
}

fn gone() -> Refusal {
    Refusal::missing("That is not here, or it is not for you.")
}
