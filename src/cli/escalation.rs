//! `hammerdesk escalation` and `hammerdesk oncall`: what chat says of escalations and shifts, from a shell.

use std::sync::Arc;

use clap::{Args, Subcommand};
use hammerdesk_commands::grammar::line_of;
use hammerdesk_commands::oncall::calendar;
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::escalation::Desk;
use hammerdesk_domain::ids::PersonId;

use super::ask::{self, AskArgs};
use super::{Done, print, say};
use crate::config::Config;

/// What of escalations.
#[derive(Debug, Subcommand)]
pub(crate) enum EscalationCommand {
    /// Say why somebody has one: which rule, who was passed over and why, and the ladder so far
    Explain(ExplainArgs),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  hammerdesk escalation explain E-1f00c7d2\n  hammerdesk escalation explain --json 019a6f2e-77b0-7c11-9d2c-8b3f1f00c7d2"
)]
pub(crate) struct ExplainArgs {
    /// Its id, or its short name as chat says it
    #[arg(value_name = "ID")]
    id: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What of shifts.
#[derive(Debug, Subcommand)]
pub(crate) enum OncallCommand {
    /// Say who is on shift now, and where nobody is on who must be
    Show(ShowArgs),
    /// Print a person's shifts as an iCalendar file
    Calendar(CalendarArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  hammerdesk oncall show --json")]
pub(crate) struct ShowArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  hammerdesk oncall calendar ada --days 60 > ada.ics")]
pub(crate) struct CalendarArgs {
    /// Whose: the id of a person of the config
    #[arg(value_name = "PERSON")]
    person: String,
    /// How many days ahead
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..=366))]
    days: i64,
}

pub(super) async fn escalation(
    command: EscalationCommand,
    config: Config,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Done> {
    let EscalationCommand::Explain(args) = command;
    let question = line_of("/escalation explain", &[("escalation", &args.id)]);
    ask::run(AskArgs::operator(question, args.json), config, clock).await
}

pub(super) async fn oncall(
    command: OncallCommand,
    config: Config,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Done> {
    let args = match command {
        OncallCommand::Show(args) => {
            let question = "/oncall show".to_owned();
            return ask::run(AskArgs::operator(question, args.json), config, clock).await;
        }
        OncallCommand::Calendar(args) => args,
    };
    let now = clock.now();
    let Some(desk) = config.settings()?.desk else {
        say("hammerdesk: there are no rotas; add [[rotas]] to the config");
        return Ok(Done::Refused);
    };
    let person = PersonId::new(args.person.as_str());
    if !desk.people().contains_key(&person) {
        say(&format!(
            "hammerdesk: there is no person {:?}; add it under [[people]] in the config",
            args.person
        ));
        return Ok(Done::Refused);
    }
    let mut desk = Desk::clone(&desk);
    for problem in config.read_calendars(&mut desk, now) {
        say(&format!("hammerdesk: {problem}"));
    }
    let store = crate::open_store(&config).await?;
    let changes = store.read().await?.desk_changes(now).await?;
    print(calendar(&desk.amended(&changes), &person, now, args.days).trim_end());
    Ok(Done::Ok)
}
