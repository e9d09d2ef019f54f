//! What holds whatever happens in an account, tried on random lives.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use hammerdesk_domain::clock::ManualClock;
use proptest::prelude::*;

use super::account::Account;
use super::model::MailKind;
use super::{Happening, Life, Options, Seed, SeedClient, Ties};

fn account(ties: Ties) -> (Account, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at("2026-11-23T09:00:00Z".parse().unwrap()));
    let mut options = Options::at(clock.clone());
    options.unknowns.ties = ties;
    let account = Account::new(options);
    let client = |number: usize| SeedClient {
        name: format!("Client {number}"),
        email: Some(format!("client{number}@buyer.example")),
        number: format!("C{number}"),
        ..SeedClient::default()
    };
    account.seed(&Seed {
        salerooms: vec![("London".to_owned(), "London".to_owned())],
        agents: vec![(0, "Kim".to_owned(), "kim@house.example".to_owned())],
        clients: (0..5).map(client).collect(),
        tickets: 20,
        days: 10,
        ..Seed::default()
    });
    (account, clock)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn indexes_instants_and_mails_agree_whatever_happens(seed: u64, steps in 1..120_usize, scattered: bool) {
        let (account, clock) = account(if scattered { Ties::Scattered } else { Ties::IdAscending });
        let mut life = Life::new(seed);
        let mut replies = 0;
        let mut last_seen = BTreeMap::new();
        for step in 0..steps {
            // Half of the time within the same second.
            clock.advance(TimeDelta::seconds(i64::from(step % 2 == 0) * 61));
            replies += usize::from(matches!(life.step(&account), Some(Happening::Reply(_))));
            for ticket in account.tickets() {
                let before = last_seen.insert(ticket.id, ticket.updated_at);
                prop_assert!(before.is_none_or(|before| before <= ticket.updated_at), "time never goes back");
            }
        }
        let mails = account.mail_sent();
        prop_assert_eq!(mails.len(), replies, "each reply is mailed once, and nothing else is");
        prop_assert!(mails.iter().all(|mail| mail.why == MailKind::Reply));
        account.with(|state, _| {
            prop_assert_eq!(state.by_updated.len(), state.tickets.len());
            prop_assert_eq!(state.by_created.len(), state.tickets.len());
            for ticket in state.tickets.values() {
                prop_assert!(state.by_updated.contains(&state.place(ticket.updated_at, ticket.id)));
                prop_assert!(ticket.created_at <= ticket.updated_at);
                for said in &ticket.conversations {
                    prop_assert_eq!(state.conversation_ticket.get(&said.id), Some(&ticket.id));
                    prop_assert!(said.created_at <= ticket.updated_at);
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn the_same_seed_lives_the_same_life(seed: u64) {
        let lives = [(); 2].map(|()| {
            let (account, clock) = account(Ties::IdAscending);
            let mut life = Life::new(seed);
            for _ in 0..40 {
                clock.advance(TimeDelta::seconds(30));
                life.step(&account);
            }
            account.tickets()
        });
        prop_assert_eq!(&lives[0], &lives[1]);
    }
}
