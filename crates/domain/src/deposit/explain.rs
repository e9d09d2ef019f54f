//! How a deposit's answer came about, rule by rule: every D and every P, with the facts it looked at.
//!
//! The records a rule looks at are named per rule, never per case: what was looked at must not tell what
//! was found.

use super::situation::Fit;
use super::{Check, Requirement as D, Situation};
use crate::message::Step;

/// A step for every D and every P.
pub(super) fn steps(checks: &[Check], fits: &[Fit]) -> Vec<Step> {
    let required = checks.iter().map(|check| Step {
        rule: check.requirement.word().to_owned(),
        applied: check.holds,
        because: format!(
            "{}: {}",
            if check.holds { "holds" } else { "fails" },
            check.because
        ),
        sources: named(looked_at(check.requirement)),
    });
    let situations = Situation::ALL.iter().map(|situation| {
        let fit = fits.iter().find(|(one, _)| one == situation);
        Step {
            rule: situation.word().to_owned(),
            applied: fit.is_some(),
            because: fit.map_or_else(|| "does not apply".to_owned(), |(_, because)| because.clone()),
            sources: named(records(*situation)),
        }
    });
    required.chain(situations).collect()
}

/// The step of a question that found no deposit.
pub(super) fn nothing_on_record(others: usize) -> Vec<Step> {
    vec![Step {
        rule: Situation::P0.word().to_owned(),
        applied: true,
        because: format!("no deposit for this question is on record; the client has {others} others"),
        sources: named(&["deposit", "deposit_cover"]),
    }]
}

fn named(records: &[&str]) -> Vec<String> {
    records.iter().map(|record| (*record).to_owned()).collect()
}

const fn looked_at(requirement: D) -> &'static [&'static str] {
    match requirement {
        D::D1 | D::D6 | D::D11 => &["deposit", "deposit_movement", "refund"],
        D::D2 => &["deposit", "payment"],
        D::D3 | D::D7 => &["deposit", "deposit_cover", "sale"],
        D::D4 => &["invoice", "ledger", "lot", "release"],
        D::D5 => &["ledger", "terms", "dispute", "client_status"],
        D::D8 => &["client_status", "hold"],
        D::D9 => &["deposit", "payment", "refund"],
        D::D10 => &["deposit", "dispute", "payment"],
        D::D12 => &["deposit", "refund", "hold", "client_status"],
    }
}

const fn records(situation: Situation) -> &'static [&'static str] {
    match situation {
        Situation::P0 | Situation::P1 | Situation::P3 | Situation::P17 => &["deposit"],
        Situation::P2 => looked_at(D::D2),
        Situation::P4 => looked_at(D::D3),
        Situation::P5 | Situation::P6 | Situation::P7 => looked_at(D::D4),
        Situation::P8 | Situation::P20 => looked_at(D::D5),
        Situation::P9 => looked_at(D::D8),
        Situation::P10 => looked_at(D::D9),
        Situation::P11 => looked_at(D::D12),
        Situation::P12
        | Situation::P13
        | Situation::P14
        | Situation::P15
        | Situation::P16
        | Situation::Ask => looked_at(D::D1),
        Situation::P18 => &["deposit", "sale"],
        Situation::P19 => looked_at(D::D10),
    }
}
