//! Imports from a file on disk to what the store answers, on both engines.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use hammerdesk::engine::DropFolder;
use hammerdesk::import::{FileReport, ImportPlan, Progress, Status, import_file, sidecar_of};
use hammerdesk_domain::clock::ManualClock;
use hammerdesk_domain::ids::SourceId;
use hammerdesk_domain::record::Entity;
use hammerdesk_feeds::{Expected, Format};
use hammerdesk_store::Store;
use hammerdesk_store::testing::each_engine;

const HEADER: &str = "entity,document,year,line,client,amount,currency,posted_on,due_on,cleared_on\n";

/// A folder for the files of one test, a clock, and a store.
struct Bench {
    folder: tempfile::TempDir,
    clock: ManualClock,
    store: Store,
}

impl Bench {
    fn new(store: Store) -> Self {
        let now: DateTime<Utc> = "2026-09-30T09:00:00Z".parse().expect("an instant");
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            clock: ManualClock::at(now),
            store,
        }
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).expect("a file is written");
        path
    }

    async fn import(&self, plan: &ImportPlan, path: &Path) -> FileReport {
        import_file(&self.store, plan, path, |_| {}, &self.clock)
            .await
            .expect("the store is there")
    }

    async fn open_total(&self, day: &str) -> Vec<(String, i64, String)> {
        let day: NaiveDate = day.parse().expect("a date");
        let mut view = self.store.read().await.expect("a view");
        let bands = view.debtors(day, &[0, 30, 60, 90], None).await.expect("debtors");
        bands
            .into_iter()
            .map(|band| (format!("band {}", band.band), band.count, band.amount.to_string()))
            .collect()
    }

    async fn batches(&self) -> usize {
        self.store
            .read()
            .await
            .expect("a view")
            .batches(None, 100)
            .await
            .expect("batches")
            .len()
    }
}

fn ledger() -> ImportPlan {
    let plan = ImportPlan::canonical(SourceId::new("sap"), Entity::Ledger, Format::Csv);
    at(plan, "2026-09-29T20:00:00Z")
}

fn at(mut plan: ImportPlan, instant: &str) -> ImportPlan {
    plan.extracted_at = Some(instant.parse().expect("an instant"));
    plan
}

fn row(document: &str, amount: &str, cleared: &str) -> String {
    format!("1000,{document},2026,1,0000012345,{amount},GBP,2026-09-01,2026-09-10,{cleared}\n")
}

fn file_of(rows: &[String]) -> String {
    format!("{HEADER}{}", rows.concat())
}

/// Enough good rows that one bad one stays below the threshold.
fn many(count: usize) -> String {
    (0..count).map(|n| row(&format!("D{n}"), "1.00", "")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_imported_once_and_the_same_file_again_changes_nothing() {
    each_engine(async |store| {
        let bench = Bench::new(store);
        let path = bench.file(
            "ledger.csv",
            file_of(&[
                row("D1", "10.50", ""),
                row("D2", "-2", ""),
                row("D3", "7", "2026-09-12"),
            ]),
        );
        let report = bench.import(&ledger(), &path).await;
        assert_eq!((report.status, report.reason.clone()), (Status::Imported, None));
        assert_eq!((report.rows, report.accepted, report.inserted), (3, 3, 3));
        let open = bench.open_total("2026-09-30").await;
        assert_eq!(open, [("band 1".to_owned(), 2, "GBP 8.50".to_owned())]);

        let again = bench.import(&ledger(), &path).await;
        assert_eq!(again.status, Status::Unchanged);
        assert_eq!(
            (again.rows, again.accepted, again.sha256),
            (report.rows, report.accepted, report.sha256)
        );
        assert_eq!(again.control_totals, report.control_totals);
        assert_eq!(
            (bench.open_total("2026-09-30").await, bench.batches().await),
            (open, 1)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_of_a_newer_extraction_changes_no_figure_but_its_as_of() {
    each_engine(async |store| {
        let bench = Bench::new(store);
        let path = bench.file("ledger.csv", file_of(&[row("D1", "10.50", "")]));
        bench.import(&ledger(), &path).await;
        let newer = at(ledger(), "2026-09-30T07:00:00Z");
        let report = bench.import(&newer, &path).await;
        assert_eq!(
            (report.status, report.inserted, report.updated),
            (Status::Unchanged, 0, 0)
        );
        let heads = bench.store.read().await.unwrap().feed_heads().await.unwrap();
        assert_eq!(heads[0].extracted_at.to_rfc3339(), "2026-09-30T07:00:00+00:00");
        assert_eq!(bench.open_total("2026-09-30").await[0].2, "GBP 10.50");
        bench.import(&newer, &path).await;
        bench.import(&ledger(), &path).await;
        let mut copied = ledger();
        copied.extracted_at = None;
        assert_eq!(bench.import(&copied, &path).await.status, Status::Unchanged);
        assert_eq!(
            bench.batches().await,
            2,
            "nobody says that a copy was extracted again"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_for_programs_has_the_names_of_the_contract() {
    each_engine(async |store| {
        let bench = Bench::new(store);
        let path = bench.file("ledger.csv", file_of(&[many(300), row("D 0", "1", "")]));
        let report = bench.import(&ledger(), &path).await;
        let json = serde_json::to_value(&report).unwrap();
        let names: Vec<&String> = json.as_object().unwrap().keys().take(8).collect();
        assert_eq!(
            names,
            ["path", "sha256", "status", "reason", "rows", "accepted", "quarantined", "control_totals"]
        );
        assert_eq!(json["status"], "imported");
        assert_eq!((&json["rows"], &json["accepted"]), (&301.into(), &300.into()));
        assert_eq!(
            json["quarantined"],
            serde_json::json!([{ "line": 302, "column": "document", "reason": "has a blank inside an identifier" }])
        );
        assert_eq!(
            json["control_totals"],
            serde_json::json!({ "rows": 301, "sums": { "amount": { "GBP": "301.00" } } })
        );
        assert_eq!(report.sha256.unwrap().len(), 64);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_file_shows_nothing_keeps_its_bytes_and_leaves_what_was_there() {
    each_engine(async |store| {
        let bench = Bench::new(store);
        let good = bench.file("good.csv", file_of(&[row("D1", "10", "")]));
        bench.import(&ledger(), &good).await;
        let before = bench.open_total("2026-09-30").await;
        let bad_row = row("D3", "ten", "");
        let too_many = bench.file("bad.csv", file_of(&[row("D1", "99", ""), row("D2", "5", ""), bad_row]));
        let report = bench.import(&at(ledger(), "2026-09-30T08:00:00Z"), &too_many).await;
        assert_eq!(
            report.reason.as_deref(),
            Some("1 of 3 rows are bad, more than the 0.5% that this feed allows. The first: line 4, amount: \"ten\" is not an amount.")
        );
        assert_eq!((report.status, report.rows, report.accepted), (Status::Rejected, 3, 0));
        assert_eq!(bench.open_total("2026-09-30").await, before);
        let sha256 = report.sha256.unwrap();
        let mut view = bench.store.read().await.unwrap();
        let raw = view.raw_file(&sha256).await.unwrap().unwrap();
        let piece = view.raw_piece(raw.id, 0).await.unwrap().unwrap();
        assert_eq!(piece, fs::read(&too_many).unwrap());
        let batch = view.batch(report.batch.unwrap()).await.unwrap().unwrap();
        assert_eq!((batch.status.as_str(), batch.rows, batch.accepted), ("rejected", 3, 0));
        assert_eq!(view.quarantine_of(batch.id).await.unwrap().len(), 1);
        drop(view);
        let again = bench.import(&at(ledger(), "2026-09-30T08:00:00Z"), &too_many).await;
        assert_eq!(again.status, Status::Rejected, "a rejected file is looked at again");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_that_shows_at_the_end_rejects_what_was_already_staged() {
    each_engine(async |store| {
        let bench = Bench::new(store);
        let lost = row("D9999", "1", "").replace("0000012345", "12345");
        let path = bench.file("ledger.csv", file_of(&[many(5_000), lost]));
        let report = bench.import(&ledger(), &path).await;
        assert!(
            report
                .reason
                .as_deref()
                .unwrap_or_default()
                .contains("taken the leading zeros away"),
            "{report:?}"
        );
        assert!(bench.open_total("2026-09-30").await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn control_totals_beside_the_file_must_tie() {
    each_engine(async |store| {
        let bench = Bench::new(store);
        let path = bench.file(
            "ledger.csv",
            file_of(&[row("D1", "10.50", ""), row("D2", "-2", "")]),
        );
        let sidecar = sidecar_of(&path);
        fs::write(&sidecar, r#"{"rows":2,"sums":{"amount":{"GBP":"8.51"}}}"#).unwrap();
        let report = bench.import(&ledger(), &path).await;
        assert_eq!(
            report.reason.as_deref(),
            Some("The control totals do not tie. amount in GBP should add up to 8.51 and adds up to 8.50.")
        );
        fs::write(&sidecar, r#"{"row":2}"#).unwrap();
        let report = bench.import(&ledger(), &path).await;
        assert!(
            report
                .reason
                .unwrap()
                .contains("The control totals cannot be read")
        );
        fs::write(&sidecar, r#"{"rows":2,"sums":{"amount":{"GBP":"8.50"}}}"#).unwrap();
        assert_eq!(bench.import(&ledger(), &path).await.status, Status::Imported);

        let told = ledger().expecting(Expected {
            rows: Some(3),
            ..Expected::default()
        });
        let other = bench.file("other.csv", file_of(&[row("D3", "1", "")]));
        assert_eq!(
            bench.import(&told, &other).await.reason.unwrap(),
            "The control totals do not tie. The file should hold 3 rows and holds 1."
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_with_two_contents_in_one_file_is_quarantined_and_a_repeated_row_is_only_counted() {
    each_engine(async |store| {
        let bench = Bench::new(store);
        let same = row("D1", "1.00", "");
        let path = bench.file("ledger.csv", file_of(&[many(400), same, row("D2", "5.00", "")]));
        let report = bench.import(&ledger(), &path).await;
        assert_eq!(report.status, Status::Imported, "{:?}", report.reason);
        assert_eq!(
            (report.rows, report.duplicates, report.quarantined_rows),
            (402, 1, 1)
        );
        assert_eq!(report.accepted, 401);
        assert!(
            report.quarantined[0]
                .reason
                .contains("the same key with other content"),
            "{report:?}"
        );
        let counted: i64 = bench
            .open_total("2026-09-30")
            .await
            .iter()
            .map(|band| band.1)
            .sum();
        assert_eq!(counted, 400);
        let again = bench.import(&ledger(), &path).await;
        assert_eq!(
            (again.status, again.accepted, again.quarantined_rows),
            (Status::Unchanged, 401, 1)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_complete_file_lets_items_leave_and_an_empty_one_does_not() {
    each_engine(async |store| {
        let bench = Bench::new(store);
        let both = bench.file("a.csv", file_of(&[row("D1", "1", ""), row("D2", "2", "")]));
        bench.import(&ledger(), &both).await;
        let one = bench.file("b.csv", file_of(&[row("D1", "1", "")]));
        let newer = at(ledger(), "2026-09-30T08:00:00Z");
        assert_eq!(bench.import(&newer, &one).await.gone, 0);
        assert_eq!(bench.open_total("2026-09-30").await[0].1, 2);
        let report = bench.import(&newer.clone().complete(true), &one).await;
        assert_eq!(
            (report.status, report.gone),
            (Status::Imported, 1),
            "the same bytes mean more when they are complete"
        );
        assert_eq!(bench.open_total("2026-09-30").await[0].1, 1);
        let none = bench.file("c.csv", HEADER);
        let report = bench
            .import(&at(ledger(), "2026-09-30T08:30:00Z").complete(true), &none)
            .await;
        assert!(
            report
                .reason
                .unwrap()
                .starts_with("A complete snapshot without a single row")
        );
        assert_eq!(bench.open_total("2026-09-30").await[0].1, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_s_own_time_is_its_extraction_unless_it_lies_in_the_future() {
    each_engine(async |store| {
        let bench = Bench::new(store);
        let path = bench.file("ledger.csv", file_of(&[row("D1", "1", "")]));
        let yesterday = std::time::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(yesterday)
            .unwrap();
        let mut plan = ledger();
        plan.extracted_at = None;
        let report = bench.import(&plan, &path).await;
        assert_eq!(report.extracted_at, DateTime::from_timestamp(1_790_000_000, 0));
        let later = bench.file("later.csv", file_of(&[row("D2", "1", "")]));
        let report = bench.import(&at(ledger(), "2030-01-01T00:00:00Z"), &later).await;
        assert_eq!(
            report.extracted_at,
            Some(hammerdesk_domain::clock::Clock::now(&bench.clock))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_dropped_half_way_leaves_nothing_and_can_be_repeated() {
    each_engine(async |store| {
        let bench = Bench::new(store);
        let path = bench.file("ledger.csv", file_of(&[many(30_000)]));
        let plan = ledger();
        let (half_way, mut reached) = tokio::sync::mpsc::unbounded_channel();
        {
            let import = import_file(
                &bench.store,
                &plan,
                &path,
                |progress: Progress| half_way.send(progress).expect("somebody listens"),
                &bench.clock,
            );
            tokio::select! {
                report = import => panic!("it ended: {:?}", report.map(|report| report.status)),
                progress = reached.recv() => assert!(progress.is_some_and(|at| at.rows < 30_000 && at.of_bytes > 1_000_000)),
            }
        }
        assert!(bench.open_total("2026-09-30").await.is_empty());
        assert_eq!(bench.batches().await, 0);
        let report = bench.import(&plan, &path).await;
        assert_eq!((report.status, report.accepted), (Status::Imported, 30_000));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_there_or_is_no_file_is_a_sentence() {
    each_engine(async |store| {
        let bench = Bench::new(store);
        let report = bench
            .import(&ledger(), &bench.folder.path().join("none.csv"))
            .await;
        assert!(report.reason.unwrap().starts_with("The file cannot be read: "));
        let report = bench.import(&ledger(), bench.folder.path()).await;
        assert!(report.is_rejected() && report.sha256.is_none());
        assert_eq!(bench.batches().await, 0);
        let error = ImportPlan::by_name(SourceId::new("sap"), Path::new("open-items.csv")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("The name of open-items.csv does not tell what it holds."),
            "{error}"
        );
        let error = ImportPlan::mapped(None, Path::new("none.toml")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("The mapping none.toml cannot be read"),
            "{error}"
        );
    })
    .await;
}

/// The drop folder of a feed.
fn dropped(bench: &Bench) -> DropFolder {
    DropFolder::new(SourceId::new("sap"), bench.folder.path().to_owned(), None, false)
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_file_is_taken_once_it_rests_and_moves_away_beside_its_reports() {
    each_engine(async |store| {
        let bench = Bench::new(store);
        let mut folder = dropped(&bench);
        let content = file_of(&[row("D1", "10.50", "")]);
        let path = bench.file("ledger-1.csv", &content[..20]);
        assert!(
            folder.step(&bench.store, &bench.clock).await.is_empty(),
            "seen for the first time"
        );
        fs::write(&path, &content).unwrap();
        assert!(
            folder.step(&bench.store, &bench.clock).await.is_empty(),
            "it grew since"
        );
        let reports = folder.step(&bench.store, &bench.clock).await;
        assert_eq!(
            reports.iter().map(|report| report.status).collect::<Vec<_>>(),
            [Status::Imported]
        );
        let done = bench.folder.path().join("done");
        assert_eq!(
            names(&done),
            [
                "ledger-1.csv",
                "ledger-1.csv.report.json",
                "ledger-1.csv.report.txt"
            ]
        );
        assert!(!path.exists());
        let text = fs::read_to_string(done.join("ledger-1.csv.report.txt")).unwrap();
        assert!(
            text.contains("1 rows: 1 accepted, 0 in quarantine") && text.contains("sum of amount: GBP 10.50"),
            "{text}"
        );
        let json: serde_json::Value =
            serde_json::from_slice(&fs::read(done.join("ledger-1.csv.report.json")).unwrap()).unwrap();
        assert_eq!(json["status"], "imported");
        assert!(folder.step(&bench.store, &bench.clock).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_goes_to_rejected_a_second_one_of_its_name_beside_it_and_the_good_one_is_not_held_up() {
    each_engine(async |store| {
        let bench = Bench::new(store);
        let mut folder = dropped(&bench);
        for _ in 0..2 {
            bench.file("ledger-bad.csv", "entity,amont\n");
            bench.file("ledger-bad.csv.totals.json", "{}");
            bench.file("unknown.csv", "a,b\n");
            bench.file("ledger-good.csv", file_of(&[row("D1", "1", "")]));
            bench.file(".hidden.csv", "x");
            bench.file("ledger-2.csv.part", "x");
            folder.step(&bench.store, &bench.clock).await;
            let reports = folder.step(&bench.store, &bench.clock).await;
            assert_eq!(reports.len(), 3);
        }
        let rejected = names(&bench.folder.path().join("rejected"));
        assert_eq!(
            rejected
                .iter()
                .filter(|name| name.ends_with(".csv"))
                .collect::<Vec<_>>(),
            [
                "ledger-bad-2.csv",
                "ledger-bad.csv",
                "unknown-2.csv",
                "unknown.csv"
            ]
        );
        assert!(
            rejected.contains(&"ledger-bad-2.csv.totals.json".to_owned()),
            "{rejected:?}"
        );
        let report =
            fs::read_to_string(bench.folder.path().join("rejected/ledger-bad.csv.report.txt")).unwrap();
        assert!(report.contains("did you mean \"amount\"?"), "{report}");
        let done = names(&bench.folder.path().join("done"));
        assert_eq!(
            done.iter().filter(|name| name.ends_with(".csv")).count(),
            2,
            "the same file again is done too: {done:?}"
        );
        assert_eq!(
            names(bench.folder.path()),
            [".hidden.csv", "done", "ledger-2.csv.part", "rejected"]
        );
        assert_eq!(bench.open_total("2026-09-30").await[0].1, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_stops_when_it_is_told_to_and_a_missing_folder_troubles_nobody() {
    each_engine(async |store| {
        let bench = Bench::new(store);
        let missing = DropFolder::new(
            SourceId::new("stripe"),
            bench.folder.path().join("none"),
            None,
            false,
        );
        bench.file("ledger-1.csv", file_of(&[row("D1", "1", "")]));
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let clock = Arc::new(ManualClock::at(DateTime::UNIX_EPOCH + TimeDelta::days(20_000)));
        let folders = vec![missing, dropped(&bench)];
        let (told, mut reports) = tokio::sync::mpsc::unbounded_channel();
        let tell = move |report: &FileReport| told.send(report.status).expect("the test listens");
        let watching = tokio::spawn(hammerdesk::engine::watch(
            folders,
            bench.store.clone(),
            clock,
            Duration::from_millis(5),
            stopped,
            tell,
        ));
        assert_eq!(reports.recv().await, Some(Status::Imported));
        assert!(bench.folder.path().join("done/ledger-1.csv").exists());
        stop.send(true).unwrap();
        watching.await.unwrap();
    })
    .await;
}

/// The folder of real exports, which are nobody's to hand on.
fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("HAMMERDESK_CORPUS").map(PathBuf::from);
    if folder.is_none() {
        let line = "not run: the import of the receivables sample, because HAMMERDESK_CORPUS names no folder of real exports";
        writeln!(std::io::stderr(), "{line}").expect("standard error is there");
    }
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receivables_sample_ties_to_the_cent_and_its_copy_with_gaps_changes_nothing() {
    let Some(corpus) = corpus() else {
        return;
    };
    each_engine(async |store| {
        let bench = Bench::new(store);
        let mapping = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/mappings/ibm-receivables.toml");
        let plan = ImportPlan::mapped(None, &mapping).unwrap();
        let whole = corpus.join("invoices/ibm/WA_Fn-UseC_-Accounts-Receivable.csv");
        let report = bench.import(&plan, &whole).await;
        assert_eq!(
            (report.status, report.rows, report.accepted),
            (Status::Imported, 2_466, 2_466),
            "{:?}",
            report.reason
        );
        assert_eq!(report.control_totals["sums"]["amount"]["USD"], "147703.18");
        let debtors = bench.open_total("2013-09-30").await;
        assert_eq!(
            debtors,
            [
                ("band 0".to_owned(), 81, "USD 4,563.74".to_owned()),
                ("band 1".to_owned(), 7, "USD 465.48".to_owned())
            ]
        );
        assert_eq!(bench.import(&plan, &whole).await.status, Status::Unchanged);

        let gaps = corpus.join("invoices/ibm/WA_Fn-UseC_-Accounts-Receivable_with_missing.csv");
        let report = bench.import(&plan, &gaps).await;
        assert_eq!(
            (report.status, report.rows, report.accepted),
            (Status::Imported, 2_586, 2_466),
            "{:?}",
            report.reason
        );
        assert_eq!(report.quarantined.len(), 120);
        assert!(
            report.quarantined.iter().all(|bad| bad.column == "PaperlessDate"
                && bad.reason == "PaperlessDate and PaperlessBill are blank")
        );
        assert_eq!((report.inserted, report.updated, report.unchanged), (0, 0, 2_466));
        assert_eq!(bench.open_total("2013-09-30").await, debtors);
    })
    .await;
}
