//! Opening, migrating, and what the store keeps for itself.

use hammerdesk_domain::ids::{ActionId, EntityCode, PersonId, new_id};
use hammerdesk_domain::record::Entity;
use sqlx::AssertSqlSafe;

use super::{at, given, no, on, record};
use crate::engine::run;
use crate::testing::{each_empty_url, each_engine};
use crate::{Action, Answer, Schema, Store};

async fn sentence(url: &str) -> String {
    Store::open(url)
        .await
        .map(|_| String::new())
        .unwrap_or_else(|error| error.to_string())
}

async fn execute(store: &Store, sql: &'static str) {
    let mut unit = store.write().await.unwrap();
    run!(unit, |c| sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(c)
        .await
        .map(|_| ()))
    .unwrap();
    unit.commit().await.unwrap();
}

#[tokio::test]
async fn a_database_without_tables_or_with_those_of_another_version_says_what_to_do() {
    each_empty_url(async |url: String| {
        let store = Store::connect(&url, true).await.unwrap();
        let place = store.place().to_owned();
        let missing = format!("the database {place} has no hammerdesk tables yet; run hammerdesk migrate");
        assert_eq!(sentence(&url).await, missing);
        let needed = store.schema().await.unwrap().needed;
        assert_eq!(store.migrate().await.unwrap(), Schema { found: needed, needed });
        assert_eq!(sentence(&url).await, "");
        execute(&store, "UPDATE _sqlx_migrations SET version = 9000 WHERE version = (SELECT max(version) FROM _sqlx_migrations)").await;
        let newer = format!(
            "the database {place} has schema 9000, made by a newer hammerdesk than this one (schema {needed}); \
             install that version"
        );
        assert_eq!(sentence(&url).await, newer);
        assert_eq!(store.migrate().await.unwrap_err().to_string(), newer);
    })
    .await;
}

#[tokio::test]
async fn each_migration_runs_on_tables_that_hold_rows() {
    each_empty_url(async |url: String| {
        let store = Store::connect(&url, true).await.unwrap();
        store.migrate_to(1).await.unwrap();
        for entity in Entity::ALL {
            given(&store, *entity, &[&[]]).await;
        }
        store.migrate().await.unwrap();
        let store = Store::open(&url).await.unwrap();
        assert!(store.schema().await.unwrap().is_current());
        assert!(
            store
                .read()
                .await
                .unwrap()
                .client(&no("1001"))
                .await
                .unwrap()
                .is_some()
        );
    })
    .await;
}

#[tokio::test]
async fn an_address_that_leads_nowhere_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(
        &text,
        "these are notes, and not a database, however long they are. ".repeat(40),
    )
    .unwrap();
    assert_eq!(
        sentence(&format!("sqlite:{}", text.display())).await,
        format!(
            "{} is not a SQLite database; check [store] url, or move the file away",
            text.display()
        )
    );
    let none = folder.path().join("none.db");
    assert_eq!(
        sentence(&format!("sqlite:{}", none.display())).await,
        format!(
            "the database {} has no hammerdesk tables yet; run hammerdesk migrate",
            none.display()
        )
    );
    assert_eq!(
        sentence("mysql://root:secret@db/house").await,
        "\"db/house\" is not a database address; write sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE"
    );
    let refused = sentence("postgres://hd:secret@127.0.0.1:9/house").await;
    assert!(
        refused.starts_with("the database at 127.0.0.1:9/house cannot be reached: "),
        "{refused}"
    );
    assert!(!refused.contains("secret"));
}

#[tokio::test]
async fn a_file_that_another_program_has_locked_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("house.db").display());
    let store = Store::create(&url).await.unwrap();
    let place = store.place().to_owned();
    store.close().await;
    let holder = Store::connect(&url, false).await.unwrap();
    let mut held = holder.lone().await.unwrap();
    let lock = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE";
    run!(held, |c| sqlx::raw_sql(lock).execute(c).await.map(|_| ())).unwrap();
    let patience = std::time::Duration::from_millis(50);
    let error = Store::connect_sqlite(&url, false, patience).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the database {place} is locked by another program; close that program and try again")
    );
}

#[tokio::test]
async fn what_is_not_committed_never_happened() {
    each_engine(async |store: Store| {
        let action = Action {
            id: ActionId::new("a1"),
            run: "/balance 1".to_owned(),
            form: None,
        };
        let mut unit = store.write().await.unwrap();
        unit.remember_actions(std::slice::from_ref(&action), at("2026-03-01"))
            .await
            .unwrap();
        assert_eq!(
            unit.action(&action.id).await.unwrap(),
            Some(action.clone()),
            "a unit sees its own changes"
        );
        drop(unit);
        assert_eq!(
            store.read().await.unwrap().action(&action.id).await.unwrap(),
            None
        );
    })
    .await;
}

#[tokio::test]
async fn a_button_keeps_what_it_was_made_for_until_it_is_forgotten() {
    each_engine(async |store: Store| {
        let form = Some(serde_json::json!({"title": "Why?"}));
        let first = Action {
            id: ActionId::new("a1"),
            run: "/release 1".to_owned(),
            form,
        };
        let second = Action {
            run: "/release 2".to_owned(),
            ..first.clone()
        };
        let mut unit = store.write().await.unwrap();
        unit.remember_actions(&[first.clone(), second], at("2026-03-01"))
            .await
            .unwrap();
        unit.commit().await.unwrap();
        assert_eq!(
            store.read().await.unwrap().action(&first.id).await.unwrap(),
            Some(first.clone())
        );
        let mut unit = store.write().await.unwrap();
        assert_eq!(unit.forget_actions(at("2026-03-01")).await.unwrap(), 0);
        assert_eq!(unit.forget_actions(at("2026-03-02")).await.unwrap(), 1);
        unit.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn answers_come_back_newest_first_and_by_client() {
    each_engine(async |store: Store| {
        let answer = |n: i64| Answer {
            id: new_id(at("2026-03-01")),
            asked_at: at("2026-03-01") + chrono::TimeDelta::seconds(n),
            who: PersonId::new("ada"),
            place: "console/ar".to_owned(),
            command: format!("/balance {n}"),
            client: (n % 2 == 0).then(|| no("1001")),
            outcome: "answered".to_owned(),
            facts: serde_json::json!({"n": n, "amount": "12.50"}),
            text: "Nothing outstanding.".to_owned(),
            sources: serde_json::json!({"sap": "2026-03-01T06:00:00Z"}),
        };
        let answers: Vec<Answer> = (0..120).map(answer).collect();
        let mut unit = store.write().await.unwrap();
        unit.log_answers(&answers).await.unwrap();
        unit.commit().await.unwrap();
        let mut view = store.read().await.unwrap();
        let newest = view.answers(None, at("2026-04-01"), 2).await.unwrap();
        assert_eq!(newest, [answers[119].clone(), answers[118].clone()]);
        let about = view
            .answers(Some(&no("1001")), answers[10].asked_at, 3)
            .await
            .unwrap();
        assert_eq!(
            about,
            [answers[8].clone(), answers[6].clone(), answers[4].clone()]
        );
    })
    .await;
}

#[tokio::test]
async fn a_file_is_kept_as_it_came_and_once() {
    each_engine(async |store: Store| {
        let bytes: Vec<u8> = (0..2_500_000_u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
        for name in ["first.csv", "again.csv"] {
            let mut raw = store.begin_raw(name, at("2026-03-01")).await.unwrap();
            for some in bytes.chunks(700_001) {
                raw.write(some).await.unwrap();
            }
            raw.finish("abc123").await.unwrap();
        }
        let mut view = store.read().await.unwrap();
        let file = view.raw_file("abc123").await.unwrap().unwrap();
        assert_eq!((file.name.as_str(), file.bytes), ("first.csv", 10_000_000));
        let mut back = Vec::new();
        let mut n = 0;
        while let Some(piece) = view.raw_piece(file.id, n).await.unwrap() {
            back.extend(piece);
            n += 1;
        }
        assert!(back == bytes, "the bytes differ");
        let pieces: i64 = run!(view, |c| sqlx::query_scalar("SELECT count(*) FROM raw_chunk")
            .fetch_one(c)
            .await)
        .unwrap();
        assert_eq!(pieces, n, "the second copy was dropped");
    })
    .await;
}

#[tokio::test]
async fn debtors_are_banded_by_days_past_due_on_the_day_asked_for() {
    each_engine(async |store: Store| {
        let item = |document: &str, cells: &[(&str, &str)]| {
            let mut all = vec![
                ("entity", "GB01"),
                ("document", document),
                ("posted_on", "2026-01-01"),
            ];
            all.extend_from_slice(cells);
            record(Entity::Ledger, &all)
        };
        let records = vec![
            item("1", &[("amount", "1000"), ("due_on", "2026-03-31")]),
            item("2", &[("amount", "2000"), ("due_on", "2026-03-30")]),
            item("3", &[("amount", "4000"), ("due_on", "2026-03-01")]),
            item(
                "4",
                &[("amount", "-500"), ("kind", "credit"), ("due_on", "2026-03-02")],
            ),
            item(
                "5",
                &[("amount", "9999"), ("kind", "deposit"), ("due_on", "2026-03-01")],
            ),
            item(
                "6",
                &[
                    ("amount", "9999"),
                    ("cleared_on", "2026-03-31"),
                    ("due_on", "2026-03-01"),
                ],
            ),
            item(
                "7",
                &[
                    ("amount", "8000"),
                    ("cleared_on", "2026-04-01"),
                    ("due_on", "2026-02-01"),
                ],
            ),
            item(
                "8",
                &[
                    ("amount", "9999"),
                    ("posted_on", "2026-04-01"),
                    ("due_on", "2026-02-01"),
                ],
            ),
            item("9", &[("amount", "7"), ("currency", "USD"), ("entity", "US01")]),
        ];
        super::File::of(Entity::Ledger, "2026-05-01", records)
            .load(&store)
            .await;
        let mut view = store.read().await.unwrap();
        let bands = view.debtors(on("2026-03-31"), &[0, 29, 60], None).await.unwrap();
        let bands: Vec<String> = bands
            .iter()
            .map(|b| format!("{} {} {} {}", b.entity, b.band, b.count, b.amount))
            .collect();
        let expected = [
            "GB01 0 1 GBP 10.00",
            "GB01 1 2 GBP 15.00",
            "GB01 2 2 GBP 120.00",
            "US01 3 1 USD 0.07",
        ];
        assert_eq!(bands, expected);
        let one = view
            .debtors(on("2026-03-31"), &[0], Some(&EntityCode::new("US01")))
            .await
            .unwrap();
        assert_eq!(one.len(), 1);
        assert!(view.debtors(on("2026-03-31"), &[30, 0], None).await.is_err());
    })
    .await;
}
