//! What the administrator decided about escalations, and the checked form that decisions work on.
//!
//! A [`Desk`] exists only where at least one person may see every client: that person is the end of every
//! fallback, so that no escalation is ever without somebody who has the rights to it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::asks::Decisions;
use super::hours::Edge;
use super::incoming::TicketRule;
use super::ladder::Ladder;
use super::rota::{Duty, Override, Rota};
use super::routing::Rule;
use super::target::Target;
use super::words::Span;
use crate::access::{Asker, Permission, Scope};
use crate::ids::{LocationId, PersonId};
use crate::location::House;
use crate::model::{Client, Confidentiality};
use crate::text::fold;

/// Everything under `[[routing]]`, `[[ladders]]`, `[[rotas]]`, `[[teams]]`, `[[absences]]` and
/// `[escalation]`, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rulebook {
    /// The rules, in order: the first that holds and has somebody gives it.
    pub routing: Vec<Rule>,
    /// The ladders.
    pub ladders: Vec<Ladder>,
    /// Who is on when.
    pub rotas: Vec<Rota>,
    /// Who works together.
    pub teams: Vec<Team>,
    /// Who is away.
    pub absences: Vec<Absence>,
    /// The rest.
    pub escalation: General,
}

/// `[escalation]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct General {
    /// Who gets what no rule gave to anybody, by location.
    pub managers: BTreeMap<LocationId, Vec<PersonId>>,
    /// Who gets it then; everybody who may see every client where nobody is named.
    pub last_resort: Vec<PersonId>,
    /// Who gets what is about a restricted client, before any rule.
    pub restricted: Vec<Target>,
    /// How many open escalations one person may have before the rules pass them over.
    pub capacity: u32,
    /// The same for single people.
    pub capacities: BTreeMap<PersonId, u32>,
    /// The same matter within so long is one escalation.
    pub join_within: Span,
    /// Which tickets of the helpdesk are escalations by themselves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tickets: Vec<TicketRule>,
    /// Which decisions of ours ask for one.
    pub decisions: Decisions,
    /// The ladder of rules that name none; the first one where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ladder: Option<String>,
    /// A folder of saved cases that the rules must pass before they are taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cases: Option<String>,
}

impl Default for General {
    fn default() -> Self {
        Self {
            managers: BTreeMap::new(),
            last_resort: Vec::new(),
            restricted: Vec::new(),
            capacity: 20,
            capacities: BTreeMap::new(),
            join_within: Span::minutes(24 * 60),
            tickets: Vec::new(),
            decisions: Decisions::default(),
            ladder: None,
            cases: None,
        }
    }
}

/// People who work together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// Id.
    pub id: String,
    /// Who.
    pub members: Vec<PersonId>,
    /// Only those of them who are on shift there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rota: Option<String>,
}

/// Somebody is away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absence {
    /// Who.
    pub person: PersonId,
    /// From: `2026-11-20`, or an instant with its offset.
    pub from: Edge,
    /// Until: the whole of that day, or that instant.
    pub until: Edge,
    /// Who stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cover: Option<PersonId>,
    /// Whose days; the person's only location where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<LocationId>,
    /// Why, for those who ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What people changed in chat since the config was written: who is away, who swapped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Further absences.
    pub absences: Vec<Absence>,
    /// Further overrides, with the rota they belong to.
    pub overrides: Vec<(String, Override)>,
}

/// The rules, the people and the places, checked against each other.
#[derive(Debug, Clone)]
pub struct Desk {
    pub(crate) rules: Rulebook,
    pub(crate) people: BTreeMap<PersonId, Asker>,
    pub(crate) zones: BTreeMap<LocationId, Tz>,
    /// Never empty; its first may see every client.
    pub(crate) keepers: Vec<PersonId>,
    /// Who is away, as instants.
    pub(crate) away: BTreeMap<PersonId, Vec<Away>>,
    pub(crate) rotas: BTreeMap<String, Rota>,
}

/// An absence as instants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Away {
    pub(crate) from: DateTime<Utc>,
    pub(crate) until: DateTime<Utc>,
    pub(crate) cover: Option<PersonId>,
}

/// The person may see every client there is.
pub(crate) fn sees_all(asker: &Asker) -> bool {
    asker.scope == Scope::All
        && [
            Permission::Client,
            Permission::VipClients,
            Permission::RestrictedClients,
        ]
        .into_iter()
        .all(|permission| asker.may(permission))
}

impl Desk {
    /// The desk, or why nobody could be trusted with everything.
    pub fn new(rules: Rulebook, people: BTreeMap<PersonId, Asker>, house: &House) -> Result<Self, String> {
        let everywhere = people.values().filter(|asker| sees_all(asker));
        let named: Vec<&PersonId> = rules.escalation.last_resort.iter().collect();
        let mut keepers: Vec<PersonId> = if named.is_empty() {
            everywhere.map(|asker| asker.id.clone()).collect()
        } else {
            named
                .into_iter()
                .filter(|id| people.get(id).is_some_and(sees_all))
                .cloned()
                .collect()
        };
        let mut seen = BTreeSet::new();
        keepers.retain(|id| seen.insert(id.clone()));
        if keepers.is_empty() {
            return Err(
                "[escalation] last_resort needs somebody who may see every client (locations = [\"*\"], and a \
                 role with client, vip_clients and restricted_clients), or an escalation could end with nobody"
                    .to_owned(),
            );
        }
        let zones: BTreeMap<_, _> = house
            .locations
            .iter()
            .map(|location| (location.id.clone(), location.zone))
            .collect();
        let rotas = rules
            .rotas
            .iter()
            .map(|rota| (rota.id.clone(), rota.clone().at(house)))
            .collect();
        let mut desk = Self {
            rules,
            people,
            zones,
            keepers,
            away: BTreeMap::new(),
            rotas,
        };
        for absence in desk.rules.absences.clone() {
            desk.take_away(&absence);
        }
        Ok(desk)
    }

    /// The desk with what people changed since.
    #[must_use]
    pub fn amended(&self, changes: &Changes) -> Self {
        let mut desk = self.clone();
        for absence in &changes.absences {
            desk.take_away(absence);
        }
        for (rota, change) in &changes.overrides {
            if let Some(rota) = desk.rotas.get_mut(rota) {
                rota.overrides.push(change.clone());
            }
        }
        desk
    }

    fn take_away(&mut self, absence: &Absence) {
        let zone = self.zone_of(absence);
        let (from, until) = (absence.from.begins(zone), absence.until.ends(zone));
        self.away.entry(absence.person.clone()).or_default().push(Away {
            from,
            until,
            cover: absence.cover.clone(),
        });
    }

    fn zone_of(&self, absence: &Absence) -> Tz {
        let own = match self.people.get(&absence.person).map(|asker| &asker.scope) {
            Some(Scope::Only(locations)) if locations.len() == 1 => locations.first(),
            _ => None,
        };
        absence
            .location
            .as_ref()
            .or(own)
            .and_then(|location| self.zones.get(location))
            .copied()
            .unwrap_or(Tz::UTC)
    }

    /// What was written.
    pub const fn rulebook(&self) -> &Rulebook {
        &self.rules
    }

    /// The people.
    pub const fn people(&self) -> &BTreeMap<PersonId, Asker> {
        &self.people
    }

    /// A person as others read them; the id where nobody configured them.
    pub fn name<'a>(&'a self, person: &'a PersonId) -> &'a str {
        self.people
            .get(person)
            .map_or(person.as_str(), |asker| asker.name.as_str())
    }

    /// The person of that id, or of that name where there is only one; else the id as it is.
    pub(crate) fn person_called<'a>(&'a self, called: &'a PersonId) -> &'a PersonId {
        if self.people.contains_key(called) {
            return called;
        }
        let wanted = fold(called.as_str());
        let mut named = self.people.values().filter(|asker| fold(&asker.name) == wanted);
        match (named.next(), named.next()) {
            (Some(one), None) => &one.id,
            _ => called,
        }
    }

    /// The rota of that id.
    pub fn rota(&self, id: &str) -> Option<&Rota> {
        self.rotas.get(id)
    }

    /// Shifts that a calendar brought; they replace what it brought before.
    pub fn bring(&mut self, rota: &str, duties: Vec<Duty>) {
        if let Some(rota) = self.rotas.get_mut(rota) {
            rota.fixed = duties;
        }
    }

    /// Every rota.
    pub fn rotas(&self) -> impl Iterator<Item = &Rota> {
        self.rotas.values()
    }

    /// The team of that id.
    pub fn team(&self, id: &str) -> Option<&Team> {
        self.rules.teams.iter().find(|team| team.id == id)
    }

    /// The ladder of that id, or else the one for everything that names none.
    pub fn ladder(&self, id: &str) -> &Ladder {
        let named = |id: &str| self.rules.ladders.iter().position(|ladder| ladder.id == id);
        let at = named(id)
            .or_else(|| self.rules.escalation.ladder.as_deref().and_then(named))
            .unwrap_or(0);
        self.rules.ladders.get(at).unwrap_or_else(|| Ladder::built_in())
    }

    /// The last resort, in order; its first may see every client.
    pub fn keepers(&self) -> &[PersonId] {
        &self.keepers
    }

    /// How many open escalations that person may have.
    pub fn capacity(&self, person: &PersonId) -> u32 {
        let general = &self.rules.escalation;
        general
            .capacities
            .get(person)
            .copied()
            .unwrap_or(general.capacity)
    }

    /// Is the person away at that instant, and who stands in?
    pub(crate) fn away(&self, person: &PersonId, at: DateTime<Utc>) -> Option<&Away> {
        self.away
            .get(person)?
            .iter()
            .rev()
            .find(|away| away.from <= at && at < away.until)
    }

    /// May the person know of all of these clients, and of that location where no client is known?
    pub(crate) fn has_rights(
        &self,
        person: &PersonId,
        clients: &[Client],
        location: Option<&LocationId>,
    ) -> Option<bool> {
        let asker = self.people.get(person)?;
        let sees = clients.iter().all(|client| asker.may_see(client))
            && (!clients.is_empty() || asker.covers(location));
        Some(sees && asker.may(Permission::Client))
    }
}

/// Is any of them known to compliance alone?
pub(crate) fn any_restricted(clients: &[Client]) -> bool {
    clients
        .iter()
        .any(|client| client.confidentiality == Confidentiality::Restricted)
}
