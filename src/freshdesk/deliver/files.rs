//! Files that come along with what people said in chat, on their way into the helpdesk.
//!
//! Promises: they are fetched from our own store or from the platform's storage, from nowhere else; what a
//! computer would run is not passed on, whatever its name says; together they stay within what Freshdesk
//! takes; each one that is left out is named, with why.

use std::fmt;

use hammerdesk_domain::chat::SaidFile;
use hammerdesk_domain::helpdesk::html_of;
use hammerdesk_domain::ids::PersonId;
use hammerdesk_freshdesk::{LARGEST_UPLOAD, Upload};
use hammerdesk_store::{Store, StoreError};
use uuid::Uuid;

use crate::discord::{Cdn, Unfetched};
use crate::freshdesk::kinds;

/// As whom the bot reads the console's files: only what everybody in the thread may read.
const READER: &str = "hammerdesk";

/// Fetches files.
#[derive(Debug)]
pub(super) struct Files {
    store: Store,
    cdn: Cdn,
}

/// Files ready to go, and those that do not.
#[derive(Debug, Default)]
pub(super) struct Bundle {
    pub(super) uploads: Vec<Upload>,
    pub(super) left_out: Vec<LeftOut>,
}

/// A file that does not come along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LeftOut {
    name: String,
    why: &'static str,
    link: Option<String>,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the file {} {}", self.name, self.why)
    }
}

impl LeftOut {
    /// For a note that colleagues read.
    pub(super) fn html(&self) -> String {
        let sentence = html_of(&format!("File left out: {} {}.", self.name, self.why));
        match &self.link {
            Some(link) => format!(r#"{sentence} <a href="{}">It is here.</a>"#, html_of(link)),
            None => format!("{sentence} It is in the chat."),
        }
    }
}

impl Files {
    pub(super) const fn new(store: Store, cdn: Cdn) -> Self {
        Self { store, cdn }
    }

    /// All of them, as far as they may and can come along. The inner error says that it may work later; only
    /// whoever is patient gets it, others do without the file.
    pub(super) async fn gather(
        &self,
        files: &[SaidFile],
        is_patient: bool,
    ) -> Result<Result<Bundle, String>, StoreError> {
        let mut bundle = Bundle::default();
        let mut left = LARGEST_UPLOAD;
        for file in files {
            let name = kinds::name_of(&file.name);
            let mut leave_out = |why, is_harmless: bool| {
                bundle.left_out.push(LeftOut {
                    name: name.clone(),
                    why,
                    link: (is_harmless && self.cdn.holds(&file.from)).then(|| file.from.clone()),
                });
            };
            if kinds::is_run(&name) {
                leave_out("is of a kind that computers run", false);
                continue;
            }
            if file.size > left {
                leave_out("is too large for the helpdesk", true);
                continue;
            }
            let content = match self.content(file, left).await? {
                Ok(content) => content,
                Err(Unfetched::Later(why)) if is_patient => return Ok(Err(why)),
                Err(Unfetched::TooLarge) => {
                    leave_out("is too large for the helpdesk", true);
                    continue;
                }
                Err(Unfetched::Gone | Unfetched::Elsewhere | Unfetched::Later(_)) => {
                    leave_out("could not be fetched", false);
                    continue;
                }
            };
            if kinds::begins_like_a_program(&content) {
                leave_out("is of a kind that computers run", false);
                continue;
            }
            left -= (content.len() as u64).min(left);
            bundle.uploads.push(Upload::bytes(
                name,
                kinds::type_of(file.media_type.as_deref()),
                content,
            ));
        }
        Ok(Ok(bundle))
    }

    async fn content(&self, file: &SaidFile, largest: u64) -> Result<Result<Vec<u8>, Unfetched>, StoreError> {
        let Some(place) = file.from.strip_prefix("console:") else {
            return Ok(self.cdn.fetch(&file.from, largest).await);
        };
        let place = place
            .split_once('/')
            .and_then(|(message, position)| Some((message.parse::<Uuid>().ok()?, position.parse().ok()?)));
        let Some((message, position)) = place else {
            return Ok(Err(Unfetched::Elsewhere));
        };
        let mut view = self.store.read().await?;
        let stored = view.chat_file(&PersonId::new(READER), message, position).await?;
        Ok(match stored {
            Some(stored) if stored.content.len() as u64 > largest => Err(Unfetched::TooLarge),
            Some(stored) => Ok(stored.content),
            None => Err(Unfetched::Gone),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_says_so_and_links_where_it_is() {
        let left_out = LeftOut {
            name: "<scan>.pdf".to_owned(),
            why: "is too large for the helpdesk",
            link: Some("https://cdn.discordapp.com/a?b=1&c=\"2".to_owned()),
        };
        insta::assert_snapshot!(left_out.html(), @r#"File left out: &lt;scan&gt;.pdf is too large for the helpdesk. <a href="https://cdn.discordapp.com/a?b=1&amp;c=&quot;2">It is here.</a>"#);
    }
}
