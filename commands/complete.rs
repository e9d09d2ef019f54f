//! Completion while somebody types: commands, clients they may see, options, values.
//!
//! Each suggestion is the whole line as it would then stand, so a platform needs no grammar of its own.

use hammerdesk_domain::access::Asker;
use hammerdesk_store::{ClientQuery, Store, StoreError};

use crate::grammar::{self, Leaf};
use crate::request::Suggestion;

/// How many suggestions are offered at once.
const OFFERED: usize = 8;
/// How many clients are looked at before the asker's scope thins them.
const LOOKED_AT: usize = 40;

/// Where the cursor stands.
#[derive(Debug, PartialEq, Eq)]
enum Cursor {
    /// In the command's own name, so far.
    Command(String),
    /// In the client text of a command: path, text so far, and what stands around it.
    Client {
        path: String,
        text: String,
        options: Vec<String>,
    },
    /// In an option: path, everything before it, the part so far.
    Option {
        path: String,
        before: String,
        part: String,
    },
    /// Nothing to complete.
    Nowhere,
}

fn cursor(line: &str) -> Cursor {
    let body = line.strip_prefix('/').unwrap_or(line);
    let words = grammar::words(body);
    let at_new_word = body.is_empty() || body.ends_with(char::is_whitespace);
    let Some(leaf) = grammar::find_leaf(&words) else {
        return Cursor::Command(body.to_lowercase());
    };
    let depth = leaf.path.split(' ').count();
    if words.len() == depth && !at_new_word {
        return Cursor::Command(body.to_lowercase());
    }
    let rest = &words[depth..];
    let (options, bare): (Vec<String>, Vec<String>) = rest
        .iter()
        .cloned()
        .partition(|word| is_option(&leaf, word.split(':').next().unwrap_or_default(), word));
    let last = rest.last().cloned().unwrap_or_default();
    if !at_new_word && is_option(&leaf, last.split(':').next().unwrap_or_default(), &last) {
        let before = line[..line.len() - last.len().min(line.len())].to_owned();
        return Cursor::Option {
            path: leaf.path,
            before,
            part: last,
        };
    }
    if at_new_word && !bare.is_empty() {
        return Cursor::Option {
            path: leaf.path,
            before: line.to_owned(),
            part: String::new(),
        };
    }
    let starts_option = !at_new_word
        && bare.len() > 1
        && leaf
            .options()
            .iter()
            .any(|option| last.len() >= 2 && option.starts_with(&last.to_lowercase()));
    if starts_option {
        let before = line[..line.len() - last.len()].to_owned();
        return Cursor::Option {
            path: leaf.path,
            before,
            part: last,
        };
    }
    let takes_client = matches!(leaf.positional(), Some("client" | "what" | "text"));
    if takes_client && !bare.is_empty() {
        return Cursor::Client {
            path: leaf.path,
            text: bare.join(" "),
            options,
        };
    }
    Cursor::Nowhere
}

fn is_option(leaf: &Leaf, name: &str, word: &str) -> bool {
    word.contains(':') && leaf.options().contains(&name.to_lowercase().as_str())
}

/// Would completing this line look for clients?
pub(crate) fn looks_up_clients(line: &str) -> bool {
    matches!(cursor(line), Cursor::Client { .. })
}

/// What may come next.
pub(crate) async fn suggestions(
    store: &Store,
    asker: &Asker,
    line: &str,
) -> Result<Vec<Suggestion>, StoreError> {
    if line.chars().count() > grammar::LONGEST_LINE {
        return Ok(Vec::new());
    }
    let allowed = |path: &str| grammar::permission_of(path).is_none_or(|needs| asker.may(needs));
    Ok(match cursor(line) {
        Cursor::Command(typed) => grammar::leaves()
            .into_iter()
            .filter(|leaf| leaf.path.starts_with(typed.trim_start()) && allowed(&leaf.path))
            .map(|leaf| Suggestion {
                line: format!("/{} ", leaf.path),
                label: format!("/{}", leaf.path),
                detail: leaf.about(),
            })
            .collect(),
        Cursor::Client { path, text, options } if allowed(&path) => {
            let mut view = store.read().await?;
            let found = view
                .search_clients(&ClientQuery {
                    text,
                    limit: LOOKED_AT,
                })
                .await?;
            let tail: String = options.iter().map(|option| format!("{option} ")).collect();
            found
                .into_iter()
                .filter(|found| asker.may_see(&found.client))
                .take(OFFERED)
                .map(|found| {
                    let number = found.client.no.short();
                    let place = found
                        .client
                        .location
                        .as_ref()
                        .map_or("", |location| location.as_str());
                    Suggestion {
                        line: format!("/{path} {number} {tail}"),
                        label: hammerdesk_domain::text::clean(&found.client.name, 60),
                        detail: if place.is_empty() {
                            number.to_owned()
                        } else {
                            format!("{number} · {place}")
                        },
                    }
                })
                .collect()
        }
        Cursor::Option { path, before, part } if allowed(&path) => options(&path, &before, &part),
        _ => Vec::new(),
    })
}

fn options(path: &str, before: &str, part: &str) -> Vec<Suggestion> {
    let words: Vec<String> = path.split(' ').map(str::to_owned).collect();
    let Some(leaf) = grammar::find_leaf(&words) else {
        return Vec::new();
    };
    if let Some((name, value)) = part.split_once(':') {
        let Some(arg) = leaf.node.get_arguments().find(|arg| arg.get_long() == Some(name)) else {
            return Vec::new();
        };
        return arg
            .get_possible_values()
            .iter()
            .filter(|known| known.get_name().starts_with(value))
            .map(|known| Suggestion {
                line: format!("{before}{name}:{} ", known.get_name()),
                label: format!("{name}:{}", known.get_name()),
                detail: String::new(),
            })
            .collect();
    }
    leaf.node
        .get_arguments()
        .filter_map(|arg| arg.get_long().map(|name| (name, arg)))
        .filter(|(name, _)| name.starts_with(&part.to_lowercase()) && !before.contains(&format!(" {name}:")))
        .map(|(name, arg)| Suggestion {
            line: format!("{before}{name}:"),
            label: format!("{name}:"),
            detail: arg.get_help().map(ToString::to_string).unwrap_or_default(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_in_a_command_then_its_client_then_its_options() {
        assert_eq!(cursor("/"), Cursor::Command(String::new()));
        assert_eq!(cursor("/bal"), Cursor::Command("bal".to_owned()));
        assert_eq!(cursor("/balance"), Cursor::Command("balance".to_owned()));
        assert_eq!(cursor("/client f"), Cursor::Command("client f".to_owned()));
        let client = |line: &str, text: &str| {
            let Cursor::Client { text: found, .. } = cursor(line) else {
                panic!("{line}: {:?}", cursor(line))
            };
            assert_eq!(found, text);
        };
        client("/balance mei", "mei");
        client("/balance mei li", "mei li");
        client("/balance as_of:2026-01-01 mei", "mei");
        assert_eq!(cursor("/invoice 12"), Cursor::Nowhere);
        let option = |line: &str, part: &str| {
            let Cursor::Option { part: found, .. } = cursor(line) else {
                panic!("{line}: {:?}", cursor(line))
            };
            assert_eq!(found, part);
        };
        option("/balance 14 ", "");
        option("/balance 14 as_", "as_");
        option("/balance 14 for:co", "for:co");
    }

    #[test]
    fn options_complete_with_what_they_do_and_never_twice() {
        let labels: Vec<String> = options("balance", "/balance 14 as_of:2026-01-01 ", "")
            .into_iter()
            .map(|s| s.label)
            .collect();
        assert_eq!(labels, ["entity:", "invoice:", "lot:", "for:", "share:"]);
        assert_eq!(
            options("balance", "/balance 14 ", "for:con")[0].line,
            "/balance 14 for:consignor "
        );
    }
}
