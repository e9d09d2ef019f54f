//! The demo's clock: real time, made faster or slower, from a start of one's choice, and movable.
//!
//! Promises: it never runs backwards by itself; changing the speed does not make it jump.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use hammerdesk_domain::clock::{Clock, SystemClock};

/// Real time times a speed, from a chosen start.
#[derive(Debug)]
pub struct DemoClock<C = SystemClock> {
    real: C,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    /// Real time when it was last set, moved or given another speed.
    real_at: DateTime<Utc>,
    /// What it showed then.
    shown_at: DateTime<Utc>,
    /// Seconds shown for each real second.
    speed: u32,
}

impl DemoClock<SystemClock> {
    /// Shows `start` now and runs at `speed` times the real pace from there; 0 stands still.
    pub fn starting_at(start: DateTime<Utc>, speed: u32) -> Self {
        Self::over(SystemClock, start, speed)
    }
}

impl<C: Clock> DemoClock<C> {
    /// The same over another clock than the machine's.
    pub fn over(real: C, start: DateTime<Utc>, speed: u32) -> Self {
        let state = State {
            real_at: real.now(),
            shown_at: start,
            speed,
        };
        Self {
            real,
            state: Mutex::new(state),
        }
    }

    /// Moves it; later instants run on from there.
    pub fn advance(&self, by: TimeDelta) {
        self.change(|state| state.shown_at += by);
    }

    /// Puts it at an instant.
    pub fn set(&self, instant: DateTime<Utc>) {
        self.change(|state| state.shown_at = instant);
    }

    /// Gives it another pace from now on.
    pub fn set_speed(&self, speed: u32) {
        self.change(|state| state.speed = speed);
    }

    /// Seconds shown for each real second.
    pub fn speed(&self) -> u32 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).speed
    }

    fn change(&self, how: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let real_at = self.real.now();
        state.shown_at = state.shown(real_at);
        state.real_at = real_at;
        how(&mut state);
    }
}

impl State {
    fn shown(&self, real_at: DateTime<Utc>) -> DateTime<Utc> {
        let elapsed = (real_at - self.real_at).max(TimeDelta::zero());
        let passed = i32::try_from(self.speed)
            .ok()
            .and_then(|speed| elapsed.checked_mul(speed));
        passed
            .and_then(|passed| self.shown_at.checked_add_signed(passed))
            .unwrap_or(self.shown_at)
    }
}

impl<C: Clock> Clock for DemoClock<C> {
    fn now(&self) -> DateTime<Utc> {
        let state = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.shown(self.real.now()).trunc_subsecs(6)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hammerdesk_domain::clock::ManualClock;

    use super::*;

    #[derive(Debug, Clone)]
    struct Shared(Arc<ManualClock>);

    impl Clock for Shared {
        fn now(&self) -> DateTime<Utc> {
            self.0.now()
        }
    }

    #[test]
    fn a_demo_clock_runs_at_its_speed_and_goes_on_from_where_it_was_moved() {
        let start: DateTime<Utc> = "2026-11-23T09:00:00Z".parse().unwrap();
        let real = Arc::new(ManualClock::at("2030-01-01T00:00:00Z".parse().unwrap()));
        let demo = DemoClock::over(Shared(real.clone()), start, 60);
        real.advance(TimeDelta::seconds(10));
        assert_eq!(demo.now(), start + TimeDelta::minutes(10));

        demo.set_speed(1);
        assert_eq!(
            demo.now(),
            start + TimeDelta::minutes(10),
            "another speed is no jump"
        );
        demo.advance(TimeDelta::hours(30));
        real.advance(TimeDelta::seconds(5));
        assert_eq!(
            demo.now(),
            start + TimeDelta::minutes(10) + TimeDelta::hours(30) + TimeDelta::seconds(5)
        );

        real.advance(TimeDelta::seconds(-60));
        assert_eq!(
            demo.now(),
            start + TimeDelta::minutes(10) + TimeDelta::hours(30),
            "never before its last setting"
        );
    }
}
