//! `hammerdesk calendar`: what the business calendar says, for scripts and for people who doubt it.
//!
//! `eval` reads one JSON object a line and prints one a line, in the same order, whatever stands in them:
//! a question that cannot be answered is an `error` with a sentence, never a missing line.

use std::collections::{BTreeMap, HashMap};
use std::io::BufRead;
use std::rc::Rc;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;
use clap::Subcommand;
use hammerdesk_domain::sla::calendar::{
    Calendar, CalendarError, CalendarRules, DateHours, Pauses, Piece, Span, TimeOfDay, Week, Years,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Done, print};

/// How many stretches are listed where nothing says how many.
const STRETCHES: usize = 6;

/// What of calendars.
#[derive(Debug, Subcommand)]
pub(crate) enum CalendarCommand {
    /// Answer questions about open hours: JSON lines in, JSON lines out
    ///
    /// Each line: {"tz", "hours": {"mon": [["09:00", "17:00"]], ..}, "holidays": ["2026-12-25"], "op", "start"},
    /// and where wanted "date_hours", "pauses", "seconds" or "minutes", "end", "id". The op is one of add, sub,
    /// within, open, next_open, next_close, prev_open, shift_start, shift_end. next_open and prev_open are the
    /// instant itself where it is open, else the next opening and the last close.
    #[command(
        after_help = "Example:\n  echo '{\"tz\":\"Europe/London\",\"hours\":{\"mon\":[[\"09:00\",\"17:00\"]]},\"op\":\"add\",\"start\":\"2026-03-02T16:00:00Z\",\"seconds\":7200}' | hammerdesk calendar eval"
    )]
    Eval,
}

pub(super) fn run(command: &CalendarCommand) -> anyhow::Result<Done> {
    match command {
        CalendarCommand::Eval => {
            let mut known = Known::default();
            for line in std::io::stdin().lock().lines() {
                let line = line?;
                if !line.trim().is_empty() {
                    print(&known.answer(&line).to_string());
                }
            }
            Ok(Done::Ok)
        }
    }
}

#[derive(Debug, Deserialize)]
struct Question {
    tz: Option<String>,
    hours: Option<BTreeMap<String, Vec<Vec<String>>>>,
    #[serde(default)]
    holidays: Option<Vec<String>>,
    #[serde(default)]
    date_hours: Option<BTreeMap<String, Vec<Vec<String>>>>,
    #[serde(default)]
    pauses: Option<Vec<(String, String)>>,
    op: Option<String>,
    start: Option<String>,
    #[serde(default)]
    seconds: Option<Value>,
    #[serde(default)]
    minutes: Option<Value>,
    #[serde(default)]
    end: Option<String>,
    #[serde(default)]
    count: Option<usize>,
}

/// Calendars that were laid out already: rows of one file mostly share a few.
#[derive(Default)]
struct Known(HashMap<(CalendarRules, i32), Rc<Calendar>>);

impl Known {
    /// The answer to one line, with its `id` if it has one.
    fn answer(&mut self, line: &str) -> Value {
        let parsed: Result<Value, String> =
            serde_json::from_str(line).map_err(|error| format!("this line is not JSON: {error}"));
        let mut answer = Map::new();
        let body = parsed.and_then(|value| {
            if let Some(id) = value.get("id") {
                answer.insert("id".to_owned(), id.clone());
            }
            let question = serde_json::from_value(value)
                .map_err(|error| format!("this line is not a question: {error}"))?;
            self.evaluate(&question)
        });
        let (key, value) = body.unwrap_or_else(|sentence| ("error", Value::String(sentence)));
        answer.insert(key.to_owned(), value);
        Value::Object(answer)
    }

    fn evaluate(&mut self, question: &Question) -> Result<(&'static str, Value), String> {
        let op = question
            .op
            .as_deref()
            .ok_or("\"op\" is missing; say for example \"add\"")?;
        let rules = rules(question)?;
        let start = instant("start", question.start.as_deref())?;
        let pauses = pauses(question)?;
        let calendar = self.calendar(rules, start);
        let time = || time(question);
        let said = |error: CalendarError| error.to_string();
        let at = |answer: Result<DateTime<Utc>, CalendarError>| Ok(("at", rfc3339(answer.map_err(said)?)));
        let count = question.count.unwrap_or(STRETCHES);
        match op {
            "add" => at(calendar.add(start, time()?, &pauses)),
            "sub" => at(calendar.sub(start, time()?, &pauses)),
            "within" => {
                let end = instant("end", question.end.as_deref())?;
                let open = calendar.within(start, end, &pauses).map_err(said)?;
                Ok(("seconds", json!(open.num_seconds())))
            }
            "open" => Ok(("open", json!(calendar.is_open(start, &pauses).map_err(said)?))),
            "next_open" => at(calendar.next_open(start, &pauses)),
            "next_close" => at(calendar.next_close(start, &pauses)),
            "prev_open" => at(calendar.prev_open(start, &pauses)),
            "shift_start" => at(calendar.shift(start).map(|(opens, _)| opens)),
            "shift_end" => at(calendar.shift(start).map(|(_, closes)| closes)),
            "segments_after" => stretches(calendar.stretches_after(start, &pauses, count)),
            "segments_before" => stretches(calendar.stretches_before(start, &pauses, count)),
            other => Err(format!(
                "{other:?} is not one of add, sub, within, open, next_open, next_close, prev_open, shift_start, shift_end"
            )),
        }
    }

    fn calendar(&mut self, rules: CalendarRules, start: DateTime<Utc>) -> Rc<Calendar> {
        let year = start.year();
        let calendar = self.0.entry((rules, year)).or_insert_with_key(|(rules, year)| {
            let years = Years {
                first: year.saturating_sub(1),
                last: year.saturating_add(1),
            };
            Rc::new(Calendar::new(rules.clone(), years))
        });
        Rc::clone(calendar)
    }
}

fn stretches(found: Result<Vec<Span>, CalendarError>) -> Result<(&'static str, Value), String> {
    let found = found.map_err(|error| error.to_string())?;
    let rows = found
        .into_iter()
        .map(|(from, to)| json!([rfc3339(from), rfc3339(to)]));
    Ok(("segments", Value::Array(rows.collect())))
}

fn rules(question: &Question) -> Result<CalendarRules, String> {
    let zone = question
        .tz
        .as_deref()
        .ok_or("\"tz\" is missing; give an IANA zone such as \"Europe/London\"")?;
    let zone = Tz::from_str(zone)
        .map_err(|_| format!("{zone:?} is not an IANA zone; write it like \"Europe/London\""))?;
    let mut week = Week::default();
    let hours = question
        .hours
        .as_ref()
        .ok_or("\"hours\" is missing; give pieces per weekday")?;
    for (day, written) in hours {
        let slot = match day.as_str() {
            "mon" => &mut week.mon,
            "tue" => &mut week.tue,
            "wed" => &mut week.wed,
            "thu" => &mut week.thu,
            "fri" => &mut week.fri,
            "sat" => &mut week.sat,
            "sun" => &mut week.sun,
            _ => {
                return Err(format!(
                    "{day:?} is not a weekday; write mon, tue, wed, thu, fri, sat or sun"
                ));
            }
        };
        *slot = pieces(written)?;
    }
    let mut rules = CalendarRules::new(zone, week);
    for day in question.holidays.iter().flatten() {
        rules.holidays.insert(date(day)?, String::new());
    }
    for (day, written) in question.date_hours.iter().flatten() {
        rules.dates.insert(
            date(day)?,
            DateHours {
                name: String::new(),
                hours: pieces(written)?,
                works_anyway: false,
            },
        );
    }
    Ok(rules)
}

fn pieces(written: &[Vec<String>]) -> Result<Vec<Piece>, String> {
    written
        .iter()
        .map(|piece| match piece.as_slice() {
            [from, to] => from
                .parse::<TimeOfDay>()
                .and_then(|from| Piece::new(from, to.parse()?))
                .map_err(|error| error.to_string()),
            _ => Err("a piece is two times, [\"09:00\", \"17:00\"]".to_owned()),
        })
        .collect()
}

fn date(text: &str) -> Result<NaiveDate, String> {
    NaiveDate::from_str(text).map_err(|_| format!("{text:?} is not a date; write it like 2026-12-25"))
}

fn instant(key: &str, text: Option<&str>) -> Result<DateTime<Utc>, String> {
    let text = text
        .ok_or_else(|| format!("\"{key}\" is missing; give an instant such as \"2026-03-02T09:00:00Z\""))?;
    DateTime::parse_from_rfc3339(text)
        .map(|instant| instant.to_utc())
        .map_err(|_| format!("\"{key}\": {text:?} is not an instant; write it like \"2026-03-02T09:00:00Z\""))
}

fn pauses(question: &Question) -> Result<Pauses, String> {
    let each = question.pauses.iter().flatten().map(|(from, to)| {
        Ok((
            instant("pauses", Some(from.as_str()))?,
            instant("pauses", Some(to.as_str()))?,
        ))
    });
    Ok(Pauses::between(each.collect::<Result<Vec<_>, String>>()?))
}

/// Seconds, or minutes where there are none; both may have decimals.
fn time(question: &Question) -> Result<TimeDelta, String> {
    let (given, key, unit) = match (&question.seconds, &question.minutes) {
        (Some(seconds), _) if !seconds.is_null() => (seconds, "seconds", 1_000_000),
        (_, Some(minutes)) if !minutes.is_null() => (minutes, "minutes", 60_000_000),
        _ => return Err("\"seconds\" is missing; say how much open time, or give \"minutes\"".to_owned()),
    };
    let wrong = || format!("\"{key}\": {given} is not an amount of time that can be counted");
    let text = given.as_number().ok_or_else(wrong)?.to_string();
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let digits: String = decimals.chars().chain("000000".chars()).take(6).collect();
    let number: i64 = whole.parse().map_err(|_| wrong())?;
    let millionths: i64 = digits.parse().map_err(|_| wrong())?;
    let millionths = if whole.starts_with('-') {
        -millionths
    } else {
        millionths
    };
    number
        .checked_mul(unit)
        .and_then(|micros| micros.checked_add(millionths * (unit / 1_000_000)))
        .map(TimeDelta::microseconds)
        .ok_or_else(wrong)
}

fn rfc3339(instant: DateTime<Utc>) -> Value {
    Value::String(instant.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(line: &str) -> String {
        Known::default().answer(line).to_string()
    }

    #[test]
    fn every_kind_of_answer_has_its_own_key() {
        let ask = |rest: &str| {
            answer(&format!(
                r#"{{"id":"q1","tz":"Europe/London","hours":{{"mon":[["09:00","12:00"],["13:00","17:00"]]}},"holidays":["2026-03-09"],"start":"2026-03-02T11:30:00Z",{rest}}}"#
            ))
        };
        let answers = [
            r#""op":"add","minutes":90"#,
            r#""op":"add","minutes":30"#,
            r#""op":"add","minutes":1.5,"seconds":null"#,
            r#""op":"sub","seconds":1800"#,
            r#""op":"within","end":"2026-03-17T00:00:00+01:00""#,
            r#""op":"open""#,
            r#""op":"next_close""#,
            r#""op":"add","seconds":18000,"date_hours":{"2026-03-03":[["10:00","10:30"]]}"#,
            r#""op":"segments_after","count":2"#,
        ]
        .map(ask);
        insta::assert_snapshot!(answers.join("\n"), @r#"
        {"id":"q1","at":"2026-03-02T14:00:00Z"}
        {"id":"q1","at":"2026-03-02T12:00:00Z"}
        {"id":"q1","at":"2026-03-02T11:31:30Z"}
        {"id":"q1","at":"2026-03-02T11:00:00Z"}
        {"id":"q1","seconds":41400}
        {"id":"q1","open":true}
        {"id":"q1","at":"2026-03-02T12:00:00Z"}
        {"id":"q1","at":"2026-03-03T10:30:00Z"}
        {"id":"q1","segments":[["2026-03-02T11:30:00Z","2026-03-02T12:00:00Z"],["2026-03-02T13:00:00Z","2026-03-02T17:00:00Z"]]}
        "#);
    }

    #[test]
    fn what_cannot_be_answered_is_a_sentence() {
        let sentences = [
            "{",
            r#"{"id":7}"#,
            r#"{"op":"add","tz":"Mars","hours":{}}"#,
            r#"{"op":"add","tz":"UTC","hours":{},"start":"2026-01-01T00:00:00Z","minutes":60}"#,
            r#"{"op":"add","tz":"UTC","hours":{"mon":[["09:00","18:60"]]},"start":"2026-01-01T00:00:00Z","minutes":60}"#,
            r#"{"op":"add","tz":"UTC","hours":{"mon":[["09:00","18:00"]]},"start":"2026-01-01T00:00:00Z","minutes":-5}"#,
            r#"{"op":"add","tz":"UTC","hours":{"mon":[["09:00","18:00"]]},"start":"9026-01-01T00:00:00Z","minutes":5}"#,
            r#"{"op":"add","tz":"UTC","hours":{"mon":[["09:00","18:00"]]},"start":"2026-01-01T00:00:00Z","seconds":1e18}"#,
            r#"{"op":"evaluate","tz":"UTC","hours":{"mon":[["09:00","18:00"]]},"start":"2026-01-01T00:00:00Z"}"#,
        ]
        .map(answer);
        insta::assert_snapshot!(sentences.join("\n"), @r#"
        {"error":"this line is not JSON: EOF while parsing an object at line 1 column 1"}
        {"id":7,"error":"\"op\" is missing; say for example \"add\""}
        {"error":"\"Mars\" is not an IANA zone; write it like \"Europe/London\""}
        {"error":"this calendar is never open, so nothing is ever due by it; give it hours on at least one day"}
        {"error":"\"18:60\" is not a time; write it like \"09:00\", up to \"24:00\""}
        {"error":"a time of less than zero was asked for; give zero or more seconds"}
        {"error":"calendars are reckoned from 1970 to 2149 only, and this lies or leads outside"}
        {"error":"\"seconds\": 1e+18 is not an amount of time that can be counted"}
        {"error":"\"evaluate\" is not one of add, sub, within, open, next_open, next_close, prev_open, shift_start, shift_end"}
        "#);
    }
}
