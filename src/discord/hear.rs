//! What people say in the threads of posts, kept for whoever acts on it.
//!
//! A gateway that was away tells nothing of what it missed, so each session begins with a look at every
//! thread from where we last listened. The bot never hears itself or another bot, and a stranger's words are
//! not passed on: the stranger is told so.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_domain::chat::{Platform, Said, SaidFile, SaidHow};
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::ids::new_id;
use hammerdesk_store::{Heard, Store};
use serde::Deserialize;
use serde_json::json;
use serenity::model::channel::{Attachment, Message as Spoken};
use serenity::model::event::MessageUpdateEvent;
use serenity::model::user::User;

use super::People;
use super::people::Member;
use super::render::Message;
use super::rest::{Call, Rest, RestError, Whatever};
use super::text::plain;
use crate::engine::Nudge;

/// Threads that were quiet for longer are not looked into when a session begins.
const LOOKED_BACK: TimeDelta = TimeDelta::days(14);
/// How many threads are looked into at most.
const THREADS: i64 = 500;
/// Messages read at once.
const PAGE: usize = 100;

const UNKNOWN_CHANNEL: u64 = 10_003;
const UNKNOWN_MESSAGE: u64 = 10_008;

/// Listens in the threads of posts. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Hearing(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    rest: Rest,
    store: Store,
    clock: Arc<dyn Clock>,
    people: People,
    nudge: Nudge,
}

/// A member's roles, which a message that is read later does not carry.
#[derive(Debug, Deserialize)]
struct Roles {
    roles: Vec<String>,
}

impl Hearing {
    pub(crate) fn new(rest: Rest, store: Store, clock: Arc<dyn Clock>, people: People, nudge: Nudge) -> Self {
        Self(Arc::new(Inner {
            rest,
            store,
            clock,
            people,
            nudge,
        }))
    }

    /// Something was said.
    pub(crate) async fn said(&self, message: &Spoken) {
        self.kept(self.hear(message, SaidHow::Said, false).await);
    }

    /// Something was changed; what Discord itself adds to a message is no change of its words.
    pub(crate) async fn changed(&self, update: &MessageUpdateEvent) {
        let is_of_words = update.edited_timestamp.is_some() && update.content.is_some();
        if !is_of_words || update.author.as_ref().is_none_or(|author| author.bot) {
            return;
        }
        let path = format!("/channels/{}/messages/{}", update.channel_id, update.id);
        match self.0.rest.call::<Spoken>(Call::get(path)).await {
            Ok(message) => self.kept(self.hear(&message, SaidHow::Edited, false).await),
            Err(error) => tracing::warn!(%error, "a changed message could not be read"),
        }
    }

    /// Something was taken back.
    pub(crate) async fn deleted(&self, channel: u64, message: u64) {
        self.kept(self.forget(&channel.to_string(), &message.to_string()).await);
    }

    fn kept(&self, heard: anyhow::Result<bool>) {
        match heard {
            Ok(true) => self.0.nudge.nudge(),
            Ok(false) => {}
            Err(error) => tracing::error!(
                error = format!("{error:#}"),
                "what was said in a thread could not be kept"
            ),
        }
    }

    async fn hear(&self, message: &Spoken, how: SaidHow, is_late: bool) -> anyhow::Result<bool> {
        if message.author.bot || message.webhook_id.is_some() {
            return Ok(false);
        }
        let place = message.channel_id.to_string();
        let key = {
            let mut view = self.0.store.read().await?;
            view.post_of_thread(Platform::Discord, &place).await?
        };
        let Some(key) = key else {
            return Ok(false);
        };
        let Some((who, name)) = self.speaker(message).await? else {
            if how == SaidHow::Said && !is_late {
                self.tell_stranger(message).await;
            }
            return Ok(false);
        };
        let heard = Heard {
            id: new_id(self.0.clock.now()),
            platform: Platform::Discord,
            place,
            message: message.id.to_string(),
            how,
            key,
            said: Said {
                who,
                name,
                text: message.content.clone(),
                files: message.attachments.iter().map(file).collect(),
            },
            at: at(message, how).unwrap_or_else(|| self.0.clock.now()),
        };
        self.keep(&heard).await
    }

    async fn keep(&self, heard: &Heard) -> anyhow::Result<bool> {
        let mut unit = self.0.store.write().await?;
        let is_new = unit.hear(heard).await?;
        unit.commit().await?;
        Ok(is_new)
    }

    async fn forget(&self, place: &str, message: &str) -> anyhow::Result<bool> {
        let key = {
            let mut view = self.0.store.read().await?;
            if view.post_of_message(Platform::Discord, message).await?.is_some() {
                return Ok(false);
            }
            view.post_of_thread(Platform::Discord, place).await?
        };
        let Some(key) = key else {
            return Ok(false);
        };
        let now = self.0.clock.now();
        let heard = Heard {
            id: new_id(now),
            platform: Platform::Discord,
            place: place.to_owned(),
            message: message.to_owned(),
            how: SaidHow::Deleted,
            key,
            said: Said {
                who: String::new(),
                name: String::new(),
                text: String::new(),
                files: Vec::new(),
            },
            at: now,
        };
        self.keep(&heard).await
    }

    /// Who speaks, where we know them; their roles are asked for where the message does not say.
    async fn speaker(&self, message: &Spoken) -> anyhow::Result<Option<(String, String)>> {
        let author: &User = &message.author;
        let roles = match (&message.member, message.guild_id) {
            (Some(member), _) => member.roles.iter().map(|role| role.get()).collect(),
            (None, Some(guild)) => self.roles(guild.get(), author.id.get()).await?,
            (None, None) => match self.guild_of(message).await? {
                Some(guild) => self.roles(guild, author.id.get()).await?,
                None => Vec::new(),
            },
        };
        let member = Member {
            id: author.id.get(),
            name: author.display_name().to_owned(),
            roles,
        };
        Ok(self
            .0
            .people
            .asker(&member)
            .map(|asker| (asker.id.to_string(), plain(&asker.name, 80))))
    }

    async fn guild_of(&self, message: &Spoken) -> Result<Option<u64>, RestError> {
        #[derive(Deserialize)]
        struct Place {
            guild_id: Option<String>,
        }
        let place: Place = self
            .0
            .rest
            .call(Call::get(format!("/channels/{}", message.channel_id)))
            .await?;
        Ok(place.guild_id.and_then(|id| id.parse().ok()))
    }

    async fn roles(&self, guild: u64, user: u64) -> Result<Vec<u64>, RestError> {
        let call = Call::get(format!("/guilds/{guild}/members/{user}"));
        match self.0.rest.call::<Roles>(call).await {
            Ok(member) => Ok(member.roles.iter().filter_map(|role| role.parse().ok()).collect()),
            // They have left since.
            Err(error) if error.status() == Some(404) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    async fn tell_stranger(&self, message: &Spoken) {
        let mut body = serde_json::to_value(Message::sentence(
            "This was not passed on: I do not know you yet. Ask your administrator for a role that I know.",
        ))
        .unwrap_or_default();
        body["message_reference"] = json!({ "message_id": message.id.to_string() });
        let call = Call::post(format!("/channels/{}/messages", message.channel_id)).json(&body);
        if let Err(error) = self.0.rest.call::<Whatever>(call).await {
            tracing::warn!(%error, "a stranger could not be told that nothing was passed on");
        }
    }

    /// Looks into every thread for what was said while nobody listened, and whether its head still stands.
    pub(crate) async fn catch_up(&self, listens: bool) {
        if let Err(error) = self.every_thread(listens).await {
            tracing::warn!(
                error = format!("{error:#}"),
                "not every thread could be looked into"
            );
        }
        self.0.nudge.nudge();
    }

    async fn every_thread(&self, listens: bool) -> anyhow::Result<()> {
        let since = self.0.clock.now() - LOOKED_BACK;
        let threads = {
            let mut view = self.0.store.read().await?;
            view.threads_since(Platform::Discord, since, THREADS).await?
        };
        for (key, thread) in threads {
            if listens {
                self.missed(&thread).await?;
            }
            self.still_there(&key).await?;
        }
        Ok(())
    }

    async fn missed(&self, thread: &str) -> anyhow::Result<()> {
        let last = {
            let mut view = self.0.store.read().await?;
            view.last_heard(Platform::Discord, thread).await?
        };
        let mut after = last.unwrap_or_else(|| thread.to_owned());
        loop {
            let path = format!("/channels/{thread}/messages?limit={PAGE}&after={after}");
            let mut page: Vec<Spoken> = match self.0.rest.call(Call::get(path)).await {
                Ok(page) => page,
                Err(error) if matches!(error.status(), Some(403 | 404)) => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            page.sort_by_key(|message| message.id);
            for message in &page {
                self.hear(message, SaidHow::Said, true).await?;
            }
            match page.last() {
                Some(newest) if page.len() == PAGE => after = newest.id.to_string(),
                _ => return Ok(()),
            }
        }
    }

    /// The head of a thread that somebody deleted is shown anew.
    async fn still_there(&self, key: &str) -> anyhow::Result<()> {
        let stored = {
            let mut view = self.0.store.read().await?;
            view.stored_post(key, Platform::Discord).await?
        };
        let Some(stored) = stored else {
            return Ok(());
        };
        let (Some(place), Some(message)) = (&stored.place, &stored.message) else {
            return Ok(());
        };
        let call = Call::get(format!("/channels/{place}/messages/{message}"));
        let Err(error) = self.0.rest.call::<Whatever>(call).await else {
            return Ok(());
        };
        if matches!(error.code(), Some(UNKNOWN_MESSAGE | UNKNOWN_CHANNEL)) {
            let mut unit = self.0.store.write().await?;
            unit.post_lost(&stored, self.0.clock.now()).await?;
            unit.commit().await?;
        }
        Ok(())
    }
}

fn file(attachment: &Attachment) -> SaidFile {
    SaidFile {
        name: plain(&attachment.filename, 120),
        media_type: attachment.content_type.clone(),
        size: u64::from(attachment.size),
        from: attachment.url.clone(),
    }
}

fn at(message: &Spoken, how: SaidHow) -> Option<DateTime<Utc>> {
    let stamp = match how {
        SaidHow::Edited => message.edited_timestamp?,
        SaidHow::Said | SaidHow::Deleted => message.timestamp,
    };
    DateTime::from_timestamp_micros(stamp.timestamp_micros())
}
