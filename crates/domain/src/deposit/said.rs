//! The words: what is said of each situation to a colleague and to the client, who acts, what is promised.

use std::fmt::Display;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::due::Purchase;
use super::eligibility::{Findings, Funds, told};
use super::{Case, DepositLine, Situation};
use crate::access::Permission;
use crate::freshness::SourceState;
use crate::ids::SaleNo;
use crate::model::{Destination, Method};
use crate::states::DepositStage as Stage;
use crate::{neutral, review};

/// `28 Sep 2026`.
pub(super) fn day(on: NaiveDate) -> String {
    on.format("%-d %b %Y").to_string()
}

/// `a, b, c`; five at most are named.
pub(super) fn join<T: Display>(things: impl IntoIterator<Item = T>) -> String {
    let all: Vec<String> = things.into_iter().map(|thing| thing.to_string()).collect();
    if all.len() > 5 {
        return format!("{} and {} more", all[..5].join("; "), all.len() - 5);
    }
    all.join("; ")
}

/// The sentence for everything that only the team may explain.
pub(super) fn speak_to(team: &str) -> String {
    format!("Please speak to {team}.")
}

pub(super) fn no_deposit(sale: Option<&SaleNo>, others: &[SaleNo]) -> String {
    match sale {
        None => "No deposit is recorded for this client.".to_owned(),
        Some(sale) if others.is_empty() => format!("No deposit is recorded for sale {sale}."),
        Some(sale) => format!(
            "No deposit is recorded for sale {sale}. There are deposits for: {}.",
            join(others)
        ),
    }
}

pub(super) fn too_old(source: &SourceState, now: DateTime<Utc>) -> String {
    match source.age(now) {
        Some(age) => format!(
            "{} data is {} h old",
            source.name,
            age.num_hours().max(TimeDelta::zero().num_hours())
        ),
        None => format!("{} data was never delivered", source.name),
    }
}

/// What applies beside the status, in a line.
pub(super) fn beside(situation: Situation, because: &str) -> String {
    let lead = match situation {
        Situation::P18 => "OVERDUE against the promise",
        Situation::P20 => "Debt in another currency",
        Situation::P4 => "Also held for a sale",
        Situation::P5 => "Also to be applied",
        Situation::P8 => "Also blocked by debt",
        Situation::P9 => "Also blocked",
        Situation::P10 => "Also needs a destination",
        Situation::P11 => "Also needs an approval",
        _ => "Also",
    };
    format!("{lead}: {because}.")
}

/// Leaves only what may be said to the client.
pub(super) fn client_safe_only(line: &mut DepositLine, team: &str) {
    if line.status == Situation::P17 {
        line.status = Situation::Ask;
    }
    if line.status == Situation::Ask {
        line.held = None;
        line.refundable = None;
    }
    line.says.clone_from(&line.client_safe);
    line.acts = team.to_owned();
    line.internal = Vec::new();
    line.also = Vec::new();
    line.checks = Vec::new();
    line.debts = Vec::new();
    line.refund = None;
    line.explain = Vec::new();
}

/// Says the status.
pub(super) fn fill(line: &mut DepositLine, case: &Case<'_>, findings: &Findings<'_>) {
    let words = match line.status {
        Situation::P1 | Situation::P2 | Situation::P3 => coming(line, case, findings),
        Situation::P4 | Situation::P5 => bound(line, case, findings),
        Situation::P6 | Situation::P7 => eligible(line, findings),
        Situation::P8 | Situation::P9 | Situation::P10 | Situation::P11 | Situation::P19 => {
            blocked(line, case, findings)
        }
        Situation::P12 | Situation::P13 | Situation::P14 | Situation::P15 | Situation::P16 => {
            on_its_way(line, case)
        }
        Situation::P0 | Situation::P17 | Situation::P18 | Situation::P20 | Situation::Ask => {
            let mut words = Words::new(
                "forfeited or not to be explained here",
                speak_to(&findings.location.team),
            );
            words.internal.push(format!(
                "The deposit is {}.",
                case.standing.state().word().replace('_', " ")
            ));
            words.acts("the manager")
        }
    };
    line.says = words.says;
    line.internal = words.internal;
    line.client_safe = words.client_safe;
    line.acts = words.acts;
    line.promise = words.promise;
}

struct Words {
    says: String,
    internal: Vec<String>,
    client_safe: String,
    acts: String,
    promise: Option<String>,
}

impl Words {
    fn new(says: impl Into<String>, client_safe: impl Into<String>) -> Self {
        Self {
            says: says.into(),
            internal: Vec::new(),
            client_safe: client_safe.into(),
            acts: "nobody".to_owned(),
            promise: None,
        }
    }

    fn internal(mut self, line: impl Into<String>) -> Self {
        self.internal.push(line.into());
        self
    }

    fn acts(mut self, who: impl Into<String>) -> Self {
        self.acts = who.into();
        self
    }

    fn promise(mut self, promise: impl Into<String>) -> Self {
        self.promise = Some(promise.into());
        self
    }
}

fn coming(line: &DepositLine, case: &Case<'_>, findings: &Findings<'_>) -> Words {
    let amount = line.amount;
    match (line.status, &findings.funds) {
        (Situation::P1, Funds::Gone(why)) => Words::new("not received", format!("We have not received your deposit of {amount}."))
            .internal(format!("The money did not stay: {why}."))
            .acts("the client"),
        (Situation::P1, _) => {
            let since = case.deposit.requested_on.map(|on| format!(" since {}", day(on))).unwrap_or_default();
            Words::new(format!("not received; asked for{since}"), format!("We have not received your deposit of {amount} yet."))
                .acts("the client")
        }
        (Situation::P3, _) => Words::new(
            "a hold on the card, not a payment; it drops off",
            format!("The {amount} is a hold on your card, not a payment. It drops off by itself; how soon depends on your card issuer, in rare cases up to 30 days."),
        )
        .internal("Release the hold at the processor; do not refund it.")
        .acts("automatic")
        .promise("the issuer's days; up to 30 in rare cases"),
        _ => {
            let promise = match case.deposit.method {
                Method::Wire => "when the bank has booked it",
                Method::Card => "when the card payment has settled",
                Method::Cheque => "when the cheque has cleared, usually 5 to 8 working days",
                Method::Draft => "when the issuing bank has confirmed the draft",
                Method::Cash => "when the cash has been counted and booked",
            };
            let mut words = Words::new("received, clearing", format!("We have received your deposit of {amount} and are waiting for it to clear."))
                .acts("the cash team")
                .promise(promise);
            if let Funds::NotCleared(why) = &findings.funds {
                words = words.internal(format!("Not cleared: {why}."));
            }
            words
        }
    }
}

fn bound(line: &DepositLine, case: &Case<'_>, findings: &Findings<'_>) -> Words {
    let amount = line.held.unwrap_or(line.amount);
    match (line.status, case.standing.stage()) {
        (Situation::P4, Stage::Transferred) => Words::new(
            "moved to another deposit",
            format!("Your deposit of {} was moved to another sale.", line.amount),
        ),
        (Situation::P4, _) => {
            let unknown = !findings.sales.unknown.is_empty() || findings.sales.last.is_none();
            let until = match &findings.sales.last {
                Some((sale, _)) if !unknown => format!("sale {} (ends {})", sale.no, day(sale.ends_on)),
                _ => "the last sale it covers".to_owned(),
            };
            let waits = findings
                .sales
                .last
                .as_ref()
                .is_some_and(|(sale, _)| sale.ends_on < case.today);
            let mut words = Words::new(
                if waits && !unknown {
                    format!("held until the results of {until} are final")
                } else {
                    format!("held until {until}")
                },
                if waits && !unknown {
                    format!("Your deposit of {amount} is held until the results of {until} are final.")
                } else {
                    format!("Your deposit of {amount} is held until {until}.")
                },
            );
            if unknown {
                words = words
                    .internal("Not every sale it covers is on record; find out before anything is promised.")
                    .acts(&*findings.location.team);
            }
            if findings.sales.running.iter().any(|sale| sale.cancelled) {
                words = words
                    .internal("A covered sale was cancelled and has no final results; a person decides.")
                    .acts(&*findings.location.team);
            }
            words
        }
        (_, Stage::Applied) => {
            let to = case.deposit.movements.iter().filter_map(|movement| {
                (movement.kind == crate::model::MovementKind::Applied)
                    .then_some(movement.reference.as_deref())
                    .flatten()
            });
            let to = join(to);
            let to = if to.is_empty() {
                "your purchases".to_owned()
            } else {
                format!("invoice {to}")
            };
            Words::new(
                format!("applied to {to}"),
                format!("Your deposit of {} was applied to {to}.", line.amount),
            )
        }
        _ => match &findings.purchase {
            Purchase::Unpaid { invoices } => {
                let to = join(invoices.iter());
                Words::new(
                    format!("will be applied to invoice {to}"),
                    format!("Your deposit of {amount} will be applied to invoice {to}."),
                )
                .acts("accounts receivable")
            }
            Purchase::Unknown { because } => Words::new(
                "the client bought; the deposit waits for the settlement",
                format!("Your deposit of {amount} will be set against your purchase."),
            )
            .internal(format!("Not settled as far as the records say: {because}."))
            .acts("accounts receivable"),
            Purchase::None | Purchase::Settled { .. } => {
                Words::new("bound to a purchase", speak_to(&findings.location.team))
                    .acts("accounts receivable")
            }
        },
    }
}

fn eligible(line: &DepositLine, findings: &Findings<'_>) -> Words {
    let amount = line.refundable.unwrap_or(line.amount);
    let late = line.also.contains(&Situation::P18);
    let by = line.due_by.map(day);
    let what = if line.status == Situation::P6 {
        "surplus"
    } else {
        "deposit"
    };
    if let Purchase::Settled { uncollected, .. } = &findings.purchase
        && !line.eligible
    {
        let lots = match uncollected.as_slice() {
            [] => "your purchase".to_owned(),
            lots => format!("lot {}", join(lots)),
        };
        return Words::new(
            format!("surplus of {amount}; goes back on collection of {lots}"),
            format!("The surplus of {amount} will be returned when you have collected {lots}."),
        )
        .acts("accounts receivable")
        .promise("on collection");
    }
    let Some(by) = by else {
        return Words::new(
            format!("{what} of {amount} eligible; no due date could be computed"),
            speak_to(&findings.location.team),
        )
        .acts("accounts receivable");
    };
    let client_safe = if late {
        format!(
            "Your {what} of {amount} was due back by {by}. We are sorry for the delay and are looking into it."
        )
    } else {
        format!("Your {what} of {amount} is due to be refunded by {by}.")
    };
    Words::new(format!("{what} of {amount} eligible; due by {by}"), client_safe)
        .acts("accounts receivable")
        .promise(format!("by {by}"))
}

fn blocked(line: &DepositLine, case: &Case<'_>, findings: &Findings<'_>) -> Words {
    let team = &findings.location.team;
    match line.status {
        Situation::P8 => {
            let mut words = Words::new("blocked by debt", "There is an open balance on your account.")
                .acts("the AR manager");
            for debt in &findings.debts {
                words = words.internal(format!("Debt: {}.", told(debt)));
            }
            if case.facts.status.written_off {
                words = words.internal("Some of the client's debt was written off.");
            }
            words
        }
        Situation::P9 if findings.review => {
            let mut words = Words::new("under internal review", neutral::CLIENT_SAFE).acts(neutral::BY);
            if case.asker.may(Permission::RestrictedHolds) {
                for cause in review::causes(case.facts, case.asker, case.today) {
                    words = words.internal(format!("Review: {cause}."));
                }
            } else {
                words = words.internal(neutral::INTERNAL);
            }
            words
        }
        Situation::P9 => Words::new(
            "documents needed",
            "We need some identity documents before we can refund your deposit.",
        )
        .internal(
            findings
                .documents
                .as_deref()
                .map(|what| format!("Needed: {what}."))
                .unwrap_or_default(),
        )
        .acts("compliance"),
        Situation::P10 => {
            let why = match case.deposit.destination {
                Destination::Missing => "no destination is on file",
                Destination::Mismatch => "the account on file is in another name",
                Destination::Expired => "the card expired or the account was closed",
                Destination::Original | Destination::BankVerified => "the destination on file cannot be used",
            };
            Words::new(
                "bank details needed",
                "We need bank details in your name. Please enter them in the secure form that we send you; never send them by message.",
            )
            .internal(format!("Destination: {why}. Send the secure form; never take bank details in chat or a ticket."))
            .acts("accounts receivable")
        }
        Situation::P11 => approval(case, findings),
        _ => Words::new(
            "do not refund: the payment is contested",
            "There is a query with your card issuer about your deposit.",
        )
        .internal(findings.dispute.map_or_else(
            || "The payment that brought it is contested. A refund would lose the money twice.".to_owned(),
            |dispute| {
                let due = dispute
                    .due_at
                    .map(|at| {
                        format!(
                            "; evidence due {}",
                            day(crate::clock::local_date(at, findings.location.zone))
                        )
                    })
                    .unwrap_or_default();
                format!(
                    "Dispute {} over {} is {}{due}. A refund would lose the money twice.",
                    dispute.id,
                    dispute.amount,
                    dispute.stage.word().replace('_', " ")
                )
            },
        ))
        .acts(format!("the chargeback owner at {team}")),
    }
}

fn approval(case: &Case<'_>, findings: &Findings<'_>) -> Words {
    let because = findings
        .checks
        .iter()
        .find(|check| check.requirement == super::Requirement::D12);
    let newest = case.deposit.refunds.last();
    let (since, by) = match case.standing.stage() {
        Stage::RefundRequested { on, by } => (*on, by.clone()),
        _ => (
            newest.and_then(|refund| refund.requested_on),
            newest.and_then(|refund| refund.requested_by.clone()),
        ),
    };
    let by = by.or_else(|| newest.and_then(|refund| refund.requested_by.clone()));
    let says = match since {
        Some(on) => format!("awaiting approval since {}", day(on)),
        None => "awaiting approval; nobody has asked for it".to_owned(),
    };
    let approver = by.map_or_else(
        || "an approver, not who asks for it".to_owned(),
        |by| format!("an approver other than {by}"),
    );
    let client_safe = if case.facts.status.insolvent || case.facts.status.legal_action {
        speak_to(&findings.location.team)
    } else {
        "Your refund is being approved.".to_owned()
    };
    Words::new(says, client_safe)
        .internal(
            because
                .map(|check| format!("Approval: {}.", check.because))
                .unwrap_or_default(),
        )
        .acts(approver)
}

fn on_its_way(line: &DepositLine, case: &Case<'_>) -> Words {
    let newest = case.deposit.refunds.last();
    let amount = newest.map_or(line.amount, |refund| refund.amount);
    let sent_on = newest.and_then(|refund| refund.submitted_on);
    let reference = newest.and_then(|refund| refund.reference.clone());
    let with_reference = reference.map(|text| format!(", ref {text}")).unwrap_or_default();
    let on = sent_on.map(|on| format!(" on {}", day(on))).unwrap_or_default();
    match line.status {
        Situation::P12 => {
            let days = match newest.map_or(case.deposit.method, |refund| refund.method) {
                Method::Card => "5 to 10 business days",
                _ => "1 to 5 business days",
            };
            let promise = newest
                .and_then(|refund| refund.expected_on)
                .map_or_else(|| days.to_owned(), |on| format!("expected by {}", day(on)));
            Words::new(
                format!("sent{on}{with_reference}"),
                format!("Your refund of {amount} was sent{on}{with_reference}. It usually takes {days}."),
            )
            .promise(promise)
        }
        Situation::P13 => Words::new(
            "queued at the processor",
            format!("Your refund of {amount} is queued at our payment processor."),
        )
        .internal("The processor holds the refund until its balance is topped up.")
        .acts("treasury"),
        Situation::P14 | Situation::P15 => {
            let came_back = line.status == Situation::P15;
            let why = newest.and_then(|refund| refund.failure.clone());
            let reason = why.map(|why| format!(": {why}")).unwrap_or_default();
            let verb = if came_back {
                "came back"
            } else {
                "could not be delivered"
            };
            Words::new(format!("{verb}{reason}"), format!("Your refund {verb}. We need bank details in your name. Please enter them in the secure form that we send you; never send them by message."))
                .internal("The clock starts again. Find another route with the secure form, never in chat or a ticket.")
                .acts("accounts receivable")
        }
        _ => {
            let on = match case.standing.stage() {
                Stage::Refunded { on: Some(on) } => format!(" on {}", day(*on)),
                _ => String::new(),
            };
            let refunded = case.standing.position().refunded();
            let method = newest.map(|refund| match refund.method {
                Method::Card => " to the card",
                Method::Wire => " to the account",
                Method::Cheque => " by cheque",
                Method::Draft => " by draft",
                Method::Cash => " in cash",
            });
            let last4: String = newest
                .and_then(|refund| refund.last4.as_deref())
                .map(|text| {
                    text.chars()
                        .rev()
                        .take(4)
                        .collect::<Vec<_>>()
                        .into_iter()
                        .rev()
                        .collect()
                })
                .unwrap_or_default();
            let ending = if last4.is_empty() {
                String::new()
            } else {
                format!(" ending {last4}")
            };
            let route = method
                .map(|method| format!("{method}{ending}"))
                .unwrap_or_default();
            Words::new(
                format!("refunded {refunded}{on}{route}"),
                format!("Your deposit refund of {refunded} was made{on}{route}."),
            )
        }
    }
}
