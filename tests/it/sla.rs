//! Clocks against figures of others: independent libraries row by row through the binary, a peer's scenarios,
//! and the due dates that Freshdesk itself gave.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_domain::sla::calendar::{Calendar, CalendarRules, Pauses, Piece, Week, Years};
use hammerdesk_domain::sla::event::{By, Channel, Event, Party, Status, What};
use hammerdesk_domain::sla::judge::judge_events;
use hammerdesk_domain::sla::policy::{Policy, Rulebook, Rules, Target};
use serde_json::{Value, json};

const YEARS: Years = Years {
    first: 2025,
    last: 2027,
};

/// The folder of samples, which are nobody's to hand on.
fn corpus(what: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("HAMMERDESK_CORPUS").map(PathBuf::from);
    if folder.is_none() {
        let line = format!("not run: {what}, because HAMMERDESK_CORPUS names no folder of samples");
        writeln!(std::io::stderr(), "{line}").expect("standard error is there");
    }
    folder
}

fn rows(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// One answer a line, as a shell would get them.
fn evaluate(questions: &[Value]) -> Vec<Value> {
    let lines: String = questions.iter().map(|question| format!("{question}\n")).collect();
    let mut child = Command::new(env!("CARGO_BIN_EXE_hammerdesk"))
        .args(["calendar", "eval"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut stdin = child.stdin.take().expect("it reads");
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    writer
        .join()
        .expect("nobody panics")
        .expect("it reads everything");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("stdout is text");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect()
}

/// What our settled choices make of a row, in the form of an answer.
fn expected(row: &Value) -> Value {
    let id = &row["id"];
    let utc = |value: &Value| {
        let instant = DateTime::parse_from_rfc3339(value.as_str().unwrap())
            .unwrap()
            .to_utc();
        instant.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
    };
    match row["op"].as_str().unwrap() {
        "within" => {
            let minutes = || row["expect"].as_i64().unwrap() * 60;
            json!({"id": id, "seconds": row["expect_seconds"].as_i64().unwrap_or_else(minutes)})
        }
        "open" => json!({"id": id, "open": row["expect"]}),
        "segments_after" | "segments_before" => {
            let pieces = row["expect"].as_array().unwrap().iter();
            let pieces: Vec<_> = pieces
                .map(|piece| json!([utc(&piece[0]), utc(&piece[1])]))
                .collect();
            json!({"id": id, "segments": pieces})
        }
        // Its source moves a due time that falls on a close to the next opening; ours stays at the close.
        _ if row["policy"] == json!(["exact_close_next_open"]) => {
            json!({"id": id, "at": "2006-01-08T12:00:00Z"})
        }
        _ => json!({"id": id, "at": utc(&row["expect"])}),
    }
}

#[test]
fn the_calendar_agrees_with_independent_libraries_row_by_row() {
    let Some(corpus) = corpus("the calendar beside independent libraries") else {
        return;
    };
    let files = [
        ("frappe-helpdesk", 22),
        ("goalert-rules", 95),
        ("libredesk", 25),
        ("oracle-consensus", 400),
        ("oracle-dst-edges", 60),
        ("oracle-pauses", 150),
        ("oracle-policy-exact-close", 40),
        ("oracle-policy-zero-minutes", 12),
        ("python-readmes", 11),
        ("zendesk-biz-spec", 67),
    ];
    let mut wrong = Vec::new();
    for (file, count) in files {
        let rows = rows(&corpus.join("sla").join(file).with_extension("jsonl"));
        assert_eq!(rows.len(), count, "{file}");
        let answers = evaluate(&rows);
        assert_eq!(answers.len(), count, "{file}: one line each");
        for (row, answer) in rows.iter().zip(&answers) {
            if row["expect_error"].is_string() {
                let sentence = answer["error"].as_str().unwrap_or_default();
                assert!(answer["id"] == row["id"] && !sentence.is_empty(), "{answer}");
            } else if *answer != expected(row) {
                wrong.push(format!("{} but got {answer}", expected(row)));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} rows differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn no_listed_holiday_is_worked_in_its_place() {
    let Some(corpus) = corpus("the calendars of 2023 to 2028") else {
        return;
    };
    let holidays = rows(&corpus.join("sla/holidays.jsonl"));
    assert_eq!(holidays.len(), 477);
    let day = json!([["00:00", "24:00"]]);
    let hours = json!({"mon": day, "tue": day, "wed": day, "thu": day, "fri": day, "sat": day, "sun": day});
    let questions: Vec<Value> = holidays
        .iter()
        .map(|row| {
            let date: chrono::NaiveDate = row["date"].as_str().unwrap().parse().unwrap();
            let (from, to) = (date - chrono::Days::new(2), date + chrono::Days::new(2));
            json!({"tz": row["tz"], "hours": hours, "holidays": [date], "op": "within",
                "start": format!("{from}T00:00:00Z"), "end": format!("{to}T12:00:00Z")})
        })
        .collect();
    // Four and a half days without the holiday's twenty-four hours; no clock changes on any of them.
    for (row, answer) in holidays.iter().zip(evaluate(&questions)) {
        assert_eq!(answer, json!({"seconds": (4 * 24 + 12 - 24) * 3600}), "{row}");
    }
}

/// `5.5` hours as minutes.
fn minutes(hours: &Value) -> i64 {
    let text = hours.to_string();
    let (whole, tenths) = text.split_once('.').unwrap_or((&text, "0"));
    whole.parse::<i64>().unwrap() * 60 + tenths.parse::<i64>().unwrap() * 6
}

#[test]
fn a_peers_scenarios_come_out_as_it_says_except_where_it_forgets_a_miss() {
    let Some(corpus) = corpus("the scenarios of a peer") else {
        return;
    };
    let scenarios = rows(&corpus.join("sla/scenarios-chatwoot.jsonl"));
    assert_eq!(scenarios.len(), 9);
    for row in &scenarios {
        let hours = |key: &str| &row["thresholds_h"][key];
        let target = |key: &str| {
            let minutes = (!hours(key).is_null()).then(|| minutes(hours(key)));
            minutes.map(|minutes| Target::Elapsed(minutes * 60))
        };
        let policy = Policy {
            id: "peer".to_owned(),
            first_response: target("first"),
            next_response: target("next"),
            resolution: target("resolution"),
            ..Policy::default()
        };
        let rules = Rules {
            policies: vec![policy],
            ..Rules::default()
        };
        let book = Rulebook::of_rules("peer", rules, YEARS);
        let created: DateTime<Utc> = "2026-03-02T09:00:00Z".parse().unwrap();
        let after = |key: &str| created + TimeDelta::minutes(minutes(&row[key]));
        let event = |at, party, what: What| Event::new(at, format!("{at}{what:?}"), By::some(party), what);
        let channel = Channel::Chat;
        let mut events = vec![event(created, Party::Client, What::Created { channel })];
        let is_given = |key: &str| row.get(key).is_some_and(|value| !value.is_null());
        if is_given("first_reply_h") {
            let incoming = false;
            events.push(event(
                after("first_reply_h"),
                Party::Agent,
                What::Said { incoming, channel },
            ));
        }
        if is_given("waiting_since_h") {
            let at = after("waiting_since_h") + TimeDelta::seconds(1);
            let incoming = true;
            events.push(event(at, Party::Client, What::Said { incoming, channel }));
        }
        let is_resolved = row["resolved"] == json!(true);
        if is_resolved {
            let to = Status::RESOLVED;
            events.push(event(after("now_h"), Party::Agent, What::Status { to }));
        }
        let clocks = judge_events(&events, &book, after("now_h"));
        let outcome = if clocks.iter().any(|clock| clock.breached_at.is_some()) {
            "missed"
        } else if is_resolved {
            "hit"
        } else {
            "active"
        };
        let expected = if row["policy"] == json!(["poll_blind_spot"]) {
            "missed"
        } else {
            row["expect"].as_str().unwrap()
        };
        assert_eq!(outcome, expected, "{}: {}", row["id"], row["title"]);
    }
}

/// Why a ticket of the recorded answers has the due dates that it has.
enum Because {
    /// The policy's targets, counted from the field named on Monday to Friday, 8 to 17 in New York.
    Policy(&'static str, &'static str, &'static str),
    /// The same; the resolution is shown at the opening that follows the close, the same business instant.
    ShownAtOpening(&'static str, &'static str, &'static str),
    /// Given by hand with the ticket: nothing is counted.
    Hand,
}

#[test]
fn freshdesks_own_due_dates_are_reproduced_and_each_is_explained() {
    let Some(corpus) = corpus("Freshdesk's own due dates") else {
        return;
    };
    let nine_hours = Piece::new("08:00".parse().unwrap(), "17:00".parse().unwrap()).unwrap();
    let rules = CalendarRules::new(
        chrono_tz::Tz::America__New_York,
        Week::monday_to_friday(&[nine_hours]),
    );
    let calendar = Calendar::new(
        rules,
        Years {
            first: 2015,
            last: 2023,
        },
    );
    // Targets of less than a day are hours of open time, targets of whole days are business days.
    let due = |from: DateTime<Utc>, target: &str| match target.parse().unwrap() {
        Target::Open(seconds) => calendar
            .add(from, TimeDelta::seconds(seconds), Pauses::NONE)
            .unwrap(),
        Target::Days(days) => calendar.add_days(from, days).unwrap(),
        Target::Elapsed(_) => unreachable!("these promises are of business time"),
    };
    let because = |id: i64| match id {
        47 | 128 => Because::Policy("created_at", "4h", "12h"),
        19 | 20 | 22 => Because::Policy("created_at", "1 business day", "3 business days"),
        // Its status changed outside hours, and both targets were counted anew from there.
        21 => Because::Policy("status_updated_at", "1 business day", "3 business days"),
        111 | 112 => Because::ShownAtOpening("created_at", "8h", "1 business day"),
        54 | 101..=110 | 113..=116 | 129 | 130 => Because::Hand,
        _ => panic!("ticket {id} is not explained"),
    };
    let (mut counted, mut by_hand) = (0, 0);
    let mut files: Vec<_> = std::fs::read_dir(corpus.join("freshdesk/rapid7"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    for file in files {
        let answer: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        for ticket in tickets(&answer) {
            let id = ticket["id"].as_i64().unwrap();
            let instant = |value: &Value| value.as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
            let (first, whole) = (instant(&ticket["fr_due_by"]), instant(&ticket["due_by"]));
            let from = |field: &str| match field {
                "created_at" => instant(&ticket[field]),
                _ => instant(&ticket["stats"][field]),
            };
            match because(id) {
                Because::Hand => {
                    assert!(
                        whole - instant(&ticket["created_at"]) > TimeDelta::days(20),
                        "{id}"
                    );
                    by_hand += 1;
                }
                Because::Policy(field, answer, settled) => {
                    assert_eq!(
                        (first, whole),
                        (due(from(field), answer), due(from(field), settled)),
                        "{id}"
                    );
                    counted += 1;
                }
                Because::ShownAtOpening(field, answer, settled) => {
                    let ours = due(from(field), settled);
                    assert_eq!(first, due(from(field), answer), "{id}");
                    assert_eq!(whole, calendar.next_open(ours, Pauses::NONE).unwrap(), "{id}");
                    assert_eq!(
                        calendar.within(ours, whole, Pauses::NONE),
                        Ok(TimeDelta::zero()),
                        "{id}"
                    );
                    counted += 1;
                }
            }
        }
    }
    assert_eq!((counted, by_hand), (8, 19));
}

/// Every object that is a ticket with due dates, however deep.
fn tickets(value: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    let inner: Vec<&Value> = match value {
        Value::Object(fields) => fields.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    if value["due_by"].is_string() && value["fr_due_by"].is_string() {
        found.push(value);
    }
    found.extend(inner.into_iter().flat_map(tickets));
    found
}
