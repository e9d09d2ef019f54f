//! Search as it is: late, thirty to a page, three hundred in all.

use chrono::TimeDelta;
use serde_json::json;

use crate::Desk;

fn query(text: &str) -> String {
    let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("search/tickets?query=%22{encoded}%22")
}

#[tokio::test]
async fn search_sees_a_change_only_after_its_lag() {
    let desk = Desk::open().await;
    let id = desk.mail("Question");
    assert_eq!(desk.get(&query("status:2")).await.body["total"], 0, "just made");
    desk.passes(TimeDelta::minutes(3));
    assert_eq!(desk.get(&query("status:2")).await.body["total"], 1);

    desk.send(
        "PUT",
        &format!("tickets/{id}"),
        json!({"status": 4, "tags": ["token-7"]}),
    )
    .await;
    let late = desk.get(&query("status:2 AND tag:null")).await;
    assert_eq!(
        (&late.body["total"], &late.body["results"][0]["status"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(
        desk.get(&query("tag:'token-7'")).await.body["total"],
        0,
        "it cannot confirm a write"
    );
    desk.passes(TimeDelta::minutes(3));
    assert_eq!(
        desk.get(&query("tag:'token-7' AND status:4")).await.body["total"],
        1
    );
    assert!(desk.account().violations().is_empty());
}

#[tokio::test]
async fn a_page_has_thirty_hits_and_there_are_ten_pages() {
    let desk = Desk::open().await;
    for number in 0..31 {
        desk.mail(&format!("Question {number}"));
    }
    desk.passes(TimeDelta::hours(1));
    let found = desk.get(&query("created_at:>'2026-11-23'")).await;
    assert_eq!(found.body["total"], 31);
    assert_eq!(found.body["results"].as_array().unwrap().len(), 30);
    assert_eq!(found.header("link"), None);
    let second = desk
        .get(&format!("{}&page=2", query("created_at:>'2026-11-23'")))
        .await;
    assert_eq!(second.body["results"].as_array().unwrap().len(), 1);
    assert_eq!(
        desk.get(&format!("{}&page=11", query("status:2"))).await.status,
        400
    );
}

#[tokio::test]
async fn what_the_grammar_does_not_know_is_refused() {
    let desk = Desk::open().await;
    for bad in ["requester_id:7", "refund", "created_at:>'2026-11-23T09:00:00Z'"] {
        assert_eq!(desk.get(&query(bad)).await.status, 400, "{bad}");
    }
    let status = desk.get(&query("status:99")).await;
    assert_eq!(
        status.body["errors"][0]["message"],
        "It should be one of these values: '2,3,4,5,6,7'"
    );
    assert_eq!(
        desk.get("search/tickets?query=status:2").await.status,
        400,
        "no quotes"
    );
}
