//! An account with a past: agents, groups and hours for each saleroom, contacts for the clients one gives,
//! and as many old tickets as one wants.
//!
//! Promises: the same seed and moment give the same account; nothing of it is mailed, posted to a webhook
//! or seen by a rule; 100,000 tickets take seconds.

use std::sync::Arc;

use chrono::{NaiveTime, TimeDelta};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, json};

use super::account::Account;
use super::html;
use super::model::{
    BusinessHours, Contact, Conversation, SlaPolicy, SlaTarget, Stats, Ticket, source, status,
};
use super::state::{Saying, State};

/// The custom field in which a contact's and a ticket's client number stands.
pub const CLIENT_NUMBER_FIELD: &str = "cf_client_number";

/// What an account is to be filled with.
#[derive(Debug, Clone, Default)]
pub struct Seed {
    /// Of everything random.
    pub seed: u64,
    /// Salerooms: name, and zone as Rails calls it.
    pub salerooms: Vec<(String, String)>,
    /// Agents of each saleroom: name and address, by the saleroom's place in the list above.
    pub agents: Vec<(usize, String, String)>,
    /// People who write.
    pub clients: Vec<SeedClient>,
    /// How many tickets there are already.
    pub tickets: usize,
    /// Over how many days they are spread.
    pub days: i64,
}

/// A client as the ledger knows one.
#[derive(Debug, Clone, Default)]
pub struct SeedClient {
    /// Name.
    pub name: String,
    /// Address.
    pub email: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// Number in the ledger.
    pub number: String,
    /// Saleroom, by its place in the list.
    pub saleroom: usize,
}

/// What there is then, in the order in which it was given.
#[derive(Debug, Clone, Default)]
pub struct Seeded {
    /// The groups of the salerooms.
    pub groups: Vec<u64>,
    /// The agents.
    pub agents: Vec<u64>,
    /// The contacts of the clients.
    pub contacts: Vec<u64>,
    /// The tickets.
    pub tickets: Vec<u64>,
}

const SUBJECTS: [(&str, &str); 6] = [
    ("Release of lot", "May I collect my lot? The invoice is paid."),
    (
        "Deposit refund",
        "I did not buy anything. When is my deposit returned?",
    ),
    ("Balance", "What do I still owe, please?"),
    ("Payment sent", "We have sent the amount by wire today."),
    ("Invoice copy", "Please send me a copy of the invoice."),
    (
        "Shipping",
        "The carrier asks for the release. Is everything settled?",
    ),
];

impl Account {
    /// Fills the account.
    pub fn seed(&self, seed: &Seed) -> Seeded {
        self.add_field(CLIENT_NUMBER_FIELD, "Client number", "custom_text", &[]);
        self.add_field(
            "cf_saleroom",
            "Saleroom",
            "custom_dropdown",
            &names(&seed.salerooms),
        );
        let mut seeded = Seeded::default();
        for (_, name, email) in &seed.agents {
            seeded.agents.push(self.add_agent(name, email));
        }
        for (at, (name, zone)) in seed.salerooms.iter().enumerate() {
            let hours = self.add_business_hours(office_hours(name, zone, at == 0));
            let members = seed
                .agents
                .iter()
                .zip(&seeded.agents)
                .filter(|((saleroom, ..), _)| *saleroom == at);
            let members: Vec<u64> = members.map(|(_, id)| *id).collect();
            seeded
                .groups
                .push(self.add_group(&format!("Client accounts {name}"), &members, Some(hours)));
        }
        self.add_policy(default_policy());
        self.with(|state, now| {
            let first = now - TimeDelta::days(seed.days.max(1));
            for client in &seed.clients {
                let contact = Contact {
                    name: client.name.clone(),
                    email: client.email.clone(),
                    phone: client.phone.clone(),
                    custom_fields: Map::from_iter([("client_number".to_owned(), json!(client.number))]),
                    active: true,
                    ..Contact::default()
                };
                seeded.contacts.push(state.add_contact(contact, first));
            }
            if seeded.contacts.is_empty() {
                return;
            }
            let mut rng = ChaCha8Rng::seed_from_u64(seed.seed);
            let span = (now - first).num_seconds();
            let count = i64::try_from(seed.tickets.max(1)).unwrap_or(i64::MAX);
            for (at, number) in (0..seed.tickets).zip(0_i64..) {
                let client = rng.random_range(0..seed.clients.len());
                // One in sixteen shares its second with the one before.
                let place = if number % 16 == 7 { number - 1 } else { number };
                let created_at = first + TimeDelta::seconds(span / count * place);
                let old = Old {
                    client: &seed.clients[client],
                    contact: seeded.contacts[client],
                    saleroom: seed
                        .salerooms
                        .get(seed.clients[client].saleroom)
                        .map(|(name, _)| name.as_str()),
                    group: seeded.groups.get(seed.clients[client].saleroom).copied(),
                    agents: &seeded.agents,
                    age: now - created_at,
                };
                let id = state.next_number();
                let mut ticket = old.ticket(id, at, &mut rng);
                old.talk(state, &mut ticket, &mut rng);
                state.import(ticket);
                seeded.tickets.push(id);
            }
        });
        seeded
    }
}

/// A ticket of the past in the making.
struct Old<'a> {
    client: &'a SeedClient,
    contact: u64,
    saleroom: Option<&'a str>,
    group: Option<u64>,
    agents: &'a [u64],
    age: TimeDelta,
}

impl Old<'_> {
    fn ticket(&self, id: u64, at: usize, rng: &mut ChaCha8Rng) -> Ticket {
        let (subject, words) = SUBJECTS[rng.random_range(0..SUBJECTS.len())];
        let by_phone = rng.random_ratio(1, 6);
        let settled = self.age > TimeDelta::days(7) || rng.random_ratio(1, 2);
        let code = if settled {
            status::CLOSED
        } else {
            [status::OPEN, status::PENDING][at % 2]
        };
        let mut custom_fields = Map::new();
        if rng.random_ratio(2, 3) {
            custom_fields.insert(CLIENT_NUMBER_FIELD.to_owned(), json!(self.client.number));
        }
        if let Some(saleroom) = self.saleroom {
            custom_fields.insert("cf_saleroom".to_owned(), json!(saleroom));
        }
        let zero = chrono::DateTime::<chrono::Utc>::UNIX_EPOCH;
        Ticket {
            id,
            subject: Some(format!("{subject} {}", rng.random_range(1..900))),
            description: html::of_text(&format!(
                "{words}\n{}\nClient {}",
                self.client.name, self.client.number
            )),
            status: code,
            priority: [1, 1, 2, 2, 3, 4][rng.random_range(0..6)],
            source: if by_phone { source::PHONE } else { source::EMAIL },
            kind: Some("Question".to_owned()),
            requester_id: self.contact,
            responder_id: (!self.agents.is_empty())
                .then(|| self.agents[rng.random_range(0..self.agents.len())]),
            group_id: self.group,
            company_id: None,
            product_id: None,
            email_config_id: None,
            internal_agent_id: None,
            internal_group_id: None,
            cc_emails: Vec::new(),
            fwd_emails: Vec::new(),
            to_emails: None,
            support_email: None,
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
            custom_fields,
            tags: Vec::new(),
            attachments: Vec::new(),
            conversations: Vec::new(),
            association_type: None,
            associated: Vec::new(),
            merged_into: None,
            watchers: Vec::new(),
            ratings: Vec::new(),
            stats: Stats::default(),
            created_at: zero,
            updated_at: zero,
        }
    }

    /// What was said, and the instants that follow from it.
    fn talk(&self, state: &mut State, ticket: &mut Ticket, rng: &mut ChaCha8Rng) {
        let now = super::options::whole_second(state.options.clock.as_ref());
        ticket.created_at = now - self.age;
        let mut at = ticket.created_at;
        for turn in 0..rng.random_range(0..4) {
            let pause = TimeDelta::seconds(rng.random_range(60..28_800));
            if at + pause > now {
                break;
            }
            at += pause;
            let customer = turn % 2 == 1;
            let saying = Saying {
                body: html::of_text(if customer {
                    "Thank you, and when?"
                } else {
                    "We are looking into it."
                }),
                incoming: customer,
                private: !customer && turn == 2,
                user_id: if customer {
                    Some(self.contact)
                } else {
                    ticket.responder_id
                },
                source: if turn == 2 { 2 } else { 0 },
                category: [3, 1, 2][turn % 3],
                ..Saying::default()
            };
            let said = Conversation {
                id: state.fresh_id(),
                ticket_id: ticket.id,
                body: saying.body,
                incoming: saying.incoming,
                private: saying.private,
                user_id: saying.user_id,
                source: saying.source,
                category: saying.category,
                to_emails: Vec::new(),
                from_email: None,
                support_email: None,
                cc_emails: Vec::new(),
                bcc_emails: Vec::new(),
                attachments: Vec::new(),
                automation_id: None,
                last_edited: None,
                created_at: at,
                updated_at: at,
            };
            if customer {
                ticket.stats.requester_responded_at = Some(at);
            } else if !said.private {
                ticket.stats.agent_responded_at = Some(at);
                ticket.stats.first_responded_at = ticket.stats.first_responded_at.or(Some(at));
            }
            state.conversation_ticket.insert(said.id, ticket.id);
            ticket.conversations.push(said);
        }
        ticket.updated_at = at;
        ticket.stats.status_updated_at = Some(at);
        match ticket.status {
            status::CLOSED => {
                ticket.stats.resolved_at = Some(at);
                ticket.stats.closed_at = Some(at);
            }
            status::PENDING => ticket.stats.pending_since = Some(at),
            _ => {}
        }
        let from = ticket.created_at;
        state.set_due(ticket, from);
        // What is overdue since long is flagged since long.
        ticket.fr_escalated = ticket
            .fr_due_by
            .is_some_and(|due| ticket.stats.first_responded_at.is_none() && due < now);
        ticket.is_escalated = ticket
            .due_by
            .is_some_and(|due| due < ticket.stats.resolved_at.unwrap_or(now));
    }
}

impl State {
    fn import(&mut self, ticket: Ticket) {
        let (created, updated) = (
            self.place(ticket.created_at, ticket.id),
            self.place(ticket.updated_at, ticket.id),
        );
        self.by_created.insert(created);
        self.by_updated.insert(updated);
        if ticket.status == status::OPEN {
            self.watch_due(&ticket);
        }
        self.tickets.insert(ticket.id, Arc::new(ticket));
        self.changed();
    }
}

fn names(salerooms: &[(String, String)]) -> Vec<&str> {
    salerooms.iter().map(|(name, _)| name.as_str()).collect()
}

fn office_hours(name: &str, zone: &str, is_default: bool) -> BusinessHours {
    let day = NaiveTime::from_hms_opt(9, 0, 0).zip(NaiveTime::from_hms_opt(17, 30, 0));
    BusinessHours {
        id: 0,
        name: format!("{name} office"),
        is_default,
        time_zone: zone.to_owned(),
        days: [day, day, day, day, day, None, None],
        created_at: chrono::DateTime::UNIX_EPOCH,
    }
}

/// The policy that a new account comes with: calendar hours.
fn default_policy() -> SlaPolicy {
    let target = |respond_within, resolve_within| SlaTarget {
        respond_within,
        resolve_within,
        next_respond_within: None,
        business_hours: false,
    };
    SlaPolicy {
        id: 0,
        name: "Default SLA Policy".to_owned(),
        is_default: true,
        active: true,
        group_ids: Vec::new(),
        company_ids: Vec::new(),
        ticket_types: Vec::new(),
        targets: [
            target(86_400, 259_200),
            target(28_800, 86_400),
            target(14_400, 43_200),
            target(3_600, 14_400),
        ],
        created_at: chrono::DateTime::UNIX_EPOCH,
    }
}
