//! Everything a person can ask, one file a command; no chat platform is known here.
//!
//! A platform hands in a [`request::Request`] and renders the [`Reply`] that comes back. What is allowed,
//! how much of it, what is logged and what a failure looks like is decided here, once for all platforms.

pub mod balance;
pub mod brief;
mod buttons;
pub mod channels;
pub mod client;
mod complete;
pub mod debtors;
mod deciding;
pub mod deposit;
pub mod errors;
pub mod escalate;
pub mod feed;
pub mod grammar;
mod help;
pub mod invoice;
mod journal;
mod lookup;
mod menus;
pub mod oncall;
pub mod pace;
pub mod release;
pub mod render;
pub mod request;
pub mod settings;
pub mod sla;
pub mod snapshot;
mod sources;
mod ticket;

use std::sync::Arc;
use std::time::Duration;

use hammerdesk_domain::access::Asker;
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::facts::Moment;
use hammerdesk_domain::ids::{ActionId, ClientNo, PersonId};
use hammerdesk_domain::message::{Outcome, Reply};
use hammerdesk_store::{Store, View};

use crate::buttons::{Shown, may_share_later, share_later};
use crate::deciding::{Given, command_name, outcome_word};
use crate::journal::Journal;
use crate::pace::PaceLimit;
use crate::request::{CommandInfo, Completing, Request, Suggestion};
use crate::settings::Settings;

pub use crate::buttons::offered;
pub use crate::escalate::from_message::ESCALATE;
pub use crate::menus::Picked;
pub use crate::ticket::from_message::CREATE_TICKET;

/// How many buttons are kept in memory beside the store, so that a known one is not written again.
const KNOWN_ACTIONS: u64 = 50_000;

/// Answers questions.
#[derive(Clone)]
pub struct Commands {
    store: Store,
    settings: Arc<Settings>,
    clock: Arc<dyn Clock>,
    pace: Arc<PaceLimit>,
    journal: Journal,
    /// Told that something waits to go out.
    woken: Option<Arc<dyn Fn() + Send + Sync>>,
    /// Buttons shown by this process: id to what it does.
    shown: moka::sync::Cache<ActionId, Arc<Shown>>,
}

impl std::fmt::Debug for Commands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Commands").finish_non_exhaustive()
    }
}

/// One question on its way: who asks, in which snapshot of the store, at which moment.
pub(crate) struct Asked<'a> {
    pub(crate) asker: &'a Asker,
    pub(crate) settings: &'a Settings,
    pub(crate) view: View,
    pub(crate) moment: Moment,
    /// The client that the answer turned out to be about, for the answer log.
    pub(crate) about: Option<ClientNo>,
}

impl Commands {
    /// Starts answering from that store; the answer log's writer is a task of the current runtime.
    pub fn new(store: Store, settings: Arc<Settings>, clock: Arc<dyn Clock>) -> Self {
        Self {
            journal: Journal::start(store.clone()),
            woken: None,
            pace: Arc::new(PaceLimit::new(settings.pace, Arc::clone(&clock))),
            shown: moka::sync::Cache::builder()
                .max_capacity(KNOWN_ACTIONS)
                .time_to_idle(Duration::from_secs(24 * 3_600))
                .build(),
            store,
            settings,
            clock,
        }
    }

    /// The same, telling somebody whenever something was decided that has to go out.
    #[must_use]
    pub fn waking(mut self, woken: impl Fn() + Send + Sync + 'static) -> Self {
        self.woken = Some(Arc::new(woken));
        self
    }

    /// What the administrator decided.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Answers somebody of `[[people]]`; whatever goes wrong, there is an answer.
    pub async fn answer(&self, request: Request) -> Reply {
        let Some(asker) = self.settings.people.get(&request.who) else {
            return Reply::sentence(
                Outcome::Refused,
                "I do not know you yet. Ask your administrator to add you under [[people]].",
            );
        };
        self.answer_as(asker, request).await
    }

    /// Answers somebody whom a platform knows at this moment, with the role and scope of this moment.
    pub async fn answer_as(&self, asker: &Asker, request: Request) -> Reply {
        let started = self.clock.now();
        let (command, about, result) = match self.read(&request.what).await {
            Err(failure) => (None, None, Err(failure)),
            Ok((ask, line)) => {
                let (about, result) = self.decide(asker, &ask, &request.place, started).await;
                let result = result.map(|mut reply| {
                    if let Some(line) = line.filter(|_| may_share_later(asker, &ask, &reply)) {
                        reply.actions.push(share_later(&line));
                    }
                    reply
                });
                (Some(ask), about, result)
            }
        };
        let mut reply = result.unwrap_or_else(|failure| self.failed(failure, asker, started));
        let name = command.as_ref().map_or("unread", command_name);
        metrics::counter!("hammerdesk_answers_total", "command" => name, "outcome" => outcome_word(reply.outcome))
            .increment(1);
        self.offer(&mut reply, started).await;
        let given = Given {
            asker,
            ask: command.as_ref(),
            about,
            at: started,
        };
        self.log(&request, given, &reply).await;
        reply
    }

    /// What may come next on the line.
    pub async fn complete(&self, typing: Completing) -> Vec<Suggestion> {
        match self.settings.people.get(&typing.who) {
            Some(asker) => self.complete_as(asker, &typing.line).await,
            None => Vec::new(),
        }
    }

    /// The same for somebody whom a platform knows at this moment.
    pub async fn complete_as(&self, asker: &Asker, line: &str) -> Vec<Suggestion> {
        let names_clients = complete::looks_up_clients(line);
        if names_clients && !self.pace.may_complete(&asker.id) {
            return Vec::new();
        }
        match complete::suggestions(&self.store, asker, line).await {
            Ok(suggestions) => suggestions,
            Err(error) => {
                tracing::warn!(%error, "a completion failed");
                Vec::new()
            }
        }
    }

    /// Completions of one option that came apart from its line: what to show, and the value.
    pub async fn complete_option_as(
        &self,
        asker: &Asker,
        command: &str,
        option: &str,
        text: &str,
    ) -> Vec<(String, String)> {
        let Some(line) = complete::line_for(command, option, text) else {
            return Vec::new();
        };
        let suggestions = self.complete_as(asker, &line).await;
        let read = suggestions.into_iter().filter_map(|suggestion| {
            let value = complete::value_of(&suggestion.line, option)?;
            let label = match suggestion.detail.as_str() {
                "" => suggestion.label,
                detail => format!("{} · {detail}", suggestion.label),
            };
            Some((label, value))
        });
        read.collect()
    }

    /// The commands that somebody may use, for menus.
    pub fn menu(&self, who: &PersonId) -> Vec<CommandInfo> {
        self.settings
            .people
            .get(who)
            .map(Self::menu_as)
            .unwrap_or_default()
    }

    /// The same for somebody whom a platform knows at this moment.
    pub fn menu_as(asker: &Asker) -> Vec<CommandInfo> {
        help::menu(asker)
    }

    /// Every entry that a message's menu may have, for platforms that offer them to all alike.
    pub const fn message_menus() -> &'static [&'static str] {
        menus::MENUS
    }

    /// The entries that somebody may use on a message in chat.
    pub fn message_menus_as(asker: &Asker) -> Vec<&'static str> {
        menus::menus(asker)
    }

    /// What somebody is answered who picked an entry of a message's menu. Nothing is done yet: the answer says
    /// what would be, and has a button for it.
    pub async fn pick_as(&self, asker: &Asker, menu: &str, picked: &Picked) -> Reply {
        let mut reply = menus::pick(asker, menu, picked);
        self.offer(&mut reply, self.clock.now()).await;
        reply
    }

    /// Returns when everything logged so far is in the store.
    pub async fn flush(&self) {
        self.journal.flush().await;
    }
}
