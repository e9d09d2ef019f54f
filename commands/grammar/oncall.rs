//! `/oncall ..`: what may be typed about who is on shift.

use clap::{Args, Subcommand};
use hammerdesk_domain::access::Permission;

/// `/oncall ..`.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum OncallAsk {
    /// Who is on now, who is next, who is away, and where nobody is on who must be
    Show(OncallShowArgs),
    /// Say that somebody is away, and who stands in
    Cover(OncallCoverArgs),
    /// Put one person on a shift instead of another, or as well
    Swap(OncallSwapArgs),
    /// Hand the open queue of one rota over to the next now
    Handover(OncallHandoverArgs),
    /// Take back a cover or a swap
    Undo(OncallUndoArgs),
    /// A person's shifts as a calendar file
    Calendar(OncallCalendarArgs),
}

/// `/oncall show`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct OncallShowArgs {
    /// Only this rota
    #[arg(long, value_name = "ROTA")]
    pub rota: Option<String>,
    /// At another moment: 2026-11-24 or 2026-11-24T18:30, in each rota's own time
    #[arg(long, value_name = "WHEN")]
    pub at: Option<String>,
}

/// `/oncall cover`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct OncallCoverArgs {
    /// Who is away: me, or a name
    #[arg(required = true, num_args = 1.., value_name = "PERSON")]
    pub person: Vec<String>,
    /// From: 2026-11-24, or 2026-11-24T12:00 in their own time
    #[arg(long, required = true, value_name = "WHEN")]
    pub from: String,
    /// Until: the whole of that day, or that time
    #[arg(long, required = true, value_name = "WHEN")]
    pub until: String,
    /// Who stands in
    #[arg(long, value_name = "PERSON")]
    pub by: Option<String>,
    /// Why, for those who ask
    #[arg(long, value_name = "WORDS")]
    pub because: Option<String>,
}

/// `/oncall swap`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct OncallSwapArgs {
    /// In which rota
    #[arg(required = true, value_name = "ROTA")]
    pub rota: String,
    /// From: 2026-11-24, or 2026-11-24T12:00 in the rota's time
    #[arg(long, required = true, value_name = "WHEN")]
    pub from: String,
    /// Until: the whole of that day, or that time
    #[arg(long, required = true, value_name = "WHEN")]
    pub until: String,
    /// Who is not on
    #[arg(long, value_name = "PERSON")]
    pub out: Option<String>,
    /// Who is on instead, or as well
    #[arg(long = "in", value_name = "PERSON")]
    pub on: Option<String>,
}

/// `/oncall handover`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct OncallHandoverArgs {
    /// The rota that gives
    #[arg(required = true, value_name = "ROTA")]
    pub rota: String,
    /// The rota that takes; the next one of the config where it is left out
    #[arg(long, value_name = "ROTA")]
    pub to: Option<String>,
}

/// `/oncall undo`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct OncallUndoArgs {
    /// What was said when it was made
    #[arg(required = true, value_name = "CHANGE")]
    pub change: String,
}

/// `/oncall calendar`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(disable_help_flag = true)]
pub struct OncallCalendarArgs {
    /// Whose: me where nothing is said
    #[arg(long, value_name = "PERSON")]
    pub person: Option<String>,
    /// How many days ahead, at most a year
    #[arg(long, value_name = "DAYS")]
    pub days: Option<i64>,
}

impl OncallAsk {
    /// `oncall show`.
    pub const fn path(&self) -> &'static str {
        match self {
            Self::Show(_) => "oncall show",
            Self::Cover(_) => "oncall cover",
            Self::Swap(_) => "oncall swap",
            Self::Handover(_) => "oncall handover",
            Self::Undo(_) => "oncall undo",
            Self::Calendar(_) => "oncall calendar",
        }
    }

    /// Does it change something?
    pub const fn is_a_change(&self) -> bool {
        !matches!(self, Self::Show(_) | Self::Calendar(_))
    }

    /// Others' shifts and whole queues take more, which is looked at where it is known whose they are.
    pub(super) const fn needs(&self) -> Permission {
        match self {
            Self::Handover(_) => Permission::Rotas,
            _ => Permission::Escalations,
        }
    }
}

/// The permission behind a path that begins with `oncall`.
pub(super) fn permission_of(sub: Option<&str>) -> Permission {
    match sub {
        Some("handover") => Permission::Rotas,
        _ => Permission::Escalations,
    }
}
