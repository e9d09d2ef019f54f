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
use hammerdesk_domain::sla::policy::{Rules, Target};

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
    /// What is promised to clients, and who is told when it is at risk.
    pub sla: Sla,
}

/// What is promised to clients, and who is told.
#[derive(Debug, Clone, Default)]
pub struct Sla {
    /// Policies, hours of each location, who counts as the house.
    pub rules: Rules,
    /// Who is told, where and how often.
    pub alerts: Alerts,
    /// What tickets are about: words by which a topic is known.
    pub topics: BTreeMap<String, Vec<String>>,
    /// The managers of each location.
    pub managers: BTreeMap<LocationId, Vec<PersonId>>,
    /// The ticket field that holds the instant of a promised call.
    pub callback_field: Option<String>,
}

/// Who is told of promises at risk, where and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alerts {
    /// Told again after so long, until somebody takes notice; on the hours of the location.
    pub repeat: Target,
    /// The longest that an alert may be put off.
    pub snooze_most: Target,
    /// So many alerts in one channel within [`storm_within`](Self::storm_within) become one card that counts.
    pub storm_from: usize,
    /// See there.
    pub storm_within: TimeDelta,
    /// Seen later than this, it is marked as late.
    pub late_after: TimeDelta,
    /// Is it also noted on the ticket, for agents to read?
    pub note: bool,
    /// Is there a digest at each location's opening?
    pub digest: bool,
    /// Where the managers of a location read; the channel `managers` where nothing is said.
    pub managers: BTreeMap<LocationId, ChannelId>,
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            repeat: Target::Open(1_800),
            snooze_most: Target::Open(4 * 3_600),
            storm_from: 6,
            storm_within: TimeDelta::minutes(10),
            late_after: TimeDelta::minutes(1),
            note: false,
            digest: true,
            managers: BTreeMap::new(),
        }
    }
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
