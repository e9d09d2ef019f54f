//! Three seconds: every interaction is acknowledged in time and finished, whatever the store or Discord does.

use std::time::Duration;

use hammerdesk_sandbox::discord::Fault;
use serde_json::json;

use super::{Chat, ask, client};
use crate::harness::MANAGER;

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
