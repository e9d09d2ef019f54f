//! What Discord knows: guilds, channels, people, messages, commands, interactions.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tokio::sync::Notify;

use super::fault::Faults;
use super::gateway::Gateway;
use super::id::Id;
use super::limit::Limits;
use super::log::Log;
use super::rights::{Overwrite, Rights};

/// Flag of a message that only one person sees.
pub(super) const EPHEMERAL: u64 = 1 << 6;
/// Flag of "is thinking".
pub(super) const LOADING: u64 = 1 << 7;
/// Flag of a message from which a thread hangs.
pub(super) const HAS_THREAD: u64 = 1 << 5;
/// Flag of a message made of the newer components.
pub(super) const COMPONENTS_V2: u64 = 1 << 15;

#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) id: Id,
    pub(super) name: String,
    pub(super) global_name: Option<String>,
    pub(super) is_bot: bool,
    pub(super) locale: String,
    pub(super) takes_messages: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) user: Id,
    pub(super) nick: Option<String>,
    pub(super) roles: Vec<Id>,
    pub(super) joined_at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub(super) struct Role {
    pub(super) id: Id,
    pub(super) name: String,
    pub(super) rights: Rights,
    pub(super) position: u64,
    pub(super) is_managed: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Guild {
    pub(super) id: Id,
    pub(super) name: String,
    pub(super) owner: Id,
    pub(super) locale: String,
    pub(super) roles: Vec<Role>,
    pub(super) members: BTreeMap<Id, Member>,
}

#[derive(Debug, Clone)]
pub(super) struct Thread {
    pub(super) is_archived: bool,
    pub(super) is_locked: bool,
    pub(super) is_invitable: bool,
    pub(super) archive_minutes: i64,
    pub(super) changed_at: DateTime<Utc>,
    pub(super) owner: Id,
    pub(super) members: BTreeSet<Id>,
}

#[derive(Debug, Clone)]
pub(super) struct Channel {
    pub(super) id: Id,
    pub(super) kind: u8,
    pub(super) guild: Option<Id>,
    pub(super) parent: Option<Id>,
    pub(super) name: String,
    pub(super) topic: Option<String>,
    pub(super) position: u64,
    pub(super) overwrites: Vec<Overwrite>,
    pub(super) recipient: Option<Id>,
    pub(super) thread: Option<Thread>,
    /// In the order in which they were sent; ephemeral ones too.
    pub(super) messages: Vec<Id>,
    pub(super) renamed_at: VecDeque<DateTime<Utc>>,
}

#[derive(Debug, Clone)]
pub(super) struct Attachment {
    pub(super) id: Id,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) kind: String,
    pub(super) bytes: Arc<[u8]>,
    pub(super) is_ephemeral: bool,
}

/// What an interaction leaves on the message that answers it.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) interaction: Id,
    pub(super) kind: u8,
    pub(super) person: Id,
    pub(super) command: Option<String>,
    /// The message whose component was used.
    pub(super) source: Option<Id>,
}

#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: Id,
    pub(super) channel: Id,
    pub(super) author: Id,
    pub(super) kind: u8,
    pub(super) content: String,
    pub(super) embeds: Vec<Value>,
    pub(super) components: Vec<Value>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) flags: u64,
    pub(super) sent_at: DateTime<Utc>,
    pub(super) edited_at: Option<DateTime<Utc>>,
    pub(super) edits: u32,
    pub(super) nonce: Option<Value>,
    pub(super) reference: Option<Id>,
    pub(super) thread: Option<Id>,
    pub(super) origin: Option<Origin>,
    /// Who alone sees it.
    pub(super) only_for: Option<Id>,
    /// Whom it pinged.
    pub(super) pings: Pings,
    pub(super) is_pinned: bool,
}

/// Whom a message notifies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pings {
    /// @everyone or @here.
    pub everyone: bool,
    /// People.
    pub people: Vec<Id>,
    /// Roles.
    pub roles: Vec<Id>,
}

#[derive(Debug, Clone)]
pub(super) struct Command {
    pub(super) id: Id,
    pub(super) guild: Option<Id>,
    pub(super) kind: i64,
    pub(super) name: String,
    /// As it was registered, without nulls.
    pub(super) body: Value,
}

/// What was acknowledged with what, and when.
#[derive(Debug, Clone)]
pub(super) struct Acknowledged {
    pub(super) kind: i64,
    pub(super) after: std::time::Duration,
    pub(super) is_ephemeral: bool,
}

#[derive(Debug)]
pub(super) struct Interaction {
    pub(super) token: String,
    /// 2 command, 3 component, 4 completion, 5 modal.
    pub(super) kind: u8,
    pub(super) person: Id,
    pub(super) channel: Id,
    pub(super) command: Option<String>,
    /// The message whose component was used.
    pub(super) source: Option<Id>,
    pub(super) sent: Instant,
    pub(super) sent_at: DateTime<Utc>,
    pub(super) acknowledged: Option<Acknowledged>,
    /// What `@original` names.
    pub(super) original: Option<Id>,
    /// Whether a deferred answer is still awaited.
    pub(super) is_thinking: bool,
    pub(super) finished_after: Option<std::time::Duration>,
    pub(super) follow_ups: Vec<Id>,
    pub(super) modal: Option<Value>,
    pub(super) choices: Option<Vec<Value>>,
    pub(super) changed: Arc<Notify>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) last_id: u64,
    pub(super) token: String,
    pub(super) base: String,
    pub(super) bot: Id,
    pub(super) users: HashMap<Id, User>,
    pub(super) guilds: BTreeMap<Id, Guild>,
    pub(super) channels: BTreeMap<Id, Channel>,
    pub(super) messages: HashMap<Id, Message>,
    pub(super) deleted: HashSet<Id>,
    pub(super) uploads: HashMap<Id, Attachment>,
    pub(super) commands: Vec<Command>,
    pub(super) commands_created_at: HashMap<Option<Id>, Vec<DateTime<Utc>>>,
    pub(super) interactions: HashMap<Id, Interaction>,
    pub(super) by_token: HashMap<String, Id>,
    pub(super) nonces: HashMap<(Id, String), (Id, DateTime<Utc>)>,
    pub(super) old_edits: HashMap<Id, Vec<DateTime<Utc>>>,
    pub(super) gateway: Gateway,
    pub(super) faults: Faults,
    pub(super) limits: Limits,
    pub(super) log: Log,
    pub(super) has_message_content: bool,
    pub(super) rules: Rules,
}

/// What is demanded beyond what Discord demands, and how time runs out.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Every message says whom it may ping: nobody. Default: yes.
    pub demand_no_mentions: bool,
    /// Three seconds are the clock's instead of real ones. Default: no.
    pub patience_by_clock: bool,
    /// How many edits of messages older than an hour a channel takes in an hour. Default: any number.
    pub old_edits_per_hour: Option<usize>,
    /// How many active threads a guild has at most.
    pub active_threads: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            demand_no_mentions: true,
            patience_by_clock: false,
            old_edits_per_hour: None,
            active_threads: 1000,
        }
    }
}

impl State {
    /// A new id, later than every other.
    pub(super) fn new_id(&mut self, now: DateTime<Utc>) -> Id {
        self.last_id = Id::at(now).0.max(self.last_id + 1);
        Id(self.last_id)
    }

    pub(super) fn user(&self, id: Id) -> User {
        self.users.get(&id).cloned().unwrap_or_else(|| User {
            id,
            name: "Deleted User".into(),
            global_name: None,
            is_bot: false,
            locale: "en-GB".into(),
            takes_messages: false,
        })
    }

    pub(super) fn member(&self, guild: Id, user: Id) -> Option<&Member> {
        self.guilds.get(&guild)?.members.get(&user)
    }

    /// The message, unless it is somebody's alone: those cannot be named through a channel.
    pub(super) fn public_message(&self, channel: Id, message: Id) -> Option<&Message> {
        self.messages
            .get(&message)
            .filter(|found| found.channel == channel && found.only_for.is_none())
    }

    /// Stores a message and tells the gateway.
    pub(super) fn send(&mut self, message: Message) -> Id {
        let id = message.id;
        if let Some(channel) = self.channels.get_mut(&message.channel) {
            channel.messages.push(id);
            if let Some(thread) = &mut channel.thread {
                thread.members.insert(message.author);
            }
        }
        let is_private = message.only_for.is_some();
        self.messages.insert(id, message);
        if !is_private {
            self.tell_message("MESSAGE_CREATE", id);
        }
        id
    }

    /// Removes a message and tells the gateway.
    pub(super) fn remove_message(&mut self, id: Id) {
        let Some(message) = self.messages.remove(&id) else {
            return;
        };
        self.deleted.insert(id);
        if let Some(channel) = self.channels.get_mut(&message.channel) {
            channel.messages.retain(|other| *other != id);
        }
        if message.only_for.is_none() {
            self.tell_message_gone(&message);
        }
    }

    /// The command as somebody in that guild sees it: the guild's own before the global one.
    pub(super) fn command(&self, guild: Option<Id>, kind: i64, name: &str) -> Option<&Command> {
        let find = |scope: Option<Id>| {
            self.commands
                .iter()
                .find(|command| command.guild == scope && command.kind == kind && command.name == name)
        };
        guild.and_then(|guild| find(Some(guild))).or_else(|| find(None))
    }

    /// Active threads of a guild.
    pub(super) fn active_threads(&self, guild: Id) -> impl Iterator<Item = &Channel> {
        self.channels.values().filter(move |channel| {
            channel.guild == Some(guild) && channel.thread.as_ref().is_some_and(|thread| !thread.is_archived)
        })
    }
}

/// Whether `then` is more than that long before `now`.
pub(super) fn older(then: DateTime<Utc>, now: DateTime<Utc>, than: TimeDelta) -> bool {
    now - then > than
}
