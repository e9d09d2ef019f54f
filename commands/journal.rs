//! The answer log and the memory of buttons, written behind the answer.
//!
//! Who asked what about whom, what was answered and from which data, is kept for the auditor. One task
//! writes the entries in groups, in their order, so that an answer never waits for the one writer that
//! SQLite has, not even while a long import holds it. A store that is locked or away for a while loses
//! nothing: entries wait for it, until half of the bounded queue is full, and when it is full, answers wait.
//! A crash can lose the entries of its last moments and nothing else; `flush` writes all that is left.

use std::time::Duration;

use chrono::{DateTime, Utc};
use hammerdesk_store::{Action, Answer, Store, StoreError};
use tokio::sync::{mpsc, oneshot};

const QUEUE: usize = 4_096;
const GROUP: usize = 256;
/// Tries of one group before its entries are given up with an error in the log, where waiting cannot help.
const TRIES: u32 = 5;
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Something to keep.
#[derive(Debug)]
pub(crate) enum Entry {
    /// An answer that was given.
    Answer(Box<Answer>),
    /// A button that was shown.
    Action(Action, DateTime<Utc>),
    /// Tell me when everything before this is kept.
    Flush(oneshot::Sender<()>),
}

/// Where entries go in.
#[derive(Debug, Clone)]
pub(crate) struct Journal(mpsc::Sender<Entry>);

impl Journal {
    /// Starts the writing task; it ends when the last `Journal` is gone and all is written.
    pub(crate) fn start(store: Store) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(write_behind(store, receiver));
        Self(sender)
    }

    pub(crate) async fn keep(&self, entry: Entry) {
        if self.0.send(entry).await.is_err() {
            tracing::error!("the answer log's writer is gone; an entry is lost");
        }
    }

    /// Returns when everything kept so far is in the store.
    pub(crate) async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        self.keep(Entry::Flush(done)).await;
        if wait.await.is_err() {
            tracing::error!("the answer log's writer ended before it was flushed");
        }
    }
}

async fn write_behind(store: Store, mut receiver: mpsc::Receiver<Entry>) {
    let mut group = Vec::with_capacity(GROUP);
    while receiver.recv_many(&mut group, GROUP).await > 0 {
        let (mut answers, mut actions, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        let mut shown_at = DateTime::<Utc>::UNIX_EPOCH;
        for entry in group.drain(..) {
            match entry {
                Entry::Answer(answer) => answers.push(*answer),
                Entry::Action(action, at) => {
                    actions.push(action);
                    shown_at = at;
                }
                Entry::Flush(done) => waiting.push(done),
            }
        }
        if !answers.is_empty() || !actions.is_empty() {
            let has_room = || receiver.len() < QUEUE / 2;
            keep_group(&store, &answers, &actions, shown_at, has_room).await;
        }
        for done in waiting {
            // The one who waited may have gone; that is theirs to know.
            let _: Result<(), ()> = done.send(());
        }
    }
}

async fn keep_group(
    store: &Store,
    answers: &[Answer],
    actions: &[Action],
    shown_at: DateTime<Utc>,
    has_room: impl Fn() -> bool,
) {
    for attempt in 1_u32.. {
        match write_group(store, answers, actions, shown_at).await {
            Ok(()) => return,
            Err(error) if attempt < TRIES || (error.may_pass() && has_room()) => {
                tracing::warn!(%error, attempt, "the answer log could not be written; trying again");
                let pause = Duration::from_millis(200).saturating_mul(attempt);
                tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
            }
            Err(error) => {
                tracing::error!(%error, lost = answers.len(), "the answer log could not be written; entries are lost");
                return;
            }
        }
    }
}

async fn write_group(
    store: &Store,
    answers: &[Answer],
    actions: &[Action],
    shown_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut unit = store.write().await?;
    unit.log_answers(answers).await?;
    unit.remember_actions(actions, shown_at).await?;
    unit.commit().await
}
