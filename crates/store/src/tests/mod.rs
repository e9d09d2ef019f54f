//! Tests of the store, each on both engines.

mod accounts;
mod chat;
mod escalations;
mod escalations_moving;
mod helpdesk;
mod loads;
mod outgoing;
mod records;
mod searches;
mod statements;
mod upkeep;

use chrono::{DateTime, NaiveDate, Utc};
use hammerdesk_domain::ids::ClientNo;
use hammerdesk_domain::record::{Entity, Kind, Record, Value};

use sha2::{Digest, Sha256};

use crate::{Line, Load, Loaded, NewBatch, Store, Summary};

pub(super) fn at(text: &str) -> DateTime<Utc> {
    let text = if text.len() == 10 {
        format!("{text}T06:00:00Z")
    } else {
        text.to_owned()
    };
    text.parse().unwrap()
}

pub(super) fn on(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(super) fn no(text: &str) -> ClientNo {
    ClientNo::parse(text).unwrap()
}

/// A record from `column=value` words; what is required and not said gets a plain value.
pub(super) fn record(entity: Entity, cells: &[(&str, &str)]) -> Record {
    for (name, _) in cells {
        assert!(
            entity.column_index(name).is_some(),
            "{} has no {name}",
            entity.name()
        );
    }
    let values = entity.columns().iter().map(|column| {
        let said = cells
            .iter()
            .rfind(|(name, _)| *name == column.name)
            .map(|(_, text)| *text);
        let plain = match column.kind {
            Kind::Int | Kind::Money(_) => "1",
            Kind::Date => "2026-01-15",
            Kind::Instant => "2026-01-15T06:00:00Z",
            Kind::Bool => "no",
            Kind::Currency => "GBP",
            Kind::Choice(words) => words[0],
            Kind::Client => "1001",
            Kind::Text | Kind::Id => "x",
        };
        let text = match said {
            Some(text) => text,
            None if column.required => plain,
            None => column.default,
        };
        if text.is_empty() {
            return Value::Null;
        }
        match column.kind {
            Kind::Int | Kind::Money(_) => Value::Int(text.parse().unwrap()),
            Kind::Date => Value::Date(on(text)),
            Kind::Instant => Value::Instant(at(text)),
            Kind::Bool => Value::Bool(text == "yes"),
            Kind::Client => Value::Text(no(text).as_str().to_owned()),
            _ => Value::Text(text.to_owned()),
        }
    });
    Record {
        entity,
        values: values.collect(),
    }
}

pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A file of one entity, extracted at an instant.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) entity: Entity,
    pub(super) source: &'static str,
    pub(super) extracted: String,
    pub(super) complete: bool,
    pub(super) records: Vec<Record>,
}

impl File {
    pub(super) fn of(entity: Entity, extracted: &str, records: Vec<Record>) -> Self {
        Self {
            entity,
            source: "sap",
            extracted: extracted.to_owned(),
            complete: false,
            records,
        }
    }

    pub(super) fn complete(self) -> Self {
        Self {
            complete: true,
            ..self
        }
    }

    pub(super) fn from(self, source: &'static str) -> Self {
        Self { source, ..self }
    }

    pub(super) fn batch(&self) -> NewBatch {
        NewBatch {
            source: self.source.into(),
            entity: self.entity,
            file_name: format!("{}.csv", self.entity.name()),
            sha256: crate::tests::digest(&format!("{self:?}")),
            mapping: None,
            extracted_at: at(&self.extracted),
            complete: self.complete,
            at: at("2026-12-31"),
        }
    }

    pub(super) fn lines(&self) -> Vec<Line> {
        self.records
            .iter()
            .zip(2..)
            .map(|(record, line)| Line {
                line,
                record: record.clone(),
            })
            .collect()
    }

    pub(super) async fn load(&self, store: &Store) -> Loaded {
        match store.begin_load(self.batch()).await.unwrap() {
            Load::Unchanged(_) => panic!("this file was imported before"),
            Load::Open(mut loader) => {
                loader.rows(self.lines()).await.unwrap();
                loader.finish(summary(self.records.len())).await.unwrap()
            }
        }
    }
}

pub(super) fn summary(rows: usize) -> Summary {
    Summary {
        rows: rows as u64,
        quarantined: Vec::new(),
        control_totals: serde_json::json!({}),
        at: at("2026-12-31"),
    }
}

/// Loads records of one entity, all extracted on one day.
pub(super) async fn given(store: &Store, entity: Entity, rows: &[&[(&str, &str)]]) -> Loaded {
    let records = rows.iter().map(|cells| record(entity, cells)).collect();
    File::of(entity, "2026-03-31", records).load(store).await
}
