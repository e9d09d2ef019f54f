//! Every request that came, and what became of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

/// One request over REST.
#[derive(Debug, Clone)]
pub struct Logged {
    /// By the simulator's clock.
    pub at: DateTime<Utc>,
    /// `POST` and so on.
    pub method: String,
    /// Without the base and the version.
    pub path: String,
    /// The path with `{}` for every id and token, after the method: `POST /channels/{}/messages`.
    pub route: String,
    /// The body, or the `payload_json` of a form; null where there was none.
    pub body: Value,
    /// Names of the files that came along.
    pub files: Vec<String>,
    /// What became of it.
    pub verdict: Verdict,
    /// What is wrong with its form, where a fault met it before that could be answered.
    pub flaw: Option<String>,
    /// How long the simulator took.
    pub took: Duration,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Done; the status.
    Accepted(u16),
    /// Refused as Discord refuses it.
    Refused {
        /// The status.
        status: u16,
        /// Discord's code.
        code: u32,
        /// Its words, and each flaw of the form on a line.
        said: String,
    },
    /// Met with an injected fault or a rate limit; whether it took effect all the same.
    Faulted {
        /// Whether the effect is there though the answer was not.
        took_effect: bool,
        /// The status, where one was sent.
        status: Option<u16>,
    },
}

impl Logged {
    /// Whether the request was one that Discord takes: the body is of the right form and the path exists.
    /// That something is unknown, forbidden or limited is no fault of its form.
    pub fn is_well_formed(&self) -> bool {
        match &self.verdict {
            Verdict::Accepted(_) | Verdict::Faulted { .. } => self.flaw.is_none(),
            Verdict::Refused { status, code, .. } => {
                let is_circumstance = matches!(code, 40060 | 50083 | 160_004 | 160_006);
                is_circumstance || (*status != 400 && *status != 413 && !(*status == 404 && *code == 0))
            }
        }
    }
}

impl Logged {
    /// What is wrong with it, on a line.
    pub(super) fn complaint(&self) -> String {
        let said = match (&self.flaw, &self.verdict) {
            (Some(flaw), _) => flaw.clone(),
            (None, verdict) => format!("{verdict:?}"),
        };
        format!("{}: {said}: {}", self.route, self.body)
    }
}

/// The requests, up to so many.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) kept: Vec<Logged>,
    pub(super) most: usize,
    pub(super) count: u64,
    pub(super) malformed: Vec<Logged>,
}

impl Log {
    pub(super) fn new(most: usize) -> Self {
        Self {
            kept: Vec::new(),
            most,
            count: 0,
            malformed: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, logged: Logged) {
        self.count += 1;
        if !logged.is_well_formed() {
            self.malformed.push(logged.clone());
        }
        if self.kept.len() < self.most {
            self.kept.push(logged);
        }
    }
}
