//! How well promises were kept: attainment and percentiles by clock, channel, location, team, person, tier
//! and week, with the misses one can open.
//!
//! Counted from verdicts, which are counted from events, so two runs agree. A promise counts in the week in
//! which it was decided: when it was broken, or else when it ended. One that is withdrawn unbroken, stands
//! or still runs is not counted.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::clocks::ClockKind;
use super::event::Channel;
use super::judge::Judged;
use crate::helpdesk::TicketId;
use crate::model::words;

words! {
    /// What a report is grouped by.
    Dimension {
        /// What was promised.
        Clock = "clock",
        /// How the client spoke.
        Channel = "channel",
        /// Where.
        Location = "location",
        /// Whose group's.
        Team = "team",
        /// Whose.
        Person = "person",
        /// The client's tier.
        Tier = "tier",
        /// The ISO week.
        Week = "week",
    }
}

/// A promise that was decided: all that a report needs of it, so that a store may keep it as a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// On which ticket.
    pub ticket: TicketId,
    /// The clock's name.
    pub clock: String,
    /// What was promised.
    pub kind: ClockKind,
    /// How the client spoke.
    pub channel: Channel,
    /// Where.
    pub location: Option<String>,
    /// Whose group's.
    pub team: Option<String>,
    /// Whose.
    pub person: Option<String>,
    /// The client's tier.
    pub tier: Option<String>,
    /// Due.
    pub due_at: Option<DateTime<Utc>>,
    /// Broken.
    pub breached_at: Option<DateTime<Utc>>,
    /// Ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Decided: broken, or else ended.
    pub decided_at: DateTime<Utc>,
    /// Seconds that counted; of a promise that is still owed, so far.
    pub used_seconds: Option<i64>,
}

impl Decided {
    /// The verdict, if there is one to count.
    pub fn of(ticket: TicketId, clock: &Judged) -> Option<Self> {
        let ended_at = clock.run.ended_at();
        let decided_at = match clock.breached_at {
            Some(breached) => breached,
            None if clock.state.is_past() => ended_at?,
            None => return None,
        };
        Some(Self {
            ticket,
            clock: clock.run.key.clone(),
            kind: clock.run.kind,
            channel: clock.run.channel,
            location: clock.location.as_ref().map(ToString::to_string),
            team: clock.group.clone(),
            person: clock.assignee.clone(),
            tier: clock.tier.clone(),
            due_at: clock.due_at,
            breached_at: clock.breached_at,
            ended_at,
            decided_at,
            used_seconds: clock.used_seconds,
        })
    }

    fn key(&self, by: Dimension, zone: Tz) -> String {
        let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        match by {
            Dimension::Clock => self.kind.to_string(),
            Dimension::Channel => self.channel.to_string(),
            Dimension::Location => or_none(&self.location),
            Dimension::Team => or_none(&self.team),
            Dimension::Person => or_none(&self.person),
            Dimension::Tier => or_none(&self.tier),
            Dimension::Week => {
                let week = self.decided_at.with_timezone(&zone).iso_week();
                format!("{}-W{:02}", week.year(), week.week())
            }
        }
    }
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// One value for each dimension that was asked for.
    pub of: Vec<String>,
    /// Kept.
    pub met: u64,
    /// Broken, whether it ended or not.
    pub missed: u64,
    /// Thousandths that were kept.
    pub attained: u16,
    /// Counted seconds that half of those that ended took at most.
    pub p50: Option<i64>,
    /// That nine in ten took at most.
    pub p90: Option<i64>,
    /// That nineteen in twenty took at most.
    pub p95: Option<i64>,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What it is grouped by.
    pub by: Vec<Dimension>,
    /// In order of their values.
    pub lines: Vec<Line>,
    /// Everything together.
    pub total: Line,
    /// Every promise that was broken, by the instant at which it was.
    pub misses: Vec<Decided>,
}

#[derive(Default)]
struct Tally {
    met: u64,
    missed: u64,
    used: Vec<i64>,
}

impl Tally {
    fn add(&mut self, decided: &Decided) {
        if decided.breached_at.is_none() {
            self.met += 1;
        } else {
            self.missed += 1;
        }
        self.used
            .extend(decided.used_seconds.filter(|_| decided.ended_at.is_some()));
    }

    fn line(mut self, of: Vec<String>) -> Line {
        self.used.sort_unstable();
        let rank = |percent: usize| {
            let at = (self.used.len() * percent).div_ceil(100).saturating_sub(1);
            self.used.get(at).copied()
        };
        let all = self.met + self.missed;
        // Rounded down: 99.96 % is not all of them.
        let attained = (self.met * 1000)
            .checked_div(all)
            .and_then(|mille| u16::try_from(mille).ok());
        Line {
            met: self.met,
            missed: self.missed,
            attained: attained.unwrap_or(1000),
            p50: rank(50),
            p90: rank(90),
            p95: rank(95),
            of,
        }
    }
}

/// Counts promises that were decided from one instant to before another. Weeks are those of the zone.
pub fn report(
    decided: &[Decided],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    by: &[Dimension],
    zone: Tz,
) -> Report {
    let mut tallies: BTreeMap<Vec<String>, Tally> = BTreeMap::new();
    let mut total = Tally::default();
    let mut misses = Vec::new();
    for decided in decided
        .iter()
        .filter(|decided| from <= decided.decided_at && decided.decided_at < to)
    {
        let key = by.iter().map(|by| decided.key(*by, zone)).collect();
        tallies.entry(key).or_default().add(decided);
        total.add(decided);
        if decided.breached_at.is_some() {
            misses.push(decided.clone());
        }
    }
    misses.sort_by(|a, b| (a.decided_at, a.ticket, &a.clock).cmp(&(b.decided_at, b.ticket, &b.clock)));
    Report {
        by: by.to_vec(),
        lines: tallies.into_iter().map(|(of, tally)| tally.line(of)).collect(),
        total: total.line(Vec::new()),
        misses,
    }
}

/// A field of a CSV file: quoted where it must be, and never a formula for a spreadsheet.
fn field(text: &str) -> String {
    let text = match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{text}"),
        _ => text.to_owned(),
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

impl Report {
    /// The lines as CSV, percentages with one decimal, times in seconds.
    pub fn csv(&self) -> String {
        let mut text: String = self.by.iter().map(|by| format!("{by},")).collect();
        text.push_str("met,missed,attained_percent,p50_seconds,p90_seconds,p95_seconds\n");
        for line in &self.lines {
            for value in &line.of {
                text.push_str(&field(value));
                text.push(',');
            }
            let seconds = |value: Option<i64>| value.map_or_else(String::new, |value| value.to_string());
            let (whole, tenth) = (line.attained / 10, line.attained % 10);
            let (p50, p90, p95) = (seconds(line.p50), seconds(line.p90), seconds(line.p95));
            let written = writeln!(
                text,
                "{},{},{whole}.{tenth},{p50},{p90},{p95}",
                line.met, line.missed
            );
            debug_assert!(written.is_ok(), "a String takes everything");
        }
        text
    }

    /// The misses as CSV.
    pub fn misses_csv(&self) -> String {
        let mut text =
            String::from("ticket,clock,channel,location,team,person,tier,due_at,broken_at,ended_at\n");
        let time = |at: Option<DateTime<Utc>>| {
            at.map_or_else(String::new, |at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
        };
        for miss in &self.misses {
            let or_empty = |value: &Option<String>| value.clone().unwrap_or_default();
            let fields = [
                miss.ticket.to_string(),
                miss.clock.clone(),
                miss.channel.to_string(),
                or_empty(&miss.location),
                or_empty(&miss.team),
                or_empty(&miss.person),
                or_empty(&miss.tier),
                time(miss.due_at),
                time(miss.breached_at),
                time(miss.ended_at),
            ];
            text.push_str(&fields.map(|text| field(&text)).join(","));
            text.push('\n');
        }
        text
    }
}
