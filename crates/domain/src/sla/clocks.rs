//! Which promises a ticket makes, and from which event to which: a pure fold over what happened.
//!
//! The order in which events arrive does not matter, nor do events that arrive twice. Nothing here knows a
//! policy: when a promise is due is [`judge`](super::judge)'s. One promise runs over all channels, so a call
//! that is answered satisfies an e-mail that waits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::event::{By, Channel, Event, Matter, Party, Priority, Status, What};
use crate::model::words;

words! {
    /// What is promised.
    ClockKind {
        /// A first answer.
        FirstResponse = "first_response",
        /// An answer to the first message not yet answered.
        NextResponse = "next_response",
        /// That the matter is settled.
        Resolution = "resolution",
        /// A call at an instant that was named.
        Callback = "callback",
        /// That somebody takes notice of an escalation.
        Acknowledgement = "acknowledgement",
    }

    /// How a promise ended.
    Ending {
        /// A message to the client.
        Answer = "answer",
        /// The two spoke.
        Call = "call",
        /// The ticket was resolved or closed.
        Settled = "settled",
        /// The call took place.
        Kept = "kept",
        /// Somebody took notice.
        Acknowledged = "acknowledged",
        /// It was taken back.
        Dropped = "dropped",
    }
}

/// How long after the closing that is part of it a merge may be dated.
const MERGE_TAKES: TimeDelta = TimeDelta::minutes(1);

impl ClockKind {
    /// As people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FirstResponse => "first response",
            Self::NextResponse => "next response",
            Self::Resolution => "resolution",
            Self::Callback => "call-back",
            Self::Acknowledgement => "acknowledgement",
        }
    }

    /// Does it stand while the ticket's status says so?
    pub const fn pauses_by_status(self) -> bool {
        matches!(self, Self::FirstResponse | Self::NextResponse | Self::Resolution)
    }
}

/// Who counts as the house, and what as an answer. An agent always does.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HouseRules {
    /// Does what this bot writes by itself answer the client?
    pub bot: bool,
    /// Does an automatic mail of the helpdesk?
    pub automations: bool,
    /// Does a mail that was forwarded to a third party?
    pub forwarded_mail: bool,
    /// Does what a third party writes to the client?
    pub third_party: bool,
    /// Does a call to the client that nobody picked up?
    pub unanswered_calls: bool,
    /// Does resolving or closing the ticket end a wait for an answer?
    pub settling_answers: bool,
    /// The statuses in which nothing more is to be done.
    pub settled: BTreeSet<Status>,
}

impl Default for HouseRules {
    fn default() -> Self {
        Self {
            bot: false,
            automations: false,
            forwarded_mail: false,
            third_party: false,
            unanswered_calls: false,
            settling_answers: true,
            settled: BTreeSet::from([Status::RESOLVED, Status::CLOSED]),
        }
    }
}

impl HouseRules {
    const fn speaks(&self, by: Party) -> bool {
        match by {
            Party::Agent | Party::Unknown => true,
            Party::Bot => self.bot,
            Party::Automation => self.automations,
            Party::ThirdParty => self.third_party,
            Party::Client => false,
        }
    }
}

/// An event that moved a clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub at: DateTime<Utc>,
    /// Which event.
    pub event: String,
    /// By whom.
    pub by: By,
    /// Is the instant exact?
    pub is_exact: bool,
}

impl Mark {
    fn of(event: &Event) -> Self {
        Self {
            at: event.at,
            event: event.id.clone(),
            by: event.by.clone(),
            is_exact: event.is_exact,
        }
    }
}

/// One promise from its beginning to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// What is promised.
    pub kind: ClockKind,
    /// Its name on the ticket, which stays whatever else is learnt later: the event that started it is in it.
    pub key: String,
    /// How the client came to be promised it.
    pub channel: Channel,
    /// Began with.
    pub started: Mark,
    /// Ended with.
    pub ended: Option<(Mark, Ending)>,
    /// The instant that was named, where the promise names one.
    pub due_at: Option<DateTime<Utc>>,
    /// Messages of the client that wait for the same answer.
    pub waiting: u32,
}

impl Run {
    /// When it ended.
    pub fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.ended.as_ref().map(|(mark, _)| mark.at)
    }
}

/// Something that held from one event to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spell<T> {
    /// What.
    pub is: T,
    /// Since.
    pub since: Mark,
    /// Until; still so where nothing is said.
    pub until: Option<DateTime<Utc>>,
}

/// What policies look at, as it was at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traits {
    /// How the ticket came.
    pub channel: Channel,
    /// How pressing it is.
    pub priority: Priority,
    /// Whose group's.
    pub group: Option<String>,
    /// Whose.
    pub assignee: Option<String>,
    /// Its type.
    pub kind: Option<String>,
    /// Its tags.
    pub tags: BTreeSet<String>,
    /// The rest.
    pub matter: Matter,
}

impl Default for Traits {
    fn default() -> Self {
        Self {
            channel: Channel::Other,
            priority: Priority::Low,
            group: None,
            assignee: None,
            kind: None,
            tags: BTreeSet::new(),
            matter: Matter::default(),
        }
    }
}

/// Everything that clocks need to know of one ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Promises in the order in which they began.
    pub runs: Vec<Run>,
    /// Statuses in order.
    pub statuses: Vec<Spell<Status>>,
    /// When the client had the last word of the house, and nothing to wait for.
    pub client_owes: Vec<Spell<()>>,
    /// When the ticket was deleted, spam or merged away.
    pub gone: Vec<Spell<()>>,
    /// What it was like, since when.
    pub traits: Vec<(DateTime<Utc>, Arc<Traits>)>,
}

impl History {
    /// What it was like at an instant.
    pub fn traits_at(&self, at: DateTime<Utc>) -> Option<&Arc<Traits>> {
        let n = self.traits.partition_point(|(since, _)| *since <= at);
        self.traits.get(n.saturating_sub(1)).map(|(_, traits)| traits)
    }

    /// Folds what happened, in whatever order it is told. `house` says who counted as the house at an
    /// instant.
    pub fn of<'a>(events: &[Event], house: impl Fn(DateTime<Utc>) -> &'a HouseRules) -> Self {
        let mut sorted: Vec<&Event> = events.iter().collect();
        sorted.sort_by(|a, b| {
            let key = |event: &Event| (event.at, event.what.rank());
            key(a).cmp(&key(b)).then_with(|| a.id.cmp(&b.id))
        });
        let mut seen = BTreeSet::new();
        let mut fold = Fold::default();
        for event in sorted {
            if seen.insert(event.id.as_str()) {
                fold.take(event, house(event.at));
            }
        }
        fold.history
    }
}

#[derive(Default)]
struct Fold {
    history: History,
    now: Traits,
    first: Option<usize>,
    next: Option<usize>,
    resolution: Option<usize>,
    /// Was there a first answer, or did the house speak first?
    is_past_first: bool,
    named: BTreeMap<(ClockKind, String), usize>,
}

impl Fold {
    fn take(&mut self, event: &Event, house: &HouseRules) {
        let is_first = self.history.statuses.is_empty();
        if is_first {
            self.history.statuses.push(Spell {
                is: Status::OPEN,
                since: Mark::of(event),
                until: None,
            });
            self.history.traits.push((event.at, Arc::new(Traits::default())));
        }
        match &event.what {
            What::Created { channel } => self.created(event, *channel),
            What::Said {
                incoming: true,
                channel,
            } => self.client_speaks(event, *channel),
            What::Said { channel: _, .. } if house.speaks(event.by.party) => {
                self.house_answers(event, Ending::Answer);
            }
            What::Forwarded if house.forwarded_mail && house.speaks(event.by.party) => {
                self.house_answers(event, Ending::Answer);
            }
            What::Called {
                incoming: true,
                answered,
            } => {
                self.client_speaks(event, Channel::Phone);
                if *answered {
                    self.call(event);
                }
            }
            What::Called { answered, .. } if *answered || house.unanswered_calls => self.call(event),
            What::Said { .. } | What::Forwarded | What::Called { .. } | What::Noted => {}
            What::Status { to } => self.status(event, *to, house),
            What::Merged => self.merged(event),
            What::Gone => begin(&mut self.history.gone, event),
            What::Restored => end(&mut self.history.gone, event),
            What::CallbackPromised { promise, due_at } => {
                self.promised(event, ClockKind::Callback, promise, Some(*due_at));
            }
            What::Escalated { escalation, due_at } => {
                self.promised(event, ClockKind::Acknowledgement, escalation, *due_at);
            }
            What::CallbackKept { promise } => self.ends(event, ClockKind::Callback, promise, Ending::Kept),
            What::CallbackDropped { promise } => {
                self.ends(event, ClockKind::Callback, promise, Ending::Dropped);
            }
            What::Acknowledged { escalation } => {
                self.ends(
                    event,
                    ClockKind::Acknowledgement,
                    escalation,
                    Ending::Acknowledged,
                );
            }
            What::EscalationDropped { escalation } => {
                self.ends(event, ClockKind::Acknowledgement, escalation, Ending::Dropped);
            }
            What::Priority { to } => self.now.priority = *to,
            What::Group { to } => self.now.group.clone_from(to),
            What::Assignee { to } => self.now.assignee.clone_from(to),
            What::Type { to } => self.now.kind.clone_from(to),
            What::Tags { to } => self.now.tags.clone_from(to),
            What::Matter { to } => self.now.matter = to.clone(),
        }
        if self
            .history
            .traits
            .last()
            .is_none_or(|(_, last)| **last != self.now)
        {
            let now = Arc::new(self.now.clone());
            match self.history.traits.last_mut() {
                Some((since, last)) if *since == event.at => *last = now,
                _ => self.history.traits.push((event.at, now)),
            }
        }
    }

    fn created(&mut self, event: &Event, channel: Channel) {
        self.now.channel = channel;
        match (channel, event.by.party) {
            (Channel::Outbound, _) => self.house_answers(event, Ending::Answer),
            (Channel::Phone, Party::Agent) => {
                self.client_speaks(event, channel);
                self.call(event);
            }
            _ => self.client_speaks(event, channel),
        }
    }

    fn start(&mut self, event: &Event, kind: ClockKind, name: &str, channel: Channel) -> usize {
        self.history.runs.push(Run {
            kind,
            key: format!("{kind}:{name}"),
            channel,
            started: Mark::of(event),
            ended: None,
            due_at: None,
            waiting: 1,
        });
        self.history.runs.len() - 1
    }

    fn end(&mut self, run: Option<usize>, event: &Event, how: Ending) {
        if let Some(run) = run.and_then(|n| self.history.runs.get_mut(n)) {
            run.ended.get_or_insert_with(|| (Mark::of(event), how));
        }
    }

    fn client_speaks(&mut self, event: &Event, channel: Channel) {
        end(&mut self.history.client_owes, event);
        match self.first.or(self.next) {
            Some(open) => self.history.runs[open].waiting += 1,
            None if self.is_past_first => {
                self.next = Some(self.start(event, ClockKind::NextResponse, &event.id, channel));
            }
            None => self.first = Some(self.start(event, ClockKind::FirstResponse, &event.id, channel)),
        }
        if self
            .history
            .runs
            .iter()
            .all(|run| run.kind != ClockKind::Resolution)
        {
            self.resolution = Some(self.start(event, ClockKind::Resolution, &event.id, channel));
        }
    }

    fn house_answers(&mut self, event: &Event, how: Ending) {
        self.is_past_first = true;
        let (first, next) = (self.first.take(), self.next.take());
        self.end(first, event, how);
        self.end(next, event, how);
        begin(&mut self.history.client_owes, event);
    }

    /// The two spoke: that answers what waits, and keeps a promised call.
    fn call(&mut self, event: &Event) {
        self.house_answers(event, Ending::Call);
        let open: Vec<usize> = self
            .named
            .iter()
            .filter(|((kind, _), _)| *kind == ClockKind::Callback)
            .map(|(_, run)| *run)
            .collect();
        for run in open {
            self.end(Some(run), event, Ending::Call);
        }
    }

    fn status(&mut self, event: &Event, to: Status, house: &HouseRules) {
        let Some(last) = self.history.statuses.last_mut() else {
            return;
        };
        let was = last.is;
        if was == to {
            return;
        }
        last.until = Some(event.at);
        self.history.statuses.push(Spell {
            is: to,
            since: Mark::of(event),
            until: None,
        });
        let (was_settled, is_settled) = (house.settled.contains(&was), house.settled.contains(&to));
        if is_settled {
            let resolution = self.resolution.take();
            self.end(resolution, event, Ending::Settled);
            if house.settling_answers {
                let (first, next) = (self.first.take(), self.next.take());
                self.is_past_first |= first.is_some();
                self.end(first, event, Ending::Settled);
                self.end(next, event, Ending::Settled);
            }
        } else if was_settled && self.resolution.is_none() {
            // What was settled stays settled in the record; opening it again is a promise of its own.
            let channel = self.now.channel;
            self.resolution = Some(self.start(event, ClockKind::Resolution, &event.id, channel));
        }
    }

    /// A merge closes the ticket that goes away: that closing settled nothing.
    fn merged(&mut self, event: &Event) {
        let closed_by_it = event.at - MERGE_TAKES;
        for run in &mut self.history.runs {
            if let Some((mark, how @ Ending::Settled)) = &mut run.ended
                && mark.at >= closed_by_it
            {
                *how = Ending::Dropped;
            }
        }
        begin(&mut self.history.gone, event);
    }

    fn promised(&mut self, event: &Event, kind: ClockKind, name: &str, due_at: Option<DateTime<Utc>>) {
        let channel = match kind {
            ClockKind::Callback => Channel::Phone,
            _ => self.now.channel,
        };
        let key = (kind, name.to_owned());
        if !self.named.contains_key(&key) {
            let run = self.start(event, kind, name, channel);
            self.history.runs[run].due_at = due_at;
            self.named.insert(key, run);
        }
    }

    fn ends(&mut self, event: &Event, kind: ClockKind, name: &str, how: Ending) {
        let run = self.named.get(&(kind, name.to_owned())).copied();
        self.end(run, event, how);
    }
}

fn begin(spells: &mut Vec<Spell<()>>, event: &Event) {
    if spells.last().is_none_or(|last| last.until.is_some()) {
        spells.push(Spell {
            is: (),
            since: Mark::of(event),
            until: None,
        });
    }
}

fn end(spells: &mut [Spell<()>], event: &Event) {
    if let Some(last) = spells.last_mut() {
        last.until.get_or_insert(event.at);
    }
}
