//! `hammerdesk business-hours import`: the helpdesk's own hours and policies as a first configuration.

use clap::Subcommand;

use super::{Done, print, say};
use crate::config::Config;
use crate::sla::carry_over;

/// What of them.
#[derive(Debug, Subcommand)]
pub(crate) enum BusinessHoursCommand {
    /// Print Freshdesk's business hours and SLA policies as locations and policies of a first configuration; what
    /// could not be carried over is said on standard error
    #[command(
        after_help = "Example:\n  hammerdesk business-hours import --config hammerdesk.toml > promises.toml"
    )]
    Import,
}

pub(super) async fn run(command: &BusinessHoursCommand, config: &Config) -> anyhow::Result<Done> {
    let BusinessHoursCommand::Import = command;
    if config.freshdesk.url.is_none() {
        say("hammerdesk: there is no helpdesk in the config; give [freshdesk] a url and an api_key_file");
        return Ok(Done::Refused);
    }
    let client = config.freshdesk.client()?;
    let hours = client.business_hours().await?;
    let policies = client.sla_policies().await?;
    let groups = client.groups().await?;
    let made = carry_over(&hours.items, &policies.items, &groups.items);
    print(made.config.trim_end());
    let unread = hours.unreadable.len() + policies.unreadable.len() + groups.unreadable.len();
    if unread > 0 {
        say(&format!("could not read: {unread} of the helpdesk's records"));
    }
    for what in &made.not {
        say(&format!("not carried over: {what}"));
    }
    Ok(Done::Ok)
}
