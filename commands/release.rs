//! How a release decision reads: the outcome first, then what blocks it, who clears that, and what may be
//! said to the client.
//!
//! A pure function of the decision and the asker. Whoever may not read internal reasons gets the outcome
//! and the client-safe sentences only; the decision itself has already left out what is restricted.

use crate::Asked;
use crate::errors::{Failure, UserError};
use crate::grammar::ReleaseArgs;
use crate::lookup::{self, Meaning};
use hammerdesk_domain::access::{Asker, Permission};
use hammerdesk_domain::facts::AccountFacts;
use hammerdesk_domain::ids::{ClientNo, InvoiceNo, LotKey, SaleNo};
use hammerdesk_domain::message::Menu;
use hammerdesk_domain::message::{
    Action, Attachment, Card, Cell, Figure, Line, Outcome, Reply, Section, Step, Tone,
};
use hammerdesk_domain::model::Client;
use hammerdesk_domain::release::decide;
use hammerdesk_domain::release::{
    ExceptionRelease, LotAnswer, Reason, ReleaseAnswer, ReleaseOutcome, ReleaseQuestion,
};
use hammerdesk_domain::text::{clean, day};
use hammerdesk_store::{Lots, Part};
use serde_json::{Map, Value, json};

/// Lots that a card shows; all of them are in a file beside it.
const SHOWN: usize = 25;
/// What is said of a lot that nothing holds.
const CLEAR: &str = "clear";
/// Invoices that get a button.
const BUTTONS: usize = 2;
/// Invoices that are offered where several have a number.
const CHOICES: usize = 5;

/// Finds what is meant, reads the account and decides.
pub(crate) async fn answer(asked: &mut Asked<'_>, args: &ReleaseArgs) -> Result<Reply, Failure> {
    let typed = args.what.join(" ");
    if let Some(number) = &args.invoice {
        let found = of_invoice(asked, number, args.client.as_deref(), true).await?;
        return found.ok_or_else(|| {
            let number = clean(number, 40);
            UserError::unknown(format!("There is no invoice {number} that you may see.")).into()
        });
    }
    if args.client.is_none() {
        if let Some(lot) = lookup::lot_key(&typed) {
            return of_lot(asked, lot).await;
        }
        if let Some(reply) = of_invoice(asked, &typed, None, false).await? {
            return Ok(reply);
        }
    }
    let typed = args.client.clone().unwrap_or(typed);
    let tail = args
        .sale
        .as_ref()
        .map_or(String::new(), |sale| format!(" sale:\"{sale}\""));
    let no = match lookup::client(asked, &typed, |no| format!("/release client:{no}{tail}")).await? {
        Meaning::One(no) => no,
        Meaning::Choice(choice) => return Ok(*choice),
    };
    let lots = args
        .sale
        .as_deref()
        .map_or(Lots::All, |sale| Lots::Sale(SaleNo::from(sale)));
    let facts = lookup::facts(asked, &no, Part::Release { lots }).await?;
    Ok(decided(asked, &facts, &ReleaseQuestion::Client))
}

async fn of_lot(asked: &mut Asked<'_>, key: LotKey) -> Result<Reply, Failure> {
    let lot = asked.view.lot(&key).await?.ok_or_else(|| {
        UserError::unknown(format!(
            "There is no lot {key}. Write it as sale/lot, like 24001/45."
        ))
    })?;
    let Some(buyer) = lot.buyer else {
        return Err(UserError::unknown(format!(
            "Lot {key} has no buyer on record, so there is nothing to release."
        ))
        .into());
    };
    let facts = lookup::facts(
        asked,
        &buyer,
        Part::Release {
            lots: Lots::Lot(key.clone()),
        },
    )
    .await?;
    Ok(decided(asked, &facts, &ReleaseQuestion::Lot(key)))
}

/// The answer for an invoice number; `None` where no invoice has it. A number that several clients' invoices
/// have is asked back, and so is one that a client has as well, unless it was said to be an invoice's.
async fn of_invoice(
    asked: &mut Asked<'_>,
    typed: &str,
    of: Option<&str>,
    exactly: bool,
) -> Result<Option<Reply>, Failure> {
    let mut invoices = lookup::narrow_invoices(asked.view.invoices_numbered(typed.trim()).await?, None, None);
    if let Some(of) = of.and_then(ClientNo::parse) {
        invoices.retain(|invoice| invoice.client == of);
    }
    let mut clients: Vec<Client> = Vec::new();
    for invoice in &invoices {
        if clients.iter().all(|known| known.no != invoice.client) {
            clients.extend(asked.view.client(&invoice.client).await?);
        }
    }
    clients.retain(|client| asked.asker.may_see(client));
    if !clients.is_empty() {
        invoices.retain(|invoice| clients.iter().any(|client| client.no == invoice.client));
    }
    let Some(first) = invoices.first().cloned() else {
        return Ok(None);
    };
    let also_client = match ClientNo::parse(typed).filter(|_| !exactly) {
        Some(no) => asked
            .view
            .client(&no)
            .await?
            .filter(|client| asked.asker.may_see(client)),
        None => None,
    };
    if clients.len() > 1 || also_client.is_some() {
        return Ok(Some(which(&first.key.number, &clients, also_client.as_ref())));
    }
    // Numbers restart each year: where one client has several of that number, all of them are told.
    let lots = if invoices.len() > 1 {
        Lots::All
    } else {
        Lots::Invoice(first.key.clone())
    };
    let facts = lookup::facts(asked, &first.client, Part::Release { lots }).await?;
    Ok(Some(decided(
        asked,
        &facts,
        &ReleaseQuestion::Invoice(first.key.number),
    )))
}

/// Which of the things that have that number is meant.
fn which(number: &InvoiceNo, clients: &[Client], also_client: Option<&Client>) -> Reply {
    let said = match also_client {
        Some(_) => "An invoice and a client have that number. Which one?",
        None => "Invoices of several clients have that number. Which one?",
    };
    let mut reply = Reply::sentence(Outcome::Choose, said);
    let invoices = clients.iter().take(CHOICES).map(|client| {
        Action::ask(
            format!("Invoice {number} · {}", client.name),
            format!("/release invoice:\"{number}\" client:{}", client.no),
        )
    });
    let as_client = also_client.map(|client| {
        Action::ask(
            format!("Client {} · {}", client.no.short(), client.name),
            format!("/release client:{}", client.no),
        )
    });
    reply.menu = Some(Menu {
        prompt: "Which one?".to_owned(),
        options: invoices.chain(as_client).collect(),
    });
    reply
}

fn decided(asked: &Asked<'_>, facts: &AccountFacts, question: &ReleaseQuestion) -> Reply {
    reply(
        &decide(facts, asked.asker, &asked.settings.house, question, asked.moment),
        asked.asker,
    )
}

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
fn in_order(answer: &ReleaseAnswer) -> Vec<&LotAnswer> {
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

fn facts(answer: &ReleaseAnswer) -> Value {
    let as_of: Map<String, Value> = answer
        .as_of
        .iter()
        .map(|source| (source.source.clone(), json!(source.at)))
        .collect();
    let mut facts = json!({
        "client": { "number": answer.client, "name": answer.client_name },
        "as_of": as_of,
        "stale": answer.stale,
        "outcome": answer.outcome.word(),
        "lots": answer.lots.iter().map(lot_facts).collect::<Vec<_>>(),
    });
    if answer.lots.is_empty() {
        facts["outcome"] = Value::Null;
    }
    if let Some(old) = &answer.asked_for {
        facts["asked_for"] = json!(old);
    }
    facts
}

fn lot_facts(lot: &LotAnswer) -> Value {
    let mut facts = Map::new();
    facts.insert("lot".to_owned(), json!(lot.lot.to_string()));
    facts.insert("title".to_owned(), json!(lot.title));
    facts.insert("outcome".to_owned(), json!(lot.outcome.word()));
    facts.insert(
        "reasons".to_owned(),
        lot.reasons.iter().map(reason_facts).collect(),
    );
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            facts.insert(key.to_owned(), value);
        }
    };
    put("on", lot.on.map(|on| json!(on)));
    put("to", lot.to.as_ref().map(|to| json!(to)));
    put("open", (!lot.open.is_empty()).then(|| json!(lot.open)));
    put("alerts", (!lot.alerts.is_empty()).then(|| json!(lot.alerts)));
    put("remarks", (!lot.remarks.is_empty()).then(|| json!(lot.remarks)));
    put("exception", lot.exception.as_ref().map(exception_facts));
    Value::Object(facts)
}

fn reason_facts(reason: &Reason) -> Value {
    let mut facts = json!({
        "code": reason.code.word(),
        "name": reason.code.texts().name,
        "clears": reason.clears,
        "by": reason.by,
        "client_text": reason.client_text,
    });
    if let Some(internal) = &reason.internal {
        facts["internal"] = json!(internal);
    }
    facts
}

fn exception_facts(exception: &ExceptionRelease) -> Value {
    json!({
        "authority": exception.authority,
        "approved_by": exception.approved_by,
        "until": exception.until,
        "residual": exception.residual,
        "effective": exception.effective,
    })
}

/// All lots as CSV.
fn file(answer: &ReleaseAnswer, internal: bool) -> Attachment {
    let mut out = String::from("sale,lot,title,outcome,codes,reasons,client_safe\n");
    for lot in in_order(answer) {
        let codes: Vec<&str> = lot.reasons.iter().map(|reason| reason.code.word()).collect();
        let reasons: Vec<&str> = lot
            .reasons
            .iter()
            .filter_map(|reason| reason.internal.as_deref())
            .collect();
        let cells = [
            lot.lot.sale.as_str(),
            lot.lot.lot.as_str(),
            &lot.title,
            lot.outcome.word(),
            &(if internal { codes.join(" ") } else { String::new() }),
            &reasons.join("; "),
            &lot.client_says.join("; "),
        ];
        out.push_str(&cells.map(csv_cell).join(","));
        out.push('\n');
    }
    Attachment {
        name: format!("release-{}.csv", answer.client.as_str().replace(['/', '.'], "-")),
        media_type: "text/csv".to_owned(),
        content: out.into_bytes(),
    }
}

/// Quoted where it must be, and never a formula for the spreadsheet that opens it.
fn csv_cell(text: &str) -> String {
    let text = clean(text, 2_000);
    let text = if text.starts_with(['=', '+', '-', '@']) {
        format!("'{text}")
    } else {
        text
    };
    if text.contains([',', '"', ';']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}
