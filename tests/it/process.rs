//! The binary as a process of its own, over a store of its own, and another program that holds its file.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use hammerdesk_domain::clock::{Clock, SystemClock};
use hammerdesk_domain::ids::new_id;
use hammerdesk_store::Store;

const HEADER: &str = "entity,document,year,line,client,amount,currency,posted_on,due_on,cleared_on\n";
/// Long enough for a loaded machine; nothing waits for it where all is well.
const LONG: Duration = Duration::from_secs(90);

/// Rows of a ledger, each GBP 1.00 of client 12345 and overdue.
pub(crate) fn ledger(name: &str, rows: usize) -> String {
    let row = |n| format!("1000,{name}{n},2026,1,0000012345,1.00,GBP,2026-09-01,2026-09-10,\n");
    format!("{HEADER}{}", (0..rows).map(row).collect::<String>())
}

/// Polls until it holds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < LONG, "still waiting: {what}");
        std::thread::yield_now();
    }
}

/// A folder with a store of its own, in which the binary runs.
pub(crate) struct Home(pub(crate) tempfile::TempDir);

pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Home {
    /// With ten rows of client 12345.
    pub(crate) fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let ended = home.import("ledger.csv", ledger("A", 10));
        assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn db(&self) -> PathBuf {
        self.path().join("hammerdesk.db")
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hammerdesk"));
        command
            .current_dir(self.path())
            .args(args)
            .env("HAMMERDESK_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        self.command(args).output().unwrap().into()
    }

    pub(crate) fn import(&self, name: &str, content: impl AsRef<[u8]>) -> Ended {
        self.write(name, content);
        self.run(&["import", name])
    }

    /// How much client 12345 owes, by the whole binary.
    pub(crate) fn open(&self) -> String {
        let ended = self.run(&["debtors", "--json"]);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        let answer: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
        answer.to_string()
    }

    /// The number of answers in the log.
    pub(crate) async fn logged(&self) -> usize {
        let store = Store::open(&format!("sqlite:{}", self.db().display()))
            .await
            .unwrap();
        let ever = SystemClock.now() + TimeDelta::days(1);
        let answers = store
            .read()
            .await
            .unwrap()
            .answers(None, ever, 1_000)
            .await
            .unwrap();
        store.close().await;
        answers.len()
    }

    /// Starts serving on a free port with that config, and waits until it says that it is ready.
    pub(crate) fn serve(&self, config: &str) -> Serving {
        self.write("hammerdesk.toml", config);
        let mut child = self.command(&["serve"]).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let mut line = String::new();
            assert_ne!(lines.read_line(&mut line).unwrap(), 0, "it ended: {said}");
            said.push_str(&line);
            if let Some(address) = line.trim().strip_prefix("hammerdesk is ready on http://") {
                break address.parse().unwrap();
            }
        };
        Serving {
            child,
            lines,
            address,
        }
    }
}

/// A service as another process.
pub(crate) struct Serving {
    child: Child,
    lines: BufReader<std::process::ChildStderr>,
    pub(crate) address: SocketAddr,
}

impl Serving {
    /// Status and body of a request.
    pub(crate) fn http(&self, head: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(
            stream,
            "{head} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             X-Requested-With: hammerdesk\r\nCookie: hammerdesk_person=ada\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        (status, body.to_owned())
    }

    pub(crate) fn ready(&self) -> (u16, String) {
        self.http("GET /health/ready", "")
    }

    /// Asks in a channel and gives what the browser would show.
    pub(crate) fn ask(&self, line: &str) -> (u16, String) {
        let body =
            serde_json::json!({ "channel": "shipping", "text": line, "token": new_id(SystemClock.now()) });
        self.http("POST /console/say", &body.to_string())
    }

    /// Asks it to stop, and gives how it ended, how long it took, and what it had logged.
    pub(crate) fn stop(mut self) -> (Option<i32>, Duration, String) {
        signal("TERM", &self.child);
        let began = Instant::now();
        let status = self.child.wait().unwrap();
        let took = began.elapsed();
        let mut log = String::new();
        self.lines.read_to_string(&mut log).unwrap();
        (status.code(), took, log)
    }
}

pub(crate) fn signal(name: &str, child: &Child) {
    let status = Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// A config with one person who may ask anything, a console, and whatever else.
pub(crate) fn config(more: &str) -> String {
    format!(
        "[http]\nlisten = \"127.0.0.1:0\"\n[console]\nenabled = true\n[pace]\nper_minute = 100000\nburst = 100000\n\
         [[roles]]\nid = \"all\"\npermissions = [\"balance\", \"release\", \"deposit\", \"client\", \"feeds\", \"internal\"]\n\
         [[people]]\nid = \"ada\"\nname = \"Ada\"\nrole = \"all\"\nlocations = [\"*\"]\n{more}"
    )
}

/// Another program that holds the file: its writer, or all of it.
pub(crate) struct Holder(Child);

impl Holder {
    pub(crate) fn of(db: &Path, pragma: &str) -> Self {
        let mut child = Command::new("sqlite3")
            .arg(db)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let script = format!(".timeout 20000\n{pragma}\nBEGIN EXCLUSIVE;\nSELECT 'held';\n");
        child
            .stdin
            .as_mut()
            .unwrap()
            .write_all(script.as_bytes())
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let held = lines.by_ref().any(|line| line.unwrap() == "held");
        assert!(held, "sqlite3 holds the file");
        Self(child)
    }

    pub(crate) fn release(mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

/// Is there a `sqlite3` to hold files with?
pub(crate) fn has_sqlite3() -> bool {
    let there = Command::new("sqlite3")
        .arg("-version")
        .stdout(Stdio::null())
        .status()
        .is_ok();
    if !there {
        eprintln!("not run: a test of locked files, because there is no sqlite3");
    }
    there
}
