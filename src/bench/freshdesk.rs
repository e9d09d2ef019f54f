//! The bridge to the helpdesk beside its own floors: a backfill beside the fewest calls that could do it, webhooks
//! beside a bare handler that inserts one row in the same store, and how soon a change over there stands in chat.
//!
//! The account is simulated over real HTTP. A backfill's waits for the limit are let pass at once, by a clock that
//! both sides share, so that its calls are counted under the limits of a real plan in the time the machine needs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use chrono::TimeDelta;
use hammerdesk_domain::chat::Platform;
use hammerdesk_domain::clock::{Clock, ManualClock};
use hammerdesk_domain::ids::ChannelId;
use hammerdesk_freshdesk::{ApiKey, Client, Nap, Options as ClientOptions, Timer};
use hammerdesk_sandbox::SampleHouse;
use hammerdesk_sandbox::freshdesk::{Account, FreshdeskSim, Hook, Limits, Options, Seed, SeedClient};
use hammerdesk_store::Store;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::figures::{Figure, Sample, milliseconds};
use crate::App;
use crate::bridge::BridgeRule;
use crate::cli::progress;
use crate::freshdesk::{Desk, Helpdesk, SyncSettings};
use crate::furnish::settings;

const SECRET: &str = "the secret of the benchmark";
/// Calls may be so many times the fewest, in hundredths.
const CALLS: u64 = 105;
/// A change stands in chat so long after its webhook.
const SOON: Duration = Duration::from_secs(2);
/// How often changes are asked for where no webhook tells of them.
const POLL: Duration = Duration::from_secs(3);
/// Webhooks are stored at this share of the bare handler's rate at least, in hundredths.
const SHARE: u128 = 50;
/// The slowest webhook but one in a hundred.
const SLOWEST: Duration = Duration::from_millis(50);
/// Webhooks under way at the same time.
const AT_ONCE: usize = 16;
/// Rounds in which both handlers take turns.
const ROUNDS: usize = 5;
/// Changes whose way into chat is timed.
const CHANGES: usize = 60;

/// Whoever waits lets the shared clock pass.
#[derive(Debug)]
struct Leaping {
    clock: Arc<ManualClock>,
    began: chrono::DateTime<chrono::Utc>,
}

impl Timer for Leaping {
    fn now(&self) -> Duration {
        (self.clock.now() - self.began).to_std().unwrap_or_default()
    }

    fn sleep(&self, time: Duration) -> Nap<'_> {
        let time = TimeDelta::from_std(time).unwrap_or(TimeDelta::zero());
        self.clock.advance(time + TimeDelta::milliseconds(1));
        Box::pin(tokio::task::yield_now())
    }
}

/// Everything, on one store.
pub(super) async fn measure(
    engine: &str,
    store: &Store,
    tickets: usize,
    webhooks: usize,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Vec<Figure>> {
    let figure = |measured, promised, kept| Figure {
        measure: "freshdesk".to_owned(),
        engine: engine.to_owned(),
        measured,
        promised,
        kept,
    };
    let mut figures = Vec::new();
    let taken = webhooks_beside_bare(store, webhooks, clock).await?;
    figures.push(figure(
        format!(
            "webhooks stored: {} a second, bare handler {}, {}.{:02}x",
            taken.ours,
            taken.bare,
            taken.share / 100,
            taken.share % 100
        ),
        "at least 0.50x".to_owned(),
        taken.share >= SHARE,
    ));
    figures.push(figure(
        format!("webhooks answered: p99 {}", milliseconds(taken.p99)),
        format!("under {}", milliseconds(SLOWEST)),
        taken.p99 < SLOWEST,
    ));
    for (told, promised) in [(true, SOON), (false, POLL + SOON)] {
        let mut sample = latency(store, clock, told).await?;
        let worst = sample.percentile(100);
        let how = if told { "webhook" } else { "poll of 3 s" };
        figures.push(figure(
            format!(
                "change to chat by {how}: p50 {}, slowest {}",
                milliseconds(sample.percentile(50)),
                milliseconds(worst)
            ),
            format!("at most {}", milliseconds(promised)),
            worst <= promised,
        ));
    }
    let filled = backfill(store, tickets, clock).await?;
    figures.push(figure(
        format!(
            "backfill of {tickets}: {} calls, fewest {}, {}.{:02}x, {} of 429, {} s",
            filled.calls,
            filled.fewest,
            filled.hundredths() / 100,
            filled.hundredths() % 100,
            filled.throttled,
            filled.took.as_secs()
        ),
        "at most 1.05x, no 429 at a 75 % share".to_owned(),
        filled.hundredths() <= CALLS && filled.throttled == 0,
    ));
    Ok(figures)
}

/// What a backfill came to.
struct Filled {
    calls: u64,
    fewest: u64,
    throttled: u64,
    took: Duration,
}

impl Filled {
    const fn hundredths(&self) -> u64 {
        // Rounded up: a promise is not kept by rounding.
        (self.calls * 100).div_ceil(self.fewest)
    }
}

async fn backfill(store: &Store, tickets: usize, clock: &Arc<dyn Clock>) -> anyhow::Result<Filled> {
    let began = clock.now();
    let shared = Arc::new(ManualClock::at(began));
    let mut options = Options::at(shared.clone());
    options.limits = Limits::enterprise();
    let sim = FreshdeskSim::start(options).await?;
    progress("filling the simulated helpdesk");
    sim.account().seed(&past(tickets));
    let client = Client::new(
        sim.url(),
        ApiKey::new(sim.api_key()),
        ClientOptions {
            rate_share: 75,
            timer: Arc::new(Leaping {
                clock: shared.clone(),
                began,
            }),
            ..ClientOptions::default()
        },
    )?;
    let helpdesk = Helpdesk::new(store.clone(), client, shared, SyncSettings::default());
    // Beside the backfill nobody remembers what was asked.
    let (_keep, stop) = watch::channel(false);
    let begun = Instant::now();
    let mut said = 0;
    let filled = helpdesk
        .backfill(false, &stop, |now| {
            if now.calls >= said + 10_000 {
                said = now.calls;
                progress(&format!("{} tickets, {} to read", now.tickets, now.to_read));
            }
        })
        .await?;
    let took = begun.elapsed();
    ensure!(filled.is_complete, "the backfill did not end");
    ensure!(
        filled.progress.tickets == i64::try_from(tickets)?,
        "{} of {tickets} tickets were stored",
        filled.progress.tickets
    );
    Ok(Filled {
        calls: filled.progress.calls,
        fewest: fewest_calls(sim.account()),
        throttled: filled.progress.throttled,
        took,
    })
}

/// Full pages of everything there is: the lists of tickets, spam and deleted ones, what was said on each ticket on
/// which something was said, agents, groups, fields, contacts and companies.
fn fewest_calls(account: &Account) -> u64 {
    let pages = |entries: usize| u64::try_from(entries.div_ceil(100).max(1)).unwrap_or(u64::MAX);
    let tickets = account.tickets();
    let said: u64 = tickets
        .iter()
        .filter(|ticket| !ticket.conversations.is_empty())
        .map(|ticket| pages(ticket.conversations.len()))
        .sum();
    let records = pages(account.agents().len())
        + pages(account.groups().len())
        + pages(account.contacts().len())
        // Fields come in one answer, and there are no companies.
        + 2;
    pages(tickets.len()) + 2 + said + records
}

fn past(tickets: usize) -> Seed {
    let client = |n: usize| SeedClient {
        name: format!("Client {n}"),
        email: Some(format!("client{n}@buyer.example")),
        number: format!("{:010}", 1_400_000 + n),
        ..SeedClient::default()
    };
    Seed {
        seed: 7,
        salerooms: vec![("London".to_owned(), "London".to_owned())],
        agents: (0..20)
            .map(|n| (0, format!("Agent {n}"), format!("agent{n}@house.example")))
            .collect(),
        clients: (0..2_000).map(client).collect(),
        tickets,
        days: 700,
    }
}

/// How long a private note in the helpdesk takes until it stands in its thread, told by a webhook or found.
async fn latency(store: &Store, clock: &Arc<dyn Clock>, is_told: bool) -> anyhow::Result<Sample> {
    let house = SampleHouse::new(7, clock.now(), 1);
    let settings = settings(&house);
    let channel = settings
        .channels()
        .into_iter()
        .find(|channel| channel.id == ChannelId::new("accounts-london"))
        .context("the channel of the sample house")?;
    let sim = FreshdeskSim::start(Options {
        first_ticket: if is_told { 1_000_001 } else { 2_000_001 },
        ..Options::at(Arc::clone(clock))
    })
    .await?;
    let client = Client::new(
        sim.url(),
        ApiKey::new(sim.api_key()),
        ClientOptions {
            assumed_limit: 1_000_000,
            ..ClientOptions::default()
        },
    )?;
    let poll = if is_told { Duration::from_secs(3600) } else { POLL };
    let sync = SyncSettings {
        poll: TimeDelta::from_std(poll)?,
        ..SyncSettings::default()
    };
    let helpdesk = Helpdesk::new(store.clone(), client, Arc::clone(clock), sync);
    let app = App::build(store.clone(), settings, Arc::clone(clock), true)
        .with_desk(Some(Desk::new(helpdesk, Some(SECRET))))
        .with_bridge(vec![BridgeRule::everything(channel)], sim.url(), false);
    let (stopping, stop) = watch::channel(false);
    let (listener, address) = crate::listen("127.0.0.1:0").await?;
    let serving = tokio::spawn({
        let (app, stop) = (app.clone(), stop.clone());
        async move { app.serve(listener, stop).await }
    });
    let account = sim.account();
    let agent = account.add_agent("Kit", "kit@house.example");
    let ticket = account.customer_mails("ada@buyer.example", "Ada", "Lot 45", "<p>When?</p>");
    app.engine().settle().await?;
    let working = tokio::spawn(app.engine().run(stop));
    if is_told {
        account.set_webhook(Some(Hook::to(
            format!("http://{address}/webhooks/freshdesk"),
            "X-Hammerdesk-Secret",
            SECRET,
        )));
    }
    let changes = if is_told { CHANGES } else { CHANGES / 6 };
    let mut sample = Sample::default();
    for n in 0..changes {
        let begun = Instant::now();
        let note = account
            .agent_notes(agent, ticket, &format!("<div>Note {n}</div>"), true)
            .context("a note")?;
        let key = format!("said:{ticket}:{note}");
        while !stands(store, &key).await? {
            ensure!(begun.elapsed() < Duration::from_secs(60), "note {n} never came");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        sample.add(begun.elapsed());
        // At another place within the poll and the second each time.
        tokio::time::sleep(Duration::from_millis(370)).await;
    }
    stopping.send_replace(true);
    working.await?;
    serving.await??;
    Ok(sample)
}

async fn stands(store: &Store, key: &str) -> anyhow::Result<bool> {
    let post = store.read().await?.stored_post(key, Platform::Console).await?;
    Ok(post.is_some_and(|post| post.shown == post.revision))
}

/// Rates a second, and the slowest of ours.
struct Taken {
    ours: u128,
    bare: u128,
    share: u128,
    p99: Duration,
}

async fn webhooks_beside_bare(store: &Store, count: usize, clock: &Arc<dyn Clock>) -> anyhow::Result<Taken> {
    let nowhere = Client::new(
        "http://127.0.0.1:9",
        ApiKey::new("none"),
        ClientOptions::default(),
    )?;
    let helpdesk = Helpdesk::new(store.clone(), nowhere, Arc::clone(clock), SyncSettings::default());
    let ours = crate::http::webhooks(Desk::new(helpdesk, Some(SECRET)), crate::engine::Nudge::default());
    let bare = Router::new()
        .route("/webhooks/freshdesk", post(insert))
        .with_state((store.clone(), Arc::clone(clock)));
    let (ours, bare) = (served(ours).await?, served(bare).await?);
    let each = count.div_ceil(ROUNDS).max(AT_ONCE);
    let mut sample = Sample::default();
    let (mut took_ours, mut took_bare) = (Duration::ZERO, Duration::ZERO);
    let mut first = 1;
    // One round of each before the clock runs: connections, statements, pages of the store.
    for round in 0..=ROUNDS {
        let mut own = Sample::default();
        let one = posted(ours, first, each, &mut own).await?;
        let other = posted(bare, first + each, each, &mut Sample::default()).await?;
        first += 2 * each;
        if round > 0 {
            took_ours += one;
            took_bare += other;
            sample.extend(own);
        }
    }
    let rate = |took: Duration| (each * ROUNDS) as u128 * 1_000_000 / took.as_micros().max(1);
    Ok(Taken {
        ours: rate(took_ours),
        bare: rate(took_bare),
        share: took_bare.as_nanos() * 100 / took_ours.as_nanos().max(1),
        p99: sample.percentile(99),
    })
}

async fn insert(State((store, clock)): State<(Store, Arc<dyn Clock>)>, body: Bytes) -> StatusCode {
    let inserted = async {
        let mut unit = store.write().await?;
        unit.bare_webhook(&body, clock.now()).await?;
        unit.commit().await
    };
    match inserted.await {
        Ok(()) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

async fn served(router: Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// Posts so many webhooks, each of another ticket, and gives how long it took.
async fn posted(to: SocketAddr, first: usize, count: usize, sample: &mut Sample) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let mut posting = JoinSet::new();
    for at in 0..AT_ONCE {
        let tickets = (first + at..first + count).step_by(AT_ONCE);
        posting.spawn(async move {
            let mut line = TcpStream::connect(to).await?;
            line.set_nodelay(true)?;
            let mut own = Vec::new();
            for ticket in tickets {
                let sent = Instant::now();
                let status = exchange(&mut line, &request(ticket)).await?;
                own.push(sent.elapsed());
                ensure!(status == 202, "a webhook was answered {status}");
            }
            anyhow::Ok(own)
        });
    }
    while let Some(own) = posting.join_next().await {
        own??.into_iter().for_each(|took| sample.add(took));
    }
    Ok(begun.elapsed())
}

/// As Freshdesk's default body reads, a kilobyte or so.
fn request(ticket: usize) -> Vec<u8> {
    let body = serde_json::json!({ "freshdesk_webhook": {
        "ticket_id": ticket,
        "ticket_subject": "May I collect lot 45?",
        "ticket_description": "<div>I paid last week and would like to collect.</div>".repeat(8),
        "ticket_status": "Open",
        "ticket_priority": "Low",
        "ticket_latest_public_comment": "Ada : <div>Thank you, and when?</div>".repeat(4),
        "ticket_requester_email": "ada@buyer.example",
        "triggered_event": "{reply_sent:received}",
    }})
    .to_string();
    format!(
        "POST /webhooks/freshdesk HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         X-Hammerdesk-Secret: {SECRET}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

async fn exchange(line: &mut TcpStream, request: &[u8]) -> anyhow::Result<u16> {
    line.write_all(request).await?;
    let mut answer = Vec::with_capacity(512);
    let mut part = [0; 1024];
    loop {
        let read = line.read(&mut part).await?;
        if read == 0 {
            bail!("the connection ended");
        }
        answer.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length:")
                    .map(str::to_owned)
            })
            .map_or(Ok(0), |length| length.trim().parse::<usize>())?;
        if body.len() >= length {
            let status = head.split(' ').nth(1).context("a status")?;
            return Ok(status.parse()?);
        }
    }
}
