//! How fresh each configured source is, read in the same snapshot as the figures it vouches for.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use hammerdesk_domain::facts::AccountFacts;
use hammerdesk_domain::freshness::SourceState;
use hammerdesk_domain::ids::EntityCode;
use hammerdesk_domain::location::WorkingDays;
use hammerdesk_store::{FeedHead, View};

use crate::errors::Failure;
use crate::settings::{Feed, Settings};

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
                extracted_at: delivered(feed, &heads),
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

/// As of when a feed speaks: the oldest of what it brings, and never before all of that has come. A client
/// list alone does not make a ledger feed answer "no account activity".
fn delivered(feed: &Feed, heads: &[FeedHead]) -> Option<DateTime<Utc>> {
    let of = |entity: &str| {
        heads
            .iter()
            .find(|head| head.source == feed.id && head.entity == entity)
            .map(|head| head.extracted_at)
    };
    if feed.brings.is_empty() {
        return heads
            .iter()
            .filter(|head| head.source == feed.id)
            .map(|head| head.extracted_at)
            .min();
    }
    feed.brings.iter().map(|entity| of(entity.name())).min().flatten()
}

fn every_day() -> WorkingDays {
    WorkingDays {
        weekend: std::collections::BTreeSet::new(),
        holidays: std::collections::BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hammerdesk_domain::freshness::Needed;
    use hammerdesk_domain::ids::SourceId;
    use hammerdesk_domain::record::Entity;

    fn feed(brings: &[Entity]) -> Feed {
        Feed {
            id: SourceId::new("sap"),
            name: "ledger".to_owned(),
            brings: brings.to_vec(),
            needed_for: Needed::default(),
            soft: chrono::TimeDelta::hours(26),
            hard: chrono::TimeDelta::hours(72),
            location: None,
            entity: None,
            may_miss: String::new(),
        }
    }

    fn head(entity: &str, hour: u32) -> FeedHead {
        let at = format!("2026-11-20T{hour:02}:00:00Z").parse().unwrap();
        FeedHead {
            source: SourceId::new("sap"),
            entity: entity.to_owned(),
            extracted_at: at,
            finished_at: at,
            file_name: String::new(),
            accepted: 1,
            rows: 1,
        }
    }

    #[test]
    fn a_feed_speaks_as_of_the_oldest_of_what_it_brings_and_not_before_all_of_it_came() {
        let both = feed(&[Entity::Ledger, Entity::Invoice]);
        assert_eq!(
            delivered(&both, &[head("client", 9), head("ledger", 8)]),
            None,
            "invoices never came"
        );
        let heads = [head("client", 5), head("ledger", 8), head("invoice", 7)];
        assert_eq!(delivered(&both, &heads), Some(heads[2].extracted_at));
        assert_eq!(
            delivered(&feed(&[]), &heads),
            Some(heads[0].extracted_at),
            "nothing is declared: the oldest"
        );
        assert_eq!(delivered(&feed(&[]), &[]), None);
    }
}
