//! The helpdesk as it stands there: tickets, what is said on them, who and what else it knows.
//!
//! Keeping a thing is comparing it with what is stored: what differs becomes [`Happened`] rows in the same
//! unit, so that nobody can see a changed ticket without what changed on it. Everything here may be said
//! twice: a state that is stored already changes nothing. Rows are numbered from one sequence whose row is
//! locked while a unit writes, so a reader that has seen number n has seen everything below it.

mod finding;
mod hints;
mod inbox;
mod matching;
mod records;
mod said;
mod tickets;
mod trail;
mod writes;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use finding::SEARCHED_WORDS;
pub use hints::{Hint, HintCounts, HintDue};
pub use inbox::{NewWebhook, Taken, WebhookCounts, WebhookWaiting};
pub use matching::TicketClient;
pub use records::{HelpdeskRecord, NewRecord, RecordKind};
pub use said::{Kept, SaidReading, StoredConversation};
pub use tickets::{HelpdeskCounts, Origin, StoredTicket, TicketKept, TicketReading, TicketRow};
pub use trail::{Happened, TicketChanged};
pub use writes::TicketWrite;

use crate::engine::{Unit, View, run, statements};
use crate::error::{Result, StoreError};

statements! {
    CURSOR = "SELECT body FROM helpdesk_cursor WHERE name = $1";
    SAVE_CURSOR = "INSERT INTO helpdesk_cursor (name, body, saved_at) VALUES ($1, $2, $3) \
        ON CONFLICT (name) DO UPDATE SET body = excluded.body, saved_at = excluded.saved_at";
    DROP_CURSOR = "DELETE FROM helpdesk_cursor WHERE name = $1";
}

/// Every statement of the helpdesk's tables.
#[cfg(test)]
pub(crate) const LISTS: &[&[(&str, &str)]] = &[
    STATEMENTS,
    finding::STATEMENTS,
    hints::STATEMENTS,
    inbox::STATEMENTS,
    matching::STATEMENTS,
    records::STATEMENTS,
    said::STATEMENTS,
    tickets::STATEMENTS,
    trail::STATEMENTS,
    writes::STATEMENTS,
];

/// PostgreSQL's text holds every character but this one, and nobody's ticket needs it.
fn storable(text: &str) -> String {
    text.replace('\0', "")
}

fn json<T: Serialize>(table: &'static str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| corrupt(table, "state", &error))
}

fn parsed<T: DeserializeOwned>(table: &'static str, column: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| corrupt(table, column, &error))
}

fn corrupt(table: &'static str, column: &str, reason: &dyn ToString) -> StoreError {
    StoreError::Corrupt {
        table,
        column: column.to_owned(),
        reason: reason.to_string(),
    }
}

impl View {
    /// What was saved under that name.
    pub async fn helpdesk_cursor<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>> {
        let body: Option<String> = run!(self, |c| sqlx::query_scalar(CURSOR)
            .bind(name)
            .fetch_optional(c)
            .await)?;
        body.map(|body| parsed("helpdesk_cursor", name, &body))
            .transpose()
    }
}

impl Unit {
    /// Saves where something stands, under a name, in the unit of what it has got through.
    pub async fn save_helpdesk_cursor<T: Serialize>(
        &mut self,
        name: &str,
        cursor: &T,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let body = json("helpdesk_cursor", cursor)?;
        run!(self, |c| sqlx::query(SAVE_CURSOR)
            .bind(name)
            .bind(&body)
            .bind(at)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Forgets where something stood.
    pub async fn drop_helpdesk_cursor(&mut self, name: &str) -> Result<()> {
        run!(self, |c| sqlx::query(DROP_CURSOR)
            .bind(name)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }
}
