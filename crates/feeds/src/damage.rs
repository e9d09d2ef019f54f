//! What a spreadsheet does to a file that passed through it, told from what a bad row is.
//!
//! A spreadsheet takes leading zeros away, turns long identifiers into `1930571429.0` or `1.93E+09`, dates
//! into `05:23.4` or a day number, and writes `#REF!` where it lost its way. One such cell means that the
//! others cannot be trusted either, so the file is refused as a whole, with a sentence that says what
//! happened to it.

/// The advice at the end of every such sentence.
const ADVICE: &str = "export it again and do not open it in a spreadsheet on the way";

/// What happened to an identifier; `None` if it looks as it should.
pub(crate) fn of_identifier(text: &str) -> Option<String> {
    if is_error_value(text) {
        return Some(error_value(text));
    }
    if is_whole_as_decimal(text) {
        return Some(format!(
            "{text:?} is a number with decimals where an identifier was expected: a spreadsheet or script has turned the column into numbers; {ADVICE}, or declare the column as \"integer_as_decimal\" in the mapping"
        ));
    }
    if is_scientific(text) {
        return Some(format!(
            "{text:?} is a number in scientific notation where an identifier was expected: a spreadsheet has rounded it, and its digits are lost; {ADVICE}"
        ));
    }
    None
}

/// What happened to a date that no declared format reads.
pub(crate) fn of_date(text: &str) -> Option<String> {
    if is_error_value(text) {
        return Some(error_value(text));
    }
    if is_time_of_day(text) {
        return Some(format!(
            "{text:?} is a time of day where a date was expected: a spreadsheet has shown the date as minutes and seconds and saved only those; {ADVICE}"
        ));
    }
    if let Some(whole) = text
        .strip_suffix(".0")
        .filter(|whole| whole.len() == 8 && all_digits(whole))
    {
        return Some(format!(
            "{text:?} is the date {whole} written as a decimal number: {ADVICE}, or declare the column as \"date_as_decimal\" in the mapping"
        ));
    }
    let whole = text.split('.').next().unwrap_or(text);
    if whole.len() == 5 && all_digits(whole) && text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Some(format!(
            "{text:?} is a spreadsheet's day number where a date was expected: {ADVICE}"
        ));
    }
    None
}

/// What happened to an amount or a whole number that cannot be read.
pub(crate) fn of_number(text: &str) -> Option<String> {
    if is_error_value(text) {
        return Some(error_value(text));
    }
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if is_scientific(unsigned) {
        return Some(format!(
            "{text:?} is in scientific notation: a spreadsheet has rounded it, and its digits are lost; {ADVICE}"
        ));
    }
    None
}

/// What happened to a whole number that cannot be read.
pub(crate) fn of_integer(text: &str) -> Option<String> {
    if is_whole_as_decimal(text) {
        return Some(format!(
            "{text:?} is written as a decimal where a whole number was expected: {ADVICE}, or declare the column as \"integer_as_decimal\" in the mapping"
        ));
    }
    of_number(text)
}

/// `#REF!` and its like, and the `####` of a column too narrow to be shown.
pub(crate) fn is_error_value(text: &str) -> bool {
    text.starts_with('#')
        && (matches!(
            text,
            "#REF!" | "#N/A" | "#VALUE!" | "#NAME?" | "#DIV/0!" | "#NUM!" | "#NULL!" | "#SPILL!" | "#CALC!"
        ) || (text.len() >= 3 && text.bytes().all(|b| b == b'#')))
}

pub(crate) fn error_value(text: &str) -> String {
    format!("{text:?} is a spreadsheet's error, not a value: {ADVICE}")
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// `1930571429.0`
fn is_whole_as_decimal(text: &str) -> bool {
    text.split_once('.').is_some_and(|(whole, fraction)| {
        all_digits(whole) && !fraction.is_empty() && fraction.bytes().all(|b| b == b'0')
    })
}

/// `1.93E+09`
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let mantissa_fits = match mantissa.split_once(['.', ',']) {
        Some((whole, fraction)) => whole.len() == 1 && all_digits(whole) && all_digits(fraction),
        None => mantissa.len() == 1 && all_digits(mantissa),
    };
    mantissa_fits && exponent.strip_prefix(['+', '-']).is_some_and(all_digits)
}

/// `05:23.4`, `00:00.0`, `12:30`
fn is_time_of_day(text: &str) -> bool {
    let Some((first, rest)) = text.split_once(':') else {
        return false;
    };
    (1..=2).contains(&first.len())
        && all_digits(first)
        && rest.len() >= 2
        && rest
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b':'))
}

/// Watches one column of identifiers for lost leading zeros.
///
/// Sound because a system that pads does so in every row: if all numbers with a leading zero have one
/// width of six digits or more, a shorter number in the same column has lost its zeros. A column whose
/// declared width is known needs no such witness.
#[derive(Debug, Clone)]
pub(crate) struct ZeroWatch {
    /// The width that the mapping declares.
    digits: Option<usize>,
    lengths: [u64; 65],
    first_line: [u64; 65],
    padded_width: usize,
    padded: u64,
    padded_line: u64,
    is_uneven: bool,
}

/// Identifiers narrower than this may well be written `007` next to `12`.
const NARROWEST_PADDED: usize = 6;

impl ZeroWatch {
    pub(crate) const fn new(digits: Option<usize>) -> Self {
        Self {
            digits,
            lengths: [0; 65],
            first_line: [0; 65],
            padded_width: 0,
            padded: 0,
            padded_line: 0,
            is_uneven: false,
        }
    }

    /// Looks at one identifier that consists of digits.
    pub(crate) fn see(&mut self, digits: &str, line: u64) {
        let length = digits.len().min(64);
        if self.lengths[length] == 0 {
            self.first_line[length] = line;
        }
        self.lengths[length] += 1;
        if digits.starts_with('0') && length > 1 {
            if self.padded == 0 {
                self.padded_width = length;
                self.padded_line = line;
            }
            self.padded += 1;
            self.is_uneven |= length != self.padded_width;
        }
    }

    /// The sentence about that column, if zeros were lost.
    pub(crate) fn verdict(&self, column: &str) -> Option<String> {
        let witness = self.padded > 0 && !self.is_uneven && self.padded_width >= NARROWEST_PADDED;
        let width = self.digits.or(witness.then_some(self.padded_width))?;
        let shorter = 1..width.min(65);
        let lost: u64 = self.lengths[shorter.clone()].iter().sum();
        let line = self.first_line[shorter]
            .iter()
            .copied()
            .filter(|line| *line > 0)
            .min()?;
        let why = if self.digits.is_some() {
            format!("the mapping declares {width} digits")
        } else {
            format!(
                "{} others have {width} digits with leading zeros (the first on line {})",
                self.padded, self.padded_line
            )
        };
        Some(format!(
            "Column {column}: {lost} numbers are shorter than {width} digits (the first on line {line}), while {why}. A spreadsheet has taken the leading zeros away; {ADVICE}."
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_leaves_behind_is_recognised_and_honest_values_are_not() {
        for text in ["1930571429.0", "1.93E+09", "2e+07", "#REF!", "########"] {
            assert!(of_identifier(text).is_some(), "{text}");
        }
        for text in [
            "1930571429",
            "0042-TESTA",
            "12E5",
            "1.2",
            "E+09",
            "45A",
            "2013.10.01",
            "#12",
            "v1.0",
        ] {
            assert_eq!(of_identifier(text), None, "{text}");
        }
        for text in [
            "05:23.4",
            "00:00.0",
            "12:30",
            "20200117.0",
            "43831",
            "43831.5",
            "#N/A",
        ] {
            assert!(of_date(text).is_some(), "{text}");
        }
        for text in ["2013-01-31", "soon", "1/2", "20200117"] {
            assert_eq!(of_date(text), None, "{text}");
        }
        assert!(of_number("-1.5E+06").is_some());
        assert_eq!(of_number("1.5"), None);
        assert!(of_integer("2020.0").is_some());
    }

    fn watched(digits: Option<usize>, numbers: &[&str]) -> Option<String> {
        let mut watch = ZeroWatch::new(digits);
        for (line, number) in (2..).zip(numbers) {
            watch.see(number, line);
        }
        watch.verdict("KUNNR")
    }

    #[test]
    fn a_padded_number_beside_a_shorter_one_means_lost_zeros() {
        assert_eq!(
            watched(None, &["0140105686", "200769623", "1200000000"]).unwrap(),
            "Column KUNNR: 1 numbers are shorter than 10 digits (the first on line 3), while 1 others have 10 digits with leading zeros (the first on line 2). A spreadsheet has taken the leading zeros away; export it again and do not open it in a spreadsheet on the way."
        );
        assert_eq!(watched(None, &["0140105686", "1200000000"]), None);
        assert_eq!(watched(None, &["140105686", "1200000000"]), None);
    }

    #[test]
    fn narrow_or_uneven_numbers_prove_nothing_unless_a_width_is_declared() {
        assert_eq!(watched(None, &["007", "12"]), None);
        assert_eq!(watched(None, &["0012345", "00123456", "12"]), None);
        assert!(watched(Some(10), &["140105686", "1200000000"]).is_some());
        assert_eq!(watched(Some(10), &["0140105686", "1200000000"]), None);
    }
}
