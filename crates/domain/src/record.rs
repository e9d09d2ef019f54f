//! The canonical records: one schema per entity, as data.
//!
//! The same table serves the readers (what a column is called and what it may hold), the store (which
//! table and columns an import writes), the documentation of the feed and the sample house. A record is
//! a flat row in schema order; what it means is read by the entities of [`crate::model`].

use chrono::{DateTime, NaiveDate, Utc};

use crate::model::{
    AliasKind, CddState, ClientKind, Collector, Confidentiality, DepositState, Destination, DisputeStage,
    DueBasis, HoldCode, HoldScope, HoldState, InvoiceKind, InvoiceState, ItemKind, LineKind, Method,
    MovementKind, NoBid, PayerMatch, PaymentState, Permit, Quote, RefundState, ReleaseRoute, ReleaseState,
    SaleKind, SanctionsState, TermsState, Whereabouts,
};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Free text from outside, cleaned of deceptive characters, at most 500 characters.
    Text,
    /// An identifier: text that must stay as it is, at most 64 characters, no white space inside.
    Id,
    /// A client number; canonical form by [`crate::ids::ClientNo::parse`].
    Client,
    /// A whole number.
    Int,
    /// An amount in the currency that the named column of the same row holds; stored in minor units.
    Money(&'static str),
    /// An ISO 4217 code.
    Currency,
    /// A local date.
    Date,
    /// An instant with its offset; stored in UTC.
    Instant,
    /// Yes or no.
    Bool,
    /// One word of a set.
    Choice(&'static [&'static str]),
}

/// One column of a canonical entity.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Name in files and in the store.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Must it be filled in every row?
    pub required: bool,
    /// The value of an absent or blank optional column; `""` is nothing.
    pub default: &'static str,
    /// For the documentation: one line.
    pub doc: &'static str,
}

/// One value of a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// Nothing.
    Null,
    /// Text, identifiers, currencies and words.
    Text(String),
    /// Whole numbers, and money in minor units.
    Int(i64),
    /// A date.
    Date(NaiveDate),
    /// An instant.
    Instant(DateTime<Utc>),
    /// Yes or no.
    Bool(bool),
}

/// One row, its values in the order of its schema's columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Which entity.
    pub entity: Entity,
    /// One value a column.
    pub values: Vec<Value>,
}

impl Record {
    /// The value of that column; `Null` where the schema has no such column.
    pub fn get(&self, column: &str) -> &Value {
        const NULL: &Value = &Value::Null;
        self.entity
            .column_index(column)
            .and_then(|at| self.values.get(at))
            .unwrap_or(NULL)
    }
}

macro_rules! entities {
    ($($(#[$doc:meta])* $variant:ident = $name:literal key [$($key:literal),+] { $($column:tt)* })*) => {
        /// The entities that a feed can bring.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Entity { $($(#[$doc])* $variant),* }

        impl Entity {
            /// All of them; those that others refer to come first.
            pub const ALL: &'static [Entity] = &[$(Entity::$variant),*];

            /// The name: of the file, and of the table in the store.
            pub const fn name(self) -> &'static str {
                match self { $(Entity::$variant => $name),* }
            }

            /// The columns that identify a row.
            pub const fn key(self) -> &'static [&'static str] {
                match self { $(Entity::$variant => &[$($key),+]),* }
            }

            /// The columns, in the order of a record's values.
            pub const fn columns(self) -> &'static [Column] {
                match self { $(Entity::$variant => { const C: &[Column] = &columns!($($column)*); C }),* }
            }
        }
    };
}

macro_rules! columns {
    ($($name:ident $need:tt $kind:expr $(, default $default:literal)? ; $doc:literal)*) => {
        [$(Column { name: stringify!($name), kind: $kind, required: columns!(@need $need), default: columns!(@default $($default)?), doc: $doc }),*]
    };
    (@need !) => { true };
    (@need ?) => { false };
    (@default) => { "" };
    (@default $default:literal) => { $default };
}

impl Entity {
    /// The entity of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|entity| entity.name() == name)
    }

    /// Where a column stands in a record.
    pub fn column_index(self, name: &str) -> Option<usize> {
        self.columns().iter().position(|column| column.name == name)
    }
}

use Kind::{Bool, Choice, Client, Currency, Date, Id, Instant, Int, Money, Text};

entities! {
    /// Clients.
    Client = "client" key ["client"] {
        client ! Client; "Client number, with or without leading zeros"
        name ! Text; "Legal name"
        kind ? Choice(ClientKind::WORDS), default "person"; "Person, company or trade account"
        tier ? Text; "The house's own tier"
        country ? Id; "ISO 3166 country, two letters"
        group_id ? Id; "Group whose members stand for each other's debts"
        language ? Id; "BCP 47 language"
        location ? Id; "Saleroom that looks after the client"
        owner ? Text; "Portfolio owner"
        confidentiality ? Choice(Confidentiality::WORDS), default "normal"; "Who may see the client"
        merged_into ? Client; "Surviving client after a merge"
    }
    /// Other names of clients.
    Alias = "alias" key ["client", "kind", "value", "sale"] {
        client ! Client; "Client number"
        kind ! Choice(AliasKind::WORDS); "What kind of name"
        value ! Text; "The e-mail address, phone number, paddle, foreign id or other name"
        sale ? Id; "For a paddle: the sale; blank otherwise"
    }
    /// What compliance and credit say.
    ClientStatus = "client_status" key ["client"] {
        client ! Client; "Client number"
        cdd ? Choice(CddState::WORDS); "Customer due diligence; blank is unknown"
        cdd_expires_on ? Date; "When it runs out"
        sanctions ? Choice(SanctionsState::WORDS); "Screening; blank is unknown. Restricted"
        screened_at ? Instant; "Last screening"
        no_bid ? Choice(NoBid::WORDS), default "clear"; "Bidding block"
        no_bid_reason ? Text; "Why"
        insolvent ? Bool, default "no"; "Insolvency or administration"
        legal_action ? Bool, default "no"; "Legal action under way"
        written_off ? Bool, default "no"; "Some debt was written off"
        credit_limit ? Money("credit_currency"); "Limit of a trade account"
        credit_currency ? Currency; "Its currency"
    }
    /// Sales.
    Sale = "sale" key ["sale"] {
        sale ! Id; "Sale number"
        title ! Text; "Title"
        location ! Id; "Saleroom, as the config names it"
        entity ! Id; "Company code that bills it"
        currency ! Currency; "Currency it is billed in"
        kind ? Choice(SaleKind::WORDS), default "live"; "Live, timed or private"
        starts_on ! Date; "First day"
        ends_on ! Date; "Last day"
        results_final ? Bool, default "no"; "Are the results final?"
        cancelled ? Bool, default "no"; "Rescinded, or default declared"
    }
    /// Lots.
    Lot = "lot" key ["sale", "lot"] {
        sale ! Id; "Sale number"
        lot ! Id; "Lot number"
        title ! Text; "Short description"
        hammer ? Money("currency"); "Hammer price; blank is unsold"
        currency ! Currency; "Currency of the sale"
        buyer ? Client; "Who bought it"
        consignor ? Client; "Who consigned it"
        work_of_art ? Bool, default "yes"; "In the sense of the money-laundering rules"
        export_licence ? Choice(Permit::WORDS), default "not_needed"; "Export licence"
        cites ? Choice(Permit::WORDS), default "not_needed"; "Permits for restricted species"
        cancellation_until ? Date; "Consumer's cancellation right runs until the end of that day"
        whereabouts ? Choice(Whereabouts::WORDS), default "in_house"; "Where the lot is"
    }
    /// Invoices.
    Invoice = "invoice" key ["entity", "invoice", "year"] {
        entity ! Id; "Company code"
        invoice ! Id; "Document number"
        year ! Int; "Fiscal year"
        client ! Client; "Billed to"
        sale ? Id; "The sale, for a purchase"
        kind ? Choice(InvoiceKind::WORDS), default "sale"; "What for"
        state ? Choice(InvoiceState::WORDS), default "issued"; "State; overdue is derived and never given"
        issued_on ! Date; "Issue date"
        due_basis ? Choice(DueBasis::WORDS); "What the due date was computed from"
        due_on ? Date; "Net due date"
        superseded_by ? Id; "Number of the replacement"
        total ! Money("currency"); "Total of the lines"
        currency ! Currency; "Currency"
    }
    /// Invoice lines.
    InvoiceLine = "invoice_line" key ["entity", "invoice", "year", "line"] {
        entity ! Id; "Company code"
        invoice ! Id; "Document number"
        year ! Int; "Fiscal year"
        line ! Int; "Line number"
        sale ? Id; "Sale of the lot it charges"
        lot ? Id; "The lot it charges"
        kind ! Choice(LineKind::WORDS); "What it charges"
        amount ! Money("currency"); "Amount, negative for a reduction"
        currency ! Currency; "Currency"
    }
    /// Line items of the receivables ledger.
    Ledger = "ledger" key ["entity", "document", "year", "line"] {
        entity ! Id; "Company code (BUKRS)"
        document ! Id; "Document number (BELNR)"
        year ! Int; "Fiscal year (GJAHR)"
        line ! Int; "Item within the document (BUZEI)"
        client ! Client; "Client number (KUNNR)"
        client_name ? Text; "Name, for a ledger that comes without a client file"
        kind ? Choice(ItemKind::WORDS), default "invoice"; "What the item is"
        amount ! Money("currency"); "Signed: what the client owes is positive"
        currency ! Currency; "Document currency (WAERS)"
        posted_on ! Date; "Posting date (BUDAT): the item exists from that day"
        document_on ? Date; "Document date (BLDAT)"
        due_on ? Date; "Net due date; blank is due at once"
        invoice ? Id; "Invoice it belongs to"
        cleared_on ? Date; "Clearing date (AUGDT); blank is open"
        cleared_by ? Id; "Clearing document (AUGBL)"
        reopened_on ? Date; "The clearing was reset on that day"
        disputed ? Bool, default "no"; "The client contests it"
        blocked ? Bool, default "no"; "A payment or dunning block is set"
        reference ? Text; "Assignment, reference or item text"
    }
    /// Receipts at bank, PSP or in the ledger.
    Payment = "payment" key ["source", "payment"] {
        source ! Id; "Which source told us: sap, bank, stripe, adyen"
        payment ! Id; "Its id there"
        client ? Client; "Client it was matched to; blank is unmatched"
        entity ! Id; "Company code"
        invoice ? Id; "Invoice that its reference names"
        method ! Choice(Method::WORDS); "How it came"
        amount ! Money("currency"); "Amount received"
        currency ! Currency; "Currency"
        state ! Choice(PaymentState::WORDS); "State"
        seen_on ! Date; "First seen"
        value_on ? Date; "Value date"
        cleared_on ? Date; "When it cleared; blank is not cleared"
        posted_on ? Date; "When it was posted to the ledger; blank is not posted"
        payer_name ? Text; "Name on the paying account"
        payer_match ? Choice(PayerMatch::WORDS), default "unknown"; "Does it match the client's?"
        reference ? Text; "Remittance text"
    }
    /// What payments were applied to.
    Allocation = "allocation" key ["source", "payment", "entity", "invoice", "year", "line", "sale", "lot"] {
        source ! Id; "Source of the payment"
        payment ! Id; "Payment"
        entity ! Id; "Company code of the invoice"
        invoice ! Id; "Invoice it pays"
        year ! Int; "Fiscal year of the invoice"
        line ? Int, default "0"; "Invoice line it pays; 0 is the invoice as a whole"
        sale ? Id; "Sale of the lot it is for; blank is the invoice as a whole"
        lot ? Id; "Lot it is for"
        amount ! Money("currency"); "Amount applied"
        currency ! Currency; "Currency"
        applied_on ! Date; "When"
    }
    /// Bidding deposits.
    Deposit = "deposit" key ["deposit"] {
        deposit ! Id; "Deposit id"
        client ! Client; "Whose"
        entity ! Id; "Company code that holds it"
        amount ! Money("currency"); "Amount asked for or taken"
        currency ! Currency; "Currency"
        method ! Choice(Method::WORDS); "How it was paid"
        state ! Choice(DepositState::WORDS); "State"
        requested_on ? Date; "Asked for on"
        taken_on ? Date; "Received on"
        cleared_on ? Date; "Cleared on"
        destination ? Choice(Destination::WORDS), default "missing"; "Where a refund would go"
        keep_for ? Id; "Sale for which the client asked to keep it"
        source ? Id; "Source of the payment that brought it"
        payment ? Id; "That payment"
    }
    /// Sales that a deposit covers.
    DepositCover = "deposit_cover" key ["deposit", "sale"] {
        deposit ! Id; "Deposit id"
        sale ! Id; "Sale it covers"
    }
    /// What happened to deposits.
    DepositMovement = "deposit_movement" key ["movement"] {
        movement ! Id; "Movement id"
        deposit ! Id; "Deposit id"
        kind ! Choice(MovementKind::WORDS); "What happened"
        amount ! Money("currency"); "Always positive"
        currency ! Currency; "Currency"
        moved_on ! Date; "When"
        reference ? Text; "Invoice, refund or deposit it refers to"
    }
    /// Refunds.
    Refund = "refund" key ["refund"] {
        refund ! Id; "Id at the bank or PSP"
        deposit ? Id; "Deposit it refunds"
        amount ! Money("currency"); "Amount"
        currency ! Currency; "Currency"
        state ! Choice(RefundState::WORDS); "State"
        method ! Choice(Method::WORDS); "By which method it goes"
        last4 ? Id; "Last four of card or account; never more"
        reference ? Id; "ARN, RRN or wire reference"
        requested_by ? Text; "Who asked for it"
        requested_on ? Date; "When"
        submitted_on ? Date; "Sent on"
        completed_on ? Date; "Arrived, failed or came back on"
        expected_on ? Date; "Expected on"
        failure ? Text; "Plain reason for a failure"
    }
    /// Card disputes.
    Dispute = "dispute" key ["dispute"] {
        dispute ! Id; "Id at the PSP"
        source ! Id; "Source of the contested payment"
        payment ! Id; "Contested payment"
        client ? Client; "Whose payment"
        entity ! Id; "Company code"
        stage ! Choice(DisputeStage::WORDS); "Stage"
        reason ? Text; "The issuer's reason"
        amount ! Money("currency"); "Contested amount"
        currency ! Currency; "Currency"
        due_at ? Instant; "Evidence due"
        funds_withdrawn ? Bool, default "no"; "The PSP has taken the money back"
    }
    /// Agreements on extended terms.
    Terms = "terms" key ["terms"] {
        terms ! Id; "Agreement id"
        client ! Client; "With whom"
        entity ! Id; "Company code"
        sale ? Id; "For that sale"
        invoice ? Id; "For that invoice"
        state ! Choice(TermsState::WORDS); "State"
        release_included ? Bool, default "no"; "May lots go while instalments run?"
        accelerates ? Bool, default "no"; "Does a breach make the whole balance due?"
        documents_missing ? Text; "Documents still missing"
        approver ? Text; "Who approved"
        valid_from ? Date; "From"
        valid_to ? Date; "To"
    }
    /// Instalments of agreements.
    Instalment = "instalment" key ["terms", "n"] {
        terms ! Id; "Agreement id"
        n ! Int; "Number from 1"
        due_on ! Date; "Due"
        amount ! Money("currency"); "Amount"
        paid ? Money("currency"), default "0"; "Paid so far"
        currency ! Currency; "Currency"
    }
    /// Release states of lots.
    Release = "release" key ["sale", "lot"] {
        sale ! Id; "Sale number"
        lot ! Id; "Lot number"
        state ! Choice(ReleaseState::WORDS); "State in the warehouse system"
        released_on ? Date; "Released or authorised on"
        released_to ? Text; "To whom"
        route ? Choice(ReleaseRoute::WORDS), default "collection"; "Where it is to go"
        collector ? Choice(Collector::WORDS), default "buyer"; "Who comes for it"
        quote ? Choice(Quote::WORDS), default "not_needed"; "Shipping quote"
        authority ? Id; "Approval for a release with a balance open"
        authorised_by ? Text; "Who approved"
        authority_until ? Date; "Until when the approval stands"
        residual ? Money("currency"); "What stays owed under it"
        currency ? Currency; "Its currency"
    }
    /// Holds.
    Hold = "hold" key ["hold"] {
        hold ! Id; "Hold id"
        scope ! Choice(HoldScope::WORDS); "What it is on"
        client ? Client; "Whose thing it is"
        reference ! Text; "Client number, invoice number, sale/lot, deposit id or source/payment"
        code ! Choice(HoldCode::WORDS); "Why"
        state ? Choice(HoldState::WORDS), default "active"; "State; a hold is never deleted"
        raised_by ? Text; "Who raised it"
        raised_at ? Instant; "When"
        owner ? Text; "Team that can clear it"
        reason ? Text; "In words; internal"
        expires_on ? Date; "Ends by itself at the end of that day"
        restricted ? Bool, default "no"; "Only compliance may know of it"
    }
    /// Indicative interest and storage, not billed.
    Accrual = "accrual" key ["client", "entity", "kind", "sale", "lot", "currency"] {
        client ! Client; "Client number"
        entity ! Id; "Company code"
        kind ! Choice(LineKind::WORDS); "interest or storage"
        sale ? Id; "Sale of the lot, for storage"
        lot ? Id; "The lot, for storage"
        amount ! Money("currency"); "Amount so far"
        currency ! Currency; "Currency"
        through_on ! Date; "Computed through that day"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_and_every_currency_column_exists_in_its_own_schema() {
        for entity in Entity::ALL {
            for key in entity.key() {
                assert!(entity.column_index(key).is_some(), "{}: {key}", entity.name());
            }
            for column in entity.columns() {
                if let Kind::Money(currency) = column.kind {
                    assert!(
                        entity.column_index(currency).is_some(),
                        "{}: {}",
                        entity.name(),
                        column.name
                    );
                }
                assert!(
                    !column.required || column.default.is_empty(),
                    "{}: {}",
                    entity.name(),
                    column.name
                );
            }
            assert_eq!(Entity::named(entity.name()), Some(*entity));
        }
    }
}
