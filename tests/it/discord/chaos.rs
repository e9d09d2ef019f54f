//! An hour in which everything goes wrong that can go wrong between us and Discord: nothing is lost, nothing
//! stands there twice, and each channel and thread has its alerts in their order.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use hammerdesk_domain::chat::{Platform, Post};
use hammerdesk_domain::clock::Clock as _;
use hammerdesk_domain::ids::ChannelId;
use hammerdesk_domain::message::{Card, Reply};
use hammerdesk_sandbox::discord::{Asked, Fault, GatewayCounts, Id, LimitScope, Person, Seen};
use hammerdesk_store::testing;
use serde_json::json;

use super::{Chat, Different, PATIENCE, client};
use crate::bridged::whole_proofs;
use crate::harness::{COORDINATOR, furnish_house};

/// Alerts and questions of the whole hour, which takes minutes without optimisation:
/// `HAMMERDESK_WHOLE_PROOFS=1` runs it.
const WHOLE: (usize, usize) = (5_000, 2_000);
/// And of the one that every test run lives through.
const PART: (usize, usize) = (1_000, 300);
const MINUTES: usize = 60;
/// Discord is away from the first of these minutes until the second.
const AWAY: (usize, usize) = (30, 36);
/// Questions that are asked in one minute at most.
const AT_ONCE: usize = 60;
/// Every so many alerts one opens a thread.
const HEADS: usize = 50;

const POST: &str = "POST /channels/{}/messages";
const CALLBACK: &str = "POST /interactions/{}/{}/callback";

/// How many alerts and questions there are.
fn sizes() -> (usize, usize) {
    if whole_proofs() { WHOLE } else { PART }
}

/// Where an alert belongs: its channel, and the head in whose thread it is.
fn place(n: usize) -> (&'static str, Option<usize>) {
    let head = n - n % HEADS;
    match n % 5 {
        4 => ("accounts-london", Some(head)),
        _ if n == head => ("accounts-london", None),
        _ => (["accounts-london", "managers", "call-centre"][n % 3], None),
    }
}

fn title(n: usize) -> String {
    format!("Alert {n:04}")
}

fn alert(n: usize, says: &str) -> Post {
    let (channel, within) = place(n);
    let card = Card {
        title: title(n),
        subtitle: Some(says.to_owned()),
        ..Card::default()
    };
    let post = Post::new(
        format!("alert:{n}"),
        ChannelId::new(channel),
        Reply::card(card, json!({})),
    );
    match within {
        Some(head) => post.within(format!("alert:{head}")),
        None if n.is_multiple_of(HEADS) => post.opening(title(n)),
        None => post,
    }
}

/// What is to go wrong with the calls of that minute.
fn calls_go_wrong(chat: &Chat, minute: usize) {
    let (route, fault, times) = match minute % 9 {
        0 => (POST, Fault::LostAnswer, 3),
        1 => (POST, Fault::Status(502), 3),
        2 => (POST, too_many(LimitScope::User), 2),
        3 => ("*", too_many(LimitScope::Global), 2),
        4 => (POST, Fault::LostRequest, 3),
        5 => (POST, Fault::Garbage, 2),
        6 => ("POST /channels/{}/messages/{}/threads", Fault::LostAnswer, 1),
        7 => ("PATCH /channels/{}/messages/{}", Fault::LostAnswer, 2),
        _ => ("GET /channels/{}/messages", Fault::Status(500), 1),
    };
    chat.sim.fail(route, fault, times);
    let (fault, times) = match minute % 6 {
        0 => (Fault::LostAnswer, 2),
        1 => (Fault::LostRequest, 2),
        2 => (Fault::Status(503), 2),
        3 => (too_many(LimitScope::User), 2),
        4 => (too_many(LimitScope::Shared), 1),
        _ => (expired(), 1),
    };
    chat.sim.fail(CALLBACK, fault, times);
}

fn too_many(scope: LimitScope) -> Fault {
    Fault::TooMany {
        retry_after: Duration::from_millis(150),
        scope,
    }
}

fn expired() -> Fault {
    Fault::Refusal {
        status: 404,
        code: 10_062,
        message: "Unknown interaction".to_owned(),
    }
}

/// What goes wrong with the gateway in that minute. `true`: the session is over, and what happens until the
/// next one begins never reaches any bot.
fn gateway_goes_wrong(chat: &Chat, minute: usize) -> bool {
    let gateway = chat.sim.gateway();
    match minute {
        3 | 41 => gateway.close(4000),
        7 | 26 | 52 => gateway.drop_connections(),
        11 => gateway.request_reconnect(),
        15 => gateway.close(4008),
        19 => gateway.invalidate(true),
        23 => gateway.request_heartbeat(),
        45 => {
            gateway.invalidate(false);
            return true;
        }
        22 => {
            gateway.close(4009);
            return true;
        }
        _ => {}
    }
    false
}

/// Somebody asked.
struct Question {
    person: Person,
    asked: Asked,
}

impl Question {
    /// Everything that is there to read for it, wherever it stands.
    fn answers(&self) -> Vec<Seen> {
        let outcome = self.asked.now();
        let own = outcome.message.filter(|message| !message.is_thinking);
        own.into_iter()
            .chain(outcome.follow_ups)
            .chain(self.person.sees(self.person.direct_channel()))
            .collect()
    }
}

struct Hour {
    chat: Chat,
    desk: Id,
    number: String,
    name: String,
    questions: Vec<Question>,
    /// How far the gateway was when the bot stopped to hear anything; it may have begun or resumed since.
    deaf_since: Option<GatewayCounts>,
    alerts: usize,
    asked: usize,
}

impl Hour {
    async fn begin(chat: Chat) -> Self {
        let (alerts, asked) = sizes();
        let desk = chat.sim.channel(chat.guild, "desk");
        let (number, name) = chat.client("B8");
        chat.sim.limit(POST, 30, Duration::from_millis(100));
        Self {
            chat,
            desk,
            number,
            name,
            questions: Vec::new(),
            deaf_since: None,
            alerts,
            asked,
        }
    }

    async fn put(&self, posts: impl Iterator<Item = Post>) {
        let mut unit = self.chat.desk.app.store.write().await.unwrap();
        for post in posts {
            unit.post(&post, [Platform::Discord], self.chat.desk.clock.now())
                .await
                .unwrap();
        }
        unit.commit().await.unwrap();
    }

    /// Somebody new asks, or presses a button on what somebody before them was answered.
    fn ask(&mut self) {
        let n = self.questions.len();
        let earlier = (n % 10 == 9)
            .then(|| &self.questions[n - 9])
            .and_then(|earlier| Some((earlier.person.clone(), earlier.asked.now().message?)))
            .and_then(|(person, message)| Some((person, message.id, message.button("Release")?)));
        let question = match earlier {
            Some((person, message, button)) => Question {
                asked: person.press(message, &button).unwrap(),
                person,
            },
            None => {
                let person = self.chat.person(&format!("Member {n}"), COORDINATOR);
                Question {
                    asked: person.slash(self.desk, "balance", &client(&self.number)).unwrap(),
                    person,
                }
            }
        };
        self.questions.push(question);
    }

    /// Could a bot hear what is asked now, at once or when it resumes?
    fn hears(&mut self) -> bool {
        let gateway = self.chat.sim.gateway();
        let now = gateway.counts();
        let is_back = |before: &GatewayCounts| {
            gateway.is_connected() && (now.identifies > before.identifies || now.resumes > before.resumes)
        };
        if self.deaf_since.as_ref().is_some_and(is_back) {
            self.deaf_since = None;
        }
        self.deaf_since.is_none()
    }

    /// Waits until whatever was asked since then is answered. serenity may begin a new session in place of
    /// resuming: what Discord told the old one then reaches no bot, and is asked again later.
    async fn answered(&mut self, since: usize, sessions: u64) {
        let is_heard = |question: &Question| {
            let id = question.asked.id.to_string();
            let requests = self.chat.sim.requests_to(CALLBACK);
            requests.iter().any(|logged| logged.path.contains(&id))
        };

        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut waiting: Vec<&Question> = self.questions[since..].iter().collect();
        while !waiting.is_empty() && tokio::time::Instant::now() < deadline {
            waiting.retain(|question| question.answers().is_empty());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let unheard: BTreeSet<Id> = waiting.iter().map(|question| question.asked.id).collect();
        let is_new = self.chat.sim.gateway().counts().identifies > sessions;
        assert!(
            unheard.is_empty() || (is_new && !waiting.iter().any(|question| is_heard(question))),
            "not answered (a new session: {is_new}): {:?}",
            waiting
                .iter()
                .map(|question| (question.asked.id, is_heard(question)))
                .collect::<Vec<_>>()
        );
        self.questions
            .retain(|question| !unheard.contains(&question.asked.id));
    }

    async fn minute(&mut self, minute: usize) {
        let put = |minute: usize| {
            (minute * self.alerts).div_ceil(MINUTES)..((minute + 1) * self.alerts).div_ceil(MINUTES)
        };
        self.put(put(minute).map(|n| alert(n, "as it was"))).await;
        if minute == AWAY.0 {
            let counts = self.chat.sim.gateway().counts();
            self.deaf_since.get_or_insert(counts);
            self.chat.sim.down();
        }
        let is_away = (AWAY.0..AWAY.1).contains(&minute);
        let before = self.questions.len();
        let sessions = self.chat.sim.gateway().counts().identifies;
        if !is_away {
            calls_go_wrong(&self.chat, minute);
            let due = ((minute + 1) * self.asked / MINUTES)
                .saturating_sub(before)
                .min(AT_ONCE);
            if self.hears() {
                for _ in 0..due / 2 {
                    self.ask();
                }
            }
            let counts = self.chat.sim.gateway().counts();
            if gateway_goes_wrong(&self.chat, minute) {
                self.deaf_since.get_or_insert(counts);
            }
            if self.hears() {
                for _ in 0..due / 2 {
                    self.ask();
                }
            }
        }
        self.chat.deliver().await;
        self.answered(before, sessions).await;
        if minute == 40 {
            let heads = (0..self.alerts * 2 / 5).step_by(HEADS);
            self.put(heads.map(|n| alert(n, "changed"))).await;
        }
        self.chat.desk.clock.advance(chrono::TimeDelta::minutes(1));
        if minute + 1 == AWAY.1 {
            self.chat.desk.clock.advance(chrono::TimeDelta::minutes(54));
            self.chat.deliver().await;
            self.chat.sim.up();
        }
    }

    /// What was held up by the last minutes.
    async fn rest(&mut self) {
        self.chat.sim.clear_faults();
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while self.questions.len() < self.asked {
            if self.hears() {
                let before = self.questions.len();
                let sessions = self.chat.sim.gateway().counts().identifies;
                for _ in before..self.asked.min(before + AT_ONCE) {
                    self.ask();
                }
                self.answered(before, sessions).await;
            } else {
                assert!(tokio::time::Instant::now() < deadline, "no new session began");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        for _ in 0..20 {
            self.chat.desk.clock.advance(chrono::TimeDelta::minutes(6));
            self.chat.deliver().await;
            let store = &self.chat.desk.app.store;
            if store.read().await.unwrap().outbox_counts().await.unwrap().waiting == 0 {
                return;
            }
        }
        panic!("something still waits");
    }

    fn each_alert_stands_once_in_its_place_and_order(&self) {
        let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for n in 0..self.alerts {
            let (channel, within) = place(n);
            let place = within.map_or_else(|| channel.to_owned(), title);
            expected.entry(place).or_default().push(title(n));
        }
        let mut stands = BTreeMap::new();
        let channels = [
            ("accounts-london", self.chat.accounts),
            ("managers", self.chat.managers),
            ("call-centre", self.chat.call_centre),
        ];
        let sim = &self.chat.sim;
        let mut read = |name: String, channel: Id| {
            let titles: Vec<String> = sim
                .all_messages(channel)
                .iter()
                .filter_map(|seen| seen.embeds.first()?["title"].as_str().map(str::to_owned))
                .collect();
            assert!(
                stands.insert(name.clone(), titles).is_none(),
                "two threads called {name}"
            );
        };
        for (name, channel) in channels {
            read(name.to_owned(), channel);
            for (thread, title) in sim.threads(channel) {
                read(title, thread);
            }
        }
        for (place, titles) in &expected {
            assert_eq!(stands.get(place), Some(titles), "{place}");
        }
        assert_eq!(stands.values().map(Vec::len).sum::<usize>(), self.alerts);
        let changed = sim.all_messages(self.chat.accounts);
        let changed = changed
            .iter()
            .filter(|seen| seen.text().contains("changed"))
            .count();
        assert_eq!(changed, self.alerts * 2 / 5 / HEADS);
    }

    fn each_question_is_answered_once_and_to_its_asker_alone(&self) {
        assert_eq!(self.questions.len(), self.asked);
        let mut people = BTreeSet::new();
        for question in &self.questions {
            let outcome = question.asked.now();
            let own = usize::from(outcome.message.is_some()) + outcome.follow_ups.len();
            let is_press = !people.insert(question.person.id);
            let direct = question.person.sees(question.person.direct_channel());
            if !is_press {
                assert!(own <= 1 && own + direct.len() >= 1, "{outcome:?}");
            }
            assert!(outcome.message.is_none_or(|message| message.is_ephemeral));
            let answers = question.answers();
            assert!(
                is_press || answers.iter().any(|seen| seen.text().contains(&self.name)),
                "{answers:?}"
            );
        }
        // Each answer stands in the channel for its asker, or in a message of its own: as many as questions.
        let at_the_desk = self.chat.sim.all_messages(self.desk);
        assert!(
            at_the_desk
                .iter()
                .all(|seen| seen.is_ephemeral && !seen.is_thinking)
        );
        let direct: usize = people
            .iter()
            .map(|person| {
                let question = self
                    .questions
                    .iter()
                    .find(|question| question.person.id == *person);
                question.map_or(0, |question| {
                    question.person.sees(question.person.direct_channel()).len()
                })
            })
            .sum();
        assert_eq!(at_the_desk.len() + direct, self.asked);
        assert!(direct > 0, "some expired, and were answered all the same");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_of_chaos_loses_nothing_and_doubles_nothing() {
    testing::each_engine(async |store| {
        furnish_house(&store).await;
        let chat = Chat::with(Different {
            store: Some(store),
            // The hour passes in less than a minute.
            setup: Some(|_, setup| setup.calls_per_second = NonZeroU32::new(100_000)),
            ..Different::default()
        })
        .await;
        let mut hour = Hour::begin(chat).await;
        for minute in 0..MINUTES {
            hour.minute(minute).await;
        }
        hour.rest().await;
        hour.each_alert_stands_once_in_its_place_and_order();
        hour.each_question_is_answered_once_and_to_its_asker_alone();
        let counts = hour.chat.sim.gateway().counts();
        assert!(counts.identifies >= 2 && counts.resumes >= 5, "{counts:?}");
        hour.chat.close().await;
    })
    .await;
}
