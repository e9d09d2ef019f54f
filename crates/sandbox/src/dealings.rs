//! Money that comes to an account and goes from it: payments, credits, deposits, refunds.
//!
//! Promises those of [`crate::account`]: what is posted here clears to nothing, is never allocated twice,
//! and leaves each deposit with what its movements say.

use chrono::{NaiveDate, TimeDelta};
use hammerdesk_domain::ids::{DepositId, LotKey, PaymentId, RefundId, SourceId};
use hammerdesk_domain::model::{
    Allocation, Deposit, DepositMovement, DepositState, Destination, InvoiceState, ItemKind, LedgerItem,
    Method, MovementKind, PayerMatch, Payment, PaymentState, Refund, RefundState, Sale,
};
use hammerdesk_domain::money::Money;

use crate::account::{Account, Receipt};
use crate::place::Place;

impl Account {
    /// A payment seen at its source and nowhere else yet. Returns its position.
    pub(crate) fn receives(
        &mut self,
        place: &Place,
        invoice: Option<usize>,
        amount: i64,
        how: Receipt,
    ) -> usize {
        let document = self.document();
        let (source, id) = match (how.method, self.base % 2) {
            (Method::Card, 0) => ("stripe", format!("pi_3Q{document}")),
            (Method::Card, _) => ("adyen", format!("8836{document}")),
            _ => ("bank", format!("BK{document}")),
        };
        let seen_on = place.day(-how.days_ago);
        let card = how.method == Method::Card;
        self.payments.push(Payment {
            source: SourceId::new(source),
            id: PaymentId::new(id),
            client: Some(self.client.no.clone()),
            entity: place.entity.clone(),
            invoice: invoice.map(|at| self.invoices[at].key.number.clone()),
            method: how.method,
            amount: place.money(amount),
            state: PaymentState::Settled,
            seen_on,
            value_on: Some(seen_on),
            cleared_on: Some(if card {
                (seen_on + TimeDelta::days(2)).min(place.today)
            } else {
                seen_on
            }),
            posted_on: None,
            payer_name: Some(self.client.name.clone()),
            payer_match: PayerMatch::Exact,
            reference: invoice.map(|at| format!("Invoice {}", self.invoices[at].key.number)),
        });
        self.payments.len() - 1
    }

    /// Pays an invoice in full: receipt, posting, clearing, allocation. Returns the payment's position.
    pub(crate) fn pays(&mut self, place: &Place, invoice: usize, how: Receipt) -> usize {
        let total = self.invoices[invoice].total.minor();
        let at = self.receives(place, Some(invoice), total, how);
        self.clears(place, invoice, at);
        at
    }

    /// Posts a payment of the whole amount and clears the invoice with it.
    pub(crate) fn clears(&mut self, place: &Place, invoice: usize, payment: usize) {
        let document = self.document();
        let key = self.invoices[invoice].key.clone();
        let amount = self.payments[payment].amount.minor();
        let posted_on = self.posts(place, payment, PaymentState::Applied);
        for item in &mut self.items {
            if item.invoice.as_ref() == Some(&key.number) && item.cleared_on.is_none() {
                item.cleared_on = Some(posted_on);
                item.cleared_by = Some(document.clone());
            }
        }
        self.items.push(LedgerItem {
            invoice: Some(key.number.clone()),
            cleared_on: Some(posted_on),
            cleared_by: Some(document.clone()),
            ..self.item(place, (document, 1), ItemKind::Payment, -amount, posted_on)
        });
        self.allocates(payment, invoice, None, amount, posted_on);
        self.invoices[invoice].state = InvoiceState::Paid;
    }

    /// Pays a part: the receipt is posted as a payment that refers to the invoice; both stay open.
    pub(crate) fn pays_part(
        &mut self,
        place: &Place,
        invoice: usize,
        lot: Option<LotKey>,
        amount: i64,
        how: Receipt,
    ) -> usize {
        let at = self.receives(place, Some(invoice), amount, how);
        let document = self.document();
        let posted_on = self.posts(place, at, PaymentState::Applied);
        let key = self.invoices[invoice].key.clone();
        self.items.push(LedgerItem {
            invoice: Some(key.number),
            ..self.item(place, (document, 1), ItemKind::Payment, -amount, posted_on)
        });
        self.allocates(at, invoice, lot, amount, posted_on);
        self.invoices[invoice].state = InvoiceState::PartPaid;
        at
    }

    /// Pays a part as a residual: the old item is cleared and a new one opened for the rest.
    pub(crate) fn pays_leaving_residual(
        &mut self,
        place: &Place,
        invoice: usize,
        amount: i64,
        how: Receipt,
    ) -> usize {
        let at = self.receives(place, Some(invoice), amount, how);
        let rest = self.invoices[invoice].total.minor() - amount;
        self.clears(place, invoice, at);
        let (document, posted_on) = match self.items.last() {
            Some(item) => (item.document.clone(), item.posted_on),
            None => return at,
        };
        let bill = &self.invoices[invoice];
        self.items.push(LedgerItem {
            invoice: Some(bill.key.number.clone()),
            document_on: Some(bill.issued_on),
            due_on: bill.due_on,
            reference: Some(format!("Residual of {}", bill.key.number)),
            ..self.item(place, (document, 2), ItemKind::Invoice, rest, posted_on)
        });
        self.invoices[invoice].state = InvoiceState::PartPaid;
        at
    }

    /// Money on account, tied to no invoice.
    pub(crate) fn pays_on_account(&mut self, place: &Place, amount: i64, how: Receipt) -> usize {
        let at = self.receives(place, None, amount, how);
        let document = self.document();
        let posted_on = self.posts(place, at, PaymentState::Posted);
        let item = self.item(place, (document, 1), ItemKind::Payment, -amount, posted_on);
        self.items.push(item);
        at
    }

    /// Marks a payment as posted; it is in the ledger a day after it cleared.
    fn posts(&mut self, place: &Place, payment: usize, state: PaymentState) -> NaiveDate {
        let payment = &mut self.payments[payment];
        let posted_on = (payment.cleared_on.unwrap_or(payment.seen_on) + TimeDelta::days(1)).min(place.today);
        payment.posted_on = Some(posted_on);
        payment.state = state;
        posted_on
    }

    /// Applies a part of a payment to an invoice, and to a lot of it.
    pub(crate) fn allocates(
        &mut self,
        payment: usize,
        invoice: usize,
        lot: Option<LotKey>,
        amount: i64,
        on: NaiveDate,
    ) {
        let from = &self.payments[payment];
        self.allocations.push(Allocation {
            source: from.source.clone(),
            payment: from.id.clone(),
            invoice: self.invoices[invoice].key.clone(),
            line: None,
            lot,
            amount: Money::from_minor(amount, from.amount.currency()),
            applied_on: on,
        });
    }

    /// A credit memo over the whole of an invoice, which it clears.
    pub(crate) fn credits(&mut self, place: &Place, invoice: usize, on: NaiveDate) {
        let document = self.document();
        let key = self.invoices[invoice].key.clone();
        let amount = self.invoices[invoice].total.minor();
        for item in &mut self.items {
            if item.invoice.as_ref() == Some(&key.number) && item.cleared_on.is_none() {
                item.cleared_on = Some(on);
                item.cleared_by = Some(document.clone());
            }
        }
        self.items.push(LedgerItem {
            invoice: Some(key.number),
            cleared_on: Some(on),
            cleared_by: Some(document.clone()),
            reference: Some("Reversal".to_owned()),
            ..self.item(place, (document, 1), ItemKind::Credit, -amount, on)
        });
    }

    /// A deposit held in cash for these sales, taken five days before the first of them.
    pub(crate) fn deposits(&mut self, place: &Place, covers: &[&Sale], amount: i64, method: Method) -> usize {
        let first = covers
            .iter()
            .map(|sale| sale.starts_on)
            .min()
            .unwrap_or(place.today);
        let taken_on = (first - TimeDelta::days(5)).min(place.day(-3));
        let days_ago = (place.today - taken_on).num_days();
        let payment = self.receives(place, None, amount, Receipt { method, days_ago });
        let posted_on = self.posts(place, payment, PaymentState::Posted);
        self.payments[payment].reference = Some("Bidding deposit".to_owned());
        let document = self.document();
        let id = DepositId::new(format!("D{document}"));
        self.items.push(LedgerItem {
            reference: Some(format!("Deposit {id}")),
            ..self.item(place, (document, 1), ItemKind::Deposit, -amount, posted_on)
        });
        let from = &self.payments[payment];
        self.deposits.push(Deposit {
            id,
            client: self.client.no.clone(),
            entity: place.entity.clone(),
            amount: place.money(amount),
            method,
            state: DepositState::Held,
            requested_on: Some(taken_on - TimeDelta::days(2)),
            taken_on: Some(taken_on),
            cleared_on: from.cleared_on,
            destination: if method == Method::Card {
                Destination::Original
            } else {
                Destination::BankVerified
            },
            keep_for: None,
            payment: Some((from.source.clone(), from.id.clone())),
            covers: covers.iter().map(|sale| sale.no.clone()).collect(),
            movements: vec![DepositMovement {
                kind: MovementKind::Taken,
                amount: place.money(amount),
                on: taken_on,
                reference: None,
            }],
            refunds: Vec::new(),
        });
        self.deposits.len() - 1
    }

    /// Takes the deposit's receipt back: it was asked for (or only authorised) and nothing came.
    pub(crate) fn without_receipt(&mut self, deposit: usize) {
        let it = &mut self.deposits[deposit];
        it.taken_on = None;
        it.cleared_on = None;
        it.movements.clear();
        let reference = format!("Deposit {}", it.id);
        self.items
            .retain(|item| item.reference.as_ref() != Some(&reference));
        if let Some((_, id)) = it.payment.take() {
            self.payments.retain(|payment| payment.id != id);
        }
    }

    /// Adds a movement to a deposit.
    pub(crate) fn moves(
        &mut self,
        deposit: usize,
        kind: MovementKind,
        amount: i64,
        on: NaiveDate,
        reference: &str,
    ) {
        let it = &mut self.deposits[deposit];
        it.movements.push(DepositMovement {
            kind,
            amount: Money::from_minor(amount, it.amount.currency()),
            on,
            reference: Some(reference.to_owned()),
        });
    }

    /// Closes the deposit's ledger item: the money went somewhere.
    pub(crate) fn closes_deposit_item(&mut self, place: &Place, deposit: usize, on: NaiveDate) {
        let document = self.document();
        let (id, amount) = (
            self.deposits[deposit].id.clone(),
            self.deposits[deposit].amount.minor(),
        );
        let reference = format!("Deposit {id}");
        for item in &mut self.items {
            if item.reference.as_ref() == Some(&reference) {
                item.cleared_on = Some(on);
                item.cleared_by = Some(document.clone());
            }
        }
        self.items.push(LedgerItem {
            cleared_on: Some(on),
            cleared_by: Some(document.clone()),
            reference: Some(format!("Deposit {id} out")),
            ..self.item(place, (document, 1), ItemKind::Deposit, amount, on)
        });
    }

    /// A refund of the whole deposit in that state, asked for so many days ago.
    pub(crate) fn refunds(
        &mut self,
        place: &Place,
        deposit: usize,
        state: RefundState,
        days_ago: i64,
    ) -> usize {
        let document = self.document();
        let it = &mut self.deposits[deposit];
        let sent = !matches!(
            state,
            RefundState::Requested | RefundState::AwaitingApproval | RefundState::Approved
        );
        let done = matches!(
            state,
            RefundState::Succeeded | RefundState::Failed | RefundState::Reversed
        );
        let card = it.method == Method::Card;
        it.refunds.push(Refund {
            id: RefundId::new(if card {
                format!("re_{document}")
            } else {
                format!("WR{document}")
            }),
            deposit: Some(it.id.clone()),
            amount: it.amount,
            state,
            method: it.method,
            last4: Some(if card { "4242" } else { "0871" }.to_owned()),
            reference: sent.then(|| {
                if card {
                    format!("7412{document}")
                } else {
                    format!("FT{document}")
                }
            }),
            requested_by: Some("coordinator-london".to_owned()),
            requested_on: Some(place.day(-days_ago)),
            submitted_on: sent.then(|| place.day(1 - days_ago)),
            completed_on: done.then(|| place.day(3 - days_ago)),
            expected_on: (sent && !done).then(|| place.day(8 - days_ago)),
            failure: None,
        });
        it.refunds.len() - 1
    }
}
