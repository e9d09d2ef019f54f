//! Discord, as the bot sees it: REST and gateway on loopback, with a model behind them.
//!
//! [`DiscordSim`] makes guilds, channels and people, lets people act, and shows what each of them sees. It is
//! strict: what Discord refuses is refused in Discord's words, and some certain mistakes that Discord forgives
//! (unknown keys, mentions left open) are refused too. Everything that a bot sent is kept with its verdict, and a
//! simulator that ends with a request of a wrong form nobody took note of panics: no test can forget to look.
//! Faults of both sockets are switches ([`DiscordSim::fail`], [`DiscordSim::gateway`]).

mod asked;
mod check_command;
mod check_components;
mod check_message;
mod core;
mod fault;
mod form;
mod gateway;
mod id;
mod limit;
mod listen;
mod log;
mod model;
mod offer;
mod person;
mod refusal;
mod rest;
mod rest_channels;
mod rest_commands;
mod rest_guilds;
mod rest_interactions;
mod rest_messages;
mod rights;
mod shape;
mod socket;
mod switches;
#[cfg(test)]
mod tests;
#[cfg(feature = "tls")]
mod tls;
mod view;
mod wire;
mod world;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{any, get};
use hammerdesk_domain::clock::{Clock, SystemClock};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use asked::{Asked, Outcome};
pub use fault::{Fault, LimitScope};
pub use gateway::{Compression, GatewayCounts};
pub use id::Id;
pub use log::{Logged, Verdict};
pub use model::{Pings, Rules};
pub use offer::NotOffered;
pub use person::Person;
pub use rights::Rights;
pub use switches::GatewaySwitches;
#[cfg(feature = "tls")]
pub use tls::TlsFront;
pub use view::{Seen, SeenFile};

use self::core::Core;
use fault::Faults;
use gateway::Gateway;
use limit::Limits;
use listen::{Cut, Door};
use log::Log;
use model::{State, User};

/// How a simulator starts.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens; port 0 takes any.
    pub listen: String,
    /// The bot's token.
    pub token: String,
    /// The bot's name.
    pub bot_name: String,
    /// Its time: ids, ages, tokens.
    pub clock: Arc<dyn Clock>,
    /// What is demanded beyond Discord's own demands.
    pub rules: Rules,
    /// How often the bot is to beat.
    pub heartbeat_millis: u64,
    /// How gateway payloads travel.
    pub compression: Compression,
    /// Whether the application has the intent for message content.
    pub has_message_content: bool,
    /// How many requests are kept.
    pub keeps_requests: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:0".into(),
            token: "MTA1.sandbox.token".into(),
            bot_name: "hammerdesk".into(),
            clock: Arc::new(SystemClock),
            rules: Rules::default(),
            heartbeat_millis: 41_250,
            compression: Compression::Never,
            has_message_content: true,
            keeps_requests: 100_000,
        }
    }
}

/// Discord on loopback. Clones are the same Discord; it ends with the last of them.
#[derive(Debug, Clone)]
pub struct DiscordSim {
    pub(in crate::discord) core: Arc<Core>,
    _serving: Arc<Serving>,
}

#[derive(Debug)]
struct Serving {
    task: JoinHandle<()>,
    core: Arc<Core>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
        // Connections run on by themselves: they end as in an outage.
        self.core.is_up.send_replace(false);
        let malformed: Vec<String> = {
            let state = self.core.state();
            state.log.malformed.iter().map(Logged::complaint).collect()
        };
        // A panic on top of another would only hide the first.
        assert!(
            malformed.is_empty() || std::thread::panicking(),
            "Discord would refuse this in any circumstances:\n{}",
            malformed.join("\n")
        );
    }
}

impl DiscordSim {
    /// Starts it.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(&options.listen).await?;
        let address = listener.local_addr()?;
        let (is_up, watched) = watch::channel(true);
        let mut state = State {
            last_id: 0,
            token: options.token,
            base: format!("http://{address}"),
            bot: Id(0),
            users: HashMap::new(),
            guilds: BTreeMap::new(),
            channels: BTreeMap::new(),
            messages: HashMap::new(),
            deleted: HashSet::new(),
            uploads: HashMap::new(),
            commands: Vec::new(),
            commands_created_at: HashMap::new(),
            interactions: HashMap::new(),
            by_token: HashMap::new(),
            nonces: HashMap::new(),
            old_edits: HashMap::new(),
            gateway: Gateway::new(options.heartbeat_millis, options.compression),
            faults: Faults::default(),
            limits: Limits::new(),
            log: Log::new(options.keeps_requests),
            has_message_content: options.has_message_content,
            rules: options.rules,
        };
        let bot = state.new_id(options.clock.now());
        state.bot = bot;
        state.users.insert(
            bot,
            User {
                id: bot,
                name: options.bot_name,
                global_name: None,
                is_bot: true,
                locale: "en-US".into(),
                takes_messages: false,
            },
        );
        let core = Arc::new(Core {
            state: Mutex::new(state),
            clock: options.clock,
            address,
            is_up,
        });
        let router = Router::new()
            .route("/gateway", get(socket::connect))
            .route("/gateway/", get(socket::connect))
            .route("/", get(socket::connect))
            .route("/attachments/{channel}/{id}/{name}", get(download))
            .fallback(any(rest::answer))
            .with_state(core.clone())
            .into_make_service_with_connect_info::<Cut>();
        let door = Door::new(listener, address, watched);
        let task = tokio::spawn(async move {
            // It serves until the task is aborted.
            let _ = axum::serve(door, router).await;
        });
        let serving = Arc::new(Serving {
            task,
            core: core.clone(),
        });
        Ok(Self {
            core,
            _serving: serving,
        })
    }

    /// The base that takes the place of `https://discord.com`.
    pub fn api_url(&self) -> String {
        self.core.api_url()
    }

    /// Where the gateway listens; `GET /gateway` tells the same.
    pub fn gateway_url(&self) -> String {
        self.core.gateway_url()
    }

    /// The bot's token.
    pub fn token(&self) -> String {
        self.core.state().token.clone()
    }

    /// The bot's id, which is the application's too.
    pub fn bot(&self) -> Id {
        self.core.state().bot
    }

    /// Discord goes away: connections end, new ones are refused.
    pub fn down(&self) {
        self.core.is_up.send_replace(false);
    }

    /// Discord comes back, with all that it had; sessions can be resumed.
    pub fn up(&self) {
        self.core.is_up.send_replace(true);
    }
}

/// `GET /attachments/{channel}/{id}/{name}`, as from Discord's file server.
async fn download(
    Shared(core): Shared<Arc<Core>>,
    Path((_, id, name)): Path<(String, String, String)>,
) -> Response {
    let found = Id::parse(&id)
        .and_then(|id| core.state().uploads.get(&id).cloned())
        .filter(|found| found.name == name);
    let Some(found) = found else {
        let mut response = Response::new(Body::from("This content is no longer available."));
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    };
    let kind = HeaderValue::from_str(&found.kind);
    let mut response = Response::new(Body::from(found.bytes.to_vec()));
    if let Ok(kind) = kind {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
}
