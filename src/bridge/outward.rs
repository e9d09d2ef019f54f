//! From chat into the helpdesk: plain talk in a ticket's thread, where the channel's rule says that it becomes
//! a private note. It never becomes a reply: what a client reads is sent by its own command, with a preview.

use futures_util::future::BoxFuture;
use hammerdesk_domain::chat::SaidHow;
use hammerdesk_domain::helpdesk::{HelpdeskWrite, WriteToken, html_of, token_of};
use hammerdesk_domain::text::clean;
use hammerdesk_store::Heard;

use super::scene::Scene;
use super::{Bridge, Talk, ticket_of};
use crate::engine::{Module, Progress};

/// How much is taken at once.
const AT_ONCE: i64 = 100;

/// Takes what people said in the threads of tickets to the helpdesk.
#[derive(Debug)]
pub struct Outward(pub Bridge);

impl Outward {
    async fn take(&self, heard: &Heard) -> anyhow::Result<()> {
        let bridge = &self.0.0;
        let scene = match ticket_of(&heard.key) {
            Some(ticket) => Scene::look(&mut bridge.store.read().await?, ticket).await?,
            None => None,
        };
        let write = scene
            .as_ref()
            .filter(|scene| {
                scene
                    .rule(&bridge.rules)
                    .is_some_and(|rule| rule.talk == Talk::Note)
            })
            .map(|scene| as_note(scene, heard));
        let now = bridge.clock.now();
        let mut unit = bridge.store.write().await?;
        if unit.heard_handled(heard.id, now).await?
            && let Some((token, write)) = write
        {
            unit.enqueue_write(token, &write, 1, now).await?;
        }
        unit.commit().await?;
        Ok(())
    }

    async fn all(&self) -> anyhow::Result<Progress> {
        let mut waiting = self.0.0.store.read().await?.heard(AT_ONCE).await?;
        // What is said about an escalation is its own module's to hear.
        waiting.retain(|heard| !heard.key.starts_with("escalation:"));
        if waiting.is_empty() {
            return Ok(Progress::Idle);
        }
        for heard in &waiting {
            self.take(heard).await?;
        }
        Ok(Progress::Worked)
    }
}

/// The note that some talk becomes, changes or leaves.
fn as_note(scene: &Scene, heard: &Heard) -> (WriteToken, HelpdeskWrite) {
    let ticket = scene.stored.ticket.id;
    let name = format!("heard:{}:{}", heard.platform.as_str(), heard.message);
    let note = token_of(&name);
    let html = format!(
        "<b>{} in chat:</b><br>{}",
        html_of(&clean(&heard.said.name, 80)),
        html_of(&heard.said.text)
    );
    match heard.how {
        SaidHow::Said => (
            note,
            HelpdeskWrite::Note {
                ticket,
                html,
                files: heard.said.files.clone(),
            },
        ),
        SaidHow::Edited => (
            token_of(&format!("{name}:edited:{}", heard.id)),
            HelpdeskWrite::EditNote { ticket, note, html },
        ),
        SaidHow::Deleted => (
            token_of(&format!("{name}:deleted")),
            HelpdeskWrite::DeleteNote { ticket, note },
        ),
    }
}

impl Module for Outward {
    fn name(&self) -> &str {
        "bridge:out"
    }

    fn step(&self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(self.all())
    }
}
