//! An escalation's card: who has it, since when, whose turn is next and at what time, what the caller said
//! and how the account stood at that moment.
//!
//! Whoever reads the card decides what stands on it: where not everybody may know whom it is about, it
//! names nobody and quotes nothing, and its buttons still work for those who may.

use hammerdesk_domain::access::Asker;
use hammerdesk_domain::escalation::model::{Matched, Standing, State, Work};
use hammerdesk_domain::escalation::plan::END;
use hammerdesk_domain::escalation::words::Severity;
use hammerdesk_domain::escalation::{Desk, Escalation};
use hammerdesk_domain::ids::LocationId;
use hammerdesk_domain::message::{
    Action, AsOf, Card, Cell, Field, FieldKind, Figure, Form, Line, Link, Reply, Section, Tone, Visibility,
};
use hammerdesk_domain::model::Client;
use hammerdesk_domain::money::Money;
use hammerdesk_domain::text::clean;
use serde_json::{Value, json};

use super::says::{Words, time, way};
use crate::settings::Settings;

/// The longest words of a caller that stand on the card; the whole is kept.
const LONGEST_WORDS: usize = 1_200;
/// Lines of them.
const MOST_LINES: usize = 12;
/// Accounts, entity by entity, that one takes in at a glance.
const MOST_BLOCKS: usize = 3;

/// What a card is made from.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// Which.
    pub escalation: &'a Escalation,
    /// Names people, ladders and rungs.
    pub desk: &'a Desk,
    /// Zones, and the way to the helpdesk.
    pub settings: &'a Settings,
    /// The clients it may be about, as they are known now.
    pub clients: &'a [Client],
    /// Who reads it.
    pub readers: &'a Asker,
    /// Not everybody may know whom it is about.
    pub is_bare: bool,
}

/// May that reader know whom it is about, and what was said?
pub fn may_read(reader: &Asker, escalation: &Escalation, clients: &[Client]) -> bool {
    clients.iter().all(|client| reader.may_see(client))
        && (!clients.is_empty() || reader.covers(escalation.opening.location.as_ref()))
}

/// Where it is dealt with: the client's saleroom, or the sender's.
pub fn location<'a>(escalation: &'a Escalation, clients: &'a [Client]) -> Option<&'a LocationId> {
    let own = match (&escalation.matched, clients) {
        (Matched::Found(_), [client]) => client.location.as_ref(),
        _ => None,
    };
    own.or(escalation.opening.location.as_ref())
}

/// The title of its thread: seen in lists, so it names no client.
pub fn title(scene: &Scene<'_>) -> String {
    let handle = scene.escalation.id().handle();
    if scene.is_bare {
        format!("Escalation E-{handle}")
    } else {
        let kind = scene.escalation.opening.kind.label();
        let mut kind: String = kind.chars().collect();
        if let Some(first) = kind.get_mut(0..1) {
            first.make_ascii_uppercase();
        }
        format!("{kind} E-{handle}")
    }
}

/// The card as it stands now.
pub fn card(scene: &Scene<'_>) -> Reply {
    let escalation = scene.escalation;
    let opening = &escalation.opening;
    // Where a client is looked after is theirs to be kept too.
    let known = if scene.is_bare { &[][..] } else { scene.clients };
    let location = location(escalation, known);
    let words = Words {
        desk: scene.desk,
        zone: scene.settings.zone(location),
        is_bare: scene.is_bare,
    };
    let mut lines = vec![who_has_it(scene, &words)];
    lines.extend(what_is_next(scene, &words));
    if let Some(deadline) = opening.deadline.filter(|_| escalation.is_open()) {
        lines.push(warn(format!("Must be decided by {}", words.time(deadline))));
    }
    if escalation.times > 1 {
        lines.push(plain(format!("Came in {} times", escalation.times)));
    }
    if escalation.silences > 0 && escalation.is_open() {
        lines.push(warn(format!(
            "Taken and forgotten {}",
            times(escalation.silences)
        )));
    }
    lines.push(plain(format!(
        "Came in {} {}{}",
        words.time(opening.at),
        way(opening.way),
        opening
            .partner
            .as_deref()
            .map_or(String::new(), |partner| format!(" ({})", clean(partner, 60)))
    )));
    let mut out = Card {
        title: title(scene),
        subtitle: Some(subtitle(scene, location)),
        badge: Some(badge(escalation.state()).to_owned()),
        tone: tone(escalation),
        ..Card::default()
    };
    let mut sections = vec![Section::Lines { heading: None, lines }];
    if scene.is_bare {
        sections.push(Section::Lines {
            heading: None,
            lines: vec![plain(
                "Whom it is about is not shown here. Those who may know press Show.".to_owned(),
            )],
        });
    } else {
        about(scene, &mut sections, &mut out);
    }
    out.sections = sections;
    let links = match (&scene.settings.helpdesk_site, opening.ticket) {
        (Some(site), Some(ticket)) => vec![Link {
            label: "Open in Freshdesk".to_owned(),
            url: format!("{}/a/tickets/{ticket}", site.trim_end_matches('/')),
        }],
        _ => Vec::new(),
    };
    Reply {
        actions: actions(scene),
        links,
        visibility: Visibility::Shared,
        ..Reply::card(out, facts(scene))
    }
}

fn facts(scene: &Scene<'_>) -> Value {
    let escalation = scene.escalation;
    json!({
        "escalation": escalation.id(),
        "handle": escalation.id().handle(),
        "state": escalation.state().word(),
        "kind": (!scene.is_bare).then(|| escalation.opening.kind.word()),
        "severity": escalation.severity.word(),
        "handler": escalation.handler(),
        "ticket": escalation.opening.ticket,
        "times": escalation.times,
    })
}

fn plain(text: String) -> Line {
    Line {
        code: None,
        text,
        tone: Tone::Plain,
    }
}

fn warn(text: String) -> Line {
    Line {
        tone: Tone::Warn,
        ..plain(text)
    }
}

fn times(count: u32) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        many => format!("{many} times"),
    }
}

fn subtitle(scene: &Scene<'_>, location: Option<&LocationId>) -> String {
    let place = location
        .and_then(|id| scene.settings.house.location(id))
        .map_or_else(|| "no saleroom".to_owned(), |location| location.name.clone());
    let ticket = scene
        .escalation
        .opening
        .ticket
        .map_or(String::new(), |ticket| format!(" · ticket {ticket}"));
    format!("{} · {place}{ticket}", scene.escalation.severity)
}

const fn badge(state: State) -> &'static str {
    match state {
        State::New => "NEW",
        State::Reopened => "REOPENED",
        State::Routed => "ASKED",
        State::Acknowledged => "TAKEN",
        State::InProgress => "IN PROGRESS",
        State::WaitingClient => "WAITS FOR CLIENT",
        State::WaitingInternal => "WAITS FOR COLLEAGUE",
        State::Resolved => "RESOLVED",
        State::Closed => "CLOSED",
        State::Merged => "MERGED",
    }
}

fn tone(escalation: &Escalation) -> Tone {
    match escalation.state() {
        State::Resolved | State::Closed | State::Merged => Tone::Quiet,
        _ if escalation.severity >= Severity::High => Tone::Warn,
        State::Acknowledged | State::InProgress => Tone::Good,
        _ => Tone::Plain,
    }
}

/// Who has it, since when.
fn who_has_it(scene: &Scene<'_>, words: &Words<'_>) -> Line {
    let desk = scene.desk;
    let name = |person| clean(desk.name(person), 60);
    plain(match &scene.escalation.standing {
        Standing::Unrouted { .. } => "Nobody has it yet".to_owned(),
        Standing::Climbing { to, climb, .. } => match &climb.told {
            Some(told) => {
                let asked: Vec<String> = told.people.iter().map(name).collect();
                format!("Asked: {}, since {}", asked.join(", "), words.time(told.at))
            }
            None => format!("Given to {}", name(to)),
        },
        Standing::Held { held, .. } => {
            let on = match held.work {
                Work::Acknowledged | Work::InProgress => "",
                Work::WaitingClient => ", waits for the client",
                Work::WaitingInternal => ", waits for a colleague",
            };
            format!("{} has it since {}{on}", name(&held.by), words.time(held.since))
        }
        Standing::Resolved { at, handler, .. } => format!(
            "Resolved {}{}",
            words.time(*at),
            handler
                .as_ref()
                .map_or(String::new(), |who| format!(", {} had it", name(who)))
        ),
        Standing::Closed { at, .. } => format!("Closed {}", words.time(*at)),
        Standing::Merged { into, .. } => format!("Part of E-{}", into.handle()),
    })
}

/// Whose turn is next, and at what time.
fn what_is_next(scene: &Scene<'_>, words: &Words<'_>) -> Option<Line> {
    let Standing::Climbing { ladder, climb, .. } = &scene.escalation.standing else {
        return None;
    };
    let told = climb.told.as_ref()?;
    let ladder = scene.desk.ladder(ladder);
    let next = climb.rung + 1;
    let whose = match ladder.rung(next) {
        Some(rung) => rung.name.clone(),
        None if climb.rung >= ladder.height() => "the same again".to_owned(),
        None if climb.round + 1 < ladder.times => "the ladder again".to_owned(),
        None => END.to_owned(),
    };
    Some(plain(format!("Next: {whose} at {}", words.time(told.until))))
}

/// Whom it is about, the facts as they were, and what was said.
fn about(scene: &Scene<'_>, sections: &mut Vec<Section>, card: &mut Card) {
    let escalation = scene.escalation;
    let opening = &escalation.opening;
    let mut lines = vec![account(scene)];
    let amounts: Vec<String> = opening.about.amounts.iter().map(ToString::to_string).collect();
    if !amounts.is_empty() {
        lines.push(plain(format!("At stake {}", amounts.join(" and "))));
    }
    let pieces = [
        ("Invoice", opening.about.invoice.as_ref().map(ToString::to_string)),
        ("Sale", opening.about.sale.as_ref().map(ToString::to_string)),
        ("Lot", opening.about.lot.as_ref().map(ToString::to_string)),
    ];
    let pieces: Vec<String> = pieces
        .into_iter()
        .filter_map(|(label, value)| Some(format!("{label} {}", clean(&value?, 60))))
        .collect();
    if !pieces.is_empty() {
        lines.push(plain(pieces.join(" · ")));
    }
    let caller = &opening.caller;
    let called: Vec<String> = [&caller.name, &caller.phone, &caller.email]
        .into_iter()
        .flatten()
        .map(|part| clean(part, 80))
        .filter(|part| !part.is_empty())
        .collect();
    if !called.is_empty() {
        lines.push(plain(format!("Caller {}", called.join(" · "))));
    }
    sections.push(Section::Lines { heading: None, lines });
    if let Some(snapshot) = &opening.snapshot {
        let zone = scene.settings.zone(location(escalation, scene.clients));
        for block in snapshot.facts["blocks"]
            .as_array()
            .into_iter()
            .flatten()
            .take(MOST_BLOCKS)
        {
            sections.extend(figures(block, &time(snapshot.taken_at, zone)));
        }
        card.as_of = as_of(&snapshot.facts);
        card.stale = snapshot.facts["stale"].as_bool().unwrap_or(false);
    }
    sections.push(Section::Lines {
        heading: Some("In the caller's words".to_owned()),
        lines: said(&opening.said),
    });
}

/// Whose account it is, as far as that is known; a doubt is shown, never guessed away.
fn account(scene: &Scene<'_>) -> Line {
    match (&scene.escalation.matched, scene.clients) {
        (Matched::Found(_), [client]) => plain(format!(
            "Account {} · {}",
            clean(&client.name, 80),
            client.no.short()
        )),
        (Matched::Found(no), _) => plain(format!("Account {}", no.short())),
        (Matched::Several(several), _) => warn(format!(
            "{} accounts may be meant. Ask which one, and say it with Name the client.",
            several.len()
        )),
        (Matched::Nobody, _) => {
            warn("No account found. Ask who it is, and say it with Name the client.".to_owned())
        }
    }
}

fn figures(block: &Value, taken: &str) -> Option<Section> {
    let currency = block["currency"].as_str()?;
    let rows: Vec<Figure> = [
        ("Owed", "billed_open", true),
        ("Overdue", "overdue", false),
        ("On its way", "in_flight", false),
        ("Deposits held", "deposits_held", false),
    ]
    .into_iter()
    .filter_map(|(label, key, always)| {
        let amount: Money = format!("{currency} {}", block[key].as_str()?).parse().ok()?;
        (always || !amount.is_zero()).then(|| Figure {
            label: label.to_owned(),
            value: Cell::Amount(amount),
            note: None,
            tone: if key == "overdue" { Tone::Warn } else { Tone::Plain },
        })
    })
    .collect();
    let entity = block["entity"].as_str().unwrap_or_default();
    (!rows.is_empty()).then(|| Section::Figures {
        heading: Some(format!("{entity} · {currency}, as it was {taken}")),
        rows,
    })
}

fn as_of(facts: &Value) -> Vec<AsOf> {
    let sources = facts["as_of"].as_object().into_iter().flatten();
    sources
        .map(|(source, at)| AsOf {
            source: clean(source, 60),
            at: at.as_str().and_then(|at| at.parse().ok()),
            stale: false,
            note: None,
        })
        .collect()
}

/// The caller's words, line by line, as plain text.
fn said(said: &str) -> Vec<Line> {
    let mut left = LONGEST_WORDS;
    let mut lines = Vec::new();
    let mut all = said.lines().filter(|line| !line.trim().is_empty());
    for line in all.by_ref().take(MOST_LINES) {
        if left == 0 {
            break;
        }
        let text = clean(line, left);
        left = left.saturating_sub(text.chars().count());
        if !text.is_empty() {
            lines.push(plain(text));
        }
    }
    if all.next().is_some() || left == 0 {
        lines.push(plain("… more in what was sent".to_owned()));
    }
    if lines.is_empty() {
        lines.push(plain("(no words)".to_owned()));
    }
    lines
}

fn form(title: &str, says: &str, field: Field, submit: &str) -> Form {
    Form {
        title: title.to_owned(),
        says: says.to_owned(),
        fields: vec![field],
        submit: submit.to_owned(),
    }
}

fn field(name: &str, label: &str, required: bool, kind: FieldKind) -> Field {
    Field {
        name: name.to_owned(),
        label: label.to_owned(),
        required,
        kind,
    }
}

/// What can be done with it as it stands; who may is looked at when it is pressed.
fn actions(scene: &Scene<'_>) -> Vec<Action> {
    let escalation = scene.escalation;
    let handle = escalation.id().handle();
    let ask = |label: &str, run: &str| Action::ask(label, format!("/escalation {run} {handle}"));
    let with = |action: Action, form: Form| Action {
        form: Some(form),
        ..action
    };
    let mut out = Vec::new();
    match &escalation.standing {
        Standing::Climbing { .. } => out.push(Action {
            primary: true,
            ..ask("Acknowledge", "take")
        }),
        Standing::Held { held, .. } => {
            out.push(Action {
                primary: held.work != Work::InProgress,
                ..ask("Working on it", "work")
            });
            out.push(Action::ask(
                "Waits for client",
                format!("/escalation work {handle} on:client"),
            ));
        }
        Standing::Resolved { .. } => out.push(with(
            ask("Reopen", "reopen"),
            form(
                &format!("Reopen E-{handle}"),
                "The rules give it to somebody again.",
                field("reason", "Why", true, FieldKind::Text),
                "Reopen",
            ),
        )),
        Standing::Unrouted { .. } | Standing::Closed { .. } | Standing::Merged { .. } => {}
    }
    if matches!(
        escalation.standing,
        Standing::Climbing { .. } | Standing::Held { .. }
    ) {
        out.push(with(
            ask("Reassign", "give"),
            form(
                &format!("Give E-{handle} to somebody"),
                "They are asked, and the ladder starts again for them.",
                field("to", "To whom", true, FieldKind::Person),
                "Give",
            ),
        ));
        out.push(with(
            ask("Escalate", "up"),
            form(
                &format!("Escalate E-{handle}"),
                "Those on the next rung are asked at once; name another rung to jump to it.",
                field("to", "Rung", false, FieldKind::Choice(rungs(scene))),
                "Escalate",
            ),
        ));
    }
    if escalation.is_open() && !matches!(escalation.standing, Standing::Unrouted { .. }) {
        out.push(with(
            ask("Resolve", "resolve"),
            form(
                &format!("Resolve E-{handle}"),
                "Nobody is asked any more. It can be reopened for a week.",
                field("reason", "How", true, FieldKind::Text),
                "Resolve",
            ),
        ));
    }
    if escalation.is_open() && !matches!(escalation.matched, Matched::Found(_)) && !scene.is_bare {
        out.push(with(
            ask("Name the client", "client"),
            form(
                &format!("Who is E-{handle} about?"),
                "The number of the account; it is looked at before anything is shown.",
                field("client", "Client number", true, FieldKind::Text),
                "That is the client",
            ),
        ));
    }
    if scene.is_bare {
        out.push(ask("Show", "show"));
    }
    out.push(ask("Why this person", "explain"));
    out
}

/// The rungs of its ladder by name.
fn rungs(scene: &Scene<'_>) -> Vec<(String, String)> {
    let (Standing::Climbing { ladder, .. } | Standing::Held { ladder, .. }) = &scene.escalation.standing
    else {
        return Vec::new();
    };
    let rungs = &scene.desk.ladder(ladder).rungs;
    let named = rungs.iter().map(|rung| rung.name.clone());
    named
        .chain([END.to_owned()])
        .map(|name| (name.clone(), name))
        .collect()
}
