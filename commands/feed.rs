//! `/feed status`: each source, its last complete batch, how old it is, its control totals and what went
//! to quarantine.

use crate::Asked;
use crate::errors::Failure;
use crate::settings::Settings;
use crate::sources;
use hammerdesk_store::{Batch, View};
use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_domain::freshness::{Freshness, SourceState};
use hammerdesk_domain::message::{AsOf, Card, Cell, Figure, Outcome, Reply, Section, Tone};
use hammerdesk_domain::money::Money;
use serde_json::{Value, json};

/// The last batch of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchLine {
    /// The file it came in.
    pub file: String,
    /// When it became visible.
    pub imported_at: DateTime<Utc>,
    /// Rows in the file.
    pub rows: u64,
    /// Rows accepted.
    pub accepted: u64,
    /// Rows in quarantine.
    pub quarantined: u64,
    /// Control totals by name.
    pub totals: Vec<(String, Money)>,
    /// `imported`, `unchanged`, `rejected`.
    pub status: String,
}

/// A source and its last batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRow {
    /// The source and its limits.
    pub state: SourceState,
    /// Its last batch; `None` where nothing ever came.
    pub last: Option<BatchLine>,
}

/// `/feed status`.
pub(crate) async fn answer(asked: &mut Asked<'_>) -> Result<Reply, Failure> {
    status(&mut asked.view, asked.settings, asked.moment.now).await
}

/// Reads how every source stands.
pub async fn status(view: &mut View, settings: &Settings, now: DateTime<Utc>) -> Result<Reply, Failure> {
    Ok(reply_status(&rows(view, settings).await?, now))
}

/// One line on every source, and whether it is within its limits: for `hammerdesk check`.
pub async fn health(
    view: &mut View,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<Vec<(String, bool)>, Failure> {
    let rows = rows(view, settings).await?;
    Ok(rows
        .iter()
        .map(|row| {
            let name = &row.state.name;
            match (row.state.freshness(now), row.state.extracted_at) {
                (_, None) => (
                    format!("{name}: nothing ever came; put a file in its folder or import one"),
                    false,
                ),
                (Freshness::Fresh, Some(at)) => {
                    (format!("{name}: as of {}", at.format("%Y-%m-%d %H:%M UTC")), true)
                }
                (Freshness::Soft, Some(at)) => (
                    format!(
                        "{name}: late, as of {}; answers say what they may miss",
                        at.format("%Y-%m-%d %H:%M UTC")
                    ),
                    false,
                ),
                (Freshness::Hard, Some(at)) => (
                    format!(
                        "{name}: too old, as of {}; no figure that needs it is given",
                        at.format("%Y-%m-%d %H:%M UTC")
                    ),
                    false,
                ),
            }
        })
        .collect())
}

async fn rows(view: &mut View, settings: &Settings) -> Result<Vec<FeedRow>, Failure> {
    let states = sources::states(view, settings).await?;
    let mut rows = Vec::with_capacity(states.len());
    for state in states {
        let batches = view.batches(Some(&state.source), 1).await?;
        rows.push(FeedRow {
            last: batches.into_iter().next().map(BatchLine::from),
            state,
        });
    }
    Ok(rows)
}

impl From<Batch> for BatchLine {
    fn from(batch: Batch) -> Self {
        let totals = batch
            .control_totals
            .get("sums")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        Self {
            totals: totals
                .filter_map(|(name, sum)| Some((name.clone(), serde_json::from_value(sum.clone()).ok()?)))
                .collect(),
            file: batch.file_name,
            imported_at: batch.finished_at,
            rows: u64::try_from(batch.rows).unwrap_or(0),
            accepted: u64::try_from(batch.accepted).unwrap_or(0),
            quarantined: u64::try_from(batch.rows - batch.accepted - batch.duplicates).unwrap_or(0),
            status: batch.status,
        }
    }
}

/// Builds the reply.
pub fn reply_status(batches: &[FeedRow], now: DateTime<Utc>) -> Reply {
    if batches.is_empty() {
        return Reply::sentence(
            Outcome::Answered,
            "No feed is configured and nothing was imported.",
        );
    }
    let mut reply = Reply::sentence(Outcome::Answered, summary(batches, now));
    reply.cards = batches.iter().map(|row| card(row, now)).collect();
    reply.facts = json!({ "feeds": batches.iter().map(|row| facts(row, now)).collect::<Vec<_>>() });
    reply
}

fn summary(batches: &[FeedRow], now: DateTime<Utc>) -> String {
    let count = |freshness| {
        batches
            .iter()
            .filter(|row| row.state.freshness(now) == freshness)
            .count()
    };
    let (soft, hard) = (count(Freshness::Soft), count(Freshness::Hard));
    let quarantined: u64 = batches
        .iter()
        .filter_map(|row| row.last.as_ref())
        .map(|last| last.quarantined)
        .sum();
    let mut text = match (soft, hard) {
        (0, 0) => format!("All {} feeds are fresh.", batches.len()),
        (late, 0) => format!("{late} of {} feeds late.", batches.len()),
        (0, dead) => format!("{dead} of {} feeds too old to answer from.", batches.len()),
        (late, dead) => format!(
            "{late} of {} feeds late, {dead} too old to answer from.",
            batches.len()
        ),
    };
    if quarantined > 0 {
        let _ = write!(text, " {quarantined} rows are in quarantine.");
    }
    text
}

fn badge(freshness: Freshness) -> (&'static str, Tone) {
    match freshness {
        Freshness::Fresh => ("FRESH", Tone::Good),
        Freshness::Soft => ("LATE", Tone::Warn),
        Freshness::Hard => ("TOO OLD", Tone::Warn),
    }
}

fn card(row: &FeedRow, now: DateTime<Utc>) -> Card {
    let state = &row.state;
    let freshness = state.freshness(now);
    let (badge, tone) = badge(freshness);
    let age = state
        .age(now)
        .map_or_else(|| "never delivered".to_owned(), spoken);
    let mut rows = vec![
        text("Age", age, tone),
        text("Late after", spoken(state.soft), Tone::Quiet),
        text("Too old after", spoken(state.hard), Tone::Quiet),
    ];
    if let Some(last) = &row.last {
        rows.push(text(
            "Last file",
            format!("{} ({})", last.file, last.status),
            Tone::Plain,
        ));
        rows.push(number("Rows", last.rows, Tone::Plain));
        rows.push(number("Accepted", last.accepted, Tone::Plain));
        let quarantine = if last.quarantined > 0 {
            Tone::Warn
        } else {
            Tone::Plain
        };
        rows.push(number("In quarantine", last.quarantined, quarantine));
        rows.extend(last.totals.iter().map(|(name, total)| Figure {
            label: format!("Control total: {name}"),
            value: Cell::Amount(*total),
            note: None,
            tone: Tone::Plain,
        }));
    }
    let late = freshness != Freshness::Fresh;
    Card {
        title: state.name.clone(),
        subtitle: Some(state.source.as_str().to_owned()),
        badge: Some(badge.to_owned()),
        tone,
        sections: vec![Section::Figures { heading: None, rows }],
        as_of: vec![AsOf {
            source: state.name.clone(),
            at: state.extracted_at,
            stale: late,
            note: (late && !state.may_miss.is_empty()).then(|| format!("may miss {}", state.may_miss)),
        }],
        stale: late,
        explain: Vec::new(),
    }
}

fn text(label: &str, value: String, tone: Tone) -> Figure {
    Figure {
        label: label.to_owned(),
        value: Cell::Text(value),
        note: None,
        tone,
    }
}

fn number(label: &str, value: u64, tone: Tone) -> Figure {
    let value = Cell::Number(i64::try_from(value).unwrap_or(i64::MAX));
    Figure {
        label: label.to_owned(),
        value,
        note: None,
        tone,
    }
}

/// `3 d 4 h`, `5 h`, `12 min`.
fn spoken(age: TimeDelta) -> String {
    match (age.num_days(), age.num_hours() % 24) {
        (0, 0) => format!("{} min", age.num_minutes()),
        (0, hours) => format!("{hours} h"),
        (days, 0) => format!("{days} d"),
        (days, hours) => format!("{days} d {hours} h"),
    }
}

fn facts(row: &FeedRow, now: DateTime<Utc>) -> Value {
    let state = &row.state;
    json!({
        "source": state.source,
        "name": state.name,
        "extracted_at": state.extracted_at,
        "age_seconds": state.age(now).map(|age| age.num_seconds()),
        "freshness": match state.freshness(now) {
            Freshness::Fresh => "fresh",
            Freshness::Soft => "soft",
            Freshness::Hard => "hard",
        },
        "last": row.last.as_ref().map(|last| json!({
            "file": last.file,
            "imported_at": last.imported_at,
            "status": last.status,
            "rows": last.rows,
            "accepted": last.accepted,
            "quarantined": last.quarantined,
            "control_totals": last.totals.iter().map(|(name, total)| json!({
                "name": name,
                "amount": total.plain(),
                "currency": total.currency(),
            })).collect::<Vec<_>>(),
        })),
    })
}
