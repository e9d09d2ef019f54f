//! What goes wrong on the way: before the effect nothing has happened, after it everything has, once.

use std::time::Duration;

use chrono::TimeDelta;
use hammerdesk_sandbox::freshdesk::{Fault, Route, Verdict};
use serde_json::json;

use crate::Desk;

#[tokio::test]
async fn a_connection_cut_before_the_effect_leaves_nothing_and_after_it_everything() {
    let desk = Desk::open().await;
    let id = desk.mail("Question");
    let path = format!("tickets/{id}/reply");
    desk.account().fault(Route::Reply, 1, &Fault::CutBefore);
    let reply = || {
        desk.request("POST", &path)
            .json(&json!({"body": "<div>Tomorrow.</div>"}))
    };
    assert!(reply().send().await.is_err());
    assert!(desk.sim.mail_sent().is_empty());

    desk.account().fault(Route::Reply, 1, &Fault::CutAfter);
    assert!(reply().send().await.is_err());
    assert_eq!(
        desk.sim.mail_sent().len(),
        1,
        "the customer has it although nobody was told"
    );

    let said = desk.get(&format!("tickets/{id}/conversations")).await;
    assert_eq!(said.body.as_array().unwrap().len(), 1);
    let seen = desk.sim.requests();
    assert_eq!(
        (seen[0].status, &seen[0].verdict),
        (0, &Verdict::Faulted("CutBefore".to_owned()))
    );
}

#[tokio::test]
async fn a_timeout_after_the_effect_has_had_its_effect() {
    let desk = Desk::open().await;
    let id = desk.mail("Question");
    let path = format!("tickets/{id}/notes");
    let note = || {
        let note = desk
            .request("POST", &path)
            .json(&json!({"body": "x", "private": true}));
        note.timeout(Duration::from_millis(100))
    };
    desk.account()
        .fault(Route::Note, 1, &Fault::TimeoutBefore(Duration::from_secs(60)));
    assert!(note().send().await.unwrap_err().is_timeout());
    assert_eq!(desk.account().ticket(id).unwrap().conversations.len(), 0);
    desk.account()
        .fault(Route::Note, 1, &Fault::TimeoutAfter(Duration::from_secs(60)));
    assert!(note().send().await.unwrap_err().is_timeout());
    assert_eq!(desk.account().ticket(id).unwrap().conversations.len(), 1);
}

#[tokio::test]
async fn server_errors_come_as_html_or_with_nothing_before_or_after_the_effect() {
    let desk = Desk::open().await;
    desk.account()
        .fault(Route::CreateTicket, 1, &Fault::ServerError(502));
    desk.account()
        .fault(Route::CreateTicket, 1, &Fault::ServerErrorAfter(503));
    let ticket = json!({"email": "ada@buyer.example", "subject": "x", "description": "x"});
    let html = desk.send("POST", "tickets", ticket.clone()).await;
    assert_eq!(
        (html.status, html.header("content-type")),
        (502, Some("text/html"))
    );
    assert!(desk.account().tickets().is_empty());
    let empty = desk.send("POST", "tickets", ticket).await;
    assert_eq!((empty.status, empty.header("content-type")), (503, None));
    assert_eq!(desk.account().tickets().len(), 1);
}

#[tokio::test]
async fn answers_are_slow_cut_short_or_of_other_types() {
    let desk = Desk::open().await;
    let id = desk.mail("Question");
    let path = format!("tickets/{id}");
    desk.account()
        .fault(Route::ViewTicket, 1, &Fault::SlowBody(Duration::from_secs(60)));
    let slow = desk
        .request("GET", &path)
        .timeout(Duration::from_millis(100))
        .send()
        .await
        .unwrap();
    assert!(slow.bytes().await.is_err(), "the head came, the body did not");

    desk.account().fault(Route::ViewTicket, 1, &Fault::Truncated);
    let cut = desk
        .request("GET", &path)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&cut).is_err());

    desk.account().fault(Route::ViewTicket, 1, &Fault::WrongTypes);
    let wrong = desk.get(&path).await;
    assert_eq!(wrong.body["id"], json!(id.to_string()));
    assert_eq!(wrong.body["subject"], 7);
    assert_eq!(wrong.body["tags"], json!(null));
    assert_eq!(desk.get(&path).await.body["subject"], "Question", "one call only");
}

#[tokio::test]
async fn a_ticket_touched_while_somebody_pages_is_skipped_unless_they_look_again() {
    let desk = Desk::open().await;
    for number in 0..4 {
        desk.mail(&format!("Question {number}"));
        desk.passes(TimeDelta::seconds(1));
    }
    let path = "tickets?order_by=updated_at&order_type=asc&updated_since=2026-11-23T09:00:00Z&per_page=2";
    assert_eq!(desk.get(path).await.ids(), [1, 2]);
    desk.passes(TimeDelta::seconds(1));
    desk.account().fault(Route::ListTickets, 1, &Fault::PageShift);
    assert_eq!(
        desk.get(&format!("{path}&page=2")).await.ids(),
        [4, 1],
        "3 moved up to the page before"
    );
    assert_eq!(desk.get(path).await.ids(), [2, 3]);

    desk.account()
        .before(Route::ListTickets, 2, |account| account.touches(2).unwrap());
    desk.passes(TimeDelta::seconds(1));
    assert_eq!(desk.get(path).await.ids(), [2, 3]);
    assert_eq!(
        desk.get(path).await.ids(),
        [3, 4],
        "touched just before the second call"
    );
}

#[tokio::test]
async fn random_faults_are_the_same_for_the_same_seed() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let desk = Desk::with(|options| options.seed = 7).await;
        desk.account()
            .random_faults(500, vec![Fault::ServerError(500), Fault::TooMany(None)]);
        let mut statuses = Vec::new();
        for _ in 0..20 {
            statuses.push(desk.get("agents/me").await.status);
        }
        desk.account().end_faults();
        assert_eq!(desk.get("agents/me").await.status, 200);
        runs.push(statuses);
    }
    assert_eq!(runs[0], runs[1]);
    assert!(
        [200, 429, 500].iter().all(|status| runs[0].contains(status)),
        "{:?}",
        runs[0]
    );
}

#[tokio::test]
async fn an_answer_can_lack_whatever_may_be_missing() {
    let desk = Desk::open().await;
    desk.mail("Question");
    desk.account().fault(Route::ListTickets, 1, &Fault::Bare);
    let bare = desk.get("tickets").await;
    let expected =
        json!([{"id": 1, "created_at": "2026-11-23T09:00:00Z", "updated_at": "2026-11-23T09:00:00Z"}]);
    assert_eq!(bare.body, expected);
}
