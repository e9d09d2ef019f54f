//! `/oncall show` and `/oncall calendar`.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use hammerdesk_domain::escalation::desk::Absence;
use hammerdesk_domain::escalation::handover::handovers;
use hammerdesk_domain::escalation::hours::Edge;
use hammerdesk_domain::escalation::rota::{Rota, duties_of};
use hammerdesk_domain::escalation::{Desk, ical};
use hammerdesk_domain::ids::PersonId;
use hammerdesk_domain::message::{Attachment, Card, Cell, Line, Outcome, Reply, Section, Tone};
use hammerdesk_domain::text::clean;
use hammerdesk_store::escalations::{RotaChange, StoredRotaChange};
use serde_json::json;

use super::{desk, people, rota};
use crate::Asked;
use crate::errors::{Failure, UserError};
use crate::grammar::{OncallCalendarArgs, OncallShowArgs};

/// How far ahead gaps and hand-overs are looked for.
const AHEAD: TimeDelta = TimeDelta::days(7);
/// How many of anything are named.
const MOST: usize = 8;
/// How far ahead a calendar goes.
const DAYS: i64 = 90;
const MOST_DAYS: i64 = 366;

/// `/oncall show`.
pub(super) async fn answer(asked: &mut Asked<'_>, args: &OncallShowArgs) -> Result<Reply, Failure> {
    let now = asked.moment.now;
    let desk = desk(&mut asked.view, asked.settings, now).await?;
    let rotas: Vec<&Rota> = match args.rota.as_deref() {
        Some(typed) => vec![rota(&desk, typed)?],
        None => desk.rotas().collect(),
    };
    if rotas.is_empty() {
        return Err(UserError::unknown(
            "There are no rotas yet. Your administrator sets them up under [[rotas]] in the config.",
        )
        .into());
    }
    let mut rows = Vec::new();
    let mut facts = Vec::new();
    let mut gaps = Vec::new();
    for rota in &rotas {
        let zone = rota.zone();
        let at = moment(args.at.as_deref(), zone, now)?;
        let on = rota.on_at(at, None);
        let away = away(asked, &desk, at).await?;
        for duty in &on {
            rows.push(vec![
                Cell::Text(rota.id.clone()),
                Cell::Text(desk.name(&duty.person).to_owned()),
                Cell::Text(duty.role.clone().unwrap_or_default()),
                Cell::Text(time(duty.until, zone)),
                Cell::Text(stands_in(&desk, &away, &duty.person)),
            ]);
        }
        if on.is_empty() {
            let next = rota
                .duties(at, at + AHEAD)
                .into_iter()
                .find(|duty| duty.from > at);
            rows.push(vec![
                Cell::Text(rota.id.clone()),
                Cell::Text("nobody".to_owned()),
                Cell::Empty,
                Cell::Text(next.map_or_else(
                    || "nobody within a week".to_owned(),
                    |duty| format!("{} from {}", desk.name(&duty.person), time(duty.from, zone)),
                )),
                Cell::Empty,
            ]);
        }
        let is_there = |person: &PersonId, at: DateTime<Utc>| {
            !away
                .iter()
                .any(|one| one.person == *person && one.from <= at && at < one.until && one.cover.is_none())
        };
        for gap in rota.gaps(at, at + AHEAD, is_there).into_iter().take(MOST) {
            let role = gap.role.as_deref().unwrap_or("anybody");
            gaps.push(format!(
                "{}: nobody as {role} from {} to {}",
                rota.id,
                time(gap.from, zone),
                time(gap.until, zone)
            ));
        }
        facts.push(json!({ "rota": rota.id, "at": at, "on": on }));
    }
    let mut sections = vec![Section::Table {
        heading: None,
        columns: ["Rota", "On", "As", "Until", "Away"]
            .map(ToOwned::to_owned)
            .to_vec(),
        rows,
        more: 0,
    }];
    let ahead: Vec<String> = handovers(&desk, now, now + AHEAD)
        .into_iter()
        .filter(|one| rotas.iter().any(|rota| rota.id == one.from || rota.id == one.to))
        .take(3)
        .map(|one| {
            let zone = desk.rota(&one.from).map_or(Tz::UTC, Rota::zone);
            format!("{} hands over to {} at {}", one.from, one.to, time(one.at, zone))
        })
        .collect();
    sections.extend(lines("Next hand-overs", ahead, Tone::Plain));
    let stored = asked.view.rota_changes(now).await?;
    let changes: Vec<String> = stored.iter().take(MOST).map(|one| said(&desk, one)).collect();
    sections.extend(lines("Changed in chat", changes, Tone::Plain));
    sections.extend(lines("Gaps within a week", gaps.clone(), Tone::Warn));
    let card = Card {
        title: "Who is on shift".to_owned(),
        badge: (!gaps.is_empty()).then(|| "GAPS".to_owned()),
        tone: if gaps.is_empty() { Tone::Plain } else { Tone::Warn },
        sections,
        ..Card::default()
    };
    Ok(Reply::card(card, json!({ "rotas": facts, "gaps": gaps })))
}

fn lines(heading: &str, texts: Vec<String>, tone: Tone) -> Option<Section> {
    (!texts.is_empty()).then(|| Section::Lines {
        heading: Some(heading.to_owned()),
        lines: texts
            .into_iter()
            .map(|text| Line {
                code: None,
                text,
                tone,
            })
            .collect(),
    })
}

fn time(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%a %-d %b %H:%M %Z").to_string()
}

fn moment(typed: Option<&str>, zone: Tz, now: DateTime<Utc>) -> Result<DateTime<Utc>, UserError> {
    match typed {
        None => Ok(now),
        Some(typed) => typed
            .trim()
            .parse::<Edge>()
            .map(|edge| edge.begins(zone))
            .map_err(|says| UserError::malformed(format!("at: {says}."))),
    }
}

/// An absence as instants.
struct Away {
    person: PersonId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    cover: Option<PersonId>,
}

/// Who is away at about that time, by config and by chat.
async fn away(asked: &mut Asked<'_>, desk: &Desk, at: DateTime<Utc>) -> Result<Vec<Away>, Failure> {
    let changes = asked.view.desk_changes(asked.moment.now).await?;
    let all = desk.rulebook().absences.iter().chain(&changes.absences);
    Ok(all
        .map(|absence| {
            let zone = zone_of(asked, absence);
            Away {
                person: absence.person.clone(),
                from: absence.from.begins(zone),
                until: absence.until.ends(zone),
                cover: absence.cover.clone(),
            }
        })
        .filter(|away| away.until > at && away.from < at + AHEAD)
        .collect())
}

fn zone_of(asked: &Asked<'_>, absence: &Absence) -> Tz {
    super::change::zone_of(asked.settings, &absence.person, absence.location.as_ref())
}

fn stands_in(desk: &Desk, away: &[Away], person: &PersonId) -> String {
    match away.iter().rev().find(|one| one.person == *person) {
        None => String::new(),
        Some(Away { cover: None, .. }) => "is or will be away, and nobody covers".to_owned(),
        Some(Away {
            cover: Some(cover), ..
        }) => format!("{} stands in", desk.name(cover)),
    }
}

/// A change as it stands, with what takes it back.
pub(super) fn said(desk: &Desk, stored: &StoredRotaChange) -> String {
    let what = match &stored.change {
        RotaChange::Absence { absence } => format!(
            "{} is away from {} until {}, {}",
            desk.name(&absence.person),
            absence.from,
            absence.until,
            absence.cover.as_ref().map_or_else(
                || "nobody covers".to_owned(),
                |cover| format!("{} covers", desk.name(cover))
            )
        ),
        RotaChange::Override { rota, change } => {
            let who = match (&change.off, &change.on) {
                (Some(off), Some(on)) => format!("{} is on instead of {}", desk.name(on), desk.name(off)),
                (Some(off), None) => format!("{} is not on", desk.name(off)),
                (None, Some(on)) => format!("{} is on as well", desk.name(on)),
                (None, None) => "nothing changes".to_owned(),
            };
            format!("{rota}: {who} from {} until {}", change.from, change.until)
        }
    };
    format!(
        "{what} (said by {}; /oncall undo {})",
        desk.name(&stored.made_by),
        short(stored)
    )
}

/// How a change is called: the end of its id.
pub(super) fn short(stored: &StoredRotaChange) -> String {
    let id = stored.id.simple().to_string();
    id.get(id.len().saturating_sub(8)..)
        .unwrap_or_default()
        .to_owned()
}

/// A person's shifts as an iCalendar file.
pub fn calendar(desk: &Desk, person: &PersonId, now: DateTime<Utc>, days: i64) -> String {
    let until = now + TimeDelta::days(days.clamp(1, MOST_DAYS));
    let duties = duties_of(person, desk.rotas(), now - TimeDelta::days(1), until);
    ical::export(desk.name(person), &duties, now)
}

/// `/oncall calendar`.
pub(super) async fn file(asked: &mut Asked<'_>, args: &OncallCalendarArgs) -> Result<Reply, Failure> {
    let now = asked.moment.now;
    let desk = desk(&mut asked.view, asked.settings, now).await?;
    let person = people::named(
        asked.settings,
        asked.asker,
        args.person.as_deref().unwrap_or("me"),
    )?;
    let days = args.days.unwrap_or(DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(UserError::malformed(format!("days: takes 1 to {MOST_DAYS}.")).into());
    }
    let duties = duties_of(&person, desk.rotas(), now, now + TimeDelta::days(days));
    let count: usize = duties.values().map(Vec::len).sum();
    let name = clean(desk.name(&person), 80);
    let shifts = match count {
        0 => format!("{name} has no shifts"),
        1 => format!("{name} has 1 shift"),
        several => format!("{name} has {several} shifts"),
    };
    let mut reply = Reply::sentence(
        Outcome::Answered,
        format!("{shifts} within {days} days. The file opens in any calendar program."),
    );
    let file_name: String = person
        .as_str()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    reply.files.push(Attachment {
        name: format!("shifts-{file_name}.ics"),
        media_type: "text/calendar; charset=utf-8".to_owned(),
        content: calendar(&desk, &person, now, days).into_bytes(),
    });
    reply.facts = json!({ "person": person, "days": days, "shifts": duties });
    Ok(reply)
}
