//! An escalation from a message in chat.

use hammerdesk_domain::escalation::{Kind, Severity};
use hammerdesk_domain::message::{Action, Card, Field, FieldKind, Form, Line, Reply, Section, Tone};
use hammerdesk_domain::text::clean;
use serde_json::json;

use crate::grammar::line_of;

/// The name of the menu entry that hands a message over.
pub const ESCALATE: &str = "Escalate this message";

/// What is answered when somebody picks the entry: what will be handed over, and a button that asks what it is
/// about. It goes out as `/escalate` does.
pub(crate) fn pick(text: &str, author: &str) -> Reply {
    let choice = |name: &str, label: &str, words: &[&str], required: bool| Field {
        name: name.to_owned(),
        label: label.to_owned(),
        required,
        kind: FieldKind::Choice(
            words
                .iter()
                .map(|word| ((*word).to_owned(), (*word).to_owned()))
                .collect(),
        ),
    };
    let action = Action {
        primary: true,
        form: Some(Form {
            title: "Escalate".to_owned(),
            says: "It goes to whoever is responsible for it now, with the words of the message and the facts of this \
                   moment."
                .to_owned(),
            fields: vec![
                choice("kind", "What it is about", Kind::WORDS, true),
                choice("severity", "How bad it is", Severity::WORDS, false),
                Field {
                    name: "client".to_owned(),
                    label: "Client: number or name".to_owned(),
                    required: false,
                    kind: FieldKind::Text,
                },
            ],
            submit: "Escalate".to_owned(),
        }),
        ..Action::ask("Escalate", line_of("/escalate", &[("reason", text)]))
    };
    let line = |words: &str| Line {
        code: None,
        text: words.to_owned(),
        tone: Tone::Plain,
    };
    let mut reply = Reply::card(
        Card {
            title: "An escalation of this message".to_owned(),
            subtitle: Some(format!("Written by {}", clean(author, 80))),
            sections: vec![Section::Lines {
                heading: Some("These words".to_owned()),
                lines: text.lines().map(line).collect(),
            }],
            ..Card::default()
        },
        json!({ "menu": "escalate" }),
    );
    reply.text = "Nothing is handed over yet: say what it is about.".to_owned();
    reply.actions = vec![action];
    reply
}
