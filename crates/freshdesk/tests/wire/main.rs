//! The client over real HTTP on loopback, against a server that answers line by line as it is told.
#![expect(clippy::unwrap_used, reason = "a step that fails fails its test")]

mod corpus;
mod faults;
mod lists;
mod pages;
mod server;
mod simulated;
mod writes;
