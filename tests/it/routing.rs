//! The routing rules from the command line: tried, linted, and never taken while a saved case fails.

use std::path::{Path, PathBuf};
use std::process::Command;

use hammerdesk::config::Config;

fn root(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn hammerdesk(config: &Path, args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_hammerdesk"))
        .current_dir(config.parent().unwrap())
        .args(["--config".as_ref(), config.as_os_str()])
        .args(args)
        .env("HAMMERDESK_LOG", "error")
        .output()
        .unwrap();
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// The example config with changes, in a folder of its own.
fn changed(from: &str, to: &str) -> (tempfile::TempDir, PathBuf) {
    let text = std::fs::read_to_string(root("config/hammerdesk.example.toml")).unwrap();
    assert!(text.contains(from), "the example has no {from:?}");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("hammerdesk.toml");
    std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
    (dir, file)
}

#[test]
fn every_saved_case_goes_as_expected_with_the_example() {
    let text = std::fs::read_to_string(root("config/hammerdesk.example.toml")).unwrap();
    let mut config = Config::from_toml(&text).unwrap();
    config.escalation.cases = Some(root("config/cases").display().to_string());
    let desk = config.settings().unwrap().desk.expect("the example has a desk");
    assert!(
        config
            .cases()
            .unwrap()
            .iter()
            .any(|(_, cases)| cases.cases.len() > 5)
    );
    assert_eq!(config.replay_cases(&desk).unwrap(), [""; 0]);
}

#[test]
fn route_test_says_which_rule_and_why_not_the_others() {
    let example = root("config/hammerdesk.example.toml");
    let cases = root("config/cases/routing.toml").display().to_string();
    let (code, out, err) = hammerdesk(&example, &["route", "test", &cases]);
    assert_eq!(code, 0, "{out}{err}");
    for line in [
        "ok   A large chargeback goes to the manager, a small one does not",
        "rule chargebacks: holds, and gave it",
        "- kind: it is other, not chargeback",
        "Ada has 20 open already, and 20 is the most",
        "7 of 7 cases as expected",
    ] {
        assert!(out.contains(line), "{line:?} is not in\n{out}");
    }
    let (code, out, _) = hammerdesk(&example, &["route", "test", "--json", &cases]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &json["ok"]), (0, &serde_json::json!(true)));
    assert_eq!(json["cases"][0]["decision"]["to"], "ada");
}

#[test]
fn a_case_that_fails_says_how_and_exits_with_1() {
    let (dir, config) = changed("to = [\"person:lena\"]\nladder", "to = [\"person:ben\"]\nladder");
    let cases = dir.path().join("case.toml");
    std::fs::copy(root("config/cases/routing.toml"), &cases).unwrap();
    let (code, out, _) = hammerdesk(&config, &["route", "test", &cases.display().to_string()]);
    assert_eq!(code, 1);
    assert!(out.contains("! who gets it is ben, expected lena"), "{out}");
    for (text, says) in [
        ("", "has no cases"),
        ("[[cases]]\nname = \"x\"\nat = \"soon\"", "case.toml"),
        (
            "[[cases]]\nname = \"x\"\nat = \"2026-11-23T10:00:00Z\"\nclinet = 1",
            "unknown field `clinet`",
        ),
    ] {
        std::fs::write(&cases, text).unwrap();
        let (code, _, err) = hammerdesk(&config, &["route", "test", &cases.display().to_string()]);
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(says), "{err}");
    }
    let (code, _, err) = hammerdesk(&config, &["route", "test", "nowhere.toml"]);
    assert!(
        code == 2 && err.contains("nowhere.toml: it cannot be read"),
        "{err}"
    );
}

#[test]
fn rules_lint_finds_nothing_in_the_example_and_names_what_is_wrong() {
    let (code, out, err) = hammerdesk(&root("config/hammerdesk.example.toml"), &["rules", "lint"]);
    assert_eq!(code, 0, "{out}{err}");
    let (_dir, config) = changed(
        "to = [\"person:lena\"]\nladder",
        "to = [\"person:leno\", \"team:ghosts\"]\nladder",
    );
    let (code, out, _) = hammerdesk(&config, &["rules", "lint", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 2);
    assert!(
        json.as_array()
            .unwrap()
            .iter()
            .any(|finding| finding["kind"] == "routing"),
        "{out}"
    );
    assert!(
        out.contains("there is no person \\\"leno\\\"") && out.contains("there is no team"),
        "{out}"
    );
    let (code, out, _) = hammerdesk(&config, &["check"]);
    assert_eq!(code, 1);
    assert!(
        out.contains("routing  [[routing]] \"chargebacks\": there is no person \"leno\""),
        "{out}"
    );
}

#[test]
fn serve_does_not_take_rules_that_fail_their_cases() {
    let cases = root("config/cases").display().to_string();
    let (_dir, config) = changed("# cases = \"config/cases\"", &format!("cases = {cases:?}"));
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replacen("capacity = 20 ", "capacity = 21 ", 1)).unwrap();
    let (code, _, err) = hammerdesk(&config, &["serve"]);
    assert_eq!(code, 1);
    assert!(
        err.contains("the routing rules fail their saved cases")
            && err.contains("who gets it is ada, expected ben"),
        "{err}"
    );
}

#[test]
fn a_calendar_of_the_config_brings_shifts_and_one_that_is_away_is_said() {
    let (dir, file) = changed("# calendar = \"rota-london.ics\"", "calendar = \"CALENDAR\"");
    let calendar = dir.path().join("rota.ics");
    let text = std::fs::read_to_string(&file)
        .unwrap()
        .replace("CALENDAR", &calendar.display().to_string());
    let config = Config::from_toml(&text).unwrap();
    let now: chrono::DateTime<chrono::Utc> = "2026-11-22T10:00:00Z".parse().unwrap();
    let mut desk = hammerdesk_domain::escalation::Desk::clone(&config.settings().unwrap().desk.unwrap());
    let problems = config.read_calendars(&mut desk, now);
    assert!(
        problems.len() == 1 && problems[0].contains("it cannot be read"),
        "{problems:?}"
    );
    let event = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Ada\r\nDTSTART:20261122T090000\r\nDTEND:20261122T170000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    std::fs::write(&calendar, event).unwrap();
    assert_eq!(config.read_calendars(&mut desk, now), [""; 0]);
    let on = desk.rota("london").unwrap().on_at(now, None);
    assert_eq!(on.len(), 1, "{on:?}");
}

#[test]
fn a_partner_without_a_proper_secret_is_refused_and_no_secret_is_ever_shown() {
    let partner = |more: &str| {
        let text = format!("[[partners]]\nid = \"call-centre\"\n{more}");
        let text = format!(
            "{}\n{text}",
            std::fs::read_to_string(root("config/hammerdesk.example.toml")).unwrap()
        );
        Config::from_toml(&text).and_then(|config| config.settings().map(|_| config))
    };
    for (more, says) in [
        ("", "it needs a secret"),
        ("secret = \"short\"", "fewer than 16 characters"),
        (
            "secret_file = \"/nowhere\"",
            "secret_file /nowhere cannot be read",
        ),
        (
            "secret = \"0123456789abcdef\"\nlocation = \"lodnon\"",
            "did you mean \"london\"?",
        ),
        (
            "secret = \"0123456789abcdef\"\nper_minute = 0",
            "per_minute must be 1 or more",
        ),
    ] {
        let error = partner(more).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        assert!(!error.contains("0123456789abcdef"), "{error}");
    }
    let config = partner("secret = \"0123456789abcdef\"").unwrap();
    let house = config.settings().unwrap().house;
    let shown = format!("{config:?} {:?}", config.partners(&house).unwrap());
    assert!(!shown.contains("0123456789abcdef"), "{shown}");
}
