//! `[[bridge]]`: which tickets open a thread, where, and what becomes of talk in it.

use hammerdesk_domain::access::Permission;
use hammerdesk_domain::chat::Channel;
use hammerdesk_domain::location::Location;
use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::bridge::{BridgeRule, Talk};

/// One rule; the first that fits a ticket counts. What it leaves out fits everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BridgeSection {
    /// The channel in which the thread is opened: an id of `[[channels]]`.
    pub channel: String,
    /// Groups by name.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Types.
    #[serde(default)]
    pub types: Vec<String>,
    /// Tags: one of them.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Source codes: 1 e-mail, 2 portal, 3 phone, 7 chat.
    #[serde(default)]
    pub sources: Vec<i64>,
    /// `low`, `medium`, `high` or `urgent`.
    #[serde(default)]
    pub priority_at_least: Option<String>,
    /// Salerooms of the matched client: ids of `[[locations]]`.
    #[serde(default)]
    pub locations: Vec<String>,
    /// `internal`: talk in the thread stays there; `note`: it becomes a private note.
    #[serde(default)]
    pub talk: Talk,
}

/// The rules with their channels.
pub(super) fn rules(
    sections: &[BridgeSection],
    channels: &[Channel],
    salerooms: &[Location],
) -> Result<Vec<BridgeRule>, ConfigError> {
    sections
        .iter()
        .map(|section| {
            let fault = |what: String| ConfigError(format!("[[bridge]] to {:?}: {what}", section.channel));
            let channel = channels
                .iter()
                .find(|channel| channel.id.as_str() == section.channel)
                .ok_or_else(|| {
                    let known = channels.iter().map(|channel| channel.id.as_str());
                    fault(super::no_such("channel", &section.channel, known))
                })?;
            if !channel.needs.contains(&Permission::Internal) {
                return Err(fault(
                    "tickets and accounts are internal; name a channel whose needs have \"internal\""
                        .to_owned(),
                ));
            }
            let priority_at_least = match section.priority_at_least.as_deref() {
                None | Some("low") => 1,
                Some("medium") => 2,
                Some("high") => 3,
                Some("urgent") => 4,
                Some(other) => {
                    return Err(fault(format!(
                        "priority_at_least = {other:?} is none of low, medium, high, urgent"
                    )));
                }
            };
            let mut locations = Vec::new();
            for id in &section.locations {
                let found = salerooms.iter().find(|location| location.id.as_str() == id);
                let known = salerooms.iter().map(|location| location.id.as_str());
                let found = found.ok_or_else(|| fault(super::no_such("location", id, known)))?;
                locations.push(found.id.clone());
            }
            if let (Some(own), false) = (&channel.location, locations.is_empty())
                && locations.iter().any(|location| location != own)
            {
                return Err(fault(format!(
                    "its readers cover {own} alone, so no ticket of another location's client would ever fit; \
                     name a channel without a location, or only {own}"
                )));
            }
            Ok(BridgeRule {
                channel: channel.clone(),
                groups: section.groups.clone(),
                types: section.types.clone(),
                tags: section.tags.clone(),
                sources: section.sources.clone(),
                priority_at_least,
                locations,
                talk: section.talk,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::bridge::rules::never_reached;
    use crate::config::Config;

    fn refused(text: &str) -> String {
        let config = Config::from_toml(text).unwrap();
        let settings = config.settings().unwrap();
        config.bridge_rules(&settings).expect_err("a fault").to_string()
    }

    #[test]
    fn a_rule_behind_one_that_fits_everything_is_said() {
        let text = "[[channels]]\nid = \"ops\"\nneeds = [\"internal\"]\n[[bridge]]\nchannel = \"ops\"\n\
            talk = \"note\"\n[[bridge]]\nchannel = \"ops\"\ntags = [\"vip\"]\n";
        let config = Config::from_toml(text).unwrap();
        let settings = config.settings().unwrap();
        let mut rules = config.bridge_rules(&settings).unwrap();
        insta::assert_snapshot!(
            never_reached(&rules).unwrap(),
            @r#"[[bridge]] to "ops" comes behind the one to "ops", which fits every ticket; put it before that"#
        );
        rules.reverse();
        assert_eq!(never_reached(&rules), None);
    }

    #[test]
    fn a_rule_names_an_internal_channel_that_exists() {
        let channels = "[[channels]]\nid = \"ops\"\nneeds = [\"internal\"]\n[[channels]]\nid = \"open\"\n";
        let fault = refused(&format!("{channels}[[bridge]]\nchannel = \"opps\""));
        assert_eq!(
            fault,
            "[[bridge]] to \"opps\": there is no channel \"opps\"; did you mean \"ops\"?"
        );
        let fault = refused(&format!("{channels}[[bridge]]\nchannel = \"open\""));
        assert!(fault.contains("tickets and accounts are internal"), "{fault}");
        let fault = refused(&format!(
            "{channels}[[bridge]]\nchannel = \"ops\"\npriority_at_least = \"hot\""
        ));
        assert!(fault.contains("is none of low, medium, high, urgent"), "{fault}");
        let fault = refused(&format!(
            "{channels}[[bridge]]\nchannel = \"ops\"\nlocations = [\"londn\"]"
        ));
        assert!(fault.contains("there is no location \"londn\""), "{fault}");
    }
}
