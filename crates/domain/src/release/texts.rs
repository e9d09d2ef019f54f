//! What each release rule says: its name, who clears it, what clears it, and the clause for the client.
//!
//! The clauses are those of `domain.md` 4.2, word for word, so that they can be agreed with counsel once.
//! None of them depends on a fact, so none can give one away.

use super::ReleaseCode;
use crate::neutral;

/// The standing texts of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Texts {
    /// `UNPAID`.
    pub name: &'static str,
    /// Who can clear it.
    pub by: &'static str,
    /// What clears it.
    pub clears: &'static str,
    /// The clause for the client; `{team}` stands for the location's team.
    pub client: &'static str,
}

impl ReleaseCode {
    /// The standing texts.
    pub const fn texts(self) -> Texts {
        let (name, by, clears, client) = match self {
            Self::Unpaid => (
                "UNPAID",
                "coordinator (posting) or the client (payment)",
                "payment applied",
                "payment is outstanding",
            ),
            Self::NotCleared => (
                "NOT_CLEARED",
                "cash team",
                "the funds settle and clear",
                "we have seen your payment and are waiting for it to clear",
            ),
            Self::TaxOrShippingOpen => (
                "TAX_OR_SHIPPING_OPEN",
                "coordinator or the client (payment)",
                "the remaining charge is paid",
                "a remaining charge is open",
            ),
            Self::StorageOrInterest => (
                "STORAGE_OR_INTEREST",
                "coordinator (payment) or the waiver authority",
                "payment or an approved waiver",
                "storage charges are due",
            ),
            Self::CrossDebt => (
                "CROSS_DEBT",
                "AR manager or director, by the ladder",
                "the other debt is settled or waived",
                "other items on your account need attention",
            ),
            Self::ThirdPartyPayer => (
                "THIRD_PARTY_PAYER",
                "compliance with the AR manager",
                "the payer is accepted, or the money is returned and paid again by the buyer",
                "we need to confirm some payment details",
            ),
            Self::Dispute => (
                "DISPUTE",
                "chargeback owner or manager",
                "the dispute is finally won, or the amount is repaid by other means",
                "there is a query with your card issuer",
            ),
            Self::CddIncomplete => (
                "CDD_INCOMPLETE",
                "compliance",
                "identity documents verified",
                "we need some identity documents",
            ),
            Self::SanctionsReview => (
                "SANCTIONS_REVIEW",
                "MLRO or compliance only",
                "the decision",
                neutral::CLIENT_CLAUSE,
            ),
            Self::InternalReview => (
                "INTERNAL_REVIEW",
                neutral::BY,
                neutral::CLEARS,
                neutral::CLIENT_CLAUSE,
            ),
            Self::TermsNotEffective => (
                "TERMS_NOT_EFFECTIVE",
                "business manager or director, by the ladder",
                "the terms become effective, with release included",
                "your payment terms are not yet complete",
            ),
            Self::TermsBreached => (
                "TERMS_BREACHED",
                "AR manager or above",
                "the late instalment is paid",
                "an instalment is overdue",
            ),
            Self::CreditLimit => (
                "CREDIT_LIMIT",
                "credit authority",
                "payment or a changed limit",
                "your account limit is reached",
            ),
            Self::ExportLicence => (
                "EXPORT_LICENCE",
                "shipping",
                "the licence is granted",
                "an export licence is pending",
            ),
            Self::Cites => (
                "CITES",
                "shipping",
                "the permits are granted",
                "a permit is pending",
            ),
            Self::CancellationRight => (
                "CANCELLATION_RIGHT",
                "nobody: the policy holds it",
                "the period passes, or the client waives it",
                "you are within your cancellation period",
            ),
            Self::CollectorNotAuthorised => (
                "COLLECTOR_NOT_AUTHORISED",
                "client services",
                "letter, identity and papers of the collector",
                "we need your written authorisation",
            ),
            Self::LotNotAtLocation => (
                "LOT_NOT_AT_LOCATION",
                "logistics",
                "the lot arrives",
                "the property is being moved",
            ),
            Self::ShippingQuoteOpen => (
                "SHIPPING_QUOTE_OPEN",
                "shipping",
                "the quote is accepted",
                "please accept the shipping quote",
            ),
            Self::InvoiceSuperseded => (
                "INVOICE_SUPERSEDED",
                "bids office or AR",
                "the new invoice is issued",
                "your invoice is being reissued",
            ),
            Self::SaleCancelled => (
                "SALE_CANCELLED",
                "director",
                "a director's decision",
                "please speak to {team}",
            ),
            Self::DepositRecon => (
                "DEPOSIT_RECON",
                "AR",
                "the deposit is applied",
                "we are applying your deposit",
            ),
            Self::DataStale => (
                "DATA_STALE",
                "owner of the data feed",
                "fresh and complete data",
                "we are confirming the latest information",
            ),
            Self::ManualHold => (
                "MANUAL_HOLD",
                "owner of the hold",
                "the hold is cleared",
                "please speak to {team}",
            ),
        };
        Texts {
            name,
            by,
            clears,
            client,
        }
    }
}
