//! Reading everything for the first time.

use hammerdesk_sandbox::freshdesk::{Fault, Limits, Route, Ties};
use serde_json::json;

use super::{Line, each_line, one_line};

/// Tickets over a while, some of them with words, in the states that tickets get into.
fn fill(line: &Line, tickets: usize) {
    let account = line.account();
    let agent = account.add_agent("Ada", "ada@house.example");
    let group = account.add_group("Accounts", &[agent], None);
    for n in 0..tickets {
        line.forward(7);
        let email = format!("customer{}@example.org", n % 40);
        let ticket = account.customer_mails(
            &email,
            "Customer",
            &format!("Question {n}"),
            "<p>Where is it?</p>",
        );
        match n % 8 {
            1 => drop(account.agent_replies(agent, ticket, "<p>Here.</p>").unwrap()),
            2 => drop(account.agent_notes(agent, ticket, "<p>Note</p>", true).unwrap()),
            3 => account.agent_sets(agent, ticket, "status", json!(4)).unwrap(),
            4 => account
                .agent_sets(agent, ticket, "group_id", json!(group))
                .unwrap(),
            _ => {}
        }
        match n % 50 {
            10 => account.agent_deletes(agent, ticket).unwrap(),
            20 => account.agent_marks_spam(agent, ticket, true).unwrap(),
            30 => {
                account.agent_sets(agent, ticket, "status", json!(5)).unwrap();
                account.agent_merges(agent, ticket - 1, &[ticket]).unwrap();
            }
            _ => {}
        }
    }
    line.forward(60);
}

#[tokio::test]
async fn everything_that_is_there_is_here_afterwards() {
    each_line(
        |_| (),
        async |line| {
            fill(line, 140);
            line.catch_up().await;
            line.assert_equal().await;
            let mut view = line.store.read().await.unwrap();
            let counts = view.helpdesk_counts().await.unwrap();
            assert_eq!(counts.tickets, 140);
        },
    )
    .await;
}

#[tokio::test]
async fn a_backfill_asks_for_hardly_more_pages_than_there_are() {
    one_line(
        |options| options.limits = Limits::roomy(),
        async |line| {
            fill(line, 1_000);
            line.account().forget_requests();
            line.settle().await;
            let seen = line.sim.requests();
            let lists = seen
                .iter()
                .filter(|seen| seen.route == Some(Route::ListTickets) && !seen.path.contains("filter"))
                .count();
            assert!(lists <= 11, "{lists} questions for 10 pages");
        },
    )
    .await;
}

#[tokio::test]
async fn however_ties_are_sorted_and_the_second_is_included_nothing_is_missed() {
    for inclusive in [true, false] {
        for ties in [Ties::IdAscending, Ties::IdDescending, Ties::Scattered] {
            one_line(
                |options| {
                    options.unknowns.updated_since_inclusive = inclusive;
                    options.unknowns.ties = ties;
                },
                async |line| {
                    for n in 0..240 {
                        if n % 115 == 0 {
                            line.forward(1);
                        }
                        line.account()
                            .customer_mails("a@example.org", "A", &format!("{n}"), "<p>x</p>");
                    }
                    line.forward(5);
                    line.catch_up().await;
                    line.assert_equal().await;
                },
            )
            .await;
        }
    }
}

#[tokio::test]
async fn a_ticket_touched_while_it_pages_hides_no_other() {
    one_line(
        |_| (),
        async |line| {
            for n in 0..450 {
                line.account()
                    .customer_mails("a@example.org", "A", &format!("{n}"), "<p>x</p>");
            }
            line.forward(5);
            for nth in [2, 3, 4] {
                line.account().before(Route::ListTickets, nth, move |account| {
                    account.touches(u64::from(nth)).unwrap();
                });
            }
            line.account().fault(Route::ListTickets, 1, &Fault::PageShift);
            line.settle().await;
            line.forward(60);
            line.settle().await;
            line.assert_equal().await;
        },
    )
    .await;
}

#[tokio::test]
async fn killed_at_any_point_it_goes_on_where_it_was() {
    each_line(
        |_| (),
        async |line| {
            fill(line, 22);
            let mut polls = 1;
            let mut idle = 0;
            while idle < 3 {
                let engine = line.engine();
                let ended = at_most(engine.tick(), polls).await;
                idle = match ended {
                    Some(Ok(hammerdesk::engine::Progress::Idle)) => idle + 1,
                    _ => 0,
                };
                polls = if ended.is_some() && polls > 40 {
                    1
                } else {
                    polls + 1
                };
                line.restart();
            }
            line.catch_up().await;
            line.assert_equal().await;
            let mut view = line.store.read().await.unwrap();
            let all = view.happened_after(0, 100_000).await.unwrap();
            let mut keys: Vec<_> = all.iter().map(|happened| happened.event.key.clone()).collect();
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), all.len(), "nothing is told twice");
        },
    )
    .await;
}

/// Drops the work after it was looked at so many times, as a process is killed in the middle of it.
async fn at_most<T>(work: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut work = Box::pin(work);
    let mut left = polls;
    std::future::poll_fn(move |context| {
        if left == 0 {
            return std::task::Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(context).map(Some)
    })
    .await
}

#[tokio::test]
async fn progress_has_an_estimate_and_the_walk_at_the_end_finds_nothing_missed() {
    one_line(
        |_| (),
        async |line| {
            fill(line, 120);
            let (_stop, stopped) = tokio::sync::watch::channel(false);
            let mut last = None;
            let result = line
                .helpdesk
                .backfill(true, &stopped, |now| last = Some(now.clone()))
                .await
                .unwrap();
            assert!(result.is_complete);
            let reconciled = result.reconciled.unwrap();
            assert!(reconciled.is_clean() && reconciled.met >= 110, "{reconciled:?}");
            let last = last.unwrap();
            assert_eq!((last.tickets, last.of_about), (120, 120));
        },
    )
    .await;
}
