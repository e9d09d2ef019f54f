//! Single invoices, lots and sales.

use chrono::NaiveDate;
use hammerdesk_domain::ids::{InvoiceKey, LotKey, SaleNo};
use hammerdesk_domain::model::{Invoice, InvoiceLine, LedgerItem, Lot, Release, Sale};

use crate::engine::View;
use crate::error::Result;
use crate::rows::{rows, selects};

selects! {
    INVOICES_NUMBERED = Invoice "WHERE t.invoice IN ($1, $2, $3) ORDER BY t.entity, t.year DESC, t.invoice";
    OPEN_OF_INVOICE = Ledger "WHERE t.cleared_on IS NULL AND t.invoice IN ($1, $2, $3) \
        ORDER BY t.entity, t.year DESC, t.invoice, t.document, t.line LIMIT 500";
    CLEARED_OF_INVOICE = Ledger "WHERE t.cleared_on >= $4 AND t.invoice IN ($1, $2, $3) \
        ORDER BY t.entity, t.year DESC, t.invoice, t.document, t.line LIMIT 500";
    LINES = InvoiceLine "WHERE t.entity = $1 AND t.invoice = $2 AND t.year = $3 ORDER BY t.line";
    LOT = Lot "WHERE t.sale = $1 AND t.lot = $2";
    LOTS_OF_SALE = Lot "WHERE t.sale = $1 ORDER BY t.lot";
    RELEASE_OF = Release "WHERE t.sale = $1 AND t.lot = $2";
    SALE_NUMBERED = Sale "WHERE t.sale = $1";
}

impl View {
    /// Every invoice of that number, in any entity and year, written with or without leading zeros.
    pub async fn invoices_numbered(&mut self, number: &str) -> Result<Vec<Invoice>> {
        let number = number.trim();
        let short = number.trim_start_matches('0');
        let padded = format!("{short:0>10}");
        rows!(self, INVOICES_NUMBERED, number, short, padded.as_str())
    }

    /// What the ledger holds of that invoice number, for houses that feed no invoices: what is open, and what
    /// was cleared since that day. An index by invoice would slow every import down for this question alone,
    /// so it walks through the open items, and is asked only where [`View::invoices_numbered`] found nothing.
    pub async fn ledger_of_invoice(&mut self, number: &str, since: NaiveDate) -> Result<Vec<LedgerItem>> {
        let number = number.trim();
        let short = number.trim_start_matches('0');
        let padded = format!("{short:0>10}");
        let mut items: Vec<LedgerItem> = rows!(self, OPEN_OF_INVOICE, number, short, padded.as_str())?;
        items.extend(rows!(
            self,
            CLEARED_OF_INVOICE,
            number,
            short,
            padded.as_str(),
            since
        )?);
        Ok(items)
    }

    /// The lines of an invoice.
    pub async fn invoice_lines(&mut self, key: &InvoiceKey) -> Result<Vec<InvoiceLine>> {
        rows!(self, LINES, key.entity.as_str(), key.number.as_str(), key.year)
    }

    /// One lot.
    pub async fn lot(&mut self, key: &LotKey) -> Result<Option<Lot>> {
        let found: Vec<Lot> = rows!(self, LOT, key.sale.as_str(), key.lot.as_str())?;
        Ok(found.into_iter().next())
    }

    /// The lots of a sale.
    pub async fn lots_of(&mut self, sale: &SaleNo) -> Result<Vec<Lot>> {
        rows!(self, LOTS_OF_SALE, sale.as_str())
    }

    /// What the warehouse says of a lot.
    pub async fn release(&mut self, key: &LotKey) -> Result<Option<Release>> {
        let found: Vec<Release> = rows!(self, RELEASE_OF, key.sale.as_str(), key.lot.as_str())?;
        Ok(found.into_iter().next())
    }

    /// One sale.
    pub async fn sale(&mut self, no: &SaleNo) -> Result<Option<Sale>> {
        let found: Vec<Sale> = rows!(self, SALE_NUMBERED, no.as_str())?;
        Ok(found.into_iter().next())
    }
}
