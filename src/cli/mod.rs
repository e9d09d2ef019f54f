//! The command line: data on stdout, everything else on stderr; 0 done, 1 failed, 2 input refused, 64 usage.

mod ask;
mod backfill;
mod business_hours;
mod calendar;
mod check;
mod debtors;
mod demo;
mod demo_callers;
mod demo_helpdesk;
mod demo_promises;
mod escalation;
mod export;
mod feed;
mod import;
mod migrate;
mod route;
mod rules;
mod serve;
mod sla;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use hammerdesk_domain::clock::{Clock, SystemClock};

use crate::config::Config;
use crate::telemetry;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// All well.
    Ok,
    /// Something failed.
    Failed,
    /// The input was refused, and nothing was changed.
    Refused,
}

impl From<Done> for ExitCode {
    fn from(done: Done) -> Self {
        match done {
            Done::Ok => Self::SUCCESS,
            Done::Failed => Self::from(1),
            Done::Refused => Self::from(2),
        }
    }
}

const USAGE: u8 = 64;

/// hammerdesk: balance, release and deposit answers for an auction house's accounts-receivable team
#[derive(Debug, Parser)]
#[command(name = "hammerdesk", version, max_term_width = 100)]
struct Cli {
    /// The config file [default: hammerdesk.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE", env = "HAMMERDESK_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try everything on a sample house, in a browser, with nothing else installed
    Demo(demo::DemoArgs),
    /// Run the service
    Serve(serve::ServeArgs),
    /// Say what is wrong with config, store and feeds, and what to do about it
    Check(check::CheckArgs),
    /// Bring the store to this version's schema
    #[command(after_help = "Example:\n  hammerdesk migrate --config /etc/hammerdesk.toml")]
    Migrate,
    /// Read the whole helpdesk, saying how far it is
    Backfill(backfill::BackfillArgs),
    /// Print what the store holds as JSON: tickets, events, answers, contacts, clients, invoices, ..
    Export(export::ExportArgs),
    /// Load files from a ledger export or another source
    Import(import::ImportArgs),
    /// Ask a question as in chat
    Ask(ask::AskArgs),
    /// Ageing of everything open, per entity and currency
    Debtors(debtors::DebtorsArgs),
    /// Business calendars
    Calendar {
        /// What of them.
        #[command(subcommand)]
        command: calendar::CalendarCommand,
    },
    /// Freshdesk's own business hours
    BusinessHours {
        /// What of them.
        #[command(subcommand)]
        command: business_hours::BusinessHoursCommand,
    },
    /// Promises to clients: explained, rehearsed and counted
    Sla {
        /// What of them.
        #[command(subcommand)]
        command: sla::SlaCommand,
    },
    /// The rules of the config
    Rules {
        /// What of them.
        #[command(subcommand)]
        command: rules::RulesCommand,
    },
    /// The sources of the figures
    Feed {
        /// What of them.
        #[command(subcommand)]
        command: feed::FeedCommand,
    },
    /// Who gets which escalation
    Route {
        /// What of it.
        #[command(subcommand)]
        command: route::RouteCommand,
    },
    /// What was handed over
    Escalation {
        /// What of it.
        #[command(subcommand)]
        command: escalation::EscalationCommand,
    },
    /// Who is on shift
    Oncall {
        /// What of it.
        #[command(subcommand)]
        command: escalation::OncallCommand,
    },
    /// Measure speed against bare SQL and the engines' own loaders, as ratios in one run
    Bench(crate::bench::BenchArgs),
}

/// Runs the command line and says how it ended.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let asked_for = !error.use_stderr();
            drop(error.print());
            return if asked_for {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(USAGE)
            };
        }
    };
    telemetry::log_to_stderr();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&format!("the runtime does not start: {error}")),
    };
    let done = runtime.block_on(execute(cli));
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    match done {
        Ok(done) => done.into(),
        Err(error) => complain(&format!("{error:#}")),
    }
}

async fn execute(cli: Cli) -> anyhow::Result<Done> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    if let Command::Demo(args) = cli.command {
        return demo::run(args, clock).await;
    }
    if let Command::Calendar { command } = &cli.command {
        return calendar::run(command);
    }
    let config = Config::load(cli.config.as_deref())?;
    match cli.command {
        Command::Demo(_) | Command::Calendar { .. } => Ok(Done::Ok),
        Command::Serve(args) => serve::run(args, config, clock).await,
        Command::Check(args) => check::run(args, &config, clock.as_ref()).await,
        Command::Migrate => migrate::run(&config).await,
        Command::Backfill(args) => backfill::run(args, &config, clock).await,
        Command::Export(args) => export::run(args, &config, clock).await,
        Command::Import(args) => import::run(args, &config, clock).await,
        Command::Ask(args) => ask::run(args, config, clock).await,
        Command::Debtors(args) => debtors::run(args, &config, clock.as_ref()).await,
        Command::BusinessHours { command } => business_hours::run(&command, &config).await,
        Command::Sla { command } => sla::run(command, &config, clock.as_ref()).await,
        Command::Rules { command } => rules::run(&command, &config, clock.as_ref()),
        Command::Feed { command } => feed::run(command, &config, clock.as_ref()).await,
        Command::Route {
            command: route::RouteCommand::Test(args),
        } => route::test(&args, &config, clock.as_ref()),
        Command::Escalation { command } => escalation::escalation(command, config, clock).await,
        Command::Oncall { command } => escalation::oncall(command, config, clock).await,
        Command::Bench(args) => crate::bench::run(args, clock).await,
    }
}

fn complain(what: &str) -> ExitCode {
    say(&format!("hammerdesk: {what}"));
    Done::Failed.into()
}

/// Data, to stdout. A reader that went away (`| head`) is no error.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    drop(
        out.write_all(text.as_bytes())
            .and_then(|()| out.write_all(b"\n"))
            .and_then(|()| out.flush()),
    );
}

/// Part of a line of data, to stdout.
pub(crate) fn print_part(text: &str) {
    let mut out = std::io::stdout().lock();
    drop(out.write_all(text.as_bytes()));
}

/// Everything else, to stderr.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stderr().lock();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")));
}

/// A progress line, written over itself on a terminal.
pub(crate) fn progress(text: &str) {
    use std::io::IsTerminal as _;
    let mut out = std::io::stderr().lock();
    let line = if out.is_terminal() {
        format!("\r\x1b[2K{text}")
    } else {
        format!("{text}\n")
    };
    drop(out.write_all(line.as_bytes()).and_then(|()| out.flush()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
