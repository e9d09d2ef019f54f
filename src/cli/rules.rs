//! `hammerdesk rules`: what is wrong with a set of rules that loads.

use clap::Subcommand;

use super::{Done, print};
use crate::config::Config;

/// What of the rules.
#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// Find policies that nothing reaches and promises that contradict each other
    #[command(after_help = "Example:\n  hammerdesk rules lint --config /etc/hammerdesk.toml --json")]
    Lint {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: &RulesCommand, config: &Config) -> anyhow::Result<Done> {
    let RulesCommand::Lint { json } = command;
    let findings = config.sla_rules()?.lint();
    if *json {
        print(&serde_json::to_string_pretty(&findings)?);
    } else if findings.is_empty() {
        print("Nothing is wrong with the rules.");
    } else {
        for finding in &findings {
            print(&format!("{}: {}", finding.kind, finding.sentence));
        }
    }
    Ok(if findings.is_empty() {
        Done::Ok
    } else {
        Done::Refused
    })
}
