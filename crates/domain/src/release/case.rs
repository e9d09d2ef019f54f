//! One lot with everything that concerns it, gathered once for all the rules.

use chrono::NaiveDate;

use super::cover::{Cover, Part, Short, same_number};
use super::funds::{Flaw, View};
use super::{ExceptionRelease, Finding, ReleaseCode};
use crate::clock::local_date;
use crate::facts::{AccountFacts, Moment};
use crate::freshness::{Freshness, SourceState};
use crate::ids::{EntityCode, InvoiceNo, LotKey};
use crate::location::{DueDiligence, House, Location, ReleasePolicy, ReleaseRule};
use crate::model::{
    Deposit, DepositState, Hold, HoldScope, Invoice, InvoiceKind, InvoiceState, Lot, MovementKind, Permit,
    Release, ReleaseRoute, ReleaseState, Sale, TermsAgreement, TermsState,
};
use crate::money::Money;

/// What the rules look at.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub(super) facts: &'a AccountFacts,
    pub(super) key: &'a LotKey,
    pub(super) lot: Option<&'a Lot>,
    pub(super) sale: Option<&'a Sale>,
    pub(super) release: Option<&'a Release>,
    pub(super) location: Location,
    pub(super) rule: ReleaseRule,
    pub(super) day: NaiveDate,
    /// Invoices that charge the lot, and ancillary ones of its sale that charge no lot.
    pub(super) covers: Vec<Cover<'a>>,
    /// Those of them that are being issued again.
    pub(super) reissuing: Vec<&'a Invoice>,
    pub(super) scope: Option<&'a LotKey>,
    /// Needed sources that are past their hard limit.
    pub(super) stale_sources: Vec<&'a SourceState>,
}

/// Why nothing of a shortage blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Excuse {
    /// Terms in force that include release.
    Terms(String),
    /// An approval for a release with a balance open.
    Approval(String),
}

impl<'a> Case<'a> {
    pub(super) fn of(facts: &'a AccountFacts, house: &House, key: &'a LotKey, moment: Moment) -> Self {
        let sale = facts.sales.iter().find(|sale| sale.no == key.sale);
        let charging: Vec<&Invoice> = facts
            .invoices
            .iter()
            .filter(|invoice| charges(facts, invoice, key))
            .collect();
        let location = location(house, sale, &charging);
        let day = local_date(moment.now, location.zone);
        let rule = location
            .release_rule(day)
            .cloned()
            .unwrap_or_else(|| strictest(&location.entity));
        let ancillary = facts
            .invoices
            .iter()
            .filter(|invoice| is_ancillary_of_sale(facts, invoice, key));
        let in_force = charging
            .iter()
            .copied()
            .chain(ancillary)
            .filter(|invoice| is_live(invoice));
        let mut covers: Vec<Cover<'a>> = in_force
            .map(|invoice| Cover::of(facts, invoice, &rule, day))
            .collect();
        let replaced = |invoice: &Invoice| !is_superseded(invoice) || is_replaced(invoice, &covers, key);
        let reissuing: Vec<&Invoice> = charging
            .into_iter()
            .filter(|invoice| !replaced(invoice))
            .collect();
        covers.extend(
            reissuing
                .iter()
                .map(|invoice| Cover::of(facts, invoice, &rule, day)),
        );
        Self {
            facts,
            key,
            lot: facts.lot(key),
            sale,
            release: facts.release(key),
            day,
            covers,
            reissuing,
            scope: (rule.policy == ReleasePolicy::PerLot).then_some(key),
            stale_sources: facts
                .sources
                .iter()
                .filter(|source| source.needed_for.release && source.freshness(moment.now) == Freshness::Hard)
                .collect(),
            location,
            rule,
        }
    }

    /// One rule, one finding.
    pub(super) fn find(&self, code: ReleaseCode) -> Finding {
        match code {
            ReleaseCode::Unpaid => self.unpaid(),
            ReleaseCode::NotCleared => self.not_cleared(),
            ReleaseCode::TaxOrShippingOpen => self.tax_or_shipping_open(),
            ReleaseCode::StorageOrInterest => self.storage_or_interest(),
            ReleaseCode::CrossDebt => self.cross_debt(),
            ReleaseCode::ThirdPartyPayer => self.third_party_payer(),
            ReleaseCode::Dispute => self.dispute(),
            ReleaseCode::CddIncomplete => self.cdd_incomplete(),
            ReleaseCode::SanctionsReview => self.sanctions_review(),
            ReleaseCode::InternalReview => self.internal_review(),
            ReleaseCode::TermsNotEffective => self.terms_not_effective(),
            ReleaseCode::TermsBreached => self.terms_breached(),
            ReleaseCode::CreditLimit => self.credit_limit(),
            ReleaseCode::ExportLicence => self.export_licence(),
            ReleaseCode::Cites => self.cites(),
            ReleaseCode::CancellationRight => self.cancellation_right(),
            ReleaseCode::CollectorNotAuthorised => self.collector_not_authorised(),
            ReleaseCode::LotNotAtLocation => self.lot_not_at_location(),
            ReleaseCode::ShippingQuoteOpen => self.shipping_quote_open(),
            ReleaseCode::InvoiceSuperseded => self.invoice_superseded(),
            ReleaseCode::SaleCancelled => self.sale_cancelled(),
            ReleaseCode::DepositRecon => self.deposit_recon(),
            ReleaseCode::DataStale => self.data_stale(),
            ReleaseCode::ManualHold => self.manual_hold(),
        }
    }

    /// No figure comes from data that is too old.
    pub(super) fn said(&self, amount: Money) -> String {
        if self.stale_sources.is_empty() {
            amount.to_string()
        } else {
            "an amount".to_owned()
        }
    }

    /// What is short on an invoice, whatever excuses it.
    pub(super) fn short(&self, cover: &Cover<'_>) -> Short {
        cover.short(self.scope, View::NOMINAL)
    }

    /// Is anything short on any of the invoices?
    pub(super) fn is_short(&self) -> bool {
        self.covers.iter().any(|cover| self.short(cover).total() > 0)
    }

    /// What excuses a shortage of that part of that invoice.
    pub(super) fn excuse(&self, cover: &Cover<'_>, part: Part) -> Option<Excuse> {
        if part != Part::Late
            && let Some(terms) = self.terms_that_let_go(cover)
        {
            return Some(Excuse::Terms(terms.id.to_string()));
        }
        let exception = self.exception().filter(|exception| exception.effective)?;
        Some(Excuse::Approval(exception.authority.to_string()))
    }

    /// Terms in force, not breached, complete, including release, whose instalments carry what is short.
    pub(super) fn terms_that_let_go(&self, cover: &Cover<'_>) -> Option<&'a TermsAgreement> {
        let short = self.short(cover);
        let to_carry = short.of(Part::Principal) + short.of(Part::Ancillary);
        self.terms_for(cover.invoice).find(|terms| {
            let currency = cover.invoice.total.currency();
            let one_currency = terms
                .instalments
                .iter()
                .all(|part| part.amount.currency() == currency);
            let to_come: i128 = terms
                .instalments
                .iter()
                .map(|part| i128::from(part.amount.minor()) - i128::from(part.paid.minor()))
                .sum();
            self.is_effective(terms)
                && terms.release_included
                && !self.is_breached(terms)
                && one_currency
                && to_come >= to_carry
        })
    }

    /// Agreements about that invoice, its sale, or the whole account.
    pub(super) fn terms_for<'b>(
        &'b self,
        invoice: &'b Invoice,
    ) -> impl Iterator<Item = &'a TermsAgreement> + 'b {
        self.facts.terms.iter().filter(move |terms| {
            let of_account = terms.invoice.is_none() && terms.sale.is_none();
            let of_invoice = terms
                .invoice
                .as_ref()
                .is_some_and(|number| same_number(number, &invoice.key.number));
            let of_sale = terms.invoice.is_none() && terms.sale.as_ref() == Some(&self.key.sale);
            terms.entity == invoice.key.entity && (of_account || of_invoice || of_sale)
        })
    }

    /// In force today, with all its papers?
    pub(super) fn is_effective(&self, terms: &TermsAgreement) -> bool {
        terms.state == TermsState::Effective
            && terms.documents_missing.is_none()
            && terms.valid_from.is_none_or(|from| from <= self.day)
            && terms.valid_to.is_none_or(|to| self.day <= to)
    }

    /// Said to be breached, or an instalment is late today?
    pub(super) fn is_breached(&self, terms: &TermsAgreement) -> bool {
        let late = terms
            .instalments
            .iter()
            .any(|part| part.due_on < self.day && part.paid.minor() < part.amount.minor());
        terms.state == TermsState::Breached || (terms.state == TermsState::Effective && late)
    }

    /// The approval for a release with a balance open, where the warehouse names one. It stands while it
    /// is dated, names its approver, is not revoked, and its residual carries all that is short.
    pub(super) fn exception(&self) -> Option<ExceptionRelease> {
        let release = self.release?;
        let authority = release.authority.clone()?;
        let dated = release.authority_until.is_some_and(|until| self.day <= until);
        let carried = release.residual.is_some_and(|residual| {
            let one_currency = self
                .covers
                .iter()
                .all(|cover| cover.invoice.total.currency() == residual.currency());
            let short: i128 = self.covers.iter().map(|cover| self.short(cover).total()).sum();
            one_currency && short <= i128::from(residual.minor())
        });
        Some(ExceptionRelease {
            authority,
            approved_by: release.authorised_by.clone(),
            until: release.authority_until,
            residual: release.residual,
            effective: dated
                && carried
                && release.authorised_by.is_some()
                && release.state != ReleaseState::Revoked,
        })
    }

    /// What is open, per entity and currency; nothing where the data is too old for a figure.
    pub(super) fn open(&self) -> Vec<Money> {
        if !self.stale_sources.is_empty() {
            return Vec::new();
        }
        let mut sums: Vec<(&EntityCode, Money)> = Vec::new();
        for cover in &self.covers {
            let short = cover.money(self.short(cover).total());
            if short.is_zero() {
                continue;
            }
            let entity = &cover.invoice.key.entity;
            let known = sums
                .iter_mut()
                .find(|(of, sum)| *of == entity && sum.currency() == short.currency());
            match known.and_then(|(_, sum)| sum.checked_add(short).ok().map(|added| (sum, added))) {
                Some((sum, added)) => *sum = added,
                None => sums.push((entity, short)),
            }
        }
        sums.into_iter().map(|(_, sum)| sum).collect()
    }

    /// Would what is seen or held cover what is short, once cleared and applied?
    pub(super) fn money_on_its_way_suffices(&self) -> bool {
        self.is_short()
            && self.covers.iter().all(|cover| {
                let seen = cover.unapplied() + cover.on_its_way();
                let held: i128 = self
                    .deposits_for(cover)
                    .map(|(_, held)| i128::from(held.minor()))
                    .sum();
                self.short(cover).total() <= seen + held
            })
    }

    /// Deposits taken for the sale of the lot, in the invoice's currency, with money left.
    pub(super) fn deposits_for<'b>(
        &'b self,
        cover: &'b Cover<'_>,
    ) -> impl Iterator<Item = (&'a Deposit, Money)> + 'b {
        self.facts
            .deposits
            .iter()
            .filter(|deposit| deposit.entity == cover.invoice.key.entity)
            .filter(|deposit| deposit.amount.currency() == cover.invoice.total.currency())
            .filter(|deposit| deposit.covers.contains(&self.key.sale) || deposit.covers.is_empty())
            .filter_map(|deposit| held(deposit).map(|held| (deposit, held)))
    }

    /// Holds in force that concern the lot.
    pub(super) fn holds(&self) -> impl Iterator<Item = &'a Hold> + '_ {
        self.facts
            .holds
            .iter()
            .filter(|hold| hold.is_active_on(self.day) && self.concerns(hold))
    }

    fn concerns(&self, hold: &Hold) -> bool {
        let number = InvoiceNo::new(hold.reference.as_str());
        match hold.scope {
            HoldScope::Client => true,
            HoldScope::Lot => hold.reference == self.key.to_string(),
            HoldScope::Invoice => self
                .invoices()
                .any(|invoice| same_number(&invoice.key.number, &number)),
            HoldScope::Payment => self.payment_concerns(&hold.reference),
            HoldScope::Deposit => self.facts.deposits.iter().any(|deposit| {
                deposit.id.as_str() == hold.reference
                    && self.invoices().any(|invoice| went_to(deposit, invoice))
            }),
        }
    }

    /// The invoices behind the covers.
    pub(super) fn invoices(&self) -> impl Iterator<Item = &'a Invoice> + '_ {
        self.covers.iter().map(|cover| cover.invoice)
    }

    /// A payment that nobody told us about may be any payment.
    fn payment_concerns(&self, reference: &str) -> bool {
        let is_it = |source: &str, id: &str| {
            reference
                .strip_prefix(source)
                .and_then(|rest| rest.strip_prefix('/'))
                == Some(id)
        };
        let allocations: Vec<_> = self
            .facts
            .allocations
            .iter()
            .filter(|allocation| is_it(allocation.source.as_str(), allocation.payment.as_str()))
            .collect();
        if !allocations.is_empty() {
            return allocations
                .iter()
                .any(|allocation| self.invoices().any(|invoice| invoice.key == allocation.invoice));
        }
        let payment = self
            .facts
            .payments
            .iter()
            .find(|payment| is_it(payment.source.as_str(), payment.id.as_str()));
        payment
            .and_then(|payment| payment.invoice.as_ref())
            .is_none_or(|number| {
                self.invoices()
                    .any(|invoice| same_number(&invoice.key.number, number))
            })
    }

    /// Does the invoice stand today?
    pub(super) fn is_in_force(invoice: &Invoice) -> bool {
        is_live(invoice)
    }

    /// What a colleague should know although it blocks nothing.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        let export = self
            .release
            .is_some_and(|release| release.route == ReleaseRoute::Export);
        if !export && self.lot.is_some_and(|lot| is_missing(lot.export_licence)) {
            remarks.push("An export would need a licence; local collection does not.".to_owned());
        }
        if self
            .release
            .is_some_and(|release| release.state == ReleaseState::Blocked)
        {
            remarks.push("The warehouse system itself still shows the lot as blocked.".to_owned());
        }
        for cover in self.covers.iter().filter(|cover| cover.with(Flaw::Withdrawn) > 0) {
            remarks.push(format!(
                "Invoice {}: money was taken back in a dispute, whatever the ledger says.",
                cover.invoice.key.number
            ));
        }
        remarks
    }
}

/// Needed and not granted?
pub(super) const fn is_missing(permit: Permit) -> bool {
    !matches!(permit, Permit::NotNeeded | Permit::Granted)
}

/// What is left of a deposit that was taken and is not on its way back.
fn held(deposit: &Deposit) -> Option<Money> {
    let waits = matches!(
        deposit.state,
        DepositState::Pending | DepositState::Held | DepositState::PartApplied
    );
    if !waits {
        return None;
    }
    let currency = deposit.amount.currency();
    let moved = deposit.movements.iter().map(|movement| match movement.kind {
        MovementKind::Taken | MovementKind::Reversed | MovementKind::TransferredIn => movement.amount,
        MovementKind::Applied
        | MovementKind::Refunded
        | MovementKind::Forfeited
        | MovementKind::TransferredOut => movement.amount.negated(),
    });
    let taken = deposit
        .movements
        .iter()
        .any(|movement| movement.kind == MovementKind::Taken);
    let start = if taken {
        Money::zero(currency)
    } else {
        deposit.amount
    };
    Money::sum(currency, moved.chain([start]))
        .ok()
        .filter(|held| held.is_positive())
}

/// Was the deposit applied to that invoice?
fn went_to(deposit: &Deposit, invoice: &Invoice) -> bool {
    deposit.movements.iter().any(|movement| {
        movement.kind == MovementKind::Applied
            && movement
                .reference
                .as_deref()
                .is_some_and(|number| same_number(&InvoiceNo::new(number), &invoice.key.number))
    })
}

fn charges(facts: &AccountFacts, invoice: &Invoice, key: &LotKey) -> bool {
    facts
        .lines
        .iter()
        .any(|line| line.invoice == invoice.key && line.lot.as_ref() == Some(key))
}

/// Shipping, storage or interest billed for the sale without saying for which lot: for all of them.
fn is_ancillary_of_sale(facts: &AccountFacts, invoice: &Invoice, key: &LotKey) -> bool {
    matches!(
        invoice.kind,
        InvoiceKind::Shipping | InvoiceKind::Storage | InvoiceKind::Interest
    ) && invoice.sale.as_ref() == Some(&key.sale)
        && !facts
            .lines
            .iter()
            .any(|line| line.invoice == invoice.key && line.lot.is_some())
}

fn is_live(invoice: &Invoice) -> bool {
    matches!(
        invoice.state,
        InvoiceState::Issued | InvoiceState::PartPaid | InvoiceState::Paid | InvoiceState::Reopened
    ) && invoice.superseded_by.is_none()
}

fn is_superseded(invoice: &Invoice) -> bool {
    invoice.state == InvoiceState::Superseded
        || (invoice.superseded_by.is_some() && invoice.state != InvoiceState::Cancelled)
}

/// Is the invoice that replaces it here and in force?
fn is_replaced(invoice: &Invoice, in_force: &[Cover<'_>], key: &LotKey) -> bool {
    in_force.iter().any(|cover| match &invoice.superseded_by {
        Some(next) => same_number(&cover.invoice.key.number, next),
        None => cover.charges_hammer_of(key),
    })
}

fn location(house: &House, sale: Option<&Sale>, charging: &[&Invoice]) -> Location {
    let by_sale = sale.and_then(|sale| house.location(&sale.location));
    by_sale.cloned().unwrap_or_else(|| {
        let entity = sale
            .map(|sale| &sale.entity)
            .or(charging.first().map(|invoice| &invoice.key.entity));
        entity.map_or_else(
            || Location::unconfigured(EntityCode::new("")),
            |entity| house.of_entity(entity),
        )
    })
}

/// What holds where a location has no release rule.
fn strictest(entity: &EntityCode) -> ReleaseRule {
    Location::unconfigured(entity.clone())
        .release_rules
        .into_iter()
        .next()
        .unwrap_or(ReleaseRule {
            from: NaiveDate::MIN,
            policy: ReleasePolicy::WholeInvoice,
            withhold_for_group_debt: true,
            captured_card_is_cleared: false,
            cdd_from: DueDiligence::Always,
            hold_for_cancellation: true,
        })
}
