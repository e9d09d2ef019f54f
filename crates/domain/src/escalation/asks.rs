//! Decisions that ask for somebody: money seen but not posted, evidence that is due, a promise that was broken,
//! a payer who is somebody else. Each is one matter with a key of its own, so that it is asked for once.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::opening::About;
use super::words::{Kind, Severity, Span};
use crate::clock::local_date;
use crate::ids::{ClientNo, LocationId};
use crate::location::Location;
use crate::model::{Dispute, DisputeStage, Instalment, Payment, PaymentState, TermsAgreement, TermsState};

/// `[escalation.decisions]`: which of them are asked for; none where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Decisions {
    /// A payment was seen and is not posted after the location's `unposted_after_days`.
    pub unposted: bool,
    /// Evidence in a dispute is due within so long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence_within: Option<Span>,
    /// An instalment of agreed terms was not paid when it was due.
    pub broken_promises: bool,
    /// Money came from somebody else's account and is held until the payer is accepted.
    pub third_party_payers: bool,
}

impl Decisions {
    /// Is nothing asked for?
    pub fn is_off(&self) -> bool {
        *self == Self::default()
    }
}

/// A matter for which somebody is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Of which there is one: the same key is the same matter for ever.
    pub key: String,
    /// What about.
    pub kind: Kind,
    /// How bad.
    pub severity: Severity,
    /// Whose it is; `None` is nobody whom we know.
    pub client: Option<ClientNo>,
    /// Where it is billed.
    pub location: LocationId,
    /// The invoice, the sale, the amount.
    pub about: About,
    /// Why, in words that everybody with rights to the account may read.
    pub said: String,
    /// When it is worth nothing any more.
    pub deadline: Option<DateTime<Utc>>,
}

/// Working days after one day up to and including another, no more than a few hundred.
fn working_days_since(from: NaiveDate, until: NaiveDate, location: &Location) -> u32 {
    let days = from.iter_days().skip(1).take(400).take_while(|day| *day <= until);
    u32::try_from(days.filter(|day| location.days.is_working(*day)).count()).unwrap_or(u32::MAX)
}

fn said(day: NaiveDate) -> String {
    day.format("%-d %b %Y").to_string()
}

/// What a payment asks for at that location.
pub fn of_payment(
    payment: &Payment,
    location: &Location,
    decisions: &Decisions,
    now: DateTime<Utc>,
) -> Option<Ask> {
    let about = About {
        invoice: payment.invoice.clone(),
        amounts: vec![payment.amount],
        ..About::default()
    };
    let ask = |word: &str, said: String| Ask {
        key: format!("{word}:{}/{}", payment.source, payment.id),
        kind: Kind::PaymentProblem,
        severity: Severity::Normal,
        client: payment.client.clone(),
        location: location.id.clone(),
        about: about.clone(),
        said,
        deadline: None,
    };
    if payment.state == PaymentState::HeldThirdParty {
        return decisions.third_party_payers.then(|| {
            ask(
                "third-party",
                format!(
                    "{} of {} came from an account in another name and is held, not paid, until the payer is accepted.",
                    payment.amount,
                    said(payment.seen_on)
                ),
            )
        });
    }
    let is_unposted = payment.posted_on.is_none()
        && matches!(
            payment.state,
            PaymentState::Settled | PaymentState::Accepted | PaymentState::Reinstated
        );
    let waited = working_days_since(payment.seen_on, local_date(now, location.zone), location);
    (decisions.unposted && is_unposted && waited > location.unposted_after_days).then(|| {
        ask(
            "unposted",
            format!(
                "{} was seen on {} and is not posted after {waited} business days.",
                payment.amount,
                said(payment.seen_on)
            ),
        )
    })
}

/// What a dispute asks for: our evidence, while it can still be sent.
pub fn of_dispute(
    dispute: &Dispute,
    location: &Location,
    decisions: &Decisions,
    now: DateTime<Utc>,
) -> Option<Ask> {
    let within = decisions.evidence_within?.delta();
    let waits = matches!(
        dispute.stage,
        DisputeStage::Opened | DisputeStage::EvidenceDue | DisputeStage::Reopened
    );
    let due_at = dispute
        .due_at
        .filter(|due| waits && *due > now && *due <= now + within)?;
    Some(Ask {
        // A second chargeback has a deadline of its own.
        key: format!("evidence:{}:{}", dispute.id, due_at.timestamp()),
        kind: Kind::Chargeback,
        severity: Severity::High,
        client: dispute.client.clone(),
        location: location.id.clone(),
        about: About {
            amounts: vec![dispute.amount],
            ..About::default()
        },
        said: format!(
            "The evidence in card dispute {} over {} is due {}.",
            dispute.id,
            dispute.amount,
            due_at.with_timezone(&location.zone).format("%-d %b %Y %H:%M %Z")
        ),
        deadline: Some(due_at),
    })
}

/// What agreed terms ask for: the first instalment that was due and is not paid.
pub fn of_terms(
    terms: &TermsAgreement,
    location: &Location,
    decisions: &Decisions,
    now: DateTime<Utc>,
) -> Option<Ask> {
    let is_running = matches!(terms.state, TermsState::Effective | TermsState::Breached);
    if !decisions.broken_promises || !is_running {
        return None;
    }
    let today = local_date(now, location.zone);
    let is_broken = |part: &&Instalment| part.due_on < today && part.paid.minor() < part.amount.minor();
    let broken = terms.instalments.iter().find(is_broken)?;
    Some(Ask {
        key: format!("promise:{}:{}", terms.id, broken.n),
        kind: Kind::Terms,
        severity: if terms.accelerates {
            Severity::High
        } else {
            Severity::Normal
        },
        client: Some(terms.client.clone()),
        location: location.id.clone(),
        about: About {
            invoice: terms.invoice.clone(),
            sale: terms.sale.clone(),
            amounts: vec![broken.amount],
            ..About::default()
        },
        said: format!(
            "Instalment {} of the agreed terms, {}, was due on {}; {} of it is paid.",
            broken.n,
            broken.amount,
            said(broken.due_on),
            broken.paid
        ),
        deadline: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{DisputeId, EntityCode, PaymentId, SourceId, TermsId};
    use crate::model::{Method, PayerMatch};
    use crate::money::Money;

    fn now() -> DateTime<Utc> {
        "2026-11-20T10:00:00Z".parse().unwrap()
    }

    fn all() -> Decisions {
        Decisions {
            unposted: true,
            evidence_within: "3d".parse().ok(),
            broken_promises: true,
            third_party_payers: true,
        }
    }

    fn place() -> Location {
        Location {
            unposted_after_days: 2,
            ..Location::unconfigured(EntityCode::new("1000"))
        }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn payment(state: PaymentState, seen_on: &str) -> Payment {
        Payment {
            source: SourceId::new("bank"),
            id: PaymentId::new("p1"),
            client: ClientNo::parse("140105686"),
            entity: EntityCode::new("1000"),
            invoice: None,
            method: Method::Wire,
            amount: "GBP 1,200.00".parse::<Money>().unwrap(),
            state,
            seen_on: day(seen_on),
            value_on: None,
            cleared_on: None,
            posted_on: None,
            payer_name: Some("Somebody Else Ltd".to_owned()),
            payer_match: PayerMatch::Exact,
            reference: None,
        }
    }

    #[test]
    fn money_is_asked_after_once_more_than_two_business_days_have_gone_by_unposted() {
        let asked = |seen_on, state| of_payment(&payment(state, seen_on), &place(), &all(), now());
        // The 20th is a Friday: two business days after the 18th, three after the 17th; a weekend does not count.
        assert!(asked("2026-11-18", PaymentState::Settled).is_none());
        let ask = asked("2026-11-17", PaymentState::Settled).expect("late");
        assert_eq!(
            (ask.key.as_str(), ask.kind, ask.said.as_str()),
            (
                "unposted:bank/p1",
                Kind::PaymentProblem,
                "GBP 1,200.00 was seen on 17 Nov 2026 and is not posted after 3 business days."
            )
        );
        let monday = "2026-11-23T10:00:00Z".parse().unwrap();
        let over_a_weekend = payment(PaymentState::Settled, "2026-11-19");
        assert!(of_payment(&over_a_weekend, &place(), &all(), monday).is_none());
        for state in [
            PaymentState::Authorised,
            PaymentState::Failed,
            PaymentState::Posted,
            PaymentState::Applied,
        ] {
            assert!(asked("2026-11-02", state).is_none(), "{state}");
        }
        let mut posted = payment(PaymentState::Settled, "2026-11-02");
        posted.posted_on = Some(day("2026-11-03"));
        assert!(of_payment(&posted, &place(), &all(), now()).is_none());
    }

    #[test]
    fn a_payer_who_is_somebody_else_is_asked_after_at_once_and_never_named() {
        let ask = of_payment(
            &payment(PaymentState::HeldThirdParty, "2026-11-20"),
            &place(),
            &all(),
            now(),
        )
        .expect("held");
        assert_eq!(ask.key, "third-party:bank/p1");
        assert!(!ask.said.contains("Somebody"), "{}", ask.said);
    }

    #[test]
    fn evidence_is_asked_for_while_it_can_still_be_sent() {
        let dispute = |stage, due: &str| Dispute {
            id: DisputeId::new("dp_1"),
            payment: (SourceId::new("stripe"), PaymentId::new("ch_1")),
            client: None,
            entity: EntityCode::new("1000"),
            stage,
            reason: None,
            amount: "GBP 90.00".parse().unwrap(),
            due_at: due.parse().ok(),
            funds_withdrawn: true,
        };
        let asked = |stage, due: &str| of_dispute(&dispute(stage, due), &place(), &all(), now());
        let ask = asked(DisputeStage::EvidenceDue, "2026-11-22T23:59:00Z").expect("due");
        assert_eq!(
            (ask.kind, ask.severity, ask.deadline),
            (
                Kind::Chargeback,
                Severity::High,
                "2026-11-22T23:59:00Z".parse().ok()
            )
        );
        assert_eq!(
            ask.said,
            "The evidence in card dispute dp_1 over GBP 90.00 is due 22 Nov 2026 23:59 UTC."
        );
        assert!(asked(DisputeStage::EvidenceDue, "2026-11-25T00:00:00Z").is_none());
        assert!(asked(DisputeStage::EvidenceDue, "2026-11-20T09:59:00Z").is_none());
        assert!(asked(DisputeStage::Submitted, "2026-11-21T00:00:00Z").is_none());
    }

    #[test]
    fn a_promise_is_broken_the_day_after_an_instalment_was_due_and_each_is_a_matter_of_its_own() {
        let mut terms = TermsAgreement {
            id: TermsId::new("t1"),
            client: ClientNo::parse("140105686").unwrap(),
            entity: EntityCode::new("1000"),
            sale: None,
            invoice: None,
            state: TermsState::Effective,
            release_included: false,
            accelerates: true,
            documents_missing: None,
            approver: None,
            valid_from: None,
            valid_to: None,
            instalments: ["2026-10-20", "2026-11-19", "2026-12-20"]
                .iter()
                .zip(1..)
                .map(|(due_on, n)| Instalment {
                    n,
                    due_on: day(due_on),
                    amount: "GBP 500.00".parse().unwrap(),
                    paid: if n == 1 { "GBP 500.00" } else { "GBP 20.00" }.parse().unwrap(),
                })
                .collect(),
        };
        let ask = of_terms(&terms, &place(), &all(), now()).expect("broken");
        assert_eq!((ask.key.as_str(), ask.severity), ("promise:t1:2", Severity::High));
        assert_eq!(
            ask.said,
            "Instalment 2 of the agreed terms, GBP 500.00, was due on 19 Nov 2026; GBP 20.00 of it is paid."
        );
        terms.state = TermsState::Completed;
        assert!(of_terms(&terms, &place(), &all(), now()).is_none());
    }

    #[test]
    fn nothing_is_asked_for_that_is_not_configured() {
        let off = Decisions::default();
        assert!(off.is_off());
        let held = payment(PaymentState::HeldThirdParty, "2026-11-02");
        let late = payment(PaymentState::Settled, "2026-11-02");
        for one in [&held, &late] {
            assert!(of_payment(one, &place(), &off, now()).is_none());
        }
    }
}
