//! A ticket's fields by the names they have in the API, and its place in an order of time.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::model::Ticket;
use super::options::Ties;
use super::state::Place;

/// Where a ticket of that instant stands, as the account orders tickets that share a second.
pub(super) const fn place(ties: Ties, at: DateTime<Utc>, id: u64) -> Place {
    let within = match ties {
        Ties::IdAscending => id.cast_signed(),
        Ties::IdDescending => -id.cast_signed(),
        Ties::Scattered => id.wrapping_mul(0x9E37_79B9_7F4A_7C15).cast_signed(),
    };
    (at.timestamp(), within, id)
}

/// Sets one field by its name in the API; the value has been checked.
pub(super) fn set(ticket: &mut Ticket, name: &str, value: &Value) {
    let text = || value.as_str().map(ToOwned::to_owned);
    let texts = || {
        let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter()
            .filter_map(Value::as_str)
            .map(ToOwned::to_owned)
            .collect::<Vec<_>>()
    };
    match name {
        "subject" => ticket.subject = text(),
        "description" => ticket.description = text().unwrap_or_default(),
        "status" => ticket.status = value.as_i64().unwrap_or(ticket.status),
        "priority" => ticket.priority = value.as_i64().unwrap_or(ticket.priority),
        "source" => ticket.source = value.as_i64().unwrap_or(ticket.source),
        "type" => ticket.kind = text(),
        "requester_id" => ticket.requester_id = value.as_u64().unwrap_or(ticket.requester_id),
        "responder_id" => ticket.responder_id = value.as_u64(),
        "group_id" => ticket.group_id = value.as_u64(),
        "company_id" => ticket.company_id = value.as_u64(),
        "product_id" => ticket.product_id = value.as_u64(),
        "email_config_id" => ticket.email_config_id = value.as_u64(),
        "internal_agent_id" => ticket.internal_agent_id = value.as_u64(),
        "internal_group_id" => ticket.internal_group_id = value.as_u64(),
        "cc_emails" => ticket.cc_emails = texts(),
        "tags" => ticket.tags = texts(),
        "due_by" | "fr_due_by" => {
            let at = value.as_str().and_then(|text| text.parse().ok());
            ticket.due_by_hand = true;
            if name == "due_by" {
                ticket.due_by = at;
            } else {
                ticket.fr_due_by = at;
            }
        }
        "custom_fields" => {
            for (key, value) in value.as_object().into_iter().flatten() {
                ticket.custom_fields.insert(key.clone(), value.clone());
            }
        }
        _ => {}
    }
}
