//! What a third party may be told of an escalation: that somebody has it, and which team; never a person,
//! a client, an amount or a reason.

use serde::Serialize;

use super::model::{Escalation, State};
use crate::location::House;

/// What the partner reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outside {
    /// `received`, `assigned`, `in_hand`, `answered`.
    pub status: &'static str,
    /// Which team has it.
    pub team: String,
    /// A sentence to read to the caller.
    pub says: String,
}

/// What the partner who sent it may be told.
pub fn outside(escalation: &Escalation, house: &House) -> Outside {
    // The team is that of the location that the partner named or stands for: where the client's own
    // account is kept is none of a third party's business.
    let team = escalation
        .opening
        .location
        .as_ref()
        .and_then(|location| house.location(location))
        .map_or_else(|| "client accounts".to_owned(), |location| location.team.clone());
    let (status, says) = match escalation.state() {
        State::New | State::Reopened => ("received", format!("{team} received it and will pick it up.")),
        State::Routed => (
            "assigned",
            format!("{team} has it; a colleague is being asked to take it."),
        ),
        State::Acknowledged | State::InProgress | State::WaitingInternal | State::WaitingClient => (
            "in_hand",
            format!("A colleague of {team} has it and is looking after it."),
        ),
        // That it was merged says that there is another one: to the partner it is simply in hand.
        State::Merged => (
            "in_hand",
            format!("{team} has it together with an earlier request."),
        ),
        State::Resolved | State::Closed => ("answered", format!("{team} has dealt with it.")),
    };
    Outside { status, team, says }
}
