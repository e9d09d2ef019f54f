//! What all clients owe together, against what each of them is told: decision 7 in figures.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use hammerdesk_domain::ageing::Bands;
use hammerdesk_domain::exposure::{Agreements, accounts};
use hammerdesk_domain::ids::{ClientNo, EntityCode};
use hammerdesk_domain::model::ItemKind;
use hammerdesk_domain::money::Currency;
use hammerdesk_domain::record::{Entity, Value};
use hammerdesk_store::{AccountQuery, Part};

use crate::harness::each_house;

type Sums = BTreeMap<(EntityCode, Currency), i64>;

#[tokio::test]
async fn debtors_hold_each_open_item_by_its_own_date_and_add_up_to_the_balances_of_all_clients() {
    each_house(async |desk| {
        let day: NaiveDate = "2026-11-20".parse().unwrap();
        let bands = Bands::default();
        let mut view = desk.app.store.read().await.unwrap();
        let (mut told, mut by_band) = (Sums::new(), BTreeMap::new());
        let mut part_paid = 0;
        for record in desk.house.records(Entity::Client) {
            let Value::Text(no) = record.get("client") else {
                panic!("a client without a number")
            };
            let no = ClientNo::parse(no).unwrap();
            let merged = view.client(&no).await.unwrap().unwrap().merged_into.is_some();
            if merged {
                continue;
            }
            let query = AccountQuery {
                client: no,
                as_of: day,
                with: Part::Balance,
            };
            let facts = view.account(&query).await.unwrap().unwrap();
            for account in accounts(&facts.items, Agreements::of(&facts), |_| day) {
                let net = account.billed().unwrap().minor() - account.credited().unwrap().minor();
                *told
                    .entry((account.entity.clone(), account.currency))
                    .or_default() += net;
                part_paid += account
                    .parts
                    .iter()
                    .filter(|part| part.amount < part.item.amount)
                    .count();
            }
            for item in facts.items.iter().filter(|item| item.is_open_on(day)) {
                if !matches!(item.kind, ItemKind::Deposit | ItemKind::Request) {
                    let band = bands.index_of(item.due(), day);
                    let key = (item.entity.clone(), item.amount.currency(), band);
                    *by_band.entry(key).or_insert(0) += item.amount.minor();
                }
            }
        }
        let (mut debtors, mut debtors_by_band) = (Sums::new(), BTreeMap::new());
        for row in view.debtors(day, bands.ends(), None).await.unwrap() {
            let currency = row.amount.currency();
            *debtors.entry((row.entity.clone(), currency)).or_default() += row.amount.minor();
            debtors_by_band.insert((row.entity, currency, row.band), row.amount.minor());
        }
        told.retain(|key, _| debtors.contains_key(key) || told_something(key, &by_band));
        assert_eq!(debtors, told);
        assert_eq!(debtors_by_band, by_band);
        assert!(
            debtors.len() > 2 && part_paid > 0,
            "{} {part_paid}",
            debtors.len()
        );
    })
    .await;
}

/// An account of deposits and requests alone has nothing open.
fn told_something(
    (entity, currency): &(EntityCode, Currency),
    by_band: &BTreeMap<(EntityCode, Currency, usize), i64>,
) -> bool {
    by_band.keys().any(|key| key.0 == *entity && key.1 == *currency)
}
