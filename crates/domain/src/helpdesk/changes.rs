//! What happened between two states of a ticket.
//!
//! Promises: the events of a ticket, replayed in the order in which they were derived, end in the state
//! that the helpdesk shows; a state that did not change yields nothing; a value the helpdesk gives no time
//! for is dated by the ticket's last change and marked as not exact.

use chrono::{DateTime, Utc};

use super::{Actor, Conversation, EventKind, Gone, Ticket, TicketEvent, TicketId, TicketTimes, status};

/// What happened to a ticket from one state to the next; `version` is the number of the new state, and
/// makes the events' names.
pub fn ticket_changes(before: Option<&Ticket>, after: &Ticket, version: i64) -> Vec<TicketEvent> {
    let mut events = Events {
        ticket: after.id,
        version,
        found: Vec::new(),
    };
    match before {
        None => events.first_sight(after),
        Some(before) => events.since(before, after),
    }
    events.found
}

/// What happened to something said: `before` is `None` where it is new.
pub fn conversation_changes(before: Option<&Conversation>, after: &Conversation) -> Option<TicketEvent> {
    let event = |kind, at, key| TicketEvent {
        ticket: after.ticket,
        at,
        is_exact: true,
        kind,
        by: after.actor(),
        was: None,
        now: None,
        conversation: Some(after.id),
        key,
    };
    match before {
        None => Some(event(
            after.kind(),
            after.created_at,
            format!("said:{}", after.id),
        )),
        Some(before) if before.html != after.html || before.private != after.private => Some(TicketEvent {
            by: Actor::UNKNOWN,
            ..event(
                EventKind::Edited,
                after.updated_at,
                format!("edited:{}:{}", after.id, after.updated_at.timestamp()),
            )
        }),
        Some(_) => None,
    }
}

/// Something said is no longer there; the helpdesk does not say since when.
pub fn removed(conversation: &Conversation, seen_at: DateTime<Utc>) -> TicketEvent {
    TicketEvent {
        ticket: conversation.ticket,
        at: seen_at,
        is_exact: false,
        kind: EventKind::Removed,
        by: Actor::UNKNOWN,
        was: None,
        now: None,
        conversation: Some(conversation.id),
        key: format!("removed:{}", conversation.id),
    }
}

/// The ticket that this note of the helpdesk's own says its ticket was merged into. A merge leaves no other
/// trace in the answers of the API, and only counts on a ticket that is closed.
pub fn merged_into(note: &Conversation) -> Option<TicketId> {
    if note.incoming || note.kind() == EventKind::CustomerMessage {
        return None;
    }
    let text = note.text.to_lowercase();
    let (_, rest) = text.split_once("merged into ticket")?;
    let digits: String = rest
        .chars()
        .skip_while(|c| c.is_whitespace() || matches!(c, '#' | ':'))
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok().map(TicketId)
}

struct Events {
    ticket: TicketId,
    version: i64,
    found: Vec<TicketEvent>,
}

impl Events {
    fn add(
        &mut self,
        kind: EventKind,
        at: DateTime<Utc>,
        is_exact: bool,
        was: Option<String>,
        now: Option<String>,
    ) {
        let key = format!("{}:{}:{}", self.ticket, self.version, self.found.len());
        self.found.push(TicketEvent {
            ticket: self.ticket,
            at,
            is_exact,
            kind,
            by: Actor::UNKNOWN,
            was,
            now,
            conversation: None,
            key,
        });
    }

    fn first_sight(&mut self, after: &Ticket) {
        let born = after.created_at;
        self.add(
            EventKind::Created,
            born,
            true,
            None,
            Some(after.source.to_string()),
        );
        for (kind, now) in [
            (EventKind::Priority, Some(after.priority.to_string())),
            (EventKind::Group, after.group.map(|id| id.to_string())),
            (EventKind::Responder, after.responder.map(|id| id.to_string())),
            (EventKind::Type, after.kind.clone()),
            (
                EventKind::Subject,
                Some(after.subject.clone()).filter(|s| !s.is_empty()),
            ),
            (EventKind::Asker, after.requester.map(|id| id.to_string())),
            (EventKind::Tags, listed(&after.tags)),
        ] {
            if now.is_some() {
                self.add(kind, born, false, None, now);
            }
        }
        let mut path = status_path(None, after);
        // What is not known to have begun otherwise began open.
        if path.first().is_none_or(|first| first.at > born) {
            path.insert(
                0,
                Step {
                    at: born,
                    code: status::OPEN,
                    is_exact: false,
                },
            );
        }
        self.walk(None, path);
        self.whereabouts(Gone::Here, None, after);
    }

    fn since(&mut self, before: &Ticket, after: &Ticket) {
        let at = after.updated_at;
        self.walk(Some(before.status), status_path(Some(before), after));
        let id = |id: Option<i64>| id.map(|id| id.to_string());
        for (kind, was, now) in [
            (
                EventKind::Priority,
                Some(before.priority.to_string()),
                Some(after.priority.to_string()),
            ),
            (EventKind::Group, id(before.group), id(after.group)),
            (EventKind::Responder, id(before.responder), id(after.responder)),
            (EventKind::Type, before.kind.clone(), after.kind.clone()),
            (
                EventKind::Subject,
                Some(before.subject.clone()),
                Some(after.subject.clone()),
            ),
            (EventKind::Asker, id(before.requester), id(after.requester)),
            (EventKind::Tags, listed(&before.tags), listed(&after.tags)),
        ] {
            if was != now {
                self.add(kind, at, false, was, now);
            }
        }
        self.whereabouts(before.gone, before.merged_into, after);
    }

    fn walk(&mut self, from: Option<i64>, path: Vec<Step>) {
        let mut was = from;
        for step in path {
            if was != Some(step.code) {
                self.add(
                    EventKind::Status,
                    step.at,
                    step.is_exact,
                    was.map(|code| code.to_string()),
                    Some(step.code.to_string()),
                );
                was = Some(step.code);
            }
        }
    }

    fn whereabouts(&mut self, was: Gone, was_merged: Option<TicketId>, after: &Ticket) {
        let at = after.updated_at;
        if after.merged_into.is_some() && was_merged != after.merged_into {
            let now = after.merged_into.map(|id| id.to_string());
            self.add(EventKind::Merged, at, false, None, now);
        }
        if was == after.gone {
            return;
        }
        let kind = match after.gone {
            Gone::Here => EventKind::Restored,
            Gone::Spam => EventKind::Spam,
            Gone::Deleted => EventKind::Deleted,
            Gone::Archived => EventKind::Archived,
        };
        let word = |gone: Gone| Some(gone.word().to_owned()).filter(|word| !word.is_empty());
        self.add(kind, at, false, word(was), word(after.gone));
    }
}

/// The ticket has that status since then.
#[derive(Debug, Clone, Copy)]
struct Step {
    at: DateTime<Utc>,
    code: i64,
    is_exact: bool,
}

/// The statuses a ticket went through from one state to the next, as far as its times tell, ending in the
/// one it has. A poll may have missed that it was opened again and resolved again; its times have not.
fn status_path(before: Option<&Ticket>, after: &Ticket) -> Vec<Step> {
    let old = before.map_or_else(TicketTimes::default, |before| before.times);
    let new = after.times;
    let settled_at = old.status_updated_at.or(before.map(|b| b.created_at));
    let mut path: Vec<Step> = [
        (old.reopened_at, new.reopened_at, status::OPEN),
        (old.pending_since, new.pending_since, status::PENDING),
        (old.resolved_at, new.resolved_at, status::RESOLVED),
        (old.closed_at, new.closed_at, status::CLOSED),
    ]
    .into_iter()
    .filter(|(old, new, _)| old != new)
    .filter_map(|(_, new, code)| {
        new.map(|at| Step {
            at,
            code,
            is_exact: true,
        })
    })
    .filter(|step| settled_at.is_none_or(|settled| step.at >= settled))
    .filter(|step| new.status_updated_at.is_none_or(|last| step.at <= last))
    .collect();
    path.sort_by_key(|step| (step.at, step.code));
    let is_there = match path.last() {
        Some(last) => last.code == after.status,
        None => before.is_some_and(|before| before.status == after.status),
    };
    if !is_there {
        let known = new
            .status_updated_at
            .filter(|at| old.status_updated_at != Some(*at) && path.last().is_none_or(|last| last.at <= *at));
        path.push(Step {
            at: known.unwrap_or(after.updated_at),
            code: after.status,
            is_exact: known.is_some(),
        });
    }
    path
}

fn listed(tags: &[String]) -> Option<String> {
    (!tags.is_empty()).then(|| serde_json::Value::from(tags.to_vec()).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helpdesk::ActorKind;
    use proptest::prelude::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + minute * 60, 0).unwrap()
    }

    fn ticket() -> Ticket {
        Ticket {
            id: TicketId(7),
            subject: "Where is my lot?".into(),
            status: status::OPEN,
            priority: 1,
            source: 1,
            kind: None,
            requester: Some(1),
            responder: None,
            group: None,
            company: None,
            product: None,
            support_email: None,
            tags: Vec::new(),
            custom: serde_json::Map::new(),
            due_at: None,
            first_response_due_at: None,
            is_escalated: false,
            times: TicketTimes::default(),
            created_at: at(0),
            updated_at: at(0),
            gone: Gone::Here,
            merged_into: None,
        }
    }

    fn told(events: &[TicketEvent]) -> Vec<String> {
        events
            .iter()
            .map(|event| {
                format!(
                    "{}{} {} {} -> {}",
                    if event.is_exact { "" } else { "~" },
                    (event.at - at(0)).num_minutes(),
                    event.kind,
                    event.was.as_deref().unwrap_or("-"),
                    event.now.as_deref().unwrap_or("-"),
                )
            })
            .collect()
    }

    #[test]
    fn a_new_ticket_tells_how_it_began() {
        let events = ticket_changes(None, &ticket(), 1);
        assert_eq!(
            told(&events),
            [
                "0 created - -> 1",
                "~0 priority - -> 1",
                "~0 subject - -> Where is my lot?",
                "~0 requester - -> 1",
                "~0 status - -> 2",
            ]
        );
    }

    #[test]
    fn a_mail_that_the_house_began_was_closed_from_the_start() {
        let mut born_closed = ticket();
        born_closed.status = status::CLOSED;
        born_closed.times.resolved_at = Some(at(0));
        born_closed.times.closed_at = Some(at(0));
        born_closed.times.status_updated_at = Some(at(0));
        let events = ticket_changes(None, &born_closed, 1);
        let statuses: Vec<_> = told(&events)
            .into_iter()
            .filter(|e| e.contains("status"))
            .collect();
        assert_eq!(statuses, ["0 status - -> 4", "0 status 4 -> 5"]);
    }

    #[test]
    fn what_happened_between_two_polls_is_read_from_the_times() {
        let mut before = ticket();
        before.status = status::RESOLVED;
        before.times.resolved_at = Some(at(10));
        before.times.status_updated_at = Some(at(10));
        before.updated_at = at(10);
        let mut after = before.clone();
        after.times.reopened_at = Some(at(20));
        after.times.resolved_at = Some(at(30));
        after.times.status_updated_at = Some(at(30));
        after.updated_at = at(31);
        assert_eq!(
            told(&ticket_changes(Some(&before), &after, 2)),
            ["20 status 4 -> 2", "30 status 2 -> 4"]
        );
    }

    #[test]
    fn a_status_without_a_time_is_dated_by_the_last_change_and_says_so() {
        let before = ticket();
        let after = Ticket {
            status: 9,
            updated_at: at(5),
            ..ticket()
        };
        assert_eq!(
            told(&ticket_changes(Some(&before), &after, 2)),
            ["~5 status 2 -> 9"]
        );
    }

    #[test]
    fn what_did_not_change_yields_nothing_and_what_moved_away_says_where() {
        let mut touched = ticket();
        touched.updated_at = at(9);
        assert_eq!(ticket_changes(Some(&ticket()), &touched, 2), []);
        let spam = Ticket {
            gone: Gone::Spam,
            ..touched.clone()
        };
        assert_eq!(
            told(&ticket_changes(Some(&ticket()), &spam, 2)),
            ["~9 spam - -> spam"]
        );
        assert_eq!(
            told(&ticket_changes(Some(&spam), &touched, 3)),
            ["~9 restored spam -> -"]
        );
    }

    fn said(text: &str) -> Conversation {
        Conversation {
            id: 88,
            ticket: TicketId(7),
            source: 2,
            incoming: false,
            private: true,
            author: Some(3),
            automatic: false,
            from: None,
            to: Vec::new(),
            cc: Vec::new(),
            html: format!("<p>{text}</p>"),
            text: text.into(),
            created_at: at(3),
            updated_at: at(3),
        }
    }

    #[test]
    fn words_are_told_once_and_again_only_when_they_change() {
        let note = said("Called her.");
        let event = conversation_changes(None, &note).unwrap();
        assert_eq!(
            (event.kind, event.by.kind, event.at),
            (EventKind::Note, ActorKind::Agent, at(3))
        );
        assert_eq!(conversation_changes(Some(&note), &note), None);
        let edited = Conversation {
            updated_at: at(6),
            ..said("Called him.")
        };
        let event = conversation_changes(Some(&note), &edited).unwrap();
        assert_eq!((event.kind, event.at), (EventKind::Edited, at(6)));
        let reply = Conversation {
            source: 0,
            private: false,
            ..said("Dear")
        };
        assert_eq!(reply.kind(), EventKind::AgentMessage);
        assert_eq!(
            Conversation {
                incoming: true,
                ..reply.clone()
            }
            .kind(),
            EventKind::CustomerMessage
        );
        assert_eq!(
            Conversation {
                source: 8,
                ..reply.clone()
            }
            .kind(),
            EventKind::ThirdParty
        );
        assert_eq!(
            Conversation {
                automatic: true,
                ..reply
            }
            .actor()
            .kind,
            ActorKind::System
        );
    }

    #[test]
    fn only_the_helpdesks_own_note_tells_of_a_merge() {
        let note = said("This ticket is closed and merged into ticket 4712");
        assert_eq!(merged_into(&note), Some(TicketId(4712)));
        assert_eq!(merged_into(&said("Merged into Ticket #12.")), Some(TicketId(12)));
        assert_eq!(merged_into(&said("please merge")), None);
        let customers = Conversation {
            incoming: true,
            private: false,
            ..note
        };
        assert_eq!(merged_into(&customers), None);
    }

    fn any_ticket() -> impl Strategy<Value = Ticket> {
        let instant = || prop::option::of((0_i64..50).prop_map(at));
        (
            (
                2_i64..9,
                1_i64..5,
                prop::option::of(1_i64..4),
                prop::option::of(1_i64..4),
            ),
            (instant(), instant(), instant(), instant(), instant()),
            prop::collection::vec("[a-c]", 0..3),
            prop::sample::select(Gone::ALL),
            50_i64..99,
        )
            .prop_map(
                |((status, priority, group, responder), times, tags, gone, updated)| Ticket {
                    status,
                    priority,
                    group,
                    responder,
                    tags,
                    gone,
                    updated_at: at(updated),
                    times: TicketTimes {
                        status_updated_at: times.0,
                        reopened_at: times.1,
                        resolved_at: times.2,
                        closed_at: times.3,
                        pending_since: times.4,
                        ..TicketTimes::default()
                    },
                    ..ticket()
                },
            )
    }

    proptest! {
        #[test]
        fn events_replayed_end_in_the_state_that_is_shown(states in prop::collection::vec(any_ticket(), 1..6)) {
            let mut events: Vec<TicketEvent> = Vec::new();
            let mut before: Option<&Ticket> = None;
            for (version, state) in (1_i64..).zip(&states) {
                let new = ticket_changes(before, state, version);
                let twice = ticket_changes(Some(state), state, version + 1);
                prop_assert!(twice.is_empty(), "{:?}", twice);
                events.extend(new);
                before = Some(state);
            }
            let last = |kind: EventKind| events.iter().rfind(|e| e.kind == kind).and_then(|e| e.now.clone());
            let state = states.last().unwrap();
            prop_assert_eq!(last(EventKind::Status), Some(state.status.to_string()));
            prop_assert_eq!(last(EventKind::Priority), Some(state.priority.to_string()));
            prop_assert_eq!(last(EventKind::Group), state.group.map(|id| id.to_string()));
            prop_assert_eq!(last(EventKind::Responder), state.responder.map(|id| id.to_string()));
            prop_assert_eq!(last(EventKind::Tags), listed(&state.tags));
            let keys: std::collections::BTreeSet<_> = events.iter().map(|e| &e.key).collect();
            prop_assert_eq!(keys.len(), events.len());
            for pair in events.iter().filter(|e| e.kind == EventKind::Status).collect::<Vec<_>>().windows(2) {
                prop_assert_eq!(&pair[0].now, &pair[1].was);
            }
        }
    }
}
