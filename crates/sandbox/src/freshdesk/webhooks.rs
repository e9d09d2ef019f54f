//! Webhooks as an automation of the account posts them: Freshdesk's default JSON, labels instead of codes,
//! prose instead of dates, no signature, no order, no promise.
//!
//! Promises: an event that is not excluded is queued exactly once in the same change that made it; what is
//! lost, doubled or late after that is what the [`Hook`] was told to do, from its seed.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::automation::Event;
use super::json::{label_of_priority, label_of_source};
use super::model::{Conversation, Performer, Ticket};
use super::state::State;

/// Where webhooks go, and how badly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// `http://127.0.0.1:port/path`.
    pub url: String,
    /// The secret's header, name and value.
    pub header: (String, String),
    /// Agents whose acts the rule leaves out.
    pub excluded_agents: Vec<u64>,
    /// Whether rules and SLA are told of too.
    pub tells_of_system: bool,
    /// How many an hour are posted; the rest waits for the next hour.
    pub hourly_limit: u32,
    /// Of a thousand, how many never arrive.
    pub dropped_per_mille: u32,
    /// Of a thousand, how many arrive twice.
    pub doubled_per_mille: u32,
    /// Of a thousand, how many arrive after the one behind them.
    pub late_per_mille: u32,
    /// Nothing is posted until this is taken back.
    pub held: bool,
}

impl Hook {
    /// Everything to that address, once and in order.
    pub fn to(url: impl Into<String>, header: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            header: (header.into(), secret.into()),
            excluded_agents: Vec::new(),
            tells_of_system: false,
            hourly_limit: 1000,
            dropped_per_mille: 0,
            doubled_per_mille: 0,
            late_per_mille: 0,
            held: false,
        }
    }
}

/// A webhook that waits to be posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delivery {
    pub(super) body: String,
    pub(super) queued_at: DateTime<Utc>,
    pub(super) due_at: DateTime<Utc>,
    pub(super) attempt: u32,
    /// Being posted now.
    pub(super) under_way: bool,
    /// Waits for another one to go before it.
    pub(super) late: bool,
    pub(super) number: u64,
}

impl State {
    pub(super) fn queue_webhook(&mut self, id: u64, event: &Event, who: Performer, now: DateTime<Utc>) {
        let Some(hook) = self.hook.clone() else { return };
        let left_out = match who {
            Performer::Agent(agent) => hook.excluded_agents.contains(&agent),
            Performer::Requester(_) => false,
            Performer::System => !hook.tells_of_system,
        };
        let Some(ticket) = self.tickets.get(&id).cloned() else {
            return;
        };
        if left_out || self.rng.random_range(0..1000) < hook.dropped_per_mille {
            return;
        }
        let body = self.webhook_body(&ticket, event);
        let copies = if self.rng.random_range(0..1000) < hook.doubled_per_mille {
            2
        } else {
            1
        };
        for _ in 0..copies {
            let delivery = Delivery {
                body: body.clone(),
                queued_at: now,
                due_at: now,
                attempt: 0,
                under_way: false,
                late: self.rng.random_range(0..1000) < hook.late_per_mille,
                number: self.fresh_id(),
            };
            self.deliveries.push(delivery);
        }
        self.wake = true;
    }

    /// The next webhook to post now, marked as under way.
    pub(super) fn take_delivery(&mut self, now: DateTime<Utc>) -> Option<(Hook, Delivery)> {
        let hook = self.hook.clone()?;
        if hook.held {
            return None;
        }
        // What waited more than a day is given up.
        self.deliveries
            .retain(|waiting| waiting.under_way || now - waiting.queued_at <= TimeDelta::hours(24));
        let free = |waiting: &Delivery| !waiting.under_way && waiting.due_at <= now;
        let next = self
            .deliveries
            .iter()
            .position(|waiting| free(waiting) && !waiting.late);
        // What is late has waited long enough once another one goes, or once nothing else does.
        self.deliveries
            .iter_mut()
            .for_each(|waiting| waiting.late = false);
        let next = next?;
        if !self.window.webhook_fits(now, hook.hourly_limit) {
            return None;
        }
        let delivery = self.deliveries.get_mut(next)?;
        delivery.under_way = true;
        delivery.attempt += 1;
        Some((hook, delivery.clone()))
    }

    pub(super) fn delivered(&mut self, number: u64, taken: bool, now: DateTime<Utc>) {
        let Some(at) = self
            .deliveries
            .iter()
            .position(|waiting| waiting.number == number)
        else {
            return;
        };
        let mut delivery = self.deliveries.remove(at);
        self.changed();
        if taken {
            return;
        }
        if let Some(pause) = self.options.unknowns.webhook_retries.after(delivery.attempt) {
            delivery.under_way = false;
            delivery.due_at = now + pause;
            self.deliveries.push(delivery);
        }
    }

    /// Is anything to be posted now, or being posted?
    pub(super) fn webhooks_are_quiet(&self, now: DateTime<Utc>) -> bool {
        let held = self
            .hook
            .as_ref()
            .is_none_or(|hook| hook.held || !self.window.webhook_would_fit(now, hook.hourly_limit));
        self.deliveries
            .iter()
            .all(|waiting| !waiting.under_way && (held || waiting.due_at > now))
    }

    fn webhook_body(&self, ticket: &Ticket, event: &Event) -> String {
        let unknowns = &self.options.unknowns;
        let base = format!(
            "https://{}.freshdesk.example",
            self.options.helpdesk_name.to_lowercase().replace(' ', "")
        );
        let contact = self.contacts.get(&ticket.requester_id);
        let agent = ticket.responder_id.and_then(|id| self.agents.get(&id));
        let group = ticket.group_id.and_then(|id| self.groups.get(&id));
        let company = ticket.company_id.and_then(|id| self.companies.get(&id));
        let status = self.statuses.iter().find(|(code, ..)| *code == ticket.status);
        let latest = |private: bool| {
            let said = ticket
                .conversations
                .iter()
                .rev()
                .find(|said| said.private == private);
            said.map_or_else(String::new, |said| {
                format!("{} : {}", self.speaker(said), said.body)
            })
        };
        let mut fields = Map::new();
        let id = if unknowns.webhook_id_is_string {
            json!(ticket.id.to_string())
        } else {
            json!(ticket.id)
        };
        fields.insert("ticket_id".to_owned(), id);
        let due = ticket
            .due_by
            .map(|due| due.format("%B %-d %Y at %I:%M %p").to_string());
        let texts = [
            ("ticket_subject", ticket.subject.clone().unwrap_or_default()),
            ("ticket_description", ticket.description.clone()),
            ("ticket_url", format!("{base}/helpdesk/tickets/{}", ticket.id)),
            (
                "ticket_portal_url",
                format!("{base}/support/tickets/{}", ticket.id),
            ),
            ("ticket_due_by_time", due.unwrap_or_default()),
            ("ticket_tags", ticket.tags.join(", ")),
            ("ticket_latest_public_comment", latest(false)),
            ("ticket_latest_private_comment", latest(true)),
            (
                "ticket_group_name",
                group.map(|group| group.name.clone()).unwrap_or_default(),
            ),
            (
                "ticket_agent_name",
                agent.map(|agent| agent.name.clone()).unwrap_or_default(),
            ),
            (
                "ticket_agent_email",
                agent.map(|agent| agent.email.clone()).unwrap_or_default(),
            ),
            (
                "ticket_status",
                status.map(|(_, label, _)| label.clone()).unwrap_or_default(),
            ),
            ("ticket_priority", label_of_priority(ticket.priority).to_owned()),
            ("ticket_source", label_of_source(ticket.source, &unknowns.sources)),
            ("ticket_type", ticket.kind.clone().unwrap_or_default()),
            (
                "ticket_company_name",
                company.map(|company| company.name.clone()).unwrap_or_default(),
            ),
            (
                "requester_name",
                contact.map(|contact| contact.name.clone()).unwrap_or_default(),
            ),
            (
                "ticket_requester_name",
                contact.map(|contact| contact.name.clone()).unwrap_or_default(),
            ),
            (
                "ticket_requester_email",
                contact
                    .and_then(|contact| contact.email.clone())
                    .unwrap_or_default(),
            ),
            (
                "ticket_requester_phone",
                contact
                    .and_then(|contact| contact.phone.clone())
                    .unwrap_or_default(),
            ),
            (
                "ticket_contact_name",
                contact.map(|contact| contact.name.clone()).unwrap_or_default(),
            ),
            (
                "ticket_contact_email",
                contact
                    .and_then(|contact| contact.email.clone())
                    .unwrap_or_default(),
            ),
            ("ticket_satisfaction_survey", String::new()),
            ("ticket_product_description", String::new()),
            ("helpdesk_name", self.options.helpdesk_name.clone()),
            ("ticket_portal_name", self.options.helpdesk_name.clone()),
        ];
        for (name, text) in texts {
            fields.insert(name.to_owned(), Value::String(text));
        }
        for field in &self.custom_fields {
            let value = ticket
                .custom_fields
                .get(&field.name)
                .cloned()
                .unwrap_or(Value::Null);
            fields.insert(format!("ticket_{}", field.name), value);
        }
        fields.insert("triggered_event".to_owned(), Value::String(event.placeholder()));
        if unknowns.webhook_unescaped {
            let subject = ticket.subject.as_deref().unwrap_or_default();
            return format!(
                "{{\"freshdesk_webhook\":{{\"ticket_id\":{},\"ticket_subject\":\"{subject}\",\"triggered_event\":\"{}\"}}}}",
                ticket.id,
                event.placeholder()
            );
        }
        json!({ "freshdesk_webhook": fields }).to_string()
    }

    fn speaker(&self, said: &Conversation) -> String {
        let agent = said
            .user_id
            .and_then(|id| self.agents.get(&id))
            .map(|agent| &agent.name);
        let contact = said
            .user_id
            .and_then(|id| self.contacts.get(&id))
            .map(|contact| &contact.name);
        agent.or(contact).cloned().unwrap_or_else(|| "System".to_owned())
    }
}

/// Posts one webhook; true if it was taken.
pub(super) async fn post(hook: &Hook, body: &str, patience: Duration) -> bool {
    let exchange = async {
        let rest = hook.url.strip_prefix("http://")?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut stream = TcpStream::connect(host).await.ok()?;
        let (name, value) = &hook.header;
        let head = format!(
            "POST /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Freshdesk\r\nContent-Type: application/json\r\n{name}: {value}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.ok()?;
        stream.write_all(body.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        let mut part = [0; 512];
        while answer.len() < 12 {
            match stream.read(&mut part).await.ok()? {
                0 => break,
                read => answer.extend_from_slice(&part[..read]),
            }
        }
        answer.get(9).map(|digit| *digit == b'2')
    };
    matches!(tokio::time::timeout(patience, exchange).await, Ok(Some(true)))
}
