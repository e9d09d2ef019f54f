//! `/ticket ..` and `/queue`: the helpdesk from chat.
//!
//! Promises: whoever may not know of a client does not learn of its tickets, in no list, choice or
//! completion; nothing mails a client but a confirmed preview; what changes something is queued in the unit
//! that decides it, once for what caused it.

mod card;
mod change;
pub(crate) mod complete;
mod create;
mod files;
mod find;
pub(crate) mod from_message;
pub(crate) mod reply;
pub(crate) mod scene;

use chrono::{DateTime, Utc};
use hammerdesk_domain::access::Asker;
use hammerdesk_domain::helpdesk::{AskedBy, HelpdeskWrite, TicketId, WriteToken, token_of};
use hammerdesk_domain::ids::ClientNo;
use hammerdesk_domain::message::{Outcome, Reply};
use hammerdesk_domain::payment_data::{self, PaymentData};
use hammerdesk_domain::text;
use hammerdesk_store::{StoreError, Unit};

use crate::Asked;
use crate::errors::{Failure, UserError};
use crate::grammar::{Ask, QueueArgs, TicketAsk};
use crate::request::Place;
use crate::settings::Settings;
use scene::Scene;

/// The answer to what was queued.
const QUEUED: &str = "Queued for Freshdesk; it shows in the thread when it is there.";
/// The same thing asked again within this time is the same thing: a button pressed twice.
const TWICE: chrono::TimeDelta = chrono::TimeDelta::minutes(10);
/// What somebody asked goes before what the bridge does by itself.
const URGENCY: u8 = 2;

/// One change on its way: who asks for it, and the unit that it becomes visible with.
pub(crate) struct Changing<'a> {
    pub(crate) asker: &'a Asker,
    /// Where it was asked, and so where its asker is told of it later.
    pub(crate) place: &'a Place,
    pub(crate) settings: &'a Settings,
    pub(crate) unit: Unit,
    pub(crate) now: DateTime<Utc>,
    /// The client that it turned out to be about, for the answer log.
    pub(crate) about: Option<ClientNo>,
}

/// What became of a change.
pub(crate) enum Done {
    /// It is in the unit.
    Changed(Box<Reply>),
    /// Nothing was changed, and this is the answer.
    Unchanged(Box<Reply>),
    /// What was confirmed is not what would go now: the preview is shown again, with why.
    PreviewAgain(&'static str),
}

/// What only reads.
pub(crate) async fn answer(asked: &mut Asked<'_>, ask: &TicketAsk) -> Result<Reply, Failure> {
    match ask {
        TicketAsk::Show { ticket } => {
            let id = number(ticket)?;
            let scene = Scene::seen(&mut asked.view, asked.asker, id).await?;
            asked.about = scene.client_no();
            card::show(asked, &scene).await
        }
        TicketAsk::Search { words } => find::search(asked, words).await,
        TicketAsk::Reply(args) => reply::preview(asked, args, "").await,
        TicketAsk::Create(_) | TicketAsk::Note(_) | TicketAsk::Assign(_) | TicketAsk::Status(_) => {
            Err(Failure::Broken("a change was asked as a question".to_owned()))
        }
    }
}

/// `/queue`.
pub(crate) async fn queue(asked: &mut Asked<'_>, args: &QueueArgs) -> Result<Reply, Failure> {
    find::queue(asked, &args.who.join(" ")).await
}

/// What changes something. The unit is committed by whoever called, where something was changed.
pub(crate) async fn change(changing: &mut Changing<'_>, ask: &Ask) -> Result<Done, Failure> {
    let Ask::Ticket { ask } = ask else {
        return Err(Failure::Broken("a question was asked as a change".to_owned()));
    };
    match ask {
        TicketAsk::Create(args) => create::make(changing, args).await,
        TicketAsk::Reply(args) => reply::send(changing, args).await,
        TicketAsk::Note(args) => change::note(changing, args).await,
        TicketAsk::Assign(args) => change::assign(changing, args).await,
        TicketAsk::Status(args) => change::status(changing, args).await,
        TicketAsk::Show { .. } | TicketAsk::Search { .. } => {
            Err(Failure::Broken("a question was asked as a change".to_owned()))
        }
    }
}

impl Changing<'_> {
    /// Queues a write for whoever asks.
    async fn queue(&mut self, token: WriteToken, write: &HelpdeskWrite) -> Result<bool, StoreError> {
        let asked_by = AskedBy {
            who: self.asker.id.clone(),
            platform: self.place.platform.to_owned(),
            place: self.place.channel.clone(),
        };
        self.unit
            .enqueue_write_for(token, write, Some(&asked_by), URGENCY, self.now)
            .await
    }

    /// Queues what a person asked for, unless the same was asked a moment ago and was not refused since.
    /// `false`: it was.
    pub(crate) async fn queue_once(
        &mut self,
        cause: &str,
        write: &HelpdeskWrite,
    ) -> Result<bool, StoreError> {
        for nth in 0.. {
            let token = token_of(&format!("{cause}#{nth}"));
            match self.unit.ticket_write(token).await? {
                None => return self.queue(token, write).await,
                Some(known) => {
                    let fate = self.unit.fate(&format!("freshdesk:{token}")).await?;
                    let was_refused = fate.is_some_and(|fate| fate.state == "refused");
                    if known.made_at > self.now - TWICE && !was_refused {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(false)
    }
}

/// The number of a ticket as people write it: `47`, `#47`.
pub(crate) fn number(typed: &str) -> Result<TicketId, UserError> {
    let digits = typed.trim().trim_start_matches('#');
    digits
        .parse()
        .ok()
        .filter(|number| *number > 0)
        .map(TicketId)
        .ok_or_else(|| {
            UserError::malformed(format!(
                "“{}” is no ticket number. Write it like 4711, or look for it with /ticket search.",
                text::clean(typed, 40)
            ))
        })
}

/// Unknown, not here yet or not for the asker: one sentence for all of them.
fn unknown(id: TicketId) -> UserError {
    UserError::unknown(format!(
        "I do not know a ticket {id}. A new one takes a moment to arrive; /ticket search finds others."
    ))
}

/// What must stand in no mail and no ticket.
pub(crate) fn without_cards(words: &str) -> Result<(), UserError> {
    match payment_data::find(words) {
        Some(PaymentData::Card) => Err(UserError::refused(
            "That holds a card number, which must not be in a ticket or a mail. Take it out; the last four digits are \
             enough.",
        )),
        Some(PaymentData::Iban) | None => Ok(()),
    }
}

/// Nothing that lets somebody pay from, or into, an account goes by mail.
fn without_payment_data(words: &str) -> Result<(), UserError> {
    without_cards(words)?;
    match payment_data::find(words) {
        Some(PaymentData::Iban) => Err(UserError::refused(
            "That holds a bank account number (IBAN). Account numbers are never mailed from here: take it out, and point \
             the client to the details on their invoice.",
        )),
        _ => Ok(()),
    }
}

/// Words that somebody wrote, with something in them.
fn words_of(typed: &str) -> Result<&str, UserError> {
    let words = typed.trim();
    if words.is_empty() {
        return Err(UserError::malformed("text: is empty. Say what it is to say."));
    }
    Ok(words)
}

fn queued(first: &str, facts: serde_json::Value) -> Done {
    let mut reply = Reply::sentence(Outcome::Answered, format!("{first} {QUEUED}"));
    reply.facts = facts;
    Done::Changed(Box::new(reply))
}

pub(crate) fn unchanged(sentence: impl Into<String>) -> Done {
    Done::Unchanged(Box::new(Reply::sentence(Outcome::Answered, sentence)))
}

/// Codes of priorities by their words.
const PRIORITIES: [(&str, i64); 4] = [("low", 1), ("medium", 2), ("high", 3), ("urgent", 4)];

fn priority_word(code: i64) -> String {
    PRIORITIES
        .iter()
        .find(|(_, known)| *known == code)
        .map_or_else(|| format!("priority {code}"), |(word, _)| (*word).to_owned())
}
