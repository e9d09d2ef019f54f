//! Where an escalation shows in the helpdesk: the ticket goes to whoever has it, each pass leaves one note,
//! and what is done there counts as a sign of work.

use chrono::TimeDelta;
use hammerdesk::freshdesk::{Desk as HelpDesk, Helpdesk, SyncSettings};
use hammerdesk_commands::escalate::opening::{Arrival, Whose, keep, opening};
use hammerdesk_domain::escalation::model::{About, Actor, Caller, State};
use hammerdesk_domain::escalation::{EscalationId, Kind, Severity, Way};
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_freshdesk::{ApiKey, Client, Options as ClientOptions};
use hammerdesk_sandbox::freshdesk::{Account, FreshdeskSim, Options};
use insta::assert_snapshot;
use serde_json::json;

use super::{RULES, Story, a_story};

struct WithTickets {
    story: Story,
    sim: FreshdeskSim,
    nia: u64,
}

impl WithTickets {
    async fn begin() -> Self {
        let mut story = a_story("2026-11-20T10:00:00Z", RULES).await;
        let sim = FreshdeskSim::start(Options::at(story.desk.clock.clone()))
            .await
            .unwrap();
        let nia = sim.account().add_agent("Nia", "nia@house.test");
        let client = Client::new(sim.url(), ApiKey::new(sim.api_key()), ClientOptions::default()).unwrap();
        let app = story.app.clone();
        let helpdesk = Helpdesk::new(
            app.store.clone(),
            client,
            app.clock.clone(),
            SyncSettings::default(),
        );
        story.app = app.with_desk(Some(HelpDesk::new(helpdesk, None)));
        let this = Self { story, sim, nia };
        this.pass(2).await;
        this
    }

    fn account(&self) -> &Account {
        self.sim.account()
    }

    async fn pass(&self, minutes: i64) {
        for _ in 0..4 {
            self.story.desk.clock.advance(TimeDelta::seconds(15 * minutes));
            self.story.app.engine().settle().await.unwrap();
        }
    }

    /// A ticket that somebody handed over.
    async fn handed_over(&self) -> (u64, EscalationId) {
        let ticket = self.account().customer_mails(
            "caller@post.test",
            "A caller",
            "Call centre",
            "<p>Where is my money?</p>",
        );
        self.pass(2).await;
        let story = &self.story;
        let arrival = Arrival {
            way: Way::Ticket,
            partner: None,
            reference: None,
            ticket: Some(i64::try_from(ticket).unwrap()),
            kind: Kind::PaymentProblem,
            severity: Severity::High,
            location: Some("london".into()),
            language: None,
            whose: Whose::Typed(Some(story.client("london"))),
            about: About::default(),
            said: "Where is my money?".to_owned(),
            caller: Caller::default(),
            deadline: None,
        };
        let settings = &story.app.settings;
        let opened = opening(&story.app.store, settings, arrival, story.now())
            .await
            .unwrap();
        let mut unit = story.app.store.write().await.unwrap();
        let kept = keep(&mut unit, settings, &opened, &Actor::Desk).await.unwrap();
        unit.commit().await.unwrap();
        self.pass(1).await;
        (ticket, kept.id)
    }

    /// The notes on the ticket that are ours, as agents read them.
    fn notes(&self, ticket: u64, id: EscalationId) -> String {
        let there = self.account().ticket(ticket).unwrap();
        let said = there.conversations.iter().filter(|said| said.private);
        let notes: Vec<String> = said
            .map(|said| {
                let plain = said
                    .body
                    .replace("<br>", "\n")
                    .replace("</b>", "")
                    .replace("<b>", "");
                let plain = plain.split("<div").next().unwrap_or_default().to_owned();
                hammerdesk_domain::helpdesk::without_mark(&plain)
                    .replace(&id.handle(), "1")
                    .trim()
                    .to_owned()
            })
            .collect();
        notes.join("\n--\n")
    }
}

#[tokio::test]
async fn a_ticket_goes_to_whoever_has_it_with_one_note_for_each_pass() {
    let it = WithTickets::begin().await;
    let (ticket, id) = it.handed_over().await;
    let there = it.account().ticket(ticket).unwrap();
    assert_eq!((there.responder_id, there.priority), (Some(it.nia), 3));
    for tag in ["escalated", "escalated-payment_problem"] {
        assert!(there.tags.iter().any(|known| known == tag), "{:?}", there.tags);
    }
    it.story.minutes(32).await;
    it.pass(1).await;
    it.pass(1).await;
    assert_snapshot!(it.notes(ticket, id), @"
    Escalation E-1
    Given to Nia by rule everybody-else: Nia is on shift at london.
    Asked Nia (coordinator); the next rung&#39;s turn is at 20 Nov 10:34 GMT.
    --
    Escalation E-1
    Goes to senior: nobody acknowledged on rung coordinator.
    Asked Sam (senior); the next rung&#39;s turn is at 20 Nov 11:07 GMT.
    ");
}

#[tokio::test]
async fn what_agents_do_on_the_ticket_keeps_the_ladder_quiet_and_resolving_it_ends_it() {
    let it = WithTickets::begin().await;
    let (ticket, id) = it.handed_over().await;
    it.story
        .asks("nia", &format!("/escalation take {}", id.handle()))
        .await;
    for _ in 0..3 {
        it.story.minutes(3 * 60).await;
        it.account()
            .agent_notes(it.nia, ticket, "<p>Asked the bank.</p>", true)
            .unwrap();
        it.pass(2).await;
        assert_eq!(it.story.escalation(id).await.silences, 0, "a note is a sign");
    }
    it.account()
        .agent_sets(it.nia, ticket, "status", json!(3))
        .unwrap();
    it.pass(2).await;
    assert_eq!(it.story.escalation(id).await.state(), State::WaitingClient);
    it.story.minutes(24 * 60).await;
    assert_eq!(
        it.story.escalation(id).await.silences,
        0,
        "the client's turn is nobody's silence"
    );
    it.account()
        .customer_answers(ticket, "<p>Here is the proof.</p>")
        .unwrap();
    it.pass(2).await;
    assert_eq!(it.story.escalation(id).await.state(), State::InProgress);
    it.story.minutes(5 * 60).await;
    assert_eq!(it.story.escalation(id).await.silences, 1);
    it.account()
        .agent_sets(it.nia, ticket, "status", json!(4))
        .unwrap();
    it.pass(2).await;
    assert_eq!(it.story.escalation(id).await.state(), State::Resolved);
}

#[tokio::test]
async fn that_somebody_takes_notice_is_a_promise_on_the_tickets_clocks() {
    let it = WithTickets::begin().await;
    let (ticket, id) = it.handed_over().await;
    it.story
        .asks("nia", &format!("/escalation take {}", id.handle()))
        .await;
    let mut view = it.story.app.store.read().await.unwrap();
    let ticket = TicketId(i64::try_from(ticket).unwrap());
    let events = view.gather_sla_events(ticket).await.unwrap();
    let names: Vec<String> = events
        .iter()
        .map(|event| event.id.replace(&id.to_string(), "1"))
        .collect();
    assert!(names.contains(&"escalated:1".to_owned()), "{names:?}");
    assert!(names.contains(&"acknowledged:1".to_owned()), "{names:?}");
}
