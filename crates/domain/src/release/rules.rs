//! The twenty-four rules, each a look at one [`Case`].
//!
//! A sentence here may name amounts, documents and teams: it is for colleagues. What it must never name
//! is another client, because a member of the group may be one that the asker may not know of.

use super::Finding;
use super::case::{Case, Excuse, is_missing};
use super::cover::{Class, Cover, Part, View, belongs};
use crate::model::{
    CddState, Collector, Hold, HoldCode, ItemKind, LedgerItem, Quote, ReleaseRoute, ReleaseState,
    SanctionsState, TermsState, Whereabouts,
};
use crate::money::Money;

const LEDGER: &[&str] = &["ledger", "invoices", "allocations"];
const PAYMENTS: &[&str] = &["payments", "allocations"];
const CLIENT: &[&str] = &["client status"];
const HOLDS: &[&str] = &["holds"];
const TERMS: &[&str] = &["terms"];
const LOTS: &[&str] = &["lots"];
const RELEASES: &[&str] = &["releases"];

fn found(applied: bool, because: impl Into<String>, sources: &[&str]) -> Finding {
    let sources = sources.iter().map(|source| (*source).to_owned()).collect();
    Finding {
        applied,
        because: because.into(),
        sources,
        by: None,
    }
}

/// All that was found, as one sentence; `otherwise` where it was nothing.
fn all(sentences: &[String], otherwise: &str, sources: &[&str]) -> Finding {
    match sentences {
        [] => found(false, otherwise, sources),
        _ => found(true, sentences.join("; "), sources),
    }
}

impl Case<'_> {
    /// R01.
    pub(super) fn unpaid(&self) -> Finding {
        self.short_of(Part::Principal, "hammer and premium are covered", |_| true)
    }

    /// R03: only where the purchase on that invoice is covered; before that, R01 speaks for all of it.
    pub(super) fn tax_or_shipping_open(&self) -> Finding {
        self.short_of(
            Part::Ancillary,
            "no tax, shipping or fee is open beside a paid purchase",
            |cover| self.short(cover).of(Part::Principal) == 0,
        )
    }

    /// R04.
    pub(super) fn storage_or_interest(&self) -> Finding {
        self.short_of(Part::Late, "no billed storage or interest is open", |_| true)
    }

    fn short_of(&self, part: Part, otherwise: &str, concerns: impl Fn(&Cover<'_>) -> bool) -> Finding {
        let mut open = Vec::new();
        let mut excused = Vec::new();
        for cover in self.covers.iter().filter(|cover| concerns(cover)) {
            let short = self.short(cover);
            if short.of(part) == 0 {
                continue;
            }
            let whole = if part == Part::Principal {
                short.total() - short.of(Part::Late)
            } else {
                short.of(part)
            };
            let amount = self.said(cover.money(whole));
            let number = &cover.invoice.key.number;
            match self.excuse(cover, part) {
                Some(Excuse::Terms(id)) => {
                    excused.push(format!(
                        "{amount} of invoice {number} is open under terms {id}, which include release"
                    ));
                }
                Some(Excuse::Approval(id)) => {
                    excused.push(format!(
                        "{amount} of invoice {number} is open under approval {id}"
                    ));
                }
                None => open.push(format!(
                    "{amount} of invoice {number} is open{}",
                    self.unapplied_note(cover)
                )),
            }
        }
        let otherwise = if excused.is_empty() {
            otherwise.to_owned()
        } else {
            excused.join("; ")
        };
        all(&open, &otherwise, LEDGER)
    }

    fn unapplied_note(&self, cover: &Cover<'_>) -> String {
        match cover.unapplied() {
            0 => String::new(),
            seen => format!(
                " ({} is there but not applied to it)",
                self.said(cover.money(seen))
            ),
        }
    }

    /// R02.
    pub(super) fn not_cleared(&self) -> Finding {
        let mut pending = Vec::new();
        for cover in self.covers.iter().filter(|cover| cover.has(Class::Pending)) {
            let without = cover.short(self.scope, View::WITHOUT_PENDING);
            if without.total() > 0 && self.terms_that_let_go(cover).is_none() {
                let amount = self.said(cover.money(cover.amount(Class::Pending)));
                pending.push(format!(
                    "{amount} for invoice {} has not cleared",
                    cover.invoice.key.number
                ));
            }
        }
        all(
            &pending,
            "nothing depends on funds that have not cleared",
            PAYMENTS,
        )
    }

    /// R05.
    pub(super) fn cross_debt(&self) -> Finding {
        if !self.rule().withhold_for_group_debt {
            return found(
                false,
                "the location does not withhold property for other debt",
                &["config"],
            );
        }
        let mut debts: Vec<String> = Vec::new();
        for item in self
            .facts
            .items
            .iter()
            .filter(|item| self.is_overdue_elsewhere(item))
        {
            let days = (self.day - item.due()).num_days();
            debts.push(format!(
                "document {} of {}: {} is {days} days overdue",
                item.document,
                item.entity,
                self.said(item.amount)
            ));
        }
        for dispute in self
            .facts
            .disputes
            .iter()
            .filter(|dispute| dispute.reopens_receivable())
        {
            let allocated: Vec<_> = self
                .facts
                .allocations
                .iter()
                .filter(|a| a.source == dispute.payment.0 && a.payment == dispute.payment.1)
                .collect();
            let elsewhere = !allocated.is_empty()
                && allocated
                    .iter()
                    .any(|a| !self.invoices().any(|invoice| invoice.key == a.invoice));
            if elsewhere {
                debts.push("a dispute has taken back money that paid another invoice".to_owned());
            }
        }
        for debt in self
            .facts
            .group_debts
            .iter()
            .filter(|debt| !debt.overdue.is_zero())
        {
            debts.push(format!(
                "another member of the client's group has overdue debt with {} (oldest {} days)",
                debt.entity, debt.oldest_days
            ));
        }
        debts.dedup();
        all(
            &shortened(debts),
            "no other overdue debt in the group",
            &["ledger"],
        )
    }

    fn is_overdue_elsewhere(&self, item: &LedgerItem) -> bool {
        let bill = matches!(item.kind, ItemKind::Invoice | ItemKind::Other) && item.amount.is_positive();
        if !bill || !item.is_open_on(self.day) || self.invoices().any(|invoice| belongs(item, &invoice.key)) {
            return false;
        }
        let invoice = self
            .facts
            .invoices
            .iter()
            .find(|invoice| belongs(item, &invoice.key));
        let postponed = self.facts.terms.iter().any(|terms| {
            let of_invoice = match (&terms.invoice, &terms.sale) {
                (Some(number), _) => invoice.is_some_and(|invoice| invoice.key.number == *number),
                (None, Some(sale)) => invoice.is_some_and(|invoice| invoice.sale.as_ref() == Some(sale)),
                (None, None) => true,
            };
            let carries = !terms.instalments.is_empty();
            terms.entity == item.entity
                && of_invoice
                && carries
                && self.is_effective(terms)
                && !self.is_breached(terms)
        });
        item.due() < self.day && !postponed
    }

    /// R06.
    pub(super) fn third_party_payer(&self) -> Finding {
        let mut held = Vec::new();
        for cover in self.covers.iter().filter(|cover| cover.has(Class::Held)) {
            let names_it = cover.is_named_by(Class::Held);
            if names_it || self.short(cover).total() > 0 {
                let amount = self.said(cover.money(cover.amount(Class::Held)));
                held.push(format!(
                    "{amount} for invoice {} is under payer review",
                    cover.invoice.key.number
                ));
            }
        }
        all(&held, "no receipt for it is under payer review", PAYMENTS)
    }

    /// R07.
    pub(super) fn dispute(&self) -> Finding {
        let mut contested = Vec::new();
        for cover in &self.covers {
            let is_in_dispute = cover.has(Class::Contested) || cover.has(Class::Withdrawn);
            if !is_in_dispute || cover.short(self.scope, View::WITHOUT_CONTESTED).total() == 0 {
                continue;
            }
            let number = &cover.invoice.key.number;
            if cover.has(Class::Withdrawn) {
                let amount = self.said(cover.money(cover.amount(Class::Withdrawn)));
                contested.push(format!(
                    "{amount} for invoice {number} was taken back in a dispute"
                ));
            }
            if cover.has(Class::Contested) {
                let amount = self.said(cover.money(cover.amount(Class::Contested)));
                contested.push(format!("{amount} for invoice {number} is contested"));
            }
        }
        all(
            &contested,
            "nothing depends on a contested payment",
            &["disputes", "payments"],
        )
    }

    /// Does this purchase need due diligence? Where the threshold cannot be compared, it does.
    fn needs_due_diligence(&self) -> Option<String> {
        let threshold = self.rule().cdd_from?;
        if self.lot.is_some_and(|lot| !lot.work_of_art) {
            return None;
        }
        let mut total: i128 = 0;
        let mut any = false;
        for invoice in self
            .facts
            .invoices
            .iter()
            .filter(|invoice| self.is_linked(invoice))
        {
            if invoice.total.currency() != threshold.currency() {
                return Some(format!(
                    "invoice {} is not in {}",
                    invoice.key.number,
                    threshold.currency()
                ));
            }
            any = true;
            total += i128::from(invoice.total.minor().max(0));
        }
        if !any {
            return Some("the total of the purchase is not known".to_owned());
        }
        let total = Money::from_minor(i64::try_from(total).unwrap_or(i64::MAX), threshold.currency());
        (total.minor() >= threshold.minor()).then(|| {
            format!(
                "the purchase comes to {}, {} or more",
                self.said(total),
                threshold
            )
        })
    }

    /// An invoice in force for the same sale, or for the lot: linked payments count together.
    fn is_linked(&self, invoice: &crate::model::Invoice) -> bool {
        let counts = self.covers.iter().any(|cover| cover.invoice.key == invoice.key);
        let of_sale = invoice.sale.as_ref() == Some(&self.key.sale)
            || self.facts.lines.iter().any(|line| {
                line.invoice == invoice.key && line.lot.as_ref().is_some_and(|lot| lot.sale == self.key.sale)
            });
        counts || (of_sale && Self::is_in_force(invoice))
    }

    /// R08.
    pub(super) fn cdd_incomplete(&self) -> Finding {
        let papers = self
            .holds()
            .filter(|hold| hold.code == HoldCode::Cdd && !hold.is_restricted());
        let mut because: Vec<String> = papers
            .map(|hold| told("due diligence is asked for", hold))
            .collect();
        let status = &self.facts.status;
        let expired = status.cdd_expires_on.is_some_and(|last| last < self.day);
        let complete = status.cdd == Some(CddState::Complete) && !expired;
        match self.needs_due_diligence() {
            Some(why) if !complete => {
                let state = match status.cdd {
                    _ if expired => "has expired",
                    None => "is not known",
                    Some(CddState::NotRequired) => "was never asked for",
                    Some(CddState::Required) => "was asked for, nothing was received",
                    Some(CddState::Incomplete) => "is incomplete",
                    Some(CddState::Expired) => "has expired",
                    Some(CddState::Complete) => "is complete",
                };
                because.push(format!("due diligence {state}, and it is needed: {why}"));
                all(&because, "", CLIENT)
            }
            Some(_) => all(&because, "due diligence is complete", CLIENT),
            None => all(&because, "due diligence is not needed", CLIENT),
        }
    }

    /// R09. Read by compliance only; everybody else gets the neutral finding in its place.
    pub(super) fn sanctions_review(&self) -> Finding {
        let mut because: Vec<String> = self
            .holds()
            .filter(|hold| hold.is_restricted())
            .map(|hold| told(&format!("restricted hold ({})", hold.code), hold))
            .collect();
        match self.facts.status.sanctions {
            Some(SanctionsState::Review) => because.push("screening is under review".to_owned()),
            None if self.needs_due_diligence().is_some() => {
                because.push("no screening result is known, and the purchase needs one".to_owned());
            }
            Some(SanctionsState::Clear) | None => {}
        }
        all(
            &because,
            "no restricted review is open",
            &["client status", "holds"],
        )
    }

    /// R10.
    pub(super) fn internal_review(&self) -> Finding {
        let mut because: Vec<String> = self
            .holds()
            .filter(|hold| hold.code.is_internal_review() && !hold.is_restricted())
            .map(|hold| told(&format!("hold ({})", hold.code), hold))
            .collect();
        if self.facts.status.legal_action {
            because.push("legal action is under way".to_owned());
        }
        if self.facts.status.insolvent {
            because.push("the client is insolvent or in administration".to_owned());
        }
        all(
            &because,
            "no internal review is open",
            &["client status", "holds"],
        )
    }

    /// R11.
    pub(super) fn terms_not_effective(&self) -> Finding {
        let mut because = Vec::new();
        for cover in self.covers.iter().filter(|cover| self.short(cover).total() > 0) {
            for terms in self.terms_for(cover.invoice) {
                let id = &terms.id;
                match terms.state {
                    TermsState::Requested
                    | TermsState::DocsMissing
                    | TermsState::UnderReview
                    | TermsState::Approved => {
                        because.push(format!("terms {id} are not in force yet ({})", terms.state));
                    }
                    TermsState::Effective if terms.documents_missing.is_some() => {
                        because.push(format!("terms {id} lack documents"));
                    }
                    TermsState::Effective if !terms.release_included => {
                        because.push(format!("terms {id} do not include release"));
                    }
                    TermsState::Effective
                    | TermsState::Completed
                    | TermsState::Breached
                    | TermsState::Cancelled
                    | TermsState::Expired => {}
                }
            }
        }
        because.dedup();
        all(&because, "nothing depends on terms that are not in force", TERMS)
    }

    /// R12.
    pub(super) fn terms_breached(&self) -> Finding {
        let mut because = Vec::new();
        for cover in &self.covers {
            for terms in self
                .terms_for(cover.invoice)
                .filter(|terms| self.is_breached(terms))
            {
                if terms.invoice.is_none() || self.short(cover).total() > 0 {
                    because.push(format!("an instalment of terms {} is late", terms.id));
                }
            }
        }
        because.dedup();
        all(&because, "no instalment is late", TERMS)
    }

    /// R13. The limit is one for the client, so the exposure is compared over all entities; it is never
    /// shown as a sum.
    pub(super) fn credit_limit(&self) -> Finding {
        let Some(limit) = self.facts.status.credit_limit else {
            return found(false, "the client has no credit limit", CLIENT);
        };
        let bills = self.facts.items.iter().filter(|item| {
            let bill = matches!(item.kind, ItemKind::Invoice | ItemKind::Other) && item.amount.is_positive();
            bill && item.is_open_on(self.day)
        });
        let mut exposure: i128 = 0;
        for item in bills {
            if item.amount.currency() != limit.currency() {
                let because = format!(
                    "an open item in {} cannot be compared with the limit",
                    item.amount.currency()
                );
                return found(true, because, &["ledger", "client status"]);
            }
            exposure += i128::from(item.amount.minor());
        }
        for cover in self.covers.iter().filter(|cover| !cover.is_open_in_ledger()) {
            let short = self.short(cover).total();
            if short > 0 && cover.invoice.total.currency() != limit.currency() {
                return found(
                    true,
                    "what is open cannot be compared with the limit",
                    &["ledger", "client status"],
                );
            }
            exposure += short;
        }
        if exposure > i128::from(limit.minor()) {
            return found(
                true,
                format!("the exposure is over the limit of {limit}"),
                &["ledger", "client status"],
            );
        }
        found(
            false,
            "the exposure is within the limit",
            &["ledger", "client status"],
        )
    }

    /// R14: blocks export, never local collection.
    pub(super) fn export_licence(&self) -> Finding {
        let export = self
            .release
            .is_some_and(|release| release.route == ReleaseRoute::Export);
        match self.lot.map(|lot| lot.export_licence) {
            Some(licence) if export && is_missing(licence) => found(
                true,
                format!("the lot is to be exported and its licence is {licence}"),
                LOTS,
            ),
            Some(licence) if is_missing(licence) => found(
                false,
                format!("the licence is {licence}, but no export is asked for"),
                LOTS,
            ),
            _ => found(false, "no export licence is missing", LOTS),
        }
    }

    /// R15.
    pub(super) fn cites(&self) -> Finding {
        match self.lot.map(|lot| lot.cites) {
            Some(permit) if is_missing(permit) => found(
                true,
                format!("the permit for a restricted species is {permit}"),
                LOTS,
            ),
            _ => found(false, "no permit for restricted species is missing", LOTS),
        }
    }

    /// R16.
    pub(super) fn cancellation_right(&self) -> Finding {
        match self.lot.and_then(|lot| lot.cancellation_until) {
            Some(until) if self.day <= until && self.rule().hold_for_cancellation => {
                found(true, format!("the buyer may cancel until {until}"), LOTS)
            }
            Some(until) if self.day <= until => found(
                false,
                "the buyer may cancel, but the location does not hold for that",
                LOTS,
            ),
            _ => found(false, "no cancellation period runs", LOTS),
        }
    }

    /// R17.
    pub(super) fn collector_not_authorised(&self) -> Finding {
        match self.release.map(|release| release.collector) {
            Some(Collector::Unverified) => found(true, "the collector's papers are missing", RELEASES),
            Some(Collector::Buyer | Collector::Authorised) => {
                found(false, "the collector is authorised", RELEASES)
            }
            None => found(false, "nobody has asked to collect it", RELEASES),
        }
    }

    /// R18.
    pub(super) fn lot_not_at_location(&self) -> Finding {
        match self.lot.map(|lot| lot.whereabouts) {
            Some(Whereabouts::InHouse) => found(false, "the lot is in house", LOTS),
            Some(Whereabouts::InTransit) => found(true, "the lot is in transit", LOTS),
            Some(Whereabouts::Offsite) => found(true, "the lot is off site", LOTS),
            Some(Whereabouts::Withdrawn) => found(true, "the lot was withdrawn", LOTS),
            None => found(false, "nothing is known of the lot's place", LOTS),
        }
    }

    /// R19.
    pub(super) fn shipping_quote_open(&self) -> Finding {
        let shipped = self
            .release
            .filter(|release| release.route != ReleaseRoute::Collection);
        match shipped.map(|release| release.quote) {
            Some(Quote::Sent) => found(true, "the shipping quote was sent and is not accepted", RELEASES),
            Some(Quote::Accepted | Quote::NotNeeded) => found(false, "no shipping quote is open", RELEASES),
            None => found(false, "no shipping is asked for", RELEASES),
        }
    }

    /// R20.
    pub(super) fn invoice_superseded(&self) -> Finding {
        let mut because = Vec::new();
        for invoice in &self.superseded {
            let number = &invoice.key.number;
            match &invoice.superseded_by {
                Some(next) if self.covers.iter().any(|cover| cover.invoice.key.number == *next) => {}
                Some(next) => because.push(format!(
                    "invoice {number} is replaced by {next}, which is not here yet"
                )),
                None if self.covers.iter().any(|cover| cover.charges_hammer_of(self.key)) => {}
                None => because.push(format!("invoice {number} is being issued again")),
            }
        }
        all(
            &because,
            "no invoice of the lot is being issued again",
            &["invoices"],
        )
    }

    /// R21.
    pub(super) fn sale_cancelled(&self) -> Finding {
        match self.sale {
            Some(sale) if sale.cancelled => {
                found(true, format!("sale {} was rescinded", sale.no), &["sales"])
            }
            _ => found(false, "the sale stands", &["sales"]),
        }
    }

    /// R22.
    pub(super) fn deposit_recon(&self) -> Finding {
        let mut because = Vec::new();
        for cover in &self.covers {
            let short = self.short(cover);
            let excused = [Part::Principal, Part::Ancillary, Part::Late]
                .into_iter()
                .all(|part| short.of(part) == 0 || self.excuse(cover, part).is_some());
            if excused {
                continue;
            }
            for (deposit, held) in self.deposits_for(cover) {
                because.push(format!(
                    "deposit {} holds {} that is not applied to invoice {}",
                    deposit.id,
                    self.said(held),
                    cover.invoice.key.number
                ));
            }
        }
        all(
            &because,
            "nothing depends on a deposit that is not applied",
            &["deposits"],
        )
    }

    /// R23: a needed source is too old, or a needed fact is not there.
    pub(super) fn data_stale(&self) -> Finding {
        let mut because: Vec<String> = Vec::new();
        for source in &self.stale_sources {
            because.push(match source.extracted_at {
                None => format!("{} never delivered", source.name),
                Some(at) => format!(
                    "{} data is from {}, too old",
                    source.name,
                    at.format("%Y-%m-%d %H:%M UTC")
                ),
            });
        }
        match self.lot {
            None => because.push("the lot is not known".to_owned()),
            Some(lot) => {
                let is_the_client = |buyer| {
                    buyer == &self.facts.client.no
                        || self.facts.asked_for.as_ref().is_some_and(|asked| asked == buyer)
                };
                if !lot.buyer.as_ref().is_some_and(is_the_client) {
                    because.push("the lot is not recorded as sold to this client".to_owned());
                }
            }
        }
        if self.sale.is_none() {
            because.push("the sale is not known".to_owned());
        }
        if self.rule.is_none() {
            because.push("the location has no release rule".to_owned());
        }
        let billed = self.covers.iter().any(|cover| cover.charges_hammer_of(self.key));
        if !billed && self.superseded.is_empty() {
            because.push("no invoice in force charges the lot".to_owned());
        }
        for cover in &self.covers {
            let number = &cover.invoice.key.number;
            if !cover.adds_up() {
                because.push(format!(
                    "the lines of invoice {number} do not add up to its total"
                ));
            }
            if cover.has(Class::Unknown) && cover.short(self.scope, View::WITHOUT_UNKNOWN).total() > 0 {
                because.push(format!("invoice {number} depends on a payment that is not known"));
            }
        }
        all(&because, "all needed data is there and fresh", &["freshness"])
    }

    /// R24.
    pub(super) fn manual_hold(&self) -> Finding {
        let other = |hold: &&Hold| {
            let manual = matches!(hold.code, HoldCode::Manual | HoldCode::Approval);
            manual && !hold.is_restricted()
        };
        let holds: Vec<&Hold> = self.holds().filter(other).collect();
        let mut because: Vec<String> = holds
            .iter()
            .map(|hold| told(&format!("hold {} ({})", hold.id, hold.code), hold))
            .collect();
        if self
            .release
            .is_some_and(|release| release.state == ReleaseState::Revoked)
        {
            because.push("the authorisation was taken back".to_owned());
        }
        let by = holds.iter().find_map(|hold| hold.owner.clone());
        Finding {
            by,
            ..all(&because, "no other hold is active", HOLDS)
        }
    }
}

/// What is said of a hold, with its reason in words where there is one.
fn told(what: &str, hold: &Hold) -> String {
    hold.reason
        .as_ref()
        .map_or_else(|| what.to_owned(), |reason| format!("{what}: {reason}"))
}

/// Three debts are enough to see; the rest are counted.
fn shortened(mut debts: Vec<String>) -> Vec<String> {
    let more = debts.len().saturating_sub(3);
    if more > 0 {
        debts.truncate(3);
        debts.push(format!("{more} more"));
    }
    debts
}
