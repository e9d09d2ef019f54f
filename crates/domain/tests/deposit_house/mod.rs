//! A small house for the deposit tests: three salerooms, one client, one deposit with nothing in its way.

use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;
use hammerdesk_domain::access::{Asker, Permission, Role, Scope};
use hammerdesk_domain::facts::{AccountFacts, Moment};
use hammerdesk_domain::ids::{
    ClientNo, DepositId, EntityCode, LocationId, PaymentId, PersonId, SaleNo, SourceId,
};
use hammerdesk_domain::location::{DayCount, DepositRule, House, Location, SurplusRule, WorkingDays};
use hammerdesk_domain::model::{
    CddState, Client, ClientKind, Confidentiality, Deposit, DepositMovement, DepositState, Destination,
    Method, MovementKind, PayerMatch, Payment, PaymentState, Sale, SaleKind, SanctionsState,
};

pub(crate) fn on(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|_| panic!("{text} is no date"))
}

fn rule(from: &str, refund_days: u32, count: DayCount, surplus: SurplusRule) -> DepositRule {
    DepositRule {
        from: on(from),
        refund_days,
        count,
        ignore_group_debt: false,
        surplus,
        needs_approval: false,
    }
}

fn location(
    id: &str,
    entity: &str,
    zone: Tz,
    holidays: &[&str],
    deposit_rules: Vec<DepositRule>,
) -> Location {
    let mut days = WorkingDays::monday_to_friday();
    days.holidays
        .extend(holidays.iter().map(|day| (on(day), "holiday".to_owned())));
    Location {
        id: LocationId::new(id),
        name: id.to_owned(),
        zone,
        days,
        deposit_rules,
        team: format!("client accounts {id}"),
        ..Location::unconfigured(EntityCode::new(entity))
    }
}

/// London refunds within 7 calendar days, from October 2026 within 14 working days, a surplus when the
/// lots are collected. Hong Kong: 14 working days. New York: 10 calendar days, surplus with the others,
/// debts of others in the group do not matter.
pub(crate) fn house() -> House {
    let london = vec![
        rule("2020-01-01", 7, DayCount::Calendar, SurplusRule::OnCollection),
        rule("2026-10-01", 14, DayCount::Working, SurplusRule::OnCollection),
    ];
    let hong_kong = vec![rule(
        "2020-01-01",
        14,
        DayCount::Working,
        SurplusRule::OnCollection,
    )];
    let new_york = vec![DepositRule {
        ignore_group_debt: true,
        ..rule("2020-01-01", 10, DayCount::Calendar, SurplusRule::AfterSale)
    }];
    House {
        locations: vec![
            location(
                "london",
                "LON1",
                Tz::Europe__London,
                &["2026-12-25", "2026-12-28", "2027-01-01"],
                london,
            ),
            location(
                "hongkong",
                "HKG1",
                Tz::Asia__Hong_Kong,
                &["2026-10-01", "2026-10-19"],
                hong_kong,
            ),
            location(
                "newyork",
                "NYC1",
                Tz::America__New_York,
                &["2026-11-26"],
                new_york,
            ),
        ],
    }
}

/// `coordinator`, `compliance` or `call_centre`.
pub(crate) fn asker(role: &str) -> Asker {
    let mut permissions = vec![Permission::Deposit, Permission::Balance, Permission::Client];
    match role {
        "coordinator" => permissions.push(Permission::Internal),
        "compliance" => permissions.extend([Permission::Internal, Permission::RestrictedHolds]),
        "call_centre" => {}
        other => panic!("there is no role {other}"),
    }
    Asker {
        id: PersonId::new(role),
        name: role.to_owned(),
        role: Arc::new(Role::new(role, role, &permissions)),
        scope: Scope::All,
    }
}

/// Noon UTC of that day.
pub(crate) fn noon(day: NaiveDate) -> Moment {
    let now = day
        .and_hms_opt(12, 0, 0)
        .map(|at| at.and_utc())
        .unwrap_or_default();
    Moment { now, as_of: None }
}

pub(crate) fn sale(no: &str, at: &Location, ends_on: &str) -> Sale {
    let currency = match at.entity.as_str() {
        "HKG1" => "HKD",
        "NYC1" => "USD",
        _ => "GBP",
    };
    Sale {
        no: SaleNo::new(no),
        title: format!("Sale {no}"),
        location: at.id.clone(),
        entity: at.entity.clone(),
        currency: currency.parse().unwrap_or_else(|_| panic!("{currency}")),
        kind: SaleKind::Live,
        starts_on: on(ends_on),
        ends_on: on(ends_on),
        results_final: true,
        cancelled: false,
    }
}

/// Client 1001 with deposit D1 of GBP 5,000.00, paid by wire on 1 September 2026 for London sale L1, which
/// ended on 10 September; nothing bought, nothing owed, due diligence complete, screening clear, refund to
/// a verified account.
pub(crate) fn facts() -> AccountFacts {
    let no = ClientNo::parse("1001").unwrap_or_else(|| panic!("1001"));
    let mut facts = AccountFacts::of(Client {
        no: no.clone(),
        name: "Ada Lovelace".to_owned(),
        kind: ClientKind::Person,
        tier: None,
        country: None,
        group: None,
        language: None,
        location: None,
        owner: None,
        confidentiality: Confidentiality::Normal,
        merged_into: None,
    });
    facts.status.cdd = Some(CddState::Complete);
    facts.status.sanctions = Some(SanctionsState::Clear);
    facts.sales = vec![sale("L1", &house().locations[0], "2026-09-10")];
    let amount = "GBP 5000.00".parse().unwrap_or_else(|_| panic!("amount"));
    let payment = (SourceId::new("bank"), PaymentId::new("PAY1"));
    facts.payments = vec![Payment {
        source: payment.0.clone(),
        id: payment.1.clone(),
        client: Some(no.clone()),
        entity: EntityCode::new("LON1"),
        invoice: None,
        method: Method::Wire,
        amount,
        state: PaymentState::Settled,
        seen_on: on("2026-09-01"),
        value_on: Some(on("2026-09-01")),
        cleared_on: Some(on("2026-09-01")),
        posted_on: None,
        payer_name: None,
        payer_match: PayerMatch::Exact,
        reference: None,
    }];
    facts.deposits = vec![Deposit {
        id: DepositId::new("D1"),
        client: no,
        entity: EntityCode::new("LON1"),
        amount,
        method: Method::Wire,
        state: DepositState::Held,
        requested_on: Some(on("2026-08-25")),
        taken_on: Some(on("2026-09-01")),
        cleared_on: Some(on("2026-09-01")),
        destination: Destination::BankVerified,
        keep_for: None,
        payment: Some(payment),
        covers: vec![SaleNo::new("L1")],
        movements: vec![DepositMovement {
            kind: MovementKind::Taken,
            amount,
            on: on("2026-09-01"),
            reference: None,
        }],
        refunds: Vec::new(),
    }];
    facts
}
