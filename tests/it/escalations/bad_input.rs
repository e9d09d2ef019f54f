//! What is malformed, missing or contradictory has a defined and visible outcome, and no escalation is ever
//! dropped: the location's manager gets it, then the last resort. What the intake refuses is in `intake`.

use hammerdesk_domain::escalation::model::{Matched, State};
use hammerdesk_domain::ids::PersonId;
use insta::assert_snapshot;
use serde_json::json;

use super::{RULES, Story, call, each_story, rules};

/// Who was given the one escalation, how, and who was asked.
async fn given(story: &Story) -> String {
    let escalation = story.only().await;
    assert_eq!(escalation.state(), State::Routed, "it is never without somebody");
    story.thread(escalation.id()).await
}

#[tokio::test]
async fn an_unknown_client_is_asked_for_and_the_escalation_goes_on_without() {
    let told = each_story("2026-11-20T10:00:00Z", RULES, async |story| {
        story
            .calls("london-calls", call("no such client", "Where is my money?"))
            .await;
        let escalation = story.only().await;
        let (id, name) = (escalation.id(), escalation.id().handle());
        let account = |card: &str| {
            let line = card
                .lines()
                .find(|line| line.contains("No account") || line.contains("  Account "));
            let line = line.unwrap_or_default().trim().to_owned();
            line.split_once(" · ")
                .map_or(line.clone(), |_| "Account NAME · NUMBER".to_owned())
        };
        let before = account(&story.card(id).await);
        let buttons = story.buttons(id).await.join(" | ");
        let hidden = story.client_who("", "restricted");
        let refused = story
            .asks("nia", &format!("/escalation client {name} client:{hidden}"))
            .await
            .replace(&hidden, "HIDDEN");
        let client = story.client("london");
        story
            .asks("nia", &format!("/escalation client {name} client:{client}"))
            .await;
        let after = account(&story.card(id).await);
        format!(
            "{before}\n{buttons}\n{refused}\n{after}\n{}",
            story.thread(id).await
        )
    })
    .await;
    assert_snapshot!(told, @"
    ! No account found. Ask who it is, and say it with Name the client.
    Acknowledge | Reassign | Escalate | Resolve | Name the client | Why this person
    I do not know a client HIDDEN. /client find looks by name, e-mail or phone.
    Account NAME · NUMBER
    Given to Nia by rule everybody-else: Nia is on shift at london.
    Asked Nia (coordinator); the next rung's turn is at 20 Nov 10:30 GMT.
      @nia
    Nia said which client it is.
    ");
}

#[tokio::test]
async fn nobody_is_on_shift_and_the_locations_manager_gets_it() {
    // A Sunday in London, without a sale.
    let told = each_story("2026-11-22T10:00:00Z", RULES, async |story| {
        story
            .calls(
                "london-calls",
                call(&story.client("london"), "Where is my money?"),
            )
            .await;
        given(story).await
    })
    .await;
    assert_snapshot!(told, @"
    Given to Rosa by the location's manager: Rosa is the location's manager.
    Asked Rosa (coordinator); the next rung's turn is at 22 Nov 10:30 GMT.
      @rosa
    ");
}

#[tokio::test]
async fn a_rule_to_a_person_who_does_not_exist_is_passed_over() {
    let ghost = rules("to = [\"person:nia\"]", "to = [\"person:ghost\"]");
    let told = each_story("2026-11-22T10:00:00Z", &ghost, async |story| {
        story
            .calls(
                "london-calls",
                call(&story.client("london"), "I want my owner to ring me."),
            )
            .await;
        let why = story
            .asks(
                "rosa",
                &format!("/escalation explain {}", story.only().await.id()),
            )
            .await;
        let ghost = why.lines().find(|line| line.contains("no person ghost"));
        format!(
            "{}\n{}",
            given(story).await,
            ghost.unwrap_or("(nothing of the ghost)").trim()
        )
    })
    .await;
    assert_snapshot!(told, @"
    Given to Rosa by the location's manager: Rosa is the location's manager.
    Asked Rosa (coordinator); the next rung's turn is at 22 Nov 10:30 GMT.
      @rosa
    person:ghost     rule owner-first     there is no person ghost in the config
    ");
}

#[tokio::test]
async fn a_loop_of_covers_is_named_and_passed_over() {
    let looped = rules(
        "[escalation]",
        "[[absences]]\nperson = \"nia\"\nfrom = \"2026-11-16\"\nuntil = \"2026-11-27\"\ncover = \"priya\"\n\n\
         [[absences]]\nperson = \"priya\"\nfrom = \"2026-11-16\"\nuntil = \"2026-11-27\"\ncover = \"nia\"\n\n[escalation]",
    );
    let told = each_story("2026-11-20T10:00:00Z", &looped, async |story| {
        story
            .calls(
                "london-calls",
                call(&story.client("london"), "I want my owner to ring me."),
            )
            .await;
        let why = story
            .asks(
                "rosa",
                &format!("/escalation explain {}", story.only().await.id()),
            )
            .await;
        let circle = why.lines().find(|line| line.contains("in a circle"));
        format!(
            "{}\n{}",
            given(story).await,
            circle.unwrap_or("(no circle)").trim()
        )
    })
    .await;
    assert_snapshot!(told, @"
    Given to Rosa by the location's manager: Rosa is the location's manager.
    Asked Rosa (coordinator); the next rung's turn is at 20 Nov 10:30 GMT.
      @rosa
    person:nia       rule owner-first     the covers go round in a circle: Nia -> Priya -> Nia
    ");
}

#[tokio::test]
async fn where_no_manager_is_named_either_the_last_resort_gets_it_even_while_away() {
    let bare = rules("managers = { london = [\"rosa\"], hong-kong = [\"rosa\"] }\n", "").replace(
        "[escalation]",
        "[[absences]]\nperson = \"omar\"\nfrom = \"2026-11-16\"\nuntil = \"2026-11-27\"\n\n[escalation]",
    );
    let told = each_story("2026-11-22T10:00:00Z", &bare, async |story| {
        story
            .calls(
                "london-calls",
                call(&story.client("london"), "Where is my money?"),
            )
            .await;
        given(story).await
    })
    .await;
    assert_snapshot!(told, @"
    Given to Omar by the last resort: Omar is the last resort, who gets it even while away.
    Rung coordinator has nobody to ask (Omar is away, and nobody covers); it is passed at once.
    Asked Sam (senior); the next rung's turn is at 22 Nov 10:30 GMT.
      @sam
    ");
}

#[tokio::test]
async fn a_restricted_client_goes_to_those_who_may_know_and_the_card_says_nothing() {
    let told = each_story("2026-11-20T10:00:00Z", RULES, async |story| {
        let client = story.client_who("", "restricted");
        let words = "I am Vladimir X and the tribunal wants my money.";
        story.calls("london-calls", call(&client, words)).await;
        let escalation = story.only().await;
        let id = escalation.id();
        assert!(matches!(escalation.matched, Matched::Found(_)));
        let seen = format!("{}\n{}", story.card(id).await, story.thread(id).await);
        assert!(!seen.contains("Vladimir") && !seen.contains(client.trim_start_matches('0')));
        let by_nia = story
            .asks("nia", &format!("/escalation show {}", id.handle()))
            .await;
        let by_omar = story
            .asks("omar", &format!("/escalation show {}", id.handle()))
            .await;
        assert!(
            by_omar.contains("Vladimir"),
            "who may know reads it all: {by_omar}"
        );
        format!("{seen}\n---\n{}", by_nia.replace(&id.handle(), "1"))
    })
    .await;
    assert_snapshot!(told, @"
    #accounts-london
    Escalation E-1  [ASKED]
    normal · London
      Asked: Omar, since 20 Nov 10:00 GMT
      Next: senior at 20 Nov 10:30 GMT
      Came in 20 Nov 10:00 GMT from a partner (london-calls)
      Whom it is about is not shown here. Those who may know press Show.
    Given to Omar by the last resort: Omar is the person named.
    Asked Omar (coordinator); the next rung's turn is at 20 Nov 10:30 GMT.
      @omar
    ---
    I do not know an escalation 1. /queue lists what is open.
    ");
}

#[tokio::test]
async fn words_of_a_caller_stay_words() {
    let told = each_story("2026-11-20T10:00:00Z", RULES, async |story| {
        let said =
            "@everyone <b>pay</b> [me](https://evil.test)\u{202e}\n\n# Big\n".to_owned() + &"x".repeat(5_000);
        story
            .calls(
                "london-calls",
                json!({ "said": said, "client": story.client("london") }),
            )
            .await;
        let escalation = story.only().await;
        assert_eq!(escalation.opening.said, said, "kept word for word");
        let card = story.card(escalation.id()).await;
        let from = card.find("In the caller's words").unwrap();
        let shown: Vec<String> = card[from..]
            .lines()
            .take(5)
            .map(|line| line.chars().take(60).collect())
            .collect();
        shown.join("\n")
    })
    .await;
    assert_snapshot!(told, @"
    In the caller's words
      @everyone <b>pay</b> [me](https://evil.test)
      # Big
      xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
      … more in what was sent
    ");
}

#[tokio::test]
async fn two_matters_of_one_client_are_two_escalations() {
    each_story("2026-11-20T10:00:00Z", RULES, async |story| {
        let client = story.client("london");
        story.calls("london-calls", call(&client, "One")).await;
        story
            .calls(
                "london-calls",
                json!({ "client": client, "said": "Two", "kind": "complaint" }),
            )
            .await;
        let mut view = story.app.store.read().await.unwrap();
        let queue = view.escalation_queue(None, 9).await.unwrap();
        assert!(queue.iter().all(|one| one.handler == Some(PersonId::new("nia"))));
        assert_eq!(queue.len(), 2);
        String::new()
    })
    .await;
}
