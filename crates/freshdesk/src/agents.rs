//! Agents and their groups.

use chrono::{DateTime, Utc};

use crate::call::Call;
use crate::client::Client;
use crate::codes::{AgentKind, TicketScope};
use crate::error::Error;
use crate::lenient::{Text, part, record};
use crate::page::Listing;

record! {
    /// An agent.
    pub struct Agent {
        @needs {
            /// `id`
            id: u64
        }
        /// `available` for automatic assignment
        available: Option<bool>,
        /// `occasional`: pays by the day, and its key is reset each night
        occasional: Option<bool>,
        /// `deactivated`
        deactivated: Option<bool>,
        /// `ticket_scope`
        ticket_scope: Option<TicketScope>,
        /// `type`
        kind = "type": Option<AgentKind>,
        /// `group_ids`
        group_ids: Vec<u64>,
        /// `role_ids`
        role_ids: Vec<u64>,
        /// `skill_ids`
        skill_ids: Vec<u64>,
        /// `contribution_group_ids`
        contribution_group_ids: Vec<u64>,
        /// `signature`, HTML
        signature: Option<Text>,
        /// `contact`: who it is
        contact: Option<AgentContact>,
        /// `last_active_at`
        last_active_at: Option<DateTime<Utc>>,
        /// `created_at`
        created_at: Option<DateTime<Utc>>,
        /// `updated_at`
        updated_at: Option<DateTime<Utc>>,
    }
}

part! {
    /// `contact` of an agent.
    pub struct AgentContact {
        /// `name`
        name: Option<Text>,
        /// `email`
        email: Option<Text>,
        /// `active`
        active: Option<bool>,
        /// `phone`
        phone: Option<Text>,
        /// `mobile`
        mobile: Option<Text>,
        /// `language`, a code
        language: Option<String>,
        /// `time_zone`, a Rails name; see [`crate::zone_of`]
        time_zone: Option<String>,
    }
}

record! {
    /// A group of agents.
    pub struct Group {
        @needs {
            /// `id`
            id: u64
        }
        /// `name`
        name: Option<String>,
        /// `description`
        description: Option<Text>,
        /// `agent_ids`
        agent_ids: Vec<u64>,
        /// `business_hour_id`
        business_hour_id: Option<u64>,
        /// `escalate_to`, an agent's id
        escalate_to: Option<u64>,
        /// `unassigned_for`, such as `30m` or `3d`
        unassigned_for: Option<String>,
        /// `group_type`
        group_type: Option<String>,
        /// `created_at`
        created_at: Option<DateTime<Utc>>,
        /// `updated_at`
        updated_at: Option<DateTime<Utc>>,
    }
}

impl Client {
    /// All agents: `GET /agents`, one call per hundred.
    pub async fn agents(&self) -> Result<Listing<Agent>, Error> {
        self.all("list agents", "agents").await
    }

    /// One agent: `GET /agents/{id}`.
    pub async fn agent(&self, id: u64) -> Result<Agent, Error> {
        self.send(Call::get("read an agent", format!("agents/{id}")))
            .await?
            .record()
    }

    /// The agent whose key this is: `GET /agents/me`.
    pub async fn me(&self) -> Result<Agent, Error> {
        self.send(Call::get("read the key's agent", "agents/me"))
            .await?
            .record()
    }

    /// All groups: `GET /groups`, one call per hundred.
    pub async fn groups(&self) -> Result<Listing<Group>, Error> {
        self.all("list groups", "groups").await
    }

    /// One group: `GET /groups/{id}`.
    pub async fn group(&self, id: u64) -> Result<Group, Error> {
        self.send(Call::get("read a group", format!("groups/{id}")))
            .await?
            .record()
    }
}
