//! Which clients a ticket's traits point at, and what was found.

use chrono::{DateTime, Utc};
use hammerdesk_domain::helpdesk::{By, Candidate, TicketId, Traits, Verdict};
use hammerdesk_domain::ids::ClientNo;
use hammerdesk_domain::text;

use super::corrupt;
use crate::engine::{Unit, View, run, statements};
use crate::error::Result;
use crate::search::digits;

statements! {
    /// A merged client stands for the one it was merged into.
    BY_ALIAS = "SELECT DISTINCT coalesce(c.merged_into, a.client) FROM alias a LEFT JOIN client c ON c.client = a.client \
        WHERE a.folded = $1 AND a.kind = $2 LIMIT 20";
    BY_PADDLE = "SELECT DISTINCT coalesce(c.merged_into, a.client) FROM alias a LEFT JOIN client c ON c.client = a.client \
        WHERE a.folded = $1 AND a.kind = 'paddle' AND a.sale = $2 LIMIT 20";
    BY_NUMBER = "SELECT coalesce(merged_into, client) FROM client WHERE client = $1";
    DROP = "DELETE FROM ticket_client WHERE ticket = $1";
    ADD = "INSERT INTO ticket_client (ticket, client, pointed_by, pointed_on) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (ticket, client, pointed_by, pointed_on) DO NOTHING";
    JUDGED = "UPDATE ticket SET verdict = $2, matched_at = $3 WHERE ticket = $1";
    OF_TICKET = "SELECT ticket, client, pointed_by, pointed_on FROM ticket_client WHERE ticket = $1 \
        ORDER BY client, pointed_by, pointed_on";
    OF_CLIENT = "SELECT DISTINCT t.ticket FROM ticket_client k JOIN ticket t ON t.ticket = k.ticket \
        WHERE k.client = $1 AND t.gone = '' ORDER BY t.ticket DESC LIMIT $2";
    MATCHED = "SELECT verdict FROM ticket WHERE ticket = $1";
}

/// A client that something about a ticket points at.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct TicketClient {
    ticket: i64,
    client: String,
    pointed_by: String,
    pointed_on: String,
}

impl View {
    /// The clients that a ticket's traits point at, as the ledger's aliases know them now.
    pub async fn candidates(&mut self, traits: &Traits) -> Result<Vec<Candidate>> {
        let who = &traits.requester;
        let mut asked: Vec<(By, &str, String, String)> = Vec::new();
        if let Some(contact) = who.contact {
            let contact = contact.to_string();
            asked.push((By::Contact, "freshdesk", contact.clone(), contact));
        }
        for email in &who.emails {
            asked.push((By::Email, "email", text::fold(email.trim()), email.clone()));
        }
        for phone in &who.phones {
            let folded = digits(phone);
            // Fewer digits are an extension, not a person.
            if folded.len() >= 7 {
                asked.push((By::Phone, "phone", folded, phone.clone()));
            }
        }
        let mut found: Vec<Candidate> = Vec::new();
        for (by, kind, folded, on) in asked {
            let clients: Vec<String> = run!(self, |c| sqlx::query_scalar(BY_ALIAS)
                .bind(folded.as_str())
                .bind(kind)
                .fetch_all(c)
                .await)?;
            add(&mut found, clients, by, &on);
        }
        let external = who.external_id.as_deref().and_then(ClientNo::parse);
        let numbers = external
            .iter()
            .map(|no| (By::ExternalId, no))
            .chain(traits.numbers.iter().map(|no| (By::Number, no)));
        for (by, no) in numbers {
            let mut clients: Vec<String> = run!(self, |c| sqlx::query_scalar(BY_NUMBER)
                .bind(no.as_str())
                .fetch_all(c)
                .await)?;
            if clients.is_empty() {
                clients = run!(self, |c| sqlx::query_scalar(BY_ALIAS)
                    .bind(text::fold(no.as_str()))
                    .bind("kunnr")
                    .fetch_all(c)
                    .await)?;
            }
            add(&mut found, clients, by, no.short());
        }
        for said in &traits.paddles {
            let folded = text::fold(&said.paddle);
            let clients: Vec<String> = match &said.sale {
                Some(sale) => run!(self, |c| sqlx::query_scalar(BY_PADDLE)
                    .bind(folded.as_str())
                    .bind(sale.as_str())
                    .fetch_all(c)
                    .await)?,
                None => run!(self, |c| sqlx::query_scalar(BY_ALIAS)
                    .bind(folded.as_str())
                    .bind("paddle")
                    .fetch_all(c)
                    .await)?,
            };
            // A paddle without its sale is everybody's who ever held one of that number.
            if said.sale.is_some() || clients.len() == 1 {
                let on = match &said.sale {
                    Some(sale) => format!("{} in {sale}", said.paddle),
                    None => said.paddle.clone(),
                };
                add(&mut found, clients, By::Paddle, &on);
            }
        }
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// What points at which client on a ticket; `None` before anybody looked.
    pub async fn ticket_match(&mut self, ticket: TicketId) -> Result<Option<(Verdict, Vec<Candidate>)>> {
        let verdict: Option<Option<String>> = run!(self, |c| sqlx::query_scalar(MATCHED)
            .bind(ticket.0)
            .fetch_optional(c)
            .await)?;
        if verdict.flatten().is_none() {
            return Ok(None);
        }
        let rows: Vec<TicketClient> = run!(self, |c| sqlx::query_as(OF_TICKET)
            .bind(ticket.0)
            .fetch_all(c)
            .await)?;
        let candidates = rows
            .into_iter()
            .map(|row| {
                Ok(Candidate {
                    client: ClientNo::parse(&row.client)
                        .ok_or_else(|| corrupt("ticket_client", "client", &"it is no client number"))?,
                    by: row
                        .pointed_by
                        .parse()
                        .map_err(|error| corrupt("ticket_client", "pointed_by", &error))?,
                    on: row.pointed_on,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Some((Verdict::of(&candidates), candidates)))
    }

    /// The tickets that anything points at a client on, newest first, gone ones left out.
    pub async fn tickets_of_client(&mut self, client: &ClientNo, limit: i64) -> Result<Vec<TicketId>> {
        let ids: Vec<i64> = run!(self, |c| sqlx::query_scalar(OF_CLIENT)
            .bind(client.as_str())
            .bind(limit)
            .fetch_all(c)
            .await)?;
        Ok(ids.into_iter().map(TicketId).collect())
    }
}

fn add(found: &mut Vec<Candidate>, clients: Vec<String>, by: By, on: &str) {
    for client in clients {
        if let Some(client) = ClientNo::parse(&client) {
            found.push(Candidate {
                client,
                by,
                on: super::storable(on),
            });
        }
    }
}

impl Unit {
    /// Looks up whom a ticket's traits point at and keeps what was found; `true` where that is news, and
    /// then the ticket counts as changed.
    pub async fn match_ticket(
        &mut self,
        ticket: TicketId,
        traits: &Traits,
        at: DateTime<Utc>,
    ) -> Result<bool> {
        let candidates = self.candidates(traits).await?;
        let before = self.ticket_match(ticket).await?;
        let verdict = Verdict::of(&candidates);
        if before.as_ref().is_some_and(|(_, before)| *before == candidates) {
            return Ok(false);
        }
        run!(self, |c| sqlx::query(DROP)
            .bind(ticket.0)
            .execute(c)
            .await
            .map(|_| ()))?;
        for candidate in &candidates {
            run!(self, |c| sqlx::query(ADD)
                .bind(ticket.0)
                .bind(candidate.client.as_str())
                .bind(candidate.by.word())
                .bind(candidate.on.as_str())
                .execute(c)
                .await
                .map(|_| ()))?;
        }
        run!(self, |c| sqlx::query(JUDGED)
            .bind(ticket.0)
            .bind(verdict.word())
            .bind(at)
            .execute(c)
            .await
            .map(|_| ()))?;
        self.append(ticket, &[], None, at).await?;
        Ok(true)
    }
}
