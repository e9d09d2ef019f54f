//! How much of an invoice is covered, line by line, and by what kind of money.
//!
//! Two witnesses are heard: the ledger (all items of the invoice cleared) and the allocations (what each
//! payment was applied to). Money that came back, is contested, is under payer review, has not cleared or
//! that nobody knows is told apart, so that each rule can ask "and without it?". Where the witnesses
//! disagree, the worse one counts.

use chrono::NaiveDate;

use crate::facts::AccountFacts;
use crate::ids::{InvoiceKey, InvoiceNo, LotKey};
use crate::location::ReleaseRule;
use crate::model::{
    Allocation, Invoice, InvoiceKind, InvoiceLine, InvoiceState, ItemKind, LedgerItem, LineKind, Method,
    PayerMatch, Payment, PaymentState,
};
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

/// What kind of money it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Cleared and ours.
    Cleared,
    /// Seen, not cleared.
    Pending,
    /// A dispute is open; the money has not moved.
    Contested,
    /// The payment behind it is not known.
    Unknown,
    /// Taken back in a dispute.
    Withdrawn,
    /// Under payer review.
    Held,
    /// Never came, or went back.
    Gone,
}

/// Which classes count.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    pending: bool,
    contested: bool,
    unknown: bool,
}

impl View {
    /// Everything that is on its way to being ours.
    pub(super) const NOMINAL: Self = Self {
        pending: true,
        contested: true,
        unknown: true,
    };
    /// What remains if pending money never clears.
    pub(super) const WITHOUT_PENDING: Self = Self {
        pending: false,
        ..Self::NOMINAL
    };
    /// What remains if every dispute is lost.
    pub(super) const WITHOUT_CONTESTED: Self = Self {
        contested: false,
        ..Self::NOMINAL
    };
    /// What remains if unknown payments do not exist.
    pub(super) const WITHOUT_UNKNOWN: Self = Self {
        unknown: false,
        ..Self::NOMINAL
    };

    const fn counts(self, class: Class) -> bool {
        match class {
            Class::Cleared => true,
            Class::Pending => self.pending,
            Class::Contested => self.contested,
            Class::Unknown => self.unknown,
            Class::Withdrawn | Class::Held | Class::Gone => false,
        }
    }
}

/// Money that was applied to the invoice, or may have been.
#[derive(Debug, Clone)]
struct Piece {
    amount: i128,
    class: Class,
    line: Option<i64>,
    lot: Option<LotKey>,
    applied: bool,
    named: bool,
}

impl Piece {
    fn touches(&self, scope: Option<&LotKey>, lines: &[InvoiceLine]) -> bool {
        let Some(lot) = scope else { return true };
        match (&self.line, &self.lot) {
            (Some(n), _) => lines
                .iter()
                .find(|line| line.line == *n)
                .is_none_or(|line| in_scope(line, Some(lot))),
            (None, Some(for_lot)) => for_lot == lot,
            (None, None) => true,
        }
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
        let void_until = reopened_on(facts, invoice, day);
        let mut pieces = Vec::new();
        for allocation in facts
            .allocations
            .iter()
            .filter(|allocation| allocation.invoice == invoice.key)
        {
            let void = void_until.is_some_and(|reset| allocation.applied_on <= reset);
            pieces.extend(applied(facts, allocation, invoice, rule, day, void));
        }
        for payment in &facts.payments {
            pieces.extend(loose(facts, payment, invoice, rule, day));
        }
        pieces.extend(disputes_of_unknown_payments(facts, invoice));
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
        let unapplied = self
            .pieces
            .iter()
            .filter(|piece| !piece.applied && piece.class == Class::Cleared);
        unapplied.map(|piece| piece.amount).sum()
    }

    /// Money that names the invoice, or the ledger, and has not cleared.
    pub(super) fn loose_pending(&self) -> i128 {
        let pending = self
            .pieces
            .iter()
            .filter(|piece| !piece.applied && piece.class == Class::Pending);
        pending.map(|piece| piece.amount).sum()
    }

    /// Does money of that class name the invoice, or was it applied to it?
    pub(super) fn is_named_by(&self, class: Class) -> bool {
        self.pieces
            .iter()
            .any(|piece| piece.class == class && piece.named && piece.amount > 0)
    }

    /// Has the ledger an open item of it?
    pub(super) const fn is_open_in_ledger(&self) -> bool {
        matches!(self.ledger, Ledger::Open { .. })
    }

    /// Does it hold money of that class?
    pub(super) fn has(&self, class: Class) -> bool {
        self.pieces
            .iter()
            .any(|piece| piece.class == class && piece.amount > 0)
    }

    /// How much money of that class.
    pub(super) fn amount(&self, class: Class) -> i128 {
        self.pieces
            .iter()
            .filter(|piece| piece.class == class)
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
            .filter(|piece| !view.counts(piece.class) && piece.touches(scope, &self.lines))
            .filter(|piece| piece.applied || !matches!(piece.class, Class::Held))
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
            .filter(|piece| piece.applied && view.counts(piece.class))
            .collect();
        let all: i128 = counted.iter().map(|piece| piece.amount).sum();
        if all >= self.charged(None) {
            return Short::default();
        }
        let on_line = |line: &InvoiceLine| {
            let paid: i128 = counted
                .iter()
                .filter(|piece| piece.line == Some(line.line))
                .map(|piece| piece.amount)
                .sum();
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
fn in_scope(line: &InvoiceLine, scope: Option<&LotKey>) -> bool {
    scope.is_none_or(|lot| line.lot.as_ref().is_none_or(|of| of == lot))
}

fn minor(money: Money) -> i128 {
    i128::from(money.minor())
}

/// Does the payment's own state make its money ours?
fn class_of(payment: &Payment, rule: &ReleaseRule, day: NaiveDate) -> Option<Class> {
    use PaymentState as P;
    let cleared = payment.cleared_on.is_some_and(|on| on <= day);
    let by_policy = rule.captured_card_is_cleared && payment.method == Method::Card;
    let class = match payment.state {
        P::Initiated => return None,
        P::Expired | P::Voided | P::Failed | P::Bounced | P::Returned => Class::Gone,
        P::Lost => Class::Withdrawn,
        P::HeldThirdParty => Class::Held,
        P::Disputed => Class::Contested,
        P::Captured if by_policy => Class::Cleared,
        P::Settled | P::Posted | P::Applied | P::Reinstated | P::Accepted if cleared || by_policy => {
            Class::Cleared
        }
        P::Authorised | P::Captured | P::Settled | P::Posted | P::Applied | P::Reinstated | P::Accepted => {
            Class::Pending
        }
    };
    let unreviewed = payment.payer_match == PayerMatch::Mismatch && payment.state != P::Accepted;
    Some(
        if unreviewed && matches!(class, Class::Cleared | Class::Pending) {
            Class::Held
        } else {
            class
        },
    )
}

/// How much of a payment's amount is contested, and whether it was taken back.
fn contested(facts: &AccountFacts, payment: &Payment) -> (i128, i128) {
    let mut open = 0;
    let mut withdrawn = 0;
    for dispute in facts
        .disputes
        .iter()
        .filter(|d| d.payment.0 == payment.source && d.payment.1 == payment.id)
    {
        let amount = if dispute.amount.currency() == payment.amount.currency() {
            dispute.amount
        } else {
            payment.amount
        };
        if dispute.reopens_receivable() {
            withdrawn += minor(amount);
        } else if !dispute.stage.is_harmless() {
            open += minor(amount);
        }
    }
    (open, withdrawn)
}

/// Splits an amount of a payment by what is contested of it.
fn split(facts: &AccountFacts, payment: &Payment, amount: i128, class: Class) -> Vec<(i128, Class)> {
    let (open, withdrawn) = contested(facts, payment);
    let taken = withdrawn.min(amount);
    let asked = open.min(amount - taken);
    vec![
        (taken, Class::Withdrawn),
        (asked, Class::Contested),
        (amount - taken - asked, class),
    ]
}

fn applied(
    facts: &AccountFacts,
    allocation: &Allocation,
    invoice: &Invoice,
    rule: &ReleaseRule,
    day: NaiveDate,
    void: bool,
) -> Vec<Piece> {
    let piece = |(amount, class): (i128, Class)| Piece {
        amount,
        class,
        line: allocation.line.filter(|line| *line != 0),
        lot: allocation.lot.clone(),
        applied: true,
        named: true,
    };
    if void || allocation.applied_on > day || allocation.amount.currency() != invoice.total.currency() {
        return Vec::new();
    }
    let amount = minor(allocation.amount);
    let payment = facts
        .payments
        .iter()
        .find(|p| p.source == allocation.source && p.id == allocation.payment);
    let Some(payment) = payment else {
        return vec![piece((amount, Class::Unknown))];
    };
    let class = class_of(payment, rule, day).unwrap_or(Class::Gone);
    split(facts, payment, amount, class)
        .into_iter()
        .map(piece)
        .collect()
}

/// A payment that names the invoice, or names nothing, and was applied nowhere: it covers nothing, but
/// where the ledger says "cleared" it may be what cleared it.
fn loose(
    facts: &AccountFacts,
    payment: &Payment,
    invoice: &Invoice,
    rule: &ReleaseRule,
    day: NaiveDate,
) -> Vec<Piece> {
    let allocated = facts
        .allocations
        .iter()
        .any(|a| a.source == payment.source && a.payment == payment.id);
    let of_client = payment
        .client
        .as_ref()
        .is_none_or(|client| *client == facts.client.no);
    let named = payment
        .invoice
        .as_ref()
        .is_some_and(|number| same_number(number, &invoice.key.number));
    let nameless = payment.invoice.is_none() && payment.client.is_some();
    if allocated || !of_client || payment.entity != invoice.key.entity || !(named || nameless) {
        return Vec::new();
    }
    let Some(class) = class_of(payment, rule, day) else {
        return Vec::new();
    };
    let in_the_ledger = payment.posted_on.is_some()
        || matches!(
            payment.state,
            PaymentState::Posted | PaymentState::Applied | PaymentState::Bounced
        );
    let amount = if payment.amount.currency() == invoice.total.currency() {
        minor(payment.amount)
    } else {
        minor(invoice.total)
    };
    split(facts, payment, amount, class)
        .into_iter()
        .filter(|(_, class)| match class {
            Class::Withdrawn | Class::Contested | Class::Held => true,
            Class::Pending => named || in_the_ledger,
            Class::Gone => payment.state == PaymentState::Bounced,
            Class::Cleared => named,
            Class::Unknown => false,
        })
        .map(|(amount, class)| Piece {
            amount,
            class,
            line: None,
            lot: None,
            applied: false,
            named,
        })
        .collect()
}

/// Disputes of payments that nobody told us about may be about any invoice of the entity.
fn disputes_of_unknown_payments(facts: &AccountFacts, invoice: &Invoice) -> Vec<Piece> {
    let known = |source: &crate::ids::SourceId, id: &crate::ids::PaymentId| {
        facts.payments.iter().any(|p| p.source == *source && p.id == *id)
            || facts
                .allocations
                .iter()
                .any(|a| a.source == *source && a.payment == *id && a.invoice != invoice.key)
    };
    facts
        .disputes
        .iter()
        .filter(|d| {
            d.entity == invoice.key.entity && !d.stage.is_harmless() && !known(&d.payment.0, &d.payment.1)
        })
        .map(|dispute| Piece {
            amount: if dispute.amount.currency() == invoice.total.currency() {
                minor(dispute.amount)
            } else {
                minor(invoice.total)
            },
            class: if dispute.reopens_receivable() {
                Class::Withdrawn
            } else {
                Class::Contested
            },
            line: None,
            lot: None,
            applied: false,
            named: false,
        })
        .collect()
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
        |item: &&&LedgerItem| item.is_open_on(day) || (item.gone_from_snapshot && item.cleared_on.is_none());
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
