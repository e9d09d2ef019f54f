//! The binary, as a shell runs it.

use std::path::Path;
use std::process::{Command, Output};

struct Run {
    code: i32,
    out: String,
    err: String,
}

fn hammerdesk(dir: &Path, args: &[&str]) -> Run {
    hammerdesk_with(dir, args, &[])
}

fn hammerdesk_with(dir: &Path, args: &[&str], env: &[(&str, &str)]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hammerdesk"));
    command.current_dir(dir).args(args).env("HAMMERDESK_LOG", "error");
    for (name, value) in env {
        command.env(name, value);
    }
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("the binary runs");
    Run {
        code: status.code().unwrap_or(-1),
        out: String::from_utf8(stdout).expect("stdout is text"),
        err: String::from_utf8(stderr).expect("stderr is text"),
    }
}

#[test]
fn an_unknown_key_in_the_config_is_a_sentence_with_the_near_one() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("hammerdesk.toml"),
        "[store]\nulr = \"sqlite:x.db\"\n",
    )
    .unwrap();
    let run = hammerdesk(dir.path(), &["check"]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(
        run.err.contains("there is no key \"ulr\"; did you mean \"url\"?"),
        "{}",
        run.err
    );
}

#[test]
fn a_key_can_come_from_the_environment() {
    let dir = tempfile::tempdir().unwrap();
    let run = hammerdesk_with(
        dir.path(),
        &["migrate"],
        &[("HAMMERDESK__STORE__URL", "sqlite:other.db")],
    );
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(dir.path().join("other.db").is_file() && !dir.path().join("hammerdesk.db").exists());
}

#[test]
fn a_wrong_command_line_is_usage_and_every_command_has_help_with_an_example() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(hammerdesk(dir.path(), &["frobnicate"]).code, 64);
    assert_eq!(hammerdesk(dir.path(), &["ask"]).code, 64);
    for command in [
        "demo", "serve", "check", "migrate", "import", "ask", "debtors", "bench",
    ] {
        let run = hammerdesk(dir.path(), &[command, "--help"]);
        assert_eq!(run.code, 0, "{command}");
        assert!(
            run.out.contains("Example"),
            "{command} --help shows no example:\n{}",
            run.out
        );
    }
    for command in [
        ["feed", "status"],
        ["escalation", "explain"],
        ["oncall", "show"],
        ["oncall", "calendar"],
    ] {
        let run = hammerdesk(dir.path(), &[command[0], command[1], "--help"]);
        assert!(run.out.contains("Example"), "{command:?}");
    }
}

#[test]
fn shifts_and_explanations_can_be_had_from_a_shell() {
    let dir = tempfile::tempdir().unwrap();
    let example = format!("{}/config/hammerdesk.example.toml", env!("CARGO_MANIFEST_DIR"));
    let run = |args: &[&str]| {
        let mut all = vec!["--config", example.as_str()];
        all.extend(args);
        hammerdesk(dir.path(), &all)
    };
    let calendar = run(&["oncall", "calendar", "ada", "--days", "30"]);
    assert_eq!(calendar.code, 0, "{}", calendar.err);
    assert!(calendar.out.starts_with("BEGIN:VCALENDAR"), "{}", calendar.out);
    assert!(
        calendar.out.contains("SUMMARY:london: day (coordinator)"),
        "{}",
        calendar.out
    );
    assert_eq!(run(&["oncall", "calendar", "nobody"]).code, 2);
    let unknown = run(&["escalation", "explain", "--json", "E-00000000"]);
    let said: serde_json::Value = serde_json::from_str(&unknown.out).unwrap();
    assert_eq!(
        (unknown.code, said["outcome"].as_str()),
        (0, Some("unknown")),
        "{}",
        unknown.out
    );
    assert!(run(&["oncall", "show"]).out.contains("Who is on shift"));
}

#[test]
fn an_unreachable_store_is_a_sentence_without_the_password() {
    let dir = tempfile::tempdir().unwrap();
    let url = "postgres://somebody:hunter2@127.0.0.1:1/none";
    let run = hammerdesk_with(
        dir.path(),
        &["feed", "status"],
        &[("HAMMERDESK__STORE__URL", url)],
    );
    assert_eq!(run.code, 1);
    assert!(
        run.err
            .contains("the database at 127.0.0.1:1/none cannot be reached"),
        "{}",
        run.err
    );
    assert!(!run.err.contains("hunter2"), "{}", run.err);
}

#[test]
fn a_file_that_is_no_database_is_left_alone_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("hammerdesk.db");
    std::fs::write(&file, "Dear diary,\n".repeat(200)).unwrap();
    let run = hammerdesk(dir.path(), &["feed", "status"]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("is not a SQLite database"), "{}", run.err);
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("Dear diary"));
}

#[test]
fn check_says_what_is_missing_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let run = hammerdesk(dir.path(), &["check"]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(
        run.out
            .contains("nobody may ask yet; add [[roles]] and [[people]]"),
        "{}",
        run.out
    );
    assert!(!dir.path().join("hammerdesk.db").exists());
}

#[test]
fn ask_prints_one_json_object_with_the_outcome() {
    let dir = tempfile::tempdir().unwrap();
    let run = hammerdesk(dir.path(), &["ask", "--json", "/balance 140105686"]);
    let answer: serde_json::Value = serde_json::from_str(&run.out).expect("one JSON object");
    assert_eq!(answer["outcome"], "unknown");
    assert_eq!(answer["visibility"], "private");
    for key in ["facts", "text", "cards"] {
        assert!(answer.get(key).is_some(), "{key}");
    }
    assert_eq!(
        hammerdesk(dir.path(), &["ask", "--as", "nobody", "/help"]).code,
        2
    );
}
