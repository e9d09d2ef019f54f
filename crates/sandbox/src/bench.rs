//! Rows for measurement alone: plain ledger items and plain clients, without the story around them.
//!
//! Promises: deterministic, streaming, every row valid for its schema.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use chrono::{NaiveDate, TimeDelta};
use hammerdesk_domain::record::{Entity, Record, Value};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::csv::CsvWriter;
use crate::names;

const ENTITIES: [(&str, &str); 3] = [("1000", "GBP"), ("2000", "USD"), ("3000", "HKD")];

/// So many ledger rows that end at `today`: ten to a client, nine of ten cleared.
pub fn ledger_rows(n: u64, today: NaiveDate) -> impl Iterator<Item = Record> {
    let mut rng = ChaCha8Rng::seed_from_u64(n);
    let clients = (n / 10).max(1);
    (0..n).map(move |at| {
        let (entity, currency) = ENTITIES[usize::try_from(at % clients % 3).unwrap_or(0)];
        let posted_on = today - TimeDelta::days(rng.random_range(0..700));
        let amount = rng.random_range(1_000_i64..5_000_000);
        let cleared = rng
            .random_ratio(9, 10)
            .then(|| (posted_on + TimeDelta::days(rng.random_range(1..40))).min(today));
        let document = format!("9{at:09}");
        let text = |text: &str| Value::Text(text.to_owned());
        let values = vec![
            text(entity),
            Value::Text(document.clone()),
            Value::Int(crate::place::fiscal_year(posted_on)),
            Value::Int(1),
            Value::Text(format!("{:010}", 3_000_000 + at % clients)),
            Value::Null,
            text("invoice"),
            Value::Int(amount),
            text(currency),
            Value::Date(posted_on),
            Value::Date(posted_on),
            Value::Date(posted_on + TimeDelta::days(7)),
            Value::Text(document),
            cleared.map_or(Value::Null, Value::Date),
            cleared.map_or(Value::Null, |_| Value::Text(format!("8{at:09}"))),
            Value::Null,
            Value::Bool(false),
            Value::Bool(false),
            Value::Text(format!("Sale L{}", 1700 + at % 100)),
        ];
        Record {
            entity: Entity::Ledger,
            values,
        }
    })
}

/// The same rows as a canonical CSV file.
pub fn write_ledger_csv(n: u64, today: NaiveDate, path: &Path) -> io::Result<()> {
    let mut csv = CsvWriter::new(
        BufWriter::with_capacity(1 << 20, File::create(path)?),
        Entity::Ledger,
    )?;
    for record in ledger_rows(n, today) {
        csv.write(&record)?;
    }
    csv.finish().map(drop)
}

/// So many clients with e-mail, phone and other spellings, for measuring search: client and alias records
/// in turn.
pub fn clients(n: u64) -> impl Iterator<Item = Record> {
    (0..n).flat_map(move |at| {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        rng.set_stream(at);
        let saleroom = usize::try_from(at % 3).unwrap_or(0);
        let name = names::name(&mut rng, saleroom);
        let number = format!("{:010}", 3_000_000 + at);
        let text = |text: &str| Value::Text(text.to_owned());
        let location = ["london", "new-york", "hong-kong"][saleroom];
        let mut records = vec![Record {
            entity: Entity::Client,
            values: vec![
                text(&number),
                Value::Text(name.legal),
                text(if name.company { "company" } else { "person" }),
                Value::Null,
                text(name.country),
                Value::Null,
                text(name.language),
                text(location),
                Value::Null,
                text("normal"),
                Value::Null,
            ],
        }];
        let mut alias = |kind: &str, value: String| {
            records.push(Record {
                entity: Entity::Alias,
                values: vec![text(&number), text(kind), Value::Text(value), Value::Null],
            });
        };
        alias("email", format!("{}{at}@example.com", name.mailbox));
        alias("phone", names::phone(saleroom, at));
        for variant in name.variants.into_iter().take(2) {
            alias("name", variant);
        }
        records
    })
}
