//! Requirements D1-D12 and situations P0-P20 of the deposit table.

use hammerdesk_domain::model::{
    CddState, DepositState, Destination, DisputeStage, HoldCode, HoldScope, InvoiceState, ItemKind,
    LedgerItem, Method, MovementKind, PaymentState, RefundState, ReleaseState, SanctionsState,
};

use super::balance::{buys, dispute};
use super::release::{hold, warehouse};
use super::{At, Director, story};
use crate::account::{Account, wire};
use crate::place::{Place, Slot};

/// `/deposit 1700007`.
fn deposit(account: &Account) -> String {
    format!("/deposit {}", account.no().short())
}

/// A deposit held by wire for one sale.
fn held(account: &mut Account, place: &Place, slot: Slot, amount: i64) -> usize {
    account.deposits(place, &[place.sale(slot)], amount, Method::Wire)
}

/// A deposit held by card for one sale.
fn held_by_card(account: &mut Account, place: &Place, slot: Slot, amount: i64) -> usize {
    account.deposits(place, &[place.sale(slot)], amount, Method::Card)
}

/// Takes the deposit out of the ledger again: nothing is posted yet.
fn not_posted(account: &mut Account, at: usize, state: PaymentState) {
    let reference = format!("Deposit {}", account.deposits[at].id);
    account
        .items
        .retain(|item| item.reference.as_ref() != Some(&reference));
    account.deposits[at].cleared_on = None;
    for payment in &mut account.payments {
        (payment.state, payment.cleared_on, payment.posted_on) = (state, None, None);
    }
}

/// The deposit and a wire for the rest pay an invoice together.
fn applied(account: &mut Account, place: &Place, at: usize, invoice: usize) {
    let amount = account.deposits[at].amount.minor();
    let total = account.invoices[invoice].total.minor();
    let number = account.invoices[invoice].key.number.clone();
    let payment = account.receives(place, Some(invoice), total - amount, wire(20));
    let (document, on) = (account.document(), place.day(-19));
    account.payments[payment].state = PaymentState::Applied;
    account.payments[payment].posted_on = Some(on);
    let reference = format!("Deposit {}", account.deposits[at].id);
    for item in &mut account.items {
        let of_deposit = item.reference.as_ref() == Some(&reference);
        if of_deposit || item.invoice.as_ref() == Some(&number) {
            (item.cleared_on, item.cleared_by) = (Some(on), Some(document.clone()));
        }
    }
    account.items.push(LedgerItem {
        invoice: Some(number.clone()),
        cleared_on: Some(on),
        cleared_by: Some(document.clone()),
        ..account.item(place, (document, 1), ItemKind::Payment, amount - total, on)
    });
    account.allocates(payment, invoice, None, total - amount, on);
    account.invoices[invoice].state = InvoiceState::Paid;
    account.moves(at, MovementKind::Applied, amount, on, number.as_str());
    account.deposits[at].state = DepositState::Applied;
}

pub(super) fn tell(director: &mut Director) {
    requirements(director);
    more_requirements(director);
    held_by_hand(director);
    waiting(director);
    purchases(director);
    blocked(director);
    on_its_way(director);
    over(director);
}

fn requirements(director: &mut Director) {
    let d1 = story(
        "D1",
        1_600_001,
        "Callum St John",
        At::London,
        "Asked for and never received: nothing is held.",
    );
    director.tell(d1, |a, p| {
        let at = held(a, p, Slot::Fresh, 1_000_000);
        a.without_receipt(at);
        a.deposits[at].state = DepositState::Requested;
        deposit(a)
    });
    let d2 = story(
        "D2",
        1_600_002,
        "Zoé Façonnable",
        At::London,
        "Held, but the cheque behind it has not cleared.",
    );
    director.tell(d2, |a, p| {
        let at = a.deposits(p, &[p.sale(Slot::Fresh)], 1_000_000, Method::Cheque);
        a.deposits[at].cleared_on = None;
        a.payments[0].cleared_on = None;
        deposit(a)
    });
    let d3 = story(
        "D3",
        1_600_003,
        "齋藤 健太郎|Kentarō Saitō",
        At::HongKong,
        "The sale ended yesterday; its results are not final.",
    );
    director.tell(d3, |a, p| {
        held(a, p, Slot::Counting, 20_000_000);
        deposit(a)
    });
    let d4 = story(
        "D4",
        1_600_004,
        "Íñigo Echeverría",
        At::London,
        "Bought in the sale and has not paid.",
    );
    director.tell(d4, |a, p| {
        buys(a, p, Slot::Fresh, 64, 700_000);
        held(a, p, Slot::Fresh, 500_000);
        deposit(a)
    });
    let d5 = story(
        "D5",
        1_600_005,
        "Loïc Le Goff",
        At::London,
        "Bought nothing in the sale, but owes from an earlier one.",
    );
    director.tell(d5, |a, p| {
        buys(a, p, Slot::Past, 65, 240_000);
        held(a, p, Slot::Fresh, 500_000);
        deposit(a)
    });
    let d6 = story(
        "D6",
        1_600_006,
        "Märta Ångström",
        At::London,
        "One deposit was moved to the next sale.",
    );
    director.tell(d6, |a, p| {
        let from = held(a, p, Slot::Old, 750_000);
        let on = p.day(-90);
        let to = held(a, p, Slot::Next, 750_000);
        a.without_receipt(to);
        let (from_id, to_id) = (a.deposits[from].id.clone(), a.deposits[to].id.clone());
        a.moves(from, MovementKind::TransferredOut, 750_000, on, to_id.as_str());
        a.deposits[from].state = DepositState::Transferred;
        a.moves(to, MovementKind::TransferredIn, 750_000, on, from_id.as_str());
        (a.deposits[to].taken_on, a.deposits[to].cleared_on) = (Some(on), Some(on));
        deposit(a)
    });
}

fn more_requirements(director: &mut Director) {
    let d7 = story(
        "D7",
        1_600_007,
        "Şebnem Yıldız",
        At::London,
        "Asked us to keep it for the next sale.",
    );
    director.tell(d7, |a, p| {
        let at = held(a, p, Slot::Fresh, 500_000);
        a.deposits[at].keep_for = Some(p.sale(Slot::Next).no.clone());
        deposit(a)
    });
    let d8 = story(
        "D8",
        1_600_008,
        "박지훈|Ji-hoon Park",
        At::HongKong,
        "Identity papers were asked for and have not come.",
    );
    director.tell(d8, |a, p| {
        a.status().cdd = Some(CddState::Required);
        a.status().cdd_expires_on = None;
        held(a, p, Slot::Fresh, 10_000_000);
        deposit(a)
    });
    let d9 = story(
        "D9",
        1_600_009,
        "Noura bin Rashid|نورة بن راشد",
        At::London,
        "The account on file is in another name.",
    );
    director.tell(d9, |a, p| {
        let at = held(a, p, Slot::Fresh, 2_000_000);
        a.deposits[at].destination = Destination::Mismatch;
        deposit(a)
    });
    let d10 = story(
        "D10",
        1_600_010,
        "Emmett Ferraro",
        At::London,
        "The card issuer asks about the deposit's payment.",
    );
    director.tell(d10, |a, p| {
        held_by_card(a, p, Slot::Fresh, 500_000);
        dispute(a, p, 0, DisputeStage::Opened, false);
        deposit(a)
    });
    let d11 = story(
        "D11",
        1_600_011,
        "Sabine Weiß",
        At::London,
        "All of it went to her invoice: nothing is left.",
    );
    director.tell(d11, |a, p| {
        let invoice = buys(a, p, Slot::Month, 71, 900_000);
        let at = held(a, p, Slot::Month, 500_000);
        applied(a, p, at, invoice);
        deposit(a)
    });
    let d12 = story(
        "D12",
        1_600_012,
        "Theodore Nakagawa",
        At::NewYork,
        "New York wants an approval, and nobody has asked for one.",
    );
    director.tell(d12, |a, p| {
        held(a, p, Slot::Fresh, 2_500_000);
        deposit(a)
    });
}

fn held_by_hand(director: &mut Director) {
    let d12 = story(
        "D12",
        1_600_112,
        "Asha Chattopadhyay",
        At::London,
        "Somebody holds this one deposit back by hand.",
    );
    director.tell(d12, |a, p| {
        let at = held(a, p, Slot::Fresh, 850_000);
        let id = a.deposits[at].id.to_string();
        hold(
            a,
            p,
            HoldScope::Deposit,
            id,
            HoldCode::Manual,
            "Bidder asked to talk first",
        );
        deposit(a)
    });
}

fn waiting(director: &mut Director) {
    let p0 = story(
        "P0",
        1_700_000,
        "Imogen Featherstone",
        At::London,
        "No deposit for this sale, but one for another.",
    );
    director.tell(p0, |a, p| {
        held(a, p, Slot::Next, 500_000);
        format!("{} sale:{}", deposit(a), p.sale(Slot::Running).no)
    });
    let p1 = story(
        "P1",
        1_700_001,
        "Jago Pemberton",
        At::London,
        "Asked for, not received.",
    );
    director.tell(p1, |a, p| {
        let at = held(a, p, Slot::Next, 1_000_000);
        a.without_receipt(at);
        a.deposits[at].state = DepositState::Requested;
        let id = a.deposits[at].id.clone();
        let document = a.document();
        let request = LedgerItem {
            reference: Some(format!("Deposit request {id}")),
            ..a.item(p, (document, 1), ItemKind::Request, 1_000_000, p.day(-2))
        };
        a.items.push(request);
        deposit(a)
    });
    let p2 = story(
        "P2",
        1_700_002,
        "Käthe Schönfeld",
        At::London,
        "Received by cheque, clearing.",
    );
    director.tell(p2, |a, p| {
        let at = a.deposits(p, &[p.sale(Slot::Next)], 750_000, Method::Cheque);
        a.deposits[at].state = DepositState::Pending;
        not_posted(a, at, PaymentState::Captured);
        deposit(a)
    });
    let p3 = story(
        "P3",
        1_700_003,
        "Oğuz Kılıç",
        At::London,
        "A hold on the card, not a payment.",
    );
    director.tell(p3, |a, p| {
        let at = held_by_card(a, p, Slot::Running, 300_000);
        a.deposits[at].state = DepositState::Authorised;
        a.deposits[at].movements.clear();
        not_posted(a, at, PaymentState::Authorised);
        deposit(a)
    });
    let p4 = story(
        "P4",
        1_700_004,
        "林美玲|Mei Ling Lam",
        At::HongKong,
        "One deposit for two sales, of which one is still to come.",
    );
    director.tell(p4, |a, p| {
        a.deposits(
            p,
            &[p.sale(Slot::Fresh), p.sale(Slot::Next)],
            50_000_000,
            Method::Wire,
        );
        deposit(a)
    });
}

fn purchases(director: &mut Director) {
    let p5 = story(
        "P5",
        1_700_005,
        "Lucía Muñoz Degraín",
        At::London,
        "Bought, invoice open: the deposit will be applied.",
    );
    director.tell(p5, |a, p| {
        buys(a, p, Slot::Fresh, 85, 620_000);
        held(a, p, Slot::Fresh, 300_000);
        deposit(a)
    });
    let p6 = story(
        "P6",
        1_700_006,
        "Björk Þórsdóttir",
        At::London,
        "Bought, paid in full and collected: the deposit is surplus.",
    );
    director.tell(p6, |a, p| {
        let invoice = buys(a, p, Slot::Fresh, 86, 150_000);
        a.pays(p, invoice, wire(3));
        let on = p.day(-1);
        let it = warehouse(a, 0, ReleaseState::Released);
        (it.on, it.to) = (Some(on), Some("Björk Þórsdóttir, in person".to_owned()));
        held(a, p, Slot::Fresh, 500_000);
        deposit(a)
    });
    let p7 = story(
        "P7",
        1_700_007,
        "Friederike Strauß",
        At::London,
        "Bought nothing, all clear: back within seven days.",
    );
    director.tell(p7, |a, p| {
        held(a, p, Slot::Fresh, 1_000_000);
        deposit(a)
    });
    let p7 = story(
        "P7",
        1_700_107,
        "鄭國榮|Kwok Wing Cheng",
        At::HongKong,
        "Bought nothing, all clear: back within 14 working days.",
    );
    director.tell(p7, |a, p| {
        held(a, p, Slot::Fresh, 20_000_000);
        deposit(a)
    });
}

fn blocked(director: &mut Director) {
    let p8 = story(
        "P8",
        1_700_008,
        "Wojciech Dąbrowska",
        At::London,
        "Blocked by an overdue invoice; the client hears of an open balance.",
    );
    director.tell(p8, |a, p| {
        buys(a, p, Slot::Month, 88, 410_000);
        held(a, p, Slot::Fresh, 600_000);
        deposit(a)
    });
    let p9 = story(
        "P9",
        1_700_009,
        "Hélène d'Aubigné",
        At::London,
        "Due diligence has run out: papers are needed.",
    );
    director.tell(p9, |a, p| {
        a.status().cdd = Some(CddState::Expired);
        a.status().cdd_expires_on = Some(p.day(-12));
        held(a, p, Slot::Fresh, 600_000);
        deposit(a)
    });
    let p9 = story(
        "P9",
        1_700_109,
        "Фёдор Жуковский|Fyodor Zhukovsky",
        At::London,
        "Under review, as the call centre reads it: neutral words.",
    );
    director.tell(p9.by("call-centre"), |a, p| {
        a.status().sanctions = Some(SanctionsState::Review);
        held(a, p, Slot::Fresh, 900_000);
        deposit(a)
    });
    let p10 = story(
        "P10",
        1_700_010,
        "マリ 大橋|Mari Ōhashi",
        At::HongKong,
        "No bank details on file.",
    );
    director.tell(p10, |a, p| {
        let at = held(a, p, Slot::Fresh, 15_000_000);
        a.deposits[at].destination = Destination::Missing;
        deposit(a)
    });
    let p11 = story(
        "P11",
        1_700_011,
        "Silas Lindqvist",
        At::NewYork,
        "The refund waits for an approver.",
    );
    director.tell(p11, |a, p| {
        let at = held(a, p, Slot::Month, 2_500_000);
        a.deposits[at].state = DepositState::RefundRequested;
        a.refunds(p, at, RefundState::AwaitingApproval, 2);
        deposit(a)
    });
    let p18 = story(
        "P18",
        1_700_018,
        "Asha Agarwal|आशा अग्रवाल",
        At::London,
        "Eligible, and weeks later than promised.",
    );
    director.tell(p18, |a, p| {
        held(a, p, Slot::Past, 800_000);
        deposit(a)
    });
    let p19 = story(
        "P19",
        1_700_019,
        "Marcus Whitfield",
        At::NewYork,
        "The card payment behind it is disputed: do not refund.",
    );
    director.tell(p19, |a, p| {
        held_by_card(a, p, Slot::Fresh, 500_000);
        dispute(a, p, 0, DisputeStage::EvidenceDue, true);
        deposit(a)
    });
    let new_york = director.place(At::NewYork).clone();
    let p20 = story(
        "P20",
        1_700_020,
        "Galerie Großmann GmbH",
        At::London,
        "A deposit in pounds, an invoice in dollars: both shown, nothing netted.",
    );
    director.tell(p20, |a, p| {
        buys(a, &new_york, Slot::Fresh, 100, 330_000);
        held(a, p, Slot::Fresh, 700_000);
        deposit(a)
    });
}

fn on_its_way(director: &mut Director) {
    let p12 = story(
        "P12",
        1_700_012,
        "Tsuyoshi Onodera|小野寺 剛",
        At::HongKong,
        "Sent to the bank three days ago.",
    );
    director.tell(p12, |a, p| {
        let at = held(a, p, Slot::Fresh, 20_000_000);
        a.deposits[at].state = DepositState::Submitted;
        a.refunds(p, at, RefundState::Submitted, 3);
        deposit(a)
    });
    let p13 = story(
        "P13",
        1_700_013,
        "Yael Levy|יעל לוי",
        At::NewYork,
        "Queued at the processor until its balance is topped up.",
    );
    director.tell(p13, |a, p| {
        let at = held_by_card(a, p, Slot::Month, 600_000);
        a.deposits[at].state = DepositState::Submitted;
        a.refunds(p, at, RefundState::Pending, 2);
        deposit(a)
    });
    let p14 = story(
        "P14",
        1_700_014,
        "Begoña Peña",
        At::London,
        "The refund could not be delivered: the card has expired.",
    );
    director.tell(p14, |a, p| {
        let at = held_by_card(a, p, Slot::Month, 400_000);
        a.deposits[at].state = DepositState::RefundFailed;
        a.deposits[at].destination = Destination::Expired;
        let refund = a.refunds(p, at, RefundState::Failed, 9);
        a.deposits[at].refunds[refund].failure = Some("the card has expired".to_owned());
        deposit(a)
    });
    let p15 = story(
        "P15",
        1_700_015,
        "Øyvind Bø",
        At::London,
        "The refund arrived and was sent back by the bank.",
    );
    director.tell(p15, |a, p| {
        let at = held(a, p, Slot::Month, 450_000);
        a.deposits[at].state = DepositState::RefundReversed;
        let refund = a.refunds(p, at, RefundState::Reversed, 12);
        let id = a.deposits[at].refunds[refund].id.to_string();
        a.deposits[at].refunds[refund].failure = Some("the account was closed".to_owned());
        a.moves(at, MovementKind::Refunded, 450_000, p.day(-11), &id);
        a.moves(at, MovementKind::Reversed, 450_000, p.day(-9), &id);
        deposit(a)
    });
}

fn over(director: &mut Director) {
    let p16 = story(
        "P16",
        1_700_016,
        "Marie-Noëlle Lefèvre",
        At::London,
        "Refunded to her card a week ago.",
    );
    director.tell(p16, |a, p| {
        let at = held_by_card(a, p, Slot::Month, 500_000);
        a.deposits[at].state = DepositState::Refunded;
        let refund = a.refunds(p, at, RefundState::Succeeded, 10);
        let id = a.deposits[at].refunds[refund].id.to_string();
        let on = p.day(-7);
        a.moves(at, MovementKind::Refunded, 500_000, on, &id);
        a.closes_deposit_item(p, at, on);
        deposit(a)
    });
    let p17 = story(
        "P17",
        1_700_017,
        "Ravensmoor Trading Co.",
        At::London,
        "Defaulted: the deposit was forfeited.",
    );
    director.tell(p17, |a, p| {
        let at = held(a, p, Slot::Old, 1_500_000);
        a.deposits[at].state = DepositState::Forfeited;
        let on = p.day(-60);
        a.moves(at, MovementKind::Forfeited, 1_500_000, on, "default");
        a.closes_deposit_item(p, at, on);
        deposit(a)
    });
}
