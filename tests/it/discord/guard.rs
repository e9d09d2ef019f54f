//! The limits that Discord sets, kept before it has to say so.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use hammerdesk_domain::chat::{Platform, Post};
use hammerdesk_domain::clock::Clock as _;
use hammerdesk_domain::ids::ChannelId;
use hammerdesk_domain::message::{Card, Reply};
use hammerdesk_sandbox::discord::{Fault, Verdict};
use serde_json::json;
use tower::ServiceExt as _;

use super::{Chat, Different};

const POST: &str = "POST /channels/{}/messages";

async fn put(chat: &Chat, count: usize) {
    let mut unit = chat.desk.app.store.write().await.unwrap();
    for n in 0..count {
        let card = Card {
            title: format!("Alert {n}"),
            ..Card::default()
        };
        let post = Post::new(
            format!("alert:{n}"),
            ChannelId::new(["accounts-london", "managers", "call-centre"][n % 3]),
            Reply::card(card, json!({})),
        );
        unit.post(&post, [Platform::Discord], chat.desk.clock.now())
            .await
            .unwrap();
    }
    unit.commit().await.unwrap();
}

/// How many of the posts were answered by a 429, and how many stand.
fn refused_and_taken(chat: &Chat) -> (usize, usize) {
    let posts = chat.sim.requests_to(POST);
    let taken = posts
        .iter()
        .filter(|logged| matches!(logged.verdict, Verdict::Accepted(_)))
        .count();
    (posts.len() - taken, taken)
}

#[tokio::test]
async fn over_tls_the_limits_that_discord_tells_of_a_route_are_kept_before_it_refuses() {
    let chat = Chat::with(Different {
        tls: true,
        ..Different::default()
    })
    .await;
    let (number, name) = chat.client("B8");
    let answer = super::ask(
        &chat.coordinator(),
        chat.accounts,
        "balance",
        super::client(&number),
    )
    .await;
    assert!(answer.text().contains(&name));
    chat.sim.limit(POST, 2, Duration::from_millis(600));
    put(&chat, 18).await;
    let began = Instant::now();
    chat.deliver().await;
    assert_eq!(refused_and_taken(&chat), (0, 18));
    assert!(
        began.elapsed() >= Duration::from_millis(1_200),
        "six a channel, two at a time"
    );
    chat.close().await;
}

#[tokio::test]
async fn the_fifty_calls_a_second_of_all_routes_are_never_used_up() {
    let chat = Chat::open().await;
    chat.sim.limit_globally(Some(50));
    put(&chat, 120).await;
    chat.deliver().await;
    assert_eq!(refused_and_taken(&chat), (0, 120));
    assert_eq!(chat.sim.invalid_requests(), 0);
    chat.close().await;
}

#[tokio::test]
async fn long_before_discord_bans_the_bot_sends_nothing_and_its_health_says_so() {
    let chat = Chat::with(Different {
        setup: Some(|_, setup| setup.refused_at_most = NonZeroUsize::new(500)),
        ..Different::default()
    })
    .await;
    chat.sim.ban_after(1_000);
    let stranger = chat.sim.person(chat.guild, "Stranger", &[]);
    let forbidden = Fault::Refusal {
        status: 403,
        code: 50_013,
        message: "Missing Permissions".to_owned(),
    };
    chat.sim
        .fail_always("POST /interactions/{}/{}/callback", forbidden);
    assert_eq!(chat.bot.says(), "discord: connected");
    let deadline = Instant::now() + Duration::from_secs(60);
    while chat.bot.says() == "discord: connected" {
        for _ in 0..10 {
            stranger.slash(chat.accounts, "help", &json!({})).unwrap();
        }
        let before = chat.sim.request_count();
        while chat.sim.request_count() < before + 20 && chat.bot.says() == "discord: connected" {
            assert!(
                Instant::now() < deadline,
                "{} refused",
                chat.sim.invalid_requests()
            );
            tokio::task::yield_now().await;
        }
    }
    assert!((500..550).contains(&chat.sim.invalid_requests()));
    let health = chat
        .desk
        .app
        .router()
        .oneshot(
            axum::http::Request::get("/health/ready")
                .body(axum::body::Body::empty())
                .unwrap(),
        )
        .await
        .unwrap();
    let health = axum::body::to_bytes(health.into_body(), 1_000).await.unwrap();
    let health = String::from_utf8(health.to_vec()).unwrap();
    assert!(
        health.starts_with("ready\ndiscord: connected; so many calls were refused that none is sent for "),
        "{health}"
    );
    let sent = chat.sim.request_count();
    put(&chat, 3).await;
    chat.deliver().await;
    assert_eq!(chat.sim.request_count(), sent, "nothing is sent");
    let counts = chat
        .desk
        .app
        .store
        .read()
        .await
        .unwrap()
        .outbox_counts()
        .await
        .unwrap();
    assert_eq!(counts.waiting, 3, "and nothing is lost");
    chat.close().await;
}
