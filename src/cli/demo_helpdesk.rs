//! The helpdesk of the demo: a simulated account on loopback, with the bridge between it and the chat.
//!
//! The bot meets it as it would meet Freshdesk: over HTTP, with a key, with webhooks and polls.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hammerdesk_commands::channels::accounts;
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::ids::{ClientNo, PersonId};
use hammerdesk_domain::record::{Entity, Value};
use hammerdesk_freshdesk::{ApiKey, Client, Options as ClientOptions};
use hammerdesk_sandbox::SampleHouse;
use hammerdesk_sandbox::freshdesk::{Account, FreshdeskSim, Hook, Life, Options, Seed, SeedClient};
use tokio::sync::watch;

use crate::App;
use crate::bridge::{BridgeRule, Talk};
use crate::freshdesk::{Desk, Helpdesk, SyncSettings};

/// The saleroom whose clients write.
const SALEROOM: &str = "london";
/// How many of them do.
const WRITERS: usize = 40;
/// Tickets that are there already.
const PAST: usize = 30;
/// How often something happens by itself.
const HAPPENS_EVERY: Duration = Duration::from_secs(20);
/// What webhooks carry.
const SECRET: &str = "the demo's own webhook secret";

/// The helpdesk's agents among the people of the house.
pub(super) fn agents(settings: &mut Settings) {
    let addresses: BTreeMap<String, PersonId> = settings
        .people
        .keys()
        .filter(|id| id.as_str() != "call-centre" && id.as_str() != "compliance")
        .map(|id| (format!("{id}@house.example"), id.clone()))
        .collect();
    settings.agents = addresses;
}

/// Starts the account and connects the app to it.
pub(super) async fn connect(
    app: App,
    house: &SampleHouse,
    seed: u64,
    address: std::net::SocketAddr,
) -> anyhow::Result<(App, FreshdeskSim)> {
    let sim = FreshdeskSim::start(Options::at(Arc::clone(&app.clock)))
        .await
        .context("starting the simulated helpdesk")?;
    let salerooms: Vec<(String, String)> = house
        .settings()
        .locations
        .iter()
        .map(|location| (location.name.clone(), location.zone.name().to_owned()))
        .collect();
    let staff = app
        .settings
        .agents
        .iter()
        .filter_map(|(email, id)| {
            let person = app.settings.people.get(id)?;
            Some((0, person.name.clone(), email.clone()))
        })
        .collect();
    sim.account().seed(&Seed {
        seed,
        salerooms,
        agents: staff,
        clients: writers(house),
        tickets: PAST,
        days: 10,
    });
    let hook = Hook::to(
        format!("http://{address}/webhooks/freshdesk"),
        "X-Hammerdesk-Secret",
        SECRET,
    );
    sim.account().set_webhook(Some(hook));
    let client = Client::new(sim.url(), ApiKey::new(sim.api_key()), ClientOptions::default())?;
    let helpdesk = Helpdesk::new(
        app.store.clone(),
        client,
        Arc::clone(&app.clock),
        SyncSettings::default(),
    );
    let rules = rules(&app.settings);
    let site = format!("http://{address}/console/helpdesk");
    let app = app
        .with_desk(Some(Desk::new(helpdesk, Some(SECRET))))
        .with_bridge(rules, &site, true);
    if let Some(console) = &app.console {
        console.show_helpdesk(sim.account().clone());
    }
    Ok((app, sim))
}

/// Each saleroom's group has its channel; what has no group yet goes to the saleroom whose clients write.
fn rules(settings: &Settings) -> Vec<BridgeRule> {
    let to = |location: &hammerdesk_domain::location::Location| {
        settings
            .channel(&accounts(&location.id))
            .map(|channel| BridgeRule {
                talk: Talk::Note,
                ..BridgeRule::everything(channel)
            })
    };
    let mut rules: Vec<BridgeRule> = settings
        .house
        .locations
        .iter()
        .filter_map(|location| {
            Some(BridgeRule {
                groups: vec![format!("Client accounts {}", location.name)],
                ..to(location)?
            })
        })
        .collect();
    let home = settings
        .house
        .locations
        .iter()
        .find(|location| location.id.as_str() == SALEROOM);
    rules.extend(home.and_then(to));
    rules
}

/// Clients who write, with the addresses that the ledger knows.
fn writers(house: &SampleHouse) -> Vec<SeedClient> {
    let text = |value: &Value| match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    let mut addresses: BTreeMap<String, String> = BTreeMap::new();
    for alias in house.records(Entity::Alias) {
        if matches!(alias.get("kind"), Value::Text(kind) if kind == "email")
            && let (Some(client), Some(value)) = (text(alias.get("client")), text(alias.get("value")))
        {
            addresses.entry(client).or_insert(value);
        }
    }
    house
        .records(Entity::Client)
        .filter(|client| matches!(client.get("location"), Value::Text(at) if at == SALEROOM))
        .filter(|client| matches!(client.get("confidentiality"), Value::Text(word) if word == "normal"))
        .filter_map(|client| {
            let number = text(client.get("client"))?;
            Some(SeedClient {
                name: text(client.get("name"))?,
                email: Some(addresses.get(&number)?.clone()),
                phone: None,
                number: ClientNo::parse(&number)?.short().to_owned(),
                saleroom: 0,
            })
        })
        .take(WRITERS)
        .collect()
}

/// Things happen by themselves until the demo ends.
pub(super) async fn live(account: Account, seed: u64, mut stop: watch::Receiver<bool>) {
    let mut life = Life::new(seed);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(HAPPENS_EVERY) => drop(life.step(&account)),
        }
    }
}
