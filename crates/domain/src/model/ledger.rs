//! The receivables ledger and the invoices behind it. SAP is the only source of truth (`domain.md` 3.1).

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::words;
use crate::clock::local_date;
use crate::ids::{ClientNo, EntityCode, InvoiceKey, InvoiceNo, LotKey, SaleNo};
use crate::money::Money;

words! {
    /// What a ledger item is.
    ItemKind { /// A bill.
        Invoice = "invoice", /// A credit memo.
        Credit = "credit", /// A payment on account.
        Payment = "payment", /// A deposit (special G/L `A`).
        Deposit = "deposit", /// A request, a noted item that does not touch the balance (special G/L `F`).
        Request = "request", /// A clearing entry or anything else.
        Other = "other" }
    /// What an invoice is for.
    InvoiceKind { /// The purchase.
        Sale = "sale", /// Shipping.
        Shipping = "shipping", /// Storage.
        Storage = "storage", /// Interest or late charges.
        Interest = "interest", /// A credit note.
        Credit = "credit" }
    /// An invoice's stored state. Overdue is derived from the date and never stored (`domain.md` 3.2).
    InvoiceState { /// Not yet sent.
        Draft = "draft", /// Sent, nothing paid.
        Issued = "issued", /// Partly paid.
        PartPaid = "part_paid", /// Paid.
        Paid = "paid", /// Being issued again; see `superseded_by`.
        Superseded = "superseded", /// Cancelled by a credit note.
        Cancelled = "cancelled", /// Was paid; the clearing was reset.
        Reopened = "reopened" }
    /// What an invoice line charges.
    LineKind { /// Hammer price.
        Hammer = "hammer", /// Buyer's premium.
        Premium = "premium", /// Overhead premium.
        Overhead = "overhead", /// VAT.
        Vat = "vat", /// US sales tax.
        SalesTax = "sales_tax", /// Artist's resale right.
        Arr = "arr", /// Shipping and packing.
        Shipping = "shipping", /// Transit insurance.
        Insurance = "insurance", /// Storage.
        Storage = "storage", /// Interest and late charges.
        Interest = "interest", /// Card and other fees.
        Fee = "fee", /// Anything else, either sign.
        Adjustment = "adjustment" }
    /// What an invoice's due date was computed from.
    DueBasis { /// The sale's date.
        SaleDate = "sale_date", /// The invoice's date.
        InvoiceDate = "invoice_date", /// The day the client received it.
        InvoiceReceipt = "invoice_receipt", /// A plan of instalments.
        Instalments = "instalments" }
}

/// When an item left the open list: the first complete snapshot that no longer held it. Between the last one
/// that did and this one nobody knows, and what is unknown is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone {
    /// The instant that snapshot speaks of.
    pub at: DateTime<Utc>,
    /// Its day: UTC's until [`Gone::in_zone`] says the entity's own. The item is open on days before it.
    pub on: NaiveDate,
}

impl Gone {
    /// Gone since that instant.
    pub fn at(at: DateTime<Utc>) -> Self {
        Self {
            at,
            on: at.date_naive(),
        }
    }

    /// The same, by the days of a zone: in the evening of New York UTC is a day ahead.
    #[must_use]
    pub fn in_zone(self, zone: Tz) -> Self {
        Self {
            on: local_date(self.at, zone),
            ..self
        }
    }
}

/// One line item of the receivables ledger; the key is all of entity, document, year and line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerItem {
    /// Company code.
    pub entity: EntityCode,
    /// Document number, restarting per entity and year.
    pub document: String,
    /// Fiscal year.
    pub year: i64,
    /// Item within the document.
    pub line: i64,
    /// The client.
    pub client: ClientNo,
    /// What it is.
    pub kind: ItemKind,
    /// Signed: a debit (the client owes) is positive.
    pub amount: Money,
    /// Posting date: from this day the item exists.
    pub posted_on: NaiveDate,
    /// Document (invoice) date, for ageing by invoice date.
    pub document_on: Option<NaiveDate>,
    /// Net due date; `None` is due at once at the posting date.
    pub due_on: Option<NaiveDate>,
    /// The invoice it belongs to.
    pub invoice: Option<InvoiceNo>,
    /// Clearing date; the item is open on days before it.
    pub cleared_on: Option<NaiveDate>,
    /// Clearing document.
    pub cleared_by: Option<String>,
    /// The clearing was reset on that day.
    pub reopened_on: Option<NaiveDate>,
    /// The client contests it.
    pub disputed: bool,
    /// A payment or dunning block is set.
    pub blocked: bool,
    /// A complete snapshot no longer held it: it left the open list, nobody said it was paid.
    pub gone: Option<Gone>,
    /// Assignment, reference or item text.
    pub reference: Option<String>,
}

impl LedgerItem {
    /// Was it open at the end of that day: posted by then, not cleared by then, not gone by then?
    pub fn is_open_on(&self, day: NaiveDate) -> bool {
        self.posted_on <= day && self.is_uncleared_on(day) && !self.is_gone_on(day)
    }

    /// Did nothing clear it by that day? What is gone may be uncleared all the same.
    pub fn is_uncleared_on(&self, day: NaiveDate) -> bool {
        self.cleared_on.is_none_or(|cleared| day < cleared)
    }

    /// Had it left the open list by the end of that day?
    pub fn is_gone_on(&self, day: NaiveDate) -> bool {
        self.gone.is_some_and(|gone| gone.on <= day)
    }

    /// Net due date, or the posting date where none was given (due at once, `domain.md` 5.1 REBZG).
    pub fn due(&self) -> NaiveDate {
        self.due_on.unwrap_or(self.posted_on)
    }
}

/// An invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// Entity, number, year.
    pub key: InvoiceKey,
    /// Billed to.
    pub client: ClientNo,
    /// The sale, for a purchase.
    pub sale: Option<SaleNo>,
    /// What for.
    pub kind: InvoiceKind,
    /// State as the feed says it.
    pub state: InvoiceState,
    /// Issue date.
    pub issued_on: NaiveDate,
    /// Why it is due then.
    pub due_basis: Option<DueBasis>,
    /// Net due date.
    pub due_on: Option<NaiveDate>,
    /// The replacement.
    pub superseded_by: Option<InvoiceNo>,
    /// Total of the lines.
    pub total: Money,
}

/// A line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceLine {
    /// Its invoice.
    pub invoice: InvoiceKey,
    /// Line number.
    pub line: i64,
    /// The lot it charges, if any.
    pub lot: Option<LotKey>,
    /// What it charges.
    pub kind: LineKind,
    /// Amount.
    pub amount: Money,
}

/// Indicative interest or storage, not billed: shown apart, never counted (`domain.md` 2.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accrual {
    /// Whose.
    pub client: ClientNo,
    /// For which entity.
    pub entity: EntityCode,
    /// `interest` or `storage`.
    pub kind: LineKind,
    /// The lot, for storage.
    pub lot: Option<LotKey>,
    /// Amount so far.
    pub amount: Money,
    /// Computed through that day.
    pub through_on: NaiveDate,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    #[test]
    fn what_vanished_was_open_until_the_first_snapshot_without_it() {
        let on = |day: &str| -> NaiveDate { day.parse().unwrap() };
        let gone = Gone::at("2026-04-01T02:30:00Z".parse().unwrap());
        let mut item = LedgerItem {
            entity: EntityCode::new("US01"),
            document: "1".to_owned(),
            year: 2026,
            line: 1,
            client: ClientNo::parse("1001").unwrap(),
            kind: ItemKind::Invoice,
            amount: Money::from_minor(100, Currency::USD),
            posted_on: on("2026-03-01"),
            document_on: None,
            due_on: None,
            invoice: None,
            cleared_on: None,
            cleared_by: None,
            reopened_on: None,
            disputed: false,
            blocked: false,
            gone: Some(gone),
            reference: None,
        };
        let open_days = |item: &LedgerItem| {
            [
                "2026-02-28",
                "2026-03-01",
                "2026-03-30",
                "2026-03-31",
                "2026-04-01",
            ]
            .map(|day| item.is_open_on(on(day)))
        };
        assert_eq!(open_days(&item), [false, true, true, true, false]);
        item.gone = Some(gone.in_zone(chrono_tz::America::New_York));
        assert_eq!(
            open_days(&item),
            [false, true, true, false, false],
            "there the snapshot is of the evening before"
        );
        item.cleared_on = Some(on("2026-03-30"));
        assert_eq!(open_days(&item), [false, true, false, false, false]);
    }
}
