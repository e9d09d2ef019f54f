//! `hammerdesk route test`: routing rules are tried before they are taken.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::escalation::Desk;
use hammerdesk_domain::escalation::cases::Replayed;
use hammerdesk_domain::escalation::lint::{Finding, lint};

use super::{Done, print, say};
use crate::config::{Config, read_cases};

/// What of routing.
#[derive(Debug, Subcommand)]
pub(crate) enum RouteCommand {
    /// Replay saved cases: who gets each, which rule, and why every other did not hold
    Test(TestArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  hammerdesk route test config/cases/routing.toml")]
pub(crate) struct TestArgs {
    /// Files with [[cases]]
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The desk of the config with its calendars, and what could not be read of them.
fn desk(config: &Config, clock: &dyn Clock) -> anyhow::Result<Option<(Desk, Vec<String>)>> {
    let Some(desk) = config.settings()?.desk else {
        return Ok(None);
    };
    let mut desk = Desk::clone(&desk);
    let problems = config.read_calendars(&mut desk, clock.now());
    Ok(Some((desk, problems)))
}

pub(super) fn test(args: &TestArgs, config: &Config, clock: &dyn Clock) -> anyhow::Result<Done> {
    let Some((desk, _)) = desk(config, clock)? else {
        say(
            "hammerdesk: nobody may see every client yet, so nobody can get escalations; add [[people]] with \
             locations = [\"*\"] and a role with client, vip_clients and restricted_clients",
        );
        return Ok(Done::Failed);
    };
    let mut replayed: Vec<Replayed> = Vec::new();
    for file in &args.files {
        match read_cases(file) {
            Ok(cases) => replayed.extend(cases.cases.iter().map(|case| case.replay(&desk))),
            Err(error) => {
                say(&format!("hammerdesk: {error}"));
                return Ok(Done::Refused);
            }
        }
    }
    let failed = replayed.iter().filter(|case| !case.faults.is_empty()).count();
    if args.json {
        print(&serde_json::to_string_pretty(
            &serde_json::json!({ "ok": failed == 0, "cases": replayed }),
        )?);
    } else {
        for case in &replayed {
            let mark = if case.faults.is_empty() { "ok  " } else { "FAIL" };
            print(&format!("{mark} {}", case.name));
            for line in case.decision.explain() {
                print(&format!("       {line}"));
            }
            for fault in &case.faults {
                print(&format!("     ! {fault}"));
            }
        }
        print(&format!(
            "{} of {} cases as expected",
            replayed.len() - failed,
            replayed.len()
        ));
    }
    Ok(if failed == 0 { Done::Ok } else { Done::Failed })
}

/// What is wrong with routing, rotas and ladders; cases that fail are among it.
pub(super) fn findings(config: &Config, clock: &dyn Clock) -> anyhow::Result<Vec<Finding>> {
    let Some((desk, problems)) = desk(config, clock)? else {
        return Ok(Vec::new());
    };
    let mut findings = lint(&desk, clock.now());
    findings.extend(problems.into_iter().map(|says| Finding {
        place: "[[rotas]] calendar".to_owned(),
        says,
        is_error: false,
    }));
    findings.extend(config.replay_cases(&desk)?.into_iter().map(|says| Finding {
        place: "[escalation] cases".to_owned(),
        says,
        is_error: true,
    }));
    Ok(findings)
}
