//! The commands as one walks them: help, completion, the README and the platforms read what is here.

use std::sync::OnceLock;

use clap::CommandFactory;

use super::Root;

/// The grammar as clap sees it; help and completion walk it.
pub fn command() -> clap::Command {
    Root::command()
}

/// One command that can be asked: its path and the clap node.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// `balance`, `client find`.
    pub path: String,
    /// The node.
    pub node: clap::Command,
}

/// Every command that can be asked, in the grammar's order.
pub fn leaves() -> Vec<Leaf> {
    known().iter().map(|(leaf, _)| leaf.clone()).collect()
}

/// The leaves, each with a parser that knows it alone: to make and copy the whole tree for every question
/// would take longer than the rest of reading it.
fn known() -> &'static [(Leaf, clap::Command)] {
    static KNOWN: OnceLock<Vec<(Leaf, clap::Command)>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        walked()
            .into_iter()
            .map(|leaf| {
                let parser = alone(&leaf);
                (leaf, parser)
            })
            .collect()
    })
}

/// The grammar without any other command; it reads that one as the whole does.
fn alone(leaf: &Leaf) -> clap::Command {
    let above = |name: &'static str, inner: clap::Command| {
        clap::Command::new(name)
            .disable_help_flag(true)
            .disable_help_subcommand(true)
            .subcommand_required(true)
            .subcommand(inner)
    };
    let inner = match leaf.path.split_once(' ') {
        // Made once for each command there is.
        Some((top, _)) => above(top.to_owned().leak(), leaf.node.clone()),
        None => leaf.node.clone(),
    };
    above("", inner).no_binary_name(true)
}

fn walked() -> Vec<Leaf> {
    let mut out = Vec::new();
    for top in command().get_subcommands() {
        if top.has_subcommands() {
            out.extend(top.get_subcommands().map(|sub| Leaf {
                path: format!("{} {}", top.get_name(), sub.get_name()),
                node: sub.clone(),
            }));
        } else {
            out.push(Leaf {
                path: top.get_name().to_owned(),
                node: top.clone(),
            });
        }
    }
    out
}

impl Leaf {
    /// What reads its words and options.
    pub(super) fn parser(&self) -> clap::Command {
        known()
            .iter()
            .find(|(leaf, _)| leaf.path == self.path)
            .map_or_else(command, |(_, parser)| parser.clone())
    }

    /// `/balance CLIENT [entity:CODE] [as_of:YYYY-MM-DD]`.
    pub fn usage(&self) -> String {
        let mut usage = format!("/{}", self.path);
        for arg in self.node.get_arguments() {
            let value = arg
                .get_value_names()
                .and_then(|names| names.first())
                .map_or("VALUE", |name| name.as_str());
            if arg.is_positional()
                && !arg.is_required_set()
                && matches!(self.path.as_str(), "queue" | "sla status" | "escalate")
            {
                usage.push_str(&format!(" [{value}]"));
            } else if arg.is_positional() {
                usage.push_str(&format!(" {value}"));
            } else {
                let option = format!("{}:{}", arg.get_long().unwrap_or_default(), value.to_lowercase());
                usage.push_str(&if arg.is_required_set() {
                    format!(" {option}")
                } else {
                    format!(" [{option}]")
                });
            }
        }
        usage
    }

    /// One line on it.
    pub fn about(&self) -> String {
        self.node.get_about().map(ToString::to_string).unwrap_or_default()
    }

    /// The names of its options, without the positional one.
    pub fn options(&self) -> Vec<&str> {
        self.node
            .get_arguments()
            .filter_map(|arg| arg.get_long())
            .collect()
    }

    /// The name of the positional argument: `client`, `what`, `number`, `text`.
    pub fn positional(&self) -> Option<&str> {
        self.node
            .get_arguments()
            .find(|arg| arg.is_positional())
            .map(|arg| arg.get_id().as_str())
    }
}

/// The leaf that the words begin with.
pub fn find_leaf(words: &[String]) -> Option<Leaf> {
    let lower: Vec<String> = words.iter().take(2).map(|word| word.to_lowercase()).collect();
    let fits = |leaf: &Leaf| {
        let path: Vec<&str> = leaf.path.split(' ').collect();
        path.len() <= lower.len() && path.iter().zip(&lower).all(|(part, word)| part == word)
    };
    let found = known().iter().find(|(leaf, _)| fits(leaf))?;
    Some(found.0.clone())
}
