//! `/sla acknowledge`, `/sla snooze`, `/sla called` and `/callback`.

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_domain::helpdesk::{HelpdeskWrite, TicketId, html_of, status};
use hammerdesk_domain::ids::LocationId;
use hammerdesk_domain::message::{Action, Outcome, Reply};
use hammerdesk_domain::sla::calendar::Pauses;
use hammerdesk_domain::sla::event::{By, Event, Party, What};
use hammerdesk_domain::sla::policy::{Target, spoken};
use hammerdesk_domain::text::clean;
use hammerdesk_store::sla::{Acted, Alert, AlertState};
use serde_json::json;

use super::{local, rulebook, when};
use crate::errors::{Failure, UserError};
use crate::grammar::{CallbackArgs, SlaAcknowledgeArgs, SlaCalledArgs, SlaSnoozeArgs, line_of};
use crate::lookup::{self, Meaning};
use crate::ticket::scene::Scene;
use crate::ticket::{Changing, Done, number, unchanged};

/// The longest reason that stands on a card.
const LONGEST_REASON: usize = 200;
/// A call that is promised for later than this is mistyped.
const FURTHEST: TimeDelta = TimeDelta::days(180);
/// A call is logged as of now, or of not longer ago than this.
const LOGGED_WITHIN: TimeDelta = TimeDelta::days(7);
/// Tickets of a client that are looked at for an open one.
const LOOKED_AT: i64 = 50;

fn done(text: impl Into<String>, facts: serde_json::Value) -> Done {
    let mut reply = Reply::sentence(Outcome::Answered, text);
    reply.facts = facts;
    Done::Changed(Box::new(reply))
}

/// Alerts of a ticket that somebody may act on, of one level or of all.
async fn open_alerts(
    changing: &mut Changing<'_>,
    id: TicketId,
    level: Option<&str>,
) -> Result<Vec<Alert>, Failure> {
    let alerts = changing.unit.alerts_of_ticket(id).await?;
    Ok(alerts
        .into_iter()
        .filter(|alert| alert.state != AlertState::Closed)
        .filter(|alert| level.is_none_or(|level| alert.audience.word() == level))
        .collect())
}

async fn seen(changing: &mut Changing<'_>, typed: &str) -> Result<(TicketId, Scene), Failure> {
    let id = number(typed)?;
    let scene = Scene::seen(&mut changing.unit, changing.asker, id).await?;
    changing.about = scene.client_no();
    Ok((id, scene))
}

pub(super) async fn acknowledge(
    changing: &mut Changing<'_>,
    args: &SlaAcknowledgeArgs,
) -> Result<Done, Failure> {
    let (id, _) = seen(changing, &args.ticket).await?;
    let alerts = open_alerts(changing, id, args.level.as_deref()).await?;
    if alerts.is_empty() {
        return Ok(unchanged(format!(
            "There is no alert on ticket {id} any more that anybody need notice."
        )));
    }
    if alerts.iter().all(|alert| alert.state == AlertState::Acknowledged) {
        let by = alerts.iter().find_map(|alert| alert.acted.as_ref());
        let by = by.map_or_else(|| "Somebody".to_owned(), |acted| clean(&acted.name, 80));
        return Ok(unchanged(format!("{by} took notice of ticket {id} before you.")));
    }
    for alert in alerts {
        let alert = Alert {
            state: AlertState::Acknowledged,
            next_at: None,
            acted: Some(Acted {
                name: changing.asker.name.clone(),
                at: changing.now,
                reason: None,
            }),
            ..alert
        };
        keep(changing, &alert).await?;
    }
    changing.unit.wake_ticket(id).await?;
    Ok(done(
        format!("You took notice of ticket {id}; it is not told again. Its clock runs on."),
        json!({ "ticket": id, "acknowledged": true }),
    ))
}

async fn keep(changing: &mut Changing<'_>, alert: &Alert) -> Result<(), Failure> {
    if changing.unit.keep_alert(alert).await? {
        return Ok(());
    }
    Err(UserError::malformed(
        "Somebody did something with this alert just now. Look again, and press once more.",
    )
    .into())
}

pub(super) async fn snooze(changing: &mut Changing<'_>, args: &SlaSnoozeArgs) -> Result<Done, Failure> {
    let (id, _) = seen(changing, &args.ticket).await?;
    let reason = clean(&args.reason, LONGEST_REASON);
    if reason.is_empty() {
        return Err(UserError::malformed("reason: is empty. Say why it can wait.").into());
    }
    let time = when::length(&args.time)
        .filter(|time| *time > TimeDelta::zero())
        .ok_or_else(|| {
            UserError::malformed(format!(
                "“{}” is no length of time. Write it like 30m or 2h.",
                clean(&args.time, 40)
            ))
        })?;
    let alerts = open_alerts(changing, id, args.level.as_deref()).await?;
    let Some(first) = alerts.first() else {
        return Ok(unchanged(format!(
            "There is no alert on ticket {id} any more that could be put off."
        )));
    };
    let location = first.location.clone();
    let most = latest(changing, location.as_ref()).await?;
    let until = changing.now + time;
    if until > most {
        return Err(UserError::refused(format!(
            "An alert may be put off for {} at most, until {}. Take notice of it instead, if it is in hand.",
            changing.settings.sla.alerts.snooze_most,
            local(most, changing.settings.zone(location.as_ref()))
        ))
        .into());
    }
    for alert in alerts {
        let alert = Alert {
            state: AlertState::Snoozed,
            next_at: Some(until),
            acted: Some(Acted {
                name: changing.asker.name.clone(),
                at: changing.now,
                reason: Some(reason.clone()),
            }),
            ..alert
        };
        keep(changing, &alert).await?;
    }
    changing.unit.wake_ticket(id).await?;
    let zone = changing.settings.zone(location.as_ref());
    Ok(done(
        format!(
            "The alert on ticket {id} waits until {}. Its clock runs on.",
            local(until, zone)
        ),
        json!({ "ticket": id, "snoozed_until": until, "reason": reason }),
    ))
}

/// The latest instant that an alert may be put off to.
async fn latest(
    changing: &mut Changing<'_>,
    location: Option<&LocationId>,
) -> Result<DateTime<Utc>, Failure> {
    let now = changing.now;
    let book = rulebook(&mut changing.unit, now).await?;
    let calendar = book.calendar(location, now);
    let counted = match changing.settings.sla.alerts.snooze_most {
        Target::Open(seconds) => calendar.add(now, TimeDelta::seconds(seconds), Pauses::NONE),
        Target::Days(days) => calendar.add_days(now, days),
        Target::Elapsed(seconds) => Ok(now + TimeDelta::seconds(seconds)),
    };
    counted.map_err(|error| Failure::Broken(error.to_string()))
}

pub(super) async fn called(changing: &mut Changing<'_>, args: &SlaCalledArgs) -> Result<Done, Failure> {
    let (id, scene) = seen(changing, &args.ticket).await?;
    scene.workable()?;
    let now = changing.now;
    let zone = zone_of(changing, &scene);
    let at = match &args.at {
        None => now,
        Some(typed) => {
            let at = when::instant(typed, now, zone)?;
            // A bare time is the next one; of a call it is the last.
            if at > now { at - TimeDelta::days(1) } else { at }
        }
    };
    if at > now || now - at > LOGGED_WITHIN {
        return Err(UserError::malformed(
            "at: must be within the last seven days. Write it like 15:00 or 2026-11-20 15:00.",
        )
        .into());
    }
    let answered = args.spoke == "yes";
    let event = Event::new(
        at,
        format!("called:{id}:{}:{}", changing.asker.id, at.timestamp() / 60),
        By {
            party: Party::Agent,
            id: Some(changing.asker.id.to_string()),
        },
        What::Called {
            incoming: false,
            answered,
        },
    );
    if !changing.unit.note_sla_event(id, &event, now).await? {
        return Ok(unchanged(format!("You logged this call on ticket {id} already.")));
    }
    let how = if answered {
        "spoke with the client"
    } else {
        "called and did not reach the client"
    };
    note(
        changing,
        id,
        &event.id,
        &format!(
            "{} {how} at {}.",
            clean(&changing.asker.name, 80),
            local(at, zone)
        ),
    )
    .await?;
    let says = if answered {
        "That answers what waits on it."
    } else {
        "The client still waits."
    };
    Ok(done(
        format!("Logged on ticket {id}: you {how} at {}. {says}", local(at, zone)),
        json!({ "ticket": id, "called_at": at, "spoke": answered }),
    ))
}

/// Says so on the ticket, for agents to read.
async fn note(changing: &mut Changing<'_>, ticket: TicketId, cause: &str, text: &str) -> Result<(), Failure> {
    let write = HelpdeskWrite::Note {
        ticket,
        html: html_of(text),
        files: Vec::new(),
    };
    changing.queue_once(cause, &write).await?;
    Ok(())
}

fn zone_of(changing: &Changing<'_>, scene: &Scene) -> chrono_tz::Tz {
    let location = scene.client().and_then(|client| client.location.as_ref());
    let usual = changing.settings.sla.rules.default_calendar.as_ref();
    changing.settings.zone(location.or(usual))
}

pub(super) async fn callback(changing: &mut Changing<'_>, args: &CallbackArgs) -> Result<Done, Failure> {
    let typed = args.client.join(" ");
    let ask = |no: &hammerdesk_domain::ids::ClientNo| {
        let no = no.to_string();
        let mut options = vec![("client", no.as_str()), ("when", args.when.as_str())];
        options.extend(args.ticket.as_deref().map(|ticket| ("ticket", ticket)));
        line_of("/callback", &options)
    };
    let asker = changing.asker;
    let no = match lookup::client_in(&mut changing.unit, changing.settings, asker, &typed, ask).await? {
        Meaning::One(no) => no,
        Meaning::Choice(choice) => return Ok(Done::Unchanged(choice)),
    };
    changing.about = Some(no.clone());
    let id = match &args.ticket {
        Some(typed) => number(typed)?,
        None => match open_ticket(changing, &no).await? {
            Some(id) => id,
            None => {
                let mut reply = Reply::sentence(
                    Outcome::Unknown,
                    "That client has no open ticket that the promise could stand on. Make one first.",
                );
                reply.actions = vec![Action::ask(
                    "Make a ticket",
                    line_of(
                        "/ticket create",
                        &[
                            ("client", no.to_string().as_str()),
                            ("subject", "Call-back"),
                            ("text", "The client asked for a call."),
                        ],
                    ),
                )];
                return Ok(Done::Unchanged(Box::new(reply)));
            }
        },
    };
    let scene = Scene::seen(&mut changing.unit, asker, id).await?;
    scene.workable()?;
    let zone = zone_of(changing, &scene);
    let due_at = when::instant(&args.when, changing.now, zone)?;
    if due_at <= changing.now || due_at - changing.now > FURTHEST {
        return Err(UserError::malformed(format!(
            "{} is not in the future, or too far in it. Write when you promised to call, such as tomorrow 10:30.",
            local(due_at, zone)
        ))
        .into());
    }
    let promise = format!("{id}:{}", due_at.timestamp());
    let event = Event::new(
        changing.now,
        format!("callback:{promise}"),
        By {
            party: Party::Agent,
            id: Some(asker.id.to_string()),
        },
        What::CallbackPromised { promise, due_at },
    );
    if !changing.unit.note_sla_event(id, &event, changing.now).await? {
        return Ok(unchanged(format!(
            "That call is promised already, on ticket {id} for {}.",
            local(due_at, zone)
        )));
    }
    let text = format!(
        "{} promised the client a call for {} ({}).",
        clean(&asker.name, 80),
        local(due_at, zone),
        zone.name()
    );
    note(changing, id, &event.id, &text).await?;
    Ok(done(
        format!(
            "Promised on ticket {id}: a call at {}, in {}. Log it with /sla called {id} spoke:yes; a call that the \
             helpdesk records keeps it too.",
            local(due_at, zone),
            spoken(due_at - changing.now)
        ),
        json!({ "ticket": id, "client": no, "due_at": due_at }),
    ))
}

/// The latest open ticket of a client that the asker may see.
async fn open_ticket(
    changing: &mut Changing<'_>,
    no: &hammerdesk_domain::ids::ClientNo,
) -> Result<Option<TicketId>, Failure> {
    for id in changing.unit.tickets_of_client(no, LOOKED_AT).await? {
        if let Some(scene) = Scene::look(&mut changing.unit, changing.asker, id).await?
            && !status::is_over(scene.ticket().status)
            && scene.workable().is_ok()
        {
            return Ok(Some(id));
        }
    }
    Ok(None)
}
