//! One line of JSON lines: a flat object, its values as the text that stood in the file.
//!
//! Numbers are never turned into binary floats on the way: `1234.10` stays the six characters it is.

/// What stood for a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    /// A string, a number's own digits, or `true`/`false`.
    Text(String),
    /// `null`.
    Null,
}

/// The members of the object, in the order of the line. The error is the end of a sentence.
pub(crate) fn members(line: &str) -> Result<Vec<(String, Cell)>, String> {
    let mut rest = Scanner { text: line, at: 0 };
    let mut out: Vec<(String, Cell)> = Vec::new();
    rest.expect(b'{')?;
    if rest.peek() == Some(b'}') {
        rest.at += 1;
    } else {
        loop {
            let name = rest.string()?;
            rest.expect(b':')?;
            let cell = rest.value()?;
            if out.iter().any(|(known, _)| *known == name) {
                return Err(format!("names {name:?} twice"));
            }
            out.push((name, cell));
            match rest.peek() {
                Some(b',') => rest.at += 1,
                Some(b'}') => {
                    rest.at += 1;
                    break;
                }
                _ => return Err("is not a JSON object: a comma or a brace is missing".to_owned()),
            }
        }
    }
    match rest.peek() {
        None => Ok(out),
        Some(_) => Err("has more than one JSON object".to_owned()),
    }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl Scanner<'_> {
    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn expect(&mut self, wanted: u8) -> Result<(), String> {
        if self.peek() == Some(wanted) {
            self.at += 1;
            return Ok(());
        }
        Err(format!(
            "is not a JSON object: {:?} is missing",
            char::from(wanted)
        ))
    }

    fn string(&mut self) -> Result<String, String> {
        const CUT: &str = "is not a JSON object: a string is not closed";
        if self.peek() != Some(b'"') {
            return Err("is not a JSON object: a string is missing".to_owned());
        }
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        let mut escaped = false;
        loop {
            match bytes.get(at) {
                None => return Err(CUT.to_owned()),
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    at += 2;
                }
                Some(_) => at += 1,
            }
        }
        self.at = at + 1;
        if escaped {
            let quoted = self.text.get(start..=at).ok_or(CUT)?;
            return serde_json::from_str(quoted).map_err(|_| "has a string with a wrong escape".to_owned());
        }
        Ok(self.text[start + 1..at].to_owned())
    }

    fn value(&mut self) -> Result<Cell, String> {
        match self.peek() {
            Some(b'"') => self.string().map(Cell::Text),
            Some(b'{' | b'[') => Err("holds a nested value; a record is flat".to_owned()),
            Some(_) => {
                let rest = &self.text[self.at..];
                let length = rest.find([',', '}', ' ', '\t', '\r', '\n']).unwrap_or(rest.len());
                let word = &rest[..length];
                self.at += length;
                match word {
                    "null" => Ok(Cell::Null),
                    "true" | "false" => Ok(Cell::Text(word.to_owned())),
                    _ if word.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
                        Ok(Cell::Text(word.to_owned()))
                    }
                    _ => Err(format!("is not a JSON object: {:?} is no value", clipped(word))),
                }
            }
            None => Err("is not a JSON object: it ends early".to_owned()),
        }
    }
}

fn clipped(word: &str) -> String {
    word.chars().take(20).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_keep_their_digits_and_strings_lose_their_escapes() {
        let text = |text: &str| Cell::Text(text.to_owned());
        let read = members(
            r#" {"amount": 1234.10, "client":"0140105686","name":"A \"b\" \u00fc","paid":true,"sale":null} "#,
        );
        assert_eq!(
            read.unwrap()
                .into_iter()
                .map(|(_, cell)| cell)
                .collect::<Vec<_>>(),
            [
                text("1234.10"),
                text("0140105686"),
                text("A \"b\" ü"),
                text("true"),
                Cell::Null
            ]
        );
        assert_eq!(members("{}"), Ok(Vec::new()));
    }

    #[test]
    fn a_line_that_is_no_flat_object_says_why() {
        for (line, part) in [
            ("", "is missing"),
            ("[1]", "is missing"),
            (r#"{"a":{"b":1}}"#, "nested"),
            (r#"{"a":1"#, "comma or a brace"),
            (r#"{"a":"x"#, "not closed"),
            (r#"{"a":"x\"#, "not closed"),
            (r#"{"a":1}{"a":2}"#, "more than one"),
            (r#"{"a":1,"a":2}"#, "twice"),
            (r#"{"a":NaN}"#, "no value"),
            (r#"{"a":"\q"}"#, "wrong escape"),
        ] {
            let reason = members(line).unwrap_err();
            assert!(reason.contains(part), "{line}: {reason}");
        }
    }

    proptest! {
        #[test]
        fn what_serde_writes_is_read_back(values in proptest::collection::btree_map("\\PC{0,8}", "\\PC{0,12}", 0..6)) {
            let line = serde_json::to_string(&values).unwrap();
            let read = members(&line).unwrap();
            let expected: Vec<_> = values.into_iter().map(|(k, v)| (k, Cell::Text(v))).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[\\[{\"\\\\:,a1é}\\]]{0,30}") {
            let _ = members(&text);
        }
    }
}
