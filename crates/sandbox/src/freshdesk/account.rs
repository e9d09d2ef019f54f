//! The account as a test or the demo holds it: read it, act in it as customer or agent, set it up.
//!
//! Promises: every act goes the way the API's calls go (see [`super::state`]); a snapshot is cheap, since
//! tickets are shared until they change; each change moves the revision that [`Account::watch`] shows.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};

use super::automation::Rule;
use super::faults::{Fault, Script};
use super::model::{
    Agent, BusinessHours, Company, Contact, Conversation, CustomField, Group, Mail, SlaPolicy, Ticket,
};
use super::options::{Options, whole_second};
use super::requests::{Route, Seen, Verdict};
use super::state::State;
use super::webhooks::Hook;

/// Why an act was not possible, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotPossible(pub String);

impl std::fmt::Display for NotPossible {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotPossible {}

/// Is the answer to this call, whose effect has happened, never to be sent?
type HoldBack = Box<dyn Fn(&Seen) -> bool + Send>;

/// A handle on an account; clones are the same account.
#[derive(Debug, Clone)]
pub struct Account(pub(super) Arc<Shared>);

pub(super) struct Shared {
    state: Mutex<State>,
    revision: watch::Sender<u64>,
    pub(super) deliver: Notify,
    held_back: Mutex<Option<HoldBack>>,
    clock: Arc<dyn hammerdesk_domain::clock::Clock>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Account {
    pub(super) fn new(options: Options) -> Self {
        let clock = options.clock.clone();
        let now = whole_second(clock.as_ref());
        Self(Arc::new(Shared {
            state: Mutex::new(State::new(options, now)),
            revision: watch::Sender::new(0),
            deliver: Notify::new(),
            held_back: Mutex::new(None),
            clock,
        }))
    }

    /// Works on the account at this instant, after whatever the clock has passed.
    pub(super) fn with<T>(&self, how: impl FnOnce(&mut State, DateTime<Utc>) -> T) -> T {
        let (result, revision, deliver) = {
            let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
            let now = whole_second(self.0.clock.as_ref());
            state.settle(now);
            let result = how(&mut state, now);
            (result, state.revision, std::mem::take(&mut state.wake))
        };
        self.0.revision.send_if_modified(|known| {
            let newer = revision > *known;
            *known = revision.max(*known);
            newer
        });
        if deliver {
            self.0.deliver.notify_one();
        }
        result
    }

    pub(super) fn on_ticket<T>(
        &self,
        ticket: u64,
        how: impl FnOnce(&mut State, DateTime<Utc>, &Arc<Ticket>) -> Result<T, NotPossible>,
    ) -> Result<T, NotPossible> {
        self.with(|state, now| {
            let found = state.tickets.get(&ticket).cloned();
            let found = found.ok_or_else(|| NotPossible(format!("There is no ticket {ticket}.")))?;
            how(state, now, &found)
        })
    }

    // ---- reading -------------------------------------------------------------------------------------

    /// Changes whenever the account does.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.0.revision.subscribe()
    }

    /// A ticket with all that was said in it.
    pub fn ticket(&self, id: u64) -> Option<Arc<Ticket>> {
        self.with(|state, _| state.tickets.get(&id).cloned())
    }

    /// All tickets by number.
    pub fn tickets(&self) -> Vec<Arc<Ticket>> {
        self.with(|state, _| state.tickets.values().cloned().collect())
    }

    /// The tickets that changed last, latest first, without spam and deleted ones.
    pub fn latest(&self, count: usize) -> Vec<Arc<Ticket>> {
        self.with(|state, _| {
            let newest = state.by_updated.iter().rev();
            let found = newest.filter_map(|(.., id)| state.tickets.get(id));
            found
                .filter(|ticket| !ticket.spam && !ticket.deleted)
                .take(count)
                .cloned()
                .collect()
        })
    }

    /// Something that was said, by its id.
    pub fn conversation(&self, id: u64) -> Option<Conversation> {
        self.with(|state, _| {
            let ticket = state.tickets.get(state.conversation_ticket.get(&id)?)?;
            ticket.conversations.iter().find(|said| said.id == id).cloned()
        })
    }

    /// A contact.
    pub fn contact(&self, id: u64) -> Option<Contact> {
        self.with(|state, _| state.contacts.get(&id).cloned())
    }

    /// All contacts.
    pub fn contacts(&self) -> Vec<Contact> {
        self.with(|state, _| state.contacts.values().cloned().collect())
    }

    /// All agents; the first is the integration's own.
    pub fn agents(&self) -> Vec<Agent> {
        self.with(|state, _| state.agents.values().cloned().collect())
    }

    /// The integration's own agent.
    pub fn bot(&self) -> u64 {
        self.with(|state, _| {
            state
                .keys
                .get(&state.options.api_key)
                .copied()
                .unwrap_or_default()
        })
    }

    /// All groups.
    pub fn groups(&self) -> Vec<Group> {
        self.with(|state, _| state.groups.values().cloned().collect())
    }

    /// Statuses: code, the agents' label, the customers' label.
    pub fn statuses(&self) -> Vec<(i64, String, String)> {
        self.with(|state, _| state.statuses.clone())
    }

    /// Every mail that somebody outside received, in order.
    pub fn mail_sent(&self) -> Vec<Mail> {
        self.with(|state, _| state.mails.clone())
    }

    /// Every request, in order.
    pub fn requests(&self) -> Vec<Seen> {
        self.with(|state, _| state.requests.clone())
    }

    /// Forgets the requests there were.
    pub fn forget_requests(&self) {
        self.with(|state, _| state.requests.clear());
    }

    /// Requests that had not the documented shape.
    pub fn violations(&self) -> Vec<Seen> {
        let violates = |seen: &Seen| matches!(seen.verdict, Verdict::Violation(_));
        self.requests().into_iter().filter(violates).collect()
    }

    // ---- setting up ----------------------------------------------------------------------------------

    /// Adds an agent.
    pub fn add_agent(&self, name: &str, email: &str) -> u64 {
        self.with(|state, now| state.add_agent(name, email, now))
    }

    /// Gives an agent a key.
    pub fn add_key(&self, agent: u64, key: &str) {
        self.with(|state, _| state.keys.insert(key.to_owned(), agent));
    }

    /// Changes an agent: scope, kind, whether they are there at all.
    pub fn change_agent(&self, agent: u64, how: impl FnOnce(&mut Agent)) {
        self.with(|state, now| {
            if let Some(agent) = state.agents.get_mut(&agent) {
                how(agent);
                agent.updated_at = now;
            }
            state.changed();
        });
    }

    /// Adds a group.
    pub fn add_group(&self, name: &str, agent_ids: &[u64], business_hour_id: Option<u64>) -> u64 {
        self.with(|state, now| {
            let id = state.fresh_id();
            let group = Group {
                id,
                name: name.to_owned(),
                description: None,
                agent_ids: agent_ids.to_vec(),
                business_hour_id,
                created_at: now,
                updated_at: now,
            };
            state.groups.insert(id, group);
            state.changed();
            id
        })
    }

    /// Adds a contact; its id and instants are set.
    pub fn add_contact(&self, contact: Contact) -> u64 {
        self.with(|state, now| state.add_contact(contact, now))
    }

    /// Adds a company with its mail domains.
    pub fn add_company(&self, name: &str, domains: &[&str]) -> u64 {
        self.with(|state, now| {
            let id = state.fresh_id();
            let company = Company {
                id,
                name: name.to_owned(),
                domains: domains.iter().map(|domain| domain.to_lowercase()).collect(),
                created_at: now,
                updated_at: now,
                ..Company::default()
            };
            state.companies.insert(id, company);
            state.changed();
            id
        })
    }

    /// Adds a calendar; its id and instant are set.
    pub fn add_business_hours(&self, mut hours: BusinessHours) -> u64 {
        self.with(|state, now| {
            hours.id = state.fresh_id();
            hours.created_at = now;
            let id = hours.id;
            state.calendars.push(hours);
            id
        })
    }

    /// Adds an SLA policy behind those there are; its id and instant are set.
    pub fn add_policy(&self, mut policy: SlaPolicy) -> u64 {
        self.with(|state, now| {
            policy.id = state.fresh_id();
            policy.created_at = now;
            let id = policy.id;
            state.policies.push(policy);
            id
        })
    }

    /// Adds a status.
    pub fn add_status(&self, code: i64, agents_label: &str, customers_label: &str) {
        self.with(|state, _| {
            state
                .statuses
                .push((code, agents_label.to_owned(), customers_label.to_owned()));
        });
    }

    /// Adds a custom field; only a drop-down has choices.
    pub fn add_field(&self, name: &str, label: &str, kind: &str, choices: &[&str]) {
        let choices = if choices.is_empty() {
            Value::Null
        } else {
            json!(choices)
        };
        self.add_custom(name, label, kind, choices);
    }

    /// Adds a field whose choices are objects in each other.
    pub fn add_nested_field(&self, name: &str, label: &str, choices: Value) {
        self.add_custom(name, label, "nested_field", choices);
    }

    fn add_custom(&self, name: &str, label: &str, kind: &str, choices: Value) {
        self.with(|state, _| {
            state.custom_fields.push(CustomField {
                name: name.to_owned(),
                label: label.to_owned(),
                kind: kind.to_owned(),
                choices,
            });
        });
    }

    /// Adds a rule.
    pub fn add_rule(&self, rule: Rule) {
        self.with(|state, _| state.rules.push(rule));
    }

    /// Sets or ends the webhook.
    pub fn set_webhook(&self, hook: Option<Hook>) {
        self.with(|state, _| {
            state.hook = hook;
            state.wake = true;
        });
    }

    /// Changes the webhook that is set.
    pub fn change_webhook(&self, how: impl FnOnce(&mut Hook)) {
        self.with(|state, _| {
            state.hook.as_mut().map(how);
            state.wake = true;
        });
    }

    /// Turns round the webhooks that wait.
    pub fn reverse_waiting_webhooks(&self) {
        self.with(|state, _| state.deliveries.reverse());
    }

    /// Returns once every webhook that is due has been posted.
    pub async fn webhooks_posted(&self) {
        let mut changes = self.watch();
        while !self.with(|state, now| state.webhooks_are_quiet(now)) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Changes the options: limits, lags, unknowns.
    pub fn configure(&self, how: impl FnOnce(&mut Options)) {
        self.with(|state, _| how(&mut state.options));
    }

    /// Orders a fault for the next calls of a route (none: of any).
    pub fn fault(&self, route: impl Into<Option<Route>>, times: u32, fault: &Fault) {
        let route = route.into();
        self.with(|state, _| state.faults.order(route, times, fault));
    }

    /// So many of a thousand calls meet one of these faults.
    pub fn random_faults(&self, per_mille: u32, faults: Vec<Fault>) {
        self.with(|state, _| state.faults.at_random(per_mille, faults));
    }

    /// Asks of every call that changed something, once its effect is there, whether its answer is held back for
    /// ever: the caller's process ends at that very point.
    pub fn hold_back(&self, ask: impl Fn(&Seen) -> bool + Send + 'static) {
        let mut held_back = self.0.held_back.lock().unwrap_or_else(PoisonError::into_inner);
        *held_back = Some(Box::new(ask));
    }

    pub(super) fn is_held_back(&self, seen: &Seen) -> bool {
        let held_back = self.0.held_back.lock().unwrap_or_else(PoisonError::into_inner);
        held_back.as_ref().is_some_and(|ask| ask(seen))
    }

    /// No fault from now on.
    pub fn end_faults(&self) {
        self.with(|state, _| Script::end(&mut state.faults));
    }

    /// Does something to the account just before the nth next call of a route is answered.
    pub fn before(&self, route: Route, nth: u32, how: impl FnOnce(&Self) + Send + 'static) {
        self.with(|state, _| state.faults.meddle(route, nth, Box::new(how)));
    }
}
