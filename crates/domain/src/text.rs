//! Text from outside: names, references, ticket bodies.
//!
//! [`clean`] takes away what could deceive a reader (control characters, bidirectional overrides,
//! invisible characters) and bounds the length; escaping for markup is each renderer's own duty.
//! [`fold`] makes the form by which names are searched: no case, no accents.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A date as people say it: `8 Mar 2026`, which no country reads in another order.
pub fn day(on: chrono::NaiveDate) -> String {
    on.format("%-d %b %Y").to_string()
}

/// Is this a character that no honest name holds: a control, a bidi override or isolate, a zero-width?
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
            | '\u{061C}' | '\u{180E}' | '\u{E0000}'..='\u{E007F}' | '\u{FFF9}'..='\u{FFFB}')
}

/// The text without deceptive characters, white space folded to single blanks, cut at `longest`
/// characters with an ellipsis.
pub fn clean(text: &str, longest: usize) -> String {
    let mut out = String::with_capacity(text.len().min(longest * 4));
    let mut length = 0;
    for word in text.split(|c: char| c.is_whitespace()) {
        let mut kept = word.chars().filter(|c| !is_deceptive(*c)).peekable();
        if kept.peek().is_none() {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
            length += 1;
        }
        for c in kept {
            if length + 1 >= longest {
                out.push('…');
                return out;
            }
            out.push(c);
            length += 1;
        }
    }
    out
}

/// A text for places that are read in lists by many, such as a thread's title: one line, and long runs of
/// digits (cards, accounts, telephones) cut to their last four.
pub fn title(text: &str, longest: usize) -> String {
    let line = clean(text, longest);
    let mut out = String::with_capacity(line.len());
    let mut run = String::new();
    let flush = |run: &mut String, out: &mut String| {
        let digits: Vec<char> = run.chars().filter(char::is_ascii_digit).collect();
        if digits.len() >= LONG_NUMBER {
            out.push('…');
            out.extend(&digits[digits.len() - 4..]);
            // What followed the last digit within the run was a space or a dash, and still parts two words.
            if run.ends_with([' ', '-']) {
                out.push(' ');
            }
        } else {
            out.push_str(run);
        }
        run.clear();
    };
    for c in line.chars() {
        let goes_on = c.is_ascii_digit() || (!run.is_empty() && matches!(c, ' ' | '-'));
        if goes_on {
            run.push(c);
        } else {
            flush(&mut run, &mut out);
            out.push(c);
        }
    }
    flush(&mut run, &mut out);
    out
}

/// So many digits in a row, spaces and dashes aside, are a card, an account or a telephone.
const LONG_NUMBER: usize = 11;

/// Lower case without accents, for search: `Müller-Çelik` becomes `muller-celik`, `Straße` `strasse`.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text
        .nfkd()
        .filter(|c| !is_combining_mark(*c) && !is_deceptive(*c))
    {
        match c {
            'ß' | 'ẞ' => out.push_str("ss"),
            'æ' | 'Æ' => out.push_str("ae"),
            'œ' | 'Œ' => out.push_str("oe"),
            'ø' | 'Ø' => out.push('o'),
            'đ' | 'Đ' | 'ð' | 'Ð' => out.push('d'),
            'ł' | 'Ł' => out.push('l'),
            'þ' | 'Þ' => out.push_str("th"),
            'ı' => out.push('i'),
            _ => out.extend(c.to_lowercase().filter(|c| !is_combining_mark(*c))),
        }
    }
    out
}

/// The searchable words of a name: folded, split at everything that is neither letter nor digit.
/// A name in a script without blanks (Han, kana, Hangul) also yields each of its suffixes, so that a
/// part from the middle finds it.
pub fn tokens(name: &str) -> Vec<String> {
    let folded = fold(name);
    let mut out: Vec<String> = Vec::new();
    for word in folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        out.push(word.to_owned());
        if word.chars().any(is_unspaced_script) {
            let starts: Vec<usize> = word.char_indices().skip(1).map(|(at, _)| at).take(16).collect();
            out.extend(starts.into_iter().map(|at| word[at..].to_owned()));
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

fn is_unspaced_script(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{1100}'..='\u{11FF}'
        | '\u{20000}'..='\u{2FFFF}' | '\u{0E00}'..='\u{0E7F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_never_shows_a_card_or_an_account_number_whole() {
        assert_eq!(
            title("Card 4111 1111 1111 1111 declined", 80),
            "Card …1111 declined"
        );
        assert_eq!(
            title("DE89370400440532013000 and 140105686", 80),
            "DE…3000 and 140105686"
        );
        assert_eq!(title("Lot 45, 2 chairs\u{202e}", 80), "Lot 45, 2 chairs");
    }

    #[test]
    fn a_name_cannot_hide_direction_changes_or_controls() {
        assert_eq!(
            clean("Ada\u{202E}evil\u{202C}\n\n  Love\u{0007}lace\u{200B}", 100),
            "Adaevil Lovelace"
        );
        assert_eq!(clean("abcdef", 4), "abc…");
        assert_eq!(clean("abc", 4), "abc");
    }

    #[test]
    fn names_are_found_without_case_or_accents() {
        assert_eq!(
            fold("Müller-Çelik STRASSE Straße Øre Łódź"),
            "muller-celik strasse strasse ore lodz"
        );
        assert_eq!(tokens("O'Brien & Söhne GmbH"), ["brien", "gmbh", "o", "sohne"]);
        assert!(tokens("王小明").contains(&"小明".to_owned()));
    }
}
