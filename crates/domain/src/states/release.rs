//! The release of a lot. `released` is the end; with a balance open only under an authority. Beyond the
//! table: an authorisation that was revoked is looked at again from `blocked`.

use chrono::NaiveDate;

use super::{Contradiction, IllegalTransition};
use crate::ids::AuthorityId;
use crate::model::{Release, ReleaseState as S};

/// Where a lot's release stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseStanding {
    /// No invoice yet.
    NotInvoiced,
    /// Blocked.
    Blocked,
    /// Nothing blocks it.
    Releasable,
    /// Authorised in the warehouse system.
    Authorised {
        /// When.
        on: Option<NaiveDate>,
    },
    /// Collection is scheduled.
    Scheduled,
    /// Gone.
    Released {
        /// When.
        on: Option<NaiveDate>,
    },
    /// Gone with a balance open.
    ExceptionReleased {
        /// When.
        on: Option<NaiveDate>,
        /// Under which approval.
        authority: AuthorityId,
    },
    /// The authorisation was taken back.
    Revoked,
}

impl ReleaseStanding {
    /// Every legal step, from and to.
    pub const LEGAL: &'static [(S, S)] = &[
        (S::NotInvoiced, S::Blocked),
        (S::Blocked, S::Releasable),
        (S::Releasable, S::Blocked),
        (S::Releasable, S::Authorised),
        (S::Authorised, S::Scheduled),
        (S::Authorised, S::Revoked),
        (S::Scheduled, S::Released),
        (S::Revoked, S::Blocked),
        (S::Blocked, S::ExceptionReleased),
        (S::Authorised, S::ExceptionReleased),
        (S::Scheduled, S::ExceptionReleased),
    ];

    /// What the warehouse said of a lot, or why that cannot be.
    pub fn of(release: &Release) -> Result<Self, Contradiction> {
        let on = release.on;
        let owed = release.residual.filter(|left| left.is_positive());
        Ok(match (release.state, owed, &release.authority) {
            (S::ExceptionReleased, _, None) => {
                return Err(Contradiction::because(format!(
                    "lot {} went with a balance open, and no approval is on record",
                    release.lot
                )));
            }
            (S::Released, Some(left), _) => {
                return Err(Contradiction::because(format!(
                    "lot {} is released as paid, and yet {left} stays owed",
                    release.lot
                )));
            }
            (S::ExceptionReleased, _, Some(authority)) => Self::ExceptionReleased {
                on,
                authority: authority.clone(),
            },
            (S::NotInvoiced, ..) => Self::NotInvoiced,
            (S::Blocked, ..) => Self::Blocked,
            (S::Releasable, ..) => Self::Releasable,
            (S::Authorised, ..) => Self::Authorised { on },
            (S::Scheduled, ..) => Self::Scheduled,
            (S::Released, None, _) => Self::Released { on },
            (S::Revoked, ..) => Self::Revoked,
        })
    }

    /// The word for it.
    pub const fn state(&self) -> S {
        match self {
            Self::NotInvoiced => S::NotInvoiced,
            Self::Blocked => S::Blocked,
            Self::Releasable => S::Releasable,
            Self::Authorised { .. } => S::Authorised,
            Self::Scheduled => S::Scheduled,
            Self::Released { .. } => S::Released,
            Self::ExceptionReleased { .. } => S::ExceptionReleased,
            Self::Revoked => S::Revoked,
        }
    }

    /// When the lot went, if it went.
    pub const fn went_on(&self) -> Option<NaiveDate> {
        match self {
            Self::Released { on } | Self::ExceptionReleased { on, .. } => *on,
            _ => None,
        }
    }

    fn step(self, next: Self) -> Result<Self, IllegalTransition> {
        super::step("release", Self::LEGAL, (&self, next), Self::state, S::word)
    }

    /// Something blocks it.
    pub fn block(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Blocked)
    }

    /// Nothing blocks it any more.
    pub fn unblock(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Releasable)
    }

    /// It was authorised.
    pub fn authorise(self, on: Option<NaiveDate>) -> Result<Self, IllegalTransition> {
        self.step(Self::Authorised { on })
    }

    /// A collection was scheduled.
    pub fn schedule(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Scheduled)
    }

    /// It went.
    pub fn release(self, on: Option<NaiveDate>) -> Result<Self, IllegalTransition> {
        self.step(Self::Released { on })
    }

    /// It went with a balance open; there is no way to say so without the approval.
    pub fn release_by_exception(
        self,
        on: Option<NaiveDate>,
        authority: AuthorityId,
    ) -> Result<Self, IllegalTransition> {
        self.step(Self::ExceptionReleased { on, authority })
    }

    /// The authorisation was taken back: a dispute, a hold.
    pub fn revoke(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Revoked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{LotKey, LotNo, SaleNo};
    use crate::model::{Collector, Quote, ReleaseRoute};

    fn lot(state: S) -> Release {
        Release {
            lot: LotKey {
                sale: SaleNo::new("L1"),
                lot: LotNo::new("12"),
            },
            state,
            on: None,
            to: None,
            route: ReleaseRoute::Collection,
            collector: Collector::Buyer,
            quote: Quote::NotNeeded,
            authority: Some(AuthorityId::new("A1")),
            authorised_by: None,
            authority_until: None,
            residual: None,
        }
    }

    #[test]
    fn every_pair_of_states_is_a_step_exactly_if_the_table_has_it() {
        for from in S::ALL {
            for to in S::ALL {
                let it = ReleaseStanding::of(&lot(*from)).unwrap();
                let next = match to {
                    S::NotInvoiced => continue,
                    S::Blocked => it.block(),
                    S::Releasable => it.unblock(),
                    S::Authorised => it.authorise(None),
                    S::Scheduled => it.schedule(),
                    S::Released => it.release(None),
                    S::ExceptionReleased => it.release_by_exception(None, AuthorityId::new("A1")),
                    S::Revoked => it.revoke(),
                };
                let legal = ReleaseStanding::LEGAL.contains(&(*from, *to));
                assert_eq!(
                    next.map(|next| next.state()).ok(),
                    legal.then_some(*to),
                    "{from} -> {to}"
                );
            }
        }
    }

    #[test]
    fn a_lot_with_a_balance_open_is_gone_only_under_an_approval() {
        let mut it = lot(S::ExceptionReleased);
        it.authority = None;
        let error = ReleaseStanding::of(&it).unwrap_err().to_string();
        assert_eq!(
            error,
            "lot L1/12 went with a balance open, and no approval is on record"
        );
        it.state = S::Released;
        it.residual = Some("GBP 5".parse().unwrap());
        let error = ReleaseStanding::of(&it).unwrap_err().to_string();
        assert_eq!(
            error,
            "lot L1/12 is released as paid, and yet GBP 5.00 stays owed"
        );
    }
}
