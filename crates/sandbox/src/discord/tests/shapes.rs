//! What Discord refuses is refused, in its words; what it takes is taken.

use serde_json::{Value, json};

use super::super::check_message::{self, Door};
use super::super::form::Form;
use super::super::{check_command, check_components};
use crate::discord::Rules;

/// The flaws of a new message, one line each.
fn flaws(body: &Value) -> Vec<String> {
    let rules = Rules {
        demand_no_mentions: false,
        ..Rules::default()
    };
    lines(check_message::read(body, &[0], Door::Channel, &rules).map(|_| ()))
}

fn lines(result: Result<(), super::super::refusal::Refusal>) -> Vec<String> {
    match result {
        Ok(()) => Vec::new(),
        Err(refusal) => refusal.said().lines().skip(1).map(str::to_owned).collect(),
    }
}

#[track_caller]
fn refuses(body: &Value, path: &str, code: &str) {
    let found = flaws(body);
    let wanted = format!("{path}: {code}");
    assert!(
        found.iter().any(|line| line.starts_with(&wanted)),
        "{wanted} is not among {found:#?}"
    );
}

fn buttons(count: usize) -> Value {
    let list: Vec<Value> = (0..count)
        .map(|at| json!({"type": 2, "style": 1, "label": "x", "custom_id": at.to_string()}))
        .collect();
    json!({"type": 1, "components": list})
}

#[test]
fn a_message_within_every_limit_passes() {
    let fields: Vec<Value> = (0..25)
        .map(|at| json!({"name": at.to_string(), "value": "v", "inline": true}))
        .collect();
    let body = json!({
        "content": "x".repeat(2000), "nonce": "n".repeat(25), "enforce_nonce": true, "tts": false,
        "embeds": [{"title": "t".repeat(256), "description": "d".repeat(4096), "fields": fields, "color": 1,
            "footer": {"text": "f"}, "author": {"name": "a", "url": "https://x.example"},
            "timestamp": "2026-11-22T10:00:00.000000+00:00"}],
        "components": [
            buttons(5),
            {"type": 1, "components": [{"type": 3, "custom_id": "menu", "options": [{"label": "l", "value": "v"}]}]},
            {"type": 1, "components": [{"type": 5, "custom_id": "who"}]},
        ],
        "attachments": [{"id": 0, "filename": "a.csv", "description": null}],
        "allowed_mentions": {"parse": [], "users": [], "roles": []},
    });
    assert_eq!(flaws(&body), Vec::<String>::new());
}

#[test]
fn texts_that_are_too_long_are_refused_at_their_place() {
    let long = |count: usize| "x".repeat(count);
    refuses(&json!({"content": long(2001)}), "content", "BASE_TYPE_BAD_LENGTH");
    refuses(&json!({"nonce": long(26)}), "nonce", "NONCE_TYPE_TOO_LONG");
    for (embed, path) in [
        (json!({"title": long(257)}), "title"),
        (json!({"description": long(4097)}), "description"),
        (json!({"footer": {"text": long(2049)}}), "footer.text"),
        (json!({"author": {"name": long(257)}}), "author.name"),
        (
            json!({"fields": [{"name": long(257), "value": "v"}]}),
            "fields.0.name",
        ),
        (
            json!({"fields": [{"name": "n", "value": long(1025)}]}),
            "fields.0.value",
        ),
    ] {
        refuses(
            &json!({"embeds": [embed]}),
            &format!("embeds.0.{path}"),
            "BASE_TYPE_BAD_LENGTH",
        );
    }
    let embed = json!({"description": long(3001)});
    refuses(
        &json!({"embeds": [embed, embed]}),
        "embeds",
        "MAX_EMBED_SIZE_EXCEEDED",
    );
}

#[test]
fn too_many_of_anything_is_refused() {
    let embed = json!({"title": "t"});
    refuses(
        &json!({"embeds": vec![embed; 11]}),
        "embeds",
        "BASE_TYPE_BAD_LENGTH",
    );
    let field = json!({"name": "n", "value": "v"});
    refuses(
        &json!({"embeds": [{"fields": vec![field; 26]}]}),
        "embeds.0.fields",
        "BASE_TYPE_BAD_LENGTH",
    );
    refuses(
        &json!({"components": [buttons(6)]}),
        "components.0.components",
        "BASE_TYPE_BAD_LENGTH",
    );
    let row = buttons(1);
    refuses(
        &json!({"components": vec![row; 6]}),
        "components",
        "BASE_TYPE_BAD_LENGTH",
    );
    let options: Vec<Value> = (0..26)
        .map(|at| json!({"label": "l", "value": at.to_string()}))
        .collect();
    refuses(
        &json!({"components": [{"type": 1, "components": [{"type": 3, "custom_id": "m", "options": options}]}]}),
        "components.0.components.0.options",
        "BASE_TYPE_BAD_LENGTH",
    );
}

#[test]
fn what_no_schema_catches_is_caught_too() {
    refuses(
        &json!({"embeds": [{"fields": [{"name": "n", "value": " "}]}]}),
        "embeds.0.fields.0.value",
        "BASE_TYPE_REQUIRED",
    );
    refuses(
        &json!({"embeds": [{"title": "t", "url": "javascript:alert(1)"}]}),
        "embeds.0.url",
        "URL_TYPE_INVALID_SCHEME",
    );
    let twice = json!({"type": 2, "style": 1, "label": "x", "custom_id": "same"});
    refuses(
        &json!({"components": [{"type": 1, "components": [twice, twice]}]}),
        "components.0.components.1.custom_id",
        "COMPONENT_CUSTOM_ID_DUPLICATED",
    );
    refuses(&json!({"contents": "typo"}), "contents", "SIM_UNKNOWN_KEY");
    refuses(
        &json!({"embeds": [{"title": "t", "colour": 3}]}),
        "embeds.0.colour",
        "SIM_UNKNOWN_KEY",
    );
    refuses(
        &json!({"components": [{"type": 1, "components": [{"type": 2, "style": 5, "label": "l", "url": "ftp://x"}]}]}),
        "components.0.components.0.url",
        "URL_TYPE_INVALID_SCHEME",
    );
    refuses(
        &json!({"attachments": [{"id": 3, "filename": "x"}]}),
        "attachments.0.id",
        "ATTACHMENT_NOT_FOUND",
    );
    refuses(
        &json!({"allowed_mentions": {"parse": ["users"], "users": ["1"]}}),
        "allowed_mentions",
        "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
    );
}

#[test]
fn a_message_that_does_not_say_whom_it_pings_is_refused_on_demand() {
    let said =
        |body: Value| lines(check_message::read(&body, &[], Door::Channel, &Rules::default()).map(|_| ()));
    assert_eq!(
        said(json!({"content": "x"})),
        ["allowed_mentions: SIM_MENTIONS_NOT_SAID: Say whom it may ping."]
    );
    assert_eq!(
        said(json!({"content": "x", "allowed_mentions": {"parse": ["everyone"]}})),
        ["allowed_mentions: SIM_MENTIONS_OPEN: It must have \"parse\": []."]
    );
    assert!(said(json!({"content": "x", "allowed_mentions": {"parse": []}})).is_empty());
}

#[test]
fn a_modal_has_one_to_five_rows_of_one_text_field_each() {
    let check = |modal: &Value| {
        let mut form = Form::default();
        check_components::modal(&mut form, modal);
        lines(form.finish())
    };
    let row = |id: usize| {
        json!({"type": 1, "components": [
            {"type": 4, "style": 1, "label": "Why", "custom_id": id.to_string()},
        ]})
    };
    let modal = |rows: Vec<Value>| json!({"title": "Escalate", "custom_id": "esc", "components": rows});
    assert!(check(&modal((0..5).map(row).collect())).is_empty());
    assert!(check(&modal((0..6).map(row).collect()))[0].starts_with("components: BASE_TYPE_BAD_LENGTH"));
    assert!(check(&modal(vec![]))[0].starts_with("components: BASE_TYPE_BAD_LENGTH"));
    let mut long = modal(vec![row(0)]);
    long["title"] = "t".repeat(46).into();
    long["components"][0]["components"][0]["label"] = "l".repeat(46).into();
    assert_eq!(check(&long).len(), 2);
}

#[test]
fn commands_are_held_to_their_names_order_and_size() {
    let check = |command: Value| {
        let mut form = Form::default();
        check_command::one(&mut form, &command);
        lines(form.finish())
    };
    let option = |name: &str, required: bool| json!({"type": 3, "name": name, "description": "d", "required": required});
    let command = |options: Value| json!({"name": "balance", "description": "d", "options": options});
    assert!(check(command(json!([option("client", true), option("lot", false)]))).is_empty());
    assert!(
        check(command(json!([option("lot", false), option("client", true)])))[0]
            .starts_with("options.1.required: APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID")
    );
    assert!(
        check(json!({"name": "Balance", "description": "d"}))[0]
            .starts_with("name: APPLICATION_COMMAND_INVALID")
    );
    assert!(
        check(json!({"name": "balance", "description": ""}))[0]
            .starts_with("description: BASE_TYPE_REQUIRED")
    );
    assert!(
        check(json!({"name": "balance", "description": "d", "name_localizations": {"xx": "a"}}))[0]
            .starts_with("name_localizations.xx: ENUM_TYPE_COERCE")
    );
    let many: Vec<Value> = (0..25)
        .map(|at| {
            let choices: Vec<Value> = (0..25)
                .map(|no| json!({"name": format!("choice number {no}"), "value": format!("value {no}")}))
                .collect();
            json!({"type": 3, "name": format!("o{at}"), "description": "d", "choices": choices})
        })
        .collect();
    assert!(check(command(many.into()))[0].contains("APPLICATION_COMMAND_TOO_LARGE"));
    assert!(check(json!({"type": 3, "name": "Create ticket from this message"})).is_empty());
}
