//! The bot's life at Discord's gateway, through serenity.
//!
//! The gateway is only a hint. What it brings that cannot be read is counted and logged as an error, because
//! serenity would drop it in silence; each READY puts right whatever is shown. The address never falls back
//! to Discord's own where another base is configured. A refused token or intent ends it with a sentence
//! instead of a storm of tries; everything else is tried again, later and later, within the number of
//! sessions that Discord allows.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hammerdesk_commands::Commands;
use hammerdesk_domain::chat::Platform;
use hammerdesk_domain::clock::Clock;
use hammerdesk_store::posts::lane;
use hammerdesk_store::{Store, StoreError};
use serde::Deserialize;
use serenity::async_trait;
use serenity::client::{Client, ClientBuilder, Context, EventHandler, RawEventHandler};
use serenity::gateway::{ConnectionStage, GatewayError, ShardManager, ShardStageUpdateEvent};
use serenity::http::HttpBuilder;
use serenity::model::application::Interaction;
use serenity::model::channel::Message;
use serenity::model::event::{Event, MessageUpdateEvent};
use serenity::model::gateway::{GatewayIntents, Ready};
use serenity::model::id::{ChannelId, GuildId, MessageId};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::hear::Hearing;
use super::interactions::Interactions;
use super::rest::{Call, DISCORD, Rest, RestError, client, unversioned};
use super::{DiscordDeliverer, Setup, register};
use crate::engine::Nudge;
use crate::telemetry;

/// The first pause before another try, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(120));
/// A session that is not there again after so long is given up, and a new one begun.
const GIVEN_UP: Duration = Duration::from_secs(180);
/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(3);

/// What the bot is doing at Discord.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not there yet, or not there at the moment.
    Connecting,
    /// There.
    Connected,
    /// Sent away, with what to do about it; it does not come back by itself.
    Refused(String),
    /// Ended.
    Stopped,
}

impl State {
    /// In a word or two, for whoever asks after its health.
    pub fn says(&self) -> String {
        match self {
            Self::Connecting => "discord: connecting".to_owned(),
            Self::Connected => "discord: connected".to_owned(),
            Self::Refused(why) => format!("discord: refused: {why}"),
            Self::Stopped => "discord: stopped".to_owned(),
        }
    }
}

type OnReady = Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// The bot. Cheap to clone.
#[derive(Clone)]
pub struct Discord(Arc<Inner>);

struct Inner {
    setup: Setup,
    rest: Rest,
    interactions: Interactions,
    hearing: Hearing,
    store: Store,
    nudge: Nudge,
    state: watch::Sender<State>,
    on_ready: Mutex<Vec<OnReady>>,
    clock: Arc<dyn Clock>,
    put_right: watch::Sender<u64>,
    /// Who we are, as each READY says.
    application: AtomicU64,
    is_registering: AtomicBool,
    shards: Mutex<Vec<Shard>>,
    /// What serenity asks the base with.
    for_gateway: reqwest::Client,
}

#[derive(Debug, Clone, Copy)]
struct Shard {
    id: u32,
    is_there: bool,
    since: Instant,
}

impl fmt::Debug for Discord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discord")
            .field("rest", &self.0.rest)
            .finish_non_exhaustive()
    }
}

/// Where the gateway is, how many sessions it takes, and how many may still be begun.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Way {
    url: String,
    #[serde(default = "one")]
    shards: u32,
    session_start_limit: Option<StartLimit>,
}

const fn one() -> u32 {
    1
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct StartLimit {
    remaining: u32,
    /// Milliseconds.
    reset_after: u64,
}

/// Why a session ended.
enum Ended {
    /// We were asked to stop.
    Stopped,
    /// It makes no sense to try again.
    Refused(String),
    /// Try again.
    Lost(String),
}

impl Discord {
    /// A bot that is not connected yet.
    pub fn new(
        setup: Setup,
        commands: Commands,
        store: Store,
        clock: Arc<dyn Clock>,
        nudge: Nudge,
    ) -> anyhow::Result<Self> {
        telemetry::metrics();
        let rest = Rest::of(&setup)?;
        let for_gateway = client(setup.authority.as_deref())?;
        Ok(Self(Arc::new(Inner {
            interactions: Interactions::new(rest.clone(), commands, Arc::clone(&clock), &setup),
            hearing: Hearing::new(
                rest.clone(),
                store.clone(),
                Arc::clone(&clock),
                setup.people.clone(),
                nudge.clone(),
            ),
            store,
            nudge,
            clock,
            put_right: watch::Sender::new(0),
            rest,
            setup,
            state: watch::Sender::new(State::Connecting),
            on_ready: Mutex::default(),
            application: AtomicU64::new(0),
            is_registering: AtomicBool::new(false),
            shards: Mutex::default(),
            for_gateway,
        })))
    }

    /// What it is doing, as it changes.
    pub fn state(&self) -> watch::Receiver<State> {
        self.0.state.subscribe()
    }

    /// What it is doing, for whoever asks after its health.
    pub fn says(&self) -> String {
        let state = self.0.state.borrow().says();
        match self.0.rest.shut_for() {
            Some(wait) => format!(
                "{state}; so many calls were refused that none is sent for {} s, see the log",
                wait.as_secs()
            ),
            None => state,
        }
    }

    /// Delivers what the outbox has for Discord's channels.
    pub fn deliverer(&self) -> DiscordDeliverer {
        let inner = &self.0;
        DiscordDeliverer::new(
            inner.rest.clone(),
            inner.store.clone(),
            Arc::clone(&inner.clock),
            inner.setup.channels.clone(),
            inner.setup.people.clone(),
        )
    }

    /// Counts how often everything was put right after a session began.
    pub fn times_put_right(&self) -> watch::Receiver<u64> {
        self.0.put_right.subscribe()
    }

    /// Something to be put right each time a session begins.
    pub fn on_ready<F>(&self, put_right: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let hook: OnReady = Box::new(move || Box::pin(put_right()));
        self.0
            .on_ready
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(hook);
    }

    /// Is there a way to the gateway at all? Asked before the service says that it is ready, where another
    /// base than Discord's is configured.
    pub async fn find_gateway(&self) -> anyhow::Result<()> {
        if self.0.setup.api_url.is_none() || self.0.setup.gateway_url.is_some() {
            return Ok(());
        }
        match self.way().await {
            Ok(_) => Ok(()),
            Err(error) => anyhow::bail!(
                "discord.api_url is set, but it names no gateway ({error}). Set discord.gateway_url, or look whether \
                 something answers there; Discord's own gateway is not used in its place."
            ),
        }
    }

    /// Lives until `stop` changes; it always ends soon after.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut pause = PAUSES.0;
        loop {
            let began_at = Instant::now();
            let ended = tokio::select! {
                ended = self.session() => ended,
                _ = stop.wait_for(|stop| *stop) => Ended::Stopped,
            };
            match ended {
                Ended::Stopped => break,
                Ended::Refused(why) => {
                    tracing::error!(
                        why,
                        "discord refuses the bot; it stays away until the service is started again"
                    );
                    self.set(State::Refused(why));
                    drop(stop.wait_for(|stop| *stop).await);
                    break;
                }
                Ended::Lost(why) => {
                    if began_at.elapsed() > GIVEN_UP {
                        pause = PAUSES.0;
                    }
                    tracing::warn!(
                        why,
                        pause_s = pause.as_secs(),
                        "not connected to discord; trying again"
                    );
                    self.set(State::Connecting);
                    let is_over = tokio::select! {
                        () = tokio::time::sleep(pause) => false,
                        _ = stop.wait_for(|stop| *stop) => true,
                    };
                    if is_over {
                        break;
                    }
                    pause = (pause * 2).min(PAUSES.1);
                }
            }
        }
        if !matches!(*self.0.state.borrow(), State::Refused(_)) {
            self.set(State::Stopped);
        }
    }

    fn set(&self, state: State) {
        metrics::gauge!("hammerdesk_discord_connected").set(u8::from(state == State::Connected));
        self.0.state.send_if_modified(|now| {
            let is_new = *now != state;
            *now = state;
            is_new
        });
    }

    /// The way to the gateway: as configured, or as the base says. Never guessed.
    async fn way(&self) -> Result<Way, RestError> {
        let given = self.0.setup.gateway_url.as_ref();
        let said = match self.0.rest.call::<Way>(Call::get("/gateway/bot")).await {
            Err(error) if given.is_none() && !is_refused_token(&error) => self
                .0
                .rest
                .call::<Way>(Call::get("/gateway"))
                .await
                .map_err(|_| error),
            said => said,
        };
        match (given, said) {
            (Some(url), Ok(said)) => Ok(Way {
                url: url.clone(),
                ..said
            }),
            (Some(_), Err(error)) if is_refused_token(&error) => Err(error),
            (Some(url), Err(_)) => Ok(Way {
                url: url.clone(),
                shards: 1,
                session_start_limit: None,
            }),
            (None, said) => said,
        }
    }

    /// One session of all shards, from finding the way to losing it.
    async fn session(&self) -> Ended {
        let way = match self.way().await {
            Ok(way) => way,
            Err(error) if is_refused_token(&error) => return Ended::Refused(BAD_TOKEN.to_owned()),
            Err(error) => return Ended::Lost(error.to_string()),
        };
        let total = way.shards.max(1);
        if let Some(limit) = way
            .session_start_limit
            .as_ref()
            .filter(|limit| limit.remaining < total)
        {
            let wait = Duration::from_millis(limit.reset_after);
            tracing::error!(
                wait_s = wait.as_secs(),
                "discord allows no further session for now; waiting"
            );
            tokio::time::sleep(wait).await;
        }
        let client = match self.client(&way).await {
            Ok(client) => client,
            Err(error) => return Ended::Lost(error.to_string()),
        };
        *self.0.shards.lock().unwrap_or_else(PoisonError::into_inner) = (0..total)
            .map(|id| Shard {
                id,
                is_there: false,
                since: Instant::now(),
            })
            .collect();
        Running::start(client, total).until_over(self).await
    }

    async fn client(&self, way: &Way) -> serenity::Result<Client> {
        let token = self.0.setup.token.reveal().trim();
        // serenity asks its own connection for the gateway before we can tell it: our base, never another.
        let base = unversioned(self.0.setup.api_url.as_deref().unwrap_or(DISCORD));
        let http = HttpBuilder::new(token)
            .client(self.0.for_gateway.clone())
            .proxy(base)
            .ratelimiter_disabled(true)
            .build();
        let handler = Handler(self.clone());
        let mut intents = GatewayIntents::GUILDS;
        if self.0.setup.listens {
            intents |= GatewayIntents::GUILD_MESSAGES | GatewayIntents::MESSAGE_CONTENT;
        }
        let client = ClientBuilder::new_with_http(http, intents)
            .event_handler(handler.clone())
            .raw_event_handler(handler)
            .await?;
        way.url.clone_into(&mut *client.ws_url.lock().await);
        Ok(client)
    }

    fn ready(&self, ready: &Ready) {
        self.0
            .application
            .store(ready.application.id.get(), Ordering::SeqCst);
        metrics::counter!("hammerdesk_discord_ready_total").increment(1);
        tracing::info!(guilds = ready.guilds.len(), "connected to discord");
        // Shards become ready one after the other: once is enough for all.
        if ready.shard.is_none_or(|shard| shard.id.0 == 0) {
            let this = self.clone();
            tokio::spawn(async move { this.put_right().await });
        }
    }

    /// Registers what is offered, hears what was missed, shows what waited, and calls whoever wants to look
    /// after what is shown.
    async fn put_right(&self) {
        if let Err(error) = self.hurry().await {
            tracing::warn!(%error, "what waits for discord could not be hurried");
        }
        self.0.hearing.catch_up(self.0.setup.listens).await;
        let hooks: Vec<_> = {
            let hooks = self.0.on_ready.lock().unwrap_or_else(PoisonError::into_inner);
            hooks.iter().map(|hook| hook()).collect()
        };
        for hook in hooks {
            hook.await;
        }
        if self.0.is_registering.swap(true, Ordering::SeqCst) {
            return;
        }
        let application = self.0.application.load(Ordering::SeqCst);
        let mut pause = Duration::from_secs(1);
        for _ in 0..8 {
            match register::bring_up_to_date(&self.0.rest, application, &self.0.setup.guilds).await {
                Ok(changed) => {
                    tracing::info!(changed, "discord offers the commands");
                    break;
                }
                Err(error @ RestError::Refused { .. }) => {
                    tracing::error!(%error, "the commands could not be registered; hammerdesk check says what is missing");
                    break;
                }
                Err(error) => tracing::warn!(%error, "registering the commands; trying again"),
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        self.0.is_registering.store(false, Ordering::SeqCst);
        self.0.put_right.send_modify(|times| *times += 1);
    }

    /// Channels that backed off while Discord was away wait no longer.
    async fn hurry(&self) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        let mut unit = self.0.store.write().await?;
        for channel in self
            .0
            .setup
            .channels
            .iter()
            .filter(|channel| channel.discord.is_some())
        {
            unit.hurry_lane(&lane(Platform::Discord, &channel.id, None), now)
                .await?;
        }
        unit.commit().await?;
        self.0.nudge.nudge();
        Ok(())
    }

    fn stage(&self, id: u32, stage: ConnectionStage) {
        self.note(|shard| {
            if shard.id == id {
                shard.is_there = stage == ConnectionStage::Connected;
            }
        });
    }

    /// Notes the shards that serenity has no connection for.
    fn only_these(&self, is_kept: impl Fn(u32) -> bool) {
        self.note(|shard| shard.is_there &= is_kept(shard.id));
    }

    fn note(&self, mut change: impl FnMut(&mut Shard)) {
        let all_there = {
            let mut shards = self.0.shards.lock().unwrap_or_else(PoisonError::into_inner);
            for shard in shards.iter_mut() {
                let before = shard.is_there;
                change(shard);
                if shard.is_there != before {
                    shard.since = Instant::now();
                }
            }
            !shards.is_empty() && shards.iter().all(|shard| shard.is_there)
        };
        if !matches!(*self.0.state.borrow(), State::Refused(_) | State::Stopped) {
            self.set(if all_there {
                State::Connected
            } else {
                State::Connecting
            });
        }
    }

    /// Has a shard been away for so long that it will not come back by itself?
    fn is_given_up(&self) -> bool {
        let shards = self.0.shards.lock().unwrap_or_else(PoisonError::into_inner);
        shards
            .iter()
            .any(|shard| !shard.is_there && shard.since.elapsed() > GIVEN_UP)
    }
}

const BAD_TOKEN: &str = "Discord does not accept discord.token. Reset it in the developer portal under Bot, put the new one \
                         into the configuration and start again.";
const BAD_INTENTS: &str = "Discord does not allow the bot to read messages. Switch on \"Message Content Intent\" in the \
                           developer portal under Bot, or leave the ticket bridge out, and start again.";

fn is_refused_token(error: &RestError) -> bool {
    error.status() == Some(401)
}

/// A client at work. However this ends, nothing of it is left.
struct Running {
    work: JoinHandle<serenity::Result<()>>,
    shards: Arc<ShardManager>,
}

impl Running {
    fn start(mut client: Client, total: u32) -> Self {
        let shards = Arc::clone(&client.shard_manager);
        let work = tokio::spawn(async move { client.start_shards(total).await });
        Self { work, shards }
    }

    async fn until_over(mut self, discord: &Discord) -> Ended {
        loop {
            tokio::select! {
                ended = &mut self.work => return match ended {
                    Ok(Err(serenity::Error::Gateway(GatewayError::InvalidAuthentication))) => Ended::Refused(BAD_TOKEN.to_owned()),
                    Ok(Err(serenity::Error::Gateway(
                        GatewayError::DisallowedGatewayIntents | GatewayError::InvalidGatewayIntents,
                    ))) => Ended::Refused(BAD_INTENTS.to_owned()),
                    Ok(Err(error)) => Ended::Lost(error.to_string()),
                    Ok(Ok(())) => Ended::Lost("the session ended".to_owned()),
                    Err(error) => Ended::Lost(error.to_string()),
                },
                () = tokio::time::sleep(LOOK) => {
                    // A shard whose connection broke is taken down without a word on its stage.
                    discord.0.rest.refused_lately();
                    let there = self.shards.shards_instantiated().await;
                    discord.only_these(|id| there.iter().any(|shard| shard.0 == id));
                    if discord.is_given_up() {
                        return Ended::Lost("the session did not come back".to_owned());
                    }
                }
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.work.abort();
        let shards = Arc::clone(&self.shards);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                // Without a connection serenity has nothing to end and would never say so.
                drop(tokio::time::timeout(FAREWELL, shards.shutdown_all()).await);
            });
        }
    }
}

#[derive(Clone)]
struct Handler(Discord);

#[async_trait]
impl EventHandler for Handler {
    async fn ready(&self, _: Context, ready: Ready) {
        self.0.ready(&ready);
    }

    async fn interaction_create(&self, _: Context, interaction: Interaction) {
        self.0.0.interactions.handle(interaction, Instant::now()).await;
    }

    async fn message(&self, _: Context, message: Message) {
        if self.0.0.setup.listens {
            self.0.0.hearing.said(&message).await;
        }
    }

    async fn message_update(
        &self,
        _: Context,
        _: Option<Message>,
        _: Option<Message>,
        update: MessageUpdateEvent,
    ) {
        if self.0.0.setup.listens {
            self.0.0.hearing.changed(&update).await;
        }
    }

    async fn message_delete(&self, _: Context, channel: ChannelId, message: MessageId, _: Option<GuildId>) {
        if self.0.0.setup.listens {
            self.0.0.hearing.deleted(channel.get(), message.get()).await;
        }
    }

    async fn shard_stage_update(&self, _: Context, event: ShardStageUpdateEvent) {
        self.0.stage(event.shard_id.0, event.new);
    }
}

#[async_trait]
impl RawEventHandler for Handler {
    async fn raw_event(&self, _: Context, event: Event) {
        if let Event::Unknown(unknown) = event
            && matches!(
                unknown.kind.as_str(),
                "INTERACTION_CREATE" | "MESSAGE_CREATE" | "MESSAGE_UPDATE" | "MESSAGE_DELETE"
            )
        {
            metrics::counter!("hammerdesk_discord_unread_events_total", "kind" => unknown.kind.clone())
                .increment(1);
            tracing::error!(
                kind = unknown.kind,
                "discord sent an event that cannot be read; it was dropped"
            );
        }
    }
}
