//! How fresh each configured source is, read in the same snapshot as the figures it vouches for.

use chrono_tz::Tz;
use hammerdesk_domain::facts::AccountFacts;
use hammerdesk_domain::freshness::SourceState;
use hammerdesk_domain::ids::EntityCode;
use hammerdesk_domain::location::WorkingDays;
use hammerdesk_store::View;

use crate::errors::Failure;
use crate::settings::Settings;

/// Every configured source and what it last delivered. Where nothing is configured, each source that
/// ever delivered is shown with its instant and without limits: nobody said how old is too old.
pub(crate) async fn states(view: &mut View, settings: &Settings) -> Result<Vec<SourceState>, Failure> {
    let heads = view.feed_heads().await?;
    let mut states: Vec<SourceState> = settings
        .feeds
        .iter()
        .map(|feed| {
            let location = feed.location.as_ref().and_then(|id| settings.house.location(id));
            SourceState {
                source: feed.id.clone(),
                name: feed.name.clone(),
                needed_for: feed.needed_for,
                extracted_at: heads
                    .iter()
                    .find(|head| head.source == feed.id)
                    .map(|head| head.extracted_at),
                soft: feed.soft,
                hard: feed.hard,
                zone: location.map_or(Tz::UTC, |location| location.zone),
                days: location.map_or_else(every_day, |location| location.days.clone()),
                may_miss: feed.may_miss.clone(),
            }
        })
        .collect();
    for head in heads {
        if !states.iter().any(|state| state.source == head.source) {
            states.push(SourceState {
                name: head.source.as_str().to_owned(),
                needed_for: hammerdesk_domain::freshness::Needed::default(),
                extracted_at: Some(head.extracted_at),
                soft: chrono::TimeDelta::MAX,
                hard: chrono::TimeDelta::MAX,
                zone: Tz::UTC,
                days: every_day(),
                may_miss: String::new(),
                source: head.source,
            });
        }
    }
    Ok(states)
}

/// The sources that vouch for one account: a source that feeds one entity alone is left out where the
/// account has nothing there.
pub(crate) async fn for_account(
    view: &mut View,
    settings: &Settings,
    facts: &AccountFacts,
) -> Result<Vec<SourceState>, Failure> {
    let touches = |entity: &EntityCode| {
        let home = facts
            .client
            .location
            .as_ref()
            .and_then(|id| settings.house.location(id));
        home.is_some_and(|home| home.entity == *entity)
            || facts.items.iter().any(|item| item.entity == *entity)
            || facts.invoices.iter().any(|invoice| invoice.key.entity == *entity)
            || facts.deposits.iter().any(|deposit| deposit.entity == *entity)
            || facts
                .payments
                .iter()
                .any(|payment| payment.client.is_some() && payment.entity == *entity)
            || facts.lots.iter().any(|lot| {
                facts
                    .sales
                    .iter()
                    .any(|sale| sale.no == lot.key.sale && sale.entity == *entity)
            })
    };
    let mut states = states(view, settings).await?;
    states.retain(|state| {
        let feed = settings.feeds.iter().find(|feed| feed.id == state.source);
        feed.and_then(|feed| feed.entity.as_ref()).is_none_or(touches)
    });
    Ok(states)
}

fn every_day() -> WorkingDays {
    WorkingDays {
        weekend: std::collections::BTreeSet::new(),
        holidays: std::collections::BTreeMap::new(),
    }
}
