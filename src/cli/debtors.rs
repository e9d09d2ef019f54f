//! `hammerdesk debtors`: ageing of everything open.

use clap::Args;
use hammerdesk_commands::{debtors, render};
use hammerdesk_domain::ageing::{Bands, DebtorBand};
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::ids::EntityCode;

use super::{Done, print, say};
use crate::config::Config;
use crate::open_store;

/// Ageing of everything open, per entity and currency, by net due date.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  hammerdesk debtors --json --as-of 2026-03-31 --bands \"0,15,32\"")]
pub(crate) struct DebtorsArgs {
    /// As it was on this day [default: today in UTC]
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// Only this entity
    #[arg(long, value_name = "CODE")]
    entity: Option<String>,
    /// Upper ends of the bands in days past due [default: the config's, 0,30,60,90]
    #[arg(long, value_name = "DAYS")]
    bands: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: DebtorsArgs, config: &Config, clock: &dyn Clock) -> anyhow::Result<Done> {
    let ends = config
        .ageing
        .bands
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(",");
    let bands = match Bands::parse(args.bands.as_deref().unwrap_or(&ends)) {
        Ok(bands) => bands,
        Err(error) => {
            say(&format!("hammerdesk: {error}"));
            return Ok(Done::Refused);
        }
    };
    let as_of = match args.as_of.as_deref() {
        None => clock.now().date_naive(),
        Some(typed) => match debtors::day("--as-of", typed, clock.now()) {
            Ok(day) => day,
            Err(error) => {
                say(&format!("hammerdesk: {error}"));
                return Ok(Done::Refused);
            }
        },
    };
    let entity = args.entity.map(EntityCode::new);
    let store = open_store(config).await?;
    let mut view = store.read().await?;
    if let Some(entity) = &entity {
        let known = view.ledger_entities().await?;
        if !known.contains(entity) {
            let known: Vec<&str> = known.iter().map(EntityCode::as_str).collect();
            let known = match known.as_slice() {
                [] => "It is empty.".to_owned(),
                known => format!("It holds {}.", known.join(", ")),
            };
            let shown = hammerdesk_domain::text::clean(entity.as_str(), 30);
            say(&format!(
                "hammerdesk: --entity: the ledger holds nothing of {shown}. {known}"
            ));
            return Ok(Done::Refused);
        }
    }
    let rows: Vec<DebtorBand> = view
        .debtors(as_of, bands.ends(), entity.as_ref())
        .await?
        .into_iter()
        .map(|row| DebtorBand {
            entity: row.entity,
            currency: row.amount.currency(),
            band: row.band,
            count: row.count,
            minor: row.amount.minor(),
        })
        .collect();
    let sources: Vec<_> = view
        .feed_heads()
        .await?
        .into_iter()
        .map(|head| (head.source.to_string(), Some(head.extracted_at)))
        .collect();
    let reply = debtors::reply(&rows, &bands, as_of, &sources)?;
    print(&if args.json {
        serde_json::to_string_pretty(&reply.facts)?
    } else {
        render::plain(&reply)
    });
    Ok(Done::Ok)
}
