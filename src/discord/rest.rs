//! Calls to Discord's REST interface.
//!
//! serenity speaks to the gateway for us; what goes out over REST is few enough calls that we send them
//! ourselves, through a [`Gate`] that serenity's limiter cannot be (it ignores another base address, keeps a
//! bucket for every interaction for ever, and drops how long a refusal asks to wait). A call that may have
//! landed without its answer coming back is told apart from one that did not.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, Method, StatusCode};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::Setup;
use super::gate::{Gate, Limited, PER_SECOND, REFUSED_ENOUGH, seconds};
use super::render::{File, Message};

/// Discord's own address.
pub(crate) const DISCORD: &str = "https://discord.com";
const API: &str = "/api/v10";
const USER_AGENT: &str = concat!("DiscordBot (hammerdesk, ", env!("CARGO_PKG_VERSION"), ")");

/// Too many edits of one old message: a 429 that is no limit of its route, and that waiting does not end soon.
pub(crate) const OLD_EDITS: u64 = 30_046;

/// How long one call may take.
const ONE_CALL: Duration = Duration::from_secs(10);
/// How long a connection may take to stand.
const CONNECTING: Duration = Duration::from_secs(4);

/// The connection to Discord. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Rest(Arc<Inner>);

struct Inner {
    client: Client,
    /// With its version: `https://discord.com/api/v10`.
    base: String,
    token: HeaderValue,
    gate: Gate,
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rest")
            .field("base", &self.0.base)
            .finish_non_exhaustive()
    }
}

/// One call.
#[derive(Debug)]
pub(crate) struct Call {
    method: Method,
    path: String,
    /// What shares a limit: method and route, and last the channel, guild or webhook in it.
    route: String,
    body: Option<Vec<u8>>,
    files: Vec<File>,
    /// How long it may wait for its turn.
    patience: Duration,
    /// How long one sending may take.
    timeout: Duration,
    /// Is it an answer to an interaction, which the global limit does not count and which needs no token?
    is_answer: bool,
}

impl Call {
    /// A call whose path is `route` with the ids in it.
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        let path = path.into();
        Self {
            route: route(&method, &path),
            is_answer: path_is_answer(&path),
            method,
            path,
            body: None,
            files: Vec::new(),
            patience: Duration::from_secs(20),
            timeout: ONE_CALL,
        }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    pub(crate) fn patch(path: impl Into<String>) -> Self {
        Self::new(Method::PATCH, path)
    }

    pub(crate) fn put(path: impl Into<String>) -> Self {
        Self::new(Method::PUT, path)
    }

    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// With that body.
    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        // Our own bodies are plain data: they always have a form in JSON.
        self.body = serde_json::to_vec(body).ok();
        self
    }

    /// With a message in a wider body, and its files beside it.
    pub(crate) fn message(self, body: &impl Serialize, message: &Message) -> Self {
        let mut call = self.json(body);
        call.files.clone_from(&message.files);
        call
    }

    /// Waits that long for its turn at most.
    pub(crate) fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Gives one sending so long at most.
    pub(crate) fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RestError {
    /// Discord says no.
    #[error("Discord answers {status}: {message} (code {code})")]
    Refused {
        /// The status.
        status: u16,
        /// Discord's own code; 0 where it gives none.
        code: u64,
        /// Discord's sentence, with the fields it speaks of.
        message: String,
    },
    /// Not now.
    #[error("Discord's rate limit asks to wait {} s", wait.as_secs())]
    Limited {
        /// How long to wait.
        wait: Duration,
    },
    /// So many calls were refused that none is sent.
    #[error("too many calls were refused lately; none is sent for {} s", wait.as_secs())]
    Shut {
        /// For how long.
        wait: Duration,
    },
    /// It was not sent.
    #[error("Discord cannot be reached: {0}")]
    Unreachable(String),
    /// It was sent, and whether it had an effect is not known.
    #[error("Discord did not answer: {0}")]
    Lost(String),
}

impl RestError {
    /// Discord's code, where it refused.
    pub(crate) fn code(&self) -> Option<u64> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// The status, where it refused.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }
}

impl Rest {
    /// Speaks to Discord, or to `api_url` in its place.
    pub(crate) fn new(token: &str, api_url: Option<&str>) -> anyhow::Result<Self> {
        let gate = Gate::new(PER_SECOND, REFUSED_ENOUGH);
        Self::build(token, api_url, client(None)?, gate)
    }

    /// Speaks as the administrator decided.
    pub(crate) fn of(setup: &Setup) -> anyhow::Result<Self> {
        Self::build(
            setup.token.reveal().trim(),
            setup.api_url.as_deref(),
            client(setup.authority.as_deref())?,
            Gate::new(
                setup.calls_per_second.unwrap_or(PER_SECOND),
                setup.refused_at_most.unwrap_or(REFUSED_ENOUGH),
            ),
        )
    }

    fn build(token: &str, api_url: Option<&str>, client: Client, gate: Gate) -> anyhow::Result<Self> {
        let mut token = HeaderValue::from_str(&format!("Bot {token}"))
            .map_err(|_| anyhow::anyhow!("discord.token holds characters that no token has"))?;
        token.set_sensitive(true);
        Ok(Self(Arc::new(Inner {
            client,
            base: versioned(api_url.unwrap_or(DISCORD)),
            token,
            gate,
        })))
    }

    /// How many calls were refused lately; tells the metrics too.
    pub(crate) fn refused_lately(&self) -> usize {
        self.0.gate.refused_lately()
    }

    /// For how long none is sent because too many were refused.
    pub(crate) fn shut_for(&self) -> Option<Duration> {
        self.0.gate.shut_for()
    }

    /// Sends a call and reads its answer.
    pub(crate) async fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, RestError> {
        let text = self.send(call).await?;
        serde_json::from_slice(&text)
            .map_err(|error| RestError::Lost(format!("its answer cannot be read: {error}")))
    }

    /// Sends a call whose answer says nothing more.
    pub(crate) async fn done(&self, call: Call) -> Result<(), RestError> {
        self.send(call).await.map(drop)
    }

    /// Waits for its turn and sends; a limit met on the way is waited for, as far as the call is patient.
    async fn send(&self, call: Call) -> Result<Vec<u8>, RestError> {
        let gate = &self.0.gate;
        let mut patience = call.patience;
        loop {
            if let Some(wait) = gate.shut_for() {
                return Err(RestError::Shut { wait });
            }
            gate.pass(&call.route, !call.is_answer, patience)
                .await
                .map_err(|wait| RestError::Limited { wait })?;
            let response = self
                .request(&call)?
                .send()
                .await
                .map_err(|error| unsent(&error))?;
            let status = response.status();
            gate.learn(&call.route, response.headers());
            metrics::counter!("hammerdesk_discord_requests_total", "status" => status.as_u16().to_string())
                .increment(1);
            let header = |name: &str| {
                response
                    .headers()
                    .get(name)
                    .and_then(|value| value.to_str().ok())
                    .map(str::to_owned)
            };
            let (retry_after, scope) = (header("retry-after"), header("x-ratelimit-scope"));
            let is_global = header("x-ratelimit-global").is_some_and(|value| value == "true");
            let body = response
                .bytes()
                .await
                .map_err(|error| RestError::Lost(without_url(&error)));
            if status.is_success() {
                return body.map(Into::into);
            }
            let body: Value = body
                .ok()
                .and_then(|body| serde_json::from_slice(&body).ok())
                .unwrap_or_default();
            let is_limit = body["code"].as_u64() != Some(OLD_EDITS);
            if status == StatusCode::TOO_MANY_REQUESTS && is_limit {
                let limited = Limited {
                    wait: retry_after
                        .as_deref()
                        .and_then(seconds)
                        .or_else(|| seconds(&body["retry_after"].to_string()))
                        .unwrap_or(Duration::from_secs(5)),
                    is_global: is_global || body["global"] == true,
                    is_shared: scope.as_deref() == Some("shared"),
                };
                gate.limited(&call.route, limited);
                if limited.wait > patience {
                    return Err(RestError::Limited { wait: limited.wait });
                }
                tracing::info!(
                    route = call.route,
                    wait_ms = limited.wait.as_millis(),
                    "discord asks to wait"
                );
                patience -= limited.wait;
                // An answer to an interaction is not held up by the gate's global limit, but by this one.
                if limited.is_global && call.is_answer {
                    tokio::time::sleep(limited.wait).await;
                }
                continue;
            }
            if matches!(
                status,
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
            ) {
                gate.refused();
            }
            if status.is_server_error() {
                return Err(RestError::Lost(format!("status {status}")));
            }
            return Err(RestError::Refused {
                status: status.as_u16(),
                code: body["code"].as_u64().unwrap_or(0),
                message: said(&body),
            });
        }
    }

    fn request(&self, call: &Call) -> Result<reqwest::RequestBuilder, RestError> {
        let mut request = self
            .0
            .client
            .request(call.method.clone(), format!("{}{}", self.0.base, call.path))
            .timeout(call.timeout);
        if !call.is_answer {
            request = request.header(AUTHORIZATION, self.0.token.clone());
        }
        let Some(body) = call.body.clone() else {
            return Ok(request);
        };
        if call.files.is_empty() {
            return Ok(request.header("content-type", "application/json").body(body));
        }
        let json = String::from_utf8(body).map_err(|error| RestError::Unreachable(error.to_string()))?;
        let mut form = reqwest::multipart::Form::new().text("payload_json", json);
        for (at, file) in call.files.iter().enumerate() {
            let part = reqwest::multipart::Part::bytes(file.content.clone()).file_name(file.name.clone());
            form = form.part(format!("files[{at}]"), part);
        }
        Ok(request.multipart(form))
    }
}

/// The client that every call goes through; it trusts the web's authorities, and `authority` beside them.
pub(crate) fn client(authority: Option<&[u8]>) -> anyhow::Result<Client> {
    let mut builder = Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECTING)
        .pool_max_idle_per_host(64)
        .redirect(reqwest::redirect::Policy::none());
    if let Some(authority) = authority {
        let read = if authority.starts_with(b"-----BEGIN") {
            reqwest::Certificate::from_pem(authority)
        } else {
            reqwest::Certificate::from_der(authority)
        };
        let authority =
            read.map_err(|_| anyhow::anyhow!("discord.ca_file holds no certificate in PEM or DER"))?;
        builder = builder.add_root_certificate(authority);
    }
    Ok(builder.build()?)
}

/// The base with the version of the interface that we speak.
fn versioned(url: &str) -> String {
    let url = url.trim_end_matches('/');
    if url.ends_with("/api") {
        format!("{url}/v10")
    } else if url.contains("/api/v") {
        url.to_owned()
    } else {
        format!("{url}{API}")
    }
}

/// The base as serenity wants it: without the path that it adds itself.
pub(crate) fn unversioned(url: &str) -> String {
    let versioned = versioned(url);
    versioned.split("/api/v").next().unwrap_or_default().to_owned()
}

/// Callbacks and webhooks of interactions carry their own token in the path.
fn path_is_answer(path: &str) -> bool {
    path.starts_with("/interactions/") || path.starts_with("/webhooks/")
}

/// What shares a limit: ids are left out, but for the channel, guild or webhook that the path begins with.
fn route(method: &Method, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let mut parts = path.split('/').skip(1);
    let first = parts.next().unwrap_or_default();
    let major = parts.next().unwrap_or_default();
    let rest: Vec<&str> = match first {
        // Each interaction is its own.
        "interactions" => vec!["callback"],
        "webhooks" => {
            let token = parts.next().unwrap_or_default();
            let rest: Vec<&str> = parts.map(|part| if is_id(part) { "id" } else { part }).collect();
            return format!("{method} webhooks/{} {token}", rest.join("/"));
        }
        _ => parts.map(|part| if is_id(part) { "id" } else { part }).collect(),
    };
    format!("{method} {first}/{} {major}", rest.join("/"))
}

fn is_id(part: &str) -> bool {
    part.len() > 10 && part.bytes().all(|b| b.is_ascii_digit())
}

/// Discord's sentence and the fields it complains about; never what we sent.
fn said(body: &Value) -> String {
    let mut out = body["message"]
        .as_str()
        .unwrap_or("no reason given")
        .chars()
        .take(200)
        .collect::<String>();
    let mut found = Vec::new();
    complaints(&body["errors"], &mut String::new(), &mut found);
    for complaint in found.iter().take(5) {
        out.push_str("; ");
        out.push_str(complaint);
    }
    out
}

fn complaints(errors: &Value, path: &mut String, out: &mut Vec<String>) {
    let Some(fields) = errors.as_object() else {
        return;
    };
    for (name, inner) in fields {
        if name == "_errors" {
            let codes: Vec<&str> = inner
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|error| error["code"].as_str())
                .collect();
            out.push(format!("{path}: {}", codes.join(", ")));
            continue;
        }
        let length = path.len();
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
        complaints(inner, path, out);
        path.truncate(length);
    }
}

fn unsent(error: &reqwest::Error) -> RestError {
    if error.is_connect() || error.is_builder() {
        RestError::Unreachable(without_url(error))
    } else {
        RestError::Lost(without_url(error))
    }
}

/// The cause without the address: addresses of interactions carry their tokens.
fn without_url(error: &reqwest::Error) -> String {
    use std::error::Error as _;
    let what = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    };
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    cause.map_or_else(|| what.to_owned(), |cause| format!("{what} ({cause})"))
}

/// An answer that is not read.
pub(crate) type Whatever = IgnoredAny;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_may_be_given_with_or_without_its_path() {
        for given in [
            "http://127.0.0.1:1",
            "http://127.0.0.1:1/",
            "http://127.0.0.1:1/api",
            "http://127.0.0.1:1/api/v10/",
        ] {
            assert_eq!(versioned(given), "http://127.0.0.1:1/api/v10");
            assert_eq!(unversioned(given), "http://127.0.0.1:1");
        }
        assert_eq!(versioned(DISCORD), "https://discord.com/api/v10");
    }

    #[test]
    fn calls_share_a_limit_by_route_and_channel() {
        let of = |method: Method, path: &str| route(&method, path);
        let one = of(Method::PATCH, "/channels/11111111111/messages/22222222222");
        assert_eq!(one, "PATCH channels/messages/id 11111111111");
        assert_eq!(
            one,
            of(Method::PATCH, "/channels/11111111111/messages/33333333333")
        );
        assert_ne!(
            one,
            of(Method::PATCH, "/channels/44444444444/messages/22222222222")
        );
        assert_eq!(
            of(Method::GET, "/channels/11111111111/messages?limit=50&after=1"),
            "GET channels/messages 11111111111"
        );
        assert_eq!(
            of(Method::PATCH, "/webhooks/11111111111/tok/messages/@original"),
            "PATCH webhooks/messages/@original tok"
        );
    }

    #[test]
    fn a_refusal_names_the_fields_and_not_what_was_in_them() {
        let body = serde_json::json!({
            "code": 50035, "message": "Invalid Form Body",
            "errors": { "embeds": { "0": { "title": { "_errors": [{ "code": "BASE_TYPE_MAX_LENGTH", "message": "secret" }] } } } }
        });
        assert_eq!(
            said(&body),
            "Invalid Form Body; embeds.0.title: BASE_TYPE_MAX_LENGTH"
        );
    }
}
