//! The whole app, as its users meet it.

mod cli;
mod docs;
