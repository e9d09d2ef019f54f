//! Hostile text through every place of an answer, against Discord's limits; and how answers look.

use std::collections::HashSet;

use hammerdesk_domain::ids::ActionId;
use hammerdesk_domain::message::{
    Action, AsOf, Attachment, Card, Cell, Field, FieldKind, Figure, Form, Line, Link, Menu, Outcome, Reply,
    Section, Tone, Visibility,
};
use hammerdesk_domain::text::is_deceptive;
use proptest::collection::vec as of;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::discord::limits::units;

const LOOK: Look<'_> = Look::answer(1_000, None);

fn length(value: &Value) -> usize {
    value.as_str().map_or(0, units)
}

/// What Discord would refuse about a message, by the table of its limits.
fn refused(message: &Value) -> Vec<String> {
    let mut out = Vec::new();
    let mut check = |what: &str, ok: bool| {
        if !ok {
            out.push(what.to_owned());
        }
    };
    check("content", length(&message["content"]) <= 2000);
    let embeds = message["embeds"].as_array().unwrap();
    check("embeds", embeds.len() <= 10);
    let mut sum = 0;
    for embed in embeds {
        for (key, most) in [("title", 256), ("description", 4096)] {
            check(key, length(&embed[key]) <= most);
            if let Some(text) = embed[key].as_str() {
                check("blank", !text.trim().is_empty());
            }
            sum += length(&embed[key]);
        }
        check("footer", (1..=2048).contains(&length(&embed["footer"]["text"])));
        sum += length(&embed["footer"]["text"]);
    }
    check("sum of embeds", sum <= 6000);
    check(
        "mentions",
        message["allowed_mentions"] == serde_json::json!({ "parse": [] }),
    );
    let rows = message["components"].as_array().unwrap();
    check("rows", rows.len() <= 5);
    let mut ids = HashSet::new();
    for row in rows {
        check("row", row["type"] == 1);
        let parts = row["components"].as_array().unwrap();
        check("empty row", !parts.is_empty());
        check("row of five", parts.len() <= 5);
        for part in parts {
            if part["style"] == 5 {
                check(
                    "link",
                    part["url"]
                        .as_str()
                        .is_some_and(|url| url.starts_with("http") && url.len() <= 512),
                );
                check(
                    "link label",
                    (1..=80).contains(&length(&part["label"])) && part["custom_id"].is_null(),
                );
                continue;
            }
            let id = part["custom_id"].as_str().unwrap();
            check("id length", (1..=100).contains(&id.len()));
            check("id twice", ids.insert(id.to_owned()));
            match part["type"].as_u64().unwrap() {
                2 => {
                    check("label", (1..=80).contains(&length(&part["label"])));
                    check("blank label", !part["label"].as_str().unwrap().trim().is_empty());
                    check("an id of ours", read_id(id).is_some());
                }
                3 => {
                    check("alone", parts.len() == 1);
                    check("placeholder", length(&part["placeholder"]) <= 150);
                    let options = part["options"].as_array().unwrap();
                    check("options", (1..=25).contains(&options.len()));
                    let mut values = HashSet::new();
                    for option in options {
                        check("option label", (1..=100).contains(&length(&option["label"])));
                        let value = option["value"].as_str().unwrap();
                        check(
                            "option value",
                            (1..=100).contains(&value.len()) && read_id(value).is_some(),
                        );
                        check("option twice", values.insert(value.to_owned()));
                    }
                }
                5 => check(
                    "people alone",
                    parts.len() == 1 && length(&part["placeholder"]) <= 150,
                ),
                other => check(&format!("component {other}"), false),
            }
        }
    }
    let files = message["attachments"].as_array().unwrap();
    check("files", files.len() <= 10);
    let mut names = HashSet::new();
    for file in files {
        let name = file["filename"].as_str().unwrap();
        check(
            "file name",
            !name.is_empty() && name.is_ascii() && names.insert(name.to_owned()),
        );
    }
    let is_empty = length(&message["content"]) == 0 && embeds.is_empty() && files.is_empty();
    check(
        "empty message",
        !is_empty
            && message["content"]
                .as_str()
                .is_some_and(|text| text.trim() == text),
    );
    out
}

fn refused_modal(modal: &Value) -> Vec<String> {
    let mut out = Vec::new();
    let mut check = |what: &str, ok: bool| {
        if !ok {
            out.push(what.to_owned());
        }
    };
    check("title", (1..=45).contains(&length(&modal["title"])));
    check("custom id", (1..=100).contains(&length(&modal["custom_id"])));
    let rows = modal["components"].as_array().unwrap();
    check("rows", (1..=5).contains(&rows.len()));
    let mut ids = HashSet::new();
    for row in rows {
        let inputs = row["components"].as_array().unwrap();
        check("one input", inputs.len() == 1);
        let input = &inputs[0];
        check("type", input["type"] == 4);
        check("label", (1..=45).contains(&length(&input["label"])));
        check("placeholder", length(&input["placeholder"]) <= 100);
        check("value", length(&input["value"]) <= 4000);
        let id = input["custom_id"].as_str().unwrap();
        check(
            "input id",
            (1..=100).contains(&id.len()) && ids.insert(id.to_owned()),
        );
    }
    out
}

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("@everyone <@1> <#2> </x:3> ".to_owned()),
        Just("```\n**`||".to_owned()),
        Just("[pay](https://evil.example) https://evil.example discord.gg/x ".to_owned()),
        Just("\u{202E}\u{200B}\u{0}\u{1b}[31m\u{3164}\u{2800}\r\n".to_owned()),
        Just("\\".to_owned()),
        Just("漢字🜁 é".to_owned()),
        Just("   \n ".to_owned()),
        "\\PC{0,30}",
    ];
    (of(piece, 0..6), 1..40_usize).prop_map(|(pieces, times)| pieces.concat().repeat(times))
}

fn cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        hostile().prop_map(Cell::Text),
        any::<i64>().prop_map(Cell::Number),
        Just(Cell::Empty),
        (-1_000_000_000_i64..1_000_000_000).prop_map(|n| Cell::Amount(format!("GBP {n}").parse().unwrap())),
    ]
}

fn section() -> impl Strategy<Value = Section> {
    let heading = || proptest::option::of(hostile());
    let tone = prop_oneof![Just(Tone::Warn), Just(Tone::Plain)];
    let figure =
        (hostile(), cell(), proptest::option::of(hostile()), tone).prop_map(|(label, value, note, tone)| {
            Figure {
                label,
                value,
                note,
                tone,
            }
        });
    let line = (proptest::option::of(hostile()), hostile()).prop_map(|(code, text)| Line {
        code,
        text,
        tone: Tone::Warn,
    });
    prop_oneof![
        (heading(), of(figure, 0..12)).prop_map(|(heading, rows)| Section::Figures { heading, rows }),
        (
            heading(),
            of(hostile(), 0..5),
            of(of(cell(), 0..6), 0..40),
            0..9_usize
        )
            .prop_map(|(heading, columns, rows, more)| Section::Table {
                heading,
                columns,
                rows,
                more
            }),
        (heading(), of(line, 0..12)).prop_map(|(heading, lines)| Section::Lines { heading, lines }),
        hostile().prop_map(|sentence| Section::ClientSafe { sentence }),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    let id = prop_oneof!["ask-[0-9a-f]{4}", hostile(), Just(String::new())];
    (id, hostile(), any::<bool>(), any::<bool>()).prop_map(|(id, label, primary, has_form)| Action {
        id: ActionId::new(id),
        primary,
        form: has_form.then(|| form(&label, 1)),
        ..Action::ask(label, "/help")
    })
}

fn form(text: &str, fields: usize) -> Form {
    let kinds = [
        FieldKind::Text,
        FieldKind::Date,
        FieldKind::Choice(vec![(text.to_owned(), text.to_owned()); 9]),
    ];
    Form {
        title: text.to_owned(),
        says: text.to_owned(),
        submit: text.to_owned(),
        fields: (0..fields)
            .map(|n| Field {
                name: if n == 6 {
                    text.to_owned()
                } else {
                    format!("f{}", n % 5)
                },
                label: text.to_owned(),
                required: n % 2 == 1,
                kind: kinds[n % 3].clone(),
            })
            .collect(),
    }
}

fn reply() -> impl Strategy<Value = Reply> {
    let as_of =
        (hostile(), proptest::option::of(hostile()), any::<bool>()).prop_map(|(source, note, stale)| AsOf {
            source,
            at: None,
            stale,
            note,
        });
    let card = (
        hostile(),
        proptest::option::of(hostile()),
        proptest::option::of(hostile()),
        of(section(), 0..6),
        of(as_of, 0..9),
        any::<bool>(),
    )
        .prop_map(|(title, subtitle, badge, sections, as_of, stale)| Card {
            title,
            subtitle,
            badge,
            tone: Tone::Warn,
            sections,
            as_of,
            stale,
            explain: Vec::new(),
        });
    let menu = (hostile(), of(action(), 0..140)).prop_map(|(prompt, options)| Menu { prompt, options });
    let file = (hostile(), 0..2_000_usize).prop_map(|(name, size)| Attachment {
        name,
        media_type: "text/csv".to_owned(),
        content: vec![b'x'; size],
    });
    let link = (
        hostile(),
        prop_oneof![
            hostile(),
            hostile().prop_map(|text| format!("https://{text}")),
            Just("https://desk.example/a/1".to_owned())
        ],
    )
        .prop_map(|(label, url)| Link { label, url });
    (
        hostile(),
        of(card, 0..4),
        of(action(), 0..40),
        proptest::option::of(menu),
        of(file, 0..14),
        of(link, 0..4),
    )
        .prop_map(|(text, cards, actions, menu, files, links)| Reply {
            links,
            cards,
            actions,
            menu,
            files,
            visibility: Visibility::Shared,
            ..Reply::sentence(Outcome::Answered, text)
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_answered_keeps_every_limit(reply in reply()) {
        let messages = messages(&reply, LOOK);
        prop_assert!((1..=4).contains(&messages.len()));
        for message in &messages {
            let json = serde_json::to_value(message).unwrap();
            prop_assert_eq!(refused(&json), Vec::<String>::new());
            let text = json.to_string();
            for hidden in ["\u{202E}", "\u{200B}", "\u{3164}"] {
                prop_assert!(!text.contains(hidden));
            }
            prop_assert!(outside_code(&json).iter().all(|part| !part.chars().any(|c| is_deceptive(c) && c != '\n')));
            // Escaping is what stands between a text and a ping or a link.
            for part in outside_code(&json) {
                for forged in ["<@", "<#", "](", "https://", "@everyone", "||", "discord.gg/"] {
                    prop_assert!(!unescaped(&part, forged), "{forged} in {part}");
                }
            }
            for file in &message.files {
                prop_assert!(file.content.len() <= LOOK.file_bytes);
            }
        }
    }

    #[test]
    fn whatever_a_form_asks_its_modal_keeps_every_limit(text in hostile(), fields in 0..8_usize) {
        let form = form(&text, fields);
        let action = ActionId::new("ask-00ff");
        let modal = serde_json::to_value(modal(&action, &form).unwrap()).unwrap();
        prop_assert_eq!(refused_modal(&modal), Vec::<String>::new());
        let asked = serde_json::to_value(confirmation(&action, &form)).unwrap();
        prop_assert_eq!(refused(&asked), Vec::<String>::new());
        let people = serde_json::to_value(choose_person(&action, &form)).unwrap();
        prop_assert_eq!(refused(&people), Vec::<String>::new());
    }
}

/// The parts of a message in which Discord renders markdown, without what stands in code blocks.
fn outside_code(message: &Value) -> Vec<String> {
    let embeds = message["embeds"].as_array().unwrap();
    embeds
        .iter()
        .flat_map(|embed| [&embed["title"], &embed["description"]])
        .chain([&message["content"]])
        .filter_map(Value::as_str)
        .flat_map(|text| {
            text.split("```")
                .step_by(2)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Does the text hold that word with no backslash before any of its characters?
fn unescaped(text: &str, word: &str) -> bool {
    let mut shown = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\\' {
            chars.next();
            shown.push('\u{1}');
        } else {
            shown.push(c);
        }
    }
    shown.contains(word)
}

#[test]
fn an_id_of_ours_says_what_pressing_does_and_nothing_else_is_one() {
    let action = ActionId::new("ask-0a");
    assert_eq!(read_id("a:ask-0a"), Some(Pressed::Ask(action.clone())));
    assert_eq!(read_id("f:ask-0a"), Some(Pressed::Form(action.clone())));
    assert_eq!(read_id("c:ask-0a"), Some(Pressed::Confirm(action.clone())));
    assert_eq!(read_id("s:ask-0a"), Some(Pressed::Sent(action.clone())));
    assert_eq!(read_id("u:ask-0a"), Some(Pressed::Person(action.clone())));
    assert_eq!(read_id("w:ask-0a"), Some(Pressed::Why(action)));
    for forged in [
        "",
        "a:",
        "a",
        "x:ask-0a",
        "a:/balance 1",
        "a:ASK",
        &format!("a:{}", "a".repeat(99)),
    ] {
        assert_eq!(read_id(forged), None, "{forged}");
    }
}

#[test]
fn what_is_too_much_for_a_few_messages_comes_as_a_file_too() {
    let row = |n: usize| {
        vec![
            Cell::Text(format!("Line {n} {}", "x".repeat(60))),
            Cell::Text("y".repeat(60)),
        ]
    };
    let card = Card {
        title: "Long".to_owned(),
        sections: vec![Section::Table {
            heading: None,
            columns: vec!["A".to_owned(), "B".to_owned()],
            rows: (0..400).map(row).collect(),
            more: 0,
        }],
        ..Card::default()
    };
    let reply = Reply::card(card, Value::Null);
    let messages = messages(&reply, Look::answer(1_000_000, None));
    assert_eq!(messages.len(), 4);
    let last = messages.last().unwrap();
    assert_eq!(
        last.content,
        "There is more than fits here; the whole answer is in answer.txt."
    );
    let whole = String::from_utf8(last.files[0].content.clone()).unwrap();
    assert!(whole.contains("Line 399 "));
    assert!(messages[1].embeds[0].title.starts_with("Long (2 of "));
    assert!(
        messages
            .iter()
            .flat_map(|message| &message.embeds)
            .all(|embed| embed.footer.text.starts_with("As of: "))
    );
}
