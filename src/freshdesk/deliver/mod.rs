//! Takes what we ask of the helpdesk there, from the outbox alone, and each thing once.
//!
//! Promises: whatever was tried before is looked for by its token before it is sent again, where it would
//! stand and never by search, which lags; a look that leaves a doubt sends nothing; between a try that may
//! have landed and the next one lies time in which a request that was lost on the way would have arrived.
//! So a client is never mailed twice. While the key is refused everything waits and nothing is lost. What
//! the helpdesk will not take is said in the ticket's thread, or to the person who asked for it.

mod files;
mod landed;
mod telling;
mod writing;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use hammerdesk_domain::helpdesk::{AskedBy, HelpdeskWrite, TicketId, WriteToken};
use hammerdesk_freshdesk as fd;
use hammerdesk_store::helpdesk::Hint;
use hammerdesk_store::{Unit, Waiting};
use uuid::Uuid;

use self::files::Files;
use self::landed::Look;
use super::sync::{Helpdesk, Stopped};
use crate::discord::Cdn;
use crate::engine::{Deliverer, Nudge, Verdict};

/// A request whose answer was lost may still be on its way for so long.
const SETTLE: TimeDelta = TimeDelta::seconds(60);
/// How long everything waits once the key was refused.
const KEY_PAUSE: TimeDelta = TimeDelta::minutes(5);
/// Entries remembered as certainly not sent; forgetting one only costs a look.
const REMEMBERED: usize = 10_000;

/// Delivers to the helpdesk.
#[derive(Debug)]
pub struct HelpdeskDeliverer {
    helpdesk: Helpdesk,
    files: Files,
    nudge: Nudge,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Entries of which no try can have landed, and how many tries those were.
    untouched: HashMap<Uuid, i64>,
    /// The key was refused: nothing is asked before.
    closed_until: Option<DateTime<Utc>>,
}

/// An entry of the outbox, as it is meant.
#[derive(Debug, Clone)]
struct Order {
    token: WriteToken,
    write: HelpdeskWrite,
    /// The person who wants it, where it was one.
    asked_by: Option<AskedBy>,
    made_at: DateTime<Utc>,
}

impl Order {
    fn of(what: &Waiting) -> Option<Self> {
        let token = what.what.token.strip_prefix("freshdesk:")?;
        let write: HelpdeskWrite = serde_json::from_value(what.what.body.clone()).ok()?;
        let has_number = write.ticket().is_none_or(|ticket| ticket.0 > 0);
        has_number.then_some(Self {
            token: WriteToken::try_parse(token).ok()?,
            write,
            asked_by: what
                .what
                .body
                .get("asked_by")
                .and_then(|asked_by| serde_json::from_value(asked_by.clone()).ok()),
            made_at: what.made_at,
        })
    }

    /// What could not be done, as the beginning of a sentence.
    const fn undone(&self) -> &'static str {
        match self.write {
            HelpdeskWrite::Create(_) => "The ticket could not be made in the helpdesk",
            HelpdeskWrite::Update { .. } => "The ticket could not be changed in the helpdesk",
            HelpdeskWrite::Note { .. } => "The note could not be added to the helpdesk",
            HelpdeskWrite::Reply { .. } => "The reply was not sent to the client",
            HelpdeskWrite::EditNote { .. } => "The note could not be changed in the helpdesk",
            HelpdeskWrite::DeleteNote { .. } => "The note could not be taken out of the helpdesk",
        }
    }
}

impl HelpdeskDeliverer {
    /// Delivers to that account.
    pub fn new(helpdesk: Helpdesk, cdn: Cdn, nudge: Nudge) -> Self {
        Self {
            files: Files::new(helpdesk.store().clone(), cdn),
            helpdesk,
            nudge,
            known: Mutex::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For calls that somebody waits for.
    fn client(&self) -> fd::Client {
        self.helpdesk.client().for_person()
    }

    /// Can no earlier try have landed?
    fn is_untouched(&self, what: &Waiting) -> bool {
        what.attempts == 0 || self.known().untouched.get(&what.id) == Some(&what.attempts)
    }

    fn note_untouched(&self, what: &Waiting) {
        let mut known = self.known();
        if known.untouched.len() >= REMEMBERED {
            known.untouched.clear();
        }
        known.untouched.insert(what.id, what.attempts + 1);
    }

    fn forget(&self, what: &Waiting) {
        self.known().untouched.remove(&what.id);
    }

    async fn try_once(&self, what: &Waiting) -> anyhow::Result<Verdict> {
        let Some(order) = Order::of(what) else {
            return Ok(Verdict::Refused("it cannot be read".to_owned()));
        };
        let now = self.helpdesk.now();
        let is_untouched = self.is_untouched(what);
        let closed = self.known().closed_until.filter(|until| *until > now);
        if let Some(until) = closed {
            if is_untouched {
                self.note_untouched(what);
            }
            return Ok(later_at(until, "the key is refused"));
        }
        if !is_untouched && let Some(verdict) = self.look_first(&order, what, now).await? {
            return Ok(verdict);
        }
        let error = match self.write(&order).await {
            Ok(verdict) => {
                if matches!(verdict, Verdict::Later { .. }) {
                    self.note_untouched(what);
                }
                return Ok(verdict);
            }
            Err(Stopped::Helpdesk(error)) => error,
            Err(stopped) => {
                self.forget(what);
                return Err(stopped.into());
            }
        };
        if !error.is_ambiguous() {
            self.note_untouched(what);
            if error.is_forbidden() {
                self.say_waits(&order, now).await?;
            }
            return Ok(self.failed(&error, now));
        }
        self.forget(what);
        tracing::warn!(token = %order.token, %error, "whether the helpdesk did this is not known; it is looked for");
        match self.look(&order).await {
            Ok(Look::Here(id)) => Ok(Verdict::Delivered(id)),
            Ok(Look::NotThere | Look::Unclear(_)) | Err(Stopped::Helpdesk(_) | Stopped::Odd(_)) => Ok(
                later_at(self.helpdesk.now() + SETTLE, "no answer; it is looked for again"),
            ),
            Err(stopped) => Err(stopped.into()),
        }
    }

    /// An earlier try may have landed; nothing is given where it certainly has not.
    async fn look_first(
        &self,
        order: &Order,
        what: &Waiting,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Option<Verdict>> {
        let again_at = now + SETTLE;
        Ok(match self.look(order).await {
            Ok(Look::Here(id)) => Some(Verdict::Delivered(id)),
            Ok(Look::Unclear(why)) => {
                tracing::warn!(token = %order.token, why, "whether the helpdesk did this cannot be told; it is looked for again");
                Some(later_at(again_at, why))
            }
            Ok(Look::NotThere) => {
                let is_settled = what.tried_at.is_none_or(|tried_at| now - tried_at >= SETTLE);
                (!is_settled).then(|| later_at(again_at, "an earlier try may still arrive"))
            }
            Err(Stopped::Helpdesk(error)) => Some(self.failed(&error, now)),
            Err(Stopped::Odd(why)) => Some(later_at(again_at, why)),
            Err(stopped @ Stopped::Store(_)) => return Err(stopped.into()),
        })
    }

    /// What becomes of something that was certainly not done.
    fn failed(&self, error: &fd::Error, now: DateTime<Utc>) -> Verdict {
        if error.is_unauthorised() {
            self.known().closed_until = Some(now + KEY_PAUSE);
            tracing::error!(
                %error,
                "the helpdesk refuses the key: set freshdesk.api_key anew; what is to be written waits"
            );
            return later_at(now + KEY_PAUSE, "the key is refused");
        }
        if error.is_forbidden() {
            tracing::error!(%error, "the helpdesk does not let the key's agent do this; it waits");
            return later_at(now + KEY_PAUSE, "the key's agent may not");
        }
        match &error.kind {
            fd::ErrorKind::Unsendable(why) => return Verdict::Refused(why.clone()),
            fd::ErrorKind::ReadOnly => {
                return Verdict::Refused("the helpdesk is only read (freshdesk.read_only)".to_owned());
            }
            _ => {}
        }
        if error.is_missing() {
            return Verdict::Refused("it is not in the helpdesk any more".to_owned());
        }
        if error.is_rejected() {
            return Verdict::Refused(error.kind.to_string());
        }
        let wait = error
            .retry_after()
            .and_then(|wait| TimeDelta::from_std(wait).ok());
        Verdict::Later {
            why: error.to_string(),
            until: wait.map(|wait| now + wait),
        }
    }

    async fn landed(
        &self,
        unit: &mut Unit,
        order: &Order,
        id: &str,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let number = id.parse::<i64>().ok();
        let (ticket, conversation) = match &order.write {
            HelpdeskWrite::Create(_) => (number.map(TicketId), None),
            HelpdeskWrite::Note { ticket, .. } | HelpdeskWrite::Reply { ticket, .. } => {
                (Some(*ticket), number)
            }
            // The note keeps the token with which it was made.
            write => (write.ticket(), None),
        };
        let Some(ticket) = ticket else {
            return Ok(());
        };
        if let (HelpdeskWrite::DeleteNote { .. }, Some(conversation)) = (&order.write, number) {
            unit.took_away(conversation, order.token, now).await?;
        }
        unit.note_write_landed(order.token, ticket, conversation, now)
            .await?;
        let hint = Hint {
            whole: true,
            urgency: Hint::LIVE,
            why: "written",
            due_at: now,
        };
        unit.hint_ticket(ticket, hint, now).await?;
        Ok(())
    }
}

fn later_at(until: DateTime<Utc>, why: impl Into<String>) -> Verdict {
    Verdict::Later {
        why: why.into(),
        until: Some(until),
    }
}

impl Deliverer for HelpdeskDeliverer {
    fn way(&self) -> &'static str {
        "freshdesk"
    }

    fn deliver<'a>(&'a self, what: &'a Waiting) -> BoxFuture<'a, anyhow::Result<Verdict>> {
        Box::pin(self.try_once(what))
    }

    fn settle<'a>(
        &'a self,
        unit: &'a mut Unit,
        what: &'a Waiting,
        verdict: &'a Verdict,
    ) -> BoxFuture<'a, anyhow::Result<()>> {
        Box::pin(async move {
            self.forget(what);
            let Some(order) = Order::of(what) else {
                return Ok(());
            };
            let now = self.helpdesk.now();
            match verdict {
                Verdict::Delivered(id) => {
                    self.landed(unit, &order, id, now).await?;
                    self.say_done(unit, &order, id, now).await
                }
                Verdict::Refused(why) => self.say_refused(unit, &order, why, now).await,
                Verdict::Unwanted(_) | Verdict::Later { .. } => Ok(()),
            }
        })
    }

    fn settled(&self) {
        self.nudge.nudge();
    }
}
