//! Imports: a file becomes visible as a whole, or not at all and somebody learns why.
//!
//! [`import_file`] keeps the bytes first, knows a file that came before by its SHA-256, reads on a thread
//! of its own into a channel of bounded length (so memory stays flat however long the file is), holds the
//! threshold and the control totals against what it read, and only then lets the store show it. Its future
//! may be dropped at any moment, as on Ctrl-C: what is not finished leaves nothing behind.

mod plan;
mod report;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use chrono::{DateTime, SubsecRound, Utc};
use hammerdesk_domain::clock::Clock;
use hammerdesk_feeds::{FeedError, Fingerprint, Item, Profile, Reader, Totals};
use hammerdesk_store::{Batch, Line, Load, Loader, NewBatch, Store, StoreError, Summary};
use serde_json::json;
use tokio::sync::mpsc;

pub use plan::{ImportPlan, sidecar_of};
pub use report::{FileReport, Quarantined, Status};

/// Rows that travel together.
const BUNDLE: usize = 2_000;
/// Bundles that may wait for the store.
const WAITING: usize = 4;
/// Bytes that are read at once.
const PIECE: usize = 1 << 20;
/// Entries of the quarantine that are kept and shown; the rest is counted.
pub const MOST_QUARANTINED: usize = 10_000;

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Rows that the store holds ready.
    pub rows: u64,
    /// Bytes of the file read.
    pub bytes: u64,
    /// Bytes of the file in all.
    pub of_bytes: u64,
}

/// The clocks and the length of a file, by which a change while reading shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Look {
    fn at(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        Ok(Self {
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }
}

/// Imports one file. An error is the store's; whatever is wrong with the file is in the report.
pub async fn import_file(
    store: &Store,
    plan: &ImportPlan,
    path: &Path,
    mut progress: impl FnMut(Progress),
    clock: &dyn Clock,
) -> Result<FileReport, StoreError> {
    let mut report = FileReport::new(path, plan);
    let (file, look, sha256) = match fingerprint(path.to_owned()).await {
        Ok(read) => read,
        Err(error) => {
            report.reject(format!("The file cannot be read: {error}."));
            return Ok(report);
        }
    };
    report.sha256 = Some(sha256.clone());
    let now = clock.now();
    let extracted_at = plan
        .extracted_at
        .or(look.modified.map(DateTime::<Utc>::from))
        .unwrap_or(now);
    let extracted_at = extracted_at.min(now).trunc_subsecs(6);
    report.extracted_at = Some(extracted_at);
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let file = match keep(store, file, &sha256, &name, now).await? {
        Ok(file) => file,
        Err(error) => {
            report.reject(format!("The file cannot be read: {error}."));
            return Ok(report);
        }
    };
    let batch = NewBatch {
        source: plan.source.clone(),
        entity: plan.profile.entity,
        file_name: name,
        sha256,
        mapping: plan.identity(),
        extracted_at,
        complete: plan.profile.complete,
        at: now,
    };
    let (mut loader, batch, before) = match begin(store, batch, plan).await? {
        Begun::Open {
            loader,
            batch,
            before,
        } => (loader, batch, before),
        Begun::Unchanged(before) => {
            let quarantined = store.read().await?.quarantine_of(before.id).await?;
            report.unchanged(&before, quarantined);
            return Ok(report);
        }
    };
    let profile = match plan.with_sidecar(path) {
        Ok(profile) => profile,
        Err(sentence) => {
            report.reject(sentence);
            return refuse(store, batch, report, clock).await;
        }
    };
    let ending = stage(&mut loader, file, look, &profile, &mut progress).await?;
    report.read(&ending);
    if let Err(error) = &ending.verdict {
        loader.abandon().await;
        report.reject(error.to_string());
        return refuse(store, batch, report, clock).await;
    }
    let checked = loader.check().await?;
    let mut totals = ending.totals;
    totals.quarantined += checked.contradictions.len() as u64;
    totals.accepted = totals
        .accepted
        .saturating_sub(checked.contradictions.len() as u64);
    report.add_contradictions(&checked.contradictions);
    if let Err(error) = profile.judge(&totals) {
        loader.abandon().await;
        report.reject(error.to_string());
        return refuse(store, batch, report, clock).await;
    }
    let summary = Summary {
        rows: totals.rows,
        quarantined: ending.quarantined.into_iter().map(report::for_store).collect(),
        control_totals: report.control_totals.clone(),
        at: clock.now(),
    };
    let loaded = loader.finish(summary).await?;
    report.imported(&totals, &loaded);
    if before.is_some() {
        report.status = Status::Unchanged;
    }
    Ok(report)
}

/// What an import begins with.
enum Begun {
    /// The same file was imported before, and nobody says that its data was extracted again.
    Unchanged(Box<Batch>),
    /// Ready for rows; `before` is the same file of an earlier extraction.
    Open {
        loader: Box<Loader>,
        batch: NewBatch,
        before: Option<Box<Batch>>,
    },
}

/// Begins to load. A file that was imported before is loaded once more if it is said to be of a newer
/// extraction: its rows change nothing, but they are known to stand at a later time. The file's own time
/// does not say so, because a copy has a new one.
async fn begin(store: &Store, batch: NewBatch, plan: &ImportPlan) -> Result<Begun, StoreError> {
    let before = match store.begin_load(batch.clone()).await? {
        Load::Open(loader) => {
            return Ok(Begun::Open {
                loader,
                batch,
                before: None,
            });
        }
        Load::Unchanged(before) => before,
    };
    if plan.extracted_at.is_none() || batch.extracted_at <= before.extracted_at {
        return Ok(Begun::Unchanged(before));
    }
    let identity = batch.mapping.as_deref().unwrap_or("canonical");
    let again = NewBatch {
        mapping: Some(format!(
            "{identity}, extracted {}",
            batch.extracted_at.to_rfc3339()
        )),
        ..batch
    };
    Ok(match store.begin_load(again.clone()).await? {
        Load::Open(loader) => Begun::Open {
            loader,
            batch: again,
            before: Some(before),
        },
        Load::Unchanged(before) => Begun::Unchanged(before),
    })
}

/// Notes the refusal beside the raw bytes.
async fn refuse(
    store: &Store,
    batch: NewBatch,
    mut report: FileReport,
    clock: &dyn Clock,
) -> Result<FileReport, StoreError> {
    let summary = Summary {
        rows: report.rows,
        quarantined: report
            .quarantined
            .iter()
            .cloned()
            .map(report::for_store)
            .collect(),
        control_totals: report.control_totals.clone(),
        at: clock.now(),
    };
    let reason = report.reason.clone().unwrap_or_default();
    report.batch = Some(store.record_rejected(batch, &reason, &summary).await?);
    Ok(report)
}

/// Opens the file and makes its SHA-256, on a thread that may wait.
async fn fingerprint(path: PathBuf) -> io::Result<(File, Look, String)> {
    let made = tokio::task::spawn_blocking(move || {
        let mut file = File::open(path)?;
        let look = Look::at(&file)?;
        let mut made = Fingerprint::default();
        let mut piece = vec![0; PIECE];
        loop {
            match file.read(&mut piece)? {
                0 => break,
                read => made.add(&piece[..read]),
            }
        }
        file.seek(SeekFrom::Start(0))?;
        Ok((file, look, made.hex()))
    });
    made.await.map_err(io::Error::other)?
}

/// Keeps the bytes, unless the store has them.
async fn keep(
    store: &Store,
    file: File,
    sha256: &str,
    name: &str,
    now: DateTime<Utc>,
) -> Result<io::Result<File>, StoreError> {
    if store.read().await?.raw_file(sha256).await?.is_some() {
        return Ok(Ok(file));
    }
    let mut raw = store.begin_raw(name, now).await?;
    let mut kept = Fingerprint::default();
    let mut file = file;
    loop {
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = Vec::with_capacity(PIECE);
            let wanted = u64::try_from(PIECE).unwrap_or(u64::MAX);
            let read = file.by_ref().take(wanted).read_to_end(&mut piece);
            (file, read.map(|_| piece))
        });
        let piece = match read.await {
            Ok((back, Ok(piece))) => {
                file = back;
                piece
            }
            Ok((_, Err(error))) => return Ok(Err(error)),
            Err(error) => return Ok(Err(io::Error::other(error))),
        };
        if piece.is_empty() {
            break;
        }
        kept.add(&piece);
        raw.write(&piece).await?;
    }
    if kept.hex() != sha256 {
        return Ok(Err(io::Error::other(
            "it changed while it was being read; wait until it is complete",
        )));
    }
    raw.finish(sha256).await?;
    Ok(file.seek(SeekFrom::Start(0)).map(|_| file))
}

/// What the reading thread sends.
enum Sent {
    Rows(Vec<Line>),
    End(Box<Ending>),
}

/// What is known when the file is read.
pub(crate) struct Ending {
    pub(crate) totals: Totals,
    pub(crate) quarantined: Vec<Quarantined>,
    pub(crate) verdict: Result<(), FeedError>,
}

/// Reads the file into the loader's staging.
async fn stage(
    loader: &mut Loader,
    file: File,
    look: Look,
    profile: &Profile,
    progress: &mut impl FnMut(Progress),
) -> Result<Ending, StoreError> {
    let (sender, mut receiver) = mpsc::channel(WAITING);
    let bytes = Arc::new(AtomicU64::new(0));
    let (read_bytes, profile) = (Arc::clone(&bytes), profile.clone());
    let reading = tokio::task::spawn_blocking(move || read_rows(file, look, &profile, &sender, &read_bytes));
    let mut rows = 0;
    while let Some(sent) = receiver.recv().await {
        match sent {
            Sent::Rows(lines) => {
                rows += lines.len() as u64;
                loader.rows(lines).await?;
                progress(Progress {
                    rows,
                    bytes: bytes.load(Ordering::Relaxed).min(look.bytes),
                    of_bytes: look.bytes,
                });
            }
            Sent::End(ending) => return Ok(*ending),
        }
    }
    let why = reading
        .await
        .err()
        .map_or_else(|| "it ended early".to_owned(), |error| error.to_string());
    let verdict = Err(FeedError::Io(io::Error::other(why)));
    Ok(Ending {
        totals: Totals::default(),
        quarantined: Vec::new(),
        verdict,
    })
}

/// On its own thread: reads until the end, or until nobody listens any more.
fn read_rows(file: File, look: Look, profile: &Profile, to: &mpsc::Sender<Sent>, bytes: &AtomicU64) {
    let mut ending = Ending {
        totals: Totals::default(),
        quarantined: Vec::new(),
        verdict: Ok(()),
    };
    ending.verdict = read_into(file, look, profile, to, bytes, &mut ending);
    drop(to.blocking_send(Sent::End(Box::new(ending))));
}

fn read_into(
    file: File,
    look: Look,
    profile: &Profile,
    to: &mpsc::Sender<Sent>,
    bytes: &AtomicU64,
    ending: &mut Ending,
) -> Result<(), FeedError> {
    let again = file.try_clone().map_err(FeedError::Io)?;
    let mut reader = Reader::new(Box::new(file), profile)?;
    let read = reader.bytes_read();
    let mut lines = Vec::with_capacity(BUNDLE);
    let verdict = loop {
        match reader.next_item() {
            Ok(Some(Item::Record { line, record })) => {
                lines.push(Line { line, record });
                if lines.len() == BUNDLE {
                    bytes.store(read.load(Ordering::Relaxed), Ordering::Relaxed);
                    let full = std::mem::replace(&mut lines, Vec::with_capacity(BUNDLE));
                    if to.blocking_send(Sent::Rows(full)).is_err() {
                        break Ok(());
                    }
                }
            }
            Ok(Some(Item::Bad(bad))) => {
                if ending.quarantined.len() < MOST_QUARANTINED {
                    ending.quarantined.push(bad);
                }
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    ending.totals = reader.totals().clone();
    verdict?;
    bytes.store(read.load(Ordering::Relaxed), Ordering::Relaxed);
    if !lines.is_empty() {
        drop(to.blocking_send(Sent::Rows(lines)));
    }
    if Look::at(&again).map_err(FeedError::Io)? != look {
        return Err(FeedError::Refused(
            "The file changed while it was being read. Import it again when it is complete.".to_owned(),
        ));
    }
    Ok(())
}

/// Control totals for reports and for the batch.
pub(crate) fn control_totals(totals: &Totals) -> serde_json::Value {
    json!({ "rows": totals.rows, "sums": totals.sums_text() })
}
