//! A hold. It is never deleted: it ends cleared or expired and stays on record.

use chrono::NaiveDate;

use super::IllegalTransition;
use crate::model::{Hold, HoldState as S};

/// Where a hold stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldStanding {
    /// In force.
    Active {
        /// Until the end of that day.
        until: Option<NaiveDate>,
    },
    /// Lifted.
    Cleared,
    /// Ran out.
    Expired,
}

impl HoldStanding {
    /// Every legal step, from and to.
    pub const LEGAL: &'static [(S, S)] = &[(S::Active, S::Cleared), (S::Active, S::Expired)];

    /// How it stands on that day. One that is said to have expired while its last day is still to come
    /// contradicts itself and counts as in force.
    pub fn on(hold: &Hold, day: NaiveDate) -> Self {
        let until = hold.expires_on;
        match hold.state {
            S::Cleared => Self::Cleared,
            S::Active if until.is_some_and(|last| last < day) => Self::Expired,
            S::Active => Self::Active { until },
            S::Expired if until.is_some_and(|last| day <= last) => Self::Active { until },
            S::Expired => Self::Expired,
        }
    }

    /// The word for it.
    pub const fn state(&self) -> S {
        match self {
            Self::Active { .. } => S::Active,
            Self::Cleared => S::Cleared,
            Self::Expired => S::Expired,
        }
    }

    /// Is it in force?
    pub const fn is_active(&self) -> bool {
        matches!(self, Self::Active { .. })
    }

    fn step(self, next: Self) -> Result<Self, IllegalTransition> {
        super::step("hold", Self::LEGAL, (&self, next), Self::state, S::word)
    }

    /// It was lifted.
    pub fn clear(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Cleared)
    }

    /// It ran out.
    pub fn expire(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Expired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::HoldId;
    use crate::model::{HoldCode, HoldScope};

    fn hold(state: S, expires_on: Option<&str>) -> Hold {
        Hold {
            id: HoldId::new("H1"),
            scope: HoldScope::Client,
            client: None,
            reference: String::new(),
            code: HoldCode::Manual,
            state,
            raised_by: None,
            raised_at: None,
            owner: None,
            reason: None,
            expires_on: expires_on.map(|day| day.parse().unwrap()),
            restricted: false,
        }
    }

    #[test]
    fn every_pair_of_states_is_a_step_exactly_if_the_table_has_it() {
        let day = "2026-09-14".parse().unwrap();
        for from in S::ALL {
            let it = HoldStanding::on(&hold(*from, None), day);
            assert_eq!(it.state(), *from);
            assert_eq!(
                it.clear().is_ok(),
                HoldStanding::LEGAL.contains(&(*from, S::Cleared))
            );
            assert_eq!(
                it.expire().is_ok(),
                HoldStanding::LEGAL.contains(&(*from, S::Expired))
            );
        }
    }

    #[test]
    fn a_hold_ends_by_itself_after_its_last_day_and_not_before_whatever_its_word() {
        let on = |state, day: &str| HoldStanding::on(&hold(state, Some("2026-09-14")), day.parse().unwrap());
        assert!(on(S::Active, "2026-09-14").is_active());
        assert!(!on(S::Active, "2026-09-15").is_active());
        assert!(on(S::Expired, "2026-09-14").is_active());
        assert!(!on(S::Cleared, "2026-09-14").is_active());
    }
}
