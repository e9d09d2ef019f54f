//! A bot that answers: commands, buttons, menus, modals, messages, and who sees what.

use serde_json::json;
use serenity::all::{
    ButtonStyle, CommandOptionType, CreateActionRow, CreateAllowedMentions, CreateButton, CreateCommand,
    CreateCommandOption, CreateEmbed, CreateInteractionResponse, CreateInteractionResponseMessage,
    CreateMessage, EditInteractionResponse, GatewayIntents, GuildId, Interaction,
};

use super::bot::{Bot, channel, silent};
use crate::discord::{DiscordSim, Options};

async fn register(bot: &Bot, guild: crate::discord::Id) {
    let balance = CreateCommand::new("balance")
        .description("What a client owes")
        .add_option(
            CreateCommandOption::new(CommandOptionType::String, "client", "Number or name")
                .required(true)
                .set_autocomplete(true),
        );
    GuildId::new(guild.number())
        .set_commands(&bot.http, vec![balance])
        .await
        .unwrap();
}

#[tokio::test]
async fn a_command_is_answered_with_a_card_that_everybody_sees() {
    let sim = DiscordSim::start(Options::default()).await.unwrap();
    let guild = sim.guild("House");
    let room = sim.channel(guild, "finance");
    let ann = sim.person(guild, "Ann", &[]);
    let ben = sim.person(guild, "Ben", &[]);
    let bot = Bot::start(&sim, GatewayIntents::GUILDS, |context, interaction| async move {
        let Interaction::Command(command) = interaction else {
            return;
        };
        let embed = CreateEmbed::new()
            .title("Balance")
            .field("Open", "GBP 12.00", true);
        let row = CreateActionRow::Buttons(vec![
            CreateButton::new("more")
                .label("More")
                .style(ButtonStyle::Secondary),
        ]);
        let message = CreateInteractionResponseMessage::new()
            .embed(embed)
            .components(vec![row]);
        command
            .create_response(&context.http, CreateInteractionResponse::Message(message))
            .await
            .unwrap();
    })
    .await;
    register(&bot, guild).await;

    let asked = ann
        .slash(room, "balance", &json!({"client": "140105686"}))
        .unwrap();
    let outcome = asked.outcome().await;
    assert_eq!(outcome.kind, Some(4));
    assert_eq!(outcome.text(), "Balance\nOpen: GBP 12.00\n[More]");
    assert_eq!(ben.sees(room).len(), 1);
    assert_eq!(ben.sees(room)[0].button("More").as_deref(), Some("more"));
    assert!(sim.malformed().is_empty(), "{:#?}", sim.malformed());
}

#[tokio::test]
async fn a_private_answer_put_off_first_is_seen_by_its_person_alone() {
    let sim = DiscordSim::start(Options::default()).await.unwrap();
    let guild = sim.guild("House");
    let room = sim.channel(guild, "finance");
    let ann = sim.person(guild, "Ann", &[]);
    let ben = sim.person(guild, "Ben", &[]);
    let bot = Bot::start(&sim, GatewayIntents::GUILDS, |context, interaction| async move {
        let Interaction::Command(command) = interaction else {
            return;
        };
        command.defer_ephemeral(&context.http).await.unwrap();
        command
            .edit_response(
                &context.http,
                EditInteractionResponse::new()
                    .content("between us")
                    .allowed_mentions(CreateAllowedMentions::new()),
            )
            .await
            .unwrap();
    })
    .await;
    register(&bot, guild).await;

    let asked = ann.slash(room, "balance", &json!({"client": "7"})).unwrap();
    let outcome = asked.outcome().await;
    assert!(outcome.was_deferred && outcome.is_ephemeral);
    assert_eq!(outcome.text(), "between us");
    assert_eq!(ann.sees(room).len(), 1);
    assert!(ben.sees(room).is_empty());
    assert!(sim.malformed().is_empty(), "{:#?}", sim.malformed());
}

#[tokio::test]
async fn what_people_and_the_bot_write_is_told_over_the_gateway() {
    let sim = DiscordSim::start(Options::default()).await.unwrap();
    let guild = sim.guild("House");
    let room = sim.channel(guild, "finance");
    let ann = sim.person(guild, "Ann", &[]);
    let intents = GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES | GatewayIntents::MESSAGE_CONTENT;
    let mut bot = Bot::start(&sim, intents, silent).await;

    ann.says(room, "hello", &[("list.csv", b"a,b")]).unwrap();
    let heard = bot.next_message().await;
    assert_eq!(heard.content, "hello");
    assert_eq!(heard.author.id.get(), ann.id.number());
    assert_eq!(heard.attachments[0].filename, "list.csv");

    channel(room)
        .send_message(&bot.http, CreateMessage::new().content("good morning"))
        .await
        .unwrap();
    assert_eq!(bot.next_message().await.content, "good morning");
    assert_eq!(ann.sees(room).len(), 2);
}
