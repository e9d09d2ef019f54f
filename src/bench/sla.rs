//! The arithmetic of clocks beside the best public implementation, `workclock`, in the same run.
//!
//! Both count on the same hours: London, 9 to 12:30 and 13:30 to 18, England's bank holidays of three years.
//! They must agree on every question before any is timed.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use hammerdesk_domain::sla::calendar::{Calendar, CalendarRules, Pauses, Piece, Week, Years};
use hammerdesk_domain::sla::clocks::{ClockKind, Traits};
use hammerdesk_domain::sla::event::{Channel, Priority};
use hammerdesk_domain::sla::judge::due;
use hammerdesk_domain::sla::policy::{Conditions, Policy, Rulebook, Rules, Target, Warning};
use jiff::civil::{date, time};
use jiff::{SignedDuration, Timestamp};
use workclock::{Holidays, Schedule, Weekdays, WorkDay};

use super::figures::{Figure, ratio};

/// What one due or elapsed time may take.
const MOST: Duration = Duration::from_nanos(200);
/// What the arithmetic of a policy change may take over 100,000 tickets.
const MOST_CHANGE: Duration = Duration::from_millis(300);
/// The tickets of that change.
const TICKETS: usize = 100_000;

const HOLIDAYS: [(i16, i8, i8); 24] = [
    (2024, 1, 1),
    (2024, 3, 29),
    (2024, 4, 1),
    (2024, 5, 6),
    (2024, 5, 27),
    (2024, 8, 26),
    (2024, 12, 25),
    (2024, 12, 26),
    (2025, 1, 1),
    (2025, 4, 18),
    (2025, 4, 21),
    (2025, 5, 5),
    (2025, 5, 26),
    (2025, 8, 25),
    (2025, 12, 25),
    (2025, 12, 26),
    (2026, 1, 1),
    (2026, 4, 3),
    (2026, 4, 6),
    (2026, 5, 4),
    (2026, 5, 25),
    (2026, 8, 31),
    (2026, 12, 25),
    (2026, 12, 28),
];

const YEARS: Years = Years {
    first: 2020,
    last: 2031,
};

/// One question that both are asked.
struct Question {
    name: &'static str,
    ours: fn(&Calendar, DateTime<Utc>) -> i64,
    theirs: fn(&Schedule, Timestamp) -> i64,
    /// At least so many times as fast; nothing where only the figure is promised.
    at_least: u128,
}

const QUESTIONS: [Question; 4] = [
    Question {
        name: "due in 8 h",
        ours: |calendar, from| add(calendar, from, 8),
        theirs: |schedule, from| {
            let due = schedule.add(from, SignedDuration::from_hours(8));
            due.map_or(0, Timestamp::as_second)
        },
        at_least: 15,
    },
    Question {
        name: "due in 500 h",
        ours: |calendar, from| add(calendar, from, 500),
        theirs: |schedule, from| {
            let due = schedule.add(from, SignedDuration::from_hours(500));
            due.map_or(0, Timestamp::as_second)
        },
        at_least: 0,
    },
    Question {
        name: "elapsed in 30 days",
        ours: |calendar, from| within(calendar, from, 30),
        theirs: |schedule, from| {
            schedule
                .between(from, from + SignedDuration::from_hours(30 * 24))
                .as_secs()
        },
        at_least: 0,
    },
    Question {
        name: "elapsed in 365 days",
        ours: |calendar, from| within(calendar, from, 365),
        theirs: |schedule, from| {
            schedule
                .between(from, from + SignedDuration::from_hours(365 * 24))
                .as_secs()
        },
        at_least: 300,
    },
];

fn add(calendar: &Calendar, from: DateTime<Utc>, hours: i64) -> i64 {
    let due = calendar.add(from, TimeDelta::hours(hours), Pauses::NONE);
    due.map_or(0, |due| due.timestamp())
}

fn within(calendar: &Calendar, from: DateTime<Utc>, days: i64) -> i64 {
    let open = calendar.within(from, from + TimeDelta::days(days), Pauses::NONE);
    open.map_or(0, |open| open.num_seconds())
}

/// Runs everything; it needs no store.
pub(super) fn measure() -> anyhow::Result<Vec<Figure>> {
    let (calendar, schedule) = (ours()?, theirs()?);
    let starts = starts(200_000);
    let mut figures = Vec::new();
    for question in &QUESTIONS {
        for from in starts.iter().step_by(997) {
            let (ours, theirs) = (
                (question.ours)(&calendar, *from),
                (question.theirs)(&schedule, instant(*from)?),
            );
            ensure!(
                ours == theirs,
                "{} from {from}: {ours} and {theirs} differ",
                question.name
            );
        }
        let ours = each(&starts, |from| (question.ours)(&calendar, from));
        let few: Vec<Timestamp> = starts
            .iter()
            .step_by(100)
            .map(|from| instant(*from))
            .collect::<Result<_, _>>()?;
        let theirs = each(&few, |from| (question.theirs)(&schedule, from));
        let (hundredths, times) = ratio(theirs, ours);
        let beside = match question.at_least {
            0 => String::new(),
            least => format!(", at least {least}x workclock"),
        };
        figures.push(Figure {
            measure: "sla".to_owned(),
            engine: String::new(),
            measured: format!(
                "{}: {} ns, workclock {} ns, {times}",
                question.name,
                ours.as_nanos(),
                theirs.as_nanos()
            ),
            promised: format!("at most {} ns{beside}", MOST.as_nanos()),
            kept: ours <= MOST && hundredths >= question.at_least * 100,
        });
    }
    figures.push(policy_change(&starts)?);
    Ok(figures)
}

/// The time of one call: the best of five rounds, as other people's work on the machine only adds.
fn each<T: Copy>(starts: &[T], ask: impl Fn(T) -> i64) -> Duration {
    let rounds = (0..5).map(|_| {
        let begun = Instant::now();
        for from in starts {
            black_box(ask(black_box(*from)));
        }
        begun.elapsed()
    });
    let calls = u32::try_from(starts.len()).unwrap_or(u32::MAX).max(1);
    rounds.min().unwrap_or_default() / calls
}

/// Instants over three years, the same in every run.
fn starts(count: usize) -> Vec<DateTime<Utc>> {
    let mut state = 88_172_645_463_325_252_u64;
    let first = 1_704_067_200_i64;
    let numbers = std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        i64::try_from(state % (3 * 365 * 86_400)).unwrap_or(0)
    });
    numbers
        .take(count)
        .filter_map(|seconds| DateTime::from_timestamp(first + seconds, 0))
        .collect()
}

fn instant(at: DateTime<Utc>) -> anyhow::Result<Timestamp> {
    Ok(Timestamp::from_second(at.timestamp())?)
}

fn rules() -> anyhow::Result<CalendarRules> {
    let pieces = [
        Piece::new("09:00".parse()?, "12:30".parse()?)?,
        Piece::new("13:30".parse()?, "18:00".parse()?)?,
    ];
    let mut rules = CalendarRules::new(Tz::Europe__London, Week::monday_to_friday(&pieces));
    for (year, month, day) in HOLIDAYS {
        let date = NaiveDate::from_ymd_opt(year.into(), month.try_into()?, day.try_into()?);
        rules.holidays.insert(date.context("a date")?, String::new());
    }
    Ok(rules)
}

fn ours() -> anyhow::Result<Calendar> {
    Ok(Calendar::new(rules()?, YEARS))
}

fn theirs() -> anyhow::Result<Schedule> {
    let work = |from, to| WorkDay::new(from, to, Weekdays::MON_TO_FRI).time_zone("Europe/London");
    let holidays = Holidays::new(HOLIDAYS.map(|(year, month, day)| date(year, month, day)));
    Schedule::builder()
        .time_zone("Europe/London")
        .rule(work(time(9, 0, 0, 0), time(12, 30, 0, 0)))
        .rule(work(time(13, 30, 0, 0), time(18, 0, 0, 0)))
        .rule(holidays.time_zone("Europe/London"))
        .build()
        .context("workclock needs the system's time zones, such as Debian's tzdata")
}

fn book(hours: i64) -> anyhow::Result<Rulebook> {
    let policy = |id: &str, when: Conditions, hours: i64| Policy {
        id: id.to_owned(),
        when,
        first_response: Some(Target::Open(hours * 3600)),
        next_response: Some(Target::Open(hours * 3600)),
        resolution: Some(Target::Days(2)),
        warnings: vec![Warning::At(500), Warning::At(750)],
        ..Policy::default()
    };
    let urgent = Conditions {
        priority: [Priority::Urgent].into(),
        ..Conditions::default()
    };
    let phone = Conditions {
        channel: [Channel::Phone].into(),
        ..Conditions::default()
    };
    let rules = Rules {
        policies: vec![
            policy("urgent", urgent, 1),
            policy("phone", phone, 2),
            policy("rest", Conditions::default(), hours),
        ],
        calendars: [("london".into(), rules()?)].into(),
        default_calendar: Some("london".into()),
        ..Rules::default()
    };
    Ok(Rulebook::of_rules("bench", rules, YEARS))
}

/// Every open clock's due instant and warnings by other rules, and which of them move.
fn policy_change(starts: &[DateTime<Utc>]) -> anyhow::Result<Figure> {
    let (old, new) = (book(4)?, book(6)?);
    let tickets: Vec<(Traits, DateTime<Utc>)> = starts
        .iter()
        .take(TICKETS)
        .zip(0_usize..)
        .map(|(from, n)| {
            let traits = Traits {
                channel: if n.is_multiple_of(7) {
                    Channel::Phone
                } else {
                    Channel::Email
                },
                priority: if n.is_multiple_of(10) {
                    Priority::Urgent
                } else {
                    Priority::Low
                },
                ..Traits::default()
            };
            (traits, *from)
        })
        .collect();
    let before: Vec<[Option<DateTime<Utc>>; 3]> = tickets
        .iter()
        .map(|(traits, from)| dues(&old, traits, *from))
        .collect();
    let halves = tickets.len().div_ceil(2);
    let begun = Instant::now();
    let moved: usize = std::thread::scope(|scope| {
        let parts = tickets
            .chunks(halves)
            .zip(before.chunks(halves))
            .map(|(tickets, before)| {
                let new = &new;
                scope.spawn(move || {
                    let clocks = tickets.iter().zip(before).flat_map(|((traits, from), before)| {
                        let after = dues(new, traits, *from);
                        (0..3).filter(move |n| before.get(*n) != after.get(*n))
                    });
                    clocks.count()
                })
            });
        let parts: Vec<_> = parts.collect();
        parts.into_iter().filter_map(|part| part.join().ok()).sum()
    });
    let took = begun.elapsed();
    ensure!(
        moved > TICKETS && moved < 2 * TICKETS,
        "{moved} clocks moved, which cannot be"
    );
    Ok(Figure {
        measure: "sla".to_owned(),
        engine: String::new(),
        measured: format!(
            "policy change, arithmetic of {TICKETS} tickets x 3 clocks on two threads: {} ms, {moved} move",
            took.as_millis()
        ),
        promised: format!("at most {} ms", MOST_CHANGE.as_millis()),
        kept: took <= MOST_CHANGE,
    })
}

fn dues(book: &Rulebook, traits: &Traits, from: DateTime<Utc>) -> [Option<DateTime<Utc>>; 3] {
    let assigned = book.assign(traits, from, from);
    [
        ClockKind::FirstResponse,
        ClockKind::NextResponse,
        ClockKind::Resolution,
    ]
    .map(|kind| {
        let timed = due(book, assigned.as_ref()?, kind, from, Pauses::NONE);
        timed.ok().and_then(|(due, _)| due)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_agree_on_every_question() {
        let (calendar, schedule) = (ours().unwrap(), theirs().unwrap());
        for question in &QUESTIONS {
            for from in starts(200) {
                let ours = (question.ours)(&calendar, from);
                assert_eq!(
                    ours,
                    (question.theirs)(&schedule, instant(from).unwrap()),
                    "{} from {from}",
                    question.name
                );
                assert!(ours > 0);
            }
        }
    }
}
