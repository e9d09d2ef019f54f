//! Escalations: handing something over, saying why somebody has it, their card and what its buttons do.
//!
//! Promises: however one comes in (a partner's request, a ticket, a decision, somebody in chat), it is matched,
//! given the facts of its moment and joined to the same matter by [`opening`] alone; whoever may not know of a
//! client learns of none of its escalations.

pub mod card;
mod card_buttons;
pub(crate) mod complete;
mod explain;
pub(crate) mod from_message;
mod hand_over;
pub(crate) mod known;
pub mod opening;
mod queue;
pub mod says;

use hammerdesk_domain::message::Reply;

use crate::Asked;
use crate::errors::Failure;
use crate::grammar::EscalationAsk;

pub(crate) use card_buttons::change;
pub(crate) use hand_over::{button, hand_over};
pub(crate) use queue::answer as queue;

/// What only reads.
pub(crate) async fn answer(asked: &mut Asked<'_>, ask: &EscalationAsk) -> Result<Reply, Failure> {
    match ask {
        EscalationAsk::Explain { escalation } => explain::answer(asked, escalation).await,
        EscalationAsk::Show { escalation } => card_buttons::show(asked, escalation).await,
        _ => Err(Failure::Broken("a change was asked as a question".to_owned())),
    }
}
