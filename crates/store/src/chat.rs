//! The console's conversations: messages, their files, and how far each person has read.
//!
//! Who may read a message is part of every question asked here: what is for one person alone never leaves
//! the store for another. Ids are UUIDv7 from one clock, so their order is the order of the conversation.

use chrono::{DateTime, Utc};
use hammerdesk_domain::ids::PersonId;
use sqlx::FromRow;
use uuid::Uuid;

use crate::engine::{Unit, View, run, statements};
use crate::error::{Result, StoreError};

statements! {
    POST = "INSERT INTO chat_message (id, channel, thread, author, only_for, at, body, token) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (token) DO NOTHING";
    POST_FILE = "INSERT INTO chat_file (message, position, name, media_type, content) VALUES ($1, $2, $3, $4, $5)";
    DROP_FILES = "DELETE FROM chat_file WHERE message = $1";
    /// A mark only moves forward: a slow tab never makes read messages unread.
    READ = "INSERT INTO chat_read (person, channel, thread, up_to) VALUES ($1, $2, $3, $4) \
            ON CONFLICT (person, channel, thread) DO UPDATE SET up_to = excluded.up_to \
            WHERE excluded.up_to > chat_read.up_to";
    ONE = "SELECT id, channel, thread, author, only_for, at, body FROM chat_message \
           WHERE id = $2 AND (only_for IS NULL OR only_for = $1)";
    BY_TOKEN = "SELECT id, channel, thread, author, only_for, at, body FROM chat_message \
                WHERE token = $2 AND author = $1";
    LATEST = "SELECT id, channel, thread, author, only_for, at, body FROM chat_message \
              WHERE channel = $2 AND thread IS NULL AND (only_for IS NULL OR only_for = $1) \
              ORDER BY id DESC LIMIT $3";
    BEFORE = "SELECT id, channel, thread, author, only_for, at, body FROM chat_message \
              WHERE channel = $2 AND thread IS NULL AND (only_for IS NULL OR only_for = $1) AND id < $4 \
              ORDER BY id DESC LIMIT $3";
    THREAD = "SELECT id, channel, thread, author, only_for, at, body FROM chat_message \
              WHERE thread = $2 AND (only_for IS NULL OR only_for = $1) ORDER BY id LIMIT $3";
    SINCE = "SELECT id, channel, thread, author, only_for, at, body FROM chat_message \
             WHERE id > $2 AND (only_for IS NULL OR only_for = $1) ORDER BY id LIMIT $3";
    NEWEST = "SELECT id FROM chat_message ORDER BY id DESC LIMIT 1";
    ANSWERS = "SELECT thread, CAST(count(*) AS BIGINT) AS answers FROM chat_message \
               WHERE channel = $2 AND thread >= $3 AND (only_for IS NULL OR only_for = $1) GROUP BY thread";
    THREADS = "SELECT r.id, r.channel, r.thread, r.author, r.only_for, r.at, r.body \
               FROM chat_message r JOIN chat_message t ON t.thread = r.id \
               WHERE t.id > $2 AND (t.only_for IS NULL OR t.only_for = $1) AND (r.only_for IS NULL OR r.only_for = $1) \
               GROUP BY r.id, r.channel, r.thread, r.author, r.only_for, r.at, r.body \
               ORDER BY max(t.at) DESC LIMIT $3";
    UNREAD = "SELECT m.channel, m.thread, CAST(count(*) AS BIGINT) AS count \
              FROM chat_message m LEFT JOIN chat_read r \
              ON r.person = $1 AND r.channel = m.channel AND r.thread = coalesce(m.thread, $3) \
              WHERE m.id > $2 AND m.author <> $1 AND (m.only_for IS NULL OR m.only_for = $1) \
              AND (r.up_to IS NULL OR m.id > r.up_to) GROUP BY m.channel, m.thread";
    REVISE = "UPDATE chat_message SET body = $2, revised = $3 WHERE id = $1";
    REVISED = "SELECT revised, id, channel, thread, author, only_for, at, body FROM chat_message \
               WHERE revised > $2 AND (only_for IS NULL OR only_for = $1) ORDER BY revised DESC LIMIT $3";
    FILE = "SELECT f.name, f.media_type, f.content FROM chat_file f JOIN chat_message m ON m.id = f.message \
            WHERE f.message = $2 AND f.position = $3 AND (m.only_for IS NULL OR m.only_for = $1)";
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatMessage {
    /// Its id; later messages have greater ones.
    pub id: Uuid,
    /// Where it stands.
    pub channel: String,
    /// The message whose thread it belongs to.
    pub thread: Option<Uuid>,
    /// Who wrote or asked.
    pub author: PersonId,
    /// Who alone may read it; everybody in the channel where it is `None`.
    pub only_for: Option<PersonId>,
    /// When.
    pub at: DateTime<Utc>,
    /// What it says; the console knows the form.
    pub body: serde_json::Value,
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ChatFile {
    /// Name with ending.
    pub name: String,
    /// MIME type.
    pub media_type: String,
    /// Content.
    pub content: Vec<u8>,
}

/// How many messages somebody has not read.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Unread {
    /// The channel.
    pub channel: String,
    /// The thread; the channel itself where it is `None`.
    pub thread: Option<Uuid>,
    /// How many.
    pub count: i64,
}

/// How many answers a message has in its thread.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Answers {
    /// The message.
    pub thread: Uuid,
    /// How many.
    pub answers: i64,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    channel: String,
    thread: Option<Uuid>,
    author: String,
    only_for: Option<String>,
    at: DateTime<Utc>,
    body: String,
}

#[derive(FromRow)]
struct RevisedRow {
    revised: Uuid,
    #[sqlx(flatten)]
    message: Row,
}

impl TryFrom<Row> for ChatMessage {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let body = serde_json::from_str(&row.body).map_err(|error| StoreError::Corrupt {
            table: "chat_message",
            column: "body".to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Self {
            id: row.id,
            channel: row.channel,
            thread: row.thread,
            author: PersonId::new(row.author),
            only_for: row.only_for.map(PersonId::new),
            at: row.at,
            body,
        })
    }
}

fn messages(rows: Vec<Row>) -> Result<Vec<ChatMessage>> {
    rows.into_iter().map(ChatMessage::try_from).collect()
}

impl View {
    /// A message, if that person may read it.
    pub async fn chat_message(&mut self, viewer: &PersonId, id: Uuid) -> Result<Option<ChatMessage>> {
        let viewer = viewer.as_str();
        let row: Option<Row> = run!(self, |c| sqlx::query_as(ONE)
            .bind(viewer)
            .bind(id)
            .fetch_optional(c)
            .await)?;
        row.map(ChatMessage::try_from).transpose()
    }

    /// The message that its author sent with that token.
    pub async fn chat_sent(&mut self, author: &PersonId, token: Uuid) -> Result<Option<ChatMessage>> {
        let author = author.as_str();
        let row: Option<Row> = run!(self, |c| sqlx::query_as(BY_TOKEN)
            .bind(author)
            .bind(token)
            .fetch_optional(c)
            .await)?;
        row.map(ChatMessage::try_from).transpose()
    }

    /// The latest messages of a channel outside threads, before one where that is given, oldest first.
    pub async fn chat_page(
        &mut self,
        viewer: &PersonId,
        channel: &str,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<ChatMessage>> {
        let viewer = viewer.as_str();
        let mut rows: Vec<Row> = match before {
            None => run!(self, |c| sqlx::query_as(LATEST)
                .bind(viewer)
                .bind(channel)
                .bind(limit)
                .fetch_all(c)
                .await)?,
            Some(before) => run!(self, |c| {
                sqlx::query_as(BEFORE)
                    .bind(viewer)
                    .bind(channel)
                    .bind(limit)
                    .bind(before)
                    .fetch_all(c)
                    .await
            })?,
        };
        rows.reverse();
        messages(rows)
    }

    /// The answers in a message's thread, oldest first.
    pub async fn chat_thread(
        &mut self,
        viewer: &PersonId,
        root: Uuid,
        limit: i64,
    ) -> Result<Vec<ChatMessage>> {
        let viewer = viewer.as_str();
        messages(run!(self, |c| sqlx::query_as(THREAD)
            .bind(viewer)
            .bind(root)
            .bind(limit)
            .fetch_all(c)
            .await)?)
    }

    /// What has come since a message, anywhere, oldest first.
    pub async fn chat_since(
        &mut self,
        viewer: &PersonId,
        after: Uuid,
        limit: i64,
    ) -> Result<Vec<ChatMessage>> {
        let viewer = viewer.as_str();
        messages(run!(self, |c| sqlx::query_as(SINCE)
            .bind(viewer)
            .bind(after)
            .bind(limit)
            .fetch_all(c)
            .await)?)
    }

    /// Messages that were changed in place after an instant's id, with the id of the change, oldest first.
    pub async fn chat_revised_since(
        &mut self,
        viewer: &PersonId,
        after: Uuid,
        limit: i64,
    ) -> Result<Vec<(Uuid, ChatMessage)>> {
        let viewer = viewer.as_str();
        let rows: Vec<RevisedRow> = run!(self, |c| sqlx::query_as(REVISED)
            .bind(viewer)
            .bind(after)
            .bind(limit)
            .fetch_all(c)
            .await)?;
        rows.into_iter()
            .rev()
            .map(|row| Ok((row.revised, ChatMessage::try_from(row.message)?)))
            .collect()
    }

    /// The newest message's id, whoever may read it.
    pub async fn chat_newest(&mut self) -> Result<Option<Uuid>> {
        Ok(run!(self, |c| sqlx::query_scalar(NEWEST)
            .fetch_optional(c)
            .await)?)
    }

    /// How many answers the messages of a channel have, from one message on.
    pub async fn chat_answers(
        &mut self,
        viewer: &PersonId,
        channel: &str,
        from: Uuid,
    ) -> Result<Vec<Answers>> {
        let viewer = viewer.as_str();
        Ok(run!(self, |c| sqlx::query_as(ANSWERS)
            .bind(viewer)
            .bind(channel)
            .bind(from)
            .fetch_all(c)
            .await)?)
    }

    /// The messages in whose threads something was said after `since`, latest first.
    pub async fn chat_threads(
        &mut self,
        viewer: &PersonId,
        since: Uuid,
        limit: i64,
    ) -> Result<Vec<ChatMessage>> {
        let viewer = viewer.as_str();
        messages(run!(self, |c| sqlx::query_as(THREADS)
            .bind(viewer)
            .bind(since)
            .bind(limit)
            .fetch_all(c)
            .await)?)
    }

    /// Where that person has unread messages from others, of those after `since`.
    pub async fn chat_unread(&mut self, viewer: &PersonId, since: Uuid) -> Result<Vec<Unread>> {
        let viewer = viewer.as_str();
        let channel = Uuid::nil();
        Ok(run!(self, |c| sqlx::query_as(UNREAD)
            .bind(viewer)
            .bind(since)
            .bind(channel)
            .fetch_all(c)
            .await)?)
    }

    /// A file of a message, if that person may read the message.
    pub async fn chat_file(
        &mut self,
        viewer: &PersonId,
        message: Uuid,
        position: i64,
    ) -> Result<Option<ChatFile>> {
        let viewer = viewer.as_str();
        Ok(run!(self, |c| {
            sqlx::query_as(FILE)
                .bind(viewer)
                .bind(message)
                .bind(position)
                .fetch_optional(c)
                .await
        })?)
    }
}

impl Unit {
    /// Keeps a message and its files. The token is the sender's own: what was sent twice with one token is
    /// kept once, and `false` says that it was there already.
    pub async fn chat_post(
        &mut self,
        message: &ChatMessage,
        files: &[ChatFile],
        token: Uuid,
    ) -> Result<bool> {
        let (author, only_for) = (
            message.author.as_str(),
            message.only_for.as_ref().map(PersonId::as_str),
        );
        let body = message.body.to_string();
        let kept = run!(self, |c| {
            sqlx::query(POST)
                .bind(message.id)
                .bind(&message.channel)
                .bind(message.thread)
                .bind(author)
                .bind(only_for)
                .bind(message.at)
                .bind(&body)
                .bind(token)
                .execute(c)
                .await
                .map(|done| done.rows_affected() > 0)
        })?;
        if !kept {
            return Ok(false);
        }
        self.chat_files(message.id, files).await?;
        Ok(true)
    }

    async fn chat_files(&mut self, message: Uuid, files: &[ChatFile]) -> Result<()> {
        for (position, file) in (0_i64..).zip(files) {
            run!(self, |c| {
                sqlx::query(POST_FILE)
                    .bind(message)
                    .bind(position)
                    .bind(&file.name)
                    .bind(&file.media_type)
                    .bind(&file.content)
                    .execute(c)
                    .await
                    .map(|_| ())
            })?;
        }
        Ok(())
    }

    /// A message has these files from here on and no others.
    pub async fn chat_refile(&mut self, message: Uuid, files: &[ChatFile]) -> Result<()> {
        run!(self, |c| sqlx::query(DROP_FILES)
            .bind(message)
            .execute(c)
            .await
            .map(|_| ()))?;
        self.chat_files(message, files).await
    }

    /// Changes what a message says; `revised` is the id of the change. `false`: there is no such message.
    pub async fn chat_revise(&mut self, id: Uuid, body: &serde_json::Value, revised: Uuid) -> Result<bool> {
        let body = body.to_string();
        Ok(run!(self, |c| sqlx::query(REVISE)
            .bind(id)
            .bind(&body)
            .bind(revised)
            .execute(c)
            .await
            .map(|done| done.rows_affected() > 0))?)
    }

    /// That person has read a channel or thread up to a message.
    pub async fn chat_read(
        &mut self,
        person: &PersonId,
        channel: &str,
        thread: Option<Uuid>,
        up_to: Uuid,
    ) -> Result<()> {
        let (person, thread) = (person.as_str(), thread.unwrap_or_default());
        run!(self, |c| {
            sqlx::query(READ)
                .bind(person)
                .bind(channel)
                .bind(thread)
                .bind(up_to)
                .execute(c)
                .await
                .map(|_| ())
        })?;
        Ok(())
    }
}
