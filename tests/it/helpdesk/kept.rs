//! What is kept beside the ticket: whose it is, what is ours, files.

use hammerdesk_domain::helpdesk::{By, TicketId, mark};
use hammerdesk_domain::ids::new_id;
use hammerdesk_freshdesk::NewNote;
use hammerdesk_sandbox::freshdesk::model::File;

use super::{Line, each_line, id, one_line};
use crate::harness::Desk;

#[tokio::test]
async fn our_own_note_is_told_as_ours_whether_its_answer_came_or_was_lost() {
    each_line(
        |_| (),
        async |line| {
            let ticket = line
                .account()
                .customer_mails("c@example.org", "C", "a", "<p>x</p>");
            line.catch_up().await;
            let (answered, lost) = (new_id(line.now()), new_id(line.now()));
            let mut unit = line.store.write().await.unwrap();
            for token in [answered, lost] {
                unit.intend_write(token, "note", Some(id(ticket)), line.now())
                    .await
                    .unwrap();
            }
            unit.commit().await.unwrap();
            let client = line.helpdesk.client().clone();
            let note = |token| NewNote::private(format!("<p>The facts</p>{}", mark(token)));
            let said = client.note(ticket, &note(answered), Vec::new()).await.unwrap();
            line.helpdesk
                .keep_said(&said, id(ticket), answered)
                .await
                .unwrap();
            client.note(ticket, &note(lost), Vec::new()).await.unwrap();
            line.account()
                .agent_notes(line.account().bot(), ticket, "<p>The facts</p>", true)
                .unwrap();
            line.catch_up().await;
            line.assert_equal().await;
            let mut view = line.store.read().await.unwrap();
            let tokens: Vec<_> = view
                .conversations(id(ticket))
                .await
                .unwrap()
                .into_iter()
                .map(|said| said.token)
                .collect();
            assert_eq!(tokens, [Some(answered), Some(lost), None]);
            let ours = view.ticket_trail(id(ticket)).await.unwrap();
            assert_eq!(ours.iter().filter(|happened| happened.is_ours()).count(), 2);
        },
    )
    .await;
}

#[tokio::test]
async fn files_on_words_are_known_without_their_bytes() {
    one_line(
        |_| (),
        async |line| {
            let file = |name: &str| File {
                name: name.into(),
                content_type: "application/pdf".into(),
                content: b"%PDF-1.7".as_slice().into(),
            };
            let ticket = line.account().customer_mails_with(
                "c@example.org",
                "C",
                "a",
                "<p>x</p>",
                vec![file("passport.pdf")],
            );
            line.account()
                .customer_answers_with(ticket, "<p>y</p>", vec![file("invoice.pdf")])
                .unwrap();
            line.helpdesk.hint(id(ticket)).await.unwrap();
            line.catch_up().await;
            let mut view = line.store.read().await.unwrap();
            let files = view.attachments(id(ticket)).await.unwrap();
            let mut names: Vec<_> = files
                .iter()
                .map(|file| (file.name.as_str(), file.conversation.is_some(), file.size))
                .collect();
            names.sort_unstable();
            assert_eq!(names, [("invoice.pdf", true, 8), ("passport.pdf", false, 8)]);
        },
    )
    .await;
}

#[tokio::test]
async fn a_ticket_is_matched_to_the_house_s_client_and_a_mismatch_is_said() {
    let desk = Desk::open().await;
    let line = Line::to(desk.app.store.clone(), |_| ()).await;
    let mut view = line.store.read().await.unwrap();
    let mut known = Vec::new();
    view.each_record(hammerdesk_domain::record::Entity::Alias, |records| {
        for record in records {
            let text = |column: &str| match record.get(column) {
                hammerdesk_domain::record::Value::Text(text) => text.clone(),
                _ => String::new(),
            };
            if text("kind") == "email" {
                known.push((text("client"), text("value")));
            }
        }
        true
    })
    .await
    .unwrap();
    drop(view);
    let shared = |email: &str| known.iter().filter(|(_, other)| other == email).count() > 1;
    let mut alone = known.iter().filter(|(_, email)| !shared(email));
    let (one, email) = alone.next().unwrap();
    let (other, _) = alone.find(|(client, _)| client != one).unwrap();
    let account = line.account();
    let plain = account.customer_mails(email, "C", "My balance", "<p>?</p>");
    let mixed = account.customer_mails(email, "C", &format!("Client {other}"), "<p>?</p>");
    let nobody = account.customer_mails("nobody@nowhere.example", "N", "Hello", "<p>?</p>");
    line.catch_up().await;
    let mut view = line.store.read().await.unwrap();
    let mut verdict = async |ticket: u64| view.ticket_match(id(ticket)).await.unwrap().unwrap();
    let (found, candidates) = verdict(plain).await;
    assert_eq!(
        found.client().map(hammerdesk_domain::ids::ClientNo::as_str),
        Some(one.as_str()),
        "{candidates:?}"
    );
    assert_eq!(candidates[0].by, By::Email);
    let (found, candidates) = verdict(mixed).await;
    assert!(found.is_mismatch(), "{candidates:?}");
    assert_eq!(verdict(nobody).await.0.word(), "none");
}

#[tokio::test]
async fn a_reader_sees_each_change_after_what_it_has_read() {
    one_line(
        |_| (),
        async |line| {
            let first = line
                .account()
                .customer_mails("c@example.org", "C", "a", "<p>x</p>");
            line.catch_up().await;
            let mut view = line.store.read().await.unwrap();
            let seq = view.newest_change().await.unwrap();
            drop(view);
            let second = line
                .account()
                .customer_mails("c@example.org", "C", "b", "<p>x</p>");
            line.catch_up().await;
            let mut view = line.store.read().await.unwrap();
            let changed: Vec<TicketId> = view
                .tickets_changed_after(seq, 10)
                .await
                .unwrap()
                .into_iter()
                .map(hammerdesk_store::helpdesk::TicketChanged::ticket)
                .collect();
            assert_eq!(changed, [id(second)], "and not {first}");
        },
    )
    .await;
}
