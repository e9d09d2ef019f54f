//! `hammerdesk ask`: a question as in chat, from a shell or a script.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use hammerdesk_commands::request::{Place, Request, What};
use hammerdesk_commands::settings::Settings;
use hammerdesk_commands::{Commands, render};
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::ids::PersonId;
use hammerdesk_domain::message::Outcome;

use super::{Done, print, say};
use crate::config::Config;

/// How long the answer log is awaited in silence.
const PATIENCE: Duration = Duration::from_secs(1);

/// Ask a question as in chat.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  hammerdesk ask \"/balance 140105686 as_of:2026-03-31\"\n  hammerdesk ask --as ada --json \"/release 24001/45\""
)]
pub(crate) struct AskArgs {
    /// As whom: a person of the config [default: the operator, who may read all but restricted holds]
    #[arg(long = "as", value_name = "USER")]
    person: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// The question, as it would be typed in chat
    question: String,
}

impl AskArgs {
    /// As the operator.
    pub(super) const fn operator(question: String, json: bool) -> Self {
        Self {
            person: None,
            json,
            question,
        }
    }
}

pub(super) async fn run(args: AskArgs, config: Config, clock: Arc<dyn Clock>) -> anyhow::Result<Done> {
    let mut settings = config.settings()?;
    let operator = Settings::operator();
    let who = args
        .person
        .as_deref()
        .map_or_else(|| operator.id.clone(), PersonId::from);
    if args.person.is_none() {
        settings.people.insert(operator.id.clone(), operator);
    }
    if !settings.people.contains_key(&who) {
        say(&format!(
            "hammerdesk: there is no person {:?}; add it under [[people]] in the config",
            who.as_str()
        ));
        return Ok(Done::Refused);
    }
    let store = crate::open_store(&config).await?;
    let commands = Commands::new(store, Arc::new(settings), Arc::clone(&clock));
    let place = Place {
        platform: "cli",
        channel: "cli".to_owned(),
        open: false,
    };
    let request = Request {
        who,
        place,
        what: What::Typed(args.question),
        at: clock.now(),
    };
    let reply = commands.answer(request).await;
    let text = render::plain(&reply);
    if args.json {
        let object = serde_json::json!({
            "outcome": reply.outcome,
            "facts": reply.facts,
            "text": text,
            "cards": reply.cards,
            "actions": reply.actions,
            "menu": reply.menu,
            "visibility": reply.visibility,
        });
        print(&serde_json::to_string_pretty(&object)?);
    } else {
        print(&text);
        // Chat has buttons for this; at a shell the choice is typed.
        for (at, option) in reply.menu.iter().flat_map(|menu| &menu.options).enumerate() {
            print(&format!(
                "  {}. hammerdesk ask '{}'",
                at + 1,
                hammerdesk_commands::grammar::typed_part(&option.run)
            ));
        }
    }
    if tokio::time::timeout(PATIENCE, commands.flush()).await.is_err() {
        say(
            "hammerdesk: another program is writing to the store; waiting to note this answer in the answer log",
        );
        commands.flush().await;
    }
    Ok(if reply.outcome == Outcome::Error {
        Done::Failed
    } else {
        Done::Ok
    })
}
