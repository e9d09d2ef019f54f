//! What would be if the rules were others: which open deadlines move, which past results flip, and who would
//! have been told of what. Nothing is changed by it; applying the same rules makes the same difference.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::event::Event;
use super::judge::{Happening, Judged, Occasion, State, judge_events};
use super::policy::{Rulebook, Version};
use crate::helpdesk::TicketId;

/// An open deadline that moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// On which ticket.
    pub ticket: TicketId,
    /// Which clock.
    pub clock: String,
    /// Due before; nothing where it stands or nobody promised a time.
    pub was: Option<DateTime<Utc>>,
    /// Due after.
    pub now: Option<DateTime<Utc>>,
    /// Where it stood.
    pub state_was: State,
    /// Where it stands then.
    pub state_now: State,
    /// The policy before.
    pub policy_was: String,
    /// The policy after.
    pub policy_now: String,
    /// Whose it is.
    pub assignee: Option<String>,
}

/// A past result that would have been another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flipped {
    /// On which ticket.
    pub ticket: TicketId,
    /// Which clock.
    pub clock: String,
    /// What it is.
    pub was: State,
    /// What it would have been.
    pub now: State,
    /// Whose it was.
    pub assignee: Option<String>,
}

/// Something that somebody would have been told of, or would not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// On which ticket.
    pub ticket: TicketId,
    /// Which clock.
    pub clock: String,
    /// What.
    pub occasion: Occasion,
    /// When.
    pub at: DateTime<Utc>,
    /// Whose it was: who is told first.
    pub assignee: Option<String>,
    /// Where: whose managers are told.
    pub location: Option<crate::ids::LocationId>,
    /// Is it told only under the new rules, or only under the old ones?
    pub is_new: bool,
}

/// The whole difference.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// Open deadlines that move, in order of ticket and clock.
    pub moved: Vec<Moved>,
    /// Past results that would have been others.
    pub flipped: Vec<Flipped>,
    /// What would have been told, and no longer.
    pub told: Vec<Told>,
    /// Open clocks that were looked at.
    pub open: usize,
    /// Past results that were looked at.
    pub past: usize,
}

impl Rehearsal {
    /// Would nothing change?
    pub const fn is_empty(&self) -> bool {
        self.moved.is_empty() && self.flipped.is_empty() && self.told.is_empty()
    }
}

/// Tries new rules on tickets. Open clocks are moved as applying the rules at `now` would; past results are
/// those that the rules would have led to, had they always been in force.
pub fn rehearse<'a>(
    book: &Rulebook,
    candidate: &Version,
    tickets: impl IntoIterator<Item = (TicketId, &'a [Event])>,
    now: DateTime<Utc>,
) -> Rehearsal {
    let applied = book.with(Version {
        from: now,
        moves_open: true,
        ..candidate.clone()
    });
    let always = book.alone(candidate);
    let mut difference = Rehearsal::default();
    for (ticket, events) in tickets {
        let was = judge_events(events, book, now);
        difference.open_clocks(ticket, &was, &judge_events(events, &applied, now));
        difference.past_clocks(ticket, &was, &judge_events(events, &always, now), now);
    }
    difference
}

fn policy(clock: &Judged) -> String {
    clock
        .promise()
        .map_or_else(String::new, |promise| promise.policy.clone())
}

/// The open deadlines of a ticket that stand elsewhere or otherwise by other rules.
pub fn moved_by(ticket: TicketId, was: &[Judged], then: &[Judged]) -> Vec<Moved> {
    let then: BTreeMap<&str, &Judged> = then.iter().map(|clock| (clock.run.key.as_str(), clock)).collect();
    let open = was.iter().filter(|clock| clock.run.ended.is_none());
    let pairs = open.filter_map(|before| Some((before, *then.get(before.run.key.as_str())?)));
    pairs
        .filter(|(before, after)| (before.due_at, before.state) != (after.due_at, after.state))
        .map(|(before, after)| Moved {
            ticket,
            clock: before.run.key.clone(),
            was: before.due_at,
            now: after.due_at,
            state_was: before.state,
            state_now: after.state,
            policy_was: policy(before),
            policy_now: policy(after),
            assignee: after.assignee.clone(),
        })
        .collect()
}

impl Rehearsal {
    fn open_clocks(&mut self, ticket: TicketId, was: &[Judged], then: &[Judged]) {
        self.open += was.iter().filter(|clock| clock.run.ended.is_none()).count();
        self.moved.extend(moved_by(ticket, was, then));
    }

    fn past_clocks(&mut self, ticket: TicketId, was: &[Judged], always: &[Judged], now: DateTime<Utc>) {
        let others: BTreeMap<&str, &Judged> = always
            .iter()
            .map(|clock| (clock.run.key.as_str(), clock))
            .collect();
        for before in was.iter().filter(|clock| clock.state.is_past()) {
            self.past += 1;
            let after = others.get(before.run.key.as_str());
            if let Some(after) = after.filter(|after| after.state != before.state) {
                self.flipped.push(Flipped {
                    ticket,
                    clock: before.run.key.clone(),
                    was: before.state,
                    now: after.state,
                    assignee: after.assignee.clone(),
                });
            }
        }
        let named = |clocks: &[Judged]| -> BTreeSet<(String, Occasion)> {
            let all = clocks
                .iter()
                .flat_map(|clock| clock.happenings(now, TimeDelta::zero()));
            all.map(|happening| (happening.clock, happening.occasion))
                .collect()
        };
        let (old, new) = (named(was), named(always));
        for (clocks, other, is_new) in [(always, &old, true), (was, &new, false)] {
            for clock in clocks {
                for Happening { occasion, at, .. } in clock.happenings(now, TimeDelta::zero()) {
                    if !other.contains(&(clock.run.key.clone(), occasion)) {
                        self.told.push(Told {
                            ticket,
                            clock: clock.run.key.clone(),
                            occasion,
                            at,
                            assignee: clock.assignee.clone(),
                            location: clock.location.clone(),
                            is_new,
                        });
                    }
                }
            }
        }
    }
}
