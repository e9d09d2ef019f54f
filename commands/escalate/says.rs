//! What happened to an escalation, in sentences for its thread and for the private note on its ticket.
//!
//! Where not everybody may know whom it is about, what people wrote is left out; what we say ourselves
//! names colleagues and rungs only.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use hammerdesk_domain::escalation::Desk;
use hammerdesk_domain::escalation::model::{Actor, Event, What, Work};
use hammerdesk_domain::escalation::plan::END;
use hammerdesk_domain::escalation::words::Way;
use hammerdesk_domain::ids::PersonId;
use hammerdesk_domain::text::clean;

/// The longest words of a person that are quoted.
const LONGEST: usize = 300;

/// How the sentences are to read.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// Names people.
    pub desk: &'a Desk,
    /// Times are told in it.
    pub zone: Tz,
    /// Leave out what people wrote.
    pub is_bare: bool,
}

impl Words<'_> {
    /// `20 Nov 18:05 HKT`.
    pub fn time(&self, at: DateTime<Utc>) -> String {
        time(at, self.zone)
    }

    fn name(&self, person: &PersonId) -> String {
        clean(self.desk.name(person), 60)
    }

    fn names<'a>(&self, people: impl IntoIterator<Item = &'a PersonId>) -> String {
        let names: Vec<String> = people.into_iter().map(|person| self.name(person)).collect();
        names.join(", ")
    }

    fn who(&self, by: &Actor) -> String {
        match by {
            Actor::Desk => "hammerdesk".to_owned(),
            Actor::Person(person) => self.name(person),
            Actor::Partner(partner) => clean(partner, 60),
        }
    }

    /// `: “words”`, where they may be shown and there are any.
    fn quoted(&self, words: &str) -> String {
        let words = clean(words, LONGEST);
        if self.is_bare || words.is_empty() {
            String::new()
        } else {
            format!(": “{words}”")
        }
    }
}

/// `20 Nov 18:05 HKT`.
pub fn time(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%-d %b %H:%M %Z").to_string()
}

/// How something came in.
pub(crate) const fn way(way: Way) -> &'static str {
    match way {
        Way::Ticket => "by a helpdesk ticket",
        Way::Intake => "from a partner",
        Way::Chat => "from chat",
        Way::Decision => "from a decision of ours",
    }
}

/// What happened, in a sentence; `rungs` are the names of the ladder's rungs. Nothing where it is not worth
/// one.
pub fn says(event: &Event, words: &Words<'_>, rungs: &[String]) -> Option<String> {
    let who = || words.who(&event.by);
    Some(match &event.what {
        // The card says how it came in; what was done in the helpdesk is read there.
        What::Created | What::Progressed { .. } => return None,
        What::ClientNamed { .. } => format!("{} said which client it is.", who()),
        What::Joined { way: how, .. } => format!("The same matter came in again, {}.", way(*how)),
        What::Routed { to, by, why, .. } => format!("Given to {} by {by}: {why}.", words.name(to)),
        What::Notified {
            name, people, until, ..
        } => {
            let then = if name == END {
                "they are asked again"
            } else {
                "the next rung's turn is"
            };
            format!(
                "Asked {} ({name}); {then} at {}.",
                words.names(people),
                words.time(*until)
            )
        }
        What::Skipped { name, why, .. } => {
            format!("Rung {name} has nobody to ask ({why}); it is passed at once.")
        }
        What::Unreachable { person, why } => {
            format!("{} could not be reached: {why}.", words.name(person))
        }
        What::Climbed { rung, why, .. } => {
            let name = usize::try_from(*rung)
                .ok()
                .and_then(|at| rungs.get(at))
                .map_or(END, String::as_str);
            format!("Goes to {name}: {why}.")
        }
        What::Acknowledged { by } => format!("{} has it.", words.name(by)),
        What::Working { work } => {
            let on = match work {
                Work::Acknowledged | Work::InProgress => "is working on it",
                Work::WaitingClient => "waits for the client",
                Work::WaitingInternal => "waits for a colleague",
            };
            format!("{} {on}.", who())
        }
        What::Silent { holder, since } => format!(
            "{} took it, and nothing was seen since {}; the ladder starts again.",
            words.name(holder),
            words.time(*since)
        ),
        What::Reassigned { to, why } => format!("{} gave it to {}: {why}.", who(), words.name(to)),
        What::SeverityChanged { severity } => format!("{} made it {severity}.", who()),
        What::Merged { into } => format!("{} made it part of E-{}.", who(), into.handle()),
        What::Absorbed { from } => format!("{} made E-{} part of it.", who(), from.handle()),
        What::Resolved { how } => format!("{} resolved it{}.", who(), words.quoted(how)),
        What::Reopened { why } => format!("{} reopened it{}.", who(), words.quoted(why)),
        What::Closed => "Closed.".to_owned(),
    })
}
