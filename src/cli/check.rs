//! `hammerdesk check`: what is wrong with config, store, feeds and clock, and what to do about it.

mod helpdesk;

use chrono::{DateTime, Utc};
use clap::Args;
use hammerdesk_commands::feed;
use hammerdesk_domain::clock::Clock;
use hammerdesk_store::{Store, StoreError};

use super::{Done, print};
use crate::bridge;
use crate::config::Config;
use crate::discord;

/// Look at everything the service needs, change nothing.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  hammerdesk check --config /etc/hammerdesk.toml")]
pub(crate) struct CheckArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One thing that was looked at.
#[derive(Debug, serde::Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    says: String,
}

pub(super) async fn run(args: CheckArgs, config: &Config, clock: &dyn Clock) -> anyhow::Result<Done> {
    let mut findings = Vec::new();
    let mut find = |what, ok, says: String| findings.push(Finding { what, ok, says });
    let settings = match config.settings() {
        Ok(settings) => {
            find(
                "config",
                true,
                format!(
                    "{} locations, {} feeds, {} people",
                    settings.house.locations.len(),
                    settings.feeds.len(),
                    settings.people.len()
                ),
            );
            if settings.people.is_empty() {
                find(
                    "people",
                    false,
                    "nobody may ask yet; add [[roles]] and [[people]]".to_owned(),
                );
            }
            match config.bridge_rules(&settings) {
                Ok(rules) if rules.is_empty() => {}
                Ok(rules) => match bridge::rules::never_reached(&rules) {
                    None => find("bridge", true, format!("{} rules, no fault", rules.len())),
                    Some(fault) => find("bridge", false, fault),
                },
                Err(error) => find("bridge", false, error.to_string()),
            }
            if settings.desk.is_some() {
                let faults: Vec<_> = super::route::findings(config, clock)?
                    .into_iter()
                    .filter(|finding| finding.is_error)
                    .collect();
                for fault in &faults {
                    find("routing", false, format!("{}: {}", fault.place, fault.says));
                }
                if faults.is_empty() {
                    find(
                        "routing",
                        true,
                        format!("{} rules, no fault", config.routing.len()),
                    );
                }
            }
            Some(settings)
        }
        Err(error) => {
            find("config", false, error.to_string());
            None
        }
    };
    match config.http.listen.parse::<std::net::SocketAddr>() {
        Ok(address) if config.console.enabled && !address.ip().is_loopback() => {
            find(
                "console",
                false,
                "console.enabled needs http.listen on a loopback address".to_owned(),
            );
        }
        Ok(address) => find("http", true, format!("will listen on {address}")),
        Err(_) => find(
            "http",
            false,
            format!(
                "http.listen = {:?} is not an address; write it like 127.0.0.1:8080",
                config.http.listen
            ),
        ),
    }
    for section in &config.feeds {
        for (key, path) in [("folder", &section.folder), ("mapping", &section.mapping)] {
            if let Some(path) = path
                && !path.exists()
            {
                find(
                    "feeds",
                    false,
                    format!("{:?}: {key} {} is not there", section.id, path.display()),
                );
            }
        }
    }
    if let Some(settings) = &settings {
        match config.discord(settings) {
            Ok(None) => {}
            Ok(Some(setup)) => {
                for finding in discord::check(&setup).await {
                    find("discord", finding.ok, finding.says);
                }
            }
            Err(error) => find("discord", false, error.to_string()),
        }
    }
    match Store::open(&config.store.url).await {
        Ok(store) => {
            find("store", true, "reachable, with this version's schema".to_owned());
            let mut view = store.read().await?;
            if let Some(settings) = &settings {
                for (says, ok) in feed::health(&mut view, settings, clock.now()).await? {
                    find("feeds", ok, says);
                }
                let ever = clock.now() + chrono::TimeDelta::days(36_500);
                let newest = view.answers(None, ever, 1).await?;
                find_clock(
                    &mut find,
                    newest.first().map(|answer| answer.asked_at),
                    clock.now(),
                );
            }
        }
        Err(StoreError::Missing(place)) => {
            find(
                "store",
                true,
                format!("{place} is new; serve and import make its tables, or hammerdesk migrate"),
            );
        }
        Err(error) => find("store", false, error.to_string()),
    }
    if config.freshdesk.is_configured() {
        for (ok, says) in helpdesk::look(&config.freshdesk).await {
            findings.push(Finding {
                what: "helpdesk",
                ok,
                says,
            });
        }
    }
    let ok = findings.iter().all(|finding| finding.ok);
    if args.json {
        print(&serde_json::to_string_pretty(
            &serde_json::json!({ "ok": ok, "findings": findings }),
        )?);
    } else {
        for finding in &findings {
            print(&format!(
                "{:<4} {:<8} {}",
                if finding.ok { "ok" } else { "FIX" },
                finding.what,
                finding.says
            ));
        }
    }
    Ok(if ok { Done::Ok } else { Done::Failed })
}

/// A machine whose clock stands before what it has already recorded gives wrong ages.
fn find_clock(
    find: &mut impl FnMut(&'static str, bool, String),
    last: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) {
    match last {
        Some(last) if last > now + chrono::TimeDelta::minutes(5) => find(
            "clock",
            false,
            format!(
                "this machine says {now}, but an answer was logged at {last}; set the clock, or ages are wrong"
            ),
        ),
        _ => find("clock", true, format!("{} UTC", now.format("%Y-%m-%d %H:%M:%S"))),
    }
}
