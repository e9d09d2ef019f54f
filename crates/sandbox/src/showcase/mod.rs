//! The showcases: one client for every row of the three decision tables.
//!
//! Promises: [`Showcase::question`] asked by [`Showcase::as_person`] meets the row; client numbers tell the
//! row (B8 is client 1400008, R07 is 1500007, D3 is 1600003, P14 is 1700014).

use chrono::{DateTime, Utc};
use hammerdesk_domain::ids::{ClientNo, PersonId};
use hammerdesk_domain::location::House;
use hammerdesk_domain::model::Sale;

use crate::account::Account;
use crate::place::Place;

/// A question that shows one row of a decision table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Showcase {
    /// The row: `B8`, `R01`, `D3`, `P14`, or an outcome of the release table such as `PARTIAL`.
    pub row: String,
    /// What to ask.
    pub question: String,
    /// Who asks.
    pub as_person: PersonId,
    /// About whom.
    pub client: ClientNo,
    /// The client's name.
    pub name: String,
    /// The story in a sentence.
    pub says: String,
}

/// All showcases with their accounts.
pub(crate) struct Stage {
    pub(crate) showcases: Vec<Showcase>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) sales: Vec<Sale>,
}

impl Stage {
    pub(crate) fn new(_house: &House, _places: &[Place], _now: DateTime<Utc>) -> Self {
        Self {
            showcases: Vec::new(),
            accounts: Vec::new(),
            sales: Vec::new(),
        }
    }
}
