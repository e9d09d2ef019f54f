//! Handing something over in chat: what becomes of it, who may, and why somebody has it.

use std::sync::Arc;

use chrono::TimeDelta;
use hammerdesk_commands::request::What as RequestWhat;
use hammerdesk_domain::clock::Clock as _;
use hammerdesk_domain::escalation::model::{Actor, Event, Matched, What};
use hammerdesk_domain::escalation::{Escalation, EscalationId, Kind, Rulebook, Severity, Way};
use hammerdesk_domain::ids::{ClientNo, LocationId, PersonId};
use hammerdesk_domain::message::Outcome;
use hammerdesk_domain::record::{Entity, Value};
use hammerdesk_store::escalations::Entry;
use serde_json::json;

use crate::harness::{CALL_CENTRE, COMPLIANCE, COORDINATOR, Desk, HONG_KONG, MANAGER, SHIPPING};

/// What the tests' house decided.
const RULES: &str = r#"
[[routing]]
id = "refunds"
when = { kind = ["deposit_refund"], location = ["hong-kong"] }
to = ["person:coordinator-hong-kong"]

[[routing]]
id = "london"
when = { location = ["london"] }
to = ["team:london"]

[[teams]]
id = "london"
members = ["coordinator-london"]

[[ladders]]
id = "standard"
rungs = [
  { name = "coordinator", to = ["assigned"], wait = { after = "15m" } },
  { name = "manager", to = ["manager"], wait = { after = "30m" } },
]
times = 1
ends_with = ["manager"]
remind_every = "1h"
silence = { after = "4h" }

[escalation]
managers = { london = ["manager"], hong-kong = ["manager"] }
last_resort = ["compliance"]
"#;

/// A house with rules.
pub(crate) async fn house() -> Desk {
    Desk::with(|settings| {
        let rules: Rulebook = toml::from_str(RULES).unwrap();
        let desk = hammerdesk_domain::escalation::Desk::new(rules, settings.people.clone(), &settings.house);
        settings.desk = Some(Arc::new(desk.unwrap()));
    })
    .await
}

/// An ordinary client of that saleroom.
fn client_of(desk: &Desk, location: &str) -> String {
    let text = |value: &Value| match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    desk.house
        .records(Entity::Client)
        .filter(|client| text(client.get("location")).as_deref() == Some(location))
        .filter(|client| text(client.get("confidentiality")).as_deref() == Some("normal"))
        .find_map(|client| text(client.get("client")))
        .expect("a client")
}

async fn kept(desk: &Desk, facts: &serde_json::Value) -> Escalation {
    let id: EscalationId = serde_json::from_value(facts["escalation"].clone()).unwrap();
    let mut view = desk.app.store.read().await.unwrap();
    view.escalation(id).await.unwrap().expect("kept")
}

#[tokio::test]
async fn what_is_handed_over_is_kept_with_the_facts_of_the_moment_and_waits_to_be_routed() {
    let desk = house().await;
    let client = client_of(&desk, "london");
    let line = format!("/escalate {client} reason: He says lot 45 was paid severity:high kind:release");
    let reply = desk.ask(COORDINATOR, &line).await;
    assert_eq!(reply.outcome, Outcome::Answered, "{}", reply.text);
    assert!(
        reply.text.starts_with("Handed over as E-")
            && reply.text.contains(": release for ")
            && reply.text.ends_with("The facts of this moment go with it."),
        "{}",
        reply.text
    );
    let one = kept(&desk, &reply.facts).await;
    assert_eq!(
        (one.opening.way, one.opening.kind, one.severity),
        (Way::Chat, Kind::Release, Severity::High)
    );
    assert!(matches!(&one.matched, Matched::Found(no) if *no == ClientNo::parse(&client).unwrap()));
    assert_eq!(one.opening.said, "He says lot 45 was paid");
    assert_eq!(one.opening.location, Some(LocationId::new("london")));
    let snapshot = one.opening.snapshot.clone().expect("the facts");
    assert_eq!(snapshot.taken_at, desk.clock.now());
    assert!(snapshot.facts["as_of"].is_object(), "{}", snapshot.facts);
    let mut view = desk.app.store.read().await.unwrap();
    let due = view.due_escalations(desk.clock.now(), 10).await.unwrap();
    assert_eq!(due, [one.id()]);
}

#[tokio::test]
async fn the_same_matter_becomes_one_with_a_count_and_a_button_pressed_twice_counts_once() {
    let desk = house().await;
    let client = client_of(&desk, "london");
    let line = |words: &str| format!("/escalate {client} reason: {words} kind:release");
    let first = desk.ask(COORDINATOR, &line("where is lot 45")).await;
    let pressed = desk.ask(COORDINATOR, &line("where is lot 45")).await;
    assert_eq!(
        pressed.text,
        "You handed this over just now; it is one escalation."
    );
    desk.clock.advance(TimeDelta::minutes(20));
    let second = desk
        .ask(MANAGER, &format!("{} severity:high", line("he called again")))
        .await;
    assert!(second.text.contains("which makes it 2 times"), "{}", second.text);
    let ids = [&first, &pressed, &second].map(|reply| reply.facts["escalation"].clone());
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let one = kept(&desk, &second.facts).await;
    assert_eq!((one.times, one.severity), (2, Severity::High));
    let other = desk
        .ask(
            COORDINATOR,
            &format!("/escalate {client} reason: where is lot 45 kind:complaint"),
        )
        .await;
    assert_ne!(
        other.facts["escalation"], ids[0],
        "another kind is another matter"
    );
}

#[tokio::test]
async fn nobody_hands_over_or_hears_of_a_client_whom_they_may_not_see() {
    let desk = house().await;
    let client = client_of(&desk, "hong-kong");
    let theirs = desk
        .ask(
            HONG_KONG,
            &format!("/escalate {client} reason: 退款 kind:deposit_refund"),
        )
        .await;
    assert_eq!(theirs.outcome, Outcome::Answered, "{}", theirs.text);
    let ours = desk
        .ask(COORDINATOR, &format!("/escalate {client} reason: refund"))
        .await;
    assert_eq!(ours.outcome, Outcome::Refused);
    let id = theirs.facts["escalation"].as_str().unwrap();
    let explained = desk.text(COORDINATOR, &format!("/escalation explain {id}")).await;
    let unknown = desk
        .text(
            COORDINATOR,
            "/escalation explain 00000000-0000-0000-0000-000000000000",
        )
        .await;
    assert_eq!(
        explained.replace(id, "ID"),
        unknown.replace("00000000-0000-0000-0000-000000000000", "ID"),
        "one that is hidden reads as one that is not there"
    );
    for person in [SHIPPING, CALL_CENTRE] {
        let refused = desk.ask(person, &format!("/escalation explain {id}")).await;
        assert_eq!(refused.outcome, Outcome::Refused, "{person}");
    }
}

#[tokio::test]
async fn mistakes_are_answered_with_what_to_do_and_nothing_is_kept() {
    let desk = house().await;
    let client = client_of(&desk, "london");
    let says = async |line: &str| desk.text(MANAGER, line).await;
    for (line, expected) in [
        (
            format!("/escalate {client}"),
            "/escalate needs more. Write it like this: /escalate [WHAT] reason:words [kind:kind] [severity:how] \
             [client:client] [invoice:number] [ticket:ticket] [deadline:when] [location:place]",
        ),
        (
            format!("/escalate {client} client:{client} reason: x"),
            "The client is there twice; say it once.",
        ),
        (
            format!("/escalate {client} deadline:tomorrow reason: x"),
            "deadline: “tomorrow” is no time. Write it like 2026-11-24T14:30.",
        ),
        (
            format!("/escalate {client} deadline:2020-01-01T10:00 reason: x"),
            "deadline: is over. Leave it out, or give one to come.",
        ),
        (
            "/escalate #99999 reason: x".to_owned(),
            "I do not know a ticket 99999. A new one takes a moment to arrive; /ticket search finds others.",
        ),
        (
            "/escalate invoice:nothing-like-that reason: x".to_owned(),
            "I do not know an invoice nothing-like-that.",
        ),
        (
            format!("/escalate {client} reason: his card is 4111 1111 1111 1111"),
            "That holds a card number, which must not be in a ticket or a mail. Take it out; the last four digits \
             are enough.",
        ),
    ] {
        assert_eq!(says(&line).await, expected, "{line}");
    }
    let mut view = desk.app.store.read().await.unwrap();
    assert_eq!(view.open_escalations().await.unwrap(), 0);
    drop(view);
    let none = Desk::with(|settings| settings.desk = None).await;
    let refused = none.text(MANAGER, "/escalate reason: help").await;
    assert!(refused.starts_with("Nobody is named yet"), "{refused}");
}

#[tokio::test]
async fn a_deadline_is_a_time_of_the_saleroom_and_a_choice_keeps_what_was_typed() {
    let desk = house().await;
    let client = client_of(&desk, "hong-kong");
    let reply = desk
        .ask(
            MANAGER,
            &format!("/escalate {client} kind:no_bid_review deadline:2026-11-24T14:30 reason: lot 12 is his"),
        )
        .await;
    let one = kept(&desk, &reply.facts).await;
    assert_eq!(
        one.opening.deadline.unwrap().to_rfc3339(),
        "2026-11-24T06:30:00+00:00"
    );
    let several = desk
        .ask(MANAGER, "/escalate a reason: two words severity:critical")
        .await;
    if several.outcome == Outcome::Choose {
        let option = &several.menu.as_ref().unwrap().options[0];
        let chosen = desk.press(MANAGER, &option.id).await;
        let one = kept(&desk, &chosen.facts).await;
        assert_eq!(
            (one.opening.said.as_str(), one.severity),
            ("two words", Severity::Critical)
        );
    } else {
        panic!("a single letter means one client: {}", several.text);
    }
}

#[tokio::test]
async fn an_explanation_names_rule_and_candidates_as_they_were_when_it_was_decided() {
    let desk = house().await;
    let client = client_of(&desk, "london");
    let reply = desk
        .ask(
            COORDINATOR,
            &format!("/escalate {client} reason: he waits kind:complaint"),
        )
        .await;
    let id = reply.facts["escalation"].as_str().unwrap().to_owned();
    let before = desk.text(MANAGER, &format!("/escalation explain {id}")).await;
    assert!(before.contains("No rule has been asked yet."), "{before}");
    let one = kept(&desk, &reply.facts).await;
    let event = Event {
        at: desk.clock.now(),
        by: Actor::Desk,
        what: What::Routed {
            to: PersonId::new(MANAGER),
            by: "rule london".to_owned(),
            why: "Rosa Delgado is of team london, with 0 open the least".to_owned(),
            ladder: "standard".to_owned(),
            severity: Severity::Normal,
        },
    };
    let detail = json!({
        "rules": [
            { "rule": "refunds", "holds": false, "gave": false,
              "conditions": [{ "key": "kind", "holds": false, "says": "complaint is not deposit_refund" }] },
            { "rule": "london", "holds": true, "gave": true, "conditions": [] },
        ],
        "candidates": [
            { "person": "coordinator-london", "target": "team:london", "by": "rule london", "taken": false,
              "says": "Nia Prosser is away, and nobody covers" },
            { "person": MANAGER, "target": "team:london", "by": "rule london", "taken": true, "says": "Rosa" },
        ],
    });
    let after = one.apply(&event).unwrap();
    let entry = Entry {
        event,
        detail: Some(detail),
    };
    let mut unit = desk.app.store.write().await.unwrap();
    assert!(
        unit.record_escalation(&one, &[entry], &after, None)
            .await
            .unwrap()
    );
    unit.commit().await.unwrap();
    let said = desk
        .text(MANAGER, &format!("/escalation explain {}", &id[id.len() - 8..]))
        .await;
    for part in [
        "Given to Rosa Delgado at 20 Nov 10:00 GMT by rule london: Rosa Delgado is of team london",
        "Nia Prosser is away, and nobody covers",
        "complaint is not deposit_refund",
        "gave it",
        "Came in, by Nia Prosser.",
        "“he waits”",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    assert_eq!(
        desk.ask(COMPLIANCE, &format!("/escalation explain {id}"))
            .await
            .facts["decision"]["rules"][1]["gave"],
        true
    );
}

#[tokio::test]
async fn an_answer_about_an_account_can_be_handed_over_from_its_button() {
    let desk = house().await;
    let client = client_of(&desk, "london");
    let answer = desk.ask(COORDINATOR, &format!("/balance {client}")).await;
    let button = answer
        .actions
        .iter()
        .find(|action| action.label == "Escalate")
        .expect("a way to hand it over");
    let fields = vec![
        ("reason".to_owned(), "He says \"paid\" and\nwaits".to_owned()),
        ("severity".to_owned(), "high".to_owned()),
    ];
    let reply = desk
        .say(
            COORDINATOR,
            RequestWhat::Submit {
                action: button.id.clone(),
                fields,
            },
        )
        .await;
    let one = kept(&desk, &reply.facts).await;
    assert_eq!(
        (one.opening.kind, one.severity, one.opening.said.as_str()),
        (Kind::BalanceQuery, Severity::High, "He says \"paid\" and\nwaits")
    );
    let without = Desk::open().await;
    let answer = without.ask(COORDINATOR, &format!("/balance {client}")).await;
    assert!(
        answer.actions.iter().all(|action| action.label != "Escalate"),
        "where nobody could get it, nothing is offered"
    );
}
