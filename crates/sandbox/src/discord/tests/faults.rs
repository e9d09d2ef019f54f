//! Channels, rights, nonces, threads, and everything that can go wrong with a request.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use hammerdesk_domain::clock::ManualClock;
use serde_json::json;
use serenity::all::{
    CreateAttachment, CreateEmbed, CreateMessage, CreateThread, EditMessage, EditThread, Http, HttpError,
    MessageId, Nonce,
};

use super::bot::{channel, http};
use crate::discord::{DiscordSim, Fault, Id, LimitScope, Options, Person, Rights, Verdict};

struct House {
    sim: DiscordSim,
    guild: Id,
    room: Id,
    ann: Person,
    http: Http,
}

async fn house(options: Options) -> House {
    let sim = DiscordSim::start(options).await.unwrap();
    let guild = sim.guild("House");
    let room = sim.channel(guild, "finance");
    let ann = sim.person(guild, "Ann", &[]);
    let http = http(&sim);
    House {
        sim,
        guild,
        room,
        ann,
        http,
    }
}

fn said(text: &str) -> CreateMessage {
    CreateMessage::new().content(text)
}

/// Status and code of a refusal.
fn refusal<T: std::fmt::Debug>(result: serenity::Result<T>) -> (u16, isize) {
    match result.unwrap_err() {
        serenity::Error::Http(HttpError::UnsuccessfulRequest(response)) => {
            (response.status_code.as_u16(), response.error.code)
        }
        other => panic!("{other:?} is no refusal"),
    }
}

#[tokio::test]
async fn rights_are_asked_for_channel_by_channel() {
    let House {
        sim,
        guild,
        room,
        http,
        ..
    } = house(Options::default()).await;
    let everyone = guild;
    let bot_role = sim.bot_role(guild).unwrap();
    sim.overwrite(room, bot_role, Rights::NONE, Rights::SEND_MESSAGES);
    assert_eq!(
        refusal(channel(room).send_message(&http, said("x")).await),
        (403, 50013)
    );
    sim.overwrite(room, bot_role, Rights::NONE, Rights::ATTACH_FILES);
    let file = CreateAttachment::bytes(b"a,b".as_slice(), "list.csv");
    let with_file = said("x").add_file(file.clone());
    assert_eq!(
        refusal(channel(room).send_message(&http, with_file.clone()).await),
        (403, 50013)
    );
    sim.overwrite(room, bot_role, Rights::NONE, Rights::NONE);
    let sent = channel(room).send_message(&http, with_file).await.unwrap();
    assert_eq!(sent.attachments[0].download().await.unwrap(), b"a,b");
    sim.overwrite(room, everyone, Rights::NONE, Rights::VIEW_CHANNEL);
    assert_eq!(
        refusal(channel(room).send_message(&http, said("x")).await),
        (403, 50001)
    );
    sim.delete_channel(room);
    assert_eq!(
        refusal(channel(room).send_message(&http, said("x")).await),
        (404, 10003)
    );
    assert_eq!(sim.invalid_requests(), 3);
}

#[tokio::test]
async fn an_enforced_nonce_gives_the_same_message_back() {
    let House {
        sim, room, ann, http, ..
    } = house(Options::default()).await;
    let once = || {
        said("once")
            .nonce(Nonce::String("alert-1".into()))
            .enforce_nonce(true)
    };
    sim.fail("POST /channels/{}/messages", Fault::LostAnswer, 1);
    assert!(channel(room).send_message(&http, once()).await.is_err());
    let again = channel(room).send_message(&http, once()).await.unwrap();
    assert_eq!(ann.sees(room).len(), 1);
    assert_eq!(ann.sees(room)[0].id.number(), again.id.get());
    let verdicts: Vec<Verdict> = sim.requests().into_iter().map(|logged| logged.verdict).collect();
    assert_eq!(
        verdicts,
        [
            Verdict::Faulted {
                took_effect: true,
                status: None
            },
            Verdict::Accepted(200)
        ]
    );
}

#[tokio::test]
async fn threads_open_once_archive_reopen_and_lock() {
    let House {
        sim,
        guild,
        room,
        ann,
        http,
    } = house(Options::default()).await;
    let card = channel(room)
        .send_message(&http, said("ticket 4711"))
        .await
        .unwrap();
    let open = || CreateThread::new("4711");
    let thread = channel(room)
        .create_thread_from_message(&http, card.id, open())
        .await
        .unwrap();
    assert_eq!(thread.id.get(), card.id.get());
    assert_eq!(
        refusal(
            channel(room)
                .create_thread_from_message(&http, card.id, open())
                .await
        ),
        (400, 160_004)
    );
    let id = Id(thread.id.get());
    ann.says(id, "any news?", &[]).unwrap();
    thread
        .id
        .edit_thread(&http, EditThread::new().archived(true))
        .await
        .unwrap();
    assert_eq!(sim.thread_state(id), Some((true, false)));
    let note = thread.id.send_message(&http, said("yes")).await.unwrap();
    assert_eq!(
        sim.thread_state(id),
        Some((false, false)),
        "writing opens it again"
    );
    sim.set_thread(id, true, false);
    let edit = EditMessage::new().content("changed");
    assert_eq!(
        refusal(thread.id.edit_message(&http, note.id, edit).await),
        (400, 50083)
    );
    sim.set_thread(id, true, true);
    let bot_role = sim.bot_role(guild).unwrap();
    sim.set_role_rights(guild, bot_role, Rights::EVERYDAY);
    assert_eq!(
        refusal(thread.id.send_message(&http, said("more")).await),
        (403, 160_005)
    );
}

#[tokio::test]
async fn messages_are_read_edited_and_deleted_and_others_are_left_alone() {
    let House {
        sim, room, ann, http, ..
    } = house(Options::default()).await;
    let theirs = ann.says(room, "mine", &[]).unwrap();
    for number in 0..5 {
        channel(room)
            .send_message(&http, said(&number.to_string()))
            .await
            .unwrap();
    }
    let after = serenity::all::GetMessages::new()
        .after(MessageId::new(theirs.number()))
        .limit(3);
    let read: Vec<String> = channel(room)
        .messages(&http, after)
        .await
        .unwrap()
        .into_iter()
        .map(|message| message.content)
        .collect();
    assert_eq!(read, ["2", "1", "0"], "the next three, newest first");
    let theirs = MessageId::new(theirs.number());
    let edit = EditMessage::new().content("x");
    assert_eq!(
        refusal(channel(room).edit_message(&http, theirs, edit.clone()).await),
        (403, 50005)
    );
    channel(room).delete_message(&http, theirs).await.unwrap();
    assert_eq!(
        refusal(channel(room).edit_message(&http, theirs, edit).await),
        (404, 10008)
    );
    assert_eq!(
        refusal(channel(room).send_message(&http, said(" ")).await),
        (400, 50006)
    );
    assert_eq!(sim.take_malformed().len(), 1, "an empty message is never right");
}

#[tokio::test]
async fn old_messages_take_so_many_edits_in_an_hour() {
    let clock = Arc::new(ManualClock::at("2026-11-23T09:00:00Z".parse().unwrap()));
    let House { sim, room, http, .. } = house(Options {
        clock: clock.clone(),
        ..Options::default()
    })
    .await;
    sim.set_rules(|rules| rules.old_edits_per_hour = Some(1));
    let card = channel(room).send_message(&http, said("card")).await.unwrap();
    let edit = || channel(room).edit_message(&http, card.id, EditMessage::new().content("new"));
    for _ in 0..3 {
        edit().await.unwrap();
    }
    clock.advance(TimeDelta::minutes(61));
    edit().await.unwrap();
    assert_eq!(refusal(edit().await), (429, 30046));
    clock.advance(TimeDelta::minutes(61));
    edit().await.unwrap();
}

#[tokio::test]
async fn planned_faults_meet_requests_and_too_many_invalid_ones_end_in_a_ban() {
    let House {
        sim, room, ann, http, ..
    } = house(Options::default()).await;
    let send = || channel(room).send_message(&http, said("x"));
    sim.fail("POST /channels/{}/messages", Fault::Status(502), 1);
    assert!(send().await.is_err());
    sim.fail("POST *", Fault::LostRequest, 1);
    assert!(send().await.is_err());
    sim.fail(
        "*",
        Fault::TooMany {
            retry_after: Duration::from_millis(1500),
            scope: LimitScope::Shared,
        },
        1,
    );
    assert_eq!(refusal(send().await).0, 429);
    assert_eq!(sim.invalid_requests(), 0, "a shared limit does not count");
    assert!(ann.sees(room).is_empty());
    sim.fail("*", Fault::Garbage, 1);
    assert!(send().await.is_err());
    assert_eq!(ann.sees(room).len(), 1);
    sim.limit("POST /channels/{}/messages", 1, Duration::from_secs(60));
    send().await.unwrap();
    sim.ban_after(2);
    for _ in 0..2 {
        assert_eq!(refusal(send().await).0, 429);
    }
    sim.limit("POST /channels/{}/messages", 100, Duration::from_secs(60));
    assert!(send().await.is_err(), "banned");
    assert!(http.get_current_user().await.is_err(), "banned from everything");
    assert!(sim.malformed().is_empty());
}

#[tokio::test]
async fn a_wrong_form_is_seen_through_a_fault() {
    let House { sim, room, http, .. } = house(Options::default()).await;
    let send = |message: CreateMessage| channel(room).send_message(&http, message);
    let wrong = || said("x").embed(CreateEmbed::new().title("x".repeat(257)));
    for fault in [
        Fault::Status(502),
        Fault::LostRequest,
        Fault::LostAnswer,
        Fault::TooMany {
            retry_after: Duration::from_millis(1),
            scope: LimitScope::Shared,
        },
    ] {
        sim.fail("POST *", fault, 2);
        assert!(send(said("x")).await.is_err());
        assert_eq!(sim.malformed().len(), 0);
        assert!(send(wrong()).await.is_err());
        assert_eq!(sim.take_malformed().len(), 1);
        sim.clear_faults();
    }
}

#[tokio::test]
#[should_panic(expected = "Discord would refuse this in any circumstances")]
async fn a_simulator_that_ends_with_a_wrong_form_panics() {
    let House {
        sim, room, http, ann, ..
    } = house(Options::default()).await;
    assert!(channel(room).send_message(&http, said(" ")).await.is_err());
    drop((sim, ann));
}

#[tokio::test]
async fn a_direct_message_reaches_its_person_unless_they_take_none() {
    let House { sim, ann, http, .. } = house(Options::default()).await;
    let user = serenity::all::UserId::new(ann.id.number());
    let direct = user.create_dm_channel(&http).await.unwrap();
    direct.id.send_message(&http, said("psst")).await.unwrap();
    assert_eq!(ann.sees(ann.direct_channel())[0].content, "psst");
    sim.set_takes_messages(ann.id, false);
    assert_eq!(
        refusal(direct.id.send_message(&http, said("x")).await),
        (403, 50007)
    );
}

#[tokio::test]
async fn what_a_check_of_the_set_up_reads_can_be_read() {
    let House {
        sim,
        guild,
        room,
        ann,
        http,
    } = house(Options::default()).await;
    let guild_id = serenity::all::GuildId::new(guild.number());
    assert_eq!(
        http.get_current_application_info().await.unwrap().id.get(),
        sim.bot().number()
    );
    assert_eq!(http.get_guild(guild_id).await.unwrap().name, "House");
    assert_eq!(
        http.get_channels(guild_id).await.unwrap()[0].id.get(),
        room.number()
    );
    assert_eq!(http.get_guild_roles(guild_id).await.unwrap().len(), 2);
    let me = http
        .get_member(guild_id, sim.bot().number().into())
        .await
        .unwrap();
    assert_eq!(me.roles.len(), 1);
    assert!(http.get_member(guild_id, ann.id.number().into()).await.is_ok());
    assert_eq!(http.get_bot_gateway().await.unwrap().shards, 1);
    assert_eq!(http.get_guilds(None, None).await.unwrap().len(), 1);
    let bad = serenity::all::HttpBuilder::new("wrong")
        .proxy(sim.api_url())
        .ratelimiter_disabled(true)
        .build();
    assert_eq!(refusal(bad.get_current_user().await), (401, 0));
}

#[tokio::test]
async fn four_hundred_interactions_at_once_are_answered_within_three_seconds() {
    let House {
        sim,
        guild,
        room,
        ann,
        http,
    } = house(Options::default()).await;
    let command = serenity::all::CreateCommand::new("ping").description("d");
    serenity::all::GuildId::new(guild.number())
        .set_commands(&http, vec![command])
        .await
        .unwrap();
    let bot = super::bot::Bot::start(
        &sim,
        serenity::all::GatewayIntents::GUILDS,
        |context, interaction| async move {
            if let serenity::all::Interaction::Command(command) = interaction {
                let message = serenity::all::CreateInteractionResponseMessage::new().content("pong");
                command
                    .create_response(
                        &context.http,
                        serenity::all::CreateInteractionResponse::Message(message),
                    )
                    .await
                    .unwrap();
            }
        },
    )
    .await;
    let asked: Vec<_> = (0..400)
        .map(|_| ann.slash(room, "ping", &json!({})).unwrap())
        .collect();
    for asked in asked {
        let outcome = asked.outcome().await;
        assert!(outcome.acknowledged_after.unwrap() < Duration::from_secs(3));
    }
    let slowest = sim
        .requests()
        .into_iter()
        .map(|logged| logged.took)
        .max()
        .unwrap();
    assert!(slowest < Duration::from_millis(500), "{slowest:?}");
    drop(bot);
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn serenitys_own_rate_limiter_waits_as_it_is_told() {
    let House { sim, room, ann, .. } = house(Options::default()).await;
    let front = sim.tls_front().await.unwrap();
    let client = reqwest::Client::builder()
        .resolve("discord.com", front.address)
        .add_root_certificate(reqwest::Certificate::from_der(&front.certificate).unwrap())
        .no_proxy()
        .build()
        .unwrap();
    let http = serenity::all::HttpBuilder::new(sim.token())
        .client(client)
        .default_allowed_mentions(serenity::all::CreateAllowedMentions::new())
        .build();
    sim.limit("POST /channels/{}/messages", 2, Duration::from_millis(400));
    let started = std::time::Instant::now();
    for number in 0..5 {
        channel(room)
            .send_message(&http, said(&number.to_string()))
            .await
            .unwrap();
    }
    assert!(
        started.elapsed() >= Duration::from_millis(750),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(ann.sees(room).len(), 5);
    sim.fail(
        "GET /users/@me",
        Fault::TooMany {
            retry_after: Duration::from_millis(1000),
            scope: LimitScope::User,
        },
        1,
    );
    let started = std::time::Instant::now();
    http.get_current_user().await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(990));
}
