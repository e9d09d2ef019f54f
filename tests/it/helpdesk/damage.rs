//! When the helpdesk or the way to it misbehaves.

use std::time::Duration;

use hammerdesk_sandbox::freshdesk::{Account, Fault, Route};
use serde_json::json;

use super::{Line, each_line, one_line};

/// A number that looks random and is the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// One thing that somebody does over there.
fn act(account: &Account, dice: &mut Dice, agent: u64, group: u64) {
    let tickets = account.tickets();
    let is_new = tickets.is_empty() || dice.roll(6) == 0;
    if is_new {
        let email = format!("customer{}@example.org", dice.roll(9));
        account.customer_mails(&email, "Customer", "A question", "<p>Where is lot 45?</p>");
        return;
    }
    let at = usize::try_from(dice.roll(tickets.len() as u64)).unwrap();
    let ticket = tickets[at].id;
    // What is not possible on a ticket that is gone is not done.
    let done = match dice.roll(11) {
        0 | 1 => account.customer_answers(ticket, "<p>And?</p>").map(drop),
        2 => account
            .agent_replies(agent, ticket, "<p>Dear customer</p>")
            .map(drop),
        3 | 4 => account
            .agent_notes(agent, ticket, "<p>Called.</p>", true)
            .map(drop),
        5 => account.agent_sets(agent, ticket, "status", json!(2 + dice.roll(4))),
        6 => account.agent_sets(agent, ticket, "priority", json!(1 + dice.roll(4))),
        7 => account.agent_sets(agent, ticket, "group_id", json!(group)),
        8 => account.agent_sets(agent, ticket, "tags", json!(["vip"])),
        9 => account.agent_deletes(agent, ticket),
        _ => account.agent_marks_spam(agent, ticket, true),
    };
    drop(done);
}

async fn live(line: &mut Line, events: u64, seed: u64) {
    let mut dice = Dice(seed);
    let agent = line.account().add_agent("Ada", "ada@house.example");
    let group = line.account().add_group("Accounts", &[agent], None);
    for _ in 0..events {
        line.forward(i64::try_from(dice.roll(20)).unwrap());
        act(line.account(), &mut dice, agent, group);
        for _ in 0..dice.roll(4) {
            // Whatever fails is for the next look.
            drop(line.engine().tick().await);
        }
        if dice.roll(40) == 0 {
            line.restart();
        }
    }
}

#[tokio::test]
async fn a_day_with_faults_ends_with_both_sides_equal() {
    for seed in [1, 7, 42] {
        one_line(
            |_| (),
            async |line| {
                line.account().random_faults(
                    150,
                    vec![
                        Fault::TooMany(Some(2)),
                        Fault::TooMany(None),
                        Fault::ServerError(502),
                        Fault::CutBefore,
                        Fault::CutAfter,
                        Fault::Truncated,
                        Fault::WrongTypes,
                        Fault::PageShift,
                        Fault::TimeoutBefore(Duration::from_millis(600)),
                        Fault::SlowBody(Duration::from_millis(20)),
                    ],
                );
                live(line, 250, seed).await;
                line.account().end_faults();
                line.catch_up().await;
                line.forward(25 * 3_600);
                line.catch_up().await;
                line.assert_equal().await;
            },
        )
        .await;
    }
}

#[tokio::test]
async fn an_answer_in_the_wrong_shape_is_asked_for_again_before_it_is_believed() {
    each_line(
        |_| (),
        async |line| {
            let agent = line.account().add_agent("Ada", "ada@house.example");
            let ticket = line
                .account()
                .customer_mails("c@example.org", "C", "a", "<p>x</p>");
            line.account()
                .agent_sets(agent, ticket, "tags", json!(["vip", "consignor"]))
                .unwrap();
            line.account()
                .agent_notes(agent, ticket, "<p>n</p>", true)
                .unwrap();
            for route in [Route::ListTickets, Route::ViewTicket, Route::Conversations] {
                line.account().fault(route, 1, &Fault::WrongTypes);
            }
            line.catch_up().await;
            line.assert_equal().await;
            let kinds = line.kinds(ticket).await;
            let twice = kinds
                .iter()
                .filter(|kind| ["tags", "edited", "removed"].contains(&kind.as_str()));
            assert!(twice.count() <= 1, "{kinds:?}");
        },
    )
    .await;
}

#[tokio::test]
async fn a_helpdesk_that_is_away_is_asked_ever_less_often_and_found_again() {
    one_line(
        |_| (),
        async |line| {
            line.account()
                .customer_mails("c@example.org", "C", "a", "<p>x</p>");
            line.account().fault(None, 1_000, &Fault::ServerError(503));
            line.account().forget_requests();
            for _ in 0..60 {
                line.forward(1);
                line.settle().await;
            }
            let asked = line.sim.requests().len();
            assert!((2..40).contains(&asked), "{asked} questions in a minute");
            line.account().end_faults();
            line.catch_up().await;
            line.assert_equal().await;
        },
    )
    .await;
}
