//! `/queue`: escalations beside tickets, the most severe first.

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_domain::access::Permission;
use hammerdesk_domain::escalation::{Escalation, Severity};
use hammerdesk_domain::ids::{ClientNo, PersonId};
use hammerdesk_domain::message::{Action, Card, Cell, Outcome, Reply, Section, Tone};
use hammerdesk_domain::text::{clean, fold};
use hammerdesk_store::escalations::Queued;
use serde_json::json;

use super::known::{may_know, short};
use crate::Asked;
use crate::errors::Failure;
use crate::grammar::QueueArgs;
use crate::oncall::people;
use crate::ticket;

/// A queue shows so many of them.
const MOST: usize = 20;
/// So many are looked at: what is hidden from the asker takes no place.
const LOOKED_AT: i64 = 500;
/// How many have a button.
const BUTTONS: usize = 3;

/// One line of the queue.
struct Line {
    queued: Queued,
    client: Option<String>,
}

/// The answer.
pub(crate) async fn answer(asked: &mut Asked<'_>, args: &QueueArgs) -> Result<Reply, Failure> {
    let lines = escalations(asked, &args.who.join(" ")).await?;
    let tickets = ticket::queue(asked, args).await;
    if lines.is_empty() {
        return tickets;
    }
    let mut reply = match tickets {
        Ok(reply) if reply.outcome == Outcome::Choose => return Ok(reply),
        Ok(reply) => reply,
        // Whoever is no agent of the helpdesk has a queue all the same.
        Err(Failure::User(error)) => Reply::sentence(Outcome::Answered, error.sentence),
        Err(failure) => return Err(failure),
    };
    let count = if lines.len() == 1 {
        "1 open escalation".to_owned()
    } else {
        format!("{} open escalations", lines.len())
    };
    let worst = lines.iter().any(|line| line.queued.severity >= Severity::High);
    if reply.cards.is_empty() {
        reply.cards.push(Card {
            title: count.clone(),
            ..Card::default()
        });
    } else if let Some(card) = reply.cards.first_mut() {
        card.title = format!("{count} · {}", card.title);
    }
    if let Some(card) = reply.cards.first_mut() {
        card.sections.insert(0, section(&lines, asked.moment.now));
        if worst {
            card.tone = Tone::Warn;
        }
    }
    let buttons = lines.iter().take(BUTTONS).map(|line| {
        let id = line.queued.id;
        Action::ask(format!("Why {}", short(id)), format!("/escalation explain {id}"))
    });
    reply.actions.splice(0..0, buttons);
    let facts = json!(
        lines
            .iter()
            .map(|line| json!({
                "escalation": line.queued.id,
                "kind": line.queued.kind,
                "severity": line.queued.severity,
                "state": line.queued.state,
                "client": line.queued.client,
                "ticket": line.queued.ticket,
                "opened_at": line.queued.opened_at,
                "next_at": line.queued.next_at,
            }))
            .collect::<Vec<_>>()
    );
    if let Some(all) = reply.facts.as_object_mut() {
        all.insert("escalations".to_owned(), facts);
    }
    Ok(reply)
}

/// What that person has, as far as the asker may know of it.
async fn escalations(asked: &mut Asked<'_>, who: &str) -> Result<Vec<Line>, Failure> {
    if asked.settings.desk.is_none() || !asked.asker.may(Permission::Escalations) {
        return Ok(Vec::new());
    }
    let typed = fold(who.trim());
    let person: Option<PersonId> = match typed.as_str() {
        "" | "me" => Some(asked.asker.id.clone()),
        "nobody" | "unassigned" => None,
        _ => match people::named(asked.settings, asked.asker, who) {
            Ok(person) => Some(person),
            // It may still be an agent of the helpdesk.
            Err(_) => return Ok(Vec::new()),
        },
    };
    let mut queue = asked.view.escalation_queue(person.as_ref(), LOOKED_AT).await?;
    if person.is_none() {
        queue.retain(|queued| queued.handler.is_none());
    }
    let mut lines = Vec::new();
    for queued in queue {
        let Some(one) = asked.view.escalation(queued.id).await? else {
            continue;
        };
        if !may_know(&mut asked.view, asked.asker, &one).await? {
            continue;
        }
        let client = name_of(asked, &one).await?;
        lines.push(Line { queued, client });
        if lines.len() == MOST {
            break;
        }
    }
    Ok(lines)
}

async fn name_of(asked: &mut Asked<'_>, one: &Escalation) -> Result<Option<String>, Failure> {
    let [no]: &[ClientNo] = one.matched.clients() else {
        return Ok(None);
    };
    let client = asked.view.survivor(no).await?;
    Ok(client.map(|client| format!("{} · {}", clean(&client.name, 40), client.no.short())))
}

fn section(lines: &[Line], now: DateTime<Utc>) -> Section {
    let rows = lines.iter().map(|line| {
        let queued = &line.queued;
        vec![
            Cell::Text(short(queued.id)),
            Cell::Text(queued.severity.to_string()),
            Cell::Text(queued.kind.label().to_owned()),
            Cell::Text(
                line.client
                    .clone()
                    .unwrap_or_else(|| "client not known".to_owned()),
            ),
            Cell::Text(queued.state.word().replace('_', " ")),
            Cell::Text(left(queued.next_at, now)),
        ]
    });
    Section::Table {
        heading: Some("Escalations".to_owned()),
        columns: ["Escalation", "Severity", "About", "Client", "State", "Next step"]
            .map(ToOwned::to_owned)
            .to_vec(),
        rows: rows.collect(),
        more: 0,
    }
}

/// How long until something happens by itself.
fn left(next_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    let Some(next_at) = next_at else {
        return "waits".to_owned();
    };
    let left: TimeDelta = next_at - now;
    match left.num_minutes() {
        ..=0 => "now".to_owned(),
        minutes @ 1..=119 => format!("in {minutes} min"),
        minutes @ 120..=2_879 => format!("in {} h", minutes / 60),
        minutes => format!("in {} days", minutes / 1_440),
    }
}
