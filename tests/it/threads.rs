//! What stands in a ticket's thread beside words: files, figures that follow the feeds, and what became of what
//! somebody asked for. And which channel it stands in.

use chrono::TimeDelta;
use hammerdesk::bridge::{BridgeRule, Talk};
use hammerdesk_commands::request::{Place, Request, What};
use hammerdesk_domain::chat::{Platform, SaidHow};
use hammerdesk_domain::clock::Clock as _;
use hammerdesk_domain::ids::{ChannelId, LocationId, PersonId, SourceId};
use hammerdesk_domain::message::Reply;
use hammerdesk_domain::record::{Entity, Record, Value};
use hammerdesk_sandbox::freshdesk::model::File;
use hammerdesk_sandbox::freshdesk::{Fault, Route};
use hammerdesk_store::testing::each_engine;
use hammerdesk_store::{Line, Load, NewBatch, Summary};
use serde_json::json;

use crate::bridge::{CHANNEL, Story, known_client, text};
use crate::harness::{COORDINATOR, HONG_KONG, MANAGER};
use crate::sla_stories::Story as Promised;

fn file(name: &str, content: Vec<u8>) -> File {
    File {
        name: name.to_owned(),
        content_type: "application/pdf".to_owned(),
        content: content.into(),
    }
}

impl Story {
    /// The files that people in the thread may open: name and bytes.
    async fn files(&self, ticket: u64) -> Vec<(String, Vec<u8>)> {
        let root = self.root(ticket).await.expect("the thread of that ticket");
        let mut view = self.desk.app.store.read().await.unwrap();
        let me = COORDINATOR.into();
        let mut found = Vec::new();
        for message in view.chat_thread(&me, root, 100).await.unwrap() {
            for position in 0..12 {
                let file = view.chat_file(&me, message.id, position).await.unwrap();
                found.extend(file.map(|file| (file.name, file.content)));
            }
        }
        found
    }

    async fn head(&self, ticket: u64) -> hammerdesk_store::StoredPost {
        let mut view = self.desk.app.store.read().await.unwrap();
        let key = format!("ticket:{ticket}");
        view.stored_post(&key, Platform::Console)
            .await
            .unwrap()
            .expect("the head of that ticket")
    }

    async fn head_says(&self, ticket: u64) -> String {
        hammerdesk_commands::render::plain(&self.head(ticket).await.post.reply)
    }

    /// A person asks in the console's channel, as the console would ask for them.
    async fn asks(&self, person: &str, line: &str) -> Reply {
        let place = Place {
            platform: "console",
            channel: CHANNEL.to_owned(),
            open: false,
        };
        let request = Request {
            who: PersonId::new(person),
            place,
            what: What::Typed(line.to_owned()),
            at: self.desk.clock.now(),
        };
        self.desk.app.commands.answer(request).await
    }

    /// What somebody reads in the channel beside the cards.
    async fn told(&self, person: &str) -> Vec<String> {
        let mut view = self.desk.app.store.read().await.unwrap();
        let page = view.chat_page(&person.into(), CHANNEL, None, 100).await.unwrap();
        page.iter()
            .filter_map(|message| message.body["reply"]["text"].as_str())
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// A feed brings those records, and they become visible.
    async fn feed(&self, source: &str, records: Vec<Record>) {
        let at = self.desk.clock.now();
        let batch = NewBatch {
            source: SourceId::new(source),
            entity: records[0].entity,
            file_name: "more.csv".to_owned(),
            sha256: format!("more at {at}"),
            mapping: None,
            extracted_at: at,
            complete: false,
            at,
        };
        let store = &self.desk.app.store;
        let Load::Open(mut loader) = store.begin_load(batch).await.unwrap() else {
            panic!("a new batch")
        };
        let rows = records.len() as u64;
        let lines = records
            .into_iter()
            .zip(1..)
            .map(|(record, line)| Line { line, record });
        loader.rows(lines.collect()).await.unwrap();
        loader
            .finish(Summary {
                rows,
                quarantined: Vec::new(),
                control_totals: json!({}),
                at,
            })
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn files_stand_in_the_thread_within_limits_and_what_does_not_is_named() {
    let story = Story::begin(Talk::Internal).await;
    let account = story.account();
    let files = vec![
        file("receipt.pdf", b"%PDF-1.7 paid".to_vec()),
        file("setup.exe", b"MZ".to_vec()),
        file("holiday.jpg", b"MZ\x90\0".to_vec()),
        file("film.mov", vec![7; 11 * 1024 * 1024]),
    ];
    let ticket = account.customer_mails_with("new@client.test", "New Client", "Paid", "<p>See</p>", files);
    story.pass(1).await;
    assert_eq!(
        story.files(ticket).await,
        [("receipt.pdf".to_owned(), b"%PDF-1.7 paid".to_vec())]
    );
    insta::assert_snapshot!(story.thread(ticket).await.join("\n"), @r"
    New Client (client): See
    File: receipt.pdf (13 bytes)
    File: holiday.jpg (4 bytes)
    File not shown here: setup.exe (2 bytes), of a kind that computers run
    File not shown here: film.mov (11 MB), too large for the chat
    File not shown here: holiday.jpg, of a kind that computers run
    ");
    let fetched = account
        .requests()
        .iter()
        .filter(|seen| seen.route == Some(Route::Attachment))
        .count();
    assert_eq!(fetched, 2, "what is too large or runs is not even fetched");
    assert_eq!(account.violations(), [], "the key went to the file storage");
}

#[tokio::test]
async fn a_file_that_fails_once_comes_with_the_words_and_one_that_stays_away_does_not_hold_them_up() {
    let story = Story::begin(Talk::Internal).await;
    let account = story.account();
    let ticket = account.customer_mails("new@client.test", "New Client", "Paid", "<p>Hi</p>");
    story.pass(1).await;
    account.fault(Route::Attachment, 1, &Fault::ServerError(503));
    let receipt = || vec![file("receipt.pdf", b"%PDF".to_vec())];
    account
        .customer_answers_with(ticket, "<p>Here</p>", receipt())
        .unwrap();
    story.pass(1).await;
    assert_eq!(story.files(ticket).await.len(), 1);
    account.fault(Route::Attachment, 1_000, &Fault::ServerError(503));
    account
        .customer_answers_with(ticket, "<p>Again</p>", receipt())
        .unwrap();
    story.pass(8).await;
    assert_eq!(story.files(ticket).await.len(), 1);
    let last = story.thread(ticket).await.pop().unwrap();
    insta::assert_snapshot!(last, @r"
    New Client (client): Again
    File: receipt.pdf (4 bytes)
    File not shown here: receipt.pdf, it could not be fetched
    ");
}

#[tokio::test]
async fn the_card_follows_the_ledger_and_is_left_alone_where_it_would_say_the_same() {
    let story = Story::begin(Talk::Internal).await;
    let (client, name, address) = known_client(&story.desk);
    let ticket = story
        .account()
        .customer_mails(&address, &name, "Hello", "<p>Hi</p>");
    let stranger = story
        .account()
        .customer_mails("nobody@nowhere.test", "Nobody", "Hello", "<p>Hi</p>");
    story.pass(1).await;
    let before = story.head(ticket).await;
    let is_of = |record: &Record, no: &str| text(record.get("client")).as_deref() == Some(no);
    let ledger = || story.desk.house.records(Entity::Ledger);
    let set = |record: &mut Record, column: &str, value: Value| {
        let at = record.entity.column_index(column).unwrap();
        record.values[at] = value;
    };

    // Somebody else's item is no news for this card.
    let mut others = ledger().find(|record| !is_of(record, &client)).unwrap();
    set(&mut others, "document", Value::Text("9900000001".to_owned()));
    story.feed("sap", vec![others]).await;
    story.pass(1).await;
    assert_eq!(story.head(ticket).await.revision, before.revision);

    let mut item = ledger().next().unwrap();
    set(&mut item, "document", Value::Text("9900000002".to_owned()));
    set(&mut item, "client", Value::Text(client.clone()));
    set(&mut item, "amount", Value::Int(1_234_567));
    for open in ["cleared_on", "cleared_by", "reopened_on", "invoice"] {
        set(&mut item, open, Value::Null);
    }
    story.desk.clock.advance(TimeDelta::seconds(30));
    story.feed("sap", vec![item]).await;
    story.pass(1).await;
    let after = story.head(ticket).await;
    assert_eq!(
        after.revision,
        before.revision + 1,
        "{}",
        story.head_says(ticket).await
    );
    assert_eq!(after.shown, after.revision, "it was not edited in place");
    assert_eq!(after.message, before.message);
    assert_eq!(story.head(stranger).await.revision, 1);

    // The same once more, with nothing new in any feed.
    story.pass(60).await;
    assert!(story.head(ticket).await.revision <= after.revision + 1);
}

#[tokio::test]
async fn whoever_is_in_copy_stays_in_copy_as_the_preview_says() {
    let story = Story::begin(Talk::Internal).await;
    let (_, name, address) = known_client(&story.desk);
    let account = story.account();
    let ticket = account.customer_mails(&address, &name, "When?", "<p>When?</p>");
    let copies = json!([
        "Lawyer <Lawyer@example.org>",
        address,
        "kit@house.test",
        "no address"
    ]);
    account
        .agent_sets(story.kit, ticket, "cc_emails", copies)
        .unwrap();
    story.pass(1).await;
    let line = format!("/ticket reply {ticket} text:\"From Monday.\"");
    let preview = story.desk.ask(COORDINATOR, &line).await;
    let shown = hammerdesk_commands::render::plain(&preview);
    assert!(shown.contains("Copies to lawyer@example.org\n"), "{shown}");
    let send = &preview.actions[0];

    // Somebody is put in copy meanwhile: what was confirmed is not what would go.
    let more = json!(["lawyer@example.org", "press@example.org"]);
    account.agent_sets(story.kit, ticket, "cc_emails", more).unwrap();
    story.pass(1).await;
    let again = story.desk.press(COORDINATOR, &send.id).await;
    assert!(again.text.starts_with("Not sent:"), "{}", again.text);
    story.pass(1).await;
    assert_eq!(account.mail_sent(), []);
    story.desk.press(COORDINATOR, &again.actions[0].id).await;
    story.pass(1).await;
    let mail = account.mail_sent();
    assert_eq!(mail.len(), 1);
    assert_eq!(mail[0].cc, ["lawyer@example.org", "press@example.org"]);
}

#[tokio::test]
async fn who_asked_for_a_ticket_is_told_alone_that_it_was_refused_and_else_its_number() {
    let story = Story::begin(Talk::Internal).await;
    let line = "/ticket create subject:\"Lot 45\" text:\"Please call\" email:ada@buyer.example";
    story.account().fault(Route::CreateTicket, 1, &Fault::Invalid);
    story.asks(COORDINATOR, line).await;
    story.pass(1).await;
    insta::assert_snapshot!(story.told(COORDINATOR).await.join("\n"), @"The ticket could not be made in the helpdesk: Freshdesk answered 400, email: invalid_value (request sim-10).");
    assert_eq!(story.told(MANAGER).await, [""; 0]);

    story.desk.clock.advance(TimeDelta::minutes(11));
    story.asks(COORDINATOR, line).await;
    story.pass(1).await;
    let told = story.told(COORDINATOR).await;
    let made = story.account().latest(1)[0].id;
    assert_eq!(
        told.last().unwrap(),
        &format!("The ticket you asked for is number {made}.")
    );
    assert_eq!(story.told(MANAGER).await, [""; 0]);
}

#[tokio::test]
async fn a_note_that_the_agent_may_not_write_is_told_in_the_thread_once_and_so_is_its_end() {
    let story = Story::begin(Talk::Note).await;
    let account = story.account();
    let ticket = account.customer_mails("new@client.test", "New Client", "Hello", "<p>Hi</p>");
    story.pass(1).await;
    account.fault(Route::Note, 2, &Fault::Forbidden);
    story.says(ticket, SaidHow::Said, "I call the bank").await;
    story.pass(1).await;
    let waits = story.thread(ticket).await.pop().unwrap();
    insta::assert_snapshot!(waits, @"hammerdesk: The note could not be added to the helpdesk yet: the agent whose key hammerdesk uses may not do that. It waits, and is tried again every few minutes; your administrator can give that agent the right in Freshdesk.");
    story.pass(6).await;
    assert_eq!(story.thread(ticket).await.len(), 2, "told once");
    story.pass(6).await;
    assert_eq!(account.ticket(ticket).unwrap().conversations.len(), 1);
    let done = story.thread(ticket).await.pop().unwrap();
    insta::assert_snapshot!(done, @"hammerdesk: What waited for Freshdesk is done now.");
}

#[tokio::test]
async fn a_rule_chooses_the_channel_by_the_saleroom_of_the_client_and_the_thread_stays_there() {
    let story = Story::by(
        |settings, talk| {
            let to = |id: &str| settings.channel(&ChannelId::new(id)).unwrap();
            let hong_kong = BridgeRule {
                locations: vec![LocationId::new("hong-kong")],
                talk,
                ..BridgeRule::everything(to("accounts-hong-kong"))
            };
            let london = BridgeRule {
                locations: vec![LocationId::new("london")],
                ..BridgeRule::everything(to(CHANNEL))
            };
            let late = BridgeRule {
                tags: vec!["anywhere".to_owned()],
                ..BridgeRule::everything(to("managers"))
            };
            vec![late, hong_kong, london]
        },
        Talk::Internal,
        false,
    )
    .await;
    let (_, name, address) = known_client(&story.desk);
    let account = story.account();
    let known = account.customer_mails(&address, &name, "Hello", "<p>Hi</p>");
    let stranger = account.customer_mails("nobody@nowhere.test", "Nobody", "Hello", "<p>Hi</p>");
    story.pass(1).await;
    assert_eq!(story.head(known).await.post.channel, ChannelId::new(CHANNEL));
    assert!(story.root(stranger).await.is_none(), "no rule fits a stranger");

    // Once it is known whose it is, the thread opens with all that was said.
    account
        .customer_answers(stranger, "<p>One more thing</p>")
        .unwrap();
    story.pass(1).await;
    assert!(story.root(stranger).await.is_none());
    let alias = |client: &str| {
        let mut record = story.desk.house.records(Entity::Alias).next().unwrap();
        for (column, value) in [
            ("client", client),
            ("kind", "email"),
            ("value", "nobody@nowhere.test"),
        ] {
            let at = Entity::Alias.column_index(column).unwrap();
            record.values[at] = Value::Text(value.to_owned());
        }
        record.values[Entity::Alias.column_index("sale").unwrap()] = Value::Null;
        record
    };
    let (client, ..) = known_client(&story.desk);
    story.feed("crm", vec![alias(&client)]).await;
    story.pass(1).await;
    assert_eq!(story.head(stranger).await.post.channel, ChannelId::new(CHANNEL));
    assert_eq!(
        story.thread(stranger).await,
        ["Nobody (client): Hi", "Nobody (client): One more thing"]
    );

    // What fits by now is another channel's rule; the card stays, and what it says stays for its readers.
    let before = story.head_says(known).await;
    account
        .agent_sets(story.kit, known, "tags", json!(["anywhere"]))
        .unwrap();
    story.pass(1).await;
    let after = story.head(known).await;
    assert_eq!(after.post.channel, ChannelId::new(CHANNEL));
    assert_eq!(
        story.head_says(known).await.replace("\n  Tags anywhere", ""),
        before
    );
    let mut view = story.desk.app.store.read().await.unwrap();
    for (person, channel) in [(HONG_KONG, "accounts-hong-kong"), (MANAGER, "managers")] {
        let page = view.chat_page(&person.into(), channel, None, 100).await.unwrap();
        assert_eq!(page, [], "{channel}");
    }
}

#[tokio::test]
async fn words_that_are_changed_or_taken_back_on_either_side_are_so_on_the_other() {
    let story = Story::begin(Talk::Note).await;
    let account = story.account();
    let ticket = account.customer_mails("new@client.test", "New Client", "Hello", "<p>Hi</p>");
    story.pass(1).await;
    story.says(ticket, SaidHow::Said, "Paid by wire").await;
    story.pass(1).await;
    story.says(ticket, SaidHow::Edited, "Paid by card").await;
    story.pass(1).await;
    let notes = || account.ticket(ticket).unwrap().conversations.clone();
    assert_eq!(notes().len(), 1);
    assert!(notes()[0].body.contains("Paid by card"), "{}", notes()[0].body);
    story.says(ticket, SaidHow::Deleted, "").await;
    story.pass(2).await;
    assert_eq!(notes(), []);
    assert_eq!(
        story.thread(ticket).await,
        ["New Client (client): Hi"],
        "who took their own words back is not told so"
    );

    let note = account
        .agent_notes(story.kit, ticket, "<div>Bank says Friday</div>", true)
        .unwrap();
    story.pass(1).await;
    account
        .agent_edits(story.kit, note, "<div>Bank says Monday</div>")
        .unwrap();
    story.pass(1).await;
    let changed = story.thread(ticket).await.pop().unwrap();
    insta::assert_snapshot!(changed, @r"
    Kit Ashdown (private note): Bank says Monday
    (changed)
    ");
    account.agent_removes(story.kit, note).unwrap();
    story.pass(1).await;
    assert_eq!(
        story.thread(ticket).await[1..],
        ["hammerdesk: This message was taken away in the helpdesk."]
    );
}

#[tokio::test]
async fn merged_spam_deleted_and_back_are_told_in_the_thread_and_on_the_card() {
    let story = Story::begin(Talk::Note).await;
    let account = story.account();
    let ticket = account.customer_mails("new@client.test", "New Client", "Hello", "<p>Hi</p>");
    let other = account.customer_mails("new@client.test", "New Client", "Hello again", "<p>Hi</p>");
    story.pass(1).await;
    account.agent_marks_spam(story.kit, ticket, true).unwrap();
    story.pass(10).await;
    let head = story.head(ticket).await.post.reply;
    assert_eq!(head.cards[0].badge.as_deref(), Some("SPAM"));
    assert_eq!(head.actions, [], "nothing can be done with it until it is back");
    account.agent_marks_spam(story.kit, ticket, false).unwrap();
    story.pass(10).await;
    account.agent_deletes(story.kit, ticket).unwrap();
    story.pass(10).await;
    account.agent_restores(story.kit, ticket).unwrap();
    story.pass(10).await;
    account.agent_merges(story.kit, other, &[ticket]).unwrap();
    story.pass(10).await;
    let head = story.head(ticket).await.post.reply;
    assert_eq!(head.cards[0].badge, Some(format!("MERGED INTO {other}")));
    let told = story
        .thread(ticket)
        .await
        .join("\n")
        .replace(&format!("ticket {other}"), "ticket N");
    insta::assert_snapshot!(told, @r"
    New Client (client): Hi
    hammerdesk: Marked as spam
    hammerdesk: Back in the helpdesk
    hammerdesk: Deleted in the helpdesk
    hammerdesk: Back in the helpdesk
    hammerdesk: Status: Open → Resolved
    Status: Resolved → Closed
    Kit Ashdown (private note): This ticket is closed and merged into ticket N.
    hammerdesk: Merged into ticket N. It goes on there.
    ");
}

#[tokio::test]
async fn the_card_shows_the_clocks_that_run_and_changes_in_place_as_they_do() {
    const RULES: &str = r#"
        [[sla.policies]]
        id = "standard"
        first_response = "4h"
        next_response = "4h"
        pauses = ["pending"]
    "#;
    each_engine(async |store| {
        let story = Promised::begin(store, "2026-11-20T09:00:00Z", RULES).await;
        let ticket = story.mail("Lot 45").await;
        let head = async || {
            let mut view = story.desk.app.store.read().await.unwrap();
            let key = format!("ticket:{ticket}");
            let head = view.stored_post(&key, Platform::Console).await.unwrap();
            head.expect("the head of that ticket")
        };
        let promised = async || {
            let said = hammerdesk_commands::render::plain(&head().await.post.reply);
            let lines = said.lines().map(str::trim);
            let clocks: Vec<&str> = lines.filter(|line| line.contains("esponse: ")).collect();
            clocks.join("\n")
        };
        let first = head().await.message;
        assert_eq!(
            promised().await,
            "First response: due Fri 20 Nov 13:00 GMT · the client mailed Fri 20 Nov 09:00 GMT"
        );
        story.until("2026-11-20T13:05:00Z").await;
        assert_eq!(
            promised().await,
            "! First response: OVERDUE since Fri 20 Nov 13:00 GMT · the client mailed Fri 20 Nov 09:00 GMT"
        );
        story
            .account()
            .agent_replies(story.kit, ticket, "<p>From Monday</p>")
            .unwrap();
        story.until("2026-11-20T13:25:00Z").await;
        assert_eq!(promised().await, "");
        story
            .account()
            .customer_answers(ticket, "<p>Which Monday?</p>")
            .unwrap();
        story.until("2026-11-20T13:45:00Z").await;
        assert!(
            promised().await.starts_with("Next response: due Fri 20 Nov 17:2"),
            "{}",
            promised().await
        );
        assert_eq!(head().await.message, first, "it stands where it stood");
    })
    .await;
}
