//! What we wrote into the helpdesk, by the token it carries, so that it is recognised when it comes back.

use chrono::{DateTime, Utc};
use hammerdesk_domain::helpdesk::{AskedBy, HelpdeskWrite, TicketId, WriteToken};
use uuid::Uuid;

use crate::engine::{Unit, View, run, statements};
use crate::error::{Result, StoreError};
use crate::outbox::Outgoing;

statements! {
    INTEND = "INSERT INTO ticket_write (token, kind, ticket, made_at) VALUES ($1, $2, $3, $4) ON CONFLICT (token) DO NOTHING";
    LANDED = "UPDATE ticket_write SET ticket = $2, conversation = coalesce($3, conversation), \
        landed_at = coalesce(landed_at, $4) WHERE token = $1";
    ONE = "SELECT token, kind, ticket, conversation, made_at, landed_at FROM ticket_write WHERE token = $1";
}

/// One write of ours.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct TicketWrite {
    /// The token it carries.
    pub token: Uuid,
    /// What kind: `ticket`, `note`, `reply`, `update`.
    pub kind: String,
    /// The ticket; not known yet for one that it makes.
    pub ticket: Option<i64>,
    /// What it became on the ticket.
    pub conversation: Option<i64>,
    /// When it was decided.
    pub made_at: DateTime<Utc>,
    /// When it was first seen on the other side.
    pub landed_at: Option<DateTime<Utc>>,
}

impl View {
    /// What is known of a write.
    pub async fn ticket_write(&mut self, token: WriteToken) -> Result<Option<TicketWrite>> {
        Ok(run!(self, |c| sqlx::query_as(ONE)
            .bind(token)
            .fetch_optional(c)
            .await)?)
    }
}

impl Unit {
    /// Something will be written with that token. Say so in the unit that decides it: a token that is not
    /// known is nobody's.
    pub async fn intend_write(
        &mut self,
        token: WriteToken,
        kind: &str,
        ticket: Option<TicketId>,
        at: DateTime<Utc>,
    ) -> Result<()> {
        run!(self, |c| sqlx::query(INTEND)
            .bind(token)
            .bind(kind)
            .bind(ticket.map(|id| id.0))
            .bind(at)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Asks the helpdesk to do something, once for that token. `false`: it was asked already.
    pub async fn enqueue_write(
        &mut self,
        token: WriteToken,
        write: &HelpdeskWrite,
        urgency: u8,
        at: DateTime<Utc>,
    ) -> Result<bool> {
        self.enqueue_write_for(token, write, None, urgency, at).await
    }

    /// The same for somebody, who is told where it is not done.
    pub async fn enqueue_write_for(
        &mut self,
        token: WriteToken,
        write: &HelpdeskWrite,
        asked_by: Option<&AskedBy>,
        urgency: u8,
        at: DateTime<Utc>,
    ) -> Result<bool> {
        let corrupt = |error: serde_json::Error| StoreError::Corrupt {
            table: "outbox",
            column: "body".to_owned(),
            reason: error.to_string(),
        };
        let mut body = serde_json::to_value(write).map_err(corrupt)?;
        if let (Some(fields), Some(asked_by)) = (body.as_object_mut(), asked_by) {
            fields.insert(
                "asked_by".to_owned(),
                serde_json::to_value(asked_by).map_err(corrupt)?,
            );
        }
        let ticket = write.ticket();
        self.intend_write(token, write.kind(), ticket, at).await?;
        let of = ticket.map_or_else(|| format!("new-{}", token.simple()), |ticket| ticket.to_string());
        let outgoing = Outgoing {
            lane: format!("freshdesk:{of}"),
            kind: write.kind().to_owned(),
            subject: format!("ticket:{of}"),
            token: format!("freshdesk:{token}"),
            body,
            urgency,
        };
        self.enqueue(&outgoing, at).await
    }

    /// It is on the other side, as this.
    pub async fn note_write_landed(
        &mut self,
        token: WriteToken,
        ticket: TicketId,
        conversation: Option<i64>,
        at: DateTime<Utc>,
    ) -> Result<()> {
        run!(self, |c| sqlx::query(LANDED)
            .bind(token)
            .bind(ticket.0)
            .bind(conversation)
            .bind(at)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }
}
