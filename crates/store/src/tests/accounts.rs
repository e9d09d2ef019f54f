//! The facts of an account are all there, and nobody else's are.

use hammerdesk_domain::facts::AccountFacts;
use hammerdesk_domain::ids::{InvoiceKey, LotKey};
use hammerdesk_domain::model::{CddState, SanctionsState};
use hammerdesk_domain::record::Entity;

use super::{given, no, on};
use crate::testing::each_engine;
use crate::{AccountQuery, Lots, Part, Store};

async fn facts(store: &Store, client: &str, with: Part) -> AccountFacts {
    let query = AccountQuery {
        client: no(client),
        as_of: on("2026-03-31"),
        with,
    };
    store
        .read()
        .await
        .unwrap()
        .account(&query)
        .await
        .unwrap()
        .unwrap()
}

fn documents(facts: &AccountFacts) -> Vec<&str> {
    facts.items.iter().map(|item| item.document.as_str()).collect()
}

async fn clients(store: &Store) {
    let clients: &[&[(&str, &str)]] = &[
        &[("client", "1001"), ("name", "Mei Chan"), ("group_id", "G1")],
        &[("client", "1002"), ("name", "Chan Holdings"), ("group_id", "G1")],
        &[
            ("client", "1003"),
            ("name", "Old Number"),
            ("merged_into", "1001"),
        ],
        &[
            ("client", "1004"),
            ("name", "Older Number"),
            ("merged_into", "1003"),
        ],
        &[("client", "1005"), ("name", "Somebody Else")],
    ];
    given(store, Entity::Client, clients).await;
}

#[tokio::test]
async fn an_unknown_client_has_no_account() {
    each_engine(async |store: Store| {
        let query = AccountQuery {
            client: no("404"),
            as_of: on("2026-03-31"),
            with: Part::Balance,
        };
        assert_eq!(store.read().await.unwrap().account(&query).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn open_recent_and_later_items_are_loaded_and_old_history_is_not() {
    each_engine(async |store: Store| {
        clients(&store).await;
        let items: &[&[(&str, &str)]] = &[
            &[("document", "open")],
            &[("document", "later"), ("posted_on", "2026-04-05")],
            &[("document", "after"), ("cleared_on", "2026-04-02")],
            &[("document", "recent"), ("cleared_on", "2026-02-19")],
            &[("document", "old"), ("cleared_on", "2026-02-18")],
            &[("document", "other"), ("client", "1005")],
        ];
        given(&store, Entity::Ledger, items).await;
        let facts = facts(&store, "1001", Part::Balance).await;
        assert_eq!(documents(&facts), ["open", "later", "after", "recent"]);
        assert!(facts.has_history);
        assert_eq!(facts.last_cleared_on, Some(on("2026-02-19")));
        assert_eq!(facts.asked_for, None);
    })
    .await;
}

#[tokio::test]
async fn a_merged_number_answers_for_the_survivor_with_everything_booked_under_either() {
    each_engine(async |store: Store| {
        clients(&store).await;
        let items: &[&[(&str, &str)]] = &[
            &[("document", "new"), ("client", "1001")],
            &[("document", "moved"), ("client", "1003")],
            &[("document", "older"), ("client", "1004")],
        ];
        given(&store, Entity::Ledger, items).await;
        for asked in ["1004", "1003"] {
            let facts = facts(&store, asked, Part::Balance).await;
            assert_eq!(
                (facts.client.name.as_str(), facts.asked_for.clone()),
                ("Mei Chan", Some(no(asked)))
            );
            assert_eq!(documents(&facts), ["new", "moved", "older"]);
        }
    })
    .await;
}

#[tokio::test]
async fn what_compliance_says_of_any_merged_number_counts_for_the_survivor() {
    each_engine(async |store: Store| {
        clients(&store).await;
        let said: &[&[(&str, &str)]] = &[
            &[("client", "1001"), ("cdd", "complete"), ("sanctions", "clear")],
            &[("client", "1003"), ("sanctions", "clear"), ("cdd", "expired")],
            &[("client", "1004"), ("sanctions", "review"), ("insolvent", "yes")],
            &[
                ("client", "1005"),
                ("sanctions", "clear"),
                ("legal_action", "yes"),
            ],
        ];
        given(&store, Entity::ClientStatus, said).await;
        for part in [Part::Balance, Part::Deposit, Part::Show] {
            let status = facts(&store, "1001", part).await.status;
            assert_eq!(
                (
                    status.sanctions,
                    status.cdd,
                    status.insolvent,
                    status.legal_action
                ),
                (Some(SanctionsState::Review), Some(CddState::Expired), true, false)
            );
        }
    })
    .await;
}

#[tokio::test]
async fn merges_that_lead_in_a_circle_are_an_error_and_no_answer() {
    each_engine(async |store: Store| {
        let circle: &[&[(&str, &str)]] = &[
            &[("client", "1"), ("merged_into", "2")],
            &[("client", "2"), ("merged_into", "1")],
        ];
        given(&store, Entity::Client, circle).await;
        let query = AccountQuery {
            client: no("1"),
            as_of: on("2026-03-31"),
            with: Part::Balance,
        };
        let error = store.read().await.unwrap().account(&query).await.unwrap_err();
        assert!(error.to_string().contains("lead in a circle"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn invoices_behind_the_items_come_with_what_replaced_them() {
    each_engine(async |store: Store| {
        clients(&store).await;
        let items: &[&[(&str, &str)]] = &[&[("entity", "GB01"), ("invoice", "90")]];
        given(&store, Entity::Ledger, items).await;
        let invoice = |number: &'static str, client: &'static str, by: &'static str| {
            [
                ("entity", "GB01"),
                ("invoice", number),
                ("client", client),
                ("superseded_by", by),
                ("sale", "S1"),
            ]
        };
        let invoices = [
            invoice("90", "1001", "91"),
            invoice("91", "1001", "92"),
            invoice("92", "1001", ""),
            invoice("93", "1001", ""),
        ];
        let invoices: Vec<&[(&str, &str)]> = invoices.iter().map(<[(&str, &str); 5]>::as_slice).collect();
        given(&store, Entity::Invoice, &invoices).await;
        let other: &[&[(&str, &str)]] = &[&[
            ("entity", "GB01"),
            ("invoice", "90"),
            ("year", "2019"),
            ("client", "1005"),
        ]];
        given(&store, Entity::Invoice, other).await;
        given(&store, Entity::Sale, &[&[("sale", "S1")]]).await;
        let facts = facts(&store, "1001", Part::Balance).await;
        let numbers: Vec<&str> = facts
            .invoices
            .iter()
            .map(|invoice| invoice.key.number.as_str())
            .collect();
        assert_eq!(
            numbers,
            ["90", "91", "92"],
            "a number of another year is somebody else's"
        );
        assert_eq!(facts.sales.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn money_on_its_way_comes_with_what_it_was_applied_to_and_what_contests_it() {
    each_engine(async |store: Store| {
        clients(&store).await;
        given(&store, Entity::Ledger, &[&[("entity", "GB01")]]).await;
        let payments: &[&[(&str, &str)]] = &[
            &[("payment", "own"), ("client", "1001"), ("entity", "GB01")],
            &[("payment", "nobody's"), ("entity", "GB01")],
            &[("payment", "elsewhere"), ("entity", "US01")],
            &[("payment", "other"), ("client", "1005"), ("entity", "GB01")],
        ];
        given(&store, Entity::Payment, payments).await;
        given(
            &store,
            Entity::Allocation,
            &[&[("payment", "own")], &[("payment", "other")]],
        )
        .await;
        let disputes: &[&[(&str, &str)]] = &[
            &[("dispute", "d1"), ("payment", "own")],
            &[("dispute", "d2"), ("payment", "other")],
        ];
        given(&store, Entity::Dispute, disputes).await;
        let facts = facts(&store, "1001", Part::Balance).await;
        let ids: Vec<&str> = facts.payments.iter().map(|payment| payment.id.as_str()).collect();
        assert_eq!(ids, ["nobody's", "own"]);
        assert_eq!(facts.allocations.len(), 1);
        assert_eq!(
            (facts.allocations[0].line, facts.allocations[0].lot.clone()),
            (None, None)
        );
        assert_eq!(
            facts.disputes.iter().map(|d| d.id.as_str()).collect::<Vec<_>>(),
            ["d1"]
        );
    })
    .await;
}

#[tokio::test]
async fn a_deposit_comes_with_its_covers_movements_and_refunds() {
    each_engine(async |store: Store| {
        clients(&store).await;
        given(
            &store,
            Entity::Deposit,
            &[&[("deposit", "D1")], &[("deposit", "D2"), ("client", "1005")]],
        )
        .await;
        let covers: &[&[(&str, &str)]] = &[
            &[("deposit", "D1"), ("sale", "S1")],
            &[("deposit", "D1"), ("sale", "S2")],
            &[("deposit", "D2"), ("sale", "S3")],
        ];
        given(&store, Entity::DepositCover, covers).await;
        let movements: &[&[(&str, &str)]] = &[
            &[
                ("movement", "m1"),
                ("deposit", "D1"),
                ("moved_on", "2026-02-02"),
                ("kind", "refunded"),
            ],
            &[("movement", "m2"), ("deposit", "D1"), ("moved_on", "2026-02-01")],
        ];
        given(&store, Entity::DepositMovement, movements).await;
        given(&store, Entity::Refund, &[&[("refund", "R1"), ("deposit", "D1")]]).await;
        given(
            &store,
            Entity::Sale,
            &[&[("sale", "S1")], &[("sale", "S2")], &[("sale", "S3")]],
        )
        .await;
        let lots: &[&[(&str, &str)]] = &[
            &[("sale", "S1"), ("lot", "1"), ("buyer", "1001")],
            &[("sale", "S9"), ("lot", "1"), ("buyer", "1001")],
        ];
        given(&store, Entity::Lot, lots).await;
        let facts = facts(&store, "1001", Part::Deposit).await;
        let [deposit] = facts.deposits.as_slice() else {
            panic!("{:?}", facts.deposits)
        };
        assert_eq!((deposit.covers.len(), deposit.refunds.len()), (2, 1));
        let days: Vec<_> = deposit.movements.iter().map(|movement| movement.on).collect();
        assert_eq!(days, [on("2026-02-01"), on("2026-02-02")]);
        assert_eq!(facts.sales.len(), 2);
        assert_eq!(
            facts.lots.len(),
            1,
            "only lots of the sales that the deposit covers"
        );
    })
    .await;
}

#[tokio::test]
async fn terms_come_with_their_instalments_by_due_date() {
    each_engine(async |store: Store| {
        clients(&store).await;
        given(
            &store,
            Entity::Terms,
            &[&[("terms", "T1")], &[("terms", "T2"), ("client", "1005")]],
        )
        .await;
        let instalments: &[&[(&str, &str)]] = &[
            &[("terms", "T1"), ("n", "1"), ("due_on", "2026-05-01")],
            &[("terms", "T1"), ("n", "2"), ("due_on", "2026-04-01")],
            &[("terms", "T2"), ("n", "1"), ("due_on", "2026-04-01")],
        ];
        given(&store, Entity::Instalment, instalments).await;
        given(&store, Entity::Accrual, &[&[]]).await;
        let facts = facts(&store, "1001", Part::Balance).await;
        assert_eq!(facts.terms.len(), 1);
        assert_eq!(
            facts.terms[0]
                .instalments
                .iter()
                .map(|part| part.n)
                .collect::<Vec<_>>(),
            [2, 1]
        );
        assert_eq!(facts.accruals.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn holds_on_anything_of_the_client_are_found_even_where_they_name_no_client() {
    each_engine(async |store: Store| {
        clients(&store).await;
        given(&store, Entity::Invoice, &[&[("invoice", "90")]]).await;
        given(
            &store,
            Entity::Lot,
            &[&[("sale", "S1"), ("lot", "7"), ("buyer", "1001")]],
        )
        .await;
        given(&store, Entity::Deposit, &[&[("deposit", "D1")]]).await;
        given(
            &store,
            Entity::Payment,
            &[&[("payment", "p1"), ("source", "bank"), ("client", "1001")]],
        )
        .await;
        let holds: &[&[(&str, &str)]] = &[
            &[("hold", "h1"), ("scope", "client"), ("reference", "1001")],
            &[("hold", "h2"), ("scope", "invoice"), ("reference", "90")],
            &[("hold", "h3"), ("scope", "lot"), ("reference", "S1/7")],
            &[("hold", "h4"), ("scope", "deposit"), ("reference", "D1")],
            &[("hold", "h5"), ("scope", "payment"), ("reference", "bank/p1")],
            &[
                ("hold", "h6"),
                ("scope", "lot"),
                ("reference", "S1/8"),
                ("client", "1001"),
            ],
            &[("hold", "x1"), ("scope", "lot"), ("reference", "S1/8")],
            &[
                ("hold", "x2"),
                ("scope", "invoice"),
                ("reference", "90"),
                ("client", "1005"),
            ],
        ];
        given(&store, Entity::Hold, holds).await;
        let facts = facts(&store, "1001", Part::Balance).await;
        let ids: Vec<&str> = facts.holds.iter().map(|hold| hold.id.as_str()).collect();
        assert_eq!(ids, ["h1", "h2", "h3", "h4", "h5", "h6"]);
    })
    .await;
}

#[tokio::test]
async fn the_group_owes_what_its_other_members_are_late_with() {
    each_engine(async |store: Store| {
        clients(&store).await;
        let items: &[&[(&str, &str)]] = &[
            &[
                ("document", "1"),
                ("client", "1002"),
                ("amount", "500"),
                ("due_on", "2026-03-01"),
            ],
            &[
                ("document", "2"),
                ("client", "1002"),
                ("amount", "-100"),
                ("due_on", "2026-03-21"),
            ],
            &[
                ("document", "3"),
                ("client", "1002"),
                ("amount", "900"),
                ("due_on", "2026-03-31"),
            ],
            &[
                ("document", "4"),
                ("client", "1005"),
                ("amount", "900"),
                ("due_on", "2026-03-01"),
            ],
        ];
        given(&store, Entity::Ledger, items).await;
        let facts = facts(&store, "1001", Part::Release { lots: Lots::All }).await;
        let [debt] = facts.group_debts.as_slice() else {
            panic!("{:?}", facts.group_debts)
        };
        assert_eq!(
            (debt.overdue.to_string().as_str(), debt.oldest_days),
            ("GBP 4.00", 30)
        );
    })
    .await;
}

#[tokio::test]
async fn a_release_looks_at_the_lots_asked_for_with_their_invoices_and_lines() {
    each_engine(async |store: Store| {
        clients(&store).await;
        let lots: &[&[(&str, &str)]] = &[
            &[("sale", "S1"), ("lot", "1"), ("buyer", "1001")],
            &[("sale", "S1"), ("lot", "2"), ("buyer", "1001")],
            &[("sale", "S2"), ("lot", "1"), ("buyer", "1001")],
            &[("sale", "S1"), ("lot", "9"), ("buyer", "1005")],
        ];
        given(&store, Entity::Lot, lots).await;
        given(&store, Entity::Sale, &[&[("sale", "S1")], &[("sale", "S2")]]).await;
        given(
            &store,
            Entity::Invoice,
            &[&[("entity", "GB01"), ("invoice", "90"), ("year", "2026")]],
        )
        .await;
        let key = [("entity", "GB01"), ("invoice", "90"), ("year", "2026")];
        let line =
            |cells: &[(&'static str, &'static str)]| key.iter().chain(cells).copied().collect::<Vec<_>>();
        let lines = [
            line(&[("line", "1"), ("sale", "S1"), ("lot", "1")]),
            line(&[("line", "2"), ("sale", "S1"), ("lot", "2")]),
            line(&[("line", "3"), ("kind", "shipping")]),
        ];
        let lines: Vec<&[(&str, &str)]> = lines.iter().map(Vec::as_slice).collect();
        given(&store, Entity::InvoiceLine, &lines).await;
        given(&store, Entity::Release, &[&[("sale", "S1"), ("lot", "1")]]).await;
        let lot = |sale: &str, lot: &str| LotKey {
            sale: sale.into(),
            lot: lot.into(),
        };
        let invoice = InvoiceKey {
            entity: "GB01".into(),
            number: "90".into(),
            year: 2026,
        };
        let cases = [
            (Lots::All, vec!["S1/1", "S1/2", "S2/1"], 3),
            (Lots::Sale("S1".into()), vec!["S1/1", "S1/2"], 3),
            (Lots::Invoice(invoice), vec!["S1/1", "S1/2"], 3),
            (Lots::Lot(lot("S1", "1")), vec!["S1/1"], 3),
            (Lots::Lot(lot("S2", "1")), vec!["S2/1"], 0),
            (Lots::Lot(lot("S1", "9")), vec!["S1/9"], 0),
        ];
        for (lots, expected, lines) in cases {
            let facts = facts(&store, "1001", Part::Release { lots: lots.clone() }).await;
            let keys: Vec<String> = facts.lots.iter().map(|lot| lot.key.to_string()).collect();
            assert_eq!(keys, expected, "{lots:?}");
            assert_eq!(facts.lines.len(), lines, "{lots:?}");
            assert_eq!(facts.releases.len(), usize::from(keys[0] == "S1/1"), "{lots:?}");
            assert!(!facts.sales.is_empty());
        }
    })
    .await;
}

#[tokio::test]
async fn an_invoice_is_found_by_its_number_in_every_entity_with_or_without_zeros() {
    each_engine(async |store: Store| {
        let invoices: &[&[(&str, &str)]] = &[
            &[("entity", "GB01"), ("invoice", "0090001234"), ("year", "2026")],
            &[("entity", "US01"), ("invoice", "90001234"), ("year", "2025")],
            &[("entity", "US01"), ("invoice", "90001235")],
        ];
        given(&store, Entity::Invoice, invoices).await;
        let mut view = store.read().await.unwrap();
        for number in ["90001234", "0090001234"] {
            let found = view.invoices_numbered(number).await.unwrap();
            let entities: Vec<&str> = found.iter().map(|invoice| invoice.key.entity.as_str()).collect();
            assert_eq!(entities, ["GB01", "US01"]);
        }
        assert!(
            view.invoice_lines(&InvoiceKey {
                entity: "X".into(),
                number: "1".into(),
                year: 1
            })
            .await
            .unwrap()
            .is_empty()
        );
    })
    .await;
}
