//! Who gets an escalation: the rules in order, their targets, who of them can take it, and what comes
//! after the last rule. The answer is always somebody with the rights to the account, and says why.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::desk::{Desk, any_restricted};
use super::routing::{RuleTrace, Subject};
use super::target::Target;
use super::words::Severity;
use crate::ids::PersonId;
use crate::model::Client;

/// How much everybody has on their hands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loads {
    /// Open escalations by person.
    pub open: BTreeMap<PersonId, u32>,
    /// When each was last given one.
    pub given_at: BTreeMap<PersonId, DateTime<Utc>>,
}

impl Loads {
    /// Somebody was given one; what is routed next in the same moment counts it.
    pub fn give(&mut self, person: &PersonId, at: DateTime<Utc>) {
        *self.open.entry(person.clone()).or_default() += 1;
        self.given_at.insert(person.clone(), at);
    }

    fn of(&self, person: &PersonId) -> u32 {
        self.open.get(person).copied().unwrap_or(0)
    }

    fn given(&self, person: &PersonId) -> DateTime<Utc> {
        self.given_at
            .get(person)
            .copied()
            .unwrap_or(DateTime::<Utc>::MIN_UTC)
    }
}

/// Somebody who was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Who; nobody where the target named nobody.
    pub person: Option<PersonId>,
    /// By which target.
    pub target: String,
    /// By which rule or fallback.
    pub by: String,
    /// Did they get it?
    pub taken: bool,
    /// Why, or why not.
    pub says: String,
}

/// Who gets it, and how that came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Who.
    pub to: PersonId,
    /// By which rule or fallback.
    pub by: String,
    /// Why, in a sentence.
    pub why: String,
    /// The ladder it climbs.
    pub ladder: String,
    /// How severe it is from here on.
    pub severity: Severity,
    /// Every rule, and why it did or did not hold.
    pub rules: Vec<RuleTrace>,
    /// Everybody who was looked at, and why they did or did not get it.
    pub candidates: Vec<Candidate>,
}

/// Where a look for somebody stands.
struct Search<'a> {
    desk: &'a Desk,
    subject: &'a Subject,
    clients: Vec<Client>,
    loads: &'a Loads,
    now: DateTime<Utc>,
    seen: Vec<Candidate>,
}

/// Gives it to somebody, always.
pub fn route(desk: &Desk, subject: &Subject, loads: &Loads, now: DateTime<Utc>) -> Decision {
    let mut search = Search::new(desk, subject, loads, now);
    let mut rules: Vec<RuleTrace> = desk
        .rules
        .routing
        .iter()
        .map(|rule| rule.trace(subject))
        .collect();
    let plain_ladder = desk.ladder("").id.clone();
    let mut found = None;
    let (mut ladder, mut severity) = (plain_ladder, subject.severity);
    if any_restricted(&search.clients) {
        found = search.first_of("the restricted list", &desk.rules.escalation.restricted, true);
    } else {
        for (rule, trace) in desk.rules.routing.iter().zip(&mut rules) {
            if !trace.holds {
                continue;
            }
            if let Some((to, why)) = search.first_of(&format!("rule {}", rule.id), &rule.to, true) {
                trace.gave = true;
                if let Some(named) = &rule.ladder {
                    ladder = desk.ladder(named).id.clone();
                }
                severity = severity.max(rule.severity.unwrap_or(severity));
                found = Some((to, why));
                break;
            }
        }
    }
    let (to, why) = found
        .or_else(|| search.first_of("the location's manager", &[Target::Manager], false))
        .unwrap_or_else(|| search.last_resort());
    let by = search
        .seen
        .iter()
        .rfind(|candidate| candidate.taken)
        .map_or_else(|| "the last resort".to_owned(), |candidate| candidate.by.clone());
    Decision {
        to,
        by,
        why,
        ladder,
        severity,
        rules,
        candidates: search.seen,
    }
}

/// Everybody whom these targets name and who may be told now, and why others are not; for a rung.
pub fn tell(
    desk: &Desk,
    targets: &[Target],
    subject: &Subject,
    assigned: Option<&PersonId>,
    now: DateTime<Utc>,
) -> (BTreeSet<PersonId>, Vec<Candidate>) {
    let loads = Loads::default();
    let mut search = Search::new(desk, subject, &loads, now);
    let mut told = BTreeSet::new();
    for target in targets {
        let members = match (target, assigned) {
            (Target::Assigned, Some(person)) => Ok(vec![person.clone()]),
            _ => search.members(target),
        };
        match members {
            Ok(members) => {
                for person in members {
                    told.extend(search.fit("the rung", target, &person, false).map(|(who, _)| who));
                }
            }
            Err(why) => search.nobody("the rung", target, why),
        }
    }
    (told, search.seen)
}

/// Who is told at the very end, whatever else is true: somebody with the rights, away or not.
pub fn last_resort(desk: &Desk, subject: &Subject, now: DateTime<Utc>) -> PersonId {
    let loads = Loads::default();
    Search::new(desk, subject, &loads, now).last_resort().0
}

impl<'a> Search<'a> {
    fn new(desk: &'a Desk, subject: &'a Subject, loads: &'a Loads, now: DateTime<Utc>) -> Self {
        Self {
            desk,
            subject,
            clients: subject.as_clients(),
            loads,
            now,
            seen: Vec::new(),
        }
    }

    /// The first of the targets that has somebody.
    fn first_of(&mut self, by: &str, targets: &[Target], mind_capacity: bool) -> Option<(PersonId, String)> {
        for target in targets {
            match self.members(target) {
                Ok(members) => {
                    let took = members
                        .iter()
                        .find_map(|person| self.fit(by, target, person, mind_capacity));
                    if took.is_some() {
                        return took;
                    }
                }
                Err(why) => self.nobody(by, target, why),
            }
        }
        None
    }

    fn nobody(&mut self, by: &str, target: &Target, says: String) {
        self.seen.push(Candidate {
            person: None,
            target: target.to_string(),
            by: by.to_owned(),
            taken: false,
            says,
        });
    }

    /// Those whom a target names, in the order in which they are asked, or why there is nobody.
    fn members(&self, target: &Target) -> Result<Vec<PersonId>, String> {
        let one = |found: Option<&PersonId>, why: &str| {
            found
                .map(|person| vec![person.clone()])
                .ok_or_else(|| why.to_owned())
        };
        match target {
            Target::Owner => {
                let owner = self.subject.client().and_then(|client| client.owner.as_ref());
                // A ledger may name its owners as people are called.
                let owner = owner.map(|owner| self.desk.person_called(owner));
                one(
                    owner,
                    if self.subject.is_matched {
                        "the client has no portfolio owner"
                    } else {
                        "the client is not known, so neither is the owner"
                    },
                )
            }
            Target::LastHandler => one(
                self.subject.last_handler.as_ref(),
                "nobody had an escalation of this client before",
            ),
            Target::Assigned => Err("nobody has it yet".to_owned()),
            Target::Person(person) => Ok(vec![person.clone()]),
            Target::Manager => {
                let Some(location) = &self.subject.location else {
                    return Err("its location is not known, so neither is the manager".to_owned());
                };
                match self.desk.rules.escalation.managers.get(location) {
                    Some(managers) if !managers.is_empty() => Ok(managers.clone()),
                    _ => Err(format!("no manager is named for {location}")),
                }
            }
            Target::OnShift { rota, role } => self.on_shift(rota, role.as_deref()),
            Target::Team(id) => {
                let mut members = self.team(id)?;
                members
                    .sort_by_key(|person| (self.loads.of(person), self.loads.given(person), person.clone()));
                Ok(members)
            }
            Target::RoundRobin(id) => {
                let mut members = self.team(id)?;
                members.sort_by_key(|person| (self.loads.given(person), person.clone()));
                Ok(members)
            }
        }
    }

    fn on_shift(&self, rota: &str, role: Option<&str>) -> Result<Vec<PersonId>, String> {
        let Some(found) = self.desk.rota(rota) else {
            return Err(format!("there is no rota {rota}"));
        };
        let mut on: Vec<PersonId> = found
            .on_at(self.now, role)
            .into_iter()
            .map(|duty| duty.person)
            .collect();
        if on.is_empty() {
            let role = role.map_or_else(String::new, |role| format!(" as {role}"));
            return Err(format!("nobody is on shift at {rota}{role}"));
        }
        on.sort_by_key(|person| (self.loads.of(person), self.loads.given(person), person.clone()));
        Ok(on)
    }

    fn team(&self, id: &str) -> Result<Vec<PersonId>, String> {
        let Some(team) = self.desk.team(id) else {
            return Err(format!("there is no team {id}"));
        };
        let Some(rota) = &team.rota else {
            return Ok(team.members.clone());
        };
        let mut on = self.on_shift(rota, None)?;
        on.retain(|person| team.members.contains(person));
        if on.is_empty() {
            return Err(format!("nobody of team {id} is on shift at {rota}"));
        }
        Ok(on)
    }

    /// The person, or whoever stands in, if they can take it; says why or why not.
    fn fit(
        &mut self,
        by: &str,
        target: &Target,
        person: &PersonId,
        mind_capacity: bool,
    ) -> Option<(PersonId, String)> {
        let (who, verdict) = self.judge(target, person, mind_capacity);
        let (taken, says) = match verdict {
            Ok(says) => (true, says),
            Err(says) => (false, says),
        };
        self.seen.push(Candidate {
            person: Some(who.clone()),
            target: target.to_string(),
            by: by.to_owned(),
            taken,
            says: says.clone(),
        });
        taken.then_some((who, says))
    }

    fn judge(
        &self,
        target: &Target,
        person: &PersonId,
        mind_capacity: bool,
    ) -> (PersonId, Result<String, String>) {
        let desk = self.desk;
        let mut who = person.clone();
        let mut path = vec![who.clone()];
        while let Some(away) = desk.away(&who, self.now) {
            let Some(cover) = &away.cover else {
                let says = format!("{} is away, and nobody covers", desk.name(&who));
                return (who, Err(says));
            };
            let is_loop = path.contains(cover);
            path.push(cover.clone());
            if is_loop {
                let names: Vec<&str> = path.iter().map(|person| desk.name(person)).collect();
                return (
                    who,
                    Err(format!("the covers go round in a circle: {}", names.join(" -> "))),
                );
            }
            who = cover.clone();
        }
        let verdict = self.can_take(&who, mind_capacity).map(|()| {
            let role = match target {
                Target::Owner => "the portfolio owner".to_owned(),
                Target::LastHandler => "whoever had this client's last escalation".to_owned(),
                Target::Assigned => "whoever was given it".to_owned(),
                Target::Manager => "the location's manager".to_owned(),
                Target::Person(_) => "the person named".to_owned(),
                Target::OnShift { rota, role: None } => format!("on shift at {rota}"),
                Target::OnShift {
                    rota,
                    role: Some(role),
                } => format!("on shift at {rota} as {role}"),
                Target::Team(id) => {
                    format!("of team {id}, with {} open the least", self.loads.of(&who))
                }
                Target::RoundRobin(id) => format!("of team {id}, whose turn it is"),
            };
            if path.len() > 1 {
                format!("{} covers for {} ({role})", desk.name(&who), desk.name(person))
            } else {
                format!("{} is {role}", desk.name(&who))
            }
        });
        (who, verdict)
    }

    fn can_take(&self, who: &PersonId, mind_capacity: bool) -> Result<(), String> {
        let desk = self.desk;
        match desk.has_rights(who, &self.clients, self.subject.location.as_ref()) {
            None => return Err(format!("there is no person {who} in the config")),
            // Who may not know of the client is not told why: the explanation is for those who may.
            Some(false) => return Err(format!("{} has no rights to this account", desk.name(who))),
            Some(true) => {}
        }
        let (open, most) = (self.loads.of(who), desk.capacity(who));
        if mind_capacity && open >= most {
            return Err(format!(
                "{} has {open} open already, and {most} is the most",
                desk.name(who)
            ));
        }
        Ok(())
    }

    /// The last resort: who is there, then whoever stands in, then the first of those who may see all.
    fn last_resort(&mut self) -> (PersonId, String) {
        let by = "the last resort";
        let keepers = self.desk.keepers.clone();
        for person in self.desk.rules.escalation.last_resort.iter().chain(&keepers) {
            let target = Target::Person(person.clone());
            if let Some(found) = self.fit(by, &target, person, false) {
                return found;
            }
        }
        let person = keepers
            .first()
            .cloned()
            .unwrap_or_else(|| PersonId::new("nobody"));
        let says = format!(
            "{} is the last resort, who gets it even while away",
            self.desk.name(&person)
        );
        self.seen.push(Candidate {
            person: Some(person.clone()),
            target: Target::Person(person.clone()).to_string(),
            by: by.to_owned(),
            taken: true,
            says: says.clone(),
        });
        (person, says)
    }
}

/// Somebody on shift there who may have it and is not full; for a hand-over.
pub fn somebody_on(
    desk: &Desk,
    rota: &str,
    subject: &Subject,
    loads: &Loads,
    now: DateTime<Utc>,
) -> Option<PersonId> {
    let target = Target::OnShift {
        rota: rota.to_owned(),
        role: None,
    };
    let mut search = Search::new(desk, subject, loads, now);
    search
        .first_of("the hand-over", &[target], true)
        .map(|(person, _)| person)
}
