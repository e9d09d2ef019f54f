//! The cycle of the background work: small modules, stepped in one order by tests, each on its own while
//! serving, so that a slow other side never holds up a clock.
//!
//! A step that fails is logged, counted and tried again at the next turn; a step that panics is caught, and
//! the others go on. A nudge only wakes a step up: what is to be done is always read from the store.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{Notify, watch};

/// Did a step find something to do?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing was due.
    Idle,
    /// Something was done; there may be more.
    Worked,
}

/// One part of the background work.
pub trait Module: Send + Sync {
    /// Its name, for logs and metrics: `deliver:discord`.
    fn name(&self) -> &str;

    /// One look: does what is due, in its own short transactions, and returns.
    fn step(&self) -> BoxFuture<'_, anyhow::Result<Progress>>;

    /// How often it looks without being nudged.
    fn every(&self) -> Duration {
        Duration::from_secs(1)
    }

    /// How long one step may take before it is given up and logged.
    fn limit(&self) -> Duration {
        Duration::from_secs(60)
    }
}

/// Wakes the background work up. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Nudge(Arc<Notify>);

impl Nudge {
    /// Something may be due.
    pub fn nudge(&self) {
        self.0.notify_waiters();
    }
}

/// The modules, in the order in which a tick steps them.
#[derive(Clone, Default)]
pub struct Engine {
    modules: Vec<Arc<dyn Module>>,
    nudge: Nudge,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.modules.iter().map(|module| module.name()).collect();
        f.debug_tuple("Engine").field(&names).finish()
    }
}

/// More ticks in a row than this, all of them busy, and something feeds itself.
const MOST_TICKS: usize = 10_000;

impl Engine {
    /// An engine that does nothing yet.
    pub fn new(nudge: Nudge) -> Self {
        Self {
            modules: Vec::new(),
            nudge,
        }
    }

    /// Adds a module behind the others.
    #[must_use]
    pub fn with(mut self, module: impl Module + 'static) -> Self {
        self.modules.push(Arc::new(module));
        self
    }

    /// What wakes it up.
    pub fn nudge(&self) -> Nudge {
        self.nudge.clone()
    }

    /// Steps every module once.
    pub async fn tick(&self) -> anyhow::Result<Progress> {
        let mut progress = Progress::Idle;
        for module in &self.modules {
            if guarded(module.as_ref()).await? == Progress::Worked {
                progress = Progress::Worked;
            }
        }
        Ok(progress)
    }

    /// Ticks until nothing is due any more.
    pub async fn settle(&self) -> anyhow::Result<()> {
        for _ in 0..MOST_TICKS {
            if self.tick().await? == Progress::Idle {
                return Ok(());
            }
        }
        Err(anyhow!("the background work never comes to rest"))
    }

    /// Runs every module on its own until `stop` turns true; what is under way is finished first.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        let mut running = tokio::task::JoinSet::new();
        for module in self.modules {
            running.spawn(keep_stepping(module, self.nudge.clone(), stop.clone()));
        }
        while let Some(ended) = running.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a part of the background work ended");
            }
        }
    }
}

async fn keep_stepping(module: Arc<dyn Module>, nudge: Nudge, mut stop: watch::Receiver<bool>) {
    loop {
        // Registered before the step, so that a nudge during it is not lost.
        let nudged = nudge.0.notified();
        let more = match guarded(module.as_ref()).await {
            Ok(progress) => progress == Progress::Worked,
            Err(error) => {
                tracing::error!(
                    module = module.name(),
                    error = format!("{error:#}"),
                    "a step failed"
                );
                false
            }
        };
        let pause = if more { Duration::ZERO } else { module.every() };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = nudged => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn guarded(module: &dyn Module) -> anyhow::Result<Progress> {
    let started = Instant::now();
    let step = AssertUnwindSafe(module.step()).catch_unwind();
    let ended = match tokio::time::timeout(module.limit(), step).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(anyhow!("it panicked")),
        Err(_) => Err(anyhow!("it took longer than {:?}", module.limit())),
    };
    let name = module.name().to_owned();
    metrics::histogram!("hammerdesk_engine_step_seconds", "module" => name.clone())
        .record(started.elapsed().as_secs_f64());
    if ended.is_err() {
        metrics::counter!("hammerdesk_engine_step_failures_total", "module" => name).increment(1);
    }
    ended
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    struct Steps {
        name: &'static str,
        left: AtomicUsize,
        seen: Arc<Mutex<Vec<&'static str>>>,
    }

    impl Module for Steps {
        fn name(&self) -> &str {
            self.name
        }

        fn step(&self) -> BoxFuture<'_, anyhow::Result<Progress>> {
            Box::pin(async {
                if self.left.load(Ordering::SeqCst) == 0 {
                    return Ok(Progress::Idle);
                }
                self.left.fetch_sub(1, Ordering::SeqCst);
                self.seen.lock().unwrap().push(self.name);
                Ok(Progress::Worked)
            })
        }
    }

    struct Panics;

    impl Module for Panics {
        fn name(&self) -> &str {
            "panics"
        }

        fn step(&self) -> BoxFuture<'_, anyhow::Result<Progress>> {
            Box::pin(async { panic!("as told") })
        }
    }

    #[tokio::test]
    async fn modules_step_in_order_until_nothing_is_due() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let steps = |name, left| Steps {
            name,
            left: AtomicUsize::new(left),
            seen: Arc::clone(&seen),
        };
        let engine = Engine::new(Nudge::default())
            .with(steps("sync", 1))
            .with(steps("deliver", 2));
        engine.settle().await.unwrap();
        assert_eq!(*seen.lock().unwrap(), ["sync", "deliver", "deliver"]);
    }

    #[tokio::test]
    async fn a_panic_is_caught_and_said() {
        let engine = Engine::new(Nudge::default()).with(Panics);
        let error = engine.tick().await.unwrap_err();
        assert_eq!(error.to_string(), "it panicked");
    }
}
