//! The readers as a whole: bytes and a profile in, records, quarantine, totals and sentences out.

mod damaged;
mod mapped;
mod plain;
mod shipped;

use hammerdesk_domain::record::{Entity, Record, Value};

use crate::{FeedError, Format, Item, Profile, Quarantined, Reader, Totals};

struct Outcome {
    records: Vec<Record>,
    bad: Vec<Quarantined>,
    totals: Totals,
}

impl Outcome {
    fn column(&self, name: &str) -> Vec<&Value> {
        self.records.iter().map(|record| record.get(name)).collect()
    }

    fn complaints(&self) -> Vec<String> {
        self.bad
            .iter()
            .map(|bad| format!("{}:{}: {}", bad.line, bad.column, bad.reason))
            .collect()
    }
}

fn read(profile: &Profile, bytes: &[u8]) -> Result<Outcome, String> {
    let sentence = |error: FeedError| error.to_string();
    let mut reader =
        Reader::new(Box::new(std::io::Cursor::new(bytes.to_vec())), profile).map_err(sentence)?;
    let (mut records, mut bad) = (Vec::new(), Vec::new());
    while let Some(item) = reader.next_item().map_err(sentence)? {
        match item {
            Item::Record { record, .. } => records.push(record),
            Item::Bad(quarantined) => bad.push(quarantined),
        }
    }
    Ok(Outcome {
        records,
        bad,
        totals: reader.totals().clone(),
    })
}

fn ledger(text: &str) -> Result<Outcome, String> {
    read(&Profile::canonical(Entity::Ledger, Format::Csv), text.as_bytes())
}

fn refusal(outcome: Result<Outcome, String>) -> String {
    match outcome {
        Ok(outcome) => panic!("was read: {} rows, bad {:?}", outcome.totals.rows, outcome.bad),
        Err(sentence) => sentence,
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn date(text: &str) -> Value {
    Value::Date(text.parse().unwrap())
}
