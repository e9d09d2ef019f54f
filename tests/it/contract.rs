//! The names that scripts rely on, read from what the binary really prints. A key may be added; one that
//! goes missing, or an amount that is not a decimal string of its currency, fails here.

use std::path::Path;
use std::process::Command;

use hammerdesk_domain::money::Currency;
use serde_json::Value;

use crate::harness::Desk;

/// The file of the ledger-only house below.
const LEDGER: &str = "\
entity,document,year,line,client,client_name,kind,amount,currency,posted_on,due_on,cleared_on,invoice
US10,8001,2026,1,901,Ada Lovelace,invoice,120.50,USD,2026-01-05,2026-02-04,,5001
US10,8002,2026,1,901,Ada Lovelace,invoice,99.00,USD,2025-01-05,2025-02-04,2025-02-01,5002
US10,8003,2026,1,901,Ada Lovelace,payment,-20.00,USD,2026-03-05,,,5001
JP10,8004,2026,1,901,Ada Lovelace,invoice,5000,JPY,2026-01-05,2026-02-04,,5003
BH10,8005,2026,1,902,Charles Babbage,invoice,1.125,BHD,2026-01-05,2026-02-04,,5004
BH10,8006,2026,1,902,Charles Babbage,invoice,7.000,BHD,2026-01-05,2026-02-04,,5005
US10,8007,2026,1,902,Charles Babbage,invoice,7.00,USD,2026-01-05,2026-02-04,,5005
";

fn command(store: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hammerdesk"));
    command
        .current_dir(store.parent().unwrap())
        .args(args)
        .env("HAMMERDESK_LOG", "error")
        .env("HAMMERDESK__STORE__URL", format!("sqlite:{}", store.display()));
    command
}

fn run(store: &Path, args: &[&str]) -> (i32, String) {
    let output = command(store, args).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap_or(-1), said)
}

/// The exit code and what was said on stderr.
fn run_for_errors(store: &Path, args: &[&str]) -> (i32, String) {
    let output = command(store, args).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap_or(-1), said)
}

fn json(store: &Path, args: &[&str]) -> Value {
    let (_, said) = run(store, args);
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{args:?}: {error}\n{said}"))
}

/// The answer, whose outer names are checked here for every question.
fn ask(store: &Path, question: &str) -> Value {
    let answer = json(store, &["ask", "--json", question]);
    keys(&answer, &["outcome", "facts", "text", "cards", "visibility"]);
    let outcome = answer["outcome"].as_str().unwrap();
    assert!(
        ["answered", "choose", "refused", "unknown", "stale", "error"].contains(&outcome),
        "{outcome}"
    );
    assert!(answer["text"].is_string() && answer["cards"].is_array());
    answer
}

fn keys(of: &Value, names: &[&str]) {
    for name in names {
        assert!(of.get(name).is_some(), "no {name} in {of:#}");
    }
}

/// A decimal string with exactly the currency's own number of places.
fn amount(of: &Value, name: &str, currency: &Value) {
    let places = currency.as_str().unwrap().parse::<Currency>().unwrap().places();
    let said = of[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} is no string in {of:#}"));
    let digits = said.strip_prefix('-').unwrap_or(said);
    let (whole, parts) = digits.split_once('.').unwrap_or((digits, ""));
    let decimal = !whole.is_empty() && (whole.to_owned() + parts).bytes().all(|b| b.is_ascii_digit());
    assert!(
        decimal && u32::try_from(parts.len()) == Ok(places),
        "{name}: {said} in {currency}"
    );
}

fn an_array<'a>(of: &'a Value, name: &str) -> &'a Vec<Value> {
    let found = of[name].as_array();
    found.unwrap_or_else(|| panic!("{name} is no list in {of:#}"))
}

fn balance_keeps_its_names(answer: &Value) {
    let facts = &answer["facts"];
    keys(&facts["client"], &["number", "name"]);
    for (source, at) in facts["as_of"].as_object().unwrap() {
        let at = at.as_str().unwrap_or_else(|| panic!("{source} has no instant"));
        assert!(chrono::DateTime::parse_from_rfc3339(at).is_ok(), "{source}: {at}");
    }
    for block in an_array(facts, "blocks") {
        keys(block, &["entity", "currency", "oldest_days", "bands"]);
        let currency = &block["currency"];
        for name in [
            "billed_open",
            "credits_open",
            "ledger_net",
            "not_due",
            "overdue",
            "in_flight",
            "held_third_party",
            "disputed",
            "deposits_held",
            "accrued",
        ] {
            if name == "held_third_party" && block[name].is_null() {
                keys(block, &[name]);
            } else {
                amount(block, name, currency);
            }
        }
        assert!(block["oldest_days"].is_i64());
        for band in an_array(block, "bands") {
            assert!(band["band"].is_string() && band["count"].is_u64());
            amount(band, "amount", currency);
        }
    }
}

fn release_keeps_its_names(answer: &Value) {
    let facts = &answer["facts"];
    let words = ["RELEASED", "BLOCKED", "PARTIAL", "RELEASABLE", "AUTHORISED"];
    assert!(words.contains(&facts["outcome"].as_str().unwrap()), "{facts:#}");
    for lot in an_array(facts, "lots") {
        assert!(lot["lot"].as_str().unwrap().contains('/'));
        assert!(words.contains(&lot["outcome"].as_str().unwrap()));
        for reason in an_array(lot, "reasons") {
            for name in ["code", "clears", "by", "client_text"] {
                assert!(reason[name].is_string(), "{name} in {reason:#}");
            }
        }
    }
}

fn deposit_keeps_its_names(answer: &Value) {
    for deposit in an_array(&answer["facts"], "deposits") {
        keys(
            deposit,
            &[
                "id", "amount", "currency", "status", "eligible", "failed", "due_by",
            ],
        );
        amount(deposit, "amount", &deposit["currency"]);
        assert!(deposit["status"].as_str().unwrap().starts_with('P'));
        assert!(deposit["eligible"].is_boolean());
        for failed in an_array(deposit, "failed") {
            assert!(failed.as_str().unwrap().starts_with('D'));
        }
    }
}

#[tokio::test]
async fn answers_for_programs_keep_the_names_that_scripts_rely_on() {
    let desk = Desk::open().await;
    let showcases = desk.house.showcases().to_vec();
    let file = desk.into_file().await;
    let questions = |command: &str| {
        let asked = showcases.iter().map(|showcase| showcase.question.clone());
        let asked = asked.filter(|question| question.starts_with(command));
        asked.step_by(3).collect::<Vec<_>>()
    };
    let (mut blocks, mut lots, mut deposits) = (0, 0, 0);
    for question in questions("/balance") {
        let answer = ask(&file.1, &question);
        if answer["facts"].get("blocks").is_some() {
            balance_keeps_its_names(&answer);
            blocks += an_array(&answer["facts"], "blocks").len();
        }
    }
    for question in questions("/release") {
        let answer = ask(&file.1, &question);
        release_keeps_its_names(&answer);
        lots += an_array(&answer["facts"], "lots").len();
    }
    for question in questions("/deposit") {
        let answer = ask(&file.1, &question);
        deposit_keeps_its_names(&answer);
        deposits += an_array(&answer["facts"], "deposits").len();
    }
    assert!(
        blocks > 3 && lots > 5 && deposits > 5,
        "{blocks} {lots} {deposits}"
    );
}

#[test]
fn what_left_a_complete_ledger_still_counts_on_the_days_before() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("house.db");
    let rows: Vec<&str> = LEDGER.lines().collect();
    for (name, day, rows) in [
        ("ledger.csv", "2026-03-10", rows.as_slice()),
        ("2/ledger.csv", "2026-03-20", &rows[..rows.len() - 1]),
    ] {
        let csv = folder.path().join(name);
        std::fs::create_dir_all(csv.parent().unwrap()).unwrap();
        std::fs::write(&csv, rows.join("\n") + "\n").unwrap();
        let path = csv.display().to_string();
        let at = format!("{day}T06:00:00Z");
        let report = json(
            &store,
            &[
                "import",
                "--source",
                "canonical",
                "--complete",
                "--extracted-at",
                &at,
                &path,
                "--json",
            ],
        );
        assert_eq!(report["status"], "imported", "{report:#}");
    }
    let figures = |day: &str| {
        let debtors = json(&store, &["debtors", "--json", "--entity", "US10", "--as-of", day]);
        let balance = ask(&store, &format!("/balance 902 as_of:{day}"));
        let blocks = an_array(&balance["facts"], "blocks");
        let billed = blocks
            .iter()
            .find(|block| block["entity"] == "US10")
            .map(|block| block["billed_open"].as_str().unwrap().to_owned());
        (
            debtors["blocks"][0]["open_total"].as_str().unwrap().to_owned(),
            billed,
        )
    };
    let with_it = ("107.50".to_owned(), Some("7.00".to_owned()));
    assert_eq!(figures("2026-03-10"), with_it);
    assert_eq!(figures("2026-03-19"), with_it);
    let (debtors, billed) = figures("2026-03-20");
    assert_eq!(debtors, "100.50");
    assert_ne!(billed.as_deref(), Some("7.00"));
}

#[test]
fn debtors_are_asked_for_a_real_day_and_a_known_entity() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("house.db");
    let csv = folder.path().join("ledger.csv");
    std::fs::write(&csv, LEDGER).unwrap();
    let path = csv.display().to_string();
    json(&store, &["import", "--source", "canonical", &path, "--json"]);
    for (args, sentence) in [
        (
            ["--as-of", "9999-01-01"],
            "--as-of: 9999-01-01 is still to come. Give today or an earlier day.",
        ),
        (
            ["--as-of", "9999"],
            "--as-of: “9999” is not a date. Write it like 2026-03-31.",
        ),
        (
            ["--as-of", "1013-09-30"],
            "--as-of: 1013-09-30 is before any ledger here. Give a day since 1990.",
        ),
        (
            ["--entity", "US01"],
            "--entity: the ledger holds nothing of US01. It holds BH10, JP10, US10.",
        ),
    ] {
        let (code, said) = run_for_errors(&store, &["debtors", args[0], args[1]]);
        assert_eq!(
            (code, said.trim()),
            (2, format!("hammerdesk: {sentence}").as_str())
        );
    }
}

#[test]
fn a_house_that_feeds_its_ledger_alone_can_ask_for_balances_invoices_and_debtors() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("house.db");
    let csv = folder.path().join("ledger.csv");
    std::fs::write(&csv, LEDGER).unwrap();
    let path = csv.display().to_string();
    let report = json(&store, &["import", "--source", "canonical", &path, "--json"]);
    keys(
        &report,
        &[
            "path",
            "sha256",
            "status",
            "reason",
            "rows",
            "accepted",
            "quarantined",
            "control_totals",
        ],
    );
    assert_eq!(
        (&report["status"], &report["accepted"]),
        (&Value::from("imported"), &Value::from(7))
    );

    let balance = ask(&store, "/balance 901");
    balance_keeps_its_names(&balance);
    let billed = |n: usize| balance["facts"]["blocks"][n]["billed_open"].as_str().unwrap();
    assert_eq!((billed(0), billed(1)), ("5000", "100.50"));
    balance_keeps_its_names(&ask(&store, "/balance 902"));

    let open = ask(&store, "/invoice 5001");
    assert_eq!(open["facts"]["invoice"]["open"], "100.50", "{open:#}");
    assert_eq!(open["facts"]["invoice"]["total"], "120.50");
    let late = ask(&store, "/invoice 0000005002");
    assert_eq!(late["outcome"], "unknown", "cleared long ago: {late:#}");
    assert_eq!(ask(&store, "/invoice 5005")["outcome"], "choose");
    let one = ask(&store, "/invoice 5005 entity:BH10");
    assert_eq!(one["facts"]["invoice"]["open"], "7.000", "{one:#}");
    assert_eq!(ask(&store, "/invoice 5999")["outcome"], "unknown");

    let debtors = json(
        &store,
        &["debtors", "--json", "--as-of", "2026-03-31", "--bands", "0,15,32"],
    );
    let found = an_array(&debtors, "blocks");
    assert_eq!(found.len(), 3);
    for block in found {
        keys(block, &["entity", "currency", "count", "open_total", "bands"]);
        amount(block, "open_total", &block["currency"]);
        for band in an_array(block, "bands") {
            assert!(band["band"].is_string() && band["count"].is_u64());
            amount(band, "amount", &block["currency"]);
        }
    }
}
