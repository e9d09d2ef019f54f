//! People of the account: agents, and contacts that are made when somebody new writes or calls.

use chrono::{DateTime, Utc};

use super::model::{Agent, Contact, Ticket};
use super::state::State;

impl State {
    /// May an agent see a ticket? By scope: everything, the groups' tickets, the own ones.
    pub(super) fn sees(&self, agent: u64, ticket: &Ticket) -> bool {
        let own = ticket.responder_id == Some(agent);
        let in_group = || {
            let group = ticket.group_id.and_then(|id| self.groups.get(&id));
            group.is_some_and(|group| group.agent_ids.contains(&agent))
        };
        match self.agents.get(&agent).map(|agent| agent.ticket_scope) {
            Some(1) => true,
            Some(2) => own || in_group(),
            _ => own,
        }
    }

    pub(super) fn add_agent(&mut self, name: &str, email: &str, now: DateTime<Utc>) -> u64 {
        let id = self.fresh_id();
        let agent = Agent {
            id,
            name: name.to_owned(),
            email: email.to_owned(),
            ticket_scope: 1,
            kind: "support_agent".to_owned(),
            occasional: false,
            available: true,
            deactivated: false,
            created_at: now,
            updated_at: now,
        };
        self.agents.insert(id, agent);
        self.changed();
        id
    }

    pub(super) fn add_contact(&mut self, mut contact: Contact, now: DateTime<Utc>) -> u64 {
        let id = self.fresh_id();
        contact.id = id;
        contact.created_at = now;
        contact.updated_at = now;
        if let Some(email) = &contact.email {
            let email = email.to_lowercase();
            if contact.company_id.is_none() {
                let domain = email.rsplit('@').next().unwrap_or_default();
                contact.company_id = self
                    .companies
                    .values()
                    .find(|company| company.domains.iter().any(|known| known == domain))
                    .map(|company| company.id);
            }
            self.contact_by_email.insert(email, id);
        }
        self.contacts.insert(id, contact);
        self.changed();
        id
    }

    /// The contact of that address, made if there is none.
    pub(super) fn contact_of_email(&mut self, email: &str, name: Option<&str>, now: DateTime<Utc>) -> u64 {
        if let Some(id) = self.contact_by_email.get(&email.to_lowercase()) {
            return *id;
        }
        let other = |contact: &&Contact| {
            contact
                .other_emails
                .iter()
                .any(|known| known.eq_ignore_ascii_case(email))
        };
        if let Some(contact) = self.contacts.values().find(other) {
            return contact.id;
        }
        let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or(email));
        let contact = Contact {
            name: name.to_owned(),
            email: Some(email.to_owned()),
            ..Contact::default()
        };
        self.add_contact(contact, now)
    }

    /// The contact of that number, made if there is none.
    pub(super) fn contact_of_phone(&mut self, phone: &str, name: Option<&str>, now: DateTime<Utc>) -> u64 {
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let wanted = digits(phone);
        let known = self.contacts.values().find(|contact| {
            [&contact.phone, &contact.mobile]
                .into_iter()
                .flatten()
                .any(|number| digits(number) == wanted)
        });
        if let Some(contact) = known {
            return contact.id;
        }
        let contact = Contact {
            name: name.unwrap_or(phone).to_owned(),
            phone: Some(phone.to_owned()),
            ..Contact::default()
        };
        self.add_contact(contact, now)
    }
}
