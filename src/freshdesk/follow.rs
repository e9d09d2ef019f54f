//! Reading one ticket again, with what was said on it.

use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_domain::helpdesk::{Attachment, Conversation, Gone, TicketId};
use hammerdesk_freshdesk::{self as fd, Client, Include};
use hammerdesk_store::StoreError;
use hammerdesk_store::helpdesk::{Hint, HintDue, Origin, SaidReading};

use super::reading::{self, Place};
use super::sync::{Helpdesk, Stopped, backoff};
use crate::engine::Progress;

/// How often something odd is read again before it is believed.
const PATIENCE: i64 = 3;
/// What the helpdesk refuses for good this often is given up, until something else points at it.
const GIVEN_UP: i64 = 8;
/// A second, and what two clocks may differ by: what was said before it ended may not all have been read.
const SETTLED: TimeDelta = TimeDelta::seconds(2);

/// Everything said on a ticket.
struct Said {
    all: Vec<Conversation>,
    files: Vec<Attachment>,
    is_whole: bool,
}

impl Helpdesk {
    /// Follows the most urgent hint that is due.
    pub(super) async fn follow_next(&self, urgencies: RangeInclusive<i64>) -> Result<Progress, Stopped> {
        let mut view = self.inner.store.read().await?;
        let due = view.hints_due(self.now(), urgencies, 1).await?;
        drop(view);
        let Some(hint) = due.into_iter().next() else {
            return Ok(Progress::Idle);
        };
        // Somebody may be waiting for what a webhook told of.
        let client = if hint.urgency >= Hint::LIVE {
            self.inner.client.for_person()
        } else {
            self.inner.client.clone()
        };
        match self.follow(&hint, &client).await {
            Ok(()) => Ok(Progress::Worked),
            Err(Stopped::Store(error)) => Err(error.into()),
            Err(stopped) => {
                self.put_off(&hint, &stopped).await?;
                // Where the fault is this ticket's, the others go on.
                match &stopped {
                    Stopped::Odd(_) => Ok(Progress::Worked),
                    Stopped::Helpdesk(error) if is_about_the_ticket(error) => Ok(Progress::Worked),
                    _ => Err(stopped),
                }
            }
        }
    }

    async fn put_off(&self, hint: &HintDue, stopped: &Stopped) -> Result<(), StoreError> {
        let now = self.now();
        let mut unit = self.inner.store.write().await?;
        let is_refused =
            matches!(stopped, Stopped::Helpdesk(error) if error.is_forbidden() || error.is_rejected());
        if is_refused && hint.tries + 1 >= GIVEN_UP {
            tracing::warn!(ticket = %hint.ticket(), error = %stopped, "a ticket is given up: the helpdesk refuses it");
            unit.hint_followed(hint).await?;
        } else {
            let tries = u32::try_from(hint.tries).unwrap_or(u32::MAX);
            tracing::info!(ticket = %hint.ticket(), error = %stopped, tries, "a ticket is read again later");
            unit.hint_later(hint, now + backoff(tries, TimeDelta::seconds(5)))
                .await?;
        }
        unit.commit().await
    }

    async fn follow(&self, hint: &HintDue, client: &Client) -> Result<(), Stopped> {
        let id = hint.ticket();
        if hint.whole && !self.read_ticket(hint, client).await? {
            return Ok(self.drop_hint(hint).await?);
        }
        let mut view = self.inner.store.read().await?;
        let stored = view.ticket(id).await?;
        let began = view.newest_change().await?;
        drop(view);
        let Some(stored) = stored else {
            return Ok(self.drop_hint(hint).await?);
        };
        let updated_at = stored.ticket.updated_at;
        let is_read = stored.said_as_of.is_some_and(|at| at >= updated_at);
        let is_wanted = !hint.whole || hint.urgency >= Hint::LIVE || !is_read;
        if stored.ticket.gone == Gone::Archived || !is_wanted {
            return Ok(self.drop_hint(hint).await?);
        }
        let asked_at = self.now();
        let said = match self.read_said(id, client).await {
            Err(Stopped::Helpdesk(error)) if error.is_missing() => {
                if stored.ticket.gone == Gone::Here {
                    // Gone between the two questions.
                    self.ask_again(hint, asked_at).await?;
                } else {
                    self.cannot_be_read(hint, updated_at).await?;
                }
                return Ok(());
            }
            said => said?,
        };
        if !said.is_whole && hint.tries < PATIENCE {
            return Err(Stopped::Odd("something said on a ticket"));
        }
        self.keep_said_on(hint, updated_at, &said, began, asked_at)
            .await?;
        Ok(())
    }

    /// Reads the ticket itself; `false` where there is nothing more to read about it.
    async fn read_ticket(&self, hint: &HintDue, client: &Client) -> Result<bool, Stopped> {
        let id = hint.ticket();
        let Ok(number) = u64::try_from(id.0) else {
            return Ok(false);
        };
        let mut view = self.inner.store.read().await?;
        let began = view.newest_change().await?;
        drop(view);
        let (answer, place) = match client.ticket(number, &[Include::Stats, Include::Requester]).await {
            Ok(ticket) => (ticket, Place::Single),
            Err(error) if error.is_missing() => match client.archived_ticket(number).await {
                Ok(ticket) => (ticket, Place::Archive),
                Err(error) if error.is_missing() || error.is_forbidden() || error.is_rejected() => {
                    self.is_not_there(id).await?;
                    return Ok(false);
                }
                Err(error) => return Err(error.into()),
            },
            Err(error) => return Err(error.into()),
        };
        let Some(read) = reading::ticket(&answer, place) else {
            return Ok(false);
        };
        if read.is_odd {
            if hint.tries < PATIENCE {
                return Err(Stopped::Odd("a ticket"));
            }
            tracing::warn!(ticket = %id, "a ticket is kept although some of it is not in the shape it should be");
        }
        let now = self.now();
        let mut unit = self.inner.store.write().await?;
        self.keep(&mut unit, &read, Origin::read(began), now).await?;
        unit.commit().await?;
        Ok(true)
    }

    /// Neither a ticket nor archived: deleted, unless we know better.
    async fn is_not_there(&self, id: TicketId) -> Result<(), StoreError> {
        let now = self.now();
        let mut unit = self.inner.store.write().await?;
        let gone = unit.ticket(id).await?.map(|stored| stored.ticket.gone);
        if gone == Some(Gone::Here) {
            unit.ticket_went(id, Gone::Deleted, now).await?;
        }
        unit.commit().await
    }

    async fn read_said(&self, id: TicketId, client: &Client) -> Result<Said, Stopped> {
        let number = u64::try_from(id.0).unwrap_or(0);
        let listing: fd::Listing<fd::Conversation> = client.all_conversations(number).await?;
        let mut said = Said {
            all: Vec::with_capacity(listing.items.len()),
            files: Vec::new(),
            is_whole: listing.unreadable.is_empty(),
        };
        for read in &listing.items {
            match reading::conversation(read, id) {
                Some((conversation, files, is_odd)) => {
                    said.is_whole &= !is_odd;
                    said.all.push(conversation);
                    said.files.extend(files);
                }
                None => said.is_whole = false,
            }
        }
        // Several pages are several questions: what was taken away in between moves one entry up unseen.
        said.all.sort_by_key(|one| (one.created_at, one.id));
        said.all.dedup_by_key(|one| one.id);
        Ok(said)
    }

    async fn keep_said_on(
        &self,
        hint: &HintDue,
        updated_at: DateTime<Utc>,
        said: &Said,
        began: i64,
        asked_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let id = hint.ticket();
        let now = self.now();
        let is_settled = asked_at - updated_at >= SETTLED;
        let mut unit = self.inner.store.write().await?;
        let kept = if said.is_whole {
            let reading = SaidReading {
                all: &said.all,
                files: &said.files,
                as_of: is_settled.then_some(updated_at),
                began,
            };
            unit.keep_conversations(id, &reading, now).await?.is_news()
        } else {
            tracing::warn!(ticket = %id, "some of what was said on a ticket is not in the shape it should be");
            let mut is_news = false;
            for one in &said.all {
                is_news |= unit.keep_conversation(one, &[], None, now).await?;
            }
            is_news
        };
        if kept {
            self.rematch(&mut unit, id, now).await?;
        }
        unit.hint_followed(hint).await?;
        if !is_settled {
            // More may be said in this same second, and nothing over there would look different for it.
            let again = Hint {
                whole: false,
                urgency: Hint::ORDINARY,
                why: "same second",
                due_at: updated_at.max(asked_at) + SETTLED,
            };
            unit.hint_ticket(id, again, now).await?;
        }
        unit.commit().await
    }

    async fn drop_hint(&self, hint: &HintDue) -> Result<(), StoreError> {
        let mut unit = self.inner.store.write().await?;
        unit.hint_followed(hint).await?;
        unit.commit().await
    }

    /// Nothing of what was said on a ticket that is gone is shown any more: what is stored is all there is.
    async fn cannot_be_read(&self, hint: &HintDue, updated_at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut unit = self.inner.store.write().await?;
        unit.words_read_up_to(hint.ticket(), updated_at).await?;
        unit.hint_followed(hint).await?;
        unit.commit().await
    }

    async fn ask_again(&self, hint: &HintDue, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut unit = self.inner.store.write().await?;
        unit.hint_followed(hint).await?;
        if !hint.whole {
            let again = Hint {
                whole: true,
                urgency: hint.urgency,
                why: "vanished",
                due_at: now,
            };
            unit.hint_ticket(hint.ticket(), again, now).await?;
        }
        unit.commit().await
    }
}

/// Would another ticket be answered?
fn is_about_the_ticket(error: &fd::Error) -> bool {
    if error.is_unauthorised() || error.is_throttled() {
        return false;
    }
    !matches!(error.kind, fd::ErrorKind::Unreachable(_))
}
