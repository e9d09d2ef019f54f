//! Drop folders: a file that somebody puts there is imported while the service runs.
//!
//! A file is taken when two looks in a row found it with the same length and time, so that one that is
//! still being written is left alone. It then moves to `done/` or `rejected/` beside a report for programs
//! and one for people. Nothing is ever overwritten. A store that cannot be reached leaves the file where
//! it is, for the next look; one folder's trouble does not touch another's.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::ids::SourceId;
use hammerdesk_store::Store;
use tokio::sync::watch::Receiver;

use crate::import::{FileReport, ImportPlan, import_file, sidecar_of};

/// Endings of files that somebody is still writing.
const PARTIAL: &[&str] = &["tmp", "part", "partial", "crdownload", "filepart", "swp"];

/// The folder of one feed.
#[derive(Debug)]
pub struct DropFolder {
    source: SourceId,
    folder: PathBuf,
    mapping: Option<PathBuf>,
    is_complete: bool,
    seen: BTreeMap<PathBuf, Look>,
    /// Files that were dealt with and could not be moved away.
    stuck: BTreeMap<PathBuf, Look>,
}

/// A file as one look found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl DropFolder {
    /// The folder of a feed; its files are canonical and named after their entity unless there is a mapping.
    pub fn new(source: SourceId, folder: PathBuf, mapping: Option<PathBuf>, is_complete: bool) -> Self {
        Self {
            source,
            folder,
            mapping,
            is_complete,
            seen: BTreeMap::new(),
            stuck: BTreeMap::new(),
        }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// One look: imports what has come to rest since the last one.
    pub async fn step(&mut self, store: &Store, clock: &dyn Clock) -> Vec<FileReport> {
        let found = match self.listing() {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(feed = %self.source, folder = %self.folder.display(), %error, "the drop folder cannot be read");
                return Vec::new();
            }
        };
        self.stuck.retain(|path, look| found.get(path) == Some(look));
        let rested: Vec<PathBuf> = found
            .iter()
            .filter(|(path, look)| self.seen.get(*path) == Some(look) && !self.stuck.contains_key(*path))
            .map(|(path, _)| path.clone())
            .collect();
        let mut reports = Vec::new();
        for path in rested {
            let report = match self.take(&path, store, clock).await {
                Ok(report) => report,
                Err(error) => {
                    tracing::error!(feed = %self.source, file = %path.display(), %error, "the file waits for the store");
                    continue;
                }
            };
            tracing::info!(feed = %self.source, file = %path.display(), status = ?report.status, rows = report.rows, "a dropped file was dealt with");
            if let Err(error) = self.put_away(&path, &report) {
                tracing::error!(feed = %self.source, file = %path.display(), %error, "the file cannot be moved away; move it by hand");
                if let Some(look) = found.get(&path) {
                    self.stuck.insert(path.clone(), *look);
                }
            }
            reports.push(report);
        }
        self.seen = found;
        reports
    }

    async fn take(
        &self,
        path: &Path,
        store: &Store,
        clock: &dyn Clock,
    ) -> Result<FileReport, hammerdesk_store::StoreError> {
        let plan = match &self.mapping {
            Some(mapping) => ImportPlan::mapped(Some(self.source.clone()), mapping),
            None => ImportPlan::by_name(self.source.clone(), path),
        };
        match plan {
            Ok(plan) => import_file(store, &plan.complete(self.is_complete), path, |_| {}, clock).await,
            Err(error) => Ok(FileReport::refused(path, self.source.as_str(), error.to_string())),
        }
    }

    /// The files that may be ours, in the order of their names.
    fn listing(&self) -> io::Result<BTreeMap<PathBuf, Look>> {
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_file() && is_ours(&entry.path()) {
                found.insert(
                    entry.path(),
                    Look {
                        bytes: metadata.len(),
                        modified: metadata.modified().ok(),
                    },
                );
            }
        }
        Ok(found)
    }

    /// Moves the file and its control totals, and writes the reports beside it. The reports come first: a
    /// file that has moved has them.
    fn put_away(&self, path: &Path, report: &FileReport) -> io::Result<()> {
        let folder = self
            .folder
            .join(if report.is_rejected() { "rejected" } else { "done" });
        fs::create_dir_all(&folder)?;
        let name = path.file_name().unwrap_or_default();
        let target = free_name(&folder, name)?;
        let mut json = serde_json::to_vec_pretty(report)?;
        json.push(b'\n');
        fs::write(with_ending(&target, ".report.json"), json)?;
        fs::write(with_ending(&target, ".report.txt"), report.to_text())?;
        let totals = sidecar_of(path);
        fs::rename(path, &target)?;
        if totals.is_file() {
            fs::rename(totals, sidecar_of(&target))?;
        }
        Ok(())
    }
}

/// Not a dot file, not one that is being written, not a report or the totals of another.
fn is_ours(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    let ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default();
    !name.starts_with(['.', '~'])
        && !name.ends_with(".totals.json")
        && !PARTIAL.iter().any(|partial| ending.eq_ignore_ascii_case(partial))
}

/// A path in the folder at which nothing is yet: `ledger.csv`, else `ledger-2.csv` and so on.
fn free_name(folder: &Path, name: &std::ffi::OsStr) -> io::Result<PathBuf> {
    let first = folder.join(name);
    let stem = first.file_stem().unwrap_or_default().to_owned();
    let ending = first.extension().map(OsString::from);
    for n in 1..100_000_u32 {
        let path = if n == 1 {
            first.clone()
        } else {
            let mut name = stem.clone();
            name.push(format!("-{n}"));
            if let Some(ending) = &ending {
                name.push(".");
                name.push(ending);
            }
            folder.join(name)
        };
        let is_taken = [
            path.clone(),
            with_ending(&path, ".report.json"),
            with_ending(&path, ".report.txt"),
            sidecar_of(&path),
        ]
        .iter()
        .any(|path| path.symlink_metadata().is_ok());
        if !is_taken {
            return Ok(path);
        }
    }
    Err(io::Error::other("too many files of that name"))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

/// Looks into each folder every so often, until `stop` turns true, and tells what became of each file. A
/// folder that takes long, or fails, holds up no other.
pub async fn watch(
    folders: Vec<DropFolder>,
    store: Store,
    clock: Arc<dyn Clock>,
    every: Duration,
    stop: Receiver<bool>,
    tell: impl Fn(&FileReport) + Clone + Send + 'static,
) {
    let mut watchers = tokio::task::JoinSet::new();
    for mut folder in folders {
        let (store, clock, mut stop, tell) = (store.clone(), Arc::clone(&clock), stop.clone(), tell.clone());
        watchers.spawn(async move {
            let mut ticks = tokio::time::interval(every);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = ticks.tick() => {}
                    _ = stop.wait_for(|stop| *stop) => break,
                }
                tokio::select! {
                    reports = folder.step(&store, clock.as_ref()) => reports.iter().for_each(&tell),
                    _ = stop.wait_for(|stop| *stop) => break,
                }
            }
        });
    }
    while let Some(ended) = watchers.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "the watch of a drop folder ended");
        }
    }
}
