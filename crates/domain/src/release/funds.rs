//! What is wrong with a payment's money, if anything.
//!
//! A flaw never hides another: money under payer review that has not cleared either has both flaws, so
//! that each rule can ask "and without it?" and clearing one blocker never brings up another.

use chrono::NaiveDate;

use super::cover::{in_scope, minor, same_number};
use crate::facts::AccountFacts;
use crate::ids::LotKey;
use crate::location::ReleaseRule;
use crate::model::{Allocation, Dispute, Invoice, InvoiceLine, Method, PayerMatch, Payment, PaymentState};

/// What may be wrong with money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Seen, not cleared.
    Uncleared = 1,
    /// A dispute is open; the money has not moved.
    Contested = 2,
    /// The payment behind it is not known.
    Unknown = 4,
    /// Taken back in a dispute.
    Withdrawn = 8,
    /// Under payer review.
    Held = 16,
    /// Never came, or went back; nothing else is worth saying of it.
    Gone = 32,
    /// Was applied before the clearing was reset.
    Unapplied = 64,
}

/// A set of flaws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Flaws(u8);

impl Flaws {
    const NONE: Self = Self(0);

    const fn and(self, flaw: Flaw) -> Self {
        Self(self.0 | flaw as u8)
    }

    const fn and_if(self, flaw: Flaw, so: bool) -> Self {
        if so { self.and(flaw) } else { self }
    }

    /// Has it that flaw?
    pub(super) const fn contains(self, flaw: Flaw) -> bool {
        self.0 & flaw as u8 != 0
    }

    /// Nothing is wrong with it.
    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// That flaw and no other.
    pub(super) const fn are_only(self, flaw: Flaw) -> bool {
        self.0 == flaw as u8
    }
}

/// Which flaws are overlooked when money is counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct View(Flaws);

impl View {
    /// Everything that is on its way to being ours.
    pub(super) const NOMINAL: Self = Self(
        Flaws::NONE
            .and(Flaw::Uncleared)
            .and(Flaw::Contested)
            .and(Flaw::Unknown),
    );
    /// What remains if pending money never clears.
    pub(super) const WITHOUT_PENDING: Self = Self(Flaws::NONE.and(Flaw::Contested).and(Flaw::Unknown));
    /// What remains if every dispute is lost.
    pub(super) const WITHOUT_CONTESTED: Self = Self(Flaws::NONE.and(Flaw::Uncleared).and(Flaw::Unknown));
    /// What remains if unknown payments do not exist.
    pub(super) const WITHOUT_UNKNOWN: Self = Self(Flaws::NONE.and(Flaw::Uncleared).and(Flaw::Contested));

    /// Does money with these flaws count?
    pub(super) const fn counts(self, flaws: Flaws) -> bool {
        flaws.0 & !self.0.0 == 0
    }
}

/// Money that was applied to the invoice, or may have been.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) amount: i128,
    pub(super) flaws: Flaws,
    pub(super) line: Option<i64>,
    pub(super) lot: Option<LotKey>,
    /// By an allocation.
    pub(super) applied: bool,
    /// By an allocation or a reference.
    pub(super) named: bool,
}

impl Piece {
    /// Could it be money of that lot?
    pub(super) fn touches(&self, scope: Option<&LotKey>, lines: &[InvoiceLine]) -> bool {
        let Some(lot) = scope else { return true };
        match (&self.line, &self.lot) {
            (Some(n), _) => {
                let line = lines.iter().find(|line| line.line == *n);
                line.is_none_or(|line| in_scope(line, Some(lot)))
            }
            (None, Some(for_lot)) => for_lot == lot,
            (None, None) => true,
        }
    }
}

/// What is wrong with the payment by its own state; `None` where nothing was ever seen of it.
fn flaws_of(payment: &Payment, rule: &ReleaseRule, day: NaiveDate) -> Option<Flaws> {
    use PaymentState as P;
    let by_policy = rule.captured_card_is_cleared && payment.method == Method::Card;
    let cleared = payment.cleared_on.is_some_and(|on| on <= day) || by_policy;
    let flaws = match payment.state {
        P::Initiated => return None,
        P::Expired | P::Voided | P::Failed | P::Bounced | P::Returned => {
            return Some(Flaws::NONE.and(Flaw::Gone));
        }
        P::Authorised => Flaws::NONE.and(Flaw::Uncleared),
        P::Captured => Flaws::NONE.and_if(Flaw::Uncleared, !by_policy),
        P::Settled | P::Posted | P::Applied | P::Reinstated | P::Accepted => {
            Flaws::NONE.and_if(Flaw::Uncleared, !cleared)
        }
        P::Lost => Flaws::NONE.and(Flaw::Withdrawn),
        P::HeldThirdParty => Flaws::NONE.and(Flaw::Held).and_if(Flaw::Uncleared, !cleared),
        P::Disputed => Flaws::NONE.and(Flaw::Contested).and_if(Flaw::Uncleared, !cleared),
    };
    let unreviewed = payment.payer_match == PayerMatch::Mismatch && payment.state != P::Accepted;
    Some(flaws.and_if(Flaw::Held, unreviewed))
}

/// Cuts an amount of a payment into what was taken back, what is contested, and the rest.
fn split(facts: &AccountFacts, payment: &Payment, amount: i128, flaws: Flaws) -> [(i128, Flaws); 3] {
    let mut open = 0;
    let mut withdrawn = 0;
    let of_payment =
        |dispute: &&Dispute| dispute.payment.0 == payment.source && dispute.payment.1 == payment.id;
    for dispute in facts.disputes.iter().filter(of_payment) {
        let same = dispute.amount.currency() == payment.amount.currency();
        let amount = minor(if same { dispute.amount } else { payment.amount });
        if dispute.reopens_receivable() {
            withdrawn += amount;
        } else if !dispute.stage.is_harmless() {
            open += amount;
        }
    }
    let taken = withdrawn.min(amount);
    let asked = open.min(amount - taken);
    [
        (taken, flaws.and(Flaw::Withdrawn)),
        (asked, flaws.and(Flaw::Contested)),
        (amount - taken - asked, flaws),
    ]
}

/// What an allocation brings to the invoice; nothing that counts, if the clearing was reset since.
pub(super) fn applied(
    facts: &AccountFacts,
    allocation: &Allocation,
    invoice: &Invoice,
    rule: &ReleaseRule,
    (day, reset_on): (NaiveDate, Option<NaiveDate>),
) -> Vec<Piece> {
    let unapplied = reset_on.is_some_and(|reset| allocation.applied_on <= reset);
    let piece = |(amount, flaws): (i128, Flaws)| Piece {
        amount,
        flaws: flaws.and_if(Flaw::Unapplied, unapplied),
        line: allocation.line.filter(|line| *line != 0),
        lot: allocation.lot.clone(),
        applied: true,
        named: true,
    };
    if allocation.applied_on > day || allocation.amount.currency() != invoice.total.currency() {
        return Vec::new();
    }
    let amount = minor(allocation.amount);
    let is_it = |payment: &&Payment| payment.source == allocation.source && payment.id == allocation.payment;
    match facts.payments.iter().find(is_it) {
        None => vec![piece((amount, Flaws::NONE.and(Flaw::Unknown)))],
        Some(payment) => {
            let flaws = flaws_of(payment, rule, day).unwrap_or(Flaws::NONE.and(Flaw::Gone));
            split(facts, payment, amount, flaws)
                .into_iter()
                .map(piece)
                .collect()
        }
    }
}

/// A payment that names the invoice, or names nothing, and was applied nowhere: it covers nothing, but
/// where the ledger says "cleared" it may be what cleared it.
pub(super) fn loose(
    facts: &AccountFacts,
    payment: &Payment,
    invoice: &Invoice,
    rule: &ReleaseRule,
    day: NaiveDate,
) -> Vec<Piece> {
    let is_its = |a: &Allocation| a.source == payment.source && a.payment == payment.id;
    let of_client = payment
        .client
        .as_ref()
        .is_none_or(|client| *client == facts.client.no);
    let named = payment
        .invoice
        .as_ref()
        .is_some_and(|number| same_number(number, &invoice.key.number));
    let nameless = payment.invoice.is_none() && payment.client.is_some();
    let concerns = of_client && payment.entity == invoice.key.entity && (named || nameless);
    if !concerns || facts.allocations.iter().any(is_its) {
        return Vec::new();
    }
    let Some(flaws) = flaws_of(payment, rule, day) else {
        return Vec::new();
    };
    let same = payment.amount.currency() == invoice.total.currency();
    let amount = minor(if same { payment.amount } else { invoice.total });
    split(facts, payment, amount, flaws)
        .into_iter()
        .filter(|(_, flaws)| may_have_paid(payment, *flaws, named))
        .map(|(amount, flaws)| Piece {
            amount,
            flaws,
            line: None,
            lot: None,
            applied: false,
            named,
        })
        .collect()
}

/// Could unapplied money with these flaws be what the ledger cleared an invoice with? A refused card is
/// not; an uncleared cheque is only if it is posted or names the invoice.
fn may_have_paid(payment: &Payment, flaws: Flaws, named: bool) -> bool {
    let posted = payment.posted_on.is_some()
        || matches!(
            payment.state,
            PaymentState::Posted | PaymentState::Applied | PaymentState::Bounced
        );
    if flaws.contains(Flaw::Gone) {
        flaws.contains(Flaw::Withdrawn) || payment.state == PaymentState::Bounced
    } else if flaws.is_empty() {
        named
    } else if flaws.are_only(Flaw::Uncleared) {
        named || posted
    } else {
        true
    }
}

/// Disputes of payments that nobody told us about may be about any invoice of the entity.
pub(super) fn contested_unknown(facts: &AccountFacts, invoice: &Invoice) -> Vec<Piece> {
    let is_known = |dispute: &&Dispute| {
        let (source, id) = &dispute.payment;
        let elsewhere = |a: &Allocation| a.source == *source && a.payment == *id && a.invoice != invoice.key;
        facts.payments.iter().any(|p| p.source == *source && p.id == *id)
            || facts.allocations.iter().any(elsewhere)
    };
    facts
        .disputes
        .iter()
        .filter(|dispute| dispute.entity == invoice.key.entity && !dispute.stage.is_harmless())
        .filter(|dispute| !is_known(dispute))
        .map(|dispute| {
            let same = dispute.amount.currency() == invoice.total.currency();
            let flaw = if dispute.reopens_receivable() {
                Flaw::Withdrawn
            } else {
                Flaw::Contested
            };
            Piece {
                amount: minor(if same { dispute.amount } else { invoice.total }),
                flaws: Flaws::NONE.and(flaw),
                line: None,
                lot: None,
                applied: false,
                named: false,
            }
        })
        .collect()
}
