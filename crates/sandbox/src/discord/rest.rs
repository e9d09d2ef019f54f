//! REST: what comes in is read, met with its faults and limits, answered from the model, and logged.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::multipart::Multipart;
use axum::extract::{ConnectInfo, FromRequest, Request, State as Shared};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::core::Core;
use super::fault::{Fault, LimitScope};
use super::id::Id;
use super::limit::Standing;
use super::listen::Cut;
use super::log::{Logged, Verdict};
use super::model::State;
use super::refusal::Refusal;

/// The largest body that is read at all.
const LARGEST: usize = 128 << 20;
/// The largest file that a bot may send.
pub(super) const LARGEST_FILE: usize = 10 << 20;

/// A file of a form.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub(super) number: u64,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) bytes: Arc<[u8]>,
}

/// A request, read.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) body: Value,
    pub(super) files: Vec<Upload>,
    pub(super) now: DateTime<Utc>,
    /// Why it could not be read.
    pub(super) unread: Option<Refusal>,
}

impl Call {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    pub(super) fn file_numbers(&self) -> Vec<u64> {
        self.files.iter().map(|file| file.number).collect()
    }
}

/// What REST answers.
#[derive(Debug)]
pub(super) enum Answer {
    Json(Value),
    Created(Value),
    Nothing,
}

/// Every request under `/api/v10`.
pub(super) async fn answer(
    Shared(core): Shared<Arc<Core>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response {
    let started = Instant::now();
    let headers = request.headers().clone();
    let call = read(&core, request).await;
    let segments: Vec<&str> = call
        .path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let route = route(&call.method, &segments);
    let major = major(&segments);
    let is_exempt = matches!(segments.first(), Some(&("interactions" | "webhooks")));

    let (fault, standing, is_banned) = {
        let mut state = core.state();
        let is_banned = state.limits.is_banned(call.now);
        let fault = state.faults.meet(&route);
        (fault, state.limits.count(&route, &major, is_exempt), is_banned)
    };
    if is_banned {
        note(
            &core,
            &call,
            &route,
            started,
            Verdict::Faulted {
                took_effect: false,
                status: Some(429),
            },
        );
        return banned();
    }
    match &fault {
        Some(Fault::LostRequest) => {
            note(
                &core,
                &call,
                &route,
                started,
                Verdict::Faulted {
                    took_effect: false,
                    status: None,
                },
            );
            cut.now();
            return std::future::pending().await;
        }
        Some(Fault::Slow(wait)) => tokio::time::sleep(*wait).await,
        Some(Fault::Status(status)) => {
            note(
                &core,
                &call,
                &route,
                started,
                Verdict::Faulted {
                    took_effect: false,
                    status: Some(*status),
                },
            );
            return plain(*status, "<html><body>error</body></html>");
        }
        Some(Fault::TooMany { retry_after, scope }) => {
            note(
                &core,
                &call,
                &route,
                started,
                Verdict::Faulted {
                    took_effect: false,
                    status: Some(429),
                },
            );
            return too_many(&core, &standing, *scope, *retry_after);
        }
        _ => {}
    }
    if let Some((scope, wait)) = standing.over {
        note(
            &core,
            &call,
            &route,
            started,
            Verdict::Faulted {
                took_effect: false,
                status: Some(429),
            },
        );
        return too_many(&core, &standing, scope, wait);
    }
    let result = if let Some(refusal) = &call.unread {
        Err(refusal.clone())
    } else if let Some(Fault::Refusal {
        status,
        code,
        message,
    }) = &fault
    {
        Err(Refusal::new(*status, *code, message.clone()))
    } else {
        check_head(&core, &headers, &segments).and_then(|()| core.handle(&call, &segments))
    };
    let verdict = match (&result, &fault) {
        (_, Some(Fault::LostAnswer)) => Verdict::Faulted {
            took_effect: result.is_ok(),
            status: None,
        },
        (Err(_), Some(Fault::Refusal { status, .. })) => Verdict::Faulted {
            took_effect: false,
            status: Some(*status),
        },
        (Ok(Answer::Nothing), _) => Verdict::Accepted(204),
        (Ok(Answer::Created(_)), _) => Verdict::Accepted(201),
        (Ok(Answer::Json(_)), _) => Verdict::Accepted(200),
        (Err(refusal), _) => Verdict::Refused {
            status: refusal.status,
            code: refusal.code,
            said: refusal.said(),
        },
    };
    if let Err(refusal) = &result
        && matches!(refusal.status, 401 | 403 | 429)
    {
        core.state().limits.invalid(call.now);
    }
    note(&core, &call, &route, started, verdict);
    match fault {
        Some(Fault::LostAnswer) => {
            cut.now();
            return std::future::pending().await;
        }
        Some(Fault::SlowAnswer(wait)) => tokio::time::sleep(wait).await,
        Some(Fault::Garbage) => return plain(200, "<!doctype html>"),
        _ => {}
    }
    respond(&core, &standing, result)
}

fn note(core: &Core, call: &Call, route: &str, started: Instant, verdict: Verdict) {
    let mut state = core.state();
    let flaw = match &verdict {
        Verdict::Faulted {
            took_effect: false, ..
        } => state.flaw(call),
        _ => None,
    };
    state.log.add(Logged {
        flaw,
        at: call.now,
        method: call.method.to_string(),
        path: call.path.clone(),
        route: route.to_owned(),
        body: call.body.clone(),
        files: call.files.iter().map(|file| file.name.clone()).collect(),
        verdict,
        took: started.elapsed(),
    });
}

/// Who asks, and with what.
fn check_head(core: &Core, headers: &HeaderMap, segments: &[&str]) -> Result<(), Refusal> {
    let is_open = matches!(segments, ["gateway"] | ["interactions" | "webhooks", ..]);
    if !is_open {
        let said = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bot "));
        if said != Some(core.state().token.as_str()) {
            return Err(Refusal::unauthorized());
        }
    }
    let names_itself = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("DiscordBot ("));
    if names_itself {
        Ok(())
    } else {
        Err(Refusal::new(
            400,
            0,
            "A bot names itself: User-Agent: DiscordBot ($url, $version)",
        ))
    }
}

async fn read(core: &Core, request: Request) -> Call {
    let mut call = Call {
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        body: Value::Null,
        files: Vec::new(),
        now: core.now(),
        unread: None,
    };
    match call.path.strip_prefix("/api/v10") {
        Some(path) => call.path = path.to_owned(),
        None => {
            call.unread = Some(Refusal::no_such_route());
            return call;
        }
    }
    let kind = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let outcome = if kind.starts_with("multipart/form-data") {
        read_form(&mut call, request).await
    } else {
        read_json(&mut call, request, &kind).await
    };
    call.unread = outcome.err();
    call
}

async fn read_json(call: &mut Call, request: Request, kind: &str) -> Result<(), Refusal> {
    let bytes = axum::body::to_bytes(request.into_body(), LARGEST)
        .await
        .map_err(|_| Refusal::too_large())?;
    if bytes.is_empty() {
        return Ok(());
    }
    if !kind.starts_with("application/json") {
        return Err(Refusal::new(
            400,
            50035,
            "Invalid Form Body: expected \"Content-Type\" header to be one of {'application/json'}.",
        ));
    }
    call.body = serde_json::from_slice(&bytes)
        .map_err(|_| Refusal::new(400, 50109, "The request body contains invalid JSON."))?;
    Ok(())
}

async fn read_form(call: &mut Call, request: Request) -> Result<(), Refusal> {
    let broken = || Refusal::new(400, 50035, "Invalid Form Body: not a form");
    let mut request = request;
    axum::extract::DefaultBodyLimit::max(LARGEST).apply(&mut request);
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| broken())?;
    while let Some(field) = form.next_field().await.map_err(|_| broken())? {
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().map(str::to_owned);
        let kind = field.content_type().map(str::to_owned);
        let bytes = field.bytes().await.map_err(|_| Refusal::too_large())?;
        if name == "payload_json" {
            call.body = serde_json::from_slice(&bytes)
                .map_err(|_| Refusal::new(400, 50109, "The request body contains invalid JSON."))?;
            continue;
        }
        let number = name
            .strip_prefix("files[")
            .and_then(|rest| rest.strip_suffix(']'))
            .and_then(|number| number.parse().ok());
        let (Some(number), Some(file)) = (number, file) else {
            return Err(Refusal::new(
                400,
                50035,
                format!("Invalid Form Body: the part {name:?} is neither payload_json nor a file"),
            ));
        };
        if bytes.len() > LARGEST_FILE {
            return Err(Refusal::too_large());
        }
        if bytes.is_empty() {
            return Err(Refusal::new(400, 50006, "Cannot send an empty message"));
        }
        call.files.push(Upload {
            number,
            kind: kind.unwrap_or_else(|| guess(&file).to_owned()),
            name: file,
            bytes: bytes.to_vec().into(),
        });
    }
    Ok(())
}

/// The kind of content that Discord makes of a name.
pub(super) fn guess(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "pdf" => "application/pdf",
        "csv" => "text/csv; charset=utf-8",
        "txt" | "md" | "log" => "text/plain; charset=utf-8",
        "json" => "application/json; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The path without ids and tokens, after the method.
fn route(method: &Method, segments: &[&str]) -> String {
    let mut route = format!("{method} ");
    for (at, segment) in segments.iter().enumerate() {
        let is_token = match segments.first() {
            Some(&"interactions" | &"webhooks") => at == 2,
            _ => false,
        };
        route.push('/');
        if is_token || segment.bytes().all(|byte| byte.is_ascii_digit()) {
            route.push_str("{}");
        } else {
            route.push_str(segment);
        }
    }
    route
}

/// The id by which limits of a route are kept apart.
fn major(segments: &[&str]) -> String {
    match segments {
        ["channels" | "guilds", id, ..] => (*id).to_owned(),
        ["webhooks" | "interactions", _, token, ..] => (*token).to_owned(),
        _ => String::new(),
    }
}

fn plain(status: u16, body: &'static str) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("text/html; charset=UTF-8"),
    );
    response
}

/// What the network in front of Discord says to an address that sent too many invalid requests.
fn banned() -> Response {
    let mut response = plain(429, "error code: 1015");
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, header::HeaderValue::from_static("600"));
    response
}

/// Seconds with milliseconds, as headers carry them.
fn seconds(duration: Duration) -> String {
    let millis = duration.as_millis().max(1);
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

fn too_many(core: &Core, standing: &Standing, scope: LimitScope, wait: Duration) -> Response {
    if scope != LimitScope::Shared {
        let now = core.now();
        core.state().limits.invalid(now);
    }
    let wait_said = seconds(wait);
    let number: Value = serde_json::from_str(&wait_said).unwrap_or(Value::Null);
    let body = json!({
        "message": "You are being rate limited.", "retry_after": number, "global": scope == LimitScope::Global,
    });
    let mut response = with_json(429, &body);
    let standing = Standing {
        remaining: 0,
        resets_in: wait,
        ..standing.clone()
    };
    limit_headers(core, &mut response, &standing);
    let headers = response.headers_mut();
    let whole = wait.as_millis().div_ceil(1000);
    for (name, value) in [
        ("retry-after", whole.to_string()),
        ("x-ratelimit-scope", scope.name().to_owned()),
        ("via", "1.1 google".to_owned()),
    ] {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    }
    if scope == LimitScope::Global {
        headers.insert("x-ratelimit-global", header::HeaderValue::from_static("true"));
    }
    response
}

/// Limits that no header speaks of.
fn told_to_wait(refusal: &Refusal) -> Response {
    let mut body = refusal.body();
    body["retry_after"] = 600.into();
    body["global"] = false.into();
    let mut response = with_json(429, &body);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, header::HeaderValue::from_static("600"));
    response
}

fn with_json(status: u16, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    response
}

fn limit_headers(core: &Core, response: &mut Response, standing: &Standing) {
    let reset_at = core.clock.now() + standing.resets_in;
    let headers = response.headers_mut();
    for (name, value) in [
        ("x-ratelimit-limit", standing.limit.to_string()),
        ("x-ratelimit-remaining", standing.remaining.to_string()),
        (
            "x-ratelimit-reset",
            format!(
                "{}.{:03}",
                reset_at.timestamp(),
                reset_at.timestamp_subsec_millis()
            ),
        ),
        ("x-ratelimit-reset-after", seconds(standing.resets_in)),
        ("x-ratelimit-bucket", bucket_name(&standing.bucket)),
    ] {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    }
}

/// Discord names buckets by something opaque.
fn bucket_name(bucket: &str) -> String {
    let hash = bucket.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn respond(core: &Core, standing: &Standing, result: Result<Answer, Refusal>) -> Response {
    let mut response = match result {
        Ok(Answer::Json(body)) => with_json(200, &body),
        Ok(Answer::Created(body)) => with_json(201, &body),
        Ok(Answer::Nothing) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        Err(refusal) if refusal.status == 429 => return told_to_wait(&refusal),
        Err(refusal) => with_json(refusal.status, &refusal.body()),
    };
    limit_headers(core, &mut response, standing);
    response
}

impl Core {
    /// Finds what the path names, and does it.
    fn handle(&self, call: &Call, segments: &[&str]) -> Result<Answer, Refusal> {
        let mut state = self.state();
        let ids: Vec<Option<Id>> = segments.iter().map(|segment| Id::parse(segment)).collect();
        let id = |at: usize| ids.get(at).copied().flatten().ok_or_else(Refusal::no_such_route);
        let method = call.method.as_str();
        match (method, segments) {
            ("GET", ["gateway"]) => Ok(Answer::Json(json!({"url": self.gateway_url()}))),
            ("GET", ["gateway", "bot"]) => Ok(Answer::Json(state.gateway_bot(&self.gateway_url(), call.now))),
            ("GET", ["users", "@me"]) => Ok(Answer::Json(state.wire_me())),
            ("GET", ["users", _]) => state.user_of(id(1)?),
            ("GET", ["users", "@me", "guilds"]) => Ok(state.own_guilds()),
            ("POST", ["users", "@me", "channels"]) => state.open_dm(call),
            ("GET", ["applications", "@me"] | ["oauth2", "applications", "@me"]) => {
                Ok(Answer::Json(state.wire_application()))
            }
            (_, ["applications", _, "commands", ..]) => state.commands(
                call,
                id(1)?,
                None,
                ids.get(3).copied().flatten(),
                segments.len() > 3,
            ),
            (_, ["applications", _, "guilds", _, "commands"]) => {
                state.commands(call, id(1)?, Some(id(3)?), None, false)
            }
            (_, ["applications", _, "guilds", _, "commands", _]) => {
                state.commands(call, id(1)?, Some(id(3)?), ids.get(5).copied().flatten(), true)
            }
            ("POST", ["interactions", _, token, "callback"]) => state.callback(call, id(1)?, token),
            ("POST", ["webhooks", _, token]) => state.follow_up(call, id(1)?, token),
            (_, ["webhooks", _, token, "messages", message]) => {
                state.webhook_message(call, id(1)?, token, message)
            }
            (_, ["guilds", _, ..]) => state.guild_route(call, id(1)?, segments),
            (_, ["channels", _, ..]) => state.channel_route(call, id(1)?, segments),
            _ => Err(Refusal::no_such_route()),
        }
    }
}

impl State {
    fn gateway_bot(&self, url: &str, now: DateTime<Utc>) -> Value {
        let day = chrono::TimeDelta::hours(24);
        let lately = self
            .gateway
            .identify_times
            .iter()
            .filter(|at| !super::model::older(**at, now, day));
        let used = u64::try_from(lately.count()).unwrap_or(0);
        json!({
            "url": url, "shards": self.gateway.recommended_shards,
            "session_start_limit": {
                "total": 1000, "remaining": 1000_u64.saturating_sub(used), "reset_after": 86_400_000,
                "max_concurrency": self.gateway.max_concurrency,
            },
        })
    }

    fn user_of(&self, id: Id) -> Result<Answer, Refusal> {
        let user = self.users.get(&id).ok_or_else(Refusal::unknown_user)?;
        Ok(Answer::Json(super::wire::user(user)))
    }
}
