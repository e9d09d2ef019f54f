//! The header of a file held against what a profile expects of it.

use crate::cell::shown;
use crate::error::FeedError;
use crate::near::{hint, listed};
use crate::profile::Profile;

/// The names in a file's header.
pub(crate) struct Names<'a> {
    pub(crate) header: &'a [String],
    pub(crate) profile: &'a Profile,
}

impl Names<'_> {
    pub(crate) fn place(&self, name: &str) -> Result<Option<usize>, FeedError> {
        let mut places = self
            .header
            .iter()
            .enumerate()
            .filter(|(_, known)| *known == name)
            .map(|(at, _)| at);
        let first = places.next();
        if places.next().is_some() {
            return Err(FeedError::Refused(format!(
                "The header names the column {name:?} twice."
            )));
        }
        Ok(first)
    }

    pub(crate) fn check_strict(&self) -> Result<(), FeedError> {
        let columns = self.profile.entity.columns();
        let unknown = self
            .header
            .iter()
            .find(|name| !columns.iter().any(|column| column.name == name.as_str()));
        let Some(name) = unknown else {
            return Ok(());
        };
        if let Some(sentence) = self.other_shape() {
            return Err(FeedError::Refused(sentence));
        }
        if name.is_empty() {
            return Err(FeedError::refused("The header has a column without a name."));
        }
        Err(FeedError::Refused(format!(
            "The canonical {} feed has no column {}{}",
            self.profile.entity.name(),
            shown(name),
            match hint(name, columns.iter().map(|column| column.name)) {
                near if near.is_empty() => ". A file with columns of its own needs a mapping.".to_owned(),
                near => near,
            }
        )))
    }

    pub(crate) fn missing(&self, missing: &[String]) -> FeedError {
        if let Some(sentence) = self.other_shape() {
            return FeedError::Refused(sentence);
        }
        let (noun, pronoun) = if missing.len() == 1 {
            ("column", "it")
        } else {
            ("columns", "them")
        };
        let nears: Vec<String> = missing
            .iter()
            .filter_map(|name| {
                let near = crate::near::nearest(name, self.header.iter().map(String::as_str))?;
                Some(format!(" There is {} where {name} was expected.", shown(near)))
            })
            .collect();
        FeedError::Refused(format!(
            "The header lacks the {noun} {}; without {pronoun} a row cannot be read.{}",
            listed(missing),
            nears.concat()
        ))
    }

    /// A header that was split at the wrong character, or is not in that line.
    fn other_shape(&self) -> Option<String> {
        let [only] = self.header else {
            return None;
        };
        if only.starts_with("sep=") {
            return Some(
                "The first line only names the separator. Declare header_row = 2 in a mapping.".to_owned(),
            );
        }
        let (name, _) = [
            ("a semicolon", ';'),
            ("a tab", '\t'),
            ("a vertical bar", '|'),
            ("a comma", ','),
        ]
        .into_iter()
        .find(|(_, c)| only.contains(*c))?;
        Some(format!(
            "The header is one single cell: the file separates its columns by {name}. Declare the delimiter in a mapping."
        ))
    }
}
