//! What may be typed about accounts: the arguments of the questions that read the ledger.

use clap::{Args, Subcommand};

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
