//! The routing rules: which of them holds for an escalation, and why each of the others does not.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::model::{ClientFacts, Escalation};
use super::target::Target;
use super::words::{Kind, Severity, Way};
use crate::ids::{LocationId, PersonId};
use crate::model::Client;
use crate::money::Money;
use crate::text::fold;

/// A rule, as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Id.
    pub id: String,
    /// When it holds: every condition that is written must.
    #[serde(default)]
    pub when: When,
    /// Who gets it: the first of these that has somebody.
    pub to: Vec<Target>,
    /// By which ladder it climbs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ladder: Option<String>,
    /// At least so severe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
}

/// The conditions of a rule. One that is left out always holds; a list holds where one of it does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// What it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kind: Vec<Kind>,
    /// The client's saleroom, or the sender's where no client is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub location: Vec<LocationId>,
    /// `en` holds for `en-GB` too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub language: Vec<String>,
    /// The client's tier.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tier: Vec<String>,
    /// At least so much is at stake, one threshold a currency; a currency without one never holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amount_from: Vec<Threshold>,
    /// There is a sale at its location, or there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_day: Option<bool>,
    /// There is a sale at one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sale_day_at: Vec<LocationId>,
    /// One of these words or phrases was said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// The partner who sent it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partner: Vec<String>,
    /// How it came in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub way: Vec<Way>,
    /// At least so severe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity_from: Option<Severity>,
    /// Is the client known?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_known: Option<bool>,
}

/// An amount as people write it: `GBP 10,000.00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold(pub Money);

impl Serialize for Threshold {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Threshold {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Money::from_str(&text).map(Self).map_err(|error| {
            serde::de::Error::custom(format!(
                "{text:?} is not an amount; write it like \"GBP 10,000.00\" ({error})"
            ))
        })
    }
}

/// What the rules look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// How it came in.
    pub way: Way,
    /// What about.
    pub kind: Kind,
    /// How bad.
    pub severity: Severity,
    /// Where: the client's saleroom, or the sender's.
    pub location: Option<LocationId>,
    /// The caller's language, or the client's.
    pub language: Option<String>,
    /// At stake, one amount a currency.
    pub amounts: Vec<Money>,
    /// Where there is a sale today.
    pub sales_at: BTreeSet<LocationId>,
    /// The partner who sent it.
    pub partner: Option<String>,
    /// What was said, folded.
    pub said: String,
    /// The clients that it may be about; the rights are checked against all of them.
    pub clients: Vec<ClientFacts>,
    /// Is the client known?
    pub is_matched: bool,
    /// Whoever last had an escalation of the same client.
    pub last_handler: Option<PersonId>,
}

impl Subject {
    /// Of an escalation, with what is known of its clients now.
    pub fn of(
        escalation: &Escalation,
        clients: &[ClientFacts],
        sales_at: &BTreeSet<LocationId>,
        last_handler: Option<&PersonId>,
    ) -> Self {
        let opening = &escalation.opening;
        let known: Vec<ClientFacts> = clients
            .iter()
            .filter(|client| escalation.matched.clients().contains(&client.no))
            .cloned()
            .collect();
        let is_matched = matches!(escalation.matched, super::model::Matched::Found(_));
        let one = known.first().filter(|_| is_matched);
        Self {
            way: opening.way,
            kind: opening.kind,
            severity: escalation.severity,
            location: one
                .and_then(|client| client.location.clone())
                .or_else(|| opening.location.clone()),
            language: opening
                .language
                .clone()
                .or_else(|| one.and_then(|client| client.language.clone())),
            amounts: opening.about.amounts.clone(),
            sales_at: sales_at.clone(),
            partner: opening.partner.clone(),
            said: fold(&opening.said),
            clients: known,
            is_matched,
            last_handler: last_handler.cloned(),
        }
    }

    /// The one client, where it is known.
    pub fn client(&self) -> Option<&ClientFacts> {
        self.clients.first().filter(|_| self.is_matched)
    }

    pub(crate) fn as_clients(&self) -> Vec<Client> {
        self.clients.iter().map(ClientFacts::client).collect()
    }
}

/// One condition and how it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// Its key in the config.
    pub key: &'static str,
    /// Does it hold?
    pub holds: bool,
    /// Why, in words.
    pub says: String,
}

/// One rule and how it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleTrace {
    /// Which.
    pub rule: String,
    /// Do all its conditions hold?
    pub holds: bool,
    /// Each condition that is written.
    pub conditions: Vec<Condition>,
    /// Did it give the escalation to somebody?
    pub gave: bool,
}

impl Rule {
    /// How each of its conditions goes.
    pub fn trace(&self, subject: &Subject) -> RuleTrace {
        let conditions = self.when.conditions(subject);
        RuleTrace {
            rule: self.id.clone(),
            holds: conditions.iter().all(|condition| condition.holds),
            conditions,
            gave: false,
        }
    }
}

fn is_one_of<T: PartialEq>(
    key: &'static str,
    wanted: &[T],
    found: Option<&T>,
    say: impl Fn(&T) -> String,
) -> Option<Condition> {
    if wanted.is_empty() {
        return None;
    }
    let holds = found.is_some_and(|found| wanted.contains(found));
    let list = wanted.iter().map(&say).collect::<Vec<_>>().join(" or ");
    let found = found.map_or_else(|| "not known".to_owned(), say);
    let says = if holds {
        format!("it is {found}")
    } else {
        format!("it is {found}, not {list}")
    };
    Some(Condition { key, holds, says })
}

impl When {
    /// Is nothing asked for, so that it always holds?
    pub fn always_holds(&self) -> bool {
        *self == Self::default()
    }

    fn conditions(&self, subject: &Subject) -> Vec<Condition> {
        let tier = subject.client().and_then(|client| client.tier.clone());
        let words = |word: &String| word.clone();
        [
            is_one_of("kind", &self.kind, Some(&subject.kind), ToString::to_string),
            is_one_of(
                "location",
                &self.location,
                subject.location.as_ref(),
                ToString::to_string,
            ),
            self.language(subject),
            is_one_of("tier", &self.tier, tier.as_ref(), words),
            self.amount(subject),
            self.sale_day(subject),
            self.sale_day_at(subject),
            self.topic(subject),
            is_one_of("partner", &self.partner, subject.partner.as_ref(), words),
            is_one_of("way", &self.way, Some(&subject.way), ToString::to_string),
            self.severity_from.map(|least| Condition {
                key: "severity_from",
                holds: subject.severity >= least,
                says: format!("it is {}, asked for is {least} or worse", subject.severity),
            }),
            self.client_known.map(|known| Condition {
                key: "client_known",
                holds: subject.is_matched == known,
                says: if subject.is_matched {
                    "the client is known".to_owned()
                } else {
                    "the client is not known".to_owned()
                },
            }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn language(&self, subject: &Subject) -> Option<Condition> {
        if self.language.is_empty() {
            return None;
        }
        let Some(spoken) = &subject.language else {
            return is_one_of("language", &self.language, None, ToString::to_string);
        };
        let wanted = self.language.iter().find(|wanted| {
            let (spoken, wanted) = (spoken.to_ascii_lowercase(), wanted.to_ascii_lowercase());
            spoken == wanted
                || spoken
                    .strip_prefix(&wanted)
                    .is_some_and(|rest| rest.starts_with(['-', '_']))
        });
        Some(Condition {
            key: "language",
            holds: wanted.is_some(),
            says: match wanted {
                Some(_) => format!("it is {spoken}"),
                None => format!("it is {spoken}, not {}", self.language.join(" or ")),
            },
        })
    }

    fn amount(&self, subject: &Subject) -> Option<Condition> {
        if self.amount_from.is_empty() {
            return None;
        }
        let reached = subject.amounts.iter().find(|amount| {
            self.amount_from.iter().any(|least| {
                least.0.currency() == amount.currency() && amount.abs().minor() >= least.0.minor()
            })
        });
        let list = |amounts: &mut dyn Iterator<Item = Money>| {
            amounts
                .map(|amount| amount.to_string())
                .collect::<Vec<_>>()
                .join(", ")
        };
        Some(Condition {
            key: "amount_from",
            holds: reached.is_some(),
            says: match reached {
                Some(amount) => format!("{amount} is at stake"),
                None if subject.amounts.is_empty() => "no amount is known".to_owned(),
                None => format!(
                    "{} is at stake; asked for is {} or more, each in its own currency",
                    list(&mut subject.amounts.iter().copied()),
                    list(&mut self.amount_from.iter().map(|least| least.0))
                ),
            },
        })
    }

    fn sale_day(&self, subject: &Subject) -> Option<Condition> {
        let wanted = self.sale_day?;
        let is_sale = subject
            .location
            .as_ref()
            .is_some_and(|location| subject.sales_at.contains(location));
        Some(Condition {
            key: "sale_day",
            holds: is_sale == wanted,
            says: if is_sale {
                "there is a sale at its location".to_owned()
            } else {
                "there is no sale at its location".to_owned()
            },
        })
    }

    fn sale_day_at(&self, subject: &Subject) -> Option<Condition> {
        if self.sale_day_at.is_empty() {
            return None;
        }
        let at = self
            .sale_day_at
            .iter()
            .find(|location| subject.sales_at.contains(*location));
        let list = self
            .sale_day_at
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>();
        Some(Condition {
            key: "sale_day_at",
            holds: at.is_some(),
            says: match at {
                Some(location) => format!("there is a sale at {location}"),
                None => format!("there is no sale at {}", list.join(" or ")),
            },
        })
    }

    fn topic(&self, subject: &Subject) -> Option<Condition> {
        if self.words.is_empty() {
            return None;
        }
        let said = self
            .words
            .iter()
            .find(|phrase| says(&subject.said, &fold(phrase)));
        Some(Condition {
            key: "words",
            holds: said.is_some(),
            says: match said {
                Some(phrase) => format!("{phrase:?} was said"),
                None => format!("none of {} was said", self.words.join(", ")),
            },
        })
    }
}

/// Does the folded text hold the folded phrase as whole words? Scripts without blanks have no word ends.
fn says(text: &str, phrase: &str) -> bool {
    let phrase = phrase.trim();
    let is_bare = |c: char| c > '\u{2E7F}';
    let edge = |inner: Option<char>, outer: Option<char>| match (inner, outer) {
        (Some(inner), Some(outer)) => {
            !inner.is_alphanumeric() || !outer.is_alphanumeric() || is_bare(inner) || is_bare(outer)
        }
        _ => true,
    };
    !phrase.is_empty()
        && text.match_indices(phrase).any(|(at, found)| {
            edge(phrase.chars().next(), text[..at].chars().next_back())
                && edge(
                    phrase.chars().next_back(),
                    text[at + found.len()..].chars().next(),
                )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_a_whole_word_in_any_spelling_and_any_part_where_words_have_no_ends() {
        let said = fold("Où est ma CAUTION? 退款 還沒到");
        assert!(says(&said, &fold("caution")));
        assert!(!says(&said, &fold("aution")));
        assert!(says(&said, &fold("款")));
        assert!(says(&fold("charge-back received"), &fold("charge-back")));
        assert!(!says(&fold("discharge"), &fold("charge")));
        assert!(!says(&said, "  "));
    }
}
