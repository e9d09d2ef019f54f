//! Sends each kind of write, once per call.
//!
//! Promises: a note is private, always and explicitly; every note and reply carries the mark of its token
//! and every ticket its tag; an update sends only what differs and takes no tag away.

use chrono::TimeDelta;
use hammerdesk_domain::chat::SaidFile;
use hammerdesk_domain::helpdesk::{HelpdeskWrite, NewTicket, TicketChange, TicketId, WriteToken, mark, tag};
use hammerdesk_freshdesk::{
    self as fd, ConversationSource, NewNote, NewReply, Priority, Status, TicketFields,
};

use super::files::Bundle;
use super::landed::number;
use super::{HelpdeskDeliverer, Order};
use crate::engine::Verdict;
use crate::freshdesk::sync::Stopped;

/// Words wait so long for a file that cannot be fetched, and no longer.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);

impl HelpdeskDeliverer {
    /// Sends it. [`Verdict::Later`] and [`Verdict::Refused`] mean that nothing was sent.
    pub(super) async fn write(&self, order: &Order) -> Result<Verdict, Stopped> {
        match &order.write {
            HelpdeskWrite::Create(ticket) => self.create(ticket, order.token).await,
            HelpdeskWrite::Update { ticket, change } => self.update(*ticket, change, order.token).await,
            HelpdeskWrite::Note { ticket, html, files } => self.note(*ticket, html, files, order).await,
            HelpdeskWrite::Reply {
                ticket,
                html,
                cc,
                files,
            } => {
                let reply = NewReply {
                    body: format!("{html}{}", mark(order.token)),
                    cc_emails: cc.clone(),
                    ..NewReply::default()
                };
                self.reply(*ticket, &reply, files, order).await
            }
            HelpdeskWrite::EditNote { ticket, note, html } => match self.standing(*note).await? {
                Note::At(conversation) => {
                    let body = format!("{html}{}", mark(*note));
                    match self.client().edit_note(conversation, &body).await {
                        Ok(answer) => self.helpdesk.keep_said(&answer, *ticket, *note).await?,
                        Err(error) if error.is_forbidden() => return Ok(not_allowed()),
                        Err(error) => return Err(error.into()),
                    }
                    Ok(Verdict::Delivered(conversation.to_string()))
                }
                elsewhere => Ok(elsewhere.verdict()),
            },
            HelpdeskWrite::DeleteNote { note, .. } => match self.standing(*note).await? {
                Note::At(conversation) => {
                    match self.client().delete_conversation(conversation).await {
                        Ok(()) => {}
                        // Gone already: what was asked for.
                        Err(error) if error.is_missing() => {}
                        Err(error) if error.is_forbidden() => return Ok(not_allowed()),
                        Err(error) => return Err(error.into()),
                    }
                    Ok(Verdict::Delivered(conversation.to_string()))
                }
                elsewhere => Ok(elsewhere.verdict()),
            },
        }
    }

    async fn create(&self, new: &NewTicket, token: WriteToken) -> Result<Verdict, Stopped> {
        let mut fields = TicketFields::new()
            .subject(&new.subject)
            .description(&new.html)
            .status(Status::Open)
            .priority(new.priority.map_or(Priority::Low, Priority::from_code))
            .tags(new.tags.iter().cloned().chain([tag(token)]));
        if let Some(email) = &new.email {
            fields = fields.email(email);
        }
        if let Some(name) = &new.name {
            fields = fields.name(name);
        }
        if let Some(phone) = &new.phone {
            fields = fields.phone(phone);
        }
        if let Some(group) = new.group {
            fields = fields.group(u64::try_from(group).ok());
        }
        if let Some(responder) = new.responder {
            fields = fields.responder(u64::try_from(responder).ok());
        }
        if let Some(kind) = &new.kind {
            fields = fields.kind(Some(kind));
        }
        let answer = self.client().create_ticket(&fields, Vec::new()).await?;
        self.helpdesk.keep_written(&answer, token).await?;
        Ok(Verdict::Delivered(answer.id.to_string()))
    }

    async fn update(
        &self,
        ticket: TicketId,
        change: &TicketChange,
        token: WriteToken,
    ) -> Result<Verdict, Stopped> {
        let number = number(ticket)?;
        let read = self.client().ticket(number, &[]).await?;
        let Some(fields) = difference(&read, change) else {
            return Ok(Verdict::Delivered(ticket.to_string()));
        };
        let answer = self.client().update_ticket(number, &fields, Vec::new()).await?;
        self.helpdesk.keep_written(&answer, token).await?;
        Ok(Verdict::Delivered(ticket.to_string()))
    }

    async fn note(
        &self,
        ticket: TicketId,
        html: &str,
        files: &[SaidFile],
        order: &Order,
    ) -> Result<Verdict, Stopped> {
        let token = order.token;
        let is_patient = self.helpdesk.now() - order.made_at < PATIENCE;
        let bundle = match self.files.gather(files, is_patient).await? {
            Ok(bundle) => bundle,
            Err(why) => return Ok(Verdict::later(why)),
        };
        let Bundle { uploads, left_out } = bundle;
        let lines: String = left_out
            .iter()
            .map(|left_out| format!("<br>{}", left_out.html()))
            .collect();
        let note = NewNote::private(format!("{html}{lines}{}", mark(token)));
        let mut answer = self.client().note(number(ticket)?, &note, uploads).await?;
        answer.private.get_or_insert(true);
        answer.incoming.get_or_insert(false);
        answer.source.get_or_insert(ConversationSource::Note);
        self.helpdesk.keep_said(&answer, ticket, token).await?;
        Ok(Verdict::Delivered(answer.id.to_string()))
    }

    /// A client is not told of files that were meant to come along: then nothing is sent.
    async fn reply(
        &self,
        ticket: TicketId,
        reply: &NewReply,
        files: &[SaidFile],
        order: &Order,
    ) -> Result<Verdict, Stopped> {
        let token = order.token;
        let is_patient = self.helpdesk.now() - order.made_at < PATIENCE;
        let bundle = match self.files.gather(files, is_patient).await? {
            Ok(bundle) => bundle,
            Err(why) => return Ok(Verdict::later(why)),
        };
        if let Some(left_out) = bundle.left_out.first() {
            return Ok(Verdict::Refused(left_out.to_string()));
        }
        let mut answer = self
            .client()
            .reply(number(ticket)?, reply, bundle.uploads)
            .await?;
        answer.private.get_or_insert(false);
        answer.incoming.get_or_insert(false);
        answer.source.get_or_insert(ConversationSource::Reply);
        self.helpdesk.keep_said(&answer, ticket, token).await?;
        Ok(Verdict::Delivered(answer.id.to_string()))
    }

    /// Where a note of ours stands.
    async fn standing(&self, note: WriteToken) -> Result<Note, Stopped> {
        let mut view = self.helpdesk.store().read().await?;
        let written = view.ticket_write(note).await?;
        let fate = view.fate(&format!("freshdesk:{note}")).await?;
        let conversation = written
            .and_then(|write| write.conversation)
            .and_then(|conversation| u64::try_from(conversation).ok());
        Ok(match (conversation, fate) {
            (Some(conversation), _) => Note::At(conversation),
            (None, Some(fate)) if fate.state == "waiting" => Note::NotYet,
            (None, _) => Note::Never,
        })
    }
}

/// Of one note; where the key's agent may do nothing at all, nothing else gets through either.
fn not_allowed() -> Verdict {
    Verdict::Refused("Freshdesk does not let this one be changed".to_owned())
}

/// Where a note of ours is.
enum Note {
    At(u64),
    NotYet,
    Never,
}

impl Note {
    fn verdict(&self) -> Verdict {
        match self {
            Self::NotYet | Self::At(_) => Verdict::later("its note is not in the helpdesk yet"),
            Self::Never => Verdict::Unwanted("its note never came into the helpdesk".to_owned()),
        }
    }
}

/// What has to change for a ticket to be as wanted; nothing where it is so already.
pub(super) fn difference(now: &fd::Ticket, wanted: &TicketChange) -> Option<TicketFields> {
    let mut fields = TicketFields::new();
    let id = |id: i64| u64::try_from(id).ok();
    if let Some(status) = wanted.status.map(Status::from_code)
        && now.status != Some(status)
    {
        fields = fields.status(status);
    }
    if let Some(priority) = wanted.priority.map(Priority::from_code)
        && now.priority != Some(priority)
    {
        fields = fields.priority(priority);
    }
    if let Some(group) = wanted.group.and_then(id)
        && now.group_id != Some(group)
    {
        fields = fields.group(Some(group));
    }
    if let Some(responder) = wanted.responder.and_then(id)
        && now.responder_id != Some(responder)
    {
        fields = fields.responder(Some(responder));
    }
    if let Some(kind) = &wanted.kind
        && now.kind.as_ref() != Some(kind)
    {
        fields = fields.kind(Some(kind));
    }
    let mut tags = now.tags.clone();
    for wanted in &wanted.add_tags {
        let is_there = |tag: &String| tag.trim().to_lowercase() == wanted.trim().to_lowercase();
        if !tags.iter().any(is_there) {
            tags.push(wanted.clone());
        }
    }
    if tags.len() > now.tags.len() {
        fields = fields.tags(tags);
    }
    (!fields.is_empty()).then_some(fields)
}
