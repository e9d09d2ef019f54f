//! Buttons, menus and modals, and the ids on them.
//!
//! A custom id is one letter that says what pressing does, a colon, and the action's own opaque id; the
//! question behind it stays in the store. An action whose id is not of that shape gets no button.

use hammerdesk_domain::ids::ActionId;
use hammerdesk_domain::message::{Action, FieldKind, Form, Link, Reply};
use serde::Serialize;

use super::super::limits::{
    BUTTONS, CUSTOM_ID, INPUT_LABEL, INPUT_PLACEHOLDER, INPUT_VALUE, INPUTS, LABEL, LINK, MODAL_TITLE,
    OPTION_TEXT, OPTIONS, PLACEHOLDER, ROWS,
};
use super::super::text::{markdown, plain};
use super::Message;

/// The name of the input that only says what will happen.
pub(crate) const SAYS: &str = "says";

/// A component, as Discord numbers its kinds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Component {
    /// Five buttons, one menu or one input.
    Row {
        #[serde(rename = "type")]
        kind: u8,
        components: Vec<Component>,
    },
    /// A button.
    Button {
        #[serde(rename = "type")]
        kind: u8,
        style: u8,
        label: String,
        custom_id: String,
    },
    /// A button that opens an address.
    Link {
        #[serde(rename = "type")]
        kind: u8,
        style: u8,
        label: String,
        url: String,
    },
    /// A menu of ours.
    Menu {
        #[serde(rename = "type")]
        kind: u8,
        custom_id: String,
        options: Vec<MenuOption>,
        placeholder: String,
    },
    /// A menu of the server's people.
    People {
        #[serde(rename = "type")]
        kind: u8,
        custom_id: String,
        placeholder: String,
    },
    /// An input of a modal.
    Input(Input),
}

/// One line of a menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct MenuOption {
    label: String,
    value: String,
}

/// An input of a modal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Input {
    #[serde(rename = "type")]
    kind: u8,
    custom_id: String,
    label: String,
    style: u8,
    required: bool,
    max_length: usize,
    #[serde(skip_serializing_if = "String::is_empty")]
    placeholder: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    value: String,
}

/// The answer to a press that asks for more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Modal {
    title: String,
    custom_id: String,
    components: Vec<Component>,
}

/// What a component of ours does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pressed {
    /// Asks its question.
    Ask(ActionId),
    /// Shows its form first.
    Form(ActionId),
    /// Sends its form, which has nothing to fill.
    Confirm(ActionId),
    /// A modal, sent.
    Sent(ActionId),
    /// Explains the answer to its question.
    Why(ActionId),
    /// Sends its form, whose one field is somebody.
    Person(ActionId),
}

impl Pressed {
    fn id(&self) -> String {
        let (letter, action) = match self {
            Self::Ask(action) => ('a', action),
            Self::Form(action) => ('f', action),
            Self::Confirm(action) => ('c', action),
            Self::Sent(action) => ('s', action),
            Self::Why(action) => ('w', action),
            Self::Person(action) => ('u', action),
        };
        format!("{letter}:{action}")
    }
}

/// What a custom id of ours means.
pub(crate) fn read_id(id: &str) -> Option<Pressed> {
    let (letter, action) = id.split_once(':')?;
    let action = ActionId::new(action);
    if !is_ours(&action) {
        return None;
    }
    Some(match letter {
        "a" => Pressed::Ask(action),
        "f" => Pressed::Form(action),
        "c" => Pressed::Confirm(action),
        "s" => Pressed::Sent(action),
        "w" => Pressed::Why(action),
        "u" => Pressed::Person(action),
        _ => return None,
    })
}

fn is_ours(action: &ActionId) -> bool {
    let id = action.as_str();
    (1..CUSTOM_ID - 2).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
}

fn press(action: &Action) -> Pressed {
    match &action.form {
        Some(_) => Pressed::Form(action.id.clone()),
        None => Pressed::Ask(action.id.clone()),
    }
}

/// The rows under an answer, and a remark where not everything found room.
pub(crate) fn rows(reply: &Reply, why: Option<&ActionId>) -> (Vec<Component>, Option<String>) {
    let mut seen = Vec::new();
    let mut once = |action: &&Action| {
        let id = press(action).id();
        let is_new = is_ours(&action.id) && !seen.contains(&id);
        if is_new {
            seen.push(id);
        }
        is_new
    };
    let mut buttons: Vec<Component> = reply
        .actions
        .iter()
        .filter(&mut once)
        .map(|action| button(&action.label, &press(action), action.primary))
        .collect();
    buttons.extend(reply.links.iter().filter_map(link));
    if let Some(why) = why.filter(|why| is_ours(why)) {
        buttons.push(button("How was this computed", &Pressed::Why(why.clone()), false));
    }
    let options: Vec<MenuOption> = reply
        .menu
        .iter()
        .flat_map(|menu| &menu.options)
        .filter(&mut once)
        .map(|action| MenuOption {
            label: word(&action.label, OPTION_TEXT),
            value: press(action).id(),
        })
        .collect();
    let menu_rows = options
        .len()
        .div_ceil(OPTIONS)
        .min(if buttons.is_empty() { ROWS } else { ROWS - 1 });
    let room = (ROWS - menu_rows) * BUTTONS;
    let without_room = buttons.len().saturating_sub(room) + options.len().saturating_sub(menu_rows * OPTIONS);
    let prompt = reply.menu.as_ref().map_or("", |menu| menu.prompt.as_str());
    let menus = options
        .chunks(OPTIONS)
        .take(menu_rows)
        .enumerate()
        .map(|(at, options)| Component::Menu {
            kind: 3,
            custom_id: format!("menu-{at}"),
            options: options.to_vec(),
            placeholder: word(prompt, PLACEHOLDER),
        });
    let mut out: Vec<Component> = menus.map(|menu| row(vec![menu])).collect();
    out.extend(
        buttons
            .chunks(BUTTONS)
            .take(ROWS - menu_rows)
            .map(|buttons| row(buttons.to_vec())),
    );
    let remark = (without_room > 0).then(|| format!("{without_room} more; say it more exactly to see them."));
    (out, remark)
}

/// The question that stands before a form with nothing to fill.
pub(crate) fn confirmation(action: &ActionId, form: &Form) -> Message {
    let mut message = Message::sentence(&form.says);
    let title = markdown(&form.title, 200);
    if !title.is_empty() {
        message.content = format!("**{title}**\n{}", markdown(&form.says, 1_700))
            .trim_end()
            .to_owned();
    }
    if is_ours(action) {
        message.components = vec![row(vec![button(
            &form.submit,
            &Pressed::Confirm(action.clone()),
            true,
        )])];
    }
    message
}

/// The name of the one field of a form that asks for nothing but somebody.
pub(crate) fn only_person(form: &Form) -> Option<&str> {
    match form.fields.as_slice() {
        [field] if field.kind == FieldKind::Person => Some(&field.name),
        _ => None,
    }
}

/// A menu of people, with what will happen above it.
pub(crate) fn choose_person(action: &ActionId, form: &Form) -> Message {
    let mut message = confirmation(action, form);
    if is_ours(action) {
        message.components = vec![row(vec![Component::People {
            kind: 5,
            custom_id: Pressed::Person(action.clone()).id(),
            placeholder: word(&form.submit, PLACEHOLDER),
        }])];
    }
    message
}

/// A form as a modal: inputs alone, for Discord's older clients know nothing else; what will happen stands
/// in the last one.
pub(crate) fn modal(action: &ActionId, form: &Form) -> Option<Modal> {
    if !is_ours(action) {
        return None;
    }
    // What must be filled comes first, in case there is more than a modal holds.
    let mut fields: Vec<_> = form.fields.iter().filter(|field| field.required).collect();
    fields.extend(form.fields.iter().filter(|field| !field.required));
    let mut names: Vec<&str> = Vec::new();
    fields.retain(|field| {
        let fits = (1..=CUSTOM_ID).contains(&field.name.len())
            && field.name != SAYS
            && !names.contains(&field.name.as_str());
        names.push(&field.name);
        fits
    });
    fields.truncate(INPUTS);
    let mut inputs: Vec<Input> = fields
        .into_iter()
        .map(|field| {
            let placeholder = match &field.kind {
                FieldKind::Text => String::new(),
                FieldKind::Person => "A name".to_owned(),
                FieldKind::Date => "A date, such as 2026-03-31".to_owned(),
                FieldKind::Choice(choices) => {
                    let words: Vec<&str> = choices.iter().map(|(value, _)| value.as_str()).collect();
                    format!("One of: {}", words.join(", "))
                }
            };
            Input {
                kind: 4,
                custom_id: field.name.clone(),
                label: word(&field.label, INPUT_LABEL),
                style: 1,
                required: field.required,
                max_length: 300,
                placeholder: plain(&placeholder, INPUT_PLACEHOLDER),
                value: String::new(),
            }
        })
        .collect();
    let says = plain(&form.says, INPUT_VALUE);
    if inputs.len() < INPUTS && (!says.is_empty() || inputs.is_empty()) {
        inputs.push(Input {
            kind: 4,
            custom_id: SAYS.to_owned(),
            label: "What happens".to_owned(),
            style: 2,
            required: false,
            max_length: INPUT_VALUE,
            placeholder: String::new(),
            value: says,
        });
    }
    Some(Modal {
        title: word(&form.title, MODAL_TITLE),
        custom_id: Pressed::Sent(action.clone()).id(),
        components: inputs
            .into_iter()
            .map(|input| row(vec![Component::Input(input)]))
            .collect(),
    })
}

fn row(components: Vec<Component>) -> Component {
    Component::Row { kind: 1, components }
}

fn button(label: &str, press: &Pressed, is_primary: bool) -> Component {
    Component::Button {
        kind: 2,
        style: if is_primary { 1 } else { 2 },
        label: word(label, LABEL),
        custom_id: press.id(),
    }
}

/// Addresses come from our own configuration, but are looked at all the same: no other scheme, nothing that
/// could end the address or hide in it.
fn link(link: &Link) -> Option<Component> {
    let is_web = link.url.starts_with("https://") || link.url.starts_with("http://");
    let is_plain = link
        .url
        .bytes()
        .all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"' | b'\\'));
    (is_web && is_plain && link.url.len() <= LINK).then(|| Component::Link {
        kind: 2,
        style: 5,
        label: word(&link.label, LABEL),
        url: link.url.clone(),
    })
}

/// A text where Discord insists on one.
fn word(text: &str, longest: usize) -> String {
    let text = plain(text, longest);
    if text.is_empty() { "–".to_owned() } else { text }
}
