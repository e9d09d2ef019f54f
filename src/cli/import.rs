//! `hammerdesk import`: files into the store, each as a whole or not at all.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::Args;
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::ids::SourceId;

use super::{Done, print, progress, say};
use crate::config::{Config, FeedSection};
use crate::import::{FileReport, ImportPlan, Progress, import_file};
use crate::{open_store, stop_signal};

/// How often progress is told.
const EVERY: Duration = Duration::from_millis(500);

/// Load files from a ledger export or another source.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hammerdesk import --source csv --mapping config/mappings/ibm-receivables.toml receivables.csv\n  hammerdesk import --source canonical client.csv ledger-2026-09.csv\n  hammerdesk import --source sap --json extracts/*.csv"
)]
pub(crate) struct ImportArgs {
    /// What kind of files: csv (with --mapping), canonical (columns as in docs/feeds.md), or a feed of the
    /// config [default: csv where a mapping is given, canonical otherwise]
    #[arg(long, value_name = "KIND")]
    source: Option<String>,
    /// What the columns of a CSV mean
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// The feed that the files count as [default: the mapping's, or the kind]
    #[arg(long, value_name = "ID")]
    feed: Option<String>,
    /// When the data was extracted, like 2026-03-31T18:00:00Z [default: the file's own time]
    #[arg(long, value_name = "INSTANT")]
    extracted_at: Option<DateTime<Utc>>,
    /// Each file holds everything its source has: what it lacks has gone
    #[arg(long)]
    complete: bool,
    /// Print a report for each file as one JSON object a line
    #[arg(long)]
    json: bool,
    /// The files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

pub(super) async fn run(args: ImportArgs, config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Done> {
    let feed = args
        .source
        .as_deref()
        .and_then(|kind| config.feeds.iter().find(|feed| feed.id == kind));
    if feed.is_none() && !matches!(args.source.as_deref(), None | Some("csv" | "canonical")) {
        let kind = args.source.as_deref().unwrap_or_default();
        say(&format!(
            "hammerdesk: --source takes csv, canonical, or a feed of the config; there is no feed {kind:?}"
        ));
        return Ok(Done::Refused);
    }
    if args.source.as_deref() == Some("csv") && args.mapping.is_none() && feed.is_none() {
        say(
            "hammerdesk: --source csv needs --mapping FILE, which says what the columns mean; see docs/feeds.md",
        );
        return Ok(Done::Refused);
    }
    let store = open_store(config).await?;
    let mut stop = stop_signal();
    let mut any_rejected = false;
    // Each report as soon as there is one: a later file's trouble must not take it away.
    let mut tell = |report: &FileReport| -> anyhow::Result<()> {
        any_rejected |= report.is_rejected();
        print(&if args.json {
            serde_json::to_string(report)?
        } else {
            report.to_text()
        });
        Ok(())
    };
    for path in &args.paths {
        let plan = match plan(&args, feed, path) {
            Ok(plan) => plan,
            Err(sentence) => {
                let source = args.feed.as_deref().or(args.source.as_deref()).unwrap_or("csv");
                tell(&FileReport::refused(path, source, sentence))?;
                continue;
            }
        };
        let mut told = Instant::now();
        let show = |at: Progress| {
            if told.elapsed() >= EVERY {
                told = Instant::now();
                let percent = at.bytes.saturating_mul(100) / at.of_bytes.max(1);
                progress(&format!("{}: {} rows, {percent} %", path.display(), at.rows));
            }
        };
        let report = tokio::select! {
            report = import_file(&store, &plan, path, show, clock.as_ref()) => report,
            _ = stop.wait_for(|stop| *stop) => {
                say("\nhammerdesk: interrupted; nothing of this file is visible, everything before it stands");
                return Ok(Done::Failed);
            }
        };
        progress("");
        tell(&report.with_context(|| format!("{} was not imported", path.display()))?)?;
    }
    Ok(if any_rejected { Done::Refused } else { Done::Ok })
}

fn plan(args: &ImportArgs, feed: Option<&FeedSection>, path: &std::path::Path) -> Result<ImportPlan, String> {
    let mapping = args
        .mapping
        .as_ref()
        .or(feed.and_then(|feed| feed.mapping.as_ref()));
    let source = args
        .feed
        .as_deref()
        .or(feed.map(|feed| feed.id.as_str()))
        .map(SourceId::from);
    let plan = match mapping {
        Some(mapping) => ImportPlan::mapped(source, mapping),
        None => ImportPlan::by_name(source.unwrap_or_else(|| SourceId::new("canonical")), path),
    };
    let mut plan = plan
        .map_err(|error| error.to_string())?
        .complete(args.complete || feed.is_some_and(|feed| feed.complete));
    plan.extracted_at = args.extracted_at;
    Ok(plan)
}
