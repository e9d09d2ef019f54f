//! What is refused, how, and that it is written down.

use hammerdesk_sandbox::freshdesk::{Route, Verdict};
use serde_json::json;

use crate::Desk;

#[tokio::test]
async fn whoever_has_no_key_is_refused_in_the_flat_shape() {
    let desk = Desk::open().await;
    let refused = Desk::got(desk.http.get(format!("{}/api/v2/tickets", desk.sim.url()))).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.body["code"], "invalid_credentials");
    let wrong = desk
        .http
        .get(format!("{}/api/v2/tickets", desk.sim.url()))
        .basic_auth("other", Some("X"));
    assert_eq!(Desk::got(wrong).await.status, 401);
    assert_eq!(desk.account().violations().len(), 2);
}

#[tokio::test]
async fn unknown_parameters_and_keys_are_refused_by_name() {
    let desk = Desk::open().await;
    let id = desk.mail("Question");
    let listed = desk.get("tickets?status=2").await;
    assert_eq!(listed.status, 400);
    assert_eq!(
        listed.body,
        json!({"description": "Validation failed", "errors": [
            {"field": "status", "message": "Unexpected/invalid field in request", "code": "invalid_field"}
        ]})
    );
    let noted = desk
        .send(
            "POST",
            &format!("tickets/{id}/notes"),
            json!({"body": "x", "secret": true}),
        )
        .await;
    assert_eq!(
        (noted.status, &noted.body["errors"][0]["field"]),
        (400, &json!("secret"))
    );
    assert!(desk.account().ticket(id).unwrap().conversations.is_empty());

    let seen = desk.sim.requests();
    assert_eq!(seen[0].route, Some(Route::ListTickets));
    assert!(
        seen.iter()
            .all(|seen| matches!(seen.verdict, Verdict::Violation(_)))
    );
}

#[tokio::test]
async fn values_of_another_type_or_outside_their_range_are_refused() {
    let desk = Desk::open().await;
    let id = desk.mail("Question");
    let typed = desk
        .send("PUT", &format!("tickets/{id}"), json!({"status": "2"}))
        .await;
    assert_eq!(typed.body["errors"][0]["code"], "datatype_mismatch");
    let ranged = desk
        .send("PUT", &format!("tickets/{id}"), json!({"status": 99}))
        .await;
    assert_eq!(
        ranged.body["errors"][0],
        json!({"field": "status", "message": "It should be one of these values: '2,3,4,5,6,7'", "code": "invalid_value"})
    );
    let missing = desk.send("POST", &format!("tickets/{id}/reply"), json!({})).await;
    assert_eq!(missing.body["errors"][0]["code"], "missing_field");
    let nobody = desk.send("POST", "tickets", json!({"subject": "x"})).await;
    assert_eq!(nobody.body["errors"][0]["field"], "requester_id");
    let page = desk.get("tickets?per_page=101").await;
    assert_eq!(page.status, 400);
    let far = desk.get("tickets?page=301").await;
    assert_eq!(
        far.body["errors"][0]["message"],
        "You cannot access tickets beyond the 300th page. Please provide a smaller page number."
    );
}

#[tokio::test]
async fn content_types_methods_and_paths_are_held_to_what_is_documented() {
    let desk = Desk::open().await;
    let id = desk.mail("Question");
    let path = format!("tickets/{id}/notes");
    let xml = desk
        .request("POST", &path)
        .header("content-type", "text/xml")
        .body("<a/>");
    assert_eq!(Desk::got(xml).await.status, 415);
    let html = desk.request("GET", "tickets").header("accept", "text/html");
    assert_eq!(Desk::got(html).await.status, 406);
    assert_eq!(
        Desk::got(desk.request("PATCH", &format!("tickets/{id}")))
            .await
            .status,
        405
    );
    assert_eq!(desk.get("helpdesk").await.status, 404);
    let broken = desk
        .request("POST", &path)
        .header("content-type", "application/json")
        .body("{\"body\":");
    let broken = Desk::got(broken).await;
    assert_eq!(
        (broken.status, &broken.body["code"]),
        (400, &json!("invalid_json"))
    );
    assert_eq!(desk.account().violations().len(), 5);
    assert_eq!(desk.get("tickets/4711").await.status, 404);
    assert_eq!(
        desk.account().violations().len(),
        5,
        "what is not there is no violation"
    );
}
