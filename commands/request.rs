//! What comes in: who asks, where, and what; the same from every platform.

use chrono::{DateTime, Utc};
use hammerdesk_domain::ids::{ActionId, PersonId};

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who asks, as the directory knows them.
    pub who: PersonId,
    /// Where.
    pub place: Place,
    /// What.
    pub what: What,
    /// When it came in.
    pub at: DateTime<Utc>,
}

/// Where a question was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The platform: `console`, `discord`, `cli`, `note`.
    pub platform: &'static str,
    /// The channel or thread, as the platform names it.
    pub channel: String,
    /// May account answers stand here for all to read without `share:true`?
    pub open: bool,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A line as typed: `/balance 140105686 as_of:2026-03-31`.
    Typed(String),
    /// A command with its options already apart, as Discord sends them.
    Options {
        /// `balance`, `client find`.
        command: String,
        /// Option names and values.
        options: Vec<(String, String)>,
    },
    /// A button or a choice of a menu.
    Press(ActionId),
    /// A form, sent: the filled fields.
    Submit {
        /// The button that opened it.
        action: ActionId,
        /// Field names and values.
        fields: Vec<(String, String)>,
    },
}

/// Somebody is typing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completing {
    /// Who.
    pub who: PersonId,
    /// The whole line so far, up to the cursor: `/bal`, `/balance mei`, `/balance 14 as_`.
    pub line: String,
}

/// One completion.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Suggestion {
    /// The line with the completion accepted.
    pub line: String,
    /// What to show: `/balance`, `Mei Ling Chan · 140105686`, `as_of:`.
    pub label: String,
    /// A remark beside it.
    pub detail: String,
}

/// A command that somebody may use, for menus and help.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CommandInfo {
    /// `/client find`.
    pub name: String,
    /// How to write it: `/balance CLIENT [entity:CODE] [as_of:DATE]`.
    pub usage: String,
    /// One line.
    pub about: String,
}
