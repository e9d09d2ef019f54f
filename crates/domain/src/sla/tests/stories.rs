//! What people do with tickets, and what the clocks make of it.

use chrono::TimeDelta;

use super::super::judge::{judge_events, next_at};
use super::*;

#[test]
fn a_mail_on_thursday_evening_before_christmas_is_due_on_tuesday() {
    let story = Story::default().client_opens("2026-12-24 18:05", Channel::Email);
    insta::assert_snapshot!(story.told(&book(STANDARD), "2026-12-28 10:00"), @r"
    first_response:e1 running: 24 18:05 -> due 29 13:00, next 29 11:00
    resolution:e1 running: 24 18:05 -> due 30 17:30, next 29 17:30
    ");
}

#[test]
fn a_sale_day_has_longer_hours_even_on_a_saturday() {
    let story = Story::default().client_opens("2026-11-27 17:00", Channel::Email);
    insta::assert_snapshot!(story.told(&book(STANDARD), "2026-11-27 18:00"), @r"
    first_response:e1 running: 27 17:00 -> due 28 13:30, next 28 11:30
    resolution:e1 running: 27 17:00 -> due 30 17:00, next 28 19:45
    ");
}

#[test]
fn the_clocks_change_in_london_and_new_york_in_different_weeks() {
    let night = r#"
        [[policies]]
        id = "night"
        calendar = "day-and-night"
        first_response = "8h"
    "#;
    for (zone, evening, due) in [
        (Tz::Europe__London, "2026-03-28 22:00", "2026-03-29 06:00"),
        (Tz::America__New_York, "2026-03-08 03:00", "2026-03-08 11:00"),
    ] {
        let mut rules = rules(night);
        rules
            .calendars
            .insert("day-and-night".into(), CalendarRules::new(zone, Week::always()));
        let book = Rulebook::of_rules("v1", rules, YEARS);
        let story = Story::default().client_opens(evening, Channel::Email);
        let clocks = judge_events(&story.events, &book, at(evening));
        assert_eq!(
            clocks[0].due_at,
            Some(at(due)),
            "{zone}: eight hours are eight hours"
        );
    }
    // Office hours: the same local times are other instants of the day, in other weeks.
    let local = r#"
        [[policies]]
        id = "any"
        first_response = "1h"
    "#;
    let due = |location: &str, when: &str| {
        let matter = Matter {
            location: Some(location.into()),
            ..Matter::default()
        };
        let story = Story::default()
            .client_opens(when, Channel::Email)
            .matter(when, matter);
        judge_events(&story.events, &book(local), at(when))[0]
            .due_at
            .unwrap()
            .format("%H:%M")
            .to_string()
    };
    let mondays = ["2026-03-02 01:00", "2026-03-09 01:00", "2026-03-30 01:00"];
    assert_eq!(
        mondays.map(|when| due("london", when)),
        ["10:00", "10:00", "09:00"]
    );
    assert_eq!(
        mondays.map(|when| due("new-york", when)),
        ["15:00", "14:00", "14:00"]
    );
}

#[test]
fn a_client_who_writes_three_times_waits_for_one_answer_from_the_first() {
    let story = Story::default()
        .client_opens("2026-11-23 09:00", Channel::Email)
        .agent_answers("2026-11-23 09:30")
        .client_writes("2026-11-23 10:00")
        .client_writes("2026-11-23 12:00")
        .client_writes("2026-11-23 13:30");
    insta::assert_snapshot!(story.told(&book(STANDARD), "2026-11-23 13:30"), @r"
    first_response:e1 met by answer of e2: 23 09:00 -> due 23 13:00, next -
    resolution:e1 running: 23 09:00 -> due 24 17:30, next 23 17:30
    next_response:e3 running: 23 10:00 -> due 23 14:00, next 23 14:00
    ");
    let clocks = judge_events(&story.events, &book(STANDARD), at("2026-11-23 13:30"));
    assert_eq!(clocks[2].run.waiting, 3);
    let answered = story.agent_answers("2026-11-23 14:00");
    let clocks = judge_events(&answered.events, &book(STANDARD), at("2026-11-23 15:00"));
    assert_eq!(
        clocks[2].state.word(),
        "met",
        "an answer at the due instant itself is in time"
    );
}

#[test]
fn a_phone_call_satisfies_a_mail_and_a_promised_call() {
    let promised = What::CallbackPromised {
        promise: "p1".to_owned(),
        due_at: at("2026-11-23 16:00"),
    };
    let story = Story::default()
        .client_opens("2026-11-23 09:00", Channel::Email)
        .does("2026-11-23 09:10", promised)
        .agent_calls("2026-11-23 10:00", false)
        .agent_calls("2026-11-23 10:20", true);
    insta::assert_snapshot!(story.told(&book(STANDARD), "2026-11-23 10:30"), @r"
    first_response:e1 met by call of e4: 23 09:00 -> due 23 13:00, next -
    resolution:e1 running: 23 09:00 -> due 24 17:30, next 23 17:30
    callback:p1 met by call of e4: 23 09:10 -> due 23 16:00, next -
    ");
    let never = story.events[..3].to_vec();
    insta::assert_snapshot!(told(&judge_events(&never, &book(STANDARD), at("2026-11-23 18:00"))), @r"
    first_response:e1 overdue: 23 09:00 -> due 23 13:00, broken 23 13:00, next -
    resolution:e1 running: 23 09:00 -> due 24 17:30, next 24 17:00
    callback:p1 overdue: 23 09:10 -> due 23 16:00, broken 23 16:00, next -
    ");
}

#[test]
fn a_call_that_nobody_took_is_a_message_that_waits() {
    let story = Story::default()
        .client_opens("2026-11-23 09:00", Channel::Email)
        .agent_answers("2026-11-23 09:30")
        .client_calls("2026-11-23 11:00", false)
        .client_calls("2026-11-23 12:00", true);
    insta::assert_snapshot!(story.told(&book(STANDARD), "2026-11-23 12:30"), @r"
    first_response:e1 met by answer of e2: 23 09:00 -> due 23 13:00, next -
    resolution:e1 running: 23 09:00 -> due 24 17:30, next 23 17:30
    next_response:e3 met by call of e4: 23 11:00 -> due 23 15:00, next -
    ");
}

#[test]
fn notes_and_automatic_mails_answer_nobody_unless_the_house_says_so() {
    let story = Story::default()
        .client_opens("2026-11-23 09:00", Channel::Email)
        .does("2026-11-23 09:01", What::Noted)
        .says("2026-11-23 09:02", By::some(Party::Automation))
        .says("2026-11-23 09:03", By::some(Party::Bot))
        .does("2026-11-23 09:04", What::Forwarded)
        .says("2026-11-23 09:05", By::some(Party::ThirdParty));
    let answered_by = |change: fn(&mut super::super::clocks::HouseRules)| {
        let mut rules = rules(STANDARD);
        change(&mut rules.house);
        let book = Rulebook::of_rules("v1", rules, YEARS);
        let clocks = judge_events(&story.events, &book, at("2026-11-23 10:00"));
        clocks[0].run.ended.as_ref().map(|(mark, _)| mark.event.clone())
    };
    assert_eq!(answered_by(|_| {}), None);
    assert_eq!(
        answered_by(|house| house.automations = true).as_deref(),
        Some("e3")
    );
    assert_eq!(answered_by(|house| house.bot = true).as_deref(), Some("e4"));
    assert_eq!(
        answered_by(|house| house.forwarded_mail = true).as_deref(),
        Some("e5")
    );
    assert_eq!(
        answered_by(|house| house.third_party = true).as_deref(),
        Some("e6")
    );
}

#[test]
fn a_pending_ticket_stands_and_runs_again_where_it_stood() {
    let story = Story::default()
        .client_opens("2026-11-23 09:00", Channel::Email)
        .status("2026-11-23 10:00", Status::PENDING);
    insta::assert_snapshot!(story.told(&book(STANDARD), "2026-11-23 20:00"), @r"
    first_response:e1 paused: 23 09:00 -> due -, next -
    resolution:e1 paused: 23 09:00 -> due -, next -
    ");
    let resumed = story.status("2026-11-24 11:00", Status::OPEN);
    insta::assert_snapshot!(resumed.told(&book(STANDARD), "2026-11-24 11:30"), @r"
    first_response:e1 running: 23 09:00 -> due 24 14:00, next 24 12:00
    resolution:e1 running: 23 09:00 -> due 26 10:00, next 25 10:00
    ");
}

#[test]
fn the_resolution_may_stand_while_the_client_owes_a_word() {
    let patient = STANDARD.replace("pauses =", "pause_while_client_owes = true\npauses =");
    let story = Story::default()
        .client_opens("2026-11-23 09:00", Channel::Email)
        .agent_answers("2026-11-23 10:00");
    let resolution =
        |story: &Story, now: &str| judge_events(&story.events, &book(&patient), at(now))[1].clone();
    assert_eq!(resolution(&story, "2026-11-25 09:00").state.word(), "paused");
    let back = resolution(&story.client_writes("2026-11-25 16:30"), "2026-11-25 17:00");
    assert_eq!(
        back.due_at,
        Some(at("2026-11-27 15:30")),
        "an hour was used, sixteen are left"
    );
}

#[test]
fn opening_again_is_a_promise_of_its_own_and_the_old_result_stands() {
    let story = Story::default()
        .client_opens("2026-11-23 09:00", Channel::Email)
        .agent_answers("2026-11-23 09:30")
        .status("2026-11-23 10:00", Status::RESOLVED)
        .client_writes("2026-11-26 10:00")
        .status("2026-11-26 10:00", Status::OPEN)
        .status("2026-11-26 11:00", Status::CLOSED);
    insta::assert_snapshot!(story.told(&book(STANDARD), "2026-11-26 12:00"), @r"
    first_response:e1 met by answer of e2: 23 09:00 -> due 23 13:00, next -
    resolution:e1 met by settled of e3: 23 09:00 -> due 24 17:30, next -
    next_response:e4 met by settled of e6: 26 10:00 -> due 26 14:00, next -
    resolution:e5 met by settled of e6: 26 10:00 -> due 27 17:30, next -
    ");
}

#[test]
fn what_is_merged_or_deleted_owes_nothing_and_what_comes_back_owes_the_rest() {
    let opened = Story::default().client_opens("2026-11-23 09:00", Channel::Email);
    let merged = opened
        .clone()
        .status("2026-11-23 10:00", Status::CLOSED)
        .does("2026-11-23 10:00:02", What::Merged);
    assert_eq!(
        judge_events(&merged.events, &book(STANDARD), at("2026-11-24 10:00"))
            .iter()
            .map(|clock| clock.state.word())
            .collect::<Vec<_>>(),
        ["withdrawn", "withdrawn"]
    );
    let deleted = opened.does("2026-11-23 10:00", What::Gone);
    insta::assert_snapshot!(deleted.told(&book(STANDARD), "2026-11-25 10:00"), @r"
    first_response:e1 withdrawn: 23 09:00 -> due -, next -
    resolution:e1 withdrawn: 23 09:00 -> due -, next -
    ");
    let back = deleted.does("2026-11-24 09:00", What::Restored);
    insta::assert_snapshot!(back.told(&book(STANDARD), "2026-11-24 09:00"), @r"
    first_response:e1 running: 23 09:00 -> due 24 12:00, next 24 10:00
    resolution:e1 running: 23 09:00 -> due 25 16:30, next 24 16:30
    ");
}

#[test]
fn a_mail_that_the_house_began_promises_nothing_until_the_client_writes() {
    let began = What::Created {
        channel: Channel::Outbound,
    };
    let story = Story::default().does("2026-11-23 09:00", began);
    assert_eq!(story.told(&book(STANDARD), "2026-11-25 10:00"), "");
    insta::assert_snapshot!(story.client_writes("2026-11-23 10:00").told(&book(STANDARD), "2026-11-23 10:00"), @r"
    next_response:e2 running: 23 10:00 -> due 23 14:00, next 23 12:00
    resolution:e2 running: 23 10:00 -> due 25 10:00, next 24 10:00
    ");
}

#[test]
fn an_escalation_waits_to_be_acknowledged_day_and_night() {
    let escalated = What::Escalated {
        escalation: "x1".to_owned(),
        due_at: None,
    };
    let acknowledged = What::Acknowledged {
        escalation: "x1".to_owned(),
    };
    let story = Story::default()
        .client_opens("2026-11-21 20:00", Channel::Email)
        .does("2026-11-21 20:30", escalated);
    let clock = |story: &Story, now: &str| told(&judge_events(&story.events, &book(STANDARD), at(now))[2..]);
    assert_eq!(
        clock(&story, "2026-11-21 20:31"),
        "acknowledgement:x1 running: 21 20:30 -> due 21 20:45, next 21 20:37"
    );
    assert_eq!(
        clock(&story.does("2026-11-21 21:00", acknowledged), "2026-11-23 09:00"),
        "acknowledgement:x1 late by acknowledged of e3: 21 20:30 -> due 21 20:45, broken 21 20:45, next -"
    );
}

#[test]
fn a_bot_that_was_down_for_a_day_tells_everything_once_in_order_and_marks_it_late() {
    let story = Story::default()
        .client_opens("2026-11-23 09:00", Channel::Email)
        .agent_answers("2026-11-23 16:00");
    let now = at("2026-11-24 15:00");
    let clocks = judge_events(&story.events, &book(STANDARD), now);
    let mut found: Vec<_> = clocks
        .iter()
        .flat_map(|clock| clock.happenings(now, TimeDelta::minutes(1)))
        .collect();
    found.sort_by_key(|happening| happening.at);
    let rows: Vec<String> = found
        .iter()
        .map(|row| {
            format!(
                "{} {} {:?} late={} open={}",
                row.at.format("%d %H:%M"),
                row.clock,
                row.occasion,
                row.is_late,
                row.is_open
            )
        })
        .collect();
    insta::assert_snapshot!(rows.join("\n"), @r"
    23 11:00 first_response:e1 Warning(1) late=true open=false
    23 12:30 first_response:e1 Warning(2) late=true open=false
    23 13:00 first_response:e1 Breach late=true open=false
    23 17:30 resolution:e1 Warning(1) late=true open=true
    ");
    assert_eq!(
        clocks[0].state.word(),
        "late",
        "a miss that ended before anybody looked is a miss"
    );
    assert_eq!(
        next_at(&clocks),
        Some(at("2026-11-24 17:00")),
        "the resolution's second warning"
    );
}

#[test]
fn a_change_of_priority_makes_another_promise_from_the_same_start() {
    let two = r#"
        [[policies]]
        id = "urgent"
        when = { priority = ["urgent"] }
        first_response = "1h"

        [[policies]]
        id = "rest"
        first_response = "4h"
    "#;
    let opened = Story::default().client_opens("2026-11-23 09:00", Channel::Email);
    let raised = opened.clone().priority("2026-11-23 11:00", Priority::Urgent);
    let first = |story: &Story, now: &str| judge_events(&story.events, &book(two), at(now))[0].clone();
    let clock = first(&raised, "2026-11-23 11:00");
    assert_eq!(
        (clock.due_at, clock.breached_at),
        (Some(at("2026-11-23 10:00")), Some(at("2026-11-23 11:00")))
    );
    let policies: Vec<_> = clock
        .promises
        .iter()
        .map(|promise| promise.policy.as_str())
        .collect();
    assert_eq!(policies, ["rest", "urgent"]);
    let lowered = opened
        .priority("2026-11-23 09:00", Priority::Urgent)
        .priority("2026-11-23 10:30", Priority::Low)
        .agent_answers("2026-11-23 11:00");
    let clock = first(&lowered, "2026-11-23 12:00");
    assert_eq!(
        clock.breached_at,
        Some(at("2026-11-23 10:00")),
        "a broken promise is not unbroken"
    );
    assert_eq!(
        (clock.due_at, clock.state.word()),
        (Some(at("2026-11-23 13:00")), "late")
    );
}

#[test]
fn yesterdays_result_stays_what_yesterdays_policy_said() {
    let versions = |moves_open: bool| {
        Rulebook::new(
            [
                version(
                    "v1",
                    "2026-01-01 00:00",
                    false,
                    "[[policies]]\nid = \"p\"\nfirst_response = \"4h\"",
                ),
                version(
                    "v2",
                    "2026-11-23 10:00",
                    moves_open,
                    "[[policies]]\nid = \"p\"\nfirst_response = \"2h\"",
                ),
            ],
            YEARS,
        )
    };
    let answered = Story::default()
        .client_opens("2026-11-20 09:00", Channel::Email)
        .agent_answers("2026-11-20 12:00");
    let open = Story::default().client_opens("2026-11-23 09:00", Channel::Email);
    let later = Story::default().client_opens("2026-11-23 10:00", Channel::Email);
    let first = |story: &Story, book: &Rulebook| {
        let clock = judge_events(&story.events, book, at("2026-11-23 10:30"))[0].clone();
        let promise = clock.promise().unwrap();
        format!(
            "{} {} due {}",
            clock.state,
            promise.version,
            clock.due_at.unwrap().format("%H:%M")
        )
    };
    for moves_open in [false, true] {
        let book = versions(moves_open);
        assert_eq!(first(&answered, &book), "met v1 due 13:00", "what is past stays");
        assert_eq!(first(&later, &book), "running v2 due 12:00");
        let expected = if moves_open {
            "running v2 due 11:00"
        } else {
            "running v1 due 13:00"
        };
        assert_eq!(first(&open, &book), expected);
    }
    let waits = judge_events(&open.events, &versions(true), at("2026-11-23 09:30"));
    assert_eq!(
        waits[0].next_at,
        Some(at("2026-11-23 10:00")),
        "the takeover is an instant to look at"
    );
}

#[test]
fn the_first_policy_that_matches_counts_and_says_why() {
    let three = r#"
        [[policies]]
        id = "big"
        when = { at_stake = ["GBP 50,000", "USD 60,000"], language = ["en"] }
        first_response = "1h"

        [[policies]]
        id = "vip"
        when = { tier = ["VIP"], channel = ["email", "phone"], topic = ["refund"] }
        calendar = "new-york"
        first_response = "2h"

        [[policies]]
        id = "rest"
        first_response = "4h"
    "#;
    let gbp = |text: &str| text.parse().unwrap();
    let matter = |stake: &str, tier: &str| Matter {
        language: Some("en-GB".to_owned()),
        at_stake: vec![gbp(stake)],
        tier: Some(tier.to_owned()),
        topics: ["refund".to_owned()].into(),
        ..Matter::default()
    };
    let policy = |matter: Matter| {
        let story = Story::default()
            .client_opens("2026-11-23 09:00", Channel::Email)
            .matter("2026-11-23 09:00", matter);
        let clock = judge_events(&story.events, &book(three), at("2026-11-23 09:00"))[0].clone();
        format!(
            "{} {}",
            clock.promises[0].policy,
            clock.due_at.unwrap().format("%H:%M")
        )
    };
    assert_eq!(policy(matter("USD 60,000", "gold")), "big 10:00");
    assert_eq!(
        policy(matter("EUR 99,000", "vip")),
        "vip 16:00",
        "on New York's hours"
    );
    assert_eq!(policy(matter("GBP 49,999.99", "gold")), "rest 13:00");
    let traits = super::super::clocks::Traits {
        matter: matter("GBP 20", "gold"),
        channel: Channel::Email,
        ..Default::default()
    };
    let rows = book(three).versions().next().unwrap().rules.policies[1]
        .when
        .told(&traits);
    insta::assert_debug_snapshot!(rows, @r#"
    [
        (
            "channel is email",
            true,
        ),
        (
            "tier is gold",
            false,
        ),
        (
            "topic is refund",
            true,
        ),
    ]
    "#);
}

#[test]
fn lint_finds_what_reads_well_and_is_wrong() {
    let findings = rules(
        r#"
        [[policies]]
        id = "mail"
        when = { channel = ["email", "phone"], at_stake = ["GBP 100"] }
        first_response = "4h"
        resolution = "2h"
        warnings = ["75%", "50%", "5h before"]

        [[policies]]
        id = "big-mail"
        when = { channel = ["email"], at_stake = ["GBP 5,000"], priority = ["urgent"] }
        calendar = "atlantis"
        first_response = "1h"

        [[policies]]
        id = "small-mail"
        when = { channel = ["email"], at_stake = ["GBP 50"] }
        first_response = "1h"

        [[policies]]
        id = "small-mail"
        when = { tag = ["x"] }
        "#,
    )
    .lint();
    let rows: Vec<String> = findings
        .iter()
        .map(|finding| format!("{}: {}", finding.kind, finding.sentence))
        .collect();
    insta::assert_snapshot!(rows.join("\n"), @r#"
    contradiction: "mail" promises a first response later than the resolution; make it shorter, or the resolution longer
    contradiction: "mail" warns 5h before what is promised, which is before any of its clocks starts; use a share such as 50%
    contradiction: "mail" warns at shares that do not rise; write them from the first to the last
    unreachable: "big-mail" is never reached: every ticket it is for is taken by "mail" above it; move it up or take it out
    unknown: "big-mail" names the location atlantis, which has no hours; add them under [[locations]]
    contradiction: there are two policies "small-mail"; give each an id of its own
    contradiction: "small-mail" promises nothing on any clock; give it a target, or take it out
    gap: tickets that no policy is for have no clocks; end the list with a policy without conditions
    "#);
    assert_eq!(rules(STANDARD).lint(), []);
}

#[test]
fn verdicts_and_rules_come_back_from_json_as_they_went() {
    let story = Story::default()
        .client_opens("2026-11-23 09:00", Channel::Email)
        .status("2026-11-23 10:00", Status::PENDING);
    let clocks = judge_events(&story.events, &book(STANDARD), at("2026-11-23 12:00"));
    let text = serde_json::to_string(&clocks).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Judged>>(&text).unwrap(), clocks);
    let text = serde_json::to_string(&story.events).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Event>>(&text).unwrap(), story.events);
    let rules = rules(STANDARD);
    let text = serde_json::to_string(&rules).unwrap();
    assert_eq!(serde_json::from_str::<Rules>(&text).unwrap(), rules);
}
