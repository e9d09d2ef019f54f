//! The Freshdesk account over real HTTP: each behaviour that a client must cope with, as a sentence.

mod account;
mod api;
mod corpus;
mod faults;
mod files;
mod limits;
mod search;
mod strict;
mod webhooks;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_domain::clock::ManualClock;
use hammerdesk_sandbox::freshdesk::{Account, FreshdeskSim, Options};
use serde_json::Value;

/// An account, a clock that stands, and a client that checks nothing.
struct Desk {
    sim: FreshdeskSim,
    clock: Arc<ManualClock>,
    http: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
struct Got {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Value,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn id(&self) -> u64 {
        self.body["id"].as_u64().expect("an id")
    }

    /// Numbers of the tickets in a list.
    fn ids(&self) -> Vec<u64> {
        self.body
            .as_array()
            .expect("a list")
            .iter()
            .map(|ticket| ticket["id"].as_u64().expect("an id"))
            .collect()
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn client() -> reqwest::Client {
    reqwest::Client::new()
}

impl Desk {
    async fn open() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(how: impl FnOnce(&mut Options)) -> Self {
        let clock = Arc::new(ManualClock::at(at("2026-11-23T09:00:00.400Z")));
        let mut options = Options::at(clock.clone());
        how(&mut options);
        let sim = FreshdeskSim::start(options).await.expect("a port");
        Self {
            sim,
            clock,
            http: client(),
        }
    }

    fn account(&self) -> &Account {
        self.sim.account()
    }

    fn passes(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse::<reqwest::Method>().expect("a method");
        self.http
            .request(method, format!("{}/api/v2/{path}", self.sim.url()))
            .basic_auth(self.sim.api_key(), Some("X"))
    }

    async fn got(request: reqwest::RequestBuilder) -> Got {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.expect("a body");
        Got {
            status,
            headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }

    async fn get(&self, path: &str) -> Got {
        Self::got(self.request("GET", path)).await
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> Got {
        Self::got(self.request(method, path).json(&body)).await
    }

    /// A customer's mail as a ticket.
    fn mail(&self, subject: &str) -> u64 {
        self.account().customer_mails(
            "ada@buyer.example",
            "Ada Vane",
            subject,
            "<div>When may I collect?</div>",
        )
    }
}
