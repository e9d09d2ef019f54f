//! Rotas from and to calendar programs, as iCalendar text (RFC 5545).
//!
//! An event is a shift: its summary names the person by id or name, with the role in brackets where there
//! is one (`Ada (senior)`). What cannot be read is a sentence beside what could: a rota with one odd event
//! is still a rota, and nothing odd goes unsaid.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use icalendar::rrule::{RRule, RRuleSet, Unvalidated};
use icalendar::{
    Calendar, CalendarDateTime, Component, DatePerhapsTime, Event, EventLike, EventStatus, Property,
};

use super::hours::at_local;
use super::rota::Duty;
use crate::access::Asker;
use crate::ids::PersonId;
use crate::text::{clean, fold};

/// More occurrences of one event than this are cut, and said.
const MOST: u16 = 5_000;
/// The longest calendar that is taken, in bytes.
pub const LONGEST: usize = 4 * 1024 * 1024;

/// What a calendar says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// The shifts.
    pub duties: Vec<Duty>,
    /// What could not be read, in sentences.
    pub problems: Vec<String>,
}

/// The shifts of a calendar within a stretch of time. Times without a zone are those of `zone`.
pub fn import(
    text: &str,
    zone: Tz,
    people: &BTreeMap<PersonId, Asker>,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> Imported {
    let mut imported = Imported::default();
    if text.len() > LONGEST {
        imported.problems.push(format!(
            "the calendar is longer than {LONGEST} bytes; export a shorter stretch"
        ));
        return imported;
    }
    let calendar: Calendar = match text.parse() {
        Ok(calendar) => calendar,
        Err(_) => {
            imported
                .problems
                .push("this is not an iCalendar file; it must begin with BEGIN:VCALENDAR".to_owned());
            return imported;
        }
    };
    // An instance that was moved stands as an event of its own, which names the one it replaces.
    let moved: BTreeSet<(String, DateTime<Utc>)> = calendar
        .events()
        .filter_map(|event| {
            let uid = event.get_uid()?.to_owned();
            Some((uid, instant(&event.get_recurrence_id()?, zone).ok()?))
        })
        .collect();
    for event in calendar.events() {
        if event.get_status() == Some(EventStatus::Cancelled) {
            continue;
        }
        match shifts(event, zone, people, (from, until), &moved) {
            Ok(duties) => imported.duties.extend(duties),
            Err(why) => {
                let name = clean(event.get_summary().unwrap_or("without a summary"), 60);
                imported
                    .problems
                    .push(format!("the event {name:?} is left out: {why}"));
            }
        }
    }
    imported.duties.sort();
    imported.duties.dedup();
    imported
}

fn shifts(
    event: &Event,
    zone: Tz,
    people: &BTreeMap<PersonId, Asker>,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    moved: &BTreeSet<(String, DateTime<Utc>)>,
) -> Result<Vec<Duty>, String> {
    let (person, role) = who(event.get_summary().unwrap_or_default(), people)?;
    let start = event.get_start().ok_or("it has no beginning that can be read")?;
    let own_zone = zone_of(&start, zone)?;
    let begins = instant(&start, zone)?;
    let length = length(event, &start, begins, zone)?;
    let uid = event.get_uid().unwrap_or_default().to_owned();
    let is_instance = event.get_recurrence_id().is_some();
    let beginnings = match event.property_value("RRULE").filter(|_| !is_instance) {
        None => vec![begins],
        Some(rule) => repeated(event, rule, begins, own_zone, (from - length, until))?
            .into_iter()
            .filter(|at| !moved.contains(&(uid.clone(), *at)))
            .collect(),
    };
    Ok(beginnings
        .into_iter()
        .map(|begins| Duty {
            from: begins,
            until: begins + length,
            person: person.clone(),
            role: role.clone(),
            shift: "calendar".to_owned(),
        })
        .filter(|duty| duty.from < until && from < duty.until)
        .collect())
}

/// `Ada (senior)`, `ada`, `On call: Ada`.
fn who(summary: &str, people: &BTreeMap<PersonId, Asker>) -> Result<(PersonId, Option<String>), String> {
    let (name, role) = match summary
        .trim()
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once('('))
    {
        Some((name, role)) => (
            name.trim(),
            Some(role.trim().to_owned()).filter(|role| !role.is_empty()),
        ),
        None => (summary.trim(), None),
    };
    let candidates = [Some(name), name.rsplit_once(':').map(|(_, name)| name.trim())];
    let mut found = candidates.into_iter().flatten().map(fold).filter_map(|wanted| {
        let mut by_name = people
            .values()
            .filter(|asker| fold(asker.id.as_str()) == wanted || fold(&asker.name) == wanted);
        match (by_name.next(), by_name.next()) {
            (Some(one), None) => Some(one.id.clone()),
            _ => None,
        }
    });
    found
        .next()
        .map(|person| (person, role))
        .ok_or_else(|| "its summary names no one person of the config; write \"NAME (ROLE)\"".to_owned())
}

fn zone_of(at: &DatePerhapsTime, zone: Tz) -> Result<Tz, String> {
    match at {
        DatePerhapsTime::DateTime(CalendarDateTime::Utc(_)) => Ok(Tz::UTC),
        DatePerhapsTime::DateTime(CalendarDateTime::WithTimezone { tzid, .. }) => tzid
            .parse()
            .map_err(|_| format!("{:?} is not an IANA time zone", clean(tzid, 40))),
        DatePerhapsTime::DateTime(CalendarDateTime::Floating(_)) | DatePerhapsTime::Date(_) => Ok(zone),
    }
}

fn instant(at: &DatePerhapsTime, zone: Tz) -> Result<DateTime<Utc>, String> {
    let zone = zone_of(at, zone)?;
    Ok(match at {
        DatePerhapsTime::DateTime(CalendarDateTime::Utc(at)) => *at,
        DatePerhapsTime::DateTime(
            CalendarDateTime::WithTimezone { date_time: local, .. } | CalendarDateTime::Floating(local),
        ) => at_local(zone, local.date(), local.time()),
        DatePerhapsTime::Date(day) => at_local(zone, *day, NaiveTime::MIN),
    })
}

fn length(
    event: &Event,
    start: &DatePerhapsTime,
    begins: DateTime<Utc>,
    zone: Tz,
) -> Result<TimeDelta, String> {
    let length = match (event.get_end(), event.property_value("DURATION")) {
        (Some(end), _) => instant(&end, zone)? - begins,
        (None, Some(duration)) => {
            weeks_days_time(duration).ok_or_else(|| format!("{:?} is not a duration", clean(duration, 40)))?
        }
        (None, None) if matches!(start, DatePerhapsTime::Date(_)) => TimeDelta::days(1),
        (None, None) => return Err("it has no end".to_owned()),
    };
    if length <= TimeDelta::zero() {
        return Err("it ends before it begins".to_owned());
    }
    Ok(length)
}

/// `PT8H`, `P1DT12H`, `P1W`.
fn weeks_days_time(text: &str) -> Option<TimeDelta> {
    let mut rest = text.strip_prefix('P').or_else(|| text.strip_prefix("+P"))?;
    let mut seconds = 0_i64;
    let mut in_time = false;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('T') {
            (rest, in_time) = (after, true);
            continue;
        }
        let at = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest[..at].parse().ok()?;
        let unit = match (rest.as_bytes().get(at)?, in_time) {
            (b'W', false) => 7 * 86_400,
            (b'D', false) => 86_400,
            (b'H', true) => 3_600,
            (b'M', true) => 60,
            (b'S', true) => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
        rest = &rest[at + 1..];
    }
    TimeDelta::try_seconds(seconds)
}

fn repeated(
    event: &Event,
    rule: &str,
    begins: DateTime<Utc>,
    zone: Tz,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<DateTime<Utc>>, String> {
    let their_zone = icalendar::rrule::Tz::from(zone);
    let there = |at: DateTime<Utc>| at.with_timezone(&their_zone);
    let unreadable = |error: icalendar::rrule::RRuleError| {
        format!("its repetition {:?} cannot be read ({error})", clean(rule, 80))
    };
    let rule: RRule<Unvalidated> = rule.parse().map_err(unreadable)?;
    let mut set: RRuleSet = rule.build(there(begins)).map_err(unreadable)?;
    for (at, is_left_out) in further_dates(event, zone)? {
        set = if is_left_out {
            set.exdate(there(at))
        } else {
            set.rdate(there(at))
        };
    }
    let result = set.after(there(from)).before(there(until)).all(MOST);
    if result.limited {
        return Err(format!("it repeats more than {MOST} times in this stretch"));
    }
    Ok(result.dates.into_iter().map(|at| at.to_utc()).collect())
}

/// EXDATE and RDATE; the former leave out.
fn further_dates(event: &Event, zone: Tz) -> Result<Vec<(DateTime<Utc>, bool)>, String> {
    let mut dates = Vec::new();
    for (key, is_left_out) in [("EXDATE", true), ("RDATE", false)] {
        let many = event.multi_properties().get(key).into_iter().flatten();
        let one = event.properties().get(key);
        for property in many.chain(one) {
            for value in property.value().split(',') {
                let mut single = Property::new(key, value);
                if let Some(tzid) = property.params().get("TZID") {
                    single.add_parameter("TZID", tzid.value());
                }
                if let Some(kind) = property.params().get("VALUE") {
                    single.add_parameter("VALUE", kind.value());
                }
                let at = DatePerhapsTime::from_property(&single)
                    .ok_or_else(|| format!("{:?} is not a date", clean(value, 40)))?;
                dates.push((instant(&at, zone)?, is_left_out));
            }
        }
    }
    Ok(dates)
}

/// One person's shifts as a calendar that programs subscribe to. The same shifts give the same text.
pub fn export(name: &str, duties: &BTreeMap<String, Vec<Duty>>, now: DateTime<Utc>) -> String {
    let mut calendar = Calendar::new();
    calendar.name(&format!("Shifts of {name}"));
    for (rota, duties) in duties {
        for duty in duties {
            let mut event = Event::with_uid(&uid(rota, duty));
            let role = duty
                .role
                .as_deref()
                .map_or(String::new(), |role| format!(" ({role})"));
            event
                .summary(&format!("{rota}: {}{role}", duty.shift))
                .starts(duty.from)
                .ends(duty.until)
                .timestamp(now);
            calendar.push(event.done());
        }
    }
    calendar.to_string()
}

/// The same shift keeps its id, so that a subscriber's copy changes instead of doubling.
fn uid(rota: &str, duty: &Duty) -> String {
    let begins = duty.from.format("%Y%m%dT%H%M%SZ");
    format!("{rota}.{}.{}.{begins}@hammerdesk", duty.shift, duty.person)
}
