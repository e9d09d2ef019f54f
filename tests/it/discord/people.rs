//! People: chosen out of menus, parted from their rights, and looking at a channel in which others ask.

use std::sync::Arc;

use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::clock::Clock as _;
use hammerdesk_domain::escalation::{Desk as Rules, Kind, Rulebook, Severity, Way};
use hammerdesk_domain::helpdesk::{
    Gone, HelpdeskWrite, Requester, Ticket, TicketId, TicketTimes, Traits, status,
};
use hammerdesk_sandbox::discord::{Person, Seen};
use hammerdesk_store::helpdesk::{NewRecord, Origin, RecordKind, TicketReading};
use serde_json::json;

use super::{Chat, Different, ask, client, press};
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
    unit.keep_ticket(&reading, Origin::read(i64::MAX), now)
        .await
        .unwrap();
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
async fn a_message_becomes_an_escalation_by_its_menu_once_it_is_said_what_it_is_about() {
    let chat = Chat::with(Different {
        desk: Some(|settings| settings.desk = Some(rules(settings))),
        ..Different::default()
    })
    .await;
    let (number, name) = chat.client("B8");
    let nia = chat.coordinator();
    let said = nia
        .says(
            chat.accounts,
            "He was promised *lot 38* for Friday @everyone",
            &[],
        )
        .unwrap();
    let picked = nia
        .context_menu(said, "Escalate this message")
        .unwrap()
        .outcome()
        .await;
    let asked = picked.message.unwrap();
    assert!(
        asked.is_ephemeral && asked.text().contains("Nothing is handed over yet"),
        "{}",
        asked.text()
    );
    let open = async || {
        let mut view = chat.desk.app.store.read().await.unwrap();
        view.escalation_queue(None, 10).await.unwrap()
    };
    assert!(open().await.is_empty());
    let shown = press(&nia, &asked, "Escalate");
    let modal = shown.outcome().await.modal.expect("a modal");
    assert!(modal.to_string().contains("whoever is responsible"), "{modal}");
    let wrong = nia
        .submit_modal(&shown, &[("kind", "pickup")])
        .unwrap()
        .outcome()
        .await;
    assert!(wrong.text().contains("write one of balance"), "{}", wrong.text());
    let fields = [
        ("kind", "Release"),
        ("severity", "high"),
        ("client", number.as_str()),
    ];
    for _ in 0..2 {
        let sent = nia.submit_modal(&shown, &fields).unwrap().outcome().await;
        assert!(sent.is_ephemeral, "{}", sent.text());
    }
    let opened = open().await;
    assert_eq!(opened.len(), 1, "pressing twice hands over once");
    assert_eq!(
        (opened[0].kind, opened[0].severity),
        (Kind::Release, Severity::High)
    );
    let escalation = {
        let mut view = chat.desk.app.store.read().await.unwrap();
        view.escalation(opened[0].id).await.unwrap().unwrap()
    };
    assert_eq!(escalation.opening.way, Way::Chat);
    assert_eq!(
        escalation.opening.said,
        "He was promised *lot 38* for Friday @everyone"
    );
    assert!(!name.is_empty() && escalation.matched.clients().len() == 1);
    let stranger = chat.sim.person(chat.guild, "Stranger", &[]);
    let refused = stranger
        .context_menu(said, "Escalate this message")
        .unwrap()
        .outcome()
        .await;
    assert!(refused.text().contains("I do not know you yet"));
    chat.close().await;
}

/// Somebody who gets whatever is handed over.
fn rules(settings: &Settings) -> Arc<Rules> {
    let rules: Rulebook = toml::from_str(
        "[[routing]]\nid = \"all\"\nto = [\"person:coordinator-london\"]\n\
         [[ladders]]\nid = \"standard\"\n\
         rungs = [{ name = \"coordinator\", to = [\"assigned\"], wait = { after = \"15m\" } }]\n\
         times = 1\nends_with = [\"manager\"]\nremind_every = \"1h\"\nsilence = { after = \"4h\" }\n\
         [escalation]\nmanagers = { london = [\"manager\"], hong-kong = [\"manager\"] }\nlast_resort = [\"compliance\"]\n",
    )
    .unwrap();
    Arc::new(Rules::new(rules, settings.people.clone(), &settings.house).unwrap())
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
            assert!(
                roles.is_empty() == chosen.contains("I do not know you yet"),
                "{chosen}"
            );
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
    for entry in ["Create ticket from this message", "Escalate this message"] {
        let picked = nia.context_menu(said, entry).unwrap().outcome().await;
        assert!(picked.is_ephemeral, "{entry}");
    }
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
