//! `[freshdesk]`: which helpdesk, with which key, and how often it is asked.

use std::fmt;
use std::sync::Arc;

use chrono::TimeDelta;
use hammerdesk_domain::clock::Clock;
use hammerdesk_freshdesk::{ApiKey, Client, Options};
use hammerdesk_store::Store;
use serde::{Deserialize, Serialize};

use super::ConfigError;
use super::feeds::duration;
use crate::freshdesk::{Desk, Helpdesk, SyncSettings};

/// The shortest time between two looks; more often finds nothing that a webhook would not.
const SHORTEST_POLL: u64 = 5;
/// A secret that can be guessed is none.
const SHORTEST_SECRET: usize = 16;

/// `[freshdesk]`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FreshdeskSection {
    /// `https://name.freshdesk.com`; nothing of the helpdesk runs without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The API key of an agent that is the bot's alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// A file that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key_file: Option<String>,
    /// What webhooks carry in the header `X-Hammerdesk-Secret`; without it none is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<String>,
    /// A file that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_secret_file: Option<String>,
    /// Of the account's calls, how many per cent work in the background may use.
    pub rate_share: u32,
    /// How often it is asked for changes, webhooks or not.
    pub poll: String,
    /// One private note with the facts on a new ticket of a known client?
    pub facts_note: bool,
    /// Read only, and change nothing over there.
    pub read_only: bool,
}

impl Default for FreshdeskSection {
    fn default() -> Self {
        Self {
            url: None,
            api_key: None,
            api_key_file: None,
            webhook_secret: None,
            webhook_secret_file: None,
            rate_share: 75,
            poll: "30s".to_owned(),
            facts_note: false,
            read_only: false,
        }
    }
}

impl fmt::Debug for FreshdeskSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FreshdeskSection")
            .field("url", &self.url)
            .field("rate_share", &self.rate_share)
            .field("poll", &self.poll)
            .field("facts_note", &self.facts_note)
            .field("read_only", &self.read_only)
            .finish_non_exhaustive()
    }
}

impl FreshdeskSection {
    /// Is there a helpdesk at all?
    pub const fn is_configured(&self) -> bool {
        self.url.is_some()
    }

    /// Everything that one can see without asking anybody.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.settings()?;
        if self.url.is_some() || self.api_key.is_some() {
            self.client()?;
        }
        if let Some(secret) = &self.webhook_secret
            && secret.len() < SHORTEST_SECRET
        {
            return Err(ConfigError(format!(
                "freshdesk.webhook_secret must be {SHORTEST_SECRET} characters or more, or it can be guessed"
            )));
        }
        Ok(())
    }

    /// How often it is asked.
    pub fn settings(&self) -> Result<SyncSettings, ConfigError> {
        let poll = duration(&self.poll).ok_or_else(|| {
            ConfigError(format!(
                "freshdesk.poll = {:?} is not a duration; write it like \"30s\"",
                self.poll
            ))
        })?;
        if poll.as_secs() < SHORTEST_POLL {
            return Err(ConfigError(format!(
                "freshdesk.poll = {:?} asks too often; {SHORTEST_POLL}s is the least, and webhooks are faster",
                self.poll
            )));
        }
        Ok(SyncSettings {
            poll: TimeDelta::from_std(poll).unwrap_or(TimeDelta::seconds(30)),
            ..SyncSettings::default()
        })
    }

    /// The client of the account.
    pub fn client(&self) -> Result<Client, ConfigError> {
        let url = self.url.as_deref().ok_or_else(|| {
            ConfigError("freshdesk.url is missing; write it like https://name.freshdesk.com".to_owned())
        })?;
        let key = self.api_key.as_deref().ok_or_else(|| {
            ConfigError(
                "freshdesk.api_key is missing; set it, or api_key_file, or take freshdesk.url away"
                    .to_owned(),
            )
        })?;
        if !(1..=100).contains(&self.rate_share) {
            return Err(ConfigError(format!(
                "freshdesk.rate_share = {} must be between 1 and 100 per cent",
                self.rate_share
            )));
        }
        let options = Options {
            read_only: self.read_only,
            rate_share: self.rate_share,
            ..Options::default()
        };
        Client::new(url, ApiKey::new(key), options)
            .map_err(|error| ConfigError(format!("freshdesk: {error}")))
    }

    /// The helpdesk, where there is one.
    pub fn desk(&self, store: Store, clock: Arc<dyn Clock>) -> Result<Option<Desk>, ConfigError> {
        if !self.is_configured() {
            return Ok(None);
        }
        let helpdesk = Helpdesk::new(store, self.client()?, clock, self.settings()?);
        Ok(Some(Desk::new(helpdesk, self.webhook_secret.as_deref())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut FreshdeskSection)) -> String {
        let mut section = FreshdeskSection {
            url: Some("https://house.freshdesk.com".into()),
            api_key: Some("k3y".into()),
            ..FreshdeskSection::default()
        };
        assert!(section.check().is_ok());
        change(&mut section);
        section.check().expect_err("should be refused").to_string()
    }

    #[test]
    fn each_mistake_is_a_sentence_and_no_sentence_has_a_secret() {
        let told = [
            refused(|section| section.poll = "often".into()),
            refused(|section| section.poll = "1s".into()),
            refused(|section| section.rate_share = 0),
            refused(|section| section.api_key = None),
            refused(|section| section.url = Some("house.freshdesk.com".into())),
            refused(|section| section.webhook_secret = Some("hush".into())),
        ];
        insta::assert_snapshot!(told.join("\n"), @r#"
        freshdesk.poll = "often" is not a duration; write it like "30s"
        freshdesk.poll = "1s" asks too often; 5s is the least, and webhooks are faster
        freshdesk.rate_share = 0 must be between 1 and 100 per cent
        freshdesk.api_key is missing; set it, or api_key_file, or take freshdesk.url away
        freshdesk: the address of Freshdesk is not a URL; write it as https://name.freshdesk.com
        freshdesk.webhook_secret must be 16 characters or more, or it can be guessed
        "#);
        let section = FreshdeskSection {
            api_key: Some("k3y".into()),
            webhook_secret: Some("hush".into()),
            ..FreshdeskSection::default()
        };
        let shown = format!("{section:?}");
        assert!(!shown.contains("k3y") && !shown.contains("hush"), "{shown}");
    }
}
