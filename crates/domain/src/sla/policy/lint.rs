//! What is wrong with a set of policies that reads well: rules that nothing reaches, promises that cannot be
//! kept together.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{Policy, Rules, Target, Warning};
use crate::model::words;
use crate::sla::clocks::ClockKind;

words! {
    /// What kind of fault.
    FindingKind {
        /// No ticket ever reaches it.
        Unreachable = "unreachable",
        /// It says two things that cannot both be meant.
        Contradiction = "contradiction",
        /// It names something that is not there.
        Unknown = "unknown",
        /// Tickets that no policy is for.
        Gap = "gap",
    }
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What kind.
    pub kind: FindingKind,
    /// In which policy; in none where it is about all of them.
    pub policy: Option<String>,
    /// A sentence that says what to do.
    pub sentence: String,
}

impl Rules {
    /// Everything that is wrong with them, in the order of the policies.
    pub fn lint(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (n, policy) in self.policies.iter().enumerate() {
            let mut find = |kind, sentence: String| {
                findings.push(Finding {
                    kind,
                    policy: Some(policy.id.clone()),
                    sentence,
                });
            };
            let earlier = self.policies.get(..n).unwrap_or_default();
            if let Some(twin) = earlier.iter().find(|other| other.id == policy.id) {
                find(
                    FindingKind::Contradiction,
                    format!("there are two policies {:?}; give each an id of its own", twin.id),
                );
            }
            if let Some(wider) = earlier.iter().find(|other| other.when.covers(&policy.when)) {
                find(
                    FindingKind::Unreachable,
                    format!(
                        "{:?} is never reached: every ticket it is for is taken by {:?} above it; move it up or take it out",
                        policy.id, wider.id
                    ),
                );
            }
            self.names(policy, &mut find);
            contradictions(policy, &mut find);
        }
        if !self.policies.is_empty() && !self.policies.iter().any(|policy| policy.when.is_empty()) {
            findings.push(Finding {
                kind: FindingKind::Gap,
                policy: None,
                sentence: "tickets that no policy is for have no clocks; end the list with a policy without conditions"
                    .to_owned(),
            });
        }
        findings
    }

    fn names(&self, policy: &Policy, find: &mut impl FnMut(FindingKind, String)) {
        let known = |location| self.calendars.contains_key(location);
        for location in policy.calendar.iter().chain(&policy.when.location) {
            if !known(location) {
                find(
                    FindingKind::Unknown,
                    format!(
                        "{:?} names the location {location}, which has no hours; add them under [[locations]]",
                        policy.id
                    ),
                );
            }
        }
        let hours = policy
            .calendar
            .as_ref()
            .and_then(|location| self.calendars.get(location));
        if hours.is_some_and(super::CalendarRules::never_opens) {
            find(
                FindingKind::Contradiction,
                format!(
                    "{:?} counts on hours that are never open, so nothing is ever due; give them hours",
                    policy.id
                ),
            );
        }
    }
}

fn contradictions(policy: &Policy, find: &mut impl FnMut(FindingKind, String)) {
    use ClockKind::{FirstResponse, NextResponse, Resolution};
    let id = &policy.id;
    if ClockKind::ALL.iter().all(|kind| policy.target(*kind).is_none()) {
        find(
            FindingKind::Contradiction,
            format!("{id:?} promises nothing on any clock; give it a target, or take it out"),
        );
    }
    for kind in [FirstResponse, NextResponse] {
        let (answer, settled) = (policy.target(kind), policy.target(Resolution));
        if answer
            .zip(settled)
            .is_some_and(|(answer, settled)| is_longer(answer, settled))
        {
            find(
                FindingKind::Contradiction,
                format!(
                    "{id:?} promises a {} later than the resolution; make it shorter, or the resolution longer",
                    kind.name()
                ),
            );
        }
    }
    for warning in &policy.warnings {
        let Warning::Before(before) = warning else {
            continue;
        };
        let fits = |kind: &ClockKind| match policy.target(*kind) {
            Some(Target::Open(whole) | Target::Elapsed(whole)) => {
                whole > *before || *kind == ClockKind::Callback
            }
            Some(Target::Days(_)) => true,
            None => false,
        };
        if !ClockKind::ALL.iter().any(fits) {
            find(
                FindingKind::Contradiction,
                format!(
                    "{id:?} warns {warning} what is promised, which is before any of its clocks starts; use a share such as 50%"
                ),
            );
        }
    }
    if policy
        .warnings
        .windows(2)
        .any(|pair| matches!(pair, [Warning::At(one), Warning::At(two)] if one >= two))
    {
        find(
            FindingKind::Contradiction,
            format!("{id:?} warns at shares that do not rise; write them from the first to the last"),
        );
    }
}

/// Is one surely longer than the other? Hours and business days are not compared below one day.
fn is_longer(one: Target, other: Target) -> bool {
    match (one, other) {
        (Target::Open(one), Target::Open(other)) | (Target::Elapsed(one), Target::Elapsed(other)) => {
            one > other
        }
        (Target::Days(one), Target::Days(other)) => one > other,
        (Target::Open(one), Target::Elapsed(other)) => one > other,
        (Target::Open(one), Target::Days(days)) => TimeDelta::seconds(one) > TimeDelta::days(i64::from(days)),
        (Target::Days(_) | Target::Elapsed(_), _) => false,
    }
}
