//! The figures of each block, and the facts that the rules speak about.
//!
//! Money that was only seen never counts as paid: a receipt in flight is a line of its own, a receipt from
//! somebody else is held, and a receipt that was taken back is owed again.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::{Block, OpenItem, Reckoned, Scene, Standing};
use crate::ageing::{Basis, age};
use crate::exposure::{Account, Agreements, Part, accounts};
use crate::ids::EntityCode;
use crate::location::Location;
use crate::model::{
    Deposit, DepositState, Dispute, LedgerItem, MovementKind, PayerMatch, Payment, PaymentState,
};
use crate::money::{Currency, Money, MoneyError};

/// All that one block's rules look at.
pub(super) struct Ground<'a> {
    pub(super) account: Account<'a>,
    pub(super) location: Location,
    pub(super) day: NaiveDate,
    /// Seen for this client, not posted.
    pub(super) in_flight: Vec<&'a Payment>,
    /// Matched to nobody, but similar.
    pub(super) similar: Vec<&'a Payment>,
    /// Under payer review.
    pub(super) held: Vec<&'a Payment>,
    /// Counted by the ledger, contested elsewhere.
    pub(super) contested: Vec<Contested<'a>>,
    /// Left the ledger's open list without a clearing.
    pub(super) gone: Vec<&'a LedgerItem>,
    /// Deposits as the ledger and as the deposit records hold them, where the two differ.
    pub(super) deposits_differ: Option<(Money, Money)>,
    pub(super) last_cleared_on: Option<NaiveDate>,
    /// Credits that may be used: without a payment block.
    pub(super) usable_credits: Money,
    block: Block,
}

impl Ground<'_> {
    pub(super) fn block(&self) -> Block {
        self.block.clone()
    }

    pub(super) fn figures(&self) -> &Block {
        &self.block
    }

    /// What payments in flight would have to cover.
    pub(super) fn to_cover(&self) -> Money {
        let minor = self
            .block
            .billed_open
            .minor()
            .saturating_sub(self.usable_credits.minor());
        Money::from_minor(minor, self.block.currency)
    }
}

/// A payment whose money was taken back, or may be.
pub(super) struct Contested<'a> {
    /// What is owed again by it and not yet open in the ledger; zero where no money moved.
    pub(super) owed_again: Money,
    /// The money.
    pub(super) amount: Money,
    pub(super) dispute: Option<&'a Dispute>,
    /// Returned by the bank, not contested by a card holder.
    pub(super) bounced: bool,
}

impl<'a> Scene<'a> {
    pub(super) fn grounds(&self, share: Option<Money>) -> Result<Vec<Ground<'a>>, MoneyError> {
        let facts = self.facts;
        let mut locations: BTreeMap<&EntityCode, (Location, NaiveDate)> = BTreeMap::new();
        for (entity, _) in self.keys() {
            if !locations.contains_key(entity) {
                let location = self.house.of_entity(entity);
                let day = self.day_at(&location);
                locations.insert(entity, (location, day));
            }
        }
        let day_of = |entity: &EntityCode| locations.get(entity).map_or(NaiveDate::MIN, |(_, day)| *day);
        let mut open = accounts(&facts.items, Agreements::of(facts), day_of);
        let mut grounds = Vec::new();
        for (entity, currency) in self.keys() {
            let Some((location, day)) = locations.get(entity) else {
                continue;
            };
            let found = open
                .iter()
                .position(|account| account.entity == *entity && account.currency == currency);
            let mut account = found.map(|at| open.swap_remove(at)).unwrap_or_else(|| Account {
                entity: entity.clone(),
                currency,
                day: *day,
                parts: Vec::new(),
                credits: Vec::new(),
                deposits: Vec::new(),
                requests: Vec::new(),
            });
            if let Some(share) = share {
                cut(&mut account, share);
            }
            grounds.extend(self.ground(account, location.clone(), *day)?);
        }
        Ok(grounds)
    }

    /// Every entity and currency that some fact of the account is in.
    fn keys(&self) -> BTreeSet<(&'a EntityCode, Currency)> {
        let facts = self.facts;
        let items = facts
            .items
            .iter()
            .map(|item| (&item.entity, item.amount.currency()));
        let own = |payment: &&Payment| payment.client.as_ref() == Some(&facts.client.no);
        let payments = facts
            .payments
            .iter()
            .filter(own)
            .map(|p| (&p.entity, p.amount.currency()));
        let disputes = facts
            .disputes
            .iter()
            .map(|dispute| (&dispute.entity, dispute.amount.currency()));
        let deposits = facts
            .deposits
            .iter()
            .map(|deposit| (&deposit.entity, deposit.amount.currency()));
        let accruals = facts
            .accruals
            .iter()
            .map(|accrual| (&accrual.entity, accrual.amount.currency()));
        let all = items
            .chain(payments)
            .chain(disputes)
            .chain(deposits)
            .chain(accruals);
        all.filter(|(entity, _)| self.question.entity.as_ref().is_none_or(|asked| asked == *entity))
            .collect()
    }

    /// The block's facts and figures; nothing where the account has nothing to say on that day.
    fn ground(
        &self,
        account: Account<'a>,
        location: Location,
        day: NaiveDate,
    ) -> Result<Option<Ground<'a>>, MoneyError> {
        let facts = self.facts;
        let (entity, currency) = (account.entity.clone(), account.currency);
        let here = |p: &&Payment| p.entity == entity && p.amount.currency() == currency && p.seen_on <= day;
        let own = |p: &&Payment| p.client.as_ref() == Some(&facts.client.no);
        let in_flight: Vec<&Payment> = facts
            .payments
            .iter()
            .filter(here)
            .filter(own)
            .filter(|p| is_in_flight(p, day))
            .collect();
        let held: Vec<&Payment> = facts
            .payments
            .iter()
            .filter(here)
            .filter(own)
            .filter(|p| is_held_third_party(p, day))
            .collect();
        let similar: Vec<&Payment> = facts
            .payments
            .iter()
            .filter(here)
            .filter(|p| p.client.is_none() && is_unmatched(p, day) && self.is_similar(p, &account))
            .collect();
        let contested = self.contested(&entity, currency, day)?;
        let gone: Vec<&LedgerItem> = facts
            .items
            .iter()
            .filter(|i| i.entity == entity && i.amount.currency() == currency && i.posted_on <= day)
            .filter(|i| i.is_gone_on(day) && i.is_uncleared_on(day))
            .collect();
        let sum = |amounts: Vec<Money>| Money::sum(currency, amounts);
        let (deposits_held, deposits_differ) = self.deposits(&account, day)?;
        let requests = sum(account.requests.iter().map(|item| item.amount.abs()).collect())?;
        let accruals = facts.accruals.iter().filter(|accrual| {
            accrual.entity == entity && accrual.amount.currency() == currency && accrual.through_on <= day
        });
        let accrued = sum(accruals.map(|accrual| accrual.amount).collect())?;
        let billed_open = account.billed()?;
        let credits_open = account.credited()?;
        let usable = account
            .credits
            .iter()
            .filter(|credit| !credit.item.blocked)
            .map(|credit| credit.amount);
        let usable_credits = sum(usable.collect())?;
        let (overdue, oldest_days) = account.overdue()?;
        let due = |when: fn(&NaiveDate, &NaiveDate) -> bool| {
            sum(account
                .parts
                .iter()
                .filter(|part| when(&part.due_on, &day))
                .map(|part| part.amount)
                .collect())
        };
        let flying = sum(in_flight.iter().map(|payment| payment.amount).collect())?;
        let disputed = sum(contested.iter().map(|contested| contested.owed_again).collect())?;
        let rest = billed_open.checked_sub(usable_credits)?.checked_sub(flying)?;
        let rest = if rest.is_negative() {
            Money::zero(currency)
        } else {
            rest
        };
        let silent = account.parts.is_empty()
            && account.credits.is_empty()
            && in_flight.is_empty()
            && held.is_empty()
            && contested.is_empty()
            && gone.is_empty()
            && [deposits_held, requests, accrued]
                .iter()
                .all(|amount| amount.is_zero());
        if silent {
            return Ok(None);
        }
        let block = Block {
            entity,
            location: location.name.clone(),
            currency,
            day,
            standing: Standing::Nothing,
            billed_open,
            credits_open,
            ledger_net: billed_open.checked_sub(credits_open)?,
            not_due: due(NaiveDate::gt)?,
            due_today: due(NaiveDate::eq)?,
            overdue,
            oldest_days,
            next_due_on: account
                .parts
                .iter()
                .map(|part| part.due_on)
                .filter(|due| *due >= day)
                .min(),
            bands: age(
                &self.question.bands,
                currency,
                day,
                account.parts.iter().map(|part| self.aged(part)),
            )?,
            in_flight: flying,
            in_flight_unmatched: Some(sum(similar.iter().map(|payment| payment.amount).collect())?),
            held_third_party: Some(sum(held.iter().map(|payment| payment.amount).collect())?),
            disputed,
            deposits_held,
            requests,
            accrued,
            amount_to_pay: rest.checked_add(disputed)?,
            reckoning: reckoning(billed_open, usable_credits, flying, disputed),
            items: items(&account),
            rows: Vec::new(),
            client_safe: String::new(),
        };
        Ok(Some(Ground {
            last_cleared_on: self.last_cleared(&account),
            account,
            location,
            day,
            in_flight,
            similar,
            held,
            contested,
            gone,
            deposits_differ,
            usable_credits,
            block,
        }))
    }

    fn aged(&self, part: &Part<'_>) -> (NaiveDate, Money) {
        let from = match self.question.basis {
            Basis::NetDue => part.due_on,
            Basis::Document => part.item.document_on.unwrap_or(part.item.posted_on),
        };
        (from, part.amount)
    }

    fn last_cleared(&self, account: &Account<'_>) -> Option<NaiveDate> {
        let cleared = |item: &LedgerItem| item.cleared_on.filter(|on| *on <= account.day);
        let here = self.facts.items.iter().filter(|i| i.entity == account.entity);
        let here = here.filter(|i| i.amount.currency() == account.currency);
        here.filter_map(cleared).max()
    }

    /// Payments that the ledger counts, or once counted, and that were taken back or may be.
    fn contested(
        &self,
        entity: &EntityCode,
        currency: Currency,
        day: NaiveDate,
    ) -> Result<Vec<Contested<'a>>, MoneyError> {
        let facts = self.facts;
        let mut found = Vec::new();
        for dispute in facts
            .disputes
            .iter()
            .filter(|dispute| !dispute.stage.is_harmless())
        {
            if dispute.entity != *entity || dispute.amount.currency() != currency {
                continue;
            }
            let (source, id) = &dispute.payment;
            let payment = facts.payments.iter().find(|p| p.source == *source && p.id == *id);
            if payment.is_some_and(|payment| payment.seen_on > day) {
                continue;
            }
            let owed_again = if dispute.reopens_receivable() {
                self.not_yet_open(dispute.amount, &dispute.payment, payment, day)?
            } else {
                Money::zero(currency)
            };
            found.push(Contested {
                owed_again,
                amount: dispute.amount,
                dispute: Some(dispute),
                bounced: false,
            });
        }
        let taken_back = |p: &&Payment| {
            p.entity == *entity
                && p.amount.currency() == currency
                && p.client.as_ref() == Some(&facts.client.no)
                && p.seen_on <= day
                && matches!(
                    p.state,
                    PaymentState::Disputed | PaymentState::Lost | PaymentState::Bounced
                )
                && !facts
                    .disputes
                    .iter()
                    .any(|d| d.payment.0 == p.source && d.payment.1 == p.id)
        };
        for payment in facts.payments.iter().filter(taken_back) {
            let key = (payment.source.clone(), payment.id.clone());
            let owed_again = self.not_yet_open(payment.amount, &key, Some(payment), day)?;
            let bounced = payment.state == PaymentState::Bounced;
            found.push(Contested {
                owed_again,
                amount: payment.amount,
                dispute: None,
                bounced,
            });
        }
        Ok(found)
    }

    /// How much of a withdrawn payment the ledger still counts as paid. What never was posted reduces
    /// nothing, and an invoice that the ledger reopened is billed again already. Where the payment itself
    /// is unknown, all of it is owed again.
    fn not_yet_open(
        &self,
        amount: Money,
        key: &(crate::ids::SourceId, crate::ids::PaymentId),
        payment: Option<&Payment>,
        day: NaiveDate,
    ) -> Result<Money, MoneyError> {
        let own: Vec<_> = self
            .facts
            .allocations
            .iter()
            .filter(|a| a.source == key.0 && a.payment == key.1 && a.amount.currency() == amount.currency())
            .collect();
        if own.is_empty() && payment.is_some_and(|payment| payment.posted_on.is_none_or(|on| on > day)) {
            return Ok(Money::zero(amount.currency()));
        }
        let reopened = own.iter().filter(|allocation| {
            self.facts.items.iter().any(|item| {
                item.is_open_on(day)
                    && item.reopened_on.is_some_and(|on| on <= day)
                    && item.entity == allocation.invoice.entity
                    && item.invoice.as_ref() == Some(&allocation.invoice.number)
            })
        });
        let left = amount.checked_sub(Money::sum(amount.currency(), reopened.map(|a| a.amount))?)?;
        Ok(if left.is_negative() {
            Money::zero(amount.currency())
        } else {
            left
        })
    }

    /// Deposits by their own records, by the ledger's special items where there are no records; the two
    /// tell of the same money and are never added.
    fn deposits(
        &self,
        account: &Account<'_>,
        day: NaiveDate,
    ) -> Result<(Money, Option<(Money, Money)>), MoneyError> {
        let currency = account.currency;
        let in_ledger = Money::sum(
            currency,
            account.deposits.iter().map(|item| item.amount.negated()),
        )?;
        let mut records = self
            .facts
            .deposits
            .iter()
            .filter(|deposit| deposit.entity == account.entity && deposit.amount.currency() == currency)
            .peekable();
        if records.peek().is_none() {
            return Ok((in_ledger, None));
        }
        let held = records.try_fold(Money::zero(currency), |sum, deposit| {
            sum.checked_add(held_of(deposit, day)?)
        })?;
        let differ = !account.deposits.is_empty() && in_ledger != held;
        Ok((held, differ.then_some((in_ledger, held))))
    }

    /// Might a receipt that was matched to nobody be this client's: it names the client or an open
    /// invoice, or it is within a hundredth of something open?
    fn is_similar(&self, payment: &Payment, account: &Account<'_>) -> bool {
        let open = |text: &str| {
            account.parts.iter().any(|part| {
                part.item.document == text
                    || part
                        .item
                        .invoice
                        .as_ref()
                        .is_some_and(|number| number.as_str() == text)
            })
        };
        if payment
            .invoice
            .as_ref()
            .is_some_and(|number| open(number.as_str()))
        {
            return true;
        }
        let client = &self.facts.client.no;
        let words = payment.reference.as_deref().unwrap_or_default();
        let mut words = words
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.len() >= 3);
        if words.any(|word| word == client.short() || word == client.as_str() || open(word)) {
            return true;
        }
        let near = |amount: Money| {
            let gap = i128::from(amount.minor()) - i128::from(payment.amount.minor());
            amount.is_positive() && gap.abs() * 100 <= i128::from(amount.minor())
        };
        account.parts.iter().any(|part| near(part.amount)) || account.billed().is_ok_and(near)
    }
}

/// At bank or PSP, and the ledger does not have it yet on that day.
fn is_unposted(payment: &Payment, day: NaiveDate) -> bool {
    match payment.state {
        PaymentState::Settled | PaymentState::Accepted | PaymentState::Reinstated => {
            payment.posted_on.is_none_or(|on| on > day)
        }
        PaymentState::Posted | PaymentState::Applied => payment.posted_on.is_some_and(|on| on > day),
        _ => false,
    }
}

fn is_in_flight(payment: &Payment, day: NaiveDate) -> bool {
    is_unposted(payment, day) && !is_held_third_party(payment, day)
}

fn is_unmatched(payment: &Payment, day: NaiveDate) -> bool {
    is_unposted(payment, day) || payment.state == PaymentState::HeldThirdParty
}

/// A receipt in somebody else's name is held, not paid, until the payer is accepted (`domain.md` 2.4).
fn is_held_third_party(payment: &Payment, day: NaiveDate) -> bool {
    match payment.state {
        PaymentState::HeldThirdParty => true,
        PaymentState::Captured | PaymentState::Settled => {
            payment.payer_match == PayerMatch::Mismatch && payment.posted_on.is_none_or(|on| on > day)
        }
        _ => false,
    }
}

/// What is still held of a deposit; an authorisation on a card is no money.
fn held_of(deposit: &Deposit, day: NaiveDate) -> Result<Money, MoneyError> {
    let currency = deposit.amount.currency();
    let dated = || deposit.movements.iter().filter(|movement| movement.on <= day);
    if deposit.movements.is_empty() {
        let is_money = matches!(
            deposit.state,
            DepositState::Held
                | DepositState::RefundDue
                | DepositState::RefundBlocked
                | DepositState::RefundRequested
                | DepositState::Approved
                | DepositState::Submitted
                | DepositState::RefundFailed
                | DepositState::AltRouteReview
                | DepositState::RefundReversed
        );
        let is_here = is_money && deposit.taken_on.is_none_or(|on| on <= day);
        return Ok(if is_here {
            deposit.amount
        } else {
            Money::zero(currency)
        });
    }
    if matches!(
        deposit.state,
        DepositState::Requested | DepositState::Pending | DepositState::Authorised
    ) {
        return Ok(Money::zero(currency));
    }
    let held = dated().try_fold(Money::zero(currency), |sum, movement| match movement.kind {
        MovementKind::Taken | MovementKind::Reversed | MovementKind::TransferredIn => {
            sum.checked_add(movement.amount)
        }
        MovementKind::Applied
        | MovementKind::Refunded
        | MovementKind::Forfeited
        | MovementKind::TransferredOut => sum.checked_sub(movement.amount),
    })?;
    Ok(if held.is_negative() {
        Money::zero(currency)
    } else {
        held
    })
}

fn reckoning(billed: Money, credits: Money, in_flight: Money, disputed: Money) -> Vec<Reckoned> {
    let deductions = [
        ("less credits that can be used", credits.negated()),
        ("less payments seen, not posted", in_flight.negated()),
        ("plus payments taken back", disputed),
    ];
    let mut lines = vec![Reckoned {
        label: "Billed and open",
        amount: billed,
    }];
    lines.extend(
        deductions
            .into_iter()
            .filter(|(_, amount)| !amount.is_zero())
            .map(|(label, amount)| Reckoned { label, amount }),
    );
    lines
}

fn items(account: &Account<'_>) -> Vec<OpenItem> {
    let open = |item: &LedgerItem, amount: Money| OpenItem {
        document: item.document.clone(),
        year: item.year,
        line: item.line,
        kind: item.kind,
        invoice: item.invoice.clone(),
        amount,
        posted_on: item.posted_on,
        due_on: None,
        days: 0,
        instalment: None,
    };
    let bills = account.parts.iter().map(|part| OpenItem {
        due_on: Some(part.due_on),
        days: (account.day - part.due_on).num_days(),
        instalment: part.instalment,
        ..open(part.item, part.amount)
    });
    let credits = account
        .credits
        .iter()
        .map(|credit| open(credit.item, credit.amount.negated()));
    bills.chain(credits).collect()
}

/// Leaves of an account what one lot may stand open for: oldest due first, and no credit on account.
fn cut(account: &mut Account<'_>, share: Money) {
    let mut left = if share.is_positive() { share.minor() } else { 0 };
    for part in &mut account.parts {
        let taken = part.amount.minor().min(left);
        left -= taken;
        part.amount = Money::from_minor(taken, part.amount.currency());
    }
    account.parts.retain(|part| part.amount.is_positive());
    account.credits.clear();
    account.deposits.clear();
    account.requests.clear();
}
