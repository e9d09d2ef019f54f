//! The callers of the demo: every few minutes the call centre takes somebody's call, now as a ticket of the
//! helpdesk, now with a signed request to the intake, as a partner in another house would send it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::record::{Entity, Value};
use hammerdesk_sandbox::SampleHouse;
use hammerdesk_sandbox::freshdesk::Account;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::config::Partner;

/// As which partner the demo calls, and what it signs with: on loopback, for this one run.
const PARTNER: &str = "call-centre";
const SECRET: &str = "the demo's own intake secret";
/// The first call, so that one need not wait for it, and the pause between two.
const FIRST: Duration = Duration::from_secs(12);
const PAUSE: Duration = Duration::from_secs(150);
/// How long an answer is awaited.
const PATIENCE: Duration = Duration::from_secs(5);
/// Clients who call.
const CALLERS: usize = 24;

/// What they call about: kind, severity, subject, words.
const CALLS: [(&str, &str, &str, &str); 6] = [
    (
        "release",
        "high",
        "Carrier at the door",
        "My carrier stands at your dock and is told the lot is not released. I paid on Monday.",
    ),
    (
        "deposit_refund",
        "normal",
        "Deposit not returned",
        "I bought nothing at the evening sale. Where is my deposit? You promised a refund within a week.",
    ),
    (
        "no_bid_review",
        "critical",
        "Cannot bid",
        "The sale begins within the hour and your system does not let me bid.",
    ),
    (
        "payment_problem",
        "normal",
        "Payment sent twice",
        "My bank sent the payment twice. Please send one of them back.",
    ),
    (
        "complaint",
        "high",
        "Unhappy about reminders",
        "I am unhappy: I get a reminder every day for an invoice that I paid.",
    ),
    (
        "balance_query",
        "low",
        "What do I owe",
        "Please tell me what I still owe, my accountant asks.",
    ),
];

/// The partner that the demo calls as.
pub(super) fn partners() -> Vec<Partner> {
    vec![Partner {
        id: PARTNER.to_owned(),
        secrets: vec![SECRET.to_owned()],
        location: None,
        per_minute: 60,
    }]
}

/// Somebody who calls.
#[derive(Debug, Clone)]
pub(super) struct Client {
    number: String,
    name: String,
    location: String,
}

/// Ordinary clients of every saleroom, one after the other.
pub(super) fn clients(house: &SampleHouse) -> Vec<Client> {
    let text = |value: &Value| match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    let mut by_place: Vec<Vec<Client>> = Vec::new();
    for client in house.records(Entity::Client) {
        let is_normal = text(client.get("confidentiality")).as_deref() == Some("normal");
        let (Some(number), Some(name), Some(location)) = (
            text(client.get("client")),
            text(client.get("name")),
            text(client.get("location")),
        ) else {
            continue;
        };
        if !is_normal {
            continue;
        }
        let one = Client {
            number,
            name,
            location,
        };
        match by_place
            .iter_mut()
            .find(|place| place.first().is_some_and(|first| first.location == one.location))
        {
            Some(place) if place.len() < CALLERS => place.push(one),
            Some(_) => {}
            None => by_place.push(vec![one]),
        }
    }
    (0..CALLERS)
        .flat_map(|at| by_place.iter().filter_map(move |place| place.get(at).cloned()))
        .take(CALLERS)
        .collect()
}

/// Whoever calls, and where.
pub(super) struct Callers {
    pub(super) address: SocketAddr,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) account: Account,
    pub(super) clients: Vec<Client>,
}

impl Callers {
    /// Calls until the demo ends.
    pub(super) async fn call(self, mut stop: watch::Receiver<bool>) {
        let mut pause = FIRST;
        for (at, client) in self.clients.iter().cycle().enumerate() {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(pause) => {}
            }
            pause = PAUSE;
            let Some(call) = CALLS.get(at % CALLS.len()) else {
                continue;
            };
            if at % 2 == 0 {
                self.hand_over(at, client, call).await;
            } else {
                self.take_down(at, client, call);
            }
        }
    }

    /// An agent of the call centre takes it down in the helpdesk, from a number that nobody has.
    fn take_down(&self, at: usize, client: &Client, (_, _, subject, words): &(&str, &str, &str, &str)) {
        let agents = self.account.agents().first().map(|agent| agent.id);
        let Some(agent) = agents else { return };
        let phone = format!("+44 1632 960{:03}", at % 1_000);
        let html = format!("<p>{words}</p><p>Client {}</p>", client.number);
        self.account
            .customer_calls(agent, &phone, &client.name, subject, &html);
    }

    /// The partner's own system posts it.
    async fn hand_over(
        &self,
        at: usize,
        client: &Client,
        (kind, severity, _, words): &(&str, &str, &str, &str),
    ) {
        let body = json!({
            "said": words, "kind": kind, "severity": severity, "client": client.number,
            "location": client.location, "caller": { "name": client.name }, "reference": format!("CALL-{}", 1000 + at),
        })
        .to_string();
        let seconds = self.clock.now().timestamp();
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()) else {
            return;
        };
        mac.update(format!("{seconds}.{body}").as_bytes());
        let signature = mac
            .finalize()
            .into_bytes()
            .iter()
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        let request = format!(
            "POST /intake/v1/escalations HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             X-Hammerdesk-Signature: t={seconds},v1={signature}\r\nIdempotency-Key: demo-{seconds}-{at}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let exchange = async {
            let mut stream = TcpStream::connect(self.address).await?;
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            stream.take(4_096).read_to_string(&mut answer).await?;
            std::io::Result::Ok(answer)
        };
        match tokio::time::timeout(PATIENCE, exchange).await {
            Ok(Ok(answer)) if answer.starts_with("HTTP/1.1 202") => {}
            Ok(Ok(answer)) => tracing::warn!(answer, "the demo's intake refused a call"),
            Ok(Err(error)) => tracing::warn!(%error, "the demo's intake was not reached"),
            Err(_) => tracing::warn!("the demo's intake did not answer"),
        }
    }
}
