//! The account's things as the API's answers show them.
//!
//! Promises: each answer has exactly the fields that recordings of that call have (see [`FieldSet`]), null
//! where recordings have null; times are whole seconds; a decimal is text, a number is a number.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::html;
use super::model::{
    Agent, Attachment, BusinessHours, Company, Contact, Conversation, Group, Rating, SlaPolicy, Stats,
    Ticket, source,
};
use super::options::FieldSet;
use super::state::State;

/// How long an attachment's address is good, in seconds.
pub(super) const ADDRESS_EXPIRES: i64 = 300;

/// The answer of which call a ticket is part of; they differ in their fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    List,
    Search,
    View,
    Created,
    Updated,
}

/// Turns things into answers, at an instant and for a base address.
#[derive(Debug, Clone, Copy)]
pub(super) struct Show<'a> {
    pub(super) state: &'a State,
    pub(super) base: &'a str,
    pub(super) now: DateTime<Utc>,
}

pub(super) fn time(at: DateTime<Utc>) -> Value {
    Value::String(at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn maybe(at: Option<DateTime<Utc>>) -> Value {
    at.map_or(Value::Null, time)
}

/// The signature in an attachment's address.
pub(super) fn signature(seed: u64, id: u64, date: &str) -> String {
    let mut hasher = DefaultHasher::new();
    (seed, id, date).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

impl Show<'_> {
    pub(super) fn ticket(&self, ticket: &Ticket, within: Within, include: &[String]) -> Value {
        let has = |what: &str| include.iter().any(|part| part == what);
        let rich = self.state.options.fields == FieldSet::Y2022;
        let whole = !matches!(within, Within::List | Within::Search);
        // A ticket taken down by phone has no mail, and no lists of addresses.
        let addresses = |list: &[String]| {
            if ticket.source == source::PHONE && list.is_empty() {
                Value::Null
            } else {
                json!(list)
            }
        };
        let mut map = Map::with_capacity(48);
        let mut put = |name: &str, value: Value| {
            map.insert(name.to_owned(), value);
        };
        put("cc_emails", addresses(&ticket.cc_emails));
        put("fwd_emails", addresses(&ticket.fwd_emails));
        put("reply_cc_emails", addresses(&ticket.cc_emails));
        put("ticket_cc_emails", addresses(&ticket.cc_emails));
        if !rich {
            put("ticket_bcc_emails", addresses(&[]));
        }
        put("fr_escalated", json!(ticket.fr_escalated));
        put("spam", json!(ticket.spam));
        put("email_config_id", json!(ticket.email_config_id));
        put("group_id", json!(ticket.group_id));
        put("priority", json!(ticket.priority));
        put("requester_id", json!(ticket.requester_id));
        put("responder_id", json!(ticket.responder_id));
        put("source", json!(ticket.source));
        put("company_id", json!(ticket.company_id));
        put("status", json!(ticket.status));
        put("subject", json!(ticket.subject));
        let associated = ticket.association_type.is_some();
        if rich && (!whole || within == Within::View || associated) {
            put("association_type", json!(ticket.association_type));
        }
        put("support_email", json!(ticket.support_email));
        put("to_emails", json!(ticket.to_emails));
        put("product_id", json!(ticket.product_id));
        put("id", json!(ticket.id));
        put("type", json!(ticket.kind));
        put("due_by", maybe(ticket.due_by));
        put("fr_due_by", maybe(ticket.fr_due_by));
        put("is_escalated", json!(ticket.is_escalated));
        if whole || has("description") || within == Within::Search {
            put("description", json!(ticket.description));
            put("description_text", json!(html::to_text(&ticket.description)));
        }
        put("custom_fields", self.custom_fields(&ticket.custom_fields));
        put("created_at", time(ticket.created_at));
        put("updated_at", time(ticket.updated_at));
        if rich && !whole {
            let count = associated.then_some(ticket.associated.len());
            put("associated_tickets_count", json!(count));
        }
        put("tags", json!(ticket.tags));
        if whole {
            put("attachments", self.attachments(&ticket.attachments));
        }
        if whole && rich && within == Within::View {
            put("source_additional_info", Value::Null);
        }
        if whole && rich && associated {
            put("associated_tickets_list", json!(ticket.associated));
        }
        if has("conversations") {
            let oldest = ticket.conversations.iter().take(10);
            put(
                "conversations",
                oldest.map(|said| self.conversation(said)).collect(),
            );
        }
        if has("stats") {
            put("stats", stats(&ticket.stats));
        }
        if has("requester") {
            let contact = self.state.contacts.get(&ticket.requester_id);
            put("requester", contact.map_or(Value::Null, requester));
        }
        if has("company") {
            let company = ticket.company_id.and_then(|id| self.state.companies.get(&id));
            put(
                "company",
                company.map_or_else(
                    || json!({}),
                    |company| json!({"id": company.id, "name": company.name}),
                ),
            );
        }
        if rich {
            put("internal_agent_id", json!(ticket.internal_agent_id));
            put("internal_group_id", json!(ticket.internal_group_id));
        }
        // Only a ticket that came through a form has one; the API counts as the portal's.
        if ticket.source == source::PORTAL {
            put("form_id", json!(self.state.email_config + 1));
        }
        put("nr_due_by", maybe(ticket.nr_due_by));
        put("nr_escalated", json!(ticket.nr_escalated));
        if ticket.deleted {
            put("deleted", json!(true));
        }
        if ticket.archived {
            put("archived", json!(true));
        }
        Value::Object(map)
    }

    fn custom_fields(&self, values: &Map<String, Value>) -> Value {
        let fields = self.state.custom_fields.iter();
        let shown = fields.map(|field| {
            (
                field.name.clone(),
                values.get(&field.name).cloned().unwrap_or(Value::Null),
            )
        });
        Value::Object(shown.collect())
    }

    pub(super) fn conversation(&self, said: &Conversation) -> Value {
        json!({
            "body": said.body,
            "body_text": html::to_text(&said.body),
            "id": said.id,
            "incoming": said.incoming,
            "private": said.private,
            "user_id": said.user_id,
            "support_email": said.support_email,
            "source": said.source,
            "category": said.category,
            "to_emails": said.to_emails,
            "from_email": said.from_email,
            "cc_emails": said.cc_emails,
            "bcc_emails": if said.bcc_emails.is_empty() { Value::Null } else { json!(said.bcc_emails) },
            "email_failure_count": null,
            "outgoing_failures": null,
            "thread_id": null,
            "thread_message_id": null,
            "created_at": time(said.created_at),
            "updated_at": time(said.updated_at),
            "last_edited_at": maybe(said.last_edited.map(|(at, _)| at)),
            "last_edited_user_id": said.last_edited.map(|(_, by)| by),
            "attachments": self.attachments(&said.attachments),
            "automation_id": said.automation_id,
            "automation_type_id": said.automation_id.map(|_| 4),
            "auto_response": said.automation_id.is_some(),
            "ticket_id": said.ticket_id,
            "source_additional_info": null,
        })
    }

    /// A conversation as the call that made it answers it.
    pub(super) fn said(&self, said: &Conversation) -> Value {
        let mut map = Map::new();
        let mut put = |name: &str, value: Value| {
            map.insert(name.to_owned(), value);
        };
        put("body_text", json!(html::to_text(&said.body)));
        put("body", json!(said.body));
        put("id", json!(said.id));
        put("user_id", json!(said.user_id));
        if said.source == 2 {
            put("incoming", json!(said.incoming));
            put("private", json!(said.private));
            put("to_emails", json!(said.to_emails));
            put("support_email", json!(said.support_email));
        } else {
            put("from_email", json!(said.from_email));
            put("to_emails", json!(said.to_emails));
            put("cc_emails", json!(said.cc_emails));
            put("bcc_emails", json!(said.bcc_emails));
        }
        put("ticket_id", json!(said.ticket_id));
        put("created_at", time(said.created_at));
        put("updated_at", time(said.updated_at));
        put("attachments", self.attachments(&said.attachments));
        Value::Object(map)
    }

    fn attachments(&self, files: &[Attachment]) -> Value {
        files.iter().map(|file| self.attachment(file)).collect()
    }

    fn attachment(&self, file: &Attachment) -> Value {
        let date = self.now.format("%Y%m%dT%H%M%SZ").to_string();
        let signature = signature(self.state.options.seed, file.id, &date);
        let name: String = file
            .name
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || ".-_".contains(c) {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        let address = format!(
            "{}/data/helpdesk/attachments/production/{}/original/{name}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={date}&X-Amz-Expires={ADDRESS_EXPIRES}&X-Amz-SignedHeaders=host&X-Amz-Signature={signature}",
            self.base, file.id
        );
        json!({
            "id": file.id,
            "content_type": file.content_type,
            "size": file.content.len(),
            "name": file.name,
            "attachment_url": address,
            "created_at": time(file.created_at),
            "updated_at": time(file.created_at),
        })
    }

    pub(super) fn contact(&self, contact: &Contact, whole: bool) -> Value {
        let (first, last) = contact.name.split_once(' ').unwrap_or((&contact.name, ""));
        let mut shown = json!({
            "active": contact.active,
            "address": contact.address,
            "company_id": contact.company_id,
            "description": contact.description,
            "email": contact.email,
            "first_name": first,
            "last_name": (!last.is_empty()).then_some(last),
            "id": contact.id,
            "job_title": contact.job_title,
            "language": contact.language.as_deref().unwrap_or("en"),
            "mobile": contact.mobile,
            "name": contact.name,
            "org_contact_id": contact.id + 1,
            "phone": contact.phone,
            "preferred_source": null,
            "time_zone": contact.time_zone.as_deref().unwrap_or("London"),
            "twitter_id": null,
            "facebook_id": null,
            "custom_fields": contact.custom_fields,
            "unique_external_id": contact.unique_external_id,
            "visitor_id": signature(1, contact.id, "visitor"),
            "csat_rating": null,
            "created_at": time(contact.created_at),
            "updated_at": time(contact.updated_at),
        });
        let further = json!({
            "view_all_tickets": contact.view_all_tickets,
            "other_companies": [],
            "other_emails": contact.other_emails,
            "other_phone_numbers": [],
            "tags": contact.tags,
            "avatar": null,
        });
        extend(&mut shown, whole.then_some(further));
        extend(&mut shown, contact.deleted.then(|| json!({"deleted": true})));
        shown
    }

    pub(super) fn company(company: &Company) -> Value {
        json!({
            "id": company.id,
            "name": company.name,
            "description": company.description,
            "note": company.note,
            "domains": company.domains,
            "health_score": null,
            "account_tier": null,
            "renewal_date": null,
            "industry": null,
            "custom_fields": company.custom_fields,
            "created_at": time(company.created_at),
            "updated_at": time(company.updated_at),
        })
    }

    pub(super) fn agent(&self, agent: &Agent, whole: bool) -> Value {
        let groups: Vec<u64> = self
            .state
            .groups
            .values()
            .filter(|group| group.agent_ids.contains(&agent.id))
            .map(|group| group.id)
            .collect();
        let mut shown = json!({
            "available": agent.available,
            "occasional": agent.occasional,
            "id": agent.id,
            "ticket_scope": agent.ticket_scope,
            "signature": null,
            "type": agent.kind,
            "deactivated": agent.deactivated,
            "focus_mode": true,
            "available_since": null,
            "last_active_at": maybe(Some(agent.updated_at)),
            "created_at": time(agent.created_at),
            "updated_at": time(agent.updated_at),
            "contact": {
                "active": true,
                "email": agent.email,
                "job_title": null,
                "language": "en",
                "last_login_at": null,
                "mobile": null,
                "name": agent.name,
                "phone": null,
                "time_zone": "London",
                "created_at": time(agent.created_at),
                "updated_at": time(agent.updated_at),
            },
        });
        let further = json!({"group_ids": groups, "role_ids": [self.state.email_config + 2], "skill_ids": [], "contribution_group_ids": []});
        extend(&mut shown, whole.then_some(further));
        shown
    }

    pub(super) fn group(group: &Group) -> Value {
        json!({
            "id": group.id,
            "name": group.name,
            "description": group.description,
            "escalate_to": null,
            "unassigned_for": null,
            "business_hour_id": group.business_hour_id,
            "group_type": "support_agent_group",
            "agent_ids": group.agent_ids,
            "auto_ticket_assign": 0,
            "created_at": time(group.created_at),
            "updated_at": time(group.updated_at),
        })
    }

    pub(super) fn business_hours(hours: &BusinessHours) -> Value {
        const DAYS: [&str; 7] = [
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
        ];
        let clock = |time: &chrono::NaiveTime| time.format("%-I:%M %P").to_string();
        let days = DAYS.iter().zip(&hours.days).filter_map(|(name, day)| {
            let (open, close) = day.as_ref()?;
            Some((
                (*name).to_owned(),
                json!({"start_time": clock(open), "end_time": clock(close)}),
            ))
        });
        json!({
            "id": hours.id,
            "name": hours.name,
            "description": null,
            "is_default": hours.is_default,
            "time_zone": hours.time_zone,
            "business_hours": days.collect::<Map<_, _>>(),
            "created_at": time(hours.created_at),
            "updated_at": time(hours.created_at),
        })
    }

    pub(super) fn policy(policy: &SlaPolicy, position: usize) -> Value {
        let targets = policy.targets.iter().enumerate().map(|(at, target)| {
            let shown = json!({
                "respond_within": target.respond_within,
                "resolve_within": target.resolve_within,
                "next_respond_within": target.next_respond_within,
                "business_hours": target.business_hours,
                "escalation_enabled": true,
            });
            (format!("priority_{}", at + 1), shown)
        });
        let listed = |ids: &[u64]| if ids.is_empty() { Value::Null } else { json!(ids) };
        let mut applicable = Map::new();
        for (name, ids) in [
            ("group_ids", &policy.group_ids),
            ("company_ids", &policy.company_ids),
        ] {
            if !ids.is_empty() {
                applicable.insert(name.to_owned(), listed(ids));
            }
        }
        if !policy.ticket_types.is_empty() {
            applicable.insert("ticket_types".to_owned(), json!(policy.ticket_types));
        }
        let escalation = if policy.is_default {
            json!({})
        } else {
            json!({
                "reminder_response": {"escalation_time": -1800, "agent_ids": [-1]},
                "response": {"escalation_time": 0, "agent_ids": [-1]},
                "resolution": {"level_1": {"escalation_time": 0, "agent_ids": [-1]}},
            })
        };
        json!({
            "id": policy.id,
            "name": policy.name,
            "description": null,
            "active": policy.active,
            "is_default": policy.is_default,
            "position": position,
            "applicable_to": applicable,
            "sla_target": targets.collect::<Map<_, _>>(),
            "escalation": escalation,
            "created_at": time(policy.created_at),
            "updated_at": time(policy.created_at),
        })
    }

    pub(super) fn rating(&self, ticket: &Ticket, rating: &Rating) -> Value {
        json!({
            "id": rating.id,
            "survey_id": self.state.email_config + 3,
            "user_id": ticket.requester_id,
            "agent_id": ticket.responder_id,
            "feedback": rating.feedback,
            "group_id": ticket.group_id,
            "ticket_id": ticket.id,
            "ratings": {"default_question": rating.score},
            "created_at": time(rating.created_at),
            "updated_at": time(rating.created_at),
        })
    }
}

/// Is that address signed for that file, and still good?
pub(super) fn address_is_good(seed: u64, id: u64, date: &str, given: &str, now: DateTime<Utc>) -> bool {
    let Ok(signed_at) = chrono::NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ") else {
        return false;
    };
    let age = now - signed_at.and_utc();
    given == signature(seed, id, date) && age <= TimeDelta::seconds(ADDRESS_EXPIRES)
}

fn stats(stats: &Stats) -> Value {
    json!({
        "agent_responded_at": maybe(stats.agent_responded_at),
        "requester_responded_at": maybe(stats.requester_responded_at),
        "first_responded_at": maybe(stats.first_responded_at),
        "status_updated_at": maybe(stats.status_updated_at),
        "reopened_at": maybe(stats.reopened_at),
        "resolved_at": maybe(stats.resolved_at),
        "closed_at": maybe(stats.closed_at),
        "pending_since": maybe(stats.pending_since),
    })
}

fn requester(contact: &Contact) -> Value {
    json!({
        "id": contact.id,
        "name": contact.name,
        "email": contact.email,
        "mobile": contact.mobile,
        "phone": contact.phone,
    })
}

fn extend(shown: &mut Value, further: Option<Value>) {
    if let (Some(shown), Some(Value::Object(further))) = (shown.as_object_mut(), further) {
        shown.extend(further);
    }
}

pub(super) const fn label_of_priority(priority: i64) -> &'static str {
    match priority {
        2 => "Medium",
        3 => "High",
        4 => "Urgent",
        _ => "Low",
    }
}

/// Sources that every account has.
pub(super) const SOURCES: [(&str, i64); 13] = [
    ("Email", 1),
    ("Portal", 2),
    ("Phone", 3),
    ("Forum", 4),
    ("Twitter", 5),
    ("Facebook", 6),
    ("Chat", 7),
    ("MobiHelp", 8),
    ("Feedback Widget", 9),
    ("Outbound Email", 10),
    ("Ecommerce", 11),
    ("Bot", 12),
    ("Whatsapp", 13),
];

pub(super) fn label_of_source(code: i64, further: &[(String, i64)]) -> String {
    let known = SOURCES
        .iter()
        .find(|(_, known)| *known == code)
        .map(|(label, _)| (*label).to_owned());
    let own = || {
        further
            .iter()
            .find(|(_, known)| *known == code)
            .map(|(label, _)| label.clone())
    };
    known.or_else(own).unwrap_or_default()
}
