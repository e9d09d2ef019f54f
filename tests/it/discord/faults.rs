//! Three seconds: every interaction is acknowledged in time and finished, whatever the store or Discord does.

use std::time::Duration;

use hammerdesk_sandbox::discord::Fault;
use hammerdesk_store::View;
use serde_json::json;

use super::{Chat, ask, client};
use crate::harness::MANAGER;

/// Takes every connection that readers of the store have, so that no answer comes until they are given back.
async fn exhausted(chat: &Chat) -> Vec<View> {
    let mut held = Vec::new();
    while let Ok(view) = tokio::time::timeout(Duration::from_millis(200), chat.desk.app.store.read()).await {
        held.push(view.unwrap());
    }
    held
}

#[tokio::test]
async fn a_slow_answer_is_deferred_within_a_second_and_finished() {
    let chat = Chat::open().await;
    let (number, name) = chat.client("B8");
    let nia = chat.coordinator();
    let held = exhausted(&chat).await;
    let asked = nia.slash(chat.accounts, "balance", &client(&number)).unwrap();
    let acknowledged = asked.acknowledged().await;
    assert!(acknowledged.was_deferred && acknowledged.is_ephemeral);
    assert!(acknowledged.acknowledged_after.unwrap() < Duration::from_secs(1));
    drop(held);
    let finished = asked
        .until(super::PATIENCE, |outcome| outcome.text().contains(&name))
        .await;
    assert!(finished.text().contains(&name) && finished.message.unwrap().is_ephemeral);
    chat.close().await;
}

#[tokio::test]
async fn a_slow_answer_that_is_for_all_is_posted_beside_its_private_deferral() {
    let chat = Chat::open().await;
    let (number, name) = chat.client("B8");
    let other = chat.person("Other", MANAGER);
    let held = exhausted(&chat).await;
    let share = json!({ "client": number, "share": true });
    let asked = chat
        .coordinator()
        .slash(chat.accounts, "balance", &share)
        .unwrap();
    assert!(asked.acknowledged().await.is_ephemeral);
    chat.sim.fail("POST /channels/{}/messages", Fault::LostAnswer, 1);
    drop(held);
    let finished = asked
        .until(super::PATIENCE, |outcome| outcome.text().contains("Posted here"))
        .await;
    assert!(
        finished.text().contains("Posted here for all to read"),
        "{}",
        finished.text()
    );
    let seen = other.sees(chat.accounts);
    assert!(seen.len() == 1 && seen[0].text().contains(&name), "{seen:?}");
    chat.close().await;
}

#[tokio::test]
async fn where_the_token_died_meanwhile_the_answer_is_a_private_message() {
    let chat = Chat::open().await;
    let (number, name) = chat.client("B8");
    let nia = chat.coordinator();
    let held = exhausted(&chat).await;
    let asked = nia.slash(chat.accounts, "balance", &client(&number)).unwrap();
    asked.acknowledged().await;
    let dead = Fault::Refusal {
        status: 404,
        code: 10_015,
        message: "Unknown Webhook".to_owned(),
    };
    chat.sim.fail("PATCH /webhooks/*", dead, 1);
    drop(held);
    let direct = nia.direct_channel();
    let deadline = tokio::time::Instant::now() + super::PATIENCE;
    while nia.sees(direct).is_empty() && tokio::time::Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    assert!(nia.sees(direct)[0].text().contains(&name));
    chat.close().await;
}

#[tokio::test]
async fn after_a_quarter_of_an_hour_the_answer_is_a_private_message_whatever_discord_would_still_take() {
    let chat = Chat::open().await;
    let (number, name) = chat.client("B8");
    let nia = chat.coordinator();
    let held = exhausted(&chat).await;
    let asked = nia.slash(chat.accounts, "balance", &client(&number)).unwrap();
    assert!(asked.acknowledged().await.was_deferred);
    let fault = chat.sim.fail_always("PATCH /webhooks/*", Fault::Status(503));
    drop(held);
    let tries = || {
        chat.sim
            .requests_to("PATCH /webhooks/{}/{}/messages/@original")
            .len()
    };
    let deadline = tokio::time::Instant::now() + super::PATIENCE;
    while tries() == 0 && tokio::time::Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    assert!(tries() > 0);
    // Here the token would still do: only the bot's own watch says that it is over.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(14 * 60 + 40)).await;
    tokio::time::resume();
    let direct = nia.direct_channel();
    let deadline = tokio::time::Instant::now() + super::PATIENCE;
    while nia.sees(direct).is_empty() && tokio::time::Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    let seen = nia.sees(direct);
    assert!(seen.len() == 1 && seen[0].text().contains(&name), "{seen:?}");
    let stands = asked.now().message.unwrap();
    assert!(
        stands.is_ephemeral && !stands.text().contains(&name),
        "{}",
        stands.text()
    );
    chat.sim.cancel_fault(fault);
    assert!(chat.person("Other", MANAGER).sees(chat.accounts).is_empty());
    chat.close().await;
}

#[tokio::test]
async fn a_completion_that_takes_too_long_is_none_and_a_form_says_so() {
    let chat = Chat::open().await;
    let (number, name) = chat.client("B8");
    let nia = chat.coordinator();
    let message = ask(&nia, chat.accounts, "balance", client(&number))
        .await
        .message
        .unwrap();
    let held = exhausted(&chat).await;
    let typed = nia
        .autocomplete(chat.accounts, "balance", &client(&name[..5]), "client")
        .unwrap()
        .outcome()
        .await;
    assert_eq!(typed.choices, Some(Vec::new()));
    let form = nia
        .press_forged(message.id, "f:ask-00000000000000000000000000000000")
        .unwrap()
        .outcome()
        .await;
    assert!(form.text().contains("Press the button again"), "{}", form.text());
    drop(held);
    chat.close().await;
}

const CALLBACK: &str = "POST /interactions/{}/{}/callback";

#[tokio::test]
async fn an_answer_whose_acknowledgement_was_lost_is_there_once() {
    let chat = Chat::open().await;
    let (number, name) = chat.client("B8");
    let nia = chat.coordinator();
    for fault in [Fault::LostAnswer, Fault::LostRequest, Fault::Status(502)] {
        chat.sim.fail(CALLBACK, fault, 1);
        let before = nia.sees(chat.accounts).len();
        let answer = ask(&nia, chat.accounts, "balance", client(&number)).await;
        assert!(answer.text().contains(&name), "{}", answer.text());
        assert_eq!(nia.sees(chat.accounts).len(), before + 1);
    }
    chat.close().await;
}

#[tokio::test]
async fn an_interaction_that_expired_is_answered_by_a_private_message() {
    let chat = Chat::open().await;
    let (number, name) = chat.client("B8");
    let nia = chat.coordinator();
    let gone = Fault::Refusal {
        status: 404,
        code: 10_062,
        message: "Unknown interaction".to_owned(),
    };
    chat.sim.fail(CALLBACK, gone, 1);
    let asked = nia.slash(chat.accounts, "balance", &client(&number)).unwrap();
    let direct = nia.direct_channel();
    let deadline = tokio::time::Instant::now() + super::PATIENCE;
    while nia.sees(direct).is_empty() && tokio::time::Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    assert!(asked.now().message.is_none());
    assert!(nia.sees(direct)[0].text().contains(&name));
    assert!(chat.person("Other", MANAGER).sees(chat.accounts).is_empty());
    chat.close().await;
}

#[tokio::test]
async fn what_another_instance_answered_is_left_to_it() {
    let chat = Chat::open().await;
    let (number, _) = chat.client("B8");
    let nia = chat.coordinator();
    let taken = Fault::Refusal {
        status: 400,
        code: 40_060,
        message: "already acknowledged".to_owned(),
    };
    chat.sim.fail(CALLBACK, taken, 1);
    nia.slash(chat.accounts, "balance", &client(&number)).unwrap();
    // The next answer comes after whatever the first one would still have done.
    ask(&nia, chat.accounts, "balance", client(&number)).await;
    assert_eq!(nia.sees(chat.accounts).len(), 1);
    assert!(
        chat.sim
            .requests()
            .iter()
            .all(|logged| !logged.route.contains("/users/@me/channels"))
    );
    chat.close().await;
}

#[tokio::test]
async fn a_global_limit_does_not_hold_up_answers() {
    let chat = Chat::open().await;
    let (number, name) = chat.client("B8");
    chat.sim.limit_globally(Some(1));
    let nia = chat.coordinator();
    for _ in 0..5 {
        let answer = ask(&nia, chat.accounts, "balance", client(&number)).await;
        assert!(answer.text().contains(&name) && answer.acknowledged_after.unwrap() < Duration::from_secs(1));
    }
    chat.close().await;
}

#[tokio::test]
async fn a_question_that_cannot_be_read_is_a_sentence() {
    let chat = Chat::open().await;
    let answer = ask(
        &chat.coordinator(),
        chat.accounts,
        "balance",
        json!({ "client": "140105686", "as_of": "tomorrow" }),
    )
    .await;
    assert!(answer.is_ephemeral && !answer.text().is_empty(), "{answer:?}");
    chat.close().await;
}
