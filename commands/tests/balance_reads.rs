//! What people read when they ask for a balance or an invoice, and what programs get.

#[path = "../../crates/domain/tests/balance_world/mod.rs"]
mod balance_world;

use balance_world::{asker, facts, house, noon};
use chrono::NaiveDate;
use hammerdesk_commands::render::{explained, plain};
use hammerdesk_commands::{balance, invoice};
use hammerdesk_domain::balance::{BalanceQuestion, decide};
use hammerdesk_domain::facts::Moment;
use hammerdesk_domain::ids::InvoiceKey;
use hammerdesk_domain::message::Reply;
use insta::assert_snapshot;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 20).expect("a date")
}

fn moment() -> Moment {
    Moment {
        now: noon(today()),
        as_of: None,
    }
}

fn ask(role: &str, sentences: &[&str]) -> Reply {
    let sentences: Vec<String> = sentences.iter().map(ToString::to_string).collect();
    let asker = asker(role);
    let answer = decide(
        &facts(&sentences, today()),
        &asker,
        &house(),
        &BalanceQuestion::default(),
        moment(),
    );
    balance::reply(&answer, &asker)
}

fn invoice_100(role: &str, sentences: &[&str]) -> Reply {
    let sentences: Vec<String> = sentences.iter().map(ToString::to_string).collect();
    let key = InvoiceKey {
        entity: "LON1".into(),
        number: "100".into(),
        year: 2026,
    };
    invoice::reply(
        &facts(&sentences, today()),
        &key,
        &asker(role),
        &house(),
        moment(),
    )
}

const OVERDUE: &[&str] = &[
    "source SAP hours-old 6",
    "invoice 100 GBP 1,200.00 due 2026-03-08",
    "payment 901 GBP 500.00 for 100",
    "invoice 101 GBP 4,000.00 due 2026-04-08",
    "credit 902 GBP 150.00",
    "deposit D1 GBP 5,000.00 taken 2026-03-01",
    "accrued interest GBP 12.34 through 2026-03-19",
];

#[test]
fn a_coordinator_reads_what_is_overdue_and_everything_beside_it() {
    assert_snapshot!(plain(&ask("coordinator", OVERDUE)), @r#"
        London: GBP 700.00 overdue, oldest 12 days.

        Ada Lovelace · 140105686  [OVERDUE]
        London · LON1 · GBP
          Billed and open      GBP 4,700.00
          Not due              GBP 4,000.00  next 8 Apr 2026
        ! Overdue                GBP 700.00  oldest 12 days
          Credits open         GBP (150.00)
          Ledger balance       GBP 4,550.00
          Deposits held        GBP 5,000.00  not applied
          Accrued, indicative     GBP 12.34  not billed, not counted
        To pay
          Billed and open                GBP 4,700.00
          less credits that can be used  GBP (150.00)
          Amount to pay                  GBP 4,550.00
        Ageing, days past due
          current  GBP 4,000.00  1 item
          1-30       GBP 700.00  1 item
          31-60        GBP 0.00
          61-90        GBP 0.00
          90+          GBP 0.00
        Overdue
          Invoice  Due         Days        Open
          -------------------------------------
          100      2026-03-08    12  GBP 700.00
        ! B8 GBP 700.00 overdue in 1 item, the oldest by 12 days.
          → Collections: London client accounts.
          B18 Deposit of GBP 5,000.00 held, not applied; it reduces nothing.
        To the client: "GBP 700.00 is past its due date. We hold a deposit of GBP 5,000.00, which is not applied."
        As of: SAP 2026-03-20 06:00 UTC

        > Invoice 100: /invoice 100
        > Invoice 101: /invoice 101
        > Release: /release 0140105686
        > Deposits: /deposit 0140105686
        > Client: /client show 0140105686
        "#);
}

#[test]
fn a_long_list_is_cut_and_comes_as_a_file() {
    let bills: Vec<String> = (1..=7)
        .map(|n| format!("invoice 10{n} GBP {n}00.00 due 2026-03-0{n}"))
        .collect();
    let reply = ask(
        "coordinator",
        &bills.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    assert_snapshot!(plain(&reply), @r#"
        London: GBP 2,800.00 overdue, oldest 19 days.

        Ada Lovelace · 140105686  [OVERDUE]
        London · LON1 · GBP
          Billed and open  GBP 2,800.00
        ! Overdue          GBP 2,800.00  oldest 19 days
        Ageing, days past due
          current      GBP 0.00
          1-30     GBP 2,800.00  7 items
          31-60        GBP 0.00
          61-90        GBP 0.00
          90+          GBP 0.00
        Overdue
          Invoice  Due         Days        Open
          -------------------------------------
          101      2026-03-01    19  GBP 100.00
          102      2026-03-02    18  GBP 200.00
          103      2026-03-03    17  GBP 300.00
          104      2026-03-04    16  GBP 400.00
          105      2026-03-05    15  GBP 500.00
          2 more
        ! B8 GBP 2,800.00 overdue in 7 items, the oldest by 19 days.
          → Collections: London client accounts.
        To the client: "GBP 2,800.00 is past its due date."

        > Invoice 101: /invoice 101
        > Invoice 102: /invoice 102
        > Invoice 103: /invoice 103
        > Release: /release 0140105686
        > Deposits: /deposit 0140105686
        > Client: /client show 0140105686

        File: open-items-140105686-2026-03-20.csv (560 bytes)
        "#);
    assert_eq!(reply.files[0].name, "open-items-140105686-2026-03-20.csv");
    assert_snapshot!(String::from_utf8_lossy(&reply.files[0].content), @r#"
        entity,currency,document,year,line,kind,invoice,instalment,posted_on,due_on,days_past_due,amount
        LON1,GBP,101,2026,1,invoice,101,,2026-01-02,2026-03-01,19,100.00
        LON1,GBP,102,2026,1,invoice,102,,2026-01-02,2026-03-02,18,200.00
        LON1,GBP,103,2026,1,invoice,103,,2026-01-02,2026-03-03,17,300.00
        LON1,GBP,104,2026,1,invoice,104,,2026-01-02,2026-03-04,16,400.00
        LON1,GBP,105,2026,1,invoice,105,,2026-01-02,2026-03-05,15,500.00
        LON1,GBP,106,2026,1,invoice,106,,2026-01-02,2026-03-06,14,600.00
        LON1,GBP,107,2026,1,invoice,107,,2026-01-02,2026-03-07,13,700.00
        "#);
}

#[test]
fn a_payment_that_was_seen_is_not_called_paid() {
    let reply = ask(
        "coordinator",
        &[
            "invoice 100 GBP 1,200.00 due 2026-03-08",
            "receipt p1 GBP 1,200.00 seen 2026-03-16 value 2026-03-17",
        ],
    );
    assert_snapshot!(plain(&reply), @r#"
        London: GBP 1,200.00 seen, not yet posted.

        Ada Lovelace · 140105686  [PAYMENT SEEN]
        London · LON1 · GBP
          Billed and open   GBP 1,200.00
        ! Overdue           GBP 1,200.00  oldest 12 days
          Seen, not posted  GBP 1,200.00
        To pay
          Billed and open                   GBP 1,200.00
          less payments seen, not posted  GBP (1,200.00)
          Amount to pay                         GBP 0.00
        Ageing, days past due
          current      GBP 0.00
          1-30     GBP 1,200.00  1 item
          31-60        GBP 0.00
          61-90        GBP 0.00
          90+          GBP 0.00
        Overdue
          Invoice  Due         Days          Open
          ---------------------------------------
          100      2026-03-08    12  GBP 1,200.00
        ! B8 GBP 1,200.00 overdue in 1 item, the oldest by 12 days.
          → Collections: London client accounts.
        ! B10 Payment of GBP 1,200.00 seen on 16 Mar 2026 (value 17 Mar 2026), not yet posted; it is expected to clear GBP 1,200.00. It is not paid yet.
          → Reconciliation task: unposted for 4 business days.
        To the client: "We have seen your payment of GBP 1,200.00 on 16 Mar 2026; it is not yet posted to your account."

        > Invoice 100: /invoice 100
        > Release: /release 0140105686
        > Deposits: /deposit 0140105686
        > Client: /client show 0140105686
        "#);
}

#[test]
fn terms_a_dispute_and_a_third_partys_receipt_stand_side_by_side() {
    let reply = ask(
        "coordinator",
        &[
            "invoice 100 GBP 1,200.00 due 2026-01-10",
            "terms T1 for 100 state effective",
            "instalment 1 of T1 GBP 400.00 due 2026-03-01",
            "instalment 2 of T1 GBP 800.00 due 2026-05-01",
            "receipt p1 GBP 800.00 seen 2026-02-01 posted 2026-02-03 state disputed",
            "dispute p1 GBP 800.00 stage evidence_due withdrawn due 2026-03-27",
            "receipt p2 GBP 400.00 seen 2026-03-18 state held_third_party",
        ],
    );
    assert_snapshot!(plain(&reply), @r#"
        London: GBP 800.00 disputed and owed again.

        Ada Lovelace · 140105686  [DISPUTED]
        London · LON1 · GBP
          Billed and open        GBP 1,200.00
          Not due                  GBP 800.00  next 1 May 2026
        ! Overdue                  GBP 400.00  oldest 19 days
        ! Held for payer review    GBP 400.00
        ! Disputed, owed again     GBP 800.00
        To pay
          Billed and open           GBP 1,200.00
          plus payments taken back    GBP 800.00
          Amount to pay             GBP 2,000.00
        Ageing, days past due
          current  GBP 800.00  1 item
          1-30     GBP 400.00  1 item
          31-60      GBP 0.00
          61-90      GBP 0.00
          90+        GBP 0.00
        Overdue
          Invoice            Due         Days        Open
          -----------------------------------------------
          100, instalment 1  2026-03-01    19  GBP 400.00
        ! B8 GBP 400.00 overdue in 1 item, the oldest by 19 days.
          → Collections: London client accounts.
        ! B12 Held for payer review, not counted as paid: GBP 400.00 seen on 18 Mar 2026.
          → Payer review by compliance.
        ! B13 A payment of GBP 800.00 cleared in the ledger but is disputed (evidence due): GBP 800.00 is owed again; evidence due by 27 Mar 2026 12:00 GMT.
          → Chargeback owner: send the evidence in time.
        ! B14 Terms T1 are in force: instalments 1 GBP 400.00 due 1 Mar 2026, late, 2 GBP 800.00 due 1 May 2026.
          → Remind the client of the instalment before the agreement is breached.
        To the client: "GBP 400.00 is past its due date. We are reviewing a payment we received. There is a query with your card issuer about a payment. An instalment is past its due date."

        > Invoice 100: /invoice 100
        > Release: /release 0140105686
        > Deposits: /deposit 0140105686
        > Client: /client show 0140105686
        "#);
}

#[test]
fn each_entity_and_currency_has_a_card_of_its_own_and_there_is_no_total() {
    let reply = ask(
        "coordinator",
        &[
            "invoice 100 GBP 1,200.00 due 2026-04-08",
            "credit 300 USD 2,000.00 at NYC1",
            "invoice 7 JPY 900000 due 2026-03-19",
        ],
    );
    assert_snapshot!(plain(&reply), @r#"
        London: GBP 1,200.00 open, not overdue. London: JPY 900,000 overdue, oldest 1 day. New York: credit of USD 2,000.00.

        Ada Lovelace · 140105686  [NOT DUE]
        London · LON1 · GBP
          Billed and open  GBP 1,200.00
          Not due          GBP 1,200.00  next 8 Apr 2026
          B9 GBP 1,200.00 open, none of it overdue. Next due on 8 Apr 2026.
          B16 One block each for LON1 GBP, LON1 JPY, NYC1 USD: they are never added up.
        To the client: "GBP 1,200.00 is open; the next payment is due on 8 Apr 2026."

        Ada Lovelace · 140105686  [OVERDUE]
        London · LON1 · JPY
          Billed and open  JPY 900,000
        ! Overdue          JPY 900,000  oldest 1 day
        Ageing, days past due
          current        JPY 0
          1-30     JPY 900,000  1 item
          31-60          JPY 0
          61-90          JPY 0
          90+            JPY 0
        Overdue
          Invoice  Due         Days         Open
          --------------------------------------
          7        2026-03-19     1  JPY 900,000
        ! B8 JPY 900,000 overdue in 1 item, the oldest by 1 day.
          → Collections: London client accounts.
        To the client: "JPY 900,000 is past its due date."

        Ada Lovelace · 140105686  [IN CREDIT]
        New York · NYC1 · USD
          Billed and open        USD 0.00
          Credits open     USD (2,000.00)
          Ledger balance   USD (2,000.00)
        To pay
          Billed and open                      USD 0.00
          less credits that can be used  USD (2,000.00)
          Amount to pay                        USD 0.00
          B7 Credit of USD 2,000.00: credit memos USD 2,000.00, payments on account USD 0.00. A deposit is not part of it.
          → Suggest a review: refund it or apply it.
        To the client: "There is a credit of USD 2,000.00 on your account."

        > Invoice 100: /invoice 100
        > Invoice 7: /invoice 7
        > Release: /release 0140105686
        > Deposits: /deposit 0140105686
        > Client: /client show 0140105686
        "#);
}

#[test]
fn data_past_the_hard_limit_give_a_sentence_and_no_figure() {
    let reply = ask(
        "coordinator",
        &[
            "source SAP hours-old 96",
            "invoice 100 GBP 1,200.00 due 2026-03-08",
        ],
    );
    assert_snapshot!(plain(&reply), @r#"
        No figure can be given: the SAP data is 96 h old.

        Ada Lovelace · 140105686  [DATA TOO OLD]
        ! Some of the data is old: see the as-of line.
        ! B3 No figure can be given: the SAP data is 96 h old.
          → Escalate to whoever looks after the SAP feed.
        To the client: "We are confirming the latest information."
        As of: SAP 2026-03-16 12:00 UTC (old: may miss later payments)

        > Release: /release 0140105686
        > Deposits: /deposit 0140105686
        > Client: /client show 0140105686
        "#);
}

#[test]
fn the_call_centre_reads_figures_and_what_may_be_said() {
    let reply = ask(
        "call centre",
        &[
            "source SAP hours-old 30",
            "invoice 100 GBP 1,200.00 due 2026-03-08",
            "receipt p2 GBP 1,200.00 seen 2026-03-18 state held_third_party",
            "client insolvent",
        ],
    );
    assert_snapshot!(plain(&reply), @r#"
        Please speak to London client accounts.

        Ada Lovelace · 140105686  [OVERDUE]
        London · LON1 · GBP
        ! Some of the data is old: see the as-of line.
          Billed and open  GBP 1,200.00
        ! Overdue          GBP 1,200.00  oldest 12 days
        Ageing, days past due
          current      GBP 0.00
          1-30     GBP 1,200.00  1 item
          31-60        GBP 0.00
          61-90        GBP 0.00
          90+          GBP 0.00
        Overdue
          Invoice  Due         Days          Open
          ---------------------------------------
          100      2026-03-08    12  GBP 1,200.00
        ! B4 The SAP is as of 19 Mar 2026 06:00 GMT and may miss later payments.
        ! B19 Please speak to London client accounts.
        To the client: "Please speak to London client accounts."
        As of: SAP 2026-03-19 06:00 UTC (old: may miss later payments)

        > Invoice 100: /invoice 100
        "#);
}

#[test]
fn somebody_elses_coordinator_learns_only_whom_to_ask() {
    let reply = ask("new york coordinator", OVERDUE);
    assert_snapshot!(plain(&reply), @"This account cannot be shown to you here. Please ask London client accounts.");
    assert_eq!(reply.facts, serde_json::json!({}));
    assert!(reply.cards.is_empty() && reply.actions.is_empty() && reply.files.is_empty());
}

#[test]
fn an_account_without_open_items_says_so_in_two_ways() {
    assert_snapshot!(plain(&ask("coordinator", &["client last-cleared on 2025-11-02"])), @r#"
        Nothing outstanding. The last item was cleared on 2 Nov 2025.

        Ada Lovelace · 140105686  [NOTHING OPEN]
          B6 Nothing outstanding. The last item was cleared on 2 Nov 2025.
        To the client: "Nothing is outstanding on your account."

        > Release: /release 0140105686
        > Deposits: /deposit 0140105686
        > Client: /client show 0140105686
        "#);
    assert_snapshot!(plain(&ask("coordinator", &["client never-active"])), @r#"
        No account activity.

        Ada Lovelace · 140105686  [NOTHING OPEN]
          B5 No account activity.
        To the client: "There has been no activity on your account."

        > Release: /release 0140105686
        > Deposits: /deposit 0140105686
        > Client: /client show 0140105686
        "#);
}

#[test]
fn a_restricted_hold_reads_like_any_review_in_text_in_facts_and_in_the_explanation() {
    let bill = "invoice 100 GBP 1,200.00 due 2026-03-08";
    let restricted = ask(
        "coordinator",
        &[
            bill,
            "hold aml reason \"SAR 4711\"",
            "client under-sanctions-review",
        ],
    );
    let ordinary = ask("coordinator", &[bill, "hold fraud"]);
    assert_eq!(restricted, ordinary);
    let everything = format!(
        "{}{}{}",
        plain(&restricted),
        explained(&restricted),
        restricted.facts
    );
    for secret in ["SAR", "4711", "anction", "aml", "H-77"] {
        assert!(!everything.contains(secret), "{secret} in {everything}");
    }
    assert!(plain(&ask("compliance", &[bill, "hold aml reason \"SAR 4711\""])).contains("SAR 4711"));
}

#[test]
fn programs_get_every_figure_as_a_decimal_string() {
    let facts = ask("coordinator", OVERDUE).facts;
    assert_snapshot!(serde_json::to_string_pretty(&facts).expect("it is JSON"), @r#"
        {
          "client": {
            "number": "0140105686",
            "name": "Ada Lovelace"
          },
          "as_of": {
            "sap": "2026-03-20T06:00:00Z"
          },
          "as_of_day": null,
          "stale": false,
          "rules": [],
          "blocks": [
            {
              "entity": "LON1",
              "currency": "GBP",
              "day": "2026-03-20",
              "billed_open": "4700.00",
              "credits_open": "150.00",
              "ledger_net": "4550.00",
              "not_due": "4000.00",
              "due_today": "0.00",
              "overdue": "700.00",
              "oldest_days": 12,
              "next_due_on": "2026-04-08",
              "bands": [
                {
                  "band": "current",
                  "count": 1,
                  "amount": "4000.00"
                },
                {
                  "band": "1-30",
                  "count": 1,
                  "amount": "700.00"
                },
                {
                  "band": "31-60",
                  "count": 0,
                  "amount": "0.00"
                },
                {
                  "band": "61-90",
                  "count": 0,
                  "amount": "0.00"
                },
                {
                  "band": "90+",
                  "count": 0,
                  "amount": "0.00"
                }
              ],
              "in_flight": "0.00",
              "in_flight_unmatched": "0.00",
              "held_third_party": "0.00",
              "disputed": "0.00",
              "deposits_held": "5000.00",
              "requests": "0.00",
              "accrued": "12.34",
              "amount_to_pay": "4550.00",
              "client_text": "GBP 700.00 is past its due date. We hold a deposit of GBP 5,000.00, which is not applied.",
              "rules": [
                {
                  "rule": "B8",
                  "internal": "GBP 700.00 overdue in 1 item, the oldest by 12 days.",
                  "client_text": "GBP 700.00 is past its due date.",
                  "next": "Collections: London client accounts."
                },
                {
                  "rule": "B18",
                  "internal": "Deposit of GBP 5,000.00 held, not applied; it reduces nothing.",
                  "client_text": "We hold a deposit of GBP 5,000.00, which is not applied.",
                  "next": null
                }
              ],
              "items": [
                {
                  "entity": "LON1",
                  "document": "100",
                  "year": 2026,
                  "line": 1,
                  "kind": "invoice",
                  "invoice": "100",
                  "amount": "700.00",
                  "posted_on": "2026-01-02",
                  "due_on": "2026-03-08",
                  "days": 12,
                  "instalment": null
                },
                {
                  "entity": "LON1",
                  "document": "101",
                  "year": 2026,
                  "line": 1,
                  "kind": "invoice",
                  "invoice": "101",
                  "amount": "4000.00",
                  "posted_on": "2026-01-02",
                  "due_on": "2026-04-08",
                  "days": -19,
                  "instalment": null
                },
                {
                  "entity": "LON1",
                  "document": "902",
                  "year": 2026,
                  "line": 1,
                  "kind": "credit",
                  "invoice": null,
                  "amount": "-150.00",
                  "posted_on": "2026-01-02",
                  "due_on": null,
                  "days": null,
                  "instalment": null
                }
              ]
            }
          ]
        }
        "#);
}

#[test]
fn every_rule_can_be_asked_for_its_reason() {
    assert_snapshot!(explained(&ask("coordinator", OVERDUE)), @r#"
        Ada Lovelace · 140105686  [OVERDUE]
          B0 no  The asker's role and scope cover this account.
          B1 no  One client was identified.
          B2 no  The client was not merged into another.
          B3 no  No needed source is past its hard limit. [SAP as of 20 Mar 2026 06:00 GMT]
          B4 no  Every needed source is within its soft limit. [SAP as of 20 Mar 2026 06:00 GMT]
          B5 no  The ledger holds items of this client. [SAP as of 20 Mar 2026 06:00 GMT]
          B6 no  The ledger's balance is GBP 4,550.00. [SAP as of 20 Mar 2026 06:00 GMT]
          B7 no  The client is not in credit. [SAP as of 20 Mar 2026 06:00 GMT]
          B8 yes GBP 700.00 overdue in 1 item, the oldest by 12 days. [SAP as of 20 Mar 2026 06:00 GMT]
          B9 no  Some of it is past due. [SAP as of 20 Mar 2026 06:00 GMT]
          B10 no  No payment is seen and unposted.
          B11 no  No unmatched receipt is similar.
          B12 no  No receipt is under payer review.
          B13 no  No payment is contested or was taken back.
          B14 no  No terms agreement is in force for what is open. [SAP as of 20 Mar 2026 06:00 GMT]
          B15 no  No terms agreement is breached. [SAP as of 20 Mar 2026 06:00 GMT]
          B16 no  There is at most one entity and currency.
          B17 no  No invoice in question was superseded or cancelled. [SAP as of 20 Mar 2026 06:00 GMT]
          B18 yes Deposit of GBP 5,000.00 held, not applied; it reduces nothing. [SAP as of 20 Mar 2026 06:00 GMT]
          B19 no  No insolvency, legal action or write-off is recorded. No payment block is set. [SAP as of 20 Mar 2026 06:00 GMT]
          B20 no  No item was reopened in the last 30 days. [SAP as of 20 Mar 2026 06:00 GMT]
          B21 no  The question is about the whole account.
          B22 no  The question is the client's own.
        "#);
}

const INVOICE: &[&str] = &[
    "source SAP hours-old 6",
    "invoice 100 GBP 1,500.00 due 2026-03-08",
    "payment 901 GBP 300.00 for 100",
    "issued 100 GBP 1,500.00",
    "line 1 of 100 lot S1/45 GBP 800.00",
    "line 2 of 100 lot S1/46 GBP 650.00",
    "line 3 of 100 GBP 50.00",
    "applied p1 GBP 250.00 to 100 lot S1/45 line 1 on 2026-03-10",
    "applied p1 GBP 50.00 to 100 on 2026-03-10",
];

#[test]
fn an_invoice_is_read_lot_by_lot_with_what_was_paid_and_what_is_open() {
    assert_snapshot!(plain(&invoice_100("coordinator", INVOICE)), @r#"
        Invoice 100 · Ada Lovelace  [OVERDUE]
        LON1 · 2026 · client 140105686
          Total   GBP 1,500.00
          Paid      GBP 300.00  applied to this invoice
        ! Open    GBP 1,200.00
          Issued  2026-01-02
          Due     2026-03-08    12 days past due
        Lines
          Lot    Charge      Amount  Paid on it
          -------------------------------------
          S1/45  hammer  GBP 800.00  GBP 250.00
          S1/46  hammer  GBP 650.00
          —      hammer   GBP 50.00
        Paid
          Applied     Payment  For                Amount
          ----------------------------------------------
          2026-03-10  bank p1  lot S1/45      GBP 250.00
          2026-03-10  bank p1  whole invoice   GBP 50.00
        To the client: "GBP 1,200.00 is past its due date."
        As of: SAP 2026-03-20 06:00 UTC

        > Release: /release 100
        > Balance: /balance 0140105686
        "#);
}

#[test]
fn a_replaced_invoice_points_to_its_replacement_even_with_nothing_open() {
    assert_snapshot!(plain(&invoice_100("coordinator", &["replaced 100 GBP 1,500.00 by 101"])), @r#"
        Invoice 100 · Ada Lovelace  [SUPERSEDED]
        LON1 · 2026 · client 140105686
          Total   GBP 1,500.00
          Paid        GBP 0.00  applied to this invoice
          Open        GBP 0.00
          Issued  2026-01-02
        ! B17 Invoice 100 was replaced by 101.

        > Invoice 101: /invoice 101
        > Release: /release 100
        > Balance: /balance 0140105686
        "#);
}

#[test]
fn an_issued_invoice_that_the_ledger_never_showed_has_no_open_figure() {
    assert_snapshot!(plain(&invoice_100("coordinator", &["issued 100 GBP 1,500.00"])), @r#"
        Invoice 100 · Ada Lovelace  [ISSUED]
        LON1 · 2026 · client 140105686
          Total   GBP 1,500.00
          Paid        GBP 0.00  applied to this invoice
          Open    not known
          Issued  2026-01-02
          B21 The ledger holds nothing of invoice 100, so no figure can be given.

        > Release: /release 100
        > Balance: /balance 0140105686
        "#);
}

#[test]
fn an_invoice_of_a_client_out_of_reach_is_refused_and_an_unknown_one_is_unknown() {
    assert_snapshot!(plain(&invoice_100("new york coordinator", INVOICE)), @"This account cannot be shown to you here. Please ask London client accounts.");
    assert_snapshot!(plain(&invoice_100("coordinator", &["invoice 7 GBP 1.00 due 2026-03-08"])), @"Invoice 100 is not on record.");
}
