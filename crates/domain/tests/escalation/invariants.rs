//! What holds for every desk, every escalation and every course of events.

use std::collections::BTreeSet;

use crate::desk::*;
use chrono::TimeDelta;
use hammerdesk_domain::escalation::choose::{Loads, route};
use hammerdesk_domain::escalation::ladder::PlainTime;
use hammerdesk_domain::escalation::model::{
    Actor, ClientFacts, Escalation, Event, Matched, Sign, Standing, What, Work,
};
use hammerdesk_domain::escalation::plan::{World, plan};
use hammerdesk_domain::escalation::routing::Subject;
use hammerdesk_domain::escalation::{Desk, Kind, Severity};
use hammerdesk_domain::ids::{ClientNo, LocationId};
use hammerdesk_domain::location::{House, Location};
use hammerdesk_domain::model::{Client, ClientKind, Confidentiality};
use proptest::prelude::*;

/// Who there is; the last one is in no config.
const EVERYBODY: &[&str] = &[
    "ada", "ben", "sue", "amir", "lena", "mei", "wing", "hugo", "nora", "dora", "dick", "carl", "marta",
    "ghost",
];
const PLACES: &[&str] = &["london", "hong-kong", "new-york", "atlantis"];

fn absences() -> impl Strategy<Value = String> {
    let one = (
        prop::sample::select(EVERYBODY),
        prop::option::of(prop::sample::select(EVERYBODY)),
        0_i64..6,
        0_i64..10,
    );
    prop::collection::vec(one, 0..14).prop_map(|spells| {
        spells
            .into_iter()
            .map(|(person, cover, start, days)| {
                let from = at("2026-11-20T00:00:00Z") + TimeDelta::days(start);
                let cover = cover.map_or(String::new(), |cover| format!("cover = \"{cover}\"\n"));
                format!(
                    "[[absences]]\nperson = \"{person}\"\nfrom = \"{}\"\nuntil = \"{}\"\n{cover}",
                    from.date_naive(),
                    (from + TimeDelta::days(days)).date_naive()
                )
            })
            .collect()
    })
}

fn clients() -> impl Strategy<Value = Vec<ClientFacts>> {
    let one = (
        1000_u32..1004,
        prop::option::of(prop::sample::select(PLACES)),
        prop::option::of(prop::sample::select(EVERYBODY)),
        prop::sample::select(Confidentiality::ALL),
    );
    prop::collection::vec(one, 0..3).prop_map(|rows| {
        let mut facts: Vec<ClientFacts> = rows
            .into_iter()
            .map(|(no, place, owner, confidentiality)| ClientFacts {
                no: ClientNo::parse(&no.to_string()).unwrap(),
                location: place.map(LocationId::new),
                tier: None,
                language: None,
                owner: owner.map(who),
                confidentiality,
            })
            .collect();
        facts.dedup_by_key(|client| client.no.clone());
        facts
    })
}

fn matched(clients: &[ClientFacts]) -> Matched {
    match clients {
        [] => Matched::Nobody,
        [one] => Matched::Found(one.no.clone()),
        several => Matched::Several(several.iter().map(|client| client.no.clone()).collect()),
    }
}

fn whole(facts: &ClientFacts) -> Client {
    Client {
        no: facts.no.clone(),
        name: "Somebody".to_owned(),
        kind: ClientKind::Person,
        tier: None,
        country: None,
        group: None,
        language: None,
        location: facts.location.clone(),
        owner: None,
        confidentiality: facts.confidentiality,
        merged_into: None,
    }
}

fn has_rights(desk: &Desk, person: &str, clients: &[ClientFacts]) -> bool {
    let asker = &desk.people()[&who(person)];
    clients.iter().all(|client| asker.may_see(&whole(client)))
}

fn with_house(more: &str) -> Desk {
    let mut house: House = house();
    house.locations.push(Location {
        id: LocationId::new("atlantis"),
        ..Location::unconfigured("9".into())
    });
    Desk::new(rules(more), people(), &house).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn routing_always_gives_it_to_somebody_with_the_rights(
        away in absences(),
        clients in clients(),
        kind in prop::sample::select(Kind::ALL),
        severity in prop::sample::select(Severity::ALL),
        place in prop::option::of(prop::sample::select(PLACES)),
        hours in 0_i64..240,
        busy in prop::collection::vec((prop::sample::select(EVERYBODY), 0_u32..5), 0..14),
        last in prop::option::of(prop::sample::select(EVERYBODY)),
    ) {
        let desk = with_house(&away);
        let now = at("2026-11-20T00:00:00Z") + TimeDelta::hours(hours);
        let mut opening = opening(now, kind, "something");
        opening.severity = severity;
        opening.location = place.map(LocationId::new);
        opening.matched = matched(&clients);
        let mut loads = Loads::default();
        for (person, count) in busy {
            loads.open.insert(who(person), count);
        }
        let sales = BTreeSet::from([LocationId::new("london")]);
        let last = last.map(who);
        let subject = Subject::of(&Escalation::open(opening), &clients, &sales, last.as_ref());
        let decision = route(&desk, &subject, &loads, now);
        prop_assert!(desk.people().contains_key(&decision.to), "{decision:?}");
        prop_assert!(has_rights(&desk, decision.to.as_str(), &clients), "{decision:?}");
        prop_assert!(!decision.why.is_empty());
        prop_assert_eq!(decision.rules.len(), desk.rulebook().routing.len());
        prop_assert_eq!(decision.candidates.iter().filter(|one| one.taken).count(), 1);
        prop_assert!(decision.candidates.last().is_some_and(|one| one.taken && one.person.as_ref() == Some(&decision.to)));
        prop_assert_eq!(&route(&desk, &subject, &loads, now), &decision, "the same again gives the same");
    }

    #[test]
    fn a_ladder_never_stalls_and_never_tells_anybody_without_the_rights(
        away in absences(),
        clients in clients(),
        severity in prop::sample::select(Severity::ALL),
        unreachable in prop::collection::vec(any::<bool>(), 60),
        acts in prop::collection::vec((0_u8..14, 0_usize..13, 1_i64..400), 0..25),
    ) {
        let desk = with_house(&away);
        let mut now = at("2026-11-20T08:00:00Z");
        let mut opening = opening(now, Kind::Release, "something");
        opening.severity = severity;
        opening.matched = matched(&clients);
        let mut escalation = Escalation::open(opening.clone());
        let mut events = Vec::new();
        let sales = BTreeSet::new();
        let loads = Loads::default();
        let world = World { desk: &desk, clients: &clients, sales_at: &sales, last_handler: None, loads: &loads, working: &PlainTime };
        let mut unreachable = unreachable.into_iter();
        let mut acts = acts.into_iter();
        for _ in 0..60 {
            let planned = plan(&escalation, &world, now);
            let again = plan(&planned.after, &world, now);
            prop_assert!(again.steps.is_empty(), "{again:?}");
            prop_assert!(planned.next_at.is_none_or(|next| next > now));
            let waits = matches!(&planned.after.standing, Standing::Held { held, .. } if held.work == Work::WaitingClient);
            prop_assert_eq!(planned.next_at.is_none(), !planned.after.is_open() || waits, "an open one is always looked at again");
            for step in &planned.steps {
                events.push(step.event.clone());
                for person in &step.tell {
                    prop_assert!(has_rights(&desk, person.as_str(), &clients), "{step:?}");
                }
            }
            escalation = planned.after.clone();
            let mut try_it = |by: Actor, what: What| {
                let event = Event { at: now, by, what };
                if let Ok(after) = escalation.apply(&event) {
                    escalation = after;
                    events.push(event);
                }
            };
            if let Some(What::Notified { people, .. }) = planned.steps.last().map(|step| &step.event.what)
                && unreachable.next().unwrap_or(false)
            {
                for person in people {
                    try_it(Actor::Desk, What::Unreachable { person: person.clone(), why: "left".to_owned() });
                }
            }
            if let Some((act, person, minutes)) = acts.next() {
                let person = who(EVERYBODY[person]);
                let by = Actor::Person(person.clone());
                let why = "because".to_owned();
                match act {
                    0 => try_it(by, What::Acknowledged { by: person }),
                    1 => try_it(by, What::Progressed { sign: Sign::Note }),
                    2 => try_it(by, What::Working { work: Work::WaitingClient }),
                    3 => try_it(by, What::Working { work: Work::WaitingInternal }),
                    4 => try_it(by, What::Reassigned { to: person, why }),
                    5 => try_it(by, What::Climbed { rung: u32::try_from(minutes % 7).unwrap(), round: 0, why }),
                    6 => try_it(by, What::Resolved { how: why }),
                    7 => try_it(by, What::Reopened { why }),
                    8 => try_it(by, What::Closed),
                    9 => try_it(by, What::SeverityChanged { severity: Severity::Critical }),
                    _ => {}
                }
                now += TimeDelta::minutes(minutes);
            } else {
                let Some(next) = plan(&escalation, &world, now).next_at.or(planned.next_at) else { break };
                now = next.max(now + TimeDelta::microseconds(1));
            }
        }
        let replayed = Escalation::replay(opening, events.clone()).unwrap();
        prop_assert_eq!(&replayed, &escalation, "its events alone make it what it is");
        let stored: Vec<Event> = events
            .iter()
            .map(|event| serde_json::from_str(&serde_json::to_string(event).unwrap()).unwrap())
            .collect();
        prop_assert_eq!(stored, events, "an event is read as it was written");
    }

    #[test]
    fn work_is_shared_fairly_among_those_of_a_team(count in 1_usize..40) {
        let desk = with_house("");
        let now = at("2026-11-23T10:00:00Z");
        let mut loads = Loads::default();
        let mut given = Vec::new();
        for n in 0..count.min(6) {
            let at = now + TimeDelta::seconds(i64::try_from(n).unwrap());
            let mut opening = opening(at, Kind::Chargeback, "something");
            opening.about.amounts = vec!["GBP 20,000.00".parse().unwrap()];
            let subject = Subject::of(&Escalation::open(opening), &[], &BTreeSet::new(), None);
            let decision = route(&desk, &subject, &loads, at);
            loads.give(&decision.to, at);
            given.push(decision.to.to_string());
        }
        let of = |name: &str| given.iter().filter(|one| *one == name).count();
        prop_assert!(of("dora").abs_diff(of("dick")) <= 1);
        prop_assert_eq!(of("dora") + of("dick"), given.len());
    }
}
