//! Debts that stand against a refund (D5): the client's own, the group's, and bills that a lost or
//! withdrawn card payment opens again. Each stays in its own entity and currency (P20).

use crate::clock::local_date;
use crate::exposure::{self, Agreements};
use crate::facts::{AccountFacts, Moment};
use crate::ids::EntityCode;
use crate::location::House;
use crate::model::{Deposit, TermsAgreement, TermsState};
use crate::money::{Currency, Money, MoneyError};
use crate::states::{Contradiction, TermsStanding};

/// Whose debt, and of what kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DebtKind {
    /// The client's own, past due.
    Own,
    /// The client's own: a card payment was taken back by the card holder's bank.
    Contested,
    /// Another member's of the group, past due. Whose is not said: that client may be confidential.
    Group,
}

/// A debt in one entity and currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debt {
    /// Whose.
    pub kind: DebtKind,
    /// Owed to.
    pub entity: EntityCode,
    /// How much.
    pub amount: Money,
    /// Days of the oldest past due.
    pub oldest_days: i64,
}

/// All debts past due, in a steady order.
pub(super) fn past_due(
    facts: &AccountFacts,
    house: &House,
    deposit: &Deposit,
    moment: Moment,
) -> Result<Vec<Debt>, Contradiction> {
    gather(facts, house, deposit, moment).map_err(|error| Contradiction(error.to_string()))
}

/// The agreements whose records do not contradict them: one in force that does moves no due date.
fn believed(facts: &AccountFacts) -> Vec<TermsAgreement> {
    let believed =
        |terms: &&TermsAgreement| terms.state != TermsState::Effective || TermsStanding::of(terms).is_ok();
    facts.terms.iter().filter(believed).cloned().collect()
}

fn gather(
    facts: &AccountFacts,
    house: &House,
    deposit: &Deposit,
    moment: Moment,
) -> Result<Vec<Debt>, MoneyError> {
    let today = |entity: &EntityCode| local_date(moment.now, house.of_entity(entity).zone);
    let mut debts = Vec::new();
    let terms = believed(facts);
    let agreements = Agreements {
        invoices: &facts.invoices,
        terms: &terms,
    };
    for account in exposure::accounts(&facts.items, agreements, today) {
        let (amount, oldest_days) = account.overdue()?;
        if amount.is_positive() {
            debts.push(Debt {
                kind: DebtKind::Own,
                entity: account.entity.clone(),
                amount,
                oldest_days,
            });
        }
    }
    for dispute in &facts.disputes {
        let other = deposit.payment.as_ref() != Some(&dispute.payment);
        if other && dispute.reopens_receivable() {
            add(
                &mut debts,
                DebtKind::Contested,
                &dispute.entity,
                dispute.amount,
                0,
            )?;
        }
    }
    for group in facts.group_debts.iter().filter(|debt| debt.overdue.is_positive()) {
        add(
            &mut debts,
            DebtKind::Group,
            &group.entity,
            group.overdue,
            group.oldest_days,
        )?;
    }
    debts.sort_by(|one, other| {
        (one.kind, &one.entity, one.amount.currency()).cmp(&(
            other.kind,
            &other.entity,
            other.amount.currency(),
        ))
    });
    Ok(debts)
}

fn add(
    debts: &mut Vec<Debt>,
    kind: DebtKind,
    entity: &EntityCode,
    amount: Money,
    days: i64,
) -> Result<(), MoneyError> {
    let same = |debt: &&mut Debt| {
        debt.kind == kind && debt.entity == *entity && debt.amount.currency() == amount.currency()
    };
    if let Some(debt) = debts.iter_mut().find(same) {
        debt.amount = debt.amount.checked_add(amount)?;
        debt.oldest_days = debt.oldest_days.max(days);
    } else {
        debts.push(Debt {
            kind,
            entity: entity.clone(),
            amount,
            oldest_days: days,
        });
    }
    Ok(())
}

/// What is owed in another currency than the deposit's, past due or not: shown beside it, never netted.
pub(super) fn in_other_currency(
    facts: &AccountFacts,
    house: &House,
    moment: Moment,
    debts: &[Debt],
    currency: Currency,
) -> Vec<(EntityCode, Money)> {
    let today = |entity: &EntityCode| local_date(moment.now, house.of_entity(entity).zone);
    let mut owed: Vec<(EntityCode, Money)> = exposure::accounts(&facts.items, Agreements::of(facts), today)
        .iter()
        .filter_map(|account| Some((account.entity.clone(), account.billed().ok()?)))
        .chain(
            debts
                .iter()
                .filter(|debt| debt.kind != DebtKind::Own)
                .map(|debt| (debt.entity.clone(), debt.amount)),
        )
        .filter(|(_, amount)| amount.is_positive() && amount.currency() != currency)
        .collect();
    owed.sort_by(|one, other| {
        (&one.0, one.1.currency(), one.1.minor()).cmp(&(&other.0, other.1.currency(), other.1.minor()))
    });
    owed
}
