//! The deposit decision (`domain.md` 4.3): may a bidding deposit go back, when, and if not, why not.
//!
//! [`decide`] is a pure function. For each deposit it checks all of D1-D12, then picks the one situation
//! P0-P20 that is said. Where several fit, the order of [`Situation::PRECEDENCE`] decides: first what could
//! lose money twice (P19) or rests on records that disagree, then an internal review, then what has already
//! happened to the money, then what is missing, and only last that it is eligible. P18 and P20 never stand
//! alone; they come in addition.
//!
//! Promises: unknown, stale or contradictory facts never make a deposit eligible; amounts are never netted
//! across currency or entity; whoever may not read restricted holds cannot tell a restricted one from any
//! other internal review; without the permission for internal reasons only client-safe words remain.
//! A deposit's state is known as of today only, so a question about another day is answered for today.

mod debts;
mod due;
mod eligibility;
mod explain;
mod said;
mod situation;

use chrono::NaiveDate;

use crate::access::{Asker, Permission};
use crate::clock::local_date;
use crate::facts::{AccountFacts, Moment};
use crate::freshness::Freshness;
use crate::ids::{ClientNo, DepositId, EntityCode, RefundId, SaleNo};
use crate::location::House;
use crate::message::{AsOf, Outcome, Step};
use crate::model::{Deposit, Method, RefundState, words};
use crate::money::Money;
use crate::states::DepositStanding;

pub use debts::{Debt, DebtKind};
pub use situation::Situation;

words! {
    /// What must all hold before a deposit is refunded.
    Requirement {
        /// The house holds the money.
        D1 = "D1",
        /// The funds cleared.
        D2 = "D2",
        /// The sales it covers ended, with final results.
        D3 = "D3",
        /// The client bought nothing, or has settled what was bought.
        D4 = "D4",
        /// Nobody in the group is past due, or policy lets that pass.
        D5 = "D5",
        /// Not forfeited, transferred or applied.
        D6 = "D6",
        /// Not asked to be kept for another sale.
        D7 = "D7",
        /// Due diligence and screening are in order.
        D8 = "D8",
        /// There is a valid destination.
        D9 = "D9",
        /// No dispute on the payment that brought it.
        D10 = "D10",
        /// Something is left to refund, and none of it is on its way.
        D11 = "D11",
        /// The approvals are in place.
        D12 = "D12",
    }
}

/// Which deposits are asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DepositQuestion {
    /// Those that cover that sale; all where it is `None`.
    pub sale: Option<SaleNo>,
}

/// One requirement and whether it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Which.
    pub requirement: Requirement,
    /// Does it?
    pub holds: bool,
    /// Because of what.
    pub because: String,
}

/// A refund of the deposit, as much of it as may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundLine {
    /// Its id at bank or PSP.
    pub id: RefundId,
    /// Amount.
    pub amount: Money,
    /// State.
    pub state: RefundState,
    /// By which method.
    pub method: Method,
    /// Last four of card or account.
    pub last4: Option<String>,
    /// ARN, RRN or wire reference.
    pub reference: Option<String>,
    /// Sent on.
    pub submitted_on: Option<NaiveDate>,
    /// Arrived, failed or came back on.
    pub completed_on: Option<NaiveDate>,
    /// Expected on.
    pub expected_on: Option<NaiveDate>,
}

/// What is said of one deposit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepositLine {
    /// Which.
    pub id: DepositId,
    /// Held by.
    pub entity: EntityCode,
    /// Amount asked for or taken.
    pub amount: Money,
    /// What the house holds now; `None` where the records disagree.
    pub held: Option<Money>,
    /// What would go back; `None` where the records disagree.
    pub refundable: Option<Money>,
    /// The sales it covers.
    pub covers: Vec<SaleNo>,
    /// The situation that is said.
    pub status: Situation,
    /// What applies in addition, such as P18 and P20.
    pub also: Vec<Situation>,
    /// Do all requirements hold?
    pub eligible: bool,
    /// The requirements; empty for whoever may not read internal reasons.
    pub checks: Vec<Check>,
    /// The status in a few words.
    pub says: String,
    /// What a colleague reads; empty for whoever may not read internal reasons.
    pub internal: Vec<String>,
    /// What may be said to the client.
    pub client_safe: String,
    /// Who acts next.
    pub acts: String,
    /// By when, in words.
    pub promise: Option<String>,
    /// The refund is due by that day.
    pub due_by: Option<NaiveDate>,
    /// Held at least until that day (P4).
    pub held_until: Option<NaiveDate>,
    /// Overdue or contested debts, each in its own entity and currency; for internal readers.
    pub debts: Vec<Debt>,
    /// The newest refund; for internal readers.
    pub refund: Option<RefundLine>,
    /// How all of this came about; for internal readers.
    pub explain: Vec<Step>,
}

impl DepositLine {
    /// The requirements that do not hold.
    pub fn failed(&self) -> impl Iterator<Item = Requirement> {
        self.checks
            .iter()
            .filter(|check| !check.holds)
            .map(|check| check.requirement)
    }
}

/// The answer to a question about deposits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepositAnswer {
    /// How the question ended.
    pub outcome: Outcome,
    /// Whose deposits.
    pub client: ClientNo,
    /// The client's name.
    pub name: String,
    /// The number that was asked for, where it was merged away.
    pub asked_for: Option<ClientNo>,
    /// The sale that was asked about.
    pub sale: Option<SaleNo>,
    /// The whole answer where there is no deposit to show: P0, stale, refused.
    pub sentence: Option<String>,
    /// The deposits.
    pub deposits: Vec<DepositLine>,
    /// Sales with other deposits, for P0.
    pub other_sales: Vec<SaleNo>,
    /// As of when each source speaks.
    pub as_of: Vec<AsOf>,
    /// Some source is past its soft limit.
    pub stale: bool,
    /// How P0 or staleness came about.
    pub explain: Vec<Step>,
}

impl DepositAnswer {
    fn empty(facts: &AccountFacts, question: &DepositQuestion) -> Self {
        Self {
            outcome: Outcome::Answered,
            client: facts.client.no.clone(),
            name: facts.client.name.clone(),
            asked_for: facts.asked_for.clone(),
            sale: question.sale.clone(),
            sentence: None,
            deposits: Vec::new(),
            other_sales: Vec::new(),
            as_of: Vec::new(),
            stale: false,
            explain: Vec::new(),
        }
    }
}

/// Everything a rule about one deposit may look at.
#[derive(Debug, Clone, Copy)]
struct Case<'a> {
    facts: &'a AccountFacts,
    house: &'a House,
    asker: &'a Asker,
    moment: Moment,
    deposit: &'a Deposit,
    standing: &'a DepositStanding,
    today: NaiveDate,
}

/// Decides every deposit that the question is about.
pub fn decide(
    facts: &AccountFacts,
    asker: &Asker,
    house: &House,
    question: &DepositQuestion,
    moment: Moment,
) -> DepositAnswer {
    let mut answer = DepositAnswer::empty(facts, question);
    if !asker.may(Permission::Deposit) || !asker.may_see(&facts.client) {
        answer.outcome = Outcome::Refused;
        answer.name = String::new();
        answer.sentence =
            Some("You may not see deposits of this client. Please ask your team lead.".to_owned());
        return answer;
    }
    if let Some(late) = stale(facts, moment, &mut answer) {
        answer.outcome = Outcome::Stale;
        answer.sentence = Some(late);
        return answer;
    }
    let asked = |deposit: &Deposit| {
        question
            .sale
            .as_ref()
            .is_none_or(|sale| covers(deposit).any(|one| one == sale))
    };
    answer.deposits = facts
        .deposits
        .iter()
        .filter(|deposit| asked(deposit))
        .map(|deposit| line(facts, asker, house, deposit, moment))
        .collect();
    if answer.deposits.is_empty() {
        let mut others: Vec<SaleNo> = facts
            .deposits
            .iter()
            .flat_map(|deposit| covers(deposit).cloned())
            .collect();
        others.sort();
        others.dedup();
        answer.sentence = Some(said::no_deposit(question.sale.as_ref(), &others));
        answer.explain = explain::nothing_on_record(facts.deposits.len());
        answer.other_sales = others;
    }
    answer
}

/// The sales that a deposit is kept for.
fn covers(deposit: &Deposit) -> impl Iterator<Item = &SaleNo> {
    let kept = deposit
        .keep_for
        .iter()
        .filter(|sale| !deposit.covers.contains(sale));
    deposit.covers.iter().chain(kept)
}

/// Fills in as of when the sources speak; the sentence if one is past its hard limit.
fn stale(facts: &AccountFacts, moment: Moment, answer: &mut DepositAnswer) -> Option<String> {
    let mut late = Vec::new();
    // Where no source is marked as needed, each still says as of when it speaks.
    let any_needed = facts.sources.iter().any(|source| source.needed_for.deposit);
    for source in facts
        .sources
        .iter()
        .filter(|source| source.needed_for.deposit || !any_needed)
    {
        let freshness = source.freshness(moment.now);
        if any_needed && freshness == Freshness::Hard {
            late.push(said::too_old(source, moment.now));
        }
        answer.as_of.push(AsOf {
            source: source.name.clone(),
            at: source.extracted_at,
            stale: freshness != Freshness::Fresh,
            note: (freshness != Freshness::Fresh && !source.may_miss.is_empty())
                .then(|| format!("may miss {}", source.may_miss)),
        });
        answer.stale |= freshness != Freshness::Fresh;
    }
    (!late.is_empty()).then(|| format!("No deposit figure can be given: {}.", late.join("; ")))
}

fn line(
    facts: &AccountFacts,
    asker: &Asker,
    house: &House,
    deposit: &Deposit,
    moment: Moment,
) -> DepositLine {
    let zone = due::location(facts, house, deposit).zone;
    let today = local_date(moment.now, zone);
    let mut line = match DepositStanding::of(deposit) {
        Ok(standing) => situation::judge(&Case {
            facts,
            house,
            asker,
            moment,
            deposit,
            standing: &standing,
            today,
        }),
        Err(contradiction) => situation::disagree(facts, house, deposit, &contradiction),
    };
    if !asker.may(Permission::Internal) {
        said::client_safe_only(&mut line, &due::location(facts, house, deposit).team);
    }
    line
}
