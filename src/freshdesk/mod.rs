//! The helpdesk's side of the bridge: what stands there stands here, exactly once, whatever the network does.
//!
//! * [`Helpdesk`] is the account: its client, the store, the clock. Cheap to clone.
//! * [`Sync`] and [`LiveSync`] are the modules of the background work that read it. `LiveSync` follows what a
//!   webhook said at once and with the calls that are kept free for people; `Sync` does everything else, in
//!   this order: new changes, tickets to read again, spam and deleted tickets, agents and other records, what
//!   nobody waits for, and the slow walk over everything that proves that nothing was missed.
//! * Every step is at most one question to the helpdesk and then one short unit, which holds the tickets, what
//!   happened to them and where the walk stands. So it can be stopped anywhere: what was not committed is
//!   asked for again, and what is met twice changes nothing.
//!
//! * [`HelpdeskDeliverer`] writes to it, from the outbox alone.
//!
//! What others build on is in the store: `tickets_changed_after` and `happened_after` with a position of
//! their own (`move_helpdesk_position`), `ticket`, `conversations`, `ticket_trail`, `ticket_match`; and
//! [`Helpdesk::keep_written`] for the answer to one's own write.

mod deliver;
mod desk;
mod files;
mod follow;
mod kinds;
mod listing;
mod matching;
mod reading;
mod reconcile;
mod records;
mod sync;
mod walk;

pub use deliver::HelpdeskDeliverer;
pub use desk::Desk;
pub use files::TicketFiles;
pub(crate) use files::{chosen, weight};
pub use listing::read_since;
pub use reconcile::Reconciled;
pub use sync::{Backfilled, Helpdesk, LiveSync, Phase, Sync, SyncProgress, SyncSettings};
