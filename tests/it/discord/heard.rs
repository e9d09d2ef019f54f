//! What people say in the threads of tickets is kept for whoever acts on it: once, changes and all.

use hammerdesk_domain::chat::{Platform, Post, SaidHow};
use hammerdesk_domain::clock::Clock as _;
use hammerdesk_domain::ids::ChannelId;
use hammerdesk_domain::message::{Outcome, Reply};
use hammerdesk_sandbox::discord::Id;
use hammerdesk_store::Heard;

use super::{Chat, PATIENCE};

async fn thread(chat: &Chat) -> Id {
    let post = Post::new(
        "ticket:1",
        ChannelId::new("accounts-london"),
        Reply::sentence(Outcome::Answered, "Ticket 1"),
    )
    .opening("Ticket 1");
    let mut unit = chat.desk.app.store.write().await.unwrap();
    unit.post(&post, [Platform::Discord], chat.desk.clock.now())
        .await
        .unwrap();
    unit.commit().await.unwrap();
    chat.deliver().await;
    chat.sim.threads(chat.accounts)[0].0
}

/// What was heard, once there is so much of it.
async fn heard(chat: &Chat, count: usize) -> Vec<Heard> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let heard = chat
            .desk
            .app
            .store
            .read()
            .await
            .unwrap()
            .heard(100)
            .await
            .unwrap();
        if heard.len() >= count || tokio::time::Instant::now() > deadline {
            return heard;
        }
        tokio::task::yield_now().await;
    }
}

fn words(heard: &[Heard]) -> Vec<(SaidHow, &str, &str)> {
    heard
        .iter()
        .map(|heard| (heard.how, heard.said.name.as_str(), heard.said.text.as_str()))
        .collect()
}

#[tokio::test]
async fn words_their_changes_and_their_files_are_kept_and_the_bot_never_hears_itself() {
    let chat = Chat::open().await;
    let place = thread(&chat).await;
    let nia = chat.coordinator();
    let said = nia
        .says(place, "The client *called*", &[("scan.pdf", b"pdf")])
        .unwrap();
    heard(&chat, 1).await;
    nia.edits(said, "The client called twice").unwrap();
    heard(&chat, 2).await;
    nia.deletes(said).unwrap();
    let heard = heard(&chat, 3).await;
    assert_eq!(
        words(&heard),
        [
            (SaidHow::Said, "Nia Prosser", "The client *called*"),
            (SaidHow::Edited, "Nia Prosser", "The client called twice"),
            (SaidHow::Deleted, "", ""),
        ]
    );
    assert_eq!(heard[0].said.files[0].name, "scan.pdf");
    assert_eq!(heard[0].key, "ticket:1");
    nia.says(chat.accounts, "Elsewhere", &[]).unwrap();
    chat.sim.gateway().invalidate(false);
    chat.put_right(2).await;
    assert_eq!(
        chat.desk
            .app
            .store
            .read()
            .await
            .unwrap()
            .heard(100)
            .await
            .unwrap()
            .len(),
        3
    );
    chat.close().await;
}

#[tokio::test]
async fn what_was_said_while_the_bot_was_away_is_heard_once_it_is_back() {
    let chat = Chat::open().await;
    let place = thread(&chat).await;
    let nia = chat.coordinator();
    nia.says(place, "Before", &[]).unwrap();
    heard(&chat, 1).await;
    chat.sim.gateway().withhold_events(true);
    for n in 0..120 {
        nia.says(place, &format!("Meanwhile {n}"), &[]).unwrap();
    }
    chat.sim.gateway().withhold_events(false);
    chat.sim.gateway().invalidate(false);
    chat.put_right(2).await;
    let heard = chat
        .desk
        .app
        .store
        .read()
        .await
        .unwrap()
        .heard(1_000)
        .await
        .unwrap();
    assert_eq!(heard.len(), 121);
    assert_eq!(heard[120].said.text, "Meanwhile 119");
    assert_eq!(heard[120].said.who, format!("discord:{}", nia.id));
    chat.close().await;
}

#[tokio::test]
async fn a_strangers_words_are_not_passed_on_and_the_stranger_is_told() {
    let chat = Chat::open().await;
    let place = thread(&chat).await;
    let stranger = chat.sim.person(chat.guild, "Stranger", &[]);
    stranger.says(place, "Let me in", &[]).unwrap();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while chat.sim.all_messages(place).len() < 2 && tokio::time::Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    let told = chat.sim.all_messages(place).pop().unwrap();
    assert!(told.content.contains("This was not passed on"), "{told:?}");
    assert!(
        chat.desk
            .app
            .store
            .read()
            .await
            .unwrap()
            .heard(10)
            .await
            .unwrap()
            .is_empty()
    );
    chat.close().await;
}

#[tokio::test]
async fn a_card_that_was_deleted_while_the_bot_was_away_is_shown_anew() {
    let chat = Chat::open().await;
    let place = thread(&chat).await;
    let head = chat.sim.all_messages(chat.accounts)[0].id;
    chat.sim.owner(chat.guild).unwrap().deletes(head).unwrap();
    chat.sim.gateway().invalidate(false);
    chat.put_right(2).await;
    chat.deliver().await;
    let all = chat.sim.all_messages(chat.accounts);
    // Its thread outlived it, and the new one leads there.
    let says = format!("<#{place}>\nTicket 1");
    assert!(all.len() == 1 && all[0].content == says, "{all:?}");
    chat.close().await;
}
