//! `/deposit client [sale]`: the answer to where a bidding deposit is and whether it goes back.
//!
//! A pure function of the decision: one card a deposit, the sentence that may be said to the client, and
//! the same for programs in `facts`. What the asker may not read is not in the decision any more.

use crate::Asked;
use crate::errors::Failure;
use crate::grammar::DepositArgs;
use crate::lookup::{self, Meaning};
use hammerdesk_domain::access::{Asker, Permission};
use hammerdesk_domain::deposit::{DepositAnswer, DepositLine, RefundLine, Requirement, Situation};
use hammerdesk_domain::deposit::{DepositQuestion, decide};
use hammerdesk_domain::ids::SaleNo;
use hammerdesk_domain::message::{Action, Card, Cell, Figure, Line, Outcome, Reply, Section, Tone};
use hammerdesk_domain::money::Money;
use hammerdesk_store::Part;
use serde_json::{Value, json};

/// How many deposits are shown before the rest is only counted.
const MOST_CARDS: usize = 10;

/// Reads the account and decides.
pub(crate) async fn answer(asked: &mut Asked<'_>, args: &DepositArgs) -> Result<Reply, Failure> {
    let tail = args
        .sale
        .as_ref()
        .map_or(String::new(), |sale| format!(" sale:\"{sale}\""));
    let typed = args.client.join(" ");
    let no = match lookup::client(asked, &typed, |no| format!("/deposit {no}{tail}")).await? {
        Meaning::One(no) => no,
        Meaning::Choice(choice) => return Ok(*choice),
    };
    let facts = lookup::facts(asked, &no, Part::Deposit).await?;
    let question = DepositQuestion {
        sale: args.sale.as_deref().map(SaleNo::from),
    };
    let answer = decide(
        &facts,
        asked.asker,
        &asked.settings.house,
        &question,
        asked.moment,
    );
    Ok(reply(&answer, asked.asker))
}

/// Builds the reply.
pub fn reply(answer: &DepositAnswer, asker: &Asker) -> Reply {
    let mut reply = Reply::sentence(answer.outcome, answer.sentence.clone().unwrap_or_default());
    reply.facts = facts(answer);
    if answer.outcome == Outcome::Refused {
        return reply;
    }
    if let Some(sentence) = &answer.sentence {
        let mut lines = vec![coded("P0", sentence, Tone::Plain)];
        if answer.outcome == Outcome::Stale {
            lines[0].code = None;
            lines[0].tone = Tone::Warn;
        }
        reply.cards.push(Card {
            sections: vec![Section::Lines { heading: None, lines }],
            explain: answer.explain.clone(),
            tone: if answer.stale { Tone::Warn } else { Tone::Plain },
            ..frame(answer)
        });
    }
    if let Some(old) = &answer.asked_for {
        let now = answer.client.short();
        reply.text = format!(
            "Client {} was merged into {now}; this is the answer for {now}.",
            old.short()
        );
    }
    let shown = answer.deposits.iter().take(MOST_CARDS);
    reply.cards.extend(shown.map(|line| card(answer, line)));
    if answer.deposits.len() > MOST_CARDS {
        let more = answer.deposits.len() - MOST_CARDS;
        reply.text = format!(
            "{} {more} more deposits are not shown; name the sale.",
            reply.text
        )
        .trim()
        .to_owned();
    }
    reply.actions = actions(answer, asker);
    reply
}

fn frame(answer: &DepositAnswer) -> Card {
    Card {
        title: format!("{} · {}", answer.name, answer.client.short()),
        as_of: answer.as_of.clone(),
        stale: answer.stale,
        ..Card::default()
    }
}

fn card(answer: &DepositAnswer, line: &DepositLine) -> Card {
    let (badge, tone) = badge(line);
    let mut sections = vec![Section::Figures {
        heading: None,
        rows: figures(line),
    }];
    let mut lines = vec![coded(line.status.word(), &line.says, tone)];
    lines.extend(line.internal.iter().map(|text| plain(text)));
    if line.acts != "nobody" {
        lines.push(plain(&format!("Next: {}.", line.acts)));
    }
    sections.push(Section::Lines { heading: None, lines });
    let missing: Vec<Line> = line
        .checks
        .iter()
        .filter(|check| !check.holds)
        .map(|check| coded(check.requirement.word(), &check.because, Tone::Warn))
        .collect();
    if !missing.is_empty() {
        sections.push(Section::Lines {
            heading: Some("Not met".to_owned()),
            lines: missing,
        });
    }
    sections.push(Section::ClientSafe {
        sentence: line.client_safe.clone(),
    });
    Card {
        subtitle: Some(format!(
            "Deposit {} · {} · {}",
            line.id,
            line.entity,
            line.amount.currency()
        )),
        badge: Some(badge.to_owned()),
        tone,
        sections,
        explain: line.explain.clone(),
        ..frame(answer)
    }
}

fn badge(line: &DepositLine) -> (&'static str, Tone) {
    if line.also.contains(&Situation::P18) {
        return ("OVERDUE", Tone::Warn);
    }
    match line.status {
        Situation::P16 => ("REFUNDED", Tone::Good),
        Situation::P12 | Situation::P13 => ("SENT", Tone::Plain),
        _ if line.eligible => ("ELIGIBLE", Tone::Good),
        Situation::P8 | Situation::P9 | Situation::P10 | Situation::P11 | Situation::P19 => {
            ("BLOCKED", Tone::Warn)
        }
        Situation::P14 | Situation::P15 => ("FAILED", Tone::Warn),
        Situation::Ask => ("ASK THE TEAM", Tone::Warn),
        Situation::P1 => ("NOT RECEIVED", Tone::Plain),
        Situation::P17 => ("FORFEITED", Tone::Plain),
        _ => ("HELD", Tone::Plain),
    }
}

fn figures(line: &DepositLine) -> Vec<Figure> {
    let amount = |label: &str, money: Money| Figure {
        label: label.to_owned(),
        value: Cell::Amount(money),
        note: None,
        tone: Tone::Plain,
    };
    let mut rows = vec![amount("Deposit", line.amount)];
    if let Some(held) = line.held.filter(|held| *held != line.amount) {
        rows.push(amount("Held", held));
    }
    if let Some(refundable) = line.refundable.filter(|_| line.eligible) {
        rows.push(amount("To refund", refundable));
    }
    if !line.covers.is_empty() {
        let sales: Vec<&str> = line.covers.iter().map(SaleNo::as_str).collect();
        rows.push(Figure {
            label: if sales.len() == 1 {
                "Sale".to_owned()
            } else {
                "Sales".to_owned()
            },
            value: Cell::Text(sales.join(", ")),
            note: None,
            tone: Tone::Plain,
        });
    }
    let mut date = |label: &str, on, tone| {
        rows.push(Figure {
            label: label.to_owned(),
            value: Cell::Date(on),
            note: None,
            tone,
        });
    };
    if let Some(on) = line.due_by {
        let late = line.also.contains(&Situation::P18);
        date(
            if line.eligible {
                "Due by"
            } else {
                "Due by, once nothing is missing"
            },
            on,
            if late { Tone::Warn } else { Tone::Plain },
        );
    }
    if let Some(on) = line.held_until {
        date("Held until", on, Tone::Plain);
    }
    rows
}

fn coded(code: &str, text: &str, tone: Tone) -> Line {
    Line {
        code: Some(code.to_owned()),
        text: text.to_owned(),
        tone,
    }
}

fn plain(text: &str) -> Line {
    Line {
        code: None,
        text: text.to_owned(),
        tone: Tone::Plain,
    }
}

fn actions(answer: &DepositAnswer, asker: &Asker) -> Vec<Action> {
    let client = answer.client.as_str();
    let mut actions = Vec::new();
    if asker.may(Permission::Balance) {
        actions.push(Action::ask("Show balance", format!("/balance {client}")));
    }
    if asker.may(Permission::Release) {
        actions.push(Action::ask("Show release", format!("/release {client}")));
    }
    if answer.sale.is_some() && !answer.other_sales.is_empty() {
        actions.push(Action::ask("Show all deposits", format!("/deposit {client}")));
    }
    actions
}

/// The answer for programs: the keys of the outside contract, and a few more.
fn facts(answer: &DepositAnswer) -> Value {
    if answer.outcome == Outcome::Refused {
        return json!({});
    }
    let as_of: serde_json::Map<String, Value> = answer
        .as_of
        .iter()
        .map(|as_of| (as_of.source.clone(), json!(as_of.at)))
        .collect();
    json!({
        "client": { "number": answer.client.as_str(), "name": answer.name },
        "as_of": as_of,
        "sale": answer.sale,
        "deposits": answer.deposits.iter().map(deposit).collect::<Vec<_>>(),
        "other_sales": answer.other_sales,
        "status": answer.deposits.is_empty().then_some(match answer.outcome {
            Outcome::Stale => "STALE",
            _ => "P0",
        }),
    })
}

fn deposit(line: &DepositLine) -> Value {
    json!({
        "id": line.id,
        "entity": line.entity,
        "amount": line.amount.plain(),
        "currency": line.amount.currency(),
        "status": line.status.word(),
        "also": line.also.iter().map(|situation| situation.word()).collect::<Vec<_>>(),
        "eligible": line.eligible,
        "failed": line.failed().map(Requirement::word).collect::<Vec<_>>(),
        "due_by": line.due_by,
        "held_until": line.held_until,
        "held": line.held.map(Money::plain),
        "refundable": line.refundable.map(Money::plain),
        "covers": line.covers,
        "says": line.says,
        "client_text": line.client_safe,
        "acts": line.acts,
        "promise": line.promise,
        "debts": line.debts.iter().map(|debt| json!({
            "entity": debt.entity,
            "amount": debt.amount.plain(),
            "currency": debt.amount.currency(),
            "oldest_days": debt.oldest_days,
        })).collect::<Vec<_>>(),
        "refund": line.refund.as_ref().map(refund),
    })
}

fn refund(refund: &RefundLine) -> Value {
    json!({
        "id": refund.id,
        "amount": refund.amount.plain(),
        "currency": refund.amount.currency(),
        "state": refund.state,
        "method": refund.method,
        "last4": refund.last4,
        "reference": refund.reference,
        "submitted_on": refund.submitted_on,
        "completed_on": refund.completed_on,
        "expected_on": refund.expected_on,
    })
}
