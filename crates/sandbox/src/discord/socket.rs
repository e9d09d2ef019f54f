//! One gateway connection: HELLO, IDENTIFY or RESUME, heartbeats, events, and Discord's close codes for what a
//! client must not do.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{RawQuery, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use flate2::Compression as Level;
use flate2::write::ZlibEncoder;
use serde_json::{Value, json};
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::core::Core;
use super::gateway::{Compression, Frame};

/// What a client may send in a minute.
const EVENTS_A_MINUTE: usize = 120;
/// The largest payload that a client may send.
const LARGEST: usize = 4096;
/// The intents that need a switch in the developer portal, content apart.
const EVERY_INTENT: u64 = (1 << 26) - 1;

/// `GET /?v=10`.
pub(super) async fn connect(
    Shared(core): Shared<Arc<Core>>,
    RawQuery(query): RawQuery,
    upgrade: WebSocketUpgrade,
) -> Response {
    if core.state().gateway.refuses_connections {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let query = query.unwrap_or_default();
    let version = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("v="))
        .unwrap_or("10")
        .to_owned();
    upgrade
        .on_upgrade(move |socket| async move {
            let (frames, inbox) = mpsc::unbounded_channel();
            let id = core.state().gateway.open(frames);
            let mut line = Line {
                core: core.clone(),
                id,
                socket,
                compresses: false,
                received: VecDeque::new(),
                missed_since: Instant::now(),
            };
            let code = if version == "10" {
                line.run(inbox).await
            } else {
                line.close(4012).await;
                None
            };
            core.state().gateway.closed(id, code);
        })
        .into_response()
}

struct Line {
    core: Arc<Core>,
    id: u64,
    socket: WebSocket,
    compresses: bool,
    received: VecDeque<Instant>,
    /// When a heartbeat was last due at the latest.
    missed_since: Instant,
}

impl Line {
    /// Until the end; the code with which the client closed.
    async fn run(&mut self, mut inbox: UnboundedReceiver<Frame>) -> Option<u16> {
        let interval = self.core.state().gateway.heartbeat_millis;
        let hello =
            json!({"t": null, "s": null, "op": 10, "d": {"heartbeat_interval": interval, "_trace": []}});
        self.write(&hello.to_string()).await?;
        loop {
            // Discord closes a connection whose heartbeats stop.
            let patience = Duration::from_millis(interval * 2 + 1000);
            let deadline = tokio::time::Instant::from_std(self.missed_since + patience);
            tokio::select! {
                biased;
                received = self.socket.recv() => match received {
                    Some(Ok(Message::Text(text))) => {
                        if let Err(code) = self.take(text.as_bytes()) {
                            self.close(code).await;
                            return None;
                        }
                    }
                    Some(Ok(Message::Binary(bytes))) => {
                        if let Err(code) = self.take(&bytes) {
                            self.close(code).await;
                            return None;
                        }
                    }
                    Some(Ok(Message::Close(frame))) => return Some(frame.map_or(1005, |frame| frame.code)),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return None,
                },
                frame = inbox.recv() => match frame {
                    Some(Frame::Payload(payload)) => self.write(&payload).await?,
                    Some(Frame::Close(code)) => {
                        self.close(code).await;
                        return None;
                    }
                    Some(Frame::Drop) | None => return None,
                },
                () = tokio::time::sleep_until(deadline) => {
                    self.close(4009).await;
                    return None;
                }
            }
        }
    }

    async fn write(&mut self, payload: &str) -> Option<()> {
        let message = if self.compresses {
            let mut encoder = ZlibEncoder::new(Vec::new(), Level::fast());
            encoder.write_all(payload.as_bytes()).ok()?;
            Message::Binary(encoder.finish().ok()?.into())
        } else {
            Message::Text(payload.into())
        };
        self.socket.send(message).await.ok()
    }

    async fn close(&mut self, code: u16) {
        if matches!(code, 4004 | 4007 | 4009..=4014 | 1000 | 1001) {
            let mut state = self.core.state();
            let session = state
                .gateway
                .lines
                .get(&self.id)
                .and_then(|line| line.session.clone());
            if let Some(session) = session {
                state.gateway.sessions.remove(&session);
            }
        }
        let frame = CloseFrame {
            code,
            reason: reason(code).into(),
        };
        // The other side may be gone already.
        let _ = self.socket.send(Message::Close(Some(frame))).await;
        let _ = tokio::time::timeout(Duration::from_secs(1), self.socket.recv()).await;
    }

    /// Takes one payload; the close code where it is one that Discord does not forgive.
    fn take(&mut self, bytes: &[u8]) -> Result<(), u16> {
        if bytes.len() > LARGEST {
            return Err(4002);
        }
        let payload: Value = serde_json::from_slice(bytes).map_err(|_| 4002_u16)?;
        let now = Instant::now();
        let minute = Duration::from_secs(60);
        while self.received.front().is_some_and(|first| now - *first > minute) {
            self.received.pop_front();
        }
        self.received.push_back(now);
        if self.received.len() > EVENTS_A_MINUTE {
            return Err(4008);
        }
        let data = &payload["d"];
        match payload["op"].as_u64() {
            Some(1) => {
                self.missed_since = now;
                let mut state = self.core.state();
                state.gateway.counts.heartbeats += 1;
                if !state.gateway.withholds_acks {
                    state
                        .gateway
                        .put_payload(self.id, &json!({"t": null, "s": null, "op": 11, "d": null}));
                }
                Ok(())
            }
            Some(2) => self.identify(data),
            Some(6) => self.resume(data),
            Some(3 | 4 | 8 | 31) => {
                let is_known = self
                    .core
                    .state()
                    .gateway
                    .lines
                    .get(&self.id)
                    .is_some_and(|line| line.session.is_some());
                if is_known { Ok(()) } else { Err(4003) }
            }
            _ => Err(4001),
        }
    }

    fn identify(&mut self, data: &Value) -> Result<(), u16> {
        let now = self.core.now();
        let mut state = self.core.state();
        if state
            .gateway
            .lines
            .get(&self.id)
            .is_some_and(|line| line.session.is_some())
        {
            return Err(4005);
        }
        if let Some(code) = state.gateway.refuses_identify_with {
            return Err(code);
        }
        if !is_token(data, &state.token) {
            return Err(4004);
        }
        let intents = data["intents"].as_u64().ok_or(4013_u16)?;
        if intents & !EVERY_INTENT != 0 {
            return Err(4013);
        }
        if intents & super::gateway::MESSAGE_CONTENT != 0 && !state.has_message_content {
            return Err(4014);
        }
        if data["properties"].as_object().is_none() {
            return Err(4002);
        }
        let shard = match &data["shard"] {
            Value::Null => (0, 1),
            Value::Array(pair) => {
                let number = |at: usize| pair.get(at).and_then(Value::as_u64);
                match (number(0), number(1)) {
                    (Some(shard), Some(of)) if shard < of && pair.len() == 2 => (shard, of),
                    _ => return Err(4010),
                }
            }
            _ => return Err(4010),
        };
        let real = Instant::now();
        let gateway = &mut state.gateway;
        while gateway
            .identified
            .front()
            .is_some_and(|first| real - *first > Duration::from_secs(5))
        {
            gateway.identified.pop_front();
        }
        let at_once = usize::try_from(gateway.max_concurrency).unwrap_or(1);
        if gateway.spaces_identifies && gateway.identified.len() >= at_once {
            gateway.put_payload(self.id, &json!({"t": null, "s": null, "op": 9, "d": false}));
            return Ok(());
        }
        gateway.identified.push_back(real);
        gateway.identify_times.push(now);
        self.compresses =
            gateway.compression == Compression::AsAsked && data["compress"].as_bool() == Some(true);
        let id = state.new_id(now);
        let session = format!("{:032x}", u128::from(id.0));
        state
            .gateway
            .start_session(self.id, &session, shard, intents, self.compresses);
        let url = self.core.gateway_url();
        state.greet(&session, shard, intents, &url);
        Ok(())
    }

    fn resume(&mut self, data: &Value) -> Result<(), u16> {
        let mut state = self.core.state();
        if !is_token(data, &state.token) {
            return Err(4004);
        }
        let session = data["session_id"].as_str().unwrap_or_default();
        let seq = data["seq"].as_u64().ok_or(4007_u16)?;
        self.compresses = state
            .gateway
            .sessions
            .get(session)
            .is_some_and(|found| found.compresses);
        if !state.gateway.resume(self.id, session, seq) {
            state
                .gateway
                .put_payload(self.id, &json!({"t": null, "s": null, "op": 9, "d": false}));
        }
        Ok(())
    }
}

fn is_token(data: &Value, token: &str) -> bool {
    let said = data["token"].as_str().unwrap_or_default();
    said.strip_prefix("Bot ").unwrap_or(said) == token
}

fn reason(code: u16) -> &'static str {
    match code {
        1000 => "",
        4001 => "Unknown opcode.",
        4002 => "Error while decoding payload.",
        4003 => "Not authenticated.",
        4004 => "Authentication failed.",
        4005 => "Already authenticated.",
        4007 => "Invalid seq.",
        4008 => "Rate limited.",
        4009 => "Session timed out.",
        4010 => "Invalid shard.",
        4011 => "Sharding required.",
        4012 => "Invalid API version.",
        4013 => "Invalid intent(s).",
        4014 => "Disallowed intent(s).",
        _ => "Unknown error.",
    }
}
