//! Is an internal review open on a client, and what may the asker read of it?
//!
//! Restricted reviews (screening, SAR, legal) and ordinary ones (fraud, title, stolen art, rescission) are
//! one thing here: both are looked for in the same places and stop the same things, so that nobody can
//! tell by what is stopped which one it is. A screening result that is not on record counts as not clear.

use chrono::NaiveDate;

use crate::access::{Asker, Permission};
use crate::facts::AccountFacts;
use crate::model::{Hold, SanctionsState};
use crate::neutral;
use crate::states::HoldStanding;

/// Is the hold one of those that read as an internal review?
pub const fn is_review(hold: &Hold) -> bool {
    hold.is_restricted() || hold.code.is_internal_review()
}

/// Is a review open on anything of the client's?
pub fn is_open(facts: &AccountFacts, day: NaiveDate) -> bool {
    facts.status.sanctions != Some(SanctionsState::Clear) || holds(facts, day).next().is_some()
}

fn holds(facts: &AccountFacts, day: NaiveDate) -> impl Iterator<Item = &Hold> {
    facts
        .holds
        .iter()
        .filter(move |hold| is_review(hold) && HoldStanding::on(hold, day).is_active())
}

/// Why the review is open, as far as the asker may read it; empty where none is.
pub fn causes(facts: &AccountFacts, asker: &Asker, day: NaiveDate) -> Vec<String> {
    if !is_open(facts, day) {
        return Vec::new();
    }
    if !asker.may(Permission::RestrictedHolds) {
        return vec![neutral::BECAUSE.to_owned()];
    }
    let screening = match facts.status.sanctions {
        Some(SanctionsState::Clear) => None,
        Some(SanctionsState::Review) => Some("screening is under review".to_owned()),
        None => Some("no screening result is on record".to_owned()),
    };
    let held = holds(facts, day).map(|hold| {
        let reason = hold
            .reason
            .as_deref()
            .map(|reason| format!(": {reason}"))
            .unwrap_or_default();
        format!(
            "hold {} ({}){reason}",
            hold.id,
            hold.code.word().replace('_', " ")
        )
    });
    screening.into_iter().chain(held).collect()
}
