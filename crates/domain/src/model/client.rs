//! Who the house deals with: clients, the other names they go by, and what compliance says of them.

use chrono::{DateTime, NaiveDate, Utc};

use super::words;
use crate::ids::{ClientNo, EntityCode, GroupId, LocationId, SaleNo};
use crate::money::Money;

words! {
    /// What kind of client.
    ClientKind { /// A private person.
        Person = "person", /// A company.
        Company = "company", /// A dealer with a trade account.
        Trade = "trade" }
    /// Who may see that the client exists at all.
    Confidentiality { /// Everybody with the location in scope.
        Normal = "normal", /// Only roles with `vip_clients`.
        Vip = "vip", /// Only roles with `restricted_clients`.
        Restricted = "restricted" }
    /// Under what other name a client is known.
    AliasKind { /// An e-mail address.
        Email = "email", /// A phone number.
        Phone = "phone", /// A paddle in a sale.
        Paddle = "paddle", /// SAP's KUNNR where it differs.
        Kunnr = "kunnr", /// A Freshdesk contact.
        Freshdesk = "freshdesk", /// A Stripe customer.
        Stripe = "stripe", /// An Adyen shopper reference.
        Adyen = "adyen", /// Another name: previous, trading, or a spelling seen in a feed.
        Name = "name" }
    /// Customer due diligence.
    CddState { /// Never asked for.
        NotRequired = "not_required", /// Asked for, nothing received.
        Required = "required", /// Some documents are missing.
        Incomplete = "incomplete", /// Verified.
        Complete = "complete", /// Was complete, is out of date.
        Expired = "expired" }
    /// Sanctions screening. Restricted: only compliance may learn that it is not `clear`.
    SanctionsState { /// Screened, nothing found.
        Clear = "clear", /// A hit, a SAR or a consent request is being looked at.
        Review = "review" }
    /// May the client bid?
    NoBid { /// Yes.
        Clear = "clear", /// With a deposit.
        DepositRequired = "deposit_required", /// Up to a limit.
        Limit = "limit", /// No.
        Blocked = "no_bid" }
}

/// A client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Canonical number.
    pub no: ClientNo,
    /// Legal name; the number itself where only the ledger knows the client.
    pub name: String,
    /// Person, company or trade.
    pub kind: ClientKind,
    /// The house's own tier, free text.
    pub tier: Option<String>,
    /// ISO 3166 alpha-2 country.
    pub country: Option<String>,
    /// The group whose members stand for each other.
    pub group: Option<GroupId>,
    /// BCP 47 language.
    pub language: Option<String>,
    /// The saleroom that looks after the client; scopes are checked against it.
    pub location: Option<LocationId>,
    /// The portfolio owner.
    pub owner: Option<String>,
    /// Who may see the client.
    pub confidentiality: Confidentiality,
    /// The surviving client after a merge.
    pub merged_into: Option<ClientNo>,
}

/// Another name for a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// Whose.
    pub client: ClientNo,
    /// What kind.
    pub kind: AliasKind,
    /// The value as it was given.
    pub value: String,
    /// For a paddle: the sale.
    pub sale: Option<SaleNo>,
}

/// What compliance and credit say of a client. A client without a record has [`ClientStatus::unknown`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientStatus {
    /// Due diligence; `None` where nobody ever said.
    pub cdd: Option<CddState>,
    /// When the due diligence runs out.
    pub cdd_expires_on: Option<NaiveDate>,
    /// Screening; `None` where nobody ever said.
    pub sanctions: Option<SanctionsState>,
    /// When last screened.
    pub screened_at: Option<DateTime<Utc>>,
    /// Bidding block.
    pub no_bid: NoBid,
    /// Why.
    pub no_bid_reason: Option<String>,
    /// Insolvency or administration.
    pub insolvent: bool,
    /// Legal action under way.
    pub legal_action: bool,
    /// Some of the debt has been written off.
    pub written_off: bool,
    /// Limit of a trade account.
    pub credit_limit: Option<Money>,
}

impl ClientStatus {
    /// Nothing is known.
    pub const fn unknown() -> Self {
        Self {
            cdd: None,
            cdd_expires_on: None,
            sanctions: None,
            screened_at: None,
            no_bid: NoBid::Clear,
            no_bid_reason: None,
            insolvent: false,
            legal_action: false,
            written_off: false,
            credit_limit: None,
        }
    }

    /// This client's status together with that of a number merged into it: of each part the stricter. What
    /// was never said of the merged number changes nothing, and what it was cleared of clears nobody else.
    #[must_use]
    pub fn with_merged(mut self, merged: Self) -> Self {
        if merged.cdd.is_some() && cdd_strictness(merged.cdd) > cdd_strictness(self.cdd) {
            self.cdd = merged.cdd;
        }
        self.cdd_expires_on = match (self.cdd_expires_on, merged.cdd_expires_on) {
            (Some(own), Some(other)) => Some(own.min(other)),
            (own, other) => own.or(other),
        };
        if merged.sanctions == Some(SanctionsState::Review) {
            self.sanctions = merged.sanctions;
            self.screened_at = merged.screened_at;
        }
        if no_bid_strictness(merged.no_bid) > no_bid_strictness(self.no_bid) {
            self.no_bid = merged.no_bid;
            self.no_bid_reason = merged.no_bid_reason;
        }
        self.insolvent |= merged.insolvent;
        self.legal_action |= merged.legal_action;
        self.written_off |= merged.written_off;
        self.credit_limit = match (self.credit_limit, merged.credit_limit) {
            (Some(own), Some(other)) if own.currency() == other.currency() && other.minor() < own.minor() => {
                Some(other)
            }
            (own, other) => own.or(other),
        };
        self
    }
}

const fn cdd_strictness(state: Option<CddState>) -> u8 {
    match state {
        Some(CddState::Complete) => 0,
        Some(CddState::NotRequired) => 1,
        None => 2,
        Some(CddState::Required) => 3,
        Some(CddState::Incomplete) => 4,
        Some(CddState::Expired) => 5,
    }
}

const fn no_bid_strictness(state: NoBid) -> u8 {
    match state {
        NoBid::Clear => 0,
        NoBid::Limit => 1,
        NoBid::DepositRequired => 2,
        NoBid::Blocked => 3,
    }
}

/// What another client of the same group owes, per entity and currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupDebt {
    /// The other client.
    pub client: ClientNo,
    /// The entity it is owed to.
    pub entity: EntityCode,
    /// Overdue at the day of the question.
    pub overdue: Money,
    /// Days of the oldest.
    pub oldest_days: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clear() -> ClientStatus {
        ClientStatus {
            cdd: Some(CddState::Complete),
            sanctions: Some(SanctionsState::Clear),
            ..ClientStatus::unknown()
        }
    }

    #[test]
    fn of_a_merged_number_only_what_is_stricter_counts() {
        assert_eq!(clear().with_merged(ClientStatus::unknown()), clear());
        assert_eq!(
            ClientStatus::unknown().with_merged(clear()),
            ClientStatus::unknown(),
            "who was never screened is not cleared by a merge"
        );
        let on = |day: &str| Some(day.parse().unwrap());
        let strict = ClientStatus {
            cdd: Some(CddState::Incomplete),
            cdd_expires_on: on("2026-03-01"),
            sanctions: Some(SanctionsState::Review),
            no_bid: NoBid::Blocked,
            no_bid_reason: Some("unpaid".to_owned()),
            insolvent: true,
            legal_action: true,
            written_off: true,
            ..ClientStatus::unknown()
        };
        let own = ClientStatus {
            cdd_expires_on: on("2027-03-01"),
            no_bid: NoBid::Limit,
            ..clear()
        };
        assert_eq!(own.clone().with_merged(strict.clone()), strict);
        assert_eq!(strict.clone().with_merged(own), strict);
    }
}
