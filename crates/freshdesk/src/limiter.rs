//! One account's calls, kept within what Freshdesk allows and shared between people who wait and work that does not.
//!
//! The limit belongs to the account and is shared with every other program that uses it, so that it is never known
//! for certain: it starts at an assumption and is corrected by the headers of each answer. Two things hold together:
//!
//! * an exact ledger of what was spent within the last window, with what others were seen to spend. Nobody goes over
//!   the limit, and background work not over its share of it, so that the rest is there for people;
//! * an even pace (GCRA, the crate `governor`) for background work, so that a long backfill neither hogs the first
//!   seconds of each minute nor keeps a small poll waiting for the rest of it.
//!
//! Some calls have a limit of their own below the account's. Where an answer shows one (a smaller total, or a 429
//! while the account has room), it is learned and kept in the same way, counted in calls.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::budget::{Budget, BudgetState, Limits};
use crate::timer::Timer;

/// Who waits for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Urgency {
    /// A person, in chat or in a browser: may use the whole limit.
    Person,
    /// Nobody in particular: keeps to its share.
    #[default]
    Background,
}

/// Calls that have a limit of their own on some plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// `GET /tickets`
    TicketList,
    /// `POST /tickets`
    TicketCreate,
    /// `PUT /tickets/{id}`
    TicketUpdate,
    /// `GET /contacts`
    ContactList,
    /// Everything else: only the account's limit is known to apply.
    Other,
}

impl Endpoint {
    const LIMITED: [Self; 4] = [
        Self::TicketList,
        Self::TicketCreate,
        Self::TicketUpdate,
        Self::ContactList,
    ];

    fn index(self) -> Option<usize> {
        Self::LIMITED.iter().position(|endpoint| *endpoint == self)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TicketList => "ticket_list",
            Self::TicketCreate => "ticket_create",
            Self::TicketUpdate => "ticket_update",
            Self::ContactList => "contact_list",
            Self::Other => "other",
        })
    }
}

/// What an answer's headers said about the limit. Decimals are cut: of what is left down, of what was used up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RateHeaders {
    /// `X-RateLimit-Total`
    pub(crate) total: Option<u32>,
    /// Whether the total was written with a fraction, as accounts with a limit per minute do.
    pub(crate) is_decimal: bool,
    /// `X-RateLimit-Remaining`
    pub(crate) remaining: Option<u32>,
    /// `X-RateLimit-Used-CurrentRequest`
    pub(crate) used: Option<u32>,
    /// `Retry-After`, seconds
    pub(crate) retry_after: Option<u32>,
}

impl RateHeaders {
    pub(crate) fn read(headers: &reqwest::header::HeaderMap) -> Self {
        let text = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::trim)
        };
        let down = |name: &str| text(name).and_then(|text| decimal(text).map(|(whole, _)| whole));
        let up = |name: &str| {
            text(name)
                .and_then(|text| decimal(text).map(|(whole, more)| whole.saturating_add(u32::from(more))))
        };
        Self {
            total: down("x-ratelimit-total").filter(|total| *total > 0),
            is_decimal: text("x-ratelimit-total").is_some_and(|text| text.contains('.')),
            remaining: down("x-ratelimit-remaining"),
            used: up("x-ratelimit-used-currentrequest"),
            retry_after: up("retry-after"),
        }
    }
}

/// A number such as `426.0` as its whole part and whether there is more. A negative one is none left.
fn decimal(text: &str) -> Option<(u32, bool)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    if let Some(below) = whole.strip_prefix('-') {
        return below.parse::<u32>().ok().map(|_| (0, false));
    }
    Some((whole.parse().ok()?, fraction.bytes().any(|b| b != b'0')))
}

/// A call that wants to be sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) urgency: Urgency,
    pub(crate) endpoint: Endpoint,
    /// Calls of the same name and number of extras cost the same.
    pub(crate) kind: (&'static str, usize),
    /// Credits, until an answer has said what such a call costs.
    pub(crate) assumed_cost: u32,
}

/// A place in the ledger for a call that may be sent now; held until its answer is there or given up.
#[derive(Debug)]
pub(crate) struct Admission<'a> {
    limiter: &'a Limiter,
    number: u64,
    asked: Asked,
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        let now = self.limiter.timer.now();
        let mut state = self.limiter.state();
        state.account.land(now, self.number);
        if let Some(own) = state.endpoint(self.asked.endpoint) {
            own.land(now, self.number);
        }
    }
}

/// The state of an account's limit, for metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateState {
    /// The account's own.
    pub account: BudgetState,
    /// Learned limits of single endpoints.
    pub endpoints: Vec<(Endpoint, BudgetState)>,
    /// Calls sent since the start.
    pub calls: u64,
    /// Credits that they cost.
    pub credits: u64,
    /// Answers with status 429.
    pub throttled: u64,
    /// Calls given up before they were sent, for want of room.
    pub given_up: u64,
    /// Calls waiting now for room, of people and of background work.
    pub waiting: (u32, u32),
}

#[derive(Debug)]
pub(crate) struct Limiter {
    timer: Arc<dyn Timer>,
    limits: Limits,
    /// One background call of a kind waits at a time, in the order they came; a person overtakes them all.
    turns: [tokio::sync::Mutex<()>; 5],
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    account: Budget,
    endpoints: [Option<Budget>; 4],
    costs: Vec<((&'static str, usize), u32)>,
    calls: u64,
    credits: u64,
    throttled: u64,
    given_up: u64,
    waiting: (u32, u32),
}

impl Limiter {
    pub(crate) fn new(limits: Limits, timer: Arc<dyn Timer>) -> Self {
        let account = Budget::assumed(limits, timer.clone());
        Self {
            timer,
            limits,
            turns: Default::default(),
            state: Mutex::new(State {
                account,
                endpoints: [None, None, None, None],
                costs: Vec::new(),
                calls: 0,
                credits: 0,
                throttled: 0,
                given_up: 0,
                waiting: (0, 0),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the call may be sent, at most for `patience`; otherwise answers how much longer it would take.
    pub(crate) async fn admit(&self, asked: Asked, patience: Duration) -> Result<Admission<'_>, Duration> {
        let _waiting = Waiting::enter(self, asked.urgency);
        let began = self.timer.now();
        let _turn = match asked.urgency {
            Urgency::Background => {
                let turn = asked.endpoint.index().unwrap_or(Endpoint::LIMITED.len());
                Some(self.turns[turn].lock().await)
            }
            Urgency::Person => None,
        };
        let mut paced = Paced::default();
        loop {
            let now = self.timer.now();
            let outcome = self.state().step(now, asked, &mut paced);
            let wait = match outcome {
                Ok(number) => {
                    return Ok(Admission {
                        limiter: self,
                        number,
                        asked,
                    });
                }
                Err(wait) => wait.max(Duration::from_millis(1)),
            };
            if now.saturating_sub(began) + wait > patience {
                self.state().given_up += 1;
                return Err(wait);
            }
            self.timer.sleep(wait).await;
        }
    }

    /// Corrects the ledger by what an answer said; on a 429 answers how long everybody now waits.
    pub(crate) fn settle(
        &self,
        admission: &Admission<'_>,
        headers: RateHeaders,
        is_throttled: bool,
    ) -> Option<Duration> {
        let now = self.timer.now();
        let mut state = self.state();
        let state = &mut *state;
        if let Some(used) = headers.used.filter(|used| *used > 0 && !is_throttled) {
            state.learn_cost(admission.asked.kind, used);
            let before = state.account.correct(admission.number, used);
            state.credits = state
                .credits
                .saturating_add(u64::from(used))
                .saturating_sub(u64::from(before));
        }
        state.learn_totals(admission.asked.endpoint, headers, now, self.limits);
        if !is_throttled {
            state.account.answered();
            if let Some(own) = state.endpoint(admission.asked.endpoint) {
                own.answered();
            }
            return None;
        }
        state.throttled += 1;
        Some(state.throttle(admission.asked.endpoint, headers, now, self.limits))
    }

    pub(crate) fn snapshot(&self) -> RateState {
        let now = self.timer.now();
        let mut state = self.state();
        let account = state.account.snapshot(now);
        let endpoints = Endpoint::LIMITED
            .iter()
            .zip(state.endpoints.iter_mut())
            .filter_map(|(endpoint, budget)| Some((*endpoint, budget.as_mut()?.snapshot(now))))
            .collect();
        RateState {
            account,
            endpoints,
            calls: state.calls,
            credits: state.credits,
            throttled: state.throttled,
            given_up: state.given_up,
            waiting: state.waiting,
        }
    }
}

/// Which paces a call has already kept: a cell once taken is not taken again while it waits for another.
#[derive(Debug, Default)]
struct Paced {
    endpoint: bool,
    account: bool,
}

impl State {
    fn endpoint(&mut self, endpoint: Endpoint) -> Option<&mut Budget> {
        self.endpoints[endpoint.index()?].as_mut()
    }

    /// Takes a place, or answers how long to wait before asking again.
    fn step(&mut self, now: Duration, asked: Asked, paced: &mut Paced) -> Result<u64, Duration> {
        let Asked {
            urgency,
            endpoint,
            kind,
            assumed_cost,
        } = asked;
        let known = self.costs.iter().find(|(known, _)| *known == kind);
        let cost = known.map_or(assumed_cost, |(_, cost)| *cost).max(1);
        let account = self.account.room(now, urgency, cost);
        let own = self
            .endpoint(endpoint)
            .map_or(Ok(()), |own| own.room(now, urgency, 1));
        match (account, own) {
            (Ok(()), Ok(())) => {}
            (a, b) => return Err(a.err().unwrap_or_default().max(b.err().unwrap_or_default())),
        }
        if urgency == Urgency::Background {
            if let Some(own) = self.endpoint(endpoint).filter(|_| !paced.endpoint) {
                own.pace(1)?;
                paced.endpoint = true;
            }
            if !paced.account {
                self.account.pace(cost)?;
                paced.account = true;
            }
        }
        self.calls += 1;
        self.credits += u64::from(cost);
        let number = self.calls;
        self.account.spend(now, number, cost, endpoint);
        if let Some(own) = self.endpoint(endpoint) {
            own.spend(now, number, 1, endpoint);
        }
        Ok(number)
    }

    fn learn_cost(&mut self, kind: (&'static str, usize), used: u32) {
        match self.costs.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, cost)) => *cost = used,
            None => self.costs.push((kind, used)),
        }
    }

    fn learn_totals(&mut self, endpoint: Endpoint, headers: RateHeaders, now: Duration, limits: Limits) {
        let Some(total) = headers.total else {
            return;
        };
        let window = limits.window_of(total, headers.is_decimal);
        let is_the_accounts = match endpoint.index() {
            None => {
                self.account.learn(total, window);
                true
            }
            // Until a call without a limit of its own has shown the account's, a larger total is the best guess.
            Some(_) if !self.account.is_known() => {
                if total >= self.account.limit() {
                    self.account.raise(total, window);
                }
                false
            }
            Some(_) => total >= self.account.limit(),
        };
        if is_the_accounts {
            if let Some(remaining) = headers.remaining {
                self.account.observe(now, total.saturating_sub(remaining));
            }
            return;
        }
        if let Some(index) = endpoint.index() {
            let own = self.endpoints[index].get_or_insert_with(|| self.account.split(endpoint));
            own.learn(total, window);
            if let Some(remaining) = headers.remaining {
                own.observe(now, total.saturating_sub(remaining));
            }
        }
    }

    /// A 429: all of the account waits, unless the answer shows that only this endpoint ran out.
    fn throttle(
        &mut self,
        endpoint: Endpoint,
        headers: RateHeaders,
        now: Duration,
        limits: Limits,
    ) -> Duration {
        let told = headers
            .retry_after
            .map(|seconds| Duration::from_secs(u64::from(seconds)));
        let account_has_room = match (headers.total, headers.remaining) {
            (Some(total), Some(remaining)) => {
                self.account.is_known() && total >= self.account.limit() && remaining > 0
            }
            _ => false,
        };
        let has_own = self.endpoint(endpoint).is_some();
        let shows_own = headers
            .total
            .is_some_and(|total| self.account.is_known() && total < self.account.limit());
        match endpoint.index() {
            Some(index) if account_has_room || (has_own && shows_own) => {
                if account_has_room {
                    let spent = self.account.calls_on(now, endpoint);
                    let own = self.endpoints[index].get_or_insert_with(|| self.account.split(endpoint));
                    own.learn(spent.saturating_sub(1).max(1), limits.window());
                }
                self.endpoints[index]
                    .as_mut()
                    .map_or(Duration::ZERO, |own| own.pause(now, told))
            }
            _ => self.account.pause(now, told),
        }
    }
}

/// Counts a waiting call for as long as it waits, however it ends.
struct Waiting<'a>(&'a Limiter, Urgency);

impl<'a> Waiting<'a> {
    fn enter(limiter: &'a Limiter, urgency: Urgency) -> Self {
        let waiting = Self(limiter, urgency);
        waiting.change(1);
        waiting
    }

    fn change(&self, by: i32) {
        let mut state = self.0.state();
        let count = match self.1 {
            Urgency::Person => &mut state.waiting.0,
            Urgency::Background => &mut state.waiting.1,
        };
        *count = count.saturating_add_signed(by);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.change(-1);
    }
}

#[cfg(test)]
mod tests;
