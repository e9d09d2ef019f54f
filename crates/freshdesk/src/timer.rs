//! Where the limiter's time comes from: the machine in service, something that can be stepped in tests and against a
//! simulator whose clock is moved.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// A wait that is over when it says so.
pub type Nap<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Tells how much time has passed and waits.
pub trait Timer: Send + Sync + Debug {
    /// Time since a beginning of its own choice; never less than it was.
    fn now(&self) -> Duration;

    /// Comes back when that much more has passed.
    fn sleep(&self, time: Duration) -> Nap<'_>;
}

/// The machine's own, through tokio.
#[derive(Debug, Clone, Copy)]
pub struct MachineTimer {
    start: tokio::time::Instant,
}

impl Default for MachineTimer {
    fn default() -> Self {
        Self {
            start: tokio::time::Instant::now(),
        }
    }
}

impl Timer for MachineTimer {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&self, time: Duration) -> Nap<'_> {
        Box::pin(tokio::time::sleep(time))
    }
}
