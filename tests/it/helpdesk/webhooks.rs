//! What the helpdesk posts to us: taken, forged, replayed, oversized, broken, lost.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use hammerdesk::freshdesk::Desk as HelpDesk;
use hammerdesk_sandbox::freshdesk::Hook;
use serde_json::json;
use tower::ServiceExt as _;

use super::{Line, id, one_line};

const SECRET: &str = "a secret of some length";

fn router(line: &Line) -> Router {
    let desk = HelpDesk::new(line.helpdesk.clone(), Some(SECRET));
    hammerdesk::http::webhooks(desk, hammerdesk::engine::Nudge::default())
}

async fn post(line: &Line, secret: Option<&str>, body: impl Into<Body>) -> (StatusCode, String) {
    let mut request = Request::post("/webhooks/freshdesk").header("content-type", "application/json");
    if let Some(secret) = secret {
        request = request.header("X-Hammerdesk-Secret", secret);
    }
    let answer = router(line)
        .oneshot(request.body(body.into()).unwrap())
        .await
        .unwrap();
    let status = answer.status();
    let text = to_bytes(answer.into_body(), 10_000).await.unwrap();
    (status, String::from_utf8(text.to_vec()).unwrap())
}

async fn stored(line: &Line) -> (i64, i64) {
    let mut view = line.store.read().await.unwrap();
    let counts = view.webhook_counts("freshdesk").await.unwrap();
    (counts.stored, counts.came)
}

#[tokio::test]
async fn a_webhook_is_stored_before_it_is_answered_and_its_ticket_is_read() {
    one_line(
        |_| (),
        async |line| {
            line.catch_up().await;
            let ticket = line
                .account()
                .customer_mails("c@example.org", "C", "a", "<p>x</p>");
            let body =
                json!({ "freshdesk_webhook": { "ticket_id": ticket, "ticket_status": "Open" } }).to_string();
            assert_eq!(
                post(line, Some(SECRET), body.clone()).await.0,
                StatusCode::ACCEPTED
            );
            assert_eq!(stored(line).await, (1, 1));
            // Nothing else is due, so it is the webhook alone that brings it.
            line.settle().await;
            let mut view = line.store.read().await.unwrap();
            assert!(view.ticket(id(ticket)).await.unwrap().is_some());
        },
    )
    .await;
}

#[tokio::test]
async fn a_replayed_webhook_tells_nothing_twice() {
    one_line(
        |_| (),
        async |line| {
            let ticket = line
                .account()
                .customer_mails("c@example.org", "C", "a", "<p>x</p>");
            line.catch_up().await;
            let told = line.kinds(ticket).await;
            let body = json!({ "ticket_id": ticket }).to_string();
            for _ in 0..5 {
                assert_eq!(
                    post(line, Some(SECRET), body.clone()).await.0,
                    StatusCode::ACCEPTED
                );
            }
            assert_eq!(stored(line).await, (1, 5), "one that waits is stored once");
            line.settle().await;
            assert_eq!(post(line, Some(SECRET), body).await.0, StatusCode::ACCEPTED);
            line.catch_up().await;
            assert_eq!(line.kinds(ticket).await, told);
        },
    )
    .await;
}

#[tokio::test]
async fn what_is_no_good_is_refused_in_a_sentence_and_a_forged_one_leaves_no_trace() {
    one_line(
        |_| (),
        async |line| {
            let good = json!({ "ticket_id": 1 }).to_string();
            let mut told = Vec::new();
            for (name, secret, body) in [
                ("no secret", None, good.clone()),
                ("wrong secret", Some("a secret of same length"), good.clone()),
                ("empty secret", Some(""), good.clone()),
                ("oversized", Some(SECRET), "x".repeat(2 * 1024 * 1024)),
            ] {
                let (status, says) = post(line, secret, body).await;
                told.push(format!("{name}: {} {}", status.as_u16(), says.trim()));
            }
            assert_eq!(stored(line).await, (0, 0));
            for (name, body) in [
                ("empty", ""),
                ("no ticket", "{\"hello\": 1}"),
                ("cut in the number", "{\"freshdesk_webhook\": {\"ticket_id\": 12"),
                ("cut before it", "{\"freshdesk_webhook\": {\"tick"),
                ("not JSON", "<html>"),
            ] {
                let (status, says) = post(line, Some(SECRET), body).await;
                told.push(format!("{name}: {} {}", status.as_u16(), says.trim()));
            }
            let broken = "{\"freshdesk_webhook\": {\"ticket_id\": 12, \"ticket_subject\": \"he said \"no\"\"}}";
            let (status, says) = post(line, Some(SECRET), broken).await;
            told.push(format!("a quote in it: {} {}", status.as_u16(), says.trim()));
            insta::assert_snapshot!(told.join("\n"), @r#"
            no secret: 401 the header X-Hammerdesk-Secret is missing or wrong
            wrong secret: 401 the header X-Hammerdesk-Secret is missing or wrong
            empty secret: 401 the header X-Hammerdesk-Secret is missing or wrong
            oversized: 413 the body is larger than 1 MB or was cut off on the way; send the ticket's number and the event only
            empty: 400 the body names no ticket; it is kept, and changes are looked for instead. Send JSON with ticket_id, such as {"ticket_id": {{ticket.id}}}
            no ticket: 400 the body names no ticket; it is kept, and changes are looked for instead. Send JSON with ticket_id, such as {"ticket_id": {{ticket.id}}}
            cut in the number: 400 the body is cut off in the middle; it is kept, and changes are looked for instead. Send JSON with ticket_id, such as {"ticket_id": {{ticket.id}}}
            cut before it: 400 the body names no ticket; it is kept, and changes are looked for instead. Send JSON with ticket_id, such as {"ticket_id": {{ticket.id}}}
            not JSON: 400 the body names no ticket; it is kept, and changes are looked for instead. Send JSON with ticket_id, such as {"ticket_id": {{ticket.id}}}
            a quote in it: 202 taken, though it is no JSON: a quote in a field breaks it; send ticket_id only
            "#);
            assert_eq!(stored(line).await, (6, 6));
        },
    )
    .await;
}

#[tokio::test]
async fn a_broken_webhook_makes_us_look_for_changes_at_once() {
    one_line(
        |_| (),
        async |line| {
            line.catch_up().await;
            let ticket = line
                .account()
                .customer_mails("c@example.org", "C", "a", "<p>x</p>");
            assert_eq!(
                post(line, Some(SECRET), "{\"nothing").await.0,
                StatusCode::BAD_REQUEST
            );
            line.settle().await;
            let mut view = line.store.read().await.unwrap();
            assert!(view.ticket(id(ticket)).await.unwrap().is_some());
        },
    )
    .await;
}

#[tokio::test]
async fn a_webhook_about_a_ticket_that_is_not_there_is_harmless() {
    one_line(
        |_| (),
        async |line| {
            for forged in [json!(987_654), json!("17"), json!(i64::MAX), json!(0)] {
                drop(post(line, Some(SECRET), json!({ "ticket_id": forged }).to_string()).await);
            }
            line.catch_up().await;
            let mut view = line.store.read().await.unwrap();
            assert_eq!(view.helpdesk_counts().await.unwrap().tickets, 0);
            assert_eq!(view.hint_counts().await.unwrap().waiting, 0);
        },
    )
    .await;
}

#[tokio::test]
async fn dropped_doubled_and_late_webhooks_end_with_both_sides_equal() {
    one_line(
        |_| (),
        async |line| {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/webhooks/freshdesk", listener.local_addr().unwrap());
            let serving = tokio::spawn(axum::serve(listener, router(line)).into_future());
            line.account().set_webhook(Some(Hook {
                dropped_per_mille: 300,
                doubled_per_mille: 300,
                late_per_mille: 300,
                ..Hook::to(url, "X-Hammerdesk-Secret", SECRET)
            }));
            let agent = line.account().add_agent("Ada", "ada@house.example");
            for n in 0..60 {
                line.forward(3);
                let ticket = line
                    .account()
                    .customer_mails("c@example.org", "C", &format!("{n}"), "<p>x</p>");
                line.account()
                    .agent_notes(agent, ticket, "<p>n</p>", true)
                    .unwrap();
                drop(line.engine().tick().await);
            }
            line.account().webhooks_posted().await;
            line.catch_up().await;
            line.assert_equal().await;
            assert!(stored(line).await.1 > 0, "webhooks came");
            serving.abort();
        },
    )
    .await;
}
