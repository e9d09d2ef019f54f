//! Control totals: what a file adds up to, and what it was said to add up to.
//!
//! The sums are over every row whose amount could be read, quarantined rows too: they are there to prove
//! that the file arrived whole, not to say what is owed. Sums are 128 bits wide, so they cannot overflow.

use std::collections::BTreeMap;

use hammerdesk_domain::money::Currency;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rows of data, good and bad; blank lines and skipped rows are not among them.
    pub rows: u64,
    /// Rows that became records.
    pub accepted: u64,
    /// Rows that did not.
    pub quarantined: u64,
    /// Rows left out because the mapping says so.
    pub skipped: u64,
    /// Sum of each money column per currency, in minor units.
    pub sums: BTreeMap<(String, Currency), i128>,
    /// Blank cells of the columns that must be filled.
    pub blanks: BTreeMap<String, u64>,
}

/// What the sender says the file holds: in the mapping, on the command line or in `<file>.totals.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Rows of data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Money column, then currency, then the sum as a decimal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sums: BTreeMap<String, BTreeMap<Currency, String>>,
}

impl Totals {
    /// The sums as text, for reports: column, then currency, then a decimal.
    pub fn sums_text(&self) -> BTreeMap<String, BTreeMap<Currency, String>> {
        let mut out: BTreeMap<String, BTreeMap<Currency, String>> = BTreeMap::new();
        for ((column, currency), sum) in &self.sums {
            out.entry(column.clone())
                .or_default()
                .insert(*currency, decimal(*sum, *currency));
        }
        out
    }
}

impl Expected {
    /// Reads a sidecar file; the error is a sentence.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let read: Self = serde_json::from_str(text)
            .map_err(|error| format!("The control totals cannot be read: {error}."))?;
        read.checked()
    }

    /// The same, if every sum is a decimal number.
    pub(crate) fn checked(self) -> Result<Self, String> {
        for (column, sums) in &self.sums {
            for (currency, sum) in sums {
                if Decimal::from_str_exact(sum).is_err() {
                    return Err(format!(
                        "The control total of {column} in {currency}, {sum:?}, is no decimal number."
                    ));
                }
            }
        }
        Ok(self)
    }

    /// Is nothing declared?
    pub fn is_empty(&self) -> bool {
        self.rows.is_none() && self.sums.is_empty()
    }

    /// Both together; what `other` says wins.
    #[must_use]
    pub fn overlaid(mut self, other: Self) -> Self {
        self.rows = other.rows.or(self.rows);
        for (column, sums) in other.sums {
            self.sums.entry(column).or_default().extend(sums);
        }
        self
    }

    /// One sentence for each total that the file misses; empty if it ties.
    pub fn misses(&self, read: &Totals) -> Vec<String> {
        let mut out = Vec::new();
        if let Some(rows) = self.rows.filter(|rows| *rows != read.rows) {
            out.push(format!(
                "The file should hold {rows} rows and holds {}.",
                read.rows
            ));
        }
        for (column, sums) in &self.sums {
            for (currency, wanted) in sums {
                let sum = read.sums.get(&(column.clone(), *currency)).copied().unwrap_or(0);
                let same = Decimal::from_str_exact(wanted)
                    .ok()
                    .zip(Decimal::try_from_i128_with_scale(sum, currency.places()).ok())
                    .is_some_and(|(wanted, found)| wanted == found);
                if !same {
                    out.push(format!(
                        "{column} in {currency} should add up to {wanted} and adds up to {}.",
                        decimal(sum, *currency)
                    ));
                }
            }
            let unexpected = read
                .sums
                .keys()
                .filter(|(name, currency)| name == column && !sums.contains_key(currency));
            for (_, currency) in unexpected {
                out.push(format!(
                    "{column} has amounts in {currency}, for which no control total was given."
                ));
            }
        }
        out
    }
}

fn decimal(minor: i128, currency: Currency) -> String {
    let places = usize::try_from(currency.places()).unwrap_or(0);
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let sign = if minor < 0 { "-" } else { "" };
    if places == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read() -> Totals {
        let mut totals = Totals {
            rows: 2,
            accepted: 2,
            ..Totals::default()
        };
        totals.sums.insert(("amount".to_owned(), Currency::USD), 502_900);
        totals
    }

    #[test]
    fn totals_that_tie_are_silent_and_each_one_that_does_not_is_a_sentence() {
        let tie = Expected::from_json(r#"{"rows":2,"sums":{"amount":{"USD":"5029.0"}}}"#).unwrap();
        assert_eq!(tie.misses(&read()), Vec::<String>::new());
        let miss = Expected::from_json(r#"{"rows":3,"sums":{"amount":{"USD":"5029.22"}}}"#).unwrap();
        assert_eq!(
            miss.misses(&read()),
            [
                "The file should hold 3 rows and holds 2.",
                "amount in USD should add up to 5029.22 and adds up to 5029.00."
            ]
        );
    }

    #[test]
    fn an_amount_in_a_currency_nobody_announced_is_a_miss() {
        let mut totals = read();
        totals.sums.insert(("amount".to_owned(), Currency::GBP), 1);
        let expected = Expected::from_json(r#"{"sums":{"amount":{"USD":"5029"}}}"#).unwrap();
        assert_eq!(
            expected.misses(&totals),
            ["amount has amounts in GBP, for which no control total was given."]
        );
    }

    #[test]
    fn sums_are_written_with_their_currency_s_own_places() {
        let kwd: Currency = "KWD".parse().unwrap();
        let jpy: Currency = "JPY".parse().unwrap();
        assert_eq!(
            (decimal(-5, kwd), decimal(7, jpy), decimal(0, Currency::GBP)),
            ("-0.005".into(), "7".into(), "0.00".into())
        );
    }
}
