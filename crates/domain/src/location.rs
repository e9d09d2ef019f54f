//! A saleroom's own rules: zone, working days, and the dated terms for deposits and release.
//!
//! Houses change their terms often and every saleroom differs, so every number of `domain.md` 2-4 stands
//! here, from configuration, with the day from which it holds.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate, Weekday};
use chrono_tz::Tz;

use crate::ids::{EntityCode, LocationId};
use crate::model::words;
use crate::money::Money;

words! {
    /// How days are counted.
    DayCount { /// Every day.
        Calendar = "calendar", /// The location's working days.
        Working = "working" }
    /// When a paid invoice lets lots go.
    ReleasePolicy { /// Only when the whole invoice is covered.
        WholeInvoice = "whole_invoice", /// Each lot by what was allocated to it.
        PerLot = "per_lot" }
    /// When a surplus after a purchase is refunded.
    SurplusRule { /// When the lot is collected.
        OnCollection = "on_collection", /// With the refunds of the sale.
        AfterSale = "after_sale" }
}

/// From which total on a purchase needs due diligence (R08).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueDiligence {
    /// Always: what holds where nobody decided.
    Always,
    /// From this total on, in the location's currency.
    From(Money),
    /// Never: somebody decided so.
    Never,
}

/// Working days of a location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingDays {
    /// Days of the week that are never worked.
    pub weekend: BTreeSet<u8>,
    /// Holidays with their names.
    pub holidays: BTreeMap<NaiveDate, String>,
}

impl WorkingDays {
    /// Monday to Friday, no holidays.
    pub fn monday_to_friday() -> Self {
        Self {
            weekend: BTreeSet::from([5, 6]),
            holidays: BTreeMap::new(),
        }
    }

    /// The key of a weekday in `weekend`: Monday is 0.
    pub fn weekday(day: Weekday) -> u8 {
        u8::try_from(day.num_days_from_monday()).unwrap_or(0)
    }

    /// Is it worked?
    pub fn is_working(&self, day: NaiveDate) -> bool {
        !self.weekend.contains(&Self::weekday(day.weekday())) && !self.holidays.contains_key(&day)
    }
}

/// A deposit rule and the day from which it holds, by the last covered sale's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepositRule {
    /// In force for sales that end on or after that day.
    pub from: NaiveDate,
    /// Refund due so many days after the sale's end.
    pub refund_days: u32,
    /// Counted how.
    pub count: DayCount,
    /// May a debt elsewhere in the group be ignored (D5)?
    pub ignore_group_debt: bool,
    /// When a surplus goes back (P6).
    pub surplus: SurplusRule,
    /// Must a refund be approved first (D12)?
    pub needs_approval: bool,
}

/// A release rule and the day from which it holds, by the day of the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRule {
    /// In force from.
    pub from: NaiveDate,
    /// Whole invoice or per lot.
    pub policy: ReleasePolicy,
    /// Is property withheld for other overdue debt in the group (R05)?
    pub withhold_for_group_debt: bool,
    /// Is a captured card payment enough (policy of some houses), or must it be settled?
    pub captured_card_is_cleared: bool,
    /// When due diligence is needed (R08).
    pub cdd_from: DueDiligence,
    /// Is property held while a consumer may cancel (R16)?
    pub hold_for_cancellation: bool,
}

/// A saleroom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// As config and feeds name it.
    pub id: LocationId,
    /// As people call it.
    pub name: String,
    /// The entity that bills there.
    pub entity: EntityCode,
    /// IANA zone.
    pub zone: Tz,
    /// Working days.
    pub days: WorkingDays,
    /// Deposit rules in order of `from`; never empty.
    pub deposit_rules: Vec<DepositRule>,
    /// Release rules in order of `from`; never empty.
    pub release_rules: Vec<ReleaseRule>,
    /// The team that people are sent to: "please speak to TEAM".
    pub team: String,
    /// Business days after which a payment that was seen but not posted is a reconciliation task (B10).
    pub unposted_after_days: u32,
}

impl Location {
    /// What holds where no configuration names a location: UTC, Monday to Friday, the strictest policy
    /// (whole invoice, withhold for group debt, settled funds only, due diligence for every work of art).
    pub fn unconfigured(entity: EntityCode) -> Self {
        Self {
            id: LocationId::new(entity.as_str().to_lowercase()),
            name: entity.as_str().to_owned(),
            entity,
            zone: Tz::UTC,
            days: WorkingDays::monday_to_friday(),
            deposit_rules: vec![DepositRule {
                from: NaiveDate::MIN,
                refund_days: 14,
                count: DayCount::Working,
                ignore_group_debt: false,
                surplus: SurplusRule::OnCollection,
                needs_approval: true,
            }],
            release_rules: vec![ReleaseRule {
                from: NaiveDate::MIN,
                policy: ReleasePolicy::WholeInvoice,
                withhold_for_group_debt: true,
                captured_card_is_cleared: false,
                cdd_from: DueDiligence::Always,
                hold_for_cancellation: true,
            }],
            team: "client accounts".to_owned(),
            unposted_after_days: 2,
        }
    }

    /// The deposit rule for a sale that ended on that day: the last one in force.
    pub fn deposit_rule(&self, sale_end: NaiveDate) -> Option<&DepositRule> {
        self.deposit_rules
            .iter()
            .rev()
            .find(|rule| rule.from <= sale_end)
            .or(self.deposit_rules.first())
    }

    /// The release rule on that day: the last one in force.
    pub fn release_rule(&self, day: NaiveDate) -> Option<&ReleaseRule> {
        self.release_rules
            .iter()
            .rev()
            .find(|rule| rule.from <= day)
            .or(self.release_rules.first())
    }
}

/// All salerooms, and what to fall back to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct House {
    /// As configured.
    pub locations: Vec<Location>,
}

impl House {
    /// The location of that id.
    pub fn location(&self, id: &LocationId) -> Option<&Location> {
        self.locations.iter().find(|location| location.id == *id)
    }

    /// The location that bills through that entity; an unconfigured entity gets the strict defaults.
    pub fn of_entity(&self, entity: &EntityCode) -> Location {
        self.locations
            .iter()
            .find(|location| location.entity == *entity)
            .cloned()
            .unwrap_or_else(|| Location::unconfigured(entity.clone()))
    }
}
