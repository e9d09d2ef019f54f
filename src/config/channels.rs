//! `[[channels]]`: where the team chat's people are, and who may be there.

use std::str::FromStr;

use hammerdesk_domain::access::Permission;
use hammerdesk_domain::chat::Channel;
use hammerdesk_domain::ids::{ChannelId, LocationId};
use hammerdesk_domain::location::House;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// One channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelSection {
    /// Its id, as rules name it: `accounts-london`.
    pub id: String,
    /// What it is for, in a line.
    #[serde(default)]
    pub about: String,
    /// The location whose team it belongs to; everybody's where it is left out.
    #[serde(default)]
    pub location: Option<String>,
    /// The permissions that one needs to be in it. On Discord the server decides who is in it: then this
    /// says what all of them may read.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Account answers may stand here for all to read.
    #[serde(default)]
    pub open: bool,
    /// Show it in the web console.
    #[serde(default = "yes")]
    pub console: bool,
    /// The Discord channel that it is, by id.
    #[serde(default)]
    pub discord: Option<String>,
}

const fn yes() -> bool {
    true
}

pub(super) fn channels(sections: &[ChannelSection], house: &House) -> Result<Vec<Channel>, ConfigError> {
    sections.iter().map(|section| section.read(house)).collect()
}

impl ChannelSection {
    fn read(&self, house: &House) -> Result<Channel, ConfigError> {
        let fault = |what: String| ConfigError(format!("[[channels]] {:?}: {what}", self.id));
        let needs = self
            .needs
            .iter()
            .map(|word| {
                Permission::from_str(word).map_err(|_| {
                    fault(super::no_such(
                        "permission",
                        word,
                        Permission::WORDS.iter().copied(),
                    ))
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let location = self.location.as_deref().map(LocationId::new);
        if let Some(unknown) = location.as_ref().filter(|id| house.location(id).is_none()) {
            let known = house.locations.iter().map(|known| known.id.as_str());
            return Err(fault(super::no_such("location", unknown.as_str(), known)));
        }
        let is_id =
            |id: &String| (15..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
        if !self.discord.iter().all(is_id) {
            return Err(fault(
                "discord takes the channel's id, a number such as \"1187000000000000000\" (in Discord: right click, Copy Channel ID)"
                    .to_owned(),
            ));
        }
        Ok(Channel {
            id: ChannelId::new(self.id.as_str()),
            about: self.about.clone(),
            location,
            needs,
            open: self.open,
            console: self.console,
            discord: self.discord.clone(),
        })
    }
}
