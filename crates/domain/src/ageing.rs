//! Ageing: what is open, by how long ago it was due, in bands that every house chooses itself.
//!
//! Promises: each open amount falls into exactly one band, so the bands always add up to the outstanding
//! of their entity and currency; and [`Bands::thresholds`] says the same as [`Bands::index`] in dates, so
//! that a database can sum up bands by comparing dates alone.

use chrono::{Days, NaiveDate};

use crate::ids::EntityCode;
use crate::model::words;
use crate::money::{Currency, Money, MoneyError};

words! {
    /// From which date an item's age is counted.
    Basis { /// Net due date.
        NetDue = "net_due", /// Invoice (document) date.
        Document = "document" }
}

#[expect(clippy::derivable_impls, reason = "the set of words is declared by a macro")]
impl Default for Basis {
    fn default() -> Self {
        Self::NetDue
    }
}

/// Upper ends in days past due, ascending, the first 0: `[0, 30, 60, 90]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bands(Vec<i64>);

/// Why bands were not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BandsError {
    /// Not a whole number.
    #[error("{0:?} is not a number of days: write the bands' upper ends like 0,30,60,90")]
    NotANumber(String),
    /// Nothing there.
    #[error("there are no bands: write their upper ends like 0,30,60,90")]
    Empty,
    /// Too far or negative.
    #[error("{0} days cannot be the end of a band: take 0 to {LONGEST}")]
    OutOfRange(i64),
    /// Not ascending.
    #[error("the bands' upper ends must ascend, but {1} comes after {0}")]
    NotAscending(i64, i64),
    /// Too many.
    #[error("{0} bands are too many to read: take at most {MOST}")]
    TooMany(usize),
}

const LONGEST: i64 = 3650;
const MOST: usize = 8;

impl Default for Bands {
    /// `[0, 30, 60, 90]`.
    fn default() -> Self {
        Self(vec![0, 30, 60, 90])
    }
}

/// The due dates that belong to one band, both ends included; `None` is unbounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueRange {
    /// Earliest.
    pub from: Option<NaiveDate>,
    /// Latest.
    pub to: Option<NaiveDate>,
}

impl DueRange {
    /// Is that due date one of them?
    pub fn contains(&self, due_on: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= due_on) && self.to.is_none_or(|to| due_on <= to)
    }
}

impl Bands {
    /// From upper ends as configured. Where the first is not 0, what is not yet due still gets a band of
    /// its own.
    pub fn new(ends: &[i64]) -> Result<Self, BandsError> {
        let mut all = Vec::with_capacity(ends.len() + 1);
        if ends.first().is_some_and(|first| *first > 0) {
            all.push(0);
        }
        all.extend_from_slice(ends);
        if all.is_empty() {
            return Err(BandsError::Empty);
        }
        if all.len() > MOST {
            return Err(BandsError::TooMany(all.len()));
        }
        if let Some(wrong) = all.iter().find(|end| !(0..=LONGEST).contains(*end)) {
            return Err(BandsError::OutOfRange(*wrong));
        }
        if let Some(pair) = all.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(BandsError::NotAscending(pair[0], pair[1]));
        }
        Ok(Self(all))
    }

    /// The upper ends, ascending; the last band has none.
    pub fn ends(&self) -> &[i64] {
        &self.0
    }

    /// From text as people write it: `0,15,32`.
    pub fn parse(text: &str) -> Result<Self, BandsError> {
        if text.trim().is_empty() {
            return Err(BandsError::Empty);
        }
        let ends: Result<Vec<i64>, BandsError> = text
            .split(',')
            .map(|end| {
                let end = end.trim();
                end.parse()
                    .map_err(|_| BandsError::NotANumber(end.chars().take(20).collect()))
            })
            .collect();
        Self::new(&ends?)
    }

    /// How many bands there are: one more than ends.
    pub fn count(&self) -> usize {
        self.0.len() + 1
    }

    /// What each is called: `current`, `1-30`, `31-60`, `61-90`, `90+` (more than 90).
    pub fn labels(&self) -> Vec<String> {
        let mut labels = vec!["current".to_owned()];
        for pair in self.0.windows(2) {
            let (first, last) = (pair[0] + 1, pair[1]);
            labels.push(if first == last {
                first.to_string()
            } else {
                format!("{first}-{last}")
            });
        }
        labels.push(format!("{}+", self.0.last().copied().unwrap_or(0)));
        labels
    }

    /// The band of something so many days past due; due today or later is `current`.
    pub fn index(&self, days: i64) -> usize {
        self.0.iter().position(|end| days <= *end).unwrap_or(self.0.len())
    }

    /// The band of something due then, seen from `as_of`.
    pub fn index_of(&self, due_on: NaiveDate, as_of: NaiveDate) -> usize {
        self.index((as_of - due_on).num_days())
    }

    /// For each band, the due dates that belong to it.
    pub fn thresholds(&self, as_of: NaiveDate) -> Vec<DueRange> {
        let before = |days: i64| {
            as_of
                .checked_sub_days(Days::new(u64::try_from(days).unwrap_or(0)))
                .unwrap_or(NaiveDate::MIN)
        };
        (0..self.count())
            .map(|n| DueRange {
                from: self.0.get(n).map(|end| before(*end)),
                to: n
                    .checked_sub(1)
                    .and_then(|last| self.0.get(last))
                    .map(|end| before(*end + 1)),
            })
            .collect()
    }
}

/// What one band holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The band's label.
    pub band: String,
    /// How many items.
    pub count: usize,
    /// How much.
    pub amount: Money,
}

/// What all clients together owe in one band of one entity and currency, as a database sums it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebtorBand {
    /// The entity.
    pub entity: EntityCode,
    /// The currency.
    pub currency: Currency,
    /// Which band, as [`Bands::index`] counts them.
    pub band: usize,
    /// How many items.
    pub count: i64,
    /// Their sum in minor units.
    pub minor: i64,
}

/// Sorts amounts of one currency, each with the date its age is counted from, into the bands.
pub fn age(
    bands: &Bands,
    currency: Currency,
    as_of: NaiveDate,
    amounts: impl IntoIterator<Item = (NaiveDate, Money)>,
) -> Result<Vec<Bucket>, MoneyError> {
    let mut buckets: Vec<Bucket> = bands
        .labels()
        .into_iter()
        .map(|band| Bucket {
            band,
            count: 0,
            amount: Money::zero(currency),
        })
        .collect();
    for (from, amount) in amounts {
        if let Some(bucket) = buckets.get_mut(bands.index_of(from, as_of)) {
            bucket.count += 1;
            bucket.amount = bucket.amount.checked_add(amount)?;
        }
    }
    Ok(buckets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_houses_get_the_bands_they_know() {
        assert_eq!(
            Bands::default().labels(),
            ["current", "1-30", "31-60", "61-90", "90+"]
        );
        assert_eq!(
            Bands::parse("0, 15,32").unwrap().labels(),
            ["current", "1-15", "16-32", "32+"]
        );
        assert_eq!(
            Bands::parse("30,31").unwrap().labels(),
            ["current", "1-30", "31", "31+"]
        );
    }

    #[test]
    fn bands_that_make_no_sense_are_refused_with_what_to_write() {
        let said: Vec<String> = [
            "",
            "0,x",
            "0,30,30",
            "0,-1",
            "0,999999",
            "1,2,3,4,5,6,7,8,9,10,11,12",
        ]
        .iter()
        .map(|text| {
            Bands::parse(text)
                .map(|_| String::new())
                .unwrap_or_else(|e| e.to_string())
        })
        .collect();
        assert_eq!(
            said,
            [
                "there are no bands: write their upper ends like 0,30,60,90",
                "\"x\" is not a number of days: write the bands' upper ends like 0,30,60,90",
                "the bands' upper ends must ascend, but 30 comes after 30",
                "-1 days cannot be the end of a band: take 0 to 3650",
                "999999 days cannot be the end of a band: take 0 to 3650",
                "13 bands are too many to read: take at most 8",
            ]
        );
    }

    #[test]
    fn the_day_it_is_due_is_current_and_the_next_is_not() {
        let as_of: NaiveDate = "2026-03-08".parse().unwrap();
        let at = |due: &str| Bands::default().index_of(due.parse().unwrap(), as_of);
        assert_eq!(
            [
                at("2026-03-08"),
                at("2026-03-07"),
                at("2026-02-06"),
                at("2026-02-05")
            ],
            [0, 1, 1, 2]
        );
        assert_eq!([at("2025-12-08"), at("2025-12-07")], [3, 4]);
    }

    proptest! {
        #[test]
        fn every_due_date_lies_in_the_range_of_its_band_and_in_no_other(
            ends in proptest::collection::btree_set(1i64..400, 0..6), days in -500i64..900
        ) {
            let bands = Bands::new(&std::iter::once(0).chain(ends).collect::<Vec<_>>()).unwrap();
            let as_of: NaiveDate = "2026-03-08".parse().unwrap();
            let due = as_of - chrono::TimeDelta::days(days);
            let ranges = bands.thresholds(as_of);
            let holding: Vec<usize> = (0..ranges.len()).filter(|n| ranges[*n].contains(due)).collect();
            prop_assert_eq!(holding, [bands.index(days)]);
        }

        #[test]
        fn buckets_add_up_to_the_outstanding(
            amounts in proptest::collection::vec((-500i64..900, 1i64..1_000_000_000), 0..40)
        ) {
            let as_of: NaiveDate = "2026-03-08".parse().unwrap();
            let parts = amounts.iter()
                .map(|(days, minor)| (as_of - chrono::TimeDelta::days(*days), Money::from_minor(*minor, Currency::GBP)));
            let buckets = age(&Bands::parse("0,15,32").unwrap(), Currency::GBP, as_of, parts).unwrap();
            prop_assert_eq!(buckets.iter().map(|b| b.amount.minor()).sum::<i64>(), amounts.iter().map(|a| a.1).sum::<i64>());
            prop_assert_eq!(buckets.iter().map(|b| b.count).sum::<usize>(), amounts.len());
        }
    }
}
