//! `/balance` over Discord: from the moment the interaction leaves the simulated Discord to its receipt of
//! the finished answer, beside a bare bot that answers the same card from memory.
//!
//! Both bots speak to simulators of their own in this process, over real sockets; their questions alternate,
//! so that whatever disturbs the machine disturbs both.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::clock::Clock;
use hammerdesk_sandbox::discord::{Asked, DiscordSim, Id, Options, Outcome, Person};
use hammerdesk_store::Store;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::MissedTickBehavior;

use super::answers::{WARM, house, some_client, unhurried};
use super::figures::{Figure, Sample, milliseconds, ratio};
use crate::App;
use crate::cli::progress;
use crate::discord::{Discord, FloorBot, People, Setup, State};
use crate::furnish::settings;

/// The answer may take so many times the floor, in hundredths.
const AT_MOST: u128 = 300;
/// Interactions a second that are sustained.
const RATE: u32 = 200;
/// For so long.
const SUSTAINED: Duration = Duration::from_secs(20);
/// An acknowledgement later than this is late.
const ACKNOWLEDGED: Duration = Duration::from_secs(1);
/// Later than this, Discord has given the interaction up.
const GIVEN_UP: Duration = Duration::from_secs(3);
/// How long a bot may take to be there.
const CONNECTING: Duration = Duration::from_secs(20);

/// One side: a Discord, and somebody who asks there.
struct Side {
    sim: DiscordSim,
    person: Person,
    channel: Id,
    guild: Id,
}

impl Side {
    async fn open() -> anyhow::Result<Self> {
        let options = Options {
            keeps_requests: 1_000,
            ..Options::default()
        };
        let sim = DiscordSim::start(options).await?;
        let guild = sim.guild("The House");
        let channel = sim.channel(guild, "accounts");
        let person = sim.person(guild, "Nia Prosser", &[]);
        Ok(Self {
            sim,
            person,
            channel,
            guild,
        })
    }

    fn ask(&self, client: u64) -> anyhow::Result<Asked> {
        self.person
            .slash(self.channel, "balance", &json!({ "client": client.to_string() }))
            .map_err(|error| anyhow::anyhow!("{error:?}"))
    }

    /// Asks and waits; how long the finished answer took to arrive.
    async fn answered(&self, client: u64) -> anyhow::Result<Duration> {
        let outcome = self.ask(client)?.outcome().await;
        let took = outcome
            .finished_after
            .with_context(|| format!("/balance {client} was not answered"))?;
        ensure!(is_an_answer(&outcome), "/balance {client}: {}", outcome.text());
        Ok(took)
    }
}

/// The whole card, at once.
fn is_an_answer(outcome: &Outcome) -> bool {
    outcome
        .message
        .as_ref()
        .is_some_and(|message| !message.embeds.is_empty())
        && !outcome.was_deferred
}

/// Our bot, with everything that runs beside it.
struct Ours {
    app: App,
    stop: watch::Sender<bool>,
    running: [JoinHandle<()>; 2],
}

impl Ours {
    async fn start(
        side: &Side,
        store: &Store,
        settings: Settings,
        clock: &Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let setup = Setup {
            token: side.sim.token().as_str().into(),
            api_url: Some(side.sim.api_url()),
            gateway_url: None,
            guilds: vec![side.guild.number()],
            people: People::new(
                HashMap::from([(side.person.id.number(), Settings::operator())]),
                HashMap::new(),
            ),
            listens: true,
            channels: Vec::new(),
            calls_per_second: None,
            refused_at_most: None,
            authority: None,
        };
        let app = App::build(store.clone(), settings, Arc::clone(clock), false).with_discord(setup)?;
        let bot = app.discord.clone().context("a bot")?;
        let (stop, stopped) = watch::channel(false);
        let chatting = {
            let (bot, stopped) = (bot.clone(), stopped.clone());
            tokio::spawn(async move { bot.run(stopped).await })
        };
        let running = [chatting, tokio::spawn(app.engine().run(stopped))];
        is_there(&bot).await?;
        Ok(Self { app, stop, running })
    }

    async fn end(self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        for running in self.running {
            running.await?;
        }
        self.app.commands.flush().await;
        Ok(())
    }
}

async fn is_there(bot: &Discord) -> anyhow::Result<()> {
    let (mut state, mut put_right) = (bot.state(), bot.times_put_right());
    tokio::time::timeout(CONNECTING, async {
        state.wait_for(|state| *state == State::Connected).await?;
        put_right.wait_for(|times| *times > 0).await?;
        anyhow::Ok(())
    })
    .await
    .context("the bot did not connect")?
}

/// Measures both on a house of so many invoices.
pub(super) async fn measure(
    engine: &str,
    store: &Store,
    invoices: u64,
    questions: usize,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Vec<Figure>> {
    let house = house(engine, store, invoices, clock).await?;
    let (side, floor_side) = (Side::open().await?, Side::open().await?);
    let ours = Ours::start(&side, store, unhurried(settings(&house)), clock).await?;
    let first = side.ask(some_client(0, invoices))?.outcome().await;
    ensure!(is_an_answer(&first), "the first answer: {}", first.text());
    let card = side
        .sim
        .requests_to("POST /interactions/{}/{}/callback")
        .pop()
        .context("the first answer's body")?
        .body;
    let floor = FloorBot::start(
        &floor_side.sim.token(),
        floor_side.sim.bot().number(),
        (&floor_side.sim.api_url(), &floor_side.sim.gateway_url()),
        card,
    )
    .await?;
    let begun = tokio::time::Instant::now();
    while !floor_side.sim.gateway().is_connected() {
        ensure!(begun.elapsed() < CONNECTING, "the bare bot did not connect");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (mut whole, mut bare) = (Sample::default(), Sample::default());
    for n in 0..questions as u64 + WARM {
        let client = some_client(n, invoices);
        let (took, least) = (side.answered(client).await?, floor_side.answered(client).await?);
        if n >= WARM {
            whole.add(took);
            bare.add(least);
        }
    }
    progress(&format!("{engine}: {RATE} questions a second"));
    let sustained = sustain(&side, invoices).await?;
    progress("");
    drop(floor);
    ours.end().await?;
    let malformed = side.sim.malformed();
    ensure!(
        malformed.is_empty(),
        "Discord would refuse {:?}",
        malformed.first()
    );
    Ok(vec![
        beside_the_floor(engine, &mut whole, &mut bare),
        sustained.figure(engine),
    ])
}

fn beside_the_floor(engine: &str, whole: &mut Sample, bare: &mut Sample) -> Figure {
    let (middle, times) = ratio(whole.percentile(50), bare.percentile(50));
    let (tail, tail_times) = ratio(whole.percentile(99), bare.percentile(99));
    Figure {
        measure: "discord".to_owned(),
        engine: engine.to_owned(),
        measured: format!(
            "{times} a bare bot at p50 ({} to {}), {tail_times} at p99 ({} to {})",
            milliseconds(whole.percentile(50)),
            milliseconds(bare.percentile(50)),
            milliseconds(whole.percentile(99)),
            milliseconds(bare.percentile(99)),
        ),
        promised: "at most 3x at p50 and p99".to_owned(),
        kept: middle <= AT_MOST && tail <= AT_MOST,
    }
}

/// What became of questions that came at a steady rate.
#[derive(Default)]
struct Sustained {
    acknowledged: Sample,
    asked: u32,
    /// Acknowledged after a second, or never.
    late: u32,
    /// Not acknowledged while Discord waited.
    given_up: u32,
    /// Without a finished answer.
    unanswered: u32,
}

impl Sustained {
    fn add(&mut self, outcome: &Outcome) {
        self.asked += 1;
        let after = outcome.acknowledged_after.unwrap_or(Duration::MAX);
        self.late += u32::from(after > ACKNOWLEDGED);
        self.given_up += u32::from(after > GIVEN_UP);
        self.unanswered += u32::from(outcome.finished_after.is_none());
        self.acknowledged.add(after);
    }

    fn figure(mut self, engine: &str) -> Figure {
        Figure {
            measure: "sustained".to_owned(),
            engine: engine.to_owned(),
            measured: format!(
                "{} at {RATE} a second: acknowledged p50 {}, p99 {}; {} after 1 s, {} after 3 s, {} unanswered",
                self.asked,
                milliseconds(self.acknowledged.percentile(50)),
                milliseconds(self.acknowledged.percentile(99)),
                self.late,
                self.given_up,
                self.unanswered,
            ),
            promised: "none later than 1 s".to_owned(),
            kept: self.late == 0 && self.unanswered == 0,
        }
    }
}

/// Asks at a steady rate, whether the answers keep up or not.
async fn sustain(side: &Side, invoices: u64) -> anyhow::Result<Sustained> {
    let mut pace = tokio::time::interval(Duration::from_secs(1) / RATE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let count = u64::from(RATE) * SUSTAINED.as_secs();
    let mut waiting = JoinSet::new();
    for n in 0..count {
        pace.tick().await;
        let asked = side.ask(some_client(n, invoices))?;
        waiting.spawn(async move { asked.outcome().await });
    }
    let mut sustained = Sustained::default();
    while let Some(outcome) = waiting.join_next().await {
        sustained.add(&outcome?);
    }
    Ok(sustained)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(acknowledged_after: Option<u64>) -> Outcome {
        Outcome {
            acknowledged_after: acknowledged_after.map(Duration::from_millis),
            finished_after: acknowledged_after.map(Duration::from_millis),
            kind: Some(4),
            was_deferred: false,
            is_ephemeral: true,
            message: None,
            follow_ups: Vec::new(),
            modal: None,
            choices: None,
        }
    }

    #[test]
    fn one_late_acknowledgement_breaks_the_promise_and_one_that_never_came_counts_as_late() {
        let of = |afters: &[Option<u64>]| {
            let mut sustained = Sustained::default();
            afters.iter().for_each(|after| sustained.add(&outcome(*after)));
            (
                sustained.late,
                sustained.given_up,
                sustained.figure("sqlite").kept,
            )
        };
        assert_eq!(of(&[Some(3), Some(1_000)]), (0, 0, true));
        assert_eq!(of(&[Some(3), Some(1_001), Some(3_001)]), (2, 1, false));
        assert_eq!(of(&[None]), (1, 1, false));
    }

    #[test]
    fn the_floor_is_held_against_both_the_middle_and_the_tail() {
        let sample = |millis: &[u64]| {
            let mut sample = Sample::default();
            millis
                .iter()
                .for_each(|ms| sample.add(Duration::from_millis(*ms)));
            sample
        };
        assert!(beside_the_floor("sqlite", &mut sample(&[3, 3]), &mut sample(&[1, 1])).kept);
        assert!(!beside_the_floor("sqlite", &mut sample(&[1, 4]), &mut sample(&[1, 1])).kept);
        assert!(!beside_the_floor("sqlite", &mut sample(&[4, 4]), &mut sample(&[1, 9])).kept);
    }
}
