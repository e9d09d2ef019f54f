//! Search. Its index lags by minutes, knows dates by the day, leaves out archived tickets and ends after 300 hits:
//! good for a person who looks for something, never for following changes or finding what was just written.

use chrono::NaiveDate;
use serde_json::value::RawValue;

use crate::call::Call;
use crate::client::Client;
use crate::contacts::Contact;
use crate::error::{Error, ErrorKind};
use crate::lenient::{Fields, Odd, Record};
use crate::page::{Listing, Page};
use crate::tickets::Ticket;

/// Freshdesk gives no page of hits after this one.
pub const LAST_SEARCH_PAGE: u32 = 10;
/// Hits on a page; Freshdesk takes no other number.
pub const SEARCH_PAGE: u32 = 30;
/// The most characters that a search has, its quotes included.
pub const LONGEST_SEARCH: usize = 512;

/// What a field is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// A number, an id, a code.
    Number(i64),
    /// Words; the whole value, not a part.
    Text(String),
    /// A day in UTC.
    Day(NaiveDate),
    /// A box that is ticked or not.
    Flag(bool),
    /// No value.
    Empty,
}

impl From<i64> for Term {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Term {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<NaiveDate> for Term {
    fn from(day: NaiveDate) -> Self {
        Self::Day(day)
    }
}

impl From<bool> for Term {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

/// A search: comparisons of fields, joined.
///
/// Tickets are found by `agent_id group_id priority status tag type due_by fr_due_by created_at updated_at` and custom
/// fields; not by requester, company or subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    text: Result<String, String>,
}

impl Search {
    /// The field has that value.
    pub fn is(field: &str, term: impl Into<Term>) -> Self {
        Self::compare(field, ":", &term.into())
    }

    /// The field has that value or a greater one (`:>`).
    pub fn at_least(field: &str, term: impl Into<Term>) -> Self {
        Self::compare(field, ":>", &term.into())
    }

    /// The field has that value or a smaller one (`:<`).
    pub fn at_most(field: &str, term: impl Into<Term>) -> Self {
        Self::compare(field, ":<", &term.into())
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.join("AND", other)
    }

    /// Either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.join("OR", other)
    }

    fn compare(field: &str, operator: &str, term: &Term) -> Self {
        let is_name = !field.is_empty() && field.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let text = match term {
            _ if !is_name => Err(format!("a field cannot be called {field:?}")),
            Term::Number(number) => Ok(number.to_string()),
            Term::Day(day) => Ok(format!("'{day}'")),
            Term::Flag(flag) => Ok(flag.to_string()),
            Term::Empty => Ok("null".to_owned()),
            // Freshdesk documents no way to write a quote inside a value, and one left as it is would end it.
            Term::Text(text)
                if text
                    .chars()
                    .any(|c| matches!(c, '\'' | '"' | '\\') || c.is_control()) =>
            {
                Err("Freshdesk cannot search for quotes, backslashes or line breaks".to_owned())
            }
            Term::Text(text) => Ok(format!("'{text}'")),
        };
        Self {
            text: text.map(|text| format!("{field}{operator}{text}")),
        }
    }

    fn join(self, word: &str, other: Self) -> Self {
        let text = self
            .text
            .and_then(|a| other.text.map(|b| format!("({a} {word} {b})")));
        Self { text }
    }

    /// As it is sent.
    pub fn query(&self) -> Result<String, String> {
        let text = self.text.clone()?;
        let bare = text
            .strip_prefix('(')
            .and_then(|text| text.strip_suffix(')'))
            .unwrap_or(&text);
        let query = format!("\"{}\"", if is_balanced(bare) { bare } else { &text });
        let length = query.chars().count();
        if length > LONGEST_SEARCH {
            return Err(format!(
                "a search has at most {LONGEST_SEARCH} characters, this one {length}"
            ));
        }
        Ok(query)
    }
}

/// Whether each parenthesis closes one that was opened before it; those inside quotes are words.
fn is_balanced(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut is_quoted = false;
    for c in text.chars() {
        match c {
            '\'' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            },
            _ => {}
        }
    }
    depth == 0
}

/// One page of hits.
#[derive(Debug, Clone, PartialEq)]
pub struct Hits<T> {
    /// `total`, of all pages, also those that cannot be had
    pub total: Option<u64>,
    /// `results`, newest first
    pub page: Page<T>,
}

impl Client {
    /// One page of hits among tickets: `GET /search/tickets`. After page 10 it is [`crate::More::Capped`].
    pub async fn search_tickets(&self, search: &Search, page: u32) -> Result<Hits<Ticket>, Error> {
        self.search("search tickets", "search/tickets", search, page)
            .await
    }

    /// One page of hits among contacts: `GET /search/contacts`. After page 10 it is [`crate::More::Capped`].
    pub async fn search_contacts(&self, search: &Search, page: u32) -> Result<Hits<Contact>, Error> {
        self.search("search contacts", "search/contacts", search, page)
            .await
    }

    async fn search<T: Record>(
        &self,
        name: &'static str,
        path: &'static str,
        search: &Search,
        page: u32,
    ) -> Result<Hits<T>, Error> {
        let page = page.max(1);
        if page > LAST_SEARCH_PAGE {
            return Ok(Hits {
                total: None,
                page: Page::capped(),
            });
        }
        let query = search
            .query()
            .map_err(|sentence| Error::new(name, false, ErrorKind::Unsendable(sentence)))?;
        let call = Call::get(name, path)
            .with("query", query)
            .with("page", page.to_string());
        let answer = self.send(call).await?;
        let raw = answer.raw()?;
        let mut odd = Vec::new();
        let unreadable = |why: Odd| Error::new(name, false, ErrorKind::Unreadable { status: 200, why });
        let Some(fields) = Fields::open(raw, "", &mut odd) else {
            return Err(unreadable(Odd {
                field: "the answer".to_owned(),
                found: crate::lenient::kind(raw),
            }));
        };
        let total: Option<u64> = fields.take(&["total"], &mut odd);
        let results: Option<&RawValue> = fields.raw("results");
        let listing: Listing<T> = match results {
            Some(results) => answer.items(results)?,
            None => {
                return Err(unreadable(Odd {
                    field: "results".to_owned(),
                    found: "missing",
                }));
            }
        };
        let seen = u64::from(page) * u64::from(SEARCH_PAGE);
        let is_last = listing.items.is_empty() || total.is_some_and(|total| total <= seen);
        let next = (!is_last).then_some(page + 1);
        Ok(Hits {
            total,
            page: Page::of(listing, next, LAST_SEARCH_PAGE),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_are_joined_and_quoted_as_freshdesk_wants_them() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();
        let search = Search::is("status", 2)
            .or(Search::is("status", 3))
            .and(Search::at_least("created_at", day))
            .and(Search::is("agent_id", Term::Empty));
        assert_eq!(
            search.query().unwrap(),
            "\"((status:2 OR status:3) AND created_at:>'2026-11-01') AND agent_id:null\""
        );
        let two = Search::is("a", 1)
            .or(Search::is("b", 2))
            .and(Search::is("c", 3).or(Search::is("d", true)));
        assert_eq!(two.query().unwrap(), "\"(a:1 OR b:2) AND (c:3 OR d:true)\"");
        assert_eq!(Search::is("tag", "vip)").query().unwrap(), "\"tag:'vip)'\"");
    }

    #[test]
    fn a_value_cannot_end_its_quotes() {
        for bad in ["O'Hara", "x\" OR status:2", "a\\", "a\nb"] {
            assert!(
                Search::is("status", 2)
                    .and(Search::is("tag", bad))
                    .query()
                    .is_err(),
                "{bad}"
            );
        }
        assert!(Search::is("status:2 OR tag", "x").query().is_err());
    }

    #[test]
    fn a_search_too_long_is_said_before_it_is_sent() {
        assert!(Search::is("tag", &*"x".repeat(504)).query().is_ok());
        assert!(Search::is("tag", &*"x".repeat(505)).query().is_err());
    }
}
