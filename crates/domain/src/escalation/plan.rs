//! What has to happen to an escalation now, and when to ask again.
//!
//! [`plan`] decides only. Whoever calls it keeps the events of all its steps, the new next instant and
//! everything that must go out in one transaction; a process that dies before that has done nothing, one
//! that dies after it has done all of it. Asked again at once, the plan is empty.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::choose::{Candidate, Decision, Loads, last_resort, route, tell};
use super::desk::Desk;
use super::ladder::{Ladder, WorkingTime};
use super::model::{Actor, ClientFacts, Climb, Escalation, Event, Standing, What, Work};
use super::routing::Subject;
use crate::ids::{LocationId, PersonId};

/// The name of what comes after the last rung.
pub const END: &str = "end of the ladder";

/// What the plan looks at beside the escalation.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// Rules, people, rotas.
    pub desk: &'a Desk,
    /// The clients that the escalation may be about, as they are known now.
    pub clients: &'a [ClientFacts],
    /// Where there is a sale today.
    pub sales_at: &'a BTreeSet<LocationId>,
    /// Whoever last had an escalation of the same client.
    pub last_handler: Option<&'a PersonId>,
    /// What everybody has on their hands.
    pub loads: &'a Loads,
    /// How locations work.
    pub working: &'a dyn WorkingTime,
}

impl std::fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("clients", &self.clients)
            .finish_non_exhaustive()
    }
}

/// One thing that happens, and who hears of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is kept.
    pub event: Event,
    /// Who is told by name.
    pub tell: BTreeSet<PersonId>,
    /// What the ticket's private note and the thread say.
    pub note: String,
    /// How the routing came about, where this step is one.
    pub decision: Option<Box<Decision>>,
}

/// What has to happen now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// In order.
    pub steps: Vec<Step>,
    /// The escalation after all of them.
    pub after: Escalation,
    /// When to ask again if nothing happens before; `None` while it waits for a person only.
    pub next_at: Option<DateTime<Utc>>,
}

/// What has to happen now, and when to ask again.
pub fn plan(escalation: &Escalation, world: &World<'_>, now: DateTime<Utc>) -> Plan {
    let mut steps = Vec::new();
    let mut after = escalation.clone();
    // Each rung is entered at most once a call, so this bound is never met; it is there so that a mistake
    // in a ladder costs one odd note and not the engine.
    let most = usize::try_from(world.desk.ladder(ladder_id(&after)).height())
        .unwrap_or(0)
        .saturating_mul(2)
        + 8;
    while steps.len() < most {
        match next(&after, world, now) {
            Next::Do(step) => match after.apply(&step.event) {
                Ok(applied) => {
                    after = applied;
                    steps.push(*step);
                }
                Err(_) => break,
            },
            Next::Wait(next_at) => {
                return Plan {
                    steps,
                    after,
                    next_at,
                };
            }
        }
    }
    Plan {
        steps,
        after,
        next_at: Some(now + TimeDelta::minutes(1)),
    }
}

fn ladder_id(escalation: &Escalation) -> &str {
    match &escalation.standing {
        Standing::Climbing { ladder, .. } | Standing::Held { ladder, .. } => ladder,
        _ => "",
    }
}

enum Next {
    Do(Box<Step>),
    Wait(Option<DateTime<Utc>>),
}

fn step(now: DateTime<Utc>, what: What, tell: BTreeSet<PersonId>, note: String) -> Next {
    Next::Do(Box::new(Step {
        event: Event {
            at: now,
            by: Actor::Desk,
            what,
        },
        tell,
        note,
        decision: None,
    }))
}

fn next(escalation: &Escalation, world: &World<'_>, now: DateTime<Utc>) -> Next {
    let subject = || Subject::of(escalation, world.clients, world.sales_at, world.last_handler);
    match &escalation.standing {
        Standing::Unrouted { .. } => give(world, &subject(), now),
        Standing::Climbing { to, ladder, climb } => {
            let on = Rungs {
                escalation,
                world,
                ladder: world.desk.ladder(ladder),
                to,
                climb,
                now,
            };
            match &climb.told {
                Some(told) if now < told.until => Next::Wait(Some(told.until)),
                Some(_) if climb.rung >= on.ladder.height() => on.end(&subject()),
                Some(told) => on.climb(told.unreached == told.people),
                None => on.enter(&subject()),
            }
        }
        Standing::Held { held, ladder } if held.work != Work::WaitingClient => {
            let ladder = world.desk.ladder(ladder);
            let since = held.last_sign(&ladder.signs);
            let location = place(escalation, world);
            let due = ladder
                .silence
                .ends(since, escalation.severity, location.as_ref(), world.working);
            if now < due {
                return Next::Wait(Some(due));
            }
            let note = format!(
                "{} took this and then nothing was seen since {}; the ladder starts again.",
                world.desk.name(&held.by),
                since.format("%-d %b %H:%M UTC")
            );
            let what = What::Silent {
                holder: held.by.clone(),
                since,
            };
            // Those who are told come with the rung that follows, rights looked at.
            step(now, what, BTreeSet::new(), note)
        }
        _ => Next::Wait(None),
    }
}

fn place(escalation: &Escalation, world: &World<'_>) -> Option<LocationId> {
    Subject::of(escalation, world.clients, world.sales_at, None).location
}

fn give(world: &World<'_>, subject: &Subject, now: DateTime<Utc>) -> Next {
    let decision = route(world.desk, subject, world.loads, now);
    let note = format!(
        "Given to {} by {}: {}.",
        world.desk.name(&decision.to),
        decision.by,
        decision.why
    );
    let what = What::Routed {
        to: decision.to.clone(),
        by: decision.by.clone(),
        why: decision.why.clone(),
        ladder: decision.ladder.clone(),
        severity: decision.severity,
    };
    Next::Do(Box::new(Step {
        event: Event {
            at: now,
            by: Actor::Desk,
            what,
        },
        tell: BTreeSet::new(),
        note,
        decision: Some(Box::new(decision)),
    }))
}

/// An escalation on its ladder.
struct Rungs<'a> {
    escalation: &'a Escalation,
    world: &'a World<'a>,
    ladder: &'a Ladder,
    to: &'a PersonId,
    climb: &'a Climb,
    now: DateTime<Utc>,
}

impl Rungs<'_> {
    /// The rung's turn has come: those on it are told, or it is skipped at once.
    fn enter(&self, subject: &Subject) -> Next {
        let number = self.climb.rung;
        let Some(rung) = self.ladder.rung(number) else {
            return if self.may_go_round() {
                self.go_round("the ladder starts again")
            } else {
                self.end(subject)
            };
        };
        let (people, seen) = tell(self.world.desk, &rung.to, subject, Some(self.to), self.now);
        if people.is_empty() {
            let why = why_nobody(&seen);
            let note = format!("Rung {} has nobody to tell ({why}); it is skipped.", rung.name);
            let what = What::Skipped {
                rung: number,
                name: rung.name.clone(),
                round: self.climb.round,
                why,
            };
            return step(self.now, what, BTreeSet::new(), note);
        }
        let ends = rung.wait.ends(
            self.now,
            self.escalation.severity,
            subject.location.as_ref(),
            self.world.working,
        );
        self.told(&rung.name, people, self.before_the_deadline(ends))
    }

    fn told(&self, name: &str, people: BTreeSet<PersonId>, until: DateTime<Utc>) -> Next {
        let names: Vec<&str> = people.iter().map(|person| self.world.desk.name(person)).collect();
        let then = if self.climb.rung < self.ladder.height() {
            "the next rung's turn is"
        } else {
            "they are told again"
        };
        let note = format!(
            "Told {} ({name}); {then} at {}.",
            names.join(", "),
            until.format("%-d %b %H:%M UTC")
        );
        let what = What::Notified {
            rung: self.climb.rung,
            name: name.to_owned(),
            round: self.climb.round,
            people: people.clone(),
            until,
        };
        step(self.now, what, people, note)
    }

    /// Where there is a deadline, the rungs that are left share what time there is.
    fn before_the_deadline(&self, ends: DateTime<Utc>) -> DateTime<Utc> {
        let Some(deadline) = self.escalation.opening.deadline else {
            return ends;
        };
        let left = self
            .ladder
            .height()
            .saturating_sub(self.climb.rung)
            .saturating_add(1);
        let share = (deadline - self.now) / i32::try_from(left).unwrap_or(i32::MAX);
        ends.min(self.now + share.max(TimeDelta::minutes(1)))
    }

    /// The rung waited in vain, or could not be reached.
    fn climb(&self, is_unreached: bool) -> Next {
        let name = self
            .ladder
            .rung(self.climb.rung)
            .map_or(END, |rung| rung.name.as_str());
        let why = if is_unreached {
            format!("nobody on rung {name} could be reached")
        } else {
            format!("nobody acknowledged on rung {name}")
        };
        let number = self.climb.rung.saturating_add(1);
        if number == self.ladder.height() && self.may_go_round() {
            return self.go_round(&why);
        }
        self.go_to(number, self.climb.round, why)
    }

    fn may_go_round(&self) -> bool {
        self.climb.told_in_round && self.climb.round.saturating_add(1) < self.ladder.times
    }

    fn go_round(&self, why: &str) -> Next {
        self.go_to(0, self.climb.round + 1, why.to_owned())
    }

    fn go_to(&self, rung: u32, round: u32, why: String) -> Next {
        let name = self.ladder.rung(rung).map_or(END, |rung| rung.name.as_str());
        let note = format!("Climbs to {name}: {why}.");
        step(
            self.now,
            What::Climbed { rung, round, why },
            BTreeSet::new(),
            note,
        )
    }

    /// The end of the ladder tells somebody again and again: it never falls silent by itself.
    fn end(&self, subject: &Subject) -> Next {
        let (mut people, _) = tell(
            self.world.desk,
            &self.ladder.ends_with,
            subject,
            Some(self.to),
            self.now,
        );
        if people.is_empty() {
            people.insert(last_resort(self.world.desk, subject, self.now));
        }
        let until = self.now + self.ladder.remind_every.delta();
        self.told(END, people, until)
    }
}

fn why_nobody(seen: &[Candidate]) -> String {
    let mut reasons: Vec<&str> = Vec::new();
    for candidate in seen {
        if !reasons.contains(&candidate.says.as_str()) {
            reasons.push(&candidate.says);
        }
    }
    if reasons.is_empty() {
        "it names nobody".to_owned()
    } else {
        reasons.join("; ")
    }
}
