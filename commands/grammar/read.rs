//! From what was typed to a question, or to a sentence that says what to do instead.

use clap::FromArgMatches;
use hammerdesk_domain::text::is_deceptive;

use super::leaf::{Leaf, find_leaf, leaves};
use super::sealed::{self, LONGEST_TEXT};
use super::{Ask, LONGEST_LINE, Root};
use crate::errors::UserError;

/// Splits a line into words; quotes (straight or typographic) keep blanks, and an open one runs to the end.
/// What no honest name holds (control characters, bidirectional overrides) is no part of any word.
pub fn words(line: &str) -> Vec<String> {
    spelled(line).0.into_iter().map(|(_, word)| word).collect()
}

/// The words with the byte at which each begins, and whether the line ends inside the last one.
pub(crate) fn spelled(line: &str) -> (Vec<(usize, String)>, bool) {
    let mut words = Vec::new();
    let mut word: Option<(usize, String)> = None;
    let mut quoted = false;
    for (at, c) in line.char_indices() {
        match c {
            '"' | '“' | '”' => {
                quoted = !quoted;
                word.get_or_insert((at, String::new()));
            }
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c if c.is_whitespace() => word.get_or_insert((at, String::new())).1.push(' '),
            c if is_deceptive(c) => {}
            c => word.get_or_insert((at, String::new())).1.push(c),
        }
    }
    let ends_inside = word.is_some();
    words.extend(word);
    (words, ends_inside)
}

/// A value that came apart from its line, as a line would have spelled it.
pub(super) fn spelled_value(value: &str) -> String {
    value
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !is_deceptive(*c))
        .collect()
}

/// Reads a typed line.
pub fn parse_line(line: &str) -> Result<Ask, UserError> {
    if line.chars().count() > LONGEST_LINE {
        return Err(UserError::malformed(format!(
            "That is too long for a question: {LONGEST_LINE} characters at most."
        )));
    }
    let line = line.trim();
    let line = line.strip_prefix('/').unwrap_or(line);
    let words = words(line);
    let Some(first) = words.first() else {
        return Err(UserError::malformed(
            "Type a command, such as /balance followed by a client. /help lists them.",
        ));
    };
    let leaf = find_leaf(&words).ok_or_else(|| unknown_command(first, words.get(1).map(String::as_str)))?;
    let (options, bare) = read_words(&leaf, &words);
    assemble(&leaf, &options, bare)
}

/// The options and the other words behind a command. A text of several words needs no quotes: it runs to the
/// next option that the command has.
pub(super) fn read_words(leaf: &Leaf, words: &[String]) -> (Vec<(String, String)>, Vec<String>) {
    let depth = leaf.path.split(' ').count();
    let (mut options, mut bare): (Vec<(String, String)>, Vec<String>) = (Vec::new(), Vec::new());
    let known = leaf.options();
    for word in &words[depth..] {
        let text = options
            .last_mut()
            .filter(|(name, _)| sealed::is_free_text(leaf, name));
        match (word.split_once(':'), text) {
            (Some((name, value)), _) if known.contains(&name.to_lowercase().as_str()) => {
                options.push((name.to_lowercase(), value.to_owned()));
            }
            (_, Some((_, text))) => {
                text.push(' ');
                text.push_str(word);
            }
            (Some((name, value)), None) if looks_like_an_option(name) => {
                options.push((name.to_lowercase(), value.to_owned()));
            }
            _ => bare.push(word.clone()),
        }
    }
    (options, bare)
}

/// Reads a command whose options came apart.
pub fn parse_options(command: &str, options: &[(String, String)]) -> Result<Ask, UserError> {
    let words = words(command.trim_start_matches('/'));
    let first = words.first().map_or("", String::as_str);
    let leaf = find_leaf(&words).ok_or_else(|| unknown_command(first, words.get(1).map(String::as_str)))?;
    let is_short = |(name, _): &&(String, String)| !sealed::is_free_text(&leaf, &name.to_lowercase());
    let typed = options.iter().filter(is_short);
    let is_too_long = |(_, text): &(String, String)| text.chars().count() > LONGEST_TEXT;
    if options.iter().any(is_too_long)
        || typed
            .map(|(name, value)| name.len() + value.chars().count())
            .sum::<usize>()
            > LONGEST_LINE
    {
        return Err(UserError::malformed(format!(
            "That is too long for a question: {LONGEST_LINE} characters at most."
        )));
    }
    let options: Vec<(String, String)> = options
        .iter()
        .map(|(name, value)| {
            let name = spelled_value(name).to_lowercase();
            let value = sealed::value_of(&leaf, &name, value);
            (name, value)
        })
        .collect();
    assemble(&leaf, &options, Vec::new())
}

fn looks_like_an_option(name: &str) -> bool {
    name.len() >= 2 && name.chars().all(|c| c.is_ascii_alphabetic() || c == '_')
}

pub(super) fn unknown_command(first: &str, second: Option<&str>) -> UserError {
    let first = first.to_lowercase();
    let subs: Vec<String> = leaves()
        .into_iter()
        .map(|leaf| leaf.path)
        .filter(|path| path.starts_with(&format!("{first} ")))
        .collect();
    if !subs.is_empty() {
        let list = subs
            .iter()
            .map(|path| format!("/{path}"))
            .collect::<Vec<_>>()
            .join(" or ");
        return UserError::malformed(format!("Say which: {list}."));
    }
    let typed = match second {
        Some(second) => format!("{first} {second}"),
        None => first.clone(),
    };
    let near = leaves()
        .into_iter()
        .map(|leaf| leaf.path)
        .map(|path| (nearness(&path, &first).max(nearness(&path, &typed)), path))
        .filter(|(near, _)| *near >= 60)
        .max();
    let shown: String = first.chars().take(30).collect();
    UserError::malformed(match near {
        Some((_, path)) => format!("There is no /{shown}. Did you mean /{path}?"),
        None => format!("There is no /{shown}. /help lists what you may do here."),
    })
}

/// How alike two words are, in percent.
fn nearness(a: &str, b: &str) -> usize {
    let longest = a.chars().count().max(b.chars().count()).max(1);
    100 - strsim::osa_distance(a, b).min(longest) * 100 / longest
}

pub(super) fn assemble(
    leaf: &Leaf,
    options: &[(String, String)],
    mut bare: Vec<String>,
) -> Result<Ask, UserError> {
    let known = leaf.options();
    let mut argv: Vec<String> = leaf.path.split(' ').map(str::to_owned).collect();
    for (name, value) in options {
        if known.contains(&name.as_str()) {
            if argv.iter().any(|arg| arg.starts_with(&format!("--{name}="))) {
                return Err(UserError::malformed(format!(
                    "{name}: is there twice; say it once."
                )));
            }
            argv.push(format!("--{name}={value}"));
        } else if leaf.positional() == Some(name.as_str()) {
            bare.insert(0, value.clone());
        } else {
            let near = known
                .iter()
                .chain(leaf.positional().iter())
                .map(|option| (nearness(option, name), *option))
                .max();
            return Err(UserError::malformed(match near {
                Some((near, option)) if near >= 50 => {
                    format!("/{} has no option {name}:. Did you mean {option}:?", leaf.path)
                }
                _ => format!(
                    "/{} has no option {name}:. Write it like this: {}",
                    leaf.path,
                    leaf.usage()
                ),
            }));
        }
    }
    bare.retain(|word| !word.trim().is_empty());
    if !bare.is_empty() {
        argv.push("--".to_owned());
        argv.extend(bare);
    }
    let matches = leaf
        .parser()
        .try_get_matches_from(&argv)
        .map_err(|error| clap_sentence(leaf, &error))?;
    Root::from_arg_matches(&matches)
        .map(|root| root.ask)
        .map_err(|error| clap_sentence(leaf, &error))
}

fn clap_sentence(leaf: &Leaf, error: &clap::Error) -> UserError {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let option = context(ContextKind::InvalidArg)
        .map(|arg| {
            arg.trim_start_matches('-')
                .split([' ', '='])
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .unwrap_or_default();
    let value: String = context(ContextKind::InvalidValue)
        .unwrap_or_default()
        .chars()
        .take(40)
        .collect();
    UserError::malformed(match error.kind() {
        ErrorKind::MissingRequiredArgument => {
            format!("/{} needs more. Write it like this: {}", leaf.path, leaf.usage())
        }
        ErrorKind::InvalidValue => match context(ContextKind::ValidValue) {
            Some(valid) => format!("{option}: takes one of {valid}, not {value:?}."),
            None => format!("{value:?} is not a value for {option}:."),
        },
        ErrorKind::ValueValidation => format!(
            "{value:?} is not a value for {option}:. Write it like this: {}",
            leaf.usage()
        ),
        _ => format!("I cannot read that. Write it like this: {}", leaf.usage()),
    })
}
