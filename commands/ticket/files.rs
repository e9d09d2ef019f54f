//! Files that somebody left in a ticket's thread and wants to go along with a reply or a note.
//!
//! Promises: only one's own, from one message, and only where one says so; what cannot go is said before
//! anything does.

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_domain::access::Asker;
use hammerdesk_domain::chat::{Platform, SaidFile};
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_domain::text::clean;
use hammerdesk_store::View;

use crate::errors::{Failure, UserError};

/// How long ago they may have been left there.
const LATELY: TimeDelta = TimeDelta::hours(1);
/// What Freshdesk takes together, in bytes.
const MOST: u64 = 20 * 1024 * 1024;

/// The files of the asker's last message with any, where they want them; none where they do not.
pub(super) async fn wanted(
    view: &mut View,
    asker: &Asker,
    ticket: TicketId,
    option: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Vec<SaidFile>, Failure> {
    if !matches!(option, Some("true" | "yes")) {
        return Ok(Vec::new());
    }
    let head = format!("ticket:{ticket}");
    let mut last: Option<(DateTime<Utc>, Vec<SaidFile>)> = None;
    for platform in [Platform::Console, Platform::Discord] {
        let Some(thread) = view
            .stored_post(&head, platform)
            .await?
            .and_then(|head| head.thread)
        else {
            continue;
        };
        let lately = view.said_lately(platform, &thread, now - LATELY).await?;
        let own = lately
            .into_iter()
            .find(|heard| heard.said.who == asker.id.as_str() && !heard.said.files.is_empty());
        if let Some(own) = own
            && last.as_ref().is_none_or(|(at, _)| own.at > *at)
        {
            last = Some((own.at, own.said.files));
        }
    }
    let Some((_, files)) = last else {
        return Err(UserError::unknown(format!(
            "You left no files in the thread of ticket {ticket} within the last hour. Post them there, then ask again \
             with files:true."
        ))
        .into());
    };
    if files.iter().map(|file| file.size).sum::<u64>() > MOST {
        return Err(UserError::refused(
            "Those files weigh more than 20 MB together, which is all that Freshdesk takes. Send them in parts.",
        )
        .into());
    }
    Ok(files)
}

/// Their names and sizes, in a line.
pub(super) fn named(files: &[SaidFile]) -> String {
    let names = files.iter().map(|file| {
        let size = match file.size {
            0..1_024 => format!("{} bytes", file.size),
            1_024..1_048_576 => format!("{} kB", file.size / 1_024),
            size => format!("{} MB", size / 1_048_576),
        };
        format!("{} ({size})", clean(&file.name, 80))
    });
    format!("Files {}", names.collect::<Vec<_>>().join(", "))
}
