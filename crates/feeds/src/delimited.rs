//! Delimited text (CSV and its kin) into rows of cells, with exact line numbers.
//!
//! Written here because a quarantine entry must name the very line of the file, with any line ends and
//! blank lines, and because the end of a file must be told from its being cut off: neither survives a
//! parser that forgives everything. Rows reuse one buffer; nothing is allocated per row or cell.

use std::io::Read;

use crate::error::FeedError;
use crate::input::Input;
use crate::reader::{LONGEST_RECORD, not_utf8, too_long};

const CHUNK: usize = 1 << 16;

/// The cells of the row last read.
#[derive(Debug, Default)]
pub(crate) struct Row {
    text: String,
    ends: Vec<usize>,
}

impl Row {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn raw(&self, at: usize) -> &str {
        let from = at
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .copied()
            .unwrap_or(0);
        self.ends
            .get(at)
            .and_then(|to| self.text.get(from..*to))
            .unwrap_or_default()
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// What is known of a row beside its cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    /// The line on which it starts, from 1.
    pub(crate) line: u64,
    /// Did text follow a closed quote within a cell?
    pub(crate) is_malformed: bool,
    /// Did a line end follow it?
    pub(crate) is_terminated: bool,
    /// Was its last cell quoted, and so surely whole?
    pub(crate) ends_quoted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    RowStart,
    CellStart,
    Plain,
    Quoted,
    QuoteSeen,
}

pub(crate) struct Parser {
    input: Input,
    delimiter: u8,
    quote: Option<u8>,
    chunk: Vec<u8>,
    at: usize,
    filled: usize,
    line: u64,
    after_return: bool,
    bytes: Vec<u8>,
}

impl Parser {
    pub(crate) fn new(input: Input, delimiter: u8, quote: Option<u8>) -> Self {
        Self {
            input,
            delimiter,
            quote,
            chunk: vec![0; CHUNK],
            at: 0,
            filled: 0,
            line: 1,
            after_return: false,
            bytes: Vec::new(),
        }
    }

    /// Reads the next row that is not an empty line; `None` at the end of the file.
    pub(crate) fn next_row(&mut self, row: &mut Row) -> Result<Option<Found>, FeedError> {
        self.bytes = std::mem::take(&mut row.text).into_bytes();
        self.bytes.clear();
        row.ends.clear();
        let mut found = Found {
            line: self.line,
            is_malformed: false,
            is_terminated: false,
            ends_quoted: false,
        };
        let mut state = State::RowStart;
        loop {
            if self.at == self.filled {
                if self.bytes.len() > LONGEST_RECORD {
                    return Err(too_long(found.line));
                }
                self.filled = self.input.read(&mut self.chunk)?;
                self.at = 0;
                if self.filled == 0 {
                    break;
                }
            }
            if self.step(&mut state, row, &mut found) {
                found.is_terminated = true;
                return self.complete(row, found).map(Some);
            }
        }
        match state {
            State::RowStart => Ok(None),
            State::Quoted => Err(FeedError::Refused(format!(
                "The file is cut off: a quote that opens in or after line {} is never closed. Export it again.",
                found.line
            ))),
            State::CellStart | State::Plain | State::QuoteSeen => {
                found.ends_quoted = state == State::QuoteSeen;
                row.ends.push(self.bytes.len());
                self.complete(row, found).map(Some)
            }
        }
    }

    /// Takes what one state can take from the chunk; true at the end of a row.
    fn step(&mut self, state: &mut State, row: &mut Row, found: &mut Found) -> bool {
        let rest = &self.chunk[self.at..self.filled];
        let Some(&b) = rest.first() else {
            return false;
        };
        if std::mem::take(&mut self.after_return) && b == b'\n' && *state == State::RowStart {
            self.at += 1;
            return false;
        }
        match *state {
            State::RowStart if is_line_end(b) => self.end_line(b),
            State::RowStart => {
                found.line = self.line;
                *state = State::CellStart;
            }
            State::Quoted => {
                let run = rest.iter().position(|b| Some(*b) == self.quote);
                let run_length = run.unwrap_or(rest.len());
                let newlines = rest[..run_length].iter().filter(|b| **b == b'\n').count();
                self.line += u64::try_from(newlines).unwrap_or(0);
                self.bytes.extend_from_slice(&rest[..run_length]);
                self.at += run_length;
                if run.is_some() {
                    self.at += 1;
                    *state = State::QuoteSeen;
                }
            }
            State::QuoteSeen if Some(b) == self.quote => {
                self.bytes.push(b);
                self.at += 1;
                *state = State::Quoted;
            }
            State::CellStart if Some(b) == self.quote => {
                self.at += 1;
                *state = State::Quoted;
            }
            _ if b == self.delimiter => {
                row.ends.push(self.bytes.len());
                self.at += 1;
                *state = State::CellStart;
            }
            _ if is_line_end(b) => {
                row.ends.push(self.bytes.len());
                self.end_line(b);
                return true;
            }
            State::QuoteSeen => {
                found.is_malformed |= b != b' ';
                self.bytes.push(b);
                self.at += 1;
                *state = State::Plain;
            }
            State::CellStart | State::Plain => {
                let delimiter = self.delimiter;
                let run = rest
                    .iter()
                    .position(|b| *b == delimiter || is_line_end(*b))
                    .unwrap_or(rest.len());
                self.bytes.extend_from_slice(&rest[..run]);
                self.at += run;
                *state = State::Plain;
            }
        }
        false
    }

    fn end_line(&mut self, b: u8) {
        self.at += 1;
        self.line += 1;
        self.after_return = b == b'\r';
    }

    fn complete(&mut self, row: &mut Row, found: Found) -> Result<Found, FeedError> {
        if self.bytes.len() > LONGEST_RECORD {
            return Err(too_long(found.line));
        }
        row.text = String::from_utf8(std::mem::take(&mut self.bytes)).map_err(|_| not_utf8(found.line))?;
        if row.ends.iter().any(|end| !row.text.is_char_boundary(*end)) {
            return Err(not_utf8(found.line));
        }
        Ok(found)
    }
}

const fn is_line_end(b: u8) -> bool {
    matches!(b, b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Encoding;
    use proptest::prelude::*;

    fn rows(text: &str) -> Result<Vec<(u64, Vec<String>)>, String> {
        let file = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
        let input = Input::new(file, Encoding::UTF_8).map_err(|e| e.to_string())?;
        let mut parser = Parser::new(input, b',', Some(b'"'));
        let mut row = Row::default();
        let mut out = Vec::new();
        while let Some(found) = parser.next_row(&mut row).map_err(|e| e.to_string())? {
            out.push((
                found.line,
                (0..row.len()).map(|at| row.raw(at).to_owned()).collect(),
            ));
        }
        Ok(out)
    }

    fn cells(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn every_row_knows_its_own_line_whatever_ends_the_lines() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "", "", "c,\"d\"", "e,", ""].join(end);
            assert_eq!(
                rows(&text).unwrap(),
                [
                    (1, cells(&["a", "b"])),
                    (4, cells(&["c", "d"])),
                    (5, cells(&["e", ""]))
                ],
                "{end:?}"
            );
        }
        let quoted = rows("a,\"x\r\ny\"\r\nb,\"\"\"\"\n\nc").unwrap();
        assert_eq!(
            quoted,
            [
                (1, cells(&["a", "x\r\ny"])),
                (3, cells(&["b", "\""])),
                (5, cells(&["c"]))
            ]
        );
    }

    #[test]
    fn a_quote_within_a_cell_is_a_character_and_one_that_is_never_closed_is_a_cut() {
        assert_eq!(rows("5\" frame,b\n").unwrap(), [(1, cells(&["5\" frame", "b"]))]);
        assert!(
            rows("a\n\"b,c\nd\n")
                .unwrap_err()
                .contains("in or after line 2 is never closed")
        );
    }

    proptest! {
        #[test]
        fn what_the_csv_crate_writes_is_read_back(table in proptest::collection::vec(
            proptest::collection::vec("[a-z,\"\\r\\n é王]{0,6}", 3), 1..20)
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            for row in &table {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let read: Vec<Vec<String>> = rows(&text).unwrap().into_iter().map(|(_, row)| row).collect();
            prop_assert_eq!(read, table);
        }
    }
}
