//! Escalations: how soon a partner's request is an assigned card, whether a flood is routed fairly and the
//! worst first, and what a tick costs with nothing due.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use axum::body::Body;
use axum::http::Request;
use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::access::{Asker, Permission, Role, Scope};
use hammerdesk_domain::chat::Platform;
use hammerdesk_domain::clock::{Clock, SystemClock};
use hammerdesk_domain::escalation::model::{About, Actor, Caller, Matched, Opening};
use hammerdesk_domain::escalation::{Desk, EscalationId, Kind, Rulebook, Severity, Way};
use hammerdesk_domain::ids::{LocationId, PersonId, new_id};
use hammerdesk_domain::record::Entity;
use hammerdesk_sandbox::SampleHouse;
use hammerdesk_store::Store;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::sync::watch;
use tower::ServiceExt as _;
use uuid::Uuid;

use super::figures::{Figure, Sample, milliseconds};
use crate::App;
use crate::config::Partner;
use crate::engine::{Module as _, Progress};
use crate::escalate::{Climb, head_key};
use crate::furnish::{furnish_with, settings};

const SECRET: &str = "a secret for measuring";
/// How many come in one after the other, at which pace.
const CALLS: u32 = 1_000;
const PACE: Duration = Duration::from_millis(20);
/// Each of them must be an assigned card so soon.
const SOON: Duration = Duration::from_secs(1);
/// The flood.
const FLOOD: usize = 10_000;
const MINUTE: Duration = Duration::from_secs(60);
/// How many people share it.
const PEOPLE: usize = 10;
/// How many idle ticks are measured.
const TICKS: usize = 300;
/// What an idle tick may cost more than one of an empty store, and what is not worth comparing.
const TIMES: u32 = 2;
const NOTHING: Duration = Duration::from_micros(500);

pub(super) async fn measure(engine: &str, store: &Store, open: usize) -> anyhow::Result<Vec<Figure>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let house = SampleHouse::new(7, clock.now(), 1);
    furnish_with(
        store,
        &house,
        &[Entity::Client, Entity::Alias],
        clock.as_ref(),
        |_| (),
    )
    .await?;
    let app =
        App::build(store.clone(), with_people(settings(&house))?, clock, true).with_partners(vec![Partner {
            id: "call-centre".to_owned(),
            secrets: vec![SECRET.to_owned()],
            location: Some(LocationId::new("london")),
            per_minute: 1_000_000,
        }]);
    let figure = |measured: String, promised: String, kept: bool| Figure {
        measure: "escalations".to_owned(),
        engine: engine.to_owned(),
        measured,
        promised,
        kept,
    };
    let empty = idle(&app).await?;
    let mut figures = vec![];
    let (half, most) = from_request_to_card(&app).await?;
    figures.push(figure(
        format!(
            "request to assigned card at 50 a second: median {}, p99 {}",
            milliseconds(half),
            milliseconds(most)
        ),
        format!("p99 below {}", milliseconds(SOON)),
        most < SOON,
    ));
    let flood = flood(&app).await?;
    figures.push(figure(
        format!(
            "{FLOOD} at once: routed in {}, {} to {} each, the worst first: {}",
            milliseconds(flood.took),
            flood.least,
            flood.most,
            flood.worst_first
        ),
        format!(
            "within {}, no more than 1 apart, the worst first",
            milliseconds(MINUTE)
        ),
        flood.took < MINUTE && flood.most - flood.least <= 1 && flood.worst_first,
    ));
    fill(&app, open).await?;
    let full = idle(&app).await?;
    figures.push(figure(
        format!(
            "tick with nothing due: {} with {open} open, {} with none",
            milliseconds(full),
            milliseconds(empty)
        ),
        format!(
            "what an empty one costs (at most {TIMES}x, or below {})",
            milliseconds(NOTHING)
        ),
        full < empty * TIMES || full < NOTHING,
    ));
    Ok(figures)
}

fn with_people(mut settings: Settings) -> anyhow::Result<Settings> {
    let may = [
        Permission::Client,
        Permission::Internal,
        Permission::VipClients,
        Permission::RestrictedClients,
    ];
    let role = Arc::new(Role::new("desk", "Desk", &may));
    let people: BTreeMap<PersonId, Asker> = (0..PEOPLE)
        .map(|n| {
            let id = PersonId::new(format!("p{n}"));
            let asker = Asker {
                id: id.clone(),
                name: format!("Person {n}"),
                role: Arc::clone(&role),
                scope: Scope::All,
            };
            (id, asker)
        })
        .collect();
    let members: Vec<String> = people.keys().map(|id| format!("{:?}", id.as_str())).collect();
    let rules: Rulebook = toml::from_str(&format!(
        "routing = [{{ id = \"all\", to = [\"team:desk\"] }}]\nteams = [{{ id = \"desk\", members = [{}] }}]\n\
         [escalation]\ncapacity = 1000000\nrestricted = [\"team:desk\"]\n",
        members.join(", ")
    ))?;
    let desk = Desk::new(rules, people.clone(), &settings.house).map_err(|why| anyhow::anyhow!(why))?;
    settings.people.extend(people);
    settings.desk = Some(Arc::new(desk));
    Ok(settings)
}

/// The median of an idle tick.
async fn idle(app: &App) -> anyhow::Result<Duration> {
    let climb = Climb(app.escalations.clone().context("a desk")?);
    while climb.step().await? == Progress::Worked {}
    let mut sample = Sample::default();
    for _ in 0..TICKS {
        let started = Instant::now();
        ensure!(climb.step().await? == Progress::Idle, "something was due");
        sample.add(started.elapsed());
    }
    Ok(sample.percentile(50))
}

async fn send(app: &App, number: u32) -> anyhow::Result<Uuid> {
    let said = format!("Where is my money? ({number})");
    let body = serde_json::json!({
        "said": said, "kind": "payment_problem",
        "caller": { "phone": format!("+44 20 7{number:07}") },
    })
    .to_string();
    let at = app.clock.now().timestamp();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
    mac.update(format!("{at}.{body}").as_bytes());
    let signature: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let request = Request::post("/intake/v1/escalations")
        .header("content-type", "application/json")
        .header("idempotency-key", format!("call-{number}"))
        .header("x-hammerdesk-signature", format!("t={at},v1={signature}"))
        .body(Body::from(body))?;
    let response = app.router().oneshot(request).await?;
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 16).await?;
    ensure!(
        status.is_success(),
        "{status}: {}",
        String::from_utf8_lossy(&bytes)
    );
    let answer: serde_json::Value = serde_json::from_slice(&bytes)?;
    Ok(answer["id"].as_str().context("a receipt")?.parse()?)
}

/// From the moment before a request to the moment when its card, assigned, stands in the console's chat.
async fn from_request_to_card(app: &App) -> anyhow::Result<(Duration, Duration)> {
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(app.engine().run(stopped));
    let mut ticks = tokio::time::interval(PACE);
    let mut sending = tokio::task::JoinSet::new();
    for number in 0..CALLS {
        ticks.tick().await;
        let app = app.clone();
        sending.spawn(async move {
            let began = app.clock.now();
            send(&app, number).await.map(|receipt| (receipt, began))
        });
    }
    let mut sent = Vec::new();
    while let Some(ended) = sending.join_next().await {
        sent.push(ended??);
    }
    let mut sample = Sample::default();
    let given_up = Instant::now() + MINUTE;
    for (receipt, began) in sent {
        let shown_at = loop {
            match shown(app, receipt).await? {
                Some(at) => break at,
                None => ensure!(Instant::now() < given_up, "a card never stood"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        sample.add((shown_at - began).to_std().unwrap_or_default());
    }
    stop.send_replace(true);
    running.await?;
    Ok((sample.percentile(50), sample.percentile(99)))
}

/// When the card of that receipt was put into the chat.
async fn shown(app: &App, receipt: Uuid) -> anyhow::Result<Option<DateTime<Utc>>> {
    let mut view = app.store.read().await?;
    let id = view.receipt("call-centre", receipt).await?.context("a receipt")?;
    let Some(stored) = view.stored_post(&head_key(id), Platform::Console).await? else {
        return Ok(None);
    };
    let Some(message) = stored.message.and_then(|id| id.parse().ok()) else {
        return Ok(None);
    };
    let viewer = PersonId::new("p0");
    Ok(view
        .chat_message(&viewer, message)
        .await?
        .map(|message| message.at))
}

struct Flood {
    took: Duration,
    least: u32,
    most: u32,
    worst_first: bool,
}

fn opening(now: DateTime<Utc>, severity: Severity) -> Opening {
    Opening {
        id: EscalationId(new_id(now)),
        way: Way::Decision,
        partner: None,
        reference: None,
        ticket: None,
        kind: Kind::Other,
        severity,
        location: Some(LocationId::new("london")),
        language: None,
        matched: Matched::Nobody,
        about: About::default(),
        said: "Many at once".to_owned(),
        caller: Caller::default(),
        snapshot: None,
        deadline: None,
        at: now,
    }
}

async fn flood(app: &App) -> anyhow::Result<Flood> {
    let started = Instant::now();
    let mut ids = BTreeMap::new();
    for chunk in 0..FLOOD / 100 {
        let mut unit = app.store.write().await?;
        for n in 0..100 {
            let severity = if (chunk + n) % 10 == 0 {
                Severity::Critical
            } else {
                Severity::Normal
            };
            let one = opening(app.clock.now(), severity);
            unit.take_in_escalation(&one, Actor::Desk, TimeDelta::zero())
                .await?;
            ids.insert(one.id, severity);
        }
        unit.commit().await?;
    }
    let before = app.store.read().await?.escalation_loads().await?;
    let climb = Climb(app.escalations.clone().context("a desk")?);
    while climb.step().await? == Progress::Worked {}
    let took = started.elapsed();
    let mut view = app.store.read().await?;
    let mut routed_at = Vec::new();
    for (id, severity) in &ids {
        let entries = view.escalation_entries(*id).await?;
        let routed = entries.iter().find(|entry| entry.event.what.given_to().is_some());
        routed_at.push((routed.context("every one is routed")?.event.at, *severity));
    }
    let last_critical = routed_at
        .iter()
        .filter(|(_, severity)| *severity == Severity::Critical)
        .map(|(at, _)| *at)
        .max();
    let first_normal = routed_at
        .iter()
        .filter(|(_, severity)| *severity == Severity::Normal)
        .map(|(at, _)| *at)
        .min();
    let after = view.escalation_loads().await?;
    let total = |n: usize| {
        let id = PersonId::new(format!("p{n}"));
        after.open.get(&id).copied().unwrap_or(0)
    };
    ensure!(after.open.len() >= before.open.len(), "nobody lost any");
    let loads: Vec<u32> = (0..PEOPLE).map(total).collect();
    Ok(Flood {
        took,
        least: loads.iter().min().copied().unwrap_or(0),
        most: loads.iter().max().copied().unwrap_or(0),
        worst_first: last_critical <= first_normal,
    })
}

/// So many that are open and wait for something tomorrow.
async fn fill(app: &App, open: usize) -> anyhow::Result<()> {
    let now = app.clock.now();
    let there = usize::try_from(app.store.read().await?.open_escalations().await?)?;
    for _ in 0..open.saturating_sub(there).div_ceil(500) {
        let mut unit = app.store.write().await?;
        for _ in 0..500 {
            let one = hammerdesk_domain::escalation::Escalation::open(opening(now, Severity::Normal));
            unit.open_escalation(None, &[], &one, Some(now + TimeDelta::days(1)))
                .await?;
        }
        unit.commit().await?;
    }
    Ok(())
}
