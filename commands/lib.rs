//! Everything a person can ask, one file a command; no chat platform is known here.

pub mod render;
pub mod request;
pub mod settings;
