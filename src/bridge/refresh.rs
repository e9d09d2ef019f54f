//! Heads of threads that change though nothing happens to their ticket: a feed brought newer data of the
//! account, a source fell behind, a clock of the ticket moved.
//!
//! Promises: only open tickets whose thread stands are looked at, some at a time, and where that got to is
//! kept, so that a restart goes on from there; a card that would say the same is left alone, and one that
//! would only name a later instant is changed once an hour at most.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use hammerdesk_commands::offered;
use hammerdesk_domain::chat::{Platform, Post};
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_domain::message::Reply;
use hammerdesk_store::sla::ClockStanding;
use hammerdesk_store::{StoredPost, Unit, View};
use serde::{Deserialize, Serialize};

use super::scene::Scene;
use super::{Bridge, BridgeRule, head_key};
use crate::engine::{Module, Progress};

const CURSOR: &str = "bridge-refresh";
/// Tickets looked at in one step.
const AT_ONCE: i64 = 50;
/// Without any news, all of them are looked at so often: a source goes stale by doing nothing.
const LOOKED_AT: TimeDelta = TimeDelta::minutes(10);
/// How long a card may name an older instant than it could.
const INSTANT_MAY_LAG: TimeDelta = TimeDelta::hours(1);

/// Clocks that are watched.
const CLOCKS: i64 = 10_000;

/// Keeps heads current that no event of their ticket changes.
#[derive(Debug)]
pub struct Refresh {
    bridge: Bridge,
    /// Where the clocks stood at the last look; nothing before the first.
    clocks: Mutex<Option<Standings>>,
}

type Standings = BTreeMap<TicketId, BTreeSet<ClockStanding>>;

impl Refresh {
    /// Of the heads of that bridge.
    pub fn new(bridge: Bridge) -> Self {
        Self {
            bridge,
            clocks: Mutex::default(),
        }
    }

    /// The heads of tickets whose clocks stand otherwise than at the last look.
    async fn clocks(&self) -> anyhow::Result<Progress> {
        let bridge = &self.bridge;
        let now = bridge.0.clock.now();
        let mut view = bridge.0.store.read().await?;
        let standings = view.clock_standings(CLOCKS).await?;
        drop(view);
        let before = {
            let mut clocks = self.clocks.lock().unwrap_or_else(PoisonError::into_inner);
            clocks.replace(standings.clone())
        };
        let Some(before) = before else {
            // What changed while nobody looked is found by a walk over all.
            return bridge.refresh(true).await;
        };
        let tickets: BTreeSet<TicketId> = before.keys().chain(standings.keys()).copied().collect();
        let mut changed = Vec::new();
        for ticket in tickets {
            if before.get(&ticket) != standings.get(&ticket) {
                changed.extend(bridge.changed_head(ticket, now).await?);
            }
        }
        if changed.is_empty() {
            return Ok(Progress::Idle);
        }
        let mut unit = bridge.0.store.write().await?;
        put(&mut unit, changed, now).await?;
        unit.commit().await?;
        Ok(Progress::Worked)
    }
}

async fn put(unit: &mut Unit, changed: Vec<(Post, BridgeRule)>, now: DateTime<Utc>) -> anyhow::Result<()> {
    for (mut post, rule) in changed {
        let shown = offered(&mut post.reply);
        unit.remember_actions(&shown, now).await?;
        unit.post(&post, rule.channel.platforms(), now).await?;
    }
    Ok(())
}

/// How far the heads are looked through, and what they were looked through for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Walk {
    /// What every feed had brought when the walk began: when its latest batch became visible.
    seen: BTreeMap<String, DateTime<Utc>>,
    /// When the walk began.
    began_at: Option<DateTime<Utc>>,
    /// The last ticket of a walk that is under way.
    after: Option<i64>,
}

impl Bridge {
    async fn refresh(&self, is_first: bool) -> anyhow::Result<Progress> {
        let now = self.0.clock.now();
        let mut view = self.0.store.read().await?;
        let mut walk: Walk = view.helpdesk_cursor(CURSOR).await?.unwrap_or_default();
        if walk.after.is_none() {
            let seen: BTreeMap<String, DateTime<Utc>> = view
                .feed_heads()
                .await?
                .into_iter()
                .map(|head| (format!("{}/{}", head.source, head.entity), head.finished_at))
                .collect();
            let is_due =
                is_first || walk.seen != seen || walk.began_at.is_none_or(|began| now - began >= LOOKED_AT);
            if !is_due {
                return Ok(Progress::Idle);
            }
            walk = Walk {
                seen,
                began_at: Some(now),
                after: Some(0),
            };
        }
        let open = view
            .tickets_open(TicketId(walk.after.unwrap_or_default()), AT_ONCE)
            .await?;
        drop(view);
        let mut changed = Vec::new();
        for ticket in &open {
            if let Some(head) = self.changed_head(*ticket, now).await? {
                changed.push(head);
            }
        }
        walk.after = open.last().map(|ticket| ticket.0);
        let mut unit = self.0.store.write().await?;
        put(&mut unit, changed, now).await?;
        unit.save_helpdesk_cursor(CURSOR, &walk, now).await?;
        unit.commit().await?;
        Ok(Progress::Worked)
    }

    /// The head of a ticket's thread where it stands and should say something else by now.
    async fn changed_head(
        &self,
        ticket: TicketId,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Option<(Post, BridgeRule)>> {
        let mut view = self.0.store.read().await?;
        let stored = heads(&mut view, ticket).await?;
        if stored.is_empty() {
            return Ok(None);
        }
        let scene = Scene::look(&mut view, ticket).await?;
        drop(view);
        let Some(scene) = scene else {
            return Ok(None);
        };
        let Some(rule) = scene.rule(&self.0.rules) else {
            return Ok(None);
        };
        let post = self.head(&scene, rule).await?;
        let is_news = stored.iter().any(|stored| is_news(stored, &post, now));
        Ok(is_news.then(|| (post, rule.clone())))
    }
}

async fn heads(view: &mut View, ticket: TicketId) -> anyhow::Result<Vec<StoredPost>> {
    let key = head_key(ticket);
    let mut found = Vec::new();
    for platform in [Platform::Console, Platform::Discord] {
        found.extend(view.stored_post(&key, platform).await?);
    }
    Ok(found)
}

fn is_news(stored: &StoredPost, post: &Post, now: DateTime<Utc>) -> bool {
    let (standing, wanted) = (&stored.post.reply, &post.reply);
    if undated(standing) != undated(wanted) {
        return true;
    }
    let is_later = standing
        .cards
        .iter()
        .flat_map(|card| &card.as_of)
        .ne(wanted.cards.iter().flat_map(|card| &card.as_of));
    is_later && now - stored.changed_at >= INSTANT_MAY_LAG
}

/// What it says, whenever it was known.
fn undated(reply: &Reply) -> Reply {
    let mut reply = reply.clone();
    offered(&mut reply);
    for source in reply.cards.iter_mut().flat_map(|card| &mut card.as_of) {
        source.at = None;
    }
    reply
}

impl Module for Refresh {
    fn name(&self) -> &str {
        "bridge:refresh"
    }

    fn step(&self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(async {
            match self.clocks().await? {
                Progress::Worked => Ok(Progress::Worked),
                Progress::Idle => self.bridge.refresh(false).await,
            }
        })
    }

    fn every(&self) -> Duration {
        Duration::from_secs(2)
    }
}
