//! The bytes of a file on their way to a parser: recognised, decoded to UTF-8, bounded and watched.
//!
//! A byte-order mark wins over the declared encoding. What is no text at all (a workbook, a PDF, an
//! archive, anything with NUL bytes) is refused by name.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Carried, FeedError};

const CHUNK: usize = 1 << 16;

/// A character encoding by any of its names: `utf-8`, `utf-16le`, `windows-1252`, `iso-8859-1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// UTF-8, with or without a byte-order mark.
    pub const UTF_8: Self = Self(encoding_rs::UTF_8);

    /// The encoding of that name.
    pub fn named(name: &str) -> Option<Self> {
        encoding_rs::Encoding::for_label(name.as_bytes()).map(Self)
    }

    /// Its usual name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

/// What a parser reads from: UTF-8 (unchecked where the file is UTF-8), watched.
pub(crate) struct Input {
    text: Box<dyn Read + Send>,
    raw_read: Arc<AtomicU64>,
}

impl Input {
    pub(crate) fn new(file: Box<dyn Read + Send>, declared: Encoding) -> Result<Self, FeedError> {
        let raw_read = Arc::new(AtomicU64::new(0));
        let mut file = Counted {
            inner: file,
            read: Arc::clone(&raw_read),
        };
        let mut head = Vec::with_capacity(CHUNK);
        let wanted = u64::try_from(CHUNK).unwrap_or(u64::MAX);
        file.by_ref().take(wanted).read_to_end(&mut head)?;
        if head.is_empty() {
            return Err(FeedError::refused("The file is empty. Export it again."));
        }
        if let Some(sentence) = known_as_no_text(&head) {
            return Err(FeedError::refused(sentence));
        }
        let (encoding, mark) = encoding_rs::Encoding::for_bom(&head).unwrap_or((declared.0, 0));
        head.drain(..mark);
        if encoding == encoding_rs::UTF_8 && head.contains(&0) {
            return Err(FeedError::refused(binary()));
        }
        let bytes: Box<dyn Read + Send> = Box::new(io::Cursor::new(head).chain(file));
        let text: Box<dyn Read + Send> = if encoding == encoding_rs::UTF_8 {
            bytes
        } else {
            Box::new(Transcoded {
                bytes,
                decoder: encoding.new_decoder_without_bom_handling(),
                name: encoding.name(),
                raw: vec![0; CHUNK],
                raw_span: 0..0,
                out: vec![0; CHUNK],
                out_span: 0..0,
                ended: false,
                done: false,
                line: 1,
            })
        };
        Ok(Self { text, raw_read })
    }

    /// Bytes of the file read so far, counted before decoding; shared with whoever shows progress.
    pub(crate) fn raw_read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.raw_read)
    }
}

impl Read for Input {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.text.read(buf)?;
        if buf[..read].contains(&0) {
            return Err(io::Error::other(Carried(binary())));
        }
        Ok(read)
    }
}

struct Counted {
    inner: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        self.read
            .fetch_add(u64::try_from(read).unwrap_or(0), Ordering::Relaxed);
        Ok(read)
    }
}

struct Transcoded {
    bytes: Box<dyn Read + Send>,
    decoder: encoding_rs::Decoder,
    name: &'static str,
    raw: Vec<u8>,
    raw_span: std::ops::Range<usize>,
    out: Vec<u8>,
    out_span: std::ops::Range<usize>,
    ended: bool,
    done: bool,
    line: u64,
}

impl Transcoded {
    fn fill(&mut self) -> io::Result<()> {
        while self.out_span.is_empty() && !self.done {
            if self.raw_span.is_empty() && !self.ended {
                let read = self.bytes.read(&mut self.raw)?;
                self.raw_span = 0..read;
                self.ended = read == 0;
            }
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
                &self.raw[self.raw_span.clone()],
                &mut self.out,
                self.ended,
            );
            self.raw_span.start += read;
            self.out_span = 0..written;
            let newlines = self.out[..written].iter().filter(|b| **b == b'\n').count();
            self.line += u64::try_from(newlines).unwrap_or(0);
            match result {
                encoding_rs::DecoderResult::Malformed(..) => {
                    return Err(io::Error::other(Carried(format!(
                        "Line {} is not {}. Declare the file's encoding in the mapping, or export it as UTF-8.",
                        self.line, self.name
                    ))));
                }
                encoding_rs::DecoderResult::InputEmpty if self.ended => self.done = true,
                encoding_rs::DecoderResult::InputEmpty | encoding_rs::DecoderResult::OutputFull => {}
            }
        }
        Ok(())
    }
}

impl Read for Transcoded {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        let length = self.out_span.len().min(buf.len());
        let from = self.out_span.start;
        buf[..length].copy_from_slice(&self.out[from..from + length]);
        self.out_span.start += length;
        Ok(length)
    }
}

fn binary() -> String {
    "The file holds NUL bytes, so it is no text in its declared encoding. If it is UTF-16, declare encoding = \"utf-16le\" in the mapping; otherwise export it as CSV UTF-8."
        .to_owned()
}

fn known_as_no_text(head: &[u8]) -> Option<String> {
    let shown: Vec<u8> = head.iter().take(512).map(u8::to_ascii_lowercase).collect();
    let shown = shown.trim_ascii_start();
    let holds = |needle: &[u8]| head.windows(needle.len()).any(|window| window == needle);
    let sentence = if head.starts_with(b"PK\x03\x04") && (holds(b"xl/") || holds(b"[Content_Types].xml")) {
        "This is an Excel workbook, not text. Open it and save it as \"CSV UTF-8\", or better: export CSV from the source system."
    } else if head.starts_with(b"PK\x03\x04") {
        "This is a ZIP archive. Unpack it and import the file inside."
    } else if head.starts_with(b"\xD0\xCF\x11\xE0") {
        "This is an old Excel workbook (xls), not text. Open it and save it as \"CSV UTF-8\", or better: export CSV from the source system."
    } else if head.starts_with(b"%PDF") {
        "This is a PDF. Export the list as CSV instead."
    } else if head.starts_with(b"\x1F\x8B") {
        "This is a gzip archive. Unpack it and import the file inside."
    } else if [b"<html".as_slice(), b"<!doctype html", b"<table"]
        .iter()
        .any(|tag| shown.starts_with(tag))
    {
        "This is a web page, not a list (some systems call it xls). Export the list as CSV instead."
    } else if shown.starts_with(b"<?xml") {
        "This is XML, not a list. Export the list as CSV instead."
    } else if shown.starts_with(b"{\\rtf") {
        "This is a formatted document (RTF), not a list. Export the list as CSV instead."
    } else {
        return None;
    };
    Some(sentence.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(bytes: &[u8], encoding: &str) -> Result<String, String> {
        let declared = Encoding::named(encoding).unwrap();
        let mut input =
            Input::new(Box::new(io::Cursor::new(bytes.to_vec())), declared).map_err(|e| e.to_string())?;
        let mut out = String::new();
        input
            .read_to_string(&mut out)
            .map_err(|e| FeedError::from(e).to_string())?;
        Ok(out)
    }

    #[test]
    fn a_byte_order_mark_wins_over_the_declared_encoding() {
        assert_eq!(
            text_of(b"\xEF\xBB\xBFM\xC3\xBCller", "windows-1252").unwrap(),
            "Müller"
        );
        let utf16: Vec<u8> = "\u{FEFF}Müller\t王\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(text_of(&utf16, "utf-8").unwrap(), "Müller\t王\r\n");
        let big: Vec<u8> = "\u{FEFF}Müller"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        assert_eq!(text_of(&big, "utf-8").unwrap(), "Müller");
        assert_eq!(text_of(b"M\xFCller \x80", "iso-8859-1").unwrap(), "Müller €");
    }

    #[test]
    fn a_long_file_is_decoded_across_its_chunks() {
        let text = "añb王\n".repeat(40_000);
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let declared = Encoding::named("utf-16le").unwrap();
        let mut input = Input::new(Box::new(io::Cursor::new(utf16)), declared).unwrap();
        let mut out = Vec::new();
        let mut buf = [0; 1000];
        loop {
            let read = input.read(&mut buf).unwrap();
            if read == 0 {
                break;
            }
            out.extend_from_slice(&buf[..read]);
        }
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }

    #[test]
    fn what_is_no_text_is_refused_by_its_name() {
        let names = [
            (
                b"PK\x03\x04....[Content_Types].xml".as_slice(),
                "This is an Excel workbook",
            ),
            (b"PK\x03\x04....ledger.csv", "This is a ZIP archive"),
            (
                b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
                "This is an old Excel workbook",
            ),
            (b"%PDF-1.7", "This is a PDF"),
            (b"\x1F\x8B\x08", "This is a gzip archive"),
            (b"\n <HTML><body>", "This is a web page"),
            (b"a,b\n1,\x00\n", "The file holds NUL bytes"),
            (b"", "The file is empty"),
        ];
        for (bytes, start) in names {
            let sentence = text_of(bytes, "utf-8").unwrap_err();
            assert!(sentence.starts_with(start), "{sentence}");
        }
        let half: Vec<u8> = [0x41, 0x00, 0x0A, 0x00, 0x00, 0xD8, 0x41, 0x00].to_vec();
        assert!(
            text_of(&half, "utf-16le")
                .unwrap_err()
                .starts_with("Line 2 is not UTF-16LE")
        );
    }
}
