//! Ageing over all clients, per legal entity and currency; `hammerdesk debtors` prints it.
//!
//! Pure: the store has summed up the bands; here they only get their shape. Nothing is added across entity
//! or currency, and the bands of each always add up to what is open.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use hammerdesk_domain::ageing::{Bands, DebtorBand};
use hammerdesk_domain::ids::EntityCode;
use hammerdesk_domain::message::{AsOf, Card, Cell, Figure, Outcome, Reply, Section, Tone};
use hammerdesk_domain::money::{Currency, Money, MoneyError};
use serde_json::{Map, Value, json};

use crate::errors::UserError;

/// The day that an option names: one that has been, and that a ledger can know.
pub fn day(option: &str, typed: &str, now: DateTime<Utc>) -> Result<NaiveDate, UserError> {
    crate::lookup::day(option, typed, now)
}

/// One entity in one currency.
struct Total {
    count: i64,
    open: Money,
    bands: Vec<(String, i64, Money)>,
}

/// Everything open, aged on that day; `sources` says as of when the data speak.
pub fn reply(
    rows: &[DebtorBand],
    bands: &Bands,
    as_of: NaiveDate,
    sources: &[(String, Option<DateTime<Utc>>)],
) -> Result<Reply, MoneyError> {
    let totals = totals(rows, bands)?;
    let mut reply = Reply::sentence(Outcome::Answered, "");
    if totals.is_empty() {
        reply.text = format!("Nothing is open on {as_of}.");
    }
    reply.cards = totals
        .iter()
        .map(|(key, total)| card(key, total, as_of, sources))
        .collect();
    reply.facts = facts(&totals, as_of, sources);
    Ok(reply)
}

fn totals(rows: &[DebtorBand], bands: &Bands) -> Result<BTreeMap<(EntityCode, Currency), Total>, MoneyError> {
    let mut totals: BTreeMap<(EntityCode, Currency), Total> = BTreeMap::new();
    for row in rows {
        let nothing = Money::zero(row.currency);
        let total = totals
            .entry((row.entity.clone(), row.currency))
            .or_insert_with(|| Total {
                count: 0,
                open: nothing,
                bands: bands
                    .labels()
                    .into_iter()
                    .map(|label| (label, 0, nothing))
                    .collect(),
            });
        let amount = Money::from_minor(row.minor, row.currency);
        total.count += row.count;
        total.open = total.open.checked_add(amount)?;
        if let Some((_, count, sum)) = total.bands.get_mut(row.band) {
            *count += row.count;
            *sum = sum.checked_add(amount)?;
        }
    }
    Ok(totals)
}

fn card(
    (entity, currency): &(EntityCode, Currency),
    total: &Total,
    as_of: NaiveDate,
    sources: &[(String, Option<DateTime<Utc>>)],
) -> Card {
    let figure = |label: &str, amount: Money, count: i64| Figure {
        label: label.to_owned(),
        value: Cell::Amount(amount),
        note: Some(if count == 1 {
            "1 item".to_owned()
        } else {
            format!("{count} items")
        }),
        tone: Tone::Plain,
    };
    let aged = total
        .bands
        .iter()
        .map(|(label, count, amount)| figure(label, *amount, *count))
        .collect();
    Card {
        title: format!("Debtors · {entity} · {currency}"),
        subtitle: Some(format!("open on {as_of}, by days past the net due date")),
        sections: vec![
            Section::Figures {
                heading: None,
                rows: vec![figure("Open", total.open, total.count)],
            },
            Section::Figures {
                heading: Some("Ageing".to_owned()),
                rows: aged,
            },
        ],
        as_of: sources
            .iter()
            .map(|(source, at)| AsOf {
                source: source.clone(),
                at: *at,
                stale: false,
                note: None,
            })
            .collect(),
        ..Card::default()
    }
}

fn facts(
    totals: &BTreeMap<(EntityCode, Currency), Total>,
    as_of: NaiveDate,
    sources: &[(String, Option<DateTime<Utc>>)],
) -> Value {
    let blocks: Vec<Value> = totals
        .iter()
        .map(|((entity, currency), total)| {
            let bands: Vec<Value> = total
                .bands
                .iter()
                .map(|(band, count, amount)| json!({"band": band, "count": count, "amount": amount.plain()}))
                .collect();
            json!({
                "entity": entity.as_str(),
                "currency": currency,
                "count": total.count,
                "open_total": total.open.plain(),
                "bands": bands,
            })
        })
        .collect();
    let sources: Map<String, Value> = sources
        .iter()
        .map(|(source, at)| (source.clone(), json!(at)))
        .collect();
    json!({"as_of_day": as_of, "as_of": sources, "blocks": blocks})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::plain;

    fn row(entity: &str, currency: Currency, band: usize, count: i64, minor: i64) -> DebtorBand {
        DebtorBand {
            entity: EntityCode::new(entity),
            currency,
            band,
            count,
            minor,
        }
    }

    fn rows() -> Vec<DebtorBand> {
        vec![
            row("US10", Currency::USD, 0, 81, 456_374),
            row("US10", Currency::USD, 1, 7, 46_548),
            row("LON1", Currency::GBP, 4, 1, 100),
        ]
    }

    #[test]
    fn programs_get_count_total_and_bands_per_entity_and_currency() {
        let day: NaiveDate = "2013-09-30".parse().unwrap();
        let facts = reply(&rows(), &Bands::default(), day, &[]).unwrap().facts;
        assert_eq!(
            facts["blocks"][1],
            json!({
                "entity": "US10", "currency": "USD", "count": 88, "open_total": "5029.22",
                "bands": [
                    {"band": "current", "count": 81, "amount": "4563.74"},
                    {"band": "1-30", "count": 7, "amount": "465.48"},
                    {"band": "31-60", "count": 0, "amount": "0.00"},
                    {"band": "61-90", "count": 0, "amount": "0.00"},
                    {"band": "90+", "count": 0, "amount": "0.00"},
                ],
            })
        );
    }

    #[test]
    fn people_read_one_card_for_each_entity_and_currency() {
        let day: NaiveDate = "2013-09-30".parse().unwrap();
        let at = "2013-10-01T05:00:00Z".parse().ok();
        let reply = reply(
            &rows(),
            &Bands::parse("0,15,32,60").unwrap(),
            day,
            &[("sap".to_owned(), at)],
        )
        .unwrap();
        insta::assert_snapshot!(plain(&reply), @r#"
        Debtors · LON1 · GBP
        open on 2013-09-30, by days past the net due date
          Open  GBP 1.00  1 item
        Ageing
          current  GBP 0.00  0 items
          1-15     GBP 0.00  0 items
          16-32    GBP 0.00  0 items
          33-60    GBP 0.00  0 items
          60+      GBP 1.00  1 item
        As of: sap 2013-10-01 05:00 UTC

        Debtors · US10 · USD
        open on 2013-09-30, by days past the net due date
          Open  USD 5,029.22  88 items
        Ageing
          current  USD 4,563.74  81 items
          1-15       USD 465.48  7 items
          16-32        USD 0.00  0 items
          33-60        USD 0.00  0 items
          60+          USD 0.00  0 items
        As of: sap 2013-10-01 05:00 UTC
        "#);
    }

    #[test]
    fn an_empty_ledger_says_so() {
        let day: NaiveDate = "2013-09-30".parse().unwrap();
        assert_eq!(
            plain(&reply(&[], &Bands::default(), day, &[]).unwrap()),
            "Nothing is open on 2013-09-30."
        );
    }
}
