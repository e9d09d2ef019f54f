//! Money on its way: payments, what they were applied to, deposits, refunds, card disputes.

use chrono::{DateTime, NaiveDate, Utc};

use super::words;
use crate::ids::{
    ClientNo, DepositId, DisputeId, EntityCode, InvoiceKey, InvoiceNo, LotKey, PaymentId, RefundId, SaleNo,
    SourceId,
};
use crate::money::Money;

words! {
    /// How the money travels.
    Method { /// Bank transfer.
        Wire = "wire", /// Card.
        Card = "card", /// Cheque.
        Cheque = "cheque", /// Banker's draft.
        Draft = "draft", /// Cash.
        Cash = "cash" }
    /// States of a payment (`domain.md` 3.2).
    PaymentState { /// Started.
        Initiated = "initiated", /// The issuer said yes; no money yet.
        Authorised = "authorised", /// Captured; not settled.
        Captured = "captured", /// The money is at the bank or PSP.
        Settled = "settled", /// In the ledger, on account.
        Posted = "posted", /// Applied to items.
        Applied = "applied", /// The authorisation ran out.
        Expired = "expired", /// Taken back before capture.
        Voided = "voided", /// Refused.
        Failed = "failed", /// Contested by the card holder.
        Disputed = "disputed", /// The dispute was won.
        Reinstated = "reinstated", /// The dispute was lost.
        Lost = "lost", /// Returned by the bank after posting.
        Bounced = "bounced", /// From a third party, under payer review: held, not paid.
        HeldThirdParty = "held_third_party", /// The payer was accepted.
        Accepted = "accepted", /// Sent back to its source.
        Returned = "returned" }
    /// Does the payer's name match the client's?
    PayerMatch { /// Same name.
        Exact = "exact", /// A variant of it.
        Fuzzy = "fuzzy", /// Somebody else.
        Mismatch = "mismatch", /// No name came along.
        Unknown = "unknown" }
    /// States of a deposit (`domain.md` 3.2).
    DepositState { /// Asked for.
        Requested = "requested", /// Received, not cleared.
        Pending = "pending", /// An authorisation only: a hold on the card.
        Authorised = "authorised", /// Held in cash.
        Held = "held", /// All of it went to invoices.
        Applied = "applied", /// Some of it did.
        PartApplied = "part_applied", /// To be refunded.
        RefundDue = "refund_due", /// To be refunded, but something blocks it.
        RefundBlocked = "refund_blocked", /// Somebody asked for the refund.
        RefundRequested = "refund_requested", /// Approved.
        Approved = "approved", /// Sent to the bank or PSP.
        Submitted = "submitted", /// Refunded.
        Refunded = "refunded", /// Could not be delivered.
        RefundFailed = "refund_failed", /// Another route is being found.
        AltRouteReview = "alt_route_review", /// Came back after it had been refunded.
        RefundReversed = "refund_reversed", /// Forfeited.
        Forfeited = "forfeited", /// Moved to another deposit.
        Transferred = "transferred" }
    /// Is there somewhere to refund to?
    Destination { /// Back to the original method, still usable.
        Original = "original", /// A verified account in the client's name.
        BankVerified = "bank_verified", /// None on file.
        Missing = "missing", /// In another name.
        Mismatch = "mismatch", /// The card expired or the account was closed.
        Expired = "expired" }
    /// What happened to a deposit.
    MovementKind { /// Received.
        Taken = "taken", /// Applied to an invoice.
        Applied = "applied", /// Refunded.
        Refunded = "refunded", /// A refund came back.
        Reversed = "reversed", /// Forfeited.
        Forfeited = "forfeited", /// Moved to another deposit.
        TransferredOut = "transferred_out", /// Moved here from another deposit.
        TransferredIn = "transferred_in" }
    /// States of a refund at bank or PSP.
    RefundState { /// Asked for.
        Requested = "requested", /// Waits for an approver.
        AwaitingApproval = "awaiting_approval", /// Approved, not sent.
        Approved = "approved", /// Sent.
        Submitted = "submitted", /// The PSP holds it until its balance is topped up.
        Pending = "pending", /// Arrived.
        Succeeded = "succeeded", /// Could not be delivered.
        Failed = "failed", /// Came back.
        Reversed = "reversed" }
    /// Stages of a card dispute (`domain.md` 3.2 and 2.8).
    DisputeStage { /// A question; no money moves.
        Inquiry = "inquiry", /// The question was closed.
        InquiryClosed = "inquiry_closed", /// Opened.
        Opened = "opened", /// Our evidence is due.
        EvidenceDue = "evidence_due", /// Evidence sent.
        Submitted = "submitted", /// Won, but a second chargeback may follow.
        WonProvisional = "won_provisional", /// Won for good.
        WonFinal = "won_final", /// Lost.
        Lost = "lost", /// A second chargeback.
        Reopened = "reopened" }
}

impl DisputeStage {
    /// Is the dispute over for good, in our favour or without money?
    pub const fn is_harmless(self) -> bool {
        matches!(self, Self::InquiryClosed | Self::WonFinal)
    }
}

/// A receipt seen at a bank or PSP, or posted in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Which source told us.
    pub source: SourceId,
    /// Its id there.
    pub id: PaymentId,
    /// The client it was matched to; `None` is unmatched.
    pub client: Option<ClientNo>,
    /// For which entity.
    pub entity: EntityCode,
    /// The invoice its reference names.
    pub invoice: Option<InvoiceNo>,
    /// How it came.
    pub method: Method,
    /// Amount received.
    pub amount: Money,
    /// State.
    pub state: PaymentState,
    /// First seen.
    pub seen_on: NaiveDate,
    /// Value date.
    pub value_on: Option<NaiveDate>,
    /// When it cleared; `None` is not cleared.
    pub cleared_on: Option<NaiveDate>,
    /// When it was posted to the ledger.
    pub posted_on: Option<NaiveDate>,
    /// Name on the paying account.
    pub payer_name: Option<String>,
    /// Does it match?
    pub payer_match: PayerMatch,
    /// The remittance text.
    pub reference: Option<String>,
}

/// A part of a payment that was applied to a ledger item, and to a lot where the posting says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// The payment's source.
    pub source: SourceId,
    /// The payment.
    pub payment: PaymentId,
    /// The invoice it pays.
    pub invoice: InvoiceKey,
    /// The invoice line it pays; `None` is the invoice as a whole.
    pub line: Option<i64>,
    /// The lot it is for; `None` is the invoice as a whole.
    pub lot: Option<LotKey>,
    /// Amount applied.
    pub amount: Money,
    /// When.
    pub applied_on: NaiveDate,
}

/// A bidding deposit with all that happened to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deposit {
    /// Its id.
    pub id: DepositId,
    /// Whose.
    pub client: ClientNo,
    /// Held by.
    pub entity: EntityCode,
    /// Amount asked for or taken.
    pub amount: Money,
    /// How it was paid.
    pub method: Method,
    /// State as the feed says it.
    pub state: DepositState,
    /// Asked for on.
    pub requested_on: Option<NaiveDate>,
    /// Received on.
    pub taken_on: Option<NaiveDate>,
    /// Cleared on.
    pub cleared_on: Option<NaiveDate>,
    /// Where a refund would go.
    pub destination: Destination,
    /// The client asked to keep it for that sale.
    pub keep_for: Option<SaleNo>,
    /// The payment that brought it.
    pub payment: Option<(SourceId, PaymentId)>,
    /// The sales it covers.
    pub covers: Vec<SaleNo>,
    /// What happened to it.
    pub movements: Vec<DepositMovement>,
    /// Refunds of it, oldest first.
    pub refunds: Vec<Refund>,
}

/// One thing that happened to a deposit; the amount is always positive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepositMovement {
    /// What.
    pub kind: MovementKind,
    /// How much.
    pub amount: Money,
    /// When.
    pub on: NaiveDate,
    /// Invoice, refund or deposit it refers to.
    pub reference: Option<String>,
}

/// A refund under way or done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Its id at the bank or PSP.
    pub id: RefundId,
    /// The deposit.
    pub deposit: Option<DepositId>,
    /// Amount.
    pub amount: Money,
    /// State.
    pub state: RefundState,
    /// By which method it goes.
    pub method: Method,
    /// Last four of card or account; never more.
    pub last4: Option<String>,
    /// ARN, RRN or wire reference.
    pub reference: Option<String>,
    /// Who asked for it.
    pub requested_by: Option<String>,
    /// When.
    pub requested_on: Option<NaiveDate>,
    /// Sent on.
    pub submitted_on: Option<NaiveDate>,
    /// Arrived, failed or came back on.
    pub completed_on: Option<NaiveDate>,
    /// Expected on.
    pub expected_on: Option<NaiveDate>,
    /// Plain reason for a failure.
    pub failure: Option<String>,
}

/// A card dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// Its id at the PSP.
    pub id: DisputeId,
    /// The contested payment.
    pub payment: (SourceId, PaymentId),
    /// Whose payment.
    pub client: Option<ClientNo>,
    /// For which entity.
    pub entity: EntityCode,
    /// Stage.
    pub stage: DisputeStage,
    /// The issuer's reason.
    pub reason: Option<String>,
    /// Contested amount.
    pub amount: Money,
    /// Our evidence is due then.
    pub due_at: Option<DateTime<Utc>>,
    /// The PSP has taken the money back.
    pub funds_withdrawn: bool,
}

impl Dispute {
    /// Does it re-open the receivable: money withdrawn or dispute lost, and not won back?
    pub const fn reopens_receivable(&self) -> bool {
        matches!(self.stage, DisputeStage::Lost)
            || (self.funds_withdrawn
                && !matches!(self.stage, DisputeStage::WonFinal | DisputeStage::InquiryClosed))
    }
}
