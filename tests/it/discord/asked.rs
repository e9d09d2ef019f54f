//! Whoever a post asks is called by their account, and nobody else; whoever is not there to read it is known
//! before anybody waits for them.

use hammerdesk_domain::chat::{Platform, Post};
use hammerdesk_domain::clock::Clock as _;
use hammerdesk_domain::ids::{ChannelId, PersonId};
use hammerdesk_domain::message::{Outcome, Reply};

use super::{Chat, KIT};

async fn ask(chat: &Chat, key: &str, text: &str) {
    let head = Post::new(
        "escalation:1",
        ChannelId::new("accounts-london"),
        Reply::sentence(Outcome::Answered, "The card"),
    )
    .opening("Escalation");
    let asking = Post {
        mentions: vec![PersonId::new(KIT), PersonId::new("nobody-in-discord")],
        ..Post::new(
            key,
            ChannelId::new("accounts-london"),
            Reply::sentence(Outcome::Answered, text),
        )
        .within("escalation:1")
    };
    let mut unit = chat.desk.app.store.write().await.unwrap();
    for post in [&head, &asking] {
        unit.post(post, [Platform::Discord], chat.desk.clock.now())
            .await
            .unwrap();
    }
    unit.commit().await.unwrap();
    for _ in 0..4 {
        chat.desk.clock.advance(chrono::TimeDelta::minutes(6));
        chat.deliver().await;
    }
}

/// Whom the ladder is told about: the post, who, and why.
async fn unreached(chat: &Chat) -> Vec<(String, String, String)> {
    let mut view = chat.desk.app.store.read().await.unwrap();
    let all = view.unreached(9).await.unwrap();
    all.into_iter()
        .map(|one| (one.key.clone(), one.person().to_string(), one.why.clone()))
        .collect()
}

#[tokio::test]
async fn only_whoever_is_asked_is_called_whatever_the_words_look_like() {
    let chat = Chat::open().await;
    ask(&chat, "escalation:1:0", "@everyone <@99> take it").await;
    let thread = chat.sim.threads(chat.accounts)[0].0;
    let seen = chat.sim.all_messages(thread);
    let line = seen.iter().find(|seen| seen.content.contains("take it")).unwrap();
    assert!(
        line.content.starts_with(&format!("<@{}>", chat.kit.id.number())),
        "{}",
        line.content
    );
    assert_eq!(line.pings.people, [chat.kit.id]);
    assert!(!line.pings.everyone);
    assert_eq!(unreached(&chat).await, []);
    chat.close().await;
}

#[tokio::test]
async fn whoever_left_the_server_is_known_to_be_not_reached() {
    let chat = Chat::open().await;
    chat.sim.leave(chat.guild, chat.kit.id);
    ask(&chat, "escalation:1:0", "take it").await;
    assert_eq!(
        unreached(&chat).await,
        [(
            "escalation:1:0".to_owned(),
            KIT.to_owned(),
            "left the Discord server".to_owned()
        )]
    );
    chat.close().await;
}
