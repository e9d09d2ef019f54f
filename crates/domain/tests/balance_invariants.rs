//! What holds for every account, whatever is on it (`domain.md` 3.3, invariants 2, 3, 6 and 7).

mod balance_world;

use std::collections::BTreeMap;

use balance_world::{asker, client_no, facts, house, noon};
use chrono::{NaiveDate, TimeDelta};
use hammerdesk_domain::ageing::Bands;
use hammerdesk_domain::balance::{BalanceAnswer, BalanceQuestion, Block, RULES, decide};
use hammerdesk_domain::facts::{AccountFacts, Moment};
use hammerdesk_domain::message::Outcome;
use hammerdesk_domain::model::{Hold, HoldCode, HoldScope, HoldState, ItemKind, LedgerItem, SanctionsState};
use hammerdesk_domain::money::Money;
use proptest::prelude::*;
use proptest::sample::select;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 20).expect("a date")
}

fn ask(facts: &AccountFacts, role: &str) -> BalanceAnswer {
    let question = BalanceQuestion {
        bands: Bands::default(),
        ..BalanceQuestion::default()
    };
    decide(
        facts,
        &asker(role),
        &house(),
        &question,
        Moment {
            now: noon(today()),
            as_of: None,
        },
    )
}

/// A sentence about a ledger item: any kind, entity, currency, age; open or cleared; some name invoices.
fn item() -> impl Strategy<Value = String> {
    (
        select(vec![
            "invoice",
            "invoice",
            "invoice",
            "credit",
            "payment",
            "deposit-item",
            "request",
        ]),
        1u32..6,
        select(vec!["GBP", "USD", "JPY", "KWD"]),
        1i64..5_000_000,
        -40i64..200,
        select(vec!["LON1", "NYC1", "XX99"]),
        proptest::option::weighted(0.3, -20i64..20),
        proptest::option::weighted(0.4, 1u32..6),
    )
        .prop_map(
            |(kind, number, currency, minor, days, entity, cleared, invoice)| {
                let on = |days: i64| today() - TimeDelta::days(days);
                let amount = Money::from_minor(minor, currency.parse().expect("a currency"));
                let mut sentence = format!("{kind} {number} {amount} due {} at {entity}", on(days));
                if let Some(cleared) = cleared {
                    sentence = format!("{sentence} cleared {}", on(cleared));
                }
                match invoice {
                    Some(invoice) if kind != "invoice" => format!("{sentence} for {invoice}"),
                    _ => sentence,
                }
            },
        )
}

/// A sentence about money on its way.
fn receipt() -> impl Strategy<Value = String> {
    (
        1u32..9,
        select(vec!["GBP", "USD"]),
        1i64..5_000_000,
        select(vec![
            "settled",
            "captured",
            "held_third_party",
            "accepted",
            "disputed",
            "authorised",
            "lost",
        ]),
        select(vec!["exact", "fuzzy", "mismatch", "unknown"]),
        any::<bool>(),
        0i64..30,
    )
        .prop_map(|(n, currency, minor, state, payer, unmatched, days)| {
            let seen = today() - TimeDelta::days(days);
            let amount = Money::from_minor(minor, currency.parse().expect("a currency"));
            let unmatched = if unmatched { " unmatched" } else { "" };
            format!("receipt p{n} {amount} seen {seen} state {state} payer {payer}{unmatched}")
        })
}

fn account() -> impl Strategy<Value = AccountFacts> {
    (
        proptest::collection::vec(item(), 0..14),
        proptest::collection::vec(receipt(), 0..4),
    )
        .prop_map(|(mut items, receipts)| {
            items.extend(receipts);
            facts(&items, today())
        })
}

fn is_counted(item: &LedgerItem) -> bool {
    !matches!(item.kind, ItemKind::Deposit | ItemKind::Request) && item.is_open_on(today())
}

/// The sum of the signed open items per entity and currency, computed the simple way.
fn signed_sums(items: &[LedgerItem]) -> BTreeMap<(String, String), i64> {
    let mut sums = BTreeMap::new();
    for item in items.iter().filter(|item| is_counted(item)) {
        let key = (item.entity.to_string(), item.amount.currency().to_string());
        *sums.entry(key).or_insert(0) += item.amount.minor();
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

fn nets(answer: &BalanceAnswer) -> BTreeMap<(String, String), i64> {
    let blocks = answer.blocks.iter().filter(|block| !block.ledger_net.is_zero());
    blocks
        .map(|b| {
            (
                (b.entity.to_string(), b.currency.to_string()),
                b.ledger_net.minor(),
            )
        })
        .collect()
}

/// The figures of a block, without the sentences.
fn figures(block: &Block) -> Vec<Money> {
    let mut figures = vec![
        block.billed_open,
        block.credits_open,
        block.ledger_net,
        block.not_due,
        block.due_today,
        block.overdue,
        block.in_flight,
        block.disputed,
        block.deposits_held,
        block.amount_to_pay,
    ];
    figures.extend(block.bands.iter().map(|bucket| bucket.amount));
    figures
}

fn all_figures(answer: &BalanceAnswer) -> Vec<Vec<Money>> {
    answer.blocks.iter().map(figures).collect()
}

fn hold(code: HoldCode, restricted: bool) -> Hold {
    Hold {
        id: "HOLD-4711".into(),
        scope: HoldScope::Client,
        client: Some(client_no()),
        reference: "zzref".to_owned(),
        code,
        state: HoldState::Active,
        raised_by: Some("zzraiser".to_owned()),
        raised_at: None,
        owner: Some("zzowner".to_owned()),
        reason: Some("zzreason".to_owned()),
        expires_on: None,
        restricted,
    }
}

proptest! {
    #[test]
    fn a_balance_is_the_sum_of_the_signed_open_items_in_whatever_order_they_came(
        account in account(), seed in any::<u64>()
    ) {
        let answer = ask(&account, "coordinator");
        prop_assert_eq!(nets(&answer), signed_sums(&account.items));
        let mut other = account.clone();
        let mut state = seed | 1;
        other.items.sort_by_cached_key(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state
        });
        prop_assert_eq!(all_figures(&ask(&other, "coordinator")), all_figures(&answer));
    }

    #[test]
    fn splitting_an_item_in_two_changes_no_figure(account in account(), pick in any::<prop::sample::Index>()) {
        prop_assume!(!account.items.is_empty());
        let before = ask(&account, "coordinator");
        let mut split = account.clone();
        let at = pick.index(split.items.len());
        let whole = split.items[at].amount;
        let part = Money::from_minor(whole.minor() / 3, whole.currency());
        let rest = whole.checked_sub(part).expect("one currency");
        let mut second = split.items[at].clone();
        (split.items[at].amount, second.amount, second.line) = (part, rest, 2);
        split.items.push(second);
        prop_assert_eq!(all_figures(&ask(&split, "coordinator")), all_figures(&before));
    }

    #[test]
    fn the_split_by_due_date_and_the_bands_add_up_to_what_is_billed(account in account()) {
        for block in ask(&account, "coordinator").blocks {
            let minor = |money: Money| money.minor();
            prop_assert_eq!(minor(block.not_due) + minor(block.due_today) + minor(block.overdue), minor(block.billed_open));
            prop_assert_eq!(block.bands.iter().map(|b| minor(b.amount)).sum::<i64>(), minor(block.billed_open));
            prop_assert_eq!(minor(block.ledger_net), minor(block.billed_open) - minor(block.credits_open));
            let before: i64 = block.reckoning.iter().map(|line| minor(line.amount)).sum();
            prop_assert!(minor(block.amount_to_pay) == before || before - minor(block.disputed) < 0);
            prop_assert!(minor(block.amount_to_pay) >= minor(block.disputed));
            let items: i64 = block.items.iter().map(|item| minor(item.amount)).sum();
            prop_assert_eq!(items, minor(block.ledger_net));
        }
    }

    #[test]
    fn no_payment_takes_more_off_a_bill_than_the_bill_or_the_payment(account in account()) {
        for block in ask(&account, "coordinator").blocks {
            let own = |item: &&LedgerItem| {
                item.entity == block.entity && item.amount.currency() == block.currency && is_counted(item)
            };
            let bills = account.items.iter().filter(own).filter(|i| i.amount.is_positive());
            let bills: i64 = bills.map(|item| item.amount.minor()).sum();
            let paid = account.items.iter().filter(own).filter(|i| i.kind == ItemKind::Payment);
            let paid: i64 = paid.map(|item| -item.amount.minor()).sum();
            let reduced = bills - block.billed_open.minor();
            prop_assert!((0..=paid.min(bills)).contains(&reduced), "{reduced} of {bills} by {paid}");
            prop_assert!(block.items.iter().all(|item| !item.amount.is_zero()));
        }
    }

    #[test]
    fn what_another_entity_or_currency_holds_changes_nothing_here(account in account(), more in item()) {
        let before = ask(&account, "coordinator");
        let mut other = account.clone();
        let extra = facts(&[more], today()).items.remove(0);
        other.items.push(extra.clone());
        let after = ask(&other, "coordinator");
        let untouched = |answer: &BalanceAnswer| -> Vec<Vec<Money>> {
            let others = answer.blocks.iter()
                .filter(|block| (&block.entity, block.currency) != (&extra.entity, extra.amount.currency()));
            others.map(figures).collect()
        };
        prop_assert_eq!(untouched(&after), untouched(&before));
    }

    #[test]
    fn older_data_never_make_an_answer_better(account in account(), hours in 0i64..200, more in 0i64..200) {
        let aged = |hours: i64| {
            let mut aged = account.clone();
            aged.sources = facts(&[format!("source SAP hours-old {hours}")], today()).sources;
            ask(&aged, "coordinator")
        };
        let rank = |answer: &BalanceAnswer| match answer.outcome {
            Outcome::Answered if answer.stale => 1,
            Outcome::Answered => 0,
            _ => 2,
        };
        let (younger, older) = (aged(hours), aged(hours + more));
        prop_assert!(rank(&older) >= rank(&younger));
        if older.outcome == Outcome::Answered {
            prop_assert_eq!(all_figures(&older), all_figures(&younger));
        } else {
            prop_assert!(older.blocks.is_empty());
            prop_assert_eq!(older.outcome, Outcome::Stale);
        }
        let mut never = account.clone();
        never.sources = facts(&["source SAP never".to_owned()], today()).sources;
        prop_assert_eq!(rank(&ask(&never, "coordinator")), 2);
    }

    #[test]
    fn money_that_is_less_sure_never_lowers_what_is_to_be_paid(account in account()) {
        let to_pay = |facts: &AccountFacts| -> i64 {
            ask(facts, "coordinator").blocks.iter().map(|block| block.amount_to_pay.minor()).sum()
        };
        let before = to_pay(&account);
        for at in 0..account.payments.len() {
            let mut unmatched = account.clone();
            unmatched.payments[at].client = None;
            if !matches!(account.payments[at].state.word(), "disputed" | "lost" | "bounced") {
                prop_assert!(to_pay(&unmatched) >= before);
            }
            let mut mismatched = account.clone();
            mismatched.payments[at].payer_match = hammerdesk_domain::model::PayerMatch::Mismatch;
            prop_assert!(to_pay(&mismatched) >= before);
            let mut held = account.clone();
            held.payments[at].state = hammerdesk_domain::model::PaymentState::HeldThirdParty;
            if !matches!(account.payments[at].state.word(), "disputed" | "lost" | "bounced") {
                prop_assert!(to_pay(&held) >= before);
            }
        }
    }

    #[test]
    fn a_restricted_matter_reads_exactly_like_any_other_review(
        account in account(),
        code in select(HoldCode::ALL.to_vec()),
        screened in any::<bool>(),
        role in select(vec!["coordinator", "call centre"]),
    ) {
        let mut ordinary = account.clone();
        ordinary.holds = vec![hold(HoldCode::Fraud, false)];
        let mut restricted = account.clone();
        restricted.holds = vec![hold(code, true)];
        restricted.status.sanctions = Some(if screened { SanctionsState::Review } else { SanctionsState::Clear });
        let told = ask(&restricted, role);
        prop_assert_eq!(&told, &ask(&ordinary, role));
        let everything = format!("{told:?}");
        for secret in ["HOLD-4711", "zzref", "zzraiser", "zzowner", "zzreason", "sanction", "Sanction", "aml", "Restricted"] {
            prop_assert!(!everything.contains(secret), "{secret} in {everything}");
        }
        let known = format!("{:?}", ask(&restricted, "compliance"));
        prop_assert!(known.contains("zzreason") && known.contains("HOLD-4711"));
    }

    #[test]
    fn whoever_may_not_read_internals_gets_none(account in account()) {
        let told = ask(&account, "call centre");
        let rows = || told.rows.iter().chain(told.blocks.iter().flat_map(|block| &block.rows));
        prop_assert!(rows().all(|row| row.internal.is_none() && row.next.is_none()));
        prop_assert!(rows().all(|row| !matches!(row.code, "B11")));
        for block in &told.blocks {
            prop_assert_eq!((block.held_third_party, block.in_flight_unmatched), (None, None));
        }
        let sentences: Vec<&str> = rows().filter_map(|row| row.client_safe.as_deref()).collect();
        for step in told.explain.iter().filter(|step| step.applied) {
            prop_assert!(
                sentences.contains(&step.because.as_str()) || step.because == "Applies.",
                "{}: {}", step.rule, step.because
            );
        }
    }

    #[test]
    fn every_rule_is_explained_once_and_in_order(
        account in account(), role in select(vec!["coordinator", "call centre", "compliance", "new york coordinator"])
    ) {
        let explain = ask(&account, role).explain;
        prop_assert_eq!(explain.iter().map(|step| step.rule.as_str()).collect::<Vec<_>>(), RULES.to_vec());
        prop_assert!(explain.iter().all(|step| !step.because.is_empty()));
    }
}

#[test]
fn sums_beyond_what_money_can_hold_give_no_figure() {
    let huge = |n: u32| format!("invoice {n} GBP 90,000,000,000,000,000.00 due 2026-03-08");
    let answer = ask(&facts(&[huge(1), huge(2)], today()), "coordinator");
    assert_eq!((answer.outcome, answer.blocks.len()), (Outcome::Error, 0));
    assert_eq!(
        answer.text,
        "The figures cannot be added up, so none are given: the amount is too large to be money."
    );
}

#[test]
fn a_day_that_is_still_to_come_is_refused_with_a_sentence() {
    let facts = facts(&["invoice 1 GBP 9.00 due 2026-03-08".to_owned()], today());
    let moment = Moment {
        now: noon(today()),
        as_of: NaiveDate::from_ymd_opt(2026, 3, 22),
    };
    let answer = decide(
        &facts,
        &asker("coordinator"),
        &house(),
        &BalanceQuestion::default(),
        moment,
    );
    assert_eq!((answer.outcome, answer.blocks.len()), (Outcome::Error, 0));
    assert_eq!(
        answer.text,
        "22 Mar 2026 is still to come: ask for a day up to 20 Mar 2026."
    );
}

#[test]
fn the_day_is_each_entitys_own() {
    // 23:30 in London is already the next morning in Hong Kong.
    let sentences = [
        "invoice 1 GBP 9.00 due 2026-03-20",
        "invoice 2 HKD 9.00 due 2026-03-20 at HKG1",
    ];
    let facts = facts(&sentences.map(str::to_owned), today());
    let moment = Moment {
        now: noon(today()) + TimeDelta::minutes(690),
        as_of: None,
    };
    let answer = decide(
        &facts,
        &asker("coordinator"),
        &house(),
        &BalanceQuestion::default(),
        moment,
    );
    let seen: Vec<(String, i64)> = answer
        .blocks
        .iter()
        .map(|b| (b.entity.to_string(), b.oldest_days))
        .collect();
    assert_eq!(seen, [("HKG1".to_owned(), 1), ("LON1".to_owned(), 0)]);
}
