//! A day of 20,000 events with faults on, in both directions: customers write, agents answer, note, edit, sort and
//! tidy up, coordinators talk in the threads, reply and change their minds; calls are refused, cut, lost before and
//! after their effect, answers come broken; webhooks are dropped, doubled and late; pages shift; the process is
//! started again. At its end both sides are compared field by field.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use hammerdesk::App;
use hammerdesk::bridge::Talk;
use hammerdesk_commands::request::What;
use hammerdesk_domain::chat::{Platform, SaidHow};
use hammerdesk_domain::clock::ManualClock;
use hammerdesk_domain::helpdesk::{find_mark, token_of, without_mark};
use hammerdesk_sandbox::freshdesk::model::{MailKind, Ticket};
use hammerdesk_sandbox::freshdesk::{Account, Fault, FreshdeskSim, Hook, html};
use hammerdesk_store::Store;
use serde_json::json;

use crate::bridged::{self, Setup, account, ask, says, thread, whole_proofs};
use crate::helpdesk::{ours, theirs};

/// The whole day takes minutes without optimisation: `HAMMERDESK_WHOLE_PROOFS=1` runs it.
const WHOLE: u64 = 20_000;
/// Of the same day, as much as every test run has time for.
const MORNING: u64 = 3_000;
const SECRET: &str = "a secret of some length";
/// Something happens on one of so many of the youngest tickets.
const LIVELY: u64 = 40;

/// A number that looks random and is the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Something said in chat: on which ticket, and what it says by now; nothing once it was taken back.
type Talked = BTreeMap<String, (u64, Option<String>)>;

struct Day {
    sim: FreshdeskSim,
    clock: Arc<ManualClock>,
    store: Store,
    setup: Setup,
    app: App,
    dice: Dice,
    agents: [u64; 3],
    group: u64,
    talked: Talked,
    /// Replies that were confirmed, and on which ticket.
    replied: Vec<(String, u64)>,
    /// Notes of agents that may still be edited or removed.
    notes: Vec<u64>,
    serving: Option<tokio::task::JoinHandle<std::io::Result<()>>>,
}

impl Day {
    async fn dawn(store: Store, seed: u64) -> Self {
        let (sim, clock) = account(|options| {
            options.unknowns.webhook_retries = hammerdesk_sandbox::freshdesk::WebhookRetries::HalfHourly;
        })
        .await;
        let agents = [("Ada", "ada"), ("Ben", "ben"), ("Cai", "cai")]
            .map(|(name, at)| sim.account().add_agent(name, &format!("{at}@house.test")));
        let group = sim.account().add_group("Accounts", &agents, None);
        let setup = Setup {
            talk: Talk::Note,
            timeout: Duration::from_millis(250),
            secret: Some(SECRET.to_owned()),
            ..Setup::of(&sim)
        };
        let app = bridged::bot(&sim, &clock, store.clone(), &setup);
        let mut day = Self {
            sim,
            clock,
            store,
            setup,
            app,
            dice: Dice(seed),
            agents,
            group,
            talked: Talked::new(),
            replied: Vec::new(),
            notes: Vec::new(),
            serving: None,
        };
        day.begin_again().await;
        day
    }

    fn account(&self) -> &Account {
        self.sim.account()
    }

    /// The process is started again, and its webhooks are served elsewhere.
    async fn begin_again(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
        }
        self.app = bridged::bot(&self.sim, &self.clock, self.store.clone(), &self.setup);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks/freshdesk", listener.local_addr().unwrap());
        let router = self.app.router();
        self.serving = Some(tokio::spawn(async move { axum::serve(listener, router).await }));
        self.account().set_webhook(Some(Hook {
            dropped_per_mille: 900,
            doubled_per_mille: 200,
            late_per_mille: 300,
            ..Hook::to(url, "X-Hammerdesk-Secret", SECRET)
        }));
    }

    async fn live(&mut self, events: u64) {
        let faults = vec![
            Fault::TooMany(Some(2)),
            Fault::TooMany(None),
            Fault::ServerError(500),
            Fault::ServerError(502),
            Fault::ServerErrorAfter(500),
            Fault::ServerErrorAfter(504),
            Fault::CutBefore,
            Fault::CutAfter,
            Fault::Truncated,
            Fault::WrongTypes,
            Fault::PageShift,
        ];
        self.account().random_faults(80, faults);
        for event in 0..events {
            self.clock.advance(TimeDelta::milliseconds(
                i64::try_from(self.dice.roll(8_640)).unwrap(),
            ));
            self.happens(event).await;
            match self.dice.roll(100) {
                // Whatever fails is for the next look.
                0 => drop(self.app.engine().settle().await),
                1..4 => drop(self.app.engine().tick().await),
                _ => {}
            }
            if event % 500 == 250 {
                self.fails_slowly();
            }
            if event % 2_000 == 1_999 {
                self.begin_again().await;
            }
        }
    }

    /// What takes real time: silence, and bodies that come slowly.
    fn fails_slowly(&mut self) {
        let silence = Duration::from_millis(300);
        let fault = match self.dice.roll(3) {
            0 => Fault::TimeoutBefore(silence),
            1 => Fault::TimeoutAfter(silence),
            _ => Fault::SlowBody(Duration::from_millis(20)),
        };
        self.account().fault(None, 1, &fault);
    }

    /// One of the youngest tickets.
    fn some_ticket(&mut self) -> Option<Arc<Ticket>> {
        let tickets = self.account().latest(usize::try_from(LIVELY).unwrap());
        let at = self.dice.roll(LIVELY);
        tickets
            .get(usize::try_from(at).unwrap() % tickets.len().max(1))
            .cloned()
    }

    async fn happens(&mut self, event: u64) {
        let what = self.dice.roll(100);
        let found = self.some_ticket().filter(|_| what >= 4);
        let Some(ticket) = found else {
            let email = format!("customer{}@example.org", self.dice.roll(200));
            let subject = format!("Question {event}");
            self.account()
                .customer_mails(&email, "Customer", &subject, "<p>Where is lot 45?</p>");
            return;
        };
        let id = ticket.id;
        let agent = self.agents[usize::try_from(self.dice.roll(3)).unwrap()];
        let account = self.account().clone();
        let roll = self.dice.roll(1_000);
        // What is not possible on a ticket that is gone is not done.
        match what {
            4..18 => drop(account.customer_answers(id, &format!("<p>Answer {event}</p>"))),
            18..30 => drop(account.agent_replies(agent, id, &format!("<p>Dear customer {event}</p>"))),
            30..46 => {
                if let Ok(note) = account.agent_notes(agent, id, &format!("<p>Called {event}</p>"), true) {
                    self.notes.push(note);
                }
            }
            46..62 => self.talks(id, event).await,
            62..65 => self.changes_a_word(event, false).await,
            65..67 => self.changes_a_word(event, true).await,
            67..68 => self.replies(id, event).await,
            68..74 => drop(account.agent_sets(agent, id, "status", json!(2 + roll % 4))),
            74..78 => drop(account.agent_sets(agent, id, "priority", json!(1 + roll % 4))),
            78..81 => drop(account.agent_sets(agent, id, "tags", json!(["vip", format!("t{}", roll % 9)]))),
            81..84 => drop(account.agent_sets(agent, id, "responder_id", json!(agent))),
            84..86 => drop(account.agent_sets(agent, id, "group_id", json!(self.group))),
            86..89 => self.status_from_chat(id, roll).await,
            89..92 => {
                if let Some(note) = self.notes.pop() {
                    drop(account.agent_edits(agent, note, &format!("<p>Better {event}</p>")));
                }
            }
            92..94 => {
                if let Some(note) = self.notes.pop() {
                    drop(account.agent_removes(agent, note));
                }
            }
            // Nobody speaks in chat about a ticket that comes and goes.
            94 if id % 8 == 0 => drop(account.agent_deletes(agent, id)),
            95 if id % 8 == 0 => drop(account.agent_marks_spam(agent, id, true)),
            96 if id % 8 == 0 => drop(account.agent_restores(agent, id)),
            97 if id % 8 == 0 => drop(account.agent_marks_spam(agent, id, false)),
            _ => drop(account.customer_answers(id, &format!("<p>Thank you {event}</p>"))),
        }
    }

    async fn talks(&mut self, id: u64, event: u64) {
        if id.is_multiple_of(8) || bridged::root(&self.app, id).await.is_none() {
            return;
        }
        let message = format!("m{event}");
        let text = format!("In chat <{event}> & more");
        says(&self.app, id, &message, SaidHow::Said, &text).await;
        self.talked.insert(message, (id, Some(text)));
    }

    /// One of the last words is said otherwise or taken back.
    async fn changes_a_word(&mut self, event: u64, is_taken_back: bool) {
        let back = usize::try_from(self.dice.roll(20)).unwrap();
        let standing = self.talked.iter().rev().filter(|(_, (_, text))| text.is_some());
        let Some((message, id)) = standing
            .map(|(message, (id, _))| (message.clone(), *id))
            .nth(back)
        else {
            return;
        };
        let text = (!is_taken_back).then(|| format!("Said otherwise {event}"));
        let how = if is_taken_back {
            SaidHow::Deleted
        } else {
            SaidHow::Edited
        };
        says(&self.app, id, &message, how, text.as_deref().unwrap_or_default()).await;
        self.talked.insert(message, (id, text));
    }

    async fn replies(&mut self, id: u64, event: u64) {
        if id.is_multiple_of(8) {
            return;
        }
        let text = format!("Dear client, reply {event}.");
        let line = format!("/ticket reply {id} text:\"{text}\"");
        let preview = ask(&self.app, What::Typed(line)).await;
        let Some(send) = preview
            .actions
            .iter()
            .find(|action| action.label == "Send to client")
        else {
            return;
        };
        // Twice, as impatient people do.
        for _ in 0..2 {
            let done = ask(&self.app, What::Press(send.id.clone())).await;
            let is_sent = done.facts["sent"] == json!(true);
            if is_sent && self.replied.last().is_none_or(|(last, _)| *last != text) {
                self.replied.push((text.clone(), id));
            }
        }
    }

    async fn status_from_chat(&mut self, id: u64, roll: u64) {
        let to = ["open", "pending", "resolved"][usize::try_from(roll % 3).unwrap()];
        ask(&self.app, What::Typed(format!("/ticket status {id} to:{to}"))).await;
    }

    /// Night falls: nothing more happens, nothing more fails.
    async fn night(&mut self) {
        self.account().end_faults();
        self.account().webhooks_posted().await;
        self.setup.timeout = Duration::from_secs(20);
        self.begin_again().await;
        bridged::rest(&self.clock, &[&self.app]).await;
        self.clock.advance(TimeDelta::hours(25));
        bridged::rest(&self.clock, &[&self.app]).await;
    }

    async fn compare(&self) {
        let ours = ours(&self.store).await;
        let theirs = theirs(self.account(), &ours);
        for (id, side) in &theirs {
            assert_eq!(ours.get(id), Some(side), "ticket {id}: ours, theirs");
        }
        assert_eq!(ours.len(), theirs.len());
        let mut threads = 0;
        for ticket in self.account().tickets() {
            threads += usize::from(self.compare_thread(&ticket).await);
        }
        assert!(
            threads * 2 > theirs.len(),
            "{threads} threads for {} tickets",
            theirs.len()
        );
        self.compare_talk();
        self.compare_mail();
    }

    /// The thread holds each word of the ticket once; `false` where there is no thread.
    async fn compare_thread(&self, ticket: &Ticket) -> bool {
        if bridged::root(&self.app, ticket.id).await.is_none() {
            return false;
        }
        let mut view = self.store.read().await.unwrap();
        let mut expected = vec!["Customer (client): Where is lot 45?".to_owned()];
        for said in &ticket.conversations {
            let is_from_chat = said.private && find_mark(&said.body).is_some();
            if is_from_chat {
                continue;
            }
            let post = view
                .stored_post(&format!("said:{}:{}", ticket.id, said.id), Platform::Console)
                .await
                .unwrap()
                .unwrap_or_else(|| panic!("{said:?} does not stand in chat"));
            assert_eq!(post.shown, post.revision, "{said:?}");
            let words = without_mark(&html::to_text(&said.body)).trim().to_owned();
            let text = post.post.reply.text.replace("\n(changed)", "");
            assert_eq!(text, words, "ticket {}", ticket.id);
            expected.push(format!(
                "{}: {}",
                post.post.author.unwrap_or_default(),
                post.post.reply.text
            ));
        }
        drop(view);
        let mut standing = thread(&self.app, ticket.id).await;
        standing.retain(|words| !words.starts_with("hammerdesk: "));
        standing.sort_unstable();
        expected.sort_unstable();
        assert_eq!(standing, expected, "thread of ticket {}", ticket.id);
        true
    }

    /// Each word of the chat is one private note, as it says by now.
    fn compare_talk(&self) {
        for (message, (id, text)) in &self.talked {
            let token = token_of(&format!("heard:console:{message}"));
            let ticket = self.account().ticket(*id).unwrap();
            let notes: Vec<_> = ticket
                .conversations
                .iter()
                .filter(|said| find_mark(&said.body) == Some(token))
                .collect();
            let expected = usize::from(text.is_some());
            assert_eq!(notes.len(), expected, "{message} on ticket {id}: {notes:?}");
            if let (Some(text), [note]) = (text, notes.as_slice()) {
                assert!(note.private && !note.incoming);
                let body = html::to_text(&note.body);
                assert!(body.contains(text), "{text} is not {body}");
            }
        }
    }

    /// Each reply that was confirmed is one mail.
    fn compare_mail(&self) {
        let mails = self.account().mail_sent();
        let of_bot = |body: &str| body.contains("Dear client, reply");
        for (text, id) in &self.replied {
            let sent = mails.iter().filter(|mail| mail.body.contains(text.as_str()));
            assert_eq!(sent.count(), 1, "{text} on ticket {id}");
        }
        let sent = mails
            .iter()
            .filter(|mail| mail.why == MailKind::Reply && of_bot(&mail.body));
        assert_eq!(sent.count(), self.replied.len(), "nothing else was mailed");
    }
}

async fn a_day(events: u64, seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("day.db");
    let store = Store::create(&format!("sqlite:{}", file.display()))
        .await
        .unwrap();
    let mut day = Day::dawn(store.clone(), seed).await;
    day.live(events).await;
    day.night().await;
    day.compare().await;
    assert!(
        day.talked.len() as u64 > events / 20,
        "{} words in chat",
        day.talked.len()
    );
    store.close().await;
}

#[tokio::test]
async fn a_long_day_with_faults_ends_with_both_sides_equal() {
    let events = if whole_proofs() { WHOLE } else { MORNING };
    a_day(events, 20_261_122).await;
}

#[tokio::test]
async fn short_days_with_faults_end_with_both_sides_equal() {
    for seed in 1..=2 {
        a_day(400, seed).await;
    }
}
