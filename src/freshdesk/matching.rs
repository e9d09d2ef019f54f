//! Whose a ticket is, looked up again whenever the ticket or the house's own data may say otherwise.

use chrono::{DateTime, Utc};
use hammerdesk_domain::helpdesk::{EventKind, TicketId, Traits};
use hammerdesk_store::helpdesk::RecordKind;
use hammerdesk_store::{StoreError, Unit};
use serde::{Deserialize, Serialize};

use super::reading;
use super::sync::{Helpdesk, Stopped};
use crate::engine::Progress;

/// Customers' messages that are looked through for a number, from the first on.
const MESSAGES: usize = 5;
/// Tickets matched again in one unit.
const AT_ONCE: i64 = 50;
const CURSOR: &str = "rematch";

/// How far the open tickets are matched against the latest of the feeds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Rematch {
    /// The newest extraction that was matched against.
    fed_at: Option<DateTime<Utc>>,
    /// The last ticket of a run that is under way.
    after: Option<i64>,
}

impl Helpdesk {
    /// Looks up whose a ticket is.
    pub(super) async fn rematch(
        &self,
        unit: &mut Unit,
        id: TicketId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let Some(stored) = unit.ticket(id).await? else {
            return Ok(false);
        };
        let contact = match stored.ticket.requester {
            Some(contact) => unit.helpdesk_record(RecordKind::Contact, contact).await?,
            None => None,
        };
        let mut body = stored.description_text.or(stored.description).unwrap_or_default();
        let said = unit.conversations(id).await?;
        let messages = said
            .iter()
            .filter(|one| one.conversation.kind() == EventKind::CustomerMessage && one.removed_at.is_none());
        for message in messages.take(MESSAGES) {
            body.push('\n');
            body.push_str(&message.conversation.text);
        }
        let requester = reading::requester(
            stored.ticket.requester,
            contact.as_ref().map(|record| &record.raw),
        );
        let traits = Traits::of(requester, &stored.ticket.subject, &body);
        unit.match_ticket(id, &traits, now).await
    }

    /// When a feed brought something new, the open tickets are matched again, some at a time.
    pub(super) async fn rematch_step(&self) -> Result<Progress, Stopped> {
        let now = self.now();
        let mut view = self.inner.store.read().await?;
        let newest = view
            .feed_heads()
            .await?
            .into_iter()
            .map(|head| head.extracted_at)
            .max();
        let mut state: Rematch = view.helpdesk_cursor(CURSOR).await?.unwrap_or_default();
        if state.after.is_none() && state.fed_at == newest {
            return Ok(Progress::Idle);
        }
        let after = TicketId(state.after.unwrap_or(0));
        let open = view.tickets_open(after, AT_ONCE).await?;
        drop(view);
        let mut unit = self.inner.store.write().await?;
        for id in &open {
            self.rematch(&mut unit, *id, now).await?;
        }
        state.after = open.last().map(|id| id.0);
        if state.after.is_none() {
            state.fed_at = newest;
        }
        unit.save_helpdesk_cursor(CURSOR, &state, now).await?;
        unit.commit().await?;
        Ok(Progress::Worked)
    }
}
