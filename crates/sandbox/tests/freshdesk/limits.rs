//! Calls a minute: what they cost, what the headers say, when they run out.

use chrono::TimeDelta;
use hammerdesk_sandbox::freshdesk::{Fault, Limits, Route, Verdict};

use crate::Desk;

#[tokio::test]
async fn every_call_says_in_decimals_what_is_left_and_what_it_cost() {
    let desk = Desk::with(|options| options.limits = Limits::enterprise()).await;
    let id = desk.mail("Question");
    let me = desk.get("agents/me").await;
    assert_eq!(me.header("x-ratelimit-total"), Some("700.0"));
    assert_eq!(me.header("x-ratelimit-remaining"), Some("699.0"));
    assert_eq!(me.header("x-ratelimit-used-currentrequest"), Some("1"));

    let listed = desk.get("tickets?include=stats,requester").await;
    assert_eq!(listed.header("x-ratelimit-used-currentrequest"), Some("5"));
    assert_eq!(
        listed.header("x-ratelimit-total"),
        Some("200.0"),
        "the list's own limit"
    );
    let seen = desk.get(&format!("tickets/{id}?include=conversations")).await;
    assert_eq!(seen.header("x-ratelimit-used-currentrequest"), Some("2"));
    assert_eq!(
        seen.header("x-ratelimit-remaining"),
        Some("692.0"),
        "one limit for all routes"
    );

    desk.account().configure(|options| {
        options.unknowns.total_shows_sub_limit = false;
        options.limits.decimals = false;
    });
    assert_eq!(desk.get("tickets").await.header("x-ratelimit-total"), Some("700"));
}

#[tokio::test]
async fn one_call_too_many_waits_for_the_next_minute_and_has_no_effect() {
    let desk = Desk::with(|options| options.limits = Limits::growth()).await;
    for _ in 0..40 {
        assert_eq!(desk.get("tickets").await.status, 200);
    }
    let refused = desk.get("tickets").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("60")));
    assert_eq!(desk.sim.requests().last().unwrap().verdict, Verdict::TooMany);
    assert_eq!(
        desk.get("agents/me").await.status,
        200,
        "other routes have their own share"
    );

    desk.account()
        .configure(|options| options.limits.says_retry_after = false);
    desk.passes(TimeDelta::seconds(30));
    assert_eq!(desk.get("tickets").await.header("retry-after"), None);
    desk.passes(TimeDelta::seconds(30));
    assert_eq!(desk.get("tickets").await.status, 200);
}

#[tokio::test]
async fn refused_calls_count_too() {
    let desk = Desk::with(|options| options.limits.per_minute = 2).await;
    for _ in 0..2 {
        let stranger = desk.http.get(format!("{}/api/v2/tickets", desk.sim.url()));
        assert_eq!(Desk::got(stranger).await.status, 401);
    }
    assert_eq!(desk.get("agents/me").await.status, 429);
}

#[tokio::test]
async fn a_429_can_be_ordered_with_and_without_its_header() {
    let desk = Desk::open().await;
    desk.account().fault(Route::Me, 1, &Fault::TooMany(Some(7)));
    desk.account().fault(None, 1, &Fault::TooMany(None));
    let with = desk.get("agents/me").await;
    assert_eq!((with.status, with.header("retry-after")), (429, Some("7")));
    let without = desk.get("agents/me").await;
    assert_eq!((without.status, without.header("retry-after")), (429, None));
    assert_eq!(desk.get("agents/me").await.status, 200);
}
