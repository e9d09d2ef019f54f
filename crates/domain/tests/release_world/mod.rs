//! Facts about a purchase, told in sentences that a finance person reads and writes.
//!
//! Promises: a sentence that is not understood fails the test with the sentence in the message, so a typo
//! in a case can never pass as a fact. "The invoice", "the payment" and "the terms" are the last ones
//! mentioned.

#![expect(clippy::unwrap_used, reason = "a sentence that tells no fact fails the test")]

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use hammerdesk_domain::access::{Asker, Permission, Role, Scope};
use hammerdesk_domain::facts::{AccountFacts, Moment};
use hammerdesk_domain::freshness::{Needed, SourceState};
use hammerdesk_domain::ids::{
    AuthorityId, ClientNo, DepositId, DisputeId, EntityCode, HoldId, InvoiceKey, InvoiceNo, LocationId,
    LotKey, LotNo, PaymentId, PersonId, SaleNo, SourceId, TermsId,
};
use hammerdesk_domain::location::{DueDiligence, House, Location, ReleasePolicy, ReleaseRule, WorkingDays};
use hammerdesk_domain::model::*;
use hammerdesk_domain::money::Money;
use hammerdesk_domain::release::{ReleaseAnswer, ReleaseQuestion, decide};

/// The client of every case.
pub(crate) const CLIENT: &str = "0140105686";

/// Facts, rules and the moment.
#[derive(Debug, Clone)]
pub(crate) struct World {
    /// The facts.
    pub(crate) facts: AccountFacts,
    /// The salerooms.
    pub(crate) house: House,
    /// When the question is asked.
    pub(crate) moment: Moment,
}

/// Somebody who may do these things.
pub(crate) fn asker(id: &str, permissions: &[Permission]) -> Asker {
    Asker {
        id: PersonId::new(id),
        name: id.to_owned(),
        role: Arc::new(Role::new(id, id, permissions)),
        scope: Scope::All,
    }
}

/// Reads internal reasons, not restricted ones.
pub(crate) fn coordinator() -> Asker {
    asker(
        "coordinator",
        &[Permission::Release, Permission::Balance, Permission::Internal],
    )
}

/// Reads client-safe sentences only.
pub(crate) fn call_centre() -> Asker {
    asker("call_centre", &[Permission::Release])
}

/// Reads everything.
pub(crate) fn compliance() -> Asker {
    asker("compliance", Permission::ALL)
}

/// The asker of that name.
pub(crate) fn named(who: &str) -> Asker {
    match who {
        "coordinator" => coordinator(),
        "call centre" => call_centre(),
        "compliance" => compliance(),
        _ => panic!("nobody is called {who:?}"),
    }
}

impl World {
    /// What the sentences tell.
    pub(crate) fn told<S: AsRef<str>>(sentences: &[S]) -> Self {
        let mut world = Self::empty();
        for sentence in sentences {
            let mut words = Words::of(sentence.as_ref());
            world.hear(&mut words);
            words.end();
        }
        world
    }

    /// The decision about everything the client bought.
    pub(crate) fn decide(&self, asker: &Asker) -> ReleaseAnswer {
        self.ask(asker, &ReleaseQuestion::Client)
    }

    /// The decision about that question.
    pub(crate) fn ask(&self, asker: &Asker, question: &ReleaseQuestion) -> ReleaseAnswer {
        decide(&self.facts, asker, &self.house, question, self.moment)
    }

    fn empty() -> Self {
        let client = Client {
            no: ClientNo::parse(CLIENT).unwrap(),
            name: "Ada Lovelace".to_owned(),
            kind: ClientKind::Person,
            tier: None,
            country: Some("GB".to_owned()),
            group: None,
            language: None,
            location: Some(LocationId::new("london")),
            owner: None,
            confidentiality: Confidentiality::Normal,
            merged_into: None,
        };
        let mut strict = Location::unconfigured(EntityCode::new("LON1"));
        strict.release_rules[0].cdd_from = DueDiligence::Never;
        let london = Location {
            id: LocationId::new("london"),
            name: "London".to_owned(),
            zone: Tz::Europe__London,
            team: "London client accounts".to_owned(),
            ..strict
        };
        Self {
            facts: AccountFacts::of(client),
            house: House {
                locations: vec![london],
            },
            moment: Moment {
                now: DateTime::UNIX_EPOCH,
                as_of: None,
            },
        }
    }

    fn rule(&mut self) -> &mut ReleaseRule {
        &mut self.house.locations[0].release_rules[0]
    }

    fn hear(&mut self, words: &mut Words<'_>) {
        match words.word() {
            "now" => self.moment.now = words.word().parse::<DateTime<Utc>>().unwrap(),
            "policy" => match words.rest() {
                "whole invoice" => self.rule().policy = ReleasePolicy::WholeInvoice,
                "per lot" => self.rule().policy = ReleasePolicy::PerLot,
                "no withholding for other debt" => self.rule().withhold_for_group_debt = false,
                "captured cards count as cleared" => self.rule().captured_card_is_cleared = true,
                "no hold for cancellation" => self.rule().hold_for_cancellation = false,
                other => panic!("not a policy: {other:?}"),
            },
            "no_threshold" => self.rule().cdd_from = DueDiligence::Always,
            "threshold" => self.rule().cdd_from = DueDiligence::From(words.money()),
            "sale" => self.sale(words),
            "lot" => self.lot(words),
            "invoice" => self.invoice(words),
            "line" => self.line(words),
            "ledger" => self.ledger(words),
            "paid" => self.paid(words),
            "dispute" => self.dispute(words),
            "other" => self.other_bill(words),
            "group" => self.group_debt(words),
            "due" => self.due_diligence(words),
            "screening" => self.facts.status.sanctions = words.known(),
            "client" => match words.rest() {
                "is insolvent" => self.facts.status.insolvent = true,
                "is in legal action" => self.facts.status.legal_action = true,
                other => panic!("not about a client: {other:?}"),
            },
            "limit" => self.facts.status.credit_limit = Some(words.money()),
            "hold" => self.hold(words),
            "terms" => self.terms(words),
            "instalment" => self.instalment(words),
            "warehouse" => self.warehouse(words),
            "approval" => self.approval(words),
            "deposit" => self.deposit(words),
            "feed" => self.feed(words),
            other => panic!("no sentence begins with {other:?}: {}", words.whole),
        }
    }

    fn sale(&mut self, words: &mut Words<'_>) {
        let no = SaleNo::new(words.word());
        if words.takes("rescinded") {
            self.facts
                .sales
                .iter_mut()
                .find(|sale| sale.no == no)
                .unwrap()
                .cancelled = true;
            return;
        }
        words.expect("ended");
        let ends_on = words.date();
        self.facts.sales.push(Sale {
            no,
            title: "Paintings".to_owned(),
            location: LocationId::new("london"),
            entity: EntityCode::new("LON1"),
            currency: "GBP".parse().unwrap(),
            kind: SaleKind::Live,
            starts_on: ends_on,
            ends_on,
            results_final: true,
            cancelled: false,
        });
    }

    fn key(&self, lot: &str) -> LotKey {
        LotKey {
            sale: self.facts.sales.last().unwrap().no.clone(),
            lot: LotNo::new(lot),
        }
    }

    fn lot(&mut self, words: &mut Words<'_>) {
        let key = self.key(words.word());
        if words.takes("sold") {
            let hammer = words.takes("for").then(|| words.money());
            let buyer = if words.takes("to") {
                ClientNo::parse(words.word())
            } else {
                ClientNo::parse(CLIENT)
            };
            self.facts.lots.push(Lot {
                key: key.clone(),
                title: format!("Vase {}", key.lot),
                hammer,
                buyer,
                consignor: None,
                work_of_art: true,
                export_licence: Permit::NotNeeded,
                cites: Permit::NotNeeded,
                cancellation_until: None,
                whereabouts: Whereabouts::InHouse,
            });
            return;
        }
        if words.takes("forgotten") {
            return self.facts.lots.retain(|lot| lot.key != key);
        }
        let lot = self.facts.lots.iter_mut().find(|lot| lot.key == key).unwrap();
        match words.word() {
            "licence" => lot.export_licence = words.parsed(),
            "permit" => lot.cites = words.parsed(),
            "cancellable" => {
                words.expect("until");
                lot.cancellation_until = Some(words.date());
            }
            "is" if words.takes("no") => {
                words.expect("work_of_art");
                lot.work_of_art = false;
            }
            "is" => lot.whereabouts = words.parsed(),
            other => panic!("not about a lot: {other:?}"),
        }
    }

    fn invoice(&mut self, words: &mut Words<'_>) {
        let number = InvoiceNo::new(words.word());
        if words.takes("again") {
            let at = self
                .facts
                .invoices
                .iter()
                .position(|invoice| invoice.key.number == number)
                .unwrap();
            let invoice = self.facts.invoices.remove(at);
            self.facts.invoices.push(invoice);
            return;
        }
        let kind = if words.takes("shipping") {
            InvoiceKind::Shipping
        } else {
            InvoiceKind::Sale
        };
        let total = words.money();
        let mut invoice = Invoice {
            key: InvoiceKey {
                entity: EntityCode::new("LON1"),
                number,
                year: 2026,
            },
            client: ClientNo::parse(CLIENT).unwrap(),
            sale: self.facts.sales.last().map(|sale| sale.no.clone()),
            kind,
            state: InvoiceState::Issued,
            issued_on: "2026-02-21".parse().unwrap(),
            due_basis: None,
            due_on: None,
            superseded_by: None,
            total,
        };
        if words.takes("due") {
            invoice.due_on = Some(words.date());
        }
        if words.takes("state") {
            invoice.state = words.parsed();
        }
        if words.takes("replaced") {
            words.expect("by");
            invoice.superseded_by = Some(InvoiceNo::new(words.word()));
        }
        self.facts.invoices.push(invoice);
    }

    fn the_invoice(&self) -> &Invoice {
        self.facts.invoices.last().unwrap()
    }

    fn line(&mut self, words: &mut Words<'_>) {
        let line = words.number();
        let kind = words.parsed();
        let lot = words.takes("lot").then(|| self.key(words.word()));
        let amount = words.money();
        let invoice = self.the_invoice().key.clone();
        self.facts.lines.push(InvoiceLine {
            invoice,
            line,
            lot,
            kind,
            amount,
        });
    }

    fn item(&self, kind: ItemKind, document: &str, amount: Money, due_on: NaiveDate) -> LedgerItem {
        LedgerItem {
            entity: EntityCode::new("LON1"),
            document: document.to_owned(),
            year: 2026,
            line: 1,
            client: ClientNo::parse(CLIENT).unwrap(),
            kind,
            amount,
            posted_on: "2026-02-01".parse().unwrap(),
            document_on: None,
            due_on: Some(due_on),
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

    fn ledger(&mut self, words: &mut Words<'_>) {
        let invoice = self.the_invoice().clone();
        let number = invoice.key.number.as_str().to_owned();
        let due = invoice.due_on.unwrap_or(invoice.issued_on);
        let mut item = self.item(ItemKind::Invoice, &number, invoice.total, due);
        item.invoice = Some(invoice.key.number);
        match words.word() {
            "open" => {}
            "cleared" => item.cleared_on = Some(words.date()),
            "gone" => item.gone = Some(Gone::at("2026-02-02T06:00:00Z".parse().unwrap())),
            "reopened" => item.reopened_on = Some(words.date()),
            "credit" => {
                item.kind = ItemKind::Payment;
                item.document = "1400000001".to_owned();
                item.amount = words.money().negated();
                if words.takes("on") {
                    words.expect("account");
                    item.invoice = None;
                }
            }
            other => panic!("not about the ledger: {other:?}"),
        }
        self.facts.items.push(item);
    }

    fn paid(&mut self, words: &mut Words<'_>) {
        let amount = words.money();
        words.expect("by");
        let method = words.parsed();
        let mut payment = Payment {
            source: SourceId::new("bank"),
            id: PaymentId::new(format!("P{}", self.facts.payments.len() + 1)),
            client: ClientNo::parse(CLIENT),
            entity: EntityCode::new("LON1"),
            invoice: None,
            method,
            amount,
            state: PaymentState::Applied,
            seen_on: "2026-03-01".parse().unwrap(),
            value_on: None,
            cleared_on: None,
            posted_on: None,
            payer_name: None,
            payer_match: PayerMatch::Exact,
            reference: None,
        };
        if !["cleared", "not"].contains(&words.next()) {
            payment.state = words.parsed();
        }
        if words.takes("cleared") {
            payment.cleared_on = Some(words.date());
        } else if words.takes("not") {
            words.expect("cleared");
        }
        if words.takes("from") {
            words.expect("somebody_else");
            payment.payer_match = PayerMatch::Mismatch;
        }
        let applied = Allocation {
            source: payment.source.clone(),
            payment: payment.id.clone(),
            invoice: self.the_invoice().key.clone(),
            line: None,
            lot: None,
            amount,
            applied_on: "2026-03-02".parse().unwrap(),
        };
        match words.word() {
            "naming" => {
                words.expect("the");
                words.expect("invoice");
                payment.invoice = Some(applied.invoice.number.clone());
            }
            "on" => words.expect("account"),
            "for" => match words.word() {
                "the" => {
                    words.expect("invoice");
                    self.facts.allocations.push(applied);
                }
                "lot" => {
                    let lot = Some(self.key(words.word()));
                    self.facts.allocations.push(Allocation { lot, ..applied });
                }
                "line" => {
                    let line = Some(words.number());
                    self.facts.allocations.push(Allocation { line, ..applied });
                }
                other => panic!("not what a payment is for: {other:?}"),
            },
            other => panic!("not about a payment: {other:?}"),
        }
        if words.takes("unknown_to_us") {
            return;
        }
        self.facts.payments.push(payment);
    }

    fn dispute(&mut self, words: &mut Words<'_>) {
        let stage = words.parsed();
        words.expect("over");
        let amount = words.money();
        let payment = self.facts.payments.last().unwrap();
        self.facts.disputes.push(Dispute {
            id: DisputeId::new("D1"),
            payment: (payment.source.clone(), payment.id.clone()),
            client: payment.client.clone(),
            entity: payment.entity.clone(),
            stage,
            reason: None,
            amount,
            due_at: None,
            funds_withdrawn: words.takes("withdrawn"),
        });
    }

    fn other_bill(&mut self, words: &mut Words<'_>) {
        words.expect("bill");
        let amount = words.money();
        words.expect("due");
        let due = words.date();
        let mut item = self.item(ItemKind::Invoice, "7700001", amount, due);
        item.invoice = Some(InvoiceNo::new("7700001"));
        if words.takes("cleared") {
            item.cleared_on = Some(words.date());
        }
        self.facts.items.push(item);
    }

    fn group_debt(&mut self, words: &mut Words<'_>) {
        words.expect("debt");
        let overdue = words.money();
        self.facts.group_debts.push(GroupDebt {
            client: ClientNo::parse("777").unwrap(),
            entity: EntityCode::new("NYC1"),
            overdue,
            oldest_days: 40,
        });
    }

    fn due_diligence(&mut self, words: &mut Words<'_>) {
        words.expect("diligence");
        self.facts.status.cdd = words.known();
        self.facts.status.cdd_expires_on = words.takes("until").then(|| words.date());
    }

    fn hold(&mut self, words: &mut Words<'_>) {
        let code = words.parsed();
        words.expect("on");
        let (scope, reference) = match words.word() {
            "client" => (HoldScope::Client, CLIENT.to_owned()),
            "invoice" => (HoldScope::Invoice, self.the_invoice().key.number.to_string()),
            "lot" => (HoldScope::Lot, self.key(words.word()).to_string()),
            "payment" => {
                let payment = self.facts.payments.last().unwrap();
                (HoldScope::Payment, format!("{}/{}", payment.source, payment.id))
            }
            other => panic!("not what a hold is on: {other:?}"),
        };
        let mut hold = Hold {
            id: HoldId::new(format!("H{}", self.facts.holds.len() + 1)),
            scope,
            client: ClientNo::parse(CLIENT),
            reference,
            code,
            state: HoldState::Active,
            raised_by: None,
            raised_at: None,
            owner: None,
            reason: None,
            expires_on: None,
            restricted: words.takes("restricted"),
        };
        if words.takes("cleared") {
            hold.state = HoldState::Cleared;
        }
        if words.takes("until") {
            hold.expires_on = Some(words.date());
        }
        if words.takes("owned") {
            words.expect("by");
            hold.owner = Some(words.word().replace('_', " "));
        }
        self.facts.holds.push(hold);
    }

    fn terms(&mut self, words: &mut Words<'_>) {
        let state = words.parsed();
        let release_included = words.takes("with_release");
        let documents_missing = words.takes("lacking_documents").then(|| "guarantee".to_owned());
        let valid_to = words.takes("until").then(|| words.date());
        let invoice = if words.takes("for_the_account") {
            None
        } else {
            Some(self.the_invoice().key.number.clone())
        };
        self.facts.terms.push(TermsAgreement {
            id: TermsId::new("T1"),
            client: ClientNo::parse(CLIENT).unwrap(),
            entity: EntityCode::new("LON1"),
            sale: None,
            invoice,
            state,
            release_included,
            accelerates: false,
            documents_missing,
            approver: Some("director".to_owned()),
            valid_from: None,
            valid_to,
            instalments: Vec::new(),
        });
    }

    fn instalment(&mut self, words: &mut Words<'_>) {
        let amount = words.money();
        words.expect("due");
        let due_on = words.date();
        let paid = if words.takes("paid") {
            words.money()
        } else {
            Money::zero(amount.currency())
        };
        let instalments = &mut self.facts.terms.last_mut().unwrap().instalments;
        let n = i64::try_from(instalments.len()).unwrap() + 1;
        instalments.push(Instalment {
            n,
            due_on,
            amount,
            paid,
        });
    }

    fn release_of(&mut self, key: &LotKey) -> &mut Release {
        if !self.facts.releases.iter().any(|release| release.lot == *key) {
            self.facts.releases.push(Release {
                lot: key.clone(),
                state: ReleaseState::Blocked,
                on: None,
                to: None,
                route: ReleaseRoute::Collection,
                collector: Collector::Buyer,
                quote: Quote::NotNeeded,
                authority: None,
                authorised_by: None,
                authority_until: None,
                residual: None,
            });
        }
        self.facts
            .releases
            .iter_mut()
            .find(|release| release.lot == *key)
            .unwrap()
    }

    fn warehouse(&mut self, words: &mut Words<'_>) {
        words.expect("lot");
        let key = self.key(words.word());
        let release = self.release_of(&key);
        match words.word() {
            "route" => release.route = words.parsed(),
            "collector" => release.collector = words.parsed(),
            "quote" => release.quote = words.parsed(),
            state => {
                release.state = state.parse().unwrap();
                if words.takes("on") {
                    release.on = Some(words.date());
                }
                if words.takes("to") {
                    release.to = Some(words.rest().to_owned());
                }
            }
        }
    }

    fn approval(&mut self, words: &mut Words<'_>) {
        let authority = words.word().to_owned();
        words.expect("for");
        words.expect("lot");
        let key = self.key(words.word());
        let by = words.takes("by").then(|| words.word().to_owned());
        let until = words.takes("until").then(|| words.date());
        let residual = words.takes("residual").then(|| words.money());
        let release = self.release_of(&key);
        release.authority = Some(AuthorityId::new(authority));
        release.authorised_by = by;
        release.authority_until = until;
        release.residual = residual;
    }

    fn deposit(&mut self, words: &mut Words<'_>) {
        let amount = words.money();
        let state = words.parsed();
        self.facts.deposits.push(Deposit {
            id: DepositId::new("DEP1"),
            client: ClientNo::parse(CLIENT).unwrap(),
            entity: EntityCode::new("LON1"),
            amount,
            method: Method::Wire,
            state,
            requested_on: None,
            taken_on: Some("2026-02-10".parse().unwrap()),
            cleared_on: Some("2026-02-10".parse().unwrap()),
            destination: Destination::Original,
            keep_for: None,
            payment: None,
            covers: vec![self.facts.sales.last().unwrap().no.clone()],
            movements: Vec::new(),
            refunds: Vec::new(),
        });
    }

    fn feed(&mut self, words: &mut Words<'_>) {
        let name = words.word().to_owned();
        let extracted_at = if words.takes("never") {
            words.expect("delivered");
            None
        } else {
            let hours = words.number();
            words.expect("hours_old");
            Some(self.moment.now - TimeDelta::hours(hours))
        };
        let needed = !words.takes("not_needed");
        self.facts.sources.push(SourceState {
            source: SourceId::new(name.as_str()),
            name,
            needed_for: Needed {
                balance: true,
                release: needed,
                deposit: true,
            },
            extracted_at,
            soft: TimeDelta::hours(26),
            hard: TimeDelta::hours(72),
            zone: Tz::UTC,
            days: WorkingDays {
                weekend: BTreeSet::new(),
                ..WorkingDays::monday_to_friday()
            },
            may_miss: "later payments".to_owned(),
        });
    }
}

/// A sentence being read.
struct Words<'a> {
    whole: &'a str,
    left: &'a str,
}

impl<'a> Words<'a> {
    fn of(whole: &'a str) -> Self {
        Self {
            whole,
            left: whole.trim(),
        }
    }

    fn word(&mut self) -> &'a str {
        let (word, left) = self.left.split_once(' ').unwrap_or((self.left, ""));
        assert!(!word.is_empty(), "the sentence ends too early: {}", self.whole);
        self.left = left.trim_start();
        word
    }

    fn rest(&mut self) -> &'a str {
        std::mem::take(&mut self.left)
    }

    fn next(&self) -> &'a str {
        self.left.split(' ').next().unwrap_or_default()
    }

    fn takes(&mut self, word: &str) -> bool {
        let is_next = self.next() == word;
        if is_next {
            self.word();
        }
        is_next
    }

    fn expect(&mut self, word: &str) {
        assert!(
            self.takes(word),
            "expected {word:?} before {:?} in: {}",
            self.left,
            self.whole
        );
    }

    fn end(&self) {
        assert!(
            self.left.is_empty(),
            "not understood: {:?} in: {}",
            self.left,
            self.whole
        );
    }

    fn parsed<T: FromStr<Err = UnknownWord>>(&mut self) -> T {
        let whole = self.whole;
        self.word()
            .parse()
            .unwrap_or_else(|error| panic!("{error} in: {whole}"))
    }

    fn known<T: FromStr<Err = UnknownWord>>(&mut self) -> Option<T> {
        if self.takes("unknown") {
            None
        } else {
            Some(self.parsed())
        }
    }

    fn number(&mut self) -> i64 {
        let whole = self.whole;
        self.word()
            .parse()
            .unwrap_or_else(|_| panic!("not a number in: {whole}"))
    }

    fn date(&mut self) -> NaiveDate {
        let whole = self.whole;
        self.word()
            .parse()
            .unwrap_or_else(|_| panic!("not a date in: {whole}"))
    }

    fn money(&mut self) -> Money {
        let text = format!("{} {}", self.word(), self.word());
        text.parse()
            .unwrap_or_else(|_| panic!("not an amount: {text} in: {}", self.whole))
    }
}
