//! People: chosen out of menus, parted from their rights, and looking at a channel in which others ask.

use hammerdesk_domain::clock::Clock as _;
use hammerdesk_domain::helpdesk::{
    Gone, HelpdeskWrite, Requester, Ticket, TicketId, TicketTimes, Traits, status,
};
use hammerdesk_sandbox::discord::{Person, Seen};
use hammerdesk_store::helpdesk::{NewRecord, Origin, RecordKind, TicketReading};
use serde_json::json;

use super::{Chat, ask, client, press};
use crate::harness::{CALL_CENTRE, MANAGER};

/// A ticket, and the agent that Kit is.
async fn ticket(chat: &Chat) {
    let now = chat.desk.clock.now();
    let reading = TicketReading {
        ticket: Ticket {
            id: TicketId(4711),
            subject: "Opening hours".to_owned(),
            status: status::OPEN,
            priority: 1,
            source: 1,
            kind: None,
            requester: Some(15),
            responder: None,
            group: None,
            company: None,
            product: None,
            support_email: None,
            tags: Vec::new(),
            custom: serde_json::Map::new(),
            due_at: None,
            first_response_due_at: None,
            is_escalated: false,
            times: TicketTimes::default(),
            created_at: now,
            updated_at: now,
            gone: Gone::Here,
            merged_into: None,
        },
        has_times: true,
        description: None,
        description_text: Some("When do you open?".to_owned()),
        attachments: None,
        raw: json!({}),
    };
    let record = |kind, id, name: &str, email: &str| NewRecord {
        kind,
        id,
        name: name.to_owned(),
        email: Some(email.to_owned()),
        raw: json!({}),
        is_partial: false,
        updated_at: None,
    };
    let asks = Requester {
        emails: vec!["who@example.net".to_owned()],
        ..Requester::default()
    };
    let mut unit = chat.desk.app.store.write().await.unwrap();
    for record in [
        record(RecordKind::Agent, 101, "Kit Ashdown", "kit@house.test"),
        record(RecordKind::Contact, 15, "Somebody", "who@example.net"),
    ] {
        unit.keep_helpdesk_record(&record, now).await.unwrap();
    }
    unit.keep_ticket(&reading, Origin::read(i64::MAX), now).await.unwrap();
    let traits = Traits::of(asks, "Opening hours", "");
    unit.match_ticket(TicketId(4711), &traits, now).await.unwrap();
    unit.commit().await.unwrap();
}

async fn writes(chat: &Chat) -> Vec<HelpdeskWrite> {
    let mut view = chat.desk.app.store.read().await.unwrap();
    let waiting = view.head_of_lane("freshdesk:4711", 50).await.unwrap();
    waiting
        .into_iter()
        .map(|waiting| serde_json::from_value(waiting.what.body).unwrap())
        .collect()
}

/// The menu of people that "Give it" shows.
async fn menu(who: &Person, chat: &Chat) -> Seen {
    let card = ask(who, chat.accounts, "ticket show", json!({ "ticket": "4711" }))
        .await
        .message
        .unwrap();
    press(who, &card, "Give it").outcome().await.message.unwrap()
}

#[tokio::test]
async fn somebody_chosen_in_a_menu_of_people_is_who_it_goes_to() {
    let chat = Chat::open().await;
    ticket(&chat).await;
    let rosa = chat.person("Rosa", MANAGER);
    let shown = menu(&rosa, &chat).await;
    assert!(
        shown.is_ephemeral && shown.text().contains("The ticket becomes that agent's"),
        "{}",
        shown.text()
    );
    let choose = |whom: &Person| {
        rosa.select(shown.id, &shown.menus()[0], &[whom.id.to_string().as_str()])
            .unwrap()
    };
    let unknown = choose(&rosa).outcome().await;
    assert!(
        unknown.is_ephemeral && unknown.text().contains("which agent that person is"),
        "{}",
        unknown.text()
    );
    assert!(writes(&chat).await.is_empty());
    let given = choose(&chat.kit).outcome().await;
    assert!(
        given.is_ephemeral && given.text().contains("goes to Kit Ashdown"),
        "{}",
        given.text()
    );
    let written = writes(&chat).await;
    assert!(
        matches!(written.as_slice(), [HelpdeskWrite::Update { change, .. }] if change.responder == Some(101)),
        "{written:?}"
    );
    chat.close().await;
}

#[tokio::test]
async fn who_loses_a_role_loses_open_forms_and_menus_too() {
    let chat = Chat::open().await;
    ticket(&chat).await;
    let (number, name) = chat.client("B8");
    let nia = chat.person("Nia", MANAGER);
    let people = menu(&nia, &chat).await;
    let found = ask(&nia, chat.accounts, "client find", json!({ "text": "an" }))
        .await
        .message
        .unwrap();
    let answer = ask(&nia, chat.accounts, "balance", client(&number))
        .await
        .message
        .unwrap();
    let form = press(&nia, &answer, "Another day");
    let modal = form.outcome().await.modal.expect("a modal");
    let field = modal["components"][0]["components"][0]["custom_id"]
        .as_str()
        .unwrap()
        .to_owned();
    for (roles, says) in [
        (vec![], "I do not know you yet"),
        (vec![chat.roles[CALL_CENTRE]], "not open to the role"),
    ] {
        chat.sim.set_roles(chat.guild, nia.id, &roles);
        let sent = nia
            .submit_modal(&form, &[(&field, "2026-10-31")])
            .unwrap()
            .outcome()
            .await;
        assert!(
            sent.text().contains(says) && !sent.text().contains(&name),
            "{}",
            sent.text()
        );
        let given = nia
            .select(people.id, &people.menus()[0], &[chat.kit.id.to_string().as_str()])
            .unwrap()
            .outcome()
            .await;
        assert!(!given.text().contains("goes to"), "{}", given.text());
        let why = press(&nia, &answer, "How was this computed").outcome().await;
        assert!(!why.text().contains(&name), "{}", why.text());
        if let Some(menu) = found.menus().first() {
            let options = found.options(menu);
            let chosen = nia
                .select(found.id, menu, &[&options[0].1])
                .unwrap()
                .outcome()
                .await;
            let chosen = chosen.text();
            assert!(roles.is_empty() == chosen.contains("I do not know you yet"), "{chosen}");
        }
    }
    assert!(writes(&chat).await.is_empty());
    chat.close().await;
}

#[tokio::test]
async fn nobody_else_sees_a_word_of_whatever_somebody_does_in_the_same_channel() {
    let chat = Chat::open().await;
    ticket(&chat).await;
    let (number, name) = chat.client("B8");
    let (nia, other) = (chat.person("Nia", MANAGER), chat.person("Other", MANAGER));
    let said = nia.says(chat.accounts, "Lot 38, please", &[]).unwrap();
    let by_client = || json!({ "client": number });
    for (command, options) in [
        ("balance", by_client()),
        ("balance", json!({ "client": number, "as_of": "tomorrow" })),
        ("balance", json!({ "client": "nobody of that name" })),
        ("release", by_client()),
        ("deposit", by_client()),
        ("client show", by_client()),
        ("client find", json!({ "text": "an" })),
        ("feed status", json!({})),
        ("ticket show", json!({ "ticket": "4711" })),
        ("queue", json!({})),
        ("help", json!({})),
    ] {
        let answer = ask(&nia, chat.accounts, command, options).await;
        let message = answer.message.unwrap_or_else(|| panic!("/{command} is answered"));
        assert!(answer.is_ephemeral && message.is_ephemeral, "/{command}");
        for label in message.buttons() {
            // Links open elsewhere.
            if let Some(button) = message.button(&label) {
                nia.press(message.id, &button).unwrap().outcome().await;
            }
        }
        for menu in message.menus() {
            if let Some((_, value)) = message.options(&menu).first() {
                nia.select(message.id, &menu, &[value]).unwrap().outcome().await;
            }
        }
    }
    nia.context_menu(said, "Create ticket from this message")
        .unwrap()
        .outcome()
        .await;
    nia.autocomplete(chat.accounts, "balance", &client(&name[..4]), "client")
        .unwrap()
        .outcome()
        .await;
    let own = nia.sees(chat.accounts);
    assert!(own.len() > 30, "{}", own.len());
    assert!(own.iter().any(|seen| seen.text().contains(&name)));
    let seen = other.sees(chat.accounts);
    assert!(
        seen.len() == 1 && seen[0].id == said,
        "{:?}",
        seen.iter().map(Seen::text).collect::<Vec<_>>()
    );
    assert!(other.sees(other.direct_channel()).is_empty());
    assert!(chat.sim.threads(chat.accounts).is_empty());
    // Nothing of it went over the wire as a message for all either.
    assert!(
        chat.sim
            .requests()
            .iter()
            .all(|logged| logged.route != "POST /channels/{}/messages")
    );
    chat.close().await;
}
