//! What of the helpdesk comes to Discord beside words: files in threads, and what becomes of what one asked for.

use chrono::TimeDelta;
use hammerdesk::bridge::BridgeRule;
use hammerdesk::freshdesk::{Desk as HelpDesk, Helpdesk, SyncSettings};
use hammerdesk_domain::ids::ChannelId;
use hammerdesk_freshdesk::{ApiKey, Client, Options as ClientOptions};
use hammerdesk_sandbox::freshdesk::model::File;
use hammerdesk_sandbox::freshdesk::{Fault, FreshdeskSim, Options, Route};
use serde_json::json;

use super::{Chat, ask};

/// The usual chat, with a helpdesk behind it.
async fn bridged() -> (Chat, FreshdeskSim) {
    let mut chat = Chat::open().await;
    let sim = FreshdeskSim::start(Options::at(chat.desk.clock.clone()))
        .await
        .unwrap();
    let app = chat.desk.app.clone();
    let client = Client::new(sim.url(), ApiKey::new(sim.api_key()), ClientOptions::default()).unwrap();
    let helpdesk = Helpdesk::new(
        app.store.clone(),
        client,
        app.clock.clone(),
        SyncSettings::default(),
    );
    let channel = app.settings.channel(&ChannelId::new("accounts-london")).unwrap();
    chat.desk.app = app.with_desk(Some(HelpDesk::new(helpdesk, None))).with_bridge(
        vec![BridgeRule::everything(channel)],
        sim.url(),
        false,
    );
    pass(&chat).await;
    (chat, sim)
}

async fn pass(chat: &Chat) {
    for _ in 0..4 {
        chat.desk.clock.advance(TimeDelta::seconds(15));
        chat.deliver().await;
    }
}

#[tokio::test]
async fn a_customers_file_hangs_on_the_words_in_the_thread_and_stays_when_they_change() {
    let (chat, sim) = bridged().await;
    let account = sim.account();
    let kit = account.add_agent("Kit Ashdown", "kit@house.test");
    let file = |content: &[u8]| File {
        name: "receipt.pdf".to_owned(),
        content_type: "application/pdf".to_owned(),
        content: content.into(),
    };
    let ticket = account.customer_mails_with(
        "new@client.test",
        "New Client",
        "Paid",
        "<p>See the receipt</p>",
        vec![file(b"%PDF-1.7")],
    );
    pass(&chat).await;
    let threads = chat.sim.threads(chat.accounts);
    let [(thread, _)] = threads.as_slice() else {
        panic!("{threads:?}")
    };
    let files = || -> Vec<(String, Vec<u8>)> {
        let all = chat.sim.all_messages(*thread);
        let of = |seen: &hammerdesk_sandbox::discord::Seen| seen.files.clone();
        all.iter()
            .flat_map(of)
            .map(|file| (file.name, file.bytes))
            .collect()
    };
    let receipt = ("receipt.pdf".to_owned(), b"%PDF-1.7".to_vec());
    assert_eq!(files(), std::slice::from_ref(&receipt));

    let note = account
        .agent_notes(kit, ticket, "<div>Bank says Friday</div>", true)
        .unwrap();
    pass(&chat).await;
    account
        .agent_edits(kit, note, "<div>Bank says Monday</div>")
        .unwrap();
    account.agent_sets(kit, ticket, "priority", json!(4)).unwrap();
    pass(&chat).await;
    assert_eq!(files(), [receipt], "once, and it is still there");
    chat.close().await;
}

#[tokio::test]
async fn who_asked_for_a_ticket_that_was_refused_is_told_by_a_direct_message() {
    let (chat, sim) = bridged().await;
    let nia = chat.coordinator();
    sim.account().fault(Route::CreateTicket, 1, &Fault::Invalid);
    let options = json!({ "subject": "Lot 45", "text": "Please call", "email": "ada@buyer.example" });
    let answer = ask(&nia, chat.accounts, "ticket create", options).await;
    assert!(answer.message.unwrap().content.contains("Queued for Freshdesk"));
    pass(&chat).await;
    let told = nia.sees(nia.direct_channel());
    let told: Vec<&str> = told.iter().map(|seen| seen.content.as_str()).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("The ticket could not be made in the helpdesk: Freshdesk answered 400"),
        "{told:?}"
    );
    assert!(
        chat.sim
            .all_messages(chat.accounts)
            .iter()
            .all(|seen| !seen.content.contains("could not"))
    );
    chat.close().await;
}
