//! Everything that the decisions look at, loaded by the store in one go for one client.
//!
//! A decision is a pure function of these facts, the asker, the house's rules and the moment. It reads
//! nothing else, so the same facts give the same answer tomorrow, in a test and in a dispute.

use chrono::{DateTime, NaiveDate, Utc};

use crate::freshness::SourceState;
use crate::ids::{ClientNo, LotKey};
use crate::model::{
    Accrual, Allocation, Client, ClientStatus, Deposit, Dispute, GroupDebt, Hold, Invoice, InvoiceLine,
    LedgerItem, Lot, Payment, Release, Sale, TermsAgreement,
};

/// When a question is asked, and about which day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Now.
    pub now: DateTime<Utc>,
    /// The day the figures are for; today at each entity's location where it is `None`.
    pub as_of: Option<NaiveDate>,
}

/// The facts about one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFacts {
    /// The client who answers: the survivor of a merge.
    pub client: Client,
    /// The number that was asked for, where it was merged away (B2).
    pub asked_for: Option<ClientNo>,
    /// Compliance and credit.
    pub status: ClientStatus,
    /// Ledger items that were open on the day of the question, were cleared or reopened within the 40
    /// days before it, or were cleared or posted after it. Never-ending history is not loaded.
    pub items: Vec<LedgerItem>,
    /// Does the ledger hold any item of the client at all (B5)?
    pub has_history: bool,
    /// The last clearing date up to the day of the question (B6).
    pub last_cleared_on: Option<NaiveDate>,
    /// Invoices behind those items, and those that superseded them.
    pub invoices: Vec<Invoice>,
    /// Payments of the client, and payments matched to no client (`client: None`) of entities where the
    /// client has open items.
    pub payments: Vec<Payment>,
    /// What the payments of this client were applied to.
    pub allocations: Vec<Allocation>,
    /// Disputes on the client's payments.
    pub disputes: Vec<Dispute>,
    /// Deposits with covers, movements and refunds.
    pub deposits: Vec<Deposit>,
    /// The sales that deposits cover and invoices are for, and those that lots belong to.
    pub sales: Vec<Sale>,
    /// Extended terms.
    pub terms: Vec<TermsAgreement>,
    /// Holds on the client and on anything of the client's.
    pub holds: Vec<Hold>,
    /// Indicative accruals.
    pub accruals: Vec<Accrual>,
    /// Overdue debts of the other members of the client's group.
    pub group_debts: Vec<GroupDebt>,
    /// Lots in question for a release, and the lots the client bought in sales that deposits cover.
    pub lots: Vec<Lot>,
    /// Lines of the invoices that charge those lots; filled for release and `/invoice` only.
    pub lines: Vec<InvoiceLine>,
    /// What the warehouse says of those lots.
    pub releases: Vec<Release>,
    /// Every configured source and how it stands; a source named by nobody's config is absent.
    pub sources: Vec<SourceState>,
}

impl AccountFacts {
    /// Nothing but the client; tests and loaders fill the rest.
    pub const fn of(client: Client) -> Self {
        Self {
            client,
            asked_for: None,
            status: ClientStatus::unknown(),
            items: Vec::new(),
            has_history: false,
            last_cleared_on: None,
            invoices: Vec::new(),
            payments: Vec::new(),
            allocations: Vec::new(),
            disputes: Vec::new(),
            deposits: Vec::new(),
            sales: Vec::new(),
            terms: Vec::new(),
            holds: Vec::new(),
            accruals: Vec::new(),
            group_debts: Vec::new(),
            lots: Vec::new(),
            lines: Vec::new(),
            releases: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// The lot of that key.
    pub fn lot(&self, key: &LotKey) -> Option<&Lot> {
        self.lots.iter().find(|lot| lot.key == *key)
    }

    /// What the warehouse says of that lot.
    pub fn release(&self, key: &LotKey) -> Option<&Release> {
        self.releases.iter().find(|release| release.lot == *key)
    }
}
