//! The form of commands as they are registered.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::form::Form;

const COMMAND: &[&str] = &[
    "id",
    "name",
    "name_localizations",
    "description",
    "description_localizations",
    "options",
    "default_member_permissions",
    "dm_permission",
    "default_permission",
    "integration_types",
    "contexts",
    "type",
    "nsfw",
    "handler",
];
const OPTION: &[&str] = &[
    "type",
    "name",
    "name_localizations",
    "description",
    "description_localizations",
    "required",
    "choices",
    "options",
    "channel_types",
    "min_value",
    "max_value",
    "min_length",
    "max_length",
    "autocomplete",
];
/// Discord's locales.
const LOCALES: &[&str] = &[
    "id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no", "pl",
    "pt-BR", "ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th", "zh-CN", "ja",
    "zh-TW", "ko",
];

/// A whole list, as it is put in place of the old one.
pub(super) fn all(form: &mut Form, list: &[Value]) {
    let mut names = HashSet::new();
    let mut counts = [0_usize; 4];
    for (at, command) in list.iter().enumerate() {
        form.at(at, |form| {
            one(form, command);
            let kind = command["type"].as_u64().unwrap_or(1);
            if let Some(count) = counts.get_mut(usize::try_from(kind).unwrap_or(0)) {
                *count += 1;
            }
            if !names.insert((kind, command["name"].as_str().unwrap_or_default())) {
                form.flaw_at(
                    "name",
                    "APPLICATION_COMMANDS_DUPLICATE_NAME",
                    "Application command names must be unique",
                );
            }
        });
    }
    for (kind, most) in [(1, 100), (2, 15), (3, 15)] {
        if counts.get(kind).is_some_and(|count| *count > most) {
            form.flaw(
                "APPLICATION_COMMAND_TOO_MANY",
                format!("Maximum number of application commands of this type reached ({most})."),
            );
        }
    }
}

/// One command.
pub(super) fn one(form: &mut Form, command: &Value) {
    let Some(object) = form.object(command) else {
        return;
    };
    form.keys(object, COMMAND);
    let kind = form.integer(object, "type", (1, 3)).unwrap_or(1);
    if kind == 1 {
        name(form, object);
        form.required_text(object, "description", (1, 100));
    } else {
        form.required_text(object, "name", (1, 32));
        if form
            .text(object, "description", (0, 100))
            .is_some_and(|text| !text.is_empty())
        {
            form.flaw_at(
                "description",
                "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION",
                "Context menu commands cannot have description",
            );
        }
        if object
            .get("options")
            .and_then(Value::as_array)
            .is_some_and(|list| !list.is_empty())
        {
            form.flaw_at(
                "options",
                "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS",
                "Context menu commands cannot have options",
            );
        }
    }
    localizations(form, object, "name_localizations", 32, kind == 1);
    localizations(form, object, "description_localizations", 100, false);
    form.truth(object, "nsfw");
    form.truth(object, "dm_permission");
    for (key, most) in [("contexts", 2), ("integration_types", 1)] {
        if let Some(list) = form.list(object, key, (0, 3)) {
            let is_known = |value: &Value| value.as_u64().is_some_and(|number| number <= most);
            if !list.iter().all(is_known) {
                form.flaw_at(key, "BASE_TYPE_CHOICES", "No such value.");
            }
        }
    }
    match object.get("default_member_permissions") {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) if text.parse::<u64>().is_ok() => {}
        Some(Value::Number(number)) if number.is_u64() => {}
        Some(_) => form.flaw_at(
            "default_member_permissions",
            "NUMBER_TYPE_COERCE",
            "Not permissions.",
        ),
    }
    options(form, object, 0);
    let size = size(object);
    if size > 8000 {
        form.flaw(
            "APPLICATION_COMMAND_TOO_LARGE",
            format!("Command exceeds maximum size (8000) with {size} characters."),
        );
    }
}

/// What counts towards the 8000 characters of a command: of each text the longest of its languages.
fn size(object: &Map<String, Value>) -> usize {
    let longest = |key: &str| {
        let own = object.get(key).and_then(Value::as_str);
        let translated = object
            .get(&format!("{key}_localizations"))
            .and_then(Value::as_object);
        own.into_iter()
            .chain(
                translated
                    .into_iter()
                    .flat_map(Map::values)
                    .filter_map(Value::as_str),
            )
            .map(|text| text.chars().count())
            .max()
            .unwrap_or(0)
    };
    let value = object.get("value").map_or(0, |value| match value {
        Value::String(text) => text.chars().count(),
        other => other.to_string().len(),
    });
    let within: usize = ["options", "choices"]
        .iter()
        .filter_map(|key| object.get(*key).and_then(Value::as_array))
        .flatten()
        .filter_map(Value::as_object)
        .map(size)
        .sum();
    longest("name") + longest("description") + value + within
}

fn is_name(text: &str) -> bool {
    let is_script = |letter: char| matches!(u32::from(letter), 0x0900..=0x097F | 0x0E00..=0x0E7F | 0xA8E0..=0xA8FF | 0x1CD0..=0x1CFF);
    (1..=32).contains(&text.chars().count())
        && text
            .chars()
            .all(|letter| matches!(letter, '-' | '_' | '\'') || letter.is_alphanumeric() || is_script(letter))
        && text.to_lowercase() == text
}

fn name(form: &mut Form, object: &Map<String, Value>) {
    if let Some(text) = form.required_text(object, "name", (1, 32))
        && !is_name(text)
    {
        form.flaw_at(
            "name",
            "APPLICATION_COMMAND_INVALID_NAME",
            "Command name is invalid",
        );
    }
}

fn localizations(form: &mut Form, object: &Map<String, Value>, key: &str, most: usize, is_strict: bool) {
    let Some(value) = object.get(key).filter(|value| !value.is_null()) else {
        return;
    };
    form.at(key, |form| {
        let Some(texts) = form.object(value) else {
            return;
        };
        for locale in texts.keys() {
            if !LOCALES.contains(&locale.as_str()) {
                form.flaw_at(
                    locale,
                    "ENUM_TYPE_COERCE",
                    format!("Value \"{locale}\" is not a valid locale."),
                );
            }
            if let Some(text) = form.text(texts, locale, (1, most))
                && is_strict
                && !is_name(text)
            {
                form.flaw_at(
                    locale,
                    "APPLICATION_COMMAND_INVALID_NAME",
                    "Command name is invalid",
                );
            }
        }
    });
}

/// Options at a depth: 0 in a command, 1 in a subcommand or group, 2 in a subcommand of a group.
fn options(form: &mut Form, object: &Map<String, Value>, depth: u8) {
    let Some(list) = form.list(object, "options", (0, 25)) else {
        return;
    };
    let mut names = HashSet::new();
    let mut has_optional = false;
    let has_nested = list
        .iter()
        .any(|option| matches!(option["type"].as_u64(), Some(1 | 2)));
    form.at("options", |form| {
        for (at, option) in list.iter().enumerate() {
            form.at(at, |form| {
                let Some(option) = form.object(option) else {
                    return;
                };
                let is_required = one_option(form, option, depth);
                let kind = option.get("type").and_then(Value::as_u64).unwrap_or(0);
                if has_nested && !matches!(kind, 1 | 2) {
                    form.flaw_at(
                        "type",
                        "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
                        "Sub-command and sub-command group option types are mutually exclusive to all other types",
                    );
                }
                if let Some(name) = option.get("name").and_then(Value::as_str)
                    && !names.insert(name)
                {
                    form.flaw_at(
                        "name",
                        "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
                        "Option name already exists",
                    );
                }
                if is_required && has_optional {
                    form.flaw_at(
                        "required",
                        "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                        "Required options must be placed before non-required options",
                    );
                }
                has_optional |= !is_required;
            });
        }
    });
}

fn one_option(form: &mut Form, option: &Map<String, Value>, depth: u8) -> bool {
    form.keys(option, OPTION);
    name(form, option);
    form.required_text(option, "description", (1, 100));
    localizations(form, option, "name_localizations", 32, true);
    localizations(form, option, "description_localizations", 100, false);
    let is_required = form.truth(option, "required").unwrap_or(false);
    let completes = form.truth(option, "autocomplete").unwrap_or(false);
    let Some(kind) = form.integer(option, "type", (1, 11)) else {
        form.flaw_at("type", "BASE_TYPE_REQUIRED", "This field is required");
        return is_required;
    };
    let is_nested = matches!(kind, 1 | 2);
    if is_nested && (depth == 2 || (depth == 1 && kind == 2)) {
        form.flaw_at(
            "type",
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
            "Sub-commands do not nest so deep",
        );
    }
    if is_nested {
        if is_required {
            form.flaw_at(
                "required",
                "SIM_REQUIRED_SUBCOMMAND",
                "A sub-command is never required.",
            );
        }
        options(form, option, if kind == 1 { 2 } else { 1 });
        if kind == 2 {
            let all_commands = option
                .get("options")
                .and_then(Value::as_array)
                .is_some_and(|list| {
                    !list.is_empty() && list.iter().all(|inner| inner["type"].as_u64() == Some(1))
                });
            if !all_commands {
                form.flaw_at(
                    "options",
                    "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
                    "A sub-command group holds sub-commands only",
                );
            }
        }
    } else if option
        .get("options")
        .and_then(Value::as_array)
        .is_some_and(|list| !list.is_empty())
    {
        form.flaw_at(
            "options",
            "SIM_OPTIONS_IN_VALUE",
            "Only sub-commands have options.",
        );
    }
    let choices = form.list(option, "choices", (0, 25)).unwrap_or_default();
    if !choices.is_empty() && !matches!(kind, 3 | 4 | 10) {
        form.flaw_at("choices", "SIM_CHOICES_TYPE", "This type has no choices.");
    }
    if completes && (!choices.is_empty() || !matches!(kind, 3 | 4 | 10)) {
        form.flaw_at(
            "autocomplete",
            "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID",
            "Autocomplete goes with texts and numbers without choices only",
        );
    }
    form.at("choices", |form| self::choices(form, choices, kind));
    for (key, kinds) in [
        ("min_value", &[4, 10][..]),
        ("max_value", &[4, 10]),
        ("min_length", &[3]),
        ("max_length", &[3]),
    ] {
        if option.get(key).is_some_and(|value| !value.is_null()) && !kinds.contains(&kind) {
            form.flaw_at(key, "SIM_BOUND_TYPE", "This type has no such bound.");
        }
    }
    form.integer(option, "min_length", (0, 6000));
    form.integer(option, "max_length", (1, 6000));
    is_required
}

/// The choices of an option, or those of a completion.
pub(super) fn choices(form: &mut Form, list: &[Value], kind: i64) {
    let mut names = HashSet::new();
    for (at, choice) in list.iter().enumerate() {
        form.at(at, |form| {
            let Some(choice) = form.object(choice) else {
                return;
            };
            form.keys(choice, &["name", "name_localizations", "value"]);
            if let Some(name) = form.required_text(choice, "name", (1, 100))
                && !names.insert(name)
            {
                form.flaw_at(
                    "name",
                    "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS",
                    "Choice name already exists",
                );
            }
            localizations(form, choice, "name_localizations", 100, false);
            match (kind, choice.get("value")) {
                (3, Some(Value::String(text))) if text.chars().count() <= 100 => {}
                (4, Some(Value::Number(number))) if number.is_i64() => {}
                (10, Some(Value::Number(_))) => {}
                (_, None) => form.flaw_at("value", "BASE_TYPE_REQUIRED", "This field is required"),
                (3, Some(Value::String(_))) => {
                    form.flaw_at("value", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.");
                }
                _ => form.flaw_at(
                    "value",
                    "SIM_CHOICE_TYPE",
                    "The value is of another type than the option.",
                ),
            }
        });
    }
}
