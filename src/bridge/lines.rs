//! What happened to a ticket, in words for its thread.

use hammerdesk_domain::chat::Post;
use hammerdesk_domain::helpdesk::{Attachment, Conversation, EventKind, TicketEvent, without_mark};
use hammerdesk_domain::ids::ChannelId;
use hammerdesk_domain::message::{Link, Outcome, Reply, Visibility};
use hammerdesk_domain::text::clean;
use hammerdesk_store::{StoreError, View};

use super::head_key;
use super::rules::priority_word;
use super::scene::{Scene, actor_name, speaker};
use crate::freshdesk::{chosen, weight};

/// Longer words are read in the helpdesk.
const LONGEST: usize = 3_500;

/// A message as it should stand in the thread.
pub(super) async fn message(
    view: &mut View,
    channel: &ChannelId,
    said: &Conversation,
    files: &[Attachment],
    address: &str,
) -> Result<Post, StoreError> {
    let name = speaker(view, said).await?;
    let name = clean(&name, 80);
    let (who, is_changed) = (
        match said.kind() {
            EventKind::CustomerMessage => format!("{name} (client)"),
            EventKind::AgentMessage => format!("{name} (to the client)"),
            EventKind::Note => format!("{name} (private note)"),
            EventKind::ThirdParty => format!("{name} (third party)"),
            EventKind::Survey => format!("{name} (rating)"),
            _ => name,
        },
        said.updated_at > said.created_at && said.kind() == EventKind::Note,
    );
    let mut text = words(&said.text);
    if is_changed {
        text.push_str("\n(changed)");
    }
    let bare = empty(said.ticket.0, said.id, channel);
    Ok(with_files(bare, who, text, files, address))
}

/// The words with which a ticket began.
pub(super) fn description(scene: &Scene, channel: &ChannelId, files: &[Attachment], address: &str) -> Post {
    let text = scene.stored.description_text.as_deref().unwrap_or_default();
    let name = clean(scene.requester.as_deref().unwrap_or("unknown sender"), 80);
    let id = scene.stored.ticket.id.0;
    with_files(
        empty(id, 0, channel),
        format!("{name} (client)"),
        words(text),
        files,
        address,
    )
}

/// A message that is no longer in the helpdesk.
pub(super) fn taken_away(ticket: i64, conversation: i64, channel: &ChannelId) -> Post {
    let text = "This message was taken away in the helpdesk.";
    post(
        &key(ticket, conversation),
        channel,
        ticket,
        Reply::sentence(Outcome::Answered, text),
    )
}

/// A note of ours that somebody took away there: its words stand in chat as somebody's own.
pub(super) fn note_taken_away(ticket: i64, conversation: i64, channel: &ChannelId) -> Post {
    let text = "A note that came from this thread was taken away in the helpdesk.";
    post(
        &format!("removed:{ticket}:{conversation}"),
        channel,
        ticket,
        Reply::sentence(Outcome::Answered, text),
    )
}

fn empty(ticket: i64, conversation: i64, channel: &ChannelId) -> Post {
    let reply = Reply::sentence(Outcome::Answered, "");
    post(&key(ticket, conversation), channel, ticket, reply)
}

fn key(ticket: i64, conversation: i64) -> String {
    format!("said:{ticket}:{conversation}")
}

fn words(text: &str) -> String {
    let text = without_mark(text);
    let text = text.trim();
    if text.is_empty() {
        return "(no words)".to_owned();
    }
    let mut out: String = text.chars().take(LONGEST).collect();
    let more = text.chars().count().saturating_sub(LONGEST);
    if more > 0 {
        out.push_str(&format!("\n… {more} more characters in the helpdesk"));
    }
    out
}

fn with_files(bare: Post, author: String, mut text: String, files: &[Attachment], address: &str) -> Post {
    let (come_along, left_out) = chosen(files);
    for file in &come_along {
        text.push_str(&format!(
            "\nFile: {} ({})",
            clean(&file.name, 80),
            weight(file.size)
        ));
    }
    for line in left_out {
        text.push_str(&format!("\n{line}"));
    }
    let mut out = Post {
        author: Some(author),
        files: come_along,
        ..bare
    };
    out.reply.text = text;
    if !files.is_empty() {
        out.reply.links.push(Link {
            label: "Files in Freshdesk".to_owned(),
            url: address.to_owned(),
        });
    }
    out
}

pub(super) fn post(key: &str, channel: &ChannelId, ticket: i64, mut reply: Reply) -> Post {
    reply.visibility = Visibility::Shared;
    Post::new(key, channel.clone(), reply).within(head_key(hammerdesk_domain::helpdesk::TicketId(ticket)))
}

/// What changed on a ticket, in a sentence; nothing for what says itself elsewhere.
pub(super) async fn change(
    view: &mut View,
    scene: &Scene,
    event: &TicketEvent,
) -> Result<Option<String>, StoreError> {
    let status = |code: &Option<String>| {
        code.as_deref()
            .and_then(|code| code.parse().ok())
            .map(|code| scene.status(code))
    };
    let now = event.now.clone().unwrap_or_default();
    let sentence = match event.kind {
        EventKind::Status => match (status(&event.was), status(&event.now)) {
            (Some(was), Some(now)) => format!("Status: {was} → {now}"),
            (_, now) => format!("Status: {}", now.unwrap_or_default()),
        },
        EventKind::Priority => format!("Priority: {}", priority_word(now.parse().unwrap_or_default())),
        EventKind::Responder => match &scene.responder {
            Some(name) => format!("Now with {name}"),
            None => "Nobody has it now".to_owned(),
        },
        EventKind::Group => format!("Group: {}", scene.group.as_deref().unwrap_or("none")),
        EventKind::Type => format!("Type: {}", event.now.as_deref().unwrap_or("none")),
        EventKind::Subject => format!("Subject: {}", clean(&now, 120)),
        EventKind::Tags => format!("Tags: {}", scene.stored.ticket.tags.join(", ")),
        EventKind::Asker => format!("Asked by {}", scene.asker()),
        EventKind::Merged => format!("Merged into ticket {now}. It goes on there."),
        EventKind::Spam => "Marked as spam".to_owned(),
        EventKind::Deleted => "Deleted in the helpdesk".to_owned(),
        EventKind::Archived => "Archived".to_owned(),
        EventKind::Restored => "Back in the helpdesk".to_owned(),
        EventKind::Created
        | EventKind::CustomerMessage
        | EventKind::AgentMessage
        | EventKind::Note
        | EventKind::ThirdParty
        | EventKind::Survey
        | EventKind::Edited
        | EventKind::Removed => return Ok(None),
    };
    let by = actor_name(view, event.by).await?;
    Ok(Some(by.map_or_else(
        || sentence.clone(),
        |name| format!("{sentence} ({})", clean(&name, 80)),
    )))
}
