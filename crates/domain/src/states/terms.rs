//! An agreement on extended terms. It is in force only with its documents in; that is what `effective`
//! cannot contradict.

use chrono::NaiveDate;

use super::{Contradiction, IllegalTransition};
use crate::model::{TermsAgreement, TermsState as S};

/// Where an agreement stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TermsStanding {
    /// Asked for.
    Requested,
    /// Papers are missing.
    DocsMissing {
        /// Which, in words.
        what: Option<String>,
    },
    /// Being looked at.
    UnderReview,
    /// Approved, papers not all in.
    Approved {
        /// By whom.
        by: Option<String>,
    },
    /// In force.
    Effective {
        /// Until the end of that day.
        until: Option<NaiveDate>,
    },
    /// Paid off.
    Completed,
    /// An instalment was missed.
    Breached,
    /// Called off.
    Cancelled,
    /// Ran out.
    Expired,
}

impl TermsStanding {
    /// Every legal step, from and to.
    pub const LEGAL: &'static [(S, S)] = &[
        (S::Requested, S::DocsMissing),
        (S::DocsMissing, S::UnderReview),
        (S::UnderReview, S::Approved),
        (S::Approved, S::Effective),
        (S::Effective, S::Completed),
        (S::Effective, S::Breached),
        (S::Effective, S::Cancelled),
        (S::Effective, S::Expired),
    ];

    /// What a feed said of an agreement, or why that cannot be.
    pub fn of(terms: &TermsAgreement) -> Result<Self, Contradiction> {
        let refuse = |why: &str| Err(Contradiction::because(format!("agreement {}: {why}", terms.id)));
        if terms
            .instalments
            .iter()
            .any(|one| one.paid.currency() != one.amount.currency())
        {
            return refuse("an instalment was paid in another currency");
        }
        if terms
            .instalments
            .iter()
            .any(|one| one.paid > one.amount || one.paid.is_negative())
        {
            return refuse("an instalment was paid more than it is, or less than nothing");
        }
        if matches!((terms.valid_from, terms.valid_to), (Some(from), Some(to)) if to < from) {
            return refuse("it ends before it begins");
        }
        let missing = terms
            .documents_missing
            .as_ref()
            .filter(|what| !what.trim().is_empty());
        match terms.state {
            S::Effective if missing.is_some() => return refuse("it is in force while documents are missing"),
            S::Completed if terms.instalments.iter().any(|one| one.paid < one.amount) => {
                return refuse("it is completed while an instalment is open");
            }
            _ => {}
        }
        Ok(match terms.state {
            S::Requested => Self::Requested,
            S::DocsMissing => Self::DocsMissing {
                what: missing.cloned(),
            },
            S::UnderReview => Self::UnderReview,
            S::Approved => Self::Approved {
                by: terms.approver.clone(),
            },
            S::Effective => Self::Effective {
                until: terms.valid_to,
            },
            S::Completed => Self::Completed,
            S::Breached => Self::Breached,
            S::Cancelled => Self::Cancelled,
            S::Expired => Self::Expired,
        })
    }

    /// The word for it.
    pub const fn state(&self) -> S {
        match self {
            Self::Requested => S::Requested,
            Self::DocsMissing { .. } => S::DocsMissing,
            Self::UnderReview => S::UnderReview,
            Self::Approved { .. } => S::Approved,
            Self::Effective { .. } => S::Effective,
            Self::Completed => S::Completed,
            Self::Breached => S::Breached,
            Self::Cancelled => S::Cancelled,
            Self::Expired => S::Expired,
        }
    }

    fn step(self, next: Self) -> Result<Self, IllegalTransition> {
        super::step(
            "terms agreement",
            Self::LEGAL,
            (&self, next),
            Self::state,
            S::word,
        )
    }

    /// Documents are asked for.
    pub fn ask_documents(self, what: Option<String>) -> Result<Self, IllegalTransition> {
        self.step(Self::DocsMissing { what })
    }

    /// It is being looked at.
    pub fn review(self) -> Result<Self, IllegalTransition> {
        self.step(Self::UnderReview)
    }

    /// It was approved.
    pub fn approve(self, by: Option<String>) -> Result<Self, IllegalTransition> {
        self.step(Self::Approved { by })
    }

    /// It is in force.
    pub fn take_effect(self, until: Option<NaiveDate>) -> Result<Self, IllegalTransition> {
        self.step(Self::Effective { until })
    }

    /// It was paid off.
    pub fn complete(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Completed)
    }

    /// An instalment was missed.
    pub fn breach(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Breached)
    }

    /// It was called off.
    pub fn cancel(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Cancelled)
    }

    /// It ran out.
    pub fn expire(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Expired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ClientNo, EntityCode, TermsId};
    use crate::model::Instalment;

    fn terms(state: S) -> TermsAgreement {
        TermsAgreement {
            id: TermsId::new("T1"),
            client: ClientNo::parse("1").unwrap(),
            entity: EntityCode::new("LON1"),
            sale: None,
            invoice: None,
            state,
            release_included: false,
            accelerates: false,
            documents_missing: None,
            approver: None,
            valid_from: None,
            valid_to: None,
            instalments: Vec::new(),
        }
    }

    #[test]
    fn every_pair_of_states_is_a_step_exactly_if_the_table_has_it() {
        for from in S::ALL {
            for to in S::ALL {
                let it = TermsStanding::of(&terms(*from)).unwrap();
                let next = match to {
                    S::Requested => continue,
                    S::DocsMissing => it.ask_documents(None),
                    S::UnderReview => it.review(),
                    S::Approved => it.approve(None),
                    S::Effective => it.take_effect(None),
                    S::Completed => it.complete(),
                    S::Breached => it.breach(),
                    S::Cancelled => it.cancel(),
                    S::Expired => it.expire(),
                };
                let legal = TermsStanding::LEGAL.contains(&(*from, *to));
                assert_eq!(
                    next.map(|next| next.state()).ok(),
                    legal.then_some(*to),
                    "{from} -> {to}"
                );
            }
        }
    }

    #[test]
    fn terms_are_not_in_force_without_their_papers_nor_completed_with_an_instalment_open() {
        let mut it = terms(S::Effective);
        it.documents_missing = Some("guarantee".to_owned());
        let error = TermsStanding::of(&it).unwrap_err().to_string();
        assert_eq!(error, "agreement T1: it is in force while documents are missing");
        it.documents_missing = Some(" ".to_owned());
        assert!(TermsStanding::of(&it).is_ok());
        let due_on = "2026-09-01".parse().unwrap();
        let (amount, paid) = ("GBP 5".parse().unwrap(), "GBP 4".parse().unwrap());
        it.instalments = vec![Instalment {
            n: 1,
            due_on,
            amount,
            paid,
        }];
        it.state = S::Completed;
        assert!(TermsStanding::of(&it).is_err());
        it.state = S::Breached;
        assert!(TermsStanding::of(&it).is_ok());
        it.instalments[0].paid = "GBP 6".parse().unwrap();
        assert!(TermsStanding::of(&it).is_err());
    }
}
