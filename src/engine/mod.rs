//! The background work of a running service, in small modules that tests step and never wait for.

mod cycle;
mod deliver;
mod drop_folder;

pub use cycle::{Engine, Module, Nudge, Progress};
pub use deliver::{Deliver, Deliverer, Verdict};
pub use drop_folder::{DropFolder, watch};
