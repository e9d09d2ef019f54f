//! The card at the head of a ticket's thread: who, what, how the account stands, whose it is.

use hammerdesk_commands::brief::Brief;
use hammerdesk_domain::helpdesk::{By, Gone, SeveralOrNone, Verdict, status};
use hammerdesk_domain::message::{
    Action, Card, Field, FieldKind, Form, Line, Link, Reply, Section, Tone, Visibility,
};
use hammerdesk_domain::text;
use serde_json::json;

use super::scene::Scene;

/// The longest title of a thread.
const LONGEST_TITLE: usize = 80;

/// The title of the thread: seen in lists, so no long number stands in it whole.
pub(super) fn title(scene: &Scene) -> String {
    let subject = match scene.stored.ticket.subject.trim() {
        "" => "no subject",
        subject => subject,
    };
    format!(
        "#{} {}",
        scene.stored.ticket.id,
        text::title(subject, LONGEST_TITLE)
    )
}

/// The card as it should stand now.
pub(super) fn head(
    scene: &Scene,
    brief: Option<&Brief>,
    promised: Option<Section>,
    address: String,
) -> Reply {
    let ticket = &scene.stored.ticket;
    let mut lines = vec![
        line(format!("From {}", scene.asker())),
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
                .map_or(String::new(), |kind| format!(" · {kind}"))
        )),
    ];
    if ticket.priority >= 3 {
        lines.push(Line {
            tone: Tone::Warn,
            ..line(format!("Priority {}", scene.priority().to_lowercase()))
        });
    }
    if !ticket.tags.is_empty() {
        lines.push(line(format!("Tags {}", ticket.tags.join(", "))));
    }
    lines.push(account_line(scene, brief));
    let mut sections = vec![Section::Lines { heading: None, lines }];
    sections.extend(promised);
    let mut card = Card {
        title: title(scene),
        subtitle: Some(format!("Ticket {}", ticket.id)),
        badge: Some(badge(scene)),
        tone: tone(scene),
        ..Card::default()
    };
    if let Some(brief) = brief {
        sections.extend(brief.sections.clone());
        card.as_of.clone_from(&brief.as_of);
        card.stale = brief.stale;
    }
    card.sections = sections;
    Reply {
        actions: actions(scene, brief.is_some()),
        links: vec![Link {
            label: "Open in Freshdesk".to_owned(),
            url: address,
        }],
        visibility: Visibility::Shared,
        ..Reply::card(
            card,
            json!({ "ticket": ticket.id, "status": ticket.status, "gone": ticket.gone.word() }),
        )
    }
}

fn line(text: String) -> Line {
    Line {
        code: None,
        text,
        tone: Tone::Plain,
    }
}

fn badge(scene: &Scene) -> String {
    let ticket = &scene.stored.ticket;
    match (ticket.gone, ticket.merged_into) {
        (_, Some(into)) => format!("MERGED INTO {into}"),
        (Gone::Here, None) => scene.status(ticket.status).to_uppercase(),
        (gone, None) => gone.word().to_uppercase(),
    }
}

fn tone(scene: &Scene) -> Tone {
    let ticket = &scene.stored.ticket;
    if ticket.gone != Gone::Here || status::is_over(ticket.status) {
        Tone::Quiet
    } else if ticket.priority >= 4 || ticket.is_escalated {
        Tone::Warn
    } else {
        Tone::Plain
    }
}

/// Whose account it is, as far as that is known; a mismatch is shown, never guessed away. Where the channel
/// may not see the client, it reads as if there were none.
fn account_line(scene: &Scene, brief: Option<&Brief>) -> Line {
    let nobody = || line("No account found for the sender".to_owned());
    match (&scene.verdict, brief) {
        (None, _) => line("Looking for the account".to_owned()),
        (Some((Verdict::One(_), candidates)), Some(brief)) => {
            let by = candidates.first().map_or("", |found| said_by(found.by));
            line(format!("Account {}{by}", brief.title))
        }
        (Some((verdict @ Verdict::Unclear(SeveralOrNone::Several(clients)), _)), _) => Line {
            tone: Tone::Warn,
            ..line(if verdict.is_mismatch() {
                "The sender and the text name different accounts. Check before you answer.".to_owned()
            } else {
                format!("{} accounts may be meant. Ask which one.", clients.len())
            })
        },
        (Some((Verdict::One(_) | Verdict::Unclear(SeveralOrNone::None), _)), _) => nobody(),
    }
}

const fn said_by(by: By) -> &'static str {
    match by {
        By::Contact => ", by the helpdesk's contact",
        By::ExternalId => ", by the number on the contact",
        By::Email => ", by the sender's address",
        By::Phone => ", by the sender's telephone",
        By::Number => ", by the number in the text",
        By::Paddle => ", by the paddle in the text",
    }
}

fn actions(scene: &Scene, is_known: bool) -> Vec<Action> {
    let ticket = &scene.stored.ticket;
    if ticket.gone != Gone::Here {
        return Vec::new();
    }
    let id = ticket.id;
    let mut out = vec![
        Action {
            primary: true,
            form: Some(Form {
                title: format!("Reply to the client on ticket {id}"),
                says: "You see exactly what will be mailed before it goes.".to_owned(),
                fields: vec![words("Your reply")],
                submit: "Preview".to_owned(),
            }),
            ..Action::ask("Reply to client", format!("/ticket reply {id}"))
        },
        Action {
            form: Some(Form {
                title: format!("Private note on ticket {id}"),
                says: "Only agents see it. Nothing is mailed.".to_owned(),
                fields: vec![words("Your note")],
                submit: "Add note".to_owned(),
            }),
            ..Action::ask("Note", format!("/ticket note {id}"))
        },
        Action::ask("Take it", format!("/ticket assign {id} to:me")),
    ];
    out.push(if status::is_over(ticket.status) {
        Action::ask("Reopen", format!("/ticket status {id} to:open"))
    } else {
        Action::ask("Resolve", format!("/ticket status {id} to:resolved"))
    });
    if let (true, Some((Verdict::One(client), _))) = (is_known, &scene.verdict) {
        out.push(Action::ask("Balance", format!("/balance {client}")));
        out.push(Action::ask("Release", format!("/release client:{client}")));
        out.push(Action::ask("Deposits", format!("/deposit {client}")));
    }
    out
}

fn words(label: &str) -> Field {
    Field {
        name: "text".to_owned(),
        label: label.to_owned(),
        required: true,
        kind: FieldKind::Text,
    }
}
