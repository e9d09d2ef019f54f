//! B10-B13 and B18: money that is on its way, held, contested, or somebody's deposit; none of it is paid.

use chrono::NaiveDate;

use super::figures::{Contested, Ground};
use super::rules::listed;
use super::{Ruling, said};
use crate::location::Location;
use crate::message::Tone;
use crate::model::Payment;

pub(super) fn seen(ground: &Ground<'_>) -> Ruling {
    let block = ground.figures();
    let to_cover = ground.to_cover();
    if ground.in_flight.is_empty() {
        return Ruling::not("B10", "No payment is seen and unposted.");
    }
    if !to_cover.is_positive() {
        return Ruling::not("B10", "Nothing is open that a payment on its way would cover.");
    }
    if block.in_flight.minor() < to_cover.minor() {
        return Ruling::not(
            "B10",
            format!(
                "{} is seen and not posted, less than the {to_cover} open.",
                block.in_flight
            ),
        );
    }
    let first = ground
        .in_flight
        .iter()
        .map(|payment| payment.seen_on)
        .min()
        .unwrap_or(ground.day);
    let clears = ground
        .in_flight
        .iter()
        .map(|payment| payment.cleared_on.or(payment.value_on))
        .max()
        .flatten();
    let clears = clears.map_or(String::new(), |on| format!(" (value {})", said(on)));
    let waited = working_days_since(first, ground.day, &ground.location);
    let text = format!(
        "Payment of {} seen on {}{clears}, not yet posted; it is expected to clear {to_cover}. It is not paid yet.",
        block.in_flight,
        said(first)
    );
    let safe = format!(
        "We have seen your payment of {} on {}; it is not yet posted to your account.",
        block.in_flight,
        said(first)
    );
    let is_late = waited > ground.location.unposted_after_days;
    let ruling = Ruling::applies(
        "B10",
        text,
        Some(safe),
        if is_late { Tone::Warn } else { Tone::Plain },
    );
    if is_late {
        ruling.next(format!(
            "Reconciliation task: unposted for {waited} business days."
        ))
    } else {
        ruling
    }
}

/// Working days after `from` up to and including `until`, no more than a few hundred.
fn working_days_since(from: NaiveDate, until: NaiveDate, location: &Location) -> u32 {
    let days = from.iter_days().skip(1).take(400).take_while(|day| *day <= until);
    u32::try_from(days.filter(|day| location.days.is_working(*day)).count()).unwrap_or(u32::MAX)
}

pub(super) fn similar(ground: &Ground<'_>) -> Ruling {
    if ground.similar.is_empty() {
        return Ruling::not("B11", "No unmatched receipt is similar.");
    }
    let receipts: Vec<String> = ground
        .similar
        .iter()
        .map(|payment| format!("{} seen on {}", payment.amount, said(payment.seen_on)))
        .collect();
    Ruling::applies(
        "B11",
        format!(
            "A receipt that is matched to nobody may belong here: {}. It is not counted.",
            listed(&receipts)
        ),
        None,
        Tone::Plain,
    )
    .next("Escalate to cash application.")
}

pub(super) fn held_third_party(ground: &Ground<'_>) -> Ruling {
    if ground.held.is_empty() {
        return Ruling::not("B12", "No receipt is under payer review.");
    }
    let receipts: Vec<String> = ground
        .held
        .iter()
        .map(|payment| format!("{} seen on {}", payment.amount, said(payment.seen_on)))
        .collect();
    Ruling::applies(
        "B12",
        format!(
            "Held for payer review, not counted as paid: {}.",
            listed(&receipts)
        ),
        Some("We are reviewing a payment we received.".to_owned()),
        Tone::Warn,
    )
    .next("Payer review by compliance.")
}

pub(super) fn disputed(ground: &Ground<'_>) -> Ruling {
    if ground.contested.is_empty() {
        return Ruling::not("B13", "No payment is contested or was taken back.");
    }
    let texts: Vec<String> = ground
        .contested
        .iter()
        .map(|contested| contested_said(contested, &ground.location))
        .collect();
    let (safe, next) = if ground.contested.iter().all(|contested| contested.bounced) {
        let next = "Ask the client to pay again; nothing is left to contest with the bank.";
        ("A payment was returned by your bank.", next)
    } else {
        let safe = "There is a query with your card issuer about a payment.";
        (safe, "Chargeback owner: send the evidence in time.")
    };
    let sources: Vec<String> = ground
        .contested
        .iter()
        .filter_map(|c| c.dispute)
        .map(|d| d.payment.0.to_string())
        .collect();
    Ruling::applies("B13", texts.join(" "), Some(safe.to_owned()), Tone::Warn)
        .next(next)
        .from(&sources)
}

fn contested_said(contested: &Contested<'_>, location: &Location) -> String {
    let amount = contested.amount;
    let Some(dispute) = contested.dispute else {
        let what = if contested.bounced {
            "was returned by the bank"
        } else {
            "is disputed"
        };
        return if contested.owed_again.is_zero() {
            format!("A payment of {amount} {what}; the ledger does not count it.")
        } else {
            format!(
                "A payment of {amount} cleared in the ledger but {what}: {} is owed again.",
                contested.owed_again
            )
        };
    };
    let due = dispute.due_at.map_or(String::new(), |due| {
        format!(
            "; evidence due by {}",
            due.with_timezone(&location.zone).format("%-d %b %Y %H:%M %Z")
        )
    });
    let stage = dispute.stage.word().replace('_', " ");
    if contested.owed_again.is_zero() {
        let why = if dispute.reopens_receivable() {
            "the ledger does not count it as paid"
        } else {
            "no money was withdrawn"
        };
        format!("A payment of {amount} is queried ({stage}); {why}{due}.")
    } else {
        format!(
            "A payment of {amount} cleared in the ledger but is disputed ({stage}): {} is owed again{due}.",
            contested.owed_again
        )
    }
}

pub(super) fn deposits(ground: &Ground<'_>) -> Ruling {
    let held = ground.figures().deposits_held;
    if !held.is_positive() {
        return Ruling::not("B18", "No deposit is held.");
    }
    let differ = ground.deposits_differ.map_or(String::new(), |(ledger, records)| {
        format!(" The ledger holds {ledger} as deposits, the deposit records {records}: to be reconciled.")
    });
    let text = format!("Deposit of {held} held, not applied; it reduces nothing.{differ}");
    let tone = if differ.is_empty() {
        Tone::Plain
    } else {
        Tone::Warn
    };
    Ruling::applies(
        "B18",
        text,
        Some(format!("We hold a deposit of {held}, which is not applied.")),
        tone,
    )
}

pub(super) fn payers<'p>(payments: impl Iterator<Item = &'p Payment>) -> Vec<String> {
    payments.map(|payment| payment.source.to_string()).collect()
}
