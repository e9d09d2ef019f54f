//! Logs and metrics. Logs go to stderr, `HAMMERDESK_LOG` filters them (`info` where nothing is said) and
//! `HAMMERDESK_LOG_FORMAT=json` makes them one object a line. They never hold what people asked about: below
//! `warn`, serenity would write whole events with their contents, so it stays there unless a filter names it.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// Starts logging; a second call changes nothing.
#[expect(
    clippy::disallowed_methods,
    reason = "the log's own settings are needed before any config is read"
)]
pub fn log_to_stderr() {
    let filter = EnvFilter::try_from_env("HAMMERDESK_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,serenity=warn"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = if std::env::var("HAMMERDESK_LOG_FORMAT").is_ok_and(|format| format == "json") {
        builder.json().try_init()
    } else {
        builder.with_target(false).compact().try_init()
    };
    // A test that starts two apps in one process already has a subscriber.
    drop(started);
}

/// The metrics recorder of this process; installed at the first call.
pub fn metrics() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE
        .get_or_init(|| PrometheusBuilder::new().install_recorder().ok())
        .as_ref()
}
