//! Lists and single records: what is asked, and how answers end.

use chrono::{DateTime, Utc};
use hammerdesk_freshdesk::{
    ContactQuery, Include, LAST_TICKET_PAGE, More, Search, TicketFilter, TicketQuery,
};

use crate::server::{Desk, reply};

fn noon() -> DateTime<Utc> {
    "2026-11-01T12:00:00.987Z".parse().unwrap()
}

#[tokio::test]
async fn tickets_are_listed_by_their_change_with_the_key_and_whole_seconds() {
    let desk = Desk::that([reply(200, r#"[{"id":1},{"id":2}]"#).next(2), reply(200, "[]")]).await;
    let query = TicketQuery::since(noon()).including(&[Include::Requester, Include::Stats]);
    let first = desk.client.tickets(&query).await.unwrap();
    assert_eq!(
        first.items.iter().map(|ticket| ticket.id).collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!(first.more, More::Page(2));
    let spam = query.page(2).only(TicketFilter::Spam);
    assert_eq!(desk.client.tickets(&spam).await.unwrap().more, More::Nothing);
    assert_eq!(
        desk.lines(),
        [
            "GET /api/v2/tickets?updated_since=2026-11-01T12%3A00%3A00Z&order_by=updated_at&order_type=asc&per_page=100&page=1&include=requester%2Cstats",
            "GET /api/v2/tickets?updated_since=2026-11-01T12%3A00%3A00Z&filter=spam&order_by=updated_at&order_type=asc&per_page=100&page=2&include=requester%2Cstats",
        ]
    );
    let head = desk.asked()[0].head.to_ascii_lowercase();
    assert!(head.contains("authorization: basic azn5olg="), "{head}");
    assert!(head.contains("accept: application/json"), "{head}");
    assert_eq!(desk.client.rate().credits, 10, "two lists with two extras each");
}

#[tokio::test]
async fn the_last_page_that_freshdesk_gives_is_told_as_such_and_the_next_is_not_asked_for() {
    let refusal = r#"{"description":"Validation failed","errors":[{"field":"page","message":"You cannot access tickets beyond the 300th page.","code":"invalid_value"}]}"#;
    let desk = Desk::that([reply(200, r#"[{"id":1}]"#).next(301), reply(400, refusal)]).await;
    let query = TicketQuery::since(noon());
    let last = desk
        .client
        .tickets(&query.clone().page(LAST_TICKET_PAGE))
        .await
        .unwrap();
    assert_eq!((last.items.len(), last.more), (1, More::Capped));
    let over = desk
        .client
        .tickets(&query.clone().page(LAST_TICKET_PAGE + 1))
        .await
        .unwrap();
    assert_eq!(
        (over.items.len(), over.more, desk.asked().len()),
        (0, More::Capped, 1)
    );
    let lower = desk.client.tickets(&query.page(90)).await.unwrap();
    assert_eq!(
        lower.more,
        More::Capped,
        "a cap lower than ours is told by the answer"
    );
}

#[tokio::test]
async fn all_pages_of_a_small_list_are_put_together() {
    let desk = Desk::that([
        reply(200, r#"[{"id":1,"contact":{"name":"Ada"}}]"#).next(2),
        reply(200, r#"[{"id":2},{"name":"no id"}]"#),
    ])
    .await;
    let agents = desk.client.agents().await.unwrap();
    assert_eq!(agents.items.len(), 2);
    assert_eq!(
        (agents.unreadable[0].index, agents.unreadable[0].why.to_string()),
        (1, "id is missing".into())
    );
    assert_eq!(
        desk.lines(),
        [
            "GET /api/v2/agents?per_page=100&page=1",
            "GET /api/v2/agents?per_page=100&page=2"
        ]
    );
}

#[tokio::test]
async fn a_list_that_names_itself_as_its_next_page_ends() {
    let desk = Desk::that([reply(200, r#"[{"id":1}]"#).next(1)]).await;
    assert_eq!(desk.client.all_conversations(7).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn contacts_are_asked_for_under_the_other_name_where_the_first_is_refused() {
    let refusal = r#"{"description":"Validation failed","errors":[{"field":"_updated_since","message":"Unexpected/invalid field in request","code":"invalid_field"}]}"#;
    let desk = Desk::that([reply(400, refusal), reply(200, "[]"), reply(200, "[]")]).await;
    let query = ContactQuery::since(noon());
    desk.client.contacts(&query).await.unwrap();
    desk.client.contacts(&query).await.unwrap();
    let names: Vec<_> = desk
        .lines()
        .iter()
        .map(|line| line.contains("?_updated_since="))
        .collect();
    assert_eq!(names, [true, false, false], "what was learned is kept");
}

#[tokio::test]
async fn a_contact_is_found_under_either_kind_of_number_once() {
    let desk = Desk::that([
        reply(200, r#"[{"id":1}]"#),
        reply(200, r#"[{"id":1},{"id":2,"mobile":"+4930"}]"#),
    ])
    .await;
    let found = desk.client.contacts_by_phone("+49 30").await.unwrap();
    assert_eq!(
        found.items.iter().map(|contact| contact.id).collect::<Vec<_>>(),
        [1, 2]
    );
    assert!(desk.lines()[0].contains("phone=%2B49+30&"), "{:?}", desk.lines());
}

#[tokio::test]
async fn a_search_ends_where_freshdesk_ends_it() {
    let hits = r#"{"total":1000,"results":[{"id":1}]}"#;
    let desk = Desk::that([
        reply(200, hits),
        reply(200, hits),
        reply(200, r#"{"total":1,"results":[{"id":1}]}"#),
    ])
    .await;
    let search = Search::is("status", 2);
    let first = desk.client.search_tickets(&search, 1).await.unwrap();
    assert_eq!((first.total, first.page.more), (Some(1000), More::Page(2)));
    let last = desk.client.search_tickets(&search, 10).await.unwrap();
    assert_eq!(last.page.more, More::Capped);
    assert_eq!(
        desk.client.search_tickets(&search, 11).await.unwrap().page.more,
        More::Capped
    );
    assert_eq!(
        desk.client.search_tickets(&search, 1).await.unwrap().page.more,
        More::Nothing
    );
    assert_eq!(
        desk.lines()[0],
        "GET /api/v2/search/tickets?query=%22status%3A2%22&page=1"
    );
    let bad = desk
        .client
        .search_tickets(&Search::is("tag", "a'b"), 1)
        .await
        .unwrap_err();
    assert!(
        bad.to_string().contains("quotes") && desk.asked().len() == 3,
        "{bad}"
    );
}

#[tokio::test]
async fn single_records_are_asked_for_where_freshdesk_keeps_them() {
    let desk = Desk::that((0..9).map(|_| reply(200, r#"{"id":1}"#))).await;
    let client = &desk.client;
    client.ticket(5, &[Include::Conversations]).await.unwrap();
    client.ticket(5, &[]).await.unwrap();
    client.archived_ticket(5).await.unwrap();
    client.contact(5).await.unwrap();
    client.company(5).await.unwrap();
    client.agent(5).await.unwrap();
    client.me().await.unwrap();
    client.group(5).await.unwrap();
    client.business_hours_of(5).await.unwrap();
    assert_eq!(
        desk.lines(),
        [
            "GET /api/v2/tickets/5?include=conversations",
            "GET /api/v2/tickets/5",
            "GET /api/v2/tickets/archived/5",
            "GET /api/v2/contacts/5",
            "GET /api/v2/companies/5",
            "GET /api/v2/agents/5",
            "GET /api/v2/agents/me",
            "GET /api/v2/groups/5",
            "GET /api/v2/business_hours/5",
        ]
    );
}

#[tokio::test]
async fn the_other_lists_are_asked_for_where_freshdesk_keeps_them() {
    let desk = Desk::that((0..8).map(|_| reply(200, r#"[{"id":1}]"#))).await;
    let client = &desk.client;
    assert_eq!(client.groups().await.unwrap().items.len(), 1);
    assert_eq!(client.ticket_fields().await.unwrap().items.len(), 1);
    assert_eq!(client.sla_policies().await.unwrap().items.len(), 1);
    assert_eq!(client.business_hours().await.unwrap().items.len(), 1);
    assert_eq!(client.companies(1).await.unwrap().items.len(), 1);
    assert_eq!(client.satisfaction_of(5).await.unwrap().items.len(), 1);
    assert_eq!(client.satisfaction_since(noon(), 1).await.unwrap().items.len(), 1);
    assert_eq!(
        client.contacts_by_email("a@b.example").await.unwrap().items.len(),
        1
    );
    let paths: Vec<_> = desk
        .lines()
        .iter()
        .map(|line| line.split('?').next().unwrap().to_owned())
        .collect();
    assert_eq!(
        paths,
        [
            "GET /api/v2/groups",
            "GET /api/v2/ticket_fields",
            "GET /api/v2/sla_policies",
            "GET /api/v2/business_hours",
            "GET /api/v2/companies",
            "GET /api/v2/tickets/5/satisfaction_ratings",
            "GET /api/v2/surveys/satisfaction_ratings",
            "GET /api/v2/contacts",
        ]
    );
}
