//! A sample auction house for the demo, for tests and for measurement.
//!
//! [`SampleHouse`] is made from a seed and a moment and yields canonical records, so that everything in it
//! comes through the same import as a real feed. Promises: the same seed and moment give the same house to
//! the last byte; all dates are relative to the moment; memory does not grow with its size; nothing here
//! is reachable from `serve`.

mod account;
mod bench;
pub mod clock;
pub mod csv;
mod cultures;
mod dealings;
pub mod discord;
mod document;
pub mod freshdesk;
mod holidays;
mod house;
mod names;
mod oddities;
mod ordinary;
mod place;
mod rows;
mod showcase;

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use hammerdesk_domain::access::Asker;
use hammerdesk_domain::location::House;
use hammerdesk_domain::model::Sale;
use hammerdesk_domain::money::Currency;
use hammerdesk_domain::record::{Entity, Record};

pub use bench::{clients, ledger_rows, write_ledger_csv};
pub use house::{HONG_KONG, LONDON, NEW_YORK, SampleFeed};
pub use showcase::Showcase;

use crate::account::Account;
use crate::csv::CsvWriter;
use crate::ordinary::Crowd;
use crate::place::Place;
use crate::rows::{Out, Row};
use crate::showcase::Stage;

/// Ordinary clients at factor 1; with the showcases there are some 700.
const CLIENTS: u64 = 600;
/// Sales older than the eight of each saleroom, where clients have a long history.
const OLDER_SALES: usize = 120;

/// The sample house.
pub struct SampleHouse {
    now: DateTime<Utc>,
    house: House,
    places: Vec<Place>,
    crowd: Crowd,
    stage: Stage,
}

impl SampleHouse {
    /// The house of that seed as it stands at `now`: 600 clients, 24 sales and 6,000 lots times `factor`
    /// (the sales stay the same), and the showcases.
    pub fn new(seed: u64, now: DateTime<Utc>, factor: u32) -> Self {
        Self::of(
            now,
            0,
            Crowd {
                seed,
                clients: CLIENTS * u64::from(factor.max(1)),
                invoices_each: None,
            },
        )
    }

    /// A house of so many invoices, ten to a client, and the showcases: for measurement.
    pub fn scaled_to_invoices(seed: u64, now: DateTime<Utc>, invoices: u64) -> Self {
        Self::of(
            now,
            OLDER_SALES,
            Crowd {
                seed,
                clients: (invoices / 10).max(1),
                invoices_each: Some(10),
            },
        )
    }

    fn of(now: DateTime<Utc>, older: usize, crowd: Crowd) -> Self {
        let house = house::settings();
        let rooms = [(Currency::GBP, 'L'), (Currency::USD, 'N'), (Currency::HKD, 'H')];
        let places: Vec<Place> = house
            .locations
            .iter()
            .zip(rooms)
            .map(|(location, (currency, letter))| Place::new(location, currency, letter, now, older))
            .collect();
        let stage = Stage::new(&house, &places, now);
        Self {
            now,
            house,
            places,
            crowd,
            stage,
        }
    }

    /// The moment it was made for.
    pub const fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Salerooms with their rules.
    pub fn settings(&self) -> House {
        self.house.clone()
    }

    /// The people between whom the demo switches.
    pub fn people(&self) -> Vec<Asker> {
        house::people()
    }

    /// Who gets its escalations, as `[[routing]]` and its fellows are written in a config.
    pub const fn rulebook() -> &'static str {
        include_str!("rulebook.toml")
    }

    /// The feeds, as fresh as they are at this house's moment.
    pub fn feeds(&self) -> Vec<SampleFeed> {
        house::feeds(self.now)
    }

    /// One question for every row of the decision tables.
    pub fn showcases(&self) -> &[Showcase] {
        &self.stage.showcases
    }

    /// How many clients there are, showcases and all.
    pub fn client_count(&self) -> u64 {
        self.crowd.clients + u64::try_from(self.stage.accounts.len()).unwrap_or(0)
    }

    /// The records of one entity, made one client at a time.
    pub fn records(&self, entity: Entity) -> impl Iterator<Item = Record> + '_ {
        let sales = if entity == Entity::Sale {
            self.sales().map(Row::record).collect()
        } else {
            Vec::new()
        };
        let of_account = move |account: &Account| {
            let mut records = Vec::new();
            account.emit(entity, &mut records);
            records
        };
        let staged = self.stage.accounts.iter().flat_map(of_account);
        let ordinary = (0..if entity == Entity::Sale {
            0
        } else {
            self.crowd.clients
        })
            .flat_map(move |at| of_account(&self.crowd.client(&self.places, at)));
        sales.into_iter().chain(staged).chain(ordinary)
    }

    fn sales(&self) -> impl Iterator<Item = &Sale> + '_ {
        self.places
            .iter()
            .flat_map(|place| &place.sales)
            .chain(&self.stage.sales)
    }

    /// Writes one canonical CSV file for each entity into a directory, in one pass; returns the files in the
    /// order in which they are best imported.
    pub fn write_csv(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::with_capacity(Entity::ALL.len());
        let mut writers = Vec::with_capacity(Entity::ALL.len());
        for entity in Entity::ALL {
            let path = dir.join(format!("{}.csv", entity.name()));
            let file = BufWriter::with_capacity(1 << 18, File::create(&path)?);
            writers.push(CsvWriter::new(file, *entity)?);
            files.push(path);
        }
        let mut files_out = Files {
            writers,
            failed: Ok(()),
        };
        self.sales().for_each(|sale| files_out.row(sale));
        for account in &self.stage.accounts {
            account.emit_each(Entity::ALL, &mut files_out);
        }
        for at in 0..self.crowd.clients {
            self.crowd
                .client(&self.places, at)
                .emit_each(Entity::ALL, &mut files_out);
        }
        let Files { writers, failed } = files_out;
        failed?;
        for writer in writers {
            writer.finish()?;
        }
        Ok(files)
    }
}

/// One file for each entity.
struct Files {
    writers: Vec<CsvWriter<BufWriter<File>>>,
    /// The first failure; nothing is written after it.
    failed: io::Result<()>,
}

impl Out for Files {
    fn row(&mut self, row: &impl Row) {
        fn entity_of<R: Row>(_: &R) -> Entity {
            R::ENTITY
        }
        let writer = self.writers.get_mut(entity_of(row) as usize);
        if let (Ok(()), Some(writer)) = (&self.failed, writer) {
            self.failed = row.cells(|cells| writer.write_cells(cells));
        }
    }
}
