//! The list of tickets, with all the ways in which it surprises: the last 30 days unless told otherwise,
//! neither spam nor deleted tickets, 300 pages.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use super::call::{Call, Outcome};
use super::json::Within;
use super::model::{Ticket, status};
use super::shape::Refusal;
use super::state::State;

const PARAMS: &[&str] = &[
    "filter",
    "requester_id",
    "email",
    "unique_external_id",
    "company_id",
    "updated_since",
    "order_by",
    "order_type",
    "include",
    "page",
    "per_page",
];
const MOST_PAGES: usize = 300;

/// `GET /tickets`.
pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    call.only(PARAMS)?;
    let include = includes(call, &["stats", "requester", "description", "company"])?;
    let page = call.page()?;
    if page.number > MOST_PAGES {
        let message =
            "You cannot access tickets beyond the 300th page. Please provide a smaller page number.";
        return Err(Refusal::invalid("page", message, "invalid_value").noted());
    }
    let chosen = chosen(call)?;
    let skipped = (page.number - 1).saturating_mul(page.size);
    let found = ordered(call.state, &chosen, skipped, page.size + 1);
    let show = call.show();
    let mut shown: Vec<_> = found
        .iter()
        .map(|ticket| show.ticket(ticket, Within::List, &include))
        .collect();
    if page.number == MOST_PAGES {
        shown.truncate(page.size);
    }
    Ok(call.paged(page, shown))
}

/// Which tickets, in which order.
struct Chosen {
    filter: Option<String>,
    agent: u64,
    requester: Option<u64>,
    company: Option<u64>,
    since: Option<(DateTime<Utc>, bool)>,
    created_after: Option<DateTime<Utc>>,
    order_by: String,
    ascending: bool,
}

fn chosen(call: &Call<'_>) -> Result<Chosen, Refusal> {
    let one_of = |name: &str, known: &[&str], default: &str| match call.param(name) {
        None => Ok(default.to_owned()),
        Some(value) if known.contains(&value) => Ok(value.to_owned()),
        Some(_) => {
            let message = format!("It should be one of these values: '{}'", known.join(","));
            Err(Refusal::invalid(name, &message, "invalid_value").noted())
        }
    };
    let number = |name: &str| match call.param(name).map(str::parse::<u64>) {
        None => Ok(None),
        Some(Ok(number)) => Ok(Some(number)),
        Some(Err(_)) => {
            Err(Refusal::invalid(name, "It should be a/an Positive Integer", "datatype_mismatch").noted())
        }
    };
    let filter = one_of("filter", &["new_and_my_open", "watching", "spam", "deleted"], "")?;
    let since = match call.param("updated_since") {
        None => None,
        Some(text) => match instant(text) {
            Some(at) => Some((at, call.state.options.unknowns.updated_since_inclusive)),
            None => {
                let message = "It should be in the 'combined date and time ISO8601' format";
                return Err(Refusal::invalid("updated_since", message, "invalid_date").noted());
            }
        },
    };
    let company = number("company_id")?;
    if let Some(id) = company
        && !call.state.companies.contains_key(&id)
    {
        let message = "There is no company matching the given company_id";
        return Err(Refusal::invalid("company_id", message, "invalid_value"));
    }
    let mut requester = number("requester_id")?;
    let no_contact = |field: &str| {
        let message = format!("There is no contact matching the given {field}");
        Refusal::invalid(field, &message, "invalid_value")
    };
    if let Some(id) = requester
        && !call.state.contacts.contains_key(&id)
    {
        return Err(no_contact("requester_id"));
    }
    if let Some(email) = call.param("email") {
        let known = call.state.contact_by_email.get(&email.to_lowercase()).copied();
        requester = Some(known.ok_or_else(|| no_contact("email"))?);
    }
    if let Some(external) = call.param("unique_external_id") {
        let is = |contact: &&super::model::Contact| contact.unique_external_id.as_deref() == Some(external);
        let known = call.state.contacts.values().find(is).map(|contact| contact.id);
        requester = Some(known.ok_or_else(|| no_contact("unique_external_id"))?);
    }
    Ok(Chosen {
        filter: (!filter.is_empty()).then_some(filter),
        agent: call.agent,
        requester,
        company,
        since,
        created_after: since.is_none().then(|| call.now - TimeDelta::days(30)),
        order_by: one_of(
            "order_by",
            &["created_at", "due_by", "updated_at", "status"],
            "created_at",
        )?,
        ascending: one_of("order_type", &["asc", "desc"], "desc")? == "asc",
    })
}

impl Chosen {
    fn takes(&self, ticket: &Ticket) -> bool {
        let filtered = match self.filter.as_deref() {
            Some("spam") => ticket.spam && !ticket.deleted,
            Some("deleted") => ticket.deleted,
            Some("watching") => !ticket.spam && !ticket.deleted && ticket.watchers.contains(&self.agent),
            Some(_) => {
                !ticket.spam
                    && !ticket.deleted
                    && ticket.status == status::OPEN
                    && ticket.responder_id.is_none_or(|id| id == self.agent)
            }
            None => !ticket.spam && !ticket.deleted,
        };
        let since = self
            .since
            .is_none_or(|(at, inclusive)| ticket.updated_at > at || (inclusive && ticket.updated_at == at));
        filtered
            && !ticket.archived
            && since
            && self.created_after.is_none_or(|at| ticket.created_at >= at)
            && self.requester.is_none_or(|id| ticket.requester_id == id)
            && self.company.is_none_or(|id| ticket.company_id == Some(id))
    }
}

fn ordered(state: &State, chosen: &Chosen, skipped: usize, count: usize) -> Vec<Arc<Ticket>> {
    let ticket = |id: u64| {
        state
            .tickets
            .get(&id)
            .filter(|ticket| chosen.takes(ticket) && state.sees(chosen.agent, ticket))
            .cloned()
    };
    let page =
        |ids: &mut dyn Iterator<Item = u64>| ids.filter_map(ticket).skip(skipped).take(count).collect();
    let from = |at: Option<DateTime<Utc>>| (at.map_or(i64::MIN, |at| at.timestamp()), i64::MIN, 0)..;
    let (index, range) = match chosen.order_by.as_str() {
        "updated_at" => (&state.by_updated, from(chosen.since.map(|(at, _)| at))),
        "created_at" => (&state.by_created, from(chosen.created_after)),
        _ => {
            let mut found: Vec<Arc<Ticket>> = state.tickets.keys().filter_map(|id| ticket(*id)).collect();
            found.sort_by_key(|ticket| {
                let by_status = chosen.order_by == "status";
                let key = if by_status {
                    ticket.status
                } else {
                    ticket.due_by.map_or(i64::MAX, |due| due.timestamp())
                };
                (key, state.place(ticket.created_at, ticket.id))
            });
            if !chosen.ascending {
                found.reverse();
            }
            return found.into_iter().skip(skipped).take(count).collect();
        }
    };
    let mut places = index.range(range).map(|(.., id)| *id);
    if chosen.ascending {
        page(&mut places)
    } else {
        page(&mut places.rev())
    }
}

/// The first ticket of that list: what a page shift touches.
pub(super) fn first_of(call: &Call<'_>) -> Option<u64> {
    let chosen = chosen(call).ok()?;
    ordered(call.state, &chosen, 0, 1).first().map(|ticket| ticket.id)
}

/// The parts of `include`, if the route knows them all.
pub(super) fn includes(call: &Call<'_>, known: &[&str]) -> Result<Vec<String>, Refusal> {
    let Some(text) = call.param("include") else {
        return Ok(Vec::new());
    };
    let parts: Vec<String> = text.split(',').map(|part| part.trim().to_owned()).collect();
    if parts.iter().all(|part| known.contains(&part.as_str())) {
        Ok(parts)
    } else {
        let message = format!("It should be one of these values: '{}'", known.join(","));
        Err(Refusal::invalid("include", &message, "invalid_value").noted())
    }
}

/// An instant in any of the forms that the documentation allows: a date; a time to the minute or second;
/// a zone as `Z`, `±hh`, `±hhmm` or `±hh:mm`.
pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(day.and_hms_opt(0, 0, 0)?.and_utc());
    }
    let (day, time) = text.split_once('T')?;
    let zone_at = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (time, zone) = time.split_at(zone_at);
    let seconds = if time.len() == 5 {
        format!("{day}T{time}:00")
    } else {
        format!("{day}T{time}")
    };
    let local = NaiveDateTime::parse_from_str(&seconds, "%Y-%m-%dT%H:%M:%S").ok()?;
    let offset = match zone {
        "" | "Z" => 0,
        _ => {
            let digits: String = zone[1..].chars().filter(|c| *c != ':').collect();
            let (hours, minutes) = match digits.len() {
                2 => (digits.parse::<i64>().ok()?, 0),
                4 => (digits[..2].parse::<i64>().ok()?, digits[2..].parse::<i64>().ok()?),
                _ => return None,
            };
            let minutes = hours * 60 + minutes;
            if zone.starts_with('-') { -minutes } else { minutes }
        }
    };
    Some((local - TimeDelta::minutes(offset)).and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_taken_in_every_documented_form_and_in_no_other() {
        let noon: DateTime<Utc> = "2026-11-23T12:00:00Z".parse().unwrap();
        for text in [
            "2026-11-23T12:00:00Z",
            "2026-11-23T12:00",
            "2026-11-23T12:00:00",
            "2026-11-23T20:00:00+08",
            "2026-11-23T20:00:00+0800",
            "2026-11-23T07:00:00-05:00",
        ] {
            assert_eq!(instant(text), Some(noon), "{text}");
        }
        assert_eq!(instant("2026-11-23"), Some(noon - TimeDelta::hours(12)));
        for text in [
            "2026-11-23T12:00:00.000Z",
            "23.11.2026",
            "1763899200",
            "2026-11-23T12:00:00 08:00",
            "",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
