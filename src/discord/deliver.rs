//! Puts posts into Discord's channels and threads, and changes them in place.
//!
//! A send whose answer was lost is looked for before it is sent again, and its nonce sees to the rest, so
//! that nothing stands there twice. What is gone from Discord is posted anew; a channel that cannot be
//! written in at the moment holds up nothing but itself, and loses nothing.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use hammerdesk_domain::chat::{Channel, Platform, Post};
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::ids::PersonId;
use hammerdesk_store::escalations::Unreached;
use hammerdesk_store::{Standing, Store, StoredPost, Unit, Waiting};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::limits::THREAD_NAME;
use super::people::People;
use super::render::{self, Message};
use super::rest::{Call, OLD_EDITS, Rest, RestError, Whatever};
use super::text::plain;
use crate::engine::{Deliverer, Verdict};
use crate::freshdesk::TicketFiles;

/// How long a call waits for its turn before its lane steps back: others shall not wait behind it.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// How long a lane waits where only an administrator can help.
pub(super) const FOR_HELP: TimeDelta = TimeDelta::minutes(5);
/// How many messages are looked through for one that may have landed.
const LOOKED_THROUGH: u8 = 100;
/// A thread rests after a week without a word.
const ARCHIVED_AFTER_MINUTES: u32 = 10_080;

const UNKNOWN_CHANNEL: u64 = 10_003;
const UNKNOWN_MESSAGE: u64 = 10_008;
const NOT_OURS: u64 = 50_005;
const NO_DIRECT_MESSAGES: u64 = 50_007;
const ARCHIVED: u64 = 50_083;
const HAS_THREAD: u64 = 160_004;
const LOCKED: u64 = 160_005;

/// Delivers to Discord.
#[derive(Debug)]
pub struct DiscordDeliverer {
    pub(super) rest: Rest,
    pub(super) store: Store,
    clock: Arc<dyn Clock>,
    channels: Vec<Channel>,
    pub(super) people: People,
    /// Who is asked by what is being shown and cannot be reached by it, until it is settled.
    pub(super) unreached: Mutex<HashMap<Uuid, Vec<Unreached>>>,
    /// The servers of channels, and until when somebody is known to be in one.
    pub(super) guilds: Mutex<HashMap<String, String>>,
    pub(super) members: Mutex<HashMap<(String, u64), DateTime<Utc>>>,
    /// Where the files of posts are fetched.
    files: Option<TicketFiles>,
    /// What was shown where, until it is settled.
    shown: Mutex<HashMap<Uuid, (StoredPost, Standing)>>,
}

/// A message as Discord tells of it.
#[derive(Debug, Deserialize)]
struct There {
    id: String,
    #[serde(default)]
    content: String,
    #[serde(default)]
    embeds: Vec<Value>,
    #[serde(default)]
    nonce: Option<Value>,
}

#[derive(Debug, Serialize)]
struct Sent<'a> {
    #[serde(flatten)]
    message: &'a Message,
    nonce: &'a str,
    enforce_nonce: bool,
}

/// The post's message, which leads to its thread. A thread has the id of the message from which it hangs: one
/// that hung from an earlier message of the post is named on the new one.
fn leading(mut message: Message, stored: &StoredPost, id: Option<&str>) -> Message {
    if let Some(thread) = stored.thread.as_deref().filter(|thread| Some(*thread) != id)
        && thread.bytes().all(|byte| byte.is_ascii_digit())
    {
        let link = format!("<#{thread}>");
        let parts = [link.as_str(), message.content.as_str()];
        message.content = parts.join("\n").trim_end().to_owned();
    }
    message
}

/// Why a post does not stand yet.
pub(super) enum Hindered {
    Rest(RestError),
    Later(String),
    Refused(String),
    Failed(anyhow::Error),
}

impl From<RestError> for Hindered {
    fn from(error: RestError) -> Self {
        Self::Rest(error)
    }
}

impl From<hammerdesk_store::StoreError> for Hindered {
    fn from(error: hammerdesk_store::StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl DiscordDeliverer {
    pub(super) fn new(
        rest: Rest,
        store: Store,
        clock: Arc<dyn Clock>,
        channels: Vec<Channel>,
        people: People,
    ) -> Self {
        Self {
            rest,
            store,
            clock,
            channels,
            people,
            unreached: Mutex::default(),
            guilds: Mutex::default(),
            members: Mutex::default(),
            files: None,
            shown: Mutex::default(),
        }
    }

    /// The same, fetching the files of posts there.
    #[must_use]
    pub fn with_files(mut self, files: Option<TicketFiles>) -> Self {
        self.files = files;
        self
    }

    async fn try_once(&self, what: &Waiting) -> anyhow::Result<Verdict> {
        let key = what
            .what
            .body
            .get("key")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let stored = self
            .store
            .read()
            .await?
            .stored_post(key, Platform::Discord)
            .await?;
        let Some(stored) = stored else {
            return Ok(Verdict::Unwanted("there is no such post any more".to_owned()));
        };
        let standing = match self.show(what, &stored).await {
            Ok(standing) => standing,
            Err(hindered) => {
                let verdict = self.verdict(hindered)?;
                self.note_hindered(&stored, &verdict).await?;
                return Ok(verdict);
            }
        };
        let message = standing.message.clone();
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.insert(what.id, (stored, standing));
        Ok(Verdict::Delivered(message))
    }

    fn verdict(&self, hindered: Hindered) -> anyhow::Result<Verdict> {
        let later = |why: String, wait: TimeDelta| Verdict::Later {
            why,
            until: Some(self.clock.now() + wait),
        };
        Ok(match hindered {
            Hindered::Failed(error) => return Err(error),
            Hindered::Later(why) => Verdict::later(why),
            Hindered::Refused(why) => Verdict::Refused(why),
            Hindered::Rest(error) => match &error {
                RestError::Limited { wait } | RestError::Shut { wait } => {
                    let wait = TimeDelta::from_std(*wait).unwrap_or(FOR_HELP);
                    later(error.to_string(), wait)
                }
                RestError::Unreachable(_) | RestError::Lost(_) => Verdict::later(error.to_string()),
                RestError::Refused { status, code, .. } => {
                    // Rights, channels and the token are an administrator's to put right; nothing is lost until then.
                    let needs_help = matches!(status, 401 | 403 | 404) || *code == OLD_EDITS;
                    if needs_help {
                        tracing::error!(%error, "discord does not let a post in; hammerdesk check says what is missing");
                        later(error.to_string(), FOR_HELP)
                    } else {
                        Verdict::Refused(error.to_string())
                    }
                }
            },
        })
    }

    async fn show(&self, what: &Waiting, stored: &StoredPost) -> Result<Standing, Hindered> {
        if let (Some(id), Some(place), true) =
            (&stored.message, &stored.place, stored.shown == stored.revision)
        {
            return Ok(standing(place, id, stored.thread.clone()));
        }
        let post = self.with_its_files(stored, what).await?;
        let message = render::post(post.as_ref()).calling(&self.accounts(&stored.post));
        if let (Some(id), Some(place)) = (&stored.message, &stored.place)
            && self
                .edit(place, id, &leading(message.clone(), stored, Some(id)))
                .await?
        {
            return Ok(standing(place, id, stored.thread.clone()));
        }
        let message = leading(message, stored, None);
        let place = match (&stored.post.only_for, &stored.post.within) {
            (Some(person), _) => self.alone_with(person).await?,
            (None, None) => self.channel(stored)?,
            (None, Some(head)) => self.thread_of(head).await?,
        };
        self.look_for_those_asked(what.id, stored, &place).await?;
        let id = self.send(what, stored, &place, &message).await?;
        let thread = self.thread(stored, &place, &id).await?;
        Ok(standing(&place, &id, thread))
    }

    async fn with_its_files<'a>(
        &self,
        stored: &'a StoredPost,
        what: &Waiting,
    ) -> Result<Cow<'a, Post>, Hindered> {
        match &self.files {
            Some(files) if !stored.post.files.is_empty() => files
                .with_files(stored.post.clone(), what.made_at)
                .await
                .map(Cow::Owned)
                .map_err(Hindered::Later),
            _ => Ok(Cow::Borrowed(&stored.post)),
        }
    }

    /// The direct channel with a person.
    async fn alone_with(&self, person: &PersonId) -> Result<String, Hindered> {
        let account = self
            .people
            .account_of(person)
            .ok_or_else(|| Hindered::Refused(format!("{person} has no account on Discord here")))?;
        let call = Call::post("/users/@me/channels")
            .json(&json!({ "recipient_id": account.to_string() }))
            .patient(PATIENCE);
        match self.rest.call::<There>(call).await {
            Ok(channel) => Ok(channel.id),
            Err(error) if error.code() == Some(NO_DIRECT_MESSAGES) => {
                Err(Hindered::Refused("they take no direct messages".to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn channel(&self, stored: &StoredPost) -> Result<String, Hindered> {
        let channel = &stored.post.channel;
        self.channels
            .iter()
            .find(|known| known.id == *channel)
            .and_then(|known| known.discord.clone())
            .ok_or_else(|| Hindered::Refused(format!("{channel} is no Discord channel of [[channels]]")))
    }

    /// Changes what stands there. `false`: it has to be posted anew.
    async fn edit(&self, place: &str, id: &str, message: &Message) -> Result<bool, Hindered> {
        let path = format!("/channels/{place}/messages/{id}");
        let call = || {
            Call::patch(path.clone())
                .message(message, message)
                .patient(PATIENCE)
        };
        let Err(error) = self.rest.call::<Whatever>(call()).await else {
            return Ok(true);
        };
        match error.code() {
            Some(ARCHIVED | LOCKED) => {
                self.wake(place).await?;
                self.rest.call::<Whatever>(call()).await?;
                Ok(true)
            }
            Some(UNKNOWN_MESSAGE | UNKNOWN_CHANNEL | NOT_OURS) => Ok(false),
            // Too often changed for its age: a new one takes its place. Its thread outlives it.
            Some(OLD_EDITS) => {
                self.rest.done(Call::delete(path).patient(PATIENCE)).await?;
                Ok(false)
            }
            _ => Err(error.into()),
        }
    }

    /// Posts, or finds what an earlier try posted.
    async fn send(
        &self,
        what: &Waiting,
        stored: &StoredPost,
        place: &str,
        message: &Message,
    ) -> Result<String, Hindered> {
        let nonce = nonce(&what.what.token);
        if what.attempts > 0
            && let Some(id) = self.landed(place, message, &nonce).await?
        {
            return Ok(id);
        }
        let body = Sent {
            message,
            nonce: &nonce,
            enforce_nonce: true,
        };
        let call = || {
            Call::post(format!("/channels/{place}/messages"))
                .message(&body, message)
                .patient(PATIENCE)
        };
        match self.rest.call::<There>(call()).await {
            Ok(there) => Ok(there.id),
            Err(error) if matches!(error.code(), Some(ARCHIVED | LOCKED)) => {
                self.wake(place).await?;
                Ok(self.rest.call::<There>(call()).await?.id)
            }
            Err(error) if error.code() == Some(UNKNOWN_CHANNEL) && stored.post.within.is_some() => {
                self.thread_is_gone(stored).await
            }
            Err(error) if error.code() == Some(NO_DIRECT_MESSAGES) => {
                Err(Hindered::Refused("they take no direct messages".to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A message of ours that says just that, and is no other post's.
    async fn landed(&self, place: &str, message: &Message, nonce: &str) -> Result<Option<String>, Hindered> {
        let path = format!("/channels/{place}/messages?limit={LOOKED_THROUGH}");
        let there: Vec<There> = match self.rest.call(Call::get(path).patient(PATIENCE)).await {
            Ok(there) => there,
            // Whoever may not read what was said relies on the nonce.
            Err(error) if error.status() == Some(403) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let ours: Vec<Value> = message
            .embeds
            .iter()
            .filter_map(|embed| serde_json::to_value(embed).ok())
            .collect();
        let same_embeds = |there: &[Value]| {
            there.len() == ours.len()
                && there.iter().zip(&ours).all(|(there, ours)| {
                    let text =
                        |embed: &Value, key: &str| embed[key].as_str().unwrap_or_default().trim().to_owned();
                    text(there, "title") == text(ours, "title")
                        && text(there, "description") == text(ours, "description")
                        && text(&there["footer"], "text") == text(&ours["footer"], "text")
                })
        };
        for found in there {
            let says_so = match found.nonce.as_ref().and_then(Value::as_str) {
                Some(other) => other == nonce,
                None => found.content == message.content && same_embeds(&found.embeds),
            };
            if !says_so {
                continue;
            }
            let mut view = self.store.read().await?;
            if view
                .post_of_message(Platform::Discord, &found.id)
                .await?
                .is_none()
            {
                return Ok(Some(found.id));
            }
        }
        Ok(None)
    }

    /// The thread that the post opens, where it opens one: made, or found to be there.
    async fn thread(&self, stored: &StoredPost, place: &str, id: &str) -> Result<Option<String>, Hindered> {
        let Some(title) = &stored.post.thread else {
            return Ok(None);
        };
        if let Some(thread) = &stored.thread {
            match self
                .rest
                .call::<Whatever>(Call::get(format!("/channels/{thread}")).patient(PATIENCE))
                .await
            {
                Ok(_) => return Ok(Some(thread.clone())),
                Err(error) if error.code() == Some(UNKNOWN_CHANNEL) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.open_thread(place, id, title).await.map(Some)
    }

    async fn open_thread(&self, place: &str, id: &str, title: &str) -> Result<String, Hindered> {
        match self.ask_for_thread(place, id, title).await {
            Ok(thread) => Ok(thread),
            // A message's thread has the message's own id.
            Err(error) if error.code() == Some(HAS_THREAD) => Ok(id.to_owned()),
            Err(error) => Err(error.into()),
        }
    }

    async fn ask_for_thread(&self, place: &str, id: &str, title: &str) -> Result<String, RestError> {
        let name = plain(title, THREAD_NAME);
        let body = json!({
            "name": if name.is_empty() { "Thread" } else { name.as_str() },
            "auto_archive_duration": ARCHIVED_AFTER_MINUTES,
        });
        let call = Call::post(format!("/channels/{place}/messages/{id}/threads"))
            .json(&body)
            .patient(PATIENCE);
        self.rest.call::<There>(call).await.map(|thread| thread.id)
    }

    async fn thread_of(&self, head: &str) -> Result<String, Hindered> {
        let head = self
            .store
            .read()
            .await?
            .stored_post(head, Platform::Discord)
            .await?;
        head.and_then(|head| head.thread)
            .ok_or_else(|| Hindered::Later("the thread is not there yet".to_owned()))
    }

    /// Somebody deleted the thread: it is opened again where its head still stands; a head that is gone too
    /// is shown anew first.
    async fn thread_is_gone(&self, stored: &StoredPost) -> Result<String, Hindered> {
        let head = stored.post.within.as_deref().unwrap_or_default();
        let head = self
            .store
            .read()
            .await?
            .stored_post(head, Platform::Discord)
            .await?;
        let Some(head) = head else {
            return Err(Hindered::Refused("its thread is gone".to_owned()));
        };
        if let (Some(place), Some(id), Some(title)) = (&head.place, &head.message, &head.post.thread) {
            match self.ask_for_thread(place, id, title).await {
                Ok(_) => return Err(Hindered::Later("its thread was opened again".to_owned())),
                Err(error) if error.code() == Some(UNKNOWN_MESSAGE) => {}
                // A message has one thread in its life: the head takes a new place with a new one.
                Err(error) if error.code() == Some(HAS_THREAD) => {
                    let path = format!("/channels/{place}/messages/{id}");
                    self.rest.done(Call::delete(path).patient(PATIENCE)).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        let mut unit = self.store.write().await?;
        unit.post_lost(&head, self.clock.now()).await?;
        unit.commit().await?;
        Err(Hindered::Later("its thread is shown anew first".to_owned()))
    }

    /// Brings an archived thread back.
    async fn wake(&self, thread: &str) -> Result<(), Hindered> {
        let body = json!({ "archived": false, "locked": false });
        self.rest
            .call::<Whatever>(
                Call::patch(format!("/channels/{thread}"))
                    .json(&body)
                    .patient(PATIENCE),
            )
            .await?;
        Ok(())
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}

fn standing(place: &str, message: &str, thread: Option<String>) -> Standing {
    Standing {
        place: place.to_owned(),
        message: message.to_owned(),
        thread,
    }
}

/// Names a send for Discord: the same one is not taken twice.
fn nonce(token: &str) -> String {
    let digest = Sha256::digest(token.as_bytes());
    digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

impl Deliverer for DiscordDeliverer {
    fn way(&self) -> &str {
        Platform::Discord.as_str()
    }

    fn deliver<'a>(&'a self, what: &'a Waiting) -> BoxFuture<'a, anyhow::Result<Verdict>> {
        Box::pin(self.try_once(what))
    }

    fn settle<'a>(
        &'a self,
        unit: &'a mut Unit,
        what: &'a Waiting,
        verdict: &'a Verdict,
    ) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move {
            let shown = self
                .shown
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&what.id);
            let unreached = self
                .unreached
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&what.id);
            for unreached in unreached.into_iter().flatten() {
                unit.note_unreached(&unreached).await?;
            }
            if matches!(verdict, Verdict::Delivered(_)) {
                let (stored, standing) = shown.context("nothing is known of what was shown")?;
                unit.post_shown(&stored, &standing, self.now()).await?;
            }
            Ok(())
        })
    }
}
