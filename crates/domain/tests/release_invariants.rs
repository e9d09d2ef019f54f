//! Invariants 4 to 7 of `domain.md` 3.3, over any mix of blockers.

#![expect(clippy::unwrap_used, reason = "a fact that cannot be built fails the test")]

mod release_world;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use hammerdesk_domain::ids::{HoldId, InvoiceNo};
use hammerdesk_domain::model::*;
use hammerdesk_domain::release::{ReleaseAnswer, ReleaseOutcome};
use proptest::prelude::*;
use release_world::{CLIENT, World, call_centre, compliance, coordinator, named};

const MARKER: &str = "XyZZy";

/// A purchase against which nothing stands.
const CLEAN: &[&str] = &[
    "now 2026-03-10T12:00:00Z",
    "threshold GBP 10,000.00",
    "limit GBP 50,000.00",
    "due diligence complete",
    "screening clear",
    "sale S100 ended 2026-02-20",
    "lot 12 sold for GBP 10,000.00",
    "invoice 900001 GBP 12,000.00 due 2026-03-01",
    "line 1 hammer lot 12 GBP 10,000.00",
    "line 2 vat lot 12 GBP 2,000.00",
    "ledger cleared 2026-03-03",
    "paid GBP 12,000.00 by wire cleared 2026-03-02 for the invoice",
    "feed ledger 2 hours_old",
    "feed bank 2 hours_old",
];

/// Something that blocks, alone, with the code that compliance reads.
type Blocker = (&'static str, &'static str, fn(&mut World));

const BLOCKERS: &[Blocker] = &[
    ("nothing is paid", "R01", |world| {
        world.facts.items[0].cleared_on = None;
        world.facts.allocations.clear();
    }),
    ("the clearing was reset", "R01", |world| {
        world.facts.items[0].cleared_on = None;
        world.facts.items[0].reopened_on = "2026-03-05".parse().ok();
    }),
    ("the money has not cleared", "R02", |world| {
        world.facts.payments[0].cleared_on = None;
    }),
    ("shipping is open", "R03", |world| {
        extra_invoice(world, InvoiceKind::Shipping, LineKind::Shipping, 1);
    }),
    ("storage is open", "R04", |world| {
        extra_invoice(world, InvoiceKind::Storage, LineKind::Storage, 2);
    }),
    ("another bill is overdue", "R05", |world| {
        let mut item = world.facts.items[0].clone();
        item.document = "77".to_owned();
        item.invoice = Some(InvoiceNo::new("77"));
        item.cleared_on = None;
        world.facts.items.push(item);
    }),
    ("the group has debt", "R05", |world| {
        world.facts.group_debts.push(GroupDebt {
            client: hammerdesk_domain::ids::ClientNo::parse("9").unwrap(),
            entity: "NYC1".into(),
            overdue: "USD 1".parse().unwrap(),
            oldest_days: 1,
        });
    }),
    ("the payer is under review", "R06", |world| {
        world.facts.payments[0].state = PaymentState::HeldThirdParty;
    }),
    ("the payer is somebody else", "R06", |world| {
        world.facts.payments[0].payer_match = PayerMatch::Mismatch;
    }),
    ("a dispute is open", "R07", |world| {
        dispute(world, DisputeStage::Opened, false);
    }),
    ("a dispute took the money", "R07", |world| {
        dispute(world, DisputeStage::EvidenceDue, true);
    }),
    ("due diligence is incomplete", "R08", |world| {
        world.facts.status.cdd = Some(CddState::Incomplete);
    }),
    ("screening is under review", "R09", |world| {
        world.facts.status.sanctions = Some(SanctionsState::Review);
    }),
    ("a restricted hold", "R09", |world| {
        hold(world, HoldCode::Aml, HoldScope::Client, CLIENT);
    }),
    ("a fraud hold", "R10", |world| {
        hold(world, HoldCode::Fraud, HoldScope::Lot, "S100/12");
    }),
    ("legal action", "R10", |world| {
        world.facts.status.legal_action = true;
    }),
    ("terms are breached", "R12", |world| {
        world.facts.terms.push(terms(world, TermsState::Breached));
    }),
    ("the limit is reached", "R13", |world| {
        world.facts.status.credit_limit = Some("GBP 1".parse().unwrap());
        let mut item = world.facts.items[0].clone();
        item.document = "78".to_owned();
        item.invoice = Some(InvoiceNo::new("78"));
        item.cleared_on = None;
        item.due_on = "2026-04-01".parse().ok();
        world.facts.items.push(item);
    }),
    ("no export licence", "R14", |world| {
        world.facts.lots[0].export_licence = Permit::Applied;
        release(world).route = ReleaseRoute::Export;
    }),
    ("no permit", "R15", |world| {
        world.facts.lots[0].cites = Permit::Needed;
    }),
    ("the buyer may cancel", "R16", |world| {
        world.facts.lots[0].cancellation_until = "2026-03-12".parse().ok();
    }),
    ("the collector has no papers", "R17", |world| {
        release(world).collector = Collector::Unverified;
    }),
    ("the lot is off site", "R18", |world| {
        world.facts.lots[0].whereabouts = Whereabouts::Offsite;
    }),
    ("the quote is open", "R19", |world| {
        let release = release(world);
        release.quote = Quote::Sent;
        if release.route == ReleaseRoute::Collection {
            release.route = ReleaseRoute::Delivery;
        }
    }),
    ("the invoice is being issued again", "R20", |world| {
        world.facts.invoices[0].superseded_by = Some(InvoiceNo::new("900099"));
    }),
    ("the sale was rescinded", "R21", |world| {
        world.facts.sales[0].cancelled = true;
    }),
    ("a feed is stale", "R23", |world| {
        world.facts.sources[0].extracted_at = Some(world.moment.now - TimeDelta::days(9));
    }),
    ("a feed never delivered", "R23", |world| {
        world.facts.sources[1].extracted_at = None;
    }),
    ("a hold by hand", "R24", |world| {
        hold(world, HoldCode::Manual, HoldScope::Invoice, "0000900001");
    }),
    ("the authorisation was taken back", "R24", |world| {
        release(world).state = ReleaseState::Revoked;
    }),
];

/// What changes an answer only together with a blocker.
const BESIDES: &[fn(&mut World)] = &[
    |world| world.facts.terms.push(terms(world, TermsState::Requested)),
    |world| hold(world, HoldCode::Cdd, HoldScope::Lot, "S100/99"),
    |world| {
        world.house.locations[0].release_rules[0].policy = hammerdesk_domain::location::ReleasePolicy::PerLot;
    },
    |world| {
        let mut told = World::told(&[CLEAN, &["deposit GBP 99,000.00 held"]].concat());
        world.facts.deposits.append(&mut told.facts.deposits);
    },
    |world| {
        let release = release(world);
        if release.state != ReleaseState::Revoked {
            release.state = ReleaseState::Authorised;
        }
    },
];

/// A fact is lost, or goes stale.
const FORGETS: &[fn(&mut World)] = &[
    |world| world.facts.status.cdd = None,
    |world| world.facts.status.sanctions = None,
    |world| world.facts.lots.clear(),
    |world| world.facts.sales.clear(),
    |world| world.facts.invoices.clear(),
    |world| world.facts.lines.clear(),
    |world| {
        world.facts.lines.remove(1);
    },
    |world| world.facts.payments.clear(),
    |world| world.facts.allocations.clear(),
    |world| world.facts.lots[0].buyer = None,
    |world| world.facts.payments[0].cleared_on = None,
    |world| world.facts.sources[0].extracted_at = None,
    |world| world.facts.sources[1].extracted_at = Some(world.moment.now - TimeDelta::days(30)),
];

fn extra_invoice(world: &mut World, kind: InvoiceKind, line: LineKind, n: i64) {
    let mut invoice = world.facts.invoices[0].clone();
    invoice.key.number = InvoiceNo::new(format!("90001{n}"));
    invoice.kind = kind;
    invoice.due_on = "2026-04-01".parse().ok();
    invoice.total = "GBP 50".parse().unwrap();
    let mut charge = world.facts.lines[0].clone();
    charge.invoice = invoice.key.clone();
    charge.kind = line;
    charge.amount = invoice.total;
    world.facts.lines.push(charge);
    world.facts.invoices.push(invoice);
}

fn dispute(world: &mut World, stage: DisputeStage, funds_withdrawn: bool) {
    let told = World::told(&[CLEAN, &["dispute opened over GBP 12,000.00"]].concat());
    let dispute = Dispute {
        stage,
        funds_withdrawn,
        ..told.facts.disputes[0].clone()
    };
    world.facts.disputes.push(dispute);
}

fn hold(world: &mut World, code: HoldCode, scope: HoldScope, reference: &str) {
    world.facts.holds.push(Hold {
        id: HoldId::new("H"),
        scope,
        client: Some(world.facts.client.no.clone()),
        reference: reference.to_owned(),
        code,
        state: HoldState::Active,
        raised_by: None,
        raised_at: None,
        owner: None,
        reason: None,
        expires_on: None,
        restricted: false,
    });
}

fn terms(_: &World, state: TermsState) -> TermsAgreement {
    let told = World::told(&[CLEAN, &["terms requested with_release for_the_account"]].concat());
    TermsAgreement {
        state,
        ..told.facts.terms[0].clone()
    }
}

fn release(world: &mut World) -> &mut Release {
    if world.facts.releases.is_empty() {
        let told = World::told(&[CLEAN, &["warehouse lot 12 route collection"]].concat());
        world.facts.releases = told.facts.releases;
    }
    &mut world.facts.releases[0]
}

fn clean() -> World {
    World::told(CLEAN)
}

/// The clean purchase with these blockers and circumstances, in the order of the lists.
fn with(blockers: &BTreeSet<usize>, besides: &BTreeSet<usize>) -> World {
    let mut world = clean();
    for at in blockers {
        BLOCKERS[*at].2(&mut world);
    }
    for at in besides {
        BESIDES[*at](&mut world);
    }
    world
}

fn lot_12(world: &World, asker: &hammerdesk_domain::access::Asker) -> ReleaseAnswer {
    let key = world.facts.lots.first().map(|lot| lot.key.clone());
    let key = key.unwrap_or_else(|| clean().facts.lots[0].key.clone());
    world.ask(asker, &hammerdesk_domain::release::ReleaseQuestion::Lot(key))
}

fn codes(answer: &ReleaseAnswer) -> BTreeSet<&'static str> {
    answer.lots[0]
        .reasons
        .iter()
        .map(|reason| reason.code.word())
        .collect()
}

fn may_go(answer: &ReleaseAnswer) -> bool {
    matches!(
        answer.outcome,
        ReleaseOutcome::Releasable | ReleaseOutcome::Authorised | ReleaseOutcome::Partial
    )
}

fn some_of<T>(list: &[T], most: usize) -> impl Strategy<Value = BTreeSet<usize>> {
    proptest::collection::btree_set(0..list.len(), 0..=most)
}

#[test]
fn the_clean_purchase_may_go_and_each_blocker_alone_stops_it_with_its_own_code() {
    assert_eq!(clean().decide(&compliance()).outcome, ReleaseOutcome::Releasable);
    for (at, (name, code, _)) in BLOCKERS.iter().enumerate() {
        let answer = lot_12(&with(&BTreeSet::from([at]), &BTreeSet::new()), &compliance());
        assert_eq!(answer.outcome, ReleaseOutcome::Blocked, "{name}");
        assert!(codes(&answer).contains(code), "{name}: {:?}", codes(&answer));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn while_any_blocker_is_active_nothing_may_go(
        blockers in some_of(BLOCKERS, 6), besides in some_of(BESIDES, 3), who in 0..3_usize
    ) {
        let asker = named(["coordinator", "call centre", "compliance"][who]);
        let answer = lot_12(&with(&blockers, &besides), &asker);
        prop_assert_eq!(may_go(&answer), blockers.is_empty());
    }

    #[test]
    fn every_active_blocker_is_said(blockers in some_of(BLOCKERS, 6), besides in some_of(BESIDES, 3)) {
        let answer = lot_12(&with(&blockers, &besides), &compliance());
        for at in &blockers {
            prop_assert!(codes(&answer).contains(BLOCKERS[*at].1), "{} in {:?}", BLOCKERS[*at].0, codes(&answer));
        }
    }

    #[test]
    fn adding_a_blocker_takes_no_reason_away_and_clearing_one_adds_none(
        blockers in some_of(BLOCKERS, 6), besides in some_of(BESIDES, 3)
    ) {
        let before = lot_12(&with(&blockers, &besides), &compliance());
        for cleared in &blockers {
            let rest: BTreeSet<usize> = blockers.iter().copied().filter(|at| at != cleared).collect();
            let after = lot_12(&with(&rest, &besides), &compliance());
            prop_assert!(
                codes(&after).is_subset(&codes(&before)),
                "clearing {:?} brings up {:?} beside {:?}", BLOCKERS[*cleared].0, codes(&after), codes(&before)
            );
            prop_assert!(may_go(&after) || !may_go(&before));
        }
    }

    #[test]
    fn a_lost_or_stale_fact_never_lets_go_what_was_held(
        blockers in some_of(BLOCKERS, 3), besides in some_of(BESIDES, 3), forgotten in 0..FORGETS.len()
    ) {
        let world = with(&blockers, &besides);
        let before = lot_12(&world, &compliance());
        let mut less = world;
        FORGETS[forgotten](&mut less);
        let after = lot_12(&less, &compliance());
        prop_assert!(may_go(&before) || !may_go(&after), "{:?} became {:?}", before.lots[0].reasons, after);
    }

    #[test]
    fn a_restricted_review_is_the_same_value_as_any_other_review(
        blockers in some_of(BLOCKERS, 4),
        besides in some_of(BESIDES, 3),
        code in prop::sample::select(vec![
            (HoldCode::Sanctions, false), (HoldCode::Aml, false), (HoldCode::Legal, false),
            (HoldCode::Manual, true), (HoldCode::Cdd, true), (HoldCode::Fraud, true), (HoldCode::Approval, true),
        ]),
        ordinary in prop::sample::select(vec![
            HoldCode::Fraud, HoldCode::TitleClaim, HoldCode::StolenArt, HoldCode::Rescission,
        ]),
        scope in prop::sample::select(vec![
            (HoldScope::Client, CLIENT), (HoldScope::Lot, "S100/12"), (HoldScope::Invoice, "900001"),
            (HoldScope::Payment, "bank/P1"), (HoldScope::Lot, "S100/13"),
        ]),
    ) {
        let world = with(&blockers, &besides);
        let mut restricted = world.clone();
        hold(&mut restricted, code.0, scope.0, scope.1);
        if let Some(hold) = restricted.facts.holds.last_mut() {
            hold.restricted = code.1;
            hold.id = HoldId::new(MARKER);
            hold.reason = Some(MARKER.to_owned());
            hold.owner = Some(MARKER.to_owned());
            hold.raised_by = Some(MARKER.to_owned());
            hold.raised_at = Some(world.moment.now);
        }
        let mut plain = world;
        hold(&mut plain, ordinary, scope.0, scope.1);
        for asker in [coordinator(), call_centre()] {
            let answer = lot_12(&restricted, &asker);
            prop_assert_eq!(&answer, &lot_12(&plain, &asker));
            let said = format!("{answer:?}");
            prop_assert!(!said.contains(MARKER), "{}", said);
            prop_assert!(!codes(&answer).contains("R09"));
        }
        if scope.1 != "S100/13" {
            let read = format!("{:?}", lot_12(&restricted, &compliance()));
            prop_assert!(read.contains(MARKER), "compliance reads it: {}", read);
        }
    }
}

#[test]
fn a_screening_review_is_the_same_value_as_a_fraud_hold_on_the_client() {
    let mut screened = clean();
    screened.facts.status.sanctions = Some(SanctionsState::Review);
    let mut held = clean();
    hold(&mut held, HoldCode::Fraud, HoldScope::Client, CLIENT);
    for asker in [coordinator(), call_centre()] {
        assert_eq!(lot_12(&screened, &asker), lot_12(&held, &asker));
    }
    assert_ne!(lot_12(&screened, &compliance()), lot_12(&held, &compliance()));
}
