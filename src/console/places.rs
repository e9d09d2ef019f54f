//! The channels of the console, and who may be in them.
//!
//! They follow from the house: one for the accounts team of each saleroom, one for shipping, one for
//! managers. Being in a channel is decided anew at each request from the asker's role and scope, so that
//! a change of the config takes effect at once.

use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::access::{Asker, Permission};
use hammerdesk_domain::ids::LocationId;

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// As in addresses: `accounts-london`.
    pub id: String,
    /// What it is for, in a line.
    pub about: String,
    /// Whose team it belongs to; only people who cover that saleroom are in it.
    pub location: Option<LocationId>,
    /// What one must be allowed to be in it.
    pub needs: Option<Permission>,
    /// May answers about accounts stand here for all to read?
    pub open: bool,
}

impl Channel {
    /// Is that person in it?
    pub fn admits(&self, asker: &Asker) -> bool {
        asker.covers(self.location.as_ref()) && self.needs.is_none_or(|permission| asker.may(permission))
    }
}

/// The channels of a house.
pub fn channels(settings: &Settings) -> Vec<Channel> {
    let teams = settings.house.locations.iter().map(|location| Channel {
        id: format!("accounts-{}", location.id.as_str().replace(['_', ' '], "-")),
        about: format!("Client accounts, {}", location.name),
        location: Some(location.id.clone()),
        needs: Some(Permission::Internal),
        open: false,
    });
    let shipping = Channel {
        id: "shipping".to_owned(),
        about: "May it go? Releases and collections".to_owned(),
        location: None,
        needs: None,
        open: false,
    };
    let managers = Channel {
        id: "managers".to_owned(),
        about: "Account answers stand here for all managers to read".to_owned(),
        location: None,
        needs: Some(Permission::Debtors),
        open: true,
    };
    teams.chain([shipping, managers]).collect()
}
