//! The clocks of a ticket on its card: which promise runs, because of what, and due when.
//!
//! Promises: no line depends on how late it is, only on where a promise stands, so that a card changes with a
//! clock's state and not with each minute; what was kept or is no longer owed is not shown.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use hammerdesk_domain::message::{Line, Section, Tone};
use hammerdesk_domain::sla::clocks::ClockKind;
use hammerdesk_domain::sla::event::Channel;
use hammerdesk_domain::sla::judge::{Judged, State};

/// The clocks that are owed, the one that is due first before the others; nothing where none is.
pub(super) fn section(clocks: &[Judged], zone: impl Fn(&Judged) -> Tz) -> Option<Section> {
    let mut open: Vec<&Judged> = clocks.iter().filter(|clock| clock.state.is_open()).collect();
    open.sort_by_key(|clock| (clock.due_at.is_none(), clock.due_at, clock.run.started.at));
    let lines: Vec<Line> = open.into_iter().map(|clock| line(clock, zone(clock))).collect();
    (!lines.is_empty()).then_some(Section::Lines {
        heading: Some("Promised".to_owned()),
        lines,
    })
}

fn line(clock: &Judged, zone: Tz) -> Line {
    let when = |at: DateTime<Utc>| at.with_timezone(&zone).format("%a %-d %b %H:%M %Z").to_string();
    let due = match (clock.state, clock.due_at) {
        (State::Overdue, Some(due_at)) => {
            format!("OVERDUE since {}", when(clock.breached_at.unwrap_or(due_at)))
        }
        (State::Overdue, None) => "OVERDUE".to_owned(),
        (State::Paused, _) => "stands while the ticket waits".to_owned(),
        (_, Some(due_at)) => format!("due {}", when(due_at)),
        (_, None) => "due at no set time".to_owned(),
    };
    let waits = match clock.run.waiting {
        0 | 1 => String::new(),
        several => format!(", {several} messages wait"),
    };
    Line {
        code: None,
        text: format!(
            "{}: {due} · {} {}{waits}",
            capital(clock.run.kind.name()),
            because(clock),
            when(clock.run.started.at)
        ),
        tone: match clock.state {
            State::Overdue => Tone::Warn,
            State::Paused => Tone::Quiet,
            _ => Tone::Plain,
        },
    }
}

const fn because(clock: &Judged) -> &'static str {
    match (clock.run.kind, clock.run.channel) {
        (ClockKind::FirstResponse, Channel::Email) => "the client mailed",
        (ClockKind::FirstResponse, Channel::Phone) => "the client called",
        (ClockKind::FirstResponse, _) => "the client wrote",
        (ClockKind::NextResponse, _) => "the client answered",
        (ClockKind::Resolution, _) => "open since",
        (ClockKind::Callback, _) => "a call was promised",
        (ClockKind::Acknowledgement, _) => "it was handed over",
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hammerdesk_domain::sla::clocks::{Mark, Run};
    use hammerdesk_domain::sla::event::{By, Party};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn clock(kind: ClockKind, state: State, due_at: Option<&str>) -> Judged {
        Judged {
            run: Run {
                kind,
                key: kind.name().to_owned(),
                channel: Channel::Email,
                started: Mark {
                    at: at("2026-11-20T09:12:00Z"),
                    event: "e".to_owned(),
                    by: By::some(Party::Client),
                    is_exact: true,
                },
                ended: None,
                due_at: None,
                waiting: 1,
            },
            state,
            due_at: due_at.map(at),
            breached_at: None,
            used_seconds: None,
            promises: Vec::new(),
            assignee: None,
            group: None,
            tier: None,
            location: None,
            next_at: None,
        }
    }

    #[test]
    fn what_is_owed_is_shown_the_first_due_first_and_nothing_else() {
        let clocks = [
            clock(ClockKind::Resolution, State::Paused, None),
            clock(
                ClockKind::NextResponse,
                State::Running,
                Some("2026-11-20T17:10:00Z"),
            ),
            clock(ClockKind::Callback, State::Overdue, Some("2026-11-20T11:00:00Z")),
            clock(ClockKind::FirstResponse, State::Met, Some("2026-11-20T10:00:00Z")),
        ];
        let Some(Section::Lines { lines, .. }) = section(&clocks, |_| Tz::Europe__London) else {
            panic!("a section")
        };
        let text: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        insta::assert_snapshot!(text.join("\n"), @r"
        Call-back: OVERDUE since Fri 20 Nov 11:00 GMT · a call was promised Fri 20 Nov 09:12 GMT
        Next response: due Fri 20 Nov 17:10 GMT · the client answered Fri 20 Nov 09:12 GMT
        Resolution: stands while the ticket waits · open since Fri 20 Nov 09:12 GMT
        ");
        assert_eq!(lines[0].tone, Tone::Warn);
        assert_eq!(section(&clocks[3..], |_| Tz::UTC), None);
    }
}
