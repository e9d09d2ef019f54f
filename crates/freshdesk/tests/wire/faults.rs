//! When it goes wrong: what is tried again, what is not, and what a caller learns.

use std::time::Duration;

use hammerdesk_freshdesk::{ErrorKind, NewNote, NewReply, Options, TicketFields, TicketQuery};

use crate::server::{Act, Desk, reply};

fn hasty() -> Options {
    Options {
        timeout: Duration::from_millis(300),
        ..Options::default()
    }
}

#[tokio::test]
async fn a_read_waits_out_a_429_for_as_long_as_it_was_told() {
    let desk = Desk::that([
        reply(429, "").with("Retry-After", "37"),
        reply(200, r#"{"id":5}"#),
    ])
    .await;
    assert_eq!(desk.client.ticket(5, &[]).await.unwrap().id, 5);
    assert_eq!(desk.naps(), [Duration::from_secs(37)]);
    assert_eq!(desk.client.rate().throttled, 1);
}

#[tokio::test]
async fn a_read_waits_out_a_429_by_a_guess_where_it_was_not_told() {
    let desk = Desk::that([
        reply(429, "<html>slow down</html>"),
        reply(429, ""),
        reply(200, "[]"),
    ])
    .await;
    desk.client.tickets(&TicketQuery::default()).await.unwrap();
    assert_eq!(desk.naps(), [Duration::from_secs(15), Duration::from_secs(30)]);
}

#[tokio::test]
async fn a_person_is_told_at_once_when_waiting_would_be_long_and_nothing_more_is_sent() {
    let desk = Desk::that([reply(429, "").with("Retry-After", "60")]).await;
    let person = desk.client.for_person();
    let error = person.ticket(5, &[]).await.unwrap_err();
    assert!(error.is_throttled() && error.is_passing());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    let next = person
        .note(5, &NewNote::private("x"), Vec::new())
        .await
        .unwrap_err();
    assert!(
        matches!(next.kind, ErrorKind::Busy { .. }) && !next.is_ambiguous(),
        "{next}"
    );
    assert_eq!(
        desk.asked().len(),
        1,
        "while the account is paused nothing is sent"
    );
}

#[tokio::test]
async fn a_write_is_not_tried_again_even_where_that_would_be_safe() {
    let desk = Desk::that([reply(429, "").with("Retry-After", "2"), reply(201, r#"{"id":1}"#)]).await;
    let error = desk
        .client
        .create_ticket(&TicketFields::new().subject("x"), Vec::new())
        .await
        .unwrap_err();
    assert!(!error.is_ambiguous() && error.is_passing());
    assert_eq!(
        (error.retry_after(), desk.asked().len()),
        (Some(Duration::from_secs(2)), 1)
    );
}

#[tokio::test]
async fn a_read_survives_outages_and_broken_connections_within_its_attempts() {
    let desk = Desk::that([
        Act::HangUp,
        Act::BreakOff(reply(200, r#"{"id":5,"subject":"long enough"}"#)),
        reply(200, r#"{"id":5}"#).into(),
        reply(503, "<html>").into(),
        reply(502, "").into(),
        reply(500, "").into(),
    ])
    .await;
    desk.client.ticket(5, &[]).await.unwrap();
    assert_eq!(desk.naps(), [Duration::from_millis(500), Duration::from_secs(1)]);
    let error = desk.client.ticket(5, &[]).await.unwrap_err();
    assert_eq!(
        (error.status(), error.is_passing(), desk.asked().len()),
        (Some(500), true, 6)
    );
}

#[tokio::test]
async fn a_write_without_an_answer_is_sent_once_and_may_have_landed() {
    let acts = [
        Act::HangUp,
        Act::KeepSilent,
        Act::BreakOff(reply(201, r#"{"id":5,"body":"some words"}"#)),
        reply(502, "<html>bad gateway</html>").into(),
        reply(500, "").into(),
        reply(201, "<html>a proxy's page</html>").into(),
        reply(201, "").into(),
        reply(201, "[]").into(),
        reply(201, r#"{"id":null}"#).into(),
    ];
    let count = acts.len();
    let desk = Desk::with(hasty(), acts).await;
    for sent in 1..=count {
        let reply = NewReply {
            body: "x".into(),
            ..NewReply::default()
        };
        let error = desk.client.reply(5, &reply, Vec::new()).await.unwrap_err();
        assert!(error.is_ambiguous(), "{error}");
        assert_eq!(desk.asked().len(), sent);
    }
    assert!(desk.is_done());
}

#[tokio::test]
async fn a_write_that_was_refused_has_certainly_not_landed() {
    for status in [301, 400, 401, 403, 404, 405, 406, 409, 415, 429] {
        let desk = Desk::that([reply(status, "").with("Location", "/elsewhere")]).await;
        let error = desk.client.delete_ticket(5).await.unwrap_err();
        assert!(!error.is_ambiguous() && error.is_write, "{status}");
        assert_eq!(
            (error.status(), desk.asked().len()),
            (Some(status), 1),
            "no redirect is followed"
        );
    }
}

#[tokio::test]
async fn without_a_connection_nothing_has_landed() {
    let desk = Desk::that(Vec::<Act>::new()).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nowhere = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = hammerdesk_freshdesk::Client::new(
        &nowhere,
        hammerdesk_freshdesk::ApiKey::new("k"),
        Options {
            timer: desk.timer.clone(),
            ..Options::default()
        },
    )
    .unwrap();
    let error = client
        .note(5, &NewNote::private("x"), Vec::new())
        .await
        .unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Unreachable(_)) && !error.is_ambiguous() && error.is_passing());
}

#[tokio::test]
async fn errors_say_what_was_wrong_in_either_shape_and_nothing_that_was_sent() {
    let a = r#"{"description":"Validation failed","errors":[{"field":"status","message":"It should be one of these values: '2,3'","code":"invalid_value"}]}"#;
    let b = r#"{"code":"invalid_credentials","message":"You have to be logged in to perform this action."}"#;
    let desk = Desk::that([
        reply(400, a).with("X-Request-Id", "abc-1"),
        reply(401, b),
        reply(404, ""),
        reply(403, "{\"errors\":[{\"field\":\"jane@example.com\"}]}"),
    ])
    .await;
    let fields = TicketFields::new().subject("private words");
    let mut said = Vec::new();
    for _ in 0..4 {
        said.push(
            desk.client
                .update_ticket(5, &fields, Vec::new())
                .await
                .unwrap_err(),
        );
    }
    let lines: Vec<_> = said.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "update a ticket: Freshdesk answered 400, status: invalid_value (request abc-1)",
            "update a ticket: Freshdesk answered 401 invalid_credentials",
            "update a ticket: Freshdesk answered 404",
            "update a ticket: Freshdesk answered 403, a field: refused",
        ]
    );
    assert!(
        said[0].is_rejected() && said[1].is_unauthorised() && said[2].is_missing() && said[3].is_forbidden()
    );
    let debug = format!("{fields:?} {:?}", desk.client);
    assert!(
        !debug.contains("private words") && !debug.contains("k3y"),
        "{debug}"
    );
}

#[tokio::test]
async fn a_client_that_only_reads_sends_no_write_of_any_kind() {
    let options = Options {
        read_only: true,
        ..Options::default()
    };
    let desk = Desk::with(options, [reply(200, r#"{"id":5}"#)]).await;
    let client = &desk.client;
    let words = NewReply {
        body: "x".into(),
        ..NewReply::default()
    };
    let merge = hammerdesk_freshdesk::Merge::into(1, vec![2]);
    let errors = [
        client.create_ticket(&TicketFields::new(), Vec::new()).await.err(),
        client
            .update_ticket(5, &TicketFields::new(), Vec::new())
            .await
            .err(),
        client.delete_ticket(5).await.err(),
        client.restore_ticket(5).await.err(),
        client.merge_tickets(&merge).await.err(),
        client.note(5, &NewNote::private("x"), Vec::new()).await.err(),
        client.reply(5, &words, Vec::new()).await.err(),
        client.edit_note(5, "x").await.err(),
        client.delete_conversation(5).await.err(),
    ];
    for error in errors {
        let error = error.unwrap();
        assert!(matches!(error.kind, ErrorKind::ReadOnly) && !error.is_ambiguous());
    }
    assert!(desk.asked().is_empty() && client.is_read_only());
    client.ticket(5, &[]).await.unwrap();
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let options = Options {
        largest_answer: 1000,
        ..Options::default()
    };
    let desk = Desk::with(options, [reply(200, format!("[{}]", " ".repeat(2000)))]).await;
    let error = desk.client.tickets(&TicketQuery::default()).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Unreadable { .. }), "{error}");
}
