//! Who may see and do what: roles, permissions and scopes, as data (config `[[roles]]`, `[[people]]`).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::ids::{LocationId, PersonId};
use crate::model::{Client, Confidentiality, words};

words! {
    /// One thing that a role may do or see. A command names the one it needs.
    Permission {
        /// Ask for balances and invoices.
        Balance = "balance",
        /// Ask for release status.
        Release = "release",
        /// Ask for deposits.
        Deposit = "deposit",
        /// Find clients and read the whole picture of one.
        Client = "client",
        /// Read the state of the feeds.
        Feeds = "feeds",
        /// Read ageing over all clients.
        Debtors = "debtors",
        /// Read internal reasons; without it only client-safe sentences are shown.
        Internal = "internal",
        /// See clients marked `vip`.
        VipClients = "vip_clients",
        /// See clients marked `restricted`.
        RestrictedClients = "restricted_clients",
        /// Read sanctions, SAR and legal holds. Compliance only.
        RestrictedHolds = "restricted_holds",
        /// Read to whom a lot was released.
        ReleaseRecipient = "release_recipient",
        /// Post an answer where others can read it (`share:true`).
        Share = "share",
        /// See and search the helpdesk's tickets, and queues of them.
        Tickets = "tickets",
        /// Make tickets, note on them, assign them, change their status.
        TicketWork = "ticket_work",
        /// Mail a client.
        ClientReply = "client_reply",
        /// Hand something over to whoever the rules name.
        Escalate = "escalate",
        /// See and work on escalations, and who is on shift.
        Escalations = "escalations",
        /// Change others' shifts and hand their queues over.
        Rotas = "rotas",
    }
}

/// A named set of permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// As the config names it.
    pub id: String,
    /// As people read it.
    pub name: String,
    /// What it may.
    pub permissions: BTreeSet<Permission>,
}

impl Role {
    /// A role from its words.
    pub fn new(id: &str, name: &str, permissions: &[Permission]) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            permissions: permissions.iter().copied().collect(),
        }
    }
}

/// Whose accounts somebody may ask about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every location's.
    All,
    /// Clients of these locations, and clients of none.
    Only(BTreeSet<LocationId>),
}

/// Somebody who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// Who.
    pub id: PersonId,
    /// As others read it.
    pub name: String,
    /// With which role.
    pub role: Arc<Role>,
    /// About whose accounts.
    pub scope: Scope,
}

impl Asker {
    /// May the asker do that?
    pub fn may(&self, permission: Permission) -> bool {
        self.role.permissions.contains(&permission)
    }

    /// May the asker know of this client at all (B0)? Where not, the client must look unknown to
    /// completion and search; only a question by exact number is refused by name of the right team.
    pub fn may_see(&self, client: &Client) -> bool {
        let confidential = match client.confidentiality {
            Confidentiality::Normal => true,
            Confidentiality::Vip => self.may(Permission::VipClients),
            Confidentiality::Restricted => self.may(Permission::RestrictedClients),
        };
        confidential && self.covers(client.location.as_ref())
    }

    /// Is that location in the asker's scope? What belongs to no location is in everybody's.
    pub fn covers(&self, location: Option<&LocationId>) -> bool {
        match (&self.scope, location) {
            (Scope::All, _) | (_, None) => true,
            (Scope::Only(locations), Some(location)) => locations.contains(location),
        }
    }
}
