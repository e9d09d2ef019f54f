//! What hands itself over: call-centre tickets and decisions of ours, once each.

use chrono::TimeDelta;
use hammerdesk::freshdesk::{Desk as HelpDesk, Helpdesk, SyncSettings};
use hammerdesk::furnish::rules;
use hammerdesk_domain::clock::Clock as _;
use hammerdesk_domain::escalation::incoming::TicketRule;
use hammerdesk_domain::escalation::model::{Actor, What};
use hammerdesk_domain::escalation::{Desk as Rules, Escalation, Kind, Severity, Way};
use hammerdesk_freshdesk::{ApiKey, Client, Options as ClientOptions};
use hammerdesk_sandbox::freshdesk::{FreshdeskSim, Options};
use std::sync::Arc;

use crate::harness::{COORDINATOR, Desk, MANAGER};

/// A house with its rules and a helpdesk.
struct Hall {
    desk: Desk,
    sim: FreshdeskSim,
    agent: u64,
}

/// The sample house's rules with other ticket rules, nothing asked for by decisions.
fn with_tickets(settings: &hammerdesk_commands::settings::Settings, tickets: Vec<TicketRule>) -> Arc<Rules> {
    let mut book = rules(settings).unwrap().rulebook().clone();
    book.escalation.tickets = tickets;
    book.escalation.decisions = hammerdesk_domain::escalation::asks::Decisions::default();
    Arc::new(Rules::new(book, settings.people.clone(), &settings.house).unwrap())
}

fn call_centre() -> TicketRule {
    TicketRule {
        id: "call-centre".to_owned(),
        senders: vec!["@callcentre.example".to_owned()],
        kinds: [("deposit_refund".to_owned(), vec!["deposit".to_owned()])].into(),
        partner: Some("call-centre".to_owned()),
        ..TicketRule::default()
    }
}

impl Hall {
    async fn open(tickets: Vec<TicketRule>) -> Self {
        let mut desk = Desk::with(|settings| settings.desk = Some(with_tickets(settings, tickets))).await;
        let sim = FreshdeskSim::start(Options::at(desk.clock.clone()))
            .await
            .unwrap();
        let agent = sim.account().add_agent("Kit Ashdown", "kit@house.test");
        let client = Client::new(sim.url(), ApiKey::new(sim.api_key()), ClientOptions::default()).unwrap();
        let app = desk.app.clone();
        let helpdesk = Helpdesk::new(
            app.store.clone(),
            client,
            app.clock.clone(),
            SyncSettings::default(),
        );
        desk.app = app.with_desk(Some(HelpDesk::new(helpdesk, None)));
        let hall = Self { desk, sim, agent };
        hall.pass(1).await;
        hall
    }

    async fn pass(&self, minutes: i64) {
        for _ in 0..4 {
            self.desk.clock.advance(TimeDelta::seconds(15 * minutes));
            self.desk.app.engine().settle().await.unwrap();
        }
    }

    async fn open_ones(&self) -> Vec<Escalation> {
        let mut view = self.desk.app.store.read().await.unwrap();
        let mut all = Vec::new();
        for line in view.escalation_queue(None, 100).await.unwrap() {
            all.push(view.escalation(line.id).await.unwrap().unwrap());
        }
        all
    }
}

#[tokio::test]
async fn a_call_centre_ticket_opens_one_escalation_however_often_it_changes_and_others_open_none() {
    let hall = Hall::open(vec![call_centre()]).await;
    let account = hall.sim.account();
    let other = account.customer_mails("ada@example.org", "Ada", "Where is my deposit?", "<p>Hello</p>");
    let called = account.customer_mails(
        "desk@callcentre.example",
        "The centre",
        "Caller about a deposit",
        "<p>He waits since Monday.</p>",
    );
    hall.pass(1).await;
    let open = hall.open_ones().await;
    assert_eq!(open.len(), 1, "ticket {other} is a client's own");
    let one = &open[0];
    assert_eq!(one.opening.ticket, Some(i64::try_from(called).unwrap()));
    assert_eq!(
        (one.opening.way, one.opening.kind, one.opening.partner.as_deref()),
        (Way::Ticket, Kind::DepositRefund, Some("call-centre"))
    );
    assert_eq!(
        one.opening.said,
        "Caller about a deposit\n\nHe waits since Monday."
    );

    account
        .customer_answers(called, "<p>He calls again.</p>")
        .unwrap();
    account
        .agent_notes(hall.agent, called, "<p>Looked.</p>", true)
        .unwrap();
    hall.pass(2).await;
    let again = hall.open_ones().await;
    assert_eq!(
        (again.len(), again[0].times),
        (1, 1),
        "a change of the ticket is no second call"
    );
}

#[tokio::test]
async fn a_ticket_that_is_escalated_in_chat_too_is_one_escalation_with_a_count() {
    let hall = Hall::open(vec![call_centre()]).await;
    let called = hall.sim.account().customer_mails(
        "desk@callcentre.example",
        "The centre",
        "Caller about a deposit",
        "<p>He waits since Monday.</p>",
    );
    hall.pass(1).await;
    let line = format!("/escalate #{called} kind:complaint severity:critical reason: he calls a third time");
    let reply = hall.desk.ask(MANAGER, &line).await;
    assert!(reply.text.contains("which makes it 2 times"), "{}", reply.text);
    let open = hall.open_ones().await;
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].times, open[0].severity), (2, Severity::Critical));
    let twice = hall.desk.ask(MANAGER, &format!("{line} ticket:{called}")).await;
    assert_eq!(twice.text, "The ticket is there twice; say it once.");
}

#[tokio::test]
async fn a_phone_ticket_of_a_known_client_goes_to_somebody_by_the_sample_houses_rules() {
    let hotline = rules_of_house();
    let hall = Hall::open(hotline).await;
    let account = hall.sim.account();
    let ticket = account.customer_calls(
        hall.agent,
        "+44 20 7946 0101",
        "Caller",
        "Carrier at the door",
        "<p>My carrier is told that the lot is not released.</p>",
    );
    hall.pass(1).await;
    let open = hall.open_ones().await;
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].opening.kind, Kind::Release);
    assert_eq!(open[0].opening.ticket, Some(i64::try_from(ticket).unwrap()));
}

fn rules_of_house() -> Vec<TicketRule> {
    let book: hammerdesk_domain::escalation::Rulebook =
        toml::from_str(hammerdesk_sandbox::SampleHouse::rulebook()).unwrap();
    book.escalation.tickets
}

#[tokio::test]
async fn decisions_ask_for_somebody_once_for_each_matter_and_not_at_all_unless_configured() {
    let quiet = Hall::open(Vec::new()).await;
    quiet.pass(4).await;
    assert!(quiet.open_ones().await.is_empty());

    let desk = Desk::with(|settings| {
        let mut book = rules(settings).unwrap().rulebook().clone();
        book.escalation.tickets = Vec::new();
        book.escalation.decisions = hammerdesk_domain::escalation::asks::Decisions {
            unposted: true,
            evidence_within: "30d".parse().ok(),
            broken_promises: true,
            third_party_payers: true,
        };
        settings.desk = Some(Arc::new(
            Rules::new(book, settings.people.clone(), &settings.house).unwrap(),
        ));
    })
    .await;
    let engine = desk.app.engine();
    engine.settle().await.unwrap();
    let count = async || {
        let mut view = desk.app.store.read().await.unwrap();
        let ids = view
            .escalations_since(desk.clock.now() - TimeDelta::days(1), 1_000)
            .await
            .unwrap();
        let mut all = Vec::new();
        for id in ids {
            all.push(view.escalation(id).await.unwrap().unwrap());
        }
        all
    };
    let first = count().await;
    assert!(!first.is_empty(), "the sample house has money that waits");
    assert!(
        first.iter().map(|one| one.times).sum::<u32>() <= 20,
        "no more than a few at once: {}",
        first.len()
    );
    assert!(first.iter().all(|one| one.opening.way == Way::Decision));
    let mut view = desk.app.store.read().await.unwrap();
    let entries = view.escalation_entries(first[0].id()).await.unwrap();
    assert!(entries[0].event.by == Actor::Desk && entries[0].event.what == What::Created);
    drop(view);
    for _ in 0..40 {
        desk.clock.advance(TimeDelta::minutes(61));
        engine.settle().await.unwrap();
    }
    let keys = |all: &[Escalation]| {
        let mut keys: Vec<String> = all
            .iter()
            .filter_map(|one| one.opening.reference.clone())
            .collect();
        keys.sort();
        keys
    };
    let later = count().await;
    let mut unique = keys(&later);
    unique.dedup();
    assert_eq!(unique, keys(&later), "each matter is asked for once");
}

#[tokio::test]
async fn the_queue_shows_escalations_the_most_severe_first_and_hides_what_one_may_not_know() {
    let desk = Desk::with(|settings| settings.desk = Some(with_tickets(settings, Vec::new()))).await;
    for (severity, client) in [("low", "1400008"), ("critical", "1500007")] {
        let line = format!("/escalate {client} kind:complaint severity:{severity} reason: {severity} it is");
        let reply = desk.ask(MANAGER, &line).await;
        assert!(reply.text.starts_with("Handed over"), "{}", reply.text);
    }
    let nobody = desk.ask(MANAGER, "/queue nobody").await;
    let listed = nobody.facts["escalations"]
        .as_array()
        .expect("escalations")
        .clone();
    let severities: Vec<&str> = listed.iter().filter_map(|one| one["severity"].as_str()).collect();
    assert_eq!(severities, ["critical", "low"], "{}", nobody.facts);
    assert!(
        nobody.cards[0].title.starts_with("2 open escalations"),
        "{}",
        nobody.cards[0].title
    );
    let typed = desk.complete(MANAGER, "/escalation explain critical").await;
    assert_eq!(typed.len(), 1, "{typed:?}");
    assert!(typed[0].line.starts_with("/escalation explain E-"), "{typed:?}");
    assert!(
        desk.complete(crate::harness::HONG_KONG, "/escalation explain crit")
            .await
            .is_empty()
    );
    let theirs = desk.ask(crate::harness::HONG_KONG, "/queue nobody").await;
    assert!(theirs.facts.get("escalations").is_none(), "{}", theirs.facts);
}

#[tokio::test]
async fn shifts_are_shown_covered_swapped_and_taken_back_and_a_circle_is_refused() {
    let desk = Desk::with(|settings| settings.desk = Some(with_tickets(settings, Vec::new()))).await;
    // A Friday, ten in the morning in London.
    let shown = desk.text(MANAGER, "/oncall show").await;
    assert!(
        shown.contains("Nia Prosser") && shown.contains("london"),
        "{shown}"
    );
    let says = async |person: &str, line: &str| desk.text(person, line).await;
    let cover = says(
        COORDINATOR,
        "/oncall cover me from:2026-11-23 until:2026-11-24 by:\"Callum Reid\" because:\"a course\"",
    )
    .await;
    assert!(
        cover.starts_with(
            "From now on: Nia Prosser is away from 2026-11-23 until 2026-11-24, Callum Reid covers (said by Nia \
             Prosser; /oncall undo "
        ),
        "{cover}"
    );
    let again = says(
        COORDINATOR,
        "/oncall cover me from:2026-11-23 until:2026-11-24 by:\"Callum Reid\" because:\"a course\"",
    )
    .await;
    assert!(again.starts_with("That stands already: "), "{again}");
    let circle = says(
        MANAGER,
        "/oncall cover senior-london from:2026-11-24 until:2026-11-24 by:coordinator-london",
    )
    .await;
    assert!(circle.starts_with("That would go round in a circle"), "{circle}");
    let others = says(
        COORDINATOR,
        "/oncall cover manager from:2026-11-24 until:2026-11-24",
    )
    .await;
    assert!(others.contains("changes its own shifts only"), "{others}");
    let swap = says(
        MANAGER,
        "/oncall swap london out:coordinator-london in:senior-london from:2026-11-25T09:00 until:2026-11-25T13:00",
    )
    .await;
    assert!(
        swap.contains("london: Callum Reid is on instead of Nia Prosser from 2026-11-25T09:00"),
        "{swap}"
    );
    let then = says(MANAGER, "/oncall show rota:london at:2026-11-25T10:00").await;
    assert!(then.contains("Callum Reid"), "{then}");
    let undo = swap
        .rsplit("/oncall undo ")
        .next()
        .unwrap()
        .split(')')
        .next()
        .unwrap()
        .to_owned();
    let taken = says(MANAGER, &format!("/oncall undo {undo}")).await;
    assert!(taken.starts_with("Taken back: london: Callum Reid"), "{taken}");
    let then = desk
        .ask(MANAGER, "/oncall show rota:london at:2026-11-25T10:00")
        .await;
    assert_eq!(then.facts["rotas"][0]["on"][0]["person"], "coordinator-london");
    for (line, expected) in [
        (
            "/oncall cover nobody-here from:2026-11-24 until:2026-11-24",
            "There is nobody called “nobody-here” among the people of the house.",
        ),
        (
            "/oncall cover me from:2026-11-24 until:2026-11-23",
            "until: is not after from:. Swap them.",
        ),
        (
            "/oncall cover me from:2026-11-01 until:2026-11-02",
            "until: is over already. Give a time to come.",
        ),
        (
            "/oncall swap paris in:me from:2026-11-24 until:2026-11-24",
            "There is no rota “paris”. There are hong-kong, london, new-york.",
        ),
        (
            "/oncall handover london",
            "Nobody is on at new-york now, so nobody would have the queue. /oncall show says when somebody is.",
        ),
    ] {
        assert_eq!(says(MANAGER, line).await, expected, "{line}");
    }
}

#[tokio::test]
async fn a_persons_shifts_are_a_calendar_file_that_keeps_its_ids_and_follows_swaps() {
    let desk = Desk::with(|settings| settings.desk = Some(with_tickets(settings, Vec::new()))).await;
    let reply = desk.ask(COORDINATOR, "/oncall calendar days:7").await;
    assert_eq!(
        reply.text,
        "Nia Prosser has 6 shifts within 7 days. The file opens in any calendar program."
    );
    let file = &reply.files[0];
    assert_eq!(file.name, "shifts-coordinator-london.ics");
    let text = String::from_utf8(file.content.clone()).unwrap();
    assert!(text.starts_with("BEGIN:VCALENDAR"), "{text}");
    let unfolded = text.replace("\r\n ", "");
    assert!(
        unfolded.contains("UID:london.day.coordinator-london.20261123T090000Z@hammerdesk"),
        "{text}"
    );
    desk.ask(
        MANAGER,
        "/oncall swap london out:coordinator-london in:senior-london from:2026-11-23 until:2026-11-23",
    )
    .await;
    let after = desk.ask(COORDINATOR, "/oncall calendar days:7").await;
    let after = String::from_utf8(after.files[0].content.clone())
        .unwrap()
        .replace("\r\n ", "");
    assert!(!after.contains("20261123T090000Z@hammerdesk"), "{after}");
}

#[test]
fn the_sample_houses_rules_have_no_faults() {
    let house = hammerdesk_sandbox::SampleHouse::new(7, crate::harness::moment(), 1);
    let settings = hammerdesk::furnish::settings(&house);
    let desk = rules(&settings).unwrap();
    let faults: Vec<_> = hammerdesk_domain::escalation::lint::lint(&desk, crate::harness::moment())
        .into_iter()
        .filter(|finding| finding.is_error)
        .collect();
    assert!(faults.is_empty(), "{faults:?}");
}
