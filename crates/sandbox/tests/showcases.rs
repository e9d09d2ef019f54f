//! Every showcase really meets its row: imported into a store, loaded back as facts, decided.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use hammerdesk_domain::access::Asker;
use hammerdesk_domain::balance::{self, BalanceQuestion, Narrow};
use hammerdesk_domain::deposit::{self, DepositQuestion, Situation};
use hammerdesk_domain::facts::{AccountFacts, Moment};
use hammerdesk_domain::freshness::SourceState;
use hammerdesk_domain::ids::{EntityCode, InvoiceNo, LotKey, LotNo, SaleNo, SourceId};
use hammerdesk_domain::location::{House, WorkingDays};
use hammerdesk_domain::message::Outcome;
use hammerdesk_domain::record::Entity;
use hammerdesk_domain::release::{self, ReleaseOutcome, ReleaseQuestion};
use hammerdesk_sandbox::{SampleHouse, Showcase};
use hammerdesk_store::{AccountQuery, Line, Load, Lots, NewBatch, Part, Store, Summary};

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// A store that holds the house, and where it is.
async fn imported(house: &SampleHouse) -> (Store, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite:{}", dir.path().join("house.db").display());
    let store = Store::create(&url).await.expect("a store");
    for entity in Entity::ALL {
        let batch = NewBatch {
            source: SourceId::new("sample"),
            entity: *entity,
            file_name: format!("{}.csv", entity.name()),
            sha256: entity.name().to_owned(),
            mapping: None,
            extracted_at: house.now(),
            complete: false,
            at: house.now(),
        };
        let Load::Open(mut load) = store.begin_load(batch).await.expect("a load") else {
            panic!("{} was there already", entity.name());
        };
        let lines: Vec<Line> = (2..)
            .zip(house.records(*entity))
            .map(|(line, record)| Line { line, record })
            .collect();
        let rows = lines.len() as u64;
        load.rows(lines).await.expect("rows");
        let summary = Summary {
            rows,
            quarantined: Vec::new(),
            control_totals: serde_json::json!({}),
            at: house.now(),
        };
        let loaded = load.finish(summary).await.expect("a load");
        assert_eq!(
            (loaded.duplicates, loaded.contradictions.len()),
            (0, 0),
            "{}",
            entity.name()
        );
    }
    (store, dir)
}

fn touches(facts: &AccountFacts, entity: &EntityCode) -> bool {
    facts.items.iter().any(|item| item.entity == *entity)
        || facts.sales.iter().any(|sale| sale.entity == *entity)
}

/// The feeds as the decisions see them for an account: those of an entity that it has nothing in are left
/// out.
fn sources(house: &SampleHouse, settings: &House, facts: &AccountFacts) -> Vec<SourceState> {
    let feeds = house
        .feeds()
        .into_iter()
        .filter(|feed| feed.entity.as_ref().is_none_or(|only| touches(facts, only)));
    feeds
        .map(|feed| {
            let location = feed.location.as_ref().and_then(|id| settings.location(id));
            let everyday = WorkingDays {
                weekend: BTreeSet::new(),
                ..WorkingDays::monday_to_friday()
            };
            SourceState {
                source: feed.id,
                name: feed.name,
                needed_for: feed.needed_for,
                extracted_at: Some(feed.extracted_at),
                soft: feed.soft,
                hard: feed.hard,
                zone: location.map_or(Tz::UTC, |location| location.zone),
                days: location.map_or(everyday, |location| location.days.clone()),
                may_miss: feed.may_miss,
            }
        })
        .collect()
}

/// What a question came to: the rows that applied.
type Rows = BTreeSet<String>;

struct Asking<'a> {
    house: &'a SampleHouse,
    settings: House,
    people: BTreeMap<String, Asker>,
    store: Store,
    moment: Moment,
}

impl Asking<'_> {
    async fn facts(&self, showcase: &Showcase, with: Part) -> AccountFacts {
        let query = AccountQuery {
            client: showcase.client.clone(),
            as_of: self.moment.now.date_naive(),
            with,
        };
        let mut view = self.store.read().await.expect("a view");
        let mut facts = view
            .account(&query)
            .await
            .expect("facts")
            .expect("the client is known");
        facts.sources = sources(self.house, &self.settings, &facts);
        facts
    }

    async fn rows(&self, showcase: &Showcase) -> Rows {
        let asker = &self.people[showcase.as_person.as_str()];
        let (command, rest) = showcase
            .question
            .split_once(' ')
            .expect("a question about something");
        let option = |name: &str| {
            rest.split_once(&format!(" {name}:"))
                .map(|(_, value)| value.to_owned())
        };
        match command {
            "/balance" => {
                self.balance(showcase, asker, rest, option("invoice"), option("lot"))
                    .await
            }
            "/release" => self.release(showcase, asker, rest).await,
            "/deposit" => self.deposit(showcase, asker, option("sale")).await,
            other => panic!("{other} is no command"),
        }
    }

    async fn balance(
        &self,
        showcase: &Showcase,
        asker: &Asker,
        rest: &str,
        invoice: Option<String>,
        lot: Option<String>,
    ) -> Rows {
        if rest.chars().next().is_some_and(char::is_alphabetic) {
            let query = hammerdesk_store::ClientQuery {
                text: rest.to_owned(),
                limit: 10,
                effort: hammerdesk_store::Effort::Asked,
            };
            let mut view = self.store.read().await.expect("a view");
            let found = view.search_clients(&query).await.expect("clients");
            let seen = found.iter().filter(|found| asker.may_see(&found.client)).count();
            return Rows::from([if seen > 1 { "B1" } else { "one" }.to_owned()]);
        }
        let with = match &lot {
            Some(lot) => Part::Release {
                lots: Lots::Lot(lot_key(lot)),
            },
            None => Part::Balance,
        };
        let narrow = match (invoice, lot) {
            (Some(number), _) => Some(Narrow::Invoice(InvoiceNo::new(number))),
            (None, Some(lot)) => Some(Narrow::Lot(lot_key(&lot))),
            (None, None) => None,
        };
        let facts = self.facts(showcase, with).await;
        let question = BalanceQuestion {
            narrow,
            ..BalanceQuestion::default()
        };
        let answer = balance::decide(&facts, asker, &self.settings, &question, self.moment);
        assert_ne!(
            answer.outcome,
            Outcome::Error,
            "{}: {}",
            showcase.question,
            answer.text
        );
        answer
            .explain
            .into_iter()
            .filter(|step| step.applied)
            .map(|step| step.rule)
            .collect()
    }

    async fn release(&self, showcase: &Showcase, asker: &Asker, what: &str) -> Rows {
        let (question, lots) = if what.contains('/') {
            (ReleaseQuestion::Lot(lot_key(what)), Lots::Lot(lot_key(what)))
        } else {
            (ReleaseQuestion::Invoice(InvoiceNo::new(what)), Lots::All)
        };
        let facts = self.facts(showcase, Part::Release { lots }).await;
        let answer = release::decide(&facts, asker, &self.settings, &question, self.moment);
        let mut rows = Rows::from([answer.outcome.word().to_owned()]);
        for lot in &answer.lots {
            rows.extend(lot.reasons.iter().map(|reason| reason.code.word().to_owned()));
            let gone = lot.outcome == ReleaseOutcome::Released;
            if lot
                .exception
                .as_ref()
                .is_some_and(|exception| gone && exception.effective)
            {
                rows.insert("EXCEPTION".to_owned());
            }
        }
        rows
    }

    async fn deposit(&self, showcase: &Showcase, asker: &Asker, sale: Option<String>) -> Rows {
        let facts = self.facts(showcase, Part::Deposit).await;
        let question = DepositQuestion {
            sale: sale.map(SaleNo::new),
        };
        let answer = deposit::decide(&facts, asker, &self.settings, &question, self.moment);
        assert_eq!(answer.outcome, Outcome::Answered, "{:?}", answer.sentence);
        let mut rows = Rows::new();
        if answer.deposits.is_empty() {
            rows.insert("P0".to_owned());
        }
        for line in &answer.deposits {
            assert_ne!(
                line.status,
                Situation::Ask,
                "{}: {:?}",
                showcase.row,
                line.internal
            );
            rows.insert(line.status.word().to_owned());
            rows.extend(line.also.iter().map(|also| also.word().to_owned()));
            rows.extend(line.failed().map(|failed| failed.word().to_owned()));
        }
        rows
    }
}

fn lot_key(text: &str) -> LotKey {
    let (sale, lot) = text.split_once('/').expect("sale/lot");
    LotKey {
        sale: SaleNo::new(sale),
        lot: LotNo::new(lot),
    }
}

/// Every showcase with the rows that its question met.
async fn asked(now: DateTime<Utc>) -> Vec<(Showcase, Rows)> {
    let house = SampleHouse::new(7, now, 1);
    let (store, _dir) = imported(&house).await;
    let people = house
        .people()
        .into_iter()
        .map(|person| (person.id.to_string(), person))
        .collect();
    let asking = Asking {
        house: &house,
        settings: house.settings(),
        people,
        store,
        moment: Moment { now, as_of: None },
    };
    let mut asked = Vec::new();
    for showcase in house.showcases() {
        let rows = asking.rows(showcase).await;
        asked.push((showcase.clone(), rows));
    }
    asked
}

fn missed(asked: &[(Showcase, Rows)]) -> Vec<String> {
    let missed = asked
        .iter()
        .filter(|(showcase, rows)| !rows.contains(&showcase.row));
    missed
        .map(|(showcase, rows)| format!("{} {}: {rows:?}", showcase.row, showcase.question))
        .collect()
}

#[tokio::test]
async fn every_showcase_meets_its_row_on_a_monday_morning() {
    let asked = asked(instant("2026-11-23T10:30:00Z")).await;
    assert_eq!(missed(&asked), Vec::<String>::new());
}

#[tokio::test]
async fn every_showcase_meets_its_row_on_a_sunday_at_new_year() {
    let asked = asked(instant("2027-01-03T02:15:00Z")).await;
    assert_eq!(missed(&asked), Vec::<String>::new());
}

#[test]
fn there_is_a_showcase_for_every_row_of_the_three_tables() {
    let house = SampleHouse::new(7, instant("2026-11-23T10:30:00Z"), 1);
    let shown: BTreeSet<&str> = house
        .showcases()
        .iter()
        .map(|showcase| showcase.row.as_str())
        .collect();
    let rows = (0..=22)
        .map(|n| format!("B{n}"))
        .chain((1..=24).map(|n| format!("R{n:02}")))
        .chain((1..=12).map(|n| format!("D{n}")))
        .chain((0..=20).map(|n| format!("P{n}")))
        .chain(["RELEASED", "AUTHORISED", "RELEASABLE", "PARTIAL", "EXCEPTION"].map(str::to_owned));
    for row in rows {
        assert!(shown.contains(row.as_str()), "no showcase for {row}");
    }
}

#[test]
fn a_story_that_says_a_lot_is_fine_shows_no_other_reason() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let asked = runtime.block_on(asked(instant("2026-11-23T10:30:00Z")));
    let rows: BTreeMap<&str, &Rows> = asked
        .iter()
        .map(|(showcase, rows)| (showcase.row.as_str(), rows))
        .collect();
    // What blocks a lot for one reason only must not drag others along.
    for row in [
        "R03", "R04", "R05", "R08", "R10", "R14", "R15", "R16", "R17", "R18", "R19", "R23", "R24",
    ] {
        assert_eq!(rows[row].len(), 2, "{row} and BLOCKED, but: {:?}", rows[row]);
    }
    assert_eq!(rows["P7"].len(), 1, "{:?}", rows["P7"]);
    // Paid and collected, so that nothing but the purchase itself makes it a surplus.
    assert_eq!(rows["P6"].len(), 1, "{:?}", rows["P6"]);
    let people: Arc<BTreeSet<String>> = Arc::new(
        asked
            .iter()
            .map(|(showcase, _)| showcase.as_person.to_string())
            .collect(),
    );
    assert_eq!(
        people.len(),
        6,
        "every person of the switcher has a question: {people:?}"
    );
}
