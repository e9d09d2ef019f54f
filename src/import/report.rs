//! What became of a file, for programs ([`FileReport`] as JSON) and for people ([`FileReport::to_text`]).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use chrono::{DateTime, Utc};
pub use hammerdesk_feeds::Quarantined;
use hammerdesk_feeds::Totals;
use hammerdesk_store::{Batch, Loaded};
use serde::Serialize;
use uuid::Uuid;

use super::{Ending, ImportPlan, MOST_QUARANTINED, control_totals};

/// Quarantine entries that a text for people shows.
const MOST_SHOWN: usize = 20;

/// How an import ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is visible.
    Imported,
    /// The same file was imported before.
    Unchanged,
    /// Nothing of it is visible.
    Rejected,
}

/// What became of one file. The names of the first nine are a contract.
#[derive(Debug, Clone, Serialize)]
pub struct FileReport {
    /// The file.
    pub path: String,
    /// SHA-256 of its bytes; `None` if it could not be read.
    pub sha256: Option<String>,
    /// How it ended.
    pub status: Status,
    /// Why it was rejected, in a sentence.
    pub reason: Option<String>,
    /// Rows of data.
    pub rows: u64,
    /// Rows that were taken.
    pub accepted: u64,
    /// Rows that were not, at most [`MOST_QUARANTINED`] of them.
    pub quarantined: Vec<Quarantined>,
    /// Rows and sums as they were read.
    pub control_totals: serde_json::Value,
    /// All rows that were not taken, shown or not.
    pub quarantined_rows: u64,
    /// Rows left out because the mapping says so.
    pub skipped: u64,
    /// Blank cells of columns that must be filled.
    pub blanks: BTreeMap<String, u64>,
    /// Rows that repeated another of the same file word for word.
    pub duplicates: u64,
    /// Rows of new keys.
    pub inserted: u64,
    /// Rows that replaced an older content.
    pub updated: u64,
    /// Rows that changed nothing.
    pub unchanged: u64,
    /// Items that were gone from a complete snapshot.
    pub gone: u64,
    /// The feed.
    pub source: String,
    /// What the rows are.
    pub entity: String,
    /// The mapping that read it.
    pub mapping: Option<String>,
    /// Did it hold everything that its source has?
    pub complete: bool,
    /// When its data was extracted.
    pub extracted_at: Option<DateTime<Utc>>,
    /// The batch in the store.
    pub batch: Option<Uuid>,
}

/// The store's form of an entry.
pub(super) fn for_store(bad: Quarantined) -> hammerdesk_store::Quarantined {
    hammerdesk_store::Quarantined {
        line: bad.line,
        column: bad.column,
        reason: bad.reason,
    }
}

fn from_store(bad: hammerdesk_store::Quarantined) -> Quarantined {
    Quarantined {
        line: bad.line,
        column: bad.column,
        reason: bad.reason,
    }
}

impl FileReport {
    pub(super) fn new(path: &Path, plan: &ImportPlan) -> Self {
        Self {
            path: path.display().to_string(),
            sha256: None,
            status: Status::Rejected,
            reason: None,
            rows: 0,
            accepted: 0,
            quarantined: Vec::new(),
            control_totals: control_totals(&Totals::default()),
            quarantined_rows: 0,
            skipped: 0,
            blanks: BTreeMap::new(),
            duplicates: 0,
            inserted: 0,
            updated: 0,
            unchanged: 0,
            gone: 0,
            source: plan.source.to_string(),
            entity: plan.profile.entity.name().to_owned(),
            mapping: plan.mapping.clone(),
            complete: plan.profile.complete,
            extracted_at: None,
            batch: None,
        }
    }

    /// A file that was rejected before it was opened, such as one whose name tells nothing.
    pub fn refused(path: &Path, source: &str, reason: String) -> Self {
        Self {
            path: path.display().to_string(),
            sha256: None,
            status: Status::Rejected,
            reason: Some(reason),
            rows: 0,
            accepted: 0,
            quarantined: Vec::new(),
            control_totals: control_totals(&Totals::default()),
            quarantined_rows: 0,
            skipped: 0,
            blanks: BTreeMap::new(),
            duplicates: 0,
            inserted: 0,
            updated: 0,
            unchanged: 0,
            gone: 0,
            source: source.to_owned(),
            entity: String::new(),
            mapping: None,
            complete: false,
            extracted_at: None,
            batch: None,
        }
    }

    pub(super) fn read(&mut self, ending: &Ending) {
        let totals = &ending.totals;
        self.rows = totals.rows;
        self.quarantined.clone_from(&ending.quarantined);
        self.quarantined_rows = totals.quarantined;
        self.skipped = totals.skipped;
        self.blanks.clone_from(&totals.blanks);
        self.control_totals = control_totals(totals);
    }

    pub(super) fn add_contradictions(&mut self, found: &[hammerdesk_store::Quarantined]) {
        self.quarantined_rows += found.len() as u64;
        let room = MOST_QUARANTINED.saturating_sub(self.quarantined.len());
        self.quarantined
            .extend(found.iter().take(room).cloned().map(from_store));
        self.quarantined.sort_by_key(|bad| bad.line);
    }

    pub(super) fn reject(&mut self, sentence: String) {
        self.status = Status::Rejected;
        self.accepted = 0;
        let first = self.quarantined.first().map(|bad| {
            let column = if bad.column.is_empty() {
                String::new()
            } else {
                format!(", {}", bad.column)
            };
            format!(" The first: line {}{column}: {}.", bad.line, bad.reason)
        });
        self.reason = Some(sentence + &first.unwrap_or_default());
    }

    pub(super) fn imported(&mut self, totals: &Totals, loaded: &Loaded) {
        self.status = Status::Imported;
        self.accepted = totals.accepted;
        self.duplicates = loaded.duplicates;
        self.inserted = loaded.inserted;
        self.updated = loaded.updated;
        self.unchanged = loaded.unchanged;
        self.gone = loaded.gone;
        self.batch = Some(loaded.batch);
    }

    pub(super) fn unchanged(&mut self, before: &Batch, quarantined: Vec<hammerdesk_store::Quarantined>) {
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        self.status = Status::Unchanged;
        self.rows = count(before.rows);
        self.duplicates = count(before.duplicates);
        self.accepted = count(before.accepted) + self.duplicates;
        self.quarantined = quarantined.into_iter().map(from_store).collect();
        self.quarantined_rows = self.rows.saturating_sub(self.accepted);
        self.control_totals = before.control_totals.clone();
        self.extracted_at = Some(before.extracted_at);
        self.batch = Some(before.id);
    }

    /// Is nothing of the file visible?
    pub fn is_rejected(&self) -> bool {
        self.status == Status::Rejected
    }

    /// For people: what happened, what it adds up to, which rows were left out.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        let status = match self.status {
            Status::Imported => "imported",
            Status::Unchanged => "unchanged: the same file was imported before",
            Status::Rejected => "rejected, nothing of it is visible",
        };
        let _ = writeln!(out, "{}: {status}", self.path);
        if let Some(reason) = &self.reason {
            let _ = writeln!(out, "  {reason}");
        }
        if self.sha256.is_some() {
            let _ = writeln!(
                out,
                "  {} rows: {} accepted, {} in quarantine, {} skipped, {} repeated",
                self.rows, self.accepted, self.quarantined_rows, self.skipped, self.duplicates
            );
        }
        if self.status == Status::Imported {
            let _ = writeln!(
                out,
                "  {} new, {} changed, {} as before, {} gone",
                self.inserted, self.updated, self.unchanged, self.gone
            );
        }
        for (column, sums) in self.control_totals["sums"].as_object().into_iter().flatten() {
            for (currency, sum) in sums.as_object().into_iter().flatten() {
                let _ = writeln!(
                    out,
                    "  sum of {column}: {currency} {}",
                    sum.as_str().unwrap_or_default()
                );
            }
        }
        for (column, count) in &self.blanks {
            let _ = writeln!(out, "  {column} is blank in {count} rows");
        }
        for bad in self.quarantined.iter().take(MOST_SHOWN) {
            let column = if bad.column.is_empty() {
                String::new()
            } else {
                format!(", {}", bad.column)
            };
            let _ = writeln!(out, "  line {}{column}: {}", bad.line, bad.reason);
        }
        let more = self
            .quarantined_rows
            .saturating_sub(self.quarantined.len().min(MOST_SHOWN) as u64);
        if more > 0 {
            let _ = writeln!(out, "  and {more} more");
        }
        out
    }
}
