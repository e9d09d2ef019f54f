//! B19: what colleagues must know before they speak to the client, and what only compliance may know.
//!
//! Every internal review reads the same to whoever may not read restricted holds, whether it is restricted
//! or not: the words come from [`crate::neutral`].

use super::{Ruling, Scene};
use crate::access::{Asker, Permission};
use crate::message::Tone;
use crate::model::HoldScope;
use crate::neutral;
use crate::review::{self, Unscreened};

impl Scene<'_> {
    /// B19 for the account: insolvency, legal action, write-off; and reviews, in neutral words.
    pub(super) fn flags(&self, asker: &Asker) -> Vec<Ruling> {
        let status = &self.facts.status;
        let flags: Vec<&str> = [
            (status.insolvent, "the client is insolvent or in administration"),
            (status.legal_action, "legal action is under way"),
            (status.written_off, "some of the debt was written off"),
        ]
        .into_iter()
        .filter_map(|(is_set, flag)| is_set.then_some(flag))
        .collect();
        let mut rulings = Vec::new();
        if flags.is_empty() {
            rulings.push(Ruling::not(
                "B19",
                "No insolvency, legal action or write-off is recorded.",
            ));
        } else {
            let text = format!("Do not discuss the debt: {}.", flags.join("; "));
            let safe = format!("Please speak to {}.", self.team);
            let ruling = Ruling::applies("B19", text, Some(safe), Tone::Warn);
            rulings.push(ruling.next(format!("Debt owner: {}.", self.owner())));
        }
        rulings.extend(self.review(asker));
        rulings
    }

    pub(super) fn owner(&self) -> &str {
        self.facts.client.owner.as_deref().unwrap_or(&self.team)
    }

    fn review(&self, asker: &Asker) -> Option<Ruling> {
        let day = self.account_day();
        let holds: Vec<_> = review::holds(self.facts, day)
            .filter(|hold| matches!(hold.scope, HoldScope::Client | HoldScope::Invoice))
            .collect();
        let screening = review::screening(&self.facts.status, Unscreened::Passes);
        if holds.is_empty() && screening.is_none() {
            return None;
        }
        let mut text = neutral::INTERNAL.to_owned();
        if asker.may(Permission::RestrictedHolds) {
            let mut told: Vec<String> = holds
                .iter()
                .map(|hold| match &hold.reason {
                    Some(reason) => format!("hold {} ({}): {reason}", hold.id, hold.code),
                    None => format!("hold {} ({})", hold.id, hold.code),
                })
                .collect();
            told.extend(screening.map(|why| format!("sanctions {why}")));
            text = format!("{text} Restricted: {}.", told.join("; "));
        }
        let ruling = Ruling::applies("B19", text, Some(neutral::CLIENT_SAFE.to_owned()), Tone::Warn);
        Some(ruling.next(format!("Only {} can clear it.", neutral::BY)))
    }
}
