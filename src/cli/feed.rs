//! `hammerdesk feed status`.

use std::sync::Arc;

use clap::Subcommand;
use hammerdesk_commands::settings::Settings;
use hammerdesk_commands::{feed, render};
use hammerdesk_domain::clock::Clock;

use super::{Done, print};
use crate::config::Config;
use crate::open_store;

#[derive(Debug, Subcommand)]
pub(crate) enum FeedCommand {
    /// Each source: last complete batch, its age, control totals, quarantine
    #[command(after_help = "Example:\n  hammerdesk feed status --json")]
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(command: FeedCommand, config: &Config, clock: &dyn Clock) -> anyhow::Result<Done> {
    let FeedCommand::Status { json } = command;
    let settings: Arc<Settings> = Arc::new(config.settings()?);
    let store = open_store(config).await?;
    let mut view = store.read().await?;
    let reply = feed::status(&mut view, &settings, clock.now()).await?;
    print(&if json {
        serde_json::to_string_pretty(&reply.facts)?
    } else {
        render::plain(&reply)
    });
    Ok(Done::Ok)
}
