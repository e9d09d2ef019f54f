//! What an alert looks like in chat, alone or as one of many.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use hammerdesk_commands::brief::Brief;
use hammerdesk_commands::grammar::line_of;
use hammerdesk_domain::helpdesk::TicketId;
use hammerdesk_domain::message::{
    Action, Card, Cell, Field, FieldKind, Form, Line, Link, Outcome, Reply, Section, Tone, Visibility,
};
use hammerdesk_domain::sla::event::Channel;
use hammerdesk_domain::sla::judge::{Judged, Occasion, State};
use hammerdesk_domain::sla::policy::spoken;
use hammerdesk_domain::text;
use hammerdesk_store::sla::{Alert, AlertState};
use serde_json::json;

use super::look::Look;

/// The longest subject in a title.
const LONGEST: usize = 80;
/// How many alerts a card that counts names.
pub(super) const NAMED: usize = 10;

/// Where and when somebody reads.
pub(super) struct Reader<'a> {
    pub(super) zone: Tz,
    /// As people call the place.
    pub(super) place: &'a str,
    /// Where people read a ticket, before its number.
    pub(super) site: &'a str,
    /// The names of the managers whom it is for.
    pub(super) managers: &'a [String],
}

impl Reader<'_> {
    /// `Fri 20 Nov 17:10`.
    pub(super) fn time(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.zone).format("%a %-d %b %H:%M").to_string()
    }

    pub(super) fn address(&self, ticket: TicketId) -> String {
        format!("{}/a/tickets/{ticket}", self.site)
    }
}

const fn by(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "by e-mail",
        Channel::Phone => "by phone",
        Channel::Portal => "in the portal",
        Channel::Chat => "in a chat",
        Channel::Outbound => "after our mail",
        Channel::Other => "on the ticket",
    }
}

fn line(text: impl Into<String>, tone: Tone) -> Line {
    Line {
        code: None,
        text: text.into(),
        tone,
    }
}

/// `First response`.
pub(super) fn named(clock: &Judged) -> String {
    let name = clock.run.kind.name();
    let mut letters = name.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn badge(alert: &Alert, clock: &Judged) -> &'static str {
    match (alert.state, clock.state) {
        (_, State::Late) => "ANSWERED LATE",
        (_, State::Met) => "IN TIME",
        (_, State::Withdrawn | State::Untimed) => "NO LONGER OWED",
        (AlertState::Closed, _) => "OVER",
        (AlertState::Snoozed, _) => "SNOOZED",
        (AlertState::Acknowledged, _) => "NOTICED",
        (AlertState::Open, _) => match alert.occasion {
            Occasion::Breach => "OVERDUE",
            Occasion::Warning(_) => "AT RISK",
        },
    }
}

/// The card of one alert. It says the same until something happens: how long is as of when it was told.
pub(super) fn single(
    alert: &Alert,
    clock: &Judged,
    look: &Look,
    brief: Option<&Brief>,
    reader: &Reader<'_>,
) -> Reply {
    let is_owed = clock.state.is_open();
    let mut lines = Vec::new();
    let whom = look.requester.as_deref().unwrap_or("a client");
    let waits = if clock.run.waiting > 1 {
        format!(" · {} messages wait", clock.run.waiting)
    } else {
        String::new()
    };
    lines.push(line(
        format!("To {whom}, who came {}{waits}", by(clock.run.channel)),
        Tone::Plain,
    ));
    lines.extend(when(alert, clock, reader));
    lines.push(line(
        format!(
            "{} · {}",
            look.responder
                .as_deref()
                .map_or_else(|| "Nobody has it".to_owned(), |name| format!("With {name}")),
            look.group.as_deref().unwrap_or("no group")
        ),
        Tone::Plain,
    ));
    if is_owed && alert.audience == hammerdesk_store::sla::Audience::Managers && !reader.managers.is_empty() {
        lines.push(line(format!("For {}", reader.managers.join(", ")), Tone::Plain));
    }
    lines.extend(remarks(alert, reader));
    let mut sections = vec![Section::Lines { heading: None, lines }];
    let mut card = Card {
        title: title(look),
        subtitle: Some(format!("{} · {}", named(clock), reader.place)),
        badge: Some(badge(alert, clock).to_owned()),
        tone: match (is_owed, alert.state) {
            (true, AlertState::Open) => Tone::Warn,
            (true, _) => Tone::Plain,
            (false, _) => Tone::Quiet,
        },
        ..Card::default()
    };
    if let Some(brief) = brief {
        sections.push(Section::Lines {
            heading: None,
            lines: vec![line(format!("Account {}", brief.title), Tone::Plain)],
        });
        sections.extend(brief.sections.clone());
        card.as_of.clone_from(&brief.as_of);
        card.stale = brief.stale;
    }
    card.sections = sections;
    Reply {
        actions: if is_owed { actions(alert) } else { Vec::new() },
        links: vec![Link {
            label: "Open in Freshdesk".to_owned(),
            url: reader.address(alert.ticket),
        }],
        visibility: Visibility::Shared,
        ..Reply::card(
            card,
            json!({
                "ticket": alert.ticket,
                "clock": alert.clock,
                "occasion": alert.occasion,
                "at": alert.fell_at,
                "due_at": clock.due_at,
                "late": alert.is_late,
                "state": clock.state,
            }),
        )
    }
}

/// The title of a ticket: seen in lists, so no long number stands in it whole.
pub(super) fn title(look: &Look) -> String {
    let subject = look
        .stored
        .as_ref()
        .map_or("", |stored| stored.ticket.subject.trim());
    let subject = if subject.is_empty() { "no subject" } else { subject };
    format!("#{} {}", look.id, text::title(subject, LONGEST))
}

fn when(alert: &Alert, clock: &Judged, reader: &Reader<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    let target = clock.promise().and_then(|promise| promise.target);
    let promised = match (clock.run.due_at, target) {
        (Some(_), _) => ", the time that was named".to_owned(),
        (None, Some(target)) => format!(", promised within {target}"),
        (None, None) => String::new(),
    };
    if let Some(due) = clock.due_at {
        lines.push(line(
            format!(
                "Waits since {}, due {} ({}){promised}",
                reader.time(clock.run.started.at),
                reader.time(due),
                reader.place
            ),
            Tone::Plain,
        ));
    }
    match (&clock.run.ended, clock.breached_at) {
        (Some((mark, _)), Some(broken)) => lines.push(line(
            format!(
                "Missed at {}; {} at {}, {} late",
                reader.time(broken),
                if clock.run.kind == hammerdesk_domain::sla::clocks::ClockKind::Resolution {
                    "settled"
                } else {
                    "answered"
                },
                reader.time(mark.at),
                spoken(mark.at - broken)
            ),
            Tone::Warn,
        )),
        (Some((mark, _)), None) => lines.push(line(format!("Kept at {}", reader.time(mark.at)), Tone::Good)),
        (None, Some(broken)) => lines.push(line(
            format!("Overdue for {} by now", spoken(alert.raised_at - broken)),
            Tone::Warn,
        )),
        (None, None) => {
            if let Some(due) = clock.due_at.filter(|due| *due > alert.raised_at) {
                lines.push(line(
                    format!("Breaks in {}", spoken(due - alert.raised_at)),
                    Tone::Warn,
                ));
            }
        }
    }
    lines
}

fn remarks(alert: &Alert, reader: &Reader<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    if alert.is_late {
        lines.push(line(
            format!(
                "Told late, at {}: nobody watched when it fell due at {}",
                reader.time(alert.raised_at),
                reader.time(alert.fell_at)
            ),
            Tone::Plain,
        ));
    }
    if let Some(acted) = &alert.acted {
        let what = match (alert.state, alert.next_at) {
            (AlertState::Snoozed, Some(until)) => format!("put it off until {}", reader.time(until)),
            (AlertState::Acknowledged, _) => "took notice".to_owned(),
            _ => "had put it off".to_owned(),
        };
        let reason = acted
            .reason
            .as_ref()
            .map_or_else(String::new, |reason| format!(": {reason}"));
        lines.push(line(
            format!("{} {what} at {}{reason}", acted.name, reader.time(acted.at)),
            Tone::Plain,
        ));
    }
    if alert.repeated > 0 && alert.state == AlertState::Open {
        lines.push(line(
            format!(
                "Told for the {} time; nobody took notice yet",
                nth(alert.repeated + 1)
            ),
            Tone::Warn,
        ));
    }
    lines
}

fn nth(n: u32) -> String {
    let ending = match (n % 100, n % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

fn actions(alert: &Alert) -> Vec<Action> {
    let (id, level) = (alert.ticket, alert.audience.word());
    let words = |name: &str, label: &str, kind| Field {
        name: name.to_owned(),
        label: label.to_owned(),
        required: true,
        kind,
    };
    let acknowledge = line_of(&format!("/sla acknowledge {id}"), &[("level", level)]);
    let snooze = line_of(&format!("/sla snooze {id}"), &[("level", level)]);
    let mut out = Vec::new();
    if alert.state == AlertState::Open {
        out.push(Action {
            primary: true,
            ..Action::ask("Acknowledge", acknowledge)
        });
    }
    out.push(Action::ask("Take it", format!("/ticket assign {id} to:me")));
    out.push(Action {
        form: Some(Form {
            title: format!("Give ticket {id} to somebody else"),
            says: "The ticket goes to that agent in the helpdesk; the clock runs on.".to_owned(),
            fields: vec![words("to", "Agent's name", FieldKind::Text)],
            submit: "Reassign".to_owned(),
        }),
        ..Action::ask("Reassign", format!("/ticket assign {id}"))
    });
    if alert.state != AlertState::Snoozed {
        out.push(Action {
            form: Some(Form {
                title: format!("Put this alert on ticket {id} off"),
                says: "The clock runs on; only the alert waits. Your reason stands on the card.".to_owned(),
                fields: vec![
                    words("for", "How long, such as 30m or 2h", FieldKind::Text),
                    words("reason", "Why", FieldKind::Text),
                ],
                submit: "Put off".to_owned(),
            }),
            ..Action::ask("Snooze", snooze)
        });
    }
    out.push(Action::ask("Why then?", format!("/sla explain {id}")));
    out
}

/// What a card becomes that was told again further down.
pub(super) fn told_again(look: &Look) -> Reply {
    let mut reply = Reply::sentence(
        Outcome::Answered,
        format!("{}: nobody took notice; told again below.", title(look)),
    );
    reply.visibility = Visibility::Shared;
    reply
}

/// One of many.
pub(super) struct One {
    pub(super) clock: Option<Judged>,
    pub(super) look: Look,
}

/// The card that counts: so many promises at risk or broken, the worst of them by name.
pub(super) fn storm(all: &[One], count: usize, breaches: usize, over: usize, reader: &Reader<'_>) -> Reply {
    let mut text = match (breaches, count - breaches) {
        (0, at_risk) => format!("{at_risk} promises are at risk"),
        (broken, 0) => format!("{broken} promises are broken"),
        (broken, at_risk) => format!("{broken} promises are broken and {at_risk} more at risk"),
    };
    if over > 0 {
        text.push_str(&format!("; {over} of this card are dealt with"));
    }
    let rows = all
        .iter()
        .map(|one| {
            let clock = one.clock.as_ref();
            vec![
                Cell::Text(title(&one.look)),
                Cell::Text(clock.map_or_else(String::new, named)),
                Cell::Text(
                    clock
                        .and_then(|clock| clock.due_at)
                        .map_or_else(String::new, |due| reader.time(due)),
                ),
                Cell::Text(one.look.responder.clone().unwrap_or_else(|| "nobody".to_owned())),
            ]
        })
        .collect();
    let card = Card {
        title: if count == 0 {
            "All of these are dealt with".to_owned()
        } else {
            text
        },
        subtitle: Some(format!("{} · one card for all of them", reader.place)),
        badge: Some(if count == 0 { "OVER" } else { "ALERTS" }.to_owned()),
        tone: if count == 0 { Tone::Quiet } else { Tone::Warn },
        sections: if count == 0 {
            Vec::new()
        } else {
            vec![Section::Table {
                heading: None,
                columns: ["Ticket", "Promise", "Due", "With"]
                    .map(ToOwned::to_owned)
                    .to_vec(),
                rows,
                more: count.saturating_sub(all.len()),
            }]
        },
        ..Card::default()
    };
    Reply {
        actions: all
            .iter()
            .take(3)
            .map(|one| {
                Action::ask(
                    format!("Take #{}", one.look.id),
                    format!("/ticket assign {} to:me", one.look.id),
                )
            })
            .chain((count > 0).then(|| Action::ask("All of them", "/sla status")))
            .collect(),
        visibility: Visibility::Shared,
        ..Reply::card(
            card,
            json!({ "alerts": count, "broken": breaches, "dealt_with": over }),
        )
    }
}
