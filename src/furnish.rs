//! Puts the sample house into a store, through the same load path as any feed: for the demo, the tests and
//! the measurements.

use anyhow::{Context as _, anyhow, bail};
use hammerdesk_commands::settings::{Feed, Settings};
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::escalation::{Desk, Rulebook};
use hammerdesk_domain::record::{Entity, Record, Value};
use hammerdesk_sandbox::{SampleFeed, SampleHouse};
use hammerdesk_store::{Line, Load, NewBatch, Store, Summary};

/// Rows that are handed to the loader at once.
const AT_ONCE: usize = 4_000;

/// The settings of the sample house: its salerooms, its people, its feeds.
pub fn settings(house: &SampleHouse) -> Settings {
    Settings {
        house: house.settings(),
        people: house
            .people()
            .into_iter()
            .map(|person| (person.id.clone(), person))
            .collect(),
        feeds: house
            .feeds()
            .into_iter()
            .map(|feed| Feed {
                id: feed.id,
                name: feed.name,
                brings: feed.brings,
                needed_for: feed.needed_for,
                soft: feed.soft,
                hard: feed.hard,
                location: feed.location,
                entity: feed.entity,
                may_miss: feed.may_miss,
            })
            .collect(),
        ..Settings::default()
    }
}

/// Who gets the sample house's escalations.
pub fn rules(settings: &Settings) -> anyhow::Result<Desk> {
    let rules: Rulebook = toml::from_str(SampleHouse::rulebook()).context("the rules of the sample house")?;
    Desk::new(rules, settings.people.clone(), &settings.house).map_err(|why| anyhow!(why))
}

/// Loads every entity that the house's feeds bring.
pub async fn furnish(
    store: &Store,
    house: &SampleHouse,
    clock: &dyn Clock,
    progress: impl FnMut(&str),
) -> anyhow::Result<()> {
    furnish_with(store, house, Entity::ALL, clock, progress).await
}

/// Loads only some of the entities: a measurement that reads the ledger alone needs no lots.
pub async fn furnish_with(
    store: &Store,
    house: &SampleHouse,
    entities: &[Entity],
    clock: &dyn Clock,
    mut progress: impl FnMut(&str),
) -> anyhow::Result<()> {
    let feeds = house.feeds();
    for entity in entities {
        progress(entity.name());
        for (at, feed) in feeds
            .iter()
            .enumerate()
            .filter(|(_, feed)| feed.brings.contains(entity))
        {
            let records = house.records(*entity).filter(|record| brings(&feeds, at, record));
            load(store, feed, *entity, records, clock)
                .await
                .with_context(|| format!("loading {} from {}", entity.name(), feed.name))?;
        }
    }
    Ok(())
}

/// Is it this feed that brings the record? The one that its `source` names, the one that feeds its company
/// code alone, or else the first that brings such records at all.
fn brings(feeds: &[SampleFeed], at: usize, record: &Record) -> bool {
    let others = || feeds.iter().filter(|feed| feed.brings.contains(&record.entity));
    if let Value::Text(source) = record.get("source")
        && others().any(|feed| feed.id.as_str() == source)
    {
        return feeds[at].id.as_str() == source;
    }
    let code = match record.get("entity") {
        Value::Text(code) => code.as_str(),
        _ => "",
    };
    let own = others().find(|feed| feed.entity.as_ref().is_some_and(|entity| entity.as_str() == code));
    let bringer = own.or_else(|| others().find(|feed| feed.entity.is_none()));
    bringer.is_some_and(|feed| feed.id == feeds[at].id)
}

async fn load(
    store: &Store,
    feed: &SampleFeed,
    entity: Entity,
    records: impl Iterator<Item = Record>,
    clock: &dyn Clock,
) -> anyhow::Result<()> {
    let batch = NewBatch {
        source: feed.id.clone(),
        entity,
        file_name: format!("{}.csv", entity.name()),
        sha256: format!("sample house, {} from {}", entity.name(), feed.id),
        mapping: None,
        extracted_at: feed.extracted_at,
        complete: false,
        at: clock.now(),
    };
    let Load::Open(mut loader) = store.begin_load(batch).await? else {
        return Ok(());
    };
    let mut records = records.zip(1_u64..).map(|(record, line)| Line { line, record });
    let mut rows = 0;
    loop {
        let lines: Vec<Line> = records.by_ref().take(AT_ONCE).collect();
        if lines.is_empty() {
            break;
        }
        rows += lines.len() as u64;
        loader.rows(lines).await?;
    }
    let summary = Summary {
        rows,
        quarantined: Vec::new(),
        control_totals: serde_json::Value::Object(serde_json::Map::new()),
        at: clock.now(),
    };
    let loaded = loader.finish(summary).await?;
    if !loaded.contradictions.is_empty() {
        bail!(
            "the sample house contradicts itself: {:?}",
            loaded.contradictions.first()
        );
    }
    Ok(())
}
