//! Everything a person can ask, one file a command; no chat platform is known here.
//!
//! A platform hands in a [`request::Request`] and renders the [`Reply`] that comes back. What is allowed,
//! how much of it, what is logged and what a failure looks like is decided here, once for all platforms.

pub mod balance;
pub mod brief;
pub mod channels;
pub mod client;
mod complete;
pub mod debtors;
pub mod deposit;
pub mod errors;
pub mod feed;
pub mod grammar;
mod help;
pub mod invoice;
mod journal;
mod lookup;
pub mod pace;
pub mod release;
pub mod render;
pub mod request;
pub mod settings;
pub mod snapshot;
mod sources;
mod ticket;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use hammerdesk_domain::access::{Asker, Permission};
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::facts::Moment;
use hammerdesk_domain::ids::{ActionId, ClientNo, PersonId, new_id};
use hammerdesk_domain::message::{Action, Form, Menu, Outcome, Reply, Visibility};
use hammerdesk_store::{Answer, Store, StoreError, View};
use sha2::{Digest, Sha256};

use crate::errors::{Failure, UserError};
use crate::grammar::{Ask, ClientAsk, FeedAsk, TicketAsk};
use crate::journal::{Entry, Journal};
use crate::pace::PaceLimit;
use crate::request::{CommandInfo, Completing, Place, Request, Suggestion, What};
use crate::settings::Settings;
use crate::ticket::{Changing, Done};

pub use crate::ticket::from_message::{CREATE_TICKET, Picked};

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
    /// Buttons shown by this process: id to what it does.
    shown: moka::sync::Cache<ActionId, Arc<Shown>>,
}

/// What a button does.
#[derive(Debug)]
struct Shown {
    /// The question it asks.
    run: String,
    /// What it asks for first.
    form: Option<Form>,
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

/// What is noted of an answer beside the answer itself.
struct Given<'a> {
    asker: &'a Asker,
    ask: Option<&'a Ask>,
    about: Option<ClientNo>,
    at: DateTime<Utc>,
}

impl Commands {
    /// Starts answering from that store; the answer log's writer is a task of the current runtime.
    pub fn new(store: Store, settings: Arc<Settings>, clock: Arc<dyn Clock>) -> Self {
        Self {
            journal: Journal::start(store.clone()),
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
        ticket::from_message::MENUS
    }

    /// The entries that somebody may use on a message in chat.
    pub fn message_menus_as(asker: &Asker) -> Vec<&'static str> {
        ticket::from_message::menus(asker)
    }

    /// What somebody is answered who picked an entry of a message's menu. Nothing is done yet: the answer says
    /// what would be, and has a button for it.
    pub async fn pick_as(&self, asker: &Asker, menu: &str, picked: &Picked) -> Reply {
        let mut reply = ticket::from_message::pick(asker, menu, picked);
        self.offer(&mut reply, self.clock.now()).await;
        reply
    }

    /// What a button asks for before it does anything, where its presser may ask it at all; the refusal or
    /// the failure as the reply that the presser reads.
    pub async fn form_as(&self, asker: &Asker, action: &ActionId) -> Result<Option<Form>, Box<Reply>> {
        let shown = match self.pressed(action).await {
            Ok(shown) => shown,
            Err(failure) => return Err(Box::new(self.failed(failure, asker, self.clock.now()))),
        };
        let leaf = grammar::find_leaf(&grammar::words(shown.run.trim_start_matches('/')));
        let needs = leaf.and_then(|leaf| grammar::permission_of(&leaf.path));
        if needs.is_some_and(|needs| !asker.may(needs)) {
            return Err(Box::new(Reply::sentence(
                Outcome::Refused,
                format!("That button is not open to the role {}.", asker.role.name),
            )));
        }
        Ok(shown.form.clone())
    }

    /// The id under which a question can be asked again, by a button that a platform adds; `None` where
    /// asking again could do more than read.
    pub async fn question(&self, what: &What) -> Option<ActionId> {
        let (ask, line) = self.read(what).await.ok()?;
        let line = line.filter(|_| ask.can_be_shared())?;
        if let What::Press(action) = what {
            return Some(action.clone());
        }
        let mut action = Action::ask("", line);
        self.remember(&mut action, self.clock.now()).await;
        Some(action.id)
    }

    /// Returns when everything logged so far is in the store.
    pub async fn flush(&self) {
        self.journal.flush().await;
    }

    /// The question, and the line that asks it again where there is one.
    async fn read(&self, what: &What) -> Result<(Ask, Option<String>), Failure> {
        let line = match what {
            What::Typed(line) => line.clone(),
            What::Options { command, options } => {
                let ask = grammar::parse_options(command, options)?;
                let mut line = format!("/{}", command.trim_start_matches('/'));
                append_options(&mut line, options);
                let can_be_typed = grammar::parse_line(&line).is_ok_and(|typed| typed == ask);
                return Ok((ask, can_be_typed.then_some(line)));
            }
            What::Press(action) => {
                let line = self.pressed(action).await?.run.clone();
                return Ok((grammar::parse_run(&line, &[])?, Some(line)));
            }
            What::Submit { action, fields } => {
                let mut line = self.pressed(action).await?.run.clone();
                let ask = grammar::parse_run(&line, fields)?;
                append_options(&mut line, fields);
                let can_be_typed = grammar::parse_line(&line).is_ok_and(|typed| typed == ask);
                return Ok((ask, can_be_typed.then_some(line)));
            }
        };
        Ok((grammar::parse_line(&line)?, Some(line)))
    }

    /// What a button does, from memory or from the store.
    async fn pressed(&self, action: &ActionId) -> Result<Arc<Shown>, Failure> {
        if let Some(shown) = self.shown.get(action) {
            return Ok(shown);
        }
        let mut view = self.store.read().await?;
        let Some(kept) = view.action(action).await? else {
            return Err(UserError::unknown(
                "That button is not known here any more. Ask the question again.",
            )
            .into());
        };
        let shown = Arc::new(Shown {
            run: kept.run,
            form: kept.form.and_then(|form| serde_json::from_value(form).ok()),
        });
        self.shown.insert(action.clone(), Arc::clone(&shown));
        Ok(shown)
    }

    async fn decide(
        &self,
        asker: &Asker,
        ask: &Ask,
        place: &Place,
        now: DateTime<Utc>,
    ) -> (Option<ClientNo>, Result<Reply, Failure>) {
        if let Err(refusal) = self.permitted(asker, ask) {
            return (None, Err(refusal.into()));
        }
        if ask.is_a_change() {
            let mut about = None;
            let result = self.change(asker, ask, now, &mut about).await;
            return (about, result);
        }
        let mut asked = match self.asked(asker, now).await {
            Ok(asked) => asked,
            Err(failure) => return (None, Err(failure)),
        };
        let result = dispatch(&mut asked, ask).await.map(|mut reply| {
            if ask.wants_to_share() && reply.outcome == Outcome::Answered {
                reply.visibility = Visibility::Shared;
                reply.text = join_sentences(&format!("{} shares this answer.", asker.name), &reply.text);
            } else if place.open && !ask.is_private() && !asker.may(Permission::RestrictedHolds) {
                reply.visibility = Visibility::Shared;
            }
            reply
        });
        (asked.about, result)
    }

    async fn asked<'a>(&'a self, asker: &'a Asker, now: DateTime<Utc>) -> Result<Asked<'a>, Failure> {
        Ok(Asked {
            asker,
            settings: &self.settings,
            view: self.store.read().await?,
            moment: Moment { now, as_of: None },
            about: None,
        })
    }

    /// Does what changes something, in one unit with what must go out for it.
    async fn change(
        &self,
        asker: &Asker,
        ask: &Ask,
        now: DateTime<Utc>,
        about: &mut Option<ClientNo>,
    ) -> Result<Reply, Failure> {
        let mut changing = Changing {
            asker,
            settings: &self.settings,
            unit: self.store.write().await?,
            now,
            about: None,
        };
        let done = ticket::change(&mut changing, ask).await;
        *about = changing.about.take();
        match done? {
            Done::Changed(reply) => {
                changing.unit.commit().await?;
                Ok(*reply)
            }
            Done::Unchanged(reply) => Ok(*reply),
            Done::PreviewAgain(because) => {
                drop(changing);
                let mut asked = self.asked(asker, now).await?;
                match ask {
                    Ask::Ticket {
                        ask: TicketAsk::Reply(args),
                    } => ticket::reply::preview(&mut asked, args, because).await,
                    _ => Err(Failure::Broken("only a reply has a preview".to_owned())),
                }
            }
        }
    }

    fn permitted(&self, asker: &Asker, ask: &Ask) -> Result<(), UserError> {
        if let Some(needs) = ask.needs()
            && !asker.may(needs)
        {
            return Err(UserError::refused(format!(
                "/{} is not open to the role {}. /help lists what is; your manager can ask for more.",
                command_name(ask),
                asker.role.name
            )));
        }
        if ask.wants_to_share() && !asker.may(Permission::Share) {
            return Err(UserError::refused(
                "You may read this answer but not post it for others. Leave share: out.",
            ));
        }
        if ask.wants_to_share() && asker.may(Permission::RestrictedHolds) {
            return Err(UserError::refused(
                "Your answers may hold what only compliance may read, so they are never posted for others. Leave share: \
                 out, or have a colleague ask.",
            ));
        }
        if ask.is_about_an_account() {
            self.pace.question(&asker.id)?;
        }
        Ok(())
    }

    fn failed(&self, failure: Failure, asker: &Asker, now: DateTime<Utc>) -> Reply {
        match failure {
            Failure::User(error) => Reply::sentence(error.outcome, error.sentence),
            Failure::Store(error @ StoreError::Locked(_)) => {
                tracing::warn!(%error, "the store is busy");
                Reply::sentence(
                    Outcome::Error,
                    "The store is busy just now. Nothing was lost; ask again in a moment.",
                )
            }
            failure => {
                let id = new_id(now).simple().to_string();
                let reference = &id[id.len() - 6..];
                tracing::error!(reference, asker = %asker.id, error = %failure, "a question failed");
                Reply::sentence(
                    Outcome::Error,
                    format!(
                        "Something went wrong (ref {reference}). Try again; if it stays, tell your administrator."
                    ),
                )
            }
        }
    }

    /// Gives every button and menu choice its id, and remembers what it asks.
    async fn offer(&self, reply: &mut Reply, now: DateTime<Utc>) {
        let menu = reply
            .menu
            .iter_mut()
            .flat_map(|Menu { options, .. }| options.iter_mut());
        for action in reply.actions.iter_mut().chain(menu) {
            self.remember(action, now).await;
        }
    }

    async fn remember(&self, action: &mut Action, now: DateTime<Utc>) {
        action.id = action_id(action);
        if self.shown.contains_key(&action.id) {
            return;
        }
        let shown = Shown {
            run: action.run.clone(),
            form: action.form.clone(),
        };
        self.shown.insert(action.id.clone(), Arc::new(shown));
        let kept = hammerdesk_store::Action {
            id: action.id.clone(),
            run: action.run.clone(),
            form: action
                .form
                .as_ref()
                .and_then(|form| serde_json::to_value(form).ok()),
        };
        self.journal.keep(Entry::Action(kept, now)).await;
    }

    async fn log(&self, request: &Request, given: Given<'_>, reply: &Reply) {
        let Given {
            asker,
            ask,
            about,
            at,
        } = given;
        // What compliance alone may read is not copied to where an auditor's export would carry it.
        let withheld = asker.may(Permission::RestrictedHolds);
        let (facts, text) = if withheld {
            (serde_json::json!({ "withheld": true }), String::new())
        } else {
            (reply.facts.clone(), render::plain(reply))
        };
        let entry = Answer {
            id: new_id(at),
            asked_at: at,
            who: asker.id.clone(),
            place: format!("{}:{}", request.place.platform, request.place.channel),
            command: ask.map_or_else(|| "unread".to_owned(), |ask| command_name(ask).to_owned()),
            client: about,
            outcome: outcome_word(reply.outcome).to_owned(),
            sources: serde_json::json!(
                reply
                    .cards
                    .iter()
                    .flat_map(|card| &card.as_of)
                    .collect::<Vec<_>>()
            ),
            facts,
            text,
        };
        self.journal.keep(Entry::Answer(Box::new(entry))).await;
    }
}

async fn dispatch(asked: &mut Asked<'_>, ask: &Ask) -> Result<Reply, Failure> {
    match ask {
        Ask::Balance(args) => balance::answer(asked, args).await,
        Ask::Invoice(args) => invoice::answer(asked, args).await,
        Ask::Release(args) => release::answer(asked, args).await,
        Ask::Deposit(args) => deposit::answer(asked, args).await,
        Ask::Client {
            ask: ClientAsk::Find { text },
        } => client::find(asked, &text.join(" ")).await,
        Ask::Client {
            ask: ClientAsk::Show { client },
        } => client::show(asked, &client.join(" ")).await,
        Ask::Feed { ask: FeedAsk::Status } => feed::answer(asked).await,
        Ask::Ticket { ask } => ticket::answer(asked, ask).await,
        Ask::Queue(args) => ticket::queue(asked, args).await,
        Ask::Help => Ok(help::reply(asked.asker)),
    }
}

/// An answer that only its asker reads may be posted for others afterwards, by whoever may do that.
fn may_share_later(asker: &Asker, ask: &Ask, reply: &Reply) -> bool {
    reply.outcome == Outcome::Answered
        && reply.visibility == Visibility::Private
        && ask.can_be_shared()
        && asker.may(Permission::Share)
        && !asker.may(Permission::RestrictedHolds)
}

fn share_later(line: &str) -> Action {
    let mut action = Action::ask("Share here", format!("{line} share:true"));
    action.form = Some(Form {
        title: "Share this answer".to_owned(),
        says: "Everybody who can read this channel will see the answer as it is at that moment, with your name on it."
            .to_owned(),
        fields: Vec::new(),
        submit: "Share".to_owned(),
    });
    action
}

/// Gives every button and menu choice of a reply its id, and says what the store must remember of them, so
/// that a reply which nobody asked for can be posted.
pub fn offered(reply: &mut Reply) -> Vec<hammerdesk_store::Action> {
    let menu = reply.menu.iter_mut().flat_map(|menu| menu.options.iter_mut());
    reply
        .actions
        .iter_mut()
        .chain(menu)
        .map(|action| {
            action.id = action_id(action);
            hammerdesk_store::Action {
                id: action.id.clone(),
                run: action.run.clone(),
                form: action
                    .form
                    .as_ref()
                    .and_then(|form| serde_json::to_value(form).ok()),
            }
        })
        .collect()
}

/// Options as they would be typed behind a line.
fn append_options(line: &mut String, options: &[(String, String)]) {
    for (name, value) in options.iter().filter(|(_, value)| !value.trim().is_empty()) {
        let value: String = value.chars().filter(|c| !matches!(c, '"' | '“' | '”')).collect();
        line.push_str(&format!(" {name}:\"{}\"", value.trim()));
    }
}

/// A button's id is a digest of what it does, so the same button is the same row for ever.
fn action_id(action: &Action) -> ActionId {
    let form = action
        .form
        .as_ref()
        .and_then(|form| serde_json::to_string(form).ok());
    let digest = Sha256::digest(format!("{}\n{}", action.run, form.unwrap_or_default()).as_bytes());
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    ActionId::new(format!("ask-{hex}"))
}

fn command_name(ask: &Ask) -> &'static str {
    match ask {
        Ask::Balance(_) => "balance",
        Ask::Invoice(_) => "invoice",
        Ask::Release(_) => "release",
        Ask::Deposit(_) => "deposit",
        Ask::Client {
            ask: ClientAsk::Find { .. },
        } => "client find",
        Ask::Client {
            ask: ClientAsk::Show { .. },
        } => "client show",
        Ask::Feed { ask: FeedAsk::Status } => "feed status",
        Ask::Ticket { ask } => ask.path(),
        Ask::Queue(_) => "queue",
        Ask::Help => "help",
    }
}

const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Answered => "answered",
        Outcome::Choose => "choose",
        Outcome::Refused => "refused",
        Outcome::Unknown => "unknown",
        Outcome::Stale => "stale",
        Outcome::Error => "error",
    }
}

fn join_sentences(first: &str, second: &str) -> String {
    if second.is_empty() {
        first.to_owned()
    } else {
        format!("{first} {second}")
    }
}
