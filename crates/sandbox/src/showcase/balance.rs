//! Rows B0-B22 of the balance table.

use hammerdesk_domain::ids::{DisputeId, TermsId};
use hammerdesk_domain::model::{
    AliasKind, Confidentiality, Dispute, DisputeStage, Instalment, InvoiceKind, InvoiceState, ItemKind,
    LedgerItem, LineKind, Method, PayerMatch, PaymentState, TermsAgreement, TermsState,
};
use hammerdesk_domain::money::Currency;

use super::{At, Director, balance, story};
use crate::account::{Account, Receipt, card, client_no, wire};
use crate::place::{Place, Slot};

/// Buys one lot of a sale.
pub(super) fn buys(account: &mut Account, place: &Place, slot: Slot, lot: u32, hammer: i64) -> usize {
    account.buys(place, place.sale(slot), &[(lot, hammer)])
}

/// Terms over an invoice in three instalments, the first due on that day and the others 30 and 60 days later.
pub(super) fn terms(
    account: &mut Account,
    place: &Place,
    invoice: usize,
    state: TermsState,
    first_due: i64,
) -> usize {
    let bill = &account.invoices[invoice];
    let (number, total) = (bill.key.number.clone(), bill.total.minor());
    let third = total / 3;
    account.terms.push(TermsAgreement {
        id: TermsId::new(format!("T{number}")),
        client: account.no().clone(),
        entity: place.entity.clone(),
        sale: bill.sale.clone(),
        invoice: Some(number),
        state,
        release_included: false,
        accelerates: false,
        documents_missing: None,
        approver: Some("Finance director".to_owned()),
        valid_from: Some(place.day(first_due - 25)),
        valid_to: Some(place.day(first_due + 90)),
        instalments: [(1, third), (2, third), (3, total - 2 * third)]
            .map(|(n, amount)| Instalment {
                n,
                due_on: place.day(first_due + 30 * (n - 1)),
                amount: place.money(amount),
                paid: place.money(0),
            })
            .to_vec(),
    });
    account.terms.len() - 1
}

/// A dispute on a payment in that stage, evidence due in nine days.
pub(super) fn dispute(
    account: &mut Account,
    place: &Place,
    payment: usize,
    stage: DisputeStage,
    withdrawn: bool,
) {
    let paid = &mut account.payments[payment];
    if withdrawn {
        paid.state = PaymentState::Disputed;
    }
    account.disputes.push(Dispute {
        id: DisputeId::new(format!("dp_{}", paid.id)),
        payment: (paid.source.clone(), paid.id.clone()),
        client: paid.client.clone(),
        entity: paid.entity.clone(),
        stage,
        reason: Some("Cardholder does not recognise the charge".to_owned()),
        amount: paid.amount,
        due_at: place.day(9).and_hms_opt(23, 59, 59).map(|at| at.and_utc()),
        funds_withdrawn: withdrawn,
    });
}

/// Turns a receipt into one from somebody else, under payer review.
pub(super) fn from_a_third_party(account: &mut Account, payment: usize) {
    let payment = &mut account.payments[payment];
    payment.state = PaymentState::HeldThirdParty;
    payment.payer_name = Some("Harbourline Trading FZE".to_owned());
    payment.payer_match = PayerMatch::Mismatch;
}

pub(super) fn tell(director: &mut Director) {
    access_and_identity(director);
    freshness_and_nothing(director);
    open_items(director);
    money_on_the_way(director);
    agreements(director);
    special_cases(director);
}

fn access_and_identity(director: &mut Director) {
    let b0 = story(
        "B0",
        1_400_000,
        "Rosalind Ashcombe",
        At::London,
        "The call centre may not ask for balances.",
    );
    director.tell(b0.by("call-centre"), |a, p| {
        buys(a, p, Slot::Month, 30, 420_000);
        balance(a)
    });
    let b0 = story(
        "B0",
        1_400_100,
        "HRH the Margrave of Ostfalen",
        At::London,
        "A VIP client hidden from coordinators.",
    );
    director.tell(b0, |a, p| {
        a.client.confidentiality = Confidentiality::Vip;
        a.client.tier = Some("Key".to_owned());
        buys(a, p, Slot::Month, 130, 12_500_000);
        balance(a)
    });
    let b0 = story(
        "B0",
        1_400_200,
        "Lakeshore Trust",
        At::NewYork,
        "A restricted client: even the manager is sent to compliance.",
    );
    director.tell(b0.by("manager"), |a, p| {
        a.client.confidentiality = Confidentiality::Restricted;
        buys(a, p, Slot::Fresh, 30, 800_000);
        balance(a)
    });
    for (no, name) in [
        (1_400_101, "Chan Mei Ling|Mei-ling Chan"),
        (1_400_201, "陈美玲|Chen Meiling|Mei Ling Chan"),
    ] {
        director.cast(no, name, At::HongKong, |a, p| {
            buys(
                a,
                p,
                Slot::Month,
                if no == 1_400_101 { 131 } else { 132 },
                300_000,
            );
        });
    }
    let b1 = story(
        "B1",
        1_400_001,
        "陳美玲|Mei Ling Chan",
        At::HongKong,
        "Several clients go by this name: choose.",
    );
    director.tell(b1, |a, p| {
        buys(a, p, Slot::Month, 31, 900_000);
        "/balance Mei Ling Chan".to_owned()
    });
    director.cast(
        1_400_102,
        "Beaumont-Ferris Collection Ltd|Beaumont Collection",
        At::London,
        |a, p| {
            buys(a, p, Slot::Fresh, 32, 650_000);
        },
    );
    let b2 = story(
        "B2",
        1_400_002,
        "Beaumont Collection Limited",
        At::London,
        "This number was merged away; the survivor answers.",
    );
    director.tell(b2, |a, _| {
        a.client.merged_into = Some(client_no(1_400_102));
        a.status = None;
        balance(a)
    });
}

fn freshness_and_nothing(director: &mut Director) {
    let b3 = story(
        "B3",
        1_400_003,
        "Ottoline Strathmore",
        At::PrivateLondon,
        "The private sales ledger in London has not come for days: no figure.",
    );
    director.tell(b3, |a, p| {
        buys(a, p, Slot::Month, 33, 2_400_000);
        balance(a)
    });
    let b4 = story(
        "B4",
        1_400_004,
        "Wendell Okafor",
        At::PrivateNewYork,
        "The private sales ledger in New York is late: a figure that may miss something.",
    );
    director.tell(b4, |a, p| {
        buys(a, p, Slot::Month, 34, 1_800_000);
        balance(a)
    });
    let b5 = story(
        "B5",
        1_400_005,
        "نور حداد|Noor Haddad",
        At::London,
        "Registered, and never any account activity.",
    );
    director.tell(b5, |a, _| balance(a));
    let b6 = story(
        "B6",
        1_400_006,
        "Γιώργος Ξενάκης|Giorgos Xenakis",
        At::London,
        "Everything is paid.",
    );
    director.tell(b6, |a, p| {
        let invoice = buys(a, p, Slot::Month, 36, 350_000);
        a.pays(p, invoice, wire(20));
        balance(a)
    });
    let b7 = story(
        "B7",
        1_400_007,
        "Käthe Großmann",
        At::London,
        "Paid on account more than anything asked for.",
    );
    director.tell(b7, |a, p| {
        let invoice = buys(a, p, Slot::Month, 37, 220_000);
        a.pays(p, invoice, wire(21));
        a.pays_on_account(p, 500_000, wire(12));
        balance(a)
    });
}

fn open_items(director: &mut Director) {
    let b8 = story(
        "B8",
        1_400_008,
        "Hugo Thistlethwaite",
        At::London,
        "Seven invoices overdue, the oldest for months.",
    );
    director.tell(b8, |a, p| {
        for (slot, lot, hammer) in [
            (Slot::Ancient, 38, 480_000),
            (Slot::Ancient, 138, 90_000),
            (Slot::Old, 38, 260_000),
            (Slot::Past, 38, 1_250_000),
            (Slot::Past, 138, 75_000),
            (Slot::Month, 38, 310_000),
            (Slot::Month, 138, 640_000),
        ] {
            buys(a, p, slot, lot, hammer);
        }
        balance(a)
    });
    let b9 = story(
        "B9",
        1_400_009,
        "渡辺 さくら|Sakura Watanabe",
        At::HongKong,
        "Owes, and nothing is due yet.",
    );
    director.tell(b9, |a, p| {
        buys(a, p, Slot::Fresh, 39, 1_600_000);
        balance(a)
    });
}

fn money_on_the_way(director: &mut Director) {
    let b10 = story(
        "B10",
        1_400_010,
        "Benoît Crémieux",
        At::London,
        "The whole amount was seen at the bank and is not posted: not yet paid.",
    );
    director.tell(b10, |a, p| {
        let invoice = buys(a, p, Slot::Month, 40, 720_000);
        let total = a.invoices[invoice].total.minor();
        a.receives(p, Some(invoice), total, wire(5));
        balance(a)
    });
    let b11 = story(
        "B11",
        1_400_011,
        "Małgorzata Żuławski",
        At::London,
        "A receipt that nobody matched has exactly the open amount.",
    );
    director.tell(b11, |a, p| {
        let invoice = buys(a, p, Slot::Month, 41, 555_500);
        let total = a.invoices[invoice].total.minor();
        let at = a.receives(p, None, total, wire(3));
        a.payments[at].client = None;
        a.payments[at].payer_name = Some("M ZULAWSKI".to_owned());
        a.payments[at].payer_match = PayerMatch::Unknown;
        a.payments[at].reference = Some(format!("ZULAWSKI {}", a.invoices[invoice].key.number));
        balance(a)
    });
    let b12 = story(
        "B12",
        1_400_012,
        "Khalid Al-Qasimi|خالد القاسمي",
        At::London,
        "Somebody else paid: under payer review.",
    );
    director.tell(b12, |a, p| {
        let invoice = buys(a, p, Slot::Month, 42, 610_000);
        let total = a.invoices[invoice].total.minor();
        let at = a.receives(p, Some(invoice), total, wire(4));
        from_a_third_party(a, at);
        balance(a)
    });
    let b13 = story(
        "B13",
        1_400_013,
        "Theodore Castellano",
        At::NewYork,
        "Cleared in the ledger, but the card payment is disputed and withdrawn.",
    );
    director.tell(b13, |a, p| {
        let invoice = buys(a, p, Slot::Past, 43, 480_000);
        let payment = a.pays(p, invoice, card(50));
        dispute(a, p, payment, DisputeStage::EvidenceDue, true);
        balance(a)
    });
}

fn agreements(director: &mut Director) {
    let b14 = story(
        "B14",
        1_400_014,
        "葉雅文|Nga Man Ip",
        At::HongKong,
        "Extended terms in force: the first instalment is paid, the second not yet due.",
    );
    director.tell(b14, |a, p| {
        let invoice = buys(a, p, Slot::Past, 44, 9_000_000);
        let at = terms(a, p, invoice, TermsState::Effective, -20);
        let first = a.terms[at].instalments[0].amount;
        a.terms[at].instalments[0].paid = first;
        a.pays_part(p, invoice, None, first.minor(), wire(22));
        balance(a)
    });
    let b15 = story(
        "B15",
        1_400_015,
        "Silas Winthrop",
        At::NewYork,
        "Terms breached: by the agreement the whole balance is due.",
    );
    director.tell(b15, |a, p| {
        let invoice = buys(a, p, Slot::Past, 45, 6_600_000);
        let at = terms(a, p, invoice, TermsState::Breached, -35);
        a.terms[at].accelerates = true;
        balance(a)
    });
    let b16 = story(
        "B16",
        1_400_016,
        "Galería Ibáñez S.L.|Galeria Ibanez",
        At::London,
        "Owes in three currencies to two companies: one block each, no total.",
    );
    let new_york = director.place(At::NewYork).clone();
    director.tell(b16.by("manager"), |a, p| {
        buys(a, p, Slot::Month, 46, 300_000);
        buys(a, &new_york, Slot::Month, 46, 450_000);
        let euro = Place {
            currency: Currency::EUR,
            ..p.clone()
        };
        let dates = (p.day(-9), p.day(5));
        a.bill(
            &euro,
            InvoiceKind::Shipping,
            None,
            dates,
            vec![(None, LineKind::Shipping, 84_000)],
        );
        balance(a)
    });
}

fn special_cases(director: &mut Director) {
    let b17 = story(
        "B17",
        1_400_017,
        "Imogen Pemberton",
        At::London,
        "Issued again under another number; the credit memo is not yet cleared against the old one.",
    );
    director.tell(b17, |a, p| {
        let old = buys(a, p, Slot::Month, 47, 280_000);
        a.reissues(p, old, p.day(-6));
        for item in &mut a.items {
            (item.cleared_on, item.cleared_by) = (None, None);
        }
        balance(a)
    });
    let b18 = story(
        "B18",
        1_400_018,
        "김서연|Seo-yeon Kim",
        At::HongKong,
        "A deposit is held for the next sale, beside an open invoice.",
    );
    director.tell(b18, |a, p| {
        buys(a, p, Slot::Month, 48, 1_100_000);
        a.deposits(p, &[p.sale(Slot::Next)], 20_000_000, Method::Wire);
        balance(a)
    });
    let b19 = story(
        "B19",
        1_400_019,
        "Ravensmoor Antiques Ltd",
        At::London,
        "In administration, with a payment block: internal only.",
    );
    director.tell(b19, |a, p| {
        buys(a, p, Slot::Old, 49, 980_000);
        a.status().insolvent = true;
        for item in &mut a.items {
            item.blocked = true;
        }
        balance(a)
    });
    let b20 = story(
        "B20",
        1_400_020,
        "Emmett Kowalczyk",
        At::London,
        "A cheque bounced: the clearing was reset ten days ago.",
    );
    director.tell(b20, |a, p| {
        let invoice = buys(a, p, Slot::Past, 50, 390_000);
        bounces(a, p, invoice);
        balance(a)
    });
    let b21 = story(
        "B21",
        1_400_021,
        "Concepción Núñez de Balboa",
        At::London,
        "Two lots on one invoice: the question is about one of them.",
    );
    director.tell(b21, |a, p| {
        let invoice = a.buys(p, p.sale(Slot::Month), &[(51, 500_000), (151, 250_000)]);
        a.pays_part(p, invoice, None, 400_000, wire(9));
        format!(
            "/balance {} invoice:{}",
            a.no().short(),
            a.invoices[invoice].key.number
        )
    });
    director.cast(1_400_122, "Agnès Lefèvre", At::London, |a, p| {
        buys(a, p, Slot::Month, 52, 860_000);
        a.lots[0].lot.consignor = Some(client_no(1_400_022));
    });
    let b22 = story(
        "B22",
        1_400_022,
        "Zinaida Yusupov|Зинаида Юсупова",
        At::London,
        "The consignor asks whether the buyer has paid: nothing of the buyer is told.",
    );
    director.tell(b22, |a, p| {
        a.known_as(AliasKind::Name, "Yusupov Estate", None);
        format!("/balance {} lot:{}/52", a.no().short(), p.sale(Slot::Month).no)
    });
}

/// Paid by a cheque which the bank returned: receipt and reversal cancel out, the bill is open again.
fn bounces(a: &mut Account, p: &Place, invoice: usize) {
    let total = a.invoices[invoice].total.minor();
    let at = a.receives(
        p,
        Some(invoice),
        total,
        Receipt {
            method: Method::Cheque,
            days_ago: 24,
        },
    );
    let payment = &mut a.payments[at];
    payment.state = PaymentState::Bounced;
    payment.posted_on = Some(p.day(-20));
    payment.cleared_on = None;
    a.allocates(at, invoice, None, total, p.day(-20));
    let document = a.document();
    for (line, amount, day) in [(1, -total, -20), (2, total, -10)] {
        let item = LedgerItem {
            cleared_on: Some(p.day(-10)),
            cleared_by: Some(document.clone()),
            reference: Some("Cheque returned".to_owned()),
            ..a.item(p, (document.clone(), line), ItemKind::Payment, amount, p.day(day))
        };
        a.items.push(item);
    }
    let number = a.invoices[invoice].key.number.clone();
    for item in a
        .items
        .iter_mut()
        .filter(|item| item.kind == ItemKind::Invoice && item.invoice.as_ref() == Some(&number))
    {
        item.reopened_on = Some(p.day(-10));
    }
    a.invoices[invoice].state = InvoiceState::Reopened;
}
