//! From stored records to the entities of the domain. A value that its column does not promise is an
//! error with a name, never a default: a figure from a damaged row is worse than none.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use hammerdesk_domain::ids::{ClientNo, EntityCode, InvoiceKey, InvoiceNo, LotKey, LotNo, SaleNo};
use hammerdesk_domain::model::{
    Accrual, Alias, Allocation, Client, ClientStatus, Deposit, DepositMovement, Dispute, Gone, Hold,
    Instalment, Invoice, InvoiceLine, LedgerItem, Lot, Payment, Refund, Release, Sale, TermsAgreement,
};
use hammerdesk_domain::money::{Currency, Money};
use hammerdesk_domain::record::Value;

use crate::error::{Result, StoreError};
use crate::rows::Stored;

/// Reads the values of one row by name and kind.
pub(crate) struct Fields<'a>(pub(crate) &'a Stored);

impl Fields<'_> {
    fn corrupt(&self, column: &str, reason: &str) -> StoreError {
        StoreError::Corrupt {
            table: self.0.record.entity.name(),
            column: column.to_owned(),
            reason: reason.to_owned(),
        }
    }

    fn need<T>(&self, column: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| self.corrupt(column, "it is missing"))
    }

    fn maybe_str(&self, column: &str) -> Result<Option<&str>> {
        match self.0.record.get(column) {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            _ => Err(self.corrupt(column, "it is not text")),
        }
    }

    /// Text of any kind, where there is one.
    pub(crate) fn maybe<T: From<String>>(&self, column: &str) -> Result<Option<T>> {
        Ok(self.maybe_str(column)?.map(|text| T::from(text.to_owned())))
    }

    /// Text of any kind.
    pub(crate) fn text<T: From<String>>(&self, column: &str) -> Result<T> {
        self.need(column, self.maybe(column)?)
    }

    fn maybe_word<T: FromStr<Err: ToString>>(&self, column: &str) -> Result<Option<T>> {
        self.maybe_str(column)?
            .map(|word| {
                word.parse()
                    .map_err(|error: T::Err| self.corrupt(column, &error.to_string()))
            })
            .transpose()
    }

    fn word<T: FromStr<Err: ToString>>(&self, column: &str) -> Result<T> {
        self.need(column, self.maybe_word(column)?)
    }

    fn maybe_client(&self, column: &str) -> Result<Option<ClientNo>> {
        self.maybe_str(column)?
            .map(|text| ClientNo::parse(text).ok_or_else(|| self.corrupt(column, "it is no client number")))
            .transpose()
    }

    /// A client number.
    pub(crate) fn client(&self, column: &str) -> Result<ClientNo> {
        self.need(column, self.maybe_client(column)?)
    }

    fn maybe_int(&self, column: &str) -> Result<Option<i64>> {
        match self.0.record.get(column) {
            Value::Null => Ok(None),
            Value::Int(number) => Ok(Some(*number)),
            _ => Err(self.corrupt(column, "it is no number")),
        }
    }

    fn int(&self, column: &str) -> Result<i64> {
        self.need(column, self.maybe_int(column)?)
    }

    fn maybe_date(&self, column: &str) -> Result<Option<NaiveDate>> {
        match self.0.record.get(column) {
            Value::Null => Ok(None),
            Value::Date(date) => Ok(Some(*date)),
            _ => Err(self.corrupt(column, "it is no date")),
        }
    }

    fn date(&self, column: &str) -> Result<NaiveDate> {
        self.need(column, self.maybe_date(column)?)
    }

    fn maybe_instant(&self, column: &str) -> Result<Option<DateTime<Utc>>> {
        match self.0.record.get(column) {
            Value::Null => Ok(None),
            Value::Instant(instant) => Ok(Some(*instant)),
            _ => Err(self.corrupt(column, "it is no instant")),
        }
    }

    fn yes(&self, column: &str) -> Result<bool> {
        match self.0.record.get(column) {
            Value::Bool(yes) => Ok(*yes),
            _ => Err(self.corrupt(column, "it is neither yes nor no")),
        }
    }

    fn maybe_money(&self, column: &str, currency: &str) -> Result<Option<Money>> {
        let Some(minor) = self.maybe_int(column)? else {
            return Ok(None);
        };
        Ok(Some(Money::from_minor(minor, self.word::<Currency>(currency)?)))
    }

    fn money(&self, column: &str) -> Result<Money> {
        self.need(column, self.maybe_money(column, "currency")?)
    }

    fn invoice_key(&self) -> Result<InvoiceKey> {
        Ok(InvoiceKey {
            entity: self.text("entity")?,
            number: self.text("invoice")?,
            year: self.int("year")?,
        })
    }

    fn maybe_lot(&self) -> Result<Option<LotKey>> {
        Ok(
            match (self.maybe::<SaleNo>("sale")?, self.maybe::<LotNo>("lot")?) {
                (Some(sale), Some(lot)) => Some(LotKey { sale, lot }),
                _ => None,
            },
        )
    }

    fn lot(&self) -> Result<LotKey> {
        self.need("lot", self.maybe_lot()?)
    }
}

/// An entity of the domain that is read from one stored row.
pub(crate) trait FromStored: Sized {
    fn from_stored(fields: &Fields<'_>) -> Result<Self>;
}

impl FromStored for Client {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            no: f.client("client")?,
            name: f.text("name")?,
            kind: f.word("kind")?,
            tier: f.maybe("tier")?,
            country: f.maybe("country")?,
            group: f.maybe("group_id")?,
            language: f.maybe("language")?,
            location: f.maybe("location")?,
            owner: f.maybe("owner")?,
            confidentiality: f.word("confidentiality")?,
            merged_into: f.maybe_client("merged_into")?,
        })
    }
}

impl FromStored for Alias {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            client: f.client("client")?,
            kind: f.word("kind")?,
            value: f.text("value")?,
            sale: f.maybe("sale")?,
        })
    }
}

impl FromStored for ClientStatus {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            cdd: f.maybe_word("cdd")?,
            cdd_expires_on: f.maybe_date("cdd_expires_on")?,
            sanctions: f.maybe_word("sanctions")?,
            screened_at: f.maybe_instant("screened_at")?,
            no_bid: f.word("no_bid")?,
            no_bid_reason: f.maybe("no_bid_reason")?,
            insolvent: f.yes("insolvent")?,
            legal_action: f.yes("legal_action")?,
            written_off: f.yes("written_off")?,
            credit_limit: f.maybe_money("credit_limit", "credit_currency")?,
        })
    }
}

impl FromStored for Sale {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            no: f.text("sale")?,
            title: f.text("title")?,
            location: f.text("location")?,
            entity: f.text("entity")?,
            currency: f.word("currency")?,
            kind: f.word("kind")?,
            starts_on: f.date("starts_on")?,
            ends_on: f.date("ends_on")?,
            results_final: f.yes("results_final")?,
            cancelled: f.yes("cancelled")?,
        })
    }
}

impl FromStored for Lot {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            key: f.lot()?,
            title: f.maybe::<String>("title")?.unwrap_or_default(),
            hammer: f.maybe_money("hammer", "currency")?,
            buyer: f.maybe_client("buyer")?,
            consignor: f.maybe_client("consignor")?,
            work_of_art: f.yes("work_of_art")?,
            export_licence: f.word("export_licence")?,
            cites: f.word("cites")?,
            cancellation_until: f.maybe_date("cancellation_until")?,
            whereabouts: f.word("whereabouts")?,
        })
    }
}

impl FromStored for Invoice {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            key: f.invoice_key()?,
            client: f.client("client")?,
            sale: f.maybe("sale")?,
            kind: f.word("kind")?,
            state: f.word("state")?,
            issued_on: f.date("issued_on")?,
            due_basis: f.maybe_word("due_basis")?,
            due_on: f.maybe_date("due_on")?,
            superseded_by: f.maybe("superseded_by")?,
            total: f.money("total")?,
        })
    }
}

impl FromStored for InvoiceLine {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            invoice: f.invoice_key()?,
            line: f.int("line")?,
            lot: f.maybe_lot()?,
            kind: f.word("kind")?,
            amount: f.money("amount")?,
        })
    }
}

impl FromStored for LedgerItem {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            entity: f.text("entity")?,
            document: f.text("document")?,
            year: f.int("year")?,
            line: f.int("line")?,
            client: f.client("client")?,
            kind: f.word("kind")?,
            amount: f.money("amount")?,
            posted_on: f.date("posted_on")?,
            document_on: f.maybe_date("document_on")?,
            due_on: f.maybe_date("due_on")?,
            invoice: f.maybe("invoice")?,
            cleared_on: f.maybe_date("cleared_on")?,
            cleared_by: f.maybe("cleared_by")?,
            reopened_on: f.maybe_date("reopened_on")?,
            disputed: f.yes("disputed")?,
            blocked: f.yes("blocked")?,
            gone: f.0.gone_at.map(Gone::at),
            reference: f.maybe("reference")?,
        })
    }
}

impl FromStored for Payment {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            source: f.text("source")?,
            id: f.text("payment")?,
            client: f.maybe_client("client")?,
            entity: f.text("entity")?,
            invoice: f.maybe("invoice")?,
            method: f.word("method")?,
            amount: f.money("amount")?,
            state: f.word("state")?,
            seen_on: f.date("seen_on")?,
            value_on: f.maybe_date("value_on")?,
            cleared_on: f.maybe_date("cleared_on")?,
            posted_on: f.maybe_date("posted_on")?,
            payer_name: f.maybe("payer_name")?,
            payer_match: f.word("payer_match")?,
            reference: f.maybe("reference")?,
        })
    }
}

impl FromStored for Allocation {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            source: f.text("source")?,
            payment: f.text("payment")?,
            invoice: f.invoice_key()?,
            line: Some(f.int("line")?).filter(|line| *line != 0),
            lot: f.maybe_lot()?,
            amount: f.money("amount")?,
            applied_on: f.date("applied_on")?,
        })
    }
}

impl FromStored for Deposit {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            id: f.text("deposit")?,
            client: f.client("client")?,
            entity: f.text("entity")?,
            amount: f.money("amount")?,
            method: f.word("method")?,
            state: f.word("state")?,
            requested_on: f.maybe_date("requested_on")?,
            taken_on: f.maybe_date("taken_on")?,
            cleared_on: f.maybe_date("cleared_on")?,
            destination: f.word("destination")?,
            keep_for: f.maybe("keep_for")?,
            payment: f.maybe("source")?.zip(f.maybe("payment")?),
            covers: Vec::new(),
            movements: Vec::new(),
            refunds: Vec::new(),
        })
    }
}

impl FromStored for DepositMovement {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            kind: f.word("kind")?,
            amount: f.money("amount")?,
            on: f.date("moved_on")?,
            reference: f.maybe("reference")?,
        })
    }
}

impl FromStored for Refund {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            id: f.text("refund")?,
            deposit: f.maybe("deposit")?,
            amount: f.money("amount")?,
            state: f.word("state")?,
            method: f.word("method")?,
            last4: f.maybe("last4")?,
            reference: f.maybe("reference")?,
            requested_by: f.maybe("requested_by")?,
            requested_on: f.maybe_date("requested_on")?,
            submitted_on: f.maybe_date("submitted_on")?,
            completed_on: f.maybe_date("completed_on")?,
            expected_on: f.maybe_date("expected_on")?,
            failure: f.maybe("failure")?,
        })
    }
}

impl FromStored for Dispute {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            id: f.text("dispute")?,
            payment: (f.text("source")?, f.text("payment")?),
            client: f.maybe_client("client")?,
            entity: f.text("entity")?,
            stage: f.word("stage")?,
            reason: f.maybe("reason")?,
            amount: f.money("amount")?,
            due_at: f.maybe_instant("due_at")?,
            funds_withdrawn: f.yes("funds_withdrawn")?,
        })
    }
}

impl FromStored for TermsAgreement {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            id: f.text("terms")?,
            client: f.client("client")?,
            entity: f.text::<EntityCode>("entity")?,
            sale: f.maybe("sale")?,
            invoice: f.maybe::<InvoiceNo>("invoice")?,
            state: f.word("state")?,
            release_included: f.yes("release_included")?,
            accelerates: f.yes("accelerates")?,
            documents_missing: f.maybe("documents_missing")?,
            approver: f.maybe("approver")?,
            valid_from: f.maybe_date("valid_from")?,
            valid_to: f.maybe_date("valid_to")?,
            instalments: Vec::new(),
        })
    }
}

impl FromStored for Instalment {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            n: f.int("n")?,
            due_on: f.date("due_on")?,
            amount: f.money("amount")?,
            paid: f.money("paid")?,
        })
    }
}

impl FromStored for Release {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            lot: f.lot()?,
            state: f.word("state")?,
            on: f.maybe_date("released_on")?,
            to: f.maybe("released_to")?,
            route: f.word("route")?,
            collector: f.word("collector")?,
            quote: f.word("quote")?,
            authority: f.maybe("authority")?,
            authorised_by: f.maybe("authorised_by")?,
            authority_until: f.maybe_date("authority_until")?,
            residual: f.maybe_money("residual", "currency")?,
        })
    }
}

impl FromStored for Hold {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            id: f.text("hold")?,
            scope: f.word("scope")?,
            client: f.maybe_client("client")?,
            reference: f.text("reference")?,
            code: f.word("code")?,
            state: f.word("state")?,
            raised_by: f.maybe("raised_by")?,
            raised_at: f.maybe_instant("raised_at")?,
            owner: f.maybe("owner")?,
            reason: f.maybe("reason")?,
            expires_on: f.maybe_date("expires_on")?,
            restricted: f.yes("restricted")?,
        })
    }
}

impl FromStored for Accrual {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            client: f.client("client")?,
            entity: f.text("entity")?,
            kind: f.word("kind")?,
            lot: f.maybe_lot()?,
            amount: f.money("amount")?,
            through_on: f.date("through_on")?,
        })
    }
}
