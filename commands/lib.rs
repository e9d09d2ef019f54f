//! Everything a person can ask, one file a command; no chat platform is known here.

pub mod balance;
pub mod client;
pub mod debtors;
pub mod deposit;
pub mod feed;
pub mod invoice;
pub mod release;
pub mod render;
pub mod request;
pub mod settings;
