//! What a request must look like before anybody reads what it says: JSON in UTF-8, not too long, with a key.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, StatusCode, header};

use super::problem::Problem;

/// The longest body that is taken.
const LONGEST_BODY: usize = 64 * 1024;
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Before anything is read: JSON, plain, in UTF-8.
pub(super) fn check_form(headers: &HeaderMap) -> Result<(), Problem> {
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

pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Problem> {
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

pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
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
