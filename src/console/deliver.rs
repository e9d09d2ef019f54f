//! Puts posts into the console's own conversations: the platform that is always there.
//!
//! The message and the note of where it stands are written in one unit, so there is nothing to look for
//! after a crash.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use futures_util::future::BoxFuture;
use hammerdesk_domain::chat::Platform;
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::ids::{PersonId, new_id};
use hammerdesk_store::chat::{ChatFile, ChatMessage};
use hammerdesk_store::{Standing, Store, StoredPost, Unit, Waiting};
use uuid::Uuid;

use super::ConsoleState;
use super::page::{BOT, Body};
use crate::engine::{Deliverer, Verdict};
use crate::freshdesk::TicketFiles;

/// How long what belongs into a thread waits for it.
const SOON: chrono::TimeDelta = chrono::TimeDelta::milliseconds(200);

/// Delivers to the console.
#[derive(Debug)]
pub struct ConsoleDeliverer {
    state: ConsoleState,
    /// Where the files of posts are fetched.
    files: Option<TicketFiles>,
    /// Posts whose files were fetched, until they are put.
    fetched: Mutex<HashMap<Uuid, StoredPost>>,
}

impl ConsoleDeliverer {
    /// Delivers to that console.
    pub fn new(state: ConsoleState) -> Self {
        Self {
            state,
            files: None,
            fetched: Mutex::default(),
        }
    }

    /// The same, fetching the files of posts there.
    #[must_use]
    pub fn with_files(mut self, files: Option<TicketFiles>) -> Self {
        self.files = files;
        self
    }

    fn store(&self) -> &Store {
        &self.state.0.store
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        &self.state.0.clock
    }

    async fn look(&self, what: &Waiting) -> anyhow::Result<Verdict> {
        let mut view = self.store().read().await?;
        let Some(stored) = stored(&mut view, what).await? else {
            return Ok(Verdict::Unwanted("there is no such post any more".to_owned()));
        };
        if let Some(head) = &stored.post.within
            && thread_of(&mut view, head).await?.is_none()
        {
            // It is being made beside this one; whoever is asked in it shall not wait for the usual pause.
            return Ok(Verdict::Later {
                why: "the thread is not there yet".to_owned(),
                until: Some(self.clock().now() + SOON),
            });
        }
        drop(view);
        if let (Some(files), false) = (&self.files, stored.post.files.is_empty()) {
            match files.with_files(stored.post.clone(), what.made_at).await {
                Ok(post) => {
                    let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
                    fetched.insert(what.id, StoredPost { post, ..stored });
                }
                Err(why) => return Ok(Verdict::later(why)),
            }
        }
        Ok(Verdict::Delivered(what.what.token.clone()))
    }

    async fn put(&self, unit: &mut Unit, what: &Waiting) -> anyhow::Result<()> {
        let fetched = self
            .fetched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&what.id);
        let stored = match fetched {
            Some(fetched) => fetched,
            None => match stored(unit, what).await? {
                Some(stored) => stored,
                None => return Ok(()),
            },
        };
        let now = self.clock().now();
        let mut post = stored.post.clone();
        let files: Vec<ChatFile> = post
            .reply
            .files
            .iter_mut()
            .map(|file| ChatFile {
                name: file.name.clone(),
                media_type: file.media_type.clone(),
                content: std::mem::take(&mut file.content),
            })
            .collect();
        let body = serde_json::to_value(Body::Post {
            author: post.author,
            reply: Box::new(post.reply),
        })?;
        let standing = stored.message.as_deref().and_then(|id| id.parse::<Uuid>().ok());
        if let Some(id) = standing
            && unit.chat_revise(id, &body, new_id(now)).await?
        {
            unit.chat_refile(id, &files).await?;
            let standing = Standing {
                place: post.channel.to_string(),
                message: id.to_string(),
                thread: stored.thread.clone(),
            };
            return Ok(unit.post_shown(&stored, &standing, now).await?);
        }
        let thread = match &post.within {
            Some(head) => Some(thread_of(unit, head).await?.context("the thread is gone")?),
            None => None,
        };
        let id = new_id(now);
        let message = ChatMessage {
            id,
            channel: post.channel.to_string(),
            thread,
            author: PersonId::new(BOT),
            only_for: post.only_for.clone(),
            at: now,
            body,
        };
        unit.chat_post(&message, &files, what.id).await?;
        let standing = Standing {
            place: thread.map_or_else(|| post.channel.to_string(), |root| root.to_string()),
            message: id.to_string(),
            thread: thread.is_none().then(|| id.to_string()),
        };
        Ok(unit.post_shown(&stored, &standing, now).await?)
    }
}

async fn stored(view: &mut hammerdesk_store::View, what: &Waiting) -> anyhow::Result<Option<StoredPost>> {
    let key = what.what.body.get("key").and_then(serde_json::Value::as_str);
    match key {
        Some(key) => Ok(view.stored_post(key, Platform::Console).await?),
        None => Ok(None),
    }
}

async fn thread_of(view: &mut hammerdesk_store::View, head: &str) -> anyhow::Result<Option<Uuid>> {
    let head = view.stored_post(head, Platform::Console).await?;
    Ok(head.and_then(|head| head.message?.parse().ok()))
}

impl Deliverer for ConsoleDeliverer {
    fn way(&self) -> &str {
        Platform::Console.as_str()
    }

    fn deliver<'a>(&'a self, what: &'a Waiting) -> BoxFuture<'a, anyhow::Result<Verdict>> {
        Box::pin(self.look(what))
    }

    fn settle<'a>(
        &'a self,
        unit: &'a mut Unit,
        what: &'a Waiting,
        verdict: &'a Verdict,
    ) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move {
            if matches!(verdict, Verdict::Delivered(_)) {
                self.put(unit, what).await?;
            }
            Ok(())
        })
    }

    fn settled(&self) {
        self.state.0.pulse.send_modify(|pulse| pulse.messages += 1);
    }
}
