//! What became of each promise: met, missed and exactly when, or due when; decided from events alone.
//!
//! A sweep that comes late changes nothing: the breach instant is the due instant whenever it is looked at,
//! and a miss that ended before anybody looked is a miss. An answer at the due instant itself is in time. A
//! change that makes a promise shorter breaks it when it was made at the earliest, and one that makes it
//! longer does not undo a breach.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::calendar::{Calendar, CalendarError, Pause, Pauses};
use super::clocks::{ClockKind, Ending, History, Run};
use super::event::Event;
use super::policy::{Assigned, Rulebook, Target, Warning};
use crate::ids::LocationId;
use crate::model::words;

words! {
    /// Where a promise stands.
    State {
        /// Time runs.
        Running = "running",
        /// Time stands.
        Paused = "paused",
        /// Due, and still not kept.
        Overdue = "overdue",
        /// Kept in time.
        Met = "met",
        /// Kept, but late.
        Late = "late",
        /// No longer owed: merged, deleted, taken back.
        Withdrawn = "withdrawn",
        /// Nobody promised a time.
        Untimed = "untimed",
    }
}

impl State {
    /// Is it still owed?
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Overdue)
    }

    /// Is it decided, for reports?
    pub const fn is_past(self) -> bool {
        matches!(self, Self::Met | Self::Late)
    }
}

/// A promise as one policy made it, and since when that policy counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// Counted since: the clock's start, or the change that brought it.
    pub since: DateTime<Utc>,
    /// Of which version.
    pub version: String,
    /// Which policy.
    pub policy: String,
    /// How long.
    pub target: Option<Target>,
    /// On whose hours; day and night where nobody's.
    pub location: Option<LocationId>,
    /// Due; not known while it stands.
    pub due_at: Option<DateTime<Utc>>,
    /// The instants of its warnings.
    pub warnings: Vec<(Warning, DateTime<Utc>)>,
    /// When it stood.
    pub pauses: Pauses,
    /// Why there is no due instant, where that is not for a pause.
    pub fault: Option<String>,
}

/// A clock with its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// From which event to which.
    pub run: Run,
    /// Where it stands.
    pub state: State,
    /// Due, by the promise that counts last.
    pub due_at: Option<DateTime<Utc>>,
    /// Broken at exactly this instant.
    pub breached_at: Option<DateTime<Utc>>,
    /// Seconds that counted so far, or until it ended, by the promise that counts last.
    pub used_seconds: Option<i64>,
    /// What was promised, in order; more than one where the ticket or the rules changed.
    pub promises: Vec<Promise>,
    /// Whose it was when it was broken or ended, else whose it is.
    pub assignee: Option<String>,
    /// Whose group's, likewise.
    pub group: Option<String>,
    /// The client's tier, likewise.
    pub tier: Option<String>,
    /// The location, likewise.
    pub location: Option<LocationId>,
    /// When it must be looked at again, where nothing happens before.
    pub next_at: Option<DateTime<Utc>>,
}

/// What somebody has to be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// The n-th warning, from 1.
    Warning(u8),
    /// The breach.
    Breach,
}

/// Something that fell due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happening {
    /// The clock's name on its ticket.
    pub clock: String,
    /// What.
    pub occasion: Occasion,
    /// When exactly.
    pub at: DateTime<Utc>,
    /// Was it seen later than the allowance?
    pub is_late: bool,
    /// Is the promise still owed, so that telling somebody can help?
    pub is_open: bool,
}

impl Judged {
    /// The promise that counts last.
    pub fn promise(&self) -> Option<&Promise> {
        self.promises.last()
    }

    /// What has fallen due by `now`, in order; `allowance` is how late a look may be without being called
    /// late. Each is named by clock and occasion, so that it is told once.
    pub fn happenings(&self, now: DateTime<Utc>, allowance: TimeDelta) -> Vec<Happening> {
        let end = self.run.ended_at().unwrap_or(now).min(now);
        let is_open = self.state.is_open();
        let happening = |occasion, at| Happening {
            clock: self.run.key.clone(),
            occasion,
            at,
            is_late: now - at > allowance,
            is_open,
        };
        let mut found = Vec::new();
        if let Some(promise) = self.promise().filter(|_| self.state != State::Withdrawn) {
            for (n, (_, at)) in (1..).zip(&promise.warnings) {
                let at = (*at).max(promise.since);
                if at <= end && self.breached_at.is_none_or(|breached| at < breached) {
                    found.push(happening(Occasion::Warning(n), at));
                }
            }
        }
        if let Some(at) = self.breached_at {
            found.push(happening(Occasion::Breach, at));
        }
        found.sort_by_key(|happening| (happening.at, happening.occasion));
        found
    }
}

/// All clocks of a ticket as they stood at `now`; what happened later is not looked at.
pub fn judge_events(events: &[Event], book: &Rulebook, now: DateTime<Utc>) -> Vec<Judged> {
    let known: Vec<Event> = events.iter().filter(|event| event.at <= now).cloned().collect();
    judge(&History::of(&known, |at| book.house_at(at)), book, now)
}

/// All clocks of a ticket, in the order in which they began.
pub fn judge(history: &History, book: &Rulebook, now: DateTime<Utc>) -> Vec<Judged> {
    history
        .runs
        .iter()
        .map(|run| judge_run(run, history, book, now))
        .collect()
}

/// The earliest instant at which one of them must be looked at again: what a store keeps an index of.
pub fn next_at(judged: &[Judged]) -> Option<DateTime<Utc>> {
    judged.iter().filter_map(|clock| clock.next_at).min()
}

fn judge_run(run: &Run, history: &History, book: &Rulebook, now: DateTime<Utc>) -> Judged {
    let started_at = run.started.at;
    let ended_at = run.ended_at();
    let stop = ended_at.unwrap_or(now);
    let promises = promises(run, history, book, stop);
    let mut breached_at = None;
    for (n, promise) in promises.iter().enumerate() {
        let Some(due) = promise.due_at else { continue };
        let at = due.max(promise.since);
        let is_broken = match (promises.get(n + 1), ended_at) {
            (Some(next), _) => at < next.since,
            (None, Some(ended)) => at < ended,
            (None, None) => at <= now,
        };
        if is_broken {
            breached_at = Some(at);
            break;
        }
    }
    let is_gone = history
        .gone
        .iter()
        .any(|gone| gone.since.at <= stop && gone.until.is_none_or(|until| stop < until));
    let promise = promises.last();
    let due_at = promise.and_then(|promise| promise.due_at);
    let is_promised = promise.is_some_and(|promise| promise.target.is_some() || run.due_at.is_some());
    let state = match &run.ended {
        Some((_, Ending::Dropped)) => State::Withdrawn,
        None if is_gone => State::Withdrawn,
        _ if !is_promised || promise.is_some_and(|promise| promise.fault.is_some()) => State::Untimed,
        Some(_) if breached_at.is_some() => State::Late,
        Some(_) => State::Met,
        None if breached_at.is_some() => State::Overdue,
        None if promise.is_some_and(|promise| promise.pauses.holding(now).is_some()) => State::Paused,
        None => State::Running,
    };
    let next_at = promise
        .filter(|_| ended_at.is_none() && !is_gone)
        .and_then(|promise| {
            let warnings = promise.warnings.iter().map(|(_, at)| *at);
            let due = due_at.filter(|_| breached_at.is_none());
            warnings
                .filter(|_| breached_at.is_none())
                .chain(due)
                .chain(book.next_takeover(now))
                .filter(|at| *at > now)
                .min()
        });
    let traits = history.traits_at(breached_at.unwrap_or(stop).max(started_at));
    Judged {
        run: run.clone(),
        state,
        used_seconds: used_seconds(run, history, book, promise, stop),
        due_at,
        breached_at,
        assignee: traits.and_then(|traits| traits.assignee.clone()),
        group: traits.and_then(|traits| traits.group.clone()),
        tier: traits.and_then(|traits| traits.matter.tier.clone()),
        location: traits
            .and_then(|traits| traits.matter.location.clone())
            .or_else(|| promise.and_then(|promise| promise.location.clone())),
        promises,
        next_at,
    }
}

/// The hours that a promise is counted on: those of its policy, or day and night.
pub(super) fn hours<'a>(
    run: &Run,
    history: &History,
    book: &'a Rulebook,
    promise: &Promise,
) -> Option<&'a Calendar> {
    match promise.target {
        Some(target) if target.is_business() => {
            let traits = history.traits_at(promise.since)?;
            let assigned = book.assign(traits, run.started.at, promise.since)?;
            Some(assigned.calendar)
        }
        _ => Some(book.always()),
    }
}

fn used_seconds(
    run: &Run,
    history: &History,
    book: &Rulebook,
    promise: Option<&Promise>,
    stop: DateTime<Utc>,
) -> Option<i64> {
    let promise = promise?;
    let used = hours(run, history, book, promise)?.within(run.started.at, stop, &promise.pauses);
    used.ok().map(|used| used.num_seconds())
}

/// What was promised on a clock from its start to `stop`, in order. What changes at the very instant at
/// which it ends no longer counts.
fn promises(run: &Run, history: &History, book: &Rulebook, stop: DateTime<Utc>) -> Vec<Promise> {
    let started_at = run.started.at;
    let mut changes: Vec<DateTime<Utc>> = history
        .traits
        .iter()
        .map(|(since, _)| *since)
        .filter(|since| started_at < *since && *since <= stop)
        .chain(book.takeovers(started_at, stop))
        .filter(|since| run.ended.is_none() || *since < stop)
        .chain([started_at])
        .collect();
    changes.sort_unstable();
    changes.dedup();
    let mut last: Option<Assigned<'_>> = None;
    let mut promises: Vec<Promise> = Vec::with_capacity(1);
    for at in changes {
        let Some(traits) = history.traits_at(at) else {
            continue;
        };
        let assigned = book.assign(traits, started_at, at);
        let is_same = match (&last, &assigned) {
            (Some(last), Some(now)) => last.is_same(now),
            (None, None) => !promises.is_empty(),
            _ => false,
        };
        if !is_same {
            promises.push(promise(run, history, book, assigned.as_ref(), at));
            last = assigned;
        }
    }
    promises
}

/// The stretches in which a clock stands by a policy; what stands when it ends has then stood to its end.
pub(super) fn pauses(run: &Run, history: &History, assigned: Option<&Assigned<'_>>) -> Pauses {
    let mut found: Vec<Pause> = Vec::new();
    let ended_at = run.ended_at();
    let mut stand = |since: DateTime<Utc>, until: Option<DateTime<Utc>>| {
        if until.is_none_or(|until| run.started.at < until) {
            found.push(Pause {
                from: since,
                to: match (until, ended_at) {
                    (Some(until), Some(ended)) => Some(until.min(ended)),
                    (until, ended) => until.or(ended),
                },
            });
        }
    };
    for gone in &history.gone {
        stand(gone.since.at, gone.until);
    }
    if let Some(policy) = assigned
        .map(|assigned| assigned.policy)
        .filter(|_| run.kind.pauses_by_status())
    {
        for spell in &history.statuses {
            if policy.pauses.contains(&spell.is) {
                stand(spell.since.at, spell.until);
            }
        }
        if policy.pause_while_client_owes && run.kind == ClockKind::Resolution {
            for spell in &history.client_owes {
                stand(spell.since.at, spell.until);
            }
        }
    }
    Pauses::new(found)
}

fn promise(
    run: &Run,
    history: &History,
    book: &Rulebook,
    assigned: Option<&Assigned<'_>>,
    since: DateTime<Utc>,
) -> Promise {
    let target = assigned.and_then(|assigned| assigned.policy.target(run.kind));
    let pauses = pauses(run, history, assigned);
    let mut promise = Promise {
        since,
        version: assigned.map_or_else(String::new, |assigned| assigned.version.name.clone()),
        policy: assigned.map_or_else(String::new, |assigned| assigned.policy.id.clone()),
        target,
        location: assigned.and_then(|assigned| assigned.location.cloned()),
        due_at: None,
        warnings: Vec::new(),
        pauses,
        fault: None,
    };
    let timed = match (run.due_at, assigned) {
        (Some(named), assigned) => named_due(book, assigned, run, named),
        (None, Some(assigned)) if target.is_some() => {
            due(book, assigned, run.kind, run.started.at, &promise.pauses)
        }
        _ => return promise,
    };
    match timed {
        Ok((due_at, warnings)) => {
            promise.due_at = due_at;
            promise.warnings = warnings;
        }
        Err(error) => promise.fault = Some(error.to_string()),
    }
    promise
}

/// A due instant, which is not known while the clock stands, and the instants of the warnings.
pub type Timed = (Option<DateTime<Utc>>, Vec<(Warning, DateTime<Utc>)>);

/// When a promise made at `from` is due by a policy, and when it warns.
///
/// # Errors
/// [`CalendarError`], except for a pause without an end, which is no due instant yet.
pub fn due(
    book: &Rulebook,
    assigned: &Assigned<'_>,
    kind: ClockKind,
    from: DateTime<Utc>,
    pauses: &Pauses,
) -> Result<Timed, CalendarError> {
    let (calendar, whole) = match assigned.policy.target(kind) {
        None => return Ok((None, Vec::new())),
        Some(Target::Open(seconds)) => (assigned.calendar, TimeDelta::seconds(seconds)),
        Some(Target::Days(days)) => (assigned.calendar, assigned.calendar.time_of_days(from, days)?),
        Some(Target::Elapsed(seconds)) => (book.always(), TimeDelta::seconds(seconds)),
    };
    let at = |time: TimeDelta| match calendar.add(from, time, pauses) {
        Ok(at) => Ok(Some(at)),
        Err(CalendarError::Standing) => Ok(None),
        Err(error) => Err(error),
    };
    let due_at = at(whole)?;
    let mut warnings = Vec::with_capacity(assigned.policy.warnings.len());
    for warning in &assigned.policy.warnings {
        let time = match warning {
            Warning::At(mille) => whole.checked_mul(i32::from(*mille)).map(|time| time / 1000),
            Warning::Before(seconds) => Some(whole - TimeDelta::seconds(*seconds)),
        };
        if let Some(time) = time.filter(|time| *time > TimeDelta::zero()) {
            warnings.extend(at(time)?.map(|at| (*warning, at)));
        }
    }
    warnings.sort_by_key(|(_, at)| *at);
    Ok((due_at, warnings))
}

/// A promise for an instant that was named: due then, or so much later as the policy allows.
fn named_due(
    book: &Rulebook,
    assigned: Option<&Assigned<'_>>,
    run: &Run,
    named: DateTime<Utc>,
) -> Result<Timed, CalendarError> {
    let grace = assigned.and_then(|assigned| {
        let has_grace = run.kind == ClockKind::Callback && assigned.policy.callback.is_some();
        has_grace.then_some(assigned)
    });
    let due_at = match grace {
        None => named,
        Some(assigned) => match assigned.policy.callback {
            // No grace at all is the named instant, even where it lies outside hours.
            Some(Target::Open(0) | Target::Elapsed(0)) => named,
            _ => due(book, assigned, run.kind, named, Pauses::NONE)?
                .0
                .unwrap_or(named),
        },
    };
    let whole = due_at - run.started.at;
    let warnings = assigned.iter().flat_map(|assigned| &assigned.policy.warnings);
    let mut warnings: Vec<_> = warnings
        .filter_map(|warning| {
            let at = match warning {
                Warning::At(mille) => run.started.at + whole.checked_mul(i32::from(*mille))? / 1000,
                Warning::Before(seconds) => due_at - TimeDelta::seconds(*seconds),
            };
            (run.started.at < at && at < due_at).then_some((*warning, at))
        })
        .collect();
    warnings.sort_by_key(|(_, at)| *at);
    Ok((Some(due_at), warnings))
}
