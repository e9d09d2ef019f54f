//! `/ticket search` and `/queue`.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_domain::helpdesk::{Ticket, TicketId};
use hammerdesk_domain::ids::ClientNo;
use hammerdesk_domain::message::{Outcome, Reply};
use hammerdesk_domain::text::{clean, fold};
use hammerdesk_store::helpdesk::SEARCHED_WORDS;

use super::card;
use super::change::{agents_named, which};
use super::scene::Scene;
use crate::Asked;
use crate::errors::{Failure, UserError};
use crate::grammar::line_of;
use crate::lookup;

/// How many tickets a list shows.
const MOST: usize = 10;
/// How many tickets are read at once, and how many in all: what is hidden from the asker takes no place.
const AT_ONCE: i64 = 50;
const PAGES: usize = 20;
/// A queue that is longer is cut.
const LONGEST_QUEUE: i64 = 500;
/// A queue shows more than a search: it is worked through.
const MOST_QUEUED: usize = 20;

/// Tickets for the asker, each once.
struct Seen {
    scenes: Vec<Scene>,
    known: BTreeSet<TicketId>,
}

impl Seen {
    /// `true` where there is no place for more.
    async fn take(&mut self, asked: &mut Asked<'_>, ids: &[TicketId], most: usize) -> Result<bool, Failure> {
        for id in ids {
            if self.known.insert(*id)
                && let Some(scene) = Scene::look(&mut asked.view, asked.asker, *id).await?
            {
                self.scenes.push(scene);
                if self.scenes.len() > most {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// `/ticket search`.
pub(super) async fn search(asked: &mut Asked<'_>, words: &[String]) -> Result<Reply, Failure> {
    let typed = clean(&words.join(" "), 120);
    let words: Vec<String> = typed
        .split_whitespace()
        .take(SEARCHED_WORDS)
        .map(|word| word.trim_start_matches('#').to_owned())
        .filter(|word| !word.is_empty())
        .collect();
    if words.is_empty() {
        return Err(UserError::malformed(
            "Say what to look for: a number, words of the subject, a sender or a client.",
        )
        .into());
    }
    let mut seen = Seen {
        scenes: Vec::new(),
        known: BTreeSet::new(),
    };
    let is_cut = look_everywhere(asked, &words, &typed, &mut seen).await?;
    let mut scenes = seen.scenes;
    scenes.truncate(MOST);
    if scenes.is_empty() {
        return Err(UserError::unknown(format!(
            "No ticket matches “{}”. Try its number, a word of its subject, or the sender's address.",
            clean(&typed, 60)
        ))
        .into());
    }
    let title = match (scenes.len(), is_cut) {
        (1, false) => "1 ticket".to_owned(),
        (several, false) => format!("{several} tickets"),
        (several, true) => format!("The newest {several} tickets"),
    };
    Ok(card::list(title, &scenes, asked.moment.now, is_cut))
}

/// The number itself first, then the client's, then whatever has the words. `true`: there are more.
async fn look_everywhere(
    asked: &mut Asked<'_>,
    words: &[String],
    typed: &str,
    seen: &mut Seen,
) -> Result<bool, Failure> {
    if let [word] = words
        && let Ok(number) = word.parse()
    {
        seen.take(asked, &[TicketId(number)], MOST).await?;
    }
    for client in clients(asked, typed).await? {
        let ids = asked.view.tickets_of_client(&client, AT_ONCE).await?;
        if seen.take(asked, &ids, MOST).await? {
            return Ok(true);
        }
    }
    let mut before = i64::MAX;
    for _ in 0..PAGES {
        let ids = asked.view.search_tickets(words, before, AT_ONCE).await?;
        if seen.take(asked, &ids, MOST).await? {
            return Ok(true);
        }
        match ids.last() {
            Some(last) if i64::try_from(ids.len()).is_ok_and(|found| found == AT_ONCE) => before = last.0,
            _ => break,
        }
    }
    Ok(false)
}

/// The clients whom the words mean, of those whom the asker may see.
async fn clients(asked: &mut Asked<'_>, typed: &str) -> Result<Vec<ClientNo>, Failure> {
    let asker = asked.asker;
    let found = lookup::found_by(asked, typed).await?;
    Ok(found
        .into_iter()
        .filter(|found| asker.may_see(&found.client))
        .take(5)
        .map(|found| found.client.no)
        .collect())
}

/// `/queue`.
pub(super) async fn queue(asked: &mut Asked<'_>, who: &str) -> Result<Reply, Failure> {
    let who = if who.trim().is_empty() { "me" } else { who };
    let (agent, name) = if matches!(fold(who.trim()).as_str(), "nobody" | "unassigned") {
        (None, None)
    } else {
        let found = agents_named(&mut asked.view, asked.settings, asked.asker, who).await?;
        match found.as_slice() {
            [agent] => (Some(agent.id), Some(clean(&agent.name, 80))),
            several => {
                return Ok(which(several, |agent| {
                    line_of(
                        "/queue",
                        &[("who", agent.email.as_deref().unwrap_or(agent.name.as_str()))],
                    )
                }));
            }
        }
    };
    let ids = asked.view.ticket_queue(agent, LONGEST_QUEUE).await?;
    let mut seen = Seen {
        scenes: Vec::new(),
        known: BTreeSet::new(),
    };
    seen.take(asked, &ids, usize::MAX).await?;
    let mut scenes = seen.scenes;
    scenes.sort_by_key(|scene| order(scene.ticket(), None));
    let is_cut = scenes.len() > MOST_QUEUED;
    let count = scenes.len();
    scenes.truncate(MOST_QUEUED);
    if scenes.is_empty() {
        return Ok(Reply::sentence(
            Outcome::Answered,
            name.map_or_else(
                || "Every open ticket has somebody.".to_owned(),
                |name| format!("Nothing is open with {name}."),
            ),
        ));
    }
    let open = if count == 1 {
        "1 open ticket".to_owned()
    } else {
        format!("{count} open tickets")
    };
    let title = name.map_or_else(
        || format!("{open} of nobody"),
        |name| format!("{open} with {name}"),
    );
    let mut reply = card::list(title, &scenes, asked.moment.now, false);
    if is_cut {
        reply.text = format!("The first {MOST_QUEUED} of {count}.");
    }
    Ok(reply)
}

/// What comes first in a queue: the least time left of a promise where one is known, then the more urgent,
/// then the older.
fn order(
    ticket: &Ticket,
    time_left: Option<TimeDelta>,
) -> (TimeDelta, std::cmp::Reverse<i64>, DateTime<Utc>, TicketId) {
    (
        time_left.unwrap_or(TimeDelta::MAX),
        std::cmp::Reverse(ticket.priority),
        ticket.created_at,
        ticket.id,
    )
}
