//! What is wrong with the routing rules, before they are used: unknown people, rules that can never be
//! reached or never hold, circles of covers, gaps in a rota.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, Utc};
use serde::Serialize;

use super::desk::Desk;
use super::incoming;
use super::routing::When;
use super::target::Target;
use crate::ids::{LocationId, PersonId};

/// How far ahead gaps in a rota are looked for.
const DAYS_AHEAD: u64 = 14;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// Where: `[[routing]] "hk-owner"`.
    pub place: String,
    /// What, and what to do.
    pub says: String,
    /// Does it make the rules unusable, or is it only to be known?
    pub is_error: bool,
}

struct Lint<'a> {
    desk: &'a Desk,
    found: Vec<Finding>,
}

/// Everything that is wrong with the desk's rules, as of an instant (rotas are looked at from there on).
pub fn lint(desk: &Desk, now: DateTime<Utc>) -> Vec<Finding> {
    let mut lint = Lint {
        desk,
        found: Vec::new(),
    };
    lint.twins();
    lint.rules();
    lint.ladders();
    lint.general();
    lint.tickets();
    lint.teams();
    lint.rotas(now);
    lint.absences();
    lint.found
}

impl Lint<'_> {
    fn tickets(&mut self) {
        let known: Vec<&str> = self.desk.zones.keys().map(LocationId::as_str).collect();
        for (place, says) in incoming::faults(&self.desk.rules.escalation.tickets, &known) {
            self.error(&place, says);
        }
    }

    fn error(&mut self, place: &str, says: impl Into<String>) {
        self.say(place, says.into(), true);
    }

    fn warn(&mut self, place: &str, says: impl Into<String>) {
        self.say(place, says.into(), false);
    }

    fn say(&mut self, place: &str, says: String, is_error: bool) {
        self.found.push(Finding {
            place: place.to_owned(),
            says,
            is_error,
        });
    }

    fn twins(&mut self) {
        let rules = &self.desk.rules;
        let lists: [(&str, Vec<&str>); 4] = [
            (
                "routing",
                rules.routing.iter().map(|one| one.id.as_str()).collect(),
            ),
            (
                "ladders",
                rules.ladders.iter().map(|one| one.id.as_str()).collect(),
            ),
            ("rotas", rules.rotas.iter().map(|one| one.id.as_str()).collect()),
            ("teams", rules.teams.iter().map(|one| one.id.as_str()).collect()),
        ];
        let mut twins = Vec::new();
        for (section, ids) in lists {
            let mut seen = BTreeSet::new();
            twins.extend(
                ids.into_iter()
                    .filter(|id| !seen.insert(*id))
                    .map(|id| format!("[[{section}]] {id:?}")),
            );
        }
        for place in twins {
            self.error(&place, "two entries have this id; ids must differ");
        }
    }

    fn person(&mut self, place: &str, person: &PersonId) {
        if !self.desk.people.contains_key(person) {
            self.error(
                place,
                format!("there is no person \"{person}\"; add them under [[people]] or name another"),
            );
        }
    }

    fn location(&mut self, place: &str, location: &LocationId) {
        if !self.desk.zones.contains_key(location) {
            self.error(
                place,
                format!("there is no location \"{location}\"; add it under [[locations]]"),
            );
        }
    }

    fn target(&mut self, place: &str, target: &Target, in_ladder: bool) {
        match target {
            Target::Person(person) => self.person(place, person),
            Target::Team(id) | Target::RoundRobin(id) => match self.desk.team(id) {
                None => self.error(
                    place,
                    format!("there is no team {id:?}; add it under [[teams]] or name another"),
                ),
                Some(team) if team.members.is_empty() => {
                    self.warn(
                        place,
                        format!("team {id:?} has no members, so {target} gives nobody"),
                    );
                }
                Some(_) => {}
            },
            Target::OnShift { rota, role } => match self.desk.rota(rota) {
                None => self.error(
                    place,
                    format!("there is no rota {rota:?}; add it under [[rotas]] or name another"),
                ),
                Some(found) => {
                    let has_role = role.is_none()
                        || found.shifts.iter().any(|shift| shift.role == *role)
                        || found.fixed.iter().any(|duty| duty.role == *role);
                    if !has_role {
                        self.error(
                            place,
                            format!("no shift of rota {rota:?} has that role, so {target} gives nobody"),
                        );
                    }
                }
            },
            Target::Assigned if !in_ladder => {
                self.error(place, "\"assigned\" is for ladders; before routing nobody has it");
            }
            Target::Owner | Target::LastHandler | Target::Assigned | Target::Manager => {}
        }
    }

    fn rules(&mut self) {
        let rules = self.desk.rules.routing.clone();
        for (at, rule) in rules.iter().enumerate() {
            let place = format!("[[routing]] {:?}", rule.id);
            if rule.to.is_empty() {
                self.error(&place, "it gives to nobody; add a target to `to`");
            }
            for target in &rule.to {
                self.target(&place, target, false);
            }
            if let Some(ladder) = &rule.ladder {
                self.ladder(&place, ladder);
            }
            for location in rule.when.location.iter().chain(&rule.when.sale_day_at) {
                self.location(&place, location);
            }
            if let Some(why) = contradiction(&rule.when) {
                self.error(&place, format!("it can never hold: {why}"));
            }
            if let Some(earlier) = rules[..at]
                .iter()
                .find(|earlier| covers(&earlier.when, &rule.when))
            {
                let only = format!(
                    "rule {:?} before it holds whenever this one does, so it is reached only where that one has \
                     nobody",
                    earlier.id
                );
                if earlier.when == rule.when {
                    self.warn(&place, only);
                } else {
                    self.error(&place, format!("{only}; put the narrower rule first"));
                }
            }
        }
    }

    fn ladder(&mut self, place: &str, id: &str) {
        if self.desk.ladder(id).id != id {
            self.error(
                place,
                format!("there is no ladder {id:?}; add it under [[ladders]] or name another"),
            );
        }
    }

    fn ladders(&mut self) {
        for ladder in self.desk.rules.ladders.clone() {
            let place = format!("[[ladders]] {:?}", ladder.id);
            if ladder.rungs.is_empty() {
                self.error(&place, "it has no rungs");
            }
            if ladder.times == 0 {
                self.warn(&place, "times = 0 is read as 1");
            }
            for rung in &ladder.rungs {
                let place = format!("{place} rung {:?}", rung.name);
                if rung.to.is_empty() {
                    self.error(&place, "it names nobody; add a target to `to`");
                }
                for target in &rung.to {
                    self.target(&place, target, true);
                }
                if let Some(location) = &rung.wait.hours {
                    self.location(&place, location);
                }
            }
            for target in &ladder.ends_with {
                self.target(&place, target, true);
            }
        }
    }

    fn general(&mut self) {
        let general = self.desk.rules.escalation.clone();
        let place = "[escalation]";
        for (location, managers) in &general.managers {
            self.location(place, location);
            for person in managers {
                self.person(place, person);
            }
        }
        for location in self.desk.zones.keys() {
            if general.managers.get(location).is_none_or(Vec::is_empty) {
                self.warn(
                    place,
                    format!(
                        "no manager is named for {location}; what no rule gives to anybody goes to the last resort"
                    ),
                );
            }
        }
        for person in general.last_resort.iter().chain(general.capacities.keys()) {
            self.person(place, person);
        }
        for target in &general.restricted {
            self.target("[escalation] restricted", target, false);
        }
        if let Some(ladder) = &general.ladder {
            self.ladder(place, ladder);
        }
        if general.capacity == 0 {
            self.warn(place, "capacity = 0 means that no rule gives anything to anybody");
        }
    }

    fn teams(&mut self) {
        for team in self.desk.rules.teams.clone() {
            let place = format!("[[teams]] {:?}", team.id);
            for person in &team.members {
                self.person(&place, person);
            }
            if let Some(rota) = team.rota.filter(|rota| self.desk.rota(rota).is_none()) {
                self.error(
                    &place,
                    format!("there is no rota {rota:?}; add it under [[rotas]]"),
                );
            }
        }
    }

    fn rotas(&mut self, now: DateTime<Utc>) {
        let desk = self.desk;
        let until = now + Days::new(DAYS_AHEAD);
        for rota in desk.rotas() {
            let place = format!("[[rotas]] {:?}", rota.id);
            self.location(&place, &rota.location);
            for shift in &rota.shifts {
                let place = format!("{place} shift {:?}", shift.id);
                for person in &shift.people {
                    self.person(&place, person);
                }
                if shift.people.is_empty() {
                    self.warn(&place, "nobody is on it");
                }
                if shift.rotate.as_ref().is_some_and(|rotate| rotate.every_days == 0) {
                    self.error(&place, "rotate.every_days must be 1 or more");
                }
            }
            for change in &rota.overrides {
                for person in change.off.iter().chain(&change.on) {
                    self.person(&format!("{place} override"), person);
                }
                if change.from.begins(rota.zone()) >= change.until.ends(rota.zone()) {
                    self.error(&format!("{place} override"), "it ends before it begins");
                }
            }
            if let Some(next) = &rota.hands_over_to
                && (desk.rota(next).is_none() || *next == rota.id)
            {
                self.error(
                    &place,
                    format!("it cannot hand over to {next:?}: there is no other rota of that id"),
                );
            }
            for gap in rota.gaps(now, until, |person, at| desk.away(person, at).is_none()) {
                let local = |at: DateTime<Utc>| {
                    at.with_timezone(&rota.zone())
                        .format("%a %-d %b %H:%M")
                        .to_string()
                };
                let role = gap.role.map_or_else(String::new, |role| format!(" as {role}"));
                self.warn(
                    &place,
                    format!(
                        "nobody is on{role} from {} to {}; the location's manager gets what comes in",
                        local(gap.from),
                        local(gap.until)
                    ),
                );
            }
        }
    }

    fn absences(&mut self) {
        for absence in self.desk.rules.absences.clone() {
            let place = format!("[[absences]] of {}", absence.person);
            self.person(&place, &absence.person);
            if let Some(location) = &absence.location {
                self.location(&place, location);
            }
            let Some(cover) = &absence.cover else { continue };
            self.person(&place, cover);
        }
        let starts: Vec<(PersonId, DateTime<Utc>)> = self
            .desk
            .away
            .iter()
            .flat_map(|(person, spells)| spells.iter().map(|away| (person.clone(), away.from)))
            .collect();
        let mut told = BTreeSet::new();
        for (person, from) in starts {
            let mut path = vec![person.clone()];
            let mut who = person.clone();
            while let Some(cover) = self.desk.away(&who, from).and_then(|away| away.cover.clone()) {
                let is_loop = path.contains(&cover);
                path.push(cover.clone());
                if is_loop {
                    let mut members: Vec<String> = path.iter().map(ToString::to_string).collect();
                    let shown = members.join(" -> ");
                    members.sort();
                    members.dedup();
                    if told.insert(members) {
                        self.error(
                            &format!("[[absences]] of {person}"),
                            format!("the covers go round in a circle: {shown}; name somebody who is there"),
                        );
                    }
                    break;
                }
                who = cover;
            }
        }
        for spell in self
            .desk
            .away
            .clone()
            .into_iter()
            .flat_map(|(person, spells)| spells.into_iter().map(move |away| (person.clone(), away)))
        {
            if spell.1.from >= spell.1.until {
                self.error(
                    &format!("[[absences]] of {}", spell.0),
                    "it ends before it begins",
                );
            }
        }
    }
}

/// Does the one hold whenever the other does?
fn covers(wide: &When, narrow: &When) -> bool {
    fn list<T: PartialEq>(wide: &[T], narrow: &[T]) -> bool {
        wide.is_empty() || (!narrow.is_empty() && narrow.iter().all(|one| wide.contains(one)))
    }
    let amounts = wide.amount_from.is_empty()
        || (!narrow.amount_from.is_empty()
            && narrow.amount_from.iter().all(|asked| {
                wide.amount_from.iter().any(|least| {
                    least.0.currency() == asked.0.currency() && least.0.minor() <= asked.0.minor()
                })
            }));
    list(&wide.kind, &narrow.kind)
        && list(&wide.location, &narrow.location)
        && list(&wide.language, &narrow.language)
        && list(&wide.tier, &narrow.tier)
        && list(&wide.sale_day_at, &narrow.sale_day_at)
        && list(&wide.words, &narrow.words)
        && list(&wide.partner, &narrow.partner)
        && list(&wide.way, &narrow.way)
        && amounts
        && wide
            .severity_from
            .is_none_or(|least| narrow.severity_from.is_some_and(|asked| asked >= least))
        && (wide.sale_day.is_none() || wide.sale_day == narrow.sale_day)
        && (wide.client_known.is_none() || wide.client_known == narrow.client_known)
}

fn contradiction(when: &When) -> Option<String> {
    if when.client_known == Some(false) && !when.tier.is_empty() {
        return Some("a client who is not known has no tier".to_owned());
    }
    if when.way.iter().all(|way| *way != super::words::Way::Intake)
        && !when.way.is_empty()
        && !when.partner.is_empty()
    {
        return Some("only what comes in through the intake has a partner".to_owned());
    }
    if when.sale_day == Some(false)
        && !when.location.is_empty()
        && when
            .location
            .iter()
            .all(|location| when.sale_day_at.contains(location))
        && when.sale_day_at.len() == 1
    {
        return Some("it asks for a sale at its location and for none".to_owned());
    }
    None
}
