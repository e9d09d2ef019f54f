//! From what the helpdesk's client read to what the store keeps.
//!
//! Promises: an answer in which something that matters had another shape than it should is not taken for
//! the truth: it is said to be odd, and whoever reads asks again before believing it.

use chrono::{DateTime, Utc};
use hammerdesk_domain::helpdesk::{Attachment, Conversation, Gone, Requester, Ticket, TicketId, TicketTimes};
use hammerdesk_freshdesk as fd;
use hammerdesk_store::helpdesk::{NewRecord, RecordKind, TicketReading};
use serde_json::{Value, json};

/// From where a ticket was read, which says more of its whereabouts than the ticket does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The ordinary list.
    Ordinary,
    /// The list of spam.
    Spam,
    /// The list of what was deleted.
    Deleted,
    /// A ticket on its own.
    Single,
    /// The archive.
    Archive,
}

/// What an answer says of a ticket.
pub(super) struct Read {
    /// What to keep.
    pub(super) reading: TicketReading,
    /// Of its requester.
    pub(super) requester: Option<NewRecord>,
    /// Did something that matters have another shape than it should?
    pub(super) is_odd: bool,
}

fn id(id: Option<u64>) -> Option<i64> {
    id.and_then(|id| i64::try_from(id).ok())
}

fn words(text: Option<&fd::Text>) -> Option<String> {
    text.map(|text| text.as_str().to_owned())
}

fn raw(record: &fd::RawRecord) -> Value {
    serde_json::from_str(record.as_str()).unwrap_or(Value::Null)
}

/// What a ticket was read as; `None` where its number is none.
pub(super) fn ticket(read: &fd::Ticket, place: Place) -> Option<Read> {
    let number = TicketId(i64::try_from(read.id).ok()?);
    let created_at = read.created_at.or(read.updated_at).unwrap_or_default();
    let gone = match place {
        Place::Spam => Gone::Spam,
        Place::Deleted => Gone::Deleted,
        Place::Archive => Gone::Archived,
        Place::Single if read.is_deleted() => Gone::Deleted,
        Place::Single if read.is_spam() => Gone::Spam,
        Place::Ordinary | Place::Single => Gone::Here,
    };
    let stats = read.stats.as_ref();
    let at = |of: fn(&fd::Stats) -> Option<DateTime<Utc>>| stats.and_then(of);
    let ticket = Ticket {
        id: number,
        subject: words(read.subject.as_ref()).unwrap_or_default(),
        status: read
            .status
            .map_or(hammerdesk_domain::helpdesk::status::OPEN, fd::Status::code),
        priority: read.priority.map_or(1, fd::Priority::code),
        source: read.source.map_or(0, fd::Source::code),
        kind: read.kind.clone(),
        requester: id(read.requester_id),
        responder: id(read.responder_id),
        group: id(read.group_id),
        company: id(read.company_id),
        product: id(read.product_id),
        support_email: words(read.support_email.as_ref()),
        tags: read.tags.clone(),
        custom: read.custom_fields.clone(),
        due_at: read.due_by,
        first_response_due_at: read.fr_due_by,
        is_escalated: read.is_escalated.unwrap_or(false),
        times: TicketTimes {
            agent_responded_at: at(|stats| stats.agent_responded_at),
            requester_responded_at: at(|stats| stats.requester_responded_at),
            first_responded_at: at(|stats| stats.first_responded_at),
            status_updated_at: at(|stats| stats.status_updated_at),
            reopened_at: at(|stats| stats.reopened_at),
            resolved_at: at(|stats| stats.resolved_at),
            closed_at: at(|stats| stats.closed_at),
            pending_since: at(|stats| stats.pending_since),
        },
        created_at,
        updated_at: read.updated_at.unwrap_or(created_at),
        gone,
        merged_into: None,
    };
    // A view has the files; a list has none, which does not mean that there are none.
    let attachments = (place == Place::Single).then(|| files(&read.attachments, number, None));
    let lacks = read.updated_at.is_none() || read.status.is_none() || read.created_at.is_none();
    Some(Read {
        is_odd: lacks || !read.odd.is_empty(),
        requester: read.requester.as_ref().and_then(partial_contact),
        reading: TicketReading {
            ticket,
            has_times: stats.is_some(),
            description: words(read.description.as_ref()),
            description_text: words(read.description_text.as_ref()),
            attachments,
            raw: raw(&read.raw),
        },
    })
}

fn files(read: &[fd::Attachment], ticket: TicketId, conversation: Option<i64>) -> Vec<Attachment> {
    read.iter()
        .filter_map(|file| {
            Some(Attachment {
                id: i64::try_from(file.id).ok()?,
                ticket,
                conversation,
                name: words(file.name.as_ref()).unwrap_or_else(|| "attachment".to_owned()),
                media_type: file
                    .content_type
                    .clone()
                    .unwrap_or_else(|| "application/octet-stream".to_owned()),
                size: file.size.and_then(|size| i64::try_from(size).ok()).unwrap_or(0),
            })
        })
        .collect()
}

/// What was said, the files on it, and whether everything had the shape it should.
pub(super) fn conversation(
    read: &fd::Conversation,
    ticket: TicketId,
) -> Option<(Conversation, Vec<Attachment>, bool)> {
    let number = i64::try_from(read.id).ok()?;
    let created_at = read.created_at.or(read.updated_at).unwrap_or_default();
    let list = |texts: &[fd::Text]| texts.iter().map(|text| text.as_str().to_owned()).collect();
    let html = words(read.body.as_ref()).unwrap_or_default();
    let conversation = Conversation {
        id: number,
        ticket,
        source: read.source.map_or(-1, fd::ConversationSource::code),
        incoming: read.is_incoming(),
        private: read.is_private(),
        author: id(read.user_id),
        automatic: read.automation_id.is_some() || read.auto_response == Some(true),
        from: words(read.from_email.as_ref()),
        to: list(&read.to_emails),
        cc: list(&read.cc_emails),
        text: words(read.body_text.as_ref()).unwrap_or_else(|| html.clone()),
        html,
        created_at,
        updated_at: read.updated_at.unwrap_or(created_at),
    };
    let lacks = read.created_at.is_none() || read.incoming.is_none() || read.private.is_none();
    let files = files(&read.attachments, ticket, Some(number));
    Some((conversation, files, lacks || !read.odd.is_empty()))
}

fn partial_contact(read: &fd::Requester) -> Option<NewRecord> {
    let text = |text: &Option<fd::Text>| text.as_ref().map(|text| text.as_str().to_owned());
    Some(NewRecord {
        kind: RecordKind::Contact,
        id: id(read.id)?,
        name: text(&read.name).unwrap_or_default(),
        email: text(&read.email),
        raw: json!({
            "id": read.id, "name": text(&read.name), "email": text(&read.email),
            "phone": text(&read.phone), "mobile": text(&read.mobile),
        }),
        is_partial: true,
        updated_at: None,
    })
}

/// A record of the helpdesk as it is kept.
pub(super) trait Keep {
    fn keep(&self) -> Option<NewRecord>;
}

macro_rules! keep {
    ($($record:ident as $kind:ident, |$one:ident| ($name:expr, $email:expr);)+) => {$(
        impl Keep for fd::$record {
            fn keep(&self) -> Option<NewRecord> {
                let $one = self;
                Some(NewRecord {
                    kind: RecordKind::$kind,
                    id: i64::try_from($one.id).ok()?,
                    name: $name.unwrap_or_default(),
                    email: $email,
                    raw: raw(&$one.raw),
                    // What is odd in places stands in for the record, and never replaces it.
                    is_partial: !$one.odd.is_empty(),
                    updated_at: $one.updated_at,
                })
            }
        }
    )+};
}

keep! {
    Agent as Agent, |one| (
        one.contact.as_ref().and_then(|contact| words(contact.name.as_ref())),
        one.contact.as_ref().and_then(|contact| words(contact.email.as_ref()))
    );
    Group as Group, |one| (one.name.clone(), None);
    TicketField as Field, |one| (one.name.clone(), None);
    Contact as Contact, |one| (words(one.name.as_ref()), words(one.email.as_ref()));
    Company as Company, |one| (words(one.name.as_ref()), None);
}

/// The person a ticket is from, as the stored contact tells.
pub(super) fn requester(contact: Option<i64>, raw: Option<&Value>) -> Requester {
    let text = |key: &str| {
        raw.and_then(|raw| raw.get(key))
            .and_then(Value::as_str)
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let texts = |key: &str| -> Vec<String> {
        raw.and_then(|raw| raw.get(key))
            .and_then(Value::as_array)
            .map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            .unwrap_or_default()
    };
    Requester {
        contact,
        external_id: text("unique_external_id"),
        emails: text("email").into_iter().chain(texts("other_emails")).collect(),
        phones: text("phone")
            .into_iter()
            .chain(text("mobile"))
            .chain(texts("other_phone_numbers"))
            .collect(),
    }
}
