//! `hammerdesk bench`: how fast it is on this machine, as ratios to what the engines do by themselves.
//!
//! Each measure runs beside its own floor in the same run, on the same data: answers beside their bare
//! SQL, import beside the engine's own loader, the bot on Discord beside a bare one. Ratios
//! travel between machines; milliseconds do not.

mod answers;
mod discord;
mod escalations;
mod figures;
mod freshdesk;
mod import;
mod serve;
mod sla;
mod sla_store;

use std::cell::RefCell;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use hammerdesk_domain::clock::Clock;
use hammerdesk_store::{Store, testing};

use crate::cli::{Done, print};
use figures::Figure;

/// What to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measure {
    /// Everything.
    All,
    /// `/balance` beside its bare SQL.
    Balance,
    /// Completion while typing.
    Complete,
    /// The bridge to Freshdesk: backfill, webhooks, the way into chat.
    Freshdesk,
    /// Import beside the engine's own loader.
    Import,
    /// Memory and start of an idle `serve`.
    Serve,
    /// `/balance` over Discord beside a bare bot, and 200 questions a second.
    Discord,
    /// From a partner's request to the assigned card, ten thousand at once, and a tick with nothing due.
    Escalations,
    /// The arithmetic of clocks beside the `workclock` crate, and the store of clocks.
    Sla,
}

/// Measure speed on this machine, as ratios to what the engines do by themselves.
///
/// PostgreSQL is measured where its programs are installed (a throw-away cluster), or on the server that
/// HAMMERDESK_TEST_POSTGRES names.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  hammerdesk bench balance --invoices 1000000\n  hammerdesk bench discord --invoices 100000\n  hammerdesk bench import --rows 1000000 --json\n  hammerdesk bench sla\n  hammerdesk bench freshdesk"
)]
pub struct BenchArgs {
    /// What to measure
    #[arg(value_enum, default_value = "all")]
    measure: Measure,
    /// Invoices in the house for `balance` and `discord`; there are ten a client
    #[arg(long, default_value_t = 1_000_000)]
    invoices: u64,
    /// Clients for `complete`
    #[arg(long, default_value_t = 1_000_000)]
    clients: u64,
    /// Rows for `import`
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// Tickets to fill in for `freshdesk`
    #[arg(long, default_value_t = 100_000)]
    tickets: usize,
    /// Webhooks to post for `freshdesk`
    #[arg(long, default_value_t = 20_000)]
    webhooks: usize,
    /// Open clocks for `sla`
    #[arg(long, default_value_t = 1_000_000)]
    clocks: u64,
    /// Questions to ask
    #[arg(long, default_value_t = 3_000)]
    questions: usize,
    /// Open escalations for `escalations`
    #[arg(long, default_value_t = 100_000)]
    open: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the measures that were asked for, each on a fresh store of each engine.
pub(crate) async fn run(args: BenchArgs, clock: Arc<dyn Clock>) -> anyhow::Result<Done> {
    let figures = RefCell::new(Vec::new());
    let failures = RefCell::new(Vec::new());
    if matches!(args.measure, Measure::All | Measure::Sla) {
        figures.borrow_mut().extend(sla::measure()?);
    }
    for measure in [
        Measure::Sla,
        Measure::Serve,
        Measure::Import,
        Measure::Complete,
        Measure::Balance,
        Measure::Freshdesk,
        Measure::Discord,
        Measure::Escalations,
    ] {
        if args.measure != Measure::All && args.measure != measure {
            continue;
        }
        testing::each_url(async |url| match one(measure, &url, &args, &clock).await {
            Ok(measured) => figures.borrow_mut().extend(measured),
            Err(error) => failures.borrow_mut().push(error),
        })
        .await;
    }
    if let Some(error) = failures.into_inner().pop() {
        return Err(error);
    }
    let figures = figures.into_inner();
    if args.json {
        print(&serde_json::to_string_pretty(&figures)?);
    } else {
        figures.iter().for_each(|figure| print(&figure.to_string()));
    }
    Ok(if figures.iter().all(|figure| figure.kept) {
        Done::Ok
    } else {
        Done::Failed
    })
}

async fn one(
    measure: Measure,
    url: &str,
    args: &BenchArgs,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Vec<Figure>> {
    let engine = if url.starts_with("sqlite:") {
        "sqlite"
    } else {
        "postgres"
    };
    let store = Store::open(url).await?;
    let figures = match measure {
        Measure::Serve => serve::measure(engine, url).await,
        Measure::Import => import::measure(engine, url, &store, args.rows, clock.as_ref()).await,
        Measure::Complete => answers::complete(engine, &store, args.clients, args.questions, clock).await,
        Measure::Freshdesk => freshdesk::measure(engine, &store, args.tickets, args.webhooks, clock).await,
        Measure::Discord => discord::measure(engine, &store, args.invoices, args.questions, clock).await,
        Measure::Escalations => escalations::measure(engine, &store, args.open).await,
        Measure::Sla => sla_store::measure(engine, &store, args.clocks).await,
        Measure::Balance | Measure::All => {
            answers::balance(engine, &store, args.invoices, args.questions, clock).await
        }
    };
    store.close().await;
    figures
}
