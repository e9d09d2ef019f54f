//! Were payments applied within bounds? Invariant 2 of `domain.md` 3.3: what was allocated of a payment is
//! never more than the payment, and what was allocated to an invoice or to a line of it never more than
//! that.
//!
//! A fault means that a feed told something impossible; who relies on allocations must then not rely on
//! the payment or invoice that it names. What is not at hand (a payment or an invoice that was not loaded)
//! is not judged.

use std::collections::BTreeMap;

use crate::ids::{InvoiceKey, PaymentId, SourceId};
use crate::model::{Allocation, Invoice, InvoiceLine, Payment};
use crate::money::Money;

/// What is wrong with allocations.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllocationFault {
    /// More was applied than the payment is.
    #[error("{allocated} of payment {source_id}/{payment} was applied, which is {amount}")]
    Payment {
        /// The payment's source.
        source_id: SourceId,
        /// The payment.
        payment: PaymentId,
        /// What was applied of it.
        allocated: Money,
        /// What it is.
        amount: Money,
    },
    /// More was applied than the invoice, or its line, charges.
    #[error("{allocated} was applied to invoice {}{}, which is {amount}", invoice.number, line.map(|line| format!(" line {line}")).unwrap_or_default())]
    Invoice {
        /// The invoice.
        invoice: InvoiceKey,
        /// The line, where one was named.
        line: Option<i64>,
        /// What was applied.
        allocated: Money,
        /// What it charges.
        amount: Money,
    },
    /// Nothing, less than nothing, or another currency was applied.
    #[error("{amount} of payment {payment} cannot have been applied to invoice {}", invoice.number)]
    Impossible {
        /// The payment.
        payment: PaymentId,
        /// The invoice.
        invoice: InvoiceKey,
        /// The amount.
        amount: Money,
    },
}

/// Every fault in the allocations, in a steady order.
pub fn check(
    payments: &[Payment],
    allocations: &[Allocation],
    invoices: &[Invoice],
    lines: &[InvoiceLine],
) -> Vec<AllocationFault> {
    let mut faults: Vec<AllocationFault> = allocations
        .iter()
        .filter(|allocation| !allocation.amount.is_positive())
        .map(impossible)
        .collect();
    let good = || {
        allocations
            .iter()
            .filter(|allocation| allocation.amount.is_positive())
    };
    let of_payment = totals(good().map(|one| ((&one.source, &one.payment), one)));
    for payment in payments {
        let key = (&payment.source, &payment.id);
        for outcome in over(of_payment.get(&key).map_or(&[], Vec::as_slice), payment.amount) {
            faults.push(outcome.unwrap_or_else(|allocated| AllocationFault::Payment {
                source_id: payment.source.clone(),
                payment: payment.id.clone(),
                allocated,
                amount: payment.amount,
            }));
        }
    }
    let of_invoice = totals(good().map(|one| ((&one.invoice, None), one)));
    let of_line = totals(
        good()
            .filter(|one| one.line.is_some())
            .map(|one| ((&one.invoice, one.line), one)),
    );
    let charged = invoices.iter().map(|invoice| (&invoice.key, None, invoice.total));
    for (invoice, line, amount) in charged.chain(
        lines
            .iter()
            .map(|line| (&line.invoice, Some(line.line), line.amount)),
    ) {
        let of = if line.is_some() { &of_line } else { &of_invoice };
        for outcome in over(of.get(&(invoice, line)).map_or(&[], Vec::as_slice), amount) {
            faults.push(outcome.unwrap_or_else(|allocated| AllocationFault::Invoice {
                invoice: invoice.clone(),
                line,
                allocated,
                amount,
            }));
        }
    }
    faults
}

fn impossible(allocation: &Allocation) -> AllocationFault {
    AllocationFault::Impossible {
        payment: allocation.payment.clone(),
        invoice: allocation.invoice.clone(),
        amount: allocation.amount,
    }
}

fn totals<'a, K: Ord>(
    allocations: impl Iterator<Item = (K, &'a Allocation)>,
) -> BTreeMap<K, Vec<&'a Allocation>> {
    let mut all: BTreeMap<K, Vec<&Allocation>> = BTreeMap::new();
    for (key, allocation) in allocations {
        all.entry(key).or_default().push(allocation);
    }
    all
}

/// The fault of one in another currency, or the sum that is over the amount.
fn over(allocations: &[&Allocation], amount: Money) -> Vec<Result<AllocationFault, Money>> {
    let (same, other): (Vec<&Allocation>, Vec<&Allocation>) = allocations
        .iter()
        .partition(|one| one.amount.currency() == amount.currency());
    let mut found: Vec<_> = other.into_iter().map(|one| Ok(impossible(one))).collect();
    let total = same
        .iter()
        .map(|one| i128::from(one.amount.minor()))
        .sum::<i128>();
    if total > i128::from(amount.minor()) {
        let told = i64::try_from(total).unwrap_or(i64::MAX);
        found.push(Err(Money::from_minor(told, amount.currency())));
    }
    found
}
