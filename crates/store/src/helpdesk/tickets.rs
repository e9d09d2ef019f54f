//! Tickets.

use chrono::{DateTime, Utc};
use hammerdesk_domain::helpdesk::{
    Attachment, EventKind, Gone, Ticket, TicketEvent, TicketId, WriteToken, ticket_changes,
};
use serde::Serialize;

use super::{json, parsed, storable};
use crate::engine::{Unit, View, run, statements};
use crate::error::Result;

statements! {
    STATE = "SELECT state, description, version, changed_seq FROM ticket WHERE ticket = $1";
    INSERT = "INSERT INTO ticket (ticket, subject, status, priority, requester, responder, group_id, created_at, updated_at, \
        gone, merged_into, state, description, description_text, raw, version, changed_seq, first_seen_at, read_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 1, 0, $16, $16)";
    UPDATE = "UPDATE ticket SET subject = $2, status = $3, priority = $4, requester = $5, responder = $6, group_id = $7, \
        created_at = $8, updated_at = $9, gone = $10, merged_into = $11, state = $12, \
        description = coalesce($13, description), description_text = coalesce($14, description_text), raw = $15, \
        read_at = $16, version = version + 1 WHERE ticket = $1";
    SEEN = "UPDATE ticket SET read_at = $2 WHERE ticket = $1";
    ONE = "SELECT ticket, state, description, description_text, version, changed_seq, first_seen_at, read_at, said_as_of, \
        verdict FROM ticket WHERE ticket = $1";
    RAW = "SELECT raw FROM ticket WHERE ticket = $1";
    PAGE = "SELECT ticket, status, priority, responder, group_id, subject, updated_at, gone, merged_into \
        FROM ticket WHERE ticket > $1 ORDER BY ticket LIMIT $2";
    PAGE_SAID = "SELECT ticket, conversation FROM ticket_conversation WHERE removed_at IS NULL AND ticket > $1 \
        AND ticket <= $2 ORDER BY ticket, created_at, conversation";
    KNOWN = "SELECT ticket, updated_at, gone FROM ticket WHERE ticket = $1";
    GONE_ALL = "SELECT ticket FROM ticket WHERE gone = $1 ORDER BY ticket";
    OPEN = "SELECT ticket FROM ticket WHERE gone = '' AND status NOT IN (4, 5) AND ticket > $1 ORDER BY ticket LIMIT $2";
    WALKED = "UPDATE ticket SET walk = $2 WHERE ticket = $1";
    NOT_WALKED = "SELECT ticket FROM ticket WHERE gone = $1 AND walk < $2 AND first_seen_at < $3 AND ticket > $4 \
        ORDER BY ticket LIMIT $5";
    COUNTS = "SELECT CAST(count(*) AS BIGINT) AS tickets, \
        CAST(count(*) FILTER (WHERE gone = '') AS BIGINT) AS here, \
        CAST(count(*) FILTER (WHERE said_as_of IS NULL AND gone = '') AS BIGINT) AS unread FROM ticket";
    HIGHEST = "SELECT coalesce(max(ticket), 0) FROM ticket";
    MERGED = "UPDATE ticket SET merged_into = $2 WHERE ticket = $1";
    DROP_FILES = "DELETE FROM ticket_attachment WHERE ticket = $1 AND conversation IS NULL";
}

/// A ticket as one answer of the helpdesk showed it.
#[derive(Debug, Clone, PartialEq)]
pub struct TicketReading {
    /// What it showed. `merged_into` is not read here: what is stored stays.
    pub ticket: Ticket,
    /// Did the answer have the times? Where not, the stored ones stay.
    pub has_times: bool,
    /// The description in HTML, where the answer had it.
    pub description: Option<String>,
    /// The same as text.
    pub description_text: Option<String>,
    /// The files on the description, where the answer had them.
    pub attachments: Option<Vec<Attachment>>,
    /// The answer.
    pub raw: serde_json::Value,
}

/// Where a reading comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The token of our own write, where the reading is its answer.
    pub token: Option<WriteToken>,
    /// The newest change when the reading began.
    pub began: i64,
}

impl Origin {
    /// A reading that began at that change ([`View::newest_change`]).
    pub const fn read(began: i64) -> Self {
        Self { token: None, began }
    }

    /// The answer to our own write: nothing is newer.
    pub const fn written(token: WriteToken) -> Self {
        Self {
            token: Some(token),
            began: i64::MAX,
        }
    }
}

/// What became of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketKept {
    /// It is older than what is stored, or may be.
    Stale,
    /// It is what is stored.
    Same,
    /// The ticket was not known.
    New,
    /// It changed something.
    Changed,
}

impl TicketKept {
    /// Is there something new?
    pub const fn is_news(self) -> bool {
        matches!(self, Self::New | Self::Changed)
    }
}

/// A stored ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredTicket {
    /// What the helpdesk shows.
    pub ticket: Ticket,
    /// The description in HTML, from outside; `None` where it was not read yet.
    pub description: Option<String>,
    /// The same as text, from outside.
    pub description_text: Option<String>,
    /// Counts the states that were stored.
    pub version: i64,
    /// The number of its last change.
    pub changed_seq: i64,
    /// When we first saw it.
    pub first_seen_at: DateTime<Utc>,
    /// When we last read it.
    pub read_at: DateTime<Utc>,
    /// The `updated_at` for which everything said on it has been read.
    pub said_as_of: Option<DateTime<Utc>>,
    /// `one`, `several` or `none` clients; `None` before anybody looked.
    pub verdict: Option<String>,
}

/// A ticket as `export tickets` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TicketRow {
    /// Number.
    pub id: i64,
    /// Status code.
    pub status: i64,
    /// Priority.
    pub priority: i64,
    /// Agent.
    pub responder_id: Option<i64>,
    /// Group.
    pub group_id: Option<i64>,
    /// Subject.
    pub subject: String,
    /// Last changed.
    pub updated_at: DateTime<Utc>,
    /// What was said on it, oldest first.
    pub conversations: Vec<i64>,
    /// Where it is: nothing, `spam`, `deleted`, `archived`.
    pub gone: String,
    /// The ticket it was merged into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<i64>,
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow, Serialize)]
pub struct HelpdeskCounts {
    /// Tickets, gone ones too.
    pub tickets: i64,
    /// Tickets that stand in the ordinary lists.
    pub here: i64,
    /// Of those, how many have never had what was said on them read.
    pub unread: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    state: String,
    description: Option<String>,
    description_text: Option<String>,
    version: i64,
    changed_seq: i64,
    first_seen_at: DateTime<Utc>,
    read_at: DateTime<Utc>,
    said_as_of: Option<DateTime<Utc>>,
    verdict: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Brief {
    ticket: i64,
    status: i64,
    priority: i64,
    responder: Option<i64>,
    group_id: Option<i64>,
    subject: String,
    updated_at: DateTime<Utc>,
    gone: String,
    merged_into: Option<i64>,
}

impl View {
    /// A ticket.
    pub async fn ticket(&mut self, id: TicketId) -> Result<Option<StoredTicket>> {
        let row: Option<Row> = run!(self, |c| sqlx::query_as(ONE).bind(id.0).fetch_optional(c).await)?;
        row.map(|row| {
            Ok(StoredTicket {
                ticket: parsed("ticket", "state", &row.state)?,
                description: row.description,
                description_text: row.description_text,
                version: row.version,
                changed_seq: row.changed_seq,
                first_seen_at: row.first_seen_at,
                read_at: row.read_at,
                said_as_of: row.said_as_of,
                verdict: row.verdict,
            })
        })
        .transpose()
    }

    /// The helpdesk's last answer about a ticket.
    pub async fn ticket_raw(&mut self, id: TicketId) -> Result<Option<serde_json::Value>> {
        let raw: Option<String> = run!(self, |c| sqlx::query_scalar(RAW)
            .bind(id.0)
            .fetch_optional(c)
            .await)?;
        raw.map(|raw| parsed("ticket", "raw", &raw)).transpose()
    }

    /// When a ticket was last changed, and whether it is gone.
    pub async fn ticket_known(&mut self, id: TicketId) -> Result<Option<(DateTime<Utc>, String)>> {
        let row: Option<(i64, DateTime<Utc>, String)> =
            run!(self, |c| sqlx::query_as(KNOWN).bind(id.0).fetch_optional(c).await)?;
        Ok(row.map(|(_, updated_at, gone)| (updated_at, gone)))
    }

    /// Tickets by number, from the one after `after`.
    pub async fn ticket_rows(&mut self, after: i64, limit: i64) -> Result<Vec<TicketRow>> {
        let briefs: Vec<Brief> = run!(self, |c| sqlx::query_as(PAGE)
            .bind(after)
            .bind(limit)
            .fetch_all(c)
            .await)?;
        let Some(last) = briefs.last().map(|brief| brief.ticket) else {
            return Ok(Vec::new());
        };
        let said: Vec<(i64, i64)> = run!(self, |c| sqlx::query_as(PAGE_SAID)
            .bind(after)
            .bind(last)
            .fetch_all(c)
            .await)?;
        let mut said = said.into_iter().peekable();
        Ok(briefs
            .into_iter()
            .map(|brief| {
                let mut conversations = Vec::new();
                while let Some((ticket, conversation)) = said.peek().copied() {
                    if ticket > brief.ticket {
                        break;
                    }
                    said.next();
                    if ticket == brief.ticket {
                        conversations.push(conversation);
                    }
                }
                TicketRow {
                    id: brief.ticket,
                    status: brief.status,
                    priority: brief.priority,
                    responder_id: brief.responder,
                    group_id: brief.group_id,
                    subject: brief.subject,
                    updated_at: brief.updated_at,
                    conversations,
                    gone: brief.gone,
                    merged_into: brief.merged_into,
                }
            })
            .collect())
    }

    /// The tickets that are gone in that way.
    pub async fn tickets_gone(&mut self, gone: Gone) -> Result<Vec<TicketId>> {
        let ids: Vec<i64> = run!(self, |c| sqlx::query_scalar(GONE_ALL)
            .bind(gone.word())
            .fetch_all(c)
            .await)?;
        Ok(ids.into_iter().map(TicketId).collect())
    }

    /// Tickets that are neither resolved nor closed nor gone, by number.
    pub async fn tickets_open(&mut self, after: TicketId, limit: i64) -> Result<Vec<TicketId>> {
        let ids: Vec<i64> = run!(self, |c| sqlx::query_scalar(OPEN)
            .bind(after.0)
            .bind(limit)
            .fetch_all(c)
            .await)?;
        Ok(ids.into_iter().map(TicketId).collect())
    }

    /// Tickets in that place that a walk over all of them did not meet, of those known when it began.
    pub async fn tickets_not_walked(
        &mut self,
        gone: Gone,
        walk: i64,
        begun_at: DateTime<Utc>,
        after: TicketId,
        limit: i64,
    ) -> Result<Vec<TicketId>> {
        let ids: Vec<i64> = run!(self, |c| sqlx::query_scalar(NOT_WALKED)
            .bind(gone.word())
            .bind(walk)
            .bind(begun_at)
            .bind(after.0)
            .bind(limit)
            .fetch_all(c)
            .await)?;
        Ok(ids.into_iter().map(TicketId).collect())
    }

    /// How much there is.
    pub async fn helpdesk_counts(&mut self) -> Result<HelpdeskCounts> {
        Ok(run!(self, |c| sqlx::query_as(COUNTS).fetch_one(c).await)?)
    }

    /// The highest ticket number that is stored.
    pub async fn highest_ticket(&mut self) -> Result<i64> {
        Ok(run!(self, |c| sqlx::query_scalar(HIGHEST).fetch_one(c).await)?)
    }
}

impl Unit {
    /// Keeps what the helpdesk showed, and what that says has happened.
    pub async fn keep_ticket(
        &mut self,
        reading: &TicketReading,
        origin: Origin,
        at: DateTime<Utc>,
    ) -> Result<TicketKept> {
        let id = reading.ticket.id;
        self.take_numbers(0).await?;
        let stored: Option<(String, Option<String>, i64, i64)> =
            run!(self, |c| sqlx::query_as(STATE).bind(id.0).fetch_optional(c).await)?;
        let mut after = reading.ticket.clone();
        after.subject = storable(&after.subject);
        let (events, kept): (Vec<TicketEvent>, TicketKept) = match stored {
            None => (ticket_changes(None, &after, 1), TicketKept::New),
            Some((state, description, version, changed_seq)) => {
                let before: Ticket = parsed("ticket", "state", &state)?;
                if !reading.has_times {
                    after.times = before.times;
                }
                after.merged_into = after.merged_into.or(before.merged_into);
                if after.updated_at < before.updated_at {
                    return Ok(TicketKept::Stale);
                }
                let is_same_text = reading.description.is_none()
                    || reading.description.as_deref().map(storable) == description;
                if before == after && is_same_text {
                    run!(self, |c| sqlx::query(SEEN)
                        .bind(id.0)
                        .bind(at)
                        .execute(c)
                        .await
                        .map(|_| ()))?;
                    // A list does not tell of files: what a single reading says of them is news of its own.
                    if self.keep_other_files(id, reading).await? {
                        self.append(id, &[], origin.token, at).await?;
                        return Ok(TicketKept::Changed);
                    }
                    return Ok(TicketKept::Same);
                }
                // Another reading of the same second was kept meanwhile; which is the later nobody can tell.
                if after.updated_at == before.updated_at && changed_seq > origin.began {
                    return Ok(TicketKept::Stale);
                }
                let mut events = ticket_changes(Some(&before), &after, version + 1);
                for event in events.iter_mut().filter(|event| !event.is_exact) {
                    // What moved nothing over there happened after what did, and not after now.
                    if event.at <= before.updated_at {
                        event.at = at.max(event.at);
                    }
                }
                (events, TicketKept::Changed)
            }
        };
        let sql = if kept == TicketKept::New { INSERT } else { UPDATE };
        self.put(sql, &after, reading, at).await?;
        self.keep_other_files(id, reading).await?;
        self.append(id, &events, origin.token, at).await?;
        Ok(kept)
    }

    /// Keeps the files of the description, where the reading tells of others than are known.
    async fn keep_other_files(&mut self, id: TicketId, reading: &TicketReading) -> Result<bool> {
        let Some(files) = &reading.attachments else {
            return Ok(false);
        };
        let mut known = self.attachments(id).await?;
        known.retain(|file| file.conversation.is_none());
        let same = |file: &Attachment| {
            known
                .iter()
                .any(|known| known.id == file.id && known.size == file.size)
        };
        if known.len() == files.len() && files.iter().all(same) {
            return Ok(false);
        }
        run!(self, |c| sqlx::query(DROP_FILES)
            .bind(id.0)
            .execute(c)
            .await
            .map(|_| ()))?;
        self.keep_attachments(files).await?;
        Ok(true)
    }

    async fn put(
        &mut self,
        sql: &'static str,
        after: &Ticket,
        reading: &TicketReading,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let state = json("ticket", after)?;
        let raw = reading.raw.to_string();
        run!(self, |c| sqlx::query(sql)
            .bind(after.id.0)
            .bind(after.subject.as_str())
            .bind(after.status)
            .bind(after.priority)
            .bind(after.requester)
            .bind(after.responder)
            .bind(after.group)
            .bind(after.created_at)
            .bind(after.updated_at)
            .bind(after.gone.word())
            .bind(after.merged_into.map(|id| id.0))
            .bind(state.as_str())
            .bind(reading.description.as_deref().map(storable))
            .bind(reading.description_text.as_deref().map(storable))
            .bind(raw.as_str())
            .bind(at)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// A ticket is gone, or back; nothing else about it is known. `false` where that is stored already or
    /// the ticket is not known.
    pub async fn ticket_went(&mut self, id: TicketId, gone: Gone, at: DateTime<Utc>) -> Result<bool> {
        self.change(id, at, |ticket| ticket.gone = gone).await
    }

    /// A ticket was merged into another.
    pub async fn ticket_merged(&mut self, id: TicketId, into: TicketId, at: DateTime<Utc>) -> Result<bool> {
        let changed = self
            .change(id, at, |ticket| ticket.merged_into = Some(into))
            .await?;
        if changed {
            run!(self, |c| sqlx::query(MERGED)
                .bind(id.0)
                .bind(into.0)
                .execute(c)
                .await
                .map(|_| ()))?;
        }
        Ok(changed)
    }

    async fn change(
        &mut self,
        id: TicketId,
        at: DateTime<Utc>,
        change: impl FnOnce(&mut Ticket),
    ) -> Result<bool> {
        self.take_numbers(0).await?;
        let Some(stored) = self.ticket(id).await? else {
            return Ok(false);
        };
        let mut after = stored.ticket.clone();
        change(&mut after);
        if after == stored.ticket {
            return Ok(false);
        }
        let mut events = ticket_changes(Some(&stored.ticket), &after, stored.version + 1);
        for event in &mut events {
            // The helpdesk said nothing of when: not later than now.
            if event.kind != EventKind::Merged {
                event.at = at;
            }
        }
        let raw = self.ticket_raw(id).await?.unwrap_or_default();
        let reading = TicketReading {
            ticket: after.clone(),
            has_times: true,
            description: None,
            description_text: None,
            attachments: None,
            raw,
        };
        self.put(UPDATE, &after, &reading, at).await?;
        self.append(id, &events, None, at).await?;
        Ok(true)
    }

    /// A walk over all tickets has met this one.
    pub async fn ticket_walked(&mut self, id: TicketId, walk: i64) -> Result<()> {
        run!(self, |c| sqlx::query(WALKED)
            .bind(id.0)
            .bind(walk)
            .execute(c)
            .await
            .map(|_| ()))?;
        Ok(())
    }
}
