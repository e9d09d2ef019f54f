//! The console in a real browser: what people see, with hand, keys, phone and zoom.
//!
//! Pictures of every page are kept as artefacts under `tmp/screens` of the target folder.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test panics when it fails, and says what it skips"
)]

mod driver;
mod side;

use fantoccini::key::Key;
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::ids::{ActionId, PersonId, new_id};
use hammerdesk_domain::message::{Action, Field, FieldKind, Form, Outcome, Reply};
use hammerdesk_store::chat::ChatMessage;
use serde_json::json;

use crate::harness::{COMPLIANCE, COORDINATOR, Desk, MANAGER, SHIPPING};
use driver::{Browser, DESKTOP, Driver, PHONE, Window, ZOOMED};

/// The sample house on a port of its own, and a driver to visit it.
struct Visit {
    driver: Driver,
    site: String,
    desk: Desk,
}

impl Visit {
    /// `None` where there is no browser.
    async fn open() -> Option<Self> {
        let driver = Driver::start().await?;
        let desk = Desk::open().await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = format!("http://{}", listener.local_addr().unwrap());
        let router = desk.app.router();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Some(Self { driver, site, desk })
    }

    async fn browser(&self, window: Window) -> Browser {
        self.driver.open(window, &self.site).await
    }

    async fn seated(&self, window: Window, person: &str) -> Browser {
        let browser = self.browser(window).await;
        browser.sit_down(person).await;
        browser
    }

    /// The question that shows a row of a decision table, and the name of the client it is about.
    fn question(&self, row: &str) -> (String, String) {
        let showcase = self
            .desk
            .house
            .showcases()
            .iter()
            .find(|showcase| showcase.row == row)
            .unwrap();
        (showcase.question.clone(), showcase.name.clone())
    }

    /// Puts an answer into the channel of the London team, for that person alone.
    async fn keep(&self, person: &str, reply: Reply) {
        let at = self.desk.clock.now();
        let message = ChatMessage {
            id: new_id(at),
            channel: "accounts-london".to_owned(),
            thread: None,
            author: PersonId::new(person),
            only_for: Some(PersonId::new(person)),
            at,
            body: json!({ "kind": "answer", "asked": "/balance", "reply": reply }),
        };
        let mut unit = self.desk.app.store.write().await.unwrap();
        unit.chat_post(&message, &[], new_id(at)).await.unwrap();
        unit.commit().await.unwrap();
    }
}

fn key(key: Key) -> String {
    key.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_balance_is_asked_completed_answered_and_explained_with_keys_alone() {
    let Some(visit) = Visit::open().await else { return };
    let (_, name) = visit.question("B8");
    let page = visit.seated(DESKTOP, COORDINATOR).await;
    page.until(
        "the message box has the focus",
        "document.activeElement.id === 'line'",
    )
    .await;
    page.keys("/").await;
    let commands = page.see("#line-suggestions").await.text().await.unwrap();
    for command in ["/balance", "/release", "/deposit", "/client find", "/help"] {
        assert!(
            commands.contains(command),
            "{command} is not offered in: {commands}"
        );
    }
    page.picture("commands").await;
    page.keys("bal").await;
    page.until(
        "one command is left",
        "document.querySelectorAll('#line-suggestions li').length === 1",
    )
    .await;
    page.keys(&key(Key::Tab)).await;
    page.until("it is taken", "document.activeElement.value === '/balance '")
        .await;
    page.keys(name.split(' ').next().unwrap()).await;
    page.until(
        "the client is offered",
        &format!("document.querySelector('#line-suggestions').innerText.includes({name:?})"),
    )
    .await;
    assert_eq!(
        page.value("document.activeElement.getAttribute('aria-expanded')")
            .await,
        "true"
    );
    page.keys(&key(Key::Down)).await;
    let marked = page.value("document.getElementById(document.activeElement.getAttribute('aria-activedescendant')).getAttribute('aria-selected')").await;
    assert_eq!(
        marked, "true",
        "a screen reader is not told which suggestion is marked"
    );
    page.picture("clients").await;
    page.keys(&key(Key::Enter)).await;
    page.until(
        "the number stands in the line",
        r"/^\/balance \d+ /.test(document.activeElement.value)",
    )
    .await;
    page.keys(&key(Key::Escape)).await;
    page.keys(&key(Key::Enter)).await;
    let card = page.see("#log .card").await.text().await.unwrap();
    assert!(card.contains(&name) && card.contains("As of"), "{card}");
    page.see("#log .message.private .only").await;
    page.picture("balance").await;

    for _ in 0..40 {
        page.keys(&format!("{}{}", Key::Shift, Key::Tab)).await;
        if page.value("'explain' in document.activeElement.dataset").await == true {
            break;
        }
    }
    page.keys(&key(Key::Enter)).await;
    page.see("#drawer .steps li").await;
    page.until(
        "the drawer has the focus",
        "document.activeElement.id === 'drawer-title'",
    )
    .await;
    page.picture("explained").await;
    page.value("document.querySelector('#log').scrollTop = document.querySelector('#log article').offsetTop - document.querySelector('#log').offsetTop - 12").await;
    page.until(
        "the card's head is in view",
        "document.querySelector('#log').scrollTop < 80",
    )
    .await;
    page.picture("readme").await;
    page.keys(&key(Key::Escape)).await;
    page.until(
        "the focus is back where it was",
        "'explain' in document.activeElement.dataset",
    )
    .await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_seat_gets_another_answer_and_sees_nothing_of_the_first() {
    let Some(visit) = Visit::open().await else { return };
    let (question, _) = visit.question("R09");
    let page = visit.seated(DESKTOP, COORDINATOR).await;
    let hers = page.ask(&question).await.text().await.unwrap();
    assert!(!hers.to_lowercase().contains("sanction"), "{hers}");
    page.picture("release-coordinator").await;

    page.change_seat(COMPLIANCE).await;
    assert_eq!(
        page.count("#log .card").await,
        0,
        "the coordinator's private answer is still there"
    );
    page.until(
        "the last question is ready",
        &format!("document.querySelector('#line').value === {question:?}"),
    )
    .await;
    page.keys(&key(Key::Enter)).await;
    let theirs = page.see("#log .card").await.text().await.unwrap();
    assert!(
        theirs.to_lowercase().contains("sanction"),
        "compliance does not read the hold: {theirs}"
    );
    page.picture("release-compliance").await;

    page.change_seat(SHIPPING).await;
    page.write("/").await;
    let offered = page.see("#line-suggestions").await.text().await.unwrap();
    assert!(
        offered.contains("/release") && !offered.contains("/balance"),
        "{offered}"
    );
    page.picture("shipping").await;
    page.click("#seat").await;
    page.see("#people").await;
    page.picture("seats").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_arrives_live_without_jumping_and_a_private_answer_never_does() {
    let Some(visit) = Visit::open().await else { return };
    let hers = visit.seated(DESKTOP, COORDINATOR).await;
    let his = visit.seated(DESKTOP, MANAGER).await;
    his.go("/console/c/accounts-london").await;
    his.until("live updates run", "document.body.dataset.live === 'yes'")
        .await;
    hers.ask("/help").await;
    hers.ask("first word to all").await;
    his.until(
        "the word arrives",
        "document.querySelector('#log').innerText.includes('first word to all')",
    )
    .await;
    assert_eq!(
        his.count("#log [data-id]").await,
        1,
        "something private arrived with it"
    );

    for n in 0..30 {
        hers.ask(&format!("line {n} of a long morning")).await;
    }
    his.until(
        "all have come",
        "document.querySelectorAll('#log [data-id]').length === 31",
    )
    .await;
    his.until(
        "the end is in view",
        "(l => l.scrollHeight - l.scrollTop - l.clientHeight < 60)(document.querySelector('#log'))",
    )
    .await;
    his.value("document.querySelector('#log').scrollTop = 40").await;
    hers.ask("something new").await;
    his.see("#pill").await;
    assert_eq!(
        his.value("document.querySelector('#log').scrollTop").await,
        40,
        "the page jumped while he was reading"
    );
    his.picture("new-messages").await;
    his.click("#pill").await;
    his.until(
        "the end is in view",
        "(l => l.scrollHeight - l.scrollTop - l.clientHeight < 60)(document.querySelector('#log'))",
    )
    .await;
    hers.close().await;
    his.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_opens_as_a_thread_in_which_both_talk_and_others_see_what_they_missed() {
    let Some(visit) = Visit::open().await else { return };
    let hers = visit.seated(DESKTOP, COORDINATOR).await;
    let his = visit.seated(DESKTOP, MANAGER).await;
    his.go("/console/c/accounts-london").await;
    his.until("live updates run", "document.body.dataset.live === 'yes'")
        .await;
    hers.ask("Who has the paperwork for lot 45?").await;
    his.see("#log .message [data-thread]")
        .await
        .click()
        .await
        .unwrap();
    his.see("#thread-line").await;
    his.keys("I have, it is on my desk.").await;
    his.keys(&key(Key::Enter)).await;
    hers.until(
        "she is told of the reply",
        "document.querySelector('#log').innerText.includes('1 reply')",
    )
    .await;
    hers.until(
        "it counts as unread",
        "document.querySelector('#places .unread .count')?.innerText.startsWith('1')",
    )
    .await;
    hers.picture("unread").await;
    hers.click("#log [data-thread]").await;
    hers.until(
        "she reads it",
        "document.querySelector('#thread-log')?.innerText.includes('on my desk')",
    )
    .await;
    hers.until(
        "then nothing is unread",
        "!document.querySelector('#places .unread')",
    )
    .await;
    hers.keys("Thank you!").await;
    hers.keys(&key(Key::Enter)).await;
    his.until(
        "he reads her answer",
        "document.querySelector('#thread-log').innerText.includes('Thank you!')",
    )
    .await;
    his.picture("thread").await;
    hers.close().await;
    his.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_asks_the_next_question_and_a_menu_is_walked_with_arrows() {
    let Some(visit) = Visit::open().await else { return };
    let (question, _) = visit.question("B8");
    let page = visit.seated(DESKTOP, COORDINATOR).await;
    page.ask(&question).await;
    let before = page.count("#log [data-id]").await;
    page.see("#log [data-press]").await.click().await.unwrap();
    page.until(
        "the next answer stands",
        &format!("document.querySelectorAll('#log [data-id]').length > {before}"),
    )
    .await;
    page.picture("pressed").await;
    page.ask("/balance a").await;
    page.see("#log .menu button").await;
    page.picture("which").await;
    page.value("document.querySelector('#log .menu button').focus()")
        .await;
    page.keys(&key(Key::Down)).await;
    page.until(
        "the second choice has the focus",
        "document.activeElement === document.querySelectorAll('#log .menu button')[1]",
    )
    .await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_says_what_will_happen_and_happens_only_when_it_is_sent() {
    let Some(visit) = Visit::open().await else { return };
    let (question, name) = visit.question("B8");
    let number = question.trim_start_matches("/balance ").to_owned();
    let client = visit
        .desk
        .ask(COORDINATOR, &format!("/client show {number}"))
        .await;
    let balance = client
        .actions
        .iter()
        .find(|action| action.label.to_lowercase().contains("balance"));
    let id = balance.map(|action| action.id.clone()).unwrap();
    let day = Field {
        name: "as_of".to_owned(),
        label: "As of".to_owned(),
        required: true,
        kind: FieldKind::Text,
    };
    let form = Form {
        title: "Balance on another day".to_owned(),
        says: "Asks for the balance at the end of that day. Nothing is changed.".to_owned(),
        fields: vec![day],
        submit: "Show balance".to_owned(),
    };
    let action = Action {
        id: ActionId::new(id.as_str()),
        form: Some(form),
        ..Action::ask("On another day", "")
    };
    let reply = Reply {
        actions: vec![action],
        ..Reply::sentence(Outcome::Answered, "Here it is.")
    };
    visit.keep(COORDINATOR, reply).await;

    let page = visit.seated(DESKTOP, COORDINATOR).await;
    page.click("#log [data-form]").await;
    let dialog = page.see("dialog[open]").await.text().await.unwrap();
    assert!(dialog.contains("Nothing is changed."), "{dialog}");
    page.picture("form").await;
    page.click("dialog[open] [data-close]").await;
    assert_eq!(page.count("#log [data-id]").await, 1, "cancelling did something");
    page.click("#log [data-form]").await;
    page.click("dialog[open] [type=submit]").await;
    assert_eq!(
        page.count("dialog[open]").await,
        1,
        "it was sent without what it must have"
    );
    page.see("dialog[open] input")
        .await
        .send_keys("2026-11-01")
        .await
        .unwrap();
    page.click("dialog[open] [type=submit]").await;
    let card = page.see("#log .card").await.text().await.unwrap();
    assert!(card.contains(&name), "{card}");
    page.until(
        "the fields are told",
        "document.querySelector('#log [data-id]:last-of-type .asked').innerText.includes('as_of:2026-11-01')",
    )
    .await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_sent_says_so_and_can_be_sent_again() {
    let Some(visit) = Visit::open().await else { return };
    let page = visit.seated(DESKTOP, COORDINATOR).await;
    page.value(
        "(window.real = window.fetch, window.fetch = () => Promise.reject(new TypeError('no line')), 0)",
    )
    .await;
    page.write("are you there?").await;
    page.keys(&key(Key::Enter)).await;
    let failed = page.see("#log .failed").await.text().await.unwrap();
    assert!(failed.starts_with("The server did not answer."), "{failed}");
    page.picture("not-sent").await;
    page.value("(window.fetch = window.real, 0)").await;
    page.click("#log .failed button").await;
    page.see("#log [data-id]").await;
    assert_eq!(page.count("#log .failed").await, 0);
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_are_explained_and_a_slash_leads_to_the_message_box() {
    let Some(visit) = Visit::open().await else { return };
    let page = visit.seated(DESKTOP, COORDINATOR).await;
    page.keys("?").await;
    page.see("#keys[open]").await;
    page.picture("keys").await;
    page.keys(&key(Key::Escape)).await;
    page.until("they are gone", "!document.querySelector('#keys[open]')")
        .await;
    page.value("document.querySelector('#log').focus()").await;
    page.keys("/").await;
    page.until("commands are offered", "document.activeElement.id === 'line' && document.querySelectorAll('#line-suggestions li').length > 3").await;
    page.keys(&key(Key::Escape)).await;
    page.until(
        "they are closed",
        "document.querySelector('#line-suggestions').hidden && document.activeElement.value === '/'",
    )
    .await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_reads_and_has_names_on_phone_desktop_and_at_200_percent_in_both_schemes() {
    let Some(visit) = Visit::open().await else { return };
    let (balance, _) = visit.question("B8");
    let (late, _) = visit.question("B4");
    let (release, _) = visit.question("R01");
    for window in [DESKTOP, DESKTOP.dark(), PHONE, PHONE.dark(), ZOOMED] {
        let page = visit.browser(window).await;
        page.go("/console").await;
        page.see(".person").await;
        page.is_readable().await;
        page.picture("chooser").await;
        page.sit_down(MANAGER).await;
        let dark = page
            .value("matchMedia('(prefers-color-scheme: dark)').matches")
            .await;
        assert_eq!(dark, window.is_dark());
        for (name, question) in [("late", &late), ("release", &release), ("balance", &balance)] {
            page.ask(question).await;
            page.fits().await;
            page.is_readable().await;
            page.picture(name).await;
        }
        page.write("/").await;
        page.see("#line-suggestions li").await;
        page.fits().await;
        page.is_readable().await;
        page.picture("slash").await;
        page.keys(&key(Key::Escape)).await;
        page.see("#log [data-explain]").await.click().await.unwrap();
        page.see(".steps").await;
        page.fits().await;
        page.is_readable().await;
        page.picture("explain").await;
        page.close().await;
    }
}
