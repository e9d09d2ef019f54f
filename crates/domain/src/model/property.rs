//! What was sold and may be collected: sales, lots, and what the warehouse says.

use chrono::NaiveDate;

use super::words;
use crate::ids::{AuthorityId, ClientNo, EntityCode, LocationId, LotKey, SaleNo};
use crate::money::{Currency, Money};

words! {
    /// How a sale is held.
    SaleKind { /// In the room.
        Live = "live", /// Timed, online.
        Timed = "timed", /// Privately.
        Private = "private" }
    /// A licence or permit.
    Permit { /// None is needed.
        NotNeeded = "not_needed", /// Needed, not yet asked for.
        Needed = "needed", /// Applied for.
        Applied = "applied", /// Granted.
        Granted = "granted", /// Refused.
        Refused = "refused" }
    /// Where the lot is.
    Whereabouts { /// At the location, ready.
        InHouse = "in_house", /// On the road.
        InTransit = "in_transit", /// At a framer, restorer or other place.
        Offsite = "offsite", /// Withdrawn.
        Withdrawn = "withdrawn" }
    /// Release states of a lot (`domain.md` 3.2).
    ReleaseState { /// No invoice yet.
        NotInvoiced = "not_invoiced", /// Blocked.
        Blocked = "blocked", /// Nothing blocks it.
        Releasable = "releasable", /// Authorised in the warehouse system.
        Authorised = "authorised", /// Collection is scheduled.
        Scheduled = "scheduled", /// Gone.
        Released = "released", /// Gone with a balance open, under an authority.
        ExceptionReleased = "exception_released", /// The authorisation was taken back.
        Revoked = "revoked" }
    /// Where the lot is to go.
    ReleaseRoute { /// Collected locally.
        Collection = "collection", /// Delivered within the country.
        Delivery = "delivery", /// Exported.
        Export = "export" }
    /// Who comes for it.
    Collector { /// The buyer.
        Buyer = "buyer", /// A representative with letter, identity and papers.
        Authorised = "authorised", /// Somebody whose papers are missing.
        Unverified = "unverified" }
    /// State of a shipping quote.
    Quote { /// None is needed.
        NotNeeded = "not_needed", /// Sent, not accepted.
        Sent = "sent", /// Accepted and paid.
        Accepted = "accepted" }
}

/// A sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// Number.
    pub no: SaleNo,
    /// Title.
    pub title: String,
    /// Held at.
    pub location: LocationId,
    /// Billed by.
    pub entity: EntityCode,
    /// Billed in.
    pub currency: Currency,
    /// How it is held.
    pub kind: SaleKind,
    /// First day.
    pub starts_on: NaiveDate,
    /// Last day.
    pub ends_on: NaiveDate,
    /// Are the results final?
    pub results_final: bool,
    /// Rescinded, or default declared.
    pub cancelled: bool,
}

/// A lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    /// Sale and number.
    pub key: LotKey,
    /// Short description.
    pub title: String,
    /// Hammer price; `None` is unsold.
    pub hammer: Option<Money>,
    /// Who bought it.
    pub buyer: Option<ClientNo>,
    /// Who consigned it. Never shown to a buyer, nor the buyer to the consignor.
    pub consignor: Option<ClientNo>,
    /// A work of art in the sense of the money-laundering rules.
    pub work_of_art: bool,
    /// Export licence.
    pub export_licence: Permit,
    /// CITES permits for restricted species.
    pub cites: Permit,
    /// A consumer's cancellation right runs until the end of that day.
    pub cancellation_until: Option<NaiveDate>,
    /// Where it is.
    pub whereabouts: Whereabouts,
}

/// What the warehouse says of a lot's release, and what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Which lot.
    pub lot: LotKey,
    /// State as the warehouse feed says it.
    pub state: ReleaseState,
    /// Released or authorised on.
    pub on: Option<NaiveDate>,
    /// To whom. Shown to roles with `release_recipient` only.
    pub to: Option<String>,
    /// Where it is to go.
    pub route: ReleaseRoute,
    /// Who comes for it.
    pub collector: Collector,
    /// The shipping quote.
    pub quote: Quote,
    /// The approval for a release with a balance open.
    pub authority: Option<AuthorityId>,
    /// Who approved it.
    pub authorised_by: Option<String>,
    /// Until when it stands.
    pub authority_until: Option<NaiveDate>,
    /// What stays owed under it.
    pub residual: Option<Money>,
}
