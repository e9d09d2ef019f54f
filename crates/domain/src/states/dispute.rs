//! A card dispute. Beyond the table: a dispute can be lost at every step of it by a missed deadline, and a
//! second chargeback is answered with evidence like the first.

use chrono::{DateTime, Utc};

use super::{Contradiction, IllegalTransition};
use crate::model::{Dispute, DisputeStage as S};

/// Where a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeStanding {
    /// A question; no money moves.
    Inquiry,
    /// The question was closed.
    InquiryClosed,
    /// Opened.
    Opened,
    /// Our evidence is due.
    EvidenceDue {
        /// By then.
        at: Option<DateTime<Utc>>,
    },
    /// Evidence sent.
    Submitted,
    /// Won, but a second chargeback may follow.
    WonProvisional,
    /// Won for good.
    WonFinal,
    /// Lost.
    Lost,
    /// A second chargeback.
    Reopened,
}

impl DisputeStanding {
    /// Every legal step, from and to.
    pub const LEGAL: &'static [(S, S)] = &[
        (S::Inquiry, S::InquiryClosed),
        (S::Opened, S::EvidenceDue),
        (S::EvidenceDue, S::Submitted),
        (S::Submitted, S::WonProvisional),
        (S::WonProvisional, S::WonFinal),
        (S::WonProvisional, S::Reopened),
        (S::Reopened, S::EvidenceDue),
        (S::Opened, S::Lost),
        (S::EvidenceDue, S::Lost),
        (S::Submitted, S::Lost),
        (S::Reopened, S::Lost),
    ];

    /// What a feed said of a dispute, or why that cannot be.
    pub fn of(dispute: &Dispute) -> Result<Self, Contradiction> {
        if !dispute.amount.is_positive() {
            return Err(Contradiction::because(format!(
                "dispute {} is over {}",
                dispute.id, dispute.amount
            )));
        }
        if dispute.funds_withdrawn && matches!(dispute.stage, S::Inquiry | S::InquiryClosed) {
            return Err(Contradiction::because(format!(
                "dispute {} is an inquiry, in which no money moves, and yet funds were withdrawn",
                dispute.id
            )));
        }
        Ok(match dispute.stage {
            S::Inquiry => Self::Inquiry,
            S::InquiryClosed => Self::InquiryClosed,
            S::Opened => Self::Opened,
            S::EvidenceDue => Self::EvidenceDue { at: dispute.due_at },
            S::Submitted => Self::Submitted,
            S::WonProvisional => Self::WonProvisional,
            S::WonFinal => Self::WonFinal,
            S::Lost => Self::Lost,
            S::Reopened => Self::Reopened,
        })
    }

    /// The word for it.
    pub const fn state(&self) -> S {
        match self {
            Self::Inquiry => S::Inquiry,
            Self::InquiryClosed => S::InquiryClosed,
            Self::Opened => S::Opened,
            Self::EvidenceDue { .. } => S::EvidenceDue,
            Self::Submitted => S::Submitted,
            Self::WonProvisional => S::WonProvisional,
            Self::WonFinal => S::WonFinal,
            Self::Lost => S::Lost,
            Self::Reopened => S::Reopened,
        }
    }

    /// Is it over for good, in our favour or without money?
    pub const fn is_harmless(&self) -> bool {
        self.state().is_harmless()
    }

    fn step(self, next: Self) -> Result<Self, IllegalTransition> {
        super::step("dispute", Self::LEGAL, (&self, next), Self::state, S::word)
    }

    /// The question was closed.
    pub fn close_inquiry(self) -> Result<Self, IllegalTransition> {
        self.step(Self::InquiryClosed)
    }

    /// Evidence is asked for.
    pub fn ask_evidence(self, at: Option<DateTime<Utc>>) -> Result<Self, IllegalTransition> {
        self.step(Self::EvidenceDue { at })
    }

    /// Evidence was sent.
    pub fn submit(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Submitted)
    }

    /// Won, but not for good.
    pub fn win(self) -> Result<Self, IllegalTransition> {
        self.step(Self::WonProvisional)
    }

    /// Won for good.
    pub fn conclude(self) -> Result<Self, IllegalTransition> {
        self.step(Self::WonFinal)
    }

    /// Lost.
    pub fn lose(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Lost)
    }

    /// A second chargeback came.
    pub fn reopen(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Reopened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{DisputeId, EntityCode, PaymentId, SourceId};

    fn dispute(stage: S) -> Dispute {
        Dispute {
            id: DisputeId::new("DP1"),
            payment: (SourceId::new("stripe"), PaymentId::new("P1")),
            client: None,
            entity: EntityCode::new("LON1"),
            stage,
            reason: None,
            amount: "GBP 10".parse().unwrap(),
            due_at: None,
            funds_withdrawn: false,
        }
    }

    #[test]
    fn every_pair_of_states_is_a_step_exactly_if_the_table_has_it() {
        for from in S::ALL {
            for to in S::ALL {
                let it = DisputeStanding::of(&dispute(*from)).unwrap();
                let next = match to {
                    S::Inquiry | S::Opened => continue,
                    S::InquiryClosed => it.close_inquiry(),
                    S::EvidenceDue => it.ask_evidence(None),
                    S::Submitted => it.submit(),
                    S::WonProvisional => it.win(),
                    S::WonFinal => it.conclude(),
                    S::Lost => it.lose(),
                    S::Reopened => it.reopen(),
                };
                let legal = DisputeStanding::LEGAL.contains(&(*from, *to));
                assert_eq!(
                    next.map(|next| next.state()).ok(),
                    legal.then_some(*to),
                    "{from} -> {to}"
                );
            }
        }
    }

    #[test]
    fn in_an_inquiry_no_money_has_moved() {
        let mut it = dispute(S::Inquiry);
        it.funds_withdrawn = true;
        assert!(
            DisputeStanding::of(&it)
                .unwrap_err()
                .to_string()
                .contains("no money moves")
        );
        it.stage = S::Lost;
        assert!(!DisputeStanding::of(&it).unwrap().is_harmless());
    }
}
