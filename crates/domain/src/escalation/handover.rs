//! Follow the sun: when a rota's day ends, the next one takes the queue, with a summary of what it takes.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::choose::{Loads, somebody_on};
use super::desk::Desk;
use super::model::{Escalation, EscalationId, Standing, State, What, Work};
use super::rota::Carries;
use super::routing::Subject;
use super::words::{Kind, Severity};
use crate::ids::PersonId;

/// A pause shorter than this is lunch, not the end of the day.
const LUNCH: TimeDelta = TimeDelta::hours(4);

/// One rota hands over to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Handover {
    /// When.
    pub at: DateTime<Utc>,
    /// Who goes off: the rota.
    pub from: String,
    /// Who takes over: the rota.
    pub to: String,
    /// Who was on.
    pub giving: BTreeSet<PersonId>,
    /// Who is on then.
    pub taking: BTreeSet<PersonId>,
}

/// Every hand-over within a stretch of time, in order. Where nobody of the next rotas is on when a day
/// ends, the queue goes over when the first of them begins; where the rota itself begins again before
/// that, it keeps its queue.
pub fn handovers(desk: &Desk, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Handover> {
    let mut found = Vec::new();
    for rota in desk.rotas().filter(|rota| rota.hands_over_to.is_some()) {
        // A day that ended before the stretch may hand over within it.
        let duties = rota.duties(from - TimeDelta::days(2), until + TimeDelta::days(2));
        let mut ends: BTreeSet<DateTime<Utc>> = duties.iter().map(|duty| duty.until).collect();
        ends.retain(|end| {
            !duties
                .iter()
                .any(|duty| duty.from < *end + LUNCH && *end < duty.until)
        });
        for end in ends {
            let own = duties
                .iter()
                .map(|duty| duty.from)
                .filter(|start| *start >= end)
                .min();
            let giving = duties
                .iter()
                .filter(|duty| duty.until == end)
                .map(|duty| duty.person.clone())
                .collect();
            if let Some((to, at)) = taker(desk, &rota.id, end, own)
                && from <= at
                && at < until
            {
                let taking = desk
                    .rota(&to)
                    .map(|next| next.on_at(at, None))
                    .unwrap_or_default();
                found.push(Handover {
                    at,
                    from: rota.id.clone(),
                    to,
                    giving,
                    taking: taking.into_iter().map(|duty| duty.person).collect(),
                });
            }
        }
    }
    found.sort_by(|one, other| (one.at, &one.from).cmp(&(other.at, &other.from)));
    found
}

/// Which of the following rotas takes over, and when.
fn taker(
    desk: &Desk,
    rota: &str,
    end: DateTime<Utc>,
    own: Option<DateTime<Utc>>,
) -> Option<(String, DateTime<Utc>)> {
    let mut seen = BTreeSet::from([rota.to_owned()]);
    let mut chain = Vec::new();
    let mut at = desk.rota(rota)?.hands_over_to.as_deref();
    while let Some(next) = at.and_then(|id| desk.rota(id)) {
        if !seen.insert(next.id.clone()) {
            break;
        }
        chain.push(next);
        at = next.hands_over_to.as_deref();
    }
    if let Some(next) = chain.iter().find(|next| !next.on_at(end, None).is_empty()) {
        return Some((next.id.clone(), end));
    }
    let (starts, id) = chain
        .iter()
        .filter_map(|next| {
            let duties = next.duties(end, end + TimeDelta::days(2));
            let start = duties.into_iter().map(|duty| duty.from).min()?;
            Some((start, next.id.clone()))
        })
        .min()?;
    own.is_none_or(|own| starts < own).then_some((id, starts))
}

/// The next hand-over after an instant.
pub fn next_handover(desk: &Desk, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let from = after + TimeDelta::microseconds(1);
    handovers(desk, from, from + TimeDelta::days(4))
        .first()
        .map(|handover| handover.at)
}

/// To whom an escalation goes with a hand-over: `None` where it stays, because it is not theirs, waits for
/// the client, or nobody there may have it.
pub fn carry(
    desk: &Desk,
    escalation: &Escalation,
    subject: &Subject,
    handover: &Handover,
    loads: &Loads,
) -> Option<What> {
    let carries = desk.rota(&handover.from)?.carries;
    let goes = match &escalation.standing {
        Standing::Climbing { to, .. } => handover.giving.contains(to),
        Standing::Held { held, .. } => {
            carries == Carries::Everything
                && held.work != Work::WaitingClient
                && handover.giving.contains(&held.by)
        }
        _ => false,
    };
    if !goes {
        return None;
    }
    let to = somebody_on(desk, &handover.to, subject, loads, handover.at)?;
    Some(What::Reassigned {
        to,
        why: format!("{} hands over to {}", handover.from, handover.to),
    })
}

/// What goes over, for those who take it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// One line for all of it.
    pub headline: String,
    /// One line each, the most severe first, then the oldest.
    pub lines: Vec<SummaryLine>,
}

/// One escalation that goes over; whose account it is stays with the escalation itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SummaryLine {
    /// Which.
    pub id: EscalationId,
    /// What about.
    pub kind: Kind,
    /// How bad.
    pub severity: Severity,
    /// Where it stood.
    pub state: State,
    /// Who had it.
    pub had: Option<PersonId>,
    /// Since when it is open.
    pub since: DateTime<Utc>,
    /// How often it came in.
    pub times: u32,
}

/// What goes over with a hand-over.
pub fn summary(desk: &Desk, handover: &Handover, carried: &[Escalation]) -> Summary {
    let mut lines: Vec<SummaryLine> = carried
        .iter()
        .map(|one| SummaryLine {
            id: one.id(),
            kind: one.opening.kind,
            severity: one.severity,
            state: one.state(),
            had: one.handler().cloned(),
            since: one.opening.at,
            times: one.times,
        })
        .collect();
    lines.sort_by_key(|line| (std::cmp::Reverse(line.severity), line.since, line.id));
    let worst = lines
        .iter()
        .filter(|line| line.severity >= Severity::High)
        .count();
    let names: Vec<&str> = handover.taking.iter().map(|person| desk.name(person)).collect();
    let count = match lines.len() {
        0 => "nothing open".to_owned(),
        1 => "1 open escalation".to_owned(),
        many => format!("{many} open escalations"),
    };
    let severe = match worst {
        0 => String::new(),
        worst => format!(", {worst} of them high or worse"),
    };
    Summary {
        headline: format!(
            "{} hands over to {} ({}): {count}{severe}.",
            handover.from,
            handover.to,
            names.join(", ")
        ),
        lines,
    }
}
