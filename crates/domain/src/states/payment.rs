//! A receipt. Beyond the table: what it calls `received` is `settled` here, and a payer who was accepted
//! lets the payment be posted. Whatever is not over can fail.

use chrono::NaiveDate;

use super::{Contradiction, IllegalTransition};
use crate::model::{Payment, PaymentState as S};

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentStanding {
    /// Started.
    Initiated,
    /// The issuer said yes; no money yet.
    Authorised,
    /// Captured; not settled.
    Captured,
    /// At the bank or PSP.
    Settled {
        /// Cleared on.
        cleared_on: Option<NaiveDate>,
    },
    /// In the ledger, on account.
    Posted {
        /// Cleared on.
        cleared_on: Option<NaiveDate>,
    },
    /// Applied to items.
    Applied {
        /// Cleared on.
        cleared_on: Option<NaiveDate>,
    },
    /// The authorisation ran out.
    Expired,
    /// Taken back before capture.
    Voided,
    /// Refused.
    Failed,
    /// Contested by the card holder.
    Disputed,
    /// The dispute was won.
    Reinstated {
        /// Cleared on.
        cleared_on: Option<NaiveDate>,
    },
    /// The dispute was lost.
    Lost,
    /// Returned by the bank after posting.
    Bounced,
    /// From a third party, under review: held, not paid.
    HeldThirdParty,
    /// The payer was accepted.
    Accepted {
        /// Cleared on.
        cleared_on: Option<NaiveDate>,
    },
    /// Sent back to its source.
    Returned,
}

impl PaymentStanding {
    /// Every legal step, from and to.
    pub const LEGAL: &'static [(S, S)] = &[
        (S::Initiated, S::Authorised),
        (S::Authorised, S::Captured),
        (S::Captured, S::Settled),
        (S::Settled, S::Posted),
        (S::Posted, S::Applied),
        (S::Authorised, S::Expired),
        (S::Authorised, S::Voided),
        (S::Settled, S::Disputed),
        (S::Posted, S::Disputed),
        (S::Applied, S::Disputed),
        (S::Disputed, S::Reinstated),
        (S::Disputed, S::Lost),
        (S::Posted, S::Bounced),
        (S::Settled, S::HeldThirdParty),
        (S::HeldThirdParty, S::Accepted),
        (S::HeldThirdParty, S::Returned),
        (S::Accepted, S::Posted),
        (S::Initiated, S::Failed),
        (S::Authorised, S::Failed),
        (S::Captured, S::Failed),
        (S::Settled, S::Failed),
        (S::Posted, S::Failed),
        (S::Applied, S::Failed),
        (S::Disputed, S::Failed),
        (S::HeldThirdParty, S::Failed),
        (S::Accepted, S::Failed),
    ];

    /// What a feed said of a payment, or why that cannot be.
    pub fn of(payment: &Payment) -> Result<Self, Contradiction> {
        let name = || format!("payment {}/{}", payment.source, payment.id);
        if !payment.amount.is_positive() {
            return Err(Contradiction::because(format!(
                "{} is of {}",
                name(),
                payment.amount
            )));
        }
        let cleared_on = payment.cleared_on;
        let never_came = matches!(
            payment.state,
            S::Initiated | S::Authorised | S::Expired | S::Voided
        );
        if cleared_on.is_some() && never_came {
            return Err(Contradiction::because(format!(
                "{} is {} and yet cleared",
                name(),
                payment.state
            )));
        }
        Ok(match payment.state {
            S::Initiated => Self::Initiated,
            S::Authorised => Self::Authorised,
            S::Captured => Self::Captured,
            S::Settled => Self::Settled { cleared_on },
            S::Posted => Self::Posted { cleared_on },
            S::Applied => Self::Applied { cleared_on },
            S::Expired => Self::Expired,
            S::Voided => Self::Voided,
            S::Failed => Self::Failed,
            S::Disputed => Self::Disputed,
            S::Reinstated => Self::Reinstated { cleared_on },
            S::Lost => Self::Lost,
            S::Bounced => Self::Bounced,
            S::HeldThirdParty => Self::HeldThirdParty,
            S::Accepted => Self::Accepted { cleared_on },
            S::Returned => Self::Returned,
        })
    }

    /// The word for it.
    pub const fn state(&self) -> S {
        match self {
            Self::Initiated => S::Initiated,
            Self::Authorised => S::Authorised,
            Self::Captured => S::Captured,
            Self::Settled { .. } => S::Settled,
            Self::Posted { .. } => S::Posted,
            Self::Applied { .. } => S::Applied,
            Self::Expired => S::Expired,
            Self::Voided => S::Voided,
            Self::Failed => S::Failed,
            Self::Disputed => S::Disputed,
            Self::Reinstated { .. } => S::Reinstated,
            Self::Lost => S::Lost,
            Self::Bounced => S::Bounced,
            Self::HeldThirdParty => S::HeldThirdParty,
            Self::Accepted { .. } => S::Accepted,
            Self::Returned => S::Returned,
        }
    }

    /// Is the money here, and nobody contests it? It may still have to clear.
    pub const fn is_with_us(&self) -> bool {
        matches!(
            self,
            Self::Settled { .. }
                | Self::Posted { .. }
                | Self::Applied { .. }
                | Self::Reinstated { .. }
                | Self::Accepted { .. }
        )
    }

    /// Did it never come, or go back?
    pub const fn is_gone(&self) -> bool {
        matches!(
            self,
            Self::Failed | Self::Voided | Self::Expired | Self::Bounced | Self::Returned
        )
    }

    /// Does the card holder's bank contest it, or has it won?
    pub const fn is_contested(&self) -> bool {
        matches!(self, Self::Disputed | Self::Lost)
    }

    /// When it cleared, if it is with us.
    pub const fn cleared_on(&self) -> Option<NaiveDate> {
        match self {
            Self::Settled { cleared_on }
            | Self::Posted { cleared_on }
            | Self::Applied { cleared_on }
            | Self::Reinstated { cleared_on }
            | Self::Accepted { cleared_on } => *cleared_on,
            _ => None,
        }
    }

    fn step(self, next: Self) -> Result<Self, IllegalTransition> {
        super::step("payment", Self::LEGAL, (&self, next), Self::state, S::word)
    }

    /// The issuer said yes.
    pub fn authorise(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Authorised)
    }

    /// It was captured.
    pub fn capture(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Captured)
    }

    /// It arrived at the bank or PSP.
    pub fn settle(self, cleared_on: Option<NaiveDate>) -> Result<Self, IllegalTransition> {
        self.step(Self::Settled { cleared_on })
    }

    /// It was posted to the ledger.
    pub fn post(self) -> Result<Self, IllegalTransition> {
        let cleared_on = self.cleared_on();
        self.step(Self::Posted { cleared_on })
    }

    /// It was applied to items.
    pub fn apply(self) -> Result<Self, IllegalTransition> {
        let cleared_on = self.cleared_on();
        self.step(Self::Applied { cleared_on })
    }

    /// The authorisation ran out.
    pub fn expire(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Expired)
    }

    /// It was taken back before capture.
    pub fn void(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Voided)
    }

    /// It was refused.
    pub fn fail(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Failed)
    }

    /// The card holder contests it.
    pub fn dispute(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Disputed)
    }

    /// The dispute was won.
    pub fn reinstate(self, cleared_on: Option<NaiveDate>) -> Result<Self, IllegalTransition> {
        self.step(Self::Reinstated { cleared_on })
    }

    /// The dispute was lost.
    pub fn lose(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Lost)
    }

    /// The bank returned it after posting.
    pub fn bounce(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Bounced)
    }

    /// It came from a third party.
    pub fn hold_for_payer(self) -> Result<Self, IllegalTransition> {
        self.step(Self::HeldThirdParty)
    }

    /// The payer was accepted.
    pub fn accept_payer(self, cleared_on: Option<NaiveDate>) -> Result<Self, IllegalTransition> {
        self.step(Self::Accepted { cleared_on })
    }

    /// It was sent back to its source.
    pub fn send_back(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Returned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{EntityCode, PaymentId, SourceId};
    use crate::model::{Method, PayerMatch};

    fn payment(state: S) -> Payment {
        Payment {
            source: SourceId::new("bank"),
            id: PaymentId::new("P1"),
            client: None,
            entity: EntityCode::new("LON1"),
            invoice: None,
            method: Method::Wire,
            amount: "GBP 10".parse().unwrap(),
            state,
            seen_on: "2026-09-01".parse().unwrap(),
            value_on: None,
            cleared_on: None,
            posted_on: None,
            payer_name: None,
            payer_match: PayerMatch::Exact,
            reference: None,
        }
    }

    #[test]
    fn every_pair_of_states_is_a_step_exactly_if_the_table_has_it() {
        for from in S::ALL {
            for to in S::ALL {
                let it = PaymentStanding::of(&payment(*from)).unwrap();
                assert_eq!(it.state(), *from);
                let next = match to {
                    S::Initiated => continue,
                    S::Authorised => it.authorise(),
                    S::Captured => it.capture(),
                    S::Settled => it.settle(None),
                    S::Posted => it.post(),
                    S::Applied => it.apply(),
                    S::Expired => it.expire(),
                    S::Voided => it.void(),
                    S::Failed => it.fail(),
                    S::Disputed => it.dispute(),
                    S::Reinstated => it.reinstate(None),
                    S::Lost => it.lose(),
                    S::Bounced => it.bounce(),
                    S::HeldThirdParty => it.hold_for_payer(),
                    S::Accepted => it.accept_payer(None),
                    S::Returned => it.send_back(),
                };
                let legal = PaymentStanding::LEGAL.contains(&(*from, *to));
                assert_eq!(
                    next.as_ref().map(PaymentStanding::state).ok(),
                    legal.then_some(*to),
                    "{from} -> {to}"
                );
            }
        }
    }

    #[test]
    fn an_authorisation_cannot_have_cleared_and_a_payment_is_of_something() {
        let mut it = payment(S::Authorised);
        it.cleared_on = Some(it.seen_on);
        assert_eq!(
            PaymentStanding::of(&it).unwrap_err().to_string(),
            "payment bank/P1 is authorised and yet cleared"
        );
        it.state = S::Settled;
        assert_eq!(
            PaymentStanding::of(&it).unwrap().post().unwrap().cleared_on(),
            it.cleared_on
        );
        it.amount = "GBP 0".parse().unwrap();
        assert_eq!(
            PaymentStanding::of(&it).unwrap_err().to_string(),
            "payment bank/P1 is of GBP 0.00"
        );
    }

    #[test]
    fn money_is_here_gone_or_contested_but_never_two_of_these() {
        for state in S::ALL {
            let it = PaymentStanding::of(&payment(*state)).unwrap();
            let signs = [it.is_with_us(), it.is_gone(), it.is_contested()];
            assert!(signs.iter().filter(|sign| **sign).count() <= 1, "{state}");
        }
    }
}
