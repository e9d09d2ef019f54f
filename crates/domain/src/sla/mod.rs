//! The communication SLA: calendars, clocks, policies; computed from events, never remembered by a timer.
//!
//! [`event`] says what happened to a ticket, [`clocks`] which promises that started and ended, [`policy`]
//! what was promised to whom, [`calendar`] how time counts, and [`judge`] what became of it. All of it is a
//! pure function of events, rules and the instant at which one looks, so two looks always agree.

pub mod calendar;
pub mod clocks;
pub mod event;
pub mod explain;
pub mod judge;
pub mod policy;
pub mod rehearse;
pub mod report;
#[cfg(test)]
mod tests;
