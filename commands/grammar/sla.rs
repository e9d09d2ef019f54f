//! `/sla ..` and `/callback`: what may be typed about promises.

use clap::{Args, Subcommand};
use hammerdesk_domain::access::Permission;

/// `/sla ..`.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum SlaAsk {
    /// The promises on a ticket, or all that are broken or due soon
    Status {
        /// Its number in the helpdesk; all that you may see where nothing is said
        #[arg(num_args = 0..=1, value_name = "TICKET")]
        ticket: Option<String>,
    },
    /// Why a promise is due when it is: every stretch that counted or did not
    Explain(SlaExplainArgs),
    /// How well promises were kept
    Report(SlaReportArgs),
    /// Take notice of the alerts on a ticket
    Acknowledge(SlaAcknowledgeArgs),
    /// Put the alerts on a ticket off for a while
    Snooze(SlaSnoozeArgs),
    /// Log a call with the client of a ticket
    Called(SlaCalledArgs),
}

/// `/sla explain`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct SlaExplainArgs {
    /// Its number in the helpdesk
    #[arg(required = true, value_name = "TICKET")]
    pub ticket: String,
    /// Only this promise
    #[arg(long, value_name = "PROMISE", value_parser = ["first_response", "next_response", "resolution", "callback", "acknowledgement"])]
    pub clock: Option<String>,
}

/// `/sla report`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct SlaReportArgs {
    /// clock, channel, location, team, person, tier or week; several with commas
    #[arg(long, value_name = "WHAT")]
    pub by: Option<String>,
    /// From this day on; the last 28 days where nothing is said
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub from: Option<String>,
    /// Up to and with this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub to: Option<String>,
}

/// `/sla acknowledge`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct SlaAcknowledgeArgs {
    /// Its number in the helpdesk
    #[arg(required = true, value_name = "TICKET")]
    pub ticket: String,
    /// Only the alerts to its owner, or only those to managers
    #[arg(long, value_name = "WHOSE", value_parser = ["owner", "managers"])]
    pub level: Option<String>,
}

/// `/sla snooze`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct SlaSnoozeArgs {
    /// Its number in the helpdesk
    #[arg(required = true, value_name = "TICKET")]
    pub ticket: String,
    /// How long: 30m, 2h
    #[arg(long = "for", required = true, value_name = "TIME")]
    pub time: String,
    /// Why
    #[arg(long, required = true, value_name = "WORDS")]
    pub reason: String,
    /// Only the alerts to its owner, or only those to managers
    #[arg(long, value_name = "WHOSE", value_parser = ["owner", "managers"])]
    pub level: Option<String>,
}

/// `/sla called`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct SlaCalledArgs {
    /// Its number in the helpdesk
    #[arg(required = true, value_name = "TICKET")]
    pub ticket: String,
    /// Did the two of you speak? A voicemail is not speaking
    #[arg(long, required = true, value_name = "YES", value_parser = ["yes", "no"])]
    pub spoke: String,
    /// When; now where nothing is said
    #[arg(long, value_name = "WHEN")]
    pub at: Option<String>,
}

/// `/callback`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct CallbackArgs {
    /// Number, e-mail, phone, paddle, name or part of one
    #[arg(required = true, num_args = 1.., value_name = "CLIENT")]
    pub client: Vec<String>,
    /// When you promised to call: 15:00, tomorrow 10:30, 2026-11-23 15:00, in 2h
    #[arg(long, required = true, value_name = "WHEN")]
    pub when: String,
    /// The ticket it is about; the client's latest open one where nothing is said
    #[arg(long, value_name = "NUMBER")]
    pub ticket: Option<String>,
}

impl SlaAsk {
    /// `sla status`.
    pub const fn path(&self) -> &'static str {
        match self {
            Self::Status { .. } => "sla status",
            Self::Explain(_) => "sla explain",
            Self::Report(_) => "sla report",
            Self::Acknowledge(_) => "sla acknowledge",
            Self::Snooze(_) => "sla snooze",
            Self::Called(_) => "sla called",
        }
    }

    /// Does it change something?
    pub const fn is_a_change(&self) -> bool {
        matches!(self, Self::Acknowledge(_) | Self::Snooze(_) | Self::Called(_))
    }

    pub(super) const fn needs(&self) -> Permission {
        match self {
            Self::Status { .. } | Self::Explain(_) => Permission::Tickets,
            Self::Report(_) => Permission::Debtors,
            Self::Acknowledge(_) | Self::Snooze(_) | Self::Called(_) => Permission::TicketWork,
        }
    }
}

/// The permission behind a path that begins with `sla`; without a second word, what it takes to use any.
pub(super) fn permission_of(sub: Option<&str>) -> Permission {
    match sub {
        Some("report") => Permission::Debtors,
        Some("acknowledge" | "snooze" | "called") => Permission::TicketWork,
        _ => Permission::Tickets,
    }
}
