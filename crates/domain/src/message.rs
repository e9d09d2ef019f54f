//! What an answer looks like before any platform renders it.
//!
//! All texts in here are plain: no markup. Every renderer escapes all of them for its platform, so that
//! nothing from outside can format, mention or forge a link. Money and dates stay typed until then.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::ActionId;
use crate::money::Money;

/// How a question ended; the words are part of the outside contract (`ask --json`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Here is the answer.
    Answered,
    /// More than one fits: choose.
    Choose,
    /// The asker may not.
    Refused,
    /// There is no such thing.
    Unknown,
    /// The data is too old for a figure.
    Stale,
    /// The question was malformed, or something failed.
    Error,
}

/// Who reads the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// The asker alone.
    Private,
    /// Everybody in the place.
    Shared,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// How it ended.
    pub outcome: Outcome,
    /// A sentence above the cards, or the whole answer where there is no card.
    pub text: String,
    /// The cards.
    pub cards: Vec<Card>,
    /// Buttons.
    pub actions: Vec<Action>,
    /// Ways to other programs: the ticket in the helpdesk. Made by us, never from words of others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// "Which of these?"
    pub menu: Option<Menu>,
    /// Files that come along.
    pub files: Vec<Attachment>,
    /// Who reads it.
    pub visibility: Visibility,
    /// The same answer for programs.
    pub facts: serde_json::Value,
}

impl Reply {
    /// An answer that is one sentence.
    pub fn sentence(outcome: Outcome, text: impl Into<String>) -> Self {
        Self {
            outcome,
            text: text.into(),
            cards: Vec::new(),
            actions: Vec::new(),
            links: Vec::new(),
            menu: None,
            files: Vec::new(),
            visibility: Visibility::Private,
            facts: serde_json::Value::Object(serde_json::Map::new()),
        }
    }

    /// An answer of one card.
    pub fn card(card: Card, facts: serde_json::Value) -> Self {
        Self {
            cards: vec![card],
            facts,
            ..Self::sentence(Outcome::Answered, "")
        }
    }
}

/// How a card, a figure or a line strikes the eye; never the only sign of what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// As everything else.
    #[default]
    Plain,
    /// Fine.
    Good,
    /// Look here: overdue, blocked, stale.
    Warn,
    /// Less important.
    Quiet,
}

/// A card: a title, sections, and always the line that says as of when.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Card {
    /// Title, such as `Ada Lovelace · 140105686`.
    pub title: String,
    /// A line under it, such as `London · GBP`.
    pub subtitle: Option<String>,
    /// One or two words beside the title: `OVERDUE`, `BLOCKED`, `ELIGIBLE`.
    pub badge: Option<String>,
    /// How card and badge strike.
    pub tone: Tone,
    /// What it says.
    pub sections: Vec<Section>,
    /// As of when, per source.
    pub as_of: Vec<AsOf>,
    /// Some source is past its soft limit: the card looks stale and says what it may miss.
    pub stale: bool,
    /// "How was this computed": for the drawer and for `explain`.
    pub explain: Vec<Step>,
}

/// A part of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Section {
    /// Labelled amounts.
    Figures {
        /// Heading.
        heading: Option<String>,
        /// Rows.
        rows: Vec<Figure>,
    },
    /// A table.
    Table {
        /// Heading.
        heading: Option<String>,
        /// Column heads.
        columns: Vec<String>,
        /// Rows of cells.
        rows: Vec<Vec<Cell>>,
        /// How many rows were left out ("12 more"); the whole is in a file of the reply.
        more: usize,
    },
    /// Sentences.
    Lines {
        /// Heading.
        heading: Option<String>,
        /// The sentences.
        lines: Vec<Line>,
    },
    /// What may be said to the client, word for word.
    ClientSafe {
        /// The sentence.
        sentence: String,
    },
}

/// A labelled amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// Label.
    pub label: String,
    /// Value.
    pub value: Cell,
    /// A remark beside it: `oldest 12 days`.
    pub note: Option<String>,
    /// How it strikes.
    pub tone: Tone,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum Cell {
    /// Words.
    Text(String),
    /// An amount.
    Amount(Money),
    /// A date.
    Date(NaiveDate),
    /// A number.
    Number(i64),
    /// Nothing.
    Empty,
}

/// A sentence, with the code of the rule it comes from (`B8`, `R01`, `P7`) where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The rule.
    pub code: Option<String>,
    /// The sentence.
    pub text: String,
    /// How it strikes.
    pub tone: Tone,
}

/// As of when a source speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsOf {
    /// Source, as people call it.
    pub source: String,
    /// The instant its last complete batch was extracted; `None` is never.
    pub at: Option<DateTime<Utc>>,
    /// Past its soft limit?
    pub stale: bool,
    /// What that means: `may miss later payments`.
    pub note: Option<String>,
}

impl AsOf {
    /// For a line that people read: where many sources are fresh, the first stays, and the others become
    /// one entry with the age of the oldest of them. What is stale, noted or never came keeps its own.
    pub fn grouped(all: &[Self]) -> Vec<Self> {
        let is_plain = |source: &&Self| !source.stale && source.note.is_none() && source.at.is_some();
        let fresh: Vec<&Self> = all.iter().filter(is_plain).collect();
        let Some((first, others)) = fresh
            .split_first()
            .filter(|(_, others)| others.len() >= GROUPED_FROM)
        else {
            return all.to_vec();
        };
        let mut out = vec![(*first).clone()];
        if let Some(oldest) = others.iter().min_by_key(|source| source.at) {
            out.push(Self {
                source: format!("{} other sources, the oldest {}", others.len(), oldest.source),
                ..(*oldest).clone()
            });
        }
        out.extend(all.iter().filter(|source| !is_plain(source)).cloned());
        out
    }
}

/// So many fresh sources beside the first are told in one.
const GROUPED_FROM: usize = 3;

/// One step of an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The rule: `B8`, `R05`, `D7`.
    pub rule: String,
    /// Did it apply?
    pub applied: bool,
    /// Because of what, in a sentence with the facts.
    pub because: String,
    /// The sources the facts came from.
    pub sources: Vec<String>,
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Opaque; filled by the command framework from `run`.
    pub id: ActionId,
    /// A verb: `Show invoices`.
    pub label: String,
    /// Is it the one that most people want?
    pub primary: bool,
    /// The question it asks, in the grammar of the commands: `/release client:0140105686`.
    #[serde(skip)]
    pub run: String,
    /// Fields to fill before it is asked: each filled one is appended as `name:value`.
    pub form: Option<Form>,
}

impl Action {
    /// A button that asks `run`; its id is filled in when the reply leaves.
    pub fn ask(label: impl Into<String>, run: impl Into<String>) -> Self {
        Self {
            id: ActionId::new(""),
            label: label.into(),
            primary: false,
            run: run.into(),
            form: None,
        }
    }
}

/// A way to another program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What stands on it: `Open in Freshdesk`.
    pub label: String,
    /// An https or http address.
    pub url: String,
}

/// What a button asks for before it does anything; says what will happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Title.
    pub title: String,
    /// What will happen when it is sent.
    pub says: String,
    /// The fields.
    pub fields: Vec<Field>,
    /// The verb on its button.
    pub submit: String,
}

/// One field of a form; its name is an option of the command that the form asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Option name in the grammar.
    pub name: String,
    /// Label.
    pub label: String,
    /// Must it be filled?
    pub required: bool,
    /// Text, date, or one of these words.
    pub kind: FieldKind,
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Free text.
    Text,
    /// A date.
    Date,
    /// One of these: value and label.
    Choice(Vec<(String, String)>),
    /// Somebody of the team: a name, or an id as the platform or the config gives it. A form of this field
    /// alone is a menu of people where the platform has one.
    Person,
}

/// A choice to make: each option asks its own question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Menu {
    /// What to choose.
    pub prompt: String,
    /// Between what: the label shows what distinguishes it, identifiers masked.
    pub options: Vec<Action>,
}

/// A file that comes along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Name with ending, ASCII.
    pub name: String,
    /// MIME type.
    pub media_type: String,
    /// Content.
    #[serde(skip)]
    pub content: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str, hour: u32, stale: bool) -> AsOf {
        AsOf {
            source: name.to_owned(),
            at: format!("2026-03-10T{hour:02}:00:00Z").parse().ok(),
            stale,
            note: None,
        }
    }

    fn names(all: &[AsOf]) -> Vec<String> {
        AsOf::grouped(all)
            .into_iter()
            .map(|source| source.source)
            .collect()
    }

    #[test]
    fn many_fresh_sources_are_told_by_the_first_and_the_oldest_and_a_stale_one_never_hides() {
        let all = [
            source("ledger", 10, false),
            source("bank", 8, false),
            source("old ledger", 1, true),
            source("cards", 9, false),
            source("deposits", 9, false),
        ];
        assert_eq!(
            names(&all),
            ["ledger", "3 other sources, the oldest bank", "old ledger"]
        );
        assert_eq!(AsOf::grouped(&all)[1].at, all[1].at);
        assert_eq!(names(&all[..4]), ["ledger", "bank", "old ledger", "cards"]);
        let mut missing = all.clone();
        missing[4].at = None;
        assert_eq!(AsOf::grouped(&missing), missing);
    }
}
