//! What is open and what is overdue, per legal entity and currency: the one place that says so.
//!
//! The balance, a release (other debts, credit limit) and a deposit (debts in the group) all ask the same
//! question of the same ledger items, so they ask it here. Nothing is ever netted across entity or
//! currency. A partial payment that names an invoice reduces that invoice; a credit memo and money on
//! account stand beside the bills. Under terms in force a bill is due by its instalments.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::facts::AccountFacts;
use crate::ids::{EntityCode, InvoiceNo, SaleNo};
use crate::model::{Invoice, ItemKind, LedgerItem, TermsAgreement, TermsState};
use crate::money::{Currency, Money, MoneyError};

/// A part of an open bill with the day on which that part is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// The ledger item.
    pub item: &'a LedgerItem,
    /// What is open of it, after partial payments; always positive.
    pub amount: Money,
    /// Due on: the instalment's date under terms in force, the item's own otherwise.
    pub due_on: NaiveDate,
    /// The instalment that made it so.
    pub instalment: Option<i64>,
}

/// An open credit, or what is left of it after the invoice it names was reduced; always positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credit<'a> {
    /// The ledger item.
    pub item: &'a LedgerItem,
    /// What is open of it.
    pub amount: Money,
}

/// The open items of one legal entity in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account<'a> {
    /// The entity.
    pub entity: EntityCode,
    /// The currency.
    pub currency: Currency,
    /// The day they are open on.
    pub day: NaiveDate,
    /// Bills, oldest due first.
    pub parts: Vec<Part<'a>>,
    /// Credit memos and payments on account.
    pub credits: Vec<Credit<'a>>,
    /// Deposits in the ledger (special G/L `A`): never netted.
    pub deposits: Vec<&'a LedgerItem>,
    /// Noted requests (special G/L `F`): never counted.
    pub requests: Vec<&'a LedgerItem>,
}

impl Account<'_> {
    /// The sum of the open bills.
    pub fn billed(&self) -> Result<Money, MoneyError> {
        Money::sum(self.currency, self.parts.iter().map(|part| part.amount))
    }

    /// The sum of the open credits, positive.
    pub fn credited(&self) -> Result<Money, MoneyError> {
        Money::sum(self.currency, self.credits.iter().map(|credit| credit.amount))
    }

    /// The bills that were due before the day, and how many days ago the oldest was.
    pub fn overdue(&self) -> Result<(Money, i64), MoneyError> {
        let late = || self.parts.iter().filter(|part| part.due_on < self.day);
        let total = Money::sum(self.currency, late().map(|part| part.amount))?;
        Ok((
            total,
            late()
                .map(|part| (self.day - part.due_on).num_days())
                .max()
                .unwrap_or(0),
        ))
    }
}

/// The agreements on extended terms that may move due dates.
#[derive(Debug, Clone, Copy, Default)]
pub struct Agreements<'a> {
    /// To know which sale an invoice is for.
    pub invoices: &'a [Invoice],
    /// The agreements.
    pub terms: &'a [TermsAgreement],
}

impl<'a> Agreements<'a> {
    /// Those of a client.
    pub fn of(facts: &'a AccountFacts) -> Self {
        Self {
            invoices: &facts.invoices,
            terms: &facts.terms,
        }
    }

    /// Does that agreement cover the item: its invoice, its sale, or the whole account?
    pub fn covers(&self, terms: &TermsAgreement, item: &LedgerItem) -> bool {
        if terms.entity != item.entity {
            return false;
        }
        match (&terms.invoice, &terms.sale) {
            (Some(invoice), _) => item.invoice.as_ref() == Some(invoice),
            (None, Some(sale)) => self.sale_of(item) == Some(sale),
            (None, None) => true,
        }
    }

    fn sale_of(&self, item: &LedgerItem) -> Option<&'a SaleNo> {
        let number = item.invoice.as_ref()?;
        let invoice = self.invoices.iter().find(|invoice| {
            invoice.key.entity == item.entity
                && invoice.key.number == *number
                && invoice.key.year == item.year
        });
        invoice.and_then(|invoice| invoice.sale.as_ref())
    }
}

/// Is the agreement in force on that day, so that instalments and not the bills say what is late?
pub fn is_in_force(terms: &TermsAgreement, day: NaiveDate) -> bool {
    terms.state == TermsState::Effective
        && terms.valid_from.is_none_or(|from| from <= day)
        && terms.valid_to.is_none_or(|to| day <= to)
}

/// The open bills per entity and currency, in that order.
pub fn open(items: &[LedgerItem], day: NaiveDate) -> Result<Vec<(EntityCode, Money)>, MoneyError> {
    let accounts = accounts(items, Agreements::default(), |_| day);
    accounts
        .into_iter()
        .map(|account| Ok((account.entity.clone(), account.billed()?)))
        .collect()
}

/// The overdue bills per entity and currency with the age of the oldest in days; entities without any are
/// left out. Due dates are the items' own; see [`overdue_under_terms`].
pub fn overdue(items: &[LedgerItem], day: NaiveDate) -> Result<Vec<(EntityCode, Money, i64)>, MoneyError> {
    late(&accounts(items, Agreements::default(), |_| day))
}

/// As [`overdue`], but a bill under terms in force is overdue only as far as an instalment is late.
pub fn overdue_under_terms(
    facts: &AccountFacts,
    day: NaiveDate,
) -> Result<Vec<(EntityCode, Money, i64)>, MoneyError> {
    late(&accounts(&facts.items, Agreements::of(facts), |_| day))
}

fn late(accounts: &[Account<'_>]) -> Result<Vec<(EntityCode, Money, i64)>, MoneyError> {
    let mut found = Vec::new();
    for account in accounts {
        let (total, oldest_days) = account.overdue()?;
        if total.is_positive() {
            found.push((account.entity.clone(), total, oldest_days));
        }
    }
    Ok(found)
}

/// The items open on the day that `day` tells for their entity, per entity and currency.
pub fn accounts<'a>(
    items: &'a [LedgerItem],
    agreements: Agreements<'_>,
    day: impl Fn(&EntityCode) -> NaiveDate,
) -> Vec<Account<'a>> {
    let mut sorted: BTreeMap<(&EntityCode, Currency), Vec<&LedgerItem>> = BTreeMap::new();
    for item in items {
        if item.is_open_on(day(&item.entity)) && !item.amount.is_zero() {
            sorted
                .entry((&item.entity, item.amount.currency()))
                .or_default()
                .push(item);
        }
    }
    sorted
        .into_iter()
        .map(|((entity, currency), mut items)| {
            items.sort_by_key(|item| (item.due(), &item.document, item.year, item.line));
            let day = day(entity);
            let (parts, credits) = reduce(&items);
            Account {
                entity: entity.clone(),
                currency,
                day,
                parts: by_instalments(parts, agreements, day),
                credits,
                deposits: items
                    .iter()
                    .copied()
                    .filter(|item| item.kind == ItemKind::Deposit)
                    .collect(),
                requests: items
                    .iter()
                    .copied()
                    .filter(|item| item.kind == ItemKind::Request)
                    .collect(),
            }
        })
        .collect()
}

/// Lets each partial payment reduce the bill it names, oldest first. Where two years' bills carry the same
/// number nobody can tell which it pays, so it stays on account.
fn reduce<'a>(items: &[&'a LedgerItem]) -> (Vec<Part<'a>>, Vec<Credit<'a>>) {
    let counted = || {
        items
            .iter()
            .copied()
            .filter(|i| !matches!(i.kind, ItemKind::Deposit | ItemKind::Request))
    };
    let mut parts: Vec<Part<'a>> = counted()
        .filter(|item| item.amount.is_positive())
        .map(|item| Part {
            item,
            amount: item.amount,
            due_on: item.due(),
            instalment: None,
        })
        .collect();
    let mut years: BTreeMap<&InvoiceNo, BTreeSet<i64>> = BTreeMap::new();
    for part in &parts {
        if let Some(invoice) = &part.item.invoice {
            years.entry(invoice).or_default().insert(part.item.year);
        }
    }
    let mut credits = Vec::new();
    for item in counted().filter(|item| item.amount.is_negative()) {
        let mut left = item.amount.abs();
        let named = item.invoice.as_ref().filter(|_| item.kind == ItemKind::Payment);
        if let Some(invoice) =
            named.filter(|invoice| years.get(invoice).is_some_and(|years| years.len() == 1))
        {
            for part in parts
                .iter_mut()
                .filter(|part| part.item.invoice.as_ref() == Some(invoice))
            {
                let taken = smaller(left, part.amount);
                part.amount = minus(part.amount, taken);
                left = minus(left, taken);
            }
        }
        if left.is_positive() {
            credits.push(Credit { item, amount: left });
        }
    }
    parts.retain(|part| part.amount.is_positive());
    (parts, credits)
}

/// Cuts the bills that an agreement covers into its instalments. What instalments do not cover stays due
/// on its own date. A breach that accelerates makes all of it due at once.
fn by_instalments<'a>(parts: Vec<Part<'a>>, agreements: Agreements<'_>, day: NaiveDate) -> Vec<Part<'a>> {
    let mut terms: Vec<&TermsAgreement> = agreements
        .terms
        .iter()
        .filter(|terms| is_in_force(terms, day) || terms.state == TermsState::Breached)
        .collect();
    terms.sort_by_key(|terms| (terms.invoice.is_none(), terms.sale.is_none(), &terms.id));
    let mut rest = parts;
    let mut out: Vec<Part<'a>> = Vec::new();
    for terms in terms {
        let (covered, others): (Vec<_>, Vec<_>) = rest
            .into_iter()
            .partition(|part| agreements.covers(terms, part.item));
        rest = others;
        out.extend(under(terms, covered, day));
    }
    out.extend(rest);
    out.sort_by_key(|part| (part.due_on, &part.item.document, part.item.year, part.item.line));
    out
}

fn under<'a>(terms: &TermsAgreement, covered: Vec<Part<'a>>, day: NaiveDate) -> Vec<Part<'a>> {
    let Some(currency) = covered.first().map(|part| part.amount.currency()) else {
        return covered;
    };
    let mut unpaid: Vec<(i64, NaiveDate, Money)> = terms
        .instalments
        .iter()
        .filter(|i| i.amount.currency() == currency && i.paid.currency() == currency)
        .map(|i| (i.n, i.due_on, minus(i.amount, i.paid)))
        .filter(|(_, _, left)| left.is_positive())
        .collect();
    unpaid.sort_by_key(|(n, due_on, _)| (*due_on, *n));
    if terms.state == TermsState::Breached && terms.accelerates {
        let missed = unpaid.first().map_or(day, |(_, due_on, _)| *due_on);
        let due = |part: &Part<'a>| part.due_on.min(missed).min(day);
        return covered
            .into_iter()
            .map(|part| Part {
                due_on: due(&part),
                ..part
            })
            .collect();
    }
    let mut out = Vec::new();
    let mut coming = unpaid.into_iter();
    let mut instalment = coming.next();
    for mut part in covered {
        while let Some((n, due_on, left)) = instalment {
            let taken = smaller(left, part.amount);
            out.push(Part {
                amount: taken,
                due_on,
                instalment: Some(n),
                ..part
            });
            part.amount = minus(part.amount, taken);
            let left = minus(left, taken);
            instalment = if left.is_positive() {
                Some((n, due_on, left))
            } else {
                coming.next()
            };
            if part.amount.is_zero() {
                break;
            }
        }
        if part.amount.is_positive() {
            out.push(part);
        }
    }
    out
}

/// The smaller of two amounts of one currency.
fn smaller(one: Money, other: Money) -> Money {
    Money::from_minor(one.minor().min(other.minor()), one.currency())
}

/// The difference of two amounts of one currency.
fn minus(one: Money, other: Money) -> Money {
    Money::from_minor(one.minor().saturating_sub(other.minor()), one.currency())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ClientNo, TermsId};
    use crate::model::Instalment;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn item(kind: ItemKind, amount: &str, due: &str, invoice: Option<&str>) -> LedgerItem {
        LedgerItem {
            entity: EntityCode::new("LON1"),
            document: format!("{}-{amount}", invoice.unwrap_or("acct")),
            year: 2026,
            line: 1,
            client: ClientNo::parse("1").unwrap(),
            kind,
            amount: amount.parse().unwrap(),
            posted_on: day("2026-01-05"),
            document_on: None,
            due_on: Some(day(due)),
            invoice: invoice.map(InvoiceNo::from),
            cleared_on: None,
            cleared_by: None,
            reopened_on: None,
            disputed: false,
            blocked: false,
            gone: None,
            reference: None,
        }
    }

    fn terms(state: TermsState, accelerates: bool) -> TermsAgreement {
        let instalment = |n, due, paid: &str| Instalment {
            n,
            due_on: day(due),
            amount: "GBP 400".parse().unwrap(),
            paid: paid.parse().unwrap(),
        };
        TermsAgreement {
            id: TermsId::new("T1"),
            client: ClientNo::parse("1").unwrap(),
            entity: EntityCode::new("LON1"),
            sale: None,
            invoice: Some(InvoiceNo::new("100")),
            state,
            release_included: false,
            accelerates,
            documents_missing: None,
            approver: None,
            valid_from: None,
            valid_to: None,
            instalments: vec![
                instalment(1, "2026-02-01", "GBP 400"),
                instalment(2, "2026-03-01", "GBP 100"),
                instalment(3, "2026-04-01", "GBP 0"),
            ],
        }
    }

    #[test]
    fn a_partial_payment_reduces_the_invoice_it_names_and_a_credit_memo_stands_beside_it() {
        let items = [
            item(ItemKind::Invoice, "GBP 1200", "2026-03-08", Some("100")),
            item(ItemKind::Payment, "GBP -500", "2026-03-08", Some("100")),
            item(ItemKind::Credit, "GBP -50", "2026-03-08", Some("100")),
            item(ItemKind::Deposit, "GBP -3000", "2026-03-08", None),
            item(ItemKind::Request, "GBP 3000", "2026-03-08", None),
        ];
        let on = day("2026-03-20");
        assert_eq!(
            overdue(&items, on).unwrap(),
            [(EntityCode::new("LON1"), "GBP 700".parse().unwrap(), 12)]
        );
        let account = accounts(&items, Agreements::default(), |_| on).remove(0);
        assert_eq!(account.credited().unwrap(), "GBP 50".parse().unwrap());
        assert_eq!((account.deposits.len(), account.requests.len()), (1, 1));
    }

    #[test]
    fn a_payment_for_a_number_that_two_years_used_stays_on_account() {
        let mut other = item(ItemKind::Invoice, "GBP 10", "2025-03-08", Some("100"));
        other.year = 2025;
        let items = [
            item(ItemKind::Invoice, "GBP 1200", "2026-03-08", Some("100")),
            other,
            item(ItemKind::Payment, "GBP -500", "2026-03-08", Some("100")),
        ];
        assert_eq!(
            open(&items, day("2026-03-20")).unwrap()[0].1,
            "GBP 1210".parse().unwrap()
        );
    }

    #[test]
    fn a_bill_due_today_is_not_overdue_and_one_cleared_tomorrow_is_open_today() {
        let mut bill = item(ItemKind::Invoice, "GBP 1200", "2026-03-20", Some("100"));
        bill.cleared_on = Some(day("2026-03-21"));
        let items = [bill];
        assert_eq!(overdue(&items, day("2026-03-20")).unwrap(), []);
        assert_eq!(open(&items, day("2026-03-20")).unwrap().len(), 1);
        assert_eq!(open(&items, day("2026-03-21")).unwrap(), []);
    }

    #[test]
    fn under_terms_only_a_late_instalment_is_overdue_and_a_breach_that_accelerates_takes_all() {
        let mut facts = AccountFacts::of(crate::model::Client {
            no: ClientNo::parse("1").unwrap(),
            name: "Ada".to_owned(),
            kind: crate::model::ClientKind::Person,
            tier: None,
            country: None,
            group: None,
            language: None,
            location: None,
            owner: None,
            confidentiality: crate::model::Confidentiality::Normal,
            merged_into: None,
        });
        facts.items = vec![item(ItemKind::Invoice, "GBP 800", "2026-01-10", Some("100"))];
        let on = day("2026-03-20");
        let late = |facts: &AccountFacts| {
            overdue_under_terms(facts, on)
                .unwrap()
                .into_iter()
                .map(|(_, m, days)| (m.plain(), days))
                .collect::<Vec<_>>()
        };
        facts.terms = vec![terms(TermsState::Effective, true)];
        assert_eq!(late(&facts), [("400.00".to_owned(), 69)]);
        facts.terms[0].valid_to = Some(day("2026-12-31"));
        facts.items[0].amount = "GBP 700".parse().unwrap();
        assert_eq!(late(&facts), [("300.00".to_owned(), 19)]);
        facts.terms = vec![terms(TermsState::Breached, true)];
        assert_eq!(late(&facts), [("700.00".to_owned(), 69)]);
        facts.terms = vec![terms(TermsState::Approved, false)];
        assert_eq!(late(&facts), [("700.00".to_owned(), 69)]);
    }
}
