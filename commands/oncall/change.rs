//! `/oncall cover`, `swap`, `handover` and `undo`.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use hammerdesk_domain::access::{Permission, Scope};
use hammerdesk_domain::escalation::desk::Absence;
use hammerdesk_domain::escalation::hours::Edge;
use hammerdesk_domain::escalation::rota::Override;
use hammerdesk_domain::ids::{LocationId, PersonId, new_id};
use hammerdesk_domain::message::{Outcome, Reply};
use hammerdesk_domain::text::clean;
use hammerdesk_store::escalations::{AskedHandover, RotaChange, StoredRotaChange};
use serde_json::json;

use super::show::{said, short};
use super::{configured, desk, people, rota};
use crate::errors::{Failure, UserError};
use crate::grammar::{OncallCoverArgs, OncallHandoverArgs, OncallSwapArgs, OncallUndoArgs};
use crate::settings::Settings;
use crate::ticket::{Changing, Done};

/// Longer than this nobody plans in chat.
const LONGEST: TimeDelta = TimeDelta::days(366);

/// Whose days count: the location's, the person's only one, else UTC.
pub(super) fn zone_of(settings: &Settings, person: &PersonId, location: Option<&LocationId>) -> Tz {
    let own = settings.people.get(person).and_then(|asker| match &asker.scope {
        Scope::Only(locations) if locations.len() == 1 => locations.first(),
        _ => None,
    });
    location.or(own).map_or(Tz::UTC, |id| settings.zone(Some(id)))
}

fn edge(option: &str, typed: &str) -> Result<Edge, UserError> {
    typed
        .trim()
        .parse()
        .map_err(|says| UserError::malformed(format!("{option}: {says}.")))
}

/// From when to when, as instants that make sense now.
fn stretch(
    (from, until): (Edge, Edge),
    zone: Tz,
    now: DateTime<Utc>,
) -> Result<(DateTime<Utc>, DateTime<Utc>), UserError> {
    let (begins, ends) = (from.begins(zone), until.ends(zone));
    if begins >= ends {
        return Err(UserError::malformed("until: is not after from:. Swap them."));
    }
    if ends <= now {
        return Err(UserError::malformed(
            "until: is over already. Give a time to come.",
        ));
    }
    if ends - begins > LONGEST {
        return Err(UserError::malformed(
            "That is longer than a year. Give a shorter time.",
        ));
    }
    Ok((begins, ends))
}

/// Others' shifts are for those who plan them.
fn may_change(changing: &Changing<'_>, whose: &[&PersonId]) -> Result<(), UserError> {
    let is_own = whose.contains(&&changing.asker.id);
    if is_own || changing.asker.may(Permission::Rotas) {
        return Ok(());
    }
    Err(UserError::refused(format!(
        "The role {} changes its own shifts only. Ask your manager, or whoever it is about.",
        changing.asker.role.name
    )))
}

/// `/oncall cover`.
pub(super) async fn cover(changing: &mut Changing<'_>, args: &OncallCoverArgs) -> Result<Done, Failure> {
    configured(changing.settings)?;
    let (settings, asker, now) = (changing.settings, changing.asker, changing.now);
    let person = people::named(settings, asker, &args.person.join(" "))?;
    let cover = args
        .by
        .as_deref()
        .map(|typed| people::named(settings, asker, typed))
        .transpose()?;
    may_change(changing, &[&person])?;
    let edges = (edge("from", &args.from)?, edge("until", &args.until)?);
    let zone = zone_of(settings, &person, None);
    let (begins, until_at) = stretch(edges, zone, now)?;
    if let Some(cover) = &cover {
        not_in_a_circle(changing, &person, cover, (begins, until_at)).await?;
    }
    let absence = Absence {
        person,
        from: edges.0,
        until: edges.1,
        cover,
        location: None,
        reason: args
            .because
            .as_deref()
            .map(|because| clean(because, 200))
            .filter(|because| !because.is_empty()),
    };
    keep(changing, RotaChange::Absence { absence }, until_at).await
}

/// Nobody can stand in who is covered, at the same time, by the one for whom they stand in.
async fn not_in_a_circle(
    changing: &mut Changing<'_>,
    person: &PersonId,
    cover: &PersonId,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), Failure> {
    let settings = changing.settings;
    let changes = changing.unit.desk_changes(changing.now).await?;
    let desk = configured(settings)?;
    let all: Vec<&Absence> = desk.rulebook().absences.iter().chain(&changes.absences).collect();
    let mut seen = BTreeSet::from([person]);
    let mut next = Some(cover);
    while let Some(who) = next {
        if !seen.insert(who) {
            return Err(UserError::refused(format!(
                "That would go round in a circle: {} cannot stand in, because {} is away then and covered in turn by {}.",
                desk.name(cover),
                desk.name(cover),
                desk.name(person)
            ))
            .into());
        }
        next = all
            .iter()
            .rev()
            .find(|absence| {
                let zone = zone_of(settings, &absence.person, absence.location.as_ref());
                absence.person == *who && absence.from.begins(zone) < until && from < absence.until.ends(zone)
            })
            .and_then(|absence| absence.cover.as_ref());
    }
    Ok(())
}

/// `/oncall swap`.
pub(super) async fn swap(changing: &mut Changing<'_>, args: &OncallSwapArgs) -> Result<Done, Failure> {
    let (settings, asker, now) = (changing.settings, changing.asker, changing.now);
    let desk = desk(&mut changing.unit, settings, now).await?;
    let rota = rota(&desk, &args.rota)?;
    let person = |typed: &Option<String>| {
        typed
            .as_deref()
            .map(|typed| people::named(settings, asker, typed))
            .transpose()
    };
    let (off, on) = (person(&args.out)?, person(&args.on)?);
    let whose: Vec<&PersonId> = off.iter().chain(&on).collect();
    if whose.is_empty() {
        return Err(UserError::malformed("Say out: who is not on, in: who is on, or both.").into());
    }
    if off == on {
        return Err(UserError::malformed("out: and in: are the same person; nothing would change.").into());
    }
    may_change(changing, &whose)?;
    let edges = (edge("from", &args.from)?, edge("until", &args.until)?);
    let (begins, until_at) = stretch(edges, rota.zone(), now)?;
    if let Some(off) = &off
        && !rota
            .duties(begins, until_at)
            .iter()
            .any(|duty| duty.person == *off)
    {
        return Err(UserError::refused(format!(
            "{} has no shift in {} in that time. /oncall show rota:{} at:.. says who has.",
            desk.name(off),
            rota.id,
            rota.id
        ))
        .into());
    }
    let change = RotaChange::Override {
        rota: rota.id.clone(),
        change: Override {
            from: edges.0,
            until: edges.1,
            off,
            on,
            role: None,
        },
    };
    keep(changing, change, until_at).await
}

/// Keeps it once: what stands already word for word is not made again.
async fn keep(
    changing: &mut Changing<'_>,
    change: RotaChange,
    until_at: DateTime<Utc>,
) -> Result<Done, Failure> {
    let now = changing.now;
    let standing = changing.unit.rota_changes(now).await?;
    let desk = configured(changing.settings)?;
    if let Some(same) = standing.iter().find(|one| one.change == change) {
        let text = format!("That stands already: {}.", said(desk, same));
        return Ok(Done::Unchanged(Box::new(Reply::sentence(
            Outcome::Answered,
            text,
        ))));
    }
    let stored = StoredRotaChange {
        id: new_id(now),
        change,
        made_by: changing.asker.id.clone(),
        made_at: now,
        until_at,
    };
    changing.unit.change_rota(&stored).await?;
    let text = format!(
        "From now on: {}. Whoever gets an escalation is decided with it.",
        said(desk, &stored)
    );
    let mut reply = Reply::sentence(Outcome::Answered, text);
    reply.facts = json!({ "change": short(&stored), "until": until_at });
    Ok(Done::Changed(Box::new(reply)))
}

/// `/oncall handover`.
pub(super) async fn handover(
    changing: &mut Changing<'_>,
    args: &OncallHandoverArgs,
) -> Result<Done, Failure> {
    let now = changing.now;
    let desk = desk(&mut changing.unit, changing.settings, now).await?;
    let from = rota(&desk, &args.rota)?;
    let to = match args.to.as_deref().or(from.hands_over_to.as_deref()) {
        Some(typed) => rota(&desk, typed)?,
        None => {
            return Err(UserError::malformed(format!(
                "{} has no rota that it hands over to. Say to: and a rota.",
                from.id
            ))
            .into());
        }
    };
    if from.id == to.id {
        return Err(UserError::malformed("A rota cannot hand over to itself.").into());
    }
    let taking = to.on_at(now, None);
    if taking.is_empty() {
        return Err(UserError::refused(format!(
            "Nobody is on at {} now, so nobody would have the queue. /oncall show says when somebody is.",
            to.id
        ))
        .into());
    }
    let waiting = changing.unit.handovers_asked().await?;
    if waiting.iter().any(|one| one.from == from.id && one.to == to.id) {
        return Ok(Done::Unchanged(Box::new(Reply::sentence(
            Outcome::Answered,
            "That hand-over was asked for just now and is under way.",
        ))));
    }
    changing
        .unit
        .ask_for_handover(&AskedHandover {
            id: new_id(now),
            from: from.id.clone(),
            to: to.id.clone(),
            by: changing.asker.id.clone(),
            at: now,
        })
        .await?;
    let names: Vec<&str> = taking.iter().map(|duty| desk.name(&duty.person)).collect();
    let mut reply = Reply::sentence(
        Outcome::Answered,
        format!(
            "{} hands over to {} ({}) now. What goes over is said in its channel.",
            from.id,
            to.id,
            names.join(", ")
        ),
    );
    reply.facts = json!({ "from": from.id, "to": to.id });
    Ok(Done::Changed(Box::new(reply)))
}

/// `/oncall undo`.
pub(super) async fn undo(changing: &mut Changing<'_>, args: &OncallUndoArgs) -> Result<Done, Failure> {
    let now = changing.now;
    let wanted = args.change.trim().to_lowercase();
    let standing = changing.unit.rota_changes(now).await?;
    let desk = configured(changing.settings)?;
    let Some(one) = standing.iter().find(|one| short(one) == wanted) else {
        return Err(UserError::unknown(format!(
            "There is no change {} that still stands. /oncall show lists them.",
            clean(&args.change, 40)
        ))
        .into());
    };
    let whose: Vec<&PersonId> = match &one.change {
        RotaChange::Absence { absence } => vec![&absence.person, &one.made_by],
        RotaChange::Override { change, .. } => change
            .off
            .iter()
            .chain(&change.on)
            .chain([&one.made_by])
            .collect(),
    };
    may_change(changing, &whose)?;
    let by = changing.asker.id.clone();
    changing.unit.withdraw_rota_change(one.id, &by, now).await?;
    let text = format!("Taken back: {}.", said(desk, one));
    Ok(Done::Changed(Box::new(Reply::sentence(Outcome::Answered, text))))
}
