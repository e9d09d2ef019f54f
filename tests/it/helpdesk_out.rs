//! What goes out to the helpdesk, against an account that is simulated over real HTTP and fails as told.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk::App;
use hammerdesk::bridge::head_key;
use hammerdesk::discord::Cdn;
use hammerdesk::engine::{Deliverer as _, Engine, Verdict};
use hammerdesk::freshdesk::{Desk, Helpdesk, HelpdeskDeliverer, SyncSettings};
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::chat::{Platform, Post, SaidFile};
use hammerdesk_domain::clock::{Clock as _, ManualClock};
use hammerdesk_domain::helpdesk::{
    HelpdeskWrite, NewTicket, TicketChange, TicketId, WriteToken, find_mark, find_tag, mark, token_of,
};
use hammerdesk_domain::ids::{ChannelId, PersonId, new_id};
use hammerdesk_domain::message::{Outcome, Reply};
use hammerdesk_freshdesk::{ApiKey, Client, Nap, NewReply, Timer};
use hammerdesk_sandbox::freshdesk::model::{Conversation, MailKind};
use hammerdesk_sandbox::freshdesk::{Account, Fault, FreshdeskSim, Options, Route};
use hammerdesk_store::Store;
use hammerdesk_store::chat::{ChatFile, ChatMessage};
use serde_json::json;

use crate::harness::moment;

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

/// An account, an app that writes to it, and the time of both.
struct Out {
    sim: FreshdeskSim,
    clock: Arc<ManualClock>,
    app: App,
    engine: Engine,
    ticket: u64,
    _folder: tempfile::TempDir,
}

impl Out {
    /// With one ticket, which a client mailed and we have read.
    async fn begin() -> Self {
        Self::with(|_| ()).await
    }

    async fn with(how: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out.db");
        let store = Store::create(&format!("sqlite:{}", file.display()))
            .await
            .unwrap();
        let clock = Arc::new(ManualClock::at(moment()));
        let mut options = Options::at(clock.clone());
        how(&mut options);
        let sim = FreshdeskSim::start(options).await.unwrap();
        let ticket =
            sim.account()
                .customer_mails("ada@buyer.example", "Ada Lovelace", "Lot 45", "<p>When?</p>");
        let app = app(&sim, store, &clock);
        let out = Self {
            engine: app.engine(),
            sim,
            clock,
            app,
            ticket,
            _folder: folder,
        };
        out.pass(5).await;
        out
    }

    fn account(&self) -> &Account {
        self.sim.account()
    }

    fn id(&self) -> TicketId {
        id(self.ticket)
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Everything that is due is done.
    async fn settle(&self) {
        self.engine.settle().await.unwrap();
    }

    /// Time passes in steps of a few seconds.
    async fn pass(&self, seconds: i64) {
        let end = self.now() + TimeDelta::seconds(seconds);
        self.settle().await;
        while self.now() < end {
            self.clock.advance(TimeDelta::seconds(5));
            self.settle().await;
        }
    }

    /// The process is killed and started again.
    fn restart(&mut self) {
        self.app = app(&self.sim, self.app.store.clone(), &self.clock);
        self.engine = self.app.engine();
    }

    async fn ask(&self, cause: &str, write: &HelpdeskWrite) -> WriteToken {
        let token = token_of(cause);
        let mut unit = self.app.store.write().await.unwrap();
        unit.enqueue_write(token, write, 1, self.now()).await.unwrap();
        unit.commit().await.unwrap();
        token
    }

    fn a_note(&self, text: &str) -> HelpdeskWrite {
        HelpdeskWrite::Note {
            ticket: self.id(),
            html: text.to_owned(),
            files: Vec::new(),
        }
    }

    fn a_reply(&self, text: &str) -> HelpdeskWrite {
        HelpdeskWrite::Reply {
            ticket: self.id(),
            html: text.to_owned(),
            cc: Vec::new(),
            files: Vec::new(),
        }
    }

    fn a_change(&self, change: TicketChange) -> HelpdeskWrite {
        HelpdeskWrite::Update {
            ticket: self.id(),
            change,
        }
    }

    /// `delivered`, `waiting`, ...; and as what or why.
    async fn fate(&self, token: WriteToken) -> (String, String) {
        let mut view = self.app.store.read().await.unwrap();
        let fate = view.fate(&format!("freshdesk:{token}")).await.unwrap().unwrap();
        (fate.state, fate.outcome.unwrap_or_default())
    }

    async fn state(&self, token: WriteToken) -> String {
        self.fate(token).await.0
    }

    /// What stands on the ticket with that token.
    fn ours(&self, token: WriteToken) -> Vec<Conversation> {
        let ticket = self.account().ticket(self.ticket).unwrap();
        let carries = |said: &&Conversation| find_mark(&said.body) == Some(token);
        ticket.conversations.iter().filter(carries).cloned().collect()
    }

    fn tickets_of(&self, token: WriteToken) -> Vec<u64> {
        let tickets = self.account().tickets();
        let ours = tickets
            .iter()
            .filter(|ticket| find_tag(ticket.tags.iter().map(String::as_str)) == Some(token));
        ours.map(|ticket| ticket.id).collect()
    }

    /// Replies that clients received.
    fn mailed(&self) -> usize {
        let mails = self.sim.mail_sent();
        mails.iter().filter(|mail| mail.why == MailKind::Reply).count()
    }

    /// How often that was asked of the helpdesk.
    fn asked(&self, route: Route) -> usize {
        let asked = self.sim.requests();
        asked.iter().filter(|seen| seen.route == Some(route)).count()
    }

    /// The card of the ticket stands in chat.
    async fn open_thread(&self) {
        let head = Post::new(
            head_key(self.id()),
            ChannelId::new("accounts-london"),
            Reply::sentence(Outcome::Answered, "Lot 45"),
        )
        .opening("Lot 45");
        let mut unit = self.app.store.write().await.unwrap();
        unit.post(&head, [Platform::Console], self.now()).await.unwrap();
        unit.commit().await.unwrap();
        self.settle().await;
    }

    /// What is said in its thread when that was refused.
    async fn refusal(&self, token: WriteToken) -> Option<String> {
        let mut view = self.app.store.read().await.unwrap();
        let post = view
            .stored_post(&format!("refused:{token}"), Platform::Console)
            .await
            .unwrap()?;
        assert_eq!(
            post.post.within.as_deref(),
            Some(head_key(self.id()).as_str()),
            "it stands in the thread"
        );
        assert!(post.message.is_some(), "it is shown");
        Some(post.post.reply.text)
    }
}

fn id(ticket: u64) -> TicketId {
    TicketId(i64::try_from(ticket).unwrap())
}

fn client(sim: &FreshdeskSim, clock: &Arc<ManualClock>) -> Client {
    let options = hammerdesk_freshdesk::Options {
        assumed_limit: 1_000_000,
        timeout: Duration::from_millis(300),
        timer: Arc::new(ByClock(Arc::clone(clock))),
        ..hammerdesk_freshdesk::Options::default()
    };
    Client::new(sim.url(), ApiKey::new(sim.api_key()), options).unwrap()
}

fn app(sim: &FreshdeskSim, store: Store, clock: &Arc<ManualClock>) -> App {
    let helpdesk = Helpdesk::new(
        store.clone(),
        client(sim, clock),
        clock.clone(),
        SyncSettings::default(),
    );
    App::build(store, Settings::default(), clock.clone(), true).with_desk(Some(Desk::new(helpdesk, None)))
}

#[tokio::test]
async fn each_kind_of_write_lands_once_and_is_known_as_ours() {
    let out = Out::begin().await;
    let agent = out.account().add_agent("Kit", "kit@house.example");
    out.account()
        .agent_sets(agent, out.ticket, "tags", json!(["vip"]))
        .unwrap();
    let create = NewTicket {
        subject: "Lot 46".to_owned(),
        html: "Asked by telephone".to_owned(),
        email: Some("grace@buyer.example".to_owned()),
        name: Some("Grace Hopper".to_owned()),
        priority: Some(3),
        tags: vec!["phone".to_owned()],
        ..NewTicket::default()
    };
    let created = out.ask("create", &HelpdeskWrite::Create(create)).await;
    let note = out.ask("note", &out.a_note("Bank says <b>Friday</b>")).await;
    let reply = out.ask("reply", &out.a_reply("Dear Ada")).await;
    let change = TicketChange {
        status: Some(3),
        add_tags: vec!["VIP".to_owned(), "wire".to_owned()],
        ..TicketChange::default()
    };
    let update = out.ask("update", &out.a_change(change)).await;
    out.settle().await;

    for token in [created, note, reply, update] {
        assert_eq!(out.state(token).await, "delivered");
    }
    let made = out.tickets_of(created);
    assert_eq!(made.len(), 1);
    let ticket = out.account().ticket(made[0]).unwrap();
    assert_eq!((ticket.subject.as_deref(), ticket.priority), (Some("Lot 46"), 3));
    assert!(ticket.tags.contains(&"phone".to_owned()));
    let notes = out.ours(note);
    assert_eq!(notes.len(), 1);
    assert!(notes[0].private && notes[0].body.starts_with("Bank says <b>Friday</b>"));
    let replies = out.ours(reply);
    assert_eq!((replies.len(), replies[0].private, out.mailed()), (1, false, 1));
    let changed = out.account().ticket(out.ticket).unwrap();
    assert_eq!(
        (changed.status, &*changed.tags),
        (3, &["vip".to_owned(), "wire".to_owned()][..])
    );
    let note_request = out.sim.requests();
    let bodies: Vec<_> = note_request
        .iter()
        .filter(|seen| seen.route == Some(Route::Note))
        .collect();
    assert!(
        bodies.iter().all(|seen| seen.body.contains(r#""private":true"#)),
        "{bodies:?}"
    );

    let mut view = out.app.store.read().await.unwrap();
    let said = view.conversations(out.id()).await.unwrap();
    let tokens: Vec<_> = said.iter().filter_map(|said| said.token).collect();
    assert_eq!(
        tokens,
        [note, reply],
        "both are known as ours, and stored at once"
    );
    assert!(view.ticket(id(made[0])).await.unwrap().is_some());
    drop(view);

    let edit = HelpdeskWrite::EditNote {
        ticket: out.id(),
        note,
        html: "Bank says Monday".to_owned(),
    };
    out.ask("edit", &edit).await;
    out.settle().await;
    let notes = out.ours(note);
    assert!(
        notes.len() == 1 && notes[0].body.starts_with("Bank says Monday"),
        "{notes:?}"
    );
    let delete = HelpdeskWrite::DeleteNote {
        ticket: out.id(),
        note,
    };
    let deleted = out.ask("delete", &delete).await;
    out.settle().await;
    assert_eq!(
        (out.state(deleted).await.as_str(), out.ours(note).len()),
        ("delivered", 0)
    );
    assert_eq!(out.account().violations(), []);
}

#[tokio::test]
async fn what_stands_so_already_is_not_written() {
    let out = Out::begin().await;
    let change = TicketChange {
        status: Some(2),
        ..TicketChange::default()
    };
    let token = out.ask("same", &out.a_change(change)).await;
    out.settle().await;
    assert_eq!(out.state(token).await, "delivered");
    assert_eq!(out.asked(Route::UpdateTicket), 0);
}

#[tokio::test]
async fn whatever_cuts_a_write_off_it_lands_once_and_a_client_gets_one_mail() {
    let long = Duration::from_millis(600);
    let landed = [
        Fault::CutAfter,
        Fault::TimeoutAfter(long),
        Fault::ServerErrorAfter(500),
        Fault::ServerErrorAfter(504),
        Fault::Truncated,
    ];
    let lost = [
        Fault::CutBefore,
        Fault::TimeoutBefore(long),
        Fault::ServerError(502),
    ];
    for (fault, has_landed) in landed
        .iter()
        .map(|fault| (fault, true))
        .chain(lost.iter().map(|fault| (fault, false)))
    {
        for route in [Route::CreateTicket, Route::Note, Route::Reply] {
            let out = Out::begin().await;
            let write = match route {
                Route::Note => out.a_note("Bank says Friday"),
                Route::Reply => out.a_reply("Dear Ada"),
                _ => HelpdeskWrite::Create(NewTicket {
                    subject: "Lot 46".to_owned(),
                    html: "x".to_owned(),
                    email: Some("grace@buyer.example".to_owned()),
                    ..NewTicket::default()
                }),
            };
            let count = |out: &Out, token| match route {
                Route::CreateTicket => out.tickets_of(token).len(),
                _ => out.ours(token).len(),
            };
            out.account().fault(route, 1, fault);
            let token = out.ask("x", &write).await;
            out.settle().await;
            let what = format!("{fault:?} on {route:?}");
            if has_landed {
                assert_eq!(out.state(token).await, "delivered", "{what}: found at once");
            } else {
                out.pass(40).await;
                assert_eq!(out.state(token).await, "waiting", "{what}: it may still arrive");
                assert_eq!(out.asked(route), 1, "{what}");
            }
            out.pass(240).await;
            assert_eq!(out.state(token).await, "delivered", "{what}");
            assert_eq!(count(&out, token), 1, "{what}");
            let mails = usize::from(route == Route::Reply);
            assert_eq!(out.mailed(), mails, "{what}");
            assert_eq!(out.asked(route), if has_landed { 1 } else { 2 }, "{what}");
        }
    }
}

#[tokio::test]
async fn a_mail_is_not_sent_again_while_nobody_can_tell_whether_it_was() {
    for fault in [Fault::WrongTypes, Fault::Bare, Fault::ServerError(500)] {
        let out = Out::begin().await;
        out.account().fault(Route::Reply, 1, &Fault::CutAfter);
        out.account().fault(Route::Conversations, 500, &fault);
        let token = out.ask("reply", &out.a_reply("Dear Ada")).await;
        out.pass(300).await;
        assert_eq!((out.asked(Route::Reply), out.mailed()), (1, 1), "{fault:?}");
        out.account().end_faults();
        out.pass(400).await;
        assert_eq!(out.state(token).await, "delivered", "{fault:?}");
        assert_eq!((out.asked(Route::Reply), out.mailed()), (1, 1), "{fault:?}");
    }
}

#[tokio::test]
async fn too_many_calls_only_make_it_later() {
    for after in [Some(20), None] {
        let out = Out::begin().await;
        out.account().fault(Route::Reply, 2, &Fault::TooMany(after));
        let token = out.ask("reply", &out.a_reply("Dear Ada")).await;
        out.settle().await;
        assert_eq!(out.state(token).await, "waiting");
        out.pass(600).await;
        assert_eq!(out.state(token).await, "delivered", "{after:?}");
        assert_eq!((out.ours(token).len(), out.mailed()), (1, 1));
    }
}

#[tokio::test]
async fn while_the_key_is_refused_everything_waits_and_nothing_is_lost() {
    let out = Out::begin().await;
    let bot = out.account().bot();
    out.account().change_agent(bot, |agent| agent.deactivated = true);
    let note = out.ask("note", &out.a_note("Bank says Friday")).await;
    let reply = out.ask("reply", &out.a_reply("Dear Ada")).await;
    out.pass(900).await;
    assert_eq!(
        (out.state(note).await, out.state(reply).await),
        ("waiting".into(), "waiting".into())
    );
    assert!(
        out.asked(Route::Note) <= 4,
        "a refused key is not tried over and over"
    );
    out.account().change_agent(bot, |agent| agent.deactivated = false);
    out.pass(900).await;
    assert_eq!(
        (out.ours(note).len(), out.ours(reply).len(), out.mailed()),
        (1, 1, 1)
    );
}

#[tokio::test]
async fn what_the_helpdesk_will_not_take_is_said_in_the_thread() {
    let out = Out::begin().await;
    out.open_thread().await;
    let change = TicketChange {
        status: Some(99),
        ..TicketChange::default()
    };
    let update = out.ask("update", &out.a_change(change)).await;
    let after = out.ask("note", &out.a_note("Bank says Friday")).await;
    out.settle().await;
    assert_eq!(out.state(update).await, "refused");
    assert_eq!(out.state(after).await, "delivered", "what comes behind goes on");
    let told = out.refusal(update).await.unwrap();
    assert!(
        told.starts_with(
            "The ticket could not be changed in the helpdesk: Freshdesk answered 400, status: invalid_value"
        ),
        "{told}"
    );
    let note = out.ours(after).remove(0);
    let agent = out.account().add_agent("Kit", "kit@house.example");
    out.account().agent_removes(agent, note.id).unwrap();
    let edit = HelpdeskWrite::EditNote {
        ticket: out.id(),
        note: after,
        html: "Bank says Monday".to_owned(),
    };
    let edited = out.ask("edit", &edit).await;
    out.settle().await;
    insta::assert_snapshot!(
        out.refusal(edited).await.unwrap(),
        @"The note could not be changed in the helpdesk: it is not in the helpdesk any more."
    );
    out.account().archives(out.ticket).unwrap();
    let facts = format!("facts:{}", out.ticket);
    let facts = out.ask(&facts, &out.a_note("Owes nothing")).await;
    let wanted = out.ask("too late", &out.a_note("Bank says never")).await;
    out.settle().await;
    assert_eq!(
        (out.state(facts).await, out.state(wanted).await),
        ("refused".into(), "refused".into())
    );
    assert!(out.refusal(wanted).await.is_some());
    assert_eq!(out.refusal(facts).await, None);
}

#[tokio::test]
async fn a_change_to_a_note_that_never_came_is_not_wanted() {
    let out = Out::begin().await;
    let never = token_of("never");
    for (cause, write) in [
        (
            "edit",
            HelpdeskWrite::EditNote {
                ticket: out.id(),
                note: never,
                html: "x".into(),
            },
        ),
        (
            "delete",
            HelpdeskWrite::DeleteNote {
                ticket: out.id(),
                note: never,
            },
        ),
    ] {
        let token = out.ask(cause, &write).await;
        out.settle().await;
        assert_eq!(out.state(token).await, "unwanted");
    }
}

#[tokio::test]
async fn the_order_on_a_ticket_is_kept_through_faults_and_other_tickets_do_not_wait() {
    let out = Out::begin().await;
    let other = out
        .account()
        .customer_mails("grace@buyer.example", "Grace", "Lot 9", "<p>x</p>");
    out.account().fault(Route::Note, 1, &Fault::CutBefore);
    let words = ["one", "two", "three"];
    for word in words {
        out.ask(word, &out.a_note(word)).await;
    }
    out.settle().await;
    let elsewhere = HelpdeskWrite::Note {
        ticket: id(other),
        html: "elsewhere".to_owned(),
        files: Vec::new(),
    };
    out.ask("elsewhere", &elsewhere).await;
    out.settle().await;
    assert_eq!(out.account().ticket(other).unwrap().conversations.len(), 1);
    assert!(out.account().ticket(out.ticket).unwrap().conversations.is_empty());
    out.pass(300).await;
    let ticket = out.account().ticket(out.ticket).unwrap();
    let order: Vec<_> = ticket
        .conversations
        .iter()
        .map(|said| words.iter().find(|word| said.body.starts_with(**word)).copied())
        .collect();
    assert_eq!(order, words.map(Some));
}

#[tokio::test]
async fn a_process_killed_at_any_point_of_a_reply_mails_once() {
    #[derive(Debug, Clone, Copy)]
    enum Killed {
        BeforeSending,
        AfterSending,
        BeforeSettling,
    }
    for killed in [
        Killed::BeforeSending,
        Killed::AfterSending,
        Killed::BeforeSettling,
    ] {
        let mut out = Out::begin().await;
        let token = out.ask("reply", &out.a_reply("Dear Ada")).await;
        let lane = format!("freshdesk:{}", out.ticket);
        let waiting = out
            .app
            .store
            .read()
            .await
            .unwrap()
            .head_of_lane(&lane, 1)
            .await
            .unwrap()
            .remove(0);
        let mut unit = out.app.store.write().await.unwrap();
        unit.note_attempt(waiting.id, out.now()).await.unwrap();
        unit.commit().await.unwrap();
        match killed {
            Killed::BeforeSending => {}
            Killed::AfterSending => {
                let reply = NewReply {
                    body: format!("Dear Ada{}", mark(token)),
                    ..NewReply::default()
                };
                let client = client(&out.sim, &out.clock);
                client.reply(out.ticket, &reply, Vec::new()).await.unwrap();
            }
            Killed::BeforeSettling => {
                let helpdesk = out.app.desk.as_ref().unwrap().helpdesk().clone();
                let to = HelpdeskDeliverer::new(helpdesk, Cdn::default(), out.app.nudge.clone());
                let verdict = to.deliver(&waiting).await.unwrap();
                assert!(matches!(verdict, Verdict::Delivered(_)), "{verdict:?}");
            }
        }
        out.restart();
        out.pass(300).await;
        assert_eq!(out.state(token).await, "delivered", "{killed:?}");
        assert_eq!((out.ours(token).len(), out.mailed()), (1, 1), "{killed:?}");
        assert_eq!(out.asked(Route::Reply), 1, "{killed:?}");
        let (_, conversation) = out.fate(token).await;
        assert_eq!(conversation, out.ours(token)[0].id.to_string());
    }
}

#[tokio::test]
async fn files_come_along_and_those_that_may_not_are_named() {
    let out = Out::begin().await;
    let message = ChatMessage {
        id: new_id(out.now()),
        channel: "accounts-london".to_owned(),
        thread: None,
        author: PersonId::new("kit"),
        only_for: None,
        at: out.now(),
        body: json!({ "kind": "text" }),
    };
    let file = |name: &str, content: &[u8]| ChatFile {
        name: name.to_owned(),
        media_type: "application/pdf".to_owned(),
        content: content.to_vec(),
    };
    let stored = [file("invoice.pdf", b"%PDF-1.7"), file("holiday.jpg", b"MZ\x90\0")];
    let mut unit = out.app.store.write().await.unwrap();
    unit.chat_post(&message, &stored, new_id(out.now()))
        .await
        .unwrap();
    unit.commit().await.unwrap();
    let said = |name: &str, size: u64, from: String| SaidFile {
        name: name.to_owned(),
        media_type: Some("application/pdf".to_owned()),
        size,
        from,
    };
    let files = vec![
        said("invoice.pdf", 8, format!("console:{}/0", message.id)),
        said("holiday.jpg", 4, format!("console:{}/1", message.id)),
        said("setup.exe", 4, format!("console:{}/0", message.id)),
        said(
            "film.mov",
            30_000_000,
            "https://cdn.discordapp.com/attachments/1/2/film.mov".to_owned(),
        ),
        said("passwd", 10, "file:///etc/passwd".to_owned()),
    ];
    let note = HelpdeskWrite::Note {
        ticket: out.id(),
        html: "See the files".to_owned(),
        files: files.clone(),
    };
    let token = out.ask("note", &note).await;
    out.settle().await;
    let note = out.ours(token).remove(0);
    let names: Vec<_> = note.attachments.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["invoice.pdf"]);
    assert_eq!(&*note.attachments[0].content, b"%PDF-1.7");
    assert!(note.private);
    insta::assert_snapshot!(note.body.replace(&mark(token), "").replace("<br>", "\n"), @r#"
    See the files
    File left out: holiday.jpg is of a kind that computers run. It is in the chat.
    File left out: setup.exe is of a kind that computers run. It is in the chat.
    File left out: film.mov is too large for the helpdesk. <a href="https://cdn.discordapp.com/attachments/1/2/film.mov">It is here.</a>
    File left out: passwd could not be fetched. It is in the chat.
    "#);

    out.open_thread().await;
    let reply = HelpdeskWrite::Reply {
        ticket: out.id(),
        html: "Dear Ada".to_owned(),
        cc: Vec::new(),
        files,
    };
    let token = out.ask("reply", &reply).await;
    out.settle().await;
    assert_eq!((out.state(token).await.as_str(), out.mailed()), ("refused", 0));
    insta::assert_snapshot!(
        out.refusal(token).await.unwrap(),
        @"The reply was not sent to the client: the file holiday.jpg is of a kind that computers run."
    );
    assert_eq!(out.account().violations(), []);
}
