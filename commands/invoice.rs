//! `/invoice number`: what it charges lot by lot, what was paid, what is open, why it is due when it is.
//!
//! What is open comes from the same decision as the balance, narrowed to the invoice, so the two can never
//! tell different figures; access and the age of the data are decided there too.

use crate::Asked;
use crate::errors::{Failure, UserError};
use crate::grammar::InvoiceArgs;
use crate::lookup;
use chrono::{DateTime, Days, NaiveDate, Utc};
use hammerdesk_domain::access::{Asker, Permission};
use hammerdesk_domain::ageing::Bands;
use hammerdesk_domain::balance::{self, BalanceAnswer, BalanceQuestion, Narrow};
use hammerdesk_domain::clock::local_date;
use hammerdesk_domain::facts::{AccountFacts, Moment};
use hammerdesk_domain::ids::{ClientNo, InvoiceKey};
use hammerdesk_domain::location::House;
use hammerdesk_domain::message::Menu;
use hammerdesk_domain::message::{Action, Card, Cell, Figure, Line, Outcome, Reply, Section, Tone};
use hammerdesk_domain::model::{
    Allocation, DueBasis, Invoice, InvoiceLine, InvoiceState, ItemKind, LedgerItem,
};
use hammerdesk_domain::money::{Money, MoneyError};
use hammerdesk_domain::text;
use hammerdesk_store::{Lots, Part};
use serde_json::{Value, json};

/// What is told of one invoice.
struct Told<'a> {
    key: &'a InvoiceKey,
    invoice: Option<&'a Invoice>,
    lines: Vec<&'a InvoiceLine>,
    paid_by: Vec<&'a Allocation>,
    total: Option<Money>,
    paid: Option<Money>,
    open: Option<Money>,
    due_on: Option<NaiveDate>,
    overdue_days: i64,
    /// The day its last bill in the ledger was cleared; `None` while one is open.
    cleared_on: Option<NaiveDate>,
}

/// An invoice that a number may mean.
struct Found {
    key: InvoiceKey,
    client: ClientNo,
    dated_on: NaiveDate,
}

/// Finds the invoice, reads the account and shows it.
pub(crate) async fn answer(asked: &mut Asked<'_>, args: &InvoiceArgs) -> Result<Reply, Failure> {
    let number = text::clean(&args.number, 40);
    let all = asked.view.invoices_numbered(&number).await?;
    let by_ledger = all.is_empty();
    let found = if by_ledger {
        let today = asked.moment.now.date_naive();
        let since = today.checked_sub_days(Days::new(RECENT_DAYS)).unwrap_or(today);
        in_ledger(&asked.view.ledger_of_invoice(&number, since).await?, args)
    } else {
        let narrowed = lookup::narrow_invoices(all, args.entity.as_deref(), args.year);
        narrowed
            .into_iter()
            .map(|invoice| Found {
                key: invoice.key,
                client: invoice.client,
                dated_on: invoice.issued_on,
            })
            .collect()
    };
    let mut seen = Vec::new();
    for invoice in found {
        match asked.view.client(&invoice.client).await? {
            Some(client) if !asked.asker.may_see(&client) => {}
            _ => seen.push(invoice),
        }
    }
    if seen.len() > 1 {
        return Ok(which(&seen));
    }
    let Some(invoice) = seen.pop() else {
        if by_ledger {
            return Err(UserError::unknown(format!(
                "There is no open invoice {number} that you may see. Check the number, or ask for the client with \
                 /balance and as_of: where it was cleared long ago."
            ))
            .into());
        }
        return Err(UserError::unknown(format!(
            "There is no invoice {number} that you may see. Check the number, or ask for the client with /balance."
        ))
        .into());
    };
    let lots = Lots::Invoice(invoice.key.clone());
    let facts = lookup::facts(asked, &invoice.client, Part::Release { lots }).await?;
    Ok(reply(
        &facts,
        &invoice.key,
        asked.asker,
        &asked.settings.house,
        asked.moment,
    ))
}

fn is_of(item: &LedgerItem, key: &InvoiceKey) -> bool {
    item.entity == key.entity && item.year == key.year && item.invoice.as_ref() == Some(&key.number)
}

/// The invoices that the ledger alone knows, newest first: each with the client that its bills are booked to.
fn in_ledger(items: &[LedgerItem], args: &InvoiceArgs) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut bills: Vec<&LedgerItem> = items
        .iter()
        .filter(|item| {
            args.entity
                .as_deref()
                .is_none_or(|entity| item.entity.as_str() == entity)
                && args.year.is_none_or(|year| item.year == year)
        })
        .collect();
    bills.sort_by_key(|item| !item.amount.is_positive());
    for item in bills {
        let Some(number) = item.invoice.clone() else {
            continue;
        };
        let key = InvoiceKey {
            entity: item.entity.clone(),
            number,
            year: item.year,
        };
        if found
            .iter()
            .all(|known| known.key != key || known.client != item.client)
        {
            found.push(Found {
                key,
                client: item.client.clone(),
                dated_on: item.document_on.unwrap_or(item.posted_on),
            });
        }
    }
    found.sort_by(|a, b| (b.dated_on, &a.key, &a.client).cmp(&(a.dated_on, &b.key, &b.client)));
    found
}

/// Numbers restart per entity and year, so several invoices may have one.
fn which(invoices: &[Found]) -> Reply {
    let mut reply = Reply::sentence(Outcome::Choose, "Several invoices have that number. Which one?");
    let options = invoices.iter().take(MOST_CHOICES).map(|invoice| {
        let key = &invoice.key;
        let alone = |other: &Found| other.key != *key || other.client == invoice.client;
        let (who, question) = if invoices.iter().all(alone) {
            (
                String::new(),
                format!("/invoice {} entity:{} year:{}", key.number, key.entity, key.year),
            )
        } else {
            let client = &invoice.client;
            (
                format!(" · client {}", client.short()),
                format!(
                    "/balance {client} invoice:\"{}\" entity:{}",
                    key.number, key.entity
                ),
            )
        };
        Action::ask(
            format!(
                "{} of {} · {} · {}{who}",
                key.number, key.year, key.entity, invoice.dated_on
            ),
            question,
        )
    });
    reply.menu = Some(Menu {
        prompt: "Which invoice?".to_owned(),
        options: options.collect(),
    });
    reply
}

/// For how long a cleared item is still found by its invoice; an account holds them as long.
const RECENT_DAYS: u64 = 40;

/// How many invoices are offered to choose from.
const MOST_CHOICES: usize = 5;

/// The invoice of that key, from the facts of the client it was billed to.
pub fn reply(facts: &AccountFacts, key: &InvoiceKey, asker: &Asker, house: &House, moment: Moment) -> Reply {
    let question = BalanceQuestion {
        entity: Some(key.entity.clone()),
        bands: Bands::default(),
        narrow: Some(Narrow::Invoice(key.number.clone())),
        ..BalanceQuestion::default()
    };
    let answer = balance::decide(facts, asker, house, &question, moment);
    if answer.outcome != Outcome::Answered {
        return crate::balance::reply(&answer, asker);
    }
    let day = moment
        .as_of
        .unwrap_or_else(|| local_date(moment.now, house.of_entity(&key.entity).zone));
    match told(facts, key, &answer, day) {
        Ok(Some(told)) => shown(&told, facts, &answer, asker),
        Ok(None) => Reply::sentence(
            Outcome::Unknown,
            format!("Invoice {} is not on record.", key.number),
        ),
        Err(error) => Reply::sentence(
            Outcome::Error,
            format!(
                "The figures of invoice {} cannot be added up, so none are given: {error}.",
                key.number
            ),
        ),
    }
}

fn told<'a>(
    facts: &'a AccountFacts,
    key: &'a InvoiceKey,
    answer: &BalanceAnswer,
    day: NaiveDate,
) -> Result<Option<Told<'a>>, MoneyError> {
    let invoice = facts.invoices.iter().find(|invoice| invoice.key == *key);
    let lines: Vec<&InvoiceLine> = facts.lines.iter().filter(|line| line.invoice == *key).collect();
    let paid_by: Vec<&Allocation> = facts
        .allocations
        .iter()
        .filter(|allocation| allocation.invoice == *key && allocation.applied_on <= day)
        .collect();
    let items: Vec<&LedgerItem> = facts.items.iter().filter(|item| is_of(item, key)).collect();
    let bills = || {
        let debit = |item: &&&LedgerItem| {
            item.amount.is_positive() && !matches!(item.kind, ItemKind::Deposit | ItemKind::Request)
        };
        items.iter().filter(debit)
    };
    let in_ledger = !items.is_empty();
    if invoice.is_none() && lines.is_empty() && !in_ledger {
        return Ok(None);
    }
    let open_items = || {
        let blocks = answer.blocks.iter().filter(|block| block.entity == key.entity);
        blocks
            .flat_map(|block| &block.items)
            .filter(|item| item.year == key.year)
    };
    let currency = invoice
        .map(|invoice| invoice.total.currency())
        .or_else(|| lines.first().map(|line| line.amount.currency()))
        .or_else(|| items.first().map(|item| item.amount.currency()));
    let total = match (invoice, currency) {
        (Some(invoice), _) => Some(invoice.total),
        (None, Some(currency)) if !lines.is_empty() => {
            Some(Money::sum(currency, lines.iter().map(|line| line.amount))?)
        }
        (None, Some(currency)) if bills().next().is_some() => {
            Some(Money::sum(currency, bills().map(|item| item.amount))?)
        }
        _ => None,
    };
    // The ledger says that a bill was cleared, and not by how much money.
    let by_allocations = invoice.is_some() || !lines.is_empty() || !paid_by.is_empty();
    let paid = currency
        .filter(|_| by_allocations)
        .map(|c| Money::sum(c, paid_by.iter().map(|allocation| allocation.amount)))
        .transpose()?;
    // An invoice that the ledger never showed is not settled for that.
    let is_settled = invoice.is_some_and(|invoice| {
        matches!(
            invoice.state,
            InvoiceState::Paid | InvoiceState::Cancelled | InvoiceState::Superseded
        )
    });
    // Nor is one that only left the open list: nobody said that it was paid.
    let is_stated = items.iter().any(|item| !item.is_gone_on(day));
    let known = currency.filter(|_| is_stated || is_settled);
    let open = known
        .map(|c| Money::sum(c, open_items().map(|item| item.amount)))
        .transpose()?;
    let due_on = open_items().filter_map(|item| item.due_on).min();
    let billed_due_on = bills().map(|item| item.due()).min();
    let cleared: Option<Vec<NaiveDate>> = bills()
        .map(|item| item.cleared_on.filter(|on| *on <= day))
        .collect();
    Ok(Some(Told {
        key,
        invoice,
        lines,
        paid_by,
        total,
        paid,
        open,
        due_on: due_on
            .or(invoice.and_then(|invoice| invoice.due_on))
            .or(billed_due_on.filter(|_| invoice.is_none())),
        cleared_on: cleared.and_then(|days| days.into_iter().max()),
        overdue_days: open_items()
            .filter(|item| item.amount.is_positive())
            .map(|item| item.days)
            .max()
            .unwrap_or(0),
    }))
}

fn shown(told: &Told<'_>, facts: &AccountFacts, answer: &BalanceAnswer, asker: &Asker) -> Reply {
    let state = state(told);
    let mut sections = vec![Section::Figures {
        heading: None,
        rows: figures(told),
    }];
    sections.extend(line_table(&told.lines, &told.paid_by));
    sections.extend(payments(&told.paid_by));
    let lines = remarks(told, answer);
    if !lines.is_empty() {
        sections.push(Section::Lines { heading: None, lines });
    }
    if let Some(block) = answer
        .blocks
        .first()
        .filter(|block| !block.client_safe.is_empty())
    {
        sections.push(Section::ClientSafe {
            sentence: block.client_safe.clone(),
        });
    }
    let client = &facts.client;
    let card = Card {
        title: format!("Invoice {} · {}", told.key.number, client.name),
        subtitle: Some(format!(
            "{} · {} · client {}",
            told.key.entity,
            told.key.year,
            client.no.short()
        )),
        badge: Some(state.to_uppercase()),
        tone: if state == "overdue" || state == "superseded" {
            Tone::Warn
        } else {
            Tone::Plain
        },
        sections,
        as_of: answer.as_of.clone(),
        stale: answer.stale,
        explain: answer.explain.clone(),
    };
    let mut reply = Reply::card(card, facts_of(told, facts, answer, &state));
    let mut replacement = told
        .invoice
        .and_then(|invoice| invoice.superseded_by.as_ref())
        .map(|by| Action::ask(format!("Invoice {by}"), format!("/invoice {by}")));
    if let Some(action) = &mut replacement {
        action.primary = true;
    }
    reply.actions.extend(replacement);
    // A house that feeds its ledger alone has no lots to release.
    if asker.may(Permission::Release) && (told.invoice.is_some() || !told.lines.is_empty()) {
        let release = Action::ask("Release", format!("/release {}", told.key.number));
        reply.actions.push(release);
    }
    reply
        .actions
        .push(Action::ask("Balance", format!("/balance {}", client.no)));
    reply
}

/// Overdue is derived from what is open and never stored.
fn state(told: &Told<'_>) -> String {
    let is_open = told.open.is_some_and(Money::is_positive);
    match told.invoice {
        Some(invoice) if invoice.superseded_by.is_some() => "superseded".to_owned(),
        _ if is_open && told.overdue_days > 0 => "overdue".to_owned(),
        Some(invoice) => invoice.state.word().replace('_', " "),
        None if is_open => "open".to_owned(),
        None if told.open.is_some() => "cleared".to_owned(),
        None => "not known".to_owned(),
    }
}

fn figures(told: &Told<'_>) -> Vec<Figure> {
    let figure = |label: &str, value: Cell, note: Option<String>, tone: Tone| Figure {
        label: label.to_owned(),
        value,
        note,
        tone,
    };
    let amount = |money: Option<Money>| money.map_or(Cell::Text("not known".to_owned()), Cell::Amount);
    let late = told.overdue_days > 0 && told.open.is_some_and(Money::is_positive);
    let by_ledger = told.invoice.is_none() && told.lines.is_empty();
    let total = by_ledger.then(|| "as the ledger has it".to_owned());
    let mut rows = vec![figure("Total", amount(told.total), total, Tone::Plain)];
    if !by_ledger || told.paid.is_some() {
        rows.push(figure(
            "Paid",
            amount(told.paid),
            Some("applied to this invoice".to_owned()),
            Tone::Plain,
        ));
    }
    rows.push(figure(
        "Open",
        amount(told.open),
        None,
        if late { Tone::Warn } else { Tone::Plain },
    ));
    if let Some(on) = told.cleared_on {
        rows.push(figure("Cleared", Cell::Date(on), None, Tone::Quiet));
    }
    if let Some(invoice) = told.invoice {
        rows.push(figure("Issued", Cell::Date(invoice.issued_on), None, Tone::Quiet));
    }
    if let Some(due_on) = told.due_on {
        let basis = told.invoice.and_then(|invoice| invoice.due_basis).map(basis_said);
        let late = late.then(|| format!("{} past due", crate::balance::counted(told.overdue_days, "day")));
        let note: Vec<String> = basis.map(str::to_owned).into_iter().chain(late).collect();
        let note = (!note.is_empty()).then(|| note.join("; "));
        rows.push(figure("Due", Cell::Date(due_on), note, Tone::Plain));
    }
    rows
}

const fn basis_said(basis: DueBasis) -> &'static str {
    match basis {
        DueBasis::SaleDate => "counted from the sale's date",
        DueBasis::InvoiceDate => "counted from the invoice's date",
        DueBasis::InvoiceReceipt => "counted from the day the client received it",
        DueBasis::Instalments => "by instalments",
    }
}

fn line_table(lines: &[&InvoiceLine], paid_by: &[&Allocation]) -> Option<Section> {
    if lines.is_empty() {
        return None;
    }
    let mut sorted = lines.to_vec();
    sorted.sort_by_key(|line| (line.lot.is_none(), &line.lot, line.line));
    let rows = sorted
        .iter()
        .map(|line| {
            let paid = paid_by
                .iter()
                .filter(|a| a.line == Some(line.line))
                .map(|allocation| allocation.amount);
            let paid = Money::sum(line.amount.currency(), paid)
                .ok()
                .filter(|paid| !paid.is_zero());
            vec![
                Cell::Text(line.lot.as_ref().map_or("—".to_owned(), ToString::to_string)),
                Cell::Text(line.kind.word().replace('_', " ")),
                Cell::Amount(line.amount),
                paid.map_or(Cell::Empty, Cell::Amount),
            ]
        })
        .collect();
    Some(Section::Table {
        heading: Some("Lines".to_owned()),
        columns: ["Lot", "Charge", "Amount", "Paid on it"]
            .map(str::to_owned)
            .to_vec(),
        rows,
        more: 0,
    })
}

fn payments(paid_by: &[&Allocation]) -> Option<Section> {
    if paid_by.is_empty() {
        return None;
    }
    let rows = paid_by
        .iter()
        .map(|allocation| {
            let target = match (&allocation.lot, allocation.line) {
                (Some(lot), _) => format!("lot {lot}"),
                (None, Some(line)) => format!("line {line}"),
                (None, None) => "whole invoice".to_owned(),
            };
            vec![
                Cell::Date(allocation.applied_on),
                Cell::Text(format!("{} {}", allocation.source, allocation.payment)),
                Cell::Text(target),
                Cell::Amount(allocation.amount),
            ]
        })
        .collect();
    Some(Section::Table {
        heading: Some("Paid".to_owned()),
        columns: ["Applied", "Payment", "For", "Amount"]
            .map(str::to_owned)
            .to_vec(),
        rows,
        more: 0,
    })
}

fn remarks(told: &Told<'_>, answer: &BalanceAnswer) -> Vec<Line> {
    let rows = answer
        .rows
        .iter()
        .chain(answer.blocks.iter().flat_map(|block| &block.rows));
    let mut lines: Vec<Line> = rows
        .filter(|row| !matches!(row.code, "B5" | "B6" | "B8" | "B9" | "B16"))
        .filter(|row| row.code != "B21" || told.open.is_none())
        .filter_map(|row| {
            let text = row.internal.clone().or_else(|| row.client_safe.clone())?;
            Some(Line {
                code: Some(row.code.to_owned()),
                text,
                tone: row.tone,
            })
        })
        .collect();
    // Without open items there is no block whose rule B17 could point to the replacement.
    let by = told.invoice.and_then(|invoice| invoice.superseded_by.as_ref());
    if let Some(by) = by.filter(|_| !lines.iter().any(|line| line.code.as_deref() == Some("B17"))) {
        let text = format!("Invoice {} was replaced by {by}.", told.key.number);
        lines.push(Line {
            code: Some("B17".to_owned()),
            text,
            tone: Tone::Warn,
        });
    }
    lines
}

fn facts_of(told: &Told<'_>, facts: &AccountFacts, answer: &BalanceAnswer, state: &str) -> Value {
    let as_of: serde_json::Map<String, Value> = answer
        .extracted
        .iter()
        .map(|(source, at): &(String, Option<DateTime<Utc>>)| (source.clone(), json!(at)))
        .collect();
    let invoice = told.invoice;
    let currency = told.total.or(told.open).map(Money::currency);
    json!({
        "client": {"number": facts.client.no.as_str(), "name": facts.client.name},
        "as_of": as_of,
        "invoice": {
            "entity": told.key.entity.as_str(),
            "number": told.key.number.as_str(),
            "year": told.key.year,
            "kind": invoice.map(|invoice| invoice.kind),
            "state": state,
            "currency": currency,
            "issued_on": invoice.map(|invoice| invoice.issued_on),
            "due_on": told.due_on,
            "cleared_on": told.cleared_on,
            "due_basis": invoice.and_then(|invoice| invoice.due_basis),
            "superseded_by": invoice.and_then(|invoice| invoice.superseded_by.clone()),
            "total": told.total.map(Money::plain),
            "paid": told.paid.map(Money::plain),
            "open": told.open.map(Money::plain),
            "overdue_days": told.overdue_days.max(0),
        },
        "lines": told.lines.iter().map(|line| json!({
            "line": line.line,
            "lot": line.lot.as_ref().map(ToString::to_string),
            "kind": line.kind,
            "amount": line.amount.plain(),
        })).collect::<Vec<_>>(),
        "paid": told.paid_by.iter().map(|allocation| json!({
            "source": allocation.source.as_str(),
            "payment": allocation.payment.as_str(),
            "lot": allocation.lot.as_ref().map(ToString::to_string),
            "line": allocation.line,
            "amount": allocation.amount.plain(),
            "applied_on": allocation.applied_on,
        })).collect::<Vec<_>>(),
    })
}
