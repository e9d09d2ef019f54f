//! Who signed a request: HMAC-SHA256 over its timestamp, a full stop and its body, compared in constant time.

use axum::http::{HeaderMap, StatusCode};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::problem::Problem;

/// More signatures than this nobody needs while a key is replaced.
const MOST_SIGNATURES: usize = 8;
const SIGNATURE: &str = "x-hammerdesk-signature";

pub(super) fn hex(bytes: &[u8]) -> String {
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
pub(super) struct Signature<'a> {
    timestamp: &'a str,
    pub(super) at: DateTime<Utc>,
    signatures: Vec<[u8; 32]>,
}

impl<'a> Signature<'a> {
    pub(super) fn read(headers: &'a HeaderMap) -> Result<Self, Problem> {
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
    pub(super) fn fits(&self, secrets: &[String], body: &[u8]) -> bool {
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
