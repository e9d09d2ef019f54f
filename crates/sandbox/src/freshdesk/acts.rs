//! What people do in an account: customers write, call and judge; agents answer, note, sort and tidy up.
//!
//! Promises: an act does what the same act in Freshdesk's own pages would do, and nothing behind it.

use serde_json::{Map, Value, json};

use super::account::{Account, NotPossible};
use super::automation::Event;
use super::deeds::Merging;
use super::html;
use super::model::{File, Performer, Rating, source};
use super::state::{NewTicket, Saying};

impl Account {
    // ---- as a customer -------------------------------------------------------------------------------

    /// A customer mails; a contact is made if the address is new. Returns the ticket.
    pub fn customer_mails(&self, email: &str, name: &str, subject: &str, html: &str) -> u64 {
        self.customer_mails_with(email, name, subject, html, Vec::new())
    }

    /// The same with files.
    pub fn customer_mails_with(
        &self,
        email: &str,
        name: &str,
        subject: &str,
        html: &str,
        files: Vec<File>,
    ) -> u64 {
        self.with(|state, now| {
            let requester_id = state.contact_of_email(email, Some(name), now);
            let support = state.options.support_email.clone();
            let new = NewTicket {
                requester_id,
                source: source::EMAIL,
                to_emails: Some(vec![support.clone()]),
                support_email: Some(support),
                fields: Map::from_iter([
                    ("subject".to_owned(), json!(subject)),
                    (
                        "description".to_owned(),
                        json!(html::cleaned(html, state.options.unknowns.keeps_comments)),
                    ),
                ]),
                files,
            };
            state.open_ticket(new, Performer::Requester(requester_id), now)
        })
    }

    /// A customer calls, and an agent takes it down. Returns the ticket.
    pub fn customer_calls(&self, agent: u64, phone: &str, name: &str, subject: &str, html: &str) -> u64 {
        self.with(|state, now| {
            let new = NewTicket {
                requester_id: state.contact_of_phone(phone, Some(name), now),
                source: source::PHONE,
                fields: Map::from_iter([
                    ("subject".to_owned(), json!(subject)),
                    (
                        "description".to_owned(),
                        json!(html::cleaned(html, state.options.unknowns.keeps_comments)),
                    ),
                ]),
                ..NewTicket::default()
            };
            state.open_ticket(new, Performer::Agent(agent), now)
        })
    }

    /// The customer of a ticket answers by mail.
    pub fn customer_answers(&self, ticket: u64, html: &str) -> Result<u64, NotPossible> {
        self.customer_answers_with(ticket, html, Vec::new())
    }

    /// The same with files.
    pub fn customer_answers_with(
        &self,
        ticket: u64,
        html: &str,
        files: Vec<File>,
    ) -> Result<u64, NotPossible> {
        self.on_ticket(ticket, |state, now, found| {
            let requester = found.requester_id;
            let saying = Saying {
                body: html.to_owned(),
                incoming: true,
                user_id: Some(requester),
                category: 1,
                to: vec![state.options.support_email.clone()],
                from: state.email_of(requester),
                files,
                ..Saying::default()
            };
            let said = state.say(ticket, saying, Performer::Requester(requester), now);
            said.ok_or_else(|| NotPossible(format!("There is no ticket {ticket}.")))
        })
    }

    /// Somebody else answers in a ticket, as people do who were copied in; a contact is made if need be.
    pub fn somebody_answers(
        &self,
        ticket: u64,
        email: &str,
        name: &str,
        html: &str,
    ) -> Result<u64, NotPossible> {
        self.on_ticket(ticket, |state, now, _| {
            let contact = state.contact_of_email(email, Some(name), now);
            let saying = Saying {
                body: html.to_owned(),
                incoming: true,
                user_id: Some(contact),
                category: 1,
                to: vec![state.options.support_email.clone()],
                from: Some(format!("{name} <{email}>")),
                ..Saying::default()
            };
            let said = state.say(ticket, saying, Performer::Requester(contact), now);
            said.ok_or_else(|| NotPossible(format!("There is no ticket {ticket}.")))
        })
    }

    /// The customer says what they thought: 103 to -103.
    pub fn customer_rates(&self, ticket: u64, score: i64, feedback: &str) -> Result<(), NotPossible> {
        self.on_ticket(ticket, |state, now, found| {
            let requester = found.requester_id;
            let rating = Rating {
                id: state.fresh_id(),
                score,
                feedback: (!feedback.is_empty()).then(|| feedback.to_owned()),
                created_at: now,
            };
            state.revise(ticket, now, |ticket| ticket.ratings.push(rating));
            let saying = Saying {
                body: html::of_text(feedback),
                incoming: true,
                user_id: Some(requester),
                source: 6,
                category: 7,
                ..Saying::default()
            };
            state.say(ticket, saying, Performer::Requester(requester), now);
            Ok(())
        })
    }

    // ---- as an agent ---------------------------------------------------------------------------------

    /// An agent answers the customer, who is mailed.
    pub fn agent_replies(&self, agent: u64, ticket: u64, html: &str) -> Result<u64, NotPossible> {
        self.agent_replies_with(agent, ticket, html, Vec::new())
    }

    /// The same with files.
    pub fn agent_replies_with(
        &self,
        agent: u64,
        ticket: u64,
        html: &str,
        files: Vec<File>,
    ) -> Result<u64, NotPossible> {
        self.on_ticket(ticket, |state, now, _| {
            let body = html::cleaned(html, state.options.unknowns.keeps_comments);
            let saying = state.reply(ticket, agent, body, files);
            let said = saying.and_then(|saying| state.say(ticket, saying, Performer::Agent(agent), now));
            said.ok_or_else(|| NotPossible("The requester has no address to reply to.".to_owned()))
        })
    }

    /// An agent writes a note; a public one is seen by the customer, and mailed.
    pub fn agent_notes(
        &self,
        agent: u64,
        ticket: u64,
        html: &str,
        private: bool,
    ) -> Result<u64, NotPossible> {
        self.on_ticket(ticket, |state, now, _| {
            let body = html::cleaned(html, state.options.unknowns.keeps_comments);
            let saying = state.note(ticket, agent, body, private);
            let said = state.say(ticket, saying, Performer::Agent(agent), now);
            said.ok_or_else(|| NotPossible(format!("There is no ticket {ticket}.")))
        })
    }

    /// An agent changes a note.
    pub fn agent_edits(&self, agent: u64, conversation: u64, html: &str) -> Result<(), NotPossible> {
        self.with(|state, now| {
            state
                .edit(conversation, html.to_owned(), Vec::new(), agent, now)
                .ok_or_else(|| NotPossible("There is no such note.".to_owned()))
        })
    }

    /// An agent deletes something that was said.
    pub fn agent_removes(&self, agent: u64, conversation: u64) -> Result<(), NotPossible> {
        self.with(|state, now| {
            state
                .remove(conversation, agent, now)
                .ok_or_else(|| NotPossible("There is no such conversation.".to_owned()))
        })
    }

    /// An agent sets fields by their names in the API: `status`, `priority`, `responder_id`, `group_id`,
    /// `tags`, `custom_fields`, `subject`, `type`.
    pub fn agent_sets(&self, agent: u64, ticket: u64, field: &str, value: Value) -> Result<(), NotPossible> {
        self.on_ticket(ticket, |state, now, _| {
            let fields = Map::from_iter([(field.to_owned(), value)]);
            state.update(ticket, &fields, Vec::new(), Performer::Agent(agent), now);
            Ok(())
        })
    }

    /// An agent merges tickets into one.
    pub fn agent_merges(&self, agent: u64, primary: u64, others: &[u64]) -> Result<(), NotPossible> {
        self.on_ticket(primary, |state, now, _| {
            let merging = Merging {
                primary,
                others: others.to_vec(),
                ..Merging::default()
            };
            state.merge(merging, agent, now);
            Ok(())
        })
    }

    /// An agent deletes a ticket.
    pub fn agent_deletes(&self, agent: u64, ticket: u64) -> Result<(), NotPossible> {
        self.on_ticket(ticket, |state, now, _| {
            state.delete(ticket, Performer::Agent(agent), now);
            Ok(())
        })
    }

    /// An agent restores a deleted ticket.
    pub fn agent_restores(&self, agent: u64, ticket: u64) -> Result<(), NotPossible> {
        self.on_ticket(ticket, |state, now, _| {
            state.restore(ticket, Performer::Agent(agent), now);
            Ok(())
        })
    }

    /// An agent marks a ticket as spam, or takes that back.
    pub fn agent_marks_spam(&self, agent: u64, ticket: u64, spam: bool) -> Result<(), NotPossible> {
        self.on_ticket(ticket, |state, now, _| {
            let bumps = state.options.unknowns.spam_bumps;
            state.amend(ticket, now, |ticket| {
                ticket.spam = spam;
                if bumps {
                    ticket.updated_at = now;
                }
            });
            state.happened(ticket, &Event::Other("spam"), Performer::Agent(agent), now);
            Ok(())
        })
    }

    /// Moves a ticket to the archive, where only its own address finds it.
    pub fn archives(&self, ticket: u64) -> Result<(), NotPossible> {
        self.on_ticket(ticket, |state, now, _| {
            state.amend(ticket, now, |ticket| ticket.archived = true);
            Ok(())
        })
    }

    /// Moves `updated_at` and nothing else, as time entries of some kinds and rules do.
    pub fn touches(&self, ticket: u64) -> Result<(), NotPossible> {
        self.on_ticket(ticket, |state, now, _| {
            state.revise(ticket, now, |_| {});
            Ok(())
        })
    }
}
