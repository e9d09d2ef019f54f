//! Live updates: server-sent events from where a page stands.
//!
//! The pulse that wakes a stream carries nothing. Each stream then asks the store for what *its* person may
//! read since the last message it sent, so a private answer cannot reach another browser, a lost connection
//! resumes where it broke, and what another instance of the bot wrote arrives with the next look.

use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use hammerdesk_domain::access::Asker;
use serde::Deserialize;
use tokio::sync::watch;
use uuid::Uuid;

use super::ask::Arrived;
use super::{ConsoleState, Pulse, Refusal, Seated};

/// How often a stream looks without being woken, for what other instances wrote.
const LOOK: Duration = Duration::from_secs(10);
/// How much later than a newer one a message may become visible: two instances of the bot that write at the
/// same moment do not finish in the order of their ids.
const LATE: Duration = Duration::from_secs(10);
/// How many messages are taken at once.
const BATCH: i64 = 100;
/// How many changed messages are sent again at once: the latest of them.
const REVISED: i64 = 200;

#[derive(Debug, Deserialize)]
pub(super) struct From {
    after: Option<Uuid>,
}

struct Listener {
    state: ConsoleState,
    me: Asker,
    /// Where the page stood when it connected; nothing before it is ever sent.
    start: Uuid,
    cursor: Uuid,
    /// What was sent of the last seconds.
    sent: BTreeSet<Uuid>,
    waiting: VecDeque<Event>,
    pulse: watch::Receiver<Pulse>,
}

/// The stream of one page.
pub(super) async fn stream(
    State(state): State<ConsoleState>,
    Seated(me): Seated,
    Query(from): Query<From>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let resumed = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok())
        .and_then(|id| id.parse().ok());
    let mut pulse = state.0.pulse.subscribe();
    pulse.mark_changed();
    let cursor = match resumed.or(from.after) {
        Some(cursor) => cursor,
        None => state
            .0
            .store
            .read()
            .await?
            .chat_newest()
            .await?
            .unwrap_or_default(),
    };
    let listener = Listener {
        state,
        me,
        start: cursor,
        cursor,
        sent: BTreeSet::new(),
        waiting: VecDeque::new(),
        pulse,
    };
    let events = futures_util::stream::unfold(listener, |mut listener| async move {
        listener.next().await.map(|event| (Ok(event), listener))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

impl Listener {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if let Ok(Err(_)) = tokio::time::timeout(LOOK, self.pulse.changed()).await {
                return None;
            }
            if self.pulse.borrow_and_update().closing {
                return None;
            }
            if let Err(error) = self.take_in().await {
                tracing::warn!(%error, "a live stream could not read and ends; the page connects again");
                return None;
            }
        }
    }

    async fn take_in(&mut self) -> anyhow::Result<()> {
        let mut from = self.start.max(earlier(self.cursor));
        self.sent = self.sent.split_off(&from);
        loop {
            let batch = self
                .state
                .0
                .store
                .read()
                .await?
                .chat_since(&self.me.id, from, BATCH)
                .await?;
            let full = i64::try_from(batch.len()).is_ok_and(|taken| taken == BATCH);
            for message in batch {
                from = message.id;
                self.cursor = self.cursor.max(message.id);
                if !self.sent.insert(message.id) || self.state.channel(&self.me, &message.channel).is_err() {
                    continue;
                }
                let arrived = Arrived::new(&self.state, &self.me, &message);
                self.waiting
                    .push_back(Event::default().id(self.cursor.to_string()).json_data(arrived)?);
            }
            if !full {
                break;
            }
        }
        self.take_in_revised().await
    }

    /// What says something else than before, of the messages that this page may show.
    async fn take_in_revised(&mut self) -> anyhow::Result<()> {
        let from = self.start.max(earlier(self.cursor));
        let mut view = self.state.0.store.read().await?;
        let revised = view.chat_revised_since(&self.me.id, from, REVISED).await?;
        for (revision, message) in revised {
            if !self.sent.insert(revision) || self.state.channel(&self.me, &message.channel).is_err() {
                continue;
            }
            let arrived = Arrived::revised(&self.state, &self.me, &message);
            self.waiting.push_back(Event::default().json_data(arrived)?);
        }
        Ok(())
    }
}

/// The least id of some seconds before that one.
fn earlier(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().saturating_sub(LATE.as_millis() << 80))
}
