//! What machines ask: is it alive, is it ready, how is it doing.

pub mod intake;
mod openapi;
mod webhooks;

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hammerdesk_store::Store;

use crate::discord::Discord;
use crate::engine::Nudge;
use crate::freshdesk::Desk;
use crate::telemetry;

/// How long a probe waits for the store: less than what probes commonly wait for us.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a helpdesk posts.
pub fn webhooks(desk: Desk, nudge: Nudge) -> Router {
    webhooks::router(desk, nudge)
}

/// `GET /health/live`, `GET /health/ready`, `GET /metrics`, `GET /openapi.json`.
pub fn router(store: Store, discord: Option<Discord>) -> Router {
    telemetry::metrics();
    Router::new()
        .route("/health/live", get(|| async { "live\n" }))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(async || axum::Json(openapi::document())))
        .with_state((store, discord))
}

type Parts = (Store, Option<Discord>);

/// Ready is: the store answers, and has the schema that this binary needs. What Discord does is told beside
/// it and makes nothing less ready: everything else works without.
async fn ready(State((store, discord)): State<Parts>) -> Response {
    let Ok(schema) = tokio::time::timeout(PATIENCE, store.schema()).await else {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            "the store does not answer in time\n",
        )
            .into_response();
    };
    match schema {
        Ok(schema) if schema.is_current() => {
            let beside = discord.map(|discord| format!("{}\n", discord.says()));
            format!("ready\n{}", beside.unwrap_or_default()).into_response()
        }
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "the store has another schema\n").into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n").into_response()
        }
    }
}

async fn metrics() -> Response {
    match telemetry::metrics() {
        Some(recorder) => {
            recorder.run_upkeep();
            (
                [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
                recorder.render(),
            )
                .into_response()
        }
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
