//! `/balance`: a card for each legal entity and currency, and the same answer for programs.
//!
//! The decision is the domain's; here it only gets its shape. Figures that one reads together stand
//! together, what may be said to the client stands word for word, and a long list is cut to what one
//! takes in at a glance, with the whole as a file.

use crate::Asked;
use crate::errors::{Failure, UserError};
use crate::grammar::BalanceArgs;
use crate::lookup::{self, Meaning};
use hammerdesk_domain::balance::{BalanceQuestion, Narrow, decide};
use hammerdesk_domain::facts::AccountFacts;
use hammerdesk_domain::ids::{ClientNo, EntityCode, InvoiceNo};
use hammerdesk_domain::text;
use hammerdesk_store::{Lots, Part};
use std::collections::BTreeSet;
use std::fmt::Write as _;

use hammerdesk_domain::access::{Asker, Permission};
use hammerdesk_domain::balance::{AnsweredClient, BalanceAnswer, Block, OpenItem, RULES, Row, Standing};
use hammerdesk_domain::message::{
    Action, Attachment, Card, Cell, Field, FieldKind, Figure, Form, Line, Outcome, Reply, Section, Tone,
    Visibility,
};
use hammerdesk_domain::money::Money;
use serde_json::{Map, Value, json};

/// How many lines of a table one takes in at a glance.
const MOST_LINES: usize = 5;

/// Reads the account and decides.
pub(crate) async fn answer(asked: &mut Asked<'_>, args: &BalanceArgs) -> Result<Reply, Failure> {
    if let Some(day) = &args.as_of {
        asked.moment.as_of = Some(lookup::day("as_of", day, asked.moment.now)?);
    }
    let narrow = match (&args.lot, &args.invoice) {
        (Some(_), Some(_)) => return Err(UserError::malformed("Give lot: or invoice:, not both.").into()),
        (Some(lot), None) => Some(Narrow::Lot(lookup::lot_key(lot).ok_or_else(|| {
            UserError::malformed("lot: takes a sale and a lot, written like 24001/45.")
        })?)),
        (None, Some(invoice)) => Some(Narrow::Invoice(InvoiceNo::new(invoice.as_str()))),
        (None, None) => None,
    };
    let tail = args.tail();
    let typed = args.client.join(" ");
    let no = match lookup::client(asked, &typed, |no| format!("/balance {no}{tail}")).await? {
        Meaning::One(no) => no,
        Meaning::Choice(choice) => return Ok(*choice),
    };
    let part = match &narrow {
        // A lot's share is read from the lines of its invoices.
        Some(Narrow::Lot(lot)) => Part::Release {
            lots: Lots::Lot(lot.clone()),
        },
        _ => Part::Balance,
    };
    let facts = lookup::facts(asked, &no, part).await?;
    if let Some(entity) = &args.entity {
        known_entity(asked, &facts, entity)?;
    }
    let question = BalanceQuestion {
        entity: args.entity.as_deref().map(EntityCode::from),
        bands: asked.settings.ageing()?,
        narrow,
        for_consignor: args.audience.as_deref() == Some("consignor"),
        ..BalanceQuestion::default()
    };
    let answer = decide(
        &facts,
        asked.asker,
        &asked.settings.house,
        &question,
        asked.moment,
    );
    let mut reply = reply(&answer, asked.asker);
    if reply.outcome == Outcome::Answered {
        reply.actions.push(another_day(&no, args));
    }
    Ok(reply)
}

/// The same question for another day; says what it will do before it does it.
fn another_day(no: &ClientNo, args: &BalanceArgs) -> Action {
    let tail = BalanceArgs {
        as_of: None,
        ..args.clone()
    }
    .tail();
    let mut action = Action::ask("Another day", format!("/balance {no}{tail}"));
    action.form = Some(Form {
        title: "Balance of another day".to_owned(),
        says: "Shows what was open at the end of that day, as the ledger knows it now.".to_owned(),
        fields: vec![Field {
            name: "as_of".to_owned(),
            label: "Day".to_owned(),
            required: true,
            kind: FieldKind::Date,
        }],
        submit: "Show".to_owned(),
    });
    action
}

/// An entity that neither the house nor the account knows is a slip of the pen, not an empty account.
fn known_entity(asked: &Asked<'_>, facts: &AccountFacts, entity: &str) -> Result<(), UserError> {
    let house = asked
        .settings
        .house
        .locations
        .iter()
        .map(|location| location.entity.as_str());
    let account = facts.items.iter().map(|item| item.entity.as_str());
    let known: BTreeSet<&str> = house.chain(account).collect();
    if known.contains(entity) {
        return Ok(());
    }
    let list = known.into_iter().collect::<Vec<_>>().join(", ");
    Err(UserError::unknown(format!(
        "There is no entity {}. The entities are {list}.",
        text::clean(entity, 20)
    )))
}

/// The decided balance as a reply.
pub fn reply(answer: &BalanceAnswer, asker: &Asker) -> Reply {
    let Some(client) = &answer.client else {
        let mut reply = Reply::sentence(answer.outcome, answer.text.clone());
        reply.cards.extend(consignor_card(answer));
        return reply;
    };
    let cards = if answer.blocks.is_empty() {
        vec![blockless(answer, client)]
    } else {
        answer
            .blocks
            .iter()
            .enumerate()
            .map(|(n, block)| card(answer, client, block, n == 0))
            .collect()
    };
    Reply {
        outcome: answer.outcome,
        text: answer.text.clone(),
        cards,
        actions: actions(answer, client, asker),
        links: Vec::new(),
        menu: None,
        files: file(answer, client).into_iter().collect(),
        visibility: Visibility::Private,
        facts: facts(answer, client),
    }
}

/// What a consignor may be told; there is no client on it.
fn consignor_card(answer: &BalanceAnswer) -> Option<Card> {
    if answer.outcome != Outcome::Answered {
        return None;
    }
    let said = answer.rows.iter().find_map(|row| row.client_safe.clone());
    Some(Card {
        title: "Consignor".to_owned(),
        sections: lines(None, &answer.rows)
            .into_iter()
            .chain(said.map(|sentence| Section::ClientSafe { sentence }))
            .collect(),
        explain: answer.explain.clone(),
        ..Card::default()
    })
}

fn title(client: &AnsweredClient) -> String {
    format!("{} · {}", client.name, client.no.short())
}

fn blockless(answer: &BalanceAnswer, client: &AnsweredClient) -> Card {
    let flag = answer
        .rows
        .iter()
        .find(|row| row.code == "B19")
        .and_then(|row| row.client_safe.clone());
    let said = flag.or_else(|| answer.rows.iter().find_map(|row| row.client_safe.clone()));
    let (badge, tone) = match answer.outcome {
        Outcome::Stale => (Some("DATA TOO OLD"), Tone::Warn),
        Outcome::Answered => (Some("NOTHING OPEN"), Tone::Quiet),
        _ => (None, Tone::Warn),
    };
    let mut sections: Vec<Section> = lines(None, &answer.rows).into_iter().collect();
    if sections.is_empty() && !answer.text.is_empty() {
        let line = Line {
            code: None,
            text: answer.text.clone(),
            tone,
        };
        sections.push(Section::Lines {
            heading: None,
            lines: vec![line],
        });
    }
    sections.extend(said.map(|sentence| Section::ClientSafe { sentence }));
    Card {
        title: title(client),
        subtitle: None,
        badge: badge.map(str::to_owned),
        tone,
        sections,
        as_of: answer.as_of.clone(),
        stale: answer.stale,
        explain: answer.explain.clone(),
    }
}

fn card(answer: &BalanceAnswer, client: &AnsweredClient, block: &Block, is_first: bool) -> Card {
    let (badge, tone) = match block.standing {
        Standing::Disputed => ("DISPUTED", Tone::Warn),
        Standing::PaymentSeen => ("PAYMENT SEEN", Tone::Plain),
        Standing::Overdue => ("OVERDUE", Tone::Warn),
        Standing::NotDue => ("NOT DUE", Tone::Plain),
        Standing::Credit => ("IN CREDIT", Tone::Good),
        Standing::Nothing => ("NOTHING OPEN", Tone::Good),
        Standing::Unclear => ("CHECK", Tone::Warn),
    };
    let day = answer
        .as_of_day
        .map_or(String::new(), |day| format!(" · at {}", text::day(day)));
    let entity = block.entity.as_str();
    let place = if block.location == entity {
        format!("{entity} · ")
    } else {
        format!("{} · {entity} · ", block.location)
    };
    let mut sections = vec![figures(block)];
    sections.extend(reckoning(block));
    sections.extend(ageing(block));
    sections.extend(overdue_table(block));
    let account = if is_first { answer.rows.as_slice() } else { &[] };
    let rows: Vec<Row> = account.iter().chain(&block.rows).cloned().collect();
    sections.extend(lines(None, &rows));
    if !block.client_safe.is_empty() {
        sections.push(Section::ClientSafe {
            sentence: block.client_safe.clone(),
        });
    }
    Card {
        title: title(client),
        subtitle: Some(format!("{place}{}{day}", block.currency)),
        badge: Some(badge.to_owned()),
        tone,
        sections,
        as_of: answer.as_of.clone(),
        stale: answer.stale,
        explain: if is_first {
            answer.explain.clone()
        } else {
            Vec::new()
        },
    }
}

fn figure(label: &str, amount: Money, note: Option<String>, tone: Tone) -> Figure {
    Figure {
        label: label.to_owned(),
        value: Cell::Amount(amount),
        note,
        tone,
    }
}

/// `1 item`, `7 items`.
pub(crate) fn counted(count: i64, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}

fn figures(block: &Block) -> Section {
    let mut rows = vec![figure("Billed and open", block.billed_open, None, Tone::Plain)];
    let mut say = |label: &str, amount: Money, note: Option<String>, tone: Tone| {
        if !amount.is_zero() {
            rows.push(figure(label, amount, note, tone));
        }
    };
    let next = block
        .next_due_on
        .filter(|on| *on > block.day)
        .map(|on| format!("next {}", text::day(on)));
    say("Not due", block.not_due, next, Tone::Plain);
    say("Due today", block.due_today, None, Tone::Plain);
    say(
        "Overdue",
        block.overdue,
        Some(format!("oldest {}", counted(block.oldest_days, "day"))),
        Tone::Warn,
    );
    say("Credits open", block.credits_open.negated(), None, Tone::Plain);
    if !block.credits_open.is_zero() {
        say("Ledger balance", block.ledger_net, None, Tone::Plain);
    }
    say("Seen, not posted", block.in_flight, None, Tone::Plain);
    say(
        "Held for payer review",
        block.held_third_party.unwrap_or(Money::zero(block.currency)),
        None,
        Tone::Warn,
    );
    say("Disputed, owed again", block.disputed, None, Tone::Warn);
    say(
        "Deposits held",
        block.deposits_held,
        Some("not applied".to_owned()),
        Tone::Quiet,
    );
    say(
        "Requests noted",
        block.requests,
        Some("not counted".to_owned()),
        Tone::Quiet,
    );
    say(
        "Accrued, indicative",
        block.accrued,
        Some("not billed, not counted".to_owned()),
        Tone::Quiet,
    );
    Section::Figures { heading: None, rows }
}

/// The amount to pay never stands alone: every line that leads to it stands above it.
fn reckoning(block: &Block) -> Option<Section> {
    if block.reckoning.len() < 2 {
        return None;
    }
    let mut rows: Vec<Figure> = block
        .reckoning
        .iter()
        .map(|line| figure(line.label, line.amount, None, Tone::Plain))
        .collect();
    rows.push(figure("Amount to pay", block.amount_to_pay, None, Tone::Plain));
    Some(Section::Figures {
        heading: Some("To pay".to_owned()),
        rows,
    })
}

/// The bands, once something is past due.
fn ageing(block: &Block) -> Option<Section> {
    if !block.overdue.is_positive() {
        return None;
    }
    let rows = block
        .bands
        .iter()
        .map(|bucket| {
            let note =
                (bucket.count > 0).then(|| counted(i64::try_from(bucket.count).unwrap_or(i64::MAX), "item"));
            figure(&bucket.band, bucket.amount, note, Tone::Plain)
        })
        .collect();
    Some(Section::Figures {
        heading: Some("Ageing, days past due".to_owned()),
        rows,
    })
}

fn overdue_table(block: &Block) -> Option<Section> {
    let late: Vec<&OpenItem> = block.items.iter().filter(|item| is_late(item)).collect();
    if late.is_empty() {
        return None;
    }
    let rows = late
        .iter()
        .take(MOST_LINES)
        .map(|item| {
            vec![
                Cell::Text(named(item)),
                item.due_on.map_or(Cell::Empty, Cell::Date),
                Cell::Number(item.days),
                Cell::Amount(item.amount),
            ]
        })
        .collect();
    Some(Section::Table {
        heading: Some("Overdue".to_owned()),
        columns: ["Invoice", "Due", "Days", "Open"].map(str::to_owned).to_vec(),
        rows,
        more: late.len().saturating_sub(MOST_LINES),
    })
}

fn is_late(item: &OpenItem) -> bool {
    item.amount.is_positive() && item.days > 0
}

fn named(item: &OpenItem) -> String {
    let number = item
        .invoice
        .as_ref()
        .map_or(item.document.as_str(), |invoice| invoice.as_str());
    match item.instalment {
        Some(n) => format!("{number}, instalment {n}"),
        None => number.to_owned(),
    }
}

fn lines(heading: Option<&str>, rows: &[Row]) -> Option<Section> {
    let mut lines: Vec<Line> = Vec::new();
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by_key(|row| RULES.iter().position(|rule| *rule == row.code));
    for row in rows {
        let said = row.internal.as_ref().or(row.client_safe.as_ref());
        if let Some(text) = said {
            lines.push(Line {
                code: Some(row.code.to_owned()),
                text: text.clone(),
                tone: row.tone,
            });
        }
        if let Some(next) = &row.next {
            lines.push(Line {
                code: None,
                text: format!("→ {next}"),
                tone: Tone::Quiet,
            });
        }
    }
    (!lines.is_empty()).then(|| Section::Lines {
        heading: heading.map(str::to_owned),
        lines,
    })
}

/// What one asks next, as far as the asker may.
fn actions(answer: &BalanceAnswer, client: &AnsweredClient, asker: &Asker) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut invoices: Vec<&str> = Vec::new();
    for item in answer.blocks.iter().flat_map(|block| &block.items) {
        let bill = item.invoice.as_ref().filter(|_| item.amount.is_positive());
        if let Some(invoice) = bill.filter(|invoice| !invoices.contains(&invoice.as_str())) {
            invoices.push(invoice.as_str());
        }
    }
    for (n, invoice) in invoices.into_iter().take(3).enumerate() {
        // An invoice is told as of today, so on an earlier day its part of the balance is what is meant.
        let question = match answer.as_of_day {
            Some(day) => format!("/balance {} invoice:\"{invoice}\" as_of:{day}", client.no),
            None => format!("/invoice {invoice}"),
        };
        let mut action = Action::ask(format!("Invoice {invoice}"), question);
        action.primary = n == 0;
        actions.push(action);
    }
    let others = [
        (Permission::Release, "Release", "/release"),
        (Permission::Deposit, "Deposits", "/deposit"),
        (Permission::Client, "Client", "/client show"),
    ];
    for (permission, label, command) in others {
        if asker.may(permission) {
            actions.push(Action::ask(label, format!("{command} {}", client.no)));
        }
    }
    actions
}

/// All open items, where the cards could not show them all.
fn file(answer: &BalanceAnswer, client: &AnsweredClient) -> Option<Attachment> {
    let count: usize = answer.blocks.iter().map(|block| block.items.len()).sum();
    let day = answer.blocks.first().map(|block| block.day)?;
    if count <= MOST_LINES {
        return None;
    }
    let mut csv = String::from(
        "entity,currency,document,year,line,kind,invoice,instalment,posted_on,due_on,days_past_due,amount\r\n",
    );
    for block in &answer.blocks {
        for item in &block.items {
            let fields = [
                block.entity.to_string(),
                block.currency.to_string(),
                item.document.clone(),
                item.year.to_string(),
                item.line.to_string(),
                item.kind.to_string(),
                item.invoice.as_ref().map(ToString::to_string).unwrap_or_default(),
                item.instalment.map(|n| n.to_string()).unwrap_or_default(),
                item.posted_on.to_string(),
                item.due_on.map(|on| on.to_string()).unwrap_or_default(),
                item.due_on.map(|_| item.days.to_string()).unwrap_or_default(),
            ];
            let fields: Vec<String> = fields.iter().map(|field| csv_field(field)).collect();
            let _ = write!(csv, "{},{}\r\n", fields.join(","), item.amount.plain());
        }
    }
    let no: String = client
        .no
        .short()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    Some(Attachment {
        name: format!("open-items-{no}-{day}.csv"),
        media_type: "text/csv; charset=utf-8".to_owned(),
        content: csv.into_bytes(),
    })
}

/// Quoted where needed; text from outside never becomes a formula in a spreadsheet.
pub(crate) fn csv_field(text: &str) -> String {
    let is_number = text
        .strip_prefix('-')
        .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    let text = if text.starts_with(['=', '+', '-', '@', '\t']) && !is_number {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

fn facts(answer: &BalanceAnswer, client: &AnsweredClient) -> Value {
    let as_of: Map<String, Value> = answer
        .extracted
        .iter()
        .map(|(source, at)| (source.clone(), json!(at)))
        .collect();
    let mut facts = Map::new();
    facts.insert(
        "client".to_owned(),
        json!({"number": client.no.as_str(), "name": client.name}),
    );
    facts.insert("as_of".to_owned(), Value::Object(as_of));
    facts.insert("as_of_day".to_owned(), json!(answer.as_of_day));
    facts.insert("stale".to_owned(), json!(answer.stale));
    facts.insert("rules".to_owned(), rules(&answer.rows));
    facts.insert(
        "blocks".to_owned(),
        answer.blocks.iter().map(block_facts).collect(),
    );
    Value::Object(facts)
}

fn rules(rows: &[Row]) -> Value {
    rows.iter()
        .map(|row| json!({"rule": row.code, "internal": row.internal, "client_text": row.client_safe, "next": row.next}))
        .collect()
}

fn block_facts(block: &Block) -> Value {
    // Due today is not overdue: programs get the split in two, and due today besides.
    let not_due = block
        .not_due
        .checked_add(block.due_today)
        .unwrap_or(block.not_due);
    json!({
        "entity": block.entity.as_str(),
        "currency": block.currency,
        "day": block.day,
        "billed_open": block.billed_open.plain(),
        "credits_open": block.credits_open.plain(),
        "ledger_net": block.ledger_net.plain(),
        "not_due": not_due.plain(),
        "due_today": block.due_today.plain(),
        "overdue": block.overdue.plain(),
        "oldest_days": block.oldest_days,
        "next_due_on": block.next_due_on,
        "bands": block.bands.iter().map(|bucket| json!({
            "band": bucket.band, "count": bucket.count, "amount": bucket.amount.plain(),
        })).collect::<Vec<_>>(),
        "in_flight": block.in_flight.plain(),
        "in_flight_unmatched": block.in_flight_unmatched.map(Money::plain),
        "held_third_party": block.held_third_party.map(Money::plain),
        "disputed": block.disputed.plain(),
        "deposits_held": block.deposits_held.plain(),
        "requests": block.requests.plain(),
        "accrued": block.accrued.plain(),
        "amount_to_pay": block.amount_to_pay.plain(),
        "client_text": block.client_safe,
        "rules": rules(&block.rows),
        "items": block.items.iter().map(|item| item_facts(block, item)).collect::<Vec<_>>(),
    })
}

fn item_facts(block: &Block, item: &OpenItem) -> Value {
    json!({
        "entity": block.entity.as_str(),
        "document": item.document,
        "year": item.year,
        "line": item.line,
        "kind": item.kind,
        "invoice": item.invoice,
        "amount": item.amount.plain(),
        "posted_on": item.posted_on,
        "due_on": item.due_on,
        "days": item.due_on.map(|_| item.days),
        "instalment": item.instalment,
    })
}
