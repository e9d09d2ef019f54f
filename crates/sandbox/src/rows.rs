//! From the domain's entities to canonical records.
//!
//! Promises: each record has one value for every column of its schema, in the schema's order (a test
//! compares them), so that the sample house passes through the same import as any feed.

use chrono::{DateTime, NaiveDate, Utc};
use hammerdesk_domain::ids::{
    AuthorityId, ClientNo, DepositId, DisputeId, EntityCode, GroupId, HoldId, InvoiceNo, LocationId, LotNo,
    PaymentId, RefundId, SaleNo, SourceId, TermsId,
};
use hammerdesk_domain::model::{
    Accrual, Alias, Allocation, Client, ClientStatus, Deposit, DepositMovement, Dispute, Hold, Instalment,
    Invoice, InvoiceLine, LedgerItem, Lot, Payment, Refund, Release, Sale, TermsAgreement,
};
use hammerdesk_domain::money::{Currency, Money};
use hammerdesk_domain::record::{Entity, Record, Value};

/// One value, borrowed from where it is: a million rows are written without copying their texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell<'a> {
    /// Nothing.
    Null,
    /// Text, identifiers, currencies and words.
    Text(&'a str),
    /// Whole numbers, and money in minor units.
    Int(i64),
    /// A date.
    Date(NaiveDate),
    /// An instant.
    Instant(DateTime<Utc>),
    /// Yes or no.
    Bool(bool),
}

impl<'a> From<&'a Value> for Cell<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Text(text) => Self::Text(text),
            Value::Int(number) => Self::Int(*number),
            Value::Date(day) => Self::Date(*day),
            Value::Instant(instant) => Self::Instant(*instant),
            Value::Bool(yes) => Self::Bool(*yes),
        }
    }
}

impl From<Cell<'_>> for Value {
    fn from(cell: Cell<'_>) -> Self {
        match cell {
            Cell::Null => Self::Null,
            Cell::Text(text) => Self::Text(text.to_owned()),
            Cell::Int(number) => Self::Int(number),
            Cell::Date(day) => Self::Date(day),
            Cell::Instant(instant) => Self::Instant(instant),
            Cell::Bool(yes) => Self::Bool(yes),
        }
    }
}

/// Something that is a row of a canonical entity.
pub(crate) trait Row {
    /// Of which.
    const ENTITY: Entity;

    /// Shows its values, in the order of the schema.
    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R;

    /// As a record.
    fn record(&self) -> Record {
        let values = self.cells(|cells| cells.iter().copied().map(Value::from).collect());
        Record {
            entity: Self::ENTITY,
            values,
        }
    }
}

/// Takes rows, one after the other.
pub(crate) trait Out {
    /// Takes one.
    fn row(&mut self, row: &impl Row);
}

impl Out for Vec<Record> {
    fn row(&mut self, row: &impl Row) {
        self.push(row.record());
    }
}

/// What compliance says of a client, with the client.
pub(crate) type StatusOf<'a> = (&'a ClientNo, &'a ClientStatus);
/// A sale that a deposit covers.
pub(crate) type Cover<'a> = (&'a DepositId, &'a SaleNo);
/// A movement with its id and deposit.
pub(crate) type MovementOf<'a> = (String, &'a DepositId, &'a DepositMovement);
/// An instalment with its agreement.
pub(crate) type InstalmentOf<'a> = (&'a TermsId, &'a Instalment);

/// What is text under some name.
trait AsText {
    fn as_text(&self) -> &str;
}

impl AsText for String {
    fn as_text(&self) -> &str {
        self
    }
}

macro_rules! as_text {
    ($($name:ty),*) => {$(
        impl AsText for $name {
            fn as_text(&self) -> &str {
                self.as_str()
            }
        }
    )*};
}

as_text!(
    AuthorityId,
    ClientNo,
    DepositId,
    DisputeId,
    EntityCode,
    GroupId,
    HoldId,
    InvoiceNo,
    LocationId,
    LotNo,
    PaymentId,
    RefundId,
    SaleNo,
    SourceId,
    TermsId
);

fn text(value: &impl AsText) -> Cell<'_> {
    Cell::Text(value.as_text())
}

fn maybe<T: AsText>(value: Option<&T>) -> Cell<'_> {
    value.map_or(Cell::Null, text)
}

fn day(value: Option<NaiveDate>) -> Cell<'static> {
    value.map_or(Cell::Null, Cell::Date)
}

fn minor(value: Money) -> Cell<'static> {
    Cell::Int(value.minor())
}

fn code(value: &Money) -> Cell<'static> {
    currency(value.currency())
}

/// The codes that the house deals in; another would leave a required column blank, which a test sees.
fn currency(of: Currency) -> Cell<'static> {
    const KNOWN: [(Currency, &str); 4] = [
        (Currency::GBP, "GBP"),
        (Currency::USD, "USD"),
        (Currency::HKD, "HKD"),
        (Currency::EUR, "EUR"),
    ];
    let known = KNOWN.iter().find(|(currency, _)| *currency == of);
    known.map_or(Cell::Null, |(_, code)| Cell::Text(code))
}

const fn word(value: &'static str) -> Cell<'static> {
    Cell::Text(value)
}

impl Row for Client {
    const ENTITY: Entity = Entity::Client;

    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R {
        shown(&[
            text(&self.no),
            text(&self.name),
            word(self.kind.word()),
            maybe(self.tier.as_ref()),
            maybe(self.country.as_ref()),
            maybe(self.group.as_ref()),
            maybe(self.language.as_ref()),
            maybe(self.location.as_ref()),
            maybe(self.owner.as_ref()),
            word(self.confidentiality.word()),
            maybe(self.merged_into.as_ref()),
        ])
    }
}

impl Row for Alias {
    const ENTITY: Entity = Entity::Alias;

    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R {
        shown(&[
            text(&self.client),
            word(self.kind.word()),
            text(&self.value),
            maybe(self.sale.as_ref()),
        ])
    }
}

impl Row for StatusOf<'_> {
    const ENTITY: Entity = Entity::ClientStatus;

    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R {
        let (client, status) = self;
        shown(&[
            text(*client),
            status.cdd.map_or(Cell::Null, |cdd| word(cdd.word())),
            day(status.cdd_expires_on),
            status
                .sanctions
                .map_or(Cell::Null, |sanctions| word(sanctions.word())),
            status.screened_at.map_or(Cell::Null, Cell::Instant),
            word(status.no_bid.word()),
            maybe(status.no_bid_reason.as_ref()),
            Cell::Bool(status.insolvent),
            Cell::Bool(status.legal_action),
            Cell::Bool(status.written_off),
            status.credit_limit.map_or(Cell::Null, minor),
            status.credit_limit.map_or(Cell::Null, |money| code(&money)),
        ])
    }
}

impl Row for Sale {
    const ENTITY: Entity = Entity::Sale;

    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R {
        shown(&[
            text(&self.no),
            text(&self.title),
            text(&self.location),
            text(&self.entity),
            currency(self.currency),
            word(self.kind.word()),
            Cell::Date(self.starts_on),
            Cell::Date(self.ends_on),
            Cell::Bool(self.results_final),
            Cell::Bool(self.cancelled),
        ])
    }
}

/// A lot with the currency of its sale: an unsold lot has no amount to take it from.
pub(crate) struct LotIn {
    /// The lot.
    pub(crate) lot: Lot,
    /// The sale's currency.
    pub(crate) currency: hammerdesk_domain::money::Currency,
}

impl Row for LotIn {
    const ENTITY: Entity = Entity::Lot;

    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R {
        let lot = &self.lot;
        shown(&[
            text(&lot.key.sale),
            text(&lot.key.lot),
            text(&lot.title),
            lot.hammer.map_or(Cell::Null, minor),
            currency(self.currency),
            maybe(lot.buyer.as_ref()),
            maybe(lot.consignor.as_ref()),
            Cell::Bool(lot.work_of_art),
            word(lot.export_licence.word()),
            word(lot.cites.word()),
            day(lot.cancellation_until),
            word(lot.whereabouts.word()),
        ])
    }
}

impl Row for Invoice {
    const ENTITY: Entity = Entity::Invoice;

    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R {
        shown(&[
            text(&self.key.entity),
            text(&self.key.number),
            Cell::Int(self.key.year),
            text(&self.client),
            maybe(self.sale.as_ref()),
            word(self.kind.word()),
            word(self.state.word()),
            Cell::Date(self.issued_on),
            self.due_basis.map_or(Cell::Null, |basis| word(basis.word())),
            day(self.due_on),
            maybe(self.superseded_by.as_ref()),
            minor(self.total),
            code(&self.total),
        ])
    }
}

impl Row for InvoiceLine {
    const ENTITY: Entity = Entity::InvoiceLine;

    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R {
        shown(&[
            text(&self.invoice.entity),
            text(&self.invoice.number),
            Cell::Int(self.invoice.year),
            Cell::Int(self.line),
            maybe(self.lot.as_ref().map(|lot| &lot.sale)),
            maybe(self.lot.as_ref().map(|lot| &lot.lot)),
            word(self.kind.word()),
            minor(self.amount),
            code(&self.amount),
        ])
    }
}

impl Row for LedgerItem {
    const ENTITY: Entity = Entity::Ledger;

    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R {
        shown(&[
            text(&self.entity),
            text(&self.document),
            Cell::Int(self.year),
            Cell::Int(self.line),
            text(&self.client),
            Cell::Null,
            word(self.kind.word()),
            minor(self.amount),
            code(&self.amount),
            Cell::Date(self.posted_on),
            day(self.document_on),
            day(self.due_on),
            maybe(self.invoice.as_ref()),
            day(self.cleared_on),
            maybe(self.cleared_by.as_ref()),
            day(self.reopened_on),
            Cell::Bool(self.disputed),
            Cell::Bool(self.blocked),
            maybe(self.reference.as_ref()),
        ])
    }
}

impl Row for Payment {
    const ENTITY: Entity = Entity::Payment;

    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R {
        shown(&[
            text(&self.source),
            text(&self.id),
            maybe(self.client.as_ref()),
            text(&self.entity),
            maybe(self.invoice.as_ref()),
            word(self.method.word()),
            minor(self.amount),
            code(&self.amount),
            word(self.state.word()),
            Cell::Date(self.seen_on),
            day(self.value_on),
            day(self.cleared_on),
            day(self.posted_on),
            maybe(self.payer_name.as_ref()),
            word(self.payer_match.word()),
            maybe(self.reference.as_ref()),
        ])
    }
}

impl Row for Allocation {
    const ENTITY: Entity = Entity::Allocation;

    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R {
        shown(&[
            text(&self.source),
            text(&self.payment),
            text(&self.invoice.entity),
            text(&self.invoice.number),
            Cell::Int(self.invoice.year),
            Cell::Int(self.line.unwrap_or(0)),
            maybe(self.lot.as_ref().map(|lot| &lot.sale)),
            maybe(self.lot.as_ref().map(|lot| &lot.lot)),
            minor(self.amount),
            code(&self.amount),
            Cell::Date(self.applied_on),
        ])
    }
}

impl Row for Deposit {
    const ENTITY: Entity = Entity::Deposit;

    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R {
        shown(&[
            text(&self.id),
            text(&self.client),
            text(&self.entity),
            minor(self.amount),
            code(&self.amount),
            word(self.method.word()),
            word(self.state.word()),
            day(self.requested_on),
            day(self.taken_on),
            day(self.cleared_on),
            word(self.destination.word()),
            maybe(self.keep_for.as_ref()),
            maybe(self.payment.as_ref().map(|(source, _)| source)),
            maybe(self.payment.as_ref().map(|(_, payment)| payment)),
        ])
    }
}

impl Row for Cover<'_> {
    const ENTITY: Entity = Entity::DepositCover;

    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R {
        shown(&[text(self.0), text(self.1)])
    }
}

impl Row for MovementOf<'_> {
    const ENTITY: Entity = Entity::DepositMovement;

    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R {
        let (id, deposit, movement) = self;
        shown(&[
            text(id),
            text(*deposit),
            word(movement.kind.word()),
            minor(movement.amount),
            code(&movement.amount),
            Cell::Date(movement.on),
            maybe(movement.reference.as_ref()),
        ])
    }
}

impl Row for Refund {
    const ENTITY: Entity = Entity::Refund;

    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R {
        shown(&[
            text(&self.id),
            maybe(self.deposit.as_ref()),
            minor(self.amount),
            code(&self.amount),
            word(self.state.word()),
            word(self.method.word()),
            maybe(self.last4.as_ref()),
            maybe(self.reference.as_ref()),
            maybe(self.requested_by.as_ref()),
            day(self.requested_on),
            day(self.submitted_on),
            day(self.completed_on),
            day(self.expected_on),
            maybe(self.failure.as_ref()),
        ])
    }
}

impl Row for Dispute {
    const ENTITY: Entity = Entity::Dispute;

    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R {
        shown(&[
            text(&self.id),
            text(&self.payment.0),
            text(&self.payment.1),
            maybe(self.client.as_ref()),
            text(&self.entity),
            word(self.stage.word()),
            maybe(self.reason.as_ref()),
            minor(self.amount),
            code(&self.amount),
            self.due_at.map_or(Cell::Null, Cell::Instant),
            Cell::Bool(self.funds_withdrawn),
        ])
    }
}

impl Row for TermsAgreement {
    const ENTITY: Entity = Entity::Terms;

    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R {
        shown(&[
            text(&self.id),
            text(&self.client),
            text(&self.entity),
            maybe(self.sale.as_ref()),
            maybe(self.invoice.as_ref()),
            word(self.state.word()),
            Cell::Bool(self.release_included),
            Cell::Bool(self.accelerates),
            maybe(self.documents_missing.as_ref()),
            maybe(self.approver.as_ref()),
            day(self.valid_from),
            day(self.valid_to),
        ])
    }
}

impl Row for InstalmentOf<'_> {
    const ENTITY: Entity = Entity::Instalment;

    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R {
        let (terms, instalment) = self;
        shown(&[
            text(*terms),
            Cell::Int(instalment.n),
            Cell::Date(instalment.due_on),
            minor(instalment.amount),
            minor(instalment.paid),
            code(&instalment.amount),
        ])
    }
}

impl Row for Release {
    const ENTITY: Entity = Entity::Release;

    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R {
        shown(&[
            text(&self.lot.sale),
            text(&self.lot.lot),
            word(self.state.word()),
            day(self.on),
            maybe(self.to.as_ref()),
            word(self.route.word()),
            word(self.collector.word()),
            word(self.quote.word()),
            maybe(self.authority.as_ref()),
            maybe(self.authorised_by.as_ref()),
            day(self.authority_until),
            self.residual.map_or(Cell::Null, minor),
            self.residual.map_or(Cell::Null, |money| code(&money)),
        ])
    }
}

impl Row for Hold {
    const ENTITY: Entity = Entity::Hold;

    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R {
        shown(&[
            text(&self.id),
            word(self.scope.word()),
            maybe(self.client.as_ref()),
            text(&self.reference),
            word(self.code.word()),
            word(self.state.word()),
            maybe(self.raised_by.as_ref()),
            self.raised_at.map_or(Cell::Null, Cell::Instant),
            maybe(self.owner.as_ref()),
            maybe(self.reason.as_ref()),
            day(self.expires_on),
            Cell::Bool(self.restricted),
        ])
    }
}

impl Row for Accrual {
    const ENTITY: Entity = Entity::Accrual;

    fn cells<R>(&self, shown: impl FnOnce(&[Cell<'_>]) -> R) -> R {
        shown(&[
            text(&self.client),
            text(&self.entity),
            word(self.kind.word()),
            maybe(self.lot.as_ref().map(|lot| &lot.sale)),
            maybe(self.lot.as_ref().map(|lot| &lot.lot)),
            minor(self.amount),
            code(&self.amount),
            Cell::Date(self.through_on),
        ])
    }
}
