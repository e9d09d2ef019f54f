//! The leak test, over whatever renderers it is given.
//!
//! Restricted matters are put wherever a feed can put them, with a marker in every free text. For every
//! command and every asker who may not know of them, the reply must be the very value that an ordinary
//! review gives, and no rendering may hold the marker or a word that tells which kind it is.

#[path = "../../../crates/domain/tests/release_world/mod.rs"]
mod release_world;

use hammerdesk_commands::{balance, client, deposit, invoice, release};
use hammerdesk_domain::access::{Asker, Permission};
use hammerdesk_domain::balance::BalanceQuestion;
use hammerdesk_domain::deposit::DepositQuestion;
use hammerdesk_domain::ids::{HoldId, InvoiceKey, InvoiceNo};
use hammerdesk_domain::message::Reply;
use hammerdesk_domain::model::{Hold, HoldCode, HoldScope, HoldState, SanctionsState};
use hammerdesk_domain::release::ReleaseQuestion;
use release_world::{CLIENT, World, asker, named};

/// A renderer and its name.
pub(crate) type Renderer = (&'static str, fn(&Reply) -> String);

const MARKER: &str = "XyZZy";

/// Words that only compliance may read in an answer.
const TELLING: &[&str] = &["xyzzy", "sanction", "screening", "launder", "mlro", "restricted"];

const ACCOUNT: &[&str] = &[
    "now 2026-03-10T12:00:00Z",
    "threshold GBP 10,000.00",
    "due diligence complete",
    "screening clear",
    "sale S100 ended 2026-02-20",
    "lot 12 sold for GBP 10,000.00",
    "lot 13 sold for GBP 2,000.00",
    "invoice 900001 GBP 12,000.00 due 2026-03-01",
    "line 1 hammer lot 12 GBP 10,000.00",
    "line 2 hammer lot 13 GBP 2,000.00",
    "ledger open",
    "paid GBP 12,000.00 by wire cleared 2026-03-02 for the invoice",
    "deposit GBP 5,000.00 held",
    "warehouse lot 12 authorised on 2026-03-05",
    "warehouse lot 13 released on 2026-03-05 to Jo Carrier",
    "feed ledger 2 hours_old",
];

const SCOPES: &[(HoldScope, &str)] = &[
    (HoldScope::Client, CLIENT),
    (HoldScope::Invoice, "900001"),
    (HoldScope::Lot, "S100/12"),
    (HoldScope::Deposit, "DEP1"),
    (HoldScope::Payment, "bank/P1"),
];

const RESTRICTED: &[(HoldCode, bool)] = &[
    (HoldCode::Sanctions, false),
    (HoldCode::Aml, false),
    (HoldCode::Legal, false),
    (HoldCode::Manual, true),
    (HoldCode::Cdd, true),
    (HoldCode::Fraud, true),
];

fn account() -> World {
    World::told(ACCOUNT)
}

fn held(scope: (HoldScope, &str), code: HoldCode, restricted: bool, words: Option<&str>) -> World {
    let mut world = account();
    let words = words.map(str::to_owned);
    world.facts.holds.push(Hold {
        id: HoldId::new(words.clone().unwrap_or_else(|| "H1".to_owned())),
        scope: scope.0,
        client: Some(world.facts.client.no.clone()),
        reference: scope.1.to_owned(),
        code,
        state: HoldState::Active,
        raised_by: words.clone(),
        raised_at: Some(world.moment.now),
        owner: words.clone(),
        reason: words,
        expires_on: None,
        restricted,
    });
    world
}

/// Everything that somebody can be told of the account.
fn replies(world: &World, who: &Asker) -> Vec<(&'static str, Reply)> {
    let World { facts, house, moment } = world;
    let key = InvoiceKey {
        entity: "LON1".into(),
        number: InvoiceNo::new("900001"),
        year: 2026,
    };
    let release = |question| release::reply(&world.ask(who, &question), who);
    let balance_of = BalanceQuestion::default();
    let deposits = DepositQuestion::default();
    vec![
        (
            "balance",
            balance::reply(
                &hammerdesk_domain::balance::decide(facts, who, house, &balance_of, *moment),
                who,
            ),
        ),
        (
            "deposit",
            deposit::reply(
                &hammerdesk_domain::deposit::decide(facts, who, house, &deposits, *moment),
                who,
            ),
        ),
        ("release of the client", release::reply(&world.decide(who), who)),
        (
            "release of the invoice",
            release(ReleaseQuestion::Invoice(key.number.clone())),
        ),
        (
            "release of the lot",
            release(ReleaseQuestion::Lot(facts.lots[0].key.clone())),
        ),
        ("client", client::reply_show(facts, &[], who, house, *moment)),
        ("invoice", invoice::reply(facts, &key, who, house, *moment)),
    ]
}

/// Those who may not know of restricted matters: one who may do all else, and some who may do less.
fn outsiders() -> [Asker; 4] {
    let all_else: Vec<Permission> = Permission::ALL
        .iter()
        .copied()
        .filter(|may| *may != Permission::RestrictedHolds)
        .collect();
    let little = [
        Permission::Balance,
        Permission::Release,
        Permission::Deposit,
        Permission::Client,
    ];
    [
        asker("manager", &all_else),
        asker("front_desk", &little),
        named("coordinator"),
        named("call centre"),
    ]
}

fn assert_same(what: &str, restricted: &World, ordinary: &World, renderers: &[Renderer]) {
    for who in outsiders() {
        let pairs = replies(restricted, &who).into_iter().zip(replies(ordinary, &who));
        for ((command, told), (_, as_usual)) in pairs {
            assert_eq!(
                told, as_usual,
                "{what}: {command} tells {} which review it is",
                who.id
            );
            for (renderer, render) in renderers {
                let shown = render(&told);
                let lower = shown.to_lowercase();
                let word = TELLING.iter().find(|word| lower.contains(**word));
                assert_eq!(
                    word, None,
                    "{what}: {command} for {} through {renderer}:\n{shown}",
                    who.id
                );
            }
        }
    }
}

/// Runs the whole leak test.
pub(crate) fn assert_nothing_leaks(renderers: &[Renderer]) {
    for scope in SCOPES {
        let ordinary = held(*scope, HoldCode::Fraud, false, None);
        for (code, restricted) in RESTRICTED {
            let hidden = held(*scope, *code, *restricted, Some(MARKER));
            assert_same(&format!("{code} on a {}", scope.0), &hidden, &ordinary, renderers);
        }
    }
    let mut screened = account();
    screened.facts.status.sanctions = Some(SanctionsState::Review);
    let ordinary = held(SCOPES[0], HoldCode::Fraud, false, None);
    assert_same("screening", &screened, &ordinary, renderers);
}

/// Whoever may read restricted holds does read them, through each of these renderers.
pub(crate) fn assert_compliance_reads_them(renderers: &[Renderer]) {
    let hidden = held(SCOPES[0], HoldCode::Sanctions, false, Some(MARKER));
    let told = replies(&hidden, &release_world::compliance());
    for (renderer, render) in renderers {
        let read = told
            .iter()
            .any(|(command, reply)| command.starts_with("release") && render(reply).contains(MARKER));
        assert!(read, "compliance reads nothing through {renderer}");
    }
}
