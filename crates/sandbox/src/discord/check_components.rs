//! The form of components: rows of buttons, selects, modals, and the newer layout in outline.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::form::{Address, Form};

/// Rows of a message.
pub(super) fn rows(form: &mut Form, list: &[Value]) {
    let mut ids = HashSet::new();
    for (at, row) in list.iter().enumerate() {
        form.at(at, |form| one_row(form, row, &mut ids));
    }
}

fn one_row<'v>(form: &mut Form, row: &'v Value, ids: &mut HashSet<&'v str>) {
    let Some(row) = form.object(row) else {
        return;
    };
    form.keys(row, &["type", "id", "components"]);
    if row.get("type").and_then(Value::as_u64) != Some(1) {
        form.flaw_at("type", "BASE_TYPE_CHOICES", "Value must be one of (1,).");
        return;
    }
    let Some(parts) = form.list(row, "components", (1, 5)) else {
        form.flaw_at("components", "BASE_TYPE_REQUIRED", "This field is required");
        return;
    };
    let has_select = parts
        .iter()
        .any(|part| matches!(part["type"].as_u64(), Some(3 | 5..=8)));
    if has_select && parts.len() > 1 {
        form.flaw_at(
            "components",
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            "The specified component exceeds the maximum width",
        );
    }
    form.at("components", |form| {
        for (at, part) in parts.iter().enumerate() {
            form.at(at, |form| one_part(form, part, ids));
        }
    });
}

fn one_part<'v>(form: &mut Form, part: &'v Value, ids: &mut HashSet<&'v str>) {
    let Some(object) = form.object(part) else {
        return;
    };
    match object.get("type").and_then(Value::as_u64) {
        Some(2) => button(form, object, ids),
        Some(3) => {
            select(form, object, ids, &["options"]);
            options(form, object);
        }
        Some(8) => select(form, object, ids, &["channel_types", "default_values", "options"]),
        Some(5..=7) => select(form, object, ids, &["default_values", "options"]),
        _ => form.flaw_at(
            "type",
            "BASE_TYPE_CHOICES",
            "Value must be one of (2, 3, 5, 6, 7, 8).",
        ),
    }
}

fn custom_id<'v>(form: &mut Form, object: &'v Map<String, Value>, ids: &mut HashSet<&'v str>) {
    if let Some(id) = form.required_text(object, "custom_id", (1, 100))
        && !ids.insert(id)
    {
        form.flaw_at(
            "custom_id",
            "COMPONENT_CUSTOM_ID_DUPLICATED",
            "Component custom id cannot be duplicated",
        );
    }
}

fn emoji(form: &mut Form, object: &Map<String, Value>) -> bool {
    let Some(emoji) = object.get("emoji").filter(|emoji| !emoji.is_null()) else {
        return false;
    };
    form.at("emoji", |form| {
        if let Some(emoji) = form.object(emoji) {
            form.keys(emoji, &["id", "name", "animated"]);
            let has_id = form.id(emoji, "id").is_some();
            let name = emoji.get("name").and_then(Value::as_str).unwrap_or_default();
            if !has_id && (name.is_empty() || name.is_ascii()) {
                form.flaw_at("name", "BUTTON_COMPONENT_INVALID_EMOJI", "Invalid emoji");
            }
        }
    });
    true
}

fn button<'v>(form: &mut Form, object: &'v Map<String, Value>, ids: &mut HashSet<&'v str>) {
    form.keys(
        object,
        &[
            "type",
            "id",
            "style",
            "label",
            "emoji",
            "custom_id",
            "url",
            "disabled",
            "sku_id",
        ],
    );
    form.truth(object, "disabled");
    let has_label = form
        .text(object, "label", (0, 80))
        .is_some_and(|label| !label.trim().is_empty());
    let has_emoji = emoji(form, object);
    if !has_label && !has_emoji {
        form.flaw_at(
            "label",
            "BUTTON_COMPONENT_LABEL_REQUIRED",
            "A button needs a label or an emoji",
        );
    }
    match form.integer(object, "style", (1, 5)) {
        Some(5) => {
            if object.get("custom_id").is_some_and(|id| !id.is_null()) {
                form.flaw_at(
                    "custom_id",
                    "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
                    "A custom id and url cannot both be specified",
                );
            }
            form.required_text(object, "url", (1, 512));
            form.address(object, "url", Address::Link, 512);
        }
        Some(_) => {
            if object.get("url").is_some_and(|url| !url.is_null()) {
                form.flaw_at(
                    "url",
                    "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
                    "A custom id and url cannot both be specified",
                );
            }
            custom_id(form, object, ids);
        }
        None => form.flaw_at("style", "BASE_TYPE_REQUIRED", "This field is required"),
    }
}

fn select<'v>(form: &mut Form, object: &'v Map<String, Value>, ids: &mut HashSet<&'v str>, more: &[&str]) {
    let mut known = vec![
        "type",
        "id",
        "custom_id",
        "placeholder",
        "min_values",
        "max_values",
        "disabled",
    ];
    known.extend(more);
    form.keys(object, &known);
    custom_id(form, object, ids);
    form.text(object, "placeholder", (0, 150));
    form.truth(object, "disabled");
    let least = form.integer(object, "min_values", (0, 25)).unwrap_or(1);
    let most = form.integer(object, "max_values", (1, 25)).unwrap_or(1);
    if least > most {
        form.flaw_at(
            "min_values",
            "NUMBER_TYPE_MAX",
            "min_values must be less than or equal to max_values",
        );
    }
    if let Some(values) = form.list(object, "default_values", (0, 25)) {
        let count = i64::try_from(values.len()).unwrap_or(i64::MAX);
        if !values.is_empty() && !(least..=most).contains(&count) {
            form.flaw_at(
                "default_values",
                "BASE_TYPE_BAD_LENGTH",
                "There must be as many as can be chosen.",
            );
        }
        form.at("default_values", |form| {
            for (at, value) in values.iter().enumerate() {
                form.at(at, |form| {
                    if let Some(value) = form.object(value) {
                        form.keys(value, &["id", "type"]);
                        form.id(value, "id");
                        if !matches!(
                            value.get("type").and_then(Value::as_str),
                            Some("user" | "role" | "channel")
                        ) {
                            form.flaw_at("type", "BASE_TYPE_CHOICES", "Must be user, role or channel.");
                        }
                    }
                });
            }
        });
    }
}

fn options(form: &mut Form, object: &Map<String, Value>) {
    let Some(list) = form.list(object, "options", (1, 25)) else {
        form.flaw_at("options", "BASE_TYPE_REQUIRED", "This field is required");
        return;
    };
    let most = object.get("max_values").and_then(Value::as_u64).unwrap_or(1);
    let least = object.get("min_values").and_then(Value::as_u64).unwrap_or(1);
    let count = u64::try_from(list.len()).unwrap_or(0);
    if most > count || least > count {
        form.flaw_at(
            "max_values",
            "NUMBER_TYPE_MAX",
            "There are fewer options than that.",
        );
    }
    let mut values = HashSet::new();
    let mut chosen = 0;
    form.at("options", |form| {
        for (at, option) in list.iter().enumerate() {
            form.at(at, |form| {
                let Some(option) = form.object(option) else {
                    return;
                };
                form.keys(option, &["label", "value", "description", "emoji", "default"]);
                form.required_text(option, "label", (1, 100));
                if let Some(value) = form.required_text(option, "value", (1, 100))
                    && !values.insert(value)
                {
                    form.flaw_at(
                        "value",
                        "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                        "The specified option value is already used",
                    );
                }
                form.text(option, "description", (0, 100));
                emoji(form, option);
                chosen += u64::from(form.truth(option, "default").unwrap_or(false));
            });
        }
    });
    if chosen > most {
        form.flaw(
            "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES",
            "More default options are specified than can be chosen",
        );
    }
}

/// A modal.
pub(super) fn modal(form: &mut Form, data: &Value) {
    let Some(object) = form.object(data) else {
        return;
    };
    form.keys(object, &["title", "custom_id", "components"]);
    form.required_text(object, "title", (1, 45));
    form.required_text(object, "custom_id", (1, 100));
    let Some(list) = form.list(object, "components", (1, 5)) else {
        form.flaw_at("components", "BASE_TYPE_REQUIRED", "This field is required");
        return;
    };
    let mut ids = HashSet::new();
    form.at("components", |form| {
        for (at, row) in list.iter().enumerate() {
            form.at(at, |form| {
                let Some(row) = form.object(row) else {
                    return;
                };
                form.keys(row, &["type", "id", "components"]);
                if row.get("type").and_then(Value::as_u64) != Some(1) {
                    form.flaw_at("type", "BASE_TYPE_CHOICES", "Value must be one of (1,).");
                    return;
                }
                let Some(parts) = form.list(row, "components", (1, 1)) else {
                    form.flaw_at("components", "BASE_TYPE_REQUIRED", "This field is required");
                    return;
                };
                form.at("components", |form| {
                    for (at, part) in parts.iter().enumerate() {
                        form.at(at, |form| text_input(form, part, &mut ids));
                    }
                });
            });
        }
    });
}

fn text_input<'v>(form: &mut Form, part: &'v Value, ids: &mut HashSet<&'v str>) {
    let Some(object) = form.object(part) else {
        return;
    };
    form.keys(
        object,
        &[
            "type",
            "id",
            "custom_id",
            "style",
            "label",
            "min_length",
            "max_length",
            "required",
            "value",
            "placeholder",
        ],
    );
    if object.get("type").and_then(Value::as_u64) != Some(4) {
        form.flaw_at("type", "BASE_TYPE_CHOICES", "Value must be one of (4,).");
        return;
    }
    custom_id(form, object, ids);
    if form.integer(object, "style", (1, 2)).is_none() {
        form.flaw_at("style", "BASE_TYPE_REQUIRED", "This field is required");
    }
    form.required_text(object, "label", (1, 45));
    let least = form.integer(object, "min_length", (0, 4000)).unwrap_or(0);
    let most = form.integer(object, "max_length", (1, 4000)).unwrap_or(4000);
    if least > most {
        form.flaw_at("min_length", "NUMBER_TYPE_MAX", "It is more than max_length.");
    }
    form.truth(object, "required");
    form.text(object, "placeholder", (0, 100));
    let most = usize::try_from(most).unwrap_or(4000);
    let least = usize::try_from(least).unwrap_or(0);
    if let Some(value) = form.text(object, "value", (0, most))
        && !value.is_empty()
        && value.chars().count() < least
    {
        form.flaw_at(
            "value",
            "BASE_TYPE_MIN_LENGTH",
            format!("Must be {least} or more in length."),
        );
    }
}

/// The newer layout: its kinds, its forty parts, and the rules of the parts that it shares with the older.
pub(super) fn v2(form: &mut Form, list: &[Value]) {
    let mut ids = HashSet::new();
    let mut count = 0;
    for (at, part) in list.iter().enumerate() {
        form.at(at, |form| v2_part(form, part, &mut ids, &mut count));
    }
    if count > 40 {
        form.flaw(
            "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
            "The total number of components exceeds 40",
        );
    }
}

fn v2_part<'v>(form: &mut Form, part: &'v Value, ids: &mut HashSet<&'v str>, count: &mut usize) {
    *count += 1;
    let Some(object) = form.object(part) else {
        return;
    };
    let children = object.get("components").and_then(Value::as_array);
    match object.get("type").and_then(Value::as_u64) {
        Some(1) => {
            *count += children.map_or(0, Vec::len);
            one_row(form, part, ids);
        }
        Some(9 | 17) => {
            form.at("components", |form| {
                for (at, child) in children.into_iter().flatten().enumerate() {
                    form.at(at, |form| v2_part(form, child, ids, count));
                }
            });
            if let Some(accessory) = object.get("accessory") {
                *count += 1;
                form.at("accessory", |form| {
                    if accessory["type"].as_u64() == Some(2) {
                        one_part(form, accessory, ids);
                    }
                });
            }
        }
        Some(10) => {
            form.keys(object, &["type", "id", "content"]);
            form.required_text(object, "content", (1, 4000));
        }
        Some(11..=14) => {}
        _ => form.flaw_at("type", "BASE_TYPE_CHOICES", "No such component."),
    }
}
