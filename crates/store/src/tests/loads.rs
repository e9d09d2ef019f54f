//! Files come in whole, in any order, any number of times.

use hammerdesk_domain::ids::{EntityCode, SourceId};
use hammerdesk_domain::model::LedgerItem;
use hammerdesk_domain::record::{Entity, Record, Value};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::{File, at, given, no, on, record, summary};
use crate::testing::each_engine;
use crate::{AccountQuery, Load, Part, Store};

fn item(document: &str, cells: &[(&str, &str)]) -> Record {
    let mut all = vec![
        ("entity", "GB01"),
        ("document", document),
        ("year", "2026"),
        ("line", "1"),
    ];
    all.extend_from_slice(cells);
    record(Entity::Ledger, &all)
}

async fn items(store: &Store, client: &str) -> Vec<LedgerItem> {
    let query = AccountQuery {
        client: no(client),
        as_of: on("2026-03-31"),
        with: Part::Balance,
    };
    let facts = store.read().await.unwrap().account(&query).await.unwrap();
    facts.map_or_else(Vec::new, |facts| facts.items)
}

/// Document, amount and whether it left a snapshot, of every stored item.
async fn state(store: &Store) -> Vec<(String, i64, bool, bool)> {
    items(store, "1001")
        .await
        .into_iter()
        .map(|item| {
            (
                item.document,
                item.amount.minor(),
                item.cleared_on.is_some(),
                item.gone.is_some(),
            )
        })
        .collect()
}

#[tokio::test]
async fn nobody_sees_a_row_before_the_whole_file_is_in() {
    each_engine(async |store: Store| {
        let file = File::of(Entity::Ledger, "2026-03-31", vec![item("1", &[]), item("2", &[])]);
        let Load::Open(mut loader) = store.begin_load(file.batch()).await.unwrap() else {
            panic!()
        };
        loader.rows(file.lines()).await.unwrap();
        let mut view = store.read().await.unwrap();
        assert_eq!(view.client(&no("1001")).await.unwrap(), None);
        loader.finish(summary(2)).await.unwrap();
        assert_eq!(
            view.client(&no("1001")).await.unwrap(),
            None,
            "a view stays the same while it is held"
        );
        drop(view);
        assert_eq!(items(&store, "1001").await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_load_that_is_dropped_half_way_leaves_the_previous_state() {
    each_engine(async |store: Store| {
        File::of(
            Entity::Ledger,
            "2026-03-30",
            vec![item("1", &[("amount", "500")])],
        )
        .load(&store)
        .await;
        let before = state(&store).await;
        let file = File::of(
            Entity::Ledger,
            "2026-03-31",
            vec![item("1", &[("amount", "900")])],
        )
        .complete();
        let Load::Open(mut loader) = store.begin_load(file.batch()).await.unwrap() else {
            panic!()
        };
        loader.rows(file.lines()).await.unwrap();
        drop(loader);
        assert_eq!(state(&store).await, before);
        let Load::Open(loader) = store.begin_load(file.batch()).await.unwrap() else {
            panic!("it never came in")
        };
        loader.abandon().await;
        assert_eq!(state(&store).await, before);
        let loaded = file.load(&store).await;
        assert_eq!((loaded.inserted, loaded.updated), (0, 1));
    })
    .await;
}

#[tokio::test]
async fn the_same_bytes_a_second_time_change_nothing_but_another_mapping_reads_them_again() {
    each_engine(async |store: Store| {
        let file = File::of(Entity::Ledger, "2026-03-31", vec![item("1", &[])]);
        let loaded = file.load(&store).await;
        let Load::Unchanged(previous) = store.begin_load(file.batch()).await.unwrap() else {
            panic!()
        };
        assert_eq!(previous.id, loaded.batch);
        let mut other = file.batch();
        other.mapping = Some("fbl5n/2".to_owned());
        assert!(matches!(store.begin_load(other).await.unwrap(), Load::Open(_)));
    })
    .await;
}

#[tokio::test]
async fn an_older_file_that_comes_late_changes_nothing_that_a_newer_one_said() {
    each_engine(async |store: Store| {
        let row = |amount: &str| vec![item("1", &[("amount", amount)])];
        File::of(Entity::Ledger, "2026-03-01", row("500"))
            .load(&store)
            .await;
        let again = File::of(Entity::Ledger, "2026-03-03", row("500"))
            .load(&store)
            .await;
        assert_eq!((again.inserted, again.updated, again.unchanged), (0, 0, 1));
        let late = File::of(Entity::Ledger, "2026-03-02", row("700"))
            .load(&store)
            .await;
        assert_eq!(late.updated, 0, "the file of the third said 500 again");
        assert_eq!(state(&store).await[0].1, 500);
    })
    .await;
}

#[tokio::test]
async fn a_line_that_repeats_another_is_counted_and_one_that_contradicts_it_is_named() {
    each_engine(async |store: Store| {
        let rows = |order: [usize; 4]| {
            let lines = [("1", "500"), ("1", "500"), ("1", "900"), ("2", "100")];
            order
                .iter()
                .map(|at| item(lines[*at].0, &[("amount", lines[*at].1)]))
                .collect::<Vec<_>>()
        };
        let file = File::of(Entity::Ledger, "2026-03-01", rows([0, 1, 2, 3]));
        let Load::Open(mut loader) = store.begin_load(file.batch()).await.unwrap() else {
            panic!()
        };
        loader.rows(file.lines()).await.unwrap();
        let checked = loader.check().await.unwrap().clone();
        assert_eq!(checked.rows, 2);
        assert!(
            checked
                .contradictions
                .iter()
                .all(|line| line.reason.contains("contradicts line"))
        );
        let loaded = loader.finish(summary(4)).await.unwrap();
        assert_eq!(loaded.contradictions, checked.contradictions);
        assert_eq!(
            loaded.inserted + loaded.duplicates + loaded.contradictions.len() as u64,
            4
        );
        let first = state(&store).await;
        let noted = store
            .read()
            .await
            .unwrap()
            .quarantine_of(loaded.batch)
            .await
            .unwrap();
        assert_eq!(noted, loaded.contradictions);
        File::of(Entity::Ledger, "2026-03-02", rows([2, 3, 1, 0]))
            .load(&store)
            .await;
        assert_eq!(
            state(&store).await,
            first,
            "the order of the lines does not decide"
        );
    })
    .await;
}

#[tokio::test]
async fn a_complete_snapshot_closes_by_absence_and_a_later_file_opens_again() {
    each_engine(async |store: Store| {
        let file = |day: &str, documents: &[&str]| {
            let rows = documents.iter().map(|document| item(document, &[])).collect();
            File::of(Entity::Ledger, day, rows).complete()
        };
        file("2026-03-01", &["1", "2"]).load(&store).await;
        let second = file("2026-03-02", &["1"]).load(&store).await;
        assert_eq!(second.gone, 1);
        let gone = |state: Vec<(String, i64, bool, bool)>| {
            state.into_iter().map(|s| (s.0, s.2, s.3)).collect::<Vec<_>>()
        };
        let after: Vec<_> = gone(state(&store).await);
        assert_eq!(
            after,
            [("1".into(), false, false), ("2".into(), false, true)],
            "gone, and not cleared"
        );
        file("2026-03-03", &["1", "2"]).load(&store).await;
        assert_eq!(
            gone(state(&store).await),
            [("1".into(), false, false), ("2".into(), false, false)]
        );
    })
    .await;
}

#[tokio::test]
async fn what_left_the_list_was_open_until_the_first_snapshot_without_it_in_whatever_order_they_came() {
    each_engine(async |store: Store| {
        let file = |day: &str, documents: &[&str]| {
            let rows = documents.iter().map(|document| item(document, &[])).collect();
            File::of(Entity::Ledger, day, rows).complete()
        };
        let mut files = vec![
            file("2026-03-01", &["1", "2"]),
            file("2026-03-05", &["1", "2"]),
            file("2026-03-09", &["1"]),
            file("2026-03-10", &["1"]),
        ];
        // Another company's snapshot says nothing of this one.
        files.push(
            File::of(
                Entity::Ledger,
                "2026-03-07",
                vec![item("1", &[("entity", "US01")])],
            )
            .complete(),
        );
        files.rotate_left(2);
        for file in &files {
            file.load(&store).await;
            let gone: Vec<_> = items(&store, "1001")
                .await
                .into_iter()
                .filter_map(|item| item.gone.map(|gone| (item.document, gone.on)))
                .collect();
            assert!(gone.iter().all(|(document, _)| document == "2"));
        }
        let gone = items(&store, "1001").await.into_iter().find_map(|item| item.gone);
        assert_eq!(gone.unwrap().at, super::at("2026-03-09"));
        let mut view = store.read().await.unwrap();
        let mut open = Vec::new();
        for day in ["2026-03-05", "2026-03-08", "2026-03-09", "2026-07-01"] {
            let bands = view
                .debtors(on(day), &[0], Some(&EntityCode::new("GB01")))
                .await
                .unwrap();
            open.push(bands.iter().map(|band| band.count).sum::<i64>());
            let query = AccountQuery {
                client: no("1001"),
                as_of: on(day),
                with: Part::Balance,
            };
            let facts = view.account(&query).await.unwrap().unwrap();
            let own = facts
                .items
                .iter()
                .filter(|item| item.entity.as_str() == "GB01" && item.is_open_on(on(day)));
            assert_eq!(own.count() as i64, open[open.len() - 1], "{day}");
        }
        assert_eq!(open, [2, 2, 1, 1]);
    })
    .await;
}

#[tokio::test]
async fn what_vanished_long_after_it_was_last_seen_is_still_read_for_the_days_before() {
    each_engine(async |store: Store| {
        let file = |day: &str, documents: &[&str]| {
            let rows = documents
                .iter()
                .map(|document| item(document, &[("posted_on", "2025-11-01")]))
                .collect();
            File::of(Entity::Ledger, day, rows).complete()
        };
        file("2025-12-01", &["1", "2"]).load(&store).await;
        file("2026-03-31", &["1"]).load(&store).await;
        let open = |items: Vec<LedgerItem>, day: &str| {
            items
                .into_iter()
                .filter(|item| item.is_open_on(on(day)))
                .map(|item| item.document)
                .collect::<Vec<_>>()
        };
        assert_eq!(open(items(&store, "1001").await, "2026-03-30"), ["1", "2"]);
        assert_eq!(open(items(&store, "1001").await, "2026-03-31"), ["1"]);
    })
    .await;
}

#[tokio::test]
async fn a_snapshot_closes_nothing_of_another_source_another_entity_or_what_is_cleared() {
    each_engine(async |store: Store| {
        File::of(Entity::Ledger, "2026-03-01", vec![item("1", &[])])
            .from("legacy")
            .load(&store)
            .await;
        File::of(
            Entity::Ledger,
            "2026-03-01",
            vec![item("2", &[("entity", "US01")])],
        )
        .load(&store)
        .await;
        File::of(
            Entity::Ledger,
            "2026-03-01",
            vec![item("3", &[("cleared_on", "2026-02-27")])],
        )
        .load(&store)
        .await;
        let loaded = File::of(Entity::Ledger, "2026-03-02", vec![item("9", &[])])
            .complete()
            .load(&store)
            .await;
        assert_eq!(loaded.gone, 0);
        assert!(state(&store).await.iter().all(|item| !item.3));
    })
    .await;
}

#[tokio::test]
async fn a_ledger_makes_known_its_clients_and_a_client_file_fills_them() {
    each_engine(async |store: Store| {
        let named =
            |day: &str, name: &str| File::of(Entity::Ledger, day, vec![item("1", &[("client_name", name)])]);
        File::of(
            Entity::Ledger,
            "2026-03-01",
            vec![item("7", &[("client", "2002")])],
        )
        .load(&store)
        .await;
        named("2026-03-01", "Mei Chan").load(&store).await;
        let mut view = store.read().await.unwrap();
        assert_eq!(view.client(&no("1001")).await.unwrap().unwrap().name, "Mei Chan");
        assert_eq!(
            view.client(&no("2002")).await.unwrap().unwrap().name,
            "0000002002"
        );
        drop(view);
        given(
            &store,
            Entity::Client,
            &[&[("client", "1001"), ("name", "Mei Ling Chan"), ("tier", "gold")]],
        )
        .await;
        named("2026-05-01", "CHAN MEI L").load(&store).await;
        let mut view = store.read().await.unwrap();
        let client = view.client(&no("1001")).await.unwrap().unwrap();
        assert_eq!(
            (client.name.as_str(), client.tier.as_deref()),
            ("Mei Ling Chan", Some("gold"))
        );
        let names: Vec<String> = view
            .aliases(&no("1001"))
            .await
            .unwrap()
            .into_iter()
            .map(|a| a.value)
            .collect();
        assert_eq!(names, ["CHAN MEI L", "Mei Chan"]);
    })
    .await;
}

#[tokio::test]
async fn a_rejected_file_leaves_its_reasons_and_nothing_else() {
    each_engine(async |store: Store| {
        let file = File::of(Entity::Ledger, "2026-03-01", vec![]);
        let mut said = summary(3);
        said.quarantined = vec![crate::Quarantined {
            line: 3,
            column: "amount".into(),
            reason: "no number".into(),
        }];
        let id = store
            .record_rejected(file.batch(), "1 of 3 lines could not be read", &said)
            .await
            .unwrap();
        let mut view = store.read().await.unwrap();
        let batch = view.batch(id).await.unwrap().unwrap();
        assert_eq!(
            (batch.status.as_str(), batch.rows, batch.accepted),
            ("rejected", 3, 0)
        );
        assert_eq!(view.quarantine_of(id).await.unwrap(), said.quarantined);
        assert_eq!(
            view.feed_heads().await.unwrap(),
            [],
            "a rejected file does not make data fresh"
        );
        assert!(
            matches!(store.begin_load(file.batch()).await.unwrap(), Load::Open(_)),
            "it may be tried again"
        );
    })
    .await;
}

#[tokio::test]
async fn a_record_that_its_schema_forbids_is_refused_before_anything_is_staged() {
    each_engine(async |store: Store| {
        let file = File::of(Entity::Ledger, "2026-03-01", vec![]);
        let Load::Open(mut loader) = store.begin_load(file.batch()).await.unwrap() else {
            panic!()
        };
        let mut bad = item("1", &[]);
        bad.values[Entity::Ledger.column_index("kind").unwrap()] = Value::Text("gift".into());
        let error = loader
            .rows(vec![crate::Line { line: 2, record: bad }])
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "a record of ledger does not fit its schema: kind cannot hold what it was given"
        );
    })
    .await;
}

#[tokio::test]
async fn the_newest_file_of_each_source_and_entity_says_how_fresh_it_is() {
    each_engine(async |store: Store| {
        for day in ["2026-03-03", "2026-03-01"] {
            File::of(Entity::Ledger, day, vec![item("1", &[])])
                .load(&store)
                .await;
        }
        File::of(Entity::Ledger, "2026-02-01", vec![item("2", &[])])
            .from("legacy")
            .load(&store)
            .await;
        let mut view = store.read().await.unwrap();
        let heads: Vec<_> = view.feed_heads().await.unwrap();
        let heads: Vec<_> = heads
            .iter()
            .map(|head| (head.source.as_str(), head.extracted_at))
            .collect();
        assert_eq!(heads, [("legacy", at("2026-02-01")), ("sap", at("2026-03-03"))]);
        assert_eq!(
            view.batches(Some(&SourceId::new("sap")), 10).await.unwrap().len(),
            2
        );
        assert_eq!(view.batches(None, 2).await.unwrap().len(), 2);
    })
    .await;
}

/// A few documents, each with one of a few contents, in files of a few days.
fn files() -> impl Strategy<Value = Vec<File>> {
    let row = (
        select(&["1", "2", "3"][..]),
        select(&["100", "200"][..]),
        any::<bool>(),
        select(&["", "Ann", "Bo"][..]),
    );
    let rows = prop::collection::btree_map(row.clone().prop_map(|r| r.0), row, 0..3);
    let file = (1..6_u32, any::<bool>(), rows).prop_map(|(day, complete, rows)| {
        let records = rows
            .into_iter()
            .map(|(document, (_, amount, cleared, name))| {
                let cleared = if cleared { "2026-03-20" } else { "" };
                item(
                    document,
                    &[("amount", amount), ("cleared_on", cleared), ("client_name", name)],
                )
            })
            .collect();
        let file = File::of(Entity::Ledger, &format!("2026-03-0{day}"), records);
        if complete { file.complete() } else { file }
    });
    prop::collection::vec(file, 2..5)
}

async fn loaded_in(store: &Store, files: &[File]) {
    for file in files {
        if let Load::Open(mut loader) = store.begin_load(file.batch()).await.unwrap() {
            loader.rows(file.lines()).await.unwrap();
            loader.finish(summary(file.records.len())).await.unwrap();
        }
    }
}

async fn everything(store: &Store) -> String {
    let mut view = store.read().await.unwrap();
    let client = view.client(&no("1001")).await.unwrap();
    let aliases = view.aliases(&no("1001")).await.unwrap();
    drop(view);
    format!("{:?} {client:?} {aliases:?}", state(store).await)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]
    #[test]
    fn files_in_any_order_and_any_number_of_times_give_the_same_state(
        (files, shuffled) in files().prop_flat_map(|files| (Just(files.clone()), Just(files).prop_shuffle())),
        again in subsequence(vec![0_usize, 1, 2, 3], 0..3),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let seen = std::sync::Mutex::new(Vec::new());
            each_engine(async |store: Store| {
                loaded_in(&store, &files).await;
                let repeats: Vec<File> = again.iter().filter_map(|at| files.get(*at).cloned()).collect();
                loaded_in(&store, &repeats).await;
                let state = everything(&store).await;
                seen.lock().unwrap().push(state);
            }).await;
            each_engine(async |store: Store| {
                loaded_in(&store, &shuffled).await;
                let state = everything(&store).await;
                seen.lock().unwrap().push(state);
            }).await;
            let seen = seen.into_inner().unwrap();
            prop_assert!(seen.iter().all(|state| *state == seen[0]), "{seen:#?}");
            Ok(())
        })?;
    }
}
