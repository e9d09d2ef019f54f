//! When a call to Discord may leave: its rate limits, and the guard against being shut out.
//!
//! Limits are never guessed: each answer tells how much its bucket has left, and a 429 how long to wait. A
//! bucket that is empty holds up its own calls alone; the global limit holds up all but the answers to
//! interactions, which it does not count. Ten thousand refused calls in ten minutes would ban the address,
//! so this stops well before, and at once when the token itself is refused.

use std::collections::{HashMap, VecDeque};
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use reqwest::header::HeaderMap;
use tokio::time::Instant;

/// Calls a second over all routes: Discord allows fifty.
pub(crate) const PER_SECOND: NonZeroU32 = NonZeroU32::new(46).expect("not zero");
/// Of so many calls a second one may leave at one instant; with it a second holds fewer than fifty.
const AT_ONCE: u32 = 15;
/// Refused calls are counted over so long.
const GUARDED: Duration = Duration::from_secs(600);
/// So many of them are enough; Discord bans an address at ten thousand.
pub(crate) const REFUSED_ENOUGH: NonZeroUsize = NonZeroUsize::new(5_000).expect("not zero");
/// Buckets that are full again are forgotten once there are so many.
const MANY_BUCKETS: usize = 2_000;
/// A wait that no honest answer asks for is cut to this.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// The gate.
#[derive(Debug)]
pub(crate) struct Gate {
    global: DefaultDirectRateLimiter,
    /// After so many refusals none is sent.
    enough: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Which bucket a route belongs to, as far as Discord has told.
    names: HashMap<String, String>,
    buckets: HashMap<String, Bucket>,
    closed_until: Option<Instant>,
    refused: VecDeque<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: u32,
    full_at: Instant,
}

/// What a 429 said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limited {
    /// How long to wait.
    pub(crate) wait: Duration,
    /// For all calls?
    pub(crate) is_global: bool,
    /// Another bot's doing: it counts against nobody.
    pub(crate) is_shared: bool,
}

/// May the call leave?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Now,
    Wait(Instant),
}

impl Gate {
    /// A gate for so many calls a second over all routes, and so many refusals in ten minutes.
    pub(crate) fn new(per_second: NonZeroU32, enough: NonZeroUsize) -> Self {
        let at_once = NonZeroU32::new(per_second.get() / AT_ONCE).unwrap_or(NonZeroU32::MIN);
        Self {
            global: RateLimiter::direct(Quota::per_second(per_second).allow_burst(at_once)),
            enough: enough.get(),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a call of that route may leave, but not beyond `patience`: then `Err` says how long it
    /// would take.
    pub(crate) async fn pass(
        &self,
        route: &str,
        is_counted: bool,
        patience: Duration,
    ) -> Result<(), Duration> {
        let until = Instant::now() + patience;
        if is_counted {
            self.global.until_ready().await;
        }
        loop {
            let now = Instant::now();
            let turn = self.state().turn(route, is_counted, now);
            match turn {
                Turn::Now => return Ok(()),
                Turn::Wait(at) if at > until => return Err(at - now),
                Turn::Wait(at) => tokio::time::sleep_until(at).await,
            }
        }
    }

    /// So many calls were refused that it is better to send none; for how long.
    pub(crate) fn shut_for(&self) -> Option<Duration> {
        let now = Instant::now();
        let mut state = self.state();
        state.forget_refused(now);
        let oldest = state.refused.front().copied()?;
        (state.refused.len() >= self.enough).then(|| (oldest + GUARDED).saturating_duration_since(now))
    }

    /// Takes in what an answer says about its bucket.
    pub(crate) fn learn(&self, route: &str, headers: &HeaderMap) {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let left = text("x-ratelimit-remaining").and_then(|text| text.parse().ok());
        let full_in = text("x-ratelimit-reset-after").and_then(seconds);
        if let (Some(left), Some(full_in)) = (left, full_in) {
            let now = Instant::now();
            self.state()
                .told(route, text("x-ratelimit-bucket"), left, now + full_in, now);
        }
    }

    /// Takes in a 429.
    pub(crate) fn limited(&self, route: &str, limited: Limited) {
        let now = Instant::now();
        let mut state = self.state();
        let at = now + limited.wait.min(LONGEST_WAIT);
        if limited.is_global {
            state.closed_until = Some(state.closed_until.map_or(at, |until| until.max(at)));
        } else {
            let name = state.name(route).to_owned();
            state.buckets.insert(name, Bucket { left: 0, full_at: at });
        }
        if !limited.is_shared {
            self.count_refusal(&mut state, now);
        }
    }

    /// Takes in a refusal that Discord counts.
    pub(crate) fn refused(&self) {
        let mut state = self.state();
        self.count_refusal(&mut state, Instant::now());
    }

    fn count_refusal(&self, state: &mut State, now: Instant) {
        state.refused(now);
        state.tell();
        if state.refused.len() == self.enough {
            tracing::error!(
                refused = self.enough,
                "discord refused so many calls in ten minutes that none is sent for a while, because it bans at ten \
                 thousand; hammerdesk check says what is missing"
            );
        }
    }

    /// How many calls were refused in the last ten minutes.
    pub(crate) fn refused_lately(&self) -> usize {
        let mut state = self.state();
        state.forget_refused(Instant::now());
        state.tell();
        state.refused.len()
    }
}

impl State {
    fn name<'a>(&'a self, route: &'a str) -> &'a str {
        self.names.get(route).map_or(route, String::as_str)
    }

    fn turn(&mut self, route: &str, is_counted: bool, now: Instant) -> Turn {
        if let Some(until) = self.closed_until.filter(|until| is_counted && *until > now) {
            return Turn::Wait(until);
        }
        let name = self.name(route).to_owned();
        match self.buckets.get_mut(&name) {
            Some(bucket) if bucket.full_at > now && bucket.left == 0 => Turn::Wait(bucket.full_at),
            Some(bucket) => {
                bucket.left = bucket.left.saturating_sub(1);
                Turn::Now
            }
            None => Turn::Now,
        }
    }

    fn told(&mut self, route: &str, bucket: Option<&str>, left: u32, full_at: Instant, now: Instant) {
        if self.buckets.len() >= MANY_BUCKETS {
            self.buckets.retain(|_, bucket| bucket.full_at > now);
            let buckets = &self.buckets;
            self.names.retain(|_, name| buckets.contains_key(name));
        }
        let name = match bucket {
            // The same hash on another channel is another bucket.
            Some(bucket) => format!("{bucket}:{}", route.rsplit(' ').next().unwrap_or_default()),
            None => route.to_owned(),
        };
        if bucket.is_some() {
            self.names.insert(route.to_owned(), name.clone());
        }
        let left = match self.buckets.get(&name) {
            // Calls that are still on their way have been counted here and not there.
            Some(known) if known.full_at > now && known.full_at <= full_at + Duration::from_millis(50) => {
                left.min(known.left)
            }
            _ => left,
        };
        self.buckets.insert(name, Bucket { left, full_at });
    }

    fn refused(&mut self, now: Instant) {
        self.forget_refused(now);
        self.refused.push_back(now);
    }

    /// Puts the number of refusals where whoever watches over the service sees it.
    fn tell(&self) {
        metrics::gauge!("hammerdesk_discord_refused_requests")
            .set(u32::try_from(self.refused.len()).unwrap_or(u32::MAX));
    }

    fn forget_refused(&mut self, now: Instant) {
        while self.refused.front().is_some_and(|at| *at + GUARDED <= now) {
            self.refused.pop_front();
        }
    }
}

/// Seconds as Discord writes them: `1`, `0.25`.
pub(crate) fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .map(|wait| wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(left: u32, reset_after: &str, bucket: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-remaining", left.into());
        headers.insert("x-ratelimit-reset-after", reset_after.parse().unwrap());
        headers.insert("x-ratelimit-bucket", bucket.parse().unwrap());
        headers
    }

    const NOT: Duration = Duration::ZERO;

    #[tokio::test(start_paused = true)]
    async fn an_empty_bucket_holds_up_its_own_channel_alone_until_it_is_full() {
        let gate = Gate::new(PER_SECOND, REFUSED_ENOUGH);
        gate.learn("POST messages 1", &headers(0, "1.5", "abc"));
        gate.learn("POST messages 2", &headers(3, "1.5", "abc"));
        let wait = gate.pass("POST messages 1", false, NOT).await.unwrap_err();
        assert_eq!(wait, Duration::from_millis(1500));
        assert_eq!(gate.pass("POST messages 2", false, NOT).await, Ok(()));
        let before = Instant::now();
        assert_eq!(
            gate.pass("POST messages 1", false, Duration::from_secs(2)).await,
            Ok(())
        );
        assert!(before.elapsed() >= Duration::from_millis(1500));
    }

    #[tokio::test(start_paused = true)]
    async fn what_left_and_was_not_answered_yet_counts() {
        let gate = Gate::new(PER_SECOND, REFUSED_ENOUGH);
        gate.learn("r 1", &headers(2, "5", "abc"));
        assert_eq!(gate.pass("r 1", false, NOT).await, Ok(()));
        assert_eq!(gate.pass("r 1", false, NOT).await, Ok(()));
        assert!(gate.pass("r 1", false, NOT).await.is_err());
        // The answer to the first one knows nothing of the second.
        gate.learn("r 1", &headers(1, "5", "abc"));
        assert!(gate.pass("r 1", false, NOT).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_global_limit_holds_up_all_but_the_answers_to_interactions() {
        let gate = Gate::new(PER_SECOND, REFUSED_ENOUGH);
        let limited = Limited {
            wait: Duration::from_secs(3),
            is_global: true,
            is_shared: false,
        };
        gate.limited("r 1", limited);
        assert!(gate.pass("r 2", true, NOT).await.is_err());
        assert_eq!(gate.pass("callback 9", false, NOT).await, Ok(()));
        assert_eq!(gate.pass("r 2", true, Duration::from_secs(4)).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_shut_the_gate_long_before_the_ban_and_open_it_ten_minutes_later() {
        let gate = Gate::new(PER_SECOND, REFUSED_ENOUGH);
        let shared = Limited {
            wait: NOT,
            is_global: false,
            is_shared: true,
        };
        for _ in 1..REFUSED_ENOUGH.get() {
            gate.refused();
            gate.limited("r 1", shared);
        }
        assert_eq!(gate.shut_for(), None);
        gate.refused();
        assert!(gate.shut_for().is_some());
        tokio::time::advance(GUARDED).await;
        assert_eq!((gate.shut_for(), gate.refused_lately()), (None, 0));
    }

    #[test]
    fn seconds_are_read_as_discord_writes_them() {
        assert_eq!(seconds("0.25"), Some(Duration::from_millis(250)));
        assert_eq!(seconds("-1"), None);
        assert_eq!(seconds("NaN"), None);
        assert_eq!(seconds("1e12"), Some(LONGEST_WAIT));
    }
}
