//! Interactions of every kind, and when they are too late.

use std::sync::Arc;

use chrono::TimeDelta;
use hammerdesk_domain::clock::ManualClock;
use serde_json::{Value, json};
use serenity::all::{
    AutocompleteChoice, CommandOptionType, CommandType, CreateActionRow, CreateAllowedMentions,
    CreateAutocompleteResponse, CreateButton, CreateCommand, CreateCommandOption, CreateInputText,
    CreateInteractionResponse, CreateInteractionResponseFollowup, CreateInteractionResponseMessage,
    CreateModal, CreateSelectMenu, CreateSelectMenuKind, CreateSelectMenuOption, GatewayIntents, GuildId,
    InputTextStyle, Interaction,
};

use super::bot::{Bot, silent};
use crate::discord::{DiscordSim, Id, Options, Outcome, Person};

struct House {
    sim: DiscordSim,
    room: Id,
    ann: Person,
    ben: Person,
    bot: Bot,
}

async fn house(options: Options, answers: bool) -> House {
    let sim = DiscordSim::start(options).await.unwrap();
    let guild = sim.guild("House");
    let room = sim.channel(guild, "finance");
    let ann = sim.person(guild, "Ann", &[]);
    let ben = sim.person(guild, "Ben", &[]);
    let bot = if answers {
        Bot::start(&sim, GatewayIntents::GUILDS, answer).await
    } else {
        Bot::start(&sim, GatewayIntents::GUILDS, silent).await
    };
    let commands = vec![
        CreateCommand::new("client").description("Clients").add_option(
            CreateCommandOption::new(CommandOptionType::SubCommand, "find", "Find one").add_sub_option(
                CreateCommandOption::new(CommandOptionType::String, "name", "Part of the name")
                    .required(true)
                    .set_autocomplete(true),
            ),
        ),
        CreateCommand::new("Escalate this message").kind(CommandType::Message),
    ];
    GuildId::new(guild.number())
        .set_commands(&bot.http, commands)
        .await
        .unwrap();
    House {
        sim,
        room,
        ann,
        ben,
        bot,
    }
}

fn message(text: &str) -> CreateInteractionResponseMessage {
    CreateInteractionResponseMessage::new()
        .content(text)
        .allowed_mentions(CreateAllowedMentions::new())
}

/// What the bot of these tests does with everything.
async fn answer(context: serenity::all::Context, interaction: Interaction) {
    let http = &context.http;
    match interaction {
        Interaction::Autocomplete(command) => {
            let typed = command.data.autocomplete().unwrap().value.to_owned();
            let choices = CreateAutocompleteResponse::new().set_choices(vec![AutocompleteChoice::new(
                format!("{typed}: Smith"),
                "140105686",
            )]);
            command
                .create_response(http, CreateInteractionResponse::Autocomplete(choices))
                .await
                .unwrap();
        }
        Interaction::Command(command) => {
            let target = command.data.target_id.map(serenity::all::TargetId::get);
            let text = match target {
                Some(target) => {
                    let resolved = command.data.resolved.messages.values().next().unwrap();
                    assert_eq!(resolved.id.get(), target);
                    format!("about: {}", resolved.content)
                }
                None => "which?".to_owned(),
            };
            let options = vec![
                CreateSelectMenuOption::new("Smith", "1"),
                CreateSelectMenuOption::new("Jones", "2"),
            ];
            let rows = vec![
                CreateActionRow::Buttons(vec![CreateButton::new("form").label("Form")]),
                CreateActionRow::SelectMenu(CreateSelectMenu::new(
                    "pick",
                    CreateSelectMenuKind::String { options },
                )),
                CreateActionRow::SelectMenu(CreateSelectMenu::new(
                    "who",
                    CreateSelectMenuKind::User { default_users: None },
                )),
            ];
            command
                .create_response(
                    http,
                    CreateInteractionResponse::Message(message(&text).components(rows)),
                )
                .await
                .unwrap();
        }
        Interaction::Component(component) if component.data.custom_id == "form" => {
            let input = CreateInputText::new(InputTextStyle::Paragraph, "Why", "why").max_length(20);
            let modal =
                CreateModal::new("esc", "Escalate").components(vec![CreateActionRow::InputText(input)]);
            component
                .create_response(http, CreateInteractionResponse::Modal(modal))
                .await
                .unwrap();
        }
        Interaction::Component(component) => {
            component
                .create_response(http, CreateInteractionResponse::UpdateMessage(message("chosen")))
                .await
                .unwrap();
            let followup = CreateInteractionResponseFollowup::new()
                .content("and more")
                .ephemeral(true)
                .allowed_mentions(CreateAllowedMentions::new());
            component.create_followup(http, followup).await.unwrap();
        }
        Interaction::Modal(modal) => {
            let serenity::all::ActionRowComponent::InputText(input) = &modal.data.components[0].components[0]
            else {
                panic!("it is a text");
            };
            let text = format!("because {}", input.value.as_deref().unwrap());
            modal
                .create_response(
                    http,
                    CreateInteractionResponse::Message(message(&text).ephemeral(true)),
                )
                .await
                .unwrap();
        }
        other => panic!("no {other:?} was due"),
    }
}

#[tokio::test]
async fn completions_buttons_menus_and_forms_work_as_in_the_client() {
    let House {
        sim,
        room,
        ann,
        ben,
        bot: _bot,
    } = house(Options::default(), true).await;

    let typed = ann
        .autocomplete(room, "client find", &json!({"name": "sm"}), "name")
        .unwrap();
    assert_eq!(
        typed.outcome().await.choices,
        Some(vec![("sm: Smith".to_owned(), json!("140105686"))])
    );

    let asked = ann.slash(room, "client find", &json!({"name": "smith"})).unwrap();
    let card = asked.outcome().await.message.unwrap();
    assert_eq!(card.text(), "which?\n[Form]\n<: Smith | Jones>\n<>");

    let shown = ann.press(card.id, "form").unwrap();
    assert!(shown.outcome().await.modal.is_some());
    assert!(
        ann.submit_modal(&shown, &[("why", "far too long a reason")])
            .is_err()
    );
    let sent = ann.submit_modal(&shown, &[("why", "it is late")]).unwrap();
    let outcome = sent.outcome().await;
    assert_eq!(outcome.text(), "because it is late");
    assert!(outcome.is_ephemeral);
    assert!(!ben.sees(room).iter().any(|seen| seen.text().contains("because")));

    let chosen = ben.select(card.id, "pick", &["2"]).unwrap();
    let followed = chosen
        .until(std::time::Duration::from_secs(5), |outcome| {
            !outcome.follow_ups.is_empty()
        })
        .await;
    assert_eq!(followed.message.unwrap().content, "chosen");
    assert!(ben.sees(room).iter().any(|seen| seen.content == "and more"));
    assert!(!ann.sees(room).iter().any(|seen| seen.content == "and more"));
    assert!(ben.select(card.id, "pick", &["3"]).is_err());
    assert!(
        ben.select(card.id, "who", &[&ann.id.to_string()])
            .unwrap()
            .outcome()
            .await
            .kind
            .is_some()
    );
    assert!(sim.malformed().is_empty(), "{:#?}", sim.malformed());
}

#[tokio::test]
async fn a_menu_command_comes_with_its_message() {
    let House {
        room, ann, bot: _bot, ..
    } = house(Options::default(), true).await;
    let said = ann.says(room, "help me", &[]).unwrap();
    let asked = ann.context_menu(said, "Escalate this message").unwrap();
    assert_eq!(asked.outcome().await.message.unwrap().content, "about: help me");
}

#[tokio::test]
async fn only_what_the_client_offers_can_be_done() {
    let House {
        sim,
        room,
        ann,
        bot: _bot,
        ..
    } = house(Options::default(), false).await;
    assert!(ann.slash(room, "balance", &json!({})).is_err());
    assert!(ann.slash(room, "client", &json!({})).is_err());
    assert!(ann.slash(room, "client find", &json!({})).is_err());
    assert!(
        ann.slash(room, "client find", &json!({"name": "x", "no": 1}))
            .is_err()
    );
    let guild = sim.guild("Other");
    let hidden = sim.channel(guild, "secret");
    assert!(ann.slash(hidden, "client find", &json!({"name": "x"})).is_err());
}

/// A request as the bot would make it, and its answer.
async fn call(bot: &Bot, sim: &DiscordSim, method: &str, path: &str, body: Value) -> (u16, Value) {
    let _ = bot;
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let response = reqwest::Client::new()
        .request(method, format!("{}/api/v10{path}", sim.api_url()))
        .header("authorization", format!("Bot {}", sim.token()))
        .header("user-agent", "DiscordBot (https://example.org, 1)")
        .json(&body)
        .send()
        .await
        .unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or(Value::Null))
}

fn token_of(sim: &DiscordSim, asked: Id) -> String {
    sim.core.state().interactions[&asked].token.clone()
}

#[tokio::test]
async fn an_interaction_is_unknown_after_three_seconds_and_its_token_ends_after_fifteen_minutes() {
    let clock = Arc::new(ManualClock::at("2026-11-23T09:00:00Z".parse().unwrap()));
    let options = Options {
        clock: clock.clone(),
        rules: crate::discord::Rules {
            patience_by_clock: true,
            ..crate::discord::Rules::default()
        },
        ..Options::default()
    };
    let House {
        sim, room, ann, bot, ..
    } = house(options, false).await;
    let body = json!({"type": 4, "data": {"content": "x", "allowed_mentions": {"parse": []}}});
    let late = ann.slash(room, "client find", &json!({"name": "x"})).unwrap();
    clock.advance(TimeDelta::milliseconds(3001));
    let path = format!("/interactions/{}/{}/callback", late.id, token_of(&sim, late.id));
    let (status, said) = call(&bot, &sim, "POST", &path, body.clone()).await;
    assert_eq!((status, &said["code"]), (404, &json!(10062)));
    assert_eq!(late.now().acknowledged_after, None);

    let good = ann.slash(room, "client find", &json!({"name": "x"})).unwrap();
    let token = token_of(&sim, good.id);
    let path = format!("/interactions/{}/{token}/callback", good.id);
    let webhook = format!("/webhooks/{}/{token}", sim.bot());
    let (status, said) = call(&bot, &sim, "POST", &webhook, body["data"].clone()).await;
    assert_eq!((status, &said["code"]), (404, &json!(10015)), "no answer yet");
    assert_eq!(call(&bot, &sim, "POST", &path, body.clone()).await.0, 204);
    let (status, said) = call(&bot, &sim, "POST", &path, body.clone()).await;
    assert_eq!((status, &said["code"]), (400, &json!(40060)));
    clock.advance(TimeDelta::minutes(15));
    assert_eq!(
        call(&bot, &sim, "POST", &webhook, body["data"].clone()).await.0,
        200
    );
    clock.advance(TimeDelta::seconds(1));
    let (status, said) = call(&bot, &sim, "POST", &webhook, body["data"].clone()).await;
    assert_eq!((status, &said["code"]), (401, &json!(50027)));
    let outcome: Outcome = good.now();
    assert_eq!(outcome.follow_ups.len(), 1);
}

#[tokio::test]
async fn a_putting_off_takes_nothing_but_the_flag_and_decides_who_sees_the_answer() {
    let House {
        sim,
        room,
        ann,
        ben,
        bot,
    } = house(Options::default(), false).await;
    let asked = ann.slash(room, "client find", &json!({"name": "x"})).unwrap();
    let token = token_of(&sim, asked.id);
    let path = format!("/interactions/{}/{token}/callback", asked.id);
    let (status, said) = call(
        &bot,
        &sim,
        "POST",
        &path,
        json!({"type": 5, "data": {"flags": 64, "content": "early"}}),
    )
    .await;
    assert_eq!(status, 400);
    assert_eq!(
        said["errors"]["data"]["content"]["_errors"][0]["code"],
        "SIM_UNKNOWN_KEY"
    );
    let deferred = json!({"type": 5, "data": {"flags": 64}});
    assert_eq!(call(&bot, &sim, "POST", &path, deferred).await.0, 204);
    assert!(ann.sees(room)[0].is_thinking);
    let public = json!({"content": "still private", "allowed_mentions": {"parse": []}});
    let webhook = format!("/webhooks/{}/{token}", sim.bot());
    assert_eq!(call(&bot, &sim, "POST", &webhook, public).await.0, 200);
    assert_eq!(ann.sees(room)[0].content, "still private");
    assert!(ben.sees(room).is_empty());
    assert_eq!(sim.take_malformed().len(), 1);
}
