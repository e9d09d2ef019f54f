//! How an answer came about, rule by rule; and what is taken out of it for those who read no internals.

use super::{BalanceAnswer, RULES, Row, Ruling};
use crate::message::Step;

/// Every rule in its order; those outside `looked_at` were not needed.
pub(super) fn explained(rulings: &[Ruling], looked_at: &[&str]) -> Vec<Step> {
    explained_blocks(rulings, looked_at, &[])
}

pub(super) fn explained_blocks(rulings: &[Ruling], looked_at: &[&str], blocks: &[String]) -> Vec<Step> {
    RULES
        .iter()
        .map(|rule| {
            let own: Vec<&Ruling> = rulings.iter().filter(|ruling| ruling.code == *rule).collect();
            let applied: Vec<&Ruling> = own
                .iter()
                .copied()
                .filter(|ruling| ruling.row.is_some())
                .collect();
            let told = if applied.is_empty() { &own } else { &applied };
            let mut because: Vec<String> = Vec::new();
            for ruling in told {
                let text = match ruling.block.and_then(|n| blocks.get(n)) {
                    Some(name) if blocks.len() > 1 => format!("{name}: {}", ruling.because),
                    _ => ruling.because.clone(),
                };
                if !because.contains(&text) {
                    because.push(text);
                }
            }
            if because.is_empty() {
                because.push(
                    if looked_at.contains(rule) {
                        "There is nothing to look at."
                    } else {
                        "Not looked at."
                    }
                    .to_owned(),
                );
            }
            let mut sources: Vec<String> = own.iter().flat_map(|ruling| ruling.sources.clone()).collect();
            sources.sort();
            sources.dedup();
            Step {
                rule: (*rule).to_owned(),
                applied: !applied.is_empty(),
                because: because.join(" "),
                sources,
            }
        })
        .collect()
}

/// Takes out what only colleagues may read: the internal sentences and who does what, receipts under
/// review, and receipts that may be anybody's.
pub(super) fn without_internals(answer: &mut BalanceAnswer) {
    let flagged = |rows: &[Row]| rows.iter().any(|row| row.code == "B19");
    let account_flagged = flagged(&answer.rows);
    let strip = |rows: &mut Vec<Row>, is_flagged: bool| {
        // Beside a flag nothing is said but where to send the client.
        let stays = |code: &str| matches!(code, "B2" | "B4" | "B16" | "B19");
        rows.retain(|row| {
            if is_flagged {
                stays(row.code)
            } else {
                row.client_safe.is_some() || stays(row.code)
            }
        });
        for row in rows {
            if row.client_safe.is_none() {
                row.client_safe = row.internal.take();
            }
            (row.internal, row.next) = (None, None);
        }
    };
    strip(&mut answer.rows, account_flagged);
    for block in &mut answer.blocks {
        (block.held_third_party, block.in_flight_unmatched) = (None, None);
        let is_flagged = account_flagged || flagged(&block.rows);
        strip(&mut block.rows, is_flagged);
    }
    let said: Vec<String> = answer
        .rows
        .iter()
        .filter(|row| row.code == "B19")
        .filter_map(|r| r.client_safe.clone())
        .collect();
    if !said.is_empty() {
        answer.text = said.join(" ");
    }
    let safe: Vec<Row> = answer
        .rows
        .iter()
        .chain(answer.blocks.iter().flat_map(|block| &block.rows))
        .cloned()
        .collect();
    for step in &mut answer.explain {
        let sentence = safe
            .iter()
            .find(|row| row.code == step.rule)
            .and_then(|row| row.client_safe.clone());
        let is_open = matches!(step.rule.as_str(), "B0" | "B1" | "B2" | "B3" | "B4" | "B22");
        match sentence {
            Some(sentence) => step.because = sentence,
            None if is_open => {}
            None if step.rule == "B11" => {
                (step.applied, step.because) = (false, "For colleagues only.".to_owned());
            }
            None => {
                let said = if step.applied {
                    "Applies."
                } else {
                    "Does not apply."
                };
                step.because = said.to_owned();
            }
        }
        step.sources = if step.rule == "B11" {
            Vec::new()
        } else {
            std::mem::take(&mut step.sources)
        };
    }
}
