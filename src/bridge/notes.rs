//! Private notes that the bridge writes by itself: the facts of a new ticket's account, and answers to notes
//! that ask with `#hd`.

use chrono::TimeDelta;
use hammerdesk_commands::render;
use hammerdesk_commands::request::{Place, Request, What};
use hammerdesk_domain::access::Permission;
use hammerdesk_domain::helpdesk::{
    ActorKind, Conversation, Gone, HelpdeskWrite, TicketId, WriteToken, html_of, token_of,
};
use hammerdesk_domain::message::{Card, Reply};
use hammerdesk_store::helpdesk::RecordKind;

use super::scene::Scene;
use super::{Bridge, readers_of_notes};

/// A ticket older than this is not told its facts: a first start finds years of them.
const NEW: TimeDelta = TimeDelta::days(2);
/// How a note begins that asks something.
const ASKING: &str = "#hd";
/// The longest question.
const LONGEST: usize = 500;

/// The one note with the facts on a new ticket of a known client; nothing where there is nothing to say, or
/// where it was said. Restricted matters and restricted clients never stand in it.
pub(super) async fn facts(
    bridge: &Bridge,
    scene: &Scene,
) -> anyhow::Result<Option<(WriteToken, HelpdeskWrite)>> {
    let ticket = &scene.stored.ticket;
    let is_new = ticket.created_at > bridge.0.clock.now() - NEW && ticket.gone == Gone::Here;
    let client = scene.verdict.as_ref().and_then(|(verdict, _)| verdict.client());
    let (true, Some(client)) = (is_new, client) else {
        return Ok(None);
    };
    let token = token_of(&format!("facts:{}", ticket.id));
    if bridge.0.store.read().await?.ticket_write(token).await?.is_some() {
        return Ok(None);
    }
    let brief = bridge
        .0
        .commands
        .brief(&readers_of_notes(), client)
        .await
        .map_err(|failure| anyhow::anyhow!("{failure}"))?;
    let Some(brief) = brief else {
        return Ok(None);
    };
    let card = Card {
        title: brief.title,
        sections: brief.sections,
        as_of: brief.as_of,
        stale: brief.stale,
        ..Card::default()
    };
    let text = render::plain(&Reply::card(card, brief.facts));
    Ok(Some((
        token,
        note(
            ticket.id,
            &format!(
                "{text}\n\nAsk for more with a private note such as: #hd balance {}",
                client.short()
            ),
        ),
    )))
}

/// The answer to a note that asks; nothing where it does not. What it asks is answered as the agent who
/// wrote it may see it.
pub(super) async fn answer(
    bridge: &Bridge,
    said: &Conversation,
) -> anyhow::Result<Option<(WriteToken, HelpdeskWrite)>> {
    let text = said.text.trim();
    let Some(question) = text
        .get(..ASKING.len())
        .filter(|begin| begin.eq_ignore_ascii_case(ASKING))
        .map(|_| &text[ASKING.len()..])
        .filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
    else {
        return Ok(None);
    };
    let by = said.actor();
    if by.kind != ActorKind::Agent {
        return Ok(None);
    }
    let question: String = question.trim().chars().take(LONGEST).collect();
    let email = match by.id {
        Some(id) => bridge
            .0
            .store
            .read()
            .await?
            .helpdesk_record(RecordKind::Agent, id)
            .await?
            .and_then(|agent| agent.email),
        None => None,
    };
    let settings = bridge.0.commands.settings();
    let person = email.and_then(|email| settings.agents.get(&email).cloned());
    let words = match person.as_ref().and_then(|person| settings.people.get(person)) {
        None => {
            "I do not know you yet. Your administrator can set helpdesk = \"your address\" under [[people]]."
                .to_owned()
        }
        Some(asker) if asker.may(Permission::RestrictedHolds) => {
            "Your answers may hold what others must not read here. Ask in the chat instead.".to_owned()
        }
        Some(asker) => {
            let line = if question.is_empty() {
                "/help".to_owned()
            } else {
                format!("/{}", question.trim_start_matches('/'))
            };
            let request = Request {
                who: asker.id.clone(),
                place: Place {
                    platform: "note",
                    channel: format!("ticket-{}", said.ticket),
                    open: false,
                },
                what: What::Typed(line),
                at: bridge.0.clock.now(),
            };
            let mut reply = bridge.0.commands.answer(request).await;
            reply.actions.clear();
            reply.files.clear();
            render::plain(&reply)
        }
    };
    let token = token_of(&format!("hd:{}", said.id));
    Ok(Some((token, note(said.ticket, &words))))
}

fn note(ticket: TicketId, text: &str) -> HelpdeskWrite {
    HelpdeskWrite::Note {
        ticket,
        html: html_of(text),
        files: Vec::new(),
    }
}
