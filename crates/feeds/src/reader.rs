//! The stream: rows in the order of the file, in flat memory, and a verdict on the file at its end.
//!
//! What a reader yields may only become visible once [`Reader::next_item`] has returned `None`: whether a
//! file was cut off, or lost its leading zeros, is known at its end.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use hammerdesk_domain::record::Record;
use serde::Serialize;

use crate::delimited::{Found, Parser, Row};
use crate::error::FeedError;
use crate::input::Input;
use crate::json::{self, Cell};
use crate::near::hint;
use crate::profile::{Cleared, Format, Profile, Source};
use crate::row::{Binding, Cells, Verdict};
use crate::totals::Totals;

const BUFFER: usize = 1 << 16;
/// The longest row, in bytes of UTF-8; no honest one comes near.
pub(crate) const LONGEST_RECORD: usize = 1 << 20;

/// One row of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A good one.
    Record {
        /// The line on which it starts, from 1.
        line: u64,
        /// What it says.
        record: Record,
    },
    /// A bad one.
    Bad(Quarantined),
}

/// A row that cannot be trusted, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quarantined {
    /// The line on which it starts, from 1.
    pub line: u64,
    /// The first column that is wrong, as the file names it; blank if it is the row as a whole.
    pub column: String,
    /// What is wrong, for a person.
    pub reason: String,
}

/// Reads one file.
pub struct Reader {
    rows: Rows,
    totals: Totals,
    raw_read: Arc<AtomicU64>,
    is_done: bool,
}

enum Rows {
    Delimited(Delimited),
    JsonLines(JsonLines),
}

struct Delimited {
    parser: Parser,
    row: Row,
    binding: Binding,
    width: usize,
    last: Option<(Found, usize)>,
}

struct JsonLines {
    input: BufReader<Input>,
    buffer: Vec<u8>,
    line: u64,
    places: HashMap<String, usize>,
    cells: Vec<String>,
    binding: Binding,
    last_bad: Option<u64>,
    is_terminated: bool,
}

impl Cells for Row {
    fn cell(&self, at: usize) -> &str {
        self.raw(at).trim()
    }
}

impl Cells for Vec<String> {
    fn cell(&self, at: usize) -> &str {
        self.get(at).map_or("", |text| text.trim())
    }
}

impl Reader {
    /// Opens a file; the header is read and checked at once.
    pub fn open(path: &Path, profile: &Profile) -> Result<Self, FeedError> {
        Self::new(Box::new(File::open(path)?), profile)
    }

    /// Reads from anything.
    pub fn new(file: Box<dyn Read + Send>, profile: &Profile) -> Result<Self, FeedError> {
        let input = Input::new(file, profile.encoding)?;
        let raw_read = input.raw_read();
        let rows = match profile.format {
            Format::Csv => Rows::Delimited(Delimited::new(input, profile)?),
            Format::JsonLines => Rows::JsonLines(JsonLines::new(input, profile)?),
        };
        Ok(Self {
            rows,
            totals: Totals::default(),
            raw_read,
            is_done: false,
        })
    }

    /// The next row; `None` at the end of a file that can be trusted as a whole.
    pub fn next_item(&mut self) -> Result<Option<Item>, FeedError> {
        if self.is_done {
            return Ok(None);
        }
        let next = match &mut self.rows {
            Rows::Delimited(rows) => rows.next(&mut self.totals),
            Rows::JsonLines(rows) => rows.next(&mut self.totals),
        };
        match &next {
            Ok(Some(Item::Record { .. })) => {
                self.totals.rows += 1;
                self.totals.accepted += 1;
            }
            Ok(Some(Item::Bad(_))) => {
                self.totals.rows += 1;
                self.totals.quarantined += 1;
            }
            Ok(None) | Err(_) => self.is_done = true,
        }
        next
    }

    /// What was read so far; complete once [`Self::next_item`] has returned `None`.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Bytes of the file read so far; shared, so that another thread can show progress.
    pub fn bytes_read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.raw_read)
    }
}

impl Iterator for Reader {
    type Item = Result<Item, FeedError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_item().transpose()
    }
}

impl Delimited {
    fn new(input: Input, profile: &Profile) -> Result<Self, FeedError> {
        let mut parser = Parser::new(input, profile.delimiter, profile.quote);
        let mut row = Row::default();
        loop {
            match parser.next_row(&mut row)? {
                Some(found) if found.line >= profile.header_row => break,
                Some(_) => {}
                None => {
                    return Err(FeedError::Refused(format!(
                        "The file ends before its header in line {}.",
                        profile.header_row
                    )));
                }
            }
        }
        let header: Vec<String> = (0..row.len()).map(|at| row.cell(at).to_owned()).collect();
        let binding = Binding::new(profile.clone(), &header)?;
        Ok(Self {
            parser,
            row,
            binding,
            width: header.len(),
            last: None,
        })
    }

    fn next(&mut self, totals: &mut Totals) -> Result<Option<Item>, FeedError> {
        loop {
            let Some(found) = self.parser.next_row(&mut self.row)? else {
                self.check_end()?;
                self.binding.finish(totals)?;
                return Ok(None);
            };
            if self.row.is_blank() {
                continue;
            }
            let (line, cells) = (found.line, self.row.len());
            self.last = Some((found, cells));
            let misshapen = if cells != self.width {
                Some(format!(
                    "the line has {cells} cells and the header has {}",
                    self.width
                ))
            } else if found.is_malformed {
                Some("text follows a closing quote within a cell".to_owned())
            } else {
                None
            };
            if let Some(reason) = misshapen {
                return Ok(Some(Item::Bad(Quarantined {
                    line,
                    column: String::new(),
                    reason,
                })));
            }
            match self.binding.read(&self.row, line)? {
                Verdict::Record(record) => return Ok(Some(Item::Record { line, record })),
                Verdict::Bad { column, reason } => {
                    return Ok(Some(Item::Bad(Quarantined { line, column, reason })));
                }
                Verdict::Skipped => totals.skipped += 1,
            }
        }
    }

    /// Is the end of the file the end of its data?
    fn check_end(&self) -> Result<(), FeedError> {
        let Some((found, cells)) = self.last.filter(|(found, _)| !found.is_terminated) else {
            return Ok(());
        };
        let line = found.line;
        if cells < self.width {
            return Err(FeedError::Refused(format!(
                "The file is cut off: its last line, {line}, has {cells} of {} cells and no line end. Export it again.",
                self.width
            )));
        }
        let is_proved = !self.binding.profile().expected.is_empty();
        if !is_proved && !found.ends_quoted && self.binding.would_be_wrong_if_cut(self.width - 1) {
            return Err(FeedError::Refused(format!(
                "The file may be cut off: its last line, {line}, has no line end, and its last cell could have been longer. Export it again; if it is whole, add a line end or declare control totals."
            )));
        }
        Ok(())
    }
}

pub(crate) fn too_long(line: u64) -> FeedError {
    FeedError::Refused(format!(
        "Line {line} is longer than a megabyte: probably a quote was opened and never closed. Export the file again."
    ))
}

pub(crate) fn not_utf8(line: u64) -> FeedError {
    FeedError::Refused(format!(
        "Line {line} is not UTF-8. Export the file as UTF-8, or declare its encoding in a mapping, as in encoding = \"windows-1252\"."
    ))
}

impl JsonLines {
    fn new(input: Input, profile: &Profile) -> Result<Self, FeedError> {
        let mut names: Vec<String> = Vec::new();
        let mut wanted = |name: &str| {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        };
        if profile.is_strict {
            profile
                .entity
                .columns()
                .iter()
                .for_each(|column| wanted(column.name));
        }
        for rule in profile.columns.values() {
            if let Source::Columns { names, .. } = &rule.source {
                names.iter().for_each(|name| wanted(name));
            }
            if let Some(sign) = &rule.sign {
                wanted(&sign.column);
            }
        }
        profile
            .must_be_filled
            .iter()
            .chain(profile.skip.keys())
            .for_each(|name| wanted(name));
        if let Cleared::ByStatus { column, .. } = &profile.cleared {
            wanted(column);
        }
        let binding = Binding::new(profile.clone(), &names)?;
        let cells = vec![String::new(); names.len()];
        let places = names
            .into_iter()
            .enumerate()
            .map(|(at, name)| (name, at))
            .collect();
        Ok(Self {
            input: BufReader::with_capacity(BUFFER, input),
            buffer: Vec::new(),
            line: 0,
            places,
            cells,
            binding,
            last_bad: None,
            is_terminated: true,
        })
    }

    fn next(&mut self, totals: &mut Totals) -> Result<Option<Item>, FeedError> {
        loop {
            self.buffer.clear();
            let longest = u64::try_from(LONGEST_RECORD).unwrap_or(u64::MAX);
            if self
                .input
                .by_ref()
                .take(longest + 1)
                .read_until(b'\n', &mut self.buffer)?
                == 0
            {
                self.check_end()?;
                self.binding.finish(totals)?;
                return Ok(None);
            }
            self.line += 1;
            let line = self.line;
            if self.buffer.len() > LONGEST_RECORD {
                return Err(too_long(line));
            }
            self.is_terminated = self.buffer.ends_with(b"\n");
            let text = std::str::from_utf8(&self.buffer).map_err(|_| not_utf8(line))?;
            if text.trim().is_empty() {
                continue;
            }
            let members = match json::members(text) {
                Ok(members) => members,
                Err(reason) if totals.rows == 0 => {
                    return Err(FeedError::Refused(format!(
                        "This is not JSON lines: line {line} {reason}."
                    )));
                }
                Err(reason) => {
                    self.last_bad = Some(line);
                    let reason = format!("the line {reason}");
                    return Ok(Some(Item::Bad(Quarantined {
                        line,
                        column: String::new(),
                        reason,
                    })));
                }
            };
            self.last_bad = None;
            self.place(members)?;
            match self.binding.read(&self.cells, line)? {
                Verdict::Record(record) => return Ok(Some(Item::Record { line, record })),
                Verdict::Bad { column, reason } => {
                    return Ok(Some(Item::Bad(Quarantined { line, column, reason })));
                }
                Verdict::Skipped => totals.skipped += 1,
            }
        }
    }

    fn place(&mut self, members: Vec<(String, Cell)>) -> Result<(), FeedError> {
        self.cells.iter_mut().for_each(String::clear);
        let profile = self.binding.profile();
        for (name, cell) in members {
            match (self.places.get(&name), cell) {
                (Some(at), Cell::Text(text)) => self.cells[*at] = text,
                (None, _) if profile.is_strict => {
                    let known = profile.entity.columns().iter().map(|column| column.name);
                    let clipped: String = name.chars().take(40).collect();
                    return Err(FeedError::Refused(format!(
                        "Line {}: the canonical {} feed has no column {clipped:?}{}",
                        self.line,
                        profile.entity.name(),
                        match hint(&name, known) {
                            near if near.is_empty() => ".".to_owned(),
                            near => near,
                        }
                    )));
                }
                (Some(_), Cell::Null) | (None, _) => {}
            }
        }
        Ok(())
    }

    fn check_end(&self) -> Result<(), FeedError> {
        if self.last_bad == Some(self.line) && !self.is_terminated {
            return Err(FeedError::Refused(format!(
                "The file is cut off: its last line, {}, ends in the middle of an object. Export it again.",
                self.line
            )));
        }
        Ok(())
    }
}
