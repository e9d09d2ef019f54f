//! One cell to one value, by what its column holds and how the file is declared to write it.

use chrono::{DateTime, Datelike, SubsecRound, Utc};
use hammerdesk_domain::ids::{ClientNo, LONGEST_ID};
use hammerdesk_domain::money::Currency;
use hammerdesk_domain::record::{Column, Kind, Value};
use hammerdesk_domain::text::{clean, is_deceptive};

use crate::damage::{self, ZeroWatch};
use crate::date::{DateStyle, Reading, YEARS};
use crate::near::hint;
use crate::number::{self, Amiss, NumberStyle};
use crate::profile::{ColumnRule, Declared, Profile};

/// The longest cell that may hold free text, in bytes; longer ones are no text of a person.
const LONGEST_CELL: usize = 10_000;
/// The longest free text that is kept, in characters.
const LONGEST_TEXT: usize = 500;

/// How one canonical column is filled from a file.
pub(crate) struct Plan {
    pub(crate) at: usize,
    pub(crate) column: &'static Column,
    /// The name by which the person knows it: of the file's column.
    pub(crate) shown: String,
    pub(crate) from: From,
    pub(crate) default: Value,
    pub(crate) rule: Option<ColumnRule>,
    pub(crate) sign: Option<usize>,
}

/// Where a cell stands: its line, and for an amount the currency of its row.
#[derive(Clone, Copy)]
pub(crate) struct Spot {
    pub(crate) line: u64,
    pub(crate) currency: Option<Denomination>,
}

/// A currency and its number of decimals, looked up once a file and not once a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Denomination {
    pub(crate) currency: Currency,
    places: u32,
}

/// The currencies that a file was seen to use.
#[derive(Debug, Default)]
pub(crate) struct Currencies(Vec<(String, Denomination)>);

impl Currencies {
    /// The currency of that code.
    pub(crate) fn named(&mut self, code: &str) -> Option<Denomination> {
        if let Some((_, known)) = self.0.iter().find(|(known, _)| known == code) {
            return Some(*known);
        }
        let currency: Currency = code.parse().ok()?;
        let found = Denomination {
            currency,
            places: currency.places(),
        };
        if code.len() == 3 {
            self.0.push((code.to_owned(), found));
        }
        Some(found)
    }
}

/// What reading one file remembers across its rows.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// For each canonical column of identifiers: its leading zeros.
    pub(crate) zeros: Vec<Option<ZeroWatch>>,
    pub(crate) currencies: Currencies,
}

/// Where a value comes from, by places in the header.
pub(crate) enum From {
    Absent,
    Constant(String),
    One(usize),
    Joined(Vec<usize>, String),
    YearOf(usize),
}

/// Why a cell has no value.
pub(crate) enum Problem {
    /// The row is bad.
    Bad(String),
    /// The file is.
    File(String),
}

fn bad(reason: impl Into<String>) -> Problem {
    Problem::Bad(reason.into())
}

/// What a person may see of a value from outside.
pub(crate) fn shown(text: &str) -> String {
    format!("{:?}", clean(text, 40))
}

impl ColumnRule {
    pub(crate) fn meaning_of<'a>(&'a self, text: &'a str) -> &'a str {
        self.map
            .iter()
            .find(|(word, _)| word == text)
            .map_or(text, |(_, meaning)| meaning)
    }
}

impl Plan {
    fn is_declared(&self, declared: Declared) -> bool {
        self.rule
            .as_ref()
            .is_some_and(|rule| rule.declared == Some(declared))
    }

    pub(crate) fn read(
        &self,
        text: &str,
        profile: &Profile,
        spot: Spot,
        memory: &mut Memory,
    ) -> Result<Value, Problem> {
        if text.is_empty() {
            return Ok(Value::Null);
        }
        match self.column.kind {
            Kind::Text => free_text(text),
            Kind::Id => self.identifier(text, spot.line, memory),
            Kind::Client => match self.identifier(text, spot.line, memory)? {
                Value::Text(text) if is_canonical_client(&text) => Ok(Value::Text(text)),
                Value::Text(text) => ClientNo::parse(&text)
                    .map(|client| Value::Text(client.as_str().to_owned()))
                    .ok_or_else(|| bad("has a character that no client number has")),
                other => Ok(other),
            },
            Kind::Int => {
                let text = self.undone(text, Declared::IntegerAsDecimal);
                number::parse_int(text).map(Value::Int).map_err(|_| {
                    damage::of_integer(text).map_or_else(
                        || bad(format!("{} is not a whole number", shown(text))),
                        Problem::File,
                    )
                })
            }
            Kind::Money(_) => self.amount(text, profile.numbers, spot.currency),
            Kind::Currency => match memory.currencies.named(text) {
                Some(known) => Ok(Value::Text(known.currency.code().to_owned())),
                None => Err(bad(format!("{} is not an ISO 4217 currency", shown(text)))),
            },
            Kind::Date => self.date(
                text,
                self.rule
                    .as_ref()
                    .and_then(|rule| rule.dates.as_ref())
                    .unwrap_or(&profile.dates),
            ),
            Kind::Instant => instant(text),
            Kind::Bool => yes_or_no(text),
            Kind::Choice(words) => match words.iter().find(|word| word.eq_ignore_ascii_case(text)) {
                Some(word) => Ok(Value::Text((*word).to_owned())),
                None => Err(bad(format!(
                    "{} is not one of {}{}",
                    shown(text),
                    words.join(", "),
                    hint(text, words.iter().copied())
                ))),
            },
        }
    }

    /// The text without the `.0` that was declared to be there.
    fn undone<'a>(&self, text: &'a str, declared: Declared) -> &'a str {
        if !self.is_declared(declared) {
            return text;
        }
        match text.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() && fraction.bytes().all(|b| b == b'0') => whole,
            _ => text,
        }
    }

    /// Its reasons never quote the cell: a name that slipped into the column of client numbers may be one
    /// that not everybody may read.
    fn identifier(&self, text: &str, line: u64, memory: &mut Memory) -> Result<Value, Problem> {
        let text = self.undone(text, Declared::IntegerAsDecimal);
        if text.len() > LONGEST_ID && text.chars().count() > LONGEST_ID {
            return Err(bad(format!("is longer than {LONGEST_ID} characters")));
        }
        if text.bytes().all(|b| b.is_ascii_digit()) {
            let digits = self.rule.as_ref().and_then(|rule| rule.digits);
            if digits.is_some_and(|digits| text.len() > digits) {
                return Err(bad("has more digits than the mapping declares"));
            }
            if let Some(Some(zeros)) = memory.zeros.get_mut(self.at) {
                zeros.see(text, line);
            }
            return Ok(Value::Text(text.to_owned()));
        }
        if text.chars().any(is_deceptive) {
            return Err(bad("has a hidden or control character inside an identifier"));
        }
        if text.chars().any(char::is_whitespace) {
            return Err(bad("has a blank inside an identifier"));
        }
        damage::of_identifier(text)
            .map_or_else(|| Ok(Value::Text(text.to_owned())), |why| Err(Problem::File(why)))
    }

    fn amount(
        &self,
        text: &str,
        style: NumberStyle,
        currency: Option<Denomination>,
    ) -> Result<Value, Problem> {
        let Denomination { currency, places } =
            currency.ok_or_else(|| bad("has no currency to be an amount of"))?;
        let minor = number::parse_minor(text, style, places).map_err(|amiss| match amiss {
            Amiss::OtherStyle(why) => Problem::File(format!(
                "{} contradicts the declared number style ({}): {why}. Declare the style that the whole file has under [numbers] in the mapping",
                shown(text),
                style.described()
            )),
            Amiss::NotANumber => damage::of_number(text)
                .map_or_else(|| bad(format!("{} is not an amount", shown(text))), Problem::File),
            Amiss::TooPrecise => bad(format!("{} has more decimals than {currency} has ({})", shown(text), places)),
            Amiss::TooLarge => bad(format!("{} is too large to be an amount", shown(text))),
        })?;
        let is_negated = self.rule.as_ref().is_some_and(|rule| rule.is_negated);
        Ok(Value::Int(if is_negated { -minor } else { minor }))
    }

    pub(crate) fn signed(&self, minor: i64, word: &str) -> Result<i64, Problem> {
        let Some(sign) = self.rule.as_ref().and_then(|rule| rule.sign.as_ref()) else {
            return Ok(minor);
        };
        if minor < 0 {
            return Err(bad(format!(
                "is signed although {} tells debit from credit",
                sign.column
            )));
        }
        if sign.debit.iter().any(|debit| debit == word) {
            Ok(minor)
        } else if sign.credit.iter().any(|credit| credit == word) {
            Ok(-minor)
        } else {
            Err(bad(format!(
                "{} is {}, neither debit nor credit",
                sign.column,
                shown(word)
            )))
        }
    }

    fn date(&self, text: &str, style: &DateStyle) -> Result<Value, Problem> {
        let text = self.undone(text, Declared::DateAsDecimal);
        match style.read(text) {
            Reading::Date(day) => Ok(Value::Date(day)),
            Reading::NoDate => Ok(Value::Null),
            Reading::Swapped => Err(Problem::File(format!(
                "{} contradicts the declared date format {}: day and month are the other way round. Declare the format that the whole file has under [dates] in the mapping",
                shown(text),
                style.described()
            ))),
            Reading::Impossible => Err(bad(format!(
                "{} is no possible date (years {} to {})",
                shown(text),
                YEARS.start(),
                YEARS.end()
            ))),
            Reading::Unreadable => Err(damage::of_date(text).map_or_else(
                || bad(format!("{} is not a date as {}", shown(text), style.described())),
                Problem::File,
            )),
        }
    }
}

/// Already in the form that [`ClientNo::parse`] gives it?
fn is_canonical_client(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit())
}

fn free_text(text: &str) -> Result<Value, Problem> {
    if text.len() > LONGEST_CELL {
        return Err(bad(format!("is longer than {LONGEST_CELL} bytes")));
    }
    if damage::is_error_value(text) {
        return Err(Problem::File(damage::error_value(text)));
    }
    let is_plain = text.len() < LONGEST_TEXT
        && text.bytes().all(|b| (b' '..=b'~').contains(&b))
        && !text.as_bytes().windows(2).any(|pair| pair == b"  ");
    let text = if is_plain {
        text.to_owned()
    } else {
        clean(text, LONGEST_TEXT)
    };
    Ok(if text.is_empty() {
        Value::Null
    } else {
        Value::Text(text)
    })
}

fn instant(text: &str) -> Result<Value, Problem> {
    let wrong = || {
        bad(format!(
            "{} is not an instant with its offset, as in 2026-09-30T17:00:00Z",
            shown(text)
        ))
    };
    let read = DateTime::parse_from_rfc3339(text)
        .map_err(|_| damage::of_date(text).map_or_else(wrong, Problem::File))?;
    if !YEARS.contains(&read.year()) {
        return Err(bad(format!(
            "{} is no possible date (years {} to {})",
            shown(text),
            YEARS.start(),
            YEARS.end()
        )));
    }
    Ok(Value::Instant(read.with_timezone(&Utc).trunc_subsecs(6)))
}

fn yes_or_no(text: &str) -> Result<Value, Problem> {
    let is_any = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_any(&["yes", "true", "1"]) {
        Ok(Value::Bool(true))
    } else if is_any(&["no", "false", "0"]) {
        Ok(Value::Bool(false))
    } else {
        Err(bad(format!("{} is neither yes nor no", shown(text))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_cut_for_client_numbers_agrees_with_their_canonical_form() {
        for text in [
            "0140105686",
            "140105686",
            "0000000000",
            "A123456789",
            "01401056860",
            "٠١٢٣٤",
        ] {
            let canonical = ClientNo::parse(text).map(|client| client.as_str().to_owned());
            assert!(
                !is_canonical_client(text) || canonical.as_deref() == Some(text),
                "{text}"
            );
        }
        assert!(is_canonical_client("0140105686"));
    }

    #[test]
    fn a_currency_is_looked_up_once_and_in_any_case() {
        let mut seen = Currencies::default();
        assert_eq!(seen.named("usd").map(|known| known.currency), Some(Currency::USD));
        assert_eq!(seen.named("usd"), seen.named("USD"));
        assert_eq!(seen.named("XXX"), None);
    }
}
