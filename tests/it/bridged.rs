//! An account, and bots bridged to it: what the proofs of the bridge are made with. Time stands until it is moved;
//! whoever waits lets it pass.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use hammerdesk::App;
use hammerdesk::bridge::{BridgeRule, Talk};
use hammerdesk::freshdesk::{Desk, Helpdesk, SyncSettings};
use hammerdesk_commands::request::{Place, Request, What};
use hammerdesk_domain::chat::{Platform, Said, SaidHow};
use hammerdesk_domain::clock::{Clock as _, ManualClock};
use hammerdesk_domain::helpdesk::without_mark;
use hammerdesk_domain::ids::{ChannelId, PersonId};
use hammerdesk_domain::message::Reply;
use hammerdesk_freshdesk::{ApiKey, Client, Nap, Timer};
use hammerdesk_sandbox::freshdesk::html;
use hammerdesk_sandbox::freshdesk::{Account, FreshdeskSim, Options};
use hammerdesk_store::{Heard, Store};
use uuid::Uuid;

use crate::bridge::words;
use crate::harness::{COORDINATOR, house_settings, moment};

pub(crate) const CHANNEL: &str = "accounts-london";
/// Steps in which nothing may be left to do.
const MOST_STEPS: usize = 120;

/// Are the proofs to be run whole, which takes minutes? `HAMMERDESK_WHOLE_PROOFS=1` says so.
#[expect(
    clippy::disallowed_methods,
    reason = "how much a test run proves is no setting of the service"
)]
pub(crate) fn whole_proofs() -> bool {
    std::env::var("HAMMERDESK_WHOLE_PROOFS").is_ok_and(|value| value == "1")
}

/// The client's time is the account's: whoever waits lets it pass.
#[derive(Debug)]
struct ByClock(Arc<ManualClock>);

impl Timer for ByClock {
    fn now(&self) -> Duration {
        (self.0.now() - moment()).to_std().unwrap_or_default()
    }

    fn sleep(&self, time: Duration) -> Nap<'_> {
        self.0
            .advance(TimeDelta::from_std(time).unwrap() + TimeDelta::milliseconds(1));
        Box::pin(tokio::task::yield_now())
    }
}

/// An account by a clock of its own.
pub(crate) async fn account(how: impl FnOnce(&mut Options)) -> (FreshdeskSim, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(moment()));
    let mut options = Options::at(clock.clone());
    how(&mut options);
    (FreshdeskSim::start(options).await.unwrap(), clock)
}

/// How a bot is set up.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) key: String,
    pub(crate) talk: Talk,
    pub(crate) facts_note: bool,
    pub(crate) timeout: Duration,
    /// Of the webhooks.
    pub(crate) secret: Option<String>,
}

impl Setup {
    pub(crate) fn of(sim: &FreshdeskSim) -> Self {
        Self {
            key: sim.api_key().to_owned(),
            talk: Talk::Note,
            facts_note: false,
            timeout: Duration::from_secs(20),
            secret: None,
        }
    }
}

/// A bot of the sample house, bridged to that account.
pub(crate) fn bot(sim: &FreshdeskSim, clock: &Arc<ManualClock>, store: Store, setup: &Setup) -> App {
    let options = hammerdesk_freshdesk::Options {
        assumed_limit: 1_000_000,
        timeout: setup.timeout,
        timer: Arc::new(ByClock(Arc::clone(clock))),
        ..hammerdesk_freshdesk::Options::default()
    };
    let client = Client::new(sim.url(), ApiKey::new(&setup.key), options).unwrap();
    let helpdesk = Helpdesk::new(store.clone(), client, clock.clone(), SyncSettings::default());
    let mut settings = house_settings();
    settings
        .agents
        .insert("kit@house.test".to_owned(), COORDINATOR.into());
    let rule = BridgeRule {
        talk: setup.talk,
        ..BridgeRule::everything(settings.channel(&ChannelId::new(CHANNEL)).unwrap())
    };
    App::build(store, settings, clock.clone(), true)
        .with_desk(Some(Desk::new(helpdesk, setup.secret.as_deref())))
        .with_bridge(vec![rule], sim.url(), setup.facts_note)
}

/// Lets time pass until nothing is left to do anywhere: everything read, told, asked for and delivered.
pub(crate) async fn rest(clock: &ManualClock, apps: &[&App]) {
    for step in 0..MOST_STEPS {
        let mut is_quiet = true;
        for app in apps {
            app.engine().settle().await.unwrap();
            is_quiet &= has_nothing_to_do(app).await;
        }
        // What was done over there is seen at the next poll at the latest.
        if is_quiet && step >= 3 {
            return;
        }
        clock.advance(TimeDelta::seconds(20));
    }
    panic!("it never comes to rest: {:?}", left_to_do(apps[0]).await);
}

pub(crate) async fn has_nothing_to_do(app: &App) -> bool {
    left_to_do(app).await == [0; 5]
}

/// What waits to go out, was heard, is to be read, is to be told, and changes a card.
pub(crate) async fn left_to_do(app: &App) -> [i64; 5] {
    let mut view = app.store.read().await.unwrap();
    let told = view.helpdesk_position("bridge").await.unwrap();
    let shown = view.helpdesk_position("bridge-cards").await.unwrap();
    let count = |length: usize| i64::try_from(length).unwrap();
    let (told, shown) = (told.unwrap_or_default(), shown.unwrap_or_default());
    [
        view.outbox_counts().await.unwrap().waiting,
        count(view.heard(1).await.unwrap().len()),
        view.hint_counts().await.unwrap().waiting,
        count(view.happened_after(told, 1).await.unwrap().len()),
        count(view.tickets_changed_after(shown, 1).await.unwrap().len()),
    ]
}

/// What a coordinator reads in the channel.
pub(crate) async fn channel(app: &App) -> Vec<String> {
    let mut view = app.store.read().await.unwrap();
    let page = view.chat_page(&COORDINATOR.into(), CHANNEL, None, 1_000).await;
    page.unwrap().iter().map(words).collect()
}

pub(crate) async fn root(app: &App, ticket: u64) -> Option<Uuid> {
    let mut view = app.store.read().await.unwrap();
    let head = view
        .stored_post(&format!("ticket:{ticket}"), Platform::Console)
        .await;
    head.unwrap()?.message?.parse().ok()
}

/// What they read in a ticket's thread.
pub(crate) async fn thread(app: &App, ticket: u64) -> Vec<String> {
    let Some(root) = root(app, ticket).await else {
        return Vec::new();
    };
    let mut view = app.store.read().await.unwrap();
    let inside = view.chat_thread(&COORDINATOR.into(), root, 1_000).await.unwrap();
    inside.iter().map(words).collect()
}

/// Somebody says something in a ticket's thread, or says it otherwise.
pub(crate) async fn says(app: &App, ticket: u64, message: &str, how: SaidHow, text: &str) {
    let root = root(app, ticket).await.expect("the thread of that ticket");
    let heard = Heard {
        id: Uuid::nil(),
        platform: Platform::Console,
        place: root.to_string(),
        message: message.to_owned(),
        how,
        key: format!("ticket:{ticket}"),
        said: Said {
            who: COORDINATOR.to_owned(),
            name: "Nia Prosser".to_owned(),
            text: text.to_owned(),
            files: Vec::new(),
        },
        at: app.clock.now(),
    };
    let mut unit = app.store.write().await.unwrap();
    unit.hear(&heard).await.unwrap();
    unit.commit().await.unwrap();
}

/// The coordinator asks something in private.
pub(crate) async fn ask(app: &App, what: What) -> Reply {
    let request = Request {
        who: PersonId::new(COORDINATOR),
        place: Place {
            platform: "test",
            channel: "desk".to_owned(),
            open: false,
        },
        what,
        at: app.clock.now(),
    };
    app.commands.answer(request).await
}

/// What stands on a ticket over there, as agents read it: who may see it, and the words.
pub(crate) fn on_ticket(account: &Account, ticket: u64) -> Vec<String> {
    let ticket = account.ticket(ticket).unwrap();
    let said = ticket.conversations.iter();
    said.map(|said| {
        let kind = match (said.incoming, said.private) {
            (true, _) => "client",
            (false, true) => "note",
            (false, false) => "reply",
        };
        format!("{kind}: {}", without_mark(&html::to_text(&said.body)).trim())
    })
    .collect()
}
