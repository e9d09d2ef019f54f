//! What the bot puts into chat by itself: once, changed in place, in threads, heard when answered.

use axum::body::Body;
use axum::http::{Request, header};
use hammerdesk_domain::chat::{Platform, Post, SaidHow};
use hammerdesk_domain::clock::Clock as _;
use hammerdesk_domain::ids::ChannelId;
use hammerdesk_domain::message::{Card, Outcome, Reply};
use serde_json::json;
use tower::ServiceExt as _;

use crate::harness::{COORDINATOR, Desk, HONG_KONG};

fn card(title: &str) -> Reply {
    let card = Card {
        title: title.to_owned(),
        ..Card::default()
    };
    Reply::card(card, json!({}))
}

async fn put(desk: &Desk, post: Post) {
    let mut unit = desk.app.store.write().await.unwrap();
    unit.post(&post, [Platform::Console], desk.clock.now())
        .await
        .unwrap();
    unit.commit().await.unwrap();
    desk.app.engine().settle().await.unwrap();
}

async fn page(desk: &Desk, person: &str, path: &str) -> String {
    let request = Request::get(path)
        .header(header::COOKIE, format!("hammerdesk_person={person}"))
        .body(Body::empty())
        .unwrap();
    let response = desk.app.router().oneshot(request).await.unwrap();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn stands_as(desk: &Desk, key: &str) -> String {
    let mut view = desk.app.store.read().await.unwrap();
    let stored = view.stored_post(key, Platform::Console).await.unwrap().unwrap();
    assert_eq!(stored.shown, stored.revision);
    stored.message.unwrap()
}

fn london() -> ChannelId {
    ChannelId::new("accounts-london")
}

#[tokio::test]
async fn a_post_appears_in_its_channel_and_changes_in_place() {
    let desk = Desk::open().await;
    put(&desk, Post::new("ticket:1", london(), card("Ticket 1 · open"))).await;
    let first = stands_as(&desk, "ticket:1").await;
    put(
        &desk,
        Post::new("ticket:1", london(), card("Ticket 1 · resolved")),
    )
    .await;
    assert_eq!(stands_as(&desk, "ticket:1").await, first);
    let seen = page(&desk, COORDINATOR, "/console/c/accounts-london").await;
    assert_eq!(seen.matches("<article").count(), 1, "{seen}");
    assert!(!seen.contains("Ticket 1 · open"), "{seen}");
    assert!(seen.contains("Ticket 1 · resolved"));
    let elsewhere = page(&desk, HONG_KONG, "/console/c/accounts-london").await;
    assert!(!elsewhere.contains("Ticket 1"));
}

#[tokio::test]
async fn what_belongs_to_a_thread_waits_for_it_and_then_stands_in_it() {
    let desk = Desk::open().await;
    let reply = Reply::sentence(Outcome::Answered, "The client wrote again.");
    let mut unit = desk.app.store.write().await.unwrap();
    let now = desk.clock.now();
    let inner = Post::new("said:1:8", london(), reply).within("ticket:1");
    unit.post(&inner, [Platform::Console], now).await.unwrap();
    unit.commit().await.unwrap();
    desk.app.engine().settle().await.unwrap();
    put(
        &desk,
        Post::new("ticket:1", london(), card("Ticket 1")).opening("Ticket 1"),
    )
    .await;
    let root = stands_as(&desk, "ticket:1").await;
    let thread = page(&desk, COORDINATOR, &format!("/console/t/{root}")).await;
    assert!(thread.contains("The client wrote again."), "{thread}");
    let channel = page(&desk, COORDINATOR, "/console/c/accounts-london").await;
    assert!(channel.contains("1 reply"), "{channel}");
}

#[tokio::test]
async fn words_in_the_thread_of_a_post_are_heard_with_who_said_them_and_others_are_not() {
    let desk = Desk::open().await;
    put(
        &desk,
        Post::new("ticket:1", london(), card("Ticket 1")).opening("Ticket 1"),
    )
    .await;
    let root = stands_as(&desk, "ticket:1").await;
    for (text, thread) in [("in the thread", Some(&root)), ("beside it", None)] {
        let body = json!({ "channel": "accounts-london", "thread": thread, "text": text,
            "token": hammerdesk_domain::ids::new_id(desk.clock.now()) });
        let request = Request::post("/console/say")
            .header(header::COOKIE, format!("hammerdesk_person={COORDINATOR}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-requested-with", "hammerdesk")
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = desk.app.router().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
    }
    let heard = desk.app.store.read().await.unwrap().heard(10).await.unwrap();
    let heard: Vec<_> = heard
        .iter()
        .map(|h| (h.key.as_str(), h.how, h.said.who.as_str(), h.said.text.as_str()))
        .collect();
    assert_eq!(heard, [("ticket:1", SaidHow::Said, COORDINATOR, "in the thread")]);
}
