//! A house with three salerooms, its people and its rules, and an escalation that is told as a story.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use hammerdesk_domain::access::{Asker, Permission, Role, Scope};
use hammerdesk_domain::escalation::choose::Loads;
use hammerdesk_domain::escalation::ladder::WorkingTime;
use hammerdesk_domain::escalation::model::{
    About, Actor, Caller, ClientFacts, Event, Matched, Opening, Sign, What, Work,
};
use hammerdesk_domain::escalation::plan::{Plan, World, plan};
use hammerdesk_domain::escalation::{Desk, Escalation, EscalationId, Kind, Rulebook, Severity, Way};
use hammerdesk_domain::ids::{ClientNo, EntityCode, LocationId, PersonId};
use hammerdesk_domain::location::{House, Location};
use hammerdesk_domain::model::Confidentiality;
use uuid::Uuid;

pub(crate) const RULES: &str = r#"
[[routing]]
id = "sale-day"
when = { sale_day_at = ["london"], kind = ["no_bid_review", "payment_problem"], severity_from = "high" }
to = ["on_shift:london/sale"]
ladder = "fast"

[[routing]]
id = "chargebacks"
when = { kind = ["chargeback"], amount_from = ["GBP 10,000.00", "HKD 100,000.00"] }
to = ["team:disputes"]
severity = "high"

[[routing]]
id = "hong-kong"
when = { location = ["hong-kong"] }
to = ["last_handler", "owner", "on_shift:hong-kong/coordinator", "on_shift:london/coordinator"]

[[routing]]
id = "everything-else"
to = ["owner", "on_shift:london/coordinator", "round_robin:london"]

[[ladders]]
id = "standard"
rungs = [
  { name = "coordinator", to = ["assigned"], wait = { after = "30m", by_severity = { critical = "5m" }, plain_from = "critical" } },
  { name = "senior", to = ["on_shift:london/senior"], wait = { after = "30m", by_severity = { critical = "5m" }, plain_from = "critical" } },
  { name = "assistant manager", to = ["person:amir"], wait = { after = "1h", by_severity = { critical = "10m" }, plain_from = "critical" } },
]
times = 2
ends_with = ["manager"]
remind_every = "1h"
silence = { after = "4h" }

[[ladders]]
id = "fast"
rungs = [
  { name = "sale desk", to = ["assigned", "on_shift:london/sale"], wait = { after = "5m", plain_from = "low" } },
  { name = "assistant manager", to = ["person:amir"], wait = { after = "5m", plain_from = "low" } },
]
ends_with = ["manager"]
remind_every = "10m"

[[teams]]
id = "disputes"
members = ["dora", "dick"]

[[teams]]
id = "london"
members = ["ada", "ben"]

[[rotas]]
id = "london"
location = "london"
sale_days = ["2026-11-21"]
needs = [{ days = ["weekdays"], hours = ["09:00-17:30"], role = "coordinator" }]
shifts = [
  { id = "day", role = "coordinator", people = ["ada", "ben"], days = ["weekdays"], hours = ["09:00-17:30"] },
  { id = "senior", role = "senior", people = ["sue"], days = ["weekdays"], hours = ["09:00-17:30"] },
  { id = "sale", role = "sale", people = ["ben"], days = ["sale_days"], hours = ["08:00-22:00"] },
]

[[rotas]]
id = "hong-kong"
location = "hong-kong"
hands_over_to = "london"
shifts = [
  { id = "day", role = "coordinator", people = ["mei", "wing"], days = ["weekdays"], hours = ["09:00-13:00", "14:00-18:00"] },
]

[escalation]
last_resort = ["marta"]
restricted = ["person:carl"]
capacity = 3
managers = { london = ["lena"], hong-kong = ["hugo"], new-york = ["nora"] }
"#;

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn who(id: &str) -> PersonId {
    PersonId::new(id)
}

pub(crate) fn place(id: &str) -> LocationId {
    LocationId::new(id)
}

pub(crate) fn house() -> House {
    let location = |id: &str, zone: Tz, team: &str| {
        let mut location = Location::unconfigured(EntityCode::new(id));
        location.id = LocationId::new(id);
        location.zone = zone;
        location.team = team.to_owned();
        location
    };
    let mut london = location("london", Tz::Europe__London, "London Client Accounts");
    london
        .days
        .holidays
        .insert("2026-12-25".parse().unwrap(), "Christmas Day".to_owned());
    House {
        locations: vec![
            london,
            location("hong-kong", Tz::Asia__Hong_Kong, "Hong Kong Client Accounts"),
            location("new-york", Tz::America__New_York, "New York Client Accounts"),
        ],
    }
}

pub(crate) fn people() -> BTreeMap<PersonId, Asker> {
    let coordinator = [Permission::Client, Permission::Balance];
    let all = [
        Permission::Client,
        Permission::VipClients,
        Permission::RestrictedClients,
    ];
    let person = |id: &str, name: &str, permissions: &[Permission], locations: &[&str]| {
        let scope = if locations.is_empty() {
            Scope::All
        } else {
            Scope::Only(locations.iter().map(|id| LocationId::new(*id)).collect())
        };
        (
            PersonId::new(id),
            Asker {
                id: PersonId::new(id),
                name: name.to_owned(),
                role: Arc::new(Role::new("role", "Role", permissions)),
                scope,
            },
        )
    };
    BTreeMap::from([
        person("ada", "Ada", &coordinator, &["london"]),
        person("ben", "Ben", &coordinator, &["london", "hong-kong"]),
        person("sue", "Sue", &coordinator, &["london", "hong-kong"]),
        person("amir", "Amir", &coordinator, &[]),
        person("lena", "Lena", &coordinator, &["london"]),
        person("mei", "Mei", &coordinator, &["hong-kong"]),
        person("wing", "Wing", &coordinator, &["hong-kong"]),
        person("hugo", "Hugo", &coordinator, &["hong-kong"]),
        person("nora", "Nora", &coordinator, &["new-york"]),
        person("dora", "Dora", &coordinator, &[]),
        person("dick", "Dick", &coordinator, &[]),
        person("carl", "Carl", &all, &[]),
        person("marta", "Marta", &all, &[]),
    ])
}

pub(crate) fn rules(more: &str) -> Rulebook {
    let text = format!("{RULES}\n{more}");
    toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn desk(more: &str) -> Desk {
    Desk::new(rules(more), people(), &house()).unwrap()
}

pub(crate) fn client(no: &str, location: &str, owner: Option<&str>) -> ClientFacts {
    ClientFacts {
        no: ClientNo::parse(no).unwrap(),
        location: Some(LocationId::new(location)),
        tier: None,
        language: None,
        owner: owner.map(PersonId::new),
        confidentiality: Confidentiality::Normal,
    }
}

pub(crate) fn opening(now: DateTime<Utc>, kind: Kind, said: &str) -> Opening {
    Opening {
        id: EscalationId(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001)),
        way: Way::Intake,
        partner: Some("call-centre".to_owned()),
        reference: None,
        ticket: None,
        kind,
        severity: Severity::Normal,
        location: Some(LocationId::new("london")),
        language: None,
        matched: Matched::Nobody,
        about: About::default(),
        said: said.to_owned(),
        caller: Caller::default(),
        snapshot: None,
        deadline: None,
        at: now,
    }
}

/// Nine to half past five, London, every weekday: enough of a calendar for a story.
pub(crate) struct LondonHours;

impl WorkingTime for LondonHours {
    fn add_working(&self, _: &LocationId, from: DateTime<Utc>, time: TimeDelta) -> Option<DateTime<Utc>> {
        use chrono::{Datelike, Timelike};
        let mut left = time.num_minutes();
        let mut now = from;
        while left > 0 {
            let minute = now.hour() * 60 + now.minute();
            let is_open = now.weekday().num_days_from_monday() < 5 && (540..1050).contains(&minute);
            now += TimeDelta::minutes(1);
            left -= i64::from(is_open);
        }
        Some(now)
    }
}

/// An escalation, told: everything that happens is a line.
pub(crate) struct Story {
    pub(crate) desk: Desk,
    pub(crate) clients: Vec<ClientFacts>,
    pub(crate) sales_at: BTreeSet<LocationId>,
    pub(crate) loads: Loads,
    pub(crate) last_handler: Option<PersonId>,
    pub(crate) now: DateTime<Utc>,
    pub(crate) escalation: Escalation,
    pub(crate) lines: Vec<String>,
    pub(crate) last: Option<Plan>,
}

impl Story {
    pub(crate) fn of(desk: Desk, opening: Opening, clients: Vec<ClientFacts>) -> Self {
        let mut story = Self {
            desk,
            clients,
            sales_at: BTreeSet::new(),
            loads: Loads::default(),
            last_handler: None,
            now: opening.at,
            escalation: Escalation::open(opening),
            lines: Vec::new(),
            last: None,
        };
        story.happens(Actor::Desk, What::Created);
        story
    }

    pub(crate) fn happens(&mut self, by: Actor, what: What) {
        self.tries(by, what).unwrap_or_else(|error| panic!("{error}"));
    }

    pub(crate) fn tries(&mut self, by: Actor, what: What) -> Result<(), String> {
        let event = Event {
            at: self.now,
            by,
            what,
        };
        self.escalation = self.escalation.apply(&event).map_err(|error| error.to_string())?;
        Ok(())
    }

    pub(crate) fn looked_at(&mut self) -> Option<DateTime<Utc>> {
        let world = World {
            desk: &self.desk,
            clients: &self.clients,
            sales_at: &self.sales_at,
            last_handler: self.last_handler.as_ref(),
            loads: &self.loads,
            working: &LondonHours,
        };
        let planned = plan(&self.escalation, &world, self.now);
        let again = plan(&planned.after, &world, self.now);
        assert!(
            again.steps.is_empty(),
            "asked again at once, there is nothing to do: {again:?}"
        );
        for step in &planned.steps {
            let time = self.now.with_timezone(&Tz::Europe__London).format("%a %H:%M");
            self.lines.push(format!("{time}  {}", step.note));
        }
        self.escalation = planned.after.clone();
        let next_at = planned.next_at;
        self.last = Some(planned);
        next_at
    }

    /// Lets time pass up to an instant, looking at every instant that the plan asked for.
    pub(crate) fn until(&mut self, instant: &str) {
        let instant = at(instant);
        for _ in 0..1_000 {
            match self.looked_at() {
                Some(next) if next <= instant => {
                    assert!(next > self.now, "the next instant is later than now");
                    self.now = next;
                }
                _ => {
                    self.now = instant;
                    return;
                }
            }
        }
        panic!("a story without an end: {:#?}", self.lines);
    }

    pub(crate) fn person(&mut self, id: &str, what: What) {
        let actor = Actor::Person(who(id));
        let time = self
            .now
            .with_timezone(&Tz::Europe__London)
            .format("%a %H:%M")
            .to_string();
        self.lines
            .push(format!("{time}  {}: {}", self.desk.name(&who(id)), what.word()));
        self.happens(actor, what);
    }

    pub(crate) fn acknowledges(&mut self, id: &str) {
        self.person(id, What::Acknowledged { by: who(id) });
    }

    pub(crate) fn notes(&mut self, id: &str) {
        self.person(id, What::Progressed { sign: Sign::Note });
    }

    pub(crate) fn waits_for_the_client(&mut self, id: &str) {
        self.person(
            id,
            What::Working {
                work: Work::WaitingClient,
            },
        );
    }

    pub(crate) fn told(&self) -> String {
        self.lines.join("\n")
    }
}
