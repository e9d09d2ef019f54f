//! Follow the sun: when a rota's day ends its queue goes to the next, with a summary; and what people change
//! in chat about who is on counts at once.

use hammerdesk_domain::escalation::desk::Absence;
use hammerdesk_domain::ids::{PersonId, new_id};
use hammerdesk_store::escalations::{AskedHandover, RotaChange, StoredRotaChange};
use insta::assert_snapshot;

use super::{RULES, Story, call, each_story, rules};

/// The hand-overs that stand in a channel.
async fn summaries(story: &Story, channel: &str) -> String {
    let mut view = story.app.store.read().await.unwrap();
    let page = view
        .chat_page(&PersonId::new("rosa"), channel, None, 100)
        .await
        .unwrap();
    let cards = page.iter().filter_map(|message| {
        let card = &message.body["reply"]["cards"][0];
        let title = card["title"]
            .as_str()
            .filter(|title| title.starts_with("Hand-over"))?;
        let lines = card["sections"][0]["lines"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let lines: Vec<String> = lines
            .iter()
            .filter_map(|line| line["text"].as_str())
            .map(|line| {
                line.split_once(' ')
                    .map_or_else(String::new, |(_, rest)| rest.to_owned())
            })
            .collect();
        Some(format!(
            "{title}\n{}\n{}",
            card["subtitle"].as_str().unwrap_or_default(),
            lines.join("\n")
        ))
    });
    cards.collect::<Vec<_>>().join("\n--\n")
}

#[tokio::test]
async fn hong_kong_hands_over_to_london_with_what_nobody_took() {
    // Half past five in the afternoon in Hong Kong; London has had half an hour of its day at six.
    let two = rules("managers = {", "managers = {").replace(
        "people = [\"nia\"], days = [\"weekdays\"]",
        "people = [\"nia\", \"priya\"], days = [\"weekdays\"]",
    );
    let told = each_story("2026-11-20T09:45:00Z", &two, async |story| {
        let client = story.client("hong-kong");
        // The clock is followed from the first look on.
        story.settle().await;
        story
            .calls("hong-kong-calls", call(&client, "Where is my money?"))
            .await;
        let id = story.only().await.id();
        story.minutes(16).await;
        let thread = story.thread(id).await;
        let once = summaries(story, "accounts-london").await;
        story.minutes(1).await;
        assert_eq!(summaries(story, "accounts-london").await, once, "once");
        format!("{thread}\n---\n{once}")
    })
    .await;
    assert_snapshot!(told, @"
    Given to Wing-yan by rule hong-kong: Wing-yan is on shift at hong-kong.
    Asked Wing-yan (coordinator); the next rung's turn is at 20 Nov 18:15 HKT.
      @wing
    hammerdesk gave it to Priya: hong-kong hands over to london.
    Asked Priya (coordinator); the next rung's turn is at 20 Nov 18:31 HKT.
      @priya
    ---
    Hand-over: hong-kong to london
    hong-kong hands over to london (Nia, Priya): 1 open escalation.
    normal · routed · since 20 Nov 09:45 GMT · had: Wing-yan
    ");
}

#[tokio::test]
async fn a_hand_over_that_somebody_asked_for_is_carried_out_once() {
    let two = RULES.replace(
        "people = [\"nia\"], days = [\"weekdays\"]",
        "people = [\"nia\", \"priya\"], days = [\"weekdays\"]",
    );
    let told = each_story("2026-11-20T09:15:00Z", &two, async |story| {
        story
            .calls(
                "hong-kong-calls",
                call(&story.client("hong-kong"), "Where is my money?"),
            )
            .await;
        let id = story.only().await.id();
        let asked = AskedHandover {
            id: new_id(story.now()),
            from: "hong-kong".to_owned(),
            to: "london".to_owned(),
            by: PersonId::new("wing"),
            at: story.now(),
        };
        let mut unit = story.app.store.write().await.unwrap();
        unit.ask_for_handover(&asked).await.unwrap();
        unit.commit().await.unwrap();
        story.settle().await;
        story.settle().await;
        format!(
            "{}\n---\n{}",
            story.thread(id).await,
            summaries(story, "accounts-london").await
        )
    })
    .await;
    assert_snapshot!(told, @"
    Given to Wing-yan by rule hong-kong: Wing-yan is on shift at hong-kong.
    Asked Wing-yan (coordinator); the next rung's turn is at 20 Nov 17:45 HKT.
      @wing
    Wing-yan gave it to Priya: hong-kong hands over to london.
    Asked Priya (coordinator); the next rung's turn is at 20 Nov 17:45 HKT.
      @priya
    ---
    Hand-over: hong-kong to london
    hong-kong hands over to london (Nia, Priya): 1 open escalation.
    normal · routed · since 20 Nov 09:15 GMT · had: Wing-yan
    ");
}

#[tokio::test]
async fn who_says_in_chat_that_they_are_away_is_not_given_the_next_one() {
    let told = each_story("2026-11-20T10:00:00Z", RULES, async |story| {
        let ill = StoredRotaChange {
            id: new_id(story.now()),
            change: RotaChange::Absence {
                absence: Absence {
                    person: "nia".into(),
                    from: "2026-11-20".parse().unwrap(),
                    until: "2026-11-20".parse().unwrap(),
                    cover: Some("priya".into()),
                    location: None,
                    reason: None,
                },
            },
            made_by: "nia".into(),
            made_at: story.now(),
            until_at: "2026-11-21T00:00:00Z".parse().unwrap(),
        };
        let mut unit = story.app.store.write().await.unwrap();
        unit.change_rota(&ill).await.unwrap();
        unit.commit().await.unwrap();
        story
            .calls(
                "london-calls",
                call(&story.client("london"), "Where is my money?"),
            )
            .await;
        let mut unit = story.app.store.write().await.unwrap();
        unit.withdraw_rota_change(ill.id, &"nia".into(), story.now())
            .await
            .unwrap();
        unit.commit().await.unwrap();
        let first = story.thread(story.only().await.id()).await;
        story
            .calls(
                "london-calls",
                serde_json::json!({ "client": story.client("london"), "said": "Again", "kind": "complaint" }),
            )
            .await;
        let mut view = story.app.store.read().await.unwrap();
        let queue = view.escalation_queue(None, 9).await.unwrap();
        let who: Vec<String> = queue
            .iter()
            .filter_map(|one| one.handler.as_ref().map(ToString::to_string))
            .collect();
        format!("{first}\n---\n{}", who.join(", "))
    })
    .await;
    assert_snapshot!(told, @"
    Given to Priya by rule everybody-else: Priya covers for Nia (on shift at london).
    Asked Priya (coordinator); the next rung's turn is at 20 Nov 10:30 GMT.
      @priya
    ---
    priya, priya
    ");
}
