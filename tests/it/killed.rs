//! The process killed at each of its durable steps in turn, over the whole story of a bridged ticket, and started
//! again: at the end both sides are as if nothing had happened.
//!
//! A durable step is a commit in the store or a call that changed something in the helpdesk. Killed means that
//! nothing of the process lives on: its future is dropped at that very point, commits under way are undone, and
//! a new app opens the same database. People do what people do: whatever they got no answer to, they do again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use chrono::TimeDelta;
use hammerdesk::App;
use hammerdesk_commands::request::What;
use hammerdesk_domain::chat::SaidHow;
use hammerdesk_domain::clock::ManualClock;
use hammerdesk_domain::ids::ActionId;
use hammerdesk_sandbox::freshdesk::FreshdeskSim;
use hammerdesk_store::testing;
use hammerdesk_store::{Around, Store, Watch};
use serde_json::json;
use tokio::sync::Notify;

use crate::bridge::client_of;
use crate::bridged::{self, Setup, account, ask, on_ticket, says, thread};
use crate::harness::{furnish_house, house, house_copy};
use crate::helpdesk::{ours, theirs};

/// Each so manieth step is the end of a story in an ordinary test run; `HAMMERDESK_WHOLE_PROOFS=1` ends one at each
/// of them, which takes minutes.
const FEW: usize = 7;
/// Stories that are told side by side.
const AT_ONCE: usize = 2;

/// One life of the process.
#[derive(Debug, Default)]
struct Life {
    /// Durable steps so far.
    steps: AtomicUsize,
    /// The step after which it ends; 0 is never.
    ends_after: usize,
    is_over: AtomicBool,
    over: Notify,
}

impl Life {
    fn ending_after(ends_after: usize) -> Arc<Self> {
        Arc::new(Self {
            ends_after,
            ..Self::default()
        })
    }

    /// A durable step has happened; does life go on?
    fn step(&self) -> bool {
        if self.is_over.load(Ordering::SeqCst) {
            return false;
        }
        let is_last = self.steps.fetch_add(1, Ordering::SeqCst) + 1 == self.ends_after;
        if is_last {
            self.is_over.store(true, Ordering::SeqCst);
            self.over.notify_one();
        }
        !is_last
    }

    fn watch(self: &Arc<Self>) -> Watch {
        let life = Arc::clone(self);
        Watch::new(move |around| match around {
            Around::Before => !life.is_over.load(Ordering::SeqCst),
            Around::After => life.step(),
        })
    }
}

/// When the process is killed.
#[derive(Debug, Clone, Copy)]
enum Killing {
    Never,
    /// Once, after that step.
    After(usize),
    /// In each life, after that many steps of it.
    AfterEach(usize),
}

/// A bot that is killed and started again, and everything around it that is not.
struct Story {
    sim: FreshdeskSim,
    clock: Arc<ManualClock>,
    url: String,
    setup: Setup,
    killing: Killing,
    life: Arc<Life>,
    app: App,
    lives: usize,
    /// Steps of the lives that are over.
    steps: usize,
}

impl Story {
    async fn begin(url: &str, killing: Killing) -> Self {
        let (sim, clock) = account(|_| ()).await;
        let setup = Setup {
            facts_note: true,
            ..Setup::of(&sim)
        };
        let ends_after = match killing {
            Killing::Never => 0,
            Killing::After(step) | Killing::AfterEach(step) => step,
        };
        let life = Life::ending_after(ends_after);
        let app = born(&sim, &clock, url, &setup, &life).await;
        Self {
            sim,
            clock,
            url: url.to_owned(),
            setup,
            killing,
            life,
            app,
            lives: 1,
            steps: 0,
        }
    }

    /// The process is gone, and another one is started.
    async fn again(&mut self) {
        self.steps += self.life.steps.load(Ordering::SeqCst);
        self.lives += 1;
        let ends_after = match self.killing {
            Killing::AfterEach(step) => step,
            Killing::Never | Killing::After(_) => 0,
        };
        self.life = Life::ending_after(ends_after);
        self.app = born(&self.sim, &self.clock, &self.url, &self.setup, &self.life).await;
        assert!(self.lives < 10_000, "it never gets anywhere");
    }

    /// Does it, as often as it takes to hear that it was done.
    async fn done<T>(&mut self, what: impl AsyncFn(&App) -> T) -> T {
        loop {
            let (app, life) = (self.app.clone(), Arc::clone(&self.life));
            tokio::select! {
                biased;
                () = life.over.notified() => {}
                done = what(&app) => return done,
            }
            drop(app);
            self.again().await;
        }
    }

    async fn rest(&mut self) {
        for step in 0..400 {
            self.done(async |app| app.engine().settle().await.unwrap()).await;
            if step >= 1 && bridged::has_nothing_to_do(&self.app).await {
                return;
            }
            // What was done over there is seen at the next poll at the latest. Lives do not end in step with polls.
            let other = i64::try_from(self.lives % 7).unwrap();
            self.clock.advance(TimeDelta::seconds(31 + other));
        }
        let left = bridged::left_to_do(&self.app).await;
        panic!(
            "it never comes to rest {:?}: {left:?} after {} lives",
            self.killing, self.lives
        );
    }

    /// Presses whatever that question offers first, whoever is killed meanwhile.
    async fn asks_and_confirms(&mut self, line: &str, label: &str) {
        let preview = self
            .done(async |app| ask(app, What::Typed(line.to_owned())).await)
            .await;
        let button = preview.actions.iter().find(|action| action.label == label);
        let button: ActionId = button.unwrap_or_else(|| panic!("{preview:?}")).id.clone();
        self.done(async |app| ask(app, What::Press(button.clone())).await)
            .await;
    }

    async fn asks(&mut self, line: &str) {
        self.done(async |app| ask(app, What::Typed(line.to_owned())).await)
            .await;
    }

    async fn hears(&mut self, ticket: u64, message: &str, how: SaidHow, text: &str) {
        self.done(async |app| says(app, ticket, message, how, text).await)
            .await;
    }

    /// Mail in, thread, internal talk, previewed reply, customer answers, resolved, reopened; and the rest of
    /// what a ticket's life holds.
    async fn tell(&mut self) -> End {
        let (client, name, address) = client_of(&house());
        let account = self.sim.account().clone();
        let kit = account.add_agent("Kit Ashdown", "kit@house.test");
        self.rest().await;
        let ticket = account.customer_mails(&address, &name, "When may I collect?", "<p>I paid.</p>");
        self.rest().await;
        self.hears(ticket, "m1", SaidHow::Said, "I call the <bank>").await;
        self.hears(ticket, "m2", SaidHow::Said, "Said too soon").await;
        self.rest().await;
        account
            .agent_notes(kit, ticket, "<div>Bank says Friday</div>", true)
            .unwrap();
        account
            .agent_replies(kit, ticket, "<div>We look into it.</div>")
            .unwrap();
        self.rest().await;
        let reply = format!("/ticket reply {ticket} text:\"From Monday, 9 to 5.\"");
        self.asks_and_confirms(&reply, "Send to client").await;
        self.rest().await;
        account.customer_answers(ticket, "<div>Thank you!</div>").unwrap();
        self.rest().await;
        self.hears(ticket, "m1", SaidHow::Edited, "The bank called").await;
        self.hears(ticket, "m2", SaidHow::Deleted, "").await;
        self.rest().await;
        self.asks(&format!("/ticket status {ticket} to:resolved")).await;
        self.rest().await;
        account
            .customer_answers(ticket, "<div>It is Tuesday!</div>")
            .unwrap();
        self.rest().await;
        self.asks(&format!("/ticket note {ticket} text:\"Carrier asked\""))
            .await;
        account
            .agent_notes(kit, ticket, &format!("<div>#hd balance {client}</div>"), true)
            .unwrap();
        self.rest().await;
        account.agent_sets(kit, ticket, "tags", json!(["vip"])).unwrap();
        self.rest().await;
        let create = format!("/ticket create subject:\"Lot 46\" text:\"Asked by telephone\" client:{client}");
        self.asks(&create).await;
        self.rest().await;
        let stranger = account.customer_mails("new@client.test", "New", "Hello", "<p>Hi</p>");
        self.rest().await;
        account.agent_merges(kit, ticket, &[stranger]).unwrap();
        self.rest().await;
        self.clock.advance(TimeDelta::hours(25));
        self.rest().await;
        self.end().await
    }

    /// Both sides, and that they are equal.
    async fn end(&self) -> End {
        let account = self.sim.account();
        assert_eq!(account.violations(), []);
        let ours = ours(&self.app.store).await;
        let theirs = theirs(account, &ours);
        assert_eq!(ours, theirs, "what is stored and what is there");
        let mut tickets = Vec::new();
        for ticket in account.tickets() {
            let (changes, thread): (Vec<String>, _) = thread(&self.app, ticket.id)
                .await
                .into_iter()
                .partition(|words| words.starts_with("hammerdesk: "));
            let mut tags = ticket.tags.clone();
            // A token is as random as the moment at which it was made.
            tags.retain(|tag| !tag.starts_with("hd-"));
            tickets.push(Told {
                ticket: ticket.id,
                fields: format!(
                    "{:?} {} {} {:?} {tags:?}",
                    ticket.subject, ticket.status, ticket.priority, ticket.merged_into
                ),
                said: on_ticket(account, ticket.id),
                thread,
                changes: parted(&changes),
            });
        }
        End {
            tickets,
            channel: bridged::channel(&self.app).await,
            mails: account
                .mail_sent()
                .into_iter()
                .map(|mail| (mail.ticket_id, mail.to, mail.subject))
                .collect(),
        }
    }
}

fn parted(changes: &[String]) -> Vec<String> {
    let lines = changes.iter().flat_map(|words| {
        let words = words.trim_start_matches("hammerdesk: ");
        words.lines().map(str::to_owned)
    });
    lines.collect()
}

async fn born(
    sim: &FreshdeskSim,
    clock: &Arc<ManualClock>,
    url: &str,
    setup: &Setup,
    life: &Arc<Life>,
) -> App {
    let held = Arc::clone(life);
    sim.account().hold_back(move |_| !held.step());
    let store = Store::open(url).await.unwrap().watched(life.watch());
    bridged::bot(sim, clock, store, setup)
}

/// How it ended, on both sides.
#[derive(Debug, PartialEq)]
struct End {
    tickets: Vec<Told>,
    channel: Vec<String>,
    mails: Vec<(u64, Vec<String>, String)>,
}

#[derive(Debug, PartialEq)]
struct Told {
    ticket: u64,
    fields: String,
    said: Vec<String>,
    /// What people said, in its order.
    thread: Vec<String>,
    /// What changed. What is seen at one look is told in one message, and a killing parts looks.
    changes: Vec<String>,
}

/// Tells the story once, killed as told; how it ended, how many durable steps it had and how many lives.
async fn told(killing: Killing) -> (End, usize, usize) {
    let (_folder, file) = house_copy().await;
    told_on(&format!("sqlite:{}", file.display()), killing).await
}

async fn told_on(url: &str, killing: Killing) -> (End, usize, usize) {
    let mut story = Story::begin(url, killing).await;
    let end = story.tell().await;
    let steps = story.steps + story.life.steps.load(Ordering::SeqCst);
    story.app.store.close().await;
    (end, steps, story.lives)
}

#[tokio::test]
async fn the_story_without_a_killing_is_what_it_should_be() {
    let (end, steps, lives) = told(Killing::Never).await;
    assert_eq!(lives, 1);
    assert!(steps > 100, "{steps} durable steps");
    assert_eq!(
        end.mails.len(),
        2,
        "Kit's reply and the previewed one: {:?}",
        end.mails
    );
    let said = &end.tickets[0].said;
    for once in [
        "From Monday, 9 to 5.",
        "The bank called",
        "Carrier asked",
        "It is Tuesday!",
    ] {
        assert_eq!(
            said.iter().filter(|words| words.contains(once)).count(),
            1,
            "{once}: {said:#?}"
        );
    }
    assert!(
        !said.iter().any(|words| words.contains("Said too soon")),
        "{said:#?}"
    );
    assert_eq!(end.tickets.len(), 3);
    assert_eq!(end.channel.len(), 3, "{:#?}", end.channel);
}

#[tokio::test]
async fn killed_after_every_few_steps_of_each_life_it_still_gets_there_and_doubles_nothing() {
    let (whole, ..) = told(Killing::Never).await;
    for few in [11, 17, 23] {
        let (end, _, lives) = told(Killing::AfterEach(few)).await;
        assert!(lives > 10, "{lives} lives");
        assert_eq!(end, whole, "killed after every {few} steps");
    }
}

#[test]
fn killed_at_any_one_of_its_durable_steps_it_gets_there_and_doubles_nothing() {
    let run = |killing| {
        let here = tokio::runtime::Builder::new_current_thread().enable_all().build();
        here.unwrap().block_on(told(killing))
    };
    let (whole, steps, _) = run(Killing::Never);
    let every = if bridged::whole_proofs() { 1 } else { FEW };
    let next = AtomicUsize::new(1);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let step = next.fetch_add(every, Ordering::SeqCst);
                    if step > steps {
                        return;
                    }
                    let (end, _, lives) = run(Killing::After(step));
                    assert_eq!(lives, 2, "killed after step {step} of {steps}");
                    assert_eq!(end, whole, "killed after step {step} of {steps}");
                }
            });
        }
    });
}

#[tokio::test]
async fn on_either_engine_lives_that_end_early_come_to_the_same() {
    let (whole, ..) = told(Killing::Never).await;
    testing::each_url(async |url| {
        let store = Store::open(&url).await.unwrap();
        furnish_house(&store).await;
        store.close().await;
        let (end, _, lives) = told_on(&url, Killing::AfterEach(23)).await;
        assert!(lives > 5, "{lives} lives");
        assert_eq!(end, whole);
    })
    .await;
}
