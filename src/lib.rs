//! The service: config, command line, HTTP, the web console and the background work, around the commands.
//!
//! [`App::build`] makes the same thing for `serve`, for `demo` and for the tests; only what stands around
//! it differs (which store, which clock, which people).

pub mod arrivals;
pub mod bench;
pub mod bridge;
pub mod cli;
pub mod config;
pub mod console;
pub mod discord;
pub mod engine;
pub mod escalate;
pub mod freshdesk;
pub mod furnish;
pub mod http;
pub mod import;
pub mod sla;
pub mod telemetry;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use hammerdesk_commands::Commands;
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::ids::LocationId;
use hammerdesk_domain::sla::calendar::CalendarRules;
use hammerdesk_store::{Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::arrivals::{Arrivals, AskedFor, FromTickets};
use crate::bridge::{Bridge, BridgeRule, Cards, Inward, Outward, Refresh};
use crate::config::{Config, Partner};
use crate::console::{ConsoleDeliverer, ConsoleState};
use crate::discord::{Cdn, Discord};
use crate::engine::{Deliver, Deliverer, Engine, Nudge};
use crate::escalate::{Calendars, Climb, Escalations, Handovers, Reach, Signs};
use crate::freshdesk::{Desk, HelpdeskDeliverer, LiveSync, Sync, TicketFiles};
use crate::http::intake::Intake;
use crate::sla::Sla;

/// How long a stopping service waits for a store that does not take the answer log.
const LAST_WORDS: Duration = Duration::from_secs(8);

/// Everything that runs, ready to be served.
#[derive(Debug, Clone)]
pub struct App {
    /// The data.
    pub store: Store,
    /// The answers.
    pub commands: Commands,
    /// What the administrator decided.
    pub settings: Arc<Settings>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The web console, where it is served.
    pub console: Option<ConsoleState>,
    /// The helpdesk, where there is one.
    pub desk: Option<Desk>,
    /// What goes between helpdesk and chat, where there is a helpdesk.
    pub bridge: Option<Bridge>,
    /// What makes promises move, where there are any.
    pub sla: Option<Sla>,
    /// Wakes the background work up.
    pub nudge: Nudge,
    /// The bot on Discord, where there is one.
    pub discord: Option<Discord>,
    /// Where third parties hand callers over.
    pub intake: Option<Intake>,
    /// What moves escalations, where somebody may be given any.
    pub escalations: Option<Escalations>,
}

impl App {
    /// Puts the parts together; needs a store with the current schema.
    pub fn build(store: Store, settings: Settings, clock: Arc<dyn Clock>, with_console: bool) -> Self {
        let settings = Arc::new(settings);
        let nudge = Nudge::default();
        let woken = nudge.clone();
        let commands = Commands::new(store.clone(), Arc::clone(&settings), Arc::clone(&clock))
            .waking(move || woken.nudge());
        let console = with_console.then(|| {
            ConsoleState::new(
                commands.clone(),
                store.clone(),
                Arc::clone(&settings),
                Arc::clone(&clock),
                nudge.clone(),
            )
        });
        let escalations = settings.desk.as_ref().map(|desk| {
            Escalations::new(
                store.clone(),
                Arc::clone(&settings),
                Arc::clone(&clock),
                Arc::clone(desk),
            )
        });
        Self {
            escalations,
            nudge,
            store,
            commands,
            settings,
            clock,
            console,
            discord: None,
            intake: None,
            desk: None,
            bridge: None,
            sla: None,
        }
    }

    /// The same with a helpdesk.
    #[must_use]
    pub fn with_desk(mut self, desk: Option<Desk>) -> Self {
        self.desk = desk;
        self
    }

    /// The same with a bridge between helpdesk and chat; `site` is where people read the tickets.
    #[must_use]
    pub fn with_bridge(mut self, rules: Vec<BridgeRule>, site: &str, facts_note: bool) -> Self {
        // Promises are about tickets, so they come with them, where anything is promised.
        if !self.settings.sla.rules.policies.is_empty() {
            self.sla = Some(Sla::new(&self, rules.clone(), site));
        }
        self.bridge = Some(Bridge::new(&self, rules, site, facts_note));
        self
    }

    /// The same with partners who may send escalations.
    #[must_use]
    pub fn with_partners(mut self, partners: Vec<Partner>) -> Self {
        self.intake = Some(Intake::new(
            self.store.clone(),
            Arc::clone(&self.settings),
            Arc::clone(&self.clock),
            self.nudge.clone(),
            partners,
        ));
        self
    }

    /// The same, counting the rungs of ladders in these hours, and reading the rotas' calendars anew.
    #[must_use]
    pub fn with_hours(
        mut self,
        calendars: &BTreeMap<LocationId, CalendarRules>,
        reread: Option<escalate::Reread>,
    ) -> Self {
        self.escalations = self
            .escalations
            .map(|escalations| escalations.with_hours(calendars, reread));
        self
    }

    /// The background work: everything that goes by itself. More is added with [`Engine::with`].
    pub fn engine(&self) -> Engine {
        let mut engine = Engine::new(self.nudge.clone());
        if let Some(desk) = &self.desk {
            engine = engine
                .with(self.deliver(Arc::new(self.to_helpdesk(desk))))
                .with(LiveSync(desk.helpdesk().clone()))
                .with(Sync(desk.helpdesk().clone()));
        }
        if let Some(bridge) = &self.bridge {
            engine = engine
                .with(Outward(bridge.clone()))
                .with(Inward(bridge.clone()))
                .with(Cards(bridge.clone()))
                .with(Refresh::new(bridge.clone()));
        }
        if let Some(sla) = &self.sla {
            engine = engine.with(sla.clone());
        }
        if self.settings.desk.is_some() {
            let arrivals = Arrivals::new(
                self.store.clone(),
                Arc::clone(&self.settings),
                Arc::clone(&self.clock),
                self.nudge.clone(),
            );
            engine = engine
                .with(FromTickets(arrivals.clone()))
                .with(AskedFor::new(arrivals));
        }
        if let Some(escalations) = &self.escalations {
            engine = engine
                .with(Signs(escalations.clone()))
                .with(Reach(escalations.clone()))
                .with(Calendars::new(escalations.clone()))
                .with(Handovers::new(escalations.clone()))
                .with(Climb(escalations.clone()));
        }
        if let Some(console) = &self.console {
            let to_console = ConsoleDeliverer::new(console.clone()).with_files(self.files());
            engine = engine.with(self.deliver(Arc::new(to_console)));
        }
        if let Some(discord) = &self.discord {
            engine = engine.with(self.deliver(Arc::new(discord.deliverer().with_files(self.files()))));
        }
        engine
    }

    /// Where posts get the files that hang in the helpdesk.
    fn files(&self) -> Option<TicketFiles> {
        self.desk
            .as_ref()
            .map(|desk| TicketFiles(desk.helpdesk().clone()))
    }

    fn to_helpdesk(&self, desk: &Desk) -> HelpdeskDeliverer {
        HelpdeskDeliverer::new(desk.helpdesk().clone(), Cdn::default(), self.nudge.clone())
    }

    /// The module that takes the outbox to one other side.
    pub fn deliver(&self, to: Arc<dyn Deliverer>) -> Deliver {
        Deliver::new(self.store.clone(), Arc::clone(&self.clock), to)
    }

    /// Brings the bot to life on Discord too; it connects once it is run.
    pub fn with_discord(mut self, setup: discord::Setup) -> anyhow::Result<Self> {
        let bot = Discord::new(
            setup,
            self.commands.clone(),
            self.store.clone(),
            Arc::clone(&self.clock),
            self.nudge.clone(),
        )?;
        self.discord = Some(bot);
        Ok(self)
    }

    /// Everything that is answered over HTTP.
    pub fn router(&self) -> Router {
        let mut router = http::router(self.store.clone(), self.discord.clone());
        if let Some(desk) = &self.desk {
            router = router.merge(http::webhooks(desk.clone(), self.nudge.clone()));
        }
        if let Some(intake) = &self.intake {
            router = router.merge(http::intake::router(intake.clone()));
        }
        match &self.console {
            Some(console) => router.merge(console::router(console.clone())),
            None => router,
        }
    }

    /// Serves until `stop` changes; then finishes what is under way and writes the answer log out.
    pub async fn serve(&self, listener: TcpListener, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        let console = self.console.clone();
        let shutdown = async move {
            // An error means that the sender is gone, which is a stop as well.
            drop(stop.wait_for(|stop| *stop).await);
            if let Some(console) = console {
                console.close();
            }
        };
        axum::serve(listener, self.router())
            .with_graceful_shutdown(shutdown)
            .await
            .context("serving HTTP")?;
        if tokio::time::timeout(LAST_WORDS, self.commands.flush())
            .await
            .is_err()
        {
            tracing::error!(
                "the store did not take the end of the answer log in time; its last entries are lost"
            );
        }
        Ok(())
    }
}

/// Opens the store of the config. One that is not there or empty is made; an older schema is left to
/// `hammerdesk migrate`, so that nobody migrates a shared database by accident.
pub async fn open_store(config: &Config) -> Result<Store, StoreError> {
    match Store::open(&config.store.url).await {
        Err(StoreError::Missing(_)) => Store::create(&config.store.url).await,
        opened => opened,
    }
}

/// Binds the address of the config.
pub async fn listen(address: &str) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; is another one running, or is the port taken?")
    })?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}

/// A receiver that turns true when the process is asked to stop (Ctrl-C, SIGTERM).
pub fn stop_signal() -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        wait_for_signal().await;
        sender.send_replace(true);
    });
    receiver
}

#[cfg(unix)]
async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        drop(tokio::signal::ctrl_c().await);
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn wait_for_signal() {
    drop(tokio::signal::ctrl_c().await);
}
