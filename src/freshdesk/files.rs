//! Files of the helpdesk on their way into chat.
//!
//! Promises: they are fetched when they are shown and kept nowhere else; within the limits of one message,
//! however large they claim to be; what computers run stays where it is; a file that does not come along is
//! named, with why, and the words come without it.

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_domain::chat::{Post, SaidFile};
use hammerdesk_domain::helpdesk::{self, TicketId};
use hammerdesk_domain::message;
use hammerdesk_domain::text::clean;
use hammerdesk_freshdesk as fd;

use super::kinds;
use super::sync::{Helpdesk, Stopped};

/// The largest file that comes along, in bytes: what every platform takes.
const LARGEST: u64 = 10 * 1024 * 1024;
/// All files of one message together.
const ALL: u64 = 20 * 1024 * 1024;
/// How many of them.
const MOST: usize = 10;
/// How long words wait for a file that cannot be fetched just now: others wait behind them.
const PATIENCE: TimeDelta = TimeDelta::seconds(60);

/// Which of a message's files come along, and a line on each of the others.
pub(crate) fn chosen(files: &[helpdesk::Attachment]) -> (Vec<SaidFile>, Vec<String>) {
    let (mut chosen, mut left_out) = (Vec::new(), Vec::new());
    let mut left = ALL;
    for file in files {
        let name = kinds::name_of(&file.name);
        let size = u64::try_from(file.size).unwrap_or(0);
        let why = if kinds::is_run(&name) {
            Some("of a kind that computers run")
        } else if size > LARGEST || size > left {
            Some("too large for the chat")
        } else if chosen.len() == MOST {
            Some("one of many")
        } else {
            None
        };
        let Some(why) = why else {
            left -= size;
            chosen.push(SaidFile {
                name,
                media_type: Some(file.media_type.clone()),
                size,
                from: address(file),
            });
            continue;
        };
        left_out.push(format!("File not shown here: {name} ({}), {why}", weight(size)));
    }
    (chosen, left_out)
}

fn address(file: &helpdesk::Attachment) -> String {
    let said = file.conversation.unwrap_or(0);
    format!("freshdesk:{}/{said}/{}", file.ticket, file.id)
}

/// Bytes as people read them.
pub(crate) fn weight(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} bytes"),
        1_024..1_048_576 => format!("{} kB", bytes / 1_024),
        _ => format!("{} MB", bytes / 1_048_576),
    }
}

/// Where a file hangs in the helpdesk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    ticket: TicketId,
    /// 0 is the description.
    said: u64,
    file: u64,
}

impl Place {
    fn read(from: &str) -> Option<Self> {
        let mut parts = from.strip_prefix("freshdesk:")?.split('/');
        let place = Self {
            ticket: TicketId(parts.next()?.parse().ok()?),
            said: parts.next()?.parse().ok()?,
            file: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(place)
    }
}

/// Fetches them.
#[derive(Debug, Clone)]
pub struct TicketFiles(pub Helpdesk);

impl TicketFiles {
    /// The post with its files; one that is not to be had is named in its text. The error says that it may
    /// work in a moment, which is only said as long as the words may wait.
    pub async fn with_files(&self, mut post: Post, made_at: DateTime<Utc>) -> Result<Post, String> {
        let mut left = ALL;
        let mut listed: Option<Vec<fd::Attachment>> = None;
        for wanted in std::mem::take(&mut post.files) {
            let is_patient = self.0.now() - made_at < PATIENCE;
            let Some(place) = Place::read(&wanted.from) else {
                continue;
            };
            let name = kinds::name_of(&wanted.name);
            let fetched = self.fetch(place, &mut listed, LARGEST.min(left)).await;
            let why = match fetched {
                Ok(Some(content)) if kinds::begins_like_a_program(&content) => "of a kind that computers run",
                Ok(Some(content)) => {
                    left -= (content.len() as u64).min(left);
                    post.reply.files.push(message::Attachment {
                        name: clean(&name, 120),
                        media_type: kinds::type_of(wanted.media_type.as_deref()),
                        content,
                    });
                    continue;
                }
                Ok(None) => "not in the helpdesk any more",
                Err(Stopped::Helpdesk(error)) => match error.kind {
                    fd::ErrorKind::Unsendable(_) => "too large for the chat",
                    _ if is_patient && error.is_passing() => return Err(error.to_string()),
                    _ => {
                        tracing::warn!(%error, "a file of the helpdesk could not be fetched");
                        "it could not be fetched"
                    }
                },
                Err(stopped) => return Err(stopped.to_string()),
            };
            if !post.reply.text.is_empty() {
                post.reply.text.push('\n');
            }
            post.reply
                .text
                .push_str(&format!("File not shown here: {name}, {why}"));
        }
        Ok(post)
    }

    /// Its address lives for minutes, so the message that it hangs on is read again.
    async fn fetch(
        &self,
        place: Place,
        listed: &mut Option<Vec<fd::Attachment>>,
        largest: u64,
    ) -> Result<Option<Vec<u8>>, Stopped> {
        let client = self.0.client().for_person();
        let ticket = u64::try_from(place.ticket.0).map_err(|_| Stopped::Odd("a ticket's number"))?;
        let files = match listed {
            Some(files) => files,
            None => {
                let read = if place.said == 0 {
                    client.ticket(ticket, &[]).await.map(|ticket| ticket.attachments)
                } else {
                    client.all_conversations(ticket).await.map(|said| {
                        said.items
                            .into_iter()
                            .find(|said| said.id == place.said)
                            .map(|said| said.attachments)
                            .unwrap_or_default()
                    })
                };
                match read {
                    Ok(files) => listed.insert(files),
                    Err(error) if error.is_missing() => return Ok(None),
                    Err(error) => return Err(error.into()),
                }
            }
        };
        let Some(file) = files.iter().find(|file| file.id == place.file) else {
            return Ok(None);
        };
        let download = match client.fetch(file, largest).await {
            Ok(download) => download,
            // The address ran out meanwhile: it is asked for again at the next try.
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(Some(download.bytes().await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, size: i64) -> helpdesk::Attachment {
        helpdesk::Attachment {
            id: 9,
            ticket: TicketId(47),
            conversation: Some(5),
            name: name.to_owned(),
            media_type: "application/pdf".to_owned(),
            size,
        }
    }

    #[test]
    fn what_fits_comes_along_and_what_does_not_is_named() {
        let files = [
            file("invoice.pdf", 2_000),
            file("../setup.exe", 10),
            file("film.mov", 11 * 1024 * 1024),
            file("a.bin", 10 * 1024 * 1024),
            file("b.bin", 10 * 1024 * 1024),
        ];
        let (chosen, left_out) = chosen(&files);
        let names: Vec<&str> = chosen.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["invoice.pdf", "a.bin"]);
        assert_eq!(chosen[0].from, "freshdesk:47/5/9");
        insta::assert_snapshot!(left_out.join("\n"), @r"
        File not shown here: setup.exe (10 bytes), of a kind that computers run
        File not shown here: film.mov (11 MB), too large for the chat
        File not shown here: b.bin (10 MB), too large for the chat
        ");
    }

    #[test]
    fn only_an_address_of_ours_names_a_place() {
        assert_eq!(
            Place::read("freshdesk:47/0/9"),
            Some(Place {
                ticket: TicketId(47),
                said: 0,
                file: 9
            })
        );
        for odd in [
            "https://evil.example/a",
            "freshdesk:47/0",
            "freshdesk:47/0/9/1",
            "freshdesk:x/0/9",
            "",
        ] {
            assert_eq!(Place::read(odd), None, "{odd}");
        }
    }
}
