//! Is an internal review open on a client, and what may the asker read of it?
//!
//! Restricted reviews (screening, SAR, legal) and ordinary ones (fraud, title, stolen art, rescission) are
//! one thing here: both are looked for in the same places and stop the same things, so that nobody can
//! tell by what is stopped which one it is.
//!
//! The questions differ in one point only, and it is said here once: what a screening result that is *not
//! on record* means. Money that leaves the house is never paid to somebody unscreened (`domain.md` D8 and
//! 2.10), so for a deposit it counts as open; for a release it does where the purchase needs due diligence
//! (R08, R09); a balance pays nobody, so only a recorded review is a flag (B19).

use chrono::NaiveDate;

use crate::access::{Asker, Permission};
use crate::facts::AccountFacts;
use crate::model::{ClientStatus, Hold, SanctionsState};
use crate::neutral;

/// What a screening result that is not on record means to whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unscreened {
    /// It stops: the question must not be answered with yes before the client was screened.
    Stops,
    /// It says nothing: only a recorded review stops.
    Passes,
}

/// Why screening stands in the way, if it does.
pub const fn screening(status: &ClientStatus, unscreened: Unscreened) -> Option<&'static str> {
    match (status.sanctions, unscreened) {
        (Some(SanctionsState::Review), _) => Some("screening is under review"),
        (None, Unscreened::Stops) => Some("no screening result is on record"),
        (Some(SanctionsState::Clear), _) | (None, Unscreened::Passes) => None,
    }
}

/// Is the hold one of those that read as an internal review?
pub const fn is_review(hold: &Hold) -> bool {
    hold.is_restricted() || hold.code.is_internal_review()
}

/// Is a review open on anything of the client's, for somebody who must have been screened?
pub fn is_open(facts: &AccountFacts, day: NaiveDate) -> bool {
    screening(&facts.status, Unscreened::Stops).is_some() || holds(facts, day).next().is_some()
}

/// The client's holds that read as an internal review and are in force on that day.
pub fn holds(facts: &AccountFacts, day: NaiveDate) -> impl Iterator<Item = &Hold> {
    facts
        .holds
        .iter()
        .filter(move |hold| is_review(hold) && hold.is_active_on(day))
}

/// Why the review is open, as far as the asker may read it; empty where none is.
pub fn causes(facts: &AccountFacts, asker: &Asker, day: NaiveDate) -> Vec<String> {
    if !is_open(facts, day) {
        return Vec::new();
    }
    if !asker.may(Permission::RestrictedHolds) {
        return vec![neutral::BECAUSE.to_owned()];
    }
    let screening = screening(&facts.status, Unscreened::Stops).map(ToOwned::to_owned);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{HoldCode, HoldScope, HoldState};

    #[test]
    fn a_screening_that_nobody_recorded_stops_a_payment_and_flags_no_balance() {
        let mut status = ClientStatus::unknown();
        assert_eq!(
            screening(&status, Unscreened::Stops),
            Some("no screening result is on record")
        );
        assert_eq!(screening(&status, Unscreened::Passes), None);
        for unscreened in [Unscreened::Stops, Unscreened::Passes] {
            status.sanctions = Some(SanctionsState::Review);
            assert_eq!(screening(&status, unscreened), Some("screening is under review"));
            status.sanctions = Some(SanctionsState::Clear);
            assert_eq!(screening(&status, unscreened), None);
        }
    }

    #[test]
    fn a_hold_that_calls_itself_expired_before_its_last_day_is_in_force_until_then() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 9, day).unwrap();
        let hold = Hold {
            id: "H-1".into(),
            scope: HoldScope::Client,
            client: None,
            reference: "100".to_owned(),
            code: HoldCode::Fraud,
            state: HoldState::Expired,
            raised_by: None,
            raised_at: None,
            owner: None,
            reason: None,
            expires_on: Some(day(10)),
            restricted: false,
        };
        assert!(hold.is_active_on(day(10)) && is_review(&hold));
        assert!(!hold.is_active_on(day(11)));
    }
}
