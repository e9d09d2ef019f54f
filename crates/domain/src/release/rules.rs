//! The rules about the client, the papers and the lot itself; those about money are in [`super::money`].

use super::Finding;
use super::case::{Case, is_missing};
use super::funds::{Flaw, View};
use crate::location::DueDiligence;
use crate::model::{CddState, Collector, Hold, HoldCode, Quote, ReleaseRoute, ReleaseState, Whereabouts};
use crate::money::Money;
use crate::review::{self, Unscreened};
use crate::text::day;

const CLIENT: &[&str] = &["client status"];
const HOLDS: &[&str] = &["holds"];
const LOTS: &[&str] = &["lots"];
const RELEASES: &[&str] = &["releases"];

/// A finding and the data it came from.
pub(super) fn found(applied: bool, because: impl Into<String>, sources: &[&str]) -> Finding {
    let sources = sources.iter().map(|source| (*source).to_owned()).collect();
    Finding {
        applied,
        because: because.into(),
        sources,
        by: None,
    }
}

/// All that was found, as one sentence; `otherwise` where it was nothing.
pub(super) fn all(sentences: &[String], otherwise: &str, sources: &[&str]) -> Finding {
    match sentences {
        [] => found(false, otherwise, sources),
        _ => found(true, sentences.join("; "), sources),
    }
}

impl Case<'_> {
    /// Does this purchase need due diligence? Where the threshold cannot be compared, it does.
    fn needs_due_diligence(&self) -> Option<String> {
        if self.lot.is_some_and(|lot| !lot.work_of_art) {
            return None;
        }
        let threshold = match self.rule.cdd_from {
            DueDiligence::Never => return None,
            DueDiligence::Always => return Some("no threshold is set for this saleroom".to_owned()),
            DueDiligence::From(threshold) => threshold,
        };
        let mut total: i128 = 0;
        let mut any = false;
        for invoice in self
            .facts
            .invoices
            .iter()
            .filter(|invoice| self.is_linked(invoice))
        {
            if invoice.total.currency() != threshold.currency() {
                return Some(format!(
                    "invoice {} is not in {}",
                    invoice.key.number,
                    threshold.currency()
                ));
            }
            any = true;
            total += i128::from(invoice.total.minor().max(0));
        }
        if !any {
            return Some("the total of the purchase is not known".to_owned());
        }
        let total = Money::from_minor(i64::try_from(total).unwrap_or(i64::MAX), threshold.currency());
        (total.minor() >= threshold.minor()).then(|| {
            format!(
                "the purchase comes to {}, {} or more",
                self.said(total),
                threshold
            )
        })
    }

    /// An invoice in force for the same sale, or for the lot: linked payments count together.
    fn is_linked(&self, invoice: &crate::model::Invoice) -> bool {
        let counts = self.covers.iter().any(|cover| cover.invoice.key == invoice.key);
        let of_sale = invoice.sale.as_ref() == Some(&self.key.sale)
            || self.facts.lines.iter().any(|line| {
                line.invoice == invoice.key && line.lot.as_ref().is_some_and(|lot| lot.sale == self.key.sale)
            });
        counts || (of_sale && Self::is_in_force(invoice))
    }

    /// R08.
    pub(super) fn cdd_incomplete(&self) -> Finding {
        let papers = self
            .holds()
            .filter(|hold| hold.code == HoldCode::Cdd && !hold.is_restricted());
        let mut because: Vec<String> = papers
            .map(|hold| told("due diligence is asked for", hold))
            .collect();
        let status = &self.facts.status;
        let expired = status.cdd_expires_on.is_some_and(|last| last < self.day);
        let complete = status.cdd == Some(CddState::Complete) && !expired;
        match self.needs_due_diligence() {
            Some(why) if !complete => {
                let state = match status.cdd {
                    _ if expired => "has expired",
                    None => "is not known",
                    Some(CddState::NotRequired) => "was never asked for",
                    Some(CddState::Required) => "was asked for, nothing was received",
                    Some(CddState::Incomplete) => "is incomplete",
                    Some(CddState::Expired) => "has expired",
                    Some(CddState::Complete) => "is complete",
                };
                because.push(format!("due diligence {state}, and it is needed: {why}"));
                all(&because, "", CLIENT)
            }
            Some(_) => all(&because, "due diligence is complete", CLIENT),
            None => all(&because, "due diligence is not needed", CLIENT),
        }
    }

    /// R09. Read by compliance only; everybody else gets the neutral finding in its place.
    pub(super) fn sanctions_review(&self) -> Finding {
        let mut because: Vec<String> = self
            .holds()
            .filter(|hold| hold.is_restricted())
            .map(|hold| told(&format!("restricted hold ({})", hold.code), hold))
            .collect();
        let unscreened = match self.needs_due_diligence() {
            Some(_) => Unscreened::Stops,
            None => Unscreened::Passes,
        };
        because.extend(review::screening(&self.facts.status, unscreened).map(ToOwned::to_owned));
        all(
            &because,
            "no restricted review is open",
            &["client status", "holds"],
        )
    }

    /// R10.
    pub(super) fn internal_review(&self) -> Finding {
        let mut because: Vec<String> = self
            .holds()
            .filter(|hold| hold.code.is_internal_review() && !hold.is_restricted())
            .map(|hold| told(&format!("hold ({})", hold.code), hold))
            .collect();
        if self.facts.status.legal_action {
            because.push("legal action is under way".to_owned());
        }
        if self.facts.status.insolvent {
            because.push("the client is insolvent or in administration".to_owned());
        }
        all(
            &because,
            "no internal review is open",
            &["client status", "holds"],
        )
    }

    /// R14: blocks export, never local collection.
    pub(super) fn export_licence(&self) -> Finding {
        let export = self
            .release
            .is_some_and(|release| release.route == ReleaseRoute::Export);
        match self.lot.map(|lot| lot.export_licence) {
            Some(licence) if export && is_missing(licence) => found(
                true,
                format!("the lot is to be exported and its licence is {licence}"),
                LOTS,
            ),
            Some(licence) if is_missing(licence) => found(
                false,
                format!("the licence is {licence}, but no export is asked for"),
                LOTS,
            ),
            _ => found(false, "no export licence is missing", LOTS),
        }
    }

    /// R15.
    pub(super) fn cites(&self) -> Finding {
        match self.lot.map(|lot| lot.cites) {
            Some(permit) if is_missing(permit) => found(
                true,
                format!("the permit for a protected species is {permit}"),
                LOTS,
            ),
            _ => found(false, "no permit for protected species is missing", LOTS),
        }
    }

    /// R16.
    pub(super) fn cancellation_right(&self) -> Finding {
        match self.lot.and_then(|lot| lot.cancellation_until) {
            Some(until) if self.day <= until && self.rule.hold_for_cancellation => {
                found(true, format!("the buyer may cancel until {}", day(until)), LOTS)
            }
            Some(until) if self.day <= until => found(
                false,
                "the buyer may cancel, but the location does not hold for that",
                LOTS,
            ),
            _ => found(false, "no cancellation period runs", LOTS),
        }
    }

    /// R17.
    pub(super) fn collector_not_authorised(&self) -> Finding {
        match self.release.map(|release| release.collector) {
            Some(Collector::Unverified) => found(true, "the collector's papers are missing", RELEASES),
            Some(Collector::Buyer | Collector::Authorised) => {
                found(false, "the collector is authorised", RELEASES)
            }
            None => found(false, "nobody has asked to collect it", RELEASES),
        }
    }

    /// R18.
    pub(super) fn lot_not_at_location(&self) -> Finding {
        match self.lot.map(|lot| lot.whereabouts) {
            Some(Whereabouts::InHouse) => found(false, "the lot is in house", LOTS),
            Some(Whereabouts::InTransit) => found(true, "the lot is in transit", LOTS),
            Some(Whereabouts::Offsite) => found(true, "the lot is off site", LOTS),
            Some(Whereabouts::Withdrawn) => found(true, "the lot was withdrawn", LOTS),
            None => found(false, "nothing is known of the lot's place", LOTS),
        }
    }

    /// R19.
    pub(super) fn shipping_quote_open(&self) -> Finding {
        let shipped = self
            .release
            .filter(|release| release.route != ReleaseRoute::Collection);
        match shipped.map(|release| release.quote) {
            Some(Quote::Sent) => found(true, "the shipping quote was sent and is not accepted", RELEASES),
            Some(Quote::Accepted | Quote::NotNeeded) => found(false, "no shipping quote is open", RELEASES),
            None => found(false, "no shipping is asked for", RELEASES),
        }
    }

    /// R20.
    pub(super) fn invoice_superseded(&self) -> Finding {
        let because: Vec<String> = self
            .reissuing
            .iter()
            .map(|invoice| match &invoice.superseded_by {
                Some(next) => format!(
                    "invoice {} is replaced by {next}, which is not here yet",
                    invoice.key.number
                ),
                None => format!("invoice {} is being issued again", invoice.key.number),
            })
            .collect();
        all(
            &because,
            "no invoice of the lot is being issued again",
            &["invoices"],
        )
    }

    /// R21.
    pub(super) fn sale_cancelled(&self) -> Finding {
        match self.sale {
            Some(sale) if sale.cancelled => {
                found(true, format!("sale {} was rescinded", sale.no), &["sales"])
            }
            _ => found(false, "the sale stands", &["sales"]),
        }
    }

    /// R23: a needed source is too old, or a needed fact is not there.
    pub(super) fn data_stale(&self) -> Finding {
        let mut because: Vec<String> = Vec::new();
        for source in &self.stale_sources {
            because.push(match source.extracted_at {
                None => format!("{} never delivered", source.name),
                Some(at) => format!(
                    "{} data is from {}, too old",
                    source.name,
                    at.format("%-d %b %Y %H:%M UTC")
                ),
            });
        }
        match self.lot {
            None => because.push("the lot is not known".to_owned()),
            Some(lot) => {
                let is_the_client = |buyer| {
                    buyer == &self.facts.client.no
                        || self.facts.asked_for.as_ref().is_some_and(|asked| asked == buyer)
                };
                if !lot.buyer.as_ref().is_some_and(is_the_client) {
                    because.push("the lot is not recorded as sold to this client".to_owned());
                }
            }
        }
        if self.sale.is_none() {
            because.push("the sale is not known".to_owned());
        }
        let billed = self.covers.iter().any(|cover| cover.charges_hammer_of(self.key));
        if !billed {
            because.push("no invoice in force charges the lot".to_owned());
        }
        for cover in &self.covers {
            let number = &cover.invoice.key.number;
            if !cover.adds_up() {
                because.push(format!(
                    "the lines of invoice {number} do not add up to its total"
                ));
            }
            if cover.with(Flaw::Unknown) > 0 && cover.short(self.scope, View::WITHOUT_UNKNOWN).total() > 0 {
                because.push(format!("invoice {number} depends on a payment that is not known"));
            }
        }
        all(&because, "all needed data is there and fresh", &["freshness"])
    }

    /// R24.
    pub(super) fn manual_hold(&self) -> Finding {
        let other = |hold: &&Hold| {
            let manual = matches!(hold.code, HoldCode::Manual | HoldCode::Approval);
            manual && !hold.is_restricted()
        };
        let holds: Vec<&Hold> = self.holds().filter(other).collect();
        let mut because: Vec<String> = holds
            .iter()
            .map(|hold| told(&format!("hold {} ({})", hold.id, hold.code), hold))
            .collect();
        if self
            .release
            .is_some_and(|release| release.state == ReleaseState::Revoked)
        {
            because.push("the authorisation was taken back".to_owned());
        }
        let by = holds.iter().find_map(|hold| hold.owner.clone());
        Finding {
            by,
            ..all(&because, "no other hold is active", HOLDS)
        }
    }
}

/// What is said of a hold, with its reason in words where there is one.
fn told(what: &str, hold: &Hold) -> String {
    hold.reason
        .as_ref()
        .map_or_else(|| what.to_owned(), |reason| format!("{what}: {reason}"))
}
