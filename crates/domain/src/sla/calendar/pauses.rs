//! Stretches in which a clock stands, whatever the hours.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Half-open stretches, sorted and not touching; the last may be open-ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pauses(Vec<Pause>);

/// One stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pause {
    /// Stands from here.
    pub from: DateTime<Utc>,
    /// Runs again from here; still standing where nothing is said.
    pub to: Option<DateTime<Utc>>,
}

impl Pauses {
    /// None.
    pub const NONE: &'static Self = &Self(Vec::new());

    /// Puts them in order and together; one that ends before it begins is none.
    pub fn new(pauses: impl IntoIterator<Item = Pause>) -> Self {
        let mut sorted: Vec<Pause> = pauses
            .into_iter()
            .filter(|pause| pause.to.is_none_or(|to| pause.from < to))
            .collect();
        sorted.sort_unstable();
        let mut merged: Vec<Pause> = Vec::with_capacity(sorted.len());
        for pause in sorted {
            match merged.last_mut() {
                Some(last) if last.to.is_none_or(|to| pause.from <= to) => {
                    last.to = last.to.zip(pause.to).map(|(one, other)| one.max(other));
                }
                _ => merged.push(pause),
            }
        }
        Self(merged)
    }

    /// Closed stretches, in any order.
    pub fn between(pauses: impl IntoIterator<Item = (DateTime<Utc>, DateTime<Utc>)>) -> Self {
        Self::new(pauses.into_iter().map(|(from, to)| Pause { from, to: Some(to) }))
    }

    /// Each, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Pause> {
        self.0.iter()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one that holds an instant.
    pub fn holding(&self, at: DateTime<Utc>) -> Option<&Pause> {
        let n = self.0.partition_point(|pause| pause.from <= at).checked_sub(1)?;
        self.0.get(n).filter(|pause| pause.to.is_none_or(|to| at < to))
    }
}
