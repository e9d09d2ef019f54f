//! The floor of a measurement: the statements behind an answer, run bare through sqlx on the same pool; and a row
//! beside which taking a webhook is measured.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use hammerdesk_domain::ids::{ClientNo, new_id};

use crate::account::bare as account;
use crate::batches;
use crate::engine::{Unit, View, run};
use crate::error::Result;

/// Runs one statement and drops its rows; their number is the result.
macro_rules! bare {
    ($on:expr, $sql:expr $(, $bind:expr)*) => {
        run!($on, |c| sqlx::query($sql)$(.bind($bind))*.fetch_all(c).await.map(|rows| rows.len()))
    };
}

impl View {
    /// Every statement that `/balance` by number runs, with nothing made of the rows. Returns how many came.
    pub async fn bare_balance(&mut self, client: &ClientNo, as_of: NaiveDate) -> Result<usize> {
        let no = client.as_str();
        let since = as_of.checked_sub_days(Days::new(40)).unwrap_or(NaiveDate::MIN);
        let seen_since = since.and_time(NaiveTime::MIN).and_utc();
        let mut rows = bare!(self, account::client(), no)?;
        rows += bare!(self, account::PROBE, no, as_of)?;
        rows += bare!(self, account::status(), no)?;
        rows += bare!(self, account::open_items(), no, seen_since)?;
        rows += bare!(self, account::recent_items(), no, since)?;
        rows += bare!(self, account::item_invoices(), no, since)?;
        rows += bare!(self, account::unmatched(), no)?;
        rows += bare!(self, account::payments(), no)?;
        rows += bare!(self, account::allocations(), no)?;
        rows += bare!(self, account::disputes(), no)?;
        rows += bare!(self, account::holds(), no, client.short())?;
        rows += bare!(self, batches::HEADS_SQL)?;
        Ok(rows)
    }
}

impl Unit {
    /// One row with that body, and nothing else.
    pub async fn bare_webhook(&mut self, body: &[u8], at: DateTime<Utc>) -> Result<()> {
        const BARE: &str = "INSERT INTO webhook_inbox (id, source, digest, content_type, body, copies, received_at, \
            handled_at) VALUES ($1, 'bare', '', '', $2, 1, $3, $3)";
        run!(self, |c| sqlx::query(BARE)
            .bind(new_id(at))
            .bind(body)
            .bind(at)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }
}
