//! Escalations as they happen, told in steps of the clock.

use crate::desk::*;
use hammerdesk_domain::escalation::matter::matter;
use hammerdesk_domain::escalation::model::{Caller, Matched, What};
use hammerdesk_domain::escalation::outside::outside;
use hammerdesk_domain::escalation::{Kind, Severity};
use hammerdesk_domain::ids::ClientNo;
use hammerdesk_domain::model::Confidentiality;

fn about(opening: &mut hammerdesk_domain::escalation::model::Opening, no: &str) {
    opening.matched = Matched::Found(ClientNo::parse(no).unwrap());
}

#[test]
fn a_saturday_call_for_a_hong_kong_client_during_a_london_sale_reaches_the_sale_desk() {
    let saturday = at("2026-11-21T14:00:00Z");
    let mut opening = opening(
        saturday,
        Kind::NoBidReview,
        "My paddle does not work and lot 45 is next",
    );
    opening.severity = Severity::High;
    opening.deadline = Some(at("2026-11-21T14:20:00Z"));
    about(&mut opening, "2001");
    let mut story = Story::of(desk(""), opening, vec![client("2001", "hong-kong", Some("mei"))]);
    story.sales_at.insert(place("london"));
    story.until("2026-11-21T14:12:00Z");
    story.acknowledges("amir");
    story.until("2026-11-21T15:00:00Z");
    insta::assert_snapshot!(story.told(), @r#"
    Sat 14:00  Given to Ben by rule sale-day: Ben is on shift at london as sale.
    Sat 14:00  Told Ben (sale desk); the next rung's turn is at 21 Nov 14:05 UTC.
    Sat 14:05  Climbs to assistant manager: nobody acknowledged on rung sale desk.
    Sat 14:05  Told Amir (assistant manager); the next rung's turn is at 21 Nov 14:10 UTC.
    Sat 14:10  Climbs to end of the ladder: nobody acknowledged on rung assistant manager.
    Sat 14:10  Told Hugo (end of the ladder); they are told again at 21 Nov 14:20 UTC.
    Sat 14:12  Amir: acknowledged
    "#);
}

#[test]
fn the_owner_is_on_holiday_and_whoever_covers_gets_it() {
    let monday = at("2026-11-23T10:00:00Z");
    let mut opening = opening(monday, Kind::BalanceQuery, "What do I owe?");
    about(&mut opening, "1001");
    let away =
        "[[absences]]\nperson = \"ada\"\nfrom = \"2026-11-20\"\nuntil = \"2026-11-27\"\ncover = \"ben\"\n";
    let mut story = Story::of(
        desk(away),
        opening.clone(),
        vec![client("1001", "london", Some("ada"))],
    );
    story.until("2026-11-23T10:01:00Z");
    story.acknowledges("ben");
    insta::assert_snapshot!(story.told(), @r#"
    Mon 10:00  Given to Ben by rule everything-else: Ben covers for Ada (the portfolio owner).
    Mon 10:00  Told Ben (coordinator); the next rung's turn is at 23 Nov 10:30 UTC.
    Mon 10:01  Ben: acknowledged
    "#);

    let mut later = opening;
    later.at = at("2026-11-28T00:00:00Z");
    let mut story = Story::of(desk(away), later, vec![client("1001", "london", Some("ada"))]);
    story.looked_at();
    assert_eq!(
        story.escalation.handler(),
        Some(&who("ada")),
        "the day after, the owner is back"
    );
}

#[test]
fn nobody_acknowledges_and_it_climbs_twice_and_never_falls_silent() {
    let monday = at("2026-11-23T16:45:00Z");
    let mut opening = opening(monday, Kind::DepositRefund, "Where is my deposit?");
    about(&mut opening, "1001");
    let mut story = Story::of(desk(""), opening, vec![client("1001", "london", Some("ada"))]);
    story.until("2026-11-24T16:00:00Z");
    insta::assert_snapshot!(story.told(), @r#"
    Mon 16:45  Given to Ada by rule everything-else: Ada is the portfolio owner.
    Mon 16:45  Told Ada (coordinator); the next rung's turn is at 23 Nov 17:15 UTC.
    Mon 17:15  Climbs to senior: nobody acknowledged on rung coordinator.
    Mon 17:15  Told Sue (senior); the next rung's turn is at 24 Nov 09:15 UTC.
    Tue 09:15  Climbs to assistant manager: nobody acknowledged on rung senior.
    Tue 09:15  Told Amir (assistant manager); the next rung's turn is at 24 Nov 10:15 UTC.
    Tue 10:15  Climbs to coordinator: nobody acknowledged on rung assistant manager.
    Tue 10:15  Told Ada (coordinator); the next rung's turn is at 24 Nov 10:45 UTC.
    Tue 10:45  Climbs to senior: nobody acknowledged on rung coordinator.
    Tue 10:45  Told Sue (senior); the next rung's turn is at 24 Nov 11:15 UTC.
    Tue 11:15  Climbs to assistant manager: nobody acknowledged on rung senior.
    Tue 11:15  Told Amir (assistant manager); the next rung's turn is at 24 Nov 12:15 UTC.
    Tue 12:15  Climbs to end of the ladder: nobody acknowledged on rung assistant manager.
    Tue 12:15  Told Lena (end of the ladder); they are told again at 24 Nov 13:15 UTC.
    Tue 13:15  Told Lena (end of the ladder); they are told again at 24 Nov 14:15 UTC.
    Tue 14:15  Told Lena (end of the ladder); they are told again at 24 Nov 15:15 UTC.
    Tue 15:15  Told Lena (end of the ladder); they are told again at 24 Nov 16:15 UTC.
    "#);
    assert!(
        story.looked_at().is_some(),
        "somebody is told again for as long as nobody takes it"
    );
}

#[test]
fn acknowledged_and_forgotten_starts_the_ladder_again() {
    let monday = at("2026-11-23T10:00:00Z");
    let mut opening = opening(monday, Kind::Release, "May my husband collect lot 12?");
    about(&mut opening, "1001");
    let mut story = Story::of(desk(""), opening, vec![client("1001", "london", Some("ada"))]);
    story.until("2026-11-23T10:05:00Z");
    story.acknowledges("ada");
    story.until("2026-11-23T12:00:00Z");
    story.notes("ada");
    story.until("2026-11-23T16:30:00Z");
    story.acknowledges("sue");
    story.waits_for_the_client("sue");
    story.until("2026-11-30T10:00:00Z");
    insta::assert_snapshot!(story.told(), @r#"
    Mon 10:00  Given to Ada by rule everything-else: Ada is the portfolio owner.
    Mon 10:00  Told Ada (coordinator); the next rung's turn is at 23 Nov 10:30 UTC.
    Mon 10:05  Ada: acknowledged
    Mon 12:00  Ada: progressed
    Mon 16:00  Ada took this and then nothing was seen since 23 Nov 12:00 UTC; the ladder starts again.
    Mon 16:00  Told Ada (coordinator); the next rung's turn is at 23 Nov 16:30 UTC.
    Mon 16:30  Climbs to senior: nobody acknowledged on rung coordinator.
    Mon 16:30  Told Sue (senior); the next rung's turn is at 23 Nov 17:00 UTC.
    Mon 16:30  Sue: acknowledged
    Mon 16:30  Sue: working
    "#);
    assert_eq!(story.escalation.silences, 1);
}

#[test]
fn the_same_caller_three_times_is_one_matter_and_two_strangers_are_not() {
    let now = at("2026-11-23T10:00:00Z");
    let call = |kind, caller: Caller| {
        let mut opening = opening(now, kind, "Where is my money?");
        opening.caller = caller;
        matter(&opening)
    };
    let phone = |phone: &str| Caller {
        phone: Some(phone.to_owned()),
        ..Caller::default()
    };
    let first = call(Kind::DepositRefund, phone("+44 20 7946 0000"));
    assert_eq!(first, call(Kind::DepositRefund, phone("(44) 2079460000")));
    assert_ne!(first, call(Kind::Release, phone("+44 20 7946 0000")));
    assert_eq!(call(Kind::DepositRefund, Caller::default()), None);
    assert_eq!(call(Kind::DepositRefund, phone("4711")), None);

    let mut opening = opening(now, Kind::DepositRefund, "Where is my money?");
    about(&mut opening, "1001");
    let mut story = Story::of(
        desk(""),
        opening.clone(),
        vec![client("1001", "london", Some("ada"))],
    );
    story.until("2026-11-23T10:10:00Z");
    for _ in 0..2 {
        assert_eq!(matter(&opening), matter(&story.escalation.opening));
        story.happens(
            hammerdesk_domain::escalation::model::Actor::Partner("call-centre".to_owned()),
            What::Joined {
                way: opening.way,
                said: "Still nothing!".to_owned(),
                reference: None,
                ticket: None,
                severity: Severity::High,
            },
        );
    }
    assert_eq!(
        (story.escalation.times, story.escalation.severity),
        (3, Severity::High)
    );
    assert_eq!(
        story.escalation.opening.said, "Where is my money?",
        "the first words stay as they were"
    );
}

#[test]
fn the_call_centre_asks_who_has_it_and_learns_a_team_and_nothing_else() {
    let mut opening = opening(
        at("2026-11-23T10:00:00Z"),
        Kind::Chargeback,
        "The bank took it back",
    );
    about(&mut opening, "2001");
    let mut secret = client("2001", "hong-kong", Some("mei"));
    secret.confidentiality = Confidentiality::Restricted;
    let mut story = Story::of(desk(""), opening, vec![secret]);
    let mut said = vec![outside(&story.escalation, &house())];
    story.until("2026-11-23T10:05:00Z");
    said.push(outside(&story.escalation, &house()));
    story.acknowledges("carl");
    said.push(outside(&story.escalation, &house()));
    story.person(
        "carl",
        What::Resolved {
            how: "told the bank".to_owned(),
        },
    );
    said.push(outside(&story.escalation, &house()));
    let said: Vec<String> = said
        .iter()
        .map(|one| format!("{}: {}", one.status, one.says))
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    received: London Client Accounts received it and will pick it up.
    assigned: London Client Accounts has it; a colleague is being asked to take it.
    in_hand: A colleague of London Client Accounts has it and is looking after it.
    answered: London Client Accounts has dealt with it.
    "#);
    for word in ["Hong Kong", "2001", "Carl", "carl", "bank"] {
        assert!(!said.join("\n").contains(word), "{word}");
    }
}

#[test]
fn a_rung_whose_people_cannot_be_reached_is_passed_at_once_and_said() {
    let mut opening = opening(at("2026-11-23T10:00:00Z"), Kind::Terms, "I need until March");
    about(&mut opening, "1001");
    let mut story = Story::of(desk(""), opening, vec![client("1001", "london", Some("ada"))]);
    story.until("2026-11-23T10:01:00Z");
    story.happens(
        hammerdesk_domain::escalation::model::Actor::Desk,
        What::Unreachable {
            person: who("ada"),
            why: "blocks messages".to_owned(),
        },
    );
    story.until("2026-11-23T10:02:00Z");
    insta::assert_snapshot!(story.told(), @r#"
    Mon 10:00  Given to Ada by rule everything-else: Ada is the portfolio owner.
    Mon 10:00  Told Ada (coordinator); the next rung's turn is at 23 Nov 10:30 UTC.
    Mon 10:01  Climbs to senior: nobody on rung coordinator could be reached.
    Mon 10:01  Told Sue (senior); the next rung's turn is at 23 Nov 10:31 UTC.
    "#);
}

#[test]
fn somebody_jumps_to_a_rung_by_hand_even_after_an_acknowledgement() {
    let mut opening = opening(at("2026-11-23T10:00:00Z"), Kind::Complaint, "Unbelievable");
    about(&mut opening, "1001");
    let mut story = Story::of(desk(""), opening, vec![client("1001", "london", Some("ada"))]);
    story.until("2026-11-23T10:01:00Z");
    story.acknowledges("ada");
    story.person(
        "ada",
        What::Climbed {
            rung: 2,
            round: 0,
            why: "Ada asks for help".to_owned(),
        },
    );
    story.until("2026-11-23T10:02:00Z");
    insta::assert_snapshot!(story.told(), @r#"
    Mon 10:00  Given to Ada by rule everything-else: Ada is the portfolio owner.
    Mon 10:00  Told Ada (coordinator); the next rung's turn is at 23 Nov 10:30 UTC.
    Mon 10:01  Ada: acknowledged
    Mon 10:01  Ada: climbed
    Mon 10:01  Told Amir (assistant manager); the next rung's turn is at 23 Nov 11:01 UTC.
    "#);
}

#[test]
fn what_cannot_be_done_is_refused_with_a_sentence() {
    let opening = opening(at("2026-11-23T10:00:00Z"), Kind::Other, "Hello");
    let mut story = Story::of(desk(""), opening, Vec::new());
    let as_ada = || hammerdesk_domain::escalation::model::Actor::Person(who("ada"));
    let refused = |story: &mut Story, what: What| story.tries(as_ada(), what).unwrap_err();
    let take = |id: &str| What::Acknowledged { by: who(id) };
    assert_eq!(
        refused(&mut story, take("ada")),
        "this escalation cannot be acknowledged: nobody was given it yet"
    );
    story.until("2026-11-23T10:01:00Z");
    story.acknowledges("ada");
    assert_eq!(
        refused(&mut story, take("ben")),
        "ada has this escalation already; reassign it to take it over"
    );
    assert_eq!(
        refused(&mut story, take("ada")),
        "you have this escalation already"
    );
    let own = story.escalation.id();
    assert_eq!(
        refused(&mut story, What::Merged { into: own }),
        "an escalation cannot be merged into itself; name another one"
    );
    story.person(
        "ada",
        What::Resolved {
            how: "called back".to_owned(),
        },
    );
    assert_eq!(
        refused(&mut story, take("ben")),
        "this escalation cannot be acknowledged: it is resolved; reopen it first"
    );
    story.person(
        "ada",
        What::Reopened {
            why: "called again".to_owned(),
        },
    );
    story.until("2026-11-23T10:02:00Z");
    assert_eq!(story.escalation.reopened, 1);
    assert!(
        story.escalation.handler().is_some(),
        "what comes back is routed again"
    );
}
