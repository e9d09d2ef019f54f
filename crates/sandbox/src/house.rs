//! The house itself: its salerooms with their rules, the people who ask, and the feeds that fill it.
//!
//! Promises: everything that `demo` would otherwise read from a config file stands here, and nothing of
//! it depends on the moment except how long ago each feed was last extracted.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use hammerdesk_domain::access::{Asker, Permission, Role, Scope};
use hammerdesk_domain::freshness::Needed;
use hammerdesk_domain::ids::{EntityCode, LocationId, PersonId, SourceId};
use hammerdesk_domain::location::{
    DayCount, DepositRule, DueDiligence, House, Location, ReleasePolicy, ReleaseRule, SurplusRule,
    WorkingDays,
};
use hammerdesk_domain::money::{Currency, Money};
use hammerdesk_domain::record::Entity;

use crate::holidays;

/// London's id.
pub const LONDON: &str = "london";
/// New York's id.
pub const NEW_YORK: &str = "new-york";
/// Hong Kong's id.
pub const HONG_KONG: &str = "hong-kong";
/// Private sales in London: a small entity of its own whose ledger feed has broken down (B3, R23).
pub(crate) const PRIVATE_LONDON: &str = "private-london";
/// Private sales in New York: a small entity whose ledger comes late (B4).
pub(crate) const PRIVATE_NEW_YORK: &str = "private-new-york";

/// A feed of the sample house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleFeed {
    /// The `source` of its batches.
    pub id: SourceId,
    /// As people call it.
    pub name: String,
    /// What it brings.
    pub brings: Vec<Entity>,
    /// Which decisions need it.
    pub needed_for: Needed,
    /// Soft limit.
    pub soft: TimeDelta,
    /// Hard limit.
    pub hard: TimeDelta,
    /// Whose working days count.
    pub location: Option<LocationId>,
    /// Needed only for accounts that have anything in that entity; for every account where it is `None`.
    pub entity: Option<EntityCode>,
    /// What an answer may miss while it is late.
    pub may_miss: String,
    /// When its last complete batch was extracted.
    pub extracted_at: DateTime<Utc>,
}

fn since(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or(NaiveDate::MIN)
}

fn deposit_rule(from: NaiveDate, refund_days: u32, count: DayCount) -> DepositRule {
    DepositRule {
        from,
        refund_days,
        count,
        ignore_group_debt: false,
        surplus: SurplusRule::OnCollection,
        needs_approval: false,
    }
}

fn release_rule(policy: ReleasePolicy, cdd_from: Money) -> ReleaseRule {
    ReleaseRule {
        from: since(2020, 1, 10),
        policy,
        withhold_for_group_debt: false,
        captured_card_is_cleared: false,
        cdd_from: DueDiligence::From(cdd_from),
        hold_for_cancellation: false,
    }
}

/// The salerooms with their rules; two small private-sale entities follow the three rooms.
pub(crate) fn settings() -> House {
    let weekdays = WorkingDays::monday_to_friday();
    let london = Location {
        id: LocationId::new(LONDON),
        name: "London".to_owned(),
        entity: EntityCode::new("1000"),
        zone: Tz::Europe__London,
        days: WorkingDays {
            holidays: holidays::london(),
            ..weekdays.clone()
        },
        deposit_rules: vec![
            deposit_rule(since(2018, 1, 1), 14, DayCount::Calendar),
            deposit_rule(since(2024, 1, 1), 7, DayCount::Calendar),
        ],
        release_rules: vec![ReleaseRule {
            hold_for_cancellation: true,
            ..release_rule(
                ReleasePolicy::WholeInvoice,
                Money::from_minor(850_000, Currency::GBP),
            )
        }],
        team: "client accounts London".to_owned(),
        unposted_after_days: 2,
    };
    let new_york = Location {
        id: LocationId::new(NEW_YORK),
        name: "New York".to_owned(),
        entity: EntityCode::new("2000"),
        zone: Tz::America__New_York,
        days: WorkingDays {
            holidays: holidays::new_york(),
            ..weekdays.clone()
        },
        deposit_rules: vec![DepositRule {
            needs_approval: true,
            surplus: SurplusRule::AfterSale,
            ..deposit_rule(since(2018, 1, 1), 5, DayCount::Working)
        }],
        release_rules: vec![ReleaseRule {
            withhold_for_group_debt: true,
            ..release_rule(
                ReleasePolicy::WholeInvoice,
                Money::from_minor(1_000_000, Currency::USD),
            )
        }],
        team: "client accounts New York".to_owned(),
        unposted_after_days: 2,
    };
    let hong_kong = Location {
        id: LocationId::new(HONG_KONG),
        name: "Hong Kong".to_owned(),
        entity: EntityCode::new("3000"),
        zone: Tz::Asia__Hong_Kong,
        days: WorkingDays {
            holidays: holidays::hong_kong(),
            ..weekdays
        },
        deposit_rules: vec![
            deposit_rule(since(2018, 1, 1), 7, DayCount::Calendar),
            deposit_rule(since(2023, 1, 1), 14, DayCount::Working),
        ],
        release_rules: vec![ReleaseRule {
            captured_card_is_cleared: true,
            ..release_rule(ReleasePolicy::PerLot, Money::from_minor(8_000_000, Currency::HKD))
        }],
        team: "client accounts Hong Kong".to_owned(),
        unposted_after_days: 3,
    };
    let private_london = Location {
        id: LocationId::new(PRIVATE_LONDON),
        name: "Private Sales London".to_owned(),
        entity: EntityCode::new("1900"),
        team: "private sales London".to_owned(),
        ..london.clone()
    };
    let private_new_york = Location {
        id: LocationId::new(PRIVATE_NEW_YORK),
        name: "Private Sales New York".to_owned(),
        entity: EntityCode::new("2900"),
        team: "private sales New York".to_owned(),
        ..new_york.clone()
    };
    House {
        locations: vec![london, new_york, hong_kong, private_london, private_new_york],
    }
}

fn person(id: &str, name: &str, role: (&str, &str), permissions: &[Permission], only: &[&str]) -> Asker {
    let scope = if only.is_empty() {
        Scope::All
    } else {
        Scope::Only(
            only.iter()
                .map(|id| LocationId::new(*id))
                .collect::<BTreeSet<_>>(),
        )
    };
    Asker {
        id: PersonId::new(id),
        name: name.to_owned(),
        role: Arc::new(Role::new(role.0, role.1, permissions)),
        scope,
    }
}

/// The people between whom the demo switches.
pub(crate) fn people() -> Vec<Asker> {
    use Permission::{
        Balance, Client, ClientReply, Debtors, Deposit, Escalate, Escalations, Feeds, Internal, Release,
        ReleaseRecipient, RestrictedClients, RestrictedHolds, Rotas, Share, TicketWork, Tickets, VipClients,
    };
    let coordinator = [
        Balance,
        Release,
        Deposit,
        Client,
        Feeds,
        Internal,
        Share,
        Tickets,
        TicketWork,
        ClientReply,
        Escalate,
        Escalations,
    ];
    let senior = [
        Balance,
        Release,
        Deposit,
        Client,
        Feeds,
        Internal,
        Share,
        Tickets,
        TicketWork,
        ClientReply,
        Escalate,
        Escalations,
        VipClients,
    ];
    let manager = [
        Balance,
        Release,
        Deposit,
        Client,
        Feeds,
        Debtors,
        Internal,
        VipClients,
        ReleaseRecipient,
        Share,
        Tickets,
        TicketWork,
        ClientReply,
        Escalate,
        Escalations,
        Rotas,
    ];
    let compliance = [
        Balance,
        Release,
        Deposit,
        Client,
        Feeds,
        Debtors,
        Internal,
        VipClients,
        RestrictedClients,
        RestrictedHolds,
        ReleaseRecipient,
        Share,
        Tickets,
        Escalate,
        Escalations,
        Rotas,
    ];
    vec![
        person(
            "coordinator-london",
            "Nia Prosser",
            ("coordinator", "Coordinator, London"),
            &coordinator,
            &[LONDON, PRIVATE_LONDON],
        ),
        person(
            "coordinator-hong-kong",
            "Kwok Wing-yan",
            ("coordinator-hk", "Coordinator, Hong Kong"),
            &coordinator,
            &[HONG_KONG],
        ),
        person(
            "senior-london",
            "Callum Reid",
            ("senior", "Senior coordinator, London"),
            &senior,
            &[LONDON, PRIVATE_LONDON],
        ),
        person(
            "coordinator-new-york",
            "Marcus Bell",
            ("coordinator-ny", "Coordinator, New York"),
            &coordinator,
            &[NEW_YORK, PRIVATE_NEW_YORK],
        ),
        person(
            "assistant-manager",
            "Asha Nair",
            ("assistant-manager", "Assistant manager"),
            &senior,
            &[],
        ),
        person("manager", "Rosa Delgado", ("manager", "Manager"), &manager, &[]),
        person(
            "shipping",
            "Tom Achterberg",
            ("shipping", "Shipping"),
            &[Release, ReleaseRecipient, Client, Internal, Tickets, Escalate],
            &[],
        ),
        person(
            "call-centre",
            "Call centre",
            ("call-centre", "Call centre"),
            &[Release, Deposit, Escalate],
            &[],
        ),
        person(
            "compliance",
            "Ines Moreau",
            ("compliance", "Compliance"),
            &compliance,
            &[],
        ),
    ]
}

/// The feeds, most of them extracted a short while before `now`.
pub(crate) fn feeds(now: DateTime<Utc>) -> Vec<SampleFeed> {
    let all = Needed {
        balance: true,
        release: true,
        deposit: true,
    };
    let release = Needed {
        release: true,
        ..Needed::default()
    };
    let feed = |id: &str, name: &str, brings: &[Entity], minutes: i64| SampleFeed {
        id: SourceId::new(id),
        name: name.to_owned(),
        brings: brings.to_vec(),
        needed_for: all,
        soft: TimeDelta::hours(26),
        hard: TimeDelta::hours(72),
        location: Some(LocationId::new(LONDON)),
        entity: None,
        may_miss: "later postings".to_owned(),
        extracted_at: now - TimeDelta::minutes(minutes),
    };
    let ledger = [
        Entity::Invoice,
        Entity::InvoiceLine,
        Entity::Ledger,
        Entity::Allocation,
    ];
    vec![
        feed("sap", "ledger", &ledger, 47),
        SampleFeed {
            may_miss: "later payments".to_owned(),
            ..feed("bank", "bank statements", &[Entity::Payment], 95)
        },
        SampleFeed {
            soft: TimeDelta::hours(4),
            hard: TimeDelta::hours(24),
            location: None,
            may_miss: "later card payments and disputes".to_owned(),
            ..feed(
                "stripe",
                "Stripe",
                &[Entity::Payment, Entity::Dispute, Entity::Refund],
                6,
            )
        },
        SampleFeed {
            soft: TimeDelta::hours(4),
            hard: TimeDelta::hours(24),
            location: None,
            may_miss: "later card payments and disputes".to_owned(),
            ..feed(
                "adyen",
                "Adyen",
                &[Entity::Payment, Entity::Dispute, Entity::Refund],
                11,
            )
        },
        SampleFeed {
            may_miss: "later deposit movements".to_owned(),
            needed_for: Needed {
                balance: true,
                deposit: true,
                ..Needed::default()
            },
            ..feed(
                "deposits",
                "deposits",
                &[Entity::Deposit, Entity::DepositCover, Entity::DepositMovement],
                38,
            )
        },
        SampleFeed {
            may_miss: "later changes of identity checks and reviews".to_owned(),
            needed_for: Needed {
                release: true,
                deposit: true,
                ..Needed::default()
            },
            ..feed(
                "compliance",
                "compliance",
                &[
                    Entity::ClientStatus,
                    Entity::Hold,
                    Entity::Terms,
                    Entity::Instalment,
                ],
                72,
            )
        },
        SampleFeed {
            may_miss: "later sales results".to_owned(),
            needed_for: Needed {
                release: true,
                deposit: true,
                ..Needed::default()
            },
            ..feed(
                "sales",
                "sale system",
                &[Entity::Client, Entity::Alias, Entity::Sale, Entity::Lot],
                55,
            )
        },
        SampleFeed {
            soft: TimeDelta::hours(8),
            hard: TimeDelta::hours(48),
            may_miss: "later collections".to_owned(),
            needed_for: release,
            ..feed("warehouse", "warehouse", &[Entity::Release, Entity::Accrual], 21)
        },
        SampleFeed {
            entity: Some(EntityCode::new("1900")),
            location: None,
            ..feed(
                "private-london",
                "private sales ledger, London",
                &ledger,
                6 * 24 * 60,
            )
        },
        SampleFeed {
            entity: Some(EntityCode::new("2900")),
            location: None,
            ..feed(
                "private-new-york",
                "private sales ledger, New York",
                &ledger,
                31 * 60,
            )
        },
    ]
}

#[cfg(test)]
mod tests {
    use hammerdesk_domain::freshness::{Freshness, SourceState};

    use super::*;

    #[test]
    fn every_entity_is_brought_by_some_feed_and_only_the_private_sales_are_late() {
        let house = settings();
        for now in [
            "2026-11-22T03:00:00Z",
            "2026-12-26T12:00:00Z",
            "2026-06-10T09:00:00Z",
        ] {
            let now: DateTime<Utc> = now.parse().unwrap();
            let feeds = feeds(now);
            for entity in Entity::ALL {
                assert!(
                    feeds.iter().any(|feed| feed.brings.contains(entity)),
                    "{}",
                    entity.name()
                );
            }
            for feed in feeds {
                let location = feed.location.as_ref().and_then(|id| house.location(id));
                let everyday = WorkingDays {
                    weekend: BTreeSet::new(),
                    ..WorkingDays::monday_to_friday()
                };
                let state = SourceState {
                    source: feed.id.clone(),
                    name: feed.name.clone(),
                    needed_for: feed.needed_for,
                    extracted_at: Some(feed.extracted_at),
                    soft: feed.soft,
                    hard: feed.hard,
                    zone: location.map_or(Tz::UTC, |location| location.zone),
                    days: location.map_or(everyday, |location| location.days.clone()),
                    may_miss: feed.may_miss.clone(),
                };
                let expected = match feed.id.as_str() {
                    "private-london" => Freshness::Hard,
                    "private-new-york" => Freshness::Soft,
                    _ => Freshness::Fresh,
                };
                assert_eq!(state.freshness(now), expected, "{}", feed.id);
            }
        }
    }

    #[test]
    fn the_call_centre_asks_for_no_balance_and_reads_no_internal_reason() {
        let people = people();
        let call_centre = people
            .iter()
            .find(|person| person.id.as_str() == "call-centre")
            .unwrap();
        assert!(!call_centre.may(Permission::Balance) && !call_centre.may(Permission::Internal));
        assert!(call_centre.may(Permission::Release) && call_centre.may(Permission::Deposit));
        let readers: Vec<_> = people
            .iter()
            .filter(|person| person.may(Permission::RestrictedHolds))
            .map(|p| p.id.as_str())
            .collect();
        assert_eq!(readers, ["compliance"], "only compliance reads restricted holds");
    }
}
