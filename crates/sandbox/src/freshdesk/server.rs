//! The account over HTTP on loopback: what is checked before a call, what goes wrong on its way, and what
//! is written down about it.
//!
//! Promises: every request is recorded with a verdict; a call's effect happens in one step, so that a
//! connection that ends early leaves either all of it or nothing.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use futures_util::stream;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::account::Account;
use super::call::{self, Answer, Call, decoded_query};
use super::faults::Fault;
use super::json::address_is_good;
use super::list;
use super::multipart;
use super::requests::{Resolved, Route, Seen, Verdict, resolve};
use super::shape::Refusal;

/// Bodies above this are refused unread.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// As much of a body is recorded.
const RECORDED: usize = 64 * 1024;

/// Serves an account on a listener until it is dropped.
pub(super) async fn serve(listener: TcpListener, account: Account, base: String) {
    let app = Router::new()
        .fallback(handle)
        .with_state((account, Arc::<str>::from(base)));
    let service = app.into_make_service_with_connect_info::<Line>();
    // The listener never fails, and neither does the service.
    let _ended = axum::serve(Lines(listener), service).await;
}

/// A connection that can be cut in the middle.
struct Lines(TcpListener);

/// What ends a connection.
#[derive(Debug, Clone)]
struct Line(Arc<AtomicBool>);

struct Cuttable {
    stream: TcpStream,
    cut: Arc<AtomicBool>,
}

impl Listener for Lines {
    type Io = Cuttable;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        let cut = Arc::new(AtomicBool::new(false));
        (Cuttable { stream, cut }, address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Lines>> for Line {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        Self(stream.io().cut.clone())
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.cut.load(Ordering::SeqCst) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A request with everything read.
struct Received {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

/// What is to be sent, and how.
struct Sending {
    answer: Answer,
    fault: Option<Fault>,
    headers: Vec<(&'static str, String)>,
    seen: Seen,
}

async fn handle(
    State((account, base)): State<(Account, Arc<str>)>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BYTES).await else {
        account.with(|state, now| {
            state.record(Seen {
                at: now,
                method: parts.method.as_str().to_owned(),
                path: parts.uri.path().to_owned(),
                route: None,
                body: String::new(),
                status: 413,
                cost: 0,
                verdict: Verdict::Violation("the body is too large, or ended early".to_owned()),
            });
        });
        return plain(413, Vec::new());
    };
    let received = Received {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    if received.path.starts_with("/data/helpdesk/attachments/") {
        return attachment(&account, &received, &line).await;
    }
    let resolved = received
        .path
        .strip_prefix("/api/v2/")
        .map_or(Resolved::Nothing, |path| resolve(&received.method, path));
    if let Resolved::Found(route, _) = &resolved {
        let meddlings = account.with(|state, _| state.faults.meddlings(*route));
        for meddle in meddlings {
            meddle(&account);
        }
    }
    let sending = work(&account, &base, &received, &resolved);
    let has_changed = received.method != "GET" && (200..300).contains(&sending.seen.status);
    if has_changed && account.is_held_back(&sending.seen) {
        return std::future::pending().await;
    }
    send(sending, &line).await
}

/// Lets the call in or refuses it, and does what it asks.
fn work(account: &Account, base: &str, received: &Received, resolved: &Resolved) -> Sending {
    account.with(|state, now| {
        let route = match resolved {
            Resolved::Found(route, _) => Some(*route),
            _ => None,
        };
        let query = decoded_query(&received.query);
        let cost = cost(route, &query);
        let charge = state.window.charge(&state.options, route, cost, now);
        let mut fault = None;
        let mut verdict = Verdict::Ok;
        let result = if let Some(wait) = charge.refused_for {
            verdict = Verdict::TooMany;
            let says = state.options.limits.says_retry_after;
            Ok(too_many(
                &state.options.unknowns.too_many_body,
                says.then_some(wait),
            ))
        } else {
            fault = route.and_then(|route| state.faults.next(route));
            match &fault {
                Some(
                    fault @ (Fault::TooMany(_)
                    | Fault::ServerError(_)
                    | Fault::Forbidden
                    | Fault::Invalid
                    | Fault::TimeoutBefore(_)
                    | Fault::CutBefore),
                ) => Ok(failed(fault, &state.options.unknowns.too_many_body)),
                _ => let_in(state, received, resolved).and_then(|(agent, body)| {
                    let Resolved::Found(route, ids) = resolved else {
                        return Err(Refusal::not_found());
                    };
                    let mut call = Call {
                        state,
                        now,
                        agent,
                        ids: ids.clone(),
                        query,
                        body,
                        base: base.to_owned(),
                        path: received.path.clone(),
                    };
                    if fault == Some(Fault::PageShift)
                        && let Some(first) = list::first_of(&call)
                    {
                        call.state.revise(first, now, |_| {});
                    }
                    call.answer(*route)
                }),
            }
        };
        let mut answer = result.unwrap_or_else(|refusal| {
            if let Some(violation) = refusal.violation {
                verdict = Verdict::Violation(violation);
            }
            Answer {
                status: refusal.status,
                body: refusal.body,
                headers: Vec::new(),
            }
        });
        if let Some(fault) = &fault {
            verdict = match verdict {
                Verdict::Violation(said) => Verdict::Violation(said),
                _ => Verdict::Faulted(format!("{fault:?}")),
            };
            if let Fault::ServerErrorAfter(code) = fault {
                answer = failed(&Fault::ServerError(*code), &None);
            }
        }
        let decimals = state.options.limits.decimals;
        let number = |count: u32| {
            if decimals {
                format!("{count}.0")
            } else {
                count.to_string()
            }
        };
        let headers = vec![
            ("x-ratelimit-total", number(charge.total)),
            ("x-ratelimit-remaining", number(charge.remaining)),
            ("x-ratelimit-used-currentrequest", charge.cost.to_string()),
            ("x-freshdesk-api-version", "latest=v2; requested=v2".to_owned()),
            ("x-request-id", format!("sim-{}", state.requests.len() + 1)),
        ];
        let nothing_sent = matches!(
            fault,
            Some(Fault::TimeoutBefore(_) | Fault::TimeoutAfter(_) | Fault::CutBefore | Fault::CutAfter)
        );
        let seen = Seen {
            at: now,
            method: received.method.clone(),
            path: if received.query.is_empty() {
                received.path.clone()
            } else {
                format!("{}?{}", received.path, received.query)
            },
            route,
            body: String::from_utf8_lossy(&received.body[..received.body.len().min(RECORDED)]).into_owned(),
            status: if nothing_sent { 0 } else { answer.status },
            cost: charge.cost,
            verdict,
        };
        state.record(seen.clone());
        Sending {
            answer,
            fault,
            headers,
            seen,
        }
    })
}

/// Credits that a call costs: each `include` of a list two more, of a ticket one more.
fn cost(route: Option<Route>, query: &[(String, String)]) -> u32 {
    let include = query.iter().find(|(name, _)| name == "include");
    let parts = include.map_or(0, |(_, value)| {
        u32::try_from(value.split(',').count()).unwrap_or(u32::MAX)
    });
    match route {
        Some(Route::ListTickets) => 1 + 2 * parts,
        Some(Route::ViewTicket | Route::ArchivedTicket) => 1 + parts,
        _ => 1,
    }
}

/// The agent whose key it is, and the body, if the request may come in at all.
fn let_in(
    state: &super::state::State,
    received: &Received,
    resolved: &Resolved,
) -> Result<(u64, call::Body), Refusal> {
    let violation = |status: u16, what: &str| Refusal {
        status,
        body: None,
        violation: Some(what.to_owned()),
    };
    let agent = key_of(&received.headers).and_then(|key| state.keys.get(&key).copied());
    let agent = agent.filter(|id| state.agents.get(id).is_some_and(|agent| !agent.deactivated));
    let Some(agent) = agent else {
        let body = state.options.unknowns.unauthorized_body.as_ref();
        return Err(Refusal {
            body: body.and_then(|body| serde_json::from_str(body).ok()),
            ..violation(401, "no key that is known")
        });
    };
    match resolved {
        Resolved::Nothing => return Err(violation(404, "no such path")),
        Resolved::WrongMethod(allowed) => return Err(violation(405, &format!("the path takes {allowed}"))),
        Resolved::Found(Route::BulkUpdate | Route::BulkDelete, _) => {
            let verb = if state.options.unknowns.bulk_is_put {
                "PUT"
            } else {
                "POST"
            };
            if received.method != verb {
                return Err(violation(405, &format!("the path takes {verb}")));
            }
        }
        Resolved::Found(..) => {}
    }
    let accept = text(&received.headers, header::ACCEPT);
    let acceptable = accept.is_none_or(|accept| {
        accept
            .split(',')
            .map(|part| part.split(';').next().unwrap_or_default().trim())
            .any(|kind| matches!(kind, "application/json" | "*/*" | "application/*"))
    });
    if !acceptable {
        return Err(violation(406, "Accept is neither application/json nor */*"));
    }
    if received.body.is_empty() {
        return Ok((agent, call::Body::None));
    }
    let kind = text(&received.headers, header::CONTENT_TYPE).unwrap_or_default();
    if kind.starts_with("application/json") {
        let body = serde_json::from_slice::<Value>(&received.body);
        let body = body.map_err(|_| {
            Refusal::flat(400, "invalid_json", "Request body has invalid json format").noted()
        })?;
        return Ok((agent, call::Body::Json(body)));
    }
    if kind.starts_with("multipart/form-data") {
        let (fields, files) = multipart::parse(kind, &received.body)
            .ok_or_else(|| violation(400, "the form cannot be read"))?;
        return Ok((agent, call::Body::Form(fields, files)));
    }
    Err(Refusal {
        body: None,
        ..violation(
            415,
            "the content type is neither application/json nor multipart/form-data",
        )
    })
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The user name of `Authorization: Basic`, which is the key.
fn key_of(headers: &HeaderMap) -> Option<String> {
    let encoded = text(headers, header::AUTHORIZATION)?.strip_prefix("Basic ")?;
    let mut bits = 0_u32;
    let mut held = 0_u32;
    let mut decoded = Vec::new();
    for byte in encoded.bytes().filter(|byte| *byte != b'=') {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(six)) & 0xFFFF;
        held += 6;
        if held >= 8 {
            held -= 8;
            decoded.push(u8::try_from(bits >> held & 0xFF).ok()?);
        }
    }
    let decoded = String::from_utf8(decoded).ok()?;
    decoded.split_once(':').map(|(key, _)| key.to_owned())
}

fn too_many(body: &Option<String>, wait: Option<u32>) -> Answer {
    let answer = Answer {
        status: 429,
        body: body
            .as_ref()
            .map(|body| serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.clone()))),
        headers: Vec::new(),
    };
    match wait {
        Some(wait) => answer.with("retry-after", wait.to_string()),
        None => answer,
    }
}

/// The answer of a fault that has no effect.
fn failed(fault: &Fault, too_many_body: &Option<String>) -> Answer {
    match fault {
        Fault::TooMany(wait) => too_many(too_many_body, *wait),
        Fault::ServerError(code) => Answer {
            status: *code,
            ..Answer::default()
        },
        Fault::Forbidden | Fault::Invalid => {
            let refusal = if *fault == Fault::Forbidden {
                super::tickets::denied()
            } else {
                Refusal::invalid("email", "It should be a valid email address", "invalid_value")
            };
            Answer {
                status: refusal.status,
                body: refusal.body,
                ..Answer::default()
            }
        }
        _ => Answer::default(),
    }
}

async fn send(sending: Sending, line: &Line) -> Response {
    let Sending {
        answer,
        fault,
        headers,
        seen: _,
    } = sending;
    let cut = |line: &Line| {
        line.0.store(true, Ordering::SeqCst);
        plain(500, Vec::new())
    };
    match &fault {
        Some(Fault::CutBefore | Fault::CutAfter) => return cut(line),
        Some(Fault::TimeoutBefore(silence) | Fault::TimeoutAfter(silence)) => {
            tokio::time::sleep(*silence).await;
            return cut(line);
        }
        _ => {}
    }
    let mut value = answer.body;
    if fault == Some(Fault::WrongTypes) {
        value.as_mut().map(distort);
    }
    if fault == Some(Fault::Bare) {
        value.as_mut().map(strip);
    }
    let html = matches!(answer.status, 502 | 504) && value.is_none();
    let mut bytes = if html {
        b"<html><body><h1>Bad Gateway</h1></body></html>".to_vec()
    } else {
        value
            .as_ref()
            .map(|value| value.to_string().into_bytes())
            .unwrap_or_default()
    };
    if fault == Some(Fault::Truncated) {
        bytes.truncate(bytes.len() / 2);
    }
    let kind = match (html, bytes.is_empty()) {
        (true, _) => Some("text/html"),
        (false, true) => None,
        (false, false) => Some("application/json; charset=utf-8"),
    };
    let mut response = match fault {
        Some(Fault::SlowBody(pause)) => slow(answer.status, &bytes, pause),
        _ => plain(answer.status, bytes),
    };
    let named = answer
        .headers
        .iter()
        .chain(&headers)
        .map(|(name, value)| (*name, value.as_str()));
    for (name, value) in named.chain(kind.map(|kind| ("content-type", kind))) {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn plain(status: u16, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

/// The second half of the body comes after a pause.
fn slow(status: u16, body: &[u8], pause: Duration) -> Response {
    let middle = body.len() / 2;
    let halves = [
        Bytes::copy_from_slice(&body[..middle]),
        Bytes::copy_from_slice(&body[middle..]),
    ];
    let parts = stream::unfold((0, halves), move |(at, halves)| async move {
        let part = halves.get(at)?.clone();
        if at == 1 {
            tokio::time::sleep(pause).await;
        }
        Some((Ok::<_, Infallible>(part), (at + 1, halves)))
    });
    let mut response = plain(status, Vec::new());
    *response.body_mut() = Body::from_stream(parts);
    response
}

/// Of each thing only its id and its instants.
fn strip(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(strip),
        Value::Object(map) => {
            map.retain(|name, _| matches!(name.as_str(), "id" | "created_at" | "updated_at"));
        }
        _ => {}
    }
}

/// Numbers as text, text as numbers, lists and objects inside as null.
fn distort(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(distort),
        Value::Object(map) => {
            for value in map.values_mut() {
                *value = match &*value {
                    Value::Number(number) => Value::String(number.to_string()),
                    Value::String(_) => Value::from(7),
                    Value::Bool(flag) => Value::String(flag.to_string()),
                    Value::Null => Value::Bool(false),
                    Value::Array(_) | Value::Object(_) => Value::Null,
                };
            }
        }
        _ => {}
    }
}

/// A file from its signed address; whoever sends a key along is refused, as the storage does.
async fn attachment(account: &Account, received: &Received, line: &Line) -> Response {
    let (status, file, fault) = account.with(|state, now| {
        let id = received
            .path
            .split('/')
            .nth(5)
            .and_then(|id| id.parse::<u64>().ok())
            .unwrap_or(0);
        let query = decoded_query(&received.query);
        let param = |name: &str| {
            query
                .iter()
                .find(|(known, _)| known == name)
                .map_or("", |(_, value)| value.as_str())
        };
        let fault = state.faults.next(Route::Attachment);
        let good = address_is_good(
            state.options.seed,
            id,
            param("X-Amz-Date"),
            param("X-Amz-Signature"),
            now,
        );
        let (status, verdict, file) = if received.headers.contains_key(header::AUTHORIZATION) {
            (
                400,
                Verdict::Violation("a key was sent to the file storage".to_owned()),
                None,
            )
        } else if let Some(Fault::ServerError(code) | Fault::ServerErrorAfter(code)) = &fault {
            (*code, Verdict::Faulted(format!("{fault:?}")), None)
        } else if good {
            let file = state.file(id).cloned();
            (if file.is_some() { 200 } else { 404 }, Verdict::Ok, file)
        } else {
            (403, Verdict::Ok, None)
        };
        state.record(Seen {
            at: now,
            method: received.method.clone(),
            path: received.path.clone(),
            route: Some(Route::Attachment),
            body: String::new(),
            status,
            cost: 0,
            verdict,
        });
        (status, file, fault)
    });
    match fault {
        Some(Fault::TimeoutBefore(silence) | Fault::TimeoutAfter(silence)) => {
            tokio::time::sleep(silence).await;
            line.0.store(true, Ordering::SeqCst);
        }
        Some(Fault::CutBefore | Fault::CutAfter) => line.0.store(true, Ordering::SeqCst),
        _ => {}
    }
    let bytes = file
        .as_ref()
        .map(|file| file.content.to_vec())
        .unwrap_or_default();
    let mut response = match fault {
        Some(Fault::SlowBody(pause)) => slow(status, &bytes, pause),
        _ => plain(status, bytes),
    };
    if let Some(kind) = file.and_then(|file| HeaderValue::from_str(&file.content_type).ok()) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
}
