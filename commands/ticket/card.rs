//! A ticket as a card, and tickets as a list.

use chrono::{DateTime, Utc};
use hammerdesk_domain::access::{Asker, Permission};
use hammerdesk_domain::helpdesk::{By, EventKind, Gone, SeveralOrNone, Verdict, status};
use hammerdesk_domain::message::{
    Action, AsOf, Card, Cell, Field, FieldKind, Form, Line, Link, Reply, Section, Tone,
};
use hammerdesk_domain::text::clean;
use serde_json::json;

use super::priority_word;
use super::scene::{self, Scene};
use crate::Asked;
use crate::errors::Failure;

/// How many messages one takes in at a glance, and how much of each.
const MOST_SAID: usize = 5;
const LONGEST_SAID: usize = 400;
/// How many tickets of a list have a button.
const BUTTONS: usize = 5;

/// `/ticket show`.
pub(super) async fn show(asked: &mut Asked<'_>, scene: &Scene) -> Result<Reply, Failure> {
    let id = scene.id();
    let ticket = scene.ticket();
    let mut lines = vec![
        line(format!("From {}", scene.sender())),
        line(format!(
            "{} · {}{}",
            scene
                .responder
                .as_deref()
                .map_or_else(|| "Nobody has it yet".to_owned(), |name| format!("With {name}")),
            scene.group.as_deref().unwrap_or("no group"),
            ticket
                .kind
                .as_deref()
                .map_or(String::new(), |kind| format!(" · {}", clean(kind, 60)))
        )),
        line(format!(
            "Since {}, last changed {}",
            instant(ticket.created_at),
            instant(ticket.updated_at)
        )),
    ];
    if ticket.priority >= 3 {
        lines.push(warn(format!("Priority {}", priority_word(ticket.priority))));
    }
    if !ticket.tags.is_empty() {
        lines.push(line(format!("Tags {}", clean(&ticket.tags.join(", "), 200))));
    }
    lines.extend(account_lines(scene));
    let waiting = asked.view.waiting_on(&format!("ticket:{id}")).await?;
    if waiting > 0 {
        lines.push(line(match waiting {
            1 => "1 change waits to reach Freshdesk".to_owned(),
            several => format!("{several} changes wait to reach Freshdesk"),
        }));
    }
    let mut sections = vec![Section::Lines { heading: None, lines }];
    sections.extend(said_last(asked, scene).await?);
    let card = Card {
        title: format!("#{id} {}", scene.subject()),
        badge: Some(badge(scene)),
        tone: tone(scene),
        sections,
        as_of: vec![as_of(scene)],
        ..Card::default()
    };
    let facts = json!({
        "ticket": id,
        "status": { "code": ticket.status, "label": scene.status() },
        "priority": ticket.priority,
        "agent": scene.responder,
        "group": scene.group,
        "client": scene.client_no(),
        "match": scene.verdict.as_ref().map(|(verdict, _)| verdict.word()),
        "mismatch": scene.verdict.as_ref().is_some_and(|(verdict, _)| verdict.is_mismatch()),
        "gone": ticket.gone.word(),
        "merged_into": ticket.merged_into,
        "waiting": waiting,
    });
    Ok(Reply {
        actions: actions(scene, asked.asker),
        links: link(asked, scene).into_iter().collect(),
        ..Reply::card(card, facts)
    })
}

fn link(asked: &Asked<'_>, scene: &Scene) -> Option<Link> {
    let site = asked.settings.helpdesk_site.as_deref()?.trim_end_matches('/');
    Some(Link {
        label: "Open in Freshdesk".to_owned(),
        url: format!("{site}/a/tickets/{}", scene.id()),
    })
}

async fn said_last(asked: &mut Asked<'_>, scene: &Scene) -> Result<Option<Section>, Failure> {
    let said = scene::said(&mut asked.view, scene.id()).await?;
    let mut lines = Vec::new();
    let description = scene
        .stored
        .description_text
        .as_deref()
        .map(|text| clean(text, LONGEST_SAID))
        .filter(|text| !text.is_empty());
    if let Some(text) = description.filter(|_| said.len() < MOST_SAID) {
        lines.push(line(format!(
            "{} · {}: {text}",
            instant(scene.ticket().created_at),
            scene.sender()
        )));
    }
    let left_out = said.len().saturating_sub(MOST_SAID);
    for one in said.iter().skip(left_out) {
        let said = &one.conversation;
        let how = match said.kind() {
            EventKind::Note => ", private note",
            EventKind::ThirdParty => ", with a third party",
            EventKind::CustomerMessage => ", the client",
            EventKind::Survey => ", a rating",
            _ => "",
        };
        lines.push(Line {
            tone: if said.private { Tone::Quiet } else { Tone::Plain },
            ..line(format!(
                "{} · {}{how}: {}",
                instant(said.created_at),
                scene::speaker(&mut asked.view, said).await?,
                clean(&said.text, LONGEST_SAID)
            ))
        });
    }
    let heading = match left_out {
        0 => "Said".to_owned(),
        more => format!("Said last ({more} earlier)"),
    };
    Ok((!lines.is_empty()).then_some(Section::Lines {
        heading: Some(heading),
        lines,
    }))
}

/// Whose account it is, as far as that is known; a mismatch is shown, never guessed away.
pub(super) fn account_lines(scene: &Scene) -> Vec<Line> {
    let Some((verdict, candidates)) = &scene.verdict else {
        return vec![line("Looking for the account".to_owned())];
    };
    let named = |no| {
        scene.clients.get(no).map_or_else(
            || format!("{no}"),
            |client| format!("{} · {}", clean(&client.name, 80), client.no.short()),
        )
    };
    match verdict {
        Verdict::One(no) => {
            let by = candidates.first().map_or("", |found| said_by(found.by));
            vec![line(format!("Account {}, by {by}", named(no)))]
        }
        Verdict::Unclear(SeveralOrNone::None) => vec![line("No account found for the sender".to_owned())],
        Verdict::Unclear(SeveralOrNone::Several(clients)) => {
            let mut lines = vec![warn(if verdict.is_mismatch() {
                "The sender and the text name different accounts. Check before you answer.".to_owned()
            } else {
                format!("{} accounts may be meant. Ask which one.", clients.len())
            })];
            lines.extend(clients.iter().map(|(no, by)| {
                let by: Vec<&str> = by.iter().map(|by| said_by(*by)).collect();
                line(format!("{}, by {}", named(no), by.join(" and ")))
            }));
            lines
        }
    }
}

const fn said_by(by: By) -> &'static str {
    match by {
        By::Contact => "the helpdesk's contact",
        By::ExternalId => "the number on the contact",
        By::Email => "the sender's address",
        By::Phone => "the sender's telephone",
        By::Number => "the number in the text",
        By::Paddle => "the paddle in the text",
    }
}

fn badge(scene: &Scene) -> String {
    let ticket = scene.ticket();
    match (ticket.gone, ticket.merged_into) {
        (_, Some(into)) => format!("MERGED INTO {into}"),
        (Gone::Here, None) => scene.status().to_uppercase(),
        (gone, None) => gone.word().to_uppercase(),
    }
}

fn tone(scene: &Scene) -> Tone {
    let ticket = scene.ticket();
    if ticket.gone != Gone::Here || status::is_over(ticket.status) {
        Tone::Quiet
    } else if ticket.priority >= 4 || ticket.is_escalated {
        Tone::Warn
    } else {
        Tone::Plain
    }
}

/// As of when we know the ticket.
pub(super) fn as_of(scene: &Scene) -> AsOf {
    AsOf {
        source: "Freshdesk".to_owned(),
        at: Some(scene.stored.read_at),
        stale: false,
        note: None,
    }
}

fn actions(scene: &Scene, asker: &Asker) -> Vec<Action> {
    let ticket = scene.ticket();
    let id = ticket.id;
    let mut out = Vec::new();
    if let Some(into) = ticket.merged_into {
        return vec![Action::ask(
            format!("Show {into}"),
            format!("/ticket show {into}"),
        )];
    }
    if ticket.gone != Gone::Here {
        return out;
    }
    if asker.may(Permission::ClientReply) && scene.email().is_some() {
        out.push(reply_button(scene));
    }
    if asker.may(Permission::TicketWork) {
        out.push(Action {
            form: Some(Form {
                title: format!("Private note on ticket {id}"),
                says: "Only agents see it. Nothing is mailed.".to_owned(),
                fields: vec![words("Your note")],
                submit: "Add note".to_owned(),
            }),
            ..Action::ask("Note", format!("/ticket note {id}"))
        });
        out.push(Action::ask("Take it", format!("/ticket assign {id} to:me")));
        out.push(Action {
            form: Some(Form {
                title: format!("Give ticket {id} to somebody"),
                says: "The ticket becomes that agent's. Nothing is mailed.".to_owned(),
                fields: vec![Field {
                    name: "to".to_owned(),
                    label: "To whom".to_owned(),
                    required: true,
                    kind: FieldKind::Person,
                }],
                submit: "Give it".to_owned(),
            }),
            ..Action::ask("Give it", format!("/ticket assign {id}"))
        });
        out.push(if status::is_over(ticket.status) {
            Action::ask("Reopen", format!("/ticket status {id} to:open"))
        } else {
            Action::ask("Resolve", format!("/ticket status {id} to:resolved"))
        });
    }
    if let Some(client) = scene.client() {
        let no = &client.no;
        for (permission, label, run) in [
            (Permission::Balance, "Balance", format!("/balance {no}")),
            (Permission::Release, "Release", format!("/release client:{no}")),
            (Permission::Deposit, "Deposits", format!("/deposit {no}")),
        ] {
            if asker.may(permission) {
                out.push(Action::ask(label, run));
            }
        }
    }
    out
}

/// The button that asks for the words of a reply.
pub(super) fn reply_button(scene: &Scene) -> Action {
    let id = scene.id();
    Action {
        primary: true,
        form: Some(Form {
            title: format!("Reply to the client on ticket {id}"),
            says: "You see exactly what will be mailed before it goes.".to_owned(),
            fields: vec![words("Your reply")],
            submit: "Preview".to_owned(),
        }),
        ..Action::ask("Reply to client", format!("/ticket reply {id}"))
    }
}

fn words(label: &str) -> Field {
    Field {
        name: "text".to_owned(),
        label: label.to_owned(),
        required: true,
        kind: FieldKind::Text,
    }
}

/// Tickets as a list.
pub(super) fn list(title: String, scenes: &[Scene], now: DateTime<Utc>, is_cut: bool) -> Reply {
    let rows = scenes.iter().map(|scene| {
        let ticket = scene.ticket();
        vec![
            Cell::Text(format!("#{}", ticket.id)),
            Cell::Text(clean(&scene.subject(), 60)),
            Cell::Text(
                scene
                    .requester
                    .as_ref()
                    .map_or_else(|| "unknown".to_owned(), |contact| clean(&contact.name, 40)),
            ),
            Cell::Text(scene.status()),
            Cell::Text(priority_word(ticket.priority)),
            Cell::Text(scene.responder.clone().unwrap_or_else(|| "nobody".to_owned())),
            Cell::Text(age(now - ticket.created_at)),
        ]
    });
    let table = Section::Table {
        heading: None,
        columns: ["Ticket", "Subject", "From", "Status", "Priority", "With", "Age"]
            .map(ToOwned::to_owned)
            .to_vec(),
        rows: rows.collect(),
        more: 0,
    };
    let mut sections = vec![table];
    if is_cut {
        sections.push(Section::Lines {
            heading: None,
            lines: vec![line("There are more; add a word to narrow it.".to_owned())],
        });
    }
    let facts = scenes.iter().map(|scene| {
        let ticket = scene.ticket();
        json!({ "ticket": ticket.id, "subject": scene.subject(), "status": scene.status(), "priority": ticket.priority })
    });
    let facts = json!({ "tickets": facts.collect::<Vec<_>>(), "more": is_cut });
    let mut reply = Reply::card(
        Card {
            title,
            sections,
            as_of: scenes
                .iter()
                .map(as_of)
                .min_by_key(|source| source.at)
                .into_iter()
                .collect(),
            ..Card::default()
        },
        facts,
    );
    reply.actions = scenes
        .iter()
        .take(BUTTONS)
        .map(|scene| {
            let id = scene.id();
            Action::ask(format!("Show #{id}"), format!("/ticket show {id}"))
        })
        .collect();
    reply
}

/// How long ago, in the unit that matters.
fn age(span: chrono::TimeDelta) -> String {
    match (span.num_days(), span.num_hours()) {
        (days, _) if days >= 2 => format!("{days} days"),
        (_, hours) if hours >= 2 => format!("{hours} h"),
        _ => format!("{} min", span.num_minutes().max(0)),
    }
}

fn instant(at: DateTime<Utc>) -> String {
    at.format("%-d %b %H:%M UTC").to_string()
}

pub(super) fn line(text: String) -> Line {
    Line {
        code: None,
        text,
        tone: Tone::Plain,
    }
}

pub(super) fn warn(text: String) -> Line {
    Line {
        tone: Tone::Warn,
        ..line(text)
    }
}
