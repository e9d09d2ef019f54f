//! Files: up as forms, down from signed addresses that expire and want no key.

use std::sync::Arc;

use chrono::TimeDelta;
use hammerdesk_sandbox::freshdesk::model::File;
use reqwest::multipart::{Form, Part};

use crate::Desk;

fn letter(bytes: Vec<u8>) -> Part {
    Part::bytes(bytes)
        .file_name("letter of release.pdf")
        .mime_str("application/pdf")
        .expect("a type")
}

#[tokio::test]
async fn a_note_with_a_file_is_a_form_and_the_file_comes_back_byte_for_byte() {
    let desk = Desk::open().await;
    let id = desk.mail("Question");
    let form = Form::new()
        .text("body", "<div>See file</div>")
        .text("private", "true")
        .part("attachments[]", letter(b"%PDF-1.7\r\n--x".to_vec()));
    let noted = Desk::got(
        desk.request("POST", &format!("tickets/{id}/notes"))
            .multipart(form),
    )
    .await;
    assert_eq!(noted.status, 201);
    let file = &noted.body["attachments"][0];
    assert_eq!(
        (&file["name"], &file["size"]),
        (&"letter of release.pdf".into(), &13.into())
    );
    assert_eq!(file["content_type"], "application/pdf");

    let address = file["attachment_url"].as_str().unwrap();
    let fetched = desk.http.get(address).send().await.unwrap();
    assert_eq!(&fetched.bytes().await.unwrap()[..], b"%PDF-1.7\r\n--x");
    let with_key = desk.http.get(address).basic_auth(desk.sim.api_key(), Some("X"));
    assert_eq!(Desk::got(with_key).await.status, 400, "the storage wants no key");

    desk.passes(TimeDelta::seconds(301));
    assert_eq!(
        Desk::got(desk.http.get(address)).await.status,
        403,
        "the address has expired"
    );
    let again = desk.get(&format!("tickets/{id}/conversations")).await;
    let fresh = again.body[0]["attachments"][0]["attachment_url"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(Desk::got(desk.http.get(&fresh)).await.status, 200);
    let forged = fresh.replace("Signature=", "Signature=0");
    assert_eq!(Desk::got(desk.http.get(forged)).await.status, 403);
}

#[tokio::test]
async fn a_form_can_say_everything_that_json_can() {
    let desk = Desk::open().await;
    desk.account().add_field("cf_lot", "Lot", "custom_text", &[]);
    let form = Form::new()
        .text("email", "ada@buyer.example")
        .text("subject", "Photographs")
        .text("description", "<div>x</div>")
        .text("status", "2")
        .text("priority", "3")
        .text("tags[]", "release")
        .text("tags[]", "urgent")
        .text("custom_fields[cf_lot]", "12")
        .part("attachments[]", letter(vec![7; 2000]));
    let made = Desk::got(desk.request("POST", "tickets").multipart(form)).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    let ticket = desk.account().ticket(made.id()).unwrap();
    assert_eq!((ticket.priority, ticket.tags.len()), (3, 2));
    assert_eq!(ticket.custom_fields["cf_lot"], "12");
    assert_eq!(ticket.attachments[0].content.len(), 2000);
    assert!(desk.account().violations().is_empty());
}

#[tokio::test]
async fn files_above_the_limit_are_refused_together() {
    let desk = Desk::with(|options| options.attachment_limit = 1024 * 1024).await;
    let id = desk.mail("Question");
    let half = vec![0; 600 * 1024];
    let form = Form::new()
        .text("body", "x")
        .part("attachments[]", letter(half.clone()))
        .part("attachments[]", letter(half));
    let refused = Desk::got(
        desk.request("POST", &format!("tickets/{id}/notes"))
            .multipart(form),
    )
    .await;
    assert_eq!(refused.status, 400);
    assert_eq!(
        refused.body["errors"][0]["message"],
        "The size of all the attachments should not exceed 1 MB"
    );
    assert!(desk.account().ticket(id).unwrap().conversations.is_empty());
}

#[tokio::test]
async fn a_customers_file_is_there_for_the_api() {
    let desk = Desk::open().await;
    let id = desk.mail("Question");
    let proof = File {
        name: "proof.png".to_owned(),
        content_type: "image/png".to_owned(),
        content: Arc::from(&b"png"[..]),
    };
    desk.account()
        .customer_answers_with(id, "<div>Paid</div>", vec![proof])
        .unwrap();
    let said = desk.get(&format!("tickets/{id}/conversations")).await;
    let address = said.body[0]["attachments"][0]["attachment_url"].as_str().unwrap();
    assert_eq!(
        desk.http.get(address).send().await.unwrap().text().await.unwrap(),
        "png"
    );
}
