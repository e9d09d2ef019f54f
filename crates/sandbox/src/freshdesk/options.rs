//! What can be chosen about a simulated account: its plan, its lags, and every fact about Freshdesk that
//! nobody outside knows for certain.
//!
//! Promises: a default is what the documentation or a recording says; where they disagree or are silent the
//! value is a switch of [`Unknowns`], so that a client can be tried against each answer.

use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Timelike};
use hammerdesk_domain::clock::Clock;

/// How an account is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where time comes from: whole seconds, SLA, limits, lags and expiries all go by it.
    pub clock: Arc<dyn Clock>,
    /// The key of the integration's own agent.
    pub api_key: String,
    /// Name and mailbox of the integration's own agent.
    pub bot: (String, String),
    /// Seed of everything random: ids of signatures, faults, webhooks.
    pub seed: u64,
    /// The account's name, as webhooks say it.
    pub helpdesk_name: String,
    /// The mailbox at which customers write, and from which replies go.
    pub support_email: String,
    /// Calls a minute.
    pub limits: Limits,
    /// How long search does not see a change.
    pub search_lag: TimeDelta,
    /// How long after a due instant the flag of a breach is set.
    pub escalation_lag: TimeDelta,
    /// Whether a customer who writes gets Freshdesk's own "we have received your mail".
    pub acknowledges: bool,
    /// Whether archived tickets may be read (it depends on the plan).
    pub archive_readable: bool,
    /// The fields that answers carry.
    pub fields: FieldSet,
    /// The number of the first ticket.
    pub first_ticket: u64,
    /// The largest sum of attachments of one ticket or message, in bytes.
    pub attachment_limit: usize,
    /// What nobody knows for certain.
    pub unknowns: Unknowns,
}

impl Options {
    /// An account by that clock, as documented, with limits that no ordinary test meets.
    pub fn at(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            api_key: "sandbox-key".to_owned(),
            bot: ("hammerdesk".to_owned(), "hammerdesk@helpdesk.example".to_owned()),
            seed: 1,
            helpdesk_name: "Client accounts".to_owned(),
            support_email: "accounts@helpdesk.example".to_owned(),
            limits: Limits::roomy(),
            search_lag: TimeDelta::minutes(2),
            escalation_lag: TimeDelta::seconds(38),
            acknowledges: false,
            archive_readable: false,
            fields: FieldSet::Y2022,
            first_ticket: 1,
            attachment_limit: 20 * 1024 * 1024,
            unknowns: Unknowns::default(),
        }
    }
}

/// Accounts of different years and plans answer with different fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldSet {
    /// As recorded in 2022: shared ownership and associations.
    Y2022,
    /// As recorded in 2025: no shared ownership, blind copies.
    Y2025,
}

/// Calls a minute, for the account and for single routes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// For everything together.
    pub per_minute: u32,
    /// For creating tickets.
    pub ticket_create: Option<u32>,
    /// For updating tickets.
    pub ticket_update: Option<u32>,
    /// For listing tickets.
    pub ticket_list: Option<u32>,
    /// For listing contacts.
    pub contact_list: Option<u32>,
    /// Whether a 429 says when to come back.
    pub says_retry_after: bool,
    /// Whether limits are written "700.0" or "700".
    pub decimals: bool,
}

impl Limits {
    /// So many that only a benchmark would meet them.
    pub const fn roomy() -> Self {
        Self::plan(1_000_000, None, None, None)
    }

    /// The Growth plan as found in 2026.
    pub const fn growth() -> Self {
        Self::plan(100, Some(80), Some(80), Some(40))
    }

    /// The Pro plan.
    pub const fn pro() -> Self {
        Self::plan(400, Some(160), Some(160), Some(100))
    }

    /// The Enterprise plan.
    pub const fn enterprise() -> Self {
        Self::plan(700, Some(280), Some(280), Some(200))
    }

    const fn plan(per_minute: u32, create: Option<u32>, update: Option<u32>, list: Option<u32>) -> Self {
        Self {
            per_minute,
            ticket_create: create,
            ticket_update: update,
            ticket_list: list,
            contact_list: list,
            says_retry_after: true,
            decimals: true,
        }
    }
}

/// What documentation and recordings leave open, or answer in two ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknowns {
    /// Does `updated_since` include the instant itself?
    pub updated_since_inclusive: bool,
    /// The order within one second.
    pub ties: Ties,
    /// Does `X-RateLimit-Total` show the route's own limit where there is one?
    pub total_shows_sub_limit: bool,
    /// The body of a 429.
    pub too_many_body: Option<String>,
    /// The body of a 401.
    pub unauthorized_body: Option<String>,
    /// Is a deleted ticket shown (with `deleted: true`), or not found?
    pub deleted_is_shown: bool,
    /// Does deleting move `updated_at`?
    pub delete_bumps: bool,
    /// Does restoring move `updated_at`?
    pub restore_bumps: bool,
    /// Does marking as spam, and taking it back, move `updated_at`?
    pub spam_bumps: bool,
    /// Does merging move the primary ticket's `updated_at`?
    pub merge_bumps: bool,
    /// Are bulk actions put, rather than posted?
    pub bulk_is_put: bool,
    /// The status code of an accepted bulk action.
    pub bulk_status: u16,
    /// Is the contacts' parameter `_updated_since`, rather than `updated_since`?
    pub contacts_underscore: bool,
    /// What happens to due instants when a paused ticket goes on.
    pub due_on_resume: DueOnResume,
    /// Does the SLA timer stand in "Waiting on Customer" and "Waiting on Third Party"?
    pub waiting_pauses: bool,
    /// When a webhook is tried again.
    pub webhook_retries: WebhookRetries,
    /// Is the ticket's number in a webhook a string?
    pub webhook_id_is_string: bool,
    /// Are quotes and line breaks put into a webhook's template as they are, so that the JSON may break?
    pub webhook_unescaped: bool,
    /// How long Freshdesk waits for whoever receives a webhook, in real time.
    pub webhook_timeout: Duration,
    /// Are HTML comments kept in bodies? (Scripts never are.)
    pub keeps_comments: bool,
    /// Further sources of this account, label and code.
    pub sources: Vec<(String, i64)>,
}

impl Default for Unknowns {
    fn default() -> Self {
        Self {
            updated_since_inclusive: true,
            ties: Ties::IdAscending,
            total_shows_sub_limit: true,
            too_many_body: None,
            unauthorized_body: Some(
                r#"{"code":"invalid_credentials","message":"You have to be logged in to perform this action."}"#
                    .to_owned(),
            ),
            deleted_is_shown: true,
            delete_bumps: true,
            restore_bumps: true,
            spam_bumps: true,
            merge_bumps: true,
            bulk_is_put: false,
            bulk_status: 202,
            contacts_underscore: true,
            due_on_resume: DueOnResume::Restarts,
            waiting_pauses: true,
            webhook_retries: WebhookRetries::Stepped,
            webhook_id_is_string: false,
            webhook_unescaped: false,
            webhook_timeout: Duration::from_secs(10),
            keeps_comments: false,
            sources: Vec::new(),
        }
    }
}

/// The order of tickets that share a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ties {
    /// Lower numbers first.
    IdAscending,
    /// Higher numbers first.
    IdDescending,
    /// In an order of its own, which is the same each time.
    Scattered,
}

/// What happens to due instants when a paused ticket goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueOnResume {
    /// Full targets from the change of status (the one recording there is).
    Restarts,
    /// They move by as long as it stood.
    Shifts,
    /// They stay.
    Stays,
}

/// When a webhook that was not taken is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookRetries {
    /// After 5, 30 and 60 minutes.
    Stepped,
    /// Each half hour, 48 times.
    HalfHourly,
    /// Never.
    Never,
}

impl WebhookRetries {
    /// How long after the attempt of that number (from 1) the next is made.
    pub(super) const fn after(self, attempt: u32) -> Option<TimeDelta> {
        match (self, attempt) {
            (Self::Stepped, 1) => Some(TimeDelta::minutes(5)),
            (Self::Stepped, 2) | (Self::HalfHourly, 1..=48) => Some(TimeDelta::minutes(30)),
            (Self::Stepped, 3) => Some(TimeDelta::minutes(60)),
            _ => None,
        }
    }
}

/// Now, in the whole seconds that Freshdesk knows.
pub(super) fn whole_second(clock: &dyn Clock) -> chrono::DateTime<chrono::Utc> {
    let now = clock.now();
    now.with_nanosecond(0).unwrap_or(now)
}
