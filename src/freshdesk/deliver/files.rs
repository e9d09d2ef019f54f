//! Files that come along with what people said in chat, on their way into the helpdesk.
//!
//! Promises: they are fetched from our own store or from the platform's storage, from nowhere else; what a
//! computer would run is not passed on, whatever its name says; together they stay within what Freshdesk
//! takes; each one that is left out is named, with why.

use std::fmt;

use hammerdesk_domain::chat::SaidFile;
use hammerdesk_domain::helpdesk::html_of;
use hammerdesk_domain::ids::PersonId;
use hammerdesk_domain::text::clean;
use hammerdesk_freshdesk::{LARGEST_UPLOAD, Upload};
use hammerdesk_store::{Store, StoreError};
use uuid::Uuid;

use crate::discord::{Cdn, Unfetched};

/// As whom the bot reads the console's files: only what everybody in the thread may read.
const READER: &str = "hammerdesk";

/// Endings of what a computer runs when it is opened.
const RUN: &[&str] = &[
    "ade", "app", "appx", "apk", "bat", "chm", "cmd", "com", "cpl", "deb", "dll", "dmg", "exe", "hta", "inf",
    "ins", "iso", "jar", "js", "jse", "lnk", "mde", "msc", "msi", "msix", "msp", "mst", "pif", "pkg", "ps1",
    "psm1", "py", "reg", "rpm", "scr", "sct", "sh", "svg", "sys", "url", "vb", "vbe", "vbs", "vhd", "vhdx",
    "vxd", "wsc", "wsf", "wsh", "xll",
];
/// How such content begins.
const BEGINNINGS: &[&[u8]] = &[
    b"MZ",
    b"\x7fELF",
    b"#!",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"L\0\0\0\x01\x14\x02\0",
];

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
            let name = name_of(&file.name);
            let mut leave_out = |why, is_harmless: bool| {
                bundle.left_out.push(LeftOut {
                    name: name.clone(),
                    why,
                    link: (is_harmless && self.cdn.holds(&file.from)).then(|| file.from.clone()),
                });
            };
            if is_run(&name) {
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
            if BEGINNINGS.iter().any(|beginning| content.starts_with(beginning)) {
                leave_out("is of a kind that computers run", false);
                continue;
            }
            left -= (content.len() as u64).min(left);
            bundle
                .uploads
                .push(Upload::bytes(name, type_of(file.media_type.as_deref()), content));
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

/// A name without a path or anything that hides its end.
fn name_of(said: &str) -> String {
    let last = said.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = clean(last, 120);
    let name = name.trim().trim_end_matches('.').trim();
    if name.is_empty() {
        "file".to_owned()
    } else {
        name.to_owned()
    }
}

fn is_run(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, ending)| RUN.contains(&ending.trim().to_ascii_lowercase().as_str()))
}

fn type_of(said: Option<&str>) -> String {
    let is_one = |media_type: &&str| {
        let is_word = |word: &str| {
            !word.is_empty()
                && word.len() < 80
                && word
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-+._".contains(&b))
        };
        media_type
            .split_once('/')
            .is_some_and(|(kind, rest)| is_word(kind) && is_word(rest))
    };
    said.map(|said| said.split(';').next().unwrap_or_default().trim())
        .filter(is_one)
        .unwrap_or("application/octet-stream")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_computer_would_run_is_known_by_its_last_ending() {
        for bad in ["a.exe", "invoice.pdf.EXE", "x.lnk", "y.Js", "z.scr "] {
            assert!(is_run(&name_of(bad)), "{bad}");
        }
        for good in ["invoice.pdf", "exe", "a.exe.pdf", "photo.JPG", "list.xlsx"] {
            assert!(!is_run(&name_of(good)), "{good}");
        }
        assert!(is_run(&name_of("a.exe...")));
    }

    #[test]
    fn a_name_is_no_path_and_a_type_is_a_type() {
        assert_eq!(name_of("../../etc/passwd"), "passwd");
        assert_eq!(name_of("C:\\x\\y.pdf"), "y.pdf");
        assert_eq!(name_of(".."), "file");
        assert_eq!(type_of(Some("image/png; charset=x")), "image/png");
        for odd in [None, Some("no type"), Some("a/b/c"), Some("a/b\r\nX: y")] {
            assert_eq!(type_of(odd), "application/octet-stream");
        }
    }

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
