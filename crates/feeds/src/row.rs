//! One row of a file to one canonical record, or to the reasons why not.

use chrono::Datelike;
use hammerdesk_domain::money::Currency;
use hammerdesk_domain::record::{Column, Kind, Record, Value};

use crate::cell::{From, Memory, Plan, Problem, Spot, shown};
use crate::damage::ZeroWatch;
use crate::error::FeedError;
use crate::header::Names;
use crate::near::listed;
use crate::profile::{Cleared, ColumnRule, Profile, Source};
use crate::totals::Totals;

/// The cells of a row, by their place in the header.
pub(crate) trait Cells {
    /// The text there, without white space around it; blank where the row has no such cell.
    fn cell(&self, at: usize) -> &str;
}

/// What became of a row.
#[derive(Debug)]
pub(crate) enum Verdict {
    Record(Record),
    Bad { column: String, reason: String },
    Skipped,
}

/// A profile bound to the header of one file.
pub(crate) struct Binding {
    profile: Profile,
    plans: Vec<Plan>,
    memory: Memory,
    /// The money columns, and the column of each one's currency.
    money: Vec<(usize, Option<usize>)>,
    must_be_filled: Vec<(usize, String)>,
    skip: Vec<(usize, Vec<String>)>,
    status: Option<Status>,
    sums: Vec<(usize, Currency, i128)>,
    blanks: Vec<u64>,
    joined: String,
}

struct Status {
    at: usize,
    column: String,
    open: Vec<String>,
    cleared: Vec<String>,
    cleared_on: usize,
    undated: Option<usize>,
}

/// Identifiers of the ledger have one width in one file; those of others (card references, wire
/// references) come from many systems, and are only watched where the mapping declares their width.
fn is_watched(column: &Column, rule: Option<&ColumnRule>) -> bool {
    let is_excused = rule.is_some_and(|rule| rule.mixes_padding || rule.declared.is_some());
    let has_width = rule.is_some_and(|rule| rule.digits.is_some());
    let is_of_ledger = matches!(column.name, "document" | "invoice");
    match column.kind {
        Kind::Client => !is_excused,
        Kind::Id => !is_excused && (has_width || is_of_ledger),
        _ => false,
    }
}

impl Binding {
    /// Binds a profile to the names in the file's header; refused if a column is missing or unknown.
    pub(crate) fn new(profile: Profile, header: &[String]) -> Result<Self, FeedError> {
        let names = Names {
            header,
            profile: &profile,
        };
        let columns = profile.entity.columns();
        if profile.is_strict {
            names.check_strict()?;
        }
        let mut missing: Vec<String> = Vec::new();
        let mut plans = Vec::with_capacity(columns.len());
        let mut zeros = Vec::with_capacity(columns.len());
        for column in columns {
            let rule = profile.columns.get(column.name);
            let from = match rule.map(|rule| &rule.source) {
                None if !profile.is_strict => From::Absent,
                None => match names.place(column.name)? {
                    Some(at) => From::One(at),
                    None if column.required => {
                        missing.push(column.name.to_owned());
                        From::Absent
                    }
                    None => From::Absent,
                },
                Some(Source::Constant(text)) => From::Constant(text.clone()),
                Some(Source::YearOf(date)) => profile
                    .entity
                    .column_index(date)
                    .map_or(From::Absent, From::YearOf),
                Some(Source::Columns { names: wanted, join }) => {
                    let mut places = Vec::with_capacity(wanted.len());
                    for name in wanted {
                        match names.place(name)? {
                            Some(at) => places.push(at),
                            None => missing.push(name.clone()),
                        }
                    }
                    match places.as_slice() {
                        [only] => From::One(*only),
                        _ => From::Joined(places, join.clone()),
                    }
                }
            };
            let shown = match rule.map(|rule| &rule.source) {
                Some(Source::Columns { names, .. }) => names.join("+"),
                _ => column.name.to_owned(),
            };
            let mut sign = None;
            if let Some(by) = rule.and_then(|rule| rule.sign.as_ref()) {
                sign = names.place(&by.column)?;
                if sign.is_none() {
                    missing.push(by.column.clone());
                }
            }
            let watches = matches!(from, From::One(_)) && is_watched(column, rule);
            zeros.push(watches.then(|| ZeroWatch::new(rule.and_then(|rule| rule.digits))));
            plans.push(Plan {
                at: plans.len(),
                column,
                shown,
                from,
                default: Value::Null,
                rule: rule.cloned(),
                sign,
            });
        }
        let mut must_be_filled = Vec::new();
        for name in &profile.must_be_filled {
            match names.place(name)? {
                Some(at) => must_be_filled.push((at, name.clone())),
                None => missing.push(name.clone()),
            }
        }
        let mut skip = Vec::new();
        for (name, values) in &profile.skip {
            match names.place(name)? {
                Some(at) => skip.push((at, values.clone())),
                None => missing.push(name.clone()),
            }
        }
        let mut status = None;
        if let Cleared::ByStatus {
            column,
            open,
            cleared,
            undated,
        } = &profile.cleared
        {
            match (names.place(column)?, profile.entity.column_index("cleared_on")) {
                (Some(at), Some(cleared_on)) => {
                    let undated = undated.and_then(|name| profile.entity.column_index(name));
                    let (column, open, cleared) = (column.clone(), open.clone(), cleared.clone());
                    status = Some(Status {
                        at,
                        column,
                        open,
                        cleared,
                        cleared_on,
                        undated,
                    });
                }
                _ => missing.push(column.clone()),
            }
        }
        if !missing.is_empty() {
            return Err(names.missing(&missing));
        }
        let money = plans.iter().filter_map(|plan| match plan.column.kind {
            Kind::Money(currency) => Some((plan.at, profile.entity.column_index(currency))),
            _ => None,
        });
        let money = money.collect();
        let blanks = vec![0; must_be_filled.len() + plans.len()];
        let mut binding = Self {
            profile,
            plans,
            memory: Memory {
                zeros,
                ..Memory::default()
            },
            money,
            must_be_filled,
            skip,
            status,
            sums: Vec::new(),
            blanks,
            joined: String::new(),
        };
        binding.fix_defaults();
        Ok(binding)
    }

    /// The profile.
    pub(crate) fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Does the column at that place of the header hold something that would still be valid, and wrong, if
    /// its end were cut off?
    pub(crate) fn would_be_wrong_if_cut(&self, at: usize) -> bool {
        self.plans.iter().any(|plan| {
            let takes = match &plan.from {
                From::One(place) => *place == at,
                From::Joined(places, _) => places.contains(&at),
                From::Absent | From::Constant(_) | From::YearOf(_) => false,
            };
            takes
                && matches!(
                    plan.column.kind,
                    Kind::Id | Kind::Client | Kind::Int | Kind::Money(_)
                )
        })
    }

    fn fix_defaults(&mut self) {
        for at in 0..self.plans.len() {
            let column = self.plans[at].column;
            self.plans[at].default = match (column.default, column.kind) {
                ("", _) => Value::Null,
                (word, Kind::Bool) => Value::Bool(word == "yes"),
                (digits, Kind::Int | Kind::Money(_)) => digits.parse().map_or(Value::Null, Value::Int),
                (word, _) => Value::Text(word.to_owned()),
            };
        }
    }

    /// Reads one row.
    pub(crate) fn read(&mut self, row: &impl Cells, line: u64) -> Result<Verdict, FeedError> {
        if self
            .skip
            .iter()
            .any(|(at, values)| values.iter().any(|value| value == row.cell(*at)))
        {
            return Ok(Verdict::Skipped);
        }
        let mut problems: Vec<(String, String)> = Vec::new();
        self.check_filled(row, &mut problems);
        let mut values = vec![Value::Null; self.plans.len()];
        for (at, value) in values.iter_mut().enumerate() {
            if !matches!(self.plans[at].column.kind, Kind::Money(_)) {
                self.settle(at, row, Spot { line, currency: None }, value, &mut problems)?;
            }
        }
        for step in 0..self.money.len() {
            let (at, currency_at) = self.money[step];
            let mut value = Value::Null;
            let currency = match currency_at.and_then(|at| values.get(at)) {
                Some(Value::Text(code)) => self.memory.currencies.named(code),
                _ => None,
            };
            self.settle(at, row, Spot { line, currency }, &mut value, &mut problems)?;
            if let (Value::Int(minor), Some(currency)) = (&value, currency) {
                self.add(at, currency.currency, *minor);
            }
            values[at] = value;
        }
        self.derive(row, &mut values, &mut problems);
        let mut problems = problems.into_iter();
        let Some((column, mut reason)) = problems.next() else {
            return Ok(Verdict::Record(Record {
                entity: self.profile.entity,
                values,
            }));
        };
        for (other, why) in problems {
            reason.push_str(&format!("; {other}: {why}"));
        }
        Ok(Verdict::Bad { column, reason })
    }

    /// Adds what was seen to the totals, and says whether the columns as a whole can be trusted.
    pub(crate) fn finish(&mut self, totals: &mut Totals) -> Result<(), FeedError> {
        for (at, currency, sum) in &self.sums {
            *totals
                .sums
                .entry((self.plans[*at].column.name.to_owned(), *currency))
                .or_default() += sum;
        }
        let names = self
            .must_be_filled
            .iter()
            .map(|(_, name)| name)
            .chain(self.plans.iter().map(|plan| &plan.shown));
        for (name, count) in names.zip(&self.blanks).filter(|(_, count)| **count > 0) {
            *totals.blanks.entry(name.clone()).or_default() += count;
        }
        let mut watched = self.plans.iter().zip(&self.memory.zeros);
        let lost = watched.find_map(|(plan, zeros)| zeros.as_ref()?.verdict(&plan.shown));
        lost.map_or(Ok(()), |sentence| Err(FeedError::Refused(sentence)))
    }

    fn add(&mut self, at: usize, currency: Currency, minor: i64) {
        let known = self
            .sums
            .iter_mut()
            .find(|(column, of, _)| *column == at && *of == currency);
        match known {
            Some((.., sum)) => *sum += i128::from(minor),
            None => self.sums.push((at, currency, i128::from(minor))),
        }
    }

    fn check_filled(&mut self, row: &impl Cells, problems: &mut Vec<(String, String)>) {
        let mut blank: Vec<&str> = Vec::new();
        for (n, (at, name)) in self.must_be_filled.iter().enumerate() {
            if row.cell(*at).is_empty() {
                self.blanks[n] += 1;
                blank.push(name);
            }
        }
        if let Some(first) = blank.first() {
            let verb = if blank.len() == 1 { "is" } else { "are" };
            problems.push(((*first).to_owned(), format!("{} {verb} blank", listed(&blank))));
        }
    }

    /// Fills one value, or says what is wrong with it.
    fn settle(
        &mut self,
        at: usize,
        row: &impl Cells,
        spot: Spot,
        value: &mut Value,
        problems: &mut Vec<(String, String)>,
    ) -> Result<(), FeedError> {
        let plan = &self.plans[at];
        let text: &str = match &plan.from {
            From::Absent | From::YearOf(_) => {
                value.clone_from(&plan.default);
                return Ok(());
            }
            From::Constant(text) => text,
            From::One(place) => row.cell(*place),
            From::Joined(places, join) => {
                self.joined.clear();
                for (n, part) in places
                    .iter()
                    .map(|place| row.cell(*place))
                    .filter(|part| !part.is_empty())
                    .enumerate()
                {
                    if n > 0 {
                        self.joined.push_str(join);
                    }
                    self.joined.push_str(part);
                }
                &self.joined
            }
        };
        let text = plan.rule.as_ref().map_or(text, |rule| rule.meaning_of(text));
        let read = plan
            .read(text, &self.profile, spot, &mut self.memory)
            .and_then(|read| match (&plan.sign, read) {
                (Some(place), Value::Int(minor)) => plan.signed(minor, row.cell(*place)).map(Value::Int),
                (_, read) => Ok(read),
            });
        match read {
            Ok(Value::Null) if plan.column.required => {
                self.blanks[self.must_be_filled.len() + at] += 1;
                problems.push((plan.shown.clone(), "is blank".to_owned()));
            }
            Ok(Value::Null) => value.clone_from(&plan.default),
            Ok(read) => *value = read,
            Err(Problem::Bad(reason)) => problems.push((plan.shown.clone(), reason)),
            Err(Problem::File(sentence)) => {
                return Err(FeedError::Refused(format!(
                    "Line {}, column {}: {sentence}.",
                    spot.line, plan.shown
                )));
            }
        }
        Ok(())
    }

    /// What follows from other values: a year from a date, a clearing date from a status.
    fn derive(&self, row: &impl Cells, values: &mut [Value], problems: &mut Vec<(String, String)>) {
        for (at, plan) in self.plans.iter().enumerate() {
            if let From::YearOf(date) = plan.from {
                match values[date] {
                    Value::Date(day) => values[at] = Value::Int(i64::from(day.year())),
                    _ if problems.is_empty() => {
                        problems.push((
                            plan.shown.clone(),
                            format!("has no {} to take the year from", self.plans[date].shown),
                        ));
                    }
                    _ => {}
                }
            }
        }
        let Some(status) = &self.status else {
            return;
        };
        let word = row.cell(status.at);
        let has_date = matches!(values[status.cleared_on], Value::Date(_));
        if status.open.iter().any(|open| open == word) {
            if has_date {
                problems.push((
                    status.column.clone(),
                    "says open, but there is a clearing date".to_owned(),
                ));
            }
        } else if status.cleared.iter().any(|cleared| cleared == word) {
            if !has_date {
                match status.undated.map(|at| values[at].clone()) {
                    Some(day @ Value::Date(_)) => values[status.cleared_on] = day,
                    _ => problems.push((
                        status.column.clone(),
                        "says cleared, but there is no clearing date".to_owned(),
                    )),
                }
            }
        } else {
            problems.push((
                status.column.clone(),
                format!("{} is neither open nor cleared", shown(word)),
            ));
        }
    }
}
