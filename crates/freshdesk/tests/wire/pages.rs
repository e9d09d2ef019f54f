//! Whatever stands in a field, its page and its neighbours are read.

use hammerdesk_freshdesk::{Include, Text, TicketQuery};
use proptest::prelude::*;

use crate::server::{Desk, reply};

const FIELDS: &[&str] = &[
    "subject",
    "description",
    "description_text",
    "status",
    "priority",
    "source",
    "type",
    "requester_id",
    "responder_id",
    "group_id",
    "company_id",
    "product_id",
    "email_config_id",
    "internal_agent_id",
    "internal_group_id",
    "form_id",
    "cc_emails",
    "fwd_emails",
    "reply_cc_emails",
    "ticket_cc_emails",
    "ticket_bcc_emails",
    "to_emails",
    "support_email",
    "spam",
    "deleted",
    "fr_escalated",
    "is_escalated",
    "nr_escalated",
    "due_by",
    "fr_due_by",
    "nr_due_by",
    "custom_fields",
    "tags",
    "attachments",
    "conversations",
    "association_type",
    "associated_tickets_count",
    "associated_tickets_list",
    "created_at",
    "updated_at",
    "requester",
    "company",
    "stats",
    "a_field_of_next_year",
];

const OTHER_FIELDS: &[&str] = &[
    "body",
    "private",
    "incoming",
    "user_id",
    "source",
    "category",
    "attachments",
    "last_edited_at",
    "email",
    "other_emails",
    "other_companies",
    "time_zone",
    "custom_fields",
    "renewal_date",
    "domains",
    "contact",
    "group_ids",
    "ticket_scope",
    "type",
    "agent_ids",
    "name",
    "label",
    "choices",
    "nested_ticket_fields",
    "position",
    "applicable_to",
    "sla_target",
    "escalation",
    "business_hours",
    "working_hours",
    "ratings",
    "feedback",
];

/// JSON text of any kind, also such as serde_json cannot hold: half a surrogate pair, numbers without end.
fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<u64>().prop_map(|number| format!("{number}{number}")),
        Just("1e999".to_owned()),
        Just("-0.5E-2".to_owned()),
        Just(r#""\ud83d""#.to_owned()),
        Just(r#""2026-13-45T99:00:00Z""#.to_owned()),
        Just(r#""2026-11-01T12:00:00Z""#.to_owned()),
        Just(format!("{}{}", "[".repeat(3000), "]".repeat(3000))),
        ".{0,20}".prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((prop::sample::select(FIELDS), inner), 0..4).prop_map(|entries| {
                let entries: Vec<_> = entries
                    .iter()
                    .map(|(name, value)| format!("\"{name}\":{value}"))
                    .collect();
                format!("{{{}}}", entries.join(","))
            }),
        ]
    })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn anything_in_any_field_costs_at_most_that_field(
        fields in prop::collection::vec((prop::sample::select(FIELDS), any_json()), 1..6),
    ) {
        let fields: std::collections::BTreeMap<_, _> = fields.into_iter().collect();
        let odd: Vec<_> = fields.iter().map(|(name, value)| format!(",\"{name}\":{value}")).collect();
        let body = format!(r#"[{{"id":1,"subject":"before"}},{{"id":2{}}},{{"id":3,"subject":"after"}}]"#, odd.concat());
        runtime().block_on(async {
            let desk = Desk::that([reply(200, body)]).await;
            let page = desk.client.tickets(&TicketQuery::default()).await.unwrap();
            prop_assert_eq!(page.items.len(), 3);
            prop_assert!(page.unreadable.is_empty());
            prop_assert!(page.items[0].odd.is_empty() && page.items[2].odd.is_empty());
            prop_assert_eq!(page.items[2].subject.as_deref(), Some("after"));
            for odd in &page.items[1].odd {
                prop_assert!(fields.keys().any(|name| odd.field.starts_with(name)), "{}", odd.field);
            }
            Ok(())
        })?;
    }

    #[test]
    fn anything_in_any_field_of_the_other_records_costs_at_most_that_field(
        field in prop::sample::select(OTHER_FIELDS),
        value in any_json(),
        call in 0_usize..10,
    ) {
        let body = format!(r#"[{{"id":1,"{field}":{value}}}]"#);
        runtime().block_on(async {
            let desk = Desk::that([reply(200, body)]).await;
            let client = &desk.client;
            let read = match call {
                0 => client.conversations(1, 1).await.map(|page| page.items.len()),
                1 => client.contacts_by_email("x").await.map(|page| page.items.len()),
                2 => client.companies(1).await.map(|page| page.items.len()),
                3 => client.agents().await.map(|list| list.items.len()),
                4 => client.groups().await.map(|list| list.items.len()),
                5 => client.ticket_fields().await.map(|list| {
                    list.items.iter().for_each(|field| drop(field.statuses()));
                    list.items.len()
                }),
                6 => client.sla_policies().await.map(|list| list.items.len()),
                7 => client.business_hours().await.map(|list| {
                    list.items.iter().for_each(|hours| assert!(hours.zone().is_none() || hours.time_zone.is_some()));
                    list.items.len()
                }),
                8 => client.satisfaction_of(1).await.map(|page| page.items.len()),
                _ => client.tickets(&TicketQuery::default()).await.map(|page| page.items.len()),
            };
            prop_assert_eq!(read.unwrap(), 1);
            Ok(())
        })?;
    }

    #[test]
    fn anything_as_a_whole_answer_is_an_answer_or_a_clear_error(body in any_json(), status in 200_u16..600) {
        runtime().block_on(async {
            let options = hammerdesk_freshdesk::Options { read_attempts: 1, ..Default::default() };
            let desk = Desk::with(options, [reply(status, body)]).await;
            match desk.client.ticket(1, &[]).await {
                Ok(_) => prop_assert!(status < 300),
                Err(error) => prop_assert!(!error.to_string().is_empty() && !error.is_ambiguous()),
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn fields_of_the_wrong_type_are_none_and_remembered_by_name_alone() {
    let body = r#"{"id":"7","subject":42,"status":"Open","priority":"3","requester_id":103021871212,"spam":"yes",
        "tags":["a",5,null,"b"],"cc_emails":null,"due_by":"soon","custom_fields":{"cf_a":"124.0","cf_b":1e999},
        "stats":{"resolved_at":17,"closed_at":"2026-11-01T12:00:00Z"},"attachments":[{"id":1,"file_size":5},{"name":"secret"}],
        "updated_at":"2026-11-01T12:00:00+02:00","description_text":"cut off \ud83d"}"#;
    let desk = Desk::that([reply(200, body)]).await;
    let ticket = desk.client.ticket(7, &[Include::Stats]).await.unwrap();
    assert_eq!((ticket.id, ticket.requester_id), (7, Some(103_021_871_212)));
    assert_eq!((ticket.subject, ticket.status, ticket.spam), (None, None, None));
    assert_eq!(
        ticket.priority.map(hammerdesk_freshdesk::Priority::code),
        Some(3),
        "digits in quotes are a number"
    );
    assert_eq!(ticket.tags, ["a", "b"]);
    assert_eq!(ticket.attachments[0].size, Some(5));
    assert_eq!(ticket.custom_fields["cf_a"], "124.0");
    assert_eq!(
        ticket.updated_at.unwrap().to_rfc3339(),
        "2026-11-01T10:00:00+00:00"
    );
    assert!(ticket.stats.unwrap().closed_at.is_some());
    assert!(ticket.description_text.unwrap().starts_with("cut off \u{fffd}"));
    let odd: Vec<_> = ticket.odd.iter().map(ToString::to_string).collect();
    assert_eq!(
        odd,
        [
            "subject is a number",
            "status is a string",
            "spam is a string",
            "due_by is a string",
            "custom_fields.cf_b is a number",
            "tags[1] is a number",
            "tags[2] is null",
            "attachments[1].id is missing",
            "stats.resolved_at is a number",
        ]
    );
}

#[tokio::test]
async fn a_ticket_with_nothing_but_its_id_is_a_ticket() {
    let desk = Desk::that([reply(
        200,
        r#"[{"id":1},{"id":{}},7,null,{"id":18446744073709551616}]"#,
    )])
    .await;
    let page = desk.client.tickets(&TicketQuery::default()).await.unwrap();
    assert_eq!(page.items.len(), 1);
    assert!(page.items[0].odd.is_empty());
    let places: Vec<_> = page.unreadable.iter().map(|one| one.index).collect();
    assert_eq!(places, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_conversation_that_does_not_say_is_private() {
    let body = r#"[{"id":1},{"id":2,"private":"false"},{"id":3,"private":false}]"#;
    let desk = Desk::that([reply(200, body)]).await;
    let page = desk.client.conversations(5, 1).await.unwrap();
    let private: Vec<_> = page
        .items
        .iter()
        .map(hammerdesk_freshdesk::Conversation::is_private)
        .collect();
    assert_eq!(private, [true, true, false]);
}

#[test]
fn words_are_not_printed() {
    let text = Text::from("call me at 555");
    assert_eq!(
        (format!("{text:?}"), &*text),
        ("[14 characters]".to_owned(), "call me at 555")
    );
}
