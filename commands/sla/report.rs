//! `/sla report`: how well promises were kept, counted from the record.

use std::collections::btree_map::Entry;

use chrono::{Days, NaiveDate};
use hammerdesk_domain::clock::local_date;
use hammerdesk_domain::message::{Attachment, Card, Cell, Outcome, Reply, Section, Tone};
use hammerdesk_domain::sla::policy::spoken;
use hammerdesk_domain::sla::report::{Decided, Dimension, Line, report};
use hammerdesk_domain::text::clean;
use hammerdesk_store::View;
use hammerdesk_store::helpdesk::RecordKind;

use super::local;
use crate::Asked;
use crate::errors::{Failure, UserError};
use crate::grammar::SlaReportArgs;
use crate::lookup;

/// Days that are looked at where nobody says which.
const USUAL: u64 = 28;
/// Lines and misses that a card shows; the files have all.
const MOST: usize = 15;

/// What a report is grouped by: `location,week`.
///
/// # Errors
/// A sentence that says which words there are.
pub fn dimensions(typed: &str) -> Result<Vec<Dimension>, UserError> {
    let words = typed.split(',').map(str::trim).filter(|word| !word.is_empty());
    words
        .map(|word| {
            word.to_lowercase().parse().map_err(|_| {
                UserError::malformed(format!(
                    "“{}” is nothing that a report is grouped by. There are {}.",
                    clean(word, 40),
                    Dimension::WORDS.join(", ")
                ))
            })
        })
        .collect()
}

pub(super) async fn answer(asked: &mut Asked<'_>, args: &SlaReportArgs) -> Result<Reply, Failure> {
    let now = asked.moment.now;
    let settings = asked.settings;
    let zone = settings.zone(settings.sla.rules.default_calendar.as_ref());
    let by = dimensions(args.by.as_deref().unwrap_or("clock,location"))?;
    let today = local_date(now, zone);
    let read = |option: &str, typed: &Option<String>| match typed {
        None => Ok(None),
        Some(typed) => lookup::day(option, typed, now).map(Some),
    };
    let last: NaiveDate = read("to", &args.to)?.unwrap_or(today);
    let usual = last.checked_sub_days(Days::new(USUAL)).unwrap_or(last);
    let first: NaiveDate = read("from", &args.from)?.unwrap_or(usual);
    let midnight = |day: NaiveDate| {
        let local = day
            .and_hms_opt(0, 0, 0)
            .and_then(|at| at.and_local_timezone(zone).earliest());
        local.map_or(now, |at| at.to_utc())
    };
    let (from, to) = (
        midnight(first),
        midnight(last.checked_add_days(Days::new(1)).unwrap_or(last)),
    );
    if from >= to {
        return Err(UserError::malformed("to: is before from:. Give them the other way round.").into());
    }
    let mut decided: Vec<Decided> = asked.view.decided_clocks(from, to).await?;
    decided.retain(|one| {
        let location = one.location.as_deref().map(Into::into);
        asked.asker.covers(location.as_ref())
    });
    name_people(&mut asked.view, &mut decided).await?;
    if decided.is_empty() {
        return Ok(Reply::sentence(
            Outcome::Answered,
            format!("No promise that you may see was decided from {first} to {last}."),
        ));
    }
    let report = report(&decided, from, to, &by, zone);
    let mut columns: Vec<String> = by.iter().map(|by| title(*by)).collect();
    columns.extend(["Kept", "Missed", "In time", "Half within", "9 in 10 within"].map(ToOwned::to_owned));
    let row = |line: &Line| {
        let mut cells: Vec<Cell> = line.of.iter().map(|of| Cell::Text(clean(of, 60))).collect();
        cells.extend(figures(line));
        cells
    };
    let misses = report
        .misses
        .iter()
        .rev()
        .take(MOST)
        .map(|miss| {
            vec![
                Cell::Text(format!("#{}", miss.ticket)),
                Cell::Text(super::named(miss.kind)),
                Cell::Text(local(miss.decided_at, zone)),
                Cell::Text(
                    miss.person
                        .as_deref()
                        .map_or_else(|| "nobody".to_owned(), |name| clean(name, 60)),
                ),
            ]
        })
        .collect();
    let card = Card {
        title: format!("Promises decided from {first} to {last}"),
        subtitle: Some(format!(
            "{} kept, {} missed: {} in time",
            report.total.met,
            report.total.missed,
            percent(report.total.attained)
        )),
        tone: Tone::Plain,
        sections: vec![
            Section::Table {
                heading: None,
                columns,
                rows: report.lines.iter().take(MOST).map(row).collect(),
                more: report.lines.len().saturating_sub(MOST),
            },
            Section::Table {
                heading: Some("The latest misses".to_owned()),
                columns: ["Ticket", "Promise", "Broken", "With"]
                    .map(ToOwned::to_owned)
                    .to_vec(),
                rows: misses,
                more: report.misses.len().saturating_sub(MOST),
            },
        ],
        ..Card::default()
    };
    let file = |name: String, text: String| Attachment {
        name,
        media_type: "text/csv".to_owned(),
        content: text.into_bytes(),
    };
    let mut reply = Reply::card(card, serde_json::to_value(&report).unwrap_or_default());
    reply.files = vec![
        file(format!("promises-{first}-{last}.csv"), report.csv()),
        file(format!("missed-{first}-{last}.csv"), report.misses_csv()),
    ];
    Ok(reply)
}

fn title(by: Dimension) -> String {
    let word = by.word();
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn percent(mille: u16) -> String {
    format!("{}.{} %", mille / 10, mille % 10)
}

fn figures(line: &Line) -> [Cell; 5] {
    let number = |n: u64| Cell::Number(i64::try_from(n).unwrap_or(i64::MAX));
    let time = |seconds: Option<i64>| {
        seconds.map_or(Cell::Empty, |seconds| {
            Cell::Text(spoken(chrono::TimeDelta::seconds(seconds)))
        })
    };
    [
        number(line.met),
        number(line.missed),
        Cell::Text(percent(line.attained)),
        time(line.p50),
        time(line.p90),
    ]
}

/// Agents and groups by their names; the record knows their numbers.
pub(super) async fn name_people(
    view: &mut View,
    decided: &mut [Decided],
) -> Result<(), hammerdesk_store::StoreError> {
    let mut known = std::collections::BTreeMap::new();
    for one in decided {
        for (kind, field) in [
            (RecordKind::Agent, &mut one.person),
            (RecordKind::Group, &mut one.team),
        ] {
            let Some(id) = field.as_deref().and_then(|id| id.parse::<i64>().ok()) else {
                continue;
            };
            if let Entry::Vacant(unknown) = known.entry((kind.word(), id)) {
                let name = view.helpdesk_record(kind, id).await?.map(|record| record.name);
                unknown.insert(name);
            }
            if let Some(Some(name)) = known.get(&(kind.word(), id)) {
                *field = Some(name.clone());
            }
        }
    }
    Ok(())
}
