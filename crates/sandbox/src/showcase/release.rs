//! Rows R01-R24 of the release table, and each of its outcomes.

use chrono::TimeDelta;
use hammerdesk_domain::ids::{AuthorityId, GroupId, HoldId};
use hammerdesk_domain::model::{
    CddState, ClientKind, Collector, DisputeStage, Hold, HoldCode, HoldScope, HoldState, InvoiceKind,
    InvoiceState, LineKind, Method, Permit, Quote, Release, ReleaseRoute, ReleaseState, SanctionsState,
    TermsState, Whereabouts,
};

use super::balance::{buys, dispute, from_a_third_party, terms};
use super::{At, Director, story};
use crate::account::{Account, Receipt, card, wire};
use crate::place::{Place, Slot};

/// `/release L1804/7`, about the first lot of the client.
fn release(account: &Account) -> String {
    format!("/release {}", account.lot_key(0))
}

/// Buys a lot of the sale of a month ago and pays for it by wire.
fn bought_and_paid(account: &mut Account, place: &Place, lot: u32, hammer: i64) -> usize {
    let invoice = buys(account, place, Slot::Month, lot, hammer);
    account.pays(place, invoice, wire(15))
}

/// What the warehouse says of the client's lot at that position; to be changed.
pub(super) fn warehouse(account: &mut Account, lot: usize, state: ReleaseState) -> &mut Release {
    let at = account.releases.len();
    account.releases.push(Release {
        lot: account.lot_key(lot),
        state,
        on: None,
        to: None,
        route: ReleaseRoute::Collection,
        collector: Collector::Buyer,
        quote: Quote::NotNeeded,
        authority: None,
        authorised_by: None,
        authority_until: None,
        residual: None,
    });
    &mut account.releases[at]
}

/// A hold in force.
pub(super) fn hold(
    account: &mut Account,
    place: &Place,
    scope: HoldScope,
    reference: String,
    code: HoldCode,
    reason: &str,
) {
    let document = account.document();
    account.holds.push(Hold {
        id: HoldId::new(format!("H{document}")),
        scope,
        client: Some(account.no().clone()),
        reference,
        code,
        state: HoldState::Active,
        raised_by: Some("Rosa Delgado".to_owned()),
        raised_at: place.day(-6).and_hms_opt(15, 20, 0).map(|at| at.and_utc()),
        owner: Some(
            if code.is_restricted() {
                "compliance"
            } else {
                "legal"
            }
            .to_owned(),
        ),
        reason: Some(reason.to_owned()),
        expires_on: None,
        restricted: false,
    });
}

pub(super) fn tell(director: &mut Director) {
    money(director);
    people(director);
    agreements(director);
    property(director);
    papers(director);
    outcomes(director);
}

fn money(director: &mut Director) {
    let r01 = story(
        "R01",
        1_500_001,
        "Edmund Fitzgerald-Hall",
        At::London,
        "Nothing was paid.",
    );
    director.tell(r01, |a, p| {
        buys(a, p, Slot::Month, 1, 340_000);
        release(a)
    });
    let r02 = story(
        "R02",
        1_500_002,
        "Harriet Whitcombe",
        At::London,
        "Paid by a cheque that has not cleared.",
    );
    director.tell(r02, |a, p| {
        let invoice = buys(a, p, Slot::Month, 2, 260_000);
        let total = a.invoices[invoice].total.minor();
        let at = a.receives(
            p,
            Some(invoice),
            total,
            Receipt {
                method: Method::Cheque,
                days_ago: 2,
            },
        );
        a.payments[at].cleared_on = None;
        a.clears(p, invoice, at);
        release(a)
    });
    let r03 = story(
        "R03",
        1_500_003,
        "Wyatt Abernathy",
        At::NewYork,
        "The auto-charge took hammer and premium; the sales tax is open.",
    );
    director.tell(r03, |a, p| {
        let invoice = buys(a, p, Slot::Month, 3, 450_000);
        let charged: Vec<_> = a
            .lines
            .iter()
            .take(2)
            .map(|line| (line.line, line.amount.minor()))
            .collect();
        let sum = charged.iter().map(|(_, amount)| amount).sum();
        a.pays_leaving_residual(p, invoice, sum, card(24));
        if let Some(whole) = a.allocations.pop() {
            for (line, amount) in charged {
                let mut part = whole.clone();
                (part.line, part.amount) = (Some(line), p.money(amount));
                a.allocations.push(part);
            }
        }
        release(a)
    });
    let r04 = story(
        "R04",
        1_500_004,
        "Søren Kjærgaard",
        At::London,
        "Paid, but storage was billed since and is open.",
    );
    director.tell(r04, |a, p| {
        let invoice = buys(a, p, Slot::Past, 4, 380_000);
        a.pays(p, invoice, wire(50));
        let lot = a.lot_key(0);
        let dates = (p.day(-6), p.day(8));
        a.bill(
            p,
            InvoiceKind::Storage,
            None,
            dates,
            vec![(Some(lot), LineKind::Storage, 18_000)],
        );
        release(a)
    });
    director.cast(1_500_105, "Winthrop Holdings LLC", At::NewYork, |a, p| {
        a.client.group = Some(GroupId::new("GRP-WINTHROP"));
        a.client.kind = ClientKind::Company;
        buys(a, p, Slot::Past, 105, 2_600_000);
    });
    let r05 = story(
        "R05",
        1_500_005,
        "Louisa Winthrop",
        At::NewYork,
        "Paid, but a company of the same group owes since two months.",
    );
    director.tell(r05, |a, p| {
        a.client.group = Some(GroupId::new("GRP-WINTHROP"));
        bought_and_paid(a, p, 5, 300_000);
        release(a)
    });
    let r06 = story(
        "R06",
        1_500_006,
        "ليلى المنصوري|Layla Al Mansoori",
        At::London,
        "Somebody else paid: under payer review.",
    );
    director.tell(r06, |a, p| {
        let invoice = buys(a, p, Slot::Month, 6, 520_000);
        let total = a.invoices[invoice].total.minor();
        let at = a.receives(p, Some(invoice), total, wire(6));
        from_a_third_party(a, at);
        release(a)
    });
    let r07 = story(
        "R07",
        1_500_007,
        "Carter Rosenbaum",
        At::NewYork,
        "The card payment is disputed and the money withdrawn.",
    );
    director.tell(r07, |a, p| {
        let invoice = buys(a, p, Slot::Month, 7, 350_000);
        let payment = a.pays(p, invoice, card(20));
        dispute(a, p, payment, DisputeStage::EvidenceDue, true);
        release(a)
    });
}

fn people(director: &mut Director) {
    let r08 = story(
        "R08",
        1_500_008,
        "Łukasz Wiśniewski",
        At::London,
        "Paid and over the threshold; identity papers are missing.",
    );
    director.tell(r08, |a, p| {
        a.status().cdd = Some(CddState::Incomplete);
        a.status().cdd_expires_on = None;
        bought_and_paid(a, p, 8, 1_850_000);
        release(a)
    });
    let r09 = story(
        "R09",
        1_500_009,
        "Дмитрий Щербаков|Dmitry Shcherbakov",
        At::London,
        "A screening hit: compliance reads it, all others read a neutral sentence.",
    );
    director.tell(r09.by("compliance"), |a, p| {
        a.status().sanctions = Some(SanctionsState::Review);
        bought_and_paid(a, p, 9, 640_000);
        let no = a.no().to_string();
        hold(
            a,
            p,
            HoldScope::Client,
            no,
            HoldCode::Sanctions,
            "Name match with a designated person, list of 3 May",
        );
        release(a)
    });
    let r10 = story(
        "R10",
        1_500_010,
        "Götz von der Höhe",
        At::London,
        "Somebody else claims title to the lot.",
    );
    director.tell(r10, |a, p| {
        bought_and_paid(a, p, 10, 710_000);
        let lot = a.lot_key(0).to_string();
        hold(
            a,
            p,
            HoldScope::Lot,
            lot,
            HoldCode::TitleClaim,
            "The heirs of a former owner claim the lot",
        );
        release(a)
    });
    let r10 = story(
        "R10",
        1_500_110,
        "Любовь Достоевская|Lyubov Dostoevskaya",
        At::London,
        "A screening hit as a coordinator reads it: the same words as any internal review.",
    );
    director.tell(r10, |a, p| {
        a.status().sanctions = Some(SanctionsState::Review);
        bought_and_paid(a, p, 110, 560_000);
        release(a)
    });
}

fn agreements(director: &mut Director) {
    let r11 = story(
        "R11",
        1_500_011,
        "龔家輝|Ka Fai Kung",
        At::HongKong,
        "Terms approved, the signed letter is missing.",
    );
    director.tell(r11, |a, p| {
        let invoice = buys(a, p, Slot::Month, 11, 12_000_000);
        let at = terms(a, p, invoice, TermsState::Approved, 10);
        a.terms[at].documents_missing = Some("Signed terms letter".to_owned());
        release(a)
    });
    let r12 = story(
        "R12",
        1_500_012,
        "Beatrice Delacroix",
        At::NewYork,
        "An instalment of her terms is late.",
    );
    director.tell(r12, |a, p| {
        let invoice = buys(a, p, Slot::Past, 12, 7_500_000);
        let at = terms(a, p, invoice, TermsState::Breached, -20);
        a.terms[at].release_included = true;
        release(a)
    });
    let r13 = story(
        "R13",
        1_500_013,
        "Maison Crémieux SARL|Maison Cremieux",
        At::London,
        "A trade account over its limit.",
    );
    director.tell(r13, |a, p| {
        a.client.kind = ClientKind::Trade;
        a.status().credit_limit = Some(p.money(1_000_000));
        buys(a, p, Slot::Fresh, 13, 900_000);
        buys(a, p, Slot::Month, 113, 400_000);
        release(a)
    });
    let r22 = story(
        "R22",
        1_500_022,
        "Naomi Goldstein",
        At::NewYork,
        "The deposit would cover the rest, and is not applied yet.",
    );
    director.tell(r22, |a, p| {
        let deposit = 250_000;
        let invoice = buys(a, p, Slot::Month, 22, 800_000);
        let rest = a.invoices[invoice].total.minor() - deposit;
        a.deposits(p, &[p.sale(Slot::Month)], deposit, Method::Wire);
        a.pays_part(p, invoice, None, rest, wire(14));
        release(a)
    });
}

fn property(director: &mut Director) {
    let r14 = story(
        "R14",
        1_500_014,
        "Anaïs Noël",
        At::London,
        "To be exported; the licence is applied for.",
    );
    director.tell(r14, |a, p| {
        bought_and_paid(a, p, 14, 720_000);
        a.lots[0].lot.export_licence = Permit::Applied;
        warehouse(a, 0, ReleaseState::Blocked).route = ReleaseRoute::Export;
        release(a)
    });
    let r15 = story(
        "R15",
        1_500_015,
        "佐々木 美穂|Miho Sasaki",
        At::HongKong,
        "Ivory inlay: the permit is missing.",
    );
    director.tell(r15, |a, p| {
        bought_and_paid(a, p, 15, 1_400_000);
        a.lots[0].lot.cites = Permit::Needed;
        release(a)
    });
    let r16 = story(
        "R16",
        1_500_016,
        "Jérôme Brûlé",
        At::London,
        "Bought online from a trader: may still cancel.",
    );
    director.tell(r16, |a, p| {
        let invoice = buys(a, p, Slot::Fresh, 16, 180_000);
        a.pays(p, invoice, card(3));
        a.payments[0].cleared_on = Some(p.day(-1));
        a.lots[0].lot.cancellation_until = Some(p.day(10));
        release(a)
    });
    let r18 = story(
        "R18",
        1_500_018,
        "Alasdair Llewellyn",
        At::London,
        "The frame is being restored elsewhere.",
    );
    director.tell(r18, |a, p| {
        bought_and_paid(a, p, 18, 460_000);
        a.lots[0].lot.whereabouts = Whereabouts::Offsite;
        release(a)
    });
    let r20 = story(
        "R20",
        1_500_020,
        "Bronwen Featherstone",
        At::London,
        "The invoice is being issued again in the right name.",
    );
    director.tell(r20, |a, p| {
        let invoice = buys(a, p, Slot::Month, 20, 290_000);
        a.credits(p, invoice, p.day(-2));
        a.invoices[invoice].state = InvoiceState::Superseded;
        release(a)
    });
    let r21 = story(
        "R21",
        1_500_021,
        "June Whitfield",
        At::NewYork,
        "The sale was rescinded.",
    );
    director.tell(r21, |a, p| {
        let invoice = buys(a, p, Slot::Old, 21, 610_000);
        a.credits(p, invoice, p.day(-80));
        a.invoices[invoice].state = InvoiceState::Cancelled;
        release(a)
    });
    let r23 = story(
        "R23",
        1_500_023,
        "Saoirse MacAllister",
        At::PrivateLondon,
        "Paid as far as we know; the private sales ledger is too old to say.",
    );
    director.tell(r23, |a, p| {
        bought_and_paid(a, p, 23, 500_000);
        release(a)
    });
    let r24 = story(
        "R24",
        1_500_024,
        "Rupert Okonkwo",
        At::London,
        "Held by hand: a condition report is under discussion.",
    );
    director.tell(r24, |a, p| {
        bought_and_paid(a, p, 24, 330_000);
        let number = a.invoices[0].key.number.to_string();
        hold(
            a,
            p,
            HoldScope::Invoice,
            number,
            HoldCode::Manual,
            "Condition report under discussion with the buyer",
        );
        release(a)
    });
}

fn papers(director: &mut Director) {
    let r17 = story(
        "R17",
        1_500_017,
        "Theodora Onassis|Θεοδώρα Ωνάση",
        At::London,
        "A courier came without a letter.",
    );
    director.tell(r17.by("shipping"), |a, p| {
        bought_and_paid(a, p, 17, 270_000);
        warehouse(a, 0, ReleaseState::Blocked).collector = Collector::Unverified;
        release(a)
    });
    let r19 = story(
        "R19",
        1_500_019,
        "สมชาย วัฒนกุล|Somchai Wattanakul",
        At::HongKong,
        "Delivery: the shipping quote is not accepted.",
    );
    director.tell(r19.by("shipping"), |a, p| {
        bought_and_paid(a, p, 19, 980_000);
        let it = warehouse(a, 0, ReleaseState::Blocked);
        (it.route, it.quote) = (ReleaseRoute::Delivery, Quote::Sent);
        release(a)
    });
}

fn outcomes(director: &mut Director) {
    let released = story(
        "RELEASED",
        1_500_025,
        "Madison Vanderhoeven",
        At::NewYork,
        "Collected a week ago.",
    );
    director.tell(released.by("shipping"), |a, p| {
        bought_and_paid(a, p, 25, 220_000);
        let on = p.day(-7);
        let it = warehouse(a, 0, ReleaseState::Released);
        (it.on, it.to) = (Some(on), Some("Madison Vanderhoeven, in person".to_owned()));
        release(a)
    });
    let authorised = story(
        "AUTHORISED",
        1_500_026,
        "Hugh Ashworth",
        At::London,
        "Nothing blocks it, and the warehouse has the authorisation.",
    );
    director.tell(authorised.by("shipping"), |a, p| {
        bought_and_paid(a, p, 26, 240_000);
        let on = p.day(-1);
        warehouse(a, 0, ReleaseState::Authorised).on = Some(on);
        release(a)
    });
    let releasable = story(
        "RELEASABLE",
        1_500_027,
        "Eleanor Thistlethwaite",
        At::London,
        "Nothing blocks it; it must still be authorised.",
    );
    director.tell(releasable, |a, p| {
        bought_and_paid(a, p, 27, 310_000);
        release(a)
    });
    let partial = story(
        "PARTIAL",
        1_500_028,
        "歐陽詠欣|Wing Yan Au-Yeung",
        At::HongKong,
        "Two lots on one invoice, one of them paid for: that one may go.",
    );
    director.tell(partial, |a, p| {
        let invoice = a.buys(p, p.sale(Slot::Month), &[(28, 1_200_000), (128, 2_000_000)]);
        let lot = a.lot_key(0);
        let of_lot: i64 = a
            .lines
            .iter()
            .filter(|line| line.lot.as_ref() == Some(&lot))
            .map(|line| line.amount.minor())
            .sum();
        a.pays_part(p, invoice, Some(lot), of_lot, wire(12));
        format!("/release {}", a.invoices[invoice].key.number)
    });
    let exception = story(
        "EXCEPTION",
        1_500_029,
        "Museum of the Prairie",
        At::NewYork,
        "Released with a balance open, under an approval.",
    );
    director.tell(exception, |a, p| {
        a.client.kind = ClientKind::Company;
        let invoice = buys(a, p, Slot::Month, 29, 5_400_000);
        let total = a.invoices[invoice].total;
        let sale_ended = p.sale(Slot::Month).ends_on;
        let until = p.day(40);
        let it = warehouse(a, 0, ReleaseState::ExceptionReleased);
        it.on = Some(sale_ended + TimeDelta::days(12));
        it.to = Some("Museum courier".to_owned());
        it.authority = Some(AuthorityId::new("AUT-2217"));
        it.authorised_by = Some("Finance director".to_owned());
        it.authority_until = Some(until);
        it.residual = Some(total);
        release(a)
    });
}
