//! What the demo's house promises: minutes instead of hours, so that one sees promises run and break while one
//! looks.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_commands::settings::{Settings, Sla};
use hammerdesk_domain::ids::PersonId;
use hammerdesk_domain::sla::calendar::{CalendarRules, Piece};
use hammerdesk_domain::sla::event::{Priority, Status};
use hammerdesk_domain::sla::policy::{Conditions, Policy, Rules, Target, Version, Warning};
use hammerdesk_store::Store;

/// So long ago the house began to promise anything: what broke since is told when the demo starts.
const SINCE: TimeDelta = TimeDelta::hours(30);

const MINUTE: i64 = 60;

fn policy(id: &str, first: i64, next: i64) -> Policy {
    Policy {
        id: id.to_owned(),
        first_response: Some(Target::Elapsed(first * MINUTE)),
        next_response: Some(Target::Elapsed(next * MINUTE)),
        resolution: Some(Target::Days(2)),
        acknowledgement: Some(Target::Elapsed(2 * MINUTE)),
        warnings: vec![Warning::At(200), Warning::At(600)],
        pauses: [Status::PENDING].into(),
        ..Policy::default()
    }
}

/// Promises of minutes on the hours of the house's salerooms.
pub(super) fn promise(settings: &mut Settings) -> anyhow::Result<()> {
    let office = [Piece::new("09:00".parse()?, "17:30".parse()?)?];
    let calendars: BTreeMap<_, _> = settings
        .house
        .locations
        .iter()
        .map(|location| {
            let rules = CalendarRules::of_working_days(location.zone, &location.days, &office);
            (location.id.clone(), rules)
        })
        .collect();
    let urgent = Policy {
        when: Conditions {
            priority: [Priority::High, Priority::Urgent].into(),
            ..Conditions::default()
        },
        ..policy("pressing", 1, 2)
    };
    let managers: BTreeMap<_, _> = settings
        .house
        .locations
        .iter()
        .map(|location| (location.id.clone(), vec![PersonId::new("manager")]))
        .collect();
    let mut sla = Sla {
        rules: Rules {
            policies: vec![urgent, policy("standard", 2, 4)],
            default_calendar: settings.house.locations.first().map(|first| first.id.clone()),
            calendars,
            ..Rules::default()
        },
        managers,
        ..Sla::default()
    };
    sla.alerts.repeat = Target::Elapsed(3 * MINUTE);
    sla.alerts.snooze_most = Target::Elapsed(60 * MINUTE);
    settings.sla = sla;
    Ok(())
}

/// The promises have held for a while when the demo begins.
pub(super) async fn hold(store: &Store, settings: &Settings, now: DateTime<Utc>) -> anyhow::Result<()> {
    let version = Version {
        name: "v1".to_owned(),
        from: now - SINCE,
        moves_open: false,
        rules: settings.sla.rules.clone(),
    };
    let mut unit = store.write().await?;
    unit.add_sla_version(&version).await?;
    unit.commit().await?;
    Ok(())
}
