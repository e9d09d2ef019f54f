//! `hammerdesk rules`: what is wrong with a set of rules that loads.

use clap::Subcommand;
use hammerdesk_domain::clock::Clock;

use super::{Done, print, route};
use crate::config::Config;

/// What of the rules.
#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// Find policies and routing rules that nothing reaches, promises that contradict each other, people who
    /// do not exist, circles of covers and gaps in rotas
    #[command(after_help = "Example:\n  hammerdesk rules lint --config /etc/hammerdesk.toml --json")]
    Lint {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: &RulesCommand, config: &Config, clock: &dyn Clock) -> anyhow::Result<Done> {
    let RulesCommand::Lint { json } = command;
    let promises = config.sla_rules()?.lint();
    let routing = route::findings(config, clock)?;
    // A gap in a rota is to be known; it makes no rule wrong.
    let is_wrong = !promises.is_empty() || routing.iter().any(|finding| finding.is_error);
    if *json {
        let mut findings = Vec::new();
        for finding in &promises {
            findings.push(serde_json::to_value(finding)?);
        }
        findings.extend(routing.iter().map(|finding| {
            serde_json::json!({
                "kind": if finding.is_error { "routing" } else { "routing_note" },
                "place": finding.place,
                "sentence": finding.says,
            })
        }));
        print(&serde_json::to_string_pretty(&findings)?);
    } else if promises.is_empty() && routing.is_empty() {
        print("Nothing is wrong with the rules.");
    } else {
        for finding in &promises {
            print(&format!("{}: {}", finding.kind, finding.sentence));
        }
        for finding in &routing {
            let mark = if finding.is_error { "routing" } else { "note" };
            print(&format!("{mark}: {}: {}", finding.place, finding.says));
        }
    }
    Ok(if is_wrong { Done::Refused } else { Done::Ok })
}
