//! The outbox: order, leases, tokens; posts and what was heard.

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_domain::chat::{Platform, Post, Said, SaidHow};
use hammerdesk_domain::ids::ChannelId;
use hammerdesk_domain::message::{Outcome, Reply};
use serde_json::json;
use uuid::Uuid;

use super::at;
use crate::testing::each_engine;
use crate::{Ended, Heard, Outgoing, Standing, Store, Waiting};

fn noon() -> DateTime<Utc> {
    at("2026-11-20T12:00:00Z")
}

fn going(lane: &str, token: &str, urgency: u8) -> Outgoing {
    Outgoing {
        lane: lane.to_owned(),
        kind: "note".to_owned(),
        subject: "ticket:1".to_owned(),
        token: token.to_owned(),
        body: json!({ "text": "王翬 \u{0} 'quoted'" }),
        urgency,
    }
}

async fn enqueue(store: &Store, lane: &str, token: &str, urgency: u8) -> bool {
    let mut unit = store.write().await.unwrap();
    let added = unit.enqueue(&going(lane, token, urgency), noon()).await.unwrap();
    unit.commit().await.unwrap();
    added
}

async fn waiting(store: &Store, lane: &str) -> Vec<Waiting> {
    store.read().await.unwrap().head_of_lane(lane, 10).await.unwrap()
}

async fn claimed(store: &Store, way: &str, now: DateTime<Utc>) -> Vec<crate::outbox::LaneLease> {
    let mut unit = store.write().await.unwrap();
    let until = now + TimeDelta::seconds(60);
    let lanes = unit.claim_lanes(way, now, until, 10).await.unwrap();
    unit.commit().await.unwrap();
    lanes
}

#[tokio::test]
async fn a_lane_keeps_its_order_and_lets_the_urgent_go_first() {
    each_engine(async |store| {
        for (token, urgency) in [("a", 0), ("b", 0), ("c", 9)] {
            assert!(enqueue(&store, "freshdesk:1", token, urgency).await);
        }
        let order: Vec<String> = waiting(&store, "freshdesk:1")
            .await
            .into_iter()
            .map(|w| w.what.token)
            .collect();
        assert_eq!(order, ["c", "a", "b"]);
        assert_eq!(
            waiting(&store, "freshdesk:1").await[0].what.body,
            going("", "", 0).body
        );
    })
    .await;
}

#[tokio::test]
async fn one_token_goes_out_once_even_after_it_was_delivered() {
    each_engine(async |store| {
        assert!(enqueue(&store, "freshdesk:1", "a", 0).await);
        assert!(!enqueue(&store, "freshdesk:1", "a", 0).await);
        let first = waiting(&store, "freshdesk:1").await.remove(0);
        let mut unit = store.write().await.unwrap();
        assert!(
            unit.end_outgoing(first.id, Ended::Delivered, "note:77", noon())
                .await
                .unwrap()
        );
        assert!(
            !unit
                .end_outgoing(first.id, Ended::Refused, "late", noon())
                .await
                .unwrap()
        );
        unit.commit().await.unwrap();
        assert!(!enqueue(&store, "freshdesk:1", "a", 0).await);
        assert!(waiting(&store, "freshdesk:1").await.is_empty());
        let mut view = store.read().await.unwrap();
        let fate = view.fate("a").await.unwrap().unwrap();
        assert_eq!(
            (fate.state.as_str(), fate.outcome.as_deref()),
            ("delivered", Some("note:77"))
        );
        assert_eq!(view.made_by_us("note:77").await.unwrap().as_deref(), Some("a"));
        assert_eq!(view.made_by_us("note:78").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_lane_is_leased_to_one_until_the_lease_ends_and_only_to_its_way() {
    each_engine(async |store| {
        enqueue(&store, "freshdesk:1", "a", 0).await;
        enqueue(&store, "discord:ops", "b", 0).await;
        let lanes = claimed(&store, "freshdesk", noon()).await;
        assert_eq!(
            lanes.iter().map(|l| l.lane.as_str()).collect::<Vec<_>>(),
            ["freshdesk:1"]
        );
        assert!(claimed(&store, "freshdesk", noon()).await.is_empty());
        let later = noon() + TimeDelta::seconds(61);
        assert_eq!(claimed(&store, "freshdesk", later).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_comes_in_while_a_lane_is_worked_keeps_it_due_and_a_rested_lane_is_not() {
    each_engine(async |store| {
        enqueue(&store, "freshdesk:1", "a", 0).await;
        let lease = claimed(&store, "freshdesk", noon()).await.remove(0);
        enqueue(&store, "freshdesk:1", "b", 0).await;
        let mut unit = store.write().await.unwrap();
        unit.rest_lane(&lease, noon()).await.unwrap();
        unit.commit().await.unwrap();
        let lease = claimed(&store, "freshdesk", noon()).await.remove(0);
        let mut unit = store.write().await.unwrap();
        unit.rest_lane(&lease, noon()).await.unwrap();
        unit.commit().await.unwrap();
        assert!(claimed(&store, "freshdesk", noon()).await.is_empty());
        assert_eq!(
            store.read().await.unwrap().next_delivery_at().await.unwrap(),
            None
        );
        enqueue(&store, "freshdesk:1", "c", 0).await;
        assert_eq!(claimed(&store, "freshdesk", noon()).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_lane_that_backs_off_is_not_woken_by_what_comes_behind_but_can_be_hurried() {
    each_engine(async |store| {
        enqueue(&store, "discord:ops/ticket:1", "a", 0).await;
        let lease = claimed(&store, "discord", noon()).await.remove(0);
        let mut unit = store.write().await.unwrap();
        let retry = noon() + TimeDelta::minutes(5);
        unit.release_lane(&lease.lane, retry).await.unwrap();
        unit.commit().await.unwrap();
        enqueue(&store, "discord:ops/ticket:1", "b", 0).await;
        assert!(claimed(&store, "discord", noon()).await.is_empty());
        assert_eq!(
            store.read().await.unwrap().next_delivery_at().await.unwrap(),
            Some(retry)
        );
        let mut unit = store.write().await.unwrap();
        unit.hurry_lane("discord:ops/ticket:1", noon()).await.unwrap();
        unit.commit().await.unwrap();
        assert_eq!(claimed(&store, "discord", noon()).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_was_never_tried_can_be_withdrawn_and_what_was_tried_cannot() {
    each_engine(async |store| {
        enqueue(&store, "freshdesk:1", "a", 0).await;
        enqueue(&store, "freshdesk:1", "b", 0).await;
        let first = waiting(&store, "freshdesk:1").await.remove(0);
        let mut unit = store.write().await.unwrap();
        unit.note_attempt(first.id, noon()).await.unwrap();
        assert_eq!(unit.withdraw("ticket:1", "answered", noon()).await.unwrap(), 1);
        unit.commit().await.unwrap();
        let left = waiting(&store, "freshdesk:1").await;
        assert_eq!(left.len(), 1);
        assert_eq!((left[0].what.token.as_str(), left[0].attempts), ("a", 1));
        assert_eq!(left[0].tried_at, Some(noon()));
    })
    .await;
}

fn post(text: &str) -> Post {
    Post::new(
        "ticket:1",
        ChannelId::new("ops"),
        Reply::sentence(Outcome::Answered, text),
    )
    .opening("Ticket 1")
}

async fn say(store: &Store, post: &Post) {
    let mut unit = store.write().await.unwrap();
    unit.post(post, [Platform::Console, Platform::Discord], noon())
        .await
        .unwrap();
    unit.commit().await.unwrap();
}

#[tokio::test]
async fn a_post_that_changes_before_it_is_shown_is_shown_once_as_it_is_then() {
    each_engine(async |store| {
        say(&store, &post("one")).await;
        say(&store, &post("one")).await;
        say(&store, &post("two")).await;
        for lane in ["discord:ops", "console:ops"] {
            assert_eq!(waiting(&store, lane).await.len(), 1, "{lane}");
        }
        let stored = store
            .read()
            .await
            .unwrap()
            .stored_post("ticket:1", Platform::Discord)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (stored.revision, stored.shown, stored.post.reply.text.as_str()),
            (2, 0, "two")
        );
    })
    .await;
}

#[tokio::test]
async fn a_change_decided_while_the_old_words_are_being_sent_is_shown_next() {
    each_engine(async |store| {
        say(&store, &post("one")).await;
        let sent = store
            .read()
            .await
            .unwrap()
            .stored_post("ticket:1", Platform::Discord)
            .await
            .unwrap()
            .unwrap();
        say(&store, &post("two")).await;
        let first = waiting(&store, "discord:ops").await.remove(0);
        let standing = Standing {
            place: "10".to_owned(),
            message: "11".to_owned(),
            thread: Some("12".to_owned()),
        };
        let mut unit = store.write().await.unwrap();
        unit.end_outgoing(first.id, Ended::Delivered, "11", noon())
            .await
            .unwrap();
        unit.post_shown(&sent, &standing, noon()).await.unwrap();
        unit.commit().await.unwrap();
        assert_eq!(waiting(&store, "discord:ops").await.len(), 1);
        let mut view = store.read().await.unwrap();
        let stored = view
            .stored_post("ticket:1", Platform::Discord)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (stored.revision, stored.shown, stored.message.as_deref()),
            (2, 1, Some("11"))
        );
        for found in [
            view.post_of_message(Platform::Discord, "11").await.unwrap(),
            view.post_of_thread(Platform::Discord, "12").await.unwrap(),
        ] {
            assert_eq!(found.as_deref(), Some("ticket:1"));
        }
        assert_eq!(view.post_of_thread(Platform::Console, "12").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_gone_from_its_platform_is_shown_anew_once() {
    each_engine(async |store| {
        say(&store, &post("one")).await;
        let first = waiting(&store, "discord:ops").await.remove(0);
        let mut unit = store.write().await.unwrap();
        let mut stored = unit
            .stored_post("ticket:1", Platform::Discord)
            .await
            .unwrap()
            .unwrap();
        let standing = Standing {
            place: "10".to_owned(),
            message: "11".to_owned(),
            thread: None,
        };
        unit.end_outgoing(first.id, Ended::Delivered, "11", noon())
            .await
            .unwrap();
        unit.post_shown(&stored, &standing, noon()).await.unwrap();
        stored.message = Some("11".to_owned());
        unit.post_lost(&stored, noon()).await.unwrap();
        unit.post_lost(&stored, noon()).await.unwrap();
        unit.commit().await.unwrap();
        assert_eq!(waiting(&store, "discord:ops").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_is_told_twice_is_heard_once_and_an_edit_back_is_heard_again() {
    each_engine(async |store| {
        let heard = |how, text: &str, second: i64| Heard {
            id: Uuid::nil(),
            platform: Platform::Discord,
            place: "12".to_owned(),
            message: "900".to_owned(),
            how,
            key: "ticket:1".to_owned(),
            said: Said {
                who: "discord:5".to_owned(),
                name: "Kit".to_owned(),
                text: text.to_owned(),
                files: Vec::new(),
            },
            at: noon() + TimeDelta::seconds(second),
        };
        let mut unit = store.write().await.unwrap();
        assert!(unit.hear(&heard(SaidHow::Said, "a", 0)).await.unwrap());
        assert!(!unit.hear(&heard(SaidHow::Said, "a", 0)).await.unwrap());
        for (text, second) in [("b", 1), ("a", 2), ("b", 3)] {
            assert!(unit.hear(&heard(SaidHow::Edited, text, second)).await.unwrap());
        }
        assert!(!unit.hear(&heard(SaidHow::Edited, "b", 3)).await.unwrap());
        unit.commit().await.unwrap();
        let mut unit = store.write().await.unwrap();
        let all = unit.heard(10).await.unwrap();
        assert_eq!(all.len(), 4);
        assert_eq!(all[0].said.text, "a");
        assert!(unit.heard_handled(all[0].id, noon()).await.unwrap());
        assert!(!unit.heard_handled(all[0].id, noon()).await.unwrap());
        assert_eq!(unit.heard(10).await.unwrap().len(), 3);
        assert_eq!(
            unit.last_heard(Platform::Discord, "12").await.unwrap().as_deref(),
            Some("900")
        );
    })
    .await;
}
