//! Promises from a shell: explained, rehearsed, counted, and taken over from the helpdesk's own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hammerdesk::config::Config;
use hammerdesk_sandbox::freshdesk::{FreshdeskSim, Options, Seed};
use hammerdesk_store::Store;
use serde_json::Value;

use crate::sla_stories::{FOUR_HOURS, HOURS, Story};

async fn hammerdesk(dir: &Path, args: &[&str]) -> (i32, String, String) {
    let dir: PathBuf = dir.to_owned();
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    let run = tokio::task::spawn_blocking(move || {
        Command::new(env!("CARGO_BIN_EXE_hammerdesk"))
            .current_dir(dir)
            .args(args)
            .env("HAMMERDESK_LOG", "error")
            .output()
    });
    let Output {
        status,
        stdout,
        stderr,
    } = run.await.unwrap().expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("it is text");
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_explained_new_rules_are_rehearsed_and_the_record_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", dir.path().join("desk.db").display());
    let store = Store::create(&url).await.unwrap();
    let story = Story::begin(store.clone(), "2026-08-28T15:00:00Z", FOUR_HOURS).await;
    story.until("2026-08-28T16:00:00Z").await;
    let late = story.mail("Where is my refund?").await;
    story.nothing_until("2026-09-01T12:00:00Z").await;
    story
        .account()
        .agent_replies(story.kit, late, "<p>Today.</p>")
        .unwrap();
    story.settle_a_poll().await;
    let open = story.mail("And the other?").await;
    let write = |name: &str, rules: &str| {
        let text = format!("[store]\nurl = \"sqlite:desk.db\"\n{HOURS}\n{rules}");
        std::fs::write(dir.path().join(name), text).unwrap();
    };
    write("hammerdesk.toml", FOUR_HOURS);
    write(
        "new.toml",
        &FOUR_HOURS.replace("first_response = \"4h\"", "first_response = \"5h\""),
    );

    let (code, out, err) = hammerdesk(dir.path(), &["sla", "explain", &late.to_string(), "--json"]).await;
    assert_eq!(code, 0, "{err}");
    let explained: Value = serde_json::from_str(&out).unwrap();
    let clock = &explained["clocks"][0];
    assert_eq!(clock["state"], "late");
    let rows = clock["rows"].as_array().unwrap();
    assert!(
        rows.iter()
            .any(|row| row["kind"] == "holiday" && row["text"] == "holiday: Summer bank holiday"),
        "{rows:#?}"
    );
    assert_eq!(clock["because"][0], "it is for every ticket");

    let (code, out, err) =
        hammerdesk(dir.path(), &["sla", "rehearse", "--config", "new.toml", "--json"]).await;
    assert_eq!(code, 0, "{err}");
    let rehearsal: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(rehearsal["moved"][0]["ticket"], open);
    assert_eq!(
        rehearsal["flipped"][0]["ticket"], late,
        "with five hours it was in time"
    );
    let (_, out, _) = hammerdesk(dir.path(), &["sla", "rehearse", "--config", "new.toml"]).await;
    assert!(out.contains("late would have been met"), "{out}");

    let report = [
        "sla",
        "report",
        "--by",
        "clock,location",
        "--from",
        "2026-08-01",
        "--to",
        "2026-09-30",
        "--misses",
        "missed.csv",
    ];
    let (code, first, err) = hammerdesk(dir.path(), &report).await;
    assert_eq!(code, 0, "{err}");
    assert!(first.contains("\nfirst_response,london,0,"), "{first}");
    let (_, second, _) = hammerdesk(dir.path(), &report).await;
    assert_eq!(first, second, "two runs agree");
    let missed = std::fs::read_to_string(dir.path().join("missed.csv")).unwrap();
    assert!(missed.contains(&format!("\n{late},first_response:")), "{missed}");

    let (code, _, err) = hammerdesk(dir.path(), &["sla", "report", "--by", "weather"]).await;
    assert_eq!(code, 2);
    assert!(err.contains("There are clock, channel, location"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_helpdesks_own_hours_and_policies_become_a_configuration_that_loads() {
    let sim = FreshdeskSim::start(Options::at(std::sync::Arc::new(
        hammerdesk_domain::clock::SystemClock,
    )))
    .await
    .unwrap();
    sim.account().seed(&Seed {
        seed: 7,
        salerooms: vec![
            ("London".to_owned(), "Europe/London".to_owned()),
            ("New York".to_owned(), "America/New_York".to_owned()),
        ],
        agents: Vec::new(),
        clients: Vec::new(),
        tickets: 0,
        days: 1,
    });
    let dir = tempfile::tempdir().unwrap();
    let text = format!(
        "[store]\nurl = \"sqlite:desk.db\"\n[freshdesk]\nurl = \"{}\"\napi_key = \"{}\"\n",
        sim.url(),
        sim.api_key()
    );
    std::fs::write(dir.path().join("hammerdesk.toml"), text).unwrap();
    let (code, made, said) = hammerdesk(dir.path(), &["business-hours", "import"]).await;
    assert_eq!(code, 0, "{said}");
    let rules = Config::from_toml(&made)
        .unwrap_or_else(|error| panic!("{error}\n{made}"))
        .sla_rules()
        .unwrap();
    assert!(rules.policies.len() >= 4, "{made}");
    let london = rules
        .calendars
        .values()
        .find(|calendar| calendar.zone == chrono_tz::Tz::Europe__London)
        .expect("London's hours");
    assert_eq!((london.hours.mon.len(), london.hours.sat.len()), (1, 0));
    // Each policy is for one priority: together they are for every ticket.
    let findings = rules.lint();
    assert!(
        findings
            .iter()
            .all(|finding| finding.sentence.starts_with("tickets that no policy is for")),
        "{findings:?}"
    );
    for missing in [
        "Holidays: Freshdesk does not tell them",
        "Which statuses stop the clock",
    ] {
        assert!(said.contains(missing), "{said}");
    }
}
