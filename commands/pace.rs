//! How much one person may ask, so that nobody walks through the client list.

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::clock::{Clock as _, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use hammerdesk_domain::clock::Clock;
use hammerdesk_domain::ids::PersonId;

use crate::errors::UserError;
use crate::settings::Pace;

/// How many completions count as one question: a person who types a name asks for several.
const COMPLETIONS_PER_QUESTION: u32 = 12;

/// governor on our own clock, so that tests and the demo move the limit with everything else.
#[derive(Debug, Clone)]
pub struct OurClock(Arc<dyn Clock>);

impl OurClock {
    /// Over any clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self(clock)
    }
}

/// Nanoseconds since 1970 on our clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick(u64);

impl Reference for Tick {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_sub(earlier.0).into()
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        Self(self.0.saturating_sub(duration.as_u64()))
    }
}

impl std::ops::Add<Nanos> for Tick {
    type Output = Self;

    fn add(self, other: Nanos) -> Self {
        Self(self.0.saturating_add(other.as_u64()))
    }
}

impl governor::clock::Clock for OurClock {
    type Instant = Tick;

    fn now(&self) -> Tick {
        Tick(
            self.0
                .now()
                .timestamp_nanos_opt()
                .and_then(|nanos| u64::try_from(nanos).ok())
                .unwrap_or(0),
        )
    }
}

type Limiter = RateLimiter<PersonId, DashMapStateStore<PersonId>, OurClock, NoOpMiddleware<Tick>>;

/// The limits, one bucket a person.
#[derive(Debug)]
pub(crate) struct PaceLimit {
    questions: Limiter,
    completions: Limiter,
    clock: OurClock,
    per_minute: u32,
}

impl PaceLimit {
    pub(crate) fn new(pace: Pace, clock: Arc<dyn Clock>) -> Self {
        let clock = OurClock(clock);
        let limiter = |times: u32| {
            let number = |n: u32| NonZeroU32::new(n.saturating_mul(times)).unwrap_or(NonZeroU32::MIN);
            let quota = Quota::per_minute(number(pace.per_minute)).allow_burst(number(pace.burst));
            RateLimiter::dashmap_with_clock(quota, clock.clone())
        };
        Self {
            questions: limiter(1),
            completions: limiter(COMPLETIONS_PER_QUESTION),
            clock: clock.clone(),
            per_minute: pace.per_minute,
        }
    }

    /// Counts a question about an account, or says when the next may be asked.
    pub(crate) fn question(&self, who: &PersonId) -> Result<(), UserError> {
        self.questions.check_key(who).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now()).as_secs() + 1;
            UserError::refused(format!(
                "That is a lot of accounts at once: {} a minute is the limit for one person. Ask again in {wait} s, or \
                 ask your manager for /debtors if you need a list.",
                self.per_minute
            ))
        })
    }

    /// May another completion be looked up?
    pub(crate) fn may_complete(&self, who: &PersonId) -> bool {
        self.completions.check_key(who).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};
    use hammerdesk_domain::clock::ManualClock;

    #[test]
    fn one_person_is_slowed_down_and_others_are_not() {
        let clock = Arc::new(ManualClock::at(
            DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
        ));
        let limit = PaceLimit::new(
            Pace {
                per_minute: 6,
                burst: 2,
            },
            clock.clone(),
        );
        let (ada, ben) = (PersonId::new("ada"), PersonId::new("ben"));
        assert!(limit.question(&ada).is_ok() && limit.question(&ada).is_ok());
        let refusal = limit.question(&ada).expect_err("the third at once").to_string();
        assert!(
            refusal.contains("6 a minute") && refusal.contains("in 11 s"),
            "{refusal}"
        );
        assert!(limit.question(&ben).is_ok());
        clock.advance(TimeDelta::seconds(11));
        assert!(limit.question(&ada).is_ok());
    }
}
