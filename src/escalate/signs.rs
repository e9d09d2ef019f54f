//! Signs that whoever took an escalation is at work: what agents did on its ticket, and what its holder
//! said in its thread. Without one for long enough the ladder starts again.

use futures_util::future::BoxFuture;
use hammerdesk_domain::escalation::Escalation;
use hammerdesk_domain::escalation::model::{Actor, Event, Sign, Standing, What, Work};
use hammerdesk_domain::helpdesk::{ActorKind, EventKind, status};
use hammerdesk_domain::ids::PersonId;
use hammerdesk_store::Unit;
use hammerdesk_store::escalations::Happened;
use hammerdesk_store::helpdesk::{Happened as OnTicket, RecordKind};

use super::{Escalations, escalation_of};
use crate::engine::{Module, Progress};

const READER: &str = "escalations";
/// How much is taken at once.
const AT_ONCE: i64 = 100;
/// The helpdesk's own status for what waits on the customer.
const WAITING_ON_CUSTOMER: i64 = 6;

/// Reads the helpdesk's record and the threads for signs of work.
#[derive(Debug)]
pub struct Signs(pub Escalations);

impl Signs {
    async fn all(&self) -> anyhow::Result<Progress> {
        let read = self.tickets().await?;
        let heard = self.threads().await?;
        Ok(if read || heard {
            Progress::Worked
        } else {
            Progress::Idle
        })
    }

    async fn tickets(&self) -> anyhow::Result<bool> {
        let inner = &self.0.0;
        let mut view = inner.store.read().await?;
        let from = view.helpdesk_position(READER).await?.unwrap_or_default();
        let events = view.happened_after(from, AT_ONCE).await?;
        drop(view);
        let Some(last) = events.last() else {
            return Ok(false);
        };
        let now = inner.clock.now();
        let mut unit = inner.store.write().await?;
        for happened in events.iter().filter(|happened| !happened.is_ours()) {
            self.on_ticket(&mut unit, happened).await?;
        }
        unit.move_helpdesk_position(READER, last.seq, now).await?;
        unit.commit().await?;
        Ok(true)
    }

    async fn on_ticket(&self, unit: &mut Unit, happened: &OnTicket) -> anyhow::Result<()> {
        let event = &happened.event;
        let Some(id) = unit.escalation_of_ticket(event.ticket.0).await? else {
            return Ok(());
        };
        let Some(escalation) = unit.escalation(id).await?.filter(Escalation::is_open) else {
            return Ok(());
        };
        // What was there before the escalation says nothing about it.
        if event.at < escalation.opening.at {
            return Ok(());
        }
        let by = match (event.by.kind, event.by.id) {
            (ActorKind::Agent, Some(agent)) => self.person(unit, agent).await?,
            _ => None,
        };
        let by = by.map_or(Actor::Desk, Actor::Person);
        let is_held = matches!(escalation.standing, Standing::Held { .. });
        let whats = match event.kind {
            EventKind::AgentMessage => vec![What::Progressed { sign: Sign::Reply }],
            EventKind::Note => vec![What::Progressed { sign: Sign::Note }],
            // Whoever waited for the client has their answer.
            EventKind::CustomerMessage => match &escalation.standing {
                Standing::Held { held, .. } if held.work == Work::WaitingClient => vec![What::Working {
                    work: Work::InProgress,
                }],
                _ => Vec::new(),
            },
            EventKind::Status => match event.now.as_deref().and_then(|code| code.parse::<i64>().ok()) {
                Some(code) if status::is_over(code) => vec![What::Resolved {
                    how: "the ticket was resolved in the helpdesk".to_owned(),
                }],
                Some(status::PENDING | WAITING_ON_CUSTOMER) if is_held => vec![What::Working {
                    work: Work::WaitingClient,
                }],
                _ => vec![What::Progressed { sign: Sign::Status }],
            },
            _ => Vec::new(),
        };
        for what in whats {
            let event = Event {
                at: event.at.max(escalation.opening.at),
                by: by.clone(),
                what,
            };
            keep(unit, &self.0, id, event).await?;
        }
        Ok(())
    }

    async fn person(&self, unit: &mut Unit, agent: i64) -> anyhow::Result<Option<PersonId>> {
        let record = unit.helpdesk_record(RecordKind::Agent, agent).await?;
        let email = record.and_then(|agent| agent.email);
        Ok(email.and_then(|email| self.0.0.settings.agents.get(&email.to_lowercase()).cloned()))
    }

    /// What its holder says in its thread is a note.
    async fn threads(&self) -> anyhow::Result<bool> {
        let inner = &self.0.0;
        let heard = inner.store.read().await?.heard(AT_ONCE).await?;
        let mut any = false;
        for heard in heard {
            let Some(id) = escalation_of(&heard.key) else {
                continue;
            };
            any = true;
            let now = inner.clock.now();
            let mut unit = inner.store.write().await?;
            if unit.heard_handled(heard.id, now).await? {
                let event = Event {
                    at: heard.at,
                    by: Actor::Person(PersonId::new(heard.said.who.as_str())),
                    what: What::Progressed { sign: Sign::Note },
                };
                keep(&mut unit, &self.0, id, event).await?;
            }
            unit.commit().await?;
        }
        Ok(any)
    }
}

/// Keeps it, due now; what cannot be as the escalation stands is no sign.
async fn keep(
    unit: &mut Unit,
    escalations: &Escalations,
    id: hammerdesk_domain::escalation::EscalationId,
    event: Event,
) -> anyhow::Result<()> {
    if let Happened::Kept(_) = unit.escalation_happens(id, event).await? {
        unit.wake_escalation(id, escalations.0.clock.now()).await?;
    }
    Ok(())
}

impl Module for Signs {
    fn name(&self) -> &str {
        "escalate:signs"
    }

    fn step(&self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(self.all())
    }
}
