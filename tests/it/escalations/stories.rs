//! The stories: who is asked, who has it, and how it climbs, in the words that people read.

use insta::assert_snapshot;

use super::{RULES, call, each_story, rules};

#[tokio::test]
async fn a_saturday_call_for_a_hong_kong_client_during_a_london_sale() {
    // Saturday evening in Hong Kong: nobody is on there. London has a sale, and Nia, who is on for London,
    // has no rights to a Hong Kong account; Priya, who is there for all houses, does.
    let told = each_story("2026-11-21T10:00:00Z", RULES, async |story| {
        let client = story.client("hong-kong");
        story
            .calls("hong-kong-calls", call(&client, "The card was charged twice."))
            .await;
        let escalation = story.only().await;
        let card = story.card(escalation.id()).await;
        let card: Vec<&str> = card.lines().take(8).collect();
        format!(
            "{}\n---\n{}",
            card.join("\n"),
            story.thread(escalation.id()).await
        )
    })
    .await;
    assert_snapshot!(told, @"
    #accounts-hong-kong
    Payment problem E-1  [ASKED]
    normal · Hong Kong
    ! Some of the data is old: see the as-of line.
      Asked: Priya, since 21 Nov 18:00 HKT
      Next: senior at 21 Nov 18:30 HKT
      Came in 21 Nov 18:00 HKT from a partner (hong-kong-calls)
      Account Chan Mei Ling · 1400101
    ---
    Given to Priya by rule hong-kong: Priya is on shift at london.
    Asked Priya (coordinator); the next rung's turn is at 21 Nov 18:30 HKT.
      @priya
    ");
}

#[tokio::test]
async fn the_owner_is_on_holiday() {
    let away = rules(
        "[escalation]",
        "[[absences]]\nperson = \"nia\"\nfrom = \"2026-11-16\"\nuntil = \"2026-11-27\"\ncover = \"priya\"\n\n[escalation]",
    );
    let told = each_story("2026-11-20T10:00:00Z", &away, async |story| {
        let client = story.client("london");
        story
            .calls("london-calls", call(&client, "I want my owner to ring me."))
            .await;
        let escalation = story.only().await;
        let explained = story
            .asks("rosa", &format!("/escalation explain {}", escalation.id()))
            .await;
        let why: Vec<&str> = explained
            .lines()
            .filter(|line| line.contains("covers") || line.contains("Nia"))
            .collect();
        format!("{}\n---\n{}", story.thread(escalation.id()).await, why.join("\n"))
    })
    .await;
    assert_snapshot!(told, @"
    Given to Priya by rule owner-first: Priya covers for Nia (the person named).
    Asked Priya (coordinator); the next rung's turn is at 20 Nov 10:30 GMT.
      @priya
    ---
      Given to Priya at 20 Nov 10:00 GMT by rule owner-first: Priya covers for Nia (the person named).
      20 Nov 10:00 GMT  Given to Priya by rule owner-first: Priya covers for Nia (the person named).
    ");
}

#[tokio::test]
async fn nobody_acknowledges() {
    let told = each_story("2026-11-20T10:00:00Z", RULES, async |story| {
        let client = story.client("london");
        story
            .calls("london-calls", call(&client, "Where is my money?"))
            .await;
        let id = story.only().await.id();
        for _ in 0..5 {
            story.minutes(31).await;
        }
        let first = story.thread(id).await;
        // The end of the ladder never falls silent.
        story.minutes(61).await;
        story.minutes(61).await;
        let more = story.thread(id).await;
        let more = more.strip_prefix(&first).unwrap().trim().to_owned();
        let card = story.card(id).await;
        let standing: Vec<&str> = card
            .lines()
            .filter(|line| line.contains("Asked:") || line.contains("Next:"))
            .collect();
        format!(
            "{first}\n--- two hours later\n{more}\n---\n{}",
            standing.join("\n")
        )
    })
    .await;
    assert_snapshot!(told, @"
    Given to Nia by rule everybody-else: Nia is on shift at london.
    Asked Nia (coordinator); the next rung's turn is at 20 Nov 10:30 GMT.
      @nia
    Goes to senior: nobody acknowledged on rung coordinator.
    Asked Sam (senior); the next rung's turn is at 20 Nov 11:01 GMT.
      @sam
    Goes to manager: nobody acknowledged on rung senior.
    Asked Rosa (manager); the next rung's turn is at 20 Nov 12:02 GMT.
      @rosa
    Goes to end of the ladder: nobody acknowledged on rung manager.
    Asked Omar (end of the ladder); they are asked again at 20 Nov 13:04 GMT.
      @omar
    --- two hours later
    Asked Omar (end of the ladder); they are asked again at 20 Nov 14:36 GMT.
      @omar
    Asked Omar (end of the ladder); they are asked again at 20 Nov 15:37 GMT.
      @omar
    ---
      Asked: Omar, since 20 Nov 14:37 GMT
      Next: the same again at 20 Nov 15:37 GMT
    ");
}

#[tokio::test]
async fn acknowledged_and_forgotten() {
    let told = each_story("2026-11-20T10:00:00Z", RULES, async |story| {
        let client = story.client("london");
        story
            .calls("london-calls", call(&client, "Where is my money?"))
            .await;
        let id = story.only().await.id();
        let name = id.handle();
        let before = story.buttons(id).await;
        let said = [
            story.asks("tess", &format!("/escalation take {name}")).await,
            story.asks("nia", &format!("/escalation take {name}")).await,
            story.asks("nia", &format!("/escalation take {name}")).await,
            story.asks("sam", &format!("/escalation take {name}")).await,
        ]
        .join("\n")
        .replace(&name, "1");
        let after = story.buttons(id).await;
        // The rungs wait no longer; four hours without any sign are too long.
        story.minutes(3 * 60).await;
        let quiet = story.thread(id).await.lines().count();
        story.minutes(62).await;
        let thread = story.thread(id).await;
        let since: Vec<&str> = thread.lines().skip(quiet).collect();
        format!(
            "{}\n---\n{said}\n---\n{}\n--- four hours later\n{}",
            before.join(" | "),
            after.join(" | "),
            since.join("\n")
        )
    })
    .await;
    assert_snapshot!(told, @"
    Acknowledge | Reassign | Escalate | Resolve | Why this person
    ---
    I do not know an escalation 1. /queue lists what is open.
    You have E-1. Nobody else is asked while you work on it.
    You have this escalation already.
    Nia has this escalation already; reassign it to take it over.
    ---
    Working on it | Waits for client | Reassign | Escalate | Resolve | Why this person
    --- four hours later
    Nia took it, and nothing was seen since 20 Nov 10:00 GMT; the ladder starts again.
    Asked Nia (coordinator); the next rung's turn is at 20 Nov 14:32 GMT.
      @nia
    ");
}

#[tokio::test]
async fn whoever_is_at_work_is_left_alone() {
    let told = each_story("2026-11-20T10:00:00Z", RULES, async |story| {
        let client = story.client("london");
        story
            .calls("london-calls", call(&client, "Where is my money?"))
            .await;
        let id = story.only().await.id();
        let name = id.handle();
        story.asks("nia", &format!("/escalation take {name}")).await;
        story.minutes(3 * 60).await;
        story.asks("nia", &format!("/escalation work {name}")).await;
        story.minutes(3 * 60).await;
        story
            .asks("nia", &format!("/escalation work {name} on:client"))
            .await;
        story.minutes(3 * 24 * 60).await;
        let silences = story.escalation(id).await.silences;
        story
            .asks(
                "nia",
                &format!("/escalation resolve {name} reason:\"Sent the statement\""),
            )
            .await;
        story.minutes(3 * 24 * 60).await;
        story
            .asks(
                "rosa",
                &format!("/escalation reopen {name} reason:\"They rang again\""),
            )
            .await;
        format!("silences: {silences}\n{}", story.thread(id).await)
    })
    .await;
    assert_snapshot!(told, @"
    silences: 0
    Given to Nia by rule everybody-else: Nia is on shift at london.
    Asked Nia (coordinator); the next rung's turn is at 20 Nov 10:30 GMT.
      @nia
    Nia has it.
    Nia is working on it.
    Nia waits for the client.
    Nia resolved it: “Sent the statement”.
    Rosa reopened it: “They rang again”.
    Given to Nia by rule everybody-else: Nia is on shift at london.
    Asked Nia (coordinator); the next rung's turn is at 26 Nov 16:30 GMT.
      @nia
    ");
}

#[tokio::test]
async fn the_same_caller_three_times() {
    let told = each_story("2026-11-20T10:00:00Z", RULES, async |story| {
        let client = story.client("london");
        let mut receipts = Vec::new();
        for (minutes, said) in [
            (5, "Where is my money?"),
            (5, "Still nothing!"),
            (0, "I will write\nto the *press*."),
        ] {
            receipts.push(story.calls("london-calls", call(&client, said)).await);
            story.minutes(minutes).await;
        }
        receipts.dedup();
        let id = story.only().await.id();
        let card = story.card(id).await;
        let times = card
            .lines()
            .find(|line| line.contains("times"))
            .unwrap_or_default();
        format!("{} receipts\n{times}\n{}", receipts.len(), story.thread(id).await)
    })
    .await;
    assert_snapshot!(told, @"
    3 receipts
      Came in 3 times
    Given to Nia by rule everybody-else: Nia is on shift at london.
    Asked Nia (coordinator); the next rung's turn is at 20 Nov 10:30 GMT.
      @nia
    The same matter came in again, from a partner.
    “Still nothing!”
    The same matter came in again, from a partner.
    “I will write to the *press*.”
    ");
}

#[tokio::test]
async fn the_call_centre_asks_who_has_it() {
    let told = each_story("2026-11-20T10:00:00Z", RULES, async |story| {
        let client = story.client("london");
        let receipt = story
            .calls("london-calls", call(&client, "Where is my money?"))
            .await;
        let name = story.only().await.id().handle();
        let mut heard = vec![story.partner_asks("london-calls", &receipt).await];
        story.asks("nia", &format!("/escalation take {name}")).await;
        heard.push(story.partner_asks("london-calls", &receipt).await);
        story
            .asks(
                "nia",
                &format!("/escalation resolve {name} reason:\"Paid to Nia's client\""),
            )
            .await;
        heard.push(story.partner_asks("london-calls", &receipt).await);
        heard.join("\n")
    })
    .await;
    assert_snapshot!(told, @"
    assigned: client accounts London has it; a colleague is being asked to take it.
    in_hand: A colleague of client accounts London has it and is looking after it.
    answered: client accounts London has dealt with it.
    ");
}

#[tokio::test]
async fn it_is_given_away_escalated_by_hand_and_merged() {
    let told = each_story("2026-11-20T10:00:00Z", RULES, async |story| {
        let client = story.client("london");
        story
            .calls("london-calls", call(&client, "Where is my money?"))
            .await;
        let id = story.only().await.id();
        let name = id.handle();
        let said = [
            story
                .asks("nia", &format!("/escalation give {name} to:wing"))
                .await,
            story
                .asks("nia", &format!("/escalation give {name} to:Priya"))
                .await,
            story.asks("priya", &format!("/escalation up {name}")).await,
            story
                .asks("sam", &format!("/escalation up {name} to:attic"))
                .await,
            story
                .asks("sam", &format!("/escalation up {name} to:manager"))
                .await,
            story
                .asks("rosa", &format!("/escalation severity {name} to:critical"))
                .await,
            story
                .asks("rosa", &format!("/escalation merge {name} into:{name}"))
                .await,
        ]
        .join("\n")
        .replace(&name, "1");
        format!("{said}\n---\n{}", story.thread(id).await)
    })
    .await;
    assert_snapshot!(told, @"
    Wing-yan has no rights to this account, so it stays where it is. Give it to somebody who has.
    E-1 is given to Priya, who is asked.
    E-1 goes to senior; they are asked at once.
    “attic” is no rung of this ladder. There are coordinator, senior, manager and end.
    E-1 goes to manager; they are asked at once.
    E-1 is critical now.
    An escalation cannot be merged into itself; name another one.
    ---
    Given to Nia by rule everybody-else: Nia is on shift at london.
    Asked Nia (coordinator); the next rung's turn is at 20 Nov 10:30 GMT.
      @nia
    Nia gave it to Priya: by hand.
    Asked Priya (coordinator); the next rung's turn is at 20 Nov 10:30 GMT.
      @priya
    Goes to senior: Priya asked for it.
    Asked Sam (senior); the next rung's turn is at 20 Nov 10:30 GMT.
      @sam
    Goes to manager: Sam asked for it.
    Asked Rosa (manager); the next rung's turn is at 20 Nov 11:00 GMT.
      @rosa
    Rosa made it critical.
    ");
}
