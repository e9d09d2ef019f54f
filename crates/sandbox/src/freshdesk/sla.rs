//! Due instants as Freshdesk computes them, and the flags it sets when they pass.
//!
//! Promises: the instants of the recordings come out exactly; nothing happens by itself, but whatever the
//! clock has passed has happened before anything is read ([`State::settle`]).

use chrono::{DateTime, Datelike, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::automation::Event;
use super::model::{BusinessHours, Performer, SlaPolicy, SlaTarget, Ticket, status};
use super::options::DueOnResume;
use super::state::State;

const DAY: i64 = 86_400;
/// How many calendar days are searched for opening hours before a calendar counts as never open.
const SEARCHED_DAYS: u32 = 4_000;

impl State {
    /// Does the SLA timer run in a status?
    pub(super) const fn timer_runs(&self, code: i64) -> bool {
        match code {
            status::PENDING | status::RESOLVED | status::CLOSED => false,
            status::WAITING_ON_CUSTOMER | status::WAITING_ON_THIRD_PARTY => {
                !self.options.unknowns.waiting_pauses
            }
            _ => true,
        }
    }

    fn target_of(&self, ticket: &Ticket) -> Option<(SlaTarget, Option<&BusinessHours>)> {
        let applies = |policy: &&SlaPolicy| {
            let one_of =
                |ids: &[u64], id: Option<u64>| ids.is_empty() || id.is_some_and(|id| ids.contains(&id));
            policy.active
                && (policy.is_default
                    || (one_of(&policy.group_ids, ticket.group_id)
                        && one_of(&policy.company_ids, ticket.company_id)
                        && (policy.ticket_types.is_empty()
                            || ticket
                                .kind
                                .as_ref()
                                .is_some_and(|kind| policy.ticket_types.contains(kind)))))
        };
        let specific = self.policies.iter().filter(|policy| !policy.is_default);
        let fallback = self.policies.iter().filter(|policy| policy.is_default);
        let policy = specific.chain(fallback).find(applies)?;
        let at = usize::try_from(ticket.priority.clamp(1, 4) - 1).unwrap_or(0);
        let target = policy.targets[at];
        let group = ticket.group_id.and_then(|id| self.groups.get(&id));
        let named = group.and_then(|group| group.business_hour_id);
        let hours = self
            .calendars
            .iter()
            .find(|hours| named.map_or(hours.is_default, |id| hours.id == id));
        Some((target, hours))
    }

    /// First response and resolution, counted from an instant.
    pub(super) fn set_due(&self, ticket: &mut Ticket, from: DateTime<Utc>) {
        let Some((target, hours)) = self.target_of(ticket) else {
            return;
        };
        ticket.fr_due_by = Some(due(from, target.respond_within, target.business_hours, hours));
        ticket.due_by = Some(due(from, target.resolve_within, target.business_hours, hours));
    }

    /// The next response, once a customer has spoken after a first response.
    pub(super) fn set_next_due(&self, ticket: &mut Ticket, from: DateTime<Utc>) {
        if ticket.stats.first_responded_at.is_none() {
            return;
        }
        if let Some((target, hours)) = self.target_of(ticket)
            && let Some(within) = target.next_respond_within
        {
            ticket.nr_due_by = ticket
                .nr_due_by
                .or_else(|| Some(due(from, within, target.business_hours, hours)));
        }
    }

    /// What becomes of due instants when a ticket goes on after a pause.
    pub(super) fn resume(&self, ticket: &mut Ticket, left_at: Option<DateTime<Utc>>, now: DateTime<Utc>) {
        match self.options.unknowns.due_on_resume {
            DueOnResume::Restarts => self.set_due(ticket, now),
            DueOnResume::Shifts => {
                let stood = left_at.map_or(TimeDelta::zero(), |left| now - left);
                ticket.due_by = ticket.due_by.map(|due| due + stood);
                ticket.fr_due_by = ticket.fr_due_by.map(|due| due + stood);
            }
            DueOnResume::Stays => {}
        }
    }

    /// Lets everything happen that the clock has passed.
    pub(super) fn settle(&mut self, now: DateTime<Utc>) {
        let lag = self.options.escalation_lag;
        while let Some((due, id)) = self.due.first().copied() {
            let Some(flag_at) = DateTime::from_timestamp(due, 0).map(|due| due + lag) else {
                return;
            };
            if flag_at > now {
                return;
            }
            self.due.pop_first();
            self.escalate(id, due, flag_at);
        }
    }

    fn escalate(&mut self, id: u64, due: i64, at: DateTime<Utc>) {
        let Some(ticket) = self.tickets.get(&id).cloned() else {
            return;
        };
        if !self.timer_runs(ticket.status) || ticket.deleted || ticket.spam {
            return;
        }
        let is = |instant: Option<DateTime<Utc>>| instant.is_some_and(|instant| instant.timestamp() == due);
        let first = is(ticket.fr_due_by) && !ticket.fr_escalated && ticket.stats.first_responded_at.is_none();
        let next = is(ticket.nr_due_by) && !ticket.nr_escalated;
        let resolution = is(ticket.due_by) && !ticket.is_escalated;
        if !(first || next || resolution) {
            return;
        }
        self.revise(id, at, |ticket| {
            ticket.fr_escalated |= first;
            ticket.nr_escalated |= next;
            ticket.is_escalated |= resolution;
        });
        self.happened(id, &Event::Escalated, Performer::System, at);
    }
}

/// When so many seconds after an instant are over. Less than a day counts business seconds; so many whole
/// days count that many business days of the calendar's usual length.
fn due(from: DateTime<Utc>, seconds: i64, business: bool, hours: Option<&BusinessHours>) -> DateTime<Utc> {
    let calendar = from + TimeDelta::seconds(seconds);
    let (true, Some(hours)) = (business, hours) else {
        return calendar;
    };
    let usual = hours
        .days
        .iter()
        .flatten()
        .map(|(open, close)| (*close - *open).num_seconds())
        .max();
    let Some(usual) = usual else { return calendar };
    let mut left = if seconds < DAY {
        seconds
    } else {
        seconds / DAY * usual + seconds % DAY
    };
    let zone = zone(&hours.time_zone);
    let first = from.with_timezone(&zone).date_naive();
    for day in first.iter_days().take(SEARCHED_DAYS as usize) {
        let at = day.weekday().num_days_from_monday() as usize;
        let Some((open, close)) = hours.days[at] else {
            continue;
        };
        let begin = instant(zone, day, open).max(from);
        let end = instant(zone, day, close);
        let there = (end - begin).num_seconds();
        if there <= 0 {
            continue;
        }
        if left <= there {
            return begin + TimeDelta::seconds(left);
        }
        left -= there;
    }
    calendar
}

fn instant(zone: Tz, day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    let local = day.and_time(time);
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.to_utc(),
        LocalResult::None => zone.from_utc_datetime(&local).to_utc(),
    }
}

/// The zone of a Rails name; of those an auction house meets.
pub(super) fn zone(rails: &str) -> Tz {
    match rails {
        "London" | "Edinburgh" => Tz::Europe__London,
        "Eastern Time (US & Canada)" => Tz::America__New_York,
        "Hong Kong" => Tz::Asia__Hong_Kong,
        "Paris" => Tz::Europe__Paris,
        "Bern" | "Zurich" => Tz::Europe__Zurich,
        "Singapore" => Tz::Asia__Singapore,
        "Magadan" => Tz::Asia__Magadan,
        other => other.parse().unwrap_or(Tz::UTC),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_york() -> BusinessHours {
        let day = NaiveTime::from_hms_opt(8, 0, 0).zip(NaiveTime::from_hms_opt(17, 0, 0));
        BusinessHours {
            id: 1,
            name: "New York".to_owned(),
            is_default: true,
            time_zone: "Eastern Time (US & Canada)".to_owned(),
            days: [day, day, day, day, day, None, None],
            created_at: at("2022-01-01T00:00:00Z"),
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn due_instants_of_recorded_tickets_come_out_exactly() {
        let hours = new_york();
        let cases = [
            // High, below a day: business seconds.
            ("2022-10-26T06:41:43Z", 14_400, "2022-10-26T16:00:00Z"),
            ("2022-10-26T06:41:43Z", 43_200, "2022-10-27T15:00:00Z"),
            // Low: so many business days, from a change of status outside hours.
            ("2022-10-11T10:11:29Z", 86_400, "2022-10-11T21:00:00Z"),
            ("2022-10-11T10:11:29Z", 259_200, "2022-10-13T21:00:00Z"),
        ];
        for (from, seconds, expected) in cases {
            assert_eq!(
                due(at(from), seconds, true, Some(&hours)),
                at(expected),
                "{from} + {seconds}"
            );
        }
    }

    #[test]
    fn calendar_hours_count_nights_and_weekends() {
        let friday = at("2022-10-28T20:00:00Z");
        assert_eq!(
            due(friday, 259_200, false, Some(&new_york())),
            at("2022-10-31T20:00:00Z")
        );
    }
}
