//! Every row of the balance table, told in `cases/balance.toml` by examples where it applies and where
//! it does not.

mod balance_world;

use std::collections::BTreeMap;

use balance_world::{asker, client, facts, house, noon};
use chrono::NaiveDate;
use hammerdesk_domain::ageing::Bands;
use hammerdesk_domain::balance::{
    BalanceAnswer, BalanceQuestion, Block, Found, FoundBy, Identity, Narrow, RULES, decide, identify,
};
use hammerdesk_domain::facts::Moment;
use hammerdesk_domain::ids::{ClientNo, LotKey};
use hammerdesk_domain::message::Outcome;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// The row it is an example of.
    row: String,
    /// In words.
    name: String,
    /// Does the row apply?
    applies: bool,
    /// The day of the question.
    on: NaiveDate,
    /// Who asks.
    #[serde(default = "coordinator")]
    asker: String,
    /// What is so.
    #[serde(default)]
    facts: Vec<String>,
    /// For B1: the clients that a search found, by `number`, `email`, `name` or `part of a name`.
    #[serde(default)]
    found: Vec<String>,
    entity: Option<String>,
    as_of: Option<NaiveDate>,
    bands: Option<String>,
    invoice: Option<String>,
    lot: Option<String>,
    #[serde(default)]
    for_consignor: bool,
    /// Part of what a colleague reads.
    says: Option<String>,
    /// What may be said to the client, word for word.
    client: Option<String>,
    /// Must stand nowhere in the answer.
    #[serde(default)]
    never: Vec<String>,
    /// Figures of the first block.
    #[serde(default)]
    figures: BTreeMap<String, String>,
    outcome: Option<Outcome>,
}

fn coordinator() -> String {
    "coordinator".to_owned()
}

fn cases() -> Vec<Case> {
    let text = include_str!("../cases/balance.toml");
    toml::from_str::<Cases>(text)
        .unwrap_or_else(|e| panic!("cases/balance.toml: {}", e.message()))
        .case
}

#[test]
fn every_row_has_a_case_where_it_applies_and_one_where_it_does_not() {
    let cases = cases();
    let missing: Vec<(&str, bool)> = RULES
        .iter()
        .flat_map(|row| [(*row, true), (*row, false)])
        .filter(|(row, applies)| {
            !cases
                .iter()
                .any(|case| case.row == *row && case.applies == *applies)
        })
        .collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

#[test]
fn every_case_is_decided_as_it_says() {
    let mut wrong = Vec::new();
    for case in cases() {
        let found = if case.row == "B1" {
            identified(&case)
        } else {
            decided(&case)
        };
        if let Err(why) = found {
            wrong.push(format!("{} ({}): {why}", case.row, case.name));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn identified(case: &Case) -> Result<(), String> {
    let found: Vec<Found> = case
        .found
        .iter()
        .map(|text| {
            let (who, by) = text.split_once(" by ").expect("NUMBER NAME by WHAT");
            let (no, name) = who.split_once(' ').expect("NUMBER NAME");
            let by = match by {
                "number" => FoundBy::Number,
                "name" => FoundBy::WholeName,
                "part of a name" => FoundBy::PartOfName,
                other => panic!("nobody is found by {other:?}"),
            };
            Found {
                client: client(ClientNo::parse(no).expect("a client number"), name),
                by,
            }
        })
        .collect();
    let identity = identify(&found, &asker(&case.asker));
    let said = match &identity {
        Identity::One(no) => format!("one: {no}"),
        Identity::Choose { options, more } => {
            let labels: Vec<&str> = options.iter().map(|option| option.label.as_str()).collect();
            format!("choose: {} and {more} more", labels.join(", "))
        }
        Identity::Nobody => "nobody".to_owned(),
        Identity::NotForYou(_) => "not for you".to_owned(),
    };
    if matches!(identity, Identity::One(_)) == case.applies {
        return Err(format!("it is {said}"));
    }
    says(case.says.as_deref(), &said)
}

fn decided(case: &Case) -> Result<(), String> {
    let answer = answer(case);
    let step = answer
        .explain
        .iter()
        .find(|step| step.rule == case.row)
        .ok_or("the row is not explained")?;
    if step.applied != case.applies {
        return Err(format!("applied is {}, because: {}", step.applied, step.because));
    }
    let rules: Vec<&str> = answer.explain.iter().map(|step| step.rule.as_str()).collect();
    if rules != RULES {
        return Err(format!("explained are {rules:?}"));
    }
    if case.outcome.is_some_and(|outcome| outcome != answer.outcome) {
        return Err(format!("the outcome is {:?}", answer.outcome));
    }
    says(case.says.as_deref(), &texts(&answer, &case.row))?;
    if let Some(sentence) = &case.client {
        let safe = answer.blocks.first().map(|block| block.client_safe.clone());
        let safe = safe
            .or_else(|| answer.rows.iter().find_map(|row| row.client_safe.clone()))
            .unwrap_or_default();
        if safe != *sentence {
            return Err(format!("the client is told {safe:?}"));
        }
    }
    let everything = format!("{answer:?}").to_lowercase();
    if let Some(leak) = case
        .never
        .iter()
        .find(|never| everything.contains(&never.to_lowercase()))
    {
        return Err(format!("{leak:?} stands in the answer"));
    }
    for (figure, expected) in &case.figures {
        let block = answer.blocks.first().ok_or("there is no block")?;
        let is = figure_of(block, figure);
        if is != *expected {
            return Err(format!("{figure} is {is}, not {expected}"));
        }
    }
    Ok(())
}

fn says(expected: Option<&str>, said: &str) -> Result<(), String> {
    match expected {
        Some(expected) if !said.contains(expected) => Err(format!("it says {said:?}")),
        _ => Ok(()),
    }
}

/// All that the row says, to whoever; where it does not apply, why not.
fn texts(answer: &BalanceAnswer, row: &str) -> String {
    let rows = answer
        .rows
        .iter()
        .chain(answer.blocks.iter().flat_map(|block| &block.rows));
    let mut texts: Vec<String> = rows
        .filter(|found| found.code == row)
        .flat_map(|row| [row.internal.clone(), row.client_safe.clone(), row.next.clone()])
        .flatten()
        .collect();
    texts.extend(
        answer
            .explain
            .iter()
            .filter(|step| step.rule == row)
            .map(|step| step.because.clone()),
    );
    texts.push(answer.text.clone());
    texts.join("\n")
}

fn answer(case: &Case) -> BalanceAnswer {
    let lot = case.lot.as_ref().map(|lot| {
        let (sale, lot) = lot.split_once('/').expect("a lot is sale/lot");
        Narrow::Lot(LotKey {
            sale: sale.into(),
            lot: lot.into(),
        })
    });
    let question = BalanceQuestion {
        entity: case.entity.clone().map(Into::into),
        bands: case
            .bands
            .as_deref()
            .map_or(Ok(Bands::default()), Bands::parse)
            .expect("the bands read"),
        narrow: lot.or_else(|| case.invoice.clone().map(|number| Narrow::Invoice(number.into()))),
        for_consignor: case.for_consignor,
        ..BalanceQuestion::default()
    };
    let moment = Moment {
        now: noon(case.on),
        as_of: case.as_of,
    };
    decide(
        &facts(&case.facts, case.on),
        &asker(&case.asker),
        &house(),
        &question,
        moment,
    )
}

fn figure_of(block: &Block, figure: &str) -> String {
    let hidden = |money: Option<hammerdesk_domain::money::Money>| {
        money.map_or_else(|| "hidden".to_owned(), |money| money.to_string())
    };
    match figure {
        "billed_open" => block.billed_open.to_string(),
        "credits_open" => block.credits_open.to_string(),
        "ledger_net" => block.ledger_net.to_string(),
        "not_due" => block.not_due.to_string(),
        "due_today" => block.due_today.to_string(),
        "overdue" => block.overdue.to_string(),
        "oldest_days" => block.oldest_days.to_string(),
        "in_flight" => block.in_flight.to_string(),
        "in_flight_unmatched" => hidden(block.in_flight_unmatched),
        "held_third_party" => hidden(block.held_third_party),
        "disputed" => block.disputed.to_string(),
        "deposits_held" => block.deposits_held.to_string(),
        "requests" => block.requests.to_string(),
        "accrued" => block.accrued.to_string(),
        "amount_to_pay" => block.amount_to_pay.to_string(),
        "bands" => {
            let bands: Vec<String> = block
                .bands
                .iter()
                .map(|b| format!("{} {}", b.band, b.amount.grouped()))
                .collect();
            bands.join(", ")
        }
        other => panic!("no figure is called {other:?}"),
    }
}
