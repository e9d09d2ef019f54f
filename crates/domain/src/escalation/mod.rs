//! Escalations: who gets one, who is on shift, and how it climbs until somebody has it.
//!
//! Everything in here is pure. [`desk::Desk`] is what the administrator decided, checked; an
//! [`model::Escalation`] is what happened, folded from its events; [`plan::plan`] says what has to happen
//! now and when to ask again. The service keeps what the plan says together with what must go out, in one
//! transaction, and so resumes after any interruption without a lost or a doubled step.

pub mod asks;
pub mod cases;
pub mod choose;
pub mod desk;
mod event;
pub mod handover;
pub mod hours;
pub mod ical;
pub mod incoming;
pub mod ladder;
pub mod lint;
pub mod matter;
pub mod model;
mod opening;
pub mod outside;
pub mod plan;
pub mod rota;
pub mod routing;
pub mod target;
pub mod words;

pub use desk::{Desk, Rulebook};
pub use model::{Escalation, EscalationId, Event, What};
pub use words::{Kind, Severity, Span, Way};
