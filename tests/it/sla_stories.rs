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
const HOURS: &str = r#"
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

const FOUR_HOURS: &str = r#"
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
