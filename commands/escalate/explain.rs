//! `/escalation explain`: why this person has it, which rule said so, who was passed over and why, and what
//! happened on the ladder so far.
//!
//! It reads only what was kept when the decision was made: rules that changed since explain nothing.

use chrono_tz::Tz;
use hammerdesk_domain::escalation::model::{Actor, Event, Matched, Standing, What};
use hammerdesk_domain::escalation::{Desk, Escalation, Severity};
use hammerdesk_domain::ids::PersonId;
use hammerdesk_domain::message::{AsOf, Card, Cell, Line, Reply, Section, Step, Tone};
use hammerdesk_domain::text::clean;
use hammerdesk_store::escalations::Entry;
use serde_json::{Value, json};

use super::known::{named, short};
use crate::Asked;
use crate::errors::Failure;
use crate::settings::Settings;

/// How much of the caller's words is shown.
const SAID: usize = 600;
/// How many steps of a long ladder are shown: the last ones.
const MOST_STEPS: usize = 40;

/// Names and times as the reader knows them.
struct Reader<'a> {
    settings: &'a Settings,
    zone: Tz,
}

impl Reader<'_> {
    fn name<'a>(&'a self, person: &'a PersonId) -> &'a str {
        self.settings
            .people
            .get(person)
            .map_or(person.as_str(), |asker| asker.name.as_str())
    }

    fn at(&self, at: chrono::DateTime<chrono::Utc>) -> String {
        at.with_timezone(&self.zone).format("%-d %b %H:%M %Z").to_string()
    }

    fn people<'a>(&self, people: impl IntoIterator<Item = &'a PersonId>) -> String {
        let names: Vec<&str> = people
            .into_iter()
            .map(|person| {
                self.settings
                    .people
                    .get(person)
                    .map_or(person.as_str(), |asker| asker.name.as_str())
            })
            .collect();
        names.join(", ")
    }
}

/// The answer.
pub(super) async fn answer(asked: &mut Asked<'_>, typed: &str) -> Result<Reply, Failure> {
    let one = named(&mut asked.view, asked.asker, typed).await?;
    if let Matched::Found(client) = &one.matched {
        asked.about = Some(client.clone());
    }
    let entries = asked.view.escalation_entries(one.id()).await?;
    let reader = Reader {
        settings: asked.settings,
        zone: asked.settings.zone(one.opening.location.as_ref()),
    };
    let routed = entries
        .iter()
        .rev()
        .find(|entry| matches!(entry.event.what, What::Routed { .. }));
    let decision = routed.and_then(|entry| entry.detail.as_ref());
    let mut sections = vec![Section::Lines {
        heading: None,
        lines: standing(&reader, asked.settings.desk.as_deref(), &one),
    }];
    sections.push(Section::Lines {
        heading: Some("Why".to_owned()),
        lines: why(&reader, routed, &entries),
    });
    sections.extend(passed_over(decision));
    sections.extend(rules(decision));
    sections.push(so_far(&reader, &entries));
    let said = clean(&one.opening.said, SAID);
    if !said.is_empty() {
        sections.push(Section::Lines {
            heading: Some("In the words it came with".to_owned()),
            lines: vec![line(format!("“{said}”"))],
        });
    }
    let card = Card {
        title: format!("{} · {}", short(one.id()), one.opening.kind.label()),
        subtitle: Some(whose(&one)),
        badge: Some(one.state().word().replace('_', " ").to_uppercase()),
        tone: match (one.is_open(), one.severity) {
            (true, Severity::High | Severity::Critical) => Tone::Warn,
            (true, _) => Tone::Plain,
            (false, _) => Tone::Quiet,
        },
        sections,
        as_of: one
            .opening
            .snapshot
            .iter()
            .map(|snapshot| AsOf {
                source: "facts kept with it".to_owned(),
                at: Some(snapshot.taken_at),
                stale: false,
                note: None,
            })
            .collect(),
        explain: steps(decision),
        ..Card::default()
    };
    let facts = json!({
        "escalation": one.id(),
        "state": one.state(),
        "kind": one.opening.kind,
        "severity": one.severity,
        "client": one.matched.clients(),
        "ticket": one.opening.ticket,
        "way": one.opening.way,
        "opened_at": one.opening.at,
        "times": one.times,
        "handler": one.handler(),
        "decision": decision,
        "events": entries.iter().map(|entry| &entry.event).collect::<Vec<_>>(),
        "snapshot": one.opening.snapshot,
    });
    Ok(Reply::card(card, facts))
}

fn line(text: impl Into<String>) -> Line {
    Line {
        code: None,
        text: text.into(),
        tone: Tone::Plain,
    }
}

fn warn(text: impl Into<String>) -> Line {
    Line {
        tone: Tone::Warn,
        ..line(text)
    }
}

fn whose(one: &Escalation) -> String {
    let whom = match &one.matched {
        Matched::Found(client) => format!("client {}", client.short()),
        Matched::Several(several) => format!("{} clients may be meant", several.len()),
        Matched::Nobody => "client not known yet".to_owned(),
    };
    let ticket = one
        .opening
        .ticket
        .map_or_else(String::new, |ticket| format!(" · ticket #{ticket}"));
    format!("{whom}{ticket} · {}", one.severity)
}

fn standing(reader: &Reader<'_>, desk: Option<&Desk>, one: &Escalation) -> Vec<Line> {
    let mut lines = vec![match &one.standing {
        Standing::Unrouted { again: false } => {
            warn("Nobody has it yet: the rules are about to say who gets it.")
        }
        Standing::Unrouted { again: true } => {
            warn("It came back, and the rules are about to say who gets it.")
        }
        Standing::Climbing { to, ladder, climb } => {
            let rung = desk
                .and_then(|desk| desk.ladder(ladder).rung(climb.rung))
                .map_or_else(|| "the end of the ladder".to_owned(), |rung| rung.name.clone());
            let next = climb.told.as_ref().map_or_else(String::new, |told| {
                format!("; the next rung's turn is at {}", reader.at(told.until))
            });
            warn(format!(
                "Given to {}, who has not acknowledged it. On ladder {ladder} at {rung}{next}.",
                reader.name(to)
            ))
        }
        Standing::Held { held, .. } => line(format!(
            "{} has it since {} ({}).",
            reader.name(&held.by),
            reader.at(held.since),
            held.work.word().replace('_', " ")
        )),
        Standing::Resolved { at, how, .. } => {
            line(format!("Resolved at {}: {}", reader.at(*at), clean(how, 300)))
        }
        Standing::Closed { at, .. } => line(format!("Closed at {}.", reader.at(*at))),
        Standing::Merged { into, at } => line(format!(
            "Part of escalation {} since {}.",
            short(*into),
            reader.at(*at)
        )),
    }];
    if one.times > 1 {
        lines.push(line(format!("The same matter came in {} times.", one.times)));
    }
    if one.silences > 0 {
        lines.push(warn(format!(
            "Whoever took it went silent {}.",
            if one.silences == 1 {
                "once".to_owned()
            } else {
                format!("{} times", one.silences)
            }
        )));
    }
    if let Some(deadline) = one.opening.deadline {
        lines.push(line(format!(
            "It is worth nothing after {}.",
            reader.at(deadline)
        )));
    }
    lines
}

/// By which rule, and what people changed since.
fn why(reader: &Reader<'_>, routed: Option<&Entry>, entries: &[Entry]) -> Vec<Line> {
    let Some(routed) = routed else {
        return vec![line("No rule has been asked yet.")];
    };
    let mut lines = Vec::new();
    if let What::Routed { to, by, why, .. } = &routed.event.what {
        lines.push(line(format!(
            "Given to {} at {} by {by}: {why}.",
            reader.name(to),
            reader.at(routed.event.at)
        )));
    }
    lines.extend(
        entries
            .iter()
            .filter(|entry| entry.event.at >= routed.event.at)
            .filter(|entry| {
                matches!(
                    entry.event.what,
                    What::Reassigned { .. } | What::Acknowledged { .. }
                )
            })
            .map(|entry| line(told(reader, &entry.event))),
    );
    lines
}

/// Everybody who was looked at and did not get it.
fn passed_over(decision: Option<&Value>) -> Option<Section> {
    let candidates = decision?.get("candidates")?.as_array()?;
    let text = |one: &Value, key: &str| clean(one.get(key).and_then(Value::as_str).unwrap_or_default(), 200);
    let rows: Vec<Vec<Cell>> = candidates
        .iter()
        .filter(|one| one.get("taken").and_then(Value::as_bool) == Some(false))
        .map(|one| {
            vec![
                Cell::Text(text(one, "target")),
                Cell::Text(text(one, "by")),
                Cell::Text(text(one, "says")),
            ]
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    Some(Section::Table {
        heading: Some("Passed over".to_owned()),
        columns: vec!["Named".to_owned(), "By".to_owned(), "Why not".to_owned()],
        rows,
        more: 0,
    })
}

/// The rules in their order, and how each went.
fn rules(decision: Option<&Value>) -> Option<Section> {
    let rules = decision?.get("rules")?.as_array()?;
    let rows: Vec<Vec<Cell>> = rules
        .iter()
        .map(|rule| {
            let flag = |key: &str| rule.get(key).and_then(Value::as_bool) == Some(true);
            let how = match (flag("holds"), flag("gave")) {
                (false, _) => "does not hold",
                (true, true) => "gave it",
                (true, false) => "holds, but not needed or nobody there",
            };
            let name = rule.get("rule").and_then(Value::as_str).unwrap_or_default();
            vec![
                Cell::Text(clean(name, 80)),
                Cell::Text(how.to_owned()),
                Cell::Text(because(rule)),
            ]
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    Some(Section::Table {
        heading: Some("Rules".to_owned()),
        columns: vec!["Rule".to_owned(), "How it went".to_owned(), "Because".to_owned()],
        rows,
        more: 0,
    })
}

/// The conditions that decided it: those that failed, or all of them where none did.
fn because(rule: &Value) -> String {
    let conditions = rule.get("conditions").and_then(Value::as_array);
    let (failed, held): (Vec<&Value>, Vec<&Value>) = conditions
        .into_iter()
        .flatten()
        .partition(|one| one.get("holds").and_then(Value::as_bool) == Some(false));
    let shown = if failed.is_empty() { held } else { failed };
    let says: Vec<&str> = shown
        .iter()
        .filter_map(|one| one.get("says").and_then(Value::as_str))
        .collect();
    if says.is_empty() {
        "it has no conditions".to_owned()
    } else {
        clean(&says.join("; "), 300)
    }
}

/// The same for the drawer.
fn steps(decision: Option<&Value>) -> Vec<Step> {
    let rules = decision
        .and_then(|decision| decision.get("rules")?.as_array())
        .into_iter()
        .flatten();
    rules
        .map(|rule| Step {
            rule: clean(rule.get("rule").and_then(Value::as_str).unwrap_or_default(), 80),
            applied: rule.get("gave").and_then(Value::as_bool) == Some(true),
            because: because(rule),
            sources: Vec::new(),
        })
        .collect()
}

fn so_far(reader: &Reader<'_>, entries: &[Entry]) -> Section {
    let left_out = entries.len().saturating_sub(MOST_STEPS);
    Section::Table {
        heading: Some("So far".to_owned()),
        columns: vec!["When".to_owned(), "What".to_owned()],
        rows: entries
            .iter()
            .skip(left_out)
            .map(|entry| {
                vec![
                    Cell::Text(reader.at(entry.event.at)),
                    Cell::Text(told(reader, &entry.event)),
                ]
            })
            .collect(),
        more: left_out,
    }
}

/// What happened, in a sentence.
fn told(reader: &Reader<'_>, event: &Event) -> String {
    let by = match &event.by {
        Actor::Desk => String::new(),
        Actor::Person(person) => format!(", by {}", reader.name(person)),
        Actor::Partner(partner) => format!(", from {}", clean(partner, 60)),
    };
    match &event.what {
        What::Created => format!("Came in{by}."),
        What::ClientNamed { client } => format!("It is about client {}{by}.", client.short()),
        What::Joined { way, said, .. } => {
            format!("Came in again ({way}){by}: “{}”", clean(said, 160))
        }
        What::Routed { to, by, why, .. } => format!("Given to {} by {by}: {why}.", reader.name(to)),
        What::Notified {
            name, people, round, ..
        } => {
            let again = if *round > 0 { ", once more" } else { "" };
            format!("Told {} ({name}{again}).", reader.people(people))
        }
        What::Skipped { name, why, .. } => format!("Rung {name} was skipped: {why}."),
        What::Unreachable { person, why } => {
            format!(
                "{} could not be reached: {}.",
                reader.name(person),
                clean(why, 160)
            )
        }
        What::Climbed { why, .. } => format!("Went on to the next rung{by}: {}.", clean(why, 160)),
        What::Acknowledged { by } => format!("{} took it.", reader.name(by)),
        What::Progressed { sign } => format!("A sign of work: {sign}."),
        What::Working { work } => format!("{}{by}.", work.word().replace('_', " ")),
        What::Silent { holder, since } => format!(
            "Nothing was seen of {} since {}; the ladder started again.",
            reader.name(holder),
            reader.at(*since)
        ),
        What::Reassigned { to, why } => {
            format!("Given to {}{by}: {}.", reader.name(to), clean(why, 160))
        }
        What::SeverityChanged { severity } => format!("It is {severity} now{by}."),
        What::Merged { into } => format!("Became part of {}{by}.", short(*into)),
        What::Absorbed { from } => format!("{} became part of it{by}.", short(*from)),
        What::Resolved { how } => format!("Resolved{by}: {}", clean(how, 160)),
        What::Reopened { why } => format!("Opened again{by}: {}", clean(why, 160)),
        What::Closed => format!("Closed{by}."),
    }
}
