//! A saleroom as the generator sees it: its sales by the calendar, its money, its numbering.
//!
//! Promises: every date is relative to the saleroom's own local day, so that the house looks the same
//! whenever it is made; eight sales stand in a fixed order ([`Slot`]) at every saleroom.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use hammerdesk_domain::clock::local_date;
use hammerdesk_domain::ids::{EntityCode, LocationId, SaleNo};
use hammerdesk_domain::location::Location;
use hammerdesk_domain::model::{Sale, SaleKind};
use hammerdesk_domain::money::{Currency, Money};

/// Which of a saleroom's eight sales: what matters is how far it is along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Five months ago.
    Ancient,
    /// More than three months ago; in New York it was rescinded.
    Old,
    /// Two months ago.
    Past,
    /// A month ago: what is unpaid is overdue.
    Month,
    /// Four days ago, results final: nothing is due yet.
    Fresh,
    /// Yesterday, results not final.
    Counting,
    /// Running today.
    Running,
    /// In three weeks.
    Next,
}

impl Slot {
    /// In order of time.
    pub(crate) const ALL: [Self; 8] = [
        Self::Ancient,
        Self::Old,
        Self::Past,
        Self::Month,
        Self::Fresh,
        Self::Counting,
        Self::Running,
        Self::Next,
    ];

    /// First and last day, counted from today.
    const fn days(self) -> (i64, i64) {
        match self {
            Self::Ancient => (-151, -150),
            Self::Old => (-101, -100),
            Self::Past => (-62, -60),
            Self::Month => (-31, -30),
            Self::Fresh => (-5, -4),
            Self::Counting => (-2, -1),
            Self::Running => (0, 2),
            Self::Next => (20, 21),
        }
    }

    /// Over, and nobody can change the results any more?
    pub(crate) const fn is_final(self) -> bool {
        !matches!(self, Self::Counting | Self::Running | Self::Next)
    }
}

/// A saleroom with its sales.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Its id.
    pub(crate) id: LocationId,
    /// The entity that bills there.
    pub(crate) entity: EntityCode,
    /// In which money.
    pub(crate) currency: Currency,
    /// The local day.
    pub(crate) today: NaiveDate,
    /// Days after a sale's end at which its invoices are due.
    pub(crate) due_after: i64,
    /// First letter of sale numbers.
    pub(crate) letter: char,
    /// The eight sales by [`Slot`], then older ones.
    pub(crate) sales: Vec<Sale>,
}

const TITLES: [&[&str]; 3] = [
    &[
        "Old Master Paintings",
        "Important English Furniture",
        "Modern British and Irish Art",
        "Fine Clocks and Watches",
        "Prints and Multiples",
        "Impressionist and Modern Art, Evening",
        "Books and Manuscripts",
        "Jewels",
    ],
    &[
        "American Art",
        "Design",
        "Contemporary Curated",
        "Photographs",
        "Magnificent Jewels",
        "Wines and Spirits Online",
        "Latin American Art",
        "Collector's Library",
    ],
    &[
        "Chinese Works of Art",
        "Fine Chinese Paintings",
        "Jadeite and Jewels",
        "Modern and Contemporary Asian Art",
        "Important Watches",
        "Whisky and Moutai",
        "Southeast Asian Art",
        "Classical Furniture",
    ],
];

impl Place {
    /// The saleroom of that location as it stands at `now`, with so many sales older than the eight.
    pub(crate) fn new(
        location: &Location,
        currency: Currency,
        letter: char,
        now: DateTime<Utc>,
        older: usize,
    ) -> Self {
        let today = local_date(now, location.zone);
        let titles = match letter {
            'L' => TITLES[0],
            'N' => TITLES[1],
            _ => TITLES[2],
        };
        let title = |at: usize| {
            titles
                .get(at % titles.len())
                .copied()
                .unwrap_or("Sale")
                .to_owned()
        };
        let sale = |no: i64, title: String, (from, to): (i64, i64)| Sale {
            no: SaleNo::new(format!("{letter}{no}")),
            title,
            location: location.id.clone(),
            entity: location.entity.clone(),
            currency,
            kind: SaleKind::Live,
            starts_on: today + TimeDelta::days(from),
            ends_on: today + TimeDelta::days(to),
            results_final: true,
            cancelled: false,
        };
        let mut sales = Vec::with_capacity(8 + older);
        for (no, slot) in (1801..).zip(Slot::ALL) {
            let at = sales.len();
            sales.push(Sale {
                kind: if at % 4 == 2 {
                    SaleKind::Timed
                } else {
                    SaleKind::Live
                },
                results_final: slot.is_final(),
                cancelled: letter == 'N' && slot == Slot::Old,
                ..sale(no, title(at), slot.days())
            });
        }
        for (back, no) in (1..=older).zip((0..=1800).rev()) {
            let ended = -150 - 14 * i64::try_from(back).unwrap_or(0) % 2500;
            sales.push(sale(no, title(back), (ended, ended)));
        }
        Self {
            id: location.id.clone(),
            entity: location.entity.clone(),
            currency,
            today,
            due_after: if letter == 'N' { 10 } else { 7 },
            letter,
            sales,
        }
    }

    /// The sale of that slot.
    pub(crate) fn sale(&self, slot: Slot) -> &Sale {
        &self.sales[slot as usize]
    }

    /// So many days from today.
    pub(crate) fn day(&self, days: i64) -> NaiveDate {
        self.today + TimeDelta::days(days)
    }

    /// An amount in the local money.
    pub(crate) const fn money(&self, minor: i64) -> Money {
        Money::from_minor(minor, self.currency)
    }
}

/// The fiscal year of a document posted on that day.
pub(crate) fn fiscal_year(day: NaiveDate) -> i64 {
    i64::from(day.year())
}
