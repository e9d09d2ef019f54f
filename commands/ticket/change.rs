//! `/ticket note`, `/ticket assign`, `/ticket status`.

use hammerdesk_domain::helpdesk::{HelpdeskWrite, TicketChange, html_of, token_of};
use hammerdesk_domain::ids::new_id;
use hammerdesk_domain::message::{Action, Menu, Outcome, Reply};
use hammerdesk_domain::text::{clean, fold};
use hammerdesk_store::View;
use hammerdesk_store::helpdesk::{HelpdeskRecord, RecordKind};
use serde_json::json;

use super::files;
use super::scene::{self, Scene};
use super::{Changing, Done, number, queued, unchanged, without_cards, words_of};
use crate::errors::{Failure, UserError};
use crate::grammar::{TicketAssignArgs, TicketNoteArgs, TicketStatusArgs, line_of};
use crate::settings::Settings;
use hammerdesk_domain::access::Asker;

/// Agents that a choice offers.
const MOST_AGENTS: usize = 10;

/// `/ticket note`.
pub(super) async fn note(changing: &mut Changing<'_>, args: &TicketNoteArgs) -> Result<Done, Failure> {
    let id = number(&args.ticket)?;
    let scene = Scene::seen(&mut changing.unit, changing.asker, id).await?;
    changing.about = scene.client_no();
    scene.workable()?;
    let words = words_of(&args.text)?;
    without_cards(words)?;
    let (asker, now) = (changing.asker, changing.now);
    let files = files::wanted(&mut changing.unit, asker, id, args.files.as_deref(), now).await?;
    let sources: Vec<&str> = files.iter().map(|file| file.from.as_str()).collect();
    let cause = format!("note:{id}:{}:{words}:{}", changing.asker.id, sources.join(" "));
    let write = HelpdeskWrite::Note {
        ticket: id,
        html: format!(
            "<b>{}:</b><br>{}",
            html_of(&clean(&changing.asker.name, 80)),
            html_of(words)
        ),
        files,
    };
    if !changing.queue_once(&cause, &write).await? {
        return Ok(unchanged(format!(
            "You left this note on ticket {id} just now; it is there once."
        )));
    }
    Ok(queued(
        &format!("Your private note on ticket {id}, which no client sees."),
        json!({ "ticket": id, "note": words }),
    ))
}

/// `/ticket assign`.
pub(super) async fn assign(changing: &mut Changing<'_>, args: &TicketAssignArgs) -> Result<Done, Failure> {
    let id = number(&args.ticket)?;
    let scene = Scene::seen(&mut changing.unit, changing.asker, id).await?;
    changing.about = scene.client_no();
    scene.workable()?;
    let found = agents_named(&mut changing.unit, changing.settings, changing.asker, &args.to).await?;
    let agent = match found.as_slice() {
        [agent] => agent,
        several => {
            return Ok(Done::Unchanged(Box::new(which(several, |agent| {
                // An agent's address tells two of one name apart.
                let to = agent.email.clone().unwrap_or_else(|| agent.name.clone());
                line_of(&format!("/ticket assign {id}"), &[("to", &to)])
            }))));
        }
    };
    let name = clean(&agent.name, 80);
    if scene.ticket().responder == Some(agent.id) && !is_waiting(changing, &scene).await? {
        return Ok(unchanged(format!("Ticket {id} is with {name} already.")));
    }
    let change = TicketChange {
        responder: Some(agent.id),
        ..TicketChange::default()
    };
    let agent = agent.id;
    update(changing, &scene, change).await?;
    Ok(queued(
        &format!("Ticket {id} goes to {name}."),
        json!({ "ticket": id, "agent": agent }),
    ))
}

/// `/ticket status`.
pub(super) async fn status(changing: &mut Changing<'_>, args: &TicketStatusArgs) -> Result<Done, Failure> {
    let id = number(&args.ticket)?;
    let scene = Scene::seen(&mut changing.unit, changing.asker, id).await?;
    changing.about = scene.client_no();
    scene.workable()?;
    let Some(code) = scene.statuses.code(&args.to) else {
        return Err(UserError::malformed(format!(
            "“{}” is no status here. There are {}.",
            clean(&args.to, 40),
            scene.statuses.labels().join(", ")
        ))
        .into());
    };
    let label = scene.statuses.label(code);
    if scene.ticket().status == code && !is_waiting(changing, &scene).await? {
        return Ok(unchanged(format!("Ticket {id} is {label} already.")));
    }
    let change = TicketChange {
        status: Some(code),
        ..TicketChange::default()
    };
    update(changing, &scene, change).await?;
    Ok(queued(
        &format!("Ticket {id} becomes {label}."),
        json!({ "ticket": id, "status": { "code": code, "label": label } }),
    ))
}

/// Does something wait that may yet change what is stored?
async fn is_waiting(changing: &mut Changing<'_>, scene: &Scene) -> Result<bool, Failure> {
    let waiting = changing
        .unit
        .waiting_on(&format!("ticket:{}", scene.id()))
        .await?;
    Ok(waiting > 0)
}

/// Asking for the same value twice leads to the same value, so every wish is a write of its own: the last one
/// counts, also where somebody goes back and forth.
async fn update(changing: &mut Changing<'_>, scene: &Scene, change: TicketChange) -> Result<(), Failure> {
    let token = token_of(&format!("update:{}", new_id(changing.now)));
    let write = HelpdeskWrite::Update {
        ticket: scene.id(),
        change,
    };
    changing.queue(token, &write).await?;
    Ok(())
}

/// The agent that a person is.
pub(super) async fn agent_of(
    view: &mut View,
    settings: &Settings,
    asker: &Asker,
) -> Result<Option<HelpdeskRecord>, Failure> {
    agent_behind(view, settings, asker.id.as_str()).await
}

async fn agent_behind(
    view: &mut View,
    settings: &Settings,
    person: &str,
) -> Result<Option<HelpdeskRecord>, Failure> {
    let addresses = settings
        .agents
        .iter()
        .filter(|(_, known)| known.as_str() == person)
        .map(|(email, _)| email.clone());
    for email in addresses {
        let found = view.helpdesk_records_by_email(RecordKind::Agent, &email).await?;
        if let Some(agent) = found.into_iter().next() {
            return Ok(Some(agent));
        }
    }
    Ok(None)
}

/// The agents whom some words mean: `me`, a person's id, an address, a whole name, or a part of names.
pub(super) async fn agents_named(
    view: &mut View,
    settings: &Settings,
    asker: &Asker,
    typed: &str,
) -> Result<Vec<HelpdeskRecord>, Failure> {
    let wanted = fold(typed.trim());
    if wanted == "me" {
        let me = agent_of(view, settings, asker).await?;
        return me.map(|agent| vec![agent]).ok_or_else(|| {
            UserError::unknown(
                "I do not know which agent you are in Freshdesk. Your administrator can set helpdesk = \"your address\" \
                 under [[people]]; meanwhile give the agent's name.",
            )
            .into()
        });
    }
    let agents = scene::agents(view).await?;
    let fits = |test: &dyn Fn(&HelpdeskRecord) -> bool| -> Vec<HelpdeskRecord> {
        agents.iter().filter(|agent| test(agent)).cloned().collect()
    };
    for found in [
        fits(&|agent| agent.email.as_deref() == Some(typed.trim().to_lowercase().as_str())),
        fits(&|agent| fold(&agent.name) == wanted),
        fits(&|agent| !wanted.is_empty() && has_words(&agent.name, &wanted)),
    ] {
        if !found.is_empty() {
            return Ok(found);
        }
    }
    // Somebody chosen out of a menu of people comes as their id; a name goes before, so that none is taken for an id.
    if let Some(agent) = agent_behind(view, settings, typed.trim()).await? {
        return Ok(vec![agent]);
    }
    if typed.trim().starts_with("discord:") {
        return Err(UserError::unknown(
            "I do not know which agent that person is in Freshdesk. Your administrator can set discord and helpdesk \
             under [[people]]; meanwhile use /ticket assign with the agent's name.",
        )
        .into());
    }
    Err(UserError::unknown(format!(
        "No agent is called “{}”. Give a part of the name, or me.",
        clean(typed, 60)
    ))
    .into())
}

/// Does every typed word begin a word of the name?
pub(super) fn has_words(name: &str, folded: &str) -> bool {
    let name = fold(name);
    folded
        .split_whitespace()
        .all(|word| name.split_whitespace().any(|part| part.starts_with(word)))
}

/// A choice between agents.
pub(super) fn which(agents: &[HelpdeskRecord], ask: impl Fn(&HelpdeskRecord) -> String) -> Reply {
    let mut reply = Reply::sentence(Outcome::Choose, "Several agents are called so. Which one?");
    let more = agents.len().saturating_sub(MOST_AGENTS);
    if more > 0 {
        reply
            .text
            .push_str(&format!(" {more} more are; add another part of the name."));
    }
    reply.menu = Some(Menu {
        prompt: "Which agent?".to_owned(),
        options: agents
            .iter()
            .take(MOST_AGENTS)
            .map(|agent| {
                let label = match &agent.email {
                    Some(email) => format!("{} ({})", clean(&agent.name, 60), clean(email, 80)),
                    None => clean(&agent.name, 80),
                };
                Action::ask(label, ask(agent))
            })
            .collect(),
    });
    reply
}
