//! Promises as people live with them: what they are told, when, and what the record says afterwards. Every
//! story runs over the simulated account and on both engines.

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk::bridge::BridgeRule;
use hammerdesk::config::Config;
use hammerdesk::freshdesk::{Desk as HelpDesk, Helpdesk, SyncSettings};
use hammerdesk_commands::render;
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::clock::Clock as _;
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_domain::ids::ChannelId;
use hammerdesk_domain::sla::judge::Judged;
use hammerdesk_freshdesk::{ApiKey, Client, Options as ClientOptions};
use hammerdesk_sandbox::freshdesk::{Account, FreshdeskSim, Options};
use hammerdesk_store::Store;
use hammerdesk_store::testing::each_engine;

use crate::harness::{COORDINATOR, Desk, MANAGER};

/// London, with the bank holiday at the end of August and an evening sale in November.
pub(crate) const HOURS: &str = r#"
    [[locations]]
    id = "london"
    name = "London"
    entity = "1000"
    time_zone = "Europe/London"
    holidays = { "2026-08-31" = "Summer bank holiday" }
    [locations.hours]
    mon = [["09:00", "17:30"]]
    tue = [["09:00", "17:30"]]
    wed = [["09:00", "17:30"]]
    thu = [["09:00", "17:30"]]
    fri = [["09:00", "17:30"]]
    [locations.dates."2026-11-21"]
    name = "Evening sale"
    hours = [["10:00", "22:00"]]
"#;

pub(crate) const FOUR_HOURS: &str = r#"
    [[sla.policies]]
    id = "standard"
    first_response = "4h"
    next_response = "4h"
    callback = "0m"
    acknowledgement = "1h"
    warnings = ["50%", "75%"]
    pauses = ["pending"]
"#;

/// A helpdesk, the promises made there, and the people who are told.
pub(crate) struct Story {
    pub(crate) desk: Desk,
    pub(crate) sim: FreshdeskSim,
    pub(crate) kit: u64,
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The rules of a text, in settings.
fn promise(settings: &mut Settings, rules: &str) {
    let config = Config::from_toml(&format!("{HOURS}\n{rules}")).unwrap();
    settings.sla = config.settings().unwrap().sla;
    settings
        .agents
        .insert("kit@house.test".to_owned(), COORDINATOR.into());
}

impl Story {
    pub(crate) async fn begin(store: Store, start: &str, rules: &str) -> Self {
        let desk = Desk::over(store, None, |settings| promise(settings, rules));
        desk.clock.set(at(start));
        let sim = FreshdeskSim::start(Options::at(desk.clock.clone()))
            .await
            .unwrap();
        let kit = sim.account().add_agent("Kit Ashdown", "kit@house.test");
        let mut story = Self { desk, sim, kit };
        story.connect();
        story.settle().await;
        story
    }

    /// The service, as it starts over what is stored.
    fn connect(&mut self) {
        let app = self.desk.app.clone();
        let client = Client::new(
            self.sim.url(),
            ApiKey::new(self.sim.api_key()),
            ClientOptions::default(),
        )
        .unwrap();
        let helpdesk = Helpdesk::new(
            app.store.clone(),
            client,
            app.clock.clone(),
            SyncSettings::default(),
        );
        let channel = app.settings.channel(&ChannelId::new("accounts-london")).unwrap();
        self.desk.app = app.with_desk(Some(HelpDesk::new(helpdesk, None))).with_bridge(
            vec![BridgeRule::everything(channel)],
            "https://house.test",
            false,
        );
    }

    /// The service stops, and starts again with those rules.
    fn restart(&mut self, rules: &str) {
        let store = self.desk.app.store.clone();
        let now = self.desk.clock.now();
        let clock = self.desk.clock.clone();
        let mut desk = Desk::over(store, None, |settings| promise(settings, rules));
        desk.clock.set(now);
        // The simulated account and the service stay on one clock.
        desk.clock = clock.clone();
        let mut app = hammerdesk::App::build(
            desk.app.store.clone(),
            Settings::clone(&desk.app.settings),
            clock,
            true,
        );
        std::mem::swap(&mut app, &mut desk.app);
        self.desk = desk;
        self.connect();
    }

    pub(crate) fn account(&self) -> &Account {
        self.sim.account()
    }

    async fn settle(&self) {
        self.desk.app.engine().settle().await.unwrap();
    }

    /// Time goes on to that instant, with somebody looking every few minutes.
    pub(crate) async fn until(&self, instant: &str) {
        let to = at(instant);
        while self.desk.clock.now() < to {
            let step = TimeDelta::minutes(10).min(to - self.desk.clock.now());
            self.desk.clock.advance(step);
            self.settle().await;
        }
    }

    /// Time goes on to that instant, and nobody looks before it has come.
    pub(crate) async fn nothing_until(&self, instant: &str) {
        self.desk.clock.set(at(instant));
        self.settle().await;
    }

    /// The client mails.
    pub(crate) async fn mail(&self, subject: &str) -> u64 {
        let ticket = self.account().customer_mails(
            "mei@client.test",
            "Mei Ling Chan",
            subject,
            "<p>Please tell me.</p>",
        );
        self.settle_a_poll().await;
        ticket
    }

    /// What was done over there is read.
    pub(crate) async fn settle_a_poll(&self) {
        for _ in 0..3 {
            self.desk.clock.advance(TimeDelta::seconds(20));
            self.settle().await;
        }
    }

    /// What stands in a channel: badge, title and the line under it.
    pub(crate) async fn channel(&self, person: &str, channel: &str) -> Vec<String> {
        let mut view = self.desk.app.store.read().await.unwrap();
        let page = view.chat_page(&person.into(), channel, None, 100).await.unwrap();
        page.iter()
            .map(|message| {
                let reply = &message.body["reply"];
                let card = &reply["cards"][0];
                match card["title"].as_str() {
                    Some(title) => format!(
                        "[{}] {title} | {}",
                        card["badge"].as_str().unwrap_or_default(),
                        card["subtitle"].as_str().unwrap_or_default()
                    ),
                    None => reply["text"].as_str().unwrap_or_default().to_owned(),
                }
            })
            .filter(|line| !line.contains("| Ticket "))
            .collect()
    }

    pub(crate) async fn team(&self) -> Vec<String> {
        self.channel(COORDINATOR, "accounts-london").await
    }

    pub(crate) async fn managers(&self) -> Vec<String> {
        self.channel(MANAGER, "managers").await
    }

    /// The last card of a channel, as text.
    async fn last_card(&self, person: &str, channel: &str) -> String {
        let mut view = self.desk.app.store.read().await.unwrap();
        let page = view.chat_page(&person.into(), channel, None, 100).await.unwrap();
        let last = page.last().expect("a message");
        render::plain(&serde_json::from_value(last.body["reply"].clone()).unwrap())
    }

    pub(crate) async fn clocks(&self, ticket: u64) -> Vec<Judged> {
        let mut view = self.desk.app.store.read().await.unwrap();
        view.clocks_of_ticket(number(ticket)).await.unwrap()
    }

    /// Each promise of a ticket in a line.
    pub(crate) async fn promises(&self, ticket: u64) -> Vec<String> {
        let time = |at: Option<DateTime<Utc>>| {
            at.map_or_else(|| "-".to_owned(), |at| at.format("%a %d %H:%M").to_string())
        };
        self.clocks(ticket)
            .await
            .iter()
            .filter(|clock| clock.due_at.is_some() || clock.breached_at.is_some())
            .map(|clock| {
                format!(
                    "{} {}: due {}, broken {}",
                    clock.run.kind,
                    clock.state,
                    time(clock.due_at),
                    time(clock.breached_at)
                )
            })
            .collect()
    }
}

fn number(ticket: u64) -> TicketId {
    TicketId(i64::try_from(ticket).unwrap())
}

#[tokio::test]
async fn a_mail_on_friday_evening_before_a_bank_holiday_is_due_on_tuesday_and_alerts_come_in_office_hours() {
    each_engine(async |store| {
        let story = Story::begin(store, "2026-08-28T15:00:00Z", FOUR_HOURS).await;
        story.until("2026-08-28T16:00:00Z").await;
        let ticket = story.mail("Where is my refund?").await;
        // Half an hour of Friday counts, Monday is closed, so the other three and a half are Tuesday's.
        assert_eq!(
            story.promises(ticket).await,
            ["first_response running: due Tue 01 11:30, broken -"]
        );
        story.nothing_until("2026-09-01T09:25:00Z").await;
        assert_eq!(
            story.team().await,
            Vec::<String>::new(),
            "nobody is told at midnight"
        );
        story.until("2026-09-01T09:35:00Z").await;
        let title = format!("#{ticket} Where is my refund? | First response · London");
        assert_eq!(story.team().await, [format!("[AT RISK] {title}")]);
        let digest = "[] Promises this morning, London | 1 open · 1 due today · 0 broken · 0 unnoticed";
        assert_eq!(story.managers().await, [digest]);
        story.until("2026-09-01T10:40:00Z").await;
        assert_eq!(
            story.managers().await,
            [digest.to_owned(), format!("[AT RISK] {title}")]
        );
        story.until("2026-09-01T11:31:00Z").await;
        assert_eq!(story.managers().await.last(), Some(&format!("[OVERDUE] {title}")));
        story
            .account()
            .agent_replies(story.kit, ticket, "<p>It went out today.</p>")
            .unwrap();
        story.settle_a_poll().await;
        let read = story.managers().await;
        assert!(
            read.iter().skip(1).all(|line| !line.starts_with("[OVERDUE]")),
            "{read:#?}"
        );
        assert_eq!(
            story.promises(ticket).await,
            ["first_response late: due Tue 01 11:30, broken Tue 01 11:30"]
        );
    })
    .await;
}

#[tokio::test]
async fn a_sale_day_on_a_saturday_counts_and_the_evening_does_too() {
    each_engine(async |store| {
        let story = Story::begin(store, "2026-11-20T16:50:00Z", FOUR_HOURS).await;
        let ticket = story.mail("May I still bid?").await;
        // Forty minutes of Friday, then the sale's own hours from ten on Saturday.
        let due = story.clocks(ticket).await[0].due_at.unwrap();
        assert!(
            at("2026-11-21T13:19:00Z") < due && due < at("2026-11-21T13:25:00Z"),
            "{due}"
        );
        story.nothing_until("2026-11-21T13:30:00Z").await;
        let overdue = format!("[OVERDUE] #{ticket} May I still bid? | First response · London");
        assert!(story.managers().await.contains(&overdue));
        let clock = &story.clocks(ticket).await[0];
        assert_eq!(
            clock.breached_at,
            Some(due),
            "exact, however late it was looked at"
        );
    })
    .await;
}

#[tokio::test]
async fn a_client_who_writes_three_times_is_promised_one_answer_from_the_first() {
    each_engine(async |store| {
        let story = Story::begin(store, "2026-11-18T09:00:00Z", FOUR_HOURS).await;
        let ticket = story.mail("Invoice").await;
        let account = story.account();
        account
            .agent_replies(story.kit, ticket, "<p>Here it is.</p>")
            .unwrap();
        story.until("2026-11-18T10:00:00Z").await;
        for words in ["It is empty.", "Still empty.", "Hello?"] {
            account.customer_answers(ticket, words).unwrap();
            story
                .until(&(story.desk.clock.now() + TimeDelta::minutes(20)).to_rfc3339())
                .await;
        }
        let clocks = story.clocks(ticket).await;
        let next = clocks
            .iter()
            .find(|clock| clock.run.kind.word() == "next_response")
            .unwrap();
        assert_eq!(
            (next.run.waiting, next.due_at),
            (3, Some(at("2026-11-18T14:00:00Z")))
        );
        account
            .agent_replies(story.kit, ticket, "<p>Now it is not.</p>")
            .unwrap();
        story.settle_a_poll().await;
        let promises = story.promises(ticket).await;
        assert!(
            promises.iter().all(|promise| promise.contains(" met: ")),
            "{promises:#?}"
        );
        assert_eq!(story.team().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn a_call_satisfies_a_mail_and_one_that_nobody_picked_up_does_not() {
    each_engine(async |store| {
        let story = Story::begin(store, "2026-11-18T09:00:00Z", FOUR_HOURS).await;
        let ticket = story.mail("Please call me").await;
        let line = |spoke: &str| format!("/sla called {ticket} spoke:{spoke}");
        story.desk.text(COORDINATOR, &line("no")).await;
        story.settle_a_poll().await;
        assert_eq!(
            story.promises(ticket).await,
            ["first_response running: due Wed 18 13:00, broken -"]
        );
        story.until("2026-11-18T10:00:00Z").await;
        let said = story.desk.text(COORDINATOR, &line("yes")).await;
        assert!(said.contains("That answers what waits on it."), "{said}");
        story.settle_a_poll().await;
        assert_eq!(
            story.promises(ticket).await,
            ["first_response met: due Wed 18 13:00, broken -"]
        );
        let again = story.desk.text(COORDINATOR, &line("yes")).await;
        assert!(!again.is_empty());
        let explained = story
            .desk
            .text(COORDINATOR, &format!("/sla explain {ticket}"))
            .await;
        assert!(explained.contains("spoken to on the phone"), "{explained}");
    })
    .await;
}

#[tokio::test]
async fn a_manager_who_snoozes_says_why_is_told_again_when_it_ends_and_not_after_taking_notice() {
    each_engine(async |store| {
        let story = Story::begin(store, "2026-11-18T09:00:00Z", FOUR_HOURS).await;
        let ticket = story.mail("Refund").await;
        story.until("2026-11-18T13:10:00Z").await;
        let title = format!("#{ticket} Refund | First response · London");
        let overdue = format!("[OVERDUE] {title}");
        assert_eq!(story.managers().await.last(), Some(&overdue));
        let ask = async |line: &str| {
            story
                .desk
                .text(MANAGER, &format!("/sla snooze {ticket} {line}"))
                .await
        };
        let refused = ask("for:9h reason:\"bank holiday\"").await;
        assert!(
            refused.starts_with("An alert may be put off for 4h at most"),
            "{refused}"
        );
        let done = ask("for:1h reason:\"bank confirms at two\"").await;
        assert!(
            done.starts_with(&format!(
                "The alert on ticket {ticket} waits until Wed 18 Nov 14:1"
            )),
            "{done}"
        );
        story.settle().await;
        assert_eq!(story.managers().await.last(), Some(&format!("[SNOOZED] {title}")));
        let card = story.last_card(MANAGER, "managers").await;
        assert!(card.contains("bank confirms at two"), "{card}");
        let before = story.managers().await.len();
        story.until("2026-11-18T14:05:00Z").await;
        assert_eq!(
            story.managers().await.len(),
            before,
            "nobody is told while it is put off"
        );
        story.until("2026-11-18T14:30:00Z").await;
        assert_eq!(story.managers().await.last(), Some(&overdue), "told again");
        // It is told again in half an hour, until somebody takes notice.
        let told = story.managers().await.len();
        story.until("2026-11-18T15:00:00Z").await;
        assert_eq!(story.managers().await.len(), told + 1);
        let said = story
            .desk
            .text(MANAGER, &format!("/sla acknowledge {ticket}"))
            .await;
        assert!(
            said.starts_with(&format!("You took notice of ticket {ticket}")),
            "{said}"
        );
        story.until("2026-11-18T17:00:00Z").await;
        assert_eq!(story.managers().await.len(), told + 1, "and no more after that");
        assert_eq!(story.managers().await.last(), Some(&format!("[NOTICED] {title}")));
    })
    .await;
}

#[tokio::test]
async fn what_fell_due_while_the_bot_was_down_is_told_once_in_order_with_its_own_instant() {
    each_engine(async |store| {
        let mut story = Story::begin(store, "2026-11-18T09:00:00Z", FOUR_HOURS).await;
        let first = story.mail("Answered in time").await;
        let second = story.mail("Answered late").await;
        let third = story.mail("Never answered").await;
        story.until("2026-11-18T09:30:00Z").await;
        // The bot is down for a day; the helpdesk is not.
        for (when, ticket) in [("2026-11-18T10:30:00Z", first), ("2026-11-18T15:00:00Z", second)] {
            story.desk.clock.set(at(when));
            story
                .account()
                .agent_replies(story.kit, ticket, "<p>Yes.</p>")
                .unwrap();
        }
        story.desk.clock.set(at("2026-11-19T11:00:00Z"));
        story.restart(FOUR_HOURS);
        story.settle().await;
        story.settle_a_poll().await;
        let states: Vec<String> = [
            story.promises(first).await,
            story.promises(second).await,
            story.promises(third).await,
        ]
        .concat();
        assert!(states[0].starts_with("first_response met"), "{states:#?}");
        assert!(
            states[1].starts_with("first_response late") && states[2].starts_with("first_response overdue"),
            "{states:#?}"
        );
        let mut view = story.desk.app.store.read().await.unwrap();
        let fallen = view
            .fallen_since(at("2026-11-18T00:00:00Z"), at("2026-11-20T00:00:00Z"), 100)
            .await
            .unwrap();
        drop(view);
        let told: Vec<(u64, String, bool)> = fallen
            .iter()
            .map(|fell| {
                let at = fell.happening.at.format("%H:%M").to_string();
                let ticket = u64::try_from(fell.ticket.0).unwrap();
                (
                    ticket,
                    format!("{:?} {at}", fell.happening.occasion),
                    fell.happening.is_late,
                )
            })
            .collect();
        assert_eq!(
            told.iter().filter(|(ticket, ..)| *ticket == first).count(),
            0,
            "what was answered in time never fell due: {told:?}"
        );
        let breaches: Vec<&(u64, String, bool)> = told
            .iter()
            .filter(|(_, what, _)| what.starts_with("Breach"))
            .collect();
        assert_eq!(
            breaches.iter().map(|(ticket, ..)| *ticket).collect::<Vec<_>>(),
            [second, third]
        );
        assert!(
            breaches
                .iter()
                .all(|(_, what, late)| what.starts_with("Breach 13:0") && *late),
            "{breaches:?}"
        );
        let read = story.managers().await;
        assert!(
            read.contains(&format!(
                "[ANSWERED LATE] #{second} Answered late | First response · London"
            )) && read.contains(&format!(
                "[OVERDUE] #{third} Never answered | First response · London"
            )),
            "{read:#?}"
        );
        let before = read.len();
        story.restart(FOUR_HOURS);
        story.settle().await;
        story.settle_a_poll().await;
        assert_eq!(
            story.managers().await.len(),
            before,
            "another start tells nothing twice"
        );
    })
    .await;
}

#[tokio::test]
async fn many_at_once_are_one_card_that_counts_and_goes_down_as_they_are_answered() {
    each_engine(async |store| {
        let story = Story::begin(store, "2026-11-18T09:00:00Z", FOUR_HOURS).await;
        let mut tickets = Vec::new();
        for n in 0..20 {
            tickets.push(story.account().customer_mails(
                &format!("client{n}@client.test"),
                "A client",
                &format!("Question {n}"),
                "<p>?</p>",
            ));
        }
        story.until("2026-11-18T09:10:00Z").await;
        story.nothing_until("2026-11-18T13:05:00Z").await;
        let read = story.managers().await;
        assert_eq!(read.len(), 6, "{read:#?}");
        assert!(
            read[5].starts_with("[ALERTS] 15 promises are broken | London"),
            "{read:#?}"
        );
        for ticket in &tickets {
            story
                .account()
                .agent_replies(story.kit, *ticket, "<p>Yes.</p>")
                .unwrap();
        }
        story.settle_a_poll().await;
        let read = story.managers().await;
        assert_eq!(read.len(), 6);
        assert_eq!(
            read[5],
            "[OVER] All of these are dealt with | London · one card for all of them"
        );
    })
    .await;
}

#[tokio::test]
async fn an_alert_that_nobody_has_seen_yet_is_not_shown_once_it_is_answered() {
    each_engine(async |store| {
        let story = Story::begin(store, "2026-11-18T09:00:00Z", FOUR_HOURS).await;
        let ticket = story.mail("Refund").await;
        story.until("2026-11-18T10:50:00Z").await;
        story.desk.clock.set(at("2026-11-18T11:02:00Z"));
        // The warning is decided, and then answered before chat is reached.
        let sla = story.desk.app.sla.clone().unwrap();
        let only = hammerdesk::engine::Engine::new(hammerdesk::engine::Nudge::default()).with(sla);
        only.settle().await.unwrap();
        story
            .desk
            .text(COORDINATOR, &format!("/sla called {ticket} spoke:yes"))
            .await;
        only.settle().await.unwrap();
        story.settle_a_poll().await;
        assert_eq!(story.team().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn a_promised_call_is_a_promise_and_is_kept_by_a_call() {
    each_engine(async |store| {
        let story = Story::begin(store, "2026-11-18T09:00:00Z", FOUR_HOURS).await;
        let ticket = story.mail("Please call").await;
        let mut unit = story.desk.app.store.write().await.unwrap();
        let event = hammerdesk_domain::sla::event::Event::new(
            story.desk.clock.now(),
            "callback:test",
            hammerdesk_domain::sla::event::By::agent("kit"),
            hammerdesk_domain::sla::event::What::CallbackPromised {
                promise: "test".to_owned(),
                due_at: at("2026-11-18T11:00:00Z"),
            },
        );
        unit.note_sla_event(number(ticket), &event, story.desk.clock.now())
            .await
            .unwrap();
        unit.sla_escalated(
            number(ticket),
            "e1",
            None,
            hammerdesk_domain::sla::event::By::agent("kit"),
            story.desk.clock.now(),
        )
        .await
        .unwrap();
        unit.commit().await.unwrap();
        story.until("2026-11-18T10:30:00Z").await;
        let promises = story.promises(ticket).await;
        assert!(
            promises.contains(&"callback running: due Wed 18 11:00, broken -".to_owned()),
            "{promises:#?}"
        );
        assert!(
            promises
                .iter()
                .any(|promise| promise.starts_with("acknowledgement overdue")),
            "{promises:#?}"
        );
        story
            .desk
            .text(COORDINATOR, &format!("/sla called {ticket} spoke:yes"))
            .await;
        story.settle_a_poll().await;
        let promises = story.promises(ticket).await;
        assert!(
            promises.iter().any(|promise| promise.starts_with("callback met")),
            "{promises:#?}"
        );
    })
    .await;
}

#[tokio::test]
async fn new_rules_take_open_clocks_over_say_what_moved_and_leave_the_past_alone() {
    each_engine(async |store| {
        let mut story = Story::begin(store, "2026-11-18T09:00:00Z", FOUR_HOURS).await;
        let past = story.mail("Past").await;
        story
            .account()
            .agent_replies(story.kit, past, "<p>Yes.</p>")
            .unwrap();
        let open = story.mail("Open").await;
        story.until("2026-11-18T09:30:00Z").await;
        let before = story.promises(past).await;
        let stricter = FOUR_HOURS.replace("first_response = \"4h\"", "first_response = \"1h\"");
        // What a rehearsal says is what the change then does.
        let mut view = story.desk.app.store.read().await.unwrap();
        let now = story.desk.clock.now();
        let book = hammerdesk_commands::sla::rulebook(&mut view, now).await.unwrap();
        let tickets = view.sla_events_of_all(TicketId(0), 100).await.unwrap();
        drop(view);
        let candidate = hammerdesk_domain::sla::policy::Version {
            name: "v2".to_owned(),
            from: now,
            moves_open: true,
            rules: Config::from_toml(&format!("{HOURS}\n{stricter}"))
                .unwrap()
                .sla_rules()
                .unwrap(),
        };
        let rehearsed = hammerdesk_domain::sla::rehearse::rehearse(
            &book,
            &candidate,
            tickets
                .iter()
                .map(|(ticket, events)| (*ticket, events.as_slice())),
            now,
        );
        story.restart(&stricter);
        story.settle().await;
        story.settle_a_poll().await;
        assert_eq!(story.promises(past).await, before);
        let moved = story.promises(open).await;
        assert!(
            moved[0].starts_with("first_response running: due Wed 18 10:0"),
            "{moved:?}"
        );
        let read = story.managers().await;
        assert!(
            read.contains(
                &"[] The rules of promises changed: v2 holds now | 1 open deadline moves".to_owned()
            ),
            "{read:#?}"
        );
        let mut view = story.desk.app.store.read().await.unwrap();
        let kept: Vec<(TicketId, String, hammerdesk_domain::sla::rehearse::Moved)> =
            view.sla_differences("v2", 10).await.unwrap();
        assert_eq!(kept[0].0, number(open));
        let kept: Vec<_> = kept.into_iter().map(|(_, _, moved)| moved).collect();
        assert_eq!(kept, rehearsed.moved);
    })
    .await;
}
