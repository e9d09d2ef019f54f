//! A small helpdesk over a real store, and the people who work with it. Time stands at one moment.

#![expect(clippy::unwrap_used, reason = "a test stops where its world cannot be made")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_commands::Commands;
use hammerdesk_commands::render::plain;
use hammerdesk_commands::request::{Place, Request, Suggestion, What};
use hammerdesk_commands::settings::{Pace, Settings};
use hammerdesk_domain::access::{Asker, Permission, Role, Scope};
use hammerdesk_domain::clock::{Clock, ManualClock};
use hammerdesk_domain::helpdesk::{
    Conversation, Gone, HelpdeskWrite, Requester, Ticket, TicketId, TicketTimes, Traits, status,
};
use hammerdesk_domain::ids::{LocationId, PersonId};
use hammerdesk_domain::message::{Action, Reply};
use hammerdesk_domain::record::{Entity, Kind, Record, Value};
use hammerdesk_store::helpdesk::{NewRecord, Origin, RecordKind, SaidReading, TicketReading};
use hammerdesk_store::{Ended, Line, Load, NewBatch, Store, Summary};
use serde_json::json;

/// Works in London and may do everything with tickets.
pub(crate) const NIA: &str = "nia";
/// The same in Hong Kong.
pub(crate) const KIT: &str = "kit";
/// Everywhere, and sees vip clients.
pub(crate) const ROSA: &str = "rosa";
/// Only reads tickets.
pub(crate) const TOM: &str = "tom";
/// No tickets at all.
pub(crate) const CALLER: &str = "caller";
/// Reads tickets of everybody.
pub(crate) const INES: &str = "ines";

pub(crate) fn moment() -> DateTime<Utc> {
    "2026-11-20T10:00:00Z".parse().unwrap()
}

/// Commands over a store with five tickets.
pub(crate) struct Desk {
    pub(crate) commands: Commands,
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    /// How often somebody was told that something waits to go out.
    pub(crate) woken: Arc<AtomicUsize>,
}

/// Ticket, contact, name, address, client, the client's location and confidentiality.
const TICKETS: [(i64, i64, &str, &str, &str, &str, &str); 4] = [
    (
        47,
        11,
        "Ada Lovelace",
        "ada@example.org",
        "1001",
        "london",
        "normal",
    ),
    (
        471,
        12,
        "Chan Mei Ling",
        "mei@example.org",
        "1002",
        "hong-kong",
        "normal",
    ),
    (472, 13, "Viola Vip", "viola@example.org", "1003", "london", "vip"),
    (
        473,
        14,
        "Zoltan Hidden",
        "zoltan@example.org",
        "1004",
        "london",
        "restricted",
    ),
];

impl Desk {
    pub(crate) async fn over(store: &Store) -> Self {
        let clients: Vec<Record> = TICKETS
            .iter()
            .map(|(_, _, name, _, no, location, confidentiality)| {
                record(
                    Entity::Client,
                    &[
                        ("client", no),
                        ("name", name),
                        ("location", location),
                        ("confidentiality", confidentiality),
                    ],
                )
            })
            .collect();
        load(store, Entity::Client, clients).await;
        let aliases: Vec<Record> = TICKETS
            .iter()
            .map(|(_, _, _, email, no, ..)| {
                record(
                    Entity::Alias,
                    &[("client", no), ("kind", "email"), ("value", email)],
                )
            })
            .collect();
        load(store, Entity::Alias, aliases).await;
        let clock = Arc::new(ManualClock::at(moment()));
        let woken = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&woken);
        let commands = Commands::new(store.clone(), Arc::new(settings()), clock.clone()).waking(move || {
            counted.fetch_add(1, Ordering::SeqCst);
        });
        let desk = Self {
            commands,
            store: store.clone(),
            clock,
            woken,
        };
        desk.agent(101, "Nia Prosser", "nia@house.example").await;
        desk.agent(102, "Nia Okafor", "okafor@house.example").await;
        desk.agent(103, "Kwok Wing-yan", "kit@house.example").await;
        desk.record(RecordKind::Field, 1, "status", None, json!({ "choices": {
            "2": ["Open", "Being processed"], "3": ["Pending", "Awaiting your reply"], "4": ["Resolved", "Solved"],
            "5": ["Closed", "Closed"], "9": ["With compliance", "Being checked"]
        }}))
        .await;
        for (id, contact, name, email, ..) in TICKETS {
            desk.record(RecordKind::Contact, contact, name, Some(email), json!({}))
                .await;
            desk.ticket(id, contact, &format!("Invoice question of {name}"), Some(email))
                .await;
        }
        desk.record(
            RecordKind::Contact,
            15,
            "Somebody",
            Some("who@example.net"),
            json!({}),
        )
        .await;
        desk.ticket(48, 15, "Opening hours", Some("who@example.net"))
            .await;
        desk
    }

    async fn agent(&self, id: i64, name: &str, email: &str) {
        self.record(RecordKind::Agent, id, name, Some(email), json!({}))
            .await;
    }

    pub(crate) async fn record(
        &self,
        kind: RecordKind,
        id: i64,
        name: &str,
        email: Option<&str>,
        raw: serde_json::Value,
    ) {
        let mut unit = self.store.write().await.unwrap();
        let record = NewRecord {
            kind,
            id,
            name: name.to_owned(),
            email: email.map(str::to_owned),
            raw,
            is_partial: false,
            updated_at: None,
        };
        unit.keep_helpdesk_record(&record, moment()).await.unwrap();
        unit.commit().await.unwrap();
    }

    /// A ticket of a contact, matched by the address where there is one.
    pub(crate) async fn ticket(&self, id: i64, contact: i64, subject: &str, email: Option<&str>) {
        self.ticket_as(id, contact, subject, |_| ()).await;
        if let Some(email) = email {
            let mut unit = self.store.write().await.unwrap();
            let requester = Requester {
                emails: vec![email.to_owned()],
                ..Requester::default()
            };
            let traits = Traits::of(requester, subject, "");
            unit.match_ticket(TicketId(id), &traits, moment()).await.unwrap();
            unit.commit().await.unwrap();
        }
    }

    pub(crate) async fn ticket_as(
        &self,
        id: i64,
        contact: i64,
        subject: &str,
        change: impl FnOnce(&mut Ticket),
    ) {
        let mut ticket = Ticket {
            id: TicketId(id),
            subject: subject.to_owned(),
            status: status::OPEN,
            priority: 1,
            source: 1,
            kind: None,
            requester: Some(contact),
            responder: None,
            group: None,
            company: None,
            product: None,
            support_email: None,
            tags: Vec::new(),
            custom: serde_json::Map::new(),
            due_at: None,
            first_response_due_at: None,
            is_escalated: false,
            times: TicketTimes::default(),
            created_at: moment() - TimeDelta::hours(5),
            updated_at: moment() - TimeDelta::hours(1),
            gone: Gone::Here,
            merged_into: None,
        };
        change(&mut ticket);
        let reading = TicketReading {
            ticket,
            has_times: true,
            description: None,
            description_text: Some("When is it due?".to_owned()),
            attachments: None,
            raw: json!({ "cc_emails": ["colleague@example.org"] }),
        };
        let mut unit = self.store.write().await.unwrap();
        unit.keep_ticket(&reading, Origin::read(i64::MAX), moment())
            .await
            .unwrap();
        unit.commit().await.unwrap();
    }

    /// The client writes.
    pub(crate) async fn client_writes(&self, ticket: i64, id: i64, text: &str) {
        let said = Conversation {
            id,
            ticket: TicketId(ticket),
            source: 0,
            incoming: true,
            private: false,
            author: Some(11),
            automatic: false,
            from: None,
            to: Vec::new(),
            cc: Vec::new(),
            html: format!("<p>{text}</p>"),
            text: text.to_owned(),
            created_at: moment(),
            updated_at: moment(),
        };
        let mut unit = self.store.write().await.unwrap();
        let reading = SaidReading {
            all: &[said],
            files: &[],
            as_of: None,
            began: i64::MAX,
        };
        unit.keep_conversations(TicketId(ticket), &reading, moment())
            .await
            .unwrap();
        unit.commit().await.unwrap();
    }

    pub(crate) async fn ask(&self, who: &str, line: &str) -> Reply {
        self.say(who, What::Typed(line.to_owned())).await
    }

    pub(crate) async fn text(&self, who: &str, line: &str) -> String {
        plain(&self.ask(who, line).await)
    }

    pub(crate) async fn press(&self, who: &str, action: &Action) -> Reply {
        self.say(who, What::Press(action.id.clone())).await
    }

    pub(crate) async fn submit(&self, who: &str, action: &Action, fields: &[(&str, &str)]) -> Reply {
        let fields = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        self.say(
            who,
            What::Submit {
                action: action.id.clone(),
                fields,
            },
        )
        .await
    }

    /// In a place where answers about accounts may stand for all to read.
    pub(crate) async fn say(&self, who: &str, what: What) -> Reply {
        let request = Request {
            who: PersonId::new(who),
            place: Place {
                platform: "test",
                channel: "desk".to_owned(),
                open: true,
            },
            what,
            at: self.clock.now(),
        };
        self.commands.answer(request).await
    }

    pub(crate) async fn complete(&self, who: &str, line: &str) -> Vec<Suggestion> {
        let asker = self.commands.settings().people[&PersonId::new(who)].clone();
        self.commands.complete_as(&asker, line).await
    }

    /// Everything that waits to reach the helpdesk for a ticket, oldest first.
    pub(crate) async fn writes(&self, lane: &str) -> Vec<HelpdeskWrite> {
        let mut view = self.store.read().await.unwrap();
        let waiting = view.head_of_lane(&format!("freshdesk:{lane}"), 50).await.unwrap();
        waiting
            .into_iter()
            .map(|waiting| serde_json::from_value(waiting.what.body).unwrap())
            .collect()
    }

    /// The helpdesk refuses everything that waits for a ticket.
    pub(crate) async fn refuse_all(&self, lane: &str) {
        let mut unit = self.store.write().await.unwrap();
        let waiting = unit.head_of_lane(&format!("freshdesk:{lane}"), 50).await.unwrap();
        for waiting in waiting {
            unit.end_outgoing(waiting.id, Ended::Refused, "no", moment())
                .await
                .unwrap();
        }
        unit.commit().await.unwrap();
    }

    /// How much waits at all.
    pub(crate) async fn waiting(&self) -> i64 {
        self.store
            .read()
            .await
            .unwrap()
            .outbox_counts()
            .await
            .unwrap()
            .waiting
    }
}

/// The button of that label.
pub(crate) fn button<'a>(reply: &'a Reply, label: &str) -> &'a Action {
    reply
        .actions
        .iter()
        .find(|action| action.label == label)
        .unwrap_or_else(|| panic!("no button {label}: {}", plain(reply)))
}

fn settings() -> Settings {
    use Permission::{Balance, Client, ClientReply, RestrictedClients, TicketWork, Tickets, VipClients};
    let all = [Tickets, TicketWork, ClientReply, Client, Balance];
    let person = |id: &str, name: &str, permissions: &[Permission], at: &[&str]| {
        let scope = if at.is_empty() {
            Scope::All
        } else {
            Scope::Only(at.iter().map(|id| LocationId::new(*id)).collect::<BTreeSet<_>>())
        };
        let asker = Asker {
            id: PersonId::new(id),
            name: name.to_owned(),
            role: Arc::new(Role::new(id, name, permissions)),
            scope,
        };
        (asker.id.clone(), asker)
    };
    Settings {
        people: BTreeMap::from([
            person(NIA, "Nia <b>Prosser", &all, &["london"]),
            person(KIT, "Kwok Wing-yan", &all, &["hong-kong"]),
            person(ROSA, "Rosa Delgado", &[&all[..], &[VipClients]].concat(), &[]),
            person(TOM, "Tom Achterberg", &[Tickets], &[]),
            person(CALLER, "Call centre", &[Balance], &[]),
            person(
                INES,
                "Ines Moreau",
                &[Tickets, VipClients, RestrictedClients],
                &[],
            ),
        ]),
        agents: BTreeMap::from([
            ("nia@house.example".to_owned(), PersonId::new(NIA)),
            ("kit@house.example".to_owned(), PersonId::new(KIT)),
        ]),
        pace: Pace {
            per_minute: 100_000,
            burst: 100_000,
        },
        helpdesk_site: Some("https://house.example".to_owned()),
        ..Settings::default()
    }
}

/// A record from `column=value` words; what is required and not said gets a plain value.
fn record(entity: Entity, cells: &[(&str, &str)]) -> Record {
    let values = entity.columns().iter().map(|column| {
        let said = cells
            .iter()
            .find(|(name, _)| *name == column.name)
            .map(|(_, text)| *text);
        let text = match said {
            Some(text) => text,
            None if column.required => match column.kind {
                Kind::Choice(words) => words[0],
                _ => "x",
            },
            None => column.default,
        };
        match column.kind {
            _ if text.is_empty() => Value::Null,
            Kind::Bool => Value::Bool(text == "yes"),
            Kind::Client => {
                let no = hammerdesk_domain::ids::ClientNo::parse(text).unwrap();
                Value::Text(no.as_str().to_owned())
            }
            _ => Value::Text(text.to_owned()),
        }
    });
    Record {
        entity,
        values: values.collect(),
    }
}

async fn load(store: &Store, entity: Entity, records: Vec<Record>) {
    let batch = NewBatch {
        source: "sap".into(),
        entity,
        file_name: format!("{}.csv", entity.name()),
        sha256: entity.name().to_owned(),
        mapping: None,
        extracted_at: moment(),
        complete: false,
        at: moment(),
    };
    let Load::Open(mut loader) = store.begin_load(batch).await.unwrap() else {
        panic!("a fresh store has no batch");
    };
    let rows = records.len() as u64;
    let lines = records
        .into_iter()
        .zip(2..)
        .map(|(record, line)| Line { line, record });
    loader.rows(lines.collect()).await.unwrap();
    let summary = Summary {
        rows,
        quarantined: Vec::new(),
        control_totals: json!({}),
        at: moment(),
    };
    loader.finish(summary).await.unwrap();
}
