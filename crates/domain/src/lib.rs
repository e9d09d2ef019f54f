//! The domain: what the house decides about money and property, with no I/O at all.
//!
//! Facts come in as plain values ([`facts::AccountFacts`]), decisions are pure functions of them
//! ([`balance`], [`release`], [`deposit`]), and answers leave as neutral cards ([`message`]). Nothing
//! here knows a database, a chat platform or the machine's clock.

pub mod access;
pub mod ageing;
pub mod allocation;
pub mod balance;
pub mod chat;
pub mod clock;
pub mod deposit;
pub mod escalation;
pub mod exposure;
pub mod facts;
pub mod freshness;
pub mod helpdesk;
pub mod ids;
pub mod location;
pub mod message;
pub mod model;
pub mod money;
pub mod neutral;
pub mod payment_data;
pub mod record;
pub mod release;
pub mod review;
pub mod sla;
pub mod states;
pub mod text;
pub mod working_days;
