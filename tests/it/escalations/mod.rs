//! Escalations as the people in them live through them: who is asked, who has it, and that it climbs until
//! somebody has. Time stands until a story moves it.

mod bad_input;
mod faults;
mod handover;
mod helpdesk;
mod stories;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk::App;
use hammerdesk::config::Partner;
use hammerdesk::furnish::furnish_with;
use hammerdesk_commands::render;
use hammerdesk_domain::access::{Asker, Permission, Role, Scope};
use hammerdesk_domain::chat::Platform;
use hammerdesk_domain::clock::{Clock as _, ManualClock};
use hammerdesk_domain::escalation::{Desk as Rules, Escalation, EscalationId, Rulebook};
use hammerdesk_domain::ids::{LocationId, PersonId};
use hammerdesk_domain::message::Reply;
use hammerdesk_domain::record::{Entity, Value};
use hammerdesk_store::testing::each_engine;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value as Json, json};
use sha2::Sha256;
use std::sync::Arc;
use tower::ServiceExt;

use crate::harness::{Desk, house, moment};

const SECRET: &str = "a secret of the call centre";

/// Who is on when in the stories: London and Hong Kong by day, New York after London, and somebody for all
/// houses on the days of London's sales.
const RULES: &str = r#"
[[routing]]
id = "owner-first"
when = { words = ["my owner"] }
to = ["person:nia"]

[[routing]]
id = "hong-kong"
when = { location = ["hong-kong"] }
to = ["on_shift:hong-kong", "on_shift:london"]

[[routing]]
id = "everybody-else"
to = ["last_handler", "on_shift:london"]

[[ladders]]
id = "standard"
rungs = [
  { name = "coordinator", to = ["assigned"], wait = { after = "30m", by_severity = { critical = "5m" }, plain_from = "low" } },
  { name = "senior", to = ["person:sam"], wait = { after = "30m", plain_from = "low" } },
  { name = "manager", to = ["manager"], wait = { after = "1h", plain_from = "low" } },
]
ends_with = ["person:omar"]
remind_every = "1h"
silence = { after = "4h", plain_from = "low" }

[[rotas]]
id = "hong-kong"
location = "hong-kong"
hands_over_to = "london"
shifts = [{ id = "day", people = ["wing"], days = ["weekdays"], hours = ["09:00-18:00"] }]

[[rotas]]
id = "london"
location = "london"
sale_days = ["2026-11-21"]
shifts = [
  { id = "day", people = ["nia"], days = ["weekdays"], hours = ["09:00-17:30"] },
  { id = "sale", people = ["nia", "priya"], days = ["sale_days"], hours = ["09:00-22:00"] },
]

[escalation]
managers = { london = ["rosa"], hong-kong = ["rosa"] }
last_resort = ["omar"]
"#;

/// A house with people, a call centre, and a day.
pub(crate) struct Story {
    pub(crate) desk: Desk,
    pub(crate) app: App,
    calls: std::cell::Cell<u32>,
}

fn person(id: &str, name: &str, more: &[Permission], locations: &[&str]) -> Asker {
    let mut permissions = vec![
        Permission::Balance,
        Permission::Release,
        Permission::Client,
        Permission::Internal,
        Permission::Tickets,
        Permission::TicketWork,
        Permission::Escalations,
    ];
    permissions.extend(more);
    Asker {
        id: PersonId::new(id),
        name: name.to_owned(),
        role: Arc::new(Role::new(id, id, &permissions)),
        scope: if locations.is_empty() {
            Scope::All
        } else {
            Scope::Only(locations.iter().map(|id| LocationId::new(*id)).collect())
        },
    }
}

pub(crate) fn people() -> Vec<Asker> {
    use Permission::{Debtors, RestrictedClients, VipClients};
    vec![
        person("nia", "Nia", &[], &["london"]),
        person("sam", "Sam", &[VipClients], &["london", "hong-kong"]),
        person("wing", "Wing-yan", &[], &["hong-kong"]),
        person("priya", "Priya", &[], &[]),
        person("rosa", "Rosa", &[VipClients, Debtors], &[]),
        person("omar", "Omar", &[VipClients, RestrictedClients, Debtors], &[]),
        person("tess", "Tess", &[], &["new-york"]),
        // Works for the house from outside: reads no internal channel.
        Asker {
            role: Arc::new(Role::new(
                "outside",
                "Outside",
                &[Permission::Client, Permission::Escalations],
            )),
            ..person("dora", "Dora", &[], &["london"])
        },
    ]
}

/// The rules of the stories, with a change.
pub(crate) fn rules(from: &str, to: &str) -> String {
    assert!(RULES.contains(from), "the rules have no {from:?}");
    RULES.replacen(from, to, 1)
}

fn settle_in(desk: Desk, from: &str) -> Story {
    let partner = |id: &str, location: &str| Partner {
        id: id.to_owned(),
        secrets: vec![format!("{SECRET} {id}")],
        location: Some(LocationId::new(location)),
        per_minute: 100_000,
    };
    let app = desk.app.clone().with_partners(vec![
        partner("london-calls", "london"),
        partner("hong-kong-calls", "hong-kong"),
    ]);
    desk.clock.set(from.parse().unwrap());
    Story {
        desk,
        app,
        calls: std::cell::Cell::new(0),
    }
}

fn dress(settings: &mut hammerdesk_commands::settings::Settings, rules: &str) {
    for who in people() {
        settings.people.insert(who.id.clone(), who);
    }
    let book: Rulebook = toml::from_str(rules).unwrap();
    let people = people().into_iter().map(|who| (who.id.clone(), who)).collect();
    settings.agents.insert("nia@house.test".to_owned(), "nia".into());
    settings.desk = Some(Arc::new(Rules::new(book, people, &settings.house).unwrap()));
}

/// Tells a story at that time on both engines, in a house that knows its clients and nothing else; what is
/// told must be the same on both.
pub(crate) async fn each_story(from: &str, rules: &str, tell: impl AsyncFn(&Story) -> String) -> String {
    let told = std::cell::RefCell::new(Vec::new());
    each_engine(async |store| {
        furnish_with(
            &store,
            &house(),
            &[Entity::Client, Entity::Alias],
            &ManualClock::at(moment()),
            |_| (),
        )
        .await
        .unwrap();
        let desk = Desk::over(store, None, |settings| dress(settings, rules));
        let story = settle_in(desk, from);
        let text = tell(&story).await;
        story.app.commands.flush().await;
        told.borrow_mut().push(text);
    })
    .await;
    let mut told = told.into_inner();
    told.dedup();
    assert_eq!(told.len(), 1, "the engines tell different stories: {told:#?}");
    told.remove(0)
}

/// A story in the whole sample house, on SQLite.
pub(crate) async fn a_story(from: &str, rules: &str) -> Story {
    settle_in(Desk::with(|settings| dress(settings, rules)).await, from)
}

pub(crate) fn sign(secret: &str, at: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{at}.").as_bytes());
    mac.update(body);
    let hex: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("t={at},v1={hex}")
}

impl Story {
    /// An ordinary client of that saleroom.
    pub(crate) fn client(&self, location: &str) -> String {
        self.client_who(location, "normal")
    }

    pub(crate) fn client_who(&self, location: &str, confidentiality: &str) -> String {
        let is = |value: &Value, word: &str| matches!(value, Value::Text(text) if text == word);
        let found = self.desk.house.records(Entity::Client).find(|client| {
            (location.is_empty() || is(client.get("location"), location))
                && is(client.get("confidentiality"), confidentiality)
                && !matches!(client.get("merged_into"), Value::Text(_))
        });
        match found.expect("such a client").get("client") {
            Value::Text(number) => number.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// The call centre hands a caller over; gives the receipt.
    pub(crate) async fn calls(&self, partner: &str, body: Json) -> String {
        self.calls.set(self.calls.get() + 1);
        let key = format!("call-{}", self.calls.get());
        let (status, answer) = self.sends(partner, &key, &body).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        self.settle().await;
        answer["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn sends(&self, partner: &str, key: &str, body: &Json) -> (StatusCode, Json) {
        let body = body.to_string().into_bytes();
        let at = self.now().timestamp();
        let request = Request::post("/intake/v1/escalations")
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .header(
                "x-hammerdesk-signature",
                sign(&format!("{SECRET} {partner}"), at, &body),
            )
            .body(Body::from(body))
            .unwrap();
        self.answered(request).await
    }

    /// The call centre asks who has it.
    pub(crate) async fn partner_asks(&self, partner: &str, receipt: &str) -> String {
        let at = self.now().timestamp();
        let request = Request::get(format!("/intake/v1/escalations/{receipt}"))
            .header(
                "x-hammerdesk-signature",
                sign(&format!("{SECRET} {partner}"), at, b""),
            )
            .body(Body::empty())
            .unwrap();
        let (status, answer) = self.answered(request).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        format!(
            "{}: {}",
            answer["status"].as_str().unwrap(),
            answer["says"].as_str().unwrap()
        )
    }

    async fn answered(&self, request: Request<Body>) -> (StatusCode, Json) {
        let response = self.app.router().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Json::Null))
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.desk.clock.now()
    }

    /// Everything that is due is done.
    pub(crate) async fn settle(&self) {
        let engine = self.app.engine();
        engine.settle().await.unwrap();
        // What came before its thread stood is tried again a moment later.
        self.desk.clock.advance(TimeDelta::seconds(3));
        engine.settle().await.unwrap();
    }

    /// So many minutes pass.
    pub(crate) async fn minutes(&self, minutes: i64) {
        self.desk.clock.advance(TimeDelta::minutes(minutes));
        self.settle().await;
    }

    /// The one escalation that is open.
    pub(crate) async fn only(&self) -> Escalation {
        let mut view = self.app.store.read().await.unwrap();
        let queue = view.escalation_queue(None, 10).await.unwrap();
        assert_eq!(queue.len(), 1, "{queue:?}");
        view.escalation(queue[0].id).await.unwrap().unwrap()
    }

    pub(crate) async fn escalation(&self, id: EscalationId) -> Escalation {
        let mut view = self.app.store.read().await.unwrap();
        view.escalation(id).await.unwrap().unwrap()
    }

    /// The card as it stands, with the escalation's name left out: where, and what it says.
    pub(crate) async fn card(&self, id: EscalationId) -> String {
        let mut view = self.app.store.read().await.unwrap();
        let stored = view
            .stored_post(&format!("escalation:{id}"), Platform::Console)
            .await
            .unwrap()
            .expect("a card");
        assert_eq!(stored.shown, stored.revision, "it is shown as it should be");
        let mut reply: Reply = stored.post.reply.clone();
        reply.actions.clear();
        format!(
            "#{}\n{}",
            stored.post.channel,
            self.nameless(id, &render::plain(&reply))
        )
    }

    /// The buttons on the card.
    pub(crate) async fn buttons(&self, id: EscalationId) -> Vec<String> {
        let mut view = self.app.store.read().await.unwrap();
        let key = format!("escalation:{id}");
        let stored = view.stored_post(&key, Platform::Console).await.unwrap().unwrap();
        let reply = stored.post.reply;
        reply.actions.into_iter().map(|action| action.label).collect()
    }

    fn nameless(&self, id: EscalationId, text: &str) -> String {
        text.replace(&format!("E-{}", id.handle()), "E-1")
    }

    /// What was said in its thread, line by line.
    pub(crate) async fn thread(&self, id: EscalationId) -> String {
        let mut view = self.app.store.read().await.unwrap();
        let events = view.escalation(id).await.unwrap().unwrap().events;
        let mut said = Vec::new();
        for at in 0..events {
            let key = format!("escalation:{id}:{at}");
            if let Some(stored) = view.stored_post(&key, Platform::Console).await.unwrap() {
                assert_eq!(stored.shown, stored.revision);
                let asks: Vec<&str> = stored.post.mentions.iter().map(PersonId::as_str).collect();
                let mut text = stored.post.reply.text.clone();
                if !asks.is_empty() {
                    text.push_str(&format!("\n  @{}", asks.join(" @")));
                }
                said.push(self.nameless(id, &text));
            }
        }
        said.join("\n")
    }

    /// Somebody types or presses.
    pub(crate) async fn asks(&self, who: &str, line: &str) -> String {
        let said = render::plain(&self.desk.ask(who, line).await);
        self.settle().await;
        said
    }

    /// What stands in a channel, outside of threads, that names somebody: who is asked there.
    pub(crate) async fn asked_in(&self, channel: &str, reader: &str) -> Vec<String> {
        let mut view = self.app.store.read().await.unwrap();
        let page = view
            .chat_page(&PersonId::new(reader), channel, None, 100)
            .await
            .unwrap();
        page.iter()
            .filter_map(|message| message.body["reply"]["text"].as_str())
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

/// What a call centre sends.
pub(crate) fn call(client: &str, said: &str) -> Json {
    json!({ "client": client, "said": said, "kind": "payment_problem" })
}
