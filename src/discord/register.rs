//! The commands that Discord offers, generated from the one grammar and registered by difference.
//!
//! What Discord has is read and compared; where it is the same, nothing is sent. Discord's answers carry
//! much that it filled in itself, so both sides are brought to one form first.

use hammerdesk_commands::{Commands, grammar};
use serde_json::{Map, Value, json};

use super::limits::{COMMAND_ABOUT, COMMAND_NAME, COMMAND_OPTIONS, cut};
use super::rest::{Call, Rest, RestError, Whatever};

/// Discord's numbers for what an option is.
const SUBCOMMAND: u8 = 1;
const GROUP: u8 = 2;
const STRING: u8 = 3;
const BOOLEAN: u8 = 5;

/// Everything that people may ask, as Discord takes it.
pub(crate) fn definitions() -> Vec<Value> {
    let menus = Commands::message_menus().iter().map(|name| {
        let mut out = Map::new();
        out.insert("type".to_owned(), json!(3));
        call(&mut out, name);
        Value::Object(out)
    });
    grammar::command()
        .get_subcommands()
        .map(command)
        .chain(menus)
        .collect()
}

fn command(node: &clap::Command) -> Value {
    let mut out = named(node.get_name(), &about(node.get_about()));
    out.insert("type".to_owned(), json!(1));
    out.insert("options".to_owned(), options(node));
    Value::Object(out)
}

fn options(node: &clap::Command) -> Value {
    if node.has_subcommands() {
        let subcommands = node.get_subcommands().take(COMMAND_OPTIONS).map(|sub| {
            let mut out = named(sub.get_name(), &about(sub.get_about()));
            out.insert(
                "type".to_owned(),
                json!(if sub.has_subcommands() { GROUP } else { SUBCOMMAND }),
            );
            out.insert("options".to_owned(), options(sub));
            Value::Object(out)
        });
        return subcommands.collect();
    }
    let mut args: Vec<&clap::Arg> = node.get_arguments().collect();
    // Discord wants what is required first.
    args.sort_by_key(|arg| !arg.is_required_set());
    args.into_iter().take(COMMAND_OPTIONS).map(option).collect()
}

fn option(arg: &clap::Arg) -> Value {
    let name = arg.get_long().unwrap_or(arg.get_id().as_str());
    let mut out = named(name, &about(arg.get_help()));
    out.insert("required".to_owned(), json!(arg.is_required_set()));
    let words: Vec<String> = arg
        .get_possible_values()
        .iter()
        .map(|word| word.get_name().to_owned())
        .collect();
    if words.iter().any(|word| word == "true") {
        out.insert("type".to_owned(), json!(BOOLEAN));
        return Value::Object(out);
    }
    out.insert("type".to_owned(), json!(STRING));
    if words.is_empty() {
        out.insert("autocomplete".to_owned(), json!(is_completed(arg, name)));
    } else {
        let choices = words.iter().take(COMMAND_OPTIONS).map(|word| {
            let mut out = Map::new();
            call(&mut out, word);
            out.insert("value".to_owned(), json!(word));
            Value::Object(out)
        });
        out.insert("choices".to_owned(), choices.collect());
    }
    Value::Object(out)
}

/// Free words beside a command's own argument are nothing to complete.
fn is_completed(arg: &clap::Arg, name: &str) -> bool {
    grammar::is_completed(name) && (name != "text" || arg.is_positional())
}

/// Its name, and what it is called in other languages.
fn call(out: &mut Map<String, Value>, name: &str) {
    out.insert("name".to_owned(), json!(cut(name, COMMAND_NAME)));
    let translated = grammar::translated_name(name);
    if !translated.is_empty() {
        let texts: Map<String, Value> = translated
            .iter()
            .map(|(locale, text)| ((*locale).to_owned(), json!(cut(text, COMMAND_NAME))))
            .collect();
        out.insert("name_localizations".to_owned(), Value::Object(texts));
    }
}

fn named(name: &str, about: &str) -> Map<String, Value> {
    let about = if about.is_empty() { name } else { about };
    let mut out = Map::new();
    call(&mut out, name);
    out.insert("description".to_owned(), json!(cut(about, COMMAND_ABOUT)));
    let translated = grammar::translations(about);
    if !translated.is_empty() {
        let texts: Map<String, Value> = translated
            .iter()
            .map(|(locale, text)| ((*locale).to_owned(), json!(cut(text, COMMAND_ABOUT))))
            .collect();
        out.insert("description_localizations".to_owned(), Value::Object(texts));
    }
    out
}

fn about(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

/// Where commands are registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Everywhere the bot is.
    Global,
    /// On one server.
    Guild(u64),
}

/// Brings what Discord offers to what there is. `true` where something had to be sent.
pub(crate) async fn bring_up_to_date(
    rest: &Rest,
    application: u64,
    guilds: &[u64],
) -> Result<bool, RestError> {
    if guilds.is_empty() {
        return register(rest, application, Reach::Global, &definitions()).await;
    }
    // What an earlier config registered everywhere would be offered twice.
    let mut changed = register(rest, application, Reach::Global, &[]).await?;
    for guild in guilds {
        changed |= register(rest, application, Reach::Guild(*guild), &definitions()).await?;
    }
    Ok(changed)
}

async fn register(rest: &Rest, application: u64, reach: Reach, wanted: &[Value]) -> Result<bool, RestError> {
    let path = match reach {
        Reach::Global => format!("/applications/{application}/commands"),
        Reach::Guild(guild) => format!("/applications/{application}/guilds/{guild}/commands"),
    };
    let wanted: Vec<Value> = wanted.iter().map(|command| reaching(command, reach)).collect();
    let there: Vec<Value> = rest
        .call(Call::get(format!("{path}?with_localizations=true")))
        .await?;
    let there: Vec<Value> = there.into_iter().map(|command| reached(command, reach)).collect();
    if same(&there, &wanted) {
        return Ok(false);
    }
    tracing::info!(
        ?reach,
        commands = wanted.len(),
        "registering commands with discord"
    );
    rest.call::<Whatever>(Call::put(path).json(&wanted)).await?;
    Ok(true)
}

/// Global commands say that they are for servers alone: elsewhere nobody has a role.
fn reaching(command: &Value, reach: Reach) -> Value {
    let mut command = command.clone();
    if reach == Reach::Global {
        command["contexts"] = json!([0]);
        command["integration_types"] = json!([0]);
    }
    command
}

/// Discord fills these in for a server's commands, where they say nothing.
fn reached(mut command: Value, reach: Reach) -> Value {
    if let (Reach::Guild(_), Some(fields)) = (reach, command.as_object_mut()) {
        fields.retain(|key, _| key != "contexts" && key != "integration_types");
    }
    command
}

fn same(there: &[Value], wanted: &[Value]) -> bool {
    let sorted = |commands: &[Value]| {
        let mut out: Vec<String> = commands
            .iter()
            .map(|command| plain_form(command).to_string())
            .collect();
        out.sort_unstable();
        out
    };
    sorted(there) == sorted(wanted)
}

/// What we ever send, in one order, without what says nothing.
fn plain_form(value: &Value) -> Value {
    const KEYS: [&str; 14] = [
        "type",
        "name",
        "name_localizations",
        "description",
        "description_localizations",
        "required",
        "autocomplete",
        "choices",
        "value",
        "options",
        "contexts",
        "integration_types",
        "min_length",
        "max_length",
    ];
    match value {
        Value::Object(fields) => {
            let says_nothing = |value: &Value| match value {
                Value::Null | Value::Bool(false) => true,
                Value::Array(list) => list.is_empty(),
                Value::Object(map) => map.is_empty(),
                Value::String(text) => text.is_empty(),
                _ => false,
            };
            let mut out = Map::new();
            for key in KEYS {
                match fields.get(key) {
                    Some(Value::Object(texts)) => {
                        let mut sorted: Vec<_> = texts.iter().collect();
                        sorted.sort_unstable_by_key(|(locale, _)| locale.as_str());
                        if !sorted.is_empty() {
                            let texts = sorted
                                .into_iter()
                                .map(|(locale, text)| (locale.clone(), text.clone()));
                            out.insert(key.to_owned(), Value::Object(texts.collect()));
                        }
                    }
                    Some(value) if !says_nothing(value) => {
                        out.insert(key.to_owned(), plain_form(value));
                    }
                    _ => {}
                }
            }
            Value::Object(out)
        }
        Value::Array(list) => list.iter().map(plain_form).collect(),
        value => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_the_grammar_is_offered_as_discord_takes_it() {
        let definitions = definitions();
        let names: Vec<&str> = definitions
            .iter()
            .filter_map(|command| command["name"].as_str())
            .collect();
        for leaf in grammar::leaves() {
            assert!(
                names.contains(&leaf.path.split(' ').next().unwrap_or_default()),
                "{}",
                leaf.path
            );
        }
        for command in definitions.iter().filter(|command| command["type"] == 1) {
            assert!(command.to_string().chars().count() < 8_000, "{command}");
            sound(command, 0);
        }
    }

    #[test]
    fn what_a_message_can_become_is_in_its_menu() {
        let definitions = definitions();
        let menus: Vec<&Value> = definitions
            .iter()
            .filter(|command| command["type"] == 3)
            .collect();
        assert_eq!(
            menus,
            [
                &json!({
                    "type": 3, "name": "Create ticket from this message",
                    "name_localizations": { "zh-TW": "以此訊息建立工單" },
                }),
                &json!({
                    "type": 3, "name": "Escalate this message",
                    "name_localizations": { "zh-TW": "將此訊息升級處理" },
                }),
            ]
        );
    }

    fn sound(node: &Value, depth: usize) {
        let name = node["name"].as_str().unwrap();
        assert!(
            (1..=32).contains(&name.len())
                && name
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '-')),
            "{name}"
        );
        assert!(
            (1..=100).contains(&node["description"].as_str().unwrap().chars().count()),
            "{name}"
        );
        let empty = Vec::new();
        let options = node["options"].as_array().unwrap_or(&empty);
        assert!(options.len() <= 25 && depth < 4);
        let required: Vec<bool> = options.iter().map(|option| option["required"] == true).collect();
        assert!(
            required.is_sorted_by(|a, b| a >= b),
            "what is required comes first: {name}"
        );
        assert!(node["choices"].as_array().unwrap_or(&empty).len() <= 25);
        assert!(node["choices"].is_null() || node["autocomplete"] != true);
        options.iter().for_each(|option| sound(option, depth + 1));
    }

    #[test]
    fn a_command_looks_like_this() {
        let balance = definitions()
            .into_iter()
            .find(|command| command["name"] == "balance")
            .unwrap();
        let lines: Vec<String> = balance["options"]
            .as_array()
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            balance["description"],
            "What a client owes per entity and currency, with ageing and what is on its way"
        );
        insta::assert_snapshot!(lines.join("\n"), @r#"
        {"name":"client","name_localizations":{"zh-TW":"客戶"},"description":"Number, e-mail, phone, paddle, name or part of one","description_localizations":{"zh-TW":"編號、電郵、電話、號牌、姓名或其一部分"},"required":true,"type":3,"autocomplete":true}
        {"name":"entity","name_localizations":{"zh-TW":"法人"},"description":"Only this entity","description_localizations":{"zh-TW":"只限此法人實體"},"required":false,"type":3,"autocomplete":false}
        {"name":"as_of","name_localizations":{"zh-TW":"截至日期"},"description":"As it was on this day","description_localizations":{"zh-TW":"當日的狀況"},"required":false,"type":3,"autocomplete":false}
        {"name":"invoice","name_localizations":{"zh-TW":"發票"},"description":"Only this invoice's part","description_localizations":{"zh-TW":"只限此發票的部分"},"required":false,"type":3,"autocomplete":false}
        {"name":"lot","name_localizations":{"zh-TW":"拍品"},"description":"Only this lot's part","description_localizations":{"zh-TW":"只限此拍品的部分"},"required":false,"type":3,"autocomplete":false}
        {"name":"for","name_localizations":{"zh-TW":"對象"},"description":"Whom the answer is for","description_localizations":{"zh-TW":"答覆給誰"},"required":false,"type":3,"choices":[{"name":"client","name_localizations":{"zh-TW":"客戶"},"value":"client"},{"name":"consignor","name_localizations":{"zh-TW":"委託人"},"value":"consignor"}]}
        {"name":"share","name_localizations":{"zh-TW":"公開"},"description":"Post the answer here for all to read","description_localizations":{"zh-TW":"將答覆公開張貼於此"},"required":false,"type":5}
        "#);
    }

    #[test]
    fn what_discord_fills_in_is_no_difference_and_a_word_is() {
        let wanted: Vec<Value> = definitions()
            .iter()
            .map(|command| reaching(command, Reach::Global))
            .collect();
        let mut there = wanted.clone();
        there.reverse();
        for command in &mut there {
            command["id"] = json!("1");
            command["application_id"] = json!("2");
            command["version"] = json!("3");
            command["default_member_permissions"] = Value::Null;
            command["nsfw"] = json!(false);
            command["dm_permission"] = json!(false);
        }
        assert!(same(&there, &wanted));
        let mut other = there.clone();
        other[0]["name_localizations"] = Value::Null;
        assert!(
            !same(&other, &wanted),
            "a name that is missing in another language is a difference"
        );
        there[0]["description"] = json!("Other");
        assert!(!same(&there, &wanted));
        assert!(!same(&there[1..], &wanted));
        assert!(same(&[], &[]));
    }
}
