//! Saved cases: an escalation in a few words, and who must get it. They are replayed before a changed
//! config is taken, so that a rule is tested like code.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::choose::{Decision, Loads, route};
use super::desk::Desk;
use super::model::{About, Caller, ClientFacts, Escalation, EscalationId, Matched, Opening};
use super::routing::{Subject, Threshold};
use super::words::{Kind, Severity, Way};
use crate::ids::{LocationId, PersonId};

/// A file of cases.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cases {
    /// The cases.
    pub cases: Vec<Case>,
}

/// One case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows, in words.
    pub name: String,
    /// When it comes in.
    pub at: DateTime<Utc>,
    /// What about.
    #[serde(default = "other")]
    pub kind: Kind,
    /// How bad.
    #[serde(default = "normal")]
    pub severity: Severity,
    /// How it comes in.
    #[serde(default = "intake")]
    pub way: Way,
    /// The sender's saleroom.
    #[serde(default)]
    pub location: Option<LocationId>,
    /// The caller's language.
    #[serde(default)]
    pub language: Option<String>,
    /// At stake.
    #[serde(default)]
    pub amounts: Vec<Threshold>,
    /// Where there is a sale that day.
    #[serde(default)]
    pub sales_at: BTreeSet<LocationId>,
    /// The partner who sends it.
    #[serde(default)]
    pub partner: Option<String>,
    /// What is said.
    #[serde(default)]
    pub said: String,
    /// The client, or those it may be; none is a stranger.
    #[serde(default)]
    pub clients: Vec<ClientFacts>,
    /// Whoever last had an escalation of the client.
    #[serde(default)]
    pub last_handler: Option<PersonId>,
    /// How many each has open.
    #[serde(default)]
    pub open: BTreeMap<PersonId, u32>,
    /// Who must get it.
    #[serde(default)]
    pub expect: Expect,
}

/// What must come out; what is left out may be anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// Who gets it.
    pub to: Option<PersonId>,
    /// One of these gets it.
    pub to_one_of: Vec<PersonId>,
    /// By which rule; `manager`, `restricted` and `last_resort` are what comes when no rule gives it.
    pub rule: Option<String>,
    /// By which ladder it climbs.
    pub ladder: Option<String>,
    /// How severe it becomes.
    pub severity: Option<Severity>,
}

const fn other() -> Kind {
    Kind::Other
}

const fn normal() -> Severity {
    Severity::Normal
}

const fn intake() -> Way {
    Way::Intake
}

/// How a case went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// The case.
    pub name: String,
    /// What is not as expected, in sentences; empty is well.
    pub faults: Vec<String>,
    /// Who gets it, and how that came about.
    pub decision: Decision,
}

impl Case {
    /// Routes it by that desk's rules.
    pub fn replay(&self, desk: &Desk) -> Replayed {
        let loads = Loads {
            open: self.open.clone(),
            given_at: BTreeMap::new(),
        };
        let decision = route(desk, &self.subject(), &loads, self.at);
        Replayed {
            name: self.name.clone(),
            faults: self.expect.faults(&decision),
            decision,
        }
    }

    fn subject(&self) -> Subject {
        let matched = match self.clients.as_slice() {
            [] => Matched::Nobody,
            [one] => Matched::Found(one.no.clone()),
            several => Matched::Several(several.iter().map(|client| client.no.clone()).collect()),
        };
        let opening = Opening {
            id: EscalationId(Uuid::nil()),
            way: self.way,
            partner: self.partner.clone(),
            reference: None,
            ticket: None,
            kind: self.kind,
            severity: self.severity,
            location: self.location.clone(),
            language: self.language.clone(),
            matched,
            about: About {
                amounts: self.amounts.iter().map(|amount| amount.0).collect(),
                ..About::default()
            },
            said: self.said.clone(),
            caller: Caller::default(),
            snapshot: None,
            deadline: None,
            at: self.at,
        };
        Subject::of(
            &Escalation::open(opening),
            &self.clients,
            &self.sales_at,
            self.last_handler.as_ref(),
        )
    }
}

impl Expect {
    fn faults(&self, decision: &Decision) -> Vec<String> {
        let mut faults = Vec::new();
        let mut must = |what: &str, expected: Option<String>, found: &str| {
            if let Some(expected) = expected.filter(|expected| expected != found) {
                faults.push(format!("{what} is {found}, expected {expected}"));
            }
        };
        must(
            "who gets it",
            self.to.as_ref().map(ToString::to_string),
            decision.to.as_str(),
        );
        must("the rule", self.rule.clone(), decision.rule());
        must("the ladder", self.ladder.clone(), &decision.ladder);
        must(
            "the severity",
            self.severity.map(|severity| severity.to_string()),
            decision.severity.word(),
        );
        if !self.to_one_of.is_empty() && !self.to_one_of.contains(&decision.to) {
            let names: Vec<&str> = self.to_one_of.iter().map(PersonId::as_str).collect();
            faults.push(format!(
                "who gets it is {}, expected one of {}",
                decision.to,
                names.join(", ")
            ));
        }
        faults
    }
}

impl Decision {
    /// The rule that gave it, or the word for what comes when none does.
    pub fn rule(&self) -> &str {
        let by_rule = self
            .rules
            .iter()
            .find(|rule| rule.gave)
            .map(|rule| rule.rule.as_str());
        by_rule.unwrap_or(match self.by.as_str() {
            "the restricted list" => "restricted",
            "the location's manager" => "manager",
            _ => "last_resort",
        })
    }

    /// How it came about, a line each: every rule with its conditions, then everybody who was looked at.
    pub fn explain(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for rule in &self.rules {
            let how = match (rule.holds, rule.gave) {
                (false, _) => "does not hold",
                (true, true) => "holds, and gave it",
                (true, false) => "holds",
            };
            lines.push(format!("rule {}: {how}", rule.rule));
            for condition in &rule.conditions {
                let mark = if condition.holds { "+" } else { "-" };
                lines.push(format!("  {mark} {}: {}", condition.key, condition.says));
            }
        }
        for one in &self.candidates {
            let mark = if one.taken { "*" } else { "." };
            lines.push(format!("{mark} {} ({}): {}", one.target, one.by, one.says));
        }
        lines.push(format!("=> {} by {}: {}", self.to, self.by, self.why));
        lines
    }
}
