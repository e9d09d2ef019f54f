//! An escalation: what came in, untouched, and what happened since, as events.
//!
//! [`Escalation::apply`] is the only way to change one. It is a pure fold, so the stored events give the
//! same escalation after any restart; and it refuses what cannot be, with a sentence for the person who
//! tried, so that no state holds an illegal combination.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use super::event::{Actor, Event, Sign, State, What, Work};
pub use super::opening::{
    About, Caller, ClientFacts, EscalationId, LONGEST_WORDS, Matched, Opening, Snapshot,
};
use super::words::Severity;
use crate::ids::PersonId;

/// Where on its ladder an escalation is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Climb {
    /// The rung, from 0; one past the last is the end of the ladder.
    pub rung: u32,
    /// The time round the ladder, from 0.
    pub round: u32,
    /// Whom the rung told, and until when it waits; `None` while the rung's turn has just come.
    pub told: Option<Told>,
    /// Was anybody told in this round? A round that told nobody ends the ladder.
    pub told_in_round: bool,
    /// When the climb began.
    pub since: DateTime<Utc>,
}

/// Those on a rung who were told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Who.
    pub people: BTreeSet<PersonId>,
    /// Who of them could not be reached.
    pub unreached: BTreeSet<PersonId>,
    /// When.
    pub at: DateTime<Utc>,
    /// Until when the rung waits.
    pub until: DateTime<Utc>,
}

impl Climb {
    const fn from(rung: u32, round: u32, since: DateTime<Utc>) -> Self {
        Self {
            rung,
            round,
            told: None,
            told_in_round: false,
            since,
        }
    }
}

/// Somebody has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Who.
    pub by: PersonId,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The last signs that they are at work.
    pub signs: BTreeMap<Sign, DateTime<Utc>>,
    /// On whom it waits.
    pub work: Work,
}

impl Held {
    fn saw(&mut self, sign: Sign, at: DateTime<Utc>) {
        let last = self.signs.entry(sign).or_insert(at);
        *last = (*last).max(at);
    }

    /// The last of the signs that count; taking it is one.
    pub fn last_sign(&self, counted: &[Sign]) -> DateTime<Utc> {
        let seen = counted.iter().filter_map(|sign| self.signs.get(sign));
        seen.copied().fold(self.since, DateTime::max)
    }
}

/// Where an escalation stands; no other combination of facts can be written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Came in, or came back: nobody has it, and the rules must say who gets it.
    Unrouted {
        /// Did it come back?
        again: bool,
    },
    /// Given to somebody, climbing until somebody takes it.
    Climbing {
        /// Who was given it.
        to: PersonId,
        /// By which ladder.
        ladder: String,
        /// Where on it.
        climb: Climb,
    },
    /// Somebody has it.
    Held {
        /// Who, and at what.
        held: Held,
        /// The ladder that it climbs if they go silent.
        ladder: String,
    },
    /// Done.
    Resolved {
        /// By whom.
        by: Actor,
        /// When.
        at: DateTime<Utc>,
        /// How.
        how: String,
        /// Who had it.
        handler: Option<PersonId>,
    },
    /// Done for good.
    Closed {
        /// When.
        at: DateTime<Utc>,
        /// Who had it.
        handler: Option<PersonId>,
    },
    /// Part of another one.
    Merged {
        /// Which.
        into: EscalationId,
        /// When.
        at: DateTime<Utc>,
    },
}

/// An escalation as its events make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    /// What came in.
    pub opening: Opening,
    /// How bad it is now.
    pub severity: Severity,
    /// Whom it is about, as far as is known now.
    pub matched: Matched,
    /// Where it stands.
    pub standing: Standing,
    /// How often the same matter came in, the first time counted.
    pub times: u32,
    /// How often it came back after it was done.
    pub reopened: u32,
    /// How often whoever took it went silent.
    pub silences: u32,
    /// How many events made it.
    pub events: u32,
    /// When somebody first took it.
    pub acknowledged_at: Option<DateTime<Utc>>,
}

/// What cannot be done with an escalation as it stands; a sentence for whoever tried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

impl Escalation {
    /// As it came in, before any event.
    pub fn open(opening: Opening) -> Self {
        Self {
            severity: opening.severity,
            matched: opening.matched.clone(),
            standing: Standing::Unrouted { again: false },
            times: 1,
            reopened: 0,
            silences: 0,
            events: 0,
            acknowledged_at: None,
            opening,
        }
    }

    /// What its events make of it; a stored event that cannot be is an error, never skipped.
    pub fn replay(opening: Opening, events: impl IntoIterator<Item = Event>) -> Result<Self, Refused> {
        events
            .into_iter()
            .try_fold(Self::open(opening), |escalation, event| escalation.apply(&event))
    }

    /// Its id.
    pub const fn id(&self) -> EscalationId {
        self.opening.id
    }

    /// The word for where it stands.
    pub const fn state(&self) -> State {
        match &self.standing {
            Standing::Unrouted { again: false } => State::New,
            Standing::Unrouted { again: true } => State::Reopened,
            Standing::Climbing { .. } => State::Routed,
            Standing::Held { held, .. } => match held.work {
                Work::Acknowledged => State::Acknowledged,
                Work::InProgress => State::InProgress,
                Work::WaitingClient => State::WaitingClient,
                Work::WaitingInternal => State::WaitingInternal,
            },
            Standing::Resolved { .. } => State::Resolved,
            Standing::Closed { .. } => State::Closed,
            Standing::Merged { .. } => State::Merged,
        }
    }

    /// Is it still to be dealt with?
    pub const fn is_open(&self) -> bool {
        matches!(
            self.standing,
            Standing::Unrouted { .. } | Standing::Climbing { .. } | Standing::Held { .. }
        )
    }

    /// Who has it, or was given it, or had it.
    pub const fn handler(&self) -> Option<&PersonId> {
        match &self.standing {
            Standing::Climbing { to, .. } => Some(to),
            Standing::Held { held, .. } => Some(&held.by),
            Standing::Resolved { handler, .. } | Standing::Closed { handler, .. } => handler.as_ref(),
            Standing::Unrouted { .. } | Standing::Merged { .. } => None,
        }
    }

    fn refuse(&self, to: &str) -> Refused {
        let why = match &self.standing {
            Standing::Unrouted { .. } => "nobody was given it yet",
            Standing::Climbing { .. } => "nobody has acknowledged it yet",
            Standing::Held { .. } => "somebody has it already",
            Standing::Resolved { .. } => "it is resolved; reopen it first",
            Standing::Closed { .. } => "it is closed; make a new one that names it",
            Standing::Merged { into, .. } => {
                return Refused(format!("this escalation cannot be {to}: it is part of {into}"));
            }
        };
        Refused(format!("this escalation cannot be {to}: {why}"))
    }

    /// The escalation after an event, or why that cannot be.
    pub fn apply(&self, event: &Event) -> Result<Self, Refused> {
        let mut next = self.clone();
        next.events += 1;
        next.standing = self.standing_after(event)?;
        match &event.what {
            What::ClientNamed { client } => next.matched = Matched::Found(client.clone()),
            What::Joined { severity, .. } => {
                next.times += 1;
                next.severity = next.severity.max(*severity);
            }
            // A rule raises, it never lowers.
            What::Routed { severity, .. } => next.severity = next.severity.max(*severity),
            What::SeverityChanged { severity } => next.severity = *severity,
            What::Acknowledged { .. } => {
                next.acknowledged_at = next.acknowledged_at.or(Some(event.at));
            }
            What::Silent { .. } => next.silences += 1,
            What::Reopened { .. } => next.reopened += 1,
            _ => {}
        }
        Ok(next)
    }

    fn standing_after(&self, event: &Event) -> Result<Standing, Refused> {
        let same = || Ok(self.standing.clone());
        match &event.what {
            What::Created if self.events == 0 => same(),
            What::Created => Err(Refused("an escalation is created once".to_owned())),
            What::Absorbed { .. } if !matches!(self.standing, Standing::Merged { .. }) => same(),
            What::Absorbed { .. } => Err(self.refuse("merged with another one")),
            What::ClientNamed { .. } | What::Joined { .. } | What::SeverityChanged { .. }
                if self.is_open() =>
            {
                same()
            }
            What::ClientNamed { .. } | What::Joined { .. } | What::SeverityChanged { .. } => {
                Err(self.refuse("changed"))
            }
            What::Routed { to, ladder, .. } => self.after_routing(to, ladder, event.at),
            What::Notified { .. }
            | What::Skipped { .. }
            | What::Unreachable { .. }
            | What::Climbed { .. } => self.after_a_rung(event),
            What::Acknowledged { by } => self.after_taking(by, event.at),
            What::Progressed { .. } | What::Working { .. } | What::Silent { .. } => self.after_work(event),
            What::Reassigned { to, .. } => self.after_giving(to, event.at),
            What::Merged { into } => match &self.standing {
                _ if *into == self.id() => Err(Refused(
                    "an escalation cannot be merged into itself; name another one".to_owned(),
                )),
                _ if !self.is_open() => Err(self.refuse("merged")),
                _ => Ok(Standing::Merged {
                    into: *into,
                    at: event.at,
                }),
            },
            What::Resolved { how } if self.is_open() => Ok(Standing::Resolved {
                by: event.by.clone(),
                at: event.at,
                how: how.clone(),
                handler: self.handler().cloned(),
            }),
            What::Resolved { .. } => Err(self.refuse("resolved")),
            What::Reopened { .. } => match &self.standing {
                Standing::Resolved { .. } => Ok(Standing::Unrouted { again: true }),
                Standing::Closed { .. } | Standing::Merged { .. } => Err(self.refuse("reopened")),
                _ => Err(Refused(
                    "this escalation cannot be reopened: it is open".to_owned(),
                )),
            },
            What::Closed => match &self.standing {
                Standing::Resolved { handler, .. } => Ok(Standing::Closed {
                    at: event.at,
                    handler: handler.clone(),
                }),
                Standing::Closed { .. } | Standing::Merged { .. } => Err(self.refuse("closed")),
                _ => Err(Refused(
                    "this escalation cannot be closed: resolve it first".to_owned(),
                )),
            },
        }
    }

    fn after_routing(&self, to: &PersonId, ladder: &str, at: DateTime<Utc>) -> Result<Standing, Refused> {
        match &self.standing {
            Standing::Unrouted { .. } => Ok(Standing::Climbing {
                to: to.clone(),
                ladder: ladder.to_owned(),
                climb: Climb::from(0, 0, at),
            }),
            Standing::Climbing { .. } => Err(Refused(
                "this escalation cannot be routed: somebody was given it already; reassign it".to_owned(),
            )),
            _ => Err(self.refuse("routed")),
        }
    }

    fn after_a_rung(&self, event: &Event) -> Result<Standing, Refused> {
        // Somebody who has it may hand it upwards by hand; everything else happens while it climbs.
        if let (Standing::Held { held, ladder }, What::Climbed { rung, round, .. }) =
            (&self.standing, &event.what)
        {
            return Ok(Standing::Climbing {
                to: held.by.clone(),
                ladder: ladder.clone(),
                climb: Climb::from(*rung, *round, event.at),
            });
        }
        let Standing::Climbing { to, ladder, climb } = &self.standing else {
            return Err(self.refuse("escalated further"));
        };
        let mut climb = climb.clone();
        match &event.what {
            What::Notified {
                rung,
                round,
                people,
                until,
                ..
            } => {
                climb.rung = *rung;
                climb.round = *round;
                climb.told_in_round = true;
                climb.told = Some(Told {
                    people: people.clone(),
                    unreached: BTreeSet::new(),
                    at: event.at,
                    until: *until,
                });
            }
            What::Skipped { rung, round, .. } => {
                climb.rung = rung + 1;
                climb.round = *round;
                climb.told = None;
            }
            What::Unreachable { person, .. } => {
                // Who is not among the told is news about a rung that was left already.
                if let Some(told) = &mut climb.told
                    && told.people.contains(person)
                {
                    told.unreached.insert(person.clone());
                    if told.unreached == told.people {
                        told.until = told.until.min(event.at);
                    }
                }
            }
            What::Climbed { rung, round, .. } => {
                climb.told_in_round = climb.told_in_round && *round == climb.round;
                climb.rung = *rung;
                climb.round = *round;
                climb.told = None;
            }
            _ => return Err(self.refuse("changed")),
        }
        Ok(Standing::Climbing {
            to: to.clone(),
            ladder: ladder.clone(),
            climb,
        })
    }

    fn after_taking(&self, by: &PersonId, at: DateTime<Utc>) -> Result<Standing, Refused> {
        match &self.standing {
            Standing::Climbing { ladder, .. } => Ok(Standing::Held {
                held: Held {
                    by: by.clone(),
                    since: at,
                    signs: BTreeMap::new(),
                    work: Work::Acknowledged,
                },
                ladder: ladder.clone(),
            }),
            Standing::Held { held, .. } if held.by == *by => {
                Err(Refused("you have this escalation already".to_owned()))
            }
            Standing::Held { held, .. } => Err(Refused(format!(
                "{} has this escalation already; reassign it to take it over",
                held.by
            ))),
            _ => Err(self.refuse("acknowledged")),
        }
    }

    fn after_work(&self, event: &Event) -> Result<Standing, Refused> {
        let Standing::Held { held, ladder } = &self.standing else {
            // A reply by somebody before anybody took it is on the record; it does not stop the ladder.
            return match &event.what {
                What::Progressed { .. } if self.is_open() => Ok(self.standing.clone()),
                _ => Err(self.refuse("worked on")),
            };
        };
        let mut held = held.clone();
        match &event.what {
            What::Silent { .. } => {
                return Ok(Standing::Climbing {
                    to: held.by,
                    ladder: ladder.clone(),
                    climb: Climb::from(0, 0, event.at),
                });
            }
            What::Progressed { sign } => {
                held.saw(*sign, event.at);
                if held.work == Work::Acknowledged {
                    held.work = Work::InProgress;
                }
            }
            What::Working { work } => {
                held.saw(Sign::Status, event.at);
                held.work = *work;
            }
            _ => return Err(self.refuse("worked on")),
        }
        Ok(Standing::Held {
            held,
            ladder: ladder.clone(),
        })
    }

    fn after_giving(&self, to: &PersonId, at: DateTime<Utc>) -> Result<Standing, Refused> {
        match &self.standing {
            // The ladder starts again for whoever has it now: they were not told before.
            Standing::Climbing { ladder, .. } | Standing::Held { ladder, .. } => Ok(Standing::Climbing {
                to: to.clone(),
                ladder: ladder.clone(),
                climb: Climb::from(0, 0, at),
            }),
            _ => Err(self.refuse("reassigned")),
        }
    }
}
