//! Payment data that must not be mailed or kept in a ticket: card numbers, and account numbers of the world
//! (IBAN).
//!
//! Told by their check digits, so that an invoice's or a client's number is not taken for one.

use unicode_normalization::UnicodeNormalization;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentData {
    /// A card's number.
    Card,
    /// A bank account's number.
    Iban,
}

/// Digits of a card's number.
const CARD: std::ops::RangeInclusive<usize> = 13..=19;
/// Characters of an IBAN.
const IBAN: std::ops::RangeInclusive<usize> = 15..=34;

/// The first payment data in a text, whatever separates its digits and in whichever width they are written.
pub fn find(text: &str) -> Option<PaymentData> {
    let plain: Vec<char> = text
        .nfkc()
        .filter(|c| !crate::text::is_deceptive(*c) || *c == '\n')
        .collect();
    if has_card(&plain) {
        return Some(PaymentData::Card);
    }
    has_iban(&plain).then_some(PaymentData::Iban)
}

const fn parts(c: char) -> bool {
    matches!(c, ' ' | '-' | '.' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn has_card(text: &[char]) -> bool {
    let starts = (0..text.len()).filter(|at| {
        matches!(text[*at], '2'..='6')
            && at
                .checked_sub(1)
                .is_none_or(|before| !text[before].is_ascii_digit())
    });
    for start in starts {
        let mut digits: Vec<u32> = Vec::new();
        let mut gap = 0;
        for (at, c) in text.iter().enumerate().skip(start) {
            match c.to_digit(10) {
                Some(digit) => {
                    gap = 0;
                    digits.push(digit);
                    if digits.len() > *CARD.end() {
                        break;
                    }
                    let goes_on = text.get(at + 1).is_some_and(char::is_ascii_digit);
                    if !goes_on && CARD.contains(&digits.len()) && luhn(&digits) {
                        return true;
                    }
                }
                None if parts(*c) && gap == 0 => gap = 1,
                None => break,
            }
        }
    }
    false
}

fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match (at % 2 == 1, digit * 2) {
            (true, twice) if twice > 9 => twice - 9,
            (true, twice) => twice,
            (false, _) => *digit,
        })
        .sum();
    sum.is_multiple_of(10)
}

fn has_iban(text: &[char]) -> bool {
    let starts = (0..text.len()).filter(|at| {
        let begins = text[*at].is_ascii_alphabetic()
            && text.get(at + 1).is_some_and(char::is_ascii_alphabetic)
            && text.get(at + 2).is_some_and(char::is_ascii_digit)
            && text.get(at + 3).is_some_and(char::is_ascii_digit);
        begins
            && at
                .checked_sub(1)
                .is_none_or(|before| !text[before].is_alphanumeric())
    });
    for start in starts {
        let mut kept: Vec<char> = Vec::new();
        let mut gap = 0;
        for (at, c) in text.iter().enumerate().skip(start) {
            if c.is_ascii_alphanumeric() {
                gap = 0;
                kept.push(c.to_ascii_uppercase());
                if kept.len() > *IBAN.end() {
                    break;
                }
                let goes_on = text.get(at + 1).is_some_and(char::is_ascii_alphanumeric);
                if !goes_on && IBAN.contains(&kept.len()) && checks(&kept) {
                    return true;
                }
            } else if parts(*c) && gap == 0 {
                gap = 1;
            } else {
                break;
            }
        }
    }
    false
}

/// ISO 7064, modulus 97 of 10.
fn checks(iban: &[char]) -> bool {
    let (head, tail) = iban.split_at(4);
    let rest = tail
        .iter()
        .chain(head)
        .filter_map(|c| c.to_digit(36))
        .fold(0_u32, |rest, value| {
            let shifted = if value > 9 { rest * 100 } else { rest * 10 };
            (shifted + value) % 97
        });
    rest == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_found_however_they_are_written() {
        for text in [
            "my card is 4111111111111111",
            "4111 1111 1111 1111, exp 12/28",
            "(4111-1111-1111-1111)",
            "4111.1111.1111.1111",
            "３７８２８２２４６３１０００５",
            "4111 1111\u{200B} 1111 1111",
            "ref 12: 5500 0000 0000 0004",
        ] {
            assert_eq!(find(text), Some(PaymentData::Card), "{text}");
        }
    }

    #[test]
    fn accounts_are_found_however_they_are_written() {
        for text in [
            "DE89370400440532013000",
            "pay to gb29 nwbk 6016 1331 9268 19 please",
            "IBAN:FR14 2004 1010 0505 0001 3M02 606",
        ] {
            assert_eq!(find(text), Some(PaymentData::Iban), "{text}");
        }
    }

    #[test]
    fn what_the_house_writes_every_day_is_neither() {
        for text in [
            "Client 0140105686, invoice 1800012345, lot 24001/45.",
            "4111 1111 1111 1112",
            "Call +44 20 7293 5000 or +852 2524 8121",
            "GBP 1,200.00 by 2026-03-08, GBP 500.00 by 2026-04-08",
            "DE88370400440532013000",
            "AB12",
            "",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[\\s\\S]{0,200}") {
            let _ = find(&text);
        }
    }
}
