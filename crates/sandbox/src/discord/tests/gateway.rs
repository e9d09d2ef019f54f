//! The life of a gateway connection: resume, reconnect, invalid sessions, missing acknowledgements, outages.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use hammerdesk_domain::clock::ManualClock;
use serenity::all::{GatewayError, GatewayIntents};

use super::bot::{Bot, Heard, silent};
use crate::discord::{Compression, DiscordSim, Id, Options, Person};

const INTENTS: GatewayIntents = GatewayIntents::GUILDS
    .union(GatewayIntents::GUILD_MESSAGES)
    .union(GatewayIntents::MESSAGE_CONTENT);

async fn house(options: Options) -> (DiscordSim, Id, Person) {
    let sim = DiscordSim::start(options).await.unwrap();
    let guild = sim.guild("House");
    let room = sim.channel(guild, "finance");
    let ann = sim.person(guild, "Ann", &[]);
    (sim, room, ann)
}

#[tokio::test]
async fn a_bot_that_identifies_is_told_who_it_is_and_where() {
    let (sim, ..) = house(Options::default()).await;
    let mut bot = Bot::begin(&sim, INTENTS, silent).await;
    let Heard::Ready(ready) = bot.next().await else {
        panic!("READY comes first");
    };
    assert_eq!(ready.user.id.get(), sim.bot().number());
    assert_eq!(ready.guilds.len(), 1);
    assert_eq!(sim.gateway().counts().identifies, 1);
}

#[tokio::test]
async fn what_was_missed_comes_with_the_resume_once_and_in_order() {
    let (sim, room, ann) = house(Options::default()).await;
    let mut bot = Bot::start(&sim, INTENTS, silent).await;
    sim.gateway().withhold_events(true);
    for text in ["one", "two", "three"] {
        ann.says(room, text, &[]).unwrap();
    }
    sim.gateway().withhold_events(false);
    sim.gateway().drop_connections();
    let mut heard = Vec::new();
    loop {
        match bot.next().await {
            Heard::Message(message) => heard.push(message.content.clone()),
            Heard::Resumed => break,
            other => panic!("no {other:?} was due"),
        }
    }
    assert_eq!(heard, ["one", "two", "three"]);
    assert_eq!(sim.gateway().counts().resumes, 1);
}

#[tokio::test]
async fn asked_to_reconnect_the_bot_resumes() {
    let (sim, room, ann) = house(Options::default()).await;
    let mut bot = Bot::start(&sim, INTENTS, silent).await;
    sim.gateway().request_reconnect();
    assert!(matches!(bot.next().await, Heard::Resumed));
    ann.says(room, "still here", &[]).unwrap();
    assert_eq!(bot.next_message().await.content, "still here");
}

#[tokio::test]
async fn after_an_invalid_session_the_bot_identifies_anew() {
    let (sim, ..) = house(Options::default()).await;
    let mut bot = Bot::start(&sim, INTENTS, silent).await;
    sim.gateway().invalidate(false);
    assert!(matches!(bot.next().await, Heard::Ready(_)));
    assert_eq!(sim.gateway().counts().identifies, 2);
}

#[tokio::test]
async fn a_bot_whose_heartbeats_are_not_acknowledged_connects_again() {
    let options = Options {
        heartbeat_millis: 600,
        ..Options::default()
    };
    let (sim, ..) = house(options).await;
    let mut bot = Bot::start(&sim, INTENTS, silent).await;
    sim.gateway().withhold_acks(true);
    assert!(matches!(bot.next().await, Heard::Ready(_) | Heard::Resumed));
    assert!(sim.gateway().counts().heartbeats > 0);
}

#[tokio::test]
async fn a_wrong_token_and_a_forbidden_intent_end_the_bot_with_the_reason() {
    let options = Options {
        has_message_content: false,
        ..Options::default()
    };
    let (sim, ..) = house(options).await;
    let mut bot = Bot::begin(&sim, INTENTS, silent).await;
    let ended = (&mut bot.task).await.unwrap();
    assert!(matches!(
        ended,
        Err(serenity::Error::Gateway(GatewayError::DisallowedGatewayIntents))
    ));
    sim.gateway().refuse_identify(Some(4004));
    let mut bot = Bot::begin(&sim, GatewayIntents::GUILDS, silent).await;
    let ended = (&mut bot.task).await.unwrap();
    assert!(matches!(
        ended,
        Err(serenity::Error::Gateway(GatewayError::InvalidAuthentication))
    ));
}

#[tokio::test]
async fn while_discord_is_down_nothing_connects_and_afterwards_all_goes_on() {
    let (sim, room, ann) = house(Options::default()).await;
    let mut bot = Bot::start(&sim, INTENTS, silent).await;
    sim.down();
    ann.says(room, "said during the outage", &[]).unwrap();
    let refused = loop {
        match super::bot::http(&sim).get_current_user().await {
            Ok(_) => tokio::task::yield_now().await,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, serenity::Error::Http(_)));
    sim.up();
    assert_eq!(bot.next_message().await.content, "said during the outage");
}

#[tokio::test]
async fn without_the_intent_for_content_words_of_others_are_empty_but_for_those_that_name_the_bot() {
    let (sim, room, ann) = house(Options::default()).await;
    let intents = GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES;
    let mut bot = Bot::start(&sim, intents, silent).await;
    ann.says(room, "secret", &[]).unwrap();
    assert_eq!(bot.next_message().await.content, "");
    let named = format!("<@{}> balance?", sim.bot());
    let said = ann.says(room, &named, &[]).unwrap();
    assert_eq!(bot.next_message().await.content, named);
    ann.deletes(said).unwrap();
    assert!(matches!(bot.next().await, Heard::Deleted(id) if id == said.number()));
}

#[tokio::test]
async fn compressed_payloads_say_the_same() {
    let options = Options {
        compression: Compression::AsAsked,
        ..Options::default()
    };
    let (sim, room, ann) = house(options).await;
    let mut bot = Bot::start(&sim, INTENTS, silent).await;
    ann.says(room, "squeezed", &[]).unwrap();
    assert_eq!(bot.next_message().await.content, "squeezed");
}

#[tokio::test]
async fn a_bot_that_is_shut_down_closes_its_session() {
    let (sim, ..) = house(Options::default()).await;
    let mut bot = Bot::start(&sim, INTENTS, silent).await;
    bot.shards.shutdown_all().await;
    tokio::time::timeout(Duration::from_secs(5), &mut bot.task)
        .await
        .expect("it ends")
        .unwrap()
        .unwrap();
    assert!(!sim.gateway().is_connected());
}

#[tokio::test]
async fn each_guild_is_told_to_its_own_shard() {
    let clock = Arc::new(ManualClock::at("2026-11-23T09:00:00Z".parse().unwrap()));
    let sim = DiscordSim::start(Options {
        clock: clock.clone(),
        ..Options::default()
    })
    .await
    .unwrap();
    // The shard comes from the millisecond in which a guild was made.
    let guilds = ["London", "New York", "Hong Kong"].map(|name| {
        clock.advance(TimeDelta::milliseconds(1));
        sim.guild(name)
    });
    let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let handler = super::bot::GuildsOfShards(sender);
    let mut client = serenity::client::ClientBuilder::new_with_http(super::bot::http(&sim), INTENTS)
        .event_handler(handler)
        .await
        .unwrap();
    let shards = client.shard_manager.clone();
    let task = tokio::spawn(async move { client.start_shards(2).await });
    let mut found = Vec::new();
    while found.len() < guilds.len() {
        found.push(heard.recv().await.unwrap());
    }
    found.sort_unstable();
    let mut expected: Vec<(u32, u64)> = guilds
        .iter()
        .map(|guild| (u32::try_from((guild.number() >> 22) % 2).unwrap(), guild.number()))
        .collect();
    assert!(expected.iter().any(|(shard, _)| *shard == 0) && expected.iter().any(|(shard, _)| *shard == 1));
    expected.sort_unstable();
    assert_eq!(found, expected);
    shards.shutdown_all().await;
    task.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_event_that_serenity_cannot_read_comes_as_unknown_and_does_no_harm() {
    let (sim, room, ann) = house(Options::default()).await;
    let mut bot = Bot::start(&sim, INTENTS, |_, _| async { panic!("it cannot be read") }).await;
    sim.gateway().unparseable_interaction();
    ann.says(room, "after it", &[]).unwrap();
    assert_eq!(bot.next_message().await.content, "after it");
}
