//! The bot's life at the gateway: it comes back from everything but what only an administrator can change.

use hammerdesk::discord::State;
use hammerdesk_sandbox::discord::{Compression, DiscordSim, Options};

use super::{Before, Chat, Different, PATIENCE, ask, client};

async fn answers(chat: &Chat) {
    let (number, name) = chat.client("B8");
    let answer = ask(&chat.coordinator(), chat.accounts, "balance", client(&number)).await;
    assert!(answer.text().contains(&name), "{}", answer.text());
}

async fn connected_again(chat: &Chat, connections: u64) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while chat.sim.gateway().counts().connections < connections || !chat.sim.gateway().is_connected() {
        assert!(tokio::time::Instant::now() < deadline, "not connected again");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_dropped_connection_is_resumed_and_brings_what_was_missed() {
    let chat = Chat::open().await;
    chat.sim.gateway().drop_connections();
    let (number, name) = chat.client("B8");
    let answer = ask(&chat.coordinator(), chat.accounts, "balance", client(&number)).await;
    assert!(answer.text().contains(&name));
    connected_again(&chat, 2).await;
    chat.sim.gateway().request_reconnect();
    connected_again(&chat, 3).await;
    assert_eq!(chat.sim.gateway().counts().identifies, 1);
    answers(&chat).await;
    chat.close().await;
}

#[tokio::test]
async fn an_invalid_session_is_begun_anew_and_everything_put_right() {
    let chat = Chat::open().await;
    chat.sim.gateway().invalidate(false);
    chat.put_right(2).await;
    assert_eq!(chat.sim.gateway().counts().identifies, 2);
    answers(&chat).await;
    chat.close().await;
}

#[tokio::test]
async fn heartbeats_that_nobody_acknowledges_end_in_a_new_session() {
    let options = Options {
        heartbeat_millis: 700,
        ..Options::default()
    };
    let chat = Chat::with(Different {
        options,
        ..Different::default()
    })
    .await;
    chat.sim.gateway().withhold_acks(true);
    connected_again(&chat, 2).await;
    chat.sim.gateway().withhold_acks(false);
    chat.put_right(2).await;
    answers(&chat).await;
    chat.close().await;
}

#[tokio::test]
async fn a_refused_token_or_intent_ends_it_with_a_sentence_and_no_storm() {
    for (code, says) in [(4004, "discord.token"), (4014, "Message Content Intent")] {
        let before: Before = Box::new(move |sim| sim.gateway().refuse_identify(Some(code)));
        let chat = Chat::begin(Different {
            before: Some(before),
            ..Different::default()
        })
        .await;
        let state = chat.state(|state| matches!(state, State::Refused(_))).await;
        assert!(state.says().contains(says), "{state:?}");
        assert_eq!(chat.sim.gateway().counts().connections, 1);
        chat.close().await;
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_counted() {
    let chat = Chat::open().await;
    chat.sim.gateway().unparseable_interaction();
    answers(&chat).await;
    let counted = hammerdesk::telemetry::metrics().unwrap().render();
    let line = counted
        .lines()
        .find(|line| line.starts_with("hammerdesk_discord_unread_events_total"));
    assert!(
        line.is_some_and(|line| line.contains("INTERACTION_CREATE")),
        "{counted}"
    );
    chat.close().await;
}

#[tokio::test]
async fn compressed_payloads_and_several_shards_work_as_well() {
    let options = Options {
        compression: Compression::AsAsked,
        ..Options::default()
    };
    let before: Before = Box::new(|sim| sim.gateway().recommend_shards(2, 1));
    let chat = Chat::with(Different {
        options,
        before: Some(before),
        ..Different::default()
    })
    .await;
    assert_eq!(chat.sim.gateway().shards().len(), 2);
    answers(&chat).await;
    chat.close().await;
}

#[tokio::test]
async fn it_ends_when_asked_even_while_discord_is_away() {
    let chat = Chat::open().await;
    chat.sim.down();
    chat.state(|state| *state == State::Connecting).await;
    chat.close().await;
    let before: Before = Box::new(DiscordSim::down);
    let chat = Chat::begin(Different {
        before: Some(before),
        ..Different::default()
    })
    .await;
    chat.close().await;
}

#[tokio::test]
async fn a_base_that_names_no_gateway_is_an_error_and_never_discord_itself() {
    let before: Before = Box::new(|sim| {
        sim.fail_always(
            "GET /gateway/bot",
            hammerdesk_sandbox::discord::Fault::Status(500),
        );
        sim.fail_always("GET /gateway", hammerdesk_sandbox::discord::Fault::Status(500));
    });
    let chat = Chat::begin(Different {
        before: Some(before),
        ..Different::default()
    })
    .await;
    let error = chat.bot.find_gateway().await.unwrap_err().to_string();
    assert!(
        error.contains("names no gateway") && error.contains("not used in its place"),
        "{error}"
    );
    assert_eq!(chat.sim.gateway().counts().connections, 0);
    chat.close().await;
}
