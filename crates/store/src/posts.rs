//! What should stand in chat, and where it stands by now.
//!
//! Deciding what a card says is a write of its row; showing it is the outbox's work. A revision that was
//! decided while an older one was being shown is shown next, whichever of the two writers comes first: both
//! change the same row.

use chrono::{DateTime, Utc};
use hammerdesk_domain::chat::{Platform, Post};
use hammerdesk_domain::ids::ChannelId;
use sqlx::FromRow;

use crate::engine::{Unit, View, run, statements};
use crate::error::{Result, StoreError};
use crate::outbox::Outgoing;

statements! {
    /// The same body again is no new revision.
    PUT = "INSERT INTO post (key, platform, channel, within, body, revision, shown, made_at, changed_at) \
           VALUES ($1, $2, $3, $4, $5, 1, 0, $6, $6) ON CONFLICT (key, platform) DO UPDATE \
           SET body = excluded.body, revision = post.revision + 1, changed_at = excluded.changed_at \
           WHERE post.body <> excluded.body RETURNING revision, channel, within";
    ONE = "SELECT key, platform, channel, within, body, revision, shown, place, message, thread, changed_at \
           FROM post WHERE key = $1 AND platform = $2";
    BY_MESSAGE = "SELECT key FROM post WHERE platform = $1 AND message = $2";
    BY_THREAD = "SELECT key FROM post WHERE platform = $1 AND thread = $2";
    SHOWN = "UPDATE post SET shown = $3, place = $4, message = $5, thread = coalesce($6, thread) \
             WHERE key = $1 AND platform = $2 RETURNING revision";
    /// It is not where we left it: the next showing makes it anew.
    LOST = "UPDATE post SET shown = 0, place = NULL, message = NULL WHERE key = $1 AND platform = $2 AND message = $3";
    OPEN_THREADS = "SELECT key, thread FROM post WHERE platform = $1 AND thread IS NOT NULL AND changed_at >= $2 \
                    ORDER BY changed_at DESC LIMIT $3";
}

/// A post on one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPost {
    /// What it should say.
    pub post: Post,
    /// Which platform.
    pub platform: Platform,
    /// How often what it should say has changed, from 1.
    pub revision: i64,
    /// The revision that stands there; 0 is none.
    pub shown: i64,
    /// The place on the platform in which its message stands: a channel or thread id.
    pub place: Option<String>,
    /// Its message on the platform.
    pub message: Option<String>,
    /// The thread on the platform that it opened.
    pub thread: Option<String>,
    /// When it last changed.
    pub changed_at: DateTime<Utc>,
}

/// Where a post stands on its platform.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// The channel or thread.
    pub place: String,
    /// The message.
    pub message: String,
    /// The thread that it opened.
    pub thread: Option<String>,
}

#[derive(FromRow)]
struct Row {
    platform: String,
    channel: String,
    body: String,
    revision: i64,
    shown: i64,
    place: Option<String>,
    message: Option<String>,
    thread: Option<String>,
    changed_at: DateTime<Utc>,
}

impl TryFrom<Row> for StoredPost {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let corrupt = |column: &str, reason: String| StoreError::Corrupt {
            table: "post",
            column: column.to_owned(),
            reason,
        };
        let post: Post =
            serde_json::from_str(&row.body).map_err(|error| corrupt("body", error.to_string()))?;
        Ok(Self {
            // It stays where it was first put, whatever was said of it since.
            post: Post {
                channel: ChannelId::new(row.channel),
                ..post
            },
            platform: Platform::named(&row.platform)
                .ok_or_else(|| corrupt("platform", format!("there is no platform {:?}", row.platform)))?,
            revision: row.revision,
            shown: row.shown,
            place: row.place,
            message: row.message,
            thread: row.thread,
            changed_at: row.changed_at,
        })
    }
}

/// The outbox lane of a channel, or of the thread of a post in it.
pub fn lane(platform: Platform, channel: &ChannelId, within: Option<&str>) -> String {
    match within {
        None => format!("{}:{channel}", platform.as_str()),
        Some(head) => format!("{}:{channel}/{head}", platform.as_str()),
    }
}

/// The subject under which a post is in the outbox.
pub fn subject(key: &str, platform: Platform) -> String {
    format!("post:{}:{key}", platform.as_str())
}

fn showing(post: &Post, platform: Platform, lane: String, version: &str) -> Outgoing {
    let subject = subject(&post.key, platform);
    Outgoing {
        lane,
        kind: "show".to_owned(),
        token: format!("{subject}#{version}"),
        subject,
        body: serde_json::json!({ "key": post.key }),
        urgency: post.urgency,
    }
}

impl Unit {
    /// Says what should stand in chat under the post's key, on those platforms. Where it says something
    /// else by now, it changes in place; the channel and the thread stay those of the first time.
    pub async fn post(
        &mut self,
        post: &Post,
        platforms: impl IntoIterator<Item = Platform>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let body = serde_json::to_string(post).map_err(|error| StoreError::Corrupt {
            table: "post",
            column: "body".to_owned(),
            reason: error.to_string(),
        })?;
        for platform in platforms {
            let put: Option<(i64, String, Option<String>)> = run!(self, |c| sqlx::query_as(PUT)
                .bind(&post.key)
                .bind(platform.as_str())
                .bind(post.channel.as_str())
                .bind(post.within.as_deref())
                .bind(&body)
                .bind(now)
                .fetch_optional(c)
                .await)?;
            let Some((revision, channel, within)) = put else {
                continue;
            };
            if revision == 1 || self.waiting_on(&subject(&post.key, platform)).await? == 0 {
                let lane = lane(platform, &ChannelId::new(channel), within.as_deref());
                self.enqueue(&showing(post, platform, lane, &revision.to_string()), now)
                    .await?;
            }
        }
        Ok(())
    }

    /// Notes where a revision stands now, in the unit that ends its outbox entry. A later revision is shown
    /// next, and whatever waits for its thread is hurried.
    pub async fn post_shown(
        &mut self,
        shown: &StoredPost,
        standing: &Standing,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let key = shown.post.key.as_str();
        let latest: Option<i64> = run!(self, |c| sqlx::query_scalar(SHOWN)
            .bind(key)
            .bind(shown.platform.as_str())
            .bind(shown.revision)
            .bind(&standing.place)
            .bind(&standing.message)
            .bind(standing.thread.as_deref())
            .fetch_optional(c)
            .await)?;
        let channel = &shown.post.channel;
        if let Some(latest) = latest.filter(|latest| *latest > shown.revision) {
            let lane = lane(shown.platform, channel, shown.post.within.as_deref());
            self.enqueue(
                &showing(&shown.post, shown.platform, lane, &latest.to_string()),
                now,
            )
            .await?;
        }
        if standing.thread.is_some() {
            self.hurry_lane(&lane(shown.platform, channel, Some(key)), now)
                .await?;
        }
        Ok(())
    }

    /// A post's message is gone from its platform: it is shown anew, once.
    pub async fn post_lost(&mut self, lost: &StoredPost, now: DateTime<Utc>) -> Result<()> {
        let key = lost.post.key.as_str();
        let noted = run!(self, |c| sqlx::query(LOST)
            .bind(key)
            .bind(lost.platform.as_str())
            .bind(lost.message.as_deref())
            .execute(c)
            .await
            .map(|done| done.rows_affected() > 0))?;
        if noted && self.waiting_on(&subject(key, lost.platform)).await? == 0 {
            let lane = lane(lost.platform, &lost.post.channel, lost.post.within.as_deref());
            let version = format!("anew:{}", lost.message.as_deref().unwrap_or_default());
            self.enqueue(&showing(&lost.post, lost.platform, lane, &version), now)
                .await?;
        }
        Ok(())
    }
}

impl View {
    /// A post on a platform.
    pub async fn stored_post(&mut self, key: &str, platform: Platform) -> Result<Option<StoredPost>> {
        let row: Option<Row> = run!(self, |c| sqlx::query_as(ONE)
            .bind(key)
            .bind(platform.as_str())
            .fetch_optional(c)
            .await)?;
        row.map(StoredPost::try_from).transpose()
    }

    /// The key of the post that a message of a platform is.
    pub async fn post_of_message(&mut self, platform: Platform, message: &str) -> Result<Option<String>> {
        Ok(run!(self, |c| sqlx::query_scalar(BY_MESSAGE)
            .bind(platform.as_str())
            .bind(message)
            .fetch_optional(c)
            .await)?)
    }

    /// The key of the post that opened a thread of a platform.
    pub async fn post_of_thread(&mut self, platform: Platform, thread: &str) -> Result<Option<String>> {
        Ok(run!(self, |c| sqlx::query_scalar(BY_THREAD)
            .bind(platform.as_str())
            .bind(thread)
            .fetch_optional(c)
            .await)?)
    }

    /// Keys and threads of the posts that opened one and changed since an instant, the latest first.
    pub async fn threads_since(
        &mut self,
        platform: Platform,
        since: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<(String, String)>> {
        Ok(run!(self, |c| sqlx::query_as(OPEN_THREADS)
            .bind(platform.as_str())
            .bind(since)
            .bind(limit)
            .fetch_all(c)
            .await)?)
    }
}
