//! Freshdesk's webhooks: unsigned, in any order, doubled, late or never, with labels and dates in prose, and in
//! templates of the account's own, which a quote in a subject can break. So that they are only a hint: which
//! ticket may have changed. What became of it is then read.

use serde_json::value::RawValue;

use crate::lenient::{Fields, Odd, Scalar, Text, entries, kind};

/// What a webhook is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The ticket to read.
    pub ticket: u64,
    /// What is said to have happened: the parts of `triggered_event`, such as `("ticket_action", "created")`. Only
    /// good for deciding how soon to look.
    pub events: Vec<(String, String)>,
    /// `ticket_agent_email`, by which a guess can be made who is concerned.
    pub agent_email: Option<Text>,
}

/// A body that names no ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoHint {
    /// Not text.
    #[error("the body is not text")]
    NotText,
    /// Nothing in it says which ticket is meant.
    #[error("the body names no ticket")]
    NoTicket,
}

/// Freshdesk's ticket numbers are small counters; a longer one is a mistake or an attack.
const LARGEST_TICKET: u64 = 1_000_000_000_000;

impl Hint {
    /// Reads the default JSON, an own template of JSON in which a ticket's id stands under `ticket_id`, `id` or
    /// `ticket.id`, or a form; and what is left of either when a quote in a field has broken it.
    pub fn read(body: &[u8]) -> Result<Self, NoHint> {
        let text = std::str::from_utf8(body).map_err(|_| NoHint::NotText)?;
        let read = match serde_json::from_str::<&RawValue>(text.trim_start_matches('\u{feff}')) {
            Ok(raw) => from_json(raw),
            Err(_) => salvage(text),
        };
        read.ok_or(NoHint::NoTicket)
    }
}

fn from_json(raw: &RawValue) -> Option<Hint> {
    let mut odd: Vec<Odd> = Vec::new();
    if kind(raw) == "a list" {
        let items: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
        return from_json(items.first().filter(|raw| kind(raw) == "an object")?);
    }
    let outer = Fields::open(raw, "", &mut odd)?;
    let inner = outer
        .raw("freshdesk_webhook")
        .and_then(|raw| Fields::open(raw, "", &mut odd));
    let fields = inner.as_ref().unwrap_or(&outer);
    let nested = fields
        .raw("ticket")
        .and_then(|raw| Fields::open(raw, "", &mut odd));
    let ticket = number(fields.take(&["ticket_id"], &mut odd))
        .or_else(|| number(nested.as_ref()?.take(&["id", "ticket_id"], &mut odd)))
        .or_else(|| number(fields.take(&["id"], &mut odd)))
        .or_else(|| from_address(&fields.take::<Option<String>>(&["ticket_url"], &mut odd)?))?;
    let events = match fields.raw("triggered_event") {
        Some(raw) if kind(raw) == "an object" => entries(raw, "", &mut odd)
            .into_iter()
            .filter_map(|(name, raw)| Some((name.into_string(), String::scalar(raw)?)))
            .collect(),
        Some(raw) => String::scalar(raw).map(|text| events(&text)).unwrap_or_default(),
        None => Vec::new(),
    };
    let agent_email = fields.take(&["ticket_agent_email", "agent_email"], &mut odd);
    Some(Hint {
        ticket,
        events,
        agent_email,
    })
}

/// A ticket's number, bare or in the text `#4711`.
struct Number(u64);

impl Scalar for Number {
    fn scalar(raw: &RawValue) -> Option<Self> {
        if let Some(number) = u64::scalar(raw) {
            return Some(Self(number));
        }
        String::scalar(raw)?
            .trim()
            .strip_prefix('#')?
            .parse()
            .ok()
            .map(Self)
    }
}

fn number(number: Option<Number>) -> Option<u64> {
    number
        .map(|number| number.0)
        .filter(|number| (1..LARGEST_TICKET).contains(number))
}

/// `https://name.freshdesk.com/helpdesk/tickets/4711` or `/a/tickets/4711`.
fn from_address(address: &str) -> Option<u64> {
    let (_, rest) = address.split_once("/tickets/")?;
    digits(rest)
}

fn digits(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end]
        .parse()
        .ok()
        .filter(|number| (1..LARGEST_TICKET).contains(number))
}

/// `{ticket_action:created}` or `{status:{from:Open,to:Closed}}`, several after each other.
fn events(text: &str) -> Vec<(String, String)> {
    let inner = text.trim().trim_start_matches('{').trim_end_matches('}');
    inner
        .split("},{")
        .flat_map(|part| part.split_once(':'))
        .map(|(name, value)| {
            (
                name.trim().trim_matches('"').to_owned(),
                value.trim().trim_matches('"').to_owned(),
            )
        })
        .filter(|(name, _)| !name.is_empty() && name.len() <= 80)
        .take(20)
        .collect()
}

/// The number behind the first `ticket_id` in a form or in JSON that a field has broken. A later one could be
/// what somebody wrote in a subject.
fn salvage(text: &str) -> Option<Hint> {
    let (_, rest) = text.split_once("ticket_id")?;
    let rest = rest
        .trim_start_matches("%5D")
        .trim_start_matches(|c: char| matches!(c, '"' | '\'' | ':' | '=' | ']' | '#') || c.is_whitespace());
    digits(rest).map(|ticket| Hint {
        ticket,
        events: Vec::new(),
        agent_email: None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ticket(body: &str) -> Option<u64> {
        Hint::read(body.as_bytes()).ok().map(|hint| hint.ticket)
    }

    #[test]
    fn the_default_json_is_read_with_labels_and_prose_left_alone() {
        let hint = Hint::read(
            br#"{"freshdesk_webhook":{"ticket_id":4711,"ticket_subject":"Invoice","ticket_status":"Open",
            "ticket_due_by_time":"March 23 2016 at 10:06 AM","ticket_agent_email":"a@example.com",
            "triggered_event":"{ticket_action:created}","ticket_tags":"a, b"}}"#,
        )
        .unwrap();
        assert_eq!(hint.ticket, 4711);
        assert_eq!(hint.events, [("ticket_action".to_owned(), "created".to_owned())]);
        assert_eq!(hint.agent_email.as_deref(), Some("a@example.com"));
    }

    #[test]
    fn a_ticket_is_found_in_templates_of_ones_own_and_in_broken_ones() {
        for body in [
            r#"{"ticket_id":"4711"}"#,
            r##"{"ticket_id":"#4711"}"##,
            r#"{"id":4711.0}"#,
            r#"{"ticket":{"id":4711,"subject":"x"}}"#,
            r#"[{"ticket_id":4711}]"#,
            r#"{"freshdesk_webhook":{"ticket_url":"https://x.freshdesk.com/helpdesk/tickets/4711"}}"#,
            r#"{"freshdesk_webhook":{"ticket_id": "4711","ticket_subject":"he said "ticket_id": 9" "}}"#,
            "ticket_id=4711&subject=x",
            "freshdesk_webhook%5Bticket_id%5D=4711",
            r#"{"ticket_id":4711,"truncat"#,
        ] {
            assert_eq!(ticket(body), Some(4711), "{body}");
        }
    }

    #[test]
    fn a_body_that_names_no_ticket_is_no_hint() {
        for body in [
            "",
            "null",
            "[]",
            "7",
            "{}",
            r#"{"ticket_id":0}"#,
            r#"{"ticket_id":-4}"#,
            r#"{"ticket_id":{}}"#,
        ] {
            assert_eq!(Hint::read(body.as_bytes()), Err(NoHint::NoTicket), "{body}");
        }
        assert_eq!(ticket(r#"{"ticket_id":99999999999999999999}"#), None);
        assert_eq!(Hint::read(&[0xff, 0xfe]), Err(NoHint::NotText));
    }

    #[test]
    fn several_events_are_told_apart() {
        let read = |text| events(text).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(
            read("{ticket_action:update},{priority:{from:Low,to:High}}"),
            ["ticket_action", "priority"]
        );
        assert!(read("").is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Hint::read(&bytes);
        }

        #[test]
        fn a_subject_that_breaks_the_json_does_not_change_which_ticket_is_meant(subject in ".{0,80}") {
            let body = format!(r#"{{"freshdesk_webhook":{{"ticket_id":17,"ticket_subject":"{subject}"}}}}"#);
            if let Some(found) = ticket(&body) {
                prop_assert!(found == 17 || serde_json::from_str::<serde_json::Value>(&body).is_ok());
            }
        }
    }
}
