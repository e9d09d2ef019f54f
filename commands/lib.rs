//! Everything a person can ask, one file a command; no chat platform is known here.

pub mod client;
pub mod deposit;
pub mod feed;
pub mod balance;
pub mod render;
pub mod request;
pub mod settings;
