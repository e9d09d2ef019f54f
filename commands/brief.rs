//! The account of a client in a few lines, for cards that nobody asked for: the head of a ticket's thread,
//! an alert, an escalation.
//!
//! It is the answer of `/balance`, cut short: the same facts, the same rules, the same scope. Whoever reads
//! the card is the asker, so a channel that may not see a client gets nothing, and no word that there is
//! something.

use hammerdesk_domain::access::Asker;
use hammerdesk_domain::facts::Moment;
use hammerdesk_domain::ids::ClientNo;
use hammerdesk_domain::message::{AsOf, Card, Outcome, Section};

use crate::errors::Failure;
use crate::grammar::BalanceArgs;
use crate::{Asked, Commands, balance};

/// Figures that one takes in at a glance.
const MOST_FIGURES: usize = 6;

/// The account in a few lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// Such as `Ada Lovelace · 140105686`.
    pub title: String,
    /// The first figures of each entity and currency.
    pub sections: Vec<Section>,
    /// As of when.
    pub as_of: Vec<AsOf>,
    /// Is some source late?
    pub stale: bool,
    /// The same for programs: the facts of the balance.
    pub facts: serde_json::Value,
}

impl Commands {
    /// The account of a client as that asker may see it; nothing where they may not, or where there is no
    /// such client. Asks nobody's pace: what asks is the house itself.
    pub async fn brief(&self, asker: &Asker, client: &ClientNo) -> Result<Option<Brief>, Failure> {
        let view = self.store.read().await?;
        let mut asked = Asked {
            asker,
            settings: &self.settings,
            view,
            moment: Moment {
                now: self.clock.now(),
                as_of: None,
            },
            about: None,
        };
        of(&mut asked, client).await
    }
}

/// The same within a question that is being answered.
pub(crate) async fn of(asked: &mut Asked<'_>, client: &ClientNo) -> Result<Option<Brief>, Failure> {
    let args = BalanceArgs {
        client: vec![client.to_string()],
        ..BalanceArgs::default()
    };
    let reply = match balance::answer(asked, &args).await {
        Ok(reply) => reply,
        Err(Failure::User(_)) => return Ok(None),
        Err(failure) => return Err(failure),
    };
    if !matches!(reply.outcome, Outcome::Answered | Outcome::Stale) {
        return Ok(None);
    }
    let Some(first) = reply.cards.first() else {
        return Ok(None);
    };
    Ok(Some(Brief {
        title: first.title.clone(),
        as_of: first.as_of.clone(),
        stale: reply.cards.iter().any(|card| card.stale),
        sections: reply.cards.iter().filter_map(glance).collect(),
        facts: reply.facts,
    }))
}

fn glance(card: &Card) -> Option<Section> {
    card.sections.iter().find_map(|section| match section {
        Section::Figures { rows, .. } => Some(Section::Figures {
            heading: card.subtitle.clone(),
            rows: rows.iter().take(MOST_FIGURES).cloned().collect(),
        }),
        _ => None,
    })
}
