//! What people are told of clocks: explanations, rehearsals, reports.

use super::super::clocks::History;
use super::super::explain::{Explanation, explain};
use super::super::judge::judge_events;
use super::super::rehearse::rehearse;
use super::super::report::{Decided, Dimension, report};
use super::*;
use crate::helpdesk::TicketId;

fn explained(story: &Story, book: &Rulebook, clock: usize, now: &str) -> Explanation {
    let history = History::of(&story.events, |at| book.house_at(at));
    let clocks = judge_events(&story.events, book, at(now));
    explain(&clocks[clock], &history, book, at(now)).unwrap()
}

fn rows(explanation: &Explanation) -> String {
    let row = |row: &super::super::explain::Row| {
        let to = row
            .to
            .map_or_else(String::new, |to| to.format(" - %d %H:%M").to_string());
        let counted = if row.counted > 0 {
            format!(" [{}]", row.counted)
        } else {
            String::new()
        };
        format!(
            "{}{to} {}{counted}: {}",
            row.from.format("%d %H:%M"),
            row.kind,
            row.text
        )
    };
    explanation.rows.iter().map(row).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_deadline_over_christmas_with_a_pause_is_explained_row_by_row() {
    let story = Story::default()
        .client_opens("2026-12-24 15:00", Channel::Email)
        .status("2026-12-24 16:00", Status::PENDING)
        .status("2026-12-29 10:00", Status::OPEN)
        .agent_answers("2026-12-29 15:00");
    let explanation = explained(&story, &book(STANDARD), 0, "2026-12-29 16:00");
    assert_eq!(explanation.sentence, "The first response was 2h late.");
    assert_eq!(explanation.used_seconds, Some(6 * 3600));
    insta::assert_snapshot!(rows(&explanation), @r"
    24 15:00 started: first response starts: event e1 by client
    24 15:00 promised: policy standard of v1 promises 4h on hours of london
    24 15:00 - 24 16:00 open [3600]: counts
    24 16:00 - 24 17:30 paused: paused: pending, set by agent ada
    24 17:30 - 25 00:00 closed: closed
    25 00:00 - 26 00:00 holiday: holiday: Christmas Day
    26 00:00 - 28 00:00 closed: closed
    28 00:00 - 29 00:00 holiday: holiday: Boxing Day (substitute)
    29 00:00 - 29 09:00 closed: closed
    29 09:00 - 29 10:00 paused: paused: pending, set by agent ada
    29 10:00 - 29 15:00 open [18000]: counts
    29 11:00 warning: warning at 50%
    29 12:30 warning: warning at 30m before
    29 13:00 due: due
    29 13:00 broken: the promise is broken
    29 15:00 ended: answered: event e4 by agent ada
    ");
    let counted: i64 = explanation.rows.iter().map(|row| row.counted).sum();
    assert_eq!(counted, 6 * 3600, "the rows add up to what is used");
}

#[test]
fn the_policy_says_why_it_matched_and_those_above_why_not() {
    let two = r#"
        [[policies]]
        id = "urgent"
        when = { channel = ["email"], priority = ["urgent"] }
        first_response = "1h"

        [[policies]]
        id = "mail"
        when = { channel = ["email"] }
        first_response = "26h elapsed"
    "#;
    let story = Story::default().client_opens("2026-10-24 12:00", Channel::Email);
    let explanation = explained(&story, &book(two), 0, "2026-10-24 13:00");
    assert_eq!(explanation.sentence, "The first response is due in 1d 1h.");
    assert_eq!(explanation.because, ["channel is email"]);
    assert_eq!(
        explanation.not,
        [("urgent".to_owned(), "priority is low".to_owned())]
    );
    insta::assert_snapshot!(rows(&explanation), @r"
    24 12:00 started: first response starts: event e1 by client
    24 12:00 promised: policy mail of v1 promises 26h elapsed
    24 12:00 - 25 14:00 open [93600]: counts
    25 14:00 due: due
    ");
    let london = "[[policies]]\nid = \"p\"\ncalendar = \"night\"\nfirst_response = \"26h\"";
    let mut rules = rules(london);
    rules.calendars.insert(
        "night".into(),
        CalendarRules::new(Tz::Europe__London, Week::always()),
    );
    let explanation = explained(
        &story,
        &Rulebook::of_rules("v1", rules, YEARS),
        0,
        "2026-10-24 13:00",
    );
    insta::assert_snapshot!(rows(&explanation), @r"
    24 12:00 started: first response starts: event e1 by client
    24 12:00 promised: policy p of v1 promises 26h on hours of night
    24 12:00 - 25 01:00 open [46800]: counts
    25 01:00 clock_change: the clocks go back by 60 minutes
    25 01:00 - 25 14:00 open [46800]: counts
    25 14:00 due: due
    ");
}

#[test]
fn a_rehearsal_says_what_moves_what_flips_and_who_would_be_told() {
    let now = at("2026-11-24 12:00");
    let old = book(STANDARD);
    let new = version(
        "v2",
        "2026-11-24 12:00",
        true,
        &STANDARD.replace("first_response = \"4h\"", "first_response = \"2h\""),
    );
    let past = Story::default()
        .client_opens("2026-11-23 09:00", Channel::Email)
        .does(
            "2026-11-23 09:00",
            What::Assignee {
                to: Some("ada".to_owned()),
            },
        )
        .agent_answers("2026-11-23 12:00")
        .status("2026-11-23 12:00", Status::RESOLVED);
    let open = Story::default().client_opens("2026-11-24 11:00", Channel::Email);
    let over = Story::default().client_opens("2026-11-24 09:00", Channel::Email);
    let tickets = [past, open, over];
    let all = (1..)
        .map(TicketId)
        .zip(tickets.iter().map(|story| story.events.as_slice()));
    let difference = rehearse(&old, &new, all, now);
    assert_eq!((difference.open, difference.past), (4, 2));
    let time = |at: Option<DateTime<Utc>>| at.map_or("-".to_owned(), |at| at.format("%d %H:%M").to_string());
    let moved = difference.moved.iter().map(|row| {
        format!(
            "{} {} {} {} -> {} {}",
            row.ticket,
            row.clock,
            time(row.was),
            row.state_was,
            time(row.now),
            row.state_now
        )
    });
    insta::assert_snapshot!(moved.collect::<Vec<_>>().join("\n"), @r"
    2 first_response:e1 24 15:00 running -> 24 13:00 running
    3 first_response:e1 24 13:00 running -> 24 11:00 overdue
    ");
    let flipped = difference
        .flipped
        .iter()
        .map(|row| format!("{} {} {} -> {}", row.ticket, row.clock, row.was, row.now));
    insta::assert_snapshot!(flipped.collect::<Vec<_>>().join("\n"), @"1 first_response:e1 met -> late");
    let told = difference.told.iter().map(|row| {
        format!(
            "{} {} {:?} {} {:?} new={}",
            row.ticket,
            row.clock,
            row.occasion,
            time(Some(row.at)),
            row.assignee,
            row.is_new
        )
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
    1 first_response:e1 Warning(2) 23 10:30 Some("ada") new=true
    1 first_response:e1 Breach 23 11:00 Some("ada") new=true
    2 first_response:e1 Warning(1) 24 12:00 None new=true
    3 first_response:e1 Warning(2) 24 10:30 None new=true
    3 first_response:e1 Breach 24 11:00 None new=true
    "#);
    // Applying the same rules makes the same difference.
    let applied = old.with(new.clone());
    for (ticket, story) in (1..).map(TicketId).zip(&tickets) {
        for clock in judge_events(&story.events, &applied, now) {
            let moved = difference
                .moved
                .iter()
                .find(|row| row.ticket == ticket && row.clock == clock.run.key);
            let before = judge_events(&story.events, &old, now);
            let was = before
                .iter()
                .find(|other| other.run.key == clock.run.key)
                .unwrap();
            assert_eq!(clock.due_at, moved.map_or(was.due_at, |row| row.now));
        }
    }
    assert!(
        rehearse(
            &old,
            &version("v2", "2026-11-24 12:00", true, STANDARD),
            [(TicketId(1), tickets[0].events.as_slice())],
            now
        )
        .is_empty()
    );
}

#[test]
fn a_report_counts_what_was_decided_and_lists_the_misses() {
    let group = |name: &str| What::Group {
        to: Some(name.to_owned()),
    };
    let stories = [
        Story::default()
            .client_opens("2026-11-16 09:00", Channel::Email)
            .does("2026-11-16 09:00", group("=SUM(A1)"))
            .agent_answers("2026-11-16 10:00"),
        Story::default()
            .client_opens("2026-11-16 09:00", Channel::Email)
            .does("2026-11-16 09:00", group("=SUM(A1)"))
            .agent_answers("2026-11-16 12:00"),
        Story::default()
            .client_opens("2026-11-16 09:00", Channel::Phone)
            .does("2026-11-16 09:00", group("Accounts, London"))
            .agent_calls("2026-11-16 16:00", true),
        Story::default().client_opens("2026-11-23 09:00", Channel::Email),
    ];
    let first = "[[policies]]\nid = \"p\"\nfirst_response = \"4h\"";
    let now = at("2026-11-24 12:00");
    let mut decided: Vec<Decided> = (1..)
        .map(TicketId)
        .zip(&stories)
        .flat_map(|(ticket, story)| {
            let clocks = judge_events(&story.events, &book(first), now);
            clocks
                .iter()
                .filter_map(|clock| Decided::of(ticket, clock))
                .collect::<Vec<_>>()
        })
        .collect();
    let both = [Dimension::Week, Dimension::Team];
    let london = Tz::Europe__London;
    let all = report(&decided, at("2026-11-01 00:00"), now, &both, london);
    insta::assert_snapshot!(all.csv(), @r#"
    week,team,met,missed,attained_percent,p50_seconds,p90_seconds,p95_seconds
    2026-W47,'=SUM(A1),2,0,100.0,3600,10800,10800
    2026-W47,"Accounts, London",0,1,0.0,25200,25200,25200
    2026-W48,none,0,1,0.0,,,
    "#);
    insta::assert_snapshot!(all.misses_csv(), @r#"
    ticket,clock,channel,location,team,person,tier,due_at,broken_at,ended_at
    3,first_response:e1,phone,london,"Accounts, London",,,2026-11-16T13:00:00Z,2026-11-16T13:00:00Z,2026-11-16T16:00:00Z
    4,first_response:e1,email,london,,,,2026-11-23T13:00:00Z,2026-11-23T13:00:00Z,
    "#);
    assert_eq!((all.total.met, all.total.missed, all.total.attained), (2, 2, 500));
    decided.reverse();
    assert_eq!(
        report(&decided, at("2026-11-01 00:00"), now, &both, london),
        all,
        "two runs agree"
    );
    let week = report(
        &decided,
        at("2026-11-23 00:00"),
        now,
        &[Dimension::Channel],
        london,
    );
    assert_eq!(
        (week.lines[0].of.as_slice(), week.total.missed),
        (["email".to_owned()].as_slice(), 1)
    );
}
