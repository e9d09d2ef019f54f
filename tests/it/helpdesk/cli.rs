//! The helpdesk from a shell.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hammerdesk_sandbox::freshdesk::Fault;
use hammerdesk_sandbox::freshdesk::Route;
use serde_json::{Value, json};

use super::{Line, one_line};

/// The binary in a folder whose config names the account, off the runtime that serves it.
async fn hammerdesk(dir: &Path, args: &'static [&'static str]) -> (i32, String, String) {
    let dir: PathBuf = dir.to_owned();
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

fn config(line: &Line, dir: &Path, key: &str) {
    let text = format!(
        "[store]\nurl = \"sqlite:desk.db\"\n[freshdesk]\nurl = \"{}\"\napi_key = \"{key}\"\n",
        line.sim.url()
    );
    std::fs::write(dir.join("hammerdesk.toml"), text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn backfill_says_how_far_it_is_and_export_prints_what_is_stored() {
    one_line(
        |_| (),
        async |line| {
            let dir = tempfile::tempdir().unwrap();
            config(line, dir.path(), line.sim.api_key());
            let account = line.account();
            let agent = account.add_agent("Ada", "ada@house.example");
            let ticket = account.customer_mails("c@example.org", "C", "Lot \"45\"", "<p>x</p>");
            let note = account.agent_notes(agent, ticket, "<p>n</p>", true).unwrap();
            account
                .agent_sets(agent, ticket, "responder_id", json!(agent))
                .unwrap();
            let spam = account.customer_mails("d@example.org", "D", "Win!", "<p>x</p>");
            account.agent_marks_spam(agent, spam, true).unwrap();
            let (code, out, err) = hammerdesk(dir.path(), &["backfill", "--verify", "--json"]).await;
            assert_eq!(code, 0, "{out}{err}");
            let last: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
            assert_eq!(last["phase"], "done");
            assert_eq!(
                (&last["tickets"], &last["is_complete"]),
                (&json!(2), &json!(true))
            );
            assert_eq!(last["reconciled"]["unknown"], 0);
            let (code, out, err) = hammerdesk(dir.path(), &["export", "tickets"]).await;
            assert_eq!(code, 0, "{err}");
            let exported: Value = serde_json::from_str(&out).unwrap();
            let stamp = |id| {
                account
                    .ticket(id)
                    .unwrap()
                    .updated_at
                    .format("%Y-%m-%dT%H:%M:%SZ")
                    .to_string()
            };
            let expected = json!([
                {
                    "id": ticket, "status": 2, "priority": 1, "responder_id": agent, "group_id": null,
                    "subject": "Lot \"45\"", "updated_at": stamp(ticket), "conversations": [note], "gone": ""
                },
                {
                    "id": spam, "status": 2, "priority": 1, "responder_id": null, "group_id": null,
                    "subject": "Win!", "updated_at": stamp(spam), "conversations": [], "gone": "spam"
                }
            ]);
            assert_eq!(exported, expected);
            let (_, out, _) = hammerdesk(dir.path(), &["export", "contacts"]).await;
            let contacts: Value = serde_json::from_str(&out).unwrap();
            assert_eq!(contacts.as_array().map(Vec::len), Some(2), "{out}");
            let (code, out, _) = hammerdesk(dir.path(), &["export", "clients"]).await;
            assert_eq!((code, out.trim()), (0, "[]"));
            let (code, _, err) = hammerdesk(dir.path(), &["export", "tikets"]).await;
            assert_eq!(code, 2);
            assert!(err.contains("there is no \"tikets\" to export"), "{err}");
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_what_the_key_may_do() {
    one_line(
        |_| (),
        async |line| {
            let dir = tempfile::tempdir().unwrap();
            config(line, dir.path(), line.sim.api_key());
            let lines = |out: &str| {
                let about: Vec<_> = out.lines().filter(|line| line.contains("helpdesk")).collect();
                about.join("\n")
            };
            let (_, out, _) = hammerdesk(dir.path(), &["check"]).await;
            insta::assert_snapshot!(lines(&out), @"
            ok   helpdesk the key is that of hammerdesk
            ok   helpdesk that agent sees every ticket
            ok   helpdesk the key may read tickets, contacts, agents, groups, ticket fields, companies
            ok   helpdesk 1000000 calls a minute, of which 750000 for work in the background
            ok   helpdesk takes no webhooks, so changes are seen only when it is polled; set freshdesk.webhook_secret
            ");
            line.account().fault(Route::ListContacts, 5, &Fault::ServerError(503));
            let (code, out, _) = hammerdesk(dir.path(), &["check"]).await;
            assert_eq!(code, 1);
            assert!(out.contains("FIX  helpdesk the key may not read contacts"), "{out}");
            config(line, dir.path(), "another-key");
            let (code, out, _) = hammerdesk(dir.path(), &["check"]).await;
            assert_eq!(code, 1);
            assert!(out.contains("FIX  helpdesk the key is not taken"), "{out}");
            let (code, _, err) = hammerdesk(dir.path(), &["backfill"]).await;
            assert_eq!(code, 1);
            assert!(err.contains("the helpdesk does not take freshdesk.api_key"), "{err}");
        },
    )
    .await;
}
