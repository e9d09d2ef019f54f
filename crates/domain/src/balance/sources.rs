//! B3 and B4: are the data fresh enough for a figure, and as of when do they speak?

use chrono::{DateTime, TimeDelta, Utc};

use super::{Ruling, Scene};
use crate::freshness::{Freshness, SourceState};
use crate::ids::SourceId;
use crate::message::{AsOf, Tone};

/// How the sources of an answer stand.
pub(super) struct Standing {
    /// For people.
    pub(super) as_of: Vec<AsOf>,
    /// For programs.
    pub(super) extracted: Vec<(String, Option<DateTime<Utc>>)>,
    /// What a step names for facts from the ledger.
    pub(super) ledger: Vec<String>,
    needed: Vec<Needed>,
}

struct Needed {
    name: String,
    freshness: Freshness,
    elapsed: Option<TimeDelta>,
    as_of: String,
    may_miss: String,
}

impl Standing {
    pub(super) fn is_stale(&self) -> bool {
        self.needed
            .iter()
            .any(|source| source.freshness > Freshness::Fresh)
    }
}

impl Scene<'_> {
    pub(super) fn sources(&self) -> Standing {
        let needed = |state: &&SourceState| state.needed_for.balance;
        let none_is_needed = !self.facts.sources.iter().any(|state| needed(&state));
        let speaks = |state: &&SourceState| {
            let brought = |source: &SourceId| *source == state.source;
            none_is_needed
                || needed(state)
                || self.facts.payments.iter().any(|payment| brought(&payment.source))
                || self
                    .facts
                    .disputes
                    .iter()
                    .any(|dispute| brought(&dispute.payment.0))
        };
        let heard: Vec<&SourceState> = self.facts.sources.iter().filter(speaks).collect();
        let freshness = |state: &SourceState| state.freshness_for(self.moment.now, self.moment.as_of);
        let needed: Vec<Needed> = heard
            .iter()
            .copied()
            .filter(needed)
            .map(|state| Needed {
                name: state.name.clone(),
                freshness: freshness(state),
                elapsed: state.extracted_at.map(|at| self.moment.now - at),
                as_of: local(state),
                may_miss: state.may_miss.clone(),
            })
            .collect();
        let mut ledger: Vec<String> = needed
            .iter()
            .map(|s| format!("{} as of {}", s.name, s.as_of))
            .collect();
        if ledger.is_empty() {
            ledger.push("ledger".to_owned());
        }
        Standing {
            as_of: heard
                .iter()
                .map(|state| {
                    let stale = freshness(state) > Freshness::Fresh;
                    let note =
                        (stale && !state.may_miss.is_empty()).then(|| format!("may miss {}", state.may_miss));
                    AsOf {
                        source: state.name.clone(),
                        at: state.extracted_at,
                        stale,
                        note,
                    }
                })
                .collect(),
            extracted: heard
                .iter()
                .map(|s| (s.source.as_str().to_owned(), s.extracted_at))
                .collect(),
            ledger,
            needed,
        }
    }

    /// B3.
    pub(super) fn hard_limit(&self, standing: &Standing) -> Ruling {
        let old: Vec<&Needed> = standing
            .needed
            .iter()
            .filter(|s| s.freshness == Freshness::Hard)
            .collect();
        if old.is_empty() {
            return Ruling::not("B3", "No needed source is past its hard limit.").from(&standing.ledger);
        }
        let ages: Vec<String> = old
            .iter()
            .map(|source| match source.elapsed {
                Some(age) => format!("the {} data is {} h old", source.name, age.num_hours()),
                None => format!("the {} data has never arrived", source.name),
            })
            .collect();
        let names: Vec<&str> = old.iter().map(|source| source.name.as_str()).collect();
        Ruling::applies(
            "B3",
            format!("No figure can be given: {}.", ages.join(" and ")),
            Some("We are confirming the latest information.".to_owned()),
            Tone::Warn,
        )
        .next(format!(
            "Escalate to whoever looks after the {} feed.",
            names.join(" and ")
        ))
        .from(&standing.ledger)
    }

    /// B4.
    pub(super) fn soft_limit(&self, standing: &Standing) -> Ruling {
        let late: Vec<String> = standing
            .needed
            .iter()
            .filter(|source| source.freshness == Freshness::Soft)
            .map(|source| {
                let missed = if source.may_miss.is_empty() {
                    "later changes"
                } else {
                    &source.may_miss
                };
                format!(
                    "The {} is as of {} and may miss {missed}.",
                    source.name, source.as_of
                )
            })
            .collect();
        if late.is_empty() {
            return Ruling::not("B4", "Every needed source is within its soft limit.").from(&standing.ledger);
        }
        Ruling::applies("B4", late.join(" "), None, Tone::Warn).from(&standing.ledger)
    }
}

fn local(state: &SourceState) -> String {
    match state.extracted_at {
        Some(at) => at
            .with_timezone(&state.zone)
            .format("%-d %b %Y %H:%M %Z")
            .to_string(),
        None => "never".to_owned(),
    }
}
