//! How a file is to be read: the canonical feed of an entity, or what a mapping file declares.

use std::collections::BTreeMap;
use std::path::Path;

use hammerdesk_domain::record::Entity;

use crate::date::DateStyle;
use crate::error::FeedError;
use crate::input::Encoding;
use crate::number::NumberStyle;
use crate::totals::{Expected, Totals};

/// The syntax of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Delimited text with a header.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

impl Format {
    /// By the name's ending: `.jsonl` and `.ndjson` are JSON lines, anything else is delimited text.
    pub fn of_path(path: &Path) -> Self {
        let ending = path
            .extension()
            .and_then(|ending| ending.to_str())
            .unwrap_or_default();
        let is_json = ["jsonl", "ndjson"]
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known));
        if is_json { Self::JsonLines } else { Self::Csv }
    }
}

/// Everything a reader must know about a file before its first byte.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Name for reports: `canonical`, or the mapping's own.
    pub name: String,
    /// What a row is.
    pub entity: Entity,
    /// Source of the batch where the command line names none.
    pub source: Option<String>,
    /// Syntax.
    pub format: Format,
    /// Between cells; ASCII.
    pub delimiter: u8,
    /// Around cells; `None` where the file has no quoting.
    pub quote: Option<u8>,
    /// Encoding where the file has no byte-order mark.
    pub encoding: Encoding,
    /// The line that holds the column names, from 1.
    pub header_row: u64,
    /// What fills each canonical column.
    pub columns: BTreeMap<&'static str, ColumnRule>,
    /// Dates, unless a column says otherwise.
    pub dates: DateStyle,
    /// Amounts.
    pub numbers: NumberStyle,
    /// Columns of the file that must be filled although no canonical column takes them.
    pub must_be_filled: Vec<String>,
    /// Rows to leave out: column of the file, and the values that make a row none of ours.
    pub skip: BTreeMap<String, Vec<String>>,
    /// How open and cleared are told.
    pub cleared: Cleared,
    /// Above this share of bad rows the file is refused.
    pub threshold: Threshold,
    /// Control totals that the file must meet.
    pub expected: Expected,
    /// Is a file the whole of its source's open data, so that what it lacks has left?
    pub complete: bool,
    /// Is a column of the file that nobody knows an error?
    pub is_strict: bool,
}

/// What fills a canonical column.
#[derive(Debug, Clone)]
pub struct ColumnRule {
    /// Where the value comes from.
    pub source: Source,
    /// How the values are really written.
    pub declared: Option<Declared>,
    /// For identifiers: how many digits a numeric one has, so that lost leading zeros show.
    pub digits: Option<usize>,
    /// For identifiers: the file mixes padded and unpadded numbers on purpose.
    pub mixes_padding: bool,
    /// Words of the file and what they mean.
    pub map: Vec<(String, String)>,
    /// Dates of this column.
    pub dates: Option<DateStyle>,
    /// For amounts without a sign: the column that tells debit from credit.
    pub sign: Option<Sign>,
    /// The file's sign is the other way round.
    pub is_negated: bool,
}

impl ColumnRule {
    /// Takes the values as they are from there.
    pub fn plain(source: Source) -> Self {
        Self {
            source,
            declared: None,
            digits: None,
            mixes_padding: false,
            map: Vec::new(),
            dates: None,
            sign: None,
            is_negated: false,
        }
    }
}

/// Where a value comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// One column of the file, or several joined.
    Columns {
        /// Their names.
        names: Vec<String>,
        /// What stands between them.
        join: String,
    },
    /// The same value in every row.
    Constant(String),
    /// The year of another canonical column.
    YearOf(&'static str),
}

/// A way of writing that would be damage if it were not declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// Whole numbers as `1930571429.0`.
    IntegerAsDecimal,
    /// Dates as `20200117.0`.
    DateAsDecimal,
}

/// Debit and credit told by another column.
#[derive(Debug, Clone)]
pub struct Sign {
    /// The column of the file.
    pub column: String,
    /// Its values for "the client owes".
    pub debit: Vec<String>,
    /// Its values for "the client is owed".
    pub credit: Vec<String>,
}

/// How open and cleared items are told apart.
#[derive(Debug, Clone)]
pub enum Cleared {
    /// A blank clearing date is open.
    ByDate,
    /// A column says so, and must agree with the date.
    ByStatus {
        /// The column of the file.
        column: String,
        /// Its values for open.
        open: Vec<String>,
        /// Its values for cleared.
        cleared: Vec<String>,
        /// Canonical date column to take where a cleared item has no clearing date of its own.
        undated: Option<&'static str>,
    },
}

/// The share of bad rows that a file may have, in parts per million.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold(u64);

impl Default for Threshold {
    fn default() -> Self {
        Self(5_000)
    }
}

impl Threshold {
    /// Reads `0.5%` or `5 %`; the error is a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("the threshold {text:?} is no percentage, as in \"0.5%\"");
        let number = text.trim().strip_suffix('%').ok_or_else(wrong)?.trim_end();
        let parts = crate::number::parse_minor(number, NumberStyle::default(), 4).map_err(|_| wrong())?;
        u64::try_from(parts)
            .ok()
            .filter(|parts| *parts <= 1_000_000)
            .map(Self)
            .ok_or_else(wrong)
    }

    /// Are that many bad rows too many?
    pub fn is_exceeded_by(self, bad: u64, rows: u64) -> bool {
        u128::from(bad) * 1_000_000 > u128::from(rows) * u128::from(self.0)
    }
}

impl std::fmt::Display for Threshold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = format!("{}.{:04}", self.0 / 10_000, self.0 % 10_000);
        write!(f, "{}%", digits.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Profile {
    /// The canonical feed of an entity.
    pub fn canonical(entity: Entity, format: Format) -> Self {
        Self {
            name: "canonical".to_owned(),
            entity,
            source: None,
            format,
            delimiter: b',',
            quote: Some(b'"'),
            encoding: Encoding::UTF_8,
            header_row: 1,
            columns: BTreeMap::new(),
            dates: DateStyle::default(),
            numbers: NumberStyle::default(),
            must_be_filled: Vec::new(),
            skip: BTreeMap::new(),
            cleared: Cleared::ByDate,
            threshold: Threshold::default(),
            expected: Expected::default(),
            complete: false,
            is_strict: true,
        }
    }

    /// The entity that a canonical file's name tells: `ledger-2026-09.csv` holds ledger rows,
    /// `deposit_cover.jsonl` covers of deposits.
    pub fn entity_of_file_name(path: &Path) -> Option<Entity> {
        let stem = path.file_name()?.to_str()?.to_ascii_lowercase();
        Entity::ALL
            .iter()
            .copied()
            .filter(|entity| {
                stem.strip_prefix(entity.name())
                    .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()))
            })
            .max_by_key(|entity| entity.name().len())
    }

    /// May a file with these totals become visible? The error is a sentence.
    pub fn judge(&self, totals: &Totals) -> Result<(), FeedError> {
        if self.threshold.is_exceeded_by(totals.quarantined, totals.rows) {
            return Err(FeedError::refused(format!(
                "{} of {} rows are bad, more than the {} that this feed allows.",
                totals.quarantined, totals.rows, self.threshold
            )));
        }
        let misses = self.expected.misses(totals);
        if !misses.is_empty() {
            return Err(FeedError::refused(format!(
                "The control totals do not tie. {}",
                misses.join(" ")
            )));
        }
        if self.complete && totals.accepted == 0 && self.expected.rows != Some(0) {
            return Err(FeedError::refused(
                "A complete snapshot without a single row would close everything. If that is right, declare control totals with rows = 0.",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_a_percentage_and_the_share_itself_is_still_allowed() {
        let five = Threshold::parse("5%").unwrap();
        assert!(!five.is_exceeded_by(5, 100) && five.is_exceeded_by(6, 100));
        assert!(!Threshold::default().is_exceeded_by(0, 0));
        assert!(Threshold::parse("0%").unwrap().is_exceeded_by(1, 1_000_000));
        assert_eq!(
            [Threshold::default(), five].map(|t| t.to_string()),
            ["0.5%", "5%"]
        );
        for text in ["5", "101%", "-1%", "a%", "0,5%"] {
            assert!(Threshold::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_file_s_name_tells_the_entity_and_the_longer_name_wins() {
        let entity = |name: &str| Profile::entity_of_file_name(Path::new(name));
        assert_eq!(entity("/drop/ledger-2026-09.csv"), Some(Entity::Ledger));
        assert_eq!(entity("client_status_1.jsonl"), Some(Entity::ClientStatus));
        assert_eq!(entity("Client.csv"), Some(Entity::Client));
        assert_eq!(entity("ledgers.csv"), None);
        assert_eq!(entity("open-items.csv"), None);
    }

    #[test]
    fn a_complete_snapshot_without_rows_is_refused_unless_that_was_announced() {
        let mut profile = Profile::canonical(Entity::Ledger, Format::Csv);
        assert!(profile.judge(&Totals::default()).is_ok());
        profile.complete = true;
        assert!(profile.judge(&Totals::default()).is_err());
        profile.expected.rows = Some(0);
        assert!(profile.judge(&Totals::default()).is_ok());
    }
}
