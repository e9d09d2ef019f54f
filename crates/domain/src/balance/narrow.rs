//! B21 and B22: questions about one invoice or lot, and questions that are not the buyer's own.

use super::{Narrow, Ruling, Scene};
use crate::facts::AccountFacts;
use crate::ids::{EntityCode, InvoiceKey, InvoiceNo, LotKey, PaymentId, SourceId};
use crate::message::Tone;
use crate::model::{Invoice, InvoiceState};
use crate::money::{Money, MoneyError};

/// The facts of one invoice or lot.
pub(super) struct Narrowed {
    pub(super) facts: AccountFacts,
    /// For a lot: how much of its invoice may stand open for it, where that is known.
    pub(super) share: Option<Money>,
    said: String,
    /// Does the ledger know enough of it to say that nothing is open?
    pub(super) is_known: bool,
}

impl Scene<'_> {
    pub(super) fn narrowed(&self) -> Option<Narrowed> {
        match self.question.narrow.as_ref()? {
            Narrow::Invoice(number) => {
                let is = |entity: &EntityCode, other: &InvoiceNo| other == number && self.asks(entity);
                let facts = only(self.facts, is);
                let is_settled = |invoice: &Invoice| {
                    matches!(
                        invoice.state,
                        InvoiceState::Paid | InvoiceState::Cancelled | InvoiceState::Superseded
                    )
                };
                let is_known = !facts.items.is_empty() || facts.invoices.iter().any(is_settled);
                let said = if is_known {
                    format!("Only invoice {number} is counted; money on account is not.")
                } else {
                    format!("The ledger holds nothing of invoice {number}, so no figure can be given.")
                };
                Some(Narrowed {
                    facts,
                    share: None,
                    said,
                    is_known,
                })
            }
            Narrow::Lot(lot) => Some(self.only_lot(lot)),
        }
    }

    fn asks(&self, entity: &EntityCode) -> bool {
        self.question.entity.as_ref().is_none_or(|asked| asked == entity)
    }

    fn only_lot(&self, lot: &LotKey) -> Narrowed {
        let keys: Vec<&InvoiceKey> = self
            .facts
            .lines
            .iter()
            .filter(|line| line.lot.as_ref() == Some(lot) && self.asks(&line.invoice.entity))
            .map(|line| &line.invoice)
            .collect();
        let mut facts = only(self.facts, |entity, number| {
            keys.iter()
                .any(|key| key.entity == *entity && key.number == *number)
        });
        facts.accruals = self
            .facts
            .accruals
            .iter()
            .filter(|a| a.lot.as_ref() == Some(lot))
            .cloned()
            .collect();
        facts.payments.clear();
        let (share, said) = match self.lot_share(lot) {
            Some(Ok(share))
                if facts
                    .items
                    .iter()
                    .all(|i| i.amount.currency() == share.currency()) =>
            {
                (
                    Some(share),
                    format!(
                        "Only lot {lot}'s share of its invoice is counted: its own lines less what was allocated to \
                     that lot. Money on the invoice as a whole or on account is not counted to a lot."
                    ),
                )
            }
            _ => {
                facts.items.clear();
                facts.accruals.clear();
                (
                    None,
                    format!("No invoice line of lot {lot} is known here, so no share can be given."),
                )
            }
        };
        Narrowed {
            facts,
            share,
            said,
            is_known: share.is_some(),
        }
    }

    /// The lot's own lines less what was allocated to it.
    fn lot_share(&self, lot: &LotKey) -> Option<Result<Money, MoneyError>> {
        let lines: Vec<_> = self
            .facts
            .lines
            .iter()
            .filter(|line| line.lot.as_ref() == Some(lot))
            .collect();
        let currency = lines.first()?.amount.currency();
        let day = self.account_day();
        let own_line = |allocation: &crate::model::Allocation| {
            lines
                .iter()
                .any(|l| l.invoice == allocation.invoice && Some(l.line) == allocation.line)
        };
        let allocated = self.facts.allocations.iter().filter(|allocation| {
            allocation.applied_on <= day && (allocation.lot.as_ref() == Some(lot) || own_line(allocation))
        });
        let billed = Money::sum(currency, lines.iter().map(|line| line.amount));
        let paid = Money::sum(currency, allocated.map(|allocation| allocation.amount));
        Some(billed.and_then(|billed| billed.checked_sub(paid?)))
    }

    /// B21.
    pub(super) fn narrowing(&self, narrowed: Option<&Narrowed>) -> Ruling {
        match narrowed {
            Some(narrowed) => Ruling::applies("B21", narrowed.said.clone(), None, Tone::Quiet),
            None => Ruling::not("B21", "The question is about the whole account."),
        }
    }

    /// B22: also where the lot in question was consigned by the client who is asked about.
    pub(super) fn consignor(&self) -> Option<Ruling> {
        let consigned = match &self.question.narrow {
            Some(Narrow::Lot(key)) => self.facts.lot(key).is_some_and(|lot| {
                lot.consignor.as_ref() == Some(&self.facts.client.no)
                    && lot.buyer.as_ref() != Some(&self.facts.client.no)
            }),
            _ => false,
        };
        (self.question.for_consignor || consigned).then(|| {
            let text = "Nothing about a buyer can be told to or for a consignor. The settlement of consigned property \
                        is told by the team that settles it.";
            let safe = "We cannot discuss a buyer's account; we will tell you about your own settlement.";
            Ruling::applies("B22", text.to_owned(), Some(safe.to_owned()), Tone::Warn)
                .next("Ask the settlements team for the consignor's own settlement status.")
        })
    }
}

/// The facts that belong to certain invoices; nothing that stands on account.
fn only(facts: &AccountFacts, is: impl Fn(&EntityCode, &InvoiceNo) -> bool) -> AccountFacts {
    let mut out = facts.clone();
    out.items.retain(|item| {
        item.invoice
            .as_ref()
            .is_some_and(|number| is(&item.entity, number))
    });
    let pays = |source: &SourceId, payment: &PaymentId| {
        facts.allocations.iter().any(|allocation| {
            allocation.source == *source
                && allocation.payment == *payment
                && is(&allocation.invoice.entity, &allocation.invoice.number)
        })
    };
    let of_payment = |payment: &crate::model::Payment| {
        payment
            .invoice
            .as_ref()
            .is_some_and(|number| is(&payment.entity, number))
            || pays(&payment.source, &payment.id)
    };
    out.payments.retain(of_payment);
    out.disputes.retain(|dispute| {
        let (source, id) = &dispute.payment;
        pays(source, id)
            || facts
                .payments
                .iter()
                .any(|p| p.source == *source && p.id == *id && of_payment(p))
    });
    out.invoices
        .retain(|invoice| is(&invoice.key.entity, &invoice.key.number));
    out.deposits.clear();
    out.accruals.clear();
    out
}
