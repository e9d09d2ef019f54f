//! `/sla status`: the promises on a ticket, and what is broken or due soon.

use chrono::TimeDelta;
use hammerdesk_domain::message::{Action, Card, Cell, Line, Outcome, Reply, Section, Tone};
use hammerdesk_domain::sla::judge::{Judged, State};
use hammerdesk_domain::sla::policy::spoken;
use hammerdesk_domain::text::clean;
use hammerdesk_store::sla::AlertState;
use serde_json::json;

use super::{facts, local, named};
use crate::Asked;
use crate::errors::Failure;
use crate::ticket::number;
use crate::ticket::scene::Scene;

/// Promises that a list shows.
const MOST: usize = 20;
/// Promises that are looked through for those that the asker may see.
const LOOKED_AT: i64 = 2_000;
/// How far ahead a list looks.
const AHEAD: TimeDelta = TimeDelta::hours(24);

pub(super) async fn of_ticket(asked: &mut Asked<'_>, typed: &str) -> Result<Reply, Failure> {
    let id = number(typed)?;
    let scene = Scene::seen(&mut asked.view, asked.asker, id).await?;
    asked.about = scene.client_no();
    let now = asked.moment.now;
    let clocks = asked.view.clocks_of_ticket(id).await?;
    let alerts = asked.view.alerts_of_ticket(id).await?;
    if clocks.is_empty() {
        let mut reply = Reply::sentence(
            Outcome::Answered,
            format!("Nothing is promised on ticket {id} yet. A new ticket takes a moment."),
        );
        reply.facts = facts(id);
        return Ok(reply);
    }
    let zone = |clock: &Judged| {
        asked.settings.zone(
            clock
                .location
                .as_ref()
                .or(asked.settings.sla.rules.default_calendar.as_ref()),
        )
    };
    let rows = clocks
        .iter()
        .map(|clock| {
            let because = match clock.run.waiting {
                0 | 1 => format!(
                    "{} at {}",
                    clock.run.channel,
                    local(clock.run.started.at, zone(clock))
                ),
                several => format!(
                    "{} at {}, {several} messages",
                    clock.run.channel,
                    local(clock.run.started.at, zone(clock))
                ),
            };
            vec![
                Cell::Text(named(clock.run.kind)),
                Cell::Text(stands(clock, now)),
                Cell::Text(
                    clock
                        .due_at
                        .map_or_else(String::new, |due| local(due, zone(clock))),
                ),
                Cell::Text(because),
                Cell::Text(clock.promise().map_or_else(String::new, |promise| {
                    clean(
                        &match promise.target {
                            Some(target) => format!("{}: {target}", promise.policy),
                            None => promise.policy.clone(),
                        },
                        60,
                    )
                })),
            ]
        })
        .collect();
    let noticed = alerts
        .iter()
        .filter_map(|alert| {
            let acted = alert.acted.as_ref()?;
            let what = match (alert.state, alert.next_at) {
                (AlertState::Acknowledged, _) => "took notice".to_owned(),
                (AlertState::Snoozed, Some(until)) => format!(
                    "put the alert off until {}{}",
                    local(until, asked.settings.zone(alert.location.as_ref())),
                    acted
                        .reason
                        .as_ref()
                        .map_or_else(String::new, |reason| format!(": {}", clean(reason, 120)))
                ),
                _ => return None,
            };
            Some(Line {
                code: None,
                text: format!("{} {what}", clean(&acted.name, 80)),
                tone: Tone::Plain,
            })
        })
        .collect();
    let is_broken = clocks.iter().any(|clock| clock.state == State::Overdue);
    let card = Card {
        title: format!("#{id} {}", scene.subject()),
        subtitle: Some(scene.status()),
        badge: is_broken.then(|| "OVERDUE".to_owned()),
        tone: if is_broken { Tone::Warn } else { Tone::Plain },
        sections: vec![
            Section::Table {
                heading: Some("Promises".to_owned()),
                columns: ["Promise", "Stands", "Due", "Because of", "Policy"]
                    .map(ToOwned::to_owned)
                    .to_vec(),
                rows,
                more: 0,
            },
            Section::Lines {
                heading: None,
                lines: noticed,
            },
        ],
        ..Card::default()
    };
    let mut reply = Reply::card(card, json!({ "ticket": id, "clocks": clocks }));
    reply.actions = vec![
        Action::ask("Why then?", format!("/sla explain {id}")),
        Action::ask("The ticket", format!("/ticket show {id}")),
    ];
    Ok(reply)
}

fn stands(clock: &Judged, now: chrono::DateTime<chrono::Utc>) -> String {
    match (clock.state, clock.due_at) {
        (State::Running, Some(due)) => format!("due in {}", spoken(due - now)),
        (State::Overdue, _) => format!("overdue for {}", spoken(now - clock.breached_at.unwrap_or(now))),
        (State::Late, _) => {
            let ended = clock.run.ended_at().unwrap_or(now);
            format!("{} late", spoken(ended - clock.breached_at.unwrap_or(ended)))
        }
        (State::Met, _) => "in time".to_owned(),
        (State::Paused, _) | (State::Running, None) => "stands".to_owned(),
        (State::Withdrawn, _) => "no longer owed".to_owned(),
        (State::Untimed, _) => "no time promised".to_owned(),
    }
}

pub(super) async fn of_all(asked: &mut Asked<'_>) -> Result<Reply, Failure> {
    let now = asked.moment.now;
    let open = asked.view.open_clocks(now + AHEAD, LOOKED_AT).await?;
    let mut rows = Vec::new();
    let mut shown = Vec::new();
    let (mut more, mut broken, mut count) = (0, 0, 0);
    for one in &open {
        let clock = &one.judged;
        if !asked.asker.covers(clock.location.as_ref()) {
            continue;
        }
        let Some(scene) = Scene::look(&mut asked.view, asked.asker, one.ticket).await? else {
            continue;
        };
        count += 1;
        broken += usize::from(clock.state == State::Overdue);
        if rows.len() == MOST {
            more += 1;
            continue;
        }
        let zone = asked.settings.zone(clock.location.as_ref());
        rows.push(vec![
            Cell::Text(format!("#{} {}", one.ticket, clean(&scene.subject(), 60))),
            Cell::Text(named(clock.run.kind)),
            Cell::Text(clock.due_at.map_or_else(String::new, |due| local(due, zone))),
            Cell::Text(stands(clock, now)),
            Cell::Text(
                scene
                    .responder
                    .as_deref()
                    .map_or_else(|| "nobody".to_owned(), |name| clean(name, 60)),
            ),
        ]);
        shown.push(json!({
            "ticket": one.ticket, "clock": one.clock, "state": clock.state, "due_at": clock.due_at,
        }));
    }
    if count == 0 {
        return Ok(Reply::sentence(
            Outcome::Answered,
            "No promise that you may see is broken or due within a day.",
        ));
    }
    let card = Card {
        title: "Promises, the most pressing first".to_owned(),
        subtitle: Some(format!("{broken} broken, {} due within a day", count - broken)),
        tone: if broken > 0 { Tone::Warn } else { Tone::Plain },
        sections: vec![Section::Table {
            heading: None,
            columns: ["Ticket", "Promise", "Due", "Stands", "With"]
                .map(ToOwned::to_owned)
                .to_vec(),
            rows,
            more,
        }],
        ..Card::default()
    };
    Ok(Reply::card(
        card,
        json!({ "open": count, "broken": broken, "clocks": shown }),
    ))
}
