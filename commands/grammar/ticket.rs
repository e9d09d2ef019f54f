//! `/ticket ..` and `/queue`: what may be typed about tickets.

use clap::{Args, Subcommand};
use hammerdesk_domain::access::Permission;

/// `/ticket ..`.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum TicketAsk {
    /// One ticket: how it stands, whose it is, what was said last
    Show {
        /// Its number in the helpdesk
        #[arg(required = true, value_name = "TICKET")]
        ticket: String,
    },
    /// Find tickets by number, subject, sender or client
    Search {
        /// What to look for
        #[arg(required = true, num_args = 1.., value_name = "WORDS")]
        words: Vec<String>,
    },
    /// Make a ticket for a client; nothing is mailed
    Create(TicketCreateArgs),
    /// Answer the client by mail; you see exactly what will go before it goes
    Reply(TicketReplyArgs),
    /// Leave a private note that only agents see
    Note(TicketNoteArgs),
    /// Give a ticket to an agent
    Assign(TicketAssignArgs),
    /// Open, set pending, resolve or close a ticket
    Status(TicketStatusArgs),
}

/// `/ticket create`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct TicketCreateArgs {
    /// What it is about, in a line
    #[arg(long, required = true, value_name = "WORDS")]
    pub subject: String,
    /// What it says; the client can read it in the helpdesk's portal
    #[arg(long, required = true, value_name = "WORDS")]
    pub text: String,
    /// The client whose it is
    #[arg(long, value_name = "CLIENT")]
    pub client: Option<String>,
    /// The address of the person whose it is
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<String>,
    /// How urgent it is
    #[arg(long, value_name = "HOW", value_parser = ["low", "medium", "high", "urgent"])]
    pub priority: Option<String>,
}

/// `/ticket reply`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct TicketReplyArgs {
    /// Its number in the helpdesk
    #[arg(required = true, value_name = "TICKET")]
    pub ticket: String,
    /// What to say to the client
    #[arg(long, required = true, value_name = "WORDS")]
    pub text: String,
    /// With the files of your last message in the ticket's thread
    #[arg(long, value_name = "TRUE", num_args = 0..=1, default_missing_value = "true", value_parser = ["true", "false", "yes", "no"])]
    pub files: Option<String>,
    /// The code under the preview that is to be sent
    #[arg(long, value_name = "CODE")]
    pub confirm: Option<String>,
}

/// `/ticket note`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct TicketNoteArgs {
    /// Its number in the helpdesk
    #[arg(required = true, value_name = "TICKET")]
    pub ticket: String,
    /// What to note
    #[arg(long, required = true, value_name = "WORDS")]
    pub text: String,
    /// With the files of your last message in the ticket's thread
    #[arg(long, value_name = "TRUE", num_args = 0..=1, default_missing_value = "true", value_parser = ["true", "false", "yes", "no"])]
    pub files: Option<String>,
}

/// `/ticket assign`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct TicketAssignArgs {
    /// Its number in the helpdesk
    #[arg(required = true, value_name = "TICKET")]
    pub ticket: String,
    /// To whom: me, or an agent's name
    #[arg(long, required = true, value_name = "WHO")]
    pub to: String,
}

/// `/ticket status`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct TicketStatusArgs {
    /// Its number in the helpdesk
    #[arg(required = true, value_name = "TICKET")]
    pub ticket: String,
    /// open, pending, resolved, closed, or a status of your helpdesk's own
    #[arg(long, required = true, value_name = "WORD")]
    pub to: String,
}

/// `/queue`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct QueueArgs {
    /// Whose: me where nothing is said, nobody, or an agent's name
    #[arg(num_args = 0.., value_name = "WHO")]
    pub who: Vec<String>,
}

impl TicketAsk {
    /// `ticket show`.
    pub const fn path(&self) -> &'static str {
        match self {
            Self::Show { .. } => "ticket show",
            Self::Search { .. } => "ticket search",
            Self::Create(_) => "ticket create",
            Self::Reply(_) => "ticket reply",
            Self::Note(_) => "ticket note",
            Self::Assign(_) => "ticket assign",
            Self::Status(_) => "ticket status",
        }
    }

    /// Does it change something? A reply is only a preview until it is confirmed.
    pub const fn is_a_change(&self) -> bool {
        match self {
            Self::Show { .. } | Self::Search { .. } => false,
            Self::Reply(args) => args.confirm.is_some(),
            Self::Create(_) | Self::Note(_) | Self::Assign(_) | Self::Status(_) => true,
        }
    }

    pub(super) const fn needs(&self) -> Permission {
        match self {
            Self::Show { .. } | Self::Search { .. } => Permission::Tickets,
            Self::Reply(_) => Permission::ClientReply,
            Self::Create(_) | Self::Note(_) | Self::Assign(_) | Self::Status(_) => Permission::TicketWork,
        }
    }
}

/// The permission behind a path that begins with `ticket`; without a second word, what it takes to use any.
pub(super) fn permission_of(sub: Option<&str>) -> Permission {
    match sub {
        Some("reply") => Permission::ClientReply,
        Some("create" | "note" | "assign" | "status") => Permission::TicketWork,
        _ => Permission::Tickets,
    }
}
