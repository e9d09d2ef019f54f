//! All SQL of the house: what the feeds told us, and what we answered.
//!
//! [`Store::read`] gives a [`View`] (queries only, one consistent state), [`Store::write`] a [`Unit`]
//! (changes that become visible together), [`Store::begin_load`] takes a file's rows. The same statements
//! serve SQLite and PostgreSQL; only [`engine`] and the bulk path know which it is.

mod account;
mod batches;
mod bulk;
pub mod chat;
mod engine;
mod error;
mod load;
mod model;
mod rows;
mod schema;
mod search;

pub use account::{AccountQuery, Lots, Part};
pub use batches::{Batch, FeedHead};
pub use engine::{Store, Unit, View};
pub use error::{Result, StoreError};
pub use load::{Checked, Line, Load, Loaded, Loader, NewBatch, Quarantined, Summary};
pub use schema::{Schema, migration_names};
pub use search::{ClientQuery, Found, Matched};
