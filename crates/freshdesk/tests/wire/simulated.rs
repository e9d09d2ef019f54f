//! The client against the simulated account, which holds requests to their documented shapes and knows what
//! became of them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_domain::clock::{Clock, ManualClock};
use hammerdesk_freshdesk::{
    ApiKey, Client, ContactQuery, ErrorKind, Include, Merge, More, Nap, NewNote, NewReply, Options, Priority,
    Search, Status, TicketFields, TicketFilter, TicketQuery, Timer, Upload,
};
use hammerdesk_sandbox::freshdesk::{
    Fault, FieldSet, FreshdeskSim, Limits, Options as Account, Route, Unknowns, Verdict,
};

/// Waits by moving the account's clock, so that a long wait is over at once on both sides.
#[derive(Debug)]
struct Moved {
    clock: Arc<ManualClock>,
    start: DateTime<Utc>,
}

impl Timer for Moved {
    fn now(&self) -> Duration {
        (self.clock.now() - self.start).to_std().unwrap()
    }

    fn sleep(&self, time: Duration) -> Nap<'_> {
        self.clock
            .advance(TimeDelta::from_std(time).unwrap() + TimeDelta::microseconds(1));
        Box::pin(tokio::task::yield_now())
    }
}

struct Desk {
    sim: FreshdeskSim,
    client: Client,
    clock: Arc<ManualClock>,
}

fn start() -> DateTime<Utc> {
    "2026-11-02T09:00:17Z".parse().unwrap()
}

impl Desk {
    async fn new(how: impl FnOnce(&mut Account)) -> Self {
        let clock = Arc::new(ManualClock::at(start()));
        let mut account = Account::at(clock.clone());
        how(&mut account);
        let sim = FreshdeskSim::start(account).await.unwrap();
        let timer = Arc::new(Moved {
            clock: clock.clone(),
            start: start(),
        });
        let options = Options {
            timer,
            background_patience: Duration::from_secs(3600),
            timeout: Duration::from_millis(400),
            ..Options::default()
        };
        let client = Client::new(sim.url(), ApiKey::new(sim.api_key()), options).unwrap();
        Self { sim, client, clock }
    }

    fn mails(&self, count: usize) -> Vec<u64> {
        let mails = (0..count).map(|n| {
            let email = format!("client{}@buyers.example", n % 20);
            self.sim
                .account()
                .customer_mails(&email, "A Client", "My invoice", "<p>What do I owe?</p>")
        });
        mails.collect()
    }

    fn throttled(&self) -> usize {
        self.sim
            .requests()
            .iter()
            .filter(|seen| seen.verdict == Verdict::TooMany)
            .count()
    }

    /// No request had a shape that is not documented.
    fn is_well_behaved(&self) -> bool {
        let violations = self.sim.account().violations();
        assert!(violations.is_empty(), "{violations:?}");
        true
    }
}

/// Reads all tickets, page by page, and starts anew from the last change seen where Freshdesk gives no more pages.
async fn backfill(client: &Client, query: TicketQuery) -> BTreeSet<u64> {
    let mut seen = BTreeSet::new();
    let mut query = query;
    loop {
        let page = client.tickets(&query).await.unwrap();
        seen.extend(page.items.iter().map(|ticket| ticket.id));
        query = match page.more {
            More::Nothing => return seen,
            More::Page(next) => query.page(next),
            More::Capped => {
                let last = page.items.last().unwrap().updated_at;
                TicketQuery {
                    updated_since: last,
                    ..query.page(1)
                }
            }
        };
    }
}

#[tokio::test]
async fn a_backfill_takes_the_fewest_calls_and_meets_no_429() {
    for (limits, shows_own) in [
        (Limits::growth(), true),
        (Limits::pro(), true),
        (Limits::pro(), false),
    ] {
        let desk = Desk::new(|account| {
            account.limits = limits;
            account.unknowns.total_shows_sub_limit = shows_own;
        })
        .await;
        let mails = desk.mails(1200);
        desk.client.me().await.unwrap();
        let query = TicketQuery {
            per_page: 10,
            ..TicketQuery::since(start() - TimeDelta::days(1))
        };
        let seen = backfill(&desk.client, query).await;
        assert_eq!(seen.len(), mails.len());
        let calls = desk.sim.requests().len();
        if shows_own {
            assert_eq!((calls, desk.throttled()), (121, 0));
        } else {
            assert!(
                desk.throttled() <= 2 && calls <= 124,
                "an unseen limit is met once and then kept to"
            );
        }
        assert!(desk.is_well_behaved());
    }
}

#[tokio::test]
async fn people_are_answered_at_once_while_a_backfill_runs() {
    let desk = Desk::new(|account| account.limits = Limits::growth()).await;
    let mails = desk.mails(600);
    desk.client.me().await.unwrap();
    let mut query = TicketQuery {
        per_page: 10,
        ..TicketQuery::since(start() - TimeDelta::days(1))
    };
    let person = desk.client.for_person();
    loop {
        let page = desk.client.tickets(&query).await.unwrap();
        let before = desk.clock.now();
        person.ticket(mails[0], &[]).await.unwrap();
        assert_eq!(desk.clock.now(), before, "no waiting");
        let More::Page(next) = page.more else { break };
        query = query.page(next);
    }
    assert_eq!(desk.throttled(), 0);
    assert!(
        desk.clock.now() - start() > TimeDelta::minutes(1),
        "the backfill itself had to wait"
    );
}

#[tokio::test]
async fn much_at_once_keeps_to_the_same_limit() {
    let desk = Desk::new(|account| account.limits = Limits::growth()).await;
    let mails = desk.mails(200);
    let client = &desk.client;
    client.me().await.unwrap();
    let query = TicketQuery {
        per_page: 10,
        ..TicketQuery::since(start() - TimeDelta::days(1))
    };
    let include = [Include::Stats, Include::Conversations];
    let views = async {
        for ticket in &mails[..80] {
            client.ticket(*ticket, &include).await.unwrap();
        }
    };
    let talks = async {
        for ticket in &mails {
            client.all_conversations(*ticket).await.unwrap();
        }
    };
    let (seen, (), ()) = tokio::join!(backfill(client, query), views, talks);
    assert_eq!(seen.len(), mails.len());
    assert_eq!(desk.throttled(), 0);
    let credits: u32 = desk.sim.requests().iter().map(|seen| seen.cost).sum();
    assert_eq!(
        client.rate().credits,
        u64::from(credits),
        "what was booked is what it cost"
    );
    let minutes = (desk.clock.now() - start()).num_minutes();
    assert!(
        minutes < i64::from(credits) / 75 + 3,
        "{credits} credits took {minutes} minutes"
    );
}

#[tokio::test]
async fn a_backfill_goes_on_behind_the_last_page_that_freshdesk_gives() {
    let desk = Desk::new(|_| {}).await;
    let mut mails = BTreeSet::new();
    for _ in 0..8 {
        mails.extend(desk.mails(45));
        desk.clock.advance(TimeDelta::seconds(1));
    }
    let query = TicketQuery {
        per_page: 1,
        ..TicketQuery::since(start() - TimeDelta::days(1))
    };
    assert_eq!(backfill(&desk.client, query).await, mails);
    assert!(desk.is_well_behaved());
}

#[tokio::test]
async fn whatever_the_account_shows_is_read_without_an_odd_field() {
    for fields in [FieldSet::Y2022, FieldSet::Y2025] {
        let desk = Desk::new(|account| {
            account.fields = fields;
            account.archive_readable = true;
        })
        .await;
        let account = desk.sim.account();
        let ticket = desk.mails(3)[0];
        account.add_field("cf_lot", "Lot", "custom_dropdown", &["a", "b"]);
        account.add_status(8, "Held", "Being looked at");
        account.add_company("Buyers", &["buyers.example"]);
        let agent = account.add_agent("Ada", "ada@house.example");
        account.add_group("Releases", &[agent], None);
        account.agent_replies(agent, ticket, "<p>EUR 5</p>").unwrap();
        account.agent_notes(agent, ticket, "careful", true).unwrap();
        account.customer_answers(ticket, "<p>thanks</p>").unwrap();
        account.customer_rates(ticket, 103, "lovely").unwrap();
        desk.clock.advance(TimeDelta::minutes(5));
        let client = &desk.client;
        let include = [Include::Requester, Include::Stats, Include::Description];
        let page = client
            .tickets(&TicketQuery::since(start() - TimeDelta::days(1)).including(&include))
            .await
            .unwrap();
        assert_eq!((page.items.len(), page.unreadable.len()), (3, 0));
        for ticket in &page.items {
            assert!(ticket.odd.is_empty(), "{:?}", ticket.odd);
            assert!(ticket.requester.as_ref().unwrap().email.is_some() && ticket.stats.is_some());
            assert!(ticket.description.is_some() && ticket.status == Some(Status::Open));
        }
        let one = client
            .ticket(
                ticket,
                &[Include::Conversations, Include::Stats, Include::Requester],
            )
            .await
            .unwrap();
        assert!(
            one.odd.is_empty() && !one.conversations.is_empty(),
            "{:?}",
            one.odd
        );
        let said = client.all_conversations(ticket).await.unwrap();
        assert_eq!(
            said.items
                .iter()
                .map(hammerdesk_freshdesk::Conversation::is_private)
                .filter(|is| *is)
                .count(),
            1
        );
        assert!(said.unreadable.is_empty() && said.items.iter().all(|said| said.odd.is_empty()));
        let ratings = client.satisfaction_of(ticket).await.unwrap();
        assert_eq!(ratings.items[0].ratings.as_ref().unwrap().overall(), Some(103));
        assert_eq!(
            client.satisfaction_since(start(), 1).await.unwrap().items,
            ratings.items
        );
        let agents = client.agents().await.unwrap();
        assert!(agents.items.iter().all(|agent| agent.odd.is_empty()) && agents.items.len() >= 2);
        assert_eq!(client.me().await.unwrap().id, account.bot());
        assert!(
            client
                .groups()
                .await
                .unwrap()
                .items
                .iter()
                .all(|group| group.odd.is_empty())
        );
        let contacts = client
            .contacts(&ContactQuery::since(start() - TimeDelta::days(1)))
            .await
            .unwrap();
        assert!(!contacts.items.is_empty() && contacts.items.iter().all(|contact| contact.odd.is_empty()));
        assert_eq!(
            client
                .contacts_by_email("client0@buyers.example")
                .await
                .unwrap()
                .items
                .len(),
            1
        );
        assert!(
            client
                .companies(1)
                .await
                .unwrap()
                .items
                .iter()
                .all(|company| company.odd.is_empty())
        );
        let fields = client.ticket_fields().await.unwrap();
        assert!(
            fields.items.iter().all(|field| field.odd.is_empty()),
            "{fields:?}"
        );
        let statuses: Vec<_> = fields
            .items
            .iter()
            .flat_map(hammerdesk_freshdesk::TicketField::statuses)
            .collect();
        assert!(
            statuses
                .iter()
                .any(|one| one.status == Status::Other(8) && one.label == "Held")
        );
        let policies = client.sla_policies().await.unwrap();
        assert!(
            policies
                .items
                .iter()
                .all(|policy| policy.odd.is_empty() && policy.sla_target.is_some())
        );
        let calendars = client.business_hours().await.unwrap();
        assert!(
            calendars
                .items
                .iter()
                .all(|calendar| calendar.odd.is_empty() && calendar.zone().is_some())
        );
        let hits = client
            .search_tickets(&Search::is("status", 2).or(Search::is("status", 3)), 1)
            .await
            .unwrap();
        assert_eq!((hits.total, hits.page.items.len()), (Some(3), 3));
        assert!(desk.is_well_behaved());
    }
}

#[tokio::test]
async fn what_is_changed_stands_in_the_account() {
    let desk = Desk::new(|_| {}).await;
    let account = desk.sim.account();
    let client = &desk.client;
    account.add_field("cf_token", "Token", "custom_text", &[]);
    let fields = TicketFields::new()
        .subject("From chat")
        .description("<p>Hello</p>")
        .email("new@buyers.example")
        .status(Status::Open)
        .priority(Priority::High)
        .tags(["bot"])
        .custom("cf_token", "t-1");
    let made = client
        .create_ticket(
            &fields,
            vec![Upload::bytes("a.txt", "text/plain", b"hello".to_vec())],
        )
        .await
        .unwrap();
    let stored = account.ticket(made.id).unwrap();
    assert_eq!(
        (stored.subject.as_deref(), stored.priority),
        (Some("From chat"), 3)
    );
    assert_eq!(made.custom_fields["cf_token"], "t-1");
    let file = client
        .fetch(&made.attachments[0], 100)
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    assert_eq!(file, b"hello");
    desk.clock.advance(TimeDelta::minutes(6));
    assert!(
        client
            .fetch(&made.attachments[0], 100)
            .await
            .unwrap_err()
            .is_forbidden()
    );
    let changed = client
        .update_ticket(
            made.id,
            &TicketFields::new().status(Status::Pending).tags(["x"]),
            Vec::new(),
        )
        .await
        .unwrap();
    assert_eq!(
        (changed.status, changed.tags),
        (Some(Status::Pending), vec!["x".to_owned()])
    );
    let note = client
        .note(made.id, &NewNote::private("careful"), Vec::new())
        .await
        .unwrap();
    client.edit_note(note.id, "more careful").await.unwrap();
    assert!(
        account
            .conversation(note.id)
            .unwrap()
            .body
            .contains("more careful")
    );
    client.delete_conversation(note.id).await.unwrap();
    assert!(account.conversation(note.id).is_none());
    assert!(
        desk.sim.mail_sent().is_empty(),
        "nothing so far is the customer's business"
    );
    let reply = NewReply {
        body: "<p>EUR 5</p>".into(),
        ..NewReply::default()
    };
    client.reply(made.id, &reply, Vec::new()).await.unwrap();
    assert_eq!(desk.sim.mail_sent().len(), 1);
    let other = desk.mails(1)[0];
    client
        .merge_tickets(&Merge::into(made.id, vec![other]))
        .await
        .unwrap();
    client.delete_ticket(made.id).await.unwrap();
    let deleted = client
        .tickets(&TicketQuery::since(start() - TimeDelta::days(1)).only(TicketFilter::Deleted))
        .await
        .unwrap();
    assert_eq!(
        deleted.items.iter().map(|ticket| ticket.id).collect::<Vec<_>>(),
        [made.id]
    );
    client.restore_ticket(made.id).await.unwrap();
    assert!(client.ticket(9_999, &[]).await.unwrap_err().is_missing());
    assert!(desk.is_well_behaved());
}

#[tokio::test]
async fn what_the_client_says_about_a_broken_write_is_true_in_the_account() {
    let long = Duration::from_secs(2);
    let cases = [
        (Fault::TimeoutBefore(long), true, 0),
        (Fault::TimeoutAfter(long), true, 1),
        (Fault::CutBefore, true, 0),
        (Fault::CutAfter, true, 1),
        (Fault::ServerError(502), true, 0),
        (Fault::ServerErrorAfter(500), true, 1),
        (Fault::Truncated, true, 1),
        (Fault::TooMany(None), false, 0),
        (Fault::TooMany(Some(30)), false, 0),
    ];
    for (fault, is_ambiguous, mails) in cases {
        let desk = Desk::new(|_| {}).await;
        let ticket = desk.mails(1)[0];
        desk.sim.account().fault(Route::Reply, 1, &fault);
        let reply = NewReply {
            body: "<p>EUR 5</p>".into(),
            ..NewReply::default()
        };
        let error = desk.client.reply(ticket, &reply, Vec::new()).await.unwrap_err();
        assert_eq!(error.is_ambiguous(), is_ambiguous, "{fault:?}: {error}");
        assert_eq!(desk.sim.mail_sent().len(), mails, "{fault:?}");
        let calls = desk
            .sim
            .requests()
            .iter()
            .filter(|seen| seen.route == Some(Route::Reply))
            .count();
        assert_eq!(calls, 1, "{fault:?}: sent once");
    }
}

#[tokio::test]
async fn reads_come_through_faults_that_pass() {
    let desk = Desk::new(|_| {}).await;
    let ticket = desk.mails(1)[0];
    let passing = [
        Fault::TooMany(None),
        Fault::TooMany(Some(20)),
        Fault::ServerError(503),
        Fault::TimeoutBefore(Duration::from_secs(2)),
        Fault::CutBefore,
        Fault::SlowBody(Duration::from_millis(50)),
        Fault::Truncated,
    ];
    for fault in passing {
        desk.sim.account().fault(Route::ViewTicket, 1, &fault);
        let read = desk.client.ticket(ticket, &[]).await;
        assert_eq!(read.unwrap().id, ticket, "{fault:?}");
    }
    desk.sim
        .account()
        .fault(Route::ViewTicket, 1, &Fault::SlowBody(Duration::from_secs(2)));
    assert!(
        desk.client.ticket(ticket, &[]).await.is_ok(),
        "a body too slow is asked for again"
    );
}

#[tokio::test]
async fn values_of_wrong_types_cost_no_ticket() {
    let desk = Desk::new(|_| {}).await;
    let mails = desk.mails(5);
    desk.sim
        .account()
        .fault(Route::ListTickets, 1, &Fault::WrongTypes);
    let page = desk
        .client
        .tickets(&TicketQuery::since(start() - TimeDelta::days(1)))
        .await
        .unwrap();
    assert_eq!(
        page.items.iter().map(|ticket| ticket.id).collect::<Vec<_>>(),
        mails
    );
    assert!(
        page.items
            .iter()
            .all(|ticket| !ticket.odd.is_empty() && ticket.updated_at.is_none())
    );
}

#[tokio::test]
async fn what_nobody_knows_about_freshdesk_does_not_matter() {
    let switches: [fn(&mut Unknowns); 5] = [
        |unknowns| unknowns.contacts_underscore = false,
        |unknowns| unknowns.unauthorized_body = None,
        |unknowns| unknowns.too_many_body = Some("<html>".to_owned()),
        |unknowns| unknowns.deleted_is_shown = false,
        |unknowns| unknowns.sources = vec![("Marketplace".to_owned(), 101)],
    ];
    for switch in switches {
        let desk = Desk::new(|account| switch(&mut account.unknowns)).await;
        let ticket = desk.mails(1)[0];
        let contacts = desk
            .client
            .contacts(&ContactQuery::since(start() - TimeDelta::days(1)))
            .await
            .unwrap();
        assert_eq!(contacts.items.len(), 1);
        desk.sim
            .account()
            .fault(Route::ViewTicket, 1, &Fault::TooMany(Some(1)));
        desk.client.ticket(ticket, &[]).await.unwrap();
        desk.client.delete_ticket(ticket).await.unwrap();
        match desk.client.ticket(ticket, &[]).await {
            Ok(deleted) => assert!(deleted.is_deleted()),
            Err(error) => assert!(error.is_missing()),
        }
        assert!(
            desk.client
                .ticket_fields()
                .await
                .unwrap()
                .items
                .iter()
                .all(|field| field.odd.is_empty())
        );
        let stranger = Client::new(desk.sim.url(), ApiKey::new("wrong"), Options::default()).unwrap();
        assert!(stranger.me().await.unwrap_err().is_unauthorised());
    }
}

#[tokio::test]
async fn a_client_that_only_reads_changes_nothing() {
    let desk = Desk::new(|_| {}).await;
    let ticket = desk.mails(1)[0];
    let options = Options {
        read_only: true,
        ..Options::default()
    };
    let client = Client::new(desk.sim.url(), ApiKey::new(desk.sim.api_key()), options).unwrap();
    let error = client.delete_ticket(ticket).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::ReadOnly));
    assert!(client.ticket(ticket, &[]).await.is_ok());
    assert_eq!(desk.sim.requests().len(), 1);
}
