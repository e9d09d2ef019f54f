//! People, rules, time and scope: what else happens in an account, and how it is set up.

use chrono::TimeDelta;
use hammerdesk_sandbox::freshdesk::model::{MailKind, SlaPolicy, SlaTarget, status};
use hammerdesk_sandbox::freshdesk::{Acting, Deed, DueOnResume, Rule, Seed, SeedClient, Ties, Trigger};
use serde_json::{Value, json};

use crate::{Desk, at};

fn policy() -> SlaPolicy {
    let target = SlaTarget {
        respond_within: 3_600,
        resolve_within: 14_400,
        next_respond_within: Some(1_800),
        business_hours: false,
    };
    SlaPolicy {
        id: 0,
        name: "Hours".to_owned(),
        is_default: true,
        active: true,
        group_ids: Vec::new(),
        company_ids: Vec::new(),
        ticket_types: Vec::new(),
        targets: [target; 4],
        created_at: at("2026-01-01T00:00:00Z"),
    }
}

#[tokio::test]
async fn a_first_response_that_is_overdue_is_flagged_late_and_that_is_a_change() {
    let desk = Desk::open().await;
    desk.account().add_policy(policy());
    let id = desk.mail("Question");
    desk.passes(TimeDelta::minutes(60));
    let before = desk.get(&format!("tickets/{id}")).await;
    assert_eq!(
        (&before.body["fr_due_by"], &before.body["fr_escalated"]),
        (&json!("2026-11-23T10:00:00Z"), &json!(false))
    );
    desk.passes(TimeDelta::minutes(1));
    let after = desk.get(&format!("tickets/{id}")).await;
    assert_eq!(
        (&after.body["fr_escalated"], &after.body["is_escalated"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        after.body["updated_at"], "2026-11-23T10:00:38Z",
        "when the flag was set"
    );
}

#[tokio::test]
async fn a_pending_ticket_does_not_escalate_and_goes_on_as_the_switch_says() {
    for (switch, due) in [
        (DueOnResume::Restarts, "2026-11-23T18:00:00Z"),
        (DueOnResume::Shifts, "2026-11-23T18:00:00Z"),
        (DueOnResume::Stays, "2026-11-23T13:00:00Z"),
    ] {
        let desk = Desk::with(|options| options.unknowns.due_on_resume = switch).await;
        desk.account().add_policy(policy());
        let id = desk.mail("Question");
        let bot = desk.account().bot();
        desk.account()
            .agent_sets(bot, id, "status", json!(status::PENDING))
            .unwrap();
        desk.passes(TimeDelta::hours(5));
        let paused = desk.account().ticket(id).unwrap();
        assert!(!paused.is_escalated && !paused.fr_escalated);
        desk.account().customer_answers(id, "<div>Well?</div>").unwrap();
        assert_eq!(
            desk.account().ticket(id).unwrap().due_by,
            Some(at(due)),
            "{switch:?}"
        );
    }
}

#[tokio::test]
async fn a_rule_echoes_the_integrations_own_note_unless_its_agent_is_left_out() {
    let desk = Desk::open().await;
    let id = desk.mail("Question");
    let echo = |excluded: Vec<u64>| Rule {
        id: 9,
        on: Trigger::NoteAdded,
        by: Acting::AgentExcept(excluded),
        then: vec![Deed::EchoAsNote, Deed::Tag("echoed".to_owned())],
    };
    desk.account().add_rule(echo(Vec::new()));
    let note = json!({"body": "<div>Hold</div>", "private": true});
    desk.send("POST", &format!("tickets/{id}/notes"), note).await;
    let ticket = desk.account().ticket(id).unwrap();
    assert_eq!(ticket.conversations.len(), 2, "the echo sets off no further echo");
    assert_eq!(ticket.conversations[0].body, ticket.conversations[1].body);
    assert_eq!(
        (
            ticket.conversations[1].automation_id,
            ticket.conversations[1].user_id
        ),
        (Some(9), None)
    );
    assert_eq!(ticket.tags, ["echoed"]);

    let desk = Desk::open().await;
    let id = desk.mail("Question");
    desk.account().add_rule(echo(vec![desk.account().bot()]));
    desk.send(
        "POST",
        &format!("tickets/{id}/notes"),
        json!({"body": "x", "private": true}),
    )
    .await;
    assert_eq!(desk.account().ticket(id).unwrap().conversations.len(), 1);
}

#[tokio::test]
async fn every_way_in_which_a_customer_is_mailed_is_in_mail_sent() {
    let desk = Desk::with(|options| options.acknowledges = true).await;
    let id = desk.mail("Question");
    desk.account().add_rule(Rule {
        id: 9,
        on: Trigger::StatusChanged,
        by: Acting::Anybody,
        then: vec![Deed::MailRequester("Resolved.".to_owned())],
    });
    desk.send("PUT", &format!("tickets/{id}"), json!({"status": 4}))
        .await;
    desk.send(
        "POST",
        &format!("tickets/{id}/notes"),
        json!({"body": "public", "private": false}),
    )
    .await;
    desk.send(
        "POST",
        &format!("tickets/{id}/notes"),
        json!({"body": "x", "notify_emails": ["kim@house.example"]}),
    )
    .await;
    desk.send(
        "POST",
        &format!("tickets/{id}/forward"),
        json!({"body": "x", "to_emails": ["bank@bank.example"]}),
    )
    .await;
    let kinds: Vec<MailKind> = desk.sim.mail_sent().iter().map(|mail| mail.why).collect();
    assert_eq!(
        kinds,
        [
            MailKind::Acknowledgement,
            MailKind::Automation,
            MailKind::PublicNote,
            MailKind::NoteNotification,
            MailKind::Forward
        ]
    );
}

#[tokio::test]
async fn merged_tickets_are_closed_and_both_say_so() {
    let desk = Desk::open().await;
    let (kept, closed) = (desk.mail("Question"), desk.mail("The same question"));
    let merged = desk
        .send(
            "PUT",
            "tickets/merge",
            json!({"primary_id": kept, "ticket_ids": [closed]}),
        )
        .await;
    assert_eq!(merged.status, 204);
    let other = desk.account().ticket(closed).unwrap();
    assert_eq!((other.status, other.merged_into), (status::CLOSED, Some(kept)));
    assert!(other.conversations[0].private);
    assert_eq!(desk.account().ticket(kept).unwrap().conversations.len(), 1);
}

#[tokio::test]
async fn only_notes_can_be_changed_and_what_a_customer_said_stays() {
    let desk = Desk::open().await;
    let id = desk.mail("Question");
    let note = desk
        .send(
            "POST",
            &format!("tickets/{id}/notes"),
            json!({"body": "a", "private": true}),
        )
        .await
        .id();
    let reply = desk
        .send("POST", &format!("tickets/{id}/reply"), json!({"body": "b"}))
        .await
        .id();
    let answer = desk.account().customer_answers(id, "<div>c</div>").unwrap();
    let change = async |id: u64| {
        let path = format!("conversations/{id}");
        desk.send("PUT", &path, json!({"body": "d"})).await
    };
    assert_eq!(change(note).await.status, 200);
    assert_eq!(change(reply).await.status, 403);
    assert_eq!(desk.account().conversation(note).unwrap().body, "d");
    let remove = |id: u64| Desk::got(desk.request("DELETE", &format!("conversations/{id}")));
    assert_eq!(remove(answer).await.status, 403);
    assert_eq!(remove(note).await.status, 204);
    assert_eq!(remove(note).await.status, 404);
}

#[tokio::test]
async fn a_script_in_a_body_is_taken_out_and_a_comment_too_unless_the_account_keeps_it() {
    let desk = Desk::open().await;
    let id = desk.mail("Question");
    let body = json!({"body": "<div>a<!-- token --><script>x()</script></div>", "private": true});
    let kept = desk
        .send("POST", &format!("tickets/{id}/notes"), body.clone())
        .await;
    assert_eq!(kept.body["body"], "<div>a</div>");
    desk.account()
        .configure(|options| options.unknowns.keeps_comments = true);
    let kept = desk.send("POST", &format!("tickets/{id}/notes"), body).await;
    assert_eq!(kept.body["body"], "<div>a<!-- token --></div>");
}

#[tokio::test]
async fn a_second_can_be_asked_for_with_or_without_its_tickets_in_any_order() {
    let path = "tickets?order_by=updated_at&order_type=asc&updated_since=2026-11-23T09:00:00Z";
    for (ties, expected) in [(Ties::IdAscending, [1, 2, 3]), (Ties::IdDescending, [3, 2, 1])] {
        let desk = Desk::with(|options| options.unknowns.ties = ties).await;
        for _ in 0..3 {
            desk.mail("Question");
        }
        assert_eq!(desk.get(path).await.ids(), expected);
        desk.account()
            .configure(|options| options.unknowns.updated_since_inclusive = false);
        assert_eq!(desk.get(path).await.ids(), [0_u64; 0]);
    }
}

#[tokio::test]
async fn a_key_sees_what_its_agent_sees() {
    let desk = Desk::open().await;
    let (mine, other) = (desk.mail("Mine"), desk.mail("Other"));
    let bot = desk.account().bot();
    desk.account()
        .agent_sets(bot, mine, "responder_id", json!(bot))
        .unwrap();
    desk.account().change_agent(bot, |agent| agent.ticket_scope = 3);
    assert_eq!(desk.get("tickets").await.ids(), [mine]);
    assert_eq!(desk.get(&format!("tickets/{other}")).await.status, 403);
    assert_eq!(desk.get("agents/me").await.body["ticket_scope"], 3);
    desk.account()
        .change_agent(bot, |agent| agent.kind = "collaborator".to_owned());
    assert_eq!(
        desk.send("POST", &format!("tickets/{mine}/reply"), json!({"body": "x"}))
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn an_archived_ticket_is_only_at_its_own_address_and_only_on_some_plans() {
    let desk = Desk::open().await;
    let id = desk.mail("Question");
    desk.account().archives(id).unwrap();
    assert_eq!(desk.get(&format!("tickets/{id}")).await.status, 404);
    assert_eq!(desk.get("tickets").await.ids(), [0_u64; 0]);
    assert_eq!(desk.get(&format!("tickets/archived/{id}")).await.status, 403);
    desk.account()
        .configure(|options| options.archive_readable = true);
    assert_eq!(
        desk.get(&format!("tickets/archived/{id}")).await.body["archived"],
        true
    );
}

#[tokio::test]
async fn ratings_are_in_the_conversation_and_in_their_own_list() {
    let desk = Desk::open().await;
    let id = desk.mail("Question");
    desk.account().customer_rates(id, 103, "Quick!").unwrap();
    let rated = desk.get(&format!("tickets/{id}/satisfaction_ratings")).await;
    assert_eq!(rated.body[0]["ratings"]["default_question"], 103);
    assert_eq!(
        desk.get("surveys/satisfaction_ratings?created_since=2026-11-01")
            .await
            .body[0]["feedback"],
        "Quick!"
    );
    let said = desk.get(&format!("tickets/{id}/conversations")).await;
    assert_eq!(
        (&said.body[0]["source"], &said.body[0]["category"]),
        (&json!(6), &json!(7))
    );
}

#[tokio::test]
async fn bulk_actions_are_jobs_and_contacts_have_addresses_of_their_own() {
    let desk = Desk::open().await;
    let (one, two) = (desk.mail("One"), desk.mail("Two"));
    let action = json!({"bulk_action": {"ids": [one, two], "properties": {"priority": 4}}});
    let started = desk.send("POST", "tickets/bulk_update", action).await;
    assert_eq!(started.status, 202);
    let job = started.body["job_id"].as_str().unwrap();
    assert_eq!(desk.get(&format!("jobs/{job}")).await.body["status"], "completed");
    assert_eq!(desk.account().ticket(two).unwrap().priority, 4);

    let made = desk
        .send(
            "POST",
            "contacts",
            json!({"name": "Ada", "email": "ADA@buyer.example"}),
        )
        .await;
    assert_eq!(
        (made.status, &made.body["errors"][0]["code"]),
        (409, &json!("duplicate_value"))
    );
    let listed = desk.get("contacts?_updated_since=2026-11-23").await;
    assert_eq!(listed.body[0]["email"], "ada@buyer.example");
    assert_eq!(desk.get("contacts?updated_since=2026-11-23").await.status, 400);
}

#[tokio::test]
async fn changes_are_announced_and_snapshots_stay_as_they_were() {
    let desk = Desk::open().await;
    let id = desk.mail("Question");
    let mut changes = desk.account().watch();
    changes.mark_unchanged();
    let before = desk.account().latest(10);
    desk.account()
        .agent_notes(desk.account().bot(), id, "<div>x</div>", true)
        .unwrap();
    assert!(changes.has_changed().unwrap());
    assert_eq!(before[0].conversations.len(), 0);
    assert_eq!(desk.account().latest(10)[0].conversations.len(), 1);
    changes.mark_unchanged();
    desk.get("tickets").await;
    assert!(!changes.has_changed().unwrap(), "reading is no change");
}

fn house(tickets: usize) -> Seed {
    let clients = (0..50).map(|number| SeedClient {
        name: format!("Client {number}"),
        email: Some(format!("client{number}@buyer.example")),
        phone: Some(format!("+44 20 7946 {number:04}")),
        number: format!("C{number:05}"),
        saleroom: number % 2,
    });
    Seed {
        seed: 1,
        salerooms: vec![
            ("London".to_owned(), "London".to_owned()),
            ("New York".to_owned(), "Eastern Time (US & Canada)".to_owned()),
        ],
        agents: vec![
            (0, "Kim".to_owned(), "kim@house.example".to_owned()),
            (1, "Lee".to_owned(), "lee@house.example".to_owned()),
        ],
        clients: clients.collect(),
        tickets,
        days: 90,
    }
}

#[tokio::test]
async fn a_seeded_account_is_the_same_each_time_and_can_be_read_to_its_end() {
    let (one, other) = (Desk::open().await, Desk::open().await);
    let seeded = one.account().seed(&house(1000));
    other.account().seed(&house(1000));
    assert_eq!(one.account().tickets(), other.account().tickets());
    assert!(one.sim.mail_sent().is_empty());
    assert_eq!(seeded.groups.len(), 2);

    let mut seen = Vec::new();
    for page in 1.. {
        let path = format!(
            "tickets?order_by=updated_at&order_type=asc&updated_since=2020-01-01&per_page=100&page={page}"
        );
        let got = one.get(&path).await;
        seen.extend(got.ids());
        if got.header("link").is_none() {
            break;
        }
    }
    let latest = one.account().ticket(*seen.last().unwrap()).unwrap();
    assert_eq!(latest.id, one.account().latest(1)[0].id);
    seen.sort_unstable();
    assert_eq!(seen, seeded.tickets);
    let shared = one.account().tickets();
    assert!(
        shared
            .windows(2)
            .any(|pair| pair[0].created_at == pair[1].created_at),
        "ties are real"
    );
}

#[tokio::test]
async fn a_hundred_thousand_tickets_are_made_and_listed_while_one_waits() {
    let desk = Desk::open().await;
    let seeded = desk.account().seed(&house(100_000));
    assert_eq!(seeded.tickets.len(), 100_000);
    let path = "tickets?order_by=updated_at&order_type=asc&updated_since=2020-01-01&per_page=100&page=300";
    let last = desk.get(path).await;
    assert_eq!(
        (last.ids().len(), last.header("link")),
        (100, None),
        "the 300th page is the last there is"
    );
}

#[tokio::test]
async fn fields_policies_and_hours_come_in_their_documented_shapes() {
    let desk = Desk::open().await;
    desk.account().seed(&house(0));
    desk.account().add_nested_field(
        "cf_where",
        "Where",
        json!({"Europe": {"London": ["King Street"]}}),
    );
    let fields = desk.get("ticket_fields").await;
    let choices = |name: &str| -> Value {
        let fields = fields.body.as_array().unwrap();
        fields
            .iter()
            .find(|field| field["name"] == name)
            .map(|field| field["choices"].clone())
            .unwrap_or_default()
    };
    assert_eq!(choices("status")["2"], json!(["Open", "Being Processed"]));
    assert_eq!(choices("priority")["Urgent"], 4);
    assert_eq!(choices("cf_saleroom"), json!(["London", "New York"]));
    assert_eq!(choices("cf_where")["Europe"]["London"][0], "King Street");
    let hours = desk.get("business_hours").await;
    assert_eq!(hours.body[1]["time_zone"], "Eastern Time (US & Canada)");
    assert_eq!(
        hours.body[0]["business_hours"]["monday"],
        json!({"start_time": "9:00 am", "end_time": "5:30 pm"})
    );
    assert_eq!(hours.body[0]["business_hours"].get("sunday"), None);
    let policies = desk.get("sla_policies").await;
    assert_eq!(
        policies.body[0]["sla_target"]["priority_4"]["respond_within"],
        3600
    );
    assert!(desk.account().violations().is_empty());
}
