//! The whole app, as its users meet it.

#[cfg(test)]
mod browser;
mod cli;
mod docs;
mod import;
