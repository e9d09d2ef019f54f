//! `/help`: what the asker may do here, walked from the grammar.

use hammerdesk_domain::access::Asker;
use hammerdesk_domain::message::{Action, Card, Cell, Outcome, Reply, Section};

use crate::grammar;
use crate::request::CommandInfo;

/// The commands that the asker may use.
pub(crate) fn menu(asker: &Asker) -> Vec<CommandInfo> {
    grammar::leaves()
        .into_iter()
        .filter(|leaf| grammar::permission_of(&leaf.path).is_none_or(|needs| asker.may(needs)))
        .map(|leaf| CommandInfo {
            name: format!("/{}", leaf.path),
            usage: leaf.usage(),
            about: leaf.about(),
        })
        .collect()
}

/// The answer.
pub(crate) fn reply(asker: &Asker) -> Reply {
    let menu = menu(asker);
    let rows = menu
        .iter()
        .map(|info| vec![Cell::Text(info.usage.clone()), Cell::Text(info.about.clone())])
        .collect();
    let card = Card {
        title: "What you may ask here".to_owned(),
        subtitle: Some(format!("{} · {}", asker.name, asker.role.name)),
        sections: vec![Section::Table {
            heading: None,
            columns: vec!["Write".to_owned(), "Answers".to_owned()],
            rows,
            more: 0,
        }],
        ..Card::default()
    };
    let facts = serde_json::json!({ "commands": menu });
    let mut reply = Reply::card(card, facts);
    reply.outcome = Outcome::Answered;
    if asker.may(hammerdesk_domain::access::Permission::Feeds) {
        reply
            .actions
            .push(Action::ask("How fresh are the figures?", "/feed status"));
    }
    reply
}
