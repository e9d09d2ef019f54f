//! A process that is killed between any two steps resumes without a lost or a doubled one, and a rung that
//! could not be reached is passed at once.

use chrono::TimeDelta;
use hammerdesk::engine::{Engine, Module as _, Nudge};
use hammerdesk::escalate::{Climb, Reach};
use hammerdesk_domain::chat::Platform;
use hammerdesk_domain::ids::PersonId;
use hammerdesk_store::escalations::Unreached;
use insta::assert_snapshot;

use super::{RULES, Story, call, each_story};

/// Whom the ladder asked last, as the key of that post and the person.
async fn asked_last(story: &Story) -> (String, Vec<PersonId>) {
    let escalation = story.only().await;
    let mut view = story.app.store.read().await.unwrap();
    for at in (0..escalation.events).rev() {
        let key = format!("escalation:{}:{at}", escalation.id());
        if let Some(stored) = view.stored_post(&key, Platform::Console).await.unwrap()
            && !stored.post.mentions.is_empty()
        {
            return (key, stored.post.mentions);
        }
    }
    panic!("nobody was asked");
}

#[tokio::test]
async fn a_rung_that_could_not_be_reached_is_passed_at_once_and_that_is_said() {
    let told = each_story("2026-11-20T10:00:00Z", RULES, async |story| {
        story
            .calls(
                "london-calls",
                call(&story.client("london"), "Where is my money?"),
            )
            .await;
        for why in ["left the Discord server", "cannot see the channel in Discord"] {
            let (key, asked) = asked_last(story).await;
            let mut unit = story.app.store.write().await.unwrap();
            for person in &asked {
                let gone = Unreached::new(&key, Platform::Discord, person, why, story.now());
                unit.note_unreached(&gone).await.unwrap();
            }
            unit.commit().await.unwrap();
            story.settle().await;
        }
        story.thread(story.only().await.id()).await
    })
    .await;
    assert_snapshot!(told, @"
    Given to Nia by rule everybody-else: Nia is on shift at london.
    Asked Nia (coordinator); the next rung's turn is at 20 Nov 10:30 GMT.
      @nia
    Nia could not be reached: left the Discord server.
    Goes to senior: nobody on rung coordinator could be reached.
    Asked Sam (senior); the next rung's turn is at 20 Nov 10:30 GMT.
      @sam
    Sam could not be reached: cannot see the channel in Discord.
    Goes to manager: nobody on rung senior could be reached.
    Asked Rosa (manager); the next rung's turn is at 20 Nov 11:00 GMT.
      @rosa
    ");
}

#[tokio::test]
async fn whoever_does_not_read_in_its_channel_is_asked_where_they_do() {
    let dora = RULES.replace("to = [\"person:nia\"]", "to = [\"person:dora\"]");
    let told = each_story("2026-11-20T10:00:00Z", &dora, async |story| {
        story
            .calls(
                "london-calls",
                call(&story.client("london"), "I want my owner to ring me."),
            )
            .await;
        let id = story.only().await.id();
        let there = story.asked_in("call-centre", "dora").await.join("\n");
        format!(
            "{}\n--- #call-centre\n{}",
            story.thread(id).await,
            there.replace(&id.handle(), "1")
        )
    })
    .await;
    assert_snapshot!(told, @"
    Given to Dora by rule owner-first: Dora is the person named.
    Asked Dora (coordinator); the next rung's turn is at 20 Nov 10:30 GMT.
    --- #call-centre
    Dora: you are asked to take escalation E-1, which stands in accounts-london.
    ");
}

#[tokio::test]
async fn killed_between_any_two_steps_it_resumes_without_a_lost_or_doubled_one() {
    each_story("2026-11-20T10:00:00Z", RULES, async |story| {
        let client = story.client("london");
        let body = call(&client, "Where is my money?");
        let (status, _) = story.sends("london-calls", "k-1", &body).await;
        assert!(status.is_success());
        // Nothing was decided yet. From here on the process dies after every single step of every module.
        let mut seen = Vec::new();
        for _ in 0..6 {
            for _ in 0..12 {
                let escalations = story.app.escalations.clone().unwrap();
                let reborn = Engine::new(Nudge::default())
                    .with(Reach(escalations.clone()))
                    .with(Climb(escalations));
                reborn.tick().await.unwrap();
                story.app.engine().tick().await.unwrap();
            }
            let escalation = story.only().await;
            let mut view = story.app.store.read().await.unwrap();
            let told = view.escalation_told_up_to(escalation.id()).await.unwrap();
            assert_eq!(told, escalation.events, "all of it is told");
            assert_eq!(view.due_escalations(story.now(), 9).await.unwrap(), []);
            seen.push(escalation.events);
            drop(view);
            story.desk.clock.advance(TimeDelta::minutes(31));
        }
        assert!(seen.windows(2).all(|pair| pair[0] <= pair[1]), "{seen:?}");
        story.settle().await;
        let thread = story.thread(story.only().await.id()).await;
        for once in ["Given to Nia", "Asked Sam (senior)", "Asked Rosa (manager)"] {
            assert_eq!(thread.matches(once).count(), 1, "{once}: {thread}");
        }
        String::new()
    })
    .await;
}

#[tokio::test]
async fn what_was_decided_and_not_committed_never_happened() {
    each_story("2026-11-20T10:00:00Z", RULES, async |story| {
        let body = call(&story.client("london"), "Where is my money?");
        story.sends("london-calls", "k-1", &body).await;
        let escalations = story.app.escalations.clone().unwrap();
        // The step is dropped at every point at which it waits, again and again, until one gets through.
        for polls in 0..400 {
            let climb = Climb(escalations.clone());
            let mut step = climb.step();
            for _ in 0..polls {
                let waited = tokio::time::timeout(std::time::Duration::from_micros(200), &mut step).await;
                if waited.is_ok() {
                    break;
                }
            }
            drop(step);
            let before = story.only().await.events;
            assert!(before == 1 || before == 3, "half a step was kept: {before}");
            if before == 3 {
                break;
            }
        }
        story.settle().await;
        let escalation = story.only().await;
        assert_eq!(escalation.events, 3, "created, routed, asked: each once");
        let thread = story.thread(escalation.id()).await;
        assert_eq!(thread.matches("Given to Nia").count(), 1, "{thread}");
        String::new()
    })
    .await;
}

#[tokio::test]
async fn a_tick_with_nothing_due_writes_nothing() {
    each_story("2026-11-20T10:00:00Z", RULES, async |story| {
        story
            .calls(
                "london-calls",
                call(&story.client("london"), "Where is my money?"),
            )
            .await;
        story.settle().await;
        let step = Climb(story.app.escalations.clone().unwrap());
        assert_eq!(
            step.step().await.unwrap(),
            hammerdesk::engine::Progress::Idle,
            "it waits for the rung"
        );
        String::new()
    })
    .await;
}
