//! Webhooks: the default JSON, and everything that can become of one.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use chrono::TimeDelta;
use hammerdesk_sandbox::freshdesk::Hook;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use crate::Desk;

type Taken = Arc<Mutex<(StatusCode, Vec<(Option<String>, Value)>)>>;

/// Whoever receives webhooks: what it answers, and what it got.
async fn receiver() -> (String, Taken) {
    let taken: Taken = Arc::new(Mutex::new((StatusCode::OK, Vec::new())));
    let app = Router::new().fallback(take).with_state(taken.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!(
        "http://{}/webhooks/freshdesk",
        listener.local_addr().expect("an address")
    );
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, taken)
}

async fn take(State(taken): State<Taken>, headers: HeaderMap, body: String) -> StatusCode {
    let secret = headers
        .get("x-hammerdesk-secret")
        .and_then(|value| value.to_str().ok());
    let mut taken = taken.lock().await;
    taken.1.push((
        secret.map(ToOwned::to_owned),
        serde_json::from_str(&body).unwrap_or(Value::String(body)),
    ));
    taken.0
}

async fn desk() -> (Desk, Taken) {
    let (url, taken) = receiver().await;
    let desk = Desk::open().await;
    desk.account()
        .set_webhook(Some(Hook::to(url, "X-Hammerdesk-Secret", "s3cret")));
    (desk, taken)
}

async fn events(taken: &Taken) -> Vec<String> {
    let taken = taken.lock().await;
    let event = |(_, body): &(_, Value)| {
        body["freshdesk_webhook"]["triggered_event"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    taken.1.iter().map(event).collect()
}

#[tokio::test]
async fn a_webhook_has_labels_and_prose_and_the_secret() {
    let (desk, taken) = desk().await;
    desk.account().seed(&Default::default());
    let id = desk.mail("Release of lot 12");
    desk.account()
        .agent_notes(desk.account().bot(), id, "<div>Hold</div>", true)
        .unwrap();
    desk.account().webhooks_posted().await;
    let taken = taken.lock().await;
    let (secret, body) = &taken.1[1];
    assert_eq!(secret.as_deref(), Some("s3cret"));
    let hook = &body["freshdesk_webhook"];
    assert_eq!(hook["ticket_id"], json!(id));
    assert_eq!(
        [
            &hook["ticket_status"],
            &hook["ticket_priority"],
            &hook["ticket_source"]
        ],
        ["Open", "Low", "Email"]
    );
    assert_eq!(hook["ticket_due_by_time"], "November 26 2026 at 09:00 AM");
    assert_eq!(
        hook["ticket_latest_private_comment"],
        "hammerdesk : <div>Hold</div>"
    );
    assert_eq!(hook["requester_name"], "Ada Vane");
    assert_eq!(hook["triggered_event"], "{note_type:private}");
    assert!(hook.get("updated_at").is_none());
}

#[tokio::test]
async fn the_integrations_own_acts_are_told_unless_its_agent_is_left_out() {
    let (desk, taken) = desk().await;
    let id = desk.mail("Question");
    let path = format!("tickets/{id}");
    desk.send("PUT", &path, json!({"status": 3})).await;
    let bot = desk.account().bot();
    desk.account()
        .change_webhook(|hook| hook.excluded_agents = vec![bot]);
    desk.send("PUT", &path, json!({"status": 4})).await;
    desk.account().webhooks_posted().await;
    assert_eq!(
        events(&taken).await,
        ["{ticket_action:created}", "{status:{from:2,to:3}}"]
    );
}

#[tokio::test]
async fn webhooks_are_doubled_dropped_and_late() {
    let (desk, taken) = desk().await;
    desk.account()
        .change_webhook(|hook| hook.doubled_per_mille = 1000);
    let id = desk.mail("Question");
    desk.account().webhooks_posted().await;
    assert_eq!(events(&taken).await.len(), 2);

    desk.account().change_webhook(|hook| {
        hook.doubled_per_mille = 0;
        hook.dropped_per_mille = 1000;
    });
    desk.account().touches(id).unwrap();
    desk.mail("Dropped");
    desk.account().webhooks_posted().await;
    assert_eq!(events(&taken).await.len(), 2);

    let answered = || desk.account().customer_answers(id, "<div>x</div>").unwrap();
    desk.account().change_webhook(|hook| {
        hook.dropped_per_mille = 0;
        hook.late_per_mille = 1000;
        hook.held = true;
    });
    answered();
    desk.account().change_webhook(|hook| hook.late_per_mille = 0);
    desk.mail("Question 2");
    desk.account().change_webhook(|hook| hook.held = false);
    desk.account().webhooks_posted().await;
    assert_eq!(
        events(&taken).await[2..],
        ["{ticket_action:created}", "{reply_sent:received}"]
    );
}

#[tokio::test]
async fn what_was_not_taken_comes_again_after_five_minutes() {
    let (desk, taken) = desk().await;
    taken.lock().await.0 = StatusCode::SERVICE_UNAVAILABLE;
    desk.mail("Question");
    desk.account().webhooks_posted().await;
    assert_eq!(events(&taken).await.len(), 1);
    taken.lock().await.0 = StatusCode::OK;
    desk.passes(TimeDelta::minutes(5));
    desk.account().webhooks_posted().await;
    assert_eq!(events(&taken).await.len(), 2);
    desk.passes(TimeDelta::hours(2));
    desk.account().webhooks_posted().await;
    assert_eq!(events(&taken).await.len(), 2, "taken is taken");
}

#[tokio::test]
async fn beyond_the_hourly_limit_a_webhook_waits_for_the_next_hour() {
    let (desk, taken) = desk().await;
    desk.account().change_webhook(|hook| hook.hourly_limit = 3);
    for number in 0..5 {
        desk.mail(&format!("Question {number}"));
    }
    desk.account().webhooks_posted().await;
    assert_eq!(events(&taken).await.len(), 3);
    desk.passes(TimeDelta::hours(1));
    desk.account().webhooks_posted().await;
    assert_eq!(events(&taken).await.len(), 5);
}
