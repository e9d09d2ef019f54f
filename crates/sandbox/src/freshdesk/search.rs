//! Search: its grammar, its lag, its three hundred hits.
//!
//! Promises: a query outside the documented grammar is refused; what changed within the lag is found as it
//! was before, or not at all.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;

use super::call::{Answer, Call, Outcome};
use super::json::Within;
use super::model::Ticket;
use super::shape::Refusal;

const PAGE: usize = 30;
const MOST_PAGES: usize = 10;
const LONGEST: usize = 512;
const DATES: [&str; 4] = ["created_at", "updated_at", "due_by", "fr_due_by"];
const NUMBERS: [&str; 4] = ["agent_id", "group_id", "priority", "status"];

/// `GET /search/tickets`.
pub(super) fn search(call: &mut Call<'_>) -> Outcome {
    call.only(&["query", "page"])?;
    let page = call.page()?.number;
    if page > MOST_PAGES {
        let message = "It should be a Positive Integer less than or equal to 10";
        return Err(Refusal::invalid("page", message, "invalid_value").noted());
    }
    let invalid = |message: &str| Refusal::invalid("query", message, "invalid_value").noted();
    let query = call
        .param("query")
        .ok_or_else(|| invalid("It should be a/an String"))?;
    let inner = query.strip_prefix('"').and_then(|query| query.strip_suffix('"'));
    let inner = inner.ok_or_else(|| invalid("The query should be in double quotes"))?;
    if inner.chars().count() > LONGEST {
        return Err(invalid("The query should not be longer than 512 characters"));
    }
    let own: Vec<&str> = call
        .state
        .custom_fields
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    let mut parser = Parser {
        tokens: tokens(inner).ok_or_else(|| invalid("Unable to parse the query"))?,
        at: 0,
        own: &own,
    };
    let wanted = parser.either().filter(|_| parser.at == parser.tokens.len());
    let wanted = wanted.ok_or_else(|| invalid("Unable to parse the query"))?;
    known_values(call, &wanted)?;
    let lag = call.state.options.search_lag;
    let seen = |ticket: &Arc<Ticket>| -> Option<Arc<Ticket>> {
        let changed_at = call.state.stale.get(&ticket.id).map(|(_, at)| *at);
        match call.state.stale.get(&ticket.id) {
            Some((before, at)) if *at + lag > call.now => Some(before.clone()),
            _ if changed_at.is_none() && ticket.created_at + lag > call.now => None,
            _ => Some(ticket.clone()),
        }
    };
    let found: Vec<Arc<Ticket>> = call
        .state
        .by_created
        .iter()
        .rev()
        .filter_map(|(.., id)| call.state.tickets.get(id))
        .filter_map(seen)
        .filter(|ticket| !ticket.spam && !ticket.deleted && !ticket.archived && wanted.takes(ticket))
        .filter(|ticket| call.state.sees(call.agent, ticket))
        .collect();
    let show = call.show();
    let shown: Vec<_> = found
        .iter()
        .skip((page - 1) * PAGE)
        .take(PAGE)
        .map(|ticket| show.ticket(ticket, Within::Search, &[]))
        .collect();
    Ok(Answer::ok(json!({"total": found.len(), "results": shown})))
}

fn known_values(call: &Call<'_>, wanted: &Wanted) -> Result<(), Refusal> {
    match wanted {
        Wanted::Both(one, other) | Wanted::Either(one, other) => {
            known_values(call, one)?;
            known_values(call, other)
        }
        Wanted::Is {
            field,
            value: Operand::Number(code),
            ..
        } if field == "status" => {
            let mut codes: Vec<i64> = call.state.statuses.iter().map(|(code, ..)| *code).collect();
            codes.sort_unstable();
            if codes.contains(code) {
                return Ok(());
            }
            let listed = codes
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(",");
            let message = format!("It should be one of these values: '{listed}'");
            Err(Refusal::invalid("status", &message, "invalid_value"))
        }
        Wanted::Is { .. } => Ok(()),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Term(String, Relation, Operand),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Equal,
    AtLeast,
    AtMost,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Operand {
    Null,
    Flag(bool),
    Number(i64),
    Text(String),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if let '(' | ')' = first {
            tokens.push(if first == '(' { Token::Open } else { Token::Close });
            rest = rest[1..].trim_start();
            continue;
        }
        let word_end = rest
            .find(|c: char| c.is_whitespace() || ":()".contains(c))
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(word_end);
        match word {
            "AND" => tokens.push(Token::And),
            "OR" => tokens.push(Token::Or),
            _ => {
                let after = after.strip_prefix(':')?;
                let (relation, after) = match after.as_bytes().first()? {
                    b'>' => (Relation::AtLeast, &after[1..]),
                    b'<' => (Relation::AtMost, &after[1..]),
                    _ => (Relation::Equal, after),
                };
                let (operand, after) = operand(after)?;
                tokens.push(Token::Term(word.to_owned(), relation, operand));
                rest = after.trim_start();
                continue;
            }
        }
        rest = after.trim_start();
    }
    Some(tokens)
}

fn operand(text: &str) -> Option<(Operand, &str)> {
    if let Some(quoted) = text.strip_prefix('\'') {
        let end = quoted.find('\'')?;
        return Some((Operand::Text(quoted[..end].to_owned()), &quoted[end + 1..]));
    }
    let end = text
        .find(|c: char| c.is_whitespace() || "()".contains(c))
        .unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let operand = match word {
        "null" => Operand::Null,
        "true" => Operand::Flag(true),
        "false" => Operand::Flag(false),
        number => Operand::Number(number.parse().ok()?),
    };
    Some((operand, rest))
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    Both(Box<Self>, Box<Self>),
    Either(Box<Self>, Box<Self>),
    Is {
        field: String,
        relation: Relation,
        value: Operand,
    },
}

struct Parser<'a> {
    tokens: Vec<Token>,
    at: usize,
    /// Names of custom fields.
    own: &'a [&'a str],
}

impl Parser<'_> {
    fn either(&mut self) -> Option<Wanted> {
        let mut wanted = self.both()?;
        while self.tokens.get(self.at) == Some(&Token::Or) {
            self.at += 1;
            wanted = Wanted::Either(Box::new(wanted), Box::new(self.both()?));
        }
        Some(wanted)
    }

    fn both(&mut self) -> Option<Wanted> {
        let mut wanted = self.one()?;
        while self.tokens.get(self.at) == Some(&Token::And) {
            self.at += 1;
            wanted = Wanted::Both(Box::new(wanted), Box::new(self.one()?));
        }
        Some(wanted)
    }

    fn one(&mut self) -> Option<Wanted> {
        let token = self.tokens.get(self.at)?.clone();
        self.at += 1;
        match token {
            Token::Open => {
                let inner = self.either()?;
                let closed = self.tokens.get(self.at) == Some(&Token::Close);
                self.at += 1;
                closed.then_some(inner)
            }
            Token::Term(field, relation, value) => {
                let name = field.as_str();
                let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok();
                let fits = match &value {
                    Operand::Null => relation == Relation::Equal,
                    Operand::Text(text) if DATES.contains(&name) => day(text),
                    Operand::Number(_) if NUMBERS.contains(&name) => true,
                    Operand::Text(_) if ["tag", "type"].contains(&name) => relation == Relation::Equal,
                    _ => self.own.contains(&name),
                };
                let known = DATES.contains(&name)
                    || NUMBERS.contains(&name)
                    || ["tag", "type"].contains(&name)
                    || self.own.contains(&name);
                (fits && known).then_some(Wanted::Is {
                    field,
                    relation,
                    value,
                })
            }
            _ => None,
        }
    }
}

impl Wanted {
    fn takes(&self, ticket: &Ticket) -> bool {
        match self {
            Self::Both(one, other) => one.takes(ticket) && other.takes(ticket),
            Self::Either(one, other) => one.takes(ticket) || other.takes(ticket),
            Self::Is {
                field,
                relation,
                value,
            } => is(ticket, field, *relation, value),
        }
    }
}

fn is(ticket: &Ticket, field: &str, relation: Relation, value: &Operand) -> bool {
    let number = |known: Option<i64>| match value {
        Operand::Null => known.is_none(),
        Operand::Number(wanted) => known.is_some_and(|known| compare(known, relation, *wanted)),
        _ => false,
    };
    let instant = |known: Option<DateTime<Utc>>| match value {
        Operand::Null => known.is_none(),
        Operand::Text(day) => known.is_some_and(|known| {
            let wanted = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok();
            wanted.is_some_and(|wanted| compare(known.date_naive(), relation, wanted))
        }),
        _ => false,
    };
    let id = |known: Option<u64>| number(known.and_then(|known| i64::try_from(known).ok()));
    let text = |known: Option<&str>| match value {
        Operand::Null => known.is_none(),
        Operand::Text(wanted) => known.is_some_and(|known| known.eq_ignore_ascii_case(wanted)),
        _ => false,
    };
    match field {
        "agent_id" => id(ticket.responder_id),
        "group_id" => id(ticket.group_id),
        "priority" => number(Some(ticket.priority)),
        "status" => number(Some(ticket.status)),
        "type" => text(ticket.kind.as_deref()),
        "tag" => match value {
            Operand::Null => ticket.tags.is_empty(),
            _ => ticket.tags.iter().any(|tag| text(Some(tag))),
        },
        "created_at" => instant(Some(ticket.created_at)),
        "updated_at" => instant(Some(ticket.updated_at)),
        "due_by" => instant(ticket.due_by),
        "fr_due_by" => instant(ticket.fr_due_by),
        own => {
            let known = ticket.custom_fields.get(own).filter(|known| !known.is_null());
            match value {
                Operand::Null => known.is_none(),
                Operand::Flag(flag) => known.and_then(serde_json::Value::as_bool).unwrap_or(false) == *flag,
                Operand::Number(_) => number(known.and_then(serde_json::Value::as_i64)),
                Operand::Text(_) => text(known.and_then(serde_json::Value::as_str)),
            }
        }
    }
}

fn compare<T: PartialOrd + Copy>(known: T, relation: Relation, wanted: T) -> bool {
    match relation {
        Relation::Equal => known == wanted,
        Relation::AtLeast => known >= wanted,
        Relation::AtMost => known <= wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(query: &str) -> Option<Wanted> {
        let mut parser = Parser {
            tokens: tokens(query)?,
            at: 0,
            own: &["cf_lot"],
        };
        let wanted = parser.either();
        wanted.filter(|_| parser.at == parser.tokens.len())
    }

    #[test]
    fn the_documented_grammar_is_read_and_nothing_else() {
        for good in [
            "status:2",
            "(status:2 OR status:3) AND priority:>3",
            "created_at:>'2026-11-01' AND created_at:<'2026-11-30'",
            "tag:'release' AND agent_id:null",
            "cf_lot:'12'",
        ] {
            assert!(parsed(good).is_some(), "{good}");
        }
        for bad in [
            "refund",
            "status=2",
            "status:open",
            "requester_id:7",
            "subject:'x'",
            "(status:2",
            "status:2 AND",
            "created_at:>'2026-11-01T10:00:00Z'",
            "tag:'a",
            "status:2 status:3",
            "",
        ] {
            assert!(parsed(bad).is_none(), "{bad}");
        }
    }
}
