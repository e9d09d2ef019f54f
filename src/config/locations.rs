//! `[[locations]]`: a saleroom's zone, working days and dated rules.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use chrono::NaiveDate;
use chrono_tz::Tz;
use hammerdesk_domain::ids::{EntityCode, LocationId};
use hammerdesk_domain::location::{
    DayCount, DepositRule, DueDiligence, Location, ReleasePolicy, ReleaseRule, SurplusRule, WorkingDays,
};
use hammerdesk_domain::money::Money;
use hammerdesk_domain::sla::calendar::{DateHours, Week};
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// One saleroom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocationSection {
    /// As feeds name it.
    pub id: String,
    /// As people call it; the id where it is left out.
    #[serde(default)]
    pub name: Option<String>,
    /// The company code that bills there.
    pub entity: String,
    /// IANA zone, such as `Europe/London`.
    pub time_zone: String,
    /// Days of the week that are never worked: `["sat", "sun"]`.
    #[serde(default = "weekend")]
    pub weekend: Vec<String>,
    /// Holidays: date and name.
    #[serde(default)]
    pub holidays: BTreeMap<String, String>,
    /// Open hours per weekday, in pieces; office hours on the working days where they are left out.
    #[serde(default)]
    pub hours: Option<Week>,
    /// Dates with hours of their own, such as sale days.
    #[serde(default)]
    pub dates: BTreeMap<String, DateHours>,
    /// The team that people are sent to.
    #[serde(default)]
    pub team: Option<String>,
    /// Business days after which a payment that was seen but not posted is a task.
    #[serde(default = "two")]
    pub unposted_after_days: u32,
    /// Deposit rules, each with the day from which it holds.
    #[serde(default)]
    pub deposit_rules: Vec<DepositRuleSection>,
    /// Release rules, each with the day from which it holds.
    #[serde(default)]
    pub release_rules: Vec<ReleaseRuleSection>,
}

/// A dated deposit rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepositRuleSection {
    /// For sales that end on or after this day.
    pub from: String,
    /// Refund due so many days after the sale's end.
    pub refund_days: u32,
    /// `calendar` or `working`.
    pub count: String,
    /// May a debt elsewhere in the group be ignored?
    #[serde(default)]
    pub ignore_group_debt: bool,
    /// When a surplus goes back: `on_collection` or `after_sale`.
    #[serde(default = "on_collection")]
    pub surplus: String,
    /// Must a refund be approved first?
    #[serde(default = "yes")]
    pub needs_approval: bool,
}

/// A dated release rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRuleSection {
    /// In force from this day.
    pub from: String,
    /// `whole_invoice` or `per_lot`.
    pub policy: String,
    /// Is property withheld for other overdue debt in the group?
    #[serde(default = "yes")]
    pub withhold_for_group_debt: bool,
    /// Is a captured card payment enough, or must it be settled?
    #[serde(default)]
    pub captured_card_is_cleared: bool,
    /// Due diligence is needed from this total on: `GBP 8,500.00`, or `never`; always where it is left out.
    #[serde(default)]
    pub cdd_from: Option<String>,
    /// Is property held while a consumer may cancel?
    #[serde(default = "yes")]
    pub hold_for_cancellation: bool,
}

/// The longest promise that is believed to be meant.
const MOST_REFUND_DAYS: u32 = 366;

fn weekend() -> Vec<String> {
    vec!["sat".to_owned(), "sun".to_owned()]
}

const fn two() -> u32 {
    2
}

const fn yes() -> bool {
    true
}

fn on_collection() -> String {
    "on_collection".to_owned()
}

impl LocationSection {
    pub(super) fn read(&self) -> Result<Location, ConfigError> {
        let fault = |what: String| ConfigError(format!("[[locations]] {:?}: {what}", self.id));
        let strict = Location::unconfigured(EntityCode::new(self.entity.as_str()));
        let zone = Tz::from_str(&self.time_zone).map_err(|_| {
            fault(format!(
                "time_zone = {:?} is not an IANA zone; write it like \"Europe/London\"",
                self.time_zone
            ))
        })?;
        let day = |text: &str| {
            NaiveDate::from_str(text)
                .map_err(|_| fault(format!("{text:?} is not a date; write it like 2026-12-25")))
        };
        let weekend = self
            .weekend
            .iter()
            .map(|word| {
                chrono::Weekday::from_str(word)
                    .map(WorkingDays::weekday)
                    .map_err(|_| {
                        fault(format!(
                            "{word:?} is not a day of the week; write it like \"sat\""
                        ))
                    })
            })
            .collect::<Result<BTreeSet<_>, _>>()?;
        if weekend.len() == 7 {
            return Err(fault(
                "weekend names all seven days, so nothing would ever be due; leave the working ones out"
                    .to_owned(),
            ));
        }
        let holidays = self
            .holidays
            .iter()
            .map(|(date, name)| Ok((day(date)?, name.clone())))
            .collect::<Result<BTreeMap<_, _>, ConfigError>>()?;
        let mut deposit_rules = self
            .deposit_rules
            .iter()
            .map(|rule| {
                if rule.refund_days > MOST_REFUND_DAYS {
                    return Err(fault(format!(
                        "refund_days = {} is more than {MOST_REFUND_DAYS}; no terms promise that",
                        rule.refund_days
                    )));
                }
                Ok(DepositRule {
                    from: day(&rule.from)?,
                    refund_days: rule.refund_days,
                    count: word::<DayCount>(&rule.count, DayCount::WORDS).map_err(fault)?,
                    ignore_group_debt: rule.ignore_group_debt,
                    surplus: word::<SurplusRule>(&rule.surplus, SurplusRule::WORDS).map_err(fault)?,
                    needs_approval: rule.needs_approval,
                })
            })
            .collect::<Result<Vec<_>, ConfigError>>()?;
        let mut release_rules = self
            .release_rules
            .iter()
            .map(|rule| {
                let cdd_from = match &rule.cdd_from {
                    None => DueDiligence::Always,
                    Some(text) if text == "never" => DueDiligence::Never,
                    Some(text) => DueDiligence::From(text.parse::<Money>().map_err(|_| {
                        fault(format!(
                            "cdd_from = {text:?} is not an amount; write it like \"GBP 8,500.00\", or \"never\""
                        ))
                    })?),
                };
                Ok(ReleaseRule {
                    from: day(&rule.from)?,
                    policy: word::<ReleasePolicy>(&rule.policy, ReleasePolicy::WORDS).map_err(fault)?,
                    withhold_for_group_debt: rule.withhold_for_group_debt,
                    captured_card_is_cleared: rule.captured_card_is_cleared,
                    cdd_from,
                    hold_for_cancellation: rule.hold_for_cancellation,
                })
            })
            .collect::<Result<Vec<_>, ConfigError>>()?;
        deposit_rules.sort_by_key(|rule| rule.from);
        release_rules.sort_by_key(|rule| rule.from);
        Ok(Location {
            id: LocationId::new(self.id.as_str()),
            name: self.name.clone().unwrap_or_else(|| self.id.clone()),
            zone,
            days: WorkingDays { weekend, holidays },
            deposit_rules: if deposit_rules.is_empty() {
                strict.deposit_rules
            } else {
                deposit_rules
            },
            release_rules: if release_rules.is_empty() {
                strict.release_rules
            } else {
                release_rules
            },
            team: self.team.clone().unwrap_or(strict.team),
            unposted_after_days: self.unposted_after_days,
            entity: strict.entity,
        })
    }
}

fn word<T: FromStr>(text: &str, known: &[&str]) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is not one of {}", known.join(", ")))
}
