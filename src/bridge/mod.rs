//! The bridge between helpdesk and chat: what is said in one stands in the other, once, in the right
//! visibility.
//!
//! Inward, it reads the record of what happened and says what should stand in chat; outward, it reads what
//! people said in the threads and asks the helpdesk to keep it. It never listens to what it wrote itself: in
//! chat only people are heard, and in the helpdesk whatever carries a token of ours is skipped. So nothing
//! can go round in a circle.

mod card;
mod clocks;
mod inward;
mod lines;
mod notes;
mod outward;
mod refresh;
pub mod rules;
mod scene;

use std::sync::Arc;

use chrono::TimeDelta;
use hammerdesk_commands::Commands;
use hammerdesk_domain::access::{Asker, Permission, Role, Scope};
use hammerdesk_domain::chat::Channel;
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_domain::ids::PersonId;
use hammerdesk_store::Store;

pub use inward::{Cards, Inward};
pub use outward::Outward;
pub use refresh::Refresh;
pub use rules::{BridgeRule, Talk};

use crate::App;

/// A ticket that nobody has touched for so long opens no thread: a first start finds years of them.
const LIVELY: TimeDelta = TimeDelta::days(14);

/// Everything the bridge works with. Cheap to clone.
#[derive(Clone)]
pub struct Bridge(Arc<Inner>);

struct Inner {
    store: Store,
    commands: Commands,
    clock: Arc<dyn Clock>,
    rules: Vec<BridgeRule>,
    /// `https://name.freshdesk.com`, for the way to a ticket.
    site: String,
    /// Is a new ticket of a known client told its facts?
    facts_note: bool,
}

impl std::fmt::Debug for Bridge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bridge")
            .field("rules", &self.0.rules)
            .finish_non_exhaustive()
    }
}

impl Bridge {
    /// A bridge with those rules.
    pub fn new(app: &App, rules: Vec<BridgeRule>, site: &str, facts_note: bool) -> Self {
        Self(Arc::new(Inner {
            store: app.store.clone(),
            commands: app.commands.clone(),
            clock: Arc::clone(&app.clock),
            rules,
            site: site.trim_end_matches('/').to_owned(),
            facts_note,
        }))
    }

    /// Where people read that ticket.
    fn address(&self, ticket: TicketId) -> String {
        format!("{}/a/tickets/{ticket}", self.0.site)
    }
}

/// The key of a ticket's card in chat.
pub fn head_key(ticket: TicketId) -> String {
    format!("ticket:{ticket}")
}

/// The ticket of a card's key.
pub fn ticket_of(key: &str) -> Option<TicketId> {
    key.strip_prefix("ticket:")?.parse().ok().map(TicketId)
}

/// Everybody in a channel, as one asker: may what all of them may, so that a card there shows no more.
pub(crate) fn readers_of(channel: &Channel) -> Asker {
    let scope = channel
        .location
        .as_ref()
        .map_or(Scope::All, |location| Scope::Only([location.clone()].into()));
    reader("bridge", &channel.needs, scope)
}

/// Whoever reads a private note in the helpdesk.
fn readers_of_notes() -> Asker {
    reader("notes", &[Permission::Internal], Scope::All)
}

fn reader(id: &str, needs: &[Permission], scope: Scope) -> Asker {
    let mut permissions = vec![
        Permission::Balance,
        Permission::Release,
        Permission::Deposit,
        Permission::Client,
    ];
    permissions.extend(
        needs
            .iter()
            .filter(|permission| **permission != Permission::RestrictedHolds),
    );
    Asker {
        id: PersonId::new(id),
        name: "hammerdesk".to_owned(),
        role: Arc::new(Role::new(id, "hammerdesk", &permissions)),
        scope,
    }
}
