//! A Freshdesk account over real HTTP on loopback, with a model behind it.
//!
//! Promises: whatever the API shows, a test can read in the model, and the other way round; requests are
//! held to the documented shapes; what nobody knows about Freshdesk is a switch ([`Unknowns`]); nothing
//! happens unless a call, an act or the clock makes it happen.
//!
//! [`FreshdeskSim::start`] gives the address and a key; [`FreshdeskSim::account`] the model, in which one
//! acts as customer or agent; [`FreshdeskSim::mail_sent`] proves what customers were mailed, and
//! [`FreshdeskSim::requests`] what was asked of the API.

mod account;
mod acts;
mod automation;
mod bulk;
mod call;
mod contacts;
mod deeds;
mod faults;
mod fields;
pub mod html;
#[cfg(test)]
mod invariants;
mod json;
mod life;
mod limits;
mod list;
pub mod model;
mod multipart;
mod options;
mod people;
mod requests;
mod search;
mod seed;
mod server;
mod settings;
mod shape;
mod sla;
mod state;
mod tickets;
mod webhooks;

use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use account::{Account, NotPossible};
pub use automation::{Acting, Deed, Rule, Trigger};
pub use faults::Fault;
pub use life::{Happening, Life};
pub use options::{DueOnResume, FieldSet, Limits, Options, Ties, Unknowns, WebhookRetries};
pub use requests::{Route, Seen, Verdict};
pub use seed::{CLIENT_NUMBER_FIELD, Seed, SeedClient, Seeded};
pub use webhooks::Hook;

use model::Mail;

/// How often, in real time, webhooks that wait for their hour are looked at.
const WEBHOOK_PULSE: std::time::Duration = std::time::Duration::from_millis(200);

/// A running account; it ends when this is dropped.
#[derive(Debug)]
pub struct FreshdeskSim {
    account: Account,
    url: String,
    api_key: String,
    tasks: [JoinHandle<()>; 2],
}

impl FreshdeskSim {
    /// Starts an account on a free port of loopback.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let api_key = options.api_key.clone();
        let account = Account::new(options);
        let served = tokio::spawn(server::serve(listener, account.clone(), url.clone()));
        let delivered = tokio::spawn(deliver(account.clone()));
        Ok(Self {
            account,
            url,
            api_key,
            tasks: [served, delivered],
        })
    }

    /// `http://127.0.0.1:port`; the API is below `/api/v2/`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The key of the integration's own agent.
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// The model.
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// Every mail that somebody outside received, in order.
    pub fn mail_sent(&self) -> Vec<Mail> {
        self.account.mail_sent()
    }

    /// Every request that was received, in order.
    pub fn requests(&self) -> Vec<Seen> {
        self.account.requests()
    }
}

impl Drop for FreshdeskSim {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Posts webhooks, one after the other, as they fall due.
async fn deliver(account: Account) {
    let shared = Arc::clone(&account.0);
    loop {
        let next = account.with(|state, now| {
            let patience = state.options.unknowns.webhook_timeout;
            state
                .take_delivery(now)
                .map(|(hook, delivery)| (hook, delivery, patience))
        });
        match next {
            Some((hook, delivery, patience)) => {
                let taken = webhooks::post(&hook, &delivery.body, patience).await;
                account.with(|state, now| state.delivered(delivery.number, taken, now));
            }
            // A pulse, for whatever waits for its hour by a clock that others move.
            None => {
                let _moved = tokio::time::timeout(WEBHOOK_PULSE, shared.deliver.notified()).await;
            }
        }
    }
}
