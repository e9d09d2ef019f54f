//! A ticket with the names around it, as somebody may see it.

use std::collections::BTreeMap;

use hammerdesk_domain::access::{Asker, Permission, Scope};
use hammerdesk_domain::helpdesk::{
    ActorKind, Candidate, Conversation, Gone, Ticket, TicketId, Verdict, status,
};
use hammerdesk_domain::ids::ClientNo;
use hammerdesk_domain::model::Client;
use hammerdesk_domain::text::{clean, fold};
use hammerdesk_store::helpdesk::{HelpdeskRecord, RecordKind, StoredConversation, StoredTicket};
use hammerdesk_store::{StoreError, View};

use super::unknown;
use crate::errors::{Failure, UserError};

/// The most agents or fields of one account that are looked at.
const RECORDS: i64 = 2_000;

/// The ticket and who is who. Only an asker who may see all of it holds one.
pub(crate) struct Scene {
    pub(crate) stored: StoredTicket,
    pub(crate) requester: Option<HelpdeskRecord>,
    pub(crate) responder: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) verdict: Option<(Verdict, Vec<Candidate>)>,
    /// The clients of the verdict.
    pub(crate) clients: BTreeMap<ClientNo, Client>,
    pub(crate) statuses: Statuses,
}

/// The words for statuses, the account's own first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Statuses(Vec<(i64, Vec<String>)>);

impl Scene {
    /// The ticket, where there is one and the asker may know of it.
    pub(crate) async fn seen(view: &mut View, asker: &Asker, id: TicketId) -> Result<Self, Failure> {
        Ok(Self::look(view, asker, id).await?.ok_or_else(|| unknown(id))?)
    }

    pub(crate) async fn look(
        view: &mut View,
        asker: &Asker,
        id: TicketId,
    ) -> Result<Option<Self>, StoreError> {
        let Some(stored) = view.ticket(id).await? else {
            return Ok(None);
        };
        let verdict = view.ticket_match(id).await?;
        let Some(clients) = clients_seen(view, asker, verdict.as_ref()).await? else {
            return Ok(None);
        };
        let requester = match stored.ticket.requester {
            Some(id) => view.helpdesk_record(RecordKind::Contact, id).await?,
            None => None,
        };
        Ok(Some(Self {
            responder: name_of(view, RecordKind::Agent, stored.ticket.responder).await?,
            group: name_of(view, RecordKind::Group, stored.ticket.group).await?,
            statuses: Statuses::of(view).await?,
            requester,
            verdict,
            clients,
            stored,
        }))
    }

    pub(crate) const fn ticket(&self) -> &Ticket {
        &self.stored.ticket
    }

    pub(crate) const fn id(&self) -> TicketId {
        self.stored.ticket.id
    }

    /// The one client whose it is.
    pub(crate) fn client(&self) -> Option<&Client> {
        let no = self.verdict.as_ref().and_then(|(verdict, _)| verdict.client())?;
        self.clients.get(no)
    }

    pub(crate) fn client_no(&self) -> Option<ClientNo> {
        self.client().map(|client| client.no.clone())
    }

    pub(crate) fn subject(&self) -> String {
        match clean(&self.stored.ticket.subject, 120) {
            subject if subject.is_empty() => "no subject".to_owned(),
            subject => subject,
        }
    }

    pub(crate) fn email(&self) -> Option<&str> {
        self.requester.as_ref()?.email.as_deref()
    }

    /// Who asks, in one line.
    pub(crate) fn sender(&self) -> String {
        let name = self.requester.as_ref().map(|contact| clean(&contact.name, 80));
        match (name, self.email()) {
            (Some(name), Some(email)) if name != email => format!("{name} <{email}>"),
            (Some(name), _) => name,
            (None, Some(email)) => email.to_owned(),
            (None, None) => "unknown sender".to_owned(),
        }
    }

    pub(crate) fn status(&self) -> String {
        self.statuses.label(self.stored.ticket.status)
    }

    /// Can anything still be done with it?
    pub(crate) fn workable(&self) -> Result<(), UserError> {
        let ticket = self.ticket();
        match (ticket.gone, ticket.merged_into) {
            (_, Some(into)) => Err(UserError::refused(format!(
                "Ticket {} was merged into {into}. Do it there.",
                ticket.id
            ))),
            (Gone::Here, None) => Ok(()),
            (Gone::Archived, None) => Err(UserError::refused(format!(
                "Ticket {} is archived, and Freshdesk changes nothing on it. Make a new one with /ticket create.",
                ticket.id
            ))),
            (gone, None) => Err(UserError::refused(format!(
                "Ticket {} is marked as {gone} in Freshdesk. Restore it there first.",
                ticket.id
            ))),
        }
    }
}

/// The clients that a ticket may be about, where the asker may know of every one of them; `None` where not.
/// Before anybody looked whose a ticket is, it may be anybody's.
async fn clients_seen(
    view: &mut View,
    asker: &Asker,
    verdict: Option<&(Verdict, Vec<Candidate>)>,
) -> Result<Option<BTreeMap<ClientNo, Client>>, StoreError> {
    let sees_everybody = asker.scope == Scope::All
        && asker.may(Permission::VipClients)
        && asker.may(Permission::RestrictedClients);
    let Some((_, candidates)) = verdict else {
        return Ok(sees_everybody.then(BTreeMap::new));
    };
    let mut seen = BTreeMap::new();
    for candidate in candidates {
        if seen.contains_key(&candidate.client) {
            continue;
        }
        let client = view.client(&candidate.client).await?;
        let survivor = view.survivor(&candidate.client).await?;
        match (client, survivor) {
            (Some(client), Some(survivor)) if asker.may_see(&client) && asker.may_see(&survivor) => {
                seen.insert(candidate.client.clone(), client);
            }
            (None, _) if sees_everybody => {}
            _ => return Ok(None),
        }
    }
    Ok(Some(seen))
}

async fn name_of(view: &mut View, kind: RecordKind, id: Option<i64>) -> Result<Option<String>, StoreError> {
    let Some(id) = id else {
        return Ok(None);
    };
    let record = view.helpdesk_record(kind, id).await?;
    Ok(Some(record.map_or_else(
        || format!("no. {id}"),
        |record| clean(&record.name, 80),
    )))
}

/// The name of whoever said something.
pub(crate) async fn speaker(view: &mut View, said: &Conversation) -> Result<String, StoreError> {
    let by = said.actor();
    let known = match by.kind {
        ActorKind::Agent => name_of(view, RecordKind::Agent, by.id).await?,
        ActorKind::Customer => name_of(view, RecordKind::Contact, by.id).await?,
        ActorKind::System => Some("a rule of the helpdesk".to_owned()),
        ActorKind::Unknown => None,
    };
    Ok(known
        .or_else(|| said.from.as_deref().map(|from| clean(from, 80)))
        .unwrap_or_else(|| "somebody".to_owned()))
}

/// What was said and still stands there, oldest first.
pub(crate) async fn said(view: &mut View, id: TicketId) -> Result<Vec<StoredConversation>, StoreError> {
    let mut said = view.conversations(id).await?;
    said.retain(|one| one.removed_at.is_none());
    Ok(said)
}

/// Agents who still work there, by name.
pub(crate) async fn agents(view: &mut View) -> Result<Vec<HelpdeskRecord>, StoreError> {
    let mut agents = view.helpdesk_records(RecordKind::Agent, 0, RECORDS).await?;
    let is_off = |agent: &HelpdeskRecord| {
        agent
            .raw
            .get("deactivated")
            .and_then(serde_json::Value::as_bool)
            .unwrap_or(false)
    };
    agents.retain(|agent| agent.gone_at.is_none() && !is_off(agent));
    agents.sort_by_key(|agent| (fold(&agent.name), agent.id));
    Ok(agents)
}

impl Statuses {
    /// Freshdesk gives `{"2": ["Open", "Being processed"]}`: the agents' label, then the customers'.
    pub(crate) async fn of(view: &mut View) -> Result<Self, StoreError> {
        let fields = view.helpdesk_records(RecordKind::Field, 0, RECORDS).await?;
        let field = fields
            .iter()
            .find(|field| field.gone_at.is_none() && field.name == "status");
        let choices = field.and_then(|field| field.raw.get("choices")?.as_object());
        let mut known: Vec<(i64, Vec<String>)> = choices
            .into_iter()
            .flatten()
            .filter_map(|(code, labels)| {
                let labels: Vec<String> = match labels {
                    serde_json::Value::String(label) => vec![clean(label, 60)],
                    serde_json::Value::Array(labels) => labels
                        .iter()
                        .filter_map(|label| Some(clean(label.as_str()?, 60)))
                        .collect(),
                    _ => Vec::new(),
                };
                Some((code.parse().ok()?, labels)).filter(|(_, labels)| !labels.is_empty())
            })
            .collect();
        for (code, word) in [
            (status::OPEN, "Open"),
            (status::PENDING, "Pending"),
            (status::RESOLVED, "Resolved"),
            (status::CLOSED, "Closed"),
        ] {
            if !known.iter().any(|(known, _)| *known == code) {
                known.push((code, vec![word.to_owned()]));
            }
        }
        known.sort();
        Ok(Self(known))
    }

    /// The word that agents read.
    pub(crate) fn label(&self, code: i64) -> String {
        self.0
            .iter()
            .find(|(known, _)| *known == code)
            .and_then(|(_, labels)| labels.first().cloned())
            .unwrap_or_else(|| format!("Status {code}"))
    }

    /// The words that agents read, in the order of their codes.
    pub(crate) fn labels(&self) -> Vec<String> {
        self.0.iter().map(|(code, _)| self.label(*code)).collect()
    }

    /// The status of that word: an agents' label, a word that every account knows, or a customers' label.
    pub(crate) fn code(&self, word: &str) -> Option<i64> {
        let word = fold(word.trim());
        let labelled = |at: usize| {
            self.0
                .iter()
                .find(|(_, labels)| labels.get(at).is_some_and(|label| fold(label) == word))
                .map(|(code, _)| *code)
        };
        labelled(0)
            .or(match word.as_str() {
                "open" | "reopen" => Some(status::OPEN),
                "pending" => Some(status::PENDING),
                "resolved" | "resolve" => Some(status::RESOLVED),
                "closed" | "close" => Some(status::CLOSED),
                _ => None,
            })
            .or_else(|| labelled(1))
    }
}
