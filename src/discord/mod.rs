//! Discord, through serenity: the only place that knows that platform.
//!
//! An interaction becomes a [`Request`](hammerdesk_commands::request::Request), the reply becomes messages;
//! what may be asked and by whom is decided by the commands. The gateway is only a hint: whatever is shown
//! is put right again each time a session begins.

mod cdn;
mod check;
mod deliver;
mod desk;
mod floor;
mod gate;
mod gateway;
mod hear;
mod interactions;
mod limits;
mod people;
mod reaching;
mod register;
mod render;
mod rest;
mod text;

use std::num::{NonZeroU32, NonZeroUsize};

use hammerdesk_domain::chat::Channel;

pub use self::cdn::{Cdn, Unfetched};
pub use self::check::{Finding, check};
pub use self::deliver::DiscordDeliverer;
pub use self::floor::FloorBot;
pub use self::gateway::{Discord, State};
pub use self::people::{Grant, People};
use crate::config::Secret;

/// What the administrator decided about Discord.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The bot's token.
    pub token: Secret,
    /// Another base than Discord's.
    pub api_url: Option<String>,
    /// Another gateway than the one that the base names.
    pub gateway_url: Option<String>,
    /// The servers in which the bot works; all that it is in where this is empty.
    pub guilds: Vec<u64>,
    /// Who may ask.
    pub people: People,
    /// Listens in the threads of posts, for which Discord wants its "Message Content Intent" switched on.
    pub listens: bool,
    /// The channels that are known by name.
    pub channels: Vec<Channel>,
    /// Calls a second over all routes, where it is not what Discord allows every bot.
    pub calls_per_second: Option<NonZeroU32>,
    /// Refused calls in ten minutes after which none is sent, where the address is not the bot's alone.
    pub refused_at_most: Option<NonZeroUsize>,
    /// A certificate authority (PEM or DER) that is trusted beside the web's: a proxy's.
    pub authority: Option<Vec<u8>>,
}
