//! Fresh databases of both engines for tests.
//!
//! SQLite is a copy of a migrated file. PostgreSQL is the server that `HAMMERDESK_TEST_POSTGRES` names, or
//! a throw-away cluster made from the installed binaries, one for each test process; a small guard process
//! stops and removes it when the test process ends, however it ends. Where there are no binaries, the guard
//! says in one line how many tests did not run on PostgreSQL; `HAMMERDESK_REQUIRE_POSTGRES=1` makes that a
//! failure.

use std::io::Write;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

use futures_util::FutureExt;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use crate::engine::Store;

const TEMPLATE: &str = "hammerdesk_template";

/// Runs a test on a fresh database of each engine.
#[expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]
pub async fn each_engine(test: impl AsyncFn(Store)) {
    each_url(async |url| {
        let store = Store::open(&url)
            .await
            .unwrap_or_else(|error| panic!("{url}: {error}"));
        let ended = AssertUnwindSafe(test(store.clone())).catch_unwind().await;
        store.close().await;
        ended.unwrap_or_else(|panic| resume_unwind(panic));
    })
    .await;
}

/// Runs a test on the address of a fresh, migrated database of each engine.
#[expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]
pub async fn each_url(test: impl AsyncFn(String)) {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let file = folder.path().join("test.db");
    std::fs::write(&file, sqlite_template().await).expect("a copy of the migrated file");
    on_engine("SQLite", test(format!("sqlite:{}", file.display()))).await;
    if let Some(server) = server().await {
        let name = server.create(TEMPLATE).await;
        let ended = AssertUnwindSafe(on_engine("PostgreSQL", test(server.url(&name))))
            .catch_unwind()
            .await;
        server.drop(&name).await;
        ended.unwrap_or_else(|panic| resume_unwind(panic));
    }
}

/// The address of an empty database of each engine: no tables, for tests of migrations.
#[expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]
pub async fn each_empty_url(test: impl AsyncFn(String)) {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    on_engine("SQLite", test(url)).await;
    if let Some(server) = server().await {
        let name = server.create("template1").await;
        let ended = AssertUnwindSafe(on_engine("PostgreSQL", test(server.url(&name))))
            .catch_unwind()
            .await;
        server.drop(&name).await;
        ended.unwrap_or_else(|panic| resume_unwind(panic));
    }
}

/// Takes a PostgreSQL database away from everybody who is connected to it.
#[expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]
pub async fn drop_database(url: &str) {
    let options: PgConnectOptions = url.parse().expect("the address of a test database");
    let name = options.get_database().expect("its name").to_owned();
    if let Some(server) = server().await {
        server.drop(&name).await;
    }
}

/// Says on which engine a test failed.
async fn on_engine(engine: &str, test: impl Future<Output = ()>) {
    if let Err(panic) = AssertUnwindSafe(test).catch_unwind().await {
        say(&format!("this test failed on {engine}"));
        resume_unwind(panic);
    }
}

#[expect(clippy::print_stderr, reason = "it is for the person who runs the tests")]
fn say(line: &str) {
    eprintln!("{line}");
}

async fn sqlite_template() -> &'static [u8] {
    static TEMPLATE_FILE: tokio::sync::OnceCell<Vec<u8>> = tokio::sync::OnceCell::const_new();
    TEMPLATE_FILE
        .get_or_init(async || {
            let folder = tempfile::tempdir().expect("a folder for temporary files");
            let file = folder.path().join("template.db");
            let store = Store::create(&format!("sqlite:{}", file.display()))
                .await
                .expect("a migrated file");
            store.close().await;
            std::fs::read(file).expect("the migrated file")
        })
        .await
}

/// A PostgreSQL server for tests.
struct Server {
    options: PgConnectOptions,
    /// What stands between the address and the database's name, and after it.
    url: (String, String),
}

async fn server() -> Option<&'static Server> {
    static SERVER: tokio::sync::OnceCell<Option<Server>> = tokio::sync::OnceCell::const_new();
    let server = SERVER.get_or_init(async || start().await).await.as_ref();
    if server.is_none() {
        note_skipped();
    }
    server
}

#[expect(
    clippy::disallowed_methods,
    reason = "which server the tests may use is no setting of the service"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

async fn start() -> Option<Server> {
    let (before, after) = match variable("HAMMERDESK_TEST_POSTGRES") {
        Some(url) => {
            let (url, query) = url
                .split_once('?')
                .map_or((url.as_str(), String::new()), |(u, q)| (u, format!("?{q}")));
            let at = url.find("://").map_or(0, |at| at + 3);
            let end = url[at..].find('/').map_or(url.len(), |slash| at + slash);
            (format!("{}/", &url[..end]), query)
        }
        None => match own_cluster() {
            Some(socket) => (
                "postgres://hammerdesk@localhost/".to_owned(),
                format!("?host={}", socket.display()),
            ),
            None if variable("HAMMERDESK_REQUIRE_POSTGRES").is_some_and(|value| value == "1") => {
                panic!(
                    "PostgreSQL is required for these tests, and neither a server nor its binaries were found"
                )
            }
            None => return None,
        },
    };
    let options: PgConnectOptions = format!("{before}postgres{after}")
        .parse()
        .expect("an address of PostgreSQL");
    let server = Server {
        options: options.disable_statement_logging(),
        url: (before, after),
    };
    let mut admin = server.admin().await;
    // Several test processes may share one server: each makes the template it needs, one at a time.
    sqlx::raw_sql("SELECT pg_advisory_lock(7233452)")
        .execute(&mut admin)
        .await
        .expect("a lock");
    let drop = format!("DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)");
    sqlx::raw_sql(AssertSqlSafe(drop))
        .execute(&mut admin)
        .await
        .expect("no old template");
    let make = format!("CREATE DATABASE {TEMPLATE}");
    sqlx::raw_sql(AssertSqlSafe(make))
        .execute(&mut admin)
        .await
        .expect("a template");
    let store = Store::create(&server.url(TEMPLATE))
        .await
        .expect("a migrated template");
    store.close().await;
    admin.close().await.expect("the lock to be released");
    Some(server)
}

impl Server {
    fn url(&self, database: &str) -> String {
        format!("{}{database}{}", self.url.0, self.url.1)
    }

    async fn admin(&self) -> PgConnection {
        self.options
            .connect()
            .await
            .expect("a connection to the test server")
    }

    async fn create(&self, template: &str) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("hammerdesk_test_{}_{n}", std::process::id());
        let mut admin = self.admin().await;
        let make = format!("CREATE DATABASE {name} TEMPLATE {template}");
        sqlx::raw_sql("SELECT pg_advisory_lock(7233452)")
            .execute(&mut admin)
            .await
            .expect("a lock");
        sqlx::raw_sql(AssertSqlSafe(make))
            .execute(&mut admin)
            .await
            .expect("a fresh database");
        admin.close().await.expect("the lock to be released");
        name
    }

    async fn drop(&self, name: &str) {
        let mut admin = self.admin().await;
        let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        if let Err(error) = sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut admin).await {
            say(&format!("the test database {name} could not be dropped: {error}"));
        }
    }
}

/// The folder of the binaries: where PATH finds `initdb`, or Debian's newest.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).map(|folder| folder.join("initdb"));
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| {
            entries
                .flatten()
                .map(|entry| entry.path().join("bin/initdb"))
                .collect()
        })
        .unwrap_or_default();
    versions.sort();
    in_path
        .chain(versions.into_iter().rev())
        .filter_map(|initdb| initdb.canonicalize().ok())
        .filter_map(|initdb| initdb.parent().map(Path::to_path_buf))
        .find(|folder| folder.join("pg_ctl").exists())
}

/// PostgreSQL refuses to run as root: the user it drops to.
fn unprivileged() -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    ["postgres", "nobody"].iter().find_map(|wanted| {
        let line = users
            .lines()
            .find(|line| line.split(':').next() == Some(wanted))?;
        let mut ids = line.split(':').skip(2).map(|id| id.parse().ok());
        Some((ids.next()??, ids.next()??))
    })
}

/// Starts a cluster of our own and gives the folder of its socket.
fn own_cluster() -> Option<PathBuf> {
    let bin = binaries()?;
    let folder = tempfile::Builder::new()
        .prefix("hammerdesk-pg-")
        .tempdir()
        .ok()?
        .keep();
    let is_root = std::fs::metadata(&folder).ok()?.uid() == 0;
    let user = if is_root { Some(unprivileged()?) } else { None };
    if let Some((uid, gid)) = user {
        chown(&folder, Some(uid), Some(gid)).ok()?;
    }
    let as_user = |program: &Path| {
        let mut command = Command::new(program);
        command
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some((uid, gid)) = user {
            command.uid(uid).gid(gid);
        }
        command
    };
    let data = folder.join("data");
    // The guard outlives us by a moment: it sees our end of the pipe close, however we end.
    let guard = as_user(Path::new("/bin/sh"))
        .arg("-c")
        .arg("trap '' INT TERM HUP; cat; \"$1\" -D \"$2\" -m immediate stop; rm -rf \"$3\"")
        .arg("guard")
        .args([bin.join("pg_ctl"), data.clone(), folder.clone()])
        .stdin(Stdio::piped())
        .spawn()
        .ok()?;
    keep(guard.stdin?);
    let made = as_user(&bin.join("initdb"))
        .arg("-D")
        .arg(&data)
        .args([
            "-U",
            "hammerdesk",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ])
        .status()
        .is_ok_and(|status| status.success());
    assert!(
        made,
        "initdb of {} could not make a cluster for the tests",
        bin.display()
    );
    let options = format!(
        "-k {} -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
         -c max_connections=300 -c shared_buffers=64MB -c autovacuum=off",
        folder.display()
    );
    let started = as_user(&bin.join("pg_ctl"))
        .arg("-D")
        .arg(&data)
        .arg("-l")
        .arg(folder.join("log"))
        .args(["-o", &options, "-t", "60", "-w", "start"])
        .status()
        .is_ok_and(|status| status.success());
    let log = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
    assert!(started, "the cluster for the tests did not start: {}", log());
    Some(folder)
}

/// Holds the pipe open for as long as the process lives.
fn keep(pipe: ChildStdin) {
    static PIPES: Mutex<Vec<ChildStdin>> = Mutex::new(Vec::new());
    PIPES
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .push(pipe);
}

/// Counts a test that did not run on PostgreSQL; the sum is said once, when the process ends.
fn note_skipped() {
    static COUNTER: OnceLock<Option<Mutex<ChildStdin>>> = OnceLock::new();
    let counter = COUNTER.get_or_init(|| {
        let script = "n=$(wc -l); echo \"$((n)) tests did not run on PostgreSQL: no HAMMERDESK_TEST_POSTGRES and no initdb\" >&2";
        let child = Command::new("/bin/sh").args(["-c", script]).stdin(Stdio::piped()).spawn().ok()?;
        child.stdin.map(Mutex::new)
    });
    if let Some(pipe) = counter {
        let mut pipe = pipe.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if pipe.write_all(b"x\n").is_err() {
            say("a test did not run on PostgreSQL");
        }
    }
}
