//! What holds for every ticket, whatever happens on it.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::super::clocks::{ClockKind, Ending};
use super::super::judge::judge_events;
use super::*;

fn what() -> impl Strategy<Value = (Party, What)> {
    let name = || prop::sample::select(vec!["a", "b"]).prop_map(str::to_owned);
    let status = prop::sample::select(vec![
        Status::OPEN,
        Status::PENDING,
        Status::RESOLVED,
        Status::CLOSED,
        Status(8),
    ]);
    let channel = || prop::sample::select(vec![Channel::Email, Channel::Portal]);
    let urgent = prop::sample::select(vec![Priority::Low, Priority::Urgent]);
    prop_oneof![
        4 => channel().prop_map(|channel| (Party::Client, What::Said { incoming: true, channel })),
        3 => channel().prop_map(|channel| (Party::Agent, What::Said { incoming: false, channel })),
        2 => any::<(bool, bool)>().prop_map(|(incoming, answered)| (Party::Agent, What::Called { incoming, answered })),
        3 => status.prop_map(|to| (Party::Agent, What::Status { to })),
        2 => urgent.prop_map(|to| (Party::Agent, What::Priority { to })),
        1 => Just((Party::Agent, What::Noted)),
        1 => Just((Party::Agent, What::Gone)),
        1 => Just((Party::Agent, What::Restored)),
        1 => (name(), 0_i64..400_000).prop_map(|(promise, seconds)| {
            let due_at = at("2026-11-23 09:00") + TimeDelta::seconds(seconds);
            (Party::Agent, What::CallbackPromised { promise, due_at })
        }),
        1 => name().prop_map(|promise| (Party::Agent, What::CallbackKept { promise })),
        1 => name().prop_map(|escalation| (Party::Agent, What::Escalated { escalation, due_at: None })),
        1 => name().prop_map(|escalation| (Party::Agent, What::Acknowledged { escalation })),
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec((0_i64..300_000, what()), 0..14).prop_map(|happened| {
        let opened = (
            0,
            (
                Party::Client,
                What::Created {
                    channel: Channel::Email,
                },
            ),
        );
        let all = [opened].into_iter().chain(happened).enumerate();
        all.map(|(n, (seconds, (party, what)))| {
            let when = at("2026-11-23 09:00") + TimeDelta::seconds(seconds - seconds % 300);
            Event::new(when, format!("e{n}"), By::some(party), what)
        })
        .collect()
    })
}

const TWO: &str = r#"
    [[policies]]
    id = "urgent"
    when = { priority = ["urgent"] }
    first_response = "1h"
    next_response = "30m"
    resolution = "6h"
    acknowledgement = "15m elapsed"
    warnings = ["50%"]

    [[policies]]
    id = "rest"
    first_response = "4h"
    next_response = "4h"
    resolution = "2 business days"
    acknowledgement = "1h"
    warnings = ["50%", "30m before"]
    pauses = ["pending"]
"#;

fn end() -> DateTime<Utc> {
    at("2026-11-27 09:00")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_order_in_which_events_arrive_does_not_matter_nor_do_doubles(
        (events, shuffled) in events().prop_flat_map(|events| {
            let doubled: Vec<Event> = events.iter().chain(&events).cloned().collect();
            (Just(events), Just(doubled).prop_shuffle())
        })
    ) {
        let book = book(TWO);
        prop_assert_eq!(judge_events(&events, &book, end()), judge_events(&shuffled, &book, end()));
    }

    #[test]
    fn a_look_between_changes_no_verdict_and_no_breach_is_forgotten(events in events(), seconds in 0_i64..340_000) {
        let book = book(TWO);
        let between = at("2026-11-23 09:00") + TimeDelta::seconds(seconds);
        let early = judge_events(&events, &book, between);
        let late = judge_events(&events, &book, end());
        for clock in early {
            let same = late.iter().find(|other| other.run.key == clock.run.key).expect("clocks keep their names");
            if let Some(breached) = clock.breached_at.filter(|at| *at < between) {
                prop_assert_eq!(same.breached_at, Some(breached), "{}", clock.run.key);
            }
            if let Some(next) = clock.next_at {
                prop_assert!(next > between);
            }
            if let Some(breached) = same.breached_at.filter(|at| *at > between && clock.state.is_open()) {
                // Either the index says when to look, or something happens first that makes us look.
                let happens = events.iter().any(|event| between < event.at && event.at <= breached);
                prop_assert!(happens || clock.next_at.is_some_and(|next| next <= breached));
            }
        }
    }

    #[test]
    fn late_is_broken_before_its_end_and_met_is_not(events in events()) {
        for clock in judge_events(&events, &book(TWO), end()) {
            let ended = clock.run.ended_at();
            match clock.state.word() {
                "late" => prop_assert!(clock.breached_at < ended && clock.breached_at.is_some()),
                "met" => prop_assert!(clock.breached_at.is_none() && clock.due_at >= ended),
                "overdue" => prop_assert!(ended.is_none() && clock.breached_at <= Some(end())),
                "running" | "paused" => prop_assert!(ended.is_none() && clock.breached_at.is_none()),
                _ => {}
            }
            prop_assert!(ended.is_none_or(|ended| ended >= clock.run.started.at));
        }
    }

    #[test]
    fn a_pause_never_makes_it_earlier(events in events()) {
        let paused = judge_events(&events, &book(TWO), end());
        let running = judge_events(&events, &book(&TWO.replace("pauses = [\"pending\"]", "")), end());
        for (paused, running) in paused.iter().zip(&running) {
            if let (Some(paused), Some(running)) = (paused.due_at, running.due_at) {
                prop_assert!(paused >= running);
            }
        }
    }

    #[test]
    fn nobody_waits_for_two_answers_at_once_and_nothing_waits_after_an_answer(events in events()) {
        let clocks = judge_events(&events, &book(TWO), end());
        let waits = |clock: &&Judged| matches!(clock.run.kind, ClockKind::FirstResponse | ClockKind::NextResponse);
        let open = clocks.iter().filter(waits).filter(|clock| clock.run.ended.is_none()).count();
        prop_assert!(open <= 1);
        for (one, other) in clocks.iter().filter(waits).zip(clocks.iter().filter(waits).skip(1)) {
            prop_assert!(one.run.ended_at().is_some_and(|ended| ended <= other.run.started.at));
            prop_assert!(one.run.ended.as_ref().is_some_and(|(_, how)| *how != Ending::Kept));
        }
    }
}
