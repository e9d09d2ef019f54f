//! A small bot on serenity, as plain as can be: what it gets it hands to a closure of the test.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serenity::all::{
    Context, CreateAllowedMentions, EventHandler, GatewayIntents, Http, HttpBuilder, Interaction, Message,
    Ready, ShardManager,
};
use serenity::async_trait;
use serenity::client::ClientBuilder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use crate::discord::{DiscordSim, Id};

type Answering = Pin<Box<dyn Future<Output = ()> + Send>>;
type OnInteraction = Arc<dyn Fn(Context, Interaction) -> Answering + Send + Sync>;

/// What the bot heard.
#[derive(Debug)]
pub(super) enum Heard {
    Ready(Box<Ready>),
    Resumed,
    Message(Box<Message>),
    Deleted(u64),
}

struct Handler {
    heard: UnboundedSender<Heard>,
    on_interaction: OnInteraction,
}

#[async_trait]
impl EventHandler for Handler {
    async fn ready(&self, _: Context, ready: Ready) {
        let _ = self.heard.send(Heard::Ready(Box::new(ready)));
    }

    async fn resume(&self, _: Context, _: serenity::all::ResumedEvent) {
        let _ = self.heard.send(Heard::Resumed);
    }

    async fn message(&self, _: Context, message: Message) {
        let _ = self.heard.send(Heard::Message(Box::new(message)));
    }

    async fn message_delete(
        &self,
        _: Context,
        _: serenity::all::ChannelId,
        message: serenity::all::MessageId,
        _: Option<serenity::all::GuildId>,
    ) {
        let _ = self.heard.send(Heard::Deleted(message.get()));
    }

    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        (self.on_interaction)(context, interaction).await;
    }
}

/// The bot, which runs until it is dropped.
pub(super) struct Bot {
    pub(super) http: Arc<Http>,
    pub(super) heard: UnboundedReceiver<Heard>,
    pub(super) shards: Arc<ShardManager>,
    pub(super) task: JoinHandle<serenity::Result<()>>,
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A client of the simulator without rate limiter.
pub(super) fn http(sim: &DiscordSim) -> Http {
    let http = HttpBuilder::new(sim.token())
        .proxy(sim.api_url())
        .ratelimiter_disabled(true)
        .default_allowed_mentions(CreateAllowedMentions::new())
        .build();
    http.set_application_id(sim.bot().number().into());
    http
}

impl Bot {
    /// Starts it and waits until it is ready.
    pub(super) async fn start<F, A>(sim: &DiscordSim, intents: GatewayIntents, on_interaction: F) -> Self
    where
        F: Fn(Context, Interaction) -> A + Send + Sync + 'static,
        A: Future<Output = ()> + Send + 'static,
    {
        let mut bot = Self::begin(sim, intents, on_interaction).await;
        assert!(matches!(bot.next().await, Heard::Ready(_)));
        bot
    }

    /// Starts it.
    pub(super) async fn begin<F, A>(sim: &DiscordSim, intents: GatewayIntents, on_interaction: F) -> Self
    where
        F: Fn(Context, Interaction) -> A + Send + Sync + 'static,
        A: Future<Output = ()> + Send + 'static,
    {
        let (sender, heard) = unbounded_channel();
        let handler = Handler {
            heard: sender,
            on_interaction: Arc::new(move |context, interaction| {
                Box::pin(on_interaction(context, interaction))
            }),
        };
        let mut client = ClientBuilder::new_with_http(http(sim), intents)
            .event_handler(handler)
            .await
            .unwrap();
        let http = client.http.clone();
        let shards = client.shard_manager.clone();
        Self {
            http,
            heard,
            shards,
            task: tokio::spawn(async move { client.start().await }),
        }
    }

    /// The next thing it hears.
    pub(super) async fn next(&mut self) -> Heard {
        tokio::time::timeout(Duration::from_secs(10), self.heard.recv())
            .await
            .expect("it hears something within ten seconds")
            .expect("it runs")
    }

    /// The next message it hears.
    pub(super) async fn next_message(&mut self) -> Message {
        loop {
            if let Heard::Message(message) = self.next().await {
                return *message;
            }
        }
    }
}

/// serenity's id of ours.
pub(super) fn channel(id: Id) -> serenity::all::ChannelId {
    id.number().into()
}

/// Nothing is answered.
pub(super) async fn silent(_: Context, _: Interaction) {}

/// Tells which guild came to which shard.
pub(super) struct GuildsOfShards(pub(super) UnboundedSender<(u32, u64)>);

#[async_trait]
impl EventHandler for GuildsOfShards {
    async fn guild_create(&self, context: Context, guild: serenity::all::Guild, _: Option<bool>) {
        let _ = self.0.send((context.shard_id.0, guild.id.get()));
    }
}
