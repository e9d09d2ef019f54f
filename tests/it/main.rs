//! The whole app, as its users meet it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails where it panics, and says what it skipped"
)]

mod ageing;
mod answers;
mod arrivals;
mod bad_tickets;
mod bridge;
mod bridged;
mod browser;
mod cli;
mod console;
mod contract;
mod day;
mod discord;
mod docs;
mod escalate;
mod escalations;
mod faults;
mod harness;
mod helpdesk;
mod helpdesk_out;
mod import;
mod intake;
mod killed;
mod posts;
mod process;
mod routing;
mod sla;
mod sla_cli;
mod sla_stories;
mod threads;
mod two_bots;
