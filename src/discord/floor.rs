//! The least that a bot on serenity can be: the floor beside which `hammerdesk bench discord` measures ours.
//!
//! It answers every interaction with one answer from memory, over serenity's own gateway and calls, and
//! does nothing else.

use anyhow::Context as _;
use serde_json::Value;
use serenity::async_trait;
use serenity::client::{ClientBuilder, EventHandler};
use serenity::http::HttpBuilder;
use serenity::model::application::Interaction;
use serenity::model::gateway::GatewayIntents;
use tokio::task::JoinHandle;

use super::register;
use super::rest::{Rest, unversioned};

/// The bare bot; it ends when it is dropped.
#[derive(Debug)]
pub struct FloorBot(JoinHandle<serenity::Result<()>>);

impl FloorBot {
    /// Offers the same commands as ours, and answers each of them with `answer`: the body of a callback.
    pub async fn start(
        token: &str,
        application: u64,
        (api_url, gateway_url): (&str, &str),
        answer: Value,
    ) -> anyhow::Result<Self> {
        let rest = Rest::new(token, Some(api_url))?;
        register::bring_up_to_date(&rest, application, &[])
            .await
            .context("registering the commands of the bare bot")?;
        let http = HttpBuilder::new(token)
            .proxy(unversioned(api_url))
            .ratelimiter_disabled(true)
            .build();
        let mut client = ClientBuilder::new_with_http(http, GatewayIntents::GUILDS)
            .event_handler(Answering(answer))
            .await?;
        gateway_url.clone_into(&mut *client.ws_url.lock().await);
        Ok(Self(tokio::spawn(async move { client.start().await })))
    }
}

impl Drop for FloorBot {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Answering(Value);

#[async_trait]
impl EventHandler for Answering {
    async fn interaction_create(&self, context: serenity::client::Context, interaction: Interaction) {
        if let Interaction::Command(command) = interaction
            && let Err(error) = context
                .http
                .create_interaction_response(command.id, &command.token, &self.0, Vec::new())
                .await
        {
            tracing::error!(%error, "the bare bot could not answer");
        }
    }
}
