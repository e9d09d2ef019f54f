//! The one way in: what arrived is matched, given the facts of that moment, and kept or joined.
//!
//! Promises: a name alone never decides whose it is; the words stay as they came; what is the same matter as
//! an open escalation becomes part of it, with a count; two strangers are never made one.

use chrono::{DateTime, Utc};
use hammerdesk_domain::escalation::matter::matter;
use hammerdesk_domain::escalation::model::{About, Actor, Caller, Event, Matched, Opening, Snapshot, What};
use hammerdesk_domain::escalation::{EscalationId, Kind, Severity, Span, Way};
use hammerdesk_domain::ids::{ClientNo, LocationId, new_id};
use hammerdesk_store::escalations::{Happened, TakenIn};
use hammerdesk_store::{ClientQuery, Effort, Matched as By, Store, StoreError, Unit, View};

use crate::settings::Settings;
use crate::snapshot::snapshot;

/// How many clients a name may mean before they are no help.
const MOST_CANDIDATES: usize = 5;

/// What arrived, before anybody looked whose it is.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// How.
    pub way: Way,
    /// The partner whose request it is.
    pub partner: Option<String>,
    /// The sender's own name for it.
    pub reference: Option<String>,
    /// The helpdesk ticket.
    pub ticket: Option<i64>,
    /// What about.
    pub kind: Kind,
    /// How bad.
    pub severity: Severity,
    /// The saleroom whose people are to look after it.
    pub location: Option<LocationId>,
    /// The caller's language.
    pub language: Option<String>,
    /// Whose it is.
    pub whose: Whose,
    /// The lot, the invoice, the sale, the amounts.
    pub about: About,
    /// The words, untouched.
    pub said: String,
    /// The caller.
    pub caller: Caller,
    /// When it is worth nothing any more.
    pub deadline: Option<DateTime<Utc>>,
}

/// Whose it is, as far as whoever sent it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// Somebody found out already.
    Known(Matched),
    /// A number or a name that a stranger gave; the caller's addresses count where it says nothing.
    Typed(Option<String>),
}

/// What became of an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// The escalation that it is, or is part of now.
    pub id: EscalationId,
    /// Is it part of one that was there?
    pub joined: bool,
    /// How often the matter has come in by now.
    pub times: u32,
}

/// Matches what arrived and takes the facts of that moment; reads only.
pub async fn opening(
    store: &Store,
    settings: &Settings,
    arrival: Arrival,
    now: DateTime<Utc>,
) -> Result<Opening, StoreError> {
    let matched = match arrival.whose {
        Whose::Known(matched) => matched,
        Whose::Typed(typed) => {
            let mut view = store.read().await?;
            matched(&mut view, typed.as_deref(), &arrival.caller).await?
        }
    };
    let facts = match &matched {
        Matched::Found(client) => snapshot(store.read().await?, settings, client, now).await,
        Matched::Several(_) | Matched::Nobody => None,
    };
    Ok(Opening {
        id: EscalationId(new_id(now)),
        way: arrival.way,
        partner: arrival.partner,
        reference: arrival.reference,
        ticket: arrival.ticket,
        kind: arrival.kind,
        severity: arrival.severity,
        location: arrival.location,
        language: arrival.language,
        matched,
        about: arrival.about,
        said: arrival.said,
        caller: arrival.caller,
        snapshot: facts.map(|facts| Snapshot { taken_at: now, facts }),
        deadline: arrival.deadline,
        at: now,
    })
}

/// The open escalation that this is part of, where there is one: of the same matter, or of the same ticket.
pub async fn earlier(
    view: &mut View,
    settings: &Settings,
    opening: &Opening,
) -> Result<Option<EscalationId>, StoreError> {
    if let Some(id) = of_ticket(view, opening).await? {
        return Ok(Some(id));
    }
    match matter(opening) {
        Some(matter) => {
            let since = opening.at - join_within(settings).delta();
            view.same_matter(&matter, since).await
        }
        None => Ok(None),
    }
}

async fn of_ticket(view: &mut View, opening: &Opening) -> Result<Option<EscalationId>, StoreError> {
    let Some(ticket) = opening.ticket else {
        return Ok(None);
    };
    let Some(id) = view.escalation_of_ticket(ticket).await? else {
        return Ok(None);
    };
    let is_open = view.escalation(id).await?.is_some_and(|one| one.is_open());
    Ok(is_open.then_some(id))
}

/// Keeps it in the unit: as one of its own, or as part of the open one of the same ticket or matter.
pub async fn keep(
    unit: &mut Unit,
    settings: &Settings,
    opening: &Opening,
    by: &Actor,
) -> Result<Kept, StoreError> {
    if let Some(id) = of_ticket(unit, opening).await? {
        let joined = Event {
            at: opening.at,
            by: by.clone(),
            what: What::Joined {
                way: opening.way,
                said: opening.said.clone(),
                reference: opening.reference.clone(),
                ticket: opening.ticket,
                severity: opening.severity,
            },
        };
        if let Happened::Kept(kept) = unit.escalation_happens(id, joined).await? {
            return Ok(Kept {
                id,
                joined: true,
                times: kept.1.times,
            });
        }
    }
    let within = join_within(settings).delta();
    let taken = unit.take_in_escalation(opening, by.clone(), within).await?;
    Ok(Kept {
        id: taken.escalation().id(),
        joined: matches!(taken, TakenIn::Joined(_)),
        times: taken.escalation().times,
    })
}

fn join_within(settings: &Settings) -> Span {
    settings.desk.as_ref().map_or(Span::minutes(24 * 60), |desk| {
        desk.rulebook().escalation.join_within
    })
}

/// Whom it is about: the number, else the addresses; a name alone never decides.
async fn matched(view: &mut View, typed: Option<&str>, caller: &Caller) -> Result<Matched, StoreError> {
    if let Some(typed) = typed {
        let found = find(view, typed, true).await?;
        if found != Matched::Nobody {
            return Ok(found);
        }
    }
    let addresses = [caller.email.as_deref(), caller.phone.as_deref()];
    for address in addresses.into_iter().flatten() {
        let found = find(view, address, false).await?;
        if found != Matched::Nobody {
            return Ok(found);
        }
    }
    Ok(Matched::Nobody)
}

async fn find(view: &mut View, typed: &str, by_name: bool) -> Result<Matched, StoreError> {
    let typed = hammerdesk_domain::text::clean(typed, 120);
    if typed.is_empty() {
        return Ok(Matched::Nobody);
    }
    if by_name
        && let Some(number) = ClientNo::parse(&typed)
        && let Some(client) = view.survivor(&number).await?
    {
        return Ok(Matched::Found(client.no));
    }
    let query = ClientQuery {
        text: typed,
        limit: MOST_CANDIDATES + 1,
        // The caller waits on the phone; a name alone decides nothing anyway.
        effort: Effort::Typing,
    };
    let found = view.search_clients(&query).await?;
    let mut exact = Vec::new();
    let mut named = Vec::new();
    for one in found {
        let client = match view.survivor(&one.client.no).await? {
            Some(survivor) => survivor.no,
            None => one.client.no,
        };
        let list = match one.matched {
            By::Number | By::Alias(_) => &mut exact,
            By::Words | By::Beginnings => &mut named,
        };
        if !list.contains(&client) {
            list.push(client);
        }
    }
    Ok(match (exact.len(), named.len()) {
        (1, _) => Matched::Found(exact.remove(0)),
        (2..=MOST_CANDIDATES, _) => Matched::Several(exact),
        (0, 1..=MOST_CANDIDATES) if by_name => Matched::Several(named),
        _ => Matched::Nobody,
    })
}
