//! The form of a message: content, embeds, attachments, mentions. Components have their own file.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::check_components;
use super::form::{Address, Form};
use super::id::Id;
use super::model::{COMPONENTS_V2, EPHEMERAL, Rules};
use super::refusal::Refusal;

/// Flags that a bot may set on a new message.
const SUPPRESS_EMBEDS: u64 = 1 << 2;
const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;

/// Where a message body comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// `POST /channels/{}/messages`.
    Channel,
    /// The first answer to an interaction, or a further one.
    Interaction,
    /// An edit, wherever it comes in.
    Edit,
}

/// What a body asks for; `None` where it leaves things as they are.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) content: Option<String>,
    pub(super) embeds: Option<Vec<Value>>,
    pub(super) components: Option<Vec<Value>>,
    pub(super) attachments: Option<Vec<Kept>>,
    pub(super) allowed: Option<Value>,
    pub(super) flags: Option<u64>,
    pub(super) nonce: Option<Value>,
    pub(super) enforces_nonce: bool,
    pub(super) reference: Option<Id>,
    pub(super) reference_must_exist: bool,
}

/// One entry of `attachments`.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) id: Id,
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
}

const CREATE: &[&str] = &[
    "content",
    "nonce",
    "tts",
    "embeds",
    "allowed_mentions",
    "message_reference",
    "components",
    "sticker_ids",
    "attachments",
    "flags",
    "enforce_nonce",
    "poll",
];
const ANSWER: &[&str] = &[
    "content",
    "tts",
    "embeds",
    "allowed_mentions",
    "components",
    "attachments",
    "flags",
    "poll",
];
const EDIT: &[&str] = &[
    "content",
    "embeds",
    "allowed_mentions",
    "components",
    "attachments",
    "flags",
];

/// Reads a body; `files` are the numbers of the files that came with it.
pub(super) fn read(body: &Value, files: &[u64], door: Door, rules: &Rules) -> Result<Draft, Refusal> {
    let mut form = Form::default();
    let draft = within(&mut form, body, files, door, rules);
    form.finish()?;
    Ok(draft)
}

/// The same, below a place of a larger form.
pub(super) fn within(form: &mut Form, body: &Value, files: &[u64], door: Door, rules: &Rules) -> Draft {
    let empty = json!({});
    let body = if body.is_null() { &empty } else { body };
    let Some(object) = form.object(body) else {
        return Draft::default();
    };
    form.keys(
        object,
        match door {
            Door::Channel => CREATE,
            Door::Interaction => ANSWER,
            Door::Edit => EDIT,
        },
    );
    let content = form
        .text(object, "content", (0, 2000))
        .map(|text| text.trim().to_owned());
    form.truth(object, "tts");
    let flags = read_flags(form, object, door);
    let is_v2 = flags.unwrap_or(0) & COMPONENTS_V2 != 0;
    let embeds = form
        .list(object, "embeds", (0, 10))
        .map(|list| form.at("embeds", |form| embeds(form, list)));
    let components = form
        .list(object, "components", if is_v2 { (0, 40) } else { (0, 5) })
        .map(|list| {
            form.at("components", |form| {
                if is_v2 {
                    check_components::v2(form, list);
                } else {
                    check_components::rows(form, list);
                }
            });
            list.to_vec()
        });
    if is_v2 {
        for key in ["content", "embeds", "poll", "sticker_ids"] {
            let is_set = match object.get(key) {
                None | Some(Value::Null) => false,
                Some(Value::String(text)) => !text.is_empty(),
                Some(Value::Array(list)) => !list.is_empty(),
                Some(_) => true,
            };
            if is_set {
                form.flaw_at(
                    key,
                    "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                    format!("The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"),
                );
            }
        }
    }
    if object.get("poll").is_some_and(|poll| !poll.is_null()) {
        form.flaw_at("poll", "SIM_UNSUPPORTED", "The simulator knows no polls.");
    }
    form.list(object, "sticker_ids", (0, 3));
    let attachments = read_attachments(form, object, files, door);
    let says_something = content.as_ref().is_some_and(|text| !text.is_empty())
        || embeds.as_ref().is_some_and(|embeds| !embeds.is_empty())
        || components
            .as_ref()
            .is_some_and(|components| !components.is_empty())
        || !files.is_empty();
    let allowed = object
        .get("allowed_mentions")
        .filter(|allowed| !allowed.is_null())
        .cloned();
    match &allowed {
        Some(allowed) => form.at("allowed_mentions", |form| allowed_mentions(form, allowed)),
        None if rules.demand_no_mentions && says_something => {
            form.flaw_at(
                "allowed_mentions",
                "SIM_MENTIONS_NOT_SAID",
                "Say whom it may ping.",
            );
        }
        None => {}
    }
    if rules.demand_no_mentions
        && let Some(allowed) = &allowed
        && allowed["parse"].as_array().is_none_or(|parse| !parse.is_empty())
    {
        form.flaw_at(
            "allowed_mentions",
            "SIM_MENTIONS_OPEN",
            "It must have \"parse\": [].",
        );
    }
    let (reference, reference_must_exist) = read_reference(form, object);
    let enforces_nonce = form.truth(object, "enforce_nonce").unwrap_or(false);
    Draft {
        content,
        embeds,
        components,
        attachments,
        allowed,
        flags,
        nonce: read_nonce(form, object),
        enforces_nonce,
        reference,
        reference_must_exist,
    }
}

fn read_flags(form: &mut Form, object: &Map<String, Value>, door: Door) -> Option<u64> {
    let flags = form.integer(object, "flags", (0, i64::from(i32::MAX)))?;
    let flags = u64::try_from(flags).unwrap_or(0);
    let taken = match door {
        Door::Channel => SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2,
        Door::Interaction => SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2 | EPHEMERAL,
        Door::Edit => SUPPRESS_EMBEDS | COMPONENTS_V2,
    };
    if flags & !taken != 0 {
        form.flaw_at("flags", "SIM_FLAG_NOT_SETTABLE", "This flag cannot be set here.");
    }
    Some(flags & taken)
}

fn read_nonce(form: &mut Form, object: &Map<String, Value>) -> Option<Value> {
    let nonce = object.get("nonce").filter(|nonce| !nonce.is_null())?;
    let length = match nonce {
        Value::String(text) => text.chars().count(),
        Value::Number(number) => number.to_string().len(),
        _ => {
            form.flaw_at(
                "nonce",
                "NONCE_TYPE_CONVERT",
                "Could not interpret value as nonce.",
            );
            return None;
        }
    };
    if length > 25 {
        form.flaw_at(
            "nonce",
            "NONCE_TYPE_TOO_LONG",
            "Nonce must be at most 25 characters.",
        );
    }
    Some(nonce.clone())
}

fn read_reference(form: &mut Form, object: &Map<String, Value>) -> (Option<Id>, bool) {
    let Some(reference) = object.get("message_reference").filter(|value| !value.is_null()) else {
        return (None, true);
    };
    form.at("message_reference", |form| {
        let Some(reference) = form.object(reference) else {
            return (None, true);
        };
        form.keys(
            reference,
            &[
                "type",
                "message_id",
                "channel_id",
                "guild_id",
                "fail_if_not_exists",
            ],
        );
        let must_exist = form.truth(reference, "fail_if_not_exists").unwrap_or(true);
        let id = form.id(reference, "message_id");
        if id.is_none() {
            form.flaw_at("message_id", "BASE_TYPE_REQUIRED", "This field is required");
        }
        (id, must_exist)
    })
}

fn read_attachments(
    form: &mut Form,
    object: &Map<String, Value>,
    files: &[u64],
    door: Door,
) -> Option<Vec<Kept>> {
    if files.len() > 10 {
        form.flaw_at(
            "attachments",
            "BASE_TYPE_MAX_LENGTH",
            "Must be 10 or fewer in length.",
        );
    }
    let list = form.list(object, "attachments", (0, 10))?;
    let mut kept = Vec::new();
    form.at("attachments", |form| {
        for (at, entry) in list.iter().enumerate() {
            form.at(at, |form| {
                let Some(entry) = form.object(entry) else {
                    return;
                };
                form.keys(
                    entry,
                    &[
                        "id",
                        "filename",
                        "description",
                        "title",
                        "content_type",
                        "size",
                        "url",
                        "is_remix",
                    ],
                );
                form.text(entry, "filename", (1, 1024));
                let description = form.text(entry, "description", (0, 1024)).map(str::to_owned);
                let Some(id) = form.id(entry, "id") else {
                    form.flaw_at("id", "BASE_TYPE_REQUIRED", "This field is required");
                    return;
                };
                let is_new = files.contains(&id.0);
                if !is_new && door != Door::Edit {
                    form.flaw_at(
                        "id",
                        "ATTACHMENT_NOT_FOUND",
                        format!("Attachment data for ID {id} not found"),
                    );
                }
                kept.push(Kept {
                    id,
                    name: entry.get("filename").and_then(Value::as_str).map(str::to_owned),
                    description,
                });
            });
        }
    });
    Some(kept)
}

fn allowed_mentions(form: &mut Form, allowed: &Value) {
    let Some(object) = form.object(allowed) else {
        return;
    };
    form.keys(object, &["parse", "users", "roles", "replied_user"]);
    form.truth(object, "replied_user");
    let parse: Vec<&str> = form
        .list(object, "parse", (0, 3))
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for (at, kind) in parse.iter().enumerate() {
        if !matches!(*kind, "users" | "roles" | "everyone") {
            form.at("parse", |form| {
                form.flaw_at(
                    at,
                    "BASE_TYPE_CHOICES",
                    "Value must be one of ('users', 'roles', 'everyone').",
                );
            });
        }
    }
    for key in ["users", "roles"] {
        let list = form.list(object, key, (0, 100)).unwrap_or_default();
        let mut seen = HashSet::new();
        form.at(key, |form| {
            for (at, id) in list.iter().enumerate() {
                match Id::read(id) {
                    None => form.flaw_at(at, "NUMBER_TYPE_COERCE", "Value is not snowflake."),
                    Some(id) if !seen.insert(id) => {
                        form.flaw_at(
                            at,
                            "SET_TYPE_ALREADY_CONTAINS_VALUE",
                            "The set already contains this value",
                        );
                    }
                    Some(_) => {}
                }
            }
        });
        if parse.contains(&key) && !list.is_empty() {
            form.flaw(
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                format!("parse:[\"{key}\"] and {key}: [ids...] are mutually exclusive."),
            );
        }
    }
}

const EMBED: &[&str] = &[
    "title",
    "type",
    "description",
    "url",
    "timestamp",
    "color",
    "footer",
    "image",
    "thumbnail",
    "video",
    "provider",
    "author",
    "fields",
];

/// Checks embeds and returns them as Discord keeps them.
fn embeds(form: &mut Form, list: &[Value]) -> Vec<Value> {
    let mut total = 0;
    let kept = list
        .iter()
        .enumerate()
        .map(|(at, embed)| form.at(at, |form| one_embed(form, embed, &mut total)))
        .collect();
    if total > 6000 {
        form.flaw(
            "MAX_EMBED_SIZE_EXCEEDED",
            format!("Embed size exceeds maximum size of 6000 ({total})"),
        );
    }
    kept
}

fn one_embed(form: &mut Form, embed: &Value, total: &mut usize) -> Value {
    let Some(object) = form.object(embed) else {
        return Value::Null;
    };
    form.keys(object, EMBED);
    let mut count = |text: Option<&str>| {
        let length = text.map_or(0, |text| text.trim().chars().count());
        *total += length;
        length > 0
    };
    let mut has_anything = count(form.text(object, "title", (0, 256)));
    has_anything |= count(form.text(object, "description", (0, 4096)));
    form.address(object, "url", Address::Link, 2048);
    form.integer(object, "color", (0, 0x00FF_FFFF));
    if let Some(kind) = form.text(object, "type", (0, 32))
        && kind != "rich"
    {
        form.flaw_at("type", "SIM_EMBED_TYPE", "A bot sends rich embeds only.");
    }
    if let Some(text) = form.text(object, "timestamp", (0, 64))
        && chrono::DateTime::parse_from_rfc3339(text).is_err()
    {
        form.flaw_at(
            "timestamp",
            "DATE_TIME_TYPE_PARSE",
            format!("Could not parse {text}. Should be ISO8601."),
        );
    }
    for key in ["image", "thumbnail"] {
        if let Some(picture) = object.get(key).filter(|picture| !picture.is_null()) {
            has_anything = true;
            form.at(key, |form| {
                if let Some(picture) = form.object(picture) {
                    form.keys(picture, &["url", "proxy_url", "height", "width"]);
                    form.required_text(picture, "url", (1, 2048));
                    form.address(picture, "url", Address::Picture, 2048);
                }
            });
        }
    }
    for key in ["video", "provider"] {
        if object.get(key).is_some_and(|value| !value.is_null()) {
            form.flaw_at(key, "SIM_EMBED_TYPE", "A bot cannot set this.");
        }
    }
    for (key, text, known) in [
        ("footer", "text", &["text", "icon_url", "proxy_icon_url"][..]),
        (
            "author",
            "name",
            &["name", "url", "icon_url", "proxy_icon_url"][..],
        ),
    ] {
        if let Some(part) = object.get(key).filter(|part| !part.is_null()) {
            form.at(key, |form| {
                let Some(part) = form.object(part) else {
                    return;
                };
                form.keys(part, known);
                let most = if key == "footer" { 2048 } else { 256 };
                has_anything |= count(form.required_text(part, text, (1, most)));
                form.address(part, "icon_url", Address::Picture, 2048);
                if key == "author" {
                    form.address(part, "url", Address::Link, 2048);
                }
            });
        }
    }
    if let Some(fields) = form.list(object, "fields", (0, 25)) {
        has_anything |= !fields.is_empty();
        form.at("fields", |form| {
            for (at, field) in fields.iter().enumerate() {
                form.at(at, |form| {
                    let Some(field) = form.object(field) else {
                        return;
                    };
                    form.keys(field, &["name", "value", "inline"]);
                    count(form.required_text(field, "name", (1, 256)));
                    count(form.required_text(field, "value", (1, 1024)));
                    form.truth(field, "inline");
                });
            }
        });
    }
    if !has_anything {
        form.flaw(
            "SIM_EMPTY_EMBED",
            "An embed without anything in it shows nothing.",
        );
    }
    kept_embed(object)
}

/// As Discord gives it back: of type rich, without nulls, its fields not inline unless said.
fn kept_embed(object: &Map<String, Value>) -> Value {
    let mut kept = json!({"type": "rich"});
    for (key, value) in object.iter().filter(|(_, value)| !value.is_null()) {
        kept[key] = match value {
            Value::Object(part) => part
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect::<Map<_, _>>()
                .into(),
            Value::String(text) => text.trim().into(),
            other => other.clone(),
        };
    }
    if let Some(fields) = kept.get_mut("fields").and_then(Value::as_array_mut) {
        for field in fields {
            if field.get("inline").is_none_or(Value::is_null) {
                field["inline"] = false.into();
            }
        }
    }
    if kept["fields"].as_array().is_some_and(Vec::is_empty)
        && let Some(kept) = kept.as_object_mut()
    {
        kept.remove("fields");
    }
    kept
}
