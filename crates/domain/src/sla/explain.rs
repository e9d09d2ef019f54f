//! Why a promise is due when it is: every stretch that counted or did not, every event that moved it, and the
//! policy with the reason it matched. The same rows are for people and for programs.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::calendar::{CalendarError, Reason};
use super::clocks::{ClockKind, Ending, History, Mark};
use super::event::By;
use super::judge::{Judged, State, hours};
use super::policy::{Rulebook, spoken};
use crate::model::words;

words! {
    /// What a row of an explanation is about.
    RowKind {
        /// The clock started.
        Started = "started",
        /// A policy counts from here.
        Promised = "promised",
        /// The wall clock was put forward or back.
        ClockChange = "clock_change",
        /// Time counted.
        Open = "open",
        /// Outside hours.
        Closed = "closed",
        /// A holiday.
        Holiday = "holiday",
        /// The clock stood.
        Paused = "paused",
        /// A warning.
        Warning = "warning",
        /// Due.
        Due = "due",
        /// Broken.
        Broken = "broken",
        /// It ended.
        Ended = "ended",
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What it is about.
    pub kind: RowKind,
    /// From, or when.
    pub from: DateTime<Utc>,
    /// To; nothing for an instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<DateTime<Utc>>,
    /// Seconds of it that counted.
    pub counted: i64,
    /// In words. What came from outside stands in it as it is: show it plain.
    pub text: String,
}

/// A clock, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// Its name on the ticket.
    pub clock: String,
    /// What is promised.
    pub kind: ClockKind,
    /// Where it stands.
    pub state: State,
    /// In one sentence.
    pub sentence: String,
    /// When it was promised for.
    pub due_at: Option<DateTime<Utc>>,
    /// Seconds that counted.
    pub used_seconds: Option<i64>,
    /// Why this policy: each of its conditions beside what the ticket is.
    pub because: Vec<String>,
    /// Why none of those above it: a policy and the first condition that did not hold.
    pub not: Vec<(String, String)>,
    /// In order.
    pub rows: Vec<Row>,
}

/// Explains a clock from its start to the later of its due instant and its end; of what is still to come it
/// shows what will count.
///
/// # Errors
/// [`CalendarError`] where it leads outside what is reckoned.
pub fn explain(
    clock: &Judged,
    history: &History,
    book: &Rulebook,
    now: DateTime<Utc>,
) -> Result<Explanation, CalendarError> {
    let run = &clock.run;
    let started_at = run.started.at;
    let until = clock.due_at.max(run.ended_at()).unwrap_or(now).max(started_at);
    let mut rows = vec![point(
        RowKind::Started,
        started_at,
        format!("{} starts: {}", run.kind.name(), told(&run.started)),
    )];
    for promise in &clock.promises {
        let whose = promise
            .location
            .as_ref()
            .map_or("day and night".to_owned(), |at| format!("hours of {at}"));
        let what = match (promise.target, run.due_at) {
            (_, Some(_)) => "for the instant that was named".to_owned(),
            (Some(target), None) if target.is_business() => format!("{target} on {whose}"),
            (Some(target), None) => target.to_string(),
            (None, None) => "no time on this clock".to_owned(),
        };
        let by = if promise.policy.is_empty() {
            "no policy is for it".to_owned()
        } else {
            format!("policy {} of {} promises {what}", promise.policy, promise.version)
        };
        rows.push(point(RowKind::Promised, promise.since, by));
    }
    if let Some(promise) = clock.promise() {
        rows.extend(
            promise
                .warnings
                .iter()
                .map(|(warning, at)| point(RowKind::Warning, *at, format!("warning at {warning}"))),
        );
        if let Some(calendar) = hours(run, history, book, promise) {
            for stretch in calendar.explain(started_at, until, &promise.pauses)? {
                let (kind, text) = match &stretch.reason {
                    Reason::Open => (RowKind::Open, "counts".to_owned()),
                    Reason::OwnHours { name } => (RowKind::Open, format!("counts, hours of {name}")),
                    Reason::Closed => (RowKind::Closed, "closed".to_owned()),
                    Reason::Holiday { name } if name.is_empty() => (RowKind::Holiday, "holiday".to_owned()),
                    Reason::Holiday { name } => (RowKind::Holiday, format!("holiday: {name}")),
                    Reason::Paused => (RowKind::Paused, why_paused(history, stretch.from)),
                    Reason::ClockChange { seconds } => (RowKind::ClockChange, clock_change(*seconds)),
                };
                let length = (stretch.to - stretch.from).num_seconds();
                rows.push(Row {
                    kind,
                    from: stretch.from,
                    to: (length > 0).then_some(stretch.to),
                    counted: if stretch.reason.counts() { length } else { 0 },
                    text,
                });
            }
        }
    }
    if let Some(due) = clock.due_at {
        rows.push(point(RowKind::Due, due, "due".to_owned()));
    }
    if let Some(broken) = clock.breached_at {
        rows.push(point(RowKind::Broken, broken, "the promise is broken".to_owned()));
    }
    if let Some((mark, how)) = &run.ended {
        rows.push(point(
            RowKind::Ended,
            mark.at,
            format!("{}: {}", ended(*how), told(mark)),
        ));
    }
    rows.sort_by_key(|row| (row.from, row.kind));
    let (because, not) = why_this_policy(clock, history, book);
    Ok(Explanation {
        clock: run.key.clone(),
        kind: run.kind,
        state: clock.state,
        sentence: sentence(clock, now),
        due_at: clock.due_at,
        used_seconds: clock.used_seconds,
        because,
        not,
        rows,
    })
}

fn point(kind: RowKind, at: DateTime<Utc>, text: String) -> Row {
    Row {
        kind,
        from: at,
        to: None,
        counted: 0,
        text,
    }
}

fn who(by: &By) -> String {
    match &by.id {
        Some(id) => format!("{} {id}", by.party),
        None => by.party.to_string(),
    }
}

fn told(mark: &Mark) -> String {
    let about = if mark.is_exact { "" } else { ", at the latest then" };
    format!("event {} by {}{about}", mark.event, who(&mark.by))
}

const fn ended(how: Ending) -> &'static str {
    match how {
        Ending::Answer => "answered",
        Ending::Call => "spoken to on the phone",
        Ending::Settled => "resolved or closed",
        Ending::Kept => "the call took place",
        Ending::Acknowledged => "acknowledged",
        Ending::Dropped => "no longer owed",
    }
}

fn clock_change(seconds: i32) -> String {
    let (minutes, way) = (seconds.abs() / 60, if seconds > 0 { "forward" } else { "back" });
    format!("the clocks go {way} by {minutes} minutes")
}

fn why_paused(history: &History, at: DateTime<Utc>) -> String {
    fn holds(since: DateTime<Utc>, until: Option<DateTime<Utc>>, at: DateTime<Utc>) -> bool {
        since <= at && until.is_none_or(|until| at < until)
    }
    if let Some(gone) = history
        .gone
        .iter()
        .find(|gone| holds(gone.since.at, gone.until, at))
    {
        return format!("gone from the helpdesk, by {}", who(&gone.since.by));
    }
    let status = history
        .statuses
        .iter()
        .find(|spell| holds(spell.since.at, spell.until, at));
    let owes = history
        .client_owes
        .iter()
        .find(|spell| holds(spell.since.at, spell.until, at));
    match (status, owes) {
        (Some(status), None) => format!("paused: {}, set by {}", status.is, who(&status.since.by)),
        (Some(status), Some(_)) if status.is != super::event::Status::OPEN => {
            format!("paused: {}, set by {}", status.is, who(&status.since.by))
        }
        (_, Some(owes)) => format!("paused: the client has had an answer by {}", who(&owes.since.by)),
        (None, None) => "paused".to_owned(),
    }
}

fn why_this_policy(
    clock: &Judged,
    history: &History,
    book: &Rulebook,
) -> (Vec<String>, Vec<(String, String)>) {
    let found = clock.promise().and_then(|promise| {
        let traits = history.traits_at(promise.since)?;
        Some((traits, book.assign(traits, clock.run.started.at, promise.since)?))
    });
    let Some((traits, assigned)) = found else {
        return (Vec::new(), Vec::new());
    };
    let rows = assigned.policy.when.told(traits);
    let because = if rows.is_empty() {
        vec!["it is for every ticket".to_owned()]
    } else {
        rows.into_iter().map(|(row, _)| row).collect()
    };
    let above = assigned.version.rules.policies.iter();
    let not = above
        .take_while(|policy| !std::ptr::eq(*policy, assigned.policy))
        .map(|policy| {
            let failed = policy.when.told(traits).into_iter().find(|(_, holds)| !holds);
            (policy.id.clone(), failed.map_or_else(String::new, |(row, _)| row))
        });
    (because, not.collect())
}

fn sentence(clock: &Judged, now: DateTime<Utc>) -> String {
    let name = clock.run.kind.name();
    let late = |at: DateTime<Utc>| spoken(at - clock.breached_at.unwrap_or(at));
    match (clock.state, clock.due_at) {
        (State::Running, Some(due)) => format!("The {name} is due in {}.", spoken(due - now)),
        (State::Running | State::Paused, _) => format!("The {name} stands until its pause ends."),
        (State::Overdue, _) => format!("The {name} is {} overdue.", late(now)),
        (State::Met, _) => format!("The {name} was in time."),
        (State::Late, _) => format!(
            "The {name} was {} late.",
            late(clock.run.ended_at().unwrap_or(now))
        ),
        (State::Withdrawn, _) => format!("The {name} is no longer owed."),
        (State::Untimed, _) => match clock.promise().and_then(|promise| promise.fault.as_ref()) {
            Some(fault) => format!("The {name} has no time: {fault}."),
            None => format!("No policy promises a time for the {name}."),
        },
    }
}
