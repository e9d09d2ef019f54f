//! Two whole bots against each other: nothing goes round in a circle, whatever each makes of the other's words.
//!
//! A bot hears only people in chat, and what it wrote itself it knows by its token; what the other bot wrote is
//! an agent's word like any other and is told once. So after so many words there are exactly so many notes and
//! messages, and however long one waits there are no more.

use std::sync::Arc;

use chrono::TimeDelta;
use hammerdesk::App;
use hammerdesk_domain::chat::SaidHow;
use hammerdesk_domain::clock::ManualClock;
use hammerdesk_sandbox::freshdesk::{Acting, Deed, FreshdeskSim, Rule, Trigger};
use hammerdesk_store::{Store, testing};

use crate::bridged::{self, Setup, account, on_ticket, says, thread};

/// Two bots, each with a key, a store and a chat of its own.
struct Two {
    sim: FreshdeskSim,
    clock: Arc<ManualClock>,
    bots: [App; 2],
    ticket: u64,
}

impl Two {
    async fn begin(stores: [Store; 2], has_one_key: bool, facts_note: bool) -> Self {
        let (sim, clock) = account(|_| ()).await;
        let other = sim.account().add_agent("other bot", "other@house.test");
        sim.account().add_key(other, "the-other-key");
        let ticket = sim
            .account()
            .customer_mails("ada@buyer.test", "Ada", "Lot 45", "<p>When?</p>");
        let setup = Setup {
            facts_note,
            ..Setup::of(&sim)
        };
        let other = Setup {
            key: if has_one_key {
                setup.key.clone()
            } else {
                "the-other-key".to_owned()
            },
            ..setup.clone()
        };
        let [one_store, other_store] = stores;
        let bots = [
            bridged::bot(&sim, &clock, one_store, &setup),
            bridged::bot(&sim, &clock, other_store, &other),
        ];
        let two = Self {
            sim,
            clock,
            bots,
            ticket,
        };
        two.rest().await;
        two
    }

    async fn rest(&self) {
        bridged::rest(&self.clock, &[&self.bots[0], &self.bots[1]]).await;
    }

    /// Everything anybody can read anywhere.
    async fn everything(&self) -> Vec<Vec<String>> {
        let mut all = vec![on_ticket(self.sim.account(), self.ticket)];
        for bot in &self.bots {
            all.push(thread(bot, self.ticket).await);
            all.push(bridged::channel(bot).await);
        }
        all
    }

    /// A day passes in steps of a minute or so, in which both do whatever they find to do.
    async fn stays_so(&self) {
        let before = self.everything().await;
        let asked = self.writes();
        for _ in 0..100 {
            self.clock.advance(TimeDelta::seconds(61));
            for bot in &self.bots {
                bot.engine().settle().await.unwrap();
            }
        }
        self.clock.advance(TimeDelta::hours(25));
        self.rest().await;
        assert_eq!(self.everything().await, before);
        assert_eq!(self.writes(), asked, "nothing was even asked for");
        assert_eq!(self.sim.account().violations(), []);
    }

    fn writes(&self) -> usize {
        let asked = self.sim.requests();
        asked.iter().filter(|seen| seen.method != "GET").count()
    }
}

async fn two_files(test: impl AsyncFnOnce([Store; 2])) {
    let folder = tempfile::tempdir().unwrap();
    let store = async |name: &str| {
        let file = folder.path().join(name);
        Store::create(&format!("sqlite:{}", file.display()))
            .await
            .unwrap()
    };
    let stores = [store("a.db").await, store("b.db").await];
    test(stores.clone()).await;
    for store in stores {
        store.close().await;
    }
}

/// Each bot's people say so many words, customers and agents say some, and everybody counts.
async fn talk(two: &Two, words: usize) {
    let account = two.sim.account();
    let kit = account.add_agent("Kit Ashdown", "kit@house.test");
    for n in 0..words {
        says(
            &two.bots[0],
            two.ticket,
            &format!("a{n}"),
            SaidHow::Said,
            &format!("A says {n}"),
        )
        .await;
        says(
            &two.bots[1],
            two.ticket,
            &format!("b{n}"),
            SaidHow::Said,
            &format!("B says {n}"),
        )
        .await;
        if n % 3 == 0 {
            two.rest().await;
        }
    }
    account
        .agent_notes(kit, two.ticket, "<div>Kit notes</div>", true)
        .unwrap();
    account
        .agent_replies(kit, two.ticket, "<div>Kit replies</div>")
        .unwrap();
    account
        .customer_answers(two.ticket, "<div>Ada answers</div>")
        .unwrap();
    two.rest().await;
}

fn counted(all: &[String], with: &str) -> usize {
    all.iter().filter(|words| words.contains(with)).count()
}

#[tokio::test]
async fn two_bots_with_a_chat_each_tell_every_word_once_and_then_fall_silent() {
    for has_one_key in [false, true] {
        two_files(async |stores| {
            let two = Two::begin(stores, has_one_key, false).await;
            talk(&two, 12).await;
            let everything = two.everything().await;
            let [ticket, a, _, b, _] = everything.as_slice() else {
                panic!("{everything:?}");
            };
            // 24 words of chat became 24 notes; Kit's note and reply, and Ada's answer.
            assert_eq!(ticket.len(), 27, "{ticket:#?}");
            assert_eq!((counted(ticket, "A says"), counted(ticket, "B says")), (12, 12));
            // Ada's mail, Kit twice, Ada's answer, and what the other chat said. Their own words stand there
            // already, said by the people themselves.
            for (thread, own, other) in [(a, "A says", "B says"), (b, "B says", "A says")] {
                assert_eq!(thread.len(), 16, "{thread:#?}");
                assert_eq!(
                    (counted(thread, own), counted(thread, other)),
                    (0, 12),
                    "{thread:#?}"
                );
            }
            assert_eq!(two.sim.account().mail_sent().len(), 1, "Kit's own reply");
            two.stays_so().await;
        })
        .await;
    }
}

#[tokio::test]
async fn what_is_edited_and_deleted_in_one_chat_is_followed_in_the_other_and_ends_there() {
    two_files(async |stores| {
        let two = Two::begin(stores, false, false).await;
        let [a, _] = &two.bots;
        says(a, two.ticket, "1", SaidHow::Said, "Bank says Friday").await;
        says(a, two.ticket, "2", SaidHow::Said, "Never mind").await;
        two.rest().await;
        says(a, two.ticket, "1", SaidHow::Edited, "Bank says Monday").await;
        says(a, two.ticket, "2", SaidHow::Deleted, "").await;
        two.rest().await;
        let everything = two.everything().await;
        assert_eq!(everything[0], ["note: Nia Prosser in chat: Bank says Monday"]);
        assert_eq!(everything[1].len(), 1, "{everything:#?}");
        assert_eq!(everything[3].len(), 3, "{everything:#?}");
        assert_eq!(counted(&everything[3], "Monday"), 1);
        assert_eq!(
            counted(&everything[3], "Friday") + counted(&everything[3], "Never mind"),
            0
        );
        two.stays_so().await;
    })
    .await;
}

#[tokio::test]
async fn a_question_in_a_note_is_answered_by_each_once_and_no_answer_is_a_question() {
    two_files(async |stores| {
        let two = Two::begin(stores, false, true).await;
        let account = two.sim.account();
        let kit = account.add_agent("Kit Ashdown", "kit@house.test");
        account
            .agent_notes(kit, two.ticket, "<div>#hd help</div>", true)
            .unwrap();
        two.rest().await;
        // Said in one chat, it is a note of an agent to the other bot.
        says(&two.bots[0], two.ticket, "n", SaidHow::Said, "#hd help").await;
        two.rest().await;
        let ticket = on_ticket(account, two.ticket);
        let answers = ticket.len() - 2;
        assert!((1..=2).contains(&answers), "{ticket:#?}");
        two.stays_so().await;
    })
    .await;
}

#[tokio::test]
async fn a_rule_of_the_helpdesk_that_answers_every_note_ends_where_it_ends_without_bots() {
    two_files(async |stores| {
        let two = Two::begin(stores, false, false).await;
        let account = two.sim.account();
        // One says something of its own, the other repeats what was said, our invisible mark and all.
        for (id, deed) in [
            (1, Deed::Note("<div>Seen by a rule</div>".to_owned())),
            (2, Deed::EchoAsNote),
        ] {
            account.add_rule(Rule {
                id,
                on: Trigger::NoteAdded,
                by: Acting::AgentExcept(Vec::new()),
                then: vec![deed],
            });
        }
        for n in 0..5 {
            says(
                &two.bots[0],
                two.ticket,
                &format!("{n}"),
                SaidHow::Said,
                &format!("Word {n}"),
            )
            .await;
            two.rest().await;
        }
        let ticket = on_ticket(account, two.ticket);
        assert_eq!(
            (counted(&ticket, "Word"), counted(&ticket, "Seen by")),
            (10, 5),
            "{ticket:#?}"
        );
        let own = thread(&two.bots[0], two.ticket).await;
        assert_eq!(
            (counted(&own, "Word"), counted(&own, "Seen by")),
            (5, 5),
            "{own:#?}"
        );
        let other = thread(&two.bots[1], two.ticket).await;
        assert_eq!(
            (counted(&other, "Word"), counted(&other, "Seen by")),
            (10, 5),
            "{other:#?}"
        );
        two.stays_so().await;
    })
    .await;
}

#[tokio::test]
async fn two_bots_in_one_chat_are_as_one() {
    testing::each_engine(async |store| {
        let two = Two::begin([store.clone(), store], true, false).await;
        talk(&two, 8).await;
        let everything = two.everything().await;
        let [ticket, thread, channel, ..] = everything.as_slice() else {
            panic!("{everything:?}");
        };
        assert_eq!(ticket.len(), 19, "{ticket:#?}");
        assert_eq!((counted(ticket, "A says"), counted(ticket, "B says")), (8, 8));
        assert_eq!(channel.len(), 1, "{channel:#?}");
        // Ada's mail, Kit twice, Ada's answer.
        assert_eq!(thread.len(), 4, "{thread:#?}");
        two.stays_so().await;
    })
    .await;
}
