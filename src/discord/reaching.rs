//! Is whoever a post asks there to read it? Somebody who left the server or cannot see the channel is noted,
//! so that the ladder passes them at once instead of waiting for somebody who never heard of it.

use std::sync::PoisonError;

use chrono::TimeDelta;
use hammerdesk_domain::chat::{Platform, Post};
use hammerdesk_domain::ids::PersonId;
use hammerdesk_store::StoredPost;
use hammerdesk_store::escalations::Unreached;
use serde::Deserialize;
use uuid::Uuid;

use super::deliver::{DiscordDeliverer, Hindered, PATIENCE};
use super::rest::{Call, RestError, Whatever};
use crate::engine::Verdict;

/// Whoever was there a moment ago is there.
const STILL_THERE: TimeDelta = TimeDelta::minutes(5);

impl DiscordDeliverer {
    /// The accounts of those whom a post asks, as far as they are known.
    pub(super) fn accounts(&self, post: &Post) -> Vec<u64> {
        let people = post.mentions.iter();
        people
            .filter_map(|person| self.people.account_of(person))
            .collect()
    }

    /// Looks before a post goes out that asks somebody; keeps who is not there for when it is settled.
    pub(super) async fn look_for_those_asked(
        &self,
        id: Uuid,
        stored: &StoredPost,
        place: &str,
    ) -> Result<(), Hindered> {
        let mut missing = Vec::new();
        for person in &stored.post.mentions {
            let Some(account) = self.people.account_of(person) else {
                continue;
            };
            if let Some(why) = self
                .why_not_there(account, place, stored.post.within.is_some())
                .await?
            {
                missing.push(self.not_reached(stored, person, why));
            }
        }
        let mut unreached = self.unreached.lock().unwrap_or_else(PoisonError::into_inner);
        unreached.insert(id, missing);
        Ok(())
    }

    /// A post that asks somebody cannot be shown before an administrator helps: nobody was asked by it.
    pub(super) async fn note_hindered(&self, stored: &StoredPost, verdict: &Verdict) -> anyhow::Result<()> {
        let why = match verdict {
            Verdict::Refused(_) => "Discord does not take the message",
            Verdict::Later {
                until: Some(until), ..
            } if *until >= self.now() + super::deliver::FOR_HELP => {
                "the channel in Discord cannot be written in"
            }
            _ => return Ok(()),
        };
        if stored.post.mentions.is_empty() {
            return Ok(());
        }
        let mut unit = self.store.write().await?;
        for person in &stored.post.mentions {
            unit.note_unreached(&self.not_reached(stored, person, why))
                .await?;
        }
        Ok(unit.commit().await?)
    }

    fn not_reached(&self, stored: &StoredPost, person: &PersonId, why: &str) -> Unreached {
        Unreached::new(&stored.post.key, Platform::Discord, person, why, self.now())
    }

    /// Why somebody will not read there; `None` where they will.
    async fn why_not_there(
        &self,
        account: u64,
        place: &str,
        is_thread: bool,
    ) -> Result<Option<&'static str>, Hindered> {
        let guild = self.guild_of(place).await?;
        let key = (guild.clone(), account);
        let now = self.now();
        let seen = self
            .members
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .copied();
        if seen.is_none_or(|seen| now - seen > STILL_THERE) {
            let call = Call::get(format!("/guilds/{guild}/members/{account}")).patient(PATIENCE);
            match self.rest.call::<Whatever>(call).await {
                Ok(_) => {
                    let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
                    members.insert(key, now);
                }
                Err(error) if error.status() == Some(404) => return Ok(Some("left the Discord server")),
                // Whoever may not look at members cannot tell; the post goes out all the same.
                Err(RestError::Refused { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if !is_thread {
            return Ok(None);
        }
        // Whoever is put into the thread is told by Discord; it refuses for whoever may not see it.
        let call = Call::new(
            reqwest::Method::PUT,
            format!("/channels/{place}/thread-members/{account}"),
        )
        .patient(PATIENCE);
        match self.rest.done(call).await {
            Err(RestError::Refused {
                status: 403 | 404,
                code,
                ..
            }) if code != 50_083 && code != 160_005 => Ok(Some("cannot see the channel in Discord")),
            Ok(()) | Err(RestError::Refused { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn guild_of(&self, place: &str) -> Result<String, Hindered> {
        #[derive(Deserialize)]
        struct Place {
            guild_id: Option<String>,
        }
        let known = self
            .guilds
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(place)
            .cloned();
        if let Some(guild) = known {
            return Ok(guild);
        }
        let call = Call::get(format!("/channels/{place}")).patient(PATIENCE);
        let there: Place = self.rest.call(call).await?;
        let guild = there.guild_id.unwrap_or_default();
        let mut guilds = self.guilds.lock().unwrap_or_else(PoisonError::into_inner);
        // Threads come and go; nothing is lost with them.
        if guilds.len() > 10_000 {
            guilds.clear();
        }
        guilds.insert(place.to_owned(), guild.clone());
        Ok(guild)
    }
}
