//! One client with all that belongs to the client, being put together before it becomes records.
//!
//! Promises: what is made through these functions is consistent. An invoice's total is the sum of its
//! lines; a clearing document's items add up to nothing; allocations never exceed the payment or the
//! invoice; a deposit's movements satisfy `taken = held + applied + refunded + ..`. A contradiction has
//! to be planted by hand afterwards.

use chrono::{NaiveDate, TimeDelta};
use hammerdesk_domain::ids::{ClientNo, InvoiceKey, InvoiceNo, LotKey, LotNo, SaleNo};
use hammerdesk_domain::model::{
    Accrual, Alias, AliasKind, Allocation, CddState, Client, ClientKind, ClientStatus, Confidentiality,
    Deposit, Dispute, DueBasis, Hold, Invoice, InvoiceKind, InvoiceLine, InvoiceState, ItemKind, LedgerItem,
    LineKind, Lot, Method, Payment, Permit, Release, Sale, SanctionsState, TermsAgreement, Whereabouts,
};
use hammerdesk_domain::money::Money;
use hammerdesk_domain::record::Entity;

use crate::place::{Place, fiscal_year};
use crate::rows::{LotIn, Out, Row};

/// A client and everything of the client's.
pub(crate) struct Account {
    /// The number as a number.
    pub(crate) base: u64,
    /// The last document number given out.
    documents: u32,
    /// The client.
    pub(crate) client: Client,
    /// Other names.
    pub(crate) aliases: Vec<Alias>,
    /// What compliance says; `None` leaves the record out.
    pub(crate) status: Option<ClientStatus>,
    /// Lots bought, and others that the story needs.
    pub(crate) lots: Vec<LotIn>,
    /// Invoices.
    pub(crate) invoices: Vec<Invoice>,
    /// Their lines.
    pub(crate) lines: Vec<InvoiceLine>,
    /// Ledger items.
    pub(crate) items: Vec<LedgerItem>,
    /// Payments.
    pub(crate) payments: Vec<Payment>,
    /// What they were applied to.
    pub(crate) allocations: Vec<Allocation>,
    /// Deposits with covers, movements and refunds.
    pub(crate) deposits: Vec<Deposit>,
    /// Disputes.
    pub(crate) disputes: Vec<Dispute>,
    /// Agreements with their instalments.
    pub(crate) terms: Vec<TermsAgreement>,
    /// What the warehouse says.
    pub(crate) releases: Vec<Release>,
    /// Holds.
    pub(crate) holds: Vec<Hold>,
    /// Accruals.
    pub(crate) accruals: Vec<Accrual>,
}

/// How a payment comes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Receipt {
    /// By which method.
    pub(crate) method: Method,
    /// Received so many days ago.
    pub(crate) days_ago: i64,
}

/// By wire, so many days ago.
pub(crate) const fn wire(days_ago: i64) -> Receipt {
    Receipt {
        method: Method::Wire,
        days_ago,
    }
}

/// By card, so many days ago.
pub(crate) const fn card(days_ago: i64) -> Receipt {
    Receipt {
        method: Method::Card,
        days_ago,
    }
}

impl Account {
    /// A client of that number and name who is looked after at that saleroom; identified and screened.
    pub(crate) fn new(base: u64, name: &str, place: &Place) -> Self {
        let no = client_no(base);
        let status = ClientStatus {
            cdd: Some(CddState::Complete),
            cdd_expires_on: Some(place.day(400)),
            sanctions: Some(SanctionsState::Clear),
            screened_at: place.day(-3).and_hms_opt(4, 0, 0).map(|at| at.and_utc()),
            ..ClientStatus::unknown()
        };
        Self {
            base,
            documents: 0,
            client: Client {
                no,
                name: name.to_owned(),
                kind: ClientKind::Person,
                tier: None,
                country: None,
                group: None,
                language: None,
                location: Some(place.id.clone()),
                owner: None,
                confidentiality: Confidentiality::Normal,
                merged_into: None,
            },
            aliases: Vec::new(),
            status: Some(status),
            lots: Vec::new(),
            invoices: Vec::new(),
            lines: Vec::new(),
            items: Vec::new(),
            payments: Vec::new(),
            allocations: Vec::new(),
            deposits: Vec::new(),
            disputes: Vec::new(),
            terms: Vec::new(),
            releases: Vec::new(),
            holds: Vec::new(),
            accruals: Vec::new(),
        }
    }

    /// The number.
    pub(crate) fn no(&self) -> &ClientNo {
        &self.client.no
    }

    /// What compliance says, to be changed.
    pub(crate) fn status(&mut self) -> &mut ClientStatus {
        self.status.get_or_insert_with(ClientStatus::unknown)
    }

    /// Adds another name.
    pub(crate) fn known_as(&mut self, kind: AliasKind, value: impl Into<String>, sale: Option<SaleNo>) {
        self.aliases.push(Alias {
            client: self.client.no.clone(),
            kind,
            value: value.into(),
            sale,
        });
    }

    /// The next document number.
    pub(crate) fn document(&mut self) -> String {
        self.documents += 1;
        format!("{}{:03}", self.base, self.documents)
    }

    /// Bills lots of a sale: a line for hammer, premium and tax each, an invoice and its ledger item.
    /// Returns the position of the invoice.
    pub(crate) fn buys(&mut self, place: &Place, sale: &Sale, lots: &[(u32, i64)]) -> usize {
        let mut charges = Vec::with_capacity(lots.len() * 3);
        for (number, hammer) in lots {
            let key = LotKey {
                sale: sale.no.clone(),
                lot: LotNo::new(number.to_string()),
            };
            let premium = premium(*hammer);
            charges.push((Some(key.clone()), LineKind::Hammer, *hammer));
            charges.push((Some(key.clone()), LineKind::Premium, premium));
            match place.letter {
                'L' => charges.push((Some(key.clone()), LineKind::Vat, share(premium, 20, 100))),
                'N' => charges.push((
                    Some(key.clone()),
                    LineKind::SalesTax,
                    share(hammer + premium, 8_875, 100_000),
                )),
                _ => {}
            }
            self.lots.push(LotIn {
                lot: Lot {
                    key,
                    title: title(*number).to_owned(),
                    hammer: Some(place.money(*hammer)),
                    buyer: Some(self.client.no.clone()),
                    consignor: None,
                    work_of_art: true,
                    export_licence: Permit::NotNeeded,
                    cites: Permit::NotNeeded,
                    cancellation_until: None,
                    whereabouts: Whereabouts::InHouse,
                },
                currency: place.currency,
            });
        }
        let issued_on = (sale.ends_on + TimeDelta::days(1)).min(place.today);
        let due_on = sale.ends_on + TimeDelta::days(place.due_after);
        self.bill(place, InvoiceKind::Sale, Some(sale), (issued_on, due_on), charges)
    }

    /// Issues an invoice of these charges and posts it. Returns its position.
    pub(crate) fn bill(
        &mut self,
        place: &Place,
        kind: InvoiceKind,
        sale: Option<&Sale>,
        (issued_on, due_on): (NaiveDate, NaiveDate),
        charges: Vec<(Option<LotKey>, LineKind, i64)>,
    ) -> usize {
        let number = self.document();
        let key = InvoiceKey {
            entity: place.entity.clone(),
            number: InvoiceNo::new(number.clone()),
            year: fiscal_year(issued_on),
        };
        let total = charges.iter().map(|(_, _, amount)| amount).sum();
        for (line, (lot, kind, amount)) in (1..).zip(charges) {
            self.lines.push(InvoiceLine {
                invoice: key.clone(),
                line,
                lot,
                kind,
                amount: place.money(amount),
            });
        }
        self.items.push(LedgerItem {
            invoice: Some(key.number.clone()),
            document_on: Some(issued_on),
            due_on: Some(due_on),
            reference: sale.map(|sale| format!("Sale {}", sale.no)),
            ..self.item(place, (number, 1), ItemKind::Invoice, total, issued_on)
        });
        self.invoices.push(Invoice {
            key,
            client: self.client.no.clone(),
            sale: sale.map(|sale| sale.no.clone()),
            kind,
            state: InvoiceState::Issued,
            issued_on,
            due_basis: Some(if sale.is_some() {
                DueBasis::SaleDate
            } else {
                DueBasis::InvoiceDate
            }),
            due_on: Some(due_on),
            superseded_by: None,
            total: place.money(total),
        });
        self.invoices.len() - 1
    }

    /// Adds a line to an invoice that nothing was paid on yet.
    pub(crate) fn charges_more(&mut self, invoice: usize, lot: Option<LotKey>, kind: LineKind, amount: i64) {
        let bill = &mut self.invoices[invoice];
        let currency = bill.total.currency();
        let line = self
            .lines
            .iter()
            .filter(|line| line.invoice == bill.key)
            .map(|line| line.line)
            .max()
            .unwrap_or(0)
            + 1;
        let total = Money::from_minor(bill.total.minor() + amount, currency);
        bill.total = total;
        for item in &mut self.items {
            if item.kind == ItemKind::Invoice && item.invoice.as_ref() == Some(&bill.key.number) {
                item.amount = total;
            }
        }
        let amount = Money::from_minor(amount, currency);
        self.lines.push(InvoiceLine {
            invoice: bill.key.clone(),
            line,
            lot,
            kind,
            amount,
        });
    }

    /// Credits an invoice and issues it again: the same charges under a new number.
    pub(crate) fn reissues(&mut self, place: &Place, old: usize, on: NaiveDate) -> usize {
        self.credits(place, old, on);
        let bill = self.invoices[old].clone();
        let charges: Vec<_> = self
            .lines
            .iter()
            .filter(|line| line.invoice == bill.key)
            .map(|line| (line.lot.clone(), line.kind, line.amount.minor()))
            .collect();
        let due_on = bill.due_on.unwrap_or(on);
        let new = self.bill(place, bill.kind, None, (on, due_on), charges);
        self.invoices[new].sale = bill.sale.clone();
        self.invoices[old].state = InvoiceState::Superseded;
        self.invoices[old].superseded_by = Some(self.invoices[new].key.number.clone());
        new
    }

    /// A bare ledger item of this client.
    pub(crate) fn item(
        &self,
        place: &Place,
        (document, line): (String, i64),
        kind: ItemKind,
        amount: i64,
        posted_on: NaiveDate,
    ) -> LedgerItem {
        LedgerItem {
            entity: place.entity.clone(),
            document,
            year: fiscal_year(posted_on),
            line,
            client: self.client.no.clone(),
            kind,
            amount: place.money(amount),
            posted_on,
            document_on: None,
            due_on: None,
            invoice: None,
            cleared_on: None,
            cleared_by: None,
            reopened_on: None,
            disputed: false,
            blocked: false,
            gone: None,
            reference: None,
        }
    }

    /// The lot's key at that position.
    pub(crate) fn lot_key(&self, at: usize) -> LotKey {
        self.lots[at].lot.key.clone()
    }

    /// Every row, entity by entity.
    pub(crate) fn emit_each(&self, entities: &[Entity], out: &mut impl Out) {
        for entity in entities {
            self.emit(*entity, out);
        }
    }

    /// The rows of one entity.
    pub(crate) fn emit(&self, entity: Entity, out: &mut impl Out) {
        fn all<T: Row>(rows: &[T], out: &mut impl Out) {
            for row in rows {
                out.row(row);
            }
        }
        match entity {
            Entity::Client => out.row(&self.client),
            Entity::Alias => all(&self.aliases, out),
            Entity::ClientStatus => {
                if let Some(status) = &self.status {
                    out.row(&(&self.client.no, status));
                }
            }
            Entity::Sale => {}
            Entity::Lot => all(&self.lots, out),
            Entity::Invoice => all(&self.invoices, out),
            Entity::InvoiceLine => all(&self.lines, out),
            Entity::Ledger => all(&self.items, out),
            Entity::Payment => all(&self.payments, out),
            Entity::Allocation => all(&self.allocations, out),
            Entity::Deposit => all(&self.deposits, out),
            Entity::DepositCover => {
                for deposit in &self.deposits {
                    for sale in &deposit.covers {
                        out.row(&(&deposit.id, sale));
                    }
                }
            }
            Entity::DepositMovement => {
                for deposit in &self.deposits {
                    for (n, movement) in (1..).zip(&deposit.movements) {
                        out.row(&(format!("{}-M{n}", deposit.id), &deposit.id, movement));
                    }
                }
            }
            Entity::Refund => {
                for deposit in &self.deposits {
                    all(&deposit.refunds, out);
                }
            }
            Entity::Dispute => all(&self.disputes, out),
            Entity::Terms => all(&self.terms, out),
            Entity::Instalment => {
                for terms in &self.terms {
                    for instalment in &terms.instalments {
                        out.row(&(&terms.id, instalment));
                    }
                }
            }
            Entity::Release => all(&self.releases, out),
            Entity::Hold => all(&self.holds, out),
            Entity::Accrual => all(&self.accruals, out),
        }
    }
}

/// The canonical number of a client.
#[expect(clippy::expect_used, reason = "digits are always a client number")]
pub(crate) fn client_no(base: u64) -> ClientNo {
    ClientNo::parse(&base.to_string()).expect("digits")
}

/// The buyer's premium: 26 % up to 800,000.00 of hammer, 20 % above.
pub(crate) fn premium(hammer: i64) -> i64 {
    let first = hammer.min(80_000_000);
    share(first, 26, 100) + share(hammer - first, 20, 100)
}

/// Rounded half up, in whole minor units.
pub(crate) fn share(amount: i64, part: i64, of: i64) -> i64 {
    (amount * part + of / 2) / of
}

/// Artist's resale right in the bands of the sterling rules, in minor units, for a hammer in minor units.
pub(crate) fn resale_right(hammer: i64) -> i64 {
    const BANDS: [(i64, i64); 5] = [
        (5_000_000, 400),
        (20_000_000, 300),
        (35_000_000, 100),
        (50_000_000, 50),
        (i64::MAX, 25),
    ];
    if hammer < 100_000 {
        return 0;
    }
    let (mut below, mut sum) = (0, 0);
    for (upto, rate) in BANDS {
        sum += share((hammer.min(upto) - below).max(0), rate, 10_000);
        below = upto;
    }
    sum.min(1_250_000)
}

const OBJECTS: &[&str] = &[
    "A George III mahogany bureau",
    "View of the Grand Canal",
    "A pair of Sèvres vases",
    "Portrait of a lady in blue",
    "A Cartier platinum bracelet",
    "Still life with lemons",
    "An English longcase clock",
    "Study of two horses",
    "A famille rose bowl, Qianlong mark",
    "Landscape after Ni Zan",
    "A jadeite bangle",
    "Untitled (red), acrylic on canvas",
    "A Patek Philippe chronograph",
    "Twelve bottles, Château Lafite 1982",
    "A walnut lounge chair",
    "Gelatin silver print, 1934",
    "A bronze figure of Diana",
    "Album leaf, ink on paper",
    "A first edition, two volumes",
    "A huanghuali folding chair",
];

/// A short description for a lot of that number.
pub(crate) fn title(number: u32) -> &'static str {
    OBJECTS[usize::try_from(number).unwrap_or(0) * 7 % OBJECTS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resale_right_follows_its_bands_and_its_cap() {
        let royalties: Vec<i64> = [
            99_900,
            5_000_000,
            20_000_000,
            50_000_000,
            200_000_000,
            900_000_000,
        ]
        .map(resale_right)
        .to_vec();
        assert_eq!(royalties, [0, 200_000, 650_000, 875_000, 1_250_000, 1_250_000]);
    }

    #[test]
    fn the_premium_falls_above_its_band() {
        assert_eq!(premium(1_000_000), 260_000);
        assert_eq!(premium(100_000_000), 20_800_000 + 4_000_000);
    }
}
