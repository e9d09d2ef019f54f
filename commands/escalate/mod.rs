//! Escalations: handing something over, and saying why somebody has it.
//!
//! Promises: however one comes in (a partner's request, a ticket, a decision, somebody in chat), it is matched,
//! given the facts of its moment and joined to the same matter by [`opening`] alone; whoever may not know of a
//! client learns of none of its escalations.

mod explain;
mod hand_over;
pub(crate) mod known;
pub mod opening;
mod queue;

use hammerdesk_domain::message::Reply;

use crate::Asked;
use crate::errors::Failure;
use crate::grammar::EscalationAsk;

pub(crate) use hand_over::hand_over;
pub(crate) use queue::answer as queue;

/// What only reads.
pub(crate) async fn answer(asked: &mut Asked<'_>, ask: &EscalationAsk) -> Result<Reply, Failure> {
    match ask {
        EscalationAsk::Explain { escalation } => explain::answer(asked, escalation).await,
    }
}
