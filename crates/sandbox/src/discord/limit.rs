//! Rate limits: per route and resource, global, and the ban of those who send too many invalid requests.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use super::fault::LimitScope;

/// What a route allows where nothing else is said: far more than any bot sends.
const GENEROUS: (u64, Duration) = (100_000, Duration::from_secs(1));

#[derive(Debug)]
struct Bucket {
    started: Instant,
    used: u64,
}

/// How a request stands with its limits.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standing {
    pub(super) limit: u64,
    pub(super) remaining: u64,
    pub(super) resets_in: Duration,
    pub(super) bucket: String,
    /// Set where the request is over a limit.
    pub(super) over: Option<(LimitScope, Duration)>,
}

/// All limits and what was used of them.
#[derive(Debug)]
pub(super) struct Limits {
    rules: HashMap<String, (u64, Duration)>,
    buckets: HashMap<String, Bucket>,
    pub(super) global: Option<u64>,
    global_used: VecDeque<Instant>,
    invalid: VecDeque<DateTime<Utc>>,
    pub(super) invalid_most: usize,
}

impl Limits {
    pub(super) fn new() -> Self {
        Self {
            rules: HashMap::new(),
            buckets: HashMap::new(),
            global: None,
            global_used: VecDeque::new(),
            invalid: VecDeque::new(),
            invalid_most: 10_000,
        }
    }

    pub(super) fn set(&mut self, route: &str, limit: u64, window: Duration) {
        self.rules.insert(route.to_owned(), (limit, window));
        self.buckets.clear();
    }

    /// Counts a request. `major` is the id by which the route's limit is kept apart.
    pub(super) fn count(&mut self, route: &str, major: &str, is_exempt_from_global: bool) -> Standing {
        let now = Instant::now();
        if let Some(global) = self.global.filter(|_| !is_exempt_from_global) {
            let second = Duration::from_secs(1);
            while self
                .global_used
                .front()
                .is_some_and(|first| now - *first >= second)
            {
                self.global_used.pop_front();
            }
            if u64::try_from(self.global_used.len()).unwrap_or(u64::MAX) >= global {
                let wait = self
                    .global_used
                    .front()
                    .map_or(second, |first| second - (now - *first));
                return Standing {
                    limit: global,
                    remaining: 0,
                    resets_in: wait,
                    bucket: "global".into(),
                    over: Some((LimitScope::Global, wait)),
                };
            }
            self.global_used.push_back(now);
        }
        let rule = self.rules.get(route);
        let (limit, window) = rule.copied().unwrap_or(GENEROUS);
        let bucket = format!("{route} {major}");
        if rule.is_none() {
            return Standing {
                limit,
                remaining: limit - 1,
                resets_in: window,
                bucket,
                over: None,
            };
        }
        let entry = self.buckets.entry(bucket.clone()).or_insert(Bucket {
            started: now,
            used: 0,
        });
        if now - entry.started >= window {
            *entry = Bucket {
                started: now,
                used: 0,
            };
        }
        let resets_in = window - (now - entry.started);
        let over = (entry.used >= limit).then_some((LimitScope::User, resets_in));
        if over.is_none() {
            entry.used += 1;
        }
        Standing {
            limit,
            remaining: limit - entry.used,
            resets_in,
            bucket,
            over,
        }
    }

    /// Counts an invalid request.
    pub(super) fn invalid(&mut self, now: DateTime<Utc>) {
        self.invalid.push_back(now);
    }

    /// Invalid requests in the last ten minutes.
    pub(super) fn invalid_lately(&mut self, now: DateTime<Utc>) -> usize {
        let ten_minutes = TimeDelta::minutes(10);
        while self
            .invalid
            .front()
            .is_some_and(|first| now - *first > ten_minutes)
        {
            self.invalid.pop_front();
        }
        self.invalid.len()
    }

    /// Whether the address is banned for its invalid requests.
    pub(super) fn is_banned(&mut self, now: DateTime<Utc>) -> bool {
        self.invalid_lately(now) >= self.invalid_most
    }
}
