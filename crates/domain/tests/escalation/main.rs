//! Escalations: as stories, with bad input, and what holds whatever happens.

#![expect(clippy::unwrap_used, reason = "a test fails where it panics")]

mod bad_input;
mod desk;
mod invariants;
mod rotas;
mod stories;
