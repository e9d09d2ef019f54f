//! The communication SLA: calendars, clocks, policies; computed from events, never remembered by a timer.

pub mod calendar;
