//! The calendar against its settled choices, clock changes of several zones, and its own laws.

use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn piece(from: &str, to: &str) -> Piece {
    Piece::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
}

fn years(first: i32, last: i32) -> Years {
    Years { first, last }
}

fn london() -> CalendarRules {
    let mut rules = CalendarRules::new(
        Tz::Europe__London,
        Week::monday_to_friday(&[piece("09:00", "12:30"), piece("13:30", "17:30")]),
    );
    let holidays = [
        ("2026-12-25", "Christmas Day"),
        ("2026-12-28", "Boxing Day (observed)"),
    ];
    rules
        .holidays
        .extend(holidays.map(|(day, name)| (day.parse().unwrap(), name.to_owned())));
    rules
}

fn hours(count: i64) -> TimeDelta {
    TimeDelta::hours(count)
}

#[test]
fn a_mail_on_friday_evening_before_a_bank_holiday_is_due_on_tuesday() {
    let calendar = Calendar::new(london(), years(2026, 2027));
    let due = calendar.add(utc("2026-12-24T18:05:00Z"), hours(4), Pauses::NONE);
    assert_eq!(due, Ok(utc("2026-12-29T14:00:00Z")));
    let why = calendar
        .explain(
            utc("2026-12-24T18:05:00Z"),
            utc("2026-12-29T14:00:00Z"),
            Pauses::NONE,
        )
        .unwrap();
    let rows: Vec<String> = why
        .iter()
        .map(|row| {
            format!(
                "{} {} {:?}",
                row.from.format("%a %H:%M"),
                row.to.format("%a %H:%M"),
                row.reason
            )
        })
        .collect();
    insta::assert_snapshot!(rows.join("\n"), @r#"
    Thu 18:05 Fri 00:00 Closed
    Fri 00:00 Sat 00:00 Holiday { name: "Christmas Day" }
    Sat 00:00 Mon 00:00 Closed
    Mon 00:00 Tue 00:00 Holiday { name: "Boxing Day (observed)" }
    Tue 00:00 Tue 09:00 Closed
    Tue 09:00 Tue 12:30 Open
    Tue 12:30 Tue 13:30 Closed
    Tue 13:30 Tue 14:00 Open
    "#);
}

#[test]
fn a_sale_day_has_its_own_hours_and_its_name_in_the_explanation() {
    let mut rules = london();
    let saturday = "2026-11-28".parse().unwrap();
    let sale = DateHours {
        name: "Evening sale".to_owned(),
        hours: vec![piece("10:00", "22:00")],
        works_anyway: false,
    };
    rules.dates.insert(saturday, sale);
    let calendar = Calendar::new(rules, years(2026, 2026));
    let mailed = utc("2026-11-27T17:00:00Z");
    let due = calendar.add(mailed, hours(4), Pauses::NONE).unwrap();
    assert_eq!(due, utc("2026-11-28T13:30:00Z"));
    let why = calendar.explain(mailed, due, Pauses::NONE).unwrap();
    assert_eq!(
        why.last().map(|row| &row.reason),
        Some(&Reason::OwnHours {
            name: "Evening sale".to_owned()
        })
    );
}

#[test]
fn clock_changes_count_elapsed_time_in_both_directions_and_show_in_the_explanation() {
    let nights = CalendarRules::new(Tz::Europe__London, Week::always());
    let nights = Calendar::new(nights, years(2026, 2026));
    for (date, change, from) in [("2026-03-29", 3600, 1), ("2026-10-25", -3600, 1)] {
        let start = utc(&format!("{date}T00:00:00Z"));
        let why = nights.explain(start, start + hours(4), Pauses::NONE).unwrap();
        assert_eq!(why[1].reason, Reason::ClockChange { seconds: change }, "{date}");
        assert_eq!(why[1].from, start + hours(from));
        assert_eq!(nights.within(start, start + hours(4), Pauses::NONE), Ok(hours(4)));
    }
    // The same wall-clock hours are an hour less and an hour more.
    let night = |zone: Tz| {
        let rules = CalendarRules::new(zone, Week::on([chrono::Weekday::Sun], &[piece("00:00", "06:00")]));
        Calendar::new(rules, years(2026, 2026))
    };
    let open_on = |calendar: &Calendar, day: &str| {
        let noon = utc(&format!("{day}T12:00:00Z"));
        calendar
            .within(noon - hours(24), noon, Pauses::NONE)
            .unwrap()
            .num_hours()
    };
    let (london, new_york) = (night(Tz::Europe__London), night(Tz::America__New_York));
    let sundays = ["2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01"];
    assert_eq!(sundays.map(|day| open_on(&london, day)), [6, 5, 7, 6]);
    assert_eq!(sundays.map(|day| open_on(&new_york, day)), [5, 6, 6, 7]);
}

#[test]
fn an_edge_in_a_gap_moves_by_the_gap_and_of_a_repeated_hour_the_first_counts() {
    let sunday = |zone: Tz, from: &str, to: &str| {
        let rules = CalendarRules::new(zone, Week::on([chrono::Weekday::Sun], &[piece(from, to)]));
        Calendar::new(rules, years(2026, 2026))
    };
    let open = |calendar: &Calendar, from: &str| calendar.shift(utc(from)).unwrap();
    let skipped = sunday(Tz::Europe__London, "01:30", "04:00");
    assert_eq!(
        open(&skipped, "2026-03-28T12:00:00Z"),
        (utc("2026-03-29T01:30:00Z"), utc("2026-03-29T03:00:00Z"))
    );
    let half_hour = sunday(Tz::Australia__Lord_Howe, "02:15", "04:00");
    assert_eq!(
        open(&half_hour, "2026-10-03T00:00:00Z"),
        (utc("2026-10-03T15:45:00Z"), utc("2026-10-03T17:00:00Z")),
        "a gap of thirty minutes moves by thirty"
    );
    let twice = sunday(Tz::America__New_York, "00:30", "01:30");
    assert_eq!(
        open(&twice, "2026-10-31T12:00:00Z"),
        (utc("2026-11-01T04:30:00Z"), utc("2026-11-01T05:30:00Z"))
    );
    let inside = sunday(Tz::Europe__London, "01:15", "01:45");
    assert_eq!(
        open(&inside, "2026-03-28T12:00:00Z"),
        (utc("2026-03-29T01:15:00Z"), utc("2026-03-29T01:45:00Z")),
        "a piece that is skipped whole is worked after the gap"
    );
}

#[test]
fn a_piece_that_a_gap_turns_around_is_not_worked_and_pieces_that_then_overlap_are_one() {
    let rules = CalendarRules::new(
        Tz::Europe__London,
        Week::on(
            [chrono::Weekday::Sun],
            &[piece("00:00", "01:30"), piece("02:00", "03:00")],
        ),
    );
    let calendar = Calendar::new(rules, years(2026, 2026));
    assert_eq!(
        calendar.shift(utc("2026-03-28T12:00:00Z")),
        Ok((utc("2026-03-29T00:00:00Z"), utc("2026-03-29T02:00:00Z")))
    );
    let turned = CalendarRules::new(
        Tz::Europe__London,
        Week::on([chrono::Weekday::Sun], &[piece("01:30", "02:00")]),
    );
    let turned = Calendar::new(turned, years(2026, 2026));
    assert_eq!(
        turned.shift(utc("2026-03-28T12:00:00Z")),
        Ok((utc("2026-04-05T00:30:00Z"), utc("2026-04-05T01:00:00Z"))),
        "its edges are 01:30 and 01:00 UTC on the 29th"
    );
}

#[test]
fn pauses_stand_where_they_lie_and_an_open_one_leaves_no_due_instant() {
    let calendar = Calendar::new(london(), years(2026, 2026));
    let start = utc("2026-11-23T10:00:00Z");
    let pause = |from: &str, to: Option<&str>| Pause {
        from: utc(from),
        to: to.map(utc),
    };
    let lunch = Pauses::new([pause("2026-11-23T11:00:00Z", Some("2026-11-23T14:00:00Z"))]);
    assert_eq!(
        calendar.add(start, hours(2), &lunch),
        Ok(utc("2026-11-23T15:00:00Z"))
    );
    assert_eq!(
        calendar.add(start, hours(1), &lunch),
        Ok(utc("2026-11-23T11:00:00Z")),
        "a deadline at the beginning of a pause stays there"
    );
    assert_eq!(
        calendar.sub(utc("2026-11-23T15:00:00Z"), hours(2), &lunch),
        Ok(start)
    );
    let standing = Pauses::new([pause("2026-11-23T11:00:00Z", None)]);
    assert_eq!(
        calendar.add(start, hours(2), &standing),
        Err(CalendarError::Standing)
    );
    assert_eq!(
        calendar.add(start, hours(1), &standing),
        Ok(utc("2026-11-23T11:00:00Z"))
    );
    assert_eq!(
        calendar.within(start, utc("2026-12-01T00:00:00Z"), &standing),
        Ok(hours(1))
    );
    let touching = Pauses::new([
        pause("2026-11-23T12:00:00Z", Some("2026-11-23T13:00:00Z")),
        pause("2026-11-23T11:00:00Z", Some("2026-11-23T12:00:00Z")),
        pause("2026-11-23T11:00:00Z", Some("2026-11-23T11:30:00Z")),
        pause("2026-11-23T16:00:00Z", Some("2026-11-23T15:00:00Z")),
    ]);
    assert_eq!(touching.iter().count(), 1);
}

#[test]
fn absurd_dates_and_calendars_are_refused_with_a_sentence() {
    let calendar = Calendar::new(london(), years(2026, 2026));
    let none = Pauses::NONE;
    assert_eq!(
        calendar.add(utc("2040-01-02T09:00:00Z"), hours(1), none),
        Ok(utc("2040-01-02T10:00:00Z")),
        "years that were not laid out follow by themselves"
    );
    assert_eq!(
        calendar.add(utc("2200-01-01T00:00:00Z"), hours(1), none),
        Err(CalendarError::OutOfRange)
    );
    assert_eq!(
        calendar.add(utc("2026-01-01T00:00:00Z"), TimeDelta::days(90_000), none),
        Err(CalendarError::OutOfRange)
    );
    assert_eq!(
        calendar.add(DateTime::<Utc>::MAX_UTC, hours(1), none),
        Err(CalendarError::OutOfRange)
    );
    assert_eq!(
        calendar.within(DateTime::<Utc>::MIN_UTC, utc("2026-01-01T00:00:00Z"), none),
        Err(CalendarError::OutOfRange)
    );
    assert_eq!(
        calendar.add(utc("2026-01-01T00:00:00Z"), hours(-1), none),
        Err(CalendarError::Negative)
    );
    let never = Calendar::new(CalendarRules::new(Tz::UTC, Week::default()), years(2026, 2026));
    assert_eq!(
        never.add(utc("2026-01-01T00:00:00Z"), hours(1), none),
        Err(CalendarError::NeverOpen)
    );
    assert_eq!(never.is_open(utc("2026-01-01T00:00:00Z"), none), Ok(false));
}

fn rules() -> impl Strategy<Value = CalendarRules> {
    let zones = vec![
        Tz::Europe__London,
        Tz::America__New_York,
        Tz::Asia__Hong_Kong,
        Tz::Australia__Lord_Howe,
        Tz::Africa__Cairo,
        Tz::Asia__Kathmandu,
    ];
    let pieces = || {
        prop::collection::btree_set(0_u32..=96, 0..=6).prop_map(|edges| {
            let edges: Vec<_> = edges
                .into_iter()
                .map(|quarter| TimeOfDay::at(quarter / 4, quarter % 4 * 15).unwrap())
                .collect();
            edges
                .chunks_exact(2)
                .map(|pair| Piece::new(pair[0], pair[1]).unwrap())
                .collect::<Vec<_>>()
        })
    };
    let week = prop::collection::vec(pieces(), 7);
    let holidays = prop::collection::btree_set(0_u64..500, 0..10);
    (prop::sample::select(zones), week, holidays, pieces()).prop_map(|(zone, days, holidays, own)| {
        let [mon, tue, wed, thu, fri, sat, sun] = days.try_into().unwrap();
        let mut rules = CalendarRules::new(
            zone,
            Week {
                mon,
                tue,
                wed,
                thu,
                fri,
                sat,
                sun,
            },
        );
        let first: chrono::NaiveDate = "2026-01-01".parse().unwrap();
        for day in &holidays {
            rules
                .holidays
                .insert(first + chrono::Days::new(*day), "holiday".to_owned());
        }
        // One hour that is always there, so that every amount of time is reached.
        rules.hours.wed = vec![piece("10:00", "11:00")];
        for day in holidays.iter().step_by(3) {
            let own = DateHours {
                name: "sale".to_owned(),
                hours: own.clone(),
                works_anyway: day % 2 == 0,
            };
            rules.dates.insert(first + chrono::Days::new(*day), own);
        }
        rules
    })
}

fn when() -> impl Strategy<Value = DateTime<Utc>> {
    (0_i64..40_000_000).prop_map(|seconds| utc("2026-01-10T00:00:00Z") + TimeDelta::seconds(seconds))
}

fn pauses() -> impl Strategy<Value = Pauses> {
    prop::collection::vec((when(), 1_i64..2_000_000), 0..5).prop_map(|pauses| {
        Pauses::between(
            pauses
                .into_iter()
                .map(|(from, seconds)| (from, from + TimeDelta::seconds(seconds))),
        )
    })
}

/// What a person with a wall calendar would count, minute by minute.
fn counted_by_hand(rules: &CalendarRules, from: DateTime<Utc>, to: DateTime<Utc>, pauses: &Pauses) -> i64 {
    let mut minutes = 0;
    let mut cursor = from;
    while cursor < to {
        let local = cursor.with_timezone(&rules.zone).naive_local();
        let minute = local
            .time()
            .format("%H:%M")
            .to_string()
            .parse::<TimeOfDay>()
            .unwrap();
        let open = rules
            .day(local.date())
            .1
            .iter()
            .any(|piece| piece.from() <= minute && minute < piece.to());
        minutes += i64::from(open && pauses.holding(cursor).is_none());
        cursor += TimeDelta::minutes(1);
    }
    minutes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn splitting_an_interval_adds_up(rules in rules(), mut at in prop::array::uniform3(when()), pauses in pauses()) {
        at.sort_unstable();
        let calendar = Calendar::new(rules, years(2026, 2027));
        let within = |from, to| calendar.within(from, to, &pauses).unwrap();
        prop_assert_eq!(within(at[0], at[2]), within(at[0], at[1]) + within(at[1], at[2]));
        prop_assert_eq!(within(at[2], at[0]), TimeDelta::zero());
        let counted = calendar
            .explain(at[0], at[2], &pauses)
            .unwrap()
            .iter()
            .filter(|row| row.reason.counts())
            .fold(TimeDelta::zero(), |sum, row| sum + (row.to - row.from));
        prop_assert_eq!(counted, within(at[0], at[2]), "what is explained is what is counted");
    }

    #[test]
    fn add_and_within_are_inverse(rules in rules(), from in when(), seconds in 1_i64..400_000, pauses in pauses()) {
        let calendar = Calendar::new(rules, years(2026, 2027));
        let time = TimeDelta::seconds(seconds);
        let due = calendar.add(from, time, &pauses).unwrap();
        prop_assert_eq!(calendar.within(from, due, &pauses).unwrap(), time);
        prop_assert!(calendar.is_open(due - TimeDelta::microseconds(1), &pauses).unwrap(), "due while it is open");
        let since = calendar.sub(due, time, &pauses).unwrap();
        prop_assert_eq!(calendar.within(since, due, &pauses).unwrap(), time);
        prop_assert!(since >= from);
    }

    #[test]
    fn a_pause_never_makes_it_earlier(rules in rules(), from in when(), seconds in 0_i64..400_000, pauses in pauses()) {
        let calendar = Calendar::new(rules, years(2026, 2027));
        let time = TimeDelta::seconds(seconds);
        prop_assert!(calendar.add(from, time, &pauses).unwrap() >= calendar.add(from, time, Pauses::NONE).unwrap());
    }

    #[test]
    fn rolling_lands_on_open_time_and_stretches_agree_both_ways(rules in rules(), from in when(), pauses in pauses()) {
        let calendar = Calendar::new(rules, years(2026, 2027));
        let open = calendar.next_open(from, &pauses).unwrap();
        prop_assert!(open >= from && calendar.is_open(open, &pauses).unwrap());
        prop_assert_eq!(calendar.within(from, open, &pauses).unwrap(), TimeDelta::zero());
        let close = calendar.next_close(from, &pauses).unwrap();
        prop_assert!(!calendar.is_open(close, &pauses).unwrap());
        prop_assert_eq!(calendar.within(open, close, &pauses).unwrap(), close - open);
        prop_assert_eq!(calendar.prev_open(close, &pauses).unwrap(), close);
        let forward = calendar.stretches_after(from, &pauses, 4).unwrap();
        let end = forward.last().unwrap().1;
        let mut backward = calendar.stretches_before(end, &pauses, 4).unwrap();
        backward.reverse();
        backward[0].0 = backward[0].0.max(from);
        prop_assert_eq!(forward, backward);
    }

    #[test]
    fn it_is_what_a_person_counts_on_the_wall(rules in rules(), from in 0_i64..400_000, minutes in 0_i64..6_000, pauses in pauses()) {
        let from = utc("2026-06-01T00:00:00Z") + TimeDelta::minutes(from / 3 );
        let to = from + TimeDelta::minutes(minutes);
        let whole = Pauses::between(pauses.iter().map(|pause| {
            let minute = |at: DateTime<Utc>| DateTime::from_timestamp(at.timestamp() / 60 * 60, 0).unwrap();
            (minute(pause.from), minute(pause.to.unwrap()))
        }));
        // Around clock changes the wall says something else than elapsed time: settled cases are above.
        prop_assume!([Tz::Asia__Hong_Kong, Tz::Asia__Kathmandu].contains(&rules.zone));
        let by_hand = counted_by_hand(&rules, from, to, &whole);
        let calendar = Calendar::new(rules, years(2026, 2027));
        prop_assert_eq!(calendar.within(from, to, &whole).unwrap(), TimeDelta::minutes(by_hand));
    }
}
