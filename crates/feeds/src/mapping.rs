//! Mapping files: how somebody's export becomes canonical records, written by a person who is no
//! programmer. Every key is checked, and a key or column that nobody knows is an error that names the
//! nearest one.

use std::collections::BTreeMap;

use hammerdesk_domain::money::Currency;
use hammerdesk_domain::record::{Entity, Kind};
use toml::{Table, Value};

use crate::date::{DateFormat, DateStyle};
use crate::error::FeedError;
use crate::input::Encoding;
use crate::near::hint;
use crate::number::NumberStyle;
use crate::profile::{Cleared, ColumnRule, Declared, Format, Profile, Sign, Source, Threshold};
use crate::totals::Expected;

/// Texts for "no date" that systems print; a mapping may name its own instead.
const NO_DATE: &[&str] = &["00.00.0000", "00/00/0000", "00000000", "0000-00-00"];

impl Profile {
    /// Reads a mapping file; `name` is for sentences and reports.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, FeedError> {
        let table: Table = toml::from_str(text).map_err(|error| {
            FeedError::Refused(format!(
                "The mapping {name} is not valid TOML: {}",
                error.to_string().trim_end()
            ))
        })?;
        read(name, table).map_err(|sentence| {
            let stop = if sentence.ends_with('?') { "" } else { "." };
            FeedError::Refused(format!("The mapping {name} cannot be used: {sentence}{stop}"))
        })
    }
}

/// A table whose keys are taken one by one; what is left over is unknown.
struct Section {
    path: String,
    table: Table,
    known: Vec<&'static str>,
}

impl Section {
    fn new(path: &str, table: Table) -> Self {
        Self {
            path: path.to_owned(),
            table,
            known: Vec::new(),
        }
    }

    fn named(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.table.remove(key)
    }

    fn text(&mut self, key: &'static str) -> Result<Option<String>, String> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("{} must be text in quotes", self.named(key))),
        }
    }

    fn is_set(&mut self, key: &'static str) -> Result<bool, String> {
        match self.take(key) {
            None => Ok(false),
            Some(Value::Boolean(is_set)) => Ok(is_set),
            Some(_) => Err(format!("{} must be true or false", self.named(key))),
        }
    }

    fn count(&mut self, key: &'static str) -> Result<Option<u64>, String> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Integer(count)) => u64::try_from(count)
                .map(Some)
                .map_err(|_| format!("{} must not be negative", self.named(key))),
            Some(_) => Err(format!("{} must be a whole number", self.named(key))),
        }
    }

    /// One text or a list of them.
    fn texts(&mut self, key: &'static str) -> Result<Option<Vec<String>>, String> {
        let path = self.named(key);
        self.take(key).map(|value| texts(&path, value)).transpose()
    }

    fn section(&mut self, key: &'static str) -> Result<Option<Section>, String> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Table(table)) => Ok(Some(Self::new(&self.named(key), table))),
            Some(_) => Err(format!("{} must be a section", self.named(key))),
        }
    }

    fn one_character(&mut self, key: &'static str) -> Result<Option<char>, String> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        let mut letters = text.chars();
        match (letters.next(), letters.next()) {
            (Some(only), None) => Ok(Some(only)),
            _ => Err(format!("{} must be one character", self.named(key))),
        }
    }

    fn finish(self) -> Result<(), String> {
        match self.table.keys().next() {
            None => Ok(()),
            Some(key) => Err(format!(
                "it has the unknown key {}{}",
                self.named(key),
                hint(key, self.known.iter().copied())
            )),
        }
    }
}

fn texts(path: &str, value: Value) -> Result<Vec<String>, String> {
    match value {
        Value::String(text) => Ok(vec![text]),
        Value::Array(items) => items
            .into_iter()
            .map(|item| match item {
                Value::String(text) => Ok(text),
                _ => Err(format!("{path} must be text in quotes, or a list of such")),
            })
            .collect(),
        _ => Err(format!("{path} must be text in quotes, or a list of such")),
    }
}

fn read(name: &str, table: Table) -> Result<Profile, String> {
    let mut top = Section::new("", table);
    let entity_name = top
        .text("entity")?
        .ok_or("it does not say which entity its rows are, as in entity = \"ledger\"")?;
    let entity = Entity::named(&entity_name).ok_or_else(|| {
        format!(
            "there is no entity {entity_name:?}{}",
            hint(&entity_name, Entity::ALL.iter().map(|entity| entity.name()))
        )
    })?;
    let mut profile = Profile::canonical(entity, Format::Csv);
    profile.name = name.to_owned();
    profile.is_strict = false;
    profile.source = top.text("source")?;
    profile.format = match top.text("format")?.as_deref() {
        None | Some("csv") => Format::Csv,
        Some("jsonl") => Format::JsonLines,
        Some(other) => return Err(format!("format must be \"csv\" or \"jsonl\", not {other:?}")),
    };
    if let Some(delimiter) = top.one_character("delimiter")? {
        profile.delimiter = ascii("delimiter", delimiter)?;
    }
    match top.take("quote") {
        None => {}
        Some(Value::String(text)) if text.is_empty() => profile.quote = None,
        Some(Value::String(text)) if text.len() == 1 => profile.quote = text.bytes().next(),
        Some(_) => return Err("quote must be one ASCII character, or \"\" for none".to_owned()),
    }
    if profile.quote == Some(profile.delimiter) {
        return Err("quote and delimiter are the same character".to_owned());
    }
    if let Some(label) = top.text("encoding")? {
        profile.encoding = Encoding::named(&label)
            .ok_or_else(|| format!("the encoding {label:?} is unknown; common ones are utf-8, utf-16le, windows-1252 and iso-8859-1"))?;
    }
    if let Some(row) = top.count("header_row")? {
        profile.header_row = Some(row)
            .filter(|row| *row > 0)
            .ok_or("header_row counts from 1")?;
    }
    profile.complete = top.is_set("complete")?;
    if let Some(threshold) = top.text("threshold")? {
        profile.threshold = Threshold::parse(&threshold)?;
    }
    profile.must_be_filled = top.texts("must_be_filled")?.unwrap_or_default();
    profile.dates.none = NO_DATE.iter().map(|text| (*text).to_owned()).collect();
    if let Some(mut dates) = top.section("dates")? {
        if let Some(formats) = dates.texts("format")? {
            profile.dates.formats = date_formats(&formats)?;
        }
        if let Some(none) = dates.texts("none")? {
            profile.dates.none = none;
        }
        dates.finish()?;
    }
    if let Some(numbers) = top.section("numbers")? {
        profile.numbers = number_style(numbers)?;
    }
    if let Some(skip) = top.section("skip")? {
        for (column, values) in skip.table {
            let values = texts(&format!("skip.{column}"), values)?;
            profile.skip.insert(column, values);
        }
    }
    if let Some(cleared) = top.section("cleared")? {
        profile.cleared = cleared_by(entity, cleared)?;
    }
    if let Some(totals) = top.section("totals")? {
        profile.expected = expected(totals)?;
    }
    let columns = top.section("columns")?.ok_or("it has no [columns]")?;
    for (name, rule) in columns.table {
        let known = entity.columns();
        let column = known.iter().find(|column| column.name == name).ok_or_else(|| {
            format!(
                "{} has no column {name:?}{}",
                entity.name(),
                hint(&name, known.iter().map(|column| column.name))
            )
        })?;
        let path = format!("columns.{name}");
        let rule = match rule {
            Value::String(from) => ColumnRule::plain(Source::Columns {
                names: vec![from],
                join: String::new(),
            }),
            Value::Table(table) => column_rule(&profile, column.kind, Section::new(&path, table))?,
            _ => return Err(format!("{path} must be a column of the file, or a section")),
        };
        profile.columns.insert(column.name, rule);
    }
    top.finish()?;
    check_required(&profile)?;
    Ok(profile)
}

fn ascii(key: &str, c: char) -> Result<u8, String> {
    u8::try_from(c)
        .ok()
        .filter(u8::is_ascii)
        .ok_or_else(|| format!("{key} must be an ASCII character"))
}

fn date_formats(texts: &[String]) -> Result<Vec<DateFormat>, String> {
    let formats: Vec<DateFormat> = texts
        .iter()
        .map(|text| DateFormat::parse(text))
        .collect::<Result<_, _>>()?;
    for (at, one) in formats.iter().enumerate() {
        if let Some(other) = formats[at + 1..]
            .iter()
            .find(|other| one.is_ambiguous_with(other))
        {
            return Err(format!(
                "the date formats {} and {} read the same text as different days; declare one of them",
                one.text(),
                other.text()
            ));
        }
    }
    if formats.is_empty() {
        Err("a list of date formats is empty".to_owned())
    } else {
        Ok(formats)
    }
}

fn number_style(mut numbers: Section) -> Result<NumberStyle, String> {
    let style = NumberStyle {
        decimal: numbers.one_character("decimal")?.unwrap_or('.'),
        group: numbers.one_character("group")?,
        trailing_minus: numbers.is_set("trailing_minus")?,
        parentheses: numbers.is_set("parentheses")?,
    };
    numbers.finish()?;
    if !matches!(style.decimal, '.' | ',') {
        return Err("numbers.decimal must be \".\" or \",\"".to_owned());
    }
    if style.group == Some(style.decimal) {
        return Err("numbers.group and numbers.decimal are the same character".to_owned());
    }
    if style
        .group
        .is_some_and(|group| !matches!(group, '.' | ',' | ' ' | '\'' | '’' | '\u{A0}' | '\u{202F}'))
    {
        return Err("numbers.group must be a point, a comma, a blank or an apostrophe".to_owned());
    }
    Ok(style)
}

fn cleared_by(entity: Entity, mut cleared: Section) -> Result<Cleared, String> {
    if entity.column_index("cleared_on").is_none() {
        return Err(format!(
            "{} has no clearing date, so [cleared] says nothing about it",
            entity.name()
        ));
    }
    let column = cleared
        .text("column")?
        .ok_or("cleared.column must name the column that tells open from cleared")?;
    let open = cleared.texts("open")?.unwrap_or_default();
    let closed = cleared.texts("cleared")?.unwrap_or_default();
    let undated = match cleared.text("undated")? {
        None => None,
        Some(name) => {
            let known = entity
                .columns()
                .iter()
                .find(|column| column.name == name && column.kind == Kind::Date);
            Some(
                known
                    .ok_or_else(|| {
                        format!(
                            "cleared.undated names {name:?}, which is no date column of {}",
                            entity.name()
                        )
                    })?
                    .name,
            )
        }
    };
    cleared.finish()?;
    if open.is_empty() || closed.is_empty() {
        return Err("cleared.open and cleared.cleared must each name the values of the column".to_owned());
    }
    Ok(Cleared::ByStatus {
        column,
        open,
        cleared: closed,
        undated,
    })
}

fn expected(mut totals: Section) -> Result<Expected, String> {
    let rows = totals.count("rows")?;
    let mut sums: BTreeMap<String, BTreeMap<Currency, String>> = BTreeMap::new();
    if let Some(section) = totals.section("sums")? {
        for (column, by_currency) in section.table {
            let Value::Table(by_currency) = by_currency else {
                return Err(format!("totals.sums.{column} must be a section of currencies"));
            };
            for (currency, sum) in by_currency {
                let currency: Currency = currency
                    .parse()
                    .map_err(|error| format!("totals.sums.{column}: {error}"))?;
                let Value::String(sum) = sum else {
                    return Err(format!(
                        "totals.sums.{column}.{currency} must be a number in quotes, as in \"1234.50\""
                    ));
                };
                sums.entry(column.clone()).or_default().insert(currency, sum);
            }
        }
    }
    totals.finish()?;
    Expected { rows, sums }
        .checked()
        .map_err(|sentence| sentence.trim_end_matches('.').to_owned())
}

fn column_rule(profile: &Profile, kind: Kind, mut section: Section) -> Result<ColumnRule, String> {
    let path = section.path.clone();
    let join = section.text("join")?;
    let sources = (
        section.texts("from")?,
        section.text("constant")?,
        section.text("year_of")?,
    );
    let source = match sources {
        (Some(names), None, None) if !names.is_empty() => {
            if join.is_some() && names.len() == 1 {
                return Err(format!("{path}.join needs several columns in {path}.from"));
            }
            Source::Columns {
                names,
                join: join.unwrap_or_default(),
            }
        }
        (None, Some(text), None) => Source::Constant(text),
        (None, None, Some(name)) => {
            let dates = profile
                .entity
                .columns()
                .iter()
                .find(|column| column.name == name && column.kind == Kind::Date);
            let date = dates.ok_or_else(|| {
                format!(
                    "{path}.year_of names {name:?}, which is no date column of {}",
                    profile.entity.name()
                )
            })?;
            if kind != Kind::Int {
                return Err(format!(
                    "{path}.year_of makes a whole number, which this column does not hold"
                ));
            }
            Source::YearOf(date.name)
        }
        _ => return Err(format!("{path} needs exactly one of from, constant and year_of")),
    };
    let mut rule = ColumnRule::plain(source);
    let of_kind = |key: &str, fits: bool| {
        if fits {
            Ok(())
        } else {
            Err(format!("{path}.{key} does not fit what the column holds"))
        }
    };
    match section.text("declared")?.as_deref() {
        None => {}
        Some("integer_as_decimal") => {
            of_kind("declared", matches!(kind, Kind::Id | Kind::Client | Kind::Int))?;
            rule.declared = Some(Declared::IntegerAsDecimal);
        }
        Some("date_as_decimal") => {
            of_kind("declared", kind == Kind::Date)?;
            rule.declared = Some(Declared::DateAsDecimal);
        }
        Some(other) => {
            let near = hint(other, ["integer_as_decimal", "date_as_decimal"]);
            return Err(format!("{path}.declared has the unknown value {other:?}{near}"));
        }
    }
    if let Some(digits) = section.count("digits")? {
        of_kind("digits", matches!(kind, Kind::Id | Kind::Client))?;
        let digits = usize::try_from(digits)
            .ok()
            .filter(|digits| (1..=64).contains(digits));
        rule.digits = Some(digits.ok_or_else(|| format!("{path}.digits must be between 1 and 64"))?);
    }
    rule.mixes_padding = section.is_set("mixes_padding")?;
    if rule.mixes_padding {
        let is_identifier = matches!(kind, Kind::Client | Kind::Id);
        of_kind("mixes_padding", is_identifier && rule.digits.is_none())?;
    }
    if let Some(map) = section.section("map")? {
        for (word, meaning) in map.table {
            let Value::String(meaning) = meaning else {
                return Err(format!("{path}.map.{word} must be text in quotes"));
            };
            rule.map.push((word, meaning));
        }
    }
    if let Some(formats) = section.texts("date")? {
        of_kind("date", kind == Kind::Date)?;
        rule.dates = Some(DateStyle {
            formats: date_formats(&formats)?,
            none: profile.dates.none.clone(),
        });
    }
    if let Some(mut sign) = section.section("sign")? {
        of_kind("sign", matches!(kind, Kind::Money(_)))?;
        let column = sign
            .text("from")?
            .ok_or_else(|| format!("{path}.sign.from must name a column"))?;
        let debit = sign.texts("debit")?.unwrap_or_default();
        let credit = sign.texts("credit")?.unwrap_or_default();
        sign.finish()?;
        if debit.is_empty() || credit.is_empty() {
            return Err(format!("{path}.sign needs the values for debit and for credit"));
        }
        rule.sign = Some(Sign {
            column,
            debit,
            credit,
        });
    }
    rule.is_negated = section.is_set("negate")?;
    if rule.is_negated {
        of_kind("negate", matches!(kind, Kind::Money(_)) && rule.sign.is_none())?;
    }
    section.finish()?;
    Ok(rule)
}

fn check_required(profile: &Profile) -> Result<(), String> {
    let unfilled: Vec<&str> = profile
        .entity
        .columns()
        .iter()
        .filter(|column| column.required && !profile.columns.contains_key(column.name))
        .map(|column| column.name)
        .collect();
    if unfilled.is_empty() {
        return Ok(());
    }
    Err(format!(
        "nothing fills {}; give {} a from or a constant under [columns]",
        crate::near::listed(&unfilled),
        if unfilled.len() == 1 { "it" } else { "each" }
    ))
}
