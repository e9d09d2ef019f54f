//! The shapes that requests must have, and the errors of those that have not.
//!
//! Promises: an unknown parameter or key, a value of another type and a missing key are each refused as
//! Freshdesk refuses them; nothing is taken silently.

use serde_json::{Map, Value, json};

/// Why a call was not done.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) body: Option<Value>,
    /// If the request's shape was wrong: what about it.
    pub(super) violation: Option<String>,
}

impl Refusal {
    /// No such thing: an empty answer.
    pub(super) const fn not_found() -> Self {
        Self {
            status: 404,
            body: None,
            violation: None,
        }
    }

    /// The flat shape: a code and a message.
    pub(super) fn flat(status: u16, code: &str, message: &str) -> Self {
        Self {
            status,
            body: Some(json!({"code": code, "message": message})),
            violation: None,
        }
    }

    /// The shape of failed validation, with one error.
    pub(super) fn invalid(field: &str, message: &str, code: &str) -> Self {
        Self::invalids(&[error(field, message, code)])
    }

    /// The shape of failed validation.
    pub(super) fn invalids(errors: &[Value]) -> Self {
        Self {
            status: 400,
            body: Some(json!({"description": "Validation failed", "errors": errors})),
            violation: None,
        }
    }

    /// The same, noted as a violation of the strict shapes.
    pub(super) fn noted(mut self) -> Self {
        let said = self
            .body
            .as_ref()
            .map_or_else(|| self.status.to_string(), ToString::to_string);
        self.violation = Some(said);
        self
    }
}

/// One error of failed validation.
pub(super) fn error(field: &str, message: &str, code: &str) -> Value {
    json!({"field": field, "message": message, "code": code})
}

/// The type of a key's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Bool,
    Text,
    Texts,
    Ints,
    Object,
    Date,
    Anything,
}

/// A key that a body may or must have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key(pub(super) &'static str, pub(super) Kind, pub(super) bool);

const fn may(name: &'static str, kind: Kind) -> Key {
    Key(name, kind, false)
}

const fn must(name: &'static str, kind: Kind) -> Key {
    Key(name, kind, true)
}

pub(super) const CREATE_TICKET: &[Key] = &[
    may("name", Kind::Text),
    may("requester_id", Kind::Int),
    may("email", Kind::Text),
    may("facebook_id", Kind::Text),
    may("phone", Kind::Text),
    may("twitter_id", Kind::Text),
    may("unique_external_id", Kind::Text),
    may("subject", Kind::Text),
    may("type", Kind::Text),
    may("status", Kind::Int),
    may("priority", Kind::Int),
    may("description", Kind::Text),
    may("responder_id", Kind::Int),
    may("cc_emails", Kind::Texts),
    may("custom_fields", Kind::Object),
    may("due_by", Kind::Date),
    may("email_config_id", Kind::Int),
    may("fr_due_by", Kind::Date),
    may("group_id", Kind::Int),
    may("parent_id", Kind::Int),
    may("product_id", Kind::Int),
    may("source", Kind::Int),
    may("tags", Kind::Texts),
    may("company_id", Kind::Int),
    may("related_ticket_ids", Kind::Ints),
    may("internal_agent_id", Kind::Int),
    may("internal_group_id", Kind::Int),
    may("lookup_parameter", Kind::Text),
];

pub(super) const UPDATE_TICKET: &[Key] = &[
    may("name", Kind::Text),
    may("requester_id", Kind::Int),
    may("email", Kind::Text),
    may("facebook_id", Kind::Text),
    may("phone", Kind::Text),
    may("twitter_id", Kind::Text),
    may("unique_external_id", Kind::Text),
    may("subject", Kind::Text),
    may("type", Kind::Text),
    may("status", Kind::Int),
    may("priority", Kind::Int),
    may("description", Kind::Text),
    may("responder_id", Kind::Int),
    may("custom_fields", Kind::Object),
    may("due_by", Kind::Date),
    may("email_config_id", Kind::Int),
    may("fr_due_by", Kind::Date),
    may("group_id", Kind::Int),
    may("parent_id", Kind::Int),
    may("product_id", Kind::Int),
    may("source", Kind::Int),
    may("tags", Kind::Texts),
    may("company_id", Kind::Int),
    may("internal_agent_id", Kind::Int),
    may("internal_group_id", Kind::Int),
    may("lookup_parameter", Kind::Text),
];

pub(super) const OUTBOUND: &[Key] = &[
    may("name", Kind::Text),
    must("email", Kind::Text),
    must("subject", Kind::Text),
    may("type", Kind::Text),
    may("status", Kind::Int),
    may("priority", Kind::Int),
    must("description", Kind::Text),
    may("cc_emails", Kind::Texts),
    may("custom_fields", Kind::Object),
    may("due_by", Kind::Date),
    must("email_config_id", Kind::Int),
    may("fr_due_by", Kind::Date),
    may("group_id", Kind::Int),
    may("tags", Kind::Texts),
    may("unique_external_id", Kind::Text),
];

pub(super) const REPLY: &[Key] = &[
    must("body", Kind::Text),
    may("from_email", Kind::Text),
    may("user_id", Kind::Int),
    may("cc_emails", Kind::Texts),
    may("bcc_emails", Kind::Texts),
];

pub(super) const NOTE: &[Key] = &[
    must("body", Kind::Text),
    may("incoming", Kind::Bool),
    may("notify_emails", Kind::Texts),
    may("private", Kind::Bool),
    may("user_id", Kind::Int),
];

pub(super) const FORWARD: &[Key] = &[
    must("body", Kind::Text),
    must("to_emails", Kind::Texts),
    may("from_email", Kind::Text),
    may("cc_emails", Kind::Texts),
    may("bcc_emails", Kind::Texts),
    may("include_quoted_text", Kind::Bool),
    may("include_original_attachments", Kind::Bool),
];

pub(super) const CONVERSATION: &[Key] = &[must("body", Kind::Text)];

pub(super) const MERGE: &[Key] = &[
    must("primary_id", Kind::Int),
    must("ticket_ids", Kind::Ints),
    may("note_in_primary", Kind::Object),
    may("note_in_secondary", Kind::Object),
    may("convert_recepients_to_cc", Kind::Bool),
];

pub(super) const BULK: &[Key] = &[must("bulk_action", Kind::Object)];

pub(super) const WATCH: &[Key] = &[may("user_id", Kind::Int)];

pub(super) const CONTACT: &[Key] = &[
    may("name", Kind::Text),
    may("email", Kind::Text),
    may("phone", Kind::Text),
    may("mobile", Kind::Text),
    may("twitter_id", Kind::Text),
    may("unique_external_id", Kind::Text),
    may("other_emails", Kind::Texts),
    may("company_id", Kind::Int),
    may("view_all_tickets", Kind::Bool),
    may("address", Kind::Text),
    may("custom_fields", Kind::Object),
    may("description", Kind::Text),
    may("job_title", Kind::Text),
    may("language", Kind::Text),
    may("tags", Kind::Texts),
    may("time_zone", Kind::Text),
];

pub(super) const COMPANY: &[Key] = &[
    may("name", Kind::Text),
    may("description", Kind::Text),
    may("note", Kind::Text),
    may("domains", Kind::Texts),
    may("custom_fields", Kind::Object),
];

/// Holds a body against the keys it may have.
pub(super) fn check(body: &Map<String, Value>, keys: &[Key]) -> Result<(), Refusal> {
    let mut errors = Vec::new();
    for (name, value) in body {
        match keys.iter().find(|Key(known, ..)| known == name) {
            None => errors.push(error(
                name,
                "Unexpected/invalid field in request",
                "invalid_field",
            )),
            Some(Key(_, kind, required)) => {
                let empty_text = *required && value.as_str().is_some_and(|text| text.trim().is_empty());
                if empty_text {
                    errors.push(error(
                        name,
                        "It should not be blank as this is a mandatory field",
                        "invalid_value",
                    ));
                } else if !fits(value, *kind, *required) {
                    let message = format!(
                        "Value set is of type {}.It should be a/an {}",
                        type_of(value),
                        expected(*kind)
                    );
                    errors.push(error(name, &message, "datatype_mismatch"));
                }
            }
        }
    }
    for Key(name, kind, required) in keys {
        if *required && !body.contains_key(*name) {
            let message = format!("It should be a/an {}", expected(*kind));
            errors.push(error(name, &message, "missing_field"));
        }
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Refusal::invalids(&errors).noted())
    }
}

fn fits(value: &Value, kind: Kind, required: bool) -> bool {
    if value.is_null() {
        return !required;
    }
    let all = |fits: fn(&Value) -> bool| value.as_array().is_some_and(|list| list.iter().all(fits));
    match kind {
        Kind::Int => value.is_i64() || value.is_u64(),
        Kind::Bool => value.is_boolean(),
        Kind::Text => value.is_string(),
        Kind::Texts => all(Value::is_string),
        Kind::Ints => all(Value::is_u64),
        Kind::Object => value.is_object(),
        Kind::Date => value
            .as_str()
            .is_some_and(|text| text.parse::<chrono::DateTime<chrono::Utc>>().is_ok()),
        Kind::Anything => true,
    }
}

const fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Number(_) => "Integer",
        Value::String(_) => "String",
        Value::Array(_) => "Array",
        Value::Object(_) => "key/value pair",
    }
}

const fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "Positive Integer",
        Kind::Bool => "Boolean",
        Kind::Text => "String",
        Kind::Texts | Kind::Ints => "Array",
        Kind::Object => "key/value pair",
        Kind::Date => "combined date and time ISO8601 format",
        Kind::Anything => "value",
    }
}

/// What a form says in text, as the type its key has: `7`, `true`, `a` of `tags[]`.
pub(super) fn from_form(parts: &[(String, String)], keys: &[Key]) -> Map<String, Value> {
    let mut body = Map::new();
    for (name, text) in parts {
        let (stem, inner) = match name.split_once('[') {
            Some((stem, rest)) => (stem, Some(rest.trim_end_matches(']'))),
            None => (name.as_str(), None),
        };
        let kind = keys
            .iter()
            .find(|Key(known, ..)| *known == stem)
            .map_or(Kind::Anything, |Key(_, kind, _)| *kind);
        let number = || {
            text.parse::<i64>()
                .map_or_else(|_| json!(text), |number| json!(number))
        };
        match (kind, inner) {
            (Kind::Texts, Some("")) => push(&mut body, stem, json!(text)),
            (Kind::Ints, Some("")) => push(&mut body, stem, number()),
            (Kind::Object, Some(key)) if !key.is_empty() => {
                let entry = body.entry(stem).or_insert_with(|| json!({}));
                if let Some(map) = entry.as_object_mut() {
                    map.insert(key.to_owned(), json!(text));
                }
            }
            (Kind::Int, None) => {
                body.insert(stem.to_owned(), number());
            }
            (Kind::Bool, None) => {
                let value = text
                    .parse::<bool>()
                    .map_or_else(|_| json!(text), |value| json!(value));
                body.insert(stem.to_owned(), value);
            }
            _ => {
                body.insert(name.clone(), json!(text));
            }
        }
    }
    body
}

fn push(body: &mut Map<String, Value>, name: &str, value: Value) {
    let entry = body.entry(name).or_insert_with(|| json!([]));
    if let Some(list) = entry.as_array_mut() {
        list.push(value);
    }
}
