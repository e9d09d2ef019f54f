//! The whole app, as its users meet it.

mod answers;
mod browser;
mod cli;
mod docs;
mod harness;
mod import;
