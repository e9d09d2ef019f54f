//! What the bot shows by itself: once, in its place, in threads, whatever happens on the way.

use std::sync::Arc;
use std::time::Duration;

use hammerdesk_domain::chat::{Platform, Post};
use hammerdesk_domain::clock::{Clock as _, ManualClock};
use hammerdesk_domain::ids::ChannelId;
use hammerdesk_domain::message::{Card, Reply};
use hammerdesk_sandbox::discord::{Fault, Id, LimitScope, Options, Rights};
use serde_json::json;

use super::{Chat, Different};
use crate::harness::moment;

fn says(title: &str) -> Reply {
    Reply::card(
        Card {
            title: title.to_owned(),
            ..Card::default()
        },
        json!({}),
    )
}

fn post(key: &str, title: &str) -> Post {
    Post::new(key, ChannelId::new("accounts-london"), says(title))
}

async fn put(chat: &Chat, post: &Post) {
    let mut unit = chat.desk.app.store.write().await.unwrap();
    unit.post(post, [Platform::Discord], chat.desk.clock.now())
        .await
        .unwrap();
    unit.commit().await.unwrap();
}

/// Lets time pass and delivers, until everything stands.
async fn later(chat: &Chat) {
    for _ in 0..12 {
        chat.desk.clock.advance(chrono::TimeDelta::minutes(6));
        chat.deliver().await;
        if chat
            .desk
            .app
            .store
            .read()
            .await
            .unwrap()
            .outbox_counts()
            .await
            .unwrap()
            .waiting
            == 0
        {
            return;
        }
    }
    panic!("something still waits");
}

fn titles(chat: &Chat, channel: Id) -> Vec<String> {
    let all = chat.sim.all_messages(channel);
    all.iter()
        .filter_map(|seen| seen.embeds.first())
        .filter_map(|embed| embed["title"].as_str().map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn a_post_stands_once_and_changes_in_place() {
    let chat = Chat::open().await;
    put(&chat, &post("ticket:1", "Ticket 1 open")).await;
    chat.deliver().await;
    put(&chat, &post("ticket:1", "Ticket 1 resolved")).await;
    chat.deliver().await;
    let seen = chat.coordinator().sees(chat.accounts);
    assert_eq!(titles(&chat, chat.accounts), ["Ticket 1 resolved"]);
    assert_eq!(seen[0].edits, 1);
    chat.close().await;
}

#[tokio::test]
async fn a_post_opens_a_thread_and_others_stand_in_it_in_their_order() {
    let chat = Chat::open().await;
    put(&chat, &post("said:1:1", "First").within("ticket:1")).await;
    put(&chat, &post("said:1:2", "Second").within("ticket:1")).await;
    put(
        &chat,
        &post("ticket:1", "Ticket 1").opening("Ticket 1 · @everyone"),
    )
    .await;
    later(&chat).await;
    let threads = chat.sim.threads(chat.accounts);
    assert_eq!(threads.len(), 1);
    assert_eq!(threads[0].1, "Ticket 1 · @everyone");
    assert_eq!(titles(&chat, threads[0].0), ["First", "Second"]);
    // A thread that was archived and locked takes more all the same.
    chat.sim.set_thread(threads[0].0, true, true);
    put(&chat, &post("said:1:3", "Third").within("ticket:1")).await;
    put(&chat, &post("said:1:1", "First, changed").within("ticket:1")).await;
    later(&chat).await;
    assert_eq!(titles(&chat, threads[0].0), ["First, changed", "Second", "Third"]);
    chat.close().await;
}

#[tokio::test]
async fn a_lost_answer_never_doubles_a_post_or_a_thread() {
    let chat = Chat::open().await;
    chat.sim.fail("POST /channels/{}/messages", Fault::LostAnswer, 2);
    chat.sim
        .fail("POST /channels/{}/messages/{}/threads", Fault::LostAnswer, 1);
    chat.sim
        .fail("PATCH /channels/{}/messages/{}", Fault::LostAnswer, 1);
    put(&chat, &post("ticket:1", "One").opening("One")).await;
    later(&chat).await;
    put(&chat, &post("ticket:1", "One, changed").opening("One")).await;
    put(&chat, &post("ticket:2", "Two")).await;
    later(&chat).await;
    assert_eq!(titles(&chat, chat.accounts), ["One, changed", "Two"]);
    assert_eq!(chat.sim.threads(chat.accounts).len(), 1);
    chat.close().await;
}

#[tokio::test]
async fn faults_of_every_kind_lose_nothing_and_double_nothing() {
    let chat = Chat::open().await;
    let route = "POST /channels/{}/messages";
    for fault in [
        Fault::Status(502),
        Fault::LostRequest,
        Fault::LostAnswer,
        Fault::Garbage,
        Fault::TooMany {
            retry_after: Duration::from_millis(1_500),
            scope: LimitScope::User,
        },
        Fault::TooMany {
            retry_after: Duration::from_millis(300),
            scope: LimitScope::Shared,
        },
    ] {
        chat.sim.fail(route, fault, 1);
    }
    for n in 1..=5 {
        put(&chat, &post(&format!("alert:{n}"), &format!("Alert {n}"))).await;
    }
    later(&chat).await;
    assert_eq!(
        titles(&chat, chat.accounts),
        ["Alert 1", "Alert 2", "Alert 3", "Alert 4", "Alert 5"]
    );
    chat.close().await;
}

#[tokio::test]
async fn what_somebody_deleted_is_posted_anew_when_it_changes() {
    let chat = Chat::open().await;
    put(&chat, &post("ticket:1", "One").opening("One")).await;
    chat.deliver().await;
    let first = chat.sim.all_messages(chat.accounts)[0].id;
    chat.sim.owner(chat.guild).unwrap().deletes(first).unwrap();
    put(&chat, &post("ticket:1", "One, changed").opening("One")).await;
    later(&chat).await;
    assert_eq!(titles(&chat, chat.accounts), ["One, changed"]);
    put(&chat, &post("said:1:1", "Said").within("ticket:1")).await;
    later(&chat).await;
    let said: Vec<String> = chat
        .sim
        .threads(chat.accounts)
        .iter()
        .flat_map(|(thread, _)| titles(&chat, *thread))
        .collect();
    assert_eq!(said, ["Said"]);
    chat.close().await;
}

#[tokio::test]
async fn a_deleted_thread_is_opened_again_for_what_belongs_into_it() {
    let chat = Chat::open().await;
    put(&chat, &post("ticket:1", "One").opening("One")).await;
    chat.deliver().await;
    let thread = chat.sim.threads(chat.accounts)[0].0;
    chat.sim.delete_channel(thread);
    put(&chat, &post("said:1:1", "Said").within("ticket:1")).await;
    later(&chat).await;
    let said: Vec<String> = chat
        .sim
        .threads(chat.accounts)
        .iter()
        .flat_map(|(thread, _)| titles(&chat, *thread))
        .collect();
    assert_eq!(said, ["Said"]);
    chat.close().await;
}

#[tokio::test]
async fn a_channel_that_may_not_be_written_in_holds_up_itself_alone_and_loses_nothing() {
    let chat = Chat::open().await;
    let role = chat.sim.bot_role(chat.guild).unwrap();
    chat.sim
        .overwrite(chat.accounts, role, Rights::NONE, Rights::SEND_MESSAGES);
    put(&chat, &post("alert:1", "Kept")).await;
    put(
        &chat,
        &Post::new("alert:2", ChannelId::new("managers"), says("Goes out")),
    )
    .await;
    chat.deliver().await;
    assert_eq!(titles(&chat, chat.managers), ["Goes out"]);
    assert!(titles(&chat, chat.accounts).is_empty());
    chat.sim
        .overwrite(chat.accounts, role, Rights::NONE, Rights::NONE);
    later(&chat).await;
    assert_eq!(titles(&chat, chat.accounts), ["Kept"]);
    chat.close().await;
}

#[tokio::test]
async fn an_hour_without_discord_loses_and_doubles_nothing_and_keeps_the_order() {
    let chat = Chat::open().await;
    chat.sim.down();
    for n in 0..30 {
        put(&chat, &post(&format!("alert:{n}"), &format!("Alert {n:02}"))).await;
    }
    chat.deliver().await;
    chat.desk.clock.advance(chrono::TimeDelta::hours(1));
    chat.deliver().await;
    chat.sim.up();
    later(&chat).await;
    let expected: Vec<String> = (0..30).map(|n| format!("Alert {n:02}")).collect();
    assert_eq!(titles(&chat, chat.accounts), expected);
    chat.close().await;
}

#[tokio::test]
async fn an_old_card_that_may_not_be_changed_any_more_is_posted_anew_and_keeps_its_thread() {
    let clock = Arc::new(ManualClock::at(moment()));
    let chat = Chat::with(Different {
        options: Options {
            clock: clock.clone(),
            ..Options::default()
        },
        ..Different::default()
    })
    .await;
    put(&chat, &post("ticket:1", "One").opening("One")).await;
    put(&chat, &post("said:1:1", "First").within("ticket:1")).await;
    put(&chat, &post("alert:1", "Plain")).await;
    later(&chat).await;
    let thread = chat.sim.threads(chat.accounts)[0].0;
    chat.sim.set_rules(|rules| rules.old_edits_per_hour = Some(0));
    clock.advance(chrono::TimeDelta::hours(2));
    put(&chat, &post("ticket:1", "One, changed").opening("One")).await;
    put(&chat, &post("alert:1", "Plain, changed")).await;
    put(&chat, &post("said:1:2", "Second").within("ticket:1")).await;
    later(&chat).await;
    assert_eq!(titles(&chat, chat.accounts), ["One, changed", "Plain, changed"]);
    assert_eq!(chat.sim.threads(chat.accounts).len(), 1);
    assert_eq!(titles(&chat, thread), ["First", "Second"]);
    let card = &chat.sim.all_messages(chat.accounts)[0];
    assert_eq!(
        card.content,
        format!("<#{thread}>"),
        "the card leads to its thread"
    );
    // The new card is young: it is changed in place, and still leads there.
    chat.sim.set_rules(|rules| rules.old_edits_per_hour = None);
    put(&chat, &post("ticket:1", "One, again").opening("One")).await;
    later(&chat).await;
    let again = &chat.sim.all_messages(chat.accounts)[0];
    assert_eq!((again.id, &again.content), (card.id, &card.content));
    assert_eq!(titles(&chat, chat.accounts), ["One, again", "Plain, changed"]);
    chat.close().await;
}
