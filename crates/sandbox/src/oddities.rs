//! What ordinary clients have besides purchases: compliance, deposits, holds, and whatever goes wrong.

use chrono::{NaiveDate, TimeDelta};
use hammerdesk_domain::ids::HoldId;
use hammerdesk_domain::model::{
    CddState, ClientKind, DepositState, Destination, Hold, HoldCode, HoldScope, HoldState, InvoiceState,
    Method, MovementKind, NoBid, PayerMatch, RefundState, SanctionsState,
};
use rand::RngExt;

use crate::account::Receipt;
use crate::ordinary::Maker;
use crate::place::Slot;

impl Maker<'_> {
    /// What compliance says.
    pub(crate) fn compliance(&mut self) {
        let trade = self.account.client.kind == ClientKind::Trade;
        let (cdd, review, bid, limit) = (
            self.rng.random_range(0..40),
            self.one_in(150),
            self.rng.random_range(0..100),
            self.rng.random_range(2..20) * 2_500_000,
        );
        let (insolvent, legal, written) = (self.one_in(200), self.one_in(200), self.one_in(200));
        let place = self.place;
        let status = self.account.status();
        (status.cdd, status.cdd_expires_on) = match cdd {
            0 => (Some(CddState::Incomplete), None),
            1 => (Some(CddState::Required), None),
            2 => (Some(CddState::Expired), Some(place.day(-20))),
            3 => (Some(CddState::NotRequired), None),
            _ => (status.cdd, status.cdd_expires_on),
        };
        if review {
            status.sanctions = Some(SanctionsState::Review);
        }
        (status.no_bid, status.no_bid_reason) = match bid {
            0 => (NoBid::Blocked, Some("Unpaid purchase".to_owned())),
            1 => (NoBid::Limit, Some("New client, paddle limit".to_owned())),
            2..=5 => (NoBid::DepositRequired, Some("Premium lots".to_owned())),
            _ => (NoBid::Clear, None),
        };
        (status.insolvent, status.legal_action, status.written_off) = (insolvent, legal, written);
        if trade {
            status.credit_limit = Some(place.money(limit));
        }
    }

    /// One client in six has a deposit.
    pub(crate) fn deposit(&mut self) {
        if !self.one_in(6) {
            return;
        }
        let slot = self.of(&[
            Slot::Past,
            Slot::Month,
            Slot::Fresh,
            Slot::Counting,
            Slot::Running,
            Slot::Next,
        ]);
        let sale = self.place.sale(slot);
        let amount = self.of(&[500_000_i64, 1_000_000, 2_500_000]);
        let method = self.of(&[Method::Wire, Method::Card]);
        let at = self.account.deposits(self.place, &[sale], amount, method);
        if matches!(slot, Slot::Past | Slot::Month) {
            self.deposit_goes(at, amount, sale.ends_on);
        } else if slot == Slot::Next && self.one_in(3) {
            self.account.without_receipt(at);
            self.account.deposits[at].state = DepositState::Requested;
        }
    }

    /// A deposit of a sale long over: refunded, on its way, forfeited or stuck.
    fn deposit_goes(&mut self, at: usize, amount: i64, ended_on: NaiveDate) {
        let on = ended_on + TimeDelta::days(6);
        match self.rng.random_range(0..11) {
            0 => {
                self.account.deposits[at].state = DepositState::Forfeited;
                self.account
                    .moves(at, MovementKind::Forfeited, amount, on, "default");
                self.account.closes_deposit_item(self.place, at, on);
            }
            1 => {
                self.account.deposits[at].state = DepositState::Submitted;
                self.account.refunds(self.place, at, RefundState::Submitted, 3);
            }
            3 => self.account.deposits[at].state = DepositState::RefundDue,
            4 => {
                self.account.deposits[at].state = DepositState::Approved;
                self.account.refunds(self.place, at, RefundState::Approved, 2);
            }
            5 => {
                self.account.deposits[at].state = DepositState::AltRouteReview;
                self.account.refunds(self.place, at, RefundState::Failed, 9);
            }
            2 => {
                self.account.deposits[at].state = DepositState::RefundBlocked;
                self.account.deposits[at].destination = Destination::Missing;
            }
            _ => {
                self.account.deposits[at].state = DepositState::Refunded;
                let refund = self.account.refunds(self.place, at, RefundState::Succeeded, 15);
                let id = self.account.deposits[at].refunds[refund].id.clone();
                let arrived = self.place.day(-12);
                self.account
                    .moves(at, MovementKind::Refunded, amount, arrived, id.as_str());
                self.account.closes_deposit_item(self.place, at, arrived);
            }
        }
    }

    /// Money on account, receipts nobody matched, holds, invoices issued again.
    pub(crate) fn oddities(&mut self) {
        let amount = i64::from(self.rng.random_range(10_000_u32..900_000));
        if self.one_in(35) {
            self.account.pays_on_account(
                self.place,
                amount,
                Receipt {
                    method: Method::Wire,
                    days_ago: 9,
                },
            );
        }
        if self.one_in(80) {
            let at = self.account.receives(
                self.place,
                None,
                amount,
                Receipt {
                    method: Method::Wire,
                    days_ago: 1,
                },
            );
            let payment = &mut self.account.payments[at];
            payment.client = None;
            payment.payer_match = PayerMatch::Unknown;
            payment.reference = Some("AUCTION PAYMENT".to_owned());
        }
        if self.one_in(7) {
            self.hold();
        }
        if self.one_in(50) {
            self.issued_again();
        }
    }

    fn hold(&mut self) {
        let code = self.of(HoldCode::ALL);
        let state = self.of(&[
            HoldState::Active,
            HoldState::Active,
            HoldState::Cleared,
            HoldState::Expired,
        ]);
        let number = self.account.document();
        // Few clients have a deposit: where there is one, a hold on the client is on it instead.
        let scope = match self.of(HoldScope::ALL) {
            HoldScope::Client if !self.account.deposits.is_empty() => HoldScope::Deposit,
            scope => scope,
        };
        let on = match scope {
            HoldScope::Client => None,
            HoldScope::Invoice => self
                .account
                .invoices
                .first()
                .map(|invoice| invoice.key.number.to_string()),
            HoldScope::Lot => self.account.lots.first().map(|lot| lot.lot.key.to_string()),
            HoldScope::Deposit => self
                .account
                .deposits
                .first()
                .map(|deposit| deposit.id.to_string()),
            HoldScope::Payment => self
                .account
                .payments
                .first()
                .map(|paid| format!("{}/{}", paid.source, paid.id)),
        };
        let (scope, reference) = match on {
            Some(reference) => (scope, reference),
            None => (HoldScope::Client, self.account.no().to_string()),
        };
        self.account.holds.push(Hold {
            id: HoldId::new(format!("H{number}")),
            scope,
            client: Some(self.account.no().clone()),
            reference,
            code,
            state,
            raised_by: Some("Ines Moreau".to_owned()),
            raised_at: self.place.day(-14).and_hms_opt(9, 30, 0).map(|at| at.and_utc()),
            owner: Some(
                if code.is_restricted() {
                    "compliance"
                } else {
                    "client accounts"
                }
                .to_owned(),
            ),
            reason: Some(format!("{} under examination", code.word().replace('_', " "))),
            expires_on: None,
            restricted: false,
        });
    }

    /// The last open invoice is credited and issued again under another number.
    fn issued_again(&mut self) {
        let open = |state| matches!(state, InvoiceState::Issued);
        let Some(old) = self.account.invoices.iter().position(|invoice| {
            open(invoice.state) && invoice.sale.is_some() && invoice.issued_on < self.place.day(-10)
        }) else {
            return;
        };
        // Only one on which nothing else hangs: no receipt, no agreement, no hold.
        let number = self.account.invoices[old].key.number.clone();
        let hangs = self
            .account
            .payments
            .iter()
            .any(|payment| payment.invoice.as_ref() == Some(&number))
            || !self.account.terms.is_empty()
            || !self.account.holds.is_empty();
        if !hangs {
            self.account.reissues(self.place, old, self.place.day(-3));
        }
    }
}
