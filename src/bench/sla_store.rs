//! The store of clocks: a look at which nothing is due, a breach among many, and a change of the rules.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::clock::ManualClock;
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_domain::ids::LocationId;
use hammerdesk_domain::sla::calendar::{CalendarRules, Piece, Week};
use hammerdesk_domain::sla::event::{By, Channel, Event, Party, What};
use hammerdesk_domain::sla::judge::{Occasion, judge_events};
use hammerdesk_domain::sla::policy::{Policy, Rules, Target, Version, Warning};
use hammerdesk_store::Store;
use hammerdesk_store::sla::StoredClock;

use super::figures::{Figure, Sample, milliseconds};
use crate::App;
use crate::cli::progress;
use crate::engine::{Engine, Module as _, Nudge};

/// Tickets of the change of rules, of three open clocks each.
const TICKETS: i64 = 100_000;
/// What the change may take.
const MOST_CHANGE: Duration = Duration::from_secs(5);
/// What a look may take at which nothing is due.
const MOST_IDLE: Duration = Duration::from_millis(2);
/// How late a breach may be known.
const MOST_LATE: Duration = Duration::from_secs(1);
const LOOKS: usize = 300;
const AT_ONCE: i64 = 5_000;

fn rules(hours: i64) -> anyhow::Result<Rules> {
    let london = LocationId::new("london");
    let day = Piece::new("09:00".parse()?, "17:30".parse()?)?;
    let calendar = CalendarRules::new(chrono_tz::Tz::Europe__London, Week::monday_to_friday(&[day]));
    let policy = Policy {
        id: "standard".to_owned(),
        first_response: Some(Target::Open(hours * 3_600)),
        resolution: Some(Target::Open(hours * 2 * 3_600)),
        callback: Some(Target::Elapsed(hours * 60)),
        warnings: vec![Warning::At(500), Warning::Before(1_800)],
        ..Policy::default()
    };
    Ok(Rules {
        policies: vec![policy],
        calendars: [(london.clone(), calendar)].into(),
        default_calendar: Some(london),
        ..Rules::default()
    })
}

/// A mail with a call promised on it: a first answer, a resolution and the call are owed.
fn events(ticket: i64, at: DateTime<Utc>, due_at: DateTime<Utc>) -> Vec<Event> {
    let channel = Channel::Email;
    let created = format!("created:{ticket}");
    let promise = ticket.to_string();
    vec![
        Event::new(at, created, By::some(Party::Client), What::Created { channel }),
        Event::new(
            at,
            format!("callback:{ticket}"),
            By::agent("7"),
            What::CallbackPromised { promise, due_at },
        ),
    ]
}

fn app(store: &Store, rules: Rules, clock: &Arc<ManualClock>) -> App {
    let mut settings = Settings::default();
    settings.sla.rules = rules;
    settings.sla.alerts.digest = false;
    App::build(store.clone(), settings, clock.clone(), false).with_bridge(Vec::new(), "https://bench", false)
}

async fn settle(app: &App) -> anyhow::Result<()> {
    let sla = app.sla.clone().context("promises are made")?;
    Engine::new(Nudge::default()).with(sla).settle().await
}

/// Measures one engine on a fresh store.
pub(super) async fn measure(engine: &str, store: &Store, clocks: u64) -> anyhow::Result<Vec<Figure>> {
    let now: DateTime<Utc> = "2026-11-23T10:00:00Z".parse()?;
    let clock = Arc::new(ManualClock::at(now));
    let before = rules(40)?;
    let version = Version {
        name: "v1".to_owned(),
        from: now - TimeDelta::days(30),
        moves_open: false,
        rules: before.clone(),
    };
    let mut unit = store.write().await?;
    unit.add_sla_version(&version).await?;
    unit.commit().await?;
    fill(engine, store, &before, now).await?;
    let mut figures = vec![change(engine, store, &clock).await?];
    figures.push(breach(engine, store, &clock, now).await?);
    figures.push(idle(engine, store, &clock, now, clocks).await?);
    Ok(figures)
}

async fn fill(engine: &str, store: &Store, rules: &Rules, now: DateTime<Utc>) -> anyhow::Result<()> {
    let years = hammerdesk_domain::sla::calendar::Years::around(now, 2);
    let book = hammerdesk_domain::sla::policy::Rulebook::of_rules("v1", rules.clone(), years);
    for from in (1..=TICKETS).step_by(usize::try_from(AT_ONCE).unwrap_or(1)) {
        progress(&format!("{engine}: {from} of {TICKETS} tickets"));
        let mut unit = store.write().await?;
        let mut rows = Vec::new();
        for ticket in from..(from + AT_ONCE).min(TICKETS + 1) {
            let at = now - TimeDelta::seconds(ticket % 3_000);
            let all = events(ticket, at, now + TimeDelta::days(60));
            unit.keep_sla_events(TicketId(ticket), &all, true).await?;
            rows.extend(
                judge_events(&all, &book, now)
                    .into_iter()
                    .map(|judged| StoredClock {
                        ticket: TicketId(ticket),
                        next_at: judged.next_at,
                        judged,
                    }),
            );
        }
        unit.write_clocks(&rows).await?;
        unit.commit().await?;
    }
    progress("");
    Ok(())
}

async fn change(engine: &str, store: &Store, clock: &Arc<ManualClock>) -> anyhow::Result<Figure> {
    let app = app(store, rules(32)?, clock);
    let started = Instant::now();
    settle(&app).await?;
    let took = started.elapsed();
    let moved = store.read().await?.count_sla_differences("v2").await?;
    ensure!(moved >= TICKETS * 2, "{moved} deadlines moved");
    Ok(Figure {
        measure: "sla".to_owned(),
        engine: engine.to_owned(),
        measured: format!(
            "rules changed over {TICKETS} tickets of 3 open clocks, {moved} moved: {}",
            milliseconds(took)
        ),
        promised: format!("under {} s, difference stored", MOST_CHANGE.as_secs()),
        kept: took < MOST_CHANGE,
    })
}

async fn breach(
    engine: &str,
    store: &Store,
    clock: &Arc<ManualClock>,
    now: DateTime<Utc>,
) -> anyhow::Result<Figure> {
    let app = app(store, rules(32)?, clock);
    let ticket = TicketId(TICKETS + 1);
    let due = now + TimeDelta::hours(1);
    let mut unit = store.write().await?;
    for event in events(ticket.0, now, due) {
        unit.note_sla_event(ticket, &event, now).await?;
    }
    unit.commit().await?;
    settle(&app).await?;
    let broken = due + TimeDelta::minutes(32);
    clock.set(broken);
    let every = app
        .sla
        .as_ref()
        .map(crate::engine::Module::every)
        .unwrap_or_default();
    let started = Instant::now();
    settle(&app).await?;
    let took = started.elapsed() + every;
    let fallen = store.read().await?.fallen(ticket).await?;
    ensure!(
        fallen
            .iter()
            .any(|fell| fell.happening.occasion == Occasion::Breach && fell.happening.at == broken),
        "the breach is noted with its own instant: {fallen:?}"
    );
    Ok(Figure {
        measure: "sla".to_owned(),
        engine: engine.to_owned(),
        measured: format!(
            "a breach among {} open clocks is known after {} at most",
            TICKETS * 3,
            milliseconds(took)
        ),
        promised: "within 1 s".to_owned(),
        kept: took < MOST_LATE,
    })
}

async fn idle(
    engine: &str,
    store: &Store,
    clock: &Arc<ManualClock>,
    now: DateTime<Utc>,
    clocks: u64,
) -> anyhow::Result<Figure> {
    let far = now + TimeDelta::days(90);
    let years = hammerdesk_domain::sla::calendar::Years::around(now, 2);
    let book = hammerdesk_domain::sla::policy::Rulebook::of_rules("v2", rules(32)?, years);
    let judged = judge_events(&events(0, now, far), &book, now);
    let wanted = i64::try_from(clocks)?.saturating_sub(TICKETS * 3) / 3;
    let first = TICKETS + 10;
    for from in (0..wanted).step_by(usize::try_from(AT_ONCE).unwrap_or(1)) {
        progress(&format!("{engine}: {} of {clocks} clocks", (TICKETS + from) * 3));
        let mut rows = Vec::new();
        for n in from..(from + AT_ONCE).min(wanted) {
            rows.extend(judged.iter().map(|judged| StoredClock {
                ticket: TicketId(first + n),
                next_at: Some(far),
                judged: judged.clone(),
            }));
        }
        let mut unit = store.write().await?;
        unit.write_clocks(&rows).await?;
        unit.commit().await?;
    }
    progress("");
    let app = app(store, rules(32)?, clock);
    settle(&app).await?;
    let sla = app.sla.clone().context("promises are made")?;
    let mut sample = Sample::default();
    for _ in 0..LOOKS {
        let started = Instant::now();
        sla.step().await?;
        sample.add(started.elapsed());
    }
    let (half, most) = (sample.percentile(50), sample.percentile(95));
    Ok(Figure {
        measure: "sla".to_owned(),
        engine: engine.to_owned(),
        measured: format!(
            "a look with nothing due at {clocks} open clocks: {} half, {} 95 in 100",
            milliseconds(half),
            milliseconds(most)
        ),
        promised: format!("under {}", milliseconds(MOST_IDLE)),
        kept: most < MOST_IDLE,
    })
}
