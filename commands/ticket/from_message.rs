//! A ticket from a message in chat.

use hammerdesk_domain::message::{Action, Card, Field, FieldKind, Form, Reply, Section};
use hammerdesk_domain::text::clean;
use serde_json::json;

use super::card;
use crate::grammar::line_of;

/// The name of the menu entry that makes a ticket.
pub const CREATE_TICKET: &str = "Create ticket from this message";

/// What is answered when somebody picks the entry: what will be made, and a button that asks whose it is.
pub(crate) fn pick(text: &str, author: &str) -> Reply {
    let field = |name: &str, label: &str, required: bool| Field {
        name: name.to_owned(),
        label: label.to_owned(),
        required,
        kind: FieldKind::Text,
    };
    let priorities = super::PRIORITIES.map(|(word, _)| (word.to_owned(), word.to_owned()));
    let action = Action {
        primary: true,
        form: Some(Form {
            title: "Create a ticket".to_owned(),
            says: "A ticket with the words of the message. Nothing is mailed; the client can read it in the portal."
                .to_owned(),
            fields: vec![
                field("subject", "What it is about", true),
                field("client", "Client: number or name", false),
                field("email", "Or the sender's e-mail address", false),
                Field {
                    kind: FieldKind::Choice(priorities.to_vec()),
                    ..field("priority", "How urgent", false)
                },
            ],
            submit: "Create".to_owned(),
        }),
        ..Action::ask("Create ticket", line_of("/ticket create", &[("text", text)]))
    };
    let mut reply = Reply::card(
        Card {
            title: "A ticket from this message".to_owned(),
            subtitle: Some(format!("Written by {}", clean(author, 80))),
            sections: vec![Section::Lines {
                heading: Some("These words".to_owned()),
                lines: text.lines().map(|words| card::line(words.to_owned())).collect(),
            }],
            ..Card::default()
        },
        json!({ "menu": "create_ticket" }),
    );
    reply.text = "Nothing is made yet: say whose it is.".to_owned();
    reply.actions = vec![action];
    reply
}
