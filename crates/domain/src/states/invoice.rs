//! An invoice. Overdue is a question about a day ([`InvoiceStanding::is_overdue`]), never a state. Beyond
//! the table: an invoice that is paid in one go need not be partly paid first, and a reopened one is paid
//! again like an issued one.

use chrono::NaiveDate;

use super::{Contradiction, IllegalTransition};
use crate::ids::InvoiceNo;
use crate::model::{Invoice, InvoiceState as S};

/// Where an invoice stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvoiceStanding {
    /// Not yet sent.
    Draft,
    /// Sent, nothing paid.
    Issued {
        /// Issue date.
        on: NaiveDate,
    },
    /// Partly paid.
    PartPaid,
    /// Paid.
    Paid,
    /// Issued again under another number, as soon as that is known.
    Superseded {
        /// The replacement.
        by: Option<InvoiceNo>,
    },
    /// Cancelled by a credit note.
    Cancelled,
    /// Was paid; the clearing was reset.
    Reopened,
}

impl InvoiceStanding {
    /// Every legal step, from and to.
    pub const LEGAL: &'static [(S, S)] = &[
        (S::Draft, S::Issued),
        (S::Issued, S::PartPaid),
        (S::Issued, S::Paid),
        (S::PartPaid, S::Paid),
        (S::Issued, S::Superseded),
        (S::Paid, S::Reopened),
        (S::Reopened, S::PartPaid),
        (S::Reopened, S::Paid),
        (S::Draft, S::Cancelled),
        (S::Issued, S::Cancelled),
        (S::PartPaid, S::Cancelled),
        (S::Paid, S::Cancelled),
        (S::Superseded, S::Cancelled),
        (S::Reopened, S::Cancelled),
    ];

    /// What a feed said of an invoice, or why that cannot be.
    pub fn of(invoice: &Invoice) -> Result<Self, Contradiction> {
        let by = &invoice.superseded_by;
        if by.as_ref() == Some(&invoice.key.number) {
            return Err(Contradiction::because(format!(
                "invoice {} replaces itself",
                invoice.key.number
            )));
        }
        if let Some(by) = by
            .as_ref()
            .filter(|_| !matches!(invoice.state, S::Superseded | S::Cancelled))
        {
            let (number, state) = (&invoice.key.number, invoice.state);
            return Err(Contradiction::because(format!(
                "invoice {number} is {state} and yet replaced by {by}"
            )));
        }
        Ok(match invoice.state {
            S::Draft => Self::Draft,
            S::Issued => Self::Issued {
                on: invoice.issued_on,
            },
            S::PartPaid => Self::PartPaid,
            S::Paid => Self::Paid,
            S::Superseded => Self::Superseded { by: by.clone() },
            S::Cancelled => Self::Cancelled,
            S::Reopened => Self::Reopened,
        })
    }

    /// The word for it.
    pub const fn state(&self) -> S {
        match self {
            Self::Draft => S::Draft,
            Self::Issued { .. } => S::Issued,
            Self::PartPaid => S::PartPaid,
            Self::Paid => S::Paid,
            Self::Superseded { .. } => S::Superseded,
            Self::Cancelled => S::Cancelled,
            Self::Reopened => S::Reopened,
        }
    }

    /// Does it still charge anybody? Replaced and cancelled ones do not.
    pub const fn is_in_force(&self) -> bool {
        !matches!(self, Self::Superseded { .. } | Self::Cancelled)
    }

    /// Is it late on that day? Derived, never stored; due on the day itself is not late.
    pub fn is_overdue(&self, due_on: NaiveDate, day: NaiveDate) -> bool {
        matches!(self, Self::Issued { .. } | Self::PartPaid | Self::Reopened) && due_on < day
    }

    fn step(self, next: Self) -> Result<Self, IllegalTransition> {
        super::step("invoice", Self::LEGAL, (&self, next), Self::state, S::word)
    }

    /// It was sent.
    pub fn issue(self, on: NaiveDate) -> Result<Self, IllegalTransition> {
        self.step(Self::Issued { on })
    }

    /// A part of it was paid.
    pub fn pay_part(self) -> Result<Self, IllegalTransition> {
        self.step(Self::PartPaid)
    }

    /// It was paid.
    pub fn pay(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Paid)
    }

    /// It is being issued again.
    pub fn supersede(self, by: Option<InvoiceNo>) -> Result<Self, IllegalTransition> {
        self.step(Self::Superseded { by })
    }

    /// A credit note cancelled it.
    pub fn cancel(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Cancelled)
    }

    /// The clearing was reset: a bounce, a lost dispute.
    pub fn reopen(self) -> Result<Self, IllegalTransition> {
        self.step(Self::Reopened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ClientNo, EntityCode, InvoiceKey};
    use crate::model::InvoiceKind;

    pub(super) fn invoice(state: S) -> Invoice {
        Invoice {
            key: InvoiceKey {
                entity: EntityCode::new("LON1"),
                number: InvoiceNo::new("1"),
                year: 2026,
            },
            client: ClientNo::parse("1").unwrap(),
            sale: None,
            kind: InvoiceKind::Sale,
            state,
            issued_on: "2026-09-01".parse().unwrap(),
            due_basis: None,
            due_on: None,
            superseded_by: None,
            total: "GBP 10".parse().unwrap(),
        }
    }

    #[test]
    fn every_pair_of_states_is_a_step_exactly_if_the_table_has_it() {
        let on: NaiveDate = "2026-09-01".parse().unwrap();
        for from in S::ALL {
            for to in S::ALL {
                let standing = InvoiceStanding::of(&invoice(*from)).unwrap();
                let next = match to {
                    S::Issued => standing.issue(on),
                    S::PartPaid => standing.pay_part(),
                    S::Paid => standing.pay(),
                    S::Superseded => standing.supersede(None),
                    S::Cancelled => standing.cancel(),
                    S::Reopened => standing.reopen(),
                    S::Draft => continue,
                };
                assert_eq!(
                    next.is_ok(),
                    InvoiceStanding::LEGAL.contains(&(*from, *to)),
                    "{from} -> {to}"
                );
            }
        }
    }

    #[test]
    fn overdue_is_asked_of_a_day_and_never_of_a_paid_or_replaced_invoice() {
        let due: NaiveDate = "2026-09-10".parse().unwrap();
        for state in S::ALL {
            let standing = InvoiceStanding::of(&invoice(*state)).unwrap();
            let open = matches!(state, S::Issued | S::PartPaid | S::Reopened);
            assert!(!standing.is_overdue(due, due));
            assert_eq!(
                standing.is_overdue(due, "2026-09-11".parse().unwrap()),
                open,
                "{state}"
            );
        }
    }

    #[test]
    fn a_paid_invoice_that_was_replaced_contradicts_itself() {
        let mut it = invoice(S::Paid);
        it.superseded_by = Some(InvoiceNo::new("2"));
        let error = InvoiceStanding::of(&it).unwrap_err();
        assert_eq!(error.to_string(), "invoice 1 is paid and yet replaced by 2");
        it.state = S::Superseded;
        assert!(!InvoiceStanding::of(&it).unwrap().is_in_force());
        it.superseded_by = Some(InvoiceNo::new("1"));
        assert_eq!(
            InvoiceStanding::of(&it).unwrap_err().to_string(),
            "invoice 1 replaces itself"
        );
    }
}
