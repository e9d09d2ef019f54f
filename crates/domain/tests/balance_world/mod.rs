//! Reads facts from sentences that a finance person writes: `invoice 100 GBP 1,200.00 due 2026-03-08`.
//!
//! Every sentence begins with what it is about; then come an amount where there is one and words with
//! their values, in any order. A word that nobody reads fails the test, so a slip in a case cannot pass.

#![expect(clippy::unwrap_used, reason = "a slip in a case must fail its test")]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use hammerdesk_domain::access::{Asker, Permission, Role, Scope};
use hammerdesk_domain::facts::AccountFacts;
use hammerdesk_domain::freshness::{Needed, SourceState};
use hammerdesk_domain::ids::{
    ClientNo, EntityCode, InvoiceKey, InvoiceNo, LocationId, LotKey, PersonId, SourceId,
};
use hammerdesk_domain::location::{House, Location, WorkingDays};
use hammerdesk_domain::model::{
    Accrual, Allocation, Client, ClientKind, Confidentiality, Deposit, DepositState, Destination, Dispute,
    Gone, Hold, HoldScope, HoldState, Instalment, Invoice, InvoiceKind, InvoiceLine, InvoiceState, ItemKind,
    LedgerItem, LineKind, Lot, Method, PayerMatch, Payment, PaymentState, Permit, SanctionsState,
    TermsAgreement, TermsState, Whereabouts,
};
use hammerdesk_domain::money::{Currency, Money};

/// The client everything is about.
pub(crate) fn client_no() -> ClientNo {
    ClientNo::parse("140105686").unwrap()
}

/// Three salerooms.
pub(crate) fn house() -> House {
    let location = |id: &str, name: &str, entity: &str, zone: Tz| Location {
        id: LocationId::new(id),
        name: name.to_owned(),
        zone,
        team: format!("{name} client accounts"),
        ..Location::unconfigured(EntityCode::new(entity))
    };
    House {
        locations: vec![
            location("london", "London", "LON1", Tz::Europe__London),
            location("new_york", "New York", "NYC1", Tz::America__New_York),
            location("hong_kong", "Hong Kong", "HKG1", Tz::Asia__Hong_Kong),
        ],
    }
}

/// Somebody of that role.
pub(crate) fn asker(role: &str) -> Asker {
    use Permission::{Balance, Deposit, Internal, Release, RestrictedClients, RestrictedHolds, VipClients};
    let (permissions, location): (&[Permission], Option<&str>) = match role {
        "coordinator" => (
            &[Balance, Internal, Release, Deposit, Permission::Client],
            Some("london"),
        ),
        "new york coordinator" => (&[Balance, Internal], Some("new_york")),
        "call centre" => (&[Balance], Some("london")),
        "shipping" => (&[Permission::Release], Some("london")),
        "compliance" => (
            &[Balance, Internal, VipClients, RestrictedClients, RestrictedHolds],
            None,
        ),
        other => panic!("nobody has the role {other}"),
    };
    let scope = location.map_or(Scope::All, |id| {
        Scope::Only(BTreeSet::from([LocationId::new(id)]))
    });
    Asker {
        id: PersonId::new(role),
        name: role.to_owned(),
        role: Arc::new(Role::new(role, role, permissions)),
        scope,
    }
}

/// Noon of that day, UTC.
pub(crate) fn noon(day: NaiveDate) -> DateTime<Utc> {
    day.and_hms_opt(12, 0, 0).unwrap().and_utc()
}

/// The client itself.
pub(crate) fn client(no: ClientNo, name: &str) -> Client {
    Client {
        no,
        name: name.to_owned(),
        kind: ClientKind::Person,
        tier: None,
        country: Some("GB".to_owned()),
        group: None,
        language: None,
        location: Some(LocationId::new("london")),
        owner: None,
        confidentiality: Confidentiality::Normal,
        merged_into: None,
    }
}

/// The facts that the sentences tell, seen at noon of that day.
pub(crate) fn facts(sentences: &[String], on: NaiveDate) -> AccountFacts {
    let mut facts = AccountFacts::of(client(client_no(), "Ada Lovelace"));
    facts.has_history = true;
    for sentence in sentences {
        let words = Words::of(sentence);
        tell(&mut facts, &words, on);
        words.all_read();
    }
    facts
}

fn tell(facts: &mut AccountFacts, words: &Words, on: NaiveDate) {
    let first = words.first();
    match first.as_str() {
        "invoice" => facts.items.push(item(words, ItemKind::Invoice, 1)),
        "credit" => facts.items.push(item(words, ItemKind::Credit, -1)),
        "payment" => facts.items.push(item(words, ItemKind::Payment, -1)),
        "deposit-item" => facts.items.push(item(words, ItemKind::Deposit, -1)),
        "request" => facts.items.push(item(words, ItemKind::Request, 1)),
        "receipt" => facts.payments.push(receipt(words)),
        "applied" => facts.allocations.push(applied(words)),
        "dispute" => facts.disputes.push(dispute(words)),
        "deposit" => facts.deposits.push(deposit(words)),
        "accrued" => facts.accruals.push(accrued(words)),
        "terms" => facts.terms.push(terms(words)),
        "instalment" => instalment(facts, words),
        "replaced" => facts.invoices.push(replaced(words)),
        "issued" => facts.invoices.push(Invoice {
            state: InvoiceState::Issued,
            ..replaced(words)
        }),
        "line" => facts.lines.push(line(words)),
        "lot" => facts.lots.push(lot(words)),
        "hold" => facts.holds.push(hold(words)),
        "source" => facts.sources.push(source(words, on)),
        "client" => about_client(facts, words),
        other => panic!("no sentence begins with {other:?}"),
    }
}

fn entity(words: &Words) -> EntityCode {
    EntityCode::new(words.after("at").unwrap_or_else(|| "LON1".to_owned()))
}

fn item(words: &Words, kind: ItemKind, sign: i64) -> LedgerItem {
    let number = words.second();
    let amount = words.amount();
    let own = (kind == ItemKind::Invoice).then(|| InvoiceNo::new(number.clone()));
    LedgerItem {
        entity: entity(words),
        document: number,
        year: words.after("year").map_or(2026, |year| year.parse().unwrap()),
        line: 1,
        client: client_no(),
        kind,
        amount: Money::from_minor(amount.minor() * sign, amount.currency()),
        posted_on: words
            .date("posted")
            .unwrap_or_else(|| "2026-01-02".parse().unwrap()),
        document_on: words.date("dated"),
        due_on: words.date("due"),
        invoice: words.after("for").map(InvoiceNo::new).or(own),
        cleared_on: words.date("cleared"),
        cleared_by: None,
        reopened_on: words.date("reopened"),
        disputed: false,
        blocked: words.has("blocked"),
        gone: words
            .date("gone")
            .map(|on| Gone::at(on.and_time(NaiveTime::MIN).and_utc())),
        reference: None,
    }
}

fn receipt(words: &Words) -> Payment {
    let state: PaymentState = words
        .after("state")
        .map_or(PaymentState::Settled, |word| word.parse().unwrap());
    Payment {
        source: SourceId::new("bank"),
        id: words.second().into(),
        client: (!words.has("unmatched")).then(client_no),
        entity: entity(words),
        invoice: words.after("for").map(InvoiceNo::new),
        method: Method::Wire,
        amount: words.amount(),
        state,
        seen_on: words.date("seen").unwrap(),
        value_on: words.date("value"),
        cleared_on: None,
        posted_on: words.date("posted"),
        payer_name: Some("A. Lovelace".to_owned()),
        payer_match: words
            .after("payer")
            .map_or(PayerMatch::Exact, |word| word.parse().unwrap()),
        reference: words.after("reference"),
    }
}

fn applied(words: &Words) -> Allocation {
    Allocation {
        source: SourceId::new("bank"),
        payment: words.second().into(),
        invoice: InvoiceKey {
            entity: entity(words),
            number: words.after("to").unwrap().into(),
            year: words.after("year").map_or(2026, |year| year.parse().unwrap()),
        },
        line: words.after("line").map(|line| line.parse().unwrap()),
        lot: words.after("lot").map(|lot| lot_key(&lot)),
        amount: words.amount(),
        applied_on: words.date("on").unwrap(),
    }
}

fn dispute(words: &Words) -> Dispute {
    Dispute {
        id: format!("d-{}", words.raw).into(),
        payment: (SourceId::new("bank"), words.second().into()),
        client: Some(client_no()),
        entity: entity(words),
        stage: words.after("stage").unwrap().parse().unwrap(),
        reason: None,
        amount: words.amount(),
        due_at: words.date("due").map(noon),
        funds_withdrawn: words.has("withdrawn"),
    }
}

fn deposit(words: &Words) -> Deposit {
    Deposit {
        id: words.second().into(),
        client: client_no(),
        entity: entity(words),
        amount: words.amount(),
        method: Method::Card,
        state: words
            .after("state")
            .map_or(DepositState::Held, |word| word.parse().unwrap()),
        requested_on: None,
        taken_on: words.date("taken"),
        cleared_on: None,
        destination: Destination::Original,
        keep_for: None,
        payment: None,
        covers: Vec::new(),
        movements: Vec::new(),
        refunds: Vec::new(),
    }
}

fn accrued(words: &Words) -> Accrual {
    Accrual {
        client: client_no(),
        entity: entity(words),
        kind: words.second().parse::<LineKind>().unwrap(),
        lot: None,
        amount: words.amount(),
        through_on: words.date("through").unwrap(),
    }
}

fn terms(words: &Words) -> TermsAgreement {
    TermsAgreement {
        id: words.second().into(),
        client: client_no(),
        entity: entity(words),
        sale: None,
        invoice: words.after("for").map(InvoiceNo::new),
        state: words.after("state").unwrap().parse::<TermsState>().unwrap(),
        release_included: false,
        accelerates: words.has("accelerates"),
        documents_missing: None,
        approver: None,
        valid_from: words.date("from"),
        valid_to: words.date("until"),
        instalments: Vec::new(),
    }
}

fn instalment(facts: &mut AccountFacts, words: &Words) {
    let amount = words.amount();
    let of = words.after("of").unwrap();
    let terms = facts
        .terms
        .iter_mut()
        .find(|terms| terms.id.as_str() == of)
        .expect("its terms are told first");
    let paid = if words.has("paid") {
        amount
    } else {
        Money::zero(amount.currency())
    };
    let due_on = words.date("due").unwrap();
    terms.instalments.push(Instalment {
        n: words.second().parse().unwrap(),
        due_on,
        amount,
        paid,
    });
}

fn replaced(words: &Words) -> Invoice {
    let by = words.after("by");
    let cancelled = words.has("cancelled");
    Invoice {
        key: InvoiceKey {
            entity: entity(words),
            number: words.second().into(),
            year: 2026,
        },
        client: client_no(),
        sale: None,
        kind: InvoiceKind::Sale,
        state: if cancelled {
            InvoiceState::Cancelled
        } else {
            InvoiceState::Superseded
        },
        issued_on: "2026-01-02".parse().unwrap(),
        due_basis: None,
        due_on: None,
        superseded_by: by.map(InvoiceNo::new),
        total: words.amount(),
    }
}

fn line(words: &Words) -> InvoiceLine {
    InvoiceLine {
        invoice: InvoiceKey {
            entity: entity(words),
            number: words.after("of").unwrap().into(),
            year: 2026,
        },
        line: words.second().parse().unwrap(),
        lot: words.after("lot").map(|lot| lot_key(&lot)),
        kind: LineKind::Hammer,
        amount: words.amount(),
    }
}

fn lot_key(text: &str) -> LotKey {
    let (sale, lot) = text.split_once('/').expect("a lot is sale/lot");
    LotKey {
        sale: sale.into(),
        lot: lot.into(),
    }
}

fn lot(words: &Words) -> Lot {
    Lot {
        key: lot_key(&words.second()),
        title: "Vase".to_owned(),
        hammer: None,
        buyer: words.after("bought-by").and_then(|no| ClientNo::parse(&no)),
        consignor: words.has("consigned-by-client").then(client_no),
        work_of_art: true,
        export_licence: Permit::NotNeeded,
        cites: Permit::NotNeeded,
        cancellation_until: None,
        whereabouts: Whereabouts::InHouse,
    }
}

fn hold(words: &Words) -> Hold {
    Hold {
        id: "H-77".into(),
        scope: HoldScope::Client,
        client: Some(client_no()),
        reference: client_no().to_string(),
        code: words.second().parse().unwrap(),
        state: HoldState::Active,
        raised_by: None,
        raised_at: None,
        owner: None,
        reason: words.after("reason"),
        expires_on: words.date("until"),
        restricted: words.has("restricted"),
    }
}

fn source(words: &Words, on: NaiveDate) -> SourceState {
    let hours = |word| {
        words
            .after(word)
            .map(|hours| TimeDelta::hours(hours.parse().unwrap()))
    };
    let name = words.second();
    SourceState {
        source: SourceId::new(name.to_lowercase()),
        name,
        needed_for: Needed {
            balance: !words.has("optional"),
            ..Needed::default()
        },
        extracted_at: if words.has("never") {
            None
        } else {
            Some(noon(on) - hours("hours-old").unwrap())
        },
        soft: hours("soft").unwrap_or(TimeDelta::hours(26)),
        hard: hours("hard").unwrap_or(TimeDelta::hours(72)),
        zone: Tz::Europe__London,
        days: WorkingDays {
            weekend: BTreeSet::new(),
            holidays: std::collections::BTreeMap::default(),
        },
        may_miss: "later payments".to_owned(),
    }
}

fn about_client(facts: &mut AccountFacts, words: &Words) {
    match words.second().as_str() {
        "insolvent" => facts.status.insolvent = true,
        "legal-action" => facts.status.legal_action = true,
        "written-off" => facts.status.written_off = true,
        "under-sanctions-review" => facts.status.sanctions = Some(SanctionsState::Review),
        "never-active" => facts.has_history = false,
        "vip" => facts.client.confidentiality = Confidentiality::Vip,
        "last-cleared" => facts.last_cleared_on = words.date("on"),
        "merged-from" => facts.asked_for = words.after("number").and_then(|no| ClientNo::parse(&no)),
        other => panic!("nothing is known of a client that is {other:?}"),
    }
}

/// The words of a sentence, and which of them were read.
struct Words {
    raw: String,
    words: Vec<String>,
    read: RefCell<BTreeSet<usize>>,
}

impl Words {
    fn of(sentence: &str) -> Self {
        let mut words = Vec::new();
        for (n, part) in sentence.split('"').enumerate() {
            if n % 2 == 1 {
                words.push(part.to_owned());
            } else {
                words.extend(part.split_whitespace().map(str::to_owned));
            }
        }
        Self {
            raw: sentence.to_owned(),
            words,
            read: RefCell::default(),
        }
    }

    fn take(&self, at: usize) -> String {
        self.read.borrow_mut().insert(at);
        self.words
            .get(at)
            .unwrap_or_else(|| panic!("{:?} ends too early", self.raw))
            .clone()
    }

    fn first(&self) -> String {
        self.take(0)
    }

    fn second(&self) -> String {
        self.take(1)
    }

    fn has(&self, word: &str) -> bool {
        self.words
            .iter()
            .position(|w| w == word)
            .map(|at| self.take(at))
            .is_some()
    }

    fn after(&self, word: &str) -> Option<String> {
        let at = self.words.iter().position(|w| w == word)?;
        self.take(at);
        Some(self.take(at + 1))
    }

    fn date(&self, word: &str) -> Option<NaiveDate> {
        self.after(word).map(|day| {
            day.parse()
                .unwrap_or_else(|_| panic!("{:?}: {day} is no date", self.raw))
        })
    }

    fn amount(&self) -> Money {
        let at = self
            .words
            .iter()
            .position(|word| word.len() == 3 && word.parse::<Currency>().is_ok());
        let at = at.unwrap_or_else(|| panic!("{:?} has no amount", self.raw));
        format!("{} {}", self.take(at), self.take(at + 1))
            .parse()
            .unwrap()
    }

    fn all_read(&self) {
        let read = self.read.borrow();
        let left: Vec<&String> = (0..self.words.len())
            .filter(|n| !read.contains(n))
            .map(|n| &self.words[n])
            .collect();
        assert!(left.is_empty(), "in {:?} nobody reads {left:?}", self.raw);
    }
}
