//! Completion while somebody types: commands, clients they may see, options, values.
//!
//! Each suggestion is the whole line as it would then stand, so a platform needs no grammar of its own.

use hammerdesk_domain::access::Asker;
use hammerdesk_store::{ClientQuery, Effort, Store, StoreError};

use crate::escalate;
use crate::grammar::{self, Leaf};
use crate::request::Suggestion;
use crate::ticket;

/// How many suggestions are offered at once.
const OFFERED: usize = 8;

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
    /// In the word behind a command that names a ticket or an agent: path, which, the text so far.
    Word {
        path: String,
        name: String,
        text: String,
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
    let body = line.trim_start();
    let body = body.strip_prefix('/').unwrap_or(body);
    let skipped = line.len() - body.len();
    let (spelled, inside) = grammar::spelled(body);
    let words: Vec<String> = spelled.iter().map(|(_, word)| word.clone()).collect();
    let Some(leaf) = grammar::find_leaf(&words) else {
        return Cursor::Command(body.to_lowercase());
    };
    let depth = leaf.path.split(' ').count();
    if words.len() == depth && inside {
        return Cursor::Command(body.to_lowercase());
    }
    let (options, bare): (Vec<String>, Vec<String>) = words[depth..]
        .iter()
        .cloned()
        .partition(|word| is_option(&leaf, word));
    let bare: Vec<&str> = bare
        .iter()
        .map(|word| unnamed(&leaf, word))
        .filter(|word| !word.trim().is_empty())
        .collect();
    let option = |before: &str, part: &str| Cursor::Option {
        path: leaf.path.clone(),
        before: before.to_owned(),
        part: part.to_owned(),
    };
    if inside && let Some((at, last)) = spelled.last() {
        let before = &line[..skipped + at];
        let names = leaf.options();
        let begins_option = bare.len() > 1
            && last.chars().count() >= 2
            && names.iter().any(|name| name.starts_with(&last.to_lowercase()));
        if is_option(&leaf, last) || begins_option {
            return option(before, last);
        }
    } else if !bare.is_empty() {
        return option(line, "");
    }
    let takes_client = matches!(leaf.positional(), Some("client" | "what" | "text"));
    if takes_client && !bare.is_empty() {
        return Cursor::Client {
            text: bare.join(" "),
            path: leaf.path,
            options,
        };
    }
    if let Some(name @ ("ticket" | "who" | "escalation")) = leaf.positional()
        && !bare.is_empty()
    {
        return Cursor::Word {
            name: name.to_owned(),
            text: bare.join(" "),
            path: leaf.path.clone(),
        };
    }
    Cursor::Nowhere
}

fn is_option(leaf: &Leaf, word: &str) -> bool {
    word.split_once(':')
        .is_some_and(|(name, _)| leaf.options().contains(&name.to_lowercase().as_str()))
}

/// The text of a word that may name what it is: `client:mei` is `mei`.
fn unnamed<'a>(leaf: &Leaf, word: &'a str) -> &'a str {
    match word.split_once(':') {
        Some((name, text)) if leaf.positional() == Some(name.to_lowercase().as_str()) => text,
        _ => word,
    }
}

/// An option as it must be typed to be read as the same one.
fn typed_again(option: &str) -> String {
    match option.split_once(':') {
        Some((name, value)) if value.contains(char::is_whitespace) => format!("{name}:\"{value}\" "),
        _ => format!("{option} "),
    }
}

/// The line on which that option would be typed.
pub(crate) fn line_for(command: &str, option: &str, text: &str) -> Option<String> {
    let leaf = grammar::find_leaf(&grammar::words(command))?;
    let text: String = text.chars().filter(|c| !matches!(c, '"' | '“' | '”')).collect();
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if leaf.positional() == Some(option) {
        return Some(format!("/{} {text}", leaf.path));
    }
    let known = leaf.options().contains(&option);
    known.then(|| format!("/{} x {option}:{text}", leaf.path))
}

/// The value of that option on a completed line.
pub(crate) fn value_of(line: &str, option: &str) -> Option<String> {
    let words = grammar::words(line.trim_start_matches('/'));
    let leaf = grammar::find_leaf(&words)?;
    let depth = leaf.path.split(' ').count();
    if leaf.positional() == Some(option) {
        let bare: Vec<&str> = words[depth..]
            .iter()
            .filter(|word| !is_option(&leaf, word))
            .map(|word| unnamed(&leaf, word))
            .collect();
        return Some(bare.join(" ")).filter(|value| !value.is_empty());
    }
    let prefix = format!("{option}:");
    let value = words[depth..]
        .iter()
        .find_map(|word| word.strip_prefix(&prefix))?;
    Some(value.to_owned()).filter(|value| !value.is_empty())
}

/// Would completing this line look for clients?
pub(crate) fn looks_up_clients(line: &str) -> bool {
    match cursor(line) {
        Cursor::Client { .. } | Cursor::Word { .. } => true,
        Cursor::Option { part, .. } => part.to_lowercase().starts_with("client:"),
        Cursor::Command(_) | Cursor::Nowhere => false,
    }
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
                .search_clients_for(
                    &ClientQuery {
                        text,
                        limit: OFFERED,
                        effort: Effort::Typing,
                    },
                    |client| asker.may_see(client),
                )
                .await?;
            let tail: String = options.iter().map(|option| typed_again(option)).collect();
            found
                .into_iter()
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
        Cursor::Word { path, name, text } if allowed(&path) => {
            let mut view = store.read().await?;
            if name == "escalation" {
                let found = escalate::complete::escalations(&mut view, asker, &text, OFFERED).await?;
                let suggest = |(name, about): (String, String)| Suggestion {
                    line: format!("/{path} {name} "),
                    label: name,
                    detail: about,
                };
                found.into_iter().map(suggest).collect()
            } else if name == "ticket" {
                let found = ticket::complete::tickets(&mut view, asker, &text, OFFERED).await?;
                let suggest = |(id, subject): (_, String)| Suggestion {
                    line: format!("/{path} {id} "),
                    label: format!("#{id}"),
                    detail: subject,
                };
                found.into_iter().map(suggest).collect()
            } else {
                let found = ticket::complete::agents(&mut view, &text, OFFERED).await?;
                let suggest = |name: String| Suggestion {
                    line: format!("/{path} {name} "),
                    label: name,
                    detail: String::new(),
                };
                found.into_iter().map(suggest).collect()
            }
        }
        Cursor::Option { path, before, part } if allowed(&path) => {
            match values(store, asker, &path, &part).await? {
                Some(found) => found
                    .into_iter()
                    .map(|(option, label, detail)| Suggestion {
                        line: format!("{before}{}", typed_again(&option)),
                        label,
                        detail,
                    })
                    .collect(),
                None => options(&path, &before, &part),
            }
        }
        _ => Vec::new(),
    })
}

/// Values of an option that are looked up: the option with its value, its label, what stands beside it. `None`
/// for options whose values the grammar knows.
async fn values(
    store: &Store,
    asker: &Asker,
    path: &str,
    part: &str,
) -> Result<Option<Vec<(String, String, String)>>, StoreError> {
    let Some((name, text)) = part.split_once(':') else {
        return Ok(None);
    };
    let name = name.to_lowercase();
    let plain = |values: Vec<String>| {
        let named = |value: String| (format!("to:{value}"), value, String::new());
        Some(values.into_iter().map(named).collect())
    };
    Ok(match (path, name.as_str()) {
        ("ticket assign", "to") => {
            plain(ticket::complete::agents(&mut store.read().await?, text, OFFERED).await?)
        }
        ("ticket status", "to") => {
            plain(ticket::complete::statuses(&mut store.read().await?, text, OFFERED).await?)
        }
        (_, "client") if !text.trim().is_empty() => {
            let query = ClientQuery {
                text: text.to_owned(),
                limit: OFFERED,
                effort: Effort::Typing,
            };
            let mut view = store.read().await?;
            let found = view
                .search_clients_for(&query, |client| asker.may_see(client))
                .await?;
            let named = |found: hammerdesk_store::Found| {
                let name = hammerdesk_domain::text::clean(&found.client.name, 60);
                let number = found.client.no.short().to_owned();
                (format!("client:{number}"), name, number)
            };
            Some(found.into_iter().map(named).collect())
        }
        _ => None,
    })
}

fn options(path: &str, before: &str, part: &str) -> Vec<Suggestion> {
    let words: Vec<String> = path.split(' ').map(str::to_owned).collect();
    let Some(leaf) = grammar::find_leaf(&words) else {
        return Vec::new();
    };
    let part = part.to_lowercase();
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
        .filter(|(name, _)| name.starts_with(&part) && !before.to_lowercase().contains(&format!(" {name}:")))
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
        client("/balance client:mei", "mei");
        client("  /Balance CLIENT:“mei li", "mei li");
        client("/balance \"mei ", "mei ");
        assert_eq!(cursor("/balance client:"), Cursor::Nowhere);
    }

    #[test]
    fn what_stands_before_an_option_is_kept_as_it_was_typed() {
        for (line, kept) in [
            ("/balance “Zoë Ö” for:co", "/balance “Zoë Ö” "),
            ("/balance 漢字 for:“““x", "/balance 漢字 "),
            (" /balance é FOR:\"\"co", " /balance é "),
        ] {
            let Cursor::Option { before, .. } = cursor(line) else {
                panic!("{line}: {:?}", cursor(line))
            };
            assert_eq!(before, kept);
        }
        assert_eq!(
            options("balance", "/balance 14 ", "FOR:Con")[0].label,
            "for:consignor"
        );
        assert_eq!(typed_again("lot:24001/4 5"), "lot:\"24001/4 5\" ");
    }

    proptest::proptest! {
        #[test]
        fn no_line_is_too_strange_for_the_cursor(
            line in "( ?/?(balance|Release|invoice|client find|feed status) )?([\"“”:\u{0}\u{202e}\t /]|as_of:|client:|for:|éa|漢|\\PC|[\\s\\S]){0,30}",
        ) {
            if let Cursor::Option { before, .. } = cursor(&line) {
                proptest::prop_assert!(line.starts_with(&before));
            }
            if let Cursor::Client { text, .. } = cursor(&line) {
                proptest::prop_assert!(!text.chars().any(hammerdesk_domain::text::is_deceptive));
            }
        }
    }

    #[test]
    fn an_option_that_came_apart_is_completed_on_a_line_and_read_back() {
        assert_eq!(
            line_for("balance", "client", "mei \"li").as_deref(),
            Some("/balance mei li")
        );
        assert_eq!(
            line_for("client find", "text", "mei").as_deref(),
            Some("/client find mei")
        );
        assert_eq!(
            line_for("release", "client", "mei").as_deref(),
            Some("/release x client:mei")
        );
        assert_eq!(line_for("balance", "nothing", "mei"), None);
        assert_eq!(line_for("balance", "client", "  "), None);
        assert_eq!(
            value_of("/balance 140105686 as_of:2026-01-01 ", "client").as_deref(),
            Some("140105686")
        );
        assert_eq!(
            value_of("/release x client:140105686 ", "client").as_deref(),
            Some("140105686")
        );
        assert_eq!(value_of("/release x client:140105686 ", "sale"), None);
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
