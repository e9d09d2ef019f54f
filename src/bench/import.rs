//! Import beside the engine's own loader, and its memory.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::ids::SourceId;
use hammerdesk_domain::record::{Entity, Kind};
use hammerdesk_sandbox::write_ledger_csv;
use hammerdesk_store::Store;

use super::figures::{Figure, milliseconds, ratio};
use crate::cli::progress;
use crate::import::{ImportPlan, Progress, Status, import_file};

/// The import may take so many times as long as the engine's own loader, in hundredths.
const AT_MOST: u128 = 300;
/// Peak memory while importing, in KiB.
const MEMORY_KIB: u64 = 200 * 1024;

/// Imports so many canonical ledger rows, and has the engine load the same file by itself into an indexed
/// table of the same columns.
pub(super) async fn measure(
    engine: &str,
    url: &str,
    store: &Store,
    rows: u64,
    clock: &dyn Clock,
) -> anyhow::Result<Vec<Figure>> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("ledger.csv");
    write_ledger_csv(rows, clock.now().date_naive(), &file)?;
    let plan = ImportPlan::by_name(SourceId::new("bench"), &file)?;
    forget_peak();
    let before = Instant::now();
    let show = |at: Progress| progress(&format!("{engine}: {} of {rows} rows", at.rows));
    let report = import_file(store, &plan, &file, show, clock).await?;
    let ours = before.elapsed();
    let memory = peak_kib();
    progress("");
    ensure!(
        report.status == Status::Imported && report.accepted == rows,
        "the import took {} rows",
        report.accepted
    );
    let mut figures = vec![Figure {
        measure: "memory".to_owned(),
        engine: engine.to_owned(),
        measured: memory.map_or_else(
            || "cannot be read here".to_owned(),
            |kib| format!("{} MiB at most while importing", kib / 1024),
        ),
        promised: format!("under {} MiB", MEMORY_KIB / 1024),
        kept: memory.is_none_or(|kib| kib < MEMORY_KIB),
    }];
    let theirs = if engine == "sqlite" {
        sqlite_import(dir.path(), &file)?
    } else {
        copy(url, &file)?
    };
    figures.push(match theirs {
        Some(theirs) => {
            let (hundredths, times) = ratio(ours, theirs);
            Figure {
                measure: "import".to_owned(),
                engine: engine.to_owned(),
                measured: format!(
                    "{times} the engine's own loader ({} to {})",
                    milliseconds(ours),
                    milliseconds(theirs)
                ),
                promised: "at most 3x".to_owned(),
                kept: hundredths <= AT_MOST,
            }
        }
        None => Figure {
            measure: "import".to_owned(),
            engine: engine.to_owned(),
            measured: format!(
                "{} alone; sqlite3 or psql is not installed to compare with",
                milliseconds(ours)
            ),
            promised: "at most 3x".to_owned(),
            kept: true,
        },
    });
    Ok(figures)
}

/// The same columns, keyed and indexed as ours are.
fn table(types: impl Fn(Kind) -> &'static str) -> String {
    let columns: Vec<String> = Entity::Ledger
        .columns()
        .iter()
        .map(|column| format!("\"{}\" {}", column.name, types(column.kind)))
        .collect();
    format!(
        "CREATE TABLE floor ({}, PRIMARY KEY (entity, document, year, line));\n\
         CREATE INDEX floor_client ON floor (client, cleared_on);\n\
         CREATE INDEX floor_open ON floor (entity, due_on);\n",
        columns.join(", ")
    )
}

fn sqlite_import(dir: &Path, file: &Path) -> anyhow::Result<Option<Duration>> {
    let script = format!(
        "PRAGMA journal_mode = WAL;\n{}.mode csv\n.import --skip 1 \"{}\" floor\nSELECT count(*) FROM floor;\n",
        table(|kind| if matches!(kind, Kind::Int | Kind::Bool) {
            "INTEGER"
        } else {
            "TEXT"
        }),
        file.display()
    );
    timed(Command::new("sqlite3").arg(dir.join("floor.db")), &script)
}

fn copy(url: &str, file: &Path) -> anyhow::Result<Option<Duration>> {
    let script = format!(
        "{}\\copy floor FROM '{}' WITH (FORMAT csv, HEADER true)\n",
        table(|kind| match kind {
            Kind::Int => "BIGINT",
            Kind::Money(_) => "NUMERIC",
            Kind::Date => "DATE",
            _ => "TEXT",
        }),
        file.display()
    );
    timed(
        Command::new("psql").args(["--quiet", "--set", "ON_ERROR_STOP=1", url]),
        &script,
    )
}

/// How long a program takes over a script; `None` where the program is not installed.
fn timed(command: &mut Command, script: &str) -> anyhow::Result<Option<Duration>> {
    use std::io::Write as _;
    let started = Instant::now();
    let mut child = match command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).context("starting the engine's own loader"),
    };
    child
        .stdin
        .take()
        .context("no way in")?
        .write_all(script.as_bytes())?;
    if !child.wait()?.success() {
        bail!("the engine's own loader failed");
    }
    Ok(Some(started.elapsed()))
}

/// Lets the kernel forget the peak so far, where it can.
fn forget_peak() {
    drop(std::fs::write("/proc/self/clear_refs", "5"));
}

fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").trim().parse().ok()
}
