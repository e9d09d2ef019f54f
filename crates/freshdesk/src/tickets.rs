//! Tickets: reading them singly and in lists.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::call::Call;
use crate::client::Client;
use crate::codes::{Association, Priority, Source, Status};
use crate::conversations::Conversation;
use crate::error::Error;
use crate::lenient::{CustomFields, Text, part, record};
use crate::limiter::Endpoint;
use crate::page::Page;
use crate::uploads::Attachment;

/// Freshdesk gives no page of tickets after this one.
pub const LAST_TICKET_PAGE: u32 = 300;
/// The most records that a page holds.
pub const LARGEST_PAGE: u32 = 100;

record! {
    /// A ticket. Which fields are there depends on the call, the plan and the year; see each.
    pub struct Ticket {
        @needs {
            /// `id`, counted per account
            id: u64
        }
        /// `subject`
        subject: Option<Text>,
        /// `description`, HTML; lists have it only with [`Include::Description`]
        description: Option<Text>,
        /// `description_text`, the same without markup
        description_text: Option<Text>,
        /// `status`
        status: Option<Status>,
        /// `priority`
        priority: Option<Priority>,
        /// `source`
        source: Option<Source>,
        /// `type`, a label
        kind = "type": Option<String>,
        /// `requester_id`, a contact's
        requester_id: Option<u64>,
        /// `responder_id`, the assigned agent's
        responder_id: Option<u64>,
        /// `group_id`
        group_id: Option<u64>,
        /// `company_id`
        company_id: Option<u64>,
        /// `product_id`
        product_id: Option<u64>,
        /// `email_config_id`
        email_config_id: Option<u64>,
        /// `internal_agent_id`
        internal_agent_id: Option<u64>,
        /// `internal_group_id`
        internal_group_id: Option<u64>,
        /// `form_id`
        form_id: Option<u64>,
        /// `cc_emails`
        cc_emails: Vec<Text>,
        /// `fwd_emails`
        fwd_emails: Vec<Text>,
        /// `reply_cc_emails`
        reply_cc_emails: Vec<Text>,
        /// `ticket_cc_emails`
        ticket_cc_emails: Vec<Text>,
        /// `ticket_bcc_emails`
        ticket_bcc_emails: Vec<Text>,
        /// `to_emails`
        to_emails: Vec<Text>,
        /// `support_email`, the mailbox it came to
        support_email: Option<Text>,
        /// `spam`
        spam: Option<bool>,
        /// `deleted`; there only when true or in the deleted list
        deleted: Option<bool>,
        /// `fr_escalated`: the first response was late
        fr_escalated: Option<bool>,
        /// `is_escalated`: the resolution was late
        is_escalated: Option<bool>,
        /// `nr_escalated`: a next response was late
        nr_escalated: Option<bool>,
        /// `due_by`, of the resolution
        due_by: Option<DateTime<Utc>>,
        /// `fr_due_by`, of the first response
        fr_due_by: Option<DateTime<Utc>>,
        /// `nr_due_by`, of the next response
        nr_due_by: Option<DateTime<Utc>>,
        /// `custom_fields`
        custom_fields: CustomFields,
        /// `tags`
        tags: Vec<String>,
        /// `attachments` of the description; not in lists
        attachments: Vec<Attachment>,
        /// `conversations`, the oldest ten, with [`Include::Conversations`]
        conversations: Vec<Conversation>,
        /// `association_type`
        association_type: Option<Association>,
        /// `associated_tickets_count`, in lists
        associated_tickets_count: Option<u64>,
        /// `associated_tickets_list`, outside lists
        associated_tickets_list: Vec<u64>,
        /// `created_at`, whole seconds
        created_at: Option<DateTime<Utc>>,
        /// `updated_at`, whole seconds; ties are common
        updated_at: Option<DateTime<Utc>>,
        /// `requester`, with [`Include::Requester`]
        requester: Option<Requester>,
        /// `company`, with [`Include::Company`]
        company: Option<CompanyName>,
        /// `stats`, with [`Include::Stats`]
        stats: Option<Stats>,
    }
}

impl Ticket {
    /// `deleted`, absent being not.
    pub fn is_deleted(&self) -> bool {
        self.deleted.unwrap_or(false)
    }

    /// `spam`, absent being not.
    pub fn is_spam(&self) -> bool {
        self.spam.unwrap_or(false)
    }
}

part! {
    /// `requester` of a ticket: who asked.
    pub struct Requester {
        /// `id`, a contact's
        id: Option<u64>,
        /// `name`
        name: Option<Text>,
        /// `email`
        email: Option<Text>,
        /// `mobile`
        mobile: Option<Text>,
        /// `phone`
        phone: Option<Text>,
    }
}

part! {
    /// `company` of a ticket.
    pub struct CompanyName {
        /// `id`
        id: Option<u64>,
        /// `name`
        name: Option<Text>,
    }
}

part! {
    /// `stats` of a ticket: when what happened last.
    pub struct Stats {
        /// `agent_responded_at`
        agent_responded_at: Option<DateTime<Utc>>,
        /// `requester_responded_at`
        requester_responded_at: Option<DateTime<Utc>>,
        /// `first_responded_at`
        first_responded_at: Option<DateTime<Utc>>,
        /// `status_updated_at`
        status_updated_at: Option<DateTime<Utc>>,
        /// `reopened_at`
        reopened_at: Option<DateTime<Utc>>,
        /// `resolved_at`
        resolved_at: Option<DateTime<Utc>>,
        /// `closed_at`
        closed_at: Option<DateTime<Utc>>,
        /// `pending_since`
        pending_since: Option<DateTime<Utc>>,
    }
}

/// What else an answer should hold. Each costs: two credits more on a list, one more on a single ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Include {
    /// `requester`
    Requester,
    /// `stats`
    Stats,
    /// `description`, lists only; a single ticket always has it
    Description,
    /// `company`
    Company,
    /// `conversations`, the oldest ten, single tickets only
    Conversations,
}

impl Include {
    fn name(self) -> &'static str {
        match self {
            Self::Requester => "requester",
            Self::Stats => "stats",
            Self::Description => "description",
            Self::Company => "company",
            Self::Conversations => "conversations",
        }
    }
}

fn including(call: Call, include: &[Include], each: u32) -> Call {
    if include.is_empty() {
        return call;
    }
    let names: Vec<_> = include.iter().map(|include| include.name()).collect();
    let extras = u32::try_from(include.len()).unwrap_or(u32::MAX);
    call.with("include", names.join(","))
        .costing(include.len(), extras.saturating_mul(each).saturating_add(1))
}

/// `filter` of a list of tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketFilter {
    /// `spam`; never in a list without this filter
    Spam,
    /// `deleted`; never in a list without this filter
    Deleted,
    /// `new_and_my_open`
    NewAndMyOpen,
    /// `watching`
    Watching,
}

/// What a list of tickets is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TicketOrder {
    /// `updated_at`, oldest first: the one order in which a list can be followed while it grows.
    #[default]
    Updated,
    /// `created_at`, oldest first
    Created,
    /// `due_by`, soonest first
    Due,
    /// `created_at`, newest first: Freshdesk's own default
    NewestFirst,
}

/// Which tickets to list. Without `updated_since` Freshdesk lists only those created within the last 30 days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketQuery {
    /// `updated_since`; whether the instant itself is included is not documented, so ask with an overlap.
    pub updated_since: Option<DateTime<Utc>>,
    /// `filter`
    pub filter: Option<TicketFilter>,
    /// `requester_id`
    pub requester_id: Option<u64>,
    /// `company_id`
    pub company_id: Option<u64>,
    /// `email` of the requester
    pub email: Option<String>,
    /// `order_by` and `order_type`
    pub order: TicketOrder,
    /// `include`
    pub include: Vec<Include>,
    /// `per_page`, 1 to 100
    pub per_page: u32,
    /// `page`, from 1
    pub page: u32,
}

impl Default for TicketQuery {
    fn default() -> Self {
        Self {
            updated_since: None,
            filter: None,
            requester_id: None,
            company_id: None,
            email: None,
            order: TicketOrder::default(),
            include: Vec::new(),
            per_page: LARGEST_PAGE,
            page: 1,
        }
    }
}

impl TicketQuery {
    /// All tickets changed since, oldest change first.
    pub fn since(instant: DateTime<Utc>) -> Self {
        Self {
            updated_since: Some(instant),
            ..Self::default()
        }
    }

    /// The same question's page of that number.
    #[must_use]
    pub fn page(mut self, page: u32) -> Self {
        self.page = page;
        self
    }

    /// With that in each ticket.
    #[must_use]
    pub fn including(mut self, include: &[Include]) -> Self {
        self.include.extend_from_slice(include);
        self
    }

    /// Only those.
    #[must_use]
    pub fn only(mut self, filter: TicketFilter) -> Self {
        self.filter = Some(filter);
        self
    }

    fn call(&self) -> Call {
        let mut call = Call::get("list tickets", "tickets").on(Endpoint::TicketList);
        if let Some(since) = self.updated_since {
            call = call.with("updated_since", instant(since));
        }
        if let Some(filter) = self.filter {
            call = call.with(
                "filter",
                match filter {
                    TicketFilter::Spam => "spam",
                    TicketFilter::Deleted => "deleted",
                    TicketFilter::NewAndMyOpen => "new_and_my_open",
                    TicketFilter::Watching => "watching",
                },
            );
        }
        if let Some(id) = self.requester_id {
            call = call.with("requester_id", id.to_string());
        }
        if let Some(id) = self.company_id {
            call = call.with("company_id", id.to_string());
        }
        if let Some(email) = &self.email {
            call = call.with("email", email);
        }
        let (by, order) = match self.order {
            TicketOrder::Updated => ("updated_at", "asc"),
            TicketOrder::Created => ("created_at", "asc"),
            TicketOrder::Due => ("due_by", "asc"),
            TicketOrder::NewestFirst => ("created_at", "desc"),
        };
        call = call
            .with("order_by", by)
            .with("order_type", order)
            .with("per_page", self.per_page.clamp(1, LARGEST_PAGE).to_string())
            .with("page", self.page.max(1).to_string());
        including(call, &self.include, 2)
    }
}

/// An instant as Freshdesk takes it: whole seconds, cut down, in UTC.
pub(crate) fn instant(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl Client {
    /// One page of a list: `GET /tickets`. Page 300 is the last that Freshdesk gives; where there is more, the page
    /// says [`crate::More::Capped`], and so does, empty, any page after it.
    pub async fn tickets(&self, query: &TicketQuery) -> Result<Page<Ticket>, Error> {
        if query.page > LAST_TICKET_PAGE {
            return Ok(Page::capped());
        }
        let answer = match self.send(query.call()).await {
            Ok(answer) => answer,
            Err(error) if query.page > 1 && is_page_refused(&error) => return Ok(Page::capped()),
            Err(error) => return Err(error),
        };
        let page = Page::of(answer.listing()?, answer.next_page(), LAST_TICKET_PAGE);
        Ok(if query.page == LAST_TICKET_PAGE {
            page.last_given(query.per_page.clamp(1, LARGEST_PAGE))
        } else {
            page
        })
    }

    /// One ticket: `GET /tickets/{id}`. An archived one is missing here; a deleted one may be.
    pub async fn ticket(&self, id: u64, include: &[Include]) -> Result<Ticket, Error> {
        let call = Call::get("read a ticket", path(id, ""));
        self.send(including(call, include, 1)).await?.record()
    }

    /// One archived ticket: `GET /tickets/archived/{id}`. Forbidden where the plan has no archive.
    pub async fn archived_ticket(&self, id: u64) -> Result<Ticket, Error> {
        let call = Call::get("read an archived ticket", format!("tickets/archived/{id}"));
        self.send(call).await?.record()
    }
}

pub(crate) fn path(id: u64, rest: &str) -> String {
    let mut path = format!("tickets/{id}");
    if !rest.is_empty() {
        let _ = write!(path, "/{rest}");
    }
    path
}

fn is_page_refused(error: &Error) -> bool {
    error.status() == Some(400) && error.refusal().is_some_and(|refusal| refusal.names("page"))
}
