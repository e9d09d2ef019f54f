//! `hammerdesk sla`: promises explained, rehearsed and counted at the command line.

use std::path::PathBuf;

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use clap::{Args, Subcommand};
use hammerdesk_commands::sla::{dimensions, explained, rulebook};
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_domain::sla::explain::Explanation;
use hammerdesk_domain::sla::policy::{Version, spoken};
use hammerdesk_domain::sla::rehearse::{Rehearsal, rehearse};
use hammerdesk_domain::sla::report::report;
use hammerdesk_store::Store;

use super::{Done, print, say};
use crate::config::Config;
use crate::open_store;

/// Tickets that are tried at once.
const PAGE: i64 = 2_000;
/// Rows that are named where nobody asks for JSON.
const NAMED: usize = 20;

/// What of them.
#[derive(Debug, Subcommand)]
pub(crate) enum SlaCommand {
    /// Why the promises of a ticket are due when they are
    #[command(after_help = "Example:\n  hammerdesk sla explain 4711 --json")]
    Explain {
        /// The ticket's number
        #[arg(value_name = "TICKET")]
        ticket: i64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// What the rules of --config would change: open deadlines that would move, past results that would flip, who
    /// would have been told. Nothing is changed by it
    #[command(after_help = "Example:\n  hammerdesk sla rehearse --config new.toml")]
    Rehearse {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// How well promises were kept, as CSV
    #[command(
        after_help = "Example:\n  hammerdesk sla report --by location,week --from 2026-10-01 --misses missed.csv"
    )]
    Report(ReportArgs),
}

/// `sla report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// clock, channel, location, team, person, tier or week; several with commas
    #[arg(long, value_name = "WHAT", default_value = "clock,location")]
    by: String,
    /// From this day on [default: 28 days ago]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Up to and with this day [default: today]
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
    /// Write every promise that was missed to this file too
    #[arg(long, value_name = "FILE")]
    misses: Option<PathBuf>,
    /// Print JSON, misses and all
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: SlaCommand, config: &Config, clock: &dyn Clock) -> anyhow::Result<Done> {
    let store = open_store(config).await?;
    let now = clock.now();
    match command {
        SlaCommand::Explain { ticket, json } => explain(&store, TicketId(ticket), json, now).await,
        SlaCommand::Rehearse { json } => rehearsal(&store, config, json, now).await,
        SlaCommand::Report(args) => count(&store, config, &args, now).await,
    }
}

async fn explain(store: &Store, ticket: TicketId, json: bool, now: DateTime<Utc>) -> anyhow::Result<Done> {
    let mut view = store.read().await?;
    let found = explained(&mut view, ticket, now).await?;
    if json {
        print(&serde_json::to_string_pretty(&found)?);
        return Ok(Done::Ok);
    }
    if found.clocks.is_empty() {
        say(&format!(
            "hammerdesk: nothing is known of promises on ticket {ticket}"
        ));
        return Ok(Done::Refused);
    }
    let texts: Vec<String> = found.clocks.iter().map(told).collect();
    print(&texts.join("\n\n"));
    Ok(Done::Ok)
}

fn told(clock: &Explanation) -> String {
    let time = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M:%S").to_string();
    let mut lines = vec![format!("{} ({})", clock.sentence, clock.clock)];
    lines.extend(clock.because.iter().map(|because| format!("  because {because}")));
    lines.extend(
        clock
            .not
            .iter()
            .map(|(policy, why)| format!("  not {policy}: {why}")),
    );
    lines.extend(clock.rows.iter().map(|row| {
        let to = row.to.map_or_else(String::new, |to| format!(" to {}", time(to)));
        let counted = match row.counted {
            0 => String::new(),
            seconds => format!(" [{}]", spoken(TimeDelta::seconds(seconds))),
        };
        format!("  {}{to}  {}{counted}", time(row.from), row.text)
    }));
    lines.join("\n")
}

async fn rehearsal(store: &Store, config: &Config, json: bool, now: DateTime<Utc>) -> anyhow::Result<Done> {
    let rules = config.sla_rules()?;
    let mut view = store.read().await?;
    let book = rulebook(&mut view, now).await?;
    let candidate = Version {
        name: format!("v{}", book.versions().count() + 1),
        from: now,
        moves_open: true,
        rules,
    };
    let mut whole = Rehearsal::default();
    let mut after = TicketId(i64::MIN);
    loop {
        let page = view.sla_events_of_all(after, PAGE).await?;
        let Some((last, _)) = page.last() else {
            break;
        };
        after = *last;
        let tickets = page.iter().map(|(ticket, events)| (*ticket, events.as_slice()));
        let part = rehearse(&book, &candidate, tickets, now);
        whole.moved.extend(part.moved);
        whole.flipped.extend(part.flipped);
        whole.told.extend(part.told);
        whole.open += part.open;
        whole.past += part.past;
    }
    if json {
        print(&serde_json::to_string_pretty(&whole)?);
    } else {
        print(&differences(&whole));
    }
    Ok(Done::Ok)
}

fn differences(whole: &Rehearsal) -> String {
    let time = |at: Option<DateTime<Utc>>| {
        at.map_or_else(
            || "no time".to_owned(),
            |at| at.format("%Y-%m-%d %H:%M UTC").to_string(),
        )
    };
    let mut lines = vec![format!(
        "{} of {} open deadlines would move, {} of {} past results would be others, {} alerts would have been told \
         or not told.",
        whole.moved.len(),
        whole.open,
        whole.flipped.len(),
        whole.past,
        whole.told.len()
    )];
    let more = |lines: &mut Vec<String>, all: usize| {
        if all > NAMED {
            lines.push(format!("  .. and {} more; --json has them all", all - NAMED));
        }
    };
    for moved in whole.moved.iter().take(NAMED) {
        lines.push(format!(
            "  #{} {}: {} ({}) -> {} ({})",
            moved.ticket,
            moved.clock,
            time(moved.was),
            moved.state_was,
            time(moved.now),
            moved.state_now
        ));
    }
    more(&mut lines, whole.moved.len());
    for flipped in whole.flipped.iter().take(NAMED) {
        lines.push(format!(
            "  #{} {}: {} would have been {}",
            flipped.ticket, flipped.clock, flipped.was, flipped.now
        ));
    }
    more(&mut lines, whole.flipped.len());
    for told in whole.told.iter().take(NAMED) {
        let what = match told.occasion {
            hammerdesk_domain::sla::judge::Occasion::Breach => "a breach".to_owned(),
            hammerdesk_domain::sla::judge::Occasion::Warning(nth) => format!("warning {nth}"),
        };
        let how = if told.is_new {
            "would have been told"
        } else {
            "would not have been told"
        };
        lines.push(format!(
            "  #{} {}: {what} at {} {how} to {}",
            told.ticket,
            told.clock,
            time(Some(told.at)),
            told.assignee.as_deref().unwrap_or("nobody's owner")
        ));
    }
    more(&mut lines, whole.told.len());
    lines.join("\n")
}

async fn count(
    store: &Store,
    config: &Config,
    args: &ReportArgs,
    now: DateTime<Utc>,
) -> anyhow::Result<Done> {
    let by = match dimensions(&args.by) {
        Ok(by) => by,
        Err(error) => {
            say(&format!("hammerdesk: {error}"));
            return Ok(Done::Refused);
        }
    };
    let rules = config.sla_rules()?;
    let zone = rules
        .default_calendar
        .as_ref()
        .and_then(|location| rules.calendars.get(location))
        .map_or(chrono_tz::Tz::UTC, |calendar| calendar.zone);
    let today = hammerdesk_domain::clock::local_date(now, zone);
    let last = args.to.unwrap_or(today);
    let first = args.from.unwrap_or(last - TimeDelta::days(28));
    let midnight = |day: NaiveDate| {
        let local = day.and_hms_opt(0, 0, 0)?.and_local_timezone(zone).earliest()?;
        Some(local.to_utc())
    };
    let (Some(from), Some(to)) = (midnight(first), midnight(last + TimeDelta::days(1))) else {
        say("hammerdesk: that day cannot be counted from");
        return Ok(Done::Refused);
    };
    if from >= to {
        say("hammerdesk: --to is before --from; give them the other way round");
        return Ok(Done::Refused);
    }
    let decided = store.read().await?.decided_clocks(from, to).await?;
    let report = report(&decided, from, to, &by, zone);
    if args.json {
        print(&serde_json::to_string_pretty(&report)?);
    } else {
        print(report.csv().trim_end());
    }
    if let Some(file) = &args.misses {
        std::fs::write(file, report.misses_csv()).with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(Done::Ok)
}
