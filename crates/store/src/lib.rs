//! All SQL of the house: what the feeds told us, and what we answered.
//!
//! [`Store::read`] gives a [`View`] (queries only, one consistent state), [`Store::write`] a [`Unit`]
//! (changes that become visible together), [`Store::begin_load`] takes a file's rows. The same statements
//! serve SQLite and PostgreSQL; only `engine` and the bulk path know which it is.

mod account;
mod actions;
mod answers;
mod batches;
mod bulk;
pub mod chat;
mod debtors;
mod engine;
mod error;
pub mod escalations;
mod export;
#[cfg(feature = "testing")]
mod floor;
pub mod heard;
pub mod helpdesk;
mod load;
mod merging;
mod model;
pub mod outbox;
pub mod posts;
mod property;
mod raw;
mod rows;
mod schema;
mod search;
pub mod sla;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

pub use account::{AccountQuery, Lots, Part};
pub use actions::Action;
pub use answers::Answer;
pub use batches::{Batch, FeedHead};
pub use debtors::{DebtorBand, MOST_BANDS};
pub use engine::{Around, Store, Unit, View, Watch};
pub use error::{Result, StoreError};
pub use heard::Heard;
pub use load::{Checked, Line, Load, Loaded, Loader, NewBatch, Quarantined, Summary};
pub use outbox::{Ended, Outgoing, Waiting};
pub use posts::{Standing, StoredPost};
pub use raw::{RawFile, RawWriter};
pub use schema::{Schema, migration_names};
pub use search::{ClientQuery, Effort, Found, Matched};
