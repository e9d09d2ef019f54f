//! Permissions: their bits, and who has which where, by Discord's own order of overwrites.

use std::ops::BitOr;

use super::id::Id;
use super::model::{Channel, State};

/// A set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights(pub u64);

impl Rights {
    /// Everything, overwrites or not.
    pub const ADMINISTRATOR: Self = Self(1 << 3);
    /// Change channels.
    pub const MANAGE_CHANNELS: Self = Self(1 << 4);
    /// Change the guild.
    pub const MANAGE_GUILD: Self = Self(1 << 5);
    /// See the channel.
    pub const VIEW_CHANNEL: Self = Self(1 << 10);
    /// Write in it.
    pub const SEND_MESSAGES: Self = Self(1 << 11);
    /// Delete others' messages.
    pub const MANAGE_MESSAGES: Self = Self(1 << 13);
    /// Send embeds.
    pub const EMBED_LINKS: Self = Self(1 << 14);
    /// Send files.
    pub const ATTACH_FILES: Self = Self(1 << 15);
    /// Read what was there before.
    pub const READ_MESSAGE_HISTORY: Self = Self(1 << 16);
    /// Ping everyone, and roles.
    pub const MENTION_EVERYONE: Self = Self(1 << 17);
    /// Give and take roles.
    pub const MANAGE_ROLES: Self = Self(1 << 28);
    /// Use commands.
    pub const USE_APPLICATION_COMMANDS: Self = Self(1 << 31);
    /// Archive, lock and rename threads.
    pub const MANAGE_THREADS: Self = Self(1 << 34);
    /// Open threads for all.
    pub const CREATE_PUBLIC_THREADS: Self = Self(1 << 35);
    /// Open threads for some.
    pub const CREATE_PRIVATE_THREADS: Self = Self(1 << 36);
    /// Write in threads.
    pub const SEND_MESSAGES_IN_THREADS: Self = Self(1 << 38);
    /// Pin messages.
    pub const PIN_MESSAGES: Self = Self(1 << 51);
    /// Every right there is.
    pub const ALL: Self = Self((1 << 53) - 1);
    /// What @everyone has in a new guild, as far as a bot cares.
    pub const EVERYDAY: Self = Self(
        Self::VIEW_CHANNEL.0
            | Self::SEND_MESSAGES.0
            | Self::EMBED_LINKS.0
            | Self::ATTACH_FILES.0
            | Self::READ_MESSAGE_HISTORY.0
            | Self::USE_APPLICATION_COMMANDS.0
            | Self::CREATE_PUBLIC_THREADS.0
            | Self::CREATE_PRIVATE_THREADS.0
            | Self::SEND_MESSAGES_IN_THREADS.0,
    );
    /// None.
    pub const NONE: Self = Self(0);

    /// Whether all of those are among these.
    pub const fn include(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These without those.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl BitOr for Rights {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What a channel allows and denies to a role or to one member.
#[derive(Debug, Clone, Copy)]
pub(super) struct Overwrite {
    pub(super) id: Id,
    pub(super) of_member: bool,
    pub(super) allow: Rights,
    pub(super) deny: Rights,
}

impl State {
    /// What somebody may do in a guild as a whole; `None` for a stranger.
    pub(super) fn guild_rights(&self, guild: Id, person: Id) -> Option<Rights> {
        let guild = self.guilds.get(&guild)?;
        let member = guild.members.get(&person)?;
        if guild.owner == person {
            return Some(Rights::ALL);
        }
        let rights = guild
            .roles
            .iter()
            .filter(|role| role.id == guild.id || member.roles.contains(&role.id))
            .fold(Rights::NONE, |rights, role| rights | role.rights);
        Some(if rights.include(Rights::ADMINISTRATOR) {
            Rights::ALL
        } else {
            rights
        })
    }

    /// What somebody may do in a channel; a thread takes after its parent.
    pub(super) fn rights(&self, channel: &Channel, person: Id) -> Rights {
        let Some(guild_id) = channel.guild else {
            let is_party = channel.recipient == Some(person) || person == self.bot;
            return if is_party { Rights::ALL } else { Rights::NONE };
        };
        let Some(base) = self.guild_rights(guild_id, person) else {
            return Rights::NONE;
        };
        if base.include(Rights::ADMINISTRATOR) {
            return Rights::ALL;
        }
        let ruling = match (&channel.thread, channel.parent) {
            (Some(_), Some(parent)) => self.channels.get(&parent).unwrap_or(channel),
            _ => channel,
        };
        let roles = self
            .guilds
            .get(&guild_id)
            .and_then(|guild| guild.members.get(&person))
            .map_or(&[][..], |member| member.roles.as_slice());
        let apply = |rights: Rights, hits: &dyn Fn(&Overwrite) -> bool| {
            let (mut allow, mut deny) = (Rights::NONE, Rights::NONE);
            for overwrite in ruling.overwrites.iter().filter(|overwrite| hits(overwrite)) {
                allow = allow | overwrite.allow;
                deny = deny | overwrite.deny;
            }
            rights.without(deny) | allow
        };
        let rights = apply(base, &|o| !o.of_member && o.id == guild_id);
        let rights = apply(rights, &|o| {
            !o.of_member && o.id != guild_id && roles.contains(&o.id)
        });
        let rights = apply(rights, &|o| o.of_member && o.id == person);
        if !rights.include(Rights::VIEW_CHANNEL) {
            return Rights::NONE;
        }
        let is_outsider = channel.thread.as_ref().is_some_and(|thread| {
            channel.kind == PRIVATE_THREAD
                && !thread.members.contains(&person)
                && !rights.include(Rights::MANAGE_THREADS)
        });
        if is_outsider { Rights::NONE } else { rights }
    }
}

/// The kind of a private thread.
pub(super) const PRIVATE_THREAD: u8 = 12;
