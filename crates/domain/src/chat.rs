//! What is to stand in chat, whichever platform shows it, and the channels it may stand in.
//!
//! A [`Post`] is named by a key. Posting again under the same key changes what stands there in place, so
//! that whoever decides what a card says need not know whether, where or how often it was shown.

use serde::{Deserialize, Serialize};

use crate::access::{Asker, Permission};
use crate::ids::{ChannelId, LocationId, PersonId};
use crate::message::Reply;

/// Something that is to be seen in a channel, or in the thread of another post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// What it is: `ticket:4711`, `alert:0197..`, `said:4711:88`. One key is one message per platform.
    pub key: String,
    /// Where it stands.
    pub channel: ChannelId,
    /// The key of the post in whose thread it stands.
    pub within: Option<String>,
    /// The title of the thread that it opens. Never a client's secret: titles are seen in lists.
    pub thread: Option<String>,
    /// Whose words these are, shown above them: `Ada Lovelace (customer)`. `None` is the bot itself.
    pub author: Option<String>,
    /// What it says. Everybody in the channel reads it.
    pub reply: Reply,
    /// Higher is shown first where many wait for the same channel; 0 is ordinary.
    pub urgency: u8,
    /// Who is asked by it, and nobody else: the platform calls them by their accounts there, once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<PersonId>,
    /// Files that stand elsewhere and come along: their bytes are fetched when it is shown, and not before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<SaidFile>,
    /// Who alone reads it; everybody in the channel where it is `None`. Then it stands in no thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_for: Option<PersonId>,
}

impl Post {
    /// A post in a channel that opens no thread.
    pub fn new(key: impl Into<String>, channel: ChannelId, reply: Reply) -> Self {
        Self {
            key: key.into(),
            channel,
            within: None,
            thread: None,
            author: None,
            reply,
            urgency: 0,
            mentions: Vec::new(),
            files: Vec::new(),
            only_for: None,
        }
    }

    /// The same, for one person alone.
    #[must_use]
    pub fn only_for(mut self, person: PersonId) -> Self {
        self.only_for = Some(person);
        self
    }

    /// The same, in the thread of another post.
    #[must_use]
    pub fn within(mut self, head: impl Into<String>) -> Self {
        self.within = Some(head.into());
        self
    }

    /// The same, opening a thread.
    #[must_use]
    pub fn opening(mut self, title: impl Into<String>) -> Self {
        self.thread = Some(title.into());
        self
    }
}

/// A channel of the team chat (config `[[channels]]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// As in addresses and rules: `accounts-london`.
    pub id: ChannelId,
    /// What it is for, in a line.
    pub about: String,
    /// Whose team it belongs to; only people who cover that saleroom are in it.
    pub location: Option<LocationId>,
    /// What one must be allowed to be in it.
    pub needs: Vec<Permission>,
    /// May answers about accounts stand here for all to read?
    pub open: bool,
    /// Does it exist in the web console?
    pub console: bool,
    /// The Discord channel that it is, by id.
    pub discord: Option<String>,
}

impl Channel {
    /// Is that person in it?
    pub fn admits(&self, asker: &Asker) -> bool {
        asker.covers(self.location.as_ref()) && self.needs.iter().all(|permission| asker.may(*permission))
    }

    /// May everybody in it read internal reasons? Where not, no answer that may hold one is shared.
    pub fn is_internal(&self) -> bool {
        self.needs.contains(&Permission::Internal)
    }

    /// The platforms that show it.
    pub fn platforms(&self) -> impl Iterator<Item = Platform> {
        let console = self.console.then_some(Platform::Console);
        let discord = self.discord.is_some().then_some(Platform::Discord);
        console.into_iter().chain(discord)
    }
}

/// A team chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// The web console.
    Console,
    /// Discord.
    Discord,
}

impl Platform {
    /// `console`, `discord`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Discord => "discord",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Console, Self::Discord]
            .into_iter()
            .find(|platform| platform.as_str() == name)
    }
}

/// What somebody said, changed or took back in the thread of a post, where somebody else has to act on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Who, as the platform names them: `discord:123`, or a person of the config.
    pub who: String,
    /// As others read it.
    pub name: String,
    /// The words as they are now; empty where they were taken back.
    pub text: String,
    /// Files that came along.
    pub files: Vec<SaidFile>,
}

/// A file that came along with something said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidFile {
    /// Its name.
    pub name: String,
    /// MIME type, where the platform says one.
    pub media_type: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Where it can be fetched from: a URL, `console:MESSAGE/POSITION`, or `freshdesk:TICKET/MESSAGE/FILE`.
    pub from: String,
}

/// What happened to the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SaidHow {
    /// They were said.
    Said,
    /// They were changed.
    Edited,
    /// They were taken back.
    Deleted,
}

impl SaidHow {
    /// `said`, `edited`, `deleted`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Said => "said",
            Self::Edited => "edited",
            Self::Deleted => "deleted",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Said, Self::Edited, Self::Deleted]
            .into_iter()
            .find(|how| how.as_str() == name)
    }
}
