//! Which client a ticket is about.
//!
//! Promises: everything that points at a client is kept with what pointed there; one, several or none are
//! said as such. Where the sender's address names one client and the text another, the answer is several:
//! a mismatch is shown, never guessed away.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::ClientNo;
use crate::model::words;
use crate::text;

words! {
    /// What pointed at a client, the surest first.
    By {
        /// The helpdesk's contact is noted on the client.
        Contact = "contact",
        /// The contact carries the client's number.
        ExternalId = "external_id",
        /// The sender's e-mail address.
        Email = "email",
        /// The sender's telephone number.
        Phone = "phone",
        /// The client's number in the text.
        Number = "number",
        /// A paddle in the text, with its sale or unique without.
        Paddle = "paddle",
    }
}

/// Longest text that is looked through; what a client needs to say stands at the beginning.
const LONGEST: usize = 20_000;
/// Most numbers that are taken from one text: a pasted price list is no list of clients.
const MOST: usize = 20;
/// A bare number of at least so many digits may be a client's.
const FEWEST_DIGITS: usize = 6;
const MOST_DIGITS: usize = 12;

/// Words before which even a short number is a client's.
const CLIENT_WORDS: &[&str] = &[
    "client",
    "account",
    "customer",
    "kunde",
    "kundennummer",
    "kunnr",
    "konto",
    "buyer",
];
/// Words that may stand between.
const NUMBER_WORDS: &[&str] = &["no", "nr", "number", "id", "ref", "reference"];

/// What the helpdesk says of the person who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester {
    /// The contact's id.
    pub contact: Option<i64>,
    /// Another system's id that the contact carries.
    pub external_id: Option<String>,
    /// Addresses.
    pub emails: Vec<String>,
    /// Telephone numbers.
    pub phones: Vec<String>,
}

/// A paddle that was named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PaddleSaid {
    /// The paddle.
    pub paddle: String,
    /// Its sale, where one was named.
    pub sale: Option<String>,
}

/// What is to be looked up about a ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traits {
    /// The person.
    pub requester: Requester,
    /// Numbers in the text that may be clients'.
    pub numbers: Vec<ClientNo>,
    /// Paddles in the text.
    pub paddles: Vec<PaddleSaid>,
}

impl Traits {
    /// From the person and the words of a ticket.
    pub fn of(requester: Requester, subject: &str, body: &str) -> Self {
        let words = format!("{subject}\n{body}");
        Self {
            requester,
            numbers: numbers_said(&words),
            paddles: paddles_said(&words),
        }
    }
}

/// A client that something points at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Candidate {
    /// The client, the surviving one where two were merged.
    pub client: ClientNo,
    /// What pointed there.
    pub by: By,
    /// The address or number that did.
    pub on: String,
}

/// Whose ticket it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Everything points at one client.
    One(ClientNo),
    /// Not one client.
    Unclear(SeveralOrNone),
}

/// Why no single client is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SeveralOrNone {
    /// Several, each with what pointed at it.
    Several(BTreeMap<ClientNo, BTreeSet<By>>),
    /// Nobody.
    None,
}

impl Verdict {
    /// What the candidates come to.
    pub fn of(candidates: &[Candidate]) -> Self {
        let mut by_client: BTreeMap<ClientNo, BTreeSet<By>> = BTreeMap::new();
        for candidate in candidates {
            by_client
                .entry(candidate.client.clone())
                .or_default()
                .insert(candidate.by);
        }
        match by_client.len() {
            0 => Self::Unclear(SeveralOrNone::None),
            1 => match by_client.pop_first() {
                Some((client, _)) => Self::One(client),
                None => Self::Unclear(SeveralOrNone::None),
            },
            _ => Self::Unclear(SeveralOrNone::Several(by_client)),
        }
    }

    /// `one`, `several` or `none`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::One(_) => "one",
            Self::Unclear(SeveralOrNone::Several(_)) => "several",
            Self::Unclear(SeveralOrNone::None) => "none",
        }
    }

    /// The client, where it is one.
    pub const fn client(&self) -> Option<&ClientNo> {
        match self {
            Self::One(client) => Some(client),
            Self::Unclear(_) => None,
        }
    }

    /// Does the sender's side name one client and the text another? Then somebody must look.
    pub fn is_mismatch(&self) -> bool {
        let Self::Unclear(SeveralOrNone::Several(clients)) = self else {
            return false;
        };
        let by_text = |by: &By| matches!(by, By::Number | By::Paddle);
        clients.values().any(|by| by.iter().all(by_text))
            && clients.values().any(|by| !by.iter().all(by_text))
    }
}

/// One word of a text, lower case, with what separates it from the one before.
struct Word {
    text: String,
}

fn split(text: &str) -> Vec<Word> {
    let start: String = text.chars().take(LONGEST).collect();
    start
        .split_whitespace()
        // An address or link is no number, whatever digits it has.
        .filter(|word| !word.contains('@') && !word.contains("://"))
        .flat_map(|word| {
            word.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '.')))
                .map(|part| part.trim_matches(['-', '_', '/', '.']))
                .filter(|part| !part.is_empty())
                .map(|part| Word {
                    text: text::fold(part),
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Numbers in a text that may be clients': bare ones of six digits or more, and whatever follows a word
/// such as "client" or "account". Whether there is such a client, the store knows.
pub fn numbers_said(text: &str) -> Vec<ClientNo> {
    let words = split(text);
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let is_digits = word.text.bytes().all(|b| b.is_ascii_digit());
        let announced = {
            let before = |back: usize| {
                at.checked_sub(back)
                    .and_then(|at| words.get(at))
                    .map(|w| w.text.as_str())
            };
            let is_client = |word: Option<&str>| word.is_some_and(|word| CLIENT_WORDS.contains(&word));
            let is_number = |word: Option<&str>| word.is_some_and(|word| NUMBER_WORDS.contains(&word));
            is_client(before(1)) || (is_number(before(1)) && is_client(before(2)))
        };
        let fits = if announced {
            word.text.bytes().any(|b| b.is_ascii_digit())
        } else {
            is_digits && (FEWEST_DIGITS..=MOST_DIGITS).contains(&word.text.len())
        };
        let digits = word.text.trim_start_matches('0');
        if !fits || (is_digits && digits.len() > 10) {
            continue;
        }
        let plain = if is_digits { digits } else { word.text.as_str() };
        if let Some(no) = ClientNo::parse(plain)
            && !found.contains(&no)
        {
            found.push(no);
            if found.len() == MOST {
                break;
            }
        }
    }
    found
}

/// Paddles in a text: `paddle 117`, with the sale if one is named anywhere.
pub fn paddles_said(text: &str) -> Vec<PaddleSaid> {
    let words = split(text);
    let after = |at: usize| -> Option<&str> {
        let next = words.get(at + 1)?;
        let value = if NUMBER_WORDS.contains(&next.text.as_str()) {
            words.get(at + 2)?
        } else {
            next
        };
        value
            .text
            .bytes()
            .any(|b| b.is_ascii_digit())
            .then_some(value.text.as_str())
    };
    let named = |name: &[&str]| -> Vec<&str> {
        (0..words.len())
            .filter(|at| name.contains(&words[*at].text.as_str()))
            .filter_map(after)
            .collect()
    };
    let sale = named(&["sale", "auction", "auktion", "vente"])
        .first()
        .map(|sale| sale.to_ascii_uppercase());
    let paddles: BTreeSet<PaddleSaid> = named(&["paddle", "bieternummer"])
        .into_iter()
        .map(|paddle| PaddleSaid {
            paddle: paddle.to_ascii_uppercase(),
            sale: sale.clone(),
        })
        .take(MOST)
        .collect();
    paddles.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shorts(text: &str) -> Vec<String> {
        numbers_said(text)
            .iter()
            .map(|no| no.short().to_owned())
            .collect()
    }

    fn no(text: &str) -> ClientNo {
        ClientNo::parse(text).unwrap()
    }

    fn candidate(client: &str, by: By) -> Candidate {
        Candidate {
            client: no(client),
            by,
            on: String::new(),
        }
    }

    #[test]
    fn numbers_are_found_where_people_write_them() {
        assert_eq!(shorts("Client 140105686, please"), ["140105686"]);
        assert_eq!(shorts("re: my account no. 4711 / lot 45"), ["4711"]);
        assert_eq!(shorts("client number: 0042-testa"), ["0042-TESTA"]);
        assert_eq!(shorts("(0140105686) and 0140105686"), ["140105686"]);
        assert_eq!(shorts("lot 45, 12 March 2026, 1.250 EUR"), Vec::<String>::new());
        assert_eq!(
            shorts("ada.1234567@example.org https://x.example/140105686"),
            Vec::<String>::new()
        );
        assert_eq!(shorts("12345678901234567890"), Vec::<String>::new());
    }

    #[test]
    fn a_paddle_is_found_with_its_sale() {
        let said = |paddle: &str, sale: Option<&str>| PaddleSaid {
            paddle: paddle.into(),
            sale: sale.map(str::to_owned),
        };
        assert_eq!(
            paddles_said("Paddle 117 in sale L26014?"),
            [said("117", Some("L26014"))]
        );
        assert_eq!(paddles_said("my paddle no. 9"), [said("9", None)]);
        assert_eq!(paddles_said("paddle boat"), []);
    }

    #[test]
    fn one_several_and_none_are_said_as_such() {
        assert_eq!(Verdict::of(&[]).word(), "none");
        let one = Verdict::of(&[candidate("1001", By::Email), candidate("1001", By::Number)]);
        assert_eq!(one, Verdict::One(no("1001")));
        let family = Verdict::of(&[candidate("1001", By::Email), candidate("1002", By::Email)]);
        assert_eq!(
            (family.word(), family.is_mismatch(), family.client()),
            ("several", false, None)
        );
        let other = Verdict::of(&[candidate("1001", By::Email), candidate("1002", By::Number)]);
        assert_eq!((other.word(), other.is_mismatch()), ("several", true));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in ".{0,400}") {
            prop_assert!(numbers_said(&text).len() <= MOST);
            prop_assert!(paddles_said(&text).len() <= MOST);
        }
    }
}
