//! Answers beside their bare SQL, and completion while typing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use hammerdesk_commands::Commands;
use hammerdesk_commands::request::{Completing, Place, Request, What};
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::ids::{ClientNo, SourceId};
use hammerdesk_domain::message::Outcome;
use hammerdesk_domain::record::{Entity, Record};
use hammerdesk_sandbox::SampleHouse;
use hammerdesk_sandbox::clients;
use hammerdesk_store::{Line, Load, NewBatch, Store, Summary};

use super::figures::{Figure, Sample, milliseconds, ratio};
use crate::cli::{progress, say};
use crate::furnish::{furnish_with, settings};

/// What a balance is read from, and the deposits whose absence would make it too old to give.
const READ_BY_BALANCE: &[Entity] = &[
    Entity::Client,
    Entity::ClientStatus,
    Entity::Sale,
    Entity::Invoice,
    Entity::Ledger,
    Entity::Payment,
    Entity::Allocation,
    Entity::Deposit,
    Entity::Dispute,
    Entity::Terms,
    Entity::Hold,
];

/// The answer may take so many times its bare SQL, in hundredths.
const AT_MOST: u128 = 300;
/// Completion may take so long.
const COMPLETION: Duration = Duration::from_millis(5);

/// Settings under which nobody is asked to slow down.
pub(super) fn unhurried(mut settings: Settings) -> Settings {
    settings.pace.per_minute = u32::MAX / 100;
    settings.pace.burst = u32::MAX / 100;
    // Only what a balance reads is loaded.
    settings.feeds.iter_mut().for_each(|feed| feed.brings.clear());
    let operator = Settings::operator();
    settings.people.insert(operator.id.clone(), operator);
    settings
}

/// A house of so many invoices, with whatever a balance is read from.
pub(super) async fn house(
    engine: &str,
    store: &Store,
    invoices: u64,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<SampleHouse> {
    let house = SampleHouse::scaled_to_invoices(7, clock.now(), invoices);
    let started = Instant::now();
    furnish_with(store, &house, READ_BY_BALANCE, clock.as_ref(), |what| {
        progress(&format!("{engine}: loading {what}"));
    })
    .await?;
    progress("");
    say(&format!(
        "{engine}: a house of {} clients was loaded in {} s",
        house.client_count(),
        started.elapsed().as_secs()
    ));
    Ok(house)
}

/// The number of a client of that house; a stride that shares no factor with their count walks all over it
/// without repeating.
pub(super) fn some_client(n: u64, invoices: u64) -> u64 {
    FIRST_CLIENT + (n * 7_919) % (invoices / 10).max(1)
}

/// `/balance` of clients all over the house, each beside the bare SQL of the same client.
pub(super) async fn balance(
    engine: &str,
    store: &Store,
    invoices: u64,
    questions: usize,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Vec<Figure>> {
    let house = house(engine, store, invoices, clock).await?;
    let commands = Commands::new(
        store.clone(),
        Arc::new(unhurried(settings(&house))),
        Arc::clone(clock),
    );
    let day = clock.now().date_naive();
    let (mut whole, mut bare) = (Sample::default(), Sample::default());
    for n in 0..questions as u64 + WARM {
        let number = some_client(n, invoices);
        let client = ClientNo::parse(&number.to_string()).context("a client number")?;
        let mut view = store.read().await?;
        let begun = Instant::now();
        view.bare_balance(&client, day).await?;
        let took = begun.elapsed();
        drop(view);
        let request = Request {
            who: Settings::operator().id,
            place: Place {
                platform: "bench",
                channel: String::new(),
                open: false,
            },
            what: What::Typed(format!("/balance {number}")),
            at: clock.now(),
        };
        let begun = Instant::now();
        let reply = commands.answer(request).await;
        let answered = begun.elapsed();
        ensure!(
            reply.outcome == Outcome::Answered,
            "/balance {number}: {}",
            reply.text
        );
        if n >= WARM {
            bare.add(took);
            whole.add(answered);
        }
    }
    commands.flush().await;
    let (hundredths, times) = ratio(whole.percentile(50), bare.percentile(50));
    let (_, tail) = ratio(whole.percentile(99), bare.percentile(99));
    Ok(vec![Figure {
        measure: "balance".to_owned(),
        engine: engine.to_owned(),
        measured: format!(
            "{times} its bare SQL at p50 ({} to {}), {tail} at p99 ({} to {})",
            milliseconds(whole.percentile(50)),
            milliseconds(bare.percentile(50)),
            milliseconds(whole.percentile(99)),
            milliseconds(bare.percentile(99)),
        ),
        promised: "at most 3x at p50".to_owned(),
        kept: hundredths <= AT_MOST,
    }])
}

/// Questions that are asked before anything is measured.
pub(super) const WARM: u64 = 200;
/// The sample house's ordinary clients are numbered from here.
const FIRST_CLIENT: u64 = 2_000_000;

/// Completion of names, numbers and single letters among so many clients.
pub(super) async fn complete(
    engine: &str,
    store: &Store,
    count: u64,
    questions: usize,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Vec<Figure>> {
    for entity in [Entity::Client, Entity::Alias] {
        progress(&format!("{engine}: loading {} of {count} clients", entity.name()));
        load(
            store,
            entity,
            clients(count).filter(|record| record.entity == entity),
            clock.as_ref(),
        )
        .await?;
    }
    progress("");
    let commands = Commands::new(
        store.clone(),
        Arc::new(unhurried(Settings::default())),
        Arc::clone(clock),
    );
    let typed = [
        "a", "c", "m", "ch", "li", "chan", "mar", "anna s", "maria l", "chan wi", "14", "2000", "200004",
        "王", "李 ", "smi", "o'b",
    ];
    let mut sample = Sample::default();
    let mut found = 0;
    for n in 0..questions + typed.len() {
        let line = format!("/balance {}", typed[n % typed.len()]);
        let begun = Instant::now();
        let suggestions = commands
            .complete(Completing {
                who: Settings::operator().id,
                line,
            })
            .await;
        if n >= typed.len() {
            sample.add(begun.elapsed());
            found += suggestions.len();
        }
    }
    ensure!(
        found > questions,
        "completion finds next to nothing: {found} in {questions}"
    );
    let tail = sample.percentile(99);
    Ok(vec![Figure {
        measure: "complete".to_owned(),
        engine: engine.to_owned(),
        measured: format!(
            "p50 {}, p99 {}",
            milliseconds(sample.percentile(50)),
            milliseconds(tail)
        ),
        promised: format!("under {}", milliseconds(COMPLETION)),
        kept: tail < COMPLETION,
    }])
}

async fn load(
    store: &Store,
    entity: Entity,
    records: impl Iterator<Item = Record>,
    clock: &dyn Clock,
) -> anyhow::Result<()> {
    let batch = NewBatch {
        source: SourceId::new("bench"),
        entity,
        file_name: "bench".to_owned(),
        sha256: entity.name().to_owned(),
        mapping: None,
        extracted_at: clock.now(),
        complete: false,
        at: clock.now(),
    };
    let Load::Open(mut loader) = store.begin_load(batch).await? else {
        return Ok(());
    };
    let mut records = records.zip(1_u64..).map(|(record, line)| Line { line, record });
    let mut rows = 0;
    loop {
        let lines: Vec<Line> = records.by_ref().take(4_000).collect();
        if lines.is_empty() {
            break;
        }
        rows += lines.len() as u64;
        loader.rows(lines).await?;
    }
    let control_totals = serde_json::Value::Null;
    loader
        .finish(Summary {
            rows,
            quarantined: Vec::new(),
            control_totals,
            at: clock.now(),
        })
        .await?;
    Ok(())
}
