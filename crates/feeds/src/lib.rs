//! Readers: from a file's bytes to canonical records, with what was wrong beside them.
//!
//! A [`Reader`] takes a file through a [`Profile`] (the canonical feed of an entity, or a mapping file
//! that somebody wrote for an export) and yields its rows in order, in flat memory. A row that cannot be
//! trusted becomes a [`Quarantined`] entry with its line, column and reason; a file that cannot be trusted
//! as a whole (cut off, binary, damaged by a spreadsheet, contradicting its declared style) is refused
//! with a [`FeedError::Refused`] sentence. Nothing is guessed from the content of rows, and nothing here
//! knows a store.

mod cell;
mod damage;
mod date;
mod delimited;
mod error;
mod fingerprint;
mod header;
mod input;
mod json;
mod mapping;
mod near;
mod number;
mod profile;
mod reader;
mod row;
mod totals;

#[cfg(test)]
mod tests;

pub use date::{DateFormat, DateStyle};
pub use error::FeedError;
pub use fingerprint::Fingerprint;
pub use input::Encoding;
pub use number::{Amiss, NumberStyle};
pub use profile::{Cleared, ColumnRule, Declared, Format, Profile, Sign, Source, Threshold};
pub use reader::{Item, Quarantined, Reader};
pub use totals::{Expected, Totals};
