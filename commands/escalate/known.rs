//! Which escalation is meant, and whether the asker may know of it.

use hammerdesk_domain::access::Asker;
use hammerdesk_domain::escalation::{Escalation, EscalationId};
use hammerdesk_domain::text::clean;
use hammerdesk_store::{StoreError, View};

use crate::errors::{Failure, UserError};

/// How people name it.
pub(crate) fn short(id: EscalationId) -> String {
    format!("E-{}", id.handle())
}

/// The escalation that a text names, where the asker may know of it. Unknown and not for the asker read alike.
pub(crate) async fn named(view: &mut View, asker: &Asker, typed: &str) -> Result<Escalation, Failure> {
    let mut seen = Vec::new();
    for id in view.escalations_called(typed).await? {
        if let Some(one) = view.escalation(id).await?
            && may_know(view, asker, &one).await?
        {
            seen.push(one);
        }
    }
    match seen.len() {
        1 => Ok(seen.remove(0)),
        0 => Err(UserError::unknown(format!(
            "I do not know an escalation {}. /queue lists what is open.",
            clean(typed, 40)
        ))
        .into()),
        _ => Err(UserError::malformed(format!(
            "Several escalations are called {}. Give the whole id.",
            clean(typed, 40)
        ))
        .into()),
    }
}

/// Everybody whom it may be about must be somebody the asker may see; where nobody is known, the saleroom
/// must be theirs.
pub(crate) async fn may_know(
    view: &mut View,
    asker: &Asker,
    escalation: &Escalation,
) -> Result<bool, StoreError> {
    let clients = escalation.matched.clients();
    if clients.is_empty() {
        return Ok(asker.covers(escalation.opening.location.as_ref()));
    }
    for no in clients {
        let client = view.client(no).await?;
        let survivor = view.survivor(no).await?;
        match (client, survivor) {
            (Some(client), Some(survivor)) if asker.may_see(&client) && asker.may_see(&survivor) => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}
