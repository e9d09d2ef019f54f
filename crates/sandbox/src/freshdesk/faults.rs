//! What goes wrong on the way: ordered for the next calls of a route, or at random from a seed.
//!
//! Promises: a fault before the effect changes nothing; a fault after it has changed everything the call
//! asked for, exactly once; the same seed and the same calls meet the same faults.

use std::collections::VecDeque;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::account::Account;
use super::requests::Route;

/// Something that goes wrong with one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// 429, with or without the seconds to wait.
    TooMany(Option<u32>),
    /// A server error instead of the effect; 502 and 504 come as HTML, the rest without a body.
    ServerError(u16),
    /// 403 instead of the effect: the key's agent may not do this.
    Forbidden,
    /// 400 instead of the effect: a field is not as it should be.
    Invalid,
    /// The effect, then a server error.
    ServerErrorAfter(u16),
    /// Silence for so long, then a closed connection; no effect.
    TimeoutBefore(Duration),
    /// The effect, then silence for so long, then a closed connection.
    TimeoutAfter(Duration),
    /// A closed connection; no effect.
    CutBefore,
    /// The effect, then a closed connection.
    CutAfter,
    /// The answer's second half comes after so long.
    SlowBody(Duration),
    /// The answer ends in the middle.
    Truncated,
    /// Numbers come as text, text as numbers, lists as null.
    WrongTypes,
    /// Everything is missing that may be missing.
    Bare,
    /// While somebody pages through a list, its first ticket is touched, so that all behind it move up.
    PageShift,
}

/// Something done to the account just before a call is answered.
type Meddling = Box<dyn FnOnce(&Account) + Send>;

/// Which faults wait.
pub(super) struct Script {
    ordered: VecDeque<(Option<Route>, Fault)>,
    meddlings: VecDeque<(Route, u32, Meddling)>,
    random: Option<(u32, Vec<Fault>)>,
    rng: ChaCha8Rng,
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Script")
            .field("ordered", &self.ordered)
            .field("random", &self.random)
            .finish_non_exhaustive()
    }
}

impl Script {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            ordered: VecDeque::new(),
            meddlings: VecDeque::new(),
            random: None,
            rng: ChaCha8Rng::seed_from_u64(seed ^ 0xFA17),
        }
    }

    pub(super) fn order(&mut self, route: Option<Route>, times: u32, fault: &Fault) {
        for _ in 0..times {
            self.ordered.push_back((route, fault.clone()));
        }
    }

    pub(super) fn meddle(&mut self, route: Route, nth: u32, how: Meddling) {
        self.meddlings.push_back((route, nth, how));
    }

    pub(super) fn at_random(&mut self, per_mille: u32, faults: Vec<Fault>) {
        self.random = Some((per_mille, faults));
    }

    pub(super) fn end(&mut self) {
        self.ordered.clear();
        self.meddlings.clear();
        self.random = None;
    }

    /// The fault that this call meets.
    pub(super) fn next(&mut self, route: Route) -> Option<Fault> {
        let waiting = self
            .ordered
            .iter()
            .position(|(wanted, _)| wanted.is_none_or(|wanted| wanted == route));
        if let Some(at) = waiting {
            return self.ordered.remove(at).map(|(_, fault)| fault);
        }
        let (per_mille, faults) = self.random.as_ref()?;
        if faults.is_empty() || self.rng.random_range(0..1000) >= *per_mille {
            return None;
        }
        faults.get(self.rng.random_range(0..faults.len())).cloned()
    }

    /// What is to be done to the account before this call.
    pub(super) fn meddlings(&mut self, route: Route) -> Vec<Meddling> {
        let mut now = Vec::new();
        let mut later = VecDeque::new();
        for (wanted, nth, how) in self.meddlings.drain(..) {
            match (wanted == route, nth) {
                (true, 0 | 1) => now.push(how),
                (true, nth) => later.push_back((wanted, nth - 1, how)),
                (false, nth) => later.push_back((wanted, nth, how)),
            }
        }
        self.meddlings = later;
        now
    }
}
