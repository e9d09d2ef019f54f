//! Questions as people ask them, over the sample house.

use chrono::TimeDelta;
use hammerdesk::console;
use hammerdesk_commands::render;
use hammerdesk_commands::request::What;
use hammerdesk_domain::clock::Clock as _;
use hammerdesk_domain::ids::{ActionId, ClientNo, PersonId};
use hammerdesk_domain::message::{Outcome, Reply, Visibility};

use crate::harness::{CALL_CENTRE, COMPLIANCE, COORDINATOR, Desk, HONG_KONG, MANAGER, SHIPPING, each_house};

/// Everything that a reply can be turned into.
fn everything(reply: &Reply) -> String {
    let files: Vec<String> = reply
        .files
        .iter()
        .map(|file| String::from_utf8_lossy(&file.content).into_owned())
        .collect();
    [
        render::plain(reply),
        render::explained(reply),
        console::render_reply(reply),
        serde_json::to_string(reply).unwrap(),
        format!("{reply:?}"),
        files.join("\n"),
    ]
    .join("\n")
}

#[tokio::test]
async fn every_row_of_the_three_tables_is_answered_on_both_engines() {
    each_house(async |desk| {
        let mut wrong = Vec::new();
        for showcase in desk.house.showcases() {
            let reply = desk.ask(showcase.as_person.as_str(), &showcase.question).await;
            if reply.outcome == Outcome::Error {
                wrong.push(format!("{} {}: {}", showcase.row, showcase.question, reply.text));
            }
            let told = everything(&reply).to_lowercase();
            if reply.outcome == Outcome::Answered && !told.contains(&showcase.row.to_lowercase()) {
                wrong.push(format!(
                    "{} {}: the row is nowhere in the answer",
                    showcase.row, showcase.question
                ));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(desk.house.showcases().len() > 60);
    })
    .await;
}

#[tokio::test]
async fn both_engines_give_the_very_same_answers() {
    let told = std::sync::Mutex::new(Vec::<Vec<String>>::new());
    each_house(async |desk| {
        let mut answers = Vec::new();
        for showcase in desk.house.showcases() {
            for person in [MANAGER, SHIPPING, COMPLIANCE] {
                let reply = desk.ask(person, &showcase.question).await;
                answers.push(format!("{person} {}\n{}", showcase.question, everything(&reply)));
            }
        }
        for line in [
            "/client find lindqvist",
            "/client find 陳",
            "/balance chan",
            "/client find muller",
            "/feed status",
        ] {
            answers.push(desk.text(MANAGER, line).await);
        }
        told.lock().unwrap().push(answers);
    })
    .await;
    let told = told.into_inner().unwrap();
    if let [sqlite, postgres] = told.as_slice() {
        for (one, other) in sqlite.iter().zip(postgres) {
            assert_eq!(one, other);
        }
    }
}

#[tokio::test]
async fn nothing_restricted_reaches_anybody_outside_compliance_through_any_renderer() {
    let desk = Desk::open().await;
    let mut checked = 0;
    for showcase in desk.house.showcases() {
        for person in [COORDINATOR, HONG_KONG, MANAGER, SHIPPING, CALL_CENTRE] {
            let reply = desk.ask(person, &showcase.question).await;
            let all = everything(&reply).to_lowercase();
            let said = format!("{} {}", render::plain(&reply), reply.facts).to_lowercase();
            assert!(
                !said.contains("r09"),
                "{person} {} reads the restricted rule:\n{said}",
                showcase.question
            );
            for word in ["sanction", "mlro", "money launder", "suspicious activity", "ofsi"] {
                assert!(
                    !all.contains(word),
                    "{person} {} reads {word:?}:\n{all}",
                    showcase.question
                );
            }
            checked += 1;
        }
    }
    assert!(checked > 300);
    let restricted = desk
        .house
        .showcases()
        .iter()
        .find(|showcase| showcase.row == "R09")
        .unwrap();
    let compliance = everything(&desk.ask(COMPLIANCE, &restricted.question).await);
    assert!(
        compliance.contains("R09"),
        "compliance does read it:\n{compliance}"
    );
}

#[tokio::test]
async fn the_answer_log_keeps_who_asked_and_not_what_compliance_alone_may_read() {
    let desk = Desk::open().await;
    let restricted = desk
        .house
        .showcases()
        .iter()
        .find(|showcase| showcase.row == "R09")
        .unwrap()
        .clone();
    desk.ask(COMPLIANCE, &restricted.question).await;
    desk.ask(MANAGER, "/balance 1400016").await;
    desk.app.commands.flush().await;
    let mut view = desk.app.store.read().await.unwrap();
    let log = view
        .answers(None, desk.clock.now() + TimeDelta::days(1), 10)
        .await
        .unwrap();
    assert_eq!(log.len(), 2);
    let of = |person: &str| {
        log.iter()
            .find(|answer| answer.who == PersonId::new(person))
            .unwrap()
    };
    assert_eq!(of(COMPLIANCE).facts, serde_json::json!({ "withheld": true }));
    assert_eq!(of(COMPLIANCE).text, "");
    assert_eq!(of(MANAGER).command, "balance");
    assert_eq!(of(MANAGER).client.as_ref().map(ClientNo::short), Some("1400016"));
    assert!(of(MANAGER).text.contains("overdue") && of(MANAGER).sources.to_string().contains("ledger"));
}

#[tokio::test]
async fn a_client_of_another_saleroom_is_refused_by_number_and_unknown_by_name() {
    let desk = Desk::open().await;
    let refused = desk.ask(HONG_KONG, "/balance 2000049").await;
    assert_eq!(refused.outcome, Outcome::Refused);
    assert!(
        refused
            .text
            .starts_with("I cannot show this account here. Please ask "),
        "{}",
        refused.text
    );
    assert!(!everything(&refused).contains("Lindqvist"));
    let unknown = desk.ask(HONG_KONG, "/balance Madison Lindqvist").await;
    assert_eq!(unknown.outcome, Outcome::Unknown, "{}", unknown.text);
    assert!(desk.complete(HONG_KONG, "/balance madison").await.is_empty());
    assert!(!desk.complete(MANAGER, "/balance madison").await.is_empty());
}

#[tokio::test]
async fn several_clients_are_asked_back_with_masked_numbers_and_the_choice_answers() {
    let desk = Desk::open().await;
    let reply = desk.ask(MANAGER, "/balance lindqvist").await;
    assert_eq!(reply.outcome, Outcome::Choose);
    let menu = reply.menu.as_ref().expect("a menu");
    assert_eq!(menu.options.len(), 5);
    assert!(
        !render::plain(&reply).contains("200004"),
        "{}",
        render::plain(&reply)
    );
    let chosen = desk.press(MANAGER, &menu.options[0].id).await;
    assert_eq!(chosen.outcome, Outcome::Answered, "{}", chosen.text);
    assert!(
        chosen.facts["client"]["name"]
            .as_str()
            .unwrap()
            .contains("Lindqvist")
    );
}

#[tokio::test]
async fn a_button_works_after_a_restart_and_with_the_rights_of_whoever_presses_it() {
    let desk = Desk::open().await;
    let reply = desk.ask(MANAGER, "/balance 1400016").await;
    desk.app.commands.flush().await;
    let action = reply
        .actions
        .iter()
        .find(|action| action.label.contains("elease"))
        .expect("a release button");
    assert!(action.id.as_str().len() < 100);
    let reborn = hammerdesk_commands::Commands::new(
        desk.app.store.clone(),
        std::sync::Arc::clone(&desk.app.settings),
        desk.clock.clone(),
    );
    let press = |who: &str| hammerdesk_commands::request::Request {
        who: PersonId::new(who),
        place: hammerdesk_commands::request::Place {
            platform: "test",
            channel: "x".to_owned(),
            open: false,
        },
        what: What::Press(action.id.clone()),
        at: crate::harness::moment(),
    };
    assert_eq!(reborn.answer(press(MANAGER)).await.outcome, Outcome::Answered);
    assert_eq!(reborn.answer(press(HONG_KONG)).await.outcome, Outcome::Refused);
    let stale = desk
        .press(MANAGER, &ActionId::new("ask-00000000000000000000000000000000"))
        .await;
    assert_eq!(
        stale.text,
        "That button is not known here any more. Ask the question again."
    );
}

#[tokio::test]
async fn an_answer_is_private_unless_it_is_shared_by_somebody_who_may() {
    let desk = Desk::open().await;
    assert_eq!(
        desk.ask(MANAGER, "/balance 1400016").await.visibility,
        Visibility::Private
    );
    let shared = desk.ask(MANAGER, "/balance 1400016 share:true").await;
    assert_eq!(shared.visibility, Visibility::Shared);
    assert!(shared.text.contains("shares this answer."), "{}", shared.text);
    let refused = desk.ask(CALL_CENTRE, "/release N1804/3 share:true").await;
    assert_eq!(
        (refused.outcome, refused.visibility),
        (Outcome::Refused, Visibility::Private)
    );
}

#[tokio::test]
async fn nobody_walks_through_the_client_list() {
    let desk = Desk::with(|settings| {
        settings.pace.per_minute = 10;
        settings.pace.burst = 5;
    })
    .await;
    for number in 0..5 {
        let reply = desk
            .ask(MANAGER, &format!("/balance {}", 2_000_001 + number))
            .await;
        assert_ne!(reply.outcome, Outcome::Refused);
    }
    let slowed = desk.ask(MANAGER, "/balance 2000010").await;
    assert_eq!(slowed.outcome, Outcome::Refused);
    assert!(
        slowed.text.contains("10 a minute is the limit for one person"),
        "{}",
        slowed.text
    );
    assert_eq!(
        desk.ask(MANAGER, "/help").await.outcome,
        Outcome::Answered,
        "help is not about an account"
    );
    assert_eq!(
        desk.ask(COORDINATOR, "/balance 1400016").await.outcome,
        Outcome::Answered
    );
    desk.clock.advance(TimeDelta::seconds(30));
    assert_ne!(
        desk.ask(MANAGER, "/balance 2000010").await.outcome,
        Outcome::Refused
    );
}

#[tokio::test]
async fn hostile_and_absurd_questions_get_a_sentence_and_break_nothing() {
    let desk = Desk::open().await;
    let long = format!("/balance {}", "x".repeat(5_000));
    for line in [
        "/balance <script>alert(1)</script>",
        "/balance \u{202E}0410041\u{202C}",
        "/balance '; DROP TABLE client; --",
        "/balance %_%",
        "/balance \0\u{7}\u{1b}[31m",
        "/balance 1400016 as_of:9999-99-99",
        "/balance 1400016 as_of:0001-01-01",
        "/balance 1400016 entity:<b>",
        "/release ../../etc/passwd",
        "/release 99999999/99999999",
        "/invoice 00000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
        "/invoice \u{202E}1",
        "@everyone /balance 1",
        "/",
        "",
        long.as_str(),
    ] {
        let reply = desk.ask(MANAGER, line).await;
        assert_ne!(reply.outcome, Outcome::Answered, "{line:?}");
        assert!(
            !reply.text.is_empty() && !reply.text.contains("ref "),
            "{line:?}: {}",
            reply.text
        );
        let html = console::render_reply(&reply);
        assert!(
            !html.contains("<script>alert") && !html.contains('\u{202E}') && !html.contains("<b>"),
            "{html}"
        );
        assert!(!render::plain(&reply).contains(['\u{202E}', '\u{7}', '\u{1b}', '\0']));
    }
    assert_eq!(
        desk.ask(MANAGER, "/balance 1400016").await.outcome,
        Outcome::Answered
    );
}

#[tokio::test]
async fn commands_complete_by_role_and_clients_by_number_and_name() {
    let desk = Desk::open().await;
    let labels = |suggestions: Vec<hammerdesk_commands::request::Suggestion>| -> Vec<String> {
        suggestions
            .into_iter()
            .map(|suggestion| suggestion.label)
            .collect()
    };
    let manager = labels(desk.complete(MANAGER, "/").await);
    assert_eq!(
        manager,
        [
            "/balance",
            "/invoice",
            "/release",
            "/deposit",
            "/client find",
            "/client show",
            "/feed status",
            "/ticket show",
            "/ticket search",
            "/ticket create",
            "/ticket reply",
            "/ticket note",
            "/ticket assign",
            "/ticket status",
            "/queue",
            "/escalate",
            "/escalation explain",
            "/escalation show",
            "/escalation take",
            "/escalation work",
            "/escalation give",
            "/escalation up",
            "/escalation resolve",
            "/escalation reopen",
            "/escalation merge",
            "/escalation severity",
            "/escalation client",
            "/sla status",
            "/sla explain",
            "/sla report",
            "/sla acknowledge",
            "/sla snooze",
            "/sla called",
            "/callback",
            "/oncall show",
            "/oncall cover",
            "/oncall swap",
            "/oncall handover",
            "/oncall undo",
            "/oncall calendar",
            "/help"
        ]
    );
    assert!(!labels(desk.complete(CALL_CENTRE, "/").await).contains(&"/balance".to_owned()));
    assert!(desk.complete(CALL_CENTRE, "/balance 14").await.is_empty());
    let found = desk.complete(MANAGER, "/balance 1400016").await;
    assert_eq!(found[0].line, "/balance 1400016 ");
    assert!(labels(desk.complete(MANAGER, "/balance galeria iba").await)[0].starts_with("Galería Ibáñez"));
}

#[tokio::test]
async fn an_answer_can_be_asked_for_another_day_and_shared_afterwards_by_whoever_may() {
    let desk = Desk::open().await;
    let reply = desk.ask(MANAGER, "/balance 1400016").await;
    let button =
        |reply: &Reply, label: &str| reply.actions.iter().find(|action| action.label == label).cloned();
    let another = button(&reply, "Another day").expect("a form for the day");
    assert_eq!(another.form.as_ref().unwrap().fields[0].name, "as_of");
    let fields = vec![("as_of".to_owned(), "2026-10-01".to_owned())];
    let then = desk
        .say(
            MANAGER,
            What::Submit {
                action: another.id,
                fields,
            },
        )
        .await;
    assert_eq!(then.outcome, Outcome::Answered, "{}", then.text);
    assert_ne!(then.facts["blocks"], reply.facts["blocks"]);
    let share = button(&reply, "Share here").expect("a form that says what sharing does");
    let shared = desk
        .say(
            MANAGER,
            What::Submit {
                action: share.id.clone(),
                fields: Vec::new(),
            },
        )
        .await;
    assert_eq!(shared.visibility, Visibility::Shared);
    assert!(button(&shared, "Share here").is_none(), "it is shared already");
    assert_eq!(desk.press(SHIPPING, &share.id).await.outcome, Outcome::Refused);
}
