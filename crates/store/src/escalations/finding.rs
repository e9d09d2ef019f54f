//! Finding escalations by when they came in, which their ids tell.

use chrono::{DateTime, Utc};
use hammerdesk_domain::escalation::model::EscalationId;
use uuid::Uuid;

use crate::engine::{View, run, statements};
use crate::error::Result;

statements! {
    SINCE = "SELECT id FROM escalation WHERE id >= $1 ORDER BY id DESC LIMIT $2";
}

impl View {
    /// The escalations that came in since that instant, the latest first.
    pub async fn escalations_since(&mut self, at: DateTime<Utc>, limit: i64) -> Result<Vec<EscalationId>> {
        let millis = u128::from(u64::try_from(at.timestamp_millis()).unwrap_or(0));
        let ids: Vec<Uuid> = run!(self, |c| sqlx::query_scalar(SINCE)
            .bind(Uuid::from_u128(millis << 80))
            .bind(limit)
            .fetch_all(c)
            .await)?;
        Ok(ids.into_iter().map(EscalationId).collect())
    }
}
