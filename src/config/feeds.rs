//! `[[feeds]]`: where the figures come from, and how old they may be.

use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use hammerdesk_commands::settings::Feed;
use hammerdesk_domain::freshness::Needed;
use hammerdesk_domain::ids::{EntityCode, LocationId, SourceId};
use hammerdesk_domain::location::House;
use hammerdesk_domain::record::Entity;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// One feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedSection {
    /// Its id: the `source` of its batches.
    pub id: String,
    /// As people call it in an as-of line; the id where it is left out.
    #[serde(default)]
    pub name: Option<String>,
    /// A folder that is watched while serving; its files are imported and moved to `done/` or `rejected/`.
    #[serde(default)]
    pub folder: Option<PathBuf>,
    /// A mapping file, for a CSV that is not canonical.
    #[serde(default)]
    pub mapping: Option<PathBuf>,
    /// Does each file hold everything, so that what it lacks is gone?
    #[serde(default)]
    pub complete: bool,
    /// The entities it must have delivered before it counts as there at all: `["ledger", "invoice"]`.
    #[serde(default)]
    pub brings: Vec<String>,
    /// Which decisions need it: `balance`, `release`, `deposit`.
    #[serde(default)]
    pub needed_for: Vec<String>,
    /// Past this age an answer says what it may miss: `26h`.
    pub soft: String,
    /// Past this age there is no figure: `72h`.
    pub hard: String,
    /// The location whose working days count.
    #[serde(default)]
    pub location: Option<String>,
    /// The one entity that it feeds; accounts that have nothing there do not need it.
    #[serde(default)]
    pub entity: Option<String>,
    /// What an answer may miss while it is late: `later payments`.
    #[serde(default)]
    pub may_miss: Option<String>,
}

impl FeedSection {
    pub(super) fn read(&self, house: &House) -> Result<Feed, ConfigError> {
        let fault = |what: String| ConfigError(format!("[[feeds]] {:?}: {what}", self.id));
        let brings = self
            .brings
            .iter()
            .map(|word| {
                Entity::named(word).ok_or_else(|| {
                    let known = Entity::ALL.iter().map(|entity| entity.name());
                    let near = known
                        .min_by_key(|known| strsim::osa_distance(word, known))
                        .unwrap_or("ledger");
                    fault(format!(
                        "brings: there is no entity {word:?}; did you mean {near:?}?"
                    ))
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut needed_for = Needed::default();
        for word in &self.needed_for {
            match word.as_str() {
                "balance" => needed_for.balance = true,
                "release" => needed_for.release = true,
                "deposit" => needed_for.deposit = true,
                _ => {
                    return Err(fault(format!(
                        "needed_for takes \"balance\", \"release\" and \"deposit\", not {word:?}"
                    )));
                }
            }
        }
        let location = self.location.as_deref().map(LocationId::new);
        if let Some(id) = &location
            && house.location(id).is_none()
        {
            let known = house.locations.iter().map(|known| known.id.as_str());
            return Err(fault(super::no_such("location", id.as_str(), known)));
        }
        let limit = |key: &str, text: &str| {
            duration(text)
                .and_then(|limit| TimeDelta::from_std(limit).ok())
                .ok_or_else(|| {
                    fault(format!(
                        "{key} = {text:?} is not a duration; write it like \"26h\" or \"90m\""
                    ))
                })
        };
        let (soft, hard) = (limit("soft", &self.soft)?, limit("hard", &self.hard)?);
        if hard < soft {
            return Err(fault(format!(
                "hard = {:?} is shorter than soft = {:?}; turn them round",
                self.hard, self.soft
            )));
        }
        Ok(Feed {
            id: SourceId::new(self.id.as_str()),
            name: self.name.clone().unwrap_or_else(|| self.id.clone()),
            brings,
            needed_for,
            soft,
            hard,
            location,
            entity: self.entity.as_deref().map(EntityCode::from),
            may_miss: self
                .may_miss
                .clone()
                .unwrap_or_else(|| "later changes".to_owned()),
        })
    }
}

/// `30s`, `90m`, `26h`, `3d`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let number: u64 = number.parse().ok()?;
    let seconds = match unit.trim() {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    number
        .checked_mul(seconds)
        .filter(|seconds| *seconds < 10 * 366 * 86_400)
        .map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_number_and_a_unit() {
        assert_eq!(duration("26h"), Some(Duration::from_secs(93_600)));
        assert_eq!(duration("90 m"), Some(Duration::from_secs(5_400)));
        assert_eq!(
            ["26", "h", "1w", "99999999999999999999h", ""].map(duration),
            [None; 5]
        );
    }
}
