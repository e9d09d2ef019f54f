//! From a question to its reply: may it be asked, which command answers it, and what is noted of it.

use chrono::{DateTime, Utc};
use hammerdesk_domain::access::{Asker, Permission};
use hammerdesk_domain::escalation::Kind;
use hammerdesk_domain::facts::Moment;
use hammerdesk_domain::ids::{ClientNo, new_id};
use hammerdesk_domain::message::{Action, Outcome, Reply, Visibility};
use hammerdesk_store::{Answer, StoreError};

use crate::errors::{Failure, UserError};
use crate::grammar::{Ask, ClientAsk, FeedAsk, TicketAsk};
use crate::journal::Entry;
use crate::request::{Place, Request};
use crate::ticket::{self, Changing, Done};
use crate::{
    Asked, Commands, balance, client, deposit, escalate, feed, help, invoice, oncall, release, render, sla,
};

/// What is noted of an answer beside the answer itself.
pub(crate) struct Given<'a> {
    pub(crate) asker: &'a Asker,
    pub(crate) ask: Option<&'a Ask>,
    pub(crate) about: Option<ClientNo>,
    pub(crate) at: DateTime<Utc>,
}

impl Commands {
    pub(crate) async fn decide(
        &self,
        asker: &Asker,
        ask: &Ask,
        place: &Place,
        now: DateTime<Utc>,
    ) -> (Option<ClientNo>, Result<Reply, Failure>) {
        if let Err(refusal) = self.permitted(asker, ask) {
            return (None, Err(refusal.into()));
        }
        if ask.is_a_change() {
            let mut about = None;
            let result = self.change(asker, ask, place, now, &mut about).await;
            return (about, result);
        }
        let mut asked = match self.asked(asker, now).await {
            Ok(asked) => asked,
            Err(failure) => return (None, Err(failure)),
        };
        let result = dispatch(&mut asked, ask).await.map(|mut reply| {
            reply.actions.extend(hand_over_later(&asked, ask, &reply));
            if ask.wants_to_share() && reply.outcome == Outcome::Answered {
                reply.visibility = Visibility::Shared;
                reply.text = join_sentences(&format!("{} shares this answer.", asker.name), &reply.text);
            } else if place.open && !ask.is_private() && !asker.may(Permission::RestrictedHolds) {
                reply.visibility = Visibility::Shared;
            }
            reply
        });
        (asked.about, result)
    }

    async fn asked<'a>(&'a self, asker: &'a Asker, now: DateTime<Utc>) -> Result<Asked<'a>, Failure> {
        Ok(Asked {
            asker,
            settings: &self.settings,
            view: self.store.read().await?,
            moment: Moment { now, as_of: None },
            about: None,
        })
    }

    /// Does what changes something, in one unit with what must go out for it.
    async fn change(
        &self,
        asker: &Asker,
        ask: &Ask,
        place: &Place,
        now: DateTime<Utc>,
        about: &mut Option<ClientNo>,
    ) -> Result<Reply, Failure> {
        if let Ask::Escalate(args) = ask {
            return escalate::hand_over(&self.store, &self.settings, asker, args, now, about).await;
        }
        let mut changing = Changing {
            asker,
            place,
            settings: &self.settings,
            unit: self.store.write().await?,
            now,
            about: None,
        };
        let done = match ask {
            Ask::Sla { ask } => sla::change(&mut changing, ask).await,
            Ask::Callback(args) => sla::callback(&mut changing, args).await,
            Ask::Oncall { ask } => oncall::change(&mut changing, ask).await,
            Ask::Escalation { ask } => escalate::change(&mut changing, ask).await,
            _ => ticket::change(&mut changing, ask).await,
        };
        *about = changing.about.take();
        match done? {
            Done::Changed(reply) => {
                changing.unit.commit().await?;
                if let Some(woken) = &self.woken {
                    woken();
                }
                Ok(*reply)
            }
            Done::Unchanged(reply) => Ok(*reply),
            Done::PreviewAgain(because) => {
                drop(changing);
                let mut asked = self.asked(asker, now).await?;
                match ask {
                    Ask::Ticket {
                        ask: TicketAsk::Reply(args),
                    } => ticket::reply::preview(&mut asked, args, because).await,
                    _ => Err(Failure::Broken("only a reply has a preview".to_owned())),
                }
            }
        }
    }

    fn permitted(&self, asker: &Asker, ask: &Ask) -> Result<(), UserError> {
        if let Some(needs) = ask.needs()
            && !asker.may(needs)
        {
            return Err(UserError::refused(format!(
                "/{} is not open to the role {}. /help lists what is; your manager can ask for more.",
                command_name(ask),
                asker.role.name
            )));
        }
        if ask.wants_to_share() && !asker.may(Permission::Share) {
            return Err(UserError::refused(
                "You may read this answer but not post it for others. Leave share: out.",
            ));
        }
        if ask.wants_to_share() && asker.may(Permission::RestrictedHolds) {
            return Err(UserError::refused(
                "Your answers may hold what only compliance may read, so they are never posted for others. Leave share: \
                 out, or have a colleague ask.",
            ));
        }
        if ask.is_about_an_account() {
            self.pace.question(&asker.id)?;
        }
        Ok(())
    }

    pub(crate) fn failed(&self, failure: Failure, asker: &Asker, now: DateTime<Utc>) -> Reply {
        match failure {
            Failure::User(error) => Reply::sentence(error.outcome, error.sentence),
            Failure::Store(error @ StoreError::Locked(_)) => {
                tracing::warn!(%error, "the store is busy");
                Reply::sentence(
                    Outcome::Error,
                    "The store is busy just now. Nothing was lost; ask again in a moment.",
                )
            }
            failure => {
                let id = new_id(now).simple().to_string();
                let reference = &id[id.len() - 6..];
                tracing::error!(reference, asker = %asker.id, error = %failure, "a question failed");
                Reply::sentence(
                    Outcome::Error,
                    format!(
                        "Something went wrong (ref {reference}). Try again; if it stays, tell your administrator."
                    ),
                )
            }
        }
    }

    pub(crate) async fn log(&self, request: &Request, given: Given<'_>, reply: &Reply) {
        let Given {
            asker,
            ask,
            about,
            at,
        } = given;
        // What compliance alone may read is not copied to where an auditor's export would carry it.
        let withheld = asker.may(Permission::RestrictedHolds);
        let (facts, text) = if withheld {
            (serde_json::json!({ "withheld": true }), String::new())
        } else {
            (reply.facts.clone(), render::plain(reply))
        };
        let entry = Answer {
            id: new_id(at),
            asked_at: at,
            who: asker.id.clone(),
            place: format!("{}:{}", request.place.platform, request.place.channel),
            command: ask.map_or_else(|| "unread".to_owned(), |ask| command_name(ask).to_owned()),
            client: about,
            outcome: outcome_word(reply.outcome).to_owned(),
            sources: serde_json::json!(
                reply
                    .cards
                    .iter()
                    .flat_map(|card| &card.as_of)
                    .collect::<Vec<_>>()
            ),
            facts,
            text,
        };
        self.journal.keep(Entry::Answer(Box::new(entry))).await;
    }
}

/// What an answer about an account leaves open can be handed over from it.
fn hand_over_later(asked: &Asked<'_>, ask: &Ask, reply: &Reply) -> Option<Action> {
    let kind = match ask {
        Ask::Balance(_) => Kind::BalanceQuery,
        Ask::Release(_) => Kind::Release,
        Ask::Deposit(_) => Kind::DepositRefund,
        _ => return None,
    };
    let client = asked.about.as_ref()?;
    let can = reply.outcome == Outcome::Answered
        && asked.settings.desk.is_some()
        && asked.asker.may(Permission::Escalate);
    can.then(|| escalate::button(client, kind))
}

async fn dispatch(asked: &mut Asked<'_>, ask: &Ask) -> Result<Reply, Failure> {
    match ask {
        Ask::Balance(args) => balance::answer(asked, args).await,
        Ask::Invoice(args) => invoice::answer(asked, args).await,
        Ask::Release(args) => release::answer(asked, args).await,
        Ask::Deposit(args) => deposit::answer(asked, args).await,
        Ask::Client {
            ask: ClientAsk::Find { text },
        } => client::find(asked, &text.join(" ")).await,
        Ask::Client {
            ask: ClientAsk::Show { client },
        } => client::show(asked, &client.join(" ")).await,
        Ask::Feed { ask: FeedAsk::Status } => feed::answer(asked).await,
        Ask::Ticket { ask } => ticket::answer(asked, ask).await,
        Ask::Queue(args) => escalate::queue(asked, args).await,
        Ask::Oncall { ask } => oncall::answer(asked, ask).await,
        Ask::Escalation { ask } => escalate::answer(asked, ask).await,
        Ask::Sla { ask } => sla::answer(asked, ask).await,
        Ask::Escalate(_) | Ask::Callback(_) => {
            Err(Failure::Broken("a change was asked as a question".to_owned()))
        }
        Ask::Help => Ok(help::reply(asked.asker)),
    }
}

pub(crate) fn command_name(ask: &Ask) -> &'static str {
    match ask {
        Ask::Balance(_) => "balance",
        Ask::Invoice(_) => "invoice",
        Ask::Release(_) => "release",
        Ask::Deposit(_) => "deposit",
        Ask::Client {
            ask: ClientAsk::Find { .. },
        } => "client find",
        Ask::Client {
            ask: ClientAsk::Show { .. },
        } => "client show",
        Ask::Feed { ask: FeedAsk::Status } => "feed status",
        Ask::Ticket { ask } => ask.path(),
        Ask::Queue(_) => "queue",
        Ask::Escalate(_) => "escalate",
        Ask::Escalation { ask } => ask.path(),
        Ask::Sla { ask } => ask.path(),
        Ask::Callback(_) => "callback",
        Ask::Oncall { ask } => ask.path(),
        Ask::Help => "help",
    }
}

pub(crate) const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Answered => "answered",
        Outcome::Choose => "choose",
        Outcome::Refused => "refused",
        Outcome::Unknown => "unknown",
        Outcome::Stale => "stale",
        Outcome::Error => "error",
    }
}

fn join_sentences(first: &str, second: &str) -> String {
    if second.is_empty() {
        first.to_owned()
    } else {
        format!("{first} {second}")
    }
}
