//! `hammerdesk backfill`: read the whole helpdesk, saying how far it is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Args;
use hammerdesk_domain::clock::Clock;

use super::{Done, print, progress, say};
use crate::config::Config;
use crate::freshdesk::{Backfilled, Phase, SyncProgress};
use crate::{open_store, stop_signal};

/// How often progress is said.
const SAY_EVERY: Duration = Duration::from_millis(500);

/// Read every ticket of the helpdesk and what was said on it; what was read before is not read again.
#[derive(Debug, Args)]
#[command(
    after_help = "It may be stopped at any time and goes on where it was.\n\nExample:\n  hammerdesk backfill --verify --json"
)]
pub(crate) struct BackfillArgs {
    /// Walk over everything once more at the end, to prove that nothing was missed
    #[arg(long)]
    verify: bool,
    /// Print JSON: one line of progress every half second, and the result
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: BackfillArgs, config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Done> {
    config.settings()?;
    let store = open_store(config).await?;
    let Some(desk) = config.freshdesk.desk(store, clock)? else {
        bail!("there is no helpdesk to read; set freshdesk.url and freshdesk.api_key");
    };
    // One question first: a wrong key is said at once, not after retries.
    if let Err(error) = desk.helpdesk().client().me().await
        && error.is_unauthorised()
    {
        bail!("the helpdesk does not take freshdesk.api_key; copy the key from the agent's profile again");
    }
    let stop = stop_signal();
    let mut last: Option<(Instant, Phase)> = None;
    let result = desk
        .helpdesk()
        .backfill(args.verify, &stop, |now| {
            let is_due = last.is_none_or(|(at, phase)| at.elapsed() >= SAY_EVERY || phase != now.phase);
            if is_due {
                last = Some((Instant::now(), now.phase));
                tell(now, args.json);
            }
        })
        .await?;
    conclude(&result, args.json)
}

fn tell(now: &SyncProgress, is_json: bool) {
    if is_json {
        if let Ok(line) = serde_json::to_string(now) {
            print(&line);
        }
    } else {
        progress(&sentence(now));
    }
}

fn conclude(result: &Backfilled, is_json: bool) -> anyhow::Result<Done> {
    if is_json {
        print(&serde_json::to_string(result)?);
    } else {
        say("");
        let SyncProgress { tickets, calls, .. } = &result.progress;
        if result.is_complete {
            print(&format!(
                "{tickets} tickets, {calls} calls; everything there is here."
            ));
        } else {
            print(&format!(
                "{tickets} tickets so far, {calls} calls; stopped, and goes on where it was."
            ));
        }
        if let Some(found) = &result.reconciled {
            print(&if found.is_clean() {
                format!(
                    "The last walk over everything met {} tickets and found nothing missed.",
                    found.met
                )
            } else {
                format!(
                    "The last walk over everything met {} tickets; it found {} unknown, {} changed and {} gone, and read them.",
                    found.met, found.unknown, found.differing, found.vanished
                )
            });
        }
    }
    Ok(if result.is_complete {
        Done::Ok
    } else {
        Done::Failed
    })
}

/// How far it is, in a line.
fn sentence(now: &SyncProgress) -> String {
    let left = match now.seconds_left {
        Some(seconds) if now.phase != Phase::Done => format!(", about {} left", span(seconds)),
        _ => String::new(),
    };
    match now.phase {
        Phase::Tickets => format!("{} of about {} tickets read{left}", now.tickets, now.of_about),
        Phase::Conversations => format!(
            "{} tickets; on {} still to read what was said{left}",
            now.tickets, now.to_read
        ),
        Phase::Verifying => format!("{} tickets; walking over everything once more", now.tickets),
        Phase::Done => format!("{} tickets read, {} calls", now.tickets, now.calls),
    }
}

fn span(seconds: u64) -> String {
    match seconds {
        0..=90 => format!("{seconds} s"),
        91..=5_400 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_a_line_with_an_estimate() {
        let now = |phase| SyncProgress {
            phase,
            tickets: 1_200,
            of_about: 9_000,
            to_read: 340,
            calls: 77,
            throttled: 0,
            seconds_left: Some(8_000),
        };
        let lines = [
            Phase::Tickets,
            Phase::Conversations,
            Phase::Verifying,
            Phase::Done,
        ]
        .map(|phase| sentence(&now(phase)));
        insta::assert_snapshot!(lines.join("\n"), @r"
        1200 of about 9000 tickets read, about 2 h 13 min left
        1200 tickets; on 340 still to read what was said, about 2 h 13 min left
        1200 tickets; walking over everything once more
        1200 tickets read, 77 calls
        ");
        assert_eq!([span(12), span(600)], ["12 s", "10 min"]);
    }
}
