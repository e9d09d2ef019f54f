//! The simulator against recorded answers: the same calls give the same sets of fields.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use hammerdesk_sandbox::freshdesk::FieldSet;
use hammerdesk_sandbox::freshdesk::model::File;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::Desk;

/// Recordings, if the environment names where they are.
fn recordings() -> Option<PathBuf> {
    let folder = std::env::var_os("HAMMERDESK_CORPUS").map(|folder| PathBuf::from(folder).join("freshdesk"));
    let folder = folder.filter(|folder| folder.is_dir());
    if folder.is_none() {
        writeln!(
            std::io::stderr(),
            "not run: recorded Freshdesk answers, because HAMMERDESK_CORPUS names no folder of real exports"
        )
        .expect("standard error is there");
    }
    folder
}

fn read(folder: &std::path::Path, name: &str) -> Value {
    let text = std::fs::read_to_string(folder.join(name)).expect("a recording");
    serde_json::from_str(&text).expect("JSON")
}

fn keys(value: &Value) -> BTreeSet<String> {
    value
        .as_object()
        .map(|map| map.keys().cloned().collect())
        .unwrap_or_default()
}

#[track_caller]
fn same(name: &str, recorded: &Value, shown: &Value) {
    let (recorded_keys, shown_keys) = (keys(recorded), keys(shown));
    let missing: Vec<_> = recorded_keys.difference(&shown_keys).collect();
    let extra: Vec<_> = shown_keys.difference(&recorded_keys).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "{name}: missing {missing:?}, extra {extra:?}"
    );
    let file = |ticket: &Value| ticket["attachments"].get(0).cloned();
    if let (Some(recorded), Some(shown)) = (file(recorded), file(shown)) {
        assert_eq!(keys(&recorded), keys(&shown), "{name}: attachments");
    }
    if recorded.get("stats").is_some() {
        assert_eq!(keys(&recorded["stats"]), keys(&shown["stats"]), "{name}: stats");
    }
}

/// The ticket of a list that came the same way as the recorded one: through a form or not.
fn alike<'a>(recorded: &Value, listed: &'a Value) -> &'a Value {
    let by_form = |ticket: &Value| ticket["source"] == 2;
    let mut tickets = listed.as_array().expect("a list").iter();
    tickets
        .find(|ticket| by_form(ticket) == by_form(recorded))
        .expect("one of that kind")
}

#[tokio::test]
async fn answers_have_the_fields_of_recorded_ones() {
    let Some(folder) = recordings() else { return };
    let rapid7 = folder.join("rapid7");
    let desk = Desk::open().await;
    let account = desk.account();
    account.add_status(8, "xyz test status", "xyz test status");
    for (name, kind) in [
        ("cf_test_key", "custom_number"),
        ("cf_new_field", "custom_decimal"),
        ("cf_my_key", "custom_text"),
    ] {
        account.add_field(name, name, kind, &[]);
    }
    account.add_field(
        "cf_xyz",
        "xyz",
        "custom_dropdown",
        &["First Choice", "Second Choice"],
    );
    let picture = File {
        name: "first.png".to_owned(),
        content_type: "image/png".to_owned(),
        content: Arc::from(&b"png"[..]),
    };
    account.customer_mails_with("a@b.example", "A", "x", "<div>x</div>", vec![picture]);

    let ticket = json!({"email": "a@b.example", "subject": "x", "description": "x", "type": "Incident"});
    let few = desk.send("POST", "tickets", ticket.clone()).await;
    same(
        "create few",
        &read(&rapid7, "create_ticket_few_parameters.json"),
        &few.body,
    );
    let mut related = ticket.clone();
    related["related_ticket_ids"] = json!([1]);
    let many = desk.send("POST", "tickets", related).await;
    same(
        "create many",
        &read(&rapid7, "create_ticket_many_parameters.json"),
        &many.body,
    );
    let form = || {
        Form::new().text("subject", "x").text("description", "x").part(
            "attachments[]",
            Part::bytes(b"x".to_vec()).file_name("create.png"),
        )
    };
    let filed = form()
        .text("email", "a@b.example")
        .text("related_ticket_ids[]", "1");
    let filed = Desk::got(desk.request("POST", "tickets").multipart(filed)).await;
    same(
        "create with file",
        &read(&rapid7, "create_ticket_many_parameters_add_attachment.json"),
        &filed.body,
    );

    let updated = desk.send("PUT", "tickets/1", json!({"subject": "y"})).await;
    same(
        "update few",
        &read(&rapid7, "update_ticket_few_parameters.json"),
        &updated.body,
    );
    same(
        "update many",
        &read(&rapid7, "update_ticket_many_parameters.json"),
        &updated.body,
    );
    let updated = Desk::got(desk.request("PUT", "tickets/1").multipart(form())).await;
    same(
        "update with file",
        &read(&rapid7, "update_ticket_many_parameters_add_attachment.json"),
        &updated.body,
    );

    let seen = desk.get("tickets/1?include=conversations").await;
    same("view", &read(&rapid7, "get_ticket_by_id.json"), &seen.body);
    let listed = desk.get("tickets").await;
    for recorded in read(&rapid7, "get_tickets_no_parameters.json")
        .as_array()
        .expect("a list")
    {
        same("list", recorded, alike(recorded, &listed.body));
    }
    let listed = desk.get("tickets?include=stats").await;
    for recorded in read(&rapid7, "get_tickets_many_parameters.json")
        .as_array()
        .expect("a list")
    {
        same("list with stats", recorded, alike(recorded, &listed.body));
    }
    let found = desk.get("search/tickets?query=%22status:2%22").await;
    assert_eq!(keys(&read(&rapid7, "filter_tickets.json")), keys(&found.body));

    let fields = desk.get("ticket_fields").await;
    for recorded in read(&rapid7, "get_ticket_fields.json")
        .as_array()
        .expect("a list")
    {
        let of_kind = |field: &&Value| field["type"] == recorded["type"];
        if let Some(shown) = fields.body.as_array().expect("a list").iter().find(of_kind) {
            same(&recorded["name"].to_string(), recorded, shown);
        } else {
            assert_eq!(
                recorded["type"], "custom_paragraph",
                "a field that the account has not"
            );
        }
    }

    let wrong = desk.get("search/tickets?query=%22status:99%22").await;
    assert_eq!(wrong.body, read(&rapid7, "filter_tickets_error.json"));
    let company = desk.get("tickets?company_id=7").await;
    assert_eq!(company.body, read(&rapid7, "get_tickets_invalid_company_id.json"));
    let mut related = ticket;
    related["related_ticket_ids"] = json!([4711]);
    let tracker = desk.send("POST", "tickets", related).await;
    assert_eq!(tracker.body, read(&rapid7, "invalid_related_ticket_ids.json"));
    assert!(account.violations().is_empty());

    let desk = Desk::with(|options| options.fields = FieldSet::Y2025).await;
    let ticket = json!({"email": "a@b.example", "subject": "x", "description": "x"});
    desk.send("POST", "tickets", ticket).await;
    let seen = desk.get("tickets/1").await;
    same(
        "view of 2025",
        &read(&folder, "davetcode/ticket_2025.json"),
        &seen.body,
    );
}
