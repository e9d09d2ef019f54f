//! When is a refund due? The last covered sale's end at its own location, plus the days of the rule that
//! was in force when that sale ended; for a surplus the rule may wait for the collection of the lots; a
//! refund that failed or came back starts the clock again.

use chrono::{Days, NaiveDate};

use super::{Case, covers};
use crate::clock::local_date;
use crate::facts::AccountFacts;
use crate::ids::{ClientNo, InvoiceKey, InvoiceNo, LotKey, SaleNo};
use crate::location::{DayCount, DepositRule, House, Location, SurplusRule};
use crate::model::{Deposit, Invoice, InvoiceKind, InvoiceState, LedgerItem, Sale};
use crate::states::{Contradiction, DepositStage, InvoiceStanding, ReleaseStanding};

/// How far the sales that a deposit covers have come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sales<'a> {
    /// The one that ends last, with its location.
    pub(super) last: Option<(&'a Sale, Location)>,
    /// Nobody told us of these.
    pub(super) unknown: Vec<&'a SaleNo>,
    /// These have not ended, or their results are not final.
    pub(super) running: Vec<&'a Sale>,
}

impl Sales<'_> {
    /// Are all of them over, and known to be?
    pub(super) fn are_over(&self) -> bool {
        self.last.is_some() && self.unknown.is_empty() && self.running.is_empty()
    }
}

/// The location of a sale; where nobody configured it, its entity's.
pub(super) fn location_of(house: &House, sale: &Sale) -> Location {
    house
        .location(&sale.location)
        .cloned()
        .unwrap_or_else(|| house.of_entity(&sale.entity))
}

/// The location whose day and team count for a deposit: that of the sale that ends last.
pub(super) fn location(facts: &AccountFacts, house: &House, deposit: &Deposit) -> Location {
    let known = covers(deposit).filter_map(|no| facts.sales.iter().find(|sale| sale.no == *no));
    known
        .max_by(|one, other| (one.ends_on, &one.no).cmp(&(other.ends_on, &other.no)))
        .map_or_else(
            || house.of_entity(&deposit.entity),
            |sale| location_of(house, sale),
        )
}

pub(super) fn sales<'a>(case: &Case<'a>) -> Sales<'a> {
    let mut found = Sales {
        last: None,
        unknown: Vec::new(),
        running: Vec::new(),
    };
    for no in covers(case.deposit) {
        let Some(sale) = case.facts.sales.iter().find(|sale| sale.no == *no) else {
            found.unknown.push(no);
            continue;
        };
        let location = location_of(case.house, sale);
        if local_date(case.moment.now, location.zone) <= sale.ends_on || !sale.results_final {
            found.running.push(sale);
        }
        let later = found
            .last
            .as_ref()
            .is_none_or(|(last, _)| (last.ends_on, &last.no) < (sale.ends_on, &sale.no));
        if later {
            found.last = Some((sale, location));
        }
    }
    found
}

/// The rule in force when the last covered sale ended.
pub(super) fn rule<'a>(sales: &'a Sales<'_>) -> Option<&'a DepositRule> {
    let (sale, location) = sales.last.as_ref()?;
    location.deposit_rule(sale.ends_on)
}

fn counted(from: NaiveDate, rule: &DepositRule, location: &Location) -> Option<NaiveDate> {
    match rule.count {
        DayCount::Calendar => from.checked_add_days(Days::new(u64::from(rule.refund_days))),
        DayCount::Working => location.days.add_working_days(from, rule.refund_days),
    }
}

/// The day by which the refund is due; `None` while that cannot be known.
pub(super) fn due_by(case: &Case<'_>, sales: &Sales<'_>, purchase: &Purchase) -> Option<NaiveDate> {
    if !sales.are_over() {
        return None;
    }
    let (sale, location) = sales.last.as_ref()?;
    let rule = rule(sales)?;
    if let DepositStage::RefundFailed { on: Some(on), .. } | DepositStage::RefundReversed { on: Some(on) } =
        case.standing.stage()
    {
        return counted(*on, rule, location);
    }
    let due = counted(sale.ends_on, rule, location)?;
    match (purchase, rule.surplus) {
        (Purchase::None, _) | (Purchase::Settled { .. }, SurplusRule::AfterSale) => Some(due),
        (
            Purchase::Settled {
                collected_on: Some(on),
                ..
            },
            SurplusRule::OnCollection,
        ) => Some(due.max(*on)),
        _ => None,
    }
}

/// What the client bought in the sales that the deposit covers, and whether it is settled (D4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Purchase {
    /// Nothing.
    None,
    /// Bought, and these invoices are open.
    Unpaid {
        /// Their numbers.
        invoices: Vec<InvoiceNo>,
    },
    /// Bought, but nobody can say from the records that it is paid.
    Unknown {
        /// Why not.
        because: String,
    },
    /// Bought and paid.
    Settled {
        /// Lots that are still to be collected.
        uncollected: Vec<LotKey>,
        /// The day the last lot went; `None` while one is left or the day is unknown.
        collected_on: Option<NaiveDate>,
    },
}

/// Was the invoice billed to the client, under whichever number? A lot may once have been billed to
/// somebody else, whose invoice is nobody's business here.
fn is_own(facts: &AccountFacts, billed_to: &ClientNo) -> bool {
    *billed_to == facts.client.no
        || facts.asked_for.as_ref() == Some(billed_to)
        || facts.deposits.iter().any(|deposit| deposit.client == *billed_to)
        || facts.items.iter().any(|item| item.client == *billed_to)
        || facts.lots.iter().any(|lot| lot.buyer.as_ref() == Some(billed_to))
}

pub(super) fn purchase(case: &Case<'_>) -> Purchase {
    // A contradiction in what was bought says nothing of whether it is settled.
    settlement(case).unwrap_or_else(|contradiction| Purchase::Unknown {
        because: contradiction.to_string(),
    })
}

fn settlement(case: &Case<'_>) -> Result<Purchase, Contradiction> {
    let facts = case.facts;
    let covered =
        |sale: Option<&SaleNo>| sale.is_some_and(|sale| covers(case.deposit).any(|one| one == sale));
    let lots: Vec<&LotKey> = facts
        .lots
        .iter()
        .filter(|lot| covered(Some(&lot.key.sale)) && lot.buyer.is_some())
        .map(|lot| &lot.key)
        .collect();
    let mut invoices: Vec<&Invoice> = Vec::new();
    for invoice in facts.invoices.iter().filter(|one| {
        covered(one.sale.as_ref()) && one.kind != InvoiceKind::Credit && is_own(facts, &one.client)
    }) {
        if InvoiceStanding::of(invoice)?.is_in_force() {
            invoices.push(invoice);
        }
    }
    if lots.is_empty() && invoices.is_empty() {
        return Ok(Purchase::None);
    }
    let open = invoices
        .iter()
        .filter(|invoice| is_open(case, invoice))
        .map(|invoice| invoice.key.number.clone());
    let open: Vec<InvoiceNo> = open.collect();
    if !open.is_empty() {
        return Ok(Purchase::Unpaid { invoices: open });
    }
    if let Some(unsure) = invoices.iter().find(|invoice| !is_settled(case, invoice)) {
        let because = format!(
            "the ledger does not say that invoice {} is paid",
            unsure.key.number
        );
        return Ok(Purchase::Unknown { because });
    }
    let mut uncollected = Vec::new();
    let mut last = None;
    for lot in lots {
        let release = facts.release(lot).map(ReleaseStanding::of).transpose()?;
        let billed = invoices
            .iter()
            .any(|invoice| invoice.sale.as_ref() == Some(&lot.sale));
        if !billed && !matches!(release, Some(ReleaseStanding::Released { .. })) {
            return Ok(Purchase::Unknown {
                because: format!("no invoice for lot {lot} is on record"),
            });
        }
        match release.and_then(|release| release.went_on()) {
            Some(on) => last = last.max(Some(on)),
            None => uncollected.push(lot.clone()),
        }
    }
    let collected_on = last.filter(|_| uncollected.is_empty());
    Ok(Purchase::Settled {
        uncollected,
        collected_on,
    })
}

fn items<'a>(case: &Case<'a>, key: &InvoiceKey) -> impl Iterator<Item = &'a LedgerItem> {
    case.facts.items.iter().filter({
        let key = key.clone();
        move |item| item.entity == key.entity && item.invoice.as_ref() == Some(&key.number)
    })
}

fn is_open(case: &Case<'_>, invoice: &Invoice) -> bool {
    let day = local_date(case.moment.now, case.house.of_entity(&invoice.key.entity).zone);
    items(case, &invoice.key)
        .any(|item| item.amount.is_positive() && (item.is_open_on(day) || is_reopened(item)))
}

/// Settled is what the ledger cleared, or what the billing says was paid long ago; a bill that only left
/// the open list is not.
fn is_settled(case: &Case<'_>, invoice: &Invoice) -> bool {
    let bills: Vec<_> = items(case, &invoice.key)
        .filter(|item| item.amount.is_positive())
        .collect();
    if bills.is_empty() {
        invoice.state == InvoiceState::Paid
    } else {
        invoice.state != InvoiceState::Draft
            && bills
                .iter()
                .all(|item| item.cleared_on.is_some() && item.gone.is_none() && !is_reopened(item))
    }
}

/// Was the clearing reset, and not done again since?
fn is_reopened(item: &LedgerItem) -> bool {
    item.reopened_on
        .is_some_and(|reopened| item.cleared_on.is_none_or(|cleared| cleared <= reopened))
}
