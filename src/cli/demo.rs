//! `hammerdesk demo`: the sample house, in a browser, with nothing else installed.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use hammerdesk_domain::clock::Clock;
use hammerdesk_sandbox::SampleHouse;
use hammerdesk_sandbox::clock::DemoClock;
use hammerdesk_store::Store;

use super::demo_callers::{self, Callers};
use super::{Done, demo_helpdesk, demo_promises, print, progress, say};
use crate::furnish::{furnish, rules, settings};
use crate::{App, listen, stop_signal};

/// Try everything on a sample house, in a browser.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  hammerdesk demo\n  hammerdesk demo --listen 127.0.0.1:8090 --keep demo.db"
)]
pub(crate) struct DemoArgs {
    /// Where to listen; must be a loopback address [default: 127.0.0.1:4680, or any free port]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Keep the store in this new SQLite file [default: a temporary one]
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
    /// Another seed makes another house
    #[arg(long, default_value_t = SEED)]
    seed: u64,
}

/// The seed of the house that the documentation shows.
const SEED: u64 = 7;

const ADDRESS: &str = "127.0.0.1:4680";

pub(super) async fn run(args: DemoArgs, clock: Arc<dyn Clock>) -> anyhow::Result<Done> {
    let (listener, address) = match &args.listen {
        Some(address) => listen(address).await?,
        None => match listen(ADDRESS).await {
            Ok(listening) => listening,
            Err(_) => listen("127.0.0.1:0").await?,
        },
    };
    if !address.ip().is_loopback() {
        say("hammerdesk: the demo has no sign-in; --listen takes a loopback address such as 127.0.0.1:8090");
        return Ok(Done::Refused);
    }
    let dir = tempfile::tempdir().context("making a temporary folder")?;
    let file = args.keep.unwrap_or_else(|| dir.path().join("demo.db"));
    if file.exists() {
        say(&format!(
            "hammerdesk: {} is already there; name a new file with --keep",
            file.display()
        ));
        return Ok(Done::Refused);
    }
    let store = Store::create(&format!("sqlite:{}", file.display())).await?;
    let demo_clock = Arc::new(DemoClock::starting_at(clock.now(), 1));
    let clock: Arc<dyn Clock> = demo_clock.clone();
    let house = SampleHouse::new(args.seed, clock.now(), 1);
    furnish(&store, &house, clock.as_ref(), |what| {
        progress(&format!("Furnishing the sample house: {what} …"));
    })
    .await?;
    let mut settings = settings(&house);
    demo_helpdesk::agents(&mut settings);
    demo_promises::promise(&mut settings)?;
    demo_promises::hold(&store, &settings, clock.now()).await?;
    settings.desk = Some(Arc::new(rules(&settings)?));
    let app = App::build(store, settings, Arc::clone(&clock), true).with_partners(demo_callers::partners());
    let (app, sim) = demo_helpdesk::connect(app, &house, args.seed, address).await?;
    if let Some(console) = &app.console {
        console.show_clock(demo_clock);
    }
    let stop = stop_signal();
    let working = tokio::spawn(app.engine().run(stop.clone()));
    let living = tokio::spawn(demo_helpdesk::live(
        sim.account().clone(),
        args.seed,
        stop.clone(),
    ));
    let callers = Callers {
        address,
        clock,
        account: sim.account().clone(),
        clients: demo_callers::clients(&house),
    };
    let calling = tokio::spawn(callers.call(stop.clone()));
    progress("");
    print(&format!(
        "hammerdesk demo is ready: open http://{address}/console\n\
         With the helpdesk beside it: http://{address}/console/side\n\n\
         Every few minutes the call centre hands a caller over; whoever ignores one sees it climb.\n\
         Choose a seat, then type / to see what may be asked from it. Some questions to begin with:\n{}\n\n\
         Ctrl-C ends it; nothing of it stays.",
        house
            .showcases()
            .iter()
            .step_by(9)
            .take(6)
            .fold(String::new(), |mut list, showcase| {
                list.push_str(&format!("\n  {:<44} {}", showcase.question, showcase.says));
                list
            })
    ));
    app.serve(listener, stop).await?;
    working.await?;
    living.await?;
    calling.await?;
    Ok(Done::Ok)
}
