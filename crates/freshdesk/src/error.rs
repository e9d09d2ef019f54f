//! What can go wrong, told so that a caller can decide two things: may the write have landed, and is it worth
//! trying again.
//!
//! `Display` names statuses, codes and fields, never what was sent or answered: Freshdesk's messages quote
//! customers' data.

use std::fmt;
use std::time::Duration;

use serde_json::value::RawValue;

use crate::lenient::{Fields, Odd, part};

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
#[error("{call}: {kind}")]
pub struct Error {
    /// What was being done, such as `create a ticket`.
    pub call: &'static str,
    /// Whether it would have changed something.
    pub is_write: bool,
    /// What happened.
    #[source]
    pub kind: ErrorKind,
}

/// What happened to a call.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Freshdesk answered, and not with what was asked for.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// Not sent: the account's calls are used up, and waiting longer than the caller's patience would not have helped.
    #[error("not sent, the account's calls are used up for another {} s", wait.as_secs())]
    Busy {
        /// How long until there is room again.
        wait: Duration,
    },
    /// Not sent: this client only reads.
    #[error("not sent, this client only reads")]
    ReadOnly,
    /// Not sent: Freshdesk would not take it.
    #[error("not sent, {0}")]
    Unsendable(String),
    /// Not sent: no connection.
    #[error("not sent, no connection to Freshdesk ({0})")]
    Unreachable(&'static str),
    /// Sent, or partly; the answer did not come.
    #[error("no answer ({0})")]
    Lost(&'static str),
    /// Answered as done, with something that is no JSON: cut off, or a page of something in between.
    #[error("answered {status}, but not in JSON")]
    Garbled {
        /// The HTTP status.
        status: u16,
    },
    /// Answered as done, with something that could not be read.
    #[error("answered {status}, unreadable: {why}")]
    Unreadable {
        /// The HTTP status.
        status: u16,
        /// What was wrong with the answer.
        why: Odd,
    },
}

/// An answer other than success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// `code` of the flat shape, such as `invalid_credentials`.
    pub code: Option<String>,
    /// `description` or `message`; may quote what was sent, so keep it out of logs.
    pub description: Option<crate::Text>,
    /// `errors` of the validation shape.
    pub fields: Vec<FieldError>,
    /// `Retry-After`, in seconds on the wire; or, on a 429 without it, this client's guess.
    pub retry_after: Option<Duration>,
    /// `X-Request-Id`, for Freshdesk's support.
    pub request_id: Option<String>,
}

part! {
    /// One entry of `errors` in a validation answer.
    pub struct FieldError {
        /// `field`
        field: Option<String>,
        /// `message`; may quote what was sent, so keep it out of logs.
        message: Option<crate::Text>,
        /// `code`, such as `invalid_value`; an open set.
        code: Option<String>,
    }
}

impl Eq for FieldError {}

impl Refusal {
    /// Reads either of Freshdesk's two shapes; anything else (empty, HTML, cut off) leaves only the status.
    pub(crate) fn read(status: u16, body: &str) -> Self {
        let mut refusal = Self {
            status,
            code: None,
            description: None,
            fields: Vec::new(),
            retry_after: None,
            request_id: None,
        };
        let Ok(raw) = serde_json::from_str::<&RawValue>(body) else {
            return refusal;
        };
        let mut odd = Vec::new();
        if let Some(fields) = Fields::open(raw, "", &mut odd) {
            refusal.code = fields.take(&["code"], &mut odd);
            refusal.description = fields.take(&["description", "message"], &mut odd);
            refusal.fields = fields.take(&["errors"], &mut odd);
        }
        refusal
    }

    /// Whether a field was refused, whatever for.
    pub fn names(&self, field: &str) -> bool {
        self.fields
            .iter()
            .any(|error| error.field.as_deref() == Some(field))
    }

    /// Whether the code is given anywhere in the answer.
    pub fn has_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
            || self
                .fields
                .iter()
                .any(|error| error.code.as_deref() == Some(code))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Freshdesk answered {}", self.status)?;
        if let Some(code) = self.code.as_deref().filter(|code| is_plain(code)) {
            write!(f, " {code}")?;
        }
        for error in &self.fields {
            let field = error
                .field
                .as_deref()
                .filter(|name| is_plain(name))
                .unwrap_or("a field");
            let code = error
                .code
                .as_deref()
                .filter(|code| is_plain(code))
                .unwrap_or("refused");
            write!(f, ", {field}: {code}")?;
        }
        if let Some(id) = self.request_id.as_deref().filter(|id| is_plain(id)) {
            write!(f, " (request {id})")?;
        }
        Ok(())
    }
}

/// Names and codes only: what somebody else wrote must not get into a log line.
fn is_plain(word: &str) -> bool {
    word.len() <= 80
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-.[]".contains(&b))
}

impl Error {
    pub(crate) fn new(call: &'static str, is_write: bool, kind: ErrorKind) -> Self {
        Self { call, is_write, kind }
    }

    /// Whether a write may have landed although there is no result: look for it before sending it again.
    /// Where this is false, Freshdesk has certainly not done it.
    pub fn is_ambiguous(&self) -> bool {
        self.is_write
            && match &self.kind {
                ErrorKind::Lost(_) | ErrorKind::Garbled { .. } | ErrorKind::Unreadable { .. } => true,
                ErrorKind::Refused(refusal) => refusal.status >= 500 || refusal.status == 408,
                _ => false,
            }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_passing(&self) -> bool {
        match &self.kind {
            ErrorKind::Busy { .. }
            | ErrorKind::Unreachable(_)
            | ErrorKind::Lost(_)
            | ErrorKind::Garbled { .. } => true,
            ErrorKind::Refused(refusal) => refusal.status >= 500 || matches!(refusal.status, 408 | 429),
            _ => false,
        }
    }

    /// Freshdesk's answer, where there was one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.kind {
            ErrorKind::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The HTTP status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        match &self.kind {
            ErrorKind::Refused(refusal) => Some(refusal.status),
            ErrorKind::Garbled { status } | ErrorKind::Unreadable { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// How long to wait before trying again, where that is known or guessed.
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.kind {
            ErrorKind::Refused(refusal) => refusal.retry_after,
            ErrorKind::Busy { wait } => Some(*wait),
            _ => None,
        }
    }

    /// 404: not there, archived, or not for this key's eyes.
    pub fn is_missing(&self) -> bool {
        self.status() == Some(404)
    }

    /// 401: the key is wrong or was reset.
    pub fn is_unauthorised(&self) -> bool {
        self.status() == Some(401)
    }

    /// 403: the key's agent or the plan may not do this.
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(403)
    }

    /// 400, 409, 415 and the like: sending the same again gives the same answer.
    pub fn is_rejected(&self) -> bool {
        matches!(self.refusal(), Some(refusal) if (300..500).contains(&refusal.status) && !matches!(refusal.status, 408 | 429))
    }

    /// 429, or this client's own limit: too many calls.
    pub fn is_throttled(&self) -> bool {
        matches!(self.kind, ErrorKind::Busy { .. }) || self.status() == Some(429)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(is_write: bool, status: u16) -> Error {
        Error::new(
            "update a ticket",
            is_write,
            ErrorKind::Refused(Box::new(Refusal::read(status, ""))),
        )
    }

    #[test]
    fn both_shapes_of_an_error_are_read_and_neither_is_no_error_of_its_own() {
        let a = Refusal::read(
            400,
            r#"{"description":"Validation failed","errors":[{"field":"status","message":"one of '2,3'","code":"invalid_value"}]}"#,
        );
        assert!(a.names("status") && a.has_code("invalid_value"));
        assert_eq!(a.to_string(), "Freshdesk answered 400, status: invalid_value");
        let b = Refusal::read(
            401,
            r#"{"code":"invalid_credentials","message":"You have to be logged in."}"#,
        );
        assert_eq!(b.to_string(), "Freshdesk answered 401 invalid_credentials");
        assert_eq!(b.description.as_deref(), Some("You have to be logged in."));
        for neither in [
            "",
            "<html>bad gateway</html>",
            "null",
            "[1]",
            "{\"errors\":7}",
            "{\"errors\":[7,null,{}]}",
        ] {
            assert!(
                Refusal::read(502, neither)
                    .to_string()
                    .starts_with("Freshdesk answered 502")
            );
        }
    }

    #[test]
    fn an_error_says_nothing_that_a_customer_wrote() {
        let refusal = Refusal::read(
            400,
            r#"{"description":"x","errors":[{"field":"Jane Doe <jane@example.com>","message":"jane@example.com","code":"bad one"}]}"#,
        );
        assert!(!format!("{:?}", refusal.description).contains("x"));
        assert_eq!(refusal.to_string(), "Freshdesk answered 400, a field: refused");
    }

    #[test]
    fn only_a_write_without_a_certain_answer_may_have_landed() {
        for status in [500, 502, 503, 504, 408] {
            assert!(refused(true, status).is_ambiguous(), "{status}");
            assert!(!refused(false, status).is_ambiguous(), "{status}");
        }
        for status in [302, 400, 401, 403, 404, 405, 409, 415, 429] {
            assert!(!refused(true, status).is_ambiguous(), "{status}");
        }
        for (kind, is_ambiguous) in [
            (ErrorKind::Lost("time ran out"), true),
            (ErrorKind::Unreachable("refused"), false),
            (ErrorKind::Busy { wait: Duration::ZERO }, false),
            (ErrorKind::ReadOnly, false),
            (ErrorKind::Unsendable("too large".into()), false),
        ] {
            assert_eq!(Error::new("note", true, kind).is_ambiguous(), is_ambiguous);
        }
    }
}
