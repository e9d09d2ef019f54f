//! Is it there already? Asked of our own store first, then of the helpdesk, by the token that everything of
//! ours carries.
//!
//! Promises: "not there" is only said where everything among which it would stand was read whole; where a
//! page was cut or a record had no body to look into, it says so.

use chrono::TimeDelta;
use hammerdesk_domain::helpdesk::{HelpdeskWrite, TicketId, WriteToken, find_mark, find_tag};
use hammerdesk_freshdesk::{self as fd, LARGEST_PAGE, More, TicketFilter, TicketOrder, TicketQuery};

use super::{HelpdeskDeliverer, Order};
use crate::freshdesk::sync::Stopped;

/// What two clocks may differ by.
const EARLIER: TimeDelta = TimeDelta::minutes(10);

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Look {
    /// It is there, under this id.
    Here(String),
    /// It is certainly not there now.
    NotThere,
    /// That cannot be told.
    Unclear(&'static str),
}

impl HelpdeskDeliverer {
    pub(super) async fn look(&self, order: &Order) -> Result<Look, Stopped> {
        let mut view = self.helpdesk.store().read().await?;
        let stored = view.ticket_write(order.token).await?;
        drop(view);
        match &order.write {
            HelpdeskWrite::Create(_) => match stored.and_then(|write| write.ticket) {
                Some(ticket) => Ok(Look::Here(ticket.to_string())),
                None => self.look_for_ticket(order).await,
            },
            HelpdeskWrite::Note { ticket, .. } | HelpdeskWrite::Reply { ticket, .. } => {
                match stored.and_then(|write| write.conversation) {
                    Some(conversation) => Ok(Look::Here(conversation.to_string())),
                    None => self.look_for_words(*ticket, order).await,
                }
            }
            HelpdeskWrite::Update { ticket, change } => {
                let read = self.client().ticket(number(*ticket)?, &[]).await?;
                Ok(match super::writing::difference(&read, change) {
                    Some(_) => Look::NotThere,
                    None => Look::Here(ticket.to_string()),
                })
            }
            // The same words again, or what is gone again: both harmless.
            HelpdeskWrite::EditNote { .. } | HelpdeskWrite::DeleteNote { .. } => Ok(Look::NotThere),
        }
    }

    async fn look_for_words(&self, ticket: TicketId, order: &Order) -> Result<Look, Stopped> {
        // While several pages are read, what is taken away moves what follows one up, past the reader; not
        // twice at the same place.
        for again in [false, true] {
            let said = self.client().all_conversations(number(ticket)?).await?;
            let ours = said
                .items
                .iter()
                .find(|one| !one.is_incoming() && carries(one, order.token));
            if let Some(ours) = ours {
                self.helpdesk.keep_said(ours, ticket, order.token).await?;
                return Ok(Look::Here(ours.id.to_string()));
            }
            if !said.unreadable.is_empty() || said.items.iter().any(|one| one.body.is_none()) {
                return Ok(Look::Unclear("something said on the ticket could not be read"));
            }
            if again || said.items.len() < LARGEST_PAGE as usize {
                break;
            }
        }
        Ok(Look::NotThere)
    }

    /// Among the tickets made since it was decided, the newest first: their order does not move as they
    /// change.
    async fn look_for_ticket(&self, order: &Order) -> Result<Look, Stopped> {
        let since = order.made_at - EARLIER;
        for filter in [None, Some(TicketFilter::Spam), Some(TicketFilter::Deleted)] {
            let mut page = 1;
            loop {
                let query = TicketQuery {
                    updated_since: Some(since),
                    filter,
                    order: TicketOrder::NewestFirst,
                    page,
                    ..TicketQuery::default()
                };
                let read = self.client().tickets(&query).await?;
                let tags = |ticket: &fd::Ticket| find_tag(ticket.tags.iter().map(String::as_str));
                if let Some(ours) = read.items.iter().find(|ticket| tags(ticket) == Some(order.token)) {
                    return Ok(Look::Here(ours.id.to_string()));
                }
                let hides_tags = |ticket: &fd::Ticket| {
                    ticket.created_at.is_none() || ticket.odd.iter().any(|odd| odd.field.starts_with("tags"))
                };
                if !read.unreadable.is_empty() || read.items.iter().any(hides_tags) {
                    return Ok(Look::Unclear("a new ticket could not be read"));
                }
                let is_past = read
                    .items
                    .last()
                    .and_then(|last| last.created_at)
                    .is_some_and(|at| at < since);
                match read.more {
                    _ if is_past => break,
                    More::Nothing => break,
                    More::Page(next) if next > page => page = next,
                    More::Page(_) | More::Capped => {
                        return Ok(Look::Unclear("there are more new tickets than are listed"));
                    }
                }
            }
        }
        Ok(Look::NotThere)
    }
}

fn carries(said: &fd::Conversation, token: WriteToken) -> bool {
    [&said.body, &said.body_text]
        .into_iter()
        .flatten()
        .any(|body| find_mark(body.as_str()) == Some(token))
}

/// A ticket's number as the client takes it.
pub(super) fn number(ticket: TicketId) -> Result<u64, Stopped> {
    u64::try_from(ticket.0).map_err(|_| Stopped::Odd("a ticket's number"))
}
