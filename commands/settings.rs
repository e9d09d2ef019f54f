//! What the administrator decided, as the commands need it; read from the config by the service.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Tz;
use hammerdesk_domain::access::{Asker, Permission, Role, Scope};
use hammerdesk_domain::ageing::Bands;
use hammerdesk_domain::chat::Channel;
use hammerdesk_domain::escalation::Desk;
use hammerdesk_domain::freshness::Needed;
use hammerdesk_domain::ids::{ChannelId, EntityCode, LocationId, PersonId, SourceId};
use hammerdesk_domain::location::House;
use hammerdesk_domain::record::Entity;

use crate::errors::Failure;

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The salerooms.
    pub house: House,
    /// The people, by id.
    pub people: BTreeMap<PersonId, Asker>,
    /// Who is which agent in the helpdesk: addresses in lower case.
    pub agents: BTreeMap<String, PersonId>,
    /// The feeds.
    pub feeds: Vec<Feed>,
    /// Upper ends of the ageing bands in days past due, `[0, 30, 60, 90]` where nothing is said.
    pub bands: Vec<i64>,
    /// How much one person may ask.
    pub pace: Pace,
    /// The channels of the team chat, as configured; where there are none they follow from the house.
    pub channels: Vec<Channel>,
    /// `https://name.freshdesk.com`, for the way to a ticket; none where there is no helpdesk.
    pub helpdesk_site: Option<String>,
    /// Who gets escalations; nobody routes any where it is `None`.
    pub desk: Option<Arc<Desk>>,
}

/// A feed and how old its data may be.
#[derive(Debug, Clone)]
pub struct Feed {
    /// Id: the `source` of its batches.
    pub id: SourceId,
    /// As people call it.
    pub name: String,
    /// What it must have delivered before it counts as there at all: its as-of is that of the oldest.
    /// Where nothing is said, whatever it delivered counts.
    pub brings: Vec<Entity>,
    /// Which decisions need it.
    pub needed_for: Needed,
    /// Soft limit.
    pub soft: TimeDelta,
    /// Hard limit.
    pub hard: TimeDelta,
    /// Whose working days count; UTC and every day where it is `None`.
    pub location: Option<LocationId>,
    /// The one entity that it feeds: accounts that have nothing there do not need it. `None` is all.
    pub entity: Option<EntityCode>,
    /// What an answer may miss while it is late.
    pub may_miss: String,
}

/// How much one person may ask, so that nobody walks through the client list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Questions about accounts a minute.
    pub per_minute: u32,
    /// How many may come at once.
    pub burst: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            per_minute: 30,
            burst: 20,
        }
    }
}

impl Settings {
    /// The channels of the team chat.
    pub fn channels(&self) -> Vec<Channel> {
        if self.channels.is_empty() {
            crate::channels::of_house(&self.house)
        } else {
            self.channels.clone()
        }
    }

    /// The channel of that id.
    pub fn channel(&self, id: &ChannelId) -> Option<Channel> {
        self.channels().into_iter().find(|channel| channel.id == *id)
    }

    /// The zone of a location; UTC where nobody configured it.
    pub fn zone(&self, location: Option<&LocationId>) -> Tz {
        location
            .and_then(|id| self.house.location(id))
            .map_or(Tz::UTC, |location| location.zone)
    }

    /// The ageing bands.
    pub fn ageing(&self) -> Result<Bands, Failure> {
        if self.bands.is_empty() {
            return Ok(Bands::default());
        }
        let ends = self
            .bands
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(",");
        Bands::parse(&ends).map_err(|error| Failure::Broken(error.to_string()))
    }

    /// Somebody at the machine's own command line, who may read everything but restricted holds.
    pub fn operator() -> Asker {
        let permissions: Vec<Permission> = Permission::ALL
            .iter()
            .copied()
            .filter(|p| *p != Permission::RestrictedHolds)
            .collect();
        Asker {
            id: PersonId::new("operator"),
            name: "Operator".to_owned(),
            role: Arc::new(Role::new("operator", "Operator", &permissions)),
            scope: Scope::All,
        }
    }
}
