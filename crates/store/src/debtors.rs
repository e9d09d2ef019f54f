//! What is open at the end of a day, by age, entity and currency: one grouped statement.

use chrono::{Days, NaiveDate};
use hammerdesk_domain::ids::EntityCode;
use hammerdesk_domain::money::Money;
use sqlx::FromRow;

use crate::account::end_of;
use crate::engine::{View, run, statements};
use crate::error::{Result, StoreError};

/// How many upper ends of bands one question may have.
pub const MOST_BANDS: usize = 8;

statements! {
    // One step along the key for each entity, however many items there are.
    ENTITIES = "WITH RECURSIVE one (entity) AS (SELECT min(entity) FROM ledger UNION ALL \
        SELECT (SELECT min(l.entity) FROM ledger l WHERE l.entity > one.entity) FROM one WHERE one.entity IS NOT NULL) \
        SELECT entity FROM one WHERE entity IS NOT NULL ORDER BY entity";
    // Shorter lists of bands repeat their last end; a repeated end is never reached.
    DEBTORS = "SELECT entity, currency, band, count(*) AS items, CAST(sum(amount) AS BIGINT) AS amount FROM (\
        SELECT entity, currency, amount, CASE WHEN due >= $3 THEN 0 WHEN due >= $4 THEN 1 WHEN due >= $5 THEN 2 \
            WHEN due >= $6 THEN 3 WHEN due >= $7 THEN 4 WHEN due >= $8 THEN 5 WHEN due >= $9 THEN 6 \
            WHEN due >= $10 THEN 7 ELSE 8 END AS band FROM (\
        SELECT entity, currency, amount, coalesce(due_on, posted_on) AS due FROM ledger WHERE cleared_on IS NULL \
            AND posted_on <= $1 AND (NOT gone_from_snapshot OR NOT EXISTS (SELECT 1 FROM snapshot s \
            WHERE s.source = fed_by AND s.company = entity AND s.extracted_at > seen_at AND s.extracted_at < $11)) \
            AND kind IN ('invoice', 'credit', 'payment', 'other') AND ($2 = '' OR entity = $2) UNION ALL \
        SELECT entity, currency, amount, coalesce(due_on, posted_on) AS due FROM ledger WHERE cleared_on > $1 \
            AND posted_on <= $1 AND kind IN ('invoice', 'credit', 'payment', 'other') \
            AND ($2 = '' OR entity = $2)) open_items) banded GROUP BY entity, currency, band \
        ORDER BY entity, currency, band";
}

/// What is open in one band.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebtorBand {
    /// Owed to.
    pub entity: EntityCode,
    /// Which band: the place of its upper end in the list asked for; the length of the list is "older".
    pub band: usize,
    /// How many items.
    pub count: i64,
    /// Their sum; credits and payments on account count against it.
    pub amount: Money,
}

#[derive(FromRow)]
struct Row {
    entity: String,
    currency: String,
    band: i32,
    items: i64,
    amount: i64,
}

impl View {
    /// The entities that the ledger holds items of, in order.
    pub async fn ledger_entities(&mut self) -> Result<Vec<EntityCode>> {
        let found: Vec<String> = run!(self, |c| sqlx::query_scalar(ENTITIES).fetch_all(c).await)?;
        Ok(found.into_iter().map(EntityCode::new).collect())
    }

    /// Open items at the end of a day by days past due. `bands` are the upper ends, ascending: `[0, 30]`
    /// gives not due, 1 to 30, and older. Deposits and requests do not count. What a complete snapshot no
    /// longer held was open until that snapshot's day in UTC.
    pub async fn debtors(
        &mut self,
        as_of: NaiveDate,
        bands: &[i64],
        entity: Option<&EntityCode>,
    ) -> Result<Vec<DebtorBand>> {
        let refuse = |reason: &str| StoreError::Record {
            table: "ledger",
            reason: reason.to_owned(),
        };
        if bands.is_empty() || bands.len() > MOST_BANDS || !bands.is_sorted_by(|a, b| a < b) {
            return Err(refuse("ageing bands are 1 to 8 ascending numbers of days"));
        }
        let ends: Option<Vec<NaiveDate>> = bands.iter().map(|days| days_before(as_of, *days)).collect();
        let mut ends = ends.ok_or_else(|| refuse("an ageing band is too long"))?;
        let last = ends[ends.len() - 1];
        ends.resize(MOST_BANDS, last);
        let entity = entity.map_or("", EntityCode::as_str);
        let rows: Vec<Row> = run!(self, |c| {
            let mut query = sqlx::query_as(DEBTORS).bind(as_of).bind(entity);
            for end in &ends {
                query = query.bind(*end);
            }
            query = query.bind(end_of(as_of));
            query.fetch_all(c).await
        })?;
        let older = bands.len();
        rows.into_iter()
            .map(|row| {
                let currency = row.currency.parse().map_err(|error| StoreError::Corrupt {
                    table: "ledger",
                    column: "currency".to_owned(),
                    reason: format!("{error}"),
                })?;
                Ok(DebtorBand {
                    entity: row.entity.into(),
                    band: usize::try_from(row.band).unwrap_or(older).min(older),
                    count: row.items,
                    amount: Money::from_minor(row.amount, currency),
                })
            })
            .collect()
    }
}

fn days_before(day: NaiveDate, days: i64) -> Option<NaiveDate> {
    let distance = Days::new(days.unsigned_abs());
    if days >= 0 {
        day.checked_sub_days(distance)
    } else {
        day.checked_add_days(distance)
    }
}
