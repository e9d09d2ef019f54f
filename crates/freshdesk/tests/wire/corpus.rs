//! Answers that were recorded on live accounts. They are not part of this repository: `HAMMERDESK_CORPUS` names the
//! folder that holds them, under `freshdesk`.

use std::io::Write as _;
use std::path::PathBuf;

use hammerdesk_freshdesk::{Choices, Search, TicketQuery};

use crate::server::{Desk, reply};

#[expect(
    clippy::disallowed_methods,
    reason = "names the folder of the recorded answers; no setting"
)]
fn folder() -> Option<PathBuf> {
    std::env::var("HAMMERDESK_CORPUS")
        .ok()
        .map(|folder| PathBuf::from(folder).join("freshdesk"))
}

fn recorded(name: &str) -> Option<String> {
    let Some(folder) = folder() else {
        let line =
            "not run: the recorded answers of Freshdesk, because HAMMERDESK_CORPUS names no folder of them\n";
        let _ = std::io::stderr().write_all(line.as_bytes());
        return None;
    };
    Some(std::fs::read_to_string(folder.join(name)).unwrap())
}

#[tokio::test]
async fn each_recorded_ticket_is_read_without_an_odd_field() {
    for name in [
        "davetcode/ticket_2025.json",
        "rapid7/create_ticket_few_parameters.json",
        "rapid7/create_ticket_many_parameters.json",
        "rapid7/create_ticket_many_parameters_add_attachment.json",
        "rapid7/get_ticket_by_id.json",
        "rapid7/update_ticket_few_parameters.json",
        "rapid7/update_ticket_many_parameters.json",
        "rapid7/update_ticket_many_parameters_add_attachment.json",
    ] {
        let Some(body) = recorded(name) else { return };
        let json: serde_json::Value = serde_json::from_str(&body).unwrap();
        let desk = Desk::that([reply(200, body)]).await;
        let ticket = desk.client.ticket(1, &[]).await.unwrap();
        assert!(ticket.odd.is_empty(), "{name}: {:?}", ticket.odd);
        assert_eq!(json["id"], ticket.id);
        assert_eq!(json["status"], ticket.status.unwrap().code());
        assert_eq!(
            json["attachments"].as_array().map_or(0, Vec::len),
            ticket.attachments.len(),
            "{name}"
        );
        assert_eq!(json["custom_fields"].as_object().unwrap(), &ticket.custom_fields);
        assert!(ticket.updated_at.is_some() && ticket.subject.is_some() && ticket.priority.is_some());
    }
}

#[tokio::test]
async fn each_recorded_list_is_read_in_full() {
    for name in [
        "rapid7/get_tickets_many_parameters.json",
        "rapid7/get_tickets_no_parameters.json",
    ] {
        let Some(body) = recorded(name) else { return };
        let count = serde_json::from_str::<Vec<serde_json::Value>>(&body)
            .unwrap()
            .len();
        let desk = Desk::that([reply(200, body)]).await;
        let page = desk.client.tickets(&TicketQuery::default()).await.unwrap();
        assert!(
            count > 1 && page.items.len() == count && page.unreadable.is_empty(),
            "{name}"
        );
        for ticket in &page.items {
            assert!(ticket.odd.is_empty(), "{name} {}: {:?}", ticket.id, ticket.odd);
        }
    }
    let Some(body) = recorded("rapid7/filter_tickets.json") else {
        return;
    };
    let desk = Desk::that([reply(200, body)]).await;
    let hits = desk
        .client
        .search_tickets(&Search::is("status", 2), 1)
        .await
        .unwrap();
    assert_eq!((hits.total, hits.page.items[0].id), (Some(1), 47));
    assert!(hits.page.items[0].odd.is_empty());
}

#[tokio::test]
async fn the_recorded_fields_are_read_with_all_their_choices() {
    let Some(body) = recorded("rapid7/get_ticket_fields.json") else {
        return;
    };
    let desk = Desk::that([reply(200, body)]).await;
    let fields = desk.client.ticket_fields().await.unwrap();
    assert!(fields.unreadable.is_empty() && fields.items.iter().all(|field| field.odd.is_empty()));
    let named = |name: &str| {
        fields
            .items
            .iter()
            .find(|field| field.name.as_deref() == Some(name))
            .unwrap()
    };
    let statuses: Vec<_> = named("status")
        .statuses()
        .into_iter()
        .map(|one| (one.status.code(), one.label))
        .collect();
    assert_eq!(
        (statuses.len(), statuses[4].clone()),
        (7, (8, "xyz test status".to_owned()))
    );
    assert!(matches!(&named("source").choices, Some(Choices::Numbers(all)) if all.len() == 13));
    assert!(matches!(&named("cf_xyz").choices, Some(Choices::Labels(all)) if all.len() == 3));
    assert!(named("cf_my_key").choices.is_none());
}

#[tokio::test]
async fn each_recorded_refusal_is_read() {
    for (name, field, code) in [
        (
            "rapid7/filter_tickets_error.json",
            Some("status"),
            "invalid_value",
        ),
        (
            "rapid7/get_tickets_invalid_company_id.json",
            Some("company_id"),
            "invalid_value",
        ),
        (
            "rapid7/invalid_related_ticket_ids.json",
            None,
            "cannot_create_tracker",
        ),
    ] {
        let Some(body) = recorded(name) else { return };
        let desk = Desk::that([reply(400, body)]).await;
        let error = desk.client.ticket(1, &[]).await.unwrap_err();
        let refusal = error.refusal().unwrap();
        assert!(refusal.has_code(code) && refusal.description.is_some(), "{name}");
        assert!(field.is_none_or(|field| refusal.names(field)), "{name}");
    }
}
