//! The rules about money: what is unpaid, uncleared, contested or owed elsewhere, and the terms for it.
//!
//! A sentence here may name amounts and documents: it is for colleagues. What it must never name is another
//! client, because a member of the group may be one that the asker may not know of.

use super::Finding;
use super::case::{Case, Excuse};
use super::cover::{Cover, Part, belongs};
use super::funds::{Flaw, View};
use super::rules::{all, found};
use crate::exposure::{self, Agreements};
use crate::model::{ItemKind, TermsState};

const CLIENT: &[&str] = &["client status"];
const LEDGER: &[&str] = &["ledger", "invoices", "allocations"];
const PAYMENTS: &[&str] = &["payments", "allocations"];
const TERMS: &[&str] = &["terms"];

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
        for cover in self.covers.iter().filter(|cover| cover.with(Flaw::Uncleared) > 0) {
            let without = cover.short(self.scope, View::WITHOUT_PENDING);
            if without.total() > 0 && self.terms_that_let_go(cover).is_none() {
                let amount = self.said(cover.money(cover.with(Flaw::Uncleared)));
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
        if !self.rule.withhold_for_group_debt {
            return found(
                false,
                "the location does not withhold property for other debt",
                &["config"],
            );
        }
        let mut debts: Vec<String> = Vec::new();
        let accounts = exposure::accounts(&self.facts.items, Agreements::of(self.facts), |_| self.day);
        let late = accounts
            .iter()
            .flat_map(|account| &account.parts)
            .filter(|part| part.due_on < self.day);
        for part in late.filter(|part| !self.invoices().any(|invoice| belongs(part.item, &invoice.key))) {
            debts.push(format!(
                "document {} of {}: {}, due {}, is overdue",
                part.item.document,
                part.item.entity,
                self.said(part.amount),
                part.due_on
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

    /// R06.
    pub(super) fn third_party_payer(&self) -> Finding {
        let mut held = Vec::new();
        for cover in self.covers.iter().filter(|cover| cover.with(Flaw::Held) > 0) {
            let names_it = cover.is_named_with(Flaw::Held);
            if names_it || self.short(cover).total() > 0 {
                let amount = self.said(cover.money(cover.with(Flaw::Held)));
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
            let is_in_dispute = cover.with(Flaw::Contested) > 0 || cover.with(Flaw::Withdrawn) > 0;
            if !is_in_dispute || cover.short(self.scope, View::WITHOUT_CONTESTED).total() == 0 {
                continue;
            }
            let number = &cover.invoice.key.number;
            if cover.with(Flaw::Withdrawn) > 0 {
                let amount = self.said(cover.money(cover.with(Flaw::Withdrawn)));
                contested.push(format!(
                    "{amount} for invoice {number} was taken back in a dispute"
                ));
            }
            if cover.with(Flaw::Contested) > 0 {
                let amount = self.said(cover.money(cover.with(Flaw::Contested)));
                contested.push(format!("{amount} for invoice {number} is contested"));
            }
        }
        all(
            &contested,
            "nothing depends on a contested payment",
            &["disputes", "payments"],
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
