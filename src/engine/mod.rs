//! The background work of a running service, in small modules that tests step and never wait for.

mod drop_folder;

pub use drop_folder::{DropFolder, watch};
