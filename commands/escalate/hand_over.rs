//! `/escalate`: somebody in chat hands something over.
//!
//! It comes in exactly as a partner's request does, only that whoever types it is asked which client is meant
//! where that is not clear, and may name nobody whom they may not see.

use chrono::{DateTime, NaiveDateTime, TimeZone as _, Utc};
use hammerdesk_domain::access::{Asker, Permission, Scope};
use hammerdesk_domain::escalation::model::{About, Actor, Caller, LONGEST_WORDS, Matched, Opening, What};
use hammerdesk_domain::escalation::{EscalationId, Kind, Severity, Way};
use hammerdesk_domain::helpdesk::{SeveralOrNone, Verdict};
use hammerdesk_domain::ids::{ClientNo, InvoiceNo, LocationId};
use hammerdesk_domain::message::{Action, Field, FieldKind, Form, Outcome, Reply};
use hammerdesk_domain::text::clean;
use hammerdesk_store::{Store, StoreError, View};
use serde_json::json;

use super::known::short;
use super::opening::{Arrival, Kept, Whose, earlier, keep, opening};
use crate::errors::{Failure, UserError};
use crate::grammar::{EscalateArgs, line_of};
use crate::lookup::{self, Meaning};
use crate::settings::Settings;
use crate::ticket::{self, scene::Scene};

/// The same words by the same person within this time are a button that was pressed twice.
const TWICE: chrono::TimeDelta = chrono::TimeDelta::minutes(10);
/// How many of that time are looked through for it.
const LATELY: i64 = 200;

/// Whom and what it is about.
#[derive(Default)]
struct Subject {
    matched: Option<Matched>,
    location: Option<LocationId>,
    about: About,
    ticket: Option<i64>,
    /// What it most likely is, from what was named.
    kind: Option<Kind>,
}

/// What was named turned out to be one thing, or several to choose from.
enum Named {
    This(Box<Subject>),
    Choice(Box<Reply>),
}

/// Keeps it and says what became of it.
pub(crate) async fn hand_over(
    store: &Store,
    settings: &Settings,
    asker: &Asker,
    args: &EscalateArgs,
    now: DateTime<Utc>,
    about: &mut Option<ClientNo>,
) -> Result<Reply, Failure> {
    if settings.desk.is_none() {
        return Err(UserError::refused(
            "Nobody is named yet who could get it. Your administrator sets that up under [escalation] in the config.",
        )
        .into());
    }
    let said = words_of(&args.reason)?;
    let mut view = store.read().await?;
    let subject = match named(&mut view, settings, asker, args).await? {
        Named::This(subject) => *subject,
        Named::Choice(choice) => return Ok(*choice),
    };
    drop(view);
    let location = place(settings, asker, args, subject.location)?;
    let deadline = deadline(settings, args, location.as_ref(), now)?;
    let matched = subject.matched.unwrap_or(Matched::Nobody);
    if let Matched::Found(client) = &matched {
        *about = Some(client.clone());
    }
    let arrival = Arrival {
        way: Way::Chat,
        partner: None,
        reference: None,
        ticket: subject.ticket,
        kind: one_of(args.kind.as_deref())
            .or(subject.kind)
            .unwrap_or(Kind::Other),
        severity: one_of(args.severity.as_deref()).unwrap_or(Severity::Normal),
        location,
        language: None,
        whose: Whose::Known(matched),
        about: subject.about,
        said: said.to_owned(),
        caller: Caller::default(),
        deadline,
    };
    let opening = opening(store, settings, arrival, now).await?;
    let by = Actor::Person(asker.id.clone());
    if let Some(reply) = just_now(store, settings, &opening, &by, asker).await? {
        return Ok(reply);
    }
    let mut unit = store.write().await?;
    let kept = keep(&mut unit, settings, &opening, &by).await?;
    unit.commit().await?;
    Ok(said_back(asker, &opening, kept))
}

/// The button on an answer about an account: who cannot solve it hands it over with a sentence.
pub(crate) fn button(client: &ClientNo, kind: Kind) -> Action {
    let no = client.to_string();
    let run = format!("/escalate client:\"{no}\" kind:\"{}\"", kind.word());
    let mut action = Action::ask("Escalate", run);
    let severities = Severity::ALL
        .iter()
        .map(|severity| (severity.to_string(), severity.to_string()))
        .collect();
    action.form = Some(Form {
        title: format!("Hand over: {} for {}", kind.label(), client.short()),
        says: "The rules give it to somebody, with the facts as they are now, and it climbs until somebody has it."
            .to_owned(),
        fields: vec![
            Field {
                name: "reason".to_owned(),
                label: "What is wrong".to_owned(),
                required: true,
                kind: FieldKind::Text,
            },
            Field {
                name: "severity".to_owned(),
                label: "How bad it is".to_owned(),
                required: false,
                kind: FieldKind::Choice(severities),
            },
        ],
        submit: "Hand over".to_owned(),
    });
    action
}

fn one_of<T: std::str::FromStr>(word: Option<&str>) -> Option<T> {
    word.and_then(|word| word.parse().ok())
}

fn words_of(typed: &str) -> Result<&str, UserError> {
    let words = typed.trim();
    if words.is_empty() {
        return Err(UserError::malformed("reason: is empty. Say what is wrong."));
    }
    if words.len() > LONGEST_WORDS {
        return Err(UserError::malformed(format!(
            "reason: is too long: {LONGEST_WORDS} bytes at most."
        )));
    }
    ticket::without_cards(words)?;
    Ok(words)
}

async fn named(
    view: &mut View,
    settings: &Settings,
    asker: &Asker,
    args: &EscalateArgs,
) -> Result<Named, Failure> {
    let what = args.what.join(" ");
    let what = what.trim();
    let mut subject = Subject::default();
    let ticket = match (what.strip_prefix('#'), args.ticket.as_deref()) {
        (Some(_), Some(_)) => return Err(twice("ticket").into()),
        (Some(number), None) => Some(number),
        (None, named) => named,
    };
    if let Some(typed) = ticket {
        of_ticket(view, asker, typed, &mut subject).await?;
    }
    if let Some(key) = lookup::lot_key(what) {
        subject.about.sale = Some(key.sale);
        subject.about.lot = Some(key.lot);
        subject.kind = Some(Kind::Release);
    }
    if let Some(number) = args.invoice.as_deref() {
        of_invoice(
            view,
            settings,
            asker,
            number,
            args.client.as_deref(),
            &mut subject,
        )
        .await?;
    }
    let is_client =
        !what.is_empty() && ticket != Some(what.trim_start_matches('#')) && subject.about.lot.is_none();
    let typed = match (is_client.then_some(what), args.client.as_deref()) {
        (Some(_), Some(_)) => return Err(twice("client").into()),
        (one, other) => one.or(other),
    };
    if let Some(typed) = typed {
        let ask = |no: &ClientNo| asked_again(args, no, is_client);
        match lookup::client_in(view, settings, asker, typed, ask).await? {
            Meaning::Choice(choice) => return Ok(Named::Choice(choice)),
            Meaning::One(no) => {
                let client = view
                    .survivor(&no)
                    .await?
                    .ok_or_else(|| UserError::unknown(format!("There is no client {}.", no.short())))?;
                if !asker.may_see(&client) {
                    return Err(lookup::out_of_reach(settings, asker, &client).into());
                }
                if let Some(Matched::Found(other)) = &subject.matched
                    && *other != client.no
                    && subject.about.invoice.is_some()
                {
                    return Err(UserError::malformed(format!(
                        "That invoice is not {}'s. Leave client: out, or take another invoice.",
                        client.no.short()
                    ))
                    .into());
                }
                subject.location = client.location.clone();
                subject.matched = Some(Matched::Found(client.no));
            }
        }
    }
    Ok(Named::This(Box::new(subject)))
}

fn twice(what: &str) -> UserError {
    UserError::malformed(format!("The {what} is there twice; say it once."))
}

/// The same question with the client that was chosen.
fn asked_again(args: &EscalateArgs, no: &ClientNo, replaces_what: bool) -> String {
    let no = no.to_string();
    let what = args.what.join(" ");
    let mut options: Vec<(&str, &str)> = vec![("reason", &args.reason)];
    if !replaces_what && !what.trim().is_empty() {
        options.push(("what", what.trim()));
    }
    options.push(("client", &no));
    let others = [
        ("kind", &args.kind),
        ("severity", &args.severity),
        ("invoice", &args.invoice),
        ("ticket", &args.ticket),
        ("deadline", &args.deadline),
        ("location", &args.location),
    ];
    for (name, value) in &others {
        options.extend(value.as_deref().map(|value| (*name, value)));
    }
    line_of("/escalate", &options)
}

/// The ticket must be one that the asker may see; whom it is about was found out when it came.
async fn of_ticket(
    view: &mut View,
    asker: &Asker,
    typed: &str,
    subject: &mut Subject,
) -> Result<(), Failure> {
    let id = ticket::number(typed)?;
    let scene = Scene::seen(view, asker, id).await?;
    subject.ticket = Some(id.0);
    subject.location = scene.client().and_then(|client| client.location.clone());
    subject.matched = Some(match &scene.verdict {
        Some((Verdict::One(client), _)) => Matched::Found(client.clone()),
        Some((Verdict::Unclear(SeveralOrNone::Several(_)), candidates)) => {
            let mut several: Vec<ClientNo> = candidates.iter().map(|one| one.client.clone()).collect();
            several.sort();
            several.dedup();
            Matched::Several(several)
        }
        _ => Matched::Nobody,
    });
    Ok(())
}

async fn of_invoice(
    view: &mut View,
    settings: &Settings,
    asker: &Asker,
    number: &str,
    client: Option<&str>,
    subject: &mut Subject,
) -> Result<(), Failure> {
    let number = clean(number, 40);
    let unknown = || UserError::unknown(format!("I do not know an invoice {number}."));
    let mut seen = Vec::new();
    let mut hidden = None;
    for invoice in view.invoices_numbered(&number).await? {
        match view.survivor(&invoice.client).await? {
            Some(owner) if asker.may_see(&owner) => seen.push((invoice, owner)),
            Some(owner) => hidden = Some(owner),
            None => {}
        }
    }
    if let Some(typed) = client.and_then(ClientNo::parse) {
        seen.retain(|(_, owner)| owner.no == typed);
    }
    let mut owners: Vec<&ClientNo> = seen.iter().map(|(_, owner)| &owner.no).collect();
    owners.sort();
    owners.dedup();
    match (owners.len(), seen.first()) {
        (1, Some((invoice, owner))) => {
            subject.about.invoice = Some(InvoiceNo::new(number.clone()));
            subject.about.sale = invoice.sale.clone();
            subject.about.amounts = vec![invoice.total];
            subject.location = owner.location.clone();
            subject.matched = Some(Matched::Found(owner.no.clone()));
            subject.kind = Some(Kind::BalanceQuery);
            Ok(())
        }
        (0, _) => Err(match hidden {
            Some(owner) => lookup::out_of_reach(settings, asker, &owner),
            None => unknown(),
        }
        .into()),
        _ => Err(UserError::malformed(format!(
            "Several clients have an invoice {number}. Say which with client: and the client's number."
        ))
        .into()),
    }
}

/// The saleroom that was named, the client's, or the asker's only one.
fn place(
    settings: &Settings,
    asker: &Asker,
    args: &EscalateArgs,
    of_client: Option<LocationId>,
) -> Result<Option<LocationId>, UserError> {
    let Some(typed) = args.location.as_deref() else {
        let own = match &asker.scope {
            Scope::Only(locations) if locations.len() == 1 => locations.first().cloned(),
            _ => None,
        };
        return Ok(of_client.or(own));
    };
    let id = LocationId::new(typed.trim().to_lowercase());
    if settings.house.location(&id).is_some() {
        return Ok(Some(id));
    }
    let known: Vec<&str> = settings
        .house
        .locations
        .iter()
        .map(|location| location.id.as_str())
        .collect();
    Err(UserError::malformed(format!(
        "location: takes one of {}, not “{}”.",
        known.join(", "),
        clean(typed, 40)
    )))
}

/// A wall-clock time of the saleroom, or an instant with its offset.
fn deadline(
    settings: &Settings,
    args: &EscalateArgs,
    location: Option<&LocationId>,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, UserError> {
    let Some(typed) = args.deadline.as_deref().map(str::trim) else {
        return Ok(None);
    };
    let local = || {
        let wall = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(typed, form).ok())?;
        settings
            .zone(location)
            .from_local_datetime(&wall)
            .earliest()
            .map(|at| at.to_utc())
    };
    let at = DateTime::parse_from_rfc3339(typed)
        .ok()
        .map(|at| at.to_utc())
        .or_else(local)
        .ok_or_else(|| {
            UserError::malformed(format!(
                "deadline: “{}” is no time. Write it like 2026-11-24T14:30.",
                clean(typed, 40)
            ))
        })?;
    if at <= now {
        return Err(UserError::malformed(
            "deadline: is over. Leave it out, or give one to come.",
        ));
    }
    Ok(Some(at))
}

/// The same person just said the same words about the same matter.
async fn just_now(
    store: &Store,
    settings: &Settings,
    opening: &Opening,
    by: &Actor,
    asker: &Asker,
) -> Result<Option<Reply>, StoreError> {
    let mut view = store.read().await?;
    // Where nothing tells whose it is, nothing is joined; a second press is still no second matter.
    let near = match earlier(&mut view, settings, opening).await? {
        Some(id) => vec![id],
        None if opening.matched == Matched::Nobody => {
            view.escalations_since(opening.at - TWICE, LATELY).await?
        }
        None => Vec::new(),
    };
    for id in near {
        let Some(known) = view.escalation(id).await? else {
            continue;
        };
        let is_same = view.escalation_entries(id).await?.into_iter().any(|entry| {
            let event = entry.event;
            let said = match &event.what {
                What::Created => &known.opening.said,
                What::Joined { said, .. } => said,
                _ => return false,
            };
            event.by == *by && *said == opening.said && event.at > opening.at - TWICE
        });
        if is_same && known.opening.kind == opening.kind {
            let mut reply = Reply::sentence(
                Outcome::Answered,
                "You handed this over just now; it is one escalation.",
            );
            reply.facts = facts(id, opening, true, known.times);
            reply.actions.extend(why(asker, id));
            return Ok(Some(reply));
        }
    }
    Ok(None)
}

fn said_back(asker: &Asker, opening: &Opening, kept: Kept) -> Reply {
    let whom = match &opening.matched {
        Matched::Found(client) => format!(" for {}", client.short()),
        Matched::Several(several) => format!(" ({} clients may be meant)", several.len()),
        Matched::Nobody => String::new(),
    };
    let kind = opening.kind.label();
    let mut text = if kept.joined {
        format!(
            "This {kind}{whom} is open already as {}: yours is part of it now, which makes it {} times.",
            short(kept.id),
            kept.times
        )
    } else {
        format!(
            "Handed over as {}: {kind}{whom}, {}. The rules give it to somebody now, and it climbs until somebody has it.",
            short(kept.id),
            opening.severity
        )
    };
    match &opening.matched {
        Matched::Found(_) if opening.snapshot.is_some() => {
            text.push_str(" The facts of this moment go with it.");
        }
        Matched::Found(_) => {
            text.push_str(" The facts of the account could not be said and do not go with it.");
        }
        Matched::Several(_) | Matched::Nobody => {
            text.push_str(" Whoever gets it must find out which client is meant.");
        }
    }
    let mut reply = Reply::sentence(Outcome::Answered, text);
    reply.facts = facts(kept.id, opening, kept.joined, kept.times);
    reply.actions.extend(why(asker, kept.id));
    reply
}

fn facts(id: EscalationId, opening: &Opening, joined: bool, times: u32) -> serde_json::Value {
    json!({
        "escalation": id,
        "kind": opening.kind,
        "severity": opening.severity,
        "client": opening.matched.clients(),
        "ticket": opening.ticket,
        "joined": joined,
        "times": times,
    })
}

fn why(asker: &Asker, id: EscalationId) -> Option<Action> {
    asker
        .may(Permission::Escalations)
        .then(|| Action::ask("Who has it, and why", format!("/escalation explain {id}")))
}
