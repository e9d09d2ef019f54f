//! What is said on tickets, and the files that hang on it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use hammerdesk_domain::helpdesk::{
    Attachment, Conversation, TicketId, WriteToken, conversation_changes, find_mark, merged_into, removed,
};
use uuid::Uuid;

use super::{json, parsed, storable};
use crate::engine::{Unit, View, run, statements};
use crate::error::Result;

statements! {
    OF_TICKET = "SELECT c.state, coalesce(c.token, w.token) AS token, c.read_at, c.kept_seq, c.removed_at FROM ticket_conversation c \
        LEFT JOIN ticket_write w ON w.conversation = c.conversation WHERE c.ticket = $1 \
        ORDER BY c.created_at, c.conversation";
    ONE = "SELECT c.state, coalesce(c.token, w.token) AS token, c.read_at, c.kept_seq, c.removed_at FROM ticket_conversation c \
        LEFT JOIN ticket_write w ON w.conversation = c.conversation WHERE c.conversation = $1";
    PUT = "INSERT INTO ticket_conversation (conversation, ticket, created_at, state, token, read_at, kept_seq, \
        removed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, NULL) ON CONFLICT (conversation) DO UPDATE SET ticket = excluded.ticket, \
        state = excluded.state, read_at = excluded.read_at, kept_seq = excluded.kept_seq, removed_at = NULL, \
        token = coalesce(ticket_conversation.token, excluded.token)";
    REMOVE = "UPDATE ticket_conversation SET removed_at = $2 WHERE conversation = $1";
    TAKE_BACK = "UPDATE ticket_conversation SET removed_at = $2, kept_seq = $3 WHERE conversation = $1 AND removed_at IS NULL";
    /// Our own call to take a note away, tried already: it may have landed without an answer.
    TAKING_AWAY = "SELECT token FROM outbox WHERE subject = $1 AND kind = 'delete_note' AND attempts > 0 \
        AND body LIKE $2 ORDER BY id LIMIT 1";
    READ_UP_TO = "UPDATE ticket SET said_as_of = $2 WHERE ticket = $1 AND (said_as_of IS NULL OR said_as_of < $2)";
    PUT_FILE = "INSERT INTO ticket_attachment (attachment, ticket, conversation, name, media_type, size) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (attachment) DO UPDATE SET ticket = excluded.ticket, \
        conversation = excluded.conversation, name = excluded.name, media_type = excluded.media_type, \
        size = excluded.size";
    FILES = "SELECT attachment, ticket, conversation, name, media_type, size FROM ticket_attachment WHERE ticket = $1 \
        ORDER BY attachment";
    FILE = "SELECT attachment, ticket, conversation, name, media_type, size FROM ticket_attachment WHERE attachment = $1";
    /// Whoever copies our words copies the mark with them: it is ours on one message only.
    KNOWN_TOKEN = "SELECT token FROM ticket_write WHERE token = $1 AND (ticket IS NULL OR ticket = $2) \
        AND (conversation IS NULL OR conversation = $3)";
}

/// Something said, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredConversation {
    /// What was said.
    pub conversation: Conversation,
    /// The token of our own write that it is.
    pub token: Option<WriteToken>,
    /// When we last read it.
    pub read_at: DateTime<Utc>,
    /// The number of the change that kept it as it is.
    pub kept_seq: i64,
    /// When we found that it is no longer there.
    pub removed_at: Option<DateTime<Utc>>,
}

/// Everything said on a ticket, as one reading found it.
#[derive(Debug, Clone, Copy)]
pub struct SaidReading<'a> {
    /// All of it.
    pub all: &'a [Conversation],
    /// The files that hang on it.
    pub files: &'a [Attachment],
    /// The ticket's `updated_at` for which it was read; `None` where more may have been said in that second.
    pub as_of: Option<DateTime<Utc>>,
    /// The newest change when the reading began ([`View::newest_change`]).
    pub began: i64,
}

/// What became of the words on a ticket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// New ones.
    pub new: usize,
    /// Edited ones.
    pub edited: usize,
    /// Ones that are no longer there.
    pub removed: usize,
}

impl Kept {
    /// Is there something new?
    pub const fn is_news(self) -> bool {
        self.new + self.edited + self.removed > 0
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    state: String,
    token: Option<Uuid>,
    read_at: DateTime<Utc>,
    kept_seq: i64,
    removed_at: Option<DateTime<Utc>>,
}

impl Row {
    fn read(self) -> Result<StoredConversation> {
        Ok(StoredConversation {
            conversation: parsed("ticket_conversation", "state", &self.state)?,
            token: self.token,
            read_at: self.read_at,
            kept_seq: self.kept_seq,
            removed_at: self.removed_at,
        })
    }
}

#[derive(sqlx::FromRow)]
struct FileRow {
    attachment: i64,
    ticket: i64,
    conversation: Option<i64>,
    name: String,
    media_type: String,
    size: i64,
}

impl From<FileRow> for Attachment {
    fn from(row: FileRow) -> Self {
        Self {
            id: row.attachment,
            ticket: TicketId(row.ticket),
            conversation: row.conversation,
            name: row.name,
            media_type: row.media_type,
            size: row.size,
        }
    }
}

impl View {
    /// What was said on a ticket, oldest first, with what was taken away since.
    pub async fn conversations(&mut self, ticket: TicketId) -> Result<Vec<StoredConversation>> {
        let rows: Vec<Row> = run!(self, |c| sqlx::query_as(OF_TICKET)
            .bind(ticket.0)
            .fetch_all(c)
            .await)?;
        rows.into_iter().map(Row::read).collect()
    }

    /// One thing that was said.
    pub async fn conversation(&mut self, id: i64) -> Result<Option<StoredConversation>> {
        let row: Option<Row> = run!(self, |c| sqlx::query_as(ONE).bind(id).fetch_optional(c).await)?;
        row.map(Row::read).transpose()
    }

    /// The files of a ticket and of what was said on it.
    pub async fn attachments(&mut self, ticket: TicketId) -> Result<Vec<Attachment>> {
        let rows: Vec<FileRow> = run!(self, |c| sqlx::query_as(FILES).bind(ticket.0).fetch_all(c).await)?;
        Ok(rows.into_iter().map(Attachment::from).collect())
    }

    /// One file.
    pub async fn attachment(&mut self, id: i64) -> Result<Option<Attachment>> {
        let row: Option<FileRow> = run!(self, |c| sqlx::query_as(FILE).bind(id).fetch_optional(c).await)?;
        Ok(row.map(Attachment::from))
    }
}

impl Unit {
    /// Keeps everything that is said on a ticket: `said` is complete, so what is stored and not in it was
    /// taken away, unless it was stored since the reading began.
    pub async fn keep_conversations(
        &mut self,
        ticket: TicketId,
        said: &SaidReading<'_>,
        at: DateTime<Utc>,
    ) -> Result<Kept> {
        self.take_numbers(0).await?;
        let mut stored: HashMap<i64, StoredConversation> = self
            .conversations(ticket)
            .await?
            .into_iter()
            .map(|stored| (stored.conversation.id, stored))
            .collect();
        let mut kept = Kept::default();
        for conversation in said.all {
            let before = stored.remove(&conversation.id);
            let is_late = |before: &StoredConversation| {
                before.kept_seq > said.began && before.conversation.updated_at >= conversation.updated_at
            };
            if before.as_ref().is_some_and(is_late) {
                continue;
            }
            let was_new = self.keep_one(before, conversation, None, at).await?;
            match was_new {
                Some(true) => kept.new += 1,
                Some(false) => kept.edited += 1,
                None => {}
            }
        }
        let is_gone =
            |stored: &StoredConversation| stored.removed_at.is_none() && stored.kept_seq <= said.began;
        for gone in stored.into_values().filter(is_gone) {
            run!(self, |c| sqlx::query(REMOVE)
                .bind(gone.conversation.id)
                .bind(at)
                .execute(c)
                .await
                .map(|_| ()))?;
            let by = self.taking_away(ticket, gone.token).await?;
            self.append(ticket, &[removed(&gone.conversation, at)], by, at)
                .await?;
            kept.removed += 1;
        }
        self.keep_attachments(said.files).await?;
        if let Some(as_of) = said.as_of {
            self.words_read_up_to(ticket, as_of).await?;
        }
        Ok(kept)
    }

    /// Everything that can be read of what was said on a ticket is stored, up to that change of it.
    pub async fn words_read_up_to(&mut self, ticket: TicketId, as_of: DateTime<Utc>) -> Result<()> {
        run!(self, |c| sqlx::query(READ_UP_TO)
            .bind(ticket.0)
            .bind(as_of)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Keeps one thing that was said: the answer to our own write, with its token. The others on the ticket
    /// stay as they are.
    pub async fn keep_conversation(
        &mut self,
        conversation: &Conversation,
        files: &[Attachment],
        token: Option<WriteToken>,
        at: DateTime<Utc>,
    ) -> Result<bool> {
        self.take_numbers(0).await?;
        let before = self.conversation(conversation.id).await?;
        let kept = self.keep_one(before, conversation, token, at).await?;
        self.keep_attachments(files).await?;
        Ok(kept.is_some())
    }

    /// We took something of ours away ourselves: whoever reads what happened finds the token of that write on it.
    pub async fn took_away(&mut self, conversation: i64, token: WriteToken, at: DateTime<Utc>) -> Result<()> {
        self.take_numbers(0).await?;
        let Some(stored) = self.conversation(conversation).await? else {
            return Ok(());
        };
        let seq = self.take_numbers(1).await?;
        let is_news = run!(self, |c| sqlx::query(TAKE_BACK)
            .bind(conversation)
            .bind(at)
            .bind(seq)
            .execute(c)
            .await
            .map(|done| done.rows_affected() > 0))?;
        if is_news {
            let event = removed(&stored.conversation, at);
            self.append(stored.conversation.ticket, &[event], Some(token), at)
                .await?;
        }
        Ok(())
    }

    /// The token of our own write that takes that note away, where there is one.
    async fn taking_away(
        &mut self,
        ticket: TicketId,
        note: Option<WriteToken>,
    ) -> Result<Option<WriteToken>> {
        let Some(note) = note else {
            return Ok(None);
        };
        let token: Option<String> = run!(self, |c| sqlx::query_scalar(TAKING_AWAY)
            .bind(format!("ticket:{ticket}"))
            .bind(format!("%{note}%"))
            .fetch_optional(c)
            .await)?;
        let token = token
            .as_deref()
            .and_then(|token| token.strip_prefix("freshdesk:"));
        Ok(token.and_then(|token| token.parse().ok()))
    }

    /// `Some(true)` is new, `Some(false)` changed.
    async fn keep_one(
        &mut self,
        before: Option<StoredConversation>,
        conversation: &Conversation,
        token: Option<WriteToken>,
        at: DateTime<Utc>,
    ) -> Result<Option<bool>> {
        let after = Conversation {
            html: storable(&conversation.html),
            text: storable(&conversation.text),
            ..conversation.clone()
        };
        if let Some(before) = &before
            && before.conversation == after
            && before.removed_at.is_none()
            && (token.is_none() || before.token.is_some())
        {
            return Ok(None);
        }
        let token = match token {
            Some(token) => Some(token),
            None if before.is_none() && !after.incoming => self.own_mark(&after).await?,
            None => None,
        };
        let state = json("ticket_conversation", &after)?;
        let seq = self.take_numbers(1).await?;
        run!(self, |c| sqlx::query(PUT)
            .bind(after.id)
            .bind(after.ticket.0)
            .bind(after.created_at)
            .bind(state.as_str())
            .bind(token)
            .bind(at)
            .bind(seq)
            .execute(c)
            .await
            .map(|_| ()))?;
        if let Some(token) = token {
            self.note_write_landed(token, after.ticket, Some(after.id), at)
                .await?;
        }
        let is_new = before.is_none();
        let event = conversation_changes(before.as_ref().map(|before| &before.conversation), &after);
        let events: Vec<_> = event.into_iter().collect();
        self.append(after.ticket, &events, token, at).await?;
        if is_new && let Some(into) = merged_into(&after).filter(|into| *into != after.ticket) {
            self.note_merge(after.ticket, into, at).await?;
        }
        Ok(Some(is_new))
    }

    /// Only on a ticket that is closed does such a note mean what it says.
    async fn note_merge(&mut self, ticket: TicketId, into: TicketId, at: DateTime<Utc>) -> Result<()> {
        let is_closed = self
            .ticket(ticket)
            .await?
            .is_some_and(|stored| hammerdesk_domain::helpdesk::status::is_over(stored.ticket.status));
        if is_closed {
            self.ticket_merged(ticket, into, at).await?;
        }
        Ok(())
    }

    /// The token that an agent's message carries, if we know it and it was made for this ticket.
    async fn own_mark(&mut self, conversation: &Conversation) -> Result<Option<WriteToken>> {
        let Some(token) = find_mark(&conversation.html) else {
            return Ok(None);
        };
        Ok(run!(self, |c| sqlx::query_scalar(KNOWN_TOKEN)
            .bind(token)
            .bind(conversation.ticket.0)
            .bind(conversation.id)
            .fetch_optional(c)
            .await)?)
    }

    pub(super) async fn keep_attachments(&mut self, files: &[Attachment]) -> Result<()> {
        for file in files {
            run!(self, |c| sqlx::query(PUT_FILE)
                .bind(file.id)
                .bind(file.ticket.0)
                .bind(file.conversation)
                .bind(storable(&file.name))
                .bind(storable(&file.media_type))
                .bind(file.size)
                .execute(c)
                .await
                .map(|_| ()))?;
        }
        Ok(())
    }
}
