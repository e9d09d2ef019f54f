//! `/sla ..` and `/callback`: promises from chat.
//!
//! Whoever may not know of a ticket learns nothing of its promises. Nothing here judges by itself: what is
//! shown comes from the same events and rules by which the clocks are judged, and what is done is noted as one
//! more thing that happened.

mod change;
mod explain;
mod report;
mod status;
mod when;

use chrono::{DateTime, Utc};
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_domain::message::Reply;
use hammerdesk_domain::sla::calendar::Years;
use hammerdesk_domain::sla::policy::Rulebook;
use hammerdesk_store::View;

pub use explain::{Explained, explained};
pub use report::dimensions;

use crate::Asked;
use crate::errors::Failure;
use crate::grammar::{CallbackArgs, SlaAsk};
use crate::ticket::{Changing, Done};

/// Years that calendars are laid out for, beyond this one.
const AHEAD: i32 = 6;

/// The rules by which clocks are judged, with all their versions.
pub async fn rulebook(view: &mut View, now: DateTime<Utc>) -> Result<Rulebook, hammerdesk_store::StoreError> {
    let versions = view.sla_versions().await?;
    Ok(Rulebook::new(
        versions.into_iter().map(|stored| stored.version),
        Years::around(now, AHEAD),
    ))
}

/// What only reads.
pub(crate) async fn answer(asked: &mut Asked<'_>, ask: &SlaAsk) -> Result<Reply, Failure> {
    match ask {
        SlaAsk::Status { ticket: Some(ticket) } => status::of_ticket(asked, ticket).await,
        SlaAsk::Status { ticket: None } => status::of_all(asked).await,
        SlaAsk::Explain(args) => explain::answer(asked, args).await,
        SlaAsk::Report(args) => report::answer(asked, args).await,
        SlaAsk::Acknowledge(_) | SlaAsk::Snooze(_) | SlaAsk::Called(_) => {
            Err(Failure::Broken("a change was asked as a question".to_owned()))
        }
    }
}

/// What changes something. The unit is committed by whoever called, where something was changed.
pub(crate) async fn change(changing: &mut Changing<'_>, ask: &SlaAsk) -> Result<Done, Failure> {
    match ask {
        SlaAsk::Acknowledge(args) => change::acknowledge(changing, args).await,
        SlaAsk::Snooze(args) => change::snooze(changing, args).await,
        SlaAsk::Called(args) => change::called(changing, args).await,
        SlaAsk::Status { .. } | SlaAsk::Explain(_) | SlaAsk::Report(_) => {
            Err(Failure::Broken("a question was asked as a change".to_owned()))
        }
    }
}

/// `/callback`.
pub(crate) async fn callback(changing: &mut Changing<'_>, args: &CallbackArgs) -> Result<Done, Failure> {
    change::callback(changing, args).await
}

/// A time as people of a place read it: `Fri 20 Nov 17:10`.
fn local(at: DateTime<Utc>, zone: chrono_tz::Tz) -> String {
    at.with_timezone(&zone).format("%a %-d %b %H:%M").to_string()
}

/// The name of a promise, as the first word of a line.
fn named(kind: hammerdesk_domain::sla::clocks::ClockKind) -> String {
    let name = kind.name();
    let mut letters = name.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn facts(ticket: TicketId) -> serde_json::Value {
    serde_json::json!({ "ticket": ticket })
}
