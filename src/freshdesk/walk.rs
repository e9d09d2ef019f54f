//! Walking a list that grows while it is read.
//!
//! The list is asked for by `updated_since`, oldest change first. A page number means something else as soon
//! as a ticket in front of it is touched, so a window is left as early as possible: the next question begins
//! at the last second seen, page 1, and what is met twice is known already. Only where one second fills a
//! whole page are further pages of that window asked for; then the ids seen in it are remembered, and the
//! window is walked again when one of them turns up later, which is the proof that the pages have shifted.
//!
//! A cursor is the last second seen and never the second after it. Whether `updated_since` includes the
//! instant itself is not documented: the first window that can tell decides, and until then, and where it
//! does not, the question begins a second earlier.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use hammerdesk_freshdesk::More;
use serde::{Deserialize, Serialize};

/// Windows are left before the page at which Freshdesk stops.
pub(super) const LAST_PAGE: u32 = 299;
/// A run begins so long before the newest change that was seen: what is committed late over there is met
/// then, and so is a second change within one second.
const OVERLAP: TimeDelta = TimeDelta::seconds(10);
const SECOND: TimeDelta = TimeDelta::seconds(1);

/// Ids of paged seconds that are remembered at most; what they miss beyond that, a reconcile finds.
const MOST_REMEMBERED: usize = 20_000;

/// Where a walk stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Walk {
    /// The window's `updated_since`.
    pub(super) from: DateTime<Utc>,
    /// The page to ask for.
    pub(super) page: u32,
    /// The newest change that was seen.
    pub(super) newest: Option<DateTime<Utc>>,
    /// Does `updated_since` include the instant itself?
    is_inclusive: Option<bool>,
    /// Is it known that a ticket changed in the very second that is asked for?
    is_probe: bool,
    /// The seconds that filled several pages.
    paged: Vec<Paged>,
    /// Where to go on after what pages hid was walked again.
    resume: Option<DateTime<Utc>>,
    /// Until which second it is walked again.
    #[serde(default)]
    again_until: Option<DateTime<Utc>>,
}

/// A second that filled several pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Paged {
    from: DateTime<Utc>,
    second: DateTime<Utc>,
    ids: BTreeSet<i64>,
    /// How far the page reached with which its window was left. What shifting pages hid lies before that, in
    /// the second itself or in one behind it.
    #[serde(default)]
    until: Option<DateTime<Utc>>,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Ask again, as the walk says.
    Ask,
    /// That was all there is now.
    End,
    /// More tickets changed in one second than Freshdesk shows; the walk goes on behind that second, and
    /// whoever walks reads the rest of it one by one.
    Overflow(DateTime<Utc>),
}

impl Walk {
    /// A walk from the beginning.
    pub(super) const fn from(beginning: DateTime<Utc>) -> Self {
        Self {
            from: beginning,
            page: 1,
            newest: None,
            is_inclusive: None,
            is_probe: false,
            paged: Vec::new(),
            resume: None,
            again_until: None,
        }
    }

    /// Begins another run, overlapping the one before.
    pub(super) fn rewind(&mut self) {
        if let Some(newest) = self.newest {
            self.ask(newest - OVERLAP);
        }
        self.page = 1;
    }

    /// Takes in the tickets of the page that was asked for: number and last change.
    pub(super) fn take(&mut self, page: &[(i64, DateTime<Utc>)], more: More) -> Next {
        self.newest = page.iter().map(|(_, at)| *at).chain(self.newest).max();
        let has_first_second = page.iter().any(|(_, at)| *at == self.from);
        if self.page == 1 && has_first_second {
            self.is_inclusive = Some(true);
        }
        if self.is_probe && self.page == 1 && !has_first_second {
            // Either the second itself is left out, or whatever changed in it was touched since.
            self.is_inclusive = Some(false);
            self.ask(self.from - SECOND);
            return Next::Ask;
        }
        let shifted = self.shifted(page);
        let asked = self.from;
        let next = self.go_on(page, more);
        match shifted {
            None => {
                // Only now is nothing to be walked again, and what was remembered for that done with.
                if next == Next::End {
                    self.paged.clear();
                }
                next
            }
            Some(from) if from == asked => {
                self.ask(from);
                Next::Ask
            }
            Some(from) => {
                self.resume.get_or_insert(self.from);
                self.ask(from);
                match next {
                    Next::End => Next::Ask,
                    next => next,
                }
            }
        }
    }

    fn go_on(&mut self, page: &[(i64, DateTime<Utc>)], more: More) -> Next {
        let first = self.first_second();
        let last = page.iter().map(|(_, at)| *at).max();
        let is_sorted = page.is_sorted_by_key(|(_, at)| *at);
        let leaves = last.filter(|last| is_sorted && *last > first);
        if let Some(last) = leaves
            && let Some(paged) = self.paged.iter_mut().find(|paged| paged.from == self.from)
        {
            paged.until = paged.until.max(Some(last));
        }
        let is_past = leaves.is_some_and(|last| self.again_until.is_none_or(|until| last > until));
        match (more, leaves, self.resume) {
            (More::Nothing, _, Some(resume)) => self.go_back_to(resume),
            (_, Some(_), Some(resume)) if is_past => self.go_back_to(resume),
            (More::Nothing, _, None) => {
                self.page = 1;
                self.is_probe = false;
                Next::End
            }
            (_, Some(last), _) => {
                self.leave_for(last);
                Next::Ask
            }
            (More::Page(_), None, _) if self.page < LAST_PAGE => {
                self.remember(first, page);
                self.page += 1;
                Next::Ask
            }
            (_, None, _) => {
                self.ask(first + SECOND);
                Next::Overflow(first)
            }
        }
    }

    /// The earliest window in which a ticket of this page stood when its second was read page by page. All
    /// that such windows may have hidden is walked again.
    fn shifted(&mut self, page: &[(i64, DateTime<Utc>)]) -> Option<DateTime<Utc>> {
        let mut found: Option<DateTime<Utc>> = None;
        // A window that this very page leaves reaches as far as the page.
        let here = page.iter().map(|(_, at)| *at).max();
        for paged in &mut self.paged {
            for (id, _) in page.iter().filter(|(_, at)| *at > paged.second) {
                if paged.ids.remove(id) {
                    found = Some(found.map_or(paged.from, |found| found.min(paged.from)));
                    self.again_until = self.again_until.max(paged.until.or(here));
                }
            }
        }
        found
    }

    fn go_back_to(&mut self, resume: DateTime<Utc>) -> Next {
        self.resume = None;
        self.again_until = None;
        self.ask(resume);
        Next::Ask
    }

    fn remember(&mut self, second: DateTime<Utc>, page: &[(i64, DateTime<Utc>)]) {
        let ids = page.iter().filter(|(_, at)| *at <= second).map(|(id, _)| *id);
        match self.paged.iter_mut().find(|paged| paged.from == self.from) {
            Some(paged) => paged.ids.extend(ids),
            None => self.paged.push(Paged {
                from: self.from,
                second,
                ids: ids.collect(),
                until: None,
            }),
        }
        while self.paged.len() > 1
            && self.paged.iter().map(|paged| paged.ids.len()).sum::<usize>() > MOST_REMEMBERED
        {
            self.paged.remove(0);
        }
    }

    /// The second whose changes the window begins with.
    fn first_second(&self) -> DateTime<Utc> {
        if self.is_inclusive == Some(false) {
            self.from + SECOND
        } else {
            self.from
        }
    }

    fn leave_for(&mut self, second: DateTime<Utc>) {
        let from = if self.is_inclusive == Some(false) {
            second - SECOND
        } else {
            second
        };
        self.ask(from);
        self.is_probe = self.is_inclusive.is_none();
    }

    fn ask(&mut self, from: DateTime<Utc>) {
        self.from = from;
        self.page = 1;
        self.is_probe = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap()
    }

    /// A list as the helpdesk gives it: tickets and the second in which each last changed.
    struct List {
        tickets: BTreeMap<i64, i64>,
        is_inclusive: bool,
        newest_first_in_ties: bool,
        per_page: usize,
    }

    impl List {
        fn page(&self, walk: &Walk) -> (Vec<(i64, DateTime<Utc>)>, More) {
            let mut found: Vec<(i64, i64)> = self
                .tickets
                .iter()
                .filter(|(_, second)| {
                    at(**second) > walk.from || (self.is_inclusive && at(**second) == walk.from)
                })
                .map(|(id, second)| (*id, *second))
                .collect();
            let flip = if self.newest_first_in_ties { -1 } else { 1 };
            found.sort_by_key(|(id, second)| (*second, flip * id));
            let skipped = (walk.page as usize - 1) * self.per_page;
            let rest: Vec<_> = found.into_iter().skip(skipped).collect();
            let more = if rest.len() > self.per_page {
                More::Page(walk.page + 1)
            } else {
                More::Nothing
            };
            let page = rest
                .into_iter()
                .take(self.per_page)
                .map(|(id, second)| (id, at(second)));
            (page.collect(), more)
        }
    }

    /// Walks to the end; `between` happens before each question. What was seen of each ticket last.
    fn walk(
        list: &mut List,
        walk: &mut Walk,
        mut between: impl FnMut(&mut List, usize),
    ) -> (BTreeMap<i64, i64>, usize) {
        let mut seen = BTreeMap::new();
        for calls in 0..10_000 {
            between(list, calls);
            let (page, more) = list.page(walk);
            for (id, second) in &page {
                let second = (*second - at(0)).num_seconds();
                let known = seen.entry(*id).or_insert(second);
                *known = second.max(*known);
            }
            if walk.take(&page, more) == Next::End {
                return (seen, calls + 1);
            }
        }
        panic!("the walk does not end");
    }

    #[test]
    fn a_quiet_list_costs_hardly_more_calls_than_it_has_pages() {
        for is_inclusive in [true, false] {
            let mut list = List {
                tickets: (0..10_000).map(|n| (n, n / 3)).collect(),
                is_inclusive,
                newest_first_in_ties: false,
                per_page: 100,
            };
            let mut from_start = Walk::from(at(-1000));
            let (seen, calls) = walk(&mut list, &mut from_start, |_, _| ());
            assert_eq!(seen.len(), 10_000);
            assert!(
                calls <= 105,
                "{calls} calls for 100 pages, inclusive {is_inclusive}"
            );
            from_start.rewind();
            let (_, calls) = walk(&mut list, &mut from_start, |_, _| ());
            assert_eq!(calls, 1, "nothing new is one call");
        }
    }

    #[test]
    fn more_in_one_second_than_there_are_pages_is_said_and_not_passed_over() {
        let mut list = List {
            tickets: (0..400).map(|n| (n, 5)).collect(),
            is_inclusive: true,
            newest_first_in_ties: false,
            per_page: 1,
        };
        list.tickets.insert(1000, 9);
        let mut stuck = Walk::from(at(0));
        let said = (0..1000).find_map(|_| {
            let (page, more) = list.page(&stuck);
            match stuck.take(&page, more) {
                Next::Overflow(second) => Some(second),
                _ => None,
            }
        });
        assert_eq!(said, Some(at(5)));
        let (seen, _) = walk(&mut list, &mut stuck, |_, _| ());
        assert!(seen.contains_key(&1000));
    }

    #[test]
    fn a_second_that_fills_pages_is_walked_again_when_they_shift() {
        let mut list = List {
            tickets: (0..10).map(|n| (n, 5)).collect(),
            is_inclusive: true,
            newest_first_in_ties: false,
            per_page: 3,
        };
        let mut shifting = Walk::from(at(0));
        let (seen, _) = walk(&mut list, &mut shifting, |list, calls| {
            if calls == 3 {
                list.tickets.insert(0, 60);
            }
        });
        assert_eq!(seen, list.tickets);
        list.tickets = (0..10).map(|n| (n, 5)).chain((10..40).map(|n| (n, n))).collect();
        let mut shifting = Walk::from(at(0));
        let (seen, _) = walk(&mut list, &mut shifting, |list, calls| {
            if calls == 3 {
                list.tickets.insert(0, 60);
            }
        });
        assert_eq!(seen, list.tickets, "also where it turns up much later");
    }

    proptest! {
        #[test]
        fn whatever_is_touched_while_walking_its_last_state_is_seen(
            first in prop::collection::btree_map(0_i64..60, 0_i64..12, 0..60),
            touches in prop::collection::vec((0_usize..40, 0_i64..80), 0..30),
            is_inclusive: bool,
            newest_first_in_ties: bool,
            per_page in 1_usize..7,
        ) {
            let mut list = List { tickets: first, is_inclusive, newest_first_in_ties, per_page };
            let mut walking = Walk::from(at(-100));
            let mut now = 20;
            let (mut seen, _) = walk(&mut list, &mut walking, |list, calls| {
                for (when, id) in &touches {
                    if *when == calls {
                        now += 1;
                        list.tickets.insert(*id, now);
                    }
                }
            });
            walking.rewind();
            let (again, _) = walk(&mut list, &mut walking, |_, _| ());
            seen.extend(again);
            prop_assert_eq!(seen, list.tickets);
        }
    }
}
