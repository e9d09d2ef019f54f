//! `POST /webhooks/freshdesk`: what the helpdesk tells us, stored before it is answered.
//!
//! Nobody but who knows the secret gets anything stored. Whoever does is only believed that a ticket may
//! have changed: what changed is then read from the helpdesk. So a forged number, a replay or a body that
//! a quote has broken costs one question at most, and nothing is lost: what names no ticket makes us look
//! for changes at once.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_freshdesk::Hint;
use hammerdesk_store::helpdesk::{NewWebhook, Taken};
use sha2::{Digest, Sha256};

use crate::engine::Nudge;
use crate::freshdesk::Desk;

/// Freshdesk's own bodies are some kilobytes; the latest comment may be long.
const LARGEST: usize = 1024 * 1024;
const SECRET: &str = "X-Hammerdesk-Secret";

/// What came of a body on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// JSON, or a form.
    Whole,
    /// JSON with something in it that breaks it.
    Broken,
    /// It ends in a number, of which more may have been on its way.
    Cut,
}

impl Shape {
    fn of(body: &[u8]) -> Self {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
        let looks_like_json = matches!(body.first(), Some(b'{' | b'['));
        if !looks_like_json || serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() {
            Self::Whole
        } else if body.last().is_some_and(u8::is_ascii_digit) {
            Self::Cut
        } else {
            Self::Broken
        }
    }
}

#[derive(Debug, Clone)]
struct Webhooks {
    desk: Desk,
    nudge: Nudge,
}

/// The route, for a helpdesk.
pub(super) fn router(desk: Desk, nudge: Nudge) -> Router {
    Router::new()
        .route("/webhooks/freshdesk", post(freshdesk))
        .with_state(Webhooks { desk, nudge })
}

async fn freshdesk(State(state): State<Webhooks>, headers: HeaderMap, body: Body) -> Response {
    if !state.desk.takes_webhooks() {
        return refuse(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_configured",
            "webhooks are not taken here: freshdesk.webhook_secret is not set",
        );
    }
    let said = headers.get(SECRET).map_or(&b""[..], |value| value.as_bytes());
    if !state.desk.knows_secret(said) {
        return refuse(
            StatusCode::UNAUTHORIZED,
            "forged",
            "the header X-Hammerdesk-Secret is missing or wrong",
        );
    }
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return refuse(
            StatusCode::PAYLOAD_TOO_LARGE,
            "oversized",
            "the body is larger than 1 MB or was cut off on the way; send the ticket's number and the event only",
        );
    };
    let shape = Shape::of(&body);
    let read = match shape {
        Shape::Cut => Err("the body is cut off in the middle".to_owned()),
        Shape::Whole | Shape::Broken => Hint::read(&body).map_err(|reason| reason.to_string()),
    };
    let ticket = read
        .as_ref()
        .ok()
        .and_then(|hint| i64::try_from(hint.ticket).ok())
        .map(TicketId);
    match store(&state, &headers, &body, ticket).await {
        Ok(taken) => {
            state.nudge.nudge();
            let word = match (&read, taken) {
                (Err(_), _) => "unreadable",
                (Ok(_), Taken::New) => "taken",
                (Ok(_), Taken::Waiting) => "repeated",
            };
            count(word);
            match read {
                Ok(_) if shape == Shape::Broken => {
                    tracing::warn!(
                        bytes = body.len(),
                        "a webhook's JSON is broken; its ticket is read all the same"
                    );
                    let says =
                        "taken, though it is no JSON: a quote in a field breaks it; send ticket_id only\n";
                    (StatusCode::ACCEPTED, says).into_response()
                }
                Ok(_) => (StatusCode::ACCEPTED, "taken\n").into_response(),
                Err(reason) => {
                    tracing::warn!(bytes = body.len(), %reason, "a webhook is of no use; looking for changes instead");
                    let says = format!(
                        "{reason}; it is kept, and changes are looked for instead. \
                         Send JSON with ticket_id, such as {{\"ticket_id\": {{{{ticket.id}}}}}}\n"
                    );
                    (StatusCode::BAD_REQUEST, says).into_response()
                }
            }
        }
        Err(error) => {
            tracing::error!(%error, "a webhook could not be stored");
            count("failed");
            (StatusCode::SERVICE_UNAVAILABLE, "not stored; send it again\n").into_response()
        }
    }
}

async fn store(
    state: &Webhooks,
    headers: &HeaderMap,
    body: &[u8],
    ticket: Option<TicketId>,
) -> hammerdesk_store::Result<Taken> {
    let digest: String = Sha256::digest(body)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let content_type: String = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect();
    let helpdesk = state.desk.helpdesk();
    let mut unit = helpdesk.store().write().await?;
    let taken = unit
        .take_webhook(&NewWebhook {
            source: "freshdesk",
            digest: &digest,
            content_type: &content_type,
            body,
            ticket,
            received_at: helpdesk.now(),
        })
        .await?;
    unit.commit().await?;
    Ok(taken)
}

fn refuse(status: StatusCode, why: &'static str, says: &'static str) -> Response {
    tracing::warn!(%status, why, "a webhook is refused");
    count(why);
    (status, format!("{says}\n")).into_response()
}

fn count(outcome: &'static str) {
    metrics::counter!("hammerdesk_webhooks_total", "source" => "freshdesk", "outcome" => outcome)
        .increment(1);
}
