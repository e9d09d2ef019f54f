//! Answers as Discord messages, every limit kept by construction.
//!
//! An answer becomes one message or a few: text and cards are split at lines, never inside a figure, and
//! what would be too much comes along whole as a file. Every text is escaped on its way, every message
//! mentions nobody, and no id stands in it that this module did not make.

mod card;
mod parts;
#[cfg(test)]
mod tests;

use hammerdesk_domain::chat::Post;
use hammerdesk_domain::ids::ActionId;
use hammerdesk_domain::message::{Attachment, Reply};
use serde::Serialize;

pub(crate) use self::card::Embed;
pub(crate) use self::parts::{
    Component, Pressed, SAYS, choose_person, confirmation, modal, only_person, read_id, rows,
};
use super::limits::{CONTENT, EMBED_SUM, EMBEDS, FILE_BYTES, FILES, units};
use super::text::{markdown, plain};

/// So many messages at most for one answer; the rest is in a file.
const MESSAGES: usize = 4;
/// Nobody asks more people at once.
const MOST_CALLED: usize = 20;
/// The name of that file.
const WHOLE: &str = "answer.txt";

/// The body of a message, as it is posted or put in place of another.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Message {
    pub(crate) content: String,
    pub(crate) embeds: Vec<Embed>,
    pub(crate) components: Vec<Component>,
    pub(crate) allowed_mentions: Mentions,
    pub(crate) attachments: Vec<Attached>,
    #[serde(skip)]
    pub(crate) files: Vec<File>,
}

/// Nobody is mentioned, whatever the text looks like, but those whom we name here by their accounts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Mentions {
    parse: [u8; 0],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    users: Vec<String>,
}

/// A file of the message, by its place among the parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Attached {
    pub(crate) id: usize,
    pub(crate) filename: String,
}

/// A file's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) content: Vec<u8>,
}

impl Message {
    /// One sentence, from us.
    pub(crate) fn sentence(text: &str) -> Self {
        let content = markdown(text, CONTENT);
        let content = if content.is_empty() {
            "Done.".to_owned()
        } else {
            content
        };
        Self {
            content,
            ..Self::default()
        }
    }

    /// Calls these accounts, and nobody else, in front of the words.
    pub(crate) fn calling(mut self, accounts: &[u64]) -> Self {
        let accounts = accounts.get(..MOST_CALLED).unwrap_or(accounts);
        if accounts.is_empty() {
            return self;
        }
        let calls: Vec<String> = accounts.iter().map(|account| format!("<@{account}>")).collect();
        let calls = calls.join(" ");
        let room = CONTENT - units(&calls) - 1;
        self.content = format!("{calls} {}", super::limits::cut(&self.content, room))
            .trim_end()
            .to_owned();
        self.allowed_mentions.users = accounts.iter().map(u64::to_string).collect();
        self
    }

    fn is_empty(&self) -> bool {
        self.content.is_empty()
            && self.embeds.is_empty()
            && self.files.is_empty()
            && self.components.is_empty()
    }
}

/// How an answer is drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look<'a> {
    /// The largest file that may come along.
    pub(crate) file_bytes: usize,
    /// The question behind the answer, for the button that explains it.
    pub(crate) question: Option<&'a ActionId>,
    /// How many messages it may take.
    pub(crate) messages: usize,
}

impl<'a> Look<'a> {
    /// An answer to somebody.
    pub(crate) const fn answer(file_bytes: usize, question: Option<&'a ActionId>) -> Self {
        Self {
            file_bytes,
            question,
            messages: MESSAGES,
        }
    }
}

/// What stands in a channel under a key: always one message, so that it can change in place.
pub(crate) fn post(post: &Post) -> Message {
    let look = Look {
        file_bytes: FILE_BYTES,
        question: None,
        messages: 1,
    };
    let mut message = messages(&post.reply, look).into_iter().next().unwrap_or_default();
    let author = post.author.as_ref().map(|author| markdown(author, 100));
    if let Some(author) = author.filter(|author| !author.is_empty()) {
        let text = std::mem::take(&mut message.content);
        let head = format!("**{author}**");
        // What is too long for its message is whole in the file beside it.
        let room = CONTENT - units(&head) - 1;
        message.content = format!("{head}\n{}", super::limits::cut(&text, room))
            .trim_end()
            .to_owned();
    }
    message
}

/// The answer as messages, in their order; there is always one.
pub(crate) fn messages(reply: &Reply, look: Look<'_>) -> Vec<Message> {
    let texts = contents(reply);
    let embeds: Vec<Embed> = reply.cards.iter().flat_map(card::embeds).collect();
    let mut out: Vec<Message> = texts
        .into_iter()
        .map(|content| Message {
            content,
            ..Message::default()
        })
        .collect();
    for embed in embeds {
        let fits = |message: &&mut Message| {
            message.embeds.len() < EMBEDS
                && message.embeds.iter().map(Embed::weight).sum::<usize>() + embed.weight() <= EMBED_SUM
        };
        match out.last_mut().filter(fits) {
            Some(message) => message.embeds.push(embed),
            None => out.push(Message {
                embeds: vec![embed],
                ..Message::default()
            }),
        }
    }
    let is_too_long = out.len() > look.messages;
    out.truncate(look.messages);
    if out.is_empty() {
        out.push(Message::default());
    }
    let (files, remarks) = files(reply, look.file_bytes, is_too_long);
    let why = look
        .question
        .filter(|_| reply.cards.iter().any(|card| !card.explain.is_empty()));
    let (components, left_out) = rows(reply, why);
    if let Some(last) = out.last_mut() {
        last.components = components;
        last.attachments = files
            .iter()
            .enumerate()
            .map(|(id, file)| Attached {
                id,
                filename: file.name.clone(),
            })
            .collect();
        last.files = files;
        for remark in remarks.into_iter().chain(left_out) {
            append(&mut last.content, &remark);
        }
        if last.is_empty() {
            "Done.".clone_into(&mut last.content);
        }
        // A message of buttons alone would have nothing to say for itself.
        if last.content.is_empty() && last.embeds.is_empty() && last.files.is_empty() {
            "What next?".clone_into(&mut last.content);
        }
    }
    out
}

/// How the answer came about: short as a message, long as a file.
pub(crate) fn explanation(reply: &Reply) -> Message {
    let explained = hammerdesk_commands::render::explained(reply);
    if explained.is_empty() {
        return Message::sentence("There is nothing to explain about this answer.");
    }
    let mut content = String::from("**How was this computed** · yes: the rule applied\n```\n");
    for line in explained.lines() {
        let line = super::text::code(line, CONTENT);
        content.push_str(&line);
        content.push('\n');
    }
    content.push_str("```");
    if units(&content) <= CONTENT {
        return Message {
            content,
            ..Message::default()
        };
    }
    let file = File {
        name: "explanation.txt".to_owned(),
        content: explained.into_bytes(),
    };
    Message {
        content: "**How was this computed**: every rule that was asked, in order, is in the file.".to_owned(),
        attachments: vec![Attached {
            id: 0,
            filename: file.name.clone(),
        }],
        files: vec![file],
        ..Message::default()
    }
}

/// The text above the cards, and what is to be chosen, in pieces that each fit a message.
fn contents(reply: &Reply) -> Vec<String> {
    let prompt = reply.menu.as_ref().map(|menu| menu.prompt.as_str());
    let mut out: Vec<String> = Vec::new();
    for line in reply.text.lines().chain(prompt) {
        // White space would be trimmed, and a message of nothing refused.
        for piece in pieces(line) {
            match out
                .last_mut()
                .filter(|last| units(last) + 1 + units(&piece) <= CONTENT)
            {
                Some(last) => {
                    last.push('\n');
                    last.push_str(&piece);
                }
                None if piece.is_empty() => {}
                None => out.push(piece),
            }
        }
    }
    for text in &mut out {
        text.truncate(text.trim_end().len());
    }
    out
}

/// A line of any length as escaped pieces, parted between words where there are any.
fn pieces(line: &str) -> Vec<String> {
    const PIECE: usize = 900;
    let mut out = Vec::new();
    let mut piece = String::new();
    for word in line.split_inclusive(' ') {
        let mut rest = word;
        while !rest.is_empty() {
            let room = PIECE.saturating_sub(piece.chars().count());
            let end = rest.char_indices().nth(room).map_or(rest.len(), |(at, _)| at);
            if end < rest.len() && !piece.is_empty() && word.chars().count() < PIECE {
                out.push(std::mem::take(&mut piece));
                continue;
            }
            piece.push_str(&rest[..end]);
            rest = &rest[end..];
            if !rest.is_empty() {
                out.push(std::mem::take(&mut piece));
            }
        }
    }
    out.push(piece);
    out.iter().map(|piece| markdown(piece, CONTENT)).collect()
}

/// The files that may come along, and a remark on each that may not.
fn files(reply: &Reply, file_bytes: usize, is_too_long: bool) -> (Vec<File>, Vec<String>) {
    let mut remarks = Vec::new();
    let mut kept: Vec<File> = Vec::new();
    let whole = is_too_long.then(|| Attachment {
        name: WHOLE.to_owned(),
        media_type: "text/plain".to_owned(),
        content: hammerdesk_commands::render::plain(reply).into_bytes(),
    });
    if whole.is_some() {
        remarks.push(format!(
            "There is more than fits here; the whole answer is in {WHOLE}."
        ));
    }
    for file in whole.iter().chain(&reply.files) {
        if kept.len() == FILES {
            remarks.push("There are more files than Discord takes at once. Ask for fewer.".to_owned());
            break;
        }
        let name = file_name(&file.name, &kept);
        if file.content.len() > file_bytes {
            remarks.push(format!(
                "{} is larger than Discord takes ({} MB). Ask for less at once.",
                markdown(&name, 100),
                file_bytes / (1024 * 1024)
            ));
            continue;
        }
        kept.push(File {
            name,
            content: file.content.clone(),
        });
    }
    (kept, remarks)
}

/// A name that no other file of the message has, of characters that Discord leaves alone.
fn file_name(name: &str, others: &[File]) -> String {
    let safe: String = plain(name, 80)
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') {
                c
            } else {
                '_'
            }
        })
        .collect();
    let safe = safe.trim_matches(['.', '_']);
    let safe = if safe.is_empty() { "file.txt" } else { safe };
    match others.iter().any(|other| other.name == safe) {
        true => format!("{}-{safe}", others.len() + 1),
        false => safe.to_owned(),
    }
}

fn append(content: &mut String, remark: &str) {
    if units(content) + units(remark) < CONTENT {
        if !content.is_empty() {
            content.push('\n');
        }
        content.push_str(remark);
    }
}
