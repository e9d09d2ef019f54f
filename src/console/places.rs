//! The channels of the console, and who may be in them.
//!
//! Being in a channel is decided anew at each request from the asker's role and scope, so that a change of
//! the config takes effect at once.

use hammerdesk_commands::settings::Settings;
pub use hammerdesk_domain::chat::Channel;

/// The channels that the console shows.
pub fn channels(settings: &Settings) -> Vec<Channel> {
    settings
        .channels()
        .into_iter()
        .filter(|channel| channel.console)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use hammerdesk_domain::access::{Asker, Permission, Role, Scope};
    use hammerdesk_domain::ids::{EntityCode, LocationId, PersonId};
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
            .map(|channel| channel.id.to_string())
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
