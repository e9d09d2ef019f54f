//! Runs `cases/deposit.toml`, the table of `domain.md` 4.3 as examples that a finance person can read, and
//! holds that every row of it occurs there: fitting, and nearly fitting.

mod deposit_house;

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};
use deposit_house::{asker, facts, house, noon, on, sale};
use hammerdesk_domain::deposit::{DepositQuestion, Requirement, Situation, decide};
use hammerdesk_domain::facts::AccountFacts;
use hammerdesk_domain::freshness::{Needed, SourceState};
use hammerdesk_domain::ids::{
    ClientNo, DisputeId, EntityCode, HoldId, InvoiceKey, InvoiceNo, LotKey, LotNo, PaymentId, RefundId,
    SaleNo, SourceId,
};
use hammerdesk_domain::location::House;
use hammerdesk_domain::message::Outcome;
use hammerdesk_domain::model::*;
use hammerdesk_domain::money::Money;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    case: Vec<Case>,
}

/// One example: what differs from the ordinary deposit, and what is said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    given: Given,
    says: Says,
    /// Rows that this example nearly fits.
    #[serde(default)]
    not: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Given {
    today: Option<String>,
    asker: Option<String>,
    asked_sale: Option<String>,
    no_deposit: bool,
    amount: Option<String>,
    entity: Option<String>,
    state: Option<String>,
    method: Option<String>,
    cleared: Option<String>,
    destination: Option<String>,
    keep_for: Option<String>,
    payment_unknown: bool,
    moved: Option<Vec<String>>,
    covers: Option<Vec<String>>,
    sales: Option<Vec<GivenSale>>,
    bought: Vec<Bought>,
    invoices: Vec<Billed>,
    group_owes: Vec<String>,
    cdd: Option<String>,
    cdd_until: Option<String>,
    screening: Option<String>,
    holds: Vec<GivenHold>,
    insolvent: bool,
    written_off: bool,
    payment_state: Option<String>,
    payer: Option<String>,
    refund: Option<GivenRefund>,
    dispute: Option<GivenDispute>,
    needs_approval: bool,
    ledger_age_hours: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenSale {
    no: String,
    at: String,
    ends: String,
    #[serde(default)]
    not_final: bool,
    #[serde(default)]
    cancelled: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bought {
    lot: String,
    collected: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Billed {
    no: String,
    sale: Option<String>,
    amount: String,
    due: String,
    paid: Option<String>,
    reset: Option<String>,
    replaced_by: Option<String>,
    billed_to: Option<String>,
    #[serde(default)]
    draft: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenHold {
    code: String,
    on: Option<String>,
    until: Option<String>,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    owner: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenRefund {
    state: String,
    method: Option<String>,
    asked: Option<String>,
    by: Option<String>,
    sent: Option<String>,
    done: Option<String>,
    expected: Option<String>,
    last4: Option<String>,
    reference: Option<String>,
    failure: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenDispute {
    stage: String,
    #[serde(default)]
    on_other_payment: bool,
    #[serde(default)]
    withdrawn: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Says {
    status: String,
    #[serde(default)]
    also: Vec<String>,
    #[serde(default)]
    fails: Vec<String>,
    due: Option<String>,
    held_until: Option<String>,
    refund: Option<String>,
    words: Option<String>,
    client: Option<String>,
    internal: Option<String>,
    acts: Option<String>,
}

fn word<T: std::str::FromStr<Err = UnknownWord>>(text: &str) -> T {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn money(text: &str) -> Money {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn day(text: Option<&String>) -> Option<NaiveDate> {
    text.map(|text| on(text))
}

/// The facts of an example.
fn build(given: &Given, house: &House) -> AccountFacts {
    let mut facts = facts();
    if let Some(sales) = &given.sales {
        facts.sales = sales.iter().map(|given| sale_of(given, house)).collect();
    }
    property(&mut facts, given);
    compliance(&mut facts, given);
    money_in(&mut facts, given);
    if let Some(hours) = given.ledger_age_hours {
        facts.sources.push(ledger(
            hours,
            day(given.today.as_ref()).unwrap_or(on("2026-09-14")),
        ));
    }
    if given.no_deposit {
        facts.deposits.clear();
    }
    facts
}

fn sale_of(given: &GivenSale, house: &House) -> Sale {
    let at = house
        .locations
        .iter()
        .find(|at| at.id.as_str() == given.at)
        .unwrap_or_else(|| panic!("{}", given.at));
    Sale {
        results_final: !given.not_final,
        cancelled: given.cancelled,
        ..sale(&given.no, at, &given.ends)
    }
}

fn lot_key(text: &str) -> LotKey {
    let (sale, lot) = text
        .split_once('/')
        .unwrap_or_else(|| panic!("{text} is no sale/lot"));
    LotKey {
        sale: SaleNo::new(sale),
        lot: LotNo::new(lot),
    }
}

fn property(facts: &mut AccountFacts, given: &Given) {
    for bought in &given.bought {
        let key = lot_key(&bought.lot);
        facts.lots.push(Lot {
            key: key.clone(),
            title: "Vase".to_owned(),
            hammer: Some(money("GBP 2000.00")),
            buyer: Some(facts.client.no.clone()),
            consignor: None,
            work_of_art: true,
            export_licence: Permit::NotNeeded,
            cites: Permit::NotNeeded,
            cancellation_until: None,
            whereabouts: Whereabouts::InHouse,
        });
        facts.releases.push(Release {
            lot: key,
            state: if bought.collected.is_some() {
                ReleaseState::Released
            } else {
                ReleaseState::Releasable
            },
            on: day(bought.collected.as_ref()),
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
    for billed in &given.invoices {
        bill(facts, billed);
    }
    for (n, text) in given.group_owes.iter().enumerate() {
        let (entity, amount) = text.split_once(' ').unwrap_or_else(|| panic!("{text}"));
        let client = ClientNo::parse(&format!("200{n}")).unwrap_or_else(|| panic!("{n}"));
        facts.group_debts.push(GroupDebt {
            client,
            entity: EntityCode::new(entity),
            overdue: money(amount),
            oldest_days: 30,
        });
    }
}

fn bill(facts: &mut AccountFacts, billed: &Billed) {
    let amount = money(&billed.amount);
    let entity = EntityCode::new(match amount.currency().code() {
        "HKD" => "HKG1",
        "USD" => "NYC1",
        _ => "LON1",
    });
    let number = InvoiceNo::new(billed.no.clone());
    facts.invoices.push(Invoice {
        key: InvoiceKey {
            entity: entity.clone(),
            number: number.clone(),
            year: 2026,
        },
        client: billed
            .billed_to
            .as_deref()
            .and_then(ClientNo::parse)
            .unwrap_or(facts.client.no.clone()),
        sale: billed.sale.clone().map(SaleNo::new),
        kind: InvoiceKind::Sale,
        state: if billed.draft {
            InvoiceState::Draft
        } else if billed.paid.is_some() {
            InvoiceState::Paid
        } else {
            InvoiceState::Issued
        },
        issued_on: on("2026-09-01"),
        due_basis: None,
        due_on: Some(on(&billed.due)),
        superseded_by: billed.replaced_by.clone().map(InvoiceNo::new),
        total: amount,
    });
    if billed.draft {
        return;
    }
    facts.items.push(LedgerItem {
        entity,
        document: billed.no.clone(),
        year: 2026,
        line: 1,
        client: facts.client.no.clone(),
        kind: ItemKind::Invoice,
        amount,
        posted_on: on("2026-06-01"),
        document_on: None,
        due_on: Some(on(&billed.due)),
        invoice: Some(number),
        cleared_on: day(billed.paid.as_ref()),
        cleared_by: None,
        reopened_on: day(billed.reset.as_ref()),
        disputed: false,
        blocked: false,
        gone: None,
        reference: None,
    });
}

fn compliance(facts: &mut AccountFacts, given: &Given) {
    let known = |text: &str| (text != "unknown").then(|| text.to_owned());
    if let Some(text) = &given.cdd {
        facts.status.cdd = known(text).map(|text| word(&text));
    }
    if let Some(text) = &given.screening {
        facts.status.sanctions = known(text).map(|text| word(&text));
    }
    facts.status.cdd_expires_on = day(given.cdd_until.as_ref());
    facts.status.insolvent = given.insolvent;
    facts.status.written_off = given.written_off;
    for (n, hold) in given.holds.iter().enumerate() {
        let (scope, reference) = hold
            .on
            .as_deref()
            .unwrap_or("client 0000001001")
            .split_once(' ')
            .unwrap_or_default();
        facts.holds.push(Hold {
            id: HoldId::new(format!("H{n}")),
            scope: word(scope),
            client: Some(facts.client.no.clone()),
            reference: reference.to_owned(),
            code: word(&hold.code),
            state: HoldState::Active,
            raised_by: None,
            raised_at: None,
            owner: hold.owner.clone(),
            reason: (!hold.reason.is_empty()).then(|| hold.reason.clone()),
            expires_on: day(hold.until.as_ref()),
            restricted: false,
        });
    }
}

fn money_in(facts: &mut AccountFacts, given: &Given) {
    let payment = &mut facts.payments[0];
    if let Some(text) = &given.payment_state {
        payment.state = word(text);
    }
    if let Some(text) = &given.payer {
        payment.payer_match = word(text);
    }
    let deposit = &mut facts.deposits[0];
    if let Some(text) = &given.amount {
        deposit.amount = money(text);
        deposit.movements[0].amount = deposit.amount;
    }
    if let Some(entity) = &given.entity {
        deposit.entity = EntityCode::new(entity.clone());
    }
    if let Some(text) = &given.method {
        deposit.method = word(text);
    }
    if let Some(text) = &given.destination {
        deposit.destination = word(text);
    }
    if let Some(text) = &given.cleared {
        deposit.cleared_on = (text != "never").then(|| on(text));
        if text == "never" {
            facts.payments.clear();
        }
    }
    if given.payment_unknown {
        deposit.payment = None;
    }
    deposit.keep_for = given.keep_for.clone().map(SaleNo::new);
    if let Some(covers) = &given.covers {
        deposit.covers = covers.iter().map(|sale| SaleNo::new(sale.clone())).collect();
    }
    if let Some(text) = &given.state {
        deposit.state = word(text);
        if matches!(deposit.state, DepositState::Requested | DepositState::Authorised) {
            deposit.movements.clear();
        }
    }
    if let Some(moved) = &given.moved {
        deposit.movements = moved.iter().map(|text| movement(text)).collect();
    }
    deposit.refunds = given
        .refund
        .iter()
        .map(|refund| refund_of(refund, deposit))
        .collect();
    if let Some(dispute) = &given.dispute {
        let other = (SourceId::new("stripe"), PaymentId::new("OTHER"));
        let own = deposit.payment.clone().filter(|_| !dispute.on_other_payment);
        facts.disputes.push(Dispute {
            id: DisputeId::new("DP1"),
            payment: own.unwrap_or(other),
            client: Some(facts.client.no.clone()),
            entity: EntityCode::new("LON1"),
            stage: word(&dispute.stage),
            reason: None,
            amount: money("GBP 5000.00"),
            due_at: None,
            funds_withdrawn: dispute.withdrawn,
        });
    }
}

/// `applied GBP 1200.00 2026-09-12 INV7`.
fn movement(text: &str) -> DepositMovement {
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [kind, currency, amount, moved_on, rest @ ..] = parts.as_slice() else {
        panic!("{text}")
    };
    DepositMovement {
        kind: word(kind),
        amount: money(&format!("{currency} {amount}")),
        on: on(moved_on),
        reference: rest.first().map(|text| (*text).to_owned()),
    }
}

fn refund_of(given: &GivenRefund, deposit: &Deposit) -> Refund {
    Refund {
        id: RefundId::new("RF1"),
        deposit: Some(deposit.id.clone()),
        amount: deposit.amount,
        state: word(&given.state),
        method: given.method.as_deref().map_or(deposit.method, word),
        last4: given.last4.clone(),
        reference: given.reference.clone(),
        requested_by: given.by.clone(),
        requested_on: day(given.asked.as_ref()),
        submitted_on: day(given.sent.as_ref()),
        completed_on: day(given.done.as_ref()),
        expected_on: day(given.expected.as_ref()),
        failure: given.failure.clone(),
    }
}

fn ledger(hours: i64, today: NaiveDate) -> SourceState {
    let all_week = hammerdesk_domain::location::WorkingDays {
        weekend: BTreeSet::new(),
        holidays: Default::default(),
    };
    SourceState {
        source: SourceId::new("sap"),
        name: "ledger".to_owned(),
        needed_for: Needed {
            deposit: true,
            ..Needed::default()
        },
        extracted_at: Some(noon(today).now - TimeDelta::hours(hours)),
        soft: TimeDelta::hours(26),
        hard: TimeDelta::hours(72),
        zone: chrono_tz::Tz::UTC,
        days: all_week,
        may_miss: "later payments".to_owned(),
    }
}

fn table() -> Table {
    toml::from_str(include_str!("../cases/deposit.toml")).unwrap_or_else(|error| panic!("{error}"))
}

fn run(case: &Case) -> Vec<String> {
    let mut house = house();
    if case.given.needs_approval {
        house
            .locations
            .iter_mut()
            .flat_map(|at| &mut at.deposit_rules)
            .for_each(|rule| rule.needs_approval = true);
    }
    let facts = build(&case.given, &house);
    let asker = asker(case.given.asker.as_deref().unwrap_or("coordinator"));
    let question = DepositQuestion {
        sale: case.given.asked_sale.clone().map(SaleNo::new),
    };
    let moment = noon(day(case.given.today.as_ref()).unwrap_or(on("2026-09-14")));
    let answer = decide(&facts, &asker, &house, &question, moment);
    let mut wrong = Vec::new();
    let mut same = |what: &str, got: String, want: String| {
        if got != want {
            wrong.push(format!(
                "{}: {what} is {got:?}, the table says {want:?}",
                case.name
            ));
        }
    };
    let says = &case.says;
    let Some(line) = answer.deposits.first() else {
        let status = if answer.outcome == Outcome::Stale {
            "STALE"
        } else {
            "P0"
        };
        same("status", status.to_owned(), says.status.clone());
        if let Some(words) = &says.words {
            same(
                "words",
                answer.sentence.clone().unwrap_or_default(),
                words.clone(),
            );
        }
        return wrong;
    };
    let text = |date: Option<NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
    same("status", line.status.to_string(), says.status.clone());
    same(
        "also",
        line.also
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" "),
        says.also.join(" "),
    );
    same(
        "fails",
        line.failed()
            .map(|one| one.to_string())
            .collect::<Vec<_>>()
            .join(" "),
        says.fails.join(" "),
    );
    if case.given.asker.as_deref() != Some("call_centre") {
        same(
            "eligible",
            line.eligible.to_string(),
            says.fails.is_empty().to_string(),
        );
    }
    same("due", text(line.due_by), says.due.clone().unwrap_or_default());
    same(
        "held until",
        text(line.held_until),
        says.held_until.clone().unwrap_or_default(),
    );
    if let Some(refund) = &says.refund {
        same(
            "refund",
            line.refundable
                .map(|amount| amount.to_string())
                .unwrap_or_default(),
            refund.clone(),
        );
    }
    if let Some(words) = &says.words {
        same("words", line.says.clone(), words.clone());
    }
    if let Some(client) = &says.client {
        same("client", line.client_safe.clone(), client.clone());
    }
    if let Some(internal) = &says.internal {
        let all = line.internal.join(" ");
        if !all.contains(internal.as_str()) {
            same("internal", all, internal.clone());
        }
    }
    if let Some(acts) = &says.acts {
        same("acts", line.acts.clone(), acts.clone());
    }
    for row in &case.not {
        let fits = line.status.word() == row || line.also.iter().any(|one| one.word() == row);
        same(
            row,
            if fits { "said" } else { "not said" }.to_owned(),
            "not said".to_owned(),
        );
    }
    let steps: Vec<&str> = line.explain.iter().map(|step| step.rule.as_str()).collect();
    let every = Requirement::WORDS
        .iter()
        .chain(Situation::WORDS)
        .all(|rule| steps.contains(rule));
    same(
        "explained",
        (every || case.given.asker.as_deref() == Some("call_centre")).to_string(),
        "true".to_owned(),
    );
    wrong
}

#[test]
fn every_example_of_the_table_is_answered_as_it_says() {
    let wrong: Vec<String> = table().case.iter().flat_map(run).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_row_of_the_table_has_an_example_that_fits_and_one_that_does_not() {
    let cases = table().case;
    let said: BTreeSet<&str> = cases
        .iter()
        .flat_map(|case| case.says.also.iter().chain([&case.says.status]))
        .map(String::as_str)
        .collect();
    let nearly: BTreeSet<&str> = cases
        .iter()
        .flat_map(|case| &case.not)
        .map(String::as_str)
        .collect();
    for situation in Situation::ALL {
        assert!(said.contains(situation.word()), "no example says {situation}");
        assert!(
            nearly.contains(situation.word()) || *situation == Situation::Ask,
            "no example is nearly {situation}"
        );
    }
    let failed: BTreeSet<&str> = cases
        .iter()
        .flat_map(|case| &case.says.fails)
        .map(String::as_str)
        .collect();
    for requirement in Requirement::ALL {
        assert!(
            failed.contains(requirement.word()),
            "no example fails {requirement}"
        );
        let alone = cases.iter().any(|case| case.says.fails == [requirement.word()]);
        let coupled = matches!(requirement, Requirement::D1 | Requirement::D6 | Requirement::D11);
        assert!(alone || coupled, "no example fails {requirement} alone");
    }
    assert!(
        cases
            .iter()
            .any(|case| case.says.status == "P7" && case.says.fails.is_empty()),
        "nothing holds"
    );
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "two examples have one name");
}
