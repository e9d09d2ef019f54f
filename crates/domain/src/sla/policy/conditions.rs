//! For which tickets a policy is: every condition that is given must hold, and of a list any one will do.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::super::clocks::Traits;
use super::super::event::{Channel, Priority};
use crate::ids::LocationId;
use crate::money::Money;

/// Conditions of a policy; one that is not given holds for every ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conditions {
    /// How the ticket came.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub channel: BTreeSet<Channel>,
    /// How pressing it is.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub priority: BTreeSet<Priority>,
    /// Whose group's.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub group: BTreeSet<String>,
    /// Its type.
    #[serde(rename = "type", skip_serializing_if = "BTreeSet::is_empty")]
    pub kind: BTreeSet<String>,
    /// Any of its tags.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub tag: BTreeSet<String>,
    /// The location that looks after it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub location: BTreeSet<LocationId>,
    /// The client's language; `en` is every English.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub language: BTreeSet<String>,
    /// The client's tier.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub tier: BTreeSet<String>,
    /// At least so much is at stake, one amount a currency.
    #[serde(skip_serializing_if = "Vec::is_empty", with = "amounts")]
    pub at_stake: Vec<Money>,
    /// What it is about.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub topic: BTreeSet<String>,
}

/// Amounts as people write them: `["GBP 50,000", "USD 60,000"]`.
mod amounts {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::money::Money;

    pub(super) fn serialize<S: Serializer>(amounts: &[Money], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(amounts.iter().map(ToString::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Money>, D::Error> {
        let written = Vec::<String>::deserialize(from)?;
        let read = written.iter().map(|text| {
            text.parse().map_err(|_| {
                D::Error::custom(format!("{text:?} is not an amount; write it like \"GBP 50,000\""))
            })
        });
        read.collect()
    }
}

fn has(wanted: &BTreeSet<String>, value: &str) -> bool {
    wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(value))
}

fn speaks(wanted: &BTreeSet<String>, language: &str) -> bool {
    let main = language.split('-').next().unwrap_or(language);
    has(wanted, language) || has(wanted, main)
}

fn any<'a>(values: impl IntoIterator<Item = &'a String>) -> String {
    values
        .into_iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

impl Conditions {
    /// Is it for every ticket?
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Do all hold?
    pub fn hold(&self, traits: &Traits) -> bool {
        let matter = &traits.matter;
        let text = |wanted: &BTreeSet<String>, value: &Option<String>| {
            wanted.is_empty() || value.as_deref().is_some_and(|value| has(wanted, value))
        };
        (self.channel.is_empty() || self.channel.contains(&traits.channel))
            && (self.priority.is_empty() || self.priority.contains(&traits.priority))
            && text(&self.group, &traits.group)
            && text(&self.kind, &traits.kind)
            && text(&self.tier, &matter.tier)
            && (self.tag.is_empty() || traits.tags.iter().any(|tag| has(&self.tag, tag)))
            && (self.location.is_empty()
                || matter
                    .location
                    .as_ref()
                    .is_some_and(|at| self.location.contains(at)))
            && (self.language.is_empty()
                || matter
                    .language
                    .as_deref()
                    .is_some_and(|language| speaks(&self.language, language)))
            && (self.at_stake.is_empty() || self.enough_at_stake(&matter.at_stake))
            && (self.topic.is_empty() || matter.topics.iter().any(|topic| has(&self.topic, topic)))
    }

    fn enough_at_stake(&self, at_stake: &[Money]) -> bool {
        self.at_stake.iter().any(|least| {
            at_stake
                .iter()
                .any(|amount| amount.currency() == least.currency() && amount.minor() >= least.minor())
        })
    }

    /// Each condition beside what the ticket is, and whether it holds: `priority is urgent`.
    pub fn told(&self, traits: &Traits) -> Vec<(String, bool)> {
        let mut rows = Vec::new();
        let matter = &traits.matter;
        let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
        let mut row = |is_given: bool, what: &str, value: String, alone: Self| {
            if is_given {
                rows.push((format!("{what} is {value}"), alone.hold(traits)));
            }
        };
        row(
            !self.channel.is_empty(),
            "channel",
            traits.channel.to_string(),
            Self {
                channel: self.channel.clone(),
                ..Self::default()
            },
        );
        row(
            !self.priority.is_empty(),
            "priority",
            traits.priority.to_string(),
            Self {
                priority: self.priority.clone(),
                ..Self::default()
            },
        );
        row(
            !self.group.is_empty(),
            "group",
            or_none(&traits.group),
            Self {
                group: self.group.clone(),
                ..Self::default()
            },
        );
        row(
            !self.kind.is_empty(),
            "type",
            or_none(&traits.kind),
            Self {
                kind: self.kind.clone(),
                ..Self::default()
            },
        );
        row(
            !self.tag.is_empty(),
            "tags",
            any(&traits.tags),
            Self {
                tag: self.tag.clone(),
                ..Self::default()
            },
        );
        row(
            !self.location.is_empty(),
            "location",
            or_none(&matter.location.as_ref().map(ToString::to_string)),
            Self {
                location: self.location.clone(),
                ..Self::default()
            },
        );
        row(
            !self.language.is_empty(),
            "language",
            or_none(&matter.language),
            Self {
                language: self.language.clone(),
                ..Self::default()
            },
        );
        row(
            !self.tier.is_empty(),
            "tier",
            or_none(&matter.tier),
            Self {
                tier: self.tier.clone(),
                ..Self::default()
            },
        );
        let stakes = matter
            .at_stake
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" and ");
        row(
            !self.at_stake.is_empty(),
            "at stake",
            stakes,
            Self {
                at_stake: self.at_stake.clone(),
                ..Self::default()
            },
        );
        row(
            !self.topic.is_empty(),
            "topic",
            any(&matter.topics),
            Self {
                topic: self.topic.clone(),
                ..Self::default()
            },
        );
        rows
    }

    /// Does this hold for every ticket for which `other` holds?
    pub fn covers(&self, other: &Self) -> bool {
        fn wider<T: Ord>(wide: &BTreeSet<T>, narrow: &BTreeSet<T>) -> bool {
            wide.is_empty() || (!narrow.is_empty() && narrow.is_subset(wide))
        }
        fn wider_text(wide: &BTreeSet<String>, narrow: &BTreeSet<String>) -> bool {
            wide.is_empty() || (!narrow.is_empty() && narrow.iter().all(|value| has(wide, value)))
        }
        let languages = self.language.is_empty()
            || (!other.language.is_empty()
                && other
                    .language
                    .iter()
                    .all(|language| speaks(&self.language, language)));
        let stakes = self.at_stake.is_empty()
            || (!other.at_stake.is_empty()
                && other.at_stake.iter().all(|least| self.enough_at_stake(&[*least])));
        wider(&self.channel, &other.channel)
            && wider(&self.priority, &other.priority)
            && wider_text(&self.group, &other.group)
            && wider_text(&self.kind, &other.kind)
            && wider_text(&self.tag, &other.tag)
            && wider(&self.location, &other.location)
            && languages
            && wider_text(&self.tier, &other.tier)
            && stakes
            && wider_text(&self.topic, &other.topic)
    }
}
