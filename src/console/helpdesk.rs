//! The other side of the bridge in the demo: the simulated helpdesk, in a pane beside the chat.
//!
//! One person plays the customer, the agent and the call centre here and sees each word arrive in the chat.
//! Only the demo gives the console a helpdesk to show; everywhere else these addresses do not exist.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::Stream;
use hammerdesk_domain::clock::Clock as _;
use hammerdesk_sandbox::clock::DemoClock;
use hammerdesk_sandbox::freshdesk::html::{of_text, to_text};
use hammerdesk_sandbox::freshdesk::model::{Conversation, Ticket};
use hammerdesk_sandbox::freshdesk::{Account, NotPossible};
use maud::{DOCTYPE, Markup, html};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::card::plain;
use super::{ConsoleState, Refusal, drawn};

/// Tickets in the list.
const LISTED: usize = 40;
/// Contacts that one may write as.
const CONTACTS: usize = 60;
/// The longest text that somebody may write, in characters.
const LONGEST: usize = 4_000;

/// What somebody does in the helpdesk.
#[derive(Debug, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Act {
    /// A customer mails.
    Mail {
        contact: u64,
        subject: String,
        text: String,
    },
    /// The call centre hands a caller over.
    Call {
        contact: u64,
        subject: String,
        text: String,
    },
    /// The customer of a ticket answers.
    Answer { ticket: u64, text: String },
    /// An agent replies to the customer.
    Reply { ticket: u64, text: String },
    /// An agent writes a private note.
    Note { ticket: u64, text: String },
    /// An agent sets the status.
    Status { ticket: u64, status: i64 },
}

#[derive(Debug, Deserialize)]
pub(super) struct Open {
    ticket: Option<u64>,
}

/// The pane's addresses.
pub(super) fn routes() -> Router<ConsoleState> {
    Router::new()
        .route("/helpdesk", get(page))
        .route("/helpdesk/desk", get(fragment))
        .route("/helpdesk/act", post(act))
        .route("/helpdesk/clock", get(clock_now).post(clock_set))
        .route("/helpdesk/live", get(live))
        .route("/helpdesk/a/tickets/{ticket}", get(as_linked))
        .route("/side", get(side))
}

fn account(state: &ConsoleState) -> Result<&Account, Refusal> {
    state
        .0
        .helpdesk
        .get()
        .ok_or_else(|| Refusal::missing("There is no helpdesk to show here. hammerdesk demo has one."))
}

/// Chat and helpdesk beside each other.
async fn side(State(state): State<ConsoleState>) -> Result<Html<String>, Refusal> {
    account(&state)?;
    Ok(drawn(html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Chat and helpdesk · hammerdesk" }
                link rel="icon" type="image/svg+xml" href="/console/icon.svg";
                link rel="stylesheet" href={ "/console/helpdesk.css?v=" (state.0.version) };
            }
            body class="side" {
                iframe src="/console" title="The team chat" {}
                iframe src="/console/helpdesk" title="The helpdesk" {}
            }
        }
    }))
}

async fn page(State(state): State<ConsoleState>, Query(open): Query<Open>) -> Result<Html<String>, Refusal> {
    let account = account(&state)?;
    Ok(drawn(html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Helpdesk · hammerdesk demo" }
                link rel="icon" type="image/svg+xml" href="/console/icon.svg";
                link rel="stylesheet" href={ "/console/helpdesk.css?v=" (state.0.version) };
                script src={ "/console/helpdesk.js?v=" (state.0.version) } defer {}
            }
            body class="pane" {
                header {
                    h1 { "Helpdesk" }
                    p { "A simulated Freshdesk. Play the customer or the agent here, the coordinator in the chat." }
                    @if open.ticket.is_some() { a href="/console/helpdesk" { "All tickets" } }
                }
                (clock(&state))
                p id="failed" role="alert" hidden {}
                div id="desk" data-ticket=[open.ticket] { (desk(account, open.ticket)?) }
                @match open.ticket {
                    Some(ticket) => (writing(ticket)),
                    None => (beginning(account)),
                }
            }
        }
    }))
}

/// The address under which Freshdesk shows a ticket, so that cards lead here in the demo.
async fn as_linked(Path(ticket): Path<u64>) -> Redirect {
    Redirect::to(&format!("/console/helpdesk?ticket={ticket}"))
}

async fn fragment(
    State(state): State<ConsoleState>,
    Query(open): Query<Open>,
) -> Result<Html<String>, Refusal> {
    Ok(drawn(desk(account(&state)?, open.ticket)?))
}

fn desk(account: &Account, ticket: Option<u64>) -> Result<Markup, Refusal> {
    match ticket {
        None => Ok(list(account)),
        Some(id) => account
            .ticket(id)
            .map(|ticket| shown(account, &ticket))
            .ok_or_else(|| Refusal::missing("There is no such ticket. Go back to the list.")),
    }
}

fn status(account: &Account, code: i64) -> String {
    account
        .statuses()
        .into_iter()
        .find(|(known, ..)| *known == code)
        .map_or_else(|| format!("Status {code}"), |(_, label, _)| label)
}

fn list(account: &Account) -> Markup {
    let tickets = account.latest(LISTED);
    html! {
        @if tickets.is_empty() { p class="hint" { "No ticket yet. Write as a customer below." } }
        ol class="tickets" {
            @for ticket in &tickets { li {
                a href={ "/console/helpdesk?ticket=" (ticket.id) } {
                    span class="no" { "#" (ticket.id) }
                    span class="subject" dir="auto" { (plain(ticket.subject.as_deref().unwrap_or("no subject"))) }
                    span class="who" dir="auto" { (plain(&name(account, ticket.requester_id))) }
                    span class="status" { (status(account, ticket.status)) }
                }
            } }
        }
    }
}

fn name(account: &Account, contact: u64) -> String {
    account
        .contact(contact)
        .map_or_else(|| format!("no. {contact}"), |contact| contact.name)
}

fn shown(account: &Account, ticket: &Ticket) -> Markup {
    let agents = account.agents();
    let agent = |id: Option<u64>| {
        id.and_then(|id| agents.iter().find(|agent| agent.id == id))
            .map_or_else(|| "nobody".to_owned(), |agent| agent.name.clone())
    };
    html! {
        h2 dir="auto" { "#" (ticket.id) " " (plain(ticket.subject.as_deref().unwrap_or("no subject"))) }
        p class="facts" {
            span class="status" { (status(account, ticket.status)) }
            " with " (plain(&agent(ticket.responder_id)))
            @if ticket.deleted { " · deleted" }
            @if ticket.spam { " · spam" }
        }
        article class="customer" {
            header { strong dir="auto" { (plain(&name(account, ticket.requester_id))) } " wrote" }
            p dir="auto" { (plain(&to_text(&ticket.description))) }
        }
        @for said in &ticket.conversations {
            article class=(kind(said)) {
                header {
                    strong dir="auto" {
                        @if said.incoming { (plain(&said.user_id.map_or_else(String::new, |id| name(account, id)))) }
                        @else { (plain(&agent(said.user_id))) }
                    }
                    @match (said.private, said.incoming) {
                        (true, _) => " noted, for agents only",
                        (_, true) => " wrote",
                        _ => " replied to the customer",
                    }
                }
                p dir="auto" { (plain(&hammerdesk_domain::helpdesk::without_mark(&to_text(&said.body)))) }
            }
        }
    }
}

const fn kind(said: &Conversation) -> &'static str {
    match (said.private, said.incoming) {
        (true, _) => "note",
        (_, true) => "customer",
        _ => "agent",
    }
}

fn writing(ticket: u64) -> Markup {
    html! {
        form data-act="answer" data-ticket=(ticket) {
            label { "Write" textarea name="text" rows="3" required maxlength=(LONGEST) {} }
            div class="buttons" {
                button type="submit" value="answer" { "As the customer" }
                button type="submit" value="reply" { "As agent, to the customer" }
                button type="submit" value="note" { "As agent, private note" }
            }
        }
        div class="buttons" role="group" aria-label="Status" data-ticket=(ticket) {
            @for (code, label) in [(2, "Open"), (3, "Pending"), (4, "Resolve"), (5, "Close")] {
                button type="button" data-status=(code) { (label) }
            }
        }
    }
}

fn beginning(account: &Account) -> Markup {
    let contacts = account.contacts();
    html! {
        form data-act="mail" {
            label { "Write as"
                select name="contact" required {
                    @for contact in contacts.iter().take(CONTACTS) {
                        option value=(contact.id) { (plain(&contact.name)) }
                    }
                }
            }
            label { "Subject" input name="subject" required maxlength="200" value="When may I collect my lot?"; }
            label { "Words" textarea name="text" rows="3" required maxlength=(LONGEST) { "I paid last week. When may I collect?" } }
            div class="buttons" {
                button type="submit" value="mail" { "Mail as the customer" }
                button type="submit" value="call" { "Let the call centre call" }
            }
        }
    }
}

async fn act(State(state): State<ConsoleState>, Json(act): Json<Act>) -> Result<StatusCode, Refusal> {
    let account = account(&state)?;
    let not_possible = |_: NotPossible| {
        Refusal::Sentence(
            StatusCode::UNPROCESSABLE_ENTITY,
            "The helpdesk does not allow that on this ticket as it is now.",
        )
    };
    let text = |text: &str| -> Result<String, Refusal> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > LONGEST {
            return Err(Refusal::Sentence(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Write between 1 and 4,000 characters.",
            ));
        }
        Ok(of_text(text))
    };
    let agent = || {
        let bot = account.bot();
        account
            .agents()
            .into_iter()
            .map(|agent| agent.id)
            .find(|id| *id != bot)
            .unwrap_or(bot)
    };
    match act {
        Act::Mail {
            contact,
            subject,
            text: words,
        } => {
            let person = known(account, contact)?;
            let email = person.1.unwrap_or_default();
            account.customer_mails(&email, &person.0, subject.trim(), &text(&words)?);
        }
        Act::Call {
            contact,
            subject,
            text: words,
        } => {
            let person = known(account, contact)?;
            let phone = person.2.unwrap_or_else(|| "+44 20 7000 0000".to_owned());
            account.customer_calls(agent(), &phone, &person.0, subject.trim(), &text(&words)?);
        }
        Act::Answer { ticket, text: words } => {
            account
                .customer_answers(ticket, &text(&words)?)
                .map_err(not_possible)?;
        }
        Act::Reply { ticket, text: words } => {
            account
                .agent_replies(agent(), ticket, &text(&words)?)
                .map_err(not_possible)?;
        }
        Act::Note { ticket, text: words } => {
            account
                .agent_notes(agent(), ticket, &text(&words)?, true)
                .map_err(not_possible)?;
        }
        Act::Status { ticket, status } => {
            account
                .agent_sets(agent(), ticket, "status", json!(status))
                .map_err(not_possible)?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Name, address and telephone of a contact.
fn known(account: &Account, id: u64) -> Result<(String, Option<String>, Option<String>), Refusal> {
    account
        .contact(id)
        .map(|contact| (contact.name, contact.email, contact.phone))
        .ok_or_else(|| Refusal::missing("There is no such contact. Choose one from the list."))
}

/// Paces that the demo's clock may have: seconds for each real one, and what they are called.
const SPEEDS: [(u32, &str); 4] = [
    (0, "Stop"),
    (1, "Real time"),
    (60, "1 minute a second"),
    (600, "10 minutes a second"),
];
/// Leaps that it may make, in minutes.
const LEAPS: [(i64, &str); 3] = [(15, "15 minutes on"), (60, "1 hour on"), (1_440, "1 day on")];

/// What to do with the clock.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum Wind {
    /// Another pace.
    Speed { speed: u32 },
    /// So many minutes on.
    Forward { forward: i64 },
}

/// What the clock shows.
#[derive(Debug, Serialize)]
pub(super) struct Shows {
    at: DateTime<Utc>,
    speed: u32,
}

impl Shows {
    fn of(clock: &DemoClock) -> Self {
        Self {
            at: clock.now(),
            speed: clock.speed(),
        }
    }
}

fn demo_clock(state: &ConsoleState) -> Result<&Arc<DemoClock>, Refusal> {
    state
        .0
        .demo_clock
        .get()
        .ok_or_else(|| Refusal::missing("There is no clock to set here. hammerdesk demo has one."))
}

/// The clock with its pace; nothing where there is none to set.
fn clock(state: &ConsoleState) -> Markup {
    let Ok(clock) = demo_clock(state) else {
        return html! {};
    };
    let shows = Shows::of(clock);
    html! {
        section id="clock" aria-label="The clock of the demo" data-at=(shows.at.to_rfc3339()) data-speed=(shows.speed) {
            p { "It is " time id="now" datetime=(shows.at.to_rfc3339()) { (shows.at.format("%a, %-d %b %Y, %H:%M:%S UTC")) } }
            div class="buttons" role="group" aria-label="How fast it goes" {
                @for (speed, label) in SPEEDS {
                    button type="button" data-pace=(speed) aria-pressed=(if speed == shows.speed { "true" } else { "false" }) { (label) }
                }
            }
            div class="buttons" role="group" aria-label="Put it forward" {
                @for (minutes, label) in LEAPS { button type="button" data-forward=(minutes) { (label) } }
            }
        }
    }
}

async fn clock_now(State(state): State<ConsoleState>) -> Result<Json<Shows>, Refusal> {
    Ok(Json(Shows::of(demo_clock(&state)?)))
}

/// Winds the clock; what is due by then is done at once.
async fn clock_set(
    State(state): State<ConsoleState>,
    Json(wind): Json<Wind>,
) -> Result<Json<Shows>, Refusal> {
    let clock = demo_clock(&state)?;
    match wind {
        Wind::Speed { speed } if SPEEDS.iter().any(|(known, _)| *known == speed) => clock.set_speed(speed),
        Wind::Forward { forward } if LEAPS.iter().any(|(known, _)| *known == forward) => {
            clock.advance(TimeDelta::minutes(forward));
        }
        Wind::Speed { .. } | Wind::Forward { .. } => {
            return Err(Refusal::Sentence(
                StatusCode::UNPROCESSABLE_ENTITY,
                "The clock does not go like that. Choose one of its buttons.",
            ));
        }
    }
    state.0.nudge.nudge();
    Ok(Json(Shows::of(clock)))
}

/// Tells the page that something changed; what, it asks for itself.
async fn live(
    State(state): State<ConsoleState>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let changes = account(&state)?.watch();
    let mut pulse = state.0.pulse.subscribe();
    pulse.mark_unchanged();
    let events = futures_util::stream::unfold((changes, pulse), |(mut changes, mut pulse)| async move {
        let closing = async {
            // An error means that the console is gone, which is a close as well.
            drop(pulse.wait_for(|pulse| pulse.closing).await);
        };
        tokio::select! {
            () = closing => return None,
            changed = changes.changed() => changed.ok()?,
        }
        let revision = *changes.borrow_and_update();
        Some((Ok(Event::default().data(revision.to_string())), (changes, pulse)))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}
