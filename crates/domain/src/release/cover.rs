//! How much of an invoice is covered, line by line.
//!
//! Two witnesses are heard: the ledger (all items of the invoice cleared) and the allocations (what each
//! payment was applied to). Where the ledger is open although the allocations say paid, the ledger counts;
//! where the ledger says cleared, money that we know to be flawed is missing all the same.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::funds::{self, Flaw, Piece, View};
use crate::facts::AccountFacts;
use crate::ids::{InvoiceKey, InvoiceNo, LotKey};
use crate::location::ReleaseRule;
use crate::model::{Invoice, InvoiceKind, InvoiceLine, InvoiceState, ItemKind, LedgerItem, LineKind};
use crate::money::Money;

/// What a line belongs to: the purchase, what comes on top, or late charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Hammer, premium, overhead, and adjustments of them (R01).
    Principal,
    /// Tax, resale right, shipping, insurance, fees (R03).
    Ancillary,
    /// Storage and interest (R04).
    Late,
}

impl Part {
    const fn of(kind: LineKind) -> Self {
        match kind {
            LineKind::Hammer | LineKind::Premium | LineKind::Overhead | LineKind::Adjustment => {
                Self::Principal
            }
            LineKind::Vat
            | LineKind::SalesTax
            | LineKind::Arr
            | LineKind::Shipping
            | LineKind::Insurance
            | LineKind::Fee => Self::Ancillary,
            LineKind::Storage | LineKind::Interest => Self::Late,
        }
    }

    const fn index(self) -> usize {
        match self {
            Self::Principal => 0,
            Self::Ancillary => 1,
            Self::Late => 2,
        }
    }
}

/// What stays uncovered, in minor units of the invoice's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Short([i128; 3]);

impl Short {
    /// Of one part.
    pub(super) const fn of(self, part: Part) -> i128 {
        self.0[part.index()]
    }

    /// Of all.
    pub(super) const fn total(self) -> i128 {
        self.0[0] + self.0[1] + self.0[2]
    }
}

/// An invoice and the money for it.
#[derive(Debug)]
pub(super) struct Cover<'a> {
    /// The invoice.
    pub(super) invoice: &'a Invoice,
    lines: Vec<InvoiceLine>,
    pieces: Vec<Piece>,
    ledger: Ledger,
}

/// What the ledger says of an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ledger {
    /// Nothing left.
    Cleared,
    /// Something is open; by so much more than what credits on account could explain.
    Open { net: i128, on_account: i128 },
    /// It has no item of the invoice.
    Silent,
}

impl<'a> Cover<'a> {
    /// Of one invoice on one day.
    pub(super) fn of(
        facts: &'a AccountFacts,
        invoice: &'a Invoice,
        rule: &ReleaseRule,
        day: NaiveDate,
    ) -> Self {
        let mut lines: Vec<InvoiceLine> = facts
            .lines
            .iter()
            .filter(|line| line.invoice == invoice.key)
            .cloned()
            .collect();
        if lines.is_empty() {
            lines.push(whole(invoice));
        }
        let days = (day, reopened_on(facts, invoice, day));
        let mut pieces = Vec::new();
        for allocation in facts
            .allocations
            .iter()
            .filter(|allocation| allocation.invoice == invoice.key)
        {
            pieces.extend(funds::applied(facts, allocation, invoice, rule, days));
        }
        for payment in &facts.payments {
            pieces.extend(funds::loose(facts, payment, invoice, rule, day));
        }
        pieces.extend(funds::contested_unknown(facts, invoice));
        Self {
            invoice,
            lines,
            pieces,
            ledger: ledger(facts, invoice, day),
        }
    }

    /// Is the lot charged on it with its hammer price?
    pub(super) fn charges_hammer_of(&self, lot: &LotKey) -> bool {
        self.lines
            .iter()
            .any(|line| line.kind == LineKind::Hammer && line.lot.as_ref() == Some(lot))
    }

    /// Do the lines add up to the total, all in its currency?
    pub(super) fn adds_up(&self) -> bool {
        let currency = self.invoice.total.currency();
        Money::sum(currency, self.lines.iter().map(|line| line.amount)) == Ok(self.invoice.total)
    }

    /// An amount of the invoice's currency.
    pub(super) fn money(&self, minor: i128) -> Money {
        Money::from_minor(
            i64::try_from(minor).unwrap_or(i64::MAX),
            self.invoice.total.currency(),
        )
    }

    /// Money that names the invoice and cleared, but was not applied to it.
    pub(super) fn unapplied(&self) -> i128 {
        self.sum(|piece| !piece.applied && piece.flaws.is_empty())
    }

    /// Money that is not applied to the invoice, may be meant for it and has yet to clear.
    pub(super) fn on_its_way(&self) -> i128 {
        self.sum(|piece| !piece.applied && piece.flaws.are_only(Flaw::Uncleared))
    }

    /// Does money with that flaw name the invoice, or was it applied to it?
    pub(super) fn is_named_with(&self, flaw: Flaw) -> bool {
        self.sum(|piece| piece.named && piece.flaws.contains(flaw)) > 0
    }

    /// Has the ledger an open item of it?
    pub(super) const fn is_open_in_ledger(&self) -> bool {
        matches!(self.ledger, Ledger::Open { .. })
    }

    /// How much money has that flaw.
    pub(super) fn with(&self, flaw: Flaw) -> i128 {
        self.sum(|piece| piece.flaws.contains(flaw))
    }

    fn sum(&self, which: impl Fn(&Piece) -> bool) -> i128 {
        self.pieces
            .iter()
            .filter(|piece| which(piece))
            .map(|piece| piece.amount)
            .sum()
    }

    /// What stays uncovered of the lot (or of the whole invoice where it is `None`) under that view.
    pub(super) fn short(&self, scope: Option<&LotKey>, view: View) -> Short {
        let by_allocations = self.by_allocations(scope, view);
        match self.ledger {
            Ledger::Cleared => {
                let by_ledger = self.by_ledger(scope, view);
                if by_ledger.total() < by_allocations.total() {
                    by_ledger
                } else {
                    by_allocations
                }
            }
            Ledger::Silent => by_allocations,
            Ledger::Open { net, on_account } => {
                let told = self.by_allocations(None, View::NOMINAL).total();
                let unexplained = (net - told - on_account).max(0);
                let mut short = by_allocations;
                short.0[0] += unexplained.min((self.charged(scope) - short.total()).max(0));
                short
            }
        }
    }

    fn charged(&self, scope: Option<&LotKey>) -> i128 {
        self.lines
            .iter()
            .filter(|line| in_scope(line, scope))
            .map(|line| minor(line.amount))
            .sum()
    }

    /// The ledger says all is paid: only what we know to be missing is missing, the purchase first.
    fn by_ledger(&self, scope: Option<&LotKey>, view: View) -> Short {
        let mut missing: i128 = self
            .pieces
            .iter()
            .filter(|piece| !view.counts(piece.flaws) && piece.touches(scope, &self.lines))
            .map(|piece| piece.amount)
            .sum();
        let mut short = Short::default();
        for (at, charged) in self.parts(scope, |_| 0).0.into_iter().enumerate() {
            short.0[at] = missing.min(charged);
            missing -= short.0[at];
        }
        short
    }

    fn by_allocations(&self, scope: Option<&LotKey>, view: View) -> Short {
        let counted: Vec<&Piece> = self
            .pieces
            .iter()
            .filter(|piece| piece.applied && view.counts(piece.flaws))
            .collect();
        let all: i128 = counted.iter().map(|piece| piece.amount).sum();
        if all >= self.charged(None) {
            return Short::default();
        }
        let mut by_line: BTreeMap<i64, i128> = BTreeMap::new();
        for piece in &counted {
            if let Some(line) = piece.line {
                *by_line.entry(line).or_default() += piece.amount;
            }
        }
        let on_line = |line: &InvoiceLine| {
            let paid = by_line.get(&line.line).copied().unwrap_or_default();
            paid.min(minor(line.amount).max(0))
        };
        let mut free: i128 = counted
            .iter()
            .filter(|piece| piece.line.is_none())
            .filter(|piece| scope.is_none() || (piece.lot.is_some() && piece.lot.as_ref() == scope))
            .map(|piece| piece.amount)
            .sum();
        let mut short = self.parts(scope, on_line);
        for part in &mut short.0 {
            let paid = free.min(*part);
            *part -= paid;
            free -= paid;
        }
        short
    }

    /// What is charged per part less what `paid` says of each line; a reduction lowers the other parts.
    fn parts(&self, scope: Option<&LotKey>, paid: impl Fn(&InvoiceLine) -> i128) -> Short {
        let mut parts = [0_i128; 3];
        for line in self.lines.iter().filter(|line| in_scope(line, scope)) {
            parts[Part::of(line.kind).index()] += minor(line.amount) - paid(line);
        }
        let mut reduction: i128 = parts.iter().filter(|part| **part < 0).map(|part| -part).sum();
        for part in &mut parts {
            *part = (*part).max(0);
            let lowered = reduction.min(*part);
            *part -= lowered;
            reduction -= lowered;
        }
        Short(parts)
    }
}

/// An invoice of which no line is known, as one line for all of it.
fn whole(invoice: &Invoice) -> InvoiceLine {
    let kind = match invoice.kind {
        InvoiceKind::Sale | InvoiceKind::Credit => LineKind::Hammer,
        InvoiceKind::Shipping => LineKind::Shipping,
        InvoiceKind::Storage => LineKind::Storage,
        InvoiceKind::Interest => LineKind::Interest,
    };
    InvoiceLine {
        invoice: invoice.key.clone(),
        line: 0,
        lot: None,
        kind,
        amount: invoice.total,
    }
}

/// A line of the lot, or one that charges no lot and so stands for all of them.
pub(super) fn in_scope(line: &InvoiceLine, scope: Option<&LotKey>) -> bool {
    scope.is_none_or(|lot| line.lot.as_ref().is_none_or(|of| of == lot))
}

pub(super) fn minor(money: Money) -> i128 {
    i128::from(money.minor())
}

/// Is it the same document number, whatever the leading zeros?
pub(super) fn same_number(one: &InvoiceNo, other: &InvoiceNo) -> bool {
    one.as_str().trim_start_matches('0') == other.as_str().trim_start_matches('0')
}

/// Does the item belong to the invoice?
pub(super) fn belongs(item: &LedgerItem, key: &InvoiceKey) -> bool {
    if item.entity != key.entity || matches!(item.kind, ItemKind::Request | ItemKind::Deposit) {
        return false;
    }
    match &item.invoice {
        Some(number) => same_number(number, &key.number),
        None => item.year == key.year && same_number(&InvoiceNo::new(item.document.as_str()), &key.number),
    }
}

fn ledger(facts: &AccountFacts, invoice: &Invoice, day: NaiveDate) -> Ledger {
    let items: Vec<&LedgerItem> = facts
        .items
        .iter()
        .filter(|item| belongs(item, &invoice.key))
        .collect();
    if !items.iter().any(|item| item.amount.is_positive()) {
        return match invoice.state {
            InvoiceState::Paid => Ledger::Cleared,
            _ => Ledger::Silent,
        };
    }
    let currency = invoice.total.currency();
    let is_open =
        |item: &&&LedgerItem| item.is_open_on(day) || (item.gone.is_some() && item.cleared_on.is_none());
    let net: i128 = items.iter().filter(is_open).map(|item| minor(item.amount)).sum();
    let foreign = items.iter().any(|item| item.amount.currency() != currency);
    let cleared_again = items
        .iter()
        .any(|item| match (item.reopened_on, item.cleared_on) {
            (Some(reset), Some(cleared)) => cleared >= reset,
            _ => false,
        });
    let contradicted = invoice.state == InvoiceState::Reopened && !cleared_again;
    if net <= 0 && !foreign && !contradicted {
        return Ledger::Cleared;
    }
    let net = if contradicted {
        net.max(minor(invoice.total))
    } else {
        net
    };
    let on_account: i128 = facts
        .items
        .iter()
        .filter(|item| {
            item.entity == invoice.key.entity && item.invoice.is_none() && item.amount.is_negative()
        })
        .filter(|item| matches!(item.kind, ItemKind::Payment | ItemKind::Credit) && item.is_open_on(day))
        .filter(|item| item.amount.currency() == currency)
        .map(|item| -minor(item.amount))
        .sum();
    Ledger::Open { net, on_account }
}

/// The day on which the clearing of the invoice was reset, where it is open since: what was applied up to
/// then no longer is.
fn reopened_on(facts: &AccountFacts, invoice: &Invoice, day: NaiveDate) -> Option<NaiveDate> {
    let items = facts
        .items
        .iter()
        .filter(|item| belongs(item, &invoice.key) && item.is_open_on(day));
    items.filter_map(|item| item.reopened_on).max()
}
