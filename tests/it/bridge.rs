//! The bridge: a ticket's story as the people on both sides of it see it.

use chrono::TimeDelta;
use hammerdesk::bridge::{BridgeRule, Talk};
use hammerdesk::freshdesk::{Desk as HelpDesk, Helpdesk, SyncSettings};
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::chat::{Platform, Said, SaidHow};
use hammerdesk_domain::clock::Clock as _;
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_domain::ids::ChannelId;
use hammerdesk_domain::record::{Entity, Value};
use hammerdesk_freshdesk::{ApiKey, Client, Options as ClientOptions};
use hammerdesk_sandbox::SampleHouse;
use hammerdesk_sandbox::freshdesk::{Account, FreshdeskSim, Options};
use hammerdesk_store::Heard;
use hammerdesk_store::chat::ChatMessage;
use hammerdesk_store::helpdesk::Hint;
use serde_json::json;
use uuid::Uuid;

use crate::harness::{COORDINATOR, Desk};

pub(crate) const CHANNEL: &str = "accounts-london";

/// A house, its helpdesk, and the bridge between.
pub(crate) struct Story {
    pub(crate) desk: Desk,
    pub(crate) sim: FreshdeskSim,
    pub(crate) kit: u64,
}

/// A client of the London saleroom whom the sample house knows by an address: number, name, address.
pub(crate) fn known_client(desk: &Desk) -> (String, String, String) {
    client_of(&desk.house)
}

/// The same, of any sample house.
pub(crate) fn client_of(house: &SampleHouse) -> (String, String, String) {
    let numbers: Vec<_> = house
        .records(Entity::Client)
        .filter(|client| matches!(client.get("location"), Value::Text(at) if at == "london"))
        .filter(|client| matches!(client.get("confidentiality"), Value::Text(word) if word == "normal"))
        .filter_map(|client| Some((text(client.get("client"))?, text(client.get("name"))?)))
        .collect();
    house
        .records(Entity::Alias)
        .filter(|alias| matches!(alias.get("kind"), Value::Text(kind) if kind == "email"))
        .find_map(|alias| {
            let number = text(alias.get("client"))?;
            let (_, name) = numbers.iter().find(|(known, _)| *known == number)?;
            Some((number, name.clone(), text(alias.get("value"))?))
        })
        .expect("a client with an address")
}

pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    }
}

impl Story {
    pub(crate) async fn begin(talk: Talk) -> Self {
        Self::with(talk, false).await
    }

    pub(crate) async fn with(talk: Talk, facts_note: bool) -> Self {
        let rules = |settings: &Settings, talk| {
            let channel = settings.channel(&ChannelId::new(CHANNEL)).unwrap();
            vec![BridgeRule {
                talk,
                ..BridgeRule::everything(channel)
            }]
        };
        Self::by(rules, talk, facts_note).await
    }

    /// With those rules.
    pub(crate) async fn by(
        rules: impl FnOnce(&Settings, Talk) -> Vec<BridgeRule>,
        talk: Talk,
        facts_note: bool,
    ) -> Self {
        let mut desk = Desk::with(|settings| {
            settings
                .agents
                .insert("kit@house.test".to_owned(), COORDINATOR.into());
        })
        .await;
        let sim = FreshdeskSim::start(Options::at(desk.clock.clone()))
            .await
            .unwrap();
        let kit = sim.account().add_agent("Kit Ashdown", "kit@house.test");
        let client = Client::new(sim.url(), ApiKey::new(sim.api_key()), ClientOptions::default()).unwrap();
        let app = desk.app.clone();
        let helpdesk = Helpdesk::new(
            app.store.clone(),
            client,
            app.clock.clone(),
            SyncSettings::default(),
        );
        let rules = rules(&app.settings, talk);
        desk.app =
            app.with_desk(Some(HelpDesk::new(helpdesk, None)))
                .with_bridge(rules, sim.url(), facts_note);
        let story = Self { desk, sim, kit };
        story.pass(1).await;
        story
    }

    pub(crate) fn account(&self) -> &Account {
        self.sim.account()
    }

    /// Time passes, and everything that is due is done.
    pub(crate) async fn pass(&self, minutes: i64) {
        for _ in 0..4 {
            self.desk.clock.advance(TimeDelta::seconds(15 * minutes));
            self.desk.app.engine().settle().await.unwrap();
        }
    }

    /// What a coordinator reads in the channel: each message's words.
    pub(crate) async fn channel(&self) -> Vec<String> {
        let mut view = self.desk.app.store.read().await.unwrap();
        let page = view
            .chat_page(&COORDINATOR.into(), CHANNEL, None, 100)
            .await
            .unwrap();
        page.iter().map(words).collect()
    }

    /// What they read in a ticket's thread.
    pub(crate) async fn thread(&self, ticket: u64) -> Vec<String> {
        let root = self.root(ticket).await.expect("the thread of that ticket");
        let mut view = self.desk.app.store.read().await.unwrap();
        let inside = view.chat_thread(&COORDINATOR.into(), root, 100).await.unwrap();
        inside.iter().map(words).collect()
    }

    pub(crate) async fn root(&self, ticket: u64) -> Option<Uuid> {
        let mut view = self.desk.app.store.read().await.unwrap();
        let head = view
            .stored_post(&format!("ticket:{ticket}"), Platform::Console)
            .await
            .unwrap();
        head.and_then(|head| head.message?.parse().ok())
    }

    /// The coordinator says something in the ticket's thread.
    pub(crate) async fn says(&self, ticket: u64, how: SaidHow, text: &str) {
        let root = self.root(ticket).await.expect("the thread of that ticket");
        let heard = Heard {
            id: Uuid::nil(),
            platform: Platform::Console,
            place: root.to_string(),
            message: "m1".to_owned(),
            how,
            key: format!("ticket:{ticket}"),
            said: Said {
                who: COORDINATOR.to_owned(),
                name: "Kit Ashdown".to_owned(),
                text: text.to_owned(),
                files: Vec::new(),
            },
            at: self.desk.clock.now(),
        };
        let mut unit = self.desk.app.store.write().await.unwrap();
        unit.hear(&heard).await.unwrap();
        unit.commit().await.unwrap();
    }
}

/// A message in one line.
pub(crate) fn words(message: &ChatMessage) -> String {
    let reply = &message.body["reply"];
    let author = message.body["author"].as_str().unwrap_or("hammerdesk");
    let text = reply["text"].as_str().unwrap_or_default();
    let card = &reply["cards"][0];
    let badge = card["badge"].as_str().unwrap_or_default();
    match card["title"].as_str() {
        Some(title) => format!("[{badge}] {title}"),
        None => format!("{author}: {text}"),
    }
}

pub(crate) fn number(ticket: u64) -> TicketId {
    TicketId(i64::try_from(ticket).unwrap())
}

#[tokio::test]
async fn a_mail_opens_a_thread_with_the_account_and_what_is_said_in_the_helpdesk_stands_in_it() {
    let story = Story::begin(Talk::Internal).await;
    let (client, name, address) = known_client(&story.desk);
    let account = story.account();
    let ticket = account.customer_mails(
        &address,
        &name,
        "When may I collect lot 45?",
        "<p>I paid last week.</p>",
    );
    story.pass(1).await;
    let title = format!("#{ticket} When may I collect lot 45?");
    assert_eq!(story.channel().await, [format!("[OPEN] {title}")]);
    let thread = story.thread(ticket).await;
    assert_eq!(thread, [format!("{name} (client): I paid last week.")]);

    let mut view = story.desk.app.store.read().await.unwrap();
    let head = view
        .stored_post(&format!("ticket:{ticket}"), Platform::Console)
        .await
        .unwrap()
        .unwrap();
    drop(view);
    let said = hammerdesk_commands::render::plain(&head.post.reply);
    assert!(said.contains("by the sender's address"), "{said}");
    assert!(said.contains("As of: "), "{said}");
    assert!(
        head.post
            .reply
            .actions
            .iter()
            .any(|action| action.label == "Balance"),
        "{said}"
    );
    assert!(said.contains(&format!("/a/tickets/{ticket}")), "{said}");
    assert!(!client.is_empty());

    account
        .agent_notes(story.kit, ticket, "<div>Bank says Friday</div>", true)
        .unwrap();
    account
        .agent_replies(story.kit, ticket, "<div>From Monday, dear client.</div>")
        .unwrap();
    story.pass(1).await;
    account.customer_answers(ticket, "<div>Thank you!</div>").unwrap();
    account.agent_sets(story.kit, ticket, "status", json!(4)).unwrap();
    story.pass(1).await;
    assert_eq!(
        story.thread(ticket).await[1..],
        [
            "Kit Ashdown (private note): Bank says Friday".to_owned(),
            "Kit Ashdown (to the client): From Monday, dear client.".to_owned(),
            "hammerdesk: Status: Open → Resolved".to_owned(),
            format!("{name} (client): Thank you!"),
        ]
    );
    assert_eq!(story.channel().await, [format!("[RESOLVED] {title}")]);

    account
        .customer_answers(ticket, "<div>It is Tuesday. Where is it?</div>")
        .unwrap();
    story.pass(1).await;
    assert_eq!(story.channel().await, [format!("[OPEN] {title}")]);
    assert!(
        account.mail_sent().len() <= 1,
        "only the agent's own reply was mailed"
    );
}

#[tokio::test]
async fn a_reply_is_seen_before_it_goes_is_mailed_once_and_stands_in_the_thread() {
    let story = Story::begin(Talk::Internal).await;
    let (_, name, address) = known_client(&story.desk);
    let ticket = story
        .account()
        .customer_mails(&address, &name, "When?", "<p>When may I collect?</p>");
    story.pass(1).await;
    let line = format!("/ticket reply {ticket} text:\"From Monday, 9 to 5.\"");
    let preview = story.desk.ask(COORDINATOR, &line).await;
    let shown = hammerdesk_commands::render::plain(&preview);
    assert!(
        shown.contains(&address) && shown.contains("From Monday, 9 to 5."),
        "{shown}"
    );
    assert!(story.account().mail_sent().is_empty(), "a preview mails nothing");
    let send = preview
        .actions
        .iter()
        .find(|action| action.label == "Send to client")
        .expect("the button that sends");
    for _ in 0..2 {
        story.desk.press(COORDINATOR, &send.id).await;
        story.pass(1).await;
    }
    let mail = story.account().mail_sent();
    assert_eq!(mail.len(), 1, "{mail:?}");
    let thread = story.thread(ticket).await;
    assert_eq!(thread.len(), 2, "{thread:?}");
    assert!(
        thread[1].ends_with("(to the client): From Monday, 9 to 5."),
        "{thread:?}"
    );
}

#[tokio::test]
async fn nothing_doubles_when_everything_is_read_again() {
    let story = Story::begin(Talk::Internal).await;
    let ticket = story
        .account()
        .customer_mails("new@client.test", "New Client", "Hello", "<p>Hi</p>");
    story.pass(1).await;
    let before = (story.channel().await, story.thread(ticket).await);
    let mut unit = story.desk.app.store.write().await.unwrap();
    unit.hint_ticket(
        number(ticket),
        Hint {
            whole: true,
            urgency: Hint::LIVE,
            why: "test",
            due_at: story.desk.clock.now(),
        },
        story.desk.clock.now(),
    )
    .await
    .unwrap();
    unit.commit().await.unwrap();
    story.pass(30).await;
    assert_eq!((story.channel().await, story.thread(ticket).await), before);
}

#[tokio::test]
async fn talk_in_a_thread_stays_in_chat_unless_the_channel_says_that_it_becomes_a_note() {
    for (talk, expected) in [(Talk::Internal, 0), (Talk::Note, 1)] {
        let story = Story::begin(talk).await;
        let ticket = story
            .account()
            .customer_mails("new@client.test", "New Client", "Hello", "<p>Hi</p>");
        story.pass(1).await;
        story.says(ticket, SaidHow::Said, "I call the <bank> & ask").await;
        story.pass(1).await;
        let said = story.account().ticket(ticket).unwrap();
        assert_eq!(said.conversations.len(), expected, "{talk:?}");
        assert!(said.conversations.iter().all(|note| note.private));
        assert!(story.account().mail_sent().is_empty());
        let inside = story.thread(ticket).await;
        assert_eq!(inside.len(), 1, "the words stand in chat already: {inside:?}");
    }
}

#[tokio::test]
async fn a_new_ticket_of_a_known_client_is_told_its_facts_once() {
    let story = Story::with(Talk::Internal, true).await;
    let (_, name, address) = known_client(&story.desk);
    let ticket = story
        .account()
        .customer_mails(&address, &name, "Hello", "<p>Hi</p>");
    let stranger = story
        .account()
        .customer_mails("nobody@nowhere.test", "Nobody", "Hello", "<p>Hi</p>");
    story.pass(1).await;
    story
        .account()
        .customer_answers(ticket, "<div>More</div>")
        .unwrap();
    story.pass(1).await;
    let notes = |ticket: u64| {
        let said = story.account().ticket(ticket).unwrap();
        said.conversations.iter().filter(|one| one.private).count()
    };
    assert_eq!((notes(ticket), notes(stranger)), (1, 0));
}

#[tokio::test]
async fn a_note_that_asks_is_answered_by_a_private_note_as_its_writer_may_see_it() {
    let story = Story::begin(Talk::Internal).await;
    let (client, ..) = known_client(&story.desk);
    let stranger = story.account().add_agent("Lee Poe", "lee@house.test");
    let ticket = story
        .account()
        .customer_mails("new@client.test", "New Client", "Hello", "<p>Hi</p>");
    story.pass(1).await;
    let asked = format!("<div>#hd balance {client}</div>");
    for agent in [story.kit, stranger] {
        story.account().agent_notes(agent, ticket, &asked, true).unwrap();
    }
    story.pass(1).await;
    story.pass(1).await;
    let said = story.account().ticket(ticket).unwrap();
    let answers: Vec<&str> = said
        .conversations
        .iter()
        .filter(|one| one.private && !one.body.contains("#hd balance"))
        .map(|one| one.body.as_str())
        .collect();
    assert_eq!(answers.len(), 2, "{answers:?}");
    assert!(
        answers[0].contains("As of: ") || answers[1].contains("As of: "),
        "{answers:?}"
    );
    assert_eq!(
        answers
            .iter()
            .filter(|text| text.contains("I do not know you yet"))
            .count(),
        1
    );
    assert!(story.account().mail_sent().is_empty());
}
