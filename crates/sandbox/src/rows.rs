//! From the domain's entities to canonical records.
//!
//! Promises: each record has one value for every column of its schema, in the schema's order (a test
//! compares them), so that the sample house passes through the same import as any feed.

use std::fmt::Display;

use chrono::NaiveDate;
use hammerdesk_domain::ids::{ClientNo, DepositId, SaleNo, TermsId};
use hammerdesk_domain::model::{
    Accrual, Alias, Allocation, Client, ClientStatus, Deposit, DepositMovement, Dispute, Hold, Instalment,
    Invoice, InvoiceLine, LedgerItem, Lot, Payment, Refund, Release, Sale, TermsAgreement,
};
use hammerdesk_domain::money::Money;
use hammerdesk_domain::record::{Entity, Record, Value};

/// Something that is a row of a canonical entity.
pub(crate) trait Row {
    /// Of which.
    const ENTITY: Entity;

    /// Its values.
    fn values(&self) -> Vec<Value>;

    /// As a record.
    fn record(&self) -> Record {
        Record {
            entity: Self::ENTITY,
            values: self.values(),
        }
    }
}

/// What compliance says of a client, with the client.
pub(crate) type StatusOf = (ClientNo, ClientStatus);
/// A sale that a deposit covers.
pub(crate) type Cover = (DepositId, SaleNo);
/// A movement with its id and deposit.
pub(crate) type MovementOf = (String, DepositId, DepositMovement);
/// An instalment with its agreement.
pub(crate) type InstalmentOf = (TermsId, Instalment);

fn text(value: impl Display) -> Value {
    Value::Text(value.to_string())
}

fn maybe<T: Display>(value: Option<&T>) -> Value {
    value.map_or(Value::Null, text)
}

fn day(value: Option<NaiveDate>) -> Value {
    value.map_or(Value::Null, Value::Date)
}

fn minor(value: Money) -> Value {
    Value::Int(value.minor())
}

fn code(value: Money) -> Value {
    Value::Text(value.currency().code().to_owned())
}

fn word(value: &'static str) -> Value {
    Value::Text(value.to_owned())
}

impl Row for Client {
    const ENTITY: Entity = Entity::Client;

    fn values(&self) -> Vec<Value> {
        vec![
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
        ]
    }
}

impl Row for Alias {
    const ENTITY: Entity = Entity::Alias;

    fn values(&self) -> Vec<Value> {
        vec![
            text(&self.client),
            word(self.kind.word()),
            text(&self.value),
            maybe(self.sale.as_ref()),
        ]
    }
}

impl Row for StatusOf {
    const ENTITY: Entity = Entity::ClientStatus;

    fn values(&self) -> Vec<Value> {
        let (client, status) = self;
        vec![
            text(client),
            status.cdd.map_or(Value::Null, |cdd| word(cdd.word())),
            day(status.cdd_expires_on),
            status
                .sanctions
                .map_or(Value::Null, |sanctions| word(sanctions.word())),
            status.screened_at.map_or(Value::Null, Value::Instant),
            word(status.no_bid.word()),
            maybe(status.no_bid_reason.as_ref()),
            Value::Bool(status.insolvent),
            Value::Bool(status.legal_action),
            Value::Bool(status.written_off),
            status.credit_limit.map_or(Value::Null, minor),
            status.credit_limit.map_or(Value::Null, code),
        ]
    }
}

impl Row for Sale {
    const ENTITY: Entity = Entity::Sale;

    fn values(&self) -> Vec<Value> {
        vec![
            text(&self.no),
            text(&self.title),
            text(&self.location),
            text(&self.entity),
            text(self.currency.code()),
            word(self.kind.word()),
            Value::Date(self.starts_on),
            Value::Date(self.ends_on),
            Value::Bool(self.results_final),
            Value::Bool(self.cancelled),
        ]
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

    fn values(&self) -> Vec<Value> {
        let lot = &self.lot;
        vec![
            text(&lot.key.sale),
            text(&lot.key.lot),
            text(&lot.title),
            lot.hammer.map_or(Value::Null, minor),
            text(self.currency.code()),
            maybe(lot.buyer.as_ref()),
            maybe(lot.consignor.as_ref()),
            Value::Bool(lot.work_of_art),
            word(lot.export_licence.word()),
            word(lot.cites.word()),
            day(lot.cancellation_until),
            word(lot.whereabouts.word()),
        ]
    }
}

impl Row for Invoice {
    const ENTITY: Entity = Entity::Invoice;

    fn values(&self) -> Vec<Value> {
        vec![
            text(&self.key.entity),
            text(&self.key.number),
            Value::Int(self.key.year),
            text(&self.client),
            maybe(self.sale.as_ref()),
            word(self.kind.word()),
            word(self.state.word()),
            Value::Date(self.issued_on),
            self.due_basis.map_or(Value::Null, |basis| word(basis.word())),
            day(self.due_on),
            maybe(self.superseded_by.as_ref()),
            minor(self.total),
            code(self.total),
        ]
    }
}

impl Row for InvoiceLine {
    const ENTITY: Entity = Entity::InvoiceLine;

    fn values(&self) -> Vec<Value> {
        vec![
            text(&self.invoice.entity),
            text(&self.invoice.number),
            Value::Int(self.invoice.year),
            Value::Int(self.line),
            maybe(self.lot.as_ref().map(|lot| &lot.sale)),
            maybe(self.lot.as_ref().map(|lot| &lot.lot)),
            word(self.kind.word()),
            minor(self.amount),
            code(self.amount),
        ]
    }
}

impl Row for LedgerItem {
    const ENTITY: Entity = Entity::Ledger;

    fn values(&self) -> Vec<Value> {
        vec![
            text(&self.entity),
            text(&self.document),
            Value::Int(self.year),
            Value::Int(self.line),
            text(&self.client),
            Value::Null,
            word(self.kind.word()),
            minor(self.amount),
            code(self.amount),
            Value::Date(self.posted_on),
            day(self.document_on),
            day(self.due_on),
            maybe(self.invoice.as_ref()),
            day(self.cleared_on),
            maybe(self.cleared_by.as_ref()),
            day(self.reopened_on),
            Value::Bool(self.disputed),
            Value::Bool(self.blocked),
            maybe(self.reference.as_ref()),
        ]
    }
}

impl Row for Payment {
    const ENTITY: Entity = Entity::Payment;

    fn values(&self) -> Vec<Value> {
        vec![
            text(&self.source),
            text(&self.id),
            maybe(self.client.as_ref()),
            text(&self.entity),
            maybe(self.invoice.as_ref()),
            word(self.method.word()),
            minor(self.amount),
            code(self.amount),
            word(self.state.word()),
            Value::Date(self.seen_on),
            day(self.value_on),
            day(self.cleared_on),
            day(self.posted_on),
            maybe(self.payer_name.as_ref()),
            word(self.payer_match.word()),
            maybe(self.reference.as_ref()),
        ]
    }
}

impl Row for Allocation {
    const ENTITY: Entity = Entity::Allocation;

    fn values(&self) -> Vec<Value> {
        vec![
            text(&self.source),
            text(&self.payment),
            text(&self.invoice.entity),
            text(&self.invoice.number),
            Value::Int(self.invoice.year),
            Value::Int(self.line.unwrap_or(0)),
            maybe(self.lot.as_ref().map(|lot| &lot.sale)),
            maybe(self.lot.as_ref().map(|lot| &lot.lot)),
            minor(self.amount),
            code(self.amount),
            Value::Date(self.applied_on),
        ]
    }
}

impl Row for Deposit {
    const ENTITY: Entity = Entity::Deposit;

    fn values(&self) -> Vec<Value> {
        vec![
            text(&self.id),
            text(&self.client),
            text(&self.entity),
            minor(self.amount),
            code(self.amount),
            word(self.method.word()),
            word(self.state.word()),
            day(self.requested_on),
            day(self.taken_on),
            day(self.cleared_on),
            word(self.destination.word()),
            maybe(self.keep_for.as_ref()),
            maybe(self.payment.as_ref().map(|(source, _)| source)),
            maybe(self.payment.as_ref().map(|(_, payment)| payment)),
        ]
    }
}

impl Row for Cover {
    const ENTITY: Entity = Entity::DepositCover;

    fn values(&self) -> Vec<Value> {
        vec![text(&self.0), text(&self.1)]
    }
}

impl Row for MovementOf {
    const ENTITY: Entity = Entity::DepositMovement;

    fn values(&self) -> Vec<Value> {
        let (id, deposit, movement) = self;
        vec![
            text(id),
            text(deposit),
            word(movement.kind.word()),
            minor(movement.amount),
            code(movement.amount),
            Value::Date(movement.on),
            maybe(movement.reference.as_ref()),
        ]
    }
}

impl Row for Refund {
    const ENTITY: Entity = Entity::Refund;

    fn values(&self) -> Vec<Value> {
        vec![
            text(&self.id),
            maybe(self.deposit.as_ref()),
            minor(self.amount),
            code(self.amount),
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
        ]
    }
}

impl Row for Dispute {
    const ENTITY: Entity = Entity::Dispute;

    fn values(&self) -> Vec<Value> {
        vec![
            text(&self.id),
            text(&self.payment.0),
            text(&self.payment.1),
            maybe(self.client.as_ref()),
            text(&self.entity),
            word(self.stage.word()),
            maybe(self.reason.as_ref()),
            minor(self.amount),
            code(self.amount),
            self.due_at.map_or(Value::Null, Value::Instant),
            Value::Bool(self.funds_withdrawn),
        ]
    }
}

impl Row for TermsAgreement {
    const ENTITY: Entity = Entity::Terms;

    fn values(&self) -> Vec<Value> {
        vec![
            text(&self.id),
            text(&self.client),
            text(&self.entity),
            maybe(self.sale.as_ref()),
            maybe(self.invoice.as_ref()),
            word(self.state.word()),
            Value::Bool(self.release_included),
            Value::Bool(self.accelerates),
            maybe(self.documents_missing.as_ref()),
            maybe(self.approver.as_ref()),
            day(self.valid_from),
            day(self.valid_to),
        ]
    }
}

impl Row for InstalmentOf {
    const ENTITY: Entity = Entity::Instalment;

    fn values(&self) -> Vec<Value> {
        let (terms, instalment) = self;
        vec![
            text(terms),
            Value::Int(instalment.n),
            Value::Date(instalment.due_on),
            minor(instalment.amount),
            minor(instalment.paid),
            code(instalment.amount),
        ]
    }
}

impl Row for Release {
    const ENTITY: Entity = Entity::Release;

    fn values(&self) -> Vec<Value> {
        vec![
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
            self.residual.map_or(Value::Null, minor),
            self.residual.map_or(Value::Null, code),
        ]
    }
}

impl Row for Hold {
    const ENTITY: Entity = Entity::Hold;

    fn values(&self) -> Vec<Value> {
        vec![
            text(&self.id),
            word(self.scope.word()),
            maybe(self.client.as_ref()),
            text(&self.reference),
            word(self.code.word()),
            word(self.state.word()),
            maybe(self.raised_by.as_ref()),
            self.raised_at.map_or(Value::Null, Value::Instant),
            maybe(self.owner.as_ref()),
            maybe(self.reason.as_ref()),
            day(self.expires_on),
            Value::Bool(self.restricted),
        ]
    }
}

impl Row for Accrual {
    const ENTITY: Entity = Entity::Accrual;

    fn values(&self) -> Vec<Value> {
        vec![
            text(&self.client),
            text(&self.entity),
            word(self.kind.word()),
            maybe(self.lot.as_ref().map(|lot| &lot.sale)),
            maybe(self.lot.as_ref().map(|lot| &lot.lot)),
            minor(self.amount),
            code(self.amount),
            Value::Date(self.through_on),
        ]
    }
}
