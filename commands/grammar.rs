//! The one grammar: what people may type, on every platform.
//!
//! clap derives it from the types below; completion, help, the README's table and the platforms' command
//! definitions are walked from the same value, so they cannot disagree. A line is `/command words
//! option:value`; words may be quoted.

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use hammerdesk_domain::access::Permission;
use hammerdesk_domain::text::is_deceptive;

use crate::errors::UserError;

mod sealed;
mod ticket;

pub use sealed::{LONGEST_TEXT, line_of, parse_run, typed_part};
pub use ticket::{
    QueueArgs, TicketAsk, TicketAssignArgs, TicketCreateArgs, TicketNoteArgs, TicketReplyArgs,
    TicketStatusArgs,
};

/// The longest line that is read at all, in characters.
pub const LONGEST_LINE: usize = 400;

#[derive(Debug, Parser)]
#[command(
    name = "",
    no_binary_name = true,
    disable_help_flag = true,
    disable_help_subcommand = true
)]
struct Root {
    #[command(subcommand)]
    ask: Ask,
}

/// Every question there is.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Ask {
    /// What a client owes per entity and currency, with ageing and what is on its way
    Balance(BalanceArgs),
    /// One invoice: lines per lot, paid, open, why it is due when it is
    Invoice(InvoiceArgs),
    /// May it go? Every reason why not, who clears it, and what to tell the client
    Release(ReleaseArgs),
    /// Where a bidding deposit stands, whether it can be refunded, and by when
    Deposit(DepositArgs),
    /// Find a client, or see everything about one
    Client {
        /// Which of the two.
        #[command(subcommand)]
        ask: ClientAsk,
    },
    /// The sources of the figures
    Feed {
        /// What of them.
        #[command(subcommand)]
        ask: FeedAsk,
    },
    /// The helpdesk's tickets
    Ticket {
        /// What of them.
        #[command(subcommand)]
        ask: TicketAsk,
    },
    /// Your open tickets, the most urgent first
    Queue(QueueArgs),
    /// What you may do here
    Help,
}

/// `/balance`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct BalanceArgs {
    /// Number, e-mail, phone, paddle, name or part of one
    #[arg(required = true, num_args = 1.., value_name = "CLIENT")]
    pub client: Vec<String>,
    /// Only this entity
    #[arg(long, value_name = "CODE")]
    pub entity: Option<String>,
    /// As it was on this day
    #[arg(long = "as_of", value_name = "YYYY-MM-DD")]
    pub as_of: Option<String>,
    /// Only this invoice's part
    #[arg(long, value_name = "NUMBER")]
    pub invoice: Option<String>,
    /// Only this lot's part
    #[arg(long, value_name = "SALE/LOT")]
    pub lot: Option<String>,
    /// Whom the answer is for
    #[arg(long = "for", value_name = "WHOM", value_parser = ["client", "consignor"])]
    pub audience: Option<String>,
    /// Post the answer here for all to read
    #[arg(long, value_name = "TRUE", num_args = 0..=1, default_missing_value = "true", value_parser = ["true", "false", "yes", "no"])]
    pub share: Option<String>,
}

impl BalanceArgs {
    /// The options as they would be typed again behind another client.
    pub(crate) fn tail(&self) -> String {
        let options = [
            ("entity", &self.entity),
            ("as_of", &self.as_of),
            ("invoice", &self.invoice),
            ("lot", &self.lot),
            ("for", &self.audience),
        ];
        options
            .into_iter()
            .filter_map(|(name, value)| value.as_ref().map(|value| format!(" {name}:\"{value}\"")))
            .collect()
    }
}

/// `/invoice`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct InvoiceArgs {
    /// Invoice number
    #[arg(required = true, value_name = "NUMBER")]
    pub number: String,
    /// The entity that issued it
    #[arg(long, value_name = "CODE")]
    pub entity: Option<String>,
    /// Its fiscal year
    #[arg(long, value_name = "YYYY")]
    pub year: Option<i64>,
    /// Post the answer here for all to read
    #[arg(long, value_name = "TRUE", num_args = 0..=1, default_missing_value = "true", value_parser = ["true", "false", "yes", "no"])]
    pub share: Option<String>,
}

/// `/release`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct ReleaseArgs {
    /// Invoice number, sale/lot, or a client
    #[arg(required_unless_present_any = ["client", "invoice"], num_args = 1.., value_name = "WHAT")]
    pub what: Vec<String>,
    /// The client whose lots they are, where WHAT could be several things
    #[arg(long, value_name = "CLIENT")]
    pub client: Option<String>,
    /// Exactly this invoice, where a client has the same number
    #[arg(long, value_name = "NUMBER")]
    pub invoice: Option<String>,
    /// Only lots of this sale
    #[arg(long, value_name = "SALE")]
    pub sale: Option<String>,
    /// Post the answer here for all to read
    #[arg(long, value_name = "TRUE", num_args = 0..=1, default_missing_value = "true", value_parser = ["true", "false", "yes", "no"])]
    pub share: Option<String>,
}

/// `/deposit`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct DepositArgs {
    /// Number, e-mail, phone, paddle, name or part of one
    #[arg(required = true, num_args = 1.., value_name = "CLIENT")]
    pub client: Vec<String>,
    /// Only deposits for this sale
    #[arg(long, value_name = "SALE")]
    pub sale: Option<String>,
    /// Post the answer here for all to read
    #[arg(long, value_name = "TRUE", num_args = 0..=1, default_missing_value = "true", value_parser = ["true", "false", "yes", "no"])]
    pub share: Option<String>,
}

/// `/client ..`.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum ClientAsk {
    /// Find clients by number, e-mail, phone, paddle, name or part of one
    Find {
        /// What to look for
        #[arg(required = true, num_args = 1.., value_name = "TEXT")]
        text: Vec<String>,
    },
    /// Everything about one client that you may see
    Show {
        /// Number, e-mail, phone, paddle, name or part of one
        #[arg(required = true, num_args = 1.., value_name = "CLIENT")]
        client: Vec<String>,
    },
}

/// `/feed ..`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum FeedAsk {
    /// Each source: last complete batch, control totals, quarantine
    Status,
}

impl Ask {
    /// The permission that the question needs; `None` is everybody's.
    pub const fn needs(&self) -> Option<Permission> {
        match self {
            Self::Balance(_) | Self::Invoice(_) => Some(Permission::Balance),
            Self::Release(_) => Some(Permission::Release),
            Self::Deposit(_) => Some(Permission::Deposit),
            Self::Client { .. } => Some(Permission::Client),
            Self::Feed { .. } => Some(Permission::Feeds),
            Self::Ticket { ask } => Some(ask.needs()),
            Self::Queue(_) => Some(Permission::Tickets),
            Self::Help => None,
        }
    }

    /// Does it change something? Everything else has no means to.
    pub const fn is_a_change(&self) -> bool {
        match self {
            Self::Ticket { ask } => ask.is_a_change(),
            _ => false,
        }
    }

    /// Is the answer for its asker alone, wherever it is asked? Who reads a channel may not see every ticket.
    pub const fn is_private(&self) -> bool {
        matches!(self, Self::Ticket { .. } | Self::Queue(_))
    }

    /// Does it tell something about an account, so that it counts against a person's pace?
    pub const fn is_about_an_account(&self) -> bool {
        !matches!(self, Self::Help | Self::Feed { .. })
    }

    /// Does it have a `share:` option?
    pub const fn can_be_shared(&self) -> bool {
        matches!(
            self,
            Self::Balance(_) | Self::Invoice(_) | Self::Release(_) | Self::Deposit(_)
        )
    }

    /// Was it asked to be read by all?
    pub fn wants_to_share(&self) -> bool {
        let share = match self {
            Self::Balance(args) => &args.share,
            Self::Invoice(args) => &args.share,
            Self::Release(args) => &args.share,
            Self::Deposit(args) => &args.share,
            Self::Client { .. } | Self::Feed { .. } | Self::Ticket { .. } | Self::Queue(_) | Self::Help => {
                &None
            }
        };
        matches!(share.as_deref(), Some("yes" | "true"))
    }
}

/// The permission behind a command's path (`balance`, `client find`).
pub fn permission_of(path: &str) -> Option<Permission> {
    let mut words = path.split(' ');
    match words.next() {
        Some("balance" | "invoice") => Some(Permission::Balance),
        Some("release") => Some(Permission::Release),
        Some("deposit") => Some(Permission::Deposit),
        Some("client") => Some(Permission::Client),
        Some("feed") => Some(Permission::Feeds),
        Some("ticket") => Some(ticket::permission_of(words.next())),
        Some("queue") => Some(Permission::Tickets),
        _ => None,
    }
}

/// Can what is typed into that option be completed from the data?
pub fn is_completed(option: &str) -> bool {
    matches!(option, "client" | "what" | "text" | "ticket" | "to" | "who")
}

/// What a line of help says in other languages, by locale; platforms that know their readers' language show
/// it there. Only the help is translated: names, options and answers are one language everywhere.
pub fn translations(about: &str) -> &'static [(&'static str, &'static str)] {
    TRANSLATED
        .iter()
        .find(|(english, _)| *english == about)
        .map_or(&[], |(_, texts)| texts)
}

type Texts = &'static [(&'static str, &'static str)];

const TRANSLATED: &[(&str, Texts)] = &[
    (
        "What a client owes per entity and currency, with ageing and what is on its way",
        &[("zh-TW", "客戶按法人實體及貨幣的結欠、帳齡及在途款項")],
    ),
    (
        "One invoice: lines per lot, paid, open, why it is due when it is",
        &[("zh-TW", "單張發票:各拍品明細、已付、未付及到期依據")],
    ),
    (
        "May it go? Every reason why not, who clears it, and what to tell the client",
        &[("zh-TW", "可否放行?列出每項原因、由誰處理,以及可向客戶說明的內容")],
    ),
    (
        "Where a bidding deposit stands, whether it can be refunded, and by when",
        &[("zh-TW", "競投保證金的狀態、可否退還及期限")],
    ),
    (
        "Find a client, or see everything about one",
        &[("zh-TW", "尋找客戶,或查看某客戶的全部資料")],
    ),
    ("The sources of the figures", &[("zh-TW", "數字的資料來源")]),
    ("The helpdesk's tickets", &[("zh-TW", "客服工單")]),
    (
        "Your open tickets, the most urgent first",
        &[("zh-TW", "您的未結工單,最緊急者在前")],
    ),
    (
        "One ticket: how it stands, whose it is, what was said last",
        &[("zh-TW", "單一工單:狀態、負責人及最近的往來")],
    ),
    (
        "Find tickets by number, subject, sender or client",
        &[("zh-TW", "按編號、主旨、寄件人或客戶尋找工單")],
    ),
    (
        "Make a ticket for a client; nothing is mailed",
        &[("zh-TW", "為客戶建立工單;不會寄出郵件")],
    ),
    (
        "Answer the client by mail; you see exactly what will go before it goes",
        &[("zh-TW", "以郵件回覆客戶;寄出前可預覽完整內容")],
    ),
    (
        "Leave a private note that only agents see",
        &[("zh-TW", "新增只有客服人員可見的內部備註")],
    ),
    ("Give a ticket to an agent", &[("zh-TW", "將工單指派給客服人員")]),
    (
        "Open, set pending, resolve or close a ticket",
        &[("zh-TW", "將工單設為開啟、待處理、已解決或已關閉")],
    ),
    ("What you may do here", &[("zh-TW", "您可以在這裡使用的功能")]),
    (
        "Post the answer here for all to read",
        &[("zh-TW", "將答覆公開張貼於此")],
    ),
    (
        "Number, e-mail, phone, paddle, name or part of one",
        &[("zh-TW", "編號、電郵、電話、號牌、姓名或其一部分")],
    ),
];

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
    /// `/balance CLIENT [entity:CODE] [as_of:YYYY-MM-DD]`.
    pub fn usage(&self) -> String {
        let mut usage = format!("/{}", self.path);
        for arg in self.node.get_arguments() {
            let value = arg
                .get_value_names()
                .and_then(|names| names.first())
                .map_or("VALUE", |name| name.as_str());
            if arg.is_positional() && !arg.is_required_set() && self.path == "queue" {
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
fn spelled_value(value: &str) -> String {
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
fn read_words(leaf: &Leaf, words: &[String]) -> (Vec<(String, String)>, Vec<String>) {
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

/// The leaf that the words begin with.
pub fn find_leaf(words: &[String]) -> Option<Leaf> {
    let lower: Vec<String> = words.iter().take(2).map(|word| word.to_lowercase()).collect();
    leaves().into_iter().find(|leaf| {
        let path: Vec<&str> = leaf.path.split(' ').collect();
        path.len() <= lower.len() && path.iter().zip(&lower).all(|(part, word)| part == word)
    })
}

fn unknown_command(first: &str, second: Option<&str>) -> UserError {
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

fn assemble(leaf: &Leaf, options: &[(String, String)], mut bare: Vec<String>) -> Result<Ask, UserError> {
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
    let matches = command()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn error(line: &str) -> String {
        parse_line(line).expect_err("should not parse").to_string()
    }

    #[test]
    fn a_client_may_be_several_words_with_options_anywhere() {
        let Ok(Ask::Balance(args)) = parse_line("/balance Mei as_of:2026-03-31 Ling entity:1000") else {
            panic!("not a balance")
        };
        assert_eq!(args.client, ["Mei", "Ling"]);
        assert_eq!(args.as_of.as_deref(), Some("2026-03-31"));
        assert_eq!(args.entity.as_deref(), Some("1000"));
        let Ok(Ask::Balance(quoted)) = parse_line("balance client:\"Mei Ling\" share:true") else {
            panic!("not a balance")
        };
        assert_eq!(quoted.client, ["Mei Ling"]);
        assert_eq!(quoted.share.as_deref(), Some("true"));
    }

    #[test]
    fn a_word_that_looks_like_a_flag_is_only_a_word() {
        let Ok(Ask::Balance(args)) = parse_line("/balance --help") else {
            panic!("not a balance")
        };
        assert_eq!(args.client, ["--help"]);
    }

    #[test]
    fn the_choices_that_a_release_offers_can_be_asked() {
        for line in [
            "/release client:0140105686",
            "/release invoice:\"77\" client:0140105686",
        ] {
            let Ok(Ask::Release(args)) = parse_line(line) else {
                panic!("not a release: {line}")
            };
            assert!(args.what.is_empty());
            assert_eq!(args.client.as_deref(), Some("0140105686"));
        }
        assert_eq!(
            error("/release sale:L1804"),
            "/release needs more. Write it like this: /release WHAT [client:client] [invoice:number] [sale:sale] [share:true]"
        );
    }

    #[test]
    fn mistakes_are_answered_with_what_to_do() {
        assert_eq!(
            error("/balanse 1"),
            "There is no /balanse. Did you mean /balance?"
        );
        assert_eq!(error("/client"), "Say which: /client find or /client show.");
        assert_eq!(
            error("/balance 1 asof:2026-01-01"),
            "/balance has no option asof:. Did you mean as_of:?"
        );
        assert_eq!(
            error("/balance 1 share:maybe"),
            "share: takes one of true, false, yes, no, not \"maybe\"."
        );
        assert_eq!(
            error("/deposit"),
            "/deposit needs more. Write it like this: /deposit CLIENT [sale:sale] [share:true]"
        );
        assert_eq!(
            error("/invoice 1 year:last"),
            "\"last\" is not a value for year:. Write it like this: /invoice NUMBER [entity:code] [year:yyyy] [share:true]"
        );
        assert_eq!(
            error("   "),
            "Type a command, such as /balance followed by a client. /help lists them."
        );
        assert!(error(&"x".repeat(500)).starts_with("That is too long"));
    }

    #[test]
    fn an_option_is_known_in_any_case_and_quotes_of_any_kind_keep_blanks() {
        let Ok(Ask::Balance(args)) = parse_line("/Balance “Mei Ling” AS_OF:2026-03-31 Lot:\"24001/4 5\"")
        else {
            panic!("not a balance")
        };
        assert_eq!(args.client, ["Mei Ling"]);
        assert_eq!(
            (args.as_of.as_deref(), args.lot.as_deref()),
            (Some("2026-03-31"), Some("24001/4 5"))
        );
        let apart = parse_options(
            "BALANCE",
            &[("Client".to_owned(), "Mei\u{202e}\nLing".to_owned())],
        );
        let Ok(Ask::Balance(args)) = apart else {
            panic!("not a balance")
        };
        assert_eq!(args.client, ["Mei Ling"]);
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_is_typed_panics_or_brings_a_control_character_in(
            line in "(/?(balance|BALANCE|invoice|release|deposit|client find|client show|feed status|ticket reply 4 text:|ticket note|queue|help) )?\\PC{0,40}([\"“”:\u{0}\u{7}\u{1b}\u{202e}\t\n =-]|as_of:|client:|--|é|漢|\\PC){0,20}",
            value in "[\\s\\S]{0,60}",
        ) {
            for read in [
                parse_line(&line),
                parse_line(&value),
                parse_line(&format!("/balance {value}")),
                parse_options(&line, &[("client".to_owned(), value.clone())]),
                parse_options("ticket note", &[("ticket".to_owned(), "4".to_owned()), ("text".to_owned(), value.clone())]),
                parse_options("balance", &[(line.clone(), value.clone()), ("client".to_owned(), value)]),
            ] {
                let held = match read {
                    Ok(ask) => strings(&ask),
                    Err(error) => vec![error.sentence],
                };
                proptest::prop_assert!(
                    held.iter().all(|text| !text.chars().any(is_deceptive)),
                    "{held:?}"
                );
            }
        }
    }

    /// Every text of a question.
    fn strings(ask: &Ask) -> Vec<String> {
        let (words, options): (&[String], Vec<&Option<String>>) = match ask {
            Ask::Balance(args) => (
                &args.client,
                vec![
                    &args.entity,
                    &args.as_of,
                    &args.invoice,
                    &args.lot,
                    &args.audience,
                    &args.share,
                ],
            ),
            Ask::Invoice(args) => (
                std::slice::from_ref(&args.number),
                vec![&args.entity, &args.share],
            ),
            Ask::Release(args) => (&args.what, vec![&args.client, &args.sale, &args.share]),
            Ask::Deposit(args) => (&args.client, vec![&args.sale, &args.share]),
            Ask::Client {
                ask: ClientAsk::Find { text: words } | ClientAsk::Show { client: words },
            } => (words, Vec::new()),
            Ask::Feed { .. } | Ask::Help => (&[], Vec::new()),
            Ask::Queue(args) => (&args.who, Vec::new()),
            Ask::Ticket { ask } => return texts(ask),
        };
        words
            .iter()
            .cloned()
            .chain(options.into_iter().flatten().cloned())
            .collect()
    }

    /// Lines may stay in a text, and nothing else that is no letter.
    fn texts(ask: &TicketAsk) -> Vec<String> {
        let all = match ask.clone() {
            TicketAsk::Show { ticket } => vec![ticket],
            TicketAsk::Search { words } => words,
            TicketAsk::Create(args) => [Some(args.subject), Some(args.text), args.client, args.email]
                .into_iter()
                .flatten()
                .collect(),
            TicketAsk::Reply(args) => vec![args.ticket, args.text, args.confirm.unwrap_or_default()],
            TicketAsk::Note(args) => vec![args.ticket, args.text],
            TicketAsk::Assign(args) => vec![args.ticket, args.to],
            TicketAsk::Status(args) => vec![args.ticket, args.to],
        };
        all.into_iter().map(|text| text.replace('\n', " ")).collect()
    }

    #[test]
    fn options_that_come_apart_mean_the_same() {
        let options = vec![
            ("client".to_owned(), "Mei Ling".to_owned()),
            ("as_of".to_owned(), "2026-03-31".to_owned()),
        ];
        let Ok(Ask::Balance(args)) = parse_options("balance", &options) else {
            panic!("not a balance")
        };
        assert_eq!(
            (args.client, args.as_of),
            (vec!["Mei Ling".to_owned()], Some("2026-03-31".to_owned()))
        );
    }

    #[test]
    fn the_grammar_is_sound_for_clap() {
        command().debug_assert();
        for leaf in leaves() {
            assert!(
                !leaf.about().is_empty(),
                "{} says nothing about itself",
                leaf.path
            );
        }
    }
}
