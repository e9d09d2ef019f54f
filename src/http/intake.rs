//! `POST /intake/v1/escalations`: where third parties hand a caller over, and ask later who has it.
//!
//! What is answered with 202 is in the store. A partner sees receipts and a team's name, never a person, a
//! client or whether there is one; the same answer comes for a client we know and for one we do not.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use chrono::{DateTime, TimeDelta, Utc};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use hammerdesk_commands::escalate::opening::{self, Arrival, Whose};
use hammerdesk_commands::pace::{OurClock, Tick};
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::escalation::model::{About, Actor, Caller, LONGEST_WORDS, Opening};
use hammerdesk_domain::escalation::outside::outside;
use hammerdesk_domain::escalation::{Kind, Severity, Way};
use hammerdesk_domain::ids::{InvoiceNo, LocationId, LotNo, SaleNo, new_id};
use hammerdesk_domain::money::Money;
use hammerdesk_store::escalations::NewKey;
use hammerdesk_store::{Store, StoreError};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::config::Partner;
use crate::engine::Nudge;

/// The longest body that is taken.
const LONGEST_BODY: usize = 64 * 1024;
/// How far a request's timestamp may be from now, either way.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);
/// More signatures than this nobody needs while a key is replaced.
const MOST_SIGNATURES: usize = 8;
/// How often a write is tried again where somebody else was quicker.
const TRIES: usize = 5;

const SIGNATURE: &str = "x-hammerdesk-signature";
const PARTNER: &str = "x-hammerdesk-partner";
const IDEMPOTENCY_KEY: &str = "idempotency-key";

type Limiter = RateLimiter<NotKeyed, InMemoryState, OurClock, NoOpMiddleware<Tick>>;

/// What the intake works with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Intake(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    settings: Arc<Settings>,
    clock: Arc<dyn Clock>,
    nudge: Nudge,
    partners: Vec<(Partner, Limiter)>,
}

impl Intake {
    /// The intake for these partners.
    pub fn new(
        store: Store,
        settings: Arc<Settings>,
        clock: Arc<dyn Clock>,
        nudge: Nudge,
        partners: Vec<Partner>,
    ) -> Self {
        let limited = partners.into_iter().map(|partner| {
            let quota = Quota::per_minute(NonZeroU32::new(partner.per_minute).unwrap_or(NonZeroU32::MIN));
            let limiter = RateLimiter::direct_with_clock(quota, OurClock::new(Arc::clone(&clock)));
            (partner, limiter)
        });
        let partners = limited.collect();
        Self(Arc::new(Inner {
            store,
            settings,
            clock,
            nudge,
            partners,
        }))
    }
}

/// The intake's routes.
pub fn router(intake: Intake) -> Router {
    Router::new()
        .route("/intake/v1/escalations", post(send).fallback(any(no_such_method)))
        .route(
            "/intake/v1/escalations/{id}",
            axum::routing::get(ask).fallback(any(no_such_method)),
        )
        .with_state(intake)
}

/// Why a request is refused, as `application/problem+json` (RFC 9457).
#[derive(Debug)]
struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    retry_after: Option<u64>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            retry_after: None,
        }
    }

    fn later(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds.max(1));
        self
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        tracing::error!(
            error = format!("{error:#}"),
            "the intake could not keep or read an escalation"
        );
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "try-again",
            "Nothing was kept. Send the same request with the same Idempotency-Key again.",
        )
        .later(2)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        anyhow::Error::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        metrics::counter!("hammerdesk_intake_refused_total", "why" => self.code).increment(1);
        let body = json!({
            "type": format!("/openapi.json#{}", self.code),
            "title": self.status.canonical_reason().unwrap_or("refused"),
            "status": self.status.as_u16(),
            "code": self.code,
            "detail": self.detail,
        });
        let mut response = (
            self.status,
            [(header::CONTENT_TYPE, "application/problem+json")],
            body.to_string(),
        )
            .into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

async fn no_such_method(method: Method) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method",
        format!("{method} is not served here; POST /intake/v1/escalations, GET /intake/v1/escalations/ID"),
    )
}

async fn send(State(intake): State<Intake>, request: Request<Body>) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    check_form(headers)?;
    let body = read(headers, body).await?;
    let intake = &intake.0;
    let partner = intake.signed(headers, &body)?;
    let key = idempotency_key(headers)?;
    let digest = hex(&Sha256::digest(&body));
    let sent: Sent = parse(&body)?;
    sent.check(&intake.settings, intake.clock.now())?;
    let receipt = intake.keep(partner, &key, &digest, sent).await?;
    let place = format!("/intake/v1/escalations/{receipt}");
    let answer = json!({ "id": receipt, "status": "received", "href": place });
    let mut response = (
        StatusCode::ACCEPTED,
        [(header::CONTENT_TYPE, "application/json")],
        answer.to_string(),
    )
        .into_response();
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

async fn ask(
    State(intake): State<Intake>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let body = read(&parts.headers, body).await?;
    let intake = &intake.0;
    let partner = intake.signed(&parts.headers, &body)?;
    let unknown = || {
        Problem::new(
            StatusCode::NOT_FOUND,
            "unknown-id",
            "There is no escalation of yours with that id.",
        )
    };
    let receipt = Uuid::from_str(&id).map_err(|_| unknown())?;
    let mut view = intake.store.read().await?;
    let id = view.receipt(&partner.id, receipt).await?.ok_or_else(unknown)?;
    let escalation = view.escalation(id).await?.ok_or_else(unknown)?;
    let outside = outside(&escalation, &intake.settings.house);
    let answer = json!({
        "id": receipt,
        "status": outside.status,
        "team": outside.team,
        "says": outside.says,
    });
    Ok((
        [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-store"),
        ],
        answer.to_string(),
    )
        .into_response())
}

/// Before anything is read: JSON, plain, in UTF-8.
fn check_form(headers: &HeaderMap) -> Result<(), Problem> {
    let refuse = |detail: &str| {
        Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            detail,
        ))
    };
    let said = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if said(header::CONTENT_ENCODING).is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return refuse("Send the body as it is, without Content-Encoding.");
    }
    let Some(kind) = said(header::CONTENT_TYPE) else {
        return refuse("Say Content-Type: application/json.");
    };
    let mut parts = kind.split(';').map(str::trim);
    if !parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"))
    {
        return refuse("Send JSON and say Content-Type: application/json.");
    }
    let charset = parts
        .filter_map(|part| part.split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("charset"));
    match charset {
        Some((_, set)) if !set.trim_matches('"').eq_ignore_ascii_case("utf-8") => {
            refuse("Send the body in UTF-8.")
        }
        _ => Ok(()),
    }
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Problem> {
    let too_long = || {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            format!("The body is longer than {LONGEST_BODY} bytes."),
        )
    };
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > LONGEST_BODY) {
        return Err(too_long());
    }
    to_bytes(body, LONGEST_BODY)
        .await
        .map(|bytes| bytes.to_vec())
        .map_err(|_| too_long())
}

fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
    let key = headers
        .get(IDEMPOTENCY_KEY)
        .and_then(|value| value.to_str().ok())
        .map(str::trim);
    match key {
        Some(key) if (1..=128).contains(&key.len()) => Ok(key.to_owned()),
        _ => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "idempotency-key",
            "Send an Idempotency-Key of 1 to 128 visible characters, a new one for each call and the same one \
             when you send a call again.",
        )),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0_u8; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// `t=1700000000,v1=HEX,v1=HEX`.
struct Signature<'a> {
    timestamp: &'a str,
    at: DateTime<Utc>,
    signatures: Vec<[u8; 32]>,
}

impl<'a> Signature<'a> {
    fn read(headers: &'a HeaderMap) -> Result<Self, Problem> {
        let refuse = |detail: &str| Problem::new(StatusCode::UNAUTHORIZED, "signature", detail);
        let mut all = headers.get_all(SIGNATURE).iter();
        let (Some(one), None) = (all.next(), all.next()) else {
            return Err(refuse(
                "Sign the request: X-Hammerdesk-Signature: t=SECONDS,v1=HEX, where HEX is HMAC-SHA256 over \
                 SECONDS, a full stop and the body.",
            ));
        };
        let malformed = || refuse("X-Hammerdesk-Signature must read t=SECONDS,v1=HEX.");
        let text = one.to_str().map_err(|_| malformed())?;
        let mut timestamp = None;
        let mut signatures = Vec::new();
        for part in text.split(',') {
            match part.trim().split_once('=') {
                Some(("t", seconds)) if timestamp.is_none() => timestamp = Some(seconds.trim()),
                // A malformed one fits nothing; others beside it may.
                Some(("v1", signature)) if signatures.len() < MOST_SIGNATURES => {
                    signatures.extend(unhex(signature.trim()));
                }
                // Other versions are for other receivers.
                Some((other, _)) if other != "t" && other != "v1" => {}
                _ => return Err(malformed()),
            }
        }
        let timestamp = timestamp.ok_or_else(malformed)?;
        let at = timestamp
            .parse::<i64>()
            .ok()
            .filter(|_| timestamp.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
            .ok_or_else(malformed)?;
        Ok(Self {
            timestamp,
            at,
            signatures,
        })
    }

    /// Looks at every signature and every secret, whichever fits, so that the time says nothing.
    fn fits(&self, secrets: &[String], body: &[u8]) -> bool {
        let mut fits = subtle::Choice::from(0);
        for secret in secrets {
            let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
                continue;
            };
            mac.update(self.timestamp.as_bytes());
            mac.update(b".");
            mac.update(body);
            let expected = mac.finalize().into_bytes();
            for signature in &self.signatures {
                fits |= expected.as_slice().ct_eq(signature);
            }
        }
        fits.into()
    }
}

impl Inner {
    /// The partner whose signature it is, within its limit.
    fn signed(&self, headers: &HeaderMap, body: &[u8]) -> Result<&Partner, Problem> {
        let signature = Signature::read(headers)?;
        let now = self.clock.now();
        if (now - signature.at).abs() > TOLERANCE {
            return Err(Problem::new(
                StatusCode::UNAUTHORIZED,
                "timestamp",
                "The signature's timestamp is more than five minutes from now; sign again, and check the clock.",
            ));
        }
        let named = headers.get(PARTNER).and_then(|value| value.to_str().ok());
        let mut found = None;
        for (partner, limiter) in &self.partners {
            let is_meant = named.is_none_or(|name| name == partner.id);
            if signature.fits(&partner.secrets, body) && is_meant && found.is_none() {
                found = Some((partner, limiter));
            }
        }
        // A partner that is not there and a signature that is wrong read alike.
        let (partner, limiter) = found.ok_or_else(|| {
            Problem::new(
                StatusCode::UNAUTHORIZED,
                "signature",
                "The signature fits no partner; check the secret, and that the body was signed as it was sent.",
            )
        })?;
        if let Err(not_until) = limiter.check() {
            let now = governor::clock::Clock::now(&OurClock::new(Arc::clone(&self.clock)));
            let wait = not_until.wait_time_from(now).as_secs().saturating_add(1);
            return Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too-many",
                format!(
                    "More than {} requests a minute; wait {wait} seconds.",
                    partner.per_minute
                ),
            )
            .later(wait));
        }
        Ok(partner)
    }

    /// Keeps it durably and gives the receipt; the same key with the same body gives the same one.
    async fn keep(&self, partner: &Partner, key: &str, digest: &str, sent: Sent) -> Result<Uuid, Problem> {
        if let Some(receipt) = self.known(partner, key, digest).await? {
            return Ok(receipt);
        }
        let now = self.clock.now();
        let location = sent
            .location
            .as_deref()
            .map(LocationId::new)
            .or_else(|| partner.location.clone());
        let arrival = Arrival {
            way: Way::Intake,
            partner: Some(partner.id.clone()),
            reference: sent.reference,
            ticket: None,
            kind: sent.kind.unwrap_or(Kind::Other),
            severity: sent.severity.unwrap_or(Severity::Normal),
            location,
            language: sent.language,
            whose: Whose::Typed(sent.client),
            about: About {
                invoice: sent.invoice.map(InvoiceNo::new),
                sale: sent.sale.map(SaleNo::new),
                lot: sent.lot.map(LotNo::new),
                amounts: sent
                    .amounts
                    .into_iter()
                    .chain(sent.amount)
                    .map(Money::from)
                    .collect(),
            },
            said: sent.said,
            caller: sent.caller.map(Caller::from).unwrap_or_default(),
            deadline: sent.deadline,
        };
        let opening = opening::opening(&self.store, &self.settings, arrival, now).await?;
        let receipt = new_id(now);
        for _ in 0..TRIES {
            if let Some(receipt) = self.try_to_keep(&opening, receipt, (key, digest)).await? {
                self.nudge.nudge();
                metrics::counter!("hammerdesk_intake_taken_total").increment(1);
                return Ok(receipt);
            }
            if let Some(receipt) = self.known(partner, key, digest).await? {
                return Ok(receipt);
            }
        }
        Err(anyhow::anyhow!("somebody else was quicker {TRIES} times").into())
    }

    /// What was given for that key before, if anything.
    async fn known(&self, partner: &Partner, key: &str, digest: &str) -> Result<Option<Uuid>, Problem> {
        let mut view = self.store.read().await?;
        match view.intake_key(&partner.id, key).await? {
            None => Ok(None),
            Some(known) if known.body_sha256 == digest => Ok(Some(known.receipt)),
            Some(_) => Err(Problem::new(
                StatusCode::CONFLICT,
                "key-reused",
                "This Idempotency-Key came before with another body; take a new key for another call.",
            )),
        }
    }

    /// One unit: the key, and the escalation or what joins one; `None` where somebody else was quicker.
    async fn try_to_keep(
        &self,
        opening: &Opening,
        receipt: Uuid,
        (key, digest): (&str, &str),
    ) -> Result<Option<Uuid>, Problem> {
        let partner = opening.partner.clone().unwrap_or_default();
        let by = Actor::Partner(partner.clone());
        let mut unit = self.store.write().await?;
        let kept = opening::keep(&mut unit, &self.settings, opening, &by).await?;
        let new_key = NewKey {
            partner: &partner,
            key,
            body_sha256: digest,
            receipt,
            escalation: kept.id,
            at: opening.at,
        };
        if !unit.keep_intake_key(&new_key).await? {
            return Ok(None);
        }
        unit.commit().await?;
        Ok(Some(receipt))
    }
}

/// What a partner sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    #[serde(alias = "message", alias = "text", alias = "description")]
    said: String,
    #[serde(default)]
    kind: Option<Kind>,
    #[serde(default)]
    severity: Option<Severity>,
    #[serde(default)]
    client: Option<String>,
    #[serde(default)]
    caller: Option<SentCaller>,
    #[serde(default)]
    location: Option<String>,
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    sale: Option<String>,
    #[serde(default)]
    lot: Option<String>,
    #[serde(default)]
    invoice: Option<String>,
    #[serde(default)]
    amount: Option<Amount>,
    #[serde(default)]
    amounts: Vec<Amount>,
    #[serde(default)]
    reference: Option<String>,
    #[serde(default)]
    deadline: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SentCaller {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    phone: Option<String>,
    #[serde(default)]
    email: Option<String>,
}

impl From<SentCaller> for Caller {
    fn from(sent: SentCaller) -> Self {
        Self {
            name: sent.name,
            phone: sent.phone,
            email: sent.email,
        }
    }
}

/// `{"amount": "1234.50", "currency": "GBP"}`, or `"GBP 1,234.50"`.
#[derive(Debug, Deserialize)]
#[serde(try_from = "serde_json::Value")]
struct Amount(Money);

impl TryFrom<serde_json::Value> for Amount {
    type Error = String;

    fn try_from(value: serde_json::Value) -> Result<Self, Self::Error> {
        let read = match &value {
            serde_json::Value::String(text) => Money::from_str(text).map_err(|error| error.to_string()),
            _ => serde_json::from_value(value.clone()).map_err(|error| error.to_string()),
        };
        read.map(Self).map_err(|error| {
            format!("an amount is written {{\"amount\": \"1234.50\", \"currency\": \"GBP\"}} ({error})")
        })
    }
}

impl From<Amount> for Money {
    fn from(amount: Amount) -> Self {
        amount.0
    }
}

fn parse(body: &[u8]) -> Result<Sent, Problem> {
    let text = std::str::from_utf8(body)
        .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "encoding", "The body is not UTF-8 text."))?;
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "not-json",
            format!("The body is not JSON: {error}."),
        )
    })?;
    let invalid = |detail: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail);
    // A derived reader would take a list for an object, in the order of its fields.
    if !value.is_object() {
        return Err(invalid("The body is JSON, but no object.".to_owned()));
    }
    serde_json::from_value(value).map_err(|error| invalid(error.to_string()))
}

impl Sent {
    fn check(&self, settings: &Settings, now: DateTime<Utc>) -> Result<(), Problem> {
        let refuse = |detail: String| Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail));
        if self.said.trim().is_empty() {
            return refuse("said: write down what the caller said.".to_owned());
        }
        if self.said.len() > LONGEST_WORDS {
            return refuse(format!("said: at most {LONGEST_WORDS} bytes."));
        }
        let caller = self.caller.as_ref();
        let bounded: BTreeMap<&str, Option<&String>> = BTreeMap::from([
            ("client", self.client.as_ref()),
            ("caller.name", caller.and_then(|caller| caller.name.as_ref())),
            ("caller.phone", caller.and_then(|caller| caller.phone.as_ref())),
            ("caller.email", caller.and_then(|caller| caller.email.as_ref())),
            ("language", self.language.as_ref()),
            ("sale", self.sale.as_ref()),
            ("lot", self.lot.as_ref()),
            ("invoice", self.invoice.as_ref()),
            ("reference", self.reference.as_ref()),
        ]);
        for (field, value) in bounded {
            if value.is_some_and(|value| value.chars().count() > 256) {
                return refuse(format!("{field}: at most 256 characters."));
            }
        }
        if self.amounts.len() > 16 {
            return refuse("amounts: at most 16, one a currency.".to_owned());
        }
        if let Some(location) = &self.location
            && settings
                .house
                .location(&LocationId::new(location.as_str()))
                .is_none()
        {
            let known: Vec<&str> = settings
                .house
                .locations
                .iter()
                .map(|one| one.id.as_str())
                .collect();
            return refuse(format!("location: one of {}.", known.join(", ")));
        }
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return refuse("deadline: it is over; leave it out or give one to come.".to_owned());
        }
        Ok(())
    }
}
