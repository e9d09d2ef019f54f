//! The web console: the chat that hammerdesk brings along, served by the bot itself.
//!
//! Server-rendered fragments, one script, one style sheet, nothing from elsewhere and nothing inline: the
//! content policy forbids it. What a person may read is decided by the store and by [`places`] at every
//! request; the live stream asks the same questions, so that nothing private ever travels another way.
//! Mounted only where the config enables it.

mod ask;
pub mod card;
mod deliver;
mod helpdesk;
mod live;
mod page;
mod people;
pub mod places;
mod read;
#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use crate::engine::Nudge;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use hammerdesk_commands::Commands;
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::access::Asker;
use hammerdesk_domain::clock::Clock;
use hammerdesk_sandbox::clock::DemoClock;
use hammerdesk_sandbox::freshdesk::Account;
use hammerdesk_store::{Store, StoreError};
use maud::Markup;
use tokio::sync::{Mutex, watch};

pub use card::{card_html, render_reply};
pub use deliver::ConsoleDeliverer;

/// What the longest message may weigh on the wire, escapes included.
const LARGEST_BODY: usize = 64 * 1024;
/// Only scripts of this origin can set it on a request: a page elsewhere cannot make anybody ask or press.
const OUR_SCRIPT: &str = "hammerdesk";

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      frame-src 'self'; \
                      form-action 'none'; base-uri 'none'; frame-ancestors 'self'";
const STYLE: &str = include_str!("assets/console.css");
const SCRIPT: &str = include_str!("assets/console.js");
const DESK_STYLE: &str = include_str!("assets/helpdesk.css");
const DESK_SCRIPT: &str = include_str!("assets/helpdesk.js");
const ICON: &str = include_str!("assets/icon.svg");

/// What the console works with. Cheap to clone.
#[derive(Clone)]
pub struct ConsoleState(Arc<Inner>);

struct Inner {
    commands: Commands,
    store: Store,
    settings: Arc<Settings>,
    clock: Arc<dyn Clock>,
    channels: Vec<places::Channel>,
    /// Changes with the assets, so that a browser keeps them exactly as long as they are right.
    version: String,
    /// One message is kept after the other, so that ids come in the order in which they can be read.
    posting: Mutex<()>,
    pulse: watch::Sender<Pulse>,
    nudge: Nudge,
    /// The simulated helpdesk that the demo shows beside the chat.
    helpdesk: OnceLock<Account>,
    /// The clock that the demo lets people move.
    demo_clock: OnceLock<Arc<DemoClock>>,
}

/// What the live streams wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Pulse {
    messages: u64,
    closing: bool,
}

impl std::fmt::Debug for ConsoleState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConsoleState").finish_non_exhaustive()
    }
}

impl ConsoleState {
    /// A console over that store, with the channels that follow from the house.
    /// What is said in a thread that somebody else acts on nudges them.
    pub fn new(
        commands: Commands,
        store: Store,
        settings: Arc<Settings>,
        clock: Arc<dyn Clock>,
        nudge: Nudge,
    ) -> Self {
        let mut hasher = DefaultHasher::new();
        (STYLE, SCRIPT, DESK_STYLE, DESK_SCRIPT).hash(&mut hasher);
        Self(Arc::new(Inner {
            channels: places::channels(&settings),
            commands,
            store,
            settings,
            clock,
            version: format!("{:016x}", hasher.finish()),
            posting: Mutex::new(()),
            pulse: watch::Sender::new(Pulse::default()),
            nudge,
            helpdesk: OnceLock::new(),
            demo_clock: OnceLock::new(),
        }))
    }

    /// Shows a simulated helpdesk beside the chat. Only the demo has one.
    pub fn show_helpdesk(&self, account: Account) {
        drop(self.0.helpdesk.set(account));
    }

    /// Lets people give that clock another pace beside the helpdesk. Only the demo has one.
    pub fn show_clock(&self, clock: Arc<DemoClock>) {
        drop(self.0.demo_clock.set(clock));
    }

    /// Ends the live streams, which would otherwise hold up a graceful stop.
    pub fn close(&self) {
        self.0.pulse.send_modify(|pulse| pulse.closing = true);
    }

    fn desk<'a>(&'a self, me: &'a Asker) -> page::Desk<'a> {
        page::Desk {
            settings: &self.0.settings,
            channels: &self.0.channels,
            me,
            zone: people::zone(me, &self.0.settings),
            version: &self.0.version,
        }
    }

    /// The channel of that name, if that person is in it; others need not know whether it exists.
    fn channel(&self, me: &Asker, id: &str) -> Result<&places::Channel, Refusal> {
        let found = self
            .0
            .channels
            .iter()
            .find(|channel| channel.id.as_str() == id && channel.admits(me));
        found.ok_or_else(|| Refusal::missing("There is no such channel for you. Choose one from the list."))
    }
}

/// Everything under `/console`.
pub fn router(state: ConsoleState) -> Router {
    let asset = |kind: &'static str, text: &'static str| {
        get(move || async move {
            let kept = "public, max-age=31536000, immutable";
            (
                [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, kept)],
                text,
            )
        })
    };
    let pages = Router::new()
        .route("/", get(read::front))
        .route("/c/{channel}", get(read::channel))
        .route("/c/{channel}/before/{message}", get(read::before))
        .route("/places/{channel}", get(read::places))
        .route("/t/{message}", get(read::thread))
        .route("/m/{message}/explain/{card}", get(read::explain))
        .route("/m/{message}/file/{n}", get(read::file))
        .route("/live", get(live::stream))
        .route("/person", post(read::take_seat))
        .route("/say", post(ask::say))
        .route("/press", post(ask::press))
        .route("/complete", post(ask::complete))
        .route("/read", post(ask::mark_read))
        .route("/console.css", asset("text/css; charset=utf-8", STYLE))
        .route("/console.js", asset("text/javascript; charset=utf-8", SCRIPT))
        .route("/helpdesk.css", asset("text/css; charset=utf-8", DESK_STYLE))
        .route(
            "/helpdesk.js",
            asset("text/javascript; charset=utf-8", DESK_SCRIPT),
        )
        .merge(helpdesk::routes())
        .route("/icon.svg", asset("image/svg+xml", ICON))
        .fallback(|| async { Refusal::missing("There is no such page. Start at /console.") })
        .layer(from_fn(guard))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(state);
    Router::new().nest("/console", pages)
}

/// Refuses changes that our own script did not ask for, and tells the browser what to trust.
async fn guard(request: Request, next: Next) -> Response {
    let from_our_script = request
        .headers()
        .get("x-requested-with")
        .is_some_and(|value| value == HeaderValue::from_static(OUR_SCRIPT));
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = if !is_our_address(request.headers()) {
        Refusal::Sentence(
            StatusCode::FORBIDDEN,
            "The console answers on its loopback address only.",
        )
        .into_response()
    } else if reads || from_our_script {
        next.run(request).await
    } else {
        Refusal::Sentence(
            StatusCode::FORBIDDEN,
            "This did not come from the console's own page.",
        )
        .into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// There is no sign-in, so a page elsewhere must not be able to pass for ours by letting its own name point
/// at this machine.
fn is_our_address(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else {
        return true;
    };
    let Some(authority) = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok()) else {
        return false;
    };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The person whose browser asks.
struct Seated(Asker);

impl FromRequestParts<ConsoleState> for Seated {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &ConsoleState) -> Result<Self, Refusal> {
        people::seated(&parts.headers, &state.0.settings)
            .cloned()
            .map(Self)
            .ok_or(Refusal::Sentence(
                StatusCode::UNAUTHORIZED,
                "Nobody sits here. Open /console and choose a seat.",
            ))
    }
}

/// Why a request got nothing.
enum Refusal {
    /// A person's mistake, or something that is gone: a sentence that says what to do.
    Sentence(StatusCode, &'static str),
    /// Ours: the log has it, the person a reference.
    Fault(anyhow::Error),
}

impl Refusal {
    fn missing(sentence: &'static str) -> Self {
        Self::Sentence(StatusCode::NOT_FOUND, sentence)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Sentence(status, sentence) => (status, sentence).into_response(),
            Self::Fault(error) => {
                let reference = format!("{:06x}", RandomState::new().build_hasher().finish() & 0xFF_FFFF);
                tracing::error!(
                    reference,
                    error = format!("{error:#}"),
                    "the console could not answer"
                );
                let sentence = format!(
                    "Something went wrong (ref {reference}). Try again; if it stays, tell your administrator."
                );
                (StatusCode::INTERNAL_SERVER_ERROR, sentence).into_response()
            }
        }
    }
}

fn drawn(markup: Markup) -> Html<String> {
    Html(markup.into_string())
}
