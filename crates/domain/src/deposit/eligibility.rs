//! D1-D12: what must all hold before a deposit goes back. Each is checked on its own and says why, so that
//! a person sees everything that is in the way at once.

use super::due::{self, Purchase, Sales};
use super::said::{day, join};
use super::{Case, Check, Debt, DebtKind, Requirement as D, debts};
use crate::location::{Location, SurplusRule};
use crate::model::{
    CddState, Destination, Dispute, Hold, HoldCode, HoldScope, Method, PayerMatch, Payment, PaymentState,
    RefundState,
};
use crate::money::Money;
use crate::states::{DepositStage as Stage, DisputeStanding, PaymentStanding};
use crate::{neutral, review};

/// All checks of one deposit, and what the situations need of them.
#[derive(Debug)]
pub(super) struct Findings<'a> {
    pub(super) sales: Sales<'a>,
    pub(super) location: Location,
    pub(super) purchase: Purchase,
    pub(super) debts: Vec<Debt>,
    pub(super) review: bool,
    pub(super) documents: Option<String>,
    pub(super) dispute: Option<&'a Dispute>,
    pub(super) funds: Funds,
    pub(super) refundable: Money,
    pub(super) checks: Vec<Check>,
}

/// Have the funds come for good (D2)?
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Funds {
    /// Yes.
    Cleared,
    /// Only an authorisation: nothing to refund, a hold to release.
    Authorised,
    /// Not yet.
    NotCleared(String),
    /// They came back, or never came.
    Gone(String),
}

impl Findings<'_> {
    pub(super) fn holds(&self, requirement: D) -> bool {
        self.checks
            .iter()
            .any(|check| check.requirement == requirement && check.holds)
    }

    pub(super) fn eligible(&self) -> bool {
        self.checks.len() == D::ALL.len() && self.checks.iter().all(|check| check.holds)
    }
}

pub(super) fn find<'a>(case: &Case<'a>) -> Findings<'a> {
    let sales = due::sales(case);
    let purchase = due::purchase(case);
    let debts = debts::past_due(case.facts, case.house, case.deposit, case.moment);
    let dispute = dispute(case);
    let funds = funds(case);
    let documents = documents(case);
    let review = review::is_open(case.facts, case.today);
    let refundable = refundable(case);
    let checks = vec![
        d1(case),
        check(D::D2, funds == Funds::Cleared, funds_because(&funds)),
        d3(case, &sales),
        d4(&purchase, &sales),
        d5(case, &sales, debts.as_deref().map_err(ToString::to_string)),
        d6(case),
        d7(case, &sales),
        d8(case, documents.as_deref()),
        d9(case),
        d10(case, dispute),
        d11(case, refundable),
        d12(case, &sales),
    ];
    Findings {
        location: due::location(case.facts, case.house, case.deposit),
        sales,
        purchase,
        debts: debts.unwrap_or_default(),
        review,
        documents,
        dispute,
        funds,
        refundable,
        checks,
    }
}

fn check(requirement: D, holds: bool, because: impl Into<String>) -> Check {
    Check {
        requirement,
        holds,
        because: because.into(),
    }
}

fn d1(case: &Case<'_>) -> Check {
    let held = case.standing.position().held();
    let with_us = matches!(
        case.standing.stage(),
        Stage::Held
            | Stage::PartApplied
            | Stage::RefundDue
            | Stage::RefundBlocked
            | Stage::RefundRequested { .. }
            | Stage::Approved
            | Stage::RefundFailed { .. }
            | Stage::AltRouteReview
            | Stage::RefundReversed { .. }
    );
    let state = case.standing.state();
    check(
        D::D1,
        with_us && held.is_positive(),
        format!("the deposit is {state}; {held} is held"),
    )
}

/// The payment that brought the deposit, where we know it.
fn payment<'a>(case: &Case<'a>) -> Option<&'a Payment> {
    let (source, id) = case.deposit.payment.as_ref()?;
    case.facts
        .payments
        .iter()
        .find(|payment| payment.source == *source && payment.id == *id)
}

fn funds(case: &Case<'_>) -> Funds {
    if matches!(case.standing.stage(), Stage::Authorised { .. }) {
        return Funds::Authorised;
    }
    if matches!(
        case.standing.stage(),
        Stage::Requested { .. } | Stage::Pending { .. }
    ) {
        return Funds::NotCleared(format!("the deposit is {}", case.standing.state()));
    }
    let came = match payment(case).map(PaymentStanding::of).transpose() {
        Ok(came) => came,
        Err(contradiction) => return Funds::NotCleared(contradiction.to_string()),
    };
    if let Some(came) = came.filter(|came| !came.is_with_us()) {
        let why = format!(
            "the payment that brought it is {}",
            came.state().word().replace('_', " ")
        );
        return if came.is_gone() {
            Funds::Gone(why)
        } else {
            Funds::NotCleared(why)
        };
    }
    let cleared = case
        .deposit
        .cleared_on
        .or(came.and_then(|came| came.cleared_on()));
    match cleared {
        Some(on) if on <= case.today => Funds::Cleared,
        Some(on) => Funds::NotCleared(format!("the funds clear on {}", day(on))),
        None => Funds::NotCleared("no clearing date is on record".to_owned()),
    }
}

fn funds_because(funds: &Funds) -> String {
    match funds {
        Funds::Cleared => "the funds cleared".to_owned(),
        Funds::Authorised => {
            "it is an authorisation only: the hold is released, nothing is refunded".to_owned()
        }
        Funds::NotCleared(why) | Funds::Gone(why) => why.clone(),
    }
}

fn d3(case: &Case<'_>, sales: &Sales<'_>) -> Check {
    let covers = &case.deposit.covers;
    let unknown: Vec<_> = sales.unknown.iter().filter(|no| covers.contains(no)).collect();
    let running: Vec<_> = sales
        .running
        .iter()
        .filter(|sale| covers.contains(&sale.no))
        .collect();
    let because = if !unknown.is_empty() {
        format!("nothing is known of sale {}", join(unknown.iter()))
    } else if !running.is_empty() {
        join(running.iter().map(|sale| {
            let state = if sale.cancelled {
                "was cancelled; its results are not final"
            } else {
                "is not over with final results"
            };
            format!("sale {} (ends {}) {state}", sale.no, day(sale.ends_on))
        }))
    } else if let Some((sale, _)) = &sales.last {
        match (covers.len(), covers.first()) {
            (1, Some(_)) if covers.contains(&sale.no) => {
                format!(
                    "sale {} ended on {} and its results are final",
                    sale.no,
                    day(sale.ends_on)
                )
            }
            _ => "every sale it covers is over with final results".to_owned(),
        }
    } else {
        "it is not on record which sale it covers".to_owned()
    };
    check(
        D::D3,
        unknown.is_empty() && running.is_empty() && sales.last.is_some(),
        because,
    )
}

fn d4(purchase: &Purchase, sales: &Sales<'_>) -> Check {
    let on_collection = due::rule(sales).is_none_or(|rule| rule.surplus == SurplusRule::OnCollection);
    match purchase {
        Purchase::None if sales.unknown.is_empty() && sales.last.is_some() => {
            check(D::D4, true, "the client bought nothing in the covered sales")
        }
        Purchase::None => check(
            D::D4,
            false,
            "without the sale nobody knows whether the client bought",
        ),
        Purchase::Unpaid { invoices } => {
            check(D::D4, false, format!("invoice {} is open", join(invoices.iter())))
        }
        Purchase::Unknown { because } => check(D::D4, false, because.clone()),
        Purchase::Settled {
            uncollected,
            collected_on,
        } if on_collection => {
            let because = if collected_on.is_some() {
                "the purchase is paid and collected; the rest is surplus".to_owned()
            } else if uncollected.is_empty() {
                "the purchase is paid; it is not on record when it was collected".to_owned()
            } else {
                format!(
                    "the purchase is paid; the surplus goes back when lot {} is collected",
                    join(uncollected.iter())
                )
            };
            check(D::D4, uncollected.is_empty() && collected_on.is_some(), because)
        }
        Purchase::Settled { .. } => check(D::D4, true, "the purchase is paid; the rest is surplus"),
    }
}

fn d5(case: &Case<'_>, sales: &Sales<'_>, debts: Result<&[Debt], String>) -> Check {
    let debts = match debts {
        Ok(debts) => debts,
        Err(error) => return check(D::D5, false, format!("the debts cannot be added up: {error}")),
    };
    let ignore_group = due::rule(sales).is_some_and(|rule| rule.ignore_group_debt);
    let counts = |debt: &&Debt| debt.kind != DebtKind::Group || !ignore_group;
    let blocking: Vec<String> = debts.iter().filter(counts).map(told).collect();
    if !blocking.is_empty() {
        return check(D::D5, false, join(blocking.iter()));
    }
    if case.facts.status.written_off {
        return check(D::D5, false, "some of the client's debt was written off");
    }
    let because = if debts.is_empty() {
        "nobody in the group is past due"
    } else {
        "only others in the group are past due, which the location's rule lets pass"
    };
    check(D::D5, true, because)
}

/// A debt in a sentence; other members of a group stay nameless.
pub(super) fn told(debt: &Debt) -> String {
    let who = match debt.kind {
        DebtKind::Own => "past due",
        DebtKind::Contested => "paid by a card payment that was taken back",
        DebtKind::Group => "past due from another member of the group",
    };
    let age = if debt.oldest_days > 0 {
        format!(", oldest {} days", debt.oldest_days)
    } else {
        String::new()
    };
    format!("{} at {} {who}{age}", debt.amount, debt.entity)
}

fn d6(case: &Case<'_>) -> Check {
    let gone = matches!(
        case.standing.stage(),
        Stage::Forfeited | Stage::Transferred | Stage::Applied
    );
    let state = case.standing.state();
    let because = if gone {
        format!("the deposit was {state}")
    } else {
        "not forfeited, moved or used up".to_owned()
    };
    check(D::D6, !gone, because)
}

fn d7(case: &Case<'_>, sales: &Sales<'_>) -> Check {
    let Some(kept) = &case.deposit.keep_for else {
        return check(D::D7, true, "the client did not ask to keep it for another sale");
    };
    let over = !sales.unknown.contains(&kept) && !sales.running.iter().any(|sale| sale.no == *kept);
    let because = if over {
        "was kept for sale, which is over:"
    } else {
        "the client asked to keep it for sale"
    };
    check(D::D7, over, format!("{because} {kept}"))
}

/// The holds that touch this deposit, other than reviews, which touch everything of the client's.
fn holds<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a Hold> {
    let deposit = case.deposit;
    let today = case.today;
    case.facts.holds.iter().filter(move |hold| {
        let mine = match hold.scope {
            HoldScope::Client => true,
            HoldScope::Deposit => hold.reference == deposit.id.as_str(),
            HoldScope::Payment => deposit
                .payment
                .as_ref()
                .is_some_and(|(source, id)| hold.reference == format!("{source}/{id}")),
            HoldScope::Invoice | HoldScope::Lot => false,
        };
        mine && hold.is_active_on(today) && !review::is_review(hold)
    })
}

/// Which due diligence is missing, if any.
fn documents(case: &Case<'_>) -> Option<String> {
    let status = &case.facts.status;
    if holds(case).any(|hold| hold.code == HoldCode::Cdd) {
        return Some("a hold asks for due diligence documents".to_owned());
    }
    match status.cdd {
        Some(CddState::NotRequired) => None,
        Some(CddState::Complete) => status
            .cdd_expires_on
            .filter(|last| *last < case.today)
            .map(|last| format!("due diligence ran out on {}", day(last))),
        Some(CddState::Required) => Some("due diligence was asked for; nothing has been received".to_owned()),
        Some(CddState::Incomplete) => Some("due diligence documents are missing".to_owned()),
        Some(CddState::Expired) => Some("due diligence has run out".to_owned()),
        None => Some("the state of due diligence is not on record".to_owned()),
    }
}

fn d8(case: &Case<'_>, documents: Option<&str>) -> Check {
    let mut because = review::causes(case.facts, case.asker, case.today);
    let review = !because.is_empty();
    if !review {
        because.push(neutral::BECAUSE_NOT.to_owned());
    }
    because.push(documents.map_or_else(|| "due diligence is in order".to_owned(), ToOwned::to_owned));
    check(D::D8, !review && documents.is_none(), join(because.iter()))
}

fn d9(case: &Case<'_>) -> Check {
    let foreign = payment(case).filter(|payment| payment.payer_match == PayerMatch::Mismatch);
    if foreign.is_some_and(|payment| payment.state != PaymentState::Accepted) {
        return check(D::D9, false, "it was paid from an account in another name");
    }
    let came_back = case
        .deposit
        .refunds
        .last()
        .filter(|refund| matches!(refund.state, RefundState::Failed | RefundState::Reversed));
    let (holds, because) = match case.deposit.destination {
        Destination::Original if came_back.is_some() => {
            (false, "the last refund to the original method did not arrive")
        }
        Destination::BankVerified if came_back.is_some_and(|refund| refund.method == Method::Wire) => {
            (false, "the last refund to the bank account did not arrive")
        }
        Destination::Original => (true, "back to the original method"),
        Destination::BankVerified => (true, "to a verified account in the client's name"),
        Destination::Missing => (false, "no destination is on file"),
        Destination::Mismatch => (false, "the account on file is in another name"),
        Destination::Expired => (false, "the card expired or the account was closed"),
    };
    check(D::D9, holds, because)
}

/// An open or lost dispute on the payment that brought the deposit. A card deposit without its payment on
/// record may be the one that any open dispute of the client is about.
fn dispute<'a>(case: &Case<'a>) -> Option<&'a Dispute> {
    let deposit = case.deposit;
    case.facts
        .disputes
        .iter()
        .filter(|dispute| !DisputeStanding::of(dispute).is_ok_and(|standing| standing.is_harmless()))
        .find(|dispute| match &deposit.payment {
            Some(payment) => dispute.payment == *payment,
            None => deposit.method == Method::Card,
        })
}

fn d10(case: &Case<'_>, dispute: Option<&Dispute>) -> Check {
    let contested = payment(case)
        .and_then(|payment| PaymentStanding::of(payment).ok())
        .filter(PaymentStanding::is_contested);
    match dispute {
        Some(dispute) => check(
            D::D10,
            false,
            format!(
                "dispute {} is {}",
                dispute.id,
                dispute.stage.word().replace('_', " ")
            ),
        ),
        None if contested.is_some() => check(D::D10, false, "the payment that brought it is contested"),
        None => check(D::D10, true, "no dispute on the payment that brought it"),
    }
}

/// Held less what is on its way back already.
fn refundable(case: &Case<'_>) -> Money {
    let held = case.standing.position().held();
    let under_way = case
        .deposit
        .refunds
        .iter()
        .filter(|refund| matches!(refund.state, RefundState::Submitted | RefundState::Pending))
        .map(|refund| refund.amount);
    let left = Money::sum(held.currency(), under_way).and_then(|under_way| held.checked_sub(under_way));
    left.ok()
        .filter(|left| left.is_positive())
        .unwrap_or(Money::zero(held.currency()))
}

fn d11(case: &Case<'_>, refundable: Money) -> Check {
    let position = case.standing.position();
    let because = format!(
        "{} applied, {} held, {refundable} to refund",
        position.applied(),
        position.held()
    );
    check(D::D11, refundable.is_positive(), because)
}

fn d12(case: &Case<'_>, sales: &Sales<'_>) -> Check {
    let status = &case.facts.status;
    let manual = holds(case).find(|hold| matches!(hold.code, HoldCode::Manual | HoldCode::Approval));
    if let Some(hold) = manual {
        let owner = hold.owner.as_deref().unwrap_or("its owner");
        return check(D::D12, false, format!("hold {} waits for {owner}", hold.id));
    }
    if status.insolvent || status.legal_action {
        return check(
            D::D12,
            false,
            "insolvency or legal action: the debt owner decides",
        );
    }
    let needs = due::rule(sales).is_none_or(|rule| rule.needs_approval);
    let newest = case.deposit.refunds.last();
    match case.standing.stage() {
        Stage::Approved => check(D::D12, true, "the refund is approved"),
        Stage::RefundRequested { .. } => check(D::D12, false, "the refund waits for an approval"),
        _ if newest.is_some_and(|refund| refund.state == RefundState::Approved) => {
            check(D::D12, true, "the refund is approved")
        }
        _ if newest.is_some_and(|refund| {
            matches!(
                refund.state,
                RefundState::Requested | RefundState::AwaitingApproval
            )
        }) =>
        {
            check(D::D12, false, "the refund waits for an approval")
        }
        _ if needs => check(
            D::D12,
            false,
            "a refund needs an approval that nobody has asked for",
        ),
        _ => check(D::D12, true, "the location's rule needs no approval"),
    }
}
