//! All facts about one client in one go, in as few small statements as there are facts.
//!
//! One probe says what a client has at all; what does not exist is not asked for. Numbers that were merged
//! into the client count as the client: what is booked under them is owed by the survivor.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use hammerdesk_domain::facts::AccountFacts;
use hammerdesk_domain::ids::{ClientNo, DepositId, InvoiceKey, LotKey, SaleNo, TermsId};
use hammerdesk_domain::model::{
    Client, ClientStatus, Deposit, DepositMovement, GroupDebt, Instalment, Invoice, Refund,
};
use hammerdesk_domain::money::{Currency, Money};

use crate::engine::{View, run, statements};
use crate::error::{Result, StoreError};
use crate::model::{Fields, FromStored};
use crate::rows::{rows, selects};

/// How many days of cleared items are loaded.
const RECENT_DAYS: u64 = 40;
/// How many merges and replacements are followed.
const LONGEST_CHAIN: usize = 16;

statements! {
    PROBE = "SELECT EXISTS (SELECT 1 FROM client WHERE merged_into = $1) AS merged, \
        EXISTS (SELECT 1 FROM client_status WHERE client = $1) AS status, \
        EXISTS (SELECT 1 FROM ledger WHERE client = $1) AS ledger, \
        EXISTS (SELECT 1 FROM payment WHERE client = $1) AS payment, \
        EXISTS (SELECT 1 FROM dispute WHERE client = $1) AS dispute, \
        EXISTS (SELECT 1 FROM deposit WHERE client = $1) AS deposit, \
        EXISTS (SELECT 1 FROM terms WHERE client = $1) AS terms, \
        EXISTS (SELECT 1 FROM accrual WHERE client = $1) AS accrual, \
        EXISTS (SELECT 1 FROM invoice WHERE client = $1) AS invoice, \
        EXISTS (SELECT 1 FROM lot WHERE buyer = $1) AS lot, \
        (SELECT max(cleared_on) FROM ledger WHERE client = $1 AND cleared_on <= $2) AS last_cleared_on";
    MERGED = "WITH RECURSIVE one (client) AS (SELECT client FROM client WHERE merged_into = $1 \
        UNION SELECT c.client FROM client c JOIN one ON c.merged_into = one.client) SELECT client FROM one";
    GROUP_DEBTS = "SELECT l.client, l.entity, l.currency, CAST(sum(l.amount) AS BIGINT) AS overdue, \
        min(coalesce(l.due_on, l.posted_on)) AS oldest FROM client c JOIN ledger l ON l.client = c.client \
        WHERE c.group_id = $1 AND l.posted_on <= $2 AND (l.cleared_on IS NULL OR l.cleared_on > $2) \
        AND (NOT l.gone_from_snapshot OR NOT EXISTS (SELECT 1 FROM snapshot s WHERE s.source = l.fed_by \
        AND s.company = l.entity AND s.extracted_at > l.seen_at AND s.extracted_at < $3)) AND l.kind IN ('invoice', 'credit', 'payment', 'other') \
        AND coalesce(l.due_on, l.posted_on) < $2 GROUP BY l.client, l.entity, l.currency \
        HAVING sum(l.amount) > 0 ORDER BY l.client, l.entity, l.currency";
}

selects! {
    CLIENT = Client "WHERE t.client = $1";
    STATUS = ClientStatus "WHERE t.client = $1";
    OPEN_ITEMS = Ledger "WHERE t.client = $1 AND t.cleared_on IS NULL AND (NOT t.gone_from_snapshot OR NOT EXISTS \
        (SELECT 1 FROM snapshot s WHERE s.source = t.fed_by AND s.company = t.entity AND s.extracted_at > t.seen_at \
        AND s.extracted_at < $2)) \
        ORDER BY t.entity, t.posted_on, t.document, t.year, t.line";
    RECENT_ITEMS = Ledger "WHERE t.client = $1 AND t.cleared_on >= $2 \
        ORDER BY t.entity, t.posted_on, t.document, t.year, t.line";
    ITEM_INVOICES = Invoice "JOIN (SELECT l.entity, l.invoice FROM ledger l WHERE l.client = $1 \
        AND l.cleared_on IS NULL AND l.invoice IS NOT NULL UNION SELECT l.entity, l.invoice FROM ledger l \
        WHERE l.client = $1 AND l.cleared_on >= $2 AND l.invoice IS NOT NULL) k \
        ON t.entity = k.entity AND t.invoice = k.invoice ORDER BY t.entity, t.invoice, t.year";
    INVOICE_CHAIN = Invoice "WHERE t.entity = $1 AND t.invoice = $2 ORDER BY t.year";
    LOT_INVOICES = Invoice "WHERE (t.entity, t.invoice, t.year) IN (SELECT n.entity, n.invoice, n.year \
        FROM invoice_line n JOIN invoice_line o ON o.sale = n.sale AND o.lot = n.lot \
        WHERE n.sale = $1 AND n.lot = $2) ORDER BY t.entity, t.invoice, t.year";
    INVOICE_LINES = InvoiceLine "WHERE t.entity = $1 AND t.invoice = $2 AND t.year = $3 ORDER BY t.line";
    PAYMENTS = Payment "WHERE t.client = $1 ORDER BY t.seen_on, t.source, t.payment";
    UNMATCHED = Payment "WHERE t.client IS NULL AND t.entity IN (SELECT l.entity FROM ledger l WHERE l.client = $1 \
        AND l.cleared_on IS NULL) ORDER BY t.seen_on, t.source, t.payment";
    ALLOCATIONS = Allocation "JOIN payment p ON p.source = t.source AND p.payment = t.payment WHERE p.client = $1 \
        ORDER BY t.applied_on, t.source, t.payment, t.entity, t.invoice, t.year, t.line, t.sale, t.lot";
    DISPUTES = Dispute "WHERE t.dispute IN (SELECT d.dispute FROM dispute d WHERE d.client = $1 UNION \
        SELECT d.dispute FROM payment p JOIN dispute d ON d.source = p.source AND d.payment = p.payment \
        WHERE p.client = $1) ORDER BY t.dispute";
    DEPOSITS = Deposit "WHERE t.client = $1 ORDER BY t.deposit";
    COVERS = DepositCover "JOIN deposit d ON d.deposit = t.deposit WHERE d.client = $1 ORDER BY t.deposit, t.sale";
    MOVEMENTS = DepositMovement "JOIN deposit d ON d.deposit = t.deposit WHERE d.client = $1 \
        ORDER BY t.deposit, t.moved_on, t.movement";
    REFUNDS = Refund "JOIN deposit d ON d.deposit = t.deposit WHERE d.client = $1 \
        ORDER BY t.deposit, coalesce(t.requested_on, t.submitted_on, t.completed_on), t.refund";
    TERMS = Terms "WHERE t.client = $1 ORDER BY t.terms";
    INSTALMENTS = Instalment "JOIN terms a ON a.terms = t.terms WHERE a.client = $1 ORDER BY t.terms, t.due_on, t.n";
    ACCRUALS = Accrual "WHERE t.client = $1 ORDER BY t.entity, t.kind, t.sale, t.lot";
    HOLDS = Hold "WHERE t.hold IN (SELECT h.hold FROM hold h WHERE h.client = $1 \
        UNION SELECT h.hold FROM hold h WHERE h.scope = 'client' AND h.reference IN ($1, $2) \
        UNION SELECT h.hold FROM invoice i JOIN hold h ON h.scope = 'invoice' AND h.reference = i.invoice \
            WHERE i.client = $1 AND h.client IS NULL \
        UNION SELECT h.hold FROM lot l JOIN hold h ON h.scope = 'lot' AND h.reference = l.sale || '/' || l.lot \
            WHERE l.buyer = $1 AND h.client IS NULL \
        UNION SELECT h.hold FROM deposit d JOIN hold h ON h.scope = 'deposit' AND h.reference = d.deposit \
            WHERE d.client = $1 AND h.client IS NULL \
        UNION SELECT h.hold FROM payment p JOIN hold h ON h.scope = 'payment' \
            AND h.reference = p.source || '/' || p.payment WHERE p.client = $1 AND h.client IS NULL) ORDER BY t.hold";
    BOUGHT = Lot "WHERE t.buyer = $1 ORDER BY t.sale, t.lot";
    BOUGHT_IN_SALE = Lot "WHERE t.buyer = $1 AND t.sale = $2 ORDER BY t.lot";
    ONE_LOT = Lot "WHERE t.sale = $1 AND t.lot = $2";
    CHARGED_LOTS = Lot "WHERE (t.sale, t.lot) IN (SELECT n.sale, n.lot FROM invoice i JOIN invoice_line n \
        ON n.entity = i.entity AND n.invoice = i.invoice AND n.year = i.year WHERE i.client = $1 \
        AND n.lot IS NOT NULL) ORDER BY t.sale, t.lot";
    INVOICED_LOTS = Lot "WHERE (t.sale, t.lot) IN (SELECT n.sale, n.lot FROM invoice_line n WHERE n.entity = $1 \
        AND n.invoice = $2 AND n.year = $3 AND n.lot IS NOT NULL) ORDER BY t.sale, t.lot";
    RELEASE = Release "WHERE t.sale = $1 AND t.lot = $2";
    SALE = Sale "WHERE t.sale = $1";
}

/// Which account, on which day, for which decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountQuery {
    /// The number that was asked for.
    pub client: ClientNo,
    /// The day of the question.
    pub as_of: NaiveDate,
    /// What the decision looks at.
    pub with: Part,
}

/// What a decision looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The balance.
    Balance,
    /// May these lots go?
    Release {
        /// Which.
        lots: Lots,
    },
    /// Deposits and their refunds.
    Deposit,
    /// Everything, for an overview.
    Show,
}

/// Which of a client's lots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lots {
    /// All that the client bought or was billed for.
    All,
    /// Those of one sale.
    Sale(SaleNo),
    /// Those that an invoice charges.
    Invoice(InvoiceKey),
    /// One, whoever bought it.
    Lot(LotKey),
}

#[derive(sqlx::FromRow, Default)]
struct Probe {
    merged: bool,
    status: bool,
    ledger: bool,
    payment: bool,
    dispute: bool,
    deposit: bool,
    terms: bool,
    accrual: bool,
    invoice: bool,
    lot: bool,
    last_cleared_on: Option<NaiveDate>,
}

/// Of which deposit or agreement a part is.
struct PartOf<T>(String, T);

impl FromStored for PartOf<DepositMovement> {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self(f.text("deposit")?, DepositMovement::from_stored(f)?))
    }
}

impl FromStored for PartOf<SaleNo> {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self(f.text("deposit")?, f.text("sale")?))
    }
}

impl FromStored for PartOf<Instalment> {
    fn from_stored(f: &Fields<'_>) -> Result<Self> {
        Ok(Self(f.text("terms")?, Instalment::from_stored(f)?))
    }
}

impl View {
    /// One client.
    pub async fn client(&mut self, no: &ClientNo) -> Result<Option<Client>> {
        let found: Vec<Client> = rows!(self, CLIENT, no.as_str())?;
        Ok(found.into_iter().next())
    }

    /// What compliance and credit say of a client.
    pub async fn client_status(&mut self, no: &ClientNo) -> Result<ClientStatus> {
        let found: Vec<ClientStatus> = rows!(self, STATUS, no.as_str())?;
        Ok(found.into_iter().next().unwrap_or_else(ClientStatus::unknown))
    }

    /// The client, or the survivor where it was merged away; a merge into an unknown number ends there.
    pub async fn survivor(&mut self, no: &ClientNo) -> Result<Option<Client>> {
        let Some(mut client) = self.client(no).await? else {
            return Ok(None);
        };
        for _ in 0..LONGEST_CHAIN {
            let Some(into) = client.merged_into.clone() else {
                return Ok(Some(client));
            };
            match self.client(&into).await? {
                Some(next) => client = next,
                None => return Ok(Some(client)),
            }
        }
        Err(StoreError::Corrupt {
            table: "client",
            column: "merged_into".to_owned(),
            reason: format!("the merges of {} lead in a circle", no.short()),
        })
    }

    /// The facts that a decision looks at; `None` where nobody knows the client. `sources` stays empty.
    pub async fn account(&mut self, query: &AccountQuery) -> Result<Option<AccountFacts>> {
        let Some(client) = self.survivor(&query.client).await? else {
            return Ok(None);
        };
        let mut facts = AccountFacts::of(client);
        facts.asked_for = (facts.client.no != query.client).then(|| query.client.clone());
        let own = facts.client.no.clone();
        let probe = self.probe(&own, query.as_of).await?;
        if probe.status {
            facts.status = self.client_status(&own).await?;
        }
        let mut members = vec![own.clone()];
        if probe.merged {
            let merged: Vec<String> = run!(self, |c| sqlx::query_scalar(MERGED)
                .bind(own.as_str())
                .fetch_all(c)
                .await)?;
            members.extend(
                merged
                    .iter()
                    .filter_map(|no| ClientNo::parse(no))
                    .filter(|no| *no != own),
            );
        }
        self.member(&mut facts, &own, query, &probe).await?;
        for member in &members[1..] {
            let probe = self.probe(member, query.as_of).await?;
            if probe.status {
                let merged = self.client_status(member).await?;
                facts.status = facts.status.with_merged(merged);
            }
            self.member(&mut facts, member, query, &probe).await?;
        }
        if matches!(query.with, Part::Deposit | Part::Show) {
            self.covered_lots(&mut facts, &members).await?;
        }
        facts.invoices.retain(|invoice| members.contains(&invoice.client));
        self.replacements(&mut facts).await?;
        if let Part::Release {
            lots: Lots::Lot(_) | Lots::Invoice(_),
        } = &query.with
        {
            self.named_lots(&mut facts, query).await?;
        }
        // A deposit's surplus waits for the collection of what was bought, and for its invoice to be paid.
        if !matches!(query.with, Part::Balance) {
            self.lines_and_releases(&mut facts).await?;
        }
        self.sales(&mut facts).await?;
        if !matches!(query.with, Part::Balance) {
            self.group_debts(&mut facts, &members, query.as_of).await?;
        }
        Ok(Some(facts))
    }

    async fn probe(&mut self, client: &ClientNo, day: NaiveDate) -> Result<Probe> {
        Ok(run!(self, |c| sqlx::query_as(PROBE)
            .bind(client.as_str())
            .bind(day)
            .fetch_one(c)
            .await)?)
    }

    /// What is booked under one number.
    async fn member(
        &mut self,
        facts: &mut AccountFacts,
        client: &ClientNo,
        query: &AccountQuery,
        probe: &Probe,
    ) -> Result<()> {
        let no = client.as_str();
        let since = query
            .as_of
            .checked_sub_days(Days::new(RECENT_DAYS))
            .unwrap_or(NaiveDate::MIN);
        if probe.ledger {
            facts.has_history = true;
            facts.last_cleared_on = facts.last_cleared_on.max(probe.last_cleared_on);
            let gone_since = since.and_time(NaiveTime::MIN).and_utc();
            facts.items.extend(rows!(self, OPEN_ITEMS, no, gone_since)?);
            facts.items.extend(rows!(self, RECENT_ITEMS, no, since)?);
            if facts.items.iter().any(|item| item.invoice.is_some()) {
                facts.invoices.extend(rows!(self, ITEM_INVOICES, no, since)?);
            }
            facts.payments.extend(rows!(self, UNMATCHED, no)?);
            facts.payments.dedup();
        }
        if probe.payment {
            facts.payments.extend(rows!(self, PAYMENTS, no)?);
            facts.allocations.extend(rows!(self, ALLOCATIONS, no)?);
        }
        if probe.payment || probe.dispute {
            facts.disputes.extend(rows!(self, DISPUTES, no)?);
        }
        if probe.deposit {
            self.deposits(facts, no).await?;
        }
        if probe.terms {
            facts.terms.extend(rows!(self, TERMS, no)?);
            let parts: Vec<PartOf<Instalment>> = rows!(self, INSTALMENTS, no)?;
            for PartOf(id, part) in parts {
                if let Some(terms) = facts
                    .terms
                    .iter_mut()
                    .find(|terms| terms.id == TermsId::new(id.as_str()))
                {
                    terms.instalments.push(part);
                }
            }
        }
        if probe.accrual {
            facts.accruals.extend(rows!(self, ACCRUALS, no)?);
        }
        facts.holds.extend(rows!(self, HOLDS, no, client.short())?);
        self.lots_of_part(facts, no, query, probe).await
    }

    async fn deposits(&mut self, facts: &mut AccountFacts, no: &str) -> Result<()> {
        let mut deposits: Vec<Deposit> = rows!(self, DEPOSITS, no)?;
        let covers: Vec<PartOf<SaleNo>> = rows!(self, COVERS, no)?;
        let movements: Vec<PartOf<DepositMovement>> = rows!(self, MOVEMENTS, no)?;
        let refunds: Vec<Refund> = rows!(self, REFUNDS, no)?;
        fn of<'a>(deposits: &'a mut [Deposit], id: &DepositId) -> Option<&'a mut Deposit> {
            deposits.iter_mut().find(|deposit| deposit.id == *id)
        }
        for PartOf(id, sale) in covers {
            if let Some(deposit) = of(&mut deposits, &DepositId::new(id)) {
                deposit.covers.push(sale);
            }
        }
        for PartOf(id, movement) in movements {
            if let Some(deposit) = of(&mut deposits, &DepositId::new(id)) {
                deposit.movements.push(movement);
            }
        }
        for refund in refunds {
            if let Some(deposit) = refund.deposit.clone().and_then(|id| of(&mut deposits, &id)) {
                deposit.refunds.push(refund);
            }
        }
        facts.deposits.extend(deposits);
        Ok(())
    }

    async fn lots_of_part(
        &mut self,
        facts: &mut AccountFacts,
        no: &str,
        query: &AccountQuery,
        probe: &Probe,
    ) -> Result<()> {
        let mut lots = Vec::new();
        match &query.with {
            Part::Release { lots: Lots::All } => {
                if probe.lot {
                    lots.extend(rows!(self, BOUGHT, no)?);
                }
                if probe.invoice {
                    lots.extend(rows!(self, CHARGED_LOTS, no)?);
                }
            }
            Part::Release {
                lots: Lots::Sale(sale),
            } => {
                if probe.lot {
                    lots.extend(rows!(self, BOUGHT_IN_SALE, no, sale.as_str())?);
                }
                if probe.invoice {
                    let charged: Vec<hammerdesk_domain::model::Lot> = rows!(self, CHARGED_LOTS, no)?;
                    lots.extend(charged.into_iter().filter(|lot| lot.key.sale == *sale));
                }
            }
            Part::Balance | Part::Deposit | Part::Show | Part::Release { .. } => {}
        }
        for lot in lots {
            add_once(&mut facts.lots, lot, |lot| lot.key.clone());
        }
        Ok(())
    }

    /// What the client bought, under whichever number, in the sales that deposits cover or are kept for.
    async fn covered_lots(&mut self, facts: &mut AccountFacts, members: &[ClientNo]) -> Result<()> {
        let mut sales: Vec<SaleNo> = facts
            .deposits
            .iter()
            .flat_map(|deposit| deposit.covers.iter().chain(&deposit.keep_for).cloned())
            .collect();
        sales.sort_unstable();
        sales.dedup();
        for sale in &sales {
            for member in members {
                let bought: Vec<hammerdesk_domain::model::Lot> =
                    rows!(self, BOUGHT_IN_SALE, member.as_str(), sale.as_str())?;
                for lot in bought {
                    add_once(&mut facts.lots, lot, |lot| lot.key.clone());
                }
            }
        }
        Ok(())
    }

    async fn named_lots(&mut self, facts: &mut AccountFacts, query: &AccountQuery) -> Result<()> {
        match &query.with {
            Part::Release { lots: Lots::Lot(key) } => {
                facts.lots = rows!(self, ONE_LOT, key.sale.as_str(), key.lot.as_str())?;
            }
            Part::Release {
                lots: Lots::Invoice(key),
            } => {
                let (entity, number) = (key.entity.as_str(), key.number.as_str());
                facts.lots = rows!(self, INVOICED_LOTS, entity, number, key.year)?;
                let invoices: Vec<Invoice> = rows!(self, INVOICE_CHAIN, entity, number)?;
                for invoice in invoices.into_iter().filter(|invoice| invoice.key == *key) {
                    add_once(&mut facts.invoices, invoice, |invoice| invoice.key.clone());
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn lines_and_releases(&mut self, facts: &mut AccountFacts) -> Result<()> {
        let mut charging: Vec<InvoiceKey> = Vec::new();
        for at in 0..facts.lots.len() {
            let key = facts.lots[at].key.clone();
            let (sale, lot) = (key.sale.as_str(), key.lot.as_str());
            facts.releases.extend(rows!(self, RELEASE, sale, lot)?);
            let invoices: Vec<Invoice> = rows!(self, LOT_INVOICES, sale, lot)?;
            for invoice in invoices {
                if !charging.contains(&invoice.key) {
                    charging.push(invoice.key.clone());
                }
                add_once(&mut facts.invoices, invoice, |invoice| invoice.key.clone());
            }
        }
        for key in charging {
            facts.lines.extend(rows!(
                self,
                INVOICE_LINES,
                key.entity.as_str(),
                key.number.as_str(),
                key.year
            )?);
        }
        Ok(())
    }

    /// What replaced the superseded ones.
    async fn replacements(&mut self, facts: &mut AccountFacts) -> Result<()> {
        let mut at = 0;
        let mut followed = 0;
        while at < facts.invoices.len() && followed < 64 {
            let invoice = &facts.invoices[at];
            at += 1;
            let Some(by) = invoice.superseded_by.clone() else {
                continue;
            };
            let (entity, client) = (invoice.key.entity.clone(), invoice.client.clone());
            followed += 1;
            let next: Vec<Invoice> = rows!(self, INVOICE_CHAIN, entity.as_str(), by.as_str())?;
            for invoice in next.into_iter().filter(|next| next.client == client) {
                add_once(&mut facts.invoices, invoice, |invoice| invoice.key.clone());
            }
        }
        Ok(())
    }

    async fn sales(&mut self, facts: &mut AccountFacts) -> Result<()> {
        let mut wanted: Vec<SaleNo> = facts
            .invoices
            .iter()
            .filter_map(|invoice| invoice.sale.clone())
            .collect();
        wanted.extend(
            facts
                .deposits
                .iter()
                .flat_map(|d| d.covers.iter().chain(&d.keep_for).cloned()),
        );
        wanted.extend(facts.lots.iter().map(|lot| lot.key.sale.clone()));
        wanted.sort_unstable();
        wanted.dedup();
        for sale in wanted {
            facts.sales.extend(rows!(self, SALE, sale.as_str())?);
        }
        Ok(())
    }

    async fn group_debts(
        &mut self,
        facts: &mut AccountFacts,
        own: &[ClientNo],
        day: NaiveDate,
    ) -> Result<()> {
        let Some(group) = facts.client.group.clone() else {
            return Ok(());
        };
        type Row = (String, String, String, i64, NaiveDate);
        let debts: Vec<Row> = run!(self, |c| sqlx::query_as(GROUP_DEBTS)
            .bind(group.as_str())
            .bind(day)
            .bind(end_of(day))
            .fetch_all(c)
            .await)?;
        for (client, entity, currency, overdue, oldest) in debts {
            let corrupt = |column: &str, reason: String| StoreError::Corrupt {
                table: "ledger",
                column: column.to_owned(),
                reason,
            };
            let client = ClientNo::parse(&client)
                .ok_or_else(|| corrupt("client", "it is no client number".to_owned()))?;
            if own.contains(&client) {
                continue;
            }
            let currency: Currency = currency
                .parse()
                .map_err(|error| corrupt("currency", format!("{error}")))?;
            facts.group_debts.push(GroupDebt {
                client,
                entity: entity.into(),
                overdue: Money::from_minor(overdue, currency),
                oldest_days: (day - oldest).num_days(),
            });
        }
        Ok(())
    }
}

/// The instant at which a day is over, in UTC.
pub(crate) fn end_of(day: NaiveDate) -> DateTime<Utc> {
    day.succ_opt().unwrap_or(day).and_time(NaiveTime::MIN).and_utc()
}

fn add_once<T, K: PartialEq>(all: &mut Vec<T>, one: T, key: impl Fn(&T) -> K) {
    let of = key(&one);
    if !all.iter().any(|known| key(known) == of) {
        all.push(one);
    }
}

/// The statements of this module by name, for the floor of a measurement.
#[cfg(feature = "testing")]
pub(crate) mod bare {
    pub(crate) const PROBE: &str = super::PROBE;

    macro_rules! names {
        ($($name:ident = $select:ident),+) => {$(
            pub(crate) fn $name() -> sqlx::SqlStr {
                super::$select.sql()
            }
        )+};
    }
    names! {
        client = CLIENT, status = STATUS, open_items = OPEN_ITEMS, recent_items = RECENT_ITEMS,
        item_invoices = ITEM_INVOICES, unmatched = UNMATCHED, payments = PAYMENTS, allocations = ALLOCATIONS,
        disputes = DISPUTES, holds = HOLDS
    }
}
