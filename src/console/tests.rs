//! The console over HTTP, without a browser: who sees what, what is refused, what stays.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use chrono::DateTime;
use futures_util::StreamExt;
use hammerdesk_commands::Commands;
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::access::{Asker, Permission, Role, Scope};
use hammerdesk_domain::clock::{Clock, ManualClock};
use hammerdesk_domain::ids::{ActionId, EntityCode, LocationId, PersonId, new_id};
use hammerdesk_domain::location::Location;
use hammerdesk_domain::message::{Action, AsOf, Attachment, Card, Outcome, Reply, Step};
use hammerdesk_store::Store;
use hammerdesk_store::chat::{ChatFile, ChatMessage};
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use super::{ConsoleState, router};
use crate::engine::Nudge;

const AMARA: &str = "amara";
const KIT: &str = "kit";
const LIN: &str = "lin";
const ROSA: &str = "rosa";
const INES: &str = "ines";

/// A console with two coordinators in London, one in Hong Kong, and a store of its own.
struct Bench {
    state: ConsoleState,
    app: Router,
    store: Store,
    clock: Arc<ManualClock>,
    folder: tempfile::TempDir,
}

fn settings() -> Settings {
    let mut settings = Settings::default();
    for (id, name, zone) in [
        ("london", "London", chrono_tz::Europe::London),
        ("hong-kong", "Hong Kong", chrono_tz::Asia::Hong_Kong),
    ] {
        let base = Location::unconfigured(EntityCode::new(id));
        settings.house.locations.push(Location {
            id: LocationId::new(id),
            name: name.to_owned(),
            zone,
            ..base
        });
    }
    let role = Arc::new(Role::new(
        "coordinator",
        "Coordinator",
        &[Permission::Balance, Permission::Internal],
    ));
    for (id, name, location) in [
        (AMARA, "Amara Okafor", "london"),
        (KIT, "Kit Wong", "london"),
        (LIN, "Lin Chan", "hong-kong"),
    ] {
        let scope = Scope::Only(BTreeSet::from([LocationId::new(location)]));
        let asker = Asker {
            id: PersonId::new(id),
            name: name.to_owned(),
            role: Arc::clone(&role),
            scope,
        };
        settings.people.insert(PersonId::new(id), asker);
    }
    let manager = [
        Permission::Balance,
        Permission::Internal,
        Permission::Debtors,
        Permission::Share,
    ];
    let compliance = [&manager[..], &[Permission::RestrictedHolds]].concat();
    for (id, name, permissions) in [
        (ROSA, "Rosa Delgado", &manager[..]),
        (INES, "Ines Moreau", &compliance),
    ] {
        let role = Arc::new(Role::new(id, name, permissions));
        let asker = Asker {
            id: PersonId::new(id),
            name: name.to_owned(),
            role,
            scope: Scope::All,
        };
        settings.people.insert(PersonId::new(id), asker);
    }
    settings
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(
            DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
        ));
        Self::over(folder, clock).await
    }

    async fn over(folder: tempfile::TempDir, clock: Arc<ManualClock>) -> Self {
        let url = format!("sqlite:{}", folder.path().join("console.db").display());
        let store = Store::create(&url).await.unwrap();
        let settings = Arc::new(settings());
        let shared: Arc<dyn Clock> = Arc::clone(&clock) as Arc<dyn Clock>;
        let commands = Commands::new(store.clone(), Arc::clone(&settings), Arc::clone(&shared));
        let state = ConsoleState::new(commands, store.clone(), settings, shared, Nudge::default());
        let app = router(state.clone());
        Self {
            state,
            app,
            store,
            clock,
            folder,
        }
    }

    /// The same store under a new process.
    async fn restarted(self) -> Self {
        self.store.close().await;
        Self::over(self.folder, self.clock).await
    }

    async fn send(&self, request: Request<Body>) -> Response {
        self.app.clone().oneshot(request).await.unwrap()
    }

    async fn get(&self, person: &str, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).header(header::COOKIE, format!("hammerdesk_person={person}"));
        read(self.send(request.body(Body::empty()).unwrap()).await).await
    }

    async fn post(&self, person: &str, path: &str, body: Value) -> (StatusCode, String) {
        read(
            self.send(posted(person, path).body(Body::from(body.to_string())).unwrap())
                .await,
        )
        .await
    }

    async fn say(&self, person: &str, channel: &str, text: &str) -> Value {
        let body = json!({ "channel": channel, "text": text, "token": token() });
        let (status, answer) = self.post(person, "/console/say", body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        serde_json::from_str(&answer).unwrap()
    }

    async fn live(&self, person: &str) -> BodyDataStream {
        let request =
            Request::get("/console/live").header(header::COOKIE, format!("hammerdesk_person={person}"));
        let response = self.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body().into_data_stream()
    }

    /// Keeps an answer as if that person had asked.
    async fn keep(&self, person: &str, only_for: Option<&str>, reply: Reply) -> Uuid {
        let now = self.clock.now();
        let files: Vec<ChatFile> = reply
            .files
            .iter()
            .map(|f| ChatFile {
                name: f.name.clone(),
                media_type: f.media_type.clone(),
                content: f.content.clone(),
            })
            .collect();
        let body = super::page::Body::Answer {
            asked: "/balance 1".to_owned(),
            reply: Box::new(reply),
        };
        let message = ChatMessage {
            id: new_id(now),
            channel: "accounts-london".to_owned(),
            thread: None,
            author: PersonId::new(person),
            only_for: only_for.map(PersonId::new),
            at: now,
            body: serde_json::to_value(body).unwrap(),
        };
        let mut unit = self.store.write().await.unwrap();
        assert!(unit.chat_post(&message, &files, token()).await.unwrap());
        unit.commit().await.unwrap();
        message.id
    }
}

/// What a page sends along so that nothing is said twice.
fn token() -> Uuid {
    new_id(DateTime::UNIX_EPOCH)
}

fn posted(person: &str, path: &str) -> axum::http::request::Builder {
    Request::post(path)
        .header(header::COOKIE, format!("hammerdesk_person={person}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-requested-with", "hammerdesk")
}

async fn read(response: Response) -> (StatusCode, String) {
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

/// The next message that a stream brings.
async fn next(stream: &mut BodyDataStream) -> String {
    loop {
        let chunk = stream.next().await.expect("the stream ended").unwrap();
        let text = String::from_utf8_lossy(&chunk).into_owned();
        if text.contains("data:") {
            return text;
        }
    }
}

/// An answer with everything that has an address of its own.
fn answer(secret: &str) -> Reply {
    let step = Step {
        rule: "B1".to_owned(),
        applied: true,
        because: secret.to_owned(),
        sources: Vec::new(),
    };
    let as_of = AsOf {
        source: "ledger".to_owned(),
        at: None,
        stale: false,
        note: None,
    };
    let card = Card {
        title: secret.to_owned(),
        explain: vec![step],
        as_of: vec![as_of],
        ..Card::default()
    };
    let file = Attachment {
        name: "a\"b\r\n.csv".to_owned(),
        media_type: "text/csv".to_owned(),
        content: secret.as_bytes().to_vec(),
    };
    let button = Action {
        id: ActionId::new("act-1"),
        ..Action::ask("Show invoices", "/help")
    };
    Reply {
        cards: vec![card],
        files: vec![file],
        actions: vec![button],
        ..Reply::sentence(Outcome::Answered, "")
    }
}

#[tokio::test]
async fn a_private_answer_reaches_no_page_fragment_file_or_button_of_anybody_else() {
    let bench = Bench::new().await;
    let id = bench.keep(AMARA, Some(AMARA), answer("GBP-SECRET")).await;
    let paths = [
        "/console/c/accounts-london".to_owned(),
        format!("/console/c/accounts-london?thread={id}"),
        format!("/console/c/accounts-london/before/{}", Uuid::max()),
        format!("/console/t/{id}"),
        format!("/console/m/{id}/explain/0"),
        format!("/console/m/{id}/file/0"),
    ];
    for path in &paths {
        let (_, hers) = bench.get(AMARA, path).await;
        assert!(
            hers.contains("GBP-SECRET"),
            "she does not see her own answer at {path}: {hers}"
        );
        let (_, his) = bench.get(KIT, path).await;
        assert!(!his.contains("SECRET"), "somebody else sees it at {path}");
    }
    let press = json!({ "channel": "accounts-london", "message": id, "action": "act-1", "token": token() });
    assert_eq!(
        bench.post(KIT, "/console/press", press.clone()).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(bench.post(AMARA, "/console/press", press).await.0, StatusCode::OK);
    let reply = json!({ "channel": "accounts-london", "thread": id, "text": "hm", "token": token() });
    assert_eq!(
        bench.post(KIT, "/console/say", reply).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_private_answer_is_never_sent_live_to_anybody_else() {
    let bench = Bench::new().await;
    let mut his = bench.live(KIT).await;
    let mut hers = bench.live(AMARA).await;
    bench.say(AMARA, "accounts-london", "/help").await;
    bench.say(AMARA, "accounts-london", "a word to all").await;
    let first = next(&mut his).await;
    assert!(
        first.contains("a word to all") && !first.contains("/help"),
        "{first}"
    );
    assert!(next(&mut hers).await.contains("Only you can see this"));
}

#[tokio::test]
async fn what_is_said_in_the_thread_of_a_private_answer_is_private_too() {
    let bench = Bench::new().await;
    let root = bench.keep(AMARA, Some(AMARA), answer("GBP-SECRET")).await;
    let body =
        json!({ "channel": "accounts-london", "thread": root, "text": "note to self", "token": token() });
    let (status, _) = bench.post(AMARA, "/console/say", body).await;
    assert_eq!(status, StatusCode::OK);
    let mut view = bench.store.read().await.unwrap();
    assert_eq!(
        view.chat_thread(&PersonId::new(AMARA), root, 10)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        view.chat_thread(&PersonId::new(KIT), root, 10)
            .await
            .unwrap()
            .len(),
        0
    );
    assert_eq!(
        view.chat_threads(&PersonId::new(KIT), Uuid::nil(), 10)
            .await
            .unwrap()
            .len(),
        0
    );
}

#[tokio::test]
async fn answers_stand_open_among_managers_but_never_those_of_compliance() {
    let bench = Bench::new().await;
    let mut hers = bench.live(ROSA).await;
    for line in ["/help", "/help share:true", "/balance 1 share:true"] {
        let kept = bench.say(INES, "managers", line).await;
        assert!(
            kept["html"].as_str().unwrap().contains("Only you can see this"),
            "{line}: {kept}"
        );
    }
    bench.say(INES, "managers", "the end").await;
    let first = next(&mut hers).await;
    assert!(
        first.contains("the end"),
        "an answer to compliance was shared: {first}"
    );
    let mut theirs = bench.live(INES).await;
    let open = bench.say(ROSA, "managers", "/help").await;
    assert!(!open["html"].as_str().unwrap().contains("Only you can see this"));
    assert!(
        next(&mut theirs).await.contains("/help"),
        "an answer among managers was not shared"
    );
    let (status, _) = bench.get(AMARA, "/console/c/managers").await;
    assert_eq!(status, StatusCode::SEE_OTHER, "a coordinator is among managers");
}

#[tokio::test]
async fn a_channel_of_another_saleroom_looks_as_if_there_were_none() {
    let bench = Bench::new().await;
    bench.say(AMARA, "accounts-london", "for London only").await;
    let (status, page) = bench.get(LIN, "/console/c/accounts-london").await;
    assert_eq!(
        (status, page.contains("London only")),
        (StatusCode::SEE_OTHER, false)
    );
    let unknown = json!({ "channel": "no-such", "text": "x", "token": token() });
    let foreign = json!({ "channel": "accounts-london", "text": "x", "token": token() });
    assert_eq!(
        bench.post(LIN, "/console/say", unknown).await,
        bench.post(LIN, "/console/say", foreign).await,
        "the refusal tells a channel that exists from one that does not"
    );
    let mut live = bench.live(LIN).await;
    bench.say(AMARA, "accounts-london", "for London only").await;
    bench.say(AMARA, "shipping", "for all").await;
    assert!(next(&mut live).await.contains("for all"));
}

#[tokio::test]
async fn messages_and_read_marks_survive_a_restart() {
    let bench = Bench::new().await;
    let said = bench.say(AMARA, "shipping", "the crate is at gate 4").await;
    let (_, places) = bench.get(KIT, "/console/places/accounts-london").await;
    assert!(places.contains("1<span class=\"hidden\"> unread"), "{places}");
    let mark = json!({ "channel": "shipping", "up_to": said["id"] });
    assert_eq!(
        bench.post(KIT, "/console/read", mark).await.0,
        StatusCode::NO_CONTENT
    );
    let bench = bench.restarted().await;
    let (_, page) = bench.get(KIT, "/console/c/shipping").await;
    assert!(page.contains("the crate is at gate 4"));
    let (_, places) = bench.get(KIT, "/console/places/accounts-london").await;
    assert!(!places.contains("class=\"unread\""), "{places}");
}

#[tokio::test]
async fn a_message_sent_again_with_its_token_is_not_said_twice() {
    let bench = Bench::new().await;
    let body = json!({ "channel": "shipping", "text": "once", "token": token() });
    let first = bench.post(AMARA, "/console/say", body.clone()).await;
    assert_eq!(first, bench.post(AMARA, "/console/say", body.clone()).await);
    let mut view = bench.store.read().await.unwrap();
    assert_eq!(
        view.chat_page(&PersonId::new(AMARA), "shipping", None, 10)
            .await
            .unwrap()
            .len(),
        1
    );
    let (status, _) = bench.post(KIT, "/console/say", body).await;
    assert_eq!(
        status,
        StatusCode::NOT_FOUND,
        "a token of another person gave their message away"
    );
}

#[tokio::test]
async fn a_lost_connection_resumes_after_the_last_message_it_had() {
    let bench = Bench::new().await;
    let first = bench.say(AMARA, "shipping", "one").await;
    bench.say(AMARA, "shipping", "two").await;
    let request = Request::get("/console/live")
        .header(header::COOKIE, "hammerdesk_person=kit")
        .header("last-event-id", first["id"].as_str().unwrap());
    let response = bench.send(request.body(Body::empty()).unwrap()).await;
    let mut live = response.into_body().into_data_stream();
    let event = next(&mut live).await;
    assert!(event.contains("two") && !event.contains(">one<"), "{event}");
    bench.state.close();
    assert!(live.next().await.is_none(), "a stop waits for the live streams");
}

#[tokio::test]
async fn a_change_that_our_own_page_did_not_ask_for_is_refused() {
    let bench = Bench::new().await;
    let body = json!({ "channel": "shipping", "text": "forged", "token": token() });
    let request = Request::post("/console/say")
        .header(header::COOKIE, "hammerdesk_person=amara")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    assert_eq!(read(bench.send(request).await).await.0, StatusCode::FORBIDDEN);
    let (status, sentence) = bench.post("stranger", "/console/say", body).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(sentence, "Nobody sits here. Open /console and choose a seat.");
}

#[tokio::test]
async fn a_foreign_name_that_points_at_this_machine_gets_nothing() {
    let bench = Bench::new().await;
    let by_name = async |host: &str| {
        let request = Request::get("/console")
            .header(header::HOST, host)
            .body(Body::empty())
            .unwrap();
        bench.send(request).await.status()
    };
    for host in ["127.0.0.1:4680", "localhost:4680", "[::1]:4680", "LOCALHOST"] {
        assert_eq!(by_name(host).await, StatusCode::OK, "{host}");
    }
    for host in [
        "evil.example:4680",
        "127.0.0.1.evil.example",
        "192.168.1.20:4680",
        "localhost.evil.example",
        "@",
    ] {
        assert_eq!(by_name(host).await, StatusCode::FORBIDDEN, "{host}");
    }
}

#[tokio::test]
async fn every_page_forbids_scripts_and_styles_that_are_not_ours_and_has_none_inline() {
    let bench = Bench::new().await;
    bench
        .keep(AMARA, Some(AMARA), answer("<script>alert(1)</script>"))
        .await;
    let request =
        Request::get("/console/c/accounts-london").header(header::COOKIE, "hammerdesk_person=amara");
    let response = bench.send(request.body(Body::empty()).unwrap()).await;
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"));
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let (_, page) = read(response).await;
    assert_eq!(page.matches("<script").count(), 1, "only the one with a src");
    assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains(" onclick="));
    assert!(
        !page.contains("http://") && !page.contains("https://"),
        "something comes from elsewhere"
    );
}

#[tokio::test]
async fn a_message_that_is_too_long_or_empty_gets_a_sentence() {
    let bench = Bench::new().await;
    let say = |text: String| json!({ "channel": "shipping", "text": text, "token": token() });
    let too_long =
        "That message is longer than 4,000 characters. Shorten it, or send it in parts.".to_owned();
    let refused = (StatusCode::PAYLOAD_TOO_LARGE, too_long);
    assert_eq!(
        bench.post(AMARA, "/console/say", say("é".repeat(4_001))).await,
        refused
    );
    assert_eq!(
        bench.post(AMARA, "/console/say", say("x".repeat(100_000))).await,
        refused
    );
    assert_eq!(
        bench.post(AMARA, "/console/say", say("é".repeat(4_000))).await.0,
        StatusCode::OK
    );
    let empty = bench
        .post(AMARA, "/console/say", say(" \n\u{202E} ".to_owned()))
        .await;
    assert_eq!(
        empty,
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            "There is nothing to send yet.".to_owned()
        )
    );
}

#[tokio::test]
async fn a_file_comes_as_a_download_whose_name_cannot_break_the_header() {
    let bench = Bench::new().await;
    let id = bench.keep(AMARA, None, answer("lot;amount")).await;
    let request =
        Request::get(format!("/console/m/{id}/file/0")).header(header::COOKIE, "hammerdesk_person=kit");
    let response = bench.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(
        response.headers()[header::CONTENT_DISPOSITION],
        "attachment; filename=\"a_b__.csv\""
    );
    assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(read(response).await, (StatusCode::OK, "lot;amount".to_owned()));
}

#[tokio::test]
async fn words_with_markup_stay_words() {
    let bench = Bench::new().await;
    let said = bench
        .say(
            AMARA,
            "shipping",
            "<b onclick=x>bold</b> & \u{202E}gnp.exe\nsecond line",
        )
        .await;
    let html = said["html"].as_str().unwrap();
    assert!(
        html.contains("&lt;b onclick=x&gt;bold&lt;/b&gt; &amp; gnp.exe\nsecond line"),
        "{html}"
    );
}
