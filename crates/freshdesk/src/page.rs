//! Lists: what one answer held, and whether there is more.

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use crate::lenient::{Record, Unreadable};
use crate::tickets::LARGEST_PAGE;

/// The records of one list, and the places of those that could not be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing<T> {
    /// The records, in Freshdesk's order.
    pub items: Vec<T>,
    /// Entries left out because they had no id or were no records.
    pub unreadable: Vec<Unreadable>,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            unreadable: Vec::new(),
        }
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The records, in Freshdesk's order.
    pub items: Vec<T>,
    /// Entries left out because they had no id or were no records.
    pub unreadable: Vec<Unreadable>,
    /// Whether there is more, and where.
    pub more: More,
}

/// What comes after a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum More {
    /// Nothing: this was the last page.
    Nothing,
    /// That page, of the same question.
    Page(u32),
    /// There is more, but Freshdesk gives no further pages of this question: ask a narrower one, such as from the
    /// last `updated_at` seen.
    Capped,
}

impl<T> Page<T> {
    pub(crate) fn capped() -> Self {
        Self {
            items: Vec::new(),
            unreadable: Vec::new(),
            more: More::Capped,
        }
    }

    pub(crate) fn of(listing: Listing<T>, next: Option<u32>, last_allowed: u32) -> Self {
        let more = match next {
            None => More::Nothing,
            Some(page) if page > last_allowed => More::Capped,
            Some(page) => More::Page(page),
        };
        Self {
            items: listing.items,
            unreadable: listing.unreadable,
            more,
        }
    }

    /// The last page that is given: whether it names a next one is not known, so that if it is full there may be more.
    pub(crate) fn last_given(mut self, full: u32) -> Self {
        if self.items.len() + self.unreadable.len() >= full as usize {
            self.more = More::Capped;
        }
        self
    }
}

/// A list that does not end by itself is cut here.
const MOST_PAGES: u32 = 500;

impl Client {
    /// One page of a list that takes no other question.
    pub(crate) async fn one_page<T: Record>(
        &self,
        name: &'static str,
        path: impl Into<String>,
        page: u32,
    ) -> Result<Page<T>, Error> {
        let call = Call::get(name, path)
            .with("per_page", LARGEST_PAGE.to_string())
            .with("page", page.max(1).to_string());
        let answer = self.send(call).await?;
        Ok(Page::of(answer.listing()?, answer.next_page(), MOST_PAGES))
    }

    /// All pages of such a list.
    pub(crate) async fn all<T: Record>(&self, name: &'static str, path: &str) -> Result<Listing<T>, Error> {
        let mut all = Listing::default();
        let mut page = 1;
        loop {
            let read = self.one_page(name, path, page).await?;
            all.items.extend(read.items);
            all.unreadable.extend(read.unreadable);
            match read.more {
                More::Page(next) if next > page => page = next,
                _ => return Ok(all),
            }
        }
    }
}
