//! P0-P20: the one situation that is said of a deposit, and what applies beside it.

use super::due::Purchase;
use super::eligibility::{Findings, Funds, find};
use super::{Case, Check, DepositLine, RefundLine, Requirement as D, debts, due, explain, said};
use crate::facts::AccountFacts;
use crate::ids::EntityCode;
use crate::location::House;
use crate::model::{Deposit, RefundState, words};
use crate::money::Money;
use crate::review;
use crate::states::{Contradiction, DepositStage as Stage};

words! {
    /// The situations of `domain.md` 4.3, and one for records that disagree.
    Situation {
        /// No deposit on record.
        P0 = "P0",
        /// Requested, not received.
        P1 = "P1",
        /// Received, not cleared.
        P2 = "P2",
        /// An authorisation only.
        P3 = "P3",
        /// A covered sale is not finished, or the deposit is kept for another.
        P4 = "P4",
        /// Successful, with an unpaid invoice; or already applied.
        P5 = "P5",
        /// Successful, paid in full, with a surplus.
        P6 = "P6",
        /// Unsuccessful, all clear.
        P7 = "P7",
        /// Blocked by a debt.
        P8 = "P8",
        /// Blocked by due diligence or a review.
        P9 = "P9",
        /// The destination is missing or not usable.
        P10 = "P10",
        /// Awaiting an approval or the clearance of a hold.
        P11 = "P11",
        /// Sent to bank or PSP.
        P12 = "P12",
        /// Queued at the PSP.
        P13 = "P13",
        /// The refund failed.
        P14 = "P14",
        /// The refund came back.
        P15 = "P15",
        /// Refunded.
        P16 = "P16",
        /// Forfeited.
        P17 = "P17",
        /// Overdue against the promise; always beside another.
        P18 = "P18",
        /// A dispute on the payment that brought it.
        P19 = "P19",
        /// Something is owed in another currency; always beside another.
        P20 = "P20",
        /// The records disagree, or only the team may say more.
        Ask = "PX",
    }
}

impl Situation {
    /// Which one is said where several fit: the safest first. A deposit on which records disagree is not
    /// judged at all and is [`Situation::Ask`].
    pub const PRECEDENCE: &'static [Self] = &[
        Self::P19,
        Self::P9,
        Self::P17,
        Self::P16,
        Self::P15,
        Self::P14,
        Self::P13,
        Self::P12,
        Self::P1,
        Self::P3,
        Self::P2,
        Self::P4,
        Self::P5,
        Self::P8,
        Self::P10,
        Self::P11,
        Self::P6,
        Self::P7,
    ];
}

/// A situation that fits, and because of what.
pub(super) type Fit = (Situation, String);

pub(super) fn judge(case: &Case<'_>) -> DepositLine {
    let findings = find(case);
    let other_currency = debts::in_other_currency(
        case.facts,
        case.house,
        case.moment,
        &findings.debts,
        case.deposit.amount.currency(),
    );
    let due_by = due::due_by(case, &findings.sales, &findings.purchase);
    let mut fits: Vec<Fit> = Situation::PRECEDENCE
        .iter()
        .filter_map(|situation| Some((*situation, fit(*situation, case, &findings)?)))
        .collect();
    let status = fits.first().map_or(Situation::Ask, |(situation, _)| *situation);
    if let Some(late) = overdue(case, &findings, due_by) {
        fits.push((Situation::P18, late));
    }
    if !other_currency.is_empty() && findings.holds(D::D1) {
        fits.push((Situation::P20, owed_elsewhere(&other_currency)));
    }
    let also = beside(&fits, status).map(|(situation, _)| *situation);
    let shows_due = !matches!(
        status,
        Situation::P1
            | Situation::P2
            | Situation::P3
            | Situation::P4
            | Situation::P5
            | Situation::P16
            | Situation::P17
            | Situation::P19
            | Situation::Ask
    );
    let mut line = DepositLine {
        id: case.deposit.id.clone(),
        entity: case.deposit.entity.clone(),
        amount: case.deposit.amount,
        held: Some(case.standing.position().held()),
        refundable: Some(findings.refundable),
        covers: super::covers(case.deposit).cloned().collect(),
        status,
        also: also.collect(),
        eligible: findings.eligible(),
        says: String::new(),
        internal: Vec::new(),
        client_safe: String::new(),
        acts: String::new(),
        promise: None,
        due_by: due_by.filter(|_| shows_due),
        held_until: (status == Situation::P4 && findings.holds(D::D1))
            .then(|| held_until(&findings))
            .flatten(),
        debts: findings.debts.clone(),
        refund: case.deposit.refunds.last().map(RefundLine::of),
        explain: explain::steps(&findings.checks, &fits),
        checks: findings.checks.clone(),
    };
    said::fill(&mut line, case, &findings);
    line.internal
        .extend(beside(&fits, status).map(|(situation, because)| said::beside(*situation, because)));
    line
}

/// What a deposit on which records disagree gets: no amounts, nothing eligible, a person looks.
pub(super) fn disagree(
    facts: &AccountFacts,
    house: &House,
    deposit: &Deposit,
    contradiction: &Contradiction,
) -> DepositLine {
    let team = due::location(facts, house, deposit).team;
    let because = format!("records disagree: {contradiction}");
    let checks: Vec<Check> = D::ALL
        .iter()
        .map(|requirement| Check {
            requirement: *requirement,
            holds: false,
            because: because.clone(),
        })
        .collect();
    DepositLine {
        id: deposit.id.clone(),
        entity: deposit.entity.clone(),
        amount: deposit.amount,
        held: None,
        refundable: None,
        covers: super::covers(deposit).cloned().collect(),
        status: Situation::Ask,
        also: Vec::new(),
        eligible: false,
        says: "the records disagree; nothing is refunded until a person has looked".to_owned(),
        internal: vec![format!("Records disagree: {contradiction}.")],
        client_safe: said::speak_to(&team),
        acts: team,
        promise: None,
        due_by: None,
        held_until: None,
        debts: Vec::new(),
        refund: None,
        explain: explain::steps(&checks, &[(Situation::Ask, because)]),
        checks,
    }
}

impl RefundLine {
    fn of(refund: &crate::model::Refund) -> Self {
        Self {
            id: refund.id.clone(),
            amount: refund.amount,
            state: refund.state,
            method: refund.method,
            last4: refund.last4.clone(),
            reference: refund.reference.clone(),
            submitted_on: refund.submitted_on,
            completed_on: refund.completed_on,
            expected_on: refund.expected_on,
        }
    }
}

/// Does the situation fit, and because of what?
fn fit(situation: Situation, case: &Case<'_>, findings: &Findings<'_>) -> Option<String> {
    let stage = case.standing.stage();
    let with_us = findings.holds(D::D1);
    let fails = |requirement: D| {
        let failed = findings
            .checks
            .iter()
            .find(|check| check.requirement == requirement && !check.holds);
        failed.map(|check| check.because.clone())
    };
    let newest = case.deposit.refunds.last();
    let queued = newest.is_some_and(|refund| refund.state == RefundState::Pending);
    let stage_is = |fits: bool| {
        fits.then(|| {
            format!(
                "the deposit is {}",
                case.standing.state().word().replace('_', " ")
            )
        })
    };
    match situation {
        Situation::P1 => match &findings.funds {
            Funds::Gone(why) if with_us => Some(why.clone()),
            _ => stage_is(matches!(stage, Stage::Requested { .. })),
        },
        Situation::P2 => match &findings.funds {
            Funds::NotCleared(why) if with_us || matches!(stage, Stage::Pending { .. }) => Some(why.clone()),
            _ => None,
        },
        Situation::P3 => stage_is(matches!(stage, Stage::Authorised { .. })),
        Situation::P4 if with_us => fails(D::D3).or_else(|| fails(D::D7)),
        Situation::P4 => stage_is(matches!(stage, Stage::Transferred)),
        Situation::P5 if with_us => match &findings.purchase {
            Purchase::Unpaid { .. } | Purchase::Unknown { .. } => fails(D::D4),
            Purchase::None | Purchase::Settled { .. } => None,
        },
        Situation::P5 => stage_is(matches!(stage, Stage::Applied)),
        Situation::P6 => matches!(findings.purchase, Purchase::Settled { .. } if with_us)
            .then(|| "the purchase is paid and something is left".to_owned()),
        Situation::P7 => (findings.eligible() && findings.purchase == Purchase::None)
            .then(|| "the client bought nothing and every requirement holds".to_owned()),
        Situation::P8 => fails(D::D5).filter(|_| with_us),
        Situation::P9 => blocked_by_d8(case, findings, with_us),
        Situation::P10 => fails(D::D9).filter(|_| with_us),
        Situation::P11 => fails(D::D12).filter(|_| with_us),
        Situation::P12 => stage_is(matches!(stage, Stage::Submitted { .. }) && !queued),
        Situation::P13 => stage_is(matches!(stage, Stage::Submitted { .. }) && queued),
        Situation::P14 => stage_is(matches!(
            stage,
            Stage::RefundFailed { .. } | Stage::AltRouteReview
        )),
        Situation::P15 => stage_is(matches!(stage, Stage::RefundReversed { .. })),
        Situation::P16 => stage_is(matches!(stage, Stage::Refunded { .. })),
        Situation::P17 => stage_is(matches!(stage, Stage::Forfeited)),
        Situation::P19 => fails(D::D10),
        Situation::P0 | Situation::P18 | Situation::P20 | Situation::Ask => None,
    }
}

/// A review is said whatever else is true of the deposit; missing documents only while there is money here
/// that they keep from going.
fn blocked_by_d8(case: &Case<'_>, findings: &Findings<'_>, with_us: bool) -> Option<String> {
    if findings.review {
        return Some(said::join(
            review::causes(case.facts, case.asker, case.today).iter(),
        ));
    }
    findings
        .documents
        .clone()
        .filter(|_| with_us && findings.funds == Funds::Cleared)
}

/// Is the money later than promised? While it is contested nothing is promised.
fn overdue(case: &Case<'_>, findings: &Findings<'_>, due_by: Option<chrono::NaiveDate>) -> Option<String> {
    let newest = case.deposit.refunds.last();
    let under_way = matches!(case.standing.stage(), Stage::Submitted { .. });
    if under_way {
        let expected = newest
            .and_then(|refund| refund.expected_on)
            .filter(|on| *on < case.today);
        let queued = newest.is_some_and(|refund| refund.state == RefundState::Pending);
        let due = due_by.filter(|on| queued && *on < case.today);
        return expected
            .or(due)
            .map(|on| format!("it was expected by {}", said::day(on)));
    }
    let late = due_by.filter(|on| *on < case.today)?;
    let owed = findings.holds(D::D1) && findings.holds(D::D10) && findings.funds == Funds::Cleared;
    owed.then(|| {
        format!(
            "the promise was {}, {} days ago",
            said::day(late),
            (case.today - late).num_days()
        )
    })
}

fn owed_elsewhere(owed: &[(EntityCode, Money)]) -> String {
    let each = owed
        .iter()
        .map(|(entity, amount)| format!("{amount} is owed at {entity}"));
    format!(
        "{}; nothing is netted, and an exchange is at the client's cost",
        said::join(each)
    )
}

fn held_until(findings: &Findings<'_>) -> Option<chrono::NaiveDate> {
    let known = findings.sales.unknown.is_empty();
    findings
        .sales
        .last
        .as_ref()
        .filter(|_| known)
        .map(|(sale, _)| sale.ends_on)
}

/// What applies beside the status. That it would otherwise be eligible is no news.
fn beside(fits: &[Fit], status: Situation) -> impl Iterator<Item = &Fit> {
    fits.iter().filter(move |(situation, _)| {
        *situation != status && !matches!(situation, Situation::P6 | Situation::P7)
    })
}
