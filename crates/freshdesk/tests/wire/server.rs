//! A server whose every answer is written down beforehand, and which keeps what it was asked. It speaks plain
//! HTTP/1.1 by hand, so that it can also stop in the middle of an answer, or never begin one.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hammerdesk_freshdesk::{ApiKey, Client, Nap, Options, Timer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with one request.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Answers in full.
    Say(Reply),
    /// Reads the request and closes the connection.
    HangUp,
    /// Reads the request and never answers.
    KeepSilent,
    /// Begins the answer and closes the connection in the middle of it.
    BreakOff(Reply),
}

#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

pub(crate) fn reply(status: u16, body: impl Into<String>) -> Reply {
    Reply {
        status,
        headers: Vec::new(),
        body: body.into(),
    }
}

impl Reply {
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With the header that names a next page.
    pub(crate) fn next(self, page: u32) -> Self {
        self.with(
            "link",
            format!("<https://elsewhere.example/api/v2/x?per_page=100&page={page}>; rel=\"next\""),
        )
    }

    fn bytes(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} X\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if self.status != 204 {
            head += &format!("content-length: {}\r\n", self.body.len());
        }
        head += "connection: close\r\n\r\n";
        head += &self.body;
        head.into_bytes()
    }
}

impl From<Reply> for Act {
    fn from(reply: Reply) -> Self {
        Self::Say(reply)
    }
}

/// A request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Jumps to the end of each wait and keeps how long it was.
#[derive(Debug, Default)]
pub(crate) struct Jumping {
    nanos: AtomicU64,
    pub(crate) naps: Mutex<Vec<Duration>>,
}

impl Timer for Jumping {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Ordering::SeqCst))
    }

    fn sleep(&self, time: Duration) -> Nap<'_> {
        self.nanos
            .fetch_add(u64::try_from(time.as_nanos()).unwrap(), Ordering::SeqCst);
        self.naps.lock().unwrap().push(time);
        Box::pin(std::future::ready(()))
    }
}

pub(crate) struct Desk {
    pub(crate) client: Client,
    pub(crate) timer: Arc<Jumping>,
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    acts: Arc<Mutex<VecDeque<Act>>>,
}

impl Desk {
    pub(crate) async fn that<A: Into<Act>>(acts: impl IntoIterator<Item = A>) -> Self {
        Self::with(Options::default(), acts).await
    }

    pub(crate) async fn with<A: Into<Act>>(options: Options, acts: impl IntoIterator<Item = A>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let acts = Arc::new(Mutex::new(
            acts.into_iter().map(Into::into).collect::<VecDeque<_>>(),
        ));
        tokio::spawn(serve(listener, acts.clone(), asked.clone()));
        let timer = Arc::new(Jumping::default());
        let options = Options {
            timer: timer.clone(),
            ..options
        };
        let client = Client::new(&address, ApiKey::new("k3y"), options).unwrap();
        Self {
            client,
            timer,
            address,
            asked,
            acts,
        }
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The request lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }

    /// Nothing that was written down is left over.
    pub(crate) fn is_done(&self) -> bool {
        self.acts.lock().unwrap().is_empty()
    }

    pub(crate) fn naps(&self) -> Vec<Duration> {
        self.timer.naps.lock().unwrap().clone()
    }
}

async fn serve(listener: TcpListener, acts: Arc<Mutex<VecDeque<Act>>>, asked: Arc<Mutex<Vec<Asked>>>) {
    let mut silent = Vec::new();
    while let Ok((mut stream, _)) = listener.accept().await {
        let Some(request) = read(&mut stream).await else {
            continue;
        };
        asked.lock().unwrap().push(request);
        let act = acts.lock().unwrap().pop_front();
        match act.unwrap_or_else(|| reply(418, "nothing more was written down").into()) {
            Act::Say(reply) => {
                let _ = stream.write_all(&reply.bytes()).await;
                let _ = stream.shutdown().await;
            }
            Act::HangUp => drop(stream),
            Act::KeepSilent => silent.push(stream),
            Act::BreakOff(reply) => {
                let bytes = reply.bytes();
                let _ = stream
                    .write_all(&bytes[..bytes.len() - reply.body.len() / 2])
                    .await;
                let _ = stream.shutdown().await;
            }
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut piece = [0; 16 * 1024];
    let end = loop {
        let read = stream.read(&mut piece).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&piece[..read]);
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")?
                .trim()
                .parse()
                .ok()
        })
        .unwrap_or(0);
    while bytes.len() < end + length {
        let read = stream.read(&mut piece).await.ok()?;
        if read == 0 {
            break;
        }
        bytes.extend_from_slice(&piece[..read]);
    }
    let line = head.lines().next()?.trim_end_matches(" HTTP/1.1").to_owned();
    Some(Asked {
        line,
        head,
        body: String::from_utf8_lossy(&bytes[end..]).into_owned(),
    })
}
