//! Amounts and whole numbers as people and systems write them, read strictly by a declared style.
//!
//! `1.234` is a thousand in one house and one and a bit in the other, so nothing is guessed: what does
//! not fit the declared style is either no number at all or a contradiction of the style, and the reader
//! refuses the file for the latter. No floats: digits go straight to minor units.

/// How a file writes numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberStyle {
    /// Between whole part and fraction.
    pub decimal: char,
    /// Between groups of three digits; `None` where the file has none.
    pub group: Option<char>,
    /// Is a minus sign allowed after the digits, as SAP prints it?
    pub trailing_minus: bool,
    /// Do parentheses mean negative?
    pub parentheses: bool,
}

impl Default for NumberStyle {
    fn default() -> Self {
        Self {
            decimal: '.',
            group: None,
            trailing_minus: false,
            parentheses: false,
        }
    }
}

/// Why a cell is not a number of the declared style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amiss {
    /// It is no number in any style.
    NotANumber,
    /// It is a number, but the declared style does not write it so.
    OtherStyle(&'static str),
    /// It has more decimals than its currency.
    TooPrecise,
    /// It does not fit 64 bits.
    TooLarge,
}

/// The amount in minor units of a currency with that many places.
pub(crate) fn parse_minor(text: &str, style: NumberStyle, places: u32) -> Result<i64, Amiss> {
    let of_numbers = |c: char| {
        c.is_ascii_digit()
            || matches!(
                c,
                '.' | ',' | '\'' | '’' | ' ' | '\u{A0}' | '\u{202F}' | '-' | '+' | '(' | ')'
            )
    };
    parse(text, style, places).map_err(|amiss| match amiss {
        Amiss::OtherStyle(_) if !text.chars().all(of_numbers) => Amiss::NotANumber,
        other => other,
    })
}

fn parse(text: &str, style: NumberStyle, places: u32) -> Result<i64, Amiss> {
    let (digits, negative) = split_sign(text, style)?;
    let mut value: u64 = 0;
    let mut run = 0_u32;
    let mut seen = 0_u32;
    let mut grouped = false;
    let mut rest = digits.chars();
    let mut fraction = None;
    for c in rest.by_ref() {
        if let Some(digit) = c.to_digit(10) {
            run += 1;
            seen += 1;
            value = push(value, digit)?;
        } else if c == style.decimal {
            fraction = Some(0_u32);
            break;
        } else if style.group.is_some_and(|group| same_group(group, c)) {
            if run == 0 || run > 3 || (grouped && run != 3) {
                return Err(Amiss::OtherStyle("its groups are not of three digits"));
            }
            grouped = true;
            run = 0;
        } else {
            return Err(foreign(c));
        }
    }
    if grouped && run != 3 {
        return Err(Amiss::OtherStyle("its groups are not of three digits"));
    }
    let mut filled = 0;
    let mut is_too_precise = false;
    if let Some(given) = fraction.as_mut() {
        for c in rest {
            let Some(digit) = c.to_digit(10) else {
                return Err(foreign(c));
            };
            *given += 1;
            if *given <= places {
                value = push(value, digit)?;
                filled += 1;
            } else {
                is_too_precise |= digit != 0;
            }
        }
        if *given == 0 {
            return Err(Amiss::NotANumber);
        }
    }
    if seen == 0 && fraction.is_none() {
        return Err(Amiss::NotANumber);
    }
    if is_too_precise {
        return Err(Amiss::TooPrecise);
    }
    for _ in filled..places {
        value = push(value, 0)?;
    }
    let value = i64::try_from(value).map_err(|_| Amiss::TooLarge)?;
    Ok(if negative { -value } else { value })
}

impl NumberStyle {
    /// The style, for a sentence.
    pub(crate) fn described(self) -> String {
        let named = |c: char| match c {
            '.' => "a point".to_owned(),
            ',' => "a comma".to_owned(),
            ' ' => "a blank".to_owned(),
            '\'' => "an apostrophe".to_owned(),
            other => format!("{other:?}"),
        };
        let groups = self.group.map_or_else(
            || "no groups".to_owned(),
            |c| format!("{} between groups", named(c)),
        );
        format!("{} for decimals, {groups}", named(self.decimal))
    }
}

/// A whole number, without groups or decimals.
pub(crate) fn parse_int(text: &str) -> Result<i64, Amiss> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Amiss::NotANumber);
    }
    text.parse().map_err(|_| Amiss::TooLarge)
}

fn push(value: u64, digit: u32) -> Result<u64, Amiss> {
    value
        .checked_mul(10)
        .and_then(|v| v.checked_add(u64::from(digit)))
        .ok_or(Amiss::TooLarge)
}

/// A blank as a group mark comes in three widths, and nobody sees which one a system prints.
fn same_group(group: char, c: char) -> bool {
    c == group || (group == ' ' && matches!(c, '\u{A0}' | '\u{202F}'))
}

fn foreign(c: char) -> Amiss {
    match c {
        '.' => Amiss::OtherStyle("it has a point where none belongs"),
        ',' => Amiss::OtherStyle("it has a comma where none belongs"),
        ' ' | '\u{A0}' | '\u{202F}' => Amiss::OtherStyle("it has a blank where none belongs"),
        '\'' | '’' => Amiss::OtherStyle("it has an apostrophe where none belongs"),
        _ => Amiss::NotANumber,
    }
}

fn split_sign(text: &str, style: NumberStyle) -> Result<(&str, bool), Amiss> {
    let starts_as_number = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    if let Some(inner) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        return match (starts_as_number(inner), style.parentheses) {
            (true, true) => Ok((inner, true)),
            (true, false) => Err(Amiss::OtherStyle("it is negative in parentheses")),
            (false, _) => Err(Amiss::NotANumber),
        };
    }
    if let Some(rest) = text.strip_prefix(['-', '\u{2212}']) {
        return if rest.ends_with('-') {
            Err(Amiss::NotANumber)
        } else {
            Ok((rest.trim_start(), true))
        };
    }
    if let Some(rest) = text.strip_suffix('-') {
        return match (starts_as_number(rest), style.trailing_minus) {
            (true, true) => Ok((rest.trim_end(), true)),
            (true, false) => Err(Amiss::OtherStyle("its minus sign is at the end")),
            (false, _) => Err(Amiss::NotANumber),
        };
    }
    Ok((text.strip_prefix('+').unwrap_or(text), false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SAP: NumberStyle = NumberStyle {
        decimal: ',',
        group: Some('.'),
        trailing_minus: true,
        parentheses: false,
    };
    const US: NumberStyle = NumberStyle {
        decimal: '.',
        group: Some(','),
        trailing_minus: false,
        parentheses: true,
    };

    #[test]
    fn each_style_reads_its_own_numbers() {
        assert_eq!(parse_minor("1.234,56-", SAP, 2), Ok(-123_456));
        assert_eq!(parse_minor("1.234", SAP, 2), Ok(123_400));
        assert_eq!(parse_minor("(1,234.5)", US, 2), Ok(-123_450));
        assert_eq!(parse_minor("-0.05", NumberStyle::default(), 2), Ok(-5));
        assert_eq!(parse_minor("1234", NumberStyle::default(), 0), Ok(1234));
        assert_eq!(
            parse_minor("1.2345", NumberStyle::default(), 3),
            Err(Amiss::TooPrecise)
        );
        assert_eq!(parse_minor("1.23000", NumberStyle::default(), 2), Ok(123));
        let french = NumberStyle {
            decimal: ',',
            group: Some(' '),
            ..NumberStyle::default()
        };
        assert_eq!(parse_minor("1\u{202F}234\u{A0}567,8", french, 2), Ok(123_456_780));
    }

    #[test]
    fn a_number_of_another_style_is_told_from_what_is_no_number() {
        let canonical = NumberStyle::default();
        for text in ["1,234.56", "1.234,56", "12,50", "1 234.00", "5.00-", "(5.00)"] {
            assert!(
                matches!(parse_minor(text, canonical, 2), Err(Amiss::OtherStyle(_))),
                "{text}"
            );
        }
        for text in ["", "-", "abc", "12.", "--5", "(x)", "5e3", ".", "£5", "12 Elm"] {
            assert_eq!(parse_minor(text, canonical, 2), Err(Amiss::NotANumber), "{text}");
        }
        for text in ["12.50", "1.23.456,00", "1.2345,00", ".500,00", "1,234.56"] {
            assert!(
                matches!(parse_minor(text, SAP, 2), Err(Amiss::OtherStyle(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn an_amount_beyond_64_bits_is_refused_and_the_largest_is_not() {
        let canonical = NumberStyle::default();
        assert_eq!(parse_minor("92233720368547758.07", canonical, 2), Ok(i64::MAX));
        assert_eq!(
            parse_minor("92233720368547758.08", canonical, 2),
            Err(Amiss::TooLarge)
        );
        assert_eq!(
            parse_minor("99999999999999999999999999", canonical, 2),
            Err(Amiss::TooLarge)
        );
        assert_eq!(parse_int("99999999999999999999"), Err(Amiss::TooLarge));
    }

    fn written(minor: i64, places: u32, style: NumberStyle) -> String {
        let digits = minor.unsigned_abs().to_string();
        let width = usize::try_from(places).unwrap() + 1;
        let digits = format!("{digits:0>width$}");
        let (whole, fraction) = digits.split_at(digits.len() + 1 - width);
        let mut out = String::new();
        for (at, c) in whole.chars().enumerate() {
            if let Some(group) = style.group.filter(|_| at > 0 && (whole.len() - at) % 3 == 0) {
                out.push(group);
            }
            out.push(c);
        }
        if places > 0 {
            out.push(style.decimal);
            out.push_str(fraction);
        }
        match (minor < 0, style.trailing_minus, style.parentheses) {
            (false, ..) => out,
            (true, true, _) => out + "-",
            (true, _, true) => format!("({out})"),
            _ => format!("-{out}"),
        }
    }

    proptest! {
        #[test]
        fn every_amount_comes_back_from_every_style(minor in -i64::MAX..i64::MAX, places in prop_oneof![Just(0_u32), Just(2), Just(3)]) {
            for style in [SAP, US, NumberStyle::default()] {
                prop_assert_eq!(parse_minor(&written(minor, places, style), style, places), Ok(minor));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            for style in [SAP, US, NumberStyle::default()] {
                let _ = parse_minor(&text, style, 2);
            }
            let _ = parse_int(&text);
        }
    }
}
