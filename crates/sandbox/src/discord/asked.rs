//! An interaction that a person began, and what became of it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;

use super::DiscordSim;
use super::id::Id;
use super::view::Seen;

/// An interaction that was begun.
#[derive(Debug, Clone)]
pub struct Asked {
    pub(super) sim: DiscordSim,
    /// Its id.
    pub id: Id,
    pub(super) changed: Arc<Notify>,
}

/// What became of an interaction.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How long until the first answer; `None` where there was none.
    pub acknowledged_after: Option<Duration>,
    /// How long until there was something to read.
    pub finished_after: Option<Duration>,
    /// The kind of the first answer: 4 message, 5 put off, 6 quiet, 7 edit, 8 choices, 9 modal.
    pub kind: Option<i64>,
    /// Whether the answer was put off first.
    pub was_deferred: bool,
    /// Whether the first answer is for the person alone.
    pub is_ephemeral: bool,
    /// What it answered with, or the message whose component was used, as it is now.
    pub message: Option<Seen>,
    /// What followed.
    pub follow_ups: Vec<Seen>,
    /// The modal that was shown.
    pub modal: Option<Value>,
    /// The completions that were offered: name and value.
    pub choices: Option<Vec<(String, Value)>>,
}

impl Outcome {
    /// Every word that the person got: the message and what followed.
    pub fn text(&self) -> String {
        self.message
            .iter()
            .chain(&self.follow_ups)
            .map(Seen::text)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

impl Asked {
    /// As it stands now.
    pub fn now(&self) -> Outcome {
        let state = self.sim.core.state();
        let found = state.interactions.get(&self.id);
        let seen = |id: &Id| state.messages.get(id).map(|message| state.seen(message));
        let acknowledged = found.and_then(|found| found.acknowledged.as_ref());
        Outcome {
            acknowledged_after: acknowledged.map(|acknowledged| acknowledged.after),
            finished_after: found.and_then(|found| found.finished_after),
            kind: acknowledged.map(|acknowledged| acknowledged.kind),
            was_deferred: acknowledged.is_some_and(|acknowledged| matches!(acknowledged.kind, 5 | 6)),
            is_ephemeral: acknowledged.is_some_and(|acknowledged| acknowledged.is_ephemeral),
            message: found.and_then(|found| found.original.as_ref()).and_then(seen),
            follow_ups: found
                .map(|found| found.follow_ups.iter().filter_map(seen).collect())
                .unwrap_or_default(),
            modal: found.and_then(|found| found.modal.clone()),
            choices: found.and_then(|found| found.choices.clone()).map(|choices| {
                choices
                    .into_iter()
                    .map(|choice| {
                        let name = choice["name"].as_str().unwrap_or_default().to_owned();
                        (name, choice["value"].clone())
                    })
                    .collect()
            }),
        }
    }

    /// Waits until `is_so`, or so long; how it stands then.
    pub async fn until(&self, patience: Duration, is_so: impl Fn(&Outcome) -> bool) -> Outcome {
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let outcome = self.now();
            if is_so(&outcome) || tokio::time::timeout_at(deadline, changed).await.is_err() {
                return self.now();
            }
        }
    }

    /// Waits until there is something to read (or choices, or a modal), at most ten seconds.
    pub async fn outcome(&self) -> Outcome {
        self.until(Duration::from_secs(10), |outcome| {
            outcome.finished_after.is_some()
        })
        .await
    }

    /// Waits for the first answer, at most ten seconds.
    pub async fn acknowledged(&self) -> Outcome {
        self.until(Duration::from_secs(10), |outcome| {
            outcome.acknowledged_after.is_some()
        })
        .await
    }
}
