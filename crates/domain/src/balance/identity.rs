//! B1: which client is meant? Never guessed, never by part of a name alone, and never by hinting at
//! clients that the asker may not know of.

use crate::access::Asker;
use crate::ids::ClientNo;
use crate::model::{AliasKind, Client};

/// How a client was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundBy {
    /// By its exact number.
    Number,
    /// By another exact name of that kind: an e-mail address, a phone number, a paddle.
    Alias(AliasKind, String),
    /// By its whole name.
    WholeName,
    /// By a part or a variant of its name.
    PartOfName,
}

/// A client that a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The client.
    pub client: Client,
    /// How.
    pub by: FoundBy,
}

/// One of several to choose between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The number, for the question that a choice asks; never shown.
    pub no: ClientNo,
    /// What to show: name, masked number, what else distinguishes it.
    pub label: String,
}

/// Which client is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// This one.
    One(ClientNo),
    /// The asker must choose; `more` others fit as well.
    Choose {
        /// At most five.
        options: Vec<Candidate>,
        /// How many were left out.
        more: usize,
    },
    /// Nobody, as far as the asker may know.
    Nobody,
    /// It is known by exact number, but not to this asker (B0).
    NotForYou(ClientNo),
}

const MOST: usize = 5;

/// Which of the found clients is meant. The whole name alone decides only where it is the only one found;
/// a part of a name never does.
pub fn identify(found: &[Found], asker: &Asker) -> Identity {
    let visible: Vec<&Found> = found
        .iter()
        .filter(|found| asker.may_see(&found.client))
        .collect();
    let by_number = |found: &&Found| found.by == FoundBy::Number;
    if visible.is_empty() {
        return match found.iter().find(by_number) {
            Some(hidden) => Identity::NotForYou(hidden.client.no.clone()),
            None => Identity::Nobody,
        };
    }
    if let Some(exact) = visible.iter().copied().find(by_number) {
        return Identity::One(exact.client.no.clone());
    }
    let mut distinct: Vec<&Found> = Vec::new();
    for found in visible {
        if !distinct.iter().any(|other| other.client.no == found.client.no) {
            distinct.push(found);
        }
    }
    match distinct.as_slice() {
        [only] if only.by != FoundBy::PartOfName => Identity::One(only.client.no.clone()),
        several => Identity::Choose {
            options: several.iter().take(MOST).map(|found| candidate(found)).collect(),
            more: several.len().saturating_sub(MOST),
        },
    }
}

fn candidate(found: &Found) -> Candidate {
    let client = &found.client;
    let mut parts = vec![client.name.clone(), masked(client.no.short())];
    if let FoundBy::Alias(kind, value) = &found.by {
        parts.push(match kind {
            AliasKind::Name => value.clone(),
            AliasKind::Paddle => format!("paddle {value}"),
            _ => masked(value),
        });
    }
    parts.extend(client.location.as_ref().map(ToString::to_string));
    parts.extend(client.country.clone());
    parts.extend(client.tier.clone());
    Candidate {
        no: client.no.clone(),
        label: parts.join(" · "),
    }
}

/// An identifier of which one sees enough to recognise it, not enough to use it: the last three of a
/// number, the first letter and the domain's ending of an address.
pub fn masked(identifier: &str) -> String {
    if let Some((name, domain)) = identifier.split_once('@') {
        let first: String = name.chars().take(1).collect();
        let ending = domain.rsplit_once('.').map_or("", |(_, ending)| ending);
        return format!("{first}•••@•••.{ending}");
    }
    let length = identifier.chars().count();
    let shown = if length > 6 { 3 } else { length / 3 };
    let tail: String = identifier.chars().skip(length - shown).collect();
    format!("•••{tail}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::*;
    use crate::access::{Permission, Role, Scope};
    use crate::ids::{LocationId, PersonId};
    use crate::model::{ClientKind, Confidentiality};

    fn found(no: &str, name: &str, by: FoundBy, confidentiality: Confidentiality) -> Found {
        Found {
            client: Client {
                no: ClientNo::parse(no).unwrap(),
                name: name.to_owned(),
                kind: ClientKind::Person,
                tier: None,
                country: Some("GB".to_owned()),
                group: None,
                language: None,
                location: Some(LocationId::new("london")),
                owner: None,
                confidentiality,
                merged_into: None,
            },
            by,
        }
    }

    fn coordinator() -> Asker {
        Asker {
            id: PersonId::new("ann"),
            name: "Ann".to_owned(),
            role: Arc::new(Role::new("coordinator", "Coordinator", &[Permission::Balance])),
            scope: Scope::Only(BTreeSet::from([LocationId::new("london")])),
        }
    }

    #[test]
    fn several_namesakes_are_listed_with_masked_numbers_and_never_guessed() {
        let all: Vec<Found> = (0..7)
            .map(|n| {
                found(
                    &format!("14010568{n}"),
                    "Ada Lovelace",
                    FoundBy::WholeName,
                    Confidentiality::Normal,
                )
            })
            .collect();
        let Identity::Choose { options, more } = identify(&all, &coordinator()) else {
            panic!("chose")
        };
        assert_eq!((options.len(), more), (5, 2));
        assert_eq!(options[0].label, "Ada Lovelace · •••680 · london · GB");
    }

    #[test]
    fn a_part_of_a_name_is_confirmed_even_if_only_one_fits_and_a_number_is_not() {
        let part = [found(
            "1",
            "Ada Lovelace",
            FoundBy::PartOfName,
            Confidentiality::Normal,
        )];
        assert!(matches!(identify(&part, &coordinator()), Identity::Choose { .. }));
        let whole = [found(
            "1",
            "Ada Lovelace",
            FoundBy::WholeName,
            Confidentiality::Normal,
        )];
        assert!(matches!(identify(&whole, &coordinator()), Identity::One(_)));
        let number = [
            found("2", "1 Ltd", FoundBy::PartOfName, Confidentiality::Normal),
            found("1", "Ada", FoundBy::Number, Confidentiality::Normal),
        ];
        assert_eq!(
            identify(&number, &coordinator()),
            Identity::One(ClientNo::parse("1").unwrap())
        );
    }

    #[test]
    fn a_client_outside_the_scope_looks_unknown_unless_its_exact_number_is_named() {
        let named = [found(
            "1",
            "Ada Lovelace",
            FoundBy::WholeName,
            Confidentiality::Vip,
        )];
        assert_eq!(identify(&named, &coordinator()), Identity::Nobody);
        let numbered = [found("1", "Ada Lovelace", FoundBy::Number, Confidentiality::Vip)];
        assert_eq!(
            identify(&numbered, &coordinator()),
            Identity::NotForYou(ClientNo::parse("1").unwrap())
        );
        let namesakes = [
            found(
                "1",
                "Ada Lovelace",
                FoundBy::WholeName,
                Confidentiality::Restricted,
            ),
            found("2", "Ada Lovelace", FoundBy::WholeName, Confidentiality::Normal),
        ];
        assert_eq!(
            identify(&namesakes, &coordinator()),
            Identity::One(ClientNo::parse("2").unwrap())
        );
        assert_eq!(identify(&[], &coordinator()), Identity::Nobody);
    }

    #[test]
    fn masks_leave_enough_to_recognise_and_too_little_to_use() {
        let all = [
            "140105686",
            "ada@example.co.uk",
            "+44 20 7946 0958",
            "12",
            "",
            "王小明",
        ]
        .map(masked);
        assert_eq!(all, ["•••686", "a•••@•••.uk", "•••958", "•••", "•••", "•••明"]);
    }
}
