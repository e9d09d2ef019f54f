//! Tickets, conversations, replies and notes: what the API does and what the model then shows.

use chrono::TimeDelta;
use hammerdesk_sandbox::freshdesk::model::MailKind;
use serde_json::json;

use crate::Desk;

#[tokio::test]
async fn a_ticket_made_through_the_api_is_in_the_model_and_in_the_list() {
    let desk = Desk::open().await;
    let ticket = json!({
        "email": "ada@buyer.example", "name": "Ada Vane", "subject": "Release of lot 12",
        "description": "<div>Paid?</div>", "status": 2, "priority": 3, "tags": ["release"],
    });
    let made = desk.send("POST", "tickets", ticket).await;
    assert_eq!(made.status, 201);
    assert_eq!(
        made.header("location"),
        Some(format!("{}/api/v2/tickets/1", desk.sim.url()).as_str())
    );
    assert_eq!(made.body["created_at"], "2026-11-23T09:00:00Z", "whole seconds");
    assert_eq!(made.body["description_text"], "Paid?");

    let known = desk.account().ticket(made.id()).unwrap();
    assert_eq!(known.tags, ["release"]);
    let contact = desk.account().contact(known.requester_id).unwrap();
    assert_eq!(
        (contact.name.as_str(), contact.email.as_deref()),
        ("Ada Vane", Some("ada@buyer.example"))
    );

    let listed = desk.get("tickets").await;
    assert_eq!(listed.ids(), [made.id()]);
    assert!(
        listed.body[0].get("description").is_none(),
        "a list leaves out what was written"
    );
    assert!(desk.sim.mail_sent().is_empty(), "making a ticket mails nobody");
    assert!(desk.account().violations().is_empty());
}

#[tokio::test]
async fn an_update_moves_updated_at_and_the_dates_of_its_status() {
    let desk = Desk::open().await;
    let id = desk.mail("Release of lot 12");
    desk.passes(TimeDelta::minutes(5));
    let updated = desk
        .send(
            "PUT",
            &format!("tickets/{id}"),
            json!({"status": 4, "priority": 2}),
        )
        .await;
    assert_eq!(updated.status, 200);
    assert_eq!(updated.body["updated_at"], "2026-11-23T09:05:00Z");

    let seen = desk.get(&format!("tickets/{id}?include=stats,requester")).await;
    assert_eq!(seen.body["stats"]["resolved_at"], "2026-11-23T09:05:00Z");
    assert_eq!(seen.body["requester"]["email"], "ada@buyer.example");

    desk.passes(TimeDelta::minutes(5));
    desk.account().customer_answers(id, "<div>Not yet</div>").unwrap();
    let seen = desk
        .get(&format!("tickets/{id}?include=stats,conversations"))
        .await;
    assert_eq!(seen.body["status"], 2, "a customer's answer opens it again");
    assert_eq!(seen.body["stats"]["reopened_at"], "2026-11-23T09:10:00Z");
    assert_eq!(seen.body["conversations"][0]["incoming"], true);
}

#[tokio::test]
async fn a_private_note_mails_nobody_and_leaves_the_response_times_alone() {
    let desk = Desk::open().await;
    let id = desk.mail("Release of lot 12");
    desk.passes(TimeDelta::minutes(1));
    let note = json!({"body": "<div>Hold is set</div>", "private": true});
    let noted = desk.send("POST", &format!("tickets/{id}/notes"), note).await;
    assert_eq!((noted.status, &noted.body["private"]), (201, &json!(true)));
    assert!(desk.sim.mail_sent().is_empty());

    let ticket = desk.account().ticket(id).unwrap();
    assert_eq!(ticket.stats.agent_responded_at, None);
    assert_eq!(
        ticket.updated_at.to_rfc3339(),
        "2026-11-23T09:01:00+00:00",
        "but it is a change"
    );
    assert_eq!(ticket.conversations[0].user_id, Some(desk.account().bot()));
}

#[tokio::test]
async fn a_reply_mails_the_customer_at_once_and_exactly_once() {
    let desk = Desk::open().await;
    let id = desk.mail("Release of lot 12");
    let replied = desk
        .send(
            "POST",
            &format!("tickets/{id}/reply"),
            json!({"body": "<div>Tomorrow.</div>"}),
        )
        .await;
    assert_eq!(replied.status, 201);

    let mails = desk.sim.mail_sent();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].why, MailKind::Reply);
    assert_eq!(mails[0].to, ["ada@buyer.example"]);
    assert_eq!(mails[0].conversation_id, Some(replied.id()));
    assert!(
        desk.account()
            .ticket(id)
            .unwrap()
            .stats
            .first_responded_at
            .is_some()
    );

    let said = desk.get(&format!("tickets/{id}/conversations")).await;
    assert_eq!(said.body[0]["source"], 0);
    assert_eq!(said.body[0]["private"], false);
    assert_eq!(
        said.body[0]["from_email"],
        "hammerdesk <accounts@helpdesk.example>"
    );
}

#[tokio::test]
async fn a_list_has_a_link_to_its_next_page_and_none_on_its_last() {
    let desk = Desk::open().await;
    for number in 0..5 {
        desk.mail(&format!("Question {number}"));
        desk.passes(TimeDelta::seconds(1));
    }
    let path = "tickets?order_by=updated_at&order_type=asc&updated_since=2026-11-23T09:00:00Z&per_page=2";
    let first = desk.get(path).await;
    assert_eq!(first.ids(), [1, 2]);
    let link = first.header("link").unwrap().to_owned();
    let next = link
        .strip_prefix('<')
        .unwrap()
        .strip_suffix(">; rel=\"next\"")
        .unwrap();
    let next = next.strip_prefix(&format!("{}/api/v2/", desk.sim.url())).unwrap();
    assert_eq!(desk.get(next).await.ids(), [3, 4]);
    let last = desk.get(&format!("{path}&page=3")).await;
    assert_eq!((last.ids(), last.header("link")), (vec![5], None));
    assert!(desk.account().violations().is_empty());
}

#[tokio::test]
async fn the_list_shows_thirty_days_and_neither_spam_nor_deleted_tickets() {
    let desk = Desk::open().await;
    let old = desk.mail("Old");
    desk.passes(TimeDelta::days(31));
    let (kept, spam, deleted) = (desk.mail("Kept"), desk.mail("Spam"), desk.mail("Deleted"));
    let agent = desk.account().add_agent("Kim", "kim@house.example");
    desk.account().agent_marks_spam(agent, spam, true).unwrap();
    desk.account().agent_deletes(agent, deleted).unwrap();

    assert_eq!(desk.get("tickets").await.ids(), [kept]);
    assert_eq!(
        desk.get("tickets?updated_since=2026-01-01&order_type=asc")
            .await
            .ids(),
        [old, kept]
    );
    assert_eq!(desk.get("tickets?filter=spam").await.ids(), [spam]);
    let gone = desk.get("tickets?filter=deleted").await;
    assert_eq!(
        (gone.ids(), &gone.body[0]["deleted"]),
        (vec![deleted], &json!(true))
    );

    assert_eq!(
        desk.send("PUT", &format!("tickets/{deleted}"), json!({"status": 4}))
            .await
            .status,
        404
    );
    assert_eq!(
        Desk::got(desk.request("PUT", &format!("tickets/{deleted}/restore")))
            .await
            .status,
        204
    );
    assert_eq!(desk.get(&format!("tickets/{deleted}")).await.status, 200);
}

#[tokio::test]
async fn a_decimal_is_kept_as_text_and_a_number_as_a_number() {
    let desk = Desk::open().await;
    desk.account().add_field("cf_sum", "Sum", "custom_decimal", &[]);
    desk.account().add_field("cf_lot", "Lot", "custom_number", &[]);
    let id = desk.mail("Question");
    let path = format!("tickets/{id}");
    let set = desk
        .send(
            "PUT",
            &path,
            json!({"custom_fields": {"cf_sum": 124, "cf_lot": "12"}}),
        )
        .await;
    assert_eq!(
        set.body["custom_fields"],
        json!({"cf_sum": "124.0", "cf_lot": 12})
    );
    let wrong = desk
        .send("PUT", &path, json!({"custom_fields": {"cf_lot": "twelve"}}))
        .await;
    assert_eq!(wrong.body["errors"][0]["code"], "datatype_mismatch");
    let unknown = desk
        .send("PUT", &path, json!({"custom_fields": {"cf_bid": 1}}))
        .await;
    assert_eq!(unknown.body["errors"][0]["code"], "invalid_field");
}

#[tokio::test]
async fn bulk_actions_take_the_verb_that_the_account_takes() {
    let desk = Desk::open().await;
    let id = desk.mail("Question");
    let action = json!({"bulk_action": {"ids": [id]}});
    assert_eq!(
        desk.send("PUT", "tickets/bulk_delete", action.clone())
            .await
            .status,
        405
    );
    desk.account()
        .configure(|options| options.unknowns.bulk_is_put = true);
    assert_eq!(desk.send("PUT", "tickets/bulk_delete", action).await.status, 202);
    assert!(desk.account().ticket(id).unwrap().deleted);
}

#[tokio::test]
async fn somebody_who_was_copied_in_answers_under_their_own_name() {
    let desk = Desk::open().await;
    let id = desk.mail("Question");
    let account = desk.account();
    account
        .somebody_answers(id, "bank@bank.example", "Bank", "<div>Sent.</div>")
        .unwrap();
    let ticket = account.ticket(id).unwrap();
    let speaker = account.contact(ticket.conversations[0].user_id.unwrap()).unwrap();
    assert_eq!(speaker.email.as_deref(), Some("bank@bank.example"));
    assert_ne!(ticket.requester_id, speaker.id);
}
