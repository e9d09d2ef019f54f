//! The invariants of `domain.md` 3.3 that deposits must hold whatever the facts: where the money is (1),
//! allocations within bounds (2), unknown never improves (6), and silence about restricted holds (7).

mod deposit_house;

use chrono::{Days, NaiveDate, TimeDelta};
use deposit_house::{asker, facts, house, noon, on, sale};
use hammerdesk_domain::allocation::{AllocationFault, check};
use hammerdesk_domain::deposit::{DepositAnswer, DepositQuestion, decide};
use hammerdesk_domain::facts::AccountFacts;
use hammerdesk_domain::freshness::{Needed, SourceState};
use hammerdesk_domain::ids::{
    ClientNo, DisputeId, EntityCode, HoldId, InvoiceKey, InvoiceNo, LotKey, LotNo, PaymentId, SaleNo,
    SourceId,
};
use hammerdesk_domain::location::WorkingDays;
use hammerdesk_domain::message::Outcome;
use hammerdesk_domain::model::{
    Allocation, CddState, DepositMovement, DepositState, Destination, Dispute, DisputeStage, GroupDebt, Hold,
    HoldCode, HoldScope, HoldState, Invoice, InvoiceKind, InvoiceLine, InvoiceState, LineKind, Lot,
    MovementKind, PayerMatch, Payment, PaymentState, Permit, SanctionsState, Whereabouts,
};
use hammerdesk_domain::money::{Currency, Money};
use hammerdesk_domain::states::{DepositStanding, Position};
use proptest::prelude::*;

fn gbp(minor: i64) -> Money {
    Money::from_minor(minor, Currency::GBP)
}

// ---------------------------------------------------------------- invariant 1

fn identity(position: Position) -> bool {
    let parts = [
        position.held(),
        position.applied(),
        position.refunded(),
        position.forfeited(),
        position.transferred_out(),
    ];
    let gone: i64 = parts.iter().map(|part| part.minor()).sum();
    parts.iter().all(|part| !part.is_negative())
        && position.taken().minor() == gone - position.transferred_in().minor()
}

/// One step of a walk, by number; the step is refused or not, as the table says.
fn walk(standing: DepositStanding, step: u8, minor: i64) -> Option<DepositStanding> {
    let day = Some(on("2026-09-14"));
    match step {
        0 => standing.receive(day).ok(),
        1 => standing.authorise(day).ok(),
        2 => standing.clear(gbp(minor)).ok(),
        3 => standing.apply(gbp(minor)).ok(),
        4 => standing.owe_refund().ok(),
        5 => standing.block().ok(),
        6 => standing.request(day, None).ok(),
        7 => standing.approve().ok(),
        8 => standing.submit(day, None).ok(),
        9 => standing.complete(day).ok(),
        10 => standing.fail(day, None).ok(),
        11 => standing.review_route().ok(),
        12 => standing.reverse(day).ok(),
        13 => standing.forfeit().ok(),
        _ => standing.transfer().ok(),
    }
}

fn movement(kind: MovementKind, minor: i64) -> DepositMovement {
    DepositMovement {
        kind,
        amount: gbp(minor),
        on: on("2026-09-01"),
        reference: None,
    }
}

proptest! {
    #[test]
    fn any_walk_through_a_deposits_states_accounts_for_every_penny(steps in prop::collection::vec((0_u8..15, 1_i64..900), 1..60)) {
        let mut standing = DepositStanding::requested(Currency::GBP, None);
        for (step, minor) in steps {
            let before = standing.state();
            if let Some(next) = walk(standing.clone(), step, minor) {
                prop_assert!(DepositStanding::LEGAL.contains(&(before, next.state())));
                standing = next;
            }
            prop_assert!(identity(standing.position()), "{standing:?}");
        }
    }

    #[test]
    fn every_step_that_the_table_does_not_have_is_refused(steps in prop::collection::vec((0_u8..15, 1_i64..900), 0..40), last in 0_u8..15) {
        let start = DepositStanding::requested(Currency::GBP, None);
        let standing = steps.into_iter().fold(start, |standing, (step, minor)| walk(standing.clone(), step, minor).unwrap_or(standing));
        let to: &[DepositState] = match last {
            0 => &[DepositState::Pending],
            1 => &[DepositState::Authorised],
            2 => &[DepositState::Held],
            3 => &[DepositState::Applied, DepositState::PartApplied],
            4 => &[DepositState::RefundDue],
            5 => &[DepositState::RefundBlocked],
            6 => &[DepositState::RefundRequested],
            7 => &[DepositState::Approved],
            8 => &[DepositState::Submitted],
            9 => &[DepositState::Refunded],
            10 => &[DepositState::RefundFailed],
            11 => &[DepositState::AltRouteReview],
            12 => &[DepositState::RefundReversed],
            13 => &[DepositState::Forfeited],
            _ => &[DepositState::Transferred],
        };
        let legal = to.iter().any(|to| DepositStanding::LEGAL.contains(&(standing.state(), *to)));
        let held = standing.position().held();
        // An amount that is there, so that only the table can refuse.
        let minor = if held.is_positive() { held.minor() } else { 1 };
        prop_assert_eq!(walk(standing.clone(), last, minor).is_some(), legal, "{:?} by {}", standing, last);
    }

    #[test]
    fn movements_balance_or_contradict_in_whatever_order_they_come(
        mut movements in prop::collection::vec((prop::sample::select(MovementKind::ALL), -3_i64..60), 0..12),
        turn in 0_usize..12,
    ) {
        let told = |movements: &[(MovementKind, i64)]| movements.iter().map(|(kind, minor)| movement(*kind, *minor)).collect::<Vec<_>>();
        let one = Position::of(Currency::GBP, &told(&movements));
        if let Ok(position) = &one {
            prop_assert!(identity(*position));
            prop_assert!(movements.iter().all(|(_, minor)| *minor > 0));
        }
        let turn = turn % movements.len().max(1);
        movements.rotate_left(turn);
        let other = Position::of(Currency::GBP, &told(&movements));
        prop_assert_eq!(one.is_ok(), other.is_ok());
        prop_assert_eq!(one.ok(), other.ok());
    }

    #[test]
    fn a_deposit_that_does_not_add_up_is_never_eligible_and_shows_no_amounts(
        state in prop::sample::select(DepositState::ALL),
        movements in prop::collection::vec((prop::sample::select(MovementKind::ALL), 1_i64..60), 0..6),
    ) {
        let mut facts = facts();
        facts.deposits[0].state = state;
        facts.deposits[0].movements = movements.iter().map(|(kind, minor)| movement(*kind, *minor)).collect();
        let answer = ask(&facts, "coordinator");
        let line = &answer.deposits[0];
        match DepositStanding::of(&facts.deposits[0]) {
            Ok(standing) => {
                prop_assert!(identity(standing.position()));
                prop_assert!(!line.eligible || standing.position().held().is_positive());
                prop_assert!(line.refundable <= line.held);
            }
            Err(_) => {
                prop_assert!(!line.eligible);
                prop_assert_eq!((line.held, line.refundable, line.due_by), (None, None, None));
            }
        }
    }
}

// ---------------------------------------------------------------- invariant 2

fn paid(minor: i64) -> Payment {
    Payment {
        amount: gbp(minor),
        ..facts().payments[0].clone()
    }
}

fn key(number: i64) -> InvoiceKey {
    InvoiceKey {
        entity: EntityCode::new("LON1"),
        number: InvoiceNo::new(format!("I{number}")),
        year: 2026,
    }
}

fn charged(number: i64, minor: i64) -> Invoice {
    Invoice {
        key: key(number),
        client: facts().client.no,
        sale: None,
        kind: InvoiceKind::Sale,
        state: InvoiceState::Issued,
        issued_on: on("2026-09-01"),
        due_basis: None,
        due_on: None,
        superseded_by: None,
        total: gbp(minor),
    }
}

fn applied(number: i64, line: Option<i64>, minor: i64) -> Allocation {
    let payment = paid(1);
    Allocation {
        source: payment.source,
        payment: payment.id,
        invoice: key(number),
        line,
        lot: None,
        amount: gbp(minor),
        applied_on: on("2026-09-01"),
    }
}

fn line(number: i64, line: i64, minor: i64) -> InvoiceLine {
    InvoiceLine {
        invoice: key(number),
        line,
        lot: None,
        kind: LineKind::Hammer,
        amount: gbp(minor),
    }
}

#[test]
fn an_allocation_over_its_payment_its_invoice_or_its_line_is_told_in_words() {
    let invoices = [charged(1, 500), charged(2, 900)];
    let told = |allocations: &[Allocation]| {
        let faults = check(&[paid(1000)], allocations, &invoices, &[line(1, 1, 200)]);
        faults.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(told(&[applied(1, Some(1), 200), applied(2, None, 800)]).is_empty());
    assert_eq!(
        told(&[applied(1, None, 501)]),
        ["GBP 5.01 was applied to invoice I1, which is GBP 5.00"]
    );
    assert_eq!(
        told(&[applied(1, Some(1), 201)]),
        ["GBP 2.01 was applied to invoice I1 line 1, which is GBP 2.00"]
    );
    assert_eq!(
        told(&[applied(1, None, 500), applied(2, None, 501)]),
        ["GBP 10.01 of payment bank/PAY1 was applied, which is GBP 10.00"]
    );
    assert_eq!(
        told(&[applied(1, None, -1)]),
        ["GBP (0.01) of payment PAY1 cannot have been applied to invoice I1"]
    );
    let dollars = Allocation {
        amount: Money::from_minor(5, Currency::USD),
        ..applied(9, None, 1)
    };
    assert_eq!(
        told(&[dollars]),
        ["USD 0.05 of payment PAY1 cannot have been applied to invoice I9"]
    );
}

proptest! {
    #[test]
    fn allocations_are_at_fault_exactly_if_a_sum_is_over(
        payment in 1_i64..300, totals in prop::array::uniform2(1_i64..200),
        parts in prop::collection::vec((0_i64..2, 1_i64..90), 0..6),
    ) {
        let allocations: Vec<Allocation> = parts.iter().map(|(number, minor)| applied(*number, None, *minor)).collect();
        let invoices = [charged(0, totals[0]), charged(1, totals[1])];
        let faults = check(&[paid(payment)], &allocations, &invoices, &[]);
        let sum = |of: Option<i64>| parts.iter().filter(|(number, _)| of.is_none_or(|of| *number == of)).map(|(_, minor)| minor).sum::<i64>();
        let over_payment = faults.iter().any(|fault| matches!(fault, AllocationFault::Payment { .. }));
        prop_assert_eq!(over_payment, sum(None) > payment);
        for number in 0..2_i64 {
            let over = faults.iter().any(|fault| matches!(fault, AllocationFault::Invoice { invoice, .. } if *invoice == key(number)));
            let total = if number == 0 { totals[0] } else { totals[1] };
            prop_assert_eq!(over, sum(Some(number)) > total);
        }
    }
}

// ---------------------------------------------------------------- invariants 6 and 7

fn ask_at(facts: &AccountFacts, role: &str, today: NaiveDate) -> DepositAnswer {
    decide(
        facts,
        &asker(role),
        &house(),
        &DepositQuestion::default(),
        noon(today),
    )
}

fn ask(facts: &AccountFacts, role: &str) -> DepositAnswer {
    ask_at(facts, role, on("2026-09-14"))
}

fn is_eligible(facts: &AccountFacts) -> bool {
    ask(facts, "coordinator")
        .deposits
        .iter()
        .any(|line| line.eligible)
}

fn hold(code: HoldCode, restricted: bool) -> Hold {
    Hold {
        id: HoldId::new("HOLD-4711"),
        scope: HoldScope::Client,
        client: ClientNo::parse("1001"),
        reference: "0000001001".to_owned(),
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

fn source(hours: Option<i64>) -> SourceState {
    SourceState {
        source: SourceId::new("sap"),
        name: "ledger".to_owned(),
        needed_for: Needed {
            deposit: true,
            ..Needed::default()
        },
        extracted_at: hours.map(|hours| noon(on("2026-09-14")).now - TimeDelta::hours(hours)),
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

/// Facts that are more or less in order: each flag spoils or varies one thing.
fn various() -> impl Strategy<Value = AccountFacts> {
    let word = (
        prop::sample::select(DepositState::ALL),
        prop::sample::select(Destination::ALL),
        prop::option::weighted(0.9, prop::sample::select(CddState::ALL)),
        prop::sample::select(PaymentState::ALL),
    );
    (
        word,
        prop::collection::vec(prop::bool::weighted(0.2), 10),
        0_u64..12,
    )
        .prop_map(|((state, destination, cdd, payment), spoil, days)| {
            let mut facts = facts();
            let keep = |n: usize| !spoil[n];
            let deposit = &mut facts.deposits[0];
            if !keep(0) {
                deposit.state = state;
            }
            if !keep(1) {
                deposit.destination = destination;
            }
            if !keep(2) {
                facts.status.cdd = cdd;
            }
            if !keep(3) {
                facts.payments[0].state = payment;
            }
            if !keep(4) {
                facts.holds.push(Hold {
                    id: HoldId::new("H1"),
                    owner: Some("the desk".to_owned()),
                    reason: None,
                    ..hold(HoldCode::Manual, false)
                });
            }
            if !keep(5) {
                facts.group_debts.push(GroupDebt {
                    client: ClientNo::parse("7").expect("a client number"),
                    entity: EntityCode::new("LON1"),
                    overdue: gbp(500),
                    oldest_days: 3,
                });
            }
            if !keep(6) {
                deposit.covers.push(SaleNo::new("L2"));
            }
            facts.sales.push(sale("L2", &house().locations[0], "2026-09-12"));
            facts.sales[0].ends_on = on("2026-09-05") + Days::new(days);
            if !keep(7) {
                facts.sales[0].results_final = false;
            }
            if !keep(8) {
                deposit.cleared_on = None;
            }
            facts.sources.push(source(Some(if keep(9) { 1 } else { 40 })));
            facts
        })
}

/// Takes something away that somebody knew, or adds something that stands in the way.
fn worsen(facts: &mut AccountFacts, how: u8) {
    match how {
        0 => facts.status.cdd = None,
        1 => facts.status.sanctions = None,
        2 => facts.sales.clear(),
        3 => {
            facts.deposits[0].cleared_on = None;
            facts.payments.clear();
        }
        4 => facts.deposits[0].movements.clear(),
        5 => facts.deposits[0].covers.clear(),
        6 => facts.deposits[0].destination = Destination::Missing,
        7 => facts.sources = vec![source(None)],
        8 => facts.sources = vec![source(Some(73))],
        9 => facts.holds.push(hold(HoldCode::Legal, false)),
        10 => facts.holds.push(hold(HoldCode::Approval, false)),
        11 => facts.status.written_off = true,
        // A payer who was accepted stays accepted, whatever the name on the receipt.
        12 => {
            facts.payments[0].payer_match = PayerMatch::Mismatch;
            if facts.payments[0].state == PaymentState::Accepted {
                facts.payments[0].state = PaymentState::HeldThirdParty;
            }
        }
        13 => facts.disputes.push(Dispute {
            id: DisputeId::new("DP1"),
            payment: (SourceId::new("bank"), PaymentId::new("PAY1")),
            client: None,
            entity: EntityCode::new("LON1"),
            stage: DisputeStage::Inquiry,
            reason: None,
            amount: gbp(5),
            due_at: None,
            funds_withdrawn: false,
        }),
        _ => facts.lots.push(Lot {
            key: LotKey {
                sale: facts.deposits[0]
                    .covers
                    .first()
                    .cloned()
                    .unwrap_or(SaleNo::new("L1")),
                lot: LotNo::new("1"),
            },
            title: "Vase".to_owned(),
            hammer: Some(gbp(1)),
            buyer: Some(facts.client.no.clone()),
            consignor: None,
            work_of_art: true,
            export_licence: Permit::NotNeeded,
            cites: Permit::NotNeeded,
            cancellation_until: None,
            whereabouts: Whereabouts::InHouse,
        }),
    }
}

#[test]
fn the_ordinary_deposit_is_eligible_so_that_the_invariants_are_about_something() {
    assert!(is_eligible(&facts()));
    for how in 0..15 {
        let mut worse = facts();
        worsen(&mut worse, how);
        assert!(!is_eligible(&worse), "{how} does not stand in the way");
    }
}

proptest! {
    #[test]
    fn what_is_unknown_stale_or_in_the_way_never_improves_an_answer(facts in various(), how in 0_u8..15) {
        let mut worse = facts.clone();
        worsen(&mut worse, how);
        prop_assert!(is_eligible(&facts) || !is_eligible(&worse));
        prop_assert!(!is_eligible(&worse));
    }

    #[test]
    fn eligible_is_said_only_where_every_requirement_holds(facts in various()) {
        for line in ask(&facts, "coordinator").deposits {
            prop_assert_eq!(line.eligible, line.checks.len() == 12 && line.failed().next().is_none());
        }
        let (inside, outside) = (ask(&facts, "coordinator"), ask(&facts, "call_centre"));
        for (inside, outside) in inside.deposits.iter().zip(&outside.deposits) {
            prop_assert_eq!(inside.eligible, outside.eligible);
            prop_assert_eq!(&inside.client_safe, &outside.client_safe);
            prop_assert!(outside.internal.is_empty() && outside.explain.is_empty() && outside.debts.is_empty());
        }
    }

    #[test]
    fn a_stale_source_shows_no_amounts_at_all(facts in various(), hours in prop::option::of(73_i64..5000)) {
        let mut stale = facts;
        stale.sources.push(source(hours));
        let answer = ask(&stale, "coordinator");
        prop_assert_eq!(answer.outcome, Outcome::Stale);
        prop_assert!(answer.deposits.is_empty());
    }

    #[test]
    fn nobody_outside_compliance_can_tell_a_restricted_review_from_another(
        facts in various(), role in prop::sample::select(&["coordinator", "call_centre"][..]), days in 0_u64..40,
    ) {
        let today = on("2026-09-14") + Days::new(days);
        let with = |spoil: &dyn Fn(&mut AccountFacts)| {
            let mut facts = facts.clone();
            spoil(&mut facts);
            ask_at(&facts, role, today)
        };
        let ordinary = with(&|facts| facts.holds.push(hold(HoldCode::Fraud, false)));
        let restricted = [
            with(&|facts| facts.status.sanctions = Some(SanctionsState::Review)),
            with(&|facts| facts.holds.push(hold(HoldCode::Sanctions, false))),
            with(&|facts| facts.holds.push(hold(HoldCode::Aml, true))),
            with(&|facts| facts.holds.push(hold(HoldCode::Legal, false))),
            with(&|facts| facts.holds.push(hold(HoldCode::Manual, true))),
            with(&|facts| facts.holds.push(Hold { scope: HoldScope::Lot, reference: "L9/9".to_owned(), ..hold(HoldCode::Sanctions, false) })),
            with(&|facts| {
                facts.status.sanctions = Some(SanctionsState::Review);
                facts.holds.push(hold(HoldCode::Sanctions, true));
            }),
        ];
        for answer in &restricted {
            prop_assert_eq!(answer, &ordinary);
        }
        let text = format!("{ordinary:?}").to_lowercase();
        for word in ["sanction", "aml", "launder", "zzreason", "zzowner", "zzraiser", "hold-4711", "fraud", "screening", "compliance"] {
            prop_assert!(!text.contains(word) || word == "compliance" && text.contains("documents"), "{word} in {text}");
        }
    }
}

#[test]
fn compliance_reads_what_the_review_is_about() {
    let mut facts = facts();
    facts.holds.push(hold(HoldCode::Sanctions, false));
    let answer = ask(&facts, "compliance");
    assert_eq!(
        answer.deposits[0].internal,
        ["Review: hold HOLD-4711 (sanctions): zzreason."]
    );
    assert_eq!(
        answer.deposits[0].client_safe,
        "Your account is under internal review."
    );
}
