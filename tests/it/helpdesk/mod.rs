//! The helpdesk's side, against an account that is simulated over real HTTP.

mod backfill;
mod changes;
mod cli;
mod damage;
mod fuzz;
mod kept;
mod webhooks;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use hammerdesk::engine::{Engine, Nudge};
use hammerdesk::freshdesk::{Helpdesk, LiveSync, Sync, SyncSettings};
use hammerdesk_domain::clock::{Clock, ManualClock};
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_freshdesk::{ApiKey, Client, Nap, Timer};
use hammerdesk_sandbox::freshdesk::model::Ticket;
use hammerdesk_sandbox::freshdesk::{Account, FreshdeskSim, Options};
use hammerdesk_store::Store;
use hammerdesk_store::testing;

use crate::harness::moment;

/// Waits are over at once, and the time they would have taken has passed.
#[derive(Debug, Default)]
struct Leaping(AtomicU64);

impl Timer for Leaping {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn sleep(&self, time: Duration) -> Nap<'_> {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.0.fetch_add(millis + 1, Ordering::SeqCst);
        Box::pin(tokio::task::yield_now())
    }
}

/// An account, our copy of it, and the time of both.
struct Line {
    sim: FreshdeskSim,
    clock: Arc<ManualClock>,
    store: Store,
    helpdesk: Helpdesk,
}

impl Line {
    async fn to(store: Store, how: impl FnOnce(&mut Options)) -> Self {
        let clock = Arc::new(ManualClock::at(moment()));
        let mut options = Options::at(clock.clone());
        how(&mut options);
        let sim = FreshdeskSim::start(options).await.unwrap();
        let helpdesk = helpdesk(&sim, &store, &clock);
        Self {
            sim,
            clock,
            store,
            helpdesk,
        }
    }

    fn account(&self) -> &Account {
        self.sim.account()
    }

    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.clock.now()
    }

    /// Both sides' clock moves on.
    fn forward(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    /// Works until nothing is due.
    async fn settle(&self) {
        self.engine().settle().await.unwrap();
    }

    fn engine(&self) -> Engine {
        Engine::new(Nudge::default())
            .with(LiveSync(self.helpdesk.clone()))
            .with(Sync(self.helpdesk.clone()))
    }

    /// As if the process had been started again.
    fn restart(&mut self) {
        self.helpdesk = helpdesk(&self.sim, &self.store, &self.clock);
    }

    /// Lets polls, pauses and the words of the same second come due, as often as it takes.
    async fn catch_up(&self) {
        for _ in 0..4 {
            self.settle().await;
            self.forward(400);
        }
        self.settle().await;
    }

    async fn state(&self) -> BTreeMap<i64, Side> {
        ours(&self.store).await
    }

    /// Both sides, field by field.
    async fn assert_equal(&self) {
        let ours = self.state().await;
        let theirs = theirs(self.account(), &ours);
        for (id, side) in &theirs {
            assert_eq!(ours.get(id), Some(side), "ticket {id}: ours, theirs");
        }
        assert_eq!(ours.len(), theirs.len());
    }

    async fn kinds(&self, ticket: u64) -> Vec<String> {
        let mut view = self.store.read().await.unwrap();
        let trail = view.ticket_trail(id(ticket)).await.unwrap();
        trail
            .into_iter()
            .map(|happened| happened.event.kind.to_string())
            .collect()
    }
}

/// Every ticket as it is stored.
pub(crate) async fn ours(store: &Store) -> BTreeMap<i64, Side> {
    let mut view = store.read().await.unwrap();
    let mut all = BTreeMap::new();
    for row in view.ticket_rows(0, 1_000_000).await.unwrap() {
        let id = TicketId(row.id);
        let stored = view.ticket(id).await.unwrap().unwrap();
        let ticket = stored.ticket;
        let said = view.conversations(id).await.unwrap();
        let side = Side {
            subject: ticket.subject,
            status: ticket.status,
            priority: ticket.priority,
            responder: ticket.responder,
            group: ticket.group,
            requester: ticket.requester,
            kind: ticket.kind,
            tags: ticket.tags,
            updated_at: ticket.updated_at.timestamp(),
            gone: ticket.gone.word().to_owned(),
            merged_into: ticket.merged_into.map(|id| id.0),
            said: said
                .into_iter()
                .filter(|one| one.removed_at.is_none())
                .map(|one| {
                    let said = one.conversation;
                    (said.id, (said.html, said.incoming, said.private, said.author))
                })
                .collect(),
        };
        all.insert(row.id, side);
    }
    all
}

/// Every ticket as it is over there. Nothing can be read of what was said on a ticket that is gone, so that is
/// what it was when it went.
pub(crate) fn theirs(account: &Account, ours: &BTreeMap<i64, Side>) -> BTreeMap<i64, Side> {
    let sides = account.tickets().into_iter().map(|ticket| {
        let id = i64::try_from(ticket.id).unwrap();
        let mut side = theirs_of(&ticket);
        if let Some(known) = ours.get(&id).filter(|_| !side.gone.is_empty()) {
            side.said.clone_from(&known.said);
            side.merged_into = known.merged_into;
        }
        (id, side)
    });
    sides.collect()
}

fn id(ticket: u64) -> TicketId {
    TicketId(i64::try_from(ticket).unwrap())
}

fn helpdesk(sim: &FreshdeskSim, store: &Store, clock: &Arc<ManualClock>) -> Helpdesk {
    let options = hammerdesk_freshdesk::Options {
        assumed_limit: 1_000_000,
        timeout: Duration::from_millis(400),
        timer: Arc::new(Leaping::default()),
        ..hammerdesk_freshdesk::Options::default()
    };
    let client = Client::new(sim.url(), ApiKey::new(sim.api_key()), options).unwrap();
    let clock: Arc<dyn Clock> = clock.clone();
    Helpdesk::new(store.clone(), client, clock, SyncSettings::default())
}

/// What one side knows of a ticket.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Side {
    subject: String,
    status: i64,
    priority: i64,
    responder: Option<i64>,
    group: Option<i64>,
    requester: Option<i64>,
    kind: Option<String>,
    tags: Vec<String>,
    updated_at: i64,
    gone: String,
    merged_into: Option<i64>,
    said: BTreeMap<i64, (String, bool, bool, Option<i64>)>,
}

fn theirs_of(ticket: &Ticket) -> Side {
    let int = |id: u64| i64::try_from(id).unwrap();
    let gone = match (ticket.archived, ticket.deleted, ticket.spam) {
        (true, ..) => "archived",
        (_, true, _) => "deleted",
        (_, _, true) => "spam",
        _ => "",
    };
    Side {
        subject: ticket.subject.clone().unwrap_or_default(),
        status: ticket.status,
        priority: ticket.priority,
        responder: ticket.responder_id.map(int),
        group: ticket.group_id.map(int),
        requester: Some(int(ticket.requester_id)),
        kind: ticket.kind.clone(),
        tags: ticket.tags.clone(),
        updated_at: ticket.updated_at.timestamp(),
        gone: gone.to_owned(),
        merged_into: ticket.merged_into.map(int),
        said: ticket
            .conversations
            .iter()
            .map(|said| {
                let who = said.user_id.map(int);
                (
                    int(said.id),
                    (said.body.clone(), said.incoming, said.private, who),
                )
            })
            .collect(),
    }
}

/// Runs a test on a line into a store of each engine.
async fn each_line(how: impl Fn(&mut Options), test: impl AsyncFn(&mut Line)) {
    testing::each_engine(async |store| {
        let mut line = Line::to(store, &how).await;
        test(&mut line).await;
        let wrong = line.account().violations();
        assert_eq!(wrong, [], "requests that are not as documented");
    })
    .await;
}

/// Runs it on SQLite alone, for what does not depend on the engine.
async fn one_line(how: impl FnOnce(&mut Options), test: impl AsyncFnOnce(&mut Line)) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("helpdesk.db");
    let store = Store::create(&format!("sqlite:{}", file.display()))
        .await
        .unwrap();
    let mut line = Line::to(store, how).await;
    test(&mut line).await;
    line.store.close().await;
}
