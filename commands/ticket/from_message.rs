//! What a message in chat can become: the commands behind a platform's message menus.

use hammerdesk_domain::access::{Asker, Permission};
use hammerdesk_domain::message::{Action, Card, Field, FieldKind, Form, Outcome, Reply, Section};
use hammerdesk_domain::text::clean;
use serde_json::json;

use super::card;
use crate::grammar::{LONGEST_TEXT, line_of};

/// The name of the menu entry that makes a ticket.
pub const CREATE_TICKET: &str = "Create ticket from this message";

/// Every entry that a message's menu may have.
pub(crate) const MENUS: &[&str] = &[CREATE_TICKET];

/// A message that somebody picked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picked {
    /// Who wrote it.
    pub author: String,
    /// What it says.
    pub text: String,
}

/// The entries that somebody may use on a message.
pub(crate) fn menus(asker: &Asker) -> Vec<&'static str> {
    if asker.may(Permission::TicketWork) {
        vec![CREATE_TICKET]
    } else {
        Vec::new()
    }
}

/// What is answered when somebody picks an entry: what will be made, and a button that asks whose it is.
pub(crate) fn pick(asker: &Asker, menu: &str, picked: &Picked) -> Reply {
    if menu != CREATE_TICKET {
        return Reply::sentence(
            Outcome::Unknown,
            "That entry is not known here any more. /help lists what you may do.",
        );
    }
    if !asker.may(Permission::TicketWork) {
        return Reply::sentence(
            Outcome::Refused,
            format!("Making tickets is not open to the role {}.", asker.role.name),
        );
    }
    let text = picked.text.trim();
    if text.is_empty() {
        return Reply::sentence(
            Outcome::Error,
            "That message has no words that I can read. Use /ticket create instead.",
        );
    }
    if text.chars().count() > LONGEST_TEXT {
        return Reply::sentence(
            Outcome::Error,
            format!(
                "That message is longer than {LONGEST_TEXT} characters. Use /ticket create with what matters."
            ),
        );
    }
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
            subtitle: Some(format!("Written by {}", clean(&picked.author, 80))),
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
