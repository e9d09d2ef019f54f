//! What is sent when something is changed.

use futures_util::stream;
use hammerdesk_freshdesk::{
    Attachment, ErrorKind, LARGEST_UPLOAD, Merge, NewNote, NewReply, Priority, Status, TicketFields, Upload,
};
use serde_json::json;

use crate::server::{Act, Desk, reply};

#[tokio::test]
async fn a_note_always_says_whether_it_is_private() {
    let desk = Desk::that((0..2).map(|_| reply(201, r#"{"id":9,"private":true}"#))).await;
    let note = desk
        .client
        .note(5, &NewNote::private("<b>x</b>"), Vec::new())
        .await
        .unwrap();
    assert!(note.is_private());
    let public = NewNote {
        private: false,
        ..NewNote::private("x")
    };
    desk.client.note(5, &public, Vec::new()).await.unwrap();
    let asked = desk.asked();
    assert_eq!(asked[0].line, "POST /api/v2/tickets/5/notes");
    assert_eq!(asked[0].json(), json!({"body": "<b>x</b>", "private": true}));
    assert_eq!(asked[1].json(), json!({"body": "x", "private": false}));
}

#[tokio::test]
async fn a_change_names_only_what_it_changes_and_null_empties() {
    let desk = Desk::that([reply(200, r#"{"id":5,"status":4}"#)]).await;
    let fields = TicketFields::new()
        .status(Status::Resolved)
        .priority(Priority::Other(9))
        .responder(None)
        .group(Some(103_021_871_212))
        .tags(["a"])
        .custom("cf_lot", "7")
        .custom("cf_n", 5);
    let kept = serde_json::to_string(&fields).unwrap();
    let fields: TicketFields = serde_json::from_str(&kept).unwrap();
    let ticket = desk.client.update_ticket(5, &fields, Vec::new()).await.unwrap();
    assert_eq!(ticket.status, Some(Status::Resolved));
    let asked = &desk.asked()[0];
    assert_eq!(asked.line, "PUT /api/v2/tickets/5");
    assert_eq!(
        asked.json(),
        json!({"status": 4, "priority": 9, "responder_id": null, "group_id": 103_021_871_212_u64, "tags": ["a"],
            "custom_fields": {"cf_lot": "7", "cf_n": 5}})
    );
    assert!(
        asked
            .head
            .to_ascii_lowercase()
            .contains("content-type: application/json\r\n")
    );
}

#[tokio::test]
async fn attachments_go_as_a_form_with_their_names_and_the_same_fields() {
    let desk = Desk::that([reply(201, r#"{"id":9}"#), reply(201, r#"{"id":10}"#)]).await;
    let pieces = stream::iter([Ok::<_, std::io::Error>(b"hello ".to_vec()), Ok(b"world".to_vec())]);
    let uploads = vec![
        Upload::stream("lot \"7\".txt", "text/plain", 11, pieces),
        Upload::bytes("b.bin", "application/octet-stream", vec![b'z'; 3]),
    ];
    desk.client
        .note(5, &NewNote::private("see attached"), uploads)
        .await
        .unwrap();
    let asked = &desk.asked()[0];
    assert!(
        asked
            .head
            .to_ascii_lowercase()
            .contains("content-type: multipart/form-data; boundary=")
    );
    for part in [
        "name=\"body\"\r\n\r\nsee attached",
        "name=\"private\"\r\n\r\ntrue",
        "name=\"attachments[]\"; filename=\"lot \\\"7\\\".txt\"\r\nContent-Type: text/plain\r\n\r\nhello world",
        "filename=\"b.bin\"\r\nContent-Type: application/octet-stream\r\n\r\nzzz",
    ] {
        assert!(asked.body.contains(part), "{part} in {}", asked.body);
    }
    let reply = NewReply {
        body: "x".into(),
        cc_emails: vec!["a@b.example".into()],
        ..NewReply::default()
    };
    desk.client
        .reply(5, &reply, vec![Upload::bytes("c", "text/plain", vec![1])])
        .await
        .unwrap();
    assert!(
        desk.asked()[1]
            .body
            .contains("name=\"cc_emails[]\"\r\n\r\na@b.example")
    );
}

#[tokio::test]
async fn what_weighs_too_much_is_refused_before_a_byte_is_sent() {
    let desk = Desk::that(Vec::<Act>::new()).await;
    let big = Upload::bytes(
        "a",
        "text/plain",
        vec![0; usize::try_from(LARGEST_UPLOAD).unwrap() + 1],
    );
    let error = desk
        .client
        .note(5, &NewNote::private("x"), vec![big])
        .await
        .unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Unsendable(_)) && !error.is_ambiguous());
    assert!(desk.asked().is_empty());
}

#[tokio::test]
async fn a_stream_that_is_not_as_long_as_announced_does_not_pass() {
    for pieces in [vec![vec![1; 4]], vec![vec![1; 20]]] {
        let desk = Desk::that([reply(201, r#"{"id":9}"#)]).await;
        let pieces = stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>));
        let upload = Upload::stream("a", "text/plain", 10, pieces);
        let error = desk
            .client
            .note(5, &NewNote::private("x"), vec![upload])
            .await
            .unwrap_err();
        assert!(error.is_ambiguous(), "{error}");
    }
}

#[tokio::test]
async fn a_file_is_read_as_it_is_sent() {
    let path = std::env::temp_dir().join(format!("hammerdesk-upload-{}.txt", std::process::id()));
    std::fs::write(&path, "from a file").unwrap();
    let upload = Upload::file(&path, "text/plain").await.unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(upload.size(), 11);
    let desk = Desk::that([reply(201, r#"{"id":9}"#)]).await;
    desk.client
        .create_ticket(&TicketFields::new().subject("x"), vec![upload])
        .await
        .unwrap();
    assert!(desk.asked()[0].body.contains("from a file"));
}

#[tokio::test]
async fn the_other_changes_go_where_freshdesk_wants_them() {
    let desk = Desk::that([
        reply(204, ""),
        reply(204, ""),
        reply(204, ""),
        reply(200, r#"{"id":9}"#),
        reply(204, ""),
    ])
    .await;
    let client = &desk.client;
    client.delete_ticket(5).await.unwrap();
    client.restore_ticket(5).await.unwrap();
    client.merge_tickets(&Merge::into(5, vec![6, 7])).await.unwrap();
    client.edit_note(9, "new").await.unwrap();
    client.delete_conversation(9).await.unwrap();
    assert_eq!(
        desk.lines(),
        [
            "DELETE /api/v2/tickets/5",
            "PUT /api/v2/tickets/5/restore",
            "PUT /api/v2/tickets/merge",
            "PUT /api/v2/conversations/9",
            "DELETE /api/v2/conversations/9",
        ]
    );
    assert_eq!(
        desk.asked()[2].json(),
        json!({"primary_id": 5, "ticket_ids": [6, 7], "convert_recepients_to_cc": false,
            "note_in_primary": {"body": "Merged from 6, 7", "private": true},
            "note_in_secondary": {"body": "Merged into 5", "private": true}})
    );
}

#[tokio::test]
async fn an_attachment_is_fetched_without_the_key_and_not_beyond_its_limit() {
    let desk = Desk::that([
        reply(200, "0123456789"),
        reply(200, "0123456789"),
        reply(403, "<Error/>"),
    ])
    .await;
    let at = |address: String| Attachment {
        id: 1,
        attachment_url: Some(address.into()),
        ..Attachment::default()
    };
    let attachment = at(format!("{}/s3/file?X-Amz-Signature=1", desk.address));
    let download = desk.client.fetch(&attachment, 10).await.unwrap();
    assert_eq!(download.bytes().await.unwrap(), b"0123456789");
    assert!(
        !desk.asked()[0]
            .head
            .to_ascii_lowercase()
            .contains("authorization")
    );
    assert!(desk.client.fetch(&attachment, 9).await.is_err());
    assert!(
        desk.client
            .fetch(&attachment, 10)
            .await
            .unwrap_err()
            .is_forbidden(),
        "the address is too old"
    );
    for odd in ["", "file:///etc/passwd", "nonsense"] {
        assert!(desk.client.fetch(&at(odd.to_owned()), 10).await.is_err());
    }
    assert_eq!(
        desk.client.rate().calls,
        0,
        "storage has no part in the account's limit"
    );
}
