//! What a person sees in a channel.

use serde_json::Value;

use super::id::{Id, stamp};
use super::model::{Message, Pings, State};
use super::rights::Rights;

/// A message as a person sees it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its id.
    pub id: Id,
    /// Where it is.
    pub channel: Id,
    /// Who wrote it.
    pub author: Id,
    /// The words above the embeds.
    pub content: String,
    /// Embeds, as they were sent.
    pub embeds: Vec<Value>,
    /// Rows of components, as they were sent.
    pub components: Vec<Value>,
    /// Files.
    pub files: Vec<SeenFile>,
    /// Whether only this person sees it.
    pub is_ephemeral: bool,
    /// Whether it says "is thinking".
    pub is_thinking: bool,
    /// How often it was edited.
    pub edits: u32,
    /// The thread that hangs from it.
    pub thread: Option<Id>,
    /// The message to which it replies.
    pub replies_to: Option<Id>,
    /// Whom it pinged.
    pub pings: Pings,
    /// When it was sent, as Discord writes it.
    pub sent_at: String,
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenFile {
    /// Its name.
    pub name: String,
    /// The kind of its content.
    pub kind: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Where it is fetched.
    pub url: String,
}

impl Seen {
    /// Every word on it, as somebody reads from top to bottom: content, embeds, components, file names.
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        if !self.content.is_empty() {
            lines.push(self.content.clone());
        }
        for embed in &self.embeds {
            words(embed, &["author.name", "title", "description"], &mut lines);
            for field in embed["fields"].as_array().into_iter().flatten() {
                let text = |key: &str| field[key].as_str().unwrap_or_default().to_owned();
                lines.push(format!("{}: {}", text("name"), text("value")));
            }
            words(embed, &["footer.text"], &mut lines);
        }
        for part in parts(&self.components) {
            match part["type"].as_u64() {
                Some(2) => {
                    let label = part["label"].as_str().or(part["emoji"]["name"].as_str());
                    lines.push(format!("[{}]", label.unwrap_or_default()));
                }
                Some(3) => {
                    let options: Vec<&str> = part["options"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .filter_map(|option| option["label"].as_str())
                        .collect();
                    let placeholder = part["placeholder"].as_str().unwrap_or_default();
                    lines.push(format!("<{placeholder}: {}>", options.join(" | ")));
                }
                Some(5..=8) => lines.push(format!("<{}>", part["placeholder"].as_str().unwrap_or_default())),
                _ => lines.extend(part["content"].as_str().map(str::to_owned)),
            }
        }
        lines.extend(self.files.iter().map(|file| format!("({})", file.name)));
        lines.join("\n")
    }

    /// The custom id of the button with that label.
    pub fn button(&self, label: &str) -> Option<String> {
        parts(&self.components)
            .into_iter()
            .find(|part| part["type"] == 2 && part["label"] == label)
            .and_then(|part| part["custom_id"].as_str())
            .map(str::to_owned)
    }

    /// Labels of its buttons, links too.
    pub fn buttons(&self) -> Vec<String> {
        parts(&self.components)
            .into_iter()
            .filter(|part| part["type"] == 2)
            .filter_map(|part| part["label"].as_str().map(str::to_owned))
            .collect()
    }

    /// The custom ids of its menus.
    pub fn menus(&self) -> Vec<String> {
        parts(&self.components)
            .into_iter()
            .filter(|part| matches!(part["type"].as_u64(), Some(3 | 5..=8)))
            .filter_map(|part| part["custom_id"].as_str().map(str::to_owned))
            .collect()
    }

    /// What a menu offers: label and value of each option.
    pub fn options(&self, custom_id: &str) -> Vec<(String, String)> {
        parts(&self.components)
            .into_iter()
            .filter(|part| part["custom_id"] == custom_id)
            .flat_map(|part| part["options"].as_array().cloned().unwrap_or_default())
            .map(|option| {
                let text = |key: &str| option[key].as_str().unwrap_or_default().to_owned();
                (text("label"), text("value"))
            })
            .collect()
    }
}

/// Components that are no containers, in reading order.
pub(super) fn parts(components: &[Value]) -> Vec<&Value> {
    components
        .iter()
        .flat_map(|part| match part["components"].as_array() {
            Some(inner) => {
                let mut found = parts(inner);
                found.extend(part.get("accessory"));
                found
            }
            None => vec![part],
        })
        .collect()
}

fn words(embed: &Value, paths: &[&str], lines: &mut Vec<String>) {
    for path in paths {
        let found = path.split('.').fold(embed, |value, key| &value[key]);
        lines.extend(found.as_str().filter(|text| !text.is_empty()).map(str::to_owned));
    }
}

impl State {
    /// Whether a person sees a message.
    pub(super) fn shows(&self, message: &Message, person: Id) -> bool {
        let Some(channel) = self.channels.get(&message.channel) else {
            return false;
        };
        let rights = self.rights(channel, person);
        match message.only_for {
            Some(only) => only == person && rights.include(Rights::VIEW_CHANNEL),
            None => rights.include(Rights::VIEW_CHANNEL | Rights::READ_MESSAGE_HISTORY),
        }
    }

    pub(super) fn view(&self, channel: Id, person: Id) -> Vec<Seen> {
        self.channels
            .get(&channel)
            .into_iter()
            .flat_map(|channel| &channel.messages)
            .filter_map(|id| self.messages.get(id))
            .filter(|message| self.shows(message, person))
            .map(|message| self.seen(message))
            .collect()
    }

    pub(super) fn seen(&self, message: &Message) -> Seen {
        let files = message
            .attachments
            .iter()
            .map(|attachment| SeenFile {
                name: attachment.name.clone(),
                kind: attachment.kind.clone(),
                bytes: attachment.bytes.to_vec(),
                url: self.wire_attachment(attachment, message.channel)["url"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            })
            .collect();
        Seen {
            id: message.id,
            channel: message.channel,
            author: message.author,
            content: message.content.clone(),
            embeds: message.embeds.clone(),
            components: message.components.clone(),
            files,
            is_ephemeral: message.only_for.is_some(),
            is_thinking: message.flags & super::model::LOADING != 0,
            edits: message.edits,
            thread: message.thread,
            replies_to: message.reference,
            pings: message.pings.clone(),
            sent_at: stamp(message.sent_at),
        }
    }
}
