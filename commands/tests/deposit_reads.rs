//! What people read when they ask for deposits, for a client's whole picture and for the feeds; and that
//! none of it tells a restricted review from another.

#[path = "../../crates/domain/tests/deposit_house/mod.rs"]
mod deposit_house;

use chrono::TimeDelta;
use deposit_house::{asker, facts, house, noon, on, sale};
use hammerdesk_commands::client::{Found, masked, reply_found, reply_show};
use hammerdesk_commands::feed::{BatchLine, FeedRow, reply_status};
use hammerdesk_commands::{deposit, render};
use hammerdesk_domain::deposit::{DepositQuestion, decide};
use hammerdesk_domain::facts::AccountFacts;
use hammerdesk_domain::freshness::{Needed, SourceState};
use hammerdesk_domain::ids::{ClientNo, EntityCode, HoldId, InvoiceNo, SaleNo, SourceId};
use hammerdesk_domain::location::WorkingDays;
use hammerdesk_domain::message::{Outcome, Reply};
use hammerdesk_domain::model::{
    Alias, AliasKind, Confidentiality, GroupDebt, Hold, HoldCode, HoldScope, HoldState, ItemKind, LedgerItem,
    NoBid, SanctionsState,
};

fn ledger(hours: i64) -> SourceState {
    SourceState {
        source: SourceId::new("sap"),
        name: "ledger".to_owned(),
        needed_for: Needed {
            balance: true,
            deposit: true,
            ..Needed::default()
        },
        extracted_at: Some(noon(on("2026-09-14")).now - TimeDelta::hours(hours)),
        soft: TimeDelta::hours(26),
        hard: TimeDelta::hours(72),
        zone: chrono_tz::Tz::UTC,
        days: WorkingDays {
            weekend: Default::default(),
            holidays: Default::default(),
        },
        may_miss: "later payments".to_owned(),
    }
}

fn world() -> AccountFacts {
    let mut facts = facts();
    facts.sources = vec![ledger(3)];
    facts
}

fn ask(facts: &AccountFacts, role: &str, sale: Option<&str>) -> Reply {
    let question = DepositQuestion {
        sale: sale.map(SaleNo::from),
    };
    let who = asker(role);
    deposit::reply(
        &decide(facts, &who, &house(), &question, noon(on("2026-09-14"))),
        &who,
    )
}

fn show(facts: &AccountFacts, role: &str) -> Reply {
    reply_show(facts, &aliases(), &asker(role), &house(), noon(on("2026-09-14")))
}

fn aliases() -> Vec<Alias> {
    let alias = |kind, value: &str, sale: Option<&str>| Alias {
        client: ClientNo::parse("1001").expect("a number"),
        kind,
        value: value.to_owned(),
        sale: sale.map(SaleNo::from),
    };
    vec![
        alias(AliasKind::Email, "ada@analytical.example", None),
        alias(AliasKind::Phone, "+44 20 7946 0958", None),
        alias(AliasKind::Paddle, "87", Some("L1")),
        alias(AliasKind::Stripe, "cus_9f8e7d6c5b", None),
    ]
}

fn hold(code: HoldCode) -> Hold {
    Hold {
        id: HoldId::new("HOLD-4711"),
        scope: HoldScope::Client,
        client: ClientNo::parse("1001"),
        reference: "0000001001".to_owned(),
        code,
        state: HoldState::Active,
        raised_by: None,
        raised_at: None,
        owner: None,
        reason: Some("zzreason".to_owned()),
        expires_on: None,
        restricted: false,
    }
}

fn bill(amount: &str, due: &str) -> LedgerItem {
    LedgerItem {
        entity: EntityCode::new("LON1"),
        document: "90001".to_owned(),
        year: 2026,
        line: 1,
        client: ClientNo::parse("1001").expect("a number"),
        kind: ItemKind::Invoice,
        amount: amount.parse().expect("an amount"),
        posted_on: on("2026-08-01"),
        document_on: None,
        due_on: Some(on(due)),
        invoice: Some(InvoiceNo::new("INV3")),
        cleared_on: None,
        cleared_by: None,
        reopened_on: None,
        disputed: false,
        blocked: false,
        gone: None,
        reference: None,
    }
}

#[test]
fn an_eligible_deposit_says_how_much_by_when_and_what_to_tell_the_client() {
    let reply = ask(&world(), "coordinator", None);
    insta::assert_snapshot!(render::plain(&reply), @r#"
    Ada Lovelace · 1001  [ELIGIBLE]
    Deposit D1 · LON1 · GBP
      Deposit    GBP 5,000.00
      To refund  GBP 5,000.00
      Sale       L1
      Due by     2026-09-17
      P7 deposit of GBP 5,000.00 eligible; due by 17 Sep 2026
      Next: accounts receivable.
    To the client: "Your deposit of GBP 5,000.00 is due to be refunded by 17 Sep 2026."
    As of: ledger 2026-09-14 09:00 UTC

    > Show balance: /balance 0000001001
    "#);
    let line = &reply.facts["deposits"][0];
    assert_eq!(line["id"], "D1");
    assert_eq!(line["amount"], "5000.00");
    assert_eq!(line["currency"], "GBP");
    assert_eq!(line["status"], "P7");
    assert_eq!(line["eligible"], true);
    assert_eq!(line["failed"], serde_json::json!([]));
    assert_eq!(line["due_by"], "2026-09-17");
}

#[test]
fn a_blocked_deposit_names_every_requirement_that_is_not_met() {
    let mut facts = world();
    facts.items.push(bill("GBP 800.00", "2026-09-01"));
    facts.group_debts.push(GroupDebt {
        client: ClientNo::parse("7777").expect("a number"),
        entity: EntityCode::new("HKG1"),
        overdue: "HKD 9000.00".parse().expect("an amount"),
        oldest_days: 40,
    });
    facts.deposits[0].destination = hammerdesk_domain::model::Destination::Missing;
    let reply = ask(&facts, "coordinator", None);
    insta::assert_snapshot!(render::plain(&reply), @r#"
    Ada Lovelace · 1001  [BLOCKED]
    Deposit D1 · LON1 · GBP
      Deposit                          GBP 5,000.00
      Sale                             L1
      Due by, once nothing is missing  2026-09-17
    ! P8 blocked by debt
      Debt: GBP 800.00 at LON1 past due, oldest 13 days.
      Debt: HKD 9,000.00 at HKG1 past due from another member of the group, oldest 40 days.
      Also needs a destination: no destination is on file.
      Debt in another currency: HKD 9,000.00 is owed at HKG1; nothing is netted, and an exchange is at the client's cost.
      Next: the AR manager.
    Not met
    ! D5 GBP 800.00 at LON1 past due, oldest 13 days; HKD 9,000.00 at HKG1 past due from another member of the group, oldest 40 days
    ! D9 no destination is on file
    To the client: "There is an open balance on your account."
    As of: ledger 2026-09-14 09:00 UTC

    > Show balance: /balance 0000001001
    "#);
    assert_eq!(
        reply.facts["deposits"][0]["failed"],
        serde_json::json!(["D5", "D9"])
    );
    assert!(
        !reply.facts.to_string().contains("7777"),
        "another member of the group is named"
    );
}

#[test]
fn the_call_centre_reads_the_clients_sentence_and_no_reason() {
    let mut facts = world();
    facts.items.push(bill("GBP 800.00", "2026-09-01"));
    let reply = ask(&facts, "call_centre", None);
    let text = format!(
        "{}\n{}\n{}",
        render::plain(&reply),
        render::explained(&reply),
        reply.facts
    );
    assert!(text.contains("There is an open balance on your account."));
    for secret in ["800", "D5", "AR manager", "past due"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[test]
fn no_deposit_for_a_sale_points_to_the_sales_that_have_one() {
    let mut facts = world();
    facts.sales.push(sale("L9", &house().locations[0], "2026-09-20"));
    let reply = ask(&facts, "coordinator", Some("L9"));
    assert_eq!(
        reply.text,
        "No deposit is recorded for sale L9. There are deposits for: L1."
    );
    assert_eq!(reply.facts["status"], "P0");
    assert_eq!(
        reply.actions.last().map(|action| action.run.as_str()),
        Some("/deposit 0000001001")
    );
}

#[test]
fn a_ledger_past_its_hard_limit_gives_no_amount_anywhere() {
    let mut facts = world();
    facts.items.push(bill("GBP 800.00", "2026-09-01"));
    facts.sources = vec![ledger(100)];
    for reply in [ask(&facts, "coordinator", None), show(&facts, "coordinator")] {
        let text = format!("{} {}", render::plain(&reply), reply.facts);
        assert!(
            !text.contains("800") && !text.contains("5,000") && !text.contains("5000"),
            "{text}"
        );
    }
    assert_eq!(ask(&facts, "coordinator", None).outcome, Outcome::Stale);
}

#[test]
fn the_whole_picture_is_one_card_with_masked_names() {
    let mut facts = world();
    facts.items.push(bill("GBP 800.00", "2026-09-01"));
    facts.status.no_bid = NoBid::DepositRequired;
    facts.status.no_bid_reason = Some("paid late twice".to_owned());
    facts.client.owner = Some("Grace Hopper".to_owned());
    insta::assert_snapshot!(render::plain(&show(&facts, "coordinator")), @r#"
    Ada Lovelace · 1001
      Number         0000001001
      Kind           person
      Owner          Grace Hopper
      Also known as  email a…@a….example; phone …0958; paddle 87 in sale L1; stripe …6c5b
    Flags
    ! May bid with a deposit only: paid late twice.
    LON1 · GBP
      Billed, open   GBP 800.00
      Credits, open    GBP 0.00
    ! Overdue        GBP 800.00  oldest 13 days
      Invoice  Due               Open
      -------------------------------
      INV3     2026-09-01  GBP 800.00
    Deposits
      P8 D1 of GBP 5,000.00: blocked by debt
    As of: ledger 2026-09-14 09:00 UTC

    > Show balance: /balance 0000001001
    > Show deposits: /deposit 0000001001
    "#);
}

#[test]
fn nothing_that_anybody_reads_tells_a_restricted_review_from_another() {
    let spoilt = |spoil: &dyn Fn(&mut AccountFacts)| {
        let mut facts = world();
        facts.status.no_bid = NoBid::Blocked;
        facts.status.no_bid_reason = Some("zzreason of the sanctions desk".to_owned());
        spoil(&mut facts);
        facts
    };
    let ordinary = spoilt(&|facts| facts.holds.push(hold(HoldCode::StolenArt)));
    let restricted = [
        spoilt(&|facts| facts.holds.push(hold(HoldCode::Sanctions))),
        spoilt(&|facts| facts.holds.push(hold(HoldCode::Legal))),
        spoilt(&|facts| facts.status.sanctions = Some(SanctionsState::Review)),
    ];
    let all = |facts: &AccountFacts, role: &str| {
        let replies = [ask(facts, role, None), show(facts, role)];
        let told = replies.map(|reply| {
            let json = serde_json::to_string(&reply).expect("a reply is JSON");
            format!("{}\n{}\n{json}", render::plain(&reply), render::explained(&reply))
        });
        told.join("\n")
    };
    for role in ["coordinator", "call_centre"] {
        let expected = all(&ordinary, role);
        for facts in &restricted {
            assert_eq!(all(facts, role), expected, "{role}");
        }
        for secret in ["zzreason", "anction", "HOLD-4711", "stolen", "screening"] {
            assert!(!expected.contains(secret), "{secret} in {expected}");
        }
        assert!(expected.to_lowercase().contains("internal review"));
    }
    assert!(all(&restricted[0], "compliance").contains("zzreason"));
}

#[test]
fn other_names_are_masked_and_unseen_clients_are_not_found() {
    let told: Vec<String> = aliases().iter().map(masked).collect();
    assert_eq!(
        told,
        [
            "email a…@a….example",
            "phone …0958",
            "paddle 87 in sale L1",
            "stripe …5b"
        ]
        .map(|text| text.replace("…5b", "…6c5b"))
    );
    let found = |confidentiality| {
        let mut client = facts().client;
        client.confidentiality = confidentiality;
        vec![Found {
            client,
            matched: aliases().into_iter().next(),
        }]
    };
    let seen = reply_found(&found(Confidentiality::Normal), &asker("coordinator"));
    assert_eq!(seen.cards[0].title, "1 client");
    assert!(!serde_json::to_string(&seen).expect("JSON").contains("analytical"));
    let unseen = reply_found(&found(Confidentiality::Restricted), &asker("coordinator"));
    assert_eq!(
        (&unseen, unseen.outcome),
        (&reply_found(&[], &asker("coordinator")), Outcome::Unknown)
    );
}

#[test]
fn the_feeds_say_how_old_they_are_what_came_and_what_was_set_aside() {
    let batch = BatchLine {
        file: "fbl5n-2026-09-14.csv".to_owned(),
        imported_at: noon(on("2026-09-14")).now,
        rows: 1200,
        accepted: 1197,
        quarantined: 3,
        totals: vec![(
            "ledger GBP".to_owned(),
            "GBP 1234567.89".parse().expect("an amount"),
        )],
        status: "imported".to_owned(),
    };
    let mut bank = ledger(80);
    (bank.name, bank.source) = ("bank".to_owned(), SourceId::new("bank"));
    let rows = [
        FeedRow {
            state: ledger(3),
            last: Some(batch),
        },
        FeedRow {
            state: bank,
            last: None,
        },
    ];
    let reply = reply_status(&rows, noon(on("2026-09-14")).now);
    insta::assert_snapshot!(render::plain(&reply), @r#"
    1 of 2 feeds too old to answer from. 3 rows are in quarantine.

    ledger  [FRESH]
    sap
      Age                        3 h
      Late after                 1 d 2 h
      Too old after              3 d
      Last file                  fbl5n-2026-09-14.csv (imported)
      Rows                                                  1200
      Accepted                                              1197
    ! In quarantine                                            3
      Control total: ledger GBP                 GBP 1,234,567.89
    As of: ledger 2026-09-14 09:00 UTC

    bank  [TOO OLD]
    bank
    ! Some of the data is old: see the as-of line.
    ! Age            3 d 8 h
      Late after     1 d 2 h
      Too old after  3 d
    As of: bank 2026-09-11 04:00 UTC (old: may miss later payments)
    "#);
    assert_eq!(reply.facts["feeds"][0]["last"]["quarantined"], 3);
    assert_eq!(reply.facts["feeds"][1]["freshness"], "hard");
}
