//! Chat and helpdesk beside each other, as the demo shows them: one person plays the customer, the agent and the
//! coordinator, and each word arrives on the other side by itself.

use std::sync::Arc;

use hammerdesk::App;
use hammerdesk::bridge::{BridgeRule, Talk};
use hammerdesk::freshdesk::{Desk as HelpDesk, Helpdesk, SyncSettings};
use hammerdesk::furnish::settings;
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::ids::ChannelId;
use hammerdesk_freshdesk::{ApiKey, Client, Options as ClientOptions};
use hammerdesk_sandbox::clock::DemoClock;
use hammerdesk_sandbox::freshdesk::{FreshdeskSim, Hook, Options};
use serde_json::json;
use tokio::sync::watch;

use super::driver::{Browser, DESKTOP, Driver, PHONE};
use crate::bridge::known_client;
use crate::harness::{COORDINATOR, Desk, moment};

const SECRET: &str = "the secret of this test";

/// The demo's two sides on a port of their own, with everything that goes by itself.
struct Side {
    driver: Driver,
    site: String,
    sim: FreshdeskSim,
    clock: Arc<DemoClock>,
    stop: watch::Sender<bool>,
    working: tokio::task::JoinHandle<()>,
    /// Keeps the store's folder.
    _desk: Desk,
}

impl Side {
    /// `None` where there is no browser.
    async fn open() -> Option<Self> {
        let driver = Driver::start().await?;
        let desk = Desk::open().await;
        let clock = Arc::new(DemoClock::starting_at(moment(), 1));
        let mut settings = settings(&desk.house);
        settings
            .agents
            .insert("kit@house.test".to_owned(), COORDINATOR.into());
        let app = App::build(desk.app.store.clone(), settings, clock.clone(), true);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let site = format!("http://{address}");
        let as_clock: Arc<dyn Clock> = clock.clone();
        let sim = FreshdeskSim::start(Options::at(as_clock.clone())).await.unwrap();
        let account = sim.account();
        account.add_agent("Kit Ashdown", "kit@house.test");
        let (_, name, email) = known_client(&desk);
        account.customer_mails(&email, &name, "First of all", "<p>Good morning</p>");
        let hook = format!("{site}/webhooks/freshdesk");
        account.set_webhook(Some(Hook::to(hook, "X-Hammerdesk-Secret", SECRET)));
        let client = Client::new(sim.url(), ApiKey::new(sim.api_key()), ClientOptions::default()).unwrap();
        let store = app.store.clone();
        let helpdesk = Helpdesk::new(store, client, as_clock, SyncSettings::default());
        let rule = BridgeRule {
            talk: Talk::Note,
            ..BridgeRule::everything(app.settings.channel(&ChannelId::new("accounts-london")).unwrap())
        };
        let app = app
            .with_desk(Some(HelpDesk::new(helpdesk, Some(SECRET))))
            .with_bridge(vec![rule], &format!("{site}/console/helpdesk"), false);
        let console = app.console.clone().unwrap();
        console.show_helpdesk(account.clone());
        console.show_clock(clock.clone());
        let router = app.router();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let (stop, stopped) = watch::channel(false);
        let working = tokio::spawn(app.engine().run(stopped));
        Some(Self {
            driver,
            site,
            sim,
            clock,
            stop,
            working,
            _desk: desk,
        })
    }

    async fn close(self) {
        self.stop.send_replace(true);
        self.working.await.unwrap();
    }
}

/// Turns to the chat or to the helpdesk.
async fn look_at(page: &Browser, side: u16) {
    page.client.enter_parent_frame().await.unwrap();
    page.client.enter_frame(side).await.unwrap();
}

const CHAT: u16 = 0;
const HELPDESK: u16 = 1;

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_mail_arrives_in_the_chat_and_the_previewed_reply_arrives_in_the_helpdesk() {
    let Some(side) = Side::open().await else { return };
    let page = side.driver.open(DESKTOP, &side.site).await;
    page.go("/console/side").await;
    page.client.enter_frame(CHAT).await.unwrap();
    page.click(&format!("[data-person='{COORDINATOR}']")).await;
    page.until("live updates run", "document.body.dataset.live === 'yes'")
        .await;

    look_at(&page, HELPDESK).await;
    page.value("document.querySelector('[name=subject]').value = 'When may I collect lot 45?'")
        .await;
    page.value("document.querySelector('[name=text]').value = 'I paid last week, at the counter.'")
        .await;
    page.click("button[value=mail]").await;
    page.until(
        "the mail is in the helpdesk",
        "document.querySelector('.tickets').innerText.includes('lot 45')",
    )
    .await;
    let ticket = side.sim.account().latest(1)[0].id;

    look_at(&page, CHAT).await;
    page.until(
        "its card is in the chat",
        &format!("document.querySelector('#log').innerText.includes('#{ticket} When may I collect lot 45?')"),
    )
    .await;
    page.until(
        "the words are in its thread",
        &format!(
            "[...document.querySelectorAll('#log .message')].some(m => m.innerText.includes('#{ticket} ') && m.querySelector('[data-thread]')?.innerText.match(/1 repl/))"
        ),
    )
    .await;
    page.value(&format!(
        "[...document.querySelectorAll('#log .message')].find(m => m.innerText.includes('#{ticket} ')).querySelector('[data-thread]').click()"
    ))
    .await;
    page.until(
        "one reads what the customer wrote",
        "document.querySelector('#thread-log')?.innerText.includes('at the counter')",
    )
    .await;
    page.picture("side-mail").await;

    let line = format!("/ticket reply {ticket} text:\"From Monday, 9 to 5.\"");
    page.see("#thread-line").await.send_keys(&line).await.unwrap();
    page.value("document.querySelector('#thread-line').closest('form').requestSubmit()")
        .await;
    page.until(
        "the preview stands",
        "document.querySelector('#thread-log').innerText.includes('NOT SENT')",
    )
    .await;
    assert_eq!(side.sim.account().mail_sent(), [], "a preview mailed something");
    page.value(
        "[...document.querySelectorAll('#thread-log button')].findLast(b => b.innerText.includes('Send to client')).click()",
    )
    .await;
    page.until(
        "it says that it goes out",
        "document.querySelector('#thread-log').innerText.includes('goes out.')",
    )
    .await;

    look_at(&page, HELPDESK).await;
    page.click(&format!(".tickets a[href$='ticket={ticket}']")).await;
    page.until(
        "the agent's reply stands in the helpdesk",
        "document.querySelector('article.agent')?.innerText.includes('From Monday, 9 to 5.')",
    )
    .await;
    page.picture("side-replied").await;
    assert_eq!(side.sim.account().mail_sent().len(), 1);
    page.see("[name=text]")
        .await
        .send_keys("Thank you, I come on Monday.")
        .await
        .unwrap();
    page.click("button[value=answer]").await;

    look_at(&page, CHAT).await;
    page.until(
        "the answer arrives in the thread",
        "document.querySelector('#thread-log').innerText.includes('I come on Monday')",
    )
    .await;
    look_at(&page, HELPDESK).await;
    page.click("button[data-status='4']").await;
    look_at(&page, CHAT).await;
    page.until(
        "the card says that it is resolved",
        &format!(
            "[...document.querySelectorAll('#log .message')].some(m => m.innerText.includes('#{ticket} ') && m.innerText.includes('RESOLVED'))"
        ),
    )
    .await;
    page.picture("side-resolved").await;
    page.close().await;
    side.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_is_wound_by_its_buttons_and_says_what_it_shows() {
    let Some(side) = Side::open().await else { return };
    for window in [DESKTOP, DESKTOP.dark(), PHONE] {
        let page = side.driver.open(window, &side.site).await;
        page.go("/console/helpdesk").await;
        page.see("#clock").await;
        page.is_readable().await;
        let over = page
            .value("document.scrollingElement.scrollWidth - window.innerWidth")
            .await;
        assert!(
            over.as_i64().is_some_and(|pixels| pixels <= 0),
            "{over} pixels too wide"
        );
        page.picture("helpdesk").await;
        page.close().await;
    }
    let page = side.driver.open(DESKTOP, &side.site).await;
    page.go("/console/helpdesk").await;
    page.click("[data-pace='600']").await;
    page.until(
        "the button is pressed",
        "document.querySelector('[data-pace=\"600\"]').getAttribute('aria-pressed') === 'true'",
    )
    .await;
    assert_eq!(side.clock.speed(), 600);
    page.click("[data-pace='0']").await;
    page.until(
        "it stands",
        "document.querySelector('#clock').dataset.speed === '0'",
    )
    .await;
    let stood = side.clock.now();
    page.click("[data-forward='60']").await;
    let then = (stood + chrono::TimeDelta::hours(1))
        .format("%H:%M:%S UTC")
        .to_string();
    page.until(
        "it shows the hour",
        &format!(
            "document.querySelector('#now').innerText.endsWith({})",
            json!(then)
        ),
    )
    .await;
    assert_eq!(side.clock.now(), stood + chrono::TimeDelta::hours(1));
    page.close().await;
    side.close().await;
}
