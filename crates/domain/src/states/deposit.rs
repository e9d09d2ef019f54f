//! A bidding deposit: where its money is ([`Position`]) and what is being done with it
//! ([`DepositStage`]), together a [`DepositStanding`].
//!
//! Promises invariant 1: `taken = held + applied + refunded (net of reversed) + forfeited + transferred
//! out - transferred in`, each at least zero, in one currency, after every step. Two steps beyond the
//! table are known because its rows need them: a captured authorisation becomes `held`, and a partly
//! applied deposit goes on like a held one (P6 refunds what is left).

use chrono::NaiveDate;

use super::{Contradiction, IllegalTransition, StepRefused};
use crate::model::{Deposit, DepositMovement, DepositState as S, MovementKind, Refund, RefundState};
use crate::money::{Currency, Money};

/// Where a deposit's money is, in one currency; what is held is what the others leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    currency: Currency,
    taken: i64,
    applied: i64,
    refunded: i64,
    reversed: i64,
    forfeited: i64,
    transferred_out: i64,
    transferred_in: i64,
    held: i64,
}

impl Position {
    /// No money yet.
    pub const fn empty(currency: Currency) -> Self {
        Self {
            currency,
            taken: 0,
            applied: 0,
            refunded: 0,
            reversed: 0,
            forfeited: 0,
            transferred_out: 0,
            transferred_in: 0,
            held: 0,
        }
    }

    /// From everything that happened, in whatever order the feed told it.
    pub fn of(currency: Currency, movements: &[DepositMovement]) -> Result<Self, Contradiction> {
        let mut position = Self::empty(currency);
        for movement in movements {
            position = position.plus(movement.kind, movement.amount)?;
        }
        position.balanced()
    }

    /// After one more movement.
    pub fn record(self, kind: MovementKind, amount: Money) -> Result<Self, Contradiction> {
        self.plus(kind, amount)?.balanced()
    }

    fn plus(mut self, kind: MovementKind, amount: Money) -> Result<Self, Contradiction> {
        if amount.currency() != self.currency {
            return Err(Contradiction::because(format!(
                "a movement is in {}, the deposit in {}",
                amount.currency(),
                self.currency
            )));
        }
        if !amount.is_positive() {
            return Err(Contradiction::because(format!(
                "a movement ({kind}) is of {amount}; it must be more than zero"
            )));
        }
        let sum = match kind {
            MovementKind::Taken => &mut self.taken,
            MovementKind::Applied => &mut self.applied,
            MovementKind::Refunded => &mut self.refunded,
            MovementKind::Reversed => &mut self.reversed,
            MovementKind::Forfeited => &mut self.forfeited,
            MovementKind::TransferredOut => &mut self.transferred_out,
            MovementKind::TransferredIn => &mut self.transferred_in,
        };
        *sum = sum
            .checked_add(amount.minor())
            .ok_or_else(|| Contradiction::because("the movements are too large to be money"))?;
        Ok(self)
    }

    fn balanced(mut self) -> Result<Self, Contradiction> {
        let wide = i128::from;
        if self.reversed > self.refunded {
            return Err(Contradiction::because(
                "more came back from refunds than was refunded",
            ));
        }
        let held = wide(self.taken) + wide(self.transferred_in) + wide(self.reversed)
            - wide(self.applied)
            - wide(self.refunded)
            - wide(self.forfeited)
            - wide(self.transferred_out);
        if held < 0 {
            return Err(Contradiction::because("more left the deposit than came in"));
        }
        self.held = i64::try_from(held)
            .map_err(|_| Contradiction::because("the movements are too large to be money"))?;
        Ok(self)
    }

    const fn money(self, minor: i64) -> Money {
        Money::from_minor(minor, self.currency)
    }

    /// Received.
    pub const fn taken(self) -> Money {
        self.money(self.taken)
    }

    /// Still with the house (D11: what is held less what was applied).
    pub const fn held(self) -> Money {
        self.money(self.held)
    }

    /// Applied to invoices.
    pub const fn applied(self) -> Money {
        self.money(self.applied)
    }

    /// Refunded, less what came back.
    pub const fn refunded(self) -> Money {
        self.money(self.refunded - self.reversed)
    }

    /// Refunds that came back.
    pub const fn reversed(self) -> Money {
        self.money(self.reversed)
    }

    /// Forfeited.
    pub const fn forfeited(self) -> Money {
        self.money(self.forfeited)
    }

    /// Moved to another deposit.
    pub const fn transferred_out(self) -> Money {
        self.money(self.transferred_out)
    }

    /// Moved here from another deposit.
    pub const fn transferred_in(self) -> Money {
        self.money(self.transferred_in)
    }
}

/// What is being done with a deposit, with the facts that belong to that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DepositStage {
    /// Asked for.
    Requested {
        /// When.
        on: Option<NaiveDate>,
    },
    /// Received, not cleared.
    Pending {
        /// When.
        on: Option<NaiveDate>,
    },
    /// An authorisation only.
    Authorised {
        /// When.
        on: Option<NaiveDate>,
    },
    /// Held in cash.
    Held,
    /// Some of it went to invoices.
    PartApplied,
    /// All of it did.
    Applied,
    /// To be refunded.
    RefundDue,
    /// To be refunded, but something blocks it.
    RefundBlocked,
    /// Somebody asked for the refund.
    RefundRequested {
        /// When.
        on: Option<NaiveDate>,
        /// Who; that person does not approve it.
        by: Option<String>,
    },
    /// Approved, not sent.
    Approved,
    /// Sent to bank or PSP.
    Submitted {
        /// When.
        on: Option<NaiveDate>,
        /// ARN, RRN or wire reference.
        reference: Option<String>,
    },
    /// Refunded.
    Refunded {
        /// When it arrived.
        on: Option<NaiveDate>,
    },
    /// Could not be delivered.
    RefundFailed {
        /// When.
        on: Option<NaiveDate>,
        /// Why, in plain words.
        reason: Option<String>,
    },
    /// Another route is being found.
    AltRouteReview,
    /// Came back after it had been refunded.
    RefundReversed {
        /// When.
        on: Option<NaiveDate>,
    },
    /// Forfeited.
    Forfeited,
    /// Moved to another deposit.
    Transferred,
}

impl DepositStage {
    /// The word for it.
    pub const fn state(&self) -> S {
        match self {
            Self::Requested { .. } => S::Requested,
            Self::Pending { .. } => S::Pending,
            Self::Authorised { .. } => S::Authorised,
            Self::Held => S::Held,
            Self::PartApplied => S::PartApplied,
            Self::Applied => S::Applied,
            Self::RefundDue => S::RefundDue,
            Self::RefundBlocked => S::RefundBlocked,
            Self::RefundRequested { .. } => S::RefundRequested,
            Self::Approved => S::Approved,
            Self::Submitted { .. } => S::Submitted,
            Self::Refunded { .. } => S::Refunded,
            Self::RefundFailed { .. } => S::RefundFailed,
            Self::AltRouteReview => S::AltRouteReview,
            Self::RefundReversed { .. } => S::RefundReversed,
            Self::Forfeited => S::Forfeited,
            Self::Transferred => S::Transferred,
        }
    }
}

/// A deposit whose stage and money agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepositStanding {
    position: Position,
    stage: DepositStage,
}

impl DepositStanding {
    /// Every legal step, from and to.
    pub const LEGAL: &'static [(S, S)] = &[
        (S::Requested, S::Pending),
        (S::Pending, S::Held),
        (S::Pending, S::Authorised),
        (S::Authorised, S::Held),
        (S::Held, S::Applied),
        (S::Held, S::PartApplied),
        (S::Held, S::RefundDue),
        (S::Held, S::Forfeited),
        (S::Held, S::Transferred),
        (S::PartApplied, S::PartApplied),
        (S::PartApplied, S::Applied),
        (S::PartApplied, S::RefundDue),
        (S::PartApplied, S::Forfeited),
        (S::PartApplied, S::Transferred),
        (S::RefundDue, S::RefundBlocked),
        (S::RefundBlocked, S::RefundDue),
        (S::RefundDue, S::RefundRequested),
        (S::RefundRequested, S::Approved),
        (S::Approved, S::Submitted),
        (S::Submitted, S::Refunded),
        (S::Submitted, S::RefundFailed),
        (S::RefundFailed, S::AltRouteReview),
        (S::AltRouteReview, S::Submitted),
        (S::Refunded, S::RefundReversed),
        (S::RefundReversed, S::RefundDue),
    ];

    /// A deposit that was asked for.
    pub const fn requested(currency: Currency, on: Option<NaiveDate>) -> Self {
        Self {
            position: Position::empty(currency),
            stage: DepositStage::Requested { on },
        }
    }

    /// What a feed said of a deposit, or why that cannot be.
    pub fn of(deposit: &Deposit) -> Result<Self, Contradiction> {
        let position = Position::of(deposit.amount.currency(), &deposit.movements)?;
        if !deposit.amount.is_positive() {
            return Err(Contradiction::because(format!(
                "the deposit is of {}",
                deposit.amount
            )));
        }
        let refund = deposit.refunds.last();
        amounts_fit(deposit.state, position)?;
        refund_fits(deposit, position, refund)?;
        Ok(Self {
            position,
            stage: stage_of(deposit, refund),
        })
    }

    /// What is being done with it.
    pub const fn stage(&self) -> &DepositStage {
        &self.stage
    }

    /// Where its money is.
    pub const fn position(&self) -> Position {
        self.position
    }

    /// The word for its stage.
    pub const fn state(&self) -> S {
        self.stage.state()
    }

    fn step(self, stage: DepositStage) -> Result<Self, IllegalTransition> {
        let (from, to) = (self.state(), stage.state());
        if Self::LEGAL.contains(&(from, to)) {
            Ok(Self { stage, ..self })
        } else {
            Err(IllegalTransition {
                object: "deposit",
                from: from.word(),
                to: to.word(),
            })
        }
    }

    fn step_with(self, stage: DepositStage, kind: MovementKind, amount: Money) -> Result<Self, StepRefused> {
        let position = self.position;
        let next = self.step(stage)?;
        Ok(Self {
            position: position.record(kind, amount)?,
            ..next
        })
    }

    /// Money or an authorisation came; it has not cleared.
    pub fn receive(self, on: Option<NaiveDate>) -> Result<Self, IllegalTransition> {
        self.step(DepositStage::Pending { on })
    }

    /// Only an authorisation came.
    pub fn authorise(self, on: Option<NaiveDate>) -> Result<Self, IllegalTransition> {
        self.step(DepositStage::Authorised { on })
    }

    /// The money cleared, or the authorisation was captured.
    pub fn clear(self, amount: Money) -> Result<Self, StepRefused> {
        if self.position.taken > 0 {
            return Ok(self.step(DepositStage::Held)?);
        }
        self.step_with(DepositStage::Held, MovementKind::Taken, amount)
    }

    /// An amount went to an invoice.
    pub fn apply(self, amount: Money) -> Result<Self, StepRefused> {
        let stage = if amount == self.position.held() {
            DepositStage::Applied
        } else {
            DepositStage::PartApplied
        };
        self.step_with(stage, MovementKind::Applied, amount)
    }

    /// What is left is to be refunded.
    pub fn owe_refund(self) -> Result<Self, IllegalTransition> {
        self.step(DepositStage::RefundDue)
    }

    /// Something blocks the refund.
    pub fn block(self) -> Result<Self, IllegalTransition> {
        self.step(DepositStage::RefundBlocked)
    }

    /// Somebody asked for the refund.
    pub fn request(self, on: Option<NaiveDate>, by: Option<String>) -> Result<Self, IllegalTransition> {
        self.step(DepositStage::RefundRequested { on, by })
    }

    /// The refund was approved.
    pub fn approve(self) -> Result<Self, IllegalTransition> {
        self.step(DepositStage::Approved)
    }

    /// The refund was sent.
    pub fn submit(self, on: Option<NaiveDate>, reference: Option<String>) -> Result<Self, IllegalTransition> {
        self.step(DepositStage::Submitted { on, reference })
    }

    /// The refund arrived: all that was held has gone.
    pub fn complete(self, on: Option<NaiveDate>) -> Result<Self, StepRefused> {
        let held = self.position.held();
        if held.is_zero() {
            return Ok(self.step(DepositStage::Refunded { on })?);
        }
        self.step_with(DepositStage::Refunded { on }, MovementKind::Refunded, held)
    }

    /// The refund could not be delivered.
    pub fn fail(self, on: Option<NaiveDate>, reason: Option<String>) -> Result<Self, IllegalTransition> {
        self.step(DepositStage::RefundFailed { on, reason })
    }

    /// Another route is being found.
    pub fn review_route(self) -> Result<Self, IllegalTransition> {
        self.step(DepositStage::AltRouteReview)
    }

    /// The refund came back.
    pub fn reverse(self, on: Option<NaiveDate>) -> Result<Self, StepRefused> {
        let refunded = self.position.refunded();
        self.step_with(
            DepositStage::RefundReversed { on },
            MovementKind::Reversed,
            refunded,
        )
    }

    /// What is left is forfeited.
    pub fn forfeit(self) -> Result<Self, StepRefused> {
        let held = self.position.held();
        self.step_with(DepositStage::Forfeited, MovementKind::Forfeited, held)
    }

    /// What is left moves to another deposit.
    pub fn transfer(self) -> Result<Self, StepRefused> {
        let held = self.position.held();
        self.step_with(DepositStage::Transferred, MovementKind::TransferredOut, held)
    }
}

/// Can the state be true of this money?
fn amounts_fit(state: S, at: Position) -> Result<(), Contradiction> {
    let untouched =
        at.applied == 0 && at.refunded == at.reversed && at.forfeited == 0 && at.transferred_out == 0;
    let fits = match state {
        S::Requested | S::Authorised => at.taken == 0 && at.transferred_in == 0,
        S::Pending => untouched,
        S::Held => at.held > 0 && at.applied == 0 && at.refunded == at.reversed && at.forfeited == 0,
        S::PartApplied => at.held > 0 && at.applied > 0 && at.refunded == at.reversed && at.forfeited == 0,
        S::Applied => at.held == 0 && at.applied > 0,
        S::RefundDue
        | S::RefundBlocked
        | S::RefundRequested
        | S::Approved
        | S::RefundFailed
        | S::AltRouteReview => at.held > 0 && at.forfeited == 0,
        S::Submitted => at.forfeited == 0 && (at.held > 0 || at.refunded > at.reversed),
        S::Refunded => at.held == 0 && at.refunded > at.reversed,
        S::RefundReversed => at.held > 0 && at.reversed > 0,
        S::Forfeited => at.held == 0 && at.forfeited > 0,
        S::Transferred => at.held == 0 && at.transferred_out > 0,
    };
    if fits {
        return Ok(());
    }
    Err(Contradiction::because(format!(
        "the state is {state}, but by the movements {} was taken, {} applied, {} refunded, {} forfeited, {} moved away, and {} is held",
        at.money(at.taken.saturating_add(at.transferred_in)),
        at.applied(),
        at.refunded(),
        at.forfeited(),
        at.transferred_out(),
        at.held(),
    )))
}

/// Can the state be true beside what bank or PSP say of the newest refund? A refund on its way while the
/// state still says that somebody should send one would be paid twice.
fn refund_fits(deposit: &Deposit, at: Position, newest: Option<&Refund>) -> Result<(), Contradiction> {
    use RefundState as R;
    if deposit
        .refunds
        .iter()
        .any(|refund| refund.amount.currency() != deposit.amount.currency())
    {
        return Err(Contradiction::because(
            "a refund is in another currency than the deposit",
        ));
    }
    let under_way = deposit
        .refunds
        .iter()
        .filter(|refund| matches!(refund.state, R::Submitted | R::Pending))
        .count();
    if under_way > 1 {
        return Err(Contradiction::because("more than one refund is on its way"));
    }
    let Some(newest) = newest else { return Ok(()) };
    let arrived = Money::sum(
        deposit.amount.currency(),
        deposit
            .refunds
            .iter()
            .filter(|refund| refund.state == R::Succeeded)
            .map(|refund| refund.amount),
    )
    .map_err(|error| Contradiction::because(error.to_string()))?;
    let booked = arrived.minor() <= at.refunded - at.reversed;
    let fits = match deposit.state {
        S::Requested | S::Pending | S::Authorised => false,
        S::Held
        | S::PartApplied
        | S::RefundDue
        | S::RefundBlocked
        | S::RefundFailed
        | S::AltRouteReview
        | S::RefundReversed => under_way == 0 && booked,
        S::RefundRequested | S::Approved => booked,
        S::Submitted => !matches!(newest.state, R::Reversed),
        S::Refunded => under_way == 0 && matches!(newest.state, R::Succeeded),
        S::Applied | S::Forfeited | S::Transferred => under_way == 0,
    };
    if fits {
        return Ok(());
    }
    Err(Contradiction::because(format!(
        "the deposit's state is {}, but refund {} is {}",
        deposit.state, newest.id, newest.state
    )))
}

/// The stage with the facts that belong to it. Bank or PSP know first that a refund is on its way or
/// failed, so within the refund steps the newest refund speaks before the deposit's own word.
fn stage_of(deposit: &Deposit, newest: Option<&Refund>) -> DepositStage {
    let sent = || DepositStage::Submitted {
        on: newest.and_then(|refund| refund.submitted_on),
        reference: newest.and_then(|refund| refund.reference.clone()),
    };
    let failed = || DepositStage::RefundFailed {
        on: newest.and_then(|refund| refund.completed_on),
        reason: newest.and_then(|refund| refund.failure.clone()),
    };
    let newest_state = newest.map(|refund| refund.state);
    match (deposit.state, newest_state) {
        (S::Submitted, Some(RefundState::Failed)) | (S::RefundFailed, _) => failed(),
        (S::RefundRequested | S::Approved, Some(RefundState::Submitted | RefundState::Pending))
        | (S::Submitted, _) => sent(),
        (S::Requested, _) => DepositStage::Requested {
            on: deposit.requested_on,
        },
        (S::Pending, _) => DepositStage::Pending { on: deposit.taken_on },
        (S::Authorised, _) => DepositStage::Authorised { on: deposit.taken_on },
        (S::Held, _) => DepositStage::Held,
        (S::PartApplied, _) => DepositStage::PartApplied,
        (S::Applied, _) => DepositStage::Applied,
        (S::RefundDue, _) => DepositStage::RefundDue,
        (S::RefundBlocked, _) => DepositStage::RefundBlocked,
        (S::RefundRequested, _) => DepositStage::RefundRequested {
            on: newest.and_then(|refund| refund.requested_on),
            by: newest.and_then(|refund| refund.requested_by.clone()),
        },
        (S::Approved, _) => DepositStage::Approved,
        (S::Refunded, _) => DepositStage::Refunded {
            on: newest
                .and_then(|refund| refund.completed_on)
                .or_else(|| last(deposit, MovementKind::Refunded)),
        },
        (S::AltRouteReview, _) => DepositStage::AltRouteReview,
        (S::RefundReversed, _) => DepositStage::RefundReversed {
            on: newest
                .and_then(|refund| refund.completed_on)
                .or_else(|| last(deposit, MovementKind::Reversed)),
        },
        (S::Forfeited, _) => DepositStage::Forfeited,
        (S::Transferred, _) => DepositStage::Transferred,
    }
}

fn last(deposit: &Deposit, kind: MovementKind) -> Option<NaiveDate> {
    deposit
        .movements
        .iter()
        .filter(|movement| movement.kind == kind)
        .map(|movement| movement.on)
        .max()
}
