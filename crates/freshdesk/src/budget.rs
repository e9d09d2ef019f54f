//! One limit: what it is, what was spent of it within its window, and how evenly background work spends it.

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::limiter::{Endpoint, Urgency};
use crate::timer::Timer;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// From here up, a total without a fraction is taken for that of an old account with a limit per hour.
const LEAST_HOURLY: u32 = 3000;

/// What is set about limits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Of the limit, what background work may use.
    pub(crate) share_percent: u32,
    /// The limit until an answer has said it.
    pub(crate) assumed: u32,
    /// The window of all limits, where it is set and not guessed.
    pub(crate) window: Option<Duration>,
}

impl Limits {
    pub(crate) fn window(self) -> Duration {
        self.window.unwrap_or(MINUTE)
    }

    /// The window that goes with a total.
    pub(crate) fn window_of(self, total: u32, is_decimal: bool) -> Duration {
        let guess = if !is_decimal && total >= LEAST_HOURLY {
            HOUR
        } else {
            MINUTE
        };
        self.window.unwrap_or(guess)
    }
}

/// One limit and what is left of it, for metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetState {
    /// Credits (for an endpoint: calls) per window, as last said by an answer.
    pub limit: u32,
    /// Whether an answer has said it; until then it is assumed.
    pub is_known: bool,
    /// What background work may use of it.
    pub background_limit: u32,
    /// The window.
    pub window: Duration,
    /// Credits or calls that this client spent within the last window.
    pub used: u32,
    /// Credits or calls that others were seen to spend within the last window.
    pub used_by_others: u32,
    /// How much longer nobody calls, after a 429.
    pub paused_for: Duration,
}

#[derive(Clone)]
struct PaceClock(Arc<dyn Timer>);

impl governor::clock::Clock for PaceClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.now().into()
    }
}

struct Pace {
    cells: RateLimiter<NotKeyed, InMemoryState, PaceClock, NoOpMiddleware<Nanos>>,
    burst: u32,
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pace")
            .field("burst", &self.burst)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy)]
struct Spent {
    /// When its answer came, or it was given up; while it is under way, when it was sent.
    at: Duration,
    number: u64,
    cost: u32,
    endpoint: Endpoint,
}

#[derive(Debug)]
pub(crate) struct Budget {
    limits: Limits,
    timer: Arc<dyn Timer>,
    limit: u32,
    is_known: bool,
    window: Duration,
    /// Under way: Freshdesk books them at some instant until their answer, so that they count until then and for a
    /// window more.
    flying: Vec<Spent>,
    /// Answered, by instant.
    spent: VecDeque<Spent>,
    used: u32,
    others: (Duration, u32),
    paused_until: Duration,
    guesses: u32,
    pace: Option<Pace>,
}

impl Budget {
    pub(crate) fn assumed(limits: Limits, timer: Arc<dyn Timer>) -> Self {
        let mut budget = Self {
            limits,
            timer,
            limit: limits.assumed.max(1),
            is_known: false,
            window: limits.window(),
            flying: Vec::new(),
            spent: VecDeque::new(),
            used: 0,
            others: (Duration::ZERO, 0),
            paused_until: Duration::ZERO,
            guesses: 0,
            pace: None,
        };
        budget.pace = budget.new_pace();
        budget
    }

    /// A budget for one endpoint, counted in calls, with those of it so far.
    pub(crate) fn split(&self, endpoint: Endpoint) -> Self {
        let mut own = Self::assumed(self.limits, self.timer.clone());
        own.window = self.window;
        let calls = |spent: &&Spent| spent.endpoint == endpoint;
        own.flying = self
            .flying
            .iter()
            .filter(calls)
            .map(|spent| Spent { cost: 1, ..*spent })
            .collect();
        own.spent = self
            .spent
            .iter()
            .filter(calls)
            .map(|spent| Spent { cost: 1, ..*spent })
            .collect();
        own.used = u32::try_from(own.flying.len() + own.spent.len()).unwrap_or(u32::MAX);
        own
    }

    pub(crate) fn limit(&self) -> u32 {
        self.limit
    }

    pub(crate) fn is_known(&self) -> bool {
        self.is_known
    }

    /// An answer said what this limit is.
    pub(crate) fn learn(&mut self, limit: u32, window: Duration) {
        self.raise(limit, window);
        self.is_known = true;
    }

    /// A better guess.
    pub(crate) fn raise(&mut self, limit: u32, window: Duration) {
        if (self.limit, self.window) != (limit, window) {
            (self.limit, self.window) = (limit.max(1), window);
            self.pace = self.new_pace();
        }
    }

    fn background_limit(&self) -> u32 {
        let share = u64::from(self.limit) * u64::from(self.limits.share_percent.clamp(1, 100)) / 100;
        u32::try_from(share).unwrap_or(u32::MAX).max(1)
    }

    fn new_pace(&self) -> Option<Pace> {
        let cells = NonZeroU32::new(self.background_limit())?;
        let burst = (cells.get() / 10).max(cells.get().min(10));
        let quota = Quota::with_period(self.window / cells.get())?.allow_burst(NonZeroU32::new(burst)?);
        let cells = RateLimiter::direct_with_clock(quota, PaceClock(self.timer.clone()));
        Some(Pace { cells, burst })
    }

    fn expire(&mut self, now: Duration) {
        let span = self.window;
        while let Some(oldest) = self.spent.front().filter(|spent| spent.at + span <= now) {
            self.used = self.used.saturating_sub(oldest.cost);
            self.spent.pop_front();
        }
        if self.others.0 + span <= now {
            self.others.1 = 0;
        }
    }

    /// Whether there is room now, or how long until there may be.
    pub(crate) fn room(&mut self, now: Duration, urgency: Urgency, cost: u32) -> Result<(), Duration> {
        if let Some(left) = self.paused_until.checked_sub(now).filter(|left| !left.is_zero()) {
            return Err(left);
        }
        self.expire(now);
        let cap = match urgency {
            Urgency::Person => self.limit,
            // Where others use up the share, one call a window still keeps things from standing still.
            Urgency::Background if self.used == 0 => self.limit,
            Urgency::Background => self.background_limit(),
        };
        let wanted = self
            .used
            .saturating_add(self.others.1)
            .saturating_add(cost.min(cap));
        let Some(mut over) = wanted.checked_sub(cap).filter(|over| *over > 0) else {
            return Ok(());
        };
        let mut frees: Vec<(Duration, u32)> = self.spent.iter().map(|spent| (spent.at, spent.cost)).collect();
        frees.extend(self.flying.iter().map(|spent| (now, spent.cost)));
        frees.push(self.others);
        frees.sort_unstable();
        for (at, cost) in frees {
            over = over.saturating_sub(cost);
            if over == 0 {
                return Err((at + self.window).saturating_sub(now));
            }
        }
        Err(self.window)
    }

    /// Takes cells of the even pace, or answers how long until they are there.
    pub(crate) fn pace(&self, cost: u32) -> Result<(), Duration> {
        let Some(pace) = &self.pace else {
            return Ok(());
        };
        let Some(cells) = NonZeroU32::new(cost.min(pace.burst)) else {
            return Ok(());
        };
        match pace.cells.check_n(cells) {
            Ok(Err(not_until)) => Err(not_until.wait_time_from(PaceClock(self.timer.clone()).now())),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    /// Writes a call into the ledger before it is sent.
    pub(crate) fn spend(&mut self, at: Duration, number: u64, cost: u32, endpoint: Endpoint) {
        self.flying.push(Spent {
            at,
            number,
            cost,
            endpoint,
        });
        self.used = self.used.saturating_add(cost);
    }

    /// The answer to a call came, or it was given up.
    pub(crate) fn land(&mut self, now: Duration, number: u64) {
        if let Some(index) = self.flying.iter().position(|spent| spent.number == number) {
            let spent = self.flying.swap_remove(index);
            self.spent.push_back(Spent { at: now, ..spent });
        }
    }

    /// Puts what a call really cost in the place of what was assumed; answers what was assumed.
    pub(crate) fn correct(&mut self, number: u64, cost: u32) -> u32 {
        let mut both = self.flying.iter_mut().chain(self.spent.iter_mut().rev());
        let Some(spent) = both.find(|spent| spent.number == number) else {
            return cost;
        };
        let before = std::mem::replace(&mut spent.cost, cost);
        self.used = self.used.saturating_sub(before).saturating_add(cost);
        before
    }

    /// An answer said how much of the limit is used: what this client has not spent, others have.
    pub(crate) fn observe(&mut self, now: Duration, used: u32) {
        self.expire(now);
        self.others = (now, used.saturating_sub(self.used));
    }

    /// The calls of one endpoint within the window.
    pub(crate) fn calls_on(&mut self, now: Duration, endpoint: Endpoint) -> u32 {
        self.expire(now);
        let both = self.flying.iter().chain(&self.spent);
        let on = both.filter(|spent| spent.endpoint == endpoint);
        u32::try_from(on.count()).unwrap_or(u32::MAX)
    }

    /// After a 429: nobody calls for as long as was told, or else for a guess that doubles each time.
    pub(crate) fn pause(&mut self, now: Duration, told: Option<Duration>) -> Duration {
        let guess = Duration::from_secs(15) * 2_u32.pow(self.guesses.min(10));
        let longest = self.window.min(MINUTE * 10);
        if told.is_none() {
            self.guesses += 1;
        }
        let wait = told.unwrap_or(guess.min(longest)).max(Duration::from_secs(1));
        self.paused_until = self.paused_until.max(now + wait);
        wait
    }

    /// An answer that was no 429.
    pub(crate) fn answered(&mut self) {
        self.guesses = 0;
    }

    pub(crate) fn snapshot(&mut self, now: Duration) -> BudgetState {
        self.expire(now);
        BudgetState {
            limit: self.limit,
            is_known: self.is_known,
            background_limit: self.background_limit(),
            window: self.window,
            used: self.used,
            used_by_others: self.others.1,
            paused_for: self.paused_until.saturating_sub(now),
        }
    }
}
