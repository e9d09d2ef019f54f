//! `hammerdesk export`: what the store holds, as one JSON array, for scripts and for comparing with the source.

use std::sync::Arc;

use chrono::SecondsFormat;
use clap::{Args, ValueEnum};
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::money::{Currency, Money};
use hammerdesk_domain::record::{Entity, Kind, Record, Value as Stored};
use hammerdesk_store::View;
use hammerdesk_store::helpdesk::RecordKind;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Done, print, print_part, say};
use crate::config::Config;
use crate::open_store;

/// Rows read at a time.
const PAGE: i64 = 1_000;

/// Print what the store holds.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  hammerdesk export tickets > tickets.json\n  hammerdesk export client\n\nEntities of the ledger are named as in docs/feeds.md: client, invoice, payment, deposit, .."
)]
pub(crate) struct ExportArgs {
    /// tickets, events, answers, agents, groups, fields, contacts, companies, or an entity of the ledger
    #[arg(value_name = "WHAT")]
    what: String,
}

/// What of the service itself can be exported.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Own {
    Tickets,
    Events,
    Answers,
    Agents,
    Groups,
    Fields,
    Contacts,
    Companies,
}

pub(super) async fn run(args: ExportArgs, config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Done> {
    let own = Own::from_str(&args.what, true).ok();
    // Plurals are what people type.
    let entity = Entity::ALL
        .iter()
        .copied()
        .find(|entity| entity.name() == args.what || Some(entity.name()) == args.what.strip_suffix('s'));
    if own.is_none() && entity.is_none() {
        let names: Vec<&str> = Entity::ALL.iter().map(|entity| entity.name()).collect();
        say(&format!(
            "hammerdesk: there is no {:?} to export; say tickets, events, answers, agents, groups, fields, contacts, companies, {}",
            args.what,
            names.join(", ")
        ));
        return Ok(Done::Refused);
    }
    let store = open_store(config).await?;
    let mut view = store.read().await?;
    let mut out = Array::default();
    match (own, entity) {
        (Some(own), _) => export_own(own, &mut view, clock.as_ref(), &mut out).await?,
        (None, Some(entity)) => export_entity(entity, &mut view, &mut out).await?,
        (None, None) => {}
    }
    out.end();
    Ok(Done::Ok)
}

async fn export_own(own: Own, view: &mut View, clock: &dyn Clock, out: &mut Array) -> anyhow::Result<()> {
    let kind = match own {
        Own::Tickets => {
            let mut after = 0;
            loop {
                let rows = view.ticket_rows(after, PAGE).await?;
                let Some(last) = rows.last() else { return Ok(()) };
                after = last.id;
                out.rows(&rows)?;
            }
        }
        Own::Events => {
            let mut after = 0;
            loop {
                let rows = view.happened_after(after, PAGE).await?;
                let Some(last) = rows.last() else { return Ok(()) };
                after = last.seq;
                out.rows(&rows)?;
            }
        }
        Own::Answers => {
            let ever = clock.now() + chrono::TimeDelta::days(36_500);
            return out.rows(&view.answers(None, ever, u32::MAX).await?);
        }
        Own::Agents => RecordKind::Agent,
        Own::Groups => RecordKind::Group,
        Own::Fields => RecordKind::Field,
        Own::Contacts => RecordKind::Contact,
        Own::Companies => RecordKind::Company,
    };
    let mut after = i64::MIN;
    loop {
        let rows = view.helpdesk_records(kind, after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id;
        out.rows(&rows)?;
    }
}

async fn export_entity(entity: Entity, view: &mut View, out: &mut Array) -> anyhow::Result<()> {
    let mut failed = None;
    view.each_record(entity, |records| {
        let rows: Vec<Map<String, Value>> = records.iter().map(object).collect();
        failed = out.rows(&rows).err();
        failed.is_none()
    })
    .await?;
    failed.map_or(Ok(()), Err)
}

/// A record by its columns; amounts as text with their currency's own places.
fn object(record: &Record) -> Map<String, Value> {
    let columns = record.entity.columns().iter();
    columns
        .zip(&record.values)
        .map(|(column, value)| {
            let value = match (column.kind, value) {
                (_, Stored::Null) => Value::Null,
                (Kind::Money(currency), Stored::Int(minor)) => match record.get(currency) {
                    Stored::Text(code) => code.parse::<Currency>().map_or_else(
                        |_| Value::from(*minor),
                        |c| Value::from(Money::from_minor(*minor, c).plain()),
                    ),
                    _ => Value::from(*minor),
                },
                (_, Stored::Int(number)) => Value::from(*number),
                (_, Stored::Text(text)) => Value::from(text.as_str()),
                (_, Stored::Bool(yes)) => Value::from(*yes),
                (_, Stored::Date(date)) => Value::from(date.to_string()),
                (_, Stored::Instant(at)) => Value::from(at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            };
            (column.name.to_owned(), value)
        })
        .collect()
}

/// One JSON array, written row by row.
#[derive(Debug, Default)]
struct Array {
    is_begun: bool,
}

impl Array {
    fn rows<T: Serialize>(&mut self, rows: &[T]) -> anyhow::Result<()> {
        let mut text = String::new();
        for row in rows {
            if self.is_begun {
                text.push_str(",\n");
            } else {
                text.push('[');
            }
            self.is_begun = true;
            text.push_str(&serde_json::to_string(row)?);
        }
        print_part(&text);
        Ok(())
    }

    fn end(self) {
        print(if self.is_begun { "]" } else { "[]" });
    }
}
