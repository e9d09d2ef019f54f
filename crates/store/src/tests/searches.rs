//! Clients are found by number, address, paddle and name, the surest first.

use hammerdesk_domain::model::AliasKind;
use hammerdesk_domain::record::Entity;

use super::given;
use crate::testing::each_engine;
use crate::{ClientQuery, Effort, Matched, Store};

async fn find(store: &Store, text: &str) -> Vec<String> {
    found(store, text)
        .await
        .into_iter()
        .map(|(name, _)| name)
        .collect()
}

async fn found(store: &Store, text: &str) -> Vec<(String, Matched)> {
    let query = ClientQuery {
        text: text.to_owned(),
        limit: 5,
        effort: Effort::Asked,
    };
    let found = store.read().await.unwrap().search_clients(&query).await.unwrap();
    found
        .into_iter()
        .map(|found| (found.client.name, found.matched))
        .collect()
}

async fn house(store: &Store) {
    let clients: &[&[(&str, &str)]] = &[
        &[("client", "140105686"), ("name", "Mei Ling Chan")],
        &[("client", "2002"), ("name", "Chan Holdings Ltd")],
        &[("client", "2003"), ("name", "Meinhard Müller-Chandler")],
        &[("client", "2004"), ("name", "王小明")],
        &[("client", "2005"), ("name", "Ada Lovelace")],
    ];
    given(store, Entity::Client, clients).await;
    let aliases: &[&[(&str, &str)]] = &[
        &[
            ("client", "2005"),
            ("kind", "email"),
            ("value", "Ada@Example.org"),
        ],
        &[
            ("client", "2005"),
            ("kind", "phone"),
            ("value", "+44 (0)20 7946-0018"),
        ],
        &[
            ("client", "2005"),
            ("kind", "paddle"),
            ("value", "412"),
            ("sale", "S1"),
        ],
        &[
            ("client", "2005"),
            ("kind", "name"),
            ("value", "Countess of King"),
        ],
        &[("client", "2002"), ("kind", "stripe"), ("value", "cus_42")],
    ];
    given(store, Entity::Alias, aliases).await;
}

#[tokio::test]
async fn a_number_is_found_with_and_without_its_zeros() {
    each_engine(async |store: Store| {
        house(&store).await;
        for text in ["140105686", "0140105686", " 140105686 "] {
            assert_eq!(
                found(&store, text).await,
                [("Mei Ling Chan".to_owned(), Matched::Number)]
            );
        }
        assert_eq!(find(&store, "999").await, [] as [&str; 0]);
    })
    .await;
}

#[tokio::test]
async fn addresses_phones_paddles_and_foreign_ids_are_found_exactly() {
    each_engine(async |store: Store| {
        house(&store).await;
        for (text, name, kind) in [
            ("ada@example.ORG", "Ada Lovelace", AliasKind::Email),
            ("+44 020 79460018", "Ada Lovelace", AliasKind::Phone),
            ("412", "Ada Lovelace", AliasKind::Paddle),
            ("cus_42", "Chan Holdings Ltd", AliasKind::Stripe),
        ] {
            assert_eq!(
                found(&store, text).await,
                [(name.to_owned(), Matched::Alias(kind))],
                "{text}"
            );
        }
        assert_eq!(
            find(&store, "ada@example").await,
            [] as [&str; 0],
            "an address is not found by its beginning"
        );
    })
    .await;
}

#[tokio::test]
async fn whole_words_come_before_beginnings_and_first_words_before_later_ones() {
    each_engine(async |store: Store| {
        house(&store).await;
        let chan = found(&store, "chan").await;
        let expected = [
            ("Chan Holdings Ltd".to_owned(), Matched::Words),
            ("Mei Ling Chan".to_owned(), Matched::Words),
            ("Meinhard Müller-Chandler".to_owned(), Matched::Beginnings),
        ];
        assert_eq!(chan, expected);
        assert_eq!(
            find(&store, "m").await,
            ["Meinhard Müller-Chandler", "Mei Ling Chan"]
        );
    })
    .await;
}

#[tokio::test]
async fn every_word_must_fit_without_case_accents_or_order() {
    each_engine(async |store: Store| {
        house(&store).await;
        assert_eq!(
            find(&store, "CHAN mei").await,
            ["Mei Ling Chan", "Meinhard Müller-Chandler"]
        );
        assert_eq!(find(&store, "muller").await, ["Meinhard Müller-Chandler"]);
        assert_eq!(find(&store, "mei ling chan").await, ["Mei Ling Chan"]);
        assert_eq!(find(&store, "mei ling chan l").await, ["Mei Ling Chan"]);
        assert_eq!(find(&store, "mei xavier").await, [] as [&str; 0]);
        assert_eq!(find(&store, "小明").await, ["王小明"]);
        assert_eq!(
            find(&store, "countess").await,
            ["Ada Lovelace"],
            "by another name"
        );
        assert_eq!(find(&store, "  ").await, [] as [&str; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_client_is_no_longer_found_by_the_name_it_lost() {
    each_engine(async |store: Store| {
        house(&store).await;
        super::File::of(
            Entity::Client,
            "2026-04-30",
            vec![super::record(
                Entity::Client,
                &[("client", "2005"), ("name", "Ada King")],
            )],
        )
        .load(&store)
        .await;
        assert_eq!(find(&store, "lovelace").await, [] as [&str; 0]);
        assert_eq!(find(&store, "ada king").await, ["Ada King"]);
    })
    .await;
}

#[tokio::test]
async fn two_common_words_that_rarely_meet_still_find_their_client() {
    each_engine(async |store: Store| {
        let mut records = Vec::new();
        for n in 0..2_000 {
            let name = if n % 2 == 0 {
                format!("Wing Smith {n}")
            } else {
                format!("Olga Chan {n}")
            };
            let name = if n == 1_777 { "Wing Chan".to_owned() } else { name };
            records.push(super::record(
                Entity::Client,
                &[("client", &format!("{}", 5000 + n)), ("name", &name)],
            ));
        }
        super::File::of(Entity::Client, "2026-03-31", records)
            .load(&store)
            .await;
        assert_eq!(find(&store, "wing chan").await, ["Wing Chan"]);
        assert_eq!(find(&store, "smith").await.len(), 5);
    })
    .await;
}

#[tokio::test]
async fn an_asker_of_narrow_scope_finds_as_many_as_one_who_sees_everybody() {
    each_engine(async |store: Store| {
        let records = (0..2_000)
            .map(|n| {
                let cells = [
                    ("client", &*format!("{}", 5000 + n)),
                    ("name", "Olga Chan-Peters"),
                ];
                super::record(Entity::Client, &cells)
            })
            .collect();
        super::File::of(Entity::Client, "2026-03-31", records)
            .load(&store)
            .await;
        let mut view = store.read().await.unwrap();
        for text in ["o", "olga", "chan", "olga ch", "olga olga", "o c p o"] {
            for effort in [Effort::Typing, Effort::Asked] {
                let query = ClientQuery {
                    text: text.to_owned(),
                    limit: 8,
                    effort,
                };
                let seen = view
                    .search_clients_for(&query, |client| client.no.short().ends_with("50"))
                    .await
                    .unwrap();
                let all_his = seen.iter().all(|found| found.client.no.short().ends_with("50"));
                assert!(all_his, "{text}");
                let enough = if effort == Effort::Asked || !text.contains(' ') {
                    6
                } else {
                    5
                };
                assert!(seen.len() >= enough, "{text} {effort:?}: {}", seen.len());
            }
        }
    })
    .await;
}
