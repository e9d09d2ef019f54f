//! What people read when they ask whether a lot may go.

#[path = "../../crates/domain/tests/release_world/mod.rs"]
mod release_world;

use hammerdesk_commands::{release, render};
use hammerdesk_domain::ids::{InvoiceNo, LotKey};
use hammerdesk_domain::message::{Outcome, Reply};
use hammerdesk_domain::release::ReleaseQuestion;
use release_world::{World, asker, named};

const PAID: &[&str] = &[
    "now 2026-03-10T12:00:00Z",
    "threshold GBP 10,000.00",
    "due diligence complete",
    "screening clear",
    "sale S100 ended 2026-02-20",
    "lot 12 sold for GBP 10,000.00",
    "invoice 900001 GBP 12,000.00 due 2026-03-01",
    "line 1 hammer lot 12 GBP 10,000.00",
    "line 2 vat lot 12 GBP 2,000.00",
    "feed ledger 2 hours_old",
];

fn told(more: &[&str]) -> World {
    World::told(&[PAID, more].concat())
}

fn lot_12() -> ReleaseQuestion {
    ReleaseQuestion::Lot(LotKey {
        sale: "S100".into(),
        lot: "12".into(),
    })
}

fn replied(world: &World, who: &str, question: &ReleaseQuestion) -> Reply {
    let who = named(who);
    release::reply(&world.ask(&who, question), &who)
}

fn many(lots: usize) -> World {
    let mut told: Vec<String> = PAID[..5].iter().map(|told| (*told).to_owned()).collect();
    told.extend((1..=lots).map(|n| format!("lot {n} sold for GBP 10.00")));
    told.push(format!("invoice 900001 GBP {}.00 due 2026-03-20", lots * 10));
    told.extend((1..=lots).map(|n| format!("line {n} hammer lot {n} GBP 10.00")));
    told.push("ledger open".to_owned());
    World::told(&told)
}

#[test]
fn a_coordinator_reads_each_reason_who_clears_it_and_what_to_tell_the_client() {
    let world = told(&["ledger open", "lot 12 is in_transit", "hold fraud on client"]);
    insta::assert_snapshot!(render::plain(&replied(&world, "coordinator", &lot_12())), @r#"
    Ada Lovelace · 140105686  [BLOCKED]
    Release · lot 12 of sale S100 · Vase 12
    ! Not to be released yet.
    What blocks it
    ! R01 unpaid: GBP 12,000.00 of invoice 900001 is open. To clear: payment applied. Who: coordinator (posting) or the client (payment).
    ! R10 internal review: This is under internal review. Details are with the reviewing team. To clear: the decision of the review. Who: the reviewing team.
    ! R18 lot not at location: the lot is in transit. To clear: the lot arrives. Who: logistics.
    To the client: "We cannot release lot 12 yet: payment is outstanding, your account is under internal review, and the property is being moved."
    As of: ledger 2026-03-10 10:00 UTC

    > Show balance: /balance 0140105686
    > Show invoice 900001: /invoice 900001
    "#);
}

#[test]
fn the_call_centre_reads_the_outcome_and_what_to_tell_the_client() {
    let world = told(&[
        "ledger open",
        "lot 12 is in_transit",
        "hold manual on client owned by director",
    ]);
    insta::assert_snapshot!(render::plain(&replied(&world, "call centre", &lot_12())), @r#"
    Ada Lovelace · 140105686  [BLOCKED]
    Release · lot 12 of sale S100 · Vase 12
    ! Not to be released yet.
    To the client: "We cannot release lot 12 yet: payment is outstanding, and the property is being moved. Please speak to London client accounts."
    As of: ledger 2026-03-10 10:00 UTC
    "#);
}

#[test]
fn a_lot_without_blocker_is_not_called_released() {
    let paid = [
        "ledger cleared 2026-03-03",
        "paid GBP 12,000.00 by wire cleared 2026-03-02 for the invoice",
    ];
    let world = told(&paid);
    insta::assert_snapshot!(render::plain(&replied(&world, "coordinator", &lot_12())), @r#"
    Ada Lovelace · 140105686  [RELEASABLE]
    Release · lot 12 of sale S100 · Vase 12
      No blocker found; release must be authorised in the warehouse system.
    To the client: "We have found nothing that holds lot 12; we will confirm once the release is authorised."
    As of: ledger 2026-03-10 10:00 UTC

    > Show balance: /balance 0140105686
    > Show invoice 900001: /invoice 900001
    "#);
}

#[test]
fn some_lots_may_go_and_some_not() {
    let world = told(&[
        "policy per lot",
        "lot 13 sold for GBP 5,000.00",
        "invoice 900002 GBP 5,000.00 due 2026-03-20",
        "line 1 hammer lot 13 GBP 5,000.00",
        "ledger open",
        "invoice 900001 again",
        "ledger cleared 2026-03-03",
        "paid GBP 12,000.00 by wire cleared 2026-03-02 for lot 12",
        "lot 14 sold for GBP 5.00",
        "invoice 900003 GBP 5.00 due 2026-02-28",
        "line 1 hammer lot 14 GBP 5.00",
        "ledger cleared 2026-03-01",
        "warehouse lot 14 released on 2026-03-04 to Jo Carrier",
    ]);
    insta::assert_snapshot!(render::plain(&replied(&world, "coordinator", &ReleaseQuestion::Client)), @r#"
    Ada Lovelace · 140105686  [PARTIAL]
    Release of 3 lots
    ! 1 may go, 1 may not.
    Lots
      Lot      Title    Status      Because
      -------------------------------------
      S100/12  Vase 12  RELEASABLE
      S100/13  Vase 13  BLOCKED     R01
      S100/14  Vase 14  RELEASED
    What blocks it
    ! R01 unpaid (lot 13): GBP 5,000.00 of invoice 900002 is open. To clear: payment applied. Who: coordinator (posting) or the client (payment).
    To the client: "We have found nothing that holds lot 12; we will confirm once the release is authorised. We cannot release lot 13 yet: payment is outstanding. Lot 14 was released on 4 Mar 2026."
    As of: ledger 2026-03-10 10:00 UTC

    > Show balance: /balance 0140105686
    > Show invoice 900001: /invoice 900001
    > Show invoice 900002: /invoice 900002
    "#);
}

#[test]
fn lots_of_several_sales_are_named_with_their_sale() {
    let world = told(&[
        "ledger open",
        "sale S200 ended 2026-02-21",
        "lot 12 sold for GBP 5.00",
        "invoice 900002 GBP 5.00 due 2026-03-20",
        "line 1 hammer lot 12 GBP 5.00",
        "ledger open",
        "lot 12 is in_transit",
    ]);
    let said = render::plain(&replied(&world, "coordinator", &ReleaseQuestion::Client));
    assert!(said.contains("R18 lot not at location (lot S200/12): "), "{said}");
    assert!(
        said.contains("We cannot release lot S100/12 yet: payment is outstanding."),
        "{said}"
    );
    assert!(!said.contains("lots 12, 12"), "{said}");
}

#[test]
fn a_release_with_a_balance_open_shows_its_approval() {
    let world = told(&[
        "ledger open",
        "warehouse lot 12 exception_released on 2026-03-05 to Jo Carrier",
        "approval A-77 for lot 12 by director until 2026-03-31 residual GBP 12,000.00",
    ]);
    insta::assert_snapshot!(render::plain(&replied(&world, "coordinator", &lot_12())), @r#"
    Ada Lovelace · 140105686  [RELEASED]
    Release · lot 12 of sale S100 · Vase 12
      Released on 5 Mar 2026, as the warehouse system says.
    Release with a balance open, lot 12
      Approval       A-77
      Approved by    director
      Until          2026-03-31
      Residual owed  GBP 12,000.00
      Standing       in force
    To the client: "Lot 12 was released on 5 Mar 2026."
    As of: ledger 2026-03-10 10:00 UTC

    > Show balance: /balance 0140105686
    > Show invoice 900001: /invoice 900001
    "#);
}

#[test]
fn only_who_may_read_it_learns_to_whom_a_lot_went() {
    let world = told(&[
        "ledger cleared 2026-03-03",
        "warehouse lot 12 released on 2026-03-05 to Jo Carrier",
    ]);
    for (who, reads) in [
        ("compliance", true),
        ("coordinator", false),
        ("call centre", false),
    ] {
        let reply = replied(&world, who, &lot_12());
        assert_eq!(reply.facts["outcome"], "RELEASED");
        assert_eq!(reply.facts["lots"][0]["on"], "2026-03-05");
        let all = format!("{} {:?}", render::plain(&reply), reply);
        assert_eq!(all.contains("Jo Carrier"), reads, "{who}: {all}");
    }
}

#[test]
fn programs_read_the_contract() {
    let world = told(&["ledger open"]);
    let facts = replied(&world, "coordinator", &lot_12()).facts;
    assert_eq!(facts["outcome"], "BLOCKED");
    assert_eq!(facts["lots"][0]["lot"], "S100/12");
    assert_eq!(facts["lots"][0]["outcome"], "BLOCKED");
    assert_eq!(facts["lots"][0]["reasons"][0]["code"], "R01");
    assert_eq!(
        facts["lots"][0]["reasons"][0]["client_text"],
        "payment is outstanding"
    );
    assert_eq!(facts["lots"][0]["reasons"][0]["clears"], "payment applied");
    assert_eq!(
        facts["lots"][0]["reasons"][0]["by"],
        "coordinator (posting) or the client (payment)"
    );
    assert_eq!(facts["lots"][0]["open"][0]["amount"], "12000.00");
}

#[test]
fn without_the_permission_no_amount_owner_or_reason_is_in_any_part_of_the_reply() {
    let world = told(&[
        "ledger open",
        "hold manual on client owned by saleroom_director",
        "group debt USD 5.00",
    ]);
    let reply = replied(&world, "call centre", &lot_12());
    let all = format!(
        "{} {} {reply:?}",
        render::plain(&reply),
        render::explained(&reply)
    );
    for hidden in ["12,000", "12000", "saleroom director", "group", "H1"] {
        assert!(!all.contains(hidden), "{hidden} in {all}");
    }
    assert!(
        reply.actions.is_empty(),
        "nothing that the call centre may not ask"
    );
}

#[test]
fn many_lots_are_cut_and_the_whole_comes_as_a_file() {
    let reply = replied(
        &many(60),
        "coordinator",
        &ReleaseQuestion::Invoice(InvoiceNo::new("900001")),
    );
    let plain = render::plain(&reply);
    assert!(plain.contains("  35 more\n"), "{plain}");
    assert_eq!(reply.files.len(), 1);
    let file = String::from_utf8(reply.files[0].content.clone()).expect("a text");
    assert_eq!(file.lines().count(), 61);
    assert!(
        file.lines()
            .nth(60)
            .is_some_and(|line| line.starts_with("S100,60,Vase 60,BLOCKED,R01,")),
        "{file}"
    );
    assert!(
        replied(&many(25), "coordinator", &ReleaseQuestion::Client)
            .files
            .is_empty()
    );
}

#[test]
fn a_title_is_no_formula_in_the_file() {
    let mut world = many(26);
    world.facts.lots[0].title = "=HYPERLINK(\"http://x\",\"a\")\u{202E}\nnext".to_owned();
    let reply = replied(&world, "coordinator", &ReleaseQuestion::Client);
    let file = String::from_utf8(reply.files[0].content.clone()).expect("a text");
    assert!(
        file.contains("S100,1,\"'=HYPERLINK(\"\"http://x\"\",\"\"a\"\") next\",BLOCKED"),
        "{file}"
    );
}

#[test]
fn a_question_that_touches_no_lot_says_so() {
    let reply = replied(&World::told(&PAID[..5]), "coordinator", &ReleaseQuestion::Client);
    assert_eq!(
        (reply.outcome, reply.text.as_str()),
        (Outcome::Unknown, "No lot bought by this client is on record.")
    );
}

#[test]
fn who_may_not_know_of_the_client_learns_nothing_not_even_the_name() {
    let mut world = told(&["ledger open"]);
    world.facts.client.confidentiality = hammerdesk_domain::model::Confidentiality::Vip;
    for who in [named("coordinator"), asker("intern", &[])] {
        let reply = release::reply(&world.decide(&who), &who);
        assert_eq!(reply.outcome, Outcome::Refused);
        assert!(!format!("{reply:?}").contains("Ada"), "{reply:?}");
    }
}
