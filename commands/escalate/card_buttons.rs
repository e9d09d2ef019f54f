//! What the buttons on an escalation's card do: take it, give it away, escalate it by hand, resolve it.
//!
//! Rights are looked at on every press: whoever presses may know whom it is about, and either works on
//! tickets or was asked. What happened is kept in the unit and due at once; the engine tells card, thread
//! and helpdesk.

use hammerdesk_domain::access::Permission;
use hammerdesk_domain::escalation::model::{Actor, Event, Matched, Standing, What, Work};
use hammerdesk_domain::escalation::plan::END;
use hammerdesk_domain::escalation::{Desk, Escalation, Severity};
use hammerdesk_domain::ids::{ClientNo, PersonId};
use hammerdesk_domain::message::{Outcome, Reply, Visibility};
use hammerdesk_domain::model::Client;
use hammerdesk_domain::text::{clean, fold};
use hammerdesk_store::View;
use hammerdesk_store::escalations::Happened;
use serde_json::json;

use super::card::{self, Scene};
use super::known::{may_know, named, short};
use crate::Asked;
use crate::errors::{Failure, UserError};
use crate::grammar::EscalationAsk;
use crate::settings::Settings;
use crate::ticket::{Changing, Done};

/// The longest words that are kept with it.
const LONGEST: usize = 1_000;

/// `/escalation show`: the card, for whoever asks alone.
pub(super) async fn show(asked: &mut Asked<'_>, typed: &str) -> Result<Reply, Failure> {
    let one = named(&mut asked.view, asked.asker, typed).await?;
    if let Matched::Found(client) = &one.matched {
        asked.about = Some(client.clone());
    }
    let clients = clients(&mut asked.view, &one).await?;
    let desk = desk(asked.settings)?;
    let reply = card::card(&Scene {
        escalation: &one,
        desk,
        settings: asked.settings,
        clients: &clients,
        readers: asked.asker,
        is_bare: false,
    });
    Ok(Reply {
        visibility: Visibility::Private,
        ..reply
    })
}

async fn clients(view: &mut View, one: &Escalation) -> Result<Vec<Client>, Failure> {
    let mut clients = Vec::new();
    for no in one.matched.clients() {
        clients.extend(view.client(no).await?);
    }
    Ok(clients)
}

fn desk(settings: &Settings) -> Result<&Desk, UserError> {
    settings.desk.as_deref().ok_or_else(|| {
        UserError::unknown(
            "Nobody is given escalations here: the config has no [[routing]] and no [escalation].",
        )
    })
}

/// What a button does.
pub(crate) async fn change(changing: &mut Changing<'_>, ask: &EscalationAsk) -> Result<Done, Failure> {
    let one = named(&mut changing.unit, changing.asker, ask.named()).await?;
    if let Matched::Found(client) = &one.matched {
        changing.about = Some(client.clone());
    }
    may_work(changing, &one)?;
    let name = short(one.id());
    let me = changing.asker.id.clone();
    let (what, said) = match ask {
        EscalationAsk::Take { .. } => (
            What::Acknowledged { by: me },
            format!("You have {name}. Nobody else is asked while you work on it."),
        ),
        EscalationAsk::Work { on, .. } => {
            let (work, on) = match on.as_deref() {
                Some("client") => (Work::WaitingClient, "waits for the client"),
                Some("colleague") => (Work::WaitingInternal, "waits for a colleague"),
                _ => (Work::InProgress, "is being worked on"),
            };
            (What::Working { work }, format!("{name} {on}."))
        }
        EscalationAsk::Give { to, .. } => {
            let to = whom(changing, &one, to).await?;
            let called = desk(changing.settings)?.name(&to).to_owned();
            let why = if to == me {
                "took it over".to_owned()
            } else {
                "by hand".to_owned()
            };
            (
                What::Reassigned { to, why },
                format!("{name} is given to {called}, who is asked."),
            )
        }
        EscalationAsk::Up { to, .. } => {
            let (what, rung) = rung(changing, &one, to.as_deref())?;
            (what, format!("{name} goes to {rung}; they are asked at once."))
        }
        EscalationAsk::Resolve { reason, .. } => (
            What::Resolved { how: words(reason)? },
            format!("{name} is resolved. It can be reopened for a week."),
        ),
        EscalationAsk::Reopen { reason, .. } => (
            What::Reopened { why: words(reason)? },
            format!("{name} is open again; the rules give it to somebody."),
        ),
        EscalationAsk::Severity { to, .. } => {
            let severity: Severity = to
                .parse()
                .map_err(|_| UserError::malformed("to: is low, normal, high or critical."))?;
            (
                What::SeverityChanged { severity },
                format!("{name} is {severity} now."),
            )
        }
        EscalationAsk::Client { client, .. } => {
            let client = client_named(changing, client).await?;
            (
                What::ClientNamed { client },
                format!("{name} is about that client now."),
            )
        }
        EscalationAsk::Merge { into, .. } => return merge(changing, &one, into).await,
        EscalationAsk::Explain { .. } | EscalationAsk::Show { .. } => {
            return Err(Failure::Broken("a question was asked as a change".to_owned()));
        }
    };
    keep(changing, &one, what, &said).await
}

/// Whoever works on tickets may, and whoever was asked.
fn may_work(changing: &Changing<'_>, one: &Escalation) -> Result<(), UserError> {
    let me = &changing.asker.id;
    let was_asked = match &one.standing {
        Standing::Climbing { to, climb, .. } => {
            to == me || climb.told.as_ref().is_some_and(|told| told.people.contains(me))
        }
        Standing::Held { held, .. } => held.by == *me,
        Standing::Resolved { handler, .. } => handler.as_ref() == Some(me),
        _ => false,
    };
    if was_asked || changing.asker.may(Permission::TicketWork) {
        return Ok(());
    }
    Err(UserError::refused(format!(
        "Working on escalations is not open to the role {}, and you were not asked to take this one.",
        changing.asker.role.name
    )))
}

async fn keep(
    changing: &mut Changing<'_>,
    one: &Escalation,
    what: What,
    said: &str,
) -> Result<Done, Failure> {
    let event = event(changing, what);
    match changing.unit.escalation_happens(one.id(), event).await? {
        Happened::Kept(kept) => {
            let mut reply = Reply::sentence(Outcome::Answered, said);
            reply.facts = json!({
                "escalation": one.id(),
                "state": kept.1.state().word(),
            });
            Ok(Done::Changed(Box::new(reply)))
        }
        Happened::Refused(why) => {
            Err(UserError::refused(sentence(changing.settings, &why.to_string())).into())
        }
        Happened::Unknown => Err(Failure::Broken("an escalation was there and is not".to_owned())),
    }
}

fn event(changing: &Changing<'_>, what: What) -> Event {
    Event {
        at: changing.now,
        by: Actor::Person(changing.asker.id.clone()),
        what,
    }
}

/// A refusal as a sentence, with people as they are called.
fn sentence(settings: &Settings, why: &str) -> String {
    let mut text = why.to_owned();
    if let Some((first, rest)) = why.split_once(' ')
        && let Some(person) = settings.people.get(&PersonId::new(first))
    {
        text = format!("{} {rest}", person.name);
    }
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", chars.as_str())
}

fn words(typed: &str) -> Result<String, UserError> {
    let words = clean(typed, LONGEST);
    if words.is_empty() {
        return Err(UserError::malformed("reason: is empty. Say it in a few words."));
    }
    Ok(words)
}

/// The person that is meant, who must have the rights to it.
async fn whom(changing: &mut Changing<'_>, one: &Escalation, typed: &str) -> Result<PersonId, Failure> {
    let desk = desk(changing.settings)?;
    let typed = typed.trim();
    let wanted = fold(typed);
    if wanted == "me" {
        return Ok(changing.asker.id.clone());
    }
    let people = desk.people();
    let found: Vec<PersonId> = if people.contains_key(&PersonId::new(typed)) {
        vec![PersonId::new(typed)]
    } else {
        let whole: Vec<PersonId> = people
            .values()
            .filter(|person| fold(&person.name) == wanted)
            .map(|person| person.id.clone())
            .collect();
        if whole.is_empty() {
            people
                .values()
                .filter(|person| !wanted.is_empty() && begins(&fold(&person.name), &wanted))
                .map(|person| person.id.clone())
                .collect()
        } else {
            whole
        }
    };
    let to = match found.as_slice() {
        [one] => one.clone(),
        [] => {
            return Err(UserError::unknown(format!(
                "Nobody under [[people]] is called “{}”. Give a name, or me.",
                clean(typed, 60)
            ))
            .into());
        }
        several => {
            let names: Vec<&str> = several.iter().map(|person| desk.name(person)).collect();
            return Err(UserError::malformed(format!(
                "Several people are meant: {}. Give the whole name.",
                names.join(", ")
            ))
            .into());
        }
    };
    let may = match people.get(&to) {
        Some(person) => person.may(Permission::Client) && may_know(&mut changing.unit, person, one).await?,
        None => false,
    };
    if !may {
        return Err(UserError::refused(format!(
            "{} has no rights to this account, so it stays where it is. Give it to somebody who has.",
            desk.name(&to)
        ))
        .into());
    }
    Ok(to)
}

/// Does every word begin a word of the name?
fn begins(name: &str, words: &str) -> bool {
    words
        .split_whitespace()
        .all(|word| name.split_whitespace().any(|part| part.starts_with(word)))
}

/// The next rung, or the one that is named.
fn rung(changing: &Changing<'_>, one: &Escalation, typed: Option<&str>) -> Result<(What, String), UserError> {
    let desk = desk(changing.settings)?;
    let (ladder, now_at, round) = match &one.standing {
        Standing::Climbing { ladder, climb, .. } => (ladder.as_str(), climb.rung, climb.round),
        Standing::Held { ladder, .. } => (ladder.as_str(), 0, 0),
        _ => ("", 0, 0),
    };
    let ladder = desk.ladder(ladder);
    let number = match typed.map(str::trim).filter(|typed| !typed.is_empty()) {
        None => (now_at + 1).min(ladder.height()),
        Some(name) if name.eq_ignore_ascii_case(END) || name.eq_ignore_ascii_case("end") => ladder.height(),
        Some(name) => ladder.number_of(name).ok_or_else(|| {
            let rungs: Vec<&str> = ladder.rungs.iter().map(|rung| rung.name.as_str()).collect();
            UserError::malformed(format!(
                "“{}” is no rung of this ladder. There are {} and end.",
                clean(name, 40),
                rungs.join(", ")
            ))
        })?,
    };
    let name = ladder
        .rung(number)
        .map_or_else(|| "the end of the ladder".to_owned(), |rung| rung.name.clone());
    let why = format!("{} asked for it", clean(&changing.asker.name, 60));
    Ok((
        What::Climbed {
            rung: number,
            round,
            why,
        },
        name,
    ))
}

/// The client of that number, whom the asker may know of.
async fn client_named(changing: &mut Changing<'_>, typed: &str) -> Result<ClientNo, Failure> {
    let unknown = || {
        UserError::unknown(format!(
            "I do not know a client {}. /client find looks by name, e-mail or phone.",
            clean(typed, 40)
        ))
    };
    let number = ClientNo::parse(typed.trim()).ok_or_else(unknown)?;
    let client = changing.unit.survivor(&number).await?.ok_or_else(unknown)?;
    if !changing.asker.may_see(&client) {
        return Err(unknown().into());
    }
    changing.about = Some(client.no.clone());
    Ok(client.no)
}

/// One becomes part of the other.
async fn merge(changing: &mut Changing<'_>, one: &Escalation, into: &str) -> Result<Done, Failure> {
    let other = named(&mut changing.unit, changing.asker, into).await?;
    if !other.is_open() {
        return Err(UserError::refused(format!(
            "{} is not open, so nothing can become part of it. Reopen it first.",
            short(other.id())
        ))
        .into());
    }
    let absorbed = event(changing, What::Absorbed { from: one.id() });
    let done = keep(
        changing,
        one,
        What::Merged { into: other.id() },
        &format!("{} is part of {} now.", short(one.id()), short(other.id())),
    )
    .await?;
    match changing.unit.escalation_happens(other.id(), absorbed).await? {
        Happened::Kept(_) => Ok(done),
        Happened::Refused(why) => {
            Err(UserError::refused(sentence(changing.settings, &why.to_string())).into())
        }
        Happened::Unknown => Err(Failure::Broken("an escalation was there and is not".to_owned())),
    }
}
