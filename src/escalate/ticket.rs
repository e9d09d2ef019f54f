//! Telling the helpdesk: the ticket goes to whoever has the escalation, and each pass leaves one private
//! note that says what happened, once.

use hammerdesk_commands::escalate::says::{Words, says};
use hammerdesk_domain::escalation::model::{Actor, What};
use hammerdesk_domain::escalation::{Escalation, Severity};
use hammerdesk_domain::helpdesk::{Gone, HelpdeskWrite, Ticket, TicketChange, TicketId, html_of, token_of};
use hammerdesk_domain::ids::{LocationId, PersonId};
use hammerdesk_domain::sla::event::{By, Party};
use hammerdesk_domain::text::fold;
use hammerdesk_store::escalations::Entry;
use hammerdesk_store::helpdesk::RecordKind;
use hammerdesk_store::{StoreError, Unit};

use super::climb::Climb;
use super::head_key;
use super::tell::{Pass, desk_ladder};

/// What people asked for goes first; an escalation before what only informs.
const URGENCY: u8 = 2;
/// Groups that are looked through for a team.
const MOST_GROUPS: i64 = 500;

/// 1 low to 4 urgent.
const fn priority(severity: Severity) -> i64 {
    match severity {
        Severity::Low => 1,
        Severity::Normal => 2,
        Severity::High => 3,
        Severity::Critical => 4,
    }
}

impl Climb {
    pub(super) async fn to_helpdesk(&self, unit: &mut Unit, pass: &Pass<'_>) -> anyhow::Result<()> {
        let Pass {
            escalation,
            desk,
            new,
            told,
            zone,
            now,
        } = *pass;
        let Some(id) = escalation.opening.ticket.map(TicketId) else {
            return Ok(());
        };
        let Some(stored) = unit
            .ticket(id)
            .await?
            .filter(|stored| stored.ticket.gone == Gone::Here)
        else {
            return Ok(());
        };
        let words = Words {
            desk,
            zone,
            // Notes are read by every agent, whatever accounts they may see.
            is_bare: true,
        };
        let rungs = desk_ladder(escalation, desk);
        let sentences: Vec<String> = new
            .iter()
            .filter_map(|entry| says(&entry.event, &words, &rungs))
            .collect();
        self.promise(unit, pass, id).await?;
        let cause = format!("{}:{told}", head_key(escalation.id()));
        if let Some(change) = self.change(unit, escalation, new, &stored.ticket).await? {
            let write = HelpdeskWrite::Update { ticket: id, change };
            unit.enqueue_write(token_of(&format!("{cause}:ticket")), &write, URGENCY, now)
                .await?;
        }
        if !sentences.is_empty() {
            let html = format!(
                "<b>Escalation E-{}</b><br>{}",
                escalation.id().handle(),
                html_of(&sentences.join("\n"))
            );
            let write = HelpdeskWrite::Note {
                ticket: id,
                html,
                files: Vec::new(),
            };
            unit.enqueue_write(token_of(&format!("{cause}:note")), &write, URGENCY, now)
                .await?;
        }
        Ok(())
    }

    /// That somebody takes notice is a promise on the ticket's clocks like any other: since it was given to
    /// somebody, until somebody has it.
    async fn promise(&self, unit: &mut Unit, pass: &Pass<'_>, id: TicketId) -> Result<(), StoreError> {
        let mut of = pass.escalation.reopened;
        for entry in pass.new.iter().rev() {
            if matches!(entry.event.what, What::Reopened { .. }) {
                of = of.saturating_sub(1);
            }
        }
        for entry in pass.new {
            let event = &entry.event;
            if matches!(event.what, What::Reopened { .. }) {
                of += 1;
            }
            // Each time it comes back is a promise of its own.
            let name = match of {
                0 => pass.escalation.id().to_string(),
                again => format!("{}:{again}", pass.escalation.id()),
            };
            let by = match &event.by {
                Actor::Person(person) => By::agent(person.as_str()),
                Actor::Desk => By::some(Party::Bot),
                Actor::Partner(_) => By::some(Party::ThirdParty),
            };
            match &event.what {
                What::Notified { until, .. } => {
                    unit.sla_escalated(id, &name, Some(*until), by, event.at).await?;
                }
                What::Acknowledged { .. } => {
                    unit.sla_acknowledged(id, &name, by, event.at).await?;
                }
                What::Resolved { .. } | What::Merged { .. } if pass.escalation.acknowledged_at.is_none() => {
                    unit.sla_escalation_dropped(id, &name, by, event.at).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What of the ticket has to become something else, where somebody was given the escalation or it got
    /// worse.
    async fn change(
        &self,
        unit: &mut Unit,
        escalation: &Escalation,
        new: &[Entry],
        ticket: &Ticket,
    ) -> anyhow::Result<Option<TicketChange>> {
        let is_given = new.iter().any(|entry| {
            matches!(
                entry.event.what,
                What::Routed { .. } | What::Reassigned { .. } | What::Acknowledged { .. }
            )
        });
        let is_changed = new.iter().any(|entry| {
            matches!(
                entry.event.what,
                What::Joined { .. } | What::SeverityChanged { .. } | What::Created
            )
        });
        if !is_given && !is_changed || !escalation.is_open() {
            return Ok(None);
        }
        let mut change = TicketChange::default();
        let wanted = priority(escalation.severity);
        // A person's own urgency is never taken back.
        change.priority = (ticket.priority < wanted).then_some(wanted);
        change.add_tags = [
            "escalated".to_owned(),
            format!("escalated-{}", escalation.opening.kind),
        ]
        .into_iter()
        .filter(|tag| !ticket.tags.contains(tag))
        .collect();
        if is_given && let Some(handler) = escalation.handler() {
            change.responder = self
                .agent(unit, handler)
                .await?
                .filter(|agent| ticket.responder != Some(*agent));
            change.group = self
                .group(unit, escalation.opening.location.as_ref())
                .await?
                .filter(|group| ticket.group != Some(*group));
        }
        Ok(Some(change).filter(|change| *change != TicketChange::default()))
    }

    /// The agent that a person is.
    async fn agent(&self, unit: &mut Unit, person: &PersonId) -> Result<Option<i64>, StoreError> {
        let settings = &self.0.0.settings;
        for (email, _) in settings.agents.iter().filter(|(_, known)| *known == person) {
            let found = unit.helpdesk_records_by_email(RecordKind::Agent, email).await?;
            if let Some(agent) = found.first() {
                return Ok(Some(agent.id));
            }
        }
        Ok(None)
    }

    /// The group that is called as the saleroom's team.
    async fn group(&self, unit: &mut Unit, location: Option<&LocationId>) -> Result<Option<i64>, StoreError> {
        let team = location.and_then(|id| self.0.0.settings.house.location(id));
        let Some(team) = team.map(|location| fold(&location.team)) else {
            return Ok(None);
        };
        let groups = unit.helpdesk_records(RecordKind::Group, 0, MOST_GROUPS).await?;
        Ok(groups
            .into_iter()
            .find(|group| fold(&group.name) == team)
            .map(|group| group.id))
    }
}
