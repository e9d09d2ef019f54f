//! `POST /intake/v1/escalations`: where third parties hand a caller over, and ask later who has it.
//!
//! What is answered with 202 is in the store. A partner sees receipts and a team's name, never a person, a
//! client or whether there is one; the same answer comes for a client we know and for one we do not.

mod form;
mod problem;
mod sent;
mod signature;

use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use chrono::TimeDelta;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use hammerdesk_commands::escalate::opening::{self, Arrival, Whose};
use hammerdesk_commands::pace::{OurClock, Tick};
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::escalation::model::{About, Actor, Caller, Opening};
use hammerdesk_domain::escalation::outside::outside;
use hammerdesk_domain::escalation::{Kind, Severity, Way};
use hammerdesk_domain::ids::{InvoiceNo, LocationId, LotNo, SaleNo, new_id};
use hammerdesk_domain::money::Money;
use hammerdesk_store::Store;
use hammerdesk_store::escalations::NewKey;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use self::form::{check_form, idempotency_key, read};
use self::problem::{Problem, no_such_method};
use self::sent::{Sent, parse};
use self::signature::{Signature, hex};
use crate::config::Partner;
use crate::engine::Nudge;

/// How far a request's timestamp may be from now, either way.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);
/// How often a write is tried again where somebody else was quicker.
const TRIES: usize = 5;

const PARTNER: &str = "x-hammerdesk-partner";

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
