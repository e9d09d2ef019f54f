//! What a message in chat can become: the entries of a platform's message menus.
//!
//! Nothing is done when an entry is picked: the answer says what would be, and has a button for it that asks
//! for the rest.

use hammerdesk_domain::access::{Asker, Permission};
use hammerdesk_domain::message::{Outcome, Reply};

use crate::escalate::from_message::{self as escalation, ESCALATE};
use crate::grammar::LONGEST_TEXT;
use crate::ticket::from_message::{self as ticket, CREATE_TICKET};

/// Every entry that a message's menu may have.
pub(crate) const MENUS: &[&str] = &[CREATE_TICKET, ESCALATE];

/// A message that somebody picked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picked {
    /// Who wrote it.
    pub author: String,
    /// What it says.
    pub text: String,
}

/// What an entry takes, what it does in a word, and which command does the same.
fn entry(menu: &str) -> Option<(Permission, &'static str, &'static str)> {
    match menu {
        CREATE_TICKET => Some((Permission::TicketWork, "Making tickets", "/ticket create")),
        ESCALATE => Some((Permission::Escalate, "Escalating", "/escalate")),
        _ => None,
    }
}

/// The entries that somebody may use on a message.
pub(crate) fn menus(asker: &Asker) -> Vec<&'static str> {
    MENUS
        .iter()
        .copied()
        .filter(|menu| entry(menu).is_some_and(|(needs, ..)| asker.may(needs)))
        .collect()
}

/// What is answered when somebody picks an entry.
pub(crate) fn pick(asker: &Asker, menu: &str, picked: &Picked) -> Reply {
    let Some((needs, doing, command)) = entry(menu) else {
        return Reply::sentence(
            Outcome::Unknown,
            "That entry is not known here any more. /help lists what you may do.",
        );
    };
    if !asker.may(needs) {
        return Reply::sentence(
            Outcome::Refused,
            format!("{doing} is not open to the role {}.", asker.role.name),
        );
    }
    let text = picked.text.trim();
    if text.is_empty() {
        return Reply::sentence(
            Outcome::Error,
            format!("That message has no words that I can read. Use {command} instead."),
        );
    }
    if text.chars().count() > LONGEST_TEXT {
        return Reply::sentence(
            Outcome::Error,
            format!(
                "That message is longer than {LONGEST_TEXT} characters. Use {command} with what matters."
            ),
        );
    }
    if menu == ESCALATE {
        escalation::pick(text, &picked.author)
    } else {
        ticket::pick(text, &picked.author)
    }
}
