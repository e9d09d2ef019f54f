//! How a release decision reads: the outcome first, then what blocks it, who clears that, and what may be
//! said to the client.
//!
//! A pure function of the decision and the asker. Whoever may not read internal reasons gets the outcome
//! and the client-safe sentences only; the decision itself has already left out what is restricted.

use super::data::{facts, file};
use hammerdesk_domain::access::{Asker, Permission};
use hammerdesk_domain::ids::LotKey;
use hammerdesk_domain::message::{Action, Card, Cell, Figure, Line, Outcome, Reply, Section, Step, Tone};
use hammerdesk_domain::release::{
    ExceptionRelease, LotAnswer, Reason, ReleaseAnswer, ReleaseOutcome, ReleaseQuestion,
};
use hammerdesk_domain::text::day;

/// Lots that a card shows; all of them are in a file beside it.
const SHOWN: usize = 25;
/// What is said of a lot that nothing holds.
const CLEAR: &str = "clear";
/// Invoices that get a button.
const BUTTONS: usize = 2;

/// The reply to a question about release.
pub fn reply(answer: &ReleaseAnswer, asker: &Asker) -> Reply {
    if answer.refused {
        let text = "You may not see releases of this client. Please ask your team lead.";
        return Reply::sentence(Outcome::Refused, text);
    }
    if answer.lots.is_empty() {
        let text = match &answer.question {
            ReleaseQuestion::Client => "No lot bought by this client is on record.",
            ReleaseQuestion::Invoice(_) => "This invoice charges no lot.",
            ReleaseQuestion::Lot(_) => "There is no such lot.",
        };
        return Reply {
            facts: facts(answer),
            ..Reply::sentence(Outcome::Unknown, text)
        };
    }
    let internal = asker.may(Permission::Internal);
    let card = Card {
        title: format!("{} · {}", answer.client_name, answer.client.short()),
        subtitle: Some(subtitle(answer)),
        badge: Some(answer.outcome.word().to_owned()),
        tone: tone(answer.outcome),
        sections: sections(answer, internal),
        as_of: answer.as_of.clone(),
        stale: answer.stale,
        explain: explain(answer),
    };
    let mut reply = Reply::card(card, facts(answer));
    reply.actions = actions(answer, asker);
    if answer.lots.len() > SHOWN {
        reply.files.push(file(answer, internal));
    }
    reply
}

fn subtitle(answer: &ReleaseAnswer) -> String {
    let about = match &answer.question {
        ReleaseQuestion::Client => format!("Release of {}", counted(answer.lots.len())),
        ReleaseQuestion::Invoice(number) => format!("Release · invoice {number}"),
        ReleaseQuestion::Lot(key) => {
            let title = answer
                .lots
                .first()
                .map(|lot| lot.title.as_str())
                .unwrap_or_default();
            if title.is_empty() {
                format!("Release · {}", named(key))
            } else {
                format!("Release · {} · {title}", named(key))
            }
        }
    };
    match &answer.asked_for {
        Some(old) => format!("{about} · {} was merged into this client", old.short()),
        None => about,
    }
}

/// `1 lot`, `7 lots`.
fn counted(lots: usize) -> String {
    if lots == 1 {
        "1 lot".to_owned()
    } else {
        format!("{lots} lots")
    }
}

fn named(key: &LotKey) -> String {
    format!("lot {} of sale {}", key.lot, key.sale)
}

const fn tone(outcome: ReleaseOutcome) -> Tone {
    match outcome {
        ReleaseOutcome::Blocked | ReleaseOutcome::Partial => Tone::Warn,
        ReleaseOutcome::Released | ReleaseOutcome::Releasable | ReleaseOutcome::Authorised => Tone::Good,
    }
}

fn sections(answer: &ReleaseAnswer, internal: bool) -> Vec<Section> {
    let mut sections = vec![lines(None, vec![verdict(answer)])];
    let alerts: Vec<Line> = answer
        .lots
        .iter()
        .flat_map(|lot| spoken(answer, lot, &lot.alerts, Tone::Warn))
        .collect();
    sections.extend((!alerts.is_empty()).then(|| lines(Some("Alert"), alerts)));
    if answer.lots.len() > 1 {
        sections.push(table(answer, internal));
    }
    if internal {
        sections.extend(reasons(answer));
        sections.extend(exceptions(answer));
        let remarks: Vec<Line> = answer
            .lots
            .iter()
            .take(SHOWN)
            .flat_map(|lot| spoken(answer, lot, &lot.remarks, Tone::Quiet))
            .collect();
        sections.extend((!remarks.is_empty()).then(|| lines(None, remarks)));
    }
    sections.push(Section::ClientSafe {
        sentence: client_sentence(answer),
    });
    sections
}

fn lines(heading: Option<&str>, lines: Vec<Line>) -> Section {
    Section::Lines {
        heading: heading.map(str::to_owned),
        lines,
    }
}

fn line(code: Option<&str>, text: String, tone: Tone) -> Line {
    Line {
        code: code.map(str::to_owned),
        text,
        tone,
    }
}

/// What is said of one lot, with its name where there are several.
fn spoken(answer: &ReleaseAnswer, lot: &LotAnswer, texts: &[String], tone: Tone) -> Vec<Line> {
    let prefix = if answer.lots.len() > 1 {
        format!("Lot {}: ", short(answer, &lot.lot))
    } else {
        String::new()
    };
    texts
        .iter()
        .map(|text| line(None, format!("{prefix}{text}"), tone))
        .collect()
}

fn verdict(answer: &ReleaseAnswer) -> Line {
    let count = |outcome| answer.lots.iter().filter(|lot| lot.outcome == outcome).count();
    let only = if answer.lots.len() == 1 {
        answer.lots.first()
    } else {
        None
    };
    let dated = only
        .and_then(|lot| lot.on)
        .map(|on| format!(" on {}", day(on)))
        .unwrap_or_default();
    let text = match answer.outcome {
        ReleaseOutcome::Released => {
            let to = only
                .and_then(|lot| lot.to.as_ref())
                .map(|to| format!(" to {to}"))
                .unwrap_or_default();
            format!("Released{dated}{to}, as the warehouse system says.")
        }
        ReleaseOutcome::Blocked => match count(ReleaseOutcome::Released) {
            0 => "Not to be released yet.".to_owned(),
            gone => format!("{gone} released; the rest is not to be released."),
        },
        ReleaseOutcome::Partial => format!(
            "{} may go, {} may not.",
            count(ReleaseOutcome::Releasable) + count(ReleaseOutcome::Authorised),
            count(ReleaseOutcome::Blocked)
        ),
        ReleaseOutcome::Releasable => {
            "No blocker found; release must be authorised in the warehouse system.".to_owned()
        }
        ReleaseOutcome::Authorised => {
            format!("Authorised in the warehouse system{dated}; no blocker found. Not yet released.")
        }
    };
    line(None, text, tone(answer.outcome))
}

fn table(answer: &ReleaseAnswer, internal: bool) -> Section {
    let mut columns = vec!["Lot".to_owned(), "Title".to_owned(), "Status".to_owned()];
    if internal {
        columns.push("Because".to_owned());
    }
    let rows = in_order(answer).into_iter().take(SHOWN).map(|lot| {
        let mut row = vec![
            Cell::Text(lot.lot.to_string()),
            Cell::Text(lot.title.clone()),
            Cell::Text(lot.outcome.word().to_owned()),
        ];
        if internal {
            let codes: Vec<&str> = lot.reasons.iter().map(|reason| reason.code.word()).collect();
            row.push(if codes.is_empty() {
                Cell::Empty
            } else {
                Cell::Text(codes.join(" "))
            });
        }
        row
    });
    Section::Table {
        heading: Some("Lots".to_owned()),
        columns,
        rows: rows.collect(),
        more: answer.lots.len().saturating_sub(SHOWN),
    }
}

/// What may go first, then what is blocked, then what is gone.
pub(super) fn in_order(answer: &ReleaseAnswer) -> Vec<&LotAnswer> {
    let mut lots: Vec<&LotAnswer> = answer.lots.iter().collect();
    lots.sort_by_key(|lot| match lot.outcome {
        ReleaseOutcome::Releasable | ReleaseOutcome::Authorised => 0,
        ReleaseOutcome::Blocked | ReleaseOutcome::Partial => 1,
        ReleaseOutcome::Released => 2,
    });
    lots
}

/// Each different reason once, with the lots that it blocks.
fn reasons(answer: &ReleaseAnswer) -> Option<Section> {
    let mut grouped: Vec<(&Reason, Vec<&LotKey>)> = Vec::new();
    for lot in &answer.lots {
        for reason in &lot.reasons {
            match grouped.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, lots)) => lots.push(&lot.lot),
                None => grouped.push((reason, vec![&lot.lot])),
            }
        }
    }
    grouped.sort_by_key(|(reason, _)| reason.code);
    let shown: Vec<Line> = grouped
        .iter()
        .take(SHOWN)
        .map(|(reason, lots)| {
            let which = if answer.lots.len() > 1 {
                format!(" ({})", listed(answer, lots))
            } else {
                String::new()
            };
            let said = reason
                .internal
                .as_deref()
                .unwrap_or(&reason.client_text)
                .trim_end_matches('.');
            let name = reason.code.texts().name.replace('_', " ").to_lowercase();
            let text = format!(
                "{name}{which}: {said}. To clear: {}. Who: {}.",
                reason.clears, reason.by
            );
            line(Some(reason.code.word()), text, Tone::Warn)
        })
        .collect();
    (!shown.is_empty()).then(|| lines(Some("What blocks it"), shown))
}

/// The lot's number alone where all lots of the answer are of one sale, sale and number otherwise.
fn short(answer: &ReleaseAnswer, key: &LotKey) -> String {
    if answer.lots.iter().all(|lot| lot.lot.sale == key.sale) {
        key.lot.to_string()
    } else {
        key.to_string()
    }
}

/// `lot 3`, `lots 3, 4`, `lots 3, 4, 5 and 7 more`.
fn listed(answer: &ReleaseAnswer, lots: &[&LotKey]) -> String {
    let shown: Vec<String> = lots.iter().take(5).map(|key| short(answer, key)).collect();
    let word = if lots.len() == 1 { "lot" } else { "lots" };
    match lots.len().saturating_sub(5) {
        0 => format!("{word} {}", shown.join(", ")),
        more => format!("{word} {} and {more} more", shown.join(", ")),
    }
}

fn exceptions(answer: &ReleaseAnswer) -> Vec<Section> {
    let with = answer
        .lots
        .iter()
        .take(SHOWN)
        .filter_map(|lot| lot.exception.as_ref().map(|exception| (lot, exception)));
    with.map(|(lot, exception)| exception_section(&short(answer, &lot.lot), exception))
        .collect()
}

fn exception_section(lot: &str, exception: &ExceptionRelease) -> Section {
    let row = |label: &str, value: Cell| Figure {
        label: label.to_owned(),
        value,
        note: None,
        tone: Tone::Plain,
    };
    let standing = if exception.effective {
        "in force"
    } else {
        "not in force for what is open today"
    };
    let mut rows = vec![
        row("Approval", Cell::Text(exception.authority.to_string())),
        row(
            "Approved by",
            exception.approved_by.clone().map_or(Cell::Empty, Cell::Text),
        ),
        row("Until", exception.until.map_or(Cell::Empty, Cell::Date)),
        row(
            "Residual owed",
            exception.residual.map_or(Cell::Empty, Cell::Amount),
        ),
        row("Standing", Cell::Text(standing.to_owned())),
    ];
    if !exception.effective
        && let Some(last) = rows.last_mut()
    {
        last.tone = Tone::Warn;
    }
    Section::Figures {
        heading: Some(format!("Release with a balance open, lot {lot}")),
        rows,
    }
}

/// One sentence per group of lots that have the same thing said of them.
fn client_sentence(answer: &ReleaseAnswer) -> String {
    let mut groups: Vec<(String, Vec<&LotKey>)> = Vec::new();
    for lot in in_order(answer) {
        let said = match lot.outcome {
            ReleaseOutcome::Released => lot
                .on
                .map_or_else(|| "released".to_owned(), |on| format!("released on {}", day(on))),
            ReleaseOutcome::Releasable | ReleaseOutcome::Authorised => CLEAR.to_owned(),
            ReleaseOutcome::Blocked | ReleaseOutcome::Partial => clauses(&lot.client_says),
        };
        match groups.iter_mut().find(|(known, _)| *known == said) {
            Some((_, lots)) => lots.push(&lot.lot),
            None => groups.push((said, vec![&lot.lot])),
        }
    }
    let sentences: Vec<String> = groups
        .iter()
        .map(|(said, lots)| client_group(said, lots, &listed(answer, lots)))
        .collect();
    sentences.join(" ")
}

fn client_group(said: &str, lots: &[&LotKey], which: &str) -> String {
    if said == CLEAR {
        return format!(
            "We have found nothing that holds {which}; we will confirm once the release is authorised."
        );
    }
    if said.starts_with("released") {
        let were = if lots.len() == 1 { "was" } else { "were" };
        return format!("L{} {were} {said}.", which.trim_start_matches('l'));
    }
    format!("We cannot release {which} yet{said}")
}

/// `: payment is outstanding, and a permit is pending. Please speak to ...`: requests are sentences of
/// their own.
fn clauses(says: &[String]) -> String {
    let (requests, facts): (Vec<&str>, Vec<&str>) = says
        .iter()
        .map(String::as_str)
        .partition(|clause| clause.starts_with("please "));
    let facts = match facts.as_slice() {
        [] => ".".to_owned(),
        [one] => format!(": {one}."),
        [first @ .., last] => format!(": {}, and {last}.", first.join(", ")),
    };
    let requests = requests
        .iter()
        .map(|request| format!(" P{}.", request.trim_start_matches('p')));
    requests.fold(facts, |said, request| said + &request)
}

/// One lot: every rule. Several: every rule that applied, lot by lot, and the rest once.
fn explain(answer: &ReleaseAnswer) -> Vec<Step> {
    if let [only] = answer.lots.as_slice() {
        return only.explain.clone();
    }
    let mut steps = Vec::new();
    let rules = answer
        .lots
        .first()
        .map(|lot| lot.explain.as_slice())
        .unwrap_or_default();
    for rule in rules {
        let mut applied = false;
        for lot in answer.lots.iter().take(SHOWN) {
            for step in lot
                .explain
                .iter()
                .filter(|step| step.rule == rule.rule && step.applied)
            {
                applied = true;
                steps.push(Step {
                    because: format!("{}: {}", named(&lot.lot), step.because),
                    ..step.clone()
                });
            }
        }
        if !applied {
            let because = "applies to none of the lots shown".to_owned();
            steps.push(Step {
                because,
                applied: false,
                ..rule.clone()
            });
        }
    }
    steps
}

fn actions(answer: &ReleaseAnswer, asker: &Asker) -> Vec<Action> {
    if !asker.may(Permission::Balance) {
        return Vec::new();
    }
    let mut actions = vec![Action::ask("Show balance", format!("/balance {}", answer.client))];
    let mut invoices: Vec<&str> = answer
        .lots
        .iter()
        .flat_map(|lot| &lot.invoices)
        .map(hammerdesk_domain::ids::InvoiceNo::as_str)
        .collect();
    invoices.sort_unstable();
    invoices.dedup();
    let shown = invoices.into_iter().take(BUTTONS);
    actions.extend(
        shown.map(|number| Action::ask(format!("Show invoice {number}"), format!("/invoice {number}"))),
    );
    actions
}
