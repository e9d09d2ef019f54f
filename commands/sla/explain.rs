//! `/sla explain`: why a promise is due when it is.

use chrono::{DateTime, Utc};
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_domain::message::{Action, Card, Cell, Line, Reply, Section, Tone};
use hammerdesk_domain::sla::clocks::History;
use hammerdesk_domain::sla::explain::{Explanation, RowKind, explain};
use hammerdesk_domain::sla::judge::{State, judge};
use hammerdesk_domain::sla::policy::spoken;
use hammerdesk_domain::text::clean;
use hammerdesk_store::View;
use serde::Serialize;

use super::{local, named, rulebook};
use crate::Asked;
use crate::errors::{Failure, UserError};
use crate::grammar::SlaExplainArgs;
use crate::ticket::number;
use crate::ticket::scene::Scene;

/// Rows of one explanation that a card shows; the whole is in its facts.
const MOST: usize = 24;

/// Every promise of a ticket, explained.
#[derive(Debug, Clone, Serialize)]
pub struct Explained {
    /// The ticket.
    pub ticket: TicketId,
    /// As of when.
    pub at: DateTime<Utc>,
    /// One for each promise that has a time, in the order in which they began.
    pub clocks: Vec<Explanation>,
}

/// Explains the promises of a ticket as of an instant; none where nobody knows of the ticket.
pub async fn explained(view: &mut View, ticket: TicketId, now: DateTime<Utc>) -> Result<Explained, Failure> {
    let book = rulebook(view, now).await?;
    let events = view.sla_events(ticket).await?;
    let known: Vec<_> = events.into_iter().filter(|event| event.at <= now).collect();
    let history = History::of(&known, |at| book.house_at(at));
    let clocks = judge(&history, &book, now)
        .iter()
        .map(|clock| explain(clock, &history, &book, now))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Failure::Broken(error.to_string()))?;
    Ok(Explained {
        ticket,
        at: now,
        clocks,
    })
}

pub(super) async fn answer(asked: &mut Asked<'_>, args: &SlaExplainArgs) -> Result<Reply, Failure> {
    let id = number(&args.ticket)?;
    let scene = Scene::seen(&mut asked.view, asked.asker, id).await?;
    asked.about = scene.client_no();
    let mut found = explained(&mut asked.view, id, asked.moment.now).await?;
    found.clocks.retain(|clock| {
        args.clock
            .as_ref()
            .map_or(clock.state != State::Untimed, |wanted| {
                clock.kind.word() == wanted
            })
    });
    if found.clocks.is_empty() {
        return Err(UserError::unknown(format!(
            "Nothing is promised on ticket {id} that has a time. /sla status {id} shows what is known of it."
        ))
        .into());
    }
    // What is open first, then the latest.
    found.clocks.sort_by_key(|clock| !clock.state.is_open());
    let zone = asked
        .settings
        .zone(asked.settings.sla.rules.default_calendar.as_ref());
    let title = format!("#{id} {}", scene.subject());
    let mut reply = Reply::card(Card::default(), serde_json::to_value(&found).unwrap_or_default());
    reply.cards = found
        .clocks
        .iter()
        .take(3)
        .map(|clock| card(clock, &title, zone))
        .collect();
    reply.actions = vec![
        Action::ask("All promises", format!("/sla status {id}")),
        Action::ask("The ticket", format!("/ticket show {id}")),
    ];
    Ok(reply)
}

fn card(clock: &Explanation, title: &str, zone: chrono_tz::Tz) -> Card {
    let shown = &clock.rows[..clock.rows.len().min(MOST)];
    let rows = shown
        .iter()
        .map(|row| {
            let when = row.to.map_or_else(
                || local(row.from, zone),
                |to| format!("{} – {}", local(row.from, zone), local(to, zone)),
            );
            let counted = match row.kind {
                RowKind::Open => spoken(chrono::TimeDelta::seconds(row.counted)),
                RowKind::Closed | RowKind::Holiday | RowKind::Paused => "–".to_owned(),
                _ => String::new(),
            };
            vec![
                Cell::Text(when),
                Cell::Text(clean(&row.text, 160)),
                Cell::Text(counted),
            ]
        })
        .collect();
    let mut because: Vec<Line> = clock
        .because
        .iter()
        .map(|text| Line {
            code: None,
            text: format!("This policy, because {}", clean(text, 160)),
            tone: Tone::Plain,
        })
        .collect();
    because.extend(clock.not.iter().map(|(policy, why)| Line {
        code: None,
        text: format!("Not {policy}: {}", clean(why, 160)),
        tone: Tone::Quiet,
    }));
    Card {
        title: format!("{} · {}", named(clock.kind), clean(title, 100)),
        subtitle: Some(clock.sentence.clone()),
        badge: Some(clock.state.to_string().to_uppercase()),
        tone: match clock.state {
            State::Overdue | State::Late => Tone::Warn,
            State::Met => Tone::Good,
            _ => Tone::Plain,
        },
        sections: vec![
            Section::Lines {
                heading: None,
                lines: because,
            },
            Section::Table {
                heading: Some(format!("Times of {}", zone.name())),
                columns: ["When", "What", "Counted"].map(ToOwned::to_owned).to_vec(),
                rows,
                more: clock.rows.len() - shown.len(),
            },
        ],
        ..Card::default()
    }
}
