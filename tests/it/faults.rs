//! What goes wrong around the service: locked, missing, newer and dying stores, damaged files, interrupted
//! and simultaneous imports, mistakes in the config, and a stop. Each is a sentence, and nothing is lost.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use chrono::TimeDelta;
use hammerdesk_commands::render;
use hammerdesk_domain::clock::{Clock, SystemClock};
use hammerdesk_domain::message::Outcome;
use hammerdesk_store::{Store, StoreError, testing};
use tower::ServiceExt;

use crate::harness::{COORDINATOR, Desk};
use crate::process::{Ended, Holder, Home, config, has_sqlite3, ledger, signal, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_another_program_holds_is_a_sentence_and_works_again_once_released() {
    if !has_sqlite3() {
        return;
    }
    let home = Home::new();
    let before = home.open();
    let holder = Holder::of(&home.db(), "PRAGMA locking_mode=EXCLUSIVE;");
    home.write("ledger-2.csv", ledger("B", 3));
    for args in [
        &["ask", "/balance 12345"][..],
        &["import", "ledger-2.csv"],
        &["debtors"],
        &["migrate"],
    ] {
        let ended = home.run(args);
        assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""), "{args:?}");
        assert!(
            ended
                .err
                .contains("is locked by another program; close that program and try again"),
            "{args:?}: {}",
            ended.err
        );
    }
    holder.release();
    assert_eq!(home.open(), before);
    assert_eq!(home.run(&["import", "ledger-2.csv"]).code, Some(0));
    assert_ne!(home.open(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_another_program_writes_answers_go_on_and_their_log_waits() {
    if !has_sqlite3() {
        return;
    }
    let home = Home::new();
    let holder = Holder::of(&home.db(), "");
    let mut child = home.command(&["ask", "/balance 12345"]).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    assert_eq!(
        first.trim(),
        "1000: GBP 10.00 overdue, oldest ".to_owned() + first.trim().rsplit("oldest ").next().unwrap()
    );
    let mut said = String::new();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    err.read_line(&mut said).unwrap();
    assert!(
        said.contains("waiting to note this answer in the answer log"),
        "{said}"
    );
    assert_eq!(child.try_wait().unwrap(), None);
    holder.release();
    assert!(child.wait().unwrap().success());
    assert_eq!(home.logged().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_file_while_serving_is_a_sentence_and_nothing_is_lost() {
    if !has_sqlite3() {
        return;
    }
    let home = Home::new();
    let serving = home.serve(&config(""));
    let (status, html) = serving.ask("/balance 12345");
    assert!(status == 200 && html.contains("GBP 10.00"), "{status} {html}");
    let holder = Holder::of(&home.db(), "");
    assert_eq!(
        serving.ready(),
        (200, "ready\n".to_owned()),
        "readers are not held up"
    );
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| serving.ask("/balance 12345"));
        holder.release();
        let (status, html) = waiting.join().unwrap();
        assert!(status == 200 && html.contains("GBP 10.00"), "{status} {html}");
    });
    let (status, html) = serving.ask("/balance 12345");
    assert!(status == 200 && html.contains("GBP 10.00"), "{status} {html}");
    assert_eq!(serving.stop().0, Some(0));
    assert_eq!(home.logged().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_the_service_soon_with_the_answer_log_complete() {
    let home = Home::new();
    let serving = home.serve(&config(""));
    for _ in 0..20 {
        assert_eq!(serving.ask("/balance 12345").0, 200);
    }
    let mut live = TcpStream::connect(serving.address).unwrap();
    write!(
        live,
        "GET /console/live HTTP/1.1\r\nHost: {}\r\nCookie: hammerdesk_person=ada\r\n\r\n",
        serving.address
    )
    .unwrap();
    let mut first = [0; 12];
    live.read_exact(&mut first).unwrap();
    let (code, took, log) = serving.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(!log.contains("12345"), "the log tells what was asked: {log}");
    assert_eq!(home.logged().await, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_a_newer_version_is_refused_and_left_alone() {
    let home = Home::new();
    if !has_sqlite3() {
        return;
    }
    let bump = "INSERT INTO _sqlx_migrations SELECT version + 1000, 'later', installed_on, 1, checksum, 0 \
                FROM _sqlx_migrations ORDER BY version DESC LIMIT 1";
    assert!(
        Command::new("sqlite3")
            .arg(home.db())
            .arg(bump)
            .status()
            .unwrap()
            .success()
    );
    for args in [
        &["ask", "/help"][..],
        &["import", "ledger.csv"],
        &["migrate"],
        &["serve"],
        &["debtors"],
    ] {
        let ended = home.run(args);
        assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""), "{args:?}");
        assert!(
            ended.err.contains("made by a newer hammerdesk than this one")
                && ended.err.contains("install that version"),
            "{args:?}: {}",
            ended.err
        );
    }
    let check = home.run(&["check"]);
    assert!(
        check.code == Some(1) && check.out.contains("made by a newer hammerdesk"),
        "{}",
        check.out
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_dies_while_running_is_not_ready_and_answers_with_a_reference() {
    testing::each_url(async |url| {
        let store = Store::open(&url).await.unwrap();
        let desk = Desk::over(store, None, |_| ());
        let router = desk.app.router();
        let ready = async || {
            let request = Request::get("/health/ready").body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap().status()
        };
        assert_eq!(ready().await, StatusCode::OK);
        if let Some(file) = url.strip_prefix("sqlite:") {
            std::fs::remove_file(file).unwrap();
        } else {
            testing::drop_database(&url).await;
            let reply = desk.ask(COORDINATOR, "/balance 140105686").await;
            assert_eq!(reply.outcome, Outcome::Error);
            let text = render::plain(&reply);
            assert!(text.starts_with("Something went wrong (ref "), "{text}");
            assert!(
                text.contains("Try again; if it stays, tell your administrator."),
                "{text}"
            );
        }
        assert_eq!(ready().await, StatusCode::SERVICE_UNAVAILABLE);
        assert!(!desk.text(COORDINATOR, "/help").await.is_empty());
        drop(desk.complete(COORDINATOR, "/balance mei").await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_damaged_under_a_running_service_is_a_sentence_with_a_reference() {
    let home = Home::new();
    let serving = home.serve(&config(""));
    std::fs::write(home.db(), [0x5a; 64]).unwrap();
    for rest in ["hammerdesk.db-wal", "hammerdesk.db-shm"] {
        drop(std::fs::remove_file(home.path().join(rest)));
    }
    assert_eq!(serving.ready().0, 503);
    let (status, html) = serving.ask("/balance 12345");
    assert!(html.contains("Something went wrong (ref "), "{status} {html}");
    assert!(!html.contains("GBP"), "{html}");
    let (_, _, log) = serving.stop();
    assert!(log.contains("reference") && !log.contains("12345"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_not_there_at_the_start_is_a_sentence() {
    let home = Home(tempfile::tempdir().unwrap());
    for (url, says) in [
        (
            "postgres://somebody:hunter2@127.0.0.1:1/none",
            "the database at 127.0.0.1:1/none cannot be reached",
        ),
        (
            "sqlite:no/such/folder/h.db",
            "the database at no/such/folder/h.db cannot be reached: there is no folder no/such/folder",
        ),
        (
            "mysql://somebody:hunter2@host/x",
            "is not a database address; write sqlite:FILE or postgres://",
        ),
    ] {
        home.write(
            "hammerdesk.toml",
            format!("[store]\nurl = {url:?}\n{}", config("")),
        );
        for args in [&["serve"][..], &["ask", "/help"], &["check"]] {
            let ended = home.run(args);
            let all = ended.out + &ended.err;
            assert_eq!(ended.code, Some(1), "{args:?} {all}");
            assert!(all.contains(says) && !all.contains("hunter2"), "{args:?}: {all}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_files_are_refused_with_a_sentence_and_what_was_there_still_answers() {
    let home = Home::new();
    let before = home.open();
    let whole = ledger("B", 50);
    let mut workbook = b"PK\x03\x04\x14\x00\x06\x00".to_vec();
    workbook.extend_from_slice(b"[Content_Types].xml xl/workbook.xml");
    for (name, content, says) in [
        (
            "cut/ledger.csv",
            whole.as_bytes()[..whole.len() - 30].to_vec(),
            "is cut off",
        ),
        (
            "binary/ledger.csv",
            (0..=255_u8).cycle().take(4_000).collect(),
            "NUL bytes",
        ),
        ("empty/ledger.csv", Vec::new(), "The file is empty"),
        ("book/ledger.csv", workbook, "Excel workbook"),
        (
            "other/diary.csv",
            b"a,b\n1,2\n".to_vec(),
            "does not tell what it holds",
        ),
    ] {
        let ended = home.import(name, content);
        assert_eq!(ended.code, Some(2), "{name}: {}{}", ended.out, ended.err);
        assert!(
            ended.out.contains(says) && ended.out.contains("rejected, nothing of it is visible"),
            "{name}: {}",
            ended.out
        );
        assert_eq!(home.open(), before, "{name}");
    }
    let ended = home.run(&[
        "import",
        "--json",
        "cut/ledger.csv",
        "missing/ledger.csv",
        "ledger.csv",
    ]);
    assert_eq!(ended.code, Some(2));
    let statuses: Vec<String> = ended
        .out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["status"].to_string())
        .collect();
    assert_eq!(statuses, ["\"rejected\"", "\"rejected\"", "\"unchanged\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_interrupted_or_killed_changes_nothing_and_can_be_repeated() {
    for how in ["INT", "KILL"] {
        let home = Home::new();
        let before = home.open();
        home.write("big/ledger.csv", ledger("B", 120_000));
        let child = home.command(&["import", "big/ledger.csv"]).spawn().unwrap();
        // The raw bytes are kept before any row is read: once they are there, it is in the middle.
        let raw = home.path().join("hammerdesk.db-wal");
        until("the import has begun", || {
            std::fs::metadata(&raw).is_ok_and(|wal| wal.len() > 200_000)
        });
        signal(how, &child);
        let ended: Ended = child.wait_with_output().unwrap().into();
        if how == "INT" {
            assert_eq!(ended.code, Some(1), "{}{}", ended.out, ended.err);
            assert!(
                ended.err.contains("interrupted; nothing of this file is visible"),
                "{}",
                ended.err
            );
        } else {
            assert_eq!(ended.code, None, "it was killed in the middle");
        }
        assert_eq!(home.open(), before, "{how}");
        let again = home.run(&["import", "big/ledger.csv"]);
        assert_eq!(again.code, Some(0), "{}{}", again.out, again.err);
        assert!(
            again.out.contains("120000 rows: 120000 accepted"),
            "{}",
            again.out
        );
        assert!(home.open().contains("120010"), "{}", home.open());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_imports_at_once_both_arrive() {
    let home = Home::new();
    home.write("one/ledger.csv", ledger("B", 20_000));
    home.write("two/ledger.csv", ledger("C", 20_000));
    let both: Vec<Child> = ["one/ledger.csv", "two/ledger.csv"]
        .map(|file| home.command(&["import", file]).spawn().unwrap())
        .into();
    for child in both {
        let ended: Ended = child.wait_with_output().unwrap().into();
        assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    }
    assert!(home.open().contains("40010"), "{}", home.open());
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_keep_coming_during_an_import_old_until_it_ends_and_then_new() {
    let home = Home::new();
    let serving = home.serve(&config(""));
    home.write("big/ledger.csv", ledger("B", 30_000));
    let mut child = home.command(&["import", "big/ledger.csv"]).spawn().unwrap();
    let mut before = 0;
    let mut seen_new = false;
    until("the new figure", || {
        let over = child.try_wait().unwrap().is_some();
        let (status, html) = serving.ask("/balance 12345");
        assert_eq!(status, 200);
        let (old, new) = (html.contains("GBP 10.00"), html.contains("GBP 30,010.00"));
        assert!(old != new, "half a file is visible: {html}");
        assert!(!(seen_new && old), "an answer went back");
        assert!(!(over && old), "the import is over and its rows are not seen");
        seen_new |= new;
        before += usize::from(old);
        new
    });
    assert!(before > 0, "answers came while it ran");
    assert!(child.wait().unwrap().success());
    assert_eq!(serving.stop().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_the_config_is_a_sentence_that_says_what_to_write() {
    let home = Home(tempfile::tempdir().unwrap());
    let location = |more: &str| {
        config(&format!(
            "[[locations]]\nid = \"london\"\nentity = \"1000\"\n{more}"
        ))
    };
    let zone = "time_zone = \"Europe/London\"\n";
    let feed = |more: &str| config(&format!("[[feeds]]\nid = \"sap\"\n{more}"));
    let person = |more: &str| config(&format!("[[people]]\nid = \"ben\"\nname = \"Ben\"\n{more}"));
    for (text, says) in [
        (
            location("time_zone = \"Europe/Lodnon\"\n"),
            "\"Europe/Lodnon\" is not an IANA zone; write it like \"Europe/London\"",
        ),
        (
            location(&format!("{zone}weekend = [\"sun\", \"someday\"]\n")),
            "\"someday\" is not a day of the week",
        ),
        (
            location(&format!(
                "{zone}weekend = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"]\n"
            )),
            "weekend names all seven days",
        ),
        (
            location(&format!(
                "{zone}[[locations.release_rules]]\nfrom = \"2026-01-01\"\npolicy = \"per_lot\"\ncdd_from = \"lots\"\n"
            )),
            "cdd_from = \"lots\" is not an amount",
        ),
        (
            location(&format!(
                "{zone}[[locations.deposit_rules]]\nfrom = \"2026-01-01\"\nrefund_days = 4000000000\ncount = \"working\"\n"
            )),
            "no terms promise that",
        ),
        (
            person("role = \"al\"\nlocations = [\"*\"]\n"),
            "there is no role \"al\"; did you mean \"all\"?",
        ),
        (
            person("role = \"zookeeper\"\nlocations = [\"*\"]\n"),
            "there is no role \"zookeeper\"; add it under [[roles]]",
        ),
        (
            person("role = \"all\"\nlocations = [\"paris\"]\n"),
            "there is no location \"paris\"; add it under [[locations]]",
        ),
        (
            config("[[roles]]\nid = \"r\"\npermissions = [\"balanse\"]\n"),
            "there is no permission \"balanse\"; did you mean \"balance\"?",
        ),
        (
            feed("soft = \"72h\"\nhard = \"26h\"\n"),
            "hard = \"26h\" is shorter than soft = \"72h\"",
        ),
        (
            feed("soft = \"soon\"\nhard = \"26h\"\n"),
            "soft = \"soon\" is not a duration; write it like \"26h\"",
        ),
        (
            feed("soft = \"1h\"\nhard = \"2h\"\nneeded_for = [\"balnce\"]\n"),
            "needed_for takes \"balance\", \"release\" and \"deposit\", not \"balnce\"",
        ),
        (config("[ageing]\nbands = [30, 0]\n"), "ageing.bands: "),
        (
            config("").replace("per_minute = 100000", "per_minute = 0"),
            "per_minute and burst must be 1 or more",
        ),
        (
            config("").replace("127.0.0.1:0", "0.0.0.0:0"),
            "console.enabled needs http.listen on a loopback address",
        ),
        (config("").replace("127.0.0.1:0", "here"), "cannot listen on here"),
        (config("[[people]\n"), "hammerdesk.toml"),
    ] {
        home.write("hammerdesk.toml", &text);
        let ended = home.run(&["serve"]);
        assert_eq!(ended.code, Some(1), "{text}: {}", ended.err);
        assert!(ended.err.contains(says), "{says}: {}", ended.err);
        assert!(!home.db().exists(), "{says}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_folder_is_served_and_a_damaged_file_leaves_the_figures_alone() {
    let home = Home::new();
    let drop = home.path().join("drop");
    std::fs::create_dir(&drop).unwrap();
    let serving = home.serve(&config(
        "[[feeds]]\nid = \"canonical\"\nfolder = \"drop\"\nsoft = \"26h\"\nhard = \"72h\"\n",
    ));
    let put = |name: &str, content: &str| {
        let partial = drop.join(format!("{name}.part"));
        std::fs::write(&partial, content).unwrap();
        std::fs::rename(partial, drop.join(name)).unwrap();
    };
    put("ledger-2.csv", &ledger("B", 5));
    until("the file is done", || !drop.join("ledger-2.csv").exists());
    assert!(drop.join("done/ledger-2.csv").exists());
    let report = std::fs::read_to_string(drop.join("done/ledger-2.csv.report.txt")).unwrap();
    assert!(report.contains("5 rows: 5 accepted"), "{report}");
    let (_, html) = serving.ask("/balance 12345");
    assert!(html.contains("GBP 15.00"), "{html}");

    put("ledger-3.csv", "entity,document\n1000,");
    until("the file is rejected", || !drop.join("ledger-3.csv").exists());
    assert!(drop.join("rejected/ledger-3.csv").exists());
    let report = std::fs::read_to_string(drop.join("rejected/ledger-3.csv.report.txt")).unwrap();
    assert!(report.contains("rejected, nothing of it is visible"), "{report}");
    let (_, html) = serving.ask("/balance 12345");
    assert!(html.contains("GBP 15.00"), "{html}");
    assert_eq!(serving.stop().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_and_absurd_questions_are_answered_in_a_sentence_on_both_engines() {
    crate::harness::each_house(async |desk| {
        for line in [
            "/balance \u{202e}\u{0}mei\u{7}",
            "/balance a\u{0}b",
            "/balance <img src=x onerror=alert(1)>",
            "/balance ' OR 1=1 --",
            "/balance %_%_%",
            "/client find \u{0}",
            "/invoice \u{0}1 year:99999999999999999999",
            "/invoice 1 year:-9223372036854775808",
            "/release 1/\u{0}",
            "/release \u{202e}/\u{202e}",
            "/deposit “",
            "/balance 1 as_of:0000-00-00",
            "/balance 1 as_of:99999-01-01",
            "/balance 1 as_of:-9999-01-01",
            "/balance 1 lot:///",
            "/balance 99999999999999999999999999999999",
        ] {
            let reply = desk.ask(COORDINATOR, line).await;
            let text = render::plain(&reply);
            assert!(!text.contains("(ref "), "{line:?}: {text}");
            assert!(
                matches!(
                    reply.outcome,
                    Outcome::Error | Outcome::Unknown | Outcome::Choose | Outcome::Refused
                ),
                "{line:?}: {text}"
            );
            assert!(
                !text
                    .chars()
                    .any(|c| c != '\n' && hammerdesk_domain::text::is_deceptive(c)),
                "{text:?}"
            );
            drop(desk.complete(COORDINATOR, line).await);
        }
        let long = desk
            .text(COORDINATOR, &format!("/balance {}", "漢".repeat(100_000)))
            .await;
        assert_eq!(long, "That is too long for a question: 400 characters at most.");
        desk.app.commands.flush().await;
        let mut view = desk.app.store.read().await.unwrap();
        let ever = SystemClock.now() + TimeDelta::days(36_500);
        let logged = view.answers(None, ever, 100).await.unwrap();
        assert_eq!(logged.len(), 17, "each was logged, on both engines");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_may_pass_is_waited_for() {
    assert!(StoreError::Locked("x".to_owned()).may_pass());
    assert!(!StoreError::NotADatabase("x".to_owned()).may_pass());
}
