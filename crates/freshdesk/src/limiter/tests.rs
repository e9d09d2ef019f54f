//! The limiter against a timer that jumps: how much gets through in a minute, and for whom.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::timer::Nap;

/// Jumps to the end of each wait.
#[derive(Debug, Default)]
struct Jumping(AtomicU64);

impl Timer for Jumping {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::SeqCst))
    }

    fn sleep(&self, time: Duration) -> Nap<'_> {
        let nanos = u64::try_from(time.as_nanos()).unwrap();
        self.0.fetch_add(nanos, Ordering::SeqCst);
        Box::pin(std::future::ready(()))
    }
}

const LONG: Duration = Duration::from_secs(1_000_000);

struct Desk {
    limiter: Limiter,
    timer: Arc<Jumping>,
}

impl Desk {
    fn new() -> Self {
        let timer = Arc::new(Jumping::default());
        let limits = Limits {
            share_percent: 75,
            assumed: 50,
            window: None,
        };
        Self {
            limiter: Limiter::new(limits, timer.clone()),
            timer,
        }
    }

    fn asked(urgency: Urgency, endpoint: Endpoint) -> Asked {
        Asked {
            urgency,
            endpoint,
            kind: ("call", 0),
            assumed_cost: 1,
        }
    }

    async fn call(&self, urgency: Urgency, endpoint: Endpoint, headers: RateHeaders) -> Duration {
        let admission = self
            .limiter
            .admit(Self::asked(urgency, endpoint), LONG)
            .await
            .unwrap();
        self.limiter.settle(&admission, headers, false);
        self.timer.now()
    }

    async fn wait(&self, urgency: Urgency, endpoint: Endpoint) -> Result<(), Duration> {
        let admission = self
            .limiter
            .admit(Self::asked(urgency, endpoint), Duration::ZERO)
            .await?;
        self.limiter.settle(&admission, RateHeaders::default(), false);
        Ok(())
    }
}

fn total(total: u32) -> RateHeaders {
    RateHeaders {
        total: Some(total),
        is_decimal: true,
        ..RateHeaders::default()
    }
}

/// The most calls within any window.
fn busiest(calls: &[Duration], window: Duration) -> usize {
    let mut within = VecDeque::new();
    let mut most = 0;
    for at in calls {
        within.push_back(*at);
        while within.front().is_some_and(|first| *first + window <= *at) {
            within.pop_front();
        }
        most = most.max(within.len());
    }
    most
}

#[tokio::test]
async fn background_work_keeps_to_its_share_and_uses_nearly_all_of_it() {
    let desk = Desk::new();
    let mut calls = Vec::new();
    for _ in 0..1000 {
        calls.push(desk.call(Urgency::Background, Endpoint::Other, total(100)).await);
    }
    assert!(busiest(&calls, Duration::from_secs(60)) <= 75);
    let minutes = calls.last().unwrap().as_secs() / 60;
    assert!(
        (13..=14).contains(&minutes),
        "1000 calls at 75 a minute took {minutes} minutes"
    );
}

#[tokio::test]
async fn background_work_comes_evenly_so_that_a_small_question_is_not_kept_a_minute() {
    let desk = Desk::new();
    let mut before = desk.call(Urgency::Background, Endpoint::Other, total(100)).await;
    for _ in 0..300 {
        let now = desk.call(Urgency::Background, Endpoint::Other, total(100)).await;
        assert!(now.saturating_sub(before) < Duration::from_secs(10));
        before = now;
    }
}

#[tokio::test]
async fn a_person_gets_through_while_background_work_has_used_up_its_share() {
    let desk = Desk::new();
    for _ in 0..200 {
        desk.call(Urgency::Background, Endpoint::Other, total(100)).await;
    }
    for _ in 0..25 {
        desk.wait(Urgency::Person, Endpoint::Other).await.unwrap();
    }
    assert!(
        desk.wait(Urgency::Person, Endpoint::Other).await.is_err(),
        "the limit is the limit"
    );
    assert_eq!(desk.limiter.snapshot().given_up, 1);
}

#[tokio::test]
async fn what_others_spend_of_the_account_is_not_spent_again() {
    let desk = Desk::new();
    let seen = RateHeaders {
        remaining: Some(20),
        ..total(100)
    };
    desk.call(Urgency::Person, Endpoint::Other, seen).await;
    assert_eq!(desk.limiter.snapshot().account.used_by_others, 79);
    for _ in 0..20 {
        desk.wait(Urgency::Person, Endpoint::Other).await.unwrap();
    }
    assert!(desk.wait(Urgency::Person, Endpoint::Other).await.is_err());
    assert!(desk.wait(Urgency::Background, Endpoint::Other).await.is_err());
}

#[tokio::test]
async fn background_work_does_not_stand_still_where_others_use_up_its_share() {
    let desk = Desk::new();
    let seen = RateHeaders {
        remaining: Some(10),
        ..total(100)
    };
    let first = desk.call(Urgency::Background, Endpoint::Other, seen).await;
    let second = desk.call(Urgency::Background, Endpoint::Other, seen).await;
    assert!(second.saturating_sub(first) <= Duration::from_secs(62));
}

#[tokio::test]
async fn the_cost_that_an_answer_tells_is_booked_and_expected_the_next_time() {
    let desk = Desk::new();
    let costly = RateHeaders {
        used: Some(5),
        ..total(100)
    };
    desk.call(Urgency::Person, Endpoint::Other, costly).await;
    assert_eq!(desk.limiter.snapshot().account.used, 5);
    for _ in 0..19 {
        desk.wait(Urgency::Person, Endpoint::Other).await.unwrap();
    }
    assert!(desk.wait(Urgency::Person, Endpoint::Other).await.is_err());
    assert_eq!(desk.limiter.snapshot().credits, 100);
}

#[tokio::test]
async fn a_list_with_a_smaller_total_has_a_limit_of_its_own() {
    let desk = Desk::new();
    desk.call(Urgency::Person, Endpoint::Other, total(100)).await;
    let mut lists = Vec::new();
    for _ in 0..120 {
        lists.push(
            desk.call(Urgency::Background, Endpoint::TicketList, total(40))
                .await,
        );
    }
    assert!(busiest(&lists, Duration::from_secs(60)) <= 30);
    let state = desk.limiter.snapshot();
    assert_eq!((state.account.limit, state.endpoints[0].1.limit), (100, 40));
    desk.wait(Urgency::Background, Endpoint::Other)
        .await
        .expect("the account itself has room");
}

#[tokio::test]
async fn a_429_with_room_in_the_account_teaches_the_endpoints_limit_and_stops_only_that() {
    let desk = Desk::new();
    desk.call(Urgency::Person, Endpoint::Other, total(100)).await;
    for _ in 0..20 {
        desk.call(Urgency::Person, Endpoint::TicketList, total(100)).await;
    }
    let asked = Desk::asked(Urgency::Person, Endpoint::TicketList);
    let admission = desk.limiter.admit(asked, LONG).await.unwrap();
    let headers = RateHeaders {
        remaining: Some(78),
        retry_after: Some(30),
        ..total(100)
    };
    assert_eq!(
        desk.limiter.settle(&admission, headers, true),
        Some(Duration::from_secs(30))
    );
    let state = desk.limiter.snapshot();
    assert_eq!(state.endpoints[0].1.limit, 20);
    assert!(desk.wait(Urgency::Person, Endpoint::TicketList).await.is_err());
    desk.wait(Urgency::Person, Endpoint::Other).await.unwrap();
}

#[tokio::test]
async fn retry_after_is_kept_to_and_guessed_ever_longer_where_it_is_missing() {
    let desk = Desk::new();
    let asked = Desk::asked(Urgency::Person, Endpoint::Other);
    let mut waits = Vec::new();
    for _ in 0..4 {
        let admission = desk.limiter.admit(asked, LONG).await.unwrap();
        waits.push(
            desk.limiter
                .settle(&admission, RateHeaders::default(), true)
                .unwrap()
                .as_secs(),
        );
    }
    assert_eq!(waits, [15, 30, 60, 60]);
    assert!(desk.wait(Urgency::Person, Endpoint::Other).await.is_err());
    let told = RateHeaders {
        retry_after: Some(7),
        ..RateHeaders::default()
    };
    let admission = desk.limiter.admit(asked, LONG).await.unwrap();
    let at = desk.timer.now();
    desk.limiter.settle(&admission, told, true);
    desk.call(Urgency::Person, Endpoint::Other, RateHeaders::default())
        .await;
    assert_eq!((desk.timer.now() - at).as_secs(), 7);
    assert_eq!(desk.limiter.snapshot().throttled, 5);
}

#[tokio::test]
async fn an_old_account_has_its_limit_by_the_hour() {
    let desk = Desk::new();
    let hourly = RateHeaders {
        total: Some(5000),
        ..RateHeaders::default()
    };
    desk.call(Urgency::Person, Endpoint::Other, hourly).await;
    assert_eq!(desk.limiter.snapshot().account.window, Duration::from_secs(3600));
    let per_minute = RateHeaders {
        is_decimal: true,
        ..hourly
    };
    desk.call(Urgency::Person, Endpoint::Other, per_minute).await;
    assert_eq!(desk.limiter.snapshot().account.window, Duration::from_secs(60));
}

#[test]
fn headers_are_read_as_decimals_and_nonsense_is_not() {
    let read = |pairs: &[(&'static str, &'static str)]| {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        RateHeaders::read(&pairs.collect::<reqwest::header::HeaderMap>())
    };
    let live = read(&[
        ("x-ratelimit-total", "700.0"),
        ("x-ratelimit-remaining", "426.9"),
        ("x-ratelimit-used-currentrequest", "1.5"),
        ("retry-after", "30"),
    ]);
    assert_eq!(
        live,
        RateHeaders {
            total: Some(700),
            is_decimal: true,
            remaining: Some(426),
            used: Some(2),
            retry_after: Some(30)
        }
    );
    let broken = read(&[
        ("x-ratelimit-total", "0"),
        ("x-ratelimit-remaining", "-3.0"),
        ("x-ratelimit-used-currentrequest", "1e3"),
        ("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"),
    ]);
    assert_eq!(
        broken,
        RateHeaders {
            remaining: Some(0),
            ..RateHeaders::default()
        }
    );
}

proptest! {
    #[test]
    fn nobody_ever_goes_over_the_limit(
        limit in 1_u32..200,
        calls in prop::collection::vec((any::<bool>(), any::<bool>(), 1_u32..6, 0_u64..4000), 1..250),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let desk = Desk::new();
            desk.call(Urgency::Person, Endpoint::Other, total(limit)).await;
            let mut spent: Vec<(Duration, u32)> = vec![(Duration::ZERO, 1)];
            for (is_person, is_list, cost, gap) in calls {
                desk.timer.sleep(Duration::from_millis(gap)).await;
                let asked = Asked {
                    urgency: if is_person { Urgency::Person } else { Urgency::Background },
                    endpoint: if is_list { Endpoint::TicketList } else { Endpoint::Other },
                    kind: ("call", cost as usize),
                    assumed_cost: cost,
                };
                let admission = desk.limiter.admit(asked, LONG).await.unwrap();
                let at = desk.timer.now();
                spent.push((at, cost.min(limit)));
                let within = spent.iter().filter(|(then, _)| *then + Duration::from_secs(60) > at);
                prop_assert!(within.map(|(_, cost)| *cost).sum::<u32>() <= limit);
                desk.limiter.settle(&admission, total(limit), false);
            }
            Ok(())
        })?;
    }
}
