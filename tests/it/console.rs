//! The console over the sample house: what sharing shares.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::ids::new_id;
use serde_json::json;
use tower::ServiceExt;

use crate::harness::{CALL_CENTRE, COMPLIANCE, COORDINATOR, Desk, MANAGER};

async fn answered(desk: &Desk, request: Request<Body>) -> (StatusCode, String) {
    let response = desk.app.router().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn say(desk: &Desk, person: &str, channel: &str, text: &str) -> String {
    let token = new_id(desk.clock.now());
    let body = json!({ "channel": channel, "text": text, "token": token });
    let request = Request::post("/console/say")
        .header(header::COOKIE, format!("hammerdesk_person={person}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-requested-with", "hammerdesk")
        .body(Body::from(body.to_string()))
        .unwrap();
    let (status, text) = answered(desk, request).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    text
}

async fn page(desk: &Desk, person: &str, channel: &str) -> String {
    let request = Request::get(format!("/console/c/{channel}"))
        .header(header::COOKIE, format!("hammerdesk_person={person}"))
        .body(Body::empty())
        .unwrap();
    answered(desk, request).await.1
}

fn balance(desk: &Desk) -> (String, String) {
    let showcase = desk
        .house
        .showcases()
        .iter()
        .find(|showcase| showcase.row == "B8")
        .unwrap();
    (format!("{} share:true", showcase.question), showcase.name.clone())
}

#[tokio::test]
async fn a_shared_answer_is_for_the_channel_and_names_who_shared_it() {
    let desk = Desk::open().await;
    let (question, name) = balance(&desk);
    say(&desk, COORDINATOR, "accounts-london", &question).await;
    let seen = page(&desk, MANAGER, "accounts-london").await;
    assert!(
        seen.contains(&name) && seen.contains("Nia Prosser shares this answer."),
        "{seen}"
    );
}

#[tokio::test]
async fn compliance_cannot_share_by_mistake_what_only_they_may_read() {
    let desk = Desk::open().await;
    let (question, name) = balance(&desk);
    let kept = say(&desk, COMPLIANCE, "accounts-london", &question).await;
    assert!(
        !kept.contains(&name) && kept.contains("Your answers may hold what only compliance may read"),
        "{kept}"
    );
    assert!(!page(&desk, MANAGER, "accounts-london").await.contains(&name));
}

#[tokio::test]
async fn nothing_internal_is_shared_where_the_call_centre_reads() {
    let desk = Desk::open().await;
    let (question, name) = balance(&desk);
    let kept = say(&desk, COORDINATOR, "call-centre", &question).await;
    assert!(
        kept.contains(&name) && kept.contains("Not shared: people here read client-safe"),
        "{kept}"
    );
    say(&desk, COORDINATOR, "call-centre", "A word to all.").await;
    let seen = page(&desk, CALL_CENTRE, "call-centre").await;
    assert!(seen.contains("A word to all.") && !seen.contains(&name), "{seen}");
}

#[tokio::test]
async fn there_is_no_console_where_the_config_does_not_enable_it() {
    let mut desk = Desk::open().await;
    desk.app.console = None;
    let request = Request::get("/console").body(Body::empty()).unwrap();
    assert_eq!(answered(&desk, request).await.0, StatusCode::NOT_FOUND);
}
