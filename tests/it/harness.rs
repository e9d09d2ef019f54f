//! A whole app over the sample house, and the people who talk to it. Time stands until it is moved.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use hammerdesk::App;
use hammerdesk::furnish::{furnish, settings};
use hammerdesk_commands::render;
use hammerdesk_commands::request::{Completing, Place, Request, Suggestion, What};
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::clock::{Clock, ManualClock};
use hammerdesk_domain::ids::{ActionId, PersonId};
use hammerdesk_domain::message::Reply;
use hammerdesk_sandbox::SampleHouse;
use hammerdesk_store::Store;
use hammerdesk_store::testing;
use tokio::sync::OnceCell;

pub(crate) const COORDINATOR: &str = "coordinator-london";
pub(crate) const HONG_KONG: &str = "coordinator-hong-kong";
pub(crate) const MANAGER: &str = "manager";
pub(crate) const SHIPPING: &str = "shipping";
pub(crate) const CALL_CENTRE: &str = "call-centre";
pub(crate) const COMPLIANCE: &str = "compliance";

/// The moment at which every sample house stands.
pub(crate) fn moment() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-20T10:00:00Z")
        .unwrap()
        .to_utc()
}

/// An app, its clock and its house.
pub(crate) struct Desk {
    pub(crate) app: App,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) house: SampleHouse,
    _folder: Option<tempfile::TempDir>,
}

/// Furnishing takes seconds: it is done once, and every desk works on a copy.
async fn furnished() -> &'static PathBuf {
    static ONCE: OnceCell<(PathBuf, tempfile::TempDir)> = OnceCell::const_new();
    let made = ONCE.get_or_init(|| async {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("house.db");
        let store = Store::create(&format!("sqlite:{}", file.display()))
            .await
            .unwrap();
        furnish(&store, &house(), &ManualClock::at(moment()), |_| ())
            .await
            .unwrap();
        store.close().await;
        (file, folder)
    });
    &made.await.0
}

pub(crate) fn house() -> SampleHouse {
    SampleHouse::new(7, moment(), 1)
}

/// A copy of the furnished house's file.
pub(crate) async fn house_copy() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("house.db");
    std::fs::copy(furnished().await, &file).unwrap();
    (folder, file)
}

/// Brings the sample house into any store.
pub(crate) async fn furnish_house(store: &Store) {
    furnish(store, &house(), &ManualClock::at(moment()), |_| ())
        .await
        .unwrap();
}

/// The settings of the sample house, with nobody held back for asking much.
pub(crate) fn house_settings() -> Settings {
    let mut settings = settings(&house());
    settings.pace.per_minute = 100_000;
    settings.pace.burst = 100_000;
    settings
}

impl Desk {
    /// The sample house on a SQLite file of its own.
    pub(crate) async fn open() -> Self {
        Self::with(|_| ()).await
    }

    /// The same, with other settings.
    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let (folder, file) = house_copy().await;
        let store = Store::open(&format!("sqlite:{}", file.display())).await.unwrap();
        Self::over(store, Some(folder), change)
    }

    /// Closes the app and leaves its file, for a test that runs the binary on it.
    pub(crate) async fn into_file(self) -> (tempfile::TempDir, PathBuf) {
        self.app.commands.flush().await;
        self.app.store.close().await;
        let folder = self._folder.expect("a desk on a file");
        let file = folder.path().join("house.db");
        (folder, file)
    }

    /// An app over any store.
    pub(crate) fn over(
        store: Store,
        folder: Option<tempfile::TempDir>,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let house = house();
        let mut settings = house_settings();
        change(&mut settings);
        let clock = Arc::new(ManualClock::at(moment()));
        let app = App::build(store, settings, clock.clone(), true);
        Self {
            app,
            clock,
            house,
            _folder: folder,
        }
    }

    /// Asks as that person, in a place where answers are private.
    pub(crate) async fn ask(&self, person: &str, line: &str) -> Reply {
        self.say(person, What::Typed(line.to_owned())).await
    }

    /// Presses a button as that person.
    pub(crate) async fn press(&self, person: &str, action: &ActionId) -> Reply {
        self.say(person, What::Press(action.clone())).await
    }

    /// Says anything.
    pub(crate) async fn say(&self, person: &str, what: What) -> Reply {
        let place = Place {
            platform: "test",
            channel: "desk".to_owned(),
            open: false,
        };
        let request = Request {
            who: PersonId::new(person),
            place,
            what,
            at: self.clock.now(),
        };
        self.app.commands.answer(request).await
    }

    /// What a person without any platform would read.
    pub(crate) async fn text(&self, person: &str, line: &str) -> String {
        render::plain(&self.ask(person, line).await)
    }

    /// Completions of the line.
    pub(crate) async fn complete(&self, person: &str, line: &str) -> Vec<Suggestion> {
        self.app
            .commands
            .complete(Completing {
                who: PersonId::new(person),
                line: line.to_owned(),
            })
            .await
    }
}

/// Runs a test on a sample house of each engine.
pub(crate) async fn each_house(test: impl AsyncFn(&Desk)) {
    testing::each_engine(async |store| {
        furnish_house(&store).await;
        let desk = Desk::over(store, None, |_| ());
        test(&desk).await;
        desk.app.commands.flush().await;
    })
    .await;
}
