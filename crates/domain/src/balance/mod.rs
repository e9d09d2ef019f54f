//! The balance of a client: table B0-B22 of the decision tables, as one pure function.
//!
//! Promises: one block per legal entity and currency, never netted and never totalled; no figure from data
//! past its hard limit; every rule says whether it applied and why; and the answer that leaves here holds
//! nothing that its asker may not read, so that no renderer can leak it.

mod explain;
mod figures;
mod flags;
mod identity;
mod narrow;
mod receipts;
mod rules;
mod sources;

use chrono::NaiveDate;

use crate::access::{Asker, Permission};
use crate::ageing::{Bands, Basis, Bucket};
use crate::clock::local_date;
use crate::facts::{AccountFacts, Moment};
use crate::ids::{ClientNo, EntityCode, InvoiceNo, LotKey};
use crate::location::{House, Location};
use crate::message::{AsOf, Outcome, Step, Tone};
use crate::model::ItemKind;
use crate::money::{Currency, Money, MoneyError};

use explain::{explained, explained_blocks, without_internals};
pub use identity::{Candidate, Found, FoundBy, Identity, identify, masked};

/// Every rule of the table, in its order.
pub const RULES: [&str; 23] = [
    "B0", "B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B9", "B10", "B11", "B12", "B13", "B14", "B15",
    "B16", "B17", "B18", "B19", "B20", "B21", "B22",
];

/// What is asked about a client's account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BalanceQuestion {
    /// Only that legal entity.
    pub entity: Option<EntityCode>,
    /// Ageing bands.
    pub bands: Bands,
    /// From which date the bands count; overdue always counts from the due date.
    pub basis: Basis,
    /// Only one invoice or lot (B21).
    pub narrow: Option<Narrow>,
    /// Is it asked by or for the consignor of something the client bought (B22)?
    pub for_consignor: bool,
}

/// The one thing a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Narrow {
    /// An invoice.
    Invoice(InvoiceNo),
    /// A lot.
    Lot(LotKey),
}

/// The answer, already reduced to what its asker may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceAnswer {
    /// How it ended.
    pub outcome: Outcome,
    /// One sentence: the whole answer where there is no block, a summary otherwise.
    pub text: String,
    /// Who answers; `None` where the asker may not know.
    pub client: Option<AnsweredClient>,
    /// The day the figures are for, where one was asked for.
    pub as_of_day: Option<NaiveDate>,
    /// Rules that concern the account as a whole.
    pub rows: Vec<Row>,
    /// One block per entity and currency.
    pub blocks: Vec<Block>,
    /// As of when each source speaks.
    pub as_of: Vec<AsOf>,
    /// The same for programs: source id and instant.
    pub extracted: Vec<(String, Option<chrono::DateTime<chrono::Utc>>)>,
    /// Some needed source is past its soft limit.
    pub stale: bool,
    /// Every rule in order: whether it applied, and why.
    pub explain: Vec<Step>,
}

/// Who an answer is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredClient {
    /// Number.
    pub no: ClientNo,
    /// Name.
    pub name: String,
}

/// A rule that applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// `B8`.
    pub code: &'static str,
    /// What a colleague reads; `None` for askers without `internal`.
    pub internal: Option<String>,
    /// What may be said to the client; `None` where the rule is internal only.
    pub client_safe: Option<String>,
    /// How it strikes.
    pub tone: Tone,
    /// What to do next, and who; `None` for askers without `internal`.
    pub next: Option<String>,
}

/// What a block comes down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A payment that the ledger counts was taken back or may be.
    Disputed,
    /// A payment that covers everything was seen and is not posted.
    PaymentSeen,
    /// Something is past due.
    Overdue,
    /// Something is open, nothing is past due.
    NotDue,
    /// The client is in credit.
    Credit,
    /// Nothing is outstanding.
    Nothing,
    /// Nothing is billed and open, but money is on its way or in question, or items vanished.
    Unclear,
}

/// The figures of one legal entity in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Entity.
    pub entity: EntityCode,
    /// What people call the saleroom that bills through it.
    pub location: String,
    /// Currency of every amount here.
    pub currency: Currency,
    /// The local day the figures are for.
    pub day: NaiveDate,
    /// What it comes down to.
    pub standing: Standing,
    /// Open bills, less partial payments that name them.
    pub billed_open: Money,
    /// Open credit memos and payments on account.
    pub credits_open: Money,
    /// The difference of both.
    pub ledger_net: Money,
    /// Bills due after the day.
    pub not_due: Money,
    /// Bills due on the day.
    pub due_today: Money,
    /// Bills due before it.
    pub overdue: Money,
    /// How long ago the oldest of these was due, in days.
    pub oldest_days: i64,
    /// The next due date from the day on.
    pub next_due_on: Option<NaiveDate>,
    /// Ageing of the open bills.
    pub bands: Vec<Bucket>,
    /// Seen at bank or PSP for this client, not posted.
    pub in_flight: Money,
    /// Seen, matched to nobody, and may be this client's. Internal.
    pub in_flight_unmatched: Option<Money>,
    /// Under payer review: held, not paid. Internal.
    pub held_third_party: Option<Money>,
    /// Applied in the ledger, but taken back at the PSP or bank.
    pub disputed: Money,
    /// Deposits, never netted.
    pub deposits_held: Money,
    /// Noted requests, never counted.
    pub requests: Money,
    /// Indicative interest and storage, never counted.
    pub accrued: Money,
    /// What is to be paid, never shown without the lines that lead to it.
    pub amount_to_pay: Money,
    /// The lines that lead to it; they add up to it unless they fall below zero.
    pub reckoning: Vec<Reckoned>,
    /// Every open item: bills by due date, then credits.
    pub items: Vec<OpenItem>,
    /// The rules that applied here.
    pub rows: Vec<Row>,
    /// What may be said to the client about this block.
    pub client_safe: String,
}

/// A line on the way to the amount to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reckoned {
    /// What it is.
    pub label: &'static str,
    /// Signed.
    pub amount: Money,
}

/// An open item, or the part of one that an instalment makes due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenItem {
    /// Document.
    pub document: String,
    /// Fiscal year.
    pub year: i64,
    /// Line within the document.
    pub line: i64,
    /// What it is.
    pub kind: ItemKind,
    /// Its invoice.
    pub invoice: Option<InvoiceNo>,
    /// What is open, signed.
    pub amount: Money,
    /// Posted on.
    pub posted_on: NaiveDate,
    /// Due on; credits have none.
    pub due_on: Option<NaiveDate>,
    /// Days past due; negative is still to come.
    pub days: i64,
    /// The instalment that makes it due.
    pub instalment: Option<i64>,
}

/// What one rule found, for the account or for one block.
struct Ruling {
    code: &'static str,
    block: Option<usize>,
    row: Option<Row>,
    because: String,
    sources: Vec<String>,
}

impl Ruling {
    fn not(code: &'static str, because: impl Into<String>) -> Self {
        Self {
            code,
            block: None,
            row: None,
            because: because.into(),
            sources: Vec::new(),
        }
    }

    fn applies(code: &'static str, internal: String, client_safe: Option<String>, tone: Tone) -> Self {
        let because = internal.clone();
        let row = Row {
            code,
            internal: Some(internal),
            client_safe,
            tone,
            next: None,
        };
        Self {
            code,
            block: None,
            row: Some(row),
            because,
            sources: Vec::new(),
        }
    }

    fn next(mut self, next: impl Into<String>) -> Self {
        if let Some(row) = &mut self.row {
            row.next = Some(next.into());
        }
        self
    }

    fn from(mut self, sources: &[String]) -> Self {
        self.sources = sources.to_vec();
        self
    }
}

/// Decides the balance.
pub fn decide(
    facts: &AccountFacts,
    asker: &Asker,
    house: &House,
    question: &BalanceQuestion,
    moment: Moment,
) -> BalanceAnswer {
    let scene = Scene {
        facts,
        house,
        question,
        moment,
        team: team(facts, house),
    };
    if !asker.may(Permission::Balance) || !asker.may_see(&facts.client) {
        return scene.refused();
    }
    let mut answer = scene.answer(asker);
    if !asker.may(Permission::Internal) {
        without_internals(&mut answer);
    }
    answer
}

/// The team that looks after the client.
fn team(facts: &AccountFacts, house: &House) -> String {
    let location = facts.client.location.as_ref().and_then(|id| house.location(id));
    location.map_or_else(|| "client accounts".to_owned(), |location| location.team.clone())
}

/// All that a decision looks at.
struct Scene<'a> {
    facts: &'a AccountFacts,
    house: &'a House,
    question: &'a BalanceQuestion,
    moment: Moment,
    team: String,
}

impl Scene<'_> {
    fn day_at(&self, location: &Location) -> NaiveDate {
        self.moment
            .as_of
            .unwrap_or_else(|| local_date(self.moment.now, location.zone))
    }

    /// The day for what belongs to no entity: holds and history.
    fn account_day(&self) -> NaiveDate {
        let home = self
            .facts
            .client
            .location
            .as_ref()
            .and_then(|id| self.house.location(id));
        self.moment.as_of.unwrap_or_else(|| {
            home.map_or_else(
                || self.moment.now.date_naive(),
                |home| local_date(self.moment.now, home.zone),
            )
        })
    }

    /// The latest date that it is anywhere in the house.
    fn latest_today(&self) -> NaiveDate {
        let local = self
            .house
            .locations
            .iter()
            .map(|location| local_date(self.moment.now, location.zone));
        local
            .chain([self.moment.now.date_naive()])
            .max()
            .unwrap_or_default()
    }

    fn refused(&self) -> BalanceAnswer {
        let text = format!(
            "This account cannot be shown to you here. Please ask {}.",
            self.team
        );
        let mut ruling = Ruling::not("B0", "The account is outside what the asker may see.");
        ruling.row = Some(Row {
            code: "B0",
            internal: None,
            client_safe: Some(text.clone()),
            tone: Tone::Warn,
            next: Some("Escalate to the team that can show it.".to_owned()),
        });
        let explain = explained(&[ruling], &[]);
        BalanceAnswer {
            outcome: Outcome::Refused,
            text,
            explain,
            ..self.bare()
        }
    }

    fn bare(&self) -> BalanceAnswer {
        BalanceAnswer {
            outcome: Outcome::Answered,
            text: String::new(),
            client: None,
            as_of_day: self.moment.as_of,
            rows: Vec::new(),
            blocks: Vec::new(),
            as_of: Vec::new(),
            extracted: Vec::new(),
            stale: false,
            explain: Vec::new(),
        }
    }

    fn answer(&self, asker: &Asker) -> BalanceAnswer {
        let client = AnsweredClient {
            no: self.facts.client.no.clone(),
            name: self.facts.client.name.clone(),
        };
        let named = BalanceAnswer {
            client: Some(client),
            ..self.bare()
        };
        let today = self.latest_today();
        if let Some(day) = self.moment.as_of.filter(|day| *day > today) {
            let text = format!(
                "{} is still to come: ask for a day up to {}.",
                said(day),
                said(today)
            );
            return BalanceAnswer {
                outcome: Outcome::Error,
                text,
                ..named
            };
        }
        let mut rulings = vec![
            Ruling::not("B0", "The asker's role and scope cover this account."),
            Ruling::not("B1", "One client was identified."),
            self.merged(),
        ];
        if let Some(ruling) = self.consignor() {
            // Not even the number or name of the buyer may stand on what a consignor is told.
            let text = ruling.because.clone();
            let rows = ruling.row.iter().cloned().collect();
            let explain = explained(&[ruling], &[]);
            return BalanceAnswer {
                text,
                rows,
                explain,
                ..self.bare()
            };
        }
        let standing = self.sources();
        let named = BalanceAnswer {
            as_of: standing.as_of.clone(),
            extracted: standing.extracted.clone(),
            stale: standing.is_stale(),
            ..named
        };
        let stale = self.hard_limit(&standing);
        if let Some(row) = &stale.row {
            let (text, row) = (row.internal.clone().unwrap_or_default(), row.clone());
            rulings.push(stale);
            let rows = rulings
                .iter()
                .filter_map(|ruling| ruling.row.clone())
                .filter(|r| r.code != "B3");
            let rows = rows.chain([row]).collect();
            let explain = explained(&rulings, &["B2", "B3"]);
            return BalanceAnswer {
                outcome: Outcome::Stale,
                text,
                rows,
                explain,
                ..named
            };
        }
        rulings.push(stale);
        rulings.push(self.soft_limit(&standing));
        match self.figured(asker, rulings, &standing, named.clone()) {
            Ok(answer) => answer,
            Err(error) => BalanceAnswer {
                outcome: Outcome::Error,
                text: format!("The figures cannot be added up, so none are given: {error}."),
                ..named
            },
        }
    }

    /// The answer with its figures, once the data are known to be fresh enough.
    fn figured(
        &self,
        asker: &Asker,
        mut rulings: Vec<Ruling>,
        standing: &sources::Standing,
        named: BalanceAnswer,
    ) -> Result<BalanceAnswer, MoneyError> {
        let narrowed = self.narrowed();
        let facts = narrowed.as_ref().map_or(self.facts, |narrowed| &narrowed.facts);
        let scene = Scene {
            facts,
            team: self.team.clone(),
            ..*self
        };
        let mut grounds = scene.grounds(narrowed.as_ref().and_then(|narrowed| narrowed.share))?;
        rulings.extend(scene.account_rules(
            &grounds,
            asker,
            standing,
            narrowed.as_ref().is_none_or(|n| n.is_known),
        ));
        rulings.push(scene.narrowing(narrowed.as_ref()));
        rulings.push(Ruling::not("B22", "The question is the client's own."));
        let mut blocks = Vec::with_capacity(grounds.len());
        for (n, ground) in grounds.iter_mut().enumerate() {
            let mut found = scene.block_rules(ground, standing);
            for ruling in &mut found {
                ruling.block = Some(n);
            }
            let rows: Vec<Row> = found.iter().filter_map(|ruling| ruling.row.clone()).collect();
            rulings.extend(found);
            blocks.push((ground.block(), rows));
        }
        let account_rows: Vec<Row> = rulings
            .iter()
            .filter(|r| r.block.is_none())
            .filter_map(|ruling| ruling.row.clone())
            .collect();
        let blocks: Vec<Block> = blocks
            .into_iter()
            .map(|(block, rows)| Block {
                standing: rules::standing(&block, &rows),
                client_safe: rules::client_safe(&account_rows, &rows),
                rows,
                ..block
            })
            .collect();
        let names: Vec<String> = blocks
            .iter()
            .map(|block| format!("{} {}", block.entity, block.currency))
            .collect();
        let explain = explained_blocks(&rulings, &RULES, &names);
        let text = rules::summary(&blocks, &account_rows);
        Ok(BalanceAnswer {
            text,
            rows: account_rows,
            blocks,
            explain,
            ..named
        })
    }

    fn merged(&self) -> Ruling {
        match &self.facts.asked_for {
            Some(old) => Ruling::applies(
                "B2",
                format!(
                    "{} was merged into {}: this is the answer for {1}.",
                    old.short(),
                    self.facts.client.no.short()
                ),
                None,
                Tone::Plain,
            ),
            None => Ruling::not("B2", "The client was not merged into another."),
        }
    }
}

/// A date as people say it: `8 Mar 2026`, which no country reads in another order.
fn said(day: NaiveDate) -> String {
    day.format("%-d %b %Y").to_string()
}

/// `1 day`, `12 days`.
fn days_said(days: i64) -> String {
    if days == 1 {
        "1 day".to_owned()
    } else {
        format!("{days} days")
    }
}
