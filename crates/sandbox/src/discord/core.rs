//! What the gateway, REST and the people share.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use hammerdesk_domain::clock::Clock;
use tokio::sync::watch;

use super::model::State;

/// The model, its clock and the way to switch the sockets off.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) state: Mutex<State>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) address: SocketAddr,
    /// Whether the sockets answer; changing it ends every connection.
    pub(super) is_up: watch::Sender<bool>,
}

impl Core {
    /// The model. Held for the length of one change, never across an await.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(super) fn api_url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn gateway_url(&self) -> String {
        format!("ws://{}/gateway", self.address)
    }
}
