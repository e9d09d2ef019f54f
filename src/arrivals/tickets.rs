//! Tickets that a call centre, a form or another third party sends: read from the record of what changed, as
//! the bridge reads it, with a place of its own in it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use hammerdesk_commands::escalate::opening::{Arrival, Whose};
use hammerdesk_domain::escalation::Way;
use hammerdesk_domain::escalation::incoming::{Incoming, TicketRule};
use hammerdesk_domain::escalation::model::{About, Caller, LONGEST_WORDS, Matched};
use hammerdesk_domain::helpdesk::{Gone, SeveralOrNone, TicketId, Verdict, status};
use hammerdesk_store::helpdesk::{HelpdeskRecord, RecordKind, StoredTicket};

use super::Arrivals;
use crate::engine::{Module, Progress};

const READER: &str = "escalation-tickets";
/// Whose keys these are: no partner can be called that.
const FROM: &str = "#tickets";
/// Tickets looked at in one step.
const TICKETS: i64 = 50;
/// A ticket that nobody has touched for so long is none that just arrived: a first start finds years of them.
const FRESH: TimeDelta = TimeDelta::days(2);
/// How long the words of a ticket are waited for.
const WORDS: TimeDelta = TimeDelta::minutes(1);

/// Opens an escalation for each ticket that a rule takes.
#[derive(Debug)]
pub struct FromTickets(pub Arrivals);

impl FromTickets {
    fn rules(&self) -> &[TicketRule] {
        let desk = self.0.0.settings.desk.as_ref();
        desk.map_or(&[], |desk| &desk.rulebook().escalation.tickets)
    }

    async fn look(&self) -> anyhow::Result<Progress> {
        let inner = &self.0.0;
        if self.rules().is_empty() {
            return Ok(Progress::Idle);
        }
        let now = inner.clock.now();
        let mut view = inner.store.read().await?;
        let from = view.helpdesk_position(READER).await?.unwrap_or_default();
        let changed = view.tickets_changed_after(from, TICKETS).await?;
        drop(view);
        let mut read_to = None;
        for one in &changed {
            if !self.ticket(one.ticket(), now).await? {
                break;
            }
            read_to = Some(one.seq);
        }
        let Some(read_to) = read_to else {
            return Ok(Progress::Idle);
        };
        let mut unit = inner.store.write().await?;
        unit.move_helpdesk_position(READER, read_to, now).await?;
        unit.commit().await?;
        Ok(Progress::Worked)
    }

    /// `false`: its words are not here yet, and it is looked at again.
    async fn ticket(&self, id: TicketId, now: DateTime<Utc>) -> anyhow::Result<bool> {
        let inner = &self.0.0;
        let mut view = inner.store.read().await?;
        let Some(stored) = view.ticket(id).await? else {
            return Ok(true);
        };
        let ticket = &stored.ticket;
        let is_over =
            status::is_over(ticket.status) || ticket.gone != Gone::Here || ticket.merged_into.is_some();
        if is_over || ticket.updated_at < now - FRESH {
            return Ok(true);
        }
        let requester = match ticket.requester {
            Some(contact) => view.helpdesk_record(RecordKind::Contact, contact).await?,
            None => None,
        };
        let group = match ticket.group {
            Some(group) => view.helpdesk_record(RecordKind::Group, group).await?,
            None => None,
        };
        let incoming = Incoming {
            ticket,
            sender: requester.as_ref().and_then(|contact| contact.email.as_deref()),
            group: group.as_ref().map(|group| group.name.as_str()),
            text: stored.description_text.as_deref().unwrap_or_default(),
        };
        let Some(rule) = self.rules().iter().find(|rule| rule.fits(&incoming)) else {
            return Ok(true);
        };
        if stored.description_text.is_none() && stored.first_seen_at > now - WORDS {
            return Ok(false);
        }
        let key = id.to_string();
        let is_known = view.escalation_of_ticket(id.0).await?.is_some();
        let verdict = view.ticket_match(id).await?.map(|(verdict, _)| verdict);
        drop(view);
        if is_known || self.0.is_taken(FROM, &key).await? {
            return Ok(true);
        }
        let arrival = arrival(rule, &incoming, requester.as_ref(), verdict, &stored);
        self.0.take(FROM, &key, arrival, now).await?;
        Ok(true)
    }
}

fn arrival(
    rule: &TicketRule,
    incoming: &Incoming<'_>,
    requester: Option<&HelpdeskRecord>,
    verdict: Option<Verdict>,
    stored: &StoredTicket,
) -> Arrival {
    let ticket = &stored.ticket;
    let field = |name: &Option<String>| name.as_deref().and_then(|name| incoming.field(name));
    let caller = if rule.caller.is_empty() {
        Caller {
            name: requester.map(|contact| contact.name.clone()),
            phone: None,
            email: requester.and_then(|contact| contact.email.clone()),
        }
    } else {
        Caller {
            name: field(&rule.caller.name),
            phone: field(&rule.caller.phone),
            email: field(&rule.caller.email),
        }
    };
    let whose = match (field(&rule.caller.client), verdict) {
        (Some(typed), _) => Whose::Typed(Some(typed)),
        (None, Some(Verdict::One(client))) => Whose::Known(Matched::Found(client)),
        (None, Some(Verdict::Unclear(SeveralOrNone::Several(several)))) => {
            Whose::Known(Matched::Several(several.into_keys().collect()))
        }
        (None, _) => Whose::Typed(None),
    };
    Arrival {
        way: Way::Ticket,
        partner: rule.partner.clone(),
        reference: Some(rule.id.clone()),
        ticket: Some(ticket.id.0),
        kind: rule.kind_of(incoming),
        severity: rule.severity_of(ticket),
        location: rule.location.clone(),
        language: None,
        whose,
        about: About::default(),
        said: bounded(&ticket.subject, incoming.text),
        caller,
        deadline: None,
    }
}

/// The subject and the words as they came, no longer than anything that is taken.
fn bounded(subject: &str, text: &str) -> String {
    let mut said = if text.trim().is_empty() {
        subject.to_owned()
    } else {
        format!("{subject}\n\n{text}")
    };
    if said.len() > LONGEST_WORDS {
        let end = (0..=LONGEST_WORDS)
            .rev()
            .find(|at| said.is_char_boundary(*at))
            .unwrap_or(0);
        said.truncate(end);
    }
    said
}

impl Module for FromTickets {
    fn name(&self) -> &str {
        "arrivals:tickets"
    }

    fn step(&self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(self.look())
    }

    fn every(&self) -> Duration {
        Duration::from_millis(500)
    }
}
