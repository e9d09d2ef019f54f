//! Every statement is understood by both engines, and both have the same tables as the schemas say.

use std::collections::BTreeMap;

use hammerdesk_domain::record::{Entity, Kind};
use sqlx::{AssertSqlSafe, Executor, SqlSafeStr};

use crate::engine::{Lone, run};
use crate::helpdesk;
use crate::testing::each_engine;
use crate::{
    Store, account, actions, answers, batches, chat, debtors, escalations, heard, load, merging, outbox,
    posts, property, raw, schema, search, sla,
};

fn named() -> Vec<(&'static str, String)> {
    let lists = [
        account::STATEMENTS,
        actions::STATEMENTS,
        answers::STATEMENTS,
        batches::STATEMENTS,
        chat::STATEMENTS,
        debtors::STATEMENTS,
        heard::STATEMENTS,
        load::STATEMENTS,
        outbox::STATEMENTS,
        posts::STATEMENTS,
        raw::STATEMENTS,
        schema::STATEMENTS,
        search::STATEMENTS,
    ];
    let mut all: Vec<(&str, String)> = lists
        .iter()
        .flat_map(|list| list.iter().map(|(name, sql)| (*name, (*sql).to_owned())))
        .collect();
    for list in helpdesk::LISTS.iter().chain(escalations::LISTS).chain(sla::LISTS) {
        all.extend(list.iter().map(|(name, sql)| (*name, (*sql).to_owned())));
    }
    let selects = [
        account::SELECTS,
        escalations::SELECTS,
        property::SELECTS,
        search::SELECTS,
    ];
    all.extend(
        selects
            .iter()
            .flat_map(|list| list.iter().map(|select| ("select", select.text().to_owned()))),
    );
    all.push(("log_answers", answers::log_sql(3)));
    all.push(("keep_clocks", sla::keep_sql(3)));
    all.push(("differ", sla::differ_sql(3)));
    all
}

async fn prepare(conn: &mut Lone, name: &str, sql: &str) {
    let text = AssertSqlSafe(sql.to_owned()).into_sql_str();
    let prepared: Result<(), sqlx::Error> = run!(conn, |c| c.prepare(text).await.map(|_| ()));
    if let Err(error) = prepared {
        panic!("{name}: {error}\n{sql}");
    }
}

#[tokio::test]
async fn both_engines_understand_every_statement() {
    each_engine(async |store: Store| {
        for entity in Entity::ALL {
            let mut conn = store.lone().await.unwrap();
            let tables = merging::stage_tables(*entity);
            run!(conn, |c| sqlx::raw_sql(AssertSqlSafe(tables))
                .execute(c)
                .await
                .map(|_| ()))
            .unwrap();
            prepare(&mut conn, entity.name(), &crate::export::select(*entity)).await;
            for sql in merging::generated(*entity) {
                prepare(&mut conn, entity.name(), &sql).await;
            }
            match entity {
                Entity::Ledger => {
                    for (name, sql) in merging::STATEMENTS {
                        if *name != "RENAMED_BY_ALIAS" {
                            prepare(&mut conn, name, sql).await;
                        }
                    }
                    for (name, sql) in named() {
                        prepare(&mut conn, name, &sql).await;
                    }
                }
                Entity::Alias => prepare(&mut conn, "RENAMED_BY_ALIAS", merging::RENAMED_BY_ALIAS).await,
                _ => {}
            }
        }
    })
    .await;
}

/// Table, column and whether it may be null, in one spelling of types for both engines.
async fn columns(store: &Store) -> BTreeMap<(String, String), (String, bool)> {
    let mut view = store.read().await.unwrap();
    let sql = if store.is_shared() {
        "SELECT table_name AS t, column_name AS c, data_type AS k, is_nullable = 'YES' AS n \
         FROM information_schema.columns WHERE table_schema = 'public'"
    } else {
        "SELECT m.name AS t, c.name AS c, c.type AS k, c.\"notnull\" = 0 AS n FROM sqlite_master m \
         JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
    };
    let rows: Vec<(String, String, String, bool)> =
        run!(view, |c| sqlx::query_as(AssertSqlSafe(sql)).fetch_all(c).await).unwrap();
    rows.into_iter()
        .filter(|(table, ..)| !table.starts_with('_') && !table.starts_with("sqlite_"))
        .map(|(table, column, kind, null)| ((table, column), (kind, null)))
        .collect()
}

fn spelled(kind: &str) -> &'static [&'static str] {
    match kind {
        "bigint" | "boolean" => &["INTEGER"],
        "text" | "date" | "timestamp with time zone" | "jsonb" => &["TEXT"],
        "uuid" | "bytea" => &["BLOB"],
        _ => &[],
    }
}

#[tokio::test]
async fn both_engines_have_the_same_tables() {
    let seen = std::sync::Mutex::new(Vec::new());
    each_engine(async |store: Store| {
        let columns = columns(&store).await;
        seen.lock().unwrap().push(columns);
    })
    .await;
    let seen = seen.into_inner().unwrap();
    let [sqlite, postgres] = seen.as_slice() else {
        return;
    };
    assert_eq!(
        sqlite.keys().collect::<Vec<_>>(),
        postgres.keys().collect::<Vec<_>>()
    );
    for (name, (kind, null)) in postgres {
        let (sqlite_kind, sqlite_null) = &sqlite[name];
        assert!(
            spelled(kind).contains(&sqlite_kind.as_str()),
            "{name:?}: {kind} and {sqlite_kind}"
        );
        assert_eq!(null, sqlite_null, "{name:?}");
    }
}

#[tokio::test]
async fn the_tables_hold_what_the_schemas_of_the_records_say() {
    each_engine(async |store: Store| {
        let columns = columns(&store).await;
        for entity in Entity::ALL {
            for column in entity.columns() {
                let (kind, null) = columns
                    .get(&(entity.name().to_owned(), column.name.to_owned()))
                    .unwrap_or_else(|| panic!("{} has no {}", entity.name(), column.name));
                let fits: &[&str] = match column.kind {
                    Kind::Int | Kind::Money(_) => &["bigint", "INTEGER"],
                    Kind::Date => &["date", "TEXT"],
                    Kind::Instant => &["timestamp with time zone", "TEXT"],
                    Kind::Bool => &["boolean", "INTEGER"],
                    _ => &["text", "TEXT"],
                };
                assert!(
                    fits.contains(&kind.as_str()),
                    "{}.{}: {kind}",
                    entity.name(),
                    column.name
                );
                let always =
                    column.required || !column.default.is_empty() || entity.key().contains(&column.name);
                assert_eq!(*null, !always, "{}.{}", entity.name(), column.name);
            }
            let own =
                entity.columns().len() + 4 + usize::from(matches!(entity, Entity::Client | Entity::Ledger));
            let own = own + usize::from(*entity == Entity::Alias);
            let there = columns.keys().filter(|(table, _)| table == entity.name()).count();
            assert_eq!(there, own, "{}", entity.name());
        }
    })
    .await;
}

#[test]
fn both_engines_have_migrations_of_the_same_names_and_all_are_embedded() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let embedded: Vec<String> = crate::migration_names()
        .map(|name| format!("{name}.sql"))
        .collect();
    for engine in ["sqlite", "postgres"] {
        let mut files: Vec<String> = std::fs::read_dir(root.join(engine))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        assert_eq!(files, embedded, "{engine}");
    }
}

/// The steps of SQLite's plan that walk through a whole table or make an index for one question.
async fn walks(store: &Store, sql: &str) -> Vec<String> {
    let mut view = store.read().await.unwrap();
    let plan = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let steps: Vec<(i64, i64, i64, String)> =
        run!(view, |c| sqlx::query_as(plan).fetch_all(c).await).unwrap();
    let derived = [
        "SCAN CONSTANT",
        "SCAN k",
        "SCAN n",
        "SCAN one",
        "SCAN open_items",
        "SCAN w0",
        "SCAN w1",
        "SCAN w2",
        "SCAN b0",
        "SCAN b1",
        "SCAN b2",
    ];
    steps
        .into_iter()
        .map(|(_, _, _, step)| step)
        .filter(|step| step.contains("AUTOMATIC") || step.starts_with("SCAN"))
        .filter(|step| !derived.contains(&step.as_str()) && !step.starts_with("SCAN CONSTANT"))
        .collect()
}

#[tokio::test]
async fn no_question_about_a_client_walks_through_a_whole_table() {
    each_engine(async |store: Store| {
        if store.is_shared() {
            return;
        }
        let lists = [
            account::SELECTS,
            escalations::SELECTS,
            property::SELECTS,
            search::SELECTS,
        ];
        let mut all: Vec<String> = lists
            .iter()
            .flat_map(|list| list.iter().map(|select| select.text().to_owned()))
            .collect();
        let statements = [account::STATEMENTS, search::STATEMENTS];
        all.extend(
            statements
                .iter()
                .flat_map(|list| list.iter().map(|(_, sql)| (*sql).to_owned())),
        );
        let walking: Vec<(Vec<String>, String)> = {
            let mut found = Vec::new();
            for sql in all {
                let steps = walks(&store, &sql).await;
                if !steps.is_empty() {
                    found.push((steps, sql));
                }
            }
            found
        };
        assert_eq!(walking, [], "{walking:#?}");
    })
    .await;
}
