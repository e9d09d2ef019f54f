//! `/ticket reply`: what a client is mailed.
//!
//! Promises: without a confirmation nothing goes, only a preview of it; a confirmation holds for exactly the
//! words, the recipient and the conversation that its preview showed, and sends them once, however often it
//! is pressed and by however many.

use chrono::{DateTime, Utc};
use hammerdesk_domain::access::{Asker, Permission};
use hammerdesk_domain::chat::SaidFile;
use hammerdesk_domain::helpdesk::{EventKind, HelpdeskWrite, WriteToken, html_of, token_of};
use hammerdesk_domain::message::{Action, Attachment, Card, Outcome, Reply, Section, Visibility};
use hammerdesk_store::helpdesk::RecordKind;
use hammerdesk_store::{StoreError, View};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::scene::{self, Scene};
use super::{Changing, Done, QUEUED, card, create, files, number, unchanged, without_payment_data, words_of};
use crate::errors::{Failure, UserError};
use crate::grammar::{TicketReplyArgs, line_of};
use crate::{Asked, brief};

/// A text of more characters comes along as a file too: no platform's card holds it all.
const LONG: usize = 1_500;
/// Attempts of one reply that Freshdesk may refuse before somebody must change something.
const ATTEMPTS: u32 = 20;

/// A reply as it would go now.
struct Letter {
    to: String,
    /// Who gets a copy: whoever is in copy on the ticket.
    copies: Vec<String>,
    words: String,
    /// Files that go along.
    files: Vec<SaidFile>,
    html: String,
    /// What a confirmation must say.
    code: String,
    token: WriteToken,
}

/// The preview: exactly what will be mailed, and to whom.
pub(crate) async fn preview(
    asked: &mut Asked<'_>,
    args: &TicketReplyArgs,
    because: &str,
) -> Result<Reply, Failure> {
    let id = number(&args.ticket)?;
    let scene = Scene::seen(&mut asked.view, asked.asker, id).await?;
    asked.about = scene.client_no();
    let (asker, now) = (asked.asker, asked.moment.now);
    let letter = letter(&mut asked.view, &scene, args, asker, now).await?;
    let along = (!letter.files.is_empty()).then(|| card::line(files::named(&letter.files)));
    let mut sections = vec![
        Section::Lines {
            heading: None,
            lines: [
                card::line(format!("To {}", scene.sender())),
                card::line(match letter.copies.as_slice() {
                    [] => "Copies to nobody".to_owned(),
                    copies => format!("Copies to {}", copies.join(", ")),
                }),
                card::line(format!("Subject Re: {}", scene.subject())),
            ]
            .into_iter()
            .chain(along)
            .collect(),
        },
        Section::Lines {
            heading: Some("These words".to_owned()),
            lines: letter
                .words
                .lines()
                .map(|words| card::line(words.to_owned()))
                .collect(),
        },
        Section::Lines {
            heading: Some("For you, not mailed".to_owned()),
            lines: card::account_lines(&scene),
        },
    ];
    let mut as_of = vec![card::as_of(&scene)];
    let mut stale = false;
    let known = scene.client_no().filter(|_| asked.asker.may(Permission::Balance));
    if let Some(client) = known
        && let Some(brief) = brief::of(asked, &client).await?
    {
        sections.extend(brief.sections);
        as_of.extend(brief.as_of);
        stale = brief.stale;
    }
    let mut options = vec![("text", letter.words.as_str()), ("confirm", letter.code.as_str())];
    if !letter.files.is_empty() {
        options.push(("files", "true"));
    }
    let run = line_of(&format!("/ticket reply {id}"), &options);
    let mut reply = Reply::card(
        Card {
            title: format!("Reply to #{id} {}", scene.subject()),
            badge: Some("NOT SENT".to_owned()),
            sections,
            as_of,
            stale,
            ..Card::default()
        },
        json!({ "ticket": id, "to": letter.to, "copies": letter.copies, "text": letter.words, "sent": false, "confirm": letter.code }),
    );
    reply.text = join(
        because,
        "This is what the client will read. Nothing has been mailed yet.",
    );
    reply.actions = vec![
        Action {
            primary: true,
            ..Action::ask("Send to client", run)
        },
        Action {
            primary: false,
            label: "Write it again".to_owned(),
            ..card::reply_button(&scene)
        },
    ];
    if letter.words.chars().count() > LONG {
        reply.files.push(Attachment {
            name: format!("reply-{id}.txt"),
            media_type: "text/plain; charset=utf-8".to_owned(),
            content: letter.words.into_bytes(),
        });
    }
    reply.visibility = Visibility::Private;
    Ok(reply)
}

/// The confirmed reply, where it is still what its preview showed.
pub(super) async fn send(changing: &mut Changing<'_>, args: &TicketReplyArgs) -> Result<Done, Failure> {
    let id = number(&args.ticket)?;
    let scene = Scene::seen(&mut changing.unit, changing.asker, id).await?;
    changing.about = scene.client_no();
    let confirmed = args.confirm.as_deref().unwrap_or_default().trim().to_lowercase();
    if went_before(changing, &scene, args, &confirmed).await? {
        return Ok(unchanged(format!(
            "This reply on ticket {id} was sent before; it goes once. Write /ticket reply again to say more."
        )));
    }
    let (asker, now) = (changing.asker, changing.now);
    let letter = letter(&mut changing.unit, &scene, args, asker, now).await?;
    if letter.code != confirmed {
        return Ok(Done::PreviewAgain(
            "Not sent: what you confirmed is not what would go now, because the words, the address or the \
             conversation changed since. Look again.",
        ));
    }
    let said_to = match letter.copies.as_slice() {
        [] => letter.to.clone(),
        copies => format!("{} (copies to {})", letter.to, copies.join(", ")),
    };
    let copies = json!(letter.copies);
    let write = HelpdeskWrite::Reply {
        ticket: id,
        html: letter.html,
        cc: letter.copies,
        files: letter.files,
    };
    if !changing.queue(letter.token, &write).await? {
        return Ok(unchanged(format!(
            "This reply on ticket {id} is on its way already; it goes once."
        )));
    }
    let mut reply = Reply::sentence(
        Outcome::Answered,
        format!("Your reply to {said_to} on ticket {id} goes out. {QUEUED}"),
    );
    reply.facts =
        json!({ "ticket": id, "to": letter.to, "copies": copies, "text": letter.words, "sent": true });
    Ok(Done::Changed(Box::new(reply)))
}

/// Was exactly this confirmation sent, though the conversation went on since, by that very reply perhaps?
async fn went_before(
    changing: &mut Changing<'_>,
    scene: &Scene,
    args: &TicketReplyArgs,
    confirmed: &str,
) -> Result<bool, Failure> {
    let token = token_from(scene, confirmed);
    let Some(known) = changing.unit.ticket_write(token).await? else {
        return Ok(false);
    };
    let fate = changing.unit.fate(&format!("freshdesk:{token}")).await?;
    let was_refused = fate.is_some_and(|fate| fate.state == "refused");
    Ok(known.ticket == Some(scene.id().0) && !was_refused && !args.text.trim().is_empty())
}

/// A confirmation's code names the write that it leads to.
fn token_from(scene: &Scene, code: &str) -> WriteToken {
    token_of(&format!("reply:{}:{code}", scene.id()))
}

/// What would go now. Refused where nothing may go.
async fn letter(
    view: &mut View,
    scene: &Scene,
    args: &TicketReplyArgs,
    asker: &Asker,
    now: DateTime<Utc>,
) -> Result<Letter, Failure> {
    scene.workable()?;
    let words = words_of(&args.text)?;
    without_payment_data(words)?;
    let Some(to) = scene.email().map(str::to_owned) else {
        return Err(UserError::refused(format!(
            "The sender of ticket {} has no e-mail address, so nothing can be mailed. Call them, and leave a note with \
             /ticket note.",
            scene.id()
        ))
        .into());
    };
    let html = html_of(words);
    let seen = seen_last(view, scene).await?;
    let copies = copies(view, scene, &to).await?;
    let files = files::wanted(view, asker, scene.id(), args.files.as_deref(), now).await?;
    for attempt in 0..ATTEMPTS {
        let id = scene.id().0;
        let bound = json!([
            id,
            html,
            to,
            copies,
            files,
            scene.ticket().requester,
            seen,
            attempt
        ])
        .to_string();
        let digest = Sha256::digest(bound.as_bytes());
        let code: String = digest.iter().take(10).map(|byte| format!("{byte:02x}")).collect();
        let token = token_from(scene, &code);
        // What Freshdesk refused for good may be confirmed again, as another write.
        let fate = view.fate(&format!("freshdesk:{token}")).await?;
        if fate.is_none_or(|fate| fate.state != "refused") {
            return Ok(Letter {
                to,
                copies,
                words: words.to_owned(),
                files,
                html,
                code,
                token,
            });
        }
    }
    Err(UserError::refused(
        "Freshdesk refused this reply again and again. Change the words, or reply in Freshdesk.",
    )
    .into())
}

/// The public conversation as it stands: whoever writes meanwhile changes it, and so does an edit.
async fn seen_last(view: &mut View, scene: &Scene) -> Result<Vec<(i64, i64)>, StoreError> {
    Ok(scene::said(view, scene.id())
        .await?
        .iter()
        .map(|one| &one.conversation)
        .filter(|said| matches!(said.kind(), EventKind::CustomerMessage | EventKind::AgentMessage))
        .map(|said| (said.id, said.updated_at.timestamp()))
        .collect())
}

/// Whoever is in copy on the ticket stays in copy: the addresses that Freshdesk itself would put there, without
/// the client's own, the house's mailboxes and agents, and what is no address.
async fn copies(view: &mut View, scene: &Scene, to: &str) -> Result<Vec<String>, StoreError> {
    let raw = view.ticket_raw(scene.id()).await?.unwrap_or_default();
    let of = |field: &str| raw.get(field)?.as_array().cloned();
    let Some(listed) = of("reply_cc_emails").or_else(|| of("cc_emails")) else {
        return Ok(Vec::new());
    };
    let ours = scene
        .ticket()
        .support_email
        .iter()
        .filter_map(|mailbox| address(mailbox));
    let left_out: Vec<String> = ours.chain([to.trim().to_lowercase()]).collect();
    let mut copies: Vec<String> = Vec::new();
    for said in listed.iter().filter_map(serde_json::Value::as_str) {
        let Some(found) = address(said) else { continue };
        if !left_out.contains(&found)
            && view
                .helpdesk_records_by_email(RecordKind::Agent, &found)
                .await?
                .is_empty()
        {
            copies.push(found);
        }
    }
    copies.sort();
    copies.dedup();
    Ok(copies)
}

/// The address in `Ada Lovelace <ada@example.com>` or `ada@example.com`.
fn address(said: &str) -> Option<String> {
    let inner = said
        .rsplit_once('<')
        .map_or(said, |(_, rest)| rest.split('>').next().unwrap_or_default());
    create::address(inner).ok().map(|found| found.to_lowercase())
}

fn join(first: &str, second: &str) -> String {
    if first.is_empty() {
        second.to_owned()
    } else {
        format!("{first} {second}")
    }
}
