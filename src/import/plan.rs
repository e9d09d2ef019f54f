//! What an import is told beside the file: whose data it is, how it is read, what it should add up to.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use hammerdesk_domain::ids::SourceId;
use hammerdesk_domain::record::Entity;
use hammerdesk_feeds::{Expected, FeedError, Fingerprint, Format, Profile};

/// How to import a file.
#[derive(Debug, Clone)]
pub struct ImportPlan {
    /// The feed.
    pub source: SourceId,
    /// How its files are read.
    pub profile: Profile,
    /// The mapping's name and version; `None` for a canonical file.
    pub mapping: Option<String>,
    /// When the data was extracted; the file's own time where nobody says.
    pub extracted_at: Option<DateTime<Utc>>,
}

impl ImportPlan {
    /// A canonical file of that entity.
    pub fn canonical(source: SourceId, entity: Entity, format: Format) -> Self {
        Self {
            source,
            profile: Profile::canonical(entity, format),
            mapping: None,
            extracted_at: None,
        }
    }

    /// A canonical file whose name tells its entity: `ledger-2026-09.csv`, `client.jsonl`.
    pub fn by_name(source: SourceId, path: &Path) -> Result<Self, FeedError> {
        let entity = Profile::entity_of_file_name(path).ok_or_else(|| {
            let known: Vec<&str> = Entity::ALL.iter().map(|entity| entity.name()).collect();
            FeedError::Refused(format!(
                "The name of {} does not tell what it holds. A canonical file is named after its entity, as in ledger-2026-09.csv; the entities are {}. A file with columns of its own needs a mapping.",
                path.display(),
                known.join(", ")
            ))
        })?;
        Ok(Self::canonical(source, entity, Format::of_path(path)))
    }

    /// Files of a mapping. The source is the one that is given, else the mapping's, else `csv`.
    pub fn mapped(source: Option<SourceId>, mapping: &Path) -> Result<Self, FeedError> {
        let name = mapping
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text = std::fs::read_to_string(mapping).map_err(|error| {
            FeedError::Refused(format!(
                "The mapping {} cannot be read: {error}.",
                mapping.display()
            ))
        })?;
        let profile = Profile::from_toml(&name, &text)?;
        let version: String = Fingerprint::of(text.as_bytes()).chars().take(12).collect();
        let source = source.unwrap_or_else(|| SourceId::new(profile.source.as_deref().unwrap_or("csv")));
        Ok(Self {
            source,
            profile,
            mapping: Some(format!("{name}@{version}")),
            extracted_at: None,
        })
    }

    /// Control totals that the file must meet; they win over those of the mapping.
    #[must_use]
    pub fn expecting(mut self, expected: Expected) -> Self {
        self.profile.expected = self.profile.expected.overlaid(expected);
        self
    }

    /// The file holds everything that its source has of the entity.
    #[must_use]
    pub fn complete(mut self, complete: bool) -> Self {
        self.profile.complete |= complete;
        self
    }

    /// By what a file is known to have been read in this way before.
    pub(super) fn identity(&self) -> Option<String> {
        match (&self.mapping, self.profile.complete) {
            (None, false) => None,
            (None, true) => Some("canonical, complete".to_owned()),
            (Some(mapping), false) => Some(mapping.clone()),
            (Some(mapping), true) => Some(format!("{mapping}, complete")),
        }
    }

    /// The profile with the control totals that lie beside the file.
    pub(super) fn with_sidecar(&self, path: &Path) -> Result<Profile, String> {
        let mut profile = self.profile.clone();
        let sidecar = sidecar_of(path);
        match std::fs::read_to_string(&sidecar) {
            Ok(text) => {
                let declared = Expected::from_json(&text)
                    .map_err(|sentence| format!("{}: {sentence}", sidecar.display()))?;
                profile.expected = declared.overlaid(profile.expected);
                Ok(profile)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(profile),
            Err(error) => Err(format!(
                "The control totals in {} cannot be read: {error}.",
                sidecar.display()
            )),
        }
    }
}

/// Where the control totals of a file lie: `ledger.csv.totals.json` beside `ledger.csv`.
pub fn sidecar_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".totals.json");
    path.with_file_name(name)
}
