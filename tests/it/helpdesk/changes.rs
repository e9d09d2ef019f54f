//! What changes over there, found by polls.

use hammerdesk_domain::helpdesk::{EventKind, Gone};
use hammerdesk_sandbox::freshdesk::Unknowns;
use serde_json::json;

use super::{each_line, id, one_line};

#[tokio::test]
async fn each_change_is_told_once_with_the_helpdesks_own_time() {
    each_line(
        |_| (),
        async |line| {
            let agent = line.account().add_agent("Ada", "ada@house.example");
            let ticket = line
                .account()
                .customer_mails("c@example.org", "C", "Lot 45", "<p>Hello</p>");
            line.catch_up().await;
            line.account()
                .agent_replies(agent, ticket, "<p>Dear C</p>")
                .unwrap();
            let replied_at = line.account().ticket(ticket).unwrap().updated_at;
            line.forward(30);
            line.account()
                .agent_sets(agent, ticket, "status", json!(4))
                .unwrap();
            let resolved_at = line.account().ticket(ticket).unwrap().updated_at;
            line.catch_up().await;
            line.account()
                .customer_answers(ticket, "<p>Still open!</p>")
                .unwrap();
            line.catch_up().await;
            line.assert_equal().await;
            let mut view = line.store.read().await.unwrap();
            let trail = view.ticket_trail(id(ticket)).await.unwrap();
            let of = |kind: EventKind| {
                trail
                    .iter()
                    .filter(|happened| happened.event.kind == kind)
                    .map(|happened| happened.event.clone())
                    .collect::<Vec<_>>()
            };
            let replies = of(EventKind::AgentMessage);
            assert_eq!(replies.len(), 1);
            assert_eq!(replies[0].at, replied_at);
            assert_eq!(of(EventKind::CustomerMessage).len(), 1);
            let statuses = of(EventKind::Status);
            let steps: Vec<_> = statuses
                .iter()
                .map(|event| event.now.as_deref().unwrap_or("-"))
                .collect();
            assert_eq!(steps, ["2", "4", "2"], "{statuses:#?}");
            assert_eq!((statuses[1].at, statuses[1].is_exact), (resolved_at, true));
        },
    )
    .await;
}

#[tokio::test]
async fn what_is_opened_and_resolved_again_between_two_polls_is_not_missed() {
    one_line(
        |_| (),
        async |line| {
            let agent = line.account().add_agent("Ada", "ada@house.example");
            let ticket = line
                .account()
                .customer_mails("c@example.org", "C", "Lot 45", "<p>Hello</p>");
            line.forward(60);
            line.account()
                .agent_sets(agent, ticket, "status", json!(4))
                .unwrap();
            line.catch_up().await;
            line.account().customer_answers(ticket, "<p>No</p>").unwrap();
            line.forward(5);
            line.account()
                .agent_sets(agent, ticket, "status", json!(4))
                .unwrap();
            line.catch_up().await;
            let mut view = line.store.read().await.unwrap();
            let trail = view.ticket_trail(id(ticket)).await.unwrap();
            let statuses: Vec<_> = trail
                .iter()
                .filter(|happened| happened.event.kind == EventKind::Status)
                .filter_map(|happened| happened.event.now.clone())
                .collect();
            assert_eq!(statuses, ["2", "4", "2", "4"]);
        },
    )
    .await;
}

#[tokio::test]
async fn spam_and_deleted_tickets_vanish_and_come_back_whatever_moves() {
    let quiet = Unknowns {
        delete_bumps: false,
        restore_bumps: false,
        spam_bumps: false,
        deleted_is_shown: false,
        ..Unknowns::default()
    };
    for unknowns in [Unknowns::default(), quiet] {
        each_line(
            |options| options.unknowns = unknowns.clone(),
            async |line| {
                let agent = line.account().add_agent("Ada", "ada@house.example");
                let [deleted, spam, back] = ["a", "b", "c"].map(|name| {
                    line.account()
                        .customer_mails("c@example.org", "C", name, "<p>x</p>")
                });
                line.catch_up().await;
                line.account().agent_deletes(agent, deleted).unwrap();
                line.account().agent_marks_spam(agent, spam, true).unwrap();
                line.account().agent_deletes(agent, back).unwrap();
                for _ in 0..8 {
                    line.catch_up().await;
                }
                let gone = async |ticket| {
                    let mut view = line.store.read().await.unwrap();
                    view.ticket(id(ticket)).await.unwrap().unwrap().ticket.gone
                };
                assert_eq!(gone(deleted).await, Gone::Deleted);
                assert_eq!(gone(spam).await, Gone::Spam);
                line.account().agent_restores(agent, back).unwrap();
                line.account().agent_marks_spam(agent, spam, false).unwrap();
                for _ in 0..8 {
                    line.catch_up().await;
                }
                line.assert_equal().await;
                let kinds = line.kinds(back).await;
                assert_eq!(kinds[kinds.len() - 2..], ["deleted", "restored"]);
            },
        )
        .await;
    }
}

#[tokio::test]
async fn a_merged_ticket_says_into_which() {
    one_line(
        |_| (),
        async |line| {
            let agent = line.account().add_agent("Ada", "ada@house.example");
            let [first, second] = ["a", "b"].map(|name| {
                line.account()
                    .customer_mails("c@example.org", "C", name, "<p>x</p>")
            });
            line.catch_up().await;
            line.account().agent_merges(agent, first, &[second]).unwrap();
            line.catch_up().await;
            line.assert_equal().await;
            let mut view = line.store.read().await.unwrap();
            let merged = view.ticket(id(second)).await.unwrap().unwrap().ticket.merged_into;
            assert_eq!(merged, Some(id(first)));
            assert!(line.kinds(second).await.contains(&"merged".to_owned()));
        },
    )
    .await;
}

#[tokio::test]
async fn words_that_move_nothing_are_found_by_the_walk_over_everything() {
    each_line(
        |options| options.archive_readable = true,
        async |line| {
            let agent = line.account().add_agent("Ada", "ada@house.example");
            let ticket = line
                .account()
                .customer_mails("c@example.org", "C", "a", "<p>x</p>");
            let note = line
                .account()
                .agent_notes(agent, ticket, "<p>one</p>", true)
                .unwrap();
            let gone = line
                .account()
                .agent_notes(agent, ticket, "<p>two</p>", true)
                .unwrap();
            let archived = line
                .account()
                .customer_mails("c@example.org", "C", "b", "<p>x</p>");
            line.catch_up().await;
            line.account()
                .agent_edits(agent, note, "<p>one, better</p>")
                .unwrap();
            line.account().agent_removes(agent, gone).unwrap();
            line.account().archives(archived).unwrap();
            line.forward(25 * 3_600);
            line.catch_up().await;
            line.assert_equal().await;
            let found = line.helpdesk.reconciled().await.unwrap().unwrap();
            assert_eq!(found.vanished, 1, "{found:?}");
            let kinds = line.kinds(ticket).await;
            assert!(
                kinds.contains(&"edited".to_owned()) && kinds.contains(&"removed".to_owned()),
                "{kinds:?}"
            );
            assert!(line.kinds(archived).await.contains(&"archived".to_owned()));
        },
    )
    .await;
}

#[tokio::test]
async fn agents_groups_fields_and_contacts_are_kept_fresh() {
    each_line(
        |_| (),
        async |line| {
            use hammerdesk_store::helpdesk::RecordKind;
            let agent = line.account().add_agent("Ada", "ada@house.example");
            line.account().add_group("Accounts", &[agent], None);
            let ticket = line
                .account()
                .customer_mails("c@example.org", "C", "a", "<p>x</p>");
            line.catch_up().await;
            let late = line.account().add_agent("Ben", "ben@house.example");
            line.account()
                .customer_mails("d@example.org", "D", "b", "<p>x</p>");
            line.forward(1_000);
            line.catch_up().await;
            let mut view = line.store.read().await.unwrap();
            let ben = view
                .helpdesk_record(RecordKind::Agent, i64::try_from(late).unwrap())
                .await
                .unwrap()
                .unwrap();
            assert_eq!(ben.name, "Ben");
            let fields = view.helpdesk_records(RecordKind::Field, 0, 100).await.unwrap();
            let status = fields.iter().find(|field| field.name == "status").unwrap();
            assert_eq!(status.raw["choices"]["2"][0], "Open");
            let contact = view
                .ticket(id(ticket))
                .await
                .unwrap()
                .unwrap()
                .ticket
                .requester
                .unwrap();
            let contact = view
                .helpdesk_record(RecordKind::Contact, contact)
                .await
                .unwrap()
                .unwrap();
            assert!(!contact.is_partial);
            let found = view
                .helpdesk_records_by_email(RecordKind::Contact, "D@example.org")
                .await
                .unwrap();
            assert_eq!(found.len(), 1);
        },
    )
    .await;
}

#[tokio::test]
async fn nothing_new_costs_one_question_a_poll() {
    one_line(
        |_| (),
        async |line| {
            line.account()
                .customer_mails("c@example.org", "C", "a", "<p>x</p>");
            line.catch_up().await;
            line.account().forget_requests();
            for _ in 0..3 {
                line.forward(31);
                line.settle().await;
            }
            let asked = line.sim.requests();
            let lists = asked.iter().filter(|seen| !seen.path.contains("filter")).count();
            assert_eq!(lists, 3, "{asked:#?}");
        },
    )
    .await;
}
