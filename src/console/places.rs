//! The channels of the console, and who may be in them.
//!
//! They follow from the house: one for the accounts team of each saleroom, one for shipping, one for
//! managers, and one that the call centre is in too. Being in a channel is decided anew at each request from the asker's role and scope, so that
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
    pub needs: &'static [Permission],
    /// May answers about accounts stand here for all to read?
    pub open: bool,
}

impl Channel {
    /// Is that person in it?
    pub fn admits(&self, asker: &Asker) -> bool {
        asker.covers(self.location.as_ref()) && self.needs.iter().all(|permission| asker.may(*permission))
    }

    /// May everybody in it read internal reasons? Where not, no answer that may hold one is shared.
    pub fn is_internal(&self) -> bool {
        self.needs.contains(&Permission::Internal)
    }
}

/// The channels of a house.
pub fn channels(settings: &Settings) -> Vec<Channel> {
    let teams = settings.house.locations.iter().map(|location| Channel {
        id: format!("accounts-{}", location.id.as_str().replace(['_', ' '], "-")),
        about: format!("Client accounts, {}", location.name),
        location: Some(location.id.clone()),
        needs: &[Permission::Internal],
        open: false,
    });
    let others = [
        (
            "shipping",
            "May it go? Releases and collections",
            &[Permission::Internal][..],
            false,
        ),
        (
            "managers",
            "Account answers stand here for all managers to read",
            &[Permission::Debtors, Permission::Internal],
            true,
        ),
        (
            "call-centre",
            "Callers are handed over here; nothing internal is shared",
            &[],
            false,
        ),
    ];
    let others = others.into_iter().map(|(id, about, needs, open)| Channel {
        id: id.to_owned(),
        about: about.to_owned(),
        location: None,
        needs,
        open,
    });
    teams.chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use hammerdesk_domain::access::{Role, Scope};
    use hammerdesk_domain::ids::{EntityCode, PersonId};
    use hammerdesk_domain::location::Location;

    fn of(permissions: &[Permission], scope: Scope) -> Vec<String> {
        let mut settings = Settings::default();
        for id in ["london", "hong_kong"] {
            let location = Location::unconfigured(EntityCode::new(id));
            settings.house.locations.push(location);
        }
        let role = Arc::new(Role::new("r", "R", permissions));
        let asker = Asker {
            id: PersonId::new("p"),
            name: "P".to_owned(),
            role,
            scope,
        };
        channels(&settings)
            .into_iter()
            .filter(|channel| channel.admits(&asker))
            .map(|channel| channel.id)
            .collect()
    }

    #[test]
    fn people_are_in_the_channels_of_their_saleroom_and_role() {
        let london = Scope::Only([LocationId::new("london")].into());
        assert_eq!(
            of(&[Permission::Internal], london),
            ["accounts-london", "shipping", "call-centre"]
        );
        assert_eq!(
            of(&[Permission::Internal, Permission::Debtors], Scope::All),
            [
                "accounts-london",
                "accounts-hong-kong",
                "shipping",
                "managers",
                "call-centre"
            ]
        );
        assert_eq!(of(&[Permission::Release], Scope::All), ["call-centre"]);
    }
}
