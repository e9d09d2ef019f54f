//! What people are told of a write: that it was refused, that it waits for an administrator, and that it went
//! through after all.
//!
//! Promises: who reads of it are those in the ticket's thread, or, where the ticket has none, the one person
//! who asked; a write has one such message, which changes in place; nobody is told of what nobody asked for.

use chrono::{DateTime, Utc};
use hammerdesk_domain::chat::{Platform, Post};
use hammerdesk_domain::helpdesk::{HelpdeskWrite, TicketId, token_of};
use hammerdesk_domain::ids::ChannelId;
use hammerdesk_domain::message::{Action, Outcome, Reply, Visibility};
use hammerdesk_store::{StoreError, Unit};

use super::{HelpdeskDeliverer, Order};
use crate::bridge::head_key;

impl HelpdeskDeliverer {
    /// It was not done and never will be.
    pub(super) async fn say_refused(
        &self,
        unit: &mut Unit,
        order: &Order,
        why: &str,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let sentence = format!("{}: {why}.", order.undone());
        Ok(tell(unit, order, Reply::sentence(Outcome::Error, sentence), now).await?)
    }

    /// The key's agent may not do it. It waits for somebody to see to that, and people hear of it once.
    pub(super) async fn say_waits(&self, order: &Order, now: DateTime<Utc>) -> anyhow::Result<()> {
        let sentence = format!(
            "{} yet: the agent whose key hammerdesk uses may not do that. It waits, and is tried again every few \
             minutes; your administrator can give that agent the right in Freshdesk.",
            order.undone()
        );
        let mut unit = self.helpdesk.store().write().await?;
        tell(&mut unit, order, Reply::sentence(Outcome::Error, sentence), now).await?;
        unit.commit().await?;
        self.nudge.nudge();
        Ok(())
    }

    /// Whoever read that it waits reads that it is done; whoever asked for a ticket is told its number.
    pub(super) async fn say_done(
        &self,
        unit: &mut Unit,
        order: &Order,
        id: &str,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        if let HelpdeskWrite::Create(_) = order.write {
            let mut reply = Reply::sentence(
                Outcome::Answered,
                format!("The ticket you asked for is number {id}."),
            );
            reply.actions = vec![Action::ask(format!("Show #{id}"), format!("/ticket show {id}"))];
            return Ok(tell(unit, order, reply, now).await?);
        }
        let key = key(order);
        let was_told = unit.stored_post(&key, Platform::Console).await?.is_some()
            || unit.stored_post(&key, Platform::Discord).await?.is_some();
        if was_told {
            let reply = Reply::sentence(Outcome::Answered, "What waited for Freshdesk is done now.");
            tell(unit, order, reply, now).await?;
        }
        Ok(())
    }
}

fn key(order: &Order) -> String {
    format!("refused:{}", order.token)
}

async fn tell(
    unit: &mut Unit,
    order: &Order,
    mut reply: Reply,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let shown = hammerdesk_commands::offered(&mut reply);
    unit.remember_actions(&shown, now).await?;
    if let Some(ticket) = order.write.ticket() {
        // Nobody asked for the note with the facts, so nobody misses it.
        if order.token == token_of(&format!("facts:{ticket}")) {
            return Ok(());
        }
        if in_thread(unit, order, ticket, &reply, now).await? {
            return Ok(());
        }
    }
    let Some(asked_by) = &order.asked_by else {
        return Ok(());
    };
    let Some(platform) = Platform::named(&asked_by.platform) else {
        return Ok(());
    };
    let mut post =
        Post::new(key(order), ChannelId::new(&asked_by.place), reply).only_for(asked_by.who.clone());
    post.reply.visibility = Visibility::Private;
    unit.post(&post, [platform], now).await
}

/// Says it in the ticket's thread, wherever that stands; `false` where it stands nowhere.
async fn in_thread(
    unit: &mut Unit,
    order: &Order,
    ticket: TicketId,
    reply: &Reply,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let head = head_key(ticket);
    let mut is_said = false;
    for platform in [Platform::Console, Platform::Discord] {
        let Some(standing) = unit.stored_post(&head, platform).await? else {
            continue;
        };
        let mut post = Post::new(key(order), standing.post.channel, reply.clone()).within(head.clone());
        post.reply.visibility = Visibility::Shared;
        unit.post(&post, [platform], now).await?;
        is_said = true;
    }
    Ok(is_said)
}
