//! Canonical CSV, written fast: what `import` reads back.
//!
//! Promises: a header of the schema's column names, dates as `2026-11-23`, instants in UTC, amounts as
//! decimals with the currency's own number of places, yes and no, blank for nothing; quotes only where a
//! text needs them.

use std::io::{self, Write};

use chrono::{Datelike, NaiveDate};
use hammerdesk_domain::money::{Currency, Money};
use hammerdesk_domain::record::{Entity, Kind, Record};

use crate::rows::Cell;

/// Writes the records of one entity.
#[derive(Debug)]
pub struct CsvWriter<W: Write> {
    out: W,
    /// For each column the one that holds its currency, where it is money.
    currency_of: Vec<Option<usize>>,
    line: Vec<u8>,
}

impl<W: Write> CsvWriter<W> {
    /// Starts with the header.
    pub fn new(mut out: W, entity: Entity) -> io::Result<Self> {
        let names: Vec<&str> = entity.columns().iter().map(|column| column.name).collect();
        writeln!(out, "{}", names.join(","))?;
        let currency_of = entity
            .columns()
            .iter()
            .map(|column| match column.kind {
                Kind::Money(currency) => entity.column_index(currency),
                _ => None,
            })
            .collect();
        Ok(Self {
            out,
            currency_of,
            line: Vec::with_capacity(256),
        })
    }

    /// Adds one record.
    pub fn write(&mut self, record: &Record) -> io::Result<()> {
        let cells: Vec<Cell<'_>> = record.values.iter().map(Cell::from).collect();
        self.write_cells(&cells)
    }

    /// Adds one row.
    pub(crate) fn write_cells(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        self.line.clear();
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.line.push(b',');
            }
            match *cell {
                Cell::Null => {}
                Cell::Text(text) => quoted(&mut self.line, text),
                Cell::Int(number) => match self.currency_of.get(at).copied().flatten() {
                    Some(column) => amount(&mut self.line, number, cells.get(column))?,
                    None => integer(&mut self.line, number),
                },
                Cell::Date(day) => date(&mut self.line, day),
                Cell::Instant(instant) => write!(self.line, "{}", instant.format("%Y-%m-%dT%H:%M:%S%.fZ"))?,
                Cell::Bool(yes) => self.line.extend_from_slice(if yes { b"yes" } else { b"no" }),
            }
        }
        self.line.push(b'\n');
        self.out.write_all(&self.line)
    }

    /// Flushes and gives the writer back.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

fn amount(line: &mut Vec<u8>, minor: i64, currency: Option<&Cell<'_>>) -> io::Result<()> {
    match currency {
        // The usual case, without the detour over decimals.
        Some(Cell::Text("GBP" | "USD" | "HKD" | "EUR")) => {
            if minor < 0 {
                line.push(b'-');
            }
            let size = minor.unsigned_abs();
            digits(line, size / 100, 1);
            line.push(b'.');
            digits(line, size % 100, 2);
            Ok(())
        }
        Some(Cell::Text(code)) => {
            let currency: Currency = code.parse().map_err(io::Error::other)?;
            line.extend_from_slice(Money::from_minor(minor, currency).plain().as_bytes());
            Ok(())
        }
        _ => Err(io::Error::other(
            "an amount without its currency cannot be written",
        )),
    }
}

fn integer(line: &mut Vec<u8>, number: i64) {
    if number < 0 {
        line.push(b'-');
    }
    digits(line, number.unsigned_abs(), 1);
}

fn date(line: &mut Vec<u8>, day: NaiveDate) {
    digits(line, u64::from(day.year().unsigned_abs()), 4);
    line.push(b'-');
    digits(line, u64::from(day.month()), 2);
    line.push(b'-');
    digits(line, u64::from(day.day()), 2);
}

/// The digits of a number, at least so many: the formatting machinery costs more than all the rest.
fn digits(line: &mut Vec<u8>, mut number: u64, least: usize) {
    let mut buffer = [b'0'; 20];
    let mut at = buffer.len();
    while at > 0 && (number > 0 || buffer.len() - at < least) {
        at -= 1;
        buffer[at] = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
    line.extend_from_slice(&buffer[at..]);
}

fn quoted(line: &mut Vec<u8>, text: &str) {
    if text.bytes().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r')) {
        line.push(b'"');
        for b in text.bytes() {
            if b == b'"' {
                line.push(b'"');
            }
            line.push(b);
        }
        line.push(b'"');
    } else {
        line.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use hammerdesk_domain::record::Value;

    use super::*;

    fn row(currency: &str, amount: i64, reference: &str) -> Record {
        let mut values = vec![Value::Null; Entity::Payment.columns().len()];
        let mut set =
            |column: &str, value: Value| values[Entity::Payment.column_index(column).unwrap()] = value;
        set("amount", Value::Int(amount));
        set("currency", Value::Text(currency.to_owned()));
        set("reference", Value::Text(reference.to_owned()));
        Record {
            entity: Entity::Payment,
            values,
        }
    }

    #[test]
    fn amounts_have_their_currencys_places_and_texts_are_quoted_where_they_must() {
        let mut csv = CsvWriter::new(Vec::new(), Entity::Payment).unwrap();
        for record in [
            row("GBP", -5, "a \"b\", c"),
            row("JPY", 1200, "x"),
            row("BHD", 1, ""),
            row("USD", 123_456, "y"),
        ] {
            csv.write(&record).unwrap();
        }
        let text = String::from_utf8(csv.finish().unwrap()).unwrap();
        let rows: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            rows,
            [
                ",,,,,,-0.05,GBP,,,,,,,,\"a \"\"b\"\", c\"",
                ",,,,,,1200,JPY,,,,,,,,x",
                ",,,,,,0.001,BHD,,,,,,,,",
                ",,,,,,1234.56,USD,,,,,,,,y"
            ]
        );
        assert!(
            CsvWriter::new(Vec::new(), Entity::Payment)
                .unwrap()
                .write(&row("XXX", 1, ""))
                .is_err()
        );
    }
}
