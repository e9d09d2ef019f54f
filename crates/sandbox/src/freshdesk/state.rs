//! Everything an account holds, and the one way in which each thing changes.
//!
//! Promises: whoever acts (a person in a test, the API, a rule, the passing of time), a change goes through
//! the same function, so that `updated_at`, statistics, indexes, mails, rules and webhooks never disagree.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value};

use super::automation::{Event, Rule};
use super::faults::Script;
use super::fields::{place, set};
use super::limits::Window;
use super::model::{
    Agent, Attachment, BusinessHours, Company, Contact, Conversation, CustomField, File, Group, Mail,
    MailKind, Performer, SlaPolicy, Stats, Ticket, source, status,
};
use super::options::Options;
use super::requests::Seen;
use super::webhooks::{Delivery, Hook};

/// At least so many requests are remembered.
const MOST_REQUESTS: usize = 100_000;

/// Where ids of the 64-bit kind begin.
const FIRST_ID: u64 = 103_000_000_001;

/// Where a ticket stands in an order of time: the second, its place within it, its number.
pub(super) type Place = (i64, i64, u64);

/// An account.
#[derive(Debug)]
pub(super) struct State {
    pub(super) options: Options,
    pub(super) rng: ChaCha8Rng,
    pub(super) revision: u64,
    pub(super) tickets: BTreeMap<u64, Arc<Ticket>>,
    /// What search shows of a ticket that changed lately.
    pub(super) stale: HashMap<u64, (Arc<Ticket>, DateTime<Utc>)>,
    pub(super) by_updated: BTreeSet<Place>,
    pub(super) by_created: BTreeSet<Place>,
    /// Due instants whose passing sets a flag.
    pub(super) due: BTreeSet<(i64, u64)>,
    pub(super) conversation_ticket: HashMap<u64, u64>,
    pub(super) contacts: BTreeMap<u64, Contact>,
    pub(super) contact_by_email: HashMap<String, u64>,
    pub(super) companies: BTreeMap<u64, Company>,
    pub(super) agents: BTreeMap<u64, Agent>,
    pub(super) groups: BTreeMap<u64, Group>,
    pub(super) calendars: Vec<BusinessHours>,
    pub(super) policies: Vec<SlaPolicy>,
    pub(super) statuses: Vec<(i64, String, String)>,
    pub(super) types: Vec<String>,
    pub(super) custom_fields: Vec<CustomField>,
    pub(super) products: Vec<(u64, String)>,
    pub(super) email_config: u64,
    pub(super) keys: HashMap<String, u64>,
    pub(super) rules: Vec<Rule>,
    pub(super) hook: Option<Hook>,
    pub(super) deliveries: Vec<Delivery>,
    /// There is something for whoever posts webhooks.
    pub(super) wake: bool,
    pub(super) mails: Vec<Mail>,
    pub(super) requests: Vec<Seen>,
    pub(super) window: Window,
    pub(super) faults: Script,
    pub(super) jobs: HashMap<String, Value>,
    pub(super) next_id: u64,
    next_ticket: u64,
    pub(super) created_at: DateTime<Utc>,
}

/// What a new ticket needs; the rest is set by name.
#[derive(Debug, Clone, Default)]
pub(super) struct NewTicket {
    pub(super) requester_id: u64,
    pub(super) source: i64,
    pub(super) to_emails: Option<Vec<String>>,
    pub(super) support_email: Option<String>,
    pub(super) fields: Map<String, Value>,
    pub(super) files: Vec<File>,
}

/// What is to be said in a ticket.
#[derive(Debug, Clone, Default)]
pub(super) struct Saying {
    pub(super) body: String,
    pub(super) incoming: bool,
    pub(super) private: bool,
    pub(super) user_id: Option<u64>,
    pub(super) source: i64,
    pub(super) category: i64,
    pub(super) to: Vec<String>,
    pub(super) from: Option<String>,
    pub(super) cc: Vec<String>,
    pub(super) bcc: Vec<String>,
    pub(super) files: Vec<File>,
    pub(super) automation_id: Option<u64>,
    /// Why it is mailed, if it is.
    pub(super) mail: Option<MailKind>,
}

impl State {
    pub(super) fn new(options: Options, now: DateTime<Utc>) -> Self {
        let mut state = Self {
            rng: ChaCha8Rng::seed_from_u64(options.seed),
            revision: 0,
            tickets: BTreeMap::new(),
            stale: HashMap::new(),
            by_updated: BTreeSet::new(),
            by_created: BTreeSet::new(),
            due: BTreeSet::new(),
            conversation_ticket: HashMap::new(),
            contacts: BTreeMap::new(),
            contact_by_email: HashMap::new(),
            companies: BTreeMap::new(),
            agents: BTreeMap::new(),
            groups: BTreeMap::new(),
            calendars: Vec::new(),
            policies: Vec::new(),
            statuses: [
                (status::OPEN, "Open", "Being Processed"),
                (status::PENDING, "Pending", "Awaiting your Reply"),
                (status::RESOLVED, "Resolved", "This ticket has been Resolved"),
                (status::CLOSED, "Closed", "This ticket has been Closed"),
                (
                    status::WAITING_ON_CUSTOMER,
                    "Waiting on Customer",
                    "Awaiting your Reply",
                ),
                (
                    status::WAITING_ON_THIRD_PARTY,
                    "Waiting on Third Party",
                    "Being Processed",
                ),
            ]
            .map(|(code, agents, customers)| (code, agents.to_owned(), customers.to_owned()))
            .to_vec(),
            types: ["Question", "Incident", "Problem", "Feature Request", "Refund"]
                .map(ToOwned::to_owned)
                .to_vec(),
            custom_fields: Vec::new(),
            products: Vec::new(),
            email_config: 0,
            keys: HashMap::new(),
            rules: Vec::new(),
            hook: None,
            deliveries: Vec::new(),
            wake: false,
            mails: Vec::new(),
            requests: Vec::new(),
            window: Window::default(),
            faults: Script::new(options.seed),
            jobs: HashMap::new(),
            next_id: FIRST_ID,
            next_ticket: options.first_ticket.max(1),
            created_at: now,
            options,
        };
        state.email_config = state.fresh_id();
        let (name, email) = state.options.bot.clone();
        let bot = state.add_agent(&name, &email, now);
        let key = state.options.api_key.clone();
        state.keys.insert(key, bot);
        state
    }

    /// An id that nothing else has.
    pub(super) fn fresh_id(&mut self) -> u64 {
        let id = self.next_id;
        // Real ids leave gaps, and a client must not count on their being dense.
        self.next_id += 7;
        id
    }

    /// An attached file.
    pub(super) fn file(&self, id: u64) -> Option<&Attachment> {
        let first = self.tickets.values().flat_map(|ticket| &ticket.attachments);
        let said = self.tickets.values().flat_map(|ticket| &ticket.conversations);
        first
            .chain(said.flat_map(|said| &said.attachments))
            .find(|file| file.id == id)
    }

    /// Writes down a request; those of long ago are forgotten.
    pub(super) fn record(&mut self, seen: Seen) {
        if self.requests.len() >= 2 * MOST_REQUESTS {
            self.requests.drain(..MOST_REQUESTS);
        }
        self.requests.push(seen);
    }

    /// The number of the next ticket.
    pub(super) const fn next_number(&mut self) -> u64 {
        let id = self.next_ticket;
        self.next_ticket += 1;
        id
    }

    pub(super) fn changed(&mut self) {
        self.revision += 1;
    }

    pub(super) fn attach(&mut self, files: Vec<File>, now: DateTime<Utc>) -> Vec<Attachment> {
        files
            .into_iter()
            .map(|file| Attachment {
                id: self.fresh_id(),
                name: file.name,
                content_type: file.content_type,
                content: file.content,
                created_at: now,
            })
            .collect()
    }

    pub(super) fn ticket(&self, id: u64) -> Option<&Arc<Ticket>> {
        self.tickets.get(&id)
    }

    pub(super) const fn place(&self, at: DateTime<Utc>, id: u64) -> Place {
        place(self.options.unknowns.ties, at, id)
    }

    /// Opens a ticket; rules and webhooks see it.
    pub(super) fn open_ticket(&mut self, new: NewTicket, who: Performer, now: DateTime<Utc>) -> u64 {
        let id = self.next_number();
        let attachments = self.attach(new.files, now);
        let mut ticket = Ticket {
            id,
            subject: None,
            description: String::new(),
            status: status::OPEN,
            priority: 1,
            source: new.source,
            kind: None,
            requester_id: new.requester_id,
            responder_id: None,
            group_id: None,
            company_id: self
                .contacts
                .get(&new.requester_id)
                .and_then(|contact| contact.company_id),
            product_id: None,
            email_config_id: new.support_email.is_some().then_some(self.email_config),
            internal_agent_id: None,
            internal_group_id: None,
            cc_emails: Vec::new(),
            fwd_emails: Vec::new(),
            to_emails: new.to_emails,
            support_email: new.support_email,
            spam: false,
            deleted: false,
            archived: false,
            fr_escalated: false,
            is_escalated: false,
            nr_escalated: false,
            due_by: None,
            fr_due_by: None,
            nr_due_by: None,
            due_by_hand: false,
            custom_fields: Map::new(),
            tags: Vec::new(),
            attachments,
            conversations: Vec::new(),
            association_type: None,
            associated: Vec::new(),
            merged_into: None,
            watchers: Vec::new(),
            ratings: Vec::new(),
            stats: Stats {
                status_updated_at: Some(now),
                ..Stats::default()
            },
            created_at: now,
            updated_at: now,
        };
        for (name, value) in &new.fields {
            set(&mut ticket, name, value);
        }
        match ticket.status {
            status::PENDING => ticket.stats.pending_since = Some(now),
            status::RESOLVED => ticket.stats.resolved_at = Some(now),
            status::CLOSED => {
                ticket.stats.resolved_at = Some(now);
                ticket.stats.closed_at = Some(now);
            }
            _ => {}
        }
        if !ticket.due_by_hand {
            self.set_due(&mut ticket, now);
        }
        let place = self.place(now, id);
        self.by_updated.insert(place);
        self.by_created.insert(place);
        self.watch_due(&ticket);
        self.tickets.insert(id, Arc::new(ticket));
        self.changed();
        self.acknowledge(id, who, now);
        self.happened(id, &Event::Created, who, now);
        id
    }

    fn acknowledge(&mut self, id: u64, who: Performer, now: DateTime<Utc>) {
        let Some(ticket) = self.tickets.get(&id) else {
            return;
        };
        if self.options.acknowledges
            && matches!(who, Performer::Requester(_))
            && ticket.source == source::EMAIL
        {
            let subject = format!(
                "Ticket Received - {}",
                ticket.subject.as_deref().unwrap_or_default()
            );
            let to = self.email_of(ticket.requester_id);
            self.mails.push(Mail {
                at: now,
                why: MailKind::Acknowledgement,
                ticket_id: id,
                conversation_id: None,
                to: to.into_iter().collect(),
                cc: Vec::new(),
                bcc: Vec::new(),
                subject,
                body: "<div>We have received your request.</div>".to_owned(),
                attachments: Vec::new(),
            });
        }
    }

    pub(super) fn email_of(&self, contact: u64) -> Option<String> {
        self.contacts
            .get(&contact)
            .and_then(|contact| contact.email.clone())
    }

    /// Changes a ticket in place and moves its `updated_at`, without telling rules or webhooks.
    pub(super) fn revise(&mut self, id: u64, now: DateTime<Utc>, how: impl FnOnce(&mut Ticket)) {
        self.amend(id, now, |ticket| {
            how(ticket);
            ticket.updated_at = now.max(ticket.updated_at);
        });
    }

    /// Changes a ticket in place; `updated_at` only if the change sets it.
    pub(super) fn amend(&mut self, id: u64, now: DateTime<Utc>, how: impl FnOnce(&mut Ticket)) {
        let lag = self.options.search_lag;
        let ties = self.options.unknowns.ties;
        let Some(entry) = self.tickets.get_mut(&id) else {
            return;
        };
        match self.stale.get(&id) {
            // Search still shows what was before the change that has not arrived there.
            Some((_, since)) if *since + lag > now => {}
            None if entry.created_at + lag > now => {}
            _ => {
                self.stale.insert(id, (entry.clone(), now));
            }
        }
        let before = place(ties, entry.updated_at, id);
        for due in [entry.due_by, entry.fr_due_by, entry.nr_due_by]
            .into_iter()
            .flatten()
        {
            self.due.remove(&(due.timestamp(), id));
        }
        let ticket = Arc::make_mut(entry);
        how(ticket);
        let after = place(ties, ticket.updated_at, id);
        if before != after {
            self.by_updated.remove(&before);
            self.by_updated.insert(after);
        }
        let ticket = entry.clone();
        self.watch_due(&ticket);
        self.changed();
    }

    pub(super) fn watch_due(&mut self, ticket: &Ticket) {
        let awaited = [
            (ticket.due_by, ticket.is_escalated),
            (ticket.fr_due_by, ticket.fr_escalated),
            (ticket.nr_due_by, ticket.nr_escalated),
        ];
        for (due, flagged) in awaited {
            if let (Some(due), false) = (due, flagged) {
                self.due.insert((due.timestamp(), ticket.id));
            }
        }
    }

    /// Sets fields by the names they have in the API.
    pub(super) fn update(
        &mut self,
        id: u64,
        fields: &Map<String, Value>,
        files: Vec<File>,
        who: Performer,
        now: DateTime<Utc>,
    ) {
        let Some(before) = self.tickets.get(&id).cloned() else {
            return;
        };
        let mut files = self.attach(files, now);
        let mut after = (*before).clone();
        for (name, value) in fields {
            set(&mut after, name, value);
        }
        if after.requester_id != before.requester_id && !fields.contains_key("company_id") {
            after.company_id = self
                .contacts
                .get(&after.requester_id)
                .and_then(|contact| contact.company_id);
        }
        after.attachments.append(&mut files);
        if after.status != before.status {
            self.enter_status(&mut after, before.status, now);
        }
        let other_policy = after.priority != before.priority
            || after.group_id != before.group_id
            || after.kind != before.kind;
        if other_policy && !after.due_by_hand && self.timer_runs(after.status) {
            let from = after.created_at;
            self.set_due(&mut after, from);
        }
        if after == *before {
            return;
        }
        let event = Event::between(&before, &after);
        self.revise(id, now, |ticket| *ticket = after);
        self.happened(id, &event, who, now);
    }

    fn enter_status(&mut self, ticket: &mut Ticket, before: i64, now: DateTime<Utc>) {
        let left_at = ticket.stats.status_updated_at;
        ticket.stats.status_updated_at = Some(now);
        let settled = |code: i64| matches!(code, status::RESOLVED | status::CLOSED);
        match ticket.status {
            status::PENDING => ticket.stats.pending_since = Some(now),
            status::RESOLVED => ticket.stats.resolved_at = Some(now),
            status::CLOSED => {
                ticket.stats.resolved_at = ticket.stats.resolved_at.or(Some(now));
                ticket.stats.closed_at = Some(now);
            }
            _ => {}
        }
        if ticket.status != status::PENDING {
            ticket.stats.pending_since = None;
        }
        if settled(before) && !settled(ticket.status) {
            ticket.stats.reopened_at = Some(now);
            ticket.stats.resolved_at = None;
            ticket.stats.closed_at = None;
        }
        if !self.timer_runs(before) && self.timer_runs(ticket.status) && !ticket.due_by_hand {
            self.resume(ticket, left_at, now);
        }
    }

    /// Says something in a ticket: the conversation, its mails, statistics, rules and webhooks.
    pub(super) fn say(&mut self, id: u64, saying: Saying, who: Performer, now: DateTime<Utc>) -> Option<u64> {
        let ticket = self.tickets.get(&id)?.clone();
        let conversation_id = self.fresh_id();
        let attachments = self.attach(saying.files, now);
        if let Some(why) = saying.mail {
            self.mails.push(Mail {
                at: now,
                why,
                ticket_id: id,
                conversation_id: Some(conversation_id),
                to: saying.to.clone(),
                cc: saying.cc.clone(),
                bcc: saying.bcc.clone(),
                subject: format!("Re: {}", ticket.subject.as_deref().unwrap_or_default()),
                body: saying.body.clone(),
                attachments: attachments.iter().map(|file| file.name.clone()).collect(),
            });
        }
        let conversation = Conversation {
            id: conversation_id,
            ticket_id: id,
            body: saying.body,
            incoming: saying.incoming,
            private: saying.private,
            user_id: saying.user_id,
            source: saying.source,
            category: saying.category,
            to_emails: saying.to,
            from_email: saying.from,
            support_email: ticket.support_email.clone(),
            cc_emails: saying.cc,
            bcc_emails: saying.bcc,
            attachments,
            automation_id: saying.automation_id,
            last_edited: None,
            created_at: now,
            updated_at: now,
        };
        let event = Event::said(&conversation);
        let answered = conversation.category == 3 && !conversation.private;
        let from_customer = conversation.incoming;
        let before = ticket.status;
        let mut after = (*ticket).clone();
        after.conversations.push(conversation);
        if answered {
            after.stats.agent_responded_at = Some(now);
            after.stats.first_responded_at = after.stats.first_responded_at.or(Some(now));
            after.nr_due_by = None;
        }
        if from_customer {
            after.stats.requester_responded_at = Some(now);
            if saying.category == 1 && before != status::OPEN {
                after.status = status::OPEN;
                self.enter_status(&mut after, before, now);
            }
            self.set_next_due(&mut after, now);
        }
        self.conversation_ticket.insert(conversation_id, id);
        self.revise(id, now, |ticket| *ticket = after);
        self.happened(id, &event, who, now);
        Some(conversation_id)
    }
}
