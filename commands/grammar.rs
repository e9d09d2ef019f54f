//! The one grammar: what people may type, on every platform.
//!
//! clap derives it from the types below; completion, help, the README's table and the platforms' command
//! definitions are walked from the same value, so they cannot disagree. A line is `/command words
//! option:value`; words may be quoted.

use clap::{Parser, Subcommand};
use hammerdesk_domain::access::Permission;

mod accounts;
mod escalate;
mod leaf;
mod named;
mod oncall;
mod read;
mod sealed;
mod sla;
mod ticket;
mod translated;

pub use accounts::{BalanceArgs, ClientAsk, DepositArgs, FeedAsk, InvoiceArgs, ReleaseArgs};
pub use escalate::{EscalateArgs, EscalationAsk};
pub use leaf::{Leaf, command, find_leaf, leaves};
pub use named::translated_name;
pub use oncall::{
    OncallAsk, OncallCalendarArgs, OncallCoverArgs, OncallHandoverArgs, OncallShowArgs, OncallSwapArgs,
    OncallUndoArgs,
};
pub(crate) use read::spelled;
pub use read::{parse_line, parse_options, words};
pub use sealed::{LONGEST_TEXT, line_of, parse_run, typed_part};
pub use sla::{
    CallbackArgs, SlaAcknowledgeArgs, SlaAsk, SlaCalledArgs, SlaExplainArgs, SlaReportArgs, SlaSnoozeArgs,
};
pub use ticket::{
    QueueArgs, TicketAsk, TicketAssignArgs, TicketCreateArgs, TicketNoteArgs, TicketReplyArgs,
    TicketStatusArgs,
};
pub use translated::translations;

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
    /// Your open escalations and tickets, the most urgent first
    Queue(QueueArgs),
    /// Hand something over to whoever the rules name, with the facts as they are now
    Escalate(EscalateArgs),
    /// What was handed over
    Escalation {
        /// What of it.
        #[command(subcommand)]
        ask: EscalationAsk,
    },
    /// Promises to clients: what runs, what is broken, why, and how well they were kept
    Sla {
        /// What of them.
        #[command(subcommand)]
        ask: SlaAsk,
    },
    /// Note that a client was promised a call
    Callback(CallbackArgs),
    /// Who is on shift
    Oncall {
        /// What of it.
        #[command(subcommand)]
        ask: OncallAsk,
    },
    /// What you may do here
    Help,
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
            Self::Escalate(_) => Some(Permission::Escalate),
            Self::Escalation { ask } => Some(ask.needs()),
            Self::Sla { ask } => Some(ask.needs()),
            Self::Callback(_) => Some(Permission::TicketWork),
            Self::Oncall { ask } => Some(ask.needs()),
            Self::Help => None,
        }
    }

    /// Does it change something? Everything else has no means to.
    pub const fn is_a_change(&self) -> bool {
        match self {
            Self::Ticket { ask } => ask.is_a_change(),
            Self::Escalation { ask } => ask.is_a_change(),
            Self::Sla { ask } => ask.is_a_change(),
            Self::Escalate(_) | Self::Callback(_) => true,
            Self::Oncall { ask } => ask.is_a_change(),
            _ => false,
        }
    }

    /// Is the answer for its asker alone, wherever it is asked? Who reads a channel may not see every ticket.
    pub const fn is_private(&self) -> bool {
        matches!(
            self,
            Self::Ticket { .. }
                | Self::Queue(_)
                | Self::Escalate(_)
                | Self::Escalation { .. }
                | Self::Sla { .. }
                | Self::Callback(_)
        )
    }

    /// Does it tell something about an account, so that it counts against a person's pace?
    pub const fn is_about_an_account(&self) -> bool {
        !matches!(self, Self::Help | Self::Feed { .. } | Self::Oncall { .. })
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
            Self::Client { .. }
            | Self::Feed { .. }
            | Self::Ticket { .. }
            | Self::Queue(_)
            | Self::Escalate(_)
            | Self::Escalation { .. }
            | Self::Sla { .. }
            | Self::Callback(_)
            | Self::Oncall { .. }
            | Self::Help => &None,
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
        Some("escalate") => Some(Permission::Escalate),
        Some("escalation") => Some(escalate::permission_of(words.next())),
        Some("sla") => Some(sla::permission_of(words.next())),
        Some("callback") => Some(Permission::TicketWork),
        Some("oncall") => Some(oncall::permission_of(words.next())),
        _ => None,
    }
}

/// Can what is typed into that option be completed from the data?
pub fn is_completed(option: &str) -> bool {
    matches!(
        option,
        "client" | "what" | "text" | "ticket" | "to" | "who" | "escalation"
    )
}

#[cfg(test)]
mod tests;
