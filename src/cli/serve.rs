//! `hammerdesk serve`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::escalation::Desk;
use hammerdesk_domain::ids::SourceId;

use super::{Done, say};
use crate::config::Config;
use crate::engine::{self, DropFolder};
use crate::escalate::Reread;
use crate::{App, listen, open_store, stop_signal};

/// How often a drop folder is looked into; a file is taken at the second look that finds it unchanged.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// Run the service until it is stopped.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  hammerdesk serve --config /etc/hammerdesk.toml")]
pub(crate) struct ServeArgs {}

/// Reads the rotas' calendars of that config.
fn reread(config: &Config) -> Reread {
    let config = config.clone();
    Reread::new(move |desk, now| config.read_calendars(desk, now))
}

pub(super) async fn run(_: ServeArgs, config: Config, clock: Arc<dyn Clock>) -> anyhow::Result<Done> {
    let mut settings = config.settings()?;
    let partners = config.partners(&settings.house)?;
    if let Some(desk) = settings.desk.take() {
        let mut desk = Desk::clone(&desk);
        for problem in config.read_calendars(&mut desk, clock.now()) {
            tracing::warn!("{problem}");
        }
        let faults = config.replay_cases(&desk)?;
        if !faults.is_empty() {
            bail!(
                "the routing rules fail their saved cases; try them with hammerdesk route test\n  {}",
                faults.join("\n  ")
            );
        }
        settings.desk = Some(Arc::new(desk));
    }
    let (listener, address) = listen(&config.http.listen).await?;
    if config.console.enabled && !address.ip().is_loopback() {
        bail!(
            "console.enabled needs http.listen on a loopback address such as 127.0.0.1:8080: the console has no sign-in"
        );
    }
    let store = open_store(&config).await?;
    let setup = config.discord(&settings)?;
    let desk = config.freshdesk.desk(store.clone(), Arc::clone(&clock))?;
    let rules = config.bridge_rules(&settings)?;
    let mut app = App::build(store, settings, Arc::clone(&clock), config.console.enabled)
        .with_desk(desk)
        .with_partners(partners)
        .with_hours(&config.sla_rules()?.calendars, Some(reread(&config)));
    if let Some(site) = &config.freshdesk.url {
        app = app.with_bridge(rules, site, config.freshdesk.facts_note);
    }
    if let Some(setup) = setup {
        app = app.with_discord(setup)?;
    }
    let stop = stop_signal();
    let chatting = match app.discord.clone() {
        None => None,
        Some(discord) => {
            discord.find_gateway().await?;
            let stop = stop.clone();
            Some(tokio::spawn(async move { discord.run(stop).await }))
        }
    };
    let folders = config
        .feeds
        .iter()
        .filter_map(|feed| Some((feed, feed.folder.clone()?)))
        .map(|(feed, folder)| {
            DropFolder::new(
                SourceId::new(feed.id.as_str()),
                folder,
                feed.mapping.clone(),
                feed.complete,
            )
        })
        .collect();
    let watching = engine::watch(
        folders,
        app.store.clone(),
        clock,
        LOOK_EVERY,
        stop.clone(),
        // The folder logs each file, and the report beside it says the rest.
        |_| (),
    );
    let watching = tokio::spawn(watching);
    let working = tokio::spawn(app.engine().run(stop.clone()));
    say(&format!("hammerdesk is ready on http://{address}"));
    app.serve(listener, stop).await?;
    watching.await?;
    if let Some(chatting) = chatting {
        chatting.await?;
    }
    working.await?;
    Ok(Done::Ok)
}
