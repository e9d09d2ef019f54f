//! What a partner sends, read strictly: an unknown field, a wrong word or a value without bounds is refused in
//! a sentence that names it.

use std::collections::BTreeMap;
use std::str::FromStr;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::escalation::model::{Caller, LONGEST_WORDS};
use hammerdesk_domain::escalation::{Kind, Severity};
use hammerdesk_domain::ids::LocationId;
use hammerdesk_domain::money::Money;
use serde::Deserialize;

use super::problem::Problem;

/// What a partner sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sent {
    #[serde(alias = "message", alias = "text", alias = "description")]
    pub(super) said: String,
    #[serde(default)]
    pub(super) kind: Option<Kind>,
    #[serde(default)]
    pub(super) severity: Option<Severity>,
    #[serde(default)]
    pub(super) client: Option<String>,
    #[serde(default)]
    pub(super) caller: Option<SentCaller>,
    #[serde(default)]
    pub(super) location: Option<String>,
    #[serde(default)]
    pub(super) language: Option<String>,
    #[serde(default)]
    pub(super) sale: Option<String>,
    #[serde(default)]
    pub(super) lot: Option<String>,
    #[serde(default)]
    pub(super) invoice: Option<String>,
    #[serde(default)]
    pub(super) amount: Option<Amount>,
    #[serde(default)]
    pub(super) amounts: Vec<Amount>,
    #[serde(default)]
    pub(super) reference: Option<String>,
    #[serde(default)]
    pub(super) deadline: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SentCaller {
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) phone: Option<String>,
    #[serde(default)]
    pub(super) email: Option<String>,
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
pub(super) struct Amount(Money);

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

pub(super) fn parse(body: &[u8]) -> Result<Sent, Problem> {
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
    pub(super) fn check(&self, settings: &Settings, now: DateTime<Utc>) -> Result<(), Problem> {
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
