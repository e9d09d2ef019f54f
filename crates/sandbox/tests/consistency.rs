//! The sample house holds together: what a ledger, a cash book and a sale system promise each other.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use hammerdesk_domain::record::{Entity, Kind, Record, Value};
use hammerdesk_sandbox::SampleHouse;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_429_800, 0).expect("an instant")
}

fn house() -> SampleHouse {
    SampleHouse::new(7, now(), 1)
}

fn text(record: &Record, column: &str) -> String {
    match record.get(column) {
        Value::Text(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Null => String::new(),
        other => panic!("{column} of {} is {other:?}", record.entity.name()),
    }
}

fn minor(record: &Record, column: &str) -> i64 {
    match record.get(column) {
        Value::Int(number) => *number,
        other => panic!("{column} of {} is {other:?}", record.entity.name()),
    }
}

fn is_null(record: &Record, column: &str) -> bool {
    *record.get(column) == Value::Null
}

fn fits(kind: Kind, value: &Value) -> bool {
    match (kind, value) {
        (Kind::Text, Value::Text(text)) => {
            text.chars().count() <= 500 && *text == hammerdesk_domain::text::clean(text, 501)
        }
        (Kind::Id, Value::Text(text)) => {
            !text.is_empty() && text.len() <= 64 && !text.contains(char::is_whitespace)
        }
        (Kind::Client, Value::Text(text)) => {
            hammerdesk_domain::ids::ClientNo::parse(text).is_some_and(|no| no.as_str() == text)
        }
        (Kind::Currency, Value::Text(text)) => text.parse::<hammerdesk_domain::money::Currency>().is_ok(),
        (Kind::Choice(words), Value::Text(text)) => words.contains(&text.as_str()),
        (_, Value::Null)
        | (Kind::Int | Kind::Money(_), Value::Int(_))
        | (Kind::Date, Value::Date(_))
        | (Kind::Instant, Value::Instant(_))
        | (Kind::Bool, Value::Bool(_)) => true,
        _ => false,
    }
}

#[test]
fn every_record_fits_its_schema_and_no_key_comes_twice() {
    let house = house();
    for entity in Entity::ALL {
        let mut keys = BTreeSet::new();
        let mut rows = 0;
        for record in house.records(*entity) {
            rows += 1;
            assert_eq!(record.values.len(), entity.columns().len(), "{}", entity.name());
            for (column, value) in entity.columns().iter().zip(&record.values) {
                assert!(
                    fits(column.kind, value),
                    "{}.{} holds {value:?}",
                    entity.name(),
                    column.name
                );
                assert!(
                    !column.required || *value != Value::Null,
                    "{}.{} is blank",
                    entity.name(),
                    column.name
                );
            }
            let key: Vec<String> = entity.key().iter().map(|column| text(&record, column)).collect();
            assert!(keys.insert(key.clone()), "{} {key:?} comes twice", entity.name());
        }
        assert!(rows > 0, "no {} at all", entity.name());
    }
}

#[test]
fn the_same_seed_and_moment_give_the_same_house_and_another_seed_another() {
    let of = |seed| {
        SampleHouse::new(seed, now(), 1)
            .records(Entity::Ledger)
            .collect::<Vec<_>>()
    };
    assert_eq!(of(7), of(7));
    assert_ne!(of(7), of(8));
}

#[test]
fn it_has_the_size_that_was_asked_for() {
    let house = house();
    let count = |entity| house.records(entity).count();
    assert!(count(Entity::Client) >= 600);
    assert!(count(Entity::Sale) >= 24);
    assert!(count(Entity::Lot) >= 5_900, "{} lots", count(Entity::Lot));
    assert!(
        count(Entity::Invoice) > 1_400,
        "{} invoices",
        count(Entity::Invoice)
    );
    let kinds: BTreeSet<String> = house
        .records(Entity::InvoiceLine)
        .map(|line| text(&line, "kind"))
        .collect();
    for kind in [
        "hammer",
        "premium",
        "vat",
        "sales_tax",
        "arr",
        "shipping",
        "insurance",
        "storage",
    ] {
        assert!(kinds.contains(kind), "no line charges {kind}");
    }
    let states: BTreeSet<String> = house
        .records(Entity::Dispute)
        .map(|dispute| text(&dispute, "stage"))
        .collect();
    assert!(states.len() >= 7, "{states:?}");
}

#[test]
fn holds_deposits_and_terms_occur_in_all_their_forms() {
    let house = house();
    let words = |entity: Entity, column: &str| -> BTreeSet<String> {
        house
            .records(entity)
            .map(|record| text(&record, column))
            .collect()
    };
    let codes = words(Entity::Hold, "code");
    assert_eq!(
        codes.len(),
        10,
        "{codes:?} on {} holds",
        house.records(Entity::Hold).count()
    );
    let scopes = words(Entity::Hold, "scope");
    assert_eq!(scopes.len(), 5, "{scopes:?}");
    assert_eq!(words(Entity::Hold, "state").len(), 3);
    assert!(
        words(Entity::Terms, "state").len() >= 7,
        "{:?}",
        words(Entity::Terms, "state")
    );
    assert!(
        words(Entity::Deposit, "state").len() >= 14,
        "{:?}",
        words(Entity::Deposit, "state")
    );
    assert!(
        words(Entity::Release, "state").len() >= 6,
        "{:?}",
        words(Entity::Release, "state")
    );
}

#[test]
fn an_invoice_is_the_sum_of_its_lines() {
    let house = house();
    let key = |record: &Record| {
        (
            text(record, "entity"),
            text(record, "invoice"),
            text(record, "currency"),
        )
    };
    let mut lines: BTreeMap<_, i64> = BTreeMap::new();
    for line in house.records(Entity::InvoiceLine) {
        *lines.entry(key(&line)).or_default() += minor(&line, "amount");
    }
    for invoice in house.records(Entity::Invoice) {
        assert_eq!(
            lines.get(&key(&invoice)),
            Some(&minor(&invoice, "total")),
            "{:?}",
            key(&invoice)
        );
    }
}

#[test]
fn what_a_clearing_document_clears_adds_up_to_what_it_left_open() {
    let mut cleared: BTreeMap<_, i64> = BTreeMap::new();
    let mut left: BTreeMap<_, i64> = BTreeMap::new();
    for item in house().records(Entity::Ledger) {
        let of = |column: &str| (text(&item, "entity"), text(&item, "client"), text(&item, column));
        if !is_null(&item, "cleared_by") {
            *cleared.entry(of("cleared_by")).or_default() += minor(&item, "amount");
        }
        if text(&item, "reference").starts_with("Residual of") {
            *left.entry(of("document")).or_default() += minor(&item, "amount");
        }
    }
    assert!(cleared.len() > 500 && left.len() > 5);
    for (document, sum) in cleared {
        assert_eq!(sum, left.get(&document).copied().unwrap_or(0), "{document:?}");
    }
}

#[test]
fn allocations_never_exceed_the_payment_or_the_invoice() {
    let house = house();
    let (mut of_payment, mut of_invoice): (BTreeMap<_, i64>, BTreeMap<_, i64>) = Default::default();
    for allocation in house.records(Entity::Allocation) {
        let amount = minor(&allocation, "amount");
        *of_payment
            .entry((text(&allocation, "source"), text(&allocation, "payment")))
            .or_default() += amount;
        *of_invoice
            .entry((text(&allocation, "entity"), text(&allocation, "invoice")))
            .or_default() += amount;
    }
    for payment in house.records(Entity::Payment) {
        let key = (text(&payment, "source"), text(&payment, "payment"));
        assert!(
            of_payment.remove(&key).unwrap_or(0) <= minor(&payment, "amount"),
            "{key:?}"
        );
    }
    assert_eq!(
        of_payment,
        BTreeMap::new(),
        "allocations of payments that do not exist"
    );
    for invoice in house.records(Entity::Invoice) {
        let key = (text(&invoice, "entity"), text(&invoice, "invoice"));
        assert!(
            of_invoice.remove(&key).unwrap_or(0) <= minor(&invoice, "total"),
            "{key:?}"
        );
    }
    assert_eq!(
        of_invoice,
        BTreeMap::new(),
        "allocations to invoices that do not exist"
    );
}

#[test]
fn a_deposits_movements_leave_what_is_held_and_never_less_than_nothing() {
    let house = house();
    let mut held: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for movement in house.records(Entity::DepositMovement) {
        let sum = held.entry(text(&movement, "deposit")).or_default();
        let amount = minor(&movement, "amount");
        assert!(amount > 0);
        match text(&movement, "kind").as_str() {
            "taken" => *sum = (sum.0 + amount, sum.1 + amount),
            "transferred_in" | "reversed" => sum.1 += amount,
            _ => sum.1 -= amount,
        }
    }
    for deposit in house.records(Entity::Deposit) {
        let id = text(&deposit, "deposit");
        let (taken, held) = held.get(&id).copied().unwrap_or((0, 0));
        assert!(
            held >= 0 && held <= minor(&deposit, "amount").max(taken),
            "{id}: {held} of {taken}"
        );
        let gone = matches!(
            text(&deposit, "state").as_str(),
            "refunded" | "forfeited" | "transferred" | "applied"
        );
        assert!(!gone || held == 0, "{id} is gone and still holds {held}");
    }
}

#[test]
fn whatever_is_referred_to_exists() {
    let house = house();
    let known = |entity: Entity, columns: &[&str]| -> BTreeSet<Vec<String>> {
        house
            .records(entity)
            .map(|record| columns.iter().map(|column| text(&record, column)).collect())
            .collect()
    };
    let clients = known(Entity::Client, &["client"]);
    let sales = known(Entity::Sale, &["sale"]);
    let lots = known(Entity::Lot, &["sale", "lot"]);
    let payments = known(Entity::Payment, &["source", "payment"]);
    let deposits = known(Entity::Deposit, &["deposit"]);
    for (entity, columns, target) in [
        (Entity::Alias, &["client"][..], &clients),
        (Entity::Client, &["merged_into"], &clients),
        (Entity::Lot, &["buyer"], &clients),
        (Entity::Lot, &["consignor"], &clients),
        (Entity::Lot, &["sale"], &sales),
        (Entity::Invoice, &["client"], &clients),
        (Entity::Invoice, &["sale"], &sales),
        (Entity::InvoiceLine, &["sale", "lot"], &lots),
        (Entity::Ledger, &["client"], &clients),
        (Entity::Payment, &["client"], &clients),
        (Entity::Deposit, &["source", "payment"], &payments),
        (Entity::Deposit, &["keep_for"], &sales),
        (Entity::DepositCover, &["sale"], &sales),
        (Entity::DepositCover, &["deposit"], &deposits),
        (Entity::Refund, &["deposit"], &deposits),
        (Entity::Dispute, &["source", "payment"], &payments),
        (Entity::Release, &["sale", "lot"], &lots),
        (Entity::Terms, &["client"], &clients),
    ] {
        for record in house.records(entity) {
            let key: Vec<String> = columns.iter().map(|column| text(&record, column)).collect();
            if key.iter().all(|part| !part.is_empty()) {
                assert!(
                    target.contains(&key),
                    "{} refers to {columns:?} {key:?}",
                    entity.name()
                );
            }
        }
    }
}

#[test]
fn a_house_made_for_measurement_has_exactly_ten_invoices_a_client() {
    let house = SampleHouse::scaled_to_invoices(7, now(), 3_000);
    let mut of_client: BTreeMap<String, usize> = BTreeMap::new();
    for invoice in house.records(Entity::Invoice) {
        *of_client.entry(text(&invoice, "client")).or_default() += 1;
    }
    let ordinary: Vec<usize> = of_client
        .iter()
        .filter(|(no, _)| no.as_str() >= "0002000000")
        .map(|(_, n)| *n)
        .collect();
    // Clients that were merged away have none.
    assert!(ordinary.len() >= 296, "{}", ordinary.len());
    assert!(
        ordinary.iter().all(|n| (10..=13).contains(n)),
        "{:?}",
        ordinary.iter().max()
    );
    let mut keys = BTreeSet::new();
    for lot in house.records(Entity::Lot) {
        assert!(
            keys.insert((text(&lot, "sale"), text(&lot, "lot"))),
            "a lot comes twice"
        );
    }
}

#[test]
fn the_files_hold_what_the_records_hold() {
    let dir = std::env::temp_dir().join(format!("hammerdesk-sample-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let house = house();
    let files = house.write_csv(&dir).unwrap();
    assert_eq!(files.len(), Entity::ALL.len());
    for (entity, file) in Entity::ALL.iter().zip(&files) {
        let text = std::fs::read_to_string(file).unwrap();
        assert_eq!(
            text.lines().count(),
            house.records(*entity).count() + 1,
            "{}",
            entity.name()
        );
        assert!(text.starts_with(entity.columns()[0].name));
    }
    std::fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn everybody_has_an_address_of_their_own_whatever_the_script_of_their_name() {
    let house = house();
    let mut owners: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for alias in house.records(Entity::Alias) {
        if text(&alias, "kind") == "email" {
            let address = text(&alias, "value");
            let (mailbox, host) = address.split_once('@').expect("an address");
            let letters = mailbox.chars().filter(char::is_ascii_lowercase).count();
            assert!(letters >= 2 && host.starts_with("example."), "{address}");
            assert!(
                mailbox.split('.').all(|part| !part.is_empty()),
                "{address} is no address that anybody has"
            );
            owners.entry(address).or_default().insert(text(&alias, "client"));
        }
    }
    let shared: Vec<_> = owners.iter().filter(|(_, owners)| owners.len() > 1).collect();
    assert!(shared.is_empty(), "{shared:?}");
}
