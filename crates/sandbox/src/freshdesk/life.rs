//! A helpdesk that lives: one plausible act after the other, by customers and agents who are there.
//!
//! Promises: the same seed and the same account give the same acts; agents act in person, never through the
//! integration's key; what customers write names what hammerdesk looks for (client number, lot, paddle).

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use super::account::Account;
use super::html;
use super::model::{Contact, Ticket, status};

/// Among so many of the latest tickets something happens.
const LIVELY: usize = 60;

const QUESTIONS: [(&str, &str); 7] = [
    ("Release of lot", "I have paid. When may I collect lot"),
    ("Deposit", "I bought nothing; please return my deposit. Paddle"),
    ("Balance", "What do I still owe for lot"),
    (
        "Wire sent",
        "We have sent the amount today, with the reference of lot",
    ),
    ("Invoice", "The invoice shows another address than ours. Lot"),
    (
        "Collection by carrier",
        "Our carrier comes tomorrow. Is everything settled for lot",
    ),
    ("Payment plan", "May I pay in two parts? Lot"),
];

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// A customer mailed.
    NewTicket(u64),
    /// A customer answered.
    Answer(u64),
    /// An agent replied to the customer.
    Reply(u64),
    /// An agent wrote a private note.
    Note(u64),
    /// An agent changed a field.
    Change(u64),
    /// An agent marked it as spam, deleted or restored it.
    Tidying(u64),
    /// An agent merged another ticket into it.
    Merger(u64),
}

/// What goes on in an account, from a seed.
#[derive(Debug)]
pub struct Life {
    rng: ChaCha8Rng,
}

impl Life {
    /// Of that seed.
    pub fn new(seed: u64) -> Self {
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// One more thing happens; nothing if the account has no contacts or no agents but the integration's.
    pub fn step(&mut self, account: &Account) -> Option<Happening> {
        let bot = account.bot();
        let agents: Vec<u64> = account
            .agents()
            .iter()
            .map(|agent| agent.id)
            .filter(|id| *id != bot)
            .collect();
        let agent = *agents.get(self.rng.random_range(0..agents.len().max(1)))?;
        let tickets = account.latest(LIVELY);
        let chance = self.rng.random_range(0..100);
        let ticket = match tickets.get(self.rng.random_range(0..tickets.len().max(1))) {
            Some(ticket) if chance >= 30 => ticket.clone(),
            _ => return self.mail(account),
        };
        let id = ticket.id;
        let done = match chance {
            30..50 => account
                .customer_answers(id, &html::of_text(&self.words()))
                .map(|_| Happening::Answer(id)),
            50..65 => {
                let replied =
                    account.agent_replies(agent, id, "<div>We look into it and come back today.</div>");
                match replied {
                    Ok(_) => Ok(Happening::Reply(id)),
                    // Who only has a telephone is called, and the call is noted.
                    Err(_) => account
                        .agent_notes(agent, id, "<div>Called.</div>", true)
                        .map(|_| Happening::Note(id)),
                }
            }
            65..80 => {
                let note = html::of_text(&format!("Checked: {}", self.words()));
                account
                    .agent_notes(agent, id, &note, true)
                    .map(|_| Happening::Note(id))
            }
            80..97 => self
                .change(account, agent, &ticket)
                .map(|()| Happening::Change(id)),
            97 => account
                .agent_marks_spam(agent, id, true)
                .map(|()| Happening::Tidying(id)),
            98 => {
                let deleted = account.agent_deletes(agent, id);
                let restored = self
                    .rng
                    .random_ratio(1, 2)
                    .then(|| account.agent_restores(agent, id));
                deleted
                    .and(restored.unwrap_or(Ok(())))
                    .map(|()| Happening::Tidying(id))
            }
            _ => {
                let other = tickets
                    .iter()
                    .find(|other| other.id != id && other.status != status::CLOSED)?;
                account
                    .agent_merges(agent, id, &[other.id])
                    .map(|()| Happening::Merger(id))
            }
        };
        done.ok()
    }

    fn mail(&mut self, account: &Account) -> Option<Happening> {
        let contact = self.somebody(account)?;
        let (subject, words) = QUESTIONS[self.rng.random_range(0..QUESTIONS.len())];
        let number = contact
            .custom_fields
            .get("client_number")
            .and_then(serde_json::Value::as_str);
        let lot = self.rng.random_range(1..400);
        let signed = number.map_or_else(String::new, |number| format!(", client {number}"));
        let body = html::of_text(&format!("{words} {lot}?\n\n{}{signed}", contact.name));
        let email = contact.email.as_deref().unwrap_or("unknown@buyer.example");
        let id = account.customer_mails(email, &contact.name, &format!("{subject} {lot}"), &body);
        Some(Happening::NewTicket(id))
    }

    fn somebody(&mut self, account: &Account) -> Option<Contact> {
        account.with(|state, _| {
            let at = self.rng.random_range(0..state.contacts.len().max(1));
            state.contacts.values().nth(at).cloned()
        })
    }

    fn words(&mut self) -> String {
        let (subject, words) = QUESTIONS[self.rng.random_range(0..QUESTIONS.len())];
        format!("{subject}: {words} {}", self.rng.random_range(1..400))
    }

    fn change(
        &mut self,
        account: &Account,
        agent: u64,
        ticket: &Arc<Ticket>,
    ) -> Result<(), super::NotPossible> {
        match self.rng.random_range(0..5) {
            0 => account.agent_sets(agent, ticket.id, "priority", json!(self.rng.random_range(1..5))),
            1 => account.agent_sets(agent, ticket.id, "responder_id", json!(agent)),
            2 => {
                let mut tags = ticket.tags.clone();
                tags.push(["release", "deposit", "vip", "wire"][self.rng.random_range(0..4)].to_owned());
                tags.dedup();
                account.agent_sets(agent, ticket.id, "tags", json!(tags))
            }
            _ => {
                let codes = [status::OPEN, status::PENDING, status::RESOLVED, status::CLOSED];
                account.agent_sets(
                    agent,
                    ticket.id,
                    "status",
                    json!(codes[self.rng.random_range(0..4)]),
                )
            }
        }
    }
}
