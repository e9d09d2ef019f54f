//! Agreements and holds: extended terms with their instalments, and everything that says "not yet".

use chrono::{DateTime, NaiveDate, Utc};

use super::words;
use crate::ids::{ClientNo, EntityCode, HoldId, InvoiceNo, SaleNo, TermsId};
use crate::money::Money;
use crate::states::HoldStanding;

words! {
    /// States of a terms agreement (`domain.md` 3.2).
    TermsState { /// Asked for.
        Requested = "requested", /// Papers are missing.
        DocsMissing = "docs_missing", /// Being looked at.
        UnderReview = "under_review", /// Approved, papers not all in.
        Approved = "approved", /// In force.
        Effective = "effective", /// Paid off.
        Completed = "completed", /// An instalment was missed.
        Breached = "breached", /// Called off.
        Cancelled = "cancelled", /// Ran out.
        Expired = "expired" }
    /// What a hold is on.
    HoldScope { /// The client as a whole.
        Client = "client", /// One invoice: `reference` is its number.
        Invoice = "invoice", /// One lot: `reference` is `sale/lot`.
        Lot = "lot", /// One deposit.
        Deposit = "deposit", /// One payment: `reference` is `source/id`.
        Payment = "payment" }
    /// Why. The restricted ones read as neutral text to everyone outside compliance.
    HoldCode { /// Sanctions screening, SAR, consent pending: restricted.
        Sanctions = "sanctions", /// Anti-money-laundering review: restricted.
        Aml = "aml", /// Legal: restricted.
        Legal = "legal", /// Suspected fraud.
        Fraud = "fraud", /// Somebody else claims title.
        TitleClaim = "title_claim", /// A stolen-art register matches.
        StolenArt = "stolen_art", /// The seller rescinds.
        Rescission = "rescission", /// Due diligence documents.
        Cdd = "cdd", /// Waits for an approval.
        Approval = "approval", /// Anything else.
        Manual = "manual" }
    /// States of a hold; it is never deleted.
    HoldState { /// In force.
        Active = "active", /// Lifted.
        Cleared = "cleared", /// Ran out.
        Expired = "expired" }
}

impl HoldCode {
    /// May only compliance read it? (`product.md` rule 4: sanctions, SAR and legal.)
    pub const fn is_restricted(self) -> bool {
        matches!(self, Self::Sanctions | Self::Aml | Self::Legal)
    }

    /// Does it block as "internal review" (R10) with the same neutral sentence as a restricted one?
    pub const fn is_internal_review(self) -> bool {
        matches!(
            self,
            Self::Fraud | Self::TitleClaim | Self::StolenArt | Self::Rescission
        )
    }
}

/// Extended payment terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermsAgreement {
    /// Its id.
    pub id: TermsId,
    /// With whom.
    pub client: ClientNo,
    /// Owed to.
    pub entity: EntityCode,
    /// For that sale; `None` with no invoice is the whole account.
    pub sale: Option<SaleNo>,
    /// For that invoice.
    pub invoice: Option<InvoiceNo>,
    /// State as the feed says it.
    pub state: TermsState,
    /// May lots go while instalments run?
    pub release_included: bool,
    /// Does a breach make the whole balance due?
    pub accelerates: bool,
    /// Documents still missing, in words.
    pub documents_missing: Option<String>,
    /// Who approved.
    pub approver: Option<String>,
    /// From.
    pub valid_from: Option<NaiveDate>,
    /// To.
    pub valid_to: Option<NaiveDate>,
    /// Instalments by due date.
    pub instalments: Vec<Instalment>,
}

/// One instalment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instalment {
    /// Number from 1.
    pub n: i64,
    /// Due.
    pub due_on: NaiveDate,
    /// Amount.
    pub amount: Money,
    /// Paid so far.
    pub paid: Money,
}

/// Something that says "not yet".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// What it is on.
    pub scope: HoldScope,
    /// Whose thing it is.
    pub client: Option<ClientNo>,
    /// Which invoice, lot, deposit or payment; the client number for a client.
    pub reference: String,
    /// Why.
    pub code: HoldCode,
    /// State as the feed says it.
    pub state: HoldState,
    /// Who raised it.
    pub raised_by: Option<String>,
    /// When.
    pub raised_at: Option<DateTime<Utc>>,
    /// The team that can clear it.
    pub owner: Option<String>,
    /// In words; internal, and never shown for a restricted one outside compliance.
    pub reason: Option<String>,
    /// Ends by itself at the end of that day.
    pub expires_on: Option<NaiveDate>,
    /// Restricted beyond what its code says.
    pub restricted: bool,
}

impl Hold {
    /// Does it hold on that day?
    pub fn is_active_on(&self, day: NaiveDate) -> bool {
        HoldStanding::on(self, day).is_active()
    }

    /// May only roles with `restricted_holds` know of it?
    pub const fn is_restricted(&self) -> bool {
        self.restricted || self.code.is_restricted()
    }
}
