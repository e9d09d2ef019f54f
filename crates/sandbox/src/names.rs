//! Names as an auction house meets them: many scripts, and many spellings of each.
//!
//! Promises: the same random numbers give the same name; every name in another script comes with the
//! transliteration by which colleagues look for it; e-mail addresses are of the reserved example domains
//! and phone numbers of ranges that belong to nobody.

use hammerdesk_domain::text::fold;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::cultures::{AT_HOME, CULTURES, Order};

/// A name with everything that hangs on it.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    /// Legal name.
    pub(crate) legal: String,
    /// BCP 47 language.
    pub(crate) language: &'static str,
    /// Country.
    pub(crate) country: &'static str,
    /// Is it a company?
    pub(crate) company: bool,
    /// Other spellings, none twice, none the legal one.
    pub(crate) variants: Vec<String>,
    /// The part of an e-mail address before the `@`.
    pub(crate) mailbox: String,
}

const SYLLABLES: &[&str] = &[
    "bar", "mont", "dell", "kar", "win", "thor", "ville", "strom", "berg", "lan", "quist", "mer", "ros",
    "hol",
];

fn pick<T: Copy>(rng: &mut ChaCha8Rng, from: &[T]) -> T {
    from[rng.random_range(0..from.len())]
}

/// A name for a client of the saleroom at that position; one in eight is a company.
pub(crate) fn name(rng: &mut ChaCha8Rng, saleroom: usize) -> Name {
    let culture = &CULTURES[pick(rng, AT_HOME[saleroom % AT_HOME.len()])];
    let (given, given_latin) = pick(rng, culture.given);
    let (family, family_latin) = pick(rng, culture.family);
    let company = rng.random_ratio(1, 8);
    let spellings = rng.random_range(0_usize..12);
    // Enough different surnames that a million clients do not share a few hundred.
    let compound = culture.order == Order::GivenFamily && family == family_latin && rng.random_ratio(1, 3);
    let (family, family_latin) = if compound {
        let tail = capital(&format!("{}{}", pick(rng, SYLLABLES), pick(rng, SYLLABLES)));
        (format!("{family}-{tail}"), format!("{family_latin}-{tail}"))
    } else {
        (family.to_owned(), family_latin.to_owned())
    };
    let mailbox: String = fold(&format!("{given_latin}.{family_latin}"))
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '.')
        .collect();
    let (legal, mut variants) = if company {
        let (before, after) = pick(rng, culture.company);
        company_spellings(&family, &family_latin, before, after)
    } else {
        let legal = person(culture.order, given, &family);
        (
            legal,
            person_spellings(culture.order, (given, given_latin), (&family, &family_latin)),
        )
    };
    let mut seen = vec![legal.clone()];
    variants.retain(|variant| {
        let new = !seen.contains(variant);
        if new {
            seen.push(variant.clone());
        }
        new
    });
    // A name in another script keeps its transliteration, however few spellings it has.
    variants.truncate(if legal.is_ascii() {
        spellings
    } else {
        spellings.max(2)
    });
    Name {
        legal,
        language: culture.language,
        country: culture.country,
        company,
        variants,
        mailbox,
    }
}

fn person(order: Order, given: &str, family: &str) -> String {
    match order {
        Order::GivenFamily => format!("{given} {family}"),
        Order::FamilyGiven => format!("{family} {given}"),
        Order::Joined => format!("{family}{given}"),
    }
}

fn person_spellings(order: Order, given: (&str, &str), family: (&str, &str)) -> Vec<String> {
    let ((given, given_latin), (family, family_latin)) = (given, family);
    let initial: String = given_latin.chars().take(1).collect();
    let swapped = match order {
        Order::FamilyGiven => format!("{given} {family}"),
        Order::GivenFamily | Order::Joined => format!("{family} {given}"),
    };
    vec![
        format!("{given_latin} {family_latin}"),
        format!("{family_latin}, {given_latin}"),
        swapped,
        format!("{initial}. {family_latin}"),
        format!("{} {}", family_latin.to_uppercase(), given_latin.to_uppercase()),
        format!("{family_latin} {given_latin}"),
        fold(&format!("{given_latin} {family_latin}")),
        format!("{family_latin} {initial}"),
        format!("{}{family_latin}", given_latin.replace([' ', '-'], "")),
        format!("{} {family_latin}", given_latin.replace(' ', "-")),
        format!("Mr/Ms {initial} {family_latin}"),
    ]
}

fn company_spellings(family: &str, latin: &str, before: &str, after: &str) -> (String, Vec<String>) {
    let legal = format!("{before}{family}{after}");
    let variants = vec![
        format!("{latin} Fine Art"),
        format!("{latin} Limited"),
        format!("{} LTD.", latin.to_uppercase()),
        format!("{latin} Ltd"),
        format!("{latin} Co., Ltd"),
        format!("{latin} & Co"),
        format!("{family}"),
        format!("The {latin} Gallery"),
        fold(&format!("{latin} fine art limited")),
        format!("{latin} (Trading)"),
        format!("{latin} Intl."),
    ];
    (legal, variants)
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A phone number of a range that is given to nobody.
pub(crate) fn phone(saleroom: usize, n: u64) -> String {
    match saleroom {
        0 => format!("+44 20 7946 0{:03}", n % 1000),
        1 => {
            const AREAS: [&str; 6] = ["212", "646", "718", "917", "332", "929"];
            let area = AREAS[usize::try_from(n / 100 % 6).unwrap_or(0)];
            format!("+1 {area} 555 01{:02}", n % 100)
        }
        _ => format!("+852 0{:03} {:04}", n / 10_000 % 1000, n % 10_000),
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn names_come_in_many_scripts_with_their_transliterations() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let names: Vec<Name> = (0..600).map(|at| name(&mut rng, at % 3)).collect();
        for (what, range) in [
            ("Han", '\u{4E00}'..='\u{9FFF}'),
            ("kana", '\u{3040}'..='\u{30FF}'),
            ("Hangul", '\u{AC00}'..='\u{D7AF}'),
            ("Arabic", '\u{0600}'..='\u{06FF}'),
            ("Cyrillic", '\u{0400}'..='\u{04FF}'),
            ("Greek", '\u{0370}'..='\u{03FF}'),
            ("Thai", '\u{0E00}'..='\u{0E7F}'),
        ] {
            let of_script: Vec<_> = names
                .iter()
                .filter(|name| name.legal.chars().any(|c| range.contains(&c)))
                .collect();
            assert!(of_script.len() > 3, "{what}: {}", of_script.len());
            for name in of_script {
                let latin = |text: &String| text.chars().any(|c| c.is_ascii_alphabetic());
                assert!(
                    name.variants.iter().any(latin),
                    "{} has no transliteration",
                    name.legal
                );
            }
        }
        assert_eq!(names.iter().map(|name| name.variants.len()).max(), Some(11));
    }

    #[test]
    fn mailboxes_hold_what_an_address_may_hold() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        for at in 0..600 {
            let mailbox = name(&mut rng, at % 3).mailbox;
            assert!(
                mailbox.len() > 2 && mailbox.chars().all(|c| c.is_ascii_lowercase() || c == '.'),
                "{mailbox}"
            );
        }
    }
}
