//! Which tickets of the helpdesk are escalations by themselves: those that a call centre, a form or another
//! third party sends. Ordered rules, the first that fits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::words::{Kind, Severity};
use crate::helpdesk::Ticket;
use crate::ids::LocationId;
use crate::text::fold;

/// `[[escalation.tickets]]`: one rule. What it leaves out fits everything, but something it must name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TicketRule {
    /// Its name, as `rules lint` and the explanation say it.
    pub id: String,
    /// Who wrote: an address, or `@host` for everybody there.
    pub senders: Vec<String>,
    /// Source codes: 1 e-mail, 2 portal, 3 phone, 7 chat.
    pub sources: Vec<i64>,
    /// Groups by name.
    pub groups: Vec<String>,
    /// Types.
    pub types: Vec<String>,
    /// Tags: one of them.
    pub tags: Vec<String>,
    /// Form fields by their name in the helpdesk (`cf_channel`), and what they may say.
    pub fields: BTreeMap<String, Vec<String>>,
    /// What it is about, where no word below says more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Words of the subject or the text, any case, that say what it is about.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub kinds: BTreeMap<String, Vec<String>>,
    /// How bad it is; the ticket's priority says it where this is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Whose people look after it where no client says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<LocationId>,
    /// As which partner it counts in the routing rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    /// The form fields with the caller's own number, name, telephone and address: a call centre's ticket comes
    /// from the call centre's address.
    #[serde(skip_serializing_if = "Fields::is_empty")]
    pub caller: Fields,
}

/// In which form fields the caller is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fields {
    /// The client number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

impl Fields {
    /// Does it name none?
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a rule looks at of a ticket.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// The ticket.
    pub ticket: &'a Ticket,
    /// The address of whoever wrote it.
    pub sender: Option<&'a str>,
    /// The name of its group.
    pub group: Option<&'a str>,
    /// What it says.
    pub text: &'a str,
}

impl Incoming<'_> {
    /// What a form field says, as text.
    pub fn field(&self, name: &str) -> Option<String> {
        let value = self.ticket.custom.get(name)?;
        let text = match value {
            serde_json::Value::String(text) => text.trim().to_owned(),
            serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
                return None;
            }
            other => other.to_string(),
        };
        (!text.is_empty()).then_some(text)
    }
}

fn is_one_of(wanted: &[String], has: &str) -> bool {
    let has = fold(has.trim());
    wanted.iter().any(|wanted| fold(wanted.trim()) == has)
}

impl TicketRule {
    /// Does it name nothing? Then it would take every ticket there is.
    pub fn names_nothing(&self) -> bool {
        self.senders.is_empty()
            && self.sources.is_empty()
            && self.groups.is_empty()
            && self.types.is_empty()
            && self.tags.is_empty()
            && self.fields.is_empty()
    }

    /// Does it fit?
    pub fn fits(&self, incoming: &Incoming<'_>) -> bool {
        let ticket = incoming.ticket;
        let by_name = |wanted: &[String], has: Option<&str>| {
            wanted.is_empty() || has.is_some_and(|has| is_one_of(wanted, has))
        };
        !self.names_nothing()
            && (self.senders.is_empty() || incoming.sender.is_some_and(|sender| self.is_sender(sender)))
            && (self.sources.is_empty() || self.sources.contains(&ticket.source))
            && by_name(&self.groups, incoming.group)
            && by_name(&self.types, ticket.kind.as_deref())
            && (self.tags.is_empty() || ticket.tags.iter().any(|tag| is_one_of(&self.tags, tag)))
            && self.fields.iter().all(|(name, wanted)| {
                incoming
                    .field(name)
                    .is_some_and(|has| wanted.is_empty() || is_one_of(wanted, &has))
            })
    }

    /// An address is the same in any case; `@host` is everybody at exactly that host.
    fn is_sender(&self, sender: &str) -> bool {
        let sender = sender.trim().to_lowercase();
        let host = sender.rsplit_once('@').map(|(_, host)| host);
        self.senders.iter().any(|wanted| {
            let wanted = wanted.trim().to_lowercase();
            match wanted.strip_prefix('@') {
                Some(wanted) => host == Some(wanted),
                None => wanted == sender,
            }
        })
    }

    /// What the ticket is about: the first kind one of whose words it says, else the rule's own.
    pub fn kind_of(&self, incoming: &Incoming<'_>) -> Kind {
        let said = fold(&format!("{}\n{}", incoming.ticket.subject, incoming.text));
        Kind::ALL
            .iter()
            .copied()
            .find(|kind| {
                let words = self.kinds.get(kind.word());
                words.into_iter().flatten().any(|word| {
                    let word = fold(word.trim());
                    !word.is_empty() && said.contains(&word)
                })
            })
            .or(self.kind)
            .unwrap_or(Kind::Other)
    }

    /// How bad it is: as the rule says, else as urgent as the ticket.
    pub fn severity_of(&self, ticket: &Ticket) -> Severity {
        self.severity.unwrap_or(match ticket.priority {
            ..=1 => Severity::Low,
            2 => Severity::Normal,
            3 => Severity::High,
            _ => Severity::Critical,
        })
    }
}

/// What is wrong with the rules, in sentences: where, and what.
pub fn faults(rules: &[TicketRule], locations: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let place = if rule.id.is_empty() {
            format!("[[escalation.tickets]] no. {}", at + 1)
        } else {
            format!("[[escalation.tickets]] {:?}", rule.id)
        };
        let mut fault = |says: String| found.push((place.clone(), says));
        if rule.id.trim().is_empty() {
            fault("it has no id; give it one, so that people can be told why a ticket was taken".to_owned());
        }
        if rules.iter().take(at).any(|other| other.id == rule.id) {
            fault("another rule before it has the same id; ids must differ".to_owned());
        }
        if rule.names_nothing() {
            fault(
                "it names nothing and would take every ticket; give senders, sources, groups, types, tags or fields"
                    .to_owned(),
            );
        }
        for sender in &rule.senders {
            if !sender.contains('@') || sender.contains(char::is_whitespace) || sender.contains('*') {
                fault(format!(
                    "senders: {sender:?} is no address; write calls@centre.example, or @centre.example for everybody there"
                ));
            }
        }
        for word in rule.kinds.keys() {
            if !Kind::WORDS.contains(&word.as_str()) {
                fault(format!("kinds: {word:?} is none of {}", Kind::WORDS.join(", ")));
            }
        }
        if let Some(location) = &rule.location
            && !locations.contains(&location.as_str())
        {
            fault(format!(
                "location: {:?} is none of {}",
                location.as_str(),
                locations.join(", ")
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ticket() -> Ticket {
        serde_json::from_value(json!({
            "id": 47, "subject": "Caller asks for 退款", "status": 2, "priority": 3, "source": 2,
            "kind": "Incident", "requester": 1, "responder": null, "group": 9, "company": null,
            "product": null, "support_email": null, "tags": ["Call-Centre", "vip"],
            "custom": { "cf_channel": "Hotline", "cf_caller": 140_105_686, "cf_empty": null },
            "due_at": null, "first_response_due_at": null, "is_escalated": false,
            "times": { "agent_responded_at": null, "requester_responded_at": null, "first_responded_at": null,
                "status_updated_at": null, "reopened_at": null, "resolved_at": null, "closed_at": null,
                "pending_since": null },
            "created_at": "2026-11-20T10:00:00Z", "updated_at": "2026-11-20T10:00:00Z", "gone": "",
            "merged_into": null,
        }))
        .unwrap()
    }

    fn rule(text: serde_json::Value) -> TicketRule {
        serde_json::from_value(text).unwrap()
    }

    fn fits(rule_text: serde_json::Value) -> bool {
        let ticket = ticket();
        rule(rule_text).fits(&Incoming {
            ticket: &ticket,
            sender: Some("Calls@Centre.example"),
            group: Some("Accounts London"),
            text: "He waits since Monday.",
        })
    }

    #[test]
    fn a_rule_fits_by_sender_source_group_tag_form_field_and_type_and_all_it_names_must_hold() {
        for fitting in [
            json!({ "senders": ["calls@centre.example"] }),
            json!({ "senders": ["@centre.example"] }),
            json!({ "sources": [3, 2] }),
            json!({ "groups": ["accounts london"] }),
            json!({ "types": ["INCIDENT"] }),
            json!({ "tags": ["call-centre"] }),
            json!({ "fields": { "cf_channel": ["hotline", "fax"] } }),
            json!({ "fields": { "cf_caller": [] } }),
            json!({ "fields": { "cf_caller": ["140105686"] }, "sources": [2] }),
        ] {
            assert!(fits(fitting.clone()), "{fitting}");
        }
        for other in [
            json!({}),
            json!({ "kind": "release" }),
            json!({ "senders": ["@example"] }),
            json!({ "senders": ["@sub.centre.example"] }),
            json!({ "senders": ["calls"] }),
            json!({ "sources": [1] }),
            json!({ "groups": ["accounts"] }),
            json!({ "types": ["Incident"], "sources": [1] }),
            json!({ "tags": ["call"] }),
            json!({ "fields": { "cf_channel": ["hotline"], "cf_empty": [] } }),
        ] {
            assert!(!fits(other.clone()), "{other}");
        }
    }

    #[test]
    fn what_it_is_about_comes_from_its_words_and_how_bad_from_its_priority() {
        let ticket = ticket();
        let incoming = Incoming {
            ticket: &ticket,
            sender: None,
            group: None,
            text: "I want my money back",
        };
        let says = |text| rule(text).kind_of(&incoming);
        assert_eq!(says(json!({})), Kind::Other);
        assert_eq!(says(json!({ "kind": "complaint" })), Kind::Complaint);
        assert_eq!(
            says(json!({ "kind": "complaint", "kinds": { "deposit_refund": ["退款"] } })),
            Kind::DepositRefund
        );
        assert_eq!(rule(json!({})).severity_of(&ticket), Severity::High);
        assert_eq!(
            rule(json!({ "severity": "low" })).severity_of(&ticket),
            Severity::Low
        );
    }

    #[test]
    fn mistakes_are_named_with_what_to_write_instead() {
        let rules = [
            rule(json!({ "id": "a", "senders": ["*@centre.example"], "location": "pariss" })),
            rule(json!({ "id": "a", "kinds": { "refund": ["x"] } })),
        ];
        let found: Vec<String> = faults(&rules, &["london", "paris"])
            .into_iter()
            .map(|(place, says)| format!("{place}: {says}"))
            .collect();
        assert_eq!(
            found,
            [
                "[[escalation.tickets]] \"a\": senders: \"*@centre.example\" is no address; write calls@centre.example, \
                 or @centre.example for everybody there",
                "[[escalation.tickets]] \"a\": location: \"pariss\" is none of london, paris",
                "[[escalation.tickets]] \"a\": another rule before it has the same id; ids must differ",
                "[[escalation.tickets]] \"a\": it names nothing and would take every ticket; give senders, sources, \
                 groups, types, tags or fields",
                "[[escalation.tickets]] \"a\": kinds: \"refund\" is none of balance_query, release, deposit_refund, \
                 payment_problem, no_bid_review, terms, chargeback, complaint, other",
            ]
        );
    }
}
