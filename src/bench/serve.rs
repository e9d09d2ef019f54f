//! How much an idle `serve` takes, and how soon it is ready on an existing store.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::figures::{Figure, milliseconds};

const MEMORY_KIB: u64 = 60 * 1024;
const START: Duration = Duration::from_millis(300);

pub(super) async fn measure(engine: &str, url: &str) -> anyhow::Result<Vec<Figure>> {
    let port = free_port()?;
    let dir = tempfile::tempdir()?;
    let config = dir.path().join("idle.toml");
    std::fs::write(
        &config,
        format!("[store]\nurl = {url:?}\n[http]\nlisten = \"127.0.0.1:{port}\"\n"),
    )?;
    let started = Instant::now();
    let mut child = tokio::process::Command::new(std::env::current_exe()?)
        .args(["--config".as_ref(), config.as_os_str(), "serve".as_ref()])
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("starting serve")?;
    let ready = wait_until_ready(port, started).await?;
    let memory = resident_kib(child.id())?;
    child.kill().await?;
    let figure = |measure: &str, measured, promised, kept| Figure {
        measure: measure.to_owned(),
        engine: engine.to_owned(),
        measured,
        promised,
        kept,
    };
    Ok(vec![
        figure(
            "start",
            format!("ready after {}", milliseconds(ready)),
            format!("under {}", milliseconds(START)),
            ready < START,
        ),
        figure(
            "idle",
            format!("{} MiB resident", memory / 1024),
            format!("under {} MiB", MEMORY_KIB / 1024),
            memory < MEMORY_KIB,
        ),
    ])
}

fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

async fn wait_until_ready(port: u16, started: Instant) -> anyhow::Result<Duration> {
    while started.elapsed() < Duration::from_secs(10) {
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await {
            let request = "GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            let mut answer = String::new();
            if stream.write_all(request.as_bytes()).await.is_ok()
                && stream.read_to_string(&mut answer).await.is_ok()
                && answer.starts_with("HTTP/1.1 200")
            {
                return Ok(started.elapsed());
            }
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    bail!("serve was not ready after ten seconds")
}

/// Resident memory of a process, as Linux tells it.
fn resident_kib(pid: Option<u32>) -> anyhow::Result<u64> {
    let pid = pid.context("serve ended early")?;
    let status =
        std::fs::read_to_string(format!("/proc/{pid}/status")).context("memory is read from /proc")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("no VmRSS")?;
    line.trim()
        .trim_end_matches(" kB")
        .trim()
        .parse()
        .context("VmRSS is no number")
}
