//! Table 4.2, row by row, from a file that a finance person can read: `cases/release.toml`.

mod release_world;

use std::collections::{BTreeMap, BTreeSet};

use hammerdesk_domain::release::{ReleaseAnswer, ReleaseCode, ReleaseOutcome};
use release_world::{World, named};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    standing: Vec<String>,
    case: Vec<Case>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// The row of the table that the case is about, where it is about one.
    row: Option<String>,
    /// Standing sentences that begin so are left out.
    #[serde(default)]
    without: Vec<String>,
    #[serde(default)]
    with: Vec<String>,
    asker: Option<String>,
    outcome: String,
    /// Of lot 12, in the order of the table.
    #[serde(default)]
    reasons: Vec<String>,
    /// Other lots: `13 BLOCKED R01`.
    #[serde(default)]
    lots: Vec<String>,
    /// Said in the reasons, remarks, alerts or exception of lot 12.
    #[serde(default)]
    says: Vec<String>,
}

fn table() -> Table {
    toml::from_str(include_str!("../cases/release.toml")).expect("the file is a table of cases")
}

fn world(table: &Table, case: &Case) -> World {
    for start in &case.without {
        assert!(
            table.standing.iter().any(|s| s.starts_with(start)),
            "{}: nothing begins with {start:?}",
            case.name
        );
    }
    let kept = table
        .standing
        .iter()
        .filter(|s| !case.without.iter().any(|start| s.starts_with(start.as_str())));
    World::told(&kept.chain(&case.with).collect::<Vec<_>>())
}

fn codes(answer: &ReleaseAnswer, lot: &str) -> String {
    let lot = answer
        .lots
        .iter()
        .find(|answer| answer.lot.lot.as_str() == lot)
        .expect("the lot is in the answer");
    let codes: Vec<&str> = lot.reasons.iter().map(|reason| reason.code.word()).collect();
    format!("{} {}", lot.outcome, codes.join(" "))
        .trim_end()
        .to_owned()
}

#[test]
fn every_case_of_the_file_is_decided_as_it_says() {
    let table = table();
    let mut wrong = Vec::new();
    for case in &table.case {
        let asker = named(case.asker.as_deref().unwrap_or("coordinator"));
        let answer = world(&table, case).decide(&asker);
        let mut check = |what: &str, got: &str, want: &str| {
            if got != want {
                wrong.push(format!("{}: {what} is {got:?}, not {want:?}", case.name));
            }
        };
        check("the outcome", answer.outcome.word(), &case.outcome);
        let lot = &answer
            .lots
            .iter()
            .find(|lot| lot.lot.lot.as_str() == "12")
            .expect("lot 12");
        let reasons: Vec<&str> = lot.reasons.iter().map(|reason| reason.code.word()).collect();
        check("the list of reasons", &reasons.join(" "), &case.reasons.join(" "));
        for other in &case.lots {
            let (number, want) = other.split_once(' ').expect("a lot and what it is");
            check(&format!("lot {number}"), &codes(&answer, number), want);
        }
        let said = format!("{lot:?}");
        for words in &case.says {
            if !said.contains(words) {
                wrong.push(format!("{}: nobody says {words:?} in {said}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_has_a_case_in_which_it_blocks_and_one_in_which_it_does_not() {
    let table = table();
    let mut seen: BTreeMap<&str, BTreeSet<bool>> = BTreeMap::new();
    for case in &table.case {
        if let Some(row) = &case.row {
            let shown = if row == "R09" && case.asker.as_deref() != Some("compliance") {
                "R10"
            } else {
                row
            };
            seen.entry(row)
                .or_default()
                .insert(case.reasons.iter().any(|code| code == shown));
        }
    }
    for code in ReleaseCode::ALL {
        let both = seen.get(code.word()).map(BTreeSet::len);
        assert_eq!(
            both,
            Some(2),
            "{code} needs a case in which it blocks and one in which it does not"
        );
    }
}

#[test]
fn every_outcome_occurs() {
    let table = table();
    let seen: BTreeSet<&str> = table.case.iter().map(|case| case.outcome.as_str()).collect();
    for outcome in ReleaseOutcome::ALL {
        assert!(seen.contains(outcome.word()), "no case ends {outcome}");
    }
}

#[test]
fn every_lot_explains_all_rules_in_order_and_agrees_with_its_reasons() {
    let table = table();
    for case in &table.case {
        for who in ["coordinator", "call centre", "compliance"] {
            let asker = named(who);
            let answer = world(&table, case).decide(&asker);
            for lot in &answer.lots {
                let rules: Vec<&str> = lot.explain.iter().map(|step| step.rule.as_str()).collect();
                assert_eq!(rules, ReleaseCode::WORDS, "{}", case.name);
                assert!(
                    lot.explain.iter().all(|step| !step.because.is_empty()),
                    "{}: {lot:?}",
                    case.name
                );
                for reason in &lot.reasons {
                    let step = lot
                        .explain
                        .iter()
                        .find(|step| step.rule == reason.code.word())
                        .unwrap();
                    assert!(step.applied, "{}: {reason:?}", case.name);
                    assert_eq!(reason.internal.is_some(), who != "call centre");
                    assert!(
                        !reason.client_text.is_empty() && !reason.by.is_empty() && !reason.clears.is_empty()
                    );
                }
            }
        }
    }
}
