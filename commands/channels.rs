//! The channels of the team chat where the config names none.
//!
//! They follow from the house: one for the accounts team of each saleroom, one for shipping, one for
//! managers, and one that the call centre is in too.

use hammerdesk_domain::access::Permission;
use hammerdesk_domain::chat::Channel;
use hammerdesk_domain::ids::{ChannelId, LocationId};
use hammerdesk_domain::location::House;

/// The channel of a saleroom's accounts team.
pub fn accounts(location: &LocationId) -> ChannelId {
    ChannelId::new(format!("accounts-{}", location.as_str().replace(['_', ' '], "-")))
}

/// The channels of a house.
pub fn of_house(house: &House) -> Vec<Channel> {
    let teams = house.locations.iter().map(|location| Channel {
        id: accounts(&location.id),
        about: format!("Client accounts, {}", location.name),
        location: Some(location.id.clone()),
        needs: vec![Permission::Internal],
        open: false,
        console: true,
        discord: None,
    });
    let others = [
        (
            "shipping",
            "May it go? Releases and collections",
            vec![Permission::Internal],
            false,
        ),
        (
            "managers",
            "Account answers stand here for all managers to read",
            vec![Permission::Debtors, Permission::Internal],
            true,
        ),
        (
            "call-centre",
            "Callers are handed over here; nothing internal is shared",
            Vec::new(),
            false,
        ),
    ];
    let others = others.into_iter().map(|(id, about, needs, open)| Channel {
        id: ChannelId::new(id),
        about: about.to_owned(),
        location: None,
        needs,
        open,
        console: true,
        discord: None,
    });
    teams.chain(others).collect()
}
