//! A typed, polite client of the Freshdesk API v2. Knows nothing of auctions.
//!
//! * [`Client`] has a method for each call; [`Client::for_person`] is the same client for calls somebody waits for.
//! * What comes in is read leniently: see [`Odd`], [`Unreadable`] and [`Text`].
//! * What goes out is sent once: see [`Error::is_ambiguous`].
//! * All clones share one limiter, which learns the account's limits from its answers: see [`RateState`].
//! * A webhook is a hint which ticket to read: see [`Hint`].
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use hammerdesk_freshdesk::{ApiKey, Client, More, Options, TicketQuery};
//!
//! let client = Client::new("https://example.freshdesk.com", ApiKey::new("key"), Options::default())?;
//! let query = TicketQuery::since("2026-11-01T00:00:00Z".parse()?);
//! let page = client.tickets(&query).await?;
//! for ticket in &page.items {
//!     let said = client.all_conversations(ticket.id).await?;
//!     assert!(said.unreadable.is_empty());
//! }
//! assert_eq!(page.more, More::Nothing);
//! # Ok(())
//! # }
//! ```

mod agents;
mod budget;
mod call;
mod client;
mod codes;
mod contacts;
mod conversations;
mod error;
mod lenient;
mod limiter;
mod page;
mod satisfaction;
mod search;
mod sla_policies;
mod ticket_fields;
mod ticket_writes;
mod tickets;
mod timer;
mod uploads;
mod webhook;
mod zones;

pub use agents::{Agent, AgentContact, Group};
pub use budget::BudgetState;
pub use client::{ApiKey, Client, Options, SetupError};
pub use codes::{
    AgentKind, Association, ConversationCategory, ConversationSource, Priority, Source, Status, TicketScope,
};
pub use contacts::{Company, Contact, ContactQuery, ContactState, LAST_CONTACT_PAGE, OtherCompany};
pub use conversations::{Conversation, NewNote, NewReply};
pub use error::{Error, ErrorKind, FieldError, Refusal};
pub use lenient::{CustomFields, Odd, RawRecord, Text, Unreadable};
pub use limiter::{Endpoint, RateState, Urgency};
pub use page::{Listing, More, Page};
pub use satisfaction::{Ratings, SatisfactionRating};
pub use search::{Hits, LAST_SEARCH_PAGE, LONGEST_SEARCH, SEARCH_PAGE, Search, Term};
pub use sla_policies::{
    AppliesTo, BusinessHours, Escalation, Hours, Levels, Notice, SlaPolicy, Target, Targets, Week,
};
pub use ticket_fields::{Branch, Choices, NestedField, StatusLabel, TicketField};
pub use ticket_writes::{Merge, MergeNote, TicketFields};
pub use tickets::{
    CompanyName, Include, LARGEST_PAGE, LAST_TICKET_PAGE, Requester, Stats, Ticket, TicketFilter,
    TicketOrder, TicketQuery,
};
pub use timer::{MachineTimer, Nap, Timer};
pub use uploads::{Attachment, Download, LARGEST_UPLOAD, Upload};
pub use webhook::{Hint, NoHint};
pub use zones::zone_of;
