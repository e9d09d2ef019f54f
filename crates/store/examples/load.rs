//! How fast a ledger comes in, and how fast clients are found in it.
//!
//! `cargo run --release -p hammerdesk-store --example load -- sqlite:/tmp/load.db 1000000`

use std::time::Instant;

use chrono::{DateTime, NaiveDate, Utc};
use hammerdesk_domain::ids::ClientNo;
use hammerdesk_domain::record::{Entity, Record, Value};
use hammerdesk_store::{AccountQuery, ClientQuery, Effort, Line, Load, NewBatch, Part, Store, Summary};

const GIVEN: [&str; 12] = [
    "Mei", "Ada", "Olga", "Jean", "Wing", "Noor", "Sven", "Ana", "Li", "Tom", "Aiko", "Femi",
];
const FAMILY: [&str; 8] = [
    "Chan",
    "Lovelace",
    "Smith",
    "Müller",
    "Wong",
    "de la Cruz",
    "O'Brien",
    "Tanaka",
];

fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

fn name(client: usize) -> String {
    let (given, family) = (GIVEN[client % 12], FAMILY[client / 7 % 8]);
    format!("{given} {} {family}", letters(client))
}

/// A word of its own for each client.
fn letters(mut n: usize) -> String {
    let mut out = String::new();
    for _ in 0..4 {
        out.push(char::from(b'a' + u8::try_from(n % 26).unwrap_or(0)));
        n /= 26;
    }
    out
}

fn row(n: usize, clients: usize, changed: bool) -> Record {
    let day = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap_or_default() + chrono::Days::new((n % 700) as u64);
    let client = (n.wrapping_mul(2_654_435_761)) % clients;
    let cleared = !n.is_multiple_of(5);
    let values = vec![
        text(["GB01", "US01", "HK01"][n % 3]),
        text(format!("{:010}", 1_800_000_000 + n / 2)),
        Value::Int(2024 + (n % 700 / 366) as i64),
        Value::Int((n % 2) as i64 + 1),
        text(format!("{:010}", 140_000_000 + client)),
        text(name(client)),
        text("invoice"),
        Value::Int((n % 9_999) as i64 * 100 + i64::from(changed)),
        text(["GBP", "USD", "HKD"][n % 3]),
        Value::Date(day),
        Value::Date(day),
        Value::Date(day + chrono::Days::new(30)),
        text(format!("90{:08}", n / 4)),
        if cleared {
            Value::Date(day + chrono::Days::new(45))
        } else {
            Value::Null
        },
        if cleared {
            text(format!("14{n:08}"))
        } else {
            Value::Null
        },
        Value::Null,
        Value::Bool(false),
        Value::Bool(false),
        text(format!("SALE {} LOT {}", n % 400, n % 1000)),
    ];
    Record {
        entity: Entity::Ledger,
        values,
    }
}

/// The most memory this process ever held, in megabytes.
fn most_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap_or("")
        .to_owned()
}

#[expect(clippy::print_stdout, reason = "it reports to the person who measures")]
fn say(line: &str) {
    println!("{line}");
}

async fn load(store: &Store, rows: usize, round: u32) -> Result<(), Box<dyn std::error::Error>> {
    let at = |day: u32| {
        DateTime::<Utc>::from_timestamp(1_790_000_000 + i64::from(day) * 86_400, 0).unwrap_or_default()
    };
    let batch = NewBatch {
        source: "sap".into(),
        entity: Entity::Ledger,
        file_name: "ledger.csv".to_owned(),
        sha256: format!("{round}"),
        mapping: None,
        extracted_at: at(round),
        complete: true,
        at: at(round),
    };
    let began = Instant::now();
    let Load::Open(mut loader) = store.begin_load(batch).await? else {
        return Ok(());
    };
    let clients = (rows / 10).max(1);
    for start in (0..rows).step_by(1_000) {
        let lines = (start..rows.min(start + 1_000)).map(|n| Line {
            line: n as u64 + 2,
            record: row(n, clients, round > 1 && n % 100 == 0),
        });
        loader.rows(lines.collect()).await?;
    }
    let staged = began.elapsed();
    let summary = Summary {
        rows: rows as u64,
        quarantined: Vec::new(),
        control_totals: serde_json::json!({}),
        at: at(round),
    };
    let loaded = loader.finish(summary).await?;
    say(&format!(
        "staged in {staged:?}, all in {:?}, {}: {loaded:?}",
        began.elapsed(),
        most_memory()
    ));
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let (Some(url), Some(rows)) = (words.next(), words.next()) else {
        say("load DATABASE ROWS");
        return Ok(());
    };
    let rows: usize = rows.parse()?;
    let store = Store::create(&url).await?;
    for round in [1, 1, 2] {
        load(&store, rows, round).await?;
    }
    let began = Instant::now();
    let store = Store::open(&url).await?;
    let mut view = store.read().await?;
    say(&format!("ready in {:?}", began.elapsed()));
    for text in [
        "140000007",
        "m",
        "a",
        "mei",
        "chan",
        "chan m",
        "m c",
        "aaab",
        "mei smith",
        "müller",
        "zzzz",
        "de la",
    ] {
        let query = ClientQuery {
            text: text.to_owned(),
            limit: 10,
            effort: Effort::Asked,
        };
        view.search_clients(&query).await?;
        let began = Instant::now();
        let found = view.search_clients(&query).await?;
        let names: Vec<&str> = found
            .iter()
            .take(3)
            .map(|found| found.client.name.as_str())
            .collect();
        say(&format!(
            "{text:>10}: {:?}, {} found, {names:?}",
            began.elapsed(),
            found.len()
        ));
    }
    let as_of = NaiveDate::from_ymd_opt(2025, 6, 30).unwrap_or_default();
    for with in [Part::Balance, Part::Show] {
        let Some(client) = ClientNo::parse("140000007") else {
            continue;
        };
        let query = AccountQuery { client, as_of, with };
        view.account(&query).await?;
        let began = Instant::now();
        let facts = view.account(&query).await?;
        say(&format!(
            "account: {:?}, {} items",
            began.elapsed(),
            facts.map_or(0, |facts| facts.items.len())
        ));
    }
    let began = Instant::now();
    let bands = view.debtors(as_of, &[0, 15, 32], None).await?;
    say(&format!("debtors: {:?}, {} bands", began.elapsed(), bands.len()));
    Ok(())
}
